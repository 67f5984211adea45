package predict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// csvPad is how many bytes of zero follow the data in every buffer that is
// parsed, so that the parser may look ahead without asking whether it may.
const csvPad = 64

// Parts of a record that are read in the same way.
const (
	csvValues uint8 = iota // n columns into neighbouring places of the matrix
	csvText                // one column of strings
	csvNumber              // one further column of numbers
	csvSkip                // n columns that nobody wants
	csvMany                // one column that has several uses
)

type csvPart struct {
	kind uint8
	last bool // ends the record
	n    int  // columns
	at   int  // place in a row of the matrix, in texts or in numbers
}

// csvUse is one thing to do with a column.
type csvUse struct {
	kind uint8
	at   int
}

// csvPlan is a selection worked out for a file.
type csvPlan struct {
	name    string
	cols    []Column
	delim   byte
	limit   int // bytes of the longest record
	k       int // values in a row
	numbers int
	texts   int
	parts   []csvPart
	uses    [][]csvUse // by column
	special [256]bool  // bytes that end a field without quotes, or must not be in one
}

func newCSVPlan(name string, cols []Column, delim byte, limit int, sel Selection) *csvPlan {
	p := &csvPlan{name: name, cols: cols, delim: delim, limit: limit,
		k: len(sel.Values), numbers: len(sel.Numbers), texts: len(sel.Texts), uses: make([][]csvUse, len(cols))}
	for _, c := range []byte{0, '\n', '\r', '"', delim} {
		p.special[c] = true
	}
	for kind, list := range map[uint8][]int{csvValues: sel.Values, csvNumber: sel.Numbers, csvText: sel.Texts} {
		for i, c := range list {
			if c < 0 || c >= len(cols) {
				panic(fmt.Sprintf("predict: column %d of %d selected", c, len(cols)))
			}
			p.uses[c] = append(p.uses[c], csvUse{kind, i})
		}
	}
	for c, uses := range p.uses {
		part := csvPart{kind: csvSkip, n: 1}
		switch len(uses) {
		case 0:
		case 1:
			part.kind, part.at = uses[0].kind, uses[0].at
		default:
			part.kind = csvMany
		}
		if n := len(p.parts); n > 0 && p.parts[n-1].kind == part.kind &&
			(part.kind == csvSkip || part.kind == csvValues && p.parts[n-1].at+p.parts[n-1].n == part.at) {
			p.parts[n-1].n++
		} else {
			p.parts = append(p.parts, part)
		}
		p.parts[len(p.parts)-1].last = c == len(cols)-1
	}
	return p
}

// csvRun is what parsing a run of records gave: rows for a batch, and where the
// trouble is if there is any. Rows and lines in it count from its own beginning.
type csvRun struct {
	rows    int
	values  []float64 // longer than needed
	numbers [][]float64
	texts   []Strings
	missing []Missing
	dec     int
	lines   []int64 // of each row, from 0; empty as long as rows and lines go together
	line    int64   // physical lines so far
	fault   *Error
	fields  int // of a record that has too many or too few

	index int64
	start int64     // where its first record begins, if that had to be guessed
	end   int64     // where the record after its last one begins
	guess csvGuess  // what came of guessing
	block *csvBlock // its bytes, of a stream
	b     Batch
}

func newCSVRun(p *csvPlan) *csvRun {
	return &csvRun{numbers: make([][]float64, p.numbers), texts: make([]Strings, p.texts)}
}

// reset empties the run and keeps its memory.
func (r *csvRun) reset() {
	r.rows, r.dec, r.line, r.fault = 0, 0, 0, nil
	r.missing, r.lines = r.missing[:0], r.lines[:0]
	for i := range r.texts {
		r.texts[i].Reset()
	}
}

