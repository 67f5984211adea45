package predict

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
)

// Reading in parallel. The input is cut into chunks of about the same size, at
// places that have nothing to do with its records. A thread that parses a chunk
// guesses that a record begins behind the first newline in it, and goes on to the
// end of the record that crosses into the next chunk. Chunks are then accepted in
// order: one whose first record begins where the last record before it ended was
// guessed right; any other, as where that newline stood within quotes, is parsed
// once more from the right place, and of the guess there is no trace. Only what
// was accepted is folded, so that row numbers, lines, errors and batches are the
// same for any number of threads.

// csvGuess is what came of guessing where a chunk's first record begins.
type csvGuess uint8

const (
	guessedSome csvGuess = iota // the run holds the records from there on
	guessedNone                 // no record seems to begin in the chunk, or it was too long to go on
)

// csvRead is one run of Source.Read.
type csvRead struct {
	s    *csvSource
	p    *csvPlan
	fold Fold
	ctx  context.Context

	mu      sync.Mutex
	changed *sync.Cond
	free    []*csvRun
	parsed  map[int64]*csvRun // chunks not yet accepted
	ready   []*csvRun         // accepted and not yet folded, in order
	claimed int64             // chunks that some thread took
	head    int64             // chunks accepted
	chunks  int64             // how many there are, when that is known
	busy    bool              // a thread is accepting
	asking  bool              // a thread is waiting for the stream
	stopped bool              // the context is done
	over    bool              // nothing more will be accepted
	failed  error
	failRow int64

	at    int64  // where the next record begins, in a file
	carry []byte // what was not parsed of the chunks accepted, in a stream
	rows  int64  // accepted
	line  int64  // of the next record

	blocks chan *csvBlock // from a stream
	spare  chan []byte
	halt   chan struct{} // closed with over
	quit   chan struct{} // closed when all is done
}

// csvBlock is a piece of a stream: data and csvPad bytes of room.
type csvBlock struct {
	buf   []byte
	n     int
	final bool  // nothing follows
	err   error // nothing follows because of this
}

