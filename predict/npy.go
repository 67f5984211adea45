package predict

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	npyBlock  = 1 << 18 // bytes of values in a batch, about
	npyTile   = 8 << 20 // bytes of columns held to transpose, at most
	npySample = 16 << 20
)

// OpenNPY opens an NPY file: an array of n numbers or texts, or of n rows of numbers.
// Columns have no names and are read from any place, so that several threads
// read at once.
func OpenNPY(name string, r io.ReaderAt, size int64) (Source, error) {
	h, err := readNPYHeader(name, io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	if have := size - h.data; have < h.bytes() {
		return nil, truncatedNPY(name, h, have)
	} else if have > h.bytes() {
		return nil, trailingNPY(name, h, strconv.FormatInt(have-h.bytes(), 10)+" bytes")
	}
	s := newNPY(name, h)
	s.at = r
	n := min(h.rows, 1000, max(1, npySample/h.rowBytes()))
	if h.fortran {
		// Column blocks one after the other make the sample too.
		s.head = make([]byte, n*h.rowBytes())
		for c := range int64(h.cols) {
			if err := s.readAt(s.head[c*n*int64(h.size):][:n*int64(h.size)], h.data+c*h.rows*int64(h.size), 1); err != nil {
				return nil, err
			}
		}
	} else {
		s.head = make([]byte, n*h.rowBytes())
		if err := s.readAt(s.head, h.data, 1); err != nil {
			return nil, err
		}
	}
	s.sampled = int(n)
	return s, nil
}

// OpenNPYStream is [OpenNPY] for input that cannot be read from any place:
// standard input, or a file that is unpacked on the way.
func OpenNPYStream(name string, r io.Reader) (Source, error) {
	h, err := readNPYHeader(name, r)
	if err != nil {
		return nil, err
	}
	if h.fortran {
		return nil, &Error{Source: name, What: "an array in Fortran order cannot be read from a stream",
			Hint: "give the file itself, not packed; or save it with numpy.save(path, numpy.ascontiguousarray(arr))"}
	}
	s := newNPY(name, h)
	s.stream = r
	n := min(h.rows, 1000, max(1, npySample/h.rowBytes()))
	// The header's claim buys no memory: the buffer grows with what comes.
	s.head, err = io.ReadAll(io.LimitReader(r, n*h.rowBytes()))
	if err != nil && !isEOF(err) {
		return nil, s.trouble(err, int64(len(s.head))/h.rowBytes()+1)
	}
	if int64(len(s.head)) < n*h.rowBytes() {
		if err != nil {
			return nil, s.trouble(err, int64(len(s.head))/h.rowBytes()+1)
		}
		return nil, truncatedNPY(name, h, int64(len(s.head)))
	}
	s.sampled = int(n)
	return s, nil
}

func truncatedNPY(name string, h *npyHeader, have int64) *Error {
	e := &Error{Source: name, What: fmt.Sprintf("cut short: %d bytes of %d", max(0, have), h.bytes())}
	if !h.fortran {
		e.What = fmt.Sprintf("cut short after %d of %d rows", max(0, have)/h.rowBytes(), h.rows)
	}
	return e
}

func trailingNPY(name string, h *npyHeader, what string) *Error {
	return &Error{Source: name, What: fmt.Sprintf("%s after the last of %d rows", what, h.rows),
		Hint: "several arrays in one file cannot be read: save each in its own"}
}

// npy is an open NPY file or stream.
type npy struct {
	name    string
	h       *npyHeader
	at      io.ReaderAt // or
	stream  io.Reader
	cols    []Column
	head    []byte // the first rows as stored
	sampled int    // how many rows head is
	used    atomic.Bool
}

func newNPY(name string, h *npyHeader) *npy { return &npy{name: name, h: h} }

func (s *npy) Name() string   { return s.name }
func (s *npy) Format() string { return "npy" }
func (s *npy) Sample() Sample { return (*npySampled)(s) }
func (s *npy) Close() error   { return nil }

func (s *npy) Columns() []Column {
	if s.cols == nil {
		s.cols = make([]Column, s.h.cols)
		for i := range s.cols {
			s.cols[i] = Column{Name: strconv.Itoa(i + 1), Numeric: !s.h.text(), Integer: !s.h.float() && !s.h.text()}
		}
	}
	return s.cols
}

// trouble is an input error at a row.
func (s *npy) trouble(err error, row int64) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Source: s.name, Row: row, Err: err}
}

