package formats

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	kflate "github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"surprisal/predict"
)

var evalLog = Format{
	Name:        "eval",
	Description: "packed logs of Inspect: the log-probabilities of their samples; deflate and zstd",
	Extensions:  []string{"eval"},
	Detect: func(head []byte) bool {
		name, ok := firstMember(head)
		return ok && isEvalMember(name)
	},
	Open: openEvalLog,
}

// isEvalMember reports whether a packed log has a file of that name.
func isEvalMember(name string) bool {
	switch name {
	case evalHeader, evalStart, "summaries.json", "summary.json", "reductions.json", "results.json":
		return true
	}
	return isEvalSample(name) || strings.HasPrefix(name, "_journal/") && strings.HasSuffix(name, ".json")
}

func isEvalSample(name string) bool {
	return strings.HasPrefix(name, "samples/") && strings.HasSuffix(name, ".json")
}

// The files that say what was run: of a run that ended, of early versions, and of
// a run that did not end.
const (
	evalHeader  = "header.json"
	evalStart   = "start.json"
	evalJournal = "_journal/start.json"
)

// Bounds on what an archive may claim. JSON of logs shrinks to a tenth, perhaps
// a hundredth; a file of nothing but blanks to a thousandth.
const (
	evalMembers = 1 << 20
	evalFree    = 64 << 20 // bytes that files may have however small they are packed
	evalRatio   = 500
	evalHead    = 16 << 20 // bytes of the head
	zipZstd     = 93
)

func openEvalLog(in Input, _ Options) (src predict.Source, err error) {
	at, size, closer, err := anywhere(in)
	if err != nil {
		return nil, err
	}
	src, err = readEvalLog(in.Name, at, size, closer)
	if err != nil && closer != nil {
		closer()
	}
	return src, err
}

func readEvalLog(name string, at io.ReaderAt, size int64, closer func() error) (predict.Source, error) {
	fail := func(what, hint string) error { return &predict.Error{Source: name, What: what, Hint: hint} }
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, &predict.Error{Source: name, What: "cut short, or a damaged archive", Err: err}
	}
	if len(z.File) > evalMembers {
		return nil, fail(fmt.Sprintf("an archive of %d files; at most %d can be read", len(z.File), evalMembers), "")
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return kflate.NewReader(r) })
	z.RegisterDecompressor(zipZstd, func(r io.Reader) io.ReadCloser {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return io.NopCloser(failing{err})
		}
		return d.IOReadCloser()
	})
	s := &evalSource{name: name, closer: closer}
	seen := map[string]bool{}
	packed, unpacked := uint64(0), uint64(0)
	heads := map[string]*zip.File{}
	ended := false
	for _, m := range z.File {
		ended = ended || m.Name == evalHeader || m.Name == "results.json"
		if m.Name != evalHeader && m.Name != evalStart && m.Name != evalJournal && !isEvalSample(m.Name) {
			continue
		}
		packed, unpacked = packed+min(m.CompressedSize64, 1<<62), unpacked+min(m.UncompressedSize64, 1<<40)
		switch {
		case seen[m.Name]:
			return nil, fail(fmt.Sprintf("file %q is in the archive twice", m.Name), "")
		case m.Method != zip.Store && m.Method != zip.Deflate && m.Method != zipZstd:
			return nil, fail(fmt.Sprintf("file %q is compressed by method %d", m.Name, m.Method), "deflate and zstd are read: inspect log convert --to json")
		case m.CompressedSize64 > uint64(size) || packed > uint64(size):
			return nil, fail(fmt.Sprintf("damaged: file %q and those before it claim %d bytes of %d", m.Name, packed, size), "")
		case unpacked > evalFree && unpacked/evalRatio > packed:
			return nil, fail(fmt.Sprintf("file %q and those before it grow from %d to %d bytes, more than %d-fold", m.Name, packed, unpacked, evalRatio), "no log is like this")
		}
		seen[m.Name] = true
		if isEvalSample(m.Name) {
			s.samples = append(s.samples, m)
		} else {
			heads[m.Name] = m
		}
	}
	if len(s.samples) == 0 {
		return nil, fail("an Inspect log without samples", "")
	}
	s.head = []byte(`{"eval":{}`)
	for _, head := range []string{evalHeader, evalStart, evalJournal} {
		m := heads[head]
		if m == nil {
			continue
		}
		if s.head, err = evalHeadOf(m); err != nil {
			return nil, &predict.Error{Source: name, What: fmt.Sprintf("file %q", head), Err: err}
		}
		s.headName = head
		break
	}
	// The head is a log without samples. That it has two lines says that records may
	// have several.
	if !ended {
		s.head = append(s.head, `,"status":"started"`...)
	}
	s.head = append(s.head, ",\n\"samples\":[]}"...)
	if s.Source, err = predict.OpenJSONStream(name, &evalStream{s: s}); err != nil {
		return nil, s.place(err)
	}
	return s, nil
}