// Read implements [Source]. If it ends early while a stream keeps silent, a
// goroutine waits on for the stream's next bytes, and drops them.
func (s *csvSource) Read(ctx context.Context, sel Selection, threads int, fold Fold) (int64, error) {
	if s.used.Swap(true) && s.in.Stream != nil {
		return 0, &Error{Source: s.name, What: "a stream can be read once"}
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	threads = max(1, threads)
	r := &csvRead{s: s, p: newCSVPlan(s.name, s.cols, s.delim, s.opt.limit, sel), fold: fold, ctx: ctx,
		parsed: make(map[int64]*csvRun), line: s.line, at: s.data, halt: make(chan struct{}), quit: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	defer close(r.quit)
	runs := 2*threads + 1
	if s.in.Stream != nil {
		r.chunks = 1 << 62
		r.blocks, r.spare = make(chan *csvBlock), make(chan []byte, runs+2)
		for range runs + 2 {
			r.spare <- nil
		}
		go r.readStream(io.MultiReader(bytes.NewReader(s.head[s.data:]), s.in.Stream))
		s.head = nil
	} else {
		size := int64(s.opt.chunk)
		r.chunks = (s.in.Size + size - 1) / size
		r.head = s.data / size
		r.claimed = r.head
		threads = int(min(int64(threads), max(1, r.chunks-r.head)))
	}
	for range runs {
		r.free = append(r.free, newCSVRun(r.p))
	}
	defer context.AfterFunc(ctx, func() {
		r.mu.Lock()
		r.stopped = true
		r.changed.Broadcast()
		r.mu.Unlock()
	})()
	var wg sync.WaitGroup
	for i := 1; i < threads; i++ {
		wg.Go(func() { r.work(i) })
	}
	r.work(0)
	wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.stopped:
		return r.rows, ctx.Err()
	case r.failed != nil:
		return r.failRow - 1, r.failed
	}
	return r.rows, nil
}

// csvWorker is the memory of one thread.
type csvWorker struct {
	ps    csvParser
	buf   []byte
	slack int // bytes read beyond a chunk at first
}

// work does what there is to do until there is nothing more.
func (r *csvRead) work(id int) {
	w := &csvWorker{ps: csvParser{p: r.p}, slack: 4096}
	r.mu.Lock()
	for !r.stopped {
		if r.ctx.Err() != nil {
			r.stopped = true
			break
		}
		next := r.parsed[r.head]
		switch {
		case len(r.ready) > 0:
			run := r.ready[0]
			r.ready = slices.Delete(r.ready, 0, 1)
			r.mu.Unlock()
			err := r.fold(id, &run.b)
			r.mu.Lock()
			if err != nil {
				row := run.b.First
				var e *Error
				if errors.As(err, &e) && e.Row > 0 {
					row = e.Row
				}
				r.fail(row, err)
			}
			r.release(run)
		case next != nil && !r.busy && !r.over:
			r.accept(w, next)
		case !r.over && len(r.free) > 0 && r.claimed < r.chunks && !r.asking:
			r.claim(w)
		case (r.over || r.head >= r.chunks) && !r.busy:
			r.changed.Broadcast()
			r.mu.Unlock()
			return
		default:
			r.changed.Wait()
		}
	}
	r.mu.Unlock()
}

// release gives a run back.
func (r *csvRead) release(run *csvRun) {
	r.free = append(r.free, run)
	r.changed.Broadcast()
}

// fail notes an error of a row. What was accepted before that row is still
// folded, and may have an error of an earlier one.
func (r *csvRead) fail(row int64, err error) {
	if !r.over {
		r.over = true
		close(r.halt)
	}
	if r.failed == nil || row < r.failRow {
		r.failed, r.failRow = err, row
		r.ready = slices.DeleteFunc(r.ready, func(run *csvRun) bool { return run.b.First > row })
	}
	r.changed.Broadcast()
}

// claim takes the next chunk and parses it.
func (r *csvRead) claim(w *csvWorker) {
	run := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	run.reset()
	run.block = nil
	if r.blocks != nil {
		r.asking = true
		r.mu.Unlock()
		var block *csvBlock
		select {
		case block = <-r.blocks:
		case <-r.ctx.Done():
		case <-r.halt:
		}
		r.mu.Lock()
		r.asking = false
		if block == nil {
			r.stopped = r.stopped || r.ctx.Err() != nil
			r.release(run)
			return
		}
		if block.final || block.err != nil {
			r.chunks = r.claimed + 1
		}
		run.block = block
		r.changed.Broadcast()
	}
	k := r.claimed
	r.claimed++
	run.index = k
	from := int64(-1)
	if k == r.head && r.at < min((k+1)*int64(r.s.opt.chunk), r.s.in.Size) {
		from = r.at // no need to guess
	}
	r.mu.Unlock()
	if r.blocks != nil {
		b := run.block
		run.guess = guessedSome
		run.end, _ = w.parseBlock(run, b.buf, b.n, b.final)
	} else {
		r.parseFile(w, run, from)
	}
	r.mu.Lock()
	r.parsed[k] = run
	if k == r.head {
		r.changed.Broadcast()
	}
}

// accept takes the chunk that is next in order, parsing it again if its guess
// was wrong.
func (r *csvRead) accept(w *csvWorker, run *csvRun) {
	delete(r.parsed, run.index)
	if r.blocks != nil {
		r.acceptBlock(w, run)
	} else {
		hi := min((run.index+1)*int64(r.s.opt.chunk), r.s.in.Size)
		if r.at >= hi {
			run.reset() // a record that began before ends behind it
			run.end = r.at
		} else if run.guess == guessedNone || run.start != r.at {
			r.busy = true
			r.mu.Unlock()
			run.reset()
			r.parseFile(w, run, r.at)
			r.mu.Lock()
			r.busy = false
		}
		r.at = run.end
	}
	r.head++
	b := run.batch(r.p, r.rows+1, r.line)
	if e := run.fault; e != nil {
		e.Source = r.s.name
		e.Row += r.rows
		e.Line += r.line
		r.fail(e.Row, e)
	}
	r.rows += int64(run.rows)
	r.line += run.line
	if b.Rows > 0 {
		r.ready = append(r.ready, run)
		r.changed.Broadcast()
	} else {
		r.release(run)
	}
}

// parseFile parses the records that begin in a chunk of a file, from a place that
// is known, or else (-1) from a guess.
func (r *csvRead) parseFile(w *csvWorker, run *csvRun, from int64) {
	size, chunk := r.s.in.Size, int64(r.s.opt.chunk)
	hi := min((run.index+1)*chunk, size)
	off := from
	if from < 0 {
		off = max(0, run.index*chunk-1)
	}
	w.ps.run = run
	n := 0 // bytes in the buffer, which begins at off
	var cut error
	read := func(want int) {
		want = int(min(int64(want), size-off))
		if want <= n || cut != nil {
			return
		}
		w.buf = slices.Grow(w.buf[:n], want-n+csvPad)[:want+csvPad]
		m, err := r.s.in.At.ReadAt(w.buf[n:want], off+int64(n))
		if n += m; n < want {
			cut = err
			if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				cut = &Error{What: "the file became shorter while it was read"}
			}
		}
		clear(w.buf[n:][:csvPad])
	}
	read(int(hi-off) + w.slack)
	pos := 0
	run.guess, run.start = guessedSome, from
	if from < 0 {
		i := bytes.IndexByte(w.buf[:max(0, min(int64(n), hi-off-1))], '\n')
		if i < 0 {
			run.guess = guessedNone
			return
		}
		pos = i + 1
		run.start = off + int64(pos)
	}
	for {
		// With bytes missing, the rest is looked at as far as it goes.
		at, st := w.ps.parse(w.buf[:n+csvPad], pos, int(min(int64(n), hi-off)), n, off+int64(n) == size)
		if st == csvDone && off+int64(at) < hi && cut != nil {
			st = csvShort
		}
		if st != csvShort {
			run.end = off + int64(at)
			w.slack = max(w.slack, min(n-int(hi-off), 1<<20))
			return
		}
		if cut != nil {
			run.fault = inputFault(cut, run)
			run.end = off + int64(at)
			return
		}
		if from < 0 && off+int64(n) > hi+2*chunk+1<<16 {
			run.guess = guessedNone // probably wrong; do not read the whole file for it
			return
		}
		n = copy(w.buf, w.buf[at:n])
		clear(w.buf[n:][:csvPad])
		off += int64(at)
		pos = 0
		read(max(2*n, n+w.slack))
	}
}

