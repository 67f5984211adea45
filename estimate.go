package surprisal

import (
	"math"
	"math/big"

	"surprisal/internal/exact"
)

// Estimate is a mean with its error and interval. What it is a mean of, and in
// which unit, its maker says; the Estimate of an Accumulator of surprisals is
// in nats per unit of weight.
type Estimate struct {
	// Value is the mean: NaN without data, infinite with infinite rows.
	Value float64

	// SE is the standard error of Value, and Lo to Hi the interval that covers
	// the mean of the source of the data with probability Confidence, as far as
	// the rows are independent draws. All three are NaN if there is no
	// interval, and then Why says the reason.
	SE, Lo, Hi float64

	// Confidence is what was asked for, between 0 and 1.
	Confidence float64

	// N is the number of rows, or of clusters.
	N int64

	// Why is the reason that there is no interval, and empty if there is one.
	Why string
}

// The reasons for having no interval.
const (
	WhyNoData      = "no data"
	WhyOneRow      = "one row"
	WhyInfinite    = "infinite rows"
	WhyInvalid     = "a surprisal is not a number"
	WhyZeroWeights = "the weights sum to zero"
)

// HasInterval reports whether SE, Lo and Hi are there.
func (e Estimate) HasInterval() bool { return e.Why == "" }

// Estimate returns Mean with its standard error and the interval of the given
// confidence, which must lie between 0 and 1, exclusively, or Estimate panics.
//
// With m rows and R = Σa/Σb, SE = √(m/(m-1)·Σ(a-R·b)²)/|Σb|, formed exactly
// from the sums and rounded once, and the interval is R ± t·SE with the
// quantile t of Student's distribution with m-1 degrees of freedom. For equal
// b it is the textbook's standard error of a mean; in general it is that of a
// ratio estimator: regressing a/b on a constant with weights b, it is White's
// heteroskedasticity-consistent error in the form HC1, and over clusters the
// cluster-robust error with the usual factor m/(m-1). It is never negative,
// and exactly 0 for constant rows with equal b.
//
// There is no interval without data, for one row, with infinite or invalid
// rows, and if Σb is 0. Rows are taken to be independent of each other: use
// Cluster where they are not.
func (c *Accumulator) Estimate(confidence float64) Estimate {
	if !(confidence > 0 && confidence < 1) {
		panic("surprisal: confidence is not between 0 and 1")
	}
	nan := math.NaN()
	e := Estimate{Value: c.Mean(), SE: nan, Lo: nan, Hi: nan, Confidence: confidence, N: c.n}
	switch {
	case c.n == 0:
		e.Why = WhyNoData
	case c.invalid > 0:
		e.Why = WhyInvalid
	case math.IsNaN(e.Value):
		e.Why = WhyZeroWeights
	case c.infinite > 0:
		e.Why = WhyInfinite
	case c.n == 1:
		e.Why = WhyOneRow
	default:
		e.SE = c.standardError()
		half := studentT(float64(c.n-1), confidence) * e.SE
		if e.SE == 0 {
			half = 0
		}
		e.Lo, e.Hi = e.Value-half, e.Value+half
	}
	return e
}

// scaled is the number z·2^exp.
type scaled struct {
	z   *big.Int
	exp int
}

func exactly(s *exact.Sum) scaled {
	z, exp := s.Int()
	return scaled{z, exp}
}

func (x scaled) times(y scaled) scaled {
	return scaled{new(big.Int).Mul(x.z, y.z), x.exp + y.exp}
}

// plus returns x + f·y.
func (x scaled) plus(f int64, y scaled) scaled {
	exp := min(x.exp, y.exp)
	z := new(big.Int).Mul(y.z, big.NewInt(f))
	z.Lsh(z, uint(y.exp-exp))
	if x.exp != exp {
		return scaled{z.Add(z, new(big.Int).Lsh(x.z, uint(x.exp-exp))), exp}
	}
	return scaled{z.Add(z, x.z), exp}
}

