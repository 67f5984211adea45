package score

import (
	mathbits "math/bits"
	"slices"

	"surprisal/loss"
	"surprisal/predict"
)

// columnRows is quickRows for batches whose values lie column by column: all rows of
// the batch at once. Rows with something odd about them are put together and go the
// general way; the others get the same bits as there, too.
type columnRows struct {
	class            []int32
	sum, prob, brier []float64
	odd, hit         []uint8
	row              []float64 // rows put together

	// Rows turned into columns, a block at a time, and how many batches more are not
	// because the last had too many odd rows.
	turned  []float64
	columns [][]float64
	pause   int
}

// fewColumns is up to how many columns rows are summed up value by value, in order.
const fewColumns = 16

// byColumn reports whether values may come column by column.
func (f *fold) byColumn() bool {
	return f.layout.Form == predict.Probabilities && f.quickly() && len(f.layout.Values) <= fewColumns
}

// addColumns folds a batch whose values lie column by column.
func (f *fold) addColumns(b *predict.Batch) error {
	c, n := &f.columns, b.Rows
	if len(b.Missing) > 0 { // of rows that found no label
		return f.addTransposed(b, 0, n)
	}
	c.class = f.classesOf(c.class, b)
	class := c.class
	for _, s := range []*[]float64{&c.sum, &c.prob, &c.brier} {
		*s = slices.Grow((*s)[:0], n)[:n]
	}
	c.odd = slices.Grow(c.odd[:0], (n+7)/8)[:(n+7)/8]
	c.hit = slices.Grow(c.hit[:0], (n+7)/8)[:(n+7)/8]
	defect := loss.ProbColumns(b.Columns, class, leastTolerance, c.sum, c.prob, c.brier, c.odd, c.hit)
	signs := int32(0)
	for _, k := range class {
		signs |= k
	}
	if signs < 0 {
		for i, k := range class {
			if k < 0 {
				c.odd[i/8] |= 1 << (i % 8)
			}
		}
	}
	if b.K == 2 { // (p − y)² of the second class
		second := b.Columns[1][:n]
		for i, q := range second {
			d := q - float64(class[i])
			c.brier[i] = d * d
		}
	}
	odd, hits := 0, 0
	for i, o := range c.odd {
		odd += mathbits.OnesCount8(o)
		hits += mathbits.OnesCount8(c.hit[i] &^ o)
	}
	if odd > n/8 {
		c.pause = 32
		return f.addTransposed(b, 0, n)
	}
	for j, o := range c.odd {
		for ; o != 0; o &= o - 1 {
			i := 8*j + mathbits.TrailingZeros8(o)
			if err := f.addTransposed(b, i, i+1); err != nil {
				return err
			}
		}
	}
	f.read += int64(n - odd)
	f.plain.hits[0] += int64(n - odd - hits)
	f.plain.hits[1] += int64(hits)
	if d := &f.defects; defect > d.largest || defect == d.largest && (!d.seen || f.ref(b, 0).before(d.at)) {
		for i, sum := range c.sum {
			if c.odd[i/8]>>(i%8)&1 == 0 {
				d.add(sum, f.ref(b, i))
			}
		}
	}
	q := &f.quick
	if odd == 0 { // the rows are at hand as they are needed
		q.nats = slices.Grow(q.nats[:0], n)[:n]
		loss.Probs(q.nats, c.prob)
		f.bookQuick(b, nil, c.prob, q.nats)
		plain := f.plain
		f.plain.class, f.plain.nats, f.plain.brier = class, q.nats, c.brier
		f.plain.flush(f.classes, &f.total, true)
		plain.hits, plain.sorted, plain.start = f.plain.hits, f.plain.sorted, f.plain.start
		f.plain, q.nats = plain, q.nats[:0]
		return nil
	}
	q.row, q.class, q.prob, q.brier = slices.Grow(q.row[:0], n), slices.Grow(q.class[:0], n), slices.Grow(q.prob[:0], n), slices.Grow(q.brier[:0], n)
	for i := range n {
		if c.odd[i/8]>>(i%8)&1 == 0 {
			q.row, q.class = append(q.row, int32(i)), append(q.class, class[i])
			q.prob, q.brier = append(q.prob, c.prob[i]), append(q.brier, c.brier[i])
		}
	}
	f.finishQuick(b)
	f.plain.flush(f.classes, &f.total, true)
	return nil
}

