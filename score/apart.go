package score

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"surprisal/predict"
)

// apartLabels are labels that stand in files of their own, in the order of the rows of
// predictions. They are read while the predictions are, somewhat ahead of them, and
// dropped when their rows are folded.
//
// It cannot come to a standstill. Labels wait only where they are not yet asked for and
// there are plenty of others, and a reader delivers earlier rows without waiting for
// later ones.
type apartLabels struct {
	inputs []LabelsInput
	cancel func()
	over   chan struct{} // closed when nothing is read any more

	mu      sync.Mutex
	changed *sync.Cond
	held    []*labelRun // by row
	rows    int64       // that are held
	have    int64       // labels of all rows below have come
	asked   int64       // those of rows below are waited for
	free    bool        // they may run ahead as far as they like
	unasked bool        // no more of them are needed, but their number
	ends    []int64     // where each file ended
	ended   bool
	err     error // of reading; rows up to have are sound
	spare   []*labelRun
}

// labelRun is a run of labels with its place among all of them.
type labelRun struct {
	predict.LabelRun
	file     int
	from, to int64
	left     int64 // rows not yet folded
}

// labelsAhead is how many labels may be held that nobody asks for yet, about.
var labelsAhead int64 = 1 << 20 // tests take few

// readApart begins to read the labels; nil if there are none. They must be stopped.
func readApart(ctx context.Context, inputs int, labels []LabelsInput, threads int) (*apartLabels, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	if len(labels) != 1 && len(labels) != inputs {
		return nil, fmt.Errorf("%d files of labels for %d of predictions: give one for all, or one for each", len(labels), inputs)
	}
	a := &apartLabels{inputs: labels, over: make(chan struct{})}
	a.changed = sync.NewCond(&a.mu)
	// A program may write labels to one pipe and then predictions to another.
	for _, in := range labels {
		info, err := os.Stat(in.Name)
		a.free = a.free || err != nil || !info.Mode().IsRegular()
	}
	within, cancel := context.WithCancel(ctx)
	a.cancel = cancel
	wake := context.AfterFunc(ctx, func() { a.fail(ctx.Err()) })
	go func() {
		defer close(a.over)
		defer wake()
		for i := range labels {
			if err := a.readOne(within, i, threads); err != nil {
				a.fail(place(err, labels[i].Name))
				return
			}
		}
		a.mu.Lock()
		a.ended = true
		a.changed.Broadcast()
		a.mu.Unlock()
	}()
	return a, nil
}

func (a *apartLabels) readOne(ctx context.Context, file, threads int) (err error) {
	src, err := a.inputs[file].Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := src.Close(); err == nil && e != nil {
			err = e
		}
	}()
	a.mu.Lock()
	before := int64(0)
	if file > 0 {
		before = a.ends[file-1]
	}
	a.mu.Unlock()
	empty := func() *predict.LabelRun {
		a.mu.Lock()
		defer a.mu.Unlock()
		r := new(predict.LabelRun)
		if n := len(a.spare); n > 0 {
			r.Reuse(&a.spare[n-1].LabelRun)
			a.spare = a.spare[:n-1]
		}
		return r
	}
	rows, err := predict.ReadLabels(ctx, src, a.inputs[file].Column, threads, empty, func(r *predict.LabelRun) error {
		from := before + r.First - 1
		n := int64(len(r.Codes))
		return a.deliver(&labelRun{LabelRun: *r, file: file, from: from, to: from + n, left: n})
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.ends = append(a.ends, before+rows)
	a.mu.Unlock()
	return nil
}

// fail says that there are no more labels, and why.
func (a *apartLabels) fail(err error) {
	a.mu.Lock()
	if a.err == nil && !a.ended {
		a.err = err
	}
	a.changed.Broadcast()
	a.mu.Unlock()
}

// deliver keeps a run of labels, when there is room or they are asked for.
func (a *apartLabels) deliver(r *labelRun) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.err == nil && !a.unasked && !a.free && a.rows >= labelsAhead && r.from >= a.asked {
		a.changed.Wait()
	}
	if a.unasked {
		a.spare = append(a.spare[:0], r)
		return nil
	}
	at, _ := slices.BinarySearchFunc(a.held, r.from, func(o *labelRun, from int64) int {
		if o.from < from {
			return -1
		}
		return 1
	})
	a.held = slices.Insert(a.held, at, r)
	a.rows += r.left
	for _, o := range a.held[at:] {
		if o.from != a.have {
			break
		}
		a.have = o.to
		if a.have >= a.asked {
			a.changed.Broadcast()
		}
	}
	if a.asked > r.from {
		a.changed.Broadcast()
	}
	return nil
}

