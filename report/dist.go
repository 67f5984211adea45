package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"surprisal"
	"surprisal/info"
)

// DistSchema is the version of what `surprisal dist` writes as JSON.
const DistSchema = "surprisal.dist/1"

// Belief is a distribution with the name that the reader gave it.
type Belief struct {
	Name string
	D    info.Distribution
}

// DistInput is what `surprisal dist` was given, all of it over the same outcomes.
type DistInput struct {
	Outcomes []string
	P        Belief   // where outcomes come from; with counts or Rank, what was observed
	Q        []Belief // what is held against it: none, one, or with Rank one or more
	Rank     bool     // compare the beliefs in Q with each other

	Counts []int64 // how often each outcome was observed; nil if P was given as probabilities
	Rolls  []int32 // the outcomes one by one, if they are known: indices in the order of the data

	Unit     surprisal.Unit
	Explain  bool
	Notes    []string
	Warnings []Warning
}

// Rows of the term table that text shows; JSON has all.
const mostTerms = 60

// Dist measures distributions and says what the figures mean.
func Dist(in DistInput) *Report {
	d := &dist{DistInput: in, r: &Report{Notes: in.Notes, Warnings: in.Warnings}}
	d.p, d.sym = d.P.D, "p"
	if d.Counts != nil || d.Rank {
		d.sym = "o"
	}
	switch {
	case d.Rank:
		d.rank()
	case len(d.Q) == 0:
		d.alone()
	default:
		d.pair(d.Q[0])
	}
	return d.r
}

type dist struct {
	DistInput
	p info.Distribution
	r *Report

	// What formulas call the distribution that outcomes come from: p, or o if it is
	// what was observed.
	sym string
}

// crossEntropy is H(p, q), from the counts where there are some.
func (d *dist) crossEntropy(q info.Distribution) float64 {
	if d.Counts != nil {
		return info.CrossEntropyCounts(d.Counts, q.Probs())
	}
	return d.p.CrossEntropy(q)
}

// total is the number of outcomes counted.
func (d *dist) total() (n int64) {
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// show writes nats in the chosen unit.
func (d *dist) show(nats float64) string { return Digits(d.Unit.FromNats(nats)) }

// amount is show with the unit's name: "1.791759 nats".
func (d *dist) amount(nats float64) string {
	s := d.show(nats) + " " + d.Unit.String()
	if !strings.HasPrefix(s, "1 ") {
		s += "s"
	}
	return s
}

func (d *dist) figure(nats float64) Figure { return figure(d.Unit.FromNats(nats), d.Unit.String()) }

func figure(v float64, unit string) Figure {
	nan := math.NaN()
	return Figure{Value: v, SE: nan, Lo: nan, Hi: nan, Unit: unit}
}

// Digits writes a number that is exact but for rounding, to six decimals, or to
// six digits where it is small: 1.791759, 0.002866, 1.23456e-07, infinite.
func Digits(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 1e-3 && a < 1e9:
		s := strconv.FormatFloat(v, 'f', 6, 64)
		return strings.TrimSuffix(s, ".000000")
	case math.IsInf(v, 0) || math.IsNaN(v):
		return fixed(v, 0)
	}
	return strconv.FormatFloat(v, 'e', 5, 64)
}

func (d *dist) head() Object {
	return Object{{"schema", DistSchema}, {"unit", d.Unit.String()}, {"outcomes", d.Outcomes}}
}

// observations are the fields that only counts bring.
func (d *dist) observations() Object {
	if d.Counts == nil {
		return nil
	}
	counts := make([]float64, len(d.Counts))
	for i, c := range d.Counts {
		counts[i] = float64(c)
	}
	var estimators []Object
	for _, e := range info.Estimators() {
		h := e.Estimate(d.Counts)
		estimators = append(estimators, Object{{"estimator", e.Name}, {"entropy", Nats(h, d.Unit)}})
	}
	return Object{{"n", d.total()}, {"counts", counts}, {"entropy_estimates", estimators}}
}

// tail is the end of every result's JSON object.
func (d *dist) tail(steps []Block) Object {
	var o Object
	if d.Explain {
		var list []Object
		for _, b := range steps {
			list = append(list, Object{{"step", b.Title}, {"lines", b.plainLines()}})
		}
		o = append(o, Field{"explain", list})
	}
	if len(d.r.Warnings) > 0 {
		var list []Object
		for _, w := range d.r.Warnings {
			list = append(list, Object{{"text", w.Text}, {"hint", w.Hint}})
		}
		o = append(o, Field{"warnings", list})
	}
	return o
}

