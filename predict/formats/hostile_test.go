package formats

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	aa "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"

	"surprisal/predict"
)

// hostileFile is a small file in some format.
type hostileFile struct {
	data []byte
	// sealed says that checksums cover everything that rows come from: damage is an
	// error or changes nothing.
	sealed bool
	// open says that the format does not say where it ends: a part of it may be a
	// whole file of fewer rows, the last of which may be cut off in a text.
	open bool
}

func hostileFiles() map[string]hostileFile {
	text := []byte("label,p_0,p_1,name\n")
	var lines, list []byte
	for i := range 40 {
		p := float64(i) / 64
		text = fmt.Appendf(text, "%d,%g,%g,\"n\"\"%d\nx\"\r\n", i%2, p, 1-p, i)
		lines = fmt.Appendf(lines, `{"label": %d, "p": [%g, %g], "name": "né\n%d"}`+"\n", i%2, p, 1-p, i)
		list = fmt.Appendf(list, `,{"label": %d, "p": [%g, %g]}`, i%2, p, 1-p)
	}
	list[0] = '['
	list = append(list, "]\n"...)
	p := floats("p", "<f4", []int{40, 2}, func(i int) float64 { return float64(i) / 128 })
	y := floats("y", "|u1", []int{40}, func(i int) float64 { return float64(i % 2) })
	wide := floats("p", "<f8", []int{40, 3}, func(i int) float64 { return float64(i) / 128 })
	npy := wide.npy()
	words := texts("y", 5, slices.Repeat([]string{"ab", "Züric", "", "\U0001f600"}, 10))
	pairs, _ := pairRows(30, 3)
	return map[string]hostileFile{
		"csv":             {data: text, open: true},
		"jsonl":           {data: lines, open: true},
		"json":            {data: list},
		"npy":             {data: npy},
		"npy, text":       {data: words.npy()},
		"npz":             {data: writeNPZ(zip.Store, p, y)},
		"npz, text":       {data: writeNPZ(zip.Store, p, words)},
		"npz, deflated":   {data: writeNPZ(zip.Deflate, p, y)},
		"safetensors":     {data: writeSafetensors(p, y)},
		"parquet, zstd":   {data: mixedParquet(60, 25, pq.Compression(&pq.Zstd), pq.DataPageVersion(1))},
		"parquet, plain":  {data: mixedParquet(60, 25, pq.DataPageVersion(2))},
		"parquet, snappy": {data: mixedParquet(60, 60, pq.Compression(&pq.Snappy), pq.DataPageVersion(2))},
		"arrow":           {data: mixedArrow(30, 20, true)},
		"arrow, stream":   {data: mixedArrow(30, 20, false), open: true},
		"arrow, lz4":      {data: mixedArrow(30, 20, false, ipc.WithLZ4()), open: true},
		"arrow, zstd":     {data: mixedArrow(30, 20, true, ipc.WithZstd())},
		"arrow, pairs":    {data: arrowPairs(pairs, 11, true, false, aa.BinaryTypes.String)},
		"csv.gz":          {data: gz(text), sealed: true},
		"csv.zst":         {data: zst(text), sealed: true},
		"jsonl.zst":       {data: zst(lines), sealed: true},
		"npy.gz":          {data: gz(npy), sealed: true},
		"parquet.zst":     {data: zst(mixedParquet(20, 10)), sealed: true},
	}
}

