package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unsafe"
)

// Bounds on one page. Writers make pages of about a megabyte; DuckDB's may have
// a hundred.
const (
	maxPage       = 256 << 20 // bytes, packed or not
	maxPageValues = 1 << 26
	maxPageHeader = 1 << 20 // bytes; statistics are in it
)

var errTooLarge = fmt.Errorf("a page of more than %d MB", maxPage>>20)

// pqLeaf is a stored column of Parquet: how its values lie in the pages.
type pqLeaf struct {
	index  int // among the leaves
	typ    int32
	length int  // of a ptFixed
	def    int  // levels when all is there
	rep    int  // 0, or 1 for a list
	elem   int  // the definition level from which on a list has an element
	flip   bool // ptFixed numbers are big-endian: decimals
	uuid   bool
	path   []string // in the schema
	of     string   // the list that it is in
	inner  kind     // how its values are stored, lists or not
	pair   *pqPair
	column
}

// pqStream reads the pages of a column chunk one after the other.
type pqStream struct {
	leaf  *pqLeaf
	chunk *pqChunk
	in    *bufio.Reader
	left  int64 // bytes of the chunk not read
	seen  int64 // values, missing ones included

	packed, plain []byte // a page as read, and unpacked
	levels, reps  []byte
	out, null     []byte
	off           []int32
	idx           []uint32
	ints          []int64

	hasDict bool
	dictN   int
	dict    []byte
	dictOff []int32

	page vec // what is not yet handed out of the page
	at   int // value

	// A list whose page ends before it does.
	carry     []byte
	carryNull []byte
	inRow     int // elements of the last row so far, −1 between rows
	found     int64
	err       error // that follows the page
	pages     int   // with values, so far

	held   int64 // bytes of memory, about, counted in budget
	budget *budget

	probe bool // only the width of the first list is wanted
	width int

	// Values are wanted as they lie, one for each pair of levels, rows or not; defs is
	// nil where all values are there.
	raw  bool
	defs []byte
}

func newStream(r io.ReaderAt, leaf *pqLeaf, chunk *pqChunk, end int64, b *budget) (*pqStream, error) {
	from := chunk.dataAt
	if chunk.dictAt > 0 && chunk.dictAt < from {
		from = chunk.dictAt
	}
	switch {
	case chunk.elsewhere:
		return nil, errors.New("the values are in another file")
	case chunk.secured:
		return nil, errors.New("the values are encrypted")
	case chunk.typ != leaf.typ:
		return nil, fmt.Errorf("damaged footer: type %d, and the schema says %d", chunk.typ, leaf.typ)
	case !knownCodec(chunk.codec):
		name := fmt.Sprint(chunk.codec)
		if chunk.codec >= 0 && int(chunk.codec) < len(codecs) {
			name = codecs[chunk.codec]
		}
		return nil, fmt.Errorf("compressed with %s; snappy, gzip, zstd and LZ4 can be read", name)
	case from < 4 || chunk.compressed < 0 || from > end || chunk.compressed > end-from:
		return nil, fmt.Errorf("damaged footer: bytes %d to %d of a file that has %d", from, from+chunk.compressed, end)
	}
	s := &pqStream{leaf: leaf, chunk: chunk, inRow: -1, budget: b}
	// Some writers left the head of the dictionary out of the count.
	s.left = min(chunk.compressed+128, end-from)
	s.in = bufio.NewReaderSize(io.NewSectionReader(r, from, s.left), int(min(max(512, s.left), 64<<10)))
	return s, nil
}

// avail implements stream.
func (s *pqStream) avail() (int, error) {
	for s.at == s.page.n {
		if s.err != nil {
			return 0, s.err
		}
		s.err = s.load()
	}
	return (s.page.n - s.at) / max(1, s.leaf.width), nil
}

func (s *pqStream) view(i, n int) vec {
	w := s.leaf.width
	return s.page.slice(s.leaf.kind, s.at+i*w, s.at+(i+n)*w)
}

func (s *pqStream) advance(n int) { s.at += n * s.leaf.width }

// close leaves the memory to others.
func (s *pqStream) close() {
	giveBack(s.packed, s.plain, s.out, s.levels, s.reps, s.null)
	*s = pqStream{leaf: s.leaf, err: io.EOF}
}

