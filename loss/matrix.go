package loss

import (
	"fmt"
	"math"
	"unsafe"

	"surprisal/internal/kernel"
)

// BFloat16 is a bfloat16 number as it is stored: the upper half of a float32.
type BFloat16 uint16

// Float16 is a number of IEEE 754 binary16 as it is stored.
type Float16 uint16

// Element is a number of a [Matrix]. All of them widen to float64 exactly.
type Element interface {
	float32 | float64 | BFloat16 | Float16
}

// Float32 is the number, exactly.
func (b BFloat16) Float32() float32 { return kernel.FromBFloat16(uint16(b)) }

// BFloat16Of is the bfloat16 nearest to x, of two that are equally near the one
// with an even last bit.
func BFloat16Of(x float32) BFloat16 { return BFloat16(kernel.ToBFloat16(x)) }

// Float32 is the number, exactly; NaNs become quiet.
func (h Float16) Float32() float32 { return kernel.FromFloat16(uint16(h)) }

// Float16Of is the binary16 nearest to x, of two that are equally near the one
// with an even last bit; what is too large is infinite.
func Float16Of(x float32) Float16 { return Float16(kernel.ToFloat16(x)) }

// bits is a slice of 16-bit floats as their bits.
func bits[T BFloat16 | Float16](x []T) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// Matrix is a view of numbers, row after row: logits with a row for each example
// and a column for each class, their gradient, or soft targets. Make one with
// [Rows] or [Values]. It is a few words that point to the numbers, to be passed
// as it is.
type Matrix struct {
	rows, columns int
	kind          kind
	f32           []float32
	f64           []float64
	b16           []BFloat16
	f16           []Float16
}

type kind uint8

const (
	none kind = iota
	isFloat32
	isFloat64
	isBFloat16
	isFloat16
)

// Rows is the matrix of data with that many columns. A length that is no whole
// number of rows panics.
func Rows[T Element](data []T, columns int) Matrix {
	if columns <= 0 || len(data)%columns != 0 {
		panic(fmt.Sprintf("loss: %d numbers are no rows of %d", len(data), columns))
	}
	m := Matrix{rows: len(data) / columns, columns: columns}
	switch d := any(data).(type) {
	case []float32:
		m.kind, m.f32 = isFloat32, d
	case []float64:
		m.kind, m.f64 = isFloat64, d
	case []BFloat16:
		m.kind, m.b16 = isBFloat16, d
	case []Float16:
		m.kind, m.f16 = isFloat16, d
	}
	return m
}

// Values is the matrix of one column.
func Values[T Element](data []T) Matrix { return Rows(data, 1) }

// Rows is the number of rows.
func (m Matrix) Rows() int { return m.rows }

// Columns is the number of columns, of classes if they are logits.
func (m Matrix) Columns() int { return m.columns }

// span is rows from up to to.
func (m Matrix) span(from, to int) Matrix {
	i, j := from*m.columns, to*m.columns
	m.rows = to - from
	switch m.kind {
	case isFloat32:
		m.f32 = m.f32[i:j]
	case isFloat64:
		m.f64 = m.f64[i:j]
	case isBFloat16:
		m.b16 = m.b16[i:j]
	case isFloat16:
		m.f16 = m.f16[i:j]
	}
	return m
}

// widen copies all numbers to dst.
func (m Matrix) widen(dst []float64) {
	switch m.kind {
	case isFloat32:
		for i, v := range m.f32 {
			dst[i] = float64(v)
		}
	case isFloat64:
		copy(dst, m.f64)
	case isBFloat16:
		for i, v := range m.b16 {
			dst[i] = float64(v.Float32())
		}
	case isFloat16:
		for i, v := range m.f16 {
			dst[i] = float64(v.Float32())
		}
	}
}

