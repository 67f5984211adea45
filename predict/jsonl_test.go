package predict

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// openJSONText opens text as a file, or as a stream.
func openJSONText(text string, stream bool) (Source, error) {
	if stream {
		return OpenJSONStream("f.jsonl", io.MultiReader(strings.NewReader(text[:len(text)/2]), strings.NewReader(text[len(text)/2:])))
	}
	return OpenJSON("f.jsonl", strings.NewReader(text), int64(len(text)))
}

// jsonAll is what reading gave, put in order.
type jsonAll struct {
	rows    int64
	values  []float64
	numbers [][]float64
	texts   [][]string
	missing []string
	lines   []int64
	dec     int
	err     error
}

func readJSON(t testing.TB, src Source, sel Selection, threads int) *jsonAll {
	t.Helper()
	type piece struct {
		first int64
		jsonAll
	}
	var mu sync.Mutex
	var pieces []piece
	rows, err := src.Read(context.Background(), sel, threads, func(_ int, b *Batch) error {
		p := piece{first: b.First, jsonAll: jsonAll{values: slices.Clone(b.F64[:b.Rows*b.K]), dec: b.Decimals}}
		if b.K != len(sel.Values) || len(b.Numbers) != len(sel.Numbers) || len(b.Texts) != len(sel.Texts) {
			t.Errorf("batch of another selection")
		}
		for _, c := range b.Numbers {
			if len(c) != b.Rows {
				t.Errorf("%d numbers in a batch of %d rows", len(c), b.Rows)
			}
			p.numbers = append(p.numbers, slices.Clone(c))
		}
		for i := range b.Texts {
			var col []string
			for row := range b.Rows {
				col = append(col, string(b.Texts[i].At(row)))
			}
			if len(b.Texts[i].Off) != b.Rows+1 {
				t.Errorf("%d strings in a batch of %d rows", len(b.Texts[i].Off)-1, b.Rows)
			}
			p.texts = append(p.texts, col)
		}
		for _, m := range b.Missing {
			p.missing = append(p.missing, fmt.Sprintf("%d %d %v", b.First+int64(m.Row), m.Column, m.Why))
		}
		for i := range b.Rows {
			p.lines = append(p.lines, b.Line(i))
		}
		p.rows = int64(b.Rows)
		mu.Lock()
		pieces = append(pieces, p)
		mu.Unlock()
		return nil
	})
	slices.SortFunc(pieces, func(a, b piece) int { return int(a.first - b.first) })
	all := &jsonAll{rows: rows, err: err, numbers: make([][]float64, len(sel.Numbers)), texts: make([][]string, len(sel.Texts))}
	next := int64(1)
	for _, p := range pieces {
		if p.first > rows && err != nil { // folded although an earlier row failed
			continue
		}
		if p.first != next {
			t.Errorf("batch begins at row %d, expected %d", p.first, next)
		}
		next += p.rows
		all.values = append(all.values, p.values...)
		for i, c := range p.numbers {
			all.numbers[i] = append(all.numbers[i], c...)
		}
		for i, c := range p.texts {
			all.texts[i] = append(all.texts[i], c...)
		}
		all.missing = append(all.missing, p.missing...)
		all.lines = append(all.lines, p.lines...)
		all.dec = max(all.dec, p.dec)
	}
	if next != rows+1 {
		t.Errorf("%d rows in batches, %d returned (error: %v)", next-1, rows, err)
	}
	return all
}

// same compares floats by their bits, all NaN being one.
func sameFloats(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool {
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	})
}

func (a *jsonAll) equal(b *jsonAll) bool {
	return a.rows == b.rows && sameFloats(a.values, b.values) && slices.EqualFunc(a.numbers, b.numbers, sameFloats) &&
		slices.EqualFunc(a.texts, b.texts, slices.Equal[[]string]) && slices.Equal(a.missing, b.missing) &&
		slices.Equal(a.lines, b.lines) && a.dec == b.dec && fmt.Sprint(a.err) == fmt.Sprint(b.err)
}

// inBlocks runs f with small blocks, so that records lie across their borders.
func inBlocks(size int, f func()) {
	saved := jsonBlockSize
	jsonBlockSize = size
	defer func() { jsonBlockSize = saved }()
	f()
}

func columnNamesOf(src Source) (names []string) {
	for _, c := range src.Columns() {
		names = append(names, c.Name)
	}
	return names
}

func allColumns(src Source) (all []int) {
	for i := range src.Columns() {
		all = append(all, i)
	}
	return all
}

