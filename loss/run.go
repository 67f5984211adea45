package loss

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"surprisal"
)

// ErrNoData is the error of a mean over nothing: there are no rows, all of them
// are ignored, or their weights sum to 0. The mean itself is NaN.
var ErrNoData = errors.New("loss: no data")

// TargetError is the error of a row whose target is no class.
type TargetError struct {
	Row     int   // from 0
	Target  int64 // what was found
	Classes int   // how many there are: from 0 to Classes - 1
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("loss: row %d: target %d is no class: they are 0 to %d", e.Row, e.Target, e.Classes-1)
}

// ValueError is the error of a row with a number that cannot be, such as a
// negative share or variance.
type ValueError struct {
	Row    int // from 0
	Column int // from 0
	What   string
	Value  float64
	Want   string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("loss: row %d, column %d: %s %v, expected %s", e.Row, e.Column, e.What, e.Value, e.Want)
}

// work is a loss on its way: rows can be done in any order.
type work interface {
	// rows does rows from up to to. Losses go to out, gradients where they belong.
	rows(w *worker, out []float64, from, to int) error
	// add adds the losses of the rows to the sum.
	add(w *worker, sum *surprisal.Accumulator, losses []float64, from, to int)
}

// worker is what one goroutine needs.
type worker struct {
	sum           surprisal.Accumulator
	nats          []float64
	row, probs, q []float64
	part, total   []float64
	labels        []int
	f32           stage[float32]
	f64           stage[float64]
}

// grown is s, or a new slice if that is too short, with length n.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		s = make([]T, n)
	}
	return s[:n]
}

// A run does the rows of some work in chunks, on several goroutines.
type run struct {
	ctx     context.Context
	work    work
	dst     []float64 // where losses go, or nil
	sum     bool      // whether they are wanted in an accumulator
	n       int       // rows
	chunk   int       // rows at once
	next    atomic.Int64
	failed  atomic.Bool
	mu      sync.Mutex
	err     error
	errFrom int // the chunk of err
	wg      sync.WaitGroup
	workers []*worker
	joined  atomic.Int32
	start   func() // worker on a goroutine of its own; made once, for go without an allocation
}

var runs = sync.Pool{New: func() any {
	r := new(run)
	r.start = func() {
		defer r.wg.Done()
		r.loop(r.workers[r.joined.Add(1)])
	}
	return r
}}

const (
	chunkNumbers = 1 << 16
	chunkRows    = 4096

	// Less work than this is not worth another goroutine.
	forkNumbers = 1 << 20
)

// do does n rows of that many columns. cost is how much longer than a read of
// the number a number takes, in units of the fastest kernel. Losses go to dst
// unless that is nil, and to sum unless that is nil.
func do(ctx context.Context, w work, dst []float64, sum *surprisal.Accumulator, n, columns, cost, workers int) error {
	if n == 0 {
		return ctx.Err()
	}
	r := runs.Get().(*run)
	r.ctx, r.work, r.dst, r.sum, r.n = ctx, w, dst, sum != nil, n
	r.chunk = max(1, min(chunkNumbers/columns, chunkRows))
	r.next.Store(0)
	r.failed.Store(false)
	r.joined.Store(0)
	r.err = nil
	chunks := (n-1)/r.chunk + 1
	if workers <= 0 {
		workers = min(runtime.GOMAXPROCS(0), 1+n*columns*cost/forkNumbers)
	}
	workers = min(workers, chunks)
	for len(r.workers) < workers {
		r.workers = append(r.workers, new(worker))
	}
	r.wg.Add(workers - 1)
	for range workers - 1 {
		go r.start()
	}
	r.loop(r.workers[0])
	r.wg.Wait()
	err := r.err
	for _, k := range r.workers[:workers] {
		if sum != nil {
			if err == nil {
				sum.Merge(&k.sum)
			}
			k.sum = surprisal.Accumulator{}
		}
	}
	r.ctx, r.work, r.dst, r.err = nil, nil, nil, nil
	runs.Put(r)
	return err
}

func (r *run) loop(w *worker) {
	for !r.failed.Load() {
		from := (int(r.next.Add(1)) - 1) * r.chunk
		if from >= r.n {
			return
		}
		to := min(from+r.chunk, r.n)
		if err := r.ctx.Err(); err != nil {
			r.fail(err, r.n)
			return
		}
		out := r.dst
		if out != nil {
			out = out[from:to]
		} else {
			w.nats = grown(w.nats, to-from)
			out = w.nats
		}
		if err := r.work.rows(w, out, from, to); err != nil {
			r.fail(err, from)
			return
		}
		if r.sum {
			r.work.add(w, &w.sum, out, from, to)
		}
	}
}

// fail keeps the error of the first rows. Chunks are begun in their order, so
// that those before a failing one have been begun and are finished too.
func (r *run) fail(err error, from int) {
	r.mu.Lock()
	if r.err == nil || from < r.errFrom {
		r.err, r.errFrom = err, from
	}
	r.mu.Unlock()
	r.failed.Store(true)
}
