package surprisal

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

type row struct{ a, b float64 }

// bigRows returns mean, standard error and effective n of finite rows by the
// plain formulas, in floats of prec bits.
func bigRows(rows []row) (mean, se, effective float64) {
	const prec = 12000
	num := func(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }
	mul := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Mul(x, y) }
	quo := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(prec).Quo(x, y) }
	a, b, bb := num(0), num(0), num(0)
	for _, r := range rows {
		a.Add(a, num(r.a))
		b.Add(b, num(r.b))
		bb.Add(bb, mul(num(r.b), num(r.b)))
	}
	ratio := quo(a, b)
	mean, _ = ratio.Float64()
	effective, _ = quo(mul(b, b), bb).Float64()
	v := num(0)
	for _, r := range rows {
		d := new(big.Float).SetPrec(prec).Sub(num(r.a), mul(ratio, num(r.b)))
		v.Add(v, mul(d, d))
	}
	m := float64(len(rows))
	if m > 1 {
		v = quo(mul(v, num(m)), mul(num(m-1), mul(b, b)))
		se, _ = new(big.Float).SetPrec(prec).Sqrt(v).Float64()
	}
	return mean, se, effective
}

func same(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
}

// near allows for units in the last place, of references that are rounded
// themselves.
func near(x, y, rel float64) bool { return math.Abs(x-y) <= rel*math.Abs(y) }

func binaryForm(t testing.TB, c *Accumulator) []byte {
	t.Helper()
	b, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 8192 || len(b) > MaxBinary {
		t.Fatalf("binary form of %d bytes", len(b))
	}
	var d Accumulator
	d.Add(7) // to be overwritten
	if err := d.UnmarshalBinary(b); err != nil {
		t.Fatalf("own binary form refused: %v", err)
	}
	again, _ := d.AppendBinary([]byte("x"))
	if !bytes.Equal(again[1:], b) {
		t.Fatalf("binary form changes in a round trip")
	}
	sameFigures(t, &d, c)
	return b
}

func figures(c *Accumulator) []float64 {
	e := c.Estimate(0.9)
	return []float64{float64(c.N()), float64(c.Infinite()), float64(c.Invalid()), float64(c.FiniteN()), c.Total(), c.Weight(),
		c.FiniteWeight(), c.Mean(), c.FiniteMean(), c.EffectiveN(), e.Value, e.SE, e.Lo, e.Hi, float64(e.N), float64(len(e.Why))}
}

func sameFigures(t testing.TB, c, d *Accumulator) {
	t.Helper()
	x, y := figures(c), figures(d)
	for i := range x {
		if !same(x[i], y[i]) {
			t.Fatalf("figures differ: %v and %v", x, y)
		}
	}
}

func sameState(t testing.TB, what string, c, d *Accumulator) {
	t.Helper()
	if !bytes.Equal(binaryForm(t, c), binaryForm(t, d)) {
		t.Fatalf("%s: states differ: %v and %v", what, figures(c), figures(d))
	}
	sameFigures(t, c, d)
}

func TestEmpty(t *testing.T) {
	var c Accumulator
	if c.N() != 0 || c.Total() != 0 || c.Weight() != 0 || !math.IsNaN(c.Mean()) || !math.IsNaN(c.FiniteMean()) || !math.IsNaN(c.EffectiveN()) {
		t.Errorf("figures of nothing: %v", figures(&c))
	}
	e := c.Estimate(0.95)
	if e.HasInterval() || e.Why != WhyNoData || !math.IsNaN(e.Value) || !math.IsNaN(e.SE) || e.N != 0 {
		t.Errorf("estimate of nothing: %+v", e)
	}
	c.AddSlice(nil)
	c.AddWeightedSlice(nil, nil)
	c.AddWeighted(math.Inf(1), 0)
	c.AddWeighted(math.NaN(), 0)
	c.AddWeightedSlice([]float64{math.Inf(1), 3, math.NaN()}, []float64{0, 0, 0})
	c.AddRepeated(1, 1, 0)
	c.AddRepeated(math.Inf(1), 3, 0)
	c.AddCluster(new(Cluster))
	c.Merge(new(Accumulator))
	c.MergeScaled(new(Accumulator), 0.3)
	sameState(t, "nothing", &c, new(Accumulator))
}

