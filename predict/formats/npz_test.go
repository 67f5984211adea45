package formats

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"surprisal/predict"
)

// ndarray is what a test file holds.
type ndarray struct {
	name  string
	dtype string // as NumPy writes it; B2 is bfloat16
	shape []int
	data  []byte
}

// floats makes an array of numbers of a type.
func floats(name, dtype string, shape []int, at func(i int) float64) ndarray {
	n := 1
	for _, d := range shape {
		n *= d
	}
	a := ndarray{name: name, dtype: dtype, shape: shape}
	for i := range n {
		x := at(i)
		switch dtype {
		case "<f8":
			a.data = binary.LittleEndian.AppendUint64(a.data, math.Float64bits(x))
		case "<f4":
			a.data = binary.LittleEndian.AppendUint32(a.data, math.Float32bits(float32(x)))
		case ">f4":
			a.data = binary.BigEndian.AppendUint32(a.data, math.Float32bits(float32(x)))
		case "<B2":
			a.data = binary.LittleEndian.AppendUint16(a.data, uint16(math.Float32bits(float32(x))>>16))
		case "<f2":
			a.data = binary.LittleEndian.AppendUint16(a.data, narrowHalf(x))
		case "<i8":
			a.data = binary.LittleEndian.AppendUint64(a.data, uint64(int64(x)))
		case "|b1", "|u1":
			a.data = append(a.data, byte(x))
		}
	}
	return a
}

// narrowHalf is the float16 that is x.
func narrowHalf(x float64) uint16 {
	for h := range uint32(0x7c00) {
		if float64(widenHalf(uint16(h))) == math.Abs(x) {
			if x < 0 {
				h |= 0x8000
			}
			return uint16(h)
		}
	}
	panic(x)
}

func (a *ndarray) npy() []byte {
	shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(a.shape), "[]"), " ", ", ")
	if len(a.shape) == 1 {
		shape += ","
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.dtype, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	b := append([]byte(predict.NPYMagic+"\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return slices.Concat(b, []byte(head), a.data)
}

func writeNPZ(method uint16, arrays ...ndarray) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, a := range arrays {
		w, err := z.CreateHeader(&zip.FileHeader{Name: a.name + ".npy", Method: method})
		if err != nil {
			panic(err)
		}
		w.Write(a.npy())
	}
	z.Close()
	return b.Bytes()
}

var safetensorsNames = map[string]string{"<f8": "F64", "<f4": "F32", "<f2": "F16", "<B2": "BF16", "<i8": "I64", "|b1": "BOOL", "|u1": "U8"}

func writeSafetensors(arrays ...ndarray) []byte {
	head := map[string]any{"__metadata__": map[string]string{"format": "pt"}}
	var data []byte
	for _, a := range arrays {
		head[a.name] = map[string]any{"dtype": safetensorsNames[a.dtype], "shape": a.shape, "data_offsets": []int{len(data), len(data) + len(a.data)}}
		data = append(data, a.data...)
	}
	text, _ := json.Marshal(head)
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text, data)
}

// confArrays are the conformance data as four arrays of one dimension.
func confArrays() []ndarray {
	var all []ndarray
	for j, name := range []string{"label", "p_0", "p_1", "p_2"} {
		all = append(all, floats(name, "<f8", []int{confRows}, func(i int) float64 { return confValue(i, j) }))
	}
	return all
}

func init() {
	conformance["npz"] = func() []byte { return writeNPZ(zip.Store, confArrays()...) }
	conformance["safetensors"] = func() []byte { return writeSafetensors(confArrays()...) }
}

func TestNPZDeflated(t *testing.T) {
	data := writeNPZ(zip.Deflate, confArrays()...)
	for _, threads := range []int{1, 2, 5} {
		src, err := openBytes(t, data)
		if err != nil {
			t.Fatal(err)
		}
		conform(t, src, threads)
		src.Close()
	}
}

