package predict

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// csvRows is everything a source delivered, put in order.
type csvRows struct {
	columns []Column
	sample  [][]string
	cells   map[int64]string // row: everything known about it
	count   int64
	dec     int
	err     error
}

// openedCSV makes a source of bytes; stream says how they come: 0 from a file, 1 as
// a stream, 2 as a stream that gives one byte at a time, 3 in halves.
func openedCSV(data []byte, stream int, opt CSVOptions) (Source, error) {
	in := CSVInput{At: bytes.NewReader(data), Size: int64(len(data))}
	switch stream {
	case 1:
		in = CSVInput{Stream: bytes.NewReader(data)}
	case 2:
		in = CSVInput{Stream: iotest.OneByteReader(bytes.NewReader(data))}
	case 3:
		in = CSVInput{Stream: iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(data)))}
	}
	return OpenCSV("x.csv", in, opt)
}

func readCSV(src Source, sel func(cols int) Selection, threads int) *csvRows {
	out := &csvRows{columns: src.Columns(), cells: make(map[int64]string)}
	s := src.Sample()
	for r := range s.Rows() {
		var row []string
		for c := range src.Columns() {
			row = append(row, s.Text(r, c))
		}
		out.sample = append(out.sample, row)
	}
	chosen := sel(len(src.Columns()))
	var mu sync.Mutex
	busy := make([]atomic.Bool, threads)
	out.count, out.err = src.Read(context.Background(), chosen, threads, func(worker int, b *Batch) error {
		if busy[worker].Swap(true) {
			panic("worker runs twice")
		}
		defer busy[worker].Store(false)
		missing := make(map[int]string)
		for i, m := range b.Missing {
			if i > 0 && (m.Row < b.Missing[i-1].Row || m.Row == b.Missing[i-1].Row && m.Column <= b.Missing[i-1].Column) {
				panic("missing cells out of order")
			}
			missing[int(m.Row)] += fmt.Sprintf("%d:%s;", m.Column, m.Why)
		}
		mu.Lock()
		defer mu.Unlock()
		out.dec = max(out.dec, b.Decimals)
		for i := range b.Rows {
			var s strings.Builder
			fmt.Fprintf(&s, "line %d %s", b.Line(i), missing[i])
			for _, x := range b.F64[i*b.K:][:b.K] {
				fmt.Fprintf(&s, " %x", math.Float64bits(x))
			}
			for _, c := range b.Numbers {
				fmt.Fprintf(&s, " n%x", math.Float64bits(c[i]))
			}
			for j := range b.Texts {
				fmt.Fprintf(&s, " %q", b.Texts[j].At(i))
			}
			row := b.First + int64(i)
			if _, ok := out.cells[row]; ok {
				panic("row twice")
			}
			out.cells[row] = s.String()
		}
		return nil
	})
	for row := range int64(len(out.cells)) {
		if _, ok := out.cells[row+1]; !ok {
			panic(fmt.Sprintf("row %d is not there", row+1))
		}
	}
	return out
}

func allTexts(cols int) (s Selection) {
	for c := range cols {
		s.Texts = append(s.Texts, c)
	}
	return s
}

func allValues(cols int) (s Selection) {
	for c := range cols {
		s.Values = append(s.Values, c)
	}
	return s
}

// mixedUse selects columns in several ways, some more than once, some not at all.
func mixedUse(cols int) (s Selection) {
	for c := range cols {
		switch c % 7 {
		case 0:
			s.Texts = append(s.Texts, c)
		case 1, 2:
			s.Values = append(s.Values, c)
		case 3:
			s.Numbers = append(s.Numbers, c)
		case 5:
			s.Values = append([]int{c}, s.Values...)
			s.Numbers = append(s.Numbers, c)
			s.Texts = append(s.Texts, c)
		case 6:
			s.Values = append(s.Values, c, c)
		}
	}
	return s
}

// sameCSV checks that a file reads the same with all chunk sizes, threads and kinds
// of input, and gives what it reads as.
func sameCSV(t *testing.T, data []byte, opt CSVOptions, sel func(int) Selection, chunks []int) *csvRows {
	t.Helper()
	var want *csvRows
	var wantErr string
	for _, chunk := range append([]int{1 << 20}, chunks...) {
		for threads := 1; threads <= 3; threads++ {
			for stream := range 4 {
				if stream > 1 && threads != 2 {
					continue
				}
				opt.chunk = chunk
				src, err := openedCSV(data, stream, opt)
				var got *csvRows
				if err == nil {
					got = readCSV(src, sel, threads)
					err = got.err
					if int64(len(got.cells)) != got.count {
						t.Fatalf("chunk %d, %d threads, stream %d: %d rows folded, %d counted; %v", chunk, threads, stream, len(got.cells), got.count, err)
					}
				} else {
					got = &csvRows{err: err}
				}
				if want == nil {
					want, wantErr = got, errorText(err)
					continue
				}
				got.dec = max(got.dec, want.dec) // a batch's, which may be cut elsewhere
				if text := errorText(err); text != wantErr {
					t.Fatalf("chunk %d, %d threads, stream %d: error\n%s, not\n%s\n%.300q", chunk, threads, stream, text, wantErr, data)
				}
				g, w := *got, *want
				g.err, w.err = nil, nil
				if !reflect.DeepEqual(g, w) {
					t.Fatalf("chunk %d, %d threads, stream %d:\n%v\nnot\n%v\n%.300q", chunk, threads, stream, g, w, data)
				}
			}
		}
	}
	return want
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	s := err.Error()
	var e *Error
	if errors.As(err, &e) {
		s += " | " + e.Hint
	}
	return s
}