func TestJSONColumns(t *testing.T) {
	for _, c := range []struct{ text, names string }{
		{`{"label":1,"p":0.5}`, "label p"},
		{`{"label":1,"p":[0.5,0.25,0.25]}`, "label p.0 p.1 p.2"},
		{"{\"a\":1}\n{\"b\":2,\"a\":null}\n", "a b"},
		{`{"y":"x","q":{"x":0.5,"y":0.5},"z":1}`, "y q.x q.y z"},
		{"{\"v\":[1]}\n{\"v\":[1,2]}", "v"},
		{"{\"v\":[1]}\n{\"v\":3}", "v"},
		{"{\"v\":[\"a\",\"b\"]}", "v"},
		{"{\"v\":null,\"w\":1}\n{\"v\":{\"a\":{\"b\":1}}}", "v.a.b w"},
		{`[{"a":1},{"a":2}]`, "a"},
		{"\ufeff{\"a\":1}", "a"},
		{"{\n \"a\": 1,\n \"b\": [1, NaN]\n}\n", "a b.0 b.1"},
		{`{"a":{}}`, "a"},
		{`{"y":"u","s":[{"label":"t","score":0.25},{"label":"u","score":0.75}]}`, "y s.t s.u"},
		{`{"s":[{"label":"t"}]}`, "s"},
	} {
		for _, stream := range []bool{false, true} {
			src, err := openJSONText(c.text, stream)
			if err != nil {
				t.Errorf("%q: %v", c.text, err)
				continue
			}
			if got := strings.Join(columnNamesOf(src), " "); got != c.names {
				t.Errorf("%q: columns %q, want %q", c.text, got, c.names)
			}
		}
	}
}

func TestJSONCells(t *testing.T) {
	text := strings.Join([]string{
		`{"id":"a\u00e9\n","p":0.25,"n":3,"v":[1,2.5,-3e2],"t":true}`,
		`{"p":null,"n":NaN,"v":[null,NaN,-Infinity],"t":false,"id":"b","extra":[{}]}`,
		``,
		`{"id":7,"p":"NaN","v":null,"p":1e-3,"id":"last"}` + "\r",
		` {"n":-0,"p":"","id":null,"t":null} `,
	}, "\n")
	for _, size := range []int{8, 64, 1 << 18} {
		for _, stream := range []bool{false, true} {
			for _, threads := range []int{1, 3} {
				inBlocks(size, func() {
					src, err := openJSONText(text, stream)
					if err != nil {
						t.Fatal(err)
					}
					if got := strings.Join(columnNamesOf(src), " "); got != "id p n v.0 v.1 v.2 t extra" {
						t.Fatalf("columns %s", got)
					}
					all := readJSON(t, src, Selection{Values: []int{1, 3, 4, 5}, Numbers: []int{2, 6}, Texts: []int{0, 6, 3, 7}}, threads)
					nan, inf := math.NaN(), math.Inf(-1)
					want := &jsonAll{rows: 4, dec: 3,
						values:  []float64{0.25, 1, 2.5, -300, nan, nan, nan, inf, 1e-3, nan, nan, nan, nan, nan, nan, nan},
						numbers: [][]float64{{3, nan, nan, math.Copysign(0, -1)}, {1, 0, nan, nan}},
						texts:   [][]string{{"aé\n", "b", "last", ""}, {"true", "false", "", ""}, {"1", "", "", ""}, {"", "[{}]", "", ""}},
						missing: []string{"2 1 NA", "2 2 NaN", "2 3 NA", "2 4 NaN", "3 2 empty", "3 3 NA", "3 4 NA", "3 5 NA", "3 6 empty",
							"4 1 empty", "4 3 empty", "4 4 empty", "4 5 empty", "4 6 NA"},
						lines: []int64{1, 2, 4, 5}}
					if !all.equal(want) {
						t.Errorf("blocks of %d, stream %v, %d threads:\n got %+v\nwant %+v", size, stream, threads, all, want)
					}
				})
			}
		}
	}
}

