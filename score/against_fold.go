package score

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"surprisal"
	"surprisal/loss"
	"surprisal/predict"
)

// What is known of a row of a model beside that of a base. The last five need a label.
const (
	klOf         = iota // KL(base‖model)
	agreementOf         // on the most probable class
	modelNats           // surprisal of what happened
	baseNats            //
	moreNats            // modelNats − baseNats, where both are finite
	shiftOf             // change of the probability of what happened
	squareShift         // its square
	figuresOfRow        // how many there are
)

// figure names are indices; rowFigures holds one of each.
type rowFigures [figuresOfRow]float64

// againstFold is the mergeable state of a comparison: one for each worker of each side.
type againstFold struct {
	layouts [2]*predict.Layout
	inputs  [2][]Input
	options Options
	toNats  [2]float64 // factor from the layout's log base
	match   *predict.Matcher
	labels  int // the side with the column of labels; −1 if there is none
	apart   *apartLabels
	beside  rowLabels // apart, of the rows that are folded
	sameIDs bool      // both sides have the same column of ids
	kl      *sharedQuantiles

	sums             [figuresOfRow]surprisal.Accumulator
	clusters         map[string]*[figuresOfRow]surprisal.Cluster
	only             [2]int64 // rows whose surprisal is infinite on this side only
	both             int64    // on both
	tops             [2][]int64
	defects          [2]defects
	invalid          [2][reasonCount]firstRows // what is wrong beside the values counts for the model
	infinite         firstRows
	worst            furthestRows
	read, zeroWeight int64
	leftOut          int64 // rows with something invalid

	// Rows of a span that count once, added in bulk.
	plain [figuresOfRow][]float64
	// scratch
	wide [2][]float64
	tmp  [2][]float64
	// of one row
	judged loss.Judged
	target [1]int
}

// sharedQuantiles are filled by all workers, which costs less memory than to have
// some each.
type sharedQuantiles struct {
	mu sync.Mutex
	q  Quantiles
}

func newAgainstFold(layouts [2]*predict.Layout, inputs [2][]Input, options Options, apart *apartLabels, match *predict.Matcher, kl *sharedQuantiles) *againstFold {
	f := &againstFold{layouts: layouts, inputs: inputs, options: options, apart: apart, match: match, kl: kl, labels: -1}
	m, b := layouts[model], layouts[base]
	if apart == nil {
		f.labels = labelSide(layouts)
	}
	f.sameIDs = m.Named && b.Named && m.ID != "" && m.ID == b.ID
	if m.Cluster != "" {
		f.clusters = map[string]*[figuresOfRow]surprisal.Cluster{}
	}
	k := len(m.Values)
	for side, l := range layouts {
		f.toNats[side] = 1
		if l.Form == predict.LogProbabilities {
			switch l.LogBase {
			case 2:
				f.toNats[side] = math.Ln2
			case 10:
				f.toNats[side] = math.Ln10
			}
		}
		f.tops[side] = make([]int64, k)
		f.defects[side] = newDefects(k)
		f.wide[side], f.tmp[side] = make([]float64, k), make([]float64, k)
	}
	f.worst.keep = max(1, options.Worst)
	return f
}

// labelSide is the side with the column of labels, −1 if there is none.
func labelSide(layouts [2]*predict.Layout) int {
	for side, l := range layouts {
		if l.Label != "" {
			return side
		}
	}
	return -1
}

// labelled reports whether it is known what happened.
func (f *againstFold) labelled() bool { return f.apart != nil || f.labels >= 0 }

// rescale reports whether rows of probabilities are divided by their sum.
func (f *againstFold) rescale() bool { return f.options.Normalize == Rescale }

// missingFrom are the cells without a number from row i of a batch on.
func missingFrom(b *predict.Batch, i int) []predict.Missing {
	at := sort.Search(len(b.Missing), func(j int) bool { return int(b.Missing[j].Row) >= i })
	return b.Missing[at:]
}

