package score

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"surprisal"
	"surprisal/loss"
	"surprisal/predict"
)

// scorecard closes the books: every ratio is formed here, once.
func (f *fold) scorecard(inputs []InputRead) (*Scorecard, error) {
	f.flush()
	if f.layout.Form == predict.Probabilities || f.layout.Form == predict.LogProbabilities {
		if f.options.Normalize == Refuse {
			if err := f.defects.check(inputs); err != nil {
				return nil, err
			}
		}
	}
	negative := ""
	if others := f.sortedOthers(); len(others) > 1 {
		at := f.others[others[1]]
		return nil, &predict.Error{
			Source: inputs[at.Input].Path, Row: at.Row,
			What: fmt.Sprintf("label %q: beside the positive class %q there are both %q and %q, but one probability column scores two classes",
				others[1], f.layout.Classes[1], others[0], others[1]),
			Hint: "give one column per class with --probs, or choose the label column with --label",
		}
	} else if len(others) == 1 {
		negative = others[0]
	}
	if err := f.contradicted(inputs); err != nil {
		return nil, err
	}

	var all surprisal.Accumulator
	for i := range f.classes {
		all.Merge(&f.classes[i])
	}
	all.Merge(&f.soft)
	if all.N() == 0 {
		return nil, f.nothingScored(inputs)
	}

	c := &Scorecard{
		Inputs: inputs, Layout: f.layout, Confidence: f.options.Confidence,
		Floor: f.options.Floor, Normalize: f.options.Normalize,
		N: all.N(), Weight: all.Weight(), Weighted: f.layout.Weight != "",
		EffectiveN: all.EffectiveN(), Clusters: f.clusters.len(),
		NLL: all.Total(), Join: f.joined,
		Rows: RowCounts{
			Read: f.read, Scored: all.N(), Infinite: all.Infinite(), ZeroWeight: f.zeroWeight, Floored: f.floored,
			FirstInfinite: f.infinite.refs,
		},
		Worst: f.worst.rows,
	}
	for why := range f.invalid {
		if rows := f.invalid[why]; rows.count > 0 {
			c.Rows.Invalid = append(c.Rows.Invalid, InvalidRows{reasons[why].name, rows.count, rows.refs})
		}
	}
	if c.Rows.Infinite > 0 || f.floored > 0 {
		c.FloorCurve = f.curve.points(&all)
	}
	if f.defects.seen {
		tolerance, _ := f.defects.judge()
		c.SumDefect = &SumDefect{f.defects.largest, f.defects.at, tolerance, f.defects.decimals}
	}

	// Values come from the sums over rows, errors from those over clusters where there are any.
	c.CrossEntropy = estimateOf(&all, f.clusters.each(), f.options.Confidence, (*cluster).all)
	c.Finite = c.CrossEntropy
	if c.Rows.Infinite > 0 {
		c.Finite = surprisal.Estimate{Value: all.FiniteMean(), SE: math.NaN(), Lo: math.NaN(), Hi: math.NaN(),
			Confidence: f.options.Confidence, N: all.FiniteN(), Why: "leaves out the infinite rows"}
	}
	for j, name := range perNames {
		if per := &f.total.per[j]; per.N() > 0 {
			mean := estimateOf(per, f.clusters.each(), f.options.Confidence, func(k *cluster) *surprisal.Cluster { return f.clusters.per(k, j) })
			c.Per = append(c.Per, PerCount{name, per.Weight(), mean})
		}
	}
	c.Documents = f.documents(&all)
	if f.layout.Classes != nil {
		c.HasLabels = true
		c.Accuracy = estimateOf(&f.total.hit, f.clusters.each(), f.options.Confidence, func(k *cluster) *surprisal.Cluster { return &k.more.judged.hit })
		c.Brier = estimateOf(&f.total.brier, f.clusters.each(), f.options.Confidence, func(k *cluster) *surprisal.Cluster { return &k.more.judged.brier })
		c.BrierKind = "sum over the classes of (p − y)², 0 to 2"
		if len(f.layout.Classes) == 2 {
			c.BrierKind = "mean of (p − y)², 0 to 1"
		}
		f.againstShares(c, &all, negative)
	}
	f.sliceScores(c)
	f.warn(c)
	return c, nil
}

