package predict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// classes settles the names of the classes, and how labels find theirs.
func (r *resolver) classes() error {
	switch {
	case r.form.OfWhatHappened():
		return nil
	case r.form.Binary():
		return r.binaryClasses()
	}
	if !r.hasLabels() {
		if !r.req.Unlabelled {
			return r.noLabelError("no label column found")
		}
		return r.classesAlone()
	}
	candidates := r.classCandidates()
	if r.req.Classes != "" {
		names, err := r.saidClasses(len(r.values))
		if err != nil {
			return err
		}
		for _, called := range candidates {
			if r.named && !slices.Equal(called, names) && slices.Equal(slices.Sorted(slices.Values(called)), slices.Sorted(slices.Values(names))) {
				return r.fail(fmt.Sprintf("--classes names the classes in another order than the columns, which are called %s", listNames(called, 6)),
					"without --classes they go by the names of their columns")
			}
		}
		candidates = [][]string{names}
	}
	if r.oneHot != nil {
		r.names = candidates[0]
		if r.req.Classes == "" {
			r.names = r.displayNames(r.values)
		}
		r.addFullNames()
		return r.alignOneHot()
	}
	if len(r.labels) == 0 {
		return r.noSampleLabel()
	}

	best, most := 0, -1
	for i, names := range candidates {
		if n := matches(names, r.labels); n > most {
			best, most = i, n
		}
	}
	if most < len(r.labels) && r.named && r.req.Classes == "" {
		if i := r.madeFrom(candidates, r.labels); i >= 0 {
			best, most, r.made = i, len(r.labels), true
		}
	}
	if slices.Equal(candidates[best], []string{"1", "2"}) && most < len(r.labels) && allAmong(r.labels, pairs[0][:]) {
		return r.fail(fmt.Sprintf("labels 0 and 1 beside the classes %s", listNames(r.columnNames(r.values), 2)),
			fmt.Sprintf("if 1 says that the first of them happened: --prob %s; if 0 does: --classes 0,1", shellQuote(r.cols[r.values[0]].Name)))
	}
	if r.req.Classes != "" && 0 < most && most < len(r.labels) {
		return r.noMatch(candidates[0])
	}
	if most > 0 {
		r.names = candidates[best]
		r.aliases = boolAliases(r.names)
		r.addFullNames()
		r.byIndex = !r.named && r.req.Classes == ""
		r.matchHow = "matched by name"
		if r.made {
			r.matchHow = "matched by name, as R writes names"
		}
		if r.byIndex {
			r.matchHow = "numbers of columns, from 0"
			if most < len(r.labels) {
				return r.noMatch(r.names)
			}
		}
	} else if r.allIndices(len(r.values)) && !(r.last && r.form == Logits) && !slices.ContainsFunc(candidates, allIntegers) {
		r.names, r.byIndex = candidates[0], true
		if r.req.Classes == "" {
			r.names = r.displayNames(r.values)
		}
		r.matchHow = "numbers of columns, from 0"
	} else {
		return r.noMatch(candidates[len(candidates)-1])
	}
	if r.last && r.form == Logits && most < len(r.labels) {
		return r.cannotTell()
	}
	return nil
}

// madeFrom is the candidate among whose names are all the labels as R's make.names
// writes them, each another one; −1 if there is none.
func (r *resolver) madeFrom(candidates [][]string, labels []string) int {
	for i, names := range candidates {
		m := (&Layout{Form: Probabilities, Classes: names, madeNames: true}).Matcher()
		taken := make(map[int]bool)
		for _, s := range labels {
			if k := m.Class([]byte(s)); k >= 0 {
				taken[k] = true
			}
		}
		if len(taken) == len(labels) {
			return i
		}
	}
	return -1
}

// classesAlone names the classes where no label says how.
func (r *resolver) classesAlone() error {
	if r.last && r.form == Logits && !numberedFrom0(r.columnNames(r.values)) {
		return r.cannotTell()
	}
	if r.req.Classes != "" {
		names, err := r.saidClasses(len(r.values))
		r.names = names
		return err
	}
	r.names, r.byIndex = r.displayNames(r.values), !r.named
	r.addFullNames()
	return nil
}

