package loss

import (
	"context"
	"fmt"
	"math"
	"sync"

	"surprisal"
	"surprisal/internal/kernel"
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
// Logits stored as float32, BFloat16 or Float16 go through the fastest kernels
// unless there is a temperature or a float64 gradient. Then losses have a
// relative error below 2.5e-7, however small they are, if no class has a negative
// weight; gradients have one below 6e-7, of their terms if there are shares or
// smoothing, and what is below 1e-37 may be 0. Everything else is computed in
// float64. A gradient is rounded to what it is stored as.
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
	cost := 16
	switch {
	case c.Input != FromLogits && t.hard() && c.Smoothing == 0:
		cost = 1
	case j.fast && t.hard() && c.Smoothing == 0:
		cost = 1
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
	case !j.t.hard() || j.Smoothing > 0:
		return j.soft(w, out, from, to)
	case j.fast:
		j.kernel(w, out, from, to)
	default:
		j.hard(w, out, from, to)
	}
	return nil
}

// batchNumbers is how many numbers are handed to a kernel at once: they stay in
// the cache.
const batchNumbers = 1 << 14

// kernel does rows with hard targets by the kernels for float32.
func (j *crossEntropy) kernel(w *worker, out []float64, from, to int) {
	columns := j.x.columns
	batch := max(1, min(batchNumbers/columns, to-from))
	wide := j.x.kind != isFloat32
	for ; from < to; from, out = from+batch, out[min(batch, len(out)):] {
		n := min(batch, to-from)
		x := j.x.span(from, from+n)
		w.labels = grown(w.labels, n)
		plain := true // no row is left out or weighted
		for i := range n {
			y := j.t.label(from + i)
			if j.ignored(y) {
				y, plain = 0, false
			}
			w.labels[i] = int(y)
		}
		plain = plain && j.Weights == nil
		if wide {
			w.x32 = grown(w.x32, n*columns)
		}
		x32 := x.widen32(w.x32)
		if j.grad.kind == none {
			kernel.CrossEntropy32(out[:n], x32, columns, w.labels)
			if !plain {
				j.weighRows(out[:n], from, Matrix{})
			}
			continue
		}
		grad := j.grad.span(from, from+n)
		g32 := grad.f32
		if grad.kind != isFloat32 {
			w.g32 = grown(w.g32, n*columns)
			g32 = w.g32
		}
		w.scale = grown(w.scale, n)
		for i := range n {
			w.scale[i] = float32(j.scale * j.weight(w.labels[i]))
		}
		kernel.CrossEntropyGrad32(out[:n], g32, x32, columns, w.labels, w.scale)
		if grad.kind != isFloat32 {
			grad.store32(g32)
		}
		if !plain {
			j.weighRows(out[:n], from, grad)
		}
	}
}

// weighRows weighs losses; rows without weight are 0, and so are their gradients.
func (j *crossEntropy) weighRows(out []float64, from int, grad Matrix) {
	for i := range out {
		y := j.t.label(from + i)
		if !j.ignored(y) {
			if f := j.weight(int(y)); f != 0 {
				out[i] *= f
				continue
			}
		}
		out[i] = 0
		if grad.kind != none {
			grad.span(i, i+1).zero()
		}
	}
}

// hard does rows with hard targets in float64.
func (j *crossEntropy) hard(w *worker, out []float64, from, to int) {
	n := j.x.columns
	w.row, w.probs = grown(w.row, n), grown(w.probs, n)
	for i := range out {
		y := j.t.label(from + i)
		f := 0.0
		if !j.ignored(y) {
			f = j.weight(int(y))
		}
		if f == 0 {
			out[i] = 0
			if j.grad.kind != none {
				j.grad.span(from+i, from+i+1).zero()
			}
			continue
		}
		if j.Input != FromLogits {
			out[i] = j.given(w, from+i, int(y), f)
			continue
		}
		row := j.logits(w, from+i)
		out[i] = j.oneHot(w, row, from+i, int(y), f)
	}
}

// logits is a row of logits in float64, divided by the temperature.
func (j *crossEntropy) logits(w *worker, i int) []float64 {
	if j.x.kind == isFloat64 && j.Temperature == 1 {
		return j.x.span(i, i+1).f64
	}
	j.x.span(i, i+1).widen(w.row)
	if j.Temperature != 1 {
		for k := range w.row {
			w.row[k] /= j.Temperature
		}
	}
	return w.row
}

