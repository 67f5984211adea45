package report

import (
	"fmt"

	"surprisal/score"
)

// joinData is what became of the keys, for JSON.
func (s scoreReport) joinData() Object {
	j := s.Join
	o := Object{{"key", j.Key}, {"labels_key", j.LabelsKey}, {"files", j.Files}, {"labels", j.Labels}, {"matched", j.Matched}}
	add := func(name string, count int64, first []score.KeyRow, ofLabels bool, more ...Field) {
		part := append(Object{{"count", count}}, more...)
		if len(first) > 0 {
			var list []Object
			for _, k := range first {
				entry := Object{{"key", k.Key}, {"row", k.Row}}
				switch {
				case ofLabels && len(j.Files) > 1:
					entry = append(entry, Field{"input", j.Files[k.Input]})
				case !ofLabels && len(s.Inputs) > 1:
					entry = append(entry, Field{"input", s.Inputs[k.Input].Path})
				}
				list = append(list, entry)
			}
			part = append(part, Field{"first", list})
		}
		o = append(o, Field{name, part})
	}
	add("without_prediction", j.Unpredicted, j.Unpredict, true)
	add("without_label", j.Unlabelled, j.Unlabel, false)
	add("without_key", j.NoKey, nil, false)
	add("doubled_labels", j.DoubledLabels, j.DoubledLabel, true)
	add("doubled_predictions", j.DoubledPredictions, j.DoubledPredict, true, Field{"rows", j.DoubledRows})
	add("labels_without_key", j.LabelsNoKey, nil, true)
	return o
}

// join is the table of what found no other half, or several; nil if every label
// has one row of predictions.
func (s scoreReport) join() *Block {
	j := s.Join
	if j == nil || s.wholeJoin() {
		return nil
	}
	t := &Table{Columns: []Column{{"", false}, {"count", true}, {"first keys", false}}}
	add := func(always bool, name string, n int64, first []score.KeyRow) {
		if n > 0 || always {
			t.Rows = append(t.Rows, []string{name, Count(n), score.NameKeys(first, n)})
		}
	}
	if j.Labelled {
		add(true, "labels", j.Labels, nil)
		add(true, "  with predictions", j.Matched, nil)
		add(true, "  without a prediction", j.Unpredicted, j.Unpredict)
	} else {
		add(true, "keys", j.Labels, nil)
		add(true, "  with predictions", j.Matched, nil)
	}
	add(j.Labelled, "predictions without a label, rows", j.Unlabelled, j.Unlabel)
	add(false, "predictions without a key, rows", j.NoKey, nil)
	if j.Labelled {
		add(false, "keys with several predictions", j.DoubledPredictions, j.DoubledPredict)
		if j.DoubledPredictions > 0 {
			add(false, "  their rows, all scored", j.DoubledRows, nil)
		}
	}
	add(false, "labels that came again, rows", j.DoubledLabels, j.DoubledLabel)
	add(false, "labels without a key, rows", j.LabelsNoKey, nil)
	return &Block{Title: "Joined on " + s.joinKeys(), Table: t.trim()}
}

// wholeJoin reports whether there is nothing to say of the join.
func (s scoreReport) wholeJoin() bool {
	j := s.Join
	return j.Unlabelled+j.NoKey+j.DoubledLabels+j.LabelsNoKey == 0 &&
		(!j.Labelled || j.Unpredicted == 0 && j.DoubledPredictions == 0)
}

// leftOut is what the verdict says of labels without a prediction.
func (s scoreReport) leftOut() string {
	if j := s.Join; j != nil && j.Labelled && j.Unpredicted > 0 {
		return fmt.Sprintf(" Left out, for want of a prediction: %s of %s.", Count(j.Unpredicted), plural(j.Labels, "label", "labels"))
	}
	return ""
}

func (s scoreReport) joinKeys() string {
	if s.Join.Key == s.Join.LabelsKey {
		return s.Join.Key
	}
	return s.Join.Key + " = " + s.Join.LabelsKey
}

func (s scoreReport) joinNote() string {
	j := s.Join
	switch {
	case s.wholeJoin() && j.Labelled && j.Labels == 1:
		return fmt.Sprintf("joined on %s: the label has a row of predictions", s.joinKeys())
	case s.wholeJoin() && j.Labelled:
		return fmt.Sprintf("joined on %s: each of %s labels has one row of predictions", s.joinKeys(), Count(j.Labels))
	}
	noun := "label"
	if !j.Labelled {
		noun = "key"
	}
	return fmt.Sprintf("joined on %s: predictions for %s of %s", s.joinKeys(), Count(j.Matched), plural(j.Labels, noun, noun+"s"))
}
