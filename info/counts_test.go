package info

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestDigamma(t *testing.T) {
	const euler = 0.577215664901532860606512090082
	for _, c := range []struct{ x, want float64 }{
		{1, -euler},
		{2, 1 - euler},
		{3, 1.5 - euler},
		{0.5, -euler - 2*math.Ln2},
		{0.25, -euler - math.Pi/2 - 3*math.Ln2},
		{1e8, 18.420680738952367}, // 8·log 10 − 1/2e8 − 1/12e16
	} {
		if got := digamma(c.x); !(math.Abs(got-c.want) <= 1e-15*max(1, math.Abs(c.want))) {
			t.Errorf("ψ(%v) = %v, want %v", c.x, got, c.want)
		}
	}
}

func TestTrigamma(t *testing.T) {
	const catalan = 0.915965594177219015054603514932
	for _, c := range []struct{ x, want float64 }{
		{1, math.Pi * math.Pi / 6},
		{2, math.Pi*math.Pi/6 - 1},
		{0.5, math.Pi * math.Pi / 2},
		{0.25, math.Pi*math.Pi + 8*catalan},
		{0.75, math.Pi*math.Pi - 8*catalan},
		{1e8, 1.00000000500000001666666666666666e-8},
	} {
		if got := trigamma(c.x); !(math.Abs(got-c.want) <= 4e-16*c.want) {
			t.Errorf("ψ′(%v) = %v, want %v", c.x, got, c.want)
		}
	}
}

// For two outcomes the posterior is a Beta distribution, and its moments of the
// binary entropy are integrals over one variable.
func TestPosterior(t *testing.T) {
	for _, c := range []struct {
		counts []int64
		a      float64
	}{
		{[]int64{3, 5}, 0.5}, {[]int64{3, 5}, 1}, {[]int64{0, 12}, 1}, {[]int64{40, 2}, 0.5}, {[]int64{7, 7}, 2.5}, {[]int64{1, 0}, 1},
	} {
		beta := distuv.Beta{Alpha: float64(c.counts[0]) + c.a, Beta: float64(c.counts[1]) + c.a}
		// p = sin²t smooths the ends.
		moment := func(f func(h float64) float64) float64 {
			return quad.Fixed(func(x float64) float64 {
				s, k := math.Sincos(x)
				return f(BinaryEntropy(s*s)) * beta.Prob(s*s) * 2 * s * k
			}, 0, math.Pi/2, 4000, nil, 0)
		}
		whole := moment(func(float64) float64 { return 1 })
		if !(math.Abs(whole-1) <= 1e-8) {
			t.Fatalf("%v: the posterior integrates to %v", c, whole)
		}
		mean := moment(func(h float64) float64 { return h })
		sd := math.Sqrt(moment(func(h float64) float64 { return (h - mean) * (h - mean) }))
		got := PosteriorMean(c.counts, c.a)
		if !(math.Abs(got.Value-mean) <= 1e-8) || !(math.Abs(got.SE-sd) <= 1e-8) {
			t.Errorf("%v: posterior %v ± %v, by quadrature %v ± %v", c, got.Value, got.SE, mean, sd)
		}
		if d := Dirichlet(c.counts, c.a); d.SE != got.SE {
			t.Errorf("%v: Dirichlet's error is %v, the posterior's %v", c, d.SE, got.SE)
		}
	}
	// Under a uniform prior and no more, the mean entropy is Σ 1/k, k = 2 … K
	// (Wolpert and Wolf): here after one count each, as a uniform prior with a = 2.
	e := PosteriorMean([]int64{1, 1, 1, 1}, 1)
	want := 0.0
	for k := 3; k <= 8; k++ {
		want += 1 / float64(k)
	}
	if !(math.Abs(e.Value-want) <= 1e-14) {
		t.Errorf("posterior mean %v, want %v", e.Value, want)
	}
	// A million times the data, a thousandth of the error: nothing cancels.
	small, large := PosteriorMean([]int64{300, 700}, 0.5), PosteriorMean([]int64{300e6, 700e6}, 0.5)
	if ratio := small.SE / large.SE; !(math.Abs(ratio-1000) <= 2) {
		t.Errorf("errors %v and %v: ratio %v", small.SE, large.SE, ratio)
	}
}

