package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
)

// arrowSlab is how many bytes of a column are looked at at once, about.
const arrowSlab = 128 << 10

// arrowStream gives the values of one column of one record batch.
type arrowStream struct {
	f     *arrowFile
	c     *arrowColumn
	batch *arrowBatch
	block *arrowBlock
	rows  int64
	item  int64 // how many elements lists have, all rows together

	valid, itemValid arrowBytes // one bit per value; none: all are there
	offsets, data    arrowBytes
	views            []arrowBytes // where long texts of views are
	dict             *arrowDict
	memory           *budget

	done int64 // rows that pages have given
	cur  vec
	at   int
	err  error // that follows cur

	buf, ends, bits, null []byte
	packed                []byte
	off                   []int32
	idx                   []uint32
}

// arrowBytes is a buffer: in the file, or unpacked in memory.
type arrowBytes struct {
	off, n int64
	mem    []byte
	packed bool
}

// stream finds the buffers of a column, which begin at a place in the batch.
func (f *arrowFile) stream(c *arrowColumn, block *arrowBlock, batch *arrowBatch, p arrowPlace, memory *budget) (*arrowStream, error) {
	s := &arrowStream{f: f, c: c, batch: batch, block: block, rows: batch.rows, memory: memory}
	node := func() (length, nulls int64, err error) {
		if p.node >= len(batch.nodes) {
			return 0, 0, errors.New("damaged metadata: too few nodes")
		}
		n := batch.nodes[p.node]
		p.node++
		if n[0] < 0 || n[1] < 0 || n[1] > n[0] {
			return 0, 0, errors.New("damaged metadata: a node that cannot be")
		}
		return n[0], n[1], nil
	}
	buffer := func() (arrowBytes, error) {
		if p.buffer >= len(batch.buffers) {
			return arrowBytes{}, errors.New("damaged metadata: too few buffers")
		}
		b := batch.buffers[p.buffer]
		p.buffer++
		if b.off < 0 || b.n < 0 || b.off > block.bodyLen || b.n > block.bodyLen-b.off {
			return arrowBytes{}, errors.New("damaged metadata: a buffer outside of its batch")
		}
		return arrowBytes{off: block.body + b.off, n: b.n, packed: batch.codec >= 0 && b.n > 0}, nil
	}
	length, nulls, err := node()
	if err != nil {
		return nil, err
	}
	if length < s.rows {
		return nil, fmt.Errorf("damaged metadata: %d values for %d rows", length, s.rows)
	}
	take := func(to *arrowBytes) {
		if err == nil {
			*to, err = buffer()
		}
	}
	take(&s.valid)
	if nulls == 0 {
		s.valid = arrowBytes{}
	} else if s.valid.n == 0 {
		return nil, errors.New("damaged metadata: missing values, and no bits for them")
	}
	switch {
	case c.idx:
		take(&s.data)
		if s.dict = block.dicts[c.f.dict]; s.dict == nil && err == nil {
			if s.dict = f.dicts[c.f.dict]; s.dict == nil {
				err = errors.New("there is no dictionary")
			}
		}
	case c.list:
		if c.f.typ != atFixedList {
			take(&s.offsets)
		}
		if err == nil {
			s.item, nulls, err = node()
		}
		take(&s.itemValid)
		if nulls == 0 {
			s.itemValid = arrowBytes{}
		} else if s.itemValid.n == 0 && err == nil {
			err = errors.New("damaged metadata: missing values, and no bits for them")
		}
		take(&s.data)
	case c.views:
		take(&s.data)
		if p.variadic >= len(batch.variadic) {
			return nil, errors.New("damaged metadata: no count of buffers")
		}
		for range batch.variadic[p.variadic] {
			var b arrowBytes
			if take(&b); err != nil {
				break
			}
			s.views = append(s.views, b)
		}
	case c.kind == kText:
		take(&s.offsets)
		take(&s.data)
	default:
		take(&s.data)
	}
	return s, err
}

