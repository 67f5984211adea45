package formats

import (
	"bufio"
	"context"
	"errors"
	"io"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"surprisal/predict"
)

// A packing is a compression that is undone on the way.
type packing struct {
	name   string
	title  string
	detect func(head []byte) bool
	reader func(r io.Reader) (io.ReadCloser, error)
}

var packings = []packing{
	{"gz", "gzip", begins("\x1f\x8b"), func(r io.Reader) (io.ReadCloser, error) {
		return gzip.NewReader(r) // reads member after member
	}},
	{"zst", "zstd", func(head []byte) bool {
		return begins("\x28\xb5\x2f\xfd")(head) ||
			len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" // a skippable frame
	}, func(r io.Reader) (io.ReadCloser, error) {
		// The decoder's stages in goroutines of their own pay off where there are
		// processors that nothing else needs.
		stages := min(4, runtime.GOMAXPROCS(0))
		if stages <= 2 {
			stages = 1
		}
		d, err := zstd.NewReader(r,
			zstd.WithDecoderConcurrency(stages),
			zstd.WithDecoderMaxWindow(128<<20), // what zstd itself allows unasked
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}},
}

func packingOf(head []byte) *packing {
	for i := range packings {
		if packings[i].detect(head) {
			return &packings[i]
		}
	}
	return nil
}

// unpack undoes a packing, in a goroutine ahead of whoever reads.
func unpack(ctx context.Context, in Input, p *packing) (io.ReadCloser, error) {
	packed := in.Stream
	if in.At != nil {
		packed = io.NewSectionReader(in.At, 0, in.Size)
	}
	r, err := p.reader(bufio.NewReaderSize(packed, 256<<10))
	if err != nil {
		return nil, damaged(in.Name, p, err)
	}
	return readAhead(ctx, r, func(err error) error { return damaged(in.Name, p, err) }, in.At != nil), nil
}

func damaged(name string, p *packing, err error) error {
	var e *predict.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &predict.Error{Source: name, What: "cut short: the " + p.title + " data ends too early"}
	}
	e = &predict.Error{Source: name, What: "damaged " + p.title + " data", Err: plain(err)}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		e.What, e.Hint = "the zstd data needs more memory than is granted", "unpack it first: zstd -dc --long=31 FILE | surprisal score -"
	}
	return e
}