func TestJSONErrors(t *testing.T) {
	good := strings.Repeat("{\"k\":\"x\",\"p\":0.5,\"v\":[1,2]}\n", 1200)
	for _, c := range []struct{ bad, want string }{
		{`{"k":"x","p":"zz","v":[1,2]}`, `column 2 (p): not a number: text ("zz")`},
		{`{"k":"x","p":"0.5","v":[1,2]}`, `column 2 (p): not a number: text ("0.5")`},
		{`{"k":"x","p":[1],"v":[1,2]}`, `column 2 (p): not a number: an array`},
		{`{"k":"x","p":1e999,"v":[1,2]}`, `column 2 (p): out of range: 1e999, expected a number within ±1.8e308`},
		{`{"k":"x","p":1,"v":[1,2,3]}`, `"v": an array of 3 numbers, expected 2 as in the first records`},
		{`{"k":"x","p":1,"v":[1]}`, `"v": an array of 1 number, expected 2 as in the first records`},
		{`{"k":"x","p":1,"v":[1,"q"]}`, `column 4 (v.1): not a number: text ("q")`},
		{`{"k":"x","p":1,"v":{"a":1}}`, `"v": an object, expected an array of 2 numbers as in the first records`},
		{`{"k":"x","p":1,"v":[1,2,]}`, `"]" where a value should be`},
		{`{"k":"x","p":1,"v":[1,2}`, `"}" where a comma or ] should be`},
		{`{"k":"x","p":01}`, `"01" where a number should be`},
		{`{"k":"x","p":1.}`, `"1." where a number should be`},
		{`{"k":"x" "p":1}`, `"\"p\":1" where a comma or } should be`},
		{`{"k":"x`, `the line ends within a string`},
		{`{"k":"\q"}`, `"q\"" where the rest of an escape should be`},
		{`{"k":1,`, `the line ends where a key should be`},
		{`{"k":1} x`, `"x" where the end of the line should be`},
		{`[1]`, `"[1" where an object should be`},
		{"{\"k\":\"\x01\"}", `a control character (0x01) within a string`},
		{"{\"k\":\x00}", `a NUL byte`},
		{strings.Repeat(`{"k":`, 600), `nested deeper than 500`},
	} {
		for _, stream := range []bool{false, true} {
			for _, threads := range []int{1, 3} {
				inBlocks(1000, func() {
					src, err := openJSONText(good+"\n"+c.bad+"\n"+good, stream)
					if err != nil {
						t.Fatal(err)
					}
					all := readJSON(t, src, Selection{Values: []int{1, 2, 3}, Texts: []int{0}}, threads)
					want := "f.jsonl: row 1201 (line 1202)"
					if err := fmt.Sprint(all.err); !strings.HasPrefix(err, want) || !strings.HasSuffix(err, c.want) {
						t.Errorf("%.60q: %v, want %s: %s", c.bad, err, want, c.want)
					}
					if all.rows != 1200 {
						t.Errorf("%.60q: %d rows", c.bad, all.rows)
					}
				})
			}
		}
	}
}

func TestJSONOpenErrors(t *testing.T) {
	for text, want := range map[string]string{
		"   ":                     "f.jsonl: nothing but blanks",
		"[]":                      "f.jsonl: an array with nothing in it",
		"[1,2]":                   `f.jsonl: row 1 (line 1): "1" where an object should be`,
		"{\"a\":1":                "f.jsonl: row 1 (line 1): the text ends where a comma or } should be",
		"\n\n{\"a\":\n x}":        `f.jsonl: row 1 (line 4): "x" where a value should be`,
		"[{\"a\":1}":              "f.jsonl: row 2 (line 1): the file ends where a comma or ] should be",
		"[{\"a\":1},]":            `f.jsonl: row 2 (line 1): "]" where an object should be`,
		"[{\"a\":1}\n,\n{]":       `f.jsonl: row 2 (line 3): "]" where a key should be`,
		"[{\"a\":1}] {}":          `f.jsonl: row 2 (line 1): "{" where the end of the file, after the array, should be`,
		"{\"a\":1}\n{\"a\":1}\n}": `f.jsonl: row 3 (line 3): "}" where an object should be`,
	} {
		for _, stream := range []bool{false, true} {
			if _, err := openJSONText(text, stream); fmt.Sprint(err) != want {
				t.Errorf("%q: %v, want %s", text, err, want)
			}
		}
	}
}

// The rows of one array or of records over several lines are those of lines.
func TestJSONShapes(t *testing.T) {
	var lines, array, pretty strings.Builder
	array.WriteString(" [")
	for i := range 1500 {
		rec := fmt.Sprintf(`{"i":%d,"s":"}]\\\"{%d","v":[%g,{"x":[]}]}`, i, i, float64(i)/7)
		lines.WriteString(rec + "\n")
		if i > 0 {
			array.WriteString(" ,\n")
		}
		array.WriteString(rec)
		var b bytes.Buffer
		json.Indent(&b, []byte(rec), "", "  ")
		pretty.Write(b.Bytes())
	}
	array.WriteString("\n]\n\n")
	var want *jsonAll
	for _, text := range []string{lines.String(), array.String(), pretty.String()} {
		for _, size := range []int{16, 1 << 10, 1 << 18} {
			for _, stream := range []bool{false, true} {
				inBlocks(size, func() {
					src, err := openJSONText(text, stream)
					if err != nil {
						t.Fatal(err)
					}
					all := readJSON(t, src, Selection{Numbers: []int{0}, Texts: []int{1}}, 2)
					all.lines = nil
					if want == nil {
						want = all
					}
					if !all.equal(want) || all.rows != 1500 {
						t.Errorf("%.20q, blocks of %d, stream %v: other rows (%d, %v)", text, size, stream, all.rows, all.err)
					}
				})
			}
		}
	}
}

