package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The metadata of Arrow are FlatBuffers. Reading outside of one is a panic, which
// whoever opens or reads the file turns into an error; no count in them makes
// memory grow.

// flat is a table of a FlatBuffer.
type flat struct {
	b   []byte
	pos int
}

func flatRoot(b []byte) flat { return flat{b, int(binary.LittleEndian.Uint32(b))} }

// at is where field i of the table is, 0 if it is not there.
func (f flat) at(i int) int {
	vt := f.pos - int(int32(binary.LittleEndian.Uint32(f.b[f.pos:])))
	if size := int(binary.LittleEndian.Uint16(f.b[vt:])); 4+2*i+2 > size {
		return 0
	}
	off := int(binary.LittleEndian.Uint16(f.b[vt+4+2*i:]))
	if off == 0 {
		return 0
	}
	return f.pos + off
}

func (f flat) int(i, bytes int, otherwise int64) int64 {
	p := f.at(i)
	if p == 0 {
		return otherwise
	}
	switch bytes {
	case 1:
		return int64(f.b[p])
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(f.b[p:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(f.b[p:])))
	}
	return int64(binary.LittleEndian.Uint64(f.b[p:]))
}

// table is the table of field i; ok is false if there is none.
func (f flat) table(i int) (t flat, ok bool) {
	p := f.at(i)
	if p == 0 {
		return t, false
	}
	return flat{f.b, p + int(binary.LittleEndian.Uint32(f.b[p:]))}, true
}

// vector is where the elements of field i begin, and how many of them there are.
func (f flat) vector(i, size int) (from, n int) {
	p := f.at(i)
	if p == 0 {
		return 0, 0
	}
	p += int(binary.LittleEndian.Uint32(f.b[p:]))
	n = int(binary.LittleEndian.Uint32(f.b[p:]))
	if n > (len(f.b)-p-4)/size {
		panic("a vector longer than its buffer")
	}
	return p + 4, n
}

func (f flat) text(i int) string {
	from, n := f.vector(i, 1)
	return string(f.b[from : from+n])
}

// tables are the tables of a vector of them.
func (f flat) tables(i int) (all []flat) {
	from, n := f.vector(i, 4)
	for k := range n {
		p := from + 4*k
		all = append(all, flat{f.b, p + int(binary.LittleEndian.Uint32(f.b[p:]))})
	}
	return all
}

// Types of fields, by their numbers in the format.
const (
	atNull       = 1
	atInt        = 2
	atFloat      = 3
	atBinary     = 4
	atUtf8       = 5
	atBool       = 6
	atDecimal    = 7
	atDate       = 8
	atTime       = 9
	atTimestamp  = 10
	atInterval   = 11
	atList       = 12
	atStruct     = 13
	atUnion      = 14
	atFixed      = 15
	atFixedList  = 16
	atMap        = 17
	atDuration   = 18
	atLargeBin   = 19
	atLargeUtf8  = 20
	atLargeList  = 21
	atRunEnds    = 22
	atBinaryView = 23
	atUtf8View   = 24
	atListView   = 25
	atLargeLView = 26
)

var arrowTypes = [...]string{"", "nulls", "integers", "floats", "binary data", "texts", "booleans", "decimals", "dates", "times of day", "times", "intervals",
	"lists", "structures", "unions", "binary data", "lists", "maps", "durations", "binary data", "texts", "lists", "runs", "binary data", "texts", "lists as views", "lists as views"}

// arrowField is a field of the schema.
type arrowField struct {
	name     string
	typ      int
	bits     int // of an integer or a float
	signed   bool
	width    int // of a fixed list
	unit     int // of a date or a time
	scale    int
	bytes    int   // of a decimal
	dict     int64 // of a dictionary: its number, −1 if there is none
	idxBits  int
	idxSign  bool
	dense    bool
	children []arrowField
}

type arrowSchema struct {
	fields []arrowField
	keys   map[string]string
	count  int
}

func readArrowSchema(f flat) (*arrowSchema, error) {
	s := &arrowSchema{keys: map[string]string{}}
	if (f.int(0, 2, 0) == 0) != hostLittle {
		return nil, errors.New("the numbers have the other order of bytes than this computer's")
	}
	for _, kv := range f.tables(2) {
		s.keys[kv.text(0)] = kv.text(1)
	}
	for _, t := range f.tables(1) {
		field, err := s.field(t, 0)
		if err != nil {
			return nil, err
		}
		s.fields = append(s.fields, field)
	}
	return s, nil
}