// plainLines is a block as lines of text, its table one row a line.
func (b Block) plainLines() []string {
	lines := []string{}
	for _, l := range b.Lines {
		lines = append(lines, strings.TrimSpace(l))
	}
	if b.Table != nil {
		lines = append(lines, layOut(b.Table, func(s string) string { return s })...)
	}
	if b.Note != "" {
		lines = append(lines, b.Note)
	}
	return lines
}

// alone is the result for one distribution.
func (d *dist) alone() {
	h := d.p.Entropy()
	d.r.Verdict = fmt.Sprintf("An outcome of %s costs %s on average: as uncertain as %s equally likely outcomes.",
		d.P.Name, d.amount(h), Digits(d.p.Perplexity()))
	if k := d.p.Len(); d.p.Perplexity() <= 1 {
		d.r.Verdict = fmt.Sprintf("An outcome of %s costs nothing: one outcome is certain.", d.P.Name)
	} else if slices.Min(d.p.Probs()) == slices.Max(d.p.Probs()) {
		d.r.Verdict = fmt.Sprintf("An outcome of %s costs %s: all %d outcomes are equally likely, which is the most uncertain that %d can be.",
			d.P.Name, d.amount(h), k, k)
	}
	steps := d.explain(nil)
	d.r.Data = slices.Concat(d.head(),
		Object{{"p", d.p.Probs()}, {"entropy_p", d.figure(h)}, {"perplexity_p", figure(d.p.Perplexity(), "")},
			{"terms", d.termObjects(nil)}}, d.observations(), d.tail(steps))
	d.r.Blocks = append(d.r.Blocks, measures([][]string{
		{"entropy of " + d.P.Name, d.f("H(%s)"), d.show(h), d.Unit.String()},
		{"perplexity of " + d.P.Name, d.f(d.base() + "H(%s)"), Digits(d.p.Perplexity()), "outcomes"},
	}))
	if !d.Explain {
		d.r.Blocks = append(d.r.Blocks, d.termTable(nil))
	}
	d.closing(steps)
}

// closing adds what stands at the end of the text: estimators, then the
// derivation.
func (d *dist) closing(steps []Block) {
	if d.Counts != nil {
		d.r.Blocks = append(d.r.Blocks, d.estimatorTable())
	}
	if d.Explain {
		d.r.Blocks = append(d.r.Blocks, steps...)
	}
}

// pair is the result for a distribution and a belief.
func (d *dist) pair(b Belief) {
	q := b.D
	h, hq := d.p.Entropy(), q.Entropy()
	ce, back := d.crossEntropy(q), q.CrossEntropy(d.p)
	kl, klBack, js := d.p.KL(q), q.KL(d.p), d.p.JensenShannon(q)
	d.pairVerdict(b, h, ce, kl)
	steps := d.explain(&b)
	d.r.Data = slices.Concat(d.head(), Object{
		{"p", d.p.Probs()}, {"q", q.Probs()},
		{"entropy_p", d.figure(h)}, {"entropy_q", d.figure(hq)},
		{"cross_entropy", d.figure(ce)}, {"cross_entropy_reverse", d.figure(back)},
		{"kl", d.figure(kl)}, {"kl_reverse", d.figure(klBack)},
		{"jensen_shannon", d.figure(js)}, {"perplexity_p", figure(d.p.Perplexity(), "")},
		{"terms", d.termObjects(&b)},
	}, d.observations(), d.tail(steps))

	// The distance is the root of the divergence in the unit shown: in bits it is 1
	// at most.
	distance := Digits(math.Sqrt(d.Unit.FromNats(js)))
	u, n, m := d.Unit.String(), d.P.Name, b.Name
	table := measures([][]string{
		{"entropy of " + n, d.f("H(%s)"), d.show(h), u},
		{"entropy of " + m, "H(q)", d.show(hq), u},
		{"cross entropy of " + m + " relative to " + n, d.f("H(%s, q)"), d.show(ce), u},
		{"cross entropy of " + n + " relative to " + m, d.f("H(q, %s)"), d.show(back), u},
		{"divergence of " + m + " from " + n, d.f("KL(%s‖q)"), d.show(kl), u},
		{"divergence of " + n + " from " + m, d.f("KL(q‖%s)"), d.show(klBack), u},
		{"Jensen–Shannon divergence", d.f("JS(%s, q)"), d.show(js), u},
		{"Jensen–Shannon distance", d.f("√JS(%s, q)"), distance, "√" + u},
		{"perplexity of " + n, d.f(d.base() + "H(%s)"), Digits(d.p.Perplexity()), "outcomes"},
		{"perplexity of " + m, d.base() + "H(q)", Digits(q.Perplexity()), "outcomes"},
	})
	table.Note = strings.Join(d.infinities(b), " ")
	d.r.Blocks = append(d.r.Blocks, table)
	if !d.Explain {
		d.r.Blocks = append(d.r.Blocks, d.termTable(&b))
	}
	d.closing(steps)
}

