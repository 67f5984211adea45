package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigLog returns log x for finite x > 0 with some 120 good bits: with
// x = 2^k·m, m in [√½, √2), log x = k·ln 2 + 2·atanh((m-1)/(m+1)).
func bigLog(x float64) *big.Float {
	const prec = 160
	m := new(big.Float).SetPrec(prec)
	k := new(big.Float).SetPrec(prec).SetFloat64(x).MantExp(m)
	if f, _ := m.Float64(); f < math.Sqrt2/2 {
		m.Mul(m, big.NewFloat(2))
		k--
	}
	one := big.NewFloat(1)
	num := new(big.Float).SetPrec(prec).Sub(m, one)
	den := new(big.Float).SetPrec(prec).Add(m, one)
	sum := atanh(num.Quo(num, den))
	third := new(big.Float).SetPrec(prec).Quo(one, big.NewFloat(3))
	ln2 := atanh(third) // 2·atanh(1/3) = ln 2
	ln2.Mul(ln2, new(big.Float).SetInt64(int64(k)))
	sum.Add(sum, ln2)
	return sum.Mul(sum, big.NewFloat(2))
}

func atanh(u *big.Float) *big.Float {
	prec := u.Prec()
	u2 := new(big.Float).SetPrec(prec).Mul(u, u)
	pow := new(big.Float).SetPrec(prec).Set(u)
	sum := new(big.Float).SetPrec(prec).Set(u)
	for n := int64(3); n < 110; n += 2 {
		if pow.Sign() == 0 {
			break
		}
		pow.Mul(pow, u2)
		sum.Add(sum, new(big.Float).SetPrec(prec).Quo(pow, new(big.Float).SetInt64(n)))
	}
	return sum
}

// errorInULP returns |got - want| in units in the last place of want.
func errorInULP(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	d, _ := new(big.Float).Sub(big.NewFloat(got).SetPrec(300), want).Float64()
	if w == 0 {
		return math.Abs(d) / math.SmallestNonzeroFloat64
	}
	unit := math.Ldexp(1, max(math.Ilogb(w)-52, -1074))
	return math.Abs(d) / unit
}

func TestLog(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var x []float64
	for range 1000 {
		x = append(x,
			math.Float64frombits(r.Uint64N(0x7ff<<52)), // any exponent
			math.Float64frombits(r.Uint64N(1<<52)),     // subnormal
			math.SmallestNonzeroFloat64*float64(1+r.IntN(100)),
			r.Float64(),
			math.Exp(-r.ExpFloat64()),
			1+float64(r.IntN(2000)-1000)*0x1p-53*float64(1+r.IntN(3)),
			1+(r.Float64()-.5)*.1,
			.75+r.Float64()*.9,
			1-math.Ldexp(r.Float64(), -r.IntN(50)),
		)
	}
	for i := range logTable { // the edges of the sixteenths
		for _, k := range []uint64{0, 1 << 52, 1000 << 52, 1<<64 - 500<<52} {
			e := uint64(logOffset) + uint64(i)<<48 + k
			for d := range uint64(9) {
				x = append(x, math.Float64frombits(e+d-4))
			}
		}
	}
	x = append(x, math.SmallestNonzeroFloat64, 0x1p-1022, 0x1p-1022-0x1p-1074, math.MaxFloat64, 1, 2, .5, 10, math.E)
	worst, at := 0.0, 0.0
	for _, v := range x {
		e := errorInULP(Log(v), bigLog(v))
		if !(e <= worst) {
			worst, at = e, v
		}
	}
	t.Logf("largest error %.4f ULP at %v (%#x)", worst, at, math.Float64bits(at))
	if !(worst < 0.8) {
		t.Errorf("error %v ULP at %v", worst, at)
	}
}

func TestLogSpecial(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ x, want float64 }{
		{0, -inf}, {math.Copysign(0, -1), -inf}, {inf, inf}, {1, 0},
		{-1, math.NaN()}, {-inf, math.NaN()}, {math.NaN(), math.NaN()}, {-math.SmallestNonzeroFloat64, math.NaN()},
	} {
		got := Log(c.x)
		if math.Float64bits(got) != math.Float64bits(c.want) && !(got != got && c.want != c.want) {
			t.Errorf("Log(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	// Powers of two: k·ln 2 rounded once or nearly, even where math.Log fails.
	if got := Log(math.SmallestNonzeroFloat64); !(math.Abs(got-(-744.4400719213812)) <= 1e-12) {
		t.Errorf("Log(5e-324) = %v", got)
	}
}

func TestSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 40 {
		p, dst, neg := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = []float64{r.Float64(), 0, 1, -1, math.NaN(), 5e-324}[r.IntN(6)]
		}
		LogSlice(dst, p)
		NegLogSlice(neg, p)
		for i, v := range p {
			if want := Log(v); math.Float64bits(dst[i]) != math.Float64bits(want) ||
				math.Float64bits(neg[i]) != math.Float64bits(0-want) {
				t.Fatalf("n = %d: log %v is %v, %v; want %v", n, v, dst[i], neg[i], want)
			}
		}
		in := append([]float64(nil), p...)
		LogSlice(in, in) // in place
		for i := range in {
			if math.Float64bits(in[i]) != math.Float64bits(dst[i]) {
				t.Fatal("in place differs")
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for different lengths")
		}
	}()
	LogSlice(make([]float64, 2), make([]float64, 3))
}

var sink float64

func BenchmarkLog(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 4096)
	for i := range x {
		x[i] = r.Float64()
	}
	dst := make([]float64, len(x))
	perValue := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/value")
	}
	b.Run("NegLogSlice", func(b *testing.B) {
		for b.Loop() {
			NegLogSlice(dst, x)
		}
		perValue(b)
	})
	b.Run("math.Log", func(b *testing.B) {
		for b.Loop() {
			for i, v := range x {
				dst[i] = -math.Log(v)
			}
		}
		perValue(b)
	})
	sink = dst[0]
}
