package check

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// An example is a data set and how to say what is in it.
type example struct {
	name   string
	header []string
	rows   [][]string
	flags  []string // for a text file, by name

	label  string   // the column of labels, if there is one
	values []string // the columns of numbers that go into an NPY file, in this order
	npy    []string // flags for it, by number; nil if the data cannot be stored so

	float32 bool // the NPY file holds float32; there is no text file
	logits  bool // float32 logits promise the same bits on one tier only
	big     bool
}

// Columns that every text file is given: weights, repeats and keys.
const weight, repeats, key = "w_", "rep_", "key_"

// variants are the flags that every example is scored with, in turn.
var variants = []struct {
	name  string
	flags []string
	keys  bool // needs a column of text, which an NPY file has not
}{
	{"plain", nil, false},
	{"weight", []string{"--weight", weight, "--unit", "bit", "--confidence", "0.9"}, false},
	{"freq", []string{"--freq", repeats, "--floor", "0.001"}, false},
	{"cluster", []string{"--cluster", key}, true},
	{"by", []string{"--by", key, "--worst", "3"}, true},
	{"all", []string{"--cluster", key, "--weight", weight, "--by", repeats}, true},
}

// builds are the ways to build and run the command that are tried on the
// plainest layout, and which of the figures they must agree in.
var builds = map[string]struct {
	env, args []string // of go build
	run       []string // environment of the command
	only      func(any) any
}{
	"the usual build":      {},
	"on tier plain":        {run: []string{"SURPRISAL_KERNEL=plain"}, only: everything},
	"on tier avx2":         {run: []string{"SURPRISAL_KERNEL=avx2"}, only: everything},
	"built without kernel": {args: []string{"-tags", "purego"}, only: everything},
	// 32 bits, and the standard library's functions in plain Go.
	"built for 386": {env: []string{"GOARCH=386"}, only: exactOnes},
	// Here the compiler fuses multiplications and additions wherever it likes, as it
	// always does on arm64, so that what is not computed exactly may differ in the
	// last bit.
	"built for x86-64-v3": {env: []string{"GOARCH=amd64", "GOAMD64=v3"}, only: exactOnes},
}

func everything(v any) any { return v }

// exactOnes leaves out of a scorecard the ends of intervals, which have a quantile
// of Student's distribution in them, and perplexity, which is an exp: the rest has
// the same bits on all processors.
func exactOnes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if k != "lo" && k != "hi" && k != "perplexity" {
				out[k] = exactOnes(e)
			}
		}
		return out
	case []any:
		var out []any
		for _, e := range v {
			out = append(out, exactOnes(e))
		}
		return out
	}
	return v
}

// TestSameBits holds the command to its promise: the order of the rows, how they
// are spread over files, how those are packed and stored, and the number of
// threads change no bit of any figure. With SURPRISAL_LONG=1 it tries every
// example, other builds and lower tiers of the processor; otherwise two examples.
func TestSameBits(t *testing.T) {
	runs := 0
	for _, ex := range examples(t) {
		if !long && ex.name != "iris/forest" && ex.name != "soft" {
			continue
		}
		t.Run(ex.name, func(t *testing.T) {
			ex.widen()
			layouts := ex.layouts(t)
			for _, v := range variants {
				if ex.float32 && v.name != "plain" {
					continue
				}
				first := layouts[0]
				want := figures(score(t, command(t, nil), nil, first.input(), slices.Concat(first.files, []string{"--threads", "1"}, first.flags, v.flags)...))
				if ce, ok := want["cross_entropy"].(map[string]any); !ok || ce["value"] == nil {
					t.Fatalf("%s: no cross entropy in %v", v.name, want)
				}
				check := func(l layout, build string, threads int, only func(any) any) {
					t.Helper()
					flags := v.flags
					if l.npy {
						if v.keys {
							return
						}
						flags = l.numbered(flags)
					}
					args := slices.Concat(l.files, []string{"--threads", strconv.Itoa(threads)}, l.flags, flags)
					got := figures(score(t, command(t, builds[build].env, builds[build].args...), builds[build].run, l.input(), args...))
					runs++
					for i, d := range differences("", only(want), only(got)) {
						if i == 5 {
							t.Errorf("… and more")
							break
						}
						t.Errorf("%s, %s, %s, %d threads:%s", build, v.name, l.name, threads, d)
					}
				}
				for _, l := range layouts {
					for _, threads := range []int{1, 2, 7} {
						check(l, "the usual build", threads, everything)
					}
				}
				if ex.logits || !long {
					continue
				}
				for build, b := range builds {
					if b.only != nil {
						check(first, build, 2, b.only)
					}
				}
			}
		})
	}
	t.Logf("%d runs compared", runs)
	if runs < 50 {
		t.Errorf("only %d runs", runs)
	}
}

