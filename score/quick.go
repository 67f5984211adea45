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
	class := int(f.found[i])
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
	prob := q.prob
	if len(prob) == 0 {
		prob = nil // these rows brought their surprisals
	} else {
		q.nats = append(q.nats[:0], prob...)
		loss.Probs(q.nats, prob)
	}
	f.bookQuick(b, q.row, prob, q.nats)
	f.plain.class = append(f.plain.class, q.class...)
	f.plain.nats = append(f.plain.nats, q.nats...)
	f.plain.brier = append(f.plain.brier, q.brier...)
	q.row, q.class, q.prob, q.nats, q.brier = q.row[:0], q.class[:0], q.prob[:0], q.nats[:0], q.brier[:0]
}

// bookQuick books what is special about some rows of a batch, and floors them.
// Without row it is all rows, and without prob the probabilities are those of the
// surprisals.
func (f *fold) bookQuick(b *predict.Batch, row []int32, prob, nats []float64) {
	mark := f.ordinary()
	for j, s := range nats {
		if !(s < mark) {
			i := j
			if row != nil {
				i = int(row[j])
			}
			r := softRow{rowScore: rowScore{nats: s}}
			if prob != nil {
				r.prob = prob[j]
			} else {
				r.prob = math.Exp(-s)
			}
			nats[j] = f.notable(b, i, &r, rowWeight{1, 1})
			mark = f.ordinary()
		}
	}
}

// ordinary is a surprisal below which nothing is special about a row.
func (f *fold) ordinary() float64 {
	mark := min(f.curve.caps[0], f.cap)
	switch w := &f.worst; {
	case w.keep <= 0:
	case len(w.rows) < w.keep:
		return math.Inf(-1)
	default:
		mark = min(mark, w.rows[len(w.rows)-1].Nats)
	}
	return mark
}
