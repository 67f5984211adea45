package info

import "math"

// TotalVariation is ½·Σ|p − q|: the largest difference in probability that p and
// q give to any event. Between 0 and 1 for distributions.
//
// p and q are not checked: NaN gives NaN, no elements NaN, different lengths
// panic.
func TotalVariation(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	var room few
	s := sum{parts: room[:0]}
	for i, v := range p {
		s = s.add(math.Abs(v - q[i]))
	}
	return s.value() / 2
}

// Hellinger is the Hellinger distance √(½·Σ(√p − √q)²): a metric, between 0 and 1
// for distributions, where its square is 1 − [BhattacharyyaCoefficient]. It is
// exactly 0 where p equals q, and accurate where they are close.
//
// p and q are not checked: NaN or negative elements give NaN, no elements NaN,
// different lengths panic.
func Hellinger(p, q []float64) float64 { return math.Sqrt(hellinger2(p, q)) }

func hellinger2(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	var room few
	s := sum{parts: room[:0]}
	for i, v := range p {
		w := q[i]
		if v == w && v >= 0 {
			continue
		}
		d := (v - w) / (math.Sqrt(v) + math.Sqrt(w)) // √v − √w without cancellation
		s = s.addProduct(d, d)
	}
	return s.value() / 2
}

// BhattacharyyaCoefficient is Σ√(p·q), the overlap of p and q: 1 for equal
// distributions, 0 for those that share no outcome. [BhattacharyyaDistance] is
// −log of it.
//
// p and q are not checked: NaN or negative elements give NaN, no elements NaN,
// different lengths panic.
func BhattacharyyaCoefficient(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	var room few
	s := sum{parts: room[:0]}
	for i, v := range p {
		w := q[i]
		if !(v >= 0 && w >= 0) {
			return math.NaN()
		}
		if m := v * w; m >= smallestNormal || m == 0 && (v == 0 || w == 0) {
			s = s.add(math.Sqrt(m))
		} else {
			s = s.add(math.Sqrt(v) * math.Sqrt(w))
		}
	}
	return s.value()
}

// BhattacharyyaDistance is −log of the [BhattacharyyaCoefficient]: 0 for equal
// distributions, +Inf for those that share no outcome; not a metric. As a raw
// logarithm it may come out a rounding error below 0 for nearly equal ones;
// [Distribution.BhattacharyyaDistance] does not.
func BhattacharyyaDistance(p, q []float64) float64 {
	return nats(BhattacharyyaCoefficient(p, q))
}