// bytes is n bytes of a buffer from a place on, in buf or where they are.
func (s *arrowStream) bytes(b *arrowBytes, buf *[]byte, from, n int64) ([]byte, error) {
	if b.packed {
		if err := s.unpack(b); err != nil {
			return nil, err
		}
	}
	if from < 0 || n < 0 || n > b.n-from {
		return nil, fmt.Errorf("damaged: bytes %d to %d of a buffer of %d", from, from+n, b.n)
	}
	if b.mem != nil {
		return align(b.mem[from:from+n], 8), nil
	}
	*buf = grown(*buf, int(n))
	return *buf, s.f.readAt(*buf, b.off+from)
}

// unpack undoes the compression of a buffer. Its length stands before it.
func (s *arrowStream) unpack(b *arrowBytes) error {
	b.packed = false
	if b.n < 8 {
		return errors.New("damaged: a compressed buffer without its length")
	}
	s.packed = grown(s.packed, int(b.n))
	if err := s.f.readAt(s.packed, b.off); err != nil {
		return err
	}
	packed := s.packed
	size := int64(binary.LittleEndian.Uint64(packed))
	packed = packed[8:]
	if size == -1 { // not compressed after all
		b.off, b.n = b.off+8, b.n-8
		return nil
	}
	if size < 0 || size > math.MaxInt32 {
		return fmt.Errorf("a buffer of %d bytes; at most %d can be unpacked", size, math.MaxInt32)
	}
	if err := s.memory.take(size); err != nil {
		return err
	}
	var mem []byte
	var err error
	if s.batch.codec == 0 {
		mem, err = lz4Frame(packed, int(size))
	} else {
		mem, err = unzstd(packed, int(size))
	}
	if err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	if mem == nil {
		mem = []byte{}
	}
	b.mem, b.n = mem, size
	return nil
}

func unzstd(packed []byte, size int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	for step := min(size, max(4<<20, 64*len(packed))); ; step = min(size, 8*step) {
		dst := grown(nil, step)
		d := zstdDecoders.Get().(*zstd.Decoder)
		out, err := d.DecodeAll(packed, dst[:0:step])
		zstdDecoders.Put(d)
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) && step < size {
			continue
		}
		if err == nil && len(out) != size {
			err = fmt.Errorf("%d bytes where %d are announced", len(out), size)
		}
		return dst, err
	}
}

// lz4Frame undoes an LZ4 frame.
func lz4Frame(src []byte, size int) ([]byte, error) {
	if size > 256*len(src)+16 {
		return nil, fmt.Errorf("%d packed bytes cannot be the %d that are announced", len(src), size)
	}
	dst, at := grown(nil, size), 0
	for len(src) > 0 {
		if len(src) < 7 || binary.LittleEndian.Uint32(src) != 0x184d2204 {
			return nil, errors.New("not an LZ4 frame")
		}
		flags := src[4]
		if flags>>6 != 1 {
			return nil, errors.New("not an LZ4 frame")
		}
		head := 7
		if flags&8 != 0 {
			head += 8
		}
		if flags&1 != 0 {
			head += 4
		}
		if len(src) < head {
			return nil, errShort
		}
		src = src[head:]
		for {
			if len(src) < 4 {
				return nil, errShort
			}
			n := binary.LittleEndian.Uint32(src)
			src = src[4:]
			if n == 0 {
				break
			}
			stored := n>>31 != 0
			n &= 1<<31 - 1
			if uint64(n) > uint64(len(src)) {
				return nil, errShort
			}
			if stored {
				if int(n) > size-at {
					return nil, errDamage
				}
				at += copy(dst[at:], src[:n])
			} else {
				m, err := lz4Block(dst, at, src[:n])
				if err != nil {
					return nil, err
				}
				at = m
			}
			src = src[n:]
			if flags&0x10 != 0 {
				if len(src) < 4 {
					return nil, errShort
				}
				src = src[4:]
			}
		}
		if flags&4 != 0 {
			if len(src) < 4 {
				return nil, errShort
			}
			src = src[4:]
		}
	}
	if at != size {
		return nil, fmt.Errorf("%d bytes where %d are announced", at, size)
	}
	return dst, nil
}

