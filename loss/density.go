package loss

import (
	"context"
	"math"
	"sync"

	"surprisal"
	"surprisal/internal/kernel"
)

// GaussianNLL is -log of the density at y of a normal distribution, in nats, in
// full: log(2πv)/2 + (y - mean)²/(2v). It is negative where the density is above
// 1. NaN for a negative variance; a variance of 0 gives -Inf at the mean and +Inf
// elsewhere.
func GaussianNLL(y, mean, variance float64) float64 {
	return gaussian(y, mean, variance, kernel.Log(variance)) + halfLog2Pi
}

const halfLog2Pi = 0.918938533204672741780329736406

// gaussian is GaussianNLL less its constant, given the logarithm of the variance v.
func gaussian(y, mean, v, logV float64) float64 {
	d := y - mean
	switch {
	case v == 0 && d != 0 && d == d:
		return math.Inf(1)
	case v == 0 || d == 0:
		return 0.5*logV + float64(0*d)
	}
	z := d * d / v
	if math.IsInf(z, 1) || !(d*d >= 0x1p-1000) { // the square left the range
		r := d / math.Sqrt(v)
		z = r * r
	}
	return 0.5 * (logV + z)
}

// PoissonNLL is -log of the probability of y under a Poisson distribution, in
// nats, in full: rate - y·log(rate) + log(y!), computed as the deviance plus
// Stirling's formula with its error, so that nothing cancels where y is large. A
// y that is no count (negative, not whole) is impossible: +Inf. So is any y but 0
// at rate 0. NaN for a negative or infinite rate or NaN.
func PoissonNLL(y, rate float64) float64 {
	switch {
	case y != y || !(rate >= 0 && rate <= math.MaxFloat64):
		return math.NaN()
	case y < 0 || y != math.Floor(y) || y > math.MaxFloat64 || rate == 0 && y != 0:
		return math.Inf(1)
	case y == 0:
		return rate
	}
	return logCount(y, kernel.Log(y)) + kernel.KLTerm(y, rate)
}

// PoissonNLLLog is PoissonNLL given the logarithm of the rate, which may be -Inf.
// It is as good as if that had been given with a relative error of 2^-52.
func PoissonNLLLog(y, logRate float64) float64 {
	switch {
	case y != y || logRate != logRate:
		return math.NaN()
	case y < 0 || y != math.Floor(y) || y > math.MaxFloat64:
		return math.Inf(1)
	case y == 0:
		return math.Exp(logRate)
	}
	logY := kernel.Log(y)
	return logCount(y, logY) + y*bregman(logY-logRate)
}

// logCount is log(y!) - y·log(y) + y, for whole y > 0, given log y: half of
// log(2πy), and what Stirling's formula lacks.
func logCount(y, logY float64) float64 {
	if y <= 20 { // y! is a float64
		return logFactorials[int(y)] - y*logY + y
	}
	r := 1 / y
	r2 := r * r
	lack := r * (1.0/12 - r2*(1.0/360-r2*(1.0/1260-r2*(1.0/1680-r2*(1.0/1188)))))
	return 0.5*logY + halfLog2Pi + lack
}

var logFactorials = func() (logs [21]float64) {
	f := 1.0
	for k := range logs {
		f *= float64(max(1, k))
		logs[k] = kernel.Log(f)
	}
	return logs
}()

// Gaussian is the loss of observations under normal distributions, each with its
// own mean and variance: -log of the density, in full unless a field says
// otherwise. The zero value is ready to use.
//
// PyTorch's gaussian_nll_loss is the form with NoConstant and MinVariance 1e-6,
// its full=True that with MinVariance 1e-6 alone. Neither is a likelihood where
// it raises a variance.
//
// A variance that is negative or NaN is an error (*[ValueError]), also where it
// would be raised. Shapes that differ panic.
type Gaussian struct {
	NoConstant  bool    // leave out log(2π)/2
	MinVariance float64 // raise variances to at least this; 0 raises none
	Workers     int     // as in CrossEntropy
}

// Losses sets dst to the losses of the observations y, all of one shape.
func (g *Gaussian) Losses(ctx context.Context, dst []float64, y, mean, variance Matrix) error {
	return g.do(ctx, dst, nil, y, mean, variance)
}

// Sum is the sum of the losses, exact but for one rounding; 0 without any.
func (g *Gaussian) Sum(ctx context.Context, y, mean, variance Matrix) (float64, error) {
	var sum surprisal.Accumulator
	err := g.AddTo(ctx, &sum, y, mean, variance)
	return total(&sum, err)
}