func TestReasons(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name             string
		rows             []row
		mean, finite     float64
		why              string
		infinite, finals int64
	}{
		{"one row", []row{{3, 1}}, 3, 3, WhyOneRow, 0, 1},
		{"one weighted row", []row{{3, 2}}, 1.5, 1.5, WhyOneRow, 0, 1},
		{"infinite", []row{{3, 1}, {inf, 1}, {5, 1}}, inf, 4, WhyInfinite, 1, 2},
		{"infinite, weighted", []row{{3, 2}, {inf, 7}, {5, 2}}, inf, 2, WhyInfinite, 1, 2},
		{"only infinite", []row{{inf, 1}}, inf, nan, WhyInfinite, 1, 0},
		{"NaN", []row{{3, 1}, {nan, 1}}, nan, nan, WhyInvalid, 0, 1},
		{"-Inf", []row{{3, 1}, {-inf, 1}}, nan, nan, WhyInvalid, 0, 1},
		{"NaN and infinite", []row{{inf, 1}, {nan, 2}, {1, 1}}, nan, nan, WhyInvalid, 1, 1},
		{"zero denominators", []row{{3, 0}, {4, 0}}, nan, nan, WhyZeroWeights, 0, 2},
		{"zero denominators, infinite", []row{{3, 0}, {inf, 0}}, nan, nan, WhyZeroWeights, 1, 1},
		{"denominators cancel", []row{{3, .1}, {4, -.1}}, nan, nan, WhyZeroWeights, 0, 2},
		{"negative denominator, infinite", []row{{inf, -1}}, -inf, nan, WhyInfinite, 1, 0},
	} {
		for range 2 { // and backwards
			var a Accumulator
			for _, r := range c.rows {
				a.AddRatio(r.a, r.b)
			}
			e := a.Estimate(0.95)
			if !same(a.Mean(), c.mean) || !same(a.FiniteMean(), c.finite) || !same(e.Value, c.mean) || e.Why != c.why || e.HasInterval() ||
				!math.IsNaN(e.SE) || !math.IsNaN(e.Lo) || !math.IsNaN(e.Hi) || a.Infinite() != c.infinite || a.FiniteN() != c.finals ||
				e.N != int64(len(c.rows)) {
				t.Errorf("%s: mean %v, finite mean %v, %+v", c.name, a.Mean(), a.FiniteMean(), e)
			}
			binaryForm(t, &a)
			for i, j := 0, len(c.rows)-1; i < j; i, j = i+1, j-1 {
				c.rows[i], c.rows[j] = c.rows[j], c.rows[i]
			}
		}
	}
}

func TestPanics(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	var c Accumulator
	var k Cluster
	for name, f := range map[string]func(){
		"negative weight":         func() { c.AddWeighted(1, -1) },
		"NaN weight":              func() { c.AddWeighted(1, nan) },
		"infinite weight":         func() { c.AddWeighted(1, inf) },
		"NaN weight of nothing":   func() { c.AddWeighted(inf, nan) },
		"negative weight, slice":  func() { c.AddWeightedSlice([]float64{1, 2}, []float64{1, -1}) },
		"lengths":                 func() { c.AddWeightedSlice([]float64{1, 2}, []float64{1}) },
		"NaN den":                 func() { c.AddRatio(1, nan) },
		"infinite den":            func() { c.AddRatio(1, inf) },
		"negative repeats":        func() { c.AddRepeated(1, 1, -1) },
		"NaN den, repeats":        func() { c.AddRepeated(1, nan, 3) },
		"too many":                func() { var d Accumulator; d.AddRepeated(1, 1, math.MaxInt64); d.Add(1) },
		"scale":                   func() { c.MergeScaled(&c, inf) },
		"confidence 0":            func() { c.Estimate(0) },
		"confidence 1":            func() { c.Estimate(1) },
		"confidence NaN":          func() { c.Estimate(nan) },
		"confidence 95":           func() { c.Estimate(95) },
		"cluster den":             func() { k.Add(1, nan) },
		"cluster repeats":         func() { k.AddRepeated(1, 1, -2) },
		"cluster weight":          func() { k.AddWeighted(1, -2) },
		"cluster scale":           func() { k.MergeScaled(&k, nan) },
		"unit of nowhere":         func() { Unit(9).FromNats(1) },
		"unit of nowhere to nats": func() { Unit(9).ToNats(1) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !bytes.HasPrefix([]byte(s), []byte("surprisal: ")) {
					t.Errorf("%s: panic is %q", name, s)
				}
			}()
			f()
		}()
	}
	sameState(t, "after panics", &c, new(Accumulator))
}

