package predict

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
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
}

// idNames are what columns that name rows are called, the surest first. A row
// number that was written along, as Python does, is none: it is made anew by every
// program that takes a part of the rows.
var idNames = []string{"id", "idx", "row_id", "sample_id"}

var idSeed = maphash.MakeSeed()

// Fits reports whether label i, counted from 0, is of the row that id names. It
// is, if there are no ids, and beyond the end; one in 2³² others is taken for it.
// Ids are compared as keys are by [Join].
func (l *Labels) Fits(i int64, id []byte) bool {
	return i >= int64(len(l.ids)) || l.ids[i] == hashID(id)
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
	if l.ids = append(l.ids, more.ids...); l.ID != more.ID {
		l.ID, l.ids = "", nil
	}
}

// ReadLabels reads one column of labels. Without a column it takes the only one,
// or the one that is called like a label. The result does not depend on threads.
func ReadLabels(ctx context.Context, src Source, column string, threads int) (*Labels, error) {
	col, err := labelColumn(src, column)
	if err != nil {
		return nil, err
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
		return &Error{Source: src.Name(), Row: row, Column: col + 1, Name: src.Columns()[col].Name,
			What: fmt.Sprintf("more than %d different labels", maxLabelNames), Hint: "--labels FILE:COLUMN says which column is the label"}
	}
	selection := Selection{Texts: []int{col}}
	id := idColumn(src.Columns(), col)
	if id >= 0 {
		selection.Texts = append(selection.Texts, id)
	}
	rows, err := src.Read(ctx, selection, threads, func(worker int, b *Batch) error {
		c := &coders[worker]
		codes := make([]int32, b.Rows)
		text := &b.Texts[0]
		for i := range codes {
			label := text.At(i)
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
				ids[i] = hashID(b.Texts[1].At(i))
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
	l := &Labels{Source: src.Name(), Column: src.Columns()[col].Name, Codes: make([]int32, 0, rows)}
	if id >= 0 {
		l.ID, l.ids = src.Columns()[id].Name, make([]uint32, 0, rows)
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
