package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"surprisal/report"
)

const (
	progressAfter = 500 * time.Millisecond
	progressEvery = 200 * time.Millisecond
)

// progress shows on a terminal how far a long run has come.
type progress struct {
	w    io.Writer
	rows atomic.Int64
	stop chan struct{}
	done sync.WaitGroup
}

// startProgress starts it; on anything but a terminal it stays silent.
func startProgress(ctx context.Context, w io.Writer) *progress {
	p := &progress{w: w, stop: make(chan struct{})}
	if isTerminal(w) {
		p.done.Go(func() { p.show(ctx) })
	}
	return p
}

// add counts rows.
func (p *progress) add(n int64) { p.rows.Add(n) }

// end clears the line.
func (p *progress) end() {
	close(p.stop)
	p.done.Wait()
}

func (p *progress) show(ctx context.Context) {
	start := time.Now()
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	shown := false
	defer func() {
		if shown {
			fmt.Fprint(p.w, "\r\x1b[K")
		}
	}()
	for {
		select {
		case <-p.stop:
			return
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		n := p.rows.Load()
		rate := float64(n) / time.Since(start).Seconds()
		fmt.Fprintf(p.w, "\r%s rows, %s per second\x1b[K", report.Count(n), report.Count(int64(rate)))
		shown = true
		wait.Reset(progressEvery)
	}
}
