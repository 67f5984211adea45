package formats

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	aa "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"surprisal/predict"
)

// arrowPairs writes rows of pairs; the structure has a further child, and the file a
// list and a text before the pairs, so that places have to be counted.
func arrowPairs(rows []pairRow, batch int, file, large bool, label aa.DataType, options ...ipc.Option) []byte {
	pair := aa.StructOf(aa.Field{Name: "note", Type: aa.BinaryTypes.String, Nullable: true}, aa.Field{Name: "prob", Type: aa.PrimitiveTypes.Float64, Nullable: true},
		aa.Field{Name: "label", Type: label, Nullable: true})
	var list aa.DataType = aa.ListOf(pair)
	if large {
		list = aa.LargeListOf(pair)
	}
	schema := aa.NewSchema([]aa.Field{{Name: "y", Type: aa.BinaryTypes.String}, {Name: "other", Type: aa.ListOf(aa.PrimitiveTypes.Int8)},
		{Name: "predicted_y_probs", Type: list, Nullable: true}}, nil)
	var b bytes.Buffer
	writeArrow(&b, schema, len(rows), batch, file, func(b *array.RecordBuilder, i int) {
		b.Field(0).(*array.StringBuilder).Append(rows[i].Y)
		b.Field(1).(*array.ListBuilder).Append(true)
		b.Field(1).(*array.ListBuilder).ValueBuilder().(*array.Int8Builder).Append(1)
		l := b.Field(2).(interface {
			array.Builder
			Append(bool)
			ValueBuilder() array.Builder
		})
		if len(rows[i].Probs) == 0 && i%2 == 0 {
			l.AppendNull()
			return
		}
		l.Append(true)
		s := l.ValueBuilder().(*array.StructBuilder)
		for _, p := range rows[i].Probs {
			s.Append(true)
			s.FieldBuilder(0).(*array.StringBuilder).Append("x")
			if p.Prob == nil {
				s.FieldBuilder(1).AppendNull()
			} else {
				s.FieldBuilder(1).(*array.Float64Builder).Append(*p.Prob)
			}
			if p.Label == nil {
				s.FieldBuilder(2).AppendNull()
			} else if err := s.FieldBuilder(2).AppendValueFromString(*p.Label); err != nil {
				panic(err)
			}
		}
	}, options...)
	return b.Bytes()
}

// Lists of pairs are columns of the classes, as from Parquet.
func TestArrowPairs(t *testing.T) {
	rows, want := pairRows(2500, 5)
	words := &aa.DictionaryType{IndexType: aa.PrimitiveTypes.Uint8, ValueType: aa.BinaryTypes.String}
	for name, write := range map[string]func(batch int) []byte{
		"file":   func(batch int) []byte { return arrowPairs(rows, batch, true, false, aa.BinaryTypes.String) },
		"stream": func(batch int) []byte { return arrowPairs(rows, batch, false, false, aa.BinaryTypes.LargeString) },
		"large": func(batch int) []byte {
			return arrowPairs(rows, batch, true, true, aa.BinaryTypes.String, ipc.WithZstd())
		},
		"lz4": func(batch int) []byte {
			return arrowPairs(rows, batch, false, false, aa.BinaryTypes.String, ipc.WithLZ4())
		},
		"views": func(batch int) []byte { return arrowPairs(rows, batch, true, false, aa.BinaryTypes.StringView) },
		"dictionary": func(batch int) []byte {
			return arrowPairs(rows, batch, false, false, words, ipc.WithDictionaryDeltas(true))
		},
	} {
		for _, batch := range []int{3000, 700, 13} {
			for _, threads := range []int{1, 3} {
				src, err := openBytes(t, write(batch))
				if err != nil {
					t.Fatal(name, err)
				}
				var names []string
				sel := predict.Selection{}
				for i, c := range src.Columns() {
					names = append(names, c.Name)
					if i > 1 {
						sel.Values = append(sel.Values, i)
					}
				}
				if got, want := strings.Join(names, "|"), "y|other.0|predicted_y_probs.0|predicted_y_probs.class 1|predicted_y_probs.class class 2|predicted_y_probs.3|predicted_y_probs.class 4"; got != want {
					t.Fatalf("%s: columns %s, want %s", name, got, want)
				}
				values, _, missing, n, err := read1(t, src, sel, threads)
				if err != nil || n != len(rows) {
					t.Fatal(name, n, err)
				}
				holes := 0
				for i := range rows {
					for k := range 5 {
						if x := values[i*5+k]; !sameFloat(x, want[i][k]) {
							t.Fatalf("%s: row %d, column %d: %v, want %v", name, i+1, k+2, x, want[i][k])
						}
						if x, ok := 0.0, true; i < src.Sample().Rows() {
							if x, ok = src.Sample().Number(i, k+2); !ok || !sameFloat(x, want[i][k]) {
								t.Fatalf("%s: sample, row %d, column %d: %v, want %v", name, i+1, k+2, x, want[i][k])
							}
						}
						if want[i][k] != want[i][k] {
							holes++
						}
					}
				}
				if len(missing) != holes {
					t.Errorf("%s: %d missing, want %d", name, len(missing), holes)
				}
				src.Close()
			}
		}
	}
}

