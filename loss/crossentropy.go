package loss

import (
	"context"
	"fmt"
	"math"
	"sync"

	"surprisal"
)

// Input says what the numbers of a row are.
type Input uint8

const (
	FromLogits   Input = iota // a softmax makes probabilities of them
	FromLogProbs              // natural logarithms of probabilities, taken as they are
	FromProbs                 // probabilities, taken as they are
)

// CrossEntropy is the loss of rows of logits, or of log-probabilities or
// probabilities, of one row
//
//	Σₖ wₖ·yₖ·(-log pₖ)
//
// with the shares y of the classes, 1 for the label and 0 for the others if
// targets are hard, and the weights w. The zero value weighs all classes with 1,
// ignores and smooths nothing; it has no state and can be used concurrently.
//
// Logits stored as float32, BFloat16 or Float16 are taken in float32, unless there
// is a temperature or a float64 gradient. Then losses have a relative error below
// 2.5e-7, however small they are, if no class has a negative weight; gradients
// have one below 6e-7, of their terms if there are shares or smoothing, and what
// is below 1e-37 may be 0. Everything else is computed in float64: losses of
// logits have a relative error below 3e-14, of the order of 1e-15 unless there are
// many thousand classes, for losses above 1e-40, and so have gradients. A gradient
// is rounded to what it is stored as. The bits of what comes from logits depend on
// the kind of processor.
//
// A logit of -Inf is a class ruled out: it costs +Inf if it has a share and
// nothing otherwise. If all logits of a row are -Inf, or one is NaN or +Inf, be
// it the target's, the row has no softmax, and the loss and the gradient of all
// its logits are NaN. A share or weight of 0 contributes nothing, even where
// -log p is infinite.
//
// All methods return an error, and no losses to be used, if a target is no class
// (*[TargetError]), if a share is negative, infinite or NaN (*[ValueError]), and
// if the context is cancelled. Lengths and options that make no sense panic.
//
// Sums and means are exact sums of the rows' losses, rounded once: the bits do
// not depend on Workers. In steady state nothing is allocated for rows; an exact
// sum itself takes a few small allocations a call.
type CrossEntropy struct {
	// Weights of the classes, nil for 1 each. Any sign, but finite.
	Weights []float64

	// Rows whose hard target is one of Ignore are left out: their loss and
	// gradient are 0, and means do not count them. It may be a class, or not.
	Ignore []int

	// Smoothing moves this part of all shares, 0 to 1, evenly to all classes.
	Smoothing float64

	// Temperature divides the logits. 0 is 1.
	Temperature float64

	// Input is what rows hold: logits unless set.
	Input Input

	// Workers is the number of goroutines at most; 0 is up to GOMAXPROCS, as the
	// amount of work suggests.
	Workers int
}

// Losses sets dst[i] to the loss of row i, 0 if it is ignored.
func (c *CrossEntropy) Losses(ctx context.Context, dst []float64, x Matrix, targets Targets) error {
	return c.do(ctx, dst, nil, Matrix{}, false, x, targets)
}

// LossesGrad is Losses, and sets row i of grad to the gradient of the loss of row
// i with respect to the numbers of row i: the gradient of the sum. grad has the
// shape of x and may be x, but must not overlap it otherwise. dst may be nil.
func (c *CrossEntropy) LossesGrad(ctx context.Context, dst []float64, grad, x Matrix, targets Targets) error {
	sameShape(grad, x)
	return c.do(ctx, dst, nil, grad, false, x, targets)
}

// Sum is the sum of the losses, 0 without any.
func (c *CrossEntropy) Sum(ctx context.Context, x Matrix, targets Targets) (float64, error) {
	var sum surprisal.Accumulator
	err := c.AddTo(ctx, &sum, x, targets)
	return total(&sum, err)
}

// SumGrad is Sum, with its gradient as by LossesGrad.
func (c *CrossEntropy) SumGrad(ctx context.Context, grad, x Matrix, targets Targets) (float64, error) {
	sameShape(grad, x)
	var sum surprisal.Accumulator
	err := c.do(ctx, nil, &sum, grad, false, x, targets)
	return total(&sum, err)
}

// Mean is the mean loss. Hard targets: the sum over the sum of the weights of the
// labels of all rows that are not ignored. Soft targets: the sum over the number
// of rows, whatever the weights. So, with weights, hard targets and the same
// targets as shares of 0 and 1 have different means. If there is nothing to
// divide by, Mean is NaN and the error ErrNoData.
func (c *CrossEntropy) Mean(ctx context.Context, x Matrix, targets Targets) (float64, error) {
	var sum surprisal.Accumulator
	err := c.AddTo(ctx, &sum, x, targets)
	return mean(&sum, err)
}

