package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"surprisal"
	"surprisal/score"
)

// Tables for people stop after so many lines and say how many are left; the
// other formats have all.
const (
	shownClasses = 20
	shownSlices  = 50
)

// Score is the report of a scorecard, in the unit u. readAs says in one line how
// the files were read.
func Score(card *score.Scorecard, u surprisal.Unit, readAs string) *Report {
	s := scoreReport{card, u}
	r := &Report{Data: s.data(readAs), Verdict: s.verdict() + s.leftOut()}
	r.Blocks = append(r.Blocks, s.headline())
	for _, b := range []*Block{s.perCounts(), s.documents(), s.soft(), s.classes(), s.slices(), s.worst(), s.rows(), s.join(), s.floors()} {
		if b != nil {
			r.Blocks = append(r.Blocks, *b)
		}
	}
	for _, w := range card.Warnings {
		r.Warnings = append(r.Warnings, Warning(w))
	}
	r.Notes = s.notes(readAs)
	return r
}

// oneClass is the reason for a skill that is undefined.
const oneClass = "one class"

type scoreReport struct {
	*score.Scorecard
	u surprisal.Unit
}

// data is the JSON object. Its fields are a contract, see [ScoreFields].
func (s scoreReport) data(readAs string) Object {
	o := Object{
		{"schema", "surprisal.score/1"},
		{"unit", s.u.String()},
		{"confidence", s.Confidence},
	}
	add := func(name string, v any) { o = append(o, Field{name, v}) }
	var inputs []Object
	for _, in := range s.Inputs {
		inputs = append(inputs, Object{{"path", in.Path}, {"format", in.Format}, {"rows", in.Rows}})
	}
	add("inputs", inputs)
	add("read_as", readAs)
	if s.SelfScored {
		add("self_scored", true)
	}
	if s.LowerBound {
		add("lower_bound", true)
	}
	if s.row() != "row" {
		add("row_is", s.row())
	}
	add("n", s.N)
	add("weight", s.Weight)
	if s.Weighted {
		add("effective_n", s.EffectiveN)
	}
	if s.Clusters > 0 {
		add("clusters", s.Clusters)
	}
	if s.Floor > 0 {
		add("floor", s.Floor)
	}
	if s.Normalize != score.Refuse {
		add("normalize", s.Normalize.String())
	}
	add("cross_entropy", Nats(s.CrossEntropy, s.u))
	add("nll", point(s.u.FromNats(s.NLL), s.u.String()))
	add("perplexity", perplexity(s.CrossEntropy))
	if len(s.Per) > 0 {
		var per []Object
		for _, p := range s.Per {
			o := Object{{"of", p.Of}, {"total", p.Total}, {"cross_entropy", Nats(p.Mean, s.u)}, {"perplexity", perplexity(p.Mean)}}
			if p.Of == "byte" {
				o = append(o, Field{"bits", Nats(p.Mean, surprisal.Bit)})
			}
			per = append(per, o)
		}
		add("per", per)
	}
	if s.Documents != nil {
		add("documents", s.documentData())
	}
	if s.HasLabels {
		add("base_rate_entropy", point(s.u.FromNats(s.BaseRateEntropy), s.u.String()))
		add("skill", ratio(s.Skill))
		add("accuracy", ratio(s.Accuracy))
		add("brier", ratio(s.Brier))
		add("brier_kind", s.BrierKind)
	}
	if s.Soft != nil {
		add("soft", Object{
			{"label_entropy", Nats(s.Soft.LabelEntropy, s.u)},
			{"kl", Nats(s.Soft.KL, s.u)},
			{"explained", point(s.Soft.Explained, "")},
		})
	}
	invalid := Object{}
	for _, r := range s.Rows.Invalid {
		invalid = append(invalid, Field{r.Reason, r.Count})
	}
	rows := Object{{"read", s.Rows.Read}, {"scored", s.Rows.Scored}, {"infinite", s.Rows.Infinite}}
	if s.Rows.ZeroWeight > 0 {
		rows = append(rows, Field{"zero_weight", s.Rows.ZeroWeight})
	}
	if s.Floor > 0 {
		rows = append(rows, Field{"floored", s.Rows.Floored})
	}
	add("rows", append(rows, Field{"invalid", invalid}))
	if s.Join != nil {
		add("join", s.joinData())
	}
	add("finite_cross_entropy", Nats(s.Finite, s.u))
	if len(s.FloorCurve) > 0 {
		var curve []Object
		for _, p := range s.FloorCurve {
			curve = append(curve, Object{{"floor", p.Floor}, {"cross_entropy", s.u.FromNats(p.CrossEntropy)}})
		}
		add("floor_curve", curve)
	}
	if d := s.SumDefect; d != nil {
		o := Object{{"largest", d.Largest}, {"row", d.At.Row}}
		if len(s.Inputs) > 1 {
			o = append(o, Field{"input", s.path(d.At)})
		}
		o = append(o, Field{"tolerance", d.Tolerance})
		if d.Decimals >= 0 {
			o = append(o, Field{"decimals", d.Decimals})
		}
		add("sum_defect", o)
	}
	if len(s.Classes) > 0 {
		var classes []Object
		for _, c := range s.Classes {
			o := Object{{"class", c.Class}, {"n", c.N}}
			if s.Weighted {
				o = append(o, Field{"weight", c.Weight})
			}
			classes = append(classes, append(o, Field{"cross_entropy", Nats(c.Mean, s.u)}, Field{"share", number(c.Share)}))
		}
		add("classes", classes)
	}
	if s.SliceBy != nil {
		list := []Object{}
		for _, sl := range s.sortedSlices() {
			key := Object{}
			for i, by := range s.SliceBy {
				key = append(key, Field{by, sl.Key[i]})
			}
			list = append(list, Object{{"key", key}, {"n", sl.N}, {"cross_entropy", Nats(sl.Mean, s.u)}, {"share", number(sl.Share)}})
		}
		add("slices", list)
	}
	if len(s.Worst) > 0 {
		var worst []Object
		id, label := s.worstHas()
		for _, w := range s.Worst {
			o := Object{{"row", w.Row}}
			if len(s.Inputs) > 1 {
				o = append(o, Field{"input", s.path(w.RowRef)})
			}
			if id {
				o = append(o, Field{"id", w.ID})
			}
			if label {
				o = append(o, Field{"label", w.Label})
			}
			worst = append(worst, append(o, Field{"probability", w.Probability}, Field{"surprisal", s.u.FromNats(w.Nats)}))
		}
		add("worst", worst)
	}
	if len(s.Notes) > 0 {
		add("notes", s.Notes)
	}
	warnings := []string{}
	for _, w := range s.Warnings {
		warnings = append(warnings, sentence(Warning(w)))
	}
	add("warnings", warnings)
	return o
}

