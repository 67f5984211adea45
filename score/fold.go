package score

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"surprisal"
	"surprisal/loss"
	"surprisal/predict"
)

// fold is the mergeable state of a scoring: one per worker while the files are
// read, merged into one at the end. Everything in it is exact or ordered by row,
// so neither the division of the rows nor the order of merging can show.
type fold struct {
	layout  *predict.Layout
	options Options
	match   *predict.Matcher
	apart   *apartLabels // nil if the labels stand beside the predictions
	labels  rowLabels    // apart, of the batch that is folded
	toNats  float64      // factor from the layout's log base to nats
	cap     float64      // −log of the floor; +Inf without one

	input    int              // the input being read
	base     int64            // rows of the inputs before it
	numbered bool             // its clusters are numbered, as those of other inputs are
	bind     *predict.Binding // its columns

	texts            rowTexts                // rows that are documents, if the options ask
	total            measures                // all rows but their cross entropy
	classes          []surprisal.Accumulator // cross entropy, by class; one if there are no labels
	soft             surprisal.Accumulator   // cross entropy of rows with label shares
	shares           []surprisal.Accumulator // mass of each class in label shares
	shareDefect      float64
	clusters         *clusters // nil if rows are not clustered
	slices           map[string]*slice
	defects          defects
	curve            floorCurve
	worst            worstRows
	read, zeroWeight int64
	floored          int64
	negativeNats     int64
	infinite         firstRows
	invalid          [reasonCount]firstRows
	order            predict.Order     // of the numbers of rows, where labels in a file of their own have some
	others           map[string]RowRef // labels taken for the negative class by exclusion, with their first row

	joined *JoinTally // set when all rows are in; nil where no labels were joined

	plain   plainRows
	quick   quickRows
	columns columnRows

	// The dictionary of labels met last, by the first element of its Off, and the
	// classes of its entries.
	dictionary struct {
		first   *int32
		classes []int32
	}

	last *cluster // that of the last row, if rows are clustered

	// scratch
	found            []int32 // the class of each row of a batch, or what Matcher gives instead
	targets          []int   // the class that is scored, or -1
	judged           loss.Judged
	odds             []float64
	p, logP, y, log  []float64
	key, clusterName []byte
}

// measures are the means of a set of rows beside their cross entropy.
type measures struct {
	hit, brier       surprisal.Accumulator
	labelEntropy, kl surprisal.Accumulator
	per              [len(perNames)]surprisal.Accumulator
}

// perNames are the things a row may hold several of.
var perNames = [...]string{"token", "word", "byte"}

func (m *measures) merge(o *measures) {
	m.hit.Merge(&o.hit)
	m.brier.Merge(&o.brier)
	m.labelEntropy.Merge(&o.labelEntropy)
	m.kl.Merge(&o.kl)
	for i := range m.per {
		m.per[i].Merge(&o.per[i])
	}
}

// needs gives a new cluster what this data set needs.
func (f *fold) needs(c *cluster) {
	var m moreCluster
	any := false
	if f.layout.Classes != nil {
		m.judged, any = &judgedCluster{}, true
	}
	if f.shares != nil {
		m.soft, any = &softCluster{}, true
	}
	if any {
		c.more = &m
	}
}

// slice is the rows that share a slicing key.
type slice struct {
	key      []string
	sum      surprisal.Accumulator
	clusters map[string]*surprisal.Cluster // if rows are clustered
}

func (s *slice) merge(o *slice) {
	s.sum.Merge(&o.sum)
	for key, c := range o.clusters {
		if mine := s.clusters[key]; mine != nil {
			mine.Merge(c)
		} else {
			s.clusters[key] = c
		}
	}
}

// rowWeight is what a row counts for: n repeats of weight w.
type rowWeight struct {
	w float64
	n int64
}

// into adds a row's figure to a mean.
func (w rowWeight) into(sum *surprisal.Accumulator, x float64) {
	if w.n == 1 && w.w == 1 {
		sum.Add(x)
	} else {
		sum.AddRepeated(w.w*x, w.w, w.n)
	}
}

