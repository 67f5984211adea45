package report

// FieldDoc is one field of a verb's JSON object and what it holds.
type FieldDoc struct{ Name, Description string }

// ScoreFields lists the fields of `surprisal score --json`, in their order. A
// field that does not apply to the data is absent.
func ScoreFields() []FieldDoc {
	return []FieldDoc{
		{"schema", `"surprisal.score/1"`},
		{"unit", "nat, bit or dit: the unit of every figure that has one"},
		{"confidence", "of every interval lo to hi"},
		{"inputs", "path, format and rows of each file"},
		{"read_as", "how the files were read, in one line"},
		{"self_scored", "true where the log-probabilities are of text that the model made itself: no loss on data"},
		{"lower_bound", "true where rows are censored, so that the total is a lower bound"},
		{"row_is", "token or document, where that is what a row is"},
		{"n", "rows scored, repeats (--freq) counted"},
		{"weight", "sum of the weights; n where there are none"},
		{"effective_n", "(sum of w)² / sum of w², with --weight"},
		{"clusters", "number of clusters, with --cluster"},
		{"floor", "the smallest probability of what happened, with --floor"},
		{"normalize", "rescale or asis, with --normalize"},
		{"cross_entropy", "mean surprisal per row: value, se, lo, hi"},
		{"nll", "total surprisal"},
		{"perplexity", "exp of the mean in nats, the same in every unit, per row: value, lo, hi"},
		{"per", "of token, word or byte: total, cross_entropy, perplexity; for bytes also bits"},
		{"documents", "where rows are parts of documents (by says the column): n, nll per document; with --per-document also mean_perplexities, the means of the documents' own perplexities"},
		{"base_rate_entropy", "what knowing only the class shares of these rows costs"},
		{"skill", "1 - cross entropy / base rate: value, se, lo, hi"},
		{"accuracy", "share of rows whose most probable class happened; a t-way tie counts 1/t"},
		{"brier", "Brier score: value, se, lo, hi"},
		{"brier_kind", "which Brier score that is"},
		{"soft", "soft labels: label_entropy, kl, explained"},
		{"rows", "read, scored, infinite, zero_weight, floored, and invalid by reason"},
		{"join", "with --join: key, labels, those matched, and what found no other half or several, each with count and first keys"},
		{"finite_cross_entropy", "mean over the rows with a finite surprisal"},
		{"floor_curve", "the cross entropy had every probability of what happened been at least floor"},
		{"sum_defect", "largest distance of a row's probabilities from summing to 1, where, and the tolerance"},
		{"classes", "class, n, weight, cross_entropy, share of the total"},
		{"slices", "key, n, cross_entropy, share of the total; those that cost most first"},
		{"worst", "row, input, id, label, probability, surprisal; those that cost most first"},
		{"notes", "how the output of a known system was read, and what of it was left out"},
		{"warnings", "sentences, each with a hint where there is one"},
	}
}
