package predict

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A votes is how the sampled rows look, taken as one number per class.
type votes struct {
	rows    int                // complete rows
	prob    int                // in [0, 1], summing to 1
	within  int                // in [0, 1]
	outside int                // some value outside [0, 1]
	percent int                // in [0, 100], summing to 100
	log     [len(logBases)]int // exponentials to this base sum to 1
	logs    int                // to any base

	firstSum float64 // of the first row within [0, 1] that does not sum to 1
	firstRow int
}

var logBases = [...]float64{math.E, 2, 10}

// How far from 1 a row of a sample may sum: enough for rounding, too little for
// anything else to pass.
const sumSlack, overOne, overZero = 0.05, 1e-5, 1e-6

// most says whether n of the rows decide: a few odd ones may not.
func (v *votes) most(n int) bool { return v.rows > 0 && 10*n >= 9*v.rows }

func (v *votes) settled() bool {
	_, ok := v.base()
	return ok || v.most(v.prob)
}

// base is the base under which the rows are log-probabilities.
func (v *votes) base() (float64, bool) {
	for i, n := range v.log {
		if v.most(n) {
			return logBases[i], true
		}
	}
	return 0, false
}

func (r *resolver) vote(cols []int) *votes {
	v := &votes{}
rows:
	for row := range r.sampleRows(len(cols)) {
		sum, hi, lo := 0.0, math.Inf(-1), math.Inf(1)
		for _, c := range cols {
			x, ok := r.sample.Number(row, c)
			if !ok || math.IsNaN(x) {
				continue rows
			}
			sum, hi, lo = sum+x, max(hi, x), min(lo, x)
		}
		v.rows++
		if lo >= 0 && hi <= 1+overOne {
			v.within++
			if math.Abs(sum-1) <= sumSlack {
				v.prob++
			} else if v.firstRow == 0 {
				v.firstRow, v.firstSum = row+1, sum
			}
		} else {
			v.outside++
		}
		if lo >= 0 && math.Abs(sum-100) <= 1 {
			v.percent++
		}
		if hi <= overZero {
			// A row of zeros and minus infinities fits every base. (Rows of the sample are
			// few: no need for the kernels, which readers do not know.)
			var total [len(logBases)]float64
			for _, c := range cols {
				x, _ := r.sample.Number(row, c)
				for i, base := range logBases {
					total[i] += math.Exp(x * math.Log(base))
				}
			}
			some := false
			for i, t := range total {
				if math.Abs(t-1) <= sumSlack {
					v.log[i]++
					some = true
				}
			}
			if some {
				v.logs++
			}
		}
	}
	return v
}

// decideForm settles what the values are.
func (r *resolver) decideForm() error {
	r.base = logBase(r.req.LogBase)
	if r.said != NoForm {
		r.form = r.said
	}
	if len(r.values) > 1 {
		if err := r.decidePerClass(); err != nil {
			return err
		}
	} else if err := r.decideSingle(); err != nil {
		return err
	}
	q := r.req
	if len(r.values) == 1 && r.named && r.form.OfWhatHappened() && r.form.Logarithmic() && q.LogBase == "" {
		r.base = namedBase(r.cols[r.values[0]].Name)
	}
	switch {
	case r.oneHot != nil && !r.form.PerClass():
		return r.fail(fmt.Sprintf("--onehot needs a value column per class, and there is one column (%s)",
			r.form), "")
	case q.Positive != "" && !r.form.Binary():
		return r.fail(fmt.Sprintf("--positive has no meaning for %s", r.form),
			"it names the class of a single column of probabilities, beside a label")
	case q.Classes != "" && r.form.OfWhatHappened():
		return r.fail(fmt.Sprintf("--classes has no meaning for %s", r.form), "")
	}
	if !r.form.Logarithmic() && q.LogBase != "" {
		r.note("--log-base is not used, values are not logarithms")
	}
	return nil
}

// namedBase is the base of logarithms that a column's name tells: log2_prob, nll_bits.
func namedBase(name string) float64 {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(c rune) bool { return c == '_' || c == '.' || c == '-' || c == ' ' }) {
		switch word {
		case "bits", "log2", "log2prob", "log2p":
			return 2
		case "log10", "log10prob", "log10p", "dits":
			return 10
		}
	}
	return math.E
}