// close leaves the memory to others.
func (s *arrowStream) close() {
	giveBack(s.buf, s.ends, s.bits, s.null, s.packed)
	s.buf, s.ends, s.bits, s.null, s.packed, s.cur = nil, nil, nil, nil, nil, vec{}
	for _, b := range []*arrowBytes{&s.valid, &s.itemValid, &s.offsets, &s.data} {
		giveBack(b.mem)
		b.mem = nil
	}
}

func (s *arrowStream) avail() (int, error) {
	for s.at == s.cur.n {
		if s.err != nil {
			return 0, s.err
		}
		if s.done >= s.rows {
			return 0, io.EOF
		}
		s.cur, s.at = vec{}, 0
		s.err = s.load()
	}
	return (s.cur.n - s.at) / s.c.width, nil
}

func (s *arrowStream) view(i, n int) vec {
	w := s.c.width
	return s.cur.slice(s.c.kind, s.at+i*w, s.at+(i+n)*w)
}

func (s *arrowStream) advance(n int) { s.at += n * s.c.width }

// missing makes bytes of n bits from one on; nil if all are set.
func (s *arrowStream) missing(b *arrowBytes, buf *[]byte, from int64, n int) ([]byte, error) {
	if b.n == 0 {
		return nil, nil
	}
	bits, err := s.bytes(b, &s.bits, from/8, (from+int64(n)+7)/8-from/8)
	if err != nil {
		return nil, err
	}
	*buf = grown(*buf, n)
	out, any := *buf, byte(0)
	shift := int(from % 8)
	for i := range out {
		k := i + shift
		out[i] = ^bits[k/8] >> (k % 8) & 1
		any |= out[i]
	}
	if any == 0 {
		return nil, nil
	}
	return out, nil
}

// load makes the next run of rows.
func (s *arrowStream) load() (err error) {
	c := s.c
	per := max(1, c.size*c.width)
	if c.kind == kText && !c.views {
		per = 16
	}
	n := int(min(s.rows-s.done, int64(max(64, arrowSlab/per/8*8))))
	from := s.done
	v := vec{n: n * c.width}
	if c.list {
		return s.lists(n)
	}
	if v.null, err = s.missing(&s.valid, &s.null, from, n); err != nil {
		return err
	}
	switch {
	case c.idx:
		err = s.indices(&v, from, n)
	case c.views:
		err = s.viewTexts(&v, from, n)
	case c.kind == kText:
		n, err = s.texts(&v, from, n)
	case c.bits:
		var bits []byte
		if bits, err = s.bytes(&s.data, &s.bits, from/8, (from+int64(n)+7)/8-from/8); err != nil {
			return err
		}
		s.buf = grown(s.buf, n)
		v.data = s.buf
		for i := range v.data {
			k := i + int(from%8)
			v.data[i] = bits[k/8] >> (k % 8) & 1
		}
	default:
		if v.data, err = s.bytes(&s.data, &s.buf, from*int64(c.size), int64(n*c.size)); err == nil && c.mean == decimals {
			v.data, err = s.decimals(v.data, v.null, n)
		}
	}
	if err != nil {
		return err
	}
	s.cur, s.done = v, s.done+int64(n)
	return nil
}

// decimals narrows decimals to 64 bits.
func (s *arrowStream) decimals(src, null []byte, n int) ([]byte, error) {
	size := s.c.size
	if size == 8 {
		return src, nil
	}
	dst := aligned(8 * n)
	out := viewAs[int64](dst)
	for i := range out {
		b := src[i*size : (i+1)*size]
		if size == 4 {
			out[i] = int64(int32(binary.NativeEndian.Uint32(b)))
			continue
		}
		out[i] = int64(binary.NativeEndian.Uint64(b))
		for _, c := range b[8:] {
			if c != byte(out[i]>>63) && (null == nil || null[i] == 0) {
				return nil, errors.New("a decimal with too many digits")
			}
		}
	}
	return dst, nil
}

