// Package exact sums float64 values, products and whole multiples of them
// without any rounding, so that a sum is a function of the multiset of its
// terms alone: no order, split or merge can change a bit of it.
//
// [Sum] is a superaccumulator in the manner of R. M. Neal, "Fast exact
// summation using small and large superaccumulators", arXiv 1505.05571: a
// fixed-point number in signed 64-bit limbs that each carry a 32-bit digit, so
// that carries need to be propagated only once in a billion additions. Where
// Neal keeps all limbs of the float64 range, a Sum keeps the window that its
// terms have touched, because there may be one Sum per cluster of the data.
package exact

import (
	"math"
	"math/bits"
)

const (
	// A float64 reaches from 2^-1074 to 2^1024, a product of two from 2^-2148
	// to 2^2048, and a product in which one factor was scaled twice (see
	// MergeScaled) from 2^-4296 to 2^4096; 64 more bits allow for the number of
	// terms. Limbs below minLimb or from maxLimb on are refused.
	minLimb = -136
	maxLimb = 136

	// A limb is at most 2^32·adds in magnitude, so that 2^30 additions, and one
	// more after which Merge counts o's, leave room for a carry from below.
	maxAdds = 1 << 30

	mantMask = 1<<52 - 1
	implicit = 1 << 52
	digit    = 1<<32 - 1
)

// Flags of the terms that no limb can hold.
const (
	flagNaN = 1 << iota
	flagPosInf
	flagNegInf
)

// Sum is an exact sum of float64 terms. The zero value is an empty sum, ready
// to use. A Sum must not be copied once it has been added to, and is not safe
// for concurrent use; methods that only read may run concurrently.
//
// Terms that are NaN or infinite are remembered: the value of a sum is NaN if
// a term was NaN or if infinities of both signs occurred, and the infinity if
// one did. No order of the terms matters to that.
//
// The range of a Sum, 2^-4352 to 2^4352, covers all sums and products of
// float64 values and their whole multiples. Only MergeScaled can leave it,
// after which it panics.
type Sum struct {
	limbs []int64 // the value is Σ limbs[i]·2^(32·(base+i))
	base  int32
	adds  uint32 // |limbs[i]| ≤ adds·2^32
	flags uint8
}

// Add adds x.
func (s *Sum) Add(x float64) {
	if !finite(x) {
		s.addSpecial(x)
		return
	}
	sign, m, e := unpack(x)
	s.add64(sign, e, m)
}

func (s *Sum) addSpecial(x float64) {
	switch {
	case x > 0:
		s.flags |= flagPosInf
	case x < 0:
		s.flags |= flagNegInf
	default:
		s.flags |= flagNaN
	}
}

// unpack splits a finite x into sign (0 or -1), integer m < 2^53 and exponent
// e such that x = ±m·2^e. m is 0 exactly for x = 0.
func unpack(x float64) (sign int64, m uint64, e int) {
	b := math.Float64bits(x)
	e = int(b>>52) & 0x7ff
	m = b & mantMask
	if e != 0 {
		m |= implicit
	} else {
		e = 1
	}
	return int64(b) >> 63, m, e - 1075
}

func finite(x float64) bool { return math.Float64bits(x)>>52&0x7ff != 0x7ff }

// AddProduct adds a·b, not rounded: nothing is lost where the product of the
// float64 would underflow or overflow. If a or b is NaN or infinite the term is
// what IEEE 754 says their product is (0·Inf is NaN).
func (s *Sum) AddProduct(a, b float64) {
	if !finite(a) || !finite(b) {
		s.addSpecial(a * b)
		return
	}
	sa, ma, ea := unpack(a)
	sb, mb, eb := unpack(b)
	hi, lo := bits.Mul64(ma, mb)
	s.add128(sa^sb, ea+eb, hi, lo)
}

// AddTimes adds n·x: it leaves the same value as n calls of Add(x). n = 0 adds
// nothing, whatever x is.
func (s *Sum) AddTimes(x float64, n uint64) {
	if n == 0 {
		return
	}
	if !finite(x) {
		s.addSpecial(x)
		return
	}
	sign, m, e := unpack(x)
	hi, lo := bits.Mul64(m, n)
	s.add128(sign, e, hi, lo)
}

