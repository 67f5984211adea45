package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	defaultWidth = 100
	widestCell   = 48 // longer texts in tables are cut
	columnGap    = "  "
	tableIndent  = "  "
)

// Text writes the report for a reader: verdict, blocks, warnings, notes. Lines
// have no trailing spaces, and characters that would steer a terminal are shown,
// not sent.
func (r *Report) Text(w io.Writer, s Style) error {
	t := textWriter{style: s}
	if t.style.Width <= 0 {
		t.style.Width = defaultWidth
	}
	if r.Verdict != "" {
		t.prose(r.Verdict, "", "", true)
	}
	for _, b := range r.Blocks {
		t.gap()
		if b.Title != "" {
			t.line(t.bold(clean(b.Title)))
		}
		for _, l := range b.Lines {
			t.prose(l, tableIndent, tableIndent, false)
		}
		if b.Table != nil {
			t.table(b.Table)
		}
		if b.Note != "" {
			t.prose(b.Note, tableIndent, tableIndent, false)
		}
	}
	if len(r.Warnings) > 0 {
		t.gap()
		t.line(t.bold("Warnings"))
		for _, warn := range r.Warnings {
			t.prose(warn.Text, tableIndent+"! ", tableIndent+"  ", false)
			if warn.Hint != "" {
				t.prose("hint: "+warn.Hint, tableIndent+"  ", tableIndent+"  ", false)
			}
		}
	}
	if len(r.Notes) > 0 {
		t.gap()
		t.line(t.bold("How this was read and computed"))
		for _, n := range r.Notes {
			t.prose(n, tableIndent, tableIndent+"  ", false)
		}
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

type textWriter struct {
	out   bytes.Buffer
	style Style
}

func (t *textWriter) bold(s string) string {
	if !t.style.Bold {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

// gap is an empty line between parts, none at the top.
func (t *textWriter) gap() {
	if t.out.Len() > 0 {
		t.out.WriteByte('\n')
	}
}

func (t *textWriter) line(s string) {
	t.out.WriteString(strings.TrimRight(s, " "))
	t.out.WriteByte('\n')
}

// prose wraps a paragraph at the style's width. Lines that start with a space
// are taken as they are.
func (t *textWriter) prose(s, first, rest string, bold bool) {
	for _, para := range strings.Split(s, "\n") {
		if strings.HasPrefix(para, " ") {
			t.line(rest + clean(para))
			continue
		}
		for _, l := range wrap(clean(para), first, rest, t.style.Width) {
			if bold {
				l = t.bold(l)
			}
			t.line(l)
		}
		first = rest
	}
}

// wrap breaks a paragraph between words. Numbers keep their percent sign.
func wrap(s, first, rest string, width int) []string {
	words := strings.Fields(strings.ReplaceAll(s, " %", "\u00a0%"))
	var lines []string
	line, empty := first, true
	for _, w := range words {
		w = strings.ReplaceAll(w, "\u00a0", " ")
		switch {
		case empty:
			line += w
		case displayWidth(line)+1+displayWidth(w) > width:
			lines = append(lines, line)
			line = rest + w
		default:
			line += " " + w
		}
		empty = false
	}
	return append(lines, line)
}

// table writes a header and rows. Numbers of a column stand on their decimal
// points; other texts stand left.
func (t *textWriter) table(tab *Table) {
	lines := layOut(tab, func(s string) string { return cut(clean(s), widestCell) })
	if header := strings.TrimRight(lines[0], " "); header != "" {
		t.line(tableIndent + t.bold(header))
	}
	for _, l := range lines[1:] {
		t.line(tableIndent + l)
	}
}

// layOut makes one line of the header and one of each row.
func layOut(tab *Table, show func(string) string) []string {
	lines := make([]string, 1+len(tab.Rows))
	for c, col := range tab.Columns {
		cells := make([]string, len(tab.Rows))
		for i, row := range tab.Rows {
			if c < len(row) {
				cells[i] = show(row[c])
			}
		}
		name := show(col.Name)
		if col.Numeric {
			cells = onPoint(cells)
		}
		width := displayWidth(name)
		for _, cell := range cells {
			width = max(width, displayWidth(cell))
		}
		for i, cell := range append([]string{name}, cells...) {
			pad := strings.Repeat(" ", width-displayWidth(cell))
			if c > 0 {
				lines[i] += columnGap
			}
			if col.Numeric {
				lines[i] += pad + cell
			} else {
				lines[i] += cell + pad
			}
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// onPoint pads numbers on the right so that, set flush right, their decimal
// points are in one column. What is not a number is left alone.
func onPoint(cells []string) []string {
	widest := 0
	tails := make([]int, len(cells))
	for i, c := range cells {
		tails[i] = -1
		if n := integerPart(c); n > 0 {
			tails[i] = displayWidth(c[n:])
			widest = max(widest, tails[i])
		}
	}
	out := make([]string, len(cells))
	for i, c := range cells {
		if tails[i] >= 0 {
			c += strings.Repeat(" ", widest-tails[i])
		}
		out[i] = c
	}
	return out
}

// integerPart is the length of the sign and digits that a number starts with; 0
// if s does not start with a number.
func integerPart(s string) int {
	i := 0
	for i < len(s) && (s[i] == '-' || s[i] == '+' || s[i] == '<' || s[i] == '>') {
		i++
	}
	start := i
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == ',') {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

func displayWidth(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return text.StringWidth(s)
		}
	}
	return len(s)
}

// cut shortens a text to a width, and shows that it did.
func cut(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	return text.Trim(s, width-1) + "…"
}

// clean shows control characters and broken UTF-8 as escapes, so that names from
// a file cannot steer the terminal that prints them.
func clean(s string) string {
	for _, r := range s {
		if unsafe(r) {
			return escaped(s)
		}
	}
	return s
}

// unsafe reports runes that must not reach a terminal as they are: controls,
// broken UTF-8, and the marks that reverse the direction of writing.
func unsafe(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func escaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r < utf8.RuneSelf && unsafe(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unsafe(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
