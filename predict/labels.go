package predict

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
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
// there are no ids; one in 2⁶⁴ others is taken for it. Ids are compared as keys are by
// [Join].
func (r *LabelRun) Fits(i int, id []byte) bool { return r.ids == nil || r.ids[i] == hashID(id) }

func hashID(id []byte) uint64 { return maphash.Bytes(idSeed, plainKey(bytes.TrimSpace(id))) }

// Reuse takes the memory of a run that is no longer needed.
func (r *LabelRun) Reuse(old *LabelRun) { r.Codes, r.ids = old.Codes[:0], old.ids[:0] }

// ReadLabels reads one column of labels, in runs of rows as a [Source] makes them, and
// returns the number of rows. Without a column it takes the only one, or the one that is
// called like a label. A run is written into what empty gives, a new one or one to be
// used again.
func ReadLabels(ctx context.Context, src Source, column string, threads int, empty func() *LabelRun, fold func(r *LabelRun) error) (rows int64, err error) {
	col, err := labelColumn(src, column)
	if err != nil {
		return 0, err
	}
	threads = max(1, threads)
	lists := make([]*LabelList, threads) // each worker has its own
	selection := Selection{Texts: []int{col}}
	id, idName := idColumn(src.Columns(), col), ""
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
		r.First, r.ID, r.List = b.First, idName, list
		r.Codes = slices.Grow(r.Codes[:0], b.Rows)[:b.Rows]
		text := &b.Texts[0]
		for i := range r.Codes {
			r.Codes[i] = list.code(text.At(i))
		}
		r.Names = list.names
		if id < 0 {
			r.ids = nil
			return fold(r)
		}
		r.ids = slices.Grow(r.ids[:0], b.Rows)[:b.Rows]
		for i := range r.ids {
			r.ids[i] = hashID(b.Texts[1].At(i))
		}
		return fold(r)
	})
}

// idColumn is the column that names rows, −1 if there is none beside the label.
func idColumn(cols []Column, label int) int {
	for _, name := range idNames {
		for i, c := range cols {
			if i != label && c.Named && strings.EqualFold(c.Name, name) {
				return i
			}
		}
	}
	return -1
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
	r := &resolver{cols: cols, sample: src.Sample(), named: cols[0].Named,
		claimed: make([]string, len(cols)), stats: make([]*columnStats, len(cols))}
	if i := r.labelNamed(); i >= 0 {
		return i, nil
	}
	name := cols[1].Name
	return 0, &Error{Source: src.Name(),
		What: fmt.Sprintf("which column holds the labels? The columns are %s", listColumns(cols, 12)),
		Hint: fmt.Sprintf("say which after a colon: --labels %s:%s", src.Name(), name)}
}
