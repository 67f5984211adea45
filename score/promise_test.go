package score

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"surprisal/predict"
)

// predictions makes n rows of three-class predictions, some hard, some invalid,
// with weights, repeats and keys.
func predictions(n int, seed uint64) *table {
	rng := rand.New(rand.NewPCG(seed, 1))
	tab := &table{names: []string{"label", "p_a", "p_b", "p_c", "w", "n", "user", "site", "day"}}
	for i := range n {
		x := [3]float64{rng.ExpFloat64(), rng.ExpFloat64() * 1e-3, math.Exp(-40 * rng.Float64())}
		rng.Shuffle(3, func(i, j int) { x[i], x[j] = x[j], x[i] })
		sum := x[0] + x[1] + x[2]
		row := []string{string("abc"[rng.IntN(3)])}
		for _, v := range x {
			row = append(row, strconv.FormatFloat(v/sum, 'g', -1, 64))
		}
		switch rng.IntN(40) {
		case 0:
			row[1+rng.IntN(3)] = "" // invalid
		case 1:
			row[1], row[2], row[3] = "0", "1", "0" // infinite for a and c
		case 2:
			row[1] = "-0.25"
		}
		w := strconv.FormatFloat(rng.ExpFloat64(), 'g', -1, 64)
		if rng.IntN(30) == 0 {
			w = "0"
		}
		row = append(row, w, strconv.Itoa(rng.IntN(4)), fmt.Sprint("u", rng.IntN(n/5+1)), fmt.Sprint("s", rng.IntN(3)), fmt.Sprint(rng.IntN(12)))
		if i == 0 {
			row[7] = ""
		}
		tab.rows = append(tab.rows, row)
	}
	return tab
}

// bits writes everything about a scorecard that does not name rows, every float by its bits.
func bits(v any) string {
	var b strings.Builder
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				switch name := v.Type().Field(i).Name; name {
				case "Inputs", "Layout", "Worst", "First", "FirstInfinite", "At", "Warnings", "Furthest":
				default:
					walk(path+"."+name, v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Float64:
			fmt.Fprintf(&b, "%s %x\n", path, math.Float64bits(v.Float()))
		default:
			fmt.Fprintf(&b, "%s %v\n", path, v.Interface())
		}
	}
	walk("", reflect.ValueOf(v))
	return b.String()
}

// TestSameBits is the promise: the same bits for any order of the rows, any number
// of threads and any division into files.
func TestSameBits(t *testing.T) {
	requests := map[string]predict.Request{
		"plain":     {},
		"weighted":  {Weight: "w"},
		"repeated":  {Freq: "n", By: "site,day"},
		"clustered": {Cluster: "user", Weight: "w", By: "site"},
	}
	whole := predictions(600, 7)
	for name, req := range requests {
		t.Run(name, func(t *testing.T) {
			req.Label, req.Probs = "label", "p_*"
			var want string
			rng := rand.New(rand.NewPCG(3, 9))
			for trial := range 20 {
				tab := &table{names: whole.names, rows: append([][]string(nil), whole.rows...), batch: 1 + rng.IntN(50)}
				if trial > 0 {
					rng.Shuffle(len(tab.rows), func(i, j int) { tab.rows[i], tab.rows[j] = tab.rows[j], tab.rows[i] })
				}
				job := Job{Request: req, Options: Options{Threads: 1 + trial%7}}
				for at := 0; at < len(tab.rows); {
					to := min(len(tab.rows), at+30+rng.IntN(400))
					job.Inputs = append(job.Inputs, (&table{names: tab.names, rows: tab.rows[at:to], batch: tab.batch}).input())
					at = to
				}
				c, err := Run(context.Background(), job)
				if err != nil {
					t.Fatal(err)
				}
				got := bits(c)
				if trial == 0 {
					want = got
					if c.Rows.Infinite == 0 || len(c.Rows.Invalid) < 2 || len(c.FloorCurve) == 0 {
						t.Fatal("the case has lost its hard rows")
					}
				} else if got != want {
					t.Fatalf("trial %d differs from the first:\n%s\nfirst:\n%s", trial, got, want)
				}
			}
		})
	}
}