// indices looks dictionary entries up.
func (s *arrowStream) indices(v *vec, from int64, n int) error {
	c, d := s.c, s.dict
	size := int64(c.f.idxBits / 8)
	raw, err := s.bytes(&s.data, &s.buf, from*size, int64(n)*size)
	if err != nil {
		return err
	}
	if cap(s.idx) < n {
		s.idx = make([]uint32, n)
	}
	s.idx = s.idx[:n]
	for i := range s.idx {
		var k uint64
		switch size {
		case 1:
			k = uint64(raw[i])
		case 2:
			k = uint64(binary.NativeEndian.Uint16(raw[2*i:]))
		case 4:
			k = uint64(binary.NativeEndian.Uint32(raw[4*i:]))
		default:
			k = binary.NativeEndian.Uint64(raw[8*i:])
		}
		if v.null != nil && v.null[i] != 0 {
			k = 0
		} else if k >= uint64(d.vec.n) {
			return fmt.Errorf("damaged: entry %d of a dictionary of %d", k, d.vec.n)
		} else if d.vec.missing(int(k)) {
			if v.null == nil {
				s.null = grown(s.null, n)
				clear(s.null)
				v.null = s.null
			}
			v.null[i] = 1
		}
		s.idx[i] = uint32(k)
	}
	if d.vec.n == 0 { // all are missing
		v.data, v.off = aligned(8*n), make([]int32, n+1)
		return nil
	}
	if c.kind == kText {
		v.idx, v.dictOff, v.data = s.idx, d.vec.off, d.vec.data
		return nil
	}
	out := aligned(n * kindSize[c.kind])
	switch kindSize[c.kind] {
	case 1:
		pickAll(out, d.vec.data, s.idx)
	case 2:
		pickAll(viewAs[uint16](out), viewAs[uint16](d.vec.data), s.idx)
	case 4:
		pickAll(viewAs[uint32](out), viewAs[uint32](d.vec.data), s.idx)
	case 8:
		pickAll(viewAs[uint64](out), viewAs[uint64](d.vec.data), s.idx)
	}
	v.data = out
	return nil
}

// offs reads n+1 offsets from one on.
func (s *arrowStream) offs(from int64, n int) ([]byte, func(i int) int64, error) {
	size := int64(4)
	if s.c.wide {
		size = 8
	}
	raw, err := s.bytes(&s.offsets, &s.ends, from*size, int64(n+1)*size)
	if err != nil {
		return nil, nil, err
	}
	if size == 4 {
		return raw, func(i int) int64 { return int64(int32(binary.NativeEndian.Uint32(raw[4*i:]))) }, nil
	}
	return raw, func(i int) int64 { return int64(binary.NativeEndian.Uint64(raw[8*i:])) }, nil
}

// texts reads texts, fewer of them if they are long.
func (s *arrowStream) texts(v *vec, from int64, n int) (int, error) {
	_, off, err := s.offs(from, n)
	if err != nil {
		return 0, err
	}
	first := off(0)
	s.off = append(s.off[:0], 0)
	for i := range n {
		o := off(i + 1)
		if o < off(i) || first < 0 {
			return 0, errors.New("damaged: texts that end before they begin")
		}
		if o-first > 16<<20 && i > 0 {
			n = i
			break
		}
		if o-first > maxPage {
			return 0, fmt.Errorf("a text of more than %d MB", maxPage>>20)
		}
		s.off = append(s.off, int32(o-first))
	}
	v.n, v.off = n, s.off
	if v.null != nil {
		v.null = v.null[:n]
	}
	v.data, err = s.bytes(&s.data, &s.buf, first, int64(s.off[n]))
	return n, err
}