// The same stored values give the same batches, put together, in every format.
func TestSameInAllFormats(t *testing.T) {
	const rows, k = 1003, 3
	x := func(i int) float64 { return float64(i*7%256) / 256 }
	for _, dtype := range []string{"<f4", "<f8", "<f2", "<B2"} {
		logits := floats("logits", dtype, []int{rows, k}, x)
		labels := floats("labels", "<i8", []int{rows}, func(i int) float64 { return float64(i % k) })
		files := map[string][]byte{
			"npz": writeNPZ(zip.Store, logits, labels), "npz deflated": writeNPZ(zip.Deflate, labels, logits),
			"safetensors": writeSafetensors(logits, labels),
		}
		if dtype == "<B2" { // NumPy has none
			files = map[string][]byte{"safetensors": writeSafetensors(logits, labels)}
		}
		if dtype == "<f4" {
			big := floats("logits", ">f4", []int{rows, k}, x)
			files["big-endian"] = writeNPZ(zip.Deflate, big, labels)
			files["parquet"] = writeParquet(rows, 999, []pqField{
				plainField("labels", parquetInt64, func(i int) any { return int64(i % k) }),
				listField("logits", parquetFloat, func(i int) []float64 { return []float64{x(k * i), x(k*i + 1), x(k*i + 2)} }),
			})
		}
		for name, data := range files {
			for _, threads := range []int{1, 3} {
				src, err := openBytes(t, data)
				if err != nil {
					t.Fatal(name, err)
				}
				at := map[string]int{}
				for i, c := range src.Columns() {
					at[c.Name] = i
				}
				half, brain, single := false, false, false
				sel := predict.Selection{Values: []int{at["logits.0"], at["logits.1"], at["logits.2"]}, Numbers: []int{at["labels"]}, Texts: []int{at["labels"]}}
				seen := 0
				if threads == 1 {
					_, err = src.Read(t.Context(), sel, 1, func(_ int, b *predict.Batch) error {
						half, brain, single = b.Half, b.Brain, b.F32 != nil
						for i := range b.Rows {
							if got, want := string(b.Texts[0].At(i)), fmt.Sprint((int(b.First)-1+i)%k); got != want {
								return fmt.Errorf("label %q, want %q", got, want)
							}
							if got := src.Sample().Text(0, at["labels"]); got != "0" {
								return fmt.Errorf("sample %q", got)
							}
						}
						seen += b.Rows
						return nil
					})
					if err != nil || seen != rows || half != (dtype == "<f2") || brain != (dtype == "<B2") || single != (dtype != "<f8") {
						t.Error(name, dtype, err, seen, half, brain, single)
					}
					continue
				}
				values, numbers, missing, n, err := read1(t, src, sel, threads)
				if err != nil || n != rows || len(missing) > 0 {
					t.Fatal(name, n, missing, err)
				}
				for i, v := range values {
					if v != x(i) {
						t.Fatalf("%s %s: value %d is %v, want %v", name, dtype, i, v, x(i))
					}
				}
				if numbers[0][5] != 2 {
					t.Error(numbers[0][:6])
				}
			}
		}
	}
}

// NumPy's own files, if there is NumPy.
func TestNPZByNumPy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npz")
	script := `import numpy, sys
r = numpy.arange(3000, dtype='f4').reshape(1000, 3) / 4096
numpy.savez_compressed(sys.argv[1], probs=r, y=numpy.arange(1000) % 3, note=numpy.array(['a', 'b']))`
	if out, err := exec.Command("/usr/bin/python3", "-c", script, path).CombinedOutput(); err != nil {
		t.Skip(string(out), err)
	}
	src, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	values, numbers, _, n, err := read1(t, src, predict.Selection{Values: []int{0, 1, 2}, Numbers: []int{3}}, 2)
	if err != nil || n != 1000 || values[2999] != 2999.0/4096 || numbers[0][5] != 2 {
		t.Error(n, err)
	}
}