// rowsOf reads everything in a file as text, row by row, and checks what a batch
// promises: a stream with an odd number of threads, else a file. It stops after many rows, more than any file of these tests has: columns
// of one value may be said to have any number of rows.
func rowsOf(data []byte, threads int) (columns []string, rows []string, err error) {
	in := Input{Name: "f", Stream: bytes.NewReader(data)}
	if threads%2 == 0 { // as a file, which can be read from any place
		in = Input{Name: "f", At: bytes.NewReader(data), Size: int64(len(data))}
	}
	var closers []io.Closer
	src, err := open(context.Background(), in, nil, Options{}, &closers)
	if err != nil {
		closeAll(closers)
		return nil, nil, err
	}
	defer src.Close()
	var sel predict.Selection
	for i, c := range src.Columns() {
		columns = append(columns, c.Name)
		if src.Sample().Rows() > 0 && strings.HasPrefix(src.Sample().Text(0, i), "<") {
			continue // cannot be read, as it says
		}
		if len(sel.Texts) < 40 {
			sel.Texts = append(sel.Texts, i)
		}
		if c.Numeric && len(sel.Values) < 40 {
			sel.Values = append(sel.Values, i)
		}
	}
	for i := range src.Sample().Rows() {
		for c := range min(len(columns), 40) {
			src.Sample().Text(i, c)
			src.Sample().Number(i, c)
		}
	}
	const most = 1 << 14
	var mu sync.Mutex
	found := map[int64]string{}
	n, err := src.Read(context.Background(), sel, threads, func(_ int, b *predict.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if b.Rows <= 0 || b.First < 1 || b.K != len(sel.Values) || len(b.F32) != 0 && len(b.F64) != 0 ||
			len(b.F32)+len(b.F64) != b.Rows*b.K || len(b.Texts) != len(sel.Texts) {
			return fmt.Errorf("a batch that cannot be: %d rows from %d, %d values of %d columns", b.Rows, b.First, len(b.F32)+len(b.F64), b.K)
		}
		for _, m := range b.Missing {
			if m.Row < 0 || int(m.Row) >= b.Rows {
				return fmt.Errorf("row %d of %d is missing", m.Row, b.Rows)
			}
		}
		for i := range b.Rows {
			if b.First+int64(i) > most {
				return io.EOF
			}
			var row strings.Builder
			for j := range b.Texts {
				fmt.Fprintf(&row, "%q ", b.Texts[j].At(i))
			}
			if _, ok := found[b.First+int64(i)]; ok {
				return fmt.Errorf("row %d twice", b.First+int64(i))
			}
			found[b.First+int64(i)] = row.String()
		}
		return nil
	})
	if err == nil && int64(len(found)) != n {
		err = fmt.Errorf("%d rows were folded, %d are said to be there", len(found), n)
	}
	for i := range int64(len(found)) {
		row, ok := found[i+1]
		if !ok {
			break
		}
		rows = append(rows, row)
	}
	return columns, rows, err
}

// oursOrNone checks that an error is one that a user may see.
func oursOrNone(t *testing.T, err error) {
	t.Helper()
	var e *predict.Error
	switch {
	case err == nil || err == io.EOF:
	case !errors.As(err, &e):
		t.Errorf("%T: %v", err, err)
	case e.Source == "" || e.What == "" && e.Err == nil:
		t.Errorf("says too little: %v", err)
	}
}

// watch fails the program if a test hangs, and keeps an eye on memory: peak gives how
// much more of it was in use at once, at most, than before.
func watch(t *testing.T, limit time.Duration) (beat func(doing string), peak func() uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	use := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64() + sample[1].Value.Uint64()
	}
	debug.FreeOSMemory()
	before := use()
	var mu sync.Mutex
	doing, since, most := "", time.Now(), before
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
			now := use()
			mu.Lock()
			most = max(most, now)
			what, began := doing, since
			mu.Unlock()
			if what != "" && time.Since(began) > limit {
				panic("hangs: " + what)
			}
		}
	}()
	beat = func(what string) {
		mu.Lock()
		doing, since = what, time.Now()
		mu.Unlock()
	}
	peak = func() uint64 {
		now := use()
		mu.Lock()
		defer mu.Unlock()
		return max(most, now) - before
	}
	return beat, peak
}

// TestHostileCuts: a file that is cut short anywhere is an error, or, where a format
// has no end, fewer rows.
func TestHostileCuts(t *testing.T) {
	for name, f := range hostileFiles() {
		t.Run(name, func(t *testing.T) {
			columns, whole, err := rowsOf(f.data, 1)
			if err != nil || len(whole) == 0 {
				t.Fatal(len(whole), err)
			}
			beat, _ := watch(t, 20*time.Second)
			step := 1
			if len(f.data) > 3000 && !long {
				step = 7
			}
			for n := 1; n < len(f.data); n += step {
				if n > len(f.data)-300 || n < 300 {
					step = 1
				} else if len(f.data) > 3000 && !long {
					step = 7
				}
				beat(fmt.Sprintf("%s cut after %d bytes", name, n))
				cols, rows, err := rowsOf(f.data[:n], 1+n%4)
				oursOrNone(t, err)
				if err == nil && !f.open && !slices.Equal(rows, whole) {
					t.Errorf("cut after %d of %d bytes: %d rows and no error", n, len(f.data), len(rows))
				}
				if err != nil || !f.open || !slices.Equal(cols, columns) {
					continue
				}
				for i, row := range rows {
					if i >= len(whole) || row != whole[i] && i < len(rows)-1 {
						t.Fatalf("cut after %d bytes, row %d: %s, and in the whole file %s", n, i+1, row, whole[i])
					}
				}
			}
		})
	}
}

