package predict

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Resolve decides what the columns of src mean: what req says first, then what
// names and the sampled values show. Labels kept in a second file are given as
// apart, a sample of them (nil where there is no second file). What cannot be
// told apart is an error that lists the flags that settle it.
func Resolve(req Request, src Source, apart []string) (*Layout, error) {
	r := &resolver{req: req, file: src.Name(), cols: src.Columns(), sample: src.Sample(), label: -1, id: -1}
	r.json = strings.HasPrefix(src.Format(), "json")
	r.claimed = make([]string, len(r.cols))
	r.stats = make([]*columnStats, len(r.cols))
	r.named = len(r.cols) > 0 && r.cols[0].Named
	if len(r.cols) == 0 {
		return nil, r.fail("no columns", "")
	}
	if r.sample.Rows() == 0 {
		return nil, r.fail("no rows", "")
	}
	if apart != nil {
		r.apart = true
		r.setLabels(apart)
	}
	if r.joined, _ = src.(*Joined); r.joined != nil {
		r.claimed[r.joined.key] = "--join"
	}
	for _, step := range []func() error{r.flags, r.labelByName, r.findValues, r.decideForm, r.classes, r.extras} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return r.layout(), nil
}

// A resolver is one run of Resolve.
type resolver struct {
	req    Request
	file   string
	json   bool // the file's format
	cols   []Column
	sample Sample
	named  bool
	apart  bool
	joined *Joined // nil if src is none

	claimed []string       // per column: the flag or the role that took it
	stats   []*columnStats // per column, made when first asked for

	said    Form  // by a flag; NoForm if no flag said
	values  []int // value columns
	prefix  string
	promise promise // what the value columns' names say about the values
	last    bool    // the value columns are merely those that were left
	oneHot  []int

	label    int    // column, −1 if there is none
	labelHow string // for the notes
	labels   []string
	noLabel  bool // --label none

	weight, freq, cluster, tokens, words, bytes int
	id                                          int
	by                                          []int
	noCluster                                   bool   // --cluster none
	row                                         string // what a row is

	form     Form
	base     float64
	names    []string
	aliases  map[string]int
	byIndex  bool
	made     bool // names are labels as R's make.names writes them
	matchHow string
	notes    []string
}

func (r *resolver) fail(what, hint string) *Error {
	return &Error{Source: r.file, What: what, Hint: hint}
}

// at is trouble in one column.
func (r *resolver) at(col int, what, hint string) *Error {
	e := r.fail(what, hint)
	e.Column = col + 1
	if r.cols[col].Named {
		e.Name = r.cols[col].Name
	}
	return e
}