// point is a figure without an error.
func point(v float64, unit string) Figure {
	return Figure{v, math.NaN(), math.NaN(), math.NaN(), unit, ""}
}

// ratio is the figure of an estimate that has no unit.
func ratio(e surprisal.Estimate) Figure { return Figure{e.Value, e.SE, e.Lo, e.Hi, "", e.Why} }

// number is v, or null if there is none.
func number(v float64) any {
	if math.IsNaN(v) {
		return nil
	}
	return v
}

// perplexity is exp of a mean in nats; its interval ends where that of the mean does.
func perplexity(e surprisal.Estimate) Figure {
	return Figure{math.Exp(e.Value), math.NaN(), math.Exp(e.Lo), math.Exp(e.Hi), "", e.Why}
}

func (s scoreReport) path(r score.RowRef) string { return s.Inputs[r.Input].Path }

func (s scoreReport) worstHas() (id, label bool) {
	for _, w := range s.Worst {
		id = id || w.ID != ""
		label = label || w.Label != ""
	}
	return id, label
}

// sortedSlices puts the slices that cost most first.
func (s scoreReport) sortedSlices() []score.Slice {
	sorted := slices.Clone(s.Slices)
	weight := func(sl score.Slice) float64 {
		switch {
		case math.IsInf(sl.Mean.Value, 1):
			return math.Inf(1)
		case math.IsNaN(sl.Share):
			return sl.Mean.Value * float64(sl.N)
		}
		return sl.Share
	}
	slices.SortStableFunc(sorted, func(a, b score.Slice) int { return cmp.Compare(weight(b), weight(a)) })
	return sorted
}