// peerCSV is what encoding/csv reads, and what this reader should make of it.
func peerCSV(data []byte, delim byte) (rows [][]string, err error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	r.Comma = rune(delim)
	rows, err = r.ReadAll()
	return rows, err
}

// stricterCSV reports whether the data has what encoding/csv accepts and this reader
// does not: NUL bytes anywhere, a carriage return in a field without quotes, text
// that begins as UTF-16 does.
// (Besides, it takes CRLF within quotes as it is, where encoding/csv makes it LF;
// and a blank line is a row in a file of one column.)
func stricterCSV(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) || bytes.IndexByte(data, 0) >= 0 || bytes.IndexByte(bytes.ReplaceAll(data, []byte("\r\n"), nil), '\r') >= 0
}

func checkAgainstPeer(t *testing.T, data []byte, got *csvRows) {
	t.Helper()
	if _, size := sepLine(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))); size > 0 {
		return
	}
	want, err := peerCSV(data, ',')
	if got.err != nil {
		if err == nil && len(want) > 0 && !stricterCSV(data) {
			t.Fatalf("refused: %v\n%q\nencoding/csv: %q", got.err, data, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("accepted %q: %v\nencoding/csv: %v", data, got.cells, err)
	}
	if len(got.columns) == 1 && len(want) != int(got.count) { // blank lines are rows
		var with [][]string
		i := 0
		for row := range got.count {
			if strings.HasSuffix(got.cells[row+1], ` ""`) && (i == len(want) || want[i][0] != "") {
				with = append(with, []string{""})
				continue
			}
			with = append(with, want[min(i, len(want)-1)])
			i++
		}
		want = with
	}
	if len(want) != int(got.count) {
		t.Fatalf("%d rows of %q, encoding/csv %d: %q", got.count, data, len(want), want)
	}
	for i, row := range want {
		var s strings.Builder
		for _, f := range row {
			fmt.Fprintf(&s, " %q", f)
		}
		cell := strings.ReplaceAll(got.cells[int64(i+1)], `\r\n`, `\n`)
		if _, cell, _ = strings.Cut(cell, " "); !strings.HasSuffix(cell, s.String()) {
			t.Fatalf("row %d of %q: %s, encoding/csv %s", i+1, data, cell, s.String())
		}
	}
}

var csvSeeds = []string{
	"sep=;\na;b\n1;2\n", "# a,b\n1,2\n", "a b\n1 2\n\"x\" 3\n",
	"a,b,c\n1,2,3\n4,5,6\n", "a,b\r\n1,2\r\n", "a\n1\n\n2\n\n", "a,b\n\n1,2\n\n\n3,4", "\xef\xbb\xbfa,b\n1,2\n",
	"a,b\n\"x,y\",1\n\"x\ny\",2\n\"x \"\"y\"\"\",3\n\"\",4\n", "a,b\n\"x\r\ny\r\n\",2\r\n", "a,b\n1\n2,3\n", "a,b\n1,2,3\n",
	"a,b\n\"1,2\n", "a,b\n1\"2,3\n", "a,b\n\"1\"2,3\n", "a,b\n1,\"", "a,b\n1,\"\"", "a,b\n1,\"\"\"", "a,b\n1,", "a,b\n,", "a\rb\r", "a,b\n1,2\r", "\"\"\n\"\"\n",
	"0.5,0.25,-3.125\n1e5,nan,\n NA ,inf,1e-5\n", "\x00,1\n", "1,\x00\n", "\xff\xfe,1\n", "\xfe\xff\n", "\n\n\n", "\r\n1,2", ",\n,\n", "\"a\n\n\nb\",c\n\"\n\n\",d\n\n\n\"\"\"\",e\n",
	"x,\"\n\",\"\n\n\",y\n\"\n,\n\",2,3,4\n", "0.123456789,0.12345678901234567,123456789.123456789,1.2345678901234567e-05\n",
}

func TestCSVLikePeer(t *testing.T) {
	for _, s := range csvSeeds {
		got := sameCSV(t, []byte(s), CSVOptions{Delimiter: ',', NoHeader: true}, allTexts, []int{1, 2, 3, 7})
		checkAgainstPeer(t, []byte(s), got)
		sameCSV(t, []byte(s), CSVOptions{Delimiter: ',', NoHeader: true}, allValues, []int{1, 2, 3, 7})
		sameCSV(t, []byte(s), CSVOptions{Delimiter: ','}, mixedUse, []int{1, 5})
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		var b []byte
		for range rng.IntN(60) {
			b = append(b, []string{",", ",", "\n", "\n", "\"", "\"\"", "\r\n", "a", "1", "0.5", "-2.25", "é", " ", "\"x\ny\""}[rng.IntN(14)]...)
		}
		got := sameCSV(t, b, CSVOptions{Delimiter: ',', NoHeader: true}, allTexts, []int{1 + rng.IntN(64)})
		checkAgainstPeer(t, b, got)
		sameCSV(t, b, CSVOptions{Delimiter: ',', NoHeader: true}, mixedUse, []int{1 + rng.IntN(64)})
	}
}

func FuzzCSV(f *testing.F) {
	for i, s := range csvSeeds {
		f.Add([]byte(s), uint16(i*i))
	}
	f.Fuzz(func(t *testing.T, data []byte, how uint16) {
		if len(data) > 5000 {
			return
		}
		chunks := []int{1 + int(how%64), 1 + int(how)}
		opt := CSVOptions{Delimiter: ',', NoHeader: true}
		got := sameCSV(t, data, opt, allTexts, chunks)
		checkAgainstPeer(t, data, got)
		numbers := sameCSV(t, data, opt, mixedUse, chunks[:1])
		if got.err == nil && numbers.err == nil {
			checkNumbers(t, got, data)
		}
		opt.limit, opt.head = 20+int(how>>8), 50+int(how%32)
		sameCSV(t, data, opt, allValues, chunks[:1])
		sameCSV(t, data, CSVOptions{}, mixedUse, chunks[:1])
	})
}

// checkNumbers compares all cells as values with what strconv makes of them.
func checkNumbers(t *testing.T, rows *csvRows, data []byte) {
	t.Helper()
	src, err := openedCSV(data, 0, CSVOptions{Delimiter: ',', NoHeader: true, chunk: 13})
	if err != nil {
		t.Fatal(err)
	}
	sample := src.Sample()
	row := int64(0)
	_, err = src.Read(context.Background(), allValues(len(src.Columns())), 1, func(_ int, b *Batch) error {
		for i := range b.Rows {
			for c := range b.K {
				if row < int64(sample.Rows()) {
					want, werr := strconv.ParseFloat(strings.Trim(sample.Text(int(row), c), " \t"), 64)
					if got := b.F64[i*b.K+c]; werr == nil && math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
						return fmt.Errorf("row %d, column %d: %v, want %v", row+1, c+1, got, want)
					}
				}
			}
			row++
		}
		return nil
	})
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%v\n%q", err, data)
	}
}

