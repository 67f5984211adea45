//go:build unix

package check

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// sparse is a file in which zeros take no space on the disk.
type sparse struct {
	f  *os.File
	at int64
}

var zeros [1 << 12]byte

func (s *sparse) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), len(zeros))
		if !bytes.Equal(p[:k], zeros[:k]) {
			if _, err := s.f.WriteAt(p[:k], s.at); err != nil {
				return 0, err
			}
		}
		s.at += int64(k)
		p = p[k:]
	}
	return n, nil
}

// tenLogits is a row of logits that are all the same: its surprisal is log 10.
type tenLogits struct {
	Label int64   `parquet:"label"`
	Z0    float64 `parquet:"z_0,plain"`
	Z1    float64 `parquet:"z_1,plain"`
	Z2    float64 `parquet:"z_2,plain"`
	Z3    float64 `parquet:"z_3,plain"`
	Z4    float64 `parquet:"z_4,plain"`
	Z5    float64 `parquet:"z_5,plain"`
	Z6    float64 `parquet:"z_6,plain"`
	Z7    float64 `parquet:"z_7,plain"`
	Z8    float64 `parquet:"z_8,plain"`
	Z9    float64 `parquet:"z_9,plain"`
}

func zeroParquet(groupRows int64) func(w io.Writer, size int64) (rows int64, err error) {
	return func(w io.Writer, size int64) (rows int64, err error) {
		out := parquet.NewGenericWriter[tenLogits](w, parquet.Compression(&parquet.Uncompressed), parquet.PageBufferSize(1<<20))
		block := make([]tenLogits, 1<<14)
		for since := int64(0); rows*88 < size && err == nil; rows += int64(len(block)) {
			if since >= groupRows {
				since, err = 0, out.Flush()
			}
			if err == nil {
				_, err = out.Write(block)
			}
			since += int64(len(block))
		}
		if err == nil {
			err = out.Close()
		}
		return rows, err
	}
}

func zeroArrow(stream bool) func(w io.Writer, size int64) (rows int64, err error) {
	return func(w io.Writer, size int64) (rows int64, err error) {
		fields := []arrow.Field{{Name: "label", Type: arrow.PrimitiveTypes.Int64}}
		for k := range 10 {
			fields = append(fields, arrow.Field{Name: fmt.Sprint("z_", k), Type: arrow.PrimitiveTypes.Float64})
		}
		schema := arrow.NewSchema(fields, nil)
		build := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		const block = 1 << 16
		build.Field(0).(*array.Int64Builder).AppendValues(make([]int64, block), nil)
		for k := range 10 {
			build.Field(k+1).(*array.Float64Builder).AppendValues(make([]float64, block), nil)
		}
		batch := build.NewRecordBatch()
		var out interface {
			Write(arrow.RecordBatch) error
			Close() error
		}
		if stream {
			out = ipc.NewWriter(w, ipc.WithSchema(schema))
		} else if out, err = ipc.NewFileWriter(w, ipc.WithSchema(schema)); err != nil {
			return 0, err
		}
		for ; rows*88 < size && err == nil; rows += block {
			err = out.Write(batch)
		}
		if err == nil {
			err = out.Close()
		}
		return rows, err
	}
}

// zeroTensors writes labels and logits of zero, float32.
func zeroTensors(w io.Writer, size int64) (rows int64, err error) {
	rows = size / 41 / 8 * 8
	head := fmt.Sprintf(`{"label":{"dtype":"I8","shape":[%d],"data_offsets":[0,%d]},"logits":{"dtype":"F32","shape":[%d,10],"data_offsets":[%d,%d]}}`,
		rows, rows, rows, rows, 41*rows)
	head += strings.Repeat(" ", (8-len(head)%8)%8)
	s := w.(*sparse)
	if err = binary.Write(w, binary.LittleEndian, uint64(len(head))); err == nil {
		_, err = io.WriteString(w, head)
	}
	s.at += 41 * rows
	return rows, err
}

func zeroNPY(w io.Writer, descr, shape string, size int64) error {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	_, err := io.WriteString(w, "\x93NUMPY\x01\x00"+string([]byte{byte(len(head)), byte(len(head) >> 8)})+head)
	w.(*sparse).at += size
	return err
}

// makeZeros is the environment variable that names a file to make.
const makeZeros = "SURPRISAL_CHECK_ZEROS"

const zeroClasses = 250 // of the NPY with many

