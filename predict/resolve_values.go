package predict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// promise is what columns' names say about their values.
type promise uint8

const (
	nothing promise = iota
	aProbability
	aLogit
	aLogProb
)

// prefixes are the known beginnings of the names of value columns; where one
// begins with another, the longer comes first.
var prefixes = []struct {
	text    string
	promise promise
}{
	{"probability_", aProbability}, {"probs_", aProbability}, {"proba_", aProbability}, {"prob_", aProbability},
	{"p_", aProbability}, {"p.", aProbability}, {".pred_", aProbability}, {"pred_", nothing}, {"yhat_", nothing},
	{"logits_", aLogit}, {"logit_", aLogit},
	{"log_prob_", aLogProb}, {"logprobs_", aLogProb}, {"logprob_", aLogProb}, {"logp_", aLogProb},
	{"score_", nothing},
}

// arrays are what arrays of predictions are called, of which each element is a
// column: logits.0, probs.cat, and output.logits.0 where the array is nested.
var arrays = map[string]promise{
	"logits": aLogit, "logit": aLogit,
	"probs": aProbability, "prob": aProbability, "probabilities": aProbability, "probability": aProbability,
	"proba": aProbability, "y_prob": aProbability, "y_proba": aProbability, "predict_proba": aProbability,
	"logprobs": aLogProb, "log_probs": aLogProb, "log_softmax": aLogProb,
	"predictions": nothing, "prediction": nothing, "preds": nothing, "y_pred": nothing, "y_score": nothing, "scores": nothing, "outputs": nothing,
}

// arrayOf is the array that a column is an element of, with its dot, and what its
// name says about the values. BigQuery's predicted_LABEL_probs is one, too.
func arrayOf(name string) (array string, p promise, ok bool) {
	from := 0
	for dot, c := range name {
		if c != '.' {
			continue
		}
		base := strings.ToLower(name[from:dot])
		p, ok := arrays[base]
		if label, is := bigQueryLabel(name[from:dot]); is && label != "" {
			p, ok = aProbability, true
		}
		if ok && dot+1 < len(name) {
			return name[:dot+1], p, true
		}
		from = dot + 1
	}
	return "", nothing, false
}

// bigQueryLabel is LABEL of predicted_LABEL_probs, as BigQuery ML calls its
// column of classes and their probabilities.
func bigQueryLabel(array string) (label string, ok bool) {
	label, ok = strings.CutPrefix(array, "predicted_")
	if ok {
		label, ok = strings.CutSuffix(label, "_probs")
	}
	return label, ok
}

// predictedNames are what the class that was predicted is called, lower case.
// Such a column is never taken for the label unless somebody says so: the score
// would look good.
var predictedNames = []string{"predict", "predicted", "prediction", "predictions", "pred", "preds", "y_pred", "ypred", "y_hat", "yhat",
	".pred", ".pred_class", "pred_class", ".pred_label", "pred_label", "predicted_class", "predicted_label", "prediction_label",
	"class_pred", "argmax", "top1", "decision", "scored labels", "scored label"}

// isPredicted reports whether a column is called like the class that was predicted.
func isPredicted(name string) bool {
	lower := strings.ToLower(name)
	if name, _, ok := strings.Cut(lower, "("); ok { // prediction(label), as KNIME and RapidMiner write it
		lower = strings.TrimSpace(name)
	}
	return slices.Contains(predictedNames, lower) || strings.HasPrefix(lower, "predicted_") ||
		strings.HasSuffix(lower, "_pred") || strings.HasSuffix(lower, "_predicted") || strings.HasSuffix(lower, "_prediction")
}

// notAClass reports whether a column begins like a value column and yet is the
// class that was predicted.
func notAClass(name string) bool {
	switch strings.ToLower(name) {
	case ".pred_class", "pred_class", ".pred_label", "pred_label":
		return true
	}
	return false
}

// knownPrefix is the known prefix of a name and the rest; ok is false if there
// is none, or no rest.
func knownPrefix(name string) (prefix, rest string, p promise, ok bool) {
	if array, p, ok := arrayOf(name); ok {
		return array, name[len(array):], p, true
	}
	for _, k := range prefixes {
		if len(name) > len(k.text) && hasPrefixFold(name, k.text) {
			return k.text, name[len(k.text):], k.promise, true
		}
	}
	return "", "", nothing, false
}

