package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkL1 times the kernels on a block in the first-level cache: the shortest
// of many short bursts, for each 64 bytes of input.
func BenchmarkL1(b *testing.B) {
	x, dst := make([]float64, 1024), make([]float64, 1024)
	x32 := make([]float32, 1024)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range x {
		x[i] = 1 - r.Float64()
		x32[i] = float32(r.NormFloat64())
	}
	nats := make([]float64, len(x))
	NegLogSlice(nats, x)
	var m Moments
	rest := make([]float64, 0, len(x))
	var sums, loss [1]float64
	target, targets := []int{-1}, []int{5}
	grad := make([]float32, len(x32))
	setIFMA(true)
	for _, c := range []struct {
		name  string
		bytes int
		f     func()
	}{
		{"read", 8 * len(x), func() { readWords(x) }},
		{"math.Log", 8 * len(x), func() {
			for i, v := range x {
				dst[i] = -math.Log(v)
			}
		}},
		{"NegLogSlice", 8 * len(x), func() { NegLogSlice(dst, x) }},
		{"MomentsOf", 8 * len(x), func() { rest, _ = MomentsOf(&m, rest[:0], nats) }},
		{"MomentsOf/parts", 8 * len(x), func() {
			setIFMA(false)
			rest, _ = MomentsOf(&m, rest[:0], nats)
			setIFMA(true)
		}},
		{"EntropySum", 8 * len(x), func() { EntropySum(x) }},
		{"Tally64", 8 * len(x), func() { Tally64(x) }},
		{"Tally32", 4 * len(x), func() { Tally32(x32) }},
		{"expSums", 4 * len(x), func() { blockExps(sums[:], x32, len(x32), target) }},
		{"CrossEntropy32", 4 * len(x), func() { CrossEntropy32(loss[:], x32, len(x32), targets) }},
		{"CrossEntropyGrad32", 4 * len(x), func() { CrossEntropyGrad32(loss[:], grad, x32, len(x32), targets, nil) }},
	} {
		for i := plain; i <= best(); i++ {
			b.Run(c.name+"/"+i.String(), func(b *testing.B) {
				onTier(b, i)
				least := time.Duration(math.MaxInt64)
				const burst = 8
				for b.Loop() {
					start := time.Now()
					for range burst {
						c.f()
					}
					least = min(least, time.Since(start))
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(least)/burst/float64(c.bytes)*64, "ns/64B")
			})
		}
	}
}
