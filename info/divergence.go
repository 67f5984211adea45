package info

import "math"

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
	s := sum{parts: room[:0]}
	for i, v := range p {
		switch w := q[i]; {
		case v == 0 && w >= 0:
		case v > 0 && w > 0:
			s = s.addProduct(v, logRatio(v, w))
		case v > 0 && w == 0:
			s = s.add(math.Inf(1))
		default:
			return math.NaN()
		}
	}
	return s.value()
}

// generalisedKL is Σ p·log(p/q) − p + q, in which no term is negative.
func generalisedKL(p, q []float64) float64 {
	var room few
	s := sum{parts: room[:0]}
	for i, v := range p {
		s = s.add(excess(v, q[i]))
	}
	return s.value()
}

// excess is p·log(p/q) − p + q for p, q ≥ 0: never negative, 0 exactly where
// they are equal, and accurate where they are close. With u = (q − p)/p it is
// p·(u − log(1 + u)).
func excess(p, q float64) float64 {
	switch {
	case p == 0:
		return q
	case q == 0:
		return math.Inf(1)
	case p == q:
		return 0
	}
	u := (q - p) / p
	if math.Abs(u) > 0.5 {
		return max(0, float64(p*logRatio(p, q))+(q-p))
	}
	// log(1 + u) = 2·atanh(r) with r = u/(2 + u), and u − 2r = r·u, so that
	// u − log(1 + u) = r·(u − 2r²·(1/3 + r²/5 + r⁴/7 + …)). Here |r| ≤ 1/3.
	r := u / (2 + u)
	r2 := r * r
	series, power := 0.0, 1.0
	for k := 3.0; ; k += 2 {
		next := series + power/k
		if next == series {
			break
		}
		series, power = next, power*r2
	}
	return p * (r * (u - float64(2*r2*series)))
}

// JensenShannon is the Jensen–Shannon divergence ½·KL(p‖m) + ½·KL(q‖m) with
// m = (p + q)/2. It is symmetric, finite whatever the supports, and at most
// log 2 for distributions. Its square root is [JensenShannonDistance]; some
// libraries give one under the name of the other.
//
// Each outcome's term is computed so that it cannot be negative: neither can the
// sum, and it is exactly 0 where p equals q. Nothing is checked: NaN or negative
// elements give NaN, no elements NaN, different lengths panic.
func JensenShannon(p, q []float64) float64 {
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
		s = s.add(middle(v, w))
	}
	return s.value()
}

// JensenShannonDistance is the square root of [JensenShannon], which is a metric:
// it obeys the triangle inequality. For distributions at most √(log 2) = 0.8326.
func JensenShannonDistance(p, q []float64) float64 { return math.Sqrt(JensenShannon(p, q)) }

// middle is ½·(p·log(2p/(p+q)) + q·log(2q/(p+q))) for p, q ≥ 0.
func middle(p, q float64) float64 {
	t := p + q
	if t == 0 {
		return 0
	}
	d := math.Abs(p-q) / t
	if d > 0.5 {
		lo, hi := min(p, q), max(p, q)
		v := float64(hi * logRatio(2*hi, t))
		if lo > 0 {
			v += float64(lo * logRatio(2*lo, t))
		}
		return v / 2
	}
	// ((1 + d)·log(1 + d) + (1 − d)·log(1 − d))·t/4, as a series in d² whose
	// terms are d^2k/(k·(2k − 1)).
	d2 := d * d
	series, power := 0.0, d2
	for k := 1.0; ; k++ {
		next := series + power/(k*(2*k-1))
		if next == series {
			break
		}
		series, power = next, power*d2
	}
	return t / 4 * series
}
