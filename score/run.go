package score

import (
	"context"
	"errors"
	"runtime"

	"surprisal/predict"
)

// Input is one file of a data set, opened when its turn comes.
type Input struct {
	Name string // as messages and the scorecard show it
	Open func(ctx context.Context) (predict.Source, error)
}

// LabelsInput is a file of labels, one per row of predictions in the same order,
// or, with Job.Join, in any order.
type LabelsInput struct {
	Input
	Column string // "" finds it
}

// Job is one data set to score: any number of files with the same columns.
type Job struct {
	Inputs []Input
	// Labels holds nothing where labels stand beside the predictions; otherwise one
	// file for the whole data set, or one for each input.
	Labels []LabelsInput
	// Join names the key by which rows find their labels, as [predict.ParseJoin]
	// reads it. Any number of files of labels are then one table.
	Join    string
	Request predict.Request
	Options
	// OnLayout, if set, is called once, when it is decided how the files are read.
	OnLayout func(l *predict.Layout, first predict.Source)
	// OnRows, if set, is called now and then with a number of rows newly read,
	// from several goroutines.
	OnRows func(n int64)
}

// withDefaults fills in what the zero Options leave open.
func (o Options) withDefaults() Options {
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if o.Worst == 0 {
		o.Worst = 10
	}
	if o.MaxSlices == 0 {
		o.MaxSlices = 10_000
	}
	if o.Threads == 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	return o
}

// Run scores a data set. The figures have the same bits for any number of threads
// and any division of the rows into files. Trouble with the data is an error of
// type [*predict.Error]; a cancelled ctx gives its error; a Confidence outside
// (0, 1) or a Floor outside [0, 1) panics.
func Run(ctx context.Context, job Job) (*Scorecard, error) {
	opt := job.Options.withDefaults()
	if !(opt.Confidence > 0 && opt.Confidence < 1) {
		panic("score: confidence is not between 0 and 1")
	}
	if !(opt.Floor >= 0 && opt.Floor < 1) {
		panic("score: floor is not in [0, 1)")
	}
	if len(job.Inputs) == 0 {
		return nil, errors.New("nothing to score: no input")
	}
	var apart *apartLabels
	if job.Join == "" {
		var err error
		if apart, err = readApart(ctx, len(job.Inputs), job.Labels, opt.Threads); err != nil {
			return nil, err
		}
		defer apart.stop()
	}

	r := runner{job: job, opt: opt, apart: apart}
	if apart != nil {
		var err error
		if r.sample, err = apart.sample(1000); err != nil {
			return nil, err
		}
	}
	var ends []int64
	for i := range job.Inputs {
		if err := r.read(ctx, i); err != nil {
			return nil, place(apart.instead(err), job.Inputs[i].Name)
		}
		ends = append(ends, r.base)
	}
	if apart != nil {
		if err := apart.fits(ends, labelsHint+"; --join COL finds labels by a key"); err != nil {
			return nil, err
		}
	}
	joined, err := r.tally()
	if err != nil {
		return nil, err
	}
	whole := r.folds[0]
	for _, f := range r.folds[1:] {
		if err := whole.merge(f); err != nil {
			return nil, err
		}
	}
	whole.joined = joined
	card, err := whole.scorecard(r.inputs)
	if err != nil {
		return nil, err
	}
	card.Notes = r.notes
	card.describeSource(r.selfScored)
	return card, nil
}

// place names the file in an error that does not know it.
func place(err error, name string) error {
	var e *predict.Error
	if errors.As(err, &e) && e.Source == "" {
		e.Source = name
	}
	return err
}

// runner reads the inputs one after the other, each on all threads.
type runner struct {
	job    Job
	opt    Options
	apart  *apartLabels
	sample []string // the first labels
	join   *predict.Join
	layout *predict.Layout
	folds  []*fold
	inputs []InputRead
	base   int64 // rows of the inputs read so far

	selfScored bool
	notes      []string
}

func (r *runner) read(ctx context.Context, i int) (err error) {
	src, err := r.job.Inputs[i].Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := src.Close(); err == nil && e != nil {
			err = e
		}
	}()
	r.apart.predicted()
	if r.layout == nil && r.job.Join != "" {
		if err := r.readJoin(ctx, src); err != nil {
			return err
		}
	}
	if r.join != nil {
		joined, err := r.join.With(src, i)
		if err != nil {
			return err
		}
		src = joined
	}
	if r.layout == nil {
		if err := r.decide(src); err != nil {
			return err
		}
	}
	bind, err := r.layout.Bind(src)
	if err != nil {
		return err
	}
	about := predict.AboutOf(src)
	for _, f := range r.folds {
		f.start(i, r.base, bind)
		f.numbered = about.Numbered && r.layout.Cluster == about.Request.Cluster
	}
	selection := bind.Selection
	selection.ByColumn, selection.OwnNaN = r.folds[0].byColumn(), true
	rows, err := src.Read(ctx, selection, r.opt.Threads, func(worker int, b *predict.Batch) error {
		if r.job.OnRows != nil {
			r.job.OnRows(int64(b.Rows))
		}
		return r.folds[worker].add(b)
	})
	if err != nil {
		return err
	}
	r.inputs = append(r.inputs, InputRead{r.job.Inputs[i].Name, src.Format(), rows})
	r.selfScored = r.selfScored || about.SelfScored
	for _, note := range predict.AboutOf(src).Notes { // what was left out is known after reading
		if len(r.job.Inputs) > 1 {
			note = r.job.Inputs[i].Name + ": " + note
		}
		r.notes = append(r.notes, note)
	}
	r.base += rows
	return nil
}

// decide settles how the data set is read, on its first file.
func (r *runner) decide(src predict.Source) error {
	about := predict.AboutOf(src)
	request := r.job.Request
	if r.join != nil {
		request = r.join.Request(request)
	}
	layout, err := predict.Resolve(request.Over(about.Request), src, r.sample)
	if err != nil {
		return err
	}
	if about.System != "" {
		layout.Notes = append([]string{about.System}, layout.Notes...)
	}
	if q := r.job.Request; q.Prob == "" && q.Probs == "" && q.Logits == "" && q.LogProb == "" && q.LogProbs == "" && q.NLL == "" && about.Row != "" {
		layout.Row = about.Row
	}
	if err := documented(layout, r.opt, src.Name()); err != nil {
		return err
	}
	r.layout = layout
	var match *predict.Matcher // one for all: there may be 100,000 classes
	if layout.Classes != nil && layout.OneHot == nil {
		match = layout.Matcher()
	}
	for range r.opt.Threads {
		r.folds = append(r.folds, newFold(layout, r.opt, r.apart, match))
	}
	if r.job.OnLayout != nil {
		r.job.OnLayout(layout, src)
	}
	return nil
}
