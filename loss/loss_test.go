package loss

import (
	"math"
	"math/rand/v2"
	"testing"
)

var inf = math.Inf(1)

func same(got, want, tol float64) bool {
	return got == want || got != got && want != want || math.Abs(got-want) <= tol*math.Abs(want)
}

// Values worked out by hand: 20·log 10, 1074·log 2, log1p of exp.
func TestSpecialValues(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
		tol       float64
	}{
		{"p = 1", Prob(1), 0, 0},
		{"p = 0", Prob(0), inf, 0},
		{"p = 1e-20", Prob(1e-20), 46.051701859880914, 2e-16},
		{"smallest p", Prob(5e-324), 744.4400719213812, 2e-16},
		{"p < 0", Prob(-0.5), nan, 0},
		{"p NaN", Prob(nan), nan, 0},
		{"positive", Binary(0.25, true), 2 * math.Ln2, 2e-16},
		{"negative", Binary(0.75, false), 2 * math.Ln2, 2e-16},
		{"negative at a half", Binary(0.5, false), math.Ln2, 0},
		{"negative, tiny p", Binary(1e-20, false), 1e-20, 1e-15},
		{"negative at p = 1", Binary(1, false), inf, 0},
		{"p above 1, positive", Binary(1.5, true), nan, 0},
		{"p above 1, negative", Binary(1.5, false), nan, 0},
		{"p below 0, negative", Binary(-0.5, false), nan, 0},
		{"log-odds 0", BinaryLogit(0, true), math.Ln2, 2e-16},
		{"log-odds −800", BinaryLogit(-800, true), 800, 0},
		{"log-odds 40, right", BinaryLogit(40, true), 4.248354255291589e-18, 1e-15},
		{"log-odds 40, wrong", BinaryLogit(40, false), 40, 2e-16},
		{"certain and right", BinaryLogit(inf, true), 0, 0},
		{"certain and wrong", BinaryLogit(inf, false), inf, 0},
		{"110 apart", Softmax([]float64{0, 110}, 0), 110, 0},
		{"110 apart, float32", Softmax([]float32{0, 110}, 0), 110, 0},
		{"confident and right", Softmax([]float64{60, 0}, 0), 8.75651076269652e-27, 1e-14},
		{"twenty equal, huge", Softmax(equal(20, 3.4e38), 7), math.Log(20), 2e-16},
		{"shifted", Softmax([]float64{-1e6, -1e6}, 1), math.Ln2, 2e-16},
		{"masked classes", Softmax([]float64{1, math.Inf(-1), 1}, 0), math.Ln2, 2e-16},
		{"only the target is possible", Softmax([]float64{1, math.Inf(-1)}, 0), 0, 0},
		{"target ruled out", Softmax([]float64{1, math.Inf(-1)}, 1), inf, 0},
		{"all ruled out", Softmax([]float64{-inf, -inf}, 1), nan, 0},
		{"NaN elsewhere", Softmax([]float64{nan, 0}, 1), nan, 0},
		{"NaN at the target", Softmax([]float64{nan, 0}, 0), nan, 0},
		{"+Inf elsewhere", Softmax([]float64{inf, 0}, 1), nan, 0},
		{"+Inf at the target", Softmax([]float64{inf, 0}, 0), nan, 0},
		{"shares", SoftmaxSoft([]float64{0, 0, -inf}, []float64{0.5, 0.5, 0}), math.Ln2, 2e-16},
		{"a share on the impossible", SoftmaxSoft([]float64{0, -inf}, []float64{0.5, 0.5}), inf, 0},
		{"log-sum-exp of nothing", LogSumExp([]float64{}), -inf, 0},
		{"log-sum-exp", LogSumExp([]float64{1000, 1000}), 1000 + math.Ln2, 2e-16},
	} {
		if !same(c.got, c.want, c.tol) {
			t.Errorf("%s: %.17g, expected %.17g", c.name, c.got, c.want)
		}
	}
}

func equal(n int, x float64) []float64 {
	row := make([]float64, n)
	for i := range row {
		row[i] = x
	}
	return row
}

