package loss

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"surprisal"
)

// randomRows are logits of a type, with labels of which some are -7.
func randomRows(r *rand.Rand, dtype string, rows, columns int) (Matrix, []int32) {
	x := make([]float64, rows*columns)
	for i := range x {
		x[i] = 3 * r.NormFloat64()
	}
	labels := make([]int32, rows)
	for i := range labels {
		labels[i] = int32(r.IntN(columns))
		if r.IntN(5) == 0 {
			labels[i] = -7
		}
	}
	return typed(dtype, x, columns), labels
}

// TestLarge checks the path through the kernels, of several chunks and any number
// of workers, against the rows one by one in float64.
func TestLarge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{20000, 3}, {5000, 17}, {1, 5}, {100, 1000}, {3, 70000}} {
		rows, columns := shape[0], shape[1]
		weights := make([]float64, columns)
		for k := range weights {
			weights[k] = math.Round(r.ExpFloat64()*4) / 4
		}
		for _, dtype := range []string{"float32", "float64", "bfloat16", "float16"} {
			x, labels := randomRows(r, dtype, rows, columns)
			x64 := Rows(wide(x), columns)
			ce := CrossEntropy{Weights: weights, Ignore: []int{-7}}
			got, want := make([]float64, rows), make([]float64, rows)
			if err := ce.Losses(bg, got, x, Labels(labels)); err != nil {
				t.Fatal(err)
			}
			var num, den float64
			for i, y := range labels {
				if y != -7 {
					want[i] = weights[y] * Softmax(x64.span(i, i+1).f64, int(y))
					num += want[i]
					den += weights[y]
				}
				if !within(got[i], want[i], 2.5e-7, 0) {
					t.Fatalf("%s %v: row %d: %v, want %v", dtype, shape, i, got[i], want[i])
				}
			}
			grad64 := Rows(make([]float64, rows*columns), columns)
			if _, err := ce.MeanGrad(bg, grad64, x64, Labels(labels)); err != nil && den != 0 {
				t.Fatal(err)
			}
			var before float64
			var gradBefore []float64
			for _, workers := range []int{1, 2, 5, 0} {
				ce.Workers = workers
				grad := typed(dtype, make([]float64, rows*columns), columns)
				mean, err := ce.MeanGrad(bg, grad, x, Labels(labels))
				if den == 0 {
					if !errors.Is(err, ErrNoData) {
						t.Fatal(err)
					}
					continue
				}
				if err != nil || !within(mean, num/den, 2.5e-7, 0) {
					t.Fatalf("%s %v: mean %v (%v), want %v", dtype, shape, mean, err, num/den)
				}
				g := wide(grad)
				if gradBefore != nil && (mean != before || !slices.Equal(g, gradBefore)) {
					t.Fatalf("%s %v: %d workers change bits", dtype, shape, workers)
				}
				before, gradBefore = mean, g
				rel := map[string]float64{"float32": 6e-7, "bfloat16": 6e-7 + 0x1p-8, "float16": 6e-7 + 0x1p-11}[dtype]
				for i, v := range g {
					if !within(v, grad64.f64[i], rel, tiny(dtype)) {
						t.Fatalf("%s %v: gradient %d: %v, want %v", dtype, shape, i, v, grad64.f64[i])
					}
				}
			}
		}
	}
}

// tiny is what the kernels or the type take for 0.
func tiny(dtype string) float64 {
	if dtype == "float16" {
		return 0x1p-25
	}
	return 1e-37
}

