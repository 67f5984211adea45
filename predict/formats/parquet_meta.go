package formats

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"surprisal/predict"
)

// The footer and the page headers of Parquet are Thrift structures in the compact
// protocol. This reader takes no count or length on trust: lists grow as their
// elements come, and bytes are slices of the input.

// compact reads the compact protocol. The first trouble stays in err, after which
// everything is zero.
type compact struct {
	b   []byte
	i   int
	err error
}

var errThriftShort = errors.New("it ends too early")

const (
	ctStop = iota
	ctTrue
	ctFalse
	ctI8
	ctI16
	ctI32
	ctI64
	ctDouble
	ctBinary
	ctList
	ctSet
	ctMap
	ctStruct
)

func (r *compact) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.i = len(r.b)
}

func (r *compact) byte() byte {
	if r.i >= len(r.b) {
		r.fail(errThriftShort)
		return 0
	}
	r.i++
	return r.b[r.i-1]
}

func (r *compact) uvarint() uint64 {
	var x uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		x |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return x
		}
	}
	r.fail(errors.New("a number that is too long"))
	return 0
}

// int reads an integer of any width.
func (r *compact) int() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *compact) int32() int32 {
	x := r.int()
	if x < math.MinInt32 || x > math.MaxInt32 {
		r.fail(errors.New("a number that is too large"))
		return 0
	}
	return int32(x)
}

// bytes reads bytes, which are those of the input.
func (r *compact) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)-r.i) {
		r.fail(errThriftShort)
		return nil
	}
	r.i += int(n)
	return r.b[r.i-int(n) : r.i : r.i]
}

// fields calls do for every field of a structure; do reads the field, or not:
// then it is skipped.
func (r *compact) fields(depth int, do func(id int, kind byte)) {
	if depth > 32 {
		r.fail(errors.New("nested too deeply"))
	}
	id := 0
	for r.err == nil {
		h := r.byte()
		if h == 0 {
			return
		}
		kind := h & 15
		if d := int(h >> 4); d != 0 {
			id += d
		} else {
			id = int(r.int())
		}
		before := r.i
		do(id, kind)
		if r.i == before && r.err == nil && kind != ctTrue && kind != ctFalse {
			r.skip(kind, depth+1)
		}
	}
}

// list calls do for every element of a list of that kind; another list is
// skipped by doing nothing.
func (r *compact) list(kind byte, do func()) {
	h := r.byte()
	n := uint64(h >> 4)
	if n == 15 {
		n = r.uvarint()
	}
	got := h & 15
	if n > uint64(len(r.b)-r.i) { // every element has at least one byte
		r.fail(errThriftShort)
		return
	}
	for range n {
		if r.err != nil {
			return
		}
		if got == kind {
			do()
		} else {
			r.skip(got, 1)
		}
	}
}

func (r *compact) skip(kind byte, depth int) {
	if depth > 32 {
		r.fail(errors.New("nested too deeply"))
		return
	}
	switch kind {
	case ctTrue, ctFalse, ctI8:
		r.byte()
	case ctI16, ctI32, ctI64:
		r.uvarint()
	case ctDouble:
		if len(r.b)-r.i < 8 {
			r.fail(errThriftShort)
			return
		}
		r.i += 8
	case ctBinary:
		r.bytes()
	case ctList, ctSet:
		h := r.byte()
		n := uint64(h >> 4)
		if n == 15 {
			n = r.uvarint()
		}
		if n > uint64(len(r.b)-r.i) {
			r.fail(errThriftShort)
			return
		}
		for range n {
			if r.err != nil {
				return
			}
			r.skip(h&15, depth+1)
		}
	case ctMap:
		n := r.uvarint()
		if n == 0 {
			return
		}
		if n > uint64(len(r.b)-r.i) {
			r.fail(errThriftShort)
			return
		}
		kinds := r.byte()
		for range n {
			if r.err != nil {
				return
			}
			r.skip(kinds>>4, depth+1)
			r.skip(kinds&15, depth+1)
		}
	case ctStruct:
		r.fields(depth+1, func(_ int, kind byte) {
			if kind != ctTrue && kind != ctFalse {
				r.skip(kind, depth+1)
			}
		})
	default:
		r.fail(fmt.Errorf("a field of the unknown kind %d", kind))
	}
}

