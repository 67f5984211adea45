package exact

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// A reference sums in math/big: as integers in units of 2^-9000, which no term
// below comes near.
const refExp = 9000

type reference struct {
	z             big.Int
	nan, inf, neg bool
}

func bigTerm(x float64) *big.Int {
	z, _ := new(big.Float).SetMantExp(big.NewFloat(x), refExp).Int(nil)
	return z
}

func (r *reference) add(x float64) { r.addScaled(x, 1) }

func (r *reference) addScaled(x, y float64) {
	switch p := x * y; {
	case !finite(x) || !finite(y):
		r.nan = r.nan || math.IsNaN(p)
		r.inf = r.inf || math.IsInf(p, 1)
		r.neg = r.neg || math.IsInf(p, -1)
	default:
		f := new(big.Float).SetPrec(120).Mul(big.NewFloat(x), big.NewFloat(y))
		z, acc := f.SetMantExp(f, refExp).Int(nil)
		if acc != big.Exact {
			panic("the reference is not exact")
		}
		r.z.Add(&r.z, z)
	}
}

func (r *reference) value() float64 {
	switch {
	case r.nan || r.inf && r.neg:
		return math.NaN()
	case r.inf:
		return math.Inf(1)
	case r.neg:
		return math.Inf(-1)
	case r.z.Sign() == 0:
		return 0
	}
	f := new(big.Float).SetInt(&r.z)
	v, _ := f.SetMantExp(f, -refExp).Float64()
	return v
}

func same(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
}

// check compares s with the reference, exactly.
func check(t *testing.T, what string, s *Sum, r *reference) {
	t.Helper()
	if got, want := s.Value(), r.value(); !same(got, want) {
		t.Fatalf("%s: value %v (%#x), want %v (%#x)", what, got, math.Float64bits(got), want, math.Float64bits(want))
	}
	if s.Finite() == (r.nan || r.inf || r.neg) {
		t.Fatalf("%s: Finite() = %v", what, s.Finite())
	}
	if !s.Finite() {
		return
	}
	z, exp := s.Int()
	if got := new(big.Int).Lsh(z, uint(exp+refExp)); got.Cmp(&r.z) != 0 {
		t.Fatalf("%s: Int is %v·2^%d, off by %v·2^-%d", what, z, exp, got.Sub(got, &r.z), refExp)
	}
	if got, want := s.Sign(), r.z.Sign(); got != want || s.IsZero() != (want == 0) {
		t.Fatalf("%s: sign %d, want %d", what, got, want)
	}
}

func form(t testing.TB, s *Sum) []byte {
	t.Helper()
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var u Sum
	if err := u.UnmarshalBinary(b); err != nil {
		t.Fatalf("own binary form refused: %v", err)
	}
	if c, _ := u.MarshalBinary(); !bytes.Equal(b, c) {
		t.Fatalf("binary form changes in a round trip: %x to %x", b, c)
	}
	if !same(s.Value(), u.Value()) {
		t.Fatalf("binary form of %v reads back as %v", s.Value(), u.Value())
	}
	return b
}

const tiny = math.SmallestNonzeroFloat64

var hard = map[string][]float64{
	"empty":              {},
	"zeros":              {0, math.Copysign(0, -1), 0},
	"one":                {1},
	"minus one":          {-1},
	"cancel":             {1e300, 1, -1e300},
	"cancel to zero":     {1e300, -1e-300, 1e-300, -1e300},
	"tenths":             {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1},
	"subnormals":         {tiny, tiny, tiny, -5 * tiny},
	"to subnormal":       {math.Ldexp(1, -1022), -tiny},
	"from subnormal":     {math.Ldexp(1, -1022) - tiny, tiny},
	"largest":            {math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64},
	"overflow":           {math.MaxFloat64, math.MaxFloat64},
	"negative overflow":  {-math.MaxFloat64, -math.MaxFloat64},
	"just no overflow":   {math.MaxFloat64, math.Ldexp(1, 969)},
	"just overflow":      {math.MaxFloat64, math.Ldexp(1, 970)},
	"tie to even down":   {1, math.Ldexp(1, -53)},
	"tie to even up":     {1 + math.Ldexp(1, -52), math.Ldexp(1, -53)},
	"tie broken":         {1, math.Ldexp(1, -53), tiny},
	"tie broken below":   {1, math.Ldexp(1, -53), -tiny},
	"carry to the top":   {math.Ldexp(1, 53) - 1, .5},
	"both ends":          {math.MaxFloat64, tiny},
	"both ends negative": {-math.MaxFloat64, -tiny},
	"inf":                {1, math.Inf(1), 2},
	"-inf":               {1, math.Inf(-1), 2},
	"infs":               {math.Inf(1), math.Inf(-1)},
	"nan":                {1, math.NaN(), 2},
	"nan and inf":        {math.Inf(1), math.NaN()},
	"full limbs":         {math.Ldexp(1, 32), -1, math.Ldexp(1, 64), -1, math.Ldexp(1, 96)},
}

