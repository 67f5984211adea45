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

// mixed is Σ −p·log q, exactly but for the rounding of the logarithms, and rounded
// once. Terms with p = 0 are 0 unless q is negative or NaN, which makes it NaN.
func mixed(p, q []float64) float64 {
	var room few
	s := sum{parts: room[:0]}
	var hi, lo [256]float64
	// The superaccumulator of the root package is worth it for many terms.
	var many *surprisal.Accumulator
	if len(p) > len(hi)/4 {
		many = new(surprisal.Accumulator)
	}
	for len(p) > 0 {
		n := min(len(p), len(hi))
		kernel.NegLogSlice(hi[:n], q[:n])
		for i, v := range p[:n] {
			if v == 0 && q[i] >= 0 {
				hi[i], lo[i] = 0, 0
				continue
			}
			product := float64(v * hi[i]) // a fused one less itself would not be 0
			if product-product != 0 {
				s = s.add(product)
				hi[i], lo[i] = 0, 0
				continue
			}
			hi[i], lo[i] = product, math.FMA(v, hi[i], -product)
			if many == nil {
				s = s.add(lo[i]).add(product)
			}
		}
		if many != nil && s.odd == 0 {
			many.AddSlice(hi[:n])
			many.AddSlice(lo[:n])
		}
		p, q = p[n:], q[n:]
	}
	if many != nil && s.odd == 0 {
		return many.Total()
	}
	return s.value()
}

// nats is the surprisal −log q: never −0, +Inf at 0, NaN below.
func nats(q float64) float64 { return 0 - kernel.Log(q) }

const smallestNormal = 0x1p-1022

// logRatio is log(a/b) for a, b > 0, to full relative accuracy where they are
// close, and exactly 0 where they are equal.
func logRatio(a, b float64) float64 {
	if a >= b/2 && a <= 2*b {
		return math.Log1p((a - b) / b) // a − b is exact here
	}
	if r := a / b; r >= smallestNormal && r <= math.MaxFloat64 {
		return kernel.Log(r)
	}
	return kernel.Log(a) - kernel.Log(b)
}

func sameLength(p, q []float64) {
	if len(p) != len(q) {
		panic(fmt.Sprintf("info: p has %d outcomes, q has %d", len(p), len(q)))
	}
}