// cut takes back everything after the first rows of the run.
func (r *csvRun) cut(rows int) {
	r.rows = rows
	r.lines = r.lines[:min(len(r.lines), rows)]
	for len(r.missing) > 0 && int(r.missing[len(r.missing)-1].Row) >= rows {
		r.missing = r.missing[:len(r.missing)-1]
	}
	for i := range r.texts {
		if t := &r.texts[i]; len(t.Off)-1 > rows {
			t.Off = t.Off[:rows+1]
			t.Data = t.Data[:t.Off[rows]]
		}
	}
}

// batch makes a batch of the run, which begins at a row and a line of the file.
func (r *csvRun) batch(p *csvPlan, row, line int64) *Batch {
	b := &r.b
	*b = Batch{First: row, Rows: r.rows, K: p.k, F64: r.values[:r.rows*p.k], Numbers: b.Numbers[:0],
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

// csvState is how a step of the parser ended.
type csvState uint8

const (
	csvDone  csvState = iota // everything asked for was parsed
	csvNext                  // a field ended, another one follows
	csvRow                   // the record ended
	csvShort                 // the data ended within the record
	csvBad                   // there is an error
)

// csvParser parses records into a run.
type csvParser struct {
	p       *csvPlan
	run     *csvRun
	maxRows int // stop after so many, if not 0

	b       []byte // the data, and csvPad zeros
	n       int    // bytes of data
	final   bool   // the file ends where the data does
	pending int    // blank lines in a file of one column that are rows if another row follows
	blank   int    // where the first of them begins

	embedded int64  // newlines within quotes, in this record
	bad      *Error // first bad cell of this record
	bare     []byte // cell without its doubled quotes
	at       int    // where the fault is
	signed   int    // so many runs of fields more go to fastSigned
	waiting  bool   // for the rest of the text that an error shows; the record is as long as it is
}

// parse reads the records that begin before stop. It gives where the next one
// begins, or with csvShort the one that is not all there.
func (ps *csvParser) parse(b []byte, pos, stop, n int, final bool) (int, csvState) {
	ps.b, ps.n, ps.final, ps.pending = b, n, final, 0
	p, r := ps.p, ps.run
	delim := p.delim
	last := len(p.cols) - 1
	for pos < stop || ps.pending > 0 {
		if ps.maxRows > 0 && r.rows >= ps.maxRows && ps.pending == 0 {
			break
		}
		start, dec := pos, r.dec
		ps.embedded, ps.bad, ps.waiting = 0, nil, false
		st := csvRow
		if c := b[pos]; c == '\n' || c == '\r' || pos == n {
			if pos, st = ps.blankLine(pos); st == csvDone {
				break
			} else if st == csvNext {
				continue
			}
			goto ended
		}
		if len(r.values) < (r.rows+1)*p.k {
			r.values = growTo(r.values, (r.rows+1)*p.k)
		}
		{
			row := r.values[r.rows*p.k:][:p.k]
			col := 0
			for i := range p.parts {
				part := &p.parts[i]
				switch part.kind {
				case csvValues:
					dst := row[part.at:][:part.n]
					for {
						var done, d int
						var signs uint64
						if ps.signed > 0 {
							ps.signed--
							pos, done, d, signs = fastSigned(b, pos, dst, delim, part.last)
						} else {
							pos, done, d, signs = fastValues(b, pos, dst, delim, part.last)
						}
						if signs != 0 {
							ps.signed = signedFor
						}
						if d > r.dec {
							r.dec = d
						}
						col += done
						dst = dst[done:]
						if len(dst) == 0 {
							st = csvNext
							if part.last {
								st = csvRow
							}
							break
						}
						if x, q, d, v := decimal(b, pos); v == isNumber && b[q] == delim && col != last {
							dst[0] = x
							if d > r.dec {
								r.dec = d
							}
							pos, st = q+1, csvNext
						} else if pos, st = ps.cell(pos, col); st != csvNext {
							break
						}
						col++
						if dst = dst[1:]; len(dst) == 0 {
							break
						}
					}
				case csvText:
					q := pos
					for !p.special[b[q]] {
						q++
						if q-pos == 16 {
							q = plainText(b, q, delim)
						}
					}
					if c := b[q]; c == delim && col != last || c == '\n' && col == last {
						r.texts[part.at].add(b, pos, q)
						pos = q + 1
						st = csvNext
						if col == last {
							st = csvRow
						}
					} else {
						pos, st = ps.cell(pos, col)
					}
					col++
				case csvSkip:
					for range part.n {
						q := pos
						for !p.special[b[q]] {
							q++
							if q-pos == 16 {
								q = plainText(b, q, delim)
							}
						}
						if c := b[q]; c == delim && col != last || c == '\n' && col == last {
							pos = q + 1
							st = csvNext
							if col == last {
								st = csvRow
							}
						} else {
							pos, st = ps.cell(pos, col)
						}
						col++
						if st != csvNext {
							break
						}
					}
				case csvNumber:
					x, q, _, v := decimal(b, pos)
					if c := b[q]; v == isNumber && (c == delim && col != last || c == '\n' && col == last) {
						r.putNumber(part.at, x)
						pos = q + 1
						st = csvNext
						if col == last {
							st = csvRow
						}
					} else {
						pos, st = ps.cell(pos, col)
					}
					col++
				case csvMany:
					pos, st = ps.cell(pos, col)
					col++
				}
				if st != csvNext {
					break
				}
			}
		}
	ended:
		if ps.pending > 0 {
			start = ps.blank
		}
		switch {
		case st == csvRow && pos-start > p.limit || st == csvShort && !ps.waiting && n-start > p.limit || st == csvBad && ps.at-start >= p.limit:
			st = ps.tooLong(start)
		case st == csvRow && ps.bad != nil:
			r.fault = ps.bad
			st = csvBad
		}
		switch st {
		case csvRow:
			if r.line != int64(r.rows) {
				for i := len(r.lines); i < r.rows; i++ {
					r.lines = append(r.lines, int64(i))
				}
				r.lines = append(r.lines, r.line)
			}
			r.rows++
			r.line += 1 + ps.embedded
			ps.pending = 0
		case csvShort:
			r.cut(r.rows - ps.pending)
			r.line -= int64(ps.pending)
			ps.pending = 0
			r.dec = dec
			return start, csvShort
		case csvBad:
			r.cut(r.rows)
			r.dec = dec
			return start, csvBad
		}
	}
	return pos, csvDone
}

// blankLine deals with a line of nothing. In a file of several columns it is
// skipped; in a file of one it is an empty cell, unless only such lines follow.
func (ps *csvParser) blankLine(pos int) (int, csvState) {
	r := ps.run
	q := pos
	switch c := ps.b[pos]; {
	case pos == ps.n:
		if !ps.final {
			return pos, csvShort
		}
		r.cut(r.rows - ps.pending)
		ps.pending = 0
		return pos, csvDone
	case c == '\n':
		q++
	default: // '\r'
		switch {
		case pos+1 < ps.n && ps.b[pos+1] == '\n':
			q += 2
		case pos+1 < ps.n:
			return pos, ps.loneReturn(pos, 0)
		case !ps.final:
			return pos, csvShort
		default:
			q++
		}
	}
	if len(ps.p.cols) > 1 {
		r.line++
		return q, csvNext
	}
	if ps.pending == 0 {
		ps.blank = pos
	}
	ps.pending++
	if q-ps.blank > ps.p.limit {
		ps.at = q
		return pos, ps.fail(&Error{What: "only blank lines from here"}, r.line, q)
	}
	r.values = growTo(r.values, (r.rows+1)*ps.p.k)
	ps.deliver(0, nil)
	if r.line != int64(r.rows) {
		for i := len(r.lines); i < r.rows; i++ {
			r.lines = append(r.lines, int64(i))
		}
		r.lines = append(r.lines, r.line)
	}
	r.rows++
	r.line++
	return q, csvNext
}

// fail sets the fault of the run. Line counts from 0.
func (ps *csvParser) fail(e *Error, line int64, at int) csvState {
	e.Line = line
	e.Row = int64(ps.run.rows) + 1
	ps.run.fault, ps.at = e, at
	return csvBad
}

// failAt is fail in a column, counted from 0.
func (ps *csvParser) failAt(e *Error, col, at int) csvState {
	e.Column = col + 1
	if col < len(ps.p.cols) && ps.p.cols[col].Named {
		e.Name = ps.p.cols[col].Name
	}
	return ps.fail(e, ps.run.line+ps.embedded, at)
}

func (ps *csvParser) tooLong(start int) csvState {
	return ps.fail(&Error{What: fmt.Sprintf("a record of more than %s begins here", sizeText(ps.p.limit)),
		Hint: "is there a quote that is never closed?"}, ps.run.line, start)
}

func (ps *csvParser) loneReturn(at, col int) csvState {
	return ps.failAt(&Error{What: "a carriage return without a newline",
		Hint: "lines must end with LF or CRLF; convert the file (tr '\\r' '\\n'), or quote the field"}, col, at)
}

func (ps *csvParser) nul(at, col int) csvState {
	return ps.failAt(&Error{What: "a NUL byte, which text does not have",
		Hint: "a binary file, text in UTF-16, or a file that was cut off while it was written?"}, col, at)
}

// cell reads the field at pos, the one of column col, and what ends it, and puts
// it where it belongs. It is the definition of a field, and slow; the parser's
// loop does the usual ones.
func (ps *csvParser) cell(pos, col int) (int, csvState) {
	line := ps.run.line + ps.embedded
	cell, q, st := ps.field(pos, col)
	if st != csvNext {
		return q, st
	}
	last := len(ps.p.cols) - 1
	// What ends it.
	end := q
	switch c := ps.b[q]; {
	case q == ps.n: // and final
		st = csvRow
	case c == ps.p.delim:
		end = q + 1
	case c == '\n':
		end, st = q+1, csvRow
	default: // a return; field has seen what follows it
		end, st = min(q+2, ps.n), csvRow
	}
	if (st == csvRow) != (col == last) {
		return ps.miscounted(end, col, st)
	}
	if e := ps.deliver(col, cell); e != nil && ps.bad == nil {
		e.Row, e.Line, e.Column = int64(ps.run.rows)+1, line, col+1
		if ps.p.cols[col].Named {
			e.Name = ps.p.cols[col].Name
		}
		ps.bad = e
	}
	return end, st
}

// miscounted goes through the rest of a record that has too few fields or too
// many, and tells how many.
func (ps *csvParser) miscounted(pos, col int, st csvState) (int, csvState) {
	fields, empty := col+1, false
	for st == csvNext {
		var q int
		from := pos
		if _, q, st = ps.field(pos, fields); st != csvNext {
			return q, st
		}
		empty = q == from
		fields++
		switch c := ps.b[q]; {
		case q == ps.n:
			pos, st = q, csvRow
		case c == ps.p.delim:
			pos = q + 1
		case c == '\n':
			pos, st = q+1, csvRow
		default:
			pos, st = min(q+2, ps.n), csvRow
		}
	}
	ps.run.fields = fields
	e := &Error{What: fmt.Sprintf("%d %s, expected %d", fields, plural(fields, "field"), len(ps.p.cols))}
	switch {
	case fields == len(ps.p.cols)+1 && empty:
		e.Hint = fmt.Sprintf("the line ends with %s", delimText(ps.p.delim))
	}
	return pos, ps.fail(e, ps.run.line, pos-1)
}

func plural(n int, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "s"):
		return noun + "es"
	}
	return noun + "s"
}

