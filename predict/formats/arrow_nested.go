package formats

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// An arrowPair is a list of classes with their probabilities, as pqPair is one of
// Parquet.
type arrowPair struct {
	class, prob     arrowColumn
	classAt, probAt int // which children of the structure
	index           map[string]int
}

// asPairs takes a list of structures, which can be read if they are pairs.
func (c arrowColumn) asPairs() arrowColumn {
	p := &arrowPair{classAt: -1, probAt: -1, index: map[string]int{}}
	for i := range c.item.children {
		child := arrowColumnOf(0, &c.item.children[i])
		if child.list || child.mean != plainly {
			continue
		}
		name := strings.ToLower(child.name)
		for _, s := range pairClass {
			if name == s && (child.kind == kText || child.kind >= kI8 && child.kind <= kBool) {
				p.class, p.classAt = child, i
			}
		}
		for _, s := range pairProb {
			if name == s && child.kind.float() && !child.idx {
				p.prob, p.probAt = child, i
			}
		}
	}
	if p.classAt < 0 || p.probAt < 0 {
		c.kind, c.width = unreadable_, 1
		return c
	}
	c.pair, c.kind, c.what, c.size = p, p.prob.kind, "classes with their probabilities", p.prob.size
	return c
}

// arrowPairRows reads lists of pairs from a record batch.
type arrowPairRows struct {
	c           *arrowColumn
	list        *arrowStream // its offsets, and what is missing
	class, prob arrowCursor
	text        []byte

	from  int64 // the first of the rows that are looked at
	n, at int
	off   func(i int) int64
	null  []byte // of lists
	gone  []byte // of structures, from off(0) on
	gaps  []byte
}

// arrowCursor looks at the values of a stream one by one, onwards only.
type arrowCursor struct {
	s    *arrowStream
	v    vec
	from int64
	n    int64
}

// value is where value i is.
func (c *arrowCursor) value(i int64) (*vec, int, error) {
	for i >= c.from+c.n {
		c.s.advance(int(c.n))
		c.from, c.n = c.from+c.n, 0
		n, err := c.s.avail()
		if err == io.EOF {
			err = errors.New("damaged: lists that end after their elements")
		}
		if err != nil {
			return nil, 0, err
		}
		c.v, c.n = c.s.view(0, n), int64(n)
	}
	if i < c.from {
		return nil, 0, errors.New("damaged: lists that overlap")
	}
	return &c.v, int(i - c.from), nil
}

// openPairs opens a list of pairs in a record batch.
func (f *arrowFile) openPairs(col, b int, batch *arrowBatch, memory *budget) (*arrowPairRows, error) {
	c := &f.cols[col]
	list, err := f.openIn(col, b, batch, memory)
	if err != nil {
		return nil, err
	}
	r := &arrowPairRows{c: c, list: list}
	var place arrowPlace
	for i := range c.field {
		if err := place.skip(&f.schema.fields[i], batch); err != nil {
			return nil, err
		}
	}
	place.node += 2   // the list and the structure
	place.buffer += 2 // what is missing of both
	if c.f.typ != atFixedList {
		place.buffer++
	}
	items := *batch
	items.rows = list.item
	for i := range c.item.children {
		if i == c.pair.classAt {
			if r.class.s, err = f.stream(&c.pair.class, &f.batches[b], &items, place, memory); err != nil {
				return nil, err
			}
		}
		if i == c.pair.probAt {
			if r.prob.s, err = f.stream(&c.pair.prob, &f.batches[b], &items, place, memory); err != nil {
				return nil, err
			}
		}
		if err := place.skip(&c.item.children[i], batch); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// row implements pairSource.
func (r *arrowPairRows) row(put func(class []byte, v *vec, i int) error) error {
	if r.at == r.n {
		if err := r.load(); err != nil {
			return err
		}
	}
	i := r.at
	r.at++
	if r.null != nil && r.null[i] != 0 {
		return nil
	}
	first := r.off(0)
	for at, end := r.off(i), r.off(i+1); at < end; at++ {
		v, k, err := r.class.value(at)
		if err != nil {
			return err
		}
		if v.missing(k) || r.gone != nil && r.gone[at-first] != 0 {
			return errors.New("a probability without a class")
		}
		r.text = r.c.pair.class.text(r.text[:0], v, k)
		if v, k, err = r.prob.value(at); err != nil {
			return err
		}
		if err := put(r.text, v, k); err != nil {
			return err
		}
	}
	return nil
}

// load looks at where the next lists are.
func (r *arrowPairRows) load() (err error) {
	const rows, elements = 4096, 1 << 20 // at a time, at most
	s := r.list
	from := r.from + int64(r.n)
	n := int(min(s.rows-from, rows))
	r.from, r.n, r.at = from, 0, 0
	if n <= 0 {
		return io.EOF
	}
	if r.null, err = s.missing(&s.valid, &s.null, from, n); err != nil {
		return err
	}
	if r.c.f.typ == atFixedList {
		width := int64(r.c.f.width)
		r.off = func(i int) int64 { return (from + int64(i)) * width }
	} else if _, r.off, err = s.offs(from, n); err != nil {
		return err
	}
	first := r.off(0)
	for i := range n {
		at, end := r.off(i), r.off(i+1)
		switch {
		case at < 0 || end < at || end > s.item:
			return errors.New("damaged: lists that end before they begin")
		case end-at > pqMostClasses && (r.null == nil || r.null[i] == 0):
			return fmt.Errorf("a list of %d classes; at most %d can be read", end-at, pqMostClasses)
		case end-first > elements && i > 0:
			n = i
		}
		if n == i {
			break
		}
	}
	r.gone = nil
	if end := r.off(n); end-first <= elements { // otherwise the row is a list that is missing
		r.gone, err = s.missing(&s.itemValid, &r.gaps, first, int(end-first))
	}
	if err == nil {
		r.n = n
	}
	return err
}

func (r *arrowPairRows) close() {
	r.list.close()
	r.class.s.close()
	r.prob.s.close()
}

// classesOf finds the classes of a list of pairs in the first rows. It gives how
// many rows came before trouble.
func (f *arrowFile) classesOf(col, rows int) (got int, err error) {
	defer shield(&err)
	c := &f.cols[col]
	found := pairClasses{index: c.pair.index}
	for b := 0; b < len(f.batches) && found.rows < rows; b++ {
		batch, err := f.head(b)
		if err != nil {
			return found.rows, err
		}
		from, err := f.openPairs(col, b, batch, new(budget))
		if err != nil {
			return found.rows, err
		}
		err = found.look(from, rows)
		from.close()
		if err != nil {
			return found.rows, err
		}
	}
	found.settle(&c.column)
	return found.rows, nil
}
