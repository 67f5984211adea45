package loss

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestDensitySpecialValues(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
		tol       float64
	}{
		{"normal at 40", GaussianNLL(40, 0, 1), 800.918938533204672741780329736, 1e-15},
		{"normal at its mean", GaussianNLL(3, 3, 1), 0.918938533204672741780329736, 1e-15},
		{"narrow", GaussianNLL(0, 0, 1e-300), 0.918938533204672741780329736 - 150*math.Ln10, 1e-15},
		{"a square that overflows", GaussianNLL(1e200, 0, 1e300), 5e99, 1e-14},
		{"a square that underflows", GaussianNLL(1e-200, 0, 1e-320), 0.918938533204672741780329736 + 0.5*(math.Log(2024)-1074*math.Ln2) + 0.5e-400/1e-320, 1e-13},
		{"variance 0, mean", GaussianNLL(1, 1, 0), -inf, 0},
		{"variance 0", GaussianNLL(1, 2, 0), inf, 0},
		{"variance < 0", GaussianNLL(1, 2, -1), nan, 0},
		{"variance < 0, mean", GaussianNLL(1, 1, -1), nan, 0},
		{"variance NaN", GaussianNLL(1, 1, nan), nan, 0},
		{"y NaN", GaussianNLL(nan, 1, 1), nan, 0},
		{"y NaN, variance 0", GaussianNLL(nan, 1, 0), nan, 0},
		{"y infinite", GaussianNLL(inf, 1, 1), inf, 0},
		{"rate 0", PoissonNLL(0, 0), 0, 0},
		{"rate 0, something", PoissonNLL(1, 0), inf, 0},
		{"log rate -Inf", PoissonNLLLog(0, -inf), 0, 0},
		{"log rate -Inf, something", PoissonNLLLog(1, -inf), inf, 0},
		{"half", PoissonNLL(0.5, 1), inf, 0},
		{"negative", PoissonNLL(-1, 1), inf, 0},
		{"negative, log rate", PoissonNLLLog(-1, 1), inf, 0},
		{"rate < 0", PoissonNLL(1, -1), nan, 0},
		{"rate +Inf", PoissonNLL(1, inf), nan, 0},
		{"y NaN", PoissonNLL(nan, 1), nan, 0},
		{"log rate NaN", PoissonNLLLog(1, nan), nan, 0},
		{"nothing, and likely", PoissonNLL(0, 1e-300), 1e-300, 0},
		{"one", PoissonNLL(1, 1), 1, 1e-15},
	} {
		if !same(c.got, c.want, c.tol) {
			t.Errorf("%s: %.17g, want %.17g", c.name, c.got, c.want)
		}
	}
}

// A Poisson distribution sums to 1, by its rate and by the logarithm of it, and
// the two agree.
func TestPoissonSumsToOne(t *testing.T) {
	for _, rate := range []float64{0.01, 1, 3.7, 19.5, 40, 333, 5000} {
		var s float64
		for y := 0.0; y < rate+40*math.Sqrt(rate)+40; y++ {
			nats := PoissonNLL(y, rate)
			if other := PoissonNLLLog(y, math.Log(rate)); !same(nats, other, 1e-11) {
				t.Errorf("%v at rate %v: %v, by its logarithm %v", y, rate, nats, other)
			}
			s += math.Exp(-nats)
		}
		if !(math.Abs(s-1) <= 1e-13) {
			t.Errorf("rate %v: sum %v", rate, s)
		}
	}
}

func TestDensityErrors(t *testing.T) {
	nan := math.NaN()
	dst := make([]float64, 4)
	v := func(x ...float64) Matrix { return Rows(x, 2) }
	ones := v(1, 1, 1, 1)
	for name, err := range map[string]error{
		"variance":     new(Gaussian).Losses(bg, dst, ones, ones, v(1, 1, -1, 1)),
		"variance NaN": (&Gaussian{MinVariance: 1}).Losses(bg, dst, ones, ones, v(1, 1, nan, 1)),
		"count":        new(Poisson).Losses(bg, dst, v(1, 1, 0.5, 1), ones),
		"rate":         new(Poisson).Losses(bg, dst, ones, v(1, 1, -1, 1)),
		"log rate":     (&Poisson{LogRate: true}).Losses(bg, dst, ones, v(1, 1, inf, 1)),
	} {
		var value *ValueError
		if !errors.As(err, &value) || value.Row != 1 || value.Column != 0 {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if mean, err := new(Gaussian).Mean(bg, Values([]float64{}), Values([]float64{}), Values([]float64{})); mean == mean || !errors.Is(err, ErrNoData) {
		t.Errorf("mean of nothing %v, error %v", mean, err)
	}
}

func TestKL(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	for range 20000 {
		n := 1 + r.IntN(30)
		p, q := make([]float32, n), make([]float32, n)
		scale, apart := math.Exp(6*r.Float64()-2), math.Exp(40*r.Float64()-38)
		for k := range p {
			x := scale * r.NormFloat64()
			p[k], q[k] = float32(x), float32(x+scale*apart*r.NormFloat64())
		}
		if n > 1 && r.IntN(3) == 0 {
			p[r.IntN(n)] = float32(math.Inf(-1))
		}
		if kl := KLLogits(p, q); !(kl >= 0) {
			t.Fatalf("%v, %v: %v", p, q, kl)
		}
		if self := KLLogits(p, p); self != 0 {
			t.Fatalf("%v from itself: %v", p, self)
		}
		if self := KLLogits(q, q); self != 0 {
			t.Fatalf("%v from itself: %v", q, self)
		}
	}
	nan := math.NaN()
	for _, c := range []struct {
		p, q []float64
		want float64
	}{
		{[]float64{0, -inf}, []float64{0, 0}, math.Ln2},
		{[]float64{0, 0}, []float64{0, -inf}, inf},
		{[]float64{0, -inf}, []float64{0, -inf}, 0},
		{[]float64{-inf, -inf}, []float64{-inf, -inf}, nan},
		{[]float64{0, inf}, []float64{0, inf}, nan},
		{[]float64{0, nan}, []float64{0, nan}, nan},
		{[]float64{0, 0}, []float64{nan, 0}, nan},
		{[]float64{}, []float64{}, nan},
		{[]float64{0, -1e308}, []float64{0, 1e308}, 1e308},
	} {
		if got := KLLogits(c.p, c.q); !same(got, c.want, 1e-15) {
			t.Errorf("%v, %v: %v, want %v", c.p, c.q, got, c.want)
		}
	}
	if got := KLLogits([]BFloat16{BFloat16Of(1), 0}, []BFloat16{0, BFloat16Of(1)}); !same(got, math.Tanh(0.5), 1e-14) {
		t.Errorf("bfloat16: %v, want %v", got, math.Tanh(0.5))
	}
}
