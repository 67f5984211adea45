package info

import (
	"math"

	"surprisal/internal/kernel"
)

// KL is the raw sum Σ p·log(p/q): the Kullback–Leibler divergence KL(p‖q) of q
// from p, what believing q costs above the entropy of p. It is cross entropy
// minus entropy, computed without their cancellation.
//
// The raw sum is never negative if both sum to exactly 1, which numbers in a
// computer rarely do: where p and q agree to the last digits, or are not
// distributions, it may be negative. [Distribution.KL] may not. KL(x, x) is
// exactly 0.
//
// p = 0 contributes 0; q = 0 < p gives +Inf. Nothing is checked: NaN or negative
// elements give NaN, no elements NaN, different lengths panic.
func KL(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	var room few
	var x [block]float64
	s := sumsOf(len(p), &room)
	for len(p) > 0 {
		n := min(len(p), block)
		kernel.LogRatioSlice(x[:n], p[:n], q[:n])
		for i, v := range p[:n] {
			if v == 0 && q[i] >= 0 {
				x[i] = 0 // also of 0 and 0
			}
		}
		s = s.addProducts(p[:n], x[:n])
		p, q = p[n:], q[n:]
	}
	return s.value()
}

// generalisedKL is Σ p·log(p/q) − p + q, in which no term is negative.
func generalisedKL(p, q []float64) float64 {
	var room few
	var x [block]float64
	s := sumsOf(len(p), &room)
	for len(p) > 0 {
		n := min(len(p), block)
		kernel.KLTerms(x[:n], p[:n], q[:n])
		s = s.addTerms(x[:n])
		p, q = p[n:], q[n:]
	}
	return s.value()
}

// JensenShannon is the Jensen–Shannon divergence ½·KL(p‖m) + ½·KL(q‖m) with
// m = (p + q)/2. It is symmetric, finite whatever the supports, and at most
// log 2 for distributions. Its square root is [JensenShannonDistance]; some
// libraries give one under the name of the other.
//
// Each outcome's term is computed so that it cannot be negative: neither can the
// sum, and it is exactly 0 where p equals q. Nothing is checked: NaN, infinite or
// negative elements give NaN, no elements NaN, different lengths panic.
func JensenShannon(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	var room few
	var x [block]float64
	s := sumsOf(len(p), &room)
	for len(p) > 0 {
		n := min(len(p), block)
		kernel.MiddleTerms(x[:n], p[:n], q[:n])
		s = s.addTerms(x[:n])
		p, q = p[n:], q[n:]
	}
	return s.value()
}

// JensenShannonDistance is the square root of [JensenShannon], which is a metric:
// it obeys the triangle inequality. For distributions at most √(log 2) = 0.8326.
func JensenShannonDistance(p, q []float64) float64 { return math.Sqrt(JensenShannon(p, q)) }
