package info_test

import (
	"math"
	"testing"

	"surprisal"
	"surprisal/info"
)

var inf = math.Inf(1)

// near reports whether got is within tol of want, absolutely or relatively;
// an infinity only equals itself, and NaN nothing.
func near(got, want, tol float64) bool {
	return got == want || math.Abs(got-want) <= tol*max(1, math.Abs(want))
}

func bits(nats float64) float64 { return surprisal.Bit.FromNats(nats) }

func repeat(v float64, n int, more ...float64) []float64 {
	var p []float64
	for range n {
		p = append(p, v)
	}
	return append(p, more...)
}

// Values that others have published, with how many of their digits they gave.
func TestPublished(t *testing.T) {
	half, uneven := []float64{.5, .5}, []float64{.9, .1}
	third, torch := repeat(1./3, 3), []float64{.36, .48, .16}
	dit := []float64{.4, .6}
	a, b := []float64{.5, .1, .3, .1}, []float64{.1, .4, .25, .25}
	rows := []struct {
		source    string
		got, want float64
		tol       float64
	}{
		{"scipy.stats.entropy: fair coin, base 2", bits(info.Entropy(half)), 1, 0},
		{"scipy.stats.entropy: biased coin, base 2", bits(info.Entropy(uneven)), 0.46899559358928117, 1e-15},
		{"scipy.stats.entropy: the same by our binary entropy", bits(info.BinaryEntropy(.1)), 0.46899559358928117, 1e-15},
		{"scipy.stats.entropy: relative entropy, base 2", bits(info.KL(half, uneven)), 0.7369655941662062, 1e-15},
		{"scipy.stats.entropy: cross entropy, base 2", bits(info.CrossEntropy(half, uneven)), 1.736965594166206, 1e-15},
		{"scipy.stats.entropy: relative entropy", info.KL(half, uneven), 0.5108256237659907, 1e-15},
		{"torchmetrics: KL", info.KL(torch, third), 0.0853, 5e-5},
		{"torchmetrics: JS divergence", info.JensenShannon(torch, third), 0.0225, 5e-5},
		{"gonum: cross entropy, p sums to 0.9", info.CrossEntropy([]float64{.75, .1, .05}, []float64{.5, .25, .25}), 0.7278045395879426, 1e-15},
		{"gonum: cross entropy without support", info.CrossEntropy([]float64{.5, .4, .1}, []float64{.5, 0, .5}), inf, 0},
		{"gonum: entropy", info.Entropy([]float64{.2, .4, .25, .15}), 1.3195, 5e-5},
		{"gonum: Bhattacharyya distance", info.BhattacharyyaDistance(a, b), 0.15597338718671386, 1e-15},
		{"gonum: Hellinger distance", info.Hellinger(a, b), 0.3800237367441919, 1e-15},
		{"dit: cross entropy, bits", bits(info.CrossEntropy(half, dit)), 1.0294468445267841, 1e-15},
		{"dit: relative entropy, bits", bits(info.KL(dit, half)), 0.029049405545331419, 1e-15},
		{"dit: cross entropy, coin under three, bits", bits(info.CrossEntropy([]float64{.5, .5, 0}, third)), 1.5849625007211563, 1e-15},
		{"dit: missing support", info.KL(third, []float64{.5, .5, 0}), inf, 0},
		{"Evidently #494: JS distance of disjoint", info.JensenShannonDistance([]float64{1, 0}, []float64{0, 1}), 0.8325546111576977, 1e-15},
	}
	for _, r := range rows {
		if !near(r.got, r.want, r.tol) {
			t.Errorf("%s: %v, want %v", r.source, r.got, r.want)
		}
	}
	if d := info.KL([]float64{.5, .5, 0}, []float64{.5, 0, .5}); d != inf {
		t.Errorf("KL of a half-shared support is %v", d)
	}
}

// The dice of the tutorial, by its own formulas.
func TestTutorial(t *testing.T) {
	fair, loaded := repeat(1./6, 6), repeat(.1, 5, .5)
	seen := []float64{.18, .18, .15, .17, .17, .15}
	ones := []float64{1, 0, 0, 0, 0, 0}
	rows := []struct {
		what      string
		got, want float64
	}{
		{"H(fair)", info.Entropy(fair), 1.791759469228055},
		{"H(loaded)", info.Entropy(loaded), 1.4978661367769954},
		{"H(nearly certain)", info.Entropy(repeat(.01, 5, .95)), 0.2789871389675776},
		{"H(fair, q)", info.CrossEntropy(fair, seen), 1.7946250849698941},
		{"H(loaded, q)", info.CrossEntropy(loaded, seen), 1.8356230449362894},
		{"H(ones, q)", info.CrossEntropy(ones, seen), 1.7147984280919266},
		{"KL(fair, q)", info.KL(fair, seen), 0.0028656157418394},
		{"KL(loaded, q)", info.KL(loaded, seen), 0.3377569081592939},
		{"H(q, fair)", info.CrossEntropy(seen, fair), 1.791759469228055},
		{"H(q, loaded)", info.CrossEntropy(seen, loaded), 2.06116940612893},
		{"H(q, ones)", info.CrossEntropy(seen, ones), inf},
		{"H(counts, loaded)", info.CrossEntropyCounts([]int64{18, 18, 15, 17, 17, 15}, loaded), 2.06116940612893},
	}
	for _, r := range rows {
		if !near(r.got, r.want, 4e-15) {
			t.Errorf("%s = %v, want %v", r.what, r.got, r.want)
		}
	}
}
