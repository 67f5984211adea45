package loss

import (
	"context"
	"fmt"
	"math"
	"sync"

	"surprisal"
	"surprisal/internal/kernel"
)

// BinaryCrossEntropy is the loss of log-odds, each for a two-way outcome of its
// own: one number a row, or a column for each of several questions. Of one
// number z with the target y, 0 to 1, it is
//
//	w·(v·y·log(1 + exp(-z)) + (1 - y)·log(1 + exp(z)))
//
// with the weights w and v of its column. The zero value weighs everything with
// 1. It has no state and can be used concurrently.
//
// Targets are [Labels] of 0 and 1, one for each number, or [Shares] of the shape
// of the log-odds; other labels, and shares outside 0 to 1, are errors
// (*[TargetError], whose Row then counts numbers, and *[ValueError]).
//
// Everything is computed in float64, with relative accuracy for every loss. A
// number of ±Inf is certainty: 0 or +Inf. NaN has the loss NaN. What has weight 0
// contributes nothing. Everything else is as for [CrossEntropy].
type BinaryCrossEntropy struct {
	// Weights of the columns, nil for 1 each. Any sign, but finite.
	Weights []float64

	// Positive has weights, by column, of the part of the loss that positive
	// targets have; nil for 1 each. Any sign, but finite.
	Positive []float64

	// Workers is as in CrossEntropy.
	Workers int
}

// Losses sets dst to the losses, one for each number, row after row.
func (b *BinaryCrossEntropy) Losses(ctx context.Context, dst []float64, logits Matrix, targets Targets) error {
	return b.do(ctx, dst, nil, Matrix{}, 1, logits, targets)
}

// LossesGrad is Losses, and sets grad to the derivatives of the losses: the
// gradient of the sum. grad has the shape of logits and may be logits, but must
// not overlap it otherwise. dst may be nil.
func (b *BinaryCrossEntropy) LossesGrad(ctx context.Context, dst []float64, grad, logits Matrix, targets Targets) error {
	sameShape(grad, logits)
	return b.do(ctx, dst, nil, grad, 1, logits, targets)
}

// Sum is the sum of the losses, 0 without any.
func (b *BinaryCrossEntropy) Sum(ctx context.Context, logits Matrix, targets Targets) (float64, error) {
	var sum surprisal.Accumulator
	err := b.AddTo(ctx, &sum, logits, targets)
	return total(&sum, err)
}

// SumGrad is Sum, with its gradient as by LossesGrad.
func (b *BinaryCrossEntropy) SumGrad(ctx context.Context, grad, logits Matrix, targets Targets) (float64, error) {
	sameShape(grad, logits)
	var sum surprisal.Accumulator
	err := b.do(ctx, nil, &sum, grad, 1, logits, targets)
	return total(&sum, err)
}

// Mean is the sum of the losses over how many numbers there are, whatever the
// weights; NaN and ErrNoData if there are none.
func (b *BinaryCrossEntropy) Mean(ctx context.Context, logits Matrix, targets Targets) (float64, error) {
	var sum surprisal.Accumulator
	err := b.AddTo(ctx, &sum, logits, targets)
	return mean(&sum, err)
}

// MeanGrad is Mean, and sets grad to its gradient with respect to logits, as
// LossesGrad does.
func (b *BinaryCrossEntropy) MeanGrad(ctx context.Context, grad, logits Matrix, targets Targets) (float64, error) {
	sameShape(grad, logits)
	var sum surprisal.Accumulator
	err := b.do(ctx, nil, &sum, grad, 1/float64(logits.rows*logits.columns), logits, targets)
	return mean(&sum, err)
}

// AddTo adds the losses to sum, each as a row of its own. If there is an error,
// nothing is added.
func (b *BinaryCrossEntropy) AddTo(ctx context.Context, sum *surprisal.Accumulator, logits Matrix, targets Targets) error {
	return b.do(ctx, nil, sum, Matrix{}, 1, logits, targets)
}

// binaryWork is the work of a call, on one number a row.
type binaryWork struct {
	BinaryCrossEntropy
	x, grad Matrix
	t       Targets
	columns int
	scale   float64
}