// TestCSVWrongGuesses reads a file in which most newlines are within quotes.
func TestCSVWrongGuesses(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var b bytes.Buffer
	b.WriteString("label,\"p\n0\",p1,note\n")
	for i := range 1500 {
		fmt.Fprintf(&b, "%d,%.9f,\"%v\",\"", i%3, rng.Float64(), rng.Float64())
		for range rng.IntN(8) {
			b.WriteString([]string{"\n", "\r\n", "\"\"", ",", "0,0.5,0.5,x\n", "\n\"\"\n", "1,0.25,0.75,\"\"\n"}[rng.IntN(7)])
		}
		b.WriteString("\"\n")
		if i%250 == 249 {
			b.WriteString("\n\r\n")
		}
	}
	chunks := []int{61, 997, 64 << 10}
	if !testing.Short() {
		chunks = append(chunks, 7)
	}
	uses := func(int) Selection { return Selection{Texts: []int{0, 3}, Values: []int{1, 2}, Numbers: []int{2}} }
	got := sameCSV(t, b.Bytes(), CSVOptions{}, uses, chunks)
	if got.err != nil || got.count != 1500 {
		t.Fatal(got.count, got.err)
	}
	small := b.Bytes()[:bytes.Index(b.Bytes()[4000:], []byte("\"\n1,"))+4002]
	got = sameCSV(t, small, CSVOptions{}, uses, []int{1, 2, 3, 7})
	if got.err != nil || got.count < 20 {
		t.Fatal(got.count, got.err)
	}
	rows, err := peerCSV(b.Bytes(), ',')
	if err != nil || len(rows) != 1501 {
		t.Fatal(len(rows), err)
	}
}

