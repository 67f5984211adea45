package surprisal

import (
	"math"
	"sync"

	"surprisal/internal/exact"
)

// Accumulator folds rows into a mean R = Σa/Σb with its error. A row is a pair
// (a, b) of float64: of surprisals a = weight·nats and b = weight, per byte
// a = nats and b = bytes, and so on. All sums, of a, b and of the products a²,
// ab and b², are exact, and every figure is formed from them at the end, with
// one rounding; so no order of the rows, no split into parts and no order of
// merging them can change a bit of any result or of the binary form.
//
// The zero value is an accumulator without rows, ready to use. An Accumulator
// must not be copied once it has been used (see Clone). Methods that only read
// may run concurrently with each other.
//
// Rows with a = +Inf are what the data say when something of probability 0
// happened: they make the mean infinite and are counted, and FiniteMean tells
// about the others. A row whose a is NaN or -Inf is a mistake of the caller:
// it makes Total, Mean, FiniteMean and Estimate NaN for good, whatever other
// rows come, and Invalid counts it.
type Accumulator struct {
	_ noCopy

	n        int64 // rows
	infinite int64 // of them with a = +Inf
	invalid  int64 // of them with a NaN or -Inf

	// Finite rows with b = 1, the usual ones, need two sums: their Σab is Σa,
	// and their Σb and Σb² are their number. The rest need all five. Only the
	// totals of both are ever seen.
	unit         int64
	sum, squares exact.Sum // Σa, Σa²
	general      *exact.Moments

	// Rows whose a is not finite leave only b.
	outsideUnit int64
	outside     *weights
}

// weights are the exact Σb and Σb² of rows.
type weights struct{ b, bb exact.Sum }

// noCopy lets go vet find copies.
type noCopy struct{}

func (noCopy) Lock()   {}
func (noCopy) Unlock() {}

func isFinite(x float64) bool { return math.Float64bits(x)>>52&0x7ff != 0x7ff }

// Add adds a row of one surprisal: a = nats, b = 1.
func (c *Accumulator) Add(nats float64) {
	if !isFinite(nats) {
		c.addOutside(nats, 1, 1)
		return
	}
	c.count(1)
	c.unit++
	exact.AddMoment(&c.sum, &c.squares, nats)
}

// AddWeighted adds a row of one surprisal with a weight: a = weight·nats,
// rounded to float64, and b = weight. A row of weight 0 is no row: it
// contributes nothing, not even to N, whatever its surprisal. A weight that is
// negative, NaN or infinite panics.
func (c *Accumulator) AddWeighted(nats, weight float64) {
	checkWeight(weight)
	if weight == 0 {
		return
	}
	c.AddRatio(float64(weight*nats), weight)
}

func checkWeight(weight float64) {
	if !(weight >= 0 && weight <= math.MaxFloat64) {
		panic("surprisal: weight is not a finite number from 0 up")
	}
}

// AddRatio adds a row a = num, b = den as they are, for instance the nats of a
// text and its bytes. A den that is NaN or infinite panics; 0 and negative ones
// are sums' business.
func (c *Accumulator) AddRatio(num, den float64) {
	switch {
	case den == 1:
		c.Add(num)
	case !isFinite(den):
		panic("surprisal: denominator is not finite")
	case !isFinite(num):
		c.addOutside(num, den, 1)
	default:
		c.count(1)
		c.moments().Add(num, den)
	}
}

// AddRepeated leaves the same state, bit for bit, as n calls of
// AddRatio(num, den), in the time of one. n = 0 adds nothing, a negative n
// panics.
func (c *Accumulator) AddRepeated(num, den float64, n int64) {
	switch {
	case n < 0:
		panic("surprisal: negative number of repeats")
	case !isFinite(den):
		panic("surprisal: denominator is not finite")
	case n == 0:
	case !isFinite(num):
		c.addOutside(num, den, n)
	case den == 1:
		c.count(n)
		c.unit += n
		c.sum.AddTimes(num, uint64(n))
		c.squares.AddProductTimes(num, num, uint64(n))
	default:
		c.count(n)
		c.moments().AddTimes(num, den, uint64(n))
	}
}

// addOutside adds n rows whose a is not finite.
func (c *Accumulator) addOutside(num, den float64, n int64) {
	c.count(n)
	if num > 0 {
		c.infinite += n
	} else {
		c.invalid += n
	}
	if den == 1 {
		c.outsideUnit += n
		return
	}
	o := c.weights()
	o.b.AddTimes(den, uint64(n))
	o.bb.AddProductTimes(den, den, uint64(n))
}

// count adds n to the number of rows, of which all other counts are parts.
func (c *Accumulator) count(n int64) {
	if n > math.MaxInt64-c.n {
		panic("surprisal: more rows than an int64 can count")
	}
	c.n += n
}