// AddProductTimes adds n·a·b: it leaves the same value as n calls of
// AddProduct(a, b). n = 0 adds nothing, whatever a and b are.
func (s *Sum) AddProductTimes(a, b float64, n uint64) {
	if n == 0 {
		return
	}
	if !finite(a) || !finite(b) {
		s.addSpecial(a * b)
		return
	}
	sa, ma, ea := unpack(a)
	sb, mb, eb := unpack(b)
	hi, lo := bits.Mul64(ma, mb) // < 2^106
	h1, l1 := bits.Mul64(lo, n)
	h2, l2 := bits.Mul64(hi, n)
	s.add128(sa^sb, ea+eb, h1, l1)
	s.add128(sa^sb, ea+eb+64, h2, l2)
}

// add64 adds ±m·2^pos; sign is 0 for + and -1 for -.
func (s *Sum) add64(sign int64, pos int, m uint64) {
	limb := pos >> 5
	sh := uint(pos) & 31
	i := limb - int(s.base)
	if i < 0 || i+2 >= len(s.limbs) || s.adds >= maxAdds {
		s.add64Slow(sign, limb, m, sh)
		return
	}
	s.adds++
	l := s.limbs[i : i+3 : i+3]
	h := m >> (32 - sh)
	l[0] += (int64(m<<sh&digit) ^ sign) - sign
	l[1] += (int64(h&digit) ^ sign) - sign
	l[2] += (int64(h>>32) ^ sign) - sign
}

func (s *Sum) add64Slow(sign int64, limb int, m uint64, sh uint) {
	h := m >> (32 - sh)
	s.addDigits(sign, limb, [5]uint32{uint32(m << sh), uint32(h), uint32(h >> 32)})
}

// add128 adds ±(hi·2^64 + lo)·2^pos; sign is 0 for + and -1 for -.
func (s *Sum) add128(sign int64, pos int, hi, lo uint64) {
	if hi|lo == 0 {
		return
	}
	limb := pos >> 5
	sh := uint(pos) & 31
	v0 := lo << sh
	v1 := hi<<sh | lo>>(64-sh) // a shift by 64 gives 0
	v2 := hi >> (64 - sh)      // < 2^31
	i := limb - int(s.base)
	if i < 0 || i+4 >= len(s.limbs) || s.adds >= maxAdds {
		s.addDigits(sign, limb, [5]uint32{uint32(v0), uint32(v0 >> 32), uint32(v1), uint32(v1 >> 32), uint32(v2)})
		return
	}
	s.adds++
	l := s.limbs[i : i+5 : i+5]
	l[0] += (int64(v0&digit) ^ sign) - sign
	l[1] += (int64(v0>>32) ^ sign) - sign
	l[2] += (int64(v1&digit) ^ sign) - sign
	l[3] += (int64(v1>>32) ^ sign) - sign
	l[4] += (int64(v2) ^ sign) - sign
}

// addDigits is add128 where the window may not hold all five digits. Only as
// many limbs are claimed as the digits need, so that whole numbers and
// numbers at the edge of the range do not widen the window.
func (s *Sum) addDigits(sign int64, limb int, d [5]uint32) {
	from, to := 0, 5
	for from < to && d[from] == 0 {
		from++
	}
	for to > from && d[to-1] == 0 {
		to--
	}
	if from == to {
		return
	}
	i := s.reserve(limb+from, to-from)
	s.adds++
	for k, v := range d[from:to] {
		s.limbs[i+k] += (int64(v) ^ sign) - sign
	}
}

// reserve makes room for one addition to limbs limb … limb+n-1 and returns the
// place of the first of them in s.limbs.
func (s *Sum) reserve(limb, n int) int {
	if s.adds >= maxAdds {
		s.carry()
	}
	s.window(limb, limb+n)
	return limb - int(s.base)
}