// rewind goes back to the first row if that is still at hand.
func (s *pqStream) rewind() bool {
	if s.pages != 1 || s.err != nil {
		return false
	}
	s.at = 0
	return true
}

// load decodes the next page with values.
func (s *pqStream) load() error {
	s.page, s.at = vec{}, 0
	if s.seen >= s.chunk.values {
		if s.inRow > 0 {
			have := s.inRow
			s.inRow = -1
			return &raggedRow{s.found, have}
		}
		return io.EOF
	}
	h, err := s.header()
	if err != nil {
		return err
	}
	if h.packed < 0 || h.size < 0 || h.values < 0 || int64(h.packed) > s.left {
		return fmt.Errorf("damaged page header: %d bytes, %d values", h.packed, h.values)
	}
	if h.packed > maxPage || h.size > maxPage || h.values > maxPageValues {
		return errTooLarge
	}
	// Before the memory is made: what this page takes beyond the largest so far.
	if need := int64(h.packed) + int64(h.size) + int64(h.values)*int64(kindSize[s.leaf.kind]+4); need > s.held {
		if err := s.budget.take(need - s.held); err != nil {
			return err
		}
		s.held = need
	}
	if err := s.read(int(h.packed)); err != nil {
		return err
	}
	if h.hasCRC && crc32.ChecksumIEEE(s.packed) != uint32(h.crc) {
		return errors.New("damaged: the checksum is wrong")
	}
	switch {
	case h.typ == pageDict && h.isDict:
		return s.dictionary(&h)
	case h.typ == pageData && h.hasData, h.typ == pageData2 && h.has2:
		return s.data(&h)
	case h.typ == pageIndex:
		return nil
	}
	return fmt.Errorf("damaged page header: a page of kind %d", h.typ)
}

// header reads the head of a page, whose length is known only afterwards.
func (s *pqStream) header() (pqPage, error) {
	for size := 512; ; size *= 8 {
		b, err := s.in.Peek(min(size, s.in.Size()))
		if err != nil && err != io.EOF {
			return pqPage{}, err
		}
		if len(b) == 0 {
			return pqPage{}, fmt.Errorf("it ends after %d of %d values", s.seen, s.chunk.values)
		}
		r := compact{b: b}
		h := r.page()
		if r.err == errThriftShort && err == nil && len(b) < maxPageHeader {
			if size > s.in.Size() {
				// Larger than the buffer: statistics of long texts.
				rest := io.Reader(s.in)
				s.in = bufio.NewReaderSize(rest, maxPageHeader)
			}
			continue
		}
		if r.err != nil {
			return h, fmt.Errorf("damaged page header: %w", r.err)
		}
		s.in.Discard(r.i)
		s.left -= int64(r.i)
		return h, nil
	}
}

func (s *pqStream) read(n int) error {
	// Claims were checked against the file's size, so that this is memory for
	// bytes that are there.
	s.packed = grown(s.packed, n)
	s.left -= int64(n)
	if _, err := io.ReadFull(s.in, s.packed); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return errors.New("the file became shorter while it was read")
		}
		return err
	}
	return nil
}

func (s *pqStream) dictionary(h *pqPage) error {
	if s.hasDict {
		return errors.New("damaged: two dictionaries")
	}
	body, err := unpackPage(s.chunk.codec, nil, s.packed, int(h.size))
	if err != nil {
		return fmt.Errorf("damaged dictionary: %w", err)
	}
	s.hasDict, s.dictN = true, int(h.values)
	leaf := s.leaf
	if leaf.typ == ptBytes {
		s.dictOff, s.dict, err = plainTexts(nil, nil, body, s.dictN)
	} else {
		s.dict, err = s.plainValues(body, s.dictN)
		s.dict = bytes.Clone(s.dict)
		s.dict = align(s.dict, 8)
	}
	if err != nil {
		return fmt.Errorf("damaged dictionary: %w", err)
	}
	return nil
}