// estimate is the estimate of a mean whose value comes from all, and whose error
// from the clusters, if rows are clustered; part picks the sums of a cluster.
func (f *fold) estimate(all *surprisal.Accumulator, part func(k *cluster, sum *surprisal.Cluster)) surprisal.Estimate {
	return estimate(all, f.clusters.each(), f.options.Confidence, part)
}

func estimate[C any](all *surprisal.Accumulator, clusters iter.Seq[C], confidence float64, part func(k C, sum *surprisal.Cluster)) surprisal.Estimate {
	sum := new(surprisal.Cluster) // one for all: there may be millions
	return estimateOf(all, clusters, confidence, func(k C) *surprisal.Cluster {
		*sum = surprisal.Cluster{}
		part(k, sum)
		return sum
	})
}

// estimateOf is estimate where part gives sums that are there already.
func estimateOf[C any](all *surprisal.Accumulator, clusters iter.Seq[C], confidence float64, part func(k C) *surprisal.Cluster) surprisal.Estimate {
	e := all.Estimate(confidence)
	if clusters == nil || all.N() == 0 {
		return e
	}
	var over surprisal.Accumulator
	for k := range clusters {
		if sum := part(k); sum.N() > 0 {
			over.AddCluster(sum)
		}
	}
	by := over.Estimate(confidence)
	// Rounded cluster sums could move the value by its last bit: keep that of the rows.
	by.Value = e.Value
	if by.Why == "one row" {
		by.Why = "one cluster"
	}
	return by
}

// seqOf is the values of a map; nil of nil.
func seqOf[C any](clusters map[string]C) iter.Seq[C] {
	if clusters == nil {
		return nil
	}
	return maps.Values(clusters)
}

// againstShares fills in what depends on the class shares: base rate, skill,
// class table, soft labels.
func (f *fold) againstShares(c *Scorecard, all *surprisal.Accumulator, negative string) {
	names := slices.Clone(f.layout.Classes)
	if f.layout.Form.Binary() && names[0] == "" {
		names[0] = negative
		if negative == "" {
			names[0] = "not " + names[1]
		}
	}
	soft := f.soft.N() > 0
	var weights []float64
	if f.shares != nil {
		for k := range f.shares {
			weights = append(weights, f.shares[k].Total())
		}
		h := estimateOf(&f.total.labelEntropy, f.clusters.each(), f.options.Confidence, func(k *cluster) *surprisal.Cluster { return &k.more.soft.labelEntropy })
		kl := estimateOf(&f.total.kl, f.clusters.each(), f.options.Confidence, func(k *cluster) *surprisal.Cluster { return &k.more.soft.kl })
		c.Soft = &SoftScore{LabelEntropy: h, KL: kl}
	} else {
		for k := range f.classes {
			weights = append(weights, f.classes[k].Weight())
		}
	}
	base, present := baseRates(weights)
	c.BaseRateEntropy = baseEntropy(weights, base)
	if c.Soft != nil {
		c.Soft.Explained = (c.BaseRateEntropy - c.CrossEntropy.Value) / (c.BaseRateEntropy - c.Soft.LabelEntropy.Value)
		if present < 2 || math.IsInf(c.CrossEntropy.Value, 0) {
			c.Soft.Explained = math.NaN()
		}
	}
	c.Skill = f.skill(all, base, present, soft)
	if soft {
		if present >= 2 {
			c.Skill.Value = 1 - c.CrossEntropy.Value/c.BaseRateEntropy
		}
		return
	}
	total := all.Total()
	for k := range f.classes {
		mean := f.estimate(&f.classes[k], func(cl *cluster, sum *surprisal.Cluster) {
			cl.eachClass(func(class int32, part *surprisal.Cluster) {
				if class == int32(k) {
					sum.Merge(part)
				}
			})
		})
		c.Classes = append(c.Classes, ClassScore{
			Class: names[k], N: f.classes[k].N(), Weight: weights[k], Mean: mean, Share: share(f.classes[k].Total(), total),
		})
	}
}

