package formats

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	aa "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"surprisal/predict"
)

// writeArrow writes rows in record batches of so many.
func writeArrow(out io.Writer, schema *aa.Schema, rows, batch int, file bool, add func(b *array.RecordBuilder, i int), options ...ipc.Option) {
	options = append(options, ipc.WithSchema(schema))
	var w interface {
		Write(aa.RecordBatch) error
		Close() error
	}
	if file {
		fw, err := ipc.NewFileWriter(out, options...)
		if err != nil {
			panic(err)
		}
		w = fw
	} else {
		w = ipc.NewWriter(out, options...)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range rows {
		add(b, i)
		if (i+1)%batch == 0 || i == rows-1 {
			if err := w.Write(b.NewRecordBatch()); err != nil {
				panic(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
}

func confArrow(rows, batch int, file bool, options ...ipc.Option) []byte {
	var b bytes.Buffer
	var fields []aa.Field
	for _, name := range []string{"label", "p_0", "p_1", "p_2"} {
		fields = append(fields, aa.Field{Name: name, Type: aa.PrimitiveTypes.Float64})
	}
	writeArrow(&b, aa.NewSchema(fields, nil), rows, batch, file, func(b *array.RecordBuilder, i int) {
		for j := range confCols {
			b.Field(j).(*array.Float64Builder).Append(confValue(i, j))
		}
	}, options...)
	return b.Bytes()
}

func init() {
	conformance["arrow"] = func() []byte { return confArrow(confRows, 7000, true) }
}

func TestArrowConform(t *testing.T) {
	for name, options := range map[string][]ipc.Option{"plain": nil, "lz4": {ipc.WithLZ4()}, "zstd": {ipc.WithZstd()}} {
		for _, file := range []bool{true, false} {
			for _, batch := range []int{confRows, 7000, 501} {
				data := confArrow(confRows, batch, file, options...)
				for _, threads := range []int{1, 3} {
					t.Run(fmt.Sprintf("%s/file %v/%d/%d", name, file, batch, threads), func(t *testing.T) {
						src, err := openBytes(t, data)
						if err != nil {
							t.Fatal(err)
						}
						defer src.Close()
						conform(t, src, threads)
					})
				}
			}
		}
	}
}

func mixedArrow(rows, batch int, file bool, options ...ipc.Option) []byte {
	var out bytes.Buffer
	options = append(options, ipc.WithDictionaryDeltas(true))
	meta := aa.NewMetadata([]string{"huggingface"}, []string{hfMetadata})
	schema := aa.NewSchema([]aa.Field{
		{Name: "a_label", Type: aa.BinaryTypes.String, Nullable: true},
		{Name: "b_key", Type: &aa.DictionaryType{IndexType: aa.PrimitiveTypes.Int8, ValueType: aa.BinaryTypes.String}, Nullable: true},
		{Name: "c_class", Type: aa.PrimitiveTypes.Int64},
		{Name: "skip", Type: aa.StructOf(aa.Field{Name: "x", Type: aa.BinaryTypes.String}, aa.Field{Name: "y", Type: aa.ListOf(aa.PrimitiveTypes.Int32)}), Nullable: true},
		{Name: "d_p", Type: aa.PrimitiveTypes.Float32, Nullable: true},
		{Name: "e_dec", Type: &aa.Decimal128Type{Precision: 9, Scale: 3}},
		{Name: "f_ok", Type: aa.FixedWidthTypes.Boolean},
		{Name: "g_probs", Type: aa.ListOf(aa.PrimitiveTypes.Float64), Nullable: true},
		{Name: "h_half", Type: aa.FixedSizeListOf(2, aa.FixedWidthTypes.Float16), Nullable: true},
		{Name: "i_large", Type: aa.BinaryTypes.LargeString},
		{Name: "j_view", Type: aa.BinaryTypes.StringView, Nullable: true},
		{Name: "k_day", Type: aa.FixedWidthTypes.Date32},
		{Name: "l_u8", Type: aa.PrimitiveTypes.Uint8},
	}, &meta)
	writeArrow(&out, schema, rows, batch, file, func(b *array.RecordBuilder, i int) {
		if i%11 == 3 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.StringBuilder).Append([]string{"cat", "dog", "Ünïcode"}[i%3])
		}
		if i%7 == 2 {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.BinaryDictionaryBuilder).AppendString(fmt.Sprint("k", i%5))
		}
		b.Field(2).(*array.Int64Builder).Append(int64(i%3) - 1)
		s := b.Field(3).(*array.StructBuilder)
		s.Append(i%2 == 0)
		s.FieldBuilder(0).(*array.StringBuilder).Append("x")
		l := s.FieldBuilder(1).(*array.ListBuilder)
		l.Append(true)
		l.ValueBuilder().(*array.Int32Builder).Append(int32(i))
		if i%5 == 1 {
			b.Field(4).AppendNull()
		} else {
			b.Field(4).(*array.Float32Builder).Append(float32(i) / 4096)
		}
		b.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(i) - 500))
		b.Field(6).(*array.BooleanBuilder).Append(i%2 == 1)
		x := float64(i%64) / 64
		l = b.Field(7).(*array.ListBuilder)
		if i%13 == 4 {
			l.AppendNull()
		} else {
			l.Append(true)
			l.ValueBuilder().(*array.Float64Builder).Append(x)
			if i%17 == 5 {
				l.ValueBuilder().AppendNull()
			} else {
				l.ValueBuilder().(*array.Float64Builder).Append(1 - x)
			}
		}
		fl := b.Field(8).(*array.FixedSizeListBuilder)
		if i%19 == 6 {
			fl.AppendNull()
		} else {
			fl.Append(true)
			fl.ValueBuilder().(*array.Float16Builder).Append(float16.New(float32(x)))
			fl.ValueBuilder().(*array.Float16Builder).Append(float16.New(float32(1 - x)))
		}
		b.Field(9).(*array.LargeStringBuilder).Append(strings.Repeat("ab", i%7))
		if i%23 == 1 {
			b.Field(10).AppendNull()
		} else {
			b.Field(10).(*array.StringViewBuilder).Append(strings.Repeat("v", i%31))
		}
		b.Field(11).(*array.Date32Builder).Append(aa.Date32(i))
		b.Field(12).(*array.Uint8Builder).Append(uint8(i))
	}, options...)
	return out.Bytes()
}