func (r *resolver) decidePerClass() error {
	v := r.vote(r.values)
	if r.said != NoForm {
		if base, ok := v.base(); ok && r.said == LogProbabilities && r.req.LogBase == "" {
			r.base = base
		}
		return nil
	}
	cols := r.spec(r.values)
	settle := fmt.Sprintf("say what they hold: --probs %s, --logits %s or --logprobs %s", cols, cols, cols)
	listed := listNames(r.columnNames(r.values), 6)
	if !r.named {
		listed = "columns " + listed
	}
	base, isLog := v.base()
	switch {
	case v.rows == 0:
		return r.fail(fmt.Sprintf("no complete row of %s among the first %d", listed, r.sample.Rows()), settle)
	case r.promise == aLogit && v.settled():
		return r.fail(fmt.Sprintf("%s are called logits, but look like %s", listed, v.look()), settle)
	case r.promise == aLogProb && !isLog:
		return r.fail(fmt.Sprintf("%s are called log-probabilities, but %s", listed,
			map[bool]string{true: "look like probabilities", false: "their exponentials do not sum to 1"}[v.most(v.prob)]), settle)
	case v.most(v.prob):
		r.form = Probabilities
	case isLog:
		r.form = LogProbabilities
		if r.req.LogBase == "" {
			r.base = base
		}
	case v.most(v.percent):
		return r.fail(fmt.Sprintf("rows of %s sum to 100: percentages?", listed), "divide them by 100, or "+settle)
	case v.most(v.within) && r.promise != aLogit:
		hint := fmt.Sprintf("--probs %s --normalize rescale divides rows by their sums; --logits %s takes values as logits", cols, cols)
		if r.named && len(r.labels) == 2 {
			hint = fmt.Sprintf("if one of them is the probability of the positive class: --prob %s; ", shellQuote(r.cols[r.values[0]].Name)) + hint
		}
		return r.fail(fmt.Sprintf("values are in [0, 1] but rows do not sum to 1 (first: row %d sums to %.6g)", v.firstRow, v.firstSum), hint)
	case 2*v.outside >= v.rows && !v.most(v.within) && 10*(v.prob+v.logs) <= v.rows,
		r.promise == aLogit:
		if r.promise == aProbability {
			return r.fail(fmt.Sprintf("%s are called probabilities, but most rows have values outside [0, 1]", listed), settle)
		}
		r.form = Logits
	default:
		return r.fail(fmt.Sprintf("cannot tell what %s hold: of %d rows %d look like probabilities, %d like log-probabilities, the rest like neither",
			listed, v.rows, v.prob, v.logs), settle)
	}
	return nil
}

func (v *votes) look() string {
	if v.most(v.prob) {
		return "probabilities (rows sum to 1)"
	}
	return "log-probabilities (exponentials sum to 1)"
}

// decideSingle settles a form of one column.
func (r *resolver) decideSingle() error {
	i := r.values[0]
	s := r.stat(i)
	name := r.cols[i].Name
	if s.numbers == 0 && s.text > 0 {
		hint := ""
		if decimalComma(s.firstText) {
			hint = r.commaHint()
		}
		return r.at(i, fmt.Sprintf("not numbers: %s", quote(s.firstText)), hint)
	}
	if r.form.Binary() && !r.hasLabels() {
		if r.form == PositiveLogit {
			return r.noLabelError("log-odds need labels")
		}
		if r.said == NoForm && !r.noLabel {
			return r.noLabelError("no label column found")
		}
		if !r.noLabel {
			// Said to be a probability, with nothing to say of which class. It is that of
			// what happened, unless some column looks like a label after all.
			for j := range r.cols {
				if r.claimed[j] == "" && len(distinct(r.texts(j))) == 2 {
					return r.fail(fmt.Sprintf("--prob %s: is column %s the label?", name, quote(r.cols[j].Name)),
						fmt.Sprintf("--label %s, or --label none if %s is the probability of what happened", r.cols[j].Name, name))
				}
			}
		}
		r.form = Happened
	}
	if r.said != NoForm {
		return nil
	}
	switch r.form {
	case Positive, Happened:
		if lower := strings.ToLower(name); r.form == Positive && (lower == "score" || lower == "scores") && len(r.labels) == 2 && s.numbers >= 10 && r.atLeastHalf(name) {
			return r.at(i, fmt.Sprintf("no value is less than 0.5 in the first %d rows, though there are two labels: is it the probability of the class that was predicted?", s.numbers),
				fmt.Sprintf("a column for each class is needed, or the probability of one of them; if it is that: --prob %s", shellQuote(name)))
		}
		if 2*s.in01 < s.numbers {
			return r.at(i, "called a probability, but most values are outside [0, 1]",
				fmt.Sprintf("if they are log-odds: --logits %s", name))
		}
	case PositiveLogit:
		if r.promise == aLogit && s.in01 == s.numbers && s.fractions > 0 {
			return r.at(i, "called log-odds, but all values are in [0, 1]",
				fmt.Sprintf("say what they are: --prob %s or --logits %s", name, name))
		}
	case LogHappened:
		if s.neg == 0 && s.pos > 0 {
			return r.at(i, "called a log-probability, but no value is negative",
				fmt.Sprintf("if it is minus the log-probability: --nll %s; if it is one all the same: --logprob %s", name, name))
		}
	case Surprisals:
		if s.pos == 0 && s.neg > 0 {
			return r.at(i, "called a surprisal, but no value is positive",
				fmt.Sprintf("if it is a log-probability: --logprob %s; if it is one all the same: --nll %s", name, name))
		}
	}
	return nil
}