func TestCSVErrors(t *testing.T) {
	for _, c := range []struct{ name, data, want, hint string }{
		{"empty", "", "x.csv: empty: no header and no rows", ""},
		{"blank", "\n\r\n\n", "x.csv: empty: no header and no rows", ""},
		{"mark only", "\xef\xbb\xbf", "x.csv: empty: no header and no rows", ""},
		{"header only", "a,b\n", "x.csv: no data rows", "there is only a header"},
		{"header and blanks", "a,b\n\n\n", "x.csv: no data rows", "there is only a header"},
		{"utf-16", "\xff\xfea\x00,\x00", "x.csv: text in UTF-16", "iconv"},
		{"nul", "a,b\n0.5,1\n0.5,\x00\n", "x.csv: row 2 (line 3), column 2 (b): a NUL byte", "UTF-16"},
		{"nul in header", "a,b\x00\n0.5,1\n", "x.csv: line 1, column 2: a NUL byte", ""},
		{"nul in quotes", "a,b\n0.5,\"1\n\x00\"\n", "x.csv: row 1 (line 3), column 2 (b): a NUL byte", ""},
		{"nul behind quote", "a,b\n0.5,\"1\"\x00\n", "x.csv: row 1 (line 2), column 2 (b): a NUL byte", ""},
		{"short", "a,b,c\n1,2,3\n1,2\n", "x.csv: row 2 (line 3): 2 fields, expected 3", ""},
		{"short at the end", "a,b,c\n1,2,3\n1", "x.csv: row 2 (line 3): 1 field, expected 3", ""},
		{"long", "a,b,c\n1,2,3\n1,2,3,4,5\n", "x.csv: row 2 (line 3): 5 fields, expected 3", ""},
		{"long by a delimiter", "a,b,c\n1,2,3,\n", "x.csv: row 1 (line 2): 4 fields, expected 3", "ends with a comma"},
		{"number in a short row", "a,b,c\n1,x\n", "x.csv: row 1 (line 2): 2 fields, expected 3", ""},
		{"not a number", "a,b,c\n1,2,3\n1,zz,y\n", `x.csv: row 2 (line 3), column 2 (b): not a number: "zz"`, ""},
		{"the same, quoted", "a,b,c\n1,2,3\n1,\"z\"\"z\",3\n", `x.csv: row 2 (line 3), column 2 (b): not a number: "z\"z"`, ""},
		{"long text", "a,b,c\n1," + strings.Repeat("é", 100) + ",3\n", `x.csv: row 1 (line 2), column 2 (b): not a number: "` + strings.Repeat("é", 20) + `"…`, ""},
		{"percent", "a,b,c\n1,12%,3\n", `not a number: "12%"`, "percentage"},
		{"decimal comma", "a;b;c\n1;0,5;3\n", `x.csv: row 1 (line 2), column 2 (b): not a number: "0,5"`, "decimal points"},
		{"decimal comma, quoted", "a,b,c\n1,\"0,5\",3\n", `not a number: "0,5"`, "decimal points"},
		{"thousands", "a,b,c\n1,\"1,234.5\",3\n", `not a number: "1,234.5"`, "marks between the digits"},
		{"underscore", "a,b,c\n1,1_000,3\n", `not a number: "1_000"`, "marks between the digits"},
		{"hex", "a,b,c\n1,0x10,3\n", `not a number: "0x10"`, "in decimal"},
		{"true", "a,b,c\n1,True,3\n", `not a number: "True"`, "astype"},
		{"too large", "a,b,c\n1,1e999,3\n", `x.csv: row 1 (line 2), column 2 (b): out of range: "1e999"`, ""},
		{"open quote", "a,b,c\n1,2,3\n1,\"\n2,3\n1,2,3\n", "x.csv: row 2 (line 3), column 2 (b): the quote that opens this field is never closed", ""},
		{"open quote in the header", "a,\"b,c\n1,2,3\n", "x.csv: line 1, column 2: the quote that opens this field is never closed", ""},
		{"stray quote", "a,b,c\n1,2\"x,3\n", "x.csv: row 1 (line 2), column 2 (b): a quote", "double those"},
		{"space and quote", "a,b,c\n1, \"2\",3\n", "x.csv: row 1 (line 2), column 2 (b): a space before the quote", "right after"},
		{"text behind a quote", "a,b,c\n1,\"2\"xyz,3\n", `x.csv: row 1 (line 2), column 2 (b): "xyz" after the closing quote`, "doubled"},
		{"old mac", "a,b,c\r1,2,3\r", "x.csv: line 1, column 3: a carriage return without a newline", "LF"},
		{"lone return", "a,b,c\n1,2\r,3\n", "x.csv: row 1 (line 2), column 2 (b): a carriage return", "LF"},
		{"twice", "a,b, a\n1,2,3\n", `x.csv: line 1: columns 1 and 3 are both called "a"`, ""},
		{"numbers as header", "0.5,0.5\n1,0\n", "x.csv: line 1: the first line looks like data", "--no-header"},
		{"label and numbers as header", "cat,0.25,0.75\ndog,1,0\n", "x.csv: line 1: the first line looks like data", "--no-header"},
		{"a class called y", "y,0.25,0.75\nn,1,0\n", "x.csv: line 1: the first line looks like data", "--no-header"},
		{"one number as header", "3\n1\n2\n", "x.csv: line 1: the first line looks like data", "--no-header"},
		{"digits as header", "5,1,3\n1,0,2\n", "x.csv: line 1: the first line looks like data", "--no-header"},
		{"line with embedded newlines", "a,b,c\n1,2,\"\n\n\"\n\n\n1,\"2\n\",x\"\n", "x.csv: row 2 (line 8), column 3 (c): a quote", ""},
		{"a remark first", "# model 3\nlabel,p\na,0.5\n", "x.csv: row 1 (line 2): 2 fields, expected 1", "tail -n +2 x.csv"},
		{"R's row names", "\"y\" \"prob\"\n\"1\" 0 0.5\n\"2\" 1 0.25\n", "x.csv: row 1 (line 2): 3 fields, expected 2", "row.names = FALSE"},
		{"behind Excel's line", "sep=;\na;b\n1;2\n3\n", "x.csv: row 2 (line 4): 1 field, expected 2", ""},
		{"commas in a file of one column", "a\nx\ny,z\n", "x.csv: row 2 (line 3): 2 fields, expected 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sameCSV(t, []byte(c.data), CSVOptions{}, func(n int) Selection {
				if n == 1 {
					return Selection{Texts: []int{0}}
				}
				return Selection{Texts: []int{0}, Values: []int{1}}
			}, []int{1, 5, 64})
			if got.err == nil || !strings.Contains(got.err.Error(), c.want) || !strings.Contains(errorText(got.err), c.hint) {
				t.Errorf("%s\nwant\n%s | %s", errorText(got.err), c.want, c.hint)
			}
			var e *Error
			if !errors.As(got.err, &e) {
				t.Errorf("%T", got.err)
			}
		})
	}
}

