package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"surprisal"
	"surprisal/info"
)

func dieOf(t *testing.T, name string, p ...float64) Belief {
	t.Helper()
	d, err := info.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return Belief{name, d}
}

var faces = []string{"1", "2", "3", "4", "5", "6"}

func dice(t *testing.T) (fair, loaded, seen, ones Belief) {
	s := 1. / 6
	return dieOf(t, "fair", s, s, s, s, s, s), dieOf(t, "loaded", .1, .1, .1, .1, .1, .5),
		dieOf(t, "o", .18, .18, .15, .17, .17, .15), dieOf(t, "ones", 1, 0, 0, 0, 0, 0)
}

func distJSON(t *testing.T, in DistInput) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := Dist(in).Write(&b, JSON, Style{}); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	return m
}

func distText(t *testing.T, in DistInput) string {
	t.Helper()
	var b bytes.Buffer
	if err := Dist(in).Write(&b, Text, Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func value(t *testing.T, m map[string]any, field string) float64 {
	t.Helper()
	f, ok := m[field].(map[string]any)
	if !ok {
		t.Fatalf("%s is %v", field, m[field])
	}
	switch v := f["value"].(type) {
	case float64:
		return v
	case string:
		if v == "Infinity" {
			return math.Inf(1)
		}
	}
	t.Fatalf("%s has the value %v", field, f["value"])
	return 0
}

// The fields of a pair are those of the schema, in their order, and the figures
// are the tutorial's.
func TestDistPair(t *testing.T) {
	_, loaded, seen, _ := dice(t)
	in := DistInput{Outcomes: faces, P: loaded, Q: []Belief{seen}}
	var names []string
	for _, f := range Dist(in).Data {
		names = append(names, f.Name)
	}
	want := "schema unit outcomes p q entropy_p entropy_q cross_entropy cross_entropy_reverse kl kl_reverse jensen_shannon perplexity_p terms"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("fields %s\nwant   %s", got, want)
	}
	m := distJSON(t, in)
	for field, want := range map[string]float64{
		"entropy_p": 1.4978661367769954, "cross_entropy": 1.8356230449362894, "kl": 0.3377569081592939,
		"cross_entropy_reverse": 2.06116940612893, "perplexity_p": 4.472135954999579,
	} {
		if got := value(t, m, field); !(math.Abs(got-want) <= 4e-15) {
			t.Errorf("%s = %v, want %v", field, got, want)
		}
	}
	in.Unit = surprisal.Bit
	m = distJSON(t, in)
	if got, want := value(t, m, "kl"), 0.3377569081592939/math.Ln2; !(math.Abs(got-want) <= 4e-15) || m["unit"] != "bit" {
		t.Errorf("KL = %v %v, want %v", got, m["unit"], want)
	}
	// Terms sum to the cross entropy.
	sum := 0.0
	for _, term := range m["terms"].([]any) {
		sum += value(t, term.(map[string]any), "term")
	}
	if want := value(t, m, "cross_entropy"); !(math.Abs(sum-want) <= 4e-15) {
		t.Errorf("terms sum to %v, the cross entropy is %v", sum, want)
	}
}

func TestDistInfinite(t *testing.T) {
	p, q := dieOf(t, "p", .2, .3, .5), dieOf(t, "q", .5, .5, 0)
	in := DistInput{Outcomes: []string{"a", "b", "c"}, P: p, Q: []Belief{q}}
	m := distJSON(t, in)
	if !math.IsInf(value(t, m, "cross_entropy"), 1) || !math.IsInf(value(t, m, "kl"), 1) || math.IsInf(value(t, m, "kl_reverse"), 0) {
		t.Errorf("cross entropy %v, KL %v, reverse %v", m["cross_entropy"], m["kl"], m["kl_reverse"])
	}
	if text := distText(t, in); !strings.Contains(text, "H(p, q) and KL(p‖q) are infinite: outcome c has q = 0 but p = 0.5.") || strings.Contains(text, "Inf") {
		t.Errorf("text:\n%s", text)
	}
}

// The yardstick that misleads is named, and not followed.
func TestDistRank(t *testing.T) {
	fair, loaded, seen, ones := dice(t)
	in := DistInput{Outcomes: faces, P: seen, Q: []Belief{ones, loaded, fair}, Rank: true}
	m := distJSON(t, in)
	if m["likeliest"] != "fair" {
		t.Errorf("the likeliest is %v", m["likeliest"])
	}
	want := map[string][2]float64{
		"ones":   {math.Inf(1), 1.7147984280919266},
		"loaded": {2.06116940612893, 1.8356230449362894},
		"fair":   {1.791759469228055, 1.7946250849698941},
	}
	for i, b := range m["beliefs"].([]any) {
		b := b.(map[string]any)
		if b["name"] != in.Q[i].Name {
			t.Errorf("belief %d is %v, given was %s", i+1, b["name"], in.Q[i].Name)
		}
		w := want[in.Q[i].Name]
		if got := value(t, b, "cross_entropy"); got != w[0] && !(math.Abs(got-w[0]) <= 4e-15) {
			t.Errorf("H(o, %v) = %v, want %v", b["name"], got, w[0])
		}
		if got := value(t, b, "cross_entropy_reverse"); !(math.Abs(got-w[1]) <= 4e-15) {
			t.Errorf("H(%v, o) = %v, want %v", b["name"], got, w[1])
		}
	}
	if r := Dist(in); len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, "H(p, o) orders the beliefs differently") {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	// Without the misleading belief both directions agree.
	in.Q = in.Q[1:]
	if r := Dist(in); len(r.Warnings) != 0 {
		t.Errorf("warnings: %+v", r.Warnings)
	}
	// The odds of 100 rolls: the ratio of the likelihoods, by its definition.
	in.Counts = []int64{18, 18, 15, 17, 17, 15}
	odds := 1.0
	for i, n := range in.Counts {
		odds *= math.Pow(fair.D.Prob(i)/loaded.D.Prob(i), float64(n))
	}
	if r := Dist(in); !strings.Contains(r.Verdict, "makes the 100 outcomes "+power(math.Log(odds))+" times as likely") {
		t.Errorf("verdict %q, odds %v", r.Verdict, odds)
	}
	in.Q, in.Counts = []Belief{ones}, nil
	if m := distJSON(t, in); m["likeliest"] != nil {
		t.Errorf("the likeliest of impossible beliefs is %v", m["likeliest"])
	}
}

// Every idea is told once, what is shown was computed, and formulas fit 80 columns.
func TestDistExplain(t *testing.T) {
	fair, loaded, seen, _ := dice(t)
	in := DistInput{Outcomes: faces, P: seen, Q: []Belief{loaded}, Counts: []int64{18, 18, 15, 17, 17, 15}, Explain: true}
	for i, n := range in.Counts {
		for range n {
			in.Rolls = append(in.Rolls, int32(i))
		}
	}
	text := distText(t, in)
	flat := strings.Join(strings.Fields(text), " ")
	for _, once := range []string{
		"The minus sign:", "The logarithm:", "a by-product", "is a probability where q is fixed and the data vary",
		"The w that makes these data likeliest is o itself", "The letters:", "L(w) = Πⱼ q(xⱼ | w)", "cross entropy of q relative to o, where",
		"the same number, to the last bit", "product of probabilities: 0 ", "Outcomes that do not influence each other multiply",
	} {
		if n := strings.Count(flat, once); n != 1 {
			t.Errorf("%q is said %d times", once, n)
		}
	}
	for _, l := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(l) > 80 {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(l), l)
		}
	}
	var steps []string
	for _, s := range distJSON(t, in)["explain"].([]any) {
		steps = append(steps, s.(map[string]any)["step"].(string))
	}
	if want := "The cross entropy of loaded relative to o/1. The likelihood/2. Independence/3. The logarithm, and the minus/" +
		"4. Divided by m/5. Equal outcomes together/6. The same number/In words"; strings.Join(steps, "/") != want {
		t.Errorf("steps are %s", strings.Join(steps, "/"))
	}

	// Without counts there is no likelihood to speak of.
	in = DistInput{Outcomes: faces, P: fair, Q: []Belief{loaded}, Explain: true}
	text = distText(t, in)
	if strings.Contains(text, "likelihood where") || !strings.Contains(text, "H(p, q) = Σ p(x) · (−log q(x))") || !strings.Contains(text, "in the proportions of fair") {
		t.Errorf("text:\n%s", text)
	}
	for _, l := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(l) > 80 {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(l), l)
		}
	}
	in.Explain = false
	if _, there := distJSON(t, in)["explain"]; there {
		t.Error("an explanation that nobody asked for")
	}
}