func (r *resolver) noLabelError(what string) error {
	hint := "--label COLUMN, or --labels FILE if they are in another file"
	soft := ""
	if len(r.values) > 1 {
		soft, _ = r.softColumns()
	}
	if likely := r.likelyLabels(); soft != "" {
		hint = "for shares of classes: --onehot '" + soft + "*'"
	} else if len(likely) > 0 {
		hint = fmt.Sprintf("is it %s? Then --label %s; otherwise --labels FILE if they are in another file", listNames(likely, 4), shellQuote(likely[0]))
	} else if len(r.values) > 1 {
		hint += ", or --onehot COLUMNS if there is one per class"
	} else if r.said == NoForm {
		hint += fmt.Sprintf("; --label none --prob %s if it is the probability of what happened", r.cols[r.values[0]].Name)
	}
	if !r.named && r.cols[0].Numeric {
		return r.fail(what, "--labels FILE reads them from another file, one per row")
	}
	if !r.named {
		return r.fail(what, strings.Replace(hint, "COLUMN,", "NUMBER,", 1))
	}
	return r.fail(fmt.Sprintf("%s; the columns are %s", what, listColumns(r.cols, 12)), hint)
}

// likelyLabels are the columns that could be the label, judging from their values,
// for a hint.
func (r *resolver) likelyLabels() (likely []string) {
	if !r.named {
		return nil
	}
	for i, c := range r.cols {
		if !r.mayBeLabel(i) || r.stat(i).fractions > 0 || isPredicted(c.Name) || slices.Contains(neverAClass, strings.ToLower(c.Name)) {
			continue
		}
		labels := distinct(r.texts(i))
		fits := len(labels) == 2
		if len(r.values) > 1 {
			fits = len(labels) > 1 && slices.ContainsFunc(r.classCandidates(), func(names []string) bool { return matches(names, labels) == len(labels) })
		}
		if fits {
			likely = append(likely, c.Name)
		}
	}
	return likely
}

// softColumns guesses which columns are soft labels, and with what their names
// begin: those that go by the names of the classes behind something else.
func (r *resolver) softColumns() (prefix string, cols []int) {
	if !r.named || len(r.cols) < 2*len(r.values) {
		return "", nil
	}
	class := make(map[string]int)
	for k, name := range r.displayNames(r.values) {
		class[name] = k
	}
	groups := make(map[string][]int)
	for i, c := range r.cols {
		if r.claimed[i] != "" || !r.mostlyNumeric(i) {
			continue
		}
		for from := range c.Name {
			if _, ok := class[c.Name[from:]]; ok && from > 0 {
				groups[c.Name[:from]] = append(groups[c.Name[:from]], i)
			}
		}
	}
	for _, c := range r.cols { // in the order of the file
		for from := range c.Name {
			if p := c.Name[:from]; len(groups[p]) == len(class) {
				return p, groups[p]
			}
		}
	}
	return "", nil
}
