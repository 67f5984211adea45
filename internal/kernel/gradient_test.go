package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowGradient is the gradient in float64.
func slowGradient[T float32 | float64](row []T, target int) []float64 {
	g := make([]float64, len(row))
	loss := slowLoss(row, target)
	if loss != loss {
		for j := range g {
			g[j] = math.NaN()
		}
		return g
	}
	most := math.Inf(-1)
	for _, x := range row {
		most = max(most, float64(x))
	}
	var all, rest float64
	for j, x := range row {
		g[j] = math.Exp(float64(x) - most)
		all += g[j]
		if j != target {
			rest += g[j]
		}
	}
	for j := range g {
		g[j] /= all
	}
	g[target] = -rest / all
	return g
}

func checkGradient[T float32 | float64](t *testing.T, name string, row []T, target int, grad []T, scale float64) {
	t.Helper()
	// Half a unit of the smallest float32, and what is flushed to 0.
	rel, abs := 5e-7, 1e-37
	if _, ok := any(row).([]float64); ok {
		rel, abs = 1e-13, 1e-300
	}
	for j, want := range slowGradient(row, target) {
		want *= scale
		got := float64(grad[j])
		if !(math.Abs(got-want) <= rel*math.Abs(want)+abs*math.Abs(scale)) && (got == got || want == want) {
			t.Fatalf("%s: %d classes, target %d: gradient %d is %v, want %v", name, len(row), target, j, got, want)
		}
	}
}

func TestGradient(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(20, 21))
		for _, d := range distributions {
			for _, classes := range d.classes {
				rows := max(2, 3000/classes)
				logits, y := make([]float32, rows*classes), make([]int, rows)
				dst, want, scale := make([]float64, rows), make([]float64, rows), make([]float32, rows)
				for i := range y {
					y[i] = r.IntN(classes)
					scale[i] = float32(r.NormFloat64())
					d.fill(r, logits[i*classes:(i+1)*classes], y[i])
				}
				grad := make([]float32, len(logits))
				CrossEntropy32(want, logits, classes, y)
				CrossEntropyGrad32(dst, grad, logits, classes, y, nil)
				if !slices.Equal(dst, want) {
					t.Fatalf("%s: losses with gradient %v, without %v", d.name, dst, want)
				}
				for i := range y {
					checkGradient(t, d.name, logits[i*classes:(i+1)*classes], y[i], grad[i*classes:(i+1)*classes], 1)
				}
				copy(grad, logits) // in place, scaled
				CrossEntropyGrad32(dst, grad, grad, classes, y, scale)
				for i := range y {
					checkGradient(t, d.name, logits[i*classes:(i+1)*classes], y[i], grad[i*classes:(i+1)*classes], float64(scale[i]))
				}
			}
		}
	})
}

func TestGradientSizes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(22, 23))
		inf := float32(math.Inf(1))
		for classes := 1; classes <= 130; classes++ {
			const rows = 4
			for shift := range 3 {
				x, check := guarded[float32](t, rows*classes, shift)
				g, checkG := guarded[float32](t, rows*classes, 2*shift)
				normal(r, x, 2, float64(shift*150-150))
				y := []int{0, classes - 1, classes / 2, 0}
				switch last := x[3*classes:]; shift { // special values
				case 0:
					last[r.IntN(classes)] = float32(math.NaN())
				case 1:
					last[0] = -inf
				case 2:
					for j := range last[1:] {
						last[1+j] = -inf
					}
				}
				var dst [rows]float64
				CrossEntropyGrad32(dst[:], g, x, classes, y, nil)
				for i, target := range y {
					checkGradient(t, "sizes", x[i*classes:(i+1)*classes], target, g[i*classes:(i+1)*classes], 1)
				}
				check()
				checkG()
			}
		}
		for _, classes := range []int{8191, 8192, 8193, 40000} { // more than one call
			x, g := make([]float32, classes), make([]float32, classes)
			normal(r, x, 2, 0)
			var dst [1]float64
			CrossEntropyGrad32(dst[:], g, x, classes, []int{8190}, nil)
			checkGradient(t, "long", x, 8190, g, 1)
		}
		x, y, dst := make([]float32, 1000), make([]int, 10), make([]float64, 10)
		noAllocs(t, "CrossEntropyGrad32", func() { CrossEntropyGrad32(dst, x, x, 100, y, nil) })
	})
}

func TestLogSumExp(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachTier(t, func(t *testing.T) {
		for _, c := range []struct {
			x    []float32
			want float64
		}{
			{nil, math.Inf(-1)},
			{[]float32{-inf, -inf}, math.Inf(-1)},
			{[]float32{1, inf, -inf}, math.Inf(1)},
			{[]float32{1, inf, nan}, math.NaN()},
			{[]float32{-inf, nan}, math.NaN()},
			{[]float32{1000, 1000}, 1000 + math.Ln2},
			{[]float32{-3e38, -3e38}, -float64(float32(3e38))},
			{[]float32{5}, 5},
			{[]float32{-70}, -70},
		} {
			for _, n := range []int{len(c.x), 64, 100} {
				x := slices.Clone(c.x)
				for len(c.x) > 0 && len(x) < n {
					x = append(x, -inf)
				}
				got := LogSumExp32(x)
				if !same(got, c.want) && !(got != got && c.want != c.want) && !(math.Abs(got-c.want) <= 2.5e-7) {
					t.Errorf("%v: %v, want %v", x, got, c.want)
				}
			}
		}
		r := rand.New(rand.NewPCG(24, 25))
		for _, n := range []int{1, 2, 10, 17, 63, 64, 65, 1000, 40000} {
			for _, mean := range []float64{0, 50, -300, 1000} {
				x := make([]float32, n)
				normal(r, x, 3, mean)
				var s float64
				for _, v := range x {
					s += math.Exp(float64(v) - mean)
				}
				if got, want := LogSumExp32(x), mean+math.Log(s); !(math.Abs(got-want) <= 2.5e-7) {
					t.Errorf("n = %d, mean %v: %v, want %v", n, mean, got, want)
				}
			}
		}
		x := make([]float32, 100)
		noAllocs(t, "LogSumExp32", func() { LogSumExp32(x) })
	})
}