func (s *npy) readAt(b []byte, off, row int64) error {
	n, err := s.at.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || isEOF(err) {
		return &Error{Source: s.name, Row: row, What: "the file became shorter while it was read"}
	}
	return s.trouble(err, row)
}

// npySampled is the Sample of an npy.
type npySampled npy

func (s *npySampled) Rows() int { return s.sampled }

func (s *npySampled) cell(row, col int) []byte {
	i := row*s.h.cols + col
	if s.h.fortran {
		i = col*s.sampled + row
	}
	return s.head[i*s.h.size:][:s.h.size]
}

func (s *npySampled) Number(row, col int) (float64, bool) {
	if s.h.text() {
		x, _, ok := textNumber(s.sampleText(row, col))
		return x, ok
	}
	u := loadUint(s.cell(row, col), s.h.big)
	switch s.h.kind {
	case 'f':
		switch s.h.size {
		case 2:
			return float64(halfToFloat(uint16(u))), true
		case 4:
			return float64(math.Float32frombits(uint32(u))), true
		}
		return math.Float64frombits(u), true
	case 'i':
		shift := 64 - 8*s.h.size
		return float64(int64(u<<shift) >> shift), true
	case 'b':
		if u != 0 {
			u = 1
		}
	}
	return float64(u), true
}

func (s *npySampled) Text(row, col int) string {
	if s.h.text() {
		return string(s.sampleText(row, col))
	}
	u := loadUint(s.cell(row, col), s.h.big)
	switch {
	case s.h.kind == 'i':
		shift := 64 - 8*s.h.size
		return strconv.FormatInt(int64(u<<shift)>>shift, 10)
	case s.h.kind == 'u':
		return strconv.FormatUint(u, 10)
	}
	x, _ := s.Number(row, col)
	return string(appendNumber(nil, x, min(64, 8*max(4, s.h.size))))
}

func loadUint(b []byte, big bool) uint64 {
	switch { // the usual ones
	case !big && len(b) == 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case !big && len(b) == 8:
		return binary.LittleEndian.Uint64(b)
	}
	var u uint64
	for i := range b {
		at := i
		if !big {
			at = len(b) - 1 - i
		}
		u = u<<8 | uint64(b[at])
	}
	return u
}

// appendNumber writes a float as a label: 3 for 3.0, else the shortest text that
// reads back the same.
func appendNumber(b []byte, x float64, bits int) []byte {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'g', -1, bits)
}

// Read implements [Source].
func (s *npy) Read(ctx context.Context, sel Selection, threads int, fold Fold) (int64, error) {
	if s.used.Swap(true) && s.stream != nil {
		return 0, &Error{Source: s.name, What: "a stream can be read once"}
	}
	p := newNPYPlan(s.h, sel)
	var in npyInput
	switch {
	case s.stream != nil:
		in = &npyStream{s: s, p: p, left: io.MultiReader(bytes.NewReader(s.head), s.stream)}
	case s.h.fortran:
		in = &npyColumns{s: s, p: p}
	default:
		in = &npyRows{s: s, p: p}
	}
	var (
		mu     sync.Mutex
		failed atomic.Bool
		first  error
		badRow = s.h.rows + 1
	)
	// Runs of rows are claimed in order: when one fails, every earlier one has been
	// claimed, and is still finished.
	fail := func(row int64, err error) {
		var e *Error
		if errors.As(err, &e) && e.Row > 0 {
			row = e.Row
		}
		mu.Lock()
		if first == nil || row < badRow {
			badRow, first = row, err
		}
		mu.Unlock()
		failed.Store(true)
	}
	work := func(worker int) {
		w := &npyWorker{p: p, name: s.name}
		for !failed.Load() {
			if err := ctx.Err(); err != nil {
				fail(s.h.rows+1, err)
				return
			}
			row, more, err := in.next(w, func(b *Batch) error { return fold(worker, b) })
			if err != nil {
				fail(row, err)
			}
			if !more {
				return
			}
		}
	}
	threads = int(min(int64(max(1, threads)), (s.h.rows+int64(p.batch)-1)/int64(p.batch)))
	var wg sync.WaitGroup
	for i := 1; i < threads; i++ {
		wg.Go(func() { work(i) })
	}
	work(0)
	wg.Wait()
	if first != nil {
		return min(badRow, s.h.rows+1) - 1, first
	}
	return s.h.rows, nil
}