// baseRates is what each class costs under the class shares alone, −log share, in
// nats (0 for a class that did not occur), and how many classes occurred.
func baseRates(weights []float64) (nats []float64, present int) {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	nats = make([]float64, len(weights))
	for k, w := range weights {
		if w > 0 {
			nats[k] = max(0, loss.Prob(w/sum))
			present++
		}
	}
	return nats, present
}

// baseEntropy is the mean of the base rates' costs: the entropy of the class
// shares.
func baseEntropy(weights, base []float64) float64 {
	var mean surprisal.Accumulator
	for k, w := range weights {
		switch {
		case w == 0:
		case w == math.Trunc(w) && w <= 1<<53:
			mean.AddRepeated(base[k], 1, int64(w))
		default:
			mean.AddRatio(w*base[k], w)
		}
	}
	return mean.Mean()
}

// skill is 1 − Σws/Σwb, with b the cost of the row's class under the class shares.
func (f *fold) skill(all *surprisal.Accumulator, base []float64, present int, soft bool) surprisal.Estimate {
	none := surprisal.Estimate{Value: math.NaN(), SE: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), Confidence: f.options.Confidence, N: all.N()}
	switch {
	case present < 2:
		none.Why = "one class"
		return none
	case soft:
		none.Why = "label shares: no interval is computed"
		return none
	}
	var ratio surprisal.Accumulator
	for k := range f.classes {
		ratio.MergeScaled(&f.classes[k], base[k])
	}
	e := f.estimate(&ratio, func(cl *cluster, sum *surprisal.Cluster) {
		cl.eachClass(func(class int32, part *surprisal.Cluster) { sum.MergeScaled(part, base[class]) })
	})
	e.Value, e.Lo, e.Hi = 1-e.Value, 1-e.Hi, 1-e.Lo
	return e
}

// share is the part of a total; NaN where the total is infinite or 0.
func share(part, total float64) float64 {
	if total == 0 || math.IsInf(total, 0) {
		return math.NaN()
	}
	return part / total
}

// sliceScores fills in the slices, in the order of their keys.
func (f *fold) sliceScores(c *Scorecard) {
	if f.slices == nil {
		return
	}
	c.SliceBy = f.layout.By
	for _, s := range f.slices {
		key := slices.Clone(s.key)
		for i := range key {
			if key[i] == "" {
				key[i] = "(missing)"
			}
		}
		mean := estimateOf(&s.sum, seqOf(s.clusters), f.options.Confidence, func(k *surprisal.Cluster) *surprisal.Cluster { return k })
		c.Slices = append(c.Slices, Slice{key, s.sum.N(), mean, share(s.sum.Total(), c.NLL)})
	}
	slices.SortFunc(c.Slices, func(a, b Slice) int { return slices.CompareFunc(a.Key, b.Key, naturally) })
}

