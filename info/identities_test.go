package info_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"surprisal"
	"surprisal/info"
)

// random makes a distribution of k outcomes, some of them far smaller than others
// and some 0.
func random(r *rand.Rand, k int) []float64 {
	p := make([]float64, k)
	for i := range p {
		switch r.IntN(4) {
		case 0:
			p[i] = r.Float64() * math.Pow(10, -30*r.Float64())
		case 1:
			if i > 0 {
				continue
			}
			fallthrough
		default:
			p[i] = r.Float64()
		}
	}
	p[0] += 1e-3
	t := info.Sum(p)
	for i := range p {
		p[i] /= t
	}
	return p
}

func permuted(perm []int, x []float64) []float64 {
	y := make([]float64, len(x))
	for i, j := range perm {
		y[i] = x[j]
	}
	return y
}

func TestIdentities(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 2000 {
		k := 2 + r.IntN(30)
		x, y := random(r, k), random(r, k)
		p, err := info.New(x)
		if err != nil {
			t.Fatal(err)
		}
		q, err := info.New(y)
		if err != nil {
			t.Fatal(err)
		}
		h, ce, kl := p.Entropy(), p.CrossEntropy(q), p.KL(q)
		if !near(kl, ce-h, 2e-15) {
			t.Fatalf("trial %d: KL %v, cross entropy less entropy %v", trial, kl, ce-h)
		}
		if !(kl >= 0) || !(h >= 0) || !(h <= math.Log(float64(k))+1e-14) {
			t.Fatalf("trial %d: KL %v, H %v of %d outcomes", trial, kl, h, k)
		}
		// Pinsker: total variation is at most √(KL/2).
		tv, js, he := p.TotalVariation(q), p.JensenShannon(q), p.Hellinger(q)
		if !(2*tv*tv <= kl*(1+1e-14)) {
			t.Fatalf("trial %d: total variation %v, KL %v", trial, tv, kl)
		}
		if !(js >= 0 && js <= math.Ln2*(1+1e-15)) || js != q.JensenShannon(p) || p.JensenShannonDistance(q) != math.Sqrt(js) {
			t.Fatalf("trial %d: JS %v", trial, js)
		}
		m := make([]float64, k)
		for i := range m {
			m[i] = (x[i] + y[i]) / 2
		}
		if byDefinition := info.KL(x, m)/2 + info.KL(y, m)/2; !near(js, byDefinition, 1e-15) {
			t.Fatalf("trial %d: JS %v, by its definition %v", trial, js, byDefinition)
		}
		if bc := p.BhattacharyyaCoefficient(q); !near(1-he*he, bc, 1e-14) ||
			!near(p.BhattacharyyaDistance(q), -math.Log(bc), 1e-14) && bc > 0 {
			t.Fatalf("trial %d: Hellinger %v, overlap %v, distance %v", trial, he, bc, p.BhattacharyyaDistance(q))
		}
		if !(he*he <= tv*(1+1e-14) && tv <= math.Sqrt2*he*(1+1e-14)) {
			t.Fatalf("trial %d: Hellinger %v, total variation %v", trial, he, tv)
		}
	}
}

// A distribution is no distance from itself, to the last bit.
func TestSelf(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		x := random(r, 1+r.IntN(40))
		p, err := info.New(x)
		if err != nil {
			t.Fatal(err)
		}
		for what, d := range map[string]float64{
			"raw KL": info.KL(x, x), "KL": p.KL(p), "JS": p.JensenShannon(p), "JS distance": p.JensenShannonDistance(p),
			"total variation": p.TotalVariation(p), "Hellinger": p.Hellinger(p), "Bhattacharyya": p.BhattacharyyaDistance(p),
		} {
			if d != 0 || math.Signbit(d) {
				t.Fatalf("%s of %v and itself is %v", what, x, d)
			}
		}
	}
}

// Near pairs: with q = p·(1 + e), KL is p·e²/2 to first order and never below 0.
func TestNearPairs(t *testing.T) {
	for _, e := range []float64{1e-3, 1e-5, 1e-8, 1e-12} {
		// 0.5 ± e/2 have the exact divergence −½·log(1 − e²).
		p, _ := info.New([]float64{.5, .5})
		lo, hi := 0.5-e/2, 0.5+e/2
		q, _ := info.New([]float64{lo, hi})
		d := hi - lo // e, as rounded
		want := -0.5 * math.Log1p(-d*d)
		if got := p.KL(q); !(math.Abs(got-want) <= 4e-15*want+1e-17) {
			t.Errorf("e = %v: KL = %v, want %v", e, got, want)
		}
	}
}