// flags takes what the user said.
func (r *resolver) flags() error {
	q := r.req
	valueFlags := []struct {
		flag, list string
		form       Form
	}{
		{"--prob", q.Prob, Positive}, {"--probs", q.Probs, Probabilities}, {"--logits", q.Logits, Logits},
		{"--logprob", q.LogProb, LogHappened}, {"--logprobs", q.LogProbs, LogProbabilities}, {"--nll", q.NLL, Surprisals},
	}
	first := ""
	for _, f := range valueFlags {
		if f.list == "" {
			continue
		}
		if first != "" {
			return r.fail(fmt.Sprintf("%s and %s contradict each other", first, f.flag),
				"name the columns of values with one flag")
		}
		first = f.flag
	}
	switch {
	case q.OneHot != "" && q.Label != "":
		return r.fail("--onehot and --label contradict each other", "labels are one column, or one column per class")
	case q.OneHot != "" && r.apart:
		return r.fail("--onehot and --labels contradict each other", "labels are in this file, or in the other")
	case r.apart && q.Label != "" && q.Label != "none":
		return r.fail("--label and --labels contradict each other", "labels are in this file, or in the other")
	}
	r.noLabel = q.Label == "none"
	if r.noLabel && r.apart {
		return r.fail(`"--label none" and --labels contradict each other`, "")
	}
	switch q.LogBase {
	case "", "e", "2", "10":
	default:
		return r.fail(fmt.Sprintf("--log-base %s is not a base of logarithms", quote(q.LogBase)), "it is e, 2 or 10")
	}

	var err error
	if !r.noLabel {
		if r.label, err = r.one("--label", q.Label); err != nil {
			return err
		}
		if r.label >= 0 {
			r.labelHow = "said"
		}
	}
	for _, f := range valueFlags {
		if f.list == "" {
			continue
		}
		cols, err := r.several(f.flag, f.list)
		if err != nil {
			return err
		}
		r.said, r.values = f.form, cols
		if i, err := exactColumn(f.list, r.cols); err == nil && i < 0 && strings.HasSuffix(f.list, "*") &&
			!strings.ContainsAny(strings.TrimSuffix(f.list, "*"), "*?[,") {
			r.prefix = strings.TrimSuffix(f.list, "*") // every file must have the same number of them
		}
		perClass := f.form.PerClass()
		switch {
		case f.form == Logits && len(cols) == 1:
			r.said = PositiveLogit
		case perClass && len(cols) == 1:
			single := map[Form]string{Probabilities: "--prob", LogProbabilities: "--logprob"}[f.form]
			return r.fail(fmt.Sprintf("%s needs a column per class, and %s is one column", f.flag, quote(f.list)),
				fmt.Sprintf("for one column: %s %s", single, f.list))
		case !perClass && len(cols) > 1:
			hint := ""
			if several := map[Form]string{Positive: "--probs", LogHappened: "--logprobs"}[f.form]; several != "" {
				hint = fmt.Sprintf("for a column per class: %s %s", several, shellQuote(f.list))
			}
			return r.fail(fmt.Sprintf("%s takes one column, and %s is %d", f.flag, quote(f.list), len(cols)), hint)
		}
	}
	if q.OneHot != "" {
		if r.oneHot, err = r.several("--onehot", q.OneHot); err != nil {
			return err
		}
		if len(r.oneHot) == 1 {
			return r.fail(fmt.Sprintf("--onehot needs a column per class, and %s is one column", quote(q.OneHot)),
				fmt.Sprintf("for one column of labels: --label %s", q.OneHot))
		}
	}
	for _, c := range []struct {
		flag, list string
		to         *int
	}{
		{"--weight", q.Weight, &r.weight}, {"--freq", q.Freq, &r.freq},
		{"--tokens", q.Tokens, &r.tokens}, {"--words", q.Words, &r.words}, {"--bytes", q.Bytes, &r.bytes},
	} {
		if *c.to, err = r.one(c.flag, c.list); err != nil {
			return err
		}
		if i := *c.to; i >= 0 && r.stat(i).text > 0 && r.stat(i).numbers == 0 {
			return r.at(i, fmt.Sprintf("%s needs numbers, found %s", c.flag, quote(r.stat(i).firstText)), "")
		}
	}
	// Keys may be shared with each other and with the label, but not with numbers.
	r.noCluster = q.Cluster == "none" && !slices.ContainsFunc(r.cols, func(c Column) bool { return c.Name == q.Cluster })
	if r.noCluster {
		r.cluster = -1
	} else if r.cluster, err = r.key("--cluster", q.Cluster); err != nil {
		return err
	}
	if r.id, err = r.key("--id", q.ID); err != nil {
		return err
	}
	if q.By != "" {
		if r.by, err = r.expand("--by", q.By); err != nil {
			return err
		}
		for _, i := range r.by {
			if err := r.mayBeKey("--by", i); err != nil {
				return err
			}
		}
	}
	if i := r.label; i >= 0 {
		r.setLabels(r.texts(i))
		if r.labelJoined() { // those of all rows, in the order of their file
			r.setLabels(r.joined.join.known(r.cols[i].Name))
		}
	}
	if r.oneHot != nil && r.sharesJoined() {
		r.setLabels(r.joined.join.shares.classes)
	}
	return nil
}

func (r *resolver) expand(flag, list string) ([]int, error) {
	cols, err := ExpandColumns(list, r.cols)
	if err != nil {
		if e, ok := err.(*Error); ok {
			e.Source, e.What = r.file, flag+": "+e.What
		}
		return nil, err
	}
	return cols, nil
}

// several expands a list and claims its columns for a flag.
func (r *resolver) several(flag, list string) ([]int, error) {
	cols, err := r.expand(flag, list)
	if err != nil {
		return nil, err
	}
	for _, i := range cols {
		if other := r.claimed[i]; other != "" {
			return nil, r.fail(fmt.Sprintf("%s and %s both name column %s", other, flag, quote(r.cols[i].Name)),
				"a column has one part")
		}
	}
	for _, i := range cols {
		r.claimed[i] = flag
	}
	return cols, nil
}

