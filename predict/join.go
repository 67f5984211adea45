package predict

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// Join brings labels, and what else stands beside them, to predictions that have
// the same key, in whatever order either come. The labels are kept in memory, the
// predictions stream through.
//
// [Join.Settle] finds the columns, [Join.Read] reads a file of labels, [Join.With]
// gives predictions the columns of their labels, and [Join.Tally] says what found
// no other half. A prediction without a label is a row with a [Missing] of
// [Unmatched], one without a key a row with [NoKey].
type Join struct {
	on      string // the key column of predictions
	labelOn string // and of the labels, as said
	column  string // of the labels, as said
	strict  bool

	predictions string // name of the first file of predictions
	labels      string // and of the first file of labels
	key         string // name of the key column of predictions
	labelKey    string // and of labels

	table   joinTable
	rows    []uint32 // of each entry, in its file
	sources []joinFile

	keyColumn int // of labels, in the first file
	label     *joinColumn
	shares    *shares
	further   []*joinColumn // for slices, weights and the like
	probable  string        // the one value column, called as the label is
	unused    []string

	seen   []uint32 // predictions of each entry
	noKeys int64    // labels without a key

	doubled   int64 // labels whose key has come before
	doubles   []KeyRow
	mu        sync.Mutex
	unmatched int64
	strangers []KeyRow
	keyless   int64
	example   string // of the predictions' keys
}

// joinFile is a file of labels: its entries begin at from.
type joinFile struct {
	name string
	from int
}

// KeyRow is a key, and a row that has it.
type KeyRow struct {
	Key   string
	Input int // number of the file, from 0
	Row   int64
}

// firstKeys is how many keys are named.
const firstKeys = 5

// ParseJoin reads KEY, or KEY=LABELSKEY where the labels call the column
// otherwise.
func ParseJoin(on string) (key, labelKey string, err error) {
	key, labelKey, differ := strings.Cut(on, "=")
	if !differ {
		labelKey = key
	}
	if key == "" || labelKey == "" {
		return "", "", &Error{What: fmt.Sprintf("%s does not name the key column", quote(on)), Hint: "--join COL, or --join COL=LABELSCOL where the labels call it otherwise"}
	}
	return key, labelKey, nil
}

// NewJoin makes a Join on the column of that name, as [ParseJoin] reads it, with
// labels from the given column of theirs, or columns where they are shares of
// classes; "" finds them. Strict makes a label whose key came before an error.
func NewJoin(on, column string, strict bool) (*Join, error) {
	key, labelKey, err := ParseJoin(on)
	if err != nil {
		return nil, err
	}
	return &Join{on: key, labelOn: labelKey, column: column, strict: strict}, nil
}

// inFile puts a file and a flag to an error that does not know them.
func inFile(err error, file, flag string) error {
	if e, ok := err.(*Error); ok && e.Source == "" {
		e.Source, e.What = file, flag+": "+e.What
	}
	return err
}

// keyOf is the column of the key.
func keyOf(name string, src Source, hint string) (int, error) {
	cols, err := ExpandColumns(name, src.Columns())
	if all := src.Columns(); err != nil && name == "Unnamed: 0" && len(all) > 0 && all[0].Named && all[0].Name == "" {
		return 0, nil // as pandas calls it
	}
	if err == nil && len(cols) != 1 {
		err = &Error{What: fmt.Sprintf("one column is the key, and %s is %d", quote(name), len(cols))}
	}
	if err != nil {
		if e, ok := err.(*Error); ok && (e.Hint == "" || hint != "") {
			e.Hint = hint
		}
		return 0, inFile(err, src.Name(), "--join")
	}
	return cols[0], nil
}

// Settle finds the columns of the labels' file, judging from what req says and
// from the predictions' columns. What it takes from the labels for req is said in
// the request that [Join.Request] gives.
func (j *Join) Settle(req Request, predictions, labels Source) error {
	j.predictions, j.labels = predictions.Name(), labels.Name()
	key, err := keyOf(j.on, predictions, "")
	if err != nil {
		return err
	}
	hint := fmt.Sprintf("if the labels call it otherwise: --join %s=COLUMN", j.on)
	if near := Nearest(j.labelOn, columnsCalled(labels)); near != "" {
		hint = "did you mean --join " + shellQuote(j.on+"="+near) + "?"
	}
	j.keyColumn, err = keyOf(j.labelOn, labels, hint)
	if err != nil {
		return err
	}
	j.key, j.labelKey = predictions.Columns()[key].Name, labels.Columns()[j.keyColumn].Name
	s := &joinSettling{Join: j, req: req, known: AboutOf(predictions).Request,
		mine:   newColumns(predictions),
		theirs: newColumns(labels),
	}
	s.mine.claimed[key], s.theirs.claimed[j.keyColumn] = "--join", "--join"
	if err := s.furtherColumns(); err != nil {
		return err
	}
	if err := s.findLabel(); err != nil {
		return err
	}
	for i, c := range s.theirs.cols {
		if s.theirs.claimed[i] == "" {
			j.unused = append(j.unused, c.Name)
		}
	}
	return nil
}

