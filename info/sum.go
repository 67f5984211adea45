package info

import (
	"fmt"
	"math"

	"surprisal"
	"surprisal/internal/kernel"
)

// sum is an exact sum of float64 terms as an expansion: parts that do not
// overlap, smallest first, whose sum is the sum (J. R. Shewchuk, "Adaptive
// precision floating-point arithmetic", 1997, section 2). A distribution has
// few outcomes and needs two or three parts, which stay on the stack; that is
// why the superaccumulator of the root package, made for millions of rows, is
// not used here. Both round the same exact value, so both give the same bits.
//
// Methods return the sum instead of changing it in place, which keeps the
// caller's array of parts off the heap.
type sum struct {
	parts []float64
	odd   float64 // NaN or ±Inf once such a term was added
}

// few is room for the parts of a sum of ordinary probabilities; more are
// allocated when terms of very different sizes need them.
type few [8]float64

func (s sum) add(x float64) sum {
	if x-x != 0 {
		s.odd += x
		return s
	}
	if x == 0 {
		return s
	}
	n := 0
	for _, y := range s.parts {
		hi := x + y
		t := hi - x
		lo := (x - (hi - t)) + (y - t)
		if lo != 0 {
			s.parts[n] = lo
			n++
		}
		x = hi
	}
	if x != 0 {
		s.parts = append(s.parts[:n], x)
	} else {
		s.parts = s.parts[:n]
	}
	return s
}

// addProduct adds a·b without rounding it (unless its low part underflows).
func (s sum) addProduct(a, b float64) sum {
	hi := float64(a * b)
	if hi-hi == 0 {
		s = s.add(math.FMA(a, b, -hi))
	}
	return s.add(hi)
}

// value is the float64 nearest to the sum, ties to even.
func (s sum) value() float64 {
	if s.odd != 0 {
		return s.odd
	}
	i := len(s.parts) - 1
	if i < 0 {
		return 0
	}
	v := s.parts[i]
	for i--; i >= 0; i-- {
		hi := v + s.parts[i]
		lo := s.parts[i] - (hi - v)
		v = hi
		if lo == 0 {
			continue
		}
		// v was rounded. If lo is half a unit of v, the parts below decide.
		if i > 0 && (lo < 0) == (s.parts[i-1] < 0) {
			if up := v + 2*lo; up-v == 2*lo {
				v = up
			}
		}
		break
	}
	return v
}

// Sum is the exact sum of x, rounded once: the same bits in any order. It is NaN
// if an element is, or if infinities of both signs occur; 0 for none.
func Sum(x []float64) float64 {
	var room few
	s := sum{parts: room[:0]}
	for _, v := range x {
		s = s.add(v)
	}
	return s.value()
}

// block is how many terms go through the kernels at a time, and few of them are
// too few for the superaccumulator of the root package.
const (
	block    = 256
	fewTerms = 64
)

// sums is where the terms of blocks go: one by one into a sum if they are few, into
// a superaccumulator otherwise. Both are exact.
type sums struct {
	sum
	many *surprisal.Accumulator
}

func sumsOf(n int, room *few) sums {
	s := sums{sum: sum{parts: room[:0]}}
	if n > fewTerms {
		s.many = new(surprisal.Accumulator)
	}
	return s
}

// addTerms adds up to block terms. Those that are no numbers are taken out of x.
func (s sums) addTerms(x []float64) sums {
	for i, v := range x {
		if s.many == nil || v-v != 0 {
			s.sum = s.add(v)
			x[i] = 0
		}
	}
	if s.many != nil {
		s.many.AddSlice(x)
	}
	return s
}

// addProducts adds up to block products p·x, not rounded, of which those with p = 0
// are 0 unless x is NaN. It overwrites x.
func (s sums) addProducts(p, x []float64) sums {
	var lo [block]float64
	for i, v := range p {
		if v == 0 && x[i] == x[i] {
			x[i] = 0
			continue
		}
		product := float64(v * x[i]) // a fused one less itself would not be 0
		if product-product == 0 {
			lo[i] = math.FMA(v, x[i], -product)
		}
		x[i] = product
	}
	return s.addTerms(lo[:len(p)]).addTerms(x)
}

func (s sums) value() float64 {
	if s.many != nil && s.odd == 0 {
		return s.many.Total()
	}
	return s.sum.value()
}

// mixed is Σ −p·log q, exactly but for the rounding of the logarithms, and rounded
// once. Terms with p = 0 are 0 unless q is negative or NaN, which makes it NaN.
func mixed(p, q []float64) float64 {
	var room few
	var x [block]float64
	s := sumsOf(len(p), &room)
	for len(p) > 0 {
		n := min(len(p), block)
		kernel.NegLogSlice(x[:n], q[:n])
		s = s.addProducts(p[:n], x[:n])
		p, q = p[n:], q[n:]
	}
	return s.value()
}

// nats is the surprisal −log q: never −0, +Inf at 0, NaN below.
func nats(q float64) float64 { return 0 - kernel.Log(q) }

const smallestNormal = 0x1p-1022

func sameLength(p, q []float64) {
	if len(p) != len(q) {
		panic(fmt.Sprintf("info: p has %d outcomes, q has %d", len(p), len(q)))
	}
}