// field finds the field at pos: its content, and the place of what ends it. That
// is the delimiter, a newline, a return before a newline or the end of the file,
// or the end of the file. The state is csvNext if all is well.
func (ps *csvParser) field(pos, col int) (cell []byte, q int, st csvState) {
	b, n := ps.b, ps.n
	if pos < n && b[pos] == '"' {
		cell, q, st = ps.quoted(pos, col)
		if st != csvNext {
			return cell, q, st
		}
	} else {
		q = pos
		for !ps.p.special[b[q]] {
			q++
		}
		if q < n {
			switch b[q] {
			case 0:
				return nil, q, ps.nul(q, col)
			case '"':
				e := &Error{What: `a quote (") within a field that does not begin with one`,
					Hint: `put the field in quotes and double those within it: "a ""b"" c"`}
				if len(bytes.TrimLeft(b[pos:q], " \t")) == 0 {
					e.What, e.Hint = `a space before the quote (") of a field`, "a quoted field begins right after the delimiter"
				}
				return nil, q, ps.failAt(e, col, q)
			}
		}
		cell = b[pos:q]
	}
	switch {
	case q == n && !ps.final:
		return nil, q, csvShort
	case q < n && b[q] == '\r':
		switch {
		case q+1 == n && !ps.final:
			return nil, q, csvShort
		case q+1 < n && b[q+1] != '\n':
			return nil, q, ps.loneReturn(q, col)
		}
	}
	return cell, q, csvNext
}

