package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"surprisal/predict"
)

// stream gives the values of one stored column of one group of rows, run by run.
type stream interface {
	// avail is how many rows there are to look at, at least one; io.EOF after the last.
	avail() (rows int, err error)
	// view is rows i to i+n of those, and advance leaves n of them behind.
	view(i, n int) vec
	advance(n int)
	// close ends it, and leaves its memory to others.
	close()
}

// group is a run of rows that is stored together: a row group, a record batch.
type group struct {
	number  int // from 0
	first   int64
	rows    int64
	streams []stream // one per use of the plan
}

// tabular is a Source of stored columns.
type tabular struct {
	name, format string
	word         string // what a group is called
	cols         []column
	parts        []part
	described    []predict.Column
	sample       sampled
	// start prepares to read, and gives what claims the groups one after the other,
	// io.EOF after the last; groups is how many there are, 0 if that is not known.
	// Claims come from one goroutine at a time. team asks for all threads on one
	// group at a time.
	start func(p *plan, threads int) (claim func() (*group, error), groups int, team bool, err error)
	close func() error
	used  atomic.Bool
	about predict.About
}

// About implements what [predict.AboutOf] asks for.
func (t *tabular) About() predict.About { return t.about }

func (t *tabular) Name() string              { return t.name }
func (t *tabular) Format() string            { return t.format }
func (t *tabular) Columns() []predict.Column { return t.described }
func (t *tabular) Sample() predict.Sample    { return &t.sample }

func (t *tabular) Close() error {
	if t.close == nil {
		return nil
	}
	err := t.close()
	t.close = nil
	return err
}

// at is trouble with a stored column in a row of a group, 0 if in none.
func (t *tabular) at(col int, g *group, row int64, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &predict.Error{Source: t.name, Row: row}
	for i, p := range t.parts {
		if p.col == col {
			e.Column, e.Name = i+1, t.cols[col].name
			break
		}
	}
	if e.Column == 0 {
		e.What = fmt.Sprintf("column %q, ", t.cols[col].name)
	}
	e.What += fmt.Sprintf("%s %d: ", t.word, g.number+1)
	var ragged *raggedRow
	if errors.As(err, &ragged) {
		e.Row = g.first + ragged.row
		width := t.cols[col].width
		switch {
		case ragged.have < 0:
			e.What += fmt.Sprintf("a list of at least %d values, and the first has %d", width+1, width)
		default:
			e.What += fmt.Sprintf("a list of %d values, and the first has %d", ragged.have, width)
		}
		e.Hint = "every row must have a value per class"
		return e
	}
	var broken *brokenSeal
	if errors.As(err, &broken) { // known when the last row is read, by whichever thread
		e.Row, e.What = broken.rows, err.Error()
		return e
	}
	var bad *badText
	if errors.As(err, &bad) {
		e.Hint = bad.hint
	}
	e.What += err.Error()
	return e
}

// outside says what a panic over damaged data was about.
func outside(r any) string {
	if _, ok := r.(runtime.Error); ok {
		return "something in it lies outside of it"
	}
	return fmt.Sprint(r)
}

// shield turns a panic of a library into an error.
func shield(err *error) {
	if r := recover(); r != nil {
		*err = errors.New("damaged: " + outside(r))
	}
}

// crew is the goroutines that share a piece of work.
type crew int

