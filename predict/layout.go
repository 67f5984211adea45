package predict

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bind finds the layout's columns in src, by name where columns go by name (in
// any order) and by position otherwise. A column that is not there is an error
// that lists those that are.
func (l *Layout) Bind(src Source) (*Binding, error) {
	cols := src.Columns()
	if err := l.agree(src.Name(), cols); err != nil {
		return nil, err
	}
	at := make(map[string]int, len(cols)) // −1 for a name used twice
	for i, c := range cols {
		if _, twice := at[c.Name]; twice {
			at[c.Name] = -1
			continue
		}
		at[c.Name] = i
	}
	var firstErr error
	find := func(name string) int {
		i, ok := at[name]
		switch {
		case firstErr != nil:
		case !ok:
			firstErr = missingColumn(src.Name(), name, cols)
		case i < 0:
			firstErr = twiceNamed(src.Name(), name, cols)
		}
		return i
	}

	b := &Binding{Label: -1, Cluster: -1, ID: -1, Weight: -1, Freq: -1,
		Tokens: -1, Words: -1, Bytes: -1, OneHot: -1}
	for _, name := range l.Values {
		b.Selection.Values = append(b.Selection.Values, find(name))
	}
	if e, ok := firstErr.(*Error); ok && l.prefix != "" {
		var theirs []string
		for _, c := range cols {
			if hasPrefixFold(c.Name, l.prefix) && !notAClass(c.Name) {
				theirs = append(theirs, c.Name)
			}
		}
		if n := len(theirs); 0 < n && n < len(l.Values) {
			e.What = fmt.Sprintf("%s (%s), and the first file has %d", count(n, "value column"), listNames(theirs, 6), len(l.Values))
			e.Hint = "score files with other classes apart"
		}
	}
	text := func(name string) int {
		i := find(name)
		if at := slices.Index(b.Selection.Texts, i); at >= 0 {
			return at
		}
		b.Selection.Texts = append(b.Selection.Texts, i)
		return len(b.Selection.Texts) - 1
	}
	number := func(name string) int {
		b.Selection.Numbers = append(b.Selection.Numbers, find(name))
		return len(b.Selection.Numbers) - 1
	}
	for _, c := range []struct {
		name string
		to   *int
		add  func(string) int
	}{
		{l.Label, &b.Label, text}, {l.Cluster, &b.Cluster, text},
		{l.Weight, &b.Weight, number}, {l.Freq, &b.Freq, number},
		{l.Tokens, &b.Tokens, number}, {l.Words, &b.Words, number}, {l.Bytes, &b.Bytes, number},
	} {
		if c.name != "" {
			*c.to = c.add(c.name)
		}
	}
	for _, name := range l.By {
		b.By = append(b.By, text(name))
	}
	// A nameless first column is what data frames write for their index, so that
	// here "" may be a name.
	if i, ok := at[l.ID]; l.ID != "" || l.idNameless && ok && i >= 0 {
		b.ID = text(l.ID)
	}
	for i, name := range l.OneHot {
		at := number(name)
		if i == 0 {
			b.OneHot = at
		}
	}
	if firstErr != nil {
		return nil, firstErr
	}
	return b, nil
}

// agree checks what must agree between files before any column is looked for.
func (l *Layout) agree(file string, cols []Column) error {
	named := len(cols) > 0 && cols[0].Named
	switch {
	case l.Named && !named:
		return &Error{Source: file,
			What: fmt.Sprintf("columns have no names, but the first file's have (%s)", listNames(l.Values, 6)),
			Hint: "give every file a header with the same names"}
	case !l.Named && named:
		return &Error{Source: file,
			What: fmt.Sprintf("columns have names (%s), but the first file's have none", listColumns(cols, 6)),
			Hint: "give every file a header, or none"}
	case !l.Named && l.width > 0 && len(cols) != l.width:
		return &Error{Source: file,
			What: fmt.Sprintf("%s, but the first file has %d", count(len(cols), "column"), l.width)}
	}
	if l.prefix == "" {
		return nil
	}
	known := make(map[string]bool)
	for _, names := range [][]string{l.Values, l.OneHot, l.Ignored, l.By,
		{l.Label, l.Weight, l.Freq, l.Cluster, l.ID, l.Tokens, l.Words, l.Bytes}} {
		for _, name := range names {
			known[name] = true
		}
	}
	for i, c := range cols {
		if hasPrefixFold(c.Name, l.prefix) && !notAClass(c.Name) && !known[c.Name] {
			return &Error{Source: file, Column: i + 1, Name: c.Name,
				What: fmt.Sprintf("one value column more than the first file, which has %s", listNames(l.Values, 6)),
				Hint: "score files with other classes apart; if only some columns are classes: " + l.Form.Flag() + " COLUMNS"}
		}
	}
	return nil
}