// quoted finds the end of the field whose quote opens at pos.
func (ps *csvParser) quoted(pos, col int) (cell []byte, q int, st csvState) {
	b, n := ps.b, ps.n
	opened := ps.run.line + ps.embedded
	ps.bare = ps.bare[:0]
	doubled := false
	from := pos + 1
	for q = from; ; {
		i := bytes.IndexByte(b[q:n], '"')
		part := b[q:n]
		if i >= 0 {
			part = part[:i]
		}
		if at := bytes.IndexByte(part, 0); at >= 0 {
			ps.embedded += int64(bytes.Count(part[:at], newline))
			return nil, q, ps.nul(q+at, col)
		}
		ps.embedded += int64(bytes.Count(part, newline))
		if i < 0 {
			if !ps.final {
				return nil, n, csvShort
			}
			e := &Error{What: "the quote that opens this field is never closed"}
			st = ps.failAt(e, col, n-1)
			e.Line = opened
			return nil, n, st
		}
		q += i + 1
		switch c := b[q]; {
		case q == n:
			if !ps.final {
				return nil, n, csvShort
			}
		case c == '"':
			ps.bare = append(ps.bare, b[from:q]...)
			doubled = true
			q++
			from = q
			continue
		case c == ps.p.delim || c == '\n' || c == '\r':
		case c == 0:
			return nil, q, ps.nul(q, col)
		default:
			text := ps.textFrom(q)
			if q+len(text) == n && len(text) <= longestCell && !ps.final {
				ps.waiting = true
				return nil, n, csvShort
			}
			return nil, q, ps.failAt(&Error{What: fmt.Sprintf("%s after the closing quote of a field", cellText(text)),
				Hint: `a quote within a quoted field is doubled: "a ""b"" c"`}, col, q)
		}
		cell = b[from : q-1]
		if doubled {
			ps.bare = append(ps.bare, cell...)
			cell = ps.bare
		}
		return cell, q, csvNext
	}
}

