package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"gonum.org/v1/gonum/floats"

	"surprisal/internal/kernel"
	"surprisal/loss"
)

// logitsFile makes float32 logits and int64 labels as plain little-endian numbers.
func (b *bench) logitsFile(s shape) (x, y string, err error) {
	if x, err = b.make1(fmt.Sprintf("logits-%d-%d.f32", s.rows, s.classes), func(w *bufio.Writer) error { return writeLogits(w, s) }); err != nil {
		return "", "", err
	}
	y, err = b.make1(fmt.Sprintf("classes-%d-%d.i64", s.rows, s.classes), func(w *bufio.Writer) error { return writeClasses(w, s) })
	return x, y, err
}

// logitsNPY makes the same as NPY files.
func (b *bench) logitsNPY(s shape) (x, y string, err error) {
	x, err = b.make1(fmt.Sprintf("logits-%d-%d.npy", s.rows, s.classes), func(w *bufio.Writer) error {
		if err := npyHeader(w, "<f4", fmt.Sprintf("(%d, %d)", s.rows, s.classes)); err != nil {
			return err
		}
		return writeLogits(w, s)
	})
	if err != nil {
		return "", "", err
	}
	y, err = b.make1(fmt.Sprintf("classes-%d-%d.npy", s.rows, s.classes), func(w *bufio.Writer) error {
		if err := npyHeader(w, "<i8", fmt.Sprintf("(%d,)", s.rows)); err != nil {
			return err
		}
		return writeClasses(w, s)
	})
	return x, y, err
}

// writeLogits writes normal logits with a spread of 1.5, drawn from a table.
func writeLogits(w io.Writer, s shape) error {
	r := rand.New(rand.NewPCG(uint64(s.classes), 20))
	var normal [1 << 16]uint32
	for i := range normal {
		normal[i] = math.Float32bits(float32(1.5 * r.NormFloat64()))
	}
	row := make([]byte, 0, 4*s.classes+16)
	for range s.rows {
		row = row[:0]
		for len(row) < 4*s.classes {
			u := r.Uint64()
			for range 4 {
				row = binary.LittleEndian.AppendUint32(row, normal[u&0xffff])
				u >>= 16
			}
		}
		if _, err := w.Write(row[:4*s.classes]); err != nil {
			return err
		}
	}
	return nil
}

func writeClasses(w io.Writer, s shape) error {
	r := rand.New(rand.NewPCG(uint64(s.classes), 21))
	y := make([]int64, s.rows)
	for i := range y {
		y[i] = r.Int64N(int64(s.classes))
	}
	return binary.Write(w, binary.LittleEndian, y)
}

// load reads the first n numbers of a file.
func load[T float32 | int64](path string, n int) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x := make([]T, n)
	_, err = io.ReadFull(f, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), n*int(unsafe.Sizeof(x[0]))))
	return x, err
}

// repeats is how often a contestant does its work in one timing, so that it takes
// some milliseconds.
func repeats(s shape) int { return max(1, 16_000_000/s.bytes()) }

// kernelWork races what this process has: our kernels of one tier, and with the
// best and the worst of them who does not depend on it.
func kernelWork(args []string) ([]*contest, error) {
	if len(args) != 7 {
		return nil, fmt.Errorf("worker kernels: %d arguments", len(args))
	}
	var numbers [4]int
	for i, k := range []int{0, 1, 3, 4} {
		n, err := strconv.Atoi(args[k])
		if err != nil {
			return nil, err
		}
		numbers[i] = n
	}
	threads, reps, what := numbers[0], numbers[1], args[2]
	s := shape{numbers[2], numbers[3]}
	x, err := load[float32](args[5], s.rows*s.classes)
	if err != nil {
		return nil, err
	}
	y, err := load[int64](args[6], s.rows)
	if err != nil {
		return nil, err
	}
	tier := map[string]string{"avx512": "AVX-512", "avx2": "AVX2", "plain": "plain Go"}[kernel.Tier()]
	ctx := context.Background()
	ce := loss.CrossEntropy{Workers: threads}
	logits, labels := loss.Rows(x, s.classes), loss.Labels(y)
	var failed error
	check := func(mean float64, err error) float64 {
		if err != nil {
			failed = err
		}
		return mean
	}
	var list []*contest
	if kernel.Tier() != "plain" || os.Getenv("SURPRISAL_KERNEL") == "avx512" {
		words := unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/2)
		list = append(list, &contest{Name: readNamed, f: func() float64 { return touchAll(words, threads) }})
	}
	grad := []float32(nil)
	if what == forward {
		list = append(list, &contest{Name: oursNamed + tier, f: func() float64 { return check(ce.Mean(ctx, logits, labels)) }})
	} else {
		grad = make([]float32, len(x))
		g := loss.Rows(grad, s.classes)
		list = append(list, &contest{Name: oursNamed + tier, f: func() float64 { return check(ce.MeanGrad(ctx, g, logits, labels)) }})
	}
	if kernel.Tier() == "plain" && what == forward {
		part := s.eighth()
		wide := make([]float64, part.rows*part.classes)
		for i := range wide {
			wide[i] = float64(x[i])
		}
		list = append(list, &contest{Name: "gonum floats.LogSumExp", With: "float64, one thread, an eighth of the rows, × 8", f: func() float64 {
			sum := 0.0
			for i := range part.rows {
				row := wide[i*part.classes : (i+1)*part.classes]
				sum += floats.LogSumExp(row) - row[y[i]]
			}
			return sum / float64(part.rows)
		}})
	}
	inner := repeats(s)
	for rep := range reps + 1 {
		for _, c := range list {
			scale := 1 / float64(inner)
			if c.With != "" {
				scale *= float64(s.rows) / float64(s.eighth().rows)
			}
			start := time.Now()
			for range inner {
				c.Value = c.f()
			}
			if rep > 0 {
				c.Seconds = append(c.Seconds, scale*time.Since(start).Seconds())
			}
		}
	}
	if grad != nil {
		total := 0.0
		for _, v := range grad {
			total += math.Abs(float64(v))
		}
		list[len(list)-1].Value = total
	}
	return list, failed
}

// touchAll is touch with several threads.
func touchAll(x []float64, threads int) float64 {
	if threads == 1 {
		return touch(x)
	}
	sums := make([]float64, threads)
	var wait sync.WaitGroup
	for i := range threads {
		wait.Go(func() { sums[i] = touch(x[len(x)*i/threads : len(x)*(i+1)/threads]) })
	}
	wait.Wait()
	return sums[0]
}