// oneHot is the loss of a row of which one class has the share f.
func (j *crossEntropy) oneHot(w *worker, row []float64, i, y int, f float64) float64 {
	if j.grad.kind == none {
		return f * Softmax(row, y)
	}
	nats := SoftmaxProbs(w.probs, row, y)
	scale := j.scale * f / j.Temperature
	if nats != nats {
		scale = nats
	}
	for k, p := range w.probs {
		w.probs[k] = scale * p
	}
	w.probs[y] *= -1
	if nats != nats { // the probabilities may be anything
		fill(w.probs, nats)
	}
	j.grad.span(i, i+1).store(w.probs)
	return f * nats
}

func fill(s []float64, v float64) {
	for i := range s {
		s[i] = v
	}
}

// given is the loss of a row of log-probabilities or probabilities of which one
// class has the share f.
func (j *crossEntropy) given(w *worker, i, y int, f float64) float64 {
	var at [1]float64
	x := j.x
	x.columns = 1
	x.span(i*j.x.columns+y, i*j.x.columns+y+1).widen(at[:])
	if j.grad.kind != none {
		grad := j.grad
		grad.span(i, i+1).zero()
		grad.columns = 1
		slope := [1]float64{j.slope(at[0], f)}
		grad.span(i*j.x.columns+y, i*j.x.columns+y+1).store(slope[:])
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

// soft does rows with shares, given or made by smoothing.
func (j *crossEntropy) soft(w *worker, out []float64, from, to int) error {
	n := j.x.columns
	w.row, w.probs, w.q = grown(w.row, n), grown(w.probs, n), grown(w.q, n)
	if j.fast {
		return j.softKernel(w, out, from, to)
	}
	for i := range out {
		if j.skip(from+i, &out[i]) {
			continue
		}
		only, total, err := j.shares(w, from+i)
		switch {
		case err != nil:
			return err
		case j.Input != FromLogits:
			out[i] = j.givenShares(w, from+i)
		case only >= 0:
			out[i] = j.oneHot(w, j.logits(w, from+i), from+i, only, total)
		default:
			out[i] = j.shared(w, from+i, total)
		}
	}
	return nil
}

// skip says whether row i is ignored, and if so makes its loss and gradient 0.
func (j *crossEntropy) skip(i int, nats *float64) bool {
	if !j.t.hard() || !j.ignored(j.t.label(i)) {
		return false
	}
	*nats = 0
	if j.grad.kind != none {
		j.grad.span(i, i+1).zero()
	}
	return true
}

// shares sets w.q to the shares of a row, smoothed and weighted, and returns
// their sum, and the class that has all, or -1.
func (j *crossEntropy) shares(w *worker, i int) (only int, total float64, err error) {
	q := w.q
	if j.t.hard() {
		clear(q)
		q[j.t.label(i)] = 1
	} else {
		j.t.shares.span(i, i+1).widen(q)
		for k, v := range q {
			if !(v >= 0 && v <= math.MaxFloat64) {
				return 0, 0, &ValueError{Row: i, Column: k, What: "share", Value: v, Want: "a finite number from 0 up"}
			}
			total += v
		}
		if j.fast && j.Smoothing == 0 && j.Weights == nil {
			return -1, total, nil
		}
		total = 0
	}
	if j.Smoothing > 0 {
		even := j.Smoothing / float64(len(q))
		for k, v := range q {
			q[k] = float64(v*(1-j.Smoothing)) + even
		}
	}
	only = -1
	for k, v := range q {
		if v == 0 {
			continue
		}
		if j.Weights != nil {
			v *= j.Weights[k]
			q[k] = v
			if v == 0 {
				continue
			}
		}
		if total == 0 && only == -1 {
			only = k
		} else {
			only = -2
		}
		total += v
	}
	return max(only, -1), total, nil
}

// shared is the loss of a row of logits with the shares w.q, of sum total, as
//
//	Σ qₖ·(m - xₖ) + total·log Σ exp(xₖ - m)
//
// where m is the largest logit: no term is negative if no share is.
func (j *crossEntropy) shared(w *worker, i int, total float64) float64 {
	row, probs := j.logits(w, i), w.probs
	top := largest(row)
	tail := math.NaN()
	switch {
	case top < 0:
	case j.grad.kind == none:
		tail = Softmax(row, top)
	default:
		tail = SoftmaxProbs(probs, row, top)
	}
	if tail != tail {
		if j.grad.kind != none {
			fill(probs, tail)
			j.grad.span(i, i+1).store(probs)
		}
		return tail
	}
	nats := product(total, tail) + below(row, w.q, row[top])
	if j.grad.kind != none {
		// Of the top class, p - 1 is known better than p.
		off := total - w.q[top]
		scale := j.scale / j.Temperature
		probs[top] = scale * (off - float64(total*probs[top]))
		for k, p := range probs {
			if k != top {
				probs[k] = scale * (float64(total*p) - w.q[k])
			}
		}
		j.grad.span(i, i+1).store(probs)
	}
	return nats
}

// softKernel is soft by the kernels for float32: they give the loss of each row
// with its largest logit as the target, the tail, and the gradient of that.
func (j *crossEntropy) softKernel(w *worker, out []float64, from, to int) error {
	n := j.x.columns
	batch := max(1, min(batchNumbers/n, to-from))
	for ; from < to; from, out = from+batch, out[min(batch, len(out)):] {
		rows := min(batch, to-from)
		w.labels = grown(w.labels, rows)
		if j.x.kind != isFloat32 {
			w.x32 = grown(w.x32, rows*n)
		}
		x := j.x.span(from, from+rows).widen32(w.x32)
		for i := range rows {
			w.labels[i] = max(0, largest(x[i*n:(i+1)*n]))
		}
		if j.grad.kind == none {
			kernel.CrossEntropy32(out[:rows], x, n, w.labels)
		} else {
			w.g32 = grown(w.g32, rows*n)
			kernel.CrossEntropyGrad32(out[:rows], w.g32, x, n, w.labels, nil)
		}
		for i := range rows {
			row, top, tail := x[i*n:(i+1)*n], w.labels[i], out[i]
			if j.skip(from+i, &out[i]) {
				continue
			}
			var grad []float32
			if j.grad.kind != none {
				grad = w.g32[i*n : (i+1)*n]
			}
			if j.t.hard() && j.Weights == nil {
				out[i] = j.smoothed32(w, row, grad, int(j.t.label(from+i)), top, tail)
			} else {
				_, total, err := j.shares(w, from+i)
				if err != nil {
					return err
				}
				out[i] = j.shared32(w, row, grad, total, top, tail)
			}
			if grad != nil {
				if out[i] != out[i] {
					fill(w.probs, out[i])
				}
				j.grad.span(from+i, from+i+1).store(w.probs)
			}
		}
	}
	return nil
}

// shared32 is the loss of a row with the shares w.q, by its tail; from the
// gradient of that, if it is wanted, it makes the gradient in w.probs.
func (j *crossEntropy) shared32(w *worker, row, grad []float32, total float64, top int, tail float64) float64 {
	if grad != nil {
		for k, p := range grad {
			w.probs[k] = j.scale * (float64(total*float64(p)) - w.q[k])
		}
		off := total - w.q[top] // of the top class, p - 1 is known better than p
		w.probs[top] = j.scale * (float64(total*float64(grad[top])) + off)
	}
	if tail != tail {
		return tail
	}
	return product(total, tail) + below(row, w.q, float64(row[top]))
}

// smoothed32 is shared32 with the smoothed share of the label y alone.
func (j *crossEntropy) smoothed32(w *worker, row, grad []float32, y, top int, tail float64) float64 {
	kept, even := 1-j.Smoothing, j.Smoothing/float64(len(row))
	if grad != nil {
		for k, p := range grad {
			w.probs[k] = j.scale * (float64(p) - even)
		}
		// p - 1 is known of the top class, p of the others.
		if top == y {
			w.probs[y] = j.scale * (float64(grad[y]) + (j.Smoothing - even))
		} else {
			w.probs[top] = j.scale * (float64(grad[top]) + (1 - even))
			w.probs[y] = j.scale * (float64(grad[y]) - (kept + even))
		}
	}
	if tail != tail {
		return tail
	}
	most := float64(row[top])
	return product(kept, most-float64(row[y])) + float64(even*spread(row, most)) + tail
}

// spread is Σ (m - xₖ).
func spread(x []float32, m float64) float64 {
	var a, b, c, d float64
	for len(x) >= 4 {
		a += m - float64(x[0])
		b += m - float64(x[1])
		c += m - float64(x[2])
		d += m - float64(x[3])
		x = x[4:]
	}
	for _, v := range x {
		a += m - float64(v)
	}
	return a + b + c + d
}

// product is f·v, and 0 if f is 0.
func product(f, v float64) float64 {
	if f == 0 {
		return 0
	}
	return f * v
}

// below is Σ qₖ·(m - xₖ).
func below[T float32 | float64](x []T, q []float64, m float64) float64 {
	var s float64
	for k, v := range q {
		if v != 0 {
			s += float64(v * (m - float64(x[k])))
		}
	}
	return s
}

// largest is the index of the largest, NaNs aside, or -1 if there is nothing
// above -Inf.
func largest[T float32 | float64](x []T) int {
	most, at := T(math.Inf(-1)), -1
	for k, v := range x {
		if v > most {
			most, at = v, k
		}
	}
	return at
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
