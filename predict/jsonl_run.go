package predict

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// What is done with a column of JSON.
const (
	jsonIsValue uint8 = iota
	jsonIsNumber
	jsonIsText
)

// jsonUse is one thing to do with a column.
type jsonUse struct {
	kind uint8
	at   int // place in a row of the matrix, in numbers or in texts
}

// jsonPlan is a selection worked out for a source.
type jsonPlan struct {
	cols    []Column
	k       int // values in a row
	numbers int
	texts   int
	uses    [][]jsonUse // by column
}

func newJSONPlan(cols []Column, sel Selection) *jsonPlan {
	p := &jsonPlan{cols: cols, k: len(sel.Values), numbers: len(sel.Numbers), texts: len(sel.Texts), uses: make([][]jsonUse, len(cols))}
	add := func(kind uint8, list []int) {
		for i, c := range list {
			if c < 0 || c >= len(cols) {
				panic(fmt.Sprintf("predict: column %d of %d selected", c, len(cols)))
			}
			p.uses[c] = append(p.uses[c], jsonUse{kind, i})
		}
	}
	add(jsonIsValue, sel.Values)
	add(jsonIsNumber, sel.Numbers)
	add(jsonIsText, sel.Texts)
	return p
}

// at is trouble in one column.
func (p *jsonPlan) at(col int, what, hint string) *Error {
	return &Error{Column: col + 1, Name: p.cols[col].Name, What: what, Hint: hint}
}

// jsonRun is what parsing a run of records gave: rows for a batch, and where the
// trouble is if there is any. Rows and lines in it count from its own beginning.
type jsonRun struct {
	p       *jsonPlan
	rows    int
	values  []float64 // longer than needed
	numbers [][]float64
	texts   []Strings
	missing []Missing
	listed  int // of missing, those of rows that are complete
	dec     int
	lines   []int64 // of each row, from 0; empty as long as rows and lines go together
	line    int64   // physical lines so far
	fault   error   // an *Error has its place in it
	badLine int64   // of the fault, from 0

	systemRun
	b Batch
}

func newJSONRun(p *jsonPlan) *jsonRun {
	return &jsonRun{p: p, numbers: make([][]float64, p.numbers), texts: make([]Strings, p.texts)}
}

// reset empties the run and keeps its memory.
func (r *jsonRun) reset() {
	r.rows, r.dec, r.line, r.listed, r.fault = 0, 0, 0, 0, nil
	r.missing, r.lines = r.missing[:0], r.lines[:0]
	for i := range r.texts {
		r.texts[i].Reset()
	}
	r.systemRun.reset()
}

// begin makes room for a row, the cells of which are not set.
func (r *jsonRun) begin() {
	if n := (r.rows + 1) * r.p.k; len(r.values) < n {
		r.values = growJSON(r.values, n)
	}
	for i, c := range r.numbers {
		if len(c) <= r.rows {
			r.numbers[i] = growJSON(c, r.rows+1)
		}
	}
}

// growJSON makes a slice at least n long, all of its capacity usable.
func growJSON(s []float64, n int) []float64 {
	s = slices.Grow(s, n-len(s))
	return s[:cap(s)]
}

// end completes the row, which began on a line.
func (r *jsonRun) end(line int64) {
	for i := range r.texts {
		if t := &r.texts[i]; len(t.Off)-1 == r.rows {
			t.Off = append(t.Off, int32(len(t.Data)))
		}
	}
	if row := r.missing[r.listed:]; len(row) > 1 {
		slices.SortFunc(row, func(x, y Missing) int { return cmp.Compare(x.Column, y.Column) })
	}
	r.listed = len(r.missing)
	if len(r.lines) > 0 || line != int64(r.rows) {
		for i := len(r.lines); i < r.rows; i++ {
			r.lines = append(r.lines, int64(i))
		}
		r.lines = append(r.lines, line)
	}
	r.rows++
}

// cut takes back everything after the first rows of the run.
func (r *jsonRun) cut(rows int) {
	r.rows = rows
	r.lines = r.lines[:min(len(r.lines), rows)]
	for len(r.missing) > 0 && int(r.missing[len(r.missing)-1].Row) >= rows {
		r.missing = r.missing[:len(r.missing)-1]
	}
	r.listed = len(r.missing)
	for i := range r.texts {
		if t := &r.texts[i]; len(t.Off)-1 > rows {
			t.Off = t.Off[:rows+1]
			t.Data = t.Data[:t.Off[rows]]
		}
	}
	r.systemRun.cut(rows)
}