// numberedFrom0 reports whether names are NAME.0, NAME.1, … or the like: such columns
// belong together.
func numberedFrom0(names []string) bool {
	prefix, ok := strings.CutSuffix(names[0], "0")
	for k, name := range names {
		ok = ok && name == prefix+strconv.Itoa(k)
	}
	return ok
}

func (r *resolver) cannotTell() error {
	return r.fail(fmt.Sprintf("cannot tell which columns are predictions; the columns are %s", listColumns(r.cols, 12)),
		"say which: --probs COLUMNS or --logits COLUMNS")
}

func (r *resolver) noSampleLabel() error {
	if r.apart || r.labelJoined() {
		return r.fail("the file of labels has no labels", "--labels FILE:COLUMN says which column is the label")
	}
	return r.at(r.label, fmt.Sprintf("no label in the first %d rows", r.sample.Rows()), "--label COLUMN says which column is the label")
}

// noMatch is the error for labels that are no classes.
func (r *resolver) noMatch(names []string) error {
	var where string
	if r.label >= 0 {
		where = fmt.Sprintf(" in column %s", quote(r.cols[r.label].Name))
	}
	if r.labelJoined() {
		where = " in " + r.joined.join.labels
	}
	m := (&Layout{Form: Probabilities, Classes: names}).Matcher()
	label := r.labels[0]
	if i := slices.IndexFunc(r.labels, func(s string) bool { return m.Class([]byte(s)) < 0 }); i >= 0 {
		label = r.labels[i]
	}
	e := r.fail(fmt.Sprintf("label %s%s is none of the classes, which are %s", quote(label), where, listNames(names, 12)), "")
	k := strconv.Itoa(len(names))
	switch {
	case r.req.Classes == "" && slices.Contains(r.labels, k) && !slices.Contains(r.labels, "0") && (!r.named || allIntegers(r.labels) && !allIntegers(r.columnNames(r.values))):
		e.Hint = "do labels count from 1? Then --classes $(seq -s, " + k + ")"
	case !r.named && r.req.Classes == "":
		e.Hint = "name the classes in the order of the columns: --classes NAME,NAME,…"
	case r.labelHow == "name":
		e.Hint = "--label COLUMN says which column is the label; --classes NAME,… names the classes in the order of the columns"
	default:
		e.Hint = "--classes NAME,NAME,… names the classes in the order of the columns"
	}
	if label == "-1" {
		e.Hint = "if it stands for no label: write -100, or leave these rows out"
	}
	if near := Nearest(label, names); near != "" && r.req.Classes != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", quote(near))
	}
	return e
}

// saidClasses reads --classes.
func (r *resolver) saidClasses(want int) ([]string, error) {
	names := strings.Split(r.req.Classes, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		if names[i] == "" {
			return nil, r.fail(fmt.Sprintf("--classes %s: empty name", quote(r.req.Classes)), "")
		}
		if slices.Contains(names[:i], names[i]) {
			return nil, r.fail(fmt.Sprintf("--classes names %s twice", quote(names[i])), "")
		}
	}
	if len(names) != want {
		if r.form.Binary() {
			return nil, r.fail(fmt.Sprintf("--classes names %s, and one column of probabilities has two", count(len(names), "class")),
				"the negative class first: --classes NEGATIVE,POSITIVE")
		}
		return nil, r.fail(fmt.Sprintf("--classes names %d, and there are %d value columns", len(names), want), "")
	}
	return names, nil
}

// allIndices reports whether every sampled label is a column number from 0.
func (r *resolver) allIndices(k int) bool {
	m := (&Layout{Form: Probabilities, Classes: make([]string, k), ByIndex: true}).Matcher()
	for _, s := range r.labels {
		if m.Class([]byte(s)) < 0 {
			return false
		}
	}
	return true
}

// allIntegers reports whether classes are named by integers, so that a label
// that is none of them cannot be meant as an index.
func allIntegers(names []string) bool {
	return !slices.ContainsFunc(names, func(s string) bool { return !isInteger(s) })
}

