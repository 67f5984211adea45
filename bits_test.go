package surprisal_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"surprisal"
	"surprisal/info"
	"surprisal/loss"
)

// TestBits holds logarithms, exponentials, terms of divergences and exact sums to bits that no compiler
// of Go has had a part in: on every platform and every tier they are the same.
func TestBits(t *testing.T) {
	b, err := os.ReadFile("ref/kernel/bits.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Log, Exp [][2]string
		Sums     []struct {
			X, P      []string
			Sum, Mean string
		}
		Divergences [][5]string
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Log) < 300 || len(ref.Exp) < 300 || len(ref.Sums) < 20 || len(ref.Divergences) < 200 {
		t.Fatal("values are missing")
	}
	number := func(s string) float64 {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	numbers := func(s []string) (x []float64) {
		for _, v := range s {
			x = append(x, number(v))
		}
		return x
	}
	column := func(rows [][2]string, k int) (x []float64) {
		for _, r := range rows {
			x = append(x, number(r[k]))
		}
		return x
	}
	for _, c := range []struct {
		name   string
		rows   [][2]string
		sign   float64
		slices func(dst, x []float64)
		single func(x float64) float64
	}{
		{"log", ref.Log, -1, loss.Probs, loss.Prob},
		{"exp", ref.Exp, 1, loss.Exps, nil},
	} {
		x, want := column(c.rows, 0), column(c.rows, 1)
		got := make([]float64, len(x))
		c.slices(got, x)
		for i := range x {
			if c.sign*got[i] != want[i] {
				t.Errorf("%s %x is %x, want %x", c.name, x[i], c.sign*got[i], want[i])
			}
			if c.single != nil && c.single(x[i]) != got[i] {
				t.Errorf("%s %x: %x alone, %x among others", c.name, x[i], c.single(x[i]), got[i])
			}
		}
	}
	for _, c := range ref.Divergences {
		v := numbers(c[:])
		p, q := v[:1], v[1:2]
		for k, got := range []float64{info.KL(p, q), loss.KLProbs(p, q), info.JensenShannon(p, q)} {
			if got != v[2+k] {
				t.Errorf("divergence %d of %x and %x is %x, want %x", k, p[0], q[0], got, v[2+k])
			}
		}
	}
	for i, c := range ref.Sums {
		var sum, mean surprisal.Accumulator
		for _, x := range numbers(c.X) {
			sum.Add(x)
		}
		if got, want := sum.Total(), number(c.Sum); got != want {
			t.Errorf("sum %d is %x, want %x", i, got, want)
		}
		p := numbers(c.P)
		nats := make([]float64, len(p))
		loss.Probs(nats, p)
		mean.AddSlice(nats)
		if got, want := mean.Mean(), number(c.Mean); got != want {
			t.Errorf("mean %d is %x, want %x", i, got, want)
		}
	}
}