// await waits for the labels of all rows below to, and gives up to where there are some:
// fewer, if they end before.
func (a *apartLabels) await(to int64) int64 {
	if to > a.asked {
		a.asked = to
		a.changed.Broadcast()
	}
	for a.have < to && !a.ended && a.err == nil {
		a.changed.Wait()
	}
	return min(a.have, to)
}

// sample is the first n labels, or all if there are fewer.
func (a *apartLabels) sample(n int) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.await(int64(n)) < int64(n) && a.err != nil {
		return nil, a.err
	}
	sample := make([]string, 0, n)
	for _, r := range a.held {
		for _, code := range r.Codes[:min(len(r.Codes), n-len(sample))] {
			sample = append(sample, r.Names[code])
		}
	}
	return sample, nil
}

// predicted says that the predictions are open, so that rows of both will come together.
func (a *apartLabels) predicted() {
	if a != nil {
		a.mu.Lock()
		a.free = false
		a.mu.Unlock()
	}
}

// count is the number of all labels. No more than that is asked of them now.
func (a *apartLabels) count() (int64, error) {
	a.mu.Lock()
	a.unasked, a.held = true, nil
	a.changed.Broadcast()
	a.mu.Unlock()
	<-a.over
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		return 0, a.err
	}
	return a.ends[len(a.ends)-1], nil
}

// fits is the error of labels that are more or fewer than the rows of predictions; ends
// is where each input ends, of which one comes with each file of labels if there are
// several.
func (a *apartLabels) fits(ends []int64, hint string) error {
	n, err := a.count()
	if err != nil {
		return err
	}
	rows := ends[len(ends)-1]
	for i := range a.ends[:len(a.ends)-1] {
		if i < len(ends) && a.ends[i] != ends[i] { // the first, so that those before are alike
			n, rows = a.ends[i], ends[i]
			if i > 0 {
				n, rows = n-a.ends[i-1], rows-ends[i-1]
			}
			return &predict.Error{Source: a.inputs[i].Name, What: fmt.Sprintf("%d labels for %d rows of predictions", n, rows), Hint: hint}
		}
	}
	if n == rows {
		return nil
	}
	last := len(a.ends) - 1
	if last > 0 {
		n, rows = n-a.ends[last-1], rows-a.ends[last-1]
	}
	return &predict.Error{Source: a.inputs[last].Name, What: fmt.Sprintf("%d labels for %d rows of predictions", n, rows), Hint: hint}
}

// stop ends the reading.
func (a *apartLabels) stop() {
	if a == nil {
		return
	}
	a.cancel()
	a.fail(context.Canceled)
	<-a.over
}

// errLabels is the error of a row of predictions whose label could not be read.
var errLabels = errors.New("score: no label could be read")

