package formats

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// A pqPair is a list of classes with their probabilities, as BigQuery ML and
// pipelines write them: each row names the classes in an order of its own. It is
// presented as a list with a value for each class, by the leaf of the
// probabilities.
type pqPair struct {
	class, prob pqLeaf // as they lie in the pages
	leaf        int    // of the classes
	index       map[string]int
}

// Names of the parts of a pair, lower case.
var pairClass, pairProb = []string{"label", "class"}, []string{"prob", "score", "probability"}

// pqMostClasses bounds the classes of a list, pqSparse those of a list that has
// only some of them in each row.
const pqMostClasses, pqSparse = 1 << 16, 64

// findPairs finds lists of structures that are pairs.
func (f *parquetFile) findPairs() {
	for i := 0; i < len(f.leaves); {
		from := i
		of := f.leaves[i].of
		for i < len(f.leaves) && f.leaves[i].of == of && f.leaves[i].rep == 1 {
			i++
		}
		if i-from < 2 {
			i = max(i, from+1)
			continue
		}
		class, prob := -1, -1
		for j := from; j < i; j++ {
			l := &f.leaves[j]
			name := strings.ToLower(l.path[len(l.path)-1])
			for _, s := range pairClass {
				if name == s && (l.inner == kText || l.inner >= kI8 && l.inner <= kBool) && l.mean == plainly {
					class = j
				}
			}
			for _, s := range pairProb {
				if name == s && l.inner.float() {
					prob = j
				}
			}
		}
		if class < 0 || prob < 0 {
			continue
		}
		p := &pqPair{class: f.leaves[class], prob: f.leaves[prob], leaf: class, index: map[string]int{}}
		p.class.kind, p.prob.kind = p.class.inner, p.prob.inner
		l := &f.leaves[prob]
		l.pair, l.name, l.list, l.kind, l.what = p, of, true, p.prob.kind, "classes with their probabilities"
		f.leaves[class].hidden = true
	}
}

// pqEntries gives the entries of a leaf one by one: the levels, and where in the
// page the value is.
type pqEntries struct {
	s *pqStream
	i int // of the page
}

func (f *parquetFile) entries(leaf *pqLeaf, g int, b *budget) (*pqEntries, error) {
	s, err := newStream(f.at, leaf, &f.meta.groups[g].chunks[leaf.index], f.end, b)
	if err != nil {
		return nil, err
	}
	s.raw = true
	return &pqEntries{s: s}, nil
}

