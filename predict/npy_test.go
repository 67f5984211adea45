package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// everything is a source read to the end: batches put back in the order of rows.
type everything struct {
	values  []float64
	numbers [][]float64
	texts   [][]string
	missing []string
	half    bool
	f32     bool
}

func readAll(t testing.TB, s Source, sel Selection, threads int) *everything {
	t.Helper()
	type part struct {
		first int64
		rows  int
		e     everything
	}
	var mu sync.Mutex
	var parts []part
	rows, err := s.Read(context.Background(), sel, threads, func(_ int, b *Batch) error {
		p := part{first: b.First, rows: b.Rows}
		p.e.half, p.e.f32 = b.Half, b.F32 != nil
		for _, x := range b.F32 {
			p.e.values = append(p.e.values, float64(x))
		}
		p.e.values = append(p.e.values, b.F64...)
		for _, col := range b.Numbers {
			p.e.numbers = append(p.e.numbers, slices.Clone(col))
		}
		for i := range b.Texts {
			var col []string
			for r := range b.Rows {
				col = append(col, string(b.Texts[i].At(r)))
			}
			p.e.texts = append(p.e.texts, col)
		}
		for _, m := range b.Missing {
			p.e.missing = append(p.e.missing, fmt.Sprintf("%d/%d %v", b.First+int64(m.Row), m.Column, m.Why))
		}
		if len(b.F32)+len(b.F64) != b.Rows*b.K {
			return fmt.Errorf("%d values in a batch of %d×%d", len(b.F32)+len(b.F64), b.Rows, b.K)
		}
		mu.Lock()
		parts = append(parts, p)
		mu.Unlock()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(parts, func(a, b part) int { return int(a.first - b.first) })
	all := &everything{numbers: make([][]float64, len(sel.Numbers)), texts: make([][]string, len(sel.Texts))}
	next := int64(1)
	for _, p := range parts {
		if p.first != next {
			t.Fatalf("row %d follows row %d", p.first, next-1)
		}
		next += int64(p.rows)
		all.values = append(all.values, p.e.values...)
		for i := range all.numbers {
			all.numbers[i] = append(all.numbers[i], p.e.numbers[i]...)
		}
		for i := range all.texts {
			all.texts[i] = append(all.texts[i], p.e.texts[i]...)
		}
		all.missing = append(all.missing, p.e.missing...)
		all.half, all.f32 = p.e.half, p.e.f32
	}
	if rows != next-1 {
		t.Fatalf("Read says %d rows, and delivered %d", rows, next-1)
	}
	return all
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || x != x && y != y })
}

// made is what make_npy.py puts at row i and column j.
func made(file string, i, j int) float64 {
	n := float64((7*i + 3*j) % 11)
	switch file[0] {
	case 'f', 'v':
		switch {
		case i == 1 && j == 2:
			return math.NaN()
		case i == 3 && j == 0:
			return math.Inf(1)
		}
		return (n - 5) / 4
	case 'i':
		return n - 5
	case 'b':
		return math.Mod(n, 2)
	}
	return n
}

