package score

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"surprisal/predict"
)

// input makes the table a file of labels, too.
func (t *table) labelsInput(column string) LabelsInput {
	return LabelsInput{Input: t.input(), Column: column}
}

// TestJoinIsTheSameFile: labels found by a key give the figures of labels that
// stand beside the predictions, bit for bit, in any order, on any number of
// threads, from any number of files on either side.
func TestJoinIsTheSameFile(t *testing.T) {
	whole := predictions(500, 17)
	requests := map[string]predict.Request{
		"plain":     {},
		"weighted":  {Weight: "w"},
		"repeated":  {Freq: "n", By: "site,day"},
		"clustered": {Cluster: "user", Weight: "w", By: "site"},
	}
	for name, req := range requests {
		t.Run(name, func(t *testing.T) {
			req.Probs = "p_*"
			beside := req
			beside.Label = "label"
			c, err := score(t, whole, beside, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := bits(c)
			rng := rand.New(rand.NewPCG(8, 2))
			for trial := range 12 {
				job := Job{Join: "id", Request: req, Options: Options{Threads: 1 + trial%5}}
				key := func(i int) string {
					if trial%3 == 1 && i%2 == 0 { // 7.0 is 7
						return fmt.Sprint(i, ".0")
					}
					return fmt.Sprint(i)
				}
				order := rng.Perm(len(whole.rows))
				for at := 0; at < len(order); {
					to := min(len(order), at+100+rng.IntN(300))
					part := &table{names: []string{"id", "p_a", "p_b", "p_c"}, batch: 1 + rng.IntN(40)}
					for _, i := range order[at:to] {
						part.rows = append(part.rows, append([]string{key(i)}, whole.rows[i][1:4]...))
					}
					job.Inputs = append(job.Inputs, part.input())
					at = to
				}
				// The further columns on either side.
				order = rng.Perm(len(whole.rows))
				files := 1 + trial%2
				for f := range files {
					part := &table{names: []string{"day", "label", "id", "w", "n", "user", "site"}, batch: 1 + rng.IntN(40)}
					for j, i := range order {
						if row := whole.rows[i]; j%files == f {
							part.rows = append(part.rows, []string{row[8], row[0], fmt.Sprint(i), row[4], row[5], row[6], row[7]})
						}
					}
					job.Labels = append(job.Labels, part.labelsInput([]string{"", "label"}[trial%2]))
				}
				got, err := Run(context.Background(), job)
				if err != nil {
					t.Fatal(err)
				}
				if j := got.Join; j == nil || j.Labels != int64(len(whole.rows)) || j.Matched != j.Labels || j.Unlabelled+j.DoubledPredictions != 0 {
					t.Fatalf("tally %+v", got.Join)
				}
				got.Join = nil
				if got := bits(got); got != want {
					t.Fatalf("trial %d differs from one file:\n%s\none file:\n%s", trial, got, want)
				}
			}
		})
	}
}

// TestJoinLeftovers: what is counted depends neither on the order nor on the
// threads, and the figures are those of the pairs alone.
func TestJoinLeftovers(t *testing.T) {
	whole := predictions(400, 4)
	var first string
	var firstBits string
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 10 {
		part := &table{names: []string{"id", "p_a", "p_b", "p_c"}, batch: 1 + rng.IntN(30)}
		for _, i := range rng.Perm(len(whole.rows)) {
			switch {
			case i%7 == 0: // not predicted
				continue
			case i%11 == 0: // predicted twice
				part.rows = append(part.rows, append([]string{fmt.Sprint(i)}, whole.rows[i][1:4]...))
			case i%50 == 1:
				part.rows = append(part.rows, append([]string{""}, whole.rows[i][1:4]...))
			}
			part.rows = append(part.rows, append([]string{fmt.Sprint(i)}, whole.rows[i][1:4]...))
		}
		labels := &table{names: []string{"id", "label"}}
		for i, row := range whole.rows {
			if i%13 != 0 {
				labels.rows = append(labels.rows, []string{fmt.Sprint(i), row[0]})
			}
		}
		c, err := Run(context.Background(), Job{Inputs: []Input{part.input()}, Labels: []LabelsInput{labels.labelsInput("")},
			Join: "id", Request: predict.Request{Probs: "p_*"}, Options: Options{Threads: 1 + trial%4}})
		if err != nil {
			t.Fatal(err)
		}
		c.Join.Unlabel, c.Join.ExampleKey = nil, "" // rows, which the order decides
		tally := fmt.Sprintf("%+v", *c.Join)
		got := bits(c)
		if trial == 0 {
			first, firstBits = tally, got
			if j := c.Join; j.Unpredicted == 0 || j.Unlabelled == 0 || j.DoubledPredictions == 0 || j.NoKey == 0 {
				t.Fatalf("the case has lost its hard rows: %s", tally)
			}
			var of struct{ key, label int64 }
			for _, r := range c.Rows.Invalid {
				switch r.Reason {
				case "no key":
					of.key = r.Count
				case "key not among the labels":
					of.label = r.Count
				}
			}
			if of.key != c.Join.NoKey || of.label != c.Join.Unlabelled {
				t.Errorf("rows left out %+v, tally %s", of, tally)
			}
		} else if tally != first || got != firstBits {
			t.Fatalf("trial %d: %s\nfirst: %s", trial, tally, first)
		}
	}
}

// kaggleVector is the example of Kaggle's page on its multi-class log loss, which
// is that of scikit-learn's tests too.
var kaggleVector = grid("id,no,yes", "r1,.5,.5", "r2,.1,.9", "r3,.01,.99", "r4,.9,.1", "r5,.75,.25", "r6,.001,.999")

const kaggleLogLoss = 1.881797068998267

func TestKaggleVector(t *testing.T) {
	text := grid("id,label", "r4,yes", "r1,no", "r6,yes", "r3,no", "r2,no", "r5,yes")
	hot := grid("id,yes,no,Usage", "r4,1,0,Public", "r1,0,1,Public", "r6,1,0,Private", "r3,0,1,Private", "r2,0,1,Public", "r5,1,0,Private")
	soft := grid("id,yes,no", "r4,1,0", "r1,0,1", "r6,1,0", "r3,0,1", "r2,0,1", "r5,1,0", "r7,0.5,0.5")
	for name, labels := range map[string]*table{"text": text, "one-hot": hot, "shares": soft} {
		c, err := Run(context.Background(), Job{Inputs: []Input{kaggleVector.input()}, Labels: []LabelsInput{labels.labelsInput("")}, Join: "id"})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.CrossEntropy.Value; !(math.Abs(got-kaggleLogLoss) <= 4e-16) {
			t.Errorf("%s: %.17g, want %.17g", name, got, kaggleLogLoss)
		}
		if (name == "shares") != (c.Layout.OneHot != nil) || (c.Soft != nil) != (name == "shares") {
			t.Errorf("%s: read as %v", name, c.Layout.Notes)
		}
	}
	// The halves by a column that only the solution has: means of −log p by hand.
	c, err := Run(context.Background(), Job{Inputs: []Input{kaggleVector.input()}, Labels: []LabelsInput{hot.labelsInput("")}, Join: "id",
		Request: predict.Request{By: "Usage"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"Public":  -(math.Log(.5) + math.Log(.1) + math.Log(.1)) / 3,
		"Private": -(math.Log(.01) + math.Log(.25) + math.Log(.999)) / 3,
	}
	if len(c.Slices) != 2 {
		t.Fatalf("%d slices", len(c.Slices))
	}
	for _, s := range c.Slices {
		if got := s.Mean.Value; !(math.Abs(got-want[s.Key[0]]) <= 1e-15) {
			t.Errorf("%s: %.17g, want %.17g", s.Key[0], got, want[s.Key[0]])
		}
	}
}

// TestJoinedSharesAreSharesBeside: soft labels from another file, in another order
// of rows and of classes, give the bits of soft labels in the same file.
func TestJoinedSharesAreSharesBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 6))
	whole := &table{names: []string{"id", "p_a", "p_b", "p_c", "y_a", "y_b", "y_c"}}
	submission := &table{names: whole.names[:4], batch: 7}
	solution := &table{names: []string{"c", "id", "a", "b"}}
	for i := range 200 {
		row := []string{strconv.Itoa(i)}
		for range 2 {
			x := [3]float64{rng.Float64(), rng.Float64(), rng.Float64()}
			if len(row) > 1 && i%5 == 0 {
				x = [3]float64{0, 0, 1}
			}
			for _, v := range x {
				row = append(row, strconv.FormatFloat(v/(x[0]+x[1]+x[2]), 'g', -1, 64))
			}
		}
		whole.rows = append(whole.rows, row)
		submission.rows = append(submission.rows, row[:4])
		solution.rows = append(solution.rows, []string{row[6], row[0], row[4], row[5]})
	}
	rng.Shuffle(len(solution.rows), func(i, j int) {
		solution.rows[i], solution.rows[j] = solution.rows[j], solution.rows[i]
	})
	beside, err := score(t, whole, predict.Request{Probs: "p_*", OneHot: "y_*"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	joined, err := Run(context.Background(), Job{Inputs: []Input{submission.input()}, Labels: []LabelsInput{solution.labelsInput("")}, Join: "id"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(joined.Layout.Values, []string{"p_a", "p_b", "p_c"}) {
		t.Errorf("values %v", joined.Layout.Values)
	}
	joined.Join = nil
	if a, b := bits(beside), bits(joined); a != b {
		t.Errorf("joined\n%s\nbeside\n%s", b, a)
	}
}

// TestJoinRefusals: joins that must give an error and say why.
func TestJoinRefusals(t *testing.T) {
	sub := grid("id,p", "a,0.5", "b,0.25", "b,0.5")
	for _, c := range []struct {
		name        string
		predictions *table
		labels      []*table
		columns     []string
		opt         Options
		say         string
	}{
		{"nothing in common", sub, []*table{grid("id,label", "1,0", "2,1")}, []string{""}, Options{},
			`no key in common: predictions have keys such as "a" (id), labels such as "1" (id of table)`},
		{"strict, without a label", sub, []*table{grid("id,label", "b,0", "c,1")}, []string{""}, Options{Strict: true}, `row 1: invalid row: key "a" is not among the labels`},
		{"strict, without a prediction", sub, []*table{grid("id,label", "a,0", "b,0", "c,1")}, []string{""}, Options{Strict: true}, "row 3: 1 label without a prediction: c"},
		{"strict, predicted twice", sub, []*table{grid("id,label", "a,0", "b,1")}, []string{""}, Options{Strict: true}, "1 key with several predictions: b"},
		{"other columns", sub, []*table{grid("id,label", "a,0"), grid("id,y", "b,1")}, []string{"", ""}, Options{}, `no column "label"`},
		{"two columns", sub, []*table{grid("id,label", "a,0"), grid("id,label", "b,1")}, []string{"label", "y"}, Options{}, "must have the same"},
		{"a file without the key", nil, []*table{grid("id,label", "a,0", "b,1")}, []string{""}, Options{}, `--join: no column "id"`},
		{"no labels", sub, nil, nil, Options{}, "--join needs a file of labels"},
	} {
		job := Job{Inputs: []Input{sub.input()}, Join: "id", Options: c.opt}
		if c.predictions == nil {
			job.Inputs = append(job.Inputs, grid("key,p", "b,0.5").input())
		}
		for i, l := range c.labels {
			job.Labels = append(job.Labels, l.labelsInput(c.columns[i]))
		}
		if _, err := Run(context.Background(), job); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v, want %q", c.name, err, c.say)
		}
	}
}
