package predict

import "context"

// Source is one open input: a file, or standard input.
type Source interface {
	// Name is the path as the user gave it, or "-".
	Name() string
	// Format is the name of the format in the table of formats, with the
	// compression where there is one: "csv", "csv.gz", "npy".
	Format() string
	// Columns describes the columns, left to right.
	Columns() []Column
	// Sample gives the first rows, at most 1,000, on which decisions rest.
	Sample() Sample
	// Read delivers every row to fold, in batches, from as many as threads
	// goroutines at once; worker counts from 0 and never runs twice at the same
	// time. It may be called once. It returns the number of rows.
	//
	// The rows of a batch are consecutive, each row is in exactly one batch, and
	// the values do not depend on threads. If rows are bad, or fold fails, the
	// error is that of the earliest such row whatever the number of threads, and
	// every earlier row has been folded.
	Read(ctx context.Context, sel Selection, threads int, fold Fold) (rows int64, err error)
	// Close releases the input.
	Close() error
}

// Fold takes one batch. An error of type *[Error] with its Row set keeps that row.
type Fold func(worker int, b *Batch) error

// Column is one column of a source.
type Column struct {
	// Name is the column's name; where the format has none (Named is false) it is
	// the column's number, from 1.
	Name  string
	Named bool
	// Numeric says the format itself promises numbers (NPY). Text formats do not.
	Numeric bool
	// Integer says the numbers are stored as integers or booleans.
	Integer bool
}

// Sample is the first rows of a source.
type Sample interface {
	// Rows is how many rows there are in the sample; all of them if the source has
	// fewer than 1,000.
	Rows() int
	// Text is the cell as written.
	Text(row, col int) string
	// Number is the cell as a number; ok is false if it is text that is not a
	// number. Cells that are empty, NA or NaN are NaN and ok.
	Number(row, col int) (x float64, ok bool)
}

// Selection says which columns to read, by number from 0, and as what. Columns
// not named are skipped (but a short or a long row is still an error).
type Selection struct {
	Values  []int // the matrix of values, in this order
	Numbers []int // further columns of numbers
	Texts   []int // columns of strings

	// ByColumn says that batches with Columns are welcome.
	ByColumn bool
	// OwnNaN says that the fold looks for NaN among the values itself: those that are
	// stored as numbers need not be listed as missing, which saves a look at each.
	OwnNaN bool
}