// fold takes rows that both sides have.
func (f *againstFold) fold(m, b *run, from, to int64) (row int64, err error) {
	missing := [2][]predict.Missing{missingFrom(m.Batch, m.at(from)), missingFrom(b.Batch, b.at(from))}
	for side, batch := range [2]*run{m, b} {
		d := &f.defects[side]
		d.decimals = max(d.decimals, batch.Decimals)
		d.stored(batch.Half, batch.Brain)
	}
	defer f.flush()
	end := to
	if f.apart != nil {
		f.apart.take(&f.beside, from, to)
		defer f.apart.give(&f.beside)
		if f.beside.broken {
			end = f.beside.end
		}
	}
	for row = from; row < end; row++ {
		f.read++
		at := [2]int{m.at(row), b.at(row)}
		var why [2]reason
		for side := range missing {
			for len(missing[side]) > 0 && int(missing[side][0].Row) == at[side] {
				if why[side] == sound {
					why[side] = reasonOf(missing[side][0].Why)
				}
				missing[side] = missing[side][1:]
			}
		}
		if err := f.sameRow(m, b, row); err != nil {
			return row, err
		}
		class, err := f.classOf(m, b, row)
		if err != nil {
			return row, err
		}
		w, beside := f.weightOf(m, at[model])
		if class == predict.NoLabel {
			beside = noLabel
		}
		var r pair
		if beside == sound && why == [2]reason{} {
			r, why = f.pair(m.Batch, at[model], b.Batch, at[base])
		} else {
			// What else is wrong is said too, and what is wrong with the values goes first.
			for side, batch := range [2]*run{m, b} {
				if why[side] == sound {
					why[side] = f.flaw(side, batch.Batch, at[side])
				}
			}
			if why[model] == sound {
				why[model] = beside
			}
		}
		if why != [2]reason{} {
			if err := f.reject(m, b, row, why); err != nil {
				return row, err
			}
			continue
		}
		if w.n == 0 || w.w == 0 {
			f.zeroWeight++
			continue
		}
		f.keep(m, b, row, &r, class, w)
	}
	if row < to {
		return row, errLabels
	}
	return row, nil
}

// ref names a row of a side.
func ref(r *run, row int64) RowRef { return RowRef{r.input, r.First + int64(r.at(row))} }

// trouble is an error about a row of a side.
func (f *againstFold) trouble(side int, r *run, row int64, what, hint string) error {
	return &predict.Error{Source: f.inputs[side][r.input].Name, Row: ref(r, row).Row, Line: r.Line(r.at(row)), What: what, Hint: hint}
}

// sameRow is the error of two rows that do not belong together: their ids, or their
// labels where both sides have some, differ.
func (f *againstFold) sameRow(m, b *run, row int64) error {
	what := "id"
	var x, y []byte
	if f.sameIDs {
		x, y = m.Texts[m.bind.ID].At(m.at(row)), b.Texts[b.bind.ID].At(b.at(row))
	}
	if string(x) == string(y) && f.labels == model && b.bind.Label >= 0 {
		what = "label"
		x, y = m.Texts[m.bind.Label].At(m.at(row)), b.Texts[b.bind.Label].At(b.at(row))
		if string(x) == string(y) || f.match.Class(x) == f.match.Class(y) {
			return nil
		}
	}
	if string(x) == string(y) {
		return nil
	}
	return f.trouble(model, m, row, fmt.Sprintf("%s %q, but %q in row %d of %s: these are not the same rows in the same order",
		what, x, y, ref(b, row).Row, f.inputs[base][b.input].Name), "sort both files alike")
}