// TestSoftmaxForms checks the forms of the softmax loss against each other: hard
// target, filled probabilities, one-hot shares, and the binary case.
func TestSoftmaxForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for range 2000 {
		n := 2 + rng.IntN(20)
		row, dst, y := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range row {
			row[i] = rng.NormFloat64() * math.Exp(4*rng.Float64())
		}
		at := rng.IntN(n)
		y[at] = 1
		want := Softmax(row, at)
		if got := SoftmaxProbs(dst, row, at); got != want {
			t.Fatalf("%v: with probabilities %g, without %g", row, got, want)
		}
		// The probabilities, with 1 − p in the target's place.
		if got := 0 - math.Log1p(-dst[at]); want < 15 && !same(got, want, 1e-9) {
			t.Fatalf("%v: −log p is %g, the loss %g", row, got, want)
		}
		sum := 1 - dst[at]
		for i, p := range dst {
			if i != at {
				sum += p
			}
		}
		if !(math.Abs(sum-1) <= 1e-14) {
			t.Fatalf("%v: probabilities sum to %g", row, sum)
		}
		if got := SoftmaxSoft(row, y); !same(got, want, 1e-14) {
			t.Fatalf("%v: one-hot shares %g, hard %g", row, got, want)
		}
		shares := make([]float64, n)
		for i := range shares {
			shares[i] = rng.Float64()
		}
		var got [1]float64
		if err := new(CrossEntropy).Losses(bg, got[:], Rows(row, n), Shares(Rows(shares, n))); err != nil || !within(got[0], SoftmaxSoft(row, shares), 1e-14, 0) {
			t.Fatalf("%v, shares %v: %v (%v), alone %v", row, shares, got[0], err, SoftmaxSoft(row, shares))
		}
		two := Softmax(row[:2], 1)
		if got := BinaryLogit(row[1]-row[0], true); !(math.Abs(got-two) <= 1e-13*(1+two)) {
			t.Fatalf("%v: two classes %g, log-odds %g", row[:2], two, got)
		}
	}
}

func TestLengthsPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"SoftmaxSoft":  func() { SoftmaxSoft([]float64{1}, nil) },
		"SoftmaxProbs": func() { SoftmaxProbs(nil, []float64{1}, 0) },
		"Probs":        func() { Probs(nil, []float64{1}) },
		"Softmax":      func() { Softmax([]float64{1}, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// Probabilities: terms that are not negative, nothing for equal rows, and what is
// no probability is NaN.
func TestKLProbs(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		p, q []float64
		want float64
	}{
		{[]float64{1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6}, []float64{.18, .18, .15, .17, .17, .15}, 0.0028656157418394},
		{[]float64{.1, .1, .1, .1, .1, .5}, []float64{.18, .18, .15, .17, .17, .15}, 0.3377569081592939},
		{[]float64{0, 1}, []float64{0, 1}, 0},
		{[]float64{0, 1}, []float64{.5, .5}, math.Ln2},
		{[]float64{.5, .5}, []float64{0, 1}, inf},
		{[]float64{-.5, 1.5}, []float64{-.5, 1.5}, nan},
		{[]float64{inf}, []float64{inf}, nan},
		{[]float64{.5, .5}, []float64{0, nan}, nan},
		{nil, nil, 0},
	} {
		if got := KLProbs(c.p, c.q); !same(got, c.want, 1e-13) {
			t.Errorf("KL of %v and %v: %v, want %v", c.p, c.q, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(6, 7))
	for n := range 200 {
		p, q := make([]float32, n), make([]float32, n)
		for i := range p {
			p[i], q[i] = r.Float32(), r.Float32()
			if r.IntN(2) == 0 {
				q[i] = math.Nextafter32(p[i], 2)
			}
		}
		if got := KLProbs(p, q); !(got > 0 || n == 0) {
			t.Errorf("%d classes: %v", n, got)
		}
		if got := KLProbs(p, p); math.Float64bits(got) != 0 {
			t.Errorf("%d classes and themselves: %v", n, got)
		}
	}
}
