package formats

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"surprisal/predict"
)

// What Parquet and Arrow have in common: columns of typed values, some of them
// lists, from which batches are put together.

// kind is how the values of a column are stored.
type kind uint8

const (
	unreadable_ kind = iota // cannot be read: column.what says what it is
	kF16
	kF32
	kF64
	kI8
	kI16
	kI32
	kI64
	kU8
	kU16
	kU32
	kU64
	kBool // a byte of 0 or 1 each
	kText
	kBF16
)

var kindSize = [...]int{kF16: 2, kF32: 4, kF64: 8, kI8: 1, kI16: 2, kI32: 4, kI64: 8, kU8: 1, kU16: 2, kU32: 4, kU64: 8, kBool: 1, kText: 0, kBF16: 2}

func (k kind) float() bool { return k == kF16 || k == kF32 || k == kF64 || k == kBF16 }

// meaning is what the stored integers stand for, where they are not just numbers.
type meaning uint8

const (
	plainly  meaning = iota
	decimals         // divided by 10^scale
	aDate            // days since 1970
	aTime            // ticks of 10^-scale seconds since 1970
)

// column is one stored column: a number or a text per row, or a list of width
// numbers per row.
type column struct {
	name  string
	kind  kind
	what  string // what it is in the format's words, for messages
	list  bool
	width int // of a list; 1 otherwise
	mean  meaning
	scale int
	names []string // ClassLabel: names of the integers
	elems []string // names of a list's elements, where they have some

	hidden bool // part of another column
}

// dictionary is the texts of the integers from 0 on, so far as they are few; nil if
// the column has none.
func (c *column) dictionary() *predict.Strings {
	switch {
	case c.kind < kI8 || c.kind > kU64 || c.mean != plainly:
		return nil
	case c.names == nil:
		return smallIntegers()
	}
	d := &predict.Strings{}
	for _, name := range c.names {
		d.Append([]byte(name))
	}
	return d
}

// smallIntegers are the first of them as texts.
var smallIntegers = sync.OnceValue(func() *predict.Strings {
	d := &predict.Strings{}
	for i := range 1 << 12 {
		d.Append(strconv.AppendInt(nil, int64(i), 10))
	}
	return d
})

// numeric reports whether the values count as numbers.
func (c *column) numeric() bool {
	return c.kind != unreadable_ && c.kind != kText && c.mean != aDate && c.mean != aTime && c.names == nil
}

// vec is a run of values of one column, one per row or width per row. It belongs
// to the reader that made it, until it makes the next.
type vec struct {
	n    int    // values
	data []byte // of the kind's size each, in the host's order; kText: the bytes
	off  []int32
	null []byte // 1 where a value is missing; nil if none is
	// Texts from a dictionary: text i is entry idx[i].
	idx     []uint32
	dictOff []int32
}

// slice is the values from i to j.
func (v *vec) slice(k kind, i, j int) vec {
	s := vec{n: j - i, data: v.data}
	switch {
	case v.idx != nil:
		s.idx, s.dictOff = v.idx[i:j], v.dictOff
	case k == kText:
		s.off = v.off[i : j+1]
	default:
		s.data = v.data[i*kindSize[k] : j*kindSize[k]]
	}
	if v.null != nil {
		s.null = v.null[i:j]
	}
	return s
}

// clone is a vec that stays.
func (v *vec) clone() vec {
	return vec{v.n, slices.Clone(v.data), slices.Clone(v.off), slices.Clone(v.null), slices.Clone(v.idx), slices.Clone(v.dictOff)}
}

func (v *vec) missing(i int) bool { return v.null != nil && v.null[i] != 0 }

// bytes is text i.
func (v *vec) bytes(i int) []byte {
	if v.idx != nil {
		i = int(v.idx[i])
		return v.data[v.dictOff[i]:v.dictOff[i+1]]
	}
	return v.data[v.off[i]:v.off[i+1]]
}