// MeanGrad is Mean, and sets grad to its gradient with respect to x; of ErrNoData
// the gradient is 0. grad has the shape of x and may be x, but must not overlap
// it otherwise.
func (c *CrossEntropy) MeanGrad(ctx context.Context, grad, x Matrix, targets Targets) (float64, error) {
	sameShape(grad, x)
	var sum surprisal.Accumulator
	err := c.do(ctx, nil, &sum, grad, true, x, targets)
	return mean(&sum, err)
}

// AddTo adds the rows that are not ignored to sum: with hard targets the loss
// over the weight of the label, with soft ones the loss over 1. So sum.Mean is
// what Mean would be. If there is an error, nothing is added.
func (c *CrossEntropy) AddTo(ctx context.Context, sum *surprisal.Accumulator, x Matrix, targets Targets) error {
	return c.do(ctx, nil, sum, Matrix{}, false, x, targets)
}

func total(sum *surprisal.Accumulator, err error) (float64, error) {
	if err != nil {
		return math.NaN(), err
	}
	return sum.Total(), nil
}

func mean(sum *surprisal.Accumulator, err error) (float64, error) {
	switch {
	case err != nil:
		return math.NaN(), err
	case sum.N() == 0 || sum.Weight() == 0:
		return math.NaN(), ErrNoData
	}
	return sum.Mean(), nil
}

func sameShape(grad, x Matrix) {
	if grad.rows != x.rows || grad.columns != x.columns {
		panic("loss: the gradient has not the shape of the rows")
	}
}

// crossEntropy is the work of a call.
type crossEntropy struct {
	CrossEntropy
	x, grad Matrix
	t       Targets
	scale   float64 // of the gradient
	fast    bool
}

var crossEntropies = sync.Pool{New: func() any { return new(crossEntropy) }}

func (c *CrossEntropy) do(ctx context.Context, dst []float64, sum *surprisal.Accumulator, grad Matrix, ofMean bool, x Matrix, t Targets) error {
	c.check(x, &t)
	if dst != nil && len(dst) != x.rows {
		panic("loss: as many losses as rows are needed")
	}
	if x.rows == 0 {
		return ctx.Err()
	}
	weight, err := c.weigh(&t, x)
	if err != nil {
		return err
	}
	j := crossEntropies.Get().(*crossEntropy)
	*j = crossEntropy{CrossEntropy: *c, x: x, grad: grad, t: t, scale: 1}
	if j.Temperature == 0 {
		j.Temperature = 1
	}
	if ofMean {
		j.scale = 0
		if weight != 0 {
			j.scale = 1 / weight
		}
	}
	j.fast = x.kind != isFloat64 && grad.kind != isFloat64 && c.Input == FromLogits && j.Temperature == 1
	cost := 1
	switch {
	case c.Input != FromLogits && !(t.hard() && c.Smoothing == 0):
		cost = 16
	case c.Input == FromLogits && !j.fast:
		cost = 3
	}
	err = do(ctx, j, dst, sum, x.rows, x.columns, cost, c.Workers)
	*j = crossEntropy{}
	crossEntropies.Put(j)
	return err
}

// check panics if lengths or options make no sense.
func (c *CrossEntropy) check(x Matrix, t *Targets) {
	switch {
	case x.kind == none:
		panic("loss: no rows: make them with Rows")
	case t.len() != x.rows:
		panic(fmt.Sprintf("loss: %d rows and %d targets", x.rows, t.len()))
	case !t.hard() && t.shares.columns != x.columns:
		panic(fmt.Sprintf("loss: rows of %d, and of %d shares", x.columns, t.shares.columns))
	case !t.hard() && len(c.Ignore) > 0:
		panic("loss: soft targets have no class to ignore")
	case c.Weights != nil && len(c.Weights) != x.columns:
		panic(fmt.Sprintf("loss: %d classes and %d weights", x.columns, len(c.Weights)))
	case !(c.Smoothing >= 0 && c.Smoothing <= 1):
		panic("loss: smoothing is not from 0 to 1")
	case !(c.Temperature >= 0 && c.Temperature <= math.MaxFloat64):
		panic("loss: temperature is not a positive number")
	case c.Temperature != 0 && c.Input != FromLogits:
		panic("loss: only logits have a temperature")
	case c.Input > FromProbs:
		panic("loss: unknown input")
	}
	for _, w := range c.Weights {
		if !(math.Abs(w) <= math.MaxFloat64) {
			panic("loss: weight is not finite")
		}
	}
}

// weigh checks hard targets, and returns what a mean divides by.
func (c *CrossEntropy) weigh(t *Targets, x Matrix) (weight float64, err error) {
	if !t.hard() {
		return float64(x.rows), nil
	}
	var lost float64 // of weight by rounding
	for i := range x.rows {
		y := t.label(i)
		if c.ignored(y) {
			continue
		}
		if uint64(y) >= uint64(x.columns) {
			return 0, &TargetError{Row: i, Target: y, Classes: x.columns}
		}
		w := c.weight(int(y))
		s := weight + w
		if math.Abs(weight) >= math.Abs(w) {
			lost += (weight - s) + w
		} else {
			lost += (w - s) + weight
		}
		weight = s
	}
	return weight + lost, nil
}