// matches counts the labels that are among names.
func matches(names, labels []string) int {
	m := (&Layout{Form: Probabilities, Classes: names, Aliases: boolAliases(names)}).Matcher()
	n := 0
	for _, s := range labels {
		if m.Class([]byte(s)) >= 0 {
			n++
		}
	}
	return n
}

// boolAliases are the further spellings of two classes that are called 0 and 1,
// or false and true.
func boolAliases(names []string) map[string]int {
	if len(names) != 2 {
		return nil
	}
	a, b := strings.ToLower(names[0]), strings.ToLower(names[1])
	flip := a == "1" && b == "0" || a == "true" && b == "false"
	if flip {
		a, b = b, a
	}
	if !(a == "0" && b == "1" || a == "false" && b == "true") {
		return nil
	}
	no, yes := 0, 1
	if flip {
		no, yes = 1, 0
	}
	m := map[string]int{"0": no, "1": yes}
	for _, s := range spellings("false") {
		m[s] = no
	}
	for _, s := range spellings("true") {
		m[s] = yes
	}
	for _, s := range names {
		delete(m, s)
	}
	return m
}

// classCandidates are the names that the classes may go by, judging from their
// columns: in full; without a known prefix; without the beginning that all
// share, up to its last separator; without all that they share; and each of these
// without the end that all share, from its first separator (cat_prob, P(cat)).
func (r *resolver) classCandidates() [][]string {
	full := r.columnNames(r.values)
	if !r.named {
		return [][]string{indexNames(len(full))}
	}
	out := [][]string{full}
	tail, closed := 0, false
	if end := commonSuffix(full); strings.ContainsAny(end, separators+closing) {
		end = end[strings.IndexAny(end, separators+closing):]
		tail, closed = len(end), strings.ContainsAny(end[:1], closing)
	}
	cutBy := func(n, tail int) {
		cut := make([]string, len(full))
		for i, s := range full {
			if n+tail >= len(s) {
				return
			}
			cut[i] = strings.TrimSpace(s[n : len(s)-tail])
			if cut[i] == "" {
				return
			}
		}
		if !slices.ContainsFunc(out, func(have []string) bool { return slices.Equal(have, cut) }) {
			out = append(out, cut)
		}
	}
	add := func(n int) {
		switch {
		case n == 0:
		case closed:
			cutBy(n, tail)
			cutBy(n, 0)
		default:
			cutBy(n, 0)
			cutBy(n, tail)
		}
	}
	common := commonPrefix(full)
	if prefix, _, _, ok := knownPrefix(full[0]); ok {
		all := true
		for _, s := range full {
			p, _, _, ok := knownPrefix(s)
			all = all && ok && p == prefix
		}
		if all {
			add(len(prefix))
		}
	}
	add(strings.LastIndexAny(common, separators+opening) + 1)
	add(len(common))
	cutBy(0, tail)
	return out
}

// What stands between the name of a class and what is written around it.
const separators, opening, closing = "_.- :/", "([{=\"", ")]}\""

// displayNames are the names of classes where no label shows which it should be.
func (r *resolver) displayNames(cols []int) []string {
	saved := r.values
	r.values = cols
	all := r.classCandidates()
	r.values = saved
	// An end that all share may be part of the classes' names: low_risk, high_risk.
	if len(all) > 1 && !strings.HasPrefix(all[0][0], all[1][0]) {
		return all[1]
	}
	return all[0]
}

// commonPrefix is what all names begin with, never part of a character.
func commonPrefix(names []string) string {
	p := names[0]
	for _, s := range names[1:] {
		n := 0
		for i, c := range p {
			size := len(string(c))
			if i+size > len(p) || i+size > len(s) || s[i:i+size] != p[i:i+size] {
				break
			}
			n = i + size
		}
		p = p[:n]
	}
	return p
}

// commonSuffix is what all names end with, never part of a character.
func commonSuffix(names []string) string {
	end := names[0]
	for _, s := range names[1:] {
		for !strings.HasSuffix(s, end) {
			_, size := utf8.DecodeRuneInString(end)
			end = end[size:]
		}
	}
	return end
}