func randomRows(r *rand.Rand, kind string, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		a, b := r.ExpFloat64(), 1.0
		switch kind {
		case "weighted":
			b = r.ExpFloat64()
			a *= b
		case "mixed":
			if r.IntN(2) == 0 {
				b = float64(r.IntN(4))
			}
		case "wide":
			a = math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000)
			b = math.Ldexp(r.Float64(), r.IntN(2000)-1000)
		case "same exponent":
			a = 1e6 + r.Float64()*1e-3
		case "subnormal":
			a = math.SmallestNonzeroFloat64 * float64(r.IntN(1000))
		case "huge":
			a = math.MaxFloat64 * (1 - 0x1p-40*r.Float64())
		}
		rows[i] = row{a, b}
	}
	return rows
}

func add(c *Accumulator, rows []row) {
	for _, r := range rows {
		c.AddRatio(r.a, r.b)
	}
}

func TestAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for _, kind := range []string{"unweighted", "weighted", "mixed", "wide", "same exponent", "subnormal", "huge"} {
		for _, n := range []int{1, 2, 3, 10, 100} {
			rows := randomRows(r, kind, n)
			rows[0].b = 1 // no zero sum
			var c Accumulator
			add(&c, rows)
			mean, se, eff := bigRows(rows)
			e := c.Estimate(0.95)
			if !same(c.Mean(), mean) || !same(c.EffectiveN(), eff) || n > 1 && !same(e.SE, se) {
				t.Errorf("%s, n = %d: mean %v, want %v; SE %v, want %v; effective n %v, want %v",
					kind, n, c.Mean(), mean, e.SE, se, c.EffectiveN(), eff)
			}
			if n > 1 && !(e.Lo <= e.Value && e.Value <= e.Hi) {
				t.Errorf("%s: %+v", kind, e)
			}
		}
	}
}

// Results a hair beside a tie between two float64 must not be taken for ties.
func TestTies(t *testing.T) {
	const even, up = 1, 1 + 0x1p-52
	for _, c := range []struct {
		hair, want float64
	}{{0, even}, {0x1p-200, up}, {-0x1p-200, even}, {0x1p-1074, up}} {
		var a Accumulator
		a.AddRatio(3, 3)
		a.AddRatio(3*0x1p-53, 0)
		a.AddRatio(c.hair, 0)
		if a.Mean() != c.want {
			t.Errorf("(3 + 3·2^-53 + %v)/3 is %v, want %v", c.hair, a.Mean(), c.want)
		}
		for _, sign := range []float64{1, -1} {
			tie := new(big.Float).SetPrec(3000).SetFloat64(1)
			tie.Add(tie, big.NewFloat(0x1p-53))
			tie.Mul(tie, tie)
			tie.Add(tie, big.NewFloat(c.hair))
			x, _ := tie.SetMantExp(tie, 1200).Int(nil)
			y := scaled{big.NewInt(1), 1200}
			if got := sqrtQuotient(scaled{x, 0}, y); got != c.want {
				t.Errorf("√((1+2^-53)² + %v) is %v, want %v", c.hair, got, c.want)
			}
			three := scaled{big.NewInt(int64(3 * sign)), 1200}
			if got := divide(scaled{x, 0}.times(three), three.times(y)); got != 1+0x1p-52 {
				t.Errorf("divided: %v", got)
			}
		}
	}
	// Subnormal results are rounded once.
	var a Accumulator
	a.AddRatio(5e-324, 2)
	if a.Mean() != 0 {
		t.Errorf("half of the least number is %v", a.Mean())
	}
	a.AddRatio(1e-323, 0)
	if a.Mean() != 1e-323 {
		t.Errorf("1.5 times the least number is %v, want twice", a.Mean())
	}
	var b Accumulator
	b.AddRatio(1e308, 1e-308)
	if b.Mean() != math.Inf(1) {
		t.Errorf("a mean too large for float64 is %v", b.Mean())
	}
}

