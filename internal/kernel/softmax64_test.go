package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// closeTo64 is no error beyond what CrossEntropy64 says.
func closeTo64(got, want float64) bool {
	if same(got, want) || got != got && want != want {
		return true
	}
	tolerance := 3e-14 + 2.3e-16*math.Abs(math.Log(want))
	return math.Abs(got-want) <= tolerance*math.Abs(want)
}

const bigPrec = 220

func bigOf(x float64) *big.Float { return new(big.Float).SetPrec(bigPrec).SetFloat64(x) }

// bigExpOf is exp x, with some 160 good bits: exp(x/2^20)^(2^20).
func bigExpOf(x *big.Float) *big.Float {
	y := new(big.Float).SetPrec(bigPrec).SetMantExp(x, -20)
	sum, term := bigOf(1), bigOf(1)
	for n := 1.0; n < 24; n++ {
		term.Mul(term, y)
		term.Quo(term, bigOf(n))
		sum.Add(sum, term)
	}
	for range 20 {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog1p is log(1 + z), of z from 1e-50 up.
func bigLog1p(z *big.Float) *big.Float {
	u := bigOf(1)
	u.Add(u, z)
	f, _ := u.Float64()
	l := bigOf(math.Log(f))
	// u = exp(l)·(1 + d) with a d near 2^-50.
	d := new(big.Float).SetPrec(bigPrec).Quo(u, bigExpOf(l))
	d.Sub(d, bigOf(1))
	sum, pow := bigOf(0), bigOf(1)
	for n := 1.0; n < 6; n++ {
		pow.Mul(pow, d)
		term := new(big.Float).SetPrec(bigPrec).Quo(pow, bigOf(n))
		if int(n)%2 == 0 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum.Add(sum, l)
}

// bigLoss is the softmax cross entropy with some 150 good bits, of finite rows.
func bigLoss(row []float64, target int) *big.Float {
	z := bigOf(0)
	for j, x := range row {
		if j != target && x-row[target] > -2000 {
			d := bigOf(x)
			z.Add(z, bigExpOf(d.Sub(d, bigOf(row[target]))))
		}
	}
	return bigLog1p(z)
}

func TestExp64(t *testing.T) {
	r := rand.New(rand.NewPCG(50, 51))
	n := 4000
	if long {
		n = 300000
	}
	x := []float64{0, 1, -1, -708, 709, math.Ln2 / 2, -math.Ln2 / 2, 1e-300, -5e-324}
	for range n {
		x = append(x, -708+1417*r.Float64(), r.NormFloat64(), (r.Float64()-.5)*math.Ln2, math.Ldexp(r.NormFloat64(), -r.IntN(60)))
	}
	want := make([]*big.Float, len(x))
	for i, v := range x {
		want[i] = bigExpOf(bigOf(v))
	}
	dst := make([]float64, len(x))
	eachTier(t, func(t *testing.T) {
		zero, one := make([]float64, 1), []float64{1}
		for i := 0; i < len(x); i += exp64Block {
			j := min(i+exp64Block, len(x))
			scaleExps64(dst[i:j], x[i:j], j-i, zero, one)
		}
		worst, at := 0.0, 0.0
		for i, v := range x {
			if e := errorInULP(dst[i], want[i]); !(e <= worst) {
				worst, at = e, v
			}
		}
		t.Logf("%d numbers, largest error %.3f ULP at %v", len(x), worst, at)
		if !(worst <= 1.6) {
			t.Errorf("error %v ULP at %v", worst, at)
		}
		if scaleExps64(dst[:1], []float64{-708.5}, 1, zero, one); dst[0] != 0 {
			t.Errorf("below the least: %v", dst[0])
		}
	})
}

// wideRow is a row of float64 that are near those of float32.
func wideRow(r *rand.Rand, row []float32) []float64 {
	x := make([]float64, len(row))
	for j, v := range row {
		x[j] = float64(v) * (1 + 1e-9*r.NormFloat64())
	}
	return x
}

func TestCrossEntropy64Accuracy(t *testing.T) {
	r := rand.New(rand.NewPCG(52, 53))
	for _, d := range distributions {
		for _, classes := range d.classes {
			if classes > 10000 && !long {
				continue
			}
			rows := max(1, 200/classes)
			var x, want []float64
			var y []int
			for range rows {
				target := r.IntN(classes)
				row := make([]float32, classes)
				d.fill(r, row, target)
				wide := wideRow(r, row)
				x, y = append(x, wide...), append(y, target)
				if rough := slowLoss(wide, target); rough > 1e-50 && rough < 1000 {
					rough, _ = bigLoss(wide, target).Float64()
					want = append(want, rough)
				} else {
					want = append(want, rough)
				}
			}
			eachTier(t, func(t *testing.T) {
				got := make([]float64, rows)
				CrossEntropy64(got, x, classes, y)
				worst := 0.0
				for i, w := range want {
					if !closeTo64(got[i], w) {
						t.Fatalf("%s, %d classes: %v, want %v (%.3g)", d.name, classes, got[i], w, (got[i]-w)/w)
					}
					if w > 0 && !math.IsInf(w, 0) {
						worst = max(worst, math.Abs(got[i]-w)/w)
					}
				}
				t.Logf("%s, %d classes: %.2g", d.name, classes, worst)
			})
		}
	}
}

func TestCrossEntropy64Sizes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(54, 55))
		for classes := 1; classes <= 130; classes++ {
			for _, shift := range []int{0, 1, 3, 7} {
				const rows = 9
				x, check := guarded[float64](t, rows*classes, shift)
				grad, checkGrad := guarded[float64](t, rows*classes, shift)
				dst, checkDst := guarded[float64](t, rows, shift)
				scale := make([]float64, rows)
				y := make([]int, rows)
				for j := range x {
					x[j] = float64(shift*300) + 2*r.NormFloat64()
				}
				for i := range y {
					y[i] = []int{0, classes - 1, r.IntN(classes)}[i%3]
					scale[i] = r.NormFloat64()
				}
				want := slices.Clone(x)
				CrossEntropy64(dst, x, classes, y)
				CrossEntropyGrad64(dst, grad, x, classes, y, scale)
				for i, got := range dst {
					row := x[i*classes : (i+1)*classes]
					if want := slowLoss(row, y[i]); !closeTo64(got, want) {
						t.Fatalf("%d classes, row %d, target %d: %v, want %v", classes, i, y[i], got, want)
					}
					var alone [1]float64 // a row does not depend on others
					CrossEntropy64(alone[:], row, classes, y[i:i+1])
					if !same(alone[0], got) {
						t.Fatalf("%d classes: row %d is %v, alone %v", classes, i, got, alone[0])
					}
					checkGradient(t, "sizes", row, y[i], grad[i*classes:(i+1)*classes], scale[i])
				}
				if !slices.Equal(x, want) {
					t.Fatal("logits have changed")
				}
				CrossEntropyGrad64(dst, x, x, classes, y, scale) // in place
				if !slices.Equal(x, grad) {
					t.Fatalf("%d classes: in place differs", classes)
				}
				check()
				checkGrad()
				checkDst()
			}
		}
		for _, classes := range []int{2047, 2048, 2049, 40000} { // more than one call
			x, g := make([]float64, 2*classes), make([]float64, 2*classes)
			for j := range x {
				x[j] = 2 * r.NormFloat64()
			}
			for _, target := range []int{0, min(2048, classes-1), classes - 1} {
				var dst [2]float64
				CrossEntropyGrad64(dst[:], g, x, classes, []int{target, target}, nil)
				for i, got := range dst {
					row := x[i*classes : (i+1)*classes]
					if want := slowLoss(row, target); !closeTo64(got, want) {
						t.Fatalf("%d classes, target %d: %v, want %v", classes, target, got, want)
					}
					checkGradient(t, "long", row, target, g[i*classes:(i+1)*classes], 1)
				}
			}
		}
		x, y, dst := make([]float64, 1000), make([]int, 10), make([]float64, 10)
		noAllocs(t, "CrossEntropyGrad64", func() { CrossEntropyGrad64(dst, x, x, 100, y, nil) })
	})
}

