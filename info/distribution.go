package info

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Tolerance is how far from 1 [New] lets a distribution sum: room for decimals
// rounded to six places or more.
const Tolerance = 1e-6

// Defect says why numbers are not a distribution.
type Defect struct {
	Kind      DefectKind
	Outcome   int     // which outcome, from 1, if one is at fault
	Value     float64 // its value, or the sum
	Tolerance float64 // what the sum was allowed
}

// DefectKind is the way in which numbers fail to be a distribution.
type DefectKind uint8

const (
	NoOutcomes DefectKind = iota // there is none
	BadOutcome                   // one is negative, NaN or infinite
	BadSum                       // they do not sum to 1
)

// Error names the defect.
func (d *Defect) Error() string {
	switch d.Kind {
	case NoOutcomes:
		return "not a distribution: no outcomes"
	case BadOutcome:
		return fmt.Sprintf("not a distribution: outcome %d is %v", d.Outcome, d.Value)
	}
	// Twelve digits: 0.1 + 0.2 is 0.3 to a reader.
	return "not a distribution: sums to " + strconv.FormatFloat(d.Value, 'g', 12, 64)
}

// Check returns nil if p is a distribution: at least one outcome, none of them
// negative, NaN or infinite, and a sum within [Tolerance] of 1. Otherwise it
// returns a [*Defect].
func Check(p []float64) error { return CheckWithin(p, Tolerance) }

// CheckWithin is [Check] with another tolerance for the sum, for numbers that
// were written with few decimals.
func CheckWithin(p []float64, tolerance float64) error {
	if len(p) == 0 {
		return &Defect{Kind: NoOutcomes, Tolerance: tolerance}
	}
	for i, v := range p {
		if !(v >= 0 && v <= math.MaxFloat64) {
			return &Defect{Kind: BadOutcome, Outcome: i + 1, Value: v, Tolerance: tolerance}
		}
	}
	if t := Sum(p); !(math.Abs(t-1) <= tolerance) {
		return &Defect{Kind: BadSum, Value: t, Tolerance: tolerance}
	}
	return nil
}

// Distribution is a finite distribution, known to be one. Its methods that take
// a second one panic if that has another number of outcomes. The zero value has
// no outcomes, and its measures are NaN.
type Distribution struct{ p []float64 }

// New makes a Distribution of a copy of p, or returns the [*Defect] that keeps p
// from being one. The numbers are kept as they are: nothing is rescaled.
func New(p []float64) (Distribution, error) { return NewWithin(p, Tolerance) }

// NewWithin is [New] with another tolerance for the sum.
func NewWithin(p []float64, tolerance float64) (Distribution, error) {
	if err := CheckWithin(p, tolerance); err != nil {
		return Distribution{}, err
	}
	return Distribution{slices.Clone(p)}, nil
}

// Len is the number of outcomes.
func (p Distribution) Len() int { return len(p.p) }

// Prob is the probability of outcome i, from 0.
func (p Distribution) Prob(i int) float64 { return p.p[i] }

// Probs returns a copy of the probabilities.
func (p Distribution) Probs() []float64 { return slices.Clone(p.p) }

// Entropy is H(p).
func (p Distribution) Entropy() float64 { return clamp(Entropy(p.p)) }

// Perplexity is exp of the entropy.
func (p Distribution) Perplexity() float64 { return math.Exp(p.Entropy()) }

// CrossEntropy is H(p, q), the cross entropy of q relative to p.
func (p Distribution) CrossEntropy(q Distribution) float64 { return clamp(CrossEntropy(p.p, q.p)) }

// KL is KL(p‖q), the divergence of q from p, as Σ p·log(p/q) − p + q. No term is
// negative, so neither is the sum; it is exactly 0 where p equals q; and it is
// accurate however close they are. Where the sums of p and q differ, within
// their tolerances, that difference counts: KL is [Distribution.CrossEntropy]
// minus [Distribution.Entropy] plus Σq − Σp.
func (p Distribution) KL(q Distribution) float64 {
	sameLength(p.p, q.p)
	if len(p.p) == 0 {
		return math.NaN()
	}
	return generalisedKL(p.p, q.p)
}

// JensenShannon is the Jensen–Shannon divergence.
func (p Distribution) JensenShannon(q Distribution) float64 { return JensenShannon(p.p, q.p) }

// JensenShannonDistance is the square root of the Jensen–Shannon divergence.
func (p Distribution) JensenShannonDistance(q Distribution) float64 {
	return JensenShannonDistance(p.p, q.p)
}

// TotalVariation is ½·Σ|p − q|.
func (p Distribution) TotalVariation(q Distribution) float64 { return TotalVariation(p.p, q.p) }

// Hellinger is the Hellinger distance.
func (p Distribution) Hellinger(q Distribution) float64 { return Hellinger(p.p, q.p) }

// BhattacharyyaCoefficient is Σ√(p·q).
func (p Distribution) BhattacharyyaCoefficient(q Distribution) float64 {
	return BhattacharyyaCoefficient(p.p, q.p)
}

// BhattacharyyaDistance is −log of the coefficient, by way of the [Hellinger]
// distance h as −log(1 − h²): never negative, exactly 0 where p equals q, and
// accurate where they are close. It is +Inf if they share no outcome.
func (p Distribution) BhattacharyyaDistance(q Distribution) float64 {
	h2 := hellinger2(p.p, q.p)
	if h2 > 0.5 {
		return clamp(BhattacharyyaDistance(p.p, q.p))
	}
	return 0 - math.Log1p(-h2)
}

// clamp raises a rounding error below 0 to 0, and keeps NaN: an element of a
// distribution may be as far above 1 as its sum.
func clamp(x float64) float64 {
	if x < 0 {
		return 0
	}
	return x
}
