package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// noColumn is for pick: this distribution is not in the file.
const noColumn = "\x00"

// distTable is a small table: names of columns and cells of text.
type distTable struct {
	name    string // the file
	header  []string
	cells   [][]string // by row
	line    []int      // where a row starts, from 1
	outcome int        // the column that names the outcomes, or -1
	counts  bool       // the values are counts
}

// Tables of distributions are small. What is larger is something else.
const mostTable = 64 << 20

// table reads a CSV or TSV file.
func (r *distReader) table(file string) (*distTable, error) {
	r.tables++
	f, name, err := r.open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostTable+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, plainCause(err))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > mostTable:
		return nil, hinted(fmt.Errorf("%s is larger than 64 MB: no table of distributions", name), "to tabulate raw outcomes: --outcomes FILE; to score predictions: surprisal score")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fmt.Errorf("%s is empty", name)
	case bytes.IndexByte(data, 0) >= 0:
		return nil, fmt.Errorf("%s: a NUL byte: this is not a text file", name)
	case !utf8.Valid(data):
		return nil, hinted(fmt.Errorf("%s is not UTF-8 text", name), "convert it: iconv -t UTF-8")
	}
	t := &distTable{name: name, outcome: -1}
	c := csv.NewReader(bytes.NewReader(data))
	c.Comma = delimiterOf(data)
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = c.Comma != '\t'
	for {
		record, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				return nil, fmt.Errorf("%s, line %d: %w", name, p.Line, p.Err)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		if t.header == nil {
			t.header = record
			if slices.ContainsFunc(record, func(s string) bool { _, _, err := parseNumber(s); return err != nil }) {
				continue
			}
			// Nothing but numbers: the file has no header.
			t.header = nil
			for i := range record {
				t.header = append(t.header, "column "+strconv.Itoa(i+1))
			}
		}
		if len(record) != len(t.header) {
			return nil, fmt.Errorf("%s, line %d: %d fields, where the first line has %d", name, line, len(record), len(t.header))
		}
		t.cells = append(t.cells, record)
		t.line = append(t.line, line)
	}
	if len(t.cells) == 0 {
		return nil, fmt.Errorf("%s: a header, and no rows", name)
	}
	if len(t.cells) > mostOutcomes {
		return nil, fmt.Errorf("%s: more than %d outcomes", name, mostOutcomes)
	}
	if r.outcome != "" {
		if t.outcome = t.index(r.outcome); t.outcome < 0 {
			return nil, t.noColumn(r.outcome)
		}
		return t, nil
	}
	t.outcome = t.findOutcome()
	return t, nil
}

