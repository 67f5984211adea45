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
// The zero value is a cluster without rows, ready to use. It is small, some
// 200 bytes with its sums, because there may be a million of them. A Cluster
// must not be copied once it has been used.
type Cluster struct {
	_ noCopy

	n    int64
	a, b exact.Sum
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
	}
	k.count(n)
	if n == 1 {
		k.a.Add(num)
		k.b.Add(den)
		return
	}
	k.a.AddTimes(num, uint64(n))
	k.b.AddTimes(den, uint64(n))
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
func (k *Cluster) Merge(o *Cluster) {
	k.count(o.n)
	k.a.Merge(&o.a)
	k.b.Merge(&o.b)
}

// MergeScaled adds the rows of o as if each of them had had the b it has times
// denScale, not rounded; see the MergeScaled of an Accumulator.
func (k *Cluster) MergeScaled(o *Cluster, denScale float64) {
	if !isFinite(denScale) {
		panic("surprisal: scale is not finite")
	}
	k.count(o.n)
	k.a.Merge(&o.a)
	k.b.MergeScaled(&o.b, denScale)
}

// AddCluster adds a row whose a and b are the sums of the cluster k, each
// rounded once to float64. A cluster without rows is no row. Add a cluster only
// when all its rows are in: two halves of it are two rows.
func (c *Accumulator) AddCluster(k *Cluster) {
	if k.n > 0 {
		c.AddRatio(k.a.Value(), k.b.Value())
	}
}