func (c *Accumulator) moments() *exact.Moments {
	if c.general == nil {
		c.general = new(exact.Moments)
	}
	return c.general
}

func (c *Accumulator) weights() *weights {
	if c.outside == nil {
		c.outside = new(weights)
	}
	return c.outside
}

// AddSlice leaves the same state as Add of every element, several times faster.
func (c *Accumulator) AddSlice(nats []float64) {
	c.count(int64(len(nats)))
	posInf, others := exact.AddMoments(&c.sum, &c.squares, nats)
	outside := int64(posInf + others)
	c.infinite += int64(posInf)
	c.invalid += int64(others)
	c.outsideUnit += outside
	c.unit += int64(len(nats)) - outside
}

// pairs is scratch for rows on their way to the exact sums.
type pairs struct{ a, b [2048]float64 }

var pairsPool = sync.Pool{New: func() any { return new(pairs) }}

// AddWeightedSlice leaves the same state as AddWeighted of every pair of
// elements, several times faster. Slices of different lengths panic, and so
// does a weight that is negative, NaN or infinite, before any row is added.
func (c *Accumulator) AddWeightedSlice(nats, weights []float64) {
	if len(nats) != len(weights) {
		panic("surprisal: as many weights as surprisals are needed")
	}
	for _, w := range weights {
		checkWeight(w)
	}
	if len(nats) == 0 {
		return
	}
	p := pairsPool.Get().(*pairs)
	for len(nats) > 0 {
		k := min(len(nats), len(p.a))
		n := 0
		for i, s := range nats[:k] {
			w := weights[i]
			if w == 0 {
				continue
			}
			a := float64(w * s)
			if !isFinite(a) {
				c.addOutside(a, w, 1)
				continue
			}
			p.a[n], p.b[n] = a, w
			n++
		}
		if n > 0 {
			c.count(int64(n))
			c.moments().AddSlices(p.a[:n], p.b[:n])
		}
		nats, weights = nats[k:], weights[k:]
	}
	pairsPool.Put(p)
}

// Merge adds the rows of o, which it leaves alone. It is exactly commutative
// and associative.
func (c *Accumulator) Merge(o *Accumulator) {
	c.count(o.n)
	c.infinite += o.infinite
	c.invalid += o.invalid
	c.unit += o.unit
	c.sum.Merge(&o.sum)
	c.squares.Merge(&o.squares)
	if o.general != nil {
		c.moments().Merge(o.general)
	}
	c.outsideUnit += o.outsideUnit
	if o.outside != nil {
		w := c.weights()
		w.b.Merge(&o.outside.b)
		w.bb.Merge(&o.outside.bb)
	}
}

// MergeScaled adds the rows of o as if each of them had had the b it has times
// denScale, not rounded. o is left alone. A denScale that is NaN or infinite
// panics; so do scales of scales whose product leaves the range of float64 far
// behind.
//
// It serves ratios whose b becomes known only after the rows, such as skill,
// where b is the weight times what the class costs under the shares of all
// rows.
func (c *Accumulator) MergeScaled(o *Accumulator, denScale float64) {
	if !isFinite(denScale) {
		panic("surprisal: scale is not finite")
	}
	if denScale == 1 {
		c.Merge(o)
		return
	}
	if c == o {
		o = o.Clone()
	}
	c.count(o.n)
	c.infinite += o.infinite
	c.invalid += o.invalid
	if o.unit > 0 {
		m := c.moments()
		m.A.Merge(&o.sum)
		m.AA.Merge(&o.squares)
		m.AB.MergeScaled(&o.sum, denScale)
		m.B.AddTimes(denScale, uint64(o.unit))
		m.BB.AddProductTimes(denScale, denScale, uint64(o.unit))
	}
	if o.general != nil {
		m := c.moments()
		m.A.Merge(&o.general.A)
		m.AA.Merge(&o.general.AA)
		m.AB.MergeScaled(&o.general.AB, denScale)
		m.B.MergeScaled(&o.general.B, denScale)
		mergeSquareScaled(&m.BB, &o.general.BB, denScale)
	}
	if o.outsideUnit > 0 {
		w := c.weights()
		w.b.AddTimes(denScale, uint64(o.outsideUnit))
		w.bb.AddProductTimes(denScale, denScale, uint64(o.outsideUnit))
	}
	if o.outside != nil {
		w := c.weights()
		w.b.MergeScaled(&o.outside.b, denScale)
		mergeSquareScaled(&w.bb, &o.outside.bb, denScale)
	}
}

// mergeSquareScaled adds o·f² to s.
func mergeSquareScaled(s, o *exact.Sum, f float64) {
	var t exact.Sum
	t.MergeScaled(o, f)
	s.MergeScaled(&t, f)
}

