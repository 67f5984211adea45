package info_test

import (
	"errors"
	"math"
	"testing"

	"surprisal/info"
)

var nan = math.NaN()

var pairs = map[string]func(p, q []float64) float64{
	"CrossEntropy": info.CrossEntropy, "KL": info.KL, "JensenShannon": info.JensenShannon,
	"JensenShannonDistance": info.JensenShannonDistance, "TotalVariation": info.TotalVariation, "Hellinger": info.Hellinger,
	"BhattacharyyaCoefficient": info.BhattacharyyaCoefficient, "BhattacharyyaDistance": info.BhattacharyyaDistance,
}

// NaN is never dropped, and a negative number never passes for a probability.
func TestNaN(t *testing.T) {
	good := []float64{.5, .5, 0}
	for _, bad := range [][]float64{{nan, .5, .5}, {.5, .5, nan}, {0, 1, nan}} {
		for name, f := range pairs {
			if v := f(good, bad); !math.IsNaN(v) {
				t.Errorf("%s(%v, %v) = %v", name, good, bad, v)
			}
			if v := f(bad, good); !math.IsNaN(v) {
				t.Errorf("%s(%v, %v) = %v", name, bad, good, v)
			}
		}
		if v := info.Entropy(bad); !math.IsNaN(v) {
			t.Errorf("Entropy(%v) = %v", bad, v)
		}
	}
	for _, p := range [][]float64{{inf, 0}, {inf, 1}, {inf, inf}} {
		if v := info.JensenShannon(p, []float64{.5, .5}); !math.IsNaN(v) {
			t.Errorf("JensenShannon(%v, half) = %v", p, v)
		}
	}
	for name, f := range pairs {
		if name == "TotalVariation" {
			continue
		}
		for _, bad := range [][]float64{{-.5, .75, .75}, {.5, .6, -.1}} {
			if v := f(good, bad); !math.IsNaN(v) {
				t.Errorf("%s(%v, %v) = %v", name, good, bad, v)
			}
			if v := f(bad, good); !math.IsNaN(v) {
				t.Errorf("%s(%v, %v) = %v", name, bad, good, v)
			}
		}
	}
	for _, p := range []float64{nan, -.1, 1.1} {
		if v := info.BinaryEntropy(p); !math.IsNaN(v) {
			t.Errorf("BinaryEntropy(%v) = %v", p, v)
		}
	}
}

func TestEmpty(t *testing.T) {
	for name, f := range pairs {
		if v := f(nil, nil); !math.IsNaN(v) {
			t.Errorf("%s of nothing = %v", name, v)
		}
	}
	for _, v := range []float64{info.Entropy(nil), info.Perplexity(nil), info.Joint(nil), info.Conditional(nil), info.MutualInformation([][]float64{{}})} {
		if !math.IsNaN(v) {
			t.Errorf("a measure of nothing = %v", v)
		}
	}
	for _, e := range info.Estimators() {
		if got := e.Estimate([]int64{0, 0}); !math.IsNaN(got.Value) || got.N != 0 || got.Why == "" {
			t.Errorf("%s of no outcomes = %+v", e.Name, got)
		}
	}
}

func TestPanics(t *testing.T) {
	for name, f := range pairs {
		mustPanic(t, name, func() { f([]float64{1}, []float64{.5, .5}) })
	}
	mustPanic(t, "ragged table", func() { info.Joint([][]float64{{.5}, {.25, .25}}) })
	mustPanic(t, "counts of another length", func() { info.CrossEntropyCounts([]int64{1}, []float64{.5, .5}) })
	mustPanic(t, "negative count", func() { info.CrossEntropyCounts([]int64{2, -1}, []float64{.5, .5}) })
	mustPanic(t, "counts beyond int64", func() { info.MaximumLikelihood([]int64{math.MaxInt64, 1}) })
	mustPanic(t, "prior of 0 on a count of 0", func() { info.Dirichlet([]int64{2, 0}, 0) })
	mustPanic(t, "negative prior", func() { info.PosteriorMean([]int64{2, 3}, -1) })
	one, _ := info.New([]float64{1})
	two, _ := info.New([]float64{.5, .5})
	mustPanic(t, "Distribution.KL", func() { one.KL(two) })
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if s, ok := recover().(string); !ok || len(s) < 7 || s[:6] != "info: " {
			t.Errorf("%s: panic %q", what, s)
		}
	}()
	f()
}

