package info

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Many outcomes are summed in another way than few, to the same bits.
func TestManyOutcomes(t *testing.T) {
	r := rand.New(rand.NewPCG(80, 81))
	for _, n := range []int{1, 63, 64, 65, 255, 256, 257, 3000} {
		for round := range 4 {
			p, q := make([]float64, n), make([]float64, n)
			for i := range p {
				p[i], q[i] = r.Float64(), math.Exp(-20*r.ExpFloat64())
				if round > 0 && r.IntN(9) == 0 {
					p[i] = 0
					q[i] = []float64{0, 1, 5e-324}[r.IntN(3)]
				}
			}
			if round > 1 {
				p[r.IntN(n)] = 0.5
				q[n-1] = []float64{0, math.NaN()}[round-2]
			}
			for _, q := range [][]float64{q, p} {
				var room few
				s := sum{parts: room[:0]}
				for i, v := range p {
					if v != 0 || !(q[i] >= 0) {
						s = s.addProduct(v, nats(q[i]))
					}
				}
				got, want := mixed(p, q), s.value()
				if math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
					t.Errorf("%d outcomes: %v, one by one %v", n, got, want)
				}
			}
		}
	}
}