// Texts in NumPy's own archives, which make_npy.py writes.
func TestNPZText(t *testing.T) {
	want := []string{"cat", "dog", "", "Zürich 1", "\U0001f600"}
	for _, file := range []string{"stored", "deflated"} {
		src, err := Open(t.Context(), "../testdata/npy/text_"+file+".npz", Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]int{}
		for i, c := range src.Columns() {
			at[c.Name] = i
		}
		if c := src.Columns()[at["y"]]; c.Numeric || c.Integer {
			t.Errorf("%v", c)
		}
		sel := predict.Selection{Values: []int{at["probs.0"], at["probs.1"]}, Texts: []int{at["y"], at["codes"]}}
		n, err := src.Read(t.Context(), sel, 1, func(_ int, b *predict.Batch) error {
			for i := range b.Rows {
				for j := range 2 {
					if got := string(b.Texts[j].At(i)); got != want[i] {
						t.Errorf("%s: %q, want %q", file, got, want[i])
					}
				}
				if got := src.Sample().Text(i, at["y"]); got != want[i] {
					t.Errorf("%s: sample %q, want %q", file, got, want[i])
				}
			}
			return nil
		})
		if n != 5 || err != nil {
			t.Error(n, err)
		}
		src.Close()
	}
}

// texts is an array of texts of dtype U.
func texts(name string, width int, at []string) ndarray {
	a := ndarray{name: name, dtype: fmt.Sprintf("<U%d", width), shape: []int{len(at)}, data: make([]byte, 4*width*len(at))}
	for i, s := range at {
		for j, r := range []rune(s) {
			binary.LittleEndian.PutUint32(a.data[4*(i*width+j):], uint32(r))
		}
	}
	return a
}

func TestNPZTextLarge(t *testing.T) {
	const rows = 30_000
	var want []string
	for i := range rows {
		want = append(want, strings.Repeat("ü", i%5)+fmt.Sprint(i))
	}
	p := floats("probs", "<f4", []int{rows, 2}, func(int) float64 { return 0.5 })
	y := texts("y", 12, want)
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		for _, threads := range []int{1, 3} {
			src, err := openBytes(t, writeNPZ(method, p, y))
			if err != nil {
				t.Fatal(err)
			}
			got := make([]string, rows)
			n, err := src.Read(t.Context(), predict.Selection{Values: []int{0, 1}, Texts: []int{2}}, threads, func(_ int, b *predict.Batch) error {
				for i := range b.Rows {
					got[int(b.First)-1+i] = string(b.Texts[0].At(i))
				}
				return nil
			})
			if n != rows || err != nil || !slices.Equal(got, want) {
				t.Error(method, threads, n, err)
			}
		}
		bad := texts("y", 12, want)
		bad.data = bytes.Clone(bad.data)
		binary.LittleEndian.PutUint32(bad.data[48*20_000:], 0xd812)
		src, err := openBytes(t, writeNPZ(method, p, bad))
		if err != nil {
			t.Fatal(err)
		}
		n, err := src.Read(t.Context(), predict.Selection{Values: []int{0, 1}, Texts: []int{2}}, 1, func(int, *predict.Batch) error { return nil })
		wantError(t, err, "row 20001, column 3 (y)", "0xd812", "no Unicode character", "byte order")
		if n != 20_000 {
			t.Errorf("%d rows before the bad one", n)
		}
	}
}

