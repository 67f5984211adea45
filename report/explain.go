package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"surprisal"
	"surprisal/info"
)

// Widest line of formulas, so that they fit 80 columns.
const formulaWidth = 76

// More outcomes than these are not added one by one for the sake of showing it.
const mostRolls = 10_000_000

// explain derives the entropy of p, or the cross entropy of b relative to p, step
// by step, and, where outcomes were counted, from the likelihood as well. It
// returns nothing unless that was asked for.
func (d *dist) explain(b *Belief) []Block {
	if !d.Explain {
		return nil
	}
	steps := []Block{d.definition(b)}
	if d.Counts != nil {
		if b == nil {
			b = &Belief{"o", d.p}
			steps = append(steps, Block{
				Title: "No belief was given",
				Lines: []string{"The belief q below is o itself, the observed shares: the likeliest of all beliefs."},
			})
		}
		steps = append(steps, d.likelihood(*b)...)
	}
	return append(steps, d.sentences(b))
}

// explainRank is explain for the likeliest belief, and why it is the likeliest.
func (d *dist) explainRank(list []ranked) []Block {
	if !d.Explain {
		return nil
	}
	best := list[0].Belief
	steps := []Block{{
		Title: "Two directions",
		Lines: []string{
			"  H(o, p) = Σ o(x) · (−" + d.log() + " p(x))",
			"weighs the surprisals under the belief by what was observed: it is the mean surprisal of the data, and smallest where their likelihood is largest.",
			"  H(p, o) = Σ p(x) · (−" + d.log() + " o(x))",
			"weighs the surprisals under the observed shares by the belief: outcomes that the belief rules out have no say, even if they happened.",
			fmt.Sprintf("Below, the belief q is %s.", best.Name),
		},
	}}
	return append(steps, d.explain(&best)...)
}

// definition is the measure from its definition: numbers put in, terms, sum.
func (d *dist) definition(b *Belief) Block {
	q := d.against(b)
	name, sym, title, sum := d.f("H(%s)"), d.sym, fmt.Sprintf("The entropy of %s", d.P.Name), d.p.Entropy()
	if b != nil {
		name, sym, sum = d.f("H(%s, q)"), "q", d.crossEntropy(q)
		title = fmt.Sprintf("The cross entropy of %s relative to %s", b.Name, d.P.Name)
	}
	var numbers []string
	for i := range d.Outcomes {
		numbers = append(numbers, fmt.Sprintf("%s·(−%s %s)", probability(d.p.Prob(i)), d.log(), probability(q.Prob(i))))
	}
	lines := []string{
		fmt.Sprintf("By definition it is the mean, over outcomes of %s, of the surprisal −%s %s(x):", d.P.Name, d.log(), sym),
		fmt.Sprintf("  %s = Σ %s(x) · (−%s %s(x))", name, d.sym, d.log(), sym),
		"With the numbers put in:",
	}
	lines = append(lines, sumLines(name, numbers)...)
	t := d.termTable(b)
	lines = append(lines, "Term by term:")
	return Block{Title: title, Lines: lines, Table: t.Table, Note: strings.TrimSpace(fmt.Sprintf("%s = %s. %s", name, d.amount(sum), d.definitionRest(b)))}
}

// definitionRest is where the cross entropy comes from: entropy plus divergence.
func (d *dist) definitionRest(b *Belief) string {
	if b == nil {
		return fmt.Sprintf("%sH is the perplexity, %s.", d.base(), Digits(d.p.Perplexity()))
	}
	if i := d.unsupported(d.p, b.D); i >= 0 {
		return fmt.Sprintf("It is infinite because outcome %s has q = 0 but %s = %s.", d.Outcomes[i], d.sym, probability(d.p.Prob(i)))
	}
	return fmt.Sprintf("Of it, H(%[1]s) = %[2]s would be paid by somebody who knows %[1]s, and KL(%[1]s‖q) = %[3]s is what believing q costs on top.",
		d.sym, d.show(d.p.Entropy()), d.show(d.p.KL(b.D)))
}