// columnsCalled are the names of the columns.
func columnsCalled(src Source) []string {
	var names []string
	for _, c := range src.Columns() {
		names = append(names, c.Name)
	}
	return names
}

// newColumns is a resolver that is used for what it can tell of columns.
func newColumns(src Source) *resolver {
	cols := src.Columns()
	return &resolver{file: src.Name(), json: strings.HasPrefix(src.Format(), "json"), cols: cols, sample: src.Sample(), named: len(cols) > 0 && cols[0].Named,
		claimed: make([]string, len(cols)), stats: make([]*columnStats, len(cols))}
}

// joinSettling is one run of Settle.
type joinSettling struct {
	*Join
	req, known   Request // what the user said, and what the predictions say of themselves
	mine, theirs *resolver
}

// free is a name for a column that predictions do not have.
func (s *joinSettling) free(name string) string {
	for {
		taken := slices.ContainsFunc(s.mine.cols, func(c Column) bool { return c.Name == name }) ||
			slices.ContainsFunc(s.further, func(c *joinColumn) bool { return c.name == name })
		if !taken {
			return name
		}
		name = "labels:" + name
	}
}

// take makes a column of the labels' file one of the joined rows.
func (s *joinSettling) take(column int, flag string, number bool) *joinColumn {
	for _, c := range s.further {
		if c.column == column {
			return c
		}
	}
	title := s.theirs.cols[column].Name
	c := &joinColumn{name: title, title: title, column: column, number: number}
	s.further = append(s.further, c)
	s.theirs.claimed[column] = flag
	return c
}

// furtherColumns finds what the user asked for, and the predictions lack, among
// the columns of the labels.
func (s *joinSettling) furtherColumns() error {
	for _, c := range []struct {
		flag, list string
		number     bool
	}{
		{"--weight", s.req.Weight, true}, {"--freq", s.req.Freq, true},
		{"--tokens", s.req.Tokens, true}, {"--words", s.req.Words, true}, {"--bytes", s.req.Bytes, true},
		{"--cluster", s.req.Cluster, false}, {"--by", s.req.By, false}, {"--id", s.req.ID, false},
	} {
		if c.list == "" {
			continue
		}
		// What predictions have is theirs.
		if _, err := ExpandColumns(c.list, s.mine.cols); err == nil {
			continue
		}
		entries := []string{c.list}
		if at, err := exactColumn(c.list, s.theirs.cols); err != nil || at < 0 {
			entries = strings.Split(c.list, ",")
		}
		for _, entry := range entries {
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			if _, err := ExpandColumns(entry, s.mine.cols); err == nil {
				continue
			}
			cols, err := ExpandColumns(entry, s.theirs.cols)
			if err != nil {
				e := s.mine.fail(fmt.Sprintf("%s: no column %s here (%s), nor in %s (%s)", c.flag, quote(entry),
					listColumns(s.mine.cols, 12), s.labels, listColumns(s.theirs.cols, 12)), "")
				var names []string
				for _, c := range slices.Concat(s.mine.cols, s.theirs.cols) {
					names = append(names, c.Name)
				}
				if near := Nearest(entry, names); near != "" {
					e.Hint = fmt.Sprintf("did you mean %s?", quote(near))
				}
				return e
			}
			for _, i := range cols {
				if i == s.keyColumn {
					continue
				}
				if c.number && !s.theirs.mostlyNumeric(i) {
					return s.theirs.at(i, fmt.Sprintf("%s needs numbers, found %s", c.flag, quote(s.theirs.stat(i).firstText)), "")
				}
				if other := s.theirs.claimed[i]; other != "" && (c.number || strings.Contains("--weight --freq --tokens --words --bytes", other)) {
					return s.theirs.fail(fmt.Sprintf("%s and %s both name column %s", other, c.flag, quote(s.theirs.cols[i].Name)), "a column has one part")
				}
				s.take(i, c.flag, c.number)
			}
		}
	}
	return nil
}

