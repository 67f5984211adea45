package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"

	"surprisal/predict"
)

type classProb struct {
	Label *string  `parquet:"label"`
	Prob  *float64 `parquet:"prob"`
}

type pairRow struct {
	Y     string      `parquet:"y"`
	Probs []classProb `parquet:"predicted_y_probs,list"`
}

// writeRows writes structures.
func writeRows[T any](rows []T, group int, options ...pq.WriterOption) []byte {
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, options...)
	for len(rows) > 0 {
		n := min(group, len(rows))
		if _, err := w.Write(rows[:n]); err != nil {
			panic(err)
		}
		if err := w.Flush(); err != nil {
			panic(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// pairRows makes rows of classes in any order, some of them missing, and what the
// columns a, b, c, … must then hold.
func pairRows(n, classes int) (rows []pairRow, want [][]float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		row := pairRow{Y: className(rng.IntN(classes))}
		values := make([]float64, classes)
		for k := range values {
			values[k] = math.NaN()
		}
		order := rng.Perm(classes)
		if i == 0 { // the first row gives the order of the columns
			slices.Sort(order)
		} else if rng.IntN(8) == 0 {
			order = order[:rng.IntN(classes)]
		}
		for _, k := range order {
			label, prob := className(k), rng.Float64()
			p := classProb{Label: &label}
			if i == 0 || rng.IntN(9) > 0 {
				p.Prob, values[k] = &prob, prob
			}
			row.Probs = append(row.Probs, p)
		}
		rows, want = append(rows, row), append(want, values)
	}
	return rows, want
}

func className(k int) string { return strings.Repeat("class ", k%3) + strconv.Itoa(k) }

// Lists of classes with their probabilities are columns of the classes, however
// they lie in pages and row groups.
func TestParquetPairs(t *testing.T) {
	rows, want := pairRows(2500, 5)
	for name, options := range map[string][]pq.WriterOption{
		"plain":       nil,
		"small pages": {pq.PageBufferSize(300), pq.DataPageVersion(1), pq.Compression(&pq.Snappy)},
		"version 2":   {pq.PageBufferSize(1000), pq.DataPageVersion(2), pq.Compression(&pq.Zstd)},
	} {
		for _, group := range []int{3000, 700, 13} {
			for _, threads := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, group, threads), func(t *testing.T) {
					src, err := openBytes(t, writeRows(rows, group, options...))
					if err != nil {
						t.Fatal(err)
					}
					defer src.Close()
					var names []string
					sel := predict.Selection{}
					for i, c := range src.Columns() {
						names = append(names, c.Name)
						if i > 0 {
							sel.Values = append(sel.Values, i)
						}
					}
					if got, want := strings.Join(names, "|"), "y|predicted_y_probs.0|predicted_y_probs.class 1|predicted_y_probs.class class 2|predicted_y_probs.3|predicted_y_probs.class 4"; got != want {
						t.Fatalf("columns %s, want %s", got, want)
					}
					for i := range src.Sample().Rows() {
						for k := range 5 {
							if x, ok := src.Sample().Number(i, k+1); !ok || !sameFloat(x, want[i][k]) {
								t.Fatalf("sample, row %d, column %d: %v, want %v", i+1, k+2, x, want[i][k])
							}
						}
					}
					values, _, missing, n, err := read1(t, src, sel, threads)
					if err != nil || n != len(rows) {
						t.Fatal(n, err)
					}
					holes := 0
					for i := range rows {
						for k := range 5 {
							if x := values[i*5+k]; !sameFloat(x, want[i][k]) {
								t.Fatalf("row %d, column %d: %v, want %v", i+1, k+2, x, want[i][k])
							}
							if want[i][k] != want[i][k] {
								holes++
							}
						}
					}
					if len(missing) != holes {
						t.Errorf("%d missing, want %d", len(missing), holes)
					}
				})
			}
		}
	}
}

func sameFloat(x, y float64) bool { return x == y || x != x && y != y }

