package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"surprisal"
	"surprisal/score"
)

// AgainstFields lists the fields of `surprisal score --against --json`, in their order. A
// field that does not apply to the data is absent.
func AgainstFields() []FieldDoc {
	return []FieldDoc{
		{"schema", `"surprisal.against/1"`},
		{"unit", "nat, bit or dit: the unit of every figure that has one"},
		{"confidence", "of every interval lo to hi"},
		{"inputs", "path, format and rows of each file of the model"},
		{"against", "the same of the base"},
		{"read_as", "how the model's files were read, in one line"},
		{"against_read_as", "how the base's were"},
		{"n", "rows compared, repeats (--freq) counted"},
		{"weight", "sum of the weights; n where there are none"},
		{"effective_n", "(sum of w)² / sum of w², with --weight"},
		{"clusters", "number of clusters, with --cluster"},
		{"normalize", "rescale or asis, with --normalize"},
		{"classes", "how many"},
		{"kl", "mean KL(base‖model) per row: value, se, lo, hi"},
		{"finite_kl", "the same over the rows where it is finite"},
		{"kl_quantiles", "share and kl: up to how much that share of the rows, or of their weight, is apart; of 1, the maximum, also row (and path)"},
		{"kl_quantiles_exact", "false beyond a million rows: quantiles are within 1 % of themselves"},
		{"agreement", "share of rows with the same most probable class; c classes in common of a and b tied ones count c / max(a, b)"},
		{"agreement_by_chance", "the agreement to be expected if the rows of one side were shuffled"},
		{"cross_entropy", "of the model, with labels: value, se, lo, hi"},
		{"base_cross_entropy", "of the base"},
		{"log_ratio", "mean of the rows' differences, model - base: the log of the ratio of the perplexities, with the error of pairs"},
		{"perplexity", "of the model, per row: value, lo, hi"},
		{"base_perplexity", "of the base"},
		{"perplexity_ratio", "exp of log_ratio in nats: value, se, lo, hi"},
		{"correlation", "of the errors of the two cross entropies"},
		{"probability_change", "mean change of the probability of what happened, model - base"},
		{"probability_change_rms", "root of the mean square of that change"},
		{"rows", "read, compared, infinite, zero_weight, left_out, and invalid and invalid_base by reason"},
		{"sum_defect", "largest distance of a row's probabilities from summing to 1, where, and the tolerance"},
		{"base_sum_defect", "the same of the base"},
		{"worst", "row, input, id, label, kl, top, base_top, probability, base_probability; those furthest apart first"},
		{"warnings", "sentences, each with a hint where there is one"},
	}
}

// Against is the report of a comparison, in the unit u. readAs says in one line each how the
// files of the model and of the base were read.
func Against(d *score.Divergence, u surprisal.Unit, readAs, baseReadAs string) *Report {
	s := againstReport{d, u}
	r := &Report{Data: s.data(readAs, baseReadAs), Verdict: s.verdict()}
	for _, b := range []*Block{s.headline(), s.happened(), s.worst(), s.rows()} {
		if b != nil {
			r.Blocks = append(r.Blocks, *b)
		}
	}
	for _, w := range d.Warnings {
		r.Warnings = append(r.Warnings, Warning(w))
	}
	r.Notes = s.notes(readAs, baseReadAs)
	return r
}

type againstReport struct {
	*score.Divergence
	u surprisal.Unit
}

func inputObjects(inputs []score.InputRead) []Object {
	var out []Object
	for _, in := range inputs {
		out = append(out, Object{{"path", in.Path}, {"format", in.Format}, {"rows", in.Rows}})
	}
	return out
}

// perplexityRatio is exp of a mean difference in nats; its error is that of the difference, times the
// ratio.
func perplexityRatio(e surprisal.Estimate) Figure {
	v := math.Exp(e.Value)
	return Figure{v, v * e.SE, math.Exp(e.Lo), math.Exp(e.Hi), "", e.Why}
}

