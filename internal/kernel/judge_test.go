package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// slowBrier is the Brier score of the softmax of a row, of which slowLoss is the
// cross entropy, in float64.
func slowBrier[T float32 | float64](row []T, target int, loss float64) float64 {
	if loss != loss {
		return loss
	}
	most := math.Inf(-1)
	for j, x := range row {
		if j != target {
			most = max(most, float64(x))
		}
	}
	if math.IsInf(most, -1) {
		return 0
	}
	var s, q float64
	for j, x := range row {
		if e := math.Exp(float64(x) - most); j != target {
			s += e
			q += e * e
		}
	}
	off := -math.Expm1(-loss) // the probability of the others
	sum := off*off + off*off*q/(s*s)
	if len(row) == 2 {
		return off * off
	}
	return sum
}

func slowMost[T float32 | float64](row []T, target int) float64 {
	most := math.Inf(-1)
	for j, x := range row {
		if j != target {
			most = max(most, float64(x))
		}
	}
	return most
}

func within1(got, want, tolerance float64) bool {
	return same(got, want) || got != got && want != want || math.Abs(got-want) <= tolerance*math.Abs(want)
}

func widened(x []float32) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

// judgedRows judges rows in float32 and, widened, in float64, and holds them to
// the slow twins.
func judgedRows(t *testing.T, what string, x []float32, classes int, y []int) {
	t.Helper()
	n := len(y)
	nats, checkNats := guarded[float64](t, n, 1)
	brier, checkBrier := guarded[float64](t, n, 3)
	most, checkMost := guarded[float64](t, n, 0)
	wide := widened(x)
	for _, size := range []int{32, 64} {
		lossTolerance, brierTolerance := 2.5e-7, 1e-6
		if size == 32 {
			Judge32(nats, brier, most, x, classes, y)
		} else {
			Judge64(nats, brier, most, wide, classes, y)
			lossTolerance, brierTolerance = 2e-14, 4e-14
		}
		for i := range y {
			if y[i] < 0 {
				continue
			}
			row := x[i*classes : (i+1)*classes]
			loss := slowLoss(row, y[i])
			if !within1(nats[i], loss, lossTolerance) {
				t.Fatalf("%s, %d bits, %d classes, row %d, target %d: loss %v, want %v (%.3g)", what, size, classes, i, y[i], nats[i], loss, nats[i]/loss-1)
			}
			if want := slowBrier(row, y[i], loss); !within1(brier[i], want, brierTolerance) && !(want < 1e-300) {
				t.Fatalf("%s, %d bits, %d classes, row %d, target %d: Brier %v, want %v (%.3g)", what, size, classes, i, y[i], brier[i], want, brier[i]/want-1)
			}
			if want := slowMost(row, y[i]); loss == loss && most[i] != want {
				t.Fatalf("%s, %d bits, %d classes, row %d, target %d: largest %v, want %v", what, size, classes, i, y[i], most[i], want)
			}
			var a, b, c [1]float64 // a row does not depend on others
			if size == 32 {
				Judge32(a[:], b[:], c[:], row, classes, y[i:i+1])
			} else {
				Judge64(a[:], b[:], c[:], wide[i*classes:(i+1)*classes], classes, y[i:i+1])
			}
			if !same(a[0], nats[i]) || !same(b[0], brier[i]) || loss == loss && c[0] != most[i] {
				t.Fatalf("%s, %d bits, %d classes, row %d: %v %v %v, alone %v %v %v", what, size, classes, i, nats[i], brier[i], most[i], a[0], b[0], c[0])
			}
		}
		checkNats()
		checkBrier()
		checkMost()
	}
}

func TestJudgeAccuracy(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(20, 11))
		for _, d := range distributions {
			for _, classes := range d.classes {
				rows := max(2, 20000/classes)
				x, y := make([]float32, rows*classes), make([]int, rows)
				for i := range y {
					y[i] = r.IntN(classes)
					d.fill(r, x[i*classes:(i+1)*classes], y[i])
				}
				judgedRows(t, d.name, x, classes, y)
			}
		}
	})
}

func TestJudgeSizes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(22, 13))
		for classes := 1; classes <= 330; classes++ {
			if classes > 130 && classes%7 != 0 {
				continue
			}
			for _, shift := range []int{0, 1, 3, 15} {
				const rows = 10
				x, check := guarded[float32](t, rows*classes, shift)
				normal(r, x, 2, float64(shift*20))
				y := make([]int, rows)
				for i := range y {
					y[i] = []int{0, classes - 1, r.IntN(classes), -1}[i%4]
				}
				judgedRows(t, "normal", x, classes, y)
				check()
			}
		}
		for _, classes := range []int{16383, 16384, 16385, 40000} { // more than one call
			x := make([]float32, 4*classes)
			normal(r, x[:2*classes], 2, 0)
			normal(r, x[2*classes:], 2, 200)
			judgedRows(t, "long", x, classes, []int{0, min(16383, classes-1), classes - 1, 7})
		}
		x, y := make([]float32, 1000), make([]int, 10)
		a, b, c := make([]float64, 10), make([]float64, 10), make([]float64, 10)
		noAllocs(t, "Judge32", func() { Judge32(a, b, c, x, 100, y) })
		w := make([]float64, 1000)
		noAllocs(t, "Judge64", func() { Judge64(a, b, c, w, 100, y) })
		noAllocs(t, "Judge64", func() { Judge64(a, b, c, w[:100], 10, y) })
		normal(r, x, 1, 200)
		noAllocs(t, "Judge32, shifted", func() { Judge32(a, b, c, x, 100, y) })
	})
}

