package score

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"surprisal/predict"
)

// Two data sets whose rows belong together, one by one. Each is read as any other,
// on several threads, in batches of whatever size its format makes; a batch waits
// until the other side has delivered the same rows. Whoever comes second folds what
// the two have in common.
//
// It cannot come to a standstill. A reader claims its rows in order, and delivers a
// batch without waiting for a later one. So of the first row that is not yet folded,
// each side either holds the batch or is about to deliver it.

// sides: the model, whose figures are wanted, and the base that it is held against.
const (
	model = iota
	base
)

// run is a batch of one side with its place among all rows of that side.
type run struct {
	*predict.Batch
	bind     *predict.Binding
	input    int
	from, to int64 // rows, from 0, over all inputs of the side
	taken    []span
	busy     int // folds that look at it
}

type span struct{ from, to int64 }

// at is the index in the batch of a row.
func (r *run) at(row int64) int { return int(row - r.from) }

// pairFold takes the rows from up to to, which both batches have. It stops at the first row
// with an error, and gives that row.
type pairFold func(m, b *run, from, to int64) (row int64, err error)

// errElsewhere ends the reading of a side where the fault is not its own.
var errElsewhere = errors.New("score: stopped by the other side")

// lockstep pairs the batches of two sides.
type lockstep struct {
	mu      sync.Mutex
	changed *sync.Cond
	held    [2][]*run
	rows    [2]int64 // where a side ended; MaxInt64 until it has
	stop    int64    // rows from here on are not folded, because of an error
	err     error    // of row stop, in folding
}

func newLockstep() *lockstep {
	l := &lockstep{rows: [2]int64{math.MaxInt64, math.MaxInt64}, stop: math.MaxInt64}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// limit is the row up to which a side's batches wait for the other side.
func (l *lockstep) limit(side int) int64 { return min(l.stop, l.rows[1-side]) }

// done reports whether a batch may go: nobody looks at it, and all its rows below the limit were
// folded.
func (l *lockstep) done(side int, r *run) bool {
	if r.busy > 0 {
		return false
	}
	limit := l.limit(side)
	need := min(r.to, limit) - r.from
	for _, s := range r.taken {
		need -= max(0, min(s.to, limit)-s.from)
	}
	return need <= 0
}

// halt says that rows from row on are not folded.
func (l *lockstep) halt(row int64, err error) {
	if row < l.stop {
		l.stop, l.err = row, err
	}
	l.changed.Broadcast()
}

// deliver folds what a batch has in common with those that the other side holds, and returns
// when all of it was folded, here or by others. Rows that the other side does not have are left
// alone: they only count.
func (l *lockstep) deliver(side int, r *run, fold pairFold) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	type task struct {
		other *run
		span
	}
	var tasks []task
	for _, o := range l.held[1-side] {
		if s := (span{max(r.from, o.from), min(r.to, o.to, l.stop)}); s.from < s.to {
			tasks = append(tasks, task{o, s})
			r.taken, o.taken = append(r.taken, s), append(o.taken, s)
			o.busy++
		}
	}
	l.held[side] = append(l.held[side], r)
	r.busy = len(tasks)
	for _, t := range tasks {
		m, b := r, t.other
		if side == base {
			m, b = b, m
		}
		to := min(t.to, l.stop)
		l.mu.Unlock()
		row, err := fold(m, b, t.from, to)
		l.mu.Lock()
		r.busy--
		t.other.busy--
		if err != nil {
			l.halt(row, err)
		}
		l.changed.Broadcast()
	}
	for !l.done(side, r) {
		l.changed.Wait()
	}
	held := l.held[side]
	for i, o := range held {
		if o == r {
			held[i] = held[len(held)-1]
			held[len(held)-1] = nil
			l.held[side] = held[:len(held)-1]
			break
		}
	}
	if r.to > l.stop {
		return errElsewhere
	}
	return nil
}

// end says that a side has no more rows, or what keeps it from giving them.
func (l *lockstep) end(side int, rows int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.rows[side] = rows
	case !errors.Is(err, errElsewhere):
		// The error is the side's own, and not to be kept here: that of folding has
		// another place.
		l.stop = min(l.stop, rows)
	}
	l.changed.Broadcast()
}

// sideEnd is how the reading of a side ended.
type sideEnd struct {
	rows int64 // before the error, if there is one
	err  error
}

// patience is how long one side may go on after the other has failed: it may
// have an error in the same row, which then counts in a fixed order. But it may also
// be a pipe that keeps silent.
const patience = 300 * time.Millisecond

// together reads both sides at the same time, with the context within ctx that cancel
// ends. The error is that of the earliest row, and of one row that of the model, the base, the
// folding, in this order. Rows that only one side has are no error here.
func (l *lockstep) together(ctx, within context.Context, cancel func(), read func(ctx context.Context, side int) (rows int64, err error)) (rows [2]int64, err error) {
	defer context.AfterFunc(ctx, func() {
		l.mu.Lock()
		l.halt(-1, nil)
		l.mu.Unlock()
	})()
	var ends [2]sideEnd
	over := make(chan int, 2)
	for side := range ends {
		go func() {
			n, err := read(within, side)
			l.end(side, n, err)
			ends[side] = sideEnd{n, err}
			over <- side
		}()
	}
	first := <-over
	if err := ends[first].err; err != nil {
		timer := time.AfterFunc(patience, cancel)
		defer timer.Stop()
	}
	<-over
	if err := ctx.Err(); err != nil {
		return rows, err
	}
	at := l.stop
	err = l.err
	if l.err == nil {
		at = math.MaxInt64
	}
	for _, side := range []int{base, model} {
		e := ends[side]
		cancelled := within.Err() != nil && errors.Is(e.err, context.Canceled)
		if e.err != nil && !errors.Is(e.err, errElsewhere) && !cancelled && e.rows <= at {
			at, err = e.rows, e.err
		}
		rows[side] = e.rows
	}
	return rows, err
}
