package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowLoss is the softmax cross entropy in float64, shifted by the largest
// logit, the target kept out of the sum.
func slowLoss[T float32 | float64](row []T, target int) float64 {
	xt := float64(row[target])
	most := math.Inf(-1)
	for j, x := range row {
		if j != target && (float64(x) > most || x != x) {
			most = float64(x)
			if x != x {
				return math.NaN()
			}
		}
	}
	switch {
	case xt != xt || math.IsInf(xt, 1) || math.IsInf(most, 1):
		return math.NaN()
	case math.IsInf(xt, -1) && math.IsInf(most, -1):
		return math.NaN()
	case math.IsInf(xt, -1):
		return math.Inf(1)
	case math.IsInf(most, -1):
		return 0
	}
	var s float64
	for j, x := range row {
		if j != target {
			s += math.Exp(float64(x) - most)
		}
	}
	if d := most - xt; d < 700 {
		return math.Log1p(s * math.Exp(d))
	}
	return (most - xt) + math.Log(s)
}

// distributions are kinds of rows: what models give, and what hurts.
var distributions = []struct {
	name    string
	classes []int
	fill    func(r *rand.Rand, row []float32, target int)
}{
	{"normal", []int{2, 10, 100, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 1, 0) }},
	{"wide", []int{2, 10, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 16, 0) }},
	{"language model", []int{32000}, func(r *rand.Rand, row []float32, y int) { normal(r, row, 2, 0); row[y] += 15 }},
	{"confident", []int{2, 10, 1000}, func(r *rand.Rand, row []float32, y int) { normal(r, row, 1, 0); row[y] += 30 }},
	{"far too confident", []int{2, 10, 1000}, func(r *rand.Rand, row []float32, y int) { normal(r, row, 1, 0); row[y] += 90 }},
	{"wrong", []int{2, 10, 1000}, func(r *rand.Rand, row []float32, y int) { normal(r, row, 1, 0); row[y] -= 110 }},
	{"shifted up", []int{10, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 1, 200) }},
	{"shifted down", []int{10, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 1, -200) }},
	{"far up", []int{10, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 1, 90000) }},
	{"enormous", []int{10, 1000}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 1e30, 0) }},
	{"many", []int{128256}, func(r *rand.Rand, row []float32, _ int) { normal(r, row, 3, 0) }},
	{"equal but one", []int{128256}, func(r *rand.Rand, row []float32, y int) {
		normal(r, row, 0, 0.1)
		row[y] = 10.1
	}},
	{"masked", []int{10, 1000}, func(r *rand.Rand, row []float32, y int) {
		normal(r, row, 1, 0)
		for j := range row {
			if j != y && j%3 != 0 {
				row[j] = []float32{-1e30, float32(math.Inf(-1)), -math.MaxFloat32, -105, -89, -87.5}[r.IntN(6)]
			}
		}
	}},
	{"all masked but the target", []int{10, 1000}, func(r *rand.Rand, row []float32, y int) {
		for j := range row {
			row[j] = -1e30
		}
		row[y] = 1
	}},
	{"at the bounds", []int{3, 100}, func(r *rand.Rand, row []float32, _ int) {
		for j := range row {
			row[j] = []float32{87, 85, 84, 88, 0, -87, -88, -60, -55}[r.IntN(9)]
		}
	}},
}

func normal(r *rand.Rand, row []float32, sd, mean float64) {
	for j := range row {
		row[j] = float32(mean + sd*r.NormFloat64())
	}
}

// closeTo is no error beyond the promise.
func closeTo(got, want float64) bool {
	return same(got, want) || got != got && want != want || math.Abs(got-want) <= 2.5e-7*math.Abs(want)
}

func TestCrossEntropyAccuracy(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(10, 11))
		for _, d := range distributions {
			worst := 0.0
			for _, classes := range d.classes {
				rows := max(2, 20000/classes)
				logits, y, got := make([]float32, rows*classes), make([]int, rows), make([]float64, rows)
				for i := range y {
					y[i] = r.IntN(classes)
					d.fill(r, logits[i*classes:(i+1)*classes], y[i])
				}
				CrossEntropy32(got, logits, classes, y)
				for i, g := range got {
					want := slowLoss(logits[i*classes:(i+1)*classes], y[i])
					if !closeTo(g, want) {
						t.Fatalf("%s, %d classes: %v, want %v (%.3g)", d.name, classes, g, want, (g-want)/want)
					}
					if want != 0 && !math.IsInf(want, 0) && want == want {
						worst = max(worst, math.Abs(g-want)/want)
					}
				}
			}
			t.Logf("%-26s %.2g", d.name, worst)
		}
	})
}

