package surprisal

import (
	"math"
	"math/rand/v2"
	"testing"
)

var sink float64

func losses(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.ExpFloat64()
	}
	return x
}

func BenchmarkAccumulatorAdd(b *testing.B) {
	x := losses(4096)
	var c Accumulator
	i := 0
	for b.Loop() {
		c.Add(x[i&4095])
		i++
	}
	sink = c.Total()
}

func BenchmarkAccumulatorAddWeighted(b *testing.B) {
	x := losses(4096)
	var c Accumulator
	i := 0
	for b.Loop() {
		c.AddWeighted(x[i&4095], x[(i+7)&4095])
		i++
	}
	sink = c.Total()
}

func BenchmarkAccumulatorAddSlice(b *testing.B) {
	for _, n := range []int{100, 1000, 1 << 20} {
		b.Run(size(n), func(b *testing.B) {
			x := losses(n)
			var c Accumulator
			b.SetBytes(int64(8 * n))
			for b.Loop() {
				c.AddSlice(x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			sink = c.Total()
		})
	}
}

func BenchmarkAccumulatorAddWeightedSlice(b *testing.B) {
	for _, n := range []int{100, 1000, 1 << 20} {
		b.Run(size(n), func(b *testing.B) {
			x := losses(n)
			w := losses(n + 3)[3:]
			var c Accumulator
			b.SetBytes(int64(16 * n))
			for b.Loop() {
				c.AddWeightedSlice(x, w)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			sink = c.Total()
		})
	}
}

func BenchmarkEstimate(b *testing.B) {
	for _, n := range []int{20, 1000, 100000} {
		x := losses(n)
		var c, w Accumulator
		c.AddSlice(x)
		for i, v := range x {
			w.AddWeighted(v, x[(i+1)%n])
		}
		b.Run("rows/"+size(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = c.Estimate(0.95).SE
			}
		})
		b.Run("weighted/"+size(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = w.Estimate(0.95).SE
			}
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	x := losses(1000)
	var c, d Accumulator
	c.AddSlice(x)
	for b.Loop() {
		d.Merge(&c)
	}
	sink = math.Max(sink, d.Mean())
}

func size(n int) string {
	switch {
	case n >= 1<<20:
		return "1M"
	case n >= 100000:
		return "100k"
	case n >= 1000:
		return "1k"
	case n >= 100:
		return "100"
	}
	return "20"
}