// Names of single columns, lower case.
var (
	probNames = []string{"p", "prob", "probs", "proba", "probability", "probabilities", "y_prob", "y_proba", "y_score", "y_pred", "pred", "preds", "prediction", "predictions", "score", "scores",
		"y_pred_proba", "y_pred_prob", "predict_proba", "prediction_proba", "predicted_proba", "predicted_prob",
		"predicted_probability", "prediction_probability", "scored probabilities", "scored probability", "y_hat", "yhat", "phat",
		"fitted", ".fitted", "fitted_values", "fitted.values", "forecast", "community_prediction"}
	logitNames   = []string{"logit", "logits", "y_logit", "log_odds", "logodds"}
	logProbNames = []string{"logprob", "log_prob", "logp", "lp", "ll", "loglik", "loglikelihood", "log_likelihood", "token_logprob",
		"logprobs", "log_probs", "token_logprobs", "token_log_probs", "log2_prob", "log2prob", "log10_prob", "log10prob"}
	nllNames      = []string{"nll", "surprisal", "loss", "neg_log_prob", "log_loss", "nlls", "surprisals", "losses", "nll_bits", "surprisal_bits"}
	neverAClass   = []string{"weight", "weights", "sample_weight", "w", "wt", "freq", "frequency", "count", "n", "fold", "split", "group", "cluster", "time", "timestamp", "date", "entropy", "margin", "confidence", "threshold"}
	neverUnlessOf = [][]string{logProbNames, nllNames, neverAClass}
)

// findValues finds the value columns, and the label where it is known by its
// values alone.
func (r *resolver) findValues() error {
	if r.values == nil {
		var err error
		if r.named {
			err = r.guessNamed()
		} else {
			err = r.guessUnnamed()
		}
		if err != nil {
			return err
		}
		for _, i := range r.values {
			r.claimed[i] = "the values"
		}
	} else if len(r.values) > 0 {
		r.promise = nothing
	}
	if !r.hasLabels() && !r.noLabel && !r.said.OfWhatHappened() && !r.form.OfWhatHappened() {
		return r.labelByValues()
	}
	return nil
}

