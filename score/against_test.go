package score

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"surprisal"
	"surprisal/predict"
)

// against compares tables.
func against(t *testing.T, m, b *table, req predict.Request, opt Options) (*Divergence, error) {
	t.Helper()
	return RunAgainst(context.Background(), AgainstJob{Inputs: []Input{m.input()}, Base: []Input{b.input()}, Request: req, Options: opt})
}

// twoModels makes n rows of logits of k classes of two models, some of them hard or
// invalid, with labels, weights, repeats and keys beside the first.
func twoModels(n, k int, seed uint64) (m, b *table) {
	rng := rand.New(rand.NewPCG(seed, 2))
	m, b = &table{names: []string{"label", "w", "n", "user"}}, &table{}
	for j := range k {
		m.names = append(m.names, fmt.Sprint("z_", j))
		b.names = append(b.names, fmt.Sprint("z_", j))
	}
	g := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for i := range n {
		w := g(rng.ExpFloat64())
		if rng.IntN(30) == 0 {
			w = "0"
		}
		x := []string{strconv.Itoa(rng.IntN(k)), w, strconv.Itoa(rng.IntN(4)), fmt.Sprint("u", rng.IntN(n/5+1))}
		var y []string
		for range k {
			z := 5 * rng.NormFloat64()
			y = append(y, g(z))
			x = append(x, g(z+0.3*rng.NormFloat64()))
		}
		switch rng.IntN(40) {
		case 0:
			x[4+rng.IntN(k)] = ""
		case 1:
			y[rng.IntN(k)] = "NaN"
		case 2:
			x[4+rng.IntN(k)] = "-Inf"
		case 3:
			j := rng.IntN(k)
			x[4+j], y[j] = "-Inf", "-Inf"
		case 4:
			for j := range k {
				y[j] = "-Inf"
			}
		case 5:
			copy(x[4:], y) // the same row
		case 6:
			x[4], x[5] = "50", "50" // a tie
		}
		if i == 0 {
			x[3] = ""
		}
		m.rows, b.rows = append(m.rows, x), append(b.rows, y)
	}
	return m, b
}

// TestAgainstSameBits: the same bits for any order of the rows (the same on both sides), any number of
// threads, any sizes of batches and any division of either side into files.
func TestAgainstSameBits(t *testing.T) {
	m, b := twoModels(500, 6, 3)
	for name, req := range map[string]predict.Request{
		"plain":     {},
		"weighted":  {Weight: "w"},
		"repeated":  {Freq: "n"},
		"clustered": {Cluster: "user", Weight: "w"},
		"no label":  {Label: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			req.Logits = "z_*"
			rng := rand.New(rand.NewPCG(5, 9))
			var want string
			for trial := range 30 {
				order := rng.Perm(len(m.rows))
				if trial == 0 {
					for i := range order {
						order[i] = i
					}
				}
				job := AgainstJob{Request: req, Options: Options{Threads: 1 + trial%7}}
				split := func(tab *table) (inputs []Input) {
					batch := 1 + rng.IntN(60)
					for at := 0; at < len(order); {
						to := min(len(order), at+30+rng.IntN(500))
						part := &table{names: tab.names, batch: batch}
						for _, i := range order[at:to] {
							part.rows = append(part.rows, tab.rows[i])
						}
						inputs = append(inputs, part.input())
						at = to
					}
					return inputs
				}
				job.Inputs, job.Base = split(m), split(b)
				d, err := RunAgainst(context.Background(), job)
				if err != nil {
					t.Fatal(err)
				}
				d.Base, d.BaseLayout = nil, nil
				got := bits(d)
				switch {
				case trial == 0:
					want = got
					if d.Rows.Infinite == 0 || len(d.Rows.Invalid) < 1 || len(d.Rows.InvalidBase) < 2 || d.Labelled != (name != "no label") {
						t.Fatalf("the case has lost its hard rows: %+v", d.Rows)
					}
				case got != want:
					t.Fatalf("trial %d differs from the first:\n%s\nfirst:\n%s", trial, got, want)
				}
			}
		})
	}
}

