package score

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"surprisal/predict"
)

// benchFold folds batches of k-class probabilities, 1 MB of values each.
func benchFold[T float32 | float64](b *testing.B, k int) {
	layout := &predict.Layout{Form: predict.Probabilities, Label: "y"}
	for c := range k {
		layout.Classes = append(layout.Classes, strconv.Itoa(c))
		layout.Values = append(layout.Values, "p_"+strconv.Itoa(c))
	}
	rows := 1 << 20 / 8 / k
	rng := rand.New(rand.NewPCG(1, 2))
	batch := &predict.Batch{First: 1, Rows: rows, K: k, Decimals: -1, Texts: make([]predict.Strings, 1)}
	values := make([]T, rows*k)
	for i := range rows {
		row := values[i*k : (i+1)*k]
		var sum float64
		for j := range row {
			row[j] = T(rng.ExpFloat64())
			sum += float64(row[j])
		}
		for j := range row {
			row[j] /= T(sum)
		}
		batch.Texts[0].Append(strconv.AppendInt(nil, int64(rng.IntN(k)), 10))
	}
	switch v := any(values).(type) {
	case []float32:
		batch.F32 = v
	case []float64:
		batch.F64 = v
	}
	f := newFold(layout, Options{}.withDefaults(), nil, layout.Matcher())
	f.start(0, 0, &predict.Binding{Weight: -1, Freq: -1, Tokens: -1, Words: -1, Bytes: -1, Cluster: -1, ID: -1})
	b.SetBytes(int64(len(values)) * 8)
	for b.Loop() {
		if err := f.add(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkFold10Float64(b *testing.B)   { benchFold[float64](b, 10) }
func BenchmarkFold1000Float32(b *testing.B) { benchFold[float32](b, 1000) }
