package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"surprisal"
	"surprisal/predict"
	"surprisal/score"
)

var nan = math.NaN()

func estimate(v, se float64) surprisal.Estimate {
	return surprisal.Estimate{Value: v, SE: se, Lo: v - 2*se, Hi: v + 2*se, Confidence: 0.95, N: 100}
}

func without(v float64, why string) surprisal.Estimate {
	return surprisal.Estimate{Value: v, SE: nan, Lo: nan, Hi: nan, Confidence: 0.95, N: 100, Why: why}
}

// cards are scorecards with made-up figures, one per variety of report.
var cards = map[string]func() *score.Scorecard{
	"plain": func() *score.Scorecard {
		c := &score.Scorecard{
			Inputs:     []score.InputRead{{Path: "pets.csv", Format: "csv", Rows: 1797}},
			Layout:     &predict.Layout{Form: predict.Probabilities, Classes: []string{"cat", "dog"}},
			Confidence: 0.95,
			N:          1797, Weight: 1797, EffectiveN: 1797,
			CrossEntropy: estimate(0.144, 0.0125), NLL: 258.768,
			Finite:    estimate(0.144, 0.0125),
			HasLabels: true, BaseRateEntropy: 2.302, Skill: estimate(0.9374, 0.0054),
			Accuracy: estimate(0.956, 0.0048), Brier: estimate(0.065, 0.0041), BrierKind: "sum over the classes of (p − y)², 0 to 2",
			Classes: []score.ClassScore{
				{Class: "cat", N: 900, Weight: 900, Mean: estimate(0.1, 0.011), Share: 0.35},
				{Class: "dog", N: 897, Weight: 897, Mean: estimate(0.19, 0.02), Share: 0.65},
				{Class: "cow", Mean: without(nan, "no data"), Share: 0},
			},
			Rows: score.RowCounts{Read: 1797, Scored: 1797},
			Worst: []score.WorstRow{
				{RowRef: score.RowRef{Row: 1017}, ID: "t-1016", Label: "dog", Probability: 3.1e-7, Nats: 14.98},
				{RowRef: score.RowRef{Row: 5}, ID: "t-4", Label: "cat", Probability: 0.0213, Nats: 3.849},
			},
			SumDefect: &score.SumDefect{Largest: 2.2e-16, At: score.RowRef{Row: 12}, Tolerance: 1e-5, Decimals: 17},
		}
		for i := range 25 {
			c.Classes = append(c.Classes, score.ClassScore{Class: fmt.Sprint("breed ", i), N: 1, Weight: 1, Mean: without(0.25, "one row"), Share: 0})
		}
		return c
	},
	"infinite": func() *score.Scorecard {
		inf := math.Inf(1)
		return &score.Scorecard{
			Inputs:     []score.InputRead{{Path: "a.csv", Format: "csv", Rows: 1000}, {Path: "b.csv.gz", Format: "csv.gz", Rows: 800}},
			Layout:     &predict.Layout{Form: predict.Probabilities, Classes: []string{"cat", "dog"}},
			Confidence: 0.9,
			N:          1797, Weight: 1797, EffectiveN: 1797,
			CrossEntropy: without(inf, "infinite rows"), NLL: inf,
			Finite:    estimate(0.2957, 0.021),
			HasLabels: true, BaseRateEntropy: 2.302, Skill: without(math.Inf(-1), "infinite rows"),
			Accuracy: estimate(0.88, 0.01), Brier: estimate(0.2, 0.01), BrierKind: "mean of (p − y)², 0 to 1",
			Classes: []score.ClassScore{
				{Class: "cat", N: 900, Weight: 900, Mean: estimate(0.1, 0.011), Share: nan},
				{Class: "dog", N: 897, Weight: 897, Mean: without(inf, "infinite rows"), Share: nan},
			},
			Rows: score.RowCounts{Read: 1800, Scored: 1797, Infinite: 2,
				FirstInfinite: []score.RowRef{{Input: 0, Row: 17}, {Input: 1, Row: 3}},
				Invalid:       []score.InvalidRows{{Reason: "NA", Count: 3, First: []score.RowRef{{Input: 1, Row: 9}}}}},
			Join: &predict.JoinTally{Key: "id", LabelsKey: "row_id", Files: []string{"x.csv", "y.csv"}, Labelled: true, Labels: 1805, Matched: 1790,
				Unpredicted: 15, Unpredict: []predict.KeyRow{{Key: "k1", Input: 1, Row: 8}, {Key: "a, b", Row: 3}},
				Unlabelled: 1, Unlabel: []predict.KeyRow{{Key: "k9", Input: 1, Row: 4}},
				DoubledPredictions: 2, DoubledRows: 9, DoubledPredict: []predict.KeyRow{{Key: "k2", Row: 1}, {Key: "k3", Row: 2}}, LabelsNoKey: 1},
			FloorCurve: []score.FloorPoint{{Floor: 0.01, CrossEntropy: 0.3}, {Floor: 1e-15, CrossEntropy: 0.334}, {Floor: 0x1p-52, CrossEntropy: 0.3361}},
			SliceBy:    []string{"city", "year"},
			Slices: []score.Slice{
				{Key: []string{"Bern", "2024"}, N: 1000, Mean: estimate(0.2, 0.02), Share: nan},
				{Key: []string{"Zürich", "(missing)"}, N: 797, Mean: without(inf, "infinite rows"), Share: nan},
			},
			Worst: []score.WorstRow{
				{RowRef: score.RowRef{Row: 17}, Label: "dog", Probability: 0, Nats: inf},
				{RowRef: score.RowRef{Input: 1, Row: 3}, Label: "dog", Probability: 0, Nats: inf},
			},
			Warnings: []score.Warning{{Text: "2 rows gave probability 0 to what happened", Hint: "--floor 1e-6"}},
		}
	},
	"tokens": func() *score.Scorecard {
		return &score.Scorecard{
			Inputs:     []score.InputRead{{Path: "tokens.csv", Format: "csv", Rows: 1707}},
			Layout:     &predict.Layout{Form: predict.LogHappened, Cluster: "doc", Row: "token", Documents: true},
			Confidence: 0.95,
			N:          1707, Weight: 1707, EffectiveN: 1707, Clusters: 48,
			CrossEntropy: estimate(7.455, 0.131), NLL: 12726.14, Finite: estimate(7.455, 0.131),
			SelfScored: true, LowerBound: true, Notes: []string{"2 failed requests left out"},
			Documents: &score.DocumentScore{By: "doc", Document: true, N: 48, NLL: estimate(265.1, 40.2), Perplexities: []score.DocumentPerplexity{
				{Of: "token", Mean: estimate(2210, 310.5)}, {Of: "byte", Mean: without(math.Inf(1), "infinite rows"), Empty: 2}}},
			Per:  []score.PerCount{{Of: "byte", Total: 9054, Mean: estimate(1.40558, 0.0241)}},
			Rows: score.RowCounts{Read: 1707, Scored: 1707},
		}
	},
	"soft": func() *score.Scorecard {
		return &score.Scorecard{
			Inputs:     []score.InputRead{{Path: "-", Format: "csv", Rows: 150}},
			Layout:     &predict.Layout{Form: predict.Probabilities, Classes: []string{"a", "b", "c"}, OneHot: []string{"y_a", "y_b", "y_c"}, Weight: "w"},
			Confidence: 0.95, Floor: 1e-6, Normalize: score.Rescale,
			N: 150, Weight: 75.5, Weighted: true, EffectiveN: 120.25,
			CrossEntropy: estimate(0.1719, 0.02), NLL: 25.78, Finite: estimate(0.1719, 0.02),
			HasLabels: true, BaseRateEntropy: 1.0986, Skill: without(0.8435, "label shares: no interval is computed"),
			Accuracy: estimate(0.93, 0.02), Brier: estimate(0.07, 0.01), BrierKind: "sum over the classes of (p − y)², 0 to 2",
			Soft:       &score.SoftScore{LabelEntropy: estimate(0.1, 0.015), KL: estimate(0.0719, 0.008), Explained: 0.928},
			Rows:       score.RowCounts{Read: 151, Scored: 150, ZeroWeight: 1, Floored: 4},
			FloorCurve: []score.FloorPoint{{Floor: 0.01, CrossEntropy: 0.171}},
		}
	},
	"oneclass": func() *score.Scorecard {
		return &score.Scorecard{
			Inputs:     []score.InputRead{{Path: "one.csv", Format: "csv", Rows: 1}},
			Layout:     &predict.Layout{Form: predict.Positive, Classes: []string{"no", "yes"}},
			Confidence: 0.95, N: 1, Weight: 1, EffectiveN: 1,
			CrossEntropy: without(0.357, "one row"), NLL: 0.357, Finite: without(0.357, "one row"),
			HasLabels: true, Skill: without(nan, "one class"), Accuracy: without(1, "one row"), Brier: without(0.09, "one row"), BrierKind: "mean of (p − y)², 0 to 1",
			Classes:  []score.ClassScore{{Class: "no", Mean: without(nan, "no data")}, {Class: "yes", N: 1, Weight: 1, Mean: without(0.357, "one row"), Share: 1}},
			Rows:     score.RowCounts{Read: 1, Scored: 1},
			Worst:    []score.WorstRow{{RowRef: score.RowRef{Row: 1}, Label: "yes", Probability: 0.7, Nats: 0.357}},
			Warnings: []score.Warning{{Text: "all rows have the same label"}},
		}
	},
}

