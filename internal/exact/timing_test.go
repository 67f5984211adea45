package exact

import (
	"math/rand/v2"
	"testing"
)

var sink float64

func BenchmarkSum(b *testing.B) {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.ExpFloat64()
	}
	perTerm := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/term")
	}
	b.Run("naive", func(b *testing.B) {
		for b.Loop() {
			s := 0.0
			for _, v := range x {
				s += v
			}
			sink = s
		}
		perTerm(b)
	})
	b.Run("one-by-one", func(b *testing.B) {
		for b.Loop() {
			var s Sum
			for _, v := range x {
				s.Add(v)
			}
			sink = s.Value()
		}
		perTerm(b)
	})
	b.Run("moments", func(b *testing.B) {
		for b.Loop() {
			var s, q Sum
			AddMoments(&s, &q, x)
			sink = s.Value()
		}
		perTerm(b)
	})
}
