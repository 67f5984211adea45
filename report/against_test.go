package report

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"surprisal"
	"surprisal/predict"
	"surprisal/score"
)

func points(v ...float64) (out []score.KLPoint) {
	for i, of := range [][2]int64{{1, 2}, {90, 100}, {95, 100}, {99, 100}, {999, 1000}, {1, 1}} {
		out = append(out, score.KLPoint{Part: of[0], Of: of[1], Nats: v[i]})
	}
	return out
}

// divergences are comparisons with made-up figures, one per variety of report.
var divergences = map[string]func() *score.Divergence{
	"labelled": func() *score.Divergence {
		return &score.Divergence{
			Inputs: []score.InputRead{{Path: "q4.npy", Format: "npy", Rows: 5000}},
			Base:   []score.InputRead{{Path: "f16.npy", Format: "npy", Rows: 5000}},
			Layout: &predict.Layout{Form: predict.Logits}, BaseLayout: &predict.Layout{Form: predict.Logits},
			Confidence: 0.95, N: 5000, Weight: 5000, EffectiveN: 5000, Classes: 32000,
			KL: estimate(0.031273, 0.000238), FiniteKL: estimate(0.031273, 0.000238),
			KLPoints: points(0.0123, 0.0712, 0.1241, 0.3021, 1.2345, 9.8765), Exact: true, Furthest: score.RowRef{Row: 1553},
			Agreement: estimate(0.916, 0.0039), ByChance: 0.0312,
			Labelled: true, CrossEntropy: estimate(1.8573, 0.0301), BaseCrossEntropy: estimate(1.8298, 0.0298), More: estimate(0.0275, 0.00081),
			Correlation: 0.99963, Shift: estimate(-0.00612, 0.00071), RMSShift: estimate(0.0551, 0.0011),
			Rows: score.DivergenceRows{Read: 5000, Compared: 5000},
			Worst: []score.DivergentRow{
				{RowRef: score.RowRef{Row: 1553}, Label: "7", Nats: 9.8765, Top: "9", BaseTop: "7", Prob: 0.0102, ProbBase: 0.387},
				{RowRef: score.RowRef{Row: 12}, Label: "311", Nats: 3.1, Top: "13", BaseTop: "311", Prob: 0.2, ProbBase: 0.61},
			},
		}
	},
	"infinite": func() *score.Divergence {
		inf := math.Inf(1)
		return &score.Divergence{
			Inputs: []score.InputRead{{Path: "a1.csv", Format: "csv", Rows: 60}, {Path: "a2.csv", Format: "csv", Rows: 45}},
			Base:   []score.InputRead{{Path: "b1.csv", Format: "csv", Rows: 50}, {Path: "b2.csv", Format: "csv", Rows: 55}},
			Layout: &predict.Layout{Form: predict.Probabilities, Cluster: "user", Weight: "w"}, BaseLayout: &predict.Layout{Form: predict.Probabilities},
			Confidence: 0.9, Normalize: score.Rescale, N: 100, Weight: 50.5, Weighted: true, EffectiveN: 71.2, Clusters: 12, Classes: 3,
			Notes: []string{"2 failed requests left out"},
			KL:    without(inf, "infinite rows"), FiniteKL: without(0.42, "leaves out the infinite rows"),
			KLPoints: points(0.1, 0.9, 1.2, inf, inf, inf), Furthest: score.RowRef{Input: 1, Row: 3},
			Agreement: estimate(0.61, 0.02), ByChance: 0.5,
			Labelled: true, CrossEntropy: without(inf, "infinite rows"), BaseCrossEntropy: estimate(0.9, 0.1), More: without(inf, "infinite rows"),
			Correlation: nan, Shift: estimate(-0.1, 0.02), RMSShift: estimate(0.3, 0.02),
			Rows: score.DivergenceRows{Read: 105, Compared: 100, Infinite: 2, ZeroWeight: 1, LeftOut: 4,
				Invalid:       []score.InvalidRows{{Reason: "NA", Count: 3, First: []score.RowRef{{Input: 1, Row: 9}}}},
				InvalidBase:   []score.InvalidRows{{Reason: "negative", Count: 2, First: []score.RowRef{{Row: 1}, {Input: 1, Row: 7}}}},
				FirstInfinite: []score.RowRef{{Input: 1, Row: 3}, {Input: 1, Row: 5}}},
			Worst:     []score.DivergentRow{{RowRef: score.RowRef{Input: 1, Row: 3}, ID: "t-3", Label: "cat", Nats: inf, Top: "dog", BaseTop: "cat", Prob: 0, ProbBase: 1}},
			SumDefect: [2]*score.SumDefect{{Largest: 0.01, At: score.RowRef{Input: 1, Row: 4}, Tolerance: 1e-5, Decimals: 2}, {Largest: 1e-9, At: score.RowRef{Row: 4}, Tolerance: 1e-5, Decimals: -1}},
			Warnings:  []score.Warning{{Text: "in 2 rows the model gives probability 0", Hint: "so it is"}},
		}
	},
	"same": func() *score.Divergence {
		zero := surprisal.Estimate{Confidence: 0.95, N: 30}
		return &score.Divergence{
			Inputs: []score.InputRead{{Path: "-", Format: "csv", Rows: 30}},
			Base:   []score.InputRead{{Path: "b.csv", Format: "csv", Rows: 30}},
			Layout: &predict.Layout{Form: predict.Logits}, BaseLayout: &predict.Layout{Form: predict.Logits},
			Confidence: 0.95, N: 30, Weight: 30, EffectiveN: 30, Classes: 4, KL: zero, FiniteKL: zero, KLPoints: points(0, 0, 0, 0, 0, 0), Exact: true, Furthest: score.RowRef{Row: 1},
			Agreement: surprisal.Estimate{Value: 1, Lo: 1, Hi: 1, Confidence: 0.95, N: 30}, ByChance: 0.3, Correlation: nan,
			Rows:  score.DivergenceRows{Read: 30, Compared: 30},
			Worst: []score.DivergentRow{{RowRef: score.RowRef{Row: 1}, Top: "a", BaseTop: "a"}},
		}
	},
}