// classOf is the class of a row, 0 if there are no labels.
func (f *againstFold) classOf(m, b *run, row int64) (class int, err error) {
	var label []byte
	r, side := m, model
	switch {
	case f.apart != nil:
		if row >= f.beside.end {
			return 0, f.trouble(model, m, row, f.beside.short(), labelsHint)
		}
		if m.bind.ID >= 0 {
			if what, _ := f.apart.wrongRow(&f.beside, f.layouts[model].ID, row, m.Texts[m.bind.ID].At(m.at(row))); what != "" {
				return 0, f.trouble(model, m, row, what, "sort both files alike")
			}
		}
		if class = f.beside.class(f.match, row); class == predict.Unknown {
			label = []byte(f.beside.name(row))
		}
	case f.labels < 0:
		return 0, nil
	default:
		if f.labels == base {
			r, side = b, base
		}
		label = r.Texts[r.bind.Label].At(r.at(row))
		class = f.match.Class(label)
	}
	if class != predict.Unknown {
		return class, nil
	}
	l := f.layouts[side]
	if l.ByIndex {
		return 0, f.trouble(side, r, row, fmt.Sprintf("label %q is not the number of a column: expected 0 to %d", label, len(l.Values)-1),
			"name the classes with --classes, in the order of the columns")
	}
	return 0, f.trouble(side, r, row, fmt.Sprintf("label %q has no column; the classes are %s", label, listClasses(l.Classes)),
		"is this the label column? choose it with --label; name the classes with --classes")
}

// weightOf is what a row of the model counts for.
func (f *againstFold) weightOf(m *run, i int) (rowWeight, reason) {
	w := rowWeight{1, 1}
	if m.bind.Weight >= 0 {
		w.w = m.Numbers[m.bind.Weight][i]
		if !(w.w >= 0) || math.IsInf(w.w, 1) {
			return w, badWeight
		}
	}
	if m.bind.Freq >= 0 {
		n := m.Numbers[m.bind.Freq][i]
		if !(n >= 0 && n <= 1<<53) || n != math.Trunc(n) {
			return w, badFreq
		}
		w.n = int64(n)
	}
	return w, sound
}

// reject counts a row with something invalid in it.
func (f *againstFold) reject(m, b *run, row int64, why [2]reason) error {
	for side, r := range [2]*run{m, b} {
		if why[side] == sound {
			continue
		}
		if f.options.Strict {
			return f.trouble(side, r, row, fmt.Sprintf("invalid row: %s, expected %s", reasons[why[side]].name, reasons[why[side]].expected),
				"without --strict invalid rows are counted and left out")
		}
		f.invalid[side][why[side]].add(ref(r, row))
	}
	f.leftOut++
	return nil
}

// keep folds a sound row of positive weight.
func (f *againstFold) keep(m, b *run, row int64, r *pair, class int, w rowWeight) {
	at := ref(m, row)
	for side, sum := range r.sum {
		if form := f.layouts[side].Form; form != predict.Logits {
			f.defects[side].add(sum, ref([2]*run{m, b}[side], row))
		}
	}
	if math.IsInf(r.kl, 1) {
		f.infinite.add(at)
	}
	for side, top := range r.top {
		f.tops[side][top] += w.n
	}
	x := rowFigures{klOf: r.kl, agreementOf: r.agreement}
	if f.labelled() {
		var p [2]float64
		x[modelNats], p[model] = f.surprisal(model, m.Batch, m.at(row), class, r.sum[model])
		x[baseNats], p[base] = f.surprisal(base, b.Batch, b.at(row), class, r.sum[base])
		x[shiftOf] = p[model] - p[base]
		x[squareShift] = float64(x[shiftOf] * x[shiftOf])
		switch mInf, bInf := math.IsInf(x[modelNats], 1), math.IsInf(x[baseNats], 1); {
		case mInf && bInf:
			f.both += w.n
			x[moreNats] = math.NaN()
		case mInf:
			f.only[model] += w.n
			x[moreNats] = math.NaN()
		case bInf:
			f.only[base] += w.n
			x[moreNats] = math.NaN()
		default:
			x[moreNats] = x[modelNats] - x[baseNats]
		}
	}
	if f.worst.beats(r.kl) {
		f.worst.add(f.divergentRow(m, b, row, r, class))
	}
	n := len(x)
	if !f.labelled() {
		n = modelNats
	}
	var c *[figuresOfRow]surprisal.Cluster
	if f.clusters != nil {
		key := m.Texts[m.bind.Cluster].At(m.at(row))
		if c = f.clusters[string(key)]; c == nil {
			c = new([figuresOfRow]surprisal.Cluster)
			f.clusters[string(key)] = c
		}
	}
	for i, v := range x[:n] {
		if i == moreNats && v != v {
			continue
		}
		if w.n == 1 && w.w == 1 {
			f.plain[i] = append(f.plain[i], v)
		} else {
			w.into(&f.sums[i], v)
		}
		if c != nil {
			w.intoCluster(&c[i], v)
		}
	}
	if w.n != 1 || w.w != 1 {
		f.kl.mu.Lock()
		f.kl.q.AddRepeated(r.kl, w.w, w.n)
		f.kl.mu.Unlock()
	}
}

