package info

import (
	"math"
	"math/rand/v2"
	"testing"

	"surprisal/internal/kernel"
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

// Divergences of any number of outcomes are the exact sums of the terms of each
// outcome by itself, in any order.
func TestManyDivergences(t *testing.T) {
	r := rand.New(rand.NewPCG(82, 83))
	for _, n := range []int{1, 2, 63, 64, 65, 255, 256, 257, 3000} {
		for round := range 4 {
			p, q := make([]float64, n), make([]float64, n)
			for i := range p {
				p[i], q[i] = r.Float64(), math.Exp(-20*r.ExpFloat64())
				if r.IntN(3) == 0 {
					q[i] = p[i] * (1 + math.Ldexp(r.Float64(), -r.IntN(53)))
				}
				if round > 0 && r.IntN(9) == 0 {
					p[i] = 0
					q[i] = []float64{0, 1, 5e-324}[r.IntN(3)]
				}
			}
			if round > 1 {
				p[r.IntN(n)] = 0.5
				q[n-1] = []float64{0, math.NaN()}[round-2]
			}
			for name, f := range map[string]func(p, q []float64) float64{"KL": KL, "KL, never negative": generalisedKL, "JS": JensenShannon} {
				var room few
				s := sum{parts: room[:0]}
				for i := range p {
					if name != "KL" {
						s = s.add(f(p[i:i+1], q[i:i+1]))
						continue
					}
					var d [1]float64
					kernel.LogRatioSlice(d[:], p[i:i+1], q[i:i+1])
					if p[i] != 0 || !(q[i] >= 0) {
						s = s.addProduct(p[i], d[0])
					}
				}
				got, want := f(p, q), s.value()
				if math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
					t.Errorf("%s of %d outcomes: %v, one by one %v", name, n, got, want)
				}
				for i, v := range r.Perm(n) {
					if v < i {
						p[i], p[v] = p[v], p[i]
						q[i], q[v] = q[v], q[i]
					}
				}
				if again := f(p, q); math.Float64bits(got) != math.Float64bits(again) && !(got != got && again != again) {
					t.Errorf("%s of %d outcomes: %v, in another order %v", name, n, got, again)
				}
				if self := f(p, p); math.Float64bits(self) != 0 {
					t.Errorf("%s of %d outcomes and themselves: %v", name, n, self)
				}
			}
		}
	}
}

// Few outcomes cost no memory.
func TestFewOutcomesAllocateNothing(t *testing.T) {
	p, q := []float64{.1, .1, .1, .1, .1, .5}, []float64{.18, .18, .15, .17, .17, .15}
	var got float64
	for name, f := range map[string]func(p, q []float64) float64{
		"cross entropy": CrossEntropy, "KL": KL, "KL, never negative": generalisedKL, "JS": JensenShannon,
	} {
		if n := testing.AllocsPerRun(10, func() { got = f(p, q) }); n != 0 || !(got > 0) {
			t.Errorf("%s: %v allocations, %v", name, n, got)
		}
	}
}