// widen32 is the numbers as float32, which they must fit, in tmp if they are
// stored as something else.
func (m Matrix) widen32(tmp []float32) []float32 {
	switch m.kind {
	case isFloat32:
		return m.f32
	case isBFloat16:
		tmp = tmp[:len(m.b16)]
		kernel.WidenBFloat16(tmp, bits(m.b16))
		return tmp
	}
	tmp = tmp[:len(m.f16)]
	kernel.WidenFloat16(tmp, bits(m.f16))
	return tmp
}

// divided is all numbers over d, in tmp unless they are stored as float64 and d
// is 1.
func (m Matrix) divided(d float64, tmp []float64) []float64 {
	if m.kind == isFloat64 && d == 1 {
		return m.f64
	}
	tmp = tmp[:m.rows*m.columns]
	f := 1 / d
	switch {
	case !(f <= math.MaxFloat64):
		m.widen(tmp)
		for i, v := range tmp {
			tmp[i] = v / d
		}
	case m.kind == isFloat32: // a product is faster, and as good as the logits are
		kernel.Times(tmp, m.f32, f)
	case m.kind == isFloat64:
		kernel.Times(tmp, m.f64, f)
	default:
		m.widen(tmp)
		kernel.Times(tmp, tmp, f)
	}
	return tmp
}

// store sets all numbers, rounding them to what the matrix holds.
func (m Matrix) store(src []float64) {
	switch m.kind {
	case isFloat32:
		for i, v := range src {
			m.f32[i] = float32(v)
		}
	case isFloat64:
		copy(m.f64, src)
	case isBFloat16:
		for i, v := range src {
			m.b16[i] = BFloat16Of(odd32(v))
		}
	case isFloat16:
		for i, v := range src {
			m.f16[i] = Float16Of(odd32(v))
		}
	}
}

// store32 is store of float32.
func (m Matrix) store32(src []float32) {
	switch m.kind {
	case isFloat32:
		copy(m.f32, src)
	case isBFloat16:
		kernel.NarrowBFloat16(bits(m.b16), src)
	case isFloat16:
		kernel.NarrowFloat16(bits(m.f16), src)
	}
}

// odd32 is x cut to a float32 whose last bit says whether anything was cut off,
// so that the next rounding, to fewer bits, comes out as if it were the only one.
func odd32(x float64) float32 {
	f := float32(x)
	if float64(f) == x || x != x {
		return f
	}
	b := math.Float32bits(f)
	if math.Abs(float64(f)) > math.Abs(x) {
		b--
	}
	return math.Float32frombits(b | 1)
}

// zero sets all numbers to 0.
func (m Matrix) zero() {
	clear(m.f32)
	clear(m.f64)
	clear(m.b16)
	clear(m.f16)
}

// Targets is what happened, row by row: one class each ([Labels]) or a share of
// each class ([Shares]). It is a view, to be passed as it is.
type Targets struct {
	kind   labelKind
	ints   []int
	int32s []int32
	int64s []int64
	shares Matrix
}

type labelKind uint8

const (
	isShares labelKind = iota
	isInt
	isInt32
	isInt64
)

// Labels is hard targets: the class of each row, from 0.
func Labels[T int | int32 | int64](classes []T) Targets {
	switch d := any(classes).(type) {
	case []int:
		return Targets{kind: isInt, ints: d}
	case []int32:
		return Targets{kind: isInt32, int32s: d}
	case []int64:
		return Targets{kind: isInt64, int64s: d}
	}
	panic("unreachable")
}

// Shares is soft targets: in each row the share of each class. The shares of a
// row may have any sum.
func Shares(shares Matrix) Targets { return Targets{shares: shares} }

func (t *Targets) hard() bool { return t.kind != isShares }

func (t *Targets) len() int {
	switch t.kind {
	case isInt:
		return len(t.ints)
	case isInt32:
		return len(t.int32s)
	case isInt64:
		return len(t.int64s)
	}
	return t.shares.rows
}

// label is the class of row i of hard targets.
func (t *Targets) label(i int) int64 {
	switch t.kind {
	case isInt:
		return int64(t.ints[i])
	case isInt32:
		return int64(t.int32s[i])
	}
	return t.int64s[i]
}
