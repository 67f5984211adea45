package score

import "sort"

// firstRows keeps the first few rows of a kind, whatever the order in which they
// come: by input, then by row.
type firstRows struct {
	count int64
	refs  []RowRef
}

// keepFirst is how many rows are named; past that the count must do.
const keepFirst = 5

func (f *firstRows) add(r RowRef) {
	f.count++
	f.keep(r)
}

func (f *firstRows) keep(r RowRef) {
	if len(f.refs) == keepFirst && !r.before(f.refs[keepFirst-1]) {
		return
	}
	at := sort.Search(len(f.refs), func(i int) bool { return r.before(f.refs[i]) })
	f.refs = append(f.refs, RowRef{})
	copy(f.refs[at+1:], f.refs[at:])
	f.refs[at] = r
	if len(f.refs) > keepFirst {
		f.refs = f.refs[:keepFirst]
	}
}

func (f *firstRows) merge(o *firstRows) {
	f.count += o.count
	for _, r := range o.refs {
		f.keep(r)
	}
}

// before orders rows by input, then by row.
func (r RowRef) before(o RowRef) bool {
	if r.Input != o.Input {
		return r.Input < o.Input
	}
	return r.Row < o.Row
}

// worstRows keeps the rows that cost most; ties go to the earlier row. The
// worst comes first.
type worstRows struct {
	keep int
	rows []WorstRow
}

// beats reports whether a row that cost nats could enter the list.
func (w *worstRows) beats(nats float64) bool {
	return w.keep > 0 && (len(w.rows) < w.keep || nats >= w.rows[len(w.rows)-1].Nats)
}

func (w *worstRows) add(r WorstRow) {
	at := sort.Search(len(w.rows), func(i int) bool {
		o := &w.rows[i]
		return o.Nats < r.Nats || o.Nats == r.Nats && r.before(o.RowRef)
	})
	if at == w.keep {
		return
	}
	w.rows = append(w.rows, WorstRow{})
	copy(w.rows[at+1:], w.rows[at:])
	w.rows[at] = r
	if len(w.rows) > w.keep {
		w.rows = w.rows[:w.keep]
	}
}

func (w *worstRows) merge(o *worstRows) {
	for _, r := range o.rows {
		w.add(r)
	}
}