// naturally orders whole numbers by value, before other strings.
func naturally(a, b string) int {
	x, okX := wholeNumber(a)
	y, okY := wholeNumber(b)
	switch {
	case okX && okY && x != y:
		return cmp.Compare(x, y)
	case okX != okY:
		if okX {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

func wholeNumber(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// nothingScored is the error when no row was left to score.
func (f *fold) nothingScored(inputs []InputRead) error {
	var parts []string
	for why := range f.invalid {
		if n := f.invalid[why].count; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, reasons[why].name))
		}
	}
	if f.zeroWeight > 0 {
		parts = append(parts, fmt.Sprintf("%d of weight 0", f.zeroWeight))
	}
	e := &predict.Error{Source: inputs[0].Path}
	if len(inputs) > 1 {
		e.Source = ""
	}
	if f.read == 0 {
		e.What = "no rows: nothing to score"
		return e
	}
	e.What = fmt.Sprintf("none of the %d rows could be scored: %s", f.read, strings.Join(parts, ", "))
	e.Hint = "check which columns were taken: --label, --prob, --probs"
	return e
}

// contradicted is the error when a form that was found, not said, does not fit a
// good part of the rows.
func (f *fold) contradicted(inputs []InputRead) error {
	if !f.layout.Guessed {
		return nil
	}
	var out firstRows
	for _, why := range [...]reason{negative, aboveOne, logAboveZero} {
		out.merge(&f.invalid[why])
	}
	if out.count*10 <= f.read {
		return nil
	}
	return &predict.Error{
		Source: inputs[out.refs[0].Input].Path, Row: out.refs[0].Row,
		What: fmt.Sprintf("the first rows looked like %s, but %d of %d rows hold values that cannot be that (first: %s)",
			f.layout.Form, out.count, f.read, nameRows(out.refs, inputs)),
		Hint: "say what the columns hold: --probs, --logprobs, --logits, --prob, --logprob or --nll",
	}
}

// warn says what a reader must know before using the numbers.
func (f *fold) warn(c *Scorecard) {
	add := func(hint, format string, args ...any) {
		c.Warnings = append(c.Warnings, Warning{fmt.Sprintf(format, args...), hint})
	}
	if f.apart != nil {
		if n := f.order.Shuffled(); n > 0 {
			add("if these say which row it is: --join 'Unnamed: 0'",
				"the labels' file has the same row numbers in another order, in %s: labels were taken row by row all the same", countRows(n))
		}
	}
	if n := c.Rows.Infinite; n > 0 {
		add("--floor 1e-6 (say) shows the score with a floor, which is printed with it",
			"%s gave probability 0 to what happened, so the cross entropy is infinite (%s)",
			countRows(n), nameRows(c.Rows.FirstInfinite, c.Inputs))
	}
	for _, rows := range c.Rows.Invalid {
		add("--strict makes the first one an error",
			"%s left out: %s%s (%s)", countRows(rows.Count), rows.Reason, f.keysOf(rows), nameRows(rows.First, c.Inputs))
	}
	f.warnJoin(add)
	if c.Rows.ZeroWeight > 0 {
		add("", "%s of weight 0 contributed nothing", countRows(c.Rows.ZeroWeight))
	}
	if c.Rows.Floored > 0 {
		add("the floor curve shows how much the choice decides", "the floor %g raised the probability of what happened in %s", c.Floor, countRows(c.Rows.Floored))
	}
	if f.negativeNats > 0 {
		add("densities above 1 do this; probabilities cannot", "%s with a negative surprisal", countRows(f.negativeNats))
	}
	if d := c.SumDefect; d != nil && d.Largest > leastTolerance {
		switch f.options.Normalize {
		case Refuse:
			add("", "rows miss a sum of 1 by up to %.3g (%s), within what rounding explains (%.3g): scored as stored",
				d.Largest, nameRows([]RowRef{d.At}, c.Inputs), d.Tolerance)
		case Rescale:
			add("", "rows missed a sum of 1 by up to %.3g (%s) and were rescaled to it", d.Largest, nameRows([]RowRef{d.At}, c.Inputs))
		case AsIs:
			add("--normalize rescale makes each row sum to 1", "rows miss a sum of 1 by up to %.3g (%s) and were scored as stored",
				d.Largest, nameRows([]RowRef{d.At}, c.Inputs))
		}
	}
	if f.shareDefect > leastTolerance {
		add("", "label shares miss a sum of 1 by up to %.3g", f.shareDefect)
	}
	if c.HasLabels && c.Skill.Why == "one class" {
		add("", "all rows have the same label, so there is no base rate to compare with: skill is undefined")
	}
	for _, k := range c.Classes {
		if k.Weight == 0 && len(c.Classes) > 2 {
			add("", "class %q has a column but no row", k.Class)
		}
	}
	if f.clusters.has("") {
		add("", "rows without a cluster key were taken as one cluster")
	}
}

func countRows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// describeSource says what kind of figure this is, where the source or its gaps
// make it another than the usual.
func (c *Scorecard) describeSource(selfScored bool) {
	if c.SelfScored = selfScored; selfScored {
		c.Warnings = append(c.Warnings, Warning{
			"self-scored: these are log-probabilities of text that the model made itself, so their mean estimates the model's own entropy (and only if it drew at temperature 1 from all tokens); it is no loss on data",
			"for a loss, score given text: prompt_logprobs, or echo"})
	}
	for _, r := range c.Rows.Invalid {
		if r.Reason == reasons[censored].name {
			c.LowerBound = true
			c.Warnings = append(c.Warnings, Warning{
				fmt.Sprintf("of %s only a bound is known (censored): the total is a lower bound, and the means leave these rows out", countRows(r.Count)), ""})
		}
	}
}