// Powers are right where float64 has long given up.
func TestPower(t *testing.T) {
	for want, x := range map[string]float64{
		"1.00e+1000": 1000 * math.Ln10, "1.00e-1000": -1000 * math.Ln10, "2.00e-500": math.Ln2 - 500*math.Ln10,
		"1": 0, "0.5": -math.Ln2, "1e+03": math.Log(1000),
	} {
		if got := power(x); got != want {
			t.Errorf("exp(%v) is written %s, want %s", x, got, want)
		}
	}
}

// In the proportions of p means that no outcome is ever a whole one behind.
func TestThousand(t *testing.T) {
	_, loaded, _, _ := dice(t)
	d := &dist{DistInput: DistInput{Outcomes: faces, P: loaded}, p: loaded.D}
	sequence, _ := d.thousand(1000)
	counts := make([]int, 6)
	for _, i := range sequence {
		counts[i]++
	}
	for i, n := range counts {
		if want := 1000 * loaded.D.Prob(i); math.Abs(float64(n)-want) > 1 {
			t.Errorf("outcome %d came %d times, %v were due", i+1, n, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for want, v := range map[string]float64{
		"0": 0, "1": 1, "1.791759": 1.791759469228055, "0.002866": 0.0028656157418394, "-0.500000": -.5,
		"2.22045e-16": 0x1p-52, "infinite": math.Inf(1), "no data": math.NaN(), "100": 100,
	} {
		if got := Digits(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