// Probabilities at the edges of float64.
func TestEdges(t *testing.T) {
	const least = math.SmallestNonzeroFloat64
	rows := []struct {
		what      string
		got, want float64
	}{
		{"surprisal of 1e-20", info.CrossEntropy([]float64{1}, []float64{1e-20}), 46.051701859880914},
		{"surprisal of the least float64", info.CrossEntropy([]float64{1}, []float64{least}), 744.4400719213812},
		{"entropy with a subnormal", info.Entropy([]float64{1, least}) / least, 744},
		{"KL from the least to 1", info.KL([]float64{1}, []float64{least}), 744.4400719213812},
		{"KL of subnormals a factor 2 apart", info.KL([]float64{1e-310}, []float64{2e-310}) / -1e-310, math.Ln2},
		{"certainty", info.Entropy([]float64{0, 1, 0}), 0},
		{"JS of disjoint", info.JensenShannon([]float64{1, 0}, []float64{0, 1}), math.Ln2},
		{"JS with subnormals", info.JensenShannon([]float64{1, least}, []float64{1, 0}), 0},
		{"JS of nearly disjoint", info.JensenShannon([]float64{1, 1e-300}, []float64{1e-300, 1}), math.Ln2},
		{"Bhattacharyya of nearly disjoint", info.BhattacharyyaCoefficient([]float64{1, 1e-300}, []float64{1e-300, 1}), 2e-150},
		{"overlap of tiny numbers", info.BhattacharyyaCoefficient([]float64{1e-200}, []float64{1e-200}) / 1e-200, 1},
		{"Bhattacharyya of disjoint", info.BhattacharyyaDistance([]float64{1, 0}, []float64{0, 1}), inf},
		{"binary entropy of 1e-300", info.BinaryEntropy(1e-300) / 1e-300, 300*math.Ln10 + 1},
		{"binary entropy of 1", info.BinaryEntropy(1), 0},
		{"binary entropy of 1/2", info.BinaryEntropy(.5), math.Ln2},
		{"0·log 0", info.CrossEntropy([]float64{0, 1}, []float64{0, 1}), 0},
	}
	for _, r := range rows {
		if !near(r.got, r.want, 1e-14) || math.Signbit(r.got) {
			t.Errorf("%s: %v, want %v", r.what, r.got, r.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for want, p := range map[string][]float64{
		"not a distribution: no outcomes":         {},
		"not a distribution: sums to 0.9":         {.4, .5},
		"not a distribution: sums to 1.2":         {.4, .4, .4},
		"not a distribution: outcome 3 is -0.1":   {.6, .5, -.1},
		"not a distribution: outcome 2 is NaN":    {.5, nan, .5},
		"not a distribution: outcome 1 is +Inf":   {inf, 0},
		"not a distribution: sums to 1.000002":    {.5, .500002},
		"not a distribution: sums to 0":           {0, 0},
		"not a distribution: outcome 2 is -1e-20": {1, -1e-20},
	} {
		_, err := info.New(p)
		var d *info.Defect
		if !errors.As(err, &d) || err.Error() != want {
			t.Errorf("New(%v): %v, want %q", p, err, want)
		}
	}
	if err := info.Check([]float64{.5, .5000009}); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
	if err := info.CheckWithin([]float64{.333, .333, .333}, 1.5e-3); err != nil {
		t.Errorf("three decimals: %v", err)
	}
	if _, err := info.NewTable(nil); err == nil {
		t.Error("a table of nothing passed")
	}
	if _, err := info.NewTable([][]float64{{.5, .4}}); err == nil || err.Error() != "not a distribution: sums to 0.9" {
		t.Errorf("table: %v", err)
	}
	// The caller's slice is its own.
	p := []float64{.25, .75}
	d, _ := info.New(p)
	p[0] = 9
	d.Probs()[1] = 9
	if d.Prob(0) != .25 || d.Prob(1) != .75 || d.Len() != 2 {
		t.Errorf("a distribution changed from outside: %v", d.Probs())
	}
}
