package predict

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxLabelNames bounds how many different labels a file of labels may hold. More
// of them is a column of something else.
const maxLabelNames = 1 << 20

// Labels are the labels of a file apart from the predictions, coded: that of row
// i, counted from 0, is Names[Codes[i]]. Names stand in the order in which they
// first appear, as written; a missing label is a name too ("" or NA), which
// [Matcher.Class] takes for [NoLabel].
type Labels struct {
	Source string // file
	Column string // name of the column, its number where columns have no names
	Codes  []int32
	Names  []string

	// ID is the name of a column beside the labels that says which row a label is
	// of, "" if there is none. See [Labels.Fits].
	ID  string
	ids []uint32 // hashes

	numbered bool // they are only the numbers of rows that data frames write
}

// An Order tells whether the numbers of rows that data frames write are, beside the
// predictions, those of the labels in another order. It does not depend on the order
// in which rows are seen.
type Order struct {
	rows, apart int64
	sum         uint64
}

// Merge adds what was seen elsewhere.
func (o *Order) Merge(p *Order) { o.rows, o.apart, o.sum = o.rows+p.rows, o.apart+p.apart, o.sum+p.sum }

// Numbered reports whether the labels, and the column of that name beside the
// predictions, have such numbers.
func (l *Labels) Numbered(column string) bool {
	return l.numbered && isIndex(Column{Name: column, Named: true})
}

// See takes the number beside row i of the predictions, counted from 0, into account.
func (l *Labels) See(o *Order, i int64, number []byte) {
	hash := hashID(number)
	o.rows, o.sum = o.rows+1, o.sum+uint64(hash)
	if i >= int64(len(l.ids)) || l.ids[i] != hash {
		o.apart++
	}
}

// Shuffled gives the rows whose numbers differ, 0 unless all rows have together the
// same numbers as the labels.
func (l *Labels) Shuffled(o *Order) int64 {
	sum := uint64(0)
	for _, hash := range l.ids {
		sum += uint64(hash)
	}
	if o.rows != int64(len(l.ids)) || sum != o.sum {
		return 0
	}
	return o.apart
}

// idNames are what columns that name rows are called, the surest first. A row
// number that was written along, as Python does, is none: it is made anew by every
// program that takes a part of the rows.
var idNames = []string{"id", "idx", "row_id", "sample_id"}

var idSeed = maphash.MakeSeed()

// Fits reports whether label i, counted from 0, is of the row that id names. It
// is, if there are no ids but numbers, and beyond the end; one in 2³² others is taken for it.
// Ids are compared as keys are by [Join].
func (l *Labels) Fits(i int64, id []byte) bool {
	return l.numbered || i >= int64(len(l.ids)) || l.ids[i] == hashID(id)
}

// hashID is short, to save memory: labels in another order have more than one id
// that does not fit.
func hashID(id []byte) uint32 { return uint32(maphash.Bytes(idSeed, plainKey(bytes.TrimSpace(id)))) }

// Append adds the labels of a further file. Without an id of the same name there,
// there are none.
func (l *Labels) Append(more *Labels) {
	codes := make(map[string]int32, len(l.Names))
	for code, name := range l.Names {
		codes[name] = int32(code)
	}
	recode := make([]int32, len(more.Names))
	for i, name := range more.Names {
		code, ok := codes[name]
		if !ok {
			code = int32(len(l.Names))
			l.Names = append(l.Names, name)
			codes[name] = code
		}
		recode[i] = code
	}
	for _, code := range more.Codes {
		l.Codes = append(l.Codes, recode[code])
	}
	if l.ids = append(l.ids, more.ids...); l.ID != more.ID || l.numbered != more.numbered {
		l.ID, l.ids, l.numbered = "", nil, false
	}
}

