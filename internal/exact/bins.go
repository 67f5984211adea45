package exact

import (
	"math"
	"math/bits"
	"sync"

	"surprisal/internal/kernel"
)

// The bulk forms below collect terms in bins, one per sign and exponent, as
// integers: a bin costs one integer addition per term and no shift, and only at
// the end are the bins that were used added to the Sum, with their exponents
// (Neal's large superaccumulator). Products of mantissas, of 106 bits, go to
// bins of 128 bits.
//
// Blocks are short enough for the mantissas of a block, each below 2^53 and at
// least 2^52, never to exceed 2^64; so a bin that was used is never 0.
// Numbers without an implicit bit (zeros, subnormals) and numbers that are not
// finite land in the lowest and highest exponents' bins as rubbish; their bins
// are thrown away and the block is read once more for them.
//
// Neighbours often have the same exponent, and an addition to memory has to
// wait for the one before it to the same place; so even and odd terms have bins
// of their own.

const (
	block = 2046

	// Below this many terms the flush costs more than the bins save.
	smallSlice = 24

	// Below this many terms the moments that the assembly gives cost more than
	// the terms by themselves.
	splitSlice = 64

	// Exponent fields of zeros and subnormals, and of what is not finite.
	fieldTiny    = 0
	fieldSpecial = 0x7ff
)

// touched is a set of groups of 32 exponent fields.
type touched uint64

// mixed reports whether the block had terms that the bins do not hold.
func (t touched) mixed() bool { return t&(1<<63|1) != 0 }

type momentBin struct {
	sum    uint64 // of mantissas
	lo, hi uint64 // of their squares
	_      uint64 // so that an index is a shift
}

type momentBins struct {
	even, odd [4096]momentBin

	// What the assembly does not take.
	rest [block]float64
}

type productBin struct{ lo, hi uint64 }

type pairBins struct {
	a, b  [4096]momentBin
	cross [2][4096]productBin // by sign and sum of the exponent fields
}

var (
	momentPool = sync.Pool{New: func() any { return new(momentBins) }}
	pairPool   = sync.Pool{New: func() any { return new(pairBins) }}
)

// AddMoments adds every finite element of x to sum and its square to squares,
// which must be different sums. Elements that are not finite it only counts:
// those that are +Inf, and the others.
func AddMoments(sum, squares *Sum, x []float64) (posInf, others int) {
	if len(x) < smallSlice {
		return addFinite(sum, squares, x)
	}
	bins := momentPool.Get().(*momentBins)
	add := func(x []float64) {
		for len(x) > 0 {
			n := min(len(x), block)
			p, o := addMomentBlock(bins, sum, squares, x[:n])
			posInf += p
			others += o
			x = x[n:]
		}
	}
	if len(x) >= splitSlice {
		var m kernel.Moments
		rest := bins.rest[:0]
		for len(x) > 0 {
			var n int
			if rest, n = kernel.MomentsOf(&m, rest, x); n == 0 {
				break
			}
			for k, t := range m.Terms {
				if t == 0 {
					continue
				}
				sign := t >> 63
				magnitude := uint64(t^sign) - uint64(sign)
				if k < m.Sums {
					sum.add64(sign, m.Exponents[k], magnitude)
				} else {
					squares.add64(sign, m.Exponents[k], magnitude)
				}
			}
			x = x[n:]
			if len(rest) >= block/2 {
				add(rest)
				rest = rest[:0]
			}
		}
		add(rest)
	}
	add(x)
	momentPool.Put(bins)
	return posInf, others
}

// AddMoment adds a finite x to sum and its square to squares.
func AddMoment(sum, squares *Sum, x float64) {
	sign, m, e := unpack(x)
	hi, lo := bits.Mul64(m, m)
	sum.add64(sign, e, m)
	squares.add128(0, 2*e, hi, lo)
}

// addFinite is AddMoments term by term.
func addFinite(sum, squares *Sum, x []float64) (posInf, others int) {
	for _, v := range x {
		switch {
		case finite(v):
			AddMoment(sum, squares, v)
		case v > 0:
			posInf++
		default:
			others++
		}
	}
	return posInf, others
}