// viewTexts reads texts that are views: short ones inside, long ones elsewhere.
func (s *arrowStream) viewTexts(v *vec, from int64, n int) error {
	raw, err := s.bytes(&s.data, &s.ends, 16*from, 16*int64(n))
	if err != nil {
		return err
	}
	s.off = append(s.off[:0], 0)
	var out, one []byte
	for i := range n {
		w := raw[16*i : 16*i+16]
		size := int64(binary.NativeEndian.Uint32(w))
		switch {
		case v.null != nil && v.null[i] != 0:
		case size <= 12:
			out = append(out, w[4:4+size]...)
		default:
			k := int64(binary.NativeEndian.Uint32(w[8:]))
			if k >= int64(len(s.views)) || int64(len(out))+size > maxPage {
				return errors.New("damaged: a text outside of its buffers")
			}
			b, err := s.bytes(&s.views[k], &one, int64(binary.NativeEndian.Uint32(w[12:])), size)
			if err != nil {
				return err
			}
			out = append(out, b...)
		}
		s.off = append(s.off, int32(len(out)))
	}
	v.data, v.off = out, s.off
	return nil
}

// lists makes n rows of lists.
func (s *arrowStream) lists(n int) error {
	c, w, from := s.c, int64(s.c.width), s.done
	rowNull, err := s.missing(&s.valid, &s.null, from, n)
	if err != nil {
		return err
	}
	var ragged *raggedRow
	start := from * w // of the elements
	var starts []int64
	if c.f.typ != atFixedList {
		_, off, err := s.offs(from, n)
		if err != nil {
			return err
		}
		start = off(0)
		for i := range n {
			o, end := off(i), off(i+1)
			if o < 0 || end < o || end > s.item {
				return errors.New("damaged: lists that end before they begin")
			}
			if rowNull != nil && rowNull[i] != 0 {
				continue
			}
			if end-o != w {
				ragged = &raggedRow{from + int64(i), int(min(end-o, math.MaxInt32))}
				n = i
				break
			}
		}
		if rowNull != nil {
			rowNull = rowNull[:n]
			starts = make([]int64, n)
			for i := range starts {
				starts[i] = off(i)
			}
		}
	} else if s.item < s.rows*w {
		return fmt.Errorf("damaged metadata: %d values for %d lists of %d", s.item, s.rows, w)
	}
	size := int64(c.size)
	v := vec{n: n * c.width}
	one := func(from, n int64) ([]byte, []byte, error) {
		data, err := s.bytes(&s.data, &s.buf, from*size, n*size)
		if err != nil {
			return nil, nil, err
		}
		var buf []byte
		null, err := s.missing(&s.itemValid, &buf, from, int(n))
		return data, null, err
	}
	if starts == nil {
		if v.data, v.null, err = one(start, int64(n)*w); err != nil {
			return err
		}
		if rowNull != nil {
			if v.null == nil {
				v.null = make([]byte, v.n)
			}
			for i, x := range rowNull {
				for k := range c.width {
					v.null[i*c.width+k] |= x
				}
			}
		}
	} else {
		v.data, v.null = aligned(v.n*c.size), make([]byte, v.n)
		for i := 0; i < n; {
			if rowNull[i] != 0 {
				for k := range c.width {
					v.null[i*c.width+k] = 1
				}
				i++
				continue
			}
			j := i + 1 // rows that stand side by side
			for j < n && rowNull[j] == 0 && starts[j] == starts[i]+int64(j-i)*w {
				j++
			}
			data, null, err := one(starts[i], int64(j-i)*w)
			if err != nil {
				return err
			}
			copy(v.data[i*c.width*c.size:], data)
			copy(v.null[i*c.width:], null)
			i = j
		}
	}
	s.cur, s.done = v, s.done+int64(n)
	if ragged != nil {
		return ragged
	}
	return nil
}

// firstWidth is the length of the first list with elements in the batch, 0 if
// there is none.
func (s *arrowStream) firstWidth() (int, error) {
	for from := int64(0); from < s.rows; {
		n := int(min(s.rows-from, 1<<14))
		null, err := s.missing(&s.valid, &s.null, from, n)
		if err != nil {
			return 0, err
		}
		_, off, err := s.offs(from, n)
		if err != nil {
			return 0, err
		}
		for i := range n {
			if w := off(i+1) - off(i); w != 0 && (null == nil || null[i] == 0) {
				if w < 0 || w > 1<<20 || off(i+1) > s.item {
					return 0, fmt.Errorf("a list of %d values", w)
				}
				return int(w), nil
			}
		}
		from += int64(n)
	}
	return 0, nil
}
