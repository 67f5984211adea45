package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"surprisal"
	"surprisal/report"
)

// output is where a verb's result goes, and how: the flags that every verb has.
type output struct {
	unit   surprisal.Unit
	format report.Format
	path   string // "" for stdout
	quiet  bool

	unitWord, formatWord string
	json                 bool
}

// bind adds the flags to a verb.
func (o *output) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(newEnum(&o.unitWord, "nat", "bit", "dit"), "unit", "unit of every figure: nat, bit or dit")
	f.Var(newEnum(&o.formatWord, report.Formats()...), "format", "how the result is written; an --output ending in .json, .csv or .md says it too")
	f.BoolVar(&o.json, "json", false, "short for --format json")
	f.StringVarP(&o.path, "output", "o", "", "write the result to `FILE`, whole or not at all, instead of stdout")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "do not say on stderr how the files were read")
	for _, name := range []string{"unit", "format", "json", "output", "quiet"} {
		setGroup(f, "Output", name)
	}
}

// check settles the flags; it opens nothing.
func (o *output) check(cmd *cobra.Command) error {
	unit, err := surprisal.ParseUnit(o.unitWord)
	if err != nil {
		return err
	}
	o.unit = unit
	asked := cmd.Flags().Changed("format")
	switch {
	case o.json && asked && o.formatWord != "json":
		return fmt.Errorf("--json and --format %s contradict each other", o.formatWord)
	case o.json:
		o.format = report.JSON
	case asked:
		if o.format, err = report.ParseFormat(o.formatWord); err != nil {
			return err
		}
	default:
		o.format = report.FormatOfFile(o.path)
	}
	if o.path == "" {
		if cmd.Flags().Changed("output") {
			return errors.New("--output: the name of the file is empty")
		}
		return nil
	}
	if info, err := os.Stat(o.path); err == nil && info.IsDir() {
		return fmt.Errorf("--output: %s is a directory", o.path)
	}
	dir := filepath.Dir(o.path)
	if info, err := os.Stat(dir); err != nil {
		return fmt.Errorf("--output: no directory %s", dir)
	} else if !info.IsDir() {
		return fmt.Errorf("--output: %s is not a directory", dir)
	}
	return nil
}

// protect refuses to write the result over one of the inputs.
func (o *output) protect(inputs ...string) error {
	out, err := os.Stat(o.path)
	if o.path == "" || err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, in := range inputs {
		if info, err := os.Stat(in); err == nil && os.SameFile(out, info) {
			return fmt.Errorf("--output: %s is an input; it would be overwritten", o.path)
		}
	}
	return nil
}

// write renders a report to where it belongs. Warnings go to stderr too, unless
// the reader sees them in the result.
func (o *output) write(ctx context.Context, e *env, r *report.Report) error {
	onScreen := o.path == "" && o.format == report.Text && isTerminal(e.stdout)
	if !onScreen {
		for _, w := range r.Warnings {
			e.say("warning: %s", oneLine(w.Text))
			e.hint(oneLine(w.Hint))
		}
	}
	style := report.Style{}
	if onScreen {
		style.Bold = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if w := terminalWidth(e.stdout); w > 0 {
			style.Width = min(max(w, 40), 100)
		}
	}
	var page bytes.Buffer
	if err := r.Write(&page, o.format, style); err != nil {
		return err
	}
	if o.path != "" {
		return writeFile(ctx, o.path, page.Bytes())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := e.stdout.Write(page.Bytes()); err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	return nil
}

// writeFile writes a file whole or not at all: beside it first, then by renaming.
// What is not a regular file (a pipe, a device) is written directly.
func writeFile(ctx context.Context, path string, data []byte) (err error) {
	fail := func(err error) error { return fmt.Errorf("cannot write %s: %w", path, plainCause(err)) }
	mode := fs.FileMode(0o666)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return fail(err)
			}
			if err := fill(f, data); err != nil {
				return fail(err)
			}
			return nil
		}
		mode = info.Mode().Perm()
	}
	f, err := openBeside(path, mode)
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := fill(f, data); err != nil {
		return fail(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fail(err)
	}
	return nil
}

// openBeside makes a new file in the directory of path, with the permissions
// that a new file of that name would have.
func openBeside(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	for n := os.Getpid(); ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.%s.%d.part", dir, base, n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// fill writes, syncs and closes a file; the first error counts.
func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if info, statErr := f.Stat(); err == nil && statErr == nil && info.Mode().IsRegular() {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// plainCause is the error of a file operation without the operation and the
// path, which the message has already.
func plainCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// oneLine keeps what comes from a file from starting lines of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// enum is a flag with a fixed choice of words.
type enum struct {
	to    *string
	words []string
}

// newEnum makes the flag; the first word is the default.
func newEnum(to *string, words ...string) *enum {
	*to = words[0]
	return &enum{to, words}
}

func (v *enum) String() string { return *v.to }
func (v *enum) Type() string   { return strings.Join(v.words, "|") }

func (v *enum) Set(s string) error {
	for _, w := range v.words {
		// The plural of a unit is as good as the singular.
		if s == w || s == w+"s" {
			*v.to = w
			return nil
		}
	}
	err := fmt.Errorf("%q is none of %s", s, strings.Join(v.words, ", "))
	if near := nearest(s, v.words); near != "" && len(s) > 2 {
		return hinted(err, "did you mean %s?", near)
	}
	return hinted(err, "choose one of %s", strings.Join(v.words, ", "))
}