func TestNPY(t *testing.T) {
	files, _ := filepath.Glob("testdata/npy/*.npy")
	if len(files) < 30 {
		t.Fatalf("%d files", len(files))
	}
	for _, path := range files {
		file := filepath.Base(path)
		if slices.Contains([]string{"flat.npy", "column.npy", "big.npy", "halves.npy", "halves_wide.npy"}, file) || strings.HasPrefix(file, "text_") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		open := func() Source {
			s, err := OpenNPY(file, bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		sources := []func() Source{open}
		if !strings.Contains(file, "fortran") {
			sources = append(sources, func() Source {
				s, err := OpenNPYStream(file, io.LimitReader(bytes.NewReader(data), 1<<20))
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		}
		for _, open := range sources {
			for _, cols := range [][]int{{0, 1, 2}, {2, 0}, {1}} {
				s := open()
				got := readAll(t, s, Selection{Values: cols, Numbers: []int{2}, Texts: []int{1, 2}}, 2)
				var values, number []float64
				for i := range 5 {
					for _, j := range cols {
						values = append(values, made(file, i, j))
					}
					number = append(number, made(file, i, 2))
					x, ok := s.Sample().Number(i, 2)
					if !ok || !same([]float64{x}, number[i:]) {
						t.Errorf("%s: sample has %v at row %d, want %v", file, x, i, number[i])
					}
					if s.Sample().Text(i, 1) != got.texts[0][i] {
						t.Errorf("%s: texts %q in the sample and %q", file, s.Sample().Text(i, 1), got.texts[0][i])
					}
				}
				if !same(got.values, values) || !same(got.numbers[0], number) {
					t.Errorf("%s %v: %v and %v, want %v and %v", file, cols, got.values, got.numbers, values, number)
				}
				float := file[0] == 'f' || file[0] == 'v'
				missing := []string(nil)
				if float {
					if slices.Contains(cols, 2) {
						missing = append(missing, "2/2 NaN")
					}
					missing = append(missing, "2/2 NaN")
				}
				if !slices.Equal(got.missing, missing) {
					t.Errorf("%s %v: missing %v", file, cols, got.missing)
				}
				if got.half != strings.HasPrefix(file, "f2") || got.f32 != (strings.HasPrefix(file, "f2") || strings.HasPrefix(file, "f4") || file[0] == 'v') {
					t.Errorf("%s: half %v, float32 %v", file, got.half, got.f32)
				}
				if s.Sample().Rows() != 5 || len(s.Columns()) != 3 || s.Columns()[0].Integer == float || !s.Columns()[2].Numeric || s.Columns()[2].Named || s.Columns()[2].Name != "3" {
					t.Errorf("%s: %d rows in the sample, columns %+v", file, s.Sample().Rows(), s.Columns())
				}
			}
		}
	}
}

func openFile(t testing.TB, path string) (Source, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return OpenNPY(filepath.Base(path), bytes.NewReader(data), int64(len(data)))
}

func TestNPYShapes(t *testing.T) {
	for _, file := range []string{"flat", "column"} {
		s, err := openFile(t, "testdata/npy/"+file+".npy")
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, s, Selection{Texts: []int{0}}, 1)
		if want := []string{"-5", "2", "-2", "5", "1"}; !slices.Equal(got.texts[0], want) {
			t.Errorf("%s: %q, want %q", file, got.texts[0], want)
		}
	}
	s, err := openFile(t, "testdata/npy/big.npy")
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, s, Selection{Texts: []int{0}}, 1)
	if want := []string{"9007199254740993", "-9223372036854775808"}; !slices.Equal(got.texts[0], want) || s.Sample().Text(0, 0) != want[0] {
		t.Errorf("%q", got.texts[0])
	}
	half, err := openFile(t, "testdata/npy/halves.npy")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := openFile(t, "testdata/npy/halves_wide.npy")
	if err != nil {
		t.Fatal(err)
	}
	a, b := readAll(t, half, Selection{Values: []int{0}}, 1), readAll(t, wide, Selection{Values: []int{0}}, 1)
	if !same(a.values, b.values) || !a.half {
		t.Error("float16 is widened otherwise than numpy does it")
	}
}

// npyBytes writes an array as numpy does.
func npyBytes(descr string, fortran bool, shape string, data []byte) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	b := append([]byte(NPYMagic+"\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return append(append(b, head...), data...)
}

func TestNPYRefuses(t *testing.T) {
	for file, want := range map[string][]string{
		"object": {"Python objects", "arr.astype('float32')"}, "text": {"texts in 2 columns", "arr[:, 0]"}, "timedelta": {"dates or times"},
		"complex": {"complex", "arr.real"}, "longdouble": {"long double", "float64"}, "record": {"records", "arr['field']"},
		"void": {"raw bytes"}, "date": {"dates"}, "scalar": {"single number", "reshape"}, "cube": {"3 dimensions (shape (2, 3, 4))", "arr.reshape(-1, arr.shape[-1])"},
		"empty": {"no values (shape (0, 3))"},
	} {
		_, err := openFile(t, "testdata/npy/refused/"+file+".npy")
		checkError(t, file, err, want...)
	}
	four := make([]byte, 4)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":        {nil, "the file has 0 bytes"},
		"not npy":        {[]byte("label,p\n0,0.5\n"), "not an NPY file"},
		"version":        {[]byte(NPYMagic + "\x04\x00\x00\x00"), "version 4.0"},
		"long header":    {[]byte(NPYMagic + "\x02\x00\xff\xff\xff\xff"), "claims to be 4294967295 bytes"},
		"cut header":     {[]byte(NPYMagic + "\x01\x00\x40\x00{'descr'"), "ends after 8 of 64 bytes"},
		"short":          {npyBytes("<f4", false, "(3, 2)", make([]byte, 20)), "cut short after 2 of 3 rows"},
		"long":           {npyBytes("<f4", false, "(1,)", make([]byte, 5)), "1 bytes after the last of 1 rows"},
		"overflow":       {npyBytes("<f8", false, "(4611686018427387904, 4)", four), "larger than any file"},
		"overflow 63":    {npyBytes("<f8", false, "(9223372036854775808,)", four), "no length"},
		"negative":       {npyBytes("<f8", false, "(-1,)", four), "no length"},
		"wide":           {npyBytes("<f4", false, "(1, 2000000)", four), "2000000 columns"},
		"no tuple":       {npyBytes("<f4", false, "(1)", four), "not a tuple"},
		"junk after":     {npyBytes("<f4", false, "(1,)} + {", four), "after the end"},
		"no dtype":       {npyBytes("", false, "(1,)", four), "dtype"},
		"odd dtype":      {npyBytes("<f3", false, "(1,)", four), "dtype \"<f3\" is not known"},
		"unknown key":    {npyBytes("<f4", false, "(1,), 'more': 1", four), "unknown key"},
		"key twice":      {npyBytes("<f4", false, "(1,), 'shape': (1,)", four), "twice"},
		"no shape":       {append([]byte(NPYMagic+"\x01\x00\x02\x00"), "{}"...), "no descr"},
		"fortran, short": {npyBytes("<f4", true, "(3, 2)", make([]byte, 20)), "cut short: 20 bytes of 24"},
	} {
		_, err := OpenNPY("x.npy", bytes.NewReader(c.data), int64(len(c.data)))
		checkError(t, name, err, c.want)
		s, err := OpenNPYStream("x.npy", bytes.NewReader(c.data))
		if err == nil {
			_, err = s.Read(context.Background(), Selection{Values: []int{0}}, 2, func(int, *Batch) error { return nil })
		}
		if err == nil {
			t.Errorf("%s: read as a stream", name)
		}
	}
	_, err := OpenNPYStream("x.npy", bytes.NewReader(npyBytes("<f4", true, "(2, 2)", make([]byte, 16))))
	checkError(t, "Fortran order", err, "Fortran order cannot be read from a stream", "ascontiguousarray")
}

func checkError(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, w := range want {
		if !strings.Contains(e.Error()+"\n"+e.Hint, w) {
			t.Errorf("%s: %v (hint: %s), want %q", name, e, e.Hint, w)
		}
	}
}

// ramp is an NPY file of float32 that counts up, with its numbers.
func ramp(rows, cols int, fortran bool) []byte {
	data := make([]byte, 0, rows*cols*4)
	put := func(i, j int) { data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i*cols+j))) }
	if fortran {
		for j := range cols {
			for i := range rows {
				put(i, j)
			}
		}
	} else {
		for i := range rows {
			for j := range cols {
				put(i, j)
			}
		}
	}
	return npyBytes("<f4", fortran, fmt.Sprintf("(%d, %d)", rows, cols), data)
}