func TestCSVColumns(t *testing.T) {
	for _, c := range []struct {
		name, data string
		opt        CSVOptions
		want       string
		rows       int64
	}{
		{"comma", "label,p_0,p_1\na,0.5,0.5\n", CSVOptions{}, "label p_0 p_1", 1},
		{"semicolon", "label;p_0;p_1\na;0,5;0,5\nb;0,1;0,9\n", CSVOptions{}, "label p_0 p_1", 2},
		{"tab", "label\tp,0\tp,1\na\t0.5\t0.5\n", CSVOptions{}, "label p,0 p,1", 1},
		{"bar", "label|p_0|p_1\na|0.5|0.5\n", CSVOptions{}, "label p_0 p_1", 1},
		{"quoted delimiters", "\"a;b;c\",d\n\"x;y;z\",0.5\n", CSVOptions{}, "a;b;c d", 1},
		{"one column", "label\nred\ngreen\n", CSVOptions{}, "label", 2},
		{"one column, blank rows", "label\nred\n\ngreen\n\n\n", CSVOptions{}, "label", 3},
		{"no header", "user|item,0.3,0.7\nuser|item,0.4,0.6\n", CSVOptions{NoHeader: true}, "1 2 3", 2},
		{"no header, decimal commas", "0,1;0,2\n0,3;0,4\n", CSVOptions{NoHeader: true}, "1 2", 2},
		{"given", "a;b,c\nx;y,z\n", CSVOptions{Delimiter: ','}, "a;b c", 1},
		{"blanks", "label p_0 p_1\na 0.5 0.5\nb 0.25 0.75\n", CSVOptions{}, "label p_0 p_1", 2},
		{"blanks, no header", "1.5e-01 8.5e-01\n2.5e-01 7.5e-01\n", CSVOptions{NoHeader: true}, "1 2", 2},
		{"blanks in names", "true label\n1\n0\n", CSVOptions{}, "true label", 2},
		{"blanks in labels", "label name\niris setosa\niris virginica\n", CSVOptions{}, "label name", 2},
		{"Excel's line", "sep=;\nlabel;p,0\na;0,5\n", CSVOptions{}, "label p,0", 1},
		{"Excel's line, mark, return", "\xef\xbb\xbfsep=|\r\nlabel|a,b\r\na|0.5\r\n", CSVOptions{}, "label a,b", 1},
		{"a name like Excel's line", "sep=,x\n1,2\n", CSVOptions{}, "sep= x", 1},
		{"numpy's header", "# label,0,1\n1.0,0.5,0.5\n", CSVOptions{}, "label 0 1", 1},
		{"index", ",p_0,p_1\n0,0.5,0.5\n", CSVOptions{}, " p_0 p_1", 1},
		{"classes", "0,1,2\n0.5,0.25,0.25\n", CSVOptions{}, "0 1 2", 1},
		{"classes in order of text", "0,1,10,2\n0.5,0.25,0.25,0\n", CSVOptions{}, "0 1 10 2", 1},
		{"label and classes", "label,0,1\na,0.25,0.25\n", CSVOptions{}, "label 0 1", 1},
		{"quantiles", "id,0.1,0.5,0.9\na,1,2,3\n", CSVOptions{}, "id 0.1 0.5 0.9", 1},
		{"mark, space, quotes, return", "\xef\xbb\xbf\"label\" , p 0\t\r\na,1\r\n", CSVOptions{Delimiter: 1}, "", 0},
		{"mark and space", "\xef\xbb\xbf\"label\", p 0\t\r\na,1\r\n", CSVOptions{}, "label p 0", 1},
		{"blank lines first", "\n\r\nlabel,p\na,1\n", CSVOptions{}, "label p", 1},
		{"two without a name", ",a,\n1,2,3\n", CSVOptions{}, " a ", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sameCSV(t, []byte(c.data), c.opt, allTexts, []int{3})
			if c.want == "" {
				if got.err == nil {
					t.Fatal("no error")
				}
				return
			}
			if got.err != nil {
				t.Fatal(errorText(got.err))
			}
			var names []string
			for _, col := range got.columns {
				names = append(names, col.Name)
				if col.Named == c.opt.NoHeader {
					t.Error(col)
				}
			}
			if s := strings.Join(names, " "); s != c.want || got.count != c.rows {
				t.Errorf("%q, %d rows; want %q, %d", s, got.count, c.want, c.rows)
			}
		})
	}
}