// one is several for a flag that takes one column; −1 if it was not given.
func (r *resolver) one(flag, list string) (int, error) {
	if list == "" {
		return -1, nil
	}
	cols, err := r.several(flag, list)
	if err != nil {
		return -1, err
	}
	if len(cols) != 1 {
		return -1, r.fail(fmt.Sprintf("%s takes one column, and %s is %d", flag, quote(list), len(cols)), "")
	}
	return cols[0], nil
}

// key finds a column of keys, which may have a further part as a key.
func (r *resolver) key(flag, list string) (int, error) {
	if list == "" {
		return -1, nil
	}
	cols, err := r.expand(flag, list)
	if err != nil {
		return -1, err
	}
	if len(cols) != 1 {
		return -1, r.fail(fmt.Sprintf("%s takes one column, and %s is %d", flag, quote(list), len(cols)), "")
	}
	return cols[0], r.mayBeKey(flag, cols[0])
}

func (r *resolver) mayBeKey(flag string, i int) error {
	switch other := r.claimed[i]; other {
	case "":
		r.claimed[i] = flag
	case "--label", "--cluster", "--id", "--by", "--join":
	default:
		return r.fail(fmt.Sprintf("%s and %s both name column %s", other, flag, quote(r.cols[i].Name)),
			"a column has one part")
	}
	return nil
}

// mayBeLabel reports whether a column is free to be the label: a key may be one
// too, so that rows can be sliced by their label.
func (r *resolver) mayBeLabel(i int) bool {
	switch r.claimed[i] {
	case "", "--by", "--cluster", "--id":
		return true
	}
	return false
}

// labelJoined reports whether the label is a column of another file.
func (r *resolver) labelJoined() bool { return r.joined != nil && r.label >= r.joined.own }

// sharesJoined reports whether the labels are shares from another file.
func (r *resolver) sharesJoined() bool { return r.joined != nil && r.joined.join.shares != nil }

// labelNames are what label columns are called, the surest first.
var labelNames = []string{"label", "labels", "label_ids", "y", "y_true", "ytrue", "true_label", "true_class", "target",
	"truth", "true", "class", "gold", "gold_label", "actual", "outcome", "observed",
	"obs", "ground_truth", "y_test", "reference", "response", "targets", "y_actual", "y_orig", "actual_class",
	"actual_label", "resolution", "resolved_to", "result"}

// labelNamed is the column that is called like a label, −1 if there is none.
// Numbers with fractions are no labels.
func (r *resolver) labelNamed() int {
	if !r.named {
		return -1
	}
	for _, name := range labelNames {
		for i, c := range r.cols {
			if r.mayBeLabel(i) && strings.EqualFold(c.Name, name) && r.stat(i).fractions == 0 && !r.holdsLists(i) {
				return i
			}
		}
	}
	// An array of one label per row, as shape (N, 1) gives.
	for i, c := range r.cols {
		name, ok := strings.CutSuffix(c.Name, ".0")
		if ok && r.mayBeLabel(i) && slices.Contains(labelNames, strings.ToLower(name)) && r.stat(i).fractions == 0 &&
			!slices.ContainsFunc(r.cols, func(c Column) bool { return c.Name == name+".1" }) {
			return i
		}
	}
	return -1
}

// holdsLists reports whether a column has arrays of JSON: labels beside their scores,
// say, which are not what happened.
func (r *resolver) holdsLists(i int) bool {
	return r.json && strings.HasPrefix(r.stat(i).firstText, "[")
}

func (r *resolver) labelByName() error {
	if r.label >= 0 || r.noLabel || r.apart || r.oneHot != nil || r.said.OfWhatHappened() {
		return nil
	}
	i := r.labelBigQuery()
	if i < 0 {
		if i = r.labelNamed(); i >= 0 {
			if j := r.rival(i); j >= 0 {
				return r.fail(fmt.Sprintf("both %s and %s are called like the label, and differ", quote(r.cols[i].Name), quote(r.cols[j].Name)),
					fmt.Sprintf("say which is what happened: --label %s or --label %s", shellQuote(r.cols[i].Name), shellQuote(r.cols[j].Name)))
			}
		}
	}
	if i >= 0 {
		r.takeLabel(i, "name")
	}
	return nil
}

