package loss

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"surprisal"
)

var bg = context.Background()

// number is a JSON number, or a string for what JSON has no number for or too
// few digits.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

type refCase struct {
	Kind, Name, Dtype, From string
	Columns, Rows           int
	X                       []float64
	Labels                  []int64
	Shares                  []float64
	Weights, Positive       []float64
	Ignore                  []int
	Smoothing, Temperature  float64
	Losses, Grad            []number
	Sum, Weight             number
	Mean                    json.RawMessage // a number, or numbers for gaussian
	MeanLoss                number          `json:"mean_loss"`
	Y, Variance, P, Q       []float64
	LogRate                 bool `json:"log_rate"`
	KL                      number
}

type refFile struct {
	Published []struct {
		Source     string
		Columns    int
		X, Weights []float64
		Labels     []int
		Losses     []float64
		Sum        float64
		Mean       float64
		MeanOneHot float64 `json:"mean_one_hot"`
	}
	Cases []refCase
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func readCases(t *testing.T) *refFile {
	t.Helper()
	var f refFile
	readJSON(t, "../ref/loss/cases.json", &f)
	if len(f.Cases) < 200 {
		t.Fatalf("only %d cases", len(f.Cases))
	}
	return &f
}

// typed is x as a matrix of the type of that name; zeros are a matrix of its
// shape.
func typed(dtype string, x []float64, columns int) Matrix {
	switch dtype {
	case "float32":
		s := make([]float32, len(x))
		for i, v := range x {
			s[i] = float32(v)
		}
		return Rows(s, columns)
	case "bfloat16":
		s := make([]BFloat16, len(x))
		for i, v := range x {
			s[i] = BFloat16Of(float32(v))
		}
		return Rows(s, columns)
	case "float16":
		s := make([]Float16, len(x))
		for i, v := range x {
			s[i] = Float16Of(float32(v))
		}
		return Rows(s, columns)
	}
	return Rows(append([]float64(nil), x...), columns)
}

func wide(m Matrix) []float64 {
	s := make([]float64, m.rows*m.columns)
	m.widen(s)
	return s
}

func (c *refCase) targets() Targets {
	if c.Labels != nil {
		return Labels(c.Labels)
	}
	return Shares(Rows(c.Shares, c.Columns))
}

func (c *refCase) mean() float64 {
	var n number
	if string(c.Mean) == "null" {
		return math.NaN()
	}
	if err := json.Unmarshal(c.Mean, &n); err != nil {
		panic(err)
	}
	return float64(n)
}

func (c *refCase) crossEntropy() *CrossEntropy {
	ce := &CrossEntropy{Weights: c.Weights, Ignore: c.Ignore, Smoothing: c.Smoothing}
	switch c.From {
	case "logits":
		ce.Temperature = c.Temperature
	case "log_probs":
		ce.Input = FromLogProbs
	case "probs":
		ce.Input = FromProbs
	}
	return ce
}

// loss is what CrossEntropy and BinaryCrossEntropy have in common.
type lossOf interface {
	Losses(ctx context.Context, dst []float64, x Matrix, t Targets) error
	LossesGrad(ctx context.Context, dst []float64, grad, x Matrix, t Targets) error
	Sum(ctx context.Context, x Matrix, t Targets) (float64, error)
	SumGrad(ctx context.Context, grad, x Matrix, t Targets) (float64, error)
	Mean(ctx context.Context, x Matrix, t Targets) (float64, error)
	MeanGrad(ctx context.Context, grad, x Matrix, t Targets) (float64, error)
	AddTo(ctx context.Context, sum *surprisal.Accumulator, x Matrix, t Targets) error
}

// tolerances are relative to the value, and absolute.
type tolerances struct{ loss, lossAbs, grad, gradAbs float64 }

func tolerancesOf(c *refCase) tolerances {
	if c.Dtype == "float64" || c.Dtype == "" {
		// Terms of different signs and soft gradients are differences.
		return tolerances{4e-15, 0, 2e-14, 1e-15}
	}
	t := tolerances{2.5e-7, 0, 6e-7, 1e-37}
	if c.Kind == "binary" || c.Temperature != 1 {
		t = tolerances{4e-15, 0, 1e-7, 1e-15}
	}
	if strings.Contains(c.Name, "soft") || c.Smoothing > 0 {
		t.gradAbs = 6e-7 * 5
	}
	switch c.Dtype { // what the gradient is rounded to
	case "bfloat16":
		t.grad += 0x1p-8
	case "float16":
		t.grad += 0x1p-11
		t.gradAbs += 0x1p-25
	}
	return t
}

func negative(w []float64) bool {
	for _, v := range w {
		if v < 0 {
			return true
		}
	}
	return false
}

func within(got, want, rel, abs float64) bool {
	return got == want || got != got && want != want || math.Abs(got-want) <= rel*math.Abs(want)+abs
}

func TestReferences(t *testing.T) {
	worst := map[string]float64{}
	for _, c := range readCases(t).Cases {
		var l lossOf
		switch c.Kind {
		case "cross_entropy":
			l = c.crossEntropy()
		case "binary":
			l = &BinaryCrossEntropy{Weights: c.Weights, Positive: c.Positive}
		default:
			continue
		}
		tol := tolerancesOf(&c)
		if negative(c.Weights) {
			tol.lossAbs = tol.loss * 20
		}
		checkLoss(t, &c, l, tol, worst)
	}
	for k, v := range worst {
		t.Logf("%s: largest relative error %.2g", k, v)
	}
}

// checkLoss checks all methods against the expected values of a case.
func checkLoss(t *testing.T, c *refCase, l lossOf, tol tolerances, worst map[string]float64) {
	t.Helper()
	x, targets := typed(c.Dtype, c.X, c.Columns), c.targets()
	dst := make([]float64, len(c.Losses))
	none := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	losses := func(what string) {
		t.Helper()
		for i, want := range c.Losses {
			if !within(dst[i], float64(want), tol.loss, tol.lossAbs) {
				t.Errorf("%s: %s: row %d: %.17g, want %.17g", c.Name, what, i, dst[i], want)
			}
			if want != 0 && worst != nil && tol.lossAbs == 0 {
				k := c.Kind + " " + c.Dtype
				worst[k] = max(worst[k], math.Abs(dst[i]-float64(want))/math.Abs(float64(want)))
			}
			dst[i] = -1
		}
	}
	grads := func(what string, m Matrix, weight float64) {
		t.Helper()
		for i, got := range wide(m) {
			want := 0.0
			if weight != 0 {
				want = float64(c.Grad[i]) / weight
			}
			if !within(got, want, tol.grad, tol.gradAbs) {
				t.Errorf("%s: %s: gradient %d is %.17g, want %.17g", c.Name, what, i, got, want)
			}
		}
	}
	total := func(what string, got, want float64) {
		t.Helper()
		if !within(got, want, tol.loss, 2*tol.lossAbs*float64(len(dst))/max(1, math.Abs(float64(c.Weight)))) {
			t.Errorf("%s: %s %.17g, want %.17g", c.Name, what, got, want)
		}
	}
	noData := func(err error) {
		t.Helper()
		if c.mean() == c.mean() {
			none(err)
		} else if !errors.Is(err, ErrNoData) {
			t.Fatalf("%s: error %v, want no data", c.Name, err)
		}
	}

	none(l.Losses(bg, dst, x, targets))
	losses("Losses")
	grad := typed(c.Dtype, make([]float64, len(c.X)), c.Columns)
	none(l.LossesGrad(bg, dst, grad, x, targets))
	losses("LossesGrad")
	grads("LossesGrad", grad, 1)
	same := typed(c.Dtype, c.X, c.Columns)
	none(l.LossesGrad(bg, nil, same, same, targets))
	grads("LossesGrad in place", same, 1)
	sum, err := l.Sum(bg, x, targets)
	none(err)
	total("Sum", sum, float64(c.Sum))
	again, err := l.SumGrad(bg, grad, x, targets)
	none(err)
	if again != sum {
		t.Errorf("%s: Sum %v, and with the gradient %v", c.Name, sum, again)
	}
	grads("SumGrad", grad, 1)
	mean, err := l.Mean(bg, x, targets)
	noData(err)
	total("Mean", mean, c.mean())
	again, err = l.MeanGrad(bg, grad, x, targets)
	noData(err)
	if again != mean && mean == mean {
		t.Errorf("%s: Mean %v, and with the gradient %v", c.Name, mean, again)
	}
	grads("MeanGrad", grad, float64(c.Weight))
	var acc surprisal.Accumulator
	none(l.AddTo(bg, &acc, x, targets))
	if acc.Total() != sum || acc.Mean() != mean && mean == mean {
		t.Errorf("%s: accumulated %v and %v, want %v and %v", c.Name, acc.Total(), acc.Mean(), sum, mean)
	}
}

// Row 9 of the table of published values, and the difference that class weights
// make between labels and the same labels as shares.
func TestPublished(t *testing.T) {
	for _, c := range readCases(t).Published {
		ce := CrossEntropy{Weights: c.Weights}
		x, labels := Rows(c.X, c.Columns), Labels(c.Labels)
		dst := make([]float64, len(c.Labels))
		if err := ce.Losses(bg, dst, x, labels); err != nil {
			t.Fatal(err)
		}
		for i, want := range c.Losses {
			if !(math.Abs(dst[i]-want) <= 2e-4) {
				t.Errorf("%s: row %d: %v, published %v", c.Source, i, dst[i], want)
			}
		}
		if sum, _ := ce.Sum(bg, x, labels); c.Sum != 0 && !(math.Abs(sum-c.Sum) <= 2e-4) {
			t.Errorf("%s: sum %v, published %v", c.Source, sum, c.Sum)
		}
		if mean, _ := ce.Mean(bg, x, labels); !(math.Abs(mean-c.Mean) <= 2e-4) {
			t.Errorf("%s: mean %v, published %v", c.Source, mean, c.Mean)
		}
		hot := make([]float32, len(c.X))
		for i, y := range c.Labels {
			hot[i*c.Columns+y] = 1
		}
		mean, err := ce.Mean(bg, x, Shares(Rows(hot, c.Columns)))
		if err != nil || c.MeanOneHot != 0 && !(math.Abs(mean-c.MeanOneHot) <= 2e-4) {
			t.Errorf("%s: mean of one-hot shares %v (%v), published %v", c.Source, mean, err, c.MeanOneHot)
		}
	}
}

func TestTorch(t *testing.T) {
	var torch struct {
		Special []struct {
			X     []number
			Label int
			Loss  number
			Grad  []number
		}
		Cases map[string]map[string]json.RawMessage
	}
	readJSON(t, "../ref/loss/torch/torch_cases.json", &torch)
	value := func(raw json.RawMessage) []number {
		var list []number
		var one number
		if json.Unmarshal(raw, &list) == nil {
			return list
		}
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		return []number{one}
	}
	seen := 0
	for _, c := range readCases(t).Cases {
		want, ok := torch.Cases[c.Name]
		if !ok {
			continue
		}
		seen++
		check := func(what string, got, want []number, rel, abs float64) {
			t.Helper()
			if len(got) != len(want) {
				t.Fatalf("%s: %d values, PyTorch has %d", c.Name, len(got), len(want))
			}
			for i := range want {
				if !within(float64(got[i]), float64(want[i]), rel, abs) {
					t.Errorf("%s: %s %d: %.17g, PyTorch has %.17g", c.Name, what, i, got[i], want[i])
				}
			}
		}
		numbers := func(s []float64) (n []number) {
			for _, v := range s {
				n = append(n, number(v))
			}
			return n
		}
		switch c.Kind {
		case "cross_entropy", "binary":
			// PyTorch's float64 against ours on the same numbers; what cancels in
			// it has absolute errors.
			var l lossOf = &BinaryCrossEntropy{Weights: c.Weights, Positive: c.Positive}
			if c.Kind == "cross_entropy" {
				l = c.crossEntropy()
			}
			x, y := Rows(c.X, c.Columns), c.targets()
			grad := typed("float64", c.X, c.Columns)
			dst := make([]float64, len(c.Losses))
			if err := l.LossesGrad(bg, dst, grad, x, y); err != nil {
				t.Fatal(err)
			}
			// log-softmax of PyTorch takes x - max - log Σ: near 5000 it has lost 1e-12.
			scale := 1.0
			for _, v := range c.X {
				scale = max(scale, math.Abs(v))
			}
			tol := 1e-15 * (1 + scale) * 4
			check("loss", numbers(dst), value(want["losses"]), 1e-14, tol)
			check("gradient", numbers(wide(grad)), value(want["sum_grad"]), 1e-13, tol)
			sum, _ := l.Sum(bg, x, y)
			check("sum", []number{number(sum)}, value(want["sum"]), 1e-14, tol*10)
			mean, err := l.MeanGrad(bg, grad, x, y)
			check("mean", []number{number(mean)}, value(want["mean"]), 1e-13, tol*10)
			if !errors.Is(err, ErrNoData) { // there PyTorch's gradient is NaN
				check("gradient of the mean", numbers(wide(grad)), value(want["mean_grad"]), 1e-13, tol)
			}
		case "gaussian":
			var m []float64
			if err := json.Unmarshal(c.Mean, &m); err != nil {
				t.Fatal(err)
			}
			dst := make([]float64, len(m))
			for _, full := range []bool{false, true} {
				for _, eps := range []string{"1e-06", "0.001"} {
					least, _ := strconv.ParseFloat(eps, 64)
					g := Gaussian{NoConstant: !full, MinVariance: least}
					if err := g.Losses(bg, dst, Values(c.Y), Values(m), Values(c.Variance)); err != nil {
						t.Fatal(err)
					}
					w := value(want[fmt.Sprintf("full=%s eps=%s", python(full), eps)])
					for i, v := range w { // PyTorch squares 1e200
						if math.IsInf(float64(v), 1) && !math.IsInf(dst[i], 1) && math.Abs(c.Y[i]) > 1e154 {
							dst[i] = math.Inf(1)
						}
					}
					check("density", numbers(dst), w, 1e-14, 1e-15)
				}
			}
		case "poisson":
			y, x := append(c.Y, 0.5, 1.5, 2.5), append(c.X, 0.25, 1, 2)
			dst := make([]float64, len(x))
			for _, full := range []bool{false, true} {
				for _, eps := range []string{"1e-08", "0.001"} {
					p := Poisson{LogRate: c.LogRate, Factorial: NoFactorial}
					if full {
						p.Factorial = StirlingFactorial
					}
					if !c.LogRate {
						p.Add, _ = strconv.ParseFloat(eps, 64)
					} else if eps == "0.001" {
						continue
					}
					if err := p.Losses(bg, dst, Values(y), Values(x)); err != nil {
						t.Fatal(err)
					}
					// Differences of terms as large as y·log y.
					for i, v := range value(want[fmt.Sprintf("full=%s eps=%s", python(full), eps)]) {
						if !within(dst[i], float64(v), 1e-14, 4e-16*(1+y[i])*30) {
							t.Errorf("%s: count %v, %v: %.17g, PyTorch has %.17g", c.Name, y[i], x[i], dst[i], v)
						}
					}
				}
			}
		}
	}
	if seen != len(torch.Cases) || seen < 150 {
		t.Errorf("%d cases of %d compared", seen, len(torch.Cases))
	}
	for _, s := range torch.Special {
		var x []float64
		for _, v := range s.X {
			x = append(x, float64(v))
		}
		for _, dtype := range []string{"float64", "float32", "bfloat16"} {
			m := typed(dtype, x, len(x))
			tol := 0.0
			if dtype != "float64" {
				tol = 2.5e-7
			}
			if dtype == "bfloat16" {
				tol = 0x1p-7 // of the logits, and so of the loss
			}
			var ce CrossEntropy
			var got [1]float64
			if err := ce.LossesGrad(bg, got[:], m, m, Labels([]int{s.Label})); err != nil {
				t.Fatal(err)
			}
			if !within(got[0], float64(s.Loss), max(tol, 1e-15), 0) {
				t.Errorf("%s %v, label %d: %v, PyTorch has %v", dtype, x, s.Label, got[0], s.Loss)
			}
			for k, g := range wide(m) {
				if !within(g, float64(s.Grad[k]), max(2*tol, 1e-15), 0) {
					t.Errorf("%s %v, label %d: gradient %d is %v, PyTorch has %v", dtype, x, s.Label, k, g, s.Grad[k])
				}
			}
		}
	}
}

func python(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func TestDensityReferences(t *testing.T) {
	n := 0
	for _, c := range readCases(t).Cases {
		dst := make([]float64, len(c.Losses))
		var err error
		var mean float64
		switch c.Kind {
		case "gaussian":
			var m []float64
			if err := json.Unmarshal(c.Mean, &m); err != nil {
				t.Fatal(err)
			}
			var g Gaussian
			y, mu, v := typed(c.Dtype, c.Y, 1), typed(c.Dtype, m, 1), typed(c.Dtype, c.Variance, 1)
			if err = g.Losses(bg, dst, y, mu, v); err == nil {
				mean, err = g.Mean(bg, y, mu, v)
			}
		case "poisson":
			p := Poisson{LogRate: c.LogRate}
			y, x := typed(c.Dtype, c.Y, 1), typed(c.Dtype, c.X, 1)
			if err = p.Losses(bg, dst, y, x); err == nil {
				mean, err = p.Mean(bg, y, x)
			}
		case "kl":
			n++
			// The differences of logits are rounded, and small divergences are
			// their squares.
			got := KLLogits(c.P, c.Q)
			tol := 1e-14
			if strings.Contains(c.Name, "nearly") {
				tol = 1e-6
			}
			if !within(got, float64(c.KL), tol, 0) {
				t.Errorf("%s: %.17g, want %.17g", c.Name, got, c.KL)
			}
			continue
		default:
			continue
		}
		n++
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for i, want := range c.Losses {
			// The loss is as good as its derivative lets the logarithm of the rate be.
			tol := 0.0
			if c.LogRate {
				tol = math.Abs(math.Exp(c.X[i])-c.Y[i]) * math.Abs(c.X[i]) * 0x1p-52
			}
			if !within(dst[i], float64(want), 1e-14, tol) {
				t.Errorf("%s %d: %.17g, want %.17g", c.Name, i, dst[i], want)
			}
		}
		if !within(mean, float64(c.MeanLoss), 1e-13, 0) {
			t.Errorf("%s: mean %.17g, want %.17g", c.Name, mean, c.MeanLoss)
		}
	}
	if n < 15 {
		t.Errorf("only %d cases", n)
	}
}
