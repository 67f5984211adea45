package report

import (
	"fmt"
	"io"
	"strings"
)

// Format is a renderer.
type Format uint8

const (
	Text Format = iota
	JSON
	CSV
	Markdown
)

// formats is the table of renderers: the flag's word, file endings that ask for
// it, and what writes it.
var formats = []struct {
	name    string
	endings []string
	write   func(*Report, io.Writer, Style) error
}{
	Text:     {"text", nil, func(r *Report, w io.Writer, s Style) error { return r.Text(w, s) }},
	JSON:     {"json", []string{".json"}, func(r *Report, w io.Writer, _ Style) error { return r.JSON(w) }},
	CSV:      {"csv", []string{".csv"}, func(r *Report, w io.Writer, _ Style) error { return r.CSV(w) }},
	Markdown: {"md", []string{".md", ".markdown"}, func(r *Report, w io.Writer, _ Style) error { return r.Markdown(w) }},
}

// Formats are the words for formats, in order.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// ParseFormat finds a format by its word.
func ParseFormat(name string) (Format, error) {
	for i, f := range formats {
		if f.name == name {
			return Format(i), nil
		}
	}
	return Text, fmt.Errorf("unknown format %q: want one of %s", name, strings.Join(Formats(), ", "))
}

// FormatOfFile is the format that a file name's ending asks for, or Text.
func FormatOfFile(path string) Format {
	for i, f := range formats {
		for _, e := range f.endings {
			if strings.HasSuffix(strings.ToLower(path), e) {
				return Format(i)
			}
		}
	}
	return Text
}

// String is the format's word.
func (f Format) String() string { return formats[f].name }

// Style is how text looks. The zero Style is plain text for any file.
type Style struct {
	Bold  bool // headlines in bold, for terminals that can
	Width int  // columns that prose is wrapped to; 0 means 100
}

// Write renders the report.
func (r *Report) Write(w io.Writer, f Format, s Style) error { return formats[f].write(r, w, s) }
