package info

import (
	"fmt"
	"math"

	"surprisal/internal/kernel"
)

// The functions below take the joint distribution of two variables as a table:
// table[x][y] is the probability that X is x and Y is y, so X runs over the rows
// and Y over the columns. Rows of different lengths panic. The numbers are not
// checked otherwise, as for [Entropy]; see [Table] for the form that is.

// Joint is the joint entropy H(X, Y) of a table: Σ −p(x, y)·log p(x, y).
func Joint(table [][]float64) float64 {
	if columns(table) == 0 {
		return math.NaN()
	}
	flat := make([]float64, 0, len(table)*len(table[0]))
	for _, row := range table {
		flat = append(flat, row...)
	}
	return mixed(flat, flat)
}

// Conditional is the conditional entropy H(Y | X) of the columns given the rows:
// how uncertain Y remains to somebody who is told X. [Transpose] the table for
// H(X | Y).
func Conditional(table [][]float64) float64 {
	if columns(table) == 0 {
		return math.NaN()
	}
	var room few
	var x, whole [block]float64
	s := sumsOf(len(table)*len(table[0]), &room)
	for _, row := range table {
		t := Sum(row)
		for len(row) > 0 {
			n := min(len(row), block)
			for i := range whole[:n] {
				whole[i] = t
			}
			kernel.LogRatioSlice(x[:n], whole[:n], row[:n])
			for i, v := range row[:n] {
				if v == 0 {
					x[i] = 0
				}
			}
			s = s.addProducts(row[:n], x[:n])
			row = row[n:]
		}
	}
	return s.value()
}

// MutualInformation is I(X; Y), the raw sum Σ p(x, y)·log(p(x, y)/(p(x)·p(y))):
// what either variable tells about the other. It is the [KL] divergence of
// independence from the table; like it, the raw sum may be a rounding error below
// 0 where X and Y are independent, and [Table.MutualInformation] may not.
func MutualInformation(table [][]float64) float64 {
	if columns(table) == 0 {
		return math.NaN()
	}
	joint, apart := independence(table)
	return KL(joint, apart)
}

// Marginals returns the distribution of X, the sums of the rows, and that of Y,
// the sums of the columns.
func Marginals(table [][]float64) (rows, cols []float64) {
	rows = make([]float64, len(table))
	cols = make([]float64, columns(table))
	for y, col := range Transpose(table) {
		cols[y] = Sum(col)
	}
	for x, row := range table {
		rows[x] = Sum(row)
	}
	return rows, cols
}

// Transpose returns the table with X and Y exchanged.
func Transpose(table [][]float64) [][]float64 {
	t := make([][]float64, columns(table))
	for y := range t {
		t[y] = make([]float64, len(table))
		for x, row := range table {
			t[y][x] = row[y]
		}
	}
	return t
}

// independence lays out the cells of a table, and what they would be if X and Y
// had nothing to do with each other.
func independence(table [][]float64) (joint, apart []float64) {
	rows, cols := Marginals(table)
	for x, row := range table {
		for y, v := range row {
			joint = append(joint, v)
			apart = append(apart, rows[x]*cols[y])
		}
	}
	return joint, apart
}

func columns(table [][]float64) int {
	if len(table) == 0 {
		return 0
	}
	for x, row := range table {
		if len(row) != len(table[0]) {
			panic(fmt.Sprintf("info: row %d of the table has %d columns, row 1 has %d", x+1, len(row), len(table[0])))
		}
	}
	return len(table[0])
}

// Table is the joint distribution of two variables, known to be one: X over the
// rows, Y over the columns.
type Table struct{ cells [][]float64 }

// NewTable makes a Table of table[x][y], or says what keeps it from being a joint
// distribution, in the manner of [New].
func NewTable(table [][]float64) (Table, error) {
	if columns(table) == 0 {
		return Table{}, &Defect{Kind: NoOutcomes}
	}
	width := len(table[0])
	flat := make([]float64, 0, len(table)*width)
	for _, row := range table {
		flat = append(flat, row...)
	}
	if err := Check(flat); err != nil {
		return Table{}, err
	}
	t := Table{make([][]float64, len(table))}
	for x := range t.cells {
		t.cells[x] = flat[x*width : (x+1)*width : (x+1)*width]
	}
	return t, nil
}

// Entropy is the joint entropy H(X, Y).
func (t Table) Entropy() float64 { return clamp(Joint(t.cells)) }

// RowEntropy is H(X), the entropy of the sums of the rows.
func (t Table) RowEntropy() float64 {
	rows, _ := Marginals(t.cells)
	return clamp(Entropy(rows))
}

// ColumnEntropy is H(Y), the entropy of the sums of the columns.
func (t Table) ColumnEntropy() float64 {
	_, cols := Marginals(t.cells)
	return clamp(Entropy(cols))
}

// ConditionalEntropy is H(Y | X), of the columns given the rows.
func (t Table) ConditionalEntropy() float64 { return clamp(Conditional(t.cells)) }

// MutualInformation is I(X; Y), never negative.
func (t Table) MutualInformation() float64 {
	joint, apart := independence(t.cells)
	return generalisedKL(joint, apart)
}

// Transpose returns the table with X and Y exchanged.
func (t Table) Transpose() Table { return Table{Transpose(t.cells)} }