func TestGradient64(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(56, 57))
		for _, d := range distributions {
			for _, classes := range d.classes {
				rows := max(2, 1000/classes)
				var x []float64
				y, dst := make([]int, rows), make([]float64, rows)
				for i := range y {
					y[i] = r.IntN(classes)
					row := make([]float32, classes)
					d.fill(r, row, y[i])
					x = append(x, wideRow(r, row)...)
				}
				grad := make([]float64, len(x))
				CrossEntropyGrad64(dst, grad, x, classes, y, nil)
				for i := range y {
					checkGradient(t, d.name, x[i*classes:(i+1)*classes], y[i], grad[i*classes:(i+1)*classes], 1)
				}
			}
		}
	})
}

func TestLogSumExp64(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	eachTier(t, func(t *testing.T) {
		for _, c := range []struct {
			x    []float64
			want float64
		}{
			{nil, -inf}, {[]float64{-inf, -inf}, -inf}, {[]float64{1, inf, -inf}, inf}, {[]float64{1, inf, nan}, nan},
			{[]float64{-inf, nan}, nan}, {[]float64{1000, 1000}, 1000 + math.Ln2}, {[]float64{-1e308, -1e308}, -1e308},
			{[]float64{5}, 5}, {[]float64{-700}, -700}, {[]float64{700, -700}, 700}, {[]float64{-inf, 800, 3}, 800},
		} {
			if got := LogSumExp(c.x); !(math.Abs(got-c.want) <= 1e-15*math.Abs(c.want)) && !same(got, c.want) && !(got != got && c.want != c.want) {
				t.Errorf("%v: %v, want %v", c.x, got, c.want)
			}
		}
		r := rand.New(rand.NewPCG(58, 59))
		for n := 1; n < 131; n++ {
			x, x32 := make([]float64, n), make([]float32, n)
			var want float64
			for j := range x {
				x32[j] = float32(3 * r.NormFloat64())
				x[j] = float64(x32[j])
				want += math.Exp(x[j])
			}
			want = math.Log(want)
			for _, got := range []float64{LogSumExp(x), LogSumExp(x32)} {
				if !(math.Abs(got-want) <= 3e-15*(1+math.Abs(want))) {
					t.Errorf("n = %d: %v, want %v", n, got, want)
				}
			}
		}
		x := make([]float64, 100)
		noAllocs(t, "LogSumExp64", func() { LogSumExp(x) })
	})
}

