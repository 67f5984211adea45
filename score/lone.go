package score

import (
	"math"
	"slices"

	"surprisal/loss"
	"surprisal/predict"
)

// lone reports whether rows are nothing but the surprisal of what happened, or its
// negative, a log-probability: each counts once, and belongs to no class, slice or
// cluster.
func (f *fold) lone() bool {
	return (f.layout.Form == predict.LogHappened || f.layout.Form == predict.Surprisals) &&
		f.layout.Classes == nil && f.match == nil && f.shares == nil && f.clusters == nil && f.slices == nil &&
		f.bind.Weight < 0 && f.bind.Freq < 0 && f.bind.Tokens < 0 && f.bind.Words < 0 && f.bind.Bytes < 0
}

// addLone folds a batch of such rows: all at once if nothing is odd about them, and
// otherwise the general way, which gives the same bits.
func addLone[T loss.Float](f *fold, b *predict.Batch, values []T) error {
	q := &f.quick
	q.nats = slices.Grow(q.nats[:0], b.Rows)[:b.Rows]
	factor := f.toNats
	if f.layout.Form == predict.LogHappened {
		factor = -factor
	}
	odd := len(b.Missing) > 0
	for i, v := range values[:b.Rows] {
		nats := 0 + float64(float64(v)*factor) // no -0
		odd = odd || !(nats >= 0 && nats <= math.MaxFloat64)
		q.nats[i] = nats
	}
	if odd {
		return addRows(f, b, values)
	}
	f.read += int64(b.Rows)
	f.bookQuick(b, nil, nil, q.nats)
	f.classes[0].AddSlice(q.nats)
	q.nats = q.nats[:0]
	return nil
}
