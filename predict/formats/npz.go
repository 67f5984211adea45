package formats

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	kflate "github.com/klauspost/compress/flate"

	"surprisal/predict"
)

var npz = Format{
	Name:        "npz",
	Description: "archives of NumPy arrays, compressed or not; an array NAME has the columns NAME.0, NAME.1, …",
	Extensions:  []string{"npz"},
	Detect: func(head []byte) bool {
		name, ok := firstMember(head)
		return ok && strings.HasSuffix(name, ".npy")
	},
	Open: openNPZ,
}

// firstMember is the name of the first file of a zip archive.
func firstMember(head []byte) (string, bool) {
	if len(head) < 30 || !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return "", false
	}
	n := int(binary.LittleEndian.Uint16(head[26:]))
	return string(head[30:min(len(head), 30+n)]), true
}

const npzMembers = 10_000

func openNPZ(in Input, _ Options) (predict.Source, error) {
	at, size, closer, err := anywhere(in)
	if err != nil {
		return nil, err
	}
	src, err := readNPZ(in.Name, at, size, closer)
	if err != nil && closer != nil {
		closer()
	}
	return src, err
}

func readNPZ(name string, at io.ReaderAt, size int64, closer func() error) (predict.Source, error) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, &predict.Error{Source: name, What: "cut short, or a damaged archive", Err: err}
	}
	if len(z.File) > npzMembers {
		return nil, &predict.Error{Source: name, What: fmt.Sprintf("an archive of %d files; at most %d can be read", len(z.File), npzMembers)}
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return kflate.NewReader(r) })
	var all []tensor
	var refused error
	seen := map[string]bool{}
	for _, m := range z.File {
		short, ok := strings.CutSuffix(m.Name, ".npy")
		if !ok {
			continue
		}
		if seen[short] {
			return nil, &predict.Error{Source: name, What: fmt.Sprintf("array %q twice", short)}
		}
		seen[short] = true
		t, err := npzMember(name, short, m, at, size)
		if err != nil {
			e, ours := err.(*predict.Error)
			if !ours {
				return nil, &predict.Error{Source: name, What: fmt.Sprintf("array %q: damaged", short), Err: err}
			}
			e.What = fmt.Sprintf("array %q: %s", short, e.What)
			if slices.Contains(labelTensors, strings.ToLower(short)) || slices.Contains(valueTensors, strings.ToLower(short)) ||
				strings.Contains(e.What, "damaged") || strings.Contains(e.What, "cut short") {
				return nil, e
			}
			refused = e
			continue
		}
		all = append(all, t)
	}
	if len(all) == 0 && refused != nil {
		return nil, refused
	}
	return tensorTable(name, "npz", at, all, closer)
}

// npzMember reads the head of an array.
func npzMember(name, short string, m *zip.File, at io.ReaderAt, size int64) (t tensor, err error) {
	r, err := m.Open()
	if err != nil {
		return t, err
	}
	defer r.Close()
	h, err := predict.ReadNPYArray(name, r)
	if err != nil {
		return t, err
	}
	if h.Fortran {
		return t, &predict.Error{Source: name, What: "stored column after column",
			Hint: "save it with numpy.savez(path, name=numpy.ascontiguousarray(arr))"}
	}
	t = tensor{name: short, big: h.Big, flat: h.Flat, rows: h.Rows, width: int64(h.Cols), kind: npyKind(h.Kind, h.Size)}
	if t.kind == kText {
		t.flat, t.coded, t.cell = true, h.Kind, h.Size // of one column, as texts are
	}
	bytes := h.Rows * t.rowBytes()
	if have := m.UncompressedSize64; have < uint64(h.Data) || have-uint64(h.Data) != uint64(bytes) {
		return t, &predict.Error{Source: name, What: fmt.Sprintf("damaged: %d bytes where its head and values need %d", have, h.Data+bytes)}
	}
	if m.Method == zip.Store {
		off, err := m.DataOffset()
		if err != nil {
			return t, err
		}
		if m.CompressedSize64 != m.UncompressedSize64 || off < 0 || int64(m.UncompressedSize64) > size-off {
			return t, &predict.Error{Source: name, What: "damaged: its values lie outside of the file"}
		}
		t.off = off + h.Data
		head := io.NewSectionReader(at, off, h.Data)
		sum := crc32.NewIEEE()
		if _, err := io.Copy(sum, head); err != nil {
			return t, err
		}
		t.seal = &seal{want: m.CRC32, head: sum.Sum32(), bytes: bytes}
		return t, nil
	}
	if m.Method != zip.Deflate {
		return t, &predict.Error{Source: name, What: fmt.Sprintf("compressed by method %d", m.Method), Hint: "numpy.savez and numpy.savez_compressed are read"}
	}
	t.open = func() (io.ReadCloser, error) {
		r, err := m.Open()
		if err != nil {
			return nil, err
		}
		b := bufio.NewReaderSize(r, 64<<10)
		if _, err := b.Discard(int(h.Data)); err != nil {
			r.Close()
			return nil, err
		}
		return readCloser{b, r}, nil
	}
	return t, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

func npyKind(k byte, size int) kind {
	switch k {
	case 'f':
		return map[int]kind{2: kF16, 4: kF32, 8: kF64}[size]
	case 'i':
		return map[int]kind{1: kI8, 2: kI16, 4: kI32, 8: kI64}[size]
	case 'b':
		return kBool
	case 'U', 'S':
		return kText
	}
	return map[int]kind{1: kU8, 2: kU16, 4: kU32, 8: kU64}[size]
}