// instead is err, or if it comes of it that labels could not be read, why they could not.
func (a *apartLabels) instead(err error) error {
	if a == nil || !errors.Is(err, errLabels) {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// rowLabels are the labels of a run of rows.
type rowLabels struct {
	from, to, end int64 // end is where they end, if that is before to
	broken        bool  // they could not be read there
	runs          []*labelRun
	classes       map[*predict.LabelList][]int32
}

// take waits for the labels of some rows, which must be given back when they are folded.
func (a *apartLabels) take(l *rowLabels, from, to int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l.from, l.to, l.end = from, to, max(from, a.await(to))
	l.broken = l.end < to && a.err != nil
	l.runs = l.runs[:0]
	for _, r := range a.held {
		if r.from < l.end && r.to > from {
			l.runs = append(l.runs, r)
		}
	}
}

func (a *apartLabels) give(l *rowLabels) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wasFull := a.rows >= labelsAhead
	for _, r := range l.runs {
		n := min(r.to, l.end) - max(r.from, l.from)
		r.left -= n
		if r.left > 0 {
			continue
		}
		a.rows -= r.to - r.from
		if at := slices.Index(a.held, r); at >= 0 {
			a.held = slices.Delete(a.held, at, at+1)
		}
		if len(a.spare) < 16 {
			a.spare = append(a.spare, r)
		}
	}
	clear(l.runs)
	if wasFull && a.rows < labelsAhead {
		a.changed.Broadcast()
	}
}

// run is the run with the label of a row.
func (l *rowLabels) run(row int64) *labelRun {
	for _, r := range l.runs {
		if row < r.to {
			return r
		}
	}
	return nil
}

// name is the label of a row before the end, as written.
func (l *rowLabels) name(row int64) string {
	r := l.run(row)
	return r.Names[r.Codes[row-r.from]]
}

// appendClasses adds the classes of the rows from one to another, or what Matcher gives
// instead; beyond the end that is Unknown.
func (l *rowLabels) appendClasses(dst []int32, match *predict.Matcher, from, to int64) []int32 {
	for _, r := range l.runs {
		if r.to <= from || r.from >= to {
			continue
		}
		classes := l.classes[r.List]
		if len(classes) < len(r.Names) {
			for _, name := range r.Names[len(classes):] {
				classes = append(classes, int32(match.Class([]byte(name))))
			}
			if l.classes == nil || len(l.classes) >= 64 {
				l.classes = make(map[*predict.LabelList][]int32)
			}
			l.classes[r.List] = classes
		}
		for _, code := range r.Codes[max(from, r.from)-r.from : min(to, r.to, l.end)-r.from] {
			dst = append(dst, classes[code])
		}
	}
	for n := max(from, l.end); n < to; n++ {
		dst = append(dst, predict.Unknown)
	}
	return dst
}

// class is the class of one row before the end.
func (l *rowLabels) class(match *predict.Matcher, row int64) int {
	var one [1]int32
	return int(l.appendClasses(one[:0], match, row, row+1)[0])
}

// numbered reports whether the label of a row and the column of that name beside the row
// have the numbers that data frames write.
func (l *rowLabels) numbered(column string, row int64) bool {
	return row < l.end && l.run(row).Numbered(column)
}

// see takes the number of a row into account.
func (l *rowLabels) see(o *predict.Order, row int64, number []byte) {
	r := l.run(row)
	r.See(o, int(row-r.from), number)
}

// wrongRow says that the id of a row is not that of its label, where both have one of the
// same name.
func (a *apartLabels) wrongRow(l *rowLabels, column string, row int64, id []byte) (what, hint string) {
	r := l.run(row)
	if row >= l.end || !strings.EqualFold(r.ID, column) || r.Fits(int(row-r.from), id) {
		return "", ""
	}
	join := column
	if r.ID != column {
		join += "=" + r.ID
	}
	of := "the labels"
	if len(a.inputs) > 1 {
		of = a.inputs[r.file].Name
	}
	return fmt.Sprintf("%s is %q here, but not in row %d of %s: these are not the same rows in the same order", column, id, r.First+row-r.from, of),
		fmt.Sprintf("--join %s finds the label of each row by it", join)
}

// firstOf is the batch of the first n rows.
func firstOf(b *predict.Batch, n int) predict.Batch {
	part := *b
	part.Missing = nil
	part = part.Part(0, n)
	for _, m := range b.Missing {
		if int(m.Row) < n {
			part.Missing = append(part.Missing, m)
		}
	}
	return part
}

// labelled folds a batch beside its labels.
func (f *fold) labelled(b *predict.Batch, fold func(b *predict.Batch) error) error {
	from := f.base + b.First - 1
	l := &f.labels
	f.apart.take(l, from, from+int64(b.Rows))
	defer f.apart.give(l)
	if !l.broken {
		return fold(b)
	}
	n := int(l.end - from)
	if n > 0 {
		part := firstOf(b, n)
		if err := fold(&part); err != nil {
			return err
		}
	}
	return &predict.Error{Row: b.First + int64(n), Err: errLabels}
}

// short is the error of a row beyond the last label.
func (l *rowLabels) short() string {
	return fmt.Sprintf("no label: the labels end after %d rows", l.end)
}

const labelsHint = "--labels needs one label per row of predictions, in the same order"