type fixed interface {
	float32 | float64 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// viewAs looks at bytes, which must be aligned for T, as values.
func viewAs[T fixed](b []byte) []T {
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// aligned makes n bytes that may be looked at as any type.
func aligned(n int) []byte {
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)[:n]
}

// grown is b with room for n bytes, aligned; what it held is lost.
func grown(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	giveBack(b)
	if n <= spareLeast/2 {
		return aligned(n + n/4)[:n]
	}
	size, class := spareClass(max(n, spareLeast))
	if class < len(spare) {
		if p, _ := spare[class].Get().(*[]byte); p != nil {
			return (*p)[:n]
		}
	}
	return aligned(size)[:n]
}

// spare are blocks of memory that the columns of one group leave to the next, by
// their size.
var spare [8 * 30]sync.Pool

const (
	spareLeast = 64 << 10
	spareMost  = 64 << 20
)

// spareClass rounds a size up to one of eight sizes between powers of two, and
// numbers it.
func spareClass(n int) (size, class int) {
	k := bits.Len(uint(n-1)) - 4 // eight steps of 2^k lead to the next power of two
	steps := (n-1)>>k + 1        // 9 to 16
	return steps << k, 8*k + steps - 9
}

func giveBack(blocks ...[]byte) {
	for _, b := range blocks {
		if cap(b) < spareLeast || cap(b) > spareMost {
			continue
		}
		if size, class := spareClass(cap(b)); size == cap(b) && class < len(spare) {
			spare[class].Put(&b)
		}
	}
}

// align is b, or a copy of it if it is not aligned for the size.
func align(b []byte, size int) []byte {
	if uintptr(unsafe.Pointer(unsafe.SliceData(b)))%uintptr(max(1, size)) == 0 {
		return b
	}
	c := aligned(len(b))
	copy(c, b)
	return c
}

// Marks of a missing value among floats, R's: a NaN with 1954 in its low bits.
const (
	naBits64 = 0x7ff80000_000007a2
	naBits32 = 0x7fc007a2
)

var na64, na32 = math.Float64frombits(naBits64), math.Float32frombits(naBits32)

// number is value i as a number.
func (c *column) number(v *vec, i int) float64 {
	if v.missing(i) {
		return na64
	}
	switch c.kind {
	case kF16:
		return float64(widenHalf(viewAs[uint16](v.data)[i]))
	case kBF16:
		return float64(widenBrain(viewAs[uint16](v.data)[i]))
	case kF32:
		return float64(viewAs[float32](v.data)[i])
	case kF64:
		return viewAs[float64](v.data)[i]
	case kU64:
		return float64(viewAs[uint64](v.data)[i])
	}
	n := c.integer(v, i)
	if c.mean == decimals {
		return decimalFloat(n, c.scale)
	}
	return float64(n)
}

// integer is value i of a column of integers.
func (c *column) integer(v *vec, i int) int64 {
	switch c.kind {
	case kI8:
		return int64(viewAs[int8](v.data)[i])
	case kI16:
		return int64(viewAs[int16](v.data)[i])
	case kI32:
		return int64(viewAs[int32](v.data)[i])
	case kI64:
		return viewAs[int64](v.data)[i]
	case kU8, kBool:
		return int64(v.data[i])
	case kU16:
		return int64(viewAs[uint16](v.data)[i])
	case kU32:
		return int64(viewAs[uint32](v.data)[i])
	}
	return int64(viewAs[uint64](v.data)[i])
}

// decimalFloat is n/10^scale, correctly rounded.
func decimalFloat(n int64, scale int) float64 {
	if -1<<53 <= n && n <= 1<<53 && scale <= 22 {
		return float64(n) / powersOfTen[scale]
	}
	x, _ := strconv.ParseFloat(strconv.FormatInt(n, 10)+"e-"+strconv.Itoa(scale), 64)
	return x
}

var powersOfTen = func() (p [23]float64) {
	for i := range p {
		p[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i), 64)
	}
	return p
}()

// text appends value i as text; a missing value is empty.
func (c *column) text(b []byte, v *vec, i int) []byte {
	if v.missing(i) {
		return b
	}
	switch c.kind {
	case kText:
		return append(b, v.bytes(i)...)
	case kF16, kF32, kBF16:
		return appendNumber(b, c.number(v, i), 32)
	case kF64:
		return appendNumber(b, c.number(v, i), 64)
	case kBool:
		return strconv.AppendBool(b, v.data[i] != 0)
	case kU64:
		return strconv.AppendUint(b, viewAs[uint64](v.data)[i], 10)
	}
	n := c.integer(v, i)
	switch {
	case c.names != nil && n >= 0 && n < int64(len(c.names)):
		return append(b, c.names[n]...)
	case c.names != nil && n == -1: // how Hugging Face says that there is none
		return b
	case c.mean == aDate:
		return time.Unix(0, 0).UTC().AddDate(0, 0, int(max(-1e7, min(n, 1e7)))).AppendFormat(b, "2006-01-02")
	case c.mean == aTime:
		return appendTime(b, n, c.scale)
	case c.mean == decimals:
		return appendDecimal(b, n, c.scale)
	}
	return strconv.AppendInt(b, n, 10)
}