// failing is what cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// evalHeadOf is the head of a log, an object with at least one member, without
// the brace that ends it.
func evalHeadOf(m *zip.File) ([]byte, error) {
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, evalHead+1))
	if err != nil {
		return nil, evalDamage(err)
	}
	if len(b) > evalHead {
		return nil, fmt.Errorf("more than %d MB", evalHead>>20)
	}
	body, ok := bytes.CutSuffix(bytes.TrimSpace(b), []byte("}"))
	if body = bytes.TrimSpace(body); !ok || len(body) < 2 || body[0] != '{' {
		return nil, errors.New("not a JSON object with what was run")
	}
	return body, nil
}

// evalDamage is an error of unpacking.
func evalDamage(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("cut short")
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return errors.New("it needs more memory than is granted")
	}
	return fmt.Errorf("damaged: %w", err)
}

// evalSource is a packed log: its samples one after the other, as records.
type evalSource struct {
	predict.Source
	name     string
	closer   func() error
	head     []byte
	headName string
	samples  []*zip.File
	// starts are the lines before each file in what the records are read from. The
	// head is the first.
	starts []evalStartOf
}

// evalStartOf is where a file begins.
type evalStartOf struct {
	name string
	line int64 // lines before it
}

func (s *evalSource) Format() string       { return "eval" }
func (s *evalSource) About() predict.About { return predict.AboutOf(s.Source) }

func (s *evalSource) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	n, err := s.Source.Read(ctx, sel, threads, fold)
	return n, s.place(err)
}

func (s *evalSource) Close() error {
	err := s.Source.Close()
	if s.closer != nil {
		if e := s.closer(); err == nil {
			err = e
		}
		s.closer = nil
	}
	return err
}

// place names the file in the archive in an error that names a line.
func (s *evalSource) place(err error) error {
	var e *predict.Error
	if !errors.As(err, &e) || e.Line == 0 {
		return err
	}
	i := len(s.starts) - 1
	for i > 0 && s.starts[i].line >= e.Line {
		i--
	}
	if i < 0 {
		return err
	}
	in := *e
	in.Line -= s.starts[i].line
	in.What = fmt.Sprintf("file %q: %s", s.starts[i].name, in.What)
	return &in
}

// evalStream gives the files of a log one after the other.
type evalStream struct {
	s    *evalSource
	next int // sample
	in   io.Reader
	file io.Closer
	name string
	line int64
	init bool
}

func (e *evalStream) Read(p []byte) (int, error) {
	for {
		if e.in == nil {
			if err := e.open(); err != nil {
				return 0, err
			}
		}
		n, err := e.in.Read(p)
		if n > 0 {
			e.line += int64(bytes.Count(p[:n], []byte("\n")))
		}
		switch {
		case err == io.EOF:
			e.close()
			if n > 0 {
				return n, nil
			}
		case err != nil:
			e.close()
			return n, &predict.Error{Source: e.s.name, What: fmt.Sprintf("file %q", e.name), Err: evalDamage(err)}
		case n > 0:
			return n, nil
		}
	}
}

// open opens the next file; io.EOF after the last.
func (e *evalStream) open() error {
	var r io.Reader
	switch {
	case !e.init:
		e.name, r = e.s.headName, bytes.NewReader(e.s.head)
	case e.next == len(e.s.samples):
		return io.EOF
	default:
		m := e.s.samples[e.next]
		e.next++
		f, err := m.Open()
		if err != nil {
			return &predict.Error{Source: e.s.name, What: fmt.Sprintf("file %q", m.Name), Err: evalDamage(err)}
		}
		e.name, e.file, r = m.Name, f, f
	}
	e.init = true
	e.s.starts = append(e.s.starts, evalStartOf{e.name, e.line})
	e.in = io.MultiReader(r, strings.NewReader("\n"))
	return nil
}

func (e *evalStream) close() {
	if e.file != nil {
		e.file.Close()
	}
	e.in, e.file = nil, nil
}