func (s *arrowSchema) field(t flat, depth int) (f arrowField, err error) {
	if s.count++; s.count > 1<<18 || depth > 32 {
		return f, errors.New("a schema with too many fields")
	}
	f = arrowField{name: t.text(0), typ: int(t.int(2, 1, 0)), dict: -1, width: 1}
	if f.typ <= 0 || f.typ >= len(arrowTypes) {
		return f, fmt.Errorf("field %q has the unknown type %d", f.name, f.typ)
	}
	if typ, ok := t.table(3); ok {
		switch f.typ {
		case atInt:
			f.bits, f.signed = int(typ.int(0, 4, 0)), typ.int(1, 1, 0) != 0
		case atFloat:
			f.bits = 16 << max(0, min(2, typ.int(0, 2, 0)))
		case atDecimal:
			f.scale, f.bytes = int(typ.int(1, 4, 0)), int(typ.int(2, 4, 128))/8
		case atDate:
			f.unit = int(typ.int(0, 2, 1))
		case atTimestamp, atTime, atDuration:
			f.unit = int(typ.int(0, 2, 0))
		case atFixedList, atFixed:
			f.width = int(typ.int(0, 4, 0))
		case atUnion:
			f.dense = typ.int(0, 2, 0) == 1
		}
	}
	if d, ok := t.table(4); ok {
		f.dict, f.idxBits, f.idxSign = d.int(0, 8, 0), 32, true
		if idx, ok := d.table(1); ok {
			f.idxBits, f.idxSign = int(idx.int(0, 4, 32)), idx.int(1, 1, 0) != 0
		}
		if f.dict < 0 || f.idxBits != 8 && f.idxBits != 16 && f.idxBits != 32 && f.idxBits != 64 {
			return f, fmt.Errorf("field %q has a dictionary with indices of %d bits", f.name, f.idxBits)
		}
	}
	for _, c := range t.tables(5) {
		child, err := s.field(c, depth+1)
		if err != nil {
			return f, err
		}
		f.children = append(f.children, child)
	}
	return f, nil
}

// arrowBuffer is a place in a body.
type arrowBuffer struct{ off, n int64 }

// arrowBatch is the metadata of a record batch.
type arrowBatch struct {
	rows     int64
	nodes    [][2]int64 // length, and how many are missing
	buffers  []arrowBuffer
	codec    int // −1: not compressed
	variadic []int64
}

func readArrowBatch(f flat) (*arrowBatch, error) {
	b := &arrowBatch{rows: f.int(0, 8, 0), codec: -1}
	if b.rows < 0 || b.rows > math.MaxInt64/64 {
		return nil, fmt.Errorf("%d rows", b.rows)
	}
	from, n := f.vector(1, 16)
	for i := range n {
		p := f.b[from+16*i:]
		b.nodes = append(b.nodes, [2]int64{int64(binary.LittleEndian.Uint64(p)), int64(binary.LittleEndian.Uint64(p[8:]))})
	}
	from, n = f.vector(2, 16)
	for i := range n {
		p := f.b[from+16*i:]
		b.buffers = append(b.buffers, arrowBuffer{int64(binary.LittleEndian.Uint64(p)), int64(binary.LittleEndian.Uint64(p[8:]))})
	}
	if c, ok := f.table(3); ok {
		b.codec = int(c.int(0, 1, 0))
		if b.codec > 1 || c.int(1, 1, 0) != 0 {
			return nil, fmt.Errorf("unknown compression %d", b.codec)
		}
	}
	from, n = f.vector(4, 8)
	for i := range n {
		b.variadic = append(b.variadic, int64(binary.LittleEndian.Uint64(f.b[from+8*i:])))
	}
	return b, nil
}

// arrowPlace is where the nodes and the buffers of a field begin in a batch.
type arrowPlace struct{ node, buffer, variadic int }

// skip moves past a field and its children.
func (p *arrowPlace) skip(f *arrowField, b *arrowBatch) error {
	p.node++
	children := f.children
	switch {
	case f.dict >= 0:
		p.buffer += 2
		children = nil
	default:
		switch f.typ {
		case atNull, atRunEnds:
		case atBinary, atUtf8, atLargeBin, atLargeUtf8, atListView, atLargeLView:
			p.buffer += 3
		case atStruct, atFixedList:
			p.buffer++
		case atUnion:
			p.buffer++
			if f.dense {
				p.buffer++
			}
		case atBinaryView, atUtf8View:
			if p.variadic >= len(b.variadic) || b.variadic[p.variadic] < 0 || b.variadic[p.variadic] > int64(len(b.buffers)) {
				return errors.New("damaged metadata: no count of buffers")
			}
			p.buffer += 2 + int(b.variadic[p.variadic])
			p.variadic++
		default:
			p.buffer += 2
		}
	}
	for i := range children {
		if err := p.skip(&children[i], b); err != nil {
			return err
		}
	}
	return nil
}