func addMomentBlock(bins *momentBins, sum, squares *Sum, x []float64) (posInf, others int) {
	if len(x) < smallSlice {
		return addFinite(sum, squares, x)
	}
	var t touched
	even, odd := &bins.even, &bins.odd
	i := 0
	for ; i+1 < len(x); i += 2 {
		var c uint64
		u := math.Float64bits(x[i])
		m := u&mantMask | implicit
		hi, lo := bits.Mul64(m, m)
		p := &even[u>>52]
		p.sum += m
		p.lo, c = bits.Add64(p.lo, lo, 0)
		p.hi, _ = bits.Add64(p.hi, hi, c)

		v := math.Float64bits(x[i+1])
		m = v&mantMask | implicit
		hi, lo = bits.Mul64(m, m)
		q := &odd[v>>52]
		q.sum += m
		q.lo, c = bits.Add64(q.lo, lo, 0)
		q.hi, _ = bits.Add64(q.hi, hi, c)
		t |= 1<<(u>>57&63) | 1<<(v>>57&63)
	}
	if i < len(x) {
		u := math.Float64bits(x[i])
		even[u>>52].add(u&mantMask | implicit)
		t |= 1 << (u >> 57 & 63)
	}
	if t.mixed() {
		for k, v := range x {
			if f := math.Float64bits(v) >> 52 & 0x7ff; f == fieldTiny || f == fieldSpecial {
				p, o := addFinite(sum, squares, x[k:k+1])
				posInf += p
				others += o
			}
		}
	}
	for g := uint64(t); g != 0; g &= g - 1 {
		from := 32 * bits.TrailingZeros64(g)
		for f := from; f < from+32; f++ {
			for sign := range 2 {
				p, q := &even[sign<<11|f], &odd[sign<<11|f]
				if q.sum != 0 {
					var c uint64
					p.sum += q.sum // of one block, so below 2^64
					p.lo, c = bits.Add64(p.lo, q.lo, 0)
					p.hi, _ = bits.Add64(p.hi, q.hi, c)
					*q = momentBin{}
				}
				if p.sum != 0 {
					p.flush(sum, squares, -int64(sign), f)
				}
			}
		}
	}
	return posInf, others
}

func (p *momentBin) add(m uint64) {
	var c uint64
	hi, lo := bits.Mul64(m, m)
	p.sum += m
	p.lo, c = bits.Add64(p.lo, lo, 0)
	p.hi, _ = bits.Add64(p.hi, hi, c)
}

// flush moves the bin of exponent field f to the sums.
func (p *momentBin) flush(sum, squares *Sum, sign int64, f int) {
	if f != fieldTiny && f != fieldSpecial {
		sum.add64(sign, f-1075, p.sum)
		squares.add128(0, 2*f-2150, p.hi, p.lo)
	}
	*p = momentBin{}
}

// Moments are the exact sums of pairs (a, b) that a ratio Σa/Σb and its
// variance are made of. The zero value is empty and ready to use.
type Moments struct {
	A, B       Sum // Σa, Σb
	AA, AB, BB Sum // Σa², Σab, Σb²
}

// Add adds one pair.
func (m *Moments) Add(a, b float64) {
	if !finite(a) || !finite(b) {
		m.A.Add(a)
		m.B.Add(b)
		m.AA.AddProduct(a, a)
		m.AB.AddProduct(a, b)
		m.BB.AddProduct(b, b)
		return
	}
	sa, ma, ea := unpack(a)
	sb, mb, eb := unpack(b)
	m.A.add64(sa, ea, ma)
	m.B.add64(sb, eb, mb)
	hi, lo := bits.Mul64(ma, ma)
	m.AA.add128(0, 2*ea, hi, lo)
	hi, lo = bits.Mul64(ma, mb)
	m.AB.add128(sa^sb, ea+eb, hi, lo)
	hi, lo = bits.Mul64(mb, mb)
	m.BB.add128(0, 2*eb, hi, lo)
}

