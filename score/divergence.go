package score

import (
	"fmt"
	"math"
	"strings"

	"surprisal"
	"surprisal/predict"
)

// Divergence is how far a model's predictions are from those of a base, row by row. All figures
// are over the same rows. What has a logarithm in it is in nats.
type Divergence struct {
	Inputs, Base       []InputRead
	Layout, BaseLayout *predict.Layout
	Confidence         float64
	Normalize          Normalize
	Notes              []string // what the files said of themselves

	N          int64   // rows compared, repeats counted; infinite ones included
	Weight     float64 // Σw of them
	Weighted   bool
	EffectiveN float64 // (Σw)²/Σw²
	Clusters   int64   // 0 where rows stand for themselves
	Classes    int     // how many

	KL       surprisal.Estimate // mean KL(base‖model)
	FiniteKL surprisal.Estimate // over the rows where it is finite
	// KLPoints are quantiles of the rows' KL, the last of which is the maximum.
	KLPoints []KLPoint
	Furthest RowRef // the row of the maximum, the first of several
	Exact    bool   // quantiles are exact, and not just within 1 % of themselves

	// Agreement is the share of rows where the two have the same most probable class.
	// Ties share: with a classes at the maximum of one and b of the other, and c of
	// them in common, the row counts c/max(a, b), which is 1 for a row and itself.
	Agreement surprisal.Estimate
	ByChance  float64 // the agreement if the rows of one were shuffled

	Labelled bool // it is known what happened: the next block is meaningful
	// CrossEntropy and BaseCrossEntropy are those of the two scorecards, and More is
	// the mean of the rows' differences, model − base: the log of the ratio of the
	// perplexities, with the error of pairs.
	CrossEntropy, BaseCrossEntropy, More surprisal.Estimate
	// Correlation is that of the errors of the two cross entropies, so that
	// SE(More)² = SE² + SE² − 2·Correlation·SE·SE: without weights and clusters
	// the correlation of the rows' surprisals. NaN where an error is 0 or missing.
	Correlation float64
	// Shift is the mean change of the probability of what happened, model − base, and
	// RMSShift the root of its mean square.
	Shift, RMSShift surprisal.Estimate

	Rows      DivergenceRows
	Worst     []DivergentRow // those furthest apart
	SumDefect [2]*SumDefect  // of the model's rows and the base's; nil of logits
	Warnings  []Warning
}

// KLPoint is the quantile of the share Part/Of.
type KLPoint struct {
	Part, Of int64
	Nats     float64
}

// DivergenceRows says what became of every row. A row that is invalid on both sides is
// in both lists, and once in LeftOut.
type DivergenceRows struct {
	Read, Compared, Infinite, ZeroWeight, LeftOut int64

	Invalid, InvalidBase []InvalidRows // by reason
	FirstInfinite        []RowRef      // of the model
}

// klPoints are the quantiles of a divergence.
var klPoints = [...]KLPoint{{Part: 1, Of: 2}, {Part: 90, Of: 100}, {Part: 95, Of: 100}, {Part: 99, Of: 100}, {Part: 999, Of: 1000}, {Part: 1, Of: 1}}

