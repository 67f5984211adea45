package score

import (
	"context"
	"math"
	"strings"
	"testing"

	"surprisal/predict"
)

// knowing is a table that knows what it is.
type knowing struct {
	*table
	about predict.About
}

func (k knowing) About() predict.About { return k.about }

// TestSourceSpeaks: what a source knows of itself goes where the user said
// nothing, and what kind of figure it makes is said.
func TestSourceSpeaks(t *testing.T) {
	tab := grid("doc,lp,n", "a,-1,3", "a,-2,1", "b,-3,2")
	src := knowing{tab, predict.About{System: "a server", SelfScored: true, Notes: []string{"2 lines left out"},
		Request: predict.Request{LogProb: "lp", Bytes: "n", Cluster: "doc", Label: "none"}}}
	run := func(req predict.Request) *Scorecard {
		t.Helper()
		c, err := Run(context.Background(), Job{Request: req,
			Inputs: []Input{{Name: "t", Open: func(context.Context) (predict.Source, error) { return src, nil }}}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := run(predict.Request{})
	if c.CrossEntropy.Value != 2 || c.Clusters != 2 || len(c.Per) != 1 || c.Per[0].Mean.Value != 1 {
		t.Errorf("%+v, %d clusters, per %+v", c.CrossEntropy, c.Clusters, c.Per)
	}
	if !c.SelfScored || len(c.Notes) != 1 || c.Layout.Notes[0] != "a server" || !strings.Contains(c.Warnings[0].Text, "no loss on data") {
		t.Errorf("not said: %+v %v %v", c.Warnings, c.Notes, c.Layout.Notes)
	}
	// The user's word goes first.
	if c := run(predict.Request{NLL: "n", Label: "none"}); c.CrossEntropy.Value != 2 || len(c.Per) != 0 || c.NLL != 6 {
		t.Errorf("with --nll n: %+v", c.CrossEntropy)
	}
}

// censoring marks one cell as censored.
type censoring struct{ *table }

func (s censoring) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	return s.table.Read(ctx, sel, threads, func(worker int, b *predict.Batch) error {
		for i := range b.Missing {
			b.Missing[i].Why = predict.Censored
		}
		return fold(worker, b)
	})
}

// TestCensored: a bound is no log-probability; the row is counted, and the total is called a lower bound.
func TestCensored(t *testing.T) {
	src := censoring{grid("lp", "-1", "NaN", "-3")}
	c, err := Run(context.Background(), Job{Request: predict.Request{LogProb: "lp"},
		Inputs: []Input{{Name: "t", Open: func(context.Context) (predict.Source, error) { return src, nil }}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.NLL != 4 || !c.LowerBound || c.Rows.Invalid[0].Reason != "censored" || math.IsNaN(c.CrossEntropy.Value) {
		t.Errorf("%+v %+v", c.CrossEntropy, c.Rows)
	}
}
