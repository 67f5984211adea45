package formats

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"surprisal/predict"
)

// benchRow is a row of predictions as they come: nine decimals.
func benchRow(r *rand.Rand, p []float64) (label int) {
	sum := 0.0
	for k := range p {
		p[k] = r.ExpFloat64()
		sum += p[k]
	}
	for k := range p {
		p[k] = math.Round(p[k]/sum*1e9) / 1e9
	}
	return r.IntN(len(p))
}

// benchFile makes a file once, in the directory for temporary files.
func benchFile(b *testing.B, name string, write func(w io.Writer)) (string, int64) {
	b.Helper()
	path := filepath.Join(os.TempDir(), "surprisal-bench-"+name)
	info, err := os.Stat(path)
	if err != nil {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		write(f)
		f.Close()
		if info, err = os.Stat(path); err != nil {
			b.Fatal(err)
		}
	}
	return path, info.Size()
}

func wideParquet(group int, list bool) func(w io.Writer) {
	return func(w io.Writer) {
		r := rand.New(rand.NewPCG(1, 2))
		g := pq.Group{"label": pq.Optional(pq.Int(64))}
		if list {
			g["p"] = pq.Optional(pq.List(pq.Optional(pq.Leaf(pq.DoubleType))))
		} else {
			for k := range 10 {
				g[fmt.Sprint("p_", k)] = pq.Optional(pq.Leaf(pq.DoubleType))
			}
		}
		out := pq.NewWriter(w, pq.NewSchema("t", g), pq.Compression(&pq.Zstd), pq.PageBufferSize(1<<20))
		p := make([]float64, 10)
		for i := range 2_000_000 {
			row := pq.Row{pq.ValueOf(int64(benchRow(r, p))).Level(0, 1, 0)}
			for k, x := range p {
				if list {
					row = append(row, pq.ValueOf(x).Level(min(k, 1), 3, 1))
				} else {
					row = append(row, pq.ValueOf(x).Level(0, 1, k+1))
				}
			}
			out.WriteRows([]pq.Row{row})
			if (i+1)%group == 0 {
				out.Flush()
			}
		}
		out.Close()
	}
}

// benchRead reads a file with one thread and with all, and beside it the bytes alone.
func benchRead(b *testing.B, name string, write func(w io.Writer), sel predict.Selection) {
	path, size := benchFile(b, name, write)
	b.Run(name+"/bytes", func(b *testing.B) {
		b.SetBytes(size)
		buf := make([]byte, 1<<20)
		for b.Loop() {
			f, _ := os.Open(path)
			for {
				if n, err := f.Read(buf); n == 0 || err != nil {
					break
				}
			}
			f.Close()
		}
	})
	for _, threads := range []int{1, runtime.GOMAXPROCS(0)} {
		b.Run(fmt.Sprintf("%s/%d", name, threads), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				src, err := Open(b.Context(), path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				_, err = src.Read(b.Context(), sel, threads, func(int, *predict.Batch) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				src.Close()
			}
		})
	}
}

func BenchmarkParquet(b *testing.B) {
	sel := predict.Selection{Values: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Texts: []int{0}}
	benchRead(b, "wide.parquet", wideParquet(122880, false), sel)
	benchRead(b, "onegroup.parquet", wideParquet(2_000_000, false), sel)
	benchRead(b, "list.parquet", wideParquet(122880, true), sel)
}