// addFullNames lets a label be written as its column is called.
func (r *resolver) addFullNames() {
	if !r.named {
		return
	}
	for k, i := range r.values {
		if name := r.cols[i].Name; !slices.Contains(r.names, name) {
			if r.aliases == nil {
				r.aliases = make(map[string]int)
			}
			if _, ok := r.aliases[name]; !ok {
				r.aliases[name] = k
			}
		}
	}
}

// alignOneHot puts the soft-label columns in the order of the value columns:
// by name where they are named after the same classes, else as given.
func (r *resolver) alignOneHot() error {
	if r.sharesJoined() {
		shares := make([]int, len(r.values))
		for k, i := range r.values {
			at, ok := r.joined.shareOf(r.cols[i].Name)
			if !ok {
				return r.at(i, "no column for this class in "+r.joined.join.labels, "label columns go by the names of the classes, as columns of predictions do")
			}
			shares[k] = at
		}
		if len(shares) < len(r.oneHot) {
			return r.fail(fmt.Sprintf("%s for %s of labels in %s", count(len(shares), "column"), count(len(r.oneHot), "column"), r.joined.join.labels),
				"every class needs a column of predictions")
		}
		r.oneHot = shares
		return nil
	}
	if len(r.oneHot) != len(r.values) {
		return r.fail(fmt.Sprintf("--onehot is %s, and there are %s of values (%s)",
			count(len(r.oneHot), "column"), count(len(r.values), "column"), listNames(r.columnNames(r.values), 6)), "one column of each per class")
	}
	if !r.named {
		return nil
	}
	values, shares := r.displayNames(r.values), r.displayNames(r.oneHot)
	ordered := make([]int, len(r.values))
	for k, name := range values {
		i := slices.Index(shares, name)
		if i < 0 {
			r.note("shares taken in the order of the columns")
			return nil
		}
		ordered[k] = r.oneHot[i]
	}
	r.oneHot = ordered
	return nil
}

// pairs are labels of which the second is plainly the positive one.
var pairs = [][2]string{{"0", "1"}, {"false", "true"}, {"f", "t"}, {"no", "yes"}, {"n", "y"}, {"-1", "1"}}