// each calls do for 0 to n−1, in that order, until some call gives false.
func (c crew) each(n int, do func(worker, i int) bool) {
	size := min(int(c), n)
	if size <= 1 {
		for i := range n {
			if !do(0, i) {
				return
			}
		}
		return
	}
	var next atomic.Int64
	var stop atomic.Bool
	work := func(w int) {
		for !stop.Load() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if !do(w, i) {
				stop.Store(true)
			}
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < size; w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
}

// Read implements [predict.Source].
func (t *tabular) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	if t.used.Swap(true) {
		return 0, &predict.Error{Source: t.name, What: "can be read once"}
	}
	p, bad := newPlan(t.cols, t.parts, sel)
	if bad >= 0 {
		c := &t.cols[t.parts[bad].col]
		return 0, &predict.Error{Source: t.name, Column: bad + 1, Name: t.described[bad].Name,
			What: "not numbers or text that can be read: " + c.what}
	}
	if len(p.uses) == 0 && len(t.cols) > 0 { // rows are counted all the same
		for i := range t.cols {
			if t.cols[i].kind != unreadable_ {
				p.uses = append(p.uses, useOf{col: i})
				break
			}
		}
	}
	if len(p.uses) == 0 {
		return 0, &predict.Error{Source: t.name, What: "no columns that can be read"}
	}
	threads = max(1, threads)
	claim, groups, team, err := t.start(p, threads)
	if err != nil {
		return 0, err
	}
	r := &tableRead{t: t, p: p, ctx: ctx, fold: fold, badRow: math.MaxInt64}
	r.workers = make([]assembler, threads)
	for i := range r.workers {
		r.workers[i].p = p
	}
	r.claim = claim
	if team {
		r.run(0, crew(threads))
	} else {
		if groups > 0 {
			threads = min(threads, groups)
		}
		var wg sync.WaitGroup
		for w := 1; w < threads; w++ {
			wg.Go(func() { r.run(w, 1) })
		}
		r.run(0, 1)
		wg.Wait()
	}
	if r.err != nil {
		if r.badRow < math.MaxInt64-1 {
			return r.badRow - 1, r.err
		}
		return r.rows.Load(), r.err
	}
	return r.rows.Load(), nil
}

// tableRead is one reading of a table.
type tableRead struct {
	t       *tabular
	p       *plan
	ctx     context.Context
	fold    predict.Fold
	workers []assembler
	rows    atomic.Int64

	claiming sync.Mutex
	claim    func() (*group, error)

	mu     sync.Mutex
	err    error
	badRow int64 // row of err
	failed atomic.Int64
}

// fail keeps the error of the earliest row.
func (r *tableRead) fail(row int64, err error) {
	var e *predict.Error
	if errors.As(err, &e) && e.Row > 0 {
		row = e.Row
	}
	r.mu.Lock()
	if r.err == nil || row < r.badRow {
		r.badRow, r.err = row, err
		r.failed.Store(row)
	}
	r.mu.Unlock()
}

// beyond reports whether an earlier row has failed.
func (r *tableRead) beyond(row int64) bool {
	f := r.failed.Load()
	return f > 0 && f <= row
}

// run reads group after group. Groups are claimed in order: when one fails, every
// earlier one has been claimed, and is still finished.
func (r *tableRead) run(worker int, c crew) {
	for {
		r.claiming.Lock()
		if r.failed.Load() > 0 {
			r.claiming.Unlock()
			return
		}
		g, err := r.claim()
		if err != nil && err != io.EOF {
			row := int64(math.MaxInt64 - 1)
			if g != nil {
				row = g.first
			}
			var c *columnTrouble
			if errors.As(err, &c) {
				err = r.t.at(c.col, c.g, row, c.err)
			}
			r.fail(row, err)
		}
		r.claiming.Unlock()
		if err != nil {
			return
		}
		ok := r.group(worker, c, g)
		for _, s := range g.streams {
			s.close()
		}
		if !ok {
			return
		}
	}
}

// group reads one group of rows.
func (r *tableRead) group(worker int, c crew, g *group) bool {
	p := r.p
	avail, errs := make([]int, len(p.uses)), make([]error, len(p.uses))
	load := func(_, i int) bool {
		defer shield(&errs[i])
		errs[i] = nil
		avail[i], errs[i] = g.streams[i].avail()
		return true
	}
	for done := int64(0); ; {
		at := g.first + done
		if r.beyond(at) {
			return false
		}
		if err := r.ctx.Err(); err != nil {
			r.fail(at, err)
			return false
		}
		c.each(len(p.uses), load)
		slab := g.rows - done
		for i, u := range p.uses {
			err := errs[i]
			switch {
			case err == io.EOF && slab > 0:
				err = fmt.Errorf("the column ends after %d of %d rows", done, g.rows)
			case err == io.EOF:
				continue
			case err == nil && done == g.rows:
				err = fmt.Errorf("the column has more than %d rows", g.rows)
			}
			if err != nil {
				r.fail(at, r.t.at(u.col, g, at, err))
				return false
			}
			slab = min(slab, int64(avail[i]))
		}
		if slab == 0 {
			return true
		}
		batches := int((slab + int64(p.batch) - 1) / int64(p.batch))
		c.each(batches, func(w, i int) bool {
			from := i * p.batch
			n := min(p.batch, int(slab)-from)
			a := &r.workers[w+worker]
			err := r.batch(w+worker, a, g, at+int64(from), from, n)
			if err != nil {
				r.fail(at+int64(from), err)
				return false
			}
			return true
		})
		if r.beyond(at + slab - 1) {
			return false
		}
		for _, s := range g.streams {
			s.advance(int(slab))
		}
		done += slab
		r.rows.Add(slab)
	}
}

