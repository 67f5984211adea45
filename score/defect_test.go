package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// roundTo rounds x to so many significant bits, ties to even, and down to
// multiples of the smallest number of the type.
func roundTo(x float64, bits int, smallest float64) float64 {
	_, e := math.Frexp(x)
	unit := math.Max(math.Ldexp(1, e-bits), smallest)
	return math.RoundToEven(x/unit) * unit
}

// Rows rounded from exact distributions to a type of 16 bits are accepted, at any
// number of classes; rows that miss by more than rounding explains are not.
func TestShortTypes(t *testing.T) {
	types := []struct {
		name     string
		bits     int
		smallest float64
		half     bool
	}{
		{"float16", 11, 0x1p-24, true},
		{"bfloat16", 8, 0x1p-133, false},
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for _, typ := range types {
		for _, k := range []int{2, 3, 10, 1000, 50_000} {
			t.Run(fmt.Sprintf("%s/%d", typ.name, k), func(t *testing.T) {
				rows := min(20_000, 2_000_000/k)
				d := newDefects(k)
				d.stored(typ.half, !typ.half)
				worst := 0.0
				p := make([]float64, k)
				for row := range rows {
					// From nearly certain to nearly even.
					sharp, sum := math.Exp(3*rng.NormFloat64()), 0.0
					for i := range p {
						p[i] = sharp * rng.NormFloat64()
					}
					top := slices.Max(p)
					for i := range p {
						p[i] = math.Exp(p[i] - top)
						sum += p[i]
					}
					total := 0.0
					for _, x := range p {
						total += roundTo(x/sum, typ.bits, typ.smallest)
					}
					worst = max(worst, math.Abs(total-1))
					d.add(total, RowRef{Row: int64(row) + 1})
				}
				tolerance, beyond := d.judge()
				if beyond.count != 0 {
					t.Errorf("%d of %d rows beyond the tolerance %v, by up to %v", beyond.count, rows, tolerance, worst)
				}
				// What rounding can do at all, and what nobody takes for rounding.
				bound := math.Ldexp(1, -typ.bits) + float64(k)*typ.smallest/2
				if !(worst <= bound) || !(tolerance > 2*math.Ldexp(1, -typ.bits)) || !(tolerance <= 0.05) {
					t.Errorf("a defect of %v, at most %v is possible; tolerance %v", worst, bound, tolerance)
				}
				d.add(1+1.01*tolerance, RowRef{Row: 1})
				if _, beyond := d.judge(); beyond.count != 1 || d.check([]InputRead{{Path: "x"}}) == nil {
					t.Errorf("a defect of %v is accepted", 1.01*tolerance)
				}
			})
		}
	}
	// Types in several batches or threads: the shortest one counts, however they are
	// merged; and none of them loosens what is stored in full.
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		parts := []defects{newDefects(3), newDefects(3), newDefects(3)}
		parts[0].stored(true, false)
		parts[1].stored(false, true)
		whole := newDefects(3)
		for _, i := range order {
			whole.merge(&parts[i])
		}
		if tolerance, _ := whole.judge(); tolerance != math.Ldexp(math.Sqrt(3), -7) {
			t.Errorf("order %v: tolerance %v", order, tolerance)
		}
	}
	full := newDefects(3)
	if tolerance, _ := full.judge(); tolerance != leastTolerance {
		t.Errorf("tolerance %v", tolerance)
	}
}