func TestConstant(t *testing.T) {
	for _, v := range []float64{0, .1, 1 / 3., 46.0517018598809, 1e300, 5e-324, -2.5} {
		for _, n := range []int{2, 3, 7, 1000} {
			var c, w Accumulator
			for range n {
				c.Add(v)
				w.AddRatio(v, .3)
			}
			for _, a := range []*Accumulator{&c, &w} {
				e := a.Estimate(0.999)
				if e.SE != 0 || math.Signbit(e.SE) || e.Lo != e.Value || e.Hi != e.Value || !e.HasInterval() {
					t.Errorf("%d times %v: %+v", n, v, e)
				}
			}
			if c.Mean() != v {
				t.Errorf("mean of %d times %v is %v", n, v, c.Mean())
			}
		}
	}
}

func TestOneState(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for _, kind := range []string{"unweighted", "weighted", "mixed", "wide"} {
		for _, special := range []float64{0, math.Inf(1), math.NaN()} {
			rows := randomRows(r, kind, 600)
			if special != 0 {
				rows[3].a = special
				rows[5].a = math.Inf(1)
				rows[5].b = .7
			}
			repeats := make([]int, len(rows))
			for i := range repeats {
				repeats[i] = 1 + r.IntN(3)
			}
			var want *Accumulator
			for range 20 {
				r.Shuffle(len(rows), func(i, j int) {
					rows[i], rows[j] = rows[j], rows[i]
					repeats[i], repeats[j] = repeats[j], repeats[i]
				})
				parts := make([]*Accumulator, 1+r.IntN(9))
				for i := range parts {
					parts[i] = new(Accumulator)
				}
				for i, x := range rows {
					p := parts[r.IntN(len(parts))]
					switch r.IntN(3) {
					case 0:
						p.AddRepeated(x.a, x.b, int64(repeats[i]))
					case 1:
						for range repeats[i] {
							parts[r.IntN(len(parts))].AddRatio(x.a, x.b)
						}
					case 2: // by way of the binary form
						p.AddRepeated(x.a, x.b, int64(repeats[i]-1))
						q := new(Accumulator)
						b, _ := p.MarshalBinary()
						if err := q.UnmarshalBinary(b); err != nil {
							t.Fatal(err)
						}
						q.AddRatio(x.a, x.b)
						*p = Accumulator{}
						p.Merge(q)
					}
				}
				for len(parts) > 1 {
					i := r.IntN(len(parts) - 1)
					before, _ := parts[i].MarshalBinary()
					parts[i+1].Merge(parts[i])
					if after, _ := parts[i].MarshalBinary(); !bytes.Equal(before, after) {
						t.Fatal("Merge changed its argument")
					}
					parts = append(parts[:i], parts[i+1:]...)
				}
				if want == nil {
					want = parts[0]
				}
				sameState(t, kind, parts[0], want)
			}
		}
	}
}

func TestSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for _, n := range []int{0, 1, 5, 23, 24, 100, 2046, 2048, 2049, 7000} {
		for _, special := range []bool{false, true} {
			s, w := make([]float64, n), make([]float64, n)
			for i := range s {
				s[i], w[i] = r.ExpFloat64(), r.ExpFloat64()
				switch k := r.IntN(10); {
				case k == 0:
					w[i] = float64(r.IntN(3))
				case k == 1 && special:
					s[i] = []float64{math.Inf(1), math.NaN(), math.Inf(-1), 5e-324, 0, 1e308}[r.IntN(6)]
				case k == 2 && special:
					w[i] = []float64{0, 1e308, 5e-324}[r.IntN(3)]
				}
			}
			var one, bulk, wOne, wBulk Accumulator
			for i, v := range s {
				one.Add(v)
				wOne.AddWeighted(v, w[i])
			}
			bulk.AddSlice(s)
			wBulk.AddWeightedSlice(s, w)
			sameState(t, "AddSlice", &bulk, &one)
			sameState(t, "AddWeightedSlice", &wBulk, &wOne)
		}
	}
}