func (d *dist) pairVerdict(b Belief, h, ce, kl float64) {
	p, q := d.P.Name, b.Name
	switch i := d.unsupported(d.p, b.D); {
	case i >= 0:
		d.r.Verdict = fmt.Sprintf("Outcomes from %s cost infinitely much under %s: it gives probability 0 to outcome %s, which %s gives %s.",
			p, q, d.Outcomes[i], p, probability(d.p.Prob(i)))
	case kl == 0:
		d.r.Verdict = fmt.Sprintf("%s and %s are the same: outcomes cost %s on average, and nothing on top.", p, q, d.amount(ce))
	default:
		d.r.Verdict = fmt.Sprintf("Outcomes from %s cost %s each under %s: %s because %s is uncertain, and %s because %s is not %s.",
			p, d.amount(ce), q, d.show(h), p, d.show(kl), q, p)
	}
}

// unsupported is the first outcome that p gives something and q gives 0, or -1.
func (d *dist) unsupported(p, q info.Distribution) int {
	for i := range p.Len() {
		if p.Prob(i) > 0 && q.Prob(i) == 0 {
			return i
		}
	}
	return -1
}

// infinities says why figures are infinite, one sentence for each direction.
func (d *dist) infinities(b Belief) []string {
	var why []string
	if i := d.unsupported(d.p, b.D); i >= 0 {
		why = append(why, fmt.Sprintf("H(%[1]s, q) and KL(%[1]s‖q) are infinite: outcome %[2]s has q = 0 but %[1]s = %[3]s.",
			d.sym, d.Outcomes[i], probability(d.p.Prob(i))))
	}
	if i := d.unsupported(b.D, d.p); i >= 0 {
		why = append(why, fmt.Sprintf("H(q, %[1]s) and KL(q‖%[1]s) are infinite: outcome %[2]s has %[1]s = 0 but q = %[3]s.",
			d.sym, d.Outcomes[i], probability(b.D.Prob(i))))
	}
	return why
}

// base is what H in the chosen unit is the exponent of.
func (d *dist) base() string {
	switch d.Unit {
	case surprisal.Bit:
		return "2^"
	case surprisal.Dit:
		return "10^"
	}
	return "exp "
}

// f puts the letter of the distribution into a formula.
func (d *dist) f(formula string) string { return strings.ReplaceAll(formula, "%s", d.sym) }

func measures(rows [][]string) Block {
	return Block{Title: "Measures", Table: &Table{
		Columns: []Column{{"measure", false}, {"", false}, {"value", true}, {"unit", false}}, Rows: rows,
	}}
}

// probability writes one as people do: at most six digits, no trailing zeros.
func probability(p float64) string { return strconv.FormatFloat(p, 'g', 6, 64) }

// term is p·(−log q) in nats, where 0·log 0 is 0.
func term(p, q float64) float64 {
	if p == 0 {
		return 0
	}
	return info.CrossEntropy([]float64{p}, []float64{q})
}

// surprise is −log q in nats.
func surprise(q float64) float64 { return term(1, q) }

// against is q, or p itself where there is no q.
func (d *dist) against(b *Belief) info.Distribution {
	if b == nil {
		return d.p
	}
	return b.D
}

func (d *dist) termObjects(b *Belief) []Object {
	var list []Object
	q := d.against(b)
	for i, name := range d.Outcomes {
		o := Object{{"outcome", name}, {"p", d.p.Prob(i)}}
		if b != nil {
			o = append(o, Field{"q", q.Prob(i)})
		}
		list = append(list, append(o, Field{"term", d.figure(term(d.p.Prob(i), q.Prob(i)))}))
	}
	return list
}

