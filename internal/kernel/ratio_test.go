package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// aRatio is two positive numbers: alike, near, or far from each other.
func aRatio(r *rand.Rand) (p, q float64) {
	p = math.Exp(-20 * r.Float64() * r.Float64())
	switch r.IntN(8) {
	case 0:
		q = p
	case 1:
		q = math.Nextafter(p, float64(r.IntN(2)))
	case 2:
		q = p * (1 + math.Ldexp(r.Float64()-.5, -r.IntN(50)))
	case 3: // around the edges of the cases
		q = p * (1 + 0.001*r.NormFloat64()) * []float64{.5, 2, 3, 1. / 3, 1}[r.IntN(5)]
	case 4:
		q = p * math.Exp(600*(r.Float64()-.5))
	default:
		q = math.Exp(-20 * r.Float64() * r.Float64())
	}
	if r.IntN(2) == 0 {
		p, q = q, p
	}
	return p, q
}

func bigRatioLog(p, q float64) *big.Float {
	return bigLogOf(new(big.Float).SetPrec(bigPrec).Quo(bigOf(p), bigOf(q)))
}

// bigKL is p·log(p/q) - p + q.
func bigKL(p, q float64) *big.Float {
	s := bigRatioLog(p, q)
	s.Mul(s, bigOf(p))
	s.Sub(s, bigOf(p))
	return s.Add(s, bigOf(q))
}

// bigMiddle is ½·(p·log(p/m) + q·log(q/m)), m = (p + q)/2.
func bigMiddle(p, q float64) *big.Float {
	half := bigOf(p)
	half.Add(half, bigOf(q))
	half.Quo(half, bigOf(2))
	term := func(x float64) *big.Float {
		s := bigLogOf(new(big.Float).SetPrec(bigPrec).Quo(bigOf(x), half))
		return s.Mul(s, bigOf(x))
	}
	s := term(p)
	s.Add(s, term(q))
	return s.Quo(s, bigOf(2))
}

func TestRatioTerms(t *testing.T) {
	r := rand.New(rand.NewPCG(70, 71))
	n := 3000
	if long {
		n = 300000
	}
	p, q := make([]float64, n), make([]float64, n)
	for i := range p {
		p[i], q[i] = aRatio(r)
	}
	logs, kls, middles := make([]float64, n), make([]float64, n), make([]float64, n)
	LogRatioSlice(logs, p, q)
	KLTerms(kls, p, q)
	MiddleTerms(middles, p, q)
	var worst [3]float64
	for i := range p {
		a, b := p[i], q[i]
		if one := KLTerm(a, b); !same(one, kls[i]) {
			t.Errorf("KLTerm of %v and %v: %v, in a slice %v", a, b, one, kls[i])
		}
		if a == b {
			if !same(logs[i], 0) || !same(kls[i], 0) || !same(middles[i], 0) {
				t.Fatalf("%v twice: %v, %v, %v", a, logs[i], kls[i], middles[i])
			}
			continue
		}
		for k, c := range []struct {
			got  float64
			want *big.Float
		}{{logs[i], bigRatioLog(a, b)}, {kls[i], bigKL(a, b)}, {middles[i], bigMiddle(a, b)}} {
			want, _ := c.want.Float64()
			d, _ := new(big.Float).Sub(bigOf(c.got), c.want).Float64()
			if math.Abs(want) < 0x1p-1022 {
				continue
			}
			d = math.Abs(d / want)
			if !(d <= []float64{4.5e-16, 1e-15, 2e-15}[k]) {
				t.Errorf("%d of %v and %v: %v, want %v, off by %.3g", k, a, b, c.got, want, d)
			}
			worst[k] = max(worst[k], d)
		}
		if k := kls[i]; !(k >= 0) || math.Signbit(k) || !(middles[i] >= 0) {
			t.Errorf("%v and %v: %v, %v", a, b, k, middles[i])
		}
	}
	t.Logf("largest relative errors %.3g", worst)
}

