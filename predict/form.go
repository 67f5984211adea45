package predict

// Form is what the value columns of a file hold.
type Form uint8

const (
	// NoForm is the zero Form: nothing has been decided.
	NoForm Form = iota
	// Probabilities: one column per class, each in [0, 1], each row summing to 1.
	Probabilities
	// LogProbabilities: one column per class, each the logarithm of a probability.
	LogProbabilities
	// Logits: one column per class, any real numbers; softmax makes them probabilities.
	Logits
	// Positive: one column, the probability of the positive class.
	Positive
	// PositiveLogit: one column, the log-odds of the positive class.
	PositiveLogit
	// Happened: one column, the probability given to what happened.
	Happened
	// LogHappened: one column, the log-probability given to what happened.
	LogHappened
	// Surprisals: one column, minus the log-probability given to what happened.
	Surprisals
)

// forms is the one table of forms: how each is called, and the flag that declares it.
var forms = [...]struct{ name, flag string }{
	NoForm:           {"undecided", ""},
	Probabilities:    {"probabilities", "--probs"},
	LogProbabilities: {"log-probabilities", "--logprobs"},
	Logits:           {"logits", "--logits"},
	Positive:         {"probability of the positive class", "--prob"},
	PositiveLogit:    {"log-odds of the positive class", "--logits"},
	Happened:         {"probability of what happened", "--prob"},
	LogHappened:      {"log-probability of what happened", "--logprob"},
	Surprisals:       {"surprisal of what happened", "--nll"},
}

// String names the form as the output does.
func (f Form) String() string { return forms[f].name }

// Flag is the command-line flag that declares the form.
func (f Form) Flag() string { return forms[f].flag }

// PerClass reports whether the form has one value column per class.
func (f Form) PerClass() bool {
	return f == Probabilities || f == LogProbabilities || f == Logits
}

// Binary reports whether the form is one column about the positive class.
func (f Form) Binary() bool { return f == Positive || f == PositiveLogit }

// OfWhatHappened reports whether the form gives the outcome's own number, so
// that no label is needed to score it.
func (f Form) OfWhatHappened() bool {
	return f == Happened || f == LogHappened || f == Surprisals
}

// Logarithmic reports whether the values are logarithms to the layout's base.
func (f Form) Logarithmic() bool {
	return f == LogProbabilities || f == LogHappened || f == Surprisals
}