func TestWeights(t *testing.T) {
	var c, d, e Accumulator
	c.AddWeighted(2, 3)
	c.AddWeighted(math.Inf(1), 0)
	c.AddWeighted(5, 1)
	d.AddRatio(6, 3)
	d.Add(5)
	sameState(t, "weights", &c, &d)
	if c.Mean() != 11./4 || c.Weight() != 4 || c.N() != 2 || c.EffectiveN() != 1.6 {
		t.Errorf("%v", figures(&c))
	}
	// The scale of the weights changes the total and nothing else.
	r := rand.New(rand.NewPCG(51, 52))
	for range 100 {
		s, w := r.ExpFloat64(), r.ExpFloat64()
		d.AddWeighted(s, w)
		e.AddWeighted(s, w*0x1p-30)
	}
	d = Accumulator{}
	e = Accumulator{}
	for range 100 {
		s, w := r.ExpFloat64(), r.ExpFloat64()
		d.AddWeighted(s, w)
		e.AddWeighted(s, w*0x1p-30)
	}
	x, y := d.Estimate(.95), e.Estimate(.95)
	if x != y || d.EffectiveN() != e.EffectiveN() || d.Total() != e.Total()*0x1p30 {
		t.Errorf("%+v, scaled %+v", x, y)
	}
}

func TestMergeScaled(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	// With a scale that multiplies without rounding, as if the rows had come so.
	for _, scale := range []float64{1, 2, .5, 0, -4, 0x1p-600, 3} {
		var o, got, want Accumulator
		got.Add(2)
		want.Add(2)
		for i := range 300 {
			a, b := r.ExpFloat64(), float64(r.IntN(1<<20))
			switch i % 10 {
			case 0:
				b = 1
			case 1:
				a = math.Inf(1)
			case 2:
				a, b = math.Inf(1), 1
			}
			o.AddRatio(a, b)
			want.AddRatio(a, b*scale)
		}
		before := binaryForm(t, &o)
		got.MergeScaled(&o, scale)
		sameState(t, "scaled", &got, &want)
		if !bytes.Equal(before, binaryForm(t, &o)) {
			t.Error("MergeScaled changed its argument")
		}
		var self, twice Accumulator
		self.Merge(&o)
		self.MergeScaled(&self, scale)
		twice.Merge(&o)
		twice.MergeScaled(&o, scale)
		sameState(t, "scaled self", &self, &twice)
	}
	// A scale that would round: the sums are exact, as skill needs them.
	var ones, got Accumulator
	for range 10 {
		ones.Add(1)
	}
	scale := -math.Log(.1)
	got.MergeScaled(&ones, scale)
	if want := 1 / scale; !same(got.Mean(), want) || got.Weight() != 10*scale {
		t.Errorf("mean %v, want %v", got.Mean(), want)
	}
	if e := got.Estimate(.9); e.SE != 0 {
		t.Errorf("SE %v of constant rows", e.SE)
	}
	// Equal rows and weights: a perfect ratio, however odd the scale.
	var rows, base, skill Accumulator
	for range 50 {
		w := r.ExpFloat64()
		rows.AddRatio(w*1.5, w)
		base.AddRatio(w, w)
	}
	skill.MergeScaled(&base, 1.1)
	if e := skill.Estimate(.9); e.SE != 0 || !near(e.Value, 1/1.1, 1e-16) {
		t.Errorf("%+v", e)
	}
}