// Several batches, tiles and threads: the same rows each time.
func TestNPYLarge(t *testing.T) {
	for _, shape := range [][2]int{{70001, 17}, {300001, 1}, {9, 300007}, {40000, 101}} {
		rows, cols := shape[0], shape[1]
		sel := Selection{Numbers: []int{cols / 2}, Texts: []int{0}}
		for j := range cols {
			sel.Values = append(sel.Values, j)
		}
		for _, order := range []bool{false, true} {
			data := ramp(rows, cols, order)
			for _, threads := range []int{1, 3} {
				s, err := OpenNPY("x", bytes.NewReader(data), int64(len(data)))
				if err != nil {
					t.Fatal(err)
				}
				check := func(s Source) {
					var mu sync.Mutex
					seen := 0
					n, err := s.Read(context.Background(), sel, threads, func(_ int, b *Batch) error {
						for i := range b.Rows {
							row := int(b.First) - 1 + i
							for j := range cols {
								if b.F32[i*cols+j] != float32(row*cols+j) {
									return fmt.Errorf("row %d, column %d: %v", row, j, b.F32[i*cols+j])
								}
							}
							if b.Numbers[0][i] != float64(float32(row*cols+cols/2)) {
								return fmt.Errorf("number of row %d: %v", row, b.Numbers[0][i])
							}
						}
						mu.Lock()
						seen += b.Rows
						mu.Unlock()
						return nil
					})
					if err != nil || n != int64(rows) || seen != rows {
						t.Fatalf("%v, Fortran %v, %d threads: %d rows, %d seen, %v", shape, order, threads, n, seen, err)
					}
				}
				check(s)
				if !order {
					s, err := OpenNPYStream("x", bytes.NewReader(data))
					if err != nil {
						t.Fatal(err)
					}
					check(s)
				}
			}
		}
	}
}