// ReadLabels reads one column of labels. Without a column it takes the only one, or
// the one that is called like a label; or, where there is one for each class with 1
// for what happened and 0 otherwise, the names of these. The result does not depend
// on threads.
func ReadLabels(ctx context.Context, src Source, column string, threads int) (*Labels, error) {
	var shares []int
	if column == "" {
		shares = oneHotColumns(src)
	}
	col := -1
	if shares == nil {
		var err error
		if col, err = labelColumn(src, column); err != nil {
			return nil, err
		}
	}
	// Each worker has codes of its own, which become those of the file when the runs
	// of rows are put in order.
	type run struct {
		first  int64
		worker int
		codes  []int32
		ids    []uint32
	}
	type coder struct {
		codes map[string]int32
		names []string
	}
	threads = max(1, threads)
	coders := make([]coder, threads)
	for i := range coders {
		coders[i].codes = make(map[string]int32)
	}
	var mu sync.Mutex
	var runs []run
	tooMany := func(row int64) error {
		return &Error{Source: src.Name(), Row: row, Column: col + 1, Name: calledAt(src, col),
			What: fmt.Sprintf("more than %d different labels", maxLabelNames), Hint: "--labels FILE:COLUMN says which column is the label"}
	}
	selection := Selection{Numbers: shares}
	classes := make([][]byte, len(shares))
	for k, i := range shares {
		classes[k] = []byte(src.Columns()[i].Name)
		if !src.Columns()[i].Named {
			classes[k] = strconv.AppendInt(nil, int64(k), 10)
		}
	}
	if shares == nil {
		selection.Texts = []int{col}
	}
	id, idAt := idColumn(src, col), len(selection.Texts)
	numbered := false
	if id < 0 && len(src.Columns()) > 1 && col != 0 && isIndex(src.Columns()[0]) {
		id, numbered = 0, true
	}
	if id >= 0 {
		selection.Texts = append(selection.Texts, id)
	}
	rows, err := src.Read(ctx, selection, threads, func(worker int, b *Batch) error {
		c := &coders[worker]
		codes := make([]int32, b.Rows)
		for i := range codes {
			var label []byte
			if shares == nil {
				label = b.Texts[0].At(i)
			} else if class := hardRow(b.Numbers, i); class >= 0 {
				label = classes[class]
			} else if class == Unknown {
				e := &Error{Source: src.Name(), Row: b.First + int64(i), What: "not 1 for one class and 0 for the others, as in the first rows",
					Hint: "shares of classes are read beside the predictions, with --onehot, or from another file by --join"}
				if len(b.Lines) > 0 {
					e.Line = b.Lines[i]
				} else if b.FirstLine > 0 {
					e.Line = b.FirstLine + int64(i)
				}
				return e
			}
			code, ok := c.codes[string(label)]
			if !ok {
				if len(c.names) == maxLabelNames {
					return tooMany(b.First + int64(i))
				}
				code = int32(len(c.names))
				name := string(label)
				c.codes[name] = code
				c.names = append(c.names, name)
			}
			codes[i] = code
		}
		var ids []uint32
		if id >= 0 {
			ids = make([]uint32, b.Rows)
			for i := range ids {
				ids[i] = hashID(b.Texts[idAt].At(i))
			}
		}
		mu.Lock()
		runs = append(runs, run{b.First, worker, codes, ids})
		mu.Unlock()
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(runs, func(a, b run) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	l := &Labels{Source: src.Name(), Column: calledAt(src, col), Codes: make([]int32, 0, rows)}
	if id >= 0 {
		l.ID, l.ids, l.numbered = src.Columns()[id].Name, make([]uint32, 0, rows), numbered
	}
	all := make(map[string]int32)
	recode := make([][]int32, threads)
	for i := range recode {
		recode[i] = slices.Repeat([]int32{-1}, len(coders[i].names))
	}
	for i, r := range runs {
		to, names := recode[r.worker], coders[r.worker].names
		for j, c := range r.codes {
			if to[c] < 0 {
				code, ok := all[names[c]]
				if !ok {
					if len(l.Names) == maxLabelNames {
						return nil, tooMany(r.first + int64(j))
					}
					code = int32(len(l.Names))
					all[names[c]] = code
					l.Names = append(l.Names, names[c])
				}
				to[c] = code
			}
			l.Codes = append(l.Codes, to[c])
		}
		l.ids = append(l.ids, r.ids...)
		runs[i].codes, runs[i].ids = nil, nil
	}
	return l, nil
}

func calledAt(src Source, col int) string {
	if col < 0 {
		return ""
	}
	return src.Columns()[col].Name
}

// hardRow is the class that has 1 in a row where all others have 0: [Unknown] if
// there is none, [NoLabel] if there are no numbers at all.
func hardRow(shares [][]float64, row int) int {
	class, missing := Unknown, 0
	for k, share := range shares {
		switch x := share[row]; {
		case math.IsNaN(x):
			missing++
		case x == 1 && class == Unknown:
			class = k
		case x != 0:
			return Unknown
		}
	}
	switch missing {
	case 0:
		return class
	case len(shares):
		return NoLabel
	}
	return Unknown
}

// oneHotColumns are the columns of a file of labels that has one for each class; nil
// if it is no such file.
func oneHotColumns(src Source) (found []int) {
	r := newColumns(src)
	if r.labelNamed() >= 0 {
		return nil
	}
	for i, c := range r.cols {
		switch {
		case r.named && (isIndex(c) || isID(c) || isPartition(c.Name)):
		case !r.numeric(i) || r.stat(i).fractions+r.stat(i).neg+r.stat(i).above1 > 0:
			return nil
		default:
			found = append(found, i)
		}
	}
	if v := r.vote(found); len(found) < 2 || v.rows == 0 || v.prob < v.rows {
		return nil
	}
	return found
}

// idColumn is the column that names rows, −1 if there is none beside the label.
func idColumn(src Source, label int) int {
	cols := src.Columns()
	for _, name := range idNames {
		for i, c := range cols {
			if i != label && c.Named && strings.EqualFold(c.Name, name) {
				return i
			}
		}
	}
	return newColumns(src).idNamed(label)
}

// isIndex reports whether a column is the row's number that data frames write.
func isIndex(c Column) bool { return c.Named && (c.Name == "" || c.Name == "Unnamed: 0") }

// isID reports whether a column is called like the name of a row: id, PassengerId,
// question_id.
func isID(c Column) bool {
	if !c.Named || slices.Contains(idNames, strings.ToLower(c.Name)) {
		return c.Named
	}
	at := len(c.Name) - len("id")
	if at <= 0 || !strings.EqualFold(c.Name[at:], "id") {
		return false
	}
	before := c.Name[at-1]
	return strings.IndexByte("_- .", before) >= 0 || c.Name[at] == 'I' && before >= 'a'
}

// labelColumn is the column asked for, or the one that must be meant.
func labelColumn(src Source, column string) (int, error) {
	cols := src.Columns()
	if column != "" {
		found, err := ExpandColumns(column, cols)
		if err == nil && len(found) != 1 {
			err = &Error{What: fmt.Sprintf("one column of labels is needed, and %s is %d", quote(column), len(found))}
		}
		if err != nil {
			if e, ok := err.(*Error); ok {
				e.Source = src.Name()
			}
			return 0, err
		}
		return found[0], nil
	}
	switch len(cols) {
	case 0:
		return 0, &Error{Source: src.Name(), What: "no columns"}
	case 1:
		return 0, nil
	}
	r := newColumns(src)
	if i := r.labelNamed(); i >= 0 {
		return i, nil
	}
	// Beside the number of a row, one column is enough.
	name := cols[1].Name
	var rest []int
	for i, c := range cols {
		if !isIndex(c) && !isID(c) {
			rest = append(rest, i)
		}
	}
	if len(rest) > 0 {
		name = cols[rest[0]].Name
	}
	if len(rest) == 1 && cols[0].Named {
		return rest[0], nil
	}
	return 0, &Error{Source: src.Name(),
		What: fmt.Sprintf("which column holds the labels? The columns are %s", listColumns(cols, 12)),
		Hint: fmt.Sprintf("say which after a colon: --labels %s:%s", src.Name(), name)}
}