// inputFault is the error of an input that failed behind the rows of a run.
func inputFault(err error, run *csvRun) *Error {
	fault := &Error{Err: err}
	if e, ok := err.(*Error); ok {
		*fault = *e
	}
	fault.Row, fault.Line = int64(run.rows)+1, run.line
	return fault
}

// parseBlock parses the bytes of a stream into the run; it gives how many of
// them, and whether the rest is a record that is not all there.
func (w *csvWorker) parseBlock(run *csvRun, buf []byte, n int, final bool) (int64, csvState) {
	clear(buf[n:][:csvPad])
	w.ps.run = run
	at, st := w.ps.parse(buf[:n+csvPad], 0, n, n, final)
	return int64(at), st
}

// acceptBlock takes the chunk of a stream that is next in order.
func (r *csvRead) acceptBlock(w *csvWorker, run *csvRun) {
	b := run.block
	if len(r.carry) > 0 {
		// The record before went on.
		r.busy = true
		r.mu.Unlock()
		if need := len(r.carry) + b.n + csvPad; cap(r.carry) < need {
			r.carry = append(make([]byte, 0, need+need/8), r.carry...)
		}
		r.carry = append(r.carry, b.buf[:b.n]...)
		run.reset()
		n := len(r.carry)
		run.end, _ = w.parseBlock(run, r.carry[:n+csvPad], n, b.final)
		if rest := r.carry[run.end:]; cap(r.carry) > 4*r.s.opt.chunk && len(rest) < r.s.opt.chunk {
			r.carry = slices.Clone(rest)
		} else {
			r.carry = r.carry[:copy(r.carry, rest)]
		}
		r.mu.Lock()
		r.busy = false
	} else {
		r.carry = append(r.carry, b.buf[run.end:b.n]...)
	}
	if b.err != nil && run.fault == nil {
		run.fault = inputFault(b.err, run)
	}
	run.block = nil
	if cap(b.buf) > 4*r.s.opt.chunk { // a long record was in it
		b.buf = nil
	}
	r.spare <- b.buf
}

// readStream cuts a stream into blocks behind newlines.
func (r *csvRead) readStream(in io.Reader) {
	var rest []byte
	for {
		var buf []byte
		select {
		case buf = <-r.spare:
		case <-r.quit:
			return
		}
		buf = append(buf[:0], rest...)
		rest = rest[:0]
		b := &csvBlock{}
		for b.err == nil && !b.final {
			want := max(r.s.opt.chunk, 2*len(buf))
			buf = slices.Grow(buf, want-len(buf)+csvPad)
			for idle := 0; len(buf) < want && b.err == nil && !b.final; idle++ {
				n, err := in.Read(buf[len(buf):want])
				buf = buf[:len(buf)+n]
				switch {
				case err == io.EOF:
					b.final = true
				case err != nil:
					b.err = err
				case n > 0:
					idle = 0
				case idle > 100:
					b.err = io.ErrNoProgress
				}
			}
			b.n = len(buf)
			if b.err != nil || b.final {
				break
			}
			if i := bytes.LastIndexByte(buf, '\n'); i >= 0 {
				b.n = i + 1
				rest = append(rest, buf[b.n:]...)
				break
			}
			if len(buf) >= r.s.opt.chunk {
				break // the pieces are put together again by acceptBlock
			}
		}
		b.buf = buf[:cap(buf)]
		select {
		case r.blocks <- b:
		case <-r.quit:
			return
		}
		if b.final || b.err != nil {
			return
		}
	}
}