// row is what a row is called.
func (s scoreReport) row() string {
	if s.Layout == nil || s.Layout.Row == "" {
		return "row"
	}
	return s.Layout.Row
}

// units is the unit in the plural: nats.
func (s scoreReport) units() string { return s.u.String() + "s" }

// interval is "95 % interval 0.119 to 0.169", or "".
func (s scoreReport) interval(w Written) string {
	if w.Lo == "" {
		return ""
	}
	over := ""
	if s.Clusters > 0 {
		over = fmt.Sprintf(" over %s %ss", Count(s.Clusters), s.documentNoun())
	}
	return fmt.Sprintf("%s interval %s to %s%s", confidence(s.Confidence), w.Lo, w.Hi, over)
}

func confidence(c float64) string {
	return strconv.FormatFloat(c*100, 'g', 6, 64) + " %"
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// verdict is the result in plain words.
func (s scoreReport) verdict() string {
	ce := Nats(s.CrossEntropy, s.u)
	if math.IsInf(ce.Value, 1) {
		return s.infiniteVerdict()
	}
	w := ce.Write()
	text := fmt.Sprintf("The model pays %s %s per %s", w.Value, s.units(), s.row())
	if s.N == 1 {
		text = fmt.Sprintf("The one %s costs %s %s", s.row(), w.Value, s.units())
	}
	if s.Floor > 0 {
		text = fmt.Sprintf("With a floor of %g, the model pays %s %s per %s", s.Floor, w.Value, s.units(), s.row())
	}
	if s.SelfScored {
		text = fmt.Sprintf("Self-scored, no loss on data: text that the model made itself costs it %s %s per %s", w.Value, s.units(), s.row())
	}
	var remarks []string
	if in := s.interval(w); in != "" {
		remarks = append(remarks, in)
	}
	if s.Weighted {
		remarks = append(remarks, "weighted")
	}
	if len(remarks) > 0 {
		text += " (" + strings.Join(remarks, ", ") + ")"
	}
	text += s.againstBase()
	if n := s.CrossEntropy.Value; n >= 0 && n < 700 && s.row() != "document" {
		text += fmt.Sprintf(": like guessing among %s equally likely outcomes", Number(math.Exp(n)))
		if !s.HasLabels && s.N > 1 {
			text += " at every " + s.row()
		}
	}
	text += "."
	if s.HasLabels && s.Skill.Why == oneClass {
		text += " All labels are of one class, so there is no base rate to compare it with."
	}
	for _, p := range s.Per {
		unit, of := s.u, p.Of
		if of == "byte" {
			unit = surprisal.Bit // that is how it is compared
		}
		pw := Nats(p.Mean, unit).Write()
		text += fmt.Sprintf(" Per %s that is %s %ss", of, pw.Value, unit)
		if in := s.interval(pw); in != "" {
			text += " (" + in + ")"
		}
		text += "."
	}
	if s.Soft != nil {
		// To the same decimals as the sum that they make.
		d := len(w.Value) - 1 - strings.IndexByte(w.Value+".", '.')
		text += fmt.Sprintf(" The labels' own entropy is %s %s of it, which no model can avoid; the other %s are how far the model is from the labels (KL)",
			fixed(s.u.FromNats(s.Soft.LabelEntropy.Value), max(d, 0)), s.units(), fixed(s.u.FromNats(s.Soft.KL.Value), max(d, 0)))
		if e := s.Soft.Explained; !math.IsNaN(e) {
			text += fmt.Sprintf(". The model explains %s of what the labels leave to explain", Percent(e))
		}
		text += "."
	}
	return text
}

// againstBase compares with knowing only the class shares.
func (s scoreReport) againstBase() string {
	if !s.HasLabels {
		return ""
	}
	skill := s.Skill
	if math.IsNaN(skill.Value) {
		return ""
	}
	base := Number(s.u.FromNats(s.BaseRateEntropy))
	switch {
	case skill.HasInterval() && skill.Lo <= 0 && skill.Hi >= 0:
		return fmt.Sprintf(", not clearly different from knowing only the class shares (%s)", base)
	case skill.Value > 0:
		return fmt.Sprintf(", %s less than knowing only the class shares (%s)", percent(skill.Value, 0), base)
	case skill.Value < 0:
		return fmt.Sprintf(", %s more than knowing only the class shares (%s), so it is worse than knowing nothing else", percent(-skill.Value, 0), base)
	}
	return fmt.Sprintf(", the same as knowing only the class shares (%s)", base)
}

func (s scoreReport) infiniteVerdict() string {
	was := "was"
	if s.Rows.Infinite != 1 {
		was = "were"
	}
	text := fmt.Sprintf("%s of %s %ss %s given probability 0 for what happened, so the cross entropy is infinite",
		Count(s.Rows.Infinite), Count(s.N), s.row(), was)
	rest := s.N - s.Rows.Infinite
	if rest <= 0 || math.IsNaN(s.Finite.Value) {
		return text + "."
	}
	pay := "pay"
	if rest == 1 {
		pay = "pays"
	}
	return text + fmt.Sprintf("; the other %s %s %s %s per %s.",
		plural(rest, s.row(), s.row()+"s"), pay, Nats(s.Finite, s.u).Write().Value, s.units(), s.row())
}

// estimates starts a table of figures with their errors.
func (s scoreReport) estimates(name string) *Table {
	return &Table{Columns: []Column{
		{name, false}, {"value", true}, {"± SE", true}, {confidence(s.Confidence) + " from", true}, {"to", true}}}
}

func (t *Table) figure(name string, w Written) {
	t.Rows = append(t.Rows, []string{name, w.Value, w.SE, w.Lo, w.Hi})
}

// trim drops columns without a single cell.
func (t *Table) trim() *Table {
	out := &Table{Rows: make([][]string, len(t.Rows))}
	for c, col := range t.Columns {
		full := c == 0
		for _, row := range t.Rows {
			full = full || row[c] != ""
		}
		if !full {
			continue
		}
		out.Columns = append(out.Columns, col)
		for i, row := range t.Rows {
			out.Rows[i] = append(out.Rows[i], row[c])
		}
	}
	return out
}

func (s scoreReport) headline() Block {
	t := s.estimates("")
	t.figure(fmt.Sprintf("cross entropy, %s per %s", s.units(), s.row()), Nats(s.CrossEntropy, s.u).Write())
	if math.IsInf(s.CrossEntropy.Value, 1) && !math.IsNaN(s.Finite.Value) {
		t.figure(fmt.Sprintf("  over the finite %ss only", s.row()), Nats(s.Finite, s.u).Write())
	}
	bound := ""
	if s.LowerBound {
		bound = ", a lower bound"
	}
	t.figure(fmt.Sprintf("total NLL, %s%s", s.units(), bound), point(s.u.FromNats(s.NLL), "").Write())
	if s.row() != "document" { // nobody guesses a whole document
		t.figure("perplexity per "+s.row(), perplexity(s.CrossEntropy).Write())
	}
	if s.HasLabels {
		t.figure(fmt.Sprintf("base-rate entropy, %s", s.units()), point(s.u.FromNats(s.BaseRateEntropy), "").Write())
		skill := ratio(s.Skill).WritePercent()
		if math.IsNaN(s.Skill.Value) {
			skill.Value = "undefined"
			if s.Skill.Why == oneClass {
				skill.Value = "undefined: one class"
			}
		}
		t.figure("skill over the base rate", skill)
		if !math.IsNaN(s.Accuracy.Value) {
			t.figure("accuracy", ratio(s.Accuracy).WritePercent())
		}
		if !math.IsNaN(s.Brier.Value) {
			t.figure("Brier: "+s.BrierKind, ratio(s.Brier).Write())
		}
	}
	return Block{Title: "Score", Table: t.trim()}
}

func (s scoreReport) perCounts() *Block {
	if len(s.Per) == 0 {
		return nil
	}
	t := s.estimates("")
	for _, p := range s.Per {
		t.figure(fmt.Sprintf("%s per %s", s.units(), p.Of), Nats(p.Mean, s.u).Write())
		if p.Of == "byte" && s.u != surprisal.Bit {
			t.figure("bits per byte", Nats(p.Mean, surprisal.Bit).Write())
		}
		t.figure("perplexity per "+p.Of, perplexity(p.Mean).Write())
	}
	var totals []string
	for _, p := range s.Per {
		totals = append(totals, total(p.Total)+" "+p.Of+"s")
	}
	return &Block{Title: "Per count", Table: t.trim(), Note: "Total surprisal over " + strings.Join(totals, ", ") + "."}
}

// total writes a sum of counts, which is a whole number as a rule.
func total(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < hugeNumber {
		return Count(int64(v))
	}
	return Number(v)
}

func (s scoreReport) soft() *Block {
	if s.Soft == nil {
		return nil
	}
	t := s.estimates("")
	t.figure(fmt.Sprintf("labels' own entropy, %s", s.units()), Nats(s.Soft.LabelEntropy, s.u).Write())
	t.figure(fmt.Sprintf("KL from labels to model, %s", s.units()), Nats(s.Soft.KL, s.u).Write())
	if !math.IsNaN(s.Soft.Explained) {
		t.figure("explained", point(s.Soft.Explained, "").WritePercent())
	}
	return &Block{Title: "Soft labels", Table: t.trim(), Note: "Cross entropy = the labels' own entropy + KL."}
}

// breakdown is the table of parts of the whole: classes, slices.
func (s scoreReport) breakdown(keys []string, n int, row func(i int) (key []string, count int64, mean surprisal.Estimate, share float64)) *Table {
	t := &Table{}
	for _, k := range keys {
		t.Columns = append(t.Columns, Column{k, false})
	}
	t.Columns = append(t.Columns, Column{s.row() + "s", true}, Column{s.units() + " per " + s.row(), true}, Column{"± SE", true},
		Column{confidence(s.Confidence) + " from", true}, Column{"to", true}, Column{"share of total", true})
	for i := range n {
		key, count, mean, share := row(i)
		w := Nats(mean, s.u).Write()
		part := ""
		if !math.IsNaN(share) {
			part = Percent(share)
		}
		if count == 0 {
			w = Written{}
		}
		t.Rows = append(t.Rows, append(slices.Clone(key), Count(count), w.Value, w.SE, w.Lo, w.Hi, part))
	}
	return t.trim()
}

func (s scoreReport) classes() *Block {
	if len(s.Classes) == 0 {
		return nil
	}
	n := min(len(s.Classes), shownClasses)
	b := &Block{Title: "By class", Table: s.breakdown([]string{"class"}, n, func(i int) ([]string, int64, surprisal.Estimate, float64) {
		c := s.Classes[i]
		return []string{c.Class}, c.N, c.Mean, c.Share
	})}
	b.Note = more(len(s.Classes)-n, "class", "classes")
	return b
}

func more(n int, one, many string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("and %s more; --json has all", plural(int64(n), one, many))
}

func (s scoreReport) slices() *Block {
	if s.SliceBy == nil {
		return nil
	}
	sorted := s.sortedSlices()
	n := min(len(sorted), shownSlices)
	b := &Block{Title: "By " + strings.Join(s.SliceBy, ", "), Table: s.breakdown(s.SliceBy, n, func(i int) ([]string, int64, surprisal.Estimate, float64) {
		sl := sorted[i]
		return sl.Key, sl.N, sl.Mean, sl.Share
	})}
	b.Note = more(len(sorted)-n, "slice", "slices")
	return b
}

func (s scoreReport) worst() *Block {
	if len(s.Worst) == 0 {
		return nil
	}
	t := &Table{}
	several := len(s.Inputs) > 1
	id, label := s.worstHas()
	column := func(on bool, name string, numeric bool) {
		if on {
			t.Columns = append(t.Columns, Column{name, numeric})
		}
	}
	column(several, "input", false)
	column(true, "row", true)
	column(id, "id", false)
	column(label, "label", false)
	column(true, "probability", true)
	column(true, "surprisal, "+s.units(), true)
	for _, w := range s.Worst {
		var row []string
		cell := func(on bool, text string) {
			if on {
				row = append(row, text)
			}
		}
		cell(several, s.path(w.RowRef))
		cell(true, strconv.FormatInt(w.Row, 10))
		cell(id, w.ID)
		cell(label, w.Label)
		cell(true, Number(w.Probability))
		cell(true, Number(s.u.FromNats(w.Nats)))
		t.Rows = append(t.Rows, row)
	}
	return &Block{Title: "Rows that cost most", Table: t}
}

// refs names rows: "rows 5, 17" or "a.csv 5, b.csv 17".
func (s scoreReport) refs(rows []score.RowRef, count int64) string {
	var parts []string
	for _, r := range rows {
		text := strconv.FormatInt(r.Row, 10)
		if len(s.Inputs) > 1 {
			text = s.path(r) + " " + text
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, ", ")
	if count > int64(len(rows)) && text != "" {
		text += ", …"
	}
	return text
}

// rows is what became of the rows, where there is more to say than that all were
// scored.
func (s scoreReport) rows() *Block {
	r := s.Rows
	t := &Table{Columns: []Column{{"", false}, {"rows", true}, {"first", false}}}
	add := func(name string, n int64, first string) {
		t.Rows = append(t.Rows, []string{name, Count(n), first})
	}
	add("scored", r.Scored, "")
	if r.Infinite > 0 {
		add("  of them infinite", r.Infinite, s.refs(r.FirstInfinite, r.Infinite))
	}
	if r.Floored > 0 {
		add(fmt.Sprintf("  of them raised to %g", s.Floor), r.Floored, "")
	}
	if r.ZeroWeight > 0 {
		add("weight 0", r.ZeroWeight, "")
	}
	for _, in := range r.Invalid {
		add("not scored: "+in.Reason, in.Count, s.refs(in.First, in.Count))
	}
	if len(t.Rows) == 1 {
		return nil
	}
	return &Block{Title: "Rows", Table: t.trim()}
}

func (s scoreReport) floors() *Block {
	if len(s.FloorCurve) == 0 {
		return nil
	}
	t := &Table{Columns: []Column{{"floor", true}, {s.units() + " per " + s.row(), true}}}
	for _, p := range s.FloorCurve {
		t.Rows = append(t.Rows, []string{strconv.FormatFloat(p.Floor, 'g', 4, 64), Number(s.u.FromNats(p.CrossEntropy))})
	}
	return &Block{
		Title: "Had every probability of what happened been at least this floor",
		Table: t,
		Note:  "The choice of a floor decides the score: compare only scores with the same one.",
	}
}

func (s scoreReport) notes(readAs string) []string {
	var notes []string
	inputs := make([]string, 0, 3)
	for _, in := range s.Inputs[:min(3, len(s.Inputs))] {
		inputs = append(inputs, fmt.Sprintf("%s (%s)", in.Path, plural(in.Rows, "row", "rows")))
	}
	if n := len(s.Inputs) - len(inputs); n > 0 {
		inputs = append(inputs, plural(int64(n), "more file", "more files"))
	}
	if readAs != "" {
		readAs = ", read as " + readAs
	}
	notes = append(notes, strings.Join(inputs, ", ")+readAs)
	notes = append(notes, s.Notes...)

	if s.Join != nil {
		notes = append(notes, s.joinNote())
	}
	e := s.CrossEntropy
	switch {
	case s.Clusters > 0:
		notes = append(notes, fmt.Sprintf("errors: clustered by %s, %s", s.Layout.Cluster, plural(s.Clusters, s.documentNoun(), s.documentNoun()+"s")))
	case e.HasInterval():
		notes = append(notes, "errors: rows taken as independent; --cluster says which are not")
	}
	if !e.HasInterval() {
		notes = append(notes, "no standard error and no interval: "+e.Why)
	}
	if s.Weighted {
		notes = append(notes, fmt.Sprintf("weights: sum %s, worth %s equally weighted rows", Number(s.Weight), Number(s.EffectiveN)))
	}
	if s.HasLabels {
		notes = append(notes, "base rate: what knowing only the class shares costs; reference fitted on these rows")
	}
	if s.Floor > 0 {
		notes = append(notes, fmt.Sprintf("floor: the probability of what happened is at least %g", s.Floor))
	}
	if s.Normalize == score.Rescale {
		notes = append(notes, "each row was divided by its sum")
	} else if s.Normalize == score.AsIs {
		notes = append(notes, "rows were scored as stored, whatever their sum")
	}
	if d := s.SumDefect; d != nil && d.Largest > 0 {
		where := "row " + strconv.FormatInt(d.At.Row, 10)
		if len(s.Inputs) > 1 {
			where = s.path(d.At) + " " + where
		}
		notes = append(notes, fmt.Sprintf("rows sum to 1 within %.2g (%s)", d.Largest, where))
	}
	return notes
}
