package score

import (
	"fmt"
	"math"
	"strings"

	"surprisal/predict"
)

// defects collects how far rows are from summing to 1. Which tolerance applies
// depends on the largest number of decimals in the whole data set, known only at
// the end, so rows are counted against every tolerance that may come to apply.
type defects struct {
	edges    []float64 // edges[k]: the tolerance if k decimals turn out to be the most
	over     []firstRows
	decimals int // largest so far; -1 if no value was text
	short    [shortTypes]shortDefects
	largest  float64
	at       RowRef
	seen     bool
}

// leastTolerance is for values of full precision: it lets float32 softmax rows of
// many classes pass.
const leastTolerance = 1e-5

// Types of 16 bits, by the tolerance.
const (
	halfType  = iota // float16: 11 significant bits
	brainType        // bfloat16: 8
	shortTypes
)

// shortDefects are the rows beyond the tolerance of a type of 16 bits.
type shortDefects struct {
	tolerance float64
	any       bool // of the data are of this type
	over      firstRows
}

// shortTolerance is how far from 1 rows of k probabilities may sum that are
// stored with so many significant bits. Rounding the exact ones to b bits moves
// each by at most the 2⁻ᵇ-th part of itself, and their sum by 2⁻ᵇ. Twice that
// leaves room for a softmax that was computed in the type and for cutting off in
// place of rounding, √k for a sum of k terms that was. Beyond 0.05 nothing is
// taken for rounding.
func shortTolerance(bits, k int) float64 {
	return math.Min(math.Ldexp(2, -bits)*math.Sqrt(float64(k)), 0.05)
}

func newDefects(k int) defects {
	d := defects{decimals: -1}
	d.short[halfType].tolerance = shortTolerance(11, k)
	d.short[brainType].tolerance = shortTolerance(8, k)
	// Rounding K shares to d decimals moves their sum by K/2 units of the last
	// decimal at worst, and by 3 standard deviations, 3·√(K/12), in practice.
	unit := math.Min(float64(k)/2, 3*math.Sqrt(float64(k)/12))
	for scale := 1.0; ; scale /= 10 {
		tolerance := math.Max(leastTolerance, unit*scale)
		d.edges = append(d.edges, tolerance)
		if tolerance == leastTolerance {
			break
		}
	}
	d.over = make([]firstRows, len(d.edges))
	return d
}

// add notes one row's sum. The common case, a sum within the least tolerance,
// costs two comparisons.
func (d *defects) add(sum float64, at RowRef) {
	defect := math.Abs(sum - 1)
	if defect > d.largest || defect == d.largest && (!d.seen || at.before(d.at)) {
		d.largest, d.at, d.seen = defect, at, true
	}
	if !(defect > leastTolerance) {
		return
	}
	// A sum such as 0.5 + 0.6 misses its exact value by rounding: a hair of slack.
	defect *= 1 - 1e-9
	for k := range d.edges {
		if defect > d.edges[k] {
			d.over[k].add(at)
		}
	}
	for i := range d.short {
		if s := &d.short[i]; defect > s.tolerance {
			s.over.add(at)
		}
	}
}

// stored notes the types of a batch's values.
func (d *defects) stored(half, brain bool) {
	d.short[halfType].any = d.short[halfType].any || half
	d.short[brainType].any = d.short[brainType].any || brain
}

func (d *defects) merge(o *defects) {
	if o.seen && (o.largest > d.largest || o.largest == d.largest && (!d.seen || o.at.before(d.at))) {
		d.largest, d.at, d.seen = o.largest, o.at, true
	}
	for k := range d.over {
		d.over[k].merge(&o.over[k])
	}
	for i := range d.short {
		d.short[i].any = d.short[i].any || o.short[i].any
		d.short[i].over.merge(&o.short[i].over)
	}
	d.decimals = max(d.decimals, o.decimals)
}

// judge gives the tolerance that applies and the rows beyond it: that of the
// shortest type in the data.
func (d *defects) judge() (tolerance float64, beyond *firstRows) {
	k := len(d.edges) - 1
	if d.decimals >= 0 {
		k = min(k, d.decimals)
	}
	tolerance, beyond = d.edges[k], &d.over[k]
	for i := range d.short {
		if s := &d.short[i]; s.any && s.tolerance > tolerance {
			tolerance, beyond = s.tolerance, &s.over
		}
	}
	return tolerance, beyond
}

// check is the error of rows that do not sum to 1, if there are any.
func (d *defects) check(inputs []InputRead) error {
	tolerance, beyond := d.judge()
	if beyond.count == 0 {
		return nil
	}
	rows := "rows"
	if beyond.count == 1 {
		rows = "row"
	}
	hint := "if these are shares of something larger say --normalize rescale, to score them as stored --normalize asis, if they are logits --logits"
	if d.largest < 0.01 {
		hint = "if they were rounded to a few significant digits say --normalize asis, which scores them as stored; --normalize rescale makes each row sum to 1"
	}
	return &predict.Error{
		Source: inputs[beyond.refs[0].Input].Path,
		Row:    beyond.refs[0].Row,
		What: fmt.Sprintf("%d %s whose probabilities do not sum to 1 (first: %s; largest defect %.3g in %s; tolerance %.3g)",
			beyond.count, rows, nameRows(beyond.refs, inputs), d.largest, nameRows([]RowRef{d.at}, inputs), tolerance),
		Hint: hint,
	}
}

// nameRows lists rows for a sentence: "row 3" or "rows 3, 7, 9", with the file
// where there are several.
func nameRows(refs []RowRef, inputs []InputRead) string {
	var b strings.Builder
	b.WriteString("row")
	if len(refs) != 1 {
		b.WriteByte('s')
	}
	for i, r := range refs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %d", r.Row)
		if len(inputs) > 1 {
			fmt.Fprintf(&b, " of %s", inputs[r.Input].Path)
		}
	}
	return b.String()
}