// Physical types and codecs, by their numbers in the format.
const (
	ptBool = iota
	ptInt32
	ptInt64
	ptInt96
	ptFloat
	ptDouble
	ptBytes
	ptFixed
)

var physical = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

const (
	repRequired = iota
	repOptional
	repRepeated
)

// Logical types, by their numbers in the union.
const (
	ltString    = 1
	ltMap       = 2
	ltList      = 3
	ltDecimal   = 5
	ltDate      = 6
	ltTime      = 7
	ltTimestamp = 8
	ltInteger   = 10
	ltUUID      = 14
	ltFloat16   = 15
)

// pqElement is an element of the schema.
type pqElement struct {
	typ, length, rep, children, converted int32 // −1 where not given
	scale                                 int32
	name                                  string
	logical                               int // 0: none
	unit                                  int // of a timestamp: 1 ms, 2 µs, 3 ns
	bits                                  int // of an integer
	signed                                bool
}

type pqChunk struct {
	typ, codec         int32
	values             int64
	compressed         int64
	uncompressed       int64
	dataAt, dictAt     int64
	elsewhere, secured bool
}

type pqGroup struct {
	rows   int64
	chunks []pqChunk
}

type pqMeta struct {
	schema []pqElement
	rows   int64
	groups []pqGroup
	keys   map[string]string
}

func (r *compact) meta() (m pqMeta) {
	m.keys = map[string]string{}
	chunks := 0
	r.fields(0, func(id int, kind byte) {
		switch {
		case id == 2 && kind == ctList:
			r.list(ctStruct, func() {
				if m.schema = append(m.schema, r.element()); len(m.schema) > 1<<20 {
					r.fail(errors.New("a schema of more than a million elements"))
				}
			})
		case id == 3 && kind == ctI64:
			m.rows = r.int()
		case id == 4 && kind == ctList:
			r.list(ctStruct, func() {
				m.groups = append(m.groups, r.group())
				if chunks += len(m.groups[len(m.groups)-1].chunks) + 1; chunks > 1<<22 {
					r.fail(errors.New("more than four million column chunks"))
				}
			})
		case id == 5 && kind == ctList:
			r.list(ctStruct, func() {
				var key, value string
				r.fields(1, func(id int, kind byte) {
					switch {
					case id == 1 && kind == ctBinary:
						key = string(r.bytes())
					case id == 2 && kind == ctBinary:
						value = string(r.bytes())
					}
				})
				m.keys[key] = value
			})
		}
	})
	return m
}

func (r *compact) element() pqElement {
	e := pqElement{typ: -1, rep: -1, converted: -1, bits: 64, signed: true}
	r.fields(1, func(id int, kind byte) {
		switch {
		case kind == ctI32:
			x := r.int32()
			switch id {
			case 1:
				e.typ = x
			case 2:
				e.length = x
			case 3:
				e.rep = x
			case 5:
				e.children = x
			case 6:
				e.converted = x
			case 7:
				e.scale = x
			}
		case id == 4 && kind == ctBinary:
			e.name = string(r.bytes())
		case id == 10 && kind == ctStruct:
			r.fields(2, func(id int, kind byte) {
				e.logical = id
				if kind != ctStruct {
					return
				}
				r.fields(3, func(f int, kind byte) {
					switch {
					case id == ltDecimal && f == 1 && kind == ctI32:
						e.scale = r.int32()
					case id == ltTimestamp && f == 2 && kind == ctStruct:
						r.fields(4, func(unit int, _ byte) { e.unit = unit })
					case id == ltInteger && f == 1 && kind == ctI8:
						e.bits = int(r.byte())
					case id == ltInteger && f == 2:
						e.signed = kind == ctTrue
					}
				})
			})
		}
	})
	return e
}

