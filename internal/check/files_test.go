package check

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every package says what it is, once, in the form that go doc expects.
func TestPackageComments(t *testing.T) {
	for _, r := range rooms(t) {
		var with []string
		for name, f := range r.files {
			text := packageComment(f)
			if text == "" {
				continue
			}
			with = append(with, name)
			want := "Package " + f.Name.Name + " "
			if f.Name.Name == "main" {
				want = "" // says what the command does, under its name
				cmd := r.name[strings.LastIndexByte(r.name, '/')+1:]
				if !strings.HasPrefix(strings.ToLower(text), cmd+" ") && !strings.HasPrefix(text, "Command "+cmd) {
					t.Errorf("%s: the comment of a command begins with its name: %.40q", r.title(), text)
				}
			}
			if !strings.HasPrefix(text, want) {
				t.Errorf("%s: the package comment begins %.40q, want %q", r.title(), text, want)
			}
		}
		switch {
		case len(with) == 0:
			t.Errorf("%s has no package comment: say in a sentence or more what is in the room", r.title())
		case len(with) > 1:
			t.Errorf("%s has package comments in %s: one place is enough", r.title(), strings.Join(with, " and "))
		}
	}
}

func packageComment(f *ast.File) string {
	if f.Doc == nil {
		return ""
	}
	return strings.TrimSpace(f.Doc.Text())
}

// machinePath finds absolute paths of somebody's machine. What stands before
// the slash must not be part of a longer path or an address.
var machinePath = regexp.MustCompile(`(?:^|[^A-Za-z0-9_.~/-])(/(?:wo` + `rk|ro` + `ot|ho` + `me/[a-z0-9_]+|Us` + `ers/[A-Za-z0-9_]+)/[^\s"'\x60)]*)`)

func TestMachinePathPattern(t *testing.T) {
	for text, want := range map[string]bool{
		"see /ho" + "me/ann/x.csv":     true,
		`"/ro` + `ot/go"`:              true,
		"(/wo" + "rk/main/x)":          true,
		"ref/ro" + "ot/statsmodels.py": false,
		"../ro" + "ot/x":               false,
		"https://example.org/work/x/y": false,
		"/usr/bin/python3":             false,
		"in /root itself":              false,
	} {
		if got := machinePath.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// No file of the repository knows the machine that it was written on.
func TestNoMachinePaths(t *testing.T) {
	root := repository(t)
	files := tracked(t, root)
	if len(files) < 50 {
		t.Fatalf("only %d files found", len(files))
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Error(err)
			continue
		}
		for i, line := range bytes.Split(b, []byte("\n")) {
			if m := machinePath.FindSubmatch(line); m != nil {
				t.Errorf("%s:%d: %s is a path of somebody's machine", name, i+1, m[1])
			}
		}
	}
}

// tracked lists the files that git knows or would come to know; in a copy without
// git, all files.
func tracked(t *testing.T, root string) []string {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	if out, err := cmd.Output(); err == nil {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	}
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, e := filepath.Rel(root, p)
			files, err = append(files, rel), e
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