// rival is another column that is called like a label and holds the same labels as
// the one found, but in other rows: one of them may be what was predicted. −1 if
// there is none.
func (r *resolver) rival(label int) int {
	mine := distinct(r.texts(label))
	for j, c := range r.cols {
		// mlr3 has truth, and calls what it predicted response.
		if j == label || !r.mayBeLabel(j) || !slices.Contains(labelNames, strings.ToLower(c.Name)) || strings.EqualFold(c.Name, "response") {
			continue
		}
		theirs := distinct(r.texts(j))
		if len(mine) < 2 || len(theirs) != len(mine) || matches(mine, theirs) < len(mine) {
			continue
		}
		m := (&Layout{Form: Probabilities, Classes: mine}).Matcher()
		for row := range r.sample.Rows() {
			if m.Class([]byte(r.sample.Text(row, label))) != m.Class([]byte(r.sample.Text(row, j))) {
				return j
			}
		}
	}
	return -1
}

// labelBigQuery is the column LABEL beside predicted_LABEL_probs, −1 if there is
// none.
func (r *resolver) labelBigQuery() int {
	for _, c := range r.cols {
		array, _, _ := strings.Cut(c.Name, ".")
		if name, ok := bigQueryLabel(array); ok && array != c.Name {
			return slices.IndexFunc(r.cols, func(c Column) bool { return c.Named && c.Name == name })
		}
	}
	return -1
}

func (r *resolver) takeLabel(i int, how string) {
	r.label, r.labelHow = i, how
	r.claimed[i] = "--label"
	r.setLabels(r.texts(i))
}

// hasLabels reports whether what happened is known apart from the values.
func (r *resolver) hasLabels() bool { return r.label >= 0 || r.apart || r.oneHot != nil }

// texts are the sampled cells of a column, trimmed.
func (r *resolver) texts(i int) []string {
	out := make([]string, r.sample.Rows())
	for row := range out {
		out[row] = strings.TrimSpace(r.sample.Text(row, i))
	}
	return out
}

func (r *resolver) setLabels(all []string) {
	r.labels = distinct(all)
	ignored := func(s string) bool { return slices.Contains(ignoredLabels, s) }
	rest := slices.DeleteFunc(slices.Clone(r.labels), ignored)
	if len(rest) > 0 && len(rest) < len(r.labels) && !slices.ContainsFunc(rest, func(s string) bool { return !isCount(strings.TrimSuffix(s, ".0")) }) {
		r.labels = rest // of which the Matcher says the same
		if note := "−100 is no label"; !slices.Contains(r.notes, note) {
			r.note("%s", note)
		}
	}
}

