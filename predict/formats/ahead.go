package formats

import (
	"context"
	"io"
	"sync"
)

// Blocks that the reading is ahead of the parsing, and their size.
const (
	aheadBlocks = 4
	aheadSize   = 512 << 10
)

// ahead is a stream that is read in a goroutine of its own, some blocks ahead.
// Its Read gives up when ctx is done, even while the input keeps silent.
type ahead struct {
	full  chan block
	empty chan []byte
	ctx   context.Context
	stop  context.CancelFunc
	done  sync.WaitGroup
	wait  bool

	cur  block
	left []byte // of cur, not yet read
}

// block is a run of bytes; err comes with the last.
type block struct {
	data []byte
	err  error
}

// readAhead starts to read r, which is closed when that ends: with the input,
// with ctx, or by Close. An error passes through explain, unless it is io.EOF.
// Close waits for the goroutine only if wait is set: a pipe may never come back
// from a read.
func readAhead(ctx context.Context, r io.ReadCloser, explain func(error) error, wait bool) *ahead {
	ctx, stop := context.WithCancel(ctx)
	a := &ahead{full: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks), ctx: ctx, stop: stop, wait: wait}
	for range aheadBlocks {
		a.empty <- nil
	}
	a.done.Go(func() {
		defer r.Close()
		for {
			var b block
			select {
			case b.data = <-a.empty:
			case <-ctx.Done():
				return
			}
			if b.data == nil {
				b.data = make([]byte, aheadSize)
			}
			b.data, b.err = readBlock(r, b.data[:aheadSize])
			if b.err != nil && b.err != io.EOF {
				b.err = explain(b.err)
			}
			select {
			case a.full <- b:
			case <-ctx.Done():
				return
			}
			if b.err != nil {
				return
			}
		}
	})
	return a
}

// readBlock is io.ReadFull, but for the error, which is the reader's own.
func readBlock(r io.Reader, b []byte) ([]byte, error) {
	n := 0
	for idle := 0; n < len(b); {
		m, err := r.Read(b[n:])
		n += m
		if err != nil {
			return b[:n], err
		}
		if idle++; m > 0 {
			idle = 0
		} else if idle > 100 {
			return b[:n], io.ErrNoProgress
		}
	}
	return b, nil
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.data != nil {
			a.empty <- a.cur.data // never blocks: there are as many places as blocks
			a.cur.data = nil
		}
		select {
		case a.cur = <-a.full:
			a.left = a.cur.data
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		}
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// Close ends the reading.
func (a *ahead) Close() error {
	a.stop()
	if a.wait {
		a.done.Wait()
	}
	return nil
}
