package score

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"surprisal/predict"
)

// fewLabels lets few labels wait, so that there is waiting in small data sets.
func fewLabels(t *testing.T) {
	was := labelsAhead
	labelsAhead = 10
	t.Cleanup(func() { labelsAhead = was })
}

// split divides rows into files: some columns of them.
func (t *table) split(rng *rand.Rand, sizes []int, columns ...int) (inputs []Input) {
	at, batch := 0, 1+rng.IntN(60)
	for _, n := range sizes {
		part := &table{batch: batch}
		for _, c := range columns {
			part.names = append(part.names, t.names[c])
		}
		for _, row := range t.rows[at : at+n] {
			var cells []string
			for _, c := range columns {
				cells = append(cells, row[c])
			}
			part.rows = append(part.rows, cells)
		}
		inputs = append(inputs, part.input())
		at += n
	}
	return inputs
}

func sizes(rng *rand.Rand, n int) (sizes []int) {
	for n > 0 {
		k := min(n, 30+rng.IntN(400))
		sizes = append(sizes, k)
		n -= k
	}
	return sizes
}

// TestApartIsBeside: labels in a file of their own give the figures of labels that stand
// beside the predictions, bit for bit, on any number of threads, and from any files.
func TestApartIsBeside(t *testing.T) {
	fewLabels(t)
	whole := predictions(700, 27)
	whole.column("id", nil)
	for i := range whole.rows {
		whole.rows[i] = append(whole.rows[i], fmt.Sprint("row", i))
		if i%50 == 9 {
			whole.rows[i][0] = "" // no label
		}
	}
	for name, req := range map[string]predict.Request{
		"plain":     {},
		"weighted":  {Weight: "w"},
		"repeated":  {Freq: "n", By: "site,day"},
		"clustered": {Cluster: "user", Weight: "w", By: "site"},
		"binary":    {Positive: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			beside := req
			beside.Label, beside.Probs = "label", "p_*"
			if name == "binary" {
				beside.Probs, beside.Prob = "", "p_a"
				for _, row := range whole.rows {
					row[0] = strings.ReplaceAll(row[0], "c", "b")
				}
			}
			c, err := score(t, whole, beside, Options{})
			if err != nil {
				t.Fatal(err)
			}
			apart := beside
			apart.Label = ""
			rng := rand.New(rand.NewPCG(8, 3))
			for trial := range 20 {
				files := sizes(rng, len(whole.rows))
				job := Job{Request: apart, Options: Options{Threads: 1 + trial%5}, Inputs: whole.split(rng, files, 1, 2, 3, 4, 5, 6, 7, 8, 9)}
				if trial%2 == 0 {
					files = []int{len(whole.rows)}
				}
				for _, in := range whole.split(rng, files, 9, 0) {
					job.Labels = append(job.Labels, LabelsInput{Input: in})
				}
				got, err := Run(context.Background(), job)
				if err != nil {
					t.Fatal(err)
				}
				if bits(got) != bits(c) {
					t.Fatalf("trial %d differs from labels beside:\n%s\nbeside:\n%s", trial, bits(got), bits(c))
				}
				for i, w := range got.Worst {
					if w.Label != c.Worst[i].Label || w.ID != c.Worst[i].ID {
						t.Fatalf("worst row %+v, want %+v", w, c.Worst[i])
					}
				}
			}
		})
	}
}

// Two models beside labels apart.
func TestAgainstApart(t *testing.T) {
	fewLabels(t)
	m, b := twoModels(500, 6, 3)
	label := slices.Index(m.names, "label")
	req := predict.Request{Logits: "z_*"}
	want, err := RunAgainst(context.Background(), AgainstJob{Inputs: []Input{m.input()}, Base: []Input{b.input()}, Request: req})
	if err != nil || !want.Labelled {
		t.Fatal(err)
	}
	var others []int
	for c := range m.names {
		if c != label {
			others = append(others, c)
		}
	}
	var values []int
	for c, name := range b.names {
		if strings.HasPrefix(name, "z_") {
			values = append(values, c)
		}
	}
	want.Base, want.BaseLayout = nil, nil
	rng := rand.New(rand.NewPCG(8, 4))
	for trial := range 20 {
		job := AgainstJob{Request: req, Options: Options{Threads: 1 + trial%4}, Inputs: m.split(rng, sizes(rng, 500), others...), Base: b.split(rng, sizes(rng, 500), values...)}
		job.Labels = []LabelsInput{{Input: m.split(rng, []int{500}, label)[0]}}
		got, err := RunAgainst(context.Background(), job)
		if err != nil {
			t.Fatal(err)
		}
		got.Base, got.BaseLayout = nil, nil
		if bits(got) != bits(want) {
			t.Fatalf("trial %d differs:\n%s\nbeside:\n%s", trial, bits(got), bits(want))
		}
	}
}