// TestFreqIsRepetition scores rows with a freq and the same rows written out.
func TestFreqIsRepetition(t *testing.T) {
	tab := predictions(200, 11)
	long := &table{names: tab.names, batch: 13}
	for _, row := range tab.rows {
		n, _ := strconv.Atoi(row[5])
		for range n {
			long.rows = append(long.rows, row)
		}
	}
	req := predict.Request{Label: "label", Probs: "p_*", Cluster: "user", By: "site"}
	for _, cluster := range []string{"", "user"} {
		req.Cluster = cluster
		once, err := Run(context.Background(), Job{Inputs: []Input{long.input()}, Request: req})
		if err != nil {
			t.Fatal(err)
		}
		req.Freq = "n"
		freq, err := Run(context.Background(), Job{Inputs: []Input{tab.input()}, Request: req})
		if err != nil {
			t.Fatal(err)
		}
		req.Freq = ""
		// Counts of file rows differ by nature.
		once.Rows, freq.Rows = RowCounts{}, RowCounts{}
		if a, b := bits(once), bits(freq); a != b {
			t.Errorf("cluster %q: repeated rows\n%s\nwith --freq\n%s", cluster, a, b)
		}
	}
}

// TestSlicesAddUp merges the slices' totals: they are the total.
func TestSlicesAddUp(t *testing.T) {
	tab := predictions(300, 5)
	for _, row := range tab.rows {
		if row[1] == "0" { // no infinite rows here
			row[1], row[2], row[3] = "0.5", "0.25", "0.25"
		}
	}
	c, err := Run(context.Background(), Job{Inputs: []Input{tab.input()}, Request: predict.Request{Label: "label", Probs: "p_*", By: "site"}})
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	var shares float64
	missing := false
	for _, s := range c.Slices {
		n += s.N
		shares += s.Share
		missing = missing || s.Key[0] == "(missing)"
	}
	if n != c.N || !(math.Abs(shares-1) <= 1e-12) {
		t.Errorf("slices have %d rows and %g of the total; the whole has %d", n, shares, c.N)
	}
	if !missing {
		t.Error("a row without a key has no slice of its own")
	}
}

func score(t *testing.T, tab *table, req predict.Request, opt Options) (*Scorecard, error) {
	t.Helper()
	return Run(context.Background(), Job{Inputs: []Input{tab.input()}, Request: req, Options: opt})
}

func grid(names string, rows ...string) *table {
	tab := &table{names: strings.Split(names, ",")}
	for _, r := range rows {
		tab.rows = append(tab.rows, strings.Split(r, ","))
	}
	return tab
}