// Trouble in a list of pairs names the row group, the column and the row.
func TestParquetPairsTrouble(t *testing.T) {
	for _, c := range []struct {
		name   string
		break_ func(row *pairRow)
		want   string
	}{
		{"unknown class", func(r *pairRow) { s := "new"; r.Probs[0].Label = &s }, `class "new", which none of the first rows has`},
		{"twice", func(r *pairRow) { r.Probs[1].Label = r.Probs[0].Label }, "twice in one row"},
		{"no class", func(r *pairRow) { r.Probs[0].Label = nil }, "a probability without a class"},
	} {
		for _, at := range []int{1502, 2001} {
			t.Run(fmt.Sprint(c.name, at), func(t *testing.T) {
				rows, _ := pairRows(2500, 5)
				for len(rows[at].Probs) < 2 {
					at++
				}
				c.break_(&rows[at])
				for _, threads := range []int{1, 2} {
					src, err := openBytes(t, writeRows(rows, 1000, pq.PageBufferSize(500)))
					if err != nil {
						t.Fatal(err)
					}
					read := int64(0)
					_, err = src.Read(context.Background(), predict.Selection{Values: []int{1, 2}}, threads, func(_ int, b *predict.Batch) error {
						if threads == 1 {
							read += int64(b.Rows)
						}
						return nil
					})
					var e *predict.Error
					if !errors.As(err, &e) || e.Row != int64(at)+1 || e.Column != 2 || !strings.Contains(e.What, c.want) ||
						!strings.HasPrefix(e.What, fmt.Sprintf("row group %d: ", at/1000+1)) || threads == 1 && read != int64(at) {
						t.Errorf("row %d: %v (%d rows read), want %s", at+1, err, read, c.want)
					}
				}
			})
		}
	}
	// Within the sample it is known when the file is opened.
	rows, _ := pairRows(50, 5)
	rows[7].Probs = append(rows[7].Probs, classProb{})
	_, err := openBytes(t, writeRows(rows, 5))
	wantError(t, err, "row 8", "row group 2", "predicted_y_probs", "a probability without a class")
	// A list of some of very many classes is no matrix.
	var top []pairRow
	for i := range 400 {
		label, prob := strconv.Itoa(i), 0.5
		top = append(top, pairRow{Y: label, Probs: []classProb{{&label, &prob}}})
	}
	src, err := openBytes(t, writeRows(top, 100))
	if err != nil || len(src.Columns()) != 2 {
		t.Fatal(src, err)
	}
	_, err = src.Read(t.Context(), predict.Selection{Values: []int{1}}, 1, func(int, *predict.Batch) error { return nil })
	wantError(t, err, "predicted_y_probs", "lists of some of the classes")
}

type lightDoc struct {
	ID      string   `parquet:"id,optional"`
	Choices []string `parquet:"choices,list"`
	Gold    []int64  `parquet:"gold_index,list"`
}

type lightAnswer struct {
	LogProbs []float64 `parquet:"logprobs,list"`
}

type lightRow struct {
	Doc    *lightDoc    `parquet:"doc"`
	Answer *lightAnswer `parquet:"model_response"`
}

func lightRows(n int) (rows []lightRow) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		doc, answer := &lightDoc{ID: "doc " + strconv.Itoa(i) + " \"é\"\n"}, &lightAnswer{}
		for k := range 2 + rng.IntN(4) {
			doc.Choices = append(doc.Choices, strings.Repeat("choice", k))
			answer.LogProbs = append(answer.LogProbs, -rng.ExpFloat64())
		}
		doc.Gold = []int64{int64(rng.IntN(len(doc.Choices)))}
		rows = append(rows, lightRow{doc, answer})
	}
	rows[0].Doc.Choices, rows[0].Answer.LogProbs = []string{"a", "b", "c", "d", "e"}, []float64{-1, -2, math.Inf(-1), -1e-300, -5}
	return rows
}