// intoCluster adds a row's figure to a cluster's sums.
func (w rowWeight) intoCluster(sum *surprisal.Cluster, x float64) {
	sum.AddRepeated(w.w*x, w.w, w.n)
}

// plainRows are rows that count once and belong to no cluster: the common case,
// added in bulk, many at a time because there may be many classes.
type plainRows struct {
	class       []int32
	nats, brier []float64
	hits        [2]int64 // rows that missed, rows that hit; ties are added one by one
	sorted      []float64
	start       []int32
}

// plainMost is how many plain rows are kept, about.
const plainMost = 1 << 13

// flush adds the plain rows to the sums.
func (f *fold) flush() { f.plain.flush(f.classes, &f.total, f.layout.Classes != nil) }

// flush adds the rows to the sums.
func (p *plainRows) flush(classes []surprisal.Accumulator, total *measures, judged bool) {
	if len(p.nats) == 0 {
		return
	}
	if judged {
		total.brier.AddSlice(p.brier)
		for hit, n := range p.hits {
			total.hit.AddRepeated(float64(hit), 1, n)
		}
	}
	if len(classes) == 1 {
		classes[0].AddSlice(p.nats)
	} else if len(p.nats) < 4*len(classes) {
		for i, c := range p.class {
			classes[c].Add(p.nats[i])
		}
	} else if len(classes) <= fewColumns {
		p.sorted = slices.Grow(p.sorted[:0], len(p.nats))[:len(p.nats)]
		ends := groupFew(p.class, p.nats, p.sorted)
		from := int32(0)
		for c := range classes {
			classes[c].AddSlice(p.sorted[from:ends[c]])
			from = ends[c]
		}
	} else {
		p.start = append(p.start[:0], make([]int32, len(classes)+1)...)
		for _, c := range p.class {
			p.start[c+1]++
		}
		for c := range classes {
			p.start[c+1] += p.start[c]
		}
		p.sorted = append(p.sorted[:0], p.nats...)
		for i, c := range p.class {
			p.sorted[p.start[c]] = p.nats[i]
			p.start[c]++
		}
		from := int32(0)
		for c := range classes {
			classes[c].AddSlice(p.sorted[from:p.start[c]])
			from = p.start[c]
		}
	}
	p.class, p.nats, p.brier, p.hits = p.class[:0], p.nats[:0], p.brier[:0], [2]int64{}
}

func newFold(layout *predict.Layout, options Options, apart *apartLabels, match *predict.Matcher) *fold {
	f := &fold{layout: layout, options: options, apart: apart, match: match, toNats: 1, cap: math.Inf(1)}
	if layout.Form.Logarithmic() {
		switch layout.LogBase {
		case 2:
			f.toNats = math.Ln2
		case 10:
			f.toNats = math.Ln10
		}
	}
	if options.Floor > 0 {
		f.cap = loss.Prob(options.Floor)
	}
	k := max(1, len(layout.Values))
	f.p, f.logP, f.y, f.log = make([]float64, k), make([]float64, k), make([]float64, k), make([]float64, k)
	f.classes = make([]surprisal.Accumulator, max(1, len(layout.Classes)))
	if layout.OneHot != nil {
		f.shares = make([]surprisal.Accumulator, len(layout.Classes))
	}
	if layout.Cluster != "" {
		f.clusters = newClusters([...]bool{layout.Tokens != "", layout.Words != "", layout.Bytes != ""})
	}
	if len(layout.By) > 0 {
		f.slices = map[string]*slice{}
	}
	f.defects = newDefects(k)
	f.curve.init()
	f.worst.keep = options.Worst
	return f
}

// start says which input the next batches come from.
func (f *fold) start(input int, base int64, bind *predict.Binding) {
	f.input, f.base, f.bind = input, base, bind
}