// divergence closes the books.
func (f *againstFold) divergence(kl *sharedQuantiles, inputs [2][]InputRead) (*Divergence, error) {
	for side := range f.defects {
		if f.options.Normalize == Refuse && f.layouts[side].Form != predict.Logits {
			if err := f.defects[side].check(inputs[side]); err != nil {
				return nil, err
			}
		}
		if err := f.contradicted(side, inputs[side]); err != nil {
			return nil, err
		}
	}
	all := &f.sums[klOf]
	if all.N() == 0 {
		return nil, f.nothingCompared(inputs)
	}
	d := &Divergence{
		Inputs: inputs[model], Base: inputs[base], Layout: f.layouts[model], BaseLayout: f.layouts[base],
		Confidence: f.options.Confidence, Normalize: f.options.Normalize,
		N: all.N(), Weight: all.Weight(), Weighted: f.layouts[model].Weight != "", EffectiveN: all.EffectiveN(),
		Clusters: int64(len(f.clusters)), Classes: len(f.layouts[model].Values),
		KL: f.estimate(klOf), Agreement: f.estimate(agreementOf), ByChance: f.byChance(),
		Exact: kl.q.Exact(), Labelled: f.labelled(), Correlation: math.NaN(),
		Rows:  DivergenceRows{Read: f.read, Compared: all.N(), Infinite: all.Infinite(), ZeroWeight: f.zeroWeight, LeftOut: f.leftOut, FirstInfinite: f.infinite.refs},
		Worst: f.worst.rows[:min(len(f.worst.rows), max(0, f.options.Worst))], Furthest: f.worst.rows[0].RowRef,
	}
	for side, list := range [2]*[]InvalidRows{&d.Rows.Invalid, &d.Rows.InvalidBase} {
		for why := range f.invalid[side] {
			if rows := f.invalid[side][why]; rows.count > 0 {
				*list = append(*list, InvalidRows{reasons[why].name, rows.count, rows.refs})
			}
		}
		if x := &f.defects[side]; x.seen {
			tolerance, _ := x.judge()
			d.SumDefect[side] = &SumDefect{x.largest, x.at, tolerance, x.decimals}
		}
	}
	d.FiniteKL = d.KL
	if d.Rows.Infinite > 0 {
		d.FiniteKL = f.without(all.FiniteMean(), "leaves out the infinite rows")
		d.FiniteKL.N = all.FiniteN()
	}
	for _, p := range klPoints {
		p.Nats = kl.q.At(p.Part, p.Of)
		d.KLPoints = append(d.KLPoints, p)
	}
	if d.Labelled {
		f.ofWhatHappened(d)
	}
	f.warn(d)
	return d, nil
}

// estimate is that of the mean of a figure of the rows.
func (f *againstFold) estimate(figure int) surprisal.Estimate {
	return estimate(&f.sums[figure], seqOf(f.clusters), f.options.Confidence,
		func(c *[figuresOfRow]surprisal.Cluster, sum *surprisal.Cluster) { sum.Merge(&c[figure]) })
}

// without is a value without an interval, for a reason.
func (f *againstFold) without(v float64, why string) surprisal.Estimate {
	nan := math.NaN()
	return surprisal.Estimate{Value: v, SE: nan, Lo: nan, Hi: nan, Confidence: f.options.Confidence, N: f.sums[klOf].N(), Why: why}
}

// ofWhatHappened fills in what needs labels.
func (f *againstFold) ofWhatHappened(d *Divergence) {
	d.CrossEntropy, d.BaseCrossEntropy = f.estimate(modelNats), f.estimate(baseNats)
	m, b := f.only[model] > 0, f.only[base] > 0
	switch {
	case f.both > 0 || m && b:
		d.More = f.without(math.NaN(), "both are infinite")
	case m:
		d.More = f.without(math.Inf(1), surprisal.WhyInfinite)
	case b:
		d.More = f.without(math.Inf(-1), surprisal.WhyInfinite)
	default:
		d.More = f.estimate(moreNats)
	}
	if x, y := d.CrossEntropy.SE, d.BaseCrossEntropy.SE; x > 0 && y > 0 && d.More.HasInterval() {
		z := d.More.SE
		d.Correlation = min(1, max(-1, (float64(x*x)+float64(y*y)-float64(z*z))/(2*float64(x*y))))
	}
	d.Shift = f.estimate(shiftOf)
	square := f.estimate(squareShift)
	d.RMSShift = square
	d.RMSShift.Value = math.Sqrt(square.Value)
	d.RMSShift.Lo, d.RMSShift.Hi = math.Sqrt(max(0, square.Lo)), math.Sqrt(square.Hi)
	if square.SE > 0 {
		d.RMSShift.SE = square.SE / (2 * d.RMSShift.Value)
	}
}

// byChance is the agreement to be expected if the rows of one side were shuffled: Σ of
// the products of the shares of each class among the most probable ones.
func (f *againstFold) byChance() float64 {
	var n, sum float64
	for _, c := range f.tops[model] {
		n += float64(c)
	}
	for k, c := range f.tops[model] {
		sum += float64(float64(c) / n * (float64(f.tops[base][k]) / n))
	}
	return sum
}

