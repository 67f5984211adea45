package score

import (
	"context"
	"math"
	"strconv"
	"sync"

	"surprisal/predict"
)

// table is a source in memory: the slow, obvious twin of a file reader. It hands
// out batches of the given number of rows, in parallel.
type table struct {
	names []string
	rows  [][]string
	batch int
}

func (t *table) Name() string   { return "table" }
func (t *table) Format() string { return "memory" }
func (t *table) Close() error   { return nil }
func (t *table) Columns() []predict.Column {
	var cols []predict.Column
	for _, n := range t.names {
		cols = append(cols, predict.Column{Name: n, Named: true})
	}
	return cols
}
func (t *table) Sample() predict.Sample { return sample{t} }

type sample struct{ *table }

func (s sample) Rows() int                { return min(1000, len(s.rows)) }
func (s sample) Text(row, col int) string { return s.rows[row][col] }
func (s sample) Number(row, col int) (float64, bool) {
	x, _, ok := number(s.rows[row][col])
	return x, ok
}

func number(s string) (x float64, why predict.Why, ok bool) {
	switch s {
	case "":
		return math.NaN(), predict.Empty, true
	case "NA":
		return math.NaN(), predict.NA, true
	case "NaN", "nan":
		return math.NaN(), predict.NaN, true
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, 0, err == nil
}

func (t *table) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	size := max(1, t.batch)
	work := make(chan int)
	errs := make([]error, len(t.rows)/size+1)
	var wait sync.WaitGroup
	for worker := range threads {
		wait.Go(func() {
			for at := range work {
				errs[at/size] = fold(worker, t.make(sel, at, min(at+size, len(t.rows))))
			}
		})
	}
	for at := 0; at < len(t.rows); at += size {
		work <- at
	}
	close(work)
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return int64(len(t.rows)), ctx.Err()
}

func (t *table) make(sel predict.Selection, from, to int) *predict.Batch {
	b := &predict.Batch{First: int64(from) + 1, Rows: to - from, K: len(sel.Values), Decimals: -1, F64: []float64{},
		Numbers: make([][]float64, len(sel.Numbers)), Texts: make([]predict.Strings, len(sel.Texts))}
	for i := from; i < to; i++ {
		cell := func(col int) float64 {
			x, why, ok := number(t.rows[i][col])
			if !ok {
				panic("not a number: " + t.rows[i][col])
			}
			if why != 0 {
				b.Missing = append(b.Missing, predict.Missing{Row: int32(i - from), Column: int32(col), Why: why})
			}
			return x
		}
		for _, col := range sel.Values {
			b.F64 = append(b.F64, cell(col))
			if _, after, ok := cut(t.rows[i][col]); ok {
				b.Decimals = max(b.Decimals, len(after))
			}
		}
		for j, col := range sel.Numbers {
			b.Numbers[j] = append(b.Numbers[j], cell(col))
		}
		for j, col := range sel.Texts {
			b.Texts[j].Append([]byte(t.rows[i][col]))
		}
	}
	return b
}

func cut(s string) (before, after string, ok bool) {
	for i := range s {
		if s[i] == '.' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// input makes the table an input.
func (t *table) input() Input {
	return Input{Name: "table", Open: func(context.Context) (predict.Source, error) { return t, nil }}
}

// column adds a column to the right.
func (t *table) column(name string, cells []string) {
	t.names = append(t.names, name)
	for i, c := range cells {
		if i == len(t.rows) {
			t.rows = append(t.rows, nil)
		}
		t.rows[i] = append(t.rows[i], c)
	}
}
