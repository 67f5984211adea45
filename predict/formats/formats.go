// Package formats opens files of predictions: it finds out by content what a
// file is, unpacks it if it is compressed, and gives it to the reader that knows
// it.
//
// A format is one row of the [Table], and one file that has the row's functions.
package formats

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"surprisal/predict"
)

// Format is a kind of file that can be read.
type Format struct {
	Name        string
	Description string   // one line, in plain words
	Extensions  []string // usual ends of such files' names, without the dot
	// Detect reports whether a file begins like this. The last row of the table has
	// none: it takes what no other row does.
	Detect func(head []byte) bool
	// Open makes a Source of the input, which stays open until the Source is closed.
	Open func(in Input, opt Options) (predict.Source, error)
}

// Input is what a format is opened on.
type Input struct {
	Name string // as the user gave it, "-" for standard input
	// At and Size give the bytes at any place; At is nil where they come one after
	// the other only.
	At   io.ReaderAt
	Size int64
	// Stream gives the bytes from the beginning; nil where At is not.
	Stream io.Reader
}

// Options is what the user said about a file's format.
type Options struct {
	Stdin     io.Reader // what "-" reads
	Format    string    // the name of a format, or one of its extensions; "" finds it
	NoHeader  bool      // text: the first row is data
	Bare      bool      // text of one column: so it is if it looks like data, or comes again
	Delimiter byte      // text: what parts the fields; 0 finds it
}

// table is filled by one variable in each format's file.
var table = []Format{npy, npz, evalLog, safetensors, parquet, arrow, jsonl, csv}

// Table lists the formats that can be read, in the order in which they are tried.
func Table() []Format { return slices.Clone(table) }

// headSize is how much of a file is looked at to tell what it is.
const headSize = 4096

// Open opens a file, or standard input if path is "-". The Source must be closed.
func Open(ctx context.Context, path string, opt Options) (predict.Source, error) {
	var known *Format
	if opt.Format != "" {
		var err error
		if known, err = byName(opt.Format); err != nil {
			return nil, err
		}
	}
	in, file, err := openInput(path, opt)
	if err != nil {
		return nil, err
	}
	var closers []io.Closer
	if file != nil {
		closers = append(closers, file)
	}
	if f, ok := in.Stream.(*os.File); ok { // a pipe or a terminal, which may keep silent
		a := readAhead(ctx, io.NopCloser(f), func(err error) error { return unreadable(in.Name, err) }, false)
		in.Stream, closers = a, append(closers, a)
	}
	src, err := open(ctx, in, known, opt, &closers)
	if err != nil {
		closeAll(closers)
		return nil, err
	}
	return src, nil
}

// open tells what the input is and opens it. What it opens on the way it adds to
// closers, last to be closed first.
func open(ctx context.Context, in Input, known *Format, opt Options, closers *[]io.Closer) (predict.Source, error) {
	head, err := look(&in)
	if err != nil {
		return nil, err
	}
	packing := ""
	if p := packingOf(head); p != nil {
		packing = p.name
		unpacked, err := unpack(ctx, in, p)
		if err != nil {
			return nil, err
		}
		*closers = append(*closers, unpacked)
		in = Input{Name: in.Name, Stream: unpacked}
		if head, err = look(&in); err != nil {
			return nil, err
		}
		if packingOf(head) != nil {
			return nil, &predict.Error{Source: in.Name, What: "compressed twice", Hint: "unpack it once"}
		}
	}
	if len(head) == 0 {
		what := "empty: not one byte"
		if packing != "" {
			what = "empty: it unpacks to not one byte"
		} else if in.Name == "-" {
			what = "nothing came from standard input"
		}
		return nil, &predict.Error{Source: in.Name, What: what}
	}
	format := known
	if format == nil {
		if format, err = detect(in.Name, head); err != nil {
			return nil, err
		}
	}
	src, err := format.Open(in, opt)
	if err != nil {
		return nil, err
	}
	s := &source{Source: src, format: src.Format(), closers: *closers}
	if packing != "" {
		s.format += "." + packing
	}
	return s, nil
}

