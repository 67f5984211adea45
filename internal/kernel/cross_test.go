package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// crossSlow is the definition of CrossEntropySum.
func crossSlow(p, q []float64) float64 {
	var lanes [8]float64
	for i, v := range p {
		s := 0.0
		if v != 0 {
			s = 0 - Log(q[i])
		}
		lanes[i%8] = math.FMA(v, s, lanes[i%8])
	}
	return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

func TestCrossEntropySum(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(30, 31))
		for n := range 131 {
			for round := range 12 {
				p, checkP := guarded[float64](t, n, round%8)
				q, checkQ := guarded[float64](t, n, round%5)
				for i := range p {
					p[i], q[i] = r.Float64(), r.Float64()
					switch k := r.IntN(30); {
					case round > 2 && k < 4:
						p[i] = 0
					case round > 5 && k < 8:
						q[i] = []float64{5e-324, 1, math.MaxFloat64, 0x1p-1022, math.SmallestNonzeroFloat64 * 77}[r.IntN(5)]
					case round > 8 && k < 12:
						p[i] = 0
						q[i] = strangers[r.IntN(len(strangers))]
					case round > 10 && k < 13:
						q[i] = strangers[r.IntN(len(strangers))]
					}
				}
				for _, q := range [][]float64{q, p} {
					got, want := CrossEntropySum(p, q), crossSlow(p, q)
					if !sameNumber(got, want) {
						t.Fatalf("n = %d, round %d: %v, want %v", n, round, got, want)
					}
				}
				if got, want := EntropySum(p), crossSlow(p, p); !sameNumber(got, want) {
					t.Fatalf("n = %d: entropy %v, want %v", n, got, want)
				}
				checkP()
				checkQ()
			}
		}
		p := make([]float64, 10000)
		for i := range p {
			p[i] = r.Float64()
		}
		if got, want := EntropySum(p), crossSlow(p, p); !same(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if got, want := EntropySum([]float64{.1, .1, .1, .1, .1, .5}), 1.4978661367769954; !(math.Abs(got-want) <= 1e-15) {
			t.Errorf("a loaded die: %v, want %v", got, want)
		}
		if got := EntropySum([]float64{0, 1, 0}); !same(got, 0) {
			t.Errorf("certainty: %v", got)
		}
		if got := CrossEntropySum([]float64{.5, .5}, []float64{1, 0}); !math.IsInf(got, 1) {
			t.Errorf("impossible: %v", got)
		}
		noAllocs(t, "EntropySum", func() { EntropySum(p) })
	})
}
