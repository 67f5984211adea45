package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigDivergence is the divergence of the softmaxes of two finite rows: with
// p and q to 150 bits and more, the sum of p·log(p/q).
func bigDivergence(p, q []float64) float64 {
	softmax := func(x []float64) (e []*big.Float, sum *big.Float) {
		sum = bigOf(0)
		for _, v := range x {
			y := bigExpOf(bigOf(v))
			e = append(e, y)
			sum.Add(sum, y)
		}
		return e, sum
	}
	ep, sp := softmax(p)
	_, sq := softmax(q)
	logs := bigLogOf(sp)
	logs.Sub(logs, bigLogOf(sq))
	total := bigOf(0)
	for k := range p {
		d := bigOf(p[k])
		d.Sub(d, bigOf(q[k]))
		d.Sub(d, logs)
		total.Add(total, d.Mul(d, ep[k]))
	}
	f, _ := total.Quo(total, sp).Float64()
	return f
}

// bigLogOf is log x, x from 1e-300 to 1e300.
func bigLogOf(x *big.Float) *big.Float {
	f, _ := x.Float64()
	l := bigOf(math.Log(f))
	z := new(big.Float).SetPrec(bigPrec).Quo(x, bigExpOf(l))
	z.Sub(z, bigOf(1))
	sum, pow := bigOf(0), bigOf(1)
	for n := 1.0; n < 6; n++ {
		pow.Mul(pow, z)
		term := new(big.Float).SetPrec(bigPrec).Quo(pow, bigOf(n))
		if int(n)%2 == 0 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum.Add(sum, l)
}

func TestDivergence(t *testing.T) {
	r := rand.New(rand.NewPCG(60, 61))
	type pair struct {
		p, q []float64
		want float64
	}
	var pairs []pair
	for n := 1; n < 70; n++ {
		for range 4 {
			c := pair{p: make([]float64, n), q: make([]float64, n)}
			spread, apart := math.Exp(3*r.Float64()-1), math.Exp(24*r.Float64()-20)
			for k := range c.p {
				x := spread * r.NormFloat64()
				c.p[k] = float64(float32(x))
				c.q[k] = float64(float32(x + apart*r.NormFloat64()))
			}
			c.want = bigDivergence(c.p, c.q)
			pairs = append(pairs, c)
		}
	}
	eachTier(t, func(t *testing.T) {
		worst := 0.0
		for _, c := range pairs {
			n := len(c.p)
			p, checkP := guarded[float64](t, n, n%5)
			q, checkQ := guarded[float64](t, n, n%3)
			p32, checkP32 := guarded[float32](t, n, n%7)
			q32, checkQ32 := guarded[float32](t, n, n%4)
			copy(p, c.p)
			copy(q, c.q)
			for k := range p {
				p32[k], q32[k] = float32(p[k]), float32(q[k])
			}
			got := Divergence(p, q)
			// A rounded log of the sums, and rounded differences, tell below 1e-22.
			if !(math.Abs(got-c.want) <= 4e-14*c.want+1e-22) || !(got >= 0) {
				t.Fatalf("%v from %v: %v, want %v (%.2g)", p, q, got, c.want, got/c.want-1)
			}
			if c.want > 1e-10 {
				worst = max(worst, math.Abs(got/c.want-1))
			}
			if wide := Divergence(p32, q32); !(math.Abs(wide-c.want) <= 4e-14*c.want+1e-22) || !(wide >= 0) {
				t.Fatalf("of float32 %v, of float64 %v", wide, got)
			}
			if got := Divergence(q, q); !same(got, 0) {
				t.Fatalf("%v from itself: %v", q, got)
			}
			checkP()
			checkQ()
			checkP32()
			checkQ32()
		}
		t.Logf("largest relative error of those above 1e-10: %.2g", worst)
	})
}

func TestDivergenceSpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	r := rand.New(rand.NewPCG(62, 63))
	eachTier(t, func(t *testing.T) {
		for _, c := range []struct {
			p, q []float64
			want float64
		}{
			{[]float64{0, -inf}, []float64{0, 0}, math.Ln2},
			{[]float64{0, 0}, []float64{0, -inf}, inf},
			{[]float64{0, -inf}, []float64{0, -inf}, 0},
			{[]float64{0, -1000}, []float64{0, -inf}, inf}, // e^-1000 is not nothing
			{[]float64{0, -1000}, []float64{0, -3000}, 0},
			{[]float64{0, -inf}, []float64{-inf, 0}, inf},
			{[]float64{-inf, -inf}, []float64{0, 0}, nan},
			{[]float64{0, 0}, []float64{-inf, -inf}, nan},
			{[]float64{0, inf}, []float64{0, inf}, nan},
			{[]float64{0, nan}, []float64{0, nan}, nan},
			{[]float64{0, 0}, []float64{nan, 0}, nan},
			{nil, nil, nan},
			{[]float64{0, -1e30}, []float64{0, 1e30}, float64(float32(1e30))},
			{[]float64{0, -1e30}, []float64{0, 0}, math.Ln2},
			{[]float64{900, 900}, []float64{-900, -900}, 0},
			{[]float64{0, -50}, []float64{0, 0}, math.Ln2 - 50*math.Exp(-50)},
			{[]float64{0, -750}, []float64{-800, 0}, 800},
		} {
			for _, n := range []int{len(c.p), 5, 17, 64, 100} {
				for _, from := range []int{0, 1, 7, 30} {
					if n == len(c.p) {
						from = 0
					} else if len(c.p) == 0 || from+len(c.p) > n {
						continue
					}
					p, q := make([]float64, n), make([]float64, n)
					fillWith(p, -inf)
					fillWith(q, -inf)
					copy(p[from:], c.p)
					copy(q[from:], c.q)
					p32, q32 := make([]float32, n), make([]float32, n)
					for k := range p {
						p32[k], q32[k] = float32(p[k]), float32(q[k])
					}
					for _, got := range []float64{Divergence(p, q), Divergence(p32, q32)} {
						if !same(got, c.want) && !(got != got && c.want != c.want) && !(math.Abs(got-c.want) <= 2e-7*c.want*min(1, c.want/1e20)+2e-15*c.want+1e-290) {
							t.Errorf("%v from %v in %d at %d: %v, want %v", c.p, c.q, n, from, got, c.want)
						}
					}
				}
			}
		}
		// The same of log-probabilities, which need not sum to 1.
		for _, c := range []struct {
			p, q []float64
			want float64
		}{
			{nil, nil, 0},
			{[]float64{0}, []float64{0}, 0},
			{[]float64{-inf}, []float64{math.Log(.25)}, .25},
			{[]float64{math.Log(.25)}, []float64{-inf}, inf},
			{[]float64{-inf, 0}, []float64{-inf, 0}, 0},
			{[]float64{math.Log(.5), math.Log(.5)}, []float64{math.Log(.125), math.Log(.875)}, .5*math.Log(4) + .5*math.Log(4./7)},
			{[]float64{0}, []float64{-2}, 1 + math.Exp(-2)},
			{[]float64{nan, 0}, []float64{0, 0}, nan},
			{[]float64{0, 0}, []float64{nan, 0}, nan},
			{[]float64{0, inf}, []float64{0, inf}, nan},
			{[]float64{-inf, -inf}, []float64{0, nan}, nan},
		} {
			if got := LogDivergence(c.p, c.q); !same(got, c.want) && !(got != got && c.want != c.want) && !(math.Abs(got-c.want) <= 1e-15) {
				t.Errorf("log-probabilities %v from %v: %v, want %v", c.p, c.q, got, c.want)
			}
		}
		// Never negative, never NaN of rows with a softmax; 0 from itself.
		for range 3000 {
			n := 1 + r.IntN(200)
			p, q := make([]float64, n), make([]float64, n)
			for k := range p {
				for _, s := range [][]float64{p, q} {
					switch r.IntN(12) {
					case 0:
						s[k] = -inf
					case 1:
						s[k] = -1e30
					case 2:
						s[k] = -1500 * r.Float64()
					default:
						s[k] = 3 * r.NormFloat64()
					}
				}
			}
			p[0], q[0] = 1, 2
			if got := Divergence(p, q); !(got >= 0) {
				t.Fatalf("%v from %v: %v", p, q, got)
			}
			if got := Divergence(p, p); !same(got, 0) {
				t.Fatalf("%v from itself: %v", p, got)
			}
		}
		p := make([]float32, 3000)
		noAllocs(t, "Divergence", func() { sink = Divergence(p, p) })
	})
}