// With two outcomes −log p̂ has two values, and its variance is a product.
func TestAsymptoticError(t *testing.T) {
	for _, c := range [][]int64{{1, 3}, {20, 5}, {999, 1}, {1, 1e9}} {
		n := float64(c[0] + c[1])
		p := float64(c[0]) / n
		want := math.Sqrt(p*(1-p)/n) * math.Abs(math.Log(float64(c[0])/float64(c[1])))
		ml, mm := MaximumLikelihood(c), MillerMadow(c)
		if !(math.Abs(ml.SE-want) <= 1e-7*want) || ml.SE != mm.SE {
			t.Errorf("%v: errors %v, %v, want %v", c, ml.SE, mm.SE, want)
		}
	}
	for _, c := range [][]int64{{3, 3, 3}, {5}, {7, 0, 7}} {
		if se := MaximumLikelihood(c).SE; se != 0 {
			t.Errorf("equal counts %v have an error of %v", c, se)
		}
	}
	for _, e := range []struct {
		name string
		se   float64
	}{{"Chao–Shen", ChaoShen([]int64{1, 2, 3}).SE}, {"James–Stein", JamesStein([]int64{1, 2, 3}).SE}} {
		if !math.IsNaN(e.se) {
			t.Errorf("%s has an error of %v, which no theory gives", e.name, e.se)
		}
	}
}

// The expansion against math/big, on terms that cancel, differ by hundreds of
// orders of magnitude, tie and underflow.
func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for trial := range 3000 {
		var x []float64
		for range r.IntN(80) {
			v := math.Ldexp(r.Float64()-0.5, r.IntN(60*(1+trial%30))-30*(1+trial%30))
			switch r.IntN(4) {
			case 0:
				v = math.Ldexp(1, r.IntN(120)-60)
			case 1:
				if len(x) > 0 {
					v = -x[r.IntN(len(x))]
				}
			}
			x = append(x, v)
		}
		exact := new(big.Float).SetPrec(4000)
		for _, v := range x {
			exact.Add(exact, new(big.Float).SetFloat64(v))
		}
		want, _ := exact.Float64()
		if got := Sum(x); got != want {
			t.Fatalf("trial %d: sum of %v is %v, want %v", trial, x, got, want)
		}
	}
	for _, c := range []struct {
		x    []float64
		want float64
	}{
		{nil, 0},
		{[]float64{1, math.Inf(1)}, math.Inf(1)},
		{[]float64{1, math.Inf(-1), 1e300}, math.Inf(-1)},
		{[]float64{1, 0x1p-53, 0x1p-106}, 1 + 0x1p-52},
		{[]float64{1, 0x1p-53, -0x1p-106}, 1},
		{[]float64{1, 0x1p-53}, 1},
		{[]float64{5e-324, 5e-324, -1e300, 1e300}, 1e-323},
	} {
		if got := Sum(c.x); got != c.want {
			t.Errorf("sum of %v is %v, want %v", c.x, got, c.want)
		}
	}
	for _, x := range [][]float64{{math.NaN(), 1}, {math.Inf(1), math.Inf(-1)}, {math.Inf(-1), 3, math.NaN(), math.Inf(1)}} {
		if got := Sum(x); !math.IsNaN(got) {
			t.Errorf("sum of %v is %v", x, got)
		}
	}
}

func BenchmarkMeasures(b *testing.B) {
	for _, k := range []int{6, 100} {
		p, q := make([]float64, k), make([]float64, k)
		for i := range p {
			p[i], q[i] = 1/float64(k), float64(2*i+1)/float64(k*k)
		}
		for name, f := range map[string]func() float64{
			"Entropy": func() float64 { return Entropy(p) }, "CrossEntropy": func() float64 { return CrossEntropy(p, q) },
			"KL": func() float64 { return KL(p, q) }, "JensenShannon": func() float64 { return JensenShannon(p, q) },
			"KLValidated": func() float64 { return generalisedKL(p, q) },
			"Naive": func() float64 {
				s := 0.0
				for i, v := range p {
					s -= v * math.Log(q[i])
				}
				return s
			},
		} {
			b.Run(name+map[int]string{6: "/6", 100: "/100"}[k], func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
	}
}
