package main

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"surprisal/report"
)

// align brings all values over the same outcomes, in place, and names those.
// Values with names are matched by name; lists are matched by number where the
// names are numbers from 1, and by order otherwise.
func (r *distReader) align(all []values, counted bool, rolls []int32) ([]string, []int32, error) {
	var labels []string // of all values that have names
	known := map[string]bool{}
	named, length := "", -1
	for _, v := range all {
		if v.labels == nil {
			length = max(length, len(v.exact))
			continue
		}
		shared := 0
		for _, l := range v.labels {
			if known[l] {
				shared++
				continue
			}
			known[l] = true
			labels = append(labels, l)
		}
		if named != "" && shared == 0 {
			return nil, nil, hinted(fmt.Errorf("%s and %s have no outcome in common", named, v.from), "--outcome COL says which column names the outcomes")
		}
		named = cmp.Or(named, v.from)
	}
	if named == "" {
		for _, v := range all {
			if len(v.exact) != len(all[0].exact) {
				return nil, nil, mismatch(all[0], v)
			}
		}
		for i := range all[0].exact {
			labels = append(labels, strconv.Itoa(i+1))
		}
		return labels, rolls, nil
	}
	if length >= 0 {
		numbers := make([]string, length)
		byNumber := true
		for i := range numbers {
			numbers[i] = strconv.Itoa(i + 1)
		}
		for _, l := range labels {
			if n, err := strconv.Atoi(l); err != nil || n < 1 || n > length || l != strconv.Itoa(n) {
				byNumber = false
			}
		}
		order := "the order of the rows"
		if r.outcomes != "" {
			order = "sorted order"
		}
		if byNumber {
			labels = numbers
		} else {
			numbers = labels
			shown := labels[:min(len(labels), 6)]
			r.notes = append(r.notes, fmt.Sprintf("lists have no names for outcomes; they were matched in %s: %s", order, strings.Join(shown, ", ")+map[bool]string{true: ", …"}[len(labels) > len(shown)]))
		}
		for i, v := range all {
			if v.labels == nil {
				if len(v.exact) != len(numbers) {
					j := slices.IndexFunc(all, func(v values) bool { return v.labels != nil })
					return nil, nil, mismatch(all[j], v)
				}
				all[i].labels = numbers
			}
		}
	}
	where := map[string]int{}
	for i, l := range labels {
		where[l] = i
	}
	for k, v := range all {
		exact := make([]*big.Rat, len(labels))
		for i, l := range v.labels {
			exact[where[l]] = v.exact[i]
		}
		var missing []string
		for i, x := range exact {
			if x == nil {
				exact[i] = new(big.Rat)
				missing = append(missing, labels[i])
			}
		}
		if len(missing) > 0 && !(k == 0 && counted) {
			r.warns = append(r.warns, report.Warning{
				Text: fmt.Sprintf("%s has no outcome %s: its probability is taken to be 0", v.from, quoteSome(missing)),
			})
		}
		if k == 0 && rolls != nil {
			for i, old := range rolls {
				rolls[i] = int32(where[v.labels[old]])
			}
		}
		all[k].exact, all[k].labels = exact, labels
	}
	return labels, rolls, nil
}

func quoteSome(names []string) string {
	const most = 5
	var quoted []string
	for _, n := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(n))
	}
	if more := len(names) - most; more > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(quoted, ", ")
}

func mismatch(p, q values) error {
	err := fmt.Errorf("%s has %s, %s has %s", p.from, outcomesOf(p), q.from, outcomesOf(q))
	switch short, long := p, q; {
	case len(short.exact) == 1 || len(long.exact) == 1:
		return hinted(err, "a list has commas between outcomes, and repeats them with x: 1/6x6")
	default:
		return hinted(err, "both need the same outcomes; write 0 for one that has no probability")
	}
}

func outcomesOf(v values) string {
	if len(v.exact) == 1 {
		return "1 outcome"
	}
	return fmt.Sprintf("%d outcomes", len(v.exact))
}