// npyInput claims the next run of rows, reads it and folds it. It returns the
// run's first row, and whether there may be more.
type npyInput interface {
	next(w *npyWorker, fold func(*Batch) error) (row int64, more bool, err error)
}

// npyRows reads runs of rows from any place.
type npyRows struct {
	s    *npy
	p    *npyPlan
	done atomic.Int64
}

func (in *npyRows) next(w *npyWorker, fold func(*Batch) error) (int64, bool, error) {
	h := in.s.h
	at := in.done.Add(int64(in.p.batch)) - int64(in.p.batch)
	if at >= h.rows {
		return 0, false, nil
	}
	rows := min(int64(in.p.batch), h.rows-at)
	raw := w.raw(rows * h.rowBytes())
	if err := in.s.readAt(raw, h.data+at*h.rowBytes(), at+1); err != nil {
		return at + 1, false, err
	}
	return at + 1, true, w.fold(at+1, int(rows), fold)
}

// npyStream reads runs of rows one after the other.
type npyStream struct {
	s    *npy
	p    *npyPlan
	mu   sync.Mutex
	left io.Reader
	done int64
	over bool
}

func (in *npyStream) next(w *npyWorker, fold func(*Batch) error) (int64, bool, error) {
	row, rows, err := in.fill(w)
	if rows > 0 {
		if e := w.fold(row, rows, fold); e != nil {
			return row, false, e
		}
	}
	return row + int64(rows), rows > 0 && err == nil, err
}

func (in *npyStream) fill(w *npyWorker) (row int64, rows int, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	h := in.s.h
	row = in.done + 1
	if in.over {
		return row, 0, nil
	}
	want := min(int64(in.p.batch), h.rows-in.done)
	raw := w.raw(want * h.rowBytes())
	n, err := io.ReadFull(in.left, raw)
	rows = int(int64(n) / h.rowBytes())
	in.done += int64(rows)
	switch {
	case err != nil && isEOF(err) && !isDamage(err):
		in.over = true
		e := truncatedNPY(in.s.name, h, in.done*h.rowBytes())
		e.Row = in.done + 1
		return row, rows, e
	case err != nil:
		in.over = true
		return row, rows, in.s.trouble(err, in.done+1)
	}
	if in.done == h.rows {
		in.over = true
		var one [1]byte
		switch n, err := io.ReadFull(in.left, one[:]); {
		case n > 0:
			return row, rows, trailingNPY(in.s.name, h, "more bytes")
		case !errors.Is(err, io.EOF) || isDamage(err):
			return row, rows, in.s.trouble(err, h.rows+1)
		}
	}
	return row, rows, nil
}

