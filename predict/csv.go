package predict

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// CSVInput is what text is read from: a file, all of which can be read from any
// place, or a stream.
type CSVInput struct {
	At     io.ReaderAt // or
	Size   int64       // bytes of At
	Stream io.Reader
}

// CSVOptions says how a file of text is written. The zero value finds out.
type CSVOptions struct {
	Delimiter byte   // what parts the fields; 0 for one of , ; tab |, found from the first records
	NoHeader  bool   // the first record is data; columns go by number
	Bare      bool   // so it is in a file of one column if it looks like data, or comes again
	Format    string // what Source.Format says; "" for "csv"

	chunk int // bytes parsed at once
	limit int // bytes of the longest record
	head  int // bytes of the sample, about
}

const (
	csvChunk      = 1 << 19
	csvLimit      = 32 << 20
	csvHead       = 8 << 20
	csvSampleRows = 1000
)

// OpenCSV opens a file of text with delimiters, as RFC 4180 describes it: fields
// may be quoted, and then hold delimiters, newlines and doubled quotes. Lines end
// with LF or CRLF; a byte-order mark is skipped. Blank lines are skipped; in a
// file of one column those before its last row are empty cells. The first record
// names the columns, which must differ; a column without a name cannot be
// selected by name. Space around names and numbers does not count.
//
// Reading is strict: a record of more or fewer fields than the first, a quote in
// a field without quotes or text behind the closing one, a return without
// newline, a NUL byte anywhere and a record beyond 32 MB are errors, also in
// columns that nobody selected. Numbers are decimal with a point, converted
// exactly, inf, or one of the usual marks for "none"; what else there is in a
// column of numbers is an error.
func OpenCSV(name string, in CSVInput, opt CSVOptions) (Source, error) {
	if opt.Format == "" {
		opt.Format = "csv"
	}
	if opt.chunk == 0 {
		opt.chunk = csvChunk
	}
	if opt.limit == 0 {
		opt.limit = csvLimit
	}
	if opt.head == 0 {
		opt.head = csvHead
	}
	if c := opt.Delimiter; c != 0 && badDelimiter(c) {
		return nil, &Error{Source: name, What: fmt.Sprintf("fields cannot be parted by %s", strconv.QuoteRune(rune(c)))}
	}
	s := &csvSource{name: name, in: in, opt: opt}
	if err := s.open(); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Source == "" {
			e.Source = name
		}
		return nil, err
	}
	return s, nil
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// csvSource is an open file of text.
type csvSource struct {
	name   string
	in     CSVInput
	opt    CSVOptions
	cols   []Column
	delim  byte
	data   int64 // where the first row begins, in the file or in head
	line   int64 // on which line
	before int64 // lines before the first record, a line of Excel's
	head   []byte
	first  csvSample
	used   atomic.Bool
}

func (s *csvSource) Name() string      { return s.name }
func (s *csvSource) Format() string    { return s.opt.Format }
func (s *csvSource) Columns() []Column { return s.cols }
func (s *csvSource) Sample() Sample    { return &s.first }
func (s *csvSource) Close() error      { return nil }

// csvSample is the sample: every column as text.
type csvSample struct {
	rows int
	cols []Strings
}

func (s *csvSample) Rows() int                { return s.rows }
func (s *csvSample) Text(row, col int) string { return string(s.cols[col].At(row)) }

func (s *csvSample) Number(row, col int) (float64, bool) {
	x, _, _, v := number(s.cols[col].At(row))
	return x, v == isNumber || v == isMissing
}

