package loss

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"surprisal/internal/kernel"
)

func BenchmarkCrossEntropy(b *testing.B) {
	r := rand.New(rand.NewPCG(12, 13))
	for _, shape := range [][2]int{{65536, 10}, {4096, 1000}, {64, 65536}} {
		rows, columns := shape[0], shape[1]
		dst, labels := make([]float64, rows), make([]int, rows)
		shares := make([]float32, rows*columns)
		for i := range labels {
			labels[i] = r.IntN(columns)
			shares[i*columns+labels[i]] = 0.9
			shares[i*columns] += 0.1
		}
		run := func(name string, f func() error) {
			b.Run(fmt.Sprintf("%dx%d/%s", rows, columns, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*columns), "ns/number")
			})
		}
		x64 := make([]float64, rows*columns)
		for i := range x64 {
			x64[i] = 3 * r.NormFloat64()
		}
		for _, dtype := range []string{"float32", "bfloat16", "float16", "float64"} {
			x, grad := typed(dtype, x64, columns), typed(dtype, x64, columns)
			if dtype == "float32" {
				run("kernel", func() error { kernel.CrossEntropy32(dst, x.f32, columns, labels); return nil })
			}
			for _, workers := range []int{1, 2} {
				ce := CrossEntropy{Workers: workers}
				run(fmt.Sprintf("%s/%d/Losses", dtype, workers), func() error { return ce.Losses(bg, dst, x, Labels(labels)) })
				run(fmt.Sprintf("%s/%d/Mean", dtype, workers), func() error { _, err := ce.Mean(bg, x, Labels(labels)); return err })
				run(fmt.Sprintf("%s/%d/MeanGrad", dtype, workers), func() error { _, err := ce.MeanGrad(bg, grad, x, Labels(labels)); return err })
			}
			smooth := CrossEntropy{Workers: 1, Smoothing: 0.1}
			run(dtype+"/1/smoothing", func() error { return smooth.Losses(bg, dst, x, Labels(labels)) })
			soft := CrossEntropy{Workers: 1}
			run(dtype+"/1/shares", func() error { return soft.Losses(bg, dst, x, Shares(Rows(shares, columns))) })
		}
	}
}
