package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var updateScripts = flag.Bool("update", false, "write what scripts compare with anew")

// The test binary is the command too, when it is called by its name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"surprisal": main})
}

// root is the root of the repository, where the examples of the help run.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *updateScripts,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", filepath.Join(root(t), "examples"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":   cmdStatus,
			"longline": cmdLongLine,
			"bytes":    cmdBytes,
			"field":    cmdField,
		},
	})
}

// cmdStatus runs a command and demands its exit code: status 2 surprisal score x.csv
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	ts.Logf("[stderr]\n%s", ts.ReadFile("stderr"))
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdLongLine writes a CSV whose second row has a field of many megabytes:
// longline file.csv 100
func cmdLongLine(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = io.WriteString(f, "label,p\n1,0.5\n1,")
	ts.Check(err)
	nines := bytes.Repeat([]byte("9"), 1<<20)
	for range n {
		_, err = f.Write(nines)
		ts.Check(err)
	}
	ts.Check(f.Close())
}

// cmdBytes writes a file from a Go string literal: bytes nul.csv "a\x00b"
func cmdBytes(ts *testscript.TestScript, _ bool, args []string) {
	s, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(s), 0o666))
}

// cmdField demands the value of one line of the CSV on stdout:
// field summary ” cross_entropy 0.5 (! field: that there is no such line)
func cmdField(ts *testscript.TestScript, neg bool, args []string) {
	if neg && len(args) != 3 || !neg && len(args) != 4 {
		ts.Fatalf("usage: field section key figure value")
	}
	value, ok := csvField(ts.ReadFile("stdout"), args[0], args[1], args[2])
	switch {
	case neg && ok:
		ts.Fatalf("there is a %s: %s", args[2], value)
	case neg:
	case !ok:
		ts.Fatalf("no line %s, %s, %s", args[0], args[1], args[2])
	case value != args[3]:
		ts.Fatalf("%s is %s, want %s", args[2], value, args[3])
	}
}