// Clone returns a copy of c that shares nothing with it.
func (c *Accumulator) Clone() *Accumulator {
	k := new(Accumulator)
	k.Merge(c)
	return k
}

// totals returns the sums over all finite rows. The result is the caller's.
func (c *Accumulator) totals() *exact.Moments {
	t := new(exact.Moments)
	t.A.Merge(&c.sum)
	t.AA.Merge(&c.squares)
	t.AB.Merge(&c.sum)
	t.B.AddTimes(1, uint64(c.unit))
	t.BB.AddTimes(1, uint64(c.unit))
	if c.general != nil {
		t.Merge(c.general)
	}
	return t
}

// outsideTotals returns Σb and Σb² over the rows whose a is not finite.
func (c *Accumulator) outsideTotals() *weights {
	w := new(weights)
	w.b.AddTimes(1, uint64(c.outsideUnit))
	w.bb.AddTimes(1, uint64(c.outsideUnit))
	if c.outside != nil {
		w.b.Merge(&c.outside.b)
		w.bb.Merge(&c.outside.bb)
	}
	return w
}

// finiteB returns Σb over the finite rows.
func (c *Accumulator) finiteB() *exact.Sum {
	b := new(exact.Sum)
	b.AddTimes(1, uint64(c.unit))
	if c.general != nil {
		b.Merge(&c.general.B)
	}
	return b
}

// allB returns Σb over all rows.
func (c *Accumulator) allB() *exact.Sum {
	b := c.finiteB()
	b.AddTimes(1, uint64(c.outsideUnit))
	if c.outside != nil {
		b.Merge(&c.outside.b)
	}
	return b
}

// finiteA returns Σa over the finite rows. It may be c's own: read only.
func (c *Accumulator) finiteA() *exact.Sum {
	if c.general == nil {
		return &c.sum
	}
	a := c.sum.Clone()
	a.Merge(&c.general.A)
	return a
}

// N returns the number of rows, those with infinite surprisal included, or of
// clusters if those were added. Rows of weight 0 are none.
func (c *Accumulator) N() int64 { return c.n }

// Infinite returns the number of rows with a = +Inf.
func (c *Accumulator) Infinite() int64 { return c.infinite }

// Invalid returns the number of rows with a NaN or -Inf, which should be none.
func (c *Accumulator) Invalid() int64 { return c.invalid }

// FiniteN returns the number of rows whose a is finite.
func (c *Accumulator) FiniteN() int64 { return c.n - c.infinite - c.invalid }

// Total returns Σa: of surprisals, the negative log likelihood in nats. It is
// the exact sum rounded once; 0 without rows; +Inf with infinite rows; NaN with
// invalid ones.
func (c *Accumulator) Total() float64 {
	switch {
	case c.invalid > 0:
		return math.NaN()
	case c.infinite > 0:
		return math.Inf(1)
	}
	return c.finiteA().Value()
}

// Weight returns Σb over all rows, the infinite ones included: the exact sum
// rounded once.
func (c *Accumulator) Weight() float64 { return c.allB().Value() }

// FiniteWeight returns Σb over the finite rows: the exact sum rounded once.
func (c *Accumulator) FiniteWeight() float64 { return c.finiteB().Value() }

// Mean returns Σa/Σb: of surprisals, the cross entropy in nats. It is the
// quotient of the exact sums, rounded once. It is NaN if there are no rows, if
// Σb is 0, or if there are invalid rows, and infinite if there are infinite
// ones.
func (c *Accumulator) Mean() float64 {
	switch {
	case c.n == 0 || c.invalid > 0:
		return math.NaN()
	case c.infinite > 0:
		// Inf·0 is NaN, which Σb = 0 is to give.
		return math.Inf(1) * float64(c.allB().Sign())
	}
	return quotient(c.finiteA(), c.finiteB())
}

// FiniteMean returns Σa/Σb over the finite rows, rounded once: Mean if there
// are no infinite ones. It is NaN if there are no finite rows, if their Σb is
// 0, or if there are invalid rows.
func (c *Accumulator) FiniteMean() float64 {
	if c.FiniteN() == 0 || c.invalid > 0 {
		return math.NaN()
	}
	return quotient(c.finiteA(), c.finiteB())
}

// EffectiveN returns (Σb)²/Σb² over all rows, rounded once: the number of rows
// of equal weight that would know as much. It is N if all b are equal, and NaN
// if there are no rows or all b are 0.
func (c *Accumulator) EffectiveN() float64 {
	w := c.outsideTotals()
	w.b.Merge(c.finiteB())
	w.bb.AddTimes(1, uint64(c.unit))
	if c.general != nil {
		w.bb.Merge(&c.general.BB)
	}
	return effective(&w.b, &w.bb)
}