// binaryClasses finds which label is the positive one, and the other's name.
func (r *resolver) binaryClasses() error {
	if len(r.labels) == 0 {
		return r.noSampleLabel()
	}
	var labels []string // as written, numbers in their plain form
	for _, s := range r.labels {
		s = string(plainKey([]byte(s)))
		if !slices.Contains(labels, s) {
			labels = append(labels, s)
		}
	}
	name := r.cols[r.values[0]].Name
	if len(labels) > 2 {
		e := r.fail(fmt.Sprintf("one column of probabilities (%s), but more than two labels: %s", name, listNames(labels, 6)),
			"for more than two classes there must be a column per class: --probs COLUMNS")
		if r.label >= 0 {
			e.Hint += "; or the label is another column: --label COLUMN"
		}
		return e
	}
	r.matchHow = ""

	if r.req.Classes != "" {
		names, err := r.saidClasses(2)
		if err != nil {
			return err
		}
		if p := r.req.Positive; p != "" && p != names[1] {
			if p != names[0] {
				return r.fail(fmt.Sprintf("--positive %s is not among --classes %s", quote(p), r.req.Classes), "")
			}
			names[0], names[1] = names[1], names[0]
		}
		if matches(names, labels) == 0 {
			return r.noMatch(names)
		}
		r.names, r.aliases = names, boolAliases(names)
		return nil
	}

	if p := r.req.Positive; p != "" {
		at := r.indexOfLabel(labels, p)
		switch {
		case at < 0 && len(labels) > 1:
			e := r.fail(fmt.Sprintf("--positive %s: no such label; the labels are %s", quote(p), listNames(labels, 6)), "")
			if near := Nearest(p, labels); near != "" {
				e.Hint = fmt.Sprintf("did you mean %s?", quote(near))
			}
			return e
		case at < 0:
			r.names = []string{labels[0], p}
		default:
			r.setBinary(labels, at)
		}
		return nil
	}

	// The column's own name, as in p_malignant; or 0, no_prob.
	array, rest, _, prefixed := knownPrefix(name)
	if _, _, isArray := arrayOf(name); prefixed && isArray && rest == "0" {
		// An array of one number in each row, and not that of class 0 only.
		if !r.cols[r.values[0]].Numeric {
			e := r.fail(fmt.Sprintf("is %s the probability of the positive class, or of %q?", quote(name), rest),
				"say which: --positive "+shellQuote(labels[len(labels)-1]))
			if pair, ok := pairOf(labels); ok {
				e.Hint = "say which: --positive " + inStyle(pair[1], labels[0]) + " or --positive " + inStyle(pair[0], labels[0])
			}
			return e
		}
		name, prefixed = strings.TrimSuffix(array, "."), false
	}
	if !prefixed && r.named {
		at := labelInName(name, labels)
		if at < 0 {
			at = slices.Index(labels, string(plainKey([]byte(name))))
		}
		if at >= 0 {
			rest, prefixed = labels[at], true
		} else if pair, ok := pairOf(labels); ok && (labelInName(strings.ToLower(name), pair[:]) == 0 || name == pair[0]) {
			rest, prefixed = pair[0], true // of which the sample has none
		}
	}
	if prefixed && r.named {
		if at := r.indexOfLabel(labels, rest); at >= 0 {
			r.setBinary(labels, at)
			if pair, _ := pairOf(labels); pair != nil && len(labels) == 1 {
				r.names[0] = inStyle(pair[1-slices.Index(pair[:], strings.ToLower(labels[at]))], labels[at])
			}
			r.aliases = boolAliases(r.names)
			return nil
		}
		// p_no beside labels 0 and 1 is not the probability of 1.
		switch strings.ToLower(rest) {
		case "0", "no", "n", "false", "f", "neg", "negative", "-1":
			if pair, _ := pairOf(labels); pair == nil || pair[0] != strings.ToLower(rest) {
				return r.askPositive(name, labels)
			}
			pair, _ := pairOf(labels)
			r.names = []string{inStyle(pair[1], labels[0]), inStyle(pair[0], labels[0])}
			r.aliases = boolAliases(r.names)
			return nil
		}
	}
	if pair, ok := pairOf(labels); ok {
		r.names = []string{inStyle(pair[0], labels[0]), inStyle(pair[1], labels[0])}
		for _, s := range labels { // as written, where both were seen
			r.names[slices.Index(pair[:], strings.ToLower(s))] = s
		}
		r.aliases = boolAliases(r.names)
		return nil
	}
	return r.askPositive(name, labels)
}

func (r *resolver) askPositive(name string, labels []string) error {
	return r.fail(fmt.Sprintf("which label is %s the probability of? The labels are %s", quote(name), listNames(labels, 6)),
		"say which: --positive "+shellQuote(labels[len(labels)-1]))
}

// indexOfLabel finds p among labels, 1 for 1.0 included.
func (r *resolver) indexOfLabel(labels []string, p string) int {
	m := (&Layout{Form: Probabilities, Classes: labels}).Matcher()
	return m.Class([]byte(p))
}

func (r *resolver) setBinary(labels []string, positive int) {
	r.names = []string{"", labels[positive]}
	if len(labels) == 2 {
		r.names[0] = labels[1-positive]
	}
}

// pairOf is the well-known pair that all labels belong to.
func pairOf(labels []string) (*[2]string, bool) {
	for i := range pairs {
		if allAmong(labels, pairs[i][:]) {
			return &pairs[i], true
		}
	}
	return nil, false
}

// allAmong reports whether all labels are among some words, whatever their case.
func allAmong(labels, words []string) bool {
	return !slices.ContainsFunc(labels, func(s string) bool {
		return !slices.Contains(words, strings.ToLower(string(plainKey([]byte(s)))))
	})
}

// inStyle writes a word in the case of another.
func inStyle(word, like string) string {
	switch {
	case like == strings.ToLower(like):
		return word
	case like == strings.ToUpper(like):
		return strings.ToUpper(word)
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
