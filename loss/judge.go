package loss

import (
	"unsafe"

	"surprisal/internal/kernel"
)

// Judged is what rows of logits come to, as [Judge] finds it: one number for
// each row.
type Judged struct {
	// Nats is the softmax cross entropy with the target, [Softmax]: NaN where there
	// is no softmax.
	Nats []float64
	// Brier is the Brier score of the softmax, Σₖ (pₖ − yₖ)², from 0 to 2; of two
	// classes (p − y)² of one of them. It is formed of 1 − p, without subtraction.
	// NaN where Nats is.
	Brier []float64
	// Others is the largest logit of the classes but the target; −Inf if there is
	// none. It means nothing where Nats is NaN.
	Others []float64
}

// Resize makes room for n rows, and keeps nothing of what was there.
func (j *Judged) Resize(n int) {
	if cap(j.Nats) < n {
		j.Nats, j.Brier, j.Others = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	j.Nats, j.Brier, j.Others = j.Nats[:n], j.Brier[:n], j.Others[:n]
}

// Judge judges rows of logits, of so many classes each, by the targets, one for
// each row: a row is what its softmax says of the target. Where the target is
// negative the row is left alone. into gets as many rows as there are targets.
//
// A row's figures do not depend on the other rows. Of float64 they are good to a
// few units in the last place, and have the same bits on every kind of processor.
// Of float32 the relative error of Nats is below 2.5e-7 and that of Brier below
// 1e-6, however small they are; the bits depend on the kind of processor. A
// target beyond the classes panics, and so do logits that are no such rows.
func Judge[T Float](into *Judged, logits []T, classes int, targets []int) {
	into.Resize(len(targets))
	p := unsafe.Pointer(unsafe.SliceData(logits)) // see Tally
	if unsafe.Sizeof(*new(T)) == 4 {
		kernel.Judge32(into.Nats, into.Brier, into.Others, unsafe.Slice((*float32)(p), len(logits)), classes, targets)
		return
	}
	kernel.Judge64(into.Nats, into.Brier, into.Others, unsafe.Slice((*float64)(p), len(logits)), classes, targets)
}

// TallyLogs is [Tally] for a row of log-probabilities: x·scale − shift is the
// natural logarithm of a probability. It gives the probability p of the target,
// 1 − p with its relative accuracy where p is nearly 1, and the sum of the other
// probabilities and of their squares. NaN in the row makes the sums NaN, but not
// p; probabilities below 1e-307 are 0. None may be beyond 1 by more than a
// little. The bits are the same on every kind of processor.
func TallyLogs[T Float](x []T, target int, scale, shift float64) (p, rest, sum, squares float64) {
	at := float64(float64(x[target])*scale) - shift
	sum, squares = kernel.SumExp(x, target, scale, shift)
	return kernel.Exp(at), kernel.OneLessExp(at), sum, squares
}

// Exps is exp x of each x, into dst: 0 below −708 and exp 709 above 709. Slices of
// different lengths panic; dst may be x. The error is 1.1 units in the last place
// at most, and the bits are the same on every kind of processor.
func Exps(dst, x []float64) { kernel.ExpSlice(dst, x) }