func TestJSONFoldError(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 5000)
	inBlocks(256, func() {
		for range 5 {
			src, err := openJSONText(text, false)
			if err != nil {
				t.Fatal(err)
			}
			stop := errors.New("stop")
			var mu sync.Mutex
			var seen int64
			rows, err := src.Read(context.Background(), Selection{Numbers: []int{0}}, 3, func(_ int, b *Batch) error {
				mu.Lock()
				defer mu.Unlock()
				if b.First > 1000 {
					return &Error{Row: b.First, Err: stop}
				}
				seen += int64(b.Rows)
				return nil
			})
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, stop) || rows != e.Row-1 || seen != rows || rows > 1100 {
				t.Errorf("%d rows of %d, %v", seen, rows, err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		src, _ := openJSONText(text, true)
		if _, err := src.Read(ctx, Selection{}, 3, func(int, *Batch) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// Classes with their probabilities come in any order, and some may be missing.
func TestJSONPairs(t *testing.T) {
	src, err := openJSONText(`{"y":"b","p":[{"label":"a","prob":0.25},{"label":"b","prob":0.75}]}
{"y":"a","p":[{"prob":0.5,"label":"b"},{"prob":null,"label":"a"}]}
{"y":"a","p":[{"prob":1e-3,"label":"b"}]}
{"y":"a","p":null}
`, false)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	all := readJSON(t, src, Selection{Values: []int{2, 1}, Texts: []int{0}}, 1)
	if !sameFloats(all.values, []float64{0.75, 0.25, 0.5, nan, 1e-3, nan, nan, nan}) ||
		!slices.Equal(all.missing, []string{"2 1 NA", "3 1 empty", "4 1 NA", "4 2 NA"}) {
		t.Errorf("%v, %q, %v", all.values, all.missing, all.err)
	}
	// The same in other shapes.
	for _, text := range []string{
		`{"p":[{"class":"a","score":0.25},{"class":"b","score":0.75}]}` + "\n" + `{"p":[{"score":0.5,"class":"b"},{"score":null,"class":"a"}]}`,
		`[[{"label":"a","score":0.25},{"label":"b","score":0.75}],` + "\n" + `[{"label":"b","score":0.5},{"label":"a","score":null}]]`,
		`[{"label":"a","score":0.25},{"label":"b","score":0.75}]` + "\n" + `[{"label":"b","score":0.5},{"label":"a","score":null}]` + "\n",
		`[{"label":"a","score":0.25},` + "\n" + `{"label":"b","score":0.75}][{"label":"b","score":0.5},{"label":"a","score":null}]`,
		`{"labels":["a","b"],"scores":[0.25,0.75]}` + "\n" + `{"labels":["b","a"],"scores":[0.5,null]}`,
		`{"x":{"scores":[0.25,0.75],"classes":["a","b"]}}` + "\n" + `{"x":{"scores":[0.5,null],"classes":["b","\u0061"]}}`,
		`{"probability":{"type":1,"values":[0.25,0.75]}}` + "\n" + `{"probability":{"type":1,"values":[null,0.5]}}`,
		`[0.25,0.75]` + "\n" + `[null,0.5]`,
		"[[0.25,0.75]\n,\n[null,0.5]]",
	} {
		for _, stream := range []bool{false, true} {
			src, err := openJSONText(text, stream)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			at := slices.IndexFunc(src.Columns(), func(c Column) bool {
				return c.Name == "0" || strings.HasSuffix(c.Name, "a") || strings.HasSuffix(c.Name, ".0")
			})
			all := readJSON(t, src, Selection{Values: []int{at, at + 1}}, 2)
			if !sameFloats(all.values, []float64{0.25, 0.75, nan, 0.5}) || !slices.Equal(all.missing, []string{fmt.Sprintf("2 %d NA", at)}) || all.err != nil {
				t.Errorf("%s: %v, %q, %v", text, all.values, all.missing, all.err)
			}
			for row, want := range []string{"0.25 0.75", " 0.5"} {
				if got := src.Sample().Text(row, at) + " " + src.Sample().Text(row, at+1); got != want {
					t.Errorf("%s: sample %d: %q, want %q", text, row+1, got, want)
				}
			}
		}
	}
	lists := strings.Repeat(`{"labels":["b","a"],"scores":[0.75,0.25]}`+"\n", 1000)
	for bad, want := range map[string]string{
		`{"labels":["b"],"scores":[0.75,0.25]}`:       `f.jsonl: row 1001 (line 1001): "scores": 2 numbers, but 1 class in "labels"`,
		`{"scores":[0.75,0.25]}`:                      `f.jsonl: row 1001 (line 1001): "scores": 2 numbers, but 0 classes in "labels"`,
		`{"labels":["b","c"],"scores":[0.75,0.25]}`:   `f.jsonl: row 1001 (line 1001): "scores": class "c", which none of the first records has`,
		`{"labels":["b","b"],"scores":[0.75,0.25]}`:   `f.jsonl: row 1001 (line 1001), column 2 (scores.b): class "b" twice in one record`,
		`{"labels":["b","a"],"scores":[0.75,"0.25"]}`: `f.jsonl: row 1001 (line 1001), column 3 (scores.a): not a number: text ("0.25")`,
		`{"labels":["b","a"],"scores":1}`:             `f.jsonl: row 1001 (line 1001): "scores": a number, expected an array of numbers as in the first records`,
	} {
		src, err := openJSONText(lists+bad, false)
		if err != nil {
			t.Fatal(err)
		}
		if all := readJSON(t, src, Selection{Values: []int{1, 2}}, 2); fmt.Sprint(all.err) != want || all.rows != 1000 {
			t.Errorf("%s: %v, want %s", bad, all.err, want)
		}
	}
	good := strings.Repeat(`{"y":"b","p":[{"label":"a","prob":0.25},{"label":"b","prob":0.75}]}`+"\n", 1000)
	for bad, want := range map[string]string{
		`{"p":[{"label":"a","prob":0.25},{"label":"a","prob":0.75}]}`:   `f.jsonl: row 1001 (line 1001), column 2 (p.a): class "a" twice in one record`,
		`{"p":[{"label":"a","prob":0.25},{"label":"new","prob":0.75}]}`: `f.jsonl: row 1001 (line 1001): "p": class "new", which none of the first records has`,
		`{"p":[{"label":"a","prob":"x"}]}`:                              `f.jsonl: row 1001 (line 1001): "p.0": an object, expected a class and its probability as in the first records`,
		`{"p":0.5}`:                                                     `f.jsonl: row 1001 (line 1001): "p": a number, expected an array of classes with their probabilities as in the first records`,
	} {
		src, err := openJSONText(good+bad, false)
		if err != nil {
			t.Fatal(err)
		}
		if all := readJSON(t, src, Selection{Values: []int{1, 2}}, 2); fmt.Sprint(all.err) != want || all.rows != 1000 {
			t.Errorf("%s: %v, want %s", bad, all.err, want)
		}
	}
}

// Records that lack most columns take far more memory than text.
func TestJSONSparse(t *testing.T) {
	saved := jsonCellsOfRun
	jsonCellsOfRun = 1000
	defer func() { jsonCellsOfRun = saved }()
	var b strings.Builder
	b.WriteString(`{"v":[` + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "]}\n")
	b.WriteString(strings.Repeat("{}\n", 500))
	for _, text := range []string{b.String(), "[" + strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", ",\n") + "\n]"} {
		for _, bad := range []string{"", "x"} {
			src, err := openJSONText(text, false)
			if err != nil {
				t.Fatal(err)
			}
			if bad != "" {
				src, err = OpenJSON("f.jsonl", bytes.NewReader(slices.Concat([]byte(strings.Repeat("{\"v\":null}\n", 1000)), []byte(b.String()), []byte(bad))), int64(11000+b.Len()+1))
				if err != nil {
					t.Fatal(err)
				}
				all := readJSON(t, src, Selection{Texts: []int{0}}, 2)
				if want := `f.jsonl: row 1502 (line 1502): "x" where an object should be`; fmt.Sprint(all.err) != want || all.rows != 1501 {
					t.Errorf("%v, %d rows", all.err, all.rows)
				}
				continue
			}
			most := 0
			var mu sync.Mutex
			rows, err := src.Read(context.Background(), Selection{Values: allColumns(src)}, 2, func(_ int, b *Batch) error {
				mu.Lock()
				defer mu.Unlock()
				most = max(most, b.Rows)
				return nil
			})
			if rows != 501 || err != nil || most > 10 {
				t.Errorf("%d rows, %v, at most %d in a batch", rows, err, most)
			}
			src, _ = openJSONText(text, true)
			all := readJSON(t, src, Selection{Values: allColumns(src)[:20]}, 3)
			if all.rows != 501 || all.err != nil || len(all.missing) != 500*20 || all.lines[500] != 501 {
				t.Errorf("%d rows, %v, %d missing", all.rows, all.err, len(all.missing))
			}
		}
	}
}

func TestJSONLimit(t *testing.T) {
	saved := jsonLimit
	jsonLimit = 4096
	defer func() { jsonLimit = saved }()
	good := strings.Repeat("{\"a\":\"b\"}\n", 2000)
	for _, size := range []int{100, 1 << 14} {
		for _, bad := range []string{`{"a":"` + strings.Repeat("x", 5000) + `"}`, `{"a":"` + strings.Repeat("x", 1<<17)} {
			for _, stream := range []bool{false, true} {
				inBlocks(size, func() {
					src, err := openJSONText(good+bad+"\n"+good, stream)
					if err != nil {
						t.Fatal(err)
					}
					all := readJSON(t, src, Selection{Texts: []int{0}}, 2)
					if want := "f.jsonl: row 2001 (line 2001): a record of more than"; !strings.HasPrefix(fmt.Sprint(all.err), want) {
						t.Errorf("%d bytes, stream %v, blocks of %d: %v", len(bad), stream, size, all.err)
					}
				})
			}
		}
	}
}

// oracle gives the records as encoding/json sees them; ok is false if it does not
// take them.
func oracle(data []byte, shape jsonShape) (records []json.RawMessage, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var raw []json.RawMessage
	switch shape {
	case jsonArray:
		if json.Unmarshal(data, &raw) != nil {
			return nil, false
		}
	case jsonLines:
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			if line = bytes.Trim(line, " \t\r"); len(line) > 0 {
				raw = append(raw, line)
			}
		}
	default:
		d := json.NewDecoder(bytes.NewReader(data))
		for {
			var v json.RawMessage
			if err := d.Decode(&v); err == io.EOF {
				break
			} else if err != nil {
				return nil, false
			}
			raw = append(raw, v)
		}
	}
	objects := 0
	for _, v := range raw {
		var m map[string]json.RawMessage
		var a []json.RawMessage
		switch {
		case json.Unmarshal(v, &m) == nil && m != nil:
			objects++
		case json.Unmarshal(v, &a) != nil || a == nil:
			return nil, false
		}
	}
	return raw, objects == 0 || objects == len(raw)
}

// oracleCells gives the texts of a field's columns in one record.
func oracleCells(f *jsonField, v json.RawMessage, out []string) {
	if string(v) == "null" {
		v = nil
	}
	switch f.kind {
	case jsonNested:
		var m map[string]json.RawMessage
		json.Unmarshal(v, &m)
		for _, c := range f.fields {
			if c.kind == jsonZipped {
				var classes []string
				var numbers []json.RawMessage
				json.Unmarshal(m[f.classes.key], &classes)
				json.Unmarshal(m[c.key], &numbers)
				for i, class := range classes {
					if i < len(numbers) && c.index[class] != nil && string(numbers[i]) != "null" {
						out[c.index[class].col] = string(numbers[i])
					}
				}
			} else if c.col < c.end {
				oracleCells(c, m[c.key], out)
			}
		}
	case jsonPairs:
		var a []map[string]json.RawMessage
		json.Unmarshal(v, &a)
		for _, m := range a {
			b, _ := json.Marshal(m)
			b = append(b, make([]byte, jsonPad)...)
			if class, prob, ok := jsonPair(jsonValue(b[:len(b)-jsonPad])); ok && f.index[string(class)] != nil && !prob.null() {
				out[f.index[string(class)].col] = string(prob)
			}
		}
	case jsonVector:
		var a []json.RawMessage
		json.Unmarshal(v, &a)
		for i, e := range a {
			if string(e) != "null" {
				out[f.col+i] = string(e)
			}
		}
	default:
		var s string
		if json.Unmarshal(v, &s) == nil {
			out[f.col] = s
		} else {
			out[f.col] = string(v)
		}
	}
}

// hasZip reports whether some numbers are read with the classes beside them: there a
// record that differs from others is an error.
func hasZip(f *jsonField) bool { return f.zipped || slices.ContainsFunc(f.fields, hasZip) }

func checkJSON(t *testing.T, data []byte) {
	for _, special := range []string{"NaN", "Infinity"} {
		if bytes.Contains(data, []byte(special)) {
			return
		}
	}
	if bytes.Count(data, []byte("{"))+bytes.Count(data, []byte("[")) > jsonDepth {
		return
	}
	src, err := OpenJSON("f", bytes.NewReader(data), int64(len(data)))
	if err != nil && (strings.Contains(err.Error(), "that holds whole") || strings.Contains(err.Error(), "records are arrays, but")) {
		return
	}
	if err != nil && len(bytes.TrimLeft(data, "\xef\xbb\xbf \t\r\n")) > 0 && bytes.TrimLeft(data, "\xef\xbb\xbf \t\r\n")[0] == '[' && !bytes.Contains(data, []byte("{")) {
		return // one array of numbers may be a record, or a column
	}
	if err != nil {
		if records, ok := oracle(data, jsonLines); ok && len(records) > 0 {
			t.Fatalf("%q: refused: %v", data, err)
		}
		if records, ok := oracle(data, jsonArray); ok && len(records) > 0 {
			t.Fatalf("%q: refused: %v", data, err)
		}
		return
	}
	s := src.(*jsonSource)
	if s.system != nil {
		return
	}
	records, ok := oracle(data, s.shape)
	if !ok {
		t.Fatalf("%q: taken, but not by encoding/json", data)
	}
	table, err := newJSONTable("f", collectRecords(t, data, s.shape))
	if err != nil {
		t.Fatal(err)
	}
	cols := src.Columns()
	want := make([][]string, len(cols))
	for _, m := range records {
		row := make([]string, len(cols))
		oracleCells(table.root, m, row)
		for c := range row {
			want[c] = append(want[c], row[c])
		}
	}
	got := readJSON(t, src, Selection{Texts: allColumns(src)}, 2)
	if strings.Contains(fmt.Sprint(got.err), "twice in one record") || got.err != nil && hasZip(table.root) {
		return
	}
	if got.err != nil || got.rows != int64(len(records)) {
		t.Fatalf("%q: %d rows, want %d: %v", data, got.rows, len(records), got.err)
	}
	var numeric []int
	var numbers [][]float64
	for c := range cols {
		if !slices.Equal(got.texts[c], want[c]) {
			t.Fatalf("%q: column %d: %q, want %q", data, c, got.texts[c], want[c])
		}
		var col []float64
		for _, s := range want[c] {
			x := math.NaN()
			if s != "" {
				if s[0] != '-' && (s[0] < '0' || s[0] > '9') || bytes.Contains(data, []byte(strconv.Quote(s))) {
					break
				}
				var err error
				if x, err = strconv.ParseFloat(s, 64); err != nil {
					break
				}
			}
			col = append(col, x)
		}
		if len(col) == len(want[c]) && !bytes.Contains(data, []byte(`\`)) {
			numeric, numbers = append(numeric, c), append(numbers, col)
		}
	}
	inBlocks(7, func() {
		for _, stream := range []bool{false, true} {
			src, err := openJSONText(string(data), stream)
			if err != nil {
				t.Fatal(err)
			}
			got := readJSON(t, src, Selection{Values: numeric, Numbers: numeric}, 2)
			if got.err != nil {
				for _, v := range collectRecords(t, data, s.shape) {
					if hasTwice(v) { // the first one may be text
						return
					}
				}
				t.Fatalf("%q: %v", data, got.err)
			}
			if !slices.EqualFunc(got.numbers, numbers, sameFloats) {
				t.Fatalf("%q: numbers %v, want %v", data, got.numbers, numbers)
			}
			for i := range numeric {
				for row, x := range numbers[i] {
					if y := got.values[row*len(numeric)+i]; math.Float64bits(x) != math.Float64bits(y) && x == x {
						t.Fatalf("%q: value %v, want %v", data, y, x)
					}
				}
			}
		}
	})
}

// collectRecords gives the records as the sample has them.
func collectRecords(t *testing.T, data []byte, shape jsonShape) []jsonValue {
	s := &jsonSource{name: "f"}
	b := append(slices.Clone(data), make([]byte, jsonPad)...)
	records, _, err := s.look(b, len(data), true)
	if err != nil || s.shape != shape {
		t.Fatal(err)
	}
	return records
}

// hasTwice reports whether an object has a key twice.
func hasTwice(v jsonValue) (twice bool) {
	seen := map[string]bool{}
	v.members(func(key []byte, m jsonValue) bool {
		twice = twice || seen[string(key)] || hasTwice(m)
		seen[string(key)] = true
		return !twice
	})
	return twice
}

var jsonSeeds = []string{
	`{"labels":["a","b"],"scores":[0.25,0.75]}` + "\n" + `{"scores":[0.5,null],"labels":["b","a"]}`,
	`[{"label":"a","score":0.25},{"label":"b","score":0.75}]` + "\n" + `[{"label":"b","score":1}]`,
	"[[0.25,0.75]\n,\n[null,0.5]]", "[1,2]\n[3,4]", `{"p":{"type":1,"values":[0.25,0.75]}}`,
	`{"a":1,"b":[1,2.5,3e-7],"c":{"d":"x","e":null}}`,
	"{\"a\":1}\n{\"a\":2,\"b\":\"\\u00e9\\ud83d\\ude00\\ud800\"}\n\n{\"b\":\"\xff\"}\n",
	"[{\"a\":1},\n{\"a\":-0.12345678901234567}]",
	"{\n\"a\":\n1}{\"a\":0.1}",
	`{"a":{"b":1},"a":{"c":2},"a":3}`,
	`{"v":[1,2],"v":[3,4]}` + "\n" + `{"v":null}`,
	"{\"a\":123456789012345678901234567890.5e-3}\r\n{\"a\":1E+2}",
	`{"y":"u","s":[{"label":"t","score":0.25},{"label":"u","score":null}]}`,
	`{"":1," ":true,"\n":false}`,
	"\xef\xbb\xbf{\"a\":0.000000000000000000000001}",
}

func FuzzJSONL(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(checkJSON)
}

// Random records, and random damage to them.
func TestJSONOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var value func(depth int) string
	blank := func() string { return []string{"", "", "", " ", "\t"}[rng.IntN(5)] }
	text := func() string {
		s := []string{`a`, `\n`, `é`, `\u00e9`, `\ud83d\ude00`, `longer text`, `\"`, `\\`, `1`, "\xc3", `,`, `]}`}
		out := ""
		for range rng.IntN(4) {
			out += s[rng.IntN(len(s))]
		}
		return `"` + out + `"`
	}
	num := func() string {
		switch rng.IntN(6) {
		case 0:
			return strconv.Itoa(rng.IntN(2000) - 1000)
		case 1:
			return strconv.FormatFloat(rng.NormFloat64(), 'e', -1, 64)
		case 2:
			return strconv.FormatFloat(math.Float64frombits(rng.Uint64()&^(1<<62)), 'g', -1, 64)
		case 3:
			return fmt.Sprintf("%d.%09d", rng.IntN(2), rng.IntN(1e9))
		case 4:
			return fmt.Sprintf("-0.%018d%d", rng.Uint64N(1e18), rng.IntN(100000))
		}
		return strconv.FormatFloat(rng.Float64(), 'f', -1, 64)
	}
	value = func(depth int) string {
		switch n := rng.IntN(12); {
		case n < 5 || depth == 0:
			return num()
		case n < 7:
			return text()
		case n == 7:
			return []string{"null", "true", "false"}[rng.IntN(3)]
		case n < 10:
			out := "["
			for i := range rng.IntN(4) {
				if i > 0 {
					out += "," + blank()
				}
				out += value(depth - 1)
			}
			return out + blank() + "]"
		}
		out := "{"
		for i := range rng.IntN(4) {
			if i > 0 {
				out += "," + blank()
			}
			out += text() + blank() + ":" + value(depth-1)
		}
		return out + "}"
	}
	for range 1500 {
		var b strings.Builder
		for range 1 + rng.IntN(4) {
			b.WriteString("{")
			for i, n := 0, rng.IntN(5); i < n; i++ {
				if i > 0 {
					b.WriteString(",")
				}
				b.WriteString(fmt.Sprintf(`%s"k%d"%s:%s%s%s`, blank(), rng.IntN(4), blank(), blank(), value(2), blank()))
			}
			b.WriteString("}" + blank() + []string{"\n", "\n", "\n", "\r\n", " "}[rng.IntN(5)])
		}
		data := []byte(b.String())
		checkJSON(t, data)
		if rng.IntN(2) == 0 {
			data[rng.IntN(len(data))] = `{}[],:"\0- x`[rng.IntN(12)]
			checkJSON(t, data)
		}
		checkJSON(t, data[:rng.IntN(len(data))])
	}
}

func TestJSONNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	check := func(s string) {
		b := append([]byte(s), make([]byte, jsonPad)...)
		x, end, _, v := jsonNumber(b, 0)
		want, err := strconv.ParseFloat(s, 64)
		if (v == isNumber) != (err == nil) || err == nil && (math.Float64bits(x) != math.Float64bits(want) || end != len(s)) {
			t.Fatalf("%s: %v (%d, %d), want %v", s, x, end, v, want)
		}
	}
	for range 100000 {
		x := math.Float64frombits(rng.Uint64())
		if x != x || math.IsInf(x, 0) {
			continue
		}
		check(strconv.FormatFloat(x, 'e', -1, 64))
		check(strconv.FormatFloat(rng.NormFloat64()*math.Pow(10, float64(rng.IntN(30)-15)), 'f', rng.IntN(25), 64))
		check(strconv.FormatFloat(rng.Float64(), 'g', rng.IntN(18)+1, 64))
	}
	for _, s := range []string{"0", "-0", "0.0", "1e22", "1e23", "9007199254740993", "1e-400", "1e400", "18446744073709551616", "0.1e1", "5e-324", "2.2250738585072011e-308"} {
		check(s)
	}
}