// TestGradientDifferences compares gradients with differences of losses.
func TestGradientDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const columns = 5
	weights := []float64{0.5, 2, -0.25, 3, 1.5}
	for n := range 40 {
		x := make([]float64, 3*columns)
		shares := make([]float64, len(x))
		for i := range x {
			x[i] = 2 * r.NormFloat64()
			shares[i] = r.Float64()
		}
		type named struct {
			name string
			lossOf
			Targets
		}
		labels := Labels([]int64{int64(r.IntN(columns)), -1, int64(r.IntN(columns))})
		bits := make([]int, len(x))
		for i := range bits {
			bits[i] = r.IntN(2)
		}
		for _, c := range []named{
			{"labels", &CrossEntropy{Ignore: []int{-1}}, labels},
			{"labels, everything", &CrossEntropy{Ignore: []int{-1}, Weights: weights, Smoothing: 0.2, Temperature: 1.7}, labels},
			{"labels, temperature", &CrossEntropy{Ignore: []int{-1}, Weights: weights, Temperature: 0.5}, labels},
			{"shares", &CrossEntropy{}, Shares(Rows(shares, columns))},
			{"shares, everything", &CrossEntropy{Weights: weights, Smoothing: 0.2, Temperature: 1.7}, Shares(Rows(shares, columns))},
			{"given", &CrossEntropy{Input: FromLogProbs, Smoothing: 0.1, Weights: weights}, Shares(Rows(shares, columns))},
			{"binary", &BinaryCrossEntropy{Weights: weights, Positive: weights}, Labels(bits)},
			{"binary shares", &BinaryCrossEntropy{Positive: weights}, Shares(Rows(shares, columns))},
		} {
			grad := make([]float64, len(x))
			m := Rows(x, columns)
			mean, err := c.MeanGrad(bg, Rows(grad, columns), m, c.Targets)
			if err != nil {
				t.Fatal(err)
			}
			at := n % len(x)
			const h = 1e-5
			at0 := x[at]
			x[at] = at0 + h
			up, _ := c.Mean(bg, m, c.Targets)
			x[at] = at0 - h
			down, _ := c.Mean(bg, m, c.Targets)
			x[at] = at0
			if slope := (up - down) / (2 * h); !(math.Abs(slope-grad[at]) <= 1e-9*(1+math.Abs(mean))) {
				t.Errorf("%s: gradient %v, difference %v", c.name, grad[at], slope)
			}
		}
	}
}