// plainValues takes n values of the PLAIN encoding, not texts, into the kind that
// the column has.
func (s *pqStream) plainValues(src []byte, n int) ([]byte, error) {
	leaf := s.leaf
	size := 0
	switch leaf.typ {
	case ptBool:
		if len(src) < (n+7)/8 {
			return nil, errShort
		}
		s.out = grown(s.out, n)
		for i := range s.out {
			s.out[i] = src[i/8] >> (i % 8) & 1
		}
		return s.out, nil
	case ptInt32, ptFloat:
		size = 4
	case ptInt64, ptDouble:
		size = 8
	case ptFixed:
		size = leaf.length
	}
	if len(src) < n*size {
		return nil, errShort
	}
	src = src[:n*size]
	if leaf.flip {
		s.out = grown(s.out, 8*n)
		return bigEndian(s.out, src, n, size)
	}
	if hostLittle && uintptr(unsafe.Pointer(unsafe.SliceData(src)))%uintptr(max(1, size)) == 0 {
		return src, nil
	}
	s.out = grown(s.out, len(src))
	copy(s.out, src)
	if !hostLittle {
		swapBytes(s.out, size)
	}
	return s.out, nil
}

// bigEndian makes int64s of big-endian numbers of any size.
func bigEndian(dst, src []byte, n, size int) ([]byte, error) {
	out := viewAs[int64](dst)
	for i := range n {
		b := src[i*size : (i+1)*size]
		x := int64(0)
		if size > 0 && b[0]&0x80 != 0 {
			x = -1
		}
		for len(b) > 8 {
			if int8(b[0]) != int8(x) {
				return nil, errors.New("a decimal with too many digits")
			}
			b = b[1:]
		}
		if size > 8 && (b[0]&0x80 != 0) != (x < 0) {
			return nil, errors.New("a decimal with too many digits")
		}
		for _, c := range b {
			x = x<<8 | int64(c)
		}
		out[i] = x
	}
	return dst, nil
}

// data decodes a page of values.
func (s *pqStream) data(h *pqPage) error {
	leaf, n := s.leaf, int(h.values)
	if n == 0 {
		return nil
	}
	if int64(n) > s.chunk.values-s.seen {
		return fmt.Errorf("damaged: more values than the %d of the footer", s.chunk.values)
	}
	s.seen += int64(n)
	s.pages++
	var body, reps, defs []byte
	var err error
	if h.typ == pageData2 {
		if h.repLength < 0 || h.defLength < 0 || int64(h.repLength)+int64(h.defLength) > int64(len(s.packed)) || h.repLength+h.defLength > h.size {
			return errors.New("damaged page header: the levels are longer than the page")
		}
		reps = s.packed[:h.repLength]
		defs = s.packed[h.repLength : h.repLength+h.defLength]
		body = s.packed[h.repLength+h.defLength:]
		if !h.stored {
			if len(body) > 0 {
				body, err = s.unpack(body, int(h.size-h.repLength-h.defLength))
			}
		}
	} else {
		body, err = s.unpack(s.packed, int(h.size))
		take := func(enc int32, levels bool) (b []byte) {
			if !levels || err != nil {
				return nil
			}
			if enc != 3 {
				err = fmt.Errorf("levels in the old encoding %d", enc)
				return nil
			}
			if len(body) < 4 {
				err = errShort
				return nil
			}
			size := uint32(body[0]) | uint32(body[1])<<8 | uint32(body[2])<<16 | uint32(body[3])<<24
			if uint64(size) > uint64(len(body)-4) {
				err = errShort
				return nil
			}
			b, body = body[4:4+size], body[4+size:]
			return b
		}
		reps = take(h.repEncoding, leaf.rep > 0)
		defs = take(h.defEncoding, leaf.def > 0)
	}
	if err != nil {
		return fmt.Errorf("damaged page: %w", err)
	}
	// Which of the values are there.
	present := n
	var levels []byte // nil: all are
	if leaf.def > 0 {
		if v, ok := rleConstant(defs, bitWidth(leaf.def), n); ok && int(v) == leaf.def {
		} else {
			s.levels = grown(s.levels, n)
			levels = s.levels
			if err := rleBytes(levels, defs, bitWidth(leaf.def)); err != nil {
				return fmt.Errorf("damaged levels: %w", err)
			}
			present = bytes.Count(levels, []byte{byte(leaf.def)})
			if present == n {
				levels = nil
			}
		}
	}
	if leaf.list {
		s.reps = grown(s.reps, n)
		if err := rleBytes(s.reps, reps, 1); err != nil {
			return fmt.Errorf("damaged levels: %w", err)
		}
		if s.probe {
			s.measure(s.reps, levels)
			return nil
		}
	}
	v, err := s.values(h.encoding, body, present)
	if err != nil {
		return fmt.Errorf("damaged values: %w", err)
	}
	if leaf.list && !s.raw {
		return s.lists(v, levels, n)
	}
	s.defs = levels
	if levels != nil {
		if v, err = s.expand(v, levels, n); err != nil {
			return err
		}
	}
	s.page = v
	return nil
}