// data is the JSON object. Its fields are a contract, see [AgainstFields].
func (s againstReport) data(readAs, baseReadAs string) Object {
	o := Object{
		{"schema", "surprisal.against/1"},
		{"unit", s.u.String()},
		{"confidence", s.Confidence},
		{"inputs", inputObjects(s.Inputs)},
		{"against", inputObjects(s.Base)},
		{"read_as", readAs},
		{"against_read_as", baseReadAs},
		{"n", s.N},
		{"weight", s.Weight},
	}
	add := func(name string, v any) { o = append(o, Field{name, v}) }
	if s.Weighted {
		add("effective_n", s.EffectiveN)
	}
	if s.Clusters > 0 {
		add("clusters", s.Clusters)
	}
	if s.Normalize != score.Refuse {
		add("normalize", s.Normalize.String())
	}
	add("classes", s.Classes)
	add("kl", Nats(s.KL, s.u))
	add("finite_kl", Nats(s.FiniteKL, s.u))
	var points []Object
	for _, p := range s.KLPoints {
		x := Object{{"share", float64(p.Part) / float64(p.Of)}, {"kl", s.u.FromNats(p.Nats)}}
		if p.Part == p.Of {
			x = append(x, Field{"row", s.Furthest.Row})
			if len(s.Inputs) > 1 {
				x = append(x, Field{"path", s.Inputs[s.Furthest.Input].Path})
			}
		}
		points = append(points, x)
	}
	add("kl_quantiles", points)
	add("kl_quantiles_exact", s.Exact)
	add("agreement", ratio(s.Agreement))
	add("agreement_by_chance", s.ByChance)
	if s.Labelled {
		add("cross_entropy", Nats(s.CrossEntropy, s.u))
		add("base_cross_entropy", Nats(s.BaseCrossEntropy, s.u))
		add("log_ratio", Nats(s.More, s.u))
		add("perplexity", perplexity(s.CrossEntropy))
		add("base_perplexity", perplexity(s.BaseCrossEntropy))
		add("perplexity_ratio", perplexityRatio(s.More))
		add("correlation", number(s.Correlation))
		add("probability_change", ratio(s.Shift))
		add("probability_change_rms", ratio(s.RMSShift))
	}
	rows := Object{{"read", s.Rows.Read}, {"compared", s.Rows.Compared}, {"infinite", s.Rows.Infinite}}
	if s.Rows.ZeroWeight > 0 {
		rows = append(rows, Field{"zero_weight", s.Rows.ZeroWeight})
	}
	rows = append(rows, Field{"left_out", s.Rows.LeftOut})
	for _, side := range []struct {
		name string
		list []score.InvalidRows
	}{{"invalid", s.Rows.Invalid}, {"invalid_base", s.Rows.InvalidBase}} {
		invalid := Object{}
		for _, r := range side.list {
			invalid = append(invalid, Field{r.Reason, r.Count})
		}
		rows = append(rows, Field{side.name, invalid})
	}
	add("rows", rows)
	for side, name := range []string{"sum_defect", "base_sum_defect"} {
		d := s.SumDefect[side]
		if d == nil {
			continue
		}
		x := Object{{"largest", d.Largest}, {"row", d.At.Row}}
		if inputs := [][]score.InputRead{s.Inputs, s.Base}[side]; len(inputs) > 1 {
			x = append(x, Field{"input", inputs[d.At.Input].Path})
		}
		x = append(x, Field{"tolerance", d.Tolerance})
		if d.Decimals >= 0 {
			x = append(x, Field{"decimals", d.Decimals})
		}
		add(name, x)
	}
	if len(s.Worst) > 0 {
		var worst []Object
		id := s.worstHaveID()
		for _, w := range s.Worst {
			x := Object{{"row", w.Row}}
			if len(s.Inputs) > 1 {
				x = append(x, Field{"input", s.Inputs[w.Input].Path})
			}
			if id {
				x = append(x, Field{"id", w.ID})
			}
			if s.Labelled {
				x = append(x, Field{"label", w.Label})
			}
			x = append(x, Field{"kl", s.u.FromNats(w.Nats)}, Field{"top", w.Top}, Field{"base_top", w.BaseTop})
			if s.Labelled {
				x = append(x, Field{"probability", w.Prob}, Field{"base_probability", w.ProbBase})
			}
			worst = append(worst, x)
		}
		add("worst", worst)
	}
	warnings := []string{}
	for _, w := range s.Warnings {
		warnings = append(warnings, sentence(Warning(w)))
	}
	add("warnings", warnings)
	return o
}

