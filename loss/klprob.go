package loss

import "surprisal/internal/kernel"

// KLProbs is the Kullback-Leibler divergence of a row of probabilities q from
// another, p, in nats, as the sum of pₖ·log(pₖ/qₖ) − pₖ + qₖ: for rows that sum to 1 it
// is the divergence, for others its usual generalisation. No term is negative, so
// neither is the sum; it is exactly 0 for rows equal bit for bit, and accurate for
// rows that nearly are.
//
// p = 0 costs nothing beyond its q; q = 0 where p > 0 is +Inf. A negative or infinite
// number or NaN gives NaN. Rows of different lengths panic. Everything is computed
// in float64, and the bits are the same on every kind of processor.
func KLProbs[T Float](p, q []T) float64 {
	if len(p) != len(q) {
		panic("loss: rows of different lengths")
	}
	return kernel.KLSum(p, q)
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
