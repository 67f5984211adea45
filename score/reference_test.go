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

// reference is a case of ref/score: inputs, and what they come to by others'
// reckoning.
type reference struct {
	Name      string          `json:"name"`
	Source    string          `json:"source"`
	Form      string          `json:"form"`
	Classes   []string        `json:"classes"`
	Positive  string          `json:"positive"`
	Negative  string          `json:"negative"`
	Labels    json.RawMessage `json:"labels"`
	Probs     json.RawMessage `json:"probs"`
	Logits    [][]number64    `json:"logits"`
	LogProbs  [][]number64    `json:"logprobs"`
	Nats      []number64      `json:"nats"`
	Tokens    []number64      `json:"tokens"`
	Weights   []number64      `json:"weights"`
	Freq      []number64      `json:"freq"`
	Clusters  []any           `json:"clusters"`
	Floor     string          `json:"floor"`
	FloorKind string          `json:"floor_kind"`
	Normalize string          `json:"normalize"`
	Expected  map[string]any  `json:"expected"`
	Tolerance string          `json:"tolerance"`
	Input     json.RawMessage `json:"input"`
	Full      map[string]any  `json:"full"`
}

// number64 is a number written as a JSON number or as a string.
type number64 string

func (n *number64) UnmarshalJSON(b []byte) error {
	*n = number64(b)
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(n))
	}
	return nil
}

func texts[T ~string](xs []T) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = string(x)
	}
	return out
}

// job turns a case into a data set and the flags that go with it.
func (r *reference) job(t *testing.T) Job {
	t.Helper()
	tab := &table{batch: 7}
	var req predict.Request
	into := func(b json.RawMessage, v any) {
		t.Helper()
		if err := json.Unmarshal(b, v); err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
	}
	matrix := func(prefix string, rows [][]number64) {
		for k := range rows[0] {
			var col []string
			for i := range rows {
				col = append(col, string(rows[i][k]))
			}
			name := strconv.Itoa(k)
			if r.Classes != nil && k < len(r.Classes) {
				name = r.Classes[k]
			}
			tab.column(prefix+name, col)
		}
	}
	var rows [][]number64
	switch r.Form {
	case "probabilities":
		into(r.Probs, &rows)
		matrix("p_", rows)
		req.Probs = "p_*"
	case "logits":
		matrix("z_", r.Logits)
		req.Logits = "z_*"
	case "logprobs":
		matrix("l_", r.LogProbs)
		req.LogProbs = "l_*"
	case "surprisals":
		tab.column("nll", texts(r.Nats))
		tab.column("tokens", texts(r.Tokens))
		req.NLL, req.Tokens, req.Label = "nll", "tokens", "none"
	case "positive":
		var p []number64
		into(r.Probs, &p)
		tab.column("p", texts(p))
		req.Prob, req.Positive = "p", r.Positive
	case "soft":
		into(r.Probs, &rows)
		matrix("p_", rows)
		var y [][]number64
		into(r.Labels, &y)
		matrix("y_", y)
		req.Probs, req.OneHot = "p_*", "y_*"
	default:
		t.Skipf("%s: form %q is not a scoring form", r.Name, r.Form)
	}
	if r.Form != "soft" && r.Form != "surprisals" {
		var labels []number64
		into(r.Labels, &labels)
		tab.column("label", texts(labels))
		req.Label = "label"
	}
	if r.Weights != nil {
		tab.column("w", texts(r.Weights))
		req.Weight = "w"
	}
	if r.Freq != nil {
		tab.column("n", texts(r.Freq))
		req.Freq = "n"
	}
	if r.Clusters != nil {
		var c []string
		for _, v := range r.Clusters {
			c = append(c, fmt.Sprint(v))
		}
		tab.column("cluster", c)
		req.Cluster = "cluster"
	}
	job := Job{Inputs: []Input{tab.input()}, Request: req, Options: Options{Threads: 2}}
	if r.Floor != "" {
		job.Floor, _ = strconv.ParseFloat(r.Floor, 64)
	}
	switch r.Normalize {
	case "asis":
		job.Normalize = AsIs
	case "rescale":
		job.Normalize = Rescale
	}
	return job
}