func TestClusters(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	var c, d, parted Accumulator
	for range 30 {
		var k, left, right, repeated Cluster
		a, b := new(big.Float).SetPrec(500), new(big.Float).SetPrec(500)
		for i := range 1 + r.IntN(20) {
			s, w := r.NormFloat64(), r.ExpFloat64()
			k.AddWeighted(s, w)
			k.AddWeighted(math.NaN(), 0)
			[]*Cluster{&left, &right}[i%2].Add(w*s, w)
			repeated.AddRepeated(w*s, w, 1)
			a.Add(a, big.NewFloat(w*s))
			b.Add(b, big.NewFloat(w))
		}
		left.Merge(&right)
		c.AddCluster(&k)
		parted.AddCluster(&left)
		x, _ := a.Float64()
		y, _ := b.Float64()
		d.AddRatio(x, y)
		if k.N() != left.N() || k.N() != repeated.N() {
			t.Errorf("rows: %d, %d, %d", k.N(), left.N(), repeated.N())
		}
	}
	sameState(t, "clusters", &c, &d)
	sameState(t, "clusters in parts", &parted, &d)

	var inf, rep, loop, scaled, direct Cluster
	inf.Add(1, 1)
	inf.Add(math.Inf(1), 2)
	var e Accumulator
	e.AddCluster(&inf)
	if e.Infinite() != 1 || e.Weight() != 3 || e.N() != 1 {
		t.Errorf("infinite cluster: %v", figures(&e))
	}
	rep.AddRepeated(.1, .3, 1000)
	for range 1000 {
		loop.Add(.1, .3)
	}
	var x, y Accumulator
	x.AddCluster(&rep)
	y.AddCluster(&loop)
	sameState(t, "repeats in clusters", &x, &y)
	scaled.MergeScaled(&rep, 1.5)
	direct.MergeScaled(&loop, 1.5)
	var u, v Accumulator
	u.AddCluster(&scaled)
	v.AddCluster(&direct)
	sameState(t, "scaled clusters", &u, &v)
	if got := u.Mean(); !near(got, .1/(.3*1.5), 1e-15) {
		t.Errorf("scaled cluster: mean %v", got)
	}
}

type hexFloat float64

func (h *hexFloat) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(s, 64)
	*h = hexFloat(v)
	return err
}