func (r *resolver) guessNamed() error {
	// Columns that share a known prefix.
	groups := make(map[string][]int)
	var seen []string // prefixes, as they come
	for i, c := range r.cols {
		if r.claimed[i] != "" || notAClass(c.Name) {
			continue
		}
		if prefix, _, _, ok := knownPrefix(c.Name); ok && r.mostlyNumeric(i) {
			if groups[prefix] == nil {
				seen = append(seen, prefix)
			}
			groups[prefix] = append(groups[prefix], i)
		}
	}
	var found []string
	for _, prefix := range seen {
		if len(groups[prefix]) >= 2 {
			found = append(found, prefix)
			r.values = groups[prefix]
			_, _, r.promise, _ = knownPrefix(r.cols[r.values[0]].Name)
			r.prefix = r.cols[r.values[0]].Name[:len(prefix)] // in the file's case
		}
	}
	if len(found) > 1 {
		r.values, r.prefix = nil, ""
		var flags []string
		for _, p := range found {
			_, _, promise, _ := knownPrefix(p + "x")
			flags = append(flags, fmt.Sprintf("%s '%s*'", promise.flag(), p))
		}
		return r.fail(fmt.Sprintf("several sets of value columns: %s", strings.Join(found, "…, ")+"…"),
			"say which: "+strings.Join(flags, " or "))
	}
	if r.values != nil {
		return nil
	}

	if done, err := r.guessByLabels(); done || err != nil {
		return err
	}

	// Columns named 0 to K−1, or p0 to pK−1.
	for _, before := range []string{"", "p"} {
		if cols := r.numbered(before); cols != nil {
			if calibrated := r.numbered("cal_p"); before == "p" && len(calibrated) == len(cols) { // H2O's
				return r.fail(fmt.Sprintf("several sets of value columns: %s, and the same calibrated, %s",
					listNames(r.columnNames(cols), 4), listNames(r.columnNames(calibrated), 4)),
					fmt.Sprintf("say which: --probs %s or --probs 'cal_p*'", r.spec(cols)))
			}
			r.values = cols
			if before == "p" {
				r.promise = aProbability
			}
			return nil
		}
	}

	// One column named like a probability or a log-odds, beside a label.
	probs := r.named1(probNames)
	logits := r.named1(logitNames)
	for i, c := range r.cols {
		prefix, _, p, ok := knownPrefix(c.Name)
		if !ok || r.claimed[i] != "" || !r.numeric(i) || notAClass(c.Name) || len(groups[prefix]) != 1 {
			continue
		}
		switch p {
		case aProbability, nothing:
			if prefix != "score_" && prefix != "yhat_" {
				probs = append(probs, i)
			}
		case aLogit:
			logits = append(logits, i)
		}
	}
	logProbs, nlls := r.named1(logProbNames), r.named1(nllNames)
	happened := len(logProbs) + len(nlls)
	hard := -1
	probs = slices.DeleteFunc(probs, func(i int) bool { // numbers of classes are no probabilities
		s := r.stat(i)
		if s.fractions == 0 && isPredicted(r.cols[i].Name) {
			hard = i
			return true
		}
		return !s.float && (s.above1 > 0 || happened > 0)
	})
	if len(probs) > 1 {
		// Beside the probability there is often the class that it led to.
		float := slices.DeleteFunc(slices.Clone(probs), func(i int) bool { return !r.stat(i).float })
		if len(float) == 1 {
			probs = float
		}
	}
	single := func(i int, p promise) {
		r.values, r.promise = []int{i}, p
		if p == aLogit {
			r.form = PositiveLogit
		} else {
			r.form = Positive
		}
	}
	switch all := slices.Concat(probs, logits); {
	case len(all) == 1 && (r.hasLabels() || r.binaryLabel(all[0]) >= 0 || happened == 0):
		if len(probs) == 1 {
			single(probs[0], aProbability)
		} else {
			single(logits[0], aLogit)
		}
		return nil
	case len(all) > 1 && (r.hasLabels() || happened == 0):
		return r.fail(fmt.Sprintf("several columns may be the probability: %s", listNames(r.columnNames(all), 6)),
			fmt.Sprintf("say which: --prob %s", r.cols[all[0]].Name))
	}

	if happened == 0 && !r.hasLabels() {
		if err := r.means(); err != nil {
			return err
		}
	}

	// One column about what happened.
	switch {
	case happened > 1:
		var names, flags []string
		for _, i := range logProbs {
			names, flags = append(names, r.cols[i].Name), append(flags, "--logprob "+r.cols[i].Name)
		}
		for _, i := range nlls {
			names, flags = append(names, r.cols[i].Name), append(flags, "--nll "+r.cols[i].Name)
		}
		return r.fail("several columns may hold the score of what happened: "+listNames(names, 6),
			"say which: "+strings.Join(flags, " or "))
	case happened == 1:
		if len(logProbs) == 1 {
			r.values, r.form = logProbs, LogHappened
		} else {
			if err := r.trainingLog(nlls[0]); err != nil {
				return err
			}
			r.values, r.form = nlls, Surprisals
		}
		if r.labelHow == "name" { // found, but not needed
			r.claimed[r.label] = ""
			r.label, r.labelHow, r.labels = -1, "", nil
		}
		return nil
	}

	// One column that is called as a label of two.
	if r.hasLabels() && len(r.labels) <= 2 {
		var called []int
		for _, i := range r.leftFloats() {
			if s := r.stat(i); s.in01 == s.numbers && labelInName(r.cols[i].Name, r.labels) >= 0 {
				called = append(called, i)
			}
		}
		if len(called) == 1 {
			single(called[0], aProbability)
			return nil
		}
	}

	// Whatever holds real numbers and is not known to be something else.
	if rest := r.leftFloats(); len(rest) >= 2 {
		r.values, r.last = rest, true
		return nil
	}
	return r.noValues(hard)
}