func TestTensorErrors(t *testing.T) {
	head := func(text string, data int) []byte {
		return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), []byte(text), make([]byte, data))
	}
	for _, c := range []struct {
		data []byte
		want string
	}{
		{head(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), `tensor "a" twice`},
		{head(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), "the one before ends at 8"},
		{head(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), "belong to no tensor"},
		{head(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 12), "4 bytes after the last tensor"},
		{head(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "do not have 8 bytes"},
		{head(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}`, 8), "larger than any file"},
		{head(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "cut short"},
		{head(`{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8), "F8_E4M3"},
		{head(`{"a":{"dtype":"F32","shape":[2,2,2],"data_offsets":[0,32]}}`, 32), "reshape"},
		{head(`{"a":{"dtype":"F32"`, 0), "damaged header"},
		{head(`{"logits":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"labels":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}`, 11), `"labels" has 3 values, and "logits" has 2 rows`},
		{writeNPZ(zip.Store, ndarray{"y", "|O", []int{3}, make([]byte, 24)}), "Python objects"},
		{writeNPZ(zip.Store, ndarray{"p", "<f8", []int{3, 3}, make([]byte, 24)}), "its head and values need"},
		{writeNPZ(zip.Store, floats("p", "<f8", []int{2, 2, 2}, func(int) float64 { return 0 })), "3 dimensions"},
	} {
		src, err := openBytes(t, c.data)
		if err == nil {
			src.Close()
		}
		wantError(t, err, "-: ", c.want)
	}
	// A value that its checksum does not fit, in an array that is stored as it is.
	stored := writeNPZ(zip.Store, floats("p", "<f8", []int{300_000, 3}, func(i int) float64 { return float64(i) / 64 }))
	for _, threads := range []int{1, 2, 5} {
		for _, at := range []int{200, len(stored) / 2, len(stored) - 200} {
			for _, damage := range []byte{0, 1} {
				stored[at] ^= damage
				src, err := openBytes(t, stored)
				if err == nil {
					_, err = src.Read(t.Context(), predict.Selection{Values: []int{0, 2}}, threads, func(int, *predict.Batch) error { return nil })
				}
				stored[at] ^= damage
				if damage == 0 && err != nil {
					t.Error(err)
				} else if damage != 0 {
					wantError(t, err, "-: row 300000, column 1 (p): damaged: the checksum of the array is wrong")
				}
			}
		}
	}
	// A checksum that is wrong, at the end of a member.
	data := writeNPZ(zip.Deflate, floats("p", "<f8", []int{500, 2}, func(i int) float64 { return float64(i) }))
	at := bytes.Index(data, []byte("PK\x01\x02"))
	data[at+16] ^= 1
	src, err := openBytes(t, data)
	if err == nil {
		_, _, _, _, err = read1(t, src, predict.Selection{Values: []int{0, 1}}, 1)
	}
	wantError(t, err, "checksum")
	// PyTorch's files, zipped and not.
	for _, data := range [][]byte{
		append([]byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00"), "archive/data.pkl"...),
		[]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9\x20j\xa8P\x19.\x80\x02M\xe9\x03."),
	} {
		_, err := openBytes(t, data)
		wantError(t, err, "PyTorch", "safetensors.torch.save_file", "never run")
	}
}

func TestTensorsDamaged(t *testing.T) {
	p := floats("p", "<f4", []int{20, 2}, func(i int) float64 { return float64(i) / 64 })
	y := floats("y", "|u1", []int{20}, func(i int) float64 { return float64(i % 2) })
	z := texts("z", 3, slices.Repeat([]string{"ab", "üc3"}, 10))
	r := rand.New(rand.NewPCG(1, 2))
	for _, data := range [][]byte{writeNPZ(zip.Store, p, y), writeNPZ(zip.Store, p, z), writeNPZ(zip.Deflate, p, z), writeNPZ(zip.Deflate, p, y), writeSafetensors(p, y)} {
		for n := range data {
			if err := survive(t, data[:n]); err == nil && n > 0 {
				t.Fatalf("cut after %d of %d bytes: no error", n, len(data))
			}
		}
		damage := bytes.Clone(data)
		for range 500 {
			i, j := r.IntN(len(data)), r.IntN(len(data))
			damage[i] ^= byte(1 << r.IntN(8))
			damage[j] = byte(r.Uint32())
			survive(t, damage)
			damage[i], damage[j] = data[i], data[j]
		}
	}
}

func FuzzTensors(f *testing.F) {
	p := floats("p", "<f4", []int{5, 2}, func(i int) float64 { return float64(i) / 64 })
	f.Add(writeNPZ(zip.Store, p))
	f.Add(writeNPZ(zip.Deflate, p))
	f.Add(writeNPZ(zip.Store, p, texts("y", 2, []string{"a", "b", "c", "ab", "ü"})))
	f.Add(writeSafetensors(p))
	f.Fuzz(func(t *testing.T, data []byte) {
		if head := data[:min(len(data), headSize)]; npz.Detect(head) || safetensors.Detect(head) {
			survive(t, data)
		}
	})
}

func BenchmarkTensors(b *testing.B) {
	probs := func() ndarray {
		r := rand.New(rand.NewPCG(1, 2))
		return floats("probs", "<f4", []int{100_000, 1000}, func(int) float64 { return r.Float64() })
	}
	var sel predict.Selection
	for k := range 1000 {
		sel.Values = append(sel.Values, k)
	}
	benchRead(b, "probs.safetensors", func(w io.Writer) { w.Write(writeSafetensors(probs())) }, sel)
	benchRead(b, "probs.npz", func(w io.Writer) { w.Write(writeNPZ(zip.Store, probs())) }, sel)
}