// contradicted is the error when a form that was found, not said, does not fit a
// good part of a side's rows.
func (f *againstFold) contradicted(side int, inputs []InputRead) error {
	l := f.layouts[side]
	if !l.Guessed {
		return nil
	}
	var out firstRows
	for _, why := range [...]reason{negative, aboveOne, logAboveZero} {
		out.merge(&f.invalid[side][why])
	}
	if out.count*10 <= f.read {
		return nil
	}
	flags := [2]string{"--probs, --logprobs or --logits", "--base-probs, --base-logprobs or --base-logits"}
	return &predict.Error{
		Source: inputs[out.refs[0].Input].Path, Row: out.refs[0].Row,
		What: fmt.Sprintf("the first rows looked like %s, but %d of %d rows hold values that cannot be that (first: %s)",
			l.Form, out.count, f.read, nameRows(out.refs, inputs)),
		Hint: "say what the columns hold: " + flags[side],
	}
}

// nothingCompared is the error when no pair of rows was left.
func (f *againstFold) nothingCompared(inputs [2][]InputRead) error {
	var parts []string
	for side, of := range [2]string{"", " in the base"} {
		for why := range f.invalid[side] {
			if n := f.invalid[side][why].count; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s%s", n, reasons[why].name, of))
			}
		}
	}
	if f.zeroWeight > 0 {
		parts = append(parts, fmt.Sprintf("%d of weight 0", f.zeroWeight))
	}
	e := &predict.Error{Source: inputs[model][0].Path, What: "no rows: nothing to compare"}
	if f.read > 0 {
		e.What = fmt.Sprintf("none of the %d rows could be compared: %s", f.read, strings.Join(parts, ", "))
		e.Hint = "check which columns were taken: --probs, --logits, --logprobs; of the base --base-probs, --base-logits, --base-logprobs"
	}
	return e
}

// nearChance is how much of the way from chance to full agreement is so little that
// the rows, or the classes, are probably not the same.
const nearChance = 0.1

// warn says what a reader must know before using the numbers.
func (f *againstFold) warn(d *Divergence) {
	add := func(hint, format string, args ...any) {
		d.Warnings = append(d.Warnings, Warning{fmt.Sprintf(format, args...), hint})
	}
	inputs := [2][]InputRead{d.Inputs, d.Base}
	if a := d.Agreement.Value; d.N >= 10 && d.ByChance < 0.95 && a-d.ByChance < nearChance*(1-d.ByChance) {
		add("both must have the same rows in the same order, and the same classes (or vocabulary) in the same order",
			"the two have the same most probable class in %.1f %% of the rows, and shuffled rows would in %.1f %%: rows or classes are probably not the same", 100*a, 100*d.ByChance)
	}
	if n := d.Rows.Infinite; n > 0 {
		add("a class that one model rules out and the other does not makes the divergence infinite",
			"in %s the model gives probability 0 to a class that the base allows, so the mean KL is infinite (%s)",
			countRows(n), nameRows(d.Rows.FirstInfinite, d.Inputs))
	}
	if d.Labelled {
		for side, who := range [2]string{"the model", "the base"} {
			if n := f.only[side] + f.both; n > 0 {
				add("", "%s gave probability 0 to what happened in %s, so its cross entropy is infinite", who, countRows(n))
			}
		}
	}
	for side, list := range [2][]InvalidRows{d.Rows.Invalid, d.Rows.InvalidBase} {
		of := [2]string{"", " in the base"}[side]
		for _, rows := range list {
			add("--strict makes the first one an error", "%s left out: %s%s (%s)", countRows(rows.Count), rows.Reason, of, nameRows(rows.First, inputs[side]))
		}
		if x := d.SumDefect[side]; x != nil && x.Largest > leastTolerance {
			how := "scored as stored"
			if f.rescale() {
				how = "rescaled to it"
			}
			add("", "rows%s miss a sum of 1 by up to %.3g (%s): %s", of, x.Largest, nameRows([]RowRef{x.At}, inputs[side]), how)
		}
	}
	if d.Rows.ZeroWeight > 0 {
		add("", "%s of weight 0 contributed nothing", countRows(d.Rows.ZeroWeight))
	}
	if _, ok := f.clusters[""]; ok {
		add("", "rows without a cluster key were taken as one cluster")
	}
}
