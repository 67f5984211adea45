package loss

import (
	"unsafe"

	"surprisal/internal/kernel"
)

// Tally sums up a row of probabilities, or a part of one: their sum, the sum of
// their squares, and the largest (−Inf of none; NaN does not count). bad says that
// one of them is negative or NaN. The order of summation depends on the length
// alone, so the result has the same bits on every kind of processor.
func Tally[T Float](x []T) (sum, squares, most float64, bad bool) {
	// A type switch on x would allocate for every row.
	p := unsafe.Pointer(unsafe.SliceData(x))
	if unsafe.Sizeof(*new(T)) == 4 {
		return kernel.Tally32(unsafe.Slice((*float32)(p), len(x)))
	}
	return kernel.Tally64(unsafe.Slice((*float64)(p), len(x)))
}