func TestAgainstLayout(t *testing.T) {
	for name, d := range divergences {
		u := surprisal.Nat
		if name == "labelled" {
			u = surprisal.Bit
		}
		r := Against(d(), u, "npy: made up", "npy: made up too")
		for i := range formats {
			f := Format(i)
			if f == Markdown && name != "labelled" {
				continue
			}
			var out bytes.Buffer
			if err := r.Write(&out, f, Style{}); err != nil {
				t.Fatal(err)
			}
			golden(t, "against-"+name+"."+f.String(), out.Bytes())
		}
	}
}

// The fields of the object are a contract.
func TestAgainstFields(t *testing.T) {
	var want []string
	for _, f := range AgainstFields() {
		if f.Description == "" {
			t.Errorf("field %s is not described", f.Name)
		}
		want = append(want, f.Name)
	}
	seen := map[string]bool{}
	for name, d := range divergences {
		at := 0
		var got []string
		for _, f := range Against(d(), surprisal.Nat, "", "").Data {
			got = append(got, f.Name)
			seen[f.Name] = true
			i := slices.Index(want[at:], f.Name)
			if i < 0 {
				t.Fatalf("%s: field %s is unknown or out of order", name, f.Name)
			}
			at += i + 1
		}
		for _, always := range strings.Fields("schema unit confidence inputs against read_as against_read_as n weight classes kl finite_kl kl_quantiles kl_quantiles_exact agreement agreement_by_chance rows warnings") {
			if !slices.Contains(got, always) {
				t.Errorf("%s: no field %s", name, always)
			}
		}
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("no report has the field %s", w)
		}
	}
}

// Values are in the unit; the ratio of perplexities is the same in every unit.
func TestAgainstUnits(t *testing.T) {
	nat, bit := decode(t, Against(divergences["labelled"](), surprisal.Nat, "", "")), decode(t, Against(divergences["labelled"](), surprisal.Bit, "", ""))
	for _, figure := range []string{"kl", "log_ratio"} {
		for _, part := range []string{"value", "se", "lo", "hi"} {
			n, b := nat[figure].(map[string]any)[part].(float64), bit[figure].(map[string]any)[part].(float64)
			if b != surprisal.Bit.FromNats(n) {
				t.Errorf("%s: %s of %v nats is not %v bits", figure, part, n, b)
			}
		}
	}
	for _, figure := range []string{"perplexity_ratio", "perplexity", "agreement", "probability_change"} {
		if n, b := fmt.Sprint(nat[figure]), fmt.Sprint(bit[figure]); n != b {
			t.Errorf("%s depends on the unit: %s, %s", figure, n, b)
		}
	}
	ratio := nat["perplexity_ratio"].(map[string]any)
	if v := math.Exp(0.0275); !(math.Abs(ratio["value"].(float64)-v) <= 1e-15) || !(math.Abs(ratio["se"].(float64)-v*0.00081) <= 1e-15) {
		t.Errorf("ratio %v", ratio)
	}
}

func TestAgainstVerdicts(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*score.Divergence)
		want   string
	}{
		{"labelled", nil, "q4.npy is 0.03127 nats per row away from f16.npy (mean KL divergence, 95 % interval 0.03080 to 0.03175). They have the same most probable class in 91.6 % of 5,000 rows. " +
			"It pays 0.02750 nats per row more for what happened (95 % interval 0.02588 to 0.02912): perplexity 6.41 against 6.23."},
		{"labelled", func(d *score.Divergence) { d.More = estimate(-0.0275, 0.00081) }, "It pays 0.02750 nats per row less for what happened (95 % interval 0.02588 to 0.02912)"},
		{"labelled", func(d *score.Divergence) { d.More = estimate(0.0005, 0.0008) }, "What it pays for what happened is not clearly different: 0.00050 nats per row more (95 % interval -0.00110 to 0.00210); perplexity"},
		{"infinite", nil, "In 2 of 100 rows a1.csv (and 1 more file) gives probability 0 to a class that b1.csv (and 1 more file) allows, so the mean KL divergence is infinite; over the other 98 rows it is 0.4200 nats per row. " +
			"They have the same most probable class in 61.0 % of 100 rows. a1.csv (and 1 more file) gives probability 0 to something that happened, so its perplexity is infinite."},
		{"infinite", func(d *score.Divergence) { d.More.Value = nan }, "Both give probability 0 to something that happened"},
		{"infinite", func(d *score.Divergence) { d.More.Value = math.Inf(-1) }, "b1.csv (and 1 more file) gives probability 0 to something"},
		{"same", nil, "standard input predicts the same as b.csv: the KL divergence is 0 in each of 30 rows."},
	} {
		d := divergences[c.name]()
		if c.change != nil {
			c.change(d)
		}
		if got := Against(d, surprisal.Nat, "", "").Verdict; !strings.Contains(got, c.want) {
			t.Errorf("%s: verdict is\n%s\nwant in it\n%s", c.name, got, c.want)
		}
	}
}
