package loss

import (
	"math"

	"surprisal/internal/kernel"
)

// KLProbs is the Kullback-Leibler divergence of a row of probabilities q from
// another, p, in nats, as the sum of pₖ·log(pₖ/qₖ) − pₖ + qₖ: for rows that sum to 1 it
// is the divergence, for others its usual generalisation. No term is negative, so
// neither is the sum; it is exactly 0 for rows equal bit for bit, and accurate for
// rows that nearly are.
//
// p = 0 costs nothing beyond its q; q = 0 where p > 0 is +Inf. A negative number
// or NaN gives NaN. Rows of different lengths panic. Everything is computed in
// float64.
func KLProbs[T Float](p, q []T) float64 {
	if len(p) != len(q) {
		panic("loss: rows of different lengths")
	}
	var s float64
	for k := range p {
		a, b := float64(p[k]), float64(q[k])
		switch {
		case !(a >= 0 && b >= 0):
			return math.NaN()
		case a == b:
		case a == 0:
			s += b
		case b == 0:
			s = math.Inf(1)
		default:
			s += klTerm(a, b, logRatio(a, b))
		}
	}
	return s
}

// KLLogProbs is [KLProbs] of rows of log-probabilities, in nats. −Inf is
// probability 0; NaN or +Inf gives NaN. The last bits depend on the kind of
// processor.
func KLLogProbs[T Float](p, q []T) float64 {
	if len(p) != len(q) {
		panic("loss: rows of different lengths")
	}
	return kernel.LogDivergence(p, q)
}

// klTerm is p·d − p + q for q = p·exp(−d): never negative.
func klTerm(p, q, d float64) float64 {
	if d > -1 {
		return float64(p * bregman(d))
	}
	return math.Max(0, q-p+float64(p*d)) // p may underflow; q is most of it
}

// logRatio is log(a/b) of positive numbers, with relative accuracy where they are
// close.
func logRatio(a, b float64) float64 {
	if a >= b/2 && a <= 2*b {
		return math.Log1p((a - b) / b) // a − b is exact
	}
	if r := a / b; r >= 0x1p-1022 && r <= math.MaxFloat64 {
		return kernel.Log(r)
	}
	return kernel.Log(a) - kernel.Log(b)
}
