package score

import (
	"math"

	"surprisal/loss"
	"surprisal/predict"
)

// quickRows are sound rows of class probabilities, log-probabilities or logits that
// count once and belong to no slice or cluster. Nearly all rows are such, so they
// get a path of their own: one pass over the values, and the logarithms of a whole
// batch together. Any other row, and any row with something odd about it, goes the
// general way, which gives the same bits.
type quickRows struct {
	row, class        []int32
	prob, nats, brier []float64
}

// quickly reports whether this data set has such rows.
func (f *fold) quickly() bool {
	switch f.layout.Form {
	case predict.Probabilities, predict.LogProbabilities, predict.Logits:
	default:
		return false
	}
	return f.shares == nil && f.match != nil &&
		f.options.Normalize != Rescale && f.clusters == nil && f.slices == nil &&
		f.bind.Weight < 0 && f.bind.Freq < 0 && f.bind.Tokens < 0 && f.bind.Words < 0 && f.bind.Bytes < 0
}

// quickRow scores row i if nothing is odd about it.
func quickRow[T loss.Float](f *fold, b *predict.Batch, i int, row []T) bool {
	class := f.found[i]
	if class < 0 {
		return false
	}
	q := &f.quick
	var r rowScore
	if f.layout.Form == predict.Logits {
		j := &f.judged
		r.nats, r.brier = j.Nats[i], j.Brier[i]
		if r.nats != r.nats {
			return false
		}
		r.hit = hitOf(row, class, j.Others[i])
	} else {
		var sum float64
		if f.layout.Form == predict.Probabilities {
			r, sum = probabilities(row, class, false)
		} else {
			r, sum = logarithms(row, class, f.toNats, false)
		}
		defect := math.Abs(sum - 1)
		if r.why != sound || !(defect <= leastTolerance) || r.hit != 0 && r.hit != 1 {
			return false
		}
		if defect >= f.defects.largest {
			f.defects.add(sum, f.ref(b, i))
		}
	}
	if r.hit != 0 && r.hit != 1 {
		return false
	}
	q.row = append(q.row, int32(i))
	q.class = append(q.class, int32(class))
	if f.layout.Form == predict.Probabilities {
		q.prob = append(q.prob, r.prob)
	} else {
		q.nats = append(q.nats, r.nats)
	}
	q.brier = append(q.brier, r.brier)
	f.plain.hits[int(r.hit)]++
	return true
}

// finishQuick turns the batch's quick rows into plain ones.
func (f *fold) finishQuick(b *predict.Batch) {
	q := &f.quick
	if len(q.row) == 0 {
		return
	}
	if len(q.prob) > 0 {
		q.nats = append(q.nats[:0], q.prob...)
		loss.Probs(q.nats, q.prob)
	}
	mark := min(f.curve.caps[0], f.cap)
	for j, nats := range q.nats {
		if nats > mark || f.worst.beats(nats) {
			r := softRow{rowScore: rowScore{nats: nats}}
			if len(q.prob) > 0 {
				r.prob = q.prob[j]
			} else {
				r.prob = math.Exp(-nats)
			}
			q.nats[j] = f.notable(b, int(q.row[j]), &r, rowWeight{1, 1})
		}
	}
	f.plain.class = append(f.plain.class, q.class...)
	f.plain.nats = append(f.plain.nats, q.nats...)
	f.plain.brier = append(f.plain.brier, q.brier...)
	q.row, q.class, q.prob, q.nats, q.brier = q.row[:0], q.class[:0], q.prob[:0], q.nats[:0], q.brier[:0]
}