func (s againstReport) worstHaveID() bool {
	for _, w := range s.Worst {
		if w.ID != "" {
			return true
		}
	}
	return false
}

// names are the two sides as sentences call them.
func (s againstReport) names() (m, b string) {
	name := func(inputs []score.InputRead) string {
		switch n := len(inputs) - 1; {
		case n == 1:
			return inputs[0].Path + " (and 1 more file)"
		case n > 1:
			return fmt.Sprintf("%s (and %d more files)", inputs[0].Path, n)
		}
		return inputs[0].Path
	}
	m, b = name(s.Inputs), name(s.Base)
	if m == "-" {
		m = "standard input"
	}
	if b == "-" {
		b = "standard input"
	}
	return m, b
}

func (s againstReport) units() string { return s.u.String() + "s" }

// verdict is the result in plain words.
func (s againstReport) verdict() string {
	m, b := s.names()
	most := s.KLPoints[len(s.KLPoints)-1].Nats
	kl := Nats(s.KL, s.u)
	head := scoreReport{Scorecard: &score.Scorecard{Confidence: s.Confidence, Clusters: s.Clusters}, u: s.u}
	var text string
	switch {
	case math.IsInf(kl.Value, 1):
		text = fmt.Sprintf("In %s of %s rows %s gives probability 0 to a class that %s allows, so the mean KL divergence is infinite",
			Count(s.Rows.Infinite), Count(s.N), m, b)
		if rest := s.N - s.Rows.Infinite; rest > 0 && !math.IsNaN(s.FiniteKL.Value) {
			text += fmt.Sprintf("; over the other %s it is %s %s per row", plural(rest, "row", "rows"), Nats(s.FiniteKL, s.u).Write().Value, s.units())
		}
	case most == 0:
		text = fmt.Sprintf("%s predicts the same as %s: the KL divergence is 0 in each of %s", m, b, plural(s.N, "row", "rows"))
	default:
		w := kl.Write()
		remarks := []string{"mean KL divergence"}
		if in := head.interval(w); in != "" {
			remarks = append(remarks, in)
		}
		if s.Weighted {
			remarks = append(remarks, "weighted")
		}
		text = fmt.Sprintf("%s is %s %s per row away from %s (%s)", m, w.Value, s.units(), b, strings.Join(remarks, ", "))
	}
	if most != 0 {
		text += fmt.Sprintf(". They have the same most probable class in %s of %s", Percent(s.Agreement.Value), plural(s.N, "row", "rows"))
	}
	text += "."
	if !s.Labelled {
		return text
	}
	more := Nats(s.More, s.u)
	switch {
	case math.IsNaN(more.Value):
		return text + " Both give probability 0 to something that happened, so their perplexities cannot be compared."
	case math.IsInf(more.Value, 1):
		return text + fmt.Sprintf(" %s gives probability 0 to something that happened, so its perplexity is infinite.", m)
	case math.IsInf(more.Value, -1):
		return text + fmt.Sprintf(" %s gives probability 0 to something that happened, so its perplexity is infinite.", b)
	case more.Value == 0 && more.SE == 0:
		return text + fmt.Sprintf(" The perplexity of both is %s per row.", perplexity(s.CrossEntropy).Write().Value)
	}
	word := "more"
	shown := s.More
	if shown.Value < 0 {
		word = "less"
		shown.Value, shown.Lo, shown.Hi = -shown.Value, -shown.Hi, -shown.Lo
	}
	w := Nats(shown, s.u).Write()
	in := head.interval(w)
	if in != "" {
		in = " (" + in + ")"
	}
	pays := "It pays %s %s per row %s for what happened%s: "
	if s.More.HasInterval() && s.More.Lo <= 0 && s.More.Hi >= 0 {
		pays = "What it pays for what happened is not clearly different: %s %s per row %s%s; "
	}
	return text + fmt.Sprintf(" "+pays+"perplexity %s against %s.", w.Value, s.units(), word, in,
		perplexity(s.CrossEntropy).Write().Value, perplexity(s.BaseCrossEntropy).Write().Value)
}