// noValues is the error for columns none of which seems to hold predictions; hard
// is one with the class that was predicted, −1 if there is none.
func (r *resolver) noValues(hard int) error {
	const none = "no columns of predictions found"
	if r.json && r.sample.Rows() == 1 { // {"predictions": [[0.25, 0.75], …]}
		longest, size := -1, 0
		for i := range r.cols {
			if cell := r.sample.Text(0, i); r.claimed[i] == "" && isList(cell) && len(cell) > size {
				longest, size = i, len(cell)
			}
		}
		if longest >= 0 {
			return r.at(longest, none+", but one record that holds an array of records",
				fmt.Sprintf("take them out: jq -c '.%s[]' %s | surprisal score -", r.cols[longest].Name, shellQuote(r.file)))
		}
	}
	for i := range r.cols {
		found := r.stat(i).firstText
		if r.claimed[i] != "" || found == "" {
			continue
		}
		if what, hint := r.notNumbers(i, found); what != "" {
			return r.at(i, none+", but "+what+": "+quote(found), hint)
		}
	}
	for i, c := range r.cols {
		name, found := strings.ToLower(c.Name), r.stat(i).firstText
		_, _, _, is := number([]byte(found))
		if _, _, _, prefixed := knownPrefix(c.Name); is == isNumber && r.claimed[i] == "" && r.stat(i).numbers == 0 && (prefixed ||
			slices.ContainsFunc([][]string{probNames, logitNames, logProbNames, nllNames}, func(names []string) bool { return slices.Contains(names, name) })) {
			return r.at(i, none+", but numbers written as text: "+quote(found), "write them without quotes")
		}
	}
	if hard >= 0 {
		name := r.cols[hard].Name
		return r.at(hard, none+", but whole numbers, which are the class that was predicted, and not how probable it was",
			fmt.Sprintf("write what predict_proba gives; --prob %s takes them as probabilities all the same", shellQuote(name)))
	}
	listed := none + "; the columns are " + listColumns(r.cols, 12)
	if len(r.cols) == 1 && strings.Contains(strings.TrimSpace(r.cols[0].Name), " ") {
		return r.fail(listed, "if blanks part the fields: --delimiter ' '")
	}
	var likely []string
	for _, i := range r.leftFloats() {
		if s := r.stat(i); s.in01 == s.numbers && s.fractions > 0 {
			likely = append(likely, r.cols[i].Name)
		}
	}
	if len(likely) == 1 {
		if i := slices.IndexFunc(r.cols, func(c Column) bool { return isPredicted(c.Name) && c.Name != likely[0] }); i >= 0 && r.atLeastHalf(likely[0]) {
			return r.fail(listed, fmt.Sprintf("%s seems to be the probability of the class that was predicted; a column for each class is needed, or that of the positive class", quote(likely[0])))
		}
		return r.fail(listed, fmt.Sprintf("is it the probability of the positive class? Then --prob %s", shellQuote(likely[0])))
	}
	return r.fail(listed, "say which: --prob COLUMN, --probs COLUMNS, --logits COLUMNS, --logprob COLUMN or --nll COLUMN")
}

// atLeastHalf reports whether no value of a column is less than a half, as none is of
// the greater of two probabilities.
func (r *resolver) atLeastHalf(name string) bool {
	i := slices.IndexFunc(r.cols, func(c Column) bool { return c.Name == name })
	for row := range r.sampleRows(1) {
		if x, ok := r.sample.Number(row, i); ok && x < 0.5 {
			return false
		}
	}
	return true
}

// notNumbers says how a cell of text holds numbers all the same, "" if it does not,
// and what to do about it.
func (r *resolver) notNumbers(i int, cell string) (what, hint string) {
	cell = strings.TrimSpace(cell)
	percent, isPercent := strings.CutSuffix(cell, "%")
	switch {
	case decimalComma(cell):
		return "numbers with a decimal comma", r.commaHint()
	case r.json && isDecimal([]byte(cell)):
		return "numbers in quotes", fmt.Sprintf("write them without: jq -c '.%s |= tonumber' %s | surprisal score -", r.cols[i].Name, shellQuote(r.file))
	case isPercent && isDecimal([]byte(strings.TrimSpace(percent))):
		return "numbers with a percent sign", "write shares of 1: 0.25 for 25%"
	case isList(cell):
		if strings.HasPrefix(cell, "[{") {
			return "lists within cells", "write JSON lines rather than CSV: lists of classes and probabilities are read there"
		}
		if !strings.Contains(cell, ",") {
			return "arrays within cells, as NumPy prints them", "these have lost digits: write a column of each number, as in pandas.DataFrame(p).add_prefix('prob_')"
		}
		return "lists within cells", fmt.Sprintf("make a column of each number: "+
			`python3 -c "import json, pandas as pd; d = pd.read_csv('%s'); d.join(pd.DataFrame(d.pop('%s').map(json.loads).tolist()).add_prefix('prob_')).to_csv('out.csv')"`,
			r.file, r.cols[i].Name)
	}
	return "", ""
}

// meanNames are what means over a data set are called, lower case.
var meanNames = []string{"eval_loss", "val_loss", "valid_loss", "validation_loss", "train_loss", "test_loss"}