// distinct gives the labels that differ, in the order in which they appear;
// marks for "no label" are left out.
func distinct(all []string) []string {
	seen := make(map[string]bool)
	var out []string
	for _, s := range all {
		s = strings.TrimSpace(s)
		if !seen[s] && !isNoLabel([]byte(s)) {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// columnStats is what the sample shows of one column.
type columnStats struct {
	numbers, text int // cells that are numbers, and that are neither number nor missing
	firstText     string
	fractions     int  // numbers that are not whole
	float         bool // some number is stored or written with a point or exponent
	in01          int
	neg, above1   int
	pos           int
}

// sampleCells bounds the work on very wide samples.
const sampleCells = 1 << 18

func (r *resolver) sampleRows(width int) int {
	return min(r.sample.Rows(), max(50, sampleCells/max(1, width)))
}

func (r *resolver) stat(i int) *columnStats {
	if r.stats[i] != nil {
		return r.stats[i]
	}
	s := &columnStats{}
	c := r.cols[i]
	for row := range r.sampleRows(len(r.cols)) {
		x, ok := r.sample.Number(row, i)
		if !ok {
			if s.text == 0 {
				s.firstText = r.sample.Text(row, i)
			}
			s.text++
			continue
		}
		if math.IsNaN(x) {
			continue
		}
		s.numbers++
		whole := x == math.Trunc(x)
		if !whole {
			s.fractions++
		}
		if !s.float && !c.Integer {
			s.float = !whole || c.Numeric || !isInteger(strings.TrimSpace(r.sample.Text(row, i)))
		}
		if x < 0 {
			s.neg++
		}
		if x > 0 {
			s.pos++
		}
		if x > 1 {
			s.above1++
		}
		if x >= 0 && x <= 1+1e-5 {
			s.in01++
		}
	}
	r.stats[i] = s
	return s
}

// numeric reports whether the column holds numbers and nothing else.
func (r *resolver) numeric(i int) bool {
	s := r.stat(i)
	return s.text == 0 && (s.numbers > 0 || r.cols[i].Numeric)
}

// mostlyNumeric lets a column have a slip in it, so that the slip is found by
// reading and not by a column gone missing.
func (r *resolver) mostlyNumeric(i int) bool { s := r.stat(i); return s.numbers >= s.text }

// Names of columns that say what a row is, and to which document it belongs.
var (
	tokenNames    = []string{"token", "token_text", "token_str", "token_id"}
	documentNames = []string{"doc", "document", "doc_id", "document_id", "docid", "text_id", "doc_ids", "document_ids"}
)

func isDocument(name string) bool { return slices.Contains(documentNames, strings.ToLower(name)) }

// documents finds out whether rows are tokens, and to which documents they belong:
// the tokens of a document are not independent of each other.
func (r *resolver) documents() {
	for i, c := range r.cols {
		if free := r.claimed[i] == ""; r.named && (free || r.claimed[i] == "--id") && r.tokens < 0 && slices.Contains(tokenNames, strings.ToLower(c.Name)) {
			if r.row = "token"; free {
				r.claimed[i] = "the tokens"
			}
			r.note("each row is a token (%s)", c.Name)
			break
		}
	}
	if !r.named || r.cluster >= 0 || r.noCluster {
		return
	}
	for i, c := range r.cols {
		switch r.claimed[i] {
		case "", "--join", "--id", "--by":
			if isDocument(c.Name) && r.repeats(i) {
				r.cluster = i
				if r.claimed[i] == "" {
					r.claimed[i] = "--cluster"
				}
				r.note("rows of the same %s hang together", quote(c.Name))
				return
			}
		}
	}
}

// repeats reports whether some key of a column comes again in the sample.
func (r *resolver) repeats(i int) bool {
	seen := make(map[string]bool)
	for _, key := range r.texts(i) {
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// extras finds the columns that are taken by their names alone: counts beside
// forms of what happened, and an id.
func (r *resolver) extras() error {
	find := func(names ...string) int {
		for _, name := range names {
			for i, c := range r.cols {
				if r.named && r.claimed[i] == "" && strings.EqualFold(c.Name, name) {
					return i
				}
			}
		}
		return -1
	}
	if r.form.OfWhatHappened() {
		for _, c := range []struct {
			to    *int
			flag  string
			names []string
		}{
			{&r.tokens, "--tokens", []string{"tokens", "n_tokens", "num_tokens"}},
			{&r.words, "--words", []string{"words", "n_words", "num_words"}},
			{&r.bytes, "--bytes", []string{"bytes", "n_bytes", "num_bytes"}},
		} {
			if i := find(c.names...); *c.to < 0 && i >= 0 && r.numeric(i) {
				*c.to, r.claimed[i] = i, c.flag
				r.note("%s counted in %s", strings.TrimPrefix(c.flag, "--"), quote(r.cols[i].Name))
			}
		}
	}
	if r.form.OfWhatHappened() {
		r.documents()
	}
	if r.id < 0 {
		i := find(idNames...)
		if i < 0 {
			if i = r.idNamed(-1); i >= 0 && r.claimed[i] != "" {
				i = -1
			}
		}
		if i < 0 {
			i = find("index", "Unnamed: 0", "")
		}
		if i >= 0 {
			r.id, r.claimed[i] = i, "--id"
		}
	}
	return nil
}

// idNamed is the first column that is called like the name of a row and differs from
// row to row, as a model's or a run's does not; −1 if there is none beside the label.
func (r *resolver) idNamed(label int) int {
	for i, c := range r.cols {
		if i != label && isID(c) && !isDocument(c.Name) && (r.sample.Rows() < 2 || len(distinct(r.texts(i))) > 1) {
			return i
		}
	}
	return -1
}

func (r *resolver) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// layout puts together what was decided.
func (r *resolver) layout() *Layout {
	l := &Layout{
		Form: r.form, LogBase: r.base, Guessed: r.said == NoForm,
		Classes: r.names, Aliases: r.aliases, ByIndex: r.byIndex,
		Values: r.columnNames(r.values), OneHot: r.columnNames(r.oneHot), By: r.columnNames(r.by),
		LabelsApart: r.apart, Named: r.named, madeNames: r.made,
		width: len(r.cols), prefix: r.prefix,
	}
	for _, c := range []struct {
		to  *string
		col int
	}{
		{&l.Label, r.label}, {&l.Weight, r.weight}, {&l.Freq, r.freq}, {&l.Cluster, r.cluster},
		{&l.ID, r.id}, {&l.Tokens, r.tokens}, {&l.Words, r.words}, {&l.Bytes, r.bytes},
	} {
		if c.col >= 0 {
			*c.to = r.cols[c.col].Name
		}
	}
	l.idNameless = r.id >= 0 && l.ID == ""
	l.Row, l.Documents = r.row, isDocument(l.Cluster)
	for i, c := range r.cols {
		if r.claimed[i] == "" {
			l.Ignored = append(l.Ignored, c.Name)
		}
	}

	if system := r.system(); system != "" {
		l.Notes = append(l.Notes, system)
	}
	l.Notes = append(l.Notes, r.formNote())
	if r.labelHow != "" || r.apart || r.oneHot != nil {
		l.Notes = append(l.Notes, r.labelNote())
	}
	if r.joined != nil && !r.joined.join.Labelled() {
		l.Notes = append(l.Notes, r.joined.join.note())
	}
	l.Notes = append(l.Notes, r.notes...)
	if len(l.Ignored) > 0 {
		l.Notes = append(l.Notes, "ignored: "+listNames(l.Ignored, 8))
	}
	return l
}

// system is what wrote a table with such columns, "" if that is not known.
func (r *resolver) system() string {
	if !r.named || r.form.OfWhatHappened() {
		return ""
	}
	array, _, ok := arrayOf(r.cols[r.values[0]].Name)
	_, bigQuery := bigQueryLabel(strings.TrimSuffix(array, "."))
	switch {
	case ok && bigQuery:
		return "BigQuery ML"
	case strings.HasPrefix(r.cols[r.values[0]].Name, ".pred_"):
		return "tidymodels"
	case len(r.values) > 1 && slices.ContainsFunc(r.cols, func(c Column) bool { return c.Name == "predict" }):
		return "H2O"
	}
	return ""
}

func (r *resolver) columnNames(cols []int) []string {
	if cols == nil {
		return nil
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = r.cols[c].Name
	}
	return names
}

// formNote says what the values were taken for: probabilities of 10 classes (p_0 … p_9).
func (r *resolver) formNote() string {
	names := shorten(r.columnNames(r.values))
	what, of := r.form.String(), names[0]
	if !r.named && r.form.PerClass() {
		of = "columns " + of
	} else if !r.named {
		of = "column " + of
	}
	if r.form.PerClass() {
		what += fmt.Sprintf(" of %d classes", len(r.values))
		switch {
		case len(names) == 2:
			of += ", " + names[1]
		case len(names) > 2:
			of += " … " + names[len(names)-1]
		}
	}
	if r.form.Binary() {
		what = strings.Replace(what, "the positive class", quote(r.names[1]), 1)
	}
	if r.form.Logarithmic() && r.base != math.E {
		what += fmt.Sprintf(" to base %g", r.base)
	}
	return fmt.Sprintf("%s (%s)", what, of)
}

func (r *resolver) labelNote() string {
	var s string
	switch {
	case r.labelJoined() || r.oneHot != nil && r.sharesJoined():
		s = r.joined.join.note()
	case r.oneHot != nil:
		names := r.columnNames(r.oneHot)
		return fmt.Sprintf("labels are shares of classes (%s)", listNames(names, 3))
	case r.apart:
		s = "labels from another file"
	default:
		s = "label from " + quote(r.cols[r.label].Name)
		if !r.named {
			s = "label from column " + r.cols[r.label].Name
		}
		if r.labelHow == "values" {
			s += ", which names the classes"
		}
		if isPredicted(r.cols[r.label].Name) { // said by --label
			s += ", which is called like a prediction"
		}
	}
	if r.matchHow != "" {
		s += ", " + r.matchHow
	}
	return s
}

func logBase(s string) float64 {
	switch s {
	case "2":
		return 2
	case "10":
		return 10
	}
	return math.E
}

// shellQuote puts a glob in quotes, so that a shell leaves it alone.
func shellQuote(s string) string {
	if strings.ContainsAny(s, "*?[ ") && !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return s
}

// spec writes columns the way a flag takes them.
func (r *resolver) spec(cols []int) string {
	if len(cols) == 0 {
		return "COLUMNS"
	}
	if r.prefix != "" {
		return "'" + r.prefix + "*'"
	}
	if !r.named {
		lo, hi := slices.Min(cols), slices.Max(cols)
		if hi > lo && hi-lo+1 == len(cols) {
			return strconv.Itoa(lo+1) + "-" + strconv.Itoa(hi+1)
		}
	}
	names := r.columnNames(cols)
	if len(names) > 4 {
		names = append(names[:3:3], "…")
	}
	return shellQuote(strings.Join(names, ","))
}

// spellings are the usual ways to write a word.
func spellings(word string) []string {
	return []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]}
}