// drop takes out the rows from one to another.
func (r *jsonRun) drop(from, to int) {
	n := to - from
	if n == 0 {
		return
	}
	if len(r.lines) == 0 {
		for i := range r.rows {
			r.lines = append(r.lines, int64(i))
		}
	}
	r.lines = slices.Delete(r.lines, from, to)
	copy(r.values[from*r.p.k:], r.values[to*r.p.k:r.rows*r.p.k])
	for _, c := range r.numbers {
		copy(c[from:], c[to:r.rows])
	}
	for i := range r.texts {
		t := &r.texts[i]
		a, b := t.Off[from], t.Off[to]
		t.Data = slices.Delete(t.Data, int(a), int(b))
		t.Off = slices.Delete(t.Off, from, to)
		for j := from; j < len(t.Off); j++ {
			t.Off[j] -= b - a
		}
	}
	kept := r.missing[:0]
	for _, m := range r.missing {
		if int(m.Row) >= to {
			m.Row -= int32(n)
		} else if int(m.Row) >= from {
			continue
		}
		kept = append(kept, m)
	}
	r.missing, r.listed = kept, len(kept)
	r.rows -= n
}

// number sets the cells of a column to a number.
func (r *jsonRun) number(col int, x float64, decimals int) {
	for _, u := range r.p.uses[col] {
		switch u.kind {
		case jsonIsValue:
			r.values[r.rows*r.p.k+u.at] = x
			r.dec = max(r.dec, decimals)
		case jsonIsNumber:
			r.numbers[u.at][r.rows] = x
		}
	}
}

// lack says why a column holds no number in this row.
func (r *jsonRun) lack(col int, why Why) {
	listed := false
	for _, u := range r.p.uses[col] {
		switch u.kind {
		case jsonIsValue:
			r.values[r.rows*r.p.k+u.at] = math.NaN()
		case jsonIsNumber:
			r.numbers[u.at][r.rows] = math.NaN()
		default:
			continue
		}
		if !listed {
			listed = true
			r.missing = append(r.missing, Missing{Row: int32(r.rows), Column: int32(col), Why: why})
		}
	}
}

// again forgets what was said about a column in this row.
func (r *jsonRun) again(col int) {
	for _, u := range r.p.uses[col] {
		if u.kind == jsonIsText {
			if t := &r.texts[u.at]; len(t.Off)-1 > r.rows {
				t.Off = t.Off[:r.rows+1]
				t.Data = t.Data[:t.Off[r.rows]]
			}
		}
	}
	r.missing = append(r.missing[:r.listed], slices.DeleteFunc(r.missing[r.listed:], func(m Missing) bool { return int(m.Column) == col })...)
}

// text sets the cells of a column of strings.
func (r *jsonRun) text(col int, text []byte) {
	for _, u := range r.p.uses[col] {
		if u.kind == jsonIsText {
			r.texts[u.at].Append(text)
		}
	}
}

// plainText appends the text b[from:to], behind which there are eight more bytes.
func (s *Strings) plainText(b []byte, from, to int) {
	n := len(s.Data)
	if to-from <= 8 && cap(s.Data)-n >= 8 {
		binary.LittleEndian.PutUint64(s.Data[n:n+8], binary.LittleEndian.Uint64(b[from:]))
		s.Data = s.Data[:n+to-from]
	} else {
		s.Data = append(s.Data, b[from:to]...)
	}
	s.Off = append(s.Off, int32(len(s.Data)))
}

// batch makes a batch of the run, which begins at a row and a line of the file.
func (r *jsonRun) batch(row, line int64) *Batch {
	b := &r.b
	*b = Batch{First: row, Rows: r.rows, K: r.p.k, F64: r.values[:r.rows*r.p.k], Numbers: b.Numbers[:0],
		Texts: r.texts, Missing: r.missing, Decimals: r.dec, FirstLine: line}
	for _, c := range r.numbers {
		b.Numbers = append(b.Numbers, c[:r.rows])
	}
	if len(r.lines) > 0 {
		for i := range r.lines {
			r.lines[i] += line
		}
		b.Lines, b.FirstLine = r.lines, r.lines[0]
	}
	return b
}