// batch puts rows together and folds them.
func (r *tableRead) batch(worker int, a *assembler, g *group, first int64, from, n int) error {
	byColumn := r.p.byColumn
	if byColumn {
		for i := range r.p.uses {
			if len(r.p.uses[i].values) > 0 {
				v := g.streams[i].view(from, n)
				byColumn = byColumn && v.null == nil
			}
		}
	}
	a.begin(first, n, byColumn)
	var trouble error
	for i := range r.p.uses {
		u := &r.p.uses[i]
		v := g.streams[i].view(from, n)
		bad, found := a.add(u, &v)
		if found == nil {
			continue
		}
		if e := r.t.at(u.col, g, first+int64(bad), fmt.Errorf("not a number: %q", trim(found))); bad < n || trouble == nil {
			n, trouble = bad, e
		}
		a.begin(first, n, byColumn) // the rows before it once more
		for j := range i {
			v := g.streams[j].view(from, n)
			a.add(&r.p.uses[j], &v)
		}
		v = g.streams[i].view(from, n)
		a.add(u, &v)
	}
	if n > 0 {
		if err := r.fold(worker, a.end()); err != nil {
			return err
		}
	}
	return trouble
}

func trim(b []byte) []byte {
	if len(b) > 40 {
		return append(b[:40:40], "…"...)
	}
	return b
}

// budget counts the memory that the columns of one group take. However much the
// data promise, it ends somewhere.
type budget struct{ used atomic.Int64 }

const budgetMost = 4 << 30

func (b *budget) take(n int64) error {
	if b.used.Add(n) > budgetMost {
		return fmt.Errorf("the columns take more than %d GB of memory", budgetMost>>30)
	}
	return nil
}

// takeSample reads the first rows of a column from its streams, group after
// group. It gives the rows that there were.
func takeSample(rows, width int, next func() (stream, error)) (vecs []vec, got int, err error) {
	defer shield(&err)
	for got < rows {
		s, err := next()
		if err == io.EOF {
			return vecs, got, nil
		}
		if err != nil {
			return nil, got, err
		}
		for got < rows {
			n, err := s.avail()
			if err == io.EOF {
				break
			}
			if err != nil {
				return vecs, got, err
			}
			n = min(n, rows-got)
			v := s.view(0, n)
			vecs = append(vecs, v.clone()) // also before an error
			s.advance(n)
			got += n
		}
	}
	return vecs, got, nil
}

// sampleCells bounds the sample of wide tables.
const sampleCells = 1 << 20

// spoolMemory is how much of a stream is kept in memory before it goes to disk.
const spoolMemory = 64 << 20

// anywhere makes an input that can be read from any place: a stream is put into
// memory, or into a temporary file, which has no name any more.
func anywhere(in Input) (at io.ReaderAt, size int64, close func() error, err error) {
	if in.At != nil {
		return in.At, in.Size, nil, nil
	}
	head, err := io.ReadAll(io.LimitReader(in.Stream, spoolMemory))
	if err != nil {
		return nil, 0, nil, unreadable(in.Name, err)
	}
	if len(head) < spoolMemory {
		return bytes.NewReader(head), int64(len(head)), nil, nil
	}
	f, err := os.CreateTemp("", "surprisal-*")
	if err != nil {
		return nil, 0, nil, unreadable(in.Name, err)
	}
	os.Remove(f.Name()) // where that is not possible it is removed when closed
	close = func() error {
		err := f.Close()
		os.Remove(f.Name())
		return err
	}
	_, err = f.Write(head)
	n := int64(0)
	if err == nil {
		n, err = io.Copy(f, in.Stream)
	}
	if err != nil {
		close()
		return nil, 0, nil, unreadable(in.Name, err)
	}
	return f, int64(len(head)) + n, close, nil
}
