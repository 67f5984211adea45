package score

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"surprisal/predict"
)

// AgainstJob is a model to be held against a base, row by row: both give a value for each class, of
// the same classes, for the same rows in the same order. How the rows of a side are
// spread over files is its own affair.
type AgainstJob struct {
	Inputs, Base []Input
	// Labels, if there are any, say what happened: one file for the whole data set, or
	// one for each of Inputs. Otherwise it is a column of the model's files, or of the
	// base's; without labels there are figures of the rows alone.
	Labels  []LabelsInput
	Request predict.Request
	// BaseRequest says which columns of the base hold the values (Probs, Logits,
	// LogProbs). If it says nothing, what Request says of them goes for the base too, where
	// it has such columns.
	BaseRequest predict.Request
	// Options: Floor and MaxSlices have no meaning here.
	Options
	// OnLayout, if set, is called once, when it is decided how the files are read.
	OnLayout func(layouts [2]*predict.Layout, first [2]predict.Source)
	// OnRows is that of [Job].
	OnRows func(n int64)
}

// RunAgainst compares two models' rows. The figures have the same bits for any number
// of threads, any order of the rows (the same on both sides), and any division into files. Trouble with the data is
// an error of type [*predict.Error]; a cancelled ctx gives its error; a Confidence
// outside (0, 1) panics.
func RunAgainst(ctx context.Context, job AgainstJob) (*Divergence, error) {
	job.Options = job.Options.withDefaults()
	if !(job.Confidence > 0 && job.Confidence < 1) {
		panic("score: confidence is not between 0 and 1")
	}
	if len(job.Inputs) == 0 || len(job.Base) == 0 {
		return nil, errors.New("nothing to compare: no input")
	}
	apart, err := readApart(ctx, len(job.Inputs), job.Labels, job.Threads)
	if err != nil {
		return nil, err
	}
	defer apart.stop()
	var sample []string
	if apart != nil {
		if sample, err = apart.sample(1000); err != nil {
			return nil, err
		}
	}
	r := &againstRunner{job: job, apart: apart, step: newLockstep()}
	r.inputs = [2][]Input{model: job.Inputs, base: job.Base}
	// Sources are opened and read in one context, which ends when one side has failed.
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.open(ctx, within, cancel); err != nil {
		return nil, err
	}
	defer r.closeFirst()
	apart.predicted()
	if err := r.decide(sample); err != nil {
		return nil, err
	}
	rows, err := r.step.together(ctx, within, cancel, r.read)
	if err != nil {
		return nil, apart.instead(err)
	}
	if err := r.sameRows(rows); err != nil {
		return nil, err
	}
	whole := r.folds[model][0]
	for _, f := range slices.Concat(r.folds[model][1:], r.folds[base]) {
		whole.merge(f)
	}
	d, err := whole.divergence(r.kl, r.inputsRead)
	if err != nil {
		return nil, err
	}
	d.Notes = slices.Concat(r.notes[model], r.notes[base])
	return d, nil
}

// againstRunner reads both sides.
type againstRunner struct {
	job        AgainstJob
	inputs     [2][]Input
	apart      *apartLabels
	first      [2]predict.Source // of each side; nil once it is read
	layouts    [2]*predict.Layout
	step       *lockstep
	folds      [2][]*againstFold
	kl         *sharedQuantiles
	inputsRead [2][]InputRead
	notes      [2][]string
}

// open opens the first input of both sides at the same time: they may be pipes that one
// program writes to in turn.
func (r *againstRunner) open(ctx, within context.Context, cancel func()) error {
	_, err := newLockstep().together(ctx, within, cancel, func(ctx context.Context, side int) (int64, error) {
		src, err := r.inputs[side][0].Open(ctx)
		if err != nil {
			return 0, place(err, r.inputs[side][0].Name)
		}
		r.first[side] = src
		return 0, nil
	})
	if err != nil {
		r.closeFirst()
	}
	return err
}

func (r *againstRunner) closeFirst() {
	for side, src := range r.first {
		if src != nil {
			_ = src.Close() // it was not read, or not to its end
			r.first[side] = nil
		}
	}
}

