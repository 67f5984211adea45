package loss

import (
	"fmt"
	"math"

	"surprisal/internal/kernel"
)

// Float is a stored float: float32 widens to float64 exactly before anything is
// computed.
type Float interface{ float32 | float64 }

// Softmax is the cross entropy of a row of logits with the class target, in
// nats: log Σⱼ exp(xⱼ) − x_target, which is minus the log of the softmax
// probability of target. The target is kept out of the sum, so that a small loss
// keeps its relative accuracy.
//
// A target logit of −Inf costs +Inf; other logits of −Inf are classes ruled out
// and cost nothing; if all are −Inf, or any is NaN or +Inf, there is no softmax
// and the loss is NaN. A target outside the row panics. The last bits depend on the
// kind of processor.
func Softmax[T Float](logits []T, target int) float64 {
	inside(len(logits), target)
	return kernel.CrossEntropyRow(logits, target)
}

// SoftmaxProbs is [Softmax], to the bit, and fills dst with the softmax probabilities of all
// classes but target, and with 1 − p for target: the distance from certainty,
// which keeps its relative accuracy where p itself would round to 1. dst must be
// as long as the row; it is left unspecified where the loss is NaN or there is
// no softmax.
func SoftmaxProbs[T Float](dst []float64, logits []T, target int) float64 {
	if len(dst) != len(logits) {
		panic("loss: dst and logits differ in length")
	}
	inside(len(logits), target)
	return kernel.SoftmaxRow(dst, logits, target)
}

func inside(classes, target int) {
	if uint(target) >= uint(classes) {
		panic(fmt.Sprintf("loss: target %d of %d classes", target, classes))
	}
}

// LogSumExp is log Σⱼ exp(xⱼ), taken in float64. −Inf for a row of −Inf (and for an
// empty row), +Inf if any is +Inf and none NaN, NaN if any is NaN. The last bits
// depend on the kind of processor.
func LogSumExp[T Float](x []T) float64 { return kernel.LogSumExp(x) }

// SoftmaxSoft is the cross entropy of a row of logits with the shares y of the
// classes, in nats: Σₖ yₖ·(log Σⱼ exp(xⱼ) − xₖ), with relative accuracy if no
// share is negative. A class with yₖ = 0 contributes nothing, even at −Inf; a
// class with yₖ > 0 and logit −Inf costs +Inf. NaN if there is no softmax. Rows
// of different length panic.
func SoftmaxSoft[T Float](logits []T, y []float64) float64 {
	if len(logits) != len(y) {
		panic("loss: logits and shares differ in length")
	}
	top := largest(logits)
	if top < 0 {
		return math.NaN()
	}
	tail := Softmax(logits, top)
	var total float64
	for _, share := range y {
		total += share
	}
	if tail != tail || total != total {
		return math.NaN()
	}
	return product(total, tail) + below(logits, y, float64(logits[top]))
}