// anyFloat returns float64 of all kinds; every 1000th is not finite.
func anyFloat(r *rand.Rand) float64 {
	switch r.IntN(8) {
	case 0:
		return math.Float64frombits(r.Uint64() &^ (1 << 62)) // below 2
	case 1:
		return math.Float64frombits(r.Uint64() & (1<<63 | 1<<52 - 1)) // subnormal
	case 2:
		return float64(r.IntN(2000) - 1000)
	case 3:
		return math.Copysign(math.Ldexp(1, r.IntN(2098)-1074), r.Float64()-.5)
	case 4:
		if r.IntN(125) == 0 {
			return []float64{math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(3)]
		}
		return 0
	case 5:
		return r.NormFloat64()
	}
	for {
		if x := math.Float64frombits(r.Uint64()); finite(x) {
			return x
		}
	}
}

// addSlice adds x by the bins of AddMoments, which leave out what is not finite.
func addSlice(s *Sum, x []float64) {
	var squares Sum
	AddMoments(s, &squares, x)
	for _, v := range x {
		if !finite(v) {
			s.Add(v)
		}
	}
}

func TestHard(t *testing.T) {
	for name, x := range hard {
		var s, bulk Sum
		var r reference
		for _, v := range x {
			s.Add(v)
			r.add(v)
		}
		check(t, name, &s, &r)
		form(t, &s)
		for range 30 { // long enough for the bins
			addSlice(&bulk, x)
		}
		var many reference
		for range 30 {
			for _, v := range x {
				many.add(v)
			}
		}
		check(t, name+", slices", &bulk, &many)
		var long []float64
		for range 30 {
			long = append(long, x...)
		}
		var bins Sum
		addSlice(&bins, long)
		check(t, name+", one slice", &bins, &many)
		var times Sum
		for _, v := range x {
			times.AddTimes(v, 30)
		}
		check(t, name+", times 30", &times, &many)
		if !bytes.Equal(form(t, &bins), form(t, &bulk)) || !bytes.Equal(form(t, &bins), form(t, &times)) {
			t.Fatalf("%s: equal sums, different bytes", name)
		}
	}
}

func TestRandomAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var s, p, q, pt Sum
		var rs, rp, rq, rpt reference
		n := r.IntN(100)
		for range n {
			x, y := anyFloat(r), anyFloat(r)
			k := r.Uint64() >> r.IntN(64)
			s.Add(x)
			rs.add(x)
			p.AddProduct(x, y)
			rp.addScaled(x, y)
			q.AddTimes(x, k)
			pt.AddProductTimes(x, y, k)
			if k > 0 && finite(x) {
				rq.z.Add(&rq.z, new(big.Int).Mul(bigTerm(x), new(big.Int).SetUint64(k)))
			} else if k > 0 {
				rq.add(x)
			}
			if k > 0 {
				var one reference
				one.addScaled(x, y)
				one.z.Mul(&one.z, new(big.Int).SetUint64(k))
				rpt.z.Add(&rpt.z, &one.z)
				rpt.nan, rpt.inf, rpt.neg = rpt.nan || one.nan, rpt.inf || one.inf, rpt.neg || one.neg
			}
		}
		check(t, "sum", &s, &rs)
		check(t, "products", &p, &rp)
		check(t, "times", &q, &rq)
		check(t, "products times", &pt, &rpt)
		form(t, &pt)
	}
}