// flush adds the rows that count once.
func (f *againstFold) flush() {
	f.kl.mu.Lock()
	for _, v := range f.plain[klOf] {
		f.kl.q.Add(v)
	}
	f.kl.mu.Unlock()
	for i := range f.plain {
		f.sums[i].AddSlice(f.plain[i])
		f.plain[i] = f.plain[i][:0]
	}
}

// merge adds what another worker folded.
func (f *againstFold) merge(o *againstFold) {
	for i := range f.sums {
		f.sums[i].Merge(&o.sums[i])
	}
	for key, c := range o.clusters {
		mine := f.clusters[key]
		if mine == nil {
			f.clusters[key] = c
			continue
		}
		for i := range mine {
			mine[i].Merge(&c[i])
		}
	}
	for side := range f.tops {
		f.only[side] += o.only[side]
		for k, n := range o.tops[side] {
			f.tops[side][k] += n
		}
		f.defects[side].merge(&o.defects[side])
		for why := range f.invalid[side] {
			f.invalid[side][why].merge(&o.invalid[side][why])
		}
	}
	f.both += o.both
	f.infinite.merge(&o.infinite)
	f.worst.merge(&o.worst)
	f.read += o.read
	f.zeroWeight += o.zeroWeight
	f.leftOut += o.leftOut
}

// DivergentRow is one of the rows whose predictions are furthest apart.
type DivergentRow struct {
	RowRef          // of the model
	ID       string // "" if there is none
	Label    string
	Nats     float64 // KL(base‖model)
	Top      string  // the model's most probable class, the first of several
	BaseTop  string
	Prob     float64 // that each side gave to what happened; NaN without labels
	ProbBase float64
}

func (f *againstFold) divergentRow(m, b *run, row int64, r *pair, class int) DivergentRow {
	l := f.layouts[model]
	d := DivergentRow{RowRef: ref(m, row), Nats: r.kl, Top: l.Classes[r.top[model]], BaseTop: l.Classes[r.top[base]],
		Prob: math.NaN(), ProbBase: math.NaN()}
	if m.bind.ID >= 0 {
		d.ID = string(m.Texts[m.bind.ID].At(m.at(row)))
	}
	if f.labelled() {
		d.Label = l.Classes[class]
		_, d.Prob = f.surprisal(model, m.Batch, m.at(row), class, r.sum[model])
		_, d.ProbBase = f.surprisal(base, b.Batch, b.at(row), class, r.sum[base])
	}
	return d
}

// furthestRows keeps the rows that are furthest apart; ties go to the earlier row.
type furthestRows struct {
	keep int
	rows []DivergentRow
}

func (w *furthestRows) beats(nats float64) bool {
	return len(w.rows) < w.keep || nats >= w.rows[len(w.rows)-1].Nats
}

func (w *furthestRows) add(r DivergentRow) {
	at := sort.Search(len(w.rows), func(i int) bool {
		o := &w.rows[i]
		return o.Nats < r.Nats || o.Nats == r.Nats && r.before(o.RowRef)
	})
	if at == w.keep {
		return
	}
	w.rows = slices.Insert(w.rows, at, r)
	if len(w.rows) > w.keep {
		w.rows = w.rows[:w.keep]
	}
}

func (w *furthestRows) merge(o *furthestRows) {
	for _, r := range o.rows {
		w.add(r)
	}
}

// pair is what two rows of predictions come to.
type pair struct {
	kl        float64
	agreement float64
	top       [2]int     // the most probable class, the first of several
	sum       [2]float64 // of the probabilities as stored; 1 of logits
}