// TestHardInputs are the tests that peers fail, and the table of hard inputs.
func TestHardInputs(t *testing.T) {
	probs := predict.Request{Label: "y", Probs: "p_*"}
	value := func(want, tol float64, tab *table, req predict.Request) {
		t.Helper()
		c, err := score(t, tab, req, Options{})
		if err != nil {
			t.Error(err)
		} else if got := c.CrossEntropy.Value; got != want && !(math.Abs(got-want) <= tol) {
			t.Errorf("%v: %.17g, expected %.17g", tab.rows, got, want)
		}
	}
	// −log 1e-20 = 20·log 10.
	value(46.051701859880914, 1e-14, grid("y,p_0,p_1", "0,1e-20,1"), probs)
	// 1 − p for the negative class, in the log domain: −log(1 − 1e-20) = 1e-20.
	value(1e-20, 1e-35, grid("y,p", "0,1e-20"), predict.Request{Label: "y", Prob: "p", Positive: "1"})
	// Logits 110 apart cost 110, however small exp(−110) is.
	value(110, 0, grid("y,z_0,z_1", "0,0,110"), predict.Request{Label: "y", Logits: "z_*"})
	// And a confident right answer keeps its loss: log1p(exp(−60)).
	value(8.75651076269652e-27, 1e-40, grid("y,z_0,z_1", "0,60,0"), predict.Request{Label: "y", Logits: "z_*"})
	// p = 0 where nothing happened contributes nothing.
	value(0, 0, grid("y,p_0,p_1", "0,1,0"), probs)
	// Just above 1 by rounding scores 0.
	value(0, 0, grid("y,p_0,p_1", "0,1.000001,0"), probs)
	// Subnormal probabilities: 1074·log 2.
	value(744.4400719213812, 1e-12, grid("y,p_0,p_1", "0,5e-324,1"), probs)

	c, err := score(t, grid("y,p_0,p_1", "0,0,1", "1,0.5,0.5", "0,,1", "0,NA,1", "1,1.5,-0.5", ",0.5,0.5"), probs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(c.CrossEntropy.Value, 1) || c.CrossEntropy.HasInterval() || c.Finite.Value != math.Ln2 || !math.IsInf(c.Skill.Value, -1) {
		t.Errorf("p = 0 for what happened: %+v, finite %+v, skill %+v", c.CrossEntropy, c.Finite, c.Skill)
	}
	if c.N != 2 || c.Rows.Infinite != 1 || c.Rows.Read != 6 || len(c.Rows.Invalid) != 4 {
		t.Errorf("row counts: %+v", c.Rows)
	}
	want := map[string]int64{"empty": 1, "NA": 1, "negative": 1, "no label": 1}
	for _, r := range c.Rows.Invalid {
		if want[r.Reason] != r.Count {
			t.Errorf("%d rows %q, expected %d", r.Count, r.Reason, want[r.Reason])
		}
	}
	// The floor curve at 0.01: (log 100 + log 2)/2.
	if got, want := c.FloorCurve[0].CrossEntropy, (math.Log(100)+math.Ln2)/2; !(math.Abs(got-want) <= 1e-15*want) {
		t.Errorf("floor 0.01: %g, expected %g", got, want)
	}
}

// TestFloorCurveIsTheFloor: each point of the curve is what --floor gives, bit for bit.
func TestFloorCurveIsTheFloor(t *testing.T) {
	tab := predictions(300, 21)
	for _, req := range []predict.Request{{}, {Weight: "w"}, {Freq: "n"}} {
		req.Label, req.Probs = "label", "p_*"
		c, err := score(t, tab, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, point := range c.FloorCurve {
			floored, err := score(t, tab, req, Options{Floor: point.Floor})
			if err != nil {
				t.Fatal(err)
			}
			if floored.CrossEntropy.Value != point.CrossEntropy {
				t.Errorf("floor %g: the curve says %.17g, --floor %.17g", point.Floor, point.CrossEntropy, floored.CrossEntropy.Value)
			}
		}
	}
}

// TestRefusals are inputs that must give an error and say why.
func TestRefusals(t *testing.T) {
	probs := predict.Request{Label: "y", Probs: "p_*"}
	for _, c := range []struct {
		name string
		tab  *table
		req  predict.Request
		opt  Options
		say  []string
	}{
		{"label without a column", grid("y,p_a,p_b", "a,0.5,0.5", "c,0.5,0.5"), probs, Options{}, []string{`"c"`, "row 2", "no column"}},
		{"index out of range", grid("y,p_0,p_1", "0,0.5,0.5", "1,0.5,0.5", "2,0.5,0.5"), probs, Options{}, []string{`"2"`, "row 3"}},
		{"sums to 1.2", grid("y,p_a,p_b", "a,0.7,0.5", "b,0.50,0.50"), probs, Options{}, []string{"row 1", "0.2", "sum to 1"}},
		{"nothing scored", grid("y,p_a,p_b", "a,,0.5", "b,NA,0.5"), probs, Options{}, []string{"none of the 2 rows"}},
		{"strict", grid("y,p_a,p_b", "a,0.5,0.5", "b,NA,0.5"), probs, Options{Strict: true}, []string{"row 2", "NA"}},
		{"too many slices", grid("y,p_a,p_b", "a,0.5,0.5", "b,0.5,0.5"), predict.Request{Label: "y", Probs: "p_*", By: "y"}, Options{MaxSlices: 1}, []string{"more than 1 slices"}},
		{"three labels, one column", grid("y,p", "spam,0.5", "ham,0.5", "eggs,0.5"), predict.Request{Label: "y", Prob: "p", Positive: "spam"}, Options{}, []string{"ham", "eggs"}},
	} {
		_, err := score(t, c.tab, c.req, c.opt)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, s := range c.say {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q does not say %q", c.name, err, s)
			}
		}
	}
}

// TestNormalize: what a row that does not sum to 1 comes to.
func TestNormalize(t *testing.T) {
	tab := grid("y,p_0,p_1", "1,0.2,0.3")
	req := predict.Request{Label: "y", Probs: "p_*"}
	for _, c := range []struct {
		how  Normalize
		want float64
	}{{AsIs, -math.Log(0.3)}, {Rescale, -math.Log(0.6)}} {
		got, err := score(t, tab, req, Options{Normalize: c.how})
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(got.CrossEntropy.Value-c.want) <= 2e-16) {
			t.Errorf("%v: %.17g, expected %.17g", c.how, got.CrossEntropy.Value, c.want)
		}
		if got.SumDefect == nil || !(math.Abs(got.SumDefect.Largest-0.5) <= 1e-15) {
			t.Errorf("%v: defect %+v, expected 0.5", c.how, got.SumDefect)
		}
	}
}

// TestZeroWeight contributes nothing, even at +Inf, and is counted.
func TestZeroWeight(t *testing.T) {
	tab := grid("y,p_0,p_1,w", "0,0,1,0", "1,0.5,0.5,2", "0,0.25,0.75,-1")
	c, err := score(t, tab, predict.Request{Label: "y", Probs: "p_*", Weight: "w"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c.CrossEntropy.Value != math.Ln2 || c.Rows.ZeroWeight != 1 || c.Rows.Infinite != 0 || len(c.Rows.Invalid) != 1 || c.N != 1 {
		t.Errorf("%+v %+v", c.CrossEntropy, c.Rows)
	}
}