// findLabel finds the labels: one column, or one for each class.
func (s *joinSettling) findLabel() error {
	if said := map[bool]string{s.req.Label != "": "--label", s.req.OneHot != "": "--onehot"}[true]; said != "" {
		// What happened stands beside the predictions, or nowhere.
		switch {
		case s.column != "":
			return s.mine.fail(fmt.Sprintf("%s and --labels %s:%s contradict each other: both say what happened", said, s.labels, s.column), "")
		case len(s.further) == 0:
			return s.mine.fail(fmt.Sprintf("nothing to join: %s says what happened, and no other flag names a column of %s", said, s.labels),
				"--by, --weight, --cluster and the like may name columns of that file")
		}
		return nil
	}
	if s.column != "" {
		cols, err := ExpandColumns(s.column, s.theirs.cols)
		if err != nil {
			return inFile(err, s.labels, "--labels")
		}
		for _, i := range cols {
			if other := s.theirs.claimed[i]; other == "--join" || other != "" && len(cols) > 1 {
				return s.theirs.fail(fmt.Sprintf("--labels and %s both name column %s", other, quote(s.theirs.cols[i].Name)), "a column has one part")
			}
		}
		if len(cols) > 1 {
			return s.takeShares(cols)
		}
		return s.takeLabel(cols[0])
	}
	// Predictions that have labels, or need none, may want no more than the further
	// columns.
	known := s.req.Over(s.known)
	ofWhatHappened := known.LogProb != "" || known.NLL != "" ||
		s.req.Prob == "" && s.req.Probs == "" && s.req.Logits == "" && s.req.LogProbs == "" &&
			len(s.mine.named1(logProbNames))+len(s.mine.named1(nllNames)) == 1
	needed := len(s.further) == 0 || !ofWhatHappened && s.known.Label == "" && s.mine.labelNamed() < 0
	pairs := s.pairs()
	named := s.theirs.labelNamed()
	var vote *votes
	if len(pairs) > 1 {
		vote = s.theirs.vote(pairs)
		if vote.most(vote.prob) && (named < 0 || slices.Contains(pairs, named)) {
			return s.takeShares(pairs)
		}
	}
	switch {
	case !needed:
		return nil
	case named >= 0:
		return s.takeLabel(named)
	}
	var rest []int
	for i, c := range s.theirs.cols {
		if s.mayBeLabel(i) && !isPartition(c.Name) && !isIndex(c) {
			rest = append(rest, i)
		}
	}
	if found := s.namesOfClasses(rest); len(found) == 1 {
		return s.takeLabel(found[0])
	}
	if len(pairs) > 1 && vote.most(vote.within) {
		return s.unlikeShares(pairs, vote)
	}
	if len(rest) == 1 {
		return s.takeLabel(rest[0])
	}
	example := s.theirs.cols[(s.keyColumn+1)%len(s.theirs.cols)].Name
	return s.theirs.fail(fmt.Sprintf("which column holds the labels? The columns are %s", listColumns(s.theirs.cols, 12)),
		fmt.Sprintf("say which after a colon: --labels %s:%s", s.labels, example))
}

// namesOfClasses are those of the columns that hold nothing but names of columns
// of the predictions.
func (s *joinSettling) namesOfClasses(cols []int) (found []int) {
	if !s.mine.named {
		return nil
	}
	classes := make([]string, len(s.mine.cols))
	for i, c := range s.mine.cols {
		classes[i] = c.Name
		if _, class, _, ok := knownPrefix(c.Name); ok {
			classes[i] = class
		}
	}
	for _, i := range cols {
		if labels := distinct(s.theirs.texts(i)); len(labels) > 0 && matches(classes, labels) == len(labels) {
			found = append(found, i)
		}
	}
	return found
}

func (s *joinSettling) mayBeLabel(i int) bool {
	switch s.theirs.claimed[i] {
	case "", "--by", "--cluster":
		return true
	}
	return false
}

// isPartition reports whether a column is called like those that say to which
// part of the data a row belongs.
func isPartition(name string) bool {
	switch strings.ToLower(name) {
	case "usage", "indicator":
		return true
	}
	return slices.Contains(neverAClass, strings.ToLower(name))
}

// pairs are the columns of the labels that are called like columns of the
// predictions, and hold numbers in [0, 1].
func (s *joinSettling) pairs() []int {
	var pairs []int
	for i := range s.theirs.cols {
		if s.theirs.claimed[i] == "" && s.theirs.named && s.mine.named && s.partner(i) >= 0 && s.theirs.numeric(i) {
			if stat := s.theirs.stat(i); stat.in01 == stat.numbers {
				pairs = append(pairs, i)
			}
		}
	}
	return pairs
}

// partner is the column of the predictions that is called like a column of the
// labels, by its full name or without known prefixes; −1 if none is.
func (s *joinSettling) partner(i int) int {
	bare := func(name string) string {
		if _, class, _, ok := knownPrefix(name); ok {
			return class
		}
		return strings.TrimPrefix(name, "y_")
	}
	name := s.theirs.cols[i].Name
	found := -1
	for k, c := range s.mine.cols {
		if s.mine.claimed[k] != "" || !s.mine.mostlyNumeric(k) {
			continue
		}
		if c.Name == name {
			return k
		}
		if bare(c.Name) == bare(name) {
			if found >= 0 {
				return -1
			}
			found = k
		}
	}
	return found
}