func examples(t *testing.T) []*example {
	const classes = "setosa,versicolor,virginica"
	list := []*example{
		{name: "digits/logistic", label: "label", values: numbered("p_", 10),
			flags: []string{"--label", "label", "--probs", "p_*"}, npy: []string{"--probs", "1-10"}},
		{name: "digits/forest", label: "label", values: numbered("p_", 10),
			flags: []string{"--label", "label", "--probs", "p_*"}, npy: []string{"--probs", "1-10"}},
		{name: "cancer/logistic", label: "diagnosis", values: []string{"p_malignant"},
			flags: []string{"--label", "diagnosis", "--prob", "p_malignant", "--positive", "malignant"},
			npy:   []string{"--prob", "1", "--positive", "malignant"}},
		{name: "cancer/forest", label: "diagnosis", values: []string{"p_malignant"},
			flags: []string{"--label", "diagnosis", "--prob", "p_malignant", "--positive", "malignant"},
			npy:   []string{"--prob", "1", "--positive", "malignant"}},
		{name: "iris/logistic", label: "species", values: strings.Split(classes, ","),
			flags: []string{"--label", "species", "--probs", classes}, npy: []string{"--probs", "1-3", "--classes", classes}},
		{name: "iris/forest", label: "species", values: strings.Split(classes, ","),
			flags: []string{"--label", "species", "--probs", classes}, npy: []string{"--probs", "1-3", "--classes", classes}},
		{name: "lm", values: []string{"logprob", "bytes"},
			flags: []string{"--logprob", "logprob", "--bytes", "bytes", "--cluster", "none"}, npy: []string{"--logprob", "1", "--bytes", "2"}},
		{name: "soft", values: []string{"p_setosa", "p_versicolor", "p_virginica", "y_setosa", "y_versicolor", "y_virginica"},
			flags: []string{"--probs", "p_*", "--onehot", "y_*"},
			npy:   []string{"--probs", "1-3", "--onehot", "4-6", "--classes", classes}},
	}
	files := map[string]string{"lm": "lm/tokens", "soft": "soft/annotators"}
	for _, ex := range list {
		file := ex.name
		if f, ok := files[file]; ok {
			file = f
		}
		ex.header, ex.rows = readCSV(t, filepath.Join(repository(t), "examples", file+".csv"))
	}
	narrow := &example{name: "digits/logits.npy", float32: true, logits: true, label: "label",
		values: numbered("z_", 10), npy: []string{"--logits", "1-10"}}
	wide := &example{name: "digits/logits as text", logits: true, label: "label",
		values: numbered("z_", 10), flags: []string{"--label", "label", "--logits", "z_*"}, npy: []string{"--logits", "1-10"}}
	for _, ex := range []*example{narrow, wide} {
		ex.header = append([]string{"label"}, ex.values...)
		ex.rows = digitsNPY(t)
	}
	return append(list, narrow, wide, bigExample())
}

func numbered(prefix string, n int) (names []string) {
	for i := range n {
		names = append(names, prefix+strconv.Itoa(i))
	}
	return names
}

