package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"surprisal/predict"
)

// pqField is a column to write: levels and value of every row.
type pqField struct {
	name string
	node pq.Node
	row  func(i int) []pq.Value // definition and repetition levels set
}

// plainField is a required column.
func plainField(name string, node pq.Node, value func(i int) any) pqField {
	return pqField{name, node, func(i int) []pq.Value { return []pq.Value{pq.ValueOf(value(i))} }}
}

// nullField is an optional column; nil is missing.
func nullField(name string, node pq.Node, value func(i int) any) pqField {
	return pqField{name, pq.Optional(node), func(i int) []pq.Value {
		x := value(i)
		if x == nil {
			return []pq.Value{pq.Value{}}
		}
		return []pq.Value{pq.ValueOf(x).Level(0, 1, 0)}
	}}
}

// listField is a list as pyarrow writes it: all may be missing. A nil list is
// missing; a NaN in it is a missing element.
func listField(name string, leaf pq.Node, value func(i int) []float64) pqField {
	return pqField{name, pq.Optional(pq.List(pq.Optional(leaf))), func(i int) []pq.Value {
		list := value(i)
		if list == nil {
			return []pq.Value{pq.Value{}.Level(0, 0, 0)}
		}
		if len(list) == 0 {
			return []pq.Value{pq.Value{}.Level(0, 1, 0)}
		}
		out := make([]pq.Value, len(list))
		for j, x := range list {
			rep := min(j, 1)
			if x != x {
				out[j] = pq.Value{}.Level(rep, 2, 0)
			} else if leaf.Type().Kind() == pq.Float {
				out[j] = pq.ValueOf(float32(x)).Level(rep, 3, 0)
			} else {
				out[j] = pq.ValueOf(x).Level(rep, 3, 0)
			}
		}
		return out
	}}
}

