package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// inTurn times functions in turn, as often as b wants, and reports the shortest
// times: as GB/s of so many bytes, and as multiples of the first, which reads.
func inTurn(b *testing.B, bytes int, names []string, fs []func()) {
	best := make([]float64, len(fs))
	for b.Loop() {
		for i, f := range fs {
			start := time.Now()
			f()
			if d := float64(time.Since(start)); best[i] == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, name := range names {
		b.ReportMetric(float64(bytes)/best[i], name+"-GB/s")
		if i > 0 {
			b.ReportMetric(best[i]/best[0], name+"×read")
		}
	}
}

// onEachTier appends f on every tier.
func onEachTier(names []string, fs []func(), f func()) ([]string, []func()) {
	for i := plain; i <= best(); i++ {
		names = append(names, i.String())
		fs = append(fs, func() {
			before := active
			setTier(i)
			f()
			setTier(before)
		})
	}
	return names, fs
}

// reader reads x, as 64-bit words.
func reader(x []float32) func() {
	words := unsafe.Slice((*float64)(unsafe.Pointer(&x[0])), len(x)/2&^31)
	return func() { readWords(words) }
}

// BenchmarkCrossEntropy times rows of logits on every tier, beside the time to
// read them.
func BenchmarkCrossEntropy(b *testing.B) {
	for _, shape := range [][2]int{{65536, 10}, {65536, 2}, {16384, 64}, {1 << 20, 24}, {1 << 18, 100}, {32768, 1000}, {1024, 32000}, {256, 128256}} {
		b.Run(fmt.Sprint(shape), func(b *testing.B) {
			rows, classes := shape[0], shape[1]
			r := rand.New(rand.NewPCG(1, 2))
			x := make([]float32, rows*classes)
			noise := make([]float32, 100003)
			normal(r, noise, 2, 0)
			for i := range x {
				x[i] = noise[i%len(noise)]
			}
			y, dst := make([]int, rows), make([]float64, rows)
			for i := range y {
				y[i] = r.IntN(classes)
			}
			names, fs := onEachTier([]string{"read"}, []func(){reader(x)}, func() { CrossEntropy32(dst, x, classes, y) })
			inTurn(b, 4*len(x), names, fs)
		})
		b.Run(fmt.Sprint(shape, "gradient"), func(b *testing.B) {
			rows, classes := shape[0], shape[1]
			if rows*classes > 1<<26 {
				rows /= 4
			}
			x, grad := make([]float32, rows*classes), make([]float32, rows*classes)
			normal(rand.New(rand.NewPCG(1, 2)), x, 2, 0)
			y, dst := make([]int, rows), make([]float64, rows)
			names, fs := onEachTier([]string{"read"}, []func(){reader(x)}, func() {
				CrossEntropyGrad32(dst, grad, x, classes, y, nil)
			})
			inTurn(b, 4*len(x), names, fs)
		})
	}
}

// BenchmarkSlices times what takes a slice, out of cache.
func BenchmarkSlices(b *testing.B) {
	const n = 1 << 23
	r := rand.New(rand.NewPCG(1, 2))
	p, dst := make([]float64, n), make([]float64, 1024)
	for i := range p {
		p[i] = 1 - r.Float64()
	}
	p32 := make([]float32, n)
	for i := range p32 {
		p32[i] = float32(p[i])
	}
	words := []func(){func() { readWords(p) }}
	run := func(name string, bytes int, read []func(), f func()) {
		b.Run(name, func(b *testing.B) {
			names, fs := onEachTier([]string{"read"}, slices.Clone(read), f)
			inTurn(b, bytes, names, fs)
		})
	}
	rows := func(f func(from, to int)) func() {
		return func() {
			for i := 0; i+1000 <= n; i += 1000 {
				f(i, i+1000)
			}
		}
	}
	run("Tally32", 4*n, []func(){reader(p32)}, rows(func(i, j int) { sink, _, _, _ = Tally32(p32[i:j]) }))
	run("Tally64", 8*n, words, rows(func(i, j int) { sink, _, _, _ = Tally64(p[i:j]) }))
	run("EntropySum", 8*n, words, func() { sink = EntropySum(p) })
	run("NegLogSlice", 8*n, words, func() {
		for i := 0; i < n; i += len(dst) {
			NegLogSlice(dst, p[i:i+len(dst)])
		}
	})
	var m Moments
	rest := make([]float64, 0, 1024)
	run("MomentsOf", 8*n, words, func() {
		for i := 0; i < n; i += len(dst) {
			rest, _ = MomentsOf(&m, rest[:0], p[i:i+len(dst)])
		}
	})
}
