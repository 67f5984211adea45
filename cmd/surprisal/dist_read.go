package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"surprisal/report"
)

// distReader turns the arguments and flags of `surprisal dist` into
// distributions over the same outcomes.
type distReader struct {
	*distFlags
	env    *env
	tables int      // how many tables were read
	readAs []string // how files were read, for stderr and the notes
	paths  []string // the files read
	notes  []string
	warns  []report.Warning
}

// read is the whole way from arguments to input.
func (r *distReader) read(args []string) (report.DistInput, error) {
	var in report.DistInput
	var p values
	var rolls []int32
	var qs []values
	var err error
	switch {
	case r.outcomes != "":
		p, rolls, err = r.rawOutcomes(r.outcomes)
	case r.counts != "":
		p, err = r.countList(r.counts)
	case r.observed != "":
		p, qs, err = r.observedAndBeliefs(args)
		in.Rank = true
	default:
		p, qs, err = r.pAndQ(args)
	}
	if err != nil {
		return in, err
	}
	counted := r.outcomes != "" || r.counts != ""
	if counted {
		for _, a := range args {
			more, err := r.beliefsFrom(a)
			if err != nil {
				return in, err
			}
			qs = append(qs, more...)
		}
		in.Rank = len(qs) > 1
	}
	for _, f := range []struct{ name, column string }{{"p", r.p}, {"q", r.q}, {"outcome", r.outcome}, {"beliefs", r.beliefs}} {
		if f.column != "" && r.tables == 0 {
			return in, hinted(fmt.Errorf("--%s names a column, and there is no table to find it in", f.name), "lists have no columns; tables are CSV or TSV files")
		}
	}
	for i := range qs {
		switch {
		case qs[i].name != "":
		case in.Rank:
			qs[i].name = "belief " + strconv.Itoa(i+1)
		default:
			qs[i].name = "q"
		}
		if j := slices.IndexFunc(qs[:i], func(v values) bool { return v.name == qs[i].name }); j >= 0 {
			return in, hinted(fmt.Errorf("two beliefs are named %q", qs[i].name), "give each its own: fair=1/6x6")
		}
	}
	switch {
	case p.name != "":
	case counted || in.Rank:
		p.name = "o"
	default:
		p.name = "p"
	}

	all := append([]values{p}, qs...)
	if in.Outcomes, rolls, err = r.align(all, counted, rolls); err != nil {
		return in, err
	}
	if in.P, err = r.belief(all[0], counted); err != nil {
		return in, err
	}
	if counted {
		if in.Counts, err = all[0].counts(); err != nil {
			return in, err
		}
		in.Rolls = rolls
	}
	for _, q := range all[1:] {
		b, err := r.belief(q, false)
		if err != nil {
			return in, err
		}
		in.Q = append(in.Q, b)
	}
	in.Notes, in.Warnings = r.notes, r.warns
	return in, nil
}

// belief checks one distribution; counts become shares.
func (r *distReader) belief(v values, counts bool) (report.Belief, error) {
	normalize := r.normalize
	if counts {
		if _, err := v.counts(); err != nil {
			return report.Belief{}, err
		}
		total := v.sum()
		shares := v
		shares.exact = nil
		for _, x := range v.exact {
			shares.exact = append(shares.exact, new(big.Rat).Quo(x, total))
		}
		v, normalize = shares, "refuse"
	}
	d, warns, note, err := v.distribution(normalize)
	r.warns = append(r.warns, warns...)
	if note != "" {
		r.notes = append(r.notes, note)
	}
	return report.Belief{Name: v.name, D: d}, err
}

// pAndQ reads one or two distributions: two lists, a list and a file, or one file
// with both.
func (r *distReader) pAndQ(args []string) (p values, qs []values, err error) {
	name, body, isFile, err := r.source(args[0])
	if err != nil {
		return p, nil, err
	}
	if len(args) == 1 && isFile {
		t, err := r.table(body)
		if err != nil {
			return p, nil, err
		}
		columns, err := t.pick(r.p, r.q)
		if err != nil {
			return p, nil, err
		}
		r.readAs = append(r.readAs, t.describe(columns...))
		p = columns[0]
		p.name = cmp.Or(name, p.name)
		return p, columns[1:], nil
	}
	if p, err = r.one(name, body, isFile, r.p, "p"); err != nil || len(args) == 1 {
		return p, nil, err
	}
	name, body, isFile, err = r.source(args[1])
	if err != nil {
		return p, nil, err
	}
	q, err := r.one(name, body, isFile, r.q, "q")
	return p, []values{q}, err
}

// one reads one distribution: a list, or one column of a file.
func (r *distReader) one(name, body string, isFile bool, column, flag string) (values, error) {
	if !isFile {
		v, err := r.list(name, body)
		if err == nil && column != "" {
			err = hinted(fmt.Errorf("--%s names a column, and %s is a list", flag, v.from), "columns are in files")
		}
		return v, err
	}
	t, err := r.table(body)
	if err != nil {
		return values{}, err
	}
	columns, err := t.pick(column, noColumn)
	if err != nil {
		return values{}, err
	}
	r.readAs = append(r.readAs, t.describe(columns...))
	v := columns[0]
	v.name = cmp.Or(name, v.name)
	return v, nil
}