func (r *compact) group() (g pqGroup) {
	r.fields(1, func(id int, kind byte) {
		switch {
		case id == 1 && kind == ctList:
			r.list(ctStruct, func() { g.chunks = append(g.chunks, r.chunk()) })
		case id == 3 && kind == ctI64:
			g.rows = r.int()
		}
	})
	return g
}

func (r *compact) chunk() (c pqChunk) {
	c.typ = -1
	r.fields(2, func(id int, kind byte) {
		switch {
		case id == 1 && kind == ctBinary:
			c.elsewhere = len(r.bytes()) > 0
		case id == 8:
			c.secured = true
		case id == 3 && kind == ctStruct:
			r.fields(3, func(id int, kind byte) {
				switch {
				case id == 1 && kind == ctI32:
					c.typ = r.int32()
				case id == 4 && kind == ctI32:
					c.codec = r.int32()
				case kind == ctI64:
					x := r.int()
					switch id {
					case 5:
						c.values = x
					case 6:
						c.uncompressed = x
					case 7:
						c.compressed = x
					case 9:
						c.dataAt = x
					case 11:
						c.dictAt = x
					}
				}
			})
		}
	})
	return c
}

// Kinds of pages.
const (
	pageData  = 0
	pageIndex = 1
	pageDict  = 2
	pageData2 = 3
)

type pqPage struct {
	typ                   int32
	size, packed          int32 // in memory, and in the file
	crc                   int32
	hasCRC                bool
	values, nulls, rows   int32
	encoding              int32
	defEncoding           int32
	repEncoding           int32
	defLength, repLength  int32
	stored                bool // version 2: the values are not compressed
	hasData, has2, isDict bool
}

func (r *compact) page() (p pqPage) {
	r.fields(0, func(id int, kind byte) {
		switch {
		case kind == ctI32:
			x := r.int32()
			switch id {
			case 1:
				p.typ = x
			case 2:
				p.size = x
			case 3:
				p.packed = x
			case 4:
				p.crc, p.hasCRC = x, true
			}
		case kind == ctStruct && (id == 5 || id == 7 || id == 8):
			p.hasData, p.isDict, p.has2 = p.hasData || id == 5, p.isDict || id == 7, p.has2 || id == 8
			r.fields(1, func(f int, kind byte) {
				switch {
				case kind == ctI32:
					x := r.int32()
					switch {
					case f == 1:
						p.values = x
					case id != 8 && f == 2, id == 8 && f == 4:
						p.encoding = x
					case id == 5 && f == 3:
						p.defEncoding = x
					case id == 5 && f == 4:
						p.repEncoding = x
					case id == 8 && f == 2:
						p.nulls = x
					case id == 8 && f == 3:
						p.rows = x
					case id == 8 && f == 5:
						p.defLength = x
					case id == 8 && f == 6:
						p.repLength = x
					}
				case id == 8 && f == 7:
					p.stored = kind == ctFalse
				}
			})
		}
	})
	return p
}

// huggingFace is what a table with Hugging Face's metadata says of itself.
func huggingFace(metadata string) (about predict.About) {
	if len(classLabels(metadata)) > 0 {
		about.System = "Hugging Face dataset"
	}
	return about
}

// classLabels reads from Hugging Face's metadata the names of the classes, per
// column. What is not as expected has no names.
func classLabels(metadata string) map[string][]string {
	var doc struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(metadata), &doc) != nil {
		return nil
	}
	out := map[string][]string{}
	for col, raw := range doc.Info.Features {
		var f struct {
			Type  string   `json:"_type"`
			Names []string `json:"names"`
		}
		if json.Unmarshal(raw, &f) == nil && f.Type == "ClassLabel" && len(f.Names) > 0 {
			out[col] = f.Names
		}
	}
	return out
}