func (s *pqStream) unpack(packed []byte, size int) ([]byte, error) {
	if s.chunk.codec == codecNone {
		return unpackPage(codecNone, nil, packed, size)
	}
	out, err := unpackPage(s.chunk.codec, s.plain, packed, size)
	s.plain = out // the block that was there may belong to others by now
	return out, err
}

// values decodes the values that are there.
func (s *pqStream) values(encoding int32, body []byte, n int) (vec, error) {
	leaf := s.leaf
	v := vec{n: n}
	if n == 0 && leaf.kind != kText {
		return v, nil
	}
	var err error
	size := kindSize[leaf.kind]
	if n*max(size, 4) > maxPage {
		return v, errTooLarge
	}
	switch encoding {
	case 2, 8: // the places in a dictionary
		if n == 0 {
			v.idx, v.dictOff = []uint32{}, []int32{0}
			break
		}
		if !s.hasDict {
			return v, errors.New("there is no dictionary")
		}
		if len(body) == 0 || body[0] > 32 {
			return v, errShort
		}
		if cap(s.idx) < n {
			s.idx = make([]uint32, n+n/4)
		}
		s.idx = s.idx[:n]
		if err := rleIndices(s.idx, body[1:], int(body[0]), uint32(s.dictN)); err != nil {
			return v, err
		}
		if leaf.typ == ptBytes && leaf.kind == kText {
			v.idx, v.dictOff, v.data = s.idx, s.dictOff, s.dict
			return v, nil
		}
		return v, s.gather(&v, n)
	case 0:
		if leaf.typ == ptBytes {
			s.off, s.out, err = plainTexts(s.off, s.out, body, n)
			v.data, v.off = s.out, s.off
			break
		}
		v.data, err = s.plainValues(body, n)
	case 3: // booleans in runs
		if leaf.typ != ptBool || len(body) < 4 {
			return v, fmt.Errorf("encoding 3 for %s", physical[leaf.typ])
		}
		s.out = grown(s.out, n)
		err = rleBytes(s.out, body[4:], 1)
		v.data = s.out
	case 5:
		if leaf.typ != ptInt32 && leaf.typ != ptInt64 {
			return v, fmt.Errorf("encoding 5 for %s", physical[leaf.typ])
		}
		if cap(s.ints) < n {
			s.ints = make([]int64, n+n/4)
		}
		s.ints = s.ints[:n]
		if _, err := deltas(s.ints, body); err != nil {
			return v, err
		}
		if leaf.typ == ptInt64 {
			v.data = int64Bytes(s.ints)
			break
		}
		s.out = grown(s.out, 4*n)
		narrow := viewAs[int32](s.out)
		for i, x := range s.ints {
			narrow[i] = int32(x)
		}
		v.data = s.out
	case 6, 7:
		if leaf.typ != ptBytes {
			return v, fmt.Errorf("encoding %d for %s", encoding, physical[leaf.typ])
		}
		s.off, s.out, err = deltaTexts(s.off, s.out, body, n, encoding == 7)
		v.data, v.off = s.out, s.off
	case 9:
		size := map[int32]int{ptInt32: 4, ptFloat: 4, ptInt64: 8, ptDouble: 8, ptFixed: leaf.length}[leaf.typ]
		if size == 0 {
			return v, fmt.Errorf("encoding 9 for %s", physical[leaf.typ])
		}
		split := aligned(n * size)
		if err := unsplit(split, body, n, size); err != nil {
			return v, err
		}
		v.data, err = s.plainValues(split, n)
	default:
		return v, fmt.Errorf("unknown encoding %d", encoding)
	}
	if err != nil {
		return v, err
	}
	return v, s.finish(&v)
}