func TestArrowTypes(t *testing.T) {
	const rows = 20011
	for _, options := range [][]ipc.Option{nil, {ipc.WithLZ4()}, {ipc.WithZstd()}} {
		for _, batch := range []int{rows, 3001} {
			for _, file := range []bool{true, false} {
				data := mixedArrow(rows, batch, file, options...)
				for _, threads := range []int{map[bool]int{true: 3, false: 1}[file]} {
					src, err := openBytes(t, data)
					if err != nil {
						t.Fatal(err)
					}
					var names []string
					var sel predict.Selection
					for i, c := range src.Columns() {
						if c.Name != "skip" {
							names = append(names, c.Name)
							sel.Texts = append(sel.Texts, i)
						}
					}
					if got, want := strings.Join(names, " "), "a_label b_key c_class d_p e_dec f_ok g_probs.no g_probs.yes h_half.no h_half.yes i_large j_view k_day l_u8"; got != want {
						t.Fatalf("%s, want %s", got, want)
					}
					n := int64(0)
					_, err = src.Read(t.Context(), sel, threads, func(_ int, b *predict.Batch) error {
						for r := range b.Rows {
							i := int(b.First) - 1 + r
							x := float64(i%64) / 64
							f := func(x float64, missing bool) string {
								if missing {
									return ""
								}
								return string(appendNumber(nil, x, 32))
							}
							dec := i - 500
							want := []string{[]string{"cat", "dog", "Ünïcode"}[i%3], fmt.Sprint("k", i%5), []string{"", "no", "yes"}[i%3],
								f(float64(float32(i)/4096), i%5 == 1), fmt.Sprintf("%d.%03d", dec/1000, max(dec, -dec)%1000), fmt.Sprint(i%2 == 1),
								f(x, i%13 == 4), f(1-x, i%13 == 4 || i%17 == 5), f(x, i%19 == 6), f(1-x, i%19 == 6),
								strings.Repeat("ab", i%7), strings.Repeat("v", i%31), string(aa.Date32(i).FormattedString()), fmt.Sprint(uint8(i))}
							if dec < 0 && dec > -1000 {
								want[4] = fmt.Sprintf("-0.%03d", -dec)
							}
							if i%11 == 3 {
								want[0] = ""
							}
							if i%7 == 2 {
								want[1] = ""
							}
							if i%23 == 1 {
								want[11] = ""
							}
							for j, w := range want {
								if got := string(b.Texts[j].At(r)); got != w {
									return fmt.Errorf("row %d, %s: %q, want %q", i+1, names[j], got, w)
								}
								if i < 1000 {
									if got := src.Sample().Text(i, sel.Texts[j]); got != w {
										return fmt.Errorf("sample: row %d, %s: %q, want %q", i+1, names[j], got, w)
									}
								}
							}
						}
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					_ = n
					src.Close()

					src, _ = openBytes(t, data)
					values, numbers, missing, got, err := read1(t, src, predict.Selection{Values: []int{9, 10}, Numbers: []int{5}}, threads)
					if err != nil || got != rows {
						t.Fatal(got, err)
					}
					for i := range rows {
						x := float64(i%64) / 64
						if i%19 != 6 && (values[2*i] == values[2*i] && values[2*i] != x) || numbers[0][i] != float64(i-500)/1000 {
							t.Fatal(i, values[2*i:2*i+2], numbers[0][i])
						}
					}
					if len(missing) == 0 || missing[0].Why != predict.NA {
						t.Error(missing)
					}
					src.Close()
				}
			}
		}
	}
}

func TestArrowTrouble(t *testing.T) {
	const rows, bad = 30000, 23456
	schema := aa.NewSchema([]aa.Field{{Name: "p", Type: aa.ListOf(aa.PrimitiveTypes.Float32)}}, nil)
	for _, have := range []int{0, 2, 4} {
		var data bytes.Buffer
		writeArrow(&data, schema, rows, 5000, true, func(b *array.RecordBuilder, i int) {
			l := b.Field(0).(*array.ListBuilder)
			l.Append(true)
			n := 3
			if i == bad {
				n = have
			}
			for range n {
				l.ValueBuilder().(*array.Float32Builder).Append(0.25)
			}
		})
		for _, threads := range []int{1, 2, 5} {
			src, err := openBytes(t, data.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			_, _, _, n, err := read1(t, src, predict.Selection{Values: []int{0, 1, 2}}, threads)
			wantError(t, err, fmt.Sprintf("-: row %d, column 1 (p): record batch 5: a list of %d values, and the first has 3", bad+1, have))
			if n != bad {
				t.Errorf("%d rows folded, want %d", n, bad)
			}
		}
	}
	_, err := openBytes(t, []byte("FEA1 and so on"))
	wantError(t, err, "Feather version 1")
}

func TestArrowDamaged(t *testing.T) {
	for _, data := range [][]byte{mixedArrow(30, 20, true), mixedArrow(30, 20, false, ipc.WithLZ4()), mixedArrow(30, 20, true, ipc.WithZstd())} {
		whole := len(data)
		if !bytes.HasPrefix(data, []byte("ARROW1")) {
			whole -= 8 // the end mark of a stream need not be there
		}
		for n := range whole {
			if n%37 == 0 || n > whole-60 {
				// A stream that ends between two batches cannot be told from a whole one.
				if err := survive(t, data[:n]); err == nil && n > 0 && bytes.HasPrefix(data, []byte("ARROW1")) {
					t.Fatalf("cut after %d of %d bytes: no error", n, len(data))
				}
			}
		}
		damage := bytes.Clone(data)
		r := rand.New(rand.NewPCG(1, 2))
		for range 600 {
			i := r.IntN(len(data))
			damage[i] ^= byte(1 << r.IntN(8))
			j := r.IntN(len(data))
			damage[j] = byte(r.Uint32())
			survive(t, damage)
			damage[i], damage[j] = data[i], data[j]
		}
	}
}

func FuzzArrow(f *testing.F) {
	f.Add(mixedArrow(10, 10, true))
	f.Add(mixedArrow(10, 10, false, ipc.WithLZ4()))
	f.Add(confArrow(10, 7, false, ipc.WithZstd()))
	pairs, _ := pairRows(9, 3)
	f.Add(arrowPairs(pairs, 5, true, false, aa.BinaryTypes.String))
	f.Add(arrowPairs(pairs, 9, false, true, aa.BinaryTypes.String, ipc.WithLZ4()))
	if b, err := os.ReadFile("testdata/writers/polars_categorical_uncompressed.arrow"); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if arrow.Detect(data[:min(len(data), headSize)]) {
			survive(t, data)
		}
	})
}

func wideArrow(options ...ipc.Option) func(w io.Writer) {
	return func(w io.Writer) {
		fields := []aa.Field{{Name: "label", Type: aa.PrimitiveTypes.Int64}}
		for k := range 10 {
			fields = append(fields, aa.Field{Name: fmt.Sprint("p_", k), Type: aa.PrimitiveTypes.Float64})
		}
		r := rand.New(rand.NewPCG(1, 2))
		p := make([]float64, 10)
		writeArrow(w, aa.NewSchema(fields, nil), 2_000_000, 65536, true, func(b *array.RecordBuilder, i int) {
			b.Field(0).(*array.Int64Builder).Append(int64(benchRow(r, p)))
			for k, x := range p {
				b.Field(k + 1).(*array.Float64Builder).Append(x)
			}
		}, options...)
	}
}

func BenchmarkArrow(b *testing.B) {
	sel := predict.Selection{Values: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Texts: []int{0}}
	benchRead(b, "wide.arrow", wideArrow(), sel)
	benchRead(b, "lz4.arrow", wideArrow(ipc.WithLZ4()), sel)
}