// source adds to a reader's Source what was opened to get there.
type source struct {
	predict.Source
	format  string
	closers []io.Closer
}

func (s *source) Format() string { return s.format }

func (s *source) Close() error {
	err := s.Source.Close()
	if e := closeAll(s.closers); err == nil {
		err = e
	}
	s.closers = nil
	return err
}

func closeAll(closers []io.Closer) (err error) {
	for _, c := range slices.Backward(closers) {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	return err
}

// byName finds a format by its name or one of its extensions.
func byName(name string) (*Format, error) {
	name = strings.ToLower(name)
	var names []string
	for i, f := range table {
		if f.Name == name || slices.Contains(f.Extensions, name) {
			return &table[i], nil
		}
		names = append(names, f.Name)
	}
	return nil, &predict.Error{What: fmt.Sprintf("no format %q", name), Hint: "the formats are " + strings.Join(names, ", ")}
}

// detect tells the format by the beginning of the content.
func detect(name string, head []byte) (*Format, error) {
	for i := range table {
		if d := table[i].Detect; d != nil && d(head) {
			return &table[i], nil
		}
	}
	if err := refuse(name, head); err != nil {
		return nil, err
	}
	return &table[len(table)-1], nil
}

// look gives the first bytes of an input and leaves them to be read.
func look(in *Input) ([]byte, error) {
	if in.At != nil {
		head := make([]byte, min(in.Size, headSize))
		if _, err := io.ReadFull(io.NewSectionReader(in.At, 0, in.Size), head); err != nil {
			return nil, unreadable(in.Name, err)
		}
		return head, nil
	}
	buf := bufio.NewReaderSize(in.Stream, headSize)
	head, err := buf.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, unreadable(in.Name, err)
	}
	in.Stream = buf
	return slices.Clone(head), nil
}

func unreadable(name string, err error) error {
	var e *predict.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &predict.Error{Source: name, Err: plain(err)}
}

// plain is an error without the operation and the path, which the message has.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// openInput opens the path; file is what must be closed, if anything.
func openInput(path string, opt Options) (in Input, file *os.File, err error) {
	if path == "-" {
		if opt.Stdin == nil {
			return in, nil, &predict.Error{Source: path, What: "there is no standard input"}
		}
		in = Input{Name: path, Stream: opt.Stdin}
		// A file that the shell opened can be read from any place, too.
		if f, ok := opt.Stdin.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.IsDir() {
				return in, nil, isDirectory(path)
			} else if err == nil && info.Mode().IsRegular() {
				if at, err := f.Seek(0, io.SeekCurrent); err == nil && at <= info.Size() {
					size := info.Size() - at
					in = Input{Name: path, At: io.NewSectionReader(f, at, size), Size: size}
				}
			}
		}
		return in, nil, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return in, nil, noFile(path)
	case err != nil:
		return in, nil, unreadable(path, err)
	case info.IsDir():
		return in, nil, isDirectory(path)
	}
	if file, err = os.Open(path); err != nil {
		return in, nil, unreadable(path, err)
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return in, nil, unreadable(path, err)
	}
	if info.Mode().IsRegular() {
		return Input{Name: path, At: file, Size: info.Size()}, file, nil
	}
	return Input{Name: path, Stream: file}, file, nil // a pipe or a device
}

func isDirectory(path string) error {
	return &predict.Error{Source: path, What: "a directory", Hint: fmt.Sprintf("name its files: '%s'", filepath.Join(path, "*.csv"))}
}

// noFile is the error for a path where there is nothing, with the name that it
// may be a slip for.
func noFile(path string) error {
	e := &predict.Error{Source: path, What: "no such file"}
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			e.Hint = fmt.Sprintf("there is no directory %s", filepath.Clean(dir))
		}
		return e
	}
	defer f.Close()
	names, _ := f.Readdirnames(10_000)
	slices.Sort(names)
	if near := predict.Nearest(base, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", filepath.Join(filepath.Dir(path), near))
	}
	return e
}