// open reads the beginning of the input: the header and the sample.
func (s *csvSource) open() error {
	in := s.in.Stream
	if in == nil {
		in = io.NewSectionReader(s.in.At, 0, s.in.Size)
	}
	ahead := bufio.NewReader(in)
	var (
		n     int   // bytes read
		ended error // io.EOF, or why no more can be read
	)
	// It looks one byte ahead: that nothing follows is known right away, however the
	// input says it.
	more := func(want int) {
		s.head = slices.Grow(s.head[:n], want-n+csvPad)[:want+csvPad]
		for idle := 0; n < want && ended == nil; idle++ {
			m, err := ahead.Read(s.head[n:want])
			n += m
			if ended = err; m > 0 {
				idle = 0
			} else if idle > 100 {
				ended = io.ErrNoProgress
			}
		}
		if ended == nil {
			_, ended = ahead.Peek(1)
		}
		s.head = s.head[:n+csvPad]
		clear(s.head[n:])
	}
	// failed is the error of an input that ended too early.
	failed := func() error {
		if ended != io.EOF {
			var e *Error
			if errors.As(ended, &e) {
				return ended
			}
			return &Error{Err: ended}
		}
		return nil
	}
	more(min(64<<10, s.opt.head))
	if b := s.head[:n]; bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		return &Error{What: "text in UTF-16", Hint: "save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"}
	}
	start := 0
	if bytes.HasPrefix(s.head[:n], []byte("\xef\xbb\xbf")) {
		start = 3
	}
	s.delim = s.opt.Delimiter
	if n-start < len("sep=") && bytes.HasPrefix([]byte("sep="), s.head[start:n]) {
		more(n + 16)
	}
	if delim, size := sepLine(s.head[start:n]); size > 0 {
		start, s.before = start+size, 1
		if s.delim == 0 {
			s.delim = delim
		}
	}
	if s.delim == 0 {
		for s.delim = ','; ; {
			if d, sure := detectDelimiter(s.head[start:n], ended != nil); sure || ended != nil || n > s.opt.limit {
				s.delim = d
				break
			}
			more(2 * n)
		}
	}
	// The first record says how many columns there are.
	var names [][]byte
	var pos int
	ps := &csvParser{}
	for {
		ps.p = newCSVPlan(s.name, nil, s.delim, s.opt.limit, Selection{})
		ps.run = newCSVRun(ps.p)
		ps.b, ps.n, ps.final = s.head, n, ended == io.EOF
		ps.embedded, ps.waiting = 0, false
		var st csvState
		names, pos, st = ps.header(start)
		if st == csvRow && pos-start > s.opt.limit || st == csvShort && !ps.waiting && n-start > s.opt.limit || st == csvBad && ps.at-start >= s.opt.limit {
			st = ps.tooLong(start)
		}
		if st == csvRow {
			break
		} else if st == csvBad {
			e := ps.run.fault
			e.Row, e.Line = 0, e.Line+1+s.before
			if s.opt.NoHeader {
				e.Row = 1
			}
			return e
		} else if st == csvDone {
			return &Error{What: "empty: no header and no rows"}
		}
		if ended != nil {
			return failed()
		}
		more(2 * n)
	}
	s.line = ps.run.line + 1 + s.before // of the first record
	if err := s.nameColumns(names, &pos, start, ps.embedded); err != nil {
		return err
	}
	// The sample.
	all := make([]int, len(s.cols))
	for i := range all {
		all[i] = i
	}
	ps = &csvParser{p: newCSVPlan(s.name, s.cols, s.delim, s.opt.limit, Selection{Texts: all}), maxRows: csvSampleRows}
	ps.run = newCSVRun(ps.p)
	ps.run.reset()
	s.data = int64(pos)
	for {
		stop := min(n, int(s.data)+s.opt.head)
		at, st := ps.parse(s.head, pos, stop, n, ended == io.EOF)
		pos = at
		full := ps.run.rows >= csvSampleRows || pos >= int(s.data)+s.opt.head
		if st == csvBad || full || ended != nil {
			break
		}
		want := 2 * n
		if ps.run.rows > 0 {
			want = min(want, int(s.data)+s.opt.head)
		}
		if want <= n { // the sample has some rows, and the next one does not fit
			break
		}
		more(want)
	}
	run := ps.run
	if run.rows == 0 {
		if e := run.fault; e != nil {
			e.Line += s.line
			if want := len(s.cols); e.Hint == "" && run.fields > want && !s.opt.NoHeader {
				switch {
				case want == 1 || strings.HasPrefix(s.cols[0].Name, "#"):
					e.Hint = fmt.Sprintf("is the first line a remark? Without it: tail -n +%d %s | surprisal score -", s.line, shellQuote(s.name))
				case run.fields == want+1:
					e.Hint = "is a name missing in the header? R's write.table leaves out that of row names: write.csv(d, 'out.csv', row.names = FALSE)"
				}
			}
			return e
		}
		if err := failed(); err != nil {
			return err
		}
		return &Error{What: "no data rows", Hint: "there is only a header"}
	}
	s.first = csvSample{rows: min(run.rows, csvSampleRows), cols: run.texts}
	s.head = s.head[:n]
	if s.opt.Bare && !s.opt.NoHeader && len(s.cols) == 1 && s.in.Stream == nil && s.comesAgain(s.cols[0].Name) {
		s.opt.NoHeader, s.cols, s.before = true, nil, 0
		return s.open()
	}
	if s.in.Stream == nil {
		s.head = nil
	} else if ended != nil {
		s.in.Stream = failingReader{ended}
	} else {
		s.in.Stream = ahead
	}
	return nil
}