// window widens the window so that it holds limbs from … to-1.
func (s *Sum) window(from, to int) {
	if from < minLimb || to > maxLimb {
		panic("exact: sum out of range")
	}
	if len(s.limbs) == 0 {
		// One more limb below: most data have smaller numbers to come.
		from = max(from-1, minLimb)
		if cap(s.limbs) >= to-from {
			s.limbs = s.limbs[:to-from]
			clear(s.limbs)
		} else {
			s.limbs = make([]int64, to-from, (to-from+1)&^1)
		}
		s.base = int32(from)
		return
	}
	lo, hi := int(s.base), int(s.base)+len(s.limbs)
	if from >= lo && to <= hi {
		return
	}
	if from >= lo && to-lo <= cap(s.limbs) {
		s.limbs = s.limbs[:to-lo]
		clear(s.limbs[hi-lo:])
		return
	}
	if from < lo {
		from = max(from-1, minLimb)
	} else {
		from = lo
	}
	to = max(to, hi)
	grown := make([]int64, to-from, (to-from+1)&^1)
	copy(grown[lo-from:], s.limbs)
	s.limbs, s.base = grown, int32(from)
}

// carry brings all limbs back to digits: the top one signed, the others in
// [0, 2^32).
func (s *Sum) carry() {
	s.adds = 1
	if len(s.limbs) == 0 {
		return
	}
	var c int64
	top := len(s.limbs) - 1
	for i, v := range s.limbs {
		v += c
		if i == top && v>>32 >= -1 && v>>32 <= 0 {
			s.limbs[i] = v
			return
		}
		s.limbs[i] = v & digit
		c = v >> 32
	}
	end := int(s.base) + len(s.limbs)
	s.window(end, end+1)
	s.limbs[top+1] = c
}

// Merge adds the sum o, which it leaves alone.
func (s *Sum) Merge(o *Sum) {
	s.flags |= o.flags
	if len(o.limbs) == 0 {
		return
	}
	if uint64(s.adds)+uint64(o.adds) > maxAdds && s.adds > 1 {
		s.carry() // the o of s.Merge(s) too
	}
	s.window(int(o.base), int(o.base)+len(o.limbs))
	s.adds += o.adds
	for i, v := range o.limbs {
		s.limbs[int(o.base-s.base)+i] += v
	}
}

// MergeScaled adds o·f, not rounded. o is left alone. f must be finite. An
// infinite or NaN o gives what IEEE 754 says of its product with f.
func (s *Sum) MergeScaled(o *Sum, f float64) {
	if !finite(f) {
		panic("exact: MergeScaled by a factor that is not finite")
	}
	if o.flags != 0 {
		s.addSpecial(o.Value() * f)
		return
	}
	if f == 1 {
		s.Merge(o)
		return
	}
	sign, m, e := unpack(f)
	if m == 0 {
		return
	}
	// A factor such as 1 or 0.5 need not widen the window by its zeros.
	z := bits.TrailingZeros64(m)
	m, e = m>>z, e+z
	var buf [maxLimb - minLimb + 1]uint32
	neg, lo, d := o.digits(&buf)
	if neg {
		sign = ^sign
	}
	for i, v := range d {
		hi, l := bits.Mul64(uint64(v), m)
		s.add128(sign, 32*(lo+i)+e, hi, l)
	}
}

// Clone returns a copy that shares nothing with s.
func (s *Sum) Clone() *Sum {
	c := *s
	c.limbs = append([]int64(nil), s.limbs...)
	return &c
}

// Reset makes s an empty sum and keeps its memory.
func (s *Sum) Reset() {
	s.limbs = s.limbs[:0]
	s.base, s.adds, s.flags = 0, 0, 0
}