var newline = []byte{'\n'}

// textFrom is the text at pos up to where a field would end.
func (ps *csvParser) textFrom(pos int) []byte {
	q := pos
	for q < ps.n && !ps.p.special[ps.b[q]] && q-pos <= longestCell {
		q++
	}
	return ps.b[pos:q]
}

// deliver puts a cell where its column belongs. The error has no place yet.
func (ps *csvParser) deliver(col int, cell []byte) *Error {
	uses := ps.p.uses[col]
	if len(uses) == 0 {
		return nil
	}
	var (
		x      float64
		dec    int
		why    Why
		v      verdict
		known  bool
		listed bool
	)
	r := ps.run
	for _, u := range uses {
		if u.kind == csvText {
			r.texts[u.at].Append(cell)
			continue
		}
		if !known {
			x, dec, why, v = number(cell)
			known = true
		}
		if u.kind == csvValues {
			r.values[r.rows*ps.p.k+u.at] = x
			r.dec = max(r.dec, dec)
		} else {
			r.putNumber(u.at, x)
		}
		if v == isMissing && !listed {
			listed = true
			r.missing = append(r.missing, Missing{Row: int32(r.rows), Column: int32(col), Why: why})
		}
	}
	if known && (v == noNumber || v == tooLarge) {
		return badNumber(cell, v)
	}
	return nil
}