func TestTargetsThatAreNoClass(t *testing.T) {
	x := Rows(make([]float32, 40000), 4)
	labels := make([]int, 10000)
	labels[9000], labels[4097] = 4, -2
	dst := make([]float64, 10000)
	for _, workers := range []int{1, 2} {
		ce := CrossEntropy{Workers: workers, Ignore: []int{-1}}
		var target *TargetError
		err := ce.Losses(bg, dst, x, Labels(labels))
		if !errors.As(err, &target) || *target != (TargetError{Row: 4097, Target: -2, Classes: 4}) {
			t.Fatalf("%v", err)
		}
		if want := "loss: row 4097: target -2 is no class: they are 0 to 3"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
		mean, err := ce.Mean(bg, x, Labels(labels))
		if mean == mean || err == nil {
			t.Errorf("mean %v, error %v", mean, err)
		}
		var acc surprisal.Accumulator
		if err := ce.AddTo(bg, &acc, x, Labels(labels)); err == nil || acc.N() != 0 {
			t.Errorf("%d rows added, error %v", acc.N(), err)
		}
		// Shares are found out on the way, the first row first.
		shares := make([]float32, 40000)
		shares[4*9000+1], shares[4*5000+3], shares[4*5000+2] = -1, float32(math.NaN()), -0.5
		ce.Ignore = nil
		var value *ValueError
		for range 20 {
			err = ce.AddTo(bg, &acc, x, Shares(Rows(shares, 4)))
			if !errors.As(err, &value) || value.Row != 5000 || value.Column != 2 || acc.N() != 0 {
				t.Fatalf("%v", err)
			}
		}
		if want := "loss: row 5000, column 2: share -0.5, expected a finite number from 0 up"; err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
	var bce BinaryCrossEntropy
	err := bce.Losses(bg, make([]float64, 4), Rows(make([]float64, 4), 2), Labels([]int{0, 1, 2, 0}))
	var target *TargetError
	if !errors.As(err, &target) || target.Row != 2 {
		t.Errorf("%v", err)
	}
	err = bce.Losses(bg, make([]float64, 4), Rows(make([]float64, 4), 2), Shares(Rows([]float64{0, 1, 0.5, 1.5}, 2)))
	var value *ValueError
	if !errors.As(err, &value) || value.Row != 1 || value.Column != 1 {
		t.Errorf("%v", err)
	}
}

func TestNoData(t *testing.T) {
	ce := CrossEntropy{Ignore: []int{-100}}
	grad := Rows([]float32{1, 2, 3, 4}, 2)
	x := Rows([]float32{float32(math.NaN()), 2, 3, 4}, 2)
	for name, c := range map[string]struct {
		ce CrossEntropy
		x  Matrix
		t  Targets
	}{
		"all ignored": {ce, x, Labels([]int{-100, -100})},
		"no rows":     {ce, Rows([]float32{}, 2), Labels([]int{})},
		"no weight":   {CrossEntropy{Weights: []float64{0, 1}}, x, Labels([]int{0, 0})},
		"cancelling":  {CrossEntropy{Weights: []float64{-1, 1}}, Rows([]float32{1, 2, 3, 4}, 2), Labels([]int{0, 1})},
		"no shares":   {CrossEntropy{}, Rows([]float64{}, 3), Shares(Rows([]float64{}, 3))},
	} {
		if mean, err := c.ce.Mean(bg, c.x, c.t); mean == mean || !errors.Is(err, ErrNoData) {
			t.Errorf("%s: mean %v, error %v", name, mean, err)
		}
		if name == "cancelling" || c.x.rows == 0 {
			continue
		}
		if sum, err := c.ce.Sum(bg, c.x, c.t); sum != 0 || err != nil {
			t.Errorf("%s: sum %v, error %v", name, sum, err)
		}
		if _, err := c.ce.MeanGrad(bg, grad, c.x, c.t); !errors.Is(err, ErrNoData) || slices.Max(wide(grad)) != 0 {
			t.Errorf("%s: gradient %v, error %v", name, wide(grad), err)
		}
	}
	var bce BinaryCrossEntropy
	if mean, err := bce.MeanGrad(bg, Values([]float64{}), Values([]float64{}), Labels([]int{})); mean == mean || !errors.Is(err, ErrNoData) {
		t.Errorf("binary: mean %v, error %v", mean, err)
	}
}

// Contributions of weight or share 0 are nothing, where PyTorch has 0·∞ = NaN.
func TestNothing(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name string
		ce   CrossEntropy
		x    []float64
		t    Targets
		want float64
	}{
		{"weight 0", CrossEntropy{Weights: []float64{0, 1}}, []float64{-inf, 1}, Labels([]int{0}), 0},
		{"share 0", CrossEntropy{}, []float64{-inf, 1}, Shares(Rows([]float64{0, 1}, 2)), 0},
		{"smoothing of the impossible", CrossEntropy{Smoothing: 0.1}, []float64{-inf, 1}, Labels([]int{1}), inf},
		{"smoothing of weight 0", CrossEntropy{Smoothing: 0.1, Weights: []float64{0, 1}}, []float64{-inf, 1}, Labels([]int{1}), 0},
		{"no probability", CrossEntropy{Input: FromProbs}, []float64{0, 1}, Labels([]int{0}), inf},
		{"logarithm of it", CrossEntropy{Input: FromLogProbs}, []float64{-inf, 0}, Labels([]int{0}), inf},
		{"share 0 of it", CrossEntropy{Input: FromLogProbs}, []float64{-inf, 0}, Shares(Rows([]float64{0, 1}, 2)), 0},
		{"no probability", CrossEntropy{Input: FromProbs}, []float64{-1, 0}, Labels([]int{0}), math.NaN()},
		{"no logarithm of any", CrossEntropy{Input: FromLogProbs}, []float64{inf, 0}, Labels([]int{0}), math.NaN()},
		{"hopeless", CrossEntropy{}, []float64{-inf, -inf}, Shares(Rows([]float64{0.5, 0.5}, 2)), math.NaN()},
		{"+Inf of share 0", CrossEntropy{}, []float64{inf, 0}, Shares(Rows([]float64{0, 1}, 2)), math.NaN()},
	} {
		for _, dtype := range []string{"float64", "float32", "float16"} {
			var got [1]float64
			m := typed(dtype, c.x, 2)
			if err := c.ce.LossesGrad(bg, got[:], m, m, c.t); err != nil || !within(got[0], c.want, 0, 0) {
				t.Errorf("%s, %s: %v (%v), want %v", c.name, dtype, got[0], err, c.want)
			}
			if nan := math.IsNaN(wide(m)[0]); nan != math.IsNaN(c.want) && c.ce.Input == FromLogits {
				t.Errorf("%s, %s: gradient %v", c.name, dtype, wide(m))
			}
			if err := c.ce.Losses(bg, got[:], typed(dtype, c.x, 2), c.t); err != nil || !within(got[0], c.want, 0, 0) {
				t.Errorf("%s, %s: %v (%v) without gradient, want %v", c.name, dtype, got[0], err, c.want)
			}
		}
	}
}