// decide settles how both sides are read; sample is the first of the labels apart.
func (r *againstRunner) decide(sample []string) error {
	for side := range r.first {
		src := r.first[side]
		request, labels := r.job.Request, sample
		if side == base {
			request, labels = r.baseRequest(src), nil
		}
		request.Unlabelled = true
		about := predict.AboutOf(src)
		layout, err := predict.Resolve(request.Over(about.Request), src, labels)
		if err != nil {
			if side == base {
				r.ofBase(err)
			}
			return place(err, src.Name())
		}
		if !layout.Form.PerClass() {
			return &predict.Error{Source: src.Name(), What: fmt.Sprintf("one column, of the kind %q: two models are compared by whole rows, with a value for each class", layout.Form),
				Hint: "say which columns they are: --probs, --logits or --logprobs"}
		}
		if about.System != "" {
			layout.Notes = append([]string{about.System}, layout.Notes...)
		}
		r.layouts[side] = layout
	}
	if err := r.contradiction(); err != nil {
		return err
	}
	if err := r.alignClasses(); err != nil {
		return err
	}
	var match *predict.Matcher
	if r.apart != nil {
		match = r.layouts[model].Matcher()
	} else if side := labelSide(r.layouts); side >= 0 {
		match = r.layouts[side].Matcher() // one for all: it is large where there are many classes
	}
	r.kl = &sharedQuantiles{}
	for side := range r.folds {
		for range r.job.Threads {
			r.folds[side] = append(r.folds[side], newAgainstFold(r.layouts, r.inputs, r.job.Options, r.apart, match, r.kl))
		}
	}
	if r.job.OnLayout != nil {
		r.job.OnLayout(r.layouts, r.first)
	}
	return nil
}

// ofBase puts the base's flags where an error speaks of the model's.
func (r *againstRunner) ofBase(err error) {
	flags := strings.NewReplacer("--probs", "--base-probs", "--logits", "--base-logits", "--logprobs", "--base-logprobs")
	var e *predict.Error
	if errors.As(err, &e) {
		e.Hint = flags.Replace(e.Hint)
		if valuesSaid(r.job.BaseRequest) {
			e.What = flags.Replace(e.What)
		}
	}
}

// valuesSaid reports whether a request says which columns hold the values.
func valuesSaid(r predict.Request) bool {
	return r.Probs != "" || r.Logits != "" || r.LogProbs != ""
}

// baseRequest is what is known of the base's columns.
func (r *againstRunner) baseRequest(src predict.Source) predict.Request {
	said, cols := r.job.Request, src.Columns()
	has := func(list string) bool {
		_, err := predict.ExpandColumns(list, cols)
		return err == nil
	}
	request := predict.Request{Classes: said.Classes, LogBase: said.LogBase}
	values := r.job.BaseRequest
	if !valuesSaid(values) && has(said.Probs+said.Logits+said.LogProbs) { // at most one of them is said
		values = said
	}
	request.Probs, request.Logits, request.LogProbs = values.Probs, values.Logits, values.LogProbs
	// Columns that have a part beside the model's values are no values here either.
	for _, c := range []struct {
		to   *string
		name string
	}{
		{&request.Label, said.Label}, {&request.Weight, said.Weight}, {&request.Freq, said.Freq}, {&request.Cluster, said.Cluster}, {&request.ID, said.ID},
	} {
		if c.name != "" && has(c.name) {
			*c.to = c.name
		}
	}
	if said.Label == "none" || r.apart != nil {
		request.Label = "none"
	}
	return request
}

// contradiction is the error of a base whose columns were taken for logits because the
// model's are, although they look like probabilities and the model's do not.
func (r *againstRunner) contradiction() error {
	if r.job.Request.Logits == "" || valuesSaid(r.job.BaseRequest) || r.layouts[base].Form != predict.Logits {
		return nil
	}
	looks := func(side int) bool {
		request := r.baseRequest(r.first[side])
		request.Logits, request.Unlabelled = "", true
		l, err := predict.Resolve(request, r.first[side], nil)
		return err == nil && l.Form == predict.Probabilities
	}
	if !looks(base) || looks(model) {
		return nil
	}
	name := r.first[base].Name()
	return &predict.Error{Source: name, What: "--logits is said, but these rows look like probabilities, and the model's do not",
		Hint: fmt.Sprintf("say what the base's columns hold: --base-probs %[1]q or --base-logits %[1]q", r.job.Request.Logits)}
}