func (s againstReport) estimates() *Table {
	return scoreReport{Scorecard: &score.Scorecard{Confidence: s.Confidence}}.estimates("")
}

func (s againstReport) headline() *Block {
	t := s.estimates()
	t.figure(fmt.Sprintf("mean KL(base‖model), %s per row", s.units()), Nats(s.KL, s.u).Write())
	if s.Rows.Infinite > 0 && !math.IsNaN(s.FiniteKL.Value) {
		t.figure("  over the finite rows only", Nats(s.FiniteKL, s.u).Write())
	}
	for _, p := range s.KLPoints {
		name := "  " + strconv.FormatFloat(100*float64(p.Part)/float64(p.Of), 'g', 4, 64) + " % of rows are within"
		switch p.Part * 2 {
		case p.Of:
			name = "  median"
		case 2 * p.Of:
			name = "  maximum"
			if p.Nats > 0 {
				name += ", in row " + strconv.FormatInt(s.Furthest.Row, 10)
				if len(s.Inputs) > 1 {
					name += " of " + s.Inputs[s.Furthest.Input].Path
				}
			}
		}
		t.figure(name, Written{Value: Number(s.u.FromNats(p.Nats))})
	}
	t.figure("same most probable class", ratio(s.Agreement).WritePercent())
	t.figure("  by chance", Written{Value: Percent(s.ByChance)})
	note := ""
	if !s.Exact {
		note = "Quantiles are within 1 % of themselves; the maximum is exact."
	}
	return &Block{Title: "Divergence", Table: t.trim(), Note: note}
}

func (s againstReport) happened() *Block {
	if !s.Labelled {
		return nil
	}
	t := s.estimates()
	t.figure(fmt.Sprintf("cross entropy of the model, %s per row", s.units()), Nats(s.CrossEntropy, s.u).Write())
	t.figure("  of the base", Nats(s.BaseCrossEntropy, s.u).Write())
	t.figure("  model − base: log of the perplexity ratio", Nats(s.More, s.u).Write())
	t.figure("perplexity of the model, per row", perplexity(s.CrossEntropy).Write())
	t.figure("  of the base", perplexity(s.BaseCrossEntropy).Write())
	t.figure("  ratio, model / base", perplexityRatio(s.More).Write())
	if !math.IsNaN(s.Correlation) {
		t.figure("correlation of the two", Written{Value: correlation(s.Correlation)})
	}
	t.figure("change of the probability of what happened", ratio(s.Shift).WritePercent())
	t.figure("  root mean square", ratio(s.RMSShift).WritePercent())
	return &Block{Title: "What happened", Table: t.trim()}
}

// correlation writes a correlation, of which the distance from 1 is what matters.
func correlation(c float64) string {
	if d := 1 - c; d > 0 && d < 0.01 {
		return fixed(c, min(12, max(4, places(d, 2))))
	}
	return fixed(c, 4)
}