func (c *CrossEntropy) ignored(y int64) bool {
	for _, v := range c.Ignore {
		if int64(v) == y {
			return true
		}
	}
	return false
}

func (c *CrossEntropy) weight(class int) float64 {
	if c.Weights == nil {
		return 1
	}
	return c.Weights[class]
}

func (j *crossEntropy) rows(w *worker, out []float64, from, to int) error {
	switch {
	case j.fast:
		return logitRows(j, w, &w.f32, out, from, to)
	case j.Input == FromLogits:
		return logitRows(j, w, &w.f64, out, from, to)
	case j.t.hard() && j.Smoothing == 0:
		for i := range out {
			out[i] = j.given(from + i)
		}
		return nil
	}
	w.row, w.q = grown(w.row, j.x.columns), grown(w.q, j.x.columns)
	for i := range out {
		if j.left(from + i) {
			out[i] = 0
			if j.grad.kind != none {
				j.grad.span(from+i, from+i+1).zero()
			}
			continue
		}
		if _, err := j.shares(w, from+i); err != nil {
			return err
		}
		out[i] = j.givenShares(w, from+i)
	}
	return nil
}

// left says whether row i is left out, because its label is ignored.
func (j *crossEntropy) left(i int) bool { return j.t.hard() && j.ignored(j.t.label(i)) }

// given is the loss of row i of log-probabilities or probabilities by its label.
func (j *crossEntropy) given(i int) float64 {
	y, f := j.t.label(i), 0.0
	if !j.ignored(y) {
		f = j.weight(int(y))
	}
	var at [1]float64
	x, k := j.x, i*j.x.columns+int(y)
	x.columns = 1
	if f != 0 {
		x.span(k, k+1).widen(at[:])
	}
	if j.grad.kind != none { // which may be x
		j.grad.span(i, i+1).zero()
	}
	if f == 0 {
		return 0
	}
	if j.grad.kind != none {
		grad := j.grad
		grad.columns = 1
		slope := [1]float64{j.slope(at[0], f)}
		grad.span(k, k+1).store(slope[:])
	}
	return f * j.surprisal(at[0])
}

// surprisal is -log p of a number that is p or its logarithm.
func (j *crossEntropy) surprisal(v float64) float64 {
	if j.Input == FromProbs {
		return Prob(v)
	}
	if math.IsInf(v, 1) {
		return math.NaN()
	}
	return 0 - v
}

// slope is the derivative of q·(-log p), scaled, with respect to such a number.
func (j *crossEntropy) slope(v, q float64) float64 {
	if j.Input == FromProbs {
		if !(v >= 0) {
			return math.NaN()
		}
		return -j.scale * q / v
	}
	return -j.scale * q
}

// shares sets w.q to the shares of a row, smoothed and weighted, and returns
// their sum.
func (j *crossEntropy) shares(w *worker, i int) (total float64, err error) {
	q := w.q
	if j.t.hard() {
		clear(q)
		q[j.t.label(i)] = 1
	} else {
		j.t.shares.span(i, i+1).widen(q)
		for k, v := range q {
			if !(v >= 0 && v <= math.MaxFloat64) {
				return 0, &ValueError{Row: i, Column: k, What: "share", Value: v, Want: "a finite number from 0 up"}
			}
		}
	}
	if j.Smoothing > 0 {
		even := j.Smoothing / float64(len(q))
		for k, v := range q {
			q[k] = float64(v*(1-j.Smoothing)) + even
		}
	}
	if j.Weights != nil {
		for k, f := range j.Weights {
			q[k] = product(f, q[k])
		}
	}
	for _, v := range q {
		total += v
	}
	return total, nil
}

// product is f·v, and 0 if f is 0.
func product(f, v float64) float64 {
	if f == 0 {
		return 0
	}
	return f * v
}

// givenShares is the loss of a row of log-probabilities or probabilities with
// the shares w.q.
func (j *crossEntropy) givenShares(w *worker, i int) float64 {
	j.x.span(i, i+1).widen(w.row)
	var nats float64
	for k, q := range w.q {
		v := w.row[k]
		w.row[k] = 0
		if q != 0 {
			nats += float64(q * j.surprisal(v))
			w.row[k] = j.slope(v, q)
		}
	}
	if j.grad.kind != none {
		j.grad.span(i, i+1).store(w.row)
	}
	return nats
}

func (j *crossEntropy) add(w *worker, sum *surprisal.Accumulator, losses []float64, from, to int) {
	if !j.t.hard() || j.Weights == nil && len(j.Ignore) == 0 {
		sum.AddSlice(losses)
		return
	}
	for i, nats := range losses {
		y := j.t.label(from + i)
		if j.ignored(y) {
			continue
		}
		if f := j.weight(int(y)); f != 0 || nats != 0 {
			sum.AddRatio(nats, f)
		}
	}
}