var binaryWorks = sync.Pool{New: func() any { return new(binaryWork) }}

func (b *BinaryCrossEntropy) do(ctx context.Context, dst []float64, sum *surprisal.Accumulator, grad Matrix, scale float64, x Matrix, t Targets) error {
	n := x.rows * x.columns
	switch {
	case x.kind == none:
		panic("loss: no rows: make them with Rows")
	case t.hard() && t.len() != n:
		panic(fmt.Sprintf("loss: %d numbers and %d labels", n, t.len()))
	case !t.hard() && (t.shares.rows != x.rows || t.shares.columns != x.columns):
		panic("loss: shares have not the shape of the rows")
	case b.Weights != nil && len(b.Weights) != x.columns, b.Positive != nil && len(b.Positive) != x.columns:
		panic("loss: as many weights as columns are needed")
	case dst != nil && len(dst) != n:
		panic("loss: as many losses as numbers are needed")
	}
	for _, weights := range [][]float64{b.Weights, b.Positive} {
		for _, w := range weights {
			if !(math.Abs(w) <= math.MaxFloat64) {
				panic("loss: weight is not finite")
			}
		}
	}
	j := binaryWorks.Get().(*binaryWork)
	*j = binaryWork{BinaryCrossEntropy: *b, x: x, grad: grad, t: t, columns: x.columns, scale: scale}
	// One number a row, from here on.
	j.x.rows, j.x.columns = n, 1
	j.grad.rows, j.grad.columns = n, 1
	if !t.hard() {
		j.t.shares.rows, j.t.shares.columns = n, 1
	}
	err := do(ctx, j, dst, sum, n, 1, 8, b.Workers)
	*j = binaryWork{}
	binaryWorks.Put(j)
	return err
}

func (j *binaryWork) rows(w *worker, out []float64, from, to int) error {
	n := to - from
	w.row, w.q = grown(w.row, n), grown(w.q, n)
	j.x.span(from, to).widen(w.row)
	if j.t.hard() {
		for i := range w.q {
			y := j.t.label(from + i)
			if uint64(y) > 1 {
				return &TargetError{Row: from + i, Target: y, Classes: 2}
			}
			w.q[i] = float64(y)
		}
	} else {
		j.t.shares.span(from, to).widen(w.q)
	}
	// exp(-|z|) serves both logarithms and both probabilities.
	w.probs, w.part, w.total = grown(w.probs, n), grown(w.part, n), grown(w.total, n)
	for i, z := range w.row {
		w.probs[i] = -math.Abs(z)
	}
	exps(w.part, w.probs)
	kernel.Log1pSlice(w.total, w.part)
	column := from % j.columns
	for i, z := range w.row {
		y := w.q[i]
		if !(y >= 0 && y <= 1) {
			return &ValueError{Row: (from + i) / j.columns, Column: column, What: "share", Value: y, Want: "0 to 1"}
		}
		yes, no := y, 1-y
		if j.Positive != nil {
			yes *= j.Positive[column]
		}
		if j.Weights != nil {
			yes *= j.Weights[column]
			no *= j.Weights[column]
		}
		if column++; column == j.columns {
			column = 0
		}
		toNo, toYes := w.total[i], w.total[i] // what a no costs, and a yes
		if z > 0 {
			toNo += z
		} else {
			toYes -= z
		}
		out[i] = product(yes, toYes) + product(no, toNo)
		if j.grad.kind == none {
			continue
		}
		pNo := 1 / (1 + w.part[i])
		pYes := w.part[i] * pNo
		if z > 0 {
			pNo, pYes = pYes, pNo
		} else if z != z {
			pNo, pYes = z, z
		}
		w.row[i] = j.scale * (product(no, pYes) - product(yes, pNo))
	}
	if j.grad.kind != none {
		j.grad.span(from, to).store(w.row)
	}
	return nil
}

func (j *binaryWork) add(w *worker, sum *surprisal.Accumulator, losses []float64, from, to int) {
	sum.AddSlice(losses)
}