var long = os.Getenv("SURPRISAL_LONG") != ""

// damage changes a file in one of many ways.
func damage(r *rand.Rand, data []byte) ([]byte, string) {
	d := bytes.Clone(data)
	i := r.IntN(len(d))
	what := "bit"
	switch r.IntN(9) {
	case 0, 1, 2:
		d[i] ^= 1 << r.IntN(8)
	case 3:
		what = "byte"
		d[i] = byte(r.Uint32())
	case 4:
		what = "32 bits"
		if i+4 <= len(d) {
			binary.LittleEndian.PutUint32(d[i:], []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 24, 1 << 28}[r.IntN(7)])
		}
	case 5:
		what = "64 bits"
		if i &^= 7; i+8 <= len(d) {
			binary.LittleEndian.PutUint64(d[i:], []uint64{0, 1 << 31, 1 << 40, 1 << 60, 1 << 63, math.MaxUint64, 1<<63 - 1, uint64(len(d))}[r.IntN(8)])
		}
	case 6:
		what = "put in"
		d = slices.Insert(d, i, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x7f")[:1+r.IntN(9)]...)
	case 7:
		what = "left out"
		d = slices.Delete(d, i, min(len(d), i+1+r.IntN(16)))
	case 8:
		what = "copied"
		j := r.IntN(len(d))
		copy(d[i:], d[j:min(len(d), j+1+r.IntN(32))])
	}
	return d, fmt.Sprintf("%s at %d", what, i)
}

// TestHostileDamage: however a file is damaged, it is read in little time and memory,
// as rows or to an error that says which file. Where checksums cover it, the rows are
// right if there is no error.
func TestHostileDamage(t *testing.T) {
	times := 700
	if long {
		times = 20_000
	}
	for name, f := range hostileFiles() {
		t.Run(name, func(t *testing.T) {
			columns, whole, err := rowsOf(f.data, 1)
			if err != nil {
				t.Fatal(err)
			}
			beat, peak := watch(t, 20*time.Second)
			r := rand.New(rand.NewPCG(11, uint64(len(name))))
			for i := range times {
				data, what := damage(r, f.data)
				beat(name + ", " + what)
				cols, rows, err := rowsOf(data, 1+i%2)
				oursOrNone(t, err)
				if err == nil && f.sealed && (!slices.Equal(rows, whole) || !slices.Equal(cols, columns)) && !bytes.Equal(data, f.data) {
					t.Errorf("%s, try %d: other rows, and no error", what, i)
				}
				if p := peak(); p > 600<<20 {
					t.Fatalf("%s, try %d: %d MB of memory for %d bytes: %v", what, i, p>>20, len(data), err)
				}
			}
			t.Logf("peak %d MB", peak()>>20)
		})
	}
}

// endless is some text over and over, up to a size.
type endless struct {
	text []byte
	left int64
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	for n < len(p) && e.left > 0 {
		m := copy(p[n:], e.text[e.at:min(int64(len(e.text)), int64(e.at)+e.left)])
		n, e.left, e.at = n+m, e.left-int64(m), (e.at+m)%len(e.text)
	}
	return n, nil
}

// bomb packs a beginning and then text over and over.
func bomb(how, begin, text string, size int64) []byte {
	var out bytes.Buffer
	in := io.MultiReader(strings.NewReader(begin), &endless{text: bytes.Repeat([]byte(text), 1<<16/len(text)+1), left: size})
	switch how {
	case "gz":
		w := gzip.NewWriter(&out)
		io.Copy(w, in)
		w.Close()
	case "zst":
		w, _ := zstd.NewWriter(&out)
		io.Copy(w, in)
		w.Close()
	case "npz":
		z := zip.NewWriter(&out)
		w, _ := z.Create("p.npy")
		io.Copy(w, in)
		z.Close()
	}
	return out.Bytes()
}