// finish makes of texts that are numbers, and of fixed bytes that are texts, what
// the column says.
func (s *pqStream) finish(v *vec) error {
	leaf := s.leaf
	if leaf.uuid && leaf.typ == ptFixed {
		s.off = s.off[:0]
		text := make([]byte, 0, 36*v.n)
		s.off = append(s.off, 0)
		for i := range v.n {
			b := v.data[16*i:]
			text = fmt.Appendf(text, "%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
			s.off = append(s.off, int32(len(text)))
		}
		v.data, v.off = text, s.off
	}
	return nil
}

// gather looks values up in the dictionary.
func (s *pqStream) gather(v *vec, n int) error {
	if s.leaf.uuid {
		return errors.New("UUIDs in a dictionary")
	}
	size := kindSize[s.leaf.kind]
	s.out = grown(s.out, n*size)
	v.data = s.out
	switch size {
	case 1:
		for i, k := range s.idx {
			v.data[i] = s.dict[k]
		}
	case 2:
		pickAll(viewAs[uint16](v.data), viewAs[uint16](s.dict), s.idx)
	case 4:
		pickAll(viewAs[uint32](v.data), viewAs[uint32](s.dict), s.idx)
	case 8:
		pickAll(viewAs[uint64](v.data), viewAs[uint64](s.dict), s.idx)
	}
	return nil
}

func pickAll[T fixed](dst, src []T, idx []uint32) {
	for i, k := range idx {
		dst[i] = src[k]
	}
}

// expand puts values where their levels say that they are.
func (s *pqStream) expand(v vec, levels []byte, n int) (vec, error) {
	leaf, size := s.leaf, kindSize[s.leaf.kind]
	if n*(size+1) > maxPage {
		return v, errTooLarge
	}
	out := vec{n: n, null: grown(s.null, n), data: v.data}
	s.null = out.null
	for i, l := range levels {
		out.null[i] = 0
		if int(l) != leaf.def {
			out.null[i] = 1
		}
	}
	switch {
	case v.idx != nil:
		idx := make([]uint32, n)
		j := 0
		for i := range idx {
			if out.null[i] == 0 {
				idx[i] = v.idx[j]
				j++
			}
		}
		out.idx, out.dictOff = idx, v.dictOff
	case leaf.kind == kText:
		off := make([]int32, n+1)
		j := 0
		for i := range n {
			off[i] = v.off[j]
			if out.null[i] == 0 {
				j++
			}
		}
		off[n] = v.off[j]
		out.off = off
	default:
		out.data = aligned(n * size)
		spreadValues(out.data, v.data, out.null, size)
	}
	return out, nil
}

func spreadValues(dst, src, null []byte, size int) {
	switch size {
	case 1:
		spreadAll(dst, src, null)
	case 2:
		spreadAll(viewAs[uint16](dst), viewAs[uint16](src), null)
	case 4:
		spreadAll(viewAs[uint32](dst), viewAs[uint32](src), null)
	case 8:
		spreadAll(viewAs[uint64](dst), viewAs[uint64](src), null)
	}
}

func spreadAll[T fixed](dst, src []T, null []byte) {
	j := 0
	for i := range dst {
		if null[i] == 0 {
			dst[i] = src[j]
			j++
		}
	}
}

// raggedRow is a row whose list is not as long as that of the first row.
type raggedRow struct {
	row  int64 // of the group, from 0
	have int   // −1: at least one more than it should
}

func (e *raggedRow) Error() string { return "a ragged row" }

var errNoWidth = errors.New("no list with elements")

// lists makes rows of a page's elements. Rows may go on in the next page.
func (s *pqStream) lists(v vec, levels []byte, n int) error {
	leaf, size := s.leaf, kindSize[s.leaf.kind]
	reps := s.reps[:n]
	if leaf.width == 0 {
		if leaf.width = s.firstWidth(reps, levels); leaf.width == 0 {
			return errNoWidth
		}
	}
	width := leaf.width
	// The common case: whole rows, none of them missing, and a row begins here.
	if levels == nil && s.inRow < 0 && n%width == 0 && rectangular(reps, width) {
		s.page = v
		s.found += int64(n / width)
		return nil
	}
	if (n+width)*(size+1) > maxPage {
		return errTooLarge
	}
	data, null := s.carry, s.carryNull
	s.carry, s.carryNull = nil, nil
	any := bytes.IndexByte(null, 1) >= 0
	var zero [8]byte
	j := 0
	for i := range n {
		level := leaf.def
		if levels != nil {
			level = int(levels[i])
		}
		var bad *raggedRow
		switch {
		case reps[i] != 0 && s.inRow < 0:
			bad = &raggedRow{max(0, s.found-1), -1}
			null = null[:max(0, len(null)-width)]
		case reps[i] == 0 && s.inRow > 0:
			bad = &raggedRow{s.found, s.inRow}
		case reps[i] == 0 && level == leaf.elem-1:
			bad = &raggedRow{s.found, 0}
		}
		if bad != nil {
			s.cut(data, null, any)
			return bad
		}
		switch {
		case level < leaf.elem: // no list: a row of missing values
			if len(null)*(size+1) > maxPage {
				return errTooLarge
			}
			for range width {
				data, null = append(data, zero[:size]...), append(null, 1)
			}
			any = true
			s.found++
			continue
		case level == leaf.def:
			data, null = append(data, v.data[j*size:(j+1)*size]...), append(null, 0)
			j++
		default:
			data, null, any = append(data, zero[:size]...), append(null, 1), true
		}
		if s.inRow = max(0, s.inRow) + 1; s.inRow == width {
			s.inRow = -1
			s.found++
		}
	}
	keep := max(0, s.inRow)
	whole := len(null) - keep
	s.carry, s.carryNull = bytes.Clone(data[whole*size:]), bytes.Clone(null[whole:])
	s.cut(data, null, any)
	return nil
}

// cut hands out the rows that are whole.
func (s *pqStream) cut(data, null []byte, any bool) {
	n := len(null) / s.leaf.width * s.leaf.width
	s.page = vec{n: n, data: align(data[:n*kindSize[s.leaf.kind]], 8)}
	if any {
		s.page.null = null[:n]
	}
}

// measure counts the elements of the first list, which may go on over pages.
func (s *pqStream) measure(reps, levels []byte) {
	for i, r := range reps {
		if r == 0 && s.inRow > 0 {
			s.width = s.inRow
			return
		}
		if levels == nil || int(levels[i]) >= s.leaf.elem {
			s.inRow = max(0, s.inRow) + 1
		}
	}
	if s.seen >= s.chunk.values {
		s.width = max(0, s.inRow)
	}
}

// firstWidth is how long the first list with elements is, 0 if the page does not
// tell.
func (s *pqStream) firstWidth(reps, levels []byte) int {
	from := 0
	for from < len(reps) && (reps[from] != 0 || levels != nil && int(levels[from]) < s.leaf.elem) {
		from++
	}
	if from == len(reps) {
		return 0
	}
	if next := bytes.IndexByte(reps[from+1:], 0); next >= 0 {
		return 1 + next
	}
	if s.seen == s.chunk.values {
		return len(reps) - from
	}
	return 0
}

// rectangular reports whether a row begins at every width-th element, and only
// there.
func rectangular(reps []byte, width int) bool {
	for len(reps) > 0 {
		if reps[0] != 0 || bytes.IndexByte(reps[1:width], 0) >= 0 {
			return false
		}
		reps = reps[width:]
	}
	return true
}

var hostLittle = func() bool { x := uint16(1); return *(*byte)(unsafe.Pointer(&x)) == 1 }()

// swapBytes turns the order of the bytes of each value.
func swapBytes(b []byte, size int) {
	for i := 0; i+size <= len(b); i += size {
		v := b[i : i+size]
		for j := range size / 2 {
			v[j], v[size-1-j] = v[size-1-j], v[j]
		}
	}
}

func int64Bytes(v []int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 8*len(v))
}
