package info

import (
	"math"

	"surprisal"
	"surprisal/internal/kernel"
)

// An Estimator estimates the entropy of what outcomes were drawn from, given how
// often each came. A sample shows too little variety: some outcomes are missed,
// and shares computed from few outcomes are more uneven than the truth. The
// estimators differ in how they make up for that.
type Estimator struct {
	Name        string // short, lower case, for a flag or a field
	Description string
	Source      string
	// Error says what the SE of Estimate is, or why there is none.
	Error    string
	Estimate func(counts []int64) surprisal.Estimate
}

// Estimators lists the estimators, the plainest first.
func Estimators() []Estimator {
	const (
		asymptotic = "asymptotic standard error; too small where shares are nearly equal, 0 where they are"
		posterior  = "exact posterior standard deviation of the entropy"
		noTheory   = "none: no formula for its error is established"
	)
	prior := func(a func(k int, n float64) float64) func([]int64) surprisal.Estimate {
		return func(counts []int64) surprisal.Estimate {
			n, _ := total(counts)
			return Dirichlet(counts, a(len(counts), n))
		}
	}
	return []Estimator{
		{"ml", "entropy of the observed shares; biased low", "maximum likelihood", asymptotic, MaximumLikelihood},
		{"miller-madow", "ml plus its bias, (outcomes seen − 1)/2n", "Miller 1955", asymptotic, MillerMadow},
		{"chao-shen", "makes up for outcomes that were missed", "Chao and Shen 2003", noTheory, ChaoShen},
		{"james-stein", "shares shrunk towards equal ones", "Hausser and Strimmer 2009", noTheory, JamesStein},
		{"jeffreys", "1/2 added to each count", "Dirichlet prior, a = 1/2", posterior,
			prior(func(int, float64) float64 { return 0.5 })},
		{"laplace", "1 added to each count", "Dirichlet prior, a = 1", posterior,
			prior(func(int, float64) float64 { return 1 })},
		{"sg", "1/K added to each of K counts", "Dirichlet prior, a = 1/K; Schürmann and Grassberger 1996", posterior,
			prior(func(k int, _ float64) float64 { return 1 / float64(k) })},
		{"minimax", "√n/K added to each of K counts", "Dirichlet prior, a = √n/K; Trybula 1958", posterior,
			prior(func(k int, n float64) float64 { return math.Sqrt(n) / float64(k) })},
		{"posterior", "posterior mean of the entropy, 1/2 added", "Wolpert and Wolf 1995", posterior,
			func(counts []int64) surprisal.Estimate { return PosteriorMean(counts, 0.5) }},
	}
}

// The estimators below return the entropy in nats as Value, with N the number of
// outcomes counted. SE is NaN where theory gives none, and no interval is
// given: near 0 and near log K the errors are far from normal. No outcomes
// counted is no data: Value NaN. A negative count panics. Zero counts stand for
// outcomes that could have come; they matter to those estimators that take K,
// the number of counts, as known.

// MaximumLikelihood is the entropy of the observed shares, Σ −(n/N)·log(n/N), as
// is. It is too low by about (K − 1)/2N. SE is √(Var(−log share)/N).
func MaximumLikelihood(counts []int64) surprisal.Estimate {
	n, ok := total(counts)
	if !ok {
		return noData()
	}
	p := shares(counts, n)
	h := Entropy(p)
	var room few
	var x, whole [block]float64
	for i := range whole {
		whole[i] = n
	}
	s := sumsOf(len(counts), &room)
	for from := 0; from < len(counts); from += block {
		counts := counts[from:min(from+block, len(counts))]
		x, p := x[:len(counts)], p[from:from+len(counts)]
		for i, c := range counts {
			x[i] = float64(c)
		}
		kernel.LogRatioSlice(x, whole[:len(x)], x)
		for i, c := range counts {
			d := x[i] - h
			x[i] = 0
			if c > 0 {
				x[i] = p[i] * d * d
			}
		}
		s = s.addTerms(x)
	}
	v := s.value()
	if equalCounts(counts) {
		v = 0
	}
	return estimate(counts, h, math.Sqrt(v/n))
}

