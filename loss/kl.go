package loss

import (
	"math"

	"surprisal/internal/kernel"
)

// KLLogits is the Kullback-Leibler divergence KL(p‖q) = Σ pₖ·log(pₖ/qₖ), in nats,
// of the softmax p of one row of logits from the softmax q of another: what it
// costs to predict q where p is true.
//
// It is the sum of pₖ·log(pₖ/qₖ) - pₖ + qₖ, whose terms are not negative, each
// computed so that it is not: so the divergence is never negative, small ones
// keep their digits, and of a row from itself, bit for bit, it is exactly 0. Of a
// row from the same row plus a constant it is of the order of the square of what
// the addition rounded, 1e-30 or so.
//
// A class with p = 0 costs nothing beyond its q; q = 0 where p > 0 is +Inf, and
// where p = 0 nothing. If one of the rows has no softmax, because all its logits
// are -Inf or one is NaN or +Inf, it is NaN, also for the same row twice. Rows of
// different lengths panic. Everything is computed in float64.
func KLLogits[T Element](p, q []T) float64 {
	if len(p) != len(q) {
		panic("loss: rows of different lengths")
	}
	mostP, mostQ := most(p), most(q)
	if !(math.Abs(mostP) <= math.MaxFloat64 && math.Abs(mostQ) <= math.MaxFloat64) {
		return math.NaN()
	}
	var sumP, sumQ float64
	for k := range p {
		sumP += math.Exp(value(p[k]) - mostP)
		sumQ += math.Exp(value(q[k]) - mostQ)
	}
	logs := kernel.Log(sumP / sumQ)
	var s float64
	for k := range p {
		a, b := value(p[k])-mostP, value(q[k])-mostQ
		pk, qk := math.Exp(a)/sumP, math.Exp(b)/sumQ
		switch d := (a - b) - logs; { // log p/q
		case math.IsInf(a, -1):
			s += qk
		case math.IsInf(b, -1):
			return math.Inf(1)
		case d > -1:
			s += float64(pk * bregman(d))
		default: // pk may underflow; q is most of it
			s += math.Max(0, qk-pk+float64(pk*d))
		}
	}
	return s
}

// bregman is exp(-d) - 1 + d, never negative.
func bregman(d float64) float64 {
	if math.Abs(d) > 0.25 {
		return math.Expm1(-d) + d
	}
	// d²/2 - d³/6 + …: the terms after d¹⁴ are below 2^-53 of the first.
	sum := 0.0
	for n := 14; n >= 3; n-- {
		sum = (1 - sum) * d / float64(n)
	}
	return float64(d*d) / 2 * (1 - sum)
}

// most is the largest logit, and NaN if one is NaN.
func most[T Element](x []T) float64 {
	m := math.Inf(-1)
	for _, v := range x {
		m = max(m, value(v))
	}
	return m
}

// value is x as float64.
func value[T Element](x T) float64 {
	switch v := any(x).(type) {
	case float32:
		return float64(v)
	case float64:
		return v
	case BFloat16:
		return float64(v.Float32())
	case Float16:
		return float64(v.Float32())
	}
	panic("unreachable")
}