// figures are the scorecard's numbers under the names of the references.
func figures(c *Scorecard) map[string]float64 {
	f := map[string]float64{
		"rows": float64(c.N), "weight": c.Weight, "effective_n": c.EffectiveN,
		"cross_entropy": c.CrossEntropy.Value, "se": c.CrossEntropy.SE, "nll": c.NLL, "perplexity": math.Exp(c.CrossEntropy.Value),
		"clusters": float64(c.Clusters),
	}
	if c.HasLabels {
		f["base_rate_entropy"], f["skill"] = c.BaseRateEntropy, c.Skill.Value
		f["accuracy"], f["brier"] = c.Accuracy.Value, c.Brier.Value
	}
	if c.Soft != nil {
		f["label_entropy"], f["kl"], f["explained"] = c.Soft.LabelEntropy.Value, c.Soft.KL.Value, c.Soft.Explained
	}
	for _, p := range c.Per {
		f["per_"+p.Of] = p.Mean.Value
		f["per_"+p.Of+"_se"] = p.Mean.SE
		f["perplexity_per_"+p.Of] = math.Exp(p.Mean.Value)
		f[p.Of+"s"] = p.Total
	}
	return f
}

func load(t *testing.T, path, field string) []reference {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	var refs []reference
	if err := json.Unmarshal(all[field], &refs); err != nil {
		t.Fatal(err)
	}
	return refs
}

// parse reads an expected value: a number, a string of digits, "Infinity", or nil.
func parse(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		x, err := strconv.ParseFloat(v, 64)
		return x, err == nil
	}
	return 0, false
}

// TestCases scores the generated cases of ref/score/cases.json, computed at 50
// digits by mpmath.
func TestCases(t *testing.T) {
	for _, r := range load(t, "../ref/score/cases.json", "cases") {
		t.Run(r.Name, func(t *testing.T) {
			c, err := Run(context.Background(), r.job(t))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, &r, c, r.Expected, func(name string, want float64) float64 {
				if name == "se" && want == 0 {
					return 1e-16 // weight × surprisal is rounded once per row
				}
				if name == "skill" || name == "explained" || name == "kl" {
					return 1e-13 * math.Max(1, math.Abs(want))
				}
				return 1e-13 * math.Abs(want)
			})
			classes, _ := r.Expected["classes"].(map[string]any)
			checkClasses(t, c, classes)
			if per, ok := r.Expected["per_token"].(map[string]any); ok {
				mean := c.Per[0].Mean
				for name, got := range map[string]float64{"value": mean.Value, "se": mean.SE, "perplexity": math.Exp(mean.Value), "bits": surprisal.Bit.FromNats(mean.Value)} {
					if want, ok := parse(per[name]); !ok || !(math.Abs(got-want) <= 1e-13*math.Abs(want)) {
						t.Errorf("per token, %s is %.17g, reference %v", name, got, per[name])
					}
				}
			}
		})
	}
}

func compare(t *testing.T, r *reference, c *Scorecard, expected map[string]any, tolerance func(name string, want float64) float64) {
	t.Helper()
	got := figures(c)
	known := 0
	for name, v := range expected {
		if name == "classes" || name == "per_token" {
			continue // checked apart
		}
		x, ok := got[name]
		if !ok {
			if v != nil {
				t.Errorf("%s: no figure for the reference %q = %v", r.Name, name, v)
			}
			continue
		}
		want, ok := parse(v)
		if v == nil {
			want, ok = math.NaN(), true
		}
		if !ok {
			t.Errorf("%s: reference %q is %v, not a number", r.Name, name, v)
			continue
		}
		known++
		if math.IsNaN(want) && math.IsNaN(x) || x == want {
			continue
		}
		if !(math.Abs(x-want) <= tolerance(name, want)) {
			t.Errorf("%s: %s is %.17g, reference %.17g (off by %.3g)", r.Name, name, x, want, x-want)
		}
	}
	if known == 0 {
		t.Errorf("%s: nothing was compared: %v", r.Name, expected)
	}
}

func checkClasses(t *testing.T, c *Scorecard, want map[string]any) {
	t.Helper()
	checked := 0
	for _, k := range c.Classes {
		class, ok := want[k.Class].(map[string]any)
		if !ok {
			continue
		}
		checked++
		rows, _ := parse(class["rows"])
		v, ok := parse(class["cross_entropy"])
		if !ok || float64(k.N) != rows || k.Mean.Value != v && !(math.Abs(k.Mean.Value-v) <= 1e-13*math.Abs(v)) {
			t.Errorf("class %s: %.17g over %d rows, reference %v", k.Class, k.Mean.Value, k.N, class)
		}
	}
	if checked != len(want) {
		t.Errorf("%d classes checked, the reference has %d", checked, len(want))
	}
}

