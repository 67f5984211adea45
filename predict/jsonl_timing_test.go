package predict

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// Lines of log-probabilities, and of a label with a list of ten probabilities.
func jsonLinesOf(kind string) []byte {
	rng := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	for i := range map[string]int{"lines": 200_000, "lists": 100_000}[kind] {
		if kind == "lines" {
			fmt.Fprintf(&b, "{\"id\":%d,\"logprob\":%.9f}\n", i, -10*rng.Float64())
			continue
		}
		fmt.Fprintf(&b, "{\"label\": %d, \"p\": [", i%10)
		for k := range 10 {
			if k > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%.9f", rng.Float64()/5)
		}
		b.WriteString("]}\n")
	}
	return b.Bytes()
}

func BenchmarkJSON(b *testing.B) {
	for _, kind := range []string{"lines", "lists"} {
		data := jsonLinesOf(kind)
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", kind, threads), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					src, err := OpenJSON("f", bytes.NewReader(data), int64(len(data)))
					if err != nil {
						b.Fatal(err)
					}
					var sel Selection
					for i, c := range src.Columns() {
						if c.Name == "label" {
							sel.Texts = append(sel.Texts, i)
						} else if c.Name == "logprob" || strings.HasPrefix(c.Name, "p.") {
							sel.Values = append(sel.Values, i)
						}
					}
					sums := make([]float64, threads)
					if _, err := src.Read(context.Background(), sel, threads, func(worker int, b *Batch) error {
						for _, x := range b.F64 {
							sums[worker] += x
						}
						return nil
					}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(kind+"/encoding/json", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sum := 0.0
				lines := bufio.NewScanner(bytes.NewReader(data))
				for lines.Scan() {
					var r struct {
						ID      int
						Logprob float64
						Label   int
						P       []float64
					}
					if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
						b.Fatal(err)
					}
					sum += r.Logprob
					for _, x := range r.P {
						sum += x
					}
				}
			}
		})
	}
}