// add folds one batch.
func (f *fold) add(b *predict.Batch) error {
	f.defects.decimals = max(f.defects.decimals, b.Decimals)
	f.defects.stored(b.Half, b.Brain)
	if f.apart != nil {
		return f.labelled(b, f.addBatch)
	}
	return f.addBatch(b)
}

// addBatch is add where the labels are at hand.
func (f *fold) addBatch(b *predict.Batch) error {
	if f.apart != nil && f.bind.ID >= 0 {
		for i := range b.Rows {
			row, id := f.base+b.First-1+int64(i), b.Texts[f.bind.ID].At(i)
			if f.labels.numbered(f.layout.ID, row) {
				f.labels.see(&f.order, row, id)
			} else if what, hint := f.apart.wrongRow(&f.labels, f.layout.ID, row, id); what != "" {
				return f.trouble(b, i, what, hint)
			}
		}
	}
	if b.Columns != nil {
		return f.addColumns(b)
	}
	if b.F32 != nil {
		return addValues(f, b, b.F32)
	}
	return addValues(f, b, b.F64)
}

// addValues folds a batch whose values are stored as T, as fast as its rows allow.
func addValues[T loss.Float](f *fold, b *predict.Batch, values []T) error {
	switch {
	case f.lone():
		return addLone(f, b, values)
	case f.turns(b):
		return addTurned(f, b, values)
	}
	return addRows(f, b, values)
}

// addRows folds the rows of a batch whose values are stored as T.
func addRows[T loss.Float](f *fold, b *predict.Batch, values []T) error {
	missing := b.Missing
	quick := f.quickly()
	f.found = f.classesOf(f.found, b)
	if f.shares == nil && f.match != nil {
		switch f.layout.Form {
		case predict.Logits:
			loss.Judge(&f.judged, values[:b.Rows*b.K], b.K, f.aim())
		case predict.PositiveLogit:
			// As logits 0 and z.
			f.odds = append(f.odds[:0], make([]float64, 2*b.Rows)...)
			for i, z := range values[:b.Rows] {
				f.odds[2*i+1] = float64(z)
			}
			loss.Judge(&f.judged, f.odds, 2, f.aim())
		}
	}
	defer func() {
		f.finishQuick(b)
		if len(f.plain.nats) >= plainMost {
			f.flush()
		}
	}()
	for i := 0; i < b.Rows; i++ {
		f.read++
		if quick && (len(missing) == 0 || int(missing[0].Row) != i) && quickRow(f, b, i, values[i*b.K:(i+1)*b.K]) {
			continue
		}
		why := sound
		for len(missing) > 0 && int(missing[0].Row) == i {
			if why == sound {
				why = reasonOf(missing[0].Why)
			}
			missing = missing[1:]
		}
		if why == sound && b.Decimals < 0 && anyNaN(values[i*b.K:(i+1)*b.K]) { // see Selection.OwnNaN
			why = nanCell
		}
		class, err := f.classOf(b, i)
		if err != nil {
			return err
		}
		if class == predict.NoLabel && why == sound {
			why = noLabel
		}
		w, badWeight := f.weightOf(b, i)
		if why == sound {
			why = badWeight
		}
		var r softRow
		if why == sound {
			r = scoreRow(f, b, i, values[i*b.K:(i+1)*b.K], class, w)
			why = r.why
		}
		if why != sound {
			if err := f.reject(b, i, why); err != nil {
				return err
			}
			continue
		}
		if w.n == 0 || w.w == 0 {
			f.zeroWeight++
			continue
		}
		if err := f.keep(b, i, &r, class, w); err != nil {
			return err
		}
	}
	return nil
}

// ref names row i of the batch.
func (f *fold) ref(b *predict.Batch, i int) RowRef { return RowRef{f.input, b.First + int64(i)} }

// trouble is an error about row i of the batch.
func (f *fold) trouble(b *predict.Batch, i int, what, hint string) error {
	return &predict.Error{Row: b.First + int64(i), Line: b.Line(i), What: what, Hint: hint}
}

