package score

import (
	"math"

	"surprisal/loss"
)

// rowScore is what one row of predictions comes to.
type rowScore struct {
	why   reason
	nats  float64 // the surprisal of what happened, before any floor
	hit   float64 // 1 if the label has the largest value; 1/t in a t-way tie; else 0
	brier float64
	// prob is the probability of what happened.
	prob float64
}

// slack is how far above 1 a probability may lie by rounding; it scores as 1.
const slack = 1e-5

// tally sums up the values of the classes that did not happen.
type tally struct {
	sum, squares, most float64
	negative           bool
}

// others adds a run of values to the tally.
func others[T loss.Float](x []T, t *tally) {
	sum, squares, most, bad := loss.Tally(x)
	t.sum += sum
	t.squares += squares
	t.most = max(t.most, most)
	t.negative = t.negative || bad && sum == sum
}

// fewOthers is others for short rows, all values but that of class y. Signs are
// gathered and the maximum found among the bits, as integers: probabilities are in
// the same order as their bits, and integers need no branch. Negative values,
// whose bits are not, make the row invalid; NaN shows in the sum.
func fewOthers[T loss.Float](row []T, y int, t *tally) {
	var sum, squares float64
	var signs uint64
	most := int64(0)
	for k, v := range row {
		if k == y {
			continue
		}
		a := float64(v)
		sum += a
		squares += float64(a * a)
		bits := int64(math.Float64bits(a))
		most = max(most, bits)
		signs |= uint64(bits)
	}
	if signs>>63 != 0 {
		for k, v := range row {
			t.negative = t.negative || k != y && v < 0
		}
	}
	t.sum, t.squares, t.most = sum, squares, math.Float64frombits(uint64(most))
}

// ties counts the values equal to most.
func ties[T loss.Float](x []T, most float64) (n int) {
	for _, v := range x {
		if float64(v) == most {
			n++
		}
	}
	return n
}

// anyNaN reports whether one of x is NaN.
func anyNaN[T loss.Float](x []T) bool {
	if sum, _, _, _ := loss.Tally(x); sum == sum {
		return false
	}
	for _, v := range x { // or there are infinities of both signs
		if v != v {
			return true
		}
	}
	return false
}

// hitOf is the accuracy of a row: 1/t if the label is among t values at the maximum.
func hitOf[T loss.Float](row []T, label int, mostOther float64) float64 {
	switch at := float64(row[label]); {
	case at > mostOther:
		return 1
	case at == mostOther:
		return 1 / float64(ties(row, mostOther))
	}
	return 0
}

// probabilities scores a row of probabilities whose label is class y, but for its
// surprisal, which is −log of r.prob. It also gives the row's sum. With rescale
// the row is divided by its sum.
func probabilities[T loss.Float](row []T, y int, rescale bool) (r rowScore, sum float64) {
	var t tally
	if len(row) <= 16 {
		fewOthers(row, y, &t)
	} else {
		others(row[:y], &t)
		others(row[y+1:], &t)
	}
	p := float64(row[y])
	sum = t.sum + p
	switch {
	case sum != sum:
		return rowScore{why: nanCell}, sum
	case t.negative || p < 0:
		return rowScore{why: negative}, sum
	case !rescale && (t.most > 1+slack || p > 1+slack):
		return rowScore{why: aboveOne}, sum
	}
	r.hit = hitOf(row, y, t.most)
	if rescale {
		if sum == 0 {
			return rowScore{why: zeroSum}, sum
		}
		if math.IsInf(sum, 1) {
			return rowScore{why: infinite}, sum
		}
		if sum != 1 {
			p /= sum
			t.squares = t.squares / sum / sum
		}
	}
	r.prob = min(p, 1)
	if len(row) == 2 {
		// Two classes: the mean of (p − y)² for the second class.
		q := float64(row[1])
		if rescale && sum != 1 {
			q /= sum
		}
		d := q - float64(y)
		r.brier = d * d
	} else {
		r.brier = t.squares + float64((1-p)*(1-p))
	}
	return r, sum
}