// delimiterOf is the character that parts most fields of the first line.
func delimiterOf(data []byte) rune {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",\t;" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// findOutcome is the first column that cannot be probabilities or is called what
// outcomes are called; -1 if there is none.
func (t *distTable) findOutcome() int {
	for i := range t.header {
		if !t.numeric(i) {
			return i
		}
	}
	if len(t.header) == 1 {
		return -1
	}
	switch strings.ToLower(t.header[0]) {
	case "", "outcome", "outcomes", "face", "value", "label", "class", "category", "name", "symbol", "token", "x", "id", "index":
		return 0
	}
	// Numbers that count up, such as the faces of a die, are names.
	before := big.NewRat(-1, 1)
	for _, row := range t.cells {
		x, _, err := parseNumber(row[0])
		if err != nil || !x.IsInt() || x.Cmp(before) <= 0 {
			return -1
		}
		before = x
	}
	if len(t.cells) > 2 {
		return 0
	}
	return -1
}

func (t *distTable) numeric(i int) bool {
	for _, row := range t.cells {
		if _, _, err := parseNumber(row[i]); err != nil {
			return false
		}
	}
	return true
}

func (t *distTable) index(name string) int { return slices.Index(t.header, name) }

func (t *distTable) noColumn(name string) error {
	err := fmt.Errorf("%s: no column %q; the columns are %s", t.name, name, strings.Join(t.header, ", "))
	if near := nearest(name, t.header); near != "" {
		return hinted(err, "did you mean %q?", near)
	}
	return err
}

// pick takes the columns of p and q: those named, or the first columns of
// numbers. For q, noColumn takes none, and "" takes one only if there is one.
func (t *distTable) pick(p, q string) ([]values, error) {
	var at []int
	for _, name := range []string{p, q} {
		if name == "" || name == noColumn {
			continue
		}
		i := t.index(name)
		if i < 0 {
			return nil, t.noColumn(name)
		}
		at = append(at, i)
	}
	free := t.free(at)
	if p == "" {
		if len(free) == 0 {
			return nil, hinted(fmt.Errorf("%s: no column holds numbers", t.name), "the columns are %s; raw outcomes are read with --outcomes", strings.Join(t.header, ", "))
		}
		at = append([]int{free[0]}, at...)
		free = free[1:]
	}
	if q == "" && !t.counts && (p == "" && len(free) > 0 || len(free) == 1) {
		at = append(at, free[0])
	}
	var columns []values
	for _, i := range at {
		v, err := t.column(i)
		if err != nil {
			return nil, err
		}
		columns = append(columns, v)
	}
	return columns, nil
}

// free are the columns of numbers that are not spoken for.
func (t *distTable) free(taken []int) (free []int) {
	for i := range t.header {
		if i != t.outcome && !slices.Contains(taken, i) && t.numeric(i) {
			free = append(free, i)
		}
	}
	return free
}

// beliefs takes the columns that a list of names and patterns gives, or, without
// one, all columns of numbers but the one of what was observed.
func (t *distTable) beliefs(patterns, observed string) ([]values, error) {
	var at []int
	for _, pattern := range strings.FieldsFunc(patterns, func(c rune) bool { return c == ',' }) {
		found := false
		for i, name := range t.header {
			ok, err := path.Match(pattern, name)
			if err != nil {
				return nil, hinted(fmt.Errorf("--beliefs: %q is a broken pattern", pattern), "patterns take *, ? and [a-z]")
			}
			if name == pattern || ok && name != observed && i != t.outcome {
				found = true
				if !slices.Contains(at, i) {
					at = append(at, i)
				}
			}
		}
		if !found {
			return nil, t.noColumn(pattern)
		}
	}
	if patterns == "" {
		at = t.free([]int{t.index(observed)})
	}
	if len(at) == 0 {
		return nil, hinted(fmt.Errorf("%s: no column of beliefs", t.name), "the columns are %s", strings.Join(t.header, ", "))
	}
	var list []values
	for _, i := range at {
		v, err := t.column(i)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// column reads the numbers of a column, and the names of their outcomes.
func (t *distTable) column(i int) (values, error) {
	v := values{name: t.header[i], from: fmt.Sprintf("%s, column %d (%s)", t.name, i+1, t.header[i])}
	if i == t.outcome {
		return v, hinted(fmt.Errorf("%s: column %q names the outcomes", t.name, t.header[i]), "--outcome COL says which column does")
	}
	seen := map[string]int{}
	for row, cells := range t.cells {
		x, digits, err := parseNumber(cells[i])
		if err != nil {
			placed := fmt.Errorf("%s, row %d (line %d), column %d (%s): %w", t.name, row+1, t.line[row], i+1, t.header[i], err)
			var h *hintedError
			if errors.As(err, &h) {
				return v, hinted(placed, "%s", h.hint)
			}
			return v, placed
		}
		v.exact = append(v.exact, x)
		v.digits = max(v.digits, digits)
		if t.outcome < 0 {
			continue
		}
		label := cells[t.outcome]
		if before, twice := seen[label]; twice {
			return v, hinted(fmt.Errorf("%s: outcome %q stands in rows %d and %d", t.name, label, before, row+1), "every outcome has one row; raw outcomes are read with --outcomes")
		}
		seen[label] = row + 1
		v.labels = append(v.labels, label)
	}
	return v, nil
}

// describe says how a table was read.
func (t *distTable) describe(columns ...values) string {
	word, names := "column ", []string{}
	for _, c := range columns {
		names = append(names, strings.TrimPrefix(c.from, t.name+", column "))
	}
	if len(names) > 1 {
		word = "columns "
	}
	what := "probabilities"
	if t.counts {
		what = "counts"
	}
	outcomes := "outcomes numbered by row"
	if t.outcome >= 0 {
		outcomes = fmt.Sprintf("outcomes from column %d (%s)", t.outcome+1, t.header[t.outcome])
	}
	return fmt.Sprintf("read %s as a table of %d outcomes: %s, %s from %s", t.name, len(t.cells), outcomes, what, word+strings.Join(names, ", "))
}
