// Package report turns results into pages: one Report, made once, and its
// renderers (text, JSON, CSV, Markdown). What the numbers are is decided below;
// here they are put into the chosen unit, into order and into words.
package report

import "surprisal"

// Report is what a verb found, in a form every renderer takes.
type Report struct {
	// Data is the machine-readable result: the JSON object, field by field.
	Data Object
	// Verdict is the result in one plain sentence.
	Verdict string
	// Blocks is the result for a reader, from the headline down.
	Blocks []Block
	// Warnings are what the reader must know before using the numbers.
	Warnings []Warning
	// Notes say how the input was read and how the figures were computed.
	Notes []string
}

// Warning is one sentence, and the flag or step that helps.
type Warning struct{ Text, Hint string }

// Block is a titled part of a report: lines of prose, a table, or both.
type Block struct {
	Title string
	Lines []string
	Table *Table
	Note  string // printed under the table
}

// Table is rows of cells that were made into text once, by the builder.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Column is one column of a table. Numbers stand right-aligned on their decimal point.
type Column struct {
	Name    string
	Numeric bool
}

// Object is a JSON object whose fields keep their order.
type Object []Field

// Field is one field of an Object. Value is an Object, a []Object, []string,
// string, bool, int, int64, float64 (non-finite ones become the strings
// "Infinity", "-Infinity", "NaN"), Figure, *Figure (nil is null) or nil (null).
type Field struct {
	Name  string
	Value any
}

// Figure is a number with what belongs to it: {"value", "se", "lo", "hi", "unit", "why"}.
// Se, Lo and Hi that are NaN are left out; NaN in Value is null ("no data").
type Figure struct {
	Value, SE, Lo, Hi float64
	Unit              string // "nat", "bit", "dit", or "" for a pure number
	Why               string // why there is no error or interval, where there could have been one
}

// Nats makes the figure of an estimate held in nats, in the unit u.
func Nats(e surprisal.Estimate, u surprisal.Unit) Figure {
	return Figure{u.FromNats(e.Value), u.FromNats(e.SE), u.FromNats(e.Lo), u.FromNats(e.Hi), u.String(), e.Why}
}
