package loss

import (
	"math"

	"surprisal/internal/kernel"
)

// Prob is the surprisal −log p of an outcome that was given probability p, in
// nats: 0 at p = 1 (never −0), +Inf at p = 0, NaN below 0 or for NaN. Above 1
// the raw −log p, which is negative, is returned: whether such a p is rounding
// or nonsense is for the caller to say.
func Prob(p float64) float64 { return 0 - kernel.Log(p) }

// Probs is [Prob] of each p, into dst. Slices of different lengths panic; dst may
// be p.
func Probs(dst, p []float64) { kernel.NegLogSlice(dst, p) }

// Binary is the surprisal of a two-way outcome, given the probability p of the
// positive class, in nats: −log p if it came out positive, −log(1 − p)
// otherwise. The second is exact for tiny p. NaN outside [0, 1].
func Binary(p float64, positive bool) float64 {
	if positive {
		if p > 1 {
			return math.NaN()
		}
		return Prob(p)
	}
	switch {
	case p < 0:
		return math.NaN()
	case p >= 0.5:
		return Prob(1 - p) // the subtraction is exact here
	}
	return 0 - math.Log1p(-p)
}

// BinaryLogit is [Binary] given the log-odds z = log p/(1 − p):
// log(1 + exp(−z)) if the outcome was positive, log(1 + exp(z)) otherwise. ±Inf
// is certainty: 0 or +Inf. NaN for NaN.
func BinaryLogit(z float64, positive bool) float64 {
	if positive {
		z = -z
	}
	return Softplus(z)
}

// Softplus is log(1 + exp(z)), without overflow for large z and with full
// relative accuracy for very negative z, where it is exp(z).
func Softplus(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}