// What is wrong with labels apart is said alike on any number of threads.
func TestApartErrors(t *testing.T) {
	fewLabels(t)
	column := func(name string, n, odd int, cell string) *table {
		tab := &table{names: []string{name}, batch: 7}
		for i := range n {
			if i == odd {
				tab.rows = append(tab.rows, []string{cell})
			} else {
				tab.rows = append(tab.rows, []string{fmt.Sprint(i % 2)})
			}
		}
		return tab
	}
	named := func(name string, src predict.Source) Input {
		return Input{Name: name, Open: func(context.Context) (predict.Source, error) { return src, nil }}
	}
	values := func(n int) *table { return column("prob", n, -1, "") }
	ids := func(tab *table, from int) *table {
		for i := range tab.rows {
			tab.rows[i] = append(tab.rows[i], fmt.Sprint(i+from))
		}
		tab.names = append(tab.names, "id")
		return tab
	}
	for name, c := range map[string]struct {
		inputs, labels []predict.Source
		want           string
	}{
		"fewer":              {[]predict.Source{values(90)}, []predict.Source{column("y", 61, -1, "")}, "p0: row 62: no label: the labels end after 61 rows"},
		"more":               {[]predict.Source{values(90)}, []predict.Source{column("y", 2000, -1, "")}, "l0: 2000 labels for 90 rows"},
		"one of each":        {[]predict.Source{values(90), values(50)}, []predict.Source{column("y", 80, -1, ""), column("y", 60, -1, "")}, "l0: 80 labels for 90 rows"},
		"the second":         {[]predict.Source{values(90), values(50)}, []predict.Source{column("y", 90, -1, ""), column("y", 60, -1, "")}, "l1: 60 labels for 50 rows"},
		"no such class":      {[]predict.Source{values(1090), values(2000)}, []predict.Source{column("y", 3090, 2095, "7")}, `p1: row 1006: label "7" has no column`},
		"broken labels":      {[]predict.Source{values(3000)}, []predict.Source{failing{column("y", 3000, -1, ""), 1500, false}}, "broken: row 1501: torn"},
		"both, labels first": {[]predict.Source{failing{values(3000), 1501, false}}, []predict.Source{failing{column("y", 3000, -1, ""), 1500, false}}, "broken: row 1501: torn"},
		"predictions first":  {[]predict.Source{failing{values(3000), 1400, false}}, []predict.Source{failing{column("y", 3000, -1, ""), 1500, false}}, "broken: row 1401: torn"},
		"broken at once":     {[]predict.Source{values(3000)}, []predict.Source{failing{column("y", 3000, -1, ""), 20, false}}, "broken: row 21: torn"},
		"beyond the end":     {[]predict.Source{values(1400)}, []predict.Source{failing{column("y", 3000, -1, ""), 1500, false}}, "broken: row 1501: torn"},
		"beside a silence":   {[]predict.Source{failing{values(3000), 1000, false}}, []predict.Source{failing{column("y", 3000, -1, ""), 1200, true}}, "broken: row 1001: torn"},
		"other ids":          {[]predict.Source{ids(values(90), 5)}, []predict.Source{ids(column("y", 90, -1, ""), 4)}, `p0: row 1: id is "5" here, but not in row 1 of the labels`},
	} {
		for trial := range 12 {
			job := Job{Request: predict.Request{Prob: "prob"}, Options: Options{Threads: 1 + trial%4}}
			for i, src := range c.inputs {
				job.Inputs = append(job.Inputs, named(fmt.Sprint("p", i), src))
			}
			for i, src := range c.labels {
				job.Labels = append(job.Labels, LabelsInput{named(fmt.Sprint("l", i), src), "y"})
			}
			_, err := Run(context.Background(), job)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %d threads: %v, want %s", name, job.Threads, err, c.want)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := Run(ctx, Job{Request: predict.Request{Prob: "prob"}, Inputs: []Input{values(3000).input()},
		Labels: []LabelsInput{{named("l", failing{column("y", 3000, -1, ""), 1500, true}), "y"}}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
}

// written is a source whose program writes the predictions when the labels are written.
type written struct {
	*table
	done chan struct{}
}

func (s written) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	n, err := s.table.Read(ctx, sel, threads, fold)
	close(s.done)
	return n, err
}

// Labels that are no file are read on while there are no predictions: one program may
// write both, one after the other.
func TestApartOneAfterTheOther(t *testing.T) {
	fewLabels(t)
	y := &table{names: []string{"y"}, batch: 5}
	p := &table{names: []string{"prob"}, batch: 9}
	for i := range 5000 {
		y.rows, p.rows = append(y.rows, []string{fmt.Sprint(i % 2)}), append(p.rows, []string{"0.5"})
	}
	done := make(chan struct{})
	c, err := Run(context.Background(), Job{
		Inputs: []Input{{"p", func(ctx context.Context) (predict.Source, error) {
			select {
			case <-done:
				return p, nil
			case <-time.After(10 * time.Second):
				return nil, errors.New("the labels are not read")
			}
		}}},
		Labels: []LabelsInput{{Input: Input{"y", func(context.Context) (predict.Source, error) { return written{y, done}, nil }}}},
	})
	if err != nil || c.N != 5000 {
		t.Fatal(c, err)
	}
}