func appendTime(b []byte, n int64, scale int) []byte {
	unit := int64(powersOfTen[scale])
	sec, sub := n/unit, n%unit
	if sub < 0 {
		sec, sub = sec-1, sub+unit
	}
	return time.Unix(sec, sub*(1_000_000_000/unit)).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999999")
}

func appendDecimal(b []byte, n int64, scale int) []byte {
	u := uint64(n)
	if n < 0 {
		b, u = append(b, '-'), -u
	}
	s := strconv.FormatUint(u, 10)
	for len(s) <= scale {
		s = "0" + s
	}
	b = append(b, s[:len(s)-scale]...)
	if frac := s[len(s)-scale:]; scale > 0 {
		b = append(append(b, '.'), frac...)
	}
	return b
}

// appendNumber writes a float as a label: 3 for 3.0, else the shortest text that
// reads back the same.
func appendNumber(b []byte, x float64, bits int) []byte {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.AppendInt(b, int64(x), 10)
	}
	return strconv.AppendFloat(b, x, 'g', -1, bits)
}

// widenHalf widens a float16; every one of them is a float32.
func widenHalf(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	if rest >= 0x7c00 { // infinite, or NaN
		return math.Float32frombits(sign | 0x7f800000 | (rest&0x3ff)<<13)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(rest<<13)*0x1p112))
}