// TestHostileBombs: a small file that unpacks to a large one, or says that it is
// large, takes no more memory than others, and what cannot be read is said.
func TestHostileBombs(t *testing.T) {
	size := int64(100 << 20)
	if long {
		size *= 10
	}
	head := func(shape, descr string) string {
		h := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
		h += strings.Repeat(" ", 63-(10+len(h))%64) + "\n"
		return predict.NPYMagic + "\x01\x00" + string([]byte{byte(len(h)), byte(len(h) >> 8)}) + h
	}
	u64 := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	parquetTail := func(n uint32) string {
		return "PAR1" + strings.Repeat("x", 100) + string(binary.LittleEndian.AppendUint32(nil, n)) + "PAR1"
	}
	for _, c := range []struct {
		name string
		data []byte
		want string // of the error; "" if rows are expected
	}{
		{"a line without end, gz", bomb("gz", "label,p\n", "0", size), "row 1"},
		{"a line without end, zst", bomb("zst", "label,p\n", "0", size), "row 1"},
		{"an open quote, gz", bomb("gz", "label,p\n\"", "0\n", size), "row 1"},
		{"blanks, gz", bomb("gz", "label,p\n1,0.5\n", " ", size), "row 2"},
		{"many lines, gz", bomb("gz", "label,p\n", "1,0.5\n", size/6*6), ""},
		{"a string without end, JSON", bomb("gz", `{"label": 1, "p": "`, "0", size), "f: "},
		{"nested arrays, JSON", bomb("gz", `{"label": 1, "p": `, "[", size), "nested"},
		{"nested objects, JSON", bomb("zst", ``, `{"a":`, size), "nested"},
		{"a list without end, JSON", bomb("zst", `{"label": 1, "p": [1`, ",1", size), ""},
		{"blank lines, JSON", bomb("zst", `{"label": 1, "p": 0.5}`+"\n", "\n", size), ""},
		{"zeros, npz", bomb("npz", head(fmt.Sprintf("(%d, 2)", size/16), "<f8"), "\x00", size/16*16), ""},
		{"zeros, npy.gz", bomb("gz", head(fmt.Sprintf("(%d, 2)", size/16), "<f8"), "\x00", size/16*16), ""},
		{"a shape of 2^60", []byte(head("(1152921504606846976,)", "<f4") + "1234"), "cut short"},
		{"a shape of 2^50 by 1", []byte(head("(1125899906842624, 1)", "<f4") + "1234"), "cut short"},
		{"a header of 2^40, safetensors", []byte(u64(1<<40) + `{"p":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), ""},
		{"a header of 90 MB, safetensors", []byte(u64(90e6) + `{"p":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), "cut short"},
		{"a tensor of 2^60, safetensors", []byte(u64(80) + `{"p":{"dtype":"F32","shape":[288230376151711744],"data_offsets":[0,1152921504606846976]}}`), ""},
		{"a footer of 2^31, parquet", []byte(parquetTail(1 << 31)), "damaged footer"},
		{"a footer of 2^32-1, parquet", []byte(parquetTail(math.MaxUint32)), "damaged footer"},
		{"a window of 2^41, zst", []byte("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00"), "memory"},
		{"a block of 2^20, zst", []byte("\x28\xb5\x2f\xfd\x00\x58\x03\x00\x80a"), "f: "},
		{"frames of nothing, zst", bytes.Repeat(zst(nil), 100_000), "empty"},
		{"members of nothing, gz", bytes.Repeat(gz(nil), 20_000), "empty"},
		{"gz in zst", zst(gz([]byte("a,b\n1,2\n"))), "compressed twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			beat, peak := watch(t, time.Minute)
			beat(c.name)
			src, err := Open(t.Context(), "-", Options{Stdin: bytes.NewReader(c.data)})
			if err == nil {
				var sel predict.Selection
				for i := range min(2, len(src.Columns())) {
					sel.Texts = append(sel.Texts, i)
				}
				_, err = src.Read(t.Context(), sel, 2, func(int, *predict.Batch) error { return nil })
				src.Close()
			}
			if c.want != "" {
				wantError(t, err, strings.Replace(c.want, "f: ", "-: ", 1))
			}
			oursOrNone(t, err)
			t.Logf("%d bytes, peak %d MB: %v", len(c.data), peak()>>20, err)
			limit := uint64(200 << 20)
			if strings.HasPrefix(c.name, "blanks") {
				limit = 320 << 20 // a record that is too long, behind others, is put together from its pieces
			}
			if p := peak(); p > limit {
				t.Errorf("%d MB of memory", p>>20)
			}
		})
	}
	runtime.GC()
}