// MillerMadow is [MaximumLikelihood] plus (outcomes seen − 1)/2N, which removes
// the bias to first order. The SE is the same.
func MillerMadow(counts []int64) surprisal.Estimate {
	e := MaximumLikelihood(counts)
	seen := 0
	for _, c := range counts {
		if c > 0 {
			seen++
		}
	}
	e.Value += float64(seen-1) / (2 * float64(e.N))
	return e
}

// ChaoShen estimates what part of the probability the outcomes seen cover, from
// how many came only once, scales their shares to it, and divides each term by
// the chance of having seen that outcome at all. No SE: none is established for
// it.
func ChaoShen(counts []int64) surprisal.Estimate {
	n, ok := total(counts)
	if !ok {
		return noData()
	}
	single := 0.0
	for _, c := range counts {
		if c == 1 {
			single++
		}
	}
	if single == n {
		single-- // a coverage of 0 would say that nothing was learnt
	}
	covered := 1 - single/n
	var room few
	var p, x [block]float64
	s := sumsOf(len(counts), &room)
	for from := 0; from < len(counts); from += block {
		counts := counts[from:min(from+block, len(counts))]
		p, x := p[:len(counts)], x[:len(counts)]
		for i, c := range counts {
			p[i] = covered * float64(c) / n
		}
		kernel.NegLogSlice(x, p)
		for i, c := range counts {
			if c == 0 {
				x[i] = 0
				continue
			}
			seen := -math.Expm1(n * math.Log1p(-p[i])) // 1 − (1 − p)ⁿ, of small p too: no kernel has it
			x[i] = p[i] * x[i] / seen
		}
		s = s.addTerms(x)
	}
	return estimate(counts, s.value(), math.NaN())
}

// JamesStein is the entropy of the observed shares after they were shrunk towards
// 1/K, as far as an estimate of the best compromise between error and bias says.
// K is the number of counts, zeros included. No SE: the amount of shrinkage is
// itself random, and no formula is established.
func JamesStein(counts []int64) surprisal.Estimate {
	n, ok := total(counts)
	if !ok {
		return noData()
	}
	p := shares(counts, n)
	target := 1 / float64(len(p))
	var a, b few
	squares, apart := sum{parts: a[:0]}, sum{parts: b[:0]}
	for _, v := range p {
		squares = squares.addProduct(v, v)
		apart = apart.addProduct(v-target, v-target)
	}
	lambda := 1.0
	if d := (n - 1) * apart.value(); d > 0 {
		lambda = min(1, max(0, (1-squares.value())/d))
	}
	for i, v := range p {
		p[i] = lambda*target + (1-lambda)*v
	}
	return estimate(counts, Entropy(p), math.NaN())
}

// Dirichlet is the entropy of the mean shares (n + a)/(N + K·a) under a Dirichlet
// prior that adds a to each of the K counts. a must be positive, or 0 if every
// count is; otherwise Dirichlet panics.
//
// SE is the exact posterior standard deviation of the entropy, whose mean is
// [PosteriorMean], a little below this Value.
func Dirichlet(counts []int64, a float64) surprisal.Estimate {
	n, ok := total(counts)
	if !ok {
		return noData()
	}
	post := PosteriorMean(counts, a)
	whole := n + a*float64(len(counts))
	p := make([]float64, len(counts))
	for i, c := range counts {
		p[i] = (float64(c) + a) / whole
	}
	return estimate(counts, Entropy(p), post.SE)
}