// reject counts a row that cannot be scored.
func (f *fold) reject(b *predict.Batch, i int, why reason) error {
	if f.options.Strict {
		if why == unmatched && b.Keys != nil {
			return f.trouble(b, i, fmt.Sprintf("invalid row: key %q is not among the labels", b.Keys.At(i)),
				"without --strict such rows are counted and left out")
		}
		return f.trouble(b, i, fmt.Sprintf("invalid row: %s, expected %s", reasons[why].name, reasons[why].expected),
			"without --strict invalid rows are counted and left out")
	}
	f.invalid[why].add(f.ref(b, i))
	return nil
}

// classesOf gives the classes of a batch's rows, or what Matcher gives instead, in
// the memory of dst. Of rows beyond the end of the labels it is Unknown.
func (f *fold) classesOf(dst []int32, b *predict.Batch) []int32 {
	dst = slices.Grow(dst[:0], b.Rows)
	if f.match == nil {
		return dst
	}
	if f.apart != nil {
		from := f.base + b.First - 1
		return f.labels.appendClasses(dst, f.match, from, from+int64(b.Rows))
	}
	labels := &b.Texts[f.bind.Label]
	if labels.Index == nil {
		for i := range b.Rows {
			dst = append(dst, int32(f.match.Class(labels.At(i))))
		}
		return dst
	}
	const unseen = math.MinInt32
	d := &f.dictionary
	if first := &labels.Off[0]; d.first != first {
		d.first, d.classes = first, slices.Repeat([]int32{unseen}, len(labels.Off))
	}
	dst = dst[:b.Rows]
	for i, entry := range labels.Index[:len(dst)] {
		class := d.classes[entry]
		if class == unseen {
			class = int32(f.match.Class(labels.At(i)))
			d.classes[entry] = class
		}
		dst[i] = class
	}
	return dst
}

// aim gives the class to score of each row, -1 if there is none.
func (f *fold) aim() []int {
	f.targets = f.targets[:0]
	for _, class := range f.found {
		if class == predict.Other {
			class = 0
		}
		f.targets = append(f.targets, max(int(class), -1))
	}
	return f.targets
}

// classOf is the class of row i: 0 where there are no labels or they are shares.
func (f *fold) classOf(b *predict.Batch, i int) (int, error) {
	if f.match == nil {
		return 0, nil
	}
	var label []byte
	class := int(f.found[i])
	if f.apart != nil {
		at := f.base + b.First - 1 + int64(i)
		if at >= f.labels.end {
			return 0, f.trouble(b, i, f.labels.short(), labelsHint+"; --join COL finds labels by a key")
		}
		if class < 0 {
			label = []byte(f.labels.name(at))
		}
	} else {
		label = b.Texts[f.bind.Label].At(i)
	}
	switch class {
	case predict.Unknown:
		return 0, f.unknownLabel(b, i, string(label))
	case predict.Other:
		if f.others == nil {
			f.others = map[string]RowRef{}
		}
		at := f.ref(b, i)
		if first, ok := f.others[string(label)]; !ok && len(f.others) < 3 || ok && at.before(first) {
			f.others[string(label)] = at
		}
		class = 0
	}
	return class, nil
}

// unknownLabel is the error of a label that no column stands for.
func (f *fold) unknownLabel(b *predict.Batch, i int, label string) error {
	l := f.layout
	if l.ByIndex {
		return f.trouble(b, i, fmt.Sprintf("label %q is not the number of a column: expected 0 to %d", label, len(l.Values)-1),
			"name the classes with --classes, in the order of the columns")
	}
	hint := "is this the label column? choose it with --label; name the classes with --classes"
	if b.Keys != nil {
		hint = "is this the label column? choose it with --labels FILE:COLUMN; name the classes with --classes"
	}
	if l.Form.Binary() {
		hint = "a single probability column scores two classes; give one column per class with --probs"
	}
	return f.trouble(b, i, fmt.Sprintf("label %q has no column; the classes are %s", label, listClasses(l.Classes)), hint)
}