// putNumber sets the number of the current row.
func (r *csvRun) putNumber(i int, x float64) {
	if len(r.numbers[i]) <= r.rows {
		r.numbers[i] = growTo(r.numbers[i], r.rows+1)
	}
	r.numbers[i][r.rows] = x
}

// growTo makes a slice at least n long, all of its capacity usable.
func growTo(s []float64, n int) []float64 {
	if len(s) >= n {
		return s
	}
	s = slices.Grow(s, n-len(s))
	return s[:cap(s)]
}

// add appends b[from:to], behind which there are eight more bytes.
func (s *Strings) add(b []byte, from, to int) {
	n := len(s.Data)
	if to-from <= 8 && cap(s.Data)-n >= 8 {
		binary.LittleEndian.PutUint64(s.Data[n:n+8], binary.LittleEndian.Uint64(b[from:]))
		s.Data = s.Data[:n+to-from]
	} else {
		s.Data = append(s.Data, b[from:to]...)
	}
	s.Off = append(s.Off, int32(len(s.Data)))
}

// badNumber says what is wrong with a cell that should be a number.
func badNumber(cell []byte, v verdict) *Error {
	if v == tooLarge {
		return &Error{What: "out of range: " + cellText(cell) + ", expected a number within ±1.8e308"}
	}
	e := &Error{What: "not a number: " + cellText(cell)}
	t := bytes.TrimSpace(cell)
	lower := bytes.ToLower(t)
	switch {
	case len(t) > 1 && t[len(t)-1] == '%' && isDecimal(t[:len(t)-1]):
		e.Hint = "a percentage: write it as a fraction, divided by 100"
	case bytes.Count(t, []byte(",")) == 1 && !bytes.Contains(t, []byte(".")) && isDecimal(bytes.Replace(t, []byte(","), []byte("."), 1)):
		e.Hint = "a decimal comma? export the file with decimal points"
	case isDecimal(bytes.ReplaceAll(t, []byte(","), nil)) || isDecimal(bytes.ReplaceAll(t, []byte("_"), nil)) || isDecimal(bytes.ReplaceAll(t, []byte(" "), nil)):
		e.Hint = "write numbers without marks between the digits"
	case bytes.HasPrefix(bytes.TrimLeft(lower, "+-"), []byte("0x")):
		e.Hint = "write numbers in decimal"
	case string(lower) == "true" || string(lower) == "false":
		e.Hint = "write 1 and 0 (pandas: frame.astype(int))"
	}
	return e
}

func isDecimal(b []byte) bool {
	_, end, _, v := decimal(b, 0)
	return v == isNumber && end == len(b)
}

// longestCell is how much of a cell an error shows.
const longestCell = 40

// cellText quotes a cell for an error, the beginning of it if it is long.
func cellText(cell []byte) string {
	if len(cell) <= longestCell {
		return strconv.Quote(string(cell))
	}
	cut := longestCell
	for cut > longestCell-utf8.UTFMax && !utf8.RuneStart(cell[cut]) {
		cut--
	}
	return strconv.Quote(string(cell[:cut])) + "…"
}

func delimText(c byte) string {
	switch c {
	case ',':
		return "a comma"
	case ';':
		return "a semicolon"
	case '\t':
		return "a tab"
	case '|':
		return "a bar"
	case ' ':
		return "a space"
	}
	return strconv.QuoteRune(rune(c))
}