// PosteriorMean is the mean of the entropy under the posterior that counts leave
// of a Dirichlet prior with parameter a for each of the K outcomes, and SE is the
// posterior standard deviation, both exact (Wolpert and Wolf 1995). a must be
// positive, or 0 if every count is; otherwise PosteriorMean panics.
func PosteriorMean(counts []int64, a float64) surprisal.Estimate {
	n, ok := total(counts)
	if !ok {
		return noData()
	}
	whole := n + a*float64(len(counts))
	var r1, r2 few
	mean, second := sum{parts: r1[:0]}, sum{parts: r2[:0]}
	for _, c := range counts {
		alpha := float64(c) + a
		if !(alpha > 0 && a >= 0 && alpha <= math.MaxFloat64) {
			panic("info: a Dirichlet prior needs a > 0, or a = 0 and every count above 0")
		}
		mean = mean.add(alpha / whole * (digamma(whole+1) - digamma(alpha+1)))
	}
	h := mean.value()
	// The variance is that of Σ p·(−log p − h), which keeps small what is to be
	// subtracted. With g = ψ(α + 1) − ψ(A + 2) + h, where Σαg = −A/(A + 1), the
	// second moment of Wolpert and Wolf becomes
	//   [Σ(αg² + α(α + 1)ψ′(α + 1)) + A²/(A + 1)² − 2A/(A + 1)]/(A(A + 1)) − ψ′(A + 2).
	for _, c := range counts {
		alpha := float64(c) + a
		g := digamma(alpha+1) - digamma(whole+2) + h
		second = second.add(alpha * g * g).add(alpha * (alpha + 1) * trigamma(alpha+1))
	}
	r := whole / (whole + 1)
	second = second.addProduct(r, r).add(-2 * r)
	v := second.value()/(whole*(whole+1)) - trigamma(whole+2)
	return estimate(counts, h, math.Sqrt(max(0, v)))
}

// digamma is ψ(x), the derivative of log Γ, for x > 0: the recurrence
// ψ(x) = ψ(x + 1) − 1/x up to where the asymptotic series
// log x − 1/2x − Σ B₂ₖ/(2k·x^2k) has all of float64 in seven terms (Abramowitz and
// Stegun 6.3.5 and 6.3.18). Gonum's has ten digits.
func digamma(x float64) float64 {
	var below float64
	for ; x < 16; x++ {
		below += 1 / x
	}
	y := 1 / (x * x)
	series := y * (1./12 + y*(-1./120+y*(1./252+y*(-1./240+y*(1./132+y*(-691./32760+y*(1./12)))))))
	return kernel.Log(x) - 0.5/x - series - below
}

// trigamma is ψ′(x), the second derivative of log Γ, for x > 0: the recurrence
// ψ′(x) = ψ′(x + 1) + 1/x² up to where the asymptotic series
// 1/x + 1/2x² + Σ B₂ₖ/x^(2k+1) has all of float64 in seven terms (Abramowitz and
// Stegun 6.4.6 and 6.4.12).
func trigamma(x float64) float64 {
	var below float64
	for ; x < 16; x++ {
		below += 1 / (x * x)
	}
	y := 1 / (x * x)
	series := y * (1./6 + y*(-1./30+y*(1./42+y*(-1./30+y*(5./66+y*(-691./2730+y*(7./6)))))))
	return below + (1+0.5/x+series)/x
}

// total is N, the sum of the counts, and whether it is above 0.
func total(counts []int64) (float64, bool) {
	n := count(counts)
	return float64(n), n > 0
}

func count(counts []int64) (n int64) {
	for i, c := range counts {
		notNegative(i, c)
		if n += c; n < 0 {
			panic("info: the counts sum to more than 2⁶³ − 1")
		}
	}
	return n
}

func shares(counts []int64, n float64) []float64 {
	p := make([]float64, len(counts))
	for i, c := range counts {
		p[i] = float64(c) / n
	}
	return p
}

// equalCounts reports whether all outcomes that came, came equally often.
func equalCounts(counts []int64) bool {
	var first int64
	for _, c := range counts {
		if c > 0 {
			if first == 0 {
				first = c
			}
			if c != first {
				return false
			}
		}
	}
	return true
}

func estimate(counts []int64, value, se float64) surprisal.Estimate {
	why := "the error of an estimated entropy is not normal near 0 and log K"
	if math.IsNaN(se) {
		why = "no error is established for this estimator"
	}
	return surprisal.Estimate{Value: value, SE: se, Lo: math.NaN(), Hi: math.NaN(), N: count(counts), Why: why}
}

func noData() surprisal.Estimate {
	nan := math.NaN()
	return surprisal.Estimate{Value: nan, SE: nan, Lo: nan, Hi: nan, Why: surprisal.WhyNoData}
}