// A model against itself: exactly 0 everywhere.
func TestAgainstItself(t *testing.T) {
	m, b := twoModels(300, 5, 8)
	for i := range m.rows {
		copy(b.rows[i], m.rows[i][4:])
	}
	d, err := against(t, m, b, predict.Request{Logits: "z_*", Weight: "w"}, Options{Threads: 3})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]surprisal.Estimate{"KL": d.KL, "Δ": d.More, "shift": d.Shift, "RMS": d.RMSShift} {
		if e.Value != 0 || e.SE != 0 || e.Lo != 0 || e.Hi != 0 {
			// A class that is ruled out on both sides may have been what happened.
			if name != "Δ" || !math.IsNaN(e.Value) {
				t.Errorf("%s is %+v", name, e)
			}
		}
	}
	for _, p := range d.KLPoints {
		if p.Nats != 0 {
			t.Errorf("quantile %d/%d is %v", p.Part, p.Of, p.Nats)
		}
	}
	if d.Agreement.Value != 1 || d.Agreement.SE != 0 || d.Rows.Infinite != 0 {
		t.Errorf("agreement %+v, %d infinite", d.Agreement, d.Rows.Infinite)
	}
	if len(d.Rows.Invalid) == 0 || len(d.Rows.Invalid) != len(d.Rows.InvalidBase) {
		t.Errorf("invalid: %+v, in the base %+v", d.Rows.Invalid, d.Rows.InvalidBase)
	}
}