// comesAgain reports whether a cell of the sample's only column is called like the column.
func (s *csvSource) comesAgain(name string) bool {
	for row := range s.first.rows {
		if string(bytes.TrimSpace(s.first.cols[0].At(row))) == name {
			return true
		}
	}
	return false
}

// failingReader is what is left of an input that failed.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// header reads the first record, whatever its number of fields. Blank lines
// before it are skipped and counted in the run.
func (ps *csvParser) header(pos int) (fields [][]byte, end int, st csvState) {
	for {
		switch c := ps.b[pos]; {
		case pos == ps.n:
			if ps.final {
				return nil, pos, csvDone
			}
			return nil, pos, csvShort
		case c == '\n':
			pos++
		case c == '\r' && pos+1 < ps.n && ps.b[pos+1] == '\n':
			pos += 2
		case c == '\r' && pos+1 == ps.n && ps.final:
			pos++
		default:
			for {
				var cell []byte
				if cell, pos, st = ps.field(pos, len(fields)); st != csvNext {
					return nil, pos, st
				}
				fields = append(fields, bytes.Clone(cell))
				switch c := ps.b[pos]; {
				case pos == ps.n:
					return fields, pos, csvRow
				case c == ps.p.delim:
					pos++
				case c == '\n':
					return fields, pos + 1, csvRow
				default:
					return fields, min(pos+2, ps.n), csvRow
				}
			}
		}
		ps.run.line++
	}
}

// nameColumns makes the columns of the first record, which is left as data (pos is set
// back) if there is no header.
func (s *csvSource) nameColumns(fields [][]byte, pos *int, start int, embedded int64) error {
	if s.opt.NoHeader {
		for i := range fields {
			s.cols = append(s.cols, Column{Name: strconv.Itoa(i + 1)})
		}
		*pos, s.line = start, 1+s.before
		return nil
	}
	if e := headerOfData(fields); e != nil {
		if s.opt.Bare && len(fields) == 1 {
			s.opt.NoHeader = true
			return s.nameColumns(fields, pos, start, embedded)
		}
		e.Line = s.line
		return e
	}
	seen := make(map[string]int, len(fields))
	for i, f := range fields {
		name := strings.Trim(string(f), " \t")
		if i == 0 && len(name) > 2 { // as numpy.savetxt marks a header
			name = strings.TrimPrefix(name, "# ")
		}
		if j, ok := seen[name]; ok && name != "" {
			return &Error{Line: s.line, What: fmt.Sprintf("columns %d and %d are both called %s", j+1, i+1, cellText([]byte(name))),
				Hint: "name the columns apart, or say --no-header if the first line is data"}
		}
		seen[name] = i
		s.cols = append(s.cols, Column{Name: name, Named: true})
	}
	s.line += 1 + embedded
	return nil
}

// sepLine is the delimiter in the line that Excel wants before the header of what is
// not parted as it expects (sep=;), and how long that line is; 0 if there is none.
func sepLine(b []byte) (delim byte, size int) {
	rest, ok := bytes.CutPrefix(b, []byte("sep="))
	if !ok || len(rest) < 2 || badDelimiter(rest[0]) {
		return 0, 0
	}
	switch {
	case rest[1] == '\n':
		return rest[0], len("sep=;\n")
	case bytes.HasPrefix(rest[1:], []byte("\r\n")):
		return rest[0], len("sep=;\r\n")
	}
	return 0, 0
}

// badDelimiter reports whether a byte cannot part fields.
func badDelimiter(c byte) bool {
	return c >= 0x80 || strings.IndexByte("\"\r\n.+-", c) >= 0 || isAlphanumeric(c)
}