// pair compares row i of the model's batch with row j of the base's.
func (f *againstFold) pair(m *predict.Batch, i int, b *predict.Batch, j int) (pair, [2]reason) {
	x32, x64 := row(m, i)
	y32, y64 := row(b, j)
	switch {
	case x32 != nil && y32 != nil:
		return pairOf(f, x32, y32)
	case x64 != nil && y64 != nil:
		return pairOf(f, x64, y64)
	}
	return pairOf(f, widened(f.wide[model], x32, x64), widened(f.wide[base], y32, y64))
}

// row is the values of a row, as they are stored.
func row(b *predict.Batch, i int) (x32 []float32, x64 []float64) {
	if b.F32 != nil {
		return b.F32[i*b.K : (i+1)*b.K], nil
	}
	return nil, b.F64[i*b.K : (i+1)*b.K]
}

func widened(dst []float64, x32 []float32, x64 []float64) []float64 {
	if x32 == nil {
		return x64
	}
	for k, v := range x32 {
		dst[k] = float64(v)
	}
	return dst
}

// pairOf compares a row of the model with one of the base.
func pairOf[T loss.Float](f *againstFold, x, y []T) (r pair, why [2]reason) {
	why[model], r.sum[model] = examine(f, model, x)
	why[base], r.sum[base] = examine(f, base, y)
	if why != [2]reason{} {
		if why[model] == sound {
			why[model] = softmaxOf(f, model, x)
		}
		if why[base] == sound {
			why[base] = softmaxOf(f, base, y)
		}
		return r, why
	}
	m, b := f.layouts[model].Form, f.layouts[base].Form
	switch {
	case m == predict.Logits && b == predict.Logits:
		if r.kl = loss.KLLogits(y, x); r.kl != r.kl {
			return r, [2]reason{model: softmaxOf(f, model, x), base: softmaxOf(f, base, y)}
		}
	case m == predict.Probabilities && b == predict.Probabilities && !f.rescale():
		r.kl = loss.KLProbs(y, x)
	case m == predict.Probabilities && b == predict.Probabilities:
		r.kl = loss.KLProbs(scaled(f.tmp[base], y, r.sum[base]), scaled(f.tmp[model], x, r.sum[model]))
	default:
		why[model] = logsInto(f.tmp[model], x, f, model, r.sum[model])
		why[base] = logsInto(f.tmp[base], y, f, base, r.sum[base])
		if why != [2]reason{} {
			return r, why
		}
		r.kl = loss.KLLogProbs(f.tmp[base], f.tmp[model])
	}
	topX, tiesX := top(x)
	topY, tiesY := top(y)
	r.top = [2]int{model: topX, base: topY}
	if tiesX == 1 && tiesY == 1 {
		if topX == topY {
			r.agreement = 1
		}
		return r, why
	}
	shared := 0
	for k := range x {
		if x[k] == x[topX] && y[k] == y[topY] {
			shared++
		}
	}
	r.agreement = float64(shared) / float64(max(tiesX, tiesY))
	return r, why
}

// examine says what is wrong with a row of probabilities or log-probabilities, and gives
// the sum of its probabilities. Logits are judged by what comes of them.
func examine[T loss.Float](f *againstFold, side int, x []T) (why reason, sum float64) {
	switch f.layouts[side].Form {
	case predict.Probabilities:
		sum, _, most, bad := loss.Tally(x)
		switch {
		case sum != sum:
			return nanCell, sum
		case bad:
			return negative, sum
		case f.rescale() && sum == 0:
			return zeroSum, sum
		case f.rescale() && math.IsInf(sum, 1):
			return infinite, sum
		case !f.rescale() && most > 1+slack:
			return aboveOne, sum
		}
		return sound, sum
	case predict.LogProbabilities:
		none := true
		for _, v := range x {
			l := float64(v) * f.toNats[side]
			switch {
			case l != l:
				return nanCell, l
			case math.IsInf(l, 1), !f.rescale() && l > slack:
				return logAboveZero, l
			}
			none = none && math.IsInf(l, -1)
		}
		if f.rescale() && none {
			return zeroSum, 0
		}
		p, _, rest, _ := loss.TallyLogs(x, 0, f.toNats[side], 0)
		return sound, p + rest
	}
	return sound, 1
}