// One-hot shares are labels, to the bit in float64.
func TestOneHot(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, labels := make([]float64, 100*7), make([]int, 100)
	hot := make([]float64, len(x))
	for i := range x {
		x[i] = r.NormFloat64() * math.Exp(4*r.Float64())
	}
	for i := range labels {
		labels[i] = r.IntN(7)
		hot[7*i+labels[i]] = 1
	}
	ce := CrossEntropy{Weights: []float64{1, 2, 3, 0, 5, 0.1, 7}}
	a, b := make([]float64, 100), make([]float64, 100)
	ga, gb := make([]float64, len(x)), make([]float64, len(x))
	if err := errors.Join(ce.LossesGrad(bg, a, Rows(ga, 7), Rows(x, 7), Labels(labels)),
		ce.LossesGrad(bg, b, Rows(gb, 7), Rows(x, 7), Shares(Rows(hot, 7)))); err != nil {
		t.Fatal(err)
	}
	for i, v := range a {
		if !within(b[i], v, 1e-14, 0) {
			t.Errorf("row %d: one-hot shares %v, label %v", i, b[i], v)
		}
	}
	for i, v := range ga {
		if !within(gb[i], v, 1e-13, 1e-300) {
			t.Errorf("gradient %d: one-hot shares %v, label %v", i, gb[i], v)
		}
	}
}

// A context that is cancelled after some calls of Err.
type expiring struct {
	context.Context
	calls *int
}

func (e expiring) Err() error {
	if *e.calls--; *e.calls < 0 {
		return context.Canceled
	}
	return nil
}

