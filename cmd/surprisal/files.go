package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stdinName is the argument that stands for standard input.
const stdinName = "-"

// file is one input as the user named it.
type file struct {
	name string // what the output calls it
	path string // what to open; stdinName for standard input
}

// findFiles turns arguments into files: a file of exactly that name, - for
// standard input, name=path, or a glob. Nothing is opened; what is not there, or
// is a directory, is an error.
func findFiles(args []string) ([]file, error) {
	var files []file
	for _, a := range args {
		found, err := findFile(a)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if err := onceStdin(files); err != nil {
		return nil, err
	}
	return files, nil
}

func onceStdin(files []file) error {
	n := 0
	for _, f := range files {
		if f.path == stdinName {
			n++
		}
	}
	if n > 1 {
		return errors.New("standard input (-) can be read only once")
	}
	return nil
}

func findFile(arg string) ([]file, error) {
	if arg == stdinName {
		return []file{{arg, stdinName}}, nil
	}
	if arg == "" {
		return nil, errors.New("the name of a file is empty")
	}
	if exists(arg) {
		return literal(arg, arg)
	}
	if name, path, ok := strings.Cut(arg, "="); ok && name != "" && path != "" && !strings.ContainsAny(name, `/\`) {
		if path == stdinName {
			return []file{{name, stdinName}}, nil
		}
		if exists(path) {
			return literal(name, path)
		}
		return nil, noFile(path)
	}
	if strings.ContainsAny(arg, "*?[") {
		paths, err := filepath.Glob(arg)
		if err != nil {
			return nil, hinted(fmt.Errorf("%q is no file, and as a pattern it is broken", arg), "patterns take *, ? and [a-z]")
		}
		var files []file
		for _, p := range paths {
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				continue
			}
			files = append(files, file{p, p})
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no file matches %q", arg)
		}
		slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
		return files, nil
	}
	return nil, noFile(arg)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func literal(name, path string) ([]file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, plainCause(err))
	}
	if info.IsDir() {
		return nil, hinted(fmt.Errorf("%s is a directory", path), "name its files: '%s'", filepath.Join(path, "*.csv"))
	}
	return []file{{name, path}}, nil
}

// noFile is the error for a file that is not there; the hint is a file of nearly
// that name.
func noFile(path string) error {
	err := fmt.Errorf("no file %q", path)
	dir, base := filepath.Split(path)
	where := dir
	if where == "" {
		where = "."
	}
	entries, readErr := os.ReadDir(where)
	if readErr != nil {
		return hinted(err, "there is no directory %s", filepath.Clean(where))
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := nearest(base, names); near != "" {
		return hinted(err, "did you mean %s?", dir+near)
	}
	return err
}

// labelFile is a file of labels and the column that holds them, "" for the only one.
type labelFile struct {
	file
	column string
}

// findLabels reads FILE or FILE:COL. A file of exactly that name wins.
func findLabels(arg string) (labelFile, error) {
	path, column := arg, ""
	if i := strings.LastIndexByte(arg, ':'); i > 0 && !exists(arg) {
		path, column = arg[:i], arg[i+1:]
		if column == "" {
			return labelFile{}, fmt.Errorf("--labels: no column after the colon in %q", arg)
		}
	}
	if path == stdinName {
		return labelFile{file{stdinName, stdinName}, column}, nil
	}
	if path == "" {
		return labelFile{}, errors.New("--labels: the name of the file is empty")
	}
	if !exists(path) {
		return labelFile{}, fmt.Errorf("--labels: %w", noFile(path))
	}
	f, err := literal(path, path)
	if err != nil {
		return labelFile{}, fmt.Errorf("--labels: %w", err)
	}
	return labelFile{f[0], column}, nil
}