func listClasses(classes []string) string {
	const most = 12
	if len(classes) > most {
		return fmt.Sprintf("%q … (%d in all)", classes[:most], len(classes))
	}
	return fmt.Sprintf("%q", classes)
}

// weightOf is what row i counts for.
func (f *fold) weightOf(b *predict.Batch, i int) (rowWeight, reason) {
	w := rowWeight{1, 1}
	if f.bind.Weight >= 0 {
		w.w = b.Numbers[f.bind.Weight][i]
		if !(w.w >= 0) || math.IsInf(w.w, 1) {
			return w, badWeight
		}
	}
	if f.bind.Freq >= 0 {
		n := b.Numbers[f.bind.Freq][i]
		if !(n >= 0 && n <= 1<<53) || n != math.Trunc(n) {
			return w, badFreq
		}
		w.n = int64(n)
	}
	for _, column := range [...]int{f.bind.Tokens, f.bind.Words, f.bind.Bytes} {
		if column >= 0 {
			if n := b.Numbers[column][i]; !(n >= 0) || math.IsInf(n, 1) {
				return w, badCount
			}
		}
	}
	return w, sound
}

// scoreRow scores the values of row i.
func scoreRow[T loss.Float](f *fold, b *predict.Batch, i int, row []T, class int, w rowWeight) softRow {
	rescale := f.options.Normalize == Rescale
	form := f.layout.Form
	if f.shares != nil {
		why, sum := logsOf(form, f.toNats, row, rescale, f.p, f.logP)
		if why != sound {
			return softRow{rowScore: rowScore{why: why}}
		}
		for k := range f.y {
			f.y[k] = b.Numbers[f.bind.OneHot+k][i]
		}
		r := scoreShares(f.y, f.p, f.logP, f.log)
		if r.why == sound && form != predict.Logits && w.n > 0 && w.w > 0 {
			f.defects.add(sum, f.ref(b, i))
		}
		return r
	}
	var r rowScore
	var sum float64
	switch form {
	case predict.Probabilities:
		r, sum = probabilities(row, class, rescale)
		r.nats = loss.Prob(r.prob)
	case predict.LogProbabilities:
		r, sum = logarithms(row, class, f.toNats, rescale)
	case predict.Logits:
		r = logits(row, class, f.judged.Nats[i], f.judged.Brier[i], f.judged.Others[i])
	case predict.Positive:
		r = binary(float64(row[0]), class == 1)
	case predict.PositiveLogit:
		r = binaryLogit(float64(row[0]), class == 1, f.judged.Nats[i], f.judged.Brier[i])
	case predict.Happened:
		r = binary(float64(row[0]), true)
	case predict.LogHappened:
		r = happened(0 - float64(row[0])*f.toNats)
		if r.why == sound && r.nats < 0 {
			if r.why = logAboveZero; r.nats >= -slack {
				r = happened(0)
			}
		}
	case predict.Surprisals:
		r = happened(float64(row[0]) * f.toNats)
	}
	if r.why == sound && w.n > 0 && w.w > 0 && (form == predict.Probabilities || form == predict.LogProbabilities) {
		f.defects.add(sum, f.ref(b, i))
	}
	return softRow{rowScore: r, class: class}
}

// happened is the score of a row that gives its surprisal itself.
func happened(nats float64) rowScore {
	switch {
	case nats != nats:
		return rowScore{why: nanCell}
	case math.IsInf(nats, -1):
		return rowScore{why: infinite}
	}
	return rowScore{nats: nats, prob: math.Exp(-nats)}
}

