package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "surprisal"

// repository is the root of the repository.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("these tests need the whole repository: %v", err)
	}
	return dir
}

// room is one package of the module: its files that are not tests, under any
// build constraint, and so for every platform and tag at once.
type room struct {
	name  string // relative to the root; "" is the root
	files map[string]*ast.File
	fset  *token.FileSet
}

// title is the name for messages.
func (r *room) title() string {
	if r.name == "" {
		return "the root"
	}
	return r.name
}

// imports gives each imported path with the place of one import of it.
func (r *room) imports() map[string]string {
	places := map[string]string{}
	for name, f := range r.files {
		for _, spec := range f.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			if _, ok := places[p]; !ok {
				places[p] = path.Join(r.name, name)
			}
		}
	}
	return places
}

var parseOnce = sync.OnceValues(func() ([]*room, error) {
	var rooms []*room
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if p != root {
			if n := d.Name(); n[0] == '.' || n[0] == '_' || n == "testdata" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
				return filepath.SkipDir // an annex: a module of its own
			}
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		r := &room{fset: token.NewFileSet(), files: map[string]*ast.File{}}
		if rel != "." {
			r.name = filepath.ToSlash(rel)
		}
		list, err := os.ReadDir(p)
		if err != nil {
			return err
		}
		for _, e := range list {
			name := e.Name()
			if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(r.fset, filepath.Join(p, name), nil, parser.ParseComments)
			if err != nil {
				return err
			}
			if isScript(f) {
				continue
			}
			r.files[name] = f
		}
		if len(r.files) > 0 {
			rooms = append(rooms, r)
		}
		return nil
	})
	return rooms, err
})

// isScript reports whether a file is a program to be run by hand, such as the
// maker of a table, and no part of the package in whose folder it lies.
func isScript(f *ast.File) bool {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() < f.Package && strings.TrimSpace(c.Text) == "//go:build ignore" {
				return true
			}
		}
	}
	return false
}

// rooms are all packages of the module.
func rooms(t testing.TB) []*room {
	t.Helper()
	repository(t)
	all, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}