func readCSV(t *testing.T, path string) (header []string, rows [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

// digitsNPY reads the float32 logits and int64 labels of the digits as text.
func digitsNPY(t *testing.T) (rows [][]string) {
	t.Helper()
	dir := filepath.Join(repository(t), "examples", "digits")
	logits, labels := npyData(t, filepath.Join(dir, "logits.npy")), npyData(t, filepath.Join(dir, "labels.npy"))
	for i := 0; i < len(labels); i += 8 {
		row := []string{strconv.FormatInt(int64(binary.LittleEndian.Uint64(labels[i:])), 10)}
		for k := range 10 {
			v := math.Float32frombits(binary.LittleEndian.Uint32(logits[i/8*40+4*k:]))
			row = append(row, strconv.FormatFloat(float64(v), 'g', -1, 64))
		}
		rows = append(rows, row)
	}
	return rows
}

func npyData(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b[10+int(binary.LittleEndian.Uint16(b[8:])):]
}

// bigExample is long enough for several chunks of the reader, with everything in
// it that a reader and a scorer must get right: line breaks in quotes, rows that
// cannot be scored, and zeros.
func bigExample() *example {
	ex := &example{name: "generated", label: "y", values: numbered("p_", 6), big: true,
		flags:  []string{"--label", "y", "--probs", "p_*"},
		header: append([]string{"text", "y"}, numbered("p_", 6)...)}
	r := rand.New(rand.NewPCG(5, 5))
	texts := []string{"plain", "with, comma", "with \"quotes\"", "line\nbreak", "1,0.5\n2,0.5\n", ""}
	for i := range 60_000 {
		row := []string{texts[r.IntN(len(texts))] + strconv.Itoa(i), strconv.Itoa(r.IntN(6))}
		var p [6]float64
		sum := 0.0
		for k := range p {
			p[k] = math.Exp(3 * r.NormFloat64())
			if r.IntN(200) == 0 {
				p[k] = 0
			}
			sum += p[k]
		}
		for k := range p {
			row = append(row, strconv.FormatFloat(p[k]/sum, 'g', -1, 64))
		}
		switch r.IntN(500) {
		case 0:
			row[4] = "NA"
		case 1:
			row[1] = ""
		case 2:
			row[3] = "-0.25"
		}
		ex.rows = append(ex.rows, row)
	}
	return ex
}

// widen gives the example columns of weights, repeats and keys.
func (ex *example) widen() {
	r := rand.New(rand.NewPCG(uint64(len(ex.rows)), 9))
	ex.header = append(slices.Clone(ex.header), weight, repeats, key)
	for i, row := range ex.rows {
		w := strconv.FormatFloat(math.Round(3e4*r.ExpFloat64())/1e4, 'g', -1, 64)
		k := "group " + strconv.Itoa(r.IntN(4)*r.IntN(5))
		ex.rows[i] = append(slices.Clone(row), w, strconv.Itoa(r.IntN(4)), k)
	}
}

// A layout is one way of storing an example.
type layout struct {
	name  string
	files []string
	flags []string
	stdin []byte
	npy   bool
	extra map[string]string // the numbers of columns, for an NPY file
}

func (l *layout) input() io.Reader { return bytes.NewReader(l.stdin) }

// numbered puts the numbers of columns in the place of their names.
func (l *layout) numbered(flags []string) []string {
	out := slices.Clone(flags)
	for i, f := range out {
		if n, ok := l.extra[f]; ok {
			out[i] = n
		}
	}
	return out
}

// layouts stores the example in many ways, the plainest first.
func (ex *example) layouts(t *testing.T) (list []layout) {
	dir, err := os.MkdirTemp(scratch, "layouts-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := 0
	save := func(suffix string, b []byte) string {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d%s", n, suffix))
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seed := uint64(0)
	shuffled := func() [][]string {
		seed++
		rows := slices.Clone(ex.rows)
		r := rand.New(rand.NewPCG(seed, 11))
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		return rows
	}
	third := len(ex.rows) / 3
	parts := func(rows [][]string) [][][]string {
		return [][][]string{rows[:third-7], rows[third-7 : 2*third], rows[2*third:]}
	}

	if !ex.float32 {
		text := func(rows [][]string) []byte { return ex.text(rows, ',', false) }
		add := func(name string, files ...string) {
			list = append(list, layout{name: name, files: files, flags: ex.flags})
		}
		add("as it is", save(".csv", text(ex.rows)))
		add("shuffled", save(".csv", text(shuffled())))
		var split, packed []string
		for _, p := range parts(ex.rows) {
			split = append(split, save(".csv", text(p)))
		}
		add("in three files", split...)
		for i, p := range parts(shuffled()) {
			switch i {
			case 0:
				packed = append(packed, save(".csv", text(p)))
			case 1:
				packed = append(packed, save(".csv.gz", gzipped(t, text(p))))
			case 2:
				packed = append(packed, save(".csv.zst", zstded(t, text(p))))
			}
		}
		add("shuffled, in three files, packed differently", packed...)
		slices.Reverse(packed)
		add("the same, in reverse", packed...)
		add("gz", save(".csv.gz", gzipped(t, text(ex.rows))))
		add("zst", save(".csv.zst", zstded(t, text(ex.rows))))
		add("tab-separated, all quoted, CRLF", save(".tsv", ex.text(shuffled(), '\t', true)))
		list = append(list,
			layout{name: "standard input", files: []string{"-"}, flags: ex.flags, stdin: text(shuffled())},
			layout{name: "standard input, gz", files: []string{"-"}, flags: ex.flags, stdin: gzipped(t, text(ex.rows))})
	}
	if !ex.float32 && ex.label != "" {
		list = append(list, ex.joined(shuffled(), shuffled(), save))
	}
	if ex.npy == nil {
		return list
	}

	columns := slices.Clone(ex.values)
	extra := map[string]string{}
	if !ex.float32 {
		columns = append(columns, weight, repeats)
		extra[weight] = strconv.Itoa(len(columns) - 1)
		extra[repeats] = strconv.Itoa(len(columns))
	}
	npy := func(name string, pack func([]byte) (string, []byte), sets ...[][]string) {
		l := layout{name: name, flags: slices.Clone(ex.npy), npy: true, extra: extra}
		for _, rows := range sets {
			suffix, b := pack(ex.matrix(t, rows, columns))
			l.files = append(l.files, save(suffix, b))
			if ex.label != "" {
				l.flags = append(l.flags, "--labels", save(".csv", ex.labelsFile(rows))+":"+ex.label)
			}
		}
		list = append(list, l)
	}
	bare := func(b []byte) (string, []byte) { return ".npy", b }
	npy("NPY", bare, ex.rows)
	npy("NPY, shuffled", bare, shuffled())
	npy("NPY, shuffled, in three files", bare, parts(shuffled())...)
	npy("NPY, gz", func(b []byte) (string, []byte) { return ".npy.gz", gzipped(t, b) }, ex.rows)
	npy("NPY, zst, in three files", func(b []byte) (string, []byte) { return ".npy.zst", zstded(t, b) }, parts(ex.rows)...)
	return list
}

// joined stores the values in one file and the rest in another, with a key.
func (ex *example) joined(rows, others [][]string, save func(suffix string, b []byte) string) layout {
	id := map[*string]string{}
	for i, row := range ex.rows {
		id[&row[0]] = "row " + strconv.Itoa(i)
	}
	part := func(rows [][]string, columns ...string) []byte {
		one := &example{header: append([]string{"join_"}, columns...)}
		for _, row := range rows {
			cells := []string{id[&row[0]]}
			for _, c := range columns {
				cells = append(cells, row[ex.column(c)])
			}
			one.rows = append(one.rows, cells)
		}
		return one.text(one.rows, ',', false)
	}
	l := layout{name: "joined", files: []string{save(".csv", part(rows, ex.values...))}}
	labels := save(".csv", part(others, weight, ex.label, key, repeats))
	for i := 0; i < len(ex.flags); i++ {
		if ex.flags[i] == "--label" {
			i++
			l.flags = append(l.flags, "--labels", labels+":"+ex.flags[i], "--join", "join_")
			continue
		}
		l.flags = append(l.flags, ex.flags[i])
	}
	return l
}

// text is the example as CSV or the like.
func (ex *example) text(rows [][]string, comma byte, quoted bool) []byte {
	var b bytes.Buffer
	end := "\n"
	if quoted {
		end = "\r\n"
	}
	for _, row := range append([][]string{ex.header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				b.WriteByte(comma)
			}
			if quoted || strings.ContainsAny(cell, "\",\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			b.WriteString(cell)
		}
		b.WriteString(end)
	}
	return b.Bytes()
}

func (ex *example) column(name string) int { return slices.Index(ex.header, name) }

func (ex *example) labelsFile(rows [][]string) []byte {
	var b bytes.Buffer
	b.WriteString(ex.label + "\n")
	for _, row := range rows {
		b.WriteString(row[ex.column(ex.label)] + "\n")
	}
	return b.Bytes()
}

// matrix is an NPY file of some columns.
func (ex *example) matrix(t *testing.T, rows [][]string, columns []string) []byte {
	t.Helper()
	descr := "<f8"
	if ex.float32 {
		descr = "<f4"
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }", descr, len(rows), len(columns))
	dict += strings.Repeat(" ", 63-(10+len(dict))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(dict)), byte(len(dict)>>8))
	b = append(b, dict...)
	for _, row := range rows {
		for _, c := range columns {
			v, err := strconv.ParseFloat(row[ex.column(c)], 64)
			if err != nil {
				t.Fatal(err)
			}
			if ex.float32 {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
			} else {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
	}
	return b
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}
