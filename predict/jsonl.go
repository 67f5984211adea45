package predict

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"sync/atomic"
)

// OpenJSON opens a file of JSON records: one per line (JSONL, NDJSON), one after
// the other, or the elements of one array.
//
// What some known system wrote is presented as that system means it, which
// [About] tells. Of other records each key is a column. The columns are those of
// the first 1,000 records, in the order in which they first appear; other keys of
// later records are passed over. An object within a record gives the columns
// key.a, key.b and so on; an array of numbers, of one length in all records, the
// columns key.0, key.1 and so on; anything else within is one column of text.
// Where an object has a key twice the last one counts, as in encoding/json. NaN,
// Infinity and -Infinity are taken as Python writes them; in quotes, too.
//
// Records may be arrays as well: of numbers, the columns 0, 1 and so on, or of classes
// with their probabilities, each {"label": …, "score": …}, a column for each class. An
// array of classes beside one of as many numbers gives a column for each class, too,
// whatever their order in a record.
func OpenJSON(name string, r io.ReaderAt, size int64) (Source, error) {
	s := &jsonSource{name: name, at: r, size: size}
	if err := s.open(io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	s.head = nil
	return s, nil
}

// OpenJSONStream is [OpenJSON] for input that comes one byte after the other.
func OpenJSONStream(name string, r io.Reader) (Source, error) {
	s := &jsonSource{name: name, stream: r}
	if err := s.open(r); err != nil {
		return nil, err
	}
	return s, nil
}

// jsonPartial is how near the end of what was read so far an error may come from
// what is not yet read: half a word or a number.
const jsonPartial = 4096

// jsonSource is an open file or stream of records.
type jsonSource struct {
	name   string
	at     io.ReaderAt // or
	stream io.Reader
	size   int64
	used   atomic.Bool

	head  []byte // of a stream: what was read to open it
	shape jsonShape
	skip  int   // bytes before the first record
	line  int64 // lines before it

	cols   []Column
	sample Sample
	reader func(p *jsonPlan) (each func() jsonRecords, order func(r *jsonRun) error)
	system *recordSystem // nil for plain records
	counts [leftOuts]int64
}

func (s *jsonSource) Name() string      { return s.name }
func (s *jsonSource) Columns() []Column { return s.cols }
func (s *jsonSource) Sample() Sample    { return s.sample }
func (s *jsonSource) Close() error      { return nil }

func (s *jsonSource) Format() string {
	if s.shape == jsonLines {
		return "jsonl"
	}
	return "json"
}

// Read implements [Source].
func (s *jsonSource) Read(ctx context.Context, sel Selection, threads int, fold Fold) (int64, error) {
	if s.used.Swap(true) && s.stream != nil {
		return 0, &Error{Source: s.name, What: "a stream can be read once"}
	}
	p := newJSONPlan(s.cols, sel)
	j := &jsonReading{name: s.name, shape: s.shape, plan: p, line: s.line}
	switch {
	case s.stream != nil:
		j.feed = &jsonReader{shape: s.shape, r: io.MultiReader(bytes.NewReader(s.head[s.skip:]), s.stream)}
	case s.shape == jsonLines:
		j.feed = &jsonPieces{name: s.name, r: s.at, size: s.size, skip: int64(s.skip)}
		threads = int(min(int64(threads), s.size/int64(jsonBlockSize)+1))
	default:
		j.feed = &jsonReader{shape: s.shape, r: io.NewSectionReader(s.at, int64(s.skip), s.size-int64(s.skip))}
	}
	each, order := s.reader(p)
	j.order = order
	return j.run(ctx, max(1, threads), each, fold)
}

// open reads as much as it takes to see what the records are.
func (s *jsonSource) open(r io.Reader) error {
	var (
		b    []byte // with padding
		have int
		eof  bool
	)
	for want := jsonBlockSize; ; want = 2 * want {
		grown := make([]byte, want+jsonPad)
		copy(grown, b[:have])
		b = grown
		for idle := 0; have < want && !eof; {
			n, err := r.Read(b[have:want])
			have += n
			if idle++; n > 0 {
				idle = 0
			} else if idle > 100 && err == nil {
				err = io.ErrNoProgress
			}
			if errors.Is(err, io.EOF) && !isDamage(err) {
				eof = true
			} else if err != nil {
				var e *Error
				if errors.As(err, &e) || errors.Is(err, context.Canceled) {
					return err
				}
				return &Error{Source: s.name, Err: err}
			}
		}
		clear(b[have : have+jsonPad])
		records, enough, err := s.look(b, have, eof)
		if err != nil {
			return err
		}
		if enough || eof || have >= jsonSampling && len(records) > 0 {
			s.head = b[:have]
			return s.settle(records)
		}
		if len(records) == 0 && have > jsonLimit+2*jsonBlockSize {
			e := tooLong()
			e.Source, e.Row, e.Line = s.name, 1, s.line+1
			return e
		}
	}
}

// look finds how records follow one another, and the first of them, in the n
// bytes read so far. They are enough if more bytes would not give more records.
func (s *jsonSource) look(b []byte, n int, eof bool) (records []jsonValue, enough bool, err error) {
	begin := 0
	if bytes.HasPrefix(b[:n], []byte("\xef\xbb\xbf")) {
		begin = 3
	}
	scan := jsonScan{b: b, n: n, blank: &jsonBlank}
	at := scan.space(begin)
	trouble := func(row int64, i int, what, hint string) error {
		return &Error{Source: s.name, Row: row, Line: int64(bytes.Count(b[:min(i, n)], newlineByte)) + 1, What: what, Hint: hint}
	}
	switch {
	case at >= n:
		if !eof {
			return nil, false, nil
		}
		return nil, false, &Error{Source: s.name, What: "nothing but blanks"}
	case b[at] == '[':
		// Arrays one after the other are records; the first of them is then short.
		if end := scan.skip(at, jsonDepth); end >= 0 {
			after := scan.space(end)
			if after >= n && !eof {
				return nil, false, nil
			}
			if after < n && b[after] == '[' {
				s.shape = jsonLines
				if bytes.IndexByte(b[at:end], '\n') >= 0 || bytes.IndexByte(b[end:after], '\n') < 0 {
					s.shape = jsonStream
				}
				break
			}
		} else if next := scan.space(at + 1); !eof && scan.at+jsonPartial >= n && (b[next]-'0' <= 9 || b[next] == '-') {
			return nil, false, nil // not an array of records, but perhaps a record
		}
		s.shape, begin = jsonArray, at+1
		switch at = scan.space(begin); {
		case at >= n && !eof:
			return nil, false, nil
		case b[at] == ']':
			return nil, false, &Error{Source: s.name, What: "an array with nothing in it"}
		case b[at] != '{' && b[at] != '[' && at+jsonPartial >= n && !eof:
			return nil, false, nil
		case b[at] != '{' && b[at] != '[':
			scan.expected(at, "an object")
			return nil, false, trouble(1, at, scan.what,
				"records are objects: [{\"label\": 1, \"p\": 0.9}, …], or one of them per line; arrays of numbers are better saved with numpy.save")
		}
	case b[at] == '{':
		end := scan.skip(at, jsonDepth)
		if end < 0 {
			if scan.at+jsonPartial >= n && !eof {
				return nil, false, nil
			}
			return nil, false, trouble(1, scan.at, scan.what, "")
		}
		s.shape = jsonLines
		after := end
		for lineBlank[b[after]] {
			after++
		}
		if bytes.IndexByte(b[at:end], '\n') >= 0 || after < n && b[after] != '\n' {
			s.shape = jsonStream
		} else if after >= n && !eof {
			return nil, false, nil
		}
	case at+jsonPartial >= n && !eof:
		return nil, false, nil
	default:
		scan.expected(at, "an object")
		return nil, false, trouble(1, at, scan.what, "a record is an object: {\"label\": 1, \"p\": 0.9}")
	}
	s.skip, s.line = begin, int64(bytes.Count(b[:begin], newlineByte))

	k := jsonBlock{b: b[begin:], n: n - begin, stop: n - begin, final: eof}
	if !eof {
		f := jsonReader{shape: s.shape}
		f.look(k.b[:k.n])
		if f.cut == 0 && !f.closed {
			return nil, false, nil
		} else if f.cut > 0 {
			k.stop, k.n = f.cut, f.cut
			saved := [jsonPad]byte(k.b[k.n:])
			clear(k.b[k.n : k.n+jsonPad])
			defer func() { copy(k.b[k.n:], saved[:]) }()
		}
	}
	collect := &jsonCollect{}
	run := newJSONRun(newJSONPlan(nil, Selection{}))
	k.parse(run, s.shape, collect)
	if collect.full {
		return collect.records, true, nil
	}
	if run.fault != nil {
		var e *Error
		if !errors.As(run.fault, &e) {
			e = &Error{Err: run.fault}
		}
		bad := *e
		bad.Source, bad.Row, bad.Line = s.name, int64(len(collect.records))+1, s.line+run.badLine+1
		return nil, false, &bad
	}
	return collect.records, false, nil
}

// jsonCollect keeps the first records.
type jsonCollect struct {
	records []jsonValue
	full    bool
}

func (c *jsonCollect) record(r *jsonRun, s *jsonScan, i int) (int, *Error) {
	// All records are what the first is.
	array := s.b[i] == '['
	if len(c.records) > 0 {
		array = c.records[0][0] == '['
	}
	switch {
	case array && s.b[i] != '[':
		return s.expected(i, "an array"), nil
	case !array && s.b[i] != '{':
		return s.expected(i, "an object"), nil
	}
	end := s.skip(i, jsonDepth)
	if end < 0 {
		return end, nil
	}
	if len(c.records) == jsonSampled {
		c.full = true
		return -1, nil
	}
	c.records = append(c.records, jsonValue(s.b[i:end]))
	return end, nil
}

// settle finds what the records are, and makes the sample of them.
func (s *jsonSource) settle(records []jsonValue) error {
	if system, err := recognize(s.name, records); err != nil {
		return err
	} else if system != nil {
		return s.settleSystem(system, records)
	}
	t, err := newJSONTable(s.name, records)
	if err != nil {
		return err
	}
	if len(records) == 1 {
		if what, hint := t.isWhole(s.name); what != "" {
			return &Error{Source: s.name, What: what, Hint: hint}
		}
	}
	s.cols = t.cols
	rows := len(records)
	if rows*len(t.cols) > jsonCells {
		rows = max(1, jsonCells/len(t.cols))
	}
	sample := &jsonTableSample{width: len(t.cols), cells: make([]jsonValue, rows*len(t.cols))}
	for i, v := range records[:rows] {
		t.root.cells(v, sample.cells[i*sample.width:][:sample.width])
	}
	sample.rows = rows
	s.sample = sample
	s.reader = func(p *jsonPlan) (func() jsonRecords, func(*jsonRun) error) {
		root := newJSONStep(t.root, p)
		return func() jsonRecords { return newJSONRows(t, root, p) }, nil
	}
	return nil
}

// jsonTableSample is the Sample of plain records.
type jsonTableSample struct {
	rows, width int
	cells       []jsonValue
}

func (t *jsonTableSample) Rows() int { return t.rows }

func (t *jsonTableSample) Text(row, col int) string {
	return string(t.cells[row*t.width+col].text())
}

func (t *jsonTableSample) Number(row, col int) (float64, bool) {
	x, _, _, v := t.cells[row*t.width+col].number(false)
	if v == isMissing {
		return math.NaN(), true
	}
	return x, v == isNumber
}