// TestMakeZeros makes a file for TestSizes, in a process of its own.
func TestMakeZeros(t *testing.T) {
	path := os.Getenv(makeZeros)
	if path == "" {
		t.Skip("a part of TestSizes")
	}
	create := func(path string, write func(w io.Writer) error) {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		s := &sparse{f: f}
		if err = write(s); err == nil {
			err = f.Truncate(s.at)
		}
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := int64(0)
	create(path, func(w io.Writer) (err error) {
		const size = streamBytes
		switch filepath.Base(path) {
		case "many.parquet":
			rows, err = zeroParquet(1<<20)(w, size)
		case "two.parquet": // its writer keeps a row group in memory
			rows, err = zeroParquet(size/5/88/2)(w, size/5)
		case "file.arrow":
			rows, err = zeroArrow(false)(w, size)
		case "stream.arrows":
			rows, err = zeroArrow(true)(w, size)
		case "tensors.safetensors":
			rows, err = zeroTensors(w, size)
		case "logits.npy":
			rows = size / 4 / zeroClasses
			err = zeroNPY(w, "<f4", fmt.Sprintf("(%d, %d)", rows, zeroClasses), 4*zeroClasses*rows)
		case "binary.npy": // as many labels as numbers
			rows = size / 5
			err = zeroNPY(w, "<f4", fmt.Sprintf("(%d,)", rows), 4*rows)
		}
		return err
	})
	if strings.HasSuffix(path, ".npy") {
		create(path+".labels", func(w io.Writer) error { return zeroNPY(w, "|i1", fmt.Sprintf("(%d,)", rows), rows) })
	}
	fmt.Printf("rows: %d\n", rows)
}

// TestSizes scores 5 GB in every format and wants no more memory than for a small
// file. The files are of zeros, which take no space; the mean of as many rows of
// equal logits is log 10.
func TestSizes(t *testing.T) {
	if !long {
		t.Skip("set SURPRISAL_LONG=1 for a run of minutes")
	}
	exe := command(t, nil)
	const size = streamBytes
	run := func(t *testing.T, in io.Reader, rows *int64, want float64, args ...string) {
		t.Helper()
		debug.FreeOSMemory() // a child's peak counts from the memory of its parent
		cmd := exec.Command(exe, append([]string{"score", "--json", "--quiet"}, args...)...)
		var out, errs bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
		start := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, errs.String())
		}
		peak := int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		if runtime.GOOS == "linux" {
			peak <<= 10
		}
		t.Logf("%d rows in %.1f s, peak memory %d MB", *rows, time.Since(start).Seconds(), peak>>20)
		if peak > memoryLimit {
			t.Errorf("peak memory %d MB, at most %d MB wanted", peak>>20, memoryLimit>>20)
		}
		card := object(t, out.Bytes())
		got, _ := card["cross_entropy"].(map[string]any)["value"].(interface{ Float64() (float64, error) })
		value := math.NaN()
		if got != nil {
			value, _ = got.Float64()
		} else if x, ok := card["cross_entropy"].(map[string]any)["value"].(float64); ok {
			value = x
		}
		if !(math.Abs(value-want) <= 1e-6) || fmt.Sprint(card["n"]) != fmt.Sprint(*rows) {
			t.Errorf("%v of %v rows, want %v of %d", value, card["n"], want, *rows)
		}
	}
	for _, name := range []string{"many.parquet", "two.parquet", "file.arrow", "stream.arrows", "tensors.safetensors", "logits.npy", "binary.npy"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			// Writers need memory: in a process of their own.
			maker := exec.Command(os.Args[0], "-test.run=^TestMakeZeros$", "-test.v")
			maker.Env = append(os.Environ(), makeZeros+"="+path)
			out, err := maker.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var rows int64
			_, after, _ := strings.Cut(string(out), "rows: ")
			fmt.Sscan(after, &rows)
			args, want := []string{path, "--label", "label", "--logits", "z_*"}, math.Log(10)
			switch {
			case name == "binary.npy": // log-odds of 0
				args, want = []string{path, "--labels", path + ".labels", "--logits", "*", "--positive", "1"}, math.Ln2
			case strings.HasSuffix(path, ".npy"):
				args, want = []string{path, "--labels", path + ".labels", "--logits", "*"}, math.Log(zeroClasses)
			case strings.HasSuffix(path, ".safetensors"):
				args[4] = "logits.*"
			}
			run(t, nil, &rows, want, args...)
		})
	}
	t.Run("documents.csv", func(t *testing.T) { // a million documents of 20 tokens
		in, w := io.Pipe()
		rows := int64(20_000_000)
		go func() {
			out := bufio.NewWriterSize(w, 1<<20)
			fmt.Fprintln(out, "doc,logprob")
			var line []byte
			for doc := range rows / 20 {
				line = fmt.Appendf(line[:0], "document-%07d,-1.386294361\n", doc)
				for range 20 {
					out.Write(line)
				}
			}
			out.Flush()
			w.Close()
		}()
		run(t, in, &rows, math.Log(4), "-")
	})
	const block = 1 << 15
	text := "label,p_0,p_1,p_2,p_3\n"
	csv := bytes.Repeat([]byte("1,0.250000000,0.250000000,0.250000000,0.250000000\n2,0.062500000,0.187500000,0.250000000,0.500000000\n"), block)
	lines := bytes.Repeat([]byte(`{"label": 1, "p": [0.250000000, 0.250000000, 0.250000000, 0.250000000]}`+"\n"), 2*block)
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	g.Write(csv)
	g.Close()
	z, _ := zstd.NewWriter(&zst)
	z.Write(csv)
	z.Close()
	head := func(pack func(w io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := pack(&b)
		io.WriteString(w, text)
		w.Close()
		return b.Bytes()
	}
	for _, c := range []struct {
		name        string
		head, block []byte
		unpacked    int
	}{
		{"stream.jsonl", nil, lines, len(lines)},
		{"stream.csv.gz", head(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }), gz.Bytes(), len(csv)},
		{"stream.csv.zst", head(func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }), zst.Bytes(), len(csv)},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := []io.Reader{bytes.NewReader(c.head)}
			rows := int64(0)
			for n := int64(0); n < size; n += int64(c.unpacked) {
				parts = append(parts, bytes.NewReader(c.block))
				rows += 2 * block
			}
			run(t, io.MultiReader(parts...), &rows, math.Log(4), "-", "--label", "label")
		})
	}
}
