package formats

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"surprisal/predict"
)

var safetensors = Format{
	Name:        "safetensors",
	Description: "safetensors: floats (bfloat16 too), integers, booleans; a tensor NAME has the columns NAME.0, NAME.1, …",
	Extensions:  []string{"safetensors", "st"},
	Detect: func(head []byte) bool {
		return len(head) > 9 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= safetensorsHeader
	},
	Open: openSafetensors,
}

// safetensorsHeader bounds the length of the header; the format's own reader has
// the same bound.
const safetensorsHeader = 100_000_000

// safetensorsTypes are the types of numbers that can be read.
var safetensorsTypes = map[string]kind{"F64": kF64, "F32": kF32, "F16": kF16, "BF16": kBF16, "I64": kI64, "I32": kI32, "I16": kI16, "I8": kI8,
	"U64": kU64, "U32": kU32, "U16": kU16, "U8": kU8, "BOOL": kBool}

// tensorEntry is a tensor in the header.
type tensorEntry struct {
	name    string
	Dtype   string   `json:"dtype"`
	Shape   []uint64 `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`
}

func openSafetensors(in Input, _ Options) (predict.Source, error) {
	at, size, closer, err := anywhere(in)
	if err != nil {
		return nil, err
	}
	src, err := readSafetensors(in.Name, at, size, closer)
	if err != nil && closer != nil {
		closer()
	}
	return src, err
}

func readSafetensors(name string, at io.ReaderAt, size int64, closer func() error) (predict.Source, error) {
	damaged := func(format string, args ...any) error {
		return &predict.Error{Source: name, What: "damaged header: " + fmt.Sprintf(format, args...)}
	}
	read := func(b []byte, off int64) error {
		if n, err := at.ReadAt(b, off); n < len(b) {
			if err == io.EOF || err == nil {
				return &predict.Error{Source: name, What: "cut short within the header"}
			}
			return unreadable(name, err)
		}
		return nil
	}
	var head [8]byte
	if err := read(head[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length > safetensorsHeader {
		return nil, damaged("it claims to be %d bytes long", length)
	}
	if int64(length) > size-8 {
		return nil, &predict.Error{Source: name, What: fmt.Sprintf("cut short: a header of %d bytes in a file of %d", length, size)}
	}
	text := make([]byte, length)
	if err := read(text, 8); err != nil {
		return nil, err
	}
	entries, err := tensorEntries(text)
	if err != nil {
		return nil, damaged("%v", err)
	}
	body, data := uint64(size)-8-length, int64(8+length)
	slices.SortStableFunc(entries, func(a, b tensorEntry) int {
		for i := range 2 {
			if a.Offsets[i] != b.Offsets[i] {
				if a.Offsets[i] < b.Offsets[i] {
					return -1
				}
				return 1
			}
		}
		return strings.Compare(a.name, b.name)
	})
	end := uint64(0)
	var all []tensor
	var odd *tensorEntry
	for i := range entries {
		e := &entries[i]
		from, to := e.Offsets[0], e.Offsets[1]
		switch {
		case to < from || from < end:
			return nil, damaged("tensor %q lies at bytes %d to %d, the one before ends at %d", e.name, from, to, end)
		case from > end:
			return nil, damaged("bytes %d to %d belong to no tensor", end, from)
		case to > body:
			return nil, &predict.Error{Source: name, What: fmt.Sprintf("cut short: tensor %q ends at byte %d, and there are %d", e.name, to, body)}
		}
		end = to
		k, ok := safetensorsTypes[e.Dtype]
		if !ok {
			odd = e
			continue
		}
		count := uint64(1)
		for _, n := range e.Shape {
			hi, lo := bits.Mul64(count, n)
			if hi != 0 || lo > 1<<60 {
				return nil, damaged("tensor %q is larger than any file", e.name)
			}
			count = lo
		}
		if count*uint64(kindSize[k]) != to-from {
			return nil, damaged("tensor %q: %v values of type %s do not have %d bytes", e.name, e.Shape, e.Dtype, to-from)
		}
		if count == 0 || len(e.Shape) == 0 || len(e.Shape) > 2 {
			odd = e
			continue
		}
		t := tensor{name: e.name, kind: k, flat: len(e.Shape) == 1, rows: int64(e.Shape[0]), width: 1, off: data + int64(from), big: false}
		if !t.flat {
			t.width = int64(e.Shape[1])
		}
		all = append(all, t)
	}
	if end != body {
		return nil, &predict.Error{Source: name, What: fmt.Sprintf("%d bytes after the last tensor", body-end)}
	}
	if odd != nil && (len(all) == 0 || !slices.ContainsFunc(all, func(t tensor) bool { return t.kind.float() })) {
		e := &predict.Error{Source: name, What: fmt.Sprintf("tensor %q has the shape %v and the type %s", odd.name, odd.Shape, odd.Dtype),
			Hint: "floats of one or two dimensions are read: tensor.float().reshape(-1, tensor.shape[-1])"}
		return nil, e
	}
	return tensorTable(name, "safetensors", at, all, closer)
}

// tensorEntries reads the header. Keys may not repeat, which Go's decoder would
// let pass.
func tensorEntries(text []byte) (entries []tensorEntry, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a key that is no string")
		}
		if seen[name] {
			return nil, fmt.Errorf("tensor %q twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			var any json.RawMessage
			if err := d.Decode(&any); err != nil {
				return nil, err
			}
			continue
		}
		e := tensorEntry{name: name}
		if err := d.Decode(&e); err != nil {
			return nil, err
		}
		if len(e.Offsets) != 2 || e.Dtype == "" || len(e.Shape) > 64 {
			return nil, fmt.Errorf("tensor %q has no type, shape or place", name)
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, errShort
	}
	if rest := bytes.TrimLeft(text[d.InputOffset():], " \x00"); len(rest) > 0 {
		return nil, errors.New("something after the end")
	}
	return entries, nil
}
