package loss

import "surprisal/internal/kernel"

// ProbColumns goes over rows of probabilities that lie column by column: row i is
// columns[k][i] for all k, and class[i], from 0 to len(columns)−1, is what
// happened. It sets sum[i] to the sum of the row, prob[i] to the probability of what
// happened, at most 1, and brier[i] to the row's Brier score Σₖ (pₖ − yₖ)². Bit i%8 of
// hit[i/8] says that the class has the largest value, alone. Bit i%8 of odd[i/8] says
// that the row needs a closer look: a value has its sign set or is NaN, or the sum is
// farther from 1 than tolerance, or the class ties with another; of its results, only
// sum is then of use. The largest distance of a sum from 1 within the tolerance is
// returned, 0 if there is none.
//
// Sums take the values of the other classes in the order of the columns, then that of
// the class, so that the bits are the same on every kind of processor. No slice may be
// shorter than class, those of bits than an eighth of it, rounded up.
func ProbColumns(columns [][]float64, class []int32, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64) {
	return kernel.Columns(columns, class, tolerance, sum, prob, brier, odd, hit)
}