func sizeText(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// plainText skips, eight bytes at a time, text that has no byte below 16 (NUL,
// tab, newlines), no quote and no delimiter.
func plainText(b []byte, i int, delim byte) int {
	const ones = 0x0101010101010101
	d := uint64(delim) * ones
	for {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, part := w^ones*'"', w^d
		m := ((w-ones*16) & ^w | (quote-ones)&^quote | (part-ones)&^part) & highBits
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
}

// fastValues reads fields that are plain decimal numbers with one or two digits
// before the point, as probabilities and logits mostly are, or one digit alone.
// It stops at the first field that is not, or that the end of the record or of
// the data follows too early. After the last field of dst there must be a
// delimiter; a newline if it ends the record. It gives the place of the next
// field, how many were read, the largest number of decimals, and a bit if there
// was a sign.
func fastValues(b []byte, pos int, dst []float64, delim byte, last bool) (next, done, decimals int, signs uint64) {
	end := -1 // the field that ends the record
	if last {
		end = len(dst) - 1
	}
	for i := range dst {
		// Looking ahead stays within the padding: whatever is read of it is no digit.
		s := pos
		v := (*[csvPad]byte)(b[s:])
		w := binary.LittleEndian.Uint64(v[:])
		var sign uint64
		if byte(w) == '-' {
			sign = 1 << 63
			signs = sign
			w >>= 8
			s++
			v = (*[csvPad]byte)(b[s:])
		}
		var mant uint64
		var n int                               // decimals
		d := uint64(uint16(w)) - ('.'<<8 | '0') // the digit, if a digit and a point are next
		if d > 9 {
			d = uint64(byte(w)) - '0'
			second := w>>8&0xff - '0'
			switch {
			case d > 9:
				return pos, i, decimals, signs
			case byte(w>>16) == '.' && second <= 9:
				d = 10*d + second
				s++
				v = (*[csvPad]byte)(b[s:])
			case byte(w>>8) == delim && i != end || byte(w>>8) == '\n' && i == end:
				dst[i] = math.Float64frombits(math.Float64bits(float64(d)) | sign)
				pos = s + 2
				continue
			default:
				return pos, i, decimals, signs
			}
		}
		f := binary.LittleEndian.Uint64(v[2:]) ^ asciiZeros
		if m := nonDigits(f); m != 0 {
			n = bits.TrailingZeros64(m) / 8
			mant = d*intPowers[n&15] + someDigits(f, n)
		} else {
			g := binary.LittleEndian.Uint64(v[10:]) ^ asciiZeros
			mant = d*1e8 + eightDigits(f)
			if m := nonDigits(g); m != 0 {
				n = bits.TrailingZeros64(m) / 8
				mant = mant*intPowers[n&15] + someDigits(g, n)
				n += 8
			} else {
				h := binary.LittleEndian.Uint64(v[18:]) ^ asciiZeros
				mant = mant*1e8 + eightDigits(g)
				n = bits.TrailingZeros64(nonDigits(h)) / 8
				if n == 8 || mant >= fits[n&7] {
					return pos, i, decimals, signs
				}
				mant = mant*intPowers[n&15] + someDigits(h, n)
				n += 16
			}
		}
		behind := s + 3 + n
		if c := v[2+n&31]; c == delim {
			if i == end {
				return pos, i, decimals, signs
			}
		} else if i != end {
			return pos, i, decimals, signs
		} else if c != '\n' {
			if c != '\r' || v[3+n&31] != '\n' {
				return pos, i, decimals, signs
			}
			behind++
		}
		u := math.Float64bits(float64(mant) / exactPowers[n&31])
		if mant > 1<<53 || n > 22 {
			ok := mant != 0
			if ok {
				u, ok = scale(mant, -n)
			}
			if !ok {
				return pos, i, decimals, signs
			}
		}
		dst[i] = math.Float64frombits(u | sign)
		if n > decimals {
			decimals = n
		}
		pos = behind
	}
	return pos, len(dst), decimals, signs
}

// signedFor is how many runs of fields after one with a sign are expected to have some.
const signedFor = 16

// fastSigned is fastValues where about every other number has a sign, as logits
// do: no branch asks for it, or for how many digits stand before the point, which
// would be guessed wrong as often. So that the next field need not wait for
// either, the end of a field is found first, by the delimiter. It may stop where
// fastValues would go on, and the other way round.
func fastSigned(b []byte, pos int, dst []float64, delim byte, last bool) (next, done, decimals int, signs uint64) {
	const ones = 0x0101010101010101
	end, mark := -1, uint64(delim)*ones
	if last {
		end = len(dst) - 1
	}
	for i := range dst {
		if i == end {
			mark = '\n' * ones
		}
		v := (*[csvPad]byte)(b[pos:])
		w := binary.LittleEndian.Uint64(v[:])
		// Where the field ends: behind up to 24 bytes.
		x, y := w^mark, binary.LittleEndian.Uint64(v[8:])^mark
		x, y = (x-ones)&^x&highBits, (y-ones)&^y&highBits
		length := bits.TrailingZeros64(x) / 8
		if more := 8 + bits.TrailingZeros64(y)/8; x == 0 {
			length = more
		}
		if x|y == 0 {
			z := binary.LittleEndian.Uint64(v[16:]) ^ mark
			z = (z - ones) &^ z & highBits
			if z == 0 {
				return pos, i, decimals, signs
			}
			length = 16 + bits.TrailingZeros64(z)/8
		}
		behind := pos + length + 1
		if i == end && length > 0 && v[(length-1)&31] == '\r' {
			length--
		}
		minus := (w&0xff ^ '-' - 1) >> 63
		w >>= 8 * minus & 63
		d, second := w&0xff-'0', w>>8&0xff
		two := (-(second ^ '.')) >> 63 // 0 if the second is the point, else 1
		d = d*(1+9*two) + (second-'0')*two
		point := int(minus + two + 1)
		if w&0xff-'0' > 9 || second*two-'0'*two > 9 || byte(w>>(8*two+8&63)) != '.' {
			if d = w&0xff - '0'; length != int(minus)+1 || d > 9 {
				return pos, i, decimals, signs
			}
			signs |= minus
			dst[i] = math.Float64frombits(math.Float64bits(float64(d)) | minus<<63)
			pos = behind
			continue
		}
		n := length - point - 1 // decimals
		if n < 0 {
			return pos, i, decimals, signs
		}
		digits := v[(point+1)&7:]
		f := binary.LittleEndian.Uint64(digits) ^ asciiZeros
		var mant, odd uint64
		if n < 8 {
			odd = nonDigits(f) << 8 << (uint(56-8*n) & 63)
			mant = d*intPowers[n&15] + someDigits(f, n)
		} else {
			g := binary.LittleEndian.Uint64(digits[8:]) ^ asciiZeros
			odd = nonDigits(f)
			mant = d*1e8 + eightDigits(f)
			if n < 16 {
				odd |= nonDigits(g) << 8 << (uint(56-8*(n-8)) & 63)
				mant = mant*intPowers[(n-8)&15] + someDigits(g, n-8)
			} else {
				h := binary.LittleEndian.Uint64(digits[16:]) ^ asciiZeros
				odd |= nonDigits(g) | nonDigits(h)<<8<<(uint(56-8*(n-16))&63)
				mant = mant*1e8 + eightDigits(g)
				if n >= 24 || mant >= fits[(n-16)&7] {
					return pos, i, decimals, signs
				}
				mant = mant*intPowers[(n-16)&15] + someDigits(h, n-16)
			}
		}
		if odd != 0 {
			return pos, i, decimals, signs
		}
		u := math.Float64bits(float64(mant) / exactPowers[n&31])
		if mant > 1<<53 || n > 22 {
			ok := mant != 0
			if ok {
				u, ok = scale(mant, -n)
			}
			if !ok {
				return pos, i, decimals, signs
			}
		}
		signs |= minus
		dst[i] = math.Float64frombits(u | minus<<63)
		if n > decimals {
			decimals = n
		}
		pos = behind
	}
	return pos, len(dst), decimals, signs
}

// fits[n] is the least number that n more digits may not fit behind in 64 bits.
var fits = [8]uint64{1e19, 1e18, 1e17, 1e16, 1e15, 1e14, 1e13, 1e12}