// unlikeShares is the error for columns called as the predictions' that are no
// shares of classes.
func (s *joinSettling) unlikeShares(pairs []int, v *votes) error {
	names := s.theirs.columnNames(pairs)
	// With a class that the predictions lack the rows may add up.
	for i, c := range s.theirs.cols {
		if s.theirs.claimed[i] != "" || slices.Contains(pairs, i) || !s.theirs.numeric(i) || isPartition(c.Name) {
			continue
		}
		if with := s.theirs.vote(append(slices.Clone(pairs), i)); with.rows > 0 && with.most(with.prob) {
			return s.theirs.at(i, fmt.Sprintf("a class, it seems, for which %s has no column", s.predictions),
				"every class needs a column of predictions")
		}
	}
	return s.theirs.fail(fmt.Sprintf("columns %s are called as columns of %s are, but are no shares of classes: rows do not sum to 1 (first: row %d sums to %.6g)",
		listNames(names, 6), s.predictions, v.firstRow, v.firstSum),
		fmt.Sprintf("labels that do not exclude each other are scored one at a time: --labels %s:%s --prob %s", s.labels, names[0], s.mine.cols[s.partner(pairs[0])].Name))
}

func (s *joinSettling) takeLabel(i int) error {
	if by := s.theirs.claimed[i]; by != "" && !s.mayBeLabel(i) {
		return s.theirs.fail(fmt.Sprintf("--labels and %s both name column %s", by, quote(s.theirs.cols[i].Name)), "a column has one part")
	}
	s.label = nil
	for _, c := range s.further {
		if c.column == i { // the rows are sliced by their label
			s.label = c
		}
	}
	if s.label == nil {
		title := s.theirs.cols[i].Name
		s.label = &joinColumn{name: s.free(title), title: title, column: i}
	}
	s.theirs.claimed[i] = "--labels"
	q := s.req.Over(s.known)
	if q.Prob == "" && q.Probs == "" && q.Logits == "" && q.LogProb == "" && q.LogProbs == "" && q.NLL == "" && s.mine.named {
		// One column of the same name: its probability.
		if k := s.partner(i); k >= 0 && s.mine.cols[k].Name == s.theirs.cols[i].Name && s.mine.stat(k).float {
			s.probable = s.mine.cols[k].Name
		}
	}
	return nil
}

func (s *joinSettling) takeShares(cols []int) error {
	sh := &shares{columns: cols, names: s.theirs.columnNames(cols), cols: make([]joinColumn, len(cols))}
	for _, i := range cols {
		if !s.theirs.mostlyNumeric(i) {
			return s.theirs.at(i, "label columns of classes hold numbers, found "+quote(s.theirs.stat(i).firstText), "")
		}
		p := s.partner(i)
		if p < 0 {
			return s.theirs.at(i, fmt.Sprintf("%s has no column of predictions called like this; its columns are %s", s.predictions, listColumns(s.mine.cols, 12)),
				"label columns go by the names of the classes, as columns of predictions do")
		}
		class := s.mine.cols[p].Name
		if slices.Contains(sh.classes, class) {
			return s.theirs.at(i, fmt.Sprintf("column %s of %s has two label columns", quote(class), s.predictions), "")
		}
		sh.classes = append(sh.classes, class)
		s.theirs.claimed[i] = "--labels"
	}
	s.shares = sh
	return nil
}

