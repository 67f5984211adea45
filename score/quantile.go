package score

import (
	"cmp"
	"math"
	"slices"

	"surprisal"
)

// Quantiles finds quantiles of weighted values. Up to a million values it keeps
// all, and its quantiles are some of them; beyond, it counts them in buckets of
// logarithmic width, and a quantile is off by at most 1 % of itself. Which of the two
// depends on how many values there are and on nothing else, and so does all of its
// state: neither the order in which values come nor how they are merged can change
// a bit.
//
// The quantile of the share s is the smallest value such that values up to it make
// up at least s of the total weight: NumPy's method "inverted_cdf". It is a value
// of the data, infinite ones included, and repeating a value is the same as giving
// it a whole weight.
//
// The zero value is empty, ready to use.
type Quantiles struct {
	n      int64
	lo, hi float64
	odd    int64     // NaNs, which are left out
	all    []weighed // every value, until there are too many of them
	past   map[int32]*bucket
	steps  []weighed // what all of it comes to, in order; nil if it must be made
}

// weighed is a value and its weight.
type weighed struct{ v, w float64 }

// bucket is the values of nearly the same size: how many, and their weight where
// not all weights are 1.
type bucket struct {
	n      int64 // of weight 1
	weight surprisal.Cluster
}

// quantilesExact is how many values are kept.
const quantilesExact = 1_000_000

// bucketBits is how many bits of a value's fraction tell its bucket: buckets are
// 1/64 of their lower end wide, so their middle is at most 1/128 off.
const bucketBits = 6

// bucketOf numbers the buckets in the order of their values. Zero has one of its
// own, and so do the infinities.
func bucketOf(v float64) int32 {
	if v == 0 {
		return 0
	}
	b := math.Float64bits(math.Abs(v))
	at := int32(b>>(52-bucketBits)) + 1
	if v < 0 {
		return -at
	}
	return at
}

// middle is the value in the middle of a bucket.
func middle(at int32) float64 {
	if at == 0 {
		return 0
	}
	sign := 1.0
	if at < 0 {
		sign, at = -1, -at
	}
	b := uint64(at-1) << (52 - bucketBits)
	v := math.Float64frombits(b)
	if !math.IsInf(v, 1) {
		v = math.Float64frombits(b | 1<<(51-bucketBits))
	}
	return sign * v
}

// Add adds a value. NaN is counted by NaNs and otherwise left out.
func (q *Quantiles) Add(v float64) { q.AddRepeated(v, 1, 1) }

// AddRepeated adds a value n times, each with weight w: a negative n, or a weight
// that is negative, NaN or infinite, panics. A weight of 0 is no value.
func (q *Quantiles) AddRepeated(v, w float64, n int64) {
	if n < 0 || !(w >= 0 && w <= math.MaxFloat64) {
		panic("score: a weight must be a finite number from 0 up, and repeats must not be negative")
	}
	if n == 0 || w == 0 {
		return
	}
	if v != v {
		q.odd += n
		return
	}
	v += 0 // no −0
	q.extend(v, v)
	q.n += n
	if q.past == nil && q.n > quantilesExact {
		q.spill()
	}
	q.put(v, w, n)
}

func (q *Quantiles) extend(lo, hi float64) {
	if q.n == 0 {
		q.lo, q.hi = lo, hi
	}
	q.lo, q.hi = min(q.lo, lo), max(q.hi, hi)
}

func (q *Quantiles) put(v, w float64, n int64) {
	q.steps = nil
	if q.past == nil {
		for range n {
			q.all = append(q.all, weighed{v, w})
		}
		return
	}
	at := bucketOf(v)
	b := q.past[at]
	if b == nil {
		b = &bucket{}
		q.past[at] = b
	}
	if w == 1 {
		b.n += n
	} else {
		b.weight.AddRepeated(w, 1, n)
	}
}

// spill goes over to buckets.
func (q *Quantiles) spill() {
	all := q.all
	q.all, q.past = nil, map[int32]*bucket{}
	for _, x := range all {
		q.put(x.v, x.w, 1)
	}
}

// Merge adds the values of o, which it leaves alone. It is exactly commutative
// and associative.
func (q *Quantiles) Merge(o *Quantiles) {
	q.odd += o.odd
	if o.n == 0 {
		return
	}
	q.extend(o.lo, o.hi)
	q.n += o.n
	if q.past == nil && (q.n > quantilesExact || o.past != nil) {
		q.spill()
	}
	q.steps = nil
	for _, x := range o.all {
		q.put(x.v, x.w, 1)
	}
	for at, b := range o.past {
		mine := q.past[at]
		if mine == nil {
			mine = &bucket{}
			q.past[at] = mine
		}
		mine.n += b.n
		mine.weight.Merge(&b.weight)
	}
}

// N returns the number of values, repeats counted.
func (q *Quantiles) N() int64 { return q.n }

// NaNs returns how many values were NaN.
func (q *Quantiles) NaNs() int64 { return q.odd }

// Exact reports whether all values are kept, so that quantiles are exact.
func (q *Quantiles) Exact() bool { return q.past == nil }

// Max returns the largest value, exactly; NaN without values.
func (q *Quantiles) Max() float64 {
	if q.n == 0 {
		return math.NaN()
	}
	return q.hi
}

// At returns the quantile of the share part/of, such as 999/1000: of the smallest
// value for 0, of the largest for 1. It is NaN without values. A share outside [0, 1]
// panics.
func (q *Quantiles) At(part, of int64) float64 {
	if part < 0 || of <= 0 || part > of {
		panic("score: the share of a quantile is not in [0, 1]")
	}
	switch {
	case q.n == 0:
		return math.NaN()
	case part == 0:
		return q.lo
	case part == of:
		return q.hi
	}
	if q.steps == nil {
		q.steps = q.distribution()
	}
	var total float64
	for _, s := range q.steps {
		total += s.w
	}
	// Where the weights are 1, both sides are whole numbers and exact.
	want, have := float64(part)*total, 0.0
	for _, s := range q.steps {
		if have += s.w; have*float64(of) >= want {
			return min(max(s.v, q.lo), q.hi)
		}
	}
	return q.hi
}

// distribution is the values, or the middles of the buckets, in order, and the
// weight that is on each.
func (q *Quantiles) distribution() []weighed {
	if q.past == nil {
		// Equal values by weight, so that sums do not depend on the order in which they
		// came.
		slices.SortFunc(q.all, func(a, b weighed) int {
			switch {
			case a.v < b.v:
				return -1
			case a.v > b.v:
				return 1
			}
			return cmp.Compare(a.w, b.w)
		})
		return q.all
	}
	var out []weighed
	for at, b := range q.past {
		var sum surprisal.Accumulator
		sum.AddCluster(&b.weight)
		out = append(out, weighed{middle(at), float64(b.n) + sum.Total()})
	}
	slices.SortFunc(out, func(a, b weighed) int { return cmp.Compare(a.v, b.v) })
	return out
}