// means is the error for a column that is a mean over rows, by its name.
func (r *resolver) means() error {
	for i, c := range r.cols {
		name := strings.ToLower(c.Name)
		switch {
		case r.claimed[i] != "" || !r.numeric(i):
		case slices.Contains(meanNames, name):
			return r.at(i, "the mean loss of a data set, by its name, and no value of a row", "score what the model predicts for each row: its logits and labels, in one file of numpy.savez; "+
				fmt.Sprintf("if each record is one prediction after all: --nll %s", c.Name))
		case name == "ppl" || name == "perplexity":
			return r.at(i, "a perplexity, by its name, is not read", "give its logarithm, and how many tokens it is a mean of: --nll COLUMN --weight TOKENS")
		}
	}
	return nil
}

// trainingLog is the error for a loss that is a mean over a batch, as a training run
// writes it down.
func (r *resolver) trainingLog(loss int) error {
	for _, c := range r.cols {
		switch strings.ToLower(c.Name) {
		case "lr", "learning_rate", "grad_norm":
			return r.at(loss, fmt.Sprintf("beside %s it looks like the log of a training run: means over batches, and no value of a row", quote(c.Name)),
				fmt.Sprintf("if each record is one prediction after all: --nll %s", r.cols[loss].Name))
		}
	}
	return nil
}

