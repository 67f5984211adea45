package exact

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"surprisal/internal/kernel"
)

// BenchmarkMean times the exact moments of -log p over probabilities, block by
// block, beside a loop of math.Log and beside a tally of the same numbers, which
// takes little more than reading them, all in turn: "×read" is the ratio of the
// shortest times.
func BenchmarkMean(b *testing.B) {
	const n = 1 << 21
	r := rand.New(rand.NewPCG(1, 2))
	p := make([]float64, n)
	for i := range p {
		p[i] = 1 - r.Float64()
	}
	runs := []struct {
		name string
		f    func()
	}{
		{"read", func() { sink, _, _, _ = kernel.Tally64(p) }},
		{"math.Log", func() {
			var s float64
			for _, v := range p {
				s -= math.Log(v)
			}
			sink = s
		}},
		{"logs", func() {
			var nats [1024]float64
			for i := 0; i < n; i += len(nats) {
				kernel.NegLogSlice(nats[:], p[i:i+len(nats)])
			}
			sink = nats[0]
		}},
		{"exact", func() {
			var s, q Sum
			var nats [1024]float64
			for i := 0; i < n; i += len(nats) {
				kernel.NegLogSlice(nats[:], p[i:i+len(nats)])
				AddMoments(&s, &q, nats[:])
			}
			sink = s.Value()
		}},
	}
	times := make([]time.Duration, len(runs))
	for b.Loop() {
		for i, r := range runs {
			start := time.Now()
			r.f()
			if d := time.Since(start); times[i] == 0 || d < times[i] {
				times[i] = d
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, r := range runs {
		b.ReportMetric(float64(times[i])/n, r.name+"-ns/value")
		b.ReportMetric(float64(times[i])/float64(times[0]), r.name+"×read")
	}
}