func TestCrossEntropySizes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(12, 13))
		for classes := 1; classes <= 330; classes++ {
			if classes > 130 && classes%7 != 0 {
				continue
			}
			for _, shift := range []int{0, 1, 3, 15} {
				const rows = 9
				x, check := guarded[float32](t, rows*classes, shift)
				dst, checkDst := guarded[float64](t, rows, shift%8)
				normal(r, x, 2, float64(shift*20))
				y := make([]int, rows)
				for i := range y {
					y[i] = []int{0, classes - 1, r.IntN(classes)}[i%3]
				}
				CrossEntropy32(dst, x, classes, y)
				for i, got := range dst {
					if want := slowLoss(x[i*classes:(i+1)*classes], y[i]); !closeTo(got, want) {
						t.Fatalf("%d classes, row %d, target %d: %v, want %v", classes, i, y[i], got, want)
					}
					var alone [1]float64 // a row does not depend on others
					CrossEntropy32(alone[:], x[i*classes:(i+1)*classes], classes, y[i:i+1])
					if !same(alone[0], got) {
						t.Fatalf("%d classes: row %d is %v, alone %v", classes, i, got, alone[0])
					}
				}
				check()
				checkDst()
			}
		}
		for _, classes := range []int{16383, 16384, 16385, 40000} { // more than one call
			x := make([]float32, 2*classes)
			normal(r, x, 2, 0)
			for _, target := range []int{0, min(16383, classes-1), classes - 1} {
				var dst [2]float64
				CrossEntropy32(dst[:], x, classes, []int{target, target})
				for i, got := range dst {
					if want := slowLoss(x[i*classes:(i+1)*classes], target); !closeTo(got, want) {
						t.Fatalf("%d classes, target %d: %v, want %v", classes, target, got, want)
					}
				}
			}
		}
		x, y, dst := make([]float32, 1000), make([]int, 10), make([]float64, 10)
		noAllocs(t, "CrossEntropy32", func() { CrossEntropy32(dst, x, 100, y) })
	})
}

// special are rows of special values, of which the first is the target.
var special = func() []specialRow {
	inf, nan, no := math.Inf(1), math.NaN(), math.NaN()
	most := float64(float32(3.4e38))
	return []specialRow{
		{[]float64{3}, 0},
		{[]float64{-inf}, no},
		{[]float64{inf}, no},
		{[]float64{nan}, no},
		{[]float64{-inf, 1, 2}, math.Inf(1)},
		{[]float64{1, -inf, -inf}, 0},
		{[]float64{-inf, -inf, -inf}, no},
		{[]float64{1, nan, 2}, no},
		{[]float64{nan, 1, 2}, no},
		{[]float64{-inf, nan, 2}, no},
		{[]float64{1, inf, 2}, no},
		{[]float64{inf, 1, 2}, no},
		{[]float64{inf, inf, 2}, no},
		{[]float64{1, inf, -inf}, no},
		{[]float64{-inf, -inf, inf}, no},
		{[]float64{0, 110}, 110},
		{[]float64{0, 0}, math.Ln2},
		{[]float64{0, math.Copysign(0, -1)}, math.Ln2},
		{[]float64{most, most, most}, math.Log(3)},
		{[]float64{-most, -most, -most}, math.Log(3)},
		{[]float64{most, -most}, 0},
		{[]float64{-most, most}, 2 * most},
	}
}()

type specialRow struct {
	row  []float64
	want float64
}

func TestCrossEntropySpecial(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 15))
	eachTier(t, func(t *testing.T) {
		for _, c := range special {
			// As it is, and with every place for the row's end and the target in a
			// longer row of what counts for nothing.
			for _, classes := range []int{len(c.row), 17, 70, 131} {
				for _, from := range []int{0, 1, 31, 60, 62, 127} {
					row := make([]float64, classes)
					fillWith(row, math.Inf(-1))
					if classes == len(c.row) {
						from = 0
					} else if from+len(c.row) > classes {
						continue
					}
					copy(row[from:], c.row)
					row32 := make([]float32, classes)
					for j, v := range row {
						row32[j] = float32(v)
					}
					var got, wide, got32 [1]float64
					CrossEntropy32(got[:], row32, classes, []int{from})
					CrossEntropy64(wide[:], row, classes, []int{from})
					if !closeTo(got[0], c.want) || !closeTo64(wide[0], c.want) {
						t.Errorf("%v in %d classes at %d: %v and %v, want %v", c.row, classes, from, got[0], wide[0], c.want)
					}
					for j, v := range row { // a NaN may have any bits
						if b := r.Uint64(); v != v {
							row[j] = math.Float64frombits(b | 0x7ff<<52)
							row32[j] = math.Float32frombits(uint32(b) | 0xff<<23 | 1)
						}
					}
					CrossEntropy32(got[:], row32, classes, []int{from})
					CrossEntropy64(wide[:], row, classes, []int{from})
					if c.want != c.want && (got[0] == got[0] || wide[0] == wide[0]) {
						t.Errorf("%x in %d classes at %d: %v and %v, want NaN", row, classes, from, got[0], wide[0])
					}
					// The gradient knows the same rows.
					g32, g := make([]float32, classes), make([]float64, classes)
					CrossEntropyGrad32(got32[:], g32, row32, classes, []int{from}, nil)
					checkGradient(t, "special", row32, from, g32, 1)
					CrossEntropyGrad64(wide[:], g, row, classes, []int{from}, nil)
					checkGradient(t, "special", row, from, g, 1)
				}
			}
		}
	})
}

func fillWith(s []float64, v float64) {
	for i := range s {
		s[i] = v
	}
}

func TestCrossEntropyPanics(t *testing.T) {
	for _, f := range []func(){
		func() { CrossEntropy32(make([]float64, 1), make([]float32, 3), 3, []int{3}) },
		func() { CrossEntropy32(make([]float64, 1), make([]float32, 3), 3, []int{-1}) },
		func() { CrossEntropy32(make([]float64, 1), make([]float32, 4), 3, []int{0}) },
		func() { CrossEntropy32(make([]float64, 2), make([]float32, 3), 3, []int{0}) },
		func() { CrossEntropy32(nil, nil, 0, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		}()
	}
}