func TestCSVBatch(t *testing.T) {
	data := "id,y,p,q,w\n" +
		"a,1,0.25,0.75,2\n" +
		"\"b\nc\",0,,na,\n" +
		"d,1,1e-05,\"2.5\",nan\n" +
		"\n" +
		"e,x, 3 ,-Inf,1e3"
	src, err := openedCSV([]byte(data), 0, CSVOptions{Format: "csv.gz"})
	if err != nil {
		t.Fatal(err)
	}
	if src.Name() != "x.csv" || src.Format() != "csv.gz" || src.Sample().Rows() != 4 || src.Sample().Text(1, 0) != "b\nc" {
		t.Error(src.Name(), src.Format(), src.Sample().Rows(), src.Sample().Text(1, 0))
	}
	for _, c := range []struct {
		row, col int
		want     float64
		ok       bool
	}{{0, 2, 0.25, true}, {1, 2, math.NaN(), true}, {1, 3, math.NaN(), true}, {2, 3, 2.5, true}, {3, 1, 0, false}, {3, 3, math.Inf(-1), true}} {
		x, ok := src.Sample().Number(c.row, c.col)
		if ok != c.ok || ok && math.Float64bits(x) != math.Float64bits(c.want) && !(math.IsNaN(x) && math.IsNaN(c.want)) {
			t.Errorf("cell %d, %d: %v, %v", c.row, c.col, x, ok)
		}
	}
	n, err := src.Read(context.Background(), Selection{Values: []int{3, 2}, Numbers: []int{4, 2}, Texts: []int{1, 0}}, 2, func(_ int, b *Batch) error {
		nan := math.NaN()
		if b.First != 1 || b.Rows != 4 || b.K != 2 || b.Decimals != 5 || b.FirstLine != 2 {
			t.Errorf("%+v", b)
		}
		if s := fmt.Sprint(b.F64); s != fmt.Sprint([]float64{0.75, 0.25, nan, nan, 2.5, 1e-5, math.Inf(-1), 3}) {
			t.Error(s)
		}
		if s := fmt.Sprint(b.Numbers); s != fmt.Sprint([][]float64{{2, nan, nan, 1000}, {0.25, nan, 1e-5, 3}}) {
			t.Error(s)
		}
		if s := fmt.Sprint(b.Missing); s != "[{1 2 empty} {1 3 NA} {1 4 empty} {2 4 NaN}]" {
			t.Error(s)
		}
		if s := fmt.Sprintf("%q", b.Texts[1].Data); s != `"ab\ncde"` || string(b.Texts[0].At(3)) != "x" {
			t.Error(s)
		}
		if s := fmt.Sprint(b.Line(0), b.Line(1), b.Line(2), b.Line(3)); s != "2 3 5 7" {
			t.Error(s)
		}
		return nil
	})
	if n != 4 || err != nil {
		t.Error(n, err)
	}
}

func TestCSVSample(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("a,b\n")
	for i := range 2500 {
		fmt.Fprintf(&b, "%d,x\n", i)
	}
	got := sameCSV(t, b.Bytes(), CSVOptions{}, allTexts, []int{100})
	if len(got.sample) != 1000 || got.count != 2500 || got.sample[999][0] != "999" {
		t.Error(len(got.sample), got.count)
	}
	got = sameCSV(t, b.Bytes(), CSVOptions{head: 50}, allTexts, []int{100})
	if len(got.sample) != 12 || got.count != 2500 {
		t.Error(len(got.sample), got.count)
	}
	// The sample ends before a bad row, which is reported in its turn.
	got = sameCSV(t, []byte("a,b\nx,1\ny,2,3\n"), CSVOptions{}, allTexts, []int{100})
	if len(got.sample) != 1 || got.count != 1 || got.err == nil {
		t.Error(len(got.sample), got.count, got.err)
	}
}

// TestCSVLimit checks the longest record.
func TestCSVLimit(t *testing.T) {
	long := "a,b\nx,1\n\"" + strings.Repeat("y\n", 500) + "\",2\nz,3\n"
	got := sameCSV(t, []byte(long), CSVOptions{limit: 1005}, allTexts, []int{1, 10, 100, 1000})
	if got.err != nil || got.count != 3 {
		t.Error(got.err)
	}
	got = sameCSV(t, []byte(long), CSVOptions{limit: 1004}, allTexts, []int{1, 10, 100, 1000})
	if s := errorText(got.err); s != "x.csv: row 2 (line 3): a record of more than 1004 bytes begins here | is there a quote that is never closed?" || got.count != 1 {
		t.Error(s, got.count)
	}
	open := "a,b\nx,1\n\"" + strings.Repeat("y\n", 5000)
	got = sameCSV(t, []byte(open), CSVOptions{limit: 500}, allTexts, []int{1, 10, 100, 1000})
	if s := errorText(got.err); !strings.HasPrefix(s, "x.csv: row 2 (line 3): a record of more than 500 bytes") {
		t.Error(s)
	}
	got = sameCSV(t, []byte("\"a"+strings.Repeat("y\n", 5000)), CSVOptions{limit: 500}, allTexts, []int{1, 1000})
	if s := errorText(got.err); !strings.HasPrefix(s, "x.csv: line 1: a record of more than 500 bytes") {
		t.Error(s)
	}
}

