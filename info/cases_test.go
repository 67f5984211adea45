package info_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"surprisal/info"
)

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// 200 pairs whose measures were computed at 50 digits and compared with SciPy.
func TestCases(t *testing.T) {
	var file struct {
		Cases []struct {
			ID       int
			Kind     string
			P, Q     []float64
			Expected map[string]string
		}
	}
	readJSON(t, "../ref/info/scipy_cases.json", &file)
	if len(file.Cases) < 200 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		p, errP := info.New(c.P)
		q, errQ := info.New(c.Q)
		if errP != nil || errQ != nil {
			t.Fatalf("case %d: %v, %v", c.ID, errP, errQ)
		}
		got := map[string]float64{
			"entropy_p":             info.Entropy(c.P),
			"entropy_q":             info.Entropy(c.Q),
			"entropy_p_base2":       bits(info.Entropy(c.P)),
			"cross_entropy":         info.CrossEntropy(c.P, c.Q),
			"cross_entropy_reverse": info.CrossEntropy(c.Q, c.P),
			"kl":                    info.KL(c.P, c.Q),
			"kl_reverse":            info.KL(c.Q, c.P),
			"kl_validated":          p.KL(q),
			"kl_validated_reverse":  q.KL(p),
			"js":                    info.JensenShannon(c.P, c.Q),
			"total_variation":       info.TotalVariation(c.P, c.Q),
			"hellinger":             info.Hellinger(c.P, c.Q),
			"bhattacharyya":         info.BhattacharyyaDistance(c.P, c.Q),
		}
		// What is a small difference of large parts has an absolute error too.
		absolute := map[string]float64{
			"kl": 1e-15, "kl_reverse": 1e-15, "kl_validated": 1e-17, "kl_validated_reverse": 1e-17,
			"entropy_p_base2": 1e-323, "js": 1e-30, "total_variation": 1e-30, "hellinger": 1e-30, "bhattacharyya": 1e-15,
		}
		for k, g := range got {
			s, ok := c.Expected[k]
			if !ok {
				t.Fatalf("case %d has no %s", c.ID, k)
			}
			want := number(t, s)
			if diff := g - want; g != want && !(max(diff, -diff) <= 1e-14*want+absolute[k]) {
				t.Errorf("case %d (%s): %s = %v, want %s", c.ID, c.Kind, k, g, s)
			}
		}
		// The distance's digits depend on the root of a tiny JS being its own.
		for k, g := range map[string]float64{"js_distance": info.JensenShannonDistance(c.P, c.Q)} {
			if want := number(t, c.Expected[k]); !near(g, want, 1e-14) {
				t.Errorf("case %d (%s): %s = %v, want %v", c.ID, c.Kind, k, g, want)
			}
		}
	}
}

func TestEstimatorCases(t *testing.T) {
	names := map[string]string{
		"ml": "ml", "miller_madow": "miller-madow", "chao_shen": "chao-shen", "shrink": "james-stein",
		"jeffreys": "jeffreys", "laplace": "laplace", "schuermann_grassberger": "sg", "minimax": "minimax",
	}
	byName := map[string]info.Estimator{}
	for _, e := range info.Estimators() {
		if e.Name == "" || e.Description == "" || e.Source == "" || e.Error == "" {
			t.Errorf("estimator %q lacks a description, a source or a word on its error", e.Name)
		}
		byName[e.Name] = e
	}
	check := func(counts []int64, expected map[string]string, tol float64) {
		for key, s := range expected {
			var got float64
			switch name, ok := names[key]; {
			case ok:
				got = byName[name].Estimate(counts).Value
			case key == "ml_bits":
				got = bits(byName["ml"].Estimate(counts).Value)
			case key == "dirichlet_2.5":
				got = info.Dirichlet(counts, 2.5).Value
			default:
				continue // shrink_lambda is inside shrink
			}
			if want := number(t, s); !near(got, want, tol) {
				t.Errorf("%s of %v = %v, want %s", key, counts, got, s)
			}
		}
	}
	var r struct {
		Vectors []struct {
			Counts   []int64
			Expected map[string]string
		}
	}
	readJSON(t, "../ref/info/entropy_r.json", &r)
	for _, v := range r.Vectors {
		check(v.Counts, v.Expected, 5e-15)
	}
	var file struct {
		Cases []struct {
			Counts   []int64
			Expected map[string]string
		}
	}
	readJSON(t, "../ref/info/estimators.json", &file)
	if len(r.Vectors) == 0 || len(file.Cases) < 30 {
		t.Fatalf("%d vectors, %d cases", len(r.Vectors), len(file.Cases))
	}
	for _, c := range file.Cases {
		check(c.Counts, c.Expected, 1e-14)
	}
}