// runHere runs the command in this process, from the root of the repository.
func runHere(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(root(t))
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

var exampleLine = regexp.MustCompile(`^\s*(?:\$ )?(?:surprisal|go run \./cmd/surprisal) (.*)$`)

// examples collects the command lines from every help text and from the shell
// blocks of the documents.
func examples(t *testing.T) map[string]string {
	lines := map[string]string{}
	add := func(where, text string) {
		for _, l := range strings.Split(text, "\n") {
			if m := exampleLine.FindStringSubmatch(l); m != nil {
				lines[m[1]] = where
			}
		}
	}
	cmds := newRootCmd(&env{}).Commands()
	add("surprisal --help", newRootCmd(&env{}).Example)
	for _, c := range cmds {
		add("surprisal "+c.Name()+" --help", c.Example)
	}
	docs, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(docs, filepath.Join(root(t), "README.md"), filepath.Join(root(t), "examples", "README.md")) {
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range shellBlocks(string(text)) {
			add(filepath.Base(path), block)
		}
	}
	return lines
}

// shellBlocks are the fenced blocks marked as sh.
func shellBlocks(text string) []string {
	var blocks []string
	for {
		_, rest, ok := strings.Cut(text, "```sh\n")
		if !ok {
			return blocks
		}
		block, after, _ := strings.Cut(rest, "```")
		blocks = append(blocks, strings.ReplaceAll(block, "\\\n", " "))
		text = after
	}
}

// words splits a line as a shell would, as far as examples go: quotes and comments.
func words(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	quote, in := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == ' ':
			if in {
				out = append(out, word.String())
				word.Reset()
				in = false
			}
		case r == '#' && !in:
			return out, nil
		case strings.ContainsRune("|<>;&$`", r):
			return nil, fmt.Errorf("%q is more than one command", line)
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if in {
		out = append(out, word.String())
	}
	return out, nil
}

// Every example runs.
func TestExamples(t *testing.T) {
	found := examples(t)
	if len(found) < 8 {
		t.Errorf("only %d examples found", len(found))
	}
	for line, where := range found {
		t.Run(line, func(t *testing.T) {
			args, err := words(line)
			if err != nil {
				// A line with pipes or redirections goes to the shell.
				t.Chdir(root(t))
				if out, err := shell(t, line); err != nil {
					t.Errorf("%s: %v\n%s", where, err, out)
				}
				return
			}
			for i := range args { // nothing is written into the repository
				if i > 0 && (args[i-1] == "-o" || args[i-1] == "--output") {
					args[i] = filepath.Join(t.TempDir(), filepath.Base(args[i]))
				}
			}
			code, out, errs := runHere(t, args...)
			if code != exitDone || out == "" && !strings.Contains(line, " -o ") && !strings.Contains(line, "--output") {
				t.Errorf("%s: exit code %d\n%s%s", where, code, errs, out)
			}
		})
	}
}

// shell runs a line of the documents with our command first in the path.
func shell(t *testing.T, line string) (string, error) {
	cmd := exec.Command("sh", "-c", "surprisal "+line)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// command is the command as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = append([]string{"surprisal"}, args...)
	return cmd
}

// An interrupt ends the run with 130, and leaves neither the output nor a part of it.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			cmd := command(t, "score", "-", "--label", "label", "--prob", "p", "-o", filepath.Join(dir, "out.json"))
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, "label,p\n"+strings.Repeat("1,0.25\n0,0.5\n", 50_000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond) // it now waits for more rows
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Errorf("exit is %v, want %d\n%s", err, exitInterrupted, errs.String())
			}
			if !strings.Contains(errs.String(), "surprisal: interrupted\n") {
				t.Errorf("stderr is %q", errs.String())
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A context that has ended before the result is written leaves nothing behind.
func TestWriteFileIsWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.json")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := writeFile(ctx, path, []byte("{}")); err == nil {
		t.Error("written though interrupted")
	}
	empty(t, path)

	if err := writeFile(context.Background(), path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(context.Background(), link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("through a link: %q, %v", got, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions are now %v, %v", info.Mode(), err)
	}
}

// A file that may not grow stands for a full disk.
func TestOutputOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	exe := command(t).Path
	// The limit is in blocks of 512 bytes; the result is longer than one.
	cmd := exec.Command("sh", "-c", `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`, filepath.Join(filepath.Dir(link(t, exe)), "surprisal"),
		"score", filepath.Join(root(t), "examples/digits/logistic.csv"), "-q", "-o", filepath.Join(dir, "out.json"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitTrouble {
		t.Errorf("exit is %v, want %d\n%s", err, exitTrouble, out)
	}
	if !strings.Contains(string(out), "surprisal: cannot write "+filepath.Join(dir, "out.json")) {
		t.Errorf("stderr is %q", out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// link makes the test binary callable by the command's name.
func link(t *testing.T, exe string) string {
	path := filepath.Join(t.TempDir(), "surprisal")
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func empty(t *testing.T, path string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// On a terminal, a long run says how far it has come, and clears the line at the end.
func TestProgress(t *testing.T) {
	var line bytes.Buffer
	p := &progress{w: &line, stop: make(chan struct{})}
	p.add(123_456)
	p.done.Go(func() { p.show(context.Background()) })
	time.Sleep(progressAfter + progressEvery/2)
	p.end()
	if got := line.String(); !strings.HasPrefix(got, "\r123,456 rows, ") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("progress is %q", got)
	}

	line.Reset()
	p = &progress{w: &line, stop: make(chan struct{})}
	p.done.Go(func() { p.show(context.Background()) })
	p.end()
	if line.Len() > 0 {
		t.Errorf("a short run says %q", line.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// A reader who has seen enough is no reason for a complaint.
func TestClosedPipeIsQuiet(t *testing.T) {
	t.Chdir(root(t))
	var errs bytes.Buffer
	code := run(context.Background(), []string{"score", "-q", "examples/iris/logistic.csv"}, strings.NewReader(""), brokenPipe{}, &errs)
	if code != exitTrouble || errs.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", code, errs.String())
	}
}

// csvField finds one value of the long CSV form.
func csvField(out, section, key, figure string) (string, bool) {
	for _, l := range strings.Split(out, "\n") {
		cells := strings.Split(l, ",")
		if len(cells) >= 4 && cells[0] == section && cells[1] == key && cells[2] == figure {
			return cells[3], true
		}
	}
	return "", false
}