// A failing fold: the earliest row's error, with every earlier row folded.
func TestNPYFailingFold(t *testing.T) {
	const rows, cols = 200000, 16
	data := ramp(rows, cols, false)
	for _, stream := range []bool{false, true} {
		for range 20 {
			s, err := OpenNPY("x", bytes.NewReader(data), int64(len(data)))
			if stream {
				s, err = OpenNPYStream("x", bytes.NewReader(data))
			}
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			folded := map[int64]bool{}
			_, err = s.Read(context.Background(), Selection{Values: []int{0}}, 4, func(_ int, b *Batch) error {
				for _, bad := range []int64{150001, 70002, 90003} {
					if b.First <= bad && bad < b.First+int64(b.Rows) {
						return &Error{Source: "x", Row: bad, What: "bad"}
					}
				}
				mu.Lock()
				folded[b.First] = true
				mu.Unlock()
				return nil
			})
			var e *Error
			if !errors.As(err, &e) || e.Row != 70002 {
				t.Fatal(err)
			}
			batch := int64(npyBlock / (cols * 4))
			for first := int64(1); first+batch <= 70002; first += batch {
				if !folded[first] {
					t.Fatalf("row %d was not folded", first)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, _ := OpenNPY("x", bytes.NewReader(data), int64(len(data)))
	n := 0
	_, err := s.Read(ctx, Selection{Values: []int{0}}, 1, func(int, *Batch) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Fatal(err, n)
	}
}

func TestNaNScan(t *testing.T) {
	for n := range 40 {
		a, b := make([]float32, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = float32(math.Inf(1-i%2*2)), math.Inf(1-i%2*2)
		}
		if hasNaN32(a) || hasNaN64(b) {
			t.Fatal("infinities taken for NaN")
		}
		for i := range a {
			for _, bits := range []uint32{0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000} {
				a[i] = math.Float32frombits(bits)
				if !hasNaN32(a) {
					t.Fatalf("NaN %x at %d of %d not seen", bits, i, n)
				}
				a[i] = math.MaxFloat32
			}
			for _, bits := range []uint64{0x7ff0000000000001, 0xfff0000000000001, 0x7fffffffffffffff, 0xffffffffffffffff} {
				b[i] = math.Float64frombits(bits)
				if !hasNaN64(b) {
					t.Fatalf("NaN %x at %d of %d not seen", bits, i, n)
				}
				b[i] = -math.MaxFloat64
			}
		}
	}
}

// BenchmarkNPY reads 200,000 rows of 1000 float32 (800 MB) from a file; "pread"
// reads the same bytes and does nothing else. It needs SURPRISAL_BENCH_NPY set to
// a path to write the file to.
func BenchmarkNPY(b *testing.B) {
	path := os.Getenv("SURPRISAL_BENCH_NPY")
	if path == "" {
		b.Skip("SURPRISAL_BENCH_NPY is not set")
	}
	const rows, cols = 200_000, 1000
	if _, err := os.Stat(path); err != nil {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		f.Write(npyBytes("<f4", false, fmt.Sprintf("(%d, %d)", rows, cols), nil))
		block := make([]byte, 1000*cols*4)
		for i := range len(block) / 4 {
			binary.LittleEndian.PutUint32(block[4*i:], math.Float32bits(float32(i%1000)/1000))
		}
		for range rows / 1000 {
			f.Write(block)
		}
		f.Close()
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	sel := Selection{Values: make([]int, cols)}
	for i := range sel.Values {
		sel.Values[i] = i
	}
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("pread/%d", threads), func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				var wg sync.WaitGroup
				var mu sync.Mutex
				at := int64(0)
				for range threads {
					wg.Go(func() {
						buf := make([]byte, npyBlock)
						for {
							mu.Lock()
							from := at
							at += npyBlock
							mu.Unlock()
							if from >= info.Size() {
								return
							}
							f.ReadAt(buf, from)
						}
					})
				}
				wg.Wait()
			}
		})
		b.Run(fmt.Sprintf("trivial/%d", threads), func(b *testing.B) {
			b.SetBytes(info.Size())
			for b.Loop() {
				s, err := OpenNPY(path, f, info.Size())
				if err != nil {
					b.Fatal(err)
				}
				var sums [2]float32
				if _, err := s.Read(context.Background(), sel, threads, func(w int, b *Batch) error {
					sums[w] += b.F32[0]
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzNPY(f *testing.F) {
	files, _ := filepath.Glob("testdata/npy/*e.npy")
	for _, path := range files {
		data, _ := os.ReadFile(path)
		f.Add(data)
	}
	f.Add(npyBytes("<U2", false, "(3,)", utf32(binary.LittleEndian, 2, "a", "12", "ü")))
	f.Add(npyBytes(">U1", false, "(3,)", utf32(binary.BigEndian, 1, "1", "2", "1")))
	f.Add(npyBytes("|S3", false, "(2, 1)", []byte("ab\x00123")))
	f.Add(npyBytes("<f4", true, "(2, 3)", make([]byte, 24)))
	f.Add(npyBytes("<f8", false, "(4611686018427387904, 4)", make([]byte, 8)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		start := time.Now()
		runtime.ReadMemStats(&before)
		for _, stream := range []bool{false, true} {
			s, err := OpenNPY("x", bytes.NewReader(data), int64(len(data)))
			if stream {
				s, err = OpenNPYStream("x", bytes.NewReader(data))
			}
			if err != nil {
				if _, ok := err.(*Error); !ok {
					t.Fatalf("%T %v", err, err)
				}
				continue
			}
			n := len(s.Columns())
			sel := Selection{Values: []int{n - 1, 0}, Numbers: []int{0}, Texts: []int{n / 2}}
			s.Sample().Number(s.Sample().Rows()-1, n-1)
			if !s.Columns()[0].Numeric { // as labels too
				sel.Values, sel.Numbers = nil, nil
				s.Sample().Text(s.Sample().Rows()-1, 0)
				if len(data)%2 == 0 {
					sel.Values, sel.Numbers = []int{0, 0}, []int{0}
				}
			}
			if _, err := s.Read(context.Background(), sel, 2, func(_ int, b *Batch) error {
				if len(b.F32)+len(b.F64) != len(sel.Values)*b.Rows || s.Columns()[0].Numeric && len(b.Texts[0].At(b.Rows-1)) == 0 {
					return errors.New("short batch")
				}
				return nil
			}); err != nil {
				if _, ok := err.(*Error); !ok {
					t.Fatalf("%T %v", err, err)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+40*uint64(len(data)) {
			t.Fatalf("%d bytes of input took %d bytes of memory, %v", len(data), used, time.Since(start))
		}
	})
}