// softmaxOf is why a row of logits has no softmax; sound if it has one, or is of another
// form.
func softmaxOf[T loss.Float](f *againstFold, side int, x []T) reason {
	if f.layouts[side].Form != predict.Logits {
		return sound
	}
	// The largest is −Inf if all are, and a sum with NaN is NaN.
	if sum, _, most, _ := loss.Tally(x); sum == sum && !math.IsInf(most, 0) {
		return sound
	}
	return noSoftmax(x)
}

// flaw is what is wrong with row i of a side.
func (f *againstFold) flaw(side int, b *predict.Batch, i int) reason {
	x32, x64 := row(b, i)
	if x32 != nil {
		return flawOf(f, side, x32)
	}
	return flawOf(f, side, x64)
}

func flawOf[T loss.Float](f *againstFold, side int, x []T) reason {
	if why, _ := examine(f, side, x); why != sound {
		return why
	}
	return softmaxOf(f, side, x)
}

// scaled is a row of probabilities divided by its sum.
func scaled[T loss.Float](dst []float64, x []T, sum float64) []float64 {
	for k, v := range x {
		dst[k] = float64(v)
		if sum != 1 {
			dst[k] /= sum
		}
	}
	return dst
}

// logsInto writes a row's log-probabilities, in nats.
func logsInto[T loss.Float](dst []float64, x []T, f *againstFold, side int, sum float64) reason {
	shift := 0.0
	switch f.layouts[side].Form {
	case predict.Probabilities:
		if !f.rescale() {
			sum = 1
		}
		loss.Probs(dst, scaled(dst, x, sum))
		for k, v := range dst {
			dst[k] = -v
		}
		return sound
	case predict.LogProbabilities:
		for k, v := range x {
			dst[k] = float64(v) * f.toNats[side]
		}
		if f.rescale() {
			shift = loss.LogSumExp(dst)
		}
	default:
		if shift = loss.LogSumExp(x); shift-shift != 0 {
			return noSoftmax(x)
		}
		for k, v := range x {
			dst[k] = float64(v)
		}
	}
	if shift != 0 {
		for k := range dst {
			dst[k] -= shift
		}
	}
	return sound
}

// top is the first of the largest values, and how many there are.
func top[T loss.Float](x []T) (at, ties int) {
	most := x[0]
	for k, v := range x {
		switch {
		case v > most:
			most, at, ties = v, k, 1
		case v == most:
			ties++
		}
	}
	return at, ties
}

// surprisal is that of what happened in row i, as in a scorecard of this side alone, and the
// probability that it was given.
func (f *againstFold) surprisal(side int, b *predict.Batch, i, class int, sum float64) (nats, prob float64) {
	x32, x64 := row(b, i)
	if x32 != nil {
		return surprisalOf(f, side, x32, class, sum)
	}
	return surprisalOf(f, side, x64, class, sum)
}

func surprisalOf[T loss.Float](f *againstFold, side int, x []T, class int, sum float64) (nats, prob float64) {
	switch f.layouts[side].Form {
	case predict.Probabilities:
		p := float64(x[class])
		if f.rescale() && sum != 1 {
			p /= sum
		}
		p = min(p, 1)
		return loss.Prob(p), p
	case predict.LogProbabilities:
		shift := 0.0
		if f.rescale() {
			t := f.tmp[side]
			for k, v := range x {
				t[k] = float64(v) * f.toNats[side]
			}
			shift = loss.LogSumExp(t)
		}
		nats = max(0, shift-float64(x[class])*f.toNats[side])
		return nats, math.Exp(-nats)
	}
	loss.Judge(&f.judged, x, len(x), append(f.target[:0], class))
	nats = f.judged.Nats[0]
	return nats, math.Exp(-nats)
}
