package score

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"surprisal/predict"
)

// oddBatch is rows of k probabilities and a label each, some of which are anything
// but sound, in a share of odd.
func oddBatch(rng *rand.Rand, first int64, rows, k int, odd float64) *predict.Batch {
	b := &predict.Batch{First: first, Rows: rows, K: k, Decimals: -1, F64: make([]float64, rows*k),
		Texts: make([]predict.Strings, 1), Numbers: [][]float64{make([]float64, rows)}}
	strange := []float64{0, math.Copysign(0, -1), 1, 1 + 9e-6, 1 + 1.1e-5, -1e-7, 2, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324}
	for i := range rows {
		b.Numbers[0][i] = 1
		row, sum := b.F64[i*k:(i+1)*k], 0.0
		for j := range row {
			row[j] = math.Exp(3 * rng.NormFloat64())
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
		label := strconv.Itoa(rng.IntN(k))
		if rng.Float64() < odd {
			switch rng.IntN(4) {
			case 0:
				row[rng.IntN(k)] = strange[rng.IntN(len(strange))]
			case 1: // a tie, and certainty
				clear(row)
				row[rng.IntN(k)] += 0.5
				row[rng.IntN(k)] += 0.5
			case 2:
				label = []string{"", "NA", " 1 ", "0.0"}[rng.IntN(4)]
			case 3:
				label = ""
				row[rng.IntN(k)] = strange[rng.IntN(len(strange))]
			}
		}
		b.Texts[0].Append([]byte(label))
	}
	return b
}

// byColumn is the same batch with values by column, and labels from a dictionary.
func byColumn(b *predict.Batch) *predict.Batch {
	c := *b
	c.F64, c.Columns = nil, make([][]float64, b.K)
	entries := map[string]uint32{}
	dict := predict.Strings{Off: []int32{0}}
	var index []uint32
	for i := range b.Rows {
		for k := range b.K {
			c.Columns[k] = append(c.Columns[k], b.F64[i*b.K+k])
		}
		label := string(b.Texts[0].At(i))
		at, ok := entries[label]
		if !ok {
			at = uint32(len(entries))
			entries[label] = at
			dict.Append([]byte(label))
		}
		index = append(index, at)
	}
	dict.Index = index
	c.Texts = []predict.Strings{dict}
	return &c
}

// TestWaysToFold: however the values lie, and whether labels come from a dictionary,
// every figure and every count is that of the general way, to the last bit.
func TestWaysToFold(t *testing.T) {
	for _, k := range []int{2, 3, 10, 16, 17} {
		for _, odd := range []float64{0, 0.02, 0.5} {
			rng := rand.New(rand.NewPCG(uint64(k), 77))
			layout := &predict.Layout{Form: predict.Probabilities, Label: "y"}
			for c := range k {
				layout.Classes = append(layout.Classes, strconv.Itoa(c))
				layout.Values = append(layout.Values, "p_"+strconv.Itoa(c))
			}
			bind := predict.Binding{Weight: -1, Freq: -1, Tokens: -1, Words: -1, Bytes: -1, Cluster: -1, ID: -1, OneHot: -1}
			weighted := bind
			weighted.Weight = 0 // weights of 1: the general way
			folds := map[string]*fold{}
			for _, name := range []string{"general", "rows", "turned", "columns"} {
				folds[name] = newFold(layout, Options{Confidence: 0.95, Normalize: AsIs}.withDefaults(), nil, layout.Matcher())
				folds[name].start(0, 0, &bind)
			}
			folds["general"].start(0, 0, &weighted)
			first := int64(1)
			for _, rows := range []int{100, 1, 7, 2500, 333} {
				b := oddBatch(rng, first, rows, k, odd)
				first += int64(rows)
				columns := byColumn(b)
				for name, f := range folds {
					var err error
					switch name {
					case "general", "rows":
						err = addRows(f, b, b.F64)
					case "turned":
						f.columns.pause = 0
						err = f.add(b)
					case "columns":
						if !f.byColumn() {
							continue
						}
						err = f.add(columns)
					}
					if err != nil {
						t.Fatal(name, err)
					}
				}
			}
			want, err := folds["general"].scorecard([]InputRead{{}})
			if err != nil {
				t.Fatal(err)
			}
			for name, f := range folds {
				if k > fewColumns && name == "columns" {
					continue
				}
				got, err := f.scorecard([]InputRead{{}})
				if err != nil {
					t.Fatal(err)
				}
				if bits(got) != bits(want) {
					t.Errorf("%d classes, odd %v, %s:\n%s\nwant\n%s", k, odd, name, bits(got), bits(want))
				}
				if !reflect.DeepEqual(got.Worst, want.Worst) || !reflect.DeepEqual(got.Rows.Invalid, want.Rows.Invalid) {
					t.Errorf("%d classes, odd %v, %s: rows named are %v and %v; want %v and %v", k, odd, name,
						got.Worst, got.Rows.Invalid, want.Worst, want.Rows.Invalid)
				}
			}
		}
	}
}

// TestLone: rows that are nothing but a surprisal give the same bits one by one.
func TestLone(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, form := range []predict.Form{predict.LogHappened, predict.Surprisals} {
		for _, odd := range []bool{false, true} {
			layout := &predict.Layout{Form: form, Values: []string{"x"}, LogBase: 2}
			bind := predict.Binding{Weight: -1, Freq: -1, Tokens: -1, Words: -1, Bytes: -1, Cluster: -1, ID: -1, OneHot: -1, Label: -1}
			bulk, each := newFold(layout, Options{Confidence: 0.95}.withDefaults(), nil, nil), newFold(layout, Options{Confidence: 0.95}.withDefaults(), nil, nil)
			bulk.start(0, 0, &bind)
			each.start(0, 0, &bind)
			b := &predict.Batch{First: 1, Rows: 5000, K: 1, F64: make([]float64, 5000)}
			for i := range b.F64 {
				b.F64[i] = 20 * rng.ExpFloat64()
				if odd && rng.IntN(10) == 0 {
					b.F64[i] = []float64{0, math.Copysign(0, -1), -3, 1e-6, math.Inf(1), math.Inf(-1), math.NaN(), 1e308, -1e308}[rng.IntN(9)]
				}
				if form == predict.LogHappened {
					b.F64[i] = -b.F64[i]
				}
			}
			if err := bulk.add(b); err != nil {
				t.Fatal(err)
			}
			if err := addRows(each, b, b.F64); err != nil {
				t.Fatal(err)
			}
			got, err := bulk.scorecard([]InputRead{{}})
			if err != nil {
				t.Fatal(err)
			}
			want, err := each.scorecard([]InputRead{{}})
			if err != nil {
				t.Fatal(err)
			}
			if bits(got) != bits(want) || !reflect.DeepEqual(got.Worst, want.Worst) {
				t.Errorf("%v, odd %v:\n%s\nwant\n%s", form, odd, bits(got), bits(want))
			}
		}
	}
}

// TestGroupFew holds the groups to a slow twin, which sorts.
func TestGroupFew(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for n := range 200 {
		classes := 1 + r.IntN(fewColumns)
		class, x := make([]int32, n), make([]float64, n)
		want := make([][]float64, fewColumns)
		for i := range class {
			class[i], x[i] = int32(r.IntN(classes)), float64(i)
			want[class[i]] = append(want[class[i]], x[i])
		}
		grouped := make([]float64, n)
		from := int32(0)
		for c, end := range groupFew(class, x, grouped) {
			got := slices.Sorted(slices.Values(grouped[from:end]))
			if !slices.Equal(got, want[c]) {
				t.Fatalf("%d rows, %d classes: class %d has %v, want %v", n, classes, c, got, want[c])
			}
			from = end
		}
		if int(from) != n {
			t.Fatalf("%d rows: %d in groups", n, from)
		}
	}
}