// TestPublished scores values that others have published; sources stand in
// ref/score/published.json.
func TestPublished(t *testing.T) {
	for _, r := range load(t, "../ref/score/published.json", "vectors") {
		t.Run(r.Name, func(t *testing.T) {
			name, expected, tolText, full, form := r.Name, r.Expected, r.Tolerance, r.Full, r.Form
			if err := json.Unmarshal(r.Input, &r); err != nil {
				t.Fatal(err)
			}
			r.Name, r.Form = name, form
			if r.FloorKind == "both ends" && name != "certain and wrong, floor 1e-15" {
				t.Skip("a floor at both ends is not ours")
			}
			if name == "soft binary labels with weights" {
				r.twoColumns(t)
			}
			c, err := Run(context.Background(), r.job(t))
			if err != nil {
				t.Fatal(err)
			}
			tol, err := strconv.ParseFloat(tolText, 64)
			if err != nil {
				t.Fatal(err)
			}
			if r.FloorKind == "both ends" {
				tol = 1e-14 // at 1e-15 the other end moves the result by less than this
			}
			compare(t, &r, c, expected, func(string, float64) float64 { return tol })
			if full != nil {
				compare(t, &r, c, full, func(_ string, want float64) float64 { return 4e-16 * math.Abs(want) })
			}
		})
	}
}

// twoColumns writes a binary case with label shares as one column per class.
func (r *reference) twoColumns(t *testing.T) {
	t.Helper()
	pairs := func(b json.RawMessage) json.RawMessage {
		var one []float64
		if err := json.Unmarshal(b, &one); err != nil {
			t.Fatal(err)
		}
		var two [][2]float64
		for _, p := range one {
			// Rounded to the ten decimals that the source has: 1 − 0.8 in floating point is not 0.2.
			two = append(two, [2]float64{math.Round((1-p)*1e10) / 1e10, p})
		}
		out, err := json.Marshal(two)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	r.Form, r.Labels, r.Probs = "soft", pairs(r.Labels), pairs(r.Probs)
}

// TestLanguageModels turns published perplexities and totals into each other.
func TestLanguageModels(t *testing.T) {
	type lm struct {
		Form            string
		Input, Expected map[string]any
	}
	b, err := os.ReadFile("../ref/score/published.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Vectors []lm }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	run := func(name, cell, counts, count string, req predict.Request) surprisal.Estimate {
		t.Helper()
		tab := &table{}
		tab.column(name, []string{cell})
		tab.column(counts, []string{count})
		c, err := Run(context.Background(), Job{Inputs: []Input{tab.input()}, Request: req})
		if err != nil {
			t.Fatal(err)
		}
		return c.Per[0].Mean
	}
	seen := 0
	for _, v := range all.Vectors {
		if v.Form != "language_model" {
			continue
		}
		if p, ok := parse(v.Input["byte_perplexity"]); ok {
			mean := run("nll", strconv.FormatFloat(math.Log(p), 'g', -1, 64), "bytes", "1", predict.Request{NLL: "nll", Bytes: "bytes", Label: "none"})
			want, _ := parse(v.Expected["bits_per_byte"])
			if got := surprisal.Bit.FromNats(mean.Value); !(math.Abs(got-want) <= 1e-15) {
				t.Errorf("byte perplexity %g is %.17g bits per byte, published %v", p, got, want)
			}
			seen++
			continue
		}
		words, _ := v.Input["words"].(float64)
		oov, _ := v.Input["oov"].(float64)
		sentences, _ := v.Input["sentences"].(float64)
		for name, count := range map[string]float64{"ppl": words - oov + sentences, "ppl1": words - oov} {
			mean := run("logprob", v.Input["log10_prob"].(string), "words", fmt.Sprint(count),
				predict.Request{LogProb: "logprob", LogBase: "10", Words: "words", Label: "none"})
			want, _ := parse(v.Expected[name])
			if got := math.Exp(mean.Value); !(math.Abs(got-want) <= 0.06) {
				t.Errorf("%s is %.7g, published %v", name, got, want)
			}
			seen++
		}
	}
	if seen != 5 {
		t.Errorf("%d published figures seen, expected 5", seen)
	}
}
