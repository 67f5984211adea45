package surprisal

import (
	"math"

	"surprisal/internal/exact"
)

// Cluster holds the exact sums of a and b over the rows of one cluster: rows
// that may depend on each other, such as the sentences of one document. When
// all its rows are in, AddCluster makes it one row of an Accumulator, whose
// error then counts clusters instead of rows.
//
// The zero value is a cluster without rows, ready to use. It is small, 48 bytes
// as a rule, because there may be millions of them. A Cluster must not be copied
// once it has been used.
type Cluster struct {
	_ noCopy

	n    int64
	a, b twoFloats
	wide *wideCluster // holds the sums if two numbers do not
}

// wideCluster are sums of any size.
type wideCluster struct{ a, b exact.Sum }

// twoFloats is an exact sum as that of two numbers, the first of which is the sum
// rounded. Most sums of some hundred rows are such: together the two have more than
// 106 bits.
type twoFloats struct{ hi, lo float64 }

// twoSum is a + b and what is lost by rounding it (Knuth): the two results are
// exactly the sum, unless it overflows.
func twoSum(a, b float64) (sum, rest float64) {
	sum = a + b
	c := sum - a
	return sum, (a - (sum - c)) + (b - c)
}

// add adds x if the sum then is one of two numbers, and otherwise leaves t alone.
func (t *twoFloats) add(x float64) bool {
	hi, rest := twoSum(t.hi, x)
	if rest == 0 && t.lo == 0 && isFinite(hi) {
		t.hi = hi
		return true
	}
	lo, rest := twoSum(t.lo, rest)
	if rest != 0 { // NaN too, which follows on infinite and NaN
		return false
	}
	if hi, lo = twoSum(hi, lo); !isFinite(hi) {
		return false
	}
	t.hi, t.lo = hi, lo
	return true
}

// twoProduct is x·y as the exact sum of two numbers, if it is one for sure.
func twoProduct(x, y float64) (product, rest float64, ok bool) {
	product = x * y
	size := math.Abs(product)
	if size == 0 {
		return 0, 0, (x == 0 || y == 0) && isFinite(x) && isFinite(y)
	}
	return product, math.FMA(x, y, -product), size >= 0x1p-900 && size <= 0x1p1000
}

// widen puts the sums where there is room for any.
func (k *Cluster) widen() *wideCluster {
	if k.wide == nil {
		w := new(wideCluster)
		w.a.Add(k.a.hi)
		w.a.Add(k.a.lo)
		w.b.Add(k.b.hi)
		w.b.Add(k.b.lo)
		k.wide = w
		k.a, k.b = twoFloats{}, twoFloats{}
	}
	return k.wide
}

func (k *Cluster) addA(x float64) {
	if k.wide != nil || !k.a.add(x) {
		k.widen().a.Add(x)
	}
}

func (k *Cluster) addB(x float64) {
	if k.wide != nil || !k.b.add(x) {
		k.widen().b.Add(x)
	}
}

// Add adds a row a = num, b = den. A den that is NaN or infinite panics.
func (k *Cluster) Add(num, den float64) { k.AddRepeated(num, den, 1) }

// AddWeighted adds a row of one surprisal with a weight, as the AddWeighted of
// an Accumulator does: a = weight·nats, rounded to float64, and b = weight. A
// row of weight 0 is no row. A weight that is negative, NaN or infinite panics.
func (k *Cluster) AddWeighted(nats, weight float64) {
	checkWeight(weight)
	if weight != 0 {
		k.AddRepeated(float64(weight*nats), weight, 1)
	}
}

// AddRepeated leaves the same state as n calls of Add. n = 0 adds nothing, a
// negative n panics.
func (k *Cluster) AddRepeated(num, den float64, n int64) {
	switch {
	case n < 0:
		panic("surprisal: negative number of repeats")
	case !isFinite(den):
		panic("surprisal: denominator is not finite")
	case n == 0:
		return
	}
	k.count(n)
	if n == 1 {
		k.addA(num)
		k.addB(den)
		return
	}
	if times := float64(n); n < 1<<53 && k.wide == nil {
		a, restA, okA := twoProduct(num, times)
		b, restB, okB := twoProduct(den, times)
		if okA && okB {
			k.addA(a)
			k.addA(restA)
			k.addB(b)
			k.addB(restB)
			return
		}
	}
	w := k.widen()
	w.a.AddTimes(num, uint64(n))
	w.b.AddTimes(den, uint64(n))
}

func (k *Cluster) count(n int64) {
	if n > math.MaxInt64-k.n {
		panic("surprisal: more rows than an int64 can count")
	}
	k.n += n
}

// N returns the number of rows of the cluster.
func (k *Cluster) N() int64 { return k.n }

// Merge adds the rows of o, which it leaves alone. It is exactly commutative
// and associative.
func (k *Cluster) Merge(o *Cluster) { k.MergeScaled(o, 1) }

// MergeScaled adds the rows of o as if each of them had had the b it has times
// denScale, not rounded; see the MergeScaled of an Accumulator.
func (k *Cluster) MergeScaled(o *Cluster, denScale float64) {
	if !isFinite(denScale) {
		panic("surprisal: scale is not finite")
	}
	k.count(o.n)
	if o.wide != nil {
		w := k.widen()
		w.a.Merge(&o.wide.a)
		w.b.MergeScaled(&o.wide.b, denScale)
		return
	}
	a, b := o.a, o.b // k may be o
	k.addA(a.hi)
	k.addA(a.lo)
	if denScale == 1 {
		k.addB(b.hi)
		k.addB(b.lo)
		return
	}
	x, restX, okX := twoProduct(b.hi, denScale)
	y, restY, okY := twoProduct(b.lo, denScale)
	if okX && okY {
		k.addB(x)
		k.addB(restX)
		k.addB(y)
		k.addB(restY)
		return
	}
	w := k.widen()
	w.b.AddProduct(b.hi, denScale)
	w.b.AddProduct(b.lo, denScale)
}

// AddCluster adds a row whose a and b are the sums of the cluster k, each
// rounded once to float64. A cluster without rows is no row. Add a cluster only
// when all its rows are in: two halves of it are two rows.
func (c *Accumulator) AddCluster(k *Cluster) {
	switch {
	case k.n == 0:
	case k.wide != nil:
		c.AddRatio(k.wide.a.Value(), k.wide.b.Value())
	default:
		c.AddRatio(k.a.hi, k.b.hi)
	}
}