// labelInName is the label that a column is called as, alone or before an end that
// is set off (spam_prob); −1 if it is none, or not one.
func labelInName(name string, labels []string) int {
	found := -1
	for i, label := range labels {
		end, ok := strings.CutPrefix(name, label)
		if !ok || label == "" || end != "" && strings.IndexByte(separators, end[0]) < 0 {
			continue
		}
		if isInteger(label) && !strings.Contains(strings.ToLower(end), "prob") { // 1st of something, perhaps
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// flag is the flag for several columns that hold what the promise says.
func (p promise) flag() string {
	switch p {
	case aLogit:
		return "--logits"
	case aLogProb:
		return "--logprobs"
	}
	return "--probs"
}

// named1 are the unclaimed columns of numbers with one of the names.
func (r *resolver) named1(names []string) []int {
	var out []int
	for i, c := range r.cols {
		if r.claimed[i] == "" && slices.Contains(names, strings.ToLower(c.Name)) && r.stat(i).numbers > 0 && r.mostlyNumeric(i) {
			out = append(out, i)
		}
	}
	return out
}

// numbered are the columns called before+"0" to before+"K−1", nil if there are
// not at least two or one is missing among them.
func (r *resolver) numbered(before string) []int {
	at := make(map[int]int)
	for i, c := range r.cols {
		digits, ok := strings.CutPrefix(c.Name, before)
		if !ok || r.claimed[i] != "" || !isInteger(digits) {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || strconv.Itoa(n) != digits || !r.mostlyNumeric(i) {
			continue
		}
		if _, twice := at[n]; twice {
			return nil
		}
		at[n] = i
	}
	if len(at) < 2 {
		return nil
	}
	cols := make([]int, len(at))
	for n := range cols {
		i, ok := at[n]
		if !ok {
			return nil
		}
		cols[n] = i
	}
	return cols
}

// leftFloats are the unclaimed columns of real numbers.
func (r *resolver) leftFloats() []int {
	var out []int
	for i, c := range r.cols {
		if r.claimed[i] == "" && r.numeric(i) && r.stat(i).float && !notAClass(c.Name) &&
			!slices.ContainsFunc(neverUnlessOf, func(names []string) bool {
				return slices.Contains(names, strings.ToLower(c.Name))
			}) {
			out = append(out, i)
		}
	}
	return out
}

// guessByLabels finds value columns that are called as the labels are.
func (r *resolver) guessByLabels() (done bool, err error) {
	at := make(map[string]int)
	for i, c := range r.cols {
		if r.claimed[i] == "" {
			at[c.Name] = i
		}
	}
	floats := r.leftFloats()
	// covered are the columns called as the labels; all of them must have one. As
	// the sample may lack some class, further columns of real numbers count where
	// only with them the rows add up.
	covered := func(labels []string) []int {
		var cols []int
		for _, s := range labels {
			i, ok := at[s]
			if !ok {
				i, ok = at[string(plainNumber([]byte(s)))]
			}
			if !ok || !r.numeric(i) {
				return nil
			}
			if !slices.Contains(cols, i) {
				cols = append(cols, i)
			}
		}
		slices.Sort(cols)
		wide := slices.Concat(cols, floats)
		slices.Sort(wide)
		wide = slices.Compact(wide)
		if len(cols) == len(wide) || len(cols) >= 2 && r.vote(cols).settled() {
			return cols
		}
		return wide
	}
	if r.label >= 0 || r.apart || r.oneHot != nil && r.sharesJoined() {
		if len(r.labels) > 0 {
			if cols := covered(r.labels); len(cols) >= 2 {
				r.values = cols
				return true, nil
			}
		}
		return false, nil
	}
	if r.noLabel || r.oneHot != nil {
		return false, nil
	}
	var found, predicted []int // columns that may be the label, and value columns
	for i, c := range r.cols {
		if !r.mayBeLabel(i) || r.stat(i).text == 0 {
			continue
		}
		if labels := distinct(r.texts(i)); len(labels) > 0 {
			if cols := covered(labels); len(cols) >= 2 && isPredicted(c.Name) {
				predicted = cols
			} else if len(cols) >= 2 {
				found = append(found, i)
				r.values = cols
			}
		}
	}
	switch {
	case len(found) > 1:
		return false, r.severalLabels(found)
	case len(found) == 1:
		return true, r.takeLabelByValues(found[0])
	}
	r.values = predicted // the columns are known, and the label is not
	return predicted != nil, nil
}

// takeLabelByValues takes the one column that names the classes for the label,
// unless it is the class of the greatest value in each of many rows: then it is
// probably the class that was predicted.
func (r *resolver) takeLabelByValues(label int) error {
	const many = 20
	for _, names := range r.classCandidates() {
		m := (&Layout{Form: Probabilities, Classes: names}).Matcher()
		agree, rows := 0, 0
		for row := range r.sampleRows(len(r.values)) {
			class := m.Class([]byte(strings.TrimSpace(r.sample.Text(row, label))))
			if class < 0 {
				continue
			}
			rows++
			own, ok := r.sample.Number(row, r.values[class])
			for _, c := range r.values {
				x, is := r.sample.Number(row, c)
				ok = ok && is && x <= own
			}
			if ok {
				agree++
			}
		}
		if rows >= many && agree == rows {
			name := r.cols[label].Name
			return r.fail(fmt.Sprintf("is %s the class that was predicted? It names that of the greatest value in all of the first %d rows, and no column is called a label", quote(name), rows),
				fmt.Sprintf("--label %s if it is what happened; otherwise --label COLUMN or --labels FILE", shellQuote(name)))
		}
	}
	r.takeLabel(label, "values")
	return nil
}

// namesClasses reports whether all that the column holds are names of classes. Where
// classes are numbers, much else could be taken for them.
func (r *resolver) namesClasses(i int) bool {
	labels := distinct(r.texts(i))
	if len(labels) == 0 {
		return false
	}
	candidates := slices.DeleteFunc(r.classCandidates(), allIntegers)
	return slices.ContainsFunc(candidates, func(names []string) bool { return matches(names, labels) == len(labels) }) ||
		len(labels) > 1 && r.madeFrom(candidates, labels) >= 0
}

func (r *resolver) severalLabels(cols []int) error {
	return r.fail("several columns name the classes: "+listNames(r.columnNames(cols), 6),
		"say which is the label: --label "+r.cols[cols[0]].Name)
}

// labelByValues looks for the label by its values, now that the value columns
// are known. That there is none is not yet an error.
func (r *resolver) labelByValues() error {
	if len(r.values) == 1 {
		if i := r.binaryLabel(r.values[0]); i >= 0 {
			r.takeLabel(i, "values")
		}
		return nil
	}
	var found []int
	for i, c := range r.cols {
		if !r.mayBeLabel(i) || r.stat(i).text == 0 || isPredicted(c.Name) {
			continue
		}
		if r.namesClasses(i) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
		r.takeShares()
		return nil
	case 1:
		return r.takeLabelByValues(found[0])
	}
	return r.severalLabels(found)
}

// takeShares takes columns for shares of classes that are called like a label and
// the classes (y_test.0, true_cat), and have 1 for one class and 0 for the others.
// Whether other numbers are shares is for the user to say.
func (r *resolver) takeShares() {
	prefix, cols := r.softColumns()
	name := strings.ToLower(strings.TrimRight(prefix, separators+opening))
	if !slices.Contains(labelNames, name) || len(cols) != len(r.values) {
		return
	}
	if v := r.vote(cols); v.prob < v.rows || v.rows == 0 || slices.ContainsFunc(cols, func(i int) bool { return r.stat(i).fractions > 0 }) {
		return
	}
	r.oneHot = cols
	for _, i := range cols {
		r.claimed[i] = "--onehot"
	}
}

// binaryLabel is the one text column of at most two values one of which the
// column's name gives (p_malignant); −1 if there is none.
func (r *resolver) binaryLabel(value int) int {
	_, rest, _, ok := knownPrefix(r.cols[value].Name)
	if !ok || !r.named {
		return -1
	}
	found := -1
	for i := range r.cols {
		if !r.mayBeLabel(i) || i == value || r.stat(i).text == 0 || isPredicted(r.cols[i].Name) {
			continue
		}
		if labels := distinct(r.texts(i)); len(labels) <= 2 && slices.Contains(labels, rest) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// guessUnnamed finds the value columns where columns have no names.
func (r *resolver) guessUnnamed() error {
	var free []int
	for i := range r.cols {
		if r.claimed[i] == "" {
			free = append(free, i)
		}
	}
	if r.cols[0].Numeric {
		// An array: every column that no flag took is a value.
		r.values = free
		if len(free) == 0 {
			return r.fail("no columns left for the predictions", "")
		}
		return r.decideArray()
	}
	var floats, others []int
	for _, i := range free {
		if r.numeric(i) && r.stat(i).float {
			floats = append(floats, i)
		} else {
			others = append(others, i)
		}
	}
	switch {
	case len(floats) == 0, len(others) > 1, len(others) == 1 && r.hasLabels():
	case len(others) == 0 && !r.hasLabels() && !r.noLabel:
	default:
		if len(others) == 1 && !r.noLabel {
			r.takeLabel(others[0], "the only column without fractions")
		}
		r.values = floats
		if len(floats) == 1 {
			r.form = Positive
		}
		return nil
	}
	return r.fail(fmt.Sprintf("columns have no names, so their parts must be said; there are %d", len(r.cols)),
		"for example --label 1 --probs 2-"+strconv.Itoa(max(3, len(r.cols))))
}

// decideArray settles the form of an array of one column.
func (r *resolver) decideArray() error {
	if len(r.values) != 1 {
		return nil
	}
	s := r.stat(r.values[0])
	switch {
	case s.numbers == 0:
		return r.fail("no numbers in the first rows", "")
	case r.hasLabels() && s.fractions == 0 && s.neg == 0:
		return r.fail("one column of whole numbers, which are the class that was predicted, and not how probable it was",
			"write what predict_proba gives; --prob 1 takes 0 and 1 as probabilities all the same")
	case r.hasLabels() && s.in01 == s.numbers:
		r.form = Positive
	case r.hasLabels() && s.neg > 0 && s.pos > 0 && s.in01 < s.numbers:
		r.form = PositiveLogit
	case r.hasLabels():
		return r.fail("one column, neither in [0, 1] nor log-odds of both signs",
			"say what it holds: --prob 1, --logits 1, --logprob 1 or --nll 1")
	case s.pos == 0 && s.neg > 0:
		r.form = LogHappened
	default:
		return r.fail("one column of numbers, and no labels",
			"say what it holds: --prob 1 (of what happened), --nll 1 or --logprob 1; or give labels: --labels FILE")
	}
	return nil
}

// isList reports whether a cell is a list of numbers, or of structures in JSON.
func isList(cell string) bool {
	if rest, ok := strings.CutPrefix(cell, "["); ok && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "{") {
		return true
	}
	return strings.HasPrefix(cell, "[") && strings.ContainsAny(cell, "0123456789") && strings.Trim(cell, "[]0123456789.,+-eE \t\r\n") == ""
}

// commaHint is what to do about decimal commas. Where one column holds them,
// commas do not part the fields.
func (r *resolver) commaHint() string {
	return fmt.Sprintf("decimal commas are not read: export the file with decimal points; where no comma parts the fields: tr , . < %s | surprisal score -", shellQuote(r.file))
}

// decimalComma reports whether a cell is a number written with a decimal comma.
func decimalComma(cell string) bool {
	whole, fraction, ok := strings.Cut(strings.TrimLeft(cell, "-"), ",")
	return ok && isInteger(whole) && isInteger(fraction)
}