// isDamage reports whether the error was already put in words by the input.
func isDamage(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// npyColumns reads tiles of columns from any place and turns them into rows.
type npyColumns struct {
	s    *npy
	p    *npyPlan
	done atomic.Int64
}

func (in *npyColumns) next(w *npyWorker, fold func(*Batch) error) (int64, bool, error) {
	h, p := in.s.h, in.p
	tile := int64(p.tile)
	at := in.done.Add(tile) - tile
	if at >= h.rows {
		return 0, false, nil
	}
	size := int64(h.size)
	rows := min(tile, h.rows-at)
	if w.tile == nil {
		w.tile = make([]uint64, (tile*size*int64(len(p.needed))+7)/8)
	}
	cols := bytesOf(w.tile)
	for j, c := range p.needed {
		if err := in.s.readAt(cols[int64(j)*rows*size:][:rows*size], h.data+(int64(c)*h.rows+at)*size, at+1); err != nil {
			return at + 1, false, err
		}
	}
	for r := int64(0); r < rows; r += int64(p.batch) {
		n := min(int64(p.batch), rows-r)
		raw := w.raw(n * size * int64(p.width))
		switch h.size {
		case 1:
			transpose(viewOf[uint8](raw), viewOf[uint8](cols), int(n), p.width, int(rows), int(r))
		case 2:
			transpose(viewOf[uint16](raw), viewOf[uint16](cols), int(n), p.width, int(rows), int(r))
		case 4:
			transpose(viewOf[uint32](raw), viewOf[uint32](cols), int(n), p.width, int(rows), int(r))
		case 8:
			transpose(viewOf[uint64](raw), viewOf[uint64](cols), int(n), p.width, int(rows), int(r))
		}
		if err := w.fold(at+r+1, int(n), fold); err != nil {
			return at + r + 1, false, err
		}
	}
	return at + 1, true, nil
}

// transpose makes rows of columns: dst[i*width+j] = src[j*stride+from+i].
func transpose[T any](dst, src []T, rows, width, stride, from int) {
	const block = 16 // columns at a time, so that their lines stay in cache
	for j0 := 0; j0 < width; j0 += block {
		j1 := min(j0+block, width)
		for i := range rows {
			line := dst[i*width+j0 : i*width+j1]
			at := j0*stride + from + i
			for j := range line {
				line[j] = src[at]
				at += stride
			}
		}
	}
}

// npyPlan is a selection worked out for a file.
type npyPlan struct {
	h       *npyHeader
	sel     Selection
	width   int   // columns of a decoded row
	batch   int   // rows of a batch
	whole   bool  // values are all columns of a row, in order
	values  []int // columns of a decoded row, for each part of sel
	numbers []int
	texts   []int

	needed []int // Fortran order: the columns to read, in the order of a decoded row
	tile   int   // Fortran order: rows read at once
}

func newNPYPlan(h *npyHeader, sel Selection) *npyPlan {
	p := &npyPlan{h: h, sel: sel, width: h.cols, values: sel.Values, numbers: sel.Numbers, texts: sel.Texts}
	if h.fortran {
		p.needed = slices.Concat(sel.Values, sel.Numbers, sel.Texts)
		slices.Sort(p.needed)
		p.needed = slices.Compact(p.needed)
		if len(p.needed) == 0 {
			p.needed = []int{0}
		}
		p.width = len(p.needed)
		remap := func(cols []int) []int {
			out := make([]int, len(cols))
			for i, c := range cols {
				out[i], _ = slices.BinarySearch(p.needed, c)
			}
			return out
		}
		p.values, p.numbers, p.texts = remap(sel.Values), remap(sel.Numbers), remap(sel.Texts)
	}
	p.batch = int(min(h.rows, int64(max(1, npyBlock/(p.width*h.size)))))
	if h.fortran {
		p.tile = max(p.batch, npyTile/(p.width*h.size)/p.batch*p.batch)
	}
	p.whole = len(p.values) == p.width
	for i, c := range p.values {
		p.whole = p.whole && c == i
	}
	return p
}

// npyWorker is the memory of one thread. Blocks are allocated as words, so that
// they may be looked at as any type.
type npyWorker struct {
	p     *npyPlan
	name  string
	block []uint64 // as read
	n     int64    // bytes of it in use
	tile  []uint64
	half  []uint64 // float16 widened
	out   []uint64 // values picked from block
	texts Strings
	b     Batch
}

// raw is n bytes to read values into.
func (w *npyWorker) raw(n int64) []byte {
	if int64(len(w.block))*8 < n {
		w.block = make([]uint64, (n+7)/8)
	}
	w.n = n
	return bytesOf(w.block)[:n]
}

// decode makes a batch of what raw was filled with.
func (w *npyWorker) decode(first int64, rows int) *Batch {
	h := w.p.h
	raw := bytesOf(w.block)[:w.n]
	if h.big == hostLittle {
		swapBytes(raw, h.size)
	}
	b := &w.b
	b.First, b.Rows, b.K = first, rows, len(w.p.values)
	b.Decimals, b.Half = -1, h.kind == 'f' && h.size == 2
	b.Missing = b.Missing[:0]
	switch h.kind {
	case 'f':
		switch h.size {
		case 2:
			src := viewOf[uint16](raw)
			if len(w.half) < (len(src)+1)/2 {
				w.half = make([]uint64, (len(src)+1)/2)
			}
			wide := viewOf[float32](bytesOf(w.half))[:len(src)]
			for i, x := range src {
				wide[i] = halfToFloat(x)
			}
			decode(w, wide)
		case 4:
			decode(w, viewOf[float32](raw))
		case 8:
			decode(w, viewOf[float64](raw))
		}
	case 'i':
		switch h.size {
		case 1:
			decode(w, viewOf[int8](raw))
		case 2:
			decode(w, viewOf[int16](raw))
		case 4:
			decode(w, viewOf[int32](raw))
		case 8:
			decode(w, viewOf[int64](raw))
		}
	case 'b':
		for i, x := range raw {
			if x != 0 {
				raw[i] = 1
			}
		}
		decode(w, raw)
	default:
		switch h.size {
		case 1:
			decode(w, raw)
		case 2:
			decode(w, viewOf[uint16](raw))
		case 4:
			decode(w, viewOf[uint32](raw))
		case 8:
			decode(w, viewOf[uint64](raw))
		}
	}
	return b
}

// stored is what values may be stored as.
type stored interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// decode fills the worker's batch from rows of stored values.
func decode[T stored](w *npyWorker, src []T) {
	p, b := w.p, &w.b
	width, nans := p.width, false
	b.F32, b.F64 = nil, nil
	if n := b.Rows * b.K; n > 0 {
		switch s := any(src).(type) {
		case []float32:
			if !p.whole {
				if len(w.out) < (n+1)/2 {
					w.out = make([]uint64, (n+1)/2)
				}
				s = viewOf[float32](bytesOf(w.out))[:n]
				pick(s, src, width, p.values)
			}
			b.F32, nans = s, !p.sel.OwnNaN && hasNaN32(s)
		case []float64:
			if !p.whole {
				s = w.out64(n)
				pick(s, src, width, p.values)
			}
			b.F64, nans = s, !p.sel.OwnNaN && hasNaN64(s)
		default:
			b.F64 = w.out64(n)
			pick(b.F64, src, width, p.values)
		}
	}
	for len(b.Numbers) < len(p.numbers) {
		b.Numbers = append(b.Numbers, nil)
	}
	for j, c := range p.numbers {
		col := slices.Grow(b.Numbers[j][:0], b.Rows)[:b.Rows]
		for i := range col {
			x := float64(src[i*width+c])
			nans = nans || x != x
			col[i] = x
		}
		b.Numbers[j] = col
	}
	for len(b.Texts) < len(p.texts) {
		b.Texts = append(b.Texts, Strings{})
	}
	for j, c := range p.texts {
		t := &b.Texts[j]
		t.Reset()
		for i := range b.Rows {
			switch x := any(src[i*width+c]).(type) {
			case float32:
				t.Data = appendNumber(t.Data, float64(x), 32)
			case float64:
				t.Data = appendNumber(t.Data, x, 64)
			case uint64:
				t.Data = strconv.AppendUint(t.Data, x, 10)
			default:
				t.Data = strconv.AppendInt(t.Data, int64(src[i*width+c]), 10)
			}
			t.Off = append(t.Off, int32(len(t.Data)))
		}
	}
	if nans {
		w.listNaN()
	}
}

func (w *npyWorker) out64(n int) []float64 {
	if len(w.out) < n {
		w.out = make([]uint64, n)
	}
	return viewOf[float64](bytesOf(w.out))[:n]
}

// pick takes columns of rows.
func pick[D float32 | float64, T stored](dst []D, src []T, width int, cols []int) {
	if len(cols) == width && !slices.ContainsFunc(cols, func(c int) bool { return cols[c] != c }) {
		src = src[:len(dst)]
		for i := range dst {
			dst[i] = D(src[i])
		}
		return
	}
	k := 0
	for row := 0; k < len(dst); row += width {
		line := src[row : row+width]
		for _, c := range cols {
			dst[k] = D(line[c])
			k++
		}
	}
}

// listNaN lists the cells that hold NaN.
func (w *npyWorker) listNaN() {
	b, sel := &w.b, w.p.sel
	for i := range b.Rows {
		from := len(b.Missing)
		for k := range b.K {
			var x float64
			if b.F32 != nil {
				x = float64(b.F32[i*b.K+k])
			} else {
				x = b.F64[i*b.K+k]
			}
			if x != x {
				b.Missing = append(b.Missing, Missing{int32(i), int32(sel.Values[k]), NaN})
			}
		}
		for j, c := range sel.Numbers {
			if x := b.Numbers[j][i]; x != x {
				b.Missing = append(b.Missing, Missing{int32(i), int32(c), NaN})
			}
		}
		slices.SortFunc(b.Missing[from:], func(x, y Missing) int { return cmp.Compare(x.Column, y.Column) })
	}
}

// hasNaN32 reports whether some value is NaN. Two are looked at in one word: the
// exponent and mantissa of a NaN, and of nothing else, carry into the sign's
// place when all but the smallest NaN's are added.
func hasNaN32(s []float32) bool {
	const mask, add, signs = 0x7fffffff_7fffffff, 0x007fffff_007fffff, 0x80000000_80000000
	var blocks [][8]uint64
	if len(s) >= 16 {
		blocks = unsafe.Slice((*[8]uint64)(unsafe.Pointer(unsafe.SliceData(s))), len(s)/16)
	}
	var odd, even uint64
	for i := range blocks {
		b := &blocks[i]
		even |= (b[0]&mask + add) | (b[2]&mask + add) | (b[4]&mask + add) | (b[6]&mask + add)
		odd |= (b[1]&mask + add) | (b[3]&mask + add) | (b[5]&mask + add) | (b[7]&mask + add)
	}
	if (odd|even)&signs != 0 {
		return true
	}
	for _, x := range s[len(blocks)*16:] {
		if x != x {
			return true
		}
	}
	return false
}

// hasNaN64 is hasNaN32 for float64.
func hasNaN64(s []float64) bool {
	const mask, add = 1<<63 - 1, 1<<52 - 1
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
	var any uint64
	for ; len(words) >= 4; words = words[4:] {
		any |= (words[0]&mask + add) | (words[1]&mask + add) | (words[2]&mask + add) | (words[3]&mask + add)
	}
	for _, x := range words {
		any |= x&mask + add
	}
	return any>>63 != 0
}

// halfToFloat widens a float16; every one of them is a float32.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	rest := uint32(h & 0x7fff)
	if rest >= 0x7c00 { // infinite, or NaN
		return math.Float32frombits(sign | 0x7f800000 | (rest&0x3ff)<<13)
	}
	// Read as a float32 with the float16's exponent, which is 112 too small;
	// subnormals come right by the same product.
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(rest<<13)*0x1p112))
}

var hostLittle = func() bool { x := uint16(1); return *(*byte)(unsafe.Pointer(&x)) == 1 }()

// swapBytes turns the order of the bytes of each value.
func swapBytes(b []byte, size int) {
	switch size {
	case 2:
		for i := 0; i+2 <= len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
	case 4:
		v := viewOf[uint32](b)
		for i, x := range v {
			v[i] = x<<24 | x&0xff00<<8 | x>>8&0xff00 | x>>24
		}
	case 8:
		for i := 0; i+8 <= len(b); i += 8 {
			slices.Reverse(b[i : i+8])
		}
	}
}

// bytesOf looks at words as bytes.
func bytesOf(w []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*8)
}

// viewOf looks at bytes, which must be aligned for T, as values of the host's
// byte order.
func viewOf[T stored](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}