// Read reads a file of labels. Files after the first must have the same columns.
func (j *Join) Read(ctx context.Context, src Source) error {
	sel, err := j.selection(src)
	if err != nil {
		return err
	}
	file := len(j.sources)
	j.sources = append(j.sources, joinFile{src.Name(), j.table.len()})
	width := 0
	if j.shares != nil {
		width = len(j.shares.columns)
	}
	x, whys := make([]float64, len(sel.Numbers)), make([]Why, len(sel.Numbers))
	at := make(map[int32]int) // of columns in x
	for i, c := range sel.Numbers {
		at[int32(c)] = i
	}
	keyColumn := sel.Texts[0]
	var texts []*joinColumn
	var numbers []*joinColumn
	for _, c := range j.further {
		if c.number {
			numbers = append(numbers, c)
		} else {
			texts = append(texts, c)
		}
	}
	if j.label != nil && !slices.Contains(texts, j.label) {
		texts = append(texts, j.label)
	}
	rows, err := src.Read(ctx, sel, 1, func(_ int, b *Batch) error {
		missing := b.Missing
		for i := range b.Rows {
			row := b.First + int64(i)
			fail := func(col int, name, what, hint string) error {
				return &Error{Source: src.Name(), Row: row, Line: b.Line(i), Column: col + 1, Name: name, What: what, Hint: hint}
			}
			for k := range x {
				x[k], whys[k] = b.Numbers[k][i], 0
			}
			for len(missing) > 0 && int(missing[0].Row) == i {
				whys[at[missing[0].Column]] = missing[0].Why
				missing = missing[1:]
			}
			key := bytes.TrimSpace(b.Texts[0].At(i))
			if isNoLabel(key) {
				if j.strict {
					return fail(keyColumn, j.labelKey, "no key, expected one for every label", "without --strict labels without a key are counted and left out")
				}
				j.noKeys++
				continue
			}
			e, hash, slot := j.table.exact(key)
			if e < 0 {
				switch n := j.table.len(); {
				case n >= maxJoinRows || int64(len(j.table.keys))+int64(len(key)) > maxJoinKeys:
					return fail(-1, "", fmt.Sprintf("more than %d labels, which are kept in memory", n), "join files of this size before, with DuckDB for instance, and score the result")
				case (int64(n)+1)*int64(len(numbers)) > maxJoinCells, j.shares != nil && j.shares.soft && (int64(n)+1)*int64(width) > maxJoinCells:
					return fail(-1, "", fmt.Sprintf("more than %d numbers beside the keys, which are kept in memory", maxJoinCells), "join files of this size before, with DuckDB for instance, and score the result")
				}
				j.table.add(key, hash, slot)
				j.rows = append(j.rows, uint32(row))
				for k, c := range texts {
					if text := b.Texts[1+k].At(i); !c.addText(text) {
						hint := ""
						if c == j.label {
							hint = "--labels FILE:COLUMN says which column is the label"
						}
						return fail(c.column, c.title, fmt.Sprintf("more than %d different texts", maxLabelNames), hint)
					}
				}
				if width > 0 {
					j.shares.add(x[:width], whys[:width])
				}
				for k, c := range numbers {
					c.addNumber(x[width+k], whys[width+k])
				}
				continue
			}
			// The key has come before. All it says must be the same.
			conflict := func(what, here, there string) error {
				return fail(keyColumn, j.labelKey, fmt.Sprintf("key %s has %s %s here, and %s in row %d%s", quote(string(key)), what, here, there,
					j.rows[e], j.elsewhere(e, file)), "a key must have one label: remove one of the rows")
			}
			for k, c := range texts {
				if text := b.Texts[1+k].At(i); string(text) != c.text(e) {
					what := "label"
					if c != j.label {
						what = "in " + quote(c.title)
					}
					return conflict(what, quote(string(text)), quote(c.text(e)))
				}
			}
			if width > 0 && !j.shares.same(e, x[:width], whys[:width]) {
				there := j.shares.show(e)
				here := showShares(x[:width])
				if class, _ := hardClass(x[:width], whys[:width]); class >= 0 && !j.shares.soft {
					here = quote(j.shares.classes[class])
				}
				return conflict("label", here, there)
			}
			for k, c := range numbers {
				if !c.same(e, x[width+k], whys[width+k]) {
					return conflict("in "+quote(c.title), c.shown(x[width+k]), c.text(e))
				}
			}
			if j.strict {
				return fail(keyColumn, j.labelKey, fmt.Sprintf("key %s is also that of row %d%s", quote(string(key)), j.rows[e], j.elsewhere(e, file)),
					"without --strict a key that comes again with the same label is counted and left out")
			}
			j.doubled++
			if len(j.doubles) < firstKeys {
				j.doubles = append(j.doubles, KeyRow{string(key), file, row})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if j.table.len() == j.sources[file].from && j.doubled == 0 {
		what := "no labels"
		if rows > 0 {
			what = fmt.Sprintf("none of the %d labels has a key", rows)
		}
		return &Error{Source: src.Name(), What: what}
	}
	j.seen = make([]uint32, j.table.len())
	return nil
}

// elsewhere says in which file an entry is, if not in the given one.
func (j *Join) elsewhere(e, file int) string {
	if at := j.fileOf(e); at != file {
		return " of " + j.sources[at].name
	}
	return ""
}

func (j *Join) fileOf(e int) int {
	return sort.Search(len(j.sources), func(i int) bool { return j.sources[i].from > e }) - 1
}

// selection is what to read of a file of labels: the key and the texts, and the
// shares and the numbers.
func (j *Join) selection(src Source) (sel Selection, err error) {
	cols := src.Columns()
	key, err := keyOf(j.labelOn, src, "")
	if err != nil {
		return sel, err
	}
	first := len(j.sources) == 0
	find := func(column int, name string) int {
		if first {
			return column
		}
		i, e := exactColumn(name, cols)
		if e == nil && i < 0 {
			e = missingColumn("", name, cols)
		}
		if e != nil {
			err = inFile(e, src.Name(), "--labels")
		}
		return i
	}
	sel.Texts = []int{key}
	if j.shares != nil {
		for k, c := range j.shares.columns {
			sel.Numbers = append(sel.Numbers, find(c, j.shares.names[k]))
		}
	}
	for _, c := range j.further {
		if i := find(c.column, c.title); c.number {
			sel.Numbers = append(sel.Numbers, i)
		} else {
			sel.Texts = append(sel.Texts, i)
		}
	}
	if j.label != nil && !slices.Contains(j.further, j.label) {
		sel.Texts = append(sel.Texts, find(j.label.column, j.label.title))
	}
	return sel, err
}

// Request puts into req what the labels' file holds. The key names the rows where
// nothing else does.
func (j *Join) Request(req Request) Request {
	switch {
	case j.shares != nil && j.shares.soft:
		req.Label, req.OneHot = "", shareName+"*"
	case j.shares != nil:
		req.Label = shareName + "label"
	case j.label != nil:
		req.Label = j.label.name
	}
	if j.probable != "" {
		req.Prob = j.probable
	}
	if req.ID == "" {
		req.ID = j.key
	}
	return req
}

// shareName begins the names that columns of shares have among the joined ones.
const shareName = "labels of classes:"

// columns are the further columns of joined rows.
func (j *Join) columns() []*joinColumn {
	cols := slices.Clone(j.further)
	switch {
	case j.shares != nil && j.shares.soft:
		for k := range j.shares.cols {
			j.shares.cols[k].name = shareName + j.shares.names[k]
			cols = append(cols, &j.shares.cols[k])
		}
	case j.shares != nil:
		cols = append(cols, &joinColumn{name: shareName + "label", codes: j.shares.codes, names: j.shares.classes})
	case j.label != nil && !slices.Contains(cols, j.label):
		cols = append(cols, j.label)
	}
	return cols
}

// known are the labels that there are, as far as a resolver needs them; nil if
// the column is not the label.
func (j *Join) known(name string) []string {
	var names []string
	switch {
	case j.shares != nil && name == shareName+"label":
		names = j.shares.classes
	case j.label != nil && name == j.label.name:
		names = j.label.names
	}
	return names[:min(len(names), 1000)]
}

// note says where the labels are from.
func (j *Join) note() string {
	on := quote(j.key)
	if j.labelKey != j.key {
		on += " = " + quote(j.labelKey)
	}
	files := j.labels
	if n := len(j.sources) - 1; n > 0 {
		files += fmt.Sprintf(" and %d more", n)
	}
	var s string
	switch {
	case j.shares != nil && j.shares.soft:
		s = fmt.Sprintf("labels are shares of classes (%s) from %s", j.shares.span(), files)
	case j.shares != nil:
		s = fmt.Sprintf("label is the class whose column (%s) is 1 in %s", j.shares.span(), files)
	case j.label != nil:
		s = fmt.Sprintf("label from %s of %s", quote(j.label.title), files)
	default:
		s = "columns from " + files
	}
	s += ", joined on " + on
	if len(j.unused) > 0 {
		s += fmt.Sprintf(" (not used there: %s)", listNames(j.unused, 6))
	}
	return s
}

// Labelled reports whether the join brings labels, and not other columns alone.
func (j *Join) Labelled() bool { return j.label != nil || j.shares != nil }

// labelled reports whether an entry has a label.
func (j *Join) labelled(e int) bool {
	switch {
	case j.shares != nil:
		return j.shares.labelled(e)
	case j.label != nil:
		return !isNoLabel([]byte(strings.TrimSpace(j.label.text(e))))
	}
	return true
}

// JoinTally says what found no other half. Keys are named in the order of their
// files, at most five of each kind.
type JoinTally struct {
	Key, LabelsKey string   // columns
	Files          []string // of labels
	Labelled       bool     // labels were joined, not other columns alone
	Labels         int64    // different keys that have a label
	Matched        int64    // of them, those with predictions

	Unpredicted int64    // keys with a label and without predictions
	Unpredict   []KeyRow // rows of labels
	Unlabelled  int64    // rows of predictions whose key is not among the labels
	Unlabel     []KeyRow // rows of predictions
	NoKey       int64    // rows of predictions without a key

	DoubledLabels      int64    // rows of labels whose key came before, with the same label
	DoubledLabel       []KeyRow // rows of labels
	DoubledPredictions int64    // keys with several predictions
	DoubledRows        int64    // their rows
	DoubledPredict     []KeyRow // rows of their labels
	LabelsNoKey        int64    // rows of labels without a key

	ExampleKey, ExampleLabelsKey string // one of either side
}

// Tally counts, after all predictions were read.
func (j *Join) Tally() JoinTally {
	t := JoinTally{Key: j.key, LabelsKey: j.labelKey, Labelled: j.Labelled(),
		Unlabelled: j.unmatched, Unlabel: j.strangers, NoKey: j.keyless,
		DoubledLabels: j.doubled, DoubledLabel: j.doubles, LabelsNoKey: j.noKeys, ExampleKey: j.example}
	for _, f := range j.sources {
		t.Files = append(t.Files, f.name)
	}
	name := func(list []KeyRow, e int) []KeyRow {
		if len(list) == firstKeys {
			return list
		}
		return append(list, KeyRow{string(j.table.key(e)), j.fileOf(e), int64(j.rows[e])})
	}
	for e, n := range j.seen {
		if n > 1 {
			t.DoubledPredictions++
			t.DoubledRows += int64(n)
			t.DoubledPredict = name(t.DoubledPredict, e)
		}
		if !j.labelled(e) {
			continue
		}
		t.Labels++
		if n > 0 {
			t.Matched++
			continue
		}
		t.Unpredicted++
		t.Unpredict = name(t.Unpredict, e)
	}
	if j.table.len() > 0 {
		t.ExampleLabelsKey = string(j.table.key(0))
	}
	return t
}

// With gives predictions the columns of their labels. Input is the number of the
// file, from 0, by which rows are named.
func (j *Join) With(src Source, input int) (*Joined, error) {
	key, err := keyOf(j.on, src, "")
	if err != nil {
		return nil, err
	}
	return &Joined{Source: src, join: j, input: input, key: key, columns: j.columns(), own: len(src.Columns())}, nil
}

// Joined is a source of predictions with the columns of their labels.
type Joined struct {
	Source
	join    *Join
	input   int
	key     int // column
	own     int // number of columns of the predictions
	columns []*joinColumn
}

// About implements what [AboutOf] asks for.
func (s *Joined) About() About { return AboutOf(s.Source) }

// Columns are those of the predictions, and after them those of the labels.
func (s *Joined) Columns() []Column {
	cols := slices.Clone(s.Source.Columns())
	for _, c := range s.columns {
		cols = append(cols, Column{Name: c.name, Named: len(cols) > 0 && cols[0].Named})
	}
	return cols
}

// shareOf is the column that holds the shares of the class of a value column.
func (s *Joined) shareOf(value string) (int, bool) {
	k := slices.Index(s.join.shares.classes, value)
	return s.own + len(s.join.further) + k, k >= 0
}

// Sample gives the first predictions with their labels.
func (s *Joined) Sample() Sample { return joinedSample{s.Source.Sample(), s} }

type joinedSample struct {
	Sample
	s *Joined
}

func (t joinedSample) entry(row int) int {
	return t.s.join.table.find([]byte(strings.TrimSpace(t.Sample.Text(row, t.s.key))))
}

func (t joinedSample) Text(row, col int) string {
	if col < t.s.own {
		return t.Sample.Text(row, col)
	}
	return t.s.columns[col-t.s.own].text(t.entry(row))
}

func (t joinedSample) Number(row, col int) (float64, bool) {
	if col < t.s.own {
		return t.Sample.Number(row, col)
	}
	c, e := t.s.columns[col-t.s.own], t.entry(row)
	switch {
	case e < 0:
		return math.NaN(), true
	case c.number:
		return c.values[e], true
	}
	x, _, _, v := number([]byte(c.text(e)))
	return x, v == isNumber || v == isMissing
}

// Read reads the predictions and looks up each one's label.
func (s *Joined) Read(ctx context.Context, sel Selection, threads int, fold Fold) (int64, error) {
	inner := Selection{Values: sel.Values}
	for _, v := range sel.Values {
		if v >= s.own {
			return 0, &Error{Source: s.Name(), Name: s.columns[v-s.own].name, What: "columns of predictions must stand in the file of predictions"}
		}
	}
	// Where each column asked for is: in the batch, or, as −1 − number, in the table.
	split := func(cols []int, own *[]int) []int {
		at := make([]int, len(cols))
		for i, c := range cols {
			if c >= s.own {
				at[i] = -1 - (c - s.own)
				continue
			}
			at[i] = len(*own)
			*own = append(*own, c)
		}
		return at
	}
	numbers, texts := split(sel.Numbers, &inner.Numbers), split(sel.Texts, &inner.Texts)
	key := slices.Index(inner.Texts, s.key)
	if key < 0 {
		key = len(inner.Texts)
		inner.Texts = append(inner.Texts, s.key)
	}
	workers := make([]joinWorker, max(1, threads))
	return s.Source.Read(ctx, inner, threads, func(worker int, b *Batch) error {
		return fold(worker, workers[worker].join(s, b, key, numbers, texts))
	})
}

// joinWorker is the scratch of one thread.
type joinWorker struct {
	batch   Batch
	entries []int
	missing []Missing
	numbers [][]float64
	texts   []Strings
}

// join gives a batch the columns of the labels.
func (w *joinWorker) join(s *Joined, b *Batch, key int, numbers, texts []int) *Batch {
	j := s.join
	w.entries = w.entries[:0]
	var extra []Missing
	var strangers []KeyRow
	var unmatched, keyless int64
	example := ""
	for i := range b.Rows {
		k := bytes.TrimSpace(b.Texts[key].At(i))
		if isNoLabel(k) {
			keyless++
			extra = append(extra, Missing{int32(i), int32(s.key), NoKey})
			w.entries = append(w.entries, noEntry)
			continue
		}
		e := j.table.find(k)
		w.entries = append(w.entries, e)
		if e < 0 {
			extra = append(extra, Missing{int32(i), int32(s.key), Unmatched})
			unmatched++
			if len(strangers) < firstKeys {
				strangers = append(strangers, KeyRow{string(k), s.input, b.First + int64(i)})
			}
			if example == "" {
				example = string(k)
			}
			continue
		}
		atomic.AddUint32(&j.seen[e], 1)
	}
	if unmatched+keyless > 0 {
		j.meet(strangers, unmatched, keyless)
	}

	w.batch = *b
	w.batch.Keys = &b.Texts[key]
	w.batch.Numbers, w.batch.Texts = nil, nil
	fresh := 0
	for _, at := range numbers {
		if at >= 0 {
			w.batch.Numbers = append(w.batch.Numbers, b.Numbers[at])
			continue
		}
		if fresh == len(w.numbers) {
			w.numbers = append(w.numbers, nil)
		}
		c, out := s.columns[-1-at], w.numbers[fresh][:0]
		for i, e := range w.entries {
			x := math.NaN()
			if e >= 0 {
				x = c.values[e]
				if why, ok := c.whys[e]; ok {
					extra = append(extra, Missing{int32(i), int32(s.own - 1 - at), why})
				}
			}
			out = append(out, x)
		}
		w.numbers[fresh] = out
		w.batch.Numbers = append(w.batch.Numbers, out)
		fresh++
	}
	fresh = 0
	for _, at := range texts {
		if at >= 0 {
			w.batch.Texts = append(w.batch.Texts, b.Texts[at])
			continue
		}
		if fresh == len(w.texts) {
			w.texts = append(w.texts, Strings{})
		}
		c, out := s.columns[-1-at], &w.texts[fresh]
		out.Reset()
		for _, e := range w.entries {
			text := c.text(e)
			out.Data = append(out.Data, text...)
			out.Off = append(out.Off, int32(len(out.Data)))
		}
		w.batch.Texts = append(w.batch.Texts, *out)
		fresh++
	}
	if len(extra) > 0 {
		// A row without its other half is that before it is anything else; then the
		// predictions' own gaps, then those of the labels' columns.
		all := append(append(w.missing[:0], b.Missing...), extra...)
		slices.SortStableFunc(all, func(x, y Missing) int {
			if x.Row != y.Row {
				return int(x.Row) - int(y.Row)
			}
			return rank(x.Why) - rank(y.Why)
		})
		w.missing, w.batch.Missing = all, all
	}
	return &w.batch
}

func rank(w Why) int {
	if w == NoKey || w == Unmatched {
		return 0
	}
	return 1
}

// meet notes predictions without a label.
func (j *Join) meet(strangers []KeyRow, unmatched, keyless int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unmatched += unmatched
	j.keyless += keyless
	j.strangers = append(j.strangers, strangers...)
	slices.SortFunc(j.strangers, func(a, b KeyRow) int {
		if a.Input != b.Input {
			return a.Input - b.Input
		}
		return int(a.Row - b.Row)
	})
	j.strangers = j.strangers[:min(len(j.strangers), firstKeys)]
	if len(j.strangers) > 0 {
		j.example = j.strangers[0].Key
	}
}

// keyText is a key for a list: as it is, or in quotes if it is odd.
func keyText(key string) string { return shorten([]string{key})[0] }

// NameKeys lists keys for a sentence, "" if there are none.
func NameKeys(rows []KeyRow, count int64) string {
	var parts []string
	for _, k := range rows {
		parts = append(parts, keyText(k.Key))
	}
	if len(rows) > 0 && count > int64(len(rows)) {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