// sumLines lays out name = a + b + …, at most formulaWidth wide and eight lines
// long.
func sumLines(name string, terms []string) []string {
	const most = 8
	indent := "  " + strings.Repeat(" ", displayWidth(name)+3)
	var lines []string
	line := "  " + name + " = "
	for i, t := range terms {
		if i > 0 {
			t = "+ " + t
		}
		if displayWidth(line)+displayWidth(t) > formulaWidth {
			lines = append(lines, strings.TrimRight(line, " "))
			line = indent
			if len(lines) == most {
				return append(lines, line+fmt.Sprintf("+ … %d more terms", len(terms)-i))
			}
		}
		line += t + " "
	}
	return append(lines, strings.TrimRight(line, " "))
}

// likelihood leads from the likelihood of the outcomes one by one to the cross
// entropy, and computes it both ways.
func (d *dist) likelihood(b Belief) []Block {
	q := b.D.Probs()
	n := d.total()

	// One outcome after the other, as the data came.
	surprisals := make([]float64, len(q))
	for i, v := range q {
		surprisals[i] = surprise(v)
	}
	var acc surprisal.Accumulator
	if n <= mostRolls || d.Rolls != nil {
		for roll := range d.oneByOne() {
			acc.Add(surprisals[roll])
		}
	} else {
		for i, c := range d.Counts {
			acc.AddRepeated(surprisals[i], 1, c)
		}
	}
	nll, mean := acc.Total(), acc.Mean()
	grouped := info.CrossEntropyCounts(d.Counts, q)

	first := d.firstRolls(6)
	dots := ""
	if int64(len(first)) < n {
		dots = " · …"
	}
	var factors, numbers, costs []string
	for _, i := range first {
		factors = append(factors, "q("+d.Outcomes[i]+" | w)")
		numbers = append(numbers, probability(q[i]))
		costs = append(costs, d.show(surprisals[i]))
	}
	order := "The outcomes are taken in the order of the data."
	if d.Rolls == nil {
		order = "Of the outcomes only the counts are known, so they are taken in the order of the table; a product does not depend on it."
	}
	value := "0"
	if !math.IsInf(nll, 1) {
		value = power(-nll)
	}

	steps := []Block{
		{
			Title: "1. The likelihood",
			Lines: []string{
				fmt.Sprintf("What was observed are m = %s outcomes x₁, …, x_m. %s makes them as likely as", Count(n), b.Name),
				"  L(w) = q(x₁, …, x_m | w)",
				"where w are the numbers that q is made of: here the probabilities of the outcomes.",
			},
		},
		{
			Title: "2. Independence",
			Lines: append(append([]string{"Outcomes that do not influence each other multiply:",
				"  L(w) = Πⱼ q(xⱼ | w)"},
				append(productLines("L(w)", factors, dots), productLines("", numbers, dots)...)...),
				"       = "+value, order),
		},
		{
			Title: "3. The logarithm, and the minus",
			Lines: append([]string{"The logarithm turns the product into a sum, the minus turns what is to be largest into what is to be smallest:",
				"  NLL = −" + d.log() + " L(w) = −Σⱼ " + d.log() + " q(xⱼ | w)"},
				append(sumDots("NLL", costs, n > int64(len(first))), "      = "+d.amount(nll))...),
		},
		{
			Title: "4. Divided by m",
			Lines: []string{
				"Per outcome, so that few data and many compare:",
				fmt.Sprintf("  NLL / m = %s / %s = %s", d.show(nll), Count(n), d.amount(mean)),
			},
		},
		d.groupStep(surprisals, nll, grouped),
		d.sameNumber(b, mean, grouped),
	}
	return steps
}

