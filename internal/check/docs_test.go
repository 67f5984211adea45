package check

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	commandLine = regexp.MustCompile(`^(?:go run \./cmd/surprisal|surprisal) `)
	leftOut     = regexp.MustCompile(`(?m)^[ \t]*…[ \t]*\n`)
)

// Where a document shows a command and its output, that is what the command
// prints: every part between lines of "…" comes in it, in that order.
func TestDocumentedOutput(t *testing.T) {
	root := repository(t)
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(scratch, "bin")
	if err := os.MkdirAll(bin, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(command(t, nil), filepath.Join(bin, "surprisal")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(docs, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range strings.Split(string(text), "```sh\n")[1:] {
			lines, rest, ok := strings.Cut(after, "\n```\n")
			shown, isOutput := strings.CutPrefix(strings.TrimLeft(rest, "\n"), "```text\n")
			if !ok || !isOutput || !commandLine.MatchString(lines) {
				continue
			}
			shown, _, _ = strings.Cut(shown, "```\n")
			found++
			t.Run(filepath.Base(path)+" "+lines, func(t *testing.T) {
				cmd := exec.Command("sh", "-c", commandLine.ReplaceAllString(lines, "surprisal "))
				cmd.Dir = root
				cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
				var errs bytes.Buffer
				cmd.Stderr = &errs
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, errs.String())
				}
				left := "\n" + string(out)
				for _, part := range leftOut.Split(shown, -1) {
					_, after, ok := strings.Cut(left, "\n"+part)
					if !ok {
						t.Fatalf("it does not print\n%s\nbut\n%s", part, out)
					}
					left = "\n" + after
				}
			})
		}
	}
	if found < 10 {
		t.Errorf("only %d commands with output found", found)
	}
}
