package formats

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"surprisal/predict"
)

// lightParts are the fields of lighteval's details that are read, and whether
// there must be one.
var lightParts = []struct {
	of, name string
	must     bool
	list     int // 0 no, 1 yes, −1 may be
	kinds    func(k kind) bool
}{
	{"doc", "id", false, 0, func(k kind) bool { return k == kText || whole(k) }},
	{"doc", "choices", true, 1, func(k kind) bool { return k == kText }},
	{"doc", "gold_index", true, -1, whole},
	{"model_response", "logprobs", true, 1, kind.float},
	{"model_response", "unconditioned_logprobs", false, 1, kind.float},
}

func whole(k kind) bool { return k >= kI8 && k <= kU64 }

// lightDetails is a file of lighteval's details: the leaves of the parts, nil for
// one that is not there.
type lightDetails struct {
	f     *parquetFile
	parts []*pqLeaf
}

// lightEval tells details of lighteval by their fields; nil if it is none.
func (f *parquetFile) lightEval() *lightDetails {
	d := &lightDetails{f: f, parts: make([]*pqLeaf, len(lightParts))}
	for i := range f.leaves {
		l := f.leaves[i]
		if len(l.path) < 2 || l.mean != plainly {
			continue
		}
		of := strings.TrimSuffix(strings.TrimPrefix(l.path[0], "__"), "__")
		for j, p := range lightParts {
			list := l.rep == 1 && len(l.path) > 2
			plain := l.rep == 0 && len(l.path) == 2
			if of == p.of && l.path[1] == p.name && p.kinds(l.inner) && (list && p.list != 0 || plain && p.list <= 0) {
				l.kind = l.inner
				d.parts[j] = &l
			}
		}
	}
	for j, p := range lightParts {
		if p.must && d.parts[j] == nil {
			return nil
		}
	}
	return d
}

// lightText tells details whose parts are one text each.
func (f *parquetFile) lightText() bool {
	found := 0
	for i := range f.leaves {
		switch l := &f.leaves[i]; strings.TrimSuffix(strings.TrimPrefix(l.name, "__"), "__") {
		case "doc", "model_response", "metric":
			if l.kind == kText {
				found++
			}
		}
	}
	return found == 3
}

// source gives the details as records.
func (d *lightDetails) source(name string, closer func() error) (predict.Source, error) {
	s := &lightSource{closer: closer}
	var err error
	if s.Source, err = predict.OpenJSONStream(name, &lightStream{d: d, name: name, group: -1}); err != nil {
		return nil, lightPlace(err)
	}
	return s, nil
}

// lightSource is a file of details.
type lightSource struct {
	predict.Source
	closer func() error
}

func (s *lightSource) Format() string       { return "parquet" }
func (s *lightSource) About() predict.About { return predict.AboutOf(s.Source) }

func (s *lightSource) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	n, err := s.Source.Read(ctx, sel, threads, fold)
	return n, lightPlace(err)
}

// lightPlace says of an error which record it is: what is a line in the text
// that was made of the records.
func lightPlace(err error) error {
	e, ok := err.(*predict.Error)
	if !ok || e.Line == 0 {
		return err
	}
	at := *e
	at.What = fmt.Sprintf("record %d: %s", e.Line, e.What)
	at.Line = 0
	return &at
}

func (s *lightSource) Close() error {
	err := s.Source.Close()
	if s.closer != nil {
		if e := s.closer(); err == nil {
			err = e
		}
		s.closer = nil
	}
	return err
}

// lightStream writes the records as lines of JSON.
type lightStream struct {
	d     *lightDetails
	name  string
	group int
	left  int64 // records of the group
	in    []*pqEntries
	buf   []byte
	at    int // of buf
	err   error
}

func (s *lightStream) Read(p []byte) (int, error) {
	for s.at == len(s.buf) {
		if s.err != nil {
			return 0, s.err
		}
		s.buf, s.at = s.buf[:0], 0
		for len(s.buf) < 64<<10 && s.err == nil {
			s.err = s.record()
		}
	}
	n := copy(p, s.buf[s.at:])
	s.at += n
	return n, nil
}

