package predict

import (
	"fmt"
	"strings"
)

// Error is trouble with data: where it is, what was found there, what was
// expected, and what may help.
type Error struct {
	Source string // file as the user named it
	Row    int64  // data row from 1; 0 if the trouble is not in a row
	Line   int64  // physical line from 1; 0 if unknown
	Column int    // column from 1; 0 if the trouble is not in a column
	Name   string // name of the column, if it has one
	What   string // what was found, and what was expected
	Hint   string // what the user may do about it; "" if nothing comes to mind
	Err    error  // the cause, if another error is one
}

// Error gives place and trouble in one line, without the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	sep := ": "
	if e.Source == "" {
		sep = ""
	}
	part := func(format string, args ...any) {
		b.WriteString(sep)
		fmt.Fprintf(&b, format, args...)
		sep = ", "
	}
	if e.Row > 0 {
		part("row %d", e.Row)
		if e.Line > 0 {
			fmt.Fprintf(&b, " (line %d)", e.Line)
		}
	} else if e.Line > 0 {
		part("line %d", e.Line)
	}
	if e.Column > 0 {
		part("column %d", e.Column)
		if e.Name != "" {
			fmt.Fprintf(&b, " (%s)", e.Name)
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if e.Err != nil {
		if e.What != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