// standardError returns √(m/(m-1)·Σ(a-R·b)²)/|Σb| of m = c.n ≥ 2 finite rows
// with Σb ≠ 0.
func (c *Accumulator) standardError() float64 {
	m := scaled{big.NewInt(c.n), 0}
	if c.general == nil {
		// b = 1: the square is (m·Σa² - (Σa)²)/(m²·(m-1)).
		a, aa := exactly(&c.sum), exactly(&c.squares)
		v := m.times(aa).plus(-1, a.times(a))
		d := new(big.Int).Mul(m.z, m.z)
		d.Mul(d, big.NewInt(c.n-1))
		return sqrtQuotient(v, scaled{d, 0})
	}
	// Σ(a-R·b)² = (Σa²·B² - 2AB·Σab + A²·Σb²)/B² with A = Σa, B = Σb.
	t := c.totals()
	a, b, aa, ab, bb := exactly(&t.A), exactly(&t.B), exactly(&t.AA), exactly(&t.AB), exactly(&t.BB)
	b2 := b.times(b)
	v := aa.times(b2).plus(1, a.times(a).times(bb)).plus(-2, a.times(b).times(ab))
	d := b2.times(b2)
	d.z.Mul(d.z, big.NewInt(c.n-1))
	return sqrtQuotient(m.times(v), d)
}

// quotient returns a/b rounded to the nearest float64, and NaN for b = 0. Both
// must be finite.
func quotient(a, b *exact.Sum) float64 { return divide(exactly(a), exactly(b)) }

// effective returns b²/bb rounded, and NaN for bb = 0.
func effective(b, bb *exact.Sum) float64 {
	x := exactly(b)
	return divide(x.times(x), exactly(bb))
}

// divide returns x/y rounded to the nearest float64, ties to even, and NaN for
// y = 0.
func divide(x, y scaled) float64 {
	if y.z.Sign() == 0 {
		return math.NaN()
	}
	if x.z.Sign() == 0 {
		return 0
	}
	q, exp := divideBits(x, y, 65)
	v := toFloat(q, exp)
	if x.z.Sign() != y.z.Sign() {
		v = -v
	}
	return v
}

// divideBits returns |x/y| as q·2^exp with at least n bits in q, all of them
// right but the last, which is 1 if bits were cut off: enough for one correct
// rounding to fewer than n-1 bits.
func divideBits(x, y scaled, n int) (q *big.Int, exp int) {
	num, den := new(big.Int).Abs(x.z), new(big.Int).Abs(y.z)
	exp = x.exp - y.exp
	if s := n - (num.BitLen() - den.BitLen()); s > 0 {
		num.Lsh(num, uint(s))
		exp -= s
	} else {
		den.Lsh(den, uint(-s))
		exp -= s
	}
	r := new(big.Int)
	q, r = num.QuoRem(num, den, r)
	return withSticky(q, r.Sign() != 0), exp - 1
}

// withSticky returns 2q, plus 1 if there is more.
func withSticky(q *big.Int, more bool) *big.Int {
	q.Lsh(q, 1)
	if more {
		q.SetBit(q, 0, 1)
	}
	return q
}

// sqrtQuotient returns √(x/y) rounded to the nearest float64, ties to even, for
// x ≥ 0 and y > 0.
func sqrtQuotient(x, y scaled) float64 {
	if x.z.Sign() == 0 {
		return 0
	}
	q, exp := divideBits(x, y, 132)
	if exp&1 != 0 {
		q.Lsh(q, 1)
		exp--
	}
	root := new(big.Int).Sqrt(q)
	more := new(big.Int).Mul(root, root).Cmp(q) != 0
	return toFloat(withSticky(root, more), exp/2-1)
}

// toFloat returns q·2^exp rounded to the nearest float64, ties to even.
func toFloat(q *big.Int, exp int) float64 {
	f := new(big.Float).SetInt(q)
	f.SetMantExp(f, exp)
	v, _ := f.Float64()
	return v
}
