package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkJudge(b *testing.B) {
	for _, classes := range []int{2, 10, 1000, 32000} {
		n := max(1, 65536/classes)
		x, w, y := make([]float32, n*classes), make([]float64, n*classes), make([]int, n)
		normal(rand.New(rand.NewPCG(1, 1)), x, 1, 0)
		for i, v := range x {
			w[i] = float64(v)
		}
		for i := range y {
			y[i] = i % classes
		}
		nats, brier, most := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := plain; i <= best(); i++ {
			b.Run(fmt.Sprintf("float32/%d/%v", classes, i), func(b *testing.B) {
				onTier(b, i)
				b.SetBytes(int64(4 * len(x)))
				for b.Loop() {
					Judge32(nats, brier, most, x, classes, y)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			})
			b.Run(fmt.Sprintf("float64/%d/%v", classes, i), func(b *testing.B) {
				onTier(b, i)
				b.SetBytes(int64(8 * len(x)))
				for b.Loop() {
					Judge64(nats, brier, most, w, classes, y)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
			})
		}
	}
}
