package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"surprisal/report"
)

// rawOutcomes reads one outcome per line.
func (r *distReader) rawOutcomes(arg string) (values, []int32, error) {
	v := values{}
	_, body, isFile, err := r.source(arg)
	if err != nil {
		return v, nil, fmt.Errorf("--outcomes: %w", err)
	}
	if !isFile {
		err := noFile(body)
		if _, listErr := parseList(body); listErr == nil {
			err = hinted(fmt.Errorf("no file %q", body), "--counts takes a list of how often each outcome came")
		}
		return v, nil, fmt.Errorf("--outcomes: %w", err)
	}
	f, name, err := r.open(body)
	if err != nil {
		return v, nil, err
	}
	defer f.Close()
	v.from = name
	index := map[string]int{}
	var counts []int64
	var rolls []int32
	var blank, total int64
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := int64(1); lines.Scan(); n++ {
		text := lines.Bytes()
		if n == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		text = bytes.TrimSpace(text)
		switch {
		case len(text) == 0:
			blank++
			continue
		case bytes.IndexByte(text, 0) >= 0:
			return v, nil, hinted(fmt.Errorf("%s, line %d: a NUL byte: this is not text", name, n), "outcomes are read from text, one per line")
		case !utf8.Valid(text):
			return v, nil, fmt.Errorf("%s, line %d: not UTF-8 text", name, n)
		}
		i, ok := index[string(text)]
		if !ok {
			if i = len(counts); i >= mostOutcomes {
				return v, nil, hinted(fmt.Errorf("%s: more than %d different outcomes", name, mostOutcomes), "measurements on a scale are no finite distribution")
			}
			index[string(text)] = i
			v.labels = append(v.labels, string(text))
			counts = append(counts, 0)
		}
		counts[i]++
		total++
		if r.explain {
			rolls = append(rolls, int32(i))
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return v, nil, hinted(fmt.Errorf("%s: a line is longer than 1 MB", name), "outcomes are read from text, one per line")
		}
		return v, nil, fmt.Errorf("cannot read %s: %w", name, plainCause(err))
	}
	if total == 0 {
		return v, nil, fmt.Errorf("%s: no outcomes in it", name)
	}
	if blank > 0 {
		r.warns = append(r.warns, report.Warning{Text: fmt.Sprintf("%s: blank lines are no outcomes; %d skipped", name, blank)})
	}
	if first := v.labels[0]; counts[0] == 1 && len(counts) > 2 && !isNumber(first) && !slices.ContainsFunc(v.labels[1:], func(s string) bool { return !isNumber(s) }) {
		r.warns = append(r.warns, report.Warning{
			Text: fmt.Sprintf("%s: the first line, %q, was counted as an outcome, and all others are numbers", name, first),
			Hint: "if it is a heading, leave it out: tail -n +2 FILE | surprisal dist --outcomes -",
		})
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return naturally(v.labels[a], v.labels[b]) })
	sorted, place := make([]string, len(order)), make([]int32, len(order))
	for to, from := range order {
		sorted[to], place[from] = v.labels[from], int32(to)
		v.exact = append(v.exact, new(big.Rat).SetInt64(counts[from]))
	}
	v.labels = sorted
	for i, from := range rolls {
		rolls[i] = place[from]
	}
	r.readAs = append(r.readAs, fmt.Sprintf("read %s as %d outcomes, %d different", name, total, len(counts)))
	return v, rolls, nil
}

func isNumber(s string) bool { _, err := strconv.ParseFloat(s, 64); return err == nil }

// naturally orders numbers by size, before everything else, and texts as texts.
func naturally(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return cmp.Compare(a, b)
}