// AddTimes leaves the same values as n calls of Add.
func (m *Moments) AddTimes(a, b float64, n uint64) {
	m.A.AddTimes(a, n)
	m.B.AddTimes(b, n)
	m.AA.AddProductTimes(a, a, n)
	m.AB.AddProductTimes(a, b, n)
	m.BB.AddProductTimes(b, b, n)
}

// Merge adds the sums of o, which it leaves alone.
func (m *Moments) Merge(o *Moments) {
	m.A.Merge(&o.A)
	m.B.Merge(&o.B)
	m.AA.Merge(&o.AA)
	m.AB.Merge(&o.AB)
	m.BB.Merge(&o.BB)
}

// AddSlices adds the pairs (a[i], b[i]). The lengths must be equal.
func (m *Moments) AddSlices(a, b []float64) {
	if len(a) != len(b) {
		panic("exact: slices of different lengths")
	}
	if len(a) < smallSlice {
		for i, v := range a {
			m.Add(v, b[i])
		}
		return
	}
	bins := pairPool.Get().(*pairBins)
	for len(a) > 0 {
		n := min(len(a), block)
		m.addBlock(bins, a[:n], b[:n])
		a, b = a[n:], b[n:]
	}
	pairPool.Put(bins)
}

func (m *Moments) addBlock(bins *pairBins, a, b []float64) {
	var ta, tb touched
	var tc [2]uint64 // groups of 64 sums of exponent fields, by sign
	b = b[:len(a)]
	for i, x := range a {
		u := math.Float64bits(x)
		v := math.Float64bits(b[i])
		// Fields 0 and 0x7ff, of either, make the pair a stranger to the bins.
		if (u>>52+1)&0x7ff < 2 || (v>>52+1)&0x7ff < 2 {
			m.Add(x, b[i])
			continue
		}
		ma, mb := u&mantMask|implicit, v&mantMask|implicit
		bins.a[u>>52].add(ma)
		bins.b[v>>52].add(mb)
		hi, lo := bits.Mul64(ma, mb)
		sign := (u ^ v) >> 63
		f := (u>>52&0x7ff + v>>52&0x7ff) & 0xfff
		p := &bins.cross[sign][f]
		var c uint64
		p.lo, c = bits.Add64(p.lo, lo, 0)
		p.hi, _ = bits.Add64(p.hi, hi, c)
		ta |= 1 << (u >> 57 & 63)
		tb |= 1 << (v >> 57 & 63)
		tc[sign] |= 1 << (f >> 6 & 63)
	}
	for g := uint64(ta); g != 0; g &= g - 1 {
		from := 32 * bits.TrailingZeros64(g)
		for f := from; f < from+32; f++ {
			for sign := range 2 {
				if p := &bins.a[sign<<11|f]; p.sum != 0 {
					p.flush(&m.A, &m.AA, -int64(sign), f)
				}
			}
		}
	}
	for g := uint64(tb); g != 0; g &= g - 1 {
		from := 32 * bits.TrailingZeros64(g)
		for f := from; f < from+32; f++ {
			for sign := range 2 {
				if p := &bins.b[sign<<11|f]; p.sum != 0 {
					p.flush(&m.B, &m.BB, -int64(sign), f)
				}
			}
		}
	}
	for sign := range tc {
		for g := tc[sign]; g != 0; g &= g - 1 {
			from := 64 * bits.TrailingZeros64(g)
			for f := from; f < from+64; f++ {
				p := &bins.cross[sign][f]
				if p.hi|p.lo != 0 {
					m.AB.add128(-int64(sign), f-2150, p.hi, p.lo)
					*p = productBin{}
				}
			}
		}
	}
}

// AddSquares adds the exact squares of the elements of x.
func (s *Sum) AddSquares(x []float64) { s.AddProducts(x, x) }

// AddProducts adds the exact products a[i]·b[i]. The lengths must be equal.
func (s *Sum) AddProducts(a, b []float64) {
	if len(a) != len(b) {
		panic("exact: slices of different lengths")
	}
	for i, v := range a {
		s.AddProduct(v, b[i])
	}
}