// digits returns the magnitude of the finite part of s in canonical form: the
// value is ±Σ d[i]·2^(32·(lo+i)) with the first and the last digit not 0. No
// digits are 0. The result lies in buf.
func (s *Sum) digits(buf *[maxLimb - minLimb + 1]uint32) (neg bool, lo int, d []uint32) {
	var c int64
	n := len(s.limbs)
	for i, v := range s.limbs {
		v += c
		buf[i] = uint32(v)
		c = v >> 32
	}
	// What is left over: |c| < 2^32, so one digit and a sign hold it.
	buf[n] = uint32(c)
	neg = c < 0
	n++
	if neg {
		carry := uint64(1)
		for i := range buf[:n] {
			carry += uint64(^buf[i])
			buf[i] = uint32(carry)
			carry >>= 32 // 0 in the end, because c is not 0
		}
	}
	for n > 0 && buf[n-1] == 0 {
		n--
	}
	from := 0
	for from < n && buf[from] == 0 {
		from++
	}
	return neg, int(s.base) + from, buf[from:n]
}

// Value returns the sum rounded to the nearest float64, ties to even;
// subnormal results are rounded once, and results beyond the largest float64
// by half a unit or more are infinite. The empty sum is 0, and so is every sum
// whose terms cancel (never -0).
func (s *Sum) Value() float64 {
	if s.flags != 0 {
		switch s.flags {
		case flagPosInf:
			return math.Inf(1)
		case flagNegInf:
			return math.Inf(-1)
		}
		return math.NaN()
	}
	var buf [maxLimb - minLimb + 1]uint32
	neg, lo, d := s.digits(&buf)
	v := round(lo, d)
	if neg {
		v = -v
	}
	return v
}

// round returns the float64 nearest to Σ d[i]·2^(32·(lo+i)).
func round(lo int, d []uint32) float64 {
	if len(d) == 0 {
		return 0
	}
	n := len(d)
	end := 32*(lo+n-1) + bits.Len32(d[n-1]) // value in [2^(end-1), 2^end)
	if end > 1024 {
		return math.Inf(1)
	}
	unit := max(end-53, -1074) // the exponent of a unit in the last place
	// at is the place of bit 2^unit among the digits' bits.
	at := unit - 32*lo
	if at <= 0 {
		// All bits fit: at most 53 of them, or there would be bits below.
		var m uint64
		for i := n - 1; i >= 0; i-- {
			m = m<<32 | uint64(d[i])
		}
		m <<= uint(-at)
		return math.Float64frombits(uint64(unit+1074)<<52 + m)
	}
	get := func(i int) uint64 {
		if i < 0 || i >= n {
			return 0
		}
		return uint64(d[i])
	}
	i, sh := at>>5, uint(at)&31
	m := get(i)>>sh | get(i+1)<<(32-sh) | get(i+2)<<(64-sh)
	// The bit below the unit decides, and everything under it breaks the tie.
	h, hs := (at-1)>>5, uint(at-1)&31
	if get(h)>>hs&1 != 0 {
		more := get(h)&(1<<hs-1) != 0
		for k := min(h, n) - 1; k >= 0 && !more; k-- {
			more = d[k] != 0
		}
		if more || m&1 != 0 {
			m++
		}
	}
	// m has its leading bit at 2^52 unless the result is subnormal, so adding
	// the exponent field beneath it also does the carry to the next binade,
	// up to infinity.
	return math.Float64frombits(uint64(unit+1074)<<52 + m)
}

// Finite reports whether no term was NaN or infinite.
func (s *Sum) Finite() bool { return s.flags == 0 }

// Sign returns -1, 0 or 1 as the sum is negative, zero or positive, and 0 for
// NaN. Unlike the sign of Value it is exact where that underflows to 0.
func (s *Sum) Sign() int {
	switch s.flags {
	case 0:
	case flagPosInf:
		return 1
	case flagNegInf:
		return -1
	default:
		return 0
	}
	var buf [maxLimb - minLimb + 1]uint32
	neg, _, d := s.digits(&buf)
	switch {
	case len(d) == 0:
		return 0
	case neg:
		return -1
	}
	return 1
}

// IsZero reports whether the sum is exactly 0, as the empty sum is.
func (s *Sum) IsZero() bool { return s.flags == 0 && s.Sign() == 0 }