// manyRowsCSV is a file whose fold takes long enough for chunks to overtake each other.
func manyRowsCSV(rows int) []byte {
	rng := rand.New(rand.NewPCG(7, 8))
	b := []byte("y,p0,p1\n")
	for i := range rows {
		p := math.Round(rng.Float64()*1e9) / 1e9
		b = strconv.AppendInt(b, int64(i%2), 10)
		b = append(b, ',')
		b = strconv.AppendFloat(b, p, 'f', -1, 64)
		b = append(b, ',')
		b = strconv.AppendFloat(b, 1-p, 'f', 9, 64)
		b = append(b, '\n')
	}
	return b
}

// TestCSVFirstError checks that the error is the earliest row's, and that every
// row before it has been folded, whatever fails first.
func TestCSVFirstError(t *testing.T) {
	data := manyRowsCSV(20000)
	bad := append(append(bytes.Clone(data), "1,zz,0\n"...), data[8:]...)
	bad = append(bad, "1,2\n"...)
	for _, threads := range []int{1, 2, 8} {
		for stream := range 2 {
			for _, foldFails := range []int64{0, 20000, 20001, 70} {
				src, err := openedCSV(bad, stream, CSVOptions{chunk: 4096})
				if err != nil {
					t.Fatal(err)
				}
				var mu sync.Mutex
				var folded int64
				rows, err := src.Read(context.Background(), Selection{Texts: []int{0}, Values: []int{1, 2}}, threads, func(worker int, b *Batch) error {
					if worker >= threads {
						t.Errorf("worker %d", worker)
					}
					time.Sleep(time.Duration(b.First%7) * 10 * time.Microsecond)
					for i := range int64(b.Rows) {
						// Every row from there on fails, so that later ones may fail first.
						if row := b.First + i; foldFails > 0 && row >= foldFails {
							return &Error{Source: "x.csv", Row: row, What: "fold"}
						}
						mu.Lock()
						folded++
						mu.Unlock()
					}
					return nil
				})
				var e *Error
				want := int64(20001)
				if foldFails > 0 && foldFails < want {
					want = foldFails
				}
				if !errors.As(err, &e) || e.Row != want || rows != want-1 || folded < rows {
					t.Fatalf("%d threads, stream %d, fold fails at %d: %v; %d rows, %d folded", threads, stream, foldFails, err, rows, folded)
				}
				if (e.What == "fold") != (foldFails > 0 && foldFails <= 20000) {
					t.Fatal(err)
				}
				if e.What != "fold" && e.Error() != `x.csv: row 20001 (line 20002), column 2 (p0): not a number: "zz"` {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestCSVCancel(t *testing.T) {
	data := manyRowsCSV(20000)
	for _, threads := range []int{1, 3} {
		for stream := range 2 {
			src, err := openedCSV(data, stream, CSVOptions{chunk: 4096})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			var batches atomic.Int64
			_, err = src.Read(ctx, allTexts(3), threads, func(int, *Batch) error {
				if batches.Add(1) == 5 {
					cancel()
				}
				return nil
			})
			if err != context.Canceled || batches.Load() > 60 {
				t.Error(err, batches.Load())
			}
			cancel()
		}
	}
	// A stream that keeps silent.
	r, w := io.Pipe()
	go w.Write(append(bytes.Clone(data[:100000]), '\n'))
	src, err := OpenCSV("-", CSVInput{Stream: r}, CSVOptions{chunk: 4096})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err = src.Read(ctx, allTexts(3), 2, func(int, *Batch) error { return nil }); err != context.DeadlineExceeded {
		t.Error(err)
	}
	w.Close()
	// And one that does while the fold fails.
	r, w = io.Pipe()
	go w.Write(append(bytes.Clone(data[:100000]), '\n'))
	if src, err = OpenCSV("-", CSVInput{Stream: r}, CSVOptions{chunk: 4096}); err != nil {
		t.Fatal(err)
	}
	if _, err = src.Read(context.Background(), allTexts(3), 2, func(int, *Batch) error { return io.ErrClosedPipe }); err != io.ErrClosedPipe {
		t.Error(err)
	}
	w.Close()
}

// shrinkingFile is a file of which some is gone after it was opened, or cannot be read.
type shrinkingFile struct {
	data []byte
	at   int64
	err  error
}

func (s *shrinkingFile) ReadAt(b []byte, off int64) (int, error) {
	if s.at > 0 && off+int64(len(b)) > s.at {
		n := copy(b, s.data[min(off, s.at):s.at])
		return n, s.err
	}
	return bytes.NewReader(s.data).ReadAt(b, off)
}

func TestCSVInputFails(t *testing.T) {
	data := manyRowsCSV(20000)
	for _, fail := range []error{io.EOF, errors.New("input/output error")} {
		for _, threads := range []int{1, 2, 3} {
			in := &shrinkingFile{data: data, err: fail}
			src, err := OpenCSV("x.csv", CSVInput{At: in, Size: int64(len(data))}, CSVOptions{chunk: 4096})
			if err != nil {
				t.Fatal(err)
			}
			in.at = 200_000
			rows, err := src.Read(context.Background(), allTexts(3), threads, func(int, *Batch) error { return nil })
			whole := int64(bytes.Count(data[:200_000], newline)) - 1
			var e *Error
			if !errors.As(err, &e) || e.Row != whole+1 || rows != whole {
				t.Error(rows, whole, err)
			}
			if fail == io.EOF && e.What != "the file became shorter while it was read" || fail != io.EOF && !errors.Is(err, fail) {
				t.Error(err)
			}
		}
	}
	for _, stream := range []io.Reader{
		io.MultiReader(bytes.NewReader(data[:200_000]), iotest.ErrReader(errors.New("broken"))),
		iotest.TimeoutReader(bytes.NewReader(data)),
		io.MultiReader(bytes.NewReader(data[:200_000]), iotest.ErrReader(&Error{Source: "x.csv", What: "damaged"})),
	} {
		src, err := OpenCSV("x.csv", CSVInput{Stream: stream}, CSVOptions{chunk: 4096})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := src.Read(context.Background(), allTexts(3), 2, func(int, *Batch) error { return nil })
		var e *Error
		if !errors.As(err, &e) || e.Row != rows+1 || e.Line != rows+2 || e.Source != "x.csv" || rows < 100 {
			t.Error(rows, err)
		}
	}
	// Another file in its place: anything but a panic.
	rng := rand.New(rand.NewPCG(9, 10))
	for range 20 {
		changed := bytes.Clone(data)
		in := &shrinkingFile{data: changed}
		src, err := OpenCSV("x.csv", CSVInput{At: in, Size: int64(len(data))}, CSVOptions{chunk: 4096})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			changed[rng.IntN(len(changed))] = "\",\n\r\x00x"[rng.IntN(6)]
		}
		src.Read(context.Background(), allTexts(3), 3, func(int, *Batch) error { return nil })
	}
	if _, err := OpenCSV("x.csv", CSVInput{Stream: iotest.ErrReader(errors.New("broken"))}, CSVOptions{}); err == nil || err.Error() != "x.csv: broken" {
		t.Error(err)
	}
}

func TestCSVFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.csv")
	data := manyRowsCSV(100_000)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src, err := OpenCSV(path, CSVInput{At: f, Size: int64(len(data))}, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a file may be read again
		var sum atomic.Int64
		rows, err := src.Read(context.Background(), Selection{Values: []int{1, 2}}, 2, func(_ int, b *Batch) error {
			for i := range b.Rows {
				if p := b.F64[2*i] + b.F64[2*i+1]; !(math.Abs(p-1) <= 1e-8) {
					return &Error{Row: b.First + int64(i), What: fmt.Sprint(p)}
				}
			}
			sum.Add(int64(b.Rows))
			return nil
		})
		if rows != 100_000 || err != nil || sum.Load() != rows {
			t.Fatal(rows, sum.Load(), err)
		}
	}
}

func TestCSVSelectionOutOfRange(t *testing.T) {
	src, err := openedCSV([]byte("a,b\n1,2\n"), 0, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "predict: ") {
			t.Error(s)
		}
	}()
	src.Read(context.Background(), Selection{Values: []int{2}}, 1, nil)
}

// benchCSV is a file of labels and ten probabilities.
func benchCSV(rows, digits int) []byte {
	rng := rand.New(rand.NewPCG(11, 12))
	b := []byte("label,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9\n")
	var p [10]float64
	for range rows {
		sum := 0.0
		for i := range p {
			p[i] = -math.Log(1 - rng.Float64())
			sum += p[i]
		}
		b = strconv.AppendInt(b, int64(rng.IntN(10)), 10)
		for i := range p {
			b = append(b, ',')
			x := p[i] / sum
			if digits < 17 {
				x = math.Round(x*1e9) / 1e9
			}
			if x < 1e-4 && digits == 17 { // as Python writes it
				b = strconv.AppendFloat(b, x, 'e', -1, 64)
			} else {
				b = strconv.AppendFloat(b, x, 'f', -1, 64)
			}
		}
		b = append(b, '\n')
	}
	return b
}

func benchLogits(rows int) []byte {
	rng := rand.New(rand.NewPCG(13, 14))
	b := []byte("label,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9\n")
	for range rows {
		b = strconv.AppendInt(b, int64(rng.IntN(10)), 10)
		for range 10 {
			b = append(b, ',')
			b = strconv.AppendFloat(b, float64(float32(rng.NormFloat64()*6)), 'g', -1, 32)
		}
		b = append(b, '\n')
	}
	return b
}

func BenchmarkCSV(b *testing.B) {
	for _, c := range []struct {
		name string
		data []byte
	}{{"9digits", benchCSV(320_000, 9)}, {"17digits", benchCSV(200_000, 17)}, {"logits", benchLogits(320_000)}} {
		path := filepath.Join(b.TempDir(), "p.csv")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			b.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for threads := 1; threads <= 2; threads++ {
			b.Run(fmt.Sprintf("%s/threads=%d", c.name, threads), func(b *testing.B) {
				b.SetBytes(int64(len(c.data)))
				b.ReportAllocs()
				for b.Loop() {
					src, err := OpenCSV(path, CSVInput{At: f, Size: int64(len(c.data))}, CSVOptions{})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := src.Read(context.Background(), Selection{Texts: []int{0}, Values: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, threads,
						func(int, *Batch) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		f.Close()
	}
}