// headerOfData is the error for a first record that seems to be data: numbers
// only, unless they may be the names of classes (whole, in order, more than one);
// or some fractions which sum to 1 or have many decimals, as names have not.
func headerOfData(fields [][]byte) *Error {
	var (
		numbers, fractions int
		longest            int
		sum, before        float64
		byText, bySize     = true, true
	)
	for i, f := range fields {
		x, decimals, _, v := number(f)
		if v != isNumber {
			continue
		}
		numbers++
		if bytes.ContainsAny(f, ".-+eEnN") {
			fractions++
			sum += x
			longest = max(longest, decimals)
		}
		bySize = bySize && (i == 0 || x > before)
		byText = byText && (i == 0 || bytes.Compare(fields[i-1], f) < 0)
		before = x
	}
	if slices.ContainsFunc(fields, isLabelName) {
		return nil // target,0.0,1.0: pandas' names for classes that are floats
	}
	classes := fractions == 0 && len(fields) > 1 && (bySize || byText)
	if numbers == len(fields) && !classes || fractions > 1 && !(math.Abs(sum-1) > 0.01) || longest > 3 {
		return &Error{What: "the first line looks like data, not like the names of columns", Hint: "say --no-header if it is data"}
	}
	return nil
}

// isLabelName reports whether a field is what label columns are called. A class
// may well be called y.
func isLabelName(field []byte) bool {
	name := strings.ToLower(strings.TrimSpace(string(field)))
	return len(name) > 1 && slices.Contains(labelNames, name)
}

// detectDelimiter finds what parts the fields of the first records: the
// candidate that gives most records as many fields as the first one, more than
// one; of several, the one under which the largest share of the later fields are
// numbers, and then the one that gives the most fields. In a file without candidates
// blanks part the fields if every record has as many, and most are numbers; the
// header may have one less, as R leaves out the name of row names. Otherwise it has
// one column. It is not sure if there are less than a few records.
func detectDelimiter(b []byte, all bool) (delim byte, sure bool) {
	const enough = 100
	const blank = 4
	candidates := []byte{',', ';', '\t', '|', ' '}
	var ends []int // of records
	counts := make([][blank + 1]int, 0, enough)
	var count [blank + 1]int
	quoted := false
	start := 0
	for i := 0; i < len(b) && len(counts) < enough; i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			if len(bytes.TrimRight(b[start:i], "\r")) > 0 {
				counts = append(counts, count)
				ends = append(ends, start, i)
			}
			count, start = [blank + 1]int{}, i+1
		default:
			for k, d := range candidates {
				if c == d {
					count[k]++
				}
			}
		}
	}
	if all && len(counts) < enough && start < len(b) {
		counts = append(counts, count)
		ends = append(ends, start, len(b))
	}
	if len(counts) == 0 {
		return ',', false
	}
	best, bestRank := 0, [3]float64{-1}
	for k, d := range candidates {
		if counts[0][k] == 0 || k == blank && bestRank[0] >= 0 {
			continue
		}
		same, fields, numbers := 0, 0, 0
		usual := counts[0][k]
		if k == blank && len(counts) > 1 && counts[1][k] == usual+1 {
			usual++
		}
		for i := range counts {
			if counts[i][k] == usual || i == 0 && k == blank {
				same++
			}
			if i == 0 && len(counts) > 1 {
				continue
			}
			for f := range bytes.SplitSeq(b[ends[2*i]:ends[2*i+1]], []byte{d}) {
				fields++
				f = bytes.Trim(f, "\" \t\r")
				if _, _, _, v := number(f); v == isNumber || v == isMissing || d != ',' && isDecimal(bytes.Replace(f, []byte(","), []byte("."), 1)) {
					numbers++
				}
			}
		}
		if k == blank && (same < len(counts) || 2*numbers < fields) {
			continue
		}
		rank := [3]float64{float64(same) / float64(len(counts)), float64(numbers) / float64(max(1, fields)), float64(counts[0][k])}
		if slices.Compare(rank[:], bestRank[:]) > 0 {
			best, bestRank = k, rank
		}
	}
	return candidates[best], all || len(counts) >= min(enough, 10)
}