func TestRatioTermsOddNumbers(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	const least = math.SmallestNonzeroFloat64
	for _, c := range []struct{ p, q, log, kl, middle float64 }{
		{0, 0, nan, 0, 0},
		{0, .25, -inf, .25, math.Ln2 / 8},
		{.25, 0, inf, inf, math.Ln2 / 8},
		{1, 1, 0, 0, 0},
		{least, least, 0, 0, 0},
		{least, 1, -744.4400719213812, 1, math.Ln2 / 2},
		{1, least, 744.4400719213812, 743.4400719213812, math.Ln2 / 2},
		{inf, 1, inf, nan, nan},
		{1, inf, -inf, nan, nan},
		{inf, inf, nan, nan, nan},
		{-1, -1, nan, nan, nan},
		{-1, -2, nan, nan, nan},
		{-1, 1, nan, nan, nan},
		{1, -least, nan, nan, nan},
		{0, -1, nan, nan, nan},
		{-1, 0, nan, nan, nan},
		{-inf, -inf, nan, nan, nan},
		{nan, 1, nan, nan, nan},
		{1, nan, nan, nan, nan},
		{nan, 0, nan, nan, nan},
		{0, nan, nan, nan, nan},
		{math.MaxFloat64, math.MaxFloat64 / 2, math.Ln2, math.MaxFloat64 * (math.Ln2 - .5), nan},
		{math.MaxFloat64 / 2, math.MaxFloat64 / 4, math.Ln2, math.MaxFloat64 / 2 * (math.Ln2 - .5),
			math.MaxFloat64 / 16 * (2*math.Log(4./3) - math.Log(1.5)) * 2},
		{math.MaxFloat64, least, 709.782712893384 + 744.4400719213812, inf, math.MaxFloat64 * (math.Ln2 / 2)},
	} {
		got := make([]float64, 3)
		eachTier(t, func(t *testing.T) {
			LogRatioSlice(got[:1], []float64{c.p}, []float64{c.q})
			KLTerms(got[1:2], []float64{c.p}, []float64{c.q})
			MiddleTerms(got[2:], []float64{c.p}, []float64{c.q})
			if one := KLTerm(c.p, c.q); !sameNumber(one, got[1]) {
				t.Errorf("KLTerm of %v and %v: %v, in a slice %v", c.p, c.q, one, got[1])
			}
			for i, want := range []float64{c.log, c.kl, c.middle} {
				if got[i] != want && !(math.Abs(got[i]-want) <= 2e-15*math.Abs(want)) && (want == want || got[i] == got[i]) {
					t.Errorf("%d of %v and %v: %v, want %v", i, c.p, c.q, got[i], want)
				}
			}
		})
	}
}

// The terms have the same bits on every tier, alone and among others, at any
// place, and in place.
func TestRatioTermsSameBits(t *testing.T) {
	r := rand.New(rand.NewPCG(72, 73))
	functions := []func(dst, p, q []float64){LogRatioSlice, KLTerms, MiddleTerms}
	for n := range 140 {
		p, q := make([]float64, n), make([]float64, n)
		for i := range p {
			if p[i], q[i] = aRatio(r); r.IntN(8) == 0 {
				p[i] = anyValue(r, 50)
			}
			if r.IntN(8) == 0 {
				q[i] = anyValue(r, 50)
			}
		}
		for k, f := range functions {
			want := make([]float64, n)
			before := active
			setTier(plain)
			for i := range p {
				f(want[i:i+1], p[i:i+1], q[i:i+1])
			}
			setTier(before)
			eachTier(t, func(t *testing.T) {
				dst, check := guarded[float64](t, n, n%8)
				f(dst, p, q)
				check()
				mine := append([]float64(nil), p...)
				f(mine, mine, q)
				other := append([]float64(nil), q...)
				f(other, p, other)
				for i, w := range want {
					if !sameNumber(dst[i], w) || !sameNumber(mine[i], w) || !sameNumber(other[i], w) {
						t.Fatalf("%d of %v and %v: %v, in place %v, %v, want %v", k, p[i], q[i], dst[i], mine[i], other[i], w)
					}
				}
			})
		}
		back := make([]float64, n)
		MiddleTerms(back, q, p)
		terms := make([]float64, n)
		MiddleTerms(terms, p, q)
		for i := range back {
			if !sameNumber(back[i], terms[i]) {
				t.Fatalf("middle of %v and %v: %v, the other way %v", p[i], q[i], terms[i], back[i])
			}
		}
	}
}

func TestKLSum(t *testing.T) {
	r := rand.New(rand.NewPCG(74, 75))
	for _, n := range []int{0, 1, 2, 7, 8, 9, 63, 64, 65, 1000} {
		p, q, terms := make([]float64, n), make([]float64, n), make([]float64, n)
		p32, q32 := make([]float32, n), make([]float32, n)
		for i := range p {
			a, b := aRatio(r)
			p32[i], q32[i] = float32(max(1e-30, min(a, 1e30))), float32(max(1e-30, min(b, 1e30)))
			p[i], q[i] = float64(p32[i]), float64(q32[i])
		}
		KLTerms(terms, p, q)
		want := 0.0
		for _, v := range terms {
			want += v
		}
		var bits [2]float64
		before := active
		setTier(plain)
		bits[0], bits[1] = KLSum(p, q), KLSum(p32, q32)
		setTier(before)
		eachTier(t, func(t *testing.T) {
			got := KLSum(p, q)
			if !(math.Abs(got-want) <= 1e-13*want) || !same(got, bits[0]) || !same(KLSum(p32, q32), got) || !same(bits[1], got) {
				t.Errorf("%d: %v, float32 %v, plain %v, want %v", n, got, KLSum(p32, q32), bits, want)
			}
			if got := KLSum(p, p); !same(got, 0) {
				t.Errorf("%d of itself: %v", n, got)
			}
			noAllocs(t, "KLSum", func() { sink = KLSum(p32, q32) })
		})
	}
}
