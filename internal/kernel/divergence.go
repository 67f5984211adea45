package kernel

import "math"

// Divergence returns the Kullback-Leibler divergence, in nats, of the softmax p of
// a row of logits from the softmax q of another:
//
//	Σ pₖ·(exp(-dₖ) - 1 + dₖ),   dₖ = log pₖ/qₖ
//
// Each term is computed so that it is not negative and keeps its relative
// accuracy, some 1e-14; so the sum is not negative, and 0 for rows of the same
// bits. Where a row has no softmax it is NaN; where a class with some p has
// q = 0 it is +Inf. Slices of different lengths panic. The bits depend on the tier.
func Divergence[T float32 | float64](p, q []T) float64 {
	if len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	sumP, shiftP, okP := expSum(p)
	sumQ, shiftQ, okQ := expSum(q)
	if !okP || !okQ {
		return math.NaN()
	}
	if len(p) == 1 {
		return 0 // whatever the sums are rounded to
	}
	ratio := sumP / sumQ
	by := [4]float64{shiftP, shiftQ, Log(ratio), ratio}
	return inBlocksDivergence(p, q, &by) / sumP
}

// LogDivergence is Divergence of rows of log-probabilities, taken as they are: the
// sum of pₖ·dₖ - pₖ + qₖ, 0 for no classes. NaN and +Inf give NaN.
func LogDivergence[T float32 | float64](p, q []T) float64 {
	if len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	for _, x := range [2][]T{p, q} {
		sum, _, most, _ := tallyOf(x)
		if math.IsInf(most, 1) || sum != sum && hasNaN(x) {
			return math.NaN()
		}
	}
	by := [4]float64{0, 0, 0, 1}
	return inBlocksDivergence(p, q, &by)
}

func inBlocksDivergence[T float32 | float64](p, q []T, by *[4]float64) (sum float64) {
	for len(p) > 0 {
		n := min(len(p), exp64Block)
		sum += blockDivergence(p[:n], q[:n], by)
		p, q = p[n:], q[n:]
	}
	return sum
}

func blockDivergence[T float32 | float64](p, q []T, by *[4]float64) float64 {
	if active == plain {
		return divergencePlain(p, q, by)
	}
	switch p := any(p).(type) {
	case []float32:
		q, _ := any(q).([]float32)
		if active == avx512 {
			return divergenceWideAVX512(p, q, by)
		}
		return divergenceWideAVX2(p, q, by)
	case []float64:
		q, _ := any(q).([]float64)
		if active == avx512 {
			return divergence64AVX512(p, q, by)
		}
		return divergence64AVX2(p, q, by)
	}
	panic("unreachable")
}

// divergencePlain is Σ exp(aₖ)·(exp(-dₖ) - 1 + dₖ), with aₖ = pₖ - by[0],
// bₖ = qₖ - by[1], dₖ = aₖ - bₖ - by[2]. by[3] is exp by[2]. What is below exp -708
// may be taken as that, or as 0.
func divergencePlain[T float32 | float64](p, q []T, by *[4]float64) float64 {
	var e [fewExps]float64
	var s float64
	for len(p) > 0 {
		n := min(len(p), len(e))
		exps64(e[:n], p[:n], by[0])
		for k, v := range p[:n] {
			a, b := float64(v)-by[0], float64(q[k])-by[1]
			d := (a - b) - by[2]
			switch {
			case d >= -20:
				s += float64(e[k] * excess(d))
			case b < least64: // both are nothing
			case a < least64:
				s += float64(by[3] * exp64(b))
			default: // p is little, exp(-d) may be too large
				s += float64(by[3]*exp64(b)) - e[k] + float64(e[k]*d)
			}
		}
		p, q = p[n:], q[n:]
	}
	return s
}

// excess is exp(-d) - 1 + d, never negative.
func excess(d float64) float64 {
	if math.Abs(d) > 0.34 {
		return (exp64(-d) - 1) + d
	}
	r := -d
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	q := mulAdd(r4, mulAdd(r2, mulAdd(r, tail7, tail6), mulAdd(r, tail5, tail4)), mulAdd(r2, mulAdd(r, tail3, tail2), mulAdd(r, tail1, tail0)))
	return float64(r2 * mulAdd(float64(r4*r4), mulAdd(r, tail9, tail8), q))
}