// logarithms scores a row of log-probabilities whose label is class y, and gives
// the sum of the probabilities; toNats makes nats of them. With rescale the row is
// shifted so that they sum to 1.
func logarithms[T loss.Float](row []T, y int, toNats float64, rescale bool) (r rowScore, sum float64) {
	before, _, mostOther, _ := loss.Tally(row[:y])
	after, _, most, _ := loss.Tally(row[y+1:])
	mostOther = max(mostOther, most)
	at := float64(row[y]) * toNats
	most = max(at, mostOther*toNats)
	// A NaN makes the sum NaN, and so does +Inf beside −Inf.
	if all := before + after; all != all || at != at || math.IsInf(most, 1) || !rescale && most > slack {
		if why := noLogarithms(row, toNats, rescale); why != sound {
			return rowScore{why: why}, math.NaN()
		}
	}
	shift := 0.0
	if rescale {
		if shift = logSum(row, toNats, most); math.IsInf(shift, -1) {
			return rowScore{why: zeroSum}, 0
		}
	}
	p, rest, sum, squares := loss.TallyLogs(row, y, toNats, shift)
	switch {
	case len(row) > 2:
		r.brier = float64(rest*rest) + squares
	case len(row) == 2 && y == 0: // (p − y)² is of the second
		r.brier = sum * sum
	default:
		r.brier = rest * rest
	}
	sum += p
	if rescale {
		sum = math.Exp(shift) // as stored
	}
	r.hit = hitOf(row, y, mostOther)
	r.nats = max(0, shift-at)
	r.prob = math.Exp(-r.nats)
	return r, sum
}

// noLogarithms says what is wrong with a row of log-probabilities.
func noLogarithms[T loss.Float](row []T, toNats float64, rescale bool) reason {
	for _, v := range row {
		l := float64(v) * toNats
		switch {
		case l != l:
			return nanCell
		case !rescale && l > slack || math.IsInf(l, 1):
			return logAboveZero
		}
	}
	return sound
}

// logSum is log Σ exp(xₖ·toNats), of which most is the largest: −Inf if all are.
func logSum[T loss.Float](row []T, toNats, most float64) float64 {
	if math.IsInf(most, -1) {
		return most
	}
	p, _, sum, _ := loss.TallyLogs(row, 0, toNats, most)
	return most - loss.Prob(p+sum)
}

// logits scores a row of logits whose label is class y, of which that much is
// known.
func logits[T loss.Float](row []T, y int, nats, brier, mostOther float64) rowScore {
	if nats != nats {
		return rowScore{why: noSoftmax(row)}
	}
	return rowScore{nats: nats, brier: brier, hit: hitOf(row, y, mostOther), prob: math.Exp(-nats)}
}

// noSoftmax says why a row of logits has no softmax.
func noSoftmax[T loss.Float](row []T) reason {
	why := noFinite
	for _, v := range row {
		switch x := float64(v); {
		case x != x:
			return nanCell
		case math.IsInf(x, 1):
			why = infinite
		}
	}
	return why
}

// binary scores the probability p of the positive class.
func binary(p float64, positive bool) rowScore {
	switch {
	case p != p:
		return rowScore{why: nanCell}
	case p < 0:
		return rowScore{why: negative}
	case p > 1+slack:
		return rowScore{why: aboveOne}
	}
	p = min(p, 1)
	return rowScore{
		nats:  loss.Binary(p, positive),
		hit:   binaryHit(p-0.5, positive),
		brier: squareOff(p, positive),
		prob:  ifPositive(p, positive),
	}
}

// binaryLogit scores the log-odds z of the positive class, of which, as logits 0
// and z, that much is known. ±Inf is certainty.
func binaryLogit(z float64, positive bool, nats, brier float64) rowScore {
	if z != z {
		return rowScore{why: nanCell}
	}
	hit := binaryHit(z, positive)
	if math.IsInf(z, 0) {
		if hit == 1 {
			nats, brier = 0, 0
		} else {
			nats, brier = math.Inf(1), 1
		}
	}
	return rowScore{nats: nats, brier: brier, hit: hit, prob: math.Exp(-nats)}
}

// binaryHit is the accuracy given by how much the positive class leads.
func binaryHit(lead float64, positive bool) float64 {
	switch {
	case lead == 0:
		return 0.5
	case (lead > 0) == positive:
		return 1
	}
	return 0
}

func squareOff(p float64, positive bool) float64 {
	if positive {
		p = 1 - p
	}
	return p * p
}

func ifPositive(p float64, positive bool) float64 {
	if positive {
		return p
	}
	return 1 - p
}