func TestPermutation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for trial := range 500 {
		k := 1 + r.IntN(60)
		p, q := random(r, k), random(r, k)
		perm := r.Perm(k)
		pp, qq := permuted(perm, p), permuted(perm, q)
		for what, f := range map[string]func(p, q []float64) float64{
			"entropy": func(p, _ []float64) float64 { return info.Entropy(p) }, "sum": func(p, _ []float64) float64 { return info.Sum(p) },
			"cross entropy": info.CrossEntropy, "KL": info.KL, "JS": info.JensenShannon, "total variation": info.TotalVariation,
			"Hellinger": info.Hellinger, "overlap": info.BhattacharyyaCoefficient,
		} {
			if a, b := f(p, q), f(pp, qq); math.Float64bits(a) != math.Float64bits(b) {
				t.Fatalf("trial %d: %s is %v in one order and %v in another", trial, what, a, b)
			}
		}
	}
}

// The mean negative log likelihood of the outcomes one by one, in any order, is
// the cross entropy of the counts: the same number, not nearly the same.
func TestCountsAreTheMean(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for trial := range 300 {
		k := 1 + r.IntN(12)
		q := random(r, k)
		counts := make([]int64, k)
		var outcomes []int
		for i := range counts {
			if q[i] > 0 {
				counts[i] = int64(r.IntN(40))
			}
			for range counts[i] {
				outcomes = append(outcomes, i)
			}
		}
		r.Shuffle(len(outcomes), func(i, j int) { outcomes[i], outcomes[j] = outcomes[j], outcomes[i] })
		var acc surprisal.Accumulator
		for _, i := range outcomes {
			acc.Add(info.CrossEntropy([]float64{1}, q[i:i+1]))
		}
		got, want := info.CrossEntropyCounts(counts, q), acc.Mean()
		if len(outcomes) == 0 {
			if !math.IsNaN(got) {
				t.Fatalf("trial %d: no outcomes give %v", trial, got)
			}
		} else if math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("trial %d: counts %v, q %v: %v, one by one %v", trial, counts, q, got, want)
		}
	}
}

func TestTables(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for trial := range 500 {
		rows, cols := 1+r.IntN(6), 1+r.IntN(6)
		flat := random(r, rows*cols)
		cells := make([][]float64, rows)
		for x := range cells {
			cells[x] = flat[x*cols : (x+1)*cols]
		}
		v, err := info.NewTable(cells)
		if err != nil {
			t.Fatal(err)
		}
		hx, hy, hxy, mi := v.RowEntropy(), v.ColumnEntropy(), v.Entropy(), v.MutualInformation()
		if !near(mi, hx+hy-hxy, 1e-14) || !(mi >= 0) || !near(mi, v.Transpose().MutualInformation(), 1e-14) {
			t.Fatalf("trial %d: I %v, H(X) %v, H(Y) %v, H(X,Y) %v", trial, mi, hx, hy, hxy)
		}
		if !near(info.MutualInformation(cells), mi, 1e-14) {
			t.Fatalf("trial %d: raw I %v, I %v", trial, info.MutualInformation(cells), mi)
		}
		if c := v.ConditionalEntropy(); !near(hx+c, hxy, 1e-14) || !(c <= hy+1e-14) {
			t.Fatalf("trial %d: chain rule: H(X) %v + H(Y|X) %v, H(X,Y) %v", trial, hx, c, hxy)
		}
		if c := v.Transpose().ConditionalEntropy(); !near(hy+c, hxy, 1e-14) {
			t.Fatalf("trial %d: chain rule: H(Y) %v + H(X|Y) %v, H(X,Y) %v", trial, hy, c, hxy)
		}
	}
	// Independence costs exactly nothing where the products are exact, and a copy
	// tells everything.
	v, _ := info.NewTable([][]float64{{.125, .375}, {.125, .375}})
	if mi := v.MutualInformation(); mi != 0 {
		t.Errorf("independent variables share %v nats", mi)
	}
	v, _ = info.NewTable([][]float64{{.5, 0}, {0, .5}})
	if mi, c := v.MutualInformation(), v.ConditionalEntropy(); mi != math.Ln2 || c != 0 {
		t.Errorf("a copied coin shares %v nats and leaves %v", mi, c)
	}
}