// widenBrain widens a bfloat16, the upper half of a float32.
func widenBrain(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// part is one column as the user sees it: a stored column, or one element of its
// lists.
type part struct {
	col  int // stored column
	elem int
}

// parts lists the columns that the user sees. An element of a list COL is called
// COL.0, COL.1, …; if the classes have names, and there are as many as elements,
// then COL.cat, COL.dog, ….
func parts(cols []column) (all []part, described []predict.Column) {
	var names []string
	for _, c := range cols {
		if c.names != nil {
			if names != nil && !slices.Equal(names, c.names) {
				names = nil // more than one set of classes: positions are safer
				break
			}
			names = c.names
		}
	}
	for i, c := range cols {
		if c.hidden {
			continue
		}
		d := predict.Column{Name: c.name, Named: true, Numeric: c.numeric(), Integer: c.numeric() && !c.kind.float() && c.mean == plainly}
		if !c.list || c.kind == unreadable_ {
			all, described = append(all, part{i, 0}), append(described, d)
			continue
		}
		for e := range c.width {
			d.Name = c.name + "." + strconv.Itoa(e)
			if c.elems != nil {
				d.Name = c.name + "." + c.elems[e]
			} else if len(names) == c.width {
				d.Name = c.name + "." + names[e]
			}
			all, described = append(all, part{i, e}), append(described, d)
		}
	}
	return all, described
}

// sampled is the Sample of columns: the first rows of each.
type sampled struct {
	cols  []column
	parts []part
	rows  int
	vecs  [][]vec // per column, run after run
}

func (s *sampled) Rows() int { return s.rows }

// at finds the cell.
func (s *sampled) at(row, col int) (c *column, v *vec, i int) {
	p := s.parts[col]
	c = &s.cols[p.col]
	i = row*c.width + p.elem
	for j := range s.vecs[p.col] {
		v = &s.vecs[p.col][j]
		if i < v.n {
			return c, v, i
		}
		i -= v.n
	}
	return c, nil, 0
}

func (s *sampled) Text(row, col int) string {
	c, v, i := s.at(row, col)
	if v == nil {
		return "<" + c.what + ">"
	}
	return string(c.text(nil, v, i))
}

func (s *sampled) Number(row, col int) (float64, bool) {
	c, v, i := s.at(row, col)
	switch {
	case v == nil:
		return 0, false
	case v.missing(i):
		return math.NaN(), true
	case c.numeric():
		return c.number(v, i), true
	case c.kind == kText || c.names != nil:
		t := c.text(nil, v, i)
		if isMissing(t) != 0 {
			return math.NaN(), true
		}
		x, err := strconv.ParseFloat(string(t), 64)
		return x, err == nil
	}
	return 0, false
}

// isMissing says why a text that should be a number is none, 0 if it is not one
// of the usual marks.
func isMissing(t []byte) predict.Why {
	switch string(t) {
	case "":
		return predict.Empty
	case "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "Null", "None", "none":
		return predict.NA
	case "NaN", "nan", "NAN", "-nan", "-NaN":
		return predict.NaN
	}
	return 0
}

// useOf is what a stored column is read for: where each element goes.
type useOf struct {
	col     int
	values  []target // into the matrix
	numbers []target
	texts   []target
	dict    *predict.Strings // of the texts, where the column has a dictionary
}

type target struct{ elem, to int }

// plan is a selection worked out for stored columns.
type plan struct {
	cols     []column
	sel      predict.Selection
	uses     []useOf
	k        int
	wide     bool // values are float64
	half     bool
	brain    bool
	decimals int
	byColumn bool // values may go by column
	batch    int  // rows
	rowBytes int  // of a batch, about
}

const blockBytes = 256 << 10 // of values in a batch, about: they stay in cache

// newPlan works out a selection. If some column cannot be read, bad is its place
// among the parts, −1 otherwise.
func newPlan(cols []column, all []part, sel predict.Selection) (p *plan, bad int) {
	p = &plan{cols: cols, sel: sel, k: len(sel.Values), decimals: -1}
	at := map[int]int{}
	use := func(i int) *useOf {
		c := all[i].col
		j, ok := at[c]
		if !ok {
			j = len(p.uses)
			at[c] = j
			p.uses = append(p.uses, useOf{col: c})
		}
		return &p.uses[j]
	}
	allDecimal := true
	for k, i := range sel.Values {
		c := &cols[all[i].col]
		if c.kind == unreadable_ || !c.numeric() && c.kind != kText && c.names == nil {
			return nil, i
		}
		p.wide = p.wide || c.kind != kF16 && c.kind != kF32 && c.kind != kBF16
		p.half, p.brain = p.half || c.kind == kF16, p.brain || c.kind == kBF16
		allDecimal = allDecimal && c.mean == decimals
		u := use(i)
		u.values = append(u.values, target{all[i].elem, k})
	}
	if allDecimal {
		for _, i := range sel.Values {
			p.decimals = max(p.decimals, cols[all[i].col].scale)
		}
	}
	for j, i := range sel.Numbers {
		c := &cols[all[i].col]
		if c.kind == unreadable_ || !c.numeric() && c.kind != kText && c.names == nil {
			return nil, i
		}
		u := use(i)
		u.numbers = append(u.numbers, target{all[i].elem, j})
	}
	for j, i := range sel.Texts {
		if cols[all[i].col].kind == unreadable_ {
			return nil, i
		}
		u := use(i)
		u.texts = append(u.texts, target{all[i].elem, j})
		if u.dict == nil {
			u.dict = cols[u.col].dictionary()
		}
	}
	p.byColumn = sel.ByColumn && p.k > 0
	for _, i := range sel.Values {
		c := &cols[all[i].col]
		p.byColumn = p.byColumn && !c.list && (c.kind == kF64 || c.kind == kF32)
	}
	p.rowBytes = 4*len(sel.Values) + 8*len(sel.Numbers) + 16*len(sel.Texts) + 1
	if p.wide {
		p.rowBytes += 4 * len(sel.Values)
	}
	p.batch = max(1, min(1<<14, blockBytes/p.rowBytes))
	if p.batch > 8 {
		p.batch &^= 7
	}
	return p, -1
}

// assembler puts one batch together.
type assembler struct {
	p     *plan
	b     predict.Batch
	f32   []float32
	f64   []float64
	texts []predict.Strings // those that are not from a dictionary
	index [][]uint32
	marks bool // some values may be marks of what is missing
	// By column:
	columns [][]float64
	wide    [][]float64 // widened float32
}

// begin makes an empty batch of that many rows, with values by column or by row.
func (a *assembler) begin(first int64, rows int, byColumn bool) {
	p, b := a.p, &a.b
	b.First, b.Rows, b.K = first, rows, p.k
	b.Decimals, b.Half, b.Brain = p.decimals, p.half, p.brain
	b.Missing, b.F32, b.F64, b.Columns = b.Missing[:0], nil, nil, nil
	a.marks = false
	if n := rows * p.k; byColumn {
		for len(a.columns) < p.k {
			a.columns, a.wide = append(a.columns, nil), append(a.wide, nil)
		}
		b.Columns = a.columns
	} else if p.wide {
		a.f64 = slices.Grow(a.f64[:0], n)[:n]
		b.F64 = a.f64
	} else if n > 0 {
		a.f32 = slices.Grow(a.f32[:0], n)[:n]
		b.F32 = a.f32
	}
	for len(b.Numbers) < len(p.sel.Numbers) {
		b.Numbers = append(b.Numbers, nil)
	}
	for j := range b.Numbers {
		b.Numbers[j] = slices.Grow(b.Numbers[j][:0], rows)[:rows]
	}
	for len(b.Texts) < len(p.sel.Texts) {
		b.Texts = append(b.Texts, predict.Strings{})
		a.texts, a.index = append(a.texts, predict.Strings{}), append(a.index, nil)
	}
}

// add writes the values of one column. An error is that
// of a text which is no number; bad is the row in the vec.
func (a *assembler) add(u *useOf, v *vec) (bad int, found []byte) {
	c := &a.p.cols[u.col]
	rows := v.n / c.width
	k := a.p.k
	if v.null != nil || c.kind == kText || c.names != nil {
		a.marks = true
	}
	if a.b.Columns != nil {
		for _, t := range u.values {
			if c.kind == kF64 {
				a.columns[t.to] = viewAs[float64](v.data)[:rows]
				continue
			}
			a.wide[t.to] = slices.Grow(a.wide[t.to][:0], rows)[:rows]
			a.columns[t.to] = a.wide[t.to]
			scatter(a.columns[t.to], 1, viewAs[float32](v.data), 0, 1, rows)
		}
	} else if len(u.values) > 0 {
		if c.list && len(u.values) == k && k == c.width && v.null == nil && inOrder(u.values) && a.whole(c, v) {
			// The whole matrix is the column.
		} else if a.p.wide {
			for _, t := range u.values {
				if bad, found := fill(c, v, t.elem, a.f64[t.to:], k, rows); found != nil {
					return bad, found
				}
			}
		} else {
			for _, t := range u.values {
				fill32(c, v, t.elem, a.f32[t.to:], k, rows)
			}
		}
	}
	for _, t := range u.numbers {
		if bad, found := fill(c, v, t.elem, a.b.Numbers[t.to], 1, rows); found != nil {
			return bad, found
		}
	}
	for _, t := range u.texts {
		a.b.Texts[t.to] = a.textsOf(u, t, v, rows)
	}
	return 0, nil
}

// textsOf gives the texts of a column, from its dictionary where it has one.
func (a *assembler) textsOf(u *useOf, t target, v *vec, rows int) predict.Strings {
	c := &a.p.cols[u.col]
	if v.null == nil && v.idx != nil {
		return predict.Strings{Off: v.dictOff, Data: v.data, Index: v.idx[:rows]}
	}
	if v.null == nil && u.dict != nil && !c.list {
		index := slices.Grow(a.index[t.to][:0], rows)[:rows]
		a.index[t.to] = index
		if c.indices(index, v, len(u.dict.Off)-1) {
			return predict.Strings{Off: u.dict.Off, Data: u.dict.Data, Index: index}
		}
	}
	s := &a.texts[t.to]
	s.Reset()
	if c.kind == kText && v.null == nil && v.idx == nil && rows > 0 {
		from := v.off[0]
		s.Data = append(s.Data, v.data[from:v.off[rows]]...)
		for _, o := range v.off[1 : rows+1] {
			s.Off = append(s.Off, o-from)
		}
		return *s
	}
	for i := range rows {
		s.Data = c.text(s.Data, v, i*c.width+t.elem)
		s.Off = append(s.Off, int32(len(s.Data)))
	}
	return *s
}

// indices takes integers, if all are from 0 to n−1.
func (c *column) indices(dst []uint32, v *vec, n int) bool {
	switch c.kind {
	case kI8:
		return indicesOf(dst, viewAs[int8](v.data), n)
	case kI16:
		return indicesOf(dst, viewAs[int16](v.data), n)
	case kI32:
		return indicesOf(dst, viewAs[int32](v.data), n)
	case kI64:
		return indicesOf(dst, viewAs[int64](v.data), n)
	case kU8:
		return indicesOf(dst, v.data, n)
	case kU16:
		return indicesOf(dst, viewAs[uint16](v.data), n)
	case kU32:
		return indicesOf(dst, viewAs[uint32](v.data), n)
	case kU64:
		return indicesOf(dst, viewAs[uint64](v.data), n)
	}
	return false
}

func indicesOf[S fixed](dst []uint32, src []S, n int) bool {
	most := uint64(0)
	for i, x := range src[:len(dst)] {
		most = max(most, uint64(x)) // a negative one is very large
		dst[i] = uint32(x)
	}
	return most < uint64(n)
}

func inOrder(ts []target) bool {
	for i, t := range ts {
		if t.elem != i || t.to != i {
			return false
		}
	}
	return true
}

// whole takes a list column that is the matrix, in its own memory where it can.
func (a *assembler) whole(c *column, v *vec) bool {
	switch {
	case c.kind == kF32 && !a.p.wide: // as it is
		a.b.F32 = viewAs[float32](v.data)[:v.n]
	case c.kind == kF64:
		a.b.F64 = viewAs[float64](v.data)[:v.n]
	case c.kind == kF16 && !a.p.wide:
		dst := a.f32
		for i, h := range viewAs[uint16](v.data) {
			dst[i] = widenHalf(h)
		}
	case c.kind == kBF16 && !a.p.wide:
		dst := a.f32
		for i, h := range viewAs[uint16](v.data) {
			dst[i] = widenBrain(h)
		}
	default:
		return false
	}
	return true
}

// scatter converts every stride-th value of src from elem on.
func scatter[D float32 | float64, S fixed](dst []D, step int, src []S, elem, stride, rows int) {
	if stride == 1 && step == 1 {
		for i, x := range src[:rows] {
			dst[i] = D(x)
		}
		return
	}
	j, s := 0, elem
	for range rows {
		dst[j] = D(src[s])
		j += step
		s += stride
	}
}

func fill32(c *column, v *vec, elem int, dst []float32, step, rows int) {
	switch c.kind {
	case kF32:
		scatter(dst, step, viewAs[float32](v.data), elem, c.width, rows)
	case kF16:
		src := viewAs[uint16](v.data)
		for i := range rows {
			dst[i*step] = widenHalf(src[i*c.width+elem])
		}
	case kBF16:
		src := viewAs[uint16](v.data)
		for i := range rows {
			dst[i*step] = widenBrain(src[i*c.width+elem])
		}
	}
	if v.null != nil {
		for i := range rows {
			if v.null[i*c.width+elem] != 0 {
				dst[i*step] = na32
			}
		}
	}
}

func fill(c *column, v *vec, elem int, dst []float64, step, rows int) (bad int, found []byte) {
	switch {
	case c.kind == kText || c.names != nil:
		var text []byte
		for i := range rows {
			at := i*c.width + elem
			if v.missing(at) {
				dst[i*step] = na64
				continue
			}
			text = c.text(text[:0], v, at)
			switch isMissing(text) {
			case predict.Empty:
				dst[i*step] = math.Float64frombits(naBits64 + 1)
				continue
			case predict.NA:
				dst[i*step] = na64
				continue
			case predict.NaN:
				dst[i*step] = math.NaN()
				continue
			}
			x, err := strconv.ParseFloat(string(text), 64)
			if err != nil {
				return i, append([]byte{}, text...)
			}
			dst[i*step] = x
		}
		return 0, nil
	case c.mean == decimals:
		for i := range rows {
			dst[i*step] = c.number(v, i*c.width+elem)
		}
		return 0, nil
	}
	switch w := c.width; c.kind {
	case kF16:
		src := viewAs[uint16](v.data)
		for i := range rows {
			dst[i*step] = float64(widenHalf(src[i*w+elem]))
		}
	case kBF16:
		src := viewAs[uint16](v.data)
		for i := range rows {
			dst[i*step] = float64(widenBrain(src[i*w+elem]))
		}
	case kF32:
		scatter(dst, step, viewAs[float32](v.data), elem, w, rows)
	case kF64:
		scatter(dst, step, viewAs[float64](v.data), elem, w, rows)
	case kI8:
		scatter(dst, step, viewAs[int8](v.data), elem, w, rows)
	case kI16:
		scatter(dst, step, viewAs[int16](v.data), elem, w, rows)
	case kI32:
		scatter(dst, step, viewAs[int32](v.data), elem, w, rows)
	case kI64:
		scatter(dst, step, viewAs[int64](v.data), elem, w, rows)
	case kU8, kBool:
		scatter(dst, step, v.data, elem, w, rows)
	case kU16:
		scatter(dst, step, viewAs[uint16](v.data), elem, w, rows)
	case kU32:
		scatter(dst, step, viewAs[uint32](v.data), elem, w, rows)
	case kU64:
		scatter(dst, step, viewAs[uint64](v.data), elem, w, rows)
	}
	if v.null != nil {
		for i := range rows {
			if v.null[i*c.width+elem] != 0 {
				dst[i*step] = na64
			}
		}
	}
	return 0, nil
}

// end lists what is missing and gives the batch.
func (a *assembler) end() *predict.Batch {
	b, sel := &a.b, a.p.sel
	nan := (a.marks || !sel.OwnNaN) && (hasNaN32(b.F32) || hasNaN64(b.F64)) // those of Columns are not listed
	for _, col := range b.Numbers {
		nan = nan || hasNaN64(col)
	}
	if !nan {
		return b
	}
	why := func(bits uint64) predict.Why {
		switch bits {
		case naBits64:
			return predict.NA
		case naBits64 + 1:
			return predict.Empty
		}
		return predict.NaN
	}
	for i := range b.Rows {
		from := len(b.Missing)
		for k := range b.K {
			if b.F32 != nil {
				if x := b.F32[i*b.K+k]; x != x {
					w := predict.NaN
					if math.Float32bits(x) == naBits32 {
						w = predict.NA
					}
					b.Missing = append(b.Missing, predict.Missing{Row: int32(i), Column: int32(sel.Values[k]), Why: w})
				}
			} else if b.F64 == nil { // by column
				break
			} else if x := b.F64[i*b.K+k]; x != x {
				b.Missing = append(b.Missing, predict.Missing{Row: int32(i), Column: int32(sel.Values[k]), Why: why(math.Float64bits(x))})
			}
		}
		for j, c := range sel.Numbers {
			if x := b.Numbers[j][i]; x != x {
				b.Missing = append(b.Missing, predict.Missing{Row: int32(i), Column: int32(c), Why: why(math.Float64bits(x))})
			}
		}
		slices.SortFunc(b.Missing[from:], func(x, y predict.Missing) int { return cmp.Compare(x.Column, y.Column) })
	}
	return b
}

// hasNaN32 reports whether some value is NaN. The exponent and mantissa of a NaN,
// and of nothing else, carry into the sign's place when all but the smallest
// NaN's are added; two values are looked at in one word.
func hasNaN32(s []float32) bool {
	const mask, add, signs = 0x7fffffff_7fffffff, 0x007fffff_007fffff, 0x80000000_80000000
	if len(s)%2 == 1 {
		last := s[len(s)-1]
		if last != last {
			return true
		}
		s = s[:len(s)-1]
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), 4*len(s))
	var any uint64
	for ; len(b) >= 32; b = b[32:] {
		any |= (binary.NativeEndian.Uint64(b)&mask + add) | (binary.NativeEndian.Uint64(b[8:])&mask + add) |
			(binary.NativeEndian.Uint64(b[16:])&mask + add) | (binary.NativeEndian.Uint64(b[24:])&mask + add)
	}
	for ; len(b) >= 8; b = b[8:] {
		any |= binary.NativeEndian.Uint64(b)&mask + add
	}
	return any&signs != 0
}

// hasNaN64 is hasNaN32 for float64.
func hasNaN64(s []float64) bool {
	const mask, add = 1<<63 - 1, 1<<52 - 1
	var any uint64
	for _, x := range s {
		any |= math.Float64bits(x)&mask + add
	}
	return any>>63 != 0
}
