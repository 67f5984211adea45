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
)

// maxLabelNames bounds a list of names. More different labels than that begin a
// list anew: they are a column of something else, and soon a label without a class.
const maxLabelNames = 1 << 18

// LabelRun is the labels of consecutive rows of a file apart from the predictions,
// coded: that of its row i, counted from 0, is Names[Codes[i]]. A missing label is a
// name too ("" or NA), which [Matcher.Class] takes for [NoLabel]. It belongs to the
// fold that gets it, but for List and Names, which are not to be written to.
type LabelRun struct {
	First int64 // number of the first row, from 1
	Codes []int32
	Names []string
	List  *LabelList // runs of one list have names that begin alike

	// ID is the name of a column beside the labels that says which row a label is
	// of, "" if there is none. See [LabelRun.Fits].
	ID  string
	ids []uint64 // hashes

	numbered bool // they are only the numbers of rows that data frames write
}

// An Order tells whether the numbers of rows that data frames write are, beside the
// predictions, those of the labels in another order. It does not depend on the order
// in which rows are seen.
type Order struct {
	apart       int64
	sum, labels uint64 // of hashes of the numbers on both sides
}

// Merge adds what was seen elsewhere.
func (o *Order) Merge(p *Order) {
	o.apart, o.sum, o.labels = o.apart+p.apart, o.sum+p.sum, o.labels+p.labels
}

// Shuffled gives the rows whose numbers differ, 0 unless all rows together have the
// same numbers as their labels.
func (o *Order) Shuffled() int64 {
	if o.sum != o.labels {
		return 0
	}
	return o.apart
}

// Numbered reports whether the labels, and the column of that name beside the
// predictions, have such numbers.
func (r *LabelRun) Numbered(column string) bool {
	return r.numbered && isIndex(Column{Name: column, Named: true})
}

// See takes the number beside the row of predictions that label i of the run is for
// into account.
func (r *LabelRun) See(o *Order, i int, number []byte) {
	hash := hashID(number)
	o.sum, o.labels = o.sum+hash, o.labels+r.ids[i]
	if r.ids[i] != hash {
		o.apart++
	}
}

// LabelList is a list of different labels, to which more are added as they come.
type LabelList struct {
	names []string
	codes map[string]int32
	short [256]int32 // 1 more than the code of a label that is one byte, 0 if it has none
}

func newLabelList() *LabelList { return &LabelList{codes: make(map[string]int32)} }

// code is the code of a label.
func (l *LabelList) code(label []byte) int32 {
	if len(label) == 1 {
		if c := l.short[label[0]]; c != 0 {
			return c - 1
		}
	} else if c, ok := l.codes[string(label)]; ok {
		return c
	}
	c := int32(len(l.names))
	name := string(label)
	l.names = append(l.names, name)
	if len(name) == 1 {
		l.short[name[0]] = c + 1
	} else {
		l.codes[name] = c
	}
	return c
}

// idNames are what columns that name rows are called, the surest first. A row
// number that was written along, as Python does, is none: it is made anew by every
// program that takes a part of the rows.
var idNames = []string{"id", "idx", "row_id", "sample_id"}

var idSeed = maphash.MakeSeed()

// Fits reports whether label i of the run is of the row that id names. It is, if
// there are no ids but numbers; one in 2⁶⁴ others is taken for it. Ids are compared as
// keys are by [Join].
func (r *LabelRun) Fits(i int, id []byte) bool {
	return r.numbered || r.ids == nil || r.ids[i] == hashID(id)
}

func hashID(id []byte) uint64 { return maphash.Bytes(idSeed, plainKey(bytes.TrimSpace(id))) }

// Reuse takes the memory of a run that is no longer needed.
func (r *LabelRun) Reuse(old *LabelRun) { r.Codes, r.ids = old.Codes[:0], old.ids[:0] }

// ReadLabels reads one column of labels, in runs of rows as a [Source] makes them, and
// returns the number of rows. Without a column it takes the only one, or the one that is
// called like a label; or, where there is one for each class with 1 for what happened and
// 0 otherwise, the names of these. A run is written into what empty gives, a new one or
// one to be used again.
func ReadLabels(ctx context.Context, src Source, column string, threads int, empty func() *LabelRun, fold func(r *LabelRun) error) (rows int64, err error) {
	var shares []int
	if column == "" {
		shares = oneHotColumns(src)
	}
	col := -1
	selection := Selection{Numbers: shares}
	if shares == nil {
		if col, err = labelColumn(src, column); err != nil {
			return 0, err
		}
		selection.Texts = []int{col}
	}
	classes := make([][]byte, len(shares))
	for k, i := range shares {
		classes[k] = []byte(src.Columns()[i].Name)
		if !src.Columns()[i].Named {
			classes[k] = strconv.AppendInt(nil, int64(k), 10)
		}
	}
	threads = max(1, threads)
	lists := make([]*LabelList, threads) // each worker has its own
	id, idAt, idName := idColumn(src, col), len(selection.Texts), ""
	numbered := false
	if id < 0 && len(src.Columns()) > 1 && col != 0 && isIndex(src.Columns()[0]) {
		id, numbered = 0, true
	}
	if id >= 0 {
		selection.Texts = append(selection.Texts, id)
		idName = src.Columns()[id].Name
	}
	return src.Read(ctx, selection, threads, func(worker int, b *Batch) error {
		list := lists[worker]
		if list == nil || len(list.names)+b.Rows > maxLabelNames && len(list.names) > maxLabelNames/2 {
			list = newLabelList()
			lists[worker] = list
		}
		r := empty()
		r.First, r.ID, r.List, r.numbered = b.First, idName, list, numbered
		r.Codes = slices.Grow(r.Codes[:0], b.Rows)[:b.Rows]
		for i := range r.Codes {
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
			r.Codes[i] = list.code(label)
		}
		r.Names = list.names
		if id < 0 {
			r.ids = nil
			return fold(r)
		}
		r.ids = slices.Grow(r.ids[:0], b.Rows)[:b.Rows]
		for i := range r.ids {
			r.ids[i] = hashID(b.Texts[idAt].At(i))
		}
		return fold(r)
	})
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
