package predict

// Batch is a run of consecutive rows of one source, in typed columns. It
// belongs to the reader: a fold must not keep any part of it after returning.
type Batch struct {
	// First is the number of the first row within its source; data rows count from 1.
	First int64
	// Rows is the number of rows, K the number of value columns.
	Rows, K int
	// F32 or F64 holds the values, row by row (Rows×K, in the order of
	// Selection.Values); the other is nil. Stored float32 stays float32, so that
	// widening it is exact and happens once.
	F32 []float32
	F64 []float64
	// Columns, where it is not nil, holds the values instead: K columns of Rows
	// numbers each, float32 widened. No value is Empty or NA; one that is NaN is
	// missing, but Missing does not list it. Only readers that are asked for it by
	// Selection.ByColumn may do so.
	Columns [][]float64
	// Numbers holds one slice of Rows numbers per column of Selection.Numbers.
	Numbers [][]float64
	// Texts holds one column of Rows strings per column of Selection.Texts.
	Texts []Strings
	// Missing lists the cells of Values and Numbers that hold no number; the cell
	// itself is NaN. Ordered by row, then by column. See also [Selection.OwnNaN].
	Missing []Missing
	// Decimals is the largest number of decimals written in any value cell of the
	// batch (0.25 has 2, 1e-05 has 5); -1 where the values are not text.
	Decimals int
	// Half says that values were stored as float16, Brain that they were as bfloat16.
	Half, Brain bool
	// Keys is the key of every row in a [Joined] source; nil in others.
	Keys *Strings

	// FirstLine is the physical line of the first row, counted from 1; 0 where the
	// format has no lines. Lines, if not nil, is the line of every row (records
	// with embedded newlines); otherwise each row is one line.
	FirstLine int64
	Lines     []int64
}

// Line is the physical line on which row i of the batch begins, 0 if the format
// has no lines.
func (b *Batch) Line(i int) int64 {
	switch {
	case b.FirstLine == 0:
		return 0
	case b.Lines != nil:
		return b.Lines[i]
	}
	return b.FirstLine + int64(i)
}

// Part is the batch of the rows from one to another; the batch must have no Missing
// cells if that is not all of them. It shares the memory of b.
func (b *Batch) Part(from, to int) Batch {
	p := *b
	p.First, p.Rows = b.First+int64(from), to-from
	if b.F32 != nil {
		p.F32 = b.F32[from*b.K : to*b.K]
	}
	if b.F64 != nil {
		p.F64 = b.F64[from*b.K : to*b.K]
	}
	p.Columns, p.Numbers, p.Texts = nil, nil, nil
	for _, c := range b.Columns {
		p.Columns = append(p.Columns, c[from:to])
	}
	for _, c := range b.Numbers {
		p.Numbers = append(p.Numbers, c[from:to])
	}
	for _, s := range b.Texts {
		p.Texts = append(p.Texts, s.part(from, to))
	}
	if b.Keys != nil {
		keys := b.Keys.part(from, to)
		p.Keys = &keys
	}
	if b.FirstLine != 0 && from < to {
		p.FirstLine = b.Line(from)
	}
	if b.Lines != nil {
		p.Lines = b.Lines[from:to]
	}
	return p
}

// Strings is a column of strings in one block of bytes: string i is
// Data[Off[i]:Off[i+1]], so Off has one entry more than there are strings.
//
// Where Index is not nil, the block is a dictionary, and string i of the column is
// entry Index[i] of it. A dictionary never changes, so that two with the same first
// element of Off in memory are the same.
type Strings struct {
	Off   []int32
	Data  []byte
	Index []uint32
}

// At is string i, as bytes of the block.
func (s *Strings) At(i int) []byte {
	if s.Index != nil {
		i = int(s.Index[i])
	}
	return s.Data[s.Off[i]:s.Off[i+1]]
}

// part is the strings from one to another, in the same block.
func (s Strings) part(from, to int) Strings {
	if s.Index != nil {
		s.Index = s.Index[from:to]
	} else {
		s.Off = s.Off[from : to+1]
	}
	return s
}

// Append adds one string.
func (s *Strings) Append(b []byte) {
	if len(s.Off) == 0 {
		s.Off = append(s.Off, 0)
	}
	s.Data = append(s.Data, b...)
	s.Off = append(s.Off, int32(len(s.Data)))
}

// Reset empties the column and keeps its memory.
func (s *Strings) Reset() { s.Off, s.Data = append(s.Off[:0], 0), s.Data[:0] }

// Why says why a cell holds no number.
type Why uint8

const (
	Empty Why = iota + 1 // nothing between the delimiters
	NA                   // one of the usual marks: NA, N/A, null, None, …
	NaN                  // NaN, in text or in binary
	// Censored: all that is known of a log-probability is a bound. It is −9999, which
	// OpenAI and those who follow it write for "very unlikely", or a list of the most
	// probable tokens without the one that came. Totals over the other rows are lower
	// bounds of the surprisal.
	Censored
	// NoKey and Unmatched are said of rows of a [Joined] source: the row has no key, or
	// one that no label has.
	NoKey
	Unmatched
)

// String names the reason as the output counts it.
func (w Why) String() string {
	switch w {
	case Empty:
		return "empty"
	case NA:
		return "NA"
	case NaN:
		return "NaN"
	case Censored:
		return "censored"
	case NoKey:
		return "no key"
	case Unmatched:
		return "key not among the labels"
	}
	return "missing"
}

// Missing is one cell without a number. Row counts within the batch from 0,
// Column within the source from 0.
type Missing struct {
	Row    int32
	Column int32
	Why    Why
}