// alignClasses puts the base's columns in the order of the model's classes: by name where
// both have names, or where one has the names that the other's numbers are; else by position.
func (r *againstRunner) alignClasses() error {
	m, b := r.layouts[model], r.layouts[base]
	names := [2]string{r.first[model].Name(), r.first[base].Name()}
	if have, want := len(b.Values), len(m.Values); have != want {
		more := fmt.Sprintf("%d more", have-want)
		if have < want {
			more = fmt.Sprintf("%d fewer", want-have)
		}
		e := &predict.Error{Source: names[base], What: fmt.Sprintf("%d classes (columns of values), %s than the %d of %s", have, more, want, names[model]),
			Hint: "the two must have the same classes; say which columns with --probs, --logits or --logprobs, and with --base-probs, --base-logits or --base-logprobs"}
		return e
	}
	named := m.Named && b.Named
	var order []int
	if named {
		order = sameNames(m.Values, b.Values)
	}
	if order == nil {
		order = sameNames(m.Classes, b.Classes)
	}
	switch {
	case order == nil && !named:
		b.Classes = m.Classes
		return nil
	case order == nil:
		missing := ""
		for _, name := range m.Classes {
			if !slices.Contains(b.Classes, name) {
				missing = name
				break
			}
		}
		return &predict.Error{Source: names[base], What: fmt.Sprintf("no class %q, which %s has; the classes are %s", missing, names[model], listClasses(b.Classes)),
			Hint: "name the classes of both, in the order of their columns, with --classes"}
	}
	values := make([]string, len(order))
	for k, i := range order {
		values[k] = b.Values[i]
	}
	b.Values, b.Classes = values, m.Classes
	return nil
}

// sameNames is where in b each name of a is; nil if they are not the same names.
func sameNames(a, b []string) []int {
	at := make(map[string]int, len(b))
	for i, name := range b {
		at[name] = i
	}
	order := make([]int, len(a))
	for k, name := range a {
		i, ok := at[name]
		if !ok {
			return nil
		}
		order[k] = i
	}
	return order
}

// read reads all inputs of a side.
func (r *againstRunner) read(ctx context.Context, side int) (rows int64, err error) {
	for i := range r.inputs[side] {
		n, err := r.readOne(ctx, side, i, rows)
		if rows += n; err != nil {
			return rows, place(err, r.inputs[side][i].Name)
		}
	}
	return rows, nil
}

// readOne reads one input; before is how many rows of the side came before it.
func (r *againstRunner) readOne(ctx context.Context, side, i int, before int64) (rows int64, err error) {
	in := r.inputs[side][i]
	src := r.first[side]
	if i > 0 {
		if src, err = in.Open(ctx); err != nil {
			return 0, err
		}
	}
	r.first[side] = nil
	defer func() {
		if e := src.Close(); err == nil && e != nil {
			err = e
		}
	}()
	bind, err := r.layouts[side].Bind(src)
	if err != nil {
		return 0, err
	}
	selection := bind.Selection
	selection.OwnNaN = true // whatever comes of a row with NaN is seen to be NaN
	rows, err = src.Read(ctx, selection, r.job.Threads, func(worker int, b *predict.Batch) error {
		if r.job.OnRows != nil && side == model {
			r.job.OnRows(int64(b.Rows))
		}
		from := before + b.First - 1
		batch := &run{Batch: b, bind: bind, input: i, from: from, to: from + int64(b.Rows)}
		return r.step.deliver(side, batch, r.folds[side][worker].fold)
	})
	if err != nil {
		return rows, err
	}
	r.inputsRead[side] = append(r.inputsRead[side], InputRead{in.Name, src.Format(), rows})
	for _, note := range predict.AboutOf(src).Notes {
		r.notes[side] = append(r.notes[side], in.Name+": "+note)
	}
	return rows, nil
}

// sameRows is the error of sides with different numbers of rows, or labels for another number.
func (r *againstRunner) sameRows(rows [2]int64) error {
	names := [2]string{}
	for side, inputs := range r.inputs {
		var all []string
		for _, in := range inputs[:min(3, len(inputs))] {
			all = append(all, in.Name)
		}
		names[side] = strings.Join(all, " + ")
		if n := len(inputs) - 3; n > 0 {
			names[side] += fmt.Sprintf(" + %d more", n)
		}
	}
	if n := rows[model] - rows[base]; n != 0 {
		more := fmt.Sprintf("%d more", n)
		if n < 0 {
			more = fmt.Sprintf("%d fewer", -n)
		}
		return &predict.Error{Source: names[model], What: fmt.Sprintf("%s, %s than the %d of %s", countRows(rows[model]), more, rows[base], names[base]),
			Hint: "the two must have the same rows in the same order"}
	}
	if r.apart == nil {
		return nil
	}
	var ends []int64
	n := int64(0)
	for _, in := range r.inputsRead[model] {
		n += in.Rows
		ends = append(ends, n)
	}
	return r.apart.fits(ends, labelsHint)
}