// The published figures of one comparison (llama.cpp, pull request 19661): two perplexities with their errors and the
// correlation give the log of their ratio, and its error. Four rows are made that have
// these means, errors and correlation.
func TestAgainstPublishedPairs(t *testing.T) {
	const (
		ppl, pplSE         = 15.919427, 0.295934
		basePPL, basePPLSE = 13.505476, 0.255762
		correlation        = 0.8769
	)
	se, baseSE := pplSE/ppl, basePPLSE/basePPL
	m, b := &table{names: []string{"label", "l_0", "l_1"}}, &table{names: []string{"label", "l_0", "l_1"}}
	u, v := [4]float64{1, -1, 1, -1}, [4]float64{1, 1, -1, -1}
	scale := math.Sqrt(3) // Σu² = 4, and the error is √(Σ(a − R)²/(3·4))
	row := func(nats float64) []string {
		g := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		return []string{"0", g(-nats), g(math.Log1p(-math.Exp(-nats)))}
	}
	for i := range u {
		s0 := math.Log(basePPL) + scale*baseSE*u[i]
		s1 := math.Log(ppl) + scale*se*(correlation*u[i]+math.Sqrt(1-correlation*correlation)*v[i])
		m.rows, b.rows = append(m.rows, row(s1)), append(b.rows, row(s0))
	}
	d, err := against(t, m, b, predict.Request{LogProbs: "l_*"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name           string
		got, want, tol float64
	}{
		{"perplexity", math.Exp(d.CrossEntropy.Value), ppl, 1e-9},
		{"its error", d.CrossEntropy.SE * ppl, pplSE, 1e-9},
		{"perplexity of the base", math.Exp(d.BaseCrossEntropy.Value), basePPL, 1e-9},
		{"its error", d.BaseCrossEntropy.SE * basePPL, basePPLSE, 1e-9},
		{"correlation", d.Correlation, correlation, 1e-9},
		{"ln ratio", d.More.Value, 0.164445, 1e-6},
		{"its error", d.More.SE, 0.009317, 1e-6}, // the correlation was published to four digits
		{"ratio", math.Exp(d.More.Value), 1.178739, 1e-6},
		{"its error", math.Exp(d.More.Value) * d.More.SE, 0.010983, 2e-6},
	} {
		if !(math.Abs(c.got-c.want) <= c.tol) {
			t.Errorf("%s is %.9g, published %.9g", c.name, c.got, c.want)
		}
	}
}

// Each side's cross entropy is that of its own scorecard.
func TestAgainstIsTwoScorecards(t *testing.T) {
	m, b := twoModels(200, 4, 21)
	for i := range m.rows { // the same labels on both sides, and no row that only one of them leaves out
		for j, x := range m.rows[i][4:] {
			if x == "" {
				m.rows[i][4+j] = "0"
			}
			if y := b.rows[i][j]; y == "NaN" || y == "-Inf" {
				b.rows[i][j] = "1"
			}
			if x == "-Inf" {
				m.rows[i][4+j] = "-2"
			}
		}
		b.rows[i] = append(m.rows[i][:4:4], b.rows[i]...)
	}
	b.names = m.names
	req := predict.Request{Logits: "z_*", Cluster: "user", Weight: "w"}
	d, err := against(t, m, b, req, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	for side, tab := range map[*surprisal.Estimate]*table{&d.CrossEntropy: m, &d.BaseCrossEntropy: b} {
		c, err := score(t, tab, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if *side != c.CrossEntropy {
			t.Errorf("%+v, and by itself %+v", *side, c.CrossEntropy)
		}
	}
	// Stored as float32, too.
	input := func(tab *table) []Input {
		return []Input{{Name: "t", Open: func(context.Context) (predict.Source, error) { return narrow{tab}, nil }}}
	}
	half, err := RunAgainst(context.Background(), AgainstJob{Inputs: input(m), Base: input(b), Request: req})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Run(context.Background(), Job{Inputs: input(m), Request: req})
	if err != nil {
		t.Fatal(err)
	}
	if half.CrossEntropy != c.CrossEntropy {
		t.Errorf("float32: %+v, and by itself %+v", half.CrossEntropy, c.CrossEntropy)
	}
	if got := d.CrossEntropy.Value - d.BaseCrossEntropy.Value; !(math.Abs(got-d.More.Value) <= 1e-14) {
		t.Errorf("the difference of means is %v, the mean difference %v", got, d.More.Value)
	}
}

// Rows of different forms are compared all the same, and the same rows in another form are
// at no distance to speak of.
func TestAgainstForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	forms := map[string]*table{}
	for _, prefix := range []string{"z_", "p_", "l_"} {
		forms[prefix] = &table{names: []string{prefix + "a", prefix + "b", prefix + "c"}, batch: 7}
	}
	for range 60 {
		var z, p, l []string
		var sum float64
		x := [3]float64{rng.NormFloat64(), 3 * rng.NormFloat64(), 4}
		for _, v := range x {
			sum += math.Exp(v)
		}
		for _, v := range x {
			g := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
			z, p, l = append(z, g(v)), append(p, g(math.Exp(v)/sum)), append(l, g((v-math.Log(sum))/math.Ln2))
		}
		for prefix, row := range map[string][]string{"z_": z, "p_": p, "l_": l} {
			forms[prefix].rows = append(forms[prefix].rows, row)
		}
	}
	request := func(prefix string) (r predict.Request) {
		switch prefix {
		case "z_":
			r.Logits = "z_*"
		case "p_":
			r.Probs = "p_*"
		case "l_":
			r.LogProbs, r.LogBase = "l_*", "2"
		}
		return r
	}
	for m := range forms {
		for b := range forms {
			for _, normalize := range []Normalize{Refuse, Rescale, AsIs} {
				d, err := RunAgainst(context.Background(), AgainstJob{Inputs: []Input{forms[m].input()}, Base: []Input{forms[b].input()},
					Request: request(m), BaseRequest: request(b), Options: Options{Normalize: normalize}})
				if err != nil {
					t.Fatalf("%s against %s: %v", m, b, err)
				}
				if kl := d.KL.Value; !(kl >= 0 && kl <= 1e-28) || m == b && kl != 0 {
					t.Errorf("%s against %s, %s: KL %v", m, b, normalize, kl)
				}
				if d.Agreement.Value != 1 {
					t.Errorf("%s against %s: agreement %v", m, b, d.Agreement.Value)
				}
			}
		}
	}
}

// A row with a freq is that many rows.
func TestAgainstFreqIsRepetition(t *testing.T) {
	m, b := twoModels(200, 4, 31)
	longM, longB := &table{names: m.names, batch: 13}, &table{names: b.names, batch: 5}
	for i, row := range m.rows {
		n, _ := strconv.Atoi(row[2])
		for range n {
			longM.rows, longB.rows = append(longM.rows, row), append(longB.rows, b.rows[i])
		}
	}
	for _, req := range []predict.Request{{}, {Cluster: "user"}, {Weight: "w"}} {
		req.Logits = "z_*"
		once, err := against(t, longM, longB, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		req.Freq = "n"
		freq, err := against(t, m, b, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []*Divergence{once, freq} { // counts of file rows differ by nature
			d.Rows, d.Base, d.BaseLayout = DivergenceRows{}, nil, nil
		}
		if x, y := bits(once), bits(freq); x != y {
			t.Errorf("repeated rows\n%s\nwith a freq\n%s", x, y)
		}
	}
}

// What is wrong with a row is said of each side, and what is wrong with its values before what
// is wrong beside them.
func TestAgainstInvalid(t *testing.T) {
	m := grid("y,w,z_0,z_1,z_2", "0,1,1,2,3", "0,1,NaN,2,3", "0,1,NA,2,3", ",1,1,2,3", "0,-1,1,2,3", ",1,NaN,2,3", "0,1,-Inf,-Inf,-Inf", "0,1,1,2,3", "0,0,1,2,3", "0,1,1,2,3")
	b := grid("p_0,p_1,p_2", "0.25,0.25,0.5", "0.25,0.25,0.5", "-0.25,0.75,0.5", "0.25,NaN,0.5", "0.25,0.25,0.5", "0.25,0.25,0.5", "0.5,0,1.5", "0.25,,0.5", "0.25,0.25,0.5", "0.5,0.25,0.25")
	req := predict.Request{Logits: "z_*", Label: "y", Weight: "w", Classes: "0,1,2"}
	for name, wrap := range map[string]func(*table) predict.Source{
		"listed":     func(tab *table) predict.Source { return tab },
		"not listed": func(tab *table) predict.Source { return quiet{tab} },
	} {
		input := func(tab *table) []Input {
			return []Input{{Name: "t", Open: func(context.Context) (predict.Source, error) { return wrap(tab), nil }}}
		}
		d, err := RunAgainst(context.Background(), AgainstJob{Inputs: input(m), Base: input(b), Request: req, BaseRequest: predict.Request{Probs: "p_*"}})
		if err != nil {
			t.Fatal(err)
		}
		counts := func(list []InvalidRows) string {
			var all []string
			for _, r := range list {
				all = append(all, fmt.Sprint(r.Reason, " ", r.Count, " ", r.First))
			}
			return strings.Join(all, "; ")
		}
		for _, c := range [][2]string{
			{counts(d.Rows.Invalid), "NA 1 [{0 3}]; NaN 2 [{0 2} {0 6}]; no finite value 1 [{0 7}]; no label 1 [{0 4}]; weight negative or not a finite number 1 [{0 5}]"},
			{counts(d.Rows.InvalidBase), "empty 1 [{0 8}]; NaN 1 [{0 4}]; negative 1 [{0 3}]; above 1 1 [{0 7}]"},
			{fmt.Sprint(d.Rows.Read, d.N, d.Rows.LeftOut, d.Rows.ZeroWeight), "10 2 7 1"},
		} {
			if c[0] != c[1] {
				t.Errorf("%s: %s\nwant %s", name, c[0], c[1])
			}
		}
	}
}

// quiet is a table that does not list NaN as missing.
type quiet struct{ *table }

func (s quiet) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	return s.table.Read(ctx, sel, threads, func(worker int, b *predict.Batch) error {
		var rest []predict.Missing
		for _, m := range b.Missing {
			if m.Why != predict.NaN {
				rest = append(rest, m)
			}
		}
		b.Missing = rest
		return fold(worker, b)
	})
}

// Ties share, as they do in accuracy.
func TestAgainstTies(t *testing.T) {
	for _, c := range []struct {
		model, base string
		want        float64
	}{
		{"1,2,3,0", "0,0,9,1", 1},
		{"1,2,3,0", "9,0,0,1", 0},
		{"3,3,0,0", "9,0,0,1", 1. / 2},
		{"9,0,0,1", "3,3,0,0", 1. / 2},
		{"3,3,0,0", "1,1,0,0", 1},
		{"3,3,0,0", "1,0,1,0", 1. / 2},
		{"3,3,3,0", "1,0,1,0", 2. / 3},
		{"3,3,3,3", "1,1,1,1", 1},
		{"3,3,0,0", "0,0,1,1", 0},
	} {
		d, err := against(t, grid("z_0,z_1,z_2,z_3", c.model), grid("z_0,z_1,z_2,z_3", c.base), predict.Request{Logits: "z_*"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Agreement.Value != c.want {
			t.Errorf("%s against %s: %v, want %v", c.model, c.base, d.Agreement.Value, c.want)
		}
	}
}

// Columns that go by name are paired by name.
func TestAgainstNames(t *testing.T) {
	d, err := against(t, grid("y,p_a,p_b", "a,0.25,0.75", "b,0.5,0.5"), grid("p_b,p_a", "0.75,0.25", "0.5,0.5"), predict.Request{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d.KL.Value != 0 || d.More.Value != 0 {
		t.Errorf("KL %v, more %v", d.KL.Value, d.More.Value)
	}
}

// nameless is a table whose columns go by number.
type nameless struct{ *table }

func (n nameless) Columns() []predict.Column {
	cols := n.table.Columns()
	for i := range cols {
		cols[i] = predict.Column{Name: strconv.Itoa(i + 1)}
	}
	return cols
}

// Numbers of columns are paired with columns that are called by them, and with others by place.
func TestAgainstNumbers(t *testing.T) {
	bare := nameless{grid("x,y,z", "0.125,0.25,0.625", "0.5,0.375,0.125")}
	input := func(src predict.Source) []Input {
		return []Input{{Name: "t", Open: func(context.Context) (predict.Source, error) { return src, nil }}}
	}
	for _, c := range []struct {
		named *table
		same  bool
	}{
		{grid("p_2,p_0,p_1", "0.625,0.125,0.25", "0.125,0.5,0.375"), true},
		{grid("p_2,p_0,p_1", "0.125,0.25,0.625", "0.5,0.375,0.125"), false},
		{grid("p_c,p_a,p_b", "0.125,0.25,0.625", "0.5,0.375,0.125"), true},
		{grid("p_3,p_1,p_2", "0.125,0.25,0.625", "0.5,0.375,0.125"), true},
	} {
		for i, sides := range [][2]predict.Source{{c.named, bare}, {bare, c.named}} {
			job := AgainstJob{Inputs: input(sides[0]), Base: input(sides[1]), Request: predict.Request{Label: "none"}}
			job.Request.Probs, job.BaseRequest.Probs = "p_*", "1-3"
			if i == 1 {
				job.Request.Probs, job.BaseRequest.Probs = "1-3", "p_*"
			}
			d, err := RunAgainst(context.Background(), job)
			if err != nil {
				t.Fatal(err)
			}
			if (d.KL.Value == 0) != c.same {
				t.Errorf("%q and no names, %d: KL %v", c.named.names, i, d.KL.Value)
			}
		}
	}
}

func TestAgainstWarns(t *testing.T) {
	m, b := twoModels(400, 8, 4)
	has := func(d *Divergence) bool {
		for _, w := range d.Warnings {
			if strings.Contains(w.Text, "probably not the same") {
				return true
			}
		}
		return false
	}
	req := predict.Request{Logits: "z_*"}
	d, err := against(t, m, b, req, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if has(d) {
		t.Errorf("warned of %v, by chance %v", d.Agreement.Value, d.ByChance)
	}
	shifted := &table{names: b.names, rows: append(b.rows[1:len(b.rows):len(b.rows)], b.rows[0])}
	if d, err = against(t, m, shifted, req, Options{}); err != nil {
		t.Fatal(err)
	}
	if !has(d) || d.KL.Value < 1 {
		t.Errorf("not warned of shifted rows: agreement %v, by chance %v, KL %v", d.Agreement.Value, d.ByChance, d.FiniteKL.Value)
	}
	permuted := &table{names: b.names}
	for _, row := range b.rows {
		permuted.rows = append(permuted.rows, append(row[1:len(row):len(row)], row[0]))
	}
	if d, err = against(t, m, permuted, req, Options{}); err != nil {
		t.Fatal(err)
	}
	if !has(d) {
		t.Errorf("not warned of a permuted vocabulary: agreement %v, by chance %v", d.Agreement.Value, d.ByChance)
	}
}

func TestAgainstErrors(t *testing.T) {
	z := predict.Request{Logits: "z_*"}
	rows := func(names string, n int, row string) *table {
		tab := &table{names: strings.Split(names, ","), batch: 3}
		for range n {
			tab.rows = append(tab.rows, strings.Split(row, ","))
		}
		return tab
	}
	changed := func(tab *table, i, j int, cell string) *table {
		tab.rows[i][j] = cell
		return tab
	}
	for name, c := range map[string]struct {
		m, b *table
		req  predict.Request
		opt  Options
		want string
	}{
		"fewer rows":     {rows("z_0,z_1", 7, "1,2"), rows("z_0,z_1", 17, "1,2"), z, Options{}, "7 rows, 10 fewer than the 17 of table"},
		"more rows":      {rows("z_0,z_1", 17, "1,2"), rows("z_0,z_1", 16, "1,2"), z, Options{}, "17 rows, 1 more than the 16 of table"},
		"classes":        {rows("z_0,z_1", 7, "1,2"), rows("z_0,z_1,z_2", 7, "1,2,3"), z, Options{}, "3 classes (columns of values), 1 more than the 2 of table"},
		"other classes":  {rows("z_a,z_b", 7, "1,2"), rows("z_a,z_c", 7, "1,2"), z, Options{}, `no class "b", which table has`},
		"ids":            {rows("id,z_0,z_1", 7, "5,1,2"), changed(rows("id,z_0,z_1", 7, "5,1,2"), 4, 0, "6"), z, Options{}, `row 5: id "5", but "6" in row 5 of table`},
		"labels differ":  {rows("y,z_0,z_1", 7, "1,1,2"), changed(rows("y,z_0,z_1", 7, "1.0,1,2"), 3, 0, "0"), z, Options{}, `row 4: label "1", but "0" in row 4 of table`},
		"unknown label":  {changed(rows("y,z_0,z_1", 7, "1,1,2"), 5, 0, "3"), rows("z_0,z_1", 7, "1,2"), z, Options{}, `row 6: label "3" has no column`},
		"strict":         {rows("z_0,z_1", 7, "1,2"), changed(rows("z_0,z_1", 7, "1,2"), 2, 1, "NA"), z, Options{Strict: true}, "row 3: invalid row: NA"},
		"one column":     {grid("y,p", "1,0.5", "0,0.25"), grid("y,p", "1,0.5", "0,0.25"), predict.Request{}, Options{}, "whole rows"},
		"of tokens":      {grid("logprob", "-1", "-2"), grid("logprob", "-1", "-2"), predict.Request{}, Options{}, "whole rows"},
		"sums":           {rows("p_0,p_1", 7, "0.25,0.75"), changed(rows("p_0,p_1", 7, "0.25,0.75"), 6, 1, "0.5"), predict.Request{Probs: "p_*"}, Options{}, "row 7: 1 row whose probabilities do not sum to 1"},
		"nothing":        {rows("z_0,z_1", 7, "1,NaN"), rows("z_0,z_1", 7, "1,2"), z, Options{}, "none of the 7 rows could be compared: 7 NaN"},
		"taken for":      {rows("z_0,z_1", 7, "3,-5"), rows("z_0,z_1", 7, "0.25,0.75"), z, Options{}, "look like probabilities"},
		"no base rows":   {rows("z_0,z_1", 7, "3,-5"), &table{names: []string{"z_0", "z_1"}}, z, Options{}, "no rows"},
		"negative probs": {rows("p_0,p_1", 7, "0.25,0.75"), rows("p_0,p_1", 7, "-0.25,1.25"), predict.Request{Probs: "p_*"}, Options{}, "7 negative in the base"},
	} {
		for threads := 1; threads <= 4; threads++ {
			c.opt.Threads = threads
			_, err := against(t, c.m, c.b, c.req, c.opt)
			var e *predict.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "table") {
				t.Errorf("%s, %d threads: %v, want %s", name, threads, err, c.want)
			}
		}
	}
}

// failing is a source that fails after some rows, or keeps silent until ctx is done.
type failing struct {
	*table
	after  int
	silent bool
}

func (s failing) Read(ctx context.Context, sel predict.Selection, threads int, fold predict.Fold) (int64, error) {
	for at := 0; at < s.after; at += 2 {
		if err := fold(0, s.make(sel, at, min(at+2, s.after))); err != nil {
			return int64(at), err
		}
	}
	if s.silent {
		<-ctx.Done()
		return int64(s.after), ctx.Err()
	}
	return int64(s.after), &predict.Error{Source: "broken", Row: int64(s.after) + 1, What: "torn"}
}

func (s failing) input() Input {
	return Input{Name: "failing", Open: func(context.Context) (predict.Source, error) { return s, nil }}
}

// A side that fails is not waited for, and of two errors that of the earlier row counts.
func TestAgainstFailing(t *testing.T) {
	m, b := twoModels(90, 4, 4)
	for range 20 {
		for _, c := range []struct {
			m, b failing
			want string
		}{
			{failing{m, 30, false}, failing{b, 90, false}, "row 31: torn"},
			{failing{m, 90, false}, failing{b, 41, false}, "row 42: torn"},
			{failing{m, 40, false}, failing{b, 40, false}, "row 41: torn"},
			{failing{m, 33, false}, failing{b, 31, false}, "row 32: torn"},
		} {
			_, err := RunAgainst(context.Background(), AgainstJob{Inputs: []Input{c.m.input()}, Base: []Input{c.b.input()}, Request: predict.Request{Logits: "z_*"}, Options: Options{Threads: 2}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %s", err, c.want)
			}
		}
	}
	start := time.Now()
	for _, c := range [][2]failing{{{m, 30, true}, {b, 20, false}}, {{m, 20, false}, {b, 20, true}}} {
		_, err := RunAgainst(context.Background(), AgainstJob{Inputs: []Input{c[0].input()}, Base: []Input{c[1].input()}, Request: predict.Request{Logits: "z_*"}})
		if err == nil || !strings.Contains(err.Error(), "torn") {
			t.Errorf("beside a side that keeps silent: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := RunAgainst(ctx, AgainstJob{Inputs: []Input{m.input()}, Base: []Input{failing{b, 20, true}.input()}, Request: predict.Request{Logits: "z_*"}, Options: Options{Threads: 3}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
