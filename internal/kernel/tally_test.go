package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// tallySlow is the definition of Tally, element by element.
func tallySlow[T float32 | float64](x []T) (sum, squares, most float64, bad bool) {
	most = math.Inf(-1)
	for from := 0; from < len(x); from += 8192 {
		var s, q [16]float64
		for i, v := range x[from:min(from+8192, len(x))] {
			a := float64(v)
			s[i%16] += a
			q[i%16] += float64(a * a)
			if a > most {
				most = a
			}
			bad = bad || !(a >= 0)
		}
		for h := 8; h > 0; h /= 2 {
			for i := range h {
				s[i] += s[i+h]
				q[i] += q[i+h]
			}
		}
		sum += s[0]
		squares += q[0]
	}
	return sum, squares, most + 0, bad
}

// sameNumber is same, but for NaNs, whose bits the processor chooses.
func sameNumber(a, b float64) bool { return same(a, b) || a != a && b != b }

func testTally[T float32 | float64](t *testing.T, tally func([]T) (float64, float64, float64, bool)) {
	r := rand.New(rand.NewPCG(9, 9))
	inf := math.Inf(1)
	compare := func(x []T) {
		t.Helper()
		s, q, m, bad := tally(x)
		ws, wq, wm, wbad := tallySlow(x)
		if !sameNumber(s, ws) || !sameNumber(q, wq) || !same(m, wm) || bad != wbad {
			t.Fatalf("n = %d: %v, %v, %v, %v; want %v, %v, %v, %v\n%v", len(x), s, q, m, bad, ws, wq, wm, wbad, x[:min(len(x), 150)])
		}
	}
	for n := range 131 {
		for shift := range 16 {
			x, check := guarded[T](t, n, shift)
			for i := range x {
				x[i] = T(math.Exp(-20 * r.Float64()))
			}
			compare(x)
			if n == 0 {
				continue
			}
			for _, odd := range []float64{0, math.Copysign(0, -1), 3, -1, -1e-30, inf, -inf, math.NaN()} {
				i := r.IntN(n)
				before := x[i]
				x[i] = T(odd)
				compare(x)
				if r.IntN(8) > 0 {
					x[i] = before
				}
			}
			for i := range x { // zeros of both signs, negative numbers only
				x[i] = T(math.Copysign(0, float64(i%3-1)))
			}
			compare(x)
			for i := range x {
				x[i] = T(-r.Float64())
			}
			compare(x)
			check()
		}
	}
	for _, n := range []int{1000, 8191, 8192, 8193, 20000} {
		x := make([]T, n)
		for i := range x {
			x[i] = T(r.ExpFloat64())
		}
		compare(x)
	}
	x := make([]T, 1000)
	noAllocs(t, "Tally", func() { tally(x) })
}

func TestTally(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		testTally(t, Tally32)
		testTally(t, Tally64)
	})
}