// termTable is the cross entropy (the entropy, without b) outcome by outcome.
func (d *dist) termTable(b *Belief) Block {
	q, sym, sum := d.against(b), d.sym, d.p.Entropy()
	t := &Table{Columns: []Column{{"outcome", false}, {d.sym, true}}}
	title := "Entropy, term by term"
	if b != nil {
		sym, sum, title = "q", d.crossEntropy(q), "Cross entropy, term by term"
		t.Columns = append(t.Columns, Column{"q", true})
	}
	t.Columns = append(t.Columns, Column{"−" + d.log() + " " + sym, true}, Column{d.sym + "·(−" + d.log() + " " + sym + ")", true})
	row := func(name, p, q, s, term string) {
		if b == nil {
			t.Rows = append(t.Rows, []string{name, p, s, term})
		} else {
			t.Rows = append(t.Rows, []string{name, p, q, s, term})
		}
	}
	shown := min(len(d.Outcomes), mostTerms)
	for i, name := range d.Outcomes[:shown] {
		row(name, probability(d.p.Prob(i)), probability(q.Prob(i)), d.show(surprise(q.Prob(i))), d.show(term(d.p.Prob(i), q.Prob(i))))
	}
	if more := len(d.Outcomes) - shown; more > 0 {
		row(fmt.Sprintf("… and %d more", more), "", "", "", "")
	}
	row("sum", probability(info.Sum(d.p.Probs())), probability(info.Sum(q.Probs())), "", d.show(sum))
	block := Block{Title: title, Table: t}
	if len(d.Outcomes) > shown {
		block.Note = "--json has every term."
	}
	return block
}

// log is the logarithm's name in the chosen unit.
func (d *dist) log() string {
	switch d.Unit {
	case surprisal.Bit:
		return "log₂"
	case surprisal.Dit:
		return "log₁₀"
	}
	return "log"
}

// estimatorTable is the entropy of what the counts were drawn from.
func (d *dist) estimatorTable() Block {
	t := &Table{Columns: []Column{{"estimator", false}, {d.Unit.String(), true}, {"±", true}, {"", false}}}
	for _, e := range info.Estimators() {
		h := e.Estimate(d.Counts)
		se := "none"
		if !math.IsNaN(h.SE) {
			se = d.show(h.SE)
		}
		t.Rows = append(t.Rows, []string{e.Name, d.show(h.Value), se, e.Description})
	}
	return Block{
		Title: fmt.Sprintf("Entropy of what %s outcomes were drawn from", Count(d.total())),
		Table: t,
		Note:  "± is one standard error (ml, miller-madow; too small where shares are nearly equal) or posterior standard deviation (the priors), where theory gives one.",
	}
}

// ranked is a belief with what it costs.
type ranked struct {
	Belief
	forward, back     float64 // H(o, p), H(p, o)
	klForward, klBack float64 // KL(o‖p), KL(p‖o)
}

// rank is the result for several beliefs about what was observed. Here o is what
// was observed and p a belief.
func (d *dist) rank() {
	h := d.p.Entropy()
	var list []ranked
	for _, b := range d.Q {
		list = append(list, ranked{b, d.crossEntropy(b.D), b.D.CrossEntropy(d.p), d.p.KL(b.D), b.D.KL(d.p)})
	}
	given := slices.Clone(list)
	// Of beliefs with equal likelihood, the one given first comes first.
	slices.SortStableFunc(list, func(x, y ranked) int { return compare(x.forward, y.forward) })
	d.rankVerdict(list)
	d.rankWarning(list)
	steps := d.explainRank(list)

	var objects []Object
	for _, x := range given {
		objects = append(objects, Object{
			{"name", x.Name}, {"p", x.D.Probs()}, {"cross_entropy", d.figure(x.forward)}, {"kl", d.figure(x.klForward)},
			{"cross_entropy_reverse", d.figure(x.back)}, {"kl_reverse", d.figure(x.klBack)},
		})
	}
	var winner any
	if !math.IsInf(list[0].forward, 1) {
		winner = list[0].Name
	}
	d.r.Data = slices.Concat(d.head(), Object{{"observed", d.p.Probs()}, {"entropy_observed", d.figure(h)},
		{"likeliest", winner}, {"beliefs", objects}}, d.observations(), d.tail(steps))

	t := &Table{Columns: []Column{{"belief p", false}, {"H(o, p)", true}, {"KL(o‖p)", true}, {"H(p, o)", true}, {"KL(p‖o)", true}}}
	var why []string
	for _, x := range list {
		t.Rows = append(t.Rows, []string{x.Name, d.show(x.forward), d.show(x.klForward), d.show(x.back), d.show(x.klBack)})
		if i := d.unsupported(d.p, x.D); i >= 0 {
			why = append(why, fmt.Sprintf("H(o, p) is infinite for %s: it gives 0 to outcome %s, whose observed share is %s.",
				x.Name, d.Outcomes[i], probability(d.p.Prob(i))))
		}
		if i := d.unsupported(x.D, d.p); i >= 0 {
			why = append(why, fmt.Sprintf("H(p, o) is infinite for %s: it gives %s to outcome %s, which was not observed.",
				x.Name, probability(x.D.Prob(i)), d.Outcomes[i]))
		}
	}
	d.r.Blocks = append(d.r.Blocks, Block{
		Title: fmt.Sprintf("Beliefs, the likeliest first (%ss)", d.Unit),
		Lines: []string{
			fmt.Sprintf("o is what was observed, with entropy H(o) = %s. H(o, p) = H(o) + KL(o‖p) is the mean surprisal of what "+
				"happened to somebody who holds belief p: the lower, the likelier p made it.", d.show(h)),
		},
		Table: t,
		Note:  strings.Join(why, " "),
	})
	d.closing(steps)
}

