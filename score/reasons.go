package score

import "surprisal/predict"

// reason says why a row could not be scored; 0 is a sound row.
type reason uint8

const (
	sound reason = iota
	emptyCell
	naCell
	nanCell
	censored
	negative
	aboveOne
	logAboveZero
	infinite
	noFinite
	zeroSum
	noKey
	unmatched
	noLabel
	badShares
	badWeight
	badFreq
	badCount
	reasonCount
)

// reasons names each reason in the output, and what would have been sound.
var reasons = [reasonCount]struct{ name, expected string }{
	emptyCell:    {"empty", "a number"},
	naCell:       {"NA", "a number"},
	nanCell:      {"NaN", "a number"},
	censored:     {"censored", "a log-probability, not a bound such as -9999"},
	negative:     {"negative", "a probability in [0, 1]"},
	aboveOne:     {"above 1", "a probability in [0, 1]"},
	logAboveZero: {"log-probability above 0", "a logarithm of a probability, at most 0"},
	infinite:     {"infinite", "a finite number"},
	noFinite:     {"no finite value", "at least one class that is possible"},
	zeroSum:      {"sums to 0", "probabilities that can be rescaled to sum to 1"},
	noKey:        {"no key", "a key by which to find the label"},
	unmatched:    {"key not among the labels", "a key that the labels have"},
	noLabel:      {"no label", "a label"},
	badShares:    {"label shares do not sum to 1", "shares in [0, 1] that sum to 1"},
	badWeight:    {"weight negative or not a finite number", "a weight of 0 or more"},
	badFreq:      {"freq not a whole number", "a whole number of repeats, 0 or more"},
	badCount:     {"count negative or not a finite number", "a number of tokens, words or bytes, 0 or more"},
}

func reasonOf(w predict.Why) reason {
	switch w {
	case predict.Empty:
		return emptyCell
	case predict.NA:
		return naCell
	case predict.Censored:
		return censored
	case predict.NoKey:
		return noKey
	case predict.Unmatched:
		return unmatched
	}
	return nanCell
}