// record writes the next one; io.EOF after the last.
func (s *lightStream) record() (err error) {
	from, part := len(s.buf), -1
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged: %s", outside(r))
		}
		if err != nil {
			s.buf = s.buf[:from]
		}
		if err != nil && err != io.EOF {
			e := &predict.Error{Source: s.name, What: fmt.Sprintf("row group %d: %v", s.group+1, err)}
			if part >= 0 {
				e.Column, e.Name = s.d.parts[part].index+1, strings.Join(s.d.parts[part].path, ".")
			}
			err = e
		}
	}()
	for s.left == 0 {
		for i, e := range s.in {
			if e == nil {
				continue
			}
			part = i
			if more, err := e.more(); err != nil {
				return err
			} else if more {
				return fmt.Errorf("the column has more than %d rows", s.d.f.meta.groups[s.group].rows)
			}
			e.s.close()
		}
		part = -1
		if s.group++; s.group == len(s.d.f.meta.groups) {
			s.in = nil
			return io.EOF
		}
		s.left = s.d.f.meta.groups[s.group].rows
		s.in = make([]*pqEntries, len(s.d.parts))
		memory := new(budget)
		for i, l := range s.d.parts {
			if l == nil {
				continue
			}
			part = i
			if s.in[i], err = s.d.f.entries(l, s.group, memory); err != nil {
				return err
			}
		}
		part = -1
	}
	of := ""
	for i, p := range lightParts {
		if s.in[i] == nil {
			continue
		}
		part = i
		switch of {
		case "":
			s.buf = append(s.buf, '{')
		case p.of:
			s.buf = append(s.buf, ',')
		default:
			s.buf = append(s.buf, "},"...)
		}
		if of != p.of {
			of = p.of
			s.buf = append(strconv.AppendQuote(s.buf, of), ":{"...)
		}
		s.buf = append(strconv.AppendQuote(s.buf, p.name), ':')
		if err := s.value(s.in[i]); err != nil {
			return err
		}
	}
	s.left--
	s.buf = append(s.buf, "}}\n"...)
	return nil
}

// value writes what one row has of a part.
func (s *lightStream) value(e *pqEntries) error {
	l := e.s.leaf
	for n := 0; ; n++ {
		more, err := e.more()
		switch {
		case err != nil:
			return err
		case !more && n == 0:
			return fmt.Errorf("the column ends %d rows too early", s.left)
		case n == 0 && !e.begins():
			return fmt.Errorf("damaged: the column begins within a list")
		case !more || n > 0 && (l.rep == 0 || e.begins()):
			if l.rep > 0 {
				s.buf = append(s.buf, ']')
			}
			return nil
		}
		if l.rep > 0 && e.def() < l.elem {
			// A list without elements, or none.
			e.i++
			s.buf = append(s.buf, "null"...)
			return nil
		}
		switch {
		case n > 0:
			s.buf = append(s.buf, ',')
		case l.rep > 0:
			s.buf = append(s.buf, '[')
		}
		if e.def() < l.def {
			s.buf = append(s.buf, "null"...)
		} else {
			s.scalar(e)
		}
		e.i++
	}
}

// scalar writes a value that is there.
func (s *lightStream) scalar(e *pqEntries) {
	l, v := e.s.leaf, &e.s.page
	if l.kind == kText {
		q, _ := json.Marshal(string(v.bytes(e.i))) // text always has a JSON form
		s.buf = append(s.buf, q...)
		return
	}
	if !l.kind.float() {
		s.buf = l.text(s.buf, v, e.i)
		return
	}
	switch x := l.number(v, e.i); {
	case math.IsNaN(x):
		s.buf = append(s.buf, "NaN"...)
	case math.IsInf(x, 1):
		s.buf = append(s.buf, "Infinity"...)
	case math.IsInf(x, -1):
		s.buf = append(s.buf, "-Infinity"...)
	default:
		s.buf = strconv.AppendFloat(s.buf, x, 'g', -1, 64)
	}
}
