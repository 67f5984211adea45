package predict

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// jsonRecords parses records into rows; each thread has one of its own.
type jsonRecords interface {
	// record parses the record at s.b[i], which is not blank, and gives where it
	// ends. The row or rows are in r. If it is negative, the trouble is at s.at, and
	// e says more, or s.what does.
	record(r *jsonRun, s *jsonScan, i int) (end int, e *Error)
}

// jsonCellsOfRun is how many cells a run may have before it is made a batch: a
// variable so that tests can make it small.
var jsonCellsOfRun = 1 << 21

// parse parses the records of a block into a run. It is false if the run is full
// before the block is done.
func (k *jsonBlock) parse(r *jsonRun, shape jsonShape, recs jsonRecords) (done bool) {
	done = true
	width := r.p.k + r.p.numbers + r.p.texts
	s := jsonScan{b: k.b, n: k.n, blank: &jsonBlank}
	if shape == jsonLines {
		s.blank = &lineBlank
	}
	b := k.b
	closed := false
	counted := k.start // the lines before it are in r.line
	count := func(to int) {
		r.line += int64(bytes.Count(b[counted:to], newlineByte))
		counted = to
	}
	fail := func(e *Error, start, at int) {
		if at >= k.n {
			if k.err != nil { // the input broke off here
				count(min(start, k.n))
				r.fault, r.badLine = k.err, r.line
				return
			}
			if k.long {
				e, at = tooLong(), start
			}
		}
		count(min(at, k.n))
		r.fault, r.badLine = e, r.line
	}
	for i := k.start; i < k.stop; {
		if r.rows*width >= jsonCellsOfRun {
			count(i)
			k.start = i
			return false
		}
		if shape == jsonLines {
			i = s.space(i)
			if b[i] == '\n' {
				r.line++
				i++
				counted = i
				continue
			}
		} else {
			if i = s.space(i); closed && i < k.n {
				s.expected(i, "the end of the file, after the array,")
				fail(&Error{What: s.what}, i, i)
				return true
			}
			if shape == jsonArray && i < k.n {
				switch first := k.index == 0 && k.records == 0; {
				case b[i] == ']':
					closed = true
					i++
					continue
				case !first && b[i] != ',':
					s.expected(i, "a comma or ]")
					fail(&Error{What: s.what}, i, i)
					return true
				case !first:
					i = s.space(i + 1)
				}
			}
		}
		if i >= k.n {
			if shape == jsonArray && k.final && !closed {
				break
			}
			continue
		}
		start := i
		if shape != jsonLines {
			count(start)
		}
		line, rows := r.line, r.rows
		s.at, s.what = start, ""
		end, e := recs.record(r, &s, i)
		if end < 0 {
			if e == nil {
				e = &Error{What: s.what}
			}
			r.cut(rows)
			fail(e, start, s.at)
			return true
		}
		if end-start > jsonLimit {
			r.cut(rows)
			fail(tooLong(), start, start)
			return true
		}
		if shape == jsonLines {
			if i = s.space(end); b[i] == '\n' && i < k.n {
				i++
				r.line++
				counted = i
			} else if i < k.n {
				r.cut(rows)
				r.line = line
				s.expected(i, "the end of the line")
				fail(&Error{What: s.what}, start, i)
				return true
			}
		} else {
			i = end
			count(end)
		}
		k.records++
	}
	if k.err != nil {
		count(k.n)
		r.fault, r.badLine = k.err, r.line
		return true
	}
	if shape == jsonArray && k.final && !closed {
		fail(&Error{What: "the file ends where a comma or ] should be"}, k.n, k.n)
		return true
	}
	if shape != jsonLines {
		count(k.n)
	}
	return done
}

var newlineByte = []byte{'\n'}

// jsonReading is one reading of a source by several threads.
type jsonReading struct {
	name  string
	shape jsonShape
	feed  jsonFeed
	plan  *jsonPlan
	// order, if not nil, is called with the runs in the order of the file, before
	// they are folded.
	order func(r *jsonRun) error

	// Runs take their turns here, to learn at which row and line they begin.
	mu    sync.Mutex
	turn  sync.Cond
	index int
	row   int64 // rows so far
	line  int64
	ended bool // at a fault

	failed atomic.Bool
	first  error // of the earliest row
	badRow int64
}

// fail notes an error at a row.
func (j *jsonReading) fail(row int64, err error) {
	var e *Error
	if errors.As(err, &e) && e.Row > 0 {
		row = e.Row
	}
	j.mu.Lock()
	if j.first == nil || row < j.badRow {
		j.badRow, j.first = row, err
	}
	j.mu.Unlock()
	j.failed.Store(true)
}

// run reads everything.
func (j *jsonReading) run(ctx context.Context, threads int, records func() jsonRecords, fold Fold) (int64, error) {
	j.turn.L = &j.mu
	var wg sync.WaitGroup
	for i := 1; i < threads; i++ {
		wg.Go(func() { j.work(ctx, i, records(), fold) })
	}
	j.work(ctx, 0, records(), fold)
	wg.Wait()
	if j.first != nil {
		return max(0, min(j.badRow-1, j.row)), j.first
	}
	return j.row, nil
}

func (j *jsonReading) work(ctx context.Context, worker int, records jsonRecords, fold Fold) {
	var k jsonBlock
	r := newJSONRun(j.plan)
	for !j.failed.Load() {
		if err := ctx.Err(); err != nil {
			j.fail(1<<62, err)
			return
		}
		// Every block that was claimed must take its turn.
		if !j.feed.next(&k) {
			return
		}
		for done := false; !done; {
			r.reset()
			done = k.parse(r, j.shape, records)
			b, more := j.take(&k, r, done)
			if b != nil {
				if err := fold(worker, b); err != nil {
					j.fail(b.First, err)
				}
			}
			if !more {
				return
			}
		}
	}
}

// take waits for the run's turn and makes a batch of it; nil if it has no rows.
// The turn passes on when the block is done.
func (j *jsonReading) take(k *jsonBlock, r *jsonRun, done bool) (b *Batch, more bool) {
	j.mu.Lock()
	for j.index != k.index {
		j.turn.Wait()
	}
	defer func() {
		if done || !more {
			j.index++
			j.turn.Broadcast()
		}
		j.mu.Unlock()
		if !more {
			j.failed.Store(true)
		}
	}()
	if j.ended {
		return nil, false
	}
	if j.order != nil {
		if err := j.order(r); err != nil {
			r.fault, r.badLine = err, r.line
		}
	}
	if r.fault != nil {
		j.ended = true
		row := j.row + int64(r.rows) + 1
		var e *Error
		if errors.As(r.fault, &e) {
			bad := *e
			bad.Source, bad.Row, bad.Line = j.name, row, j.line+r.badLine+1
			r.fault = &bad
		} else {
			r.fault = &Error{Source: j.name, Row: row, Line: j.line + r.badLine + 1, Err: r.fault}
		}
		if j.first == nil || row < j.badRow {
			j.badRow, j.first = row, r.fault
		}
	}
	if r.rows > 0 {
		b = r.batch(j.row+1, j.line+1)
	}
	j.row += int64(r.rows)
	j.line += r.line
	return b, r.fault == nil
}