func readReference(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("ref", "root", name))
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Weighted errors are those of statsmodels' HC1, clustered ones those of its
// cov_type='cluster': with one parameter, its small-sample corrections n/(n-k)
// and G/(G-1)·(n-1)/(n-k) are both the m/(m-1) of this package.
func TestStatsmodels(t *testing.T) {
	type result struct {
		M          int64
		SE, Lo, Hi hexFloat
	}
	var ref struct {
		Cases []struct {
			Name           string
			Confidence     float64
			S, W           []hexFloat
			G              []int
			Mean           hexFloat
			Rows, Clusters result
		}
	}
	readReference(t, "statsmodels.json", &ref)
	if len(ref.Cases) < 20 {
		t.Fatalf("only %d cases", len(ref.Cases))
	}
	for _, c := range ref.Cases {
		var rows, clustered Accumulator
		clusters := map[int]*Cluster{}
		for i, s := range c.S {
			rows.AddWeighted(float64(s), float64(c.W[i]))
			if clusters[c.G[i]] == nil {
				clusters[c.G[i]] = new(Cluster)
			}
			clusters[c.G[i]].AddWeighted(float64(s), float64(c.W[i]))
		}
		for _, k := range clusters {
			clustered.AddCluster(k)
		}
		for _, x := range []struct {
			what string
			got  Estimate
			want result
		}{{"rows", rows.Estimate(c.Confidence), c.Rows}, {"clusters", clustered.Estimate(c.Confidence), c.Clusters}} {
			// statsmodels forms residuals in float64: their error relative to
			// the error of the mean grows with |mean|/SE.
			tol := 1e-12 * (1 + math.Abs(float64(c.Mean))/float64(x.want.SE))
			if x.got.N != x.want.M || !near(x.got.Value, float64(c.Mean), 1e-13) || !near(x.got.SE, float64(x.want.SE), tol) {
				t.Errorf("%s, %s: %+v, want mean %v, %+v", c.Name, x.what, x.got, c.Mean, x.want)
			}
			// The intervals only to 1e-8, because scipy's quantiles of t are no
			// better than 5e-9 (see TestStudentT).
			width := x.got.Hi - x.got.Lo
			if want := float64(x.want.Hi - x.want.Lo); !near(width, want, 1e-8) || !near(x.got.Lo+x.got.Hi, 2*float64(c.Mean), 1e-8*(1+want/math.Abs(float64(c.Mean)))) {
				t.Errorf("%s, %s: interval %v to %v, want %v to %v", c.Name, x.what, x.got.Lo, x.got.Hi, x.want.Lo, x.want.Hi)
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	s := losses(5000)
	w := losses(5003)[3:]
	var c, d Accumulator
	for what, f := range map[string]func(){
		"Add":              func() { c.Add(1.25) },
		"AddWeighted":      func() { c.AddWeighted(1.25, .5) },
		"AddRepeated":      func() { c.AddRepeated(1.25, .5, 7) },
		"AddSlice":         func() { c.AddSlice(s) },
		"AddWeightedSlice": func() { c.AddWeightedSlice(s, w) },
		"Merge":            func() { d.Merge(&c) },
	} {
		f()
		if n := testing.AllocsPerRun(50, f); !(n < 1) {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
	c = Accumulator{}
	c.AddSlice(s)
	c.AddWeightedSlice(s, w)
	if b := binaryForm(t, &c); len(b) > 512 {
		t.Errorf("a typical binary form has %d bytes", len(b))
	}
}

func TestBinaryRefuses(t *testing.T) {
	var c Accumulator
	c.AddSlice([]float64{.1, .7, math.Inf(1)})
	c.AddWeighted(.3, 2)
	good := binaryForm(t, &c)
	for i := range good {
		if err := new(Accumulator).UnmarshalBinary(good[:i]); err == nil {
			t.Errorf("%d of %d bytes accepted", i, len(good))
		}
	}
	edit := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	for name, b := range map[string][]byte{
		"trailing":       append(bytes.Clone(good), 0),
		"version":        edit(func(b []byte) { b[0] = 2 }),
		"negative rows":  edit(func(b []byte) { b[1] = 0x80 }),
		"no rows":        edit(func(b []byte) { b[8] = 0 }),
		"all infinite":   edit(func(b []byte) { b[16] = b[8] }),
		"sign of Σa²":    edit(func(b []byte) { flipKind(b, 2) }),
		"sign of Σb²":    edit(func(b []byte) { flipKind(b, 4) }),
		"infinite Σa":    edit(func(b []byte) { b[25] = b[25]&0xf0 | 3 })[:26],
		"Σb too large":   edit(func(b []byte) { b[at(b, 1)+8] += 50 }),
		"Σa²  too small": edit(func(b []byte) { b[at(b, 3)-1]-- }),
	} {
		var d Accumulator
		d.Add(3)
		err := d.UnmarshalBinary(b)
		if err == nil && name != "Σa²  too small" {
			t.Errorf("%s: accepted", name)
		}
		if err != nil && d.Mean() != 3 {
			t.Errorf("%s: an error changed the accumulator", name)
		}
	}
}

// at returns where the i-th sum starts in the binary form b.
func at(b []byte, i int) int {
	p := binaryHeader
	for range i {
		if b[p]&15 == 1 || b[p]&15 == 2 {
			p += 5 + 4*(int(b[p+3])<<8|int(b[p+4]))
		} else {
			p++
		}
	}
	return p
}

func flipKind(b []byte, i int) { b[at(b, i)] ^= 3 } // positive to negative and back

func FuzzUnmarshalBinary(f *testing.F) {
	r := rand.New(rand.NewPCG(81, 82))
	for _, kind := range []string{"unweighted", "weighted", "mixed", "wide", "subnormal", "huge"} {
		for _, n := range []int{0, 1, 5} {
			var c Accumulator
			add(&c, randomRows(r, kind, n))
			f.Add(binaryForm(f, &c))
			c.Add(math.Inf(1))
			c.AddRatio(math.NaN(), 3)
			f.Add(binaryForm(f, &c))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Accumulator
		if err := c.UnmarshalBinary(b); err != nil {
			return
		}
		if got := binaryForm(t, &c); !bytes.Equal(got, b) {
			t.Fatalf("accepted %x, which is %x", b, got)
		}
		e := c.Estimate(.5)
		if e.SE < 0 || e.HasInterval() && !(e.SE >= 0) {
			t.Fatalf("%+v", e)
		}
		n := c.N()
		if n < 1<<40 {
			c.Merge(&c)
			c.AddSlice([]float64{1, 2, 3})
			figures(&c)
		}
	})
}