// writeParquet writes rows, in row groups of so many. Fields come in the order of
// their names.
func writeParquet(rows, group int, fields []pqField, options ...pq.WriterOption) []byte {
	g := pq.Group{}
	for _, f := range fields {
		g[f.name] = f.node
	}
	var b bytes.Buffer
	w := pq.NewWriter(&b, append([]pq.WriterOption{pq.NewSchema("t", g)}, options...)...)
	for i := range rows {
		var row pq.Row
		for c, f := range fields {
			for _, v := range f.row(i) {
				row = append(row, v.Level(v.RepetitionLevel(), v.DefinitionLevel(), c))
			}
		}
		if _, err := w.WriteRows([]pq.Row{row}); err != nil {
			panic(err)
		}
		if (i+1)%group == 0 {
			if err := w.Flush(); err != nil {
				panic(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func confFields(node func(pq.Node) pq.Node) []pqField {
	var fields []pqField
	for j, name := range []string{"label", "p_0", "p_1", "p_2"} {
		fields = append(fields, plainField(name, node(pq.Leaf(pq.DoubleType)), func(i int) any { return confValue(i, j) }))
	}
	return fields
}

func init() {
	conformance["parquet"] = func() []byte {
		return writeParquet(confRows, 7000, confFields(func(n pq.Node) pq.Node { return n }), pq.Compression(&pq.Zstd), pq.PageBufferSize(20000))
	}
}

func openBytes(t testing.TB, data []byte) (predict.Source, error) {
	t.Helper()
	return Open(context.Background(), "-", Options{Stdin: bytes.NewReader(data)})
}

// Every way in which parquet-go writes the data is read as the same rows.
func TestParquetEncodings(t *testing.T) {
	for _, c := range []compress.Codec{&pq.Uncompressed, &pq.Snappy, &pq.Gzip, &pq.Zstd, &pq.Lz4Raw} {
		for _, version := range []int{1, 2} {
			for name, node := range map[string]func(pq.Node) pq.Node{
				"plain":     func(n pq.Node) pq.Node { return pq.Encoded(n, &pq.Plain) },
				"dict":      func(n pq.Node) pq.Node { return pq.Encoded(n, &pq.RLEDictionary) },
				"split":     func(n pq.Node) pq.Node { return pq.Encoded(n, &pq.ByteStreamSplit) },
				"one group": func(n pq.Node) pq.Node { return n },
			} {
				group := 7000
				if name == "one group" {
					group = confRows
				}
				data := writeParquet(confRows, group, confFields(node), pq.Compression(c), pq.DataPageVersion(version), pq.PageBufferSize(30000))
				for _, threads := range []int{1 + 2*(version-1)} {
					t.Run(fmt.Sprintf("%v/v%d/%s/%d", c, version, name, threads), func(t *testing.T) {
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

// cells reads everything of a source as text: values, in the order of rows.
func cells(t testing.TB, src predict.Source, threads int) ([][]string, error) {
	t.Helper()
	n := len(src.Columns())
	var sel predict.Selection
	for i := range n {
		sel.Texts = append(sel.Texts, i)
	}
	var mu sync.Mutex
	runs := map[int64][][]string{}
	rows, err := src.Read(context.Background(), sel, threads, func(_ int, b *predict.Batch) error {
		out := make([][]string, b.Rows)
		for i := range out {
			out[i] = make([]string, n)
			for j := range n {
				out[i][j] = string(b.Texts[j].At(i))
			}
		}
		mu.Lock()
		runs[b.First] = out
		mu.Unlock()
		return nil
	})
	var all [][]string
	for next := int64(1); ; {
		rs, ok := runs[next]
		if !ok {
			break
		}
		all = append(all, rs...)
		next += int64(len(rs))
	}
	if err == nil && int64(len(all)) != rows {
		t.Errorf("%d rows in a row, %d said", len(all), rows)
	}
	return all, err
}

// oracle reads one column of a file with parquet-go, as text.
func oracle(c *pq.Column, l *pqLeaf) (out []string, err error) {
	defer shield(&err)
	pages := c.Pages()
	defer pages.Close()
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		values := make([]pq.Value, p.NumValues())
		r := p.Values()
		n := 0
		for n < len(values) {
			m, err := r.ReadValues(values[n:])
			n += m
			if err != nil {
				break
			}
		}
		for _, v := range values[:n] {
			switch {
			case v.IsNull():
				out = append(out, "")
			case l.mean != plainly || l.uuid || l.kind == kF16:
				out = append(out, "?")
			case v.Kind() == pq.Boolean:
				out = append(out, fmt.Sprint(v.Boolean()))
			case v.Kind() == pq.Int32 && l.kind == kU32:
				out = append(out, fmt.Sprint(v.Uint32()))
			case v.Kind() == pq.Int32:
				out = append(out, fmt.Sprint(v.Int32()))
			case v.Kind() == pq.Int64 && l.kind == kU64:
				out = append(out, fmt.Sprint(v.Uint64()))
			case v.Kind() == pq.Int64:
				out = append(out, fmt.Sprint(v.Int64()))
			case v.Kind() == pq.Float:
				out = append(out, string(appendNumber(nil, float64(v.Float()), 32)))
			case v.Kind() == pq.Double:
				out = append(out, string(appendNumber(nil, v.Double(), 64)))
			case v.Kind() == pq.ByteArray:
				out = append(out, string(v.ByteArray()))
			default:
				out = append(out, "?")
			}
		}
	}
}

// The files that parquet-go is tested with, most of them from parquet-testing,
// hold what parquet-go reads in them.
func TestParquetCorpus(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(modCache(), "github.com/parquet-go/parquet-go@*/testdata"))
	if len(dirs) == 0 {
		t.Skip("parquet-go's test files are not in the module cache")
	}
	files, _ := filepath.Glob(filepath.Join(dirs[0], "*.parquet"))
	more, _ := filepath.Glob(filepath.Join(dirs[0], "*", "*.parquet"))
	compared := 0
	for _, file := range append(files, more...) {
		name, _ := filepath.Rel(dirs[0], file)
		src, err := Open(t.Context(), file, Options{})
		if err != nil {
			var e *predict.Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %T %v", name, err, err)
			}
			t.Logf("%s: refused: %s", name, strings.TrimPrefix(err.Error(), file))
			continue
		}
		if name == "lz4_raw_compressed_larger.parquet" {
			src.Close() // parquet-go itself reads empty texts there
			continue
		}
		tab := src.(*source).Source.(*tabular)
		in, _ := os.Open(file)
		info, _ := in.Stat()
		ref, err := pq.OpenFile(in, info.Size(), pq.SkipPageIndex(true), pq.SkipBloomFilters(true))
		if err != nil {
			t.Logf("%s: parquet-go: %v", name, err)
		}
		var leaves []*pq.Column
		var walk func(c *pq.Column)
		walk = func(c *pq.Column) {
			if c.Leaf() {
				leaves = append(leaves, c)
			}
			for _, k := range c.Columns() {
				walk(k)
			}
		}
		if err == nil {
			walk(ref.Root())
		}
		src.Close()
		for col := range tab.cols {
			c := &tab.cols[col]
			if c.kind == unreadable_ {
				continue
			}
			src, err := Open(t.Context(), file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			tab := src.(*source).Source.(*tabular)
			var sel predict.Selection
			for i, p := range tab.parts {
				if p.col == col {
					sel.Texts = append(sel.Texts, i)
				}
			}
			var got []string
			_, err = src.Read(t.Context(), sel, 1, func(_ int, b *predict.Batch) error {
				for i := range b.Rows {
					for j := range sel.Texts {
						got = append(got, string(b.Texts[j].At(i)))
					}
				}
				return nil
			})
			src.Close()
			if err != nil {
				t.Logf("%s: %v", name, strings.TrimPrefix(err.Error(), file))
				continue
			}
			if leaves == nil {
				continue
			}
			l := &pqLeaf{column: *c, uuid: c.kind == kText && leaves[col].Type().Kind() == pq.FixedLenByteArray}
			want, err := oracle(leaves[col], l)
			if err != nil {
				t.Logf("%s: %s: parquet-go: %v", name, c.name, err)
				continue
			}
			if c.list && len(want) != len(got) {
				t.Logf("%s: %s: lists of %d and missing ones", name, c.name, c.width)
				continue
			}
			if len(want) != len(got) {
				t.Errorf("%s: %s: %d values, parquet-go has %d", name, c.name, len(got), len(want))
				continue
			}
			for i := range got {
				if want[i] != "?" && got[i] != want[i] && !(c.names != nil) {
					t.Errorf("%s: %s: value %d is %q, parquet-go has %q", name, c.name, i, got[i], want[i])
					break
				}
			}
			compared++
		}
		in.Close()
	}
	t.Log(compared, "columns compared")
}

func modCache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	if dir := os.Getenv("GOPATH"); dir != "" {
		return filepath.Join(dir, "pkg", "mod")
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, "go", "pkg", "mod")
}

// read1 reads everything and gives the batches in order, put together.
func read1(t testing.TB, src predict.Source, sel predict.Selection, threads int) (values []float64, numbers [][]float64, missing []predict.Missing, rows int, err error) {
	t.Helper()
	type run struct {
		values  []float64
		numbers [][]float64
		missing []predict.Missing
		rows    int
	}
	var mu sync.Mutex
	runs := map[int64]run{}
	_, err = src.Read(context.Background(), sel, threads, func(_ int, b *predict.Batch) error {
		r := run{rows: b.Rows, missing: append([]predict.Missing{}, b.Missing...), values: append([]float64{}, b.F64...)}
		for _, x := range b.F32 {
			r.values = append(r.values, float64(x))
		}
		for _, col := range b.Numbers {
			r.numbers = append(r.numbers, append([]float64{}, col...))
		}
		mu.Lock()
		runs[b.First] = r
		mu.Unlock()
		return nil
	})
	numbers = make([][]float64, len(sel.Numbers))
	for {
		r, ok := runs[int64(rows)+1]
		if !ok {
			return
		}
		values = append(values, r.values...)
		for j := range numbers {
			numbers[j] = append(numbers[j], r.numbers[j]...)
		}
		for _, m := range r.missing {
			missing = append(missing, predict.Missing{Row: m.Row + int32(rows), Column: m.Column, Why: m.Why})
		}
		rows += r.rows
	}
}

func mixedParquet(rows, group int, options ...pq.WriterOption) []byte {
	return writeParquet(rows, group, []pqField{
		nullField("a_label", pq.String(), func(i int) any {
			if i%11 == 3 {
				return nil
			}
			return []string{"cat", "dog", "Ünïcode, \"x\""}[i%3]
		}),
		nullField("b_key", pq.Encoded(pq.String(), &pq.RLEDictionary), func(i int) any {
			if i%7 == 2 {
				return nil
			}
			return fmt.Sprint("k", i%5)
		}),
		plainField("c_class", pq.Int(64), func(i int) any { return int64(i%3) - 1 }),
		nullField("d_p", pq.Leaf(pq.FloatType), func(i int) any {
			switch i % 5 {
			case 1:
				return nil
			case 2:
				return float32(math.NaN())
			}
			return float32(i) / 4096
		}),
		nullField("e_dec", pq.Decimal(3, 9, pq.Int32Type), func(i int) any { return int32(i) }),
		plainField("f_ok", pq.Leaf(pq.BooleanType), func(i int) any { return i%2 == 1 }),
		listField("g_probs", pq.Leaf(pq.FloatType), func(i int) []float64 {
			if i%13 == 4 {
				return nil
			}
			x := float64(i%64) / 64
			if i%17 == 5 {
				return []float64{x, math.NaN()}
			}
			return []float64{x, 1 - x}
		}),
		nullField("h_delta", pq.Encoded(pq.Int(32), &pq.DeltaBinaryPacked), func(i int) any { return int32(i*i) - 1000 }),
		plainField("i_text", pq.Encoded(pq.String(), &pq.DeltaByteArray), func(i int) any { return fmt.Sprint("row ", i/10) }),
		plainField("j_text", pq.Encoded(pq.String(), &pq.DeltaLengthByteArray), func(i int) any { return fmt.Sprint(i) }),
	}, options...)
}

const hfMetadata = `{"info":{"features":{"c_class":{"names":["no","yes"],"_type":"ClassLabel"},"d_p":{"dtype":"float32","_type":"Value"}}}}`

func TestParquetTypes(t *testing.T) {
	const rows = 20011
	for _, group := range []int{rows, 3001} {
		for _, version := range []int{1, 2} {
			data := mixedParquet(rows, group, pq.Compression(&pq.Snappy), pq.DataPageVersion(version), pq.PageBufferSize(4000),
				pq.KeyValueMetadata("huggingface", hfMetadata))
			for _, threads := range []int{1, 3} {
				src, err := openBytes(t, data)
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, c := range src.Columns() {
					names = append(names, c.Name)
				}
				if got, want := strings.Join(names, " "), "a_label b_key c_class d_p e_dec f_ok g_probs.no g_probs.yes h_delta i_text j_text"; got != want {
					t.Fatalf("%s, want %s", got, want)
				}
				got, err := cells(t, src, threads)
				if err != nil || len(got) != rows {
					t.Fatal(len(got), err)
				}
				f := func(x float64, ok bool) string {
					if !ok {
						return ""
					}
					return string(appendNumber(nil, x, 32))
				}
				for i, row := range got {
					x := float64(i%64) / 64
					want := []string{[]string{"cat", "dog", "Ünïcode, \"x\""}[i%3], fmt.Sprint("k", i%5), []string{"", "no", "yes"}[i%3],
						f(float64(float32(i)/4096), i%5 != 1), fmt.Sprintf("%d.%03d", i/1000, i%1000), fmt.Sprint(i%2 == 1),
						f(x, i%13 != 4), f(1-x, i%13 != 4 && i%17 != 5), fmt.Sprint(int32(i*i) - 1000), fmt.Sprint("row ", i/10), fmt.Sprint(i)}
					if i%11 == 3 {
						want[0] = ""
					}
					if i%7 == 2 {
						want[1] = ""
					}
					if i%5 == 2 {
						want[3] = "NaN"
					}
					for j := range want {
						if row[j] != want[j] {
							t.Fatalf("row %d, %s: %q, want %q", i+1, names[j], row[j], want[j])
						}
					}
				}
				if n := src.Sample().Rows(); n != 1000 {
					t.Error(n, "rows in the sample")
				}
				for i := range 1000 {
					for j := range names {
						if s := src.Sample().Text(i, j); s != got[i][j] {
							t.Fatalf("sample: row %d, %s: %q, read %q", i+1, names[j], s, got[i][j])
						}
					}
				}
				src.Close()

				src, _ = openBytes(t, data)
				values, numbers, missing, n, err := read1(t, src, predict.Selection{Values: []int{7, 6}, Numbers: []int{3, 4}}, threads)
				if err != nil || n != rows || len(values) != 2*rows {
					t.Fatal(n, err)
				}
				for i := range rows {
					x := float64(i%64) / 64
					if v := values[2*i+1]; v != x && i%13 != 4 {
						t.Fatal(i, v)
					}
					if v := numbers[1][i]; v != float64(i)/1000 {
						t.Fatal(i, v)
					}
					want := []predict.Missing{}
					if i%5 == 1 {
						want = append(want, predict.Missing{Row: int32(i), Column: 3, Why: predict.NA})
					}
					if i%5 == 2 {
						want = append(want, predict.Missing{Row: int32(i), Column: 3, Why: predict.NaN})
					}
					if i%13 == 4 {
						want = append(want, predict.Missing{Row: int32(i), Column: 6, Why: predict.NA})
					}
					if i%13 == 4 || i%17 == 5 {
						want = append(want, predict.Missing{Row: int32(i), Column: 7, Why: predict.NA})
					}
					for _, w := range want {
						if len(missing) == 0 || missing[0] != w {
							t.Fatalf("missing %v, want %v", missing[:min(3, len(missing))], w)
						}
						missing = missing[1:]
					}
				}
				if len(missing) > 0 {
					t.Error(missing[0])
				}
				src.Close()
			}
		}
	}
}

func TestParquetHalf(t *testing.T) {
	data := writeParquet(100, 100, []pqField{plainField("p", pq.Leaf(pq.FixedLenByteArrayType(2)), func(i int) any { return string([]byte{byte(i), 0x38}) })})
	f := &parquetFile{at: bytes.NewReader(data), kept: map[int]*pqStream{}}
	if err := f.footer(int64(len(data))); err != nil {
		t.Fatal(err)
	}
	f.leaves[0].kind = kF16 // parquet-go does not write the logical type
	src := &tabular{name: "x", word: "row group", start: f.start}
	if err := f.describe(src); err != nil {
		t.Fatal(err)
	}
	_, err := src.Read(t.Context(), predict.Selection{Values: []int{0}}, 1, func(_ int, b *predict.Batch) error {
		for i, x := range b.F32 {
			if want := 0.5 + float32(i)/2048; x != want || !b.Half {
				return fmt.Errorf("%d: %v, want %v", i, x, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Rows before the trouble are folded, for any number of threads.
func TestParquetTrouble(t *testing.T) {
	const rows, bad = 30000, 23456
	ragged := func(have int) []byte {
		return writeParquet(rows, 5000, []pqField{
			plainField("label", pq.String(), func(i int) any {
				if i == bad+1 {
					return "zz"
				}
				return "1"
			}),
			listField("probs", pq.Leaf(pq.DoubleType), func(i int) []float64 {
				if i == bad {
					return make([]float64, have)
				}
				return []float64{0.25, 0.25, 0.5}
			}),
		}, pq.PageBufferSize(10000))
	}
	for _, threads := range []int{1, 2, 5} {
		for _, have := range []int{0, 2, 4} {
			src, err := openBytes(t, ragged(have))
			if err != nil {
				t.Fatal(err)
			}
			_, _, _, n, err := read1(t, src, predict.Selection{Values: []int{1, 2, 3}, Numbers: []int{0}}, threads)
			wantError(t, err, fmt.Sprintf("-: row %d, column 2 (probs): row group 5: a list of ", bad+1), "the first has 3")
			if n != bad && have != 4 || n > bad {
				t.Errorf("%d threads, %d values: %d rows folded, want %d", threads, have, n, bad)
			}
		}
		src, _ := openBytes(t, ragged(3))
		_, _, _, n, err := read1(t, src, predict.Selection{Values: []int{1, 2, 3}, Numbers: []int{0}}, threads)
		wantError(t, err, fmt.Sprintf("row %d, column 1 (label): row group 5: not a number: %q", bad+2, "zz"))
		if n != bad+1 {
			t.Errorf("%d rows folded, want %d", n, bad+1)
		}
		src, _ = openBytes(t, ragged(3))
		_, err = src.Read(t.Context(), predict.Selection{Values: []int{1}}, threads, func(_ int, b *predict.Batch) error {
			if b.First+int64(b.Rows) > 12345 {
				return &predict.Error{Row: max(12345, b.First), What: "stop"}
			}
			return nil
		})
		wantError(t, err, "row 12345: stop")
	}
	// A list whose first row is missing, or that is cut into many pages.
	src, err := openBytes(t, writeParquet(50, 50, []pqField{listField("p", pq.Leaf(pq.FloatType), func(i int) []float64 {
		if i < 20 {
			return nil
		}
		return make([]float64, 40)
	})}, pq.PageBufferSize(64), pq.DataPageVersion(1)))
	if err != nil || len(src.Columns()) != 40 {
		t.Fatal(err)
	}
	_, _, missing, n, err := read1(t, src, predict.Selection{Values: []int{0, 39}}, 1)
	if err != nil || n != 50 || len(missing) != 40 {
		t.Error(n, len(missing), err)
	}
}

// survive opens and reads damaged data: it must end, in little memory, in rows or
// in an error of ours.
func survive(t testing.TB, data []byte) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src, err := openBytes(t, data)
	if err == nil {
		var sel predict.Selection
		for i := range min(len(src.Columns()), 50) {
			sel.Texts = append(sel.Texts, i)
			if src.Columns()[i].Numeric {
				sel.Values = append(sel.Values, i)
			}
		}
		_, err = src.Read(context.Background(), sel, 2, func(_ int, b *predict.Batch) error {
			for _, s := range b.Texts {
				for i := range b.Rows {
					s.At(i)
				}
			}
			if b.First > 1<<24 {
				return io.EOF // constant columns may have any number of rows
			}
			return nil
		})
		src.Close()
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<30 {
		t.Errorf("%d MB allocated for %d bytes: %v", used>>20, len(data), err)
	}
	if err != nil && err != io.EOF {
		var e *predict.Error
		if !errors.As(err, &e) {
			t.Errorf("%T: %v", err, err)
		} else if e.Source == "" {
			t.Errorf("no file in %v", err)
		}
	}
	return err
}

func TestParquetDamaged(t *testing.T) {
	for _, options := range [][]pq.WriterOption{
		{pq.Compression(&pq.Zstd), pq.DataPageVersion(1)}, {pq.DataPageVersion(2)}, {pq.Compression(&pq.Lz4Raw)},
	} {
		data := mixedParquet(60, 25, options...)
		for n := range data {
			if n%17 == 0 || n > len(data)-100 {
				if err := survive(t, data[:n]); err == nil && n > 0 {
					t.Fatalf("cut after %d of %d bytes: no error", n, len(data))
				}
			}
		}
		damage := bytes.Clone(data)
		for i := range data {
			for _, x := range []byte{1, 0x80, 0xff} {
				if (i+int(x))%29 == 0 {
					damage[i] ^= x
					survive(t, damage)
					damage[i] = data[i]
				}
			}
		}
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(mixedParquet(20, 10, pq.Compression(&pq.Zstd)))
	f.Add(mixedParquet(20, 10, pq.DataPageVersion(2)))
	f.Add(writeParquet(30, 20, confFields(func(n pq.Node) pq.Node { return n })))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("PAR1")) {
			survive(t, data)
		}
	})
}

var parquetInt64, parquetFloat = pq.Int(64), pq.Leaf(pq.FloatType)