// compare orders numbers of which some may be infinite, and takes those that
// differ by rounding alone as equal.
func compare(x, y float64) int {
	switch {
	case x == y || math.Abs(x-y) <= 1e-12*max(x, y) && !math.IsInf(x-y, 0):
		return 0
	case x < y:
		return -1
	}
	return 1
}

func (d *dist) rankVerdict(list []ranked) {
	best := list[0]
	names := []string{best.Name}
	for _, x := range list[1:] {
		if compare(x.forward, best.forward) == 0 {
			names = append(names, x.Name)
		}
	}
	switch {
	case math.IsInf(best.forward, 1):
		d.r.Verdict = "No belief allows what was observed: each gives probability 0 to something that happened."
		return
	case len(names) > 1:
		d.r.Verdict = fmt.Sprintf("%s are equally likely: what was observed costs %s under each.", strings.Join(names, " and "), d.amount(best.forward))
		return
	}
	d.r.Verdict = fmt.Sprintf("%s is the likeliest belief: what was observed costs %s on average under it", best.Name, d.amount(best.forward))
	if len(list) == 1 {
		d.r.Verdict = fmt.Sprintf("What was observed costs %s on average under %s", d.amount(best.forward), best.Name)
	} else if next := list[1]; math.IsInf(next.forward, 1) {
		d.r.Verdict += fmt.Sprintf(", and infinitely much under %s", next.Name)
	} else {
		d.r.Verdict += fmt.Sprintf(", and %s under %s", d.show(next.forward), next.Name)
		if d.Counts != nil {
			d.r.Verdict += fmt.Sprintf("; %s makes the %s outcomes %s times as likely", best.Name, Count(d.total()),
				power((next.forward-best.forward)*float64(d.total())))
		}
	}
	d.r.Verdict += "."
}

// power writes exp(x) for any x, with three digits, from its logarithm.
func power(x float64) string {
	if v := math.Exp(x); v >= 1e-3 && v < 1e6 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	exp := math.Floor(x / math.Ln10)
	lead := math.Exp(x - exp*math.Ln10)
	if lead >= 9.995 {
		lead, exp = 1, exp+1
	}
	return fmt.Sprintf("%.2fe%+03.0f", lead, exp)
}

// rankWarning says so if H(p, o) would put two beliefs in the other order.
func (d *dist) rankWarning(list []ranked) {
	for i, x := range list {
		for _, y := range list[i+1:] {
			if compare(x.forward, y.forward) < 0 && compare(x.back, y.back) > 0 {
				d.r.Warnings = append(d.r.Warnings, Warning{
					Text: fmt.Sprintf("H(p, o) orders the beliefs differently: it puts %s (%s) before %s (%s), but what was observed costs %s under %s and %s under %s",
						y.Name, d.show(y.back), x.Name, d.show(x.back), d.show(x.forward), x.Name, d.show(y.forward), y.Name),
					Hint: "go by H(o, p) or KL(o‖p): H(p, o) asks what o makes of outcomes from p, and is low for any p that is sure of something common in o",
				})
				return
			}
		}
	}
}
