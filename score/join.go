package score

import (
	"context"
	"errors"
	"fmt"

	"surprisal/predict"
)

// JoinTally says what became of the keys where labels were joined.
type JoinTally = predict.JoinTally

// KeyRow is a key, and a row that has it.
type KeyRow = predict.KeyRow

// NameKeys lists keys for a sentence: the first of count, "" if there are none.
func NameKeys(first []KeyRow, count int64) string { return predict.NameKeys(first, count) }

// readJoin reads the labels, whose columns it judges by the first file of
// predictions.
func (r *runner) readJoin(ctx context.Context, first predict.Source) error {
	if len(r.job.Labels) == 0 {
		return errors.New("--join needs a file of labels")
	}
	column := ""
	for _, in := range r.job.Labels {
		if column != "" && in.Column != "" && in.Column != column {
			return fmt.Errorf("--labels names the columns %q and %q: with --join they must have the same", column, in.Column)
		}
		if in.Column != "" {
			column = in.Column
		}
	}
	join, err := predict.NewJoin(r.job.Join, column, r.opt.Strict)
	if err != nil {
		return err
	}
	for i, in := range r.job.Labels {
		if err := r.readJoined(ctx, join, in, i == 0, first); err != nil {
			return place(err, in.Name)
		}
	}
	r.join = join
	return nil
}

func (r *runner) readJoined(ctx context.Context, join *predict.Join, in LabelsInput, settle bool, first predict.Source) (err error) {
	src, err := in.Open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := src.Close(); err == nil && e != nil {
			err = e
		}
	}()
	if settle {
		if err := join.Settle(r.job.Request, first, src); err != nil {
			return err
		}
	}
	return join.Read(ctx, src)
}

// tally is what the join left over; nil if there was none. That nothing fits is an
// error, and so is, if strict, that something does not.
func (r *runner) tally() (*JoinTally, error) {
	if r.join == nil {
		return nil, nil
	}
	t := r.join.Tally()
	name := r.job.Labels[0].Name
	switch {
	case r.base == 0: // nothing to score, and that will be said
	case t.Unlabelled+t.NoKey == r.base && t.Unlabelled > 0:
		return nil, &predict.Error{
			What: fmt.Sprintf("no key in common: predictions have keys such as %q (%s), labels such as %q (%s of %s)",
				t.ExampleKey, t.Key, t.ExampleLabelsKey, t.LabelsKey, name),
			Hint: "--join COL=LABELSCOL names the column of either side that holds the key"}
	case r.opt.Strict && t.Labelled && t.Unpredicted > 0:
		return nil, &predict.Error{Source: t.Files[t.Unpredict[0].Input], Row: t.Unpredict[0].Row,
			What: fmt.Sprintf("%s without a prediction: %s", countLabels(t.Unpredicted), NameKeys(t.Unpredict, t.Unpredicted)),
			Hint: "without --strict they are counted, and the report says so"}
	case r.opt.Strict && t.Labelled && t.DoubledPredictions > 0:
		return nil, &predict.Error{
			What: fmt.Sprintf("%s with several predictions: %s", countKeys(t.DoubledPredictions), NameKeys(t.DoubledPredict, t.DoubledPredictions)),
			Hint: "without --strict each of them is scored, and the report says so"}
	}
	return &t, nil
}

// warnJoin warns of what the join left over. Predictions without a label are rows
// that are not scored, of which the warning is there already.
func (f *fold) warnJoin(add func(hint, format string, args ...any)) {
	t := f.joined
	if t == nil {
		return
	}
	if t.LabelsNoKey > 0 {
		add("--strict makes the first one an error", "%s of labels without a key left out", countRows(t.LabelsNoKey))
	}
	if t.DoubledLabels > 0 {
		add("", "%s of labels with a key that came before, and the same label, left out (keys %s)", countRows(t.DoubledLabels),
			NameKeys(t.DoubledLabel, t.DoubledLabels))
	}
	if !t.Labelled {
		return
	}
	if t.Unpredicted > 0 {
		add("predict every row; --strict makes this an error",
			"%d of %s without a prediction (keys %s): the score is over the others only, and a model that leaves out hard rows looks better than it is",
			t.Unpredicted, countLabels(t.Labels), NameKeys(t.Unpredict, t.Unpredicted))
	}
	if t.DoubledPredictions > 0 {
		add("--strict makes this an error", "%s with several predictions, %d rows in all, each of them scored (keys %s)",
			countKeys(t.DoubledPredictions), t.DoubledRows, NameKeys(t.DoubledPredict, t.DoubledPredictions))
	}
}

// keysOf names the keys of rows that were left out for want of a label.
func (f *fold) keysOf(rows InvalidRows) string {
	if f.joined == nil || rows.Reason != reasons[unmatched].name {
		return ""
	}
	return ": " + NameKeys(f.joined.Unlabel, f.joined.Unlabelled)
}

func countLabels(n int64) string {
	if n == 1 {
		return "1 label"
	}
	return fmt.Sprintf("%d labels", n)
}

func countKeys(n int64) string {
	if n == 1 {
		return "1 key"
	}
	return fmt.Sprintf("%d keys", n)
}