func (s againstReport) worst() *Block {
	if len(s.Worst) == 0 || s.Worst[0].Nats == 0 {
		return nil
	}
	t := &Table{}
	several, id := len(s.Inputs) > 1, s.worstHaveID()
	columns := []struct {
		on      bool
		column  Column
		content func(w score.DivergentRow) string
	}{
		{several, Column{"input", false}, func(w score.DivergentRow) string { return s.Inputs[w.Input].Path }},
		{true, Column{"row", true}, func(w score.DivergentRow) string { return strconv.FormatInt(w.Row, 10) }},
		{id, Column{"id", false}, func(w score.DivergentRow) string { return w.ID }},
		{true, Column{"KL, " + s.units(), true}, func(w score.DivergentRow) string { return Number(s.u.FromNats(w.Nats)) }},
		{true, Column{"model says", false}, func(w score.DivergentRow) string { return w.Top }},
		{true, Column{"base says", false}, func(w score.DivergentRow) string { return w.BaseTop }},
		{s.Labelled, Column{"label", false}, func(w score.DivergentRow) string { return w.Label }},
		{s.Labelled, Column{"its probability", true}, func(w score.DivergentRow) string { return Number(w.Prob) }},
		{s.Labelled, Column{"in the base", true}, func(w score.DivergentRow) string { return Number(w.ProbBase) }},
	}
	for _, c := range columns {
		if c.on {
			t.Columns = append(t.Columns, c.column)
		}
	}
	for _, w := range s.Worst {
		var row []string
		for _, c := range columns {
			if c.on {
				row = append(row, c.content(w))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return &Block{Title: "Rows furthest apart", Table: t}
}

// rows is what became of the rows, where there is more to say than that all were compared.
func (s againstReport) rows() *Block {
	r := s.Rows
	t := &Table{Columns: []Column{{"", false}, {"rows", true}, {"first", false}}}
	refs := func(inputs []score.InputRead, rows []score.RowRef, count int64) string {
		return scoreReport{Scorecard: &score.Scorecard{Inputs: inputs}}.refs(rows, count)
	}
	add := func(name string, n int64, first string) {
		t.Rows = append(t.Rows, []string{name, Count(n), first})
	}
	add("compared", r.Compared, "")
	if r.Infinite > 0 {
		add("  of them infinitely far apart", r.Infinite, refs(s.Inputs, r.FirstInfinite, r.Infinite))
	}
	if r.ZeroWeight > 0 {
		add("weight 0", r.ZeroWeight, "")
	}
	if r.LeftOut > 0 {
		add("not compared", r.LeftOut, "")
	}
	for _, in := range r.Invalid {
		add("  "+in.Reason, in.Count, refs(s.Inputs, in.First, in.Count))
	}
	for _, in := range r.InvalidBase {
		add("  in the base: "+in.Reason, in.Count, refs(s.Base, in.First, in.Count))
	}
	if len(t.Rows) == 1 {
		return nil
	}
	return &Block{Title: "Rows", Table: t.trim()}
}

func (s againstReport) notes(readAs, baseReadAs string) []string {
	var notes []string
	files := func(who string, in []score.InputRead, readAs string) {
		var all []string
		for _, f := range in[:min(3, len(in))] {
			all = append(all, fmt.Sprintf("%s (%s)", f.Path, plural(f.Rows, "row", "rows")))
		}
		if n := len(in) - len(all); n > 0 {
			all = append(all, plural(int64(n), "more file", "more files"))
		}
		if readAs != "" {
			readAs = ", read as " + readAs
		}
		notes = append(notes, who+": "+strings.Join(all, ", ")+readAs)
	}
	files("model", s.Inputs, readAs)
	files("base", s.Base, baseReadAs)
	notes = append(notes, s.Notes...)
	switch {
	case s.Clusters > 0:
		notes = append(notes, fmt.Sprintf("errors: clustered by %s, %s", s.Layout.Cluster, plural(s.Clusters, "cluster", "clusters")))
	case s.KL.HasInterval():
		notes = append(notes, "errors: rows taken as independent; --cluster says which are not")
	}
	if !s.KL.HasInterval() {
		notes = append(notes, "no standard error and no interval of the mean KL: "+s.KL.Why)
	}
	if s.Labelled && !s.More.HasInterval() && s.More.Why != s.KL.Why {
		notes = append(notes, "no standard error and no interval of the log ratio: "+s.More.Why)
	}
	if s.Weighted {
		notes = append(notes, fmt.Sprintf("weights: sum %s, worth %s equally weighted rows", Number(s.Weight), Number(s.EffectiveN)))
	}
	if !s.Labelled {
		notes = append(notes, "no labels, so nothing is said of what happened; --labels FILE gives some")
	}
	switch {
	case s.SumDefect == [2]*score.SumDefect{}: // logits
	case s.Normalize == score.Rescale:
		notes = append(notes, "rows of probabilities were divided by their sum")
	case s.Normalize == score.AsIs:
		notes = append(notes, "rows of probabilities were taken as stored, whatever their sum")
	}
	return notes
}
