package formats

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"surprisal/predict"
)

func TestTableIsComplete(t *testing.T) {
	names := map[string]bool{}
	for i, f := range Table() {
		if f.Name == "" || f.Name != strings.ToLower(f.Name) || f.Open == nil || len(f.Extensions) == 0 {
			t.Errorf("row %d is not complete: %+v", i, f)
		}
		if n := len(f.Description); n < 20 || n > 110 || strings.HasSuffix(f.Description, ".") {
			t.Errorf("%s: a description is one line without a full stop: %q", f.Name, f.Description)
		}
		for _, name := range append([]string{f.Name}, f.Extensions...) {
			if names[name] && name != f.Name {
				t.Errorf("%s: %q belongs to two formats", f.Name, name)
			}
			names[name] = true
		}
		if last := i == len(table)-1; (f.Detect == nil) != last {
			t.Errorf("%s: all rows but the last have a Detect", f.Name)
		}
		if _, ok := conformance[f.Name]; ok == ofOneSystem[f.Name] {
			t.Errorf("%s is not in the conformance test", f.Name)
		}
	}
	for _, s := range strangers {
		if s.what == "" || s.hint("x") == "" {
			t.Errorf("%q has no hint", s.what)
		}
	}
}

// The conformance data: rows of columns of numbers, exact in float32 and in
// decimal, the first of which is an integer.
const confRows, confCols = 30011, 4

func confValue(i, j int) float64 {
	switch {
	case j == 0:
		return float64(i % 3)
	case (i+j)%97 == 0:
		return math.NaN()
	}
	return float64((i*31+j*17)%1024) / 1024
}

// ofOneSystem are formats that can hold what one system writes and no tables;
// they have tests of their own.
var ofOneSystem = map[string]bool{"eval": true}

// conformance writes the same data in every format.
var conformance = map[string]func() []byte{
	"npy": func() []byte {
		head := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", confRows, confCols)
		head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
		b := append([]byte(predict.NPYMagic+"\x01\x00"), byte(len(head)), byte(len(head)>>8))
		b = append(b, head...)
		for i := range confRows {
			for j := range confCols {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(confValue(i, j)))
			}
		}
		return b
	},
	"csv": func() []byte {
		b := []byte("label,p_0,p_1,p_2\n")
		for i := range confRows {
			for j := range confCols {
				if j > 0 {
					b = append(b, ',')
				}
				if x := confValue(i, j); x == x {
					b = fmt.Append(b, x)
				} else {
					b = append(b, "NaN"...)
				}
			}
			b = append(b, '\n')
		}
		return b
	},
}