func TestProductsKeepEverything(t *testing.T) {
	for _, c := range [][2]float64{
		{tiny, tiny}, {-tiny, tiny}, {1e-300, 1e-300}, {1e300, 1e300}, {-1e300, 1e300},
		{math.MaxFloat64, math.MaxFloat64}, {math.MaxFloat64, tiny}, {1.1, 1.3}, {0, 1e300},
	} {
		var s Sum
		var r reference
		s.AddProduct(c[0], c[1])
		r.addScaled(c[0], c[1])
		check(t, "product", &s, &r)
		// Against what is left when the rounded product is taken away again.
		if p := c[0] * c[1]; finite(p) {
			s.Add(-p)
			r.add(-p)
			check(t, "rest of product", &s, &r)
		}
	}
	var s Sum
	s.AddProduct(0, math.Inf(1))
	if v := s.Value(); v == v {
		t.Errorf("0·Inf = %v, want NaN", v)
	}
}

func TestOrderSplitMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, special := range []bool{false, true} {
		x := make([]float64, 5000)
		for i := range x {
			for {
				x[i] = anyFloat(r)
				if special || finite(x[i]) {
					break
				}
			}
		}
		var want []byte
		var value float64
		for perm := range 20 {
			r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
			parts := make([]*Sum, 1+r.IntN(20))
			for i := range parts {
				parts[i] = new(Sum)
			}
			for rest := x; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				p := parts[r.IntN(len(parts))]
				if r.IntN(2) == 0 {
					addSlice(p, rest[:n])
				} else {
					for _, v := range rest[:n] {
						p.Add(v)
					}
				}
				rest = rest[n:]
			}
			for len(parts) > 1 { // a random tree
				i := r.IntN(len(parts) - 1)
				before := form(t, parts[i])
				parts[i+1].Merge(parts[i])
				if !bytes.Equal(before, form(t, parts[i])) {
					t.Fatal("Merge changed its argument")
				}
				parts = append(parts[:i], parts[i+1:]...)
			}
			b, v := form(t, parts[0]), parts[0].Value()
			if perm == 0 {
				want, value = b, v
			}
			if !bytes.Equal(b, want) || !same(v, value) {
				t.Fatalf("permutation %d: value %v, want %v", perm, v, value)
			}
		}
	}
}

// Carries must come in time, in additions and in merges.
func TestCarries(t *testing.T) {
	x := math.Ldexp(1, 53) - 1
	var s, m Sum
	var r reference
	s.Add(x)
	m.Add(x)
	s.adds, m.adds = maxAdds-1, maxAdds-1
	for i := range s.limbs { // as full as that many additions may leave them
		s.limbs[i] = (maxAdds - 1) << 32
		m.limbs[i] = -(maxAdds - 1) << 32
	}
	z, exp := s.Int()
	r.z.Lsh(z, uint(exp+refExp))
	for range 10 {
		s.Add(x)
		r.add(x)
		check(t, "full", &s, &r)
	}
	if s.adds > 100 {
		t.Errorf("no carry after %d additions", s.adds)
	}
	o := m.Clone()
	s.Merge(&m)
	z, exp = m.Int()
	r.z.Add(&r.z, z.Lsh(z, uint(exp+refExp)))
	check(t, "merged", &s, &r)
	if !bytes.Equal(form(t, o), form(t, &m)) {
		t.Error("Merge changed its argument")
	}
	r.z.Lsh(&r.z, 40)
	for range 40 {
		s.Merge(&s)
	}
	check(t, "doubled", &s, &r)
	z, exp = m.Int()
	r = reference{}
	r.z.Lsh(z, uint(exp+refExp))
	for range 10 { // both full
		m.Merge(o)
		z, exp = o.Int()
		r.z.Add(&r.z, z.Lsh(z, uint(exp+refExp)))
		check(t, "both full", &m, &r)
	}
}

func TestMergeScaled(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		var o, s Sum
		var want reference
		for range r.IntN(10) {
			x, y := anyFloat(r), anyFloat(r)
			o.AddProduct(x, y)
		}
		f := anyFloat(r)
		for !finite(f) {
			f = anyFloat(r)
		}
		s.MergeScaled(&o, f)
		if o.Finite() {
			z, exp := o.Int()
			want.z.Mul(z, bigTerm(f))
			want.z.Rsh(want.z.Lsh(&want.z, uint(exp+refExp)), refExp)
		} else {
			want.addScaled(o.Value(), f)
		}
		check(t, "scaled", &s, &want)
	}
	for _, f := range []float64{math.NaN(), math.Inf(1)} {
		mustPanic(t, func() { new(Sum).MergeScaled(new(Sum), f) })
	}
	var s Sum
	s.Add(3)
	s.MergeScaled(&s, -1)
	if !s.IsZero() {
		t.Errorf("3 - 3 = %v", s.Value())
	}
	// Out of range is a panic, never a wrong value.
	mustPanic(t, func() {
		s := new(Sum)
		s.Add(math.MaxFloat64)
		for range 10 {
			o := s.Clone()
			s.MergeScaled(o, math.MaxFloat64)
		}
	})
	mustPanic(t, func() {
		s := new(Sum)
		s.Add(tiny)
		for range 10 {
			o := new(Sum)
			o.MergeScaled(s, tiny)
			s = o
		}
	})
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