func (r *distReader) list(name, body string) (values, error) {
	v, err := parseList(body)
	v.name = name
	if err != nil && !strings.ContainsAny(body, "0123456789") && strings.TrimSpace(body) != "" {
		err = hinted(err, "no file has this name; a list is made of numbers such as 0.5, 1/6 or 20%%")
	}
	return v, err
}

// observedAndBeliefs reads what --observed names, and the beliefs.
func (r *distReader) observedAndBeliefs(args []string) (p values, qs []values, err error) {
	found := false
	var columns []string
	for _, a := range args {
		name, body, isFile, err := r.source(a)
		if err != nil {
			return p, nil, err
		}
		if !isFile {
			v, err := r.list(name, body)
			if err != nil {
				return p, nil, err
			}
			qs = append(qs, v)
			continue
		}
		t, err := r.table(body)
		if err != nil {
			return p, nil, err
		}
		columns = append(columns, t.header...)
		mine := []values{}
		if i := t.index(r.observed); i >= 0 && !found {
			found = true
			if p, err = t.column(i); err != nil {
				return p, nil, err
			}
			p.name = ""
			mine = append(mine, p)
		}
		more, err := t.beliefs(r.beliefs, r.observed)
		if err != nil {
			return p, nil, err
		}
		r.readAs = append(r.readAs, t.describe(append(mine, more...)...))
		qs = append(qs, more...)
	}
	if !found {
		name, body, isFile, err := r.source(r.observed)
		if err == nil {
			p, err = r.one(name, body, isFile, "", "observed")
		}
		switch {
		case err == nil:
		case columns != nil && !strings.ContainsAny(r.observed[:1], "0123456789.-"):
			err := fmt.Errorf("--observed: %q is no column, no list and no file; the columns are %s", r.observed, strings.Join(columns, ", "))
			if near := nearest(r.observed, columns); near != "" {
				return p, nil, hinted(err, "did you mean %q?", near)
			}
			return p, nil, hinted(err, "a list looks like .18,.18,.15,.17,.17,.15")
		default:
			return p, nil, fmt.Errorf("--observed: %w", err)
		}
		if isFile {
			p.name = ""
		}
	}
	if len(qs) == 0 {
		return p, nil, errors.New("there is no belief to hold against what was observed")
	}
	return p, qs, nil
}

// beliefsFrom reads an argument that stands beside --counts or --outcomes.
func (r *distReader) beliefsFrom(arg string) ([]values, error) {
	name, body, isFile, err := r.source(arg)
	if err != nil {
		return nil, err
	}
	if !isFile {
		v, err := r.list(name, body)
		return []values{v}, err
	}
	t, err := r.table(body)
	if err != nil {
		return nil, err
	}
	var columns []values
	if r.q != "" {
		if columns, err = t.pick(r.q, noColumn); err != nil {
			return nil, err
		}
	} else if columns, err = t.beliefs(r.beliefs, ""); err != nil {
		return nil, err
	}
	if name != "" && len(columns) == 1 {
		columns[0].name = name
	}
	r.readAs = append(r.readAs, t.describe(columns...))
	return columns, nil
}

// countList reads --counts: a list, or a column of a file.
func (r *distReader) countList(arg string) (values, error) {
	name, body, isFile, err := r.source(arg)
	if err != nil {
		return values{}, fmt.Errorf("--counts: %w", err)
	}
	if !isFile {
		v, err := r.list(name, body)
		return v, err
	}
	t, err := r.table(body)
	if err != nil {
		return values{}, err
	}
	t.counts = true
	columns, err := t.pick(r.p, noColumn)
	if err != nil {
		return values{}, err
	}
	r.readAs = append(r.readAs, t.describe(columns...))
	v := columns[0]
	v.name = name
	return v, nil
}

// source says what an argument is: a file (of that very name, or after NAME=), or
// a list.
func (r *distReader) source(arg string) (name, body string, isFile bool, err error) {
	body = arg
	if !exists(arg) && arg != stdinName {
		if n, rest, ok := strings.Cut(arg, "="); ok && n != "" {
			name, body = strings.TrimSpace(n), rest
		}
	}
	if body == stdinName {
		return name, body, true, nil
	}
	if body != "" && exists(body) {
		if _, err := literal(body, body); err != nil {
			return "", "", false, err
		}
		return name, body, true, nil
	}
	// What can be no list must have been meant as a file.
	if ext := path.Ext(body); len(ext) > 1 && strings.IndexFunc(ext[1:], func(c rune) bool { return c < 'a' || c > 'z' }) < 0 {
		return "", "", false, noFile(body)
	}
	return name, body, false, nil
}

// open opens a file or standard input, and knows it by the name it was given.
func (r *distReader) open(file string) (io.ReadCloser, string, error) {
	if file == stdinName {
		return io.NopCloser(r.env.stdin), "standard input", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", fmt.Errorf("cannot read %s: %w", file, plainCause(err))
	}
	r.paths = append(r.paths, file)
	return f, file, nil
}