func names() []string {
	var all []string
	for n := range cards {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

func TestScoreLayout(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			u := surprisal.Nat
			if name == "tokens" {
				u = surprisal.Bit
			}
			r := Score(cards[name](), u, "csv: made up")
			for i := range formats {
				f := Format(i)
				if f == Markdown && name != "plain" {
					continue
				}
				var out bytes.Buffer
				if err := r.Write(&out, f, Style{}); err != nil {
					t.Fatal(err)
				}
				golden(t, "score-"+name+"."+f.String(), out.Bytes())
				for i, l := range strings.Split(out.String(), "\n") {
					if strings.HasSuffix(l, " ") {
						t.Errorf("%s, line %d ends in a space: %q", f, i+1, l)
					}
				}
			}
		})
	}
}

// The fields of the object are a contract.
func TestScoreFields(t *testing.T) {
	var want []string
	for _, f := range ScoreFields() {
		if f.Description == "" {
			t.Errorf("field %s is not described", f.Name)
		}
		want = append(want, f.Name)
	}
	seen := map[string]bool{}
	for _, name := range names() {
		var got []string
		for _, f := range Score(cards[name](), surprisal.Nat, "made up").Data {
			got = append(got, f.Name)
			seen[f.Name] = true
		}
		at := 0
		for _, g := range got {
			i := slices.Index(want[at:], g)
			if i < 0 {
				t.Fatalf("%s: field %s is unknown or out of order: %v", name, g, got)
			}
			at += i + 1
		}
		for _, always := range strings.Fields("schema unit confidence inputs read_as n weight cross_entropy nll perplexity rows finite_cross_entropy warnings") {
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

func decode(t *testing.T, r *Report) map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Infinite figures are strings, with the reason why there is no error and interval; what is undefined is null.
func TestScoreSpecialValues(t *testing.T) {
	m := decode(t, Score(cards["infinite"](), surprisal.Nat, ""))
	if got := m["cross_entropy"]; fmt.Sprint(got) != fmt.Sprint(map[string]any{"value": "Infinity", "unit": "nat", "why": "infinite rows"}) {
		t.Errorf("cross_entropy is %v", got)
	}
	if got := m["skill"]; fmt.Sprint(got) != fmt.Sprint(map[string]any{"value": "-Infinity", "why": "infinite rows"}) {
		t.Errorf("skill is %v", got)
	}
	if got := m["perplexity"]; fmt.Sprint(got) != fmt.Sprint(map[string]any{"value": "Infinity", "why": "infinite rows"}) {
		t.Errorf("perplexity is %v", got)
	}
	m = decode(t, Score(cards["oneclass"](), surprisal.Nat, ""))
	if v, ok := m["skill"]; !ok || v != nil {
		t.Errorf("skill is %v, want null", v)
	}
}

// Values are in the unit; perplexity is the same in every unit.
func TestScoreUnits(t *testing.T) {
	value := func(m map[string]any, path ...string) any {
		var at any = m
		for _, p := range path {
			at = at.(map[string]any)[p]
		}
		return at
	}
	nat, bit := decode(t, Score(cards["plain"](), surprisal.Nat, "")), decode(t, Score(cards["plain"](), surprisal.Bit, ""))
	for _, f := range []string{"value", "se", "lo", "hi"} {
		n, b := value(nat, "cross_entropy", f).(float64), value(bit, "cross_entropy", f).(float64)
		if b != surprisal.Bit.FromNats(n) {
			t.Errorf("%s: %v nats are not %v bits", f, n, b)
		}
	}
	if n, b := fmt.Sprint(nat["perplexity"]), fmt.Sprint(bit["perplexity"]); n != b {
		t.Errorf("perplexity depends on the unit: %s, %s", n, b)
	}
	if n, b := fmt.Sprint(nat["skill"]), fmt.Sprint(bit["skill"]); n != b {
		t.Errorf("skill depends on the unit: %s, %s", n, b)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*score.Scorecard)
		want   []string
	}{
		{"plain", nil, []string{"pays 0.144 nats per row (95 % interval 0.119 to 0.169), 94 % less than knowing only the class shares (2.302): like guessing among 1.155 equally likely outcomes."}},
		{"plain", func(c *score.Scorecard) { c.Skill = estimate(-0.2, 0.01) }, []string{"20 % more than knowing only the class shares", "worse"}},
		{"plain", func(c *score.Scorecard) { c.Skill = estimate(-0.2, 0.2) }, []string{"not clearly different from knowing only the class shares"}},
		{"infinite", nil, []string{"2 of 1,797 rows were given probability 0 for what happened, so the cross entropy is infinite; the other 1,795 rows pay 0.296 nats per row."}},
		{"infinite", func(c *score.Scorecard) { c.Rows.Infinite = 1 }, []string{"1 of 1,797 rows was given"}},
		{"infinite", func(c *score.Scorecard) { c.Rows.Infinite = c.N; c.Finite = without(nan, "no data") }, []string{"cross entropy is infinite."}},
		{"tokens", nil, []string{"nats per token", "over 48 documents", "Per byte that is 2.028 bits"}},
		{"soft", nil, []string{"With a floor of 1e-06", "weighted", "labels' own entropy is 0.100 nats of it", "the other 0.072 are", "explains 92.8 %"}},
		{"oneclass", nil, []string{"The one row costs 0.3570 nats: like", "All labels are of one class"}},
	} {
		card := cards[c.name]()
		if c.change != nil {
			c.change(card)
		}
		got := Score(card, surprisal.Nat, "").Verdict
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: verdict is %q, want %q in it", c.name, got, w)
			}
		}
	}
}