// conform reads everything of a source and checks every row against the data.
func conform(t *testing.T, src predict.Source, threads int) {
	t.Helper()
	sel := predict.Selection{Values: []int{3, 1}, Numbers: []int{2}, Texts: []int{0}}
	var mu sync.Mutex
	type run struct{ first, rows int64 }
	var runs []run
	rows, err := src.Read(context.Background(), sel, threads, func(_ int, b *predict.Batch) error {
		missing := b.Missing
		for i := range b.Rows {
			row := int(b.First) - 1 + i
			for k, c := range sel.Values {
				var x float64
				if b.F32 != nil {
					x = float64(b.F32[i*b.K+k])
				} else {
					x = b.F64[i*b.K+k]
				}
				if want := confValue(row, c); x != want && (x == x || want == want) {
					return fmt.Errorf("row %d, column %d: %v, want %v", row+1, c+1, x, want)
				}
			}
			if x, want := b.Numbers[0][i], confValue(row, 2); x != want && (x == x || want == want) {
				return fmt.Errorf("row %d, column 3: %v, want %v", row+1, x, want)
			}
			if x, want := string(b.Texts[0].At(i)), fmt.Sprint(confValue(row, 0)); x != want {
				return fmt.Errorf("row %d: text %q, want %q", row+1, x, want)
			}
			for _, c := range []int{1, 2, 3} {
				if want := confValue(row, c); want != want {
					if len(missing) == 0 || int(missing[0].Row) != i || int(missing[0].Column) != c || missing[0].Why != predict.NaN {
						return fmt.Errorf("row %d, column %d is not listed as missing: %v", row+1, c+1, missing)
					}
					missing = missing[1:]
				}
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("listed as missing, but is not: %v", missing)
		}
		mu.Lock()
		runs = append(runs, run{b.First, int64(b.Rows)})
		mu.Unlock()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(runs, func(a, b run) int { return int(a.first - b.first) })
	next := int64(1)
	for _, r := range runs {
		if r.first != next {
			t.Fatalf("row %d follows row %d", r.first, next-1)
		}
		next += r.rows
	}
	if next-1 != confRows || rows != confRows {
		t.Fatalf("%d rows read, Read says %d, want %d", next-1, rows, confRows)
	}
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zst(b []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(b, nil)
}

// packed are the ways in which a file may be packed: members and frames of which
// there are several, and a skippable frame, included.
var packed = map[string]func([]byte) []byte{
	"":    func(b []byte) []byte { return b },
	"gz":  gz,
	"zst": zst,
	"gz, three members": func(b []byte) []byte {
		return slices.Concat(gz(b[:5]), gz(nil), gz(b[5:]))
	},
	"zst, three frames": func(b []byte) []byte {
		return slices.Concat([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zst(b[:1000]), zst(b[1000:1001]), zst(b[1001:]))
	},
}

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	for _, f := range Table() {
		if ofOneSystem[f.Name] {
			continue
		}
		data := conformance[f.Name]()
		for how, pack := range packed {
			path := filepath.Join(dir, "data") // the content tells, not the name
			if err := os.WriteFile(path, pack(data), 0o600); err != nil {
				t.Fatal(err)
			}
			format := f.Name
			if suffix, _, _ := strings.Cut(how, ","); suffix != "" {
				format += "." + suffix
			}
			for _, threads := range []int{1, 2, 5} {
				t.Run(fmt.Sprintf("%s/%s/%d", f.Name, how, threads), func(t *testing.T) {
					src, err := Open(t.Context(), path, Options{})
					if err != nil {
						t.Fatal(err)
					}
					if src.Name() != path || src.Format() != format {
						t.Errorf("%s %s, want %s", src.Name(), src.Format(), format)
					}
					if n := src.Sample().Rows(); n != 1000 {
						t.Errorf("%d rows in the sample", n)
					}
					conform(t, src, threads)
					if err := src.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			t.Run(f.Name+"/"+how+"/stdin", func(t *testing.T) {
				file, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				pipe, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer pipe.Close()
				go func() { w.Write(pack(data)); w.Close() }()
				for kind, stdin := range map[string]io.Reader{"file": file, "pipe": pipe, "reader": bytes.NewReader(pack(data))} {
					src, err := Open(t.Context(), "-", Options{Stdin: stdin})
					if err != nil {
						t.Fatal(kind, err)
					}
					if src.Name() != "-" {
						t.Error(src.Name())
					}
					conform(t, src, 2)
					src.Close()
				}
			})
		}
	}
}

func wantError(t *testing.T, err error, want ...string) {
	t.Helper()
	var e *predict.Error
	if !errors.As(err, &e) {
		t.Errorf("%v, want %q", err, want)
		return
	}
	for _, w := range want {
		if !strings.Contains(e.Error()+"\n"+e.Hint, w) {
			t.Errorf("%v (hint: %s), want %q", e, e.Hint, w)
		}
	}
}

func TestCutShort(t *testing.T) {
	data := conformance["npy"]()
	for how, pack := range packed {
		whole := pack(data)
		cut := []int{len(whole) / 2, len(whole) - 1, len(whole) - 3}
		if how == "gz" || how == "zst" {
			cut = append(cut, 7)
		}
		for _, n := range cut {
			src, err := Open(t.Context(), "-", Options{Stdin: bytes.NewReader(whole[:n])})
			if err == nil {
				_, err = src.Read(t.Context(), predict.Selection{Values: []int{0}}, 2, func(int, *predict.Batch) error { return nil })
				src.Close()
			}
			wantError(t, err, "-: ", "cut short")
		}
	}
	broken := gz(data)
	broken[len(broken)-7] ^= 0x55 // the checksum
	src, err := Open(t.Context(), "-", Options{Stdin: bytes.NewReader(broken)})
	if err == nil {
		_, err = src.Read(t.Context(), predict.Selection{Values: []int{0}}, 1, func(int, *predict.Batch) error { return nil })
	}
	wantError(t, err, "-: ", "damaged gzip data")
}

func TestStrangers(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, head, want, hint string }{
		{"a.parquet", "PAR1\x15\x04", "cut short", ""},
		{"a.arrow", "ARROW1\x00\x00", "cut short: an Arrow file", ""},
		{"a.npz", "PK\x03\x04\x14", "zip archive", "unpack it"},
		{"a.pt", "PK\x03\x04\x14", "zip archive", "safetensors.torch.save_file"},
		{"a.pkl", "\x80\x04\x95\x10", "pickle", "never run"},
		{"a.gguf", "GGUF\x03\x00\x00\x00", "a model (GGUF)", "not its weights"},
		{"a.kld", "_logits_\x00\x02\x00\x00", "a base file of llama-perplexity", "--kl-divergence"},
		{"a.sse", "data: {\"id\": \"c1\"}\n\ndata: [DONE]\n", "a stream of server-sent events", "sed -n 's/^data: *{/{/p' "},
		{"a.events", "event: response.created\ndata: {}\n", "a stream of server-sent events", "surprisal score -"},
		{"a.h5", "\x89HDF\r\n\x1a\n", "HDF5", "h5py"},
		{"a.safetensors", "\x40\x00\x00\x00\x00\x00\x00\x00{\"t\":", "cut short", ""},
		{"a.xz", "\xfd7zXZ\x00\x00", "xz", "xz -dc"},
		{"a.txt", "\xff\xfel\x00a\x00", "UTF-16", "iconv"},
		{"a.csv", "<!DOCTYPE html>\n<html>", "web page", "logging in"},
		{"b.csv", "", "empty", ""},
		{"c.gz", string(gz(gz([]byte("a,b\n1,2\n")))), "compressed twice", ""},
		{"d.gz", string(gz(nil)), "empty", ""},
		{"e.gz", string(gz([]byte("PAR1"))), "Parquet", ""},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.head), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), path, Options{})
		wantError(t, err, path+": ", c.want, c.hint)
	}
	// Headers that look a little like JSON are text.
	for _, head := range []string{"[z],label\n0.5,1\n", "{a},{b}\n1,2\n"} {
		if isJSON([]byte(head)) {
			t.Errorf("%q is taken for JSON", head)
		}
	}
}

func TestNoSuchFile(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "predictions.csv"), []byte("p\n1\n"), 0o600)
	_, err := Open(t.Context(), filepath.Join(dir, "predictoins.csv"), Options{})
	wantError(t, err, "no such file", "did you mean "+filepath.Join(dir, "predictions.csv")+"?")
	_, err = Open(t.Context(), filepath.Join(dir, "no", "p.csv"), Options{})
	wantError(t, err, "there is no directory "+filepath.Join(dir, "no"))
	_, err = Open(t.Context(), dir, Options{})
	wantError(t, err, "a directory", "*.csv'")
	_, err = Open(t.Context(), "-", Options{})
	wantError(t, err, "no standard input")
	_, err = Open(t.Context(), "-", Options{Stdin: strings.NewReader("")})
	wantError(t, err, "nothing came from standard input")
	_, err = Open(t.Context(), dir, Options{Format: "xml"})
	wantError(t, err, `no format "xml"`, "npy, npz")
	if f, err := byName("TSV"); err != nil || f.Name != "csv" {
		t.Error(f, err)
	}
}

func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Skip("no mkfifo here")
	}
	go os.WriteFile(path, gz(conformance["npy"]()), 0)
	src, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if src.Format() != "npy.gz" {
		t.Error(src.Format())
	}
	conform(t, src, 2)
}

// A pipe that keeps silent does not keep a cancelled run from ending.
func TestSilentPipe(t *testing.T) {
	for _, first := range [][]byte{nil, conformance["npy"]()[:20000], gz(conformance["npy"]())[:20000]} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		defer r.Close()
		w.Write(first)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			src, err := Open(ctx, "-", Options{Stdin: r})
			if err == nil {
				_, err = src.Read(ctx, predict.Selection{Values: []int{0}}, 2, func(int, *predict.Batch) error { return nil })
				src.Close()
			}
			done <- err
		}()
		time.Sleep(20 * time.Millisecond)
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("still waiting for the pipe")
		}
	}
}

// A source that is closed half-read leaves nothing behind.
func TestCloseEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gz")
	os.WriteFile(path, gz(bytes.Repeat(conformance["npy"](), 3)), 0o600)
	for range 20 {
		src, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
		if err := src.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
	}
}