// Mean is the mean of the losses; NaN and ErrNoData if there are none.
func (g *Gaussian) Mean(ctx context.Context, y, mu, variance Matrix) (float64, error) {
	var sum surprisal.Accumulator
	err := g.AddTo(ctx, &sum, y, mu, variance)
	return mean(&sum, err)
}

// AddTo adds the losses to sum. If there is an error, nothing is added.
func (g *Gaussian) AddTo(ctx context.Context, sum *surprisal.Accumulator, y, mean, variance Matrix) error {
	return g.do(ctx, nil, sum, y, mean, variance)
}

func (g *Gaussian) do(ctx context.Context, dst []float64, sum *surprisal.Accumulator, y, mean, variance Matrix) error {
	if !(g.MinVariance >= 0 && g.MinVariance <= math.MaxFloat64) {
		panic("loss: the least variance is not a number from 0 up")
	}
	j := densities.Get().(*density)
	*j = density{y: y, a: mean, b: variance, columns: y.columns, gaussian: g}
	return j.do(ctx, dst, sum, g.Workers)
}

// Factorial says how a Poisson loss has log(y!).
type Factorial uint8

const (
	ExactFactorial    Factorial = iota // as it is
	StirlingFactorial                  // y·log(y) - y + log(2πy)/2 for y > 1, else 0: PyTorch's full=True
	NoFactorial                        // 0: PyTorch's full=False
)

// Poisson is the loss of counts under Poisson distributions, each with its own
// rate: -log of the probability, in full unless a field says otherwise. The zero
// value is ready to use.
//
// PyTorch's poisson_nll_loss is the form with NoFactorial (or StirlingFactorial if
// full=True), LogRate true (or, if log_input=False, Add 1e-8).
//
// A count that is negative or no whole number is an error (*[ValueError]) unless
// Factorial is another than ExactFactorial, where any target is taken; a rate that is
// negative, infinite or NaN is an error always, and so is a logarithm that is
// +Inf or NaN. Shapes that differ panic.
type Poisson struct {
	LogRate   bool      // rates are given as their logarithms
	Factorial Factorial // how log(y!) is computed
	Add       float64   // added to the rate inside its logarithm; not with LogRate
	Workers   int       // as in CrossEntropy
}

// Losses sets dst to the losses of the counts y, all of one shape.
func (p *Poisson) Losses(ctx context.Context, dst []float64, y, rate Matrix) error {
	return p.do(ctx, dst, nil, y, rate)
}

// Sum is the sum of the losses, exact but for one rounding; 0 without any.
func (p *Poisson) Sum(ctx context.Context, y, rate Matrix) (float64, error) {
	var sum surprisal.Accumulator
	err := p.AddTo(ctx, &sum, y, rate)
	return total(&sum, err)
}

// Mean is the mean of the losses; NaN and ErrNoData if there are none.
func (p *Poisson) Mean(ctx context.Context, y, rate Matrix) (float64, error) {
	var sum surprisal.Accumulator
	err := p.AddTo(ctx, &sum, y, rate)
	return mean(&sum, err)
}

// AddTo adds the losses to sum. If there is an error, nothing is added.
func (p *Poisson) AddTo(ctx context.Context, sum *surprisal.Accumulator, y, rate Matrix) error {
	return p.do(ctx, nil, sum, y, rate)
}

func (p *Poisson) do(ctx context.Context, dst []float64, sum *surprisal.Accumulator, y, rate Matrix) error {
	switch {
	case !(p.Add >= 0 && p.Add <= math.MaxFloat64), p.LogRate && p.Add != 0:
		panic("loss: Add is not a number from 0 up, or there is LogRate")
	case p.Factorial > NoFactorial:
		panic("loss: unknown factorial")
	}
	j := densities.Get().(*density)
	*j = density{y: y, a: rate, columns: y.columns, poisson: *p}
	return j.do(ctx, dst, sum, p.Workers)
}