// TestHostileText: what editors and systems do to text is read as it is meant, or said.
func TestHostileText(t *testing.T) {
	plain := "label,p_0,p_1\n0,0.25,0.75\n1,0.5,0.5\n"
	utf16 := func(s string, big, mark bool) []byte {
		var b []byte
		if mark {
			s = "\ufeff" + s
		}
		for _, r := range s {
			if big {
				b = append(b, byte(r>>8), byte(r))
			} else {
				b = append(b, byte(r), byte(r>>8))
			}
		}
		return b
	}
	lines := `{"label": 0, "p": [0.25, 0.75]}` + "\n" + `{"label": 1, "p": [0.5, 0.5]}` + "\n"
	same := func(s string) []string { return []string{s} }
	for _, c := range []struct {
		name string
		data []byte
		want []string // of the error; none if the rows are those of the plain file
	}{
		{"CRLF", []byte(strings.ReplaceAll(plain, "\n", "\r\n")), nil},
		{"BOM", []byte("\ufeff" + plain), nil},
		{"BOM and CRLF", []byte("\ufeff" + strings.ReplaceAll(plain, "\n", "\r\n")), nil},
		{"no last newline", []byte(plain[:len(plain)-1]), nil},
		{"quoted", []byte("\"label\",\"p_0\",\"p_1\"\n\"0\",\"0.25\",\"0.75\"\n\"1\",\"0.5\",\"0.5\"\n"), nil},
		{"CR only", []byte(strings.ReplaceAll(plain, "\n", "\r")), []string{"f: "}},
		{"UTF-16, little", utf16(plain, false, true), []string{"UTF-16", "iconv"}},
		{"UTF-16, big", utf16(plain, true, true), []string{"UTF-16", "iconv"}},
		{"UTF-16, little, no mark", utf16(plain, false, false), []string{"f: "}},
		{"UTF-16, big, no mark", utf16(plain, true, false), []string{"f: "}},
		{"NUL in a number", []byte("label,p_0,p_1\n0,0.2\x005,0.75\n"), []string{"f: ", "NUL"}},
		{"NUL in the header", []byte("label,p\x00_0,p_1\n0,0.25,0.75\n"), []string{"f: ", "NUL"}},
		{"NUL in a text", []byte("label,p_0,p_1\n0\x00,0.25,0.75\n"), []string{"f: ", "NUL"}},
		{"an open quote", []byte("label,p_0,p_1\n\"0,0.25,0.75\n1,0.5,0.5\n"), []string{"f: ", "quote"}},
		{"JSON, CRLF", []byte(strings.ReplaceAll(lines, "\n", "\r\n")), nil},
		{"JSON, BOM", []byte("\ufeff" + lines), nil},
		{"JSON, UTF-16", utf16(lines, false, true), []string{"UTF-16"}},
		{"JSON, NUL", []byte(strings.Replace(lines, "0.5,", "0.5\x00,", 1)), []string{"row 2", "NUL"}},
		{"JSON, NUL in a text", []byte(strings.Replace(lines, "label", "lab\x00el", 1)), []string{"f: "}},
		{"JSON, nested too deeply", []byte(`{"label": 0, "p": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}\n"), same("nested")},
		{"JSON, a key twice", []byte(`{"label": 0, "label": 1, "p": [0.5, 0.5]}` + "\n"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := plain
			if strings.HasPrefix(c.name, "JSON") {
				whole = lines
			}
			if c.name == "JSON, a key twice" {
				whole = lines[strings.Index(lines, "\n")+1:]
			}
			columns, want, err := rowsOf([]byte(whole), 1)
			if err != nil {
				t.Fatal(err)
			}
			for threads := 1; threads <= 2; threads++ {
				cols, rows, err := rowsOf(c.data, threads)
				if c.want != nil {
					wantError(t, err, c.want...)
					oursOrNone(t, err)
				} else if err != nil || !slices.Equal(rows, want) || !slices.Equal(cols, columns) {
					t.Errorf("%q %q %v, want %q %q", cols, rows, err, columns, want)
				}
			}
		})
	}
}
