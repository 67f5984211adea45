package formats

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"surprisal/predict"
)

// What NPZ and safetensors have in common: several named arrays in one file, from
// which a table is made.

// tensor is an array of numbers, row after row, or of texts.
type tensor struct {
	name  string
	kind  kind
	big   bool // big-endian
	flat  bool // of one dimension
	rows  int64
	width int64
	coded byte // texts: 'U' or 'S', as NumPy calls them
	cell  int  // and the bytes that each takes
	// Where the values are: in the file, or behind what open gives.
	off  int64
	open func() (io.ReadCloser, error)
	seal *seal // nil if the file has no checksum of it, or open checks it
}

func (t *tensor) rowBytes() int64 {
	if t.kind == kText {
		return int64(t.cell)
	}
	return t.width * int64(kindSize[t.kind])
}

// Names of arrays of predictions, the surest first, and of labels.
var (
	valueTensors = []string{"logits", "probs", "probabilities", "proba", "prob", "y_prob", "y_proba", "y_pred", "predictions", "preds", "logprobs", "log_probs", "y_score", "scores", "outputs"}
	labelTensors = []string{"labels", "label", "y_true", "y", "targets", "target", "classes_true", "gold"}
)

const (
	tensorSlab  = 256 << 10
	tensorGroup = 4 << 20
	tensorWidth = 1 << 20
)

// tensorFile is an open file of arrays.
type tensorFile struct {
	at      io.ReaderAt
	tensors []tensor // those that the table is made of
	rows    int64
}

// tensorTable makes a table of the arrays that have as many rows as the one that
// holds the predictions. A two-dimensional array NAME gives the columns NAME.0,
// NAME.1, …, one of one dimension the column NAME.
func tensorTable(name, format string, at io.ReaderAt, all []tensor, closer func() error) (src predict.Source, err error) {
	defer func() {
		if r := recover(); r != nil {
			src, err = nil, &predict.Error{Source: name, What: "damaged: " + outside(r)}
		}
	}()
	main := mainTensor(all)
	if main == nil {
		return nil, &predict.Error{Source: name, What: "no array of numbers with a row per prediction",
			Hint: "arrays of one or two dimensions are read: arr.reshape(-1, arr.shape[-1])"}
	}
	f := &tensorFile{at: at, rows: main.rows}
	t := &tabular{name: name, format: format, word: "array", close: closer, start: f.start}
	cells := int64(0)
	for _, x := range all {
		if x.rows != main.rows {
			if x.flat && slices.Contains(labelTensors, strings.ToLower(x.name)) {
				return nil, &predict.Error{Source: name, What: fmt.Sprintf("array %q has %d values, and %q has %d rows", x.name, x.rows, main.name, main.rows)}
			}
			continue
		}
		if x.width > tensorWidth || cells+x.width > tensorWidth || !x.kind.float() && x.width > 4096 {
			if x.name == main.name {
				return nil, &predict.Error{Source: name, What: fmt.Sprintf("array %q has %d columns; at most %d can be read", x.name, x.width, tensorWidth),
					Hint: "rows come first: arr.T"}
			}
			continue
		}
		cells += x.width
		f.tensors = append(f.tensors, x)
		c := column{name: x.name, kind: x.kind, list: !x.flat, width: int(x.width), what: "numbers"}
		if x.kind == kText {
			c.what = "texts"
		}
		t.cols = append(t.cols, c)
	}
	t.parts, t.described = parts(t.cols)
	rows := min(f.rows, 1000, max(20, 4*sampleCells/cells))
	vecs := make([][]vec, len(t.cols))
	for i := range f.tensors {
		done := false
		var got int
		vecs[i], got, err = takeSample(int(rows), int(f.tensors[i].width), func() (stream, error) {
			if done {
				return nil, io.EOF
			}
			done = true
			return f.stream(i, 0, rows)
		})
		if err == nil && int64(got) < rows {
			err = fmt.Errorf("it ends after %d rows", got)
		}
		if err != nil {
			return nil, t.at(i, &group{number: i}, int64(got)+1, err)
		}
	}
	t.sample = sampled{cols: t.cols, parts: t.parts, rows: int(rows), vecs: vecs}
	return t, nil
}

// mainTensor is the array that most likely holds the predictions.
func mainTensor(all []tensor) *tensor {
	for _, two := range []bool{true, false} {
		for _, name := range append(slices.Clone(valueTensors), "") {
			for i := range all {
				x := &all[i]
				if x.flat != two && x.kind.float() && (name == "" || strings.EqualFold(x.name, name)) {
					return x
				}
			}
		}
	}
	for i := range all {
		if all[i].kind != kText {
			return &all[i]
		}
	}
	if len(all) > 0 {
		return &all[0]
	}
	return nil
}