// keep folds a sound row of positive weight.
func (f *fold) keep(b *predict.Batch, i int, r *softRow, class int, w rowWeight) error {
	nats := f.notable(b, i, r, w)
	if f.shares != nil {
		class = r.class
		w.into(&f.total.labelEntropy, r.labelEntropy)
		w.into(&f.total.kl, r.kl)
		var sum float64
		for _, y := range f.y {
			sum += y
		}
		f.shareDefect = max(f.shareDefect, math.Abs(sum-1))
		for k := range f.shares {
			w.into(&f.shares[k], f.y[k])
		}
	}
	judged := f.layout.Classes != nil
	switch {
	case w.n == 1 && w.w == 1 && class >= 0:
		f.plain.class = append(f.plain.class, int32(class))
		f.plain.nats = append(f.plain.nats, nats)
		f.plain.brier = append(f.plain.brier, r.brier)
		switch r.hit {
		case 0, 1:
			f.plain.hits[int(r.hit)]++
		default:
			f.total.hit.Add(r.hit)
		}
	case class >= 0:
		w.into(&f.classes[class], nats)
	default:
		w.into(&f.soft, nats)
	}
	if judged && !(w.n == 1 && w.w == 1 && class >= 0) {
		w.into(&f.total.hit, r.hit)
		w.into(&f.total.brier, r.brier)
	}
	if f.options.PerDocument && f.clusters == nil {
		f.texts.add(f, b, i, nats, w)
	}
	var counts [len(perNames)]float64
	for j, column := range [...]int{f.bind.Tokens, f.bind.Words, f.bind.Bytes} {
		if column >= 0 {
			counts[j] = b.Numbers[column][i]
			f.total.per[j].AddRepeated(w.w*nats, w.w*counts[j], w.n)
		}
	}
	if f.clusters != nil {
		c := f.clusterOf(f.clusterKey(b, i))
		w.intoCluster(c.class(int32(class)), nats)
		if judged {
			w.intoCluster(&c.more.judged.hit, r.hit)
			w.intoCluster(&c.more.judged.brier, r.brier)
		}
		if f.shares != nil {
			w.intoCluster(&c.more.soft.labelEntropy, r.labelEntropy)
			w.intoCluster(&c.more.soft.kl, r.kl)
		}
		for j, column := range [...]int{f.bind.Tokens, f.bind.Words, f.bind.Bytes} {
			if column >= 0 {
				f.clusters.per(c, j).AddRepeated(w.w*nats, w.w*counts[j], w.n)
			}
		}
	}
	if f.slices != nil {
		if err := f.intoSlice(b, i, nats, w); err != nil {
			return err
		}
	}
	return nil
}

// clusterKey is the key of the cluster of row i. Numbers within a file are told
// from those within another.
func (f *fold) clusterKey(b *predict.Batch, i int) []byte {
	key := b.Texts[f.bind.Cluster].At(i)
	if !f.numbered || f.input == 0 {
		return key
	}
	f.clusterName = append(strconv.AppendInt(f.clusterName[:0], int64(f.input), 10), 0)
	f.clusterName = append(f.clusterName, key...)
	return f.clusterName
}

// clusterOf is the cluster of a key. That of the row before comes first, since the
// rows of a document stand together as a rule.
func (f *fold) clusterOf(key []byte) *cluster {
	if f.last != nil && string(f.clusters.key(f.last)) == string(key) {
		return f.last
	}
	c, isNew := f.clusters.of(key)
	if isNew {
		f.needs(c)
	}
	f.last = c
	return c
}

// notable gives the row's surprisal with the floor applied, and books what is
// special about the row: a place on the floor curve, among the infinite rows or
// among the worst.
func (f *fold) notable(b *predict.Batch, i int, r *softRow, w rowWeight) float64 {
	raw := r.nats
	nats := min(raw, f.cap)
	if f.shares != nil {
		f.curve.addFloored(raw, w, func(j int) float64 { return flooredShares(f.y, f.logP, f.curve.caps[j]) })
		if !math.IsInf(f.cap, 1) {
			nats = flooredShares(f.y, f.logP, f.cap)
			r.kl = nats - r.labelEntropy
		}
	} else if f.curve.touches(raw) {
		f.curve.add(raw, w)
	}
	if nats != raw {
		f.floored += w.n
		r.prob = math.Exp(-nats)
	}
	if math.IsInf(nats, 1) {
		f.infinite.add(f.ref(b, i))
	}
	if nats < 0 {
		f.negativeNats++
	}
	if f.worst.beats(nats) {
		f.worst.add(f.worstRow(b, i, nats, r.prob))
	}
	return nats
}