func TestCancellation(t *testing.T) {
	x := Rows(make([]float32, 1<<20), 16)
	labels := Labels(make([]int, 1<<16))
	for _, calls := range []int{0, 3} {
		left := calls
		ce := CrossEntropy{Workers: 1}
		var acc surprisal.Accumulator
		if err := ce.AddTo(expiring{bg, &left}, &acc, x, labels); !errors.Is(err, context.Canceled) || acc.N() != 0 {
			t.Errorf("after %d chunks: error %v, %d rows", calls, err, acc.N())
		}
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	ce := CrossEntropy{Workers: 4}
	if _, err := ce.Mean(ctx, x, labels); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	// And the next call knows nothing of it.
	if mean, err := ce.Mean(bg, x, labels); err != nil || !within(mean, math.Log(16), 2.5e-7, 0) {
		t.Errorf("mean %v, error %v", mean, err)
	}
}

func TestNoAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("allocations cannot be counted under the race detector")
	}
	r := rand.New(rand.NewPCG(7, 8))
	dst := make([]float64, 6000)
	shares := make([]float64, 60000)
	for i := range shares {
		shares[i] = r.Float64()
	}
	for _, dtype := range []string{"float32", "float64", "bfloat16", "float16"} {
		x, labels := randomRows(r, dtype, 6000, 10)
		grad := typed(dtype, make([]float64, 60000), 10)
		for _, workers := range []int{1, 2} {
			ce := CrossEntropy{Ignore: []int{-7}, Workers: workers}
			soft := CrossEntropy{Smoothing: 0.1, Temperature: 2, Workers: workers}
			bce := BinaryCrossEntropy{Workers: workers}
			for name, f := range map[string]func() error{
				"labels":   func() error { return ce.Losses(bg, dst, x, Labels(labels)) },
				"gradient": func() error { return ce.LossesGrad(bg, dst, grad, x, Labels(labels)) },
				"shares":   func() error { return soft.LossesGrad(bg, dst, grad, x, Shares(Rows(shares, 10))) },
				"binary":   func() error { return bce.LossesGrad(bg, nil, grad, x, Shares(Rows(shares, 10))) },
			} {
				for range 3 {
					if err := f(); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				if n := testing.AllocsPerRun(10, func() { err = errors.Join(f()) }); n >= 1 {
					t.Errorf("%s, %s, %d workers: %v allocations", dtype, name, workers, n)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestMisusePanics(t *testing.T) {
	x, y := Rows(make([]float32, 6), 3), Labels([]int{0, 1})
	shares := Shares(Rows(make([]float32, 6), 3))
	for name, f := range map[string]func() error{
		"no matrix":        func() error { return new(CrossEntropy).Losses(bg, nil, Matrix{}, y) },
		"no rows of 4":     func() error { Rows(make([]float32, 6), 4); return nil },
		"no columns":       func() error { Rows([]float32{}, 0); return nil },
		"labels":           func() error { return new(CrossEntropy).Losses(bg, nil, x, Labels([]int{0})) },
		"losses":           func() error { return new(CrossEntropy).Losses(bg, make([]float64, 3), x, y) },
		"shape of shares":  func() error { return new(CrossEntropy).Losses(bg, nil, x, Shares(Rows(make([]float32, 4), 2))) },
		"shape of grad":    func() error { return new(CrossEntropy).LossesGrad(bg, nil, Rows(make([]float32, 6), 2), x, y) },
		"weights":          func() error { return (&CrossEntropy{Weights: []float64{1}}).Losses(bg, nil, x, y) },
		"infinite weight":  func() error { return (&CrossEntropy{Weights: []float64{1, 1, math.Inf(1)}}).Losses(bg, nil, x, y) },
		"smoothing":        func() error { return (&CrossEntropy{Smoothing: 1.5}).Losses(bg, nil, x, y) },
		"temperature":      func() error { return (&CrossEntropy{Temperature: -1}).Losses(bg, nil, x, y) },
		"not a number":     func() error { return (&CrossEntropy{Temperature: math.NaN()}).Losses(bg, nil, x, y) },
		"no temperature":   func() error { return (&CrossEntropy{Temperature: 1, Input: FromProbs}).Losses(bg, nil, x, y) },
		"input":            func() error { return (&CrossEntropy{Input: 7}).Losses(bg, nil, x, y) },
		"ignored shares":   func() error { return (&CrossEntropy{Ignore: []int{1}}).Losses(bg, nil, x, shares) },
		"binary labels":    func() error { return new(BinaryCrossEntropy).Losses(bg, nil, x, y) },
		"binary weights":   func() error { return (&BinaryCrossEntropy{Weights: []float64{1}}).Losses(bg, nil, x, shares) },
		"shapes":           func() error { return new(Gaussian).Losses(bg, nil, x, x, Values(make([]float32, 6))) },
		"least variance":   func() error { return (&Gaussian{MinVariance: -1}).Losses(bg, nil, x, x, x) },
		"add with LogRate": func() error { return (&Poisson{LogRate: true, Add: 1e-8}).Losses(bg, nil, x, x) },
		"factorial":        func() error { return (&Poisson{Factorial: 9}).Losses(bg, nil, x, x) },
		"KL":               func() error { KLLogits([]float32{1}, []float32{1, 2}); return nil },
	} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.HasPrefix(fmt.Sprint(v), "loss: ") {
					t.Errorf("%s: panic %v", name, v)
				}
			}()
			f()
		}()
	}
}
