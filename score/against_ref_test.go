package score

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"surprisal"
	"surprisal/predict"
)

// pairCase is a case of ref/against.
type pairCase struct {
	Name     string       `json:"name"`
	Form     string       `json:"form"`
	BaseForm string       `json:"base_form"`
	Dtype    string       `json:"dtype"`
	Model    [][]number64 `json:"model"`
	Base     [][]number64 `json:"base"`
	Labels   []number64   `json:"labels"`
	Weights  []number64   `json:"weights"`
	Clusters []number64   `json:"clusters"`
	Expected struct {
		KL           []number64 `json:"kl"`
		Mean         number64   `json:"mean"`
		SE           number64   `json:"se"`
		FiniteMean   number64   `json:"finite_mean"`
		Quantiles    []number64 `json:"quantiles"`
		Agreement    number64   `json:"agreement"`
		CrossEntropy []number64 `json:"cross_entropy"`
		Base         []number64 `json:"base_cross_entropy"`
		More         []number64 `json:"more"`
		Shift        []number64 `json:"shift"`
		RMS          number64   `json:"rms"`
		Correlation  number64   `json:"correlation"`
	} `json:"expected"`
}

// narrow hands a table's values out as float32.
type narrow struct{ *table }

func (s narrow) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	return s.table.Read(ctx, sel, threads, func(worker int, b *predict.Batch) error {
		b.F32 = make([]float32, len(b.F64))
		for i, v := range b.F64 {
			b.F32[i] = float32(v)
		}
		b.F64 = nil
		return fold(worker, b)
	})
}

// TestAgainstReference holds comparisons to others' reckoning.
func TestAgainstReference(t *testing.T) {
	text, err := os.ReadFile("../ref/against/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []pairCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 20 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	said := func(form string) (r predict.Request) {
		switch form {
		case "logits":
			r.Logits = "v_*"
		case "probs":
			r.Probs = "v_*"
		case "logprobs":
			r.LogProbs = "v_*"
		}
		return r
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			m, b := &table{batch: 7}, &table{batch: 11}
			for k := range c.Model[0] {
				var x, y []string
				for i := range c.Model {
					x, y = append(x, string(c.Model[i][k])), append(y, string(c.Base[i][k]))
				}
				m.column(fmt.Sprint("v_", k), x)
				b.column(fmt.Sprint("v_", k), y)
			}
			req := said(c.Form)
			req.LogBase = map[string]string{"logprobs": "e"}[c.Form]
			for name, column := range map[string][]number64{"y": c.Labels, "w": c.Weights, "c": c.Clusters} {
				if column == nil {
					continue
				}
				m.column(name, texts(column))
				switch name {
				case "y":
					req.Label = name
				case "w":
					req.Weight = name
				case "c":
					req.Cluster = name
				}
			}
			open := func(tab *table) Input {
				return Input{Name: "table", Open: func(context.Context) (predict.Source, error) {
					if c.Dtype == "float32" {
						return narrow{tab}, nil
					}
					return tab, nil
				}}
			}
			d, err := RunAgainst(context.Background(), AgainstJob{Inputs: []Input{open(m)}, Base: []Input{open(b)}, Request: req, BaseRequest: said(c.BaseForm),
				Options: Options{Threads: 2, Worst: len(c.Model)}})
			if err != nil {
				t.Fatal(err)
			}
			// A kernel of float32 may be as far off as 2.5e-7 of a row's figure.
			loose := 1e-12
			if c.Dtype == "float32" {
				loose = 3e-7
			}
			near := func(name string, got float64, want number64, relative, absolute float64) {
				t.Helper()
				w, err := strconv.ParseFloat(string(want), 64)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got != w && !(math.Abs(got-w) <= relative*math.Abs(w)+absolute) {
					t.Errorf("%s is %.17g, want %s", name, got, want)
				}
			}
			// Rounding the differences of logits moves KL by about its root times that.
			root := func(want number64) float64 {
				w, _ := strconv.ParseFloat(string(want), 64)
				return 1e-13*math.Sqrt(w) + 1e-27
			}
			x := &c.Expected
			if len(d.Worst) != len(x.KL) {
				t.Fatalf("%d rows", len(d.Worst))
			}
			for _, w := range d.Worst {
				near(fmt.Sprint("KL of row ", w.Row), w.Nats, x.KL[w.Row-1], loose, root(x.KL[w.Row-1]))
			}
			near("mean", d.KL.Value, x.Mean, loose, root(x.Mean))
			if x.SE != "null" {
				near("error", d.KL.SE, x.SE, 10*loose, root(x.SE))
			} else if d.KL.HasInterval() {
				t.Error("an infinite mean has an error")
			}
			near("finite mean", d.FiniteKL.Value, x.FiniteMean, loose, root(x.FiniteMean))
			for i, q := range x.Quantiles {
				near(fmt.Sprint("quantile ", i), d.KLPoints[i].Nats, q, loose, root(q))
			}
			near("agreement", d.Agreement.Value, x.Agreement, 1e-14, 0)
			if c.Labels == nil {
				return
			}
			for _, e := range []struct {
				name string
				got  surprisal.Estimate
				want []number64
			}{{"cross entropy", d.CrossEntropy, x.CrossEntropy}, {"of the base", d.BaseCrossEntropy, x.Base}, {"difference", d.More, x.More}, {"shift", d.Shift, x.Shift}} {
				near(e.name, e.got.Value, e.want[0], loose, loose)
				near(e.name+"'s error", e.got.SE, e.want[1], 10*loose, loose)
			}
			near("root mean square", d.RMSShift.Value, x.RMS, loose, loose)
			if x.Correlation != "" {
				near("correlation", d.Correlation, x.Correlation, 10*loose, 0)
			}
		})
	}
}
