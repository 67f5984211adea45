package score

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"unsafe"

	"surprisal/predict"
)

// A cluster of tokens and its place take little memory: there may be millions.
func TestClusterIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(cluster{}); size > 80 {
		t.Errorf("%d bytes", size)
	}
}

// TestClustersAreAMap: the clusters are those of a map, in any number of parts.
func TestClustersAreAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{0, 1, 50, 20_000} {
		parts := make([]clusters, 3)
		want := map[string]int64{}
		for range 5 * n {
			key := "" // a long one now and then
			if i := rng.IntN(n); i > 0 {
				key = fmt.Sprintf("%0*d", 1+i%40, i)
			}
			if rng.IntN(5000) == 0 {
				key = fmt.Sprintf("%0*d", 3*keyBlock, rng.IntN(5))
			}
			want[key]++
			c, _ := parts[rng.IntN(len(parts))].of([]byte(key))
			c.class(0).Add(1, 1)
		}
		whole := new(clusters)
		for i := range parts {
			whole.merge(&parts[i])
		}
		// And some more, that come later.
		c, isNew := whole.of([]byte("late"))
		if c.class(0).Add(1, 1); !isNew {
			t.Error("a new key is not new")
		}
		want["late"]++
		if whole.len() != int64(len(want)) || !whole.has("late") || whole.has("never") || whole.has("") != (want[""] > 0) {
			t.Fatalf("%d clusters, want %d", whole.len(), len(want))
		}
		for c := range whole.each() {
			if key := string(whole.key(c)); c.all().N() != want[key] {
				t.Fatalf("%.20q: %d rows, want %d", key, c.all().N(), want[key])
			}
			delete(want, string(whole.key(c)))
		}
		if len(want) > 0 {
			t.Fatalf("%d keys are lost", len(want))
		}
	}
}

// TestClustersSameBits: numbers of all sizes, infinite ones, weights, repeats and counts,
// in any order, in any files, on any number of threads.
func TestClustersSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	whole := &table{names: []string{"nll", "doc", "w", "n", "tok", "part"}}
	for i := range 3000 {
		x := strconv.FormatFloat(rng.ExpFloat64(), 'e', rng.IntN(17), 64)
		switch rng.IntN(12) {
		case 0:
			x = fmt.Sprintf("%ge%d", rng.Float64(), rng.IntN(600)-300)
		case 1:
			x = "0"
		}
		if i%700 == 0 {
			x = "Inf"
		}
		whole.rows = append(whole.rows, []string{x, fmt.Sprint("d", rng.IntN(400)), fmt.Sprintf("%ge%d", rng.Float64(), rng.IntN(40)-20),
			fmt.Sprint(1 + rng.IntN(4)), fmt.Sprint(1 + rng.IntN(9)), fmt.Sprint(rng.IntN(3))})
	}
	for name, req := range map[string]predict.Request{
		"plain":    {},
		"weighted": {Weight: "w"},
		"repeated": {Freq: "n"},
		"counted":  {Tokens: "tok", By: "part"},
		"twice":    {Bytes: "tok", Words: "n"},
	} {
		t.Run(name, func(t *testing.T) {
			req.NLL, req.Cluster = "nll", "doc"
			for _, infinite := range []bool{true, false} {
				var rows [][]string
				for _, row := range whole.rows {
					if infinite || row[0] != "Inf" {
						rows = append(rows, row)
					}
				}
				want := ""
				for trial := range 16 {
					tab := &table{names: whole.names, rows: append([][]string(nil), rows...), batch: 1 + rng.IntN(200)}
					if trial > 0 {
						rng.Shuffle(len(rows), func(i, j int) { tab.rows[i], tab.rows[j] = tab.rows[j], tab.rows[i] })
					}
					job := Job{Request: req, Options: Options{Threads: 1 + trial%5, PerDocument: req.Weight == ""}}
					job.Inputs = tab.split(rng, sizes(rng, len(rows)), 0, 1, 2, 3, 4, 5)
					c, err := Run(context.Background(), job)
					if err != nil {
						t.Fatal(err)
					}
					if got := bits(c); trial == 0 {
						want = got
					} else if got != want {
						t.Fatalf("trial %d differs:\n%s\nfirst:\n%s", trial, got, want)
					}
				}
			}
		})
	}
}
