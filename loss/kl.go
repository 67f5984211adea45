package loss

import (
	"sync"

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
// different lengths panic. Everything is computed in float64, to a relative error
// of some 1e-14; probabilities below exp(-708) may count as 0 or as that, and the
// bits depend on the kind of processor.
func KLLogits[T Element](p, q []T) float64 {
	if len(p) != len(q) {
		panic("loss: rows of different lengths")
	}
	switch p := any(p).(type) {
	case []float32:
		q, _ := any(q).([]float32)
		return kernel.Divergence(p, q)
	case []float64:
		q, _ := any(q).([]float64)
		return kernel.Divergence(p, q)
	}
	// 16-bit floats are widened first.
	buffer, _ := widened.Get().(*[]float32)
	if buffer == nil {
		buffer = new([]float32)
	}
	*buffer = grown(*buffer, 2*len(p))
	p32, q32 := (*buffer)[:len(p)], (*buffer)[len(p):]
	switch p := any(p).(type) {
	case []BFloat16:
		q, _ := any(q).([]BFloat16)
		kernel.WidenBFloat16(p32, bits(p))
		kernel.WidenBFloat16(q32, bits(q))
	case []Float16:
		q, _ := any(q).([]Float16)
		kernel.WidenFloat16(p32, bits(p))
		kernel.WidenFloat16(q32, bits(q))
	}
	kl := kernel.Divergence(p32, q32)
	widened.Put(buffer)
	return kl
}

var widened sync.Pool // of *[]float32