func productLines(name string, factors []string, dots string) []string {
	l := "  " + name + strings.Repeat(" ", max(0, 4-displayWidth(name))) + " = " + strings.Join(factors, " · ") + dots
	if displayWidth(l) <= formulaWidth {
		return []string{l}
	}
	var lines []string
	line := "  " + name + strings.Repeat(" ", max(0, 4-displayWidth(name))) + " = "
	for i, f := range factors {
		if i > 0 {
			f = "· " + f
		}
		if displayWidth(line)+displayWidth(f) > formulaWidth && strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimRight(line, " "))
			line = "         "
		}
		line += f + " "
	}
	return append(lines, strings.TrimRight(line, " ")+dots)
}

func sumDots(name string, terms []string, more bool) []string {
	if more {
		terms = append(terms, "…")
	}
	return sumLines(name, terms)
}

// oneByOne yields the outcomes in the order of the data, or, if only counts are
// known, in the order of the outcomes.
func (d *dist) oneByOne() func(func(int) bool) {
	return func(yield func(int) bool) {
		if d.Rolls != nil {
			for _, i := range d.Rolls {
				if !yield(int(i)) {
					return
				}
			}
			return
		}
		for i, c := range d.Counts {
			for range c {
				if !yield(i) {
					return
				}
			}
		}
	}
}

func (d *dist) firstRolls(most int) (first []int) {
	for i := range d.oneByOne() {
		if len(first) == most {
			break
		}
		first = append(first, i)
	}
	return first
}

// groupStep gathers equal outcomes.
func (d *dist) groupStep(surprisals []float64, nll, grouped float64) Block {
	cost := "−" + d.log() + " q"
	t := &Table{Columns: []Column{{"outcome", false}, {"n", true}, {cost, true}, {"n·(" + cost + ")", true}}}
	shown := min(len(d.Outcomes), mostTerms)
	for i, name := range d.Outcomes[:shown] {
		t.Rows = append(t.Rows, []string{name, Count(d.Counts[i]), d.show(surprisals[i]), d.show(times(d.Counts[i], surprisals[i]))})
	}
	if more := len(d.Outcomes) - shown; more > 0 {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("… and %d more", more)})
	}
	t.Rows = append(t.Rows, []string{"sum", Count(d.total()), "", d.show(nll)}, []string{"divided by m", "", "", d.show(grouped)})
	return Block{
		Title: "5. Equal outcomes together",
		Lines: []string{
			"An outcome that came n times has the same surprisal each time, so the sum over the outcomes one by one is a sum over the different ones, each with its share o = n/m:",
			"  NLL / m = Σ (n(x)/m) · (−" + d.log() + " q(x)) = Σ o(x) · (−" + d.log() + " q(x))",
		},
		Table: t,
	}
}

// times is n·x, where none of something infinite is nothing.
func times(n int64, x float64) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) * x
}

// sameNumber compares the two ways, bit by bit.
func (d *dist) sameNumber(b Belief, mean, grouped float64) Block {
	row := func(what string, v float64) string {
		return fmt.Sprintf("  %-30s %-20s %s", what, exactText(v), hexBits(v))
	}
	who := ""
	if b.Name != "q" {
		who = " and q is " + b.Name
	}
	lines := []string{
		"That sum is the definition of H(o, q), the cross entropy of q relative to o, where o is what was observed" + who + ". Both ways were computed; here they are in nats, with the bits of the number:",
		row("one by one, divided by m:", mean),
		row("from the counts:", grouped),
	}
	if d.total() > mostRolls && d.Rolls == nil {
		lines = append(lines, "(These are too many outcomes to add one by one; equal ones were added at a stroke, which is exact.)")
	}
	if math.Float64bits(mean) == math.Float64bits(grouped) {
		lines = append(lines, "They are the same number, to the last bit: the mean negative log likelihood is the cross entropy.")
	} else {
		lines = append(lines, "They should be the same number, and are not: please report this.")
	}
	shares := d.p.CrossEntropy(b.D)
	if shares != grouped {
		lines = append(lines, fmt.Sprintf("(From the shares, which are rounded to binary fractions before they are multiplied, it comes out as %s.)", exactText(shares)))
	}
	return Block{Title: "6. The same number", Lines: lines}
}