// ExpandColumns finds the columns that a list stands for. A list is
// comma-separated; an entry is a name, a glob (p_*), or, where columns have no
// names, a number from 1 or a range of numbers (2-11). Columns come in the order
// of the list, those of a glob in the order of the file; a column that a glob
// meets again is not repeated.
func ExpandColumns(list string, cols []Column) ([]int, error) {
	// The whole list first: a name may hold a comma.
	if i, err := exactColumn(list, cols); i >= 0 || err != nil {
		if err != nil {
			return nil, err
		}
		return []int{i}, nil
	}
	var out []int
	seen := make([]bool, len(cols))
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			return nil, &Error{What: fmt.Sprintf("empty name in the list of columns %s", quote(list))}
		}
		i, err := exactColumn(entry, cols)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			if seen[i] {
				return nil, &Error{What: fmt.Sprintf("column %s is named twice in %s", quote(entry), quote(list))}
			}
			seen[i] = true
			out = append(out, i)
			continue
		}
		if lo, hi, ok := numberRange(entry); ok && !(len(cols) > 0 && cols[0].Named) {
			if lo < 1 || hi > len(cols) || lo > hi {
				return nil, &Error{
					What: fmt.Sprintf("no columns %s: there are %d", entry, len(cols)),
					Hint: "columns are numbered from 1"}
			}
			for i := lo - 1; i < hi; i++ {
				if !seen[i] {
					seen[i] = true
					out = append(out, i)
				}
			}
			continue
		}
		if !strings.ContainsAny(entry, "*?[") {
			return nil, missingColumn("", entry, cols)
		}
		// A name may hold a slash, at which path.Match would stop.
		pattern, found := strings.ReplaceAll(entry, "/", "\x00"), false
		for i, c := range cols {
			ok, err := path.Match(pattern, strings.ReplaceAll(c.Name, "/", "\x00"))
			if err != nil {
				return nil, &Error{What: fmt.Sprintf("bad pattern %s", quote(entry)),
					Hint: "* stands for any characters, ? for one, [a-c] for one of a set"}
			}
			if !ok {
				continue
			}
			found = true
			if !seen[i] {
				seen[i] = true
				out = append(out, i)
			}
		}
		if !found {
			return nil, &Error{What: fmt.Sprintf("no column matches %s; the columns are %s",
				quote(entry), listColumns(cols, 12))}
		}
	}
	return out, nil
}

// exactColumn is the column of that very name, −1 if there is none.
func exactColumn(name string, cols []Column) (int, error) {
	at := -1
	for i, c := range cols {
		if c.Name != name {
			continue
		}
		if at >= 0 {
			return -1, twiceNamed("", name, cols)
		}
		at = i
	}
	return at, nil
}

// numberRange reads "3" or "2-11".
func numberRange(s string) (lo, hi int, ok bool) {
	a, b, dash := strings.Cut(s, "-")
	lo, err := strconv.Atoi(a)
	if err != nil || a[0] == '+' {
		return 0, 0, false
	}
	if !dash {
		return lo, lo, true
	}
	hi, err = strconv.Atoi(b)
	if err != nil || b[0] == '+' || b[0] == '-' {
		return 0, 0, false
	}
	return lo, hi, true
}

func missingColumn(file, name string, cols []Column) *Error {
	if len(cols) > 0 && !cols[0].Named {
		return &Error{Source: file,
			What: fmt.Sprintf("no column %s: columns have no names here, and there are %d", quote(name), len(cols)),
			Hint: "give columns by number, from 1"}
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	e := &Error{Source: file,
		What: fmt.Sprintf("no column %s; the columns are %s", quote(name), listColumns(cols, 12))}
	if near := Nearest(name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", quote(near))
	}
	return e
}

func twiceNamed(file, name string, cols []Column) *Error {
	var at []string
	for i, c := range cols {
		if c.Name == name {
			at = append(at, strconv.Itoa(i+1))
		}
	}
	return &Error{Source: file,
		What: fmt.Sprintf("several columns are called %s (columns %s)", quote(name), listNames(at, 6)),
		Hint: "rename all but one in the header"}
}

// Nearest is the option that name is probably a slip for, "" if none is near:
// equal but for case, or at most two edits away.
func Nearest(name string, options []string) string {
	for _, o := range options {
		if strings.EqualFold(name, o) {
			return o
		}
	}
	limit := 2
	if utf8.RuneCountInString(name) <= 3 {
		limit = 1
	}
	best := ""
	for _, o := range options {
		if d := editDistance(name, o, limit); d <= limit {
			best, limit = o, d-1
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b; more than limit is limit+1.
func editDistance(a, b string, limit int) int {
	if limit < 0 || len(a) > 256 || len(b) > 256 {
		return limit + 1
	}
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	before, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(y)], limit+1)
}

// listNames gives at most max names, the middle left out.
func listNames(names []string, max int) string {
	if len(names) <= max {
		return strings.Join(shorten(names), ", ")
	}
	return strings.Join(shorten(names[:max-1]), ", ") + ", … " + shorten(names[len(names)-1:])[0] +
		fmt.Sprintf(" (%d in all)", len(names))
}

func listColumns(cols []Column, max int) string {
	if len(cols) == 0 {
		return "none"
	}
	if !cols[0].Named {
		return fmt.Sprintf("numbered 1 to %d", len(cols))
	}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return listNames(names, max)
}

// shorten makes names fit to be shown in a list: plain where they can be.
func shorten(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n
		if n == "" || utf8.RuneCountInString(n) > 40 || strings.ContainsFunc(n, func(r rune) bool {
			return r == ',' || r == '"' || !strconv.IsPrint(r)
		}) || strings.TrimSpace(n) != n {
			out[i] = quote(n)
		}
	}
	return out
}

// quote shows what a file or a user wrote: quoted, and not longer than a line can bear.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s[:min(len(s), 4*most)])[:most-1]) + "…"
	}
	return strconv.Quote(s)
}

func count(n int, noun string) string {
	return strconv.Itoa(n) + " " + plural(n, noun)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
