package formats

import (
	"bytes"
	"fmt"
	"math"
	"sync"
	"testing"

	aa "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	pq "github.com/parquet-go/parquet-go"

	"surprisal/predict"
)

// byColumnFiles are files of two columns of floats, of different sizes, and three of
// labels: small integers, integers of which some are not small, and texts. From row
// 6000 on some values are missing.
func byColumnFiles() map[string][]byte {
	const rows = 9000
	value := func(i int) any {
		if i > 6000 && i%31 == 0 {
			return nil
		}
		if i%997 == 3 {
			return math.NaN()
		}
		return float64(i%64) / 64
	}
	number := func(i int) int64 {
		if i > 3000 && i%100 == 0 {
			return int64(-i) << 20
		}
		return int64(i % 50)
	}
	text := func(i int) string { return []string{"cat", "dog", "Ünïcode, \"x\""}[i%3] }
	files := map[string][]byte{}
	for _, node := range []string{"plain", "dictionary"} {
		encode := func(n pq.Node) pq.Node {
			if node == "plain" {
				return pq.Encoded(n, &pq.Plain)
			}
			return pq.Encoded(n, &pq.RLEDictionary)
		}
		files["parquet, "+node] = writeParquet(rows, 4000, []pqField{
			nullField("a", encode(pq.Leaf(pq.DoubleType)), value),
			nullField("b", encode(pq.Leaf(pq.FloatType)), func(i int) any {
				x, ok := value(i + 1).(float64)
				if !ok {
					return nil
				}
				return float32(x)
			}),
			plainField("c", encode(pq.Int(32)), func(i int) any { return int32(i % 7) }),
			plainField("d", encode(pq.Int(64)), func(i int) any { return number(i) }),
			plainField("e", encode(pq.String()), func(i int) any { return text(i) }),
		}, pq.PageBufferSize(5000))
	}
	schema := aa.NewSchema([]aa.Field{
		{Name: "a", Type: aa.PrimitiveTypes.Float64, Nullable: true},
		{Name: "b", Type: aa.PrimitiveTypes.Float32, Nullable: true},
		{Name: "c", Type: aa.PrimitiveTypes.Uint8},
		{Name: "d", Type: aa.PrimitiveTypes.Int64},
		{Name: "e", Type: &aa.DictionaryType{IndexType: aa.PrimitiveTypes.Int8, ValueType: aa.BinaryTypes.String}},
	}, nil)
	for _, options := range [][]ipc.Option{nil, {ipc.WithLZ4()}} {
		var b bytes.Buffer
		writeArrow(&b, schema, rows, 4000, true, func(b *array.RecordBuilder, i int) {
			if x, ok := value(i).(float64); ok {
				b.Field(0).(*array.Float64Builder).Append(x)
			} else {
				b.Field(0).AppendNull()
			}
			if x, ok := value(i + 1).(float64); ok {
				b.Field(1).(*array.Float32Builder).Append(float32(x))
			} else {
				b.Field(1).AppendNull()
			}
			b.Field(2).(*array.Uint8Builder).Append(uint8(i % 7))
			b.Field(3).(*array.Int64Builder).Append(number(i))
			b.Field(4).(*array.BinaryDictionaryBuilder).AppendString(text(i))
		}, options...)
		files[fmt.Sprintf("arrow, %d options", len(options))] = b.Bytes()
	}
	return files
}

// TestByColumn: batches by column hold what those by row do, and texts from a
// dictionary are those that stand in the rows.
func TestByColumn(t *testing.T) {
	for name, data := range byColumnFiles() {
		read := func(threads int, sel predict.Selection) (rows map[int64]string, columns int) {
			src, err := openBytes(t, data)
			if err != nil {
				t.Fatal(name, err)
			}
			defer src.Close()
			var mu sync.Mutex
			rows = map[int64]string{}
			if _, err = src.Read(t.Context(), sel, threads, func(_ int, b *predict.Batch) error {
				mu.Lock()
				defer mu.Unlock()
				whole := *b
				if b.Columns != nil {
					columns++
					if len(b.Missing) > 0 || b.F32 != nil || b.F64 != nil {
						t.Errorf("%s: by column, and by row or with missing values", name)
					}
					part := b.Part(b.Rows/3, b.Rows)
					whole = part
					for i := range b.Rows / 3 {
						rows[b.First+int64(i)] = fmt.Sprint(b.Columns[0][i], b.Columns[1][i])
						for j := range b.Texts {
							rows[b.First+int64(i)] += " " + string(b.Texts[j].At(i))
						}
					}
				}
				for i := range whole.Rows {
					row := ""
					switch {
					case whole.Columns != nil:
						row = fmt.Sprint(whole.Columns[0][i], whole.Columns[1][i])
					case whole.F32 != nil:
						row = fmt.Sprint(float64(whole.F32[2*i]), float64(whole.F32[2*i+1]))
					default:
						row = fmt.Sprint(whole.F64[2*i], whole.F64[2*i+1])
					}
					for j := range whole.Texts {
						row += " " + string(whole.Texts[j].At(i))
					}
					rows[whole.First+int64(i)] = row
				}
				return nil
			}); err != nil {
				t.Fatal(name, err)
			}
			return rows, columns
		}
		for _, values := range [][]int{{0, 1}, {1, 0}, {1, 1}} {
			sel := predict.Selection{Values: values, Texts: []int{2, 3, 4}}
			want, _ := read(1, sel)
			sel.ByColumn = true
			for threads := 1; threads <= 3; threads++ {
				got, columns := read(threads, sel)
				if columns == 0 || len(got) != len(want) {
					t.Fatalf("%s: %d batches by column, %d rows of %d", name, columns, len(got), len(want))
				}
				for i, row := range want {
					if got[i] != row {
						t.Fatalf("%s, row %d: %s, want %s", name, i, got[i], row)
					}
				}
			}
		}
	}
}