// exactText is the shortest text that reads back to the same number.
func exactText(v float64) string {
	if math.IsInf(v, 0) {
		return fixed(v, 0)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func hexBits(v float64) string { return fmt.Sprintf("bits %016x", math.Float64bits(v)) }

// sentences are the ideas behind the derivation, each once.
func (d *dist) sentences(b *Belief) Block {
	lines := []string{
		"The minus sign: a probability is at most 1, so its logarithm is never above 0, and the minus makes it a cost, which is what optimisers minimise (a density may exceed 1, and then the cost is below 0).",
		"The logarithm: an outcome of probability p takes −log₂ p bits to tell, so surprisals of independent outcomes add where probabilities multiply; that products of many probabilities underflow and sums of logarithms do not is a by-product.",
	}
	lines = append(lines, d.underflow(b)...)
	if d.Counts != nil {
		lines = append(lines,
			"Probability and likelihood: q(x | w) is a probability where q is fixed and the data vary, and a likelihood where the data are fixed and q varies.",
			fmt.Sprintf("The w that makes these data likeliest is o itself, their shares; its mean negative log likelihood is H(o) = %s, and no other q gets below that.", d.amount(d.p.Entropy())))
	}
	return Block{Title: "In words", Lines: append(lines,
		"The letters: the dice tutorial calls the observed distribution q where it compares beliefs, and p where it comes to the negative log likelihood; here outcomes always come from p (o, if they were counted) and q is the belief.")}
}

// underflow multiplies the probabilities of 1,000 outcomes, and adds their
// surprisals, and tells what came of it.
func (d *dist) underflow(b *Belief) []string {
	const many = 1000
	q := d.against(b).Probs()
	sequence, of := d.thousand(many)
	product := 1.0
	var acc surprisal.Accumulator
	for _, i := range sequence {
		product *= q[i]
		acc.Add(surprise(q[i]))
	}
	sum := acc.Total()
	lines := []string{of, fmt.Sprintf("  product of probabilities: %s   sum of surprisals: %s", probability(product), d.amount(sum))}
	switch {
	case math.IsInf(sum, 1):
		return append(lines, "Here it is no underflow: something happened that q gives probability 0.")
	case product == 0:
		return append(lines, fmt.Sprintf("The product is %s in truth, and 0 in floating point, which ends at 4.9e-324.", power(-sum)))
	case sum == 0:
		return append(lines, "Here there is nothing to underflow: what happens is certain.")
	}
	rolls := math.Ceil(many * 745.14 / sum) // where exp(−sum) falls below half the least float64
	return append(lines, fmt.Sprintf("At this rate the product is 0 in floating point from about %s outcomes on.", Count(int64(min(rolls, 1e18)))))
}

// thousand is a sequence of outcomes: those of the data over and over, or, where
// there are none, outcomes in the proportions of p. The text says which.
func (d *dist) thousand(many int) (sequence []int, of string) {
	if d.Counts != nil {
		data := d.firstRolls(many)
		for len(sequence) < many {
			sequence = append(sequence, data[:min(len(data), many-len(sequence))]...)
		}
		return sequence, fmt.Sprintf("Shown on %s outcomes, the observed ones as often as it takes:", Count(int64(many)))
	}
	// The outcome that is furthest behind its share is next.
	given := make([]float64, d.p.Len())
	for k := range many {
		best := 0
		for i := range given {
			if d.p.Prob(i)*float64(k+1)-given[i] > d.p.Prob(best)*float64(k+1)-given[best] {
				best = i
			}
		}
		given[best]++
		sequence = append(sequence, best)
	}
	return sequence, fmt.Sprintf("Shown on %s outcomes in the proportions of %s:", Count(int64(many)), d.P.Name)
}