// intoSlice folds the row into its slice.
func (f *fold) intoSlice(b *predict.Batch, i int, nats float64, w rowWeight) error {
	f.key = f.key[:0]
	for _, column := range f.bind.By {
		part := b.Texts[column].At(i)
		f.key = append(f.key, byte(len(part)), byte(len(part)>>8), byte(len(part)>>16), byte(len(part)>>24))
		f.key = append(f.key, part...)
	}
	s := f.slices[string(f.key)]
	if s == nil {
		if len(f.slices) >= f.options.MaxSlices {
			return tooManySlices(f.options.MaxSlices)
		}
		s = &slice{}
		for _, column := range f.bind.By {
			s.key = append(s.key, string(b.Texts[column].At(i)))
		}
		if f.clusters != nil {
			s.clusters = map[string]*surprisal.Cluster{}
		}
		f.slices[string(f.key)] = s
	}
	w.into(&s.sum, nats)
	if s.clusters != nil {
		key := f.clusterKey(b, i)
		c := s.clusters[string(key)]
		if c == nil {
			c = &surprisal.Cluster{}
			s.clusters[string(key)] = c
		}
		w.intoCluster(c, nats)
	}
	return nil
}

func tooManySlices(most int) error {
	return &predict.Error{
		What: fmt.Sprintf("more than %d slices", most),
		Hint: "slice by a column with fewer values, or raise --max-slices",
	}
}

// worstRow describes row i for the list of worst rows.
func (f *fold) worstRow(b *predict.Batch, i int, nats, prob float64) WorstRow {
	r := WorstRow{RowRef: f.ref(b, i), Probability: prob, Nats: nats}
	if f.bind.ID >= 0 {
		r.ID = string(b.Texts[f.bind.ID].At(i))
	}
	switch {
	case f.apart != nil && f.match != nil:
		r.Label = f.labels.name(f.base + r.Row - 1)
	case f.bind.Label >= 0:
		r.Label = string(b.Texts[f.bind.Label].At(i))
	}
	return r
}

// merge adds what another worker folded.
func (f *fold) merge(o *fold) error {
	f.flush()
	o.flush()
	f.total.merge(&o.total)
	for i := range f.classes {
		f.classes[i].Merge(&o.classes[i])
	}
	f.soft.Merge(&o.soft)
	f.texts.merge(&o.texts)
	for i := range f.shares {
		f.shares[i].Merge(&o.shares[i])
	}
	f.shareDefect = max(f.shareDefect, o.shareDefect)
	if f.clusters != nil {
		f.clusters.merge(o.clusters)
		o.clusters, o.last = nil, nil
	}
	for key, s := range o.slices {
		if mine := f.slices[key]; mine != nil {
			mine.merge(s)
		} else {
			f.slices[key] = s
		}
	}
	if len(f.slices) > f.options.MaxSlices {
		return tooManySlices(f.options.MaxSlices)
	}
	f.order.Merge(&o.order)
	f.defects.merge(&o.defects)
	f.curve.merge(&o.curve)
	f.worst.merge(&o.worst)
	f.read += o.read
	f.zeroWeight += o.zeroWeight
	f.floored += o.floored
	f.negativeNats += o.negativeNats
	f.infinite.merge(&o.infinite)
	for i := range f.invalid {
		f.invalid[i].merge(&o.invalid[i])
	}
	for label, at := range o.others {
		if f.others == nil {
			f.others = map[string]RowRef{}
		}
		if first, ok := f.others[label]; !ok || at.before(first) {
			f.others[label] = at
		}
	}
	return nil
}

// sortedOthers are the labels taken for the negative class, by first row.
func (f *fold) sortedOthers() []string {
	names := make([]string, 0, len(f.others))
	for name := range f.others {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if f.others[a].before(f.others[b]) {
			return -1
		}
		return 1
	})
	return names
}