// start prepares to read runs of rows.
func (f *tensorFile) start(p *plan, threads int) (claim func() (*group, error), groups int, team bool, err error) {
	size, oneGo := int64(1), false
	for _, u := range p.uses {
		size += f.tensors[u.col].rowBytes()
		oneGo = oneGo || f.tensors[u.col].open != nil
	}
	per := max(int64(p.batch), tensorGroup/size/int64(p.batch)*int64(p.batch))
	if oneGo {
		per = f.rows
	}
	groups = int((f.rows + per - 1) / per)
	at, number := int64(0), 0
	return func() (*group, error) {
		if at >= f.rows {
			return nil, io.EOF
		}
		g := &group{number: number, first: at + 1, rows: min(per, f.rows-at)}
		for _, u := range p.uses {
			s, err := f.stream(u.col, at, g.rows)
			if err != nil {
				return g, &columnTrouble{u.col, g, err}
			}
			s.seal = s.t.seal
			g.streams = append(g.streams, s)
		}
		at, number = at+g.rows, number+1
		return g, nil
	}, groups, oneGo && threads > 1, nil
}

// tensorStream gives rows of one array.
type tensorStream struct {
	t    *tensor
	at   io.ReaderAt
	in   io.ReadCloser // or
	off  int64
	left int64 // rows
	last bool  // the array ends with these rows
	seal *seal
	from int64 // the first byte of the array's values here
	sum  uint32
	buf  []byte
	cur  vec
	i    int
	err  error
	text predict.Strings
	bad  error // after the rows of cur
}

func (f *tensorFile) stream(i int, from, rows int64) (*tensorStream, error) {
	t := &f.tensors[i]
	s := &tensorStream{t: t, at: f.at, off: t.off + from*t.rowBytes(), from: from * t.rowBytes(), left: rows, last: from+rows == t.rows}
	if t.open != nil {
		var err error
		if s.in, err = t.open(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *tensorStream) close() {
	if s.in != nil {
		s.in.Close()
		s.in = nil
	}
	giveBack(s.buf)
	s.buf, s.cur = nil, vec{}
}

func (s *tensorStream) avail() (int, error) {
	for s.i == s.cur.n {
		if s.err == nil {
			s.err = s.load()
		}
		if s.err != nil {
			return 0, s.err
		}
	}
	return (s.cur.n - s.i) / int(s.t.width), nil
}

func (s *tensorStream) load() error {
	if s.bad != nil {
		return s.bad
	}
	if s.left == 0 {
		if s.in != nil && s.last {
			var one [1]byte
			switch n, err := io.ReadFull(s.in, one[:]); {
			case n > 0:
				return errors.New("bytes after the last row")
			case err != io.EOF:
				return err
			}
			s.last = false
		}
		return io.EOF
	}
	n := int(min(s.left, max(1, tensorSlab/s.t.rowBytes())))
	s.buf = grown(s.buf, n*int(s.t.rowBytes()))
	var err error
	if s.in != nil {
		_, err = io.ReadFull(s.in, s.buf)
	} else {
		var got int
		if got, err = s.at.ReadAt(s.buf, s.off); got == len(s.buf) {
			err = nil
		}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("cut short")
	}
	if err != nil {
		return err
	}
	s.off += int64(len(s.buf))
	s.left -= int64(n)
	if s.seal != nil {
		s.sum = crc32.Update(s.sum, crc32.IEEETable, s.buf)
		if s.left == 0 && !s.seal.add(s.from, s.sum, s.off-s.t.off-s.from) {
			return &brokenSeal{s.t.rows}
		}
	}
	if s.t.kind == kText {
		return s.texts(n)
	}
	if s.t.big == hostLittle {
		swapBytes(s.buf, kindSize[s.t.kind])
	}
	if s.t.kind == kBool {
		for i, x := range s.buf {
			if x != 0 {
				s.buf[i] = 1
			}
		}
	}
	s.cur, s.i = vec{n: n * int(s.t.width), data: s.buf}, 0
	return nil
}

// texts decodes n texts; those before one that is not valid are still given.
func (s *tensorStream) texts(n int) error {
	t := &s.text
	t.Reset()
	for i := range n {
		var bad string
		if t.Data, bad = predict.AppendNPYText(t.Data, s.buf[i*s.t.cell:][:s.t.cell], s.t.coded, s.t.big); bad != "" {
			s.bad = &badText{bad, predict.NPYTextHint(s.t.coded)}
			if i == 0 {
				return s.bad
			}
			n = i
			break
		}
		t.Off = append(t.Off, int32(len(t.Data)))
	}
	s.cur, s.i = vec{n: n, data: t.Data, off: t.Off}, 0
	return nil
}

// badText is a text that is not valid.
type badText struct{ what, hint string }

func (e *badText) Error() string { return e.what }

func (s *tensorStream) view(i, n int) vec {
	w := int(s.t.width)
	return s.cur.slice(s.t.kind, s.i+i*w, s.i+(i+n)*w)
}

func (s *tensorStream) advance(n int) { s.i += n * int(s.t.width) }