// Details of lighteval are rows with a logit for each choice, however they lie in
// pages and row groups.
func TestParquetLightEval(t *testing.T) {
	rows := lightRows(1700)
	for _, group := range []int{2000, 130} {
		src, err := openBytes(t, writeRows(rows, group, pq.PageBufferSize(400)))
		if err != nil {
			t.Fatal(err)
		}
		if about := predict.AboutOf(src); about.System != "lighteval details, several choices" || src.Format() != "parquet" {
			t.Fatal(about, src.Format())
		}
		got, err := cells(t, src, 2)
		if err != nil || len(got) != len(rows) {
			t.Fatal(len(got), err)
		}
		for i, r := range rows {
			want := []string{r.Doc.ID, strconv.FormatInt(r.Doc.Gold[0], 10)}
			for k := range 5 {
				x := math.Inf(-1)
				if k < len(r.Answer.LogProbs) {
					x = r.Answer.LogProbs[k]
				}
				if text := strconv.FormatFloat(x, 'g', -1, 64); x > math.Inf(-1) {
					want = append(want, text)
				} else {
					want = append(want, "-Infinity")
				}
			}
			if !slices.Equal(got[i], want) {
				t.Fatalf("row %d: %q, want %q", i+1, got[i], want)
			}
		}
	}
	for _, c := range []struct {
		name   string
		break_ func(r *lightRow)
		want   []string
	}{
		{"gold", func(r *lightRow) { r.Doc.Gold[0] = 9 }, []string{"record 1401", "doc.gold_index", "9, expected the number of a choice"}},
		{"negative gold", func(r *lightRow) { r.Doc.Gold[0] = -1 }, []string{"record 1401", "doc.gold_index", "-1, expected the number of a choice"}},
		{"count", func(r *lightRow) { r.Answer.LogProbs = append(r.Answer.LogProbs, -1) }, []string{"record 1401", "log-likelihoods for"}},
		{"more choices", func(r *lightRow) {
			r.Doc.Choices, r.Answer.LogProbs = make([]string, 7), make([]float64, 7)
		}, []string{"record 1401", "7 choices, and the first 1000 records have at most 5"}},
		{"no answer", func(r *lightRow) { r.Answer = nil }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := lightRows(1700)
			c.break_(&rows[1400])
			src, err := openBytes(t, writeRows(rows, 500))
			if err != nil {
				t.Fatal(err)
			}
			n, err := src.Read(t.Context(), predict.Selection{Texts: []int{0}}, 2, func(int, *predict.Batch) error { return nil })
			if c.want != nil {
				wantError(t, err, c.want...)
			} else if about := predict.AboutOf(src); err != nil || n != 1699 || !slices.Contains(about.Notes, "answers without log-probabilities, left out: 1") {
				t.Error(n, err, about.Notes)
			}
		})
	}
}

// Where documents differ in their fields, everything is text.
func TestParquetLightText(t *testing.T) {
	text := func(name string) pqField { return plainField(name, pq.String(), func(int) any { return "{'a': 1}" }) }
	_, err := openBytes(t, writeParquet(3, 10, []pqField{text("doc"), text("metric"), text("model_response")}))
	wantError(t, err, "lighteval details that were made text")
}

// systemFiles are the files of predict/testdata/systems that end so.
func systemFiles(t testing.TB, suffix string) [][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/systems/*" + suffix)
	if err != nil || len(paths) == 0 {
		t.Fatal(suffix, err)
	}
	var all [][]byte
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// Files cut short or damaged end in rows or in an error of ours.
func TestNestedDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, data := range systemFiles(t, ".parquet") {
		for n := 1; n < len(data); n += 1 + n%13 {
			if err := survive(t, data[:n]); err == nil {
				t.Fatalf("cut after %d of %d bytes: no error", n, len(data))
			}
		}
		damage := bytes.Clone(data)
		for range 400 {
			i, j := rng.IntN(len(data)), rng.IntN(len(data))
			damage[i] ^= byte(1 << rng.IntN(8))
			damage[j] = byte(rng.Uint32())
			survive(t, damage)
			damage[i], damage[j] = data[i], data[j]
		}
	}
}

func FuzzNested(f *testing.F) {
	for _, data := range systemFiles(f, ".parquet") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("PAR1")) {
			survive(t, data)
		}
	})
}