// more reports whether there is an entry, and reads on where the page has ended.
func (e *pqEntries) more() (bool, error) {
	for e.i == e.s.page.n {
		e.i = 0
		if err := e.s.load(); err == io.EOF {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// begins reports whether the entry begins a row.
func (e *pqEntries) begins() bool { return e.s.leaf.rep == 0 || e.s.reps[e.i] == 0 }

// def is the definition level.
func (e *pqEntries) def() int {
	if e.s.defs == nil {
		return e.s.leaf.def
	}
	return int(e.s.defs[e.i])
}

// openPairs opens a list of pairs in one row group.
func (f *parquetFile) openPairs(leaf, g int, b *budget) (*pairStream, error) {
	l := &f.leaves[leaf]
	rows := new(pqPairRows)
	var err error
	if rows.class, err = f.entries(&l.pair.class, g, b); err == nil {
		rows.prob, err = f.entries(&l.pair.prob, g, b)
	}
	return newPairStream(&l.column, l.pair.index, rows), err
}

// pqPairRows reads lists of pairs from the pages of two leaves.
type pqPairRows struct {
	class, prob *pqEntries
	text        []byte
}

// row implements pairSource.
func (s *pqPairRows) row(put func(class []byte, v *vec, i int) error) error {
	for first := true; ; first = false {
		more, err := s.class.more()
		if err != nil {
			return err
		}
		also, err := s.prob.more()
		if err != nil {
			return err
		}
		switch {
		case more != also, more && s.class.begins() != s.prob.begins():
			return errors.New("damaged: classes and probabilities do not go together")
		case !more && first:
			return io.EOF
		case !more, !first && s.class.begins():
			return nil
		case first && !s.class.begins():
			return errors.New("damaged: the column begins within a list")
		}
		c, p := s.class, s.prob
		has := c.def() >= c.s.leaf.elem
		if has != (p.def() >= p.s.leaf.elem) {
			return errors.New("damaged: classes and probabilities do not go together")
		}
		if has {
			if c.def() < c.s.leaf.def {
				return errors.New("a probability without a class")
			}
			s.text = c.s.leaf.text(s.text[:0], &c.s.page, c.i)
			if err := put(s.text, &p.s.page, p.i); err != nil {
				return err
			}
		}
		c.i++
		p.i++
	}
}

func (s *pqPairRows) close() {
	s.class.s.close()
	s.prob.s.close()
}

// pairSource reads lists of pairs, row after row.
type pairSource interface {
	// row calls put with each pair of the next row: the class, and where the
	// probability is; io.EOF after the last row.
	row(put func(class []byte, v *vec, i int) error) error
	close()
}

// pairStream puts lists of pairs in the order of the classes.
type pairStream struct {
	c     *column
	index map[string]int
	from  pairSource
	batch int // rows

	data []byte
	null []byte
	gaps bool // in data
	rows int  // of data
	at   int
	err  error // that follows
}

func newPairStream(c *column, index map[string]int, from pairSource) *pairStream {
	return &pairStream{c: c, index: index, from: from, batch: max(1, min(4096, (1<<18)/max(1, c.width)))}
}

// avail implements stream.
func (s *pairStream) avail() (int, error) {
	if s.at == s.rows {
		if s.err == nil {
			s.load()
		}
		if s.at == s.rows {
			return 0, s.err
		}
	}
	return s.rows - s.at, nil
}

func (s *pairStream) load() {
	width, size := s.c.width, kindSize[s.c.kind]
	s.rows, s.at, s.gaps = 0, 0, false
	s.data, s.null = grown(s.data, s.batch*width*size), grown(s.null, s.batch*width)
	for s.rows < s.batch {
		data, null := s.data[s.rows*width*size:][:width*size], s.null[s.rows*width:][:width]
		clear(data)
		for i := range null {
			null[i] = 1
		}
		err := s.from.row(func(class []byte, v *vec, i int) error {
			k, ok := s.index[string(class)]
			if !ok {
				return fmt.Errorf("class %q, which none of the first rows has", trim(class))
			}
			if null[k] != 1 {
				return fmt.Errorf("class %q twice in one row", trim(class))
			}
			null[k] = 2 // there, and perhaps missing
			if !v.missing(i) {
				null[k] = 0
				copy(data[k*size:(k+1)*size], v.data[i*size:])
			}
			return nil
		})
		if err != nil {
			s.err = err
			return
		}
		for i := range null {
			if null[i] != 0 {
				null[i], s.gaps = 1, true
			}
		}
		s.rows++
	}
}

func (s *pairStream) view(i, n int) vec {
	width, size := s.c.width, kindSize[s.c.kind]
	from, to := (s.at+i)*width, (s.at+i+n)*width
	v := vec{n: to - from, data: s.data[from*size : to*size]}
	if s.gaps {
		v.null = s.null[from:to]
	}
	return v
}

func (s *pairStream) advance(n int) { s.at += n }

func (s *pairStream) close() {
	s.from.close()
	giveBack(s.data, s.null)
	*s = pairStream{err: io.EOF}
}

// rowTrouble is trouble in a row of a group.
type rowTrouble struct {
	g   *group
	row int64
	err error
}

// classesOf finds the classes of a list of pairs in the first rows, in the order
// in which they appear.
func (f *parquetFile) classesOf(leaf, rows int) *rowTrouble {
	l := &f.leaves[leaf]
	found := pairClasses{index: l.pair.index}
	for g := range f.meta.groups {
		if found.rows == rows {
			break
		}
		s, err := f.openPairs(leaf, g, new(budget))
		if err == nil {
			err = found.look(s.from, rows)
		}
		if err != nil {
			return &rowTrouble{&group{number: g, first: 1}, int64(found.rows) + 1, err}
		}
	}
	found.settle(&l.column)
	return nil
}

// pairClasses gathers the classes of lists of pairs, in the order in which they
// appear.
type pairClasses struct {
	index         map[string]int
	names         []string
	rows, entries int
}

// look goes through the next rows, so long as there are fewer than most in all.
func (p *pairClasses) look(from pairSource, most int) error {
	for p.rows < most {
		err := from.row(func(class []byte, _ *vec, _ int) error {
			p.entries++
			if _, ok := p.index[string(class)]; !ok {
				if len(p.index) == pqMostClasses {
					return fmt.Errorf("more than %d classes", pqMostClasses)
				}
				p.index[string(class)] = len(p.names)
				p.names = append(p.names, string(class))
			}
			return nil
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		p.rows++
	}
	return nil
}

// settle says what the column is.
func (p *pairClasses) settle(c *column) {
	c.elems, c.width = p.names, len(p.names)
	switch {
	case c.width == 0:
		c.kind, c.what = unreadable_, "lists without classes"
	case c.width > pqSparse && p.entries < p.rows*c.width/4:
		c.kind, c.what = unreadable_, "lists of some of the classes"
	}
	if c.kind == unreadable_ {
		c.width = 1
	}
}