func TestBulk(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{0, 1, 2, smallSlice - 1, smallSlice, 25, 100, block - 1, block, block + 1, 3*block + 7} {
		for _, kind := range []string{"any", "losses"} {
			x, y := make([]float64, n), make([]float64, n)
			for i := range x {
				if kind == "any" {
					x[i], y[i] = anyFloat(r), anyFloat(r)
				} else {
					x[i], y[i] = r.ExpFloat64(), r.ExpFloat64()
				}
			}
			var s, sums, one, oneSq, sq, pr, pr1, sq1 Sum
			var m, m1 Moments
			addSlice(&s, x)
			posInf, others := AddMoments(&sums, &sq, x)
			m.AddSlices(x, y)
			pr.AddProducts(x, y)
			sq1.AddSquares(x)
			wantInf, wantOthers := 0, 0
			var naive Sum
			for i, v := range x {
				naive.Add(v)
				pr1.AddProduct(v, y[i])
				m1.Add(v, y[i])
				switch {
				case finite(v):
					one.Add(v)
					oneSq.AddProduct(v, v)
				case v > 0:
					wantInf++
				default:
					wantOthers++
				}
			}
			if posInf != wantInf || others != wantOthers {
				t.Fatalf("AddMoments counts %d +Inf, %d others; want %d, %d", posInf, others, wantInf, wantOthers)
			}
			var sqAll Sum
			for _, v := range x {
				sqAll.AddProduct(v, v)
			}
			for _, c := range []struct {
				what      string
				got, want *Sum
			}{
				{"all", &s, &naive}, {"AddMoments sum", &sums, &one}, {"AddMoments squares", &sq, &oneSq},
				{"AddProducts", &pr, &pr1}, {"AddSquares", &sq1, &sqAll},
				{"A", &m.A, &m1.A}, {"B", &m.B, &m1.B}, {"AA", &m.AA, &m1.AA}, {"AB", &m.AB, &m1.AB}, {"BB", &m.BB, &m1.BB},
			} {
				if !bytes.Equal(form(t, c.got), form(t, c.want)) {
					t.Fatalf("n = %d, %s: %s is %v, one by one %v", n, kind, c.what, c.got.Value(), c.want.Value())
				}
			}
		}
	}
	mustPanic(t, func() { new(Moments).AddSlices(make([]float64, 3), make([]float64, 4)) })
	mustPanic(t, func() { new(Sum).AddProducts(make([]float64, 3), make([]float64, 4)) })
}

func TestMoments(t *testing.T) {
	var repeated, loop, other Moments
	repeated.AddTimes(1.7, .3, 1000)
	for range 1000 {
		loop.Add(1.7, .3)
	}
	other.Merge(&loop)
	for _, c := range [][3]*Sum{
		{&repeated.A, &loop.A, &other.A}, {&repeated.B, &loop.B, &other.B}, {&repeated.AA, &loop.AA, &other.AA},
		{&repeated.AB, &loop.AB, &other.AB}, {&repeated.BB, &loop.BB, &other.BB},
	} {
		if !bytes.Equal(form(t, c[0]), form(t, c[1])) || !bytes.Equal(form(t, c[0]), form(t, c[2])) {
			t.Errorf("%v, %v, %v", c[0].Value(), c[1].Value(), c[2].Value())
		}
	}
}