// nats turns rates into the losses of the counts y. scratch is of the same length.
func (p *Poisson) nats(rates, y, scratch []float64) {
	exact := p.Factorial == ExactFactorial && p.Add == 0
	switch {
	case exact && !p.LogRate:
		kernel.KLTerms(rates, y, rates) // the deviance
	case exact:
		kernel.LogSlice(scratch, y)
		for i, rate := range rates {
			if v := y[i]; v == 0 {
				rates[i] = math.Exp(rate)
			} else {
				rates[i] = v * bregman(scratch[i]-rate) // no kernel has expm1
			}
		}
	case p.LogRate:
		exps(scratch, rates)
		for i, rate := range rates {
			rates[i] = scratch[i] - product(y[i], rate)
		}
	default:
		for i, rate := range rates {
			scratch[i] = rate + p.Add
		}
		kernel.LogSlice(scratch, scratch)
		for i, rate := range rates {
			rates[i] = rate - product(y[i], scratch[i])
		}
	}
	if p.Factorial == NoFactorial {
		return
	}
	kernel.LogSlice(scratch, y)
	for i, v := range y {
		logY := scratch[i]
		switch {
		case exact && v > 0:
			rates[i] += logCount(v, logY)
		case p.Factorial == ExactFactorial && v > 0:
			rates[i] += v*logY - v + logCount(v, logY)
		case p.Factorial == StirlingFactorial && v > 1:
			rates[i] += v*logY - v + 0.5*kernel.Log(2*math.Pi*v)
		}
	}
}

// density is the work of a call of Gaussian, or of Poisson, on one number a row.
type density struct {
	y, a, b  Matrix
	columns  int
	gaussian *Gaussian // or nil
	poisson  Poisson
}

var densities = sync.Pool{New: func() any { return new(density) }}

func (j *density) do(ctx context.Context, dst []float64, sum *surprisal.Accumulator, workers int) error {
	n := j.y.rows * j.y.columns
	for _, m := range [3]*Matrix{&j.y, &j.a, &j.b} {
		if m == &j.b && j.gaussian == nil {
			continue
		}
		if m.kind == none || m.rows*m.columns != n || m.columns != j.columns {
			panic("loss: observations and their distributions have not the same shape")
		}
		m.rows, m.columns = n, 1
	}
	if dst != nil && len(dst) != n {
		panic("loss: as many losses as observations are needed")
	}
	err := do(ctx, j, dst, sum, n, 1, 16, workers)
	*j = density{}
	densities.Put(j)
	return err
}

func (j *density) rows(w *worker, out []float64, from, to int) error {
	n := to - from
	w.row, w.probs, w.q, w.part = grown(w.row, n), grown(w.probs, n), grown(w.q, n), grown(w.part, n)
	j.y.span(from, to).widen(w.row)
	j.a.span(from, to).widen(w.probs)
	bad := func(i int, what string, v float64, want string) error {
		return &ValueError{Row: (from + i) / j.columns, Column: (from + i) % j.columns, What: what, Value: v, Want: want}
	}
	if g := j.gaussian; g != nil {
		j.b.span(from, to).widen(w.q)
		for i, v := range w.q {
			if !(v >= 0) {
				return bad(i, "variance", v, "a number from 0 up")
			}
			w.q[i] = max(v, g.MinVariance)
		}
		kernel.LogSlice(w.part, w.q)
		for i, v := range w.q {
			out[i] = gaussian(w.row[i], w.probs[i], v, w.part[i])
			if !g.NoConstant {
				out[i] += halfLog2Pi
			}
		}
		return nil
	}
	p := &j.poisson
	for i, y := range w.row {
		rate := w.probs[i]
		switch {
		case p.Factorial == ExactFactorial && !(y >= 0 && y == math.Floor(y) && y <= math.MaxFloat64):
			return bad(i, "count", y, "a whole number from 0 up")
		case p.LogRate && !(rate <= math.MaxFloat64):
			return bad(i, "logarithm of the rate", rate, "a finite number, or -Inf")
		case !p.LogRate && !(rate >= 0 && rate <= math.MaxFloat64):
			return bad(i, "rate", rate, "a finite number from 0 up")
		}
	}
	copy(out, w.probs)
	p.nats(out, w.row, w.part)
	return nil
}

func (j *density) add(w *worker, sum *surprisal.Accumulator, losses []float64, from, to int) {
	sum.AddSlice(losses)
}

// bregman is exp(-d) - 1 + d, never negative.
func bregman(d float64) float64 {
	if math.Abs(d) > 0.25 {
		return math.Expm1(-d) + d
	}
	// d²/2 - d³/6 + …: the terms after d¹⁴ are below 2^-53 of the first.
	sum := 0.0
	for n := 14; n >= 3; n-- {
		sum = (1 - sum) * d / float64(n)
	}
	return float64(d*d) / 2 * (1 - sum)
}

// exps sets dst to the exponentials of x.
func exps(dst, x []float64) {
	kernel.ExpSlice(dst, x)
	for i, v := range x {
		if !(math.Abs(v) <= 700) { // where ExpSlice ends
			dst[i] = math.Exp(v)
		}
	}
}
