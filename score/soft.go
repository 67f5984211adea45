package score

import (
	"math"
	"slices"

	"surprisal/loss"
	"surprisal/predict"
)

// softRow is what a row with label shares comes to: its cross entropy is
// labelEntropy + kl.
type softRow struct {
	rowScore
	labelEntropy, kl float64
	class            int // the class with share 1, or -1
}

// shareSlack is how far a row's label shares may be from summing to 1: shares are
// often written with two decimals.
const shareSlack = 0.02

// scoreShares scores probabilities p, with logs logP, against label shares y. tmp
// holds as many numbers.
func scoreShares(y, p, logP, tmp []float64) softRow {
	r := softRow{class: -1}
	var sum float64
	for k, share := range y {
		if !(share >= 0 && share <= 1+slack) {
			r.why = badShares
			return r
		}
		if share == 1 {
			r.class = k
		}
		sum += share
	}
	if math.Abs(sum-1) > shareSlack {
		r.why = badShares
		return r
	}
	if sum != 1 {
		r.class = -1
	}
	most := math.Inf(-1)
	for _, v := range p {
		most = max(most, v)
	}
	loss.Probs(tmp, y)
	var top, ties float64
	for k, share := range y {
		if p[k] == most {
			top += share
			ties++
		}
		d := p[k] - share
		r.brier += float64(d * d)
		if share == 0 {
			continue
		}
		log := 0 - tmp[k]
		r.nats -= float64(share * logP[k])
		r.labelEntropy -= float64(share * log)
		r.kl += float64(share * (log - logP[k]))
	}
	r.nats, r.labelEntropy = r.nats+0, r.labelEntropy+0
	r.hit = top / ties
	if len(y) == 2 {
		r.brier = (p[1] - y[1]) * (p[1] - y[1])
	}
	r.prob = math.Exp(-r.nats)
	return r
}

// flooredShares is the row's cross entropy with every probability that the labels
// give a share to raised to the floor whose −log is most.
func flooredShares(y, logP []float64, most float64) (nats float64) {
	for k, share := range y {
		if share != 0 {
			nats += float64(share * min(0-logP[k], most))
		}
	}
	return nats
}

// logsOf fills p and logP from a row of values of the given form, in nats; it
// gives the row's sum where the form has one.
func logsOf[T loss.Float](form predict.Form, toNats float64, row []T, rescale bool, p, logP []float64) (why reason, sum float64) {
	shift := 0.0
	switch form {
	case predict.Probabilities:
		for k, v := range row {
			x := float64(v)
			switch {
			case x != x:
				return nanCell, x
			case x < 0:
				return negative, x
			case !rescale && x > 1+slack:
				return aboveOne, x
			}
			p[k] = x
			sum += x
		}
		if rescale && sum == 0 {
			return zeroSum, sum
		}
		for k := range p {
			if rescale && sum != 1 {
				p[k] /= sum
			}
			p[k] = min(p[k], 1)
		}
		loss.Probs(logP, p)
		for k, nats := range logP {
			logP[k] = 0 - nats
		}
		return sound, sum
	case predict.LogProbabilities:
		for k, v := range row {
			logP[k] = float64(v) * toNats
			switch {
			case logP[k] != logP[k]:
				return nanCell, logP[k]
			case !rescale && logP[k] > slack || math.IsInf(logP[k], 1):
				return logAboveZero, logP[k]
			}
		}
		if rescale {
			if shift = logSum(logP, 1, slices.Max(logP)); math.IsInf(shift, -1) {
				return zeroSum, 0
			}
		}
	case predict.Logits:
		most := math.Inf(-1)
		for k, v := range row {
			logP[k] = float64(v)
			most = max(most, logP[k]) // NaN if one is
		}
		if most != most || math.IsInf(most, 0) {
			return noSoftmax(row), 1
		}
		shift = logSum(logP, 1, most)
	}
	for k := range logP {
		logP[k] = min(logP[k]-shift, 0)
	}
	loss.Exps(p, logP)
	for _, v := range p {
		sum += v
	}
	if rescale {
		sum = math.Exp(shift) // as stored
	}
	return sound, sum
}
