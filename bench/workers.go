package main

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"surprisal"
	"surprisal/loss"
)

// work is what this program does when it starts itself, so that every contestant
// is a process of its own.
func work(what string, args []string) error {
	var out any
	var err error
	switch what {
	case "read":
		var r result
		threads, e := strconv.Atoi(args[0])
		if e != nil {
			return e
		}
		for _, path := range args[1:] {
			s, e := readFile(path, threads)
			if e != nil {
				return e
			}
			r.Seconds += s
		}
		out = r
	case "duckdb":
		out, err = duckdb(args[0], args[1], args[2])
	case "json":
		var r result
		threads, e := strconv.Atoi(args[0])
		if e != nil {
			return e
		}
		start := time.Now()
		r.Value, err = jsonMean(args[1], threads)
		r.Seconds = time.Since(start).Seconds()
		out = r
	case "make":
		return makeWork(args[0], args[1], args[2:])
	case "exact":
		out, err = exactWork(args[0], args[1], args[2])
	case "million":
		out, err = millionWork(args[0])
	case "kernels":
		out, err = kernelWork(args)
	default:
		return fmt.Errorf("no worker %q", what)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// duckdb computes the same mean in SQL. Opening the database is not timed.
func duckdb(threads, how, path string) (r result, err error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return r, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, set := range []string{
		"SET threads=" + threads,
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
	} {
		if _, err := db.Exec(set); err != nil {
			return r, err
		}
	}
	if err := db.QueryRow("SELECT 'DuckDB ' || version()").Scan(&r.With); err != nil {
		return r, err
	}
	query, err := duckQuery(how, path)
	if err != nil {
		return r, err
	}
	start := time.Now()
	err = db.QueryRow(query).Scan(&r.Value)
	r.Seconds = time.Since(start).Seconds()
	return r, err
}

// contest is one contestant of a race within a process.
type contest struct {
	Name    string    `json:"name"`
	Value   float64   `json:"value"`
	Seconds []float64 `json:"seconds"`
	With    string    `json:"with"`
	f       func() float64
}

// inTurn times the contestants in turn, after one run each to warm up.
func inTurn(reps int, list []*contest) {
	for rep := range reps + 1 {
		for _, c := range list {
			start := time.Now()
			c.Value = c.f()
			if rep > 0 {
				c.Seconds = append(c.Seconds, time.Since(start).Seconds())
			}
		}
	}
}

// exactWork is the exact mean of −log p over a file of float64, which is read
// before anything is timed.
func exactWork(threadsArg, repsArg, path string) ([]*contest, error) {
	threads, err := strconv.Atoi(threadsArg)
	if err != nil {
		return nil, err
	}
	reps, err := strconv.Atoi(repsArg)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := make([]float64, len(b)/8)
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, p); err != nil {
		return nil, err
	}
	b = nil
	n := float64(len(p))
	parts := make([][]float64, threads)
	for i := range parts {
		parts[i] = p[len(p)*i/threads : len(p)*(i+1)/threads]
	}
	each := func(f func(i int, part []float64)) {
		if threads == 1 {
			f(0, parts[0])
			return
		}
		var wait sync.WaitGroup
		for i, part := range parts {
			wait.Go(func() { f(i, part) })
		}
		wait.Wait()
	}
	plain := func(f func(part []float64) float64) func() float64 {
		return func() float64 {
			sums := make([]float64, threads)
			each(func(i int, part []float64) { sums[i] = f(part) })
			total := 0.0
			for _, s := range sums {
				total += s
			}
			return total / n
		}
	}
	exactly := func() float64 {
		acc := make([]surprisal.Accumulator, threads)
		each(func(i int, part []float64) {
			var nats [2048]float64
			for len(part) > 0 {
				k := min(len(part), len(nats))
				loss.Probs(nats[:k], part[:k])
				acc[i].AddSlice(nats[:k])
				part = part[k:]
			}
		})
		for i := range acc[1:] {
			acc[0].Merge(&acc[i+1])
		}
		return acc[0].Mean()
	}
	list := []*contest{
		{Name: "just to read it", f: plain(touch)},
		{Name: "surprisal, exact, with its error", f: exactly},
		{Name: "math.Log loop", f: plain(func(part []float64) float64 {
			s := 0.0
			for _, v := range part {
				s -= math.Log(v)
			}
			return s
		})},
	}
	inTurn(reps, list)

	// The promise, tried in passing: another order, another number of parts.
	want := list[1].Value
	slices.Reverse(p)
	threads = 3
	parts = [][]float64{p[:len(p)/7], p[len(p)/7 : len(p)/2], p[len(p)/2:]}
	if got := exactly(); got != want {
		return nil, fmt.Errorf("in another order the exact mean is %v, not %v", got, want)
	}
	return list, nil
}

// touch reads one number of every 64 bytes, all the memory that the numbers are in.
func touch(x []float64) float64 {
	var a, b, c, d uint64
	for len(x) >= 32 {
		v := (*[32]float64)(x)
		a += math.Float64bits(v[0])
		b += math.Float64bits(v[8])
		c += math.Float64bits(v[16])
		d += math.Float64bits(v[24])
		x = x[32:]
	}
	return float64((a + b + c + d) & 1)
}

// millionWork sums a million terms.
func millionWork(repsArg string) ([]*contest, error) {
	reps, err := strconv.Atoi(repsArg)
	if err != nil {
		return nil, err
	}
	x := make([]float64, 1_000_000)
	src := newSource(2, 4)
	for i := range x {
		x[i] = src.ExpFloat64()
	}
	list := []*contest{
		{Name: "naive loop, s += x", f: func() float64 {
			s := 0.0
			for _, v := range x {
				s += v
			}
			return s
		}},
		{Name: "exact sum and sum of squares (Accumulator)", f: func() float64 {
			var c surprisal.Accumulator
			c.AddSlice(x)
			return c.Total()
		}},
	}
	inTurn(50*reps, list)
	return list, nil
}
