package info

import "math"

// Entropy is Σ −p·log p: the mean surprisal of an outcome of p to somebody who
// knows p. For a distribution it lies between 0 (certainty) and log n (all n
// outcomes alike).
//
// p is not checked. A NaN or negative element gives NaN, an element above 1 a
// negative term, no elements NaN.
func Entropy(p []float64) float64 {
	if len(p) == 0 {
		return math.NaN()
	}
	return mixed(p, p)
}

// BinaryEntropy is the entropy of an event of probability p and its opposite.
// It keeps its relative accuracy for p near 0. NaN outside [0, 1].
func BinaryEntropy(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p == 0 || p == 1:
		return 0
	}
	return float64(p*nats(p)) - float64((1-p)*math.Log1p(-p))
}

// Perplexity is exp of the entropy of p: how many equally likely outcomes would
// be as uncertain. It is the same in every unit. As for [Entropy], p is not
// checked.
func Perplexity(p []float64) float64 { return math.Exp(Entropy(p)) }
