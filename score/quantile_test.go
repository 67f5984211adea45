package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// state is everything that is in a Quantiles, in order, to be compared.
func (q *Quantiles) state() any {
	q.At(1, 2)
	return struct {
		n, odd int64
		lo, hi float64
		exact  bool
		steps  []weighed
	}{q.n, q.odd, q.lo, q.hi, q.Exact(), slices.Clone(q.distribution())}
}

// skewed draws values of all sizes, of both signs, zeros and infinities among them.
func skewed(rng *rand.Rand) float64 {
	switch rng.IntN(50) {
	case 0:
		return 0
	case 1:
		return math.Inf(1)
	case 2:
		return 1 // often the same
	case 3:
		return -rng.ExpFloat64()
	}
	return math.Exp(30 * rng.NormFloat64())
}

// obvious is the quantile by definition: the smallest value up to which there is
// at least the share of all.
func obvious(sorted []float64, part, of int64) float64 {
	n := int64(len(sorted))
	rank := max(1, (part*n+of-1)/of)
	return sorted[rank-1]
}

func TestQuantilesExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 99, 100, 101, 1000, 12345} {
		var q Quantiles
		var all []float64
		for range n {
			v := skewed(rng)
			q.Add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		for _, s := range [][2]int64{{0, 1}, {1, 2}, {1, 3}, {90, 100}, {95, 100}, {99, 100}, {999, 1000}, {1, 1}} {
			if got, want := q.At(s[0], s[1]), obvious(all, s[0], s[1]); got != want {
				t.Errorf("of %d, %d/%d is %v, want %v", n, s[0], s[1], got, want)
			}
		}
		if q.N() != int64(n) || !q.Exact() || q.Max() != all[n-1] {
			t.Errorf("%d values, exact %v, largest %v", q.N(), q.Exact(), q.Max())
		}
	}
}

// Beyond a million values a quantile is within 1 % of the right one.
func TestQuantilesBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var q Quantiles
	var all []float64
	for range quantilesExact + 1000 {
		v := skewed(rng)
		if rng.IntN(3) == 0 {
			v = 1 + rng.Float64() // a lump
		}
		q.Add(v)
		all = append(all, v)
	}
	if q.Exact() {
		t.Fatal("still exact")
	}
	slices.Sort(all)
	worst := 0.0
	for part := int64(0); part <= 2000; part++ {
		got, want := q.At(part, 2000), obvious(all, part, 2000)
		if got == want {
			continue
		}
		off := math.Abs(got-want) / math.Abs(want)
		if !(off <= 0.01) {
			t.Fatalf("%d/2000 is %v, want %v", part, got, want)
		}
		worst = max(worst, off)
	}
	if worst == 0 {
		t.Error("buckets are exact?")
	}
	if q.Max() != all[len(all)-1] || q.At(0, 1) != all[0] {
		t.Error("the ends are not exact")
	}
}

// Every value lies in its bucket, whose middle is within 1 % of it, and buckets are in order.
func TestBuckets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200_000 {
		v := math.Float64frombits(rng.Uint64())
		if math.IsNaN(v) {
			continue
		}
		m := middle(bucketOf(v))
		if math.IsInf(v, 0) || v == 0 {
			if m != v {
				t.Errorf("%v becomes %v", v, m)
			}
		} else if math.Abs(v) >= 0x1p-1022 && !(math.Abs(m-v) <= math.Abs(v)/128) {
			t.Errorf("%v becomes %v", v, m)
		}
		if bucketOf(m) != bucketOf(v) || bucketOf(-v) != -bucketOf(v) {
			t.Errorf("%v: bucket %d, its middle's %d", v, bucketOf(v), bucketOf(m))
		}
		if w := math.Float64frombits(rng.Uint64()); w > v && bucketOf(w) < bucketOf(v) {
			t.Errorf("%v comes before %v", w, v)
		}
	}
	for _, v := range []float64{0, math.Inf(1), math.Inf(-1)} {
		if middle(bucketOf(v)) != v {
			t.Errorf("%v becomes %v", v, middle(bucketOf(v)))
		}
	}
}

// Neither the order of the values nor that of merging shows, below the limit and above it,
// with weights and without.
func TestQuantilesMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	type value struct {
		v, w float64
		n    int64
	}
	for _, big := range []bool{false, true} {
		for _, weighted := range []bool{false, true} {
			var all []value
			for range 3000 {
				x := value{skewed(rng), 1, rng.Int64N(4)}
				if weighted {
					x.w = rng.ExpFloat64()
				}
				if big {
					x.n *= 300
				}
				all = append(all, x)
			}
			all = append(all, value{math.NaN(), 1, 2}, value{5, 0, 1})
			build := func(xs []value) *Quantiles {
				q := &Quantiles{}
				for _, x := range xs {
					q.AddRepeated(x.v, x.w, x.n)
				}
				return q
			}
			whole := build(all)
			want := whole.state()
			if whole.Exact() == big || whole.NaNs() != 2 {
				t.Fatalf("%d values, exact %v, %d NaN", whole.N(), whole.Exact(), whole.NaNs())
			}
			for trial := range 10 {
				rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				cut := 1 + rng.IntN(len(all)-2)
				cut2 := cut + rng.IntN(len(all)-cut)
				a, b, c := build(all[:cut]), build(all[cut:cut2]), build(all[cut2:])
				var q Quantiles
				switch trial % 3 {
				case 0: // (a + b) + c
					q.Merge(a)
					q.Merge(b)
					q.Merge(c)
				case 1: // a + (b + c)
					b.Merge(c)
					q.Merge(a)
					q.Merge(b)
				case 2: // c + b + a
					q.Merge(c)
					q.Merge(b)
					q.Merge(a)
				}
				if got := q.state(); !equalState(got, want) {
					t.Fatalf("big %v, weighted %v, trial %d: not the same", big, weighted, trial)
				}
			}
		}
	}
}

func equalState(a, b any) bool {
	type state = struct {
		n, odd int64
		lo, hi float64
		exact  bool
		steps  []weighed
	}
	x, y := a.(state), b.(state)
	return x.n == y.n && x.odd == y.odd && x.lo == y.lo && x.hi == y.hi && x.exact == y.exact && slices.Equal(x.steps, y.steps)
}

// A weight counts as that many values would.
func TestQuantilesWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var a, b Quantiles
	for range 2000 {
		v, w := skewed(rng), int64(rng.IntN(5))
		a.AddRepeated(v, float64(w), 1)
		b.AddRepeated(v, 1, w)
	}
	for part := int64(0); part <= 1000; part++ {
		if x, y := a.At(part, 1000), b.At(part, 1000); x != y {
			t.Errorf("%d/1000: %v by weight, %v by repeats", part, x, y)
		}
	}
}

func TestQuantilesMisused(t *testing.T) {
	var q Quantiles
	if !math.IsNaN(q.At(1, 2)) || !math.IsNaN(q.Max()) || q.N() != 0 {
		t.Error("something comes of nothing")
	}
	for name, f := range map[string]func(){
		"share above 1":   func() { q.At(3, 2) },
		"negative share":  func() { q.At(-1, 2) },
		"of nothing":      func() { q.At(0, 0) },
		"negative weight": func() { q.AddRepeated(1, -1, 1) },
		"infinite weight": func() { q.AddRepeated(1, math.Inf(1), 1) },
		"negative times":  func() { q.AddRepeated(1, 1, -1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
}