func TestLog1pSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 65))
	strange := []float64{0, 5e-324, 1e-300, 1e-285, math.Inf(1), math.NaN(), math.MaxFloat64, 1e300}
	eachTier(t, func(t *testing.T) {
		worst := 0.0
		for n := range 131 {
			z, checkZ := guarded[float64](t, n, n%8)
			dst, checkDst := guarded[float64](t, n, n%5)
			for i := range z {
				z[i] = math.Exp(-80 * r.Float64() * r.Float64())
			}
			if n > 100 {
				z[r.IntN(n)] = strange[r.IntN(len(strange))]
			}
			Log1pSlice(dst, z)
			for i, v := range z {
				if v > 1e-50 && v < 1e10 {
					e := errorInULP(dst[i], bigLog1p(bigOf(v)))
					worst = max(worst, e)
					if !(e <= 2) {
						t.Fatalf("log(1 + %v) = %v: %v ULP", v, dst[i], e)
					}
					var one [1]float64
					logs1p(one[:], z[i:i+1])
					if !same(one[0], dst[i]) {
						t.Fatalf("log(1 + %v) = %v, plain %v", v, dst[i], one[0])
					}
				} else if want := math.Log1p(v); !same(dst[i], want) && dst[i] == dst[i] && !(math.Abs(dst[i]-want) <= 1e-15*want) {
					t.Fatalf("log(1 + %v) = %v, want %v", v, dst[i], want)
				}
			}
			checkZ()
			checkDst()
		}
		t.Logf("largest error %.3f ULP", worst)
	})
}

// A row by itself is as in CrossEntropy64, of float32 too, with probabilities that
// are those of the gradient.
func TestSoftmaxRow(t *testing.T) {
	inf := math.Inf(1)
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(90, 91))
		check := func(x []float64, target int) {
			t.Helper()
			var want [1]float64
			grad := make([]float64, len(x))
			CrossEntropyGrad64(want[:], grad, x, len(x), []int{target}, nil)
			grad[target] = 0 - grad[target]
			x32, exact := make([]float32, len(x)), true
			for j, v := range x {
				x32[j] = float32(v)
				exact = exact && (float64(x32[j]) == v || v != v)
			}
			dst, checkDst := guarded[float64](t, len(x), target%8)
			compare := func(nats, alone float64) {
				t.Helper()
				checkDst()
				if !sameNumber(nats, alone) || nats != want[0] && !(math.Abs(nats-want[0]) <= 3e-14*want[0]) && (nats == nats || want[0] == want[0]) {
					t.Fatalf("%d classes: %v, alone %v, among others %v", len(x), nats, alone, want[0])
				}
				for j, p := range dst {
					if p != grad[j] && !(math.Abs(p-grad[j]) <= 6e-14*grad[j]+1e-306) && (p == p || grad[j] == grad[j]) {
						t.Fatalf("%d classes, target %d: probability %d is %v, want %v", len(x), target, j, p, grad[j])
					}
				}
			}
			compare(SoftmaxRow(dst, x, target), CrossEntropyRow(x, target))
			if exact {
				compare(SoftmaxRow(dst, x32, target), CrossEntropyRow(x32, target))
			}
		}
		for _, n := range []int{1, 2, 3, 10, 16, 17, 31, 32, 33, 100, 2047, 2048, 2049, 5000} {
			for _, spread := range []float64{0, 1, 10, 300} {
				x := make([]float64, n)
				for j := range x {
					x[j] = float64(float32(spread * r.NormFloat64()))
				}
				check(x, r.IntN(n))
				x[r.IntN(n)] = -inf
				check(x, r.IntN(n))
				x[r.IntN(n)] = 1e5
				check(x, r.IntN(n))
				x[r.IntN(n)] = []float64{inf, math.NaN()}[r.IntN(2)]
				check(x, r.IntN(n))
			}
		}
		check([]float64{-inf, 3, -inf}, 1)
		check([]float64{-inf, 3, -inf}, 0)
		check([]float64{-inf, -inf}, 0)
		check([]float64{3e38, 3e38}, 0)
		check([]float64{0, 600}, 0)
		check([]float64{0, 600}, 1)
		check([]float64{0, 720}, 0)
		check([]float64{0, 720}, 1)
		x, dst := make([]float32, 100), make([]float64, 100)
		noAllocs(t, "SoftmaxRow", func() { sink = SoftmaxRow(dst, x, 3) + CrossEntropyRow(x, 4) })
	})
}