// Trouble in a list of pairs names the record batch, the column and the row.
func TestArrowPairsTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		row  int
		do   func(r *pairRow)
		want []string
	}{
		"a class late":    {1900, func(r *pairRow) { s := "new"; r.Probs[0].Label = &s }, []string{"row 1901", "column 3", "record batch 3", `class "new", which none of the first rows has`}},
		"a class twice":   {1800, func(r *pairRow) { r.Probs[1].Label = r.Probs[0].Label }, []string{"row 1801", "twice in one row"}},
		"no class":        {1700, func(r *pairRow) { r.Probs[1].Label = nil }, []string{"row 1701", "a probability without a class"}},
		"no class, early": {5, func(r *pairRow) { r.Probs[1].Label = nil }, []string{"row 6", "a probability without a class"}},
	} {
		rows, _ := pairRows(2500, 5)
		for i := range rows { // all classes in all rows
			rows[i].Probs = append([]classProb{}, rows[0].Probs...)
		}
		c.do(&rows[c.row])
		src, err := openBytes(t, arrowPairs(rows, 700, true, false, aa.BinaryTypes.String))
		if err == nil {
			_, _, _, _, err = read1(t, src, predict.Selection{Values: []int{2, 3, 4, 5, 6}}, 1)
			src.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		wantError(t, err, c.want...)
	}
}

// Lists that are views, and other structures, are refused by what they are; the
// columns beside them are read.
func TestArrowNestedRefused(t *testing.T) {
	other := aa.StructOf(aa.Field{Name: "a", Type: aa.PrimitiveTypes.Float64}, aa.Field{Name: "b", Type: aa.BinaryTypes.String})
	for _, c := range []struct {
		want string
		typ  aa.DataType
	}{
		{"lists as views", aa.ListViewOf(aa.PrimitiveTypes.Float64)},
		{"lists as views", aa.LargeListViewOf(aa.PrimitiveTypes.Float64)},
		{"lists of structures", aa.ListOf(other)},
		{"structures", other},
	} {
		want := c.want
		var b bytes.Buffer
		schema := aa.NewSchema([]aa.Field{{Name: "x", Type: c.typ, Nullable: true}, {Name: "p", Type: aa.PrimitiveTypes.Float64}}, nil)
		writeArrow(&b, schema, 20, 7, true, func(b *array.RecordBuilder, i int) {
			b.Field(0).AppendEmptyValue()
			b.Field(1).(*array.Float64Builder).Append(float64(i))
		})
		src, err := openBytes(t, b.Bytes())
		if err != nil {
			t.Fatal(want, err)
		}
		values, _, _, n, err := read1(t, src, predict.Selection{Values: []int{1}}, 2)
		if err != nil || n != 20 || values[19] != 19 {
			t.Error(want, n, err)
		}
		src.Close()
		src, err = openBytes(t, b.Bytes())
		if err != nil {
			t.Fatal(want, err)
		}
		_, _, _, _, err = read1(t, src, predict.Selection{Values: []int{0}}, 2)
		if err == nil {
			t.Errorf("%s: no error", want)
		} else {
			wantError(t, err, want)
		}
		src.Close()
	}
}

func TestArrowNestedDamaged(t *testing.T) {
	rows, _ := pairRows(30, 3)
	r := rand.New(rand.NewPCG(5, 6))
	categories, err := os.ReadFile("testdata/writers/polars_categorical_uncompressed.arrow")
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{
		arrowPairs(rows, 11, true, false, aa.BinaryTypes.String), arrowPairs(rows, 30, false, true, aa.BinaryTypes.String, ipc.WithZstd()),
		categories,
	} {
		for n := 0; n < len(data); n += 7 {
			survive(t, data[:n])
		}
		damage := bytes.Clone(data)
		for range 3000 {
			i, j := r.IntN(len(data)), r.IntN(len(data))
			damage[i] ^= byte(1 << r.IntN(8))
			damage[j] = byte(r.Uint32())
			survive(t, damage)
			damage[i], damage[j] = data[i], data[j]
		}
	}
}

// A dictionary of views, as Polars writes categories.
func TestArrowViewDictionary(t *testing.T) {
	typ := &aa.DictionaryType{IndexType: aa.PrimitiveTypes.Uint8, ValueType: aa.BinaryTypes.StringView}
	want := []string{"a", "", "a text of more than twelve bytes", "Zürich, and more than twelve bytes"}
	words := array.NewStringViewBuilder(memory.DefaultAllocator)
	words.AppendValues(want, nil)
	index := array.NewUint8Builder(memory.DefaultAllocator)
	for i := range 100 {
		index.Append(uint8(i % 4))
	}
	col := array.NewDictionaryArray(typ, index.NewArray(), words.NewArray())
	schema := aa.NewSchema([]aa.Field{{Name: "y", Type: typ, Nullable: true}}, nil)
	var b bytes.Buffer
	w, err := ipc.NewFileWriter(&b, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(array.NewRecordBatch(schema, []aa.Array{col}, 100)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := openBytes(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	n, err := src.Read(t.Context(), predict.Selection{Texts: []int{0}}, 1, func(_ int, b *predict.Batch) error {
		for i := range b.Rows {
			if got, w := string(b.Texts[0].At(i)), want[(int(b.First)-1+i)%4]; got != w {
				t.Fatalf("row %d: %q, want %q", int(b.First)+i, got, w)
			}
		}
		return nil
	})
	if n != 100 || err != nil {
		t.Error(n, err)
	}
}