func TestJudgeSpecial(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachTier(t, func(t *testing.T) {
		for _, row := range [][]float32{ // the first is the target
			{3}, {-inf}, {inf}, {nan},
			{-inf, 1, 2}, {1, -inf, -inf}, {-inf, -inf, -inf},
			{1, nan, 2}, {nan, 1, 2}, {-inf, nan, 2}, {1, nan, -inf}, {-inf, nan, -inf}, {1, 2, nan},
			{1, inf, 2}, {inf, 1, 2}, {inf, inf, 2}, {1, inf, -inf}, {-inf, -inf, inf},
			{0, 110}, {0, 0}, {0, float32(math.Copysign(0, -1))}, {110, 0}, {60, 0}, {-700, 3, 2}, {-900, 3, 2},
			{3.4e38, 3.4e38, 3.4e38}, {-3.4e38, -3.4e38, -3.4e38}, {3.4e38, -3.4e38}, {-3.4e38, 3.4e38},
			{1, math.Float32frombits(0x7f800001), 2}, {1, math.Float32frombits(0xffc00155), 2}, {1, math.Float32frombits(0x7fc001ff), 2},
			{1, -1e30, -1e30}, {-1e30, 1, 1}, {200, 199, 198}, {-200, -199, -198}, {2e5, 2e5, 1e5},
		} {
			for _, classes := range []int{len(row), 17, 70, 131} {
				for _, from := range []int{0, 1, 31, 60, 62, 127} {
					x := make([]float32, classes)
					for j := range x {
						x[j] = -inf
					}
					if classes == len(row) {
						from = 0
					} else if from+len(row) > classes {
						continue
					}
					copy(x[from:], row)
					judgedRows(t, "special", x, classes, []int{from})
				}
			}
		}
	})
}

func TestJudgePanics(t *testing.T) {
	one := make([]float64, 1)
	for _, f := range []func(){
		func() { Judge32(one, one, one, make([]float32, 3), 3, []int{3}) },
		func() { Judge32(one, one, one, make([]float32, 4), 3, []int{0}) },
		func() { Judge32(one, one, make([]float64, 2), make([]float32, 3), 3, []int{0}) },
		func() { Judge64(one, one, one, make([]float64, 3), 3, []int{0, 1}) },
		func() { Judge64(nil, nil, nil, nil, 0, nil) },
		func() { ExpSlice(one, make([]float64, 2)) },
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

// TestJudge64SameBits holds every tier to the bits of the plain one.
func TestJudge64SameBits(t *testing.T) {
	r := rand.New(rand.NewPCG(24, 25))
	for _, classes := range []int{1, 2, 3, 10, 16, 17, 100, 511, 512, 513, 1500} {
		const rows = 20
		x, y := make([]float64, rows*classes), make([]int, rows)
		for i := range x {
			x[i] = 100 * r.NormFloat64()
		}
		for i := range y {
			y[i] = r.IntN(classes)
		}
		var want [3][rows]float64
		eachTier(t, func(t *testing.T) {
			var got [3][rows]float64
			Judge64(got[0][:], got[1][:], got[2][:], x, classes, y)
			if Tier() == plain.String() {
				want = got
			}
			if got != want {
				t.Errorf("%d classes: not the bits of plain", classes)
			}
		})
	}
}

func TestExpSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 41))
	x := []float64{0, math.Copysign(0, -1), 1, -1, -708, -707.9999, -708.0001, 709, 709.5, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.NaN(),
		math.Float64frombits(0x7ff0000000000123), 5e-324, -1e-17, math.Ln2 / 2, -math.Ln2 / 2, 600}
	special := len(x)
	for range 3000 {
		x = append(x, -708+1417*r.Float64(), r.NormFloat64(), -math.Exp(-40*r.Float64()), -50*r.Float64())
	}
	worst := 0.0
	want := make([]float64, len(x))
	for i, v := range x {
		want[i] = fineExp(v)
		if !(v >= -708 && v <= 709) {
			continue
		}
		exact := bigExp(v)
		f, _ := exact.Float64()
		diff := exact.Sub(exact, new(big.Float).SetFloat64(want[i]))
		d, _ := diff.Float64()
		ulp := math.Nextafter(f, math.Inf(1)) - f
		if e := math.Abs(d) / ulp; !(e <= 1.1) {
			t.Errorf("exp %v is %v, want %v: %.3g ulp", v, want[i], f, e)
		} else {
			worst = max(worst, e)
		}
	}
	t.Logf("largest error %.3g ulp", worst)
	for i, w := range []float64{1, 1} {
		if want[i] != w {
			t.Errorf("exp %v is %v", x[i], want[i])
		}
	}
	if want[6] != 0 || want[12] != 0 || want[13] == want[13] || want[11] != fineExp(709) {
		t.Errorf("special values: %v", want[:special])
	}
	eachTier(t, func(t *testing.T) {
		for n := range 130 {
			for _, from := range []int{0, 1, 5, special, 1000} {
				in, check := guarded[float64](t, n, from%7)
				out, checkOut := guarded[float64](t, n, n%5)
				copy(in, x[from:])
				ExpSlice(out, in)
				for i, v := range out {
					if !same(v, want[from+i]) && !(v != v && want[from+i] != want[from+i]) {
						t.Fatalf("exp %v is %v, plain %v", in[i], v, want[from+i])
					}
				}
				check()
				checkOut()
			}
		}
		got := append([]float64(nil), x...)
		ExpSlice(got, got)
		for i, v := range got {
			if !same(v, want[i]) && v == v {
				t.Fatalf("exp %v is %v, plain %v", x[i], v, want[i])
			}
		}
	})
}
