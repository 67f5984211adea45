package report

import (
	"bytes"
	"io"
	"strings"
)

// Markdown writes the report as GitHub-flavoured Markdown, to paste into an
// issue or a pull request.
func (r *Report) Markdown(w io.Writer) error {
	var out bytes.Buffer
	para := func(s string) {
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(s)
		out.WriteByte('\n')
	}
	if r.Verdict != "" {
		para("**" + escapeMarkdown(r.Verdict) + "**")
	}
	for _, b := range r.Blocks {
		if b.Title != "" {
			para("### " + escapeMarkdown(b.Title))
		}
		for _, l := range b.Lines {
			if strings.HasPrefix(l, " ") {
				para("```text\n" + strings.ReplaceAll(clean(l), "```", "'''") + "\n```")
				continue
			}
			para(escapeMarkdown(l))
		}
		if b.Table != nil {
			para(markdownTable(b.Table))
		}
		if b.Note != "" {
			para(escapeMarkdown(b.Note))
		}
	}
	if len(r.Warnings) > 0 {
		para("### Warnings")
		out.WriteByte('\n')
		for _, warn := range r.Warnings {
			out.WriteString("- " + escapeMarkdown(sentence(warn)) + "\n")
		}
	}
	if len(r.Notes) > 0 {
		para("### How this was read and computed")
		out.WriteByte('\n')
		for _, n := range r.Notes {
			out.WriteString("- " + escapeMarkdown(n) + "\n")
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

func markdownTable(t *Table) string {
	tab := *t
	tab.Rows = nil
	for _, row := range t.Rows {
		cells := make([]string, len(t.Columns))
		for c := range cells {
			if c < len(row) {
				cells[c] = escapeMarkdown(row[c])
			}
		}
		tab.Rows = append(tab.Rows, cells)
	}
	var b strings.Builder
	for _, c := range tab.Columns {
		b.WriteString("| " + escapeMarkdown(c.Name) + " ")
	}
	b.WriteString("|\n")
	for _, c := range tab.Columns {
		if c.Numeric {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString("|")
	for _, row := range tab.Rows {
		b.WriteByte('\n')
		for _, cell := range row {
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|")
	}
	return b.String()
}

// escapeMarkdown makes a text mean itself: no markup, no HTML, no new table cell.
var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "#", `\#`, "~", `\~`, "&", "&amp;")

func escapeMarkdown(s string) string { return markdownEscapes.Replace(clean(s)) }

// sentence is a warning with its hint, in one line.
func sentence(w Warning) string {
	if w.Hint == "" {
		return w.Text
	}
	return w.Text + " (hint: " + w.Hint + ")"
}