// groupFew puts numbers into groups by class, of which there are few, and gives
// where each group ends. The first half of the rows and the second are counted and
// placed apart, because rows of one class must wait for each other; in a group they
// are in no order.
func groupFew(class []int32, x, grouped []float64) (ends [fewColumns]int32) {
	const mask = fewColumns - 1
	half := len(class) / 2
	firstClass, secondClass := class[:half], class[half:]
	var first, second [fewColumns]int32
	for i, c := range firstClass {
		first[c&mask]++
		second[secondClass[i]&mask]++
	}
	if len(secondClass) > half {
		second[secondClass[half]&mask]++
	}
	at := int32(0)
	for c := range ends {
		n, m := first[c], second[c]
		first[c], second[c] = at, at+n
		at += n + m
		ends[c] = at
	}
	firstX, secondX := x[:half], x[half:len(class)]
	for i, c := range firstClass {
		c, k := c&mask, secondClass[i]&mask
		grouped[first[c]] = firstX[i]
		first[c]++
		grouped[second[k]] = secondX[i]
		second[k]++
	}
	if len(secondClass) > half {
		grouped[second[secondClass[half]&mask]] = secondX[half]
	}
	return ends
}

// addTransposed folds the rows from one to another of a batch by column.
func (f *fold) addTransposed(b *predict.Batch, from, to int) error {
	part := b.Part(from, to)
	part.Columns = nil
	f.columns.row = slices.Grow(f.columns.row[:0], part.Rows*b.K)[:part.Rows*b.K]
	part.F64 = f.columns.row
	for k, column := range b.Columns {
		at := k
		for _, x := range column[from:to] {
			part.F64[at] = x
			at += b.K
		}
	}
	return addRows(f, &part, part.F64)
}

// turnRows is how many rows are turned into columns at a time: both stay in the cache.
const turnRows = 2048

// turns reports whether a batch of rows is better turned into columns.
func (f *fold) turns(b *predict.Batch) bool {
	if len(b.Missing) > 0 || b.K < 2 || b.Rows < 16 || !f.byColumn() {
		return false
	}
	if f.columns.pause > 0 {
		f.columns.pause--
		return false
	}
	return true
}

// addTurned folds a batch of rows, turned into columns.
func addTurned[T loss.Float](f *fold, b *predict.Batch, values []T) error {
	c := &f.columns
	if len(c.turned) < turnRows*b.K {
		c.turned = make([]float64, turnRows*b.K)
		c.columns = make([][]float64, b.K)
	}
	for from := 0; from < b.Rows; from += turnRows {
		part := b.Part(from, min(from+turnRows, b.Rows))
		rows := values[from*b.K : (from+part.Rows)*b.K]
		for k := range c.columns {
			c.columns[k] = c.turned[k*turnRows:][:part.Rows]
		}
		i := 0
		for ; i+4 <= part.Rows; i += 4 { // so that neighbours are written together
			r0 := rows[i*b.K:][:b.K]
			r1, r2, r3 := rows[(i+1)*b.K:][:len(r0)], rows[(i+2)*b.K:][:len(r0)], rows[(i+3)*b.K:][:len(r0)]
			for k, x := range r0 {
				to := c.turned[k*turnRows+i:][:4]
				to[0], to[1], to[2], to[3] = float64(x), float64(r1[k]), float64(r2[k]), float64(r3[k])
			}
		}
		for ; i < part.Rows; i++ {
			row := rows[i*b.K : (i+1)*b.K]
			for k, x := range row {
				c.turned[k*turnRows+i] = float64(x)
			}
		}
		part.F32, part.F64, part.Columns = nil, nil, c.columns
		if err := f.addColumns(&part); err != nil {
			return err
		}
	}
	return nil
}