func TestNoAllocation(t *testing.T) {
	x := make([]float64, 10000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = r.ExpFloat64()
	}
	var s, a, b Sum
	var m Moments
	for what, f := range map[string]func(){
		"Add":        func() { s.Add(1.5) },
		"AddMoments": func() { AddMoments(&a, &b, x) },
		"AddSlices":  func() { m.AddSlices(x, x) },
		"Merge":      func() { s.Merge(&a) },
		"Value":      func() { sink = s.Value() },
	} {
		f()
		if n := testing.AllocsPerRun(50, f); !(n < 1) {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
	if len(s.limbs) > 8 {
		t.Errorf("a typical sum has %d limbs", len(s.limbs))
	}
}

// There may be a million sums at once.
func TestSize(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var nats, ones Sum
	for range 1000 {
		nats.Add(r.ExpFloat64())
		ones.Add(1)
	}
	for what, s := range map[string]*Sum{"surprisals": &nats, "ones": &ones} {
		if n := int(unsafe.Sizeof(*s)) + 8*cap(s.limbs); n > 112 {
			t.Errorf("a sum of %s takes %d bytes", what, n)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	var s Sum
	s.Add(1e10)
	s.Add(-1e-10)
	good := form(t, &s)
	for i := range good {
		var u Sum
		if err := u.UnmarshalBinary(good[:i]); err == nil {
			t.Errorf("%d of %d bytes accepted", i, len(good))
		}
	}
	bad := map[string][]byte{
		"trailing":       append(bytes.Clone(good), 0),
		"version":        {2<<4 | kindZero},
		"kind":           {version<<4 | 9},
		"no digits":      {version<<4 | kindPositive, 0, 0, 0, 0},
		"low zero":       {version<<4 | kindPositive, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1},
		"high zero":      {version<<4 | kindPositive, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0},
		"below range":    {version<<4 | kindPositive, 0x80, 0, 0, 1, 0, 0, 0, 1},
		"above range":    {version<<4 | kindPositive, 0x7f, 0, 0, 1, 0, 0, 0, 1},
		"too many limbs": append([]byte{version<<4 | kindPositive, 0, 0, 0xff, 0xff}, make([]byte, 4*0xffff)...),
	}
	for name, b := range bad {
		u := Sum{}
		u.Add(7)
		if err := u.UnmarshalBinary(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if u.Value() != 7 {
			t.Errorf("%s: an error changed the sum", name)
		}
	}
}

func floats(b []byte) []float64 {
	var x []float64
	for ; len(b) >= 8; b = b[8:] {
		x = append(x, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return x
}

func seed(f *testing.F) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, x := range hard {
		var b []byte
		for _, v := range x {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		f.Add(b)
	}
	var b []byte
	for range 64 {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(anyFloat(r)))
	}
	f.Add(b)
}

func FuzzSumAgainstBig(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		x := floats(b)
		var s, bulk, p Sum
		var r, rp reference
		for i, v := range x {
			s.Add(v)
			r.add(v)
			y := x[len(x)-1-i]
			p.AddProduct(v, y)
			rp.addScaled(v, y)
		}
		addSlice(&bulk, x)
		check(t, "sum", &s, &r)
		check(t, "slice", &bulk, &r)
		check(t, "products", &p, &rp)
		form(t, &p)
		var m Moments
		y := append([]float64(nil), x...)
		for i, v := range x {
			y[len(x)-1-i] = v
		}
		m.AddSlices(x, y)
		check(t, "Σab", &m.AB, &rp)
		check(t, "Σb", &m.B, &r)
	})
}

func FuzzMerge(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		x := floats(b)
		var whole, ab, ba, left, right Sum
		var part [3]Sum
		for i, v := range x {
			whole.Add(v)
			part[(i*7+len(x))%3].Add(v)
		}
		for _, i := range []int{0, 1, 2} {
			ab.Merge(&part[i])
			ba.Merge(&part[2-i])
		}
		left.Merge(&part[0])
		left.Merge(&part[1])
		left.Merge(&part[2])
		right.Merge(&part[1])
		right.Merge(&part[2])
		right.Merge(&part[0])
		want := form(t, &whole)
		for _, s := range []*Sum{&ab, &ba, &left, &right} {
			if !bytes.Equal(form(t, s), want) {
				t.Fatalf("merged %v, whole %v", s.Value(), whole.Value())
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, x := range hard {
		var s Sum
		for _, v := range x {
			s.Add(v)
		}
		f.Add(form(f, &s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sum
		if s.UnmarshalBinary(b) != nil {
			return
		}
		if c := form(t, &s); !bytes.Equal(b, c) {
			t.Fatalf("accepted %x, which is %x", b, c)
		}
		s.Value()
		s.Add(1)
		s.AddProduct(1e200, 1e200)
		s.Merge(&s)
		s.Sign()
	})
}
