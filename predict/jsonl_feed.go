package predict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// jsonShape says how records follow one another in a file.
type jsonShape uint8

const (
	jsonLines  jsonShape = iota // a record on every line
	jsonStream                  // one record after the other, each on as many lines as it likes
	jsonArray                   // the elements of one array
)

// Sizes; variables so that tests can make them small.
var (
	jsonBlockSize = 256 << 10 // bytes of records that are parsed at once, about
	jsonLimit     = 48 << 20  // bytes of the longest record
)

// jsonBlock is a run of bytes: the records that begin in b[start:stop].
type jsonBlock struct {
	index       int
	b           []byte // jsonPad zeros follow the data
	start, stop int
	n           int   // bytes of data; all of the records' bytes are there
	long        bool  // but not those of the last, which is too long
	final       bool  // the file ends where the data does
	err         error // of the input, behind the data
	records     int   // parsed so far
}

// room makes b long enough for n bytes and the padding, its first bytes kept.
func (k *jsonBlock) room(n int) {
	if len(k.b) < n+jsonPad {
		b := make([]byte, max(n+n/4, jsonBlockSize+8<<10)+jsonPad)
		copy(b, k.b)
		k.b = b
	}
}

// close sets where the data end.
func (k *jsonBlock) close(n int) {
	k.n = n
	clear(k.b[n : n+jsonPad])
}

// shrink gives up memory that only an uncommonly long record needed.
func (k *jsonBlock) shrink() {
	if len(k.b) > 8*(jsonBlockSize+8<<10) {
		k.b = nil
	}
}

// jsonFeed cuts the input into blocks. Blocks are claimed in order, by any
// thread. It is false after the last.
type jsonFeed interface {
	next(k *jsonBlock) bool
}

// jsonPieces cuts a file of lines that can be read at any place: each thread
// reads a piece, and on to the end of the line that its end is in.
type jsonPieces struct {
	name  string
	r     io.ReaderAt
	size  int64
	skip  int64 // bytes before the first record
	count atomic.Int64
}

func (f *jsonPieces) next(k *jsonBlock) bool {
	k.index = int(f.count.Add(1)) - 1
	size := int64(jsonBlockSize)
	from := f.skip + int64(k.index)*size
	if from >= f.size {
		return false
	}
	k.shrink()
	k.start, k.stop, k.records, k.long, k.err = 0, 0, 0, false, nil
	base := from // place in the file of b[0]
	if k.index > 0 {
		base--
	}
	have := 0
	read := func(to int64) bool { // so that everything before it is there
		to = min(to, f.size)
		want := int(to - base)
		k.room(want)
		n, err := f.r.ReadAt(k.b[have:want], base+int64(have))
		have += n
		if have < want {
			if err == nil || errors.Is(err, io.EOF) {
				err = &Error{Source: f.name, What: "the file became shorter while it was read"}
			}
			k.err = err
		}
		return have == want
	}
	ok := read(from + size + size/64)
	if k.index > 0 {
		i := bytes.IndexByte(k.b[:min(have, int(size))], '\n')
		if i < 0 {
			k.close(0) // the piece lies within one line
			return true
		}
		k.start = i + 1
	}
	k.stop = min(have, int(from+size-base))
	for at := k.stop - 1; ok && k.start < k.stop && base+int64(have) < f.size; {
		if bytes.IndexByte(k.b[at:have], '\n') >= 0 {
			break
		}
		if have-k.start > jsonLimit+2*jsonBlockSize {
			k.long = true
			break
		}
		at = have
		ok = read(base + int64(have) + max(size, min(int64(have)/2, 8*size)))
	}
	k.final = base+int64(have) == f.size
	k.close(have)
	return true
}

// jsonReader cuts a stream, of any shape.
type jsonReader struct {
	shape jsonShape
	mu    sync.Mutex
	r     io.Reader
	count int
	rest  []byte // read, but not yet in a block
	over  bool

	// For all but lines: the state within rest[:looked].
	looked int
	depth  int
	quoted bool
	closed bool // the array's end was seen
	cut    int  // behind the last whole record
}

func (f *jsonReader) next(k *jsonBlock) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	k.shrink()
	k.index = f.count
	f.count++
	k.start, k.records, k.long, k.final, k.err = 0, 0, false, false, nil
	k.room(len(f.rest))
	have := copy(k.b, f.rest)
	f.cut = 0
	f.look(k.b[:have])
	for idle := 0; !k.final; {
		if f.cut > 0 && have >= jsonBlockSize {
			break
		}
		if have > jsonLimit+2*jsonBlockSize {
			k.long, f.over = true, true
			f.cut = have
			break
		}
		k.room(max(jsonBlockSize, have+min(have/2+1, 8*jsonBlockSize)))
		n, err := f.r.Read(k.b[have : len(k.b)-jsonPad])
		have += n
		f.look(k.b[:have])
		if idle++; n > 0 {
			idle = 0
		} else if idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			if !errors.Is(err, io.EOF) || isDamage(err) {
				k.err = err
			}
			k.final, f.over = true, true
			f.cut = have
		}
	}
	f.rest = append(f.rest[:0], k.b[f.cut:have]...)
	f.looked -= f.cut
	k.stop = f.cut
	k.close(f.cut)
	return true
}

// look finds where records end in what was read.
func (f *jsonReader) look(b []byte) {
	if f.shape == jsonLines {
		if i := bytes.LastIndexByte(b[f.looked:], '\n'); i >= 0 {
			f.cut = f.looked + i + 1
		}
		f.looked = len(b)
		return
	}
	i := f.looked
	for i < len(b) {
		if f.quoted {
			for i < len(b) && b[i] != '"' && b[i] != '\\' {
				i++
			}
			switch {
			case i == len(b):
			case b[i] == '"':
				f.quoted = false
				i++
			case i+1 == len(b):
				f.looked = i // what the backslash stands before is still to come
				return
			default:
				i += 2
			}
			continue
		}
		switch b[i] {
		case '"':
			f.quoted = true
		case '{', '[':
			f.depth++
		case '}', ']':
			f.depth--
			if f.depth <= 0 && !f.closed {
				f.cut = i + 1
			}
			if f.depth < 0 {
				// The end of the array; what may follow is looked at with it.
				f.closed, f.depth = true, 0
			}
		}
		i++
	}
	f.looked = i
	if f.closed {
		f.cut = 0 // all of the rest is one block
	}
}

// tooLong is the error for a record beyond the limit.
func tooLong() *Error {
	return &Error{What: fmt.Sprintf("a record of more than %d MB begins here", jsonLimit>>20)}
}
