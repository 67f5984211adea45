package score

import (
	"bytes"
	"context"
	le "encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"surprisal/predict"
)

// npyInput is rows of numbers as an NPY file, of float32 or float64.
func npyInput(rows [][]float64, size int) Input {
	var b bytes.Buffer
	dict := fmt.Sprintf("{'descr': '<f%d', 'fortran_order': False, 'shape': (%d, %d), }", size, len(rows), len(rows[0]))
	for (10+len(dict)+1)%64 != 0 {
		dict += " "
	}
	b.WriteString("\x93NUMPY\x01\x00" + string([]byte{byte(len(dict) + 1), byte((len(dict) + 1) >> 8)}) + dict + "\n")
	for _, row := range rows {
		for _, v := range row {
			if size == 4 {
				le.Write(&b, le.LittleEndian, float32(v))
			} else {
				le.Write(&b, le.LittleEndian, v)
			}
		}
	}
	return Input{Name: "z.npy", Open: func(context.Context) (predict.Source, error) {
		return predict.OpenNPY("z.npy", bytes.NewReader(b.Bytes()), int64(b.Len()))
	}}
}

// labelsInput is labels in a file of their own.
func labelsInput(labels []string) []LabelsInput {
	tab := &table{}
	tab.column("label", labels)
	return []LabelsInput{{Input: tab.input()}}
}

// TestLogitsReference scores each row of ref/loss/judge.json from an NPY file: its
// loss, Brier score and accuracy are those of mpmath.
func TestLogitsReference(t *testing.T) {
	b, err := os.ReadFile("../ref/loss/judge.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Cases []struct {
			Name        string
			Logits      []number64
			Target      int
			Loss, Brier number64
			Hit         float64
		}
	}
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	parse := func(n number64) float64 {
		v, err := strconv.ParseFloat(string(n), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range ref.Cases {
		if len(c.Logits) == 1 {
			continue // is no choice
		}
		row := make([]float64, len(c.Logits))
		for k, v := range c.Logits {
			row[k] = parse(v)
		}
		for _, f := range []struct {
			size                    int
			tolerance, brierPerhaps float64
		}{{4, 2.5e-7, 1e-6}, {8, 1e-15, 3e-15}} {
			card, err := Run(context.Background(), Job{Inputs: []Input{npyInput([][]float64{row}, f.size)},
				Labels: labelsInput([]string{strconv.Itoa(c.Target)}), Request: predict.Request{Logits: "*"}})
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			loss, brier := parse(c.Loss), parse(c.Brier)
			if got := card.CrossEntropy.Value; got != loss && !(math.Abs(got-loss) <= f.tolerance*loss) {
				t.Errorf("%s, float%d, %d classes: %v, want %v", c.Name, 8*f.size, len(row), got, loss)
			}
			if got := card.Brier.Value; !(math.Abs(got-brier) <= f.brierPerhaps*brier) {
				t.Errorf("%s, float%d, %d classes: Brier %v, want %v", c.Name, 8*f.size, len(row), got, brier)
			}
			if got := card.Accuracy.Value; got != c.Hit {
				t.Errorf("%s, float%d, %d classes: accuracy %v, want %v", c.Name, 8*f.size, len(row), got, c.Hit)
			}
		}
	}
}

// hardLogits are n rows of k logits or, if logs, log-probabilities, some of them
// hard, and their labels.
func hardLogits(n, k int, logs bool) (rows [][]float64, labels []string) {
	r := rand.New(rand.NewPCG(uint64(k), 31))
	for range n {
		row := make([]float64, k)
		y := r.IntN(k)
		var sum float64
		for j := range row {
			row[j] = float64(float32(2 * r.NormFloat64()))
			sum += math.Exp(row[j])
		}
		for j := range row {
			if logs {
				row[j] = float64(float32(row[j] - math.Log(sum)))
			}
		}
		switch kind := r.IntN(12); {
		case kind == 0 && !logs:
			for j := range row {
				row[j] += 200
			}
		case kind == 1 && !logs:
			row[y] += 60
		case kind == 2:
			row[r.IntN(k)] = math.NaN()
		case kind == 3:
			row[y] = math.Inf(-1)
			if logs {
				row[(y+1)%k] = 0
				for j := range row {
					if j != (y+1)%k {
						row[j] = math.Inf(-1)
					}
				}
			}
		case kind == 4:
			row[r.IntN(k)] = math.Inf(1)
		case kind == 5 && !logs:
			for j := range row {
				row[j] = -1e30
			}
		}
		label := strconv.Itoa(y)
		if r.IntN(20) == 0 {
			label = "NA"
		}
		rows, labels = append(rows, row), append(labels, label)
	}
	return rows, labels
}

// TestLogitsAnywhere: a row's score depends on the row alone: not on the rows
// beside it, its place, the division into files, the number of threads, or whether
// there are slices, which take rows another way.
func TestLogitsAnywhere(t *testing.T) {
	for _, logs := range []bool{false, true} {
		req := predict.Request{Logits: "*"}
		if logs {
			req = predict.Request{LogProbs: "*"}
		}
		for _, k := range []int{2, 3, 10, 17, 100, 700} {
			for _, size := range []int{4, 8} {
				rows, labels := hardLogits(400, k, logs)
				run := func(threads, parts int) *Scorecard {
					t.Helper()
					job := Job{Labels: labelsInput(labels), Request: req, Options: Options{Threads: threads}}
					for i := range parts {
						if from, to := len(rows)*i/parts, len(rows)*(i+1)/parts; from < to {
							job.Inputs = append(job.Inputs, npyInput(rows[from:to], size))
						}
					}
					c, err := Run(context.Background(), job)
					if err != nil {
						t.Fatal(err)
					}
					return c
				}
				first := run(1, 1)
				if first.Rows.Infinite == 0 || len(first.Rows.Invalid) < 2 || first.N < 200 {
					t.Fatalf("the case has lost its hard rows: %+v", first.Rows)
				}
				want := bits(first)
				for _, how := range [][2]int{{1, 400}, {2, 7}, {3, 50}} {
					if got := bits(run(how[0], how[1])); got != want {
						t.Fatalf("logs %v, %d classes, float%d: %d threads, %d files:\n%s\nat once:\n%s", logs, k, 8*size, how[0], how[1], got, want)
					}
				}
				// Another order, and the general way.
				rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) {
					rows[i], rows[j], labels[i], labels[j] = rows[j], rows[i], labels[j], labels[i]
				})
				if got := bits(run(2, 3)); got != want {
					t.Fatalf("logs %v, %d classes, float%d: in another order\n%s\nfirst:\n%s", logs, k, 8*size, got, want)
				}
			}
		}
	}
}

// TestQuickIsGeneral scores rows the quick way, and the general way with a freq of
// 1 for each: the same bits.
func TestQuickIsGeneral(t *testing.T) {
	for _, logs := range []bool{false, true} {
		rows, labels := hardLogits(300, 5, logs)
		tab := &table{names: []string{"label", "n", "z_0", "z_1", "z_2", "z_3", "z_4"}, batch: 23}
		for i, row := range rows {
			cells := []string{labels[i], "1"}
			for _, v := range row {
				cells = append(cells, strconv.FormatFloat(v, 'g', -1, 64))
			}
			tab.rows = append(tab.rows, cells)
		}
		req := predict.Request{Label: "label", Logits: "z_*"}
		if logs {
			req = predict.Request{Label: "label", LogProbs: "z_*"}
		}
		quick, err := score(t, tab, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		req.Freq = "n"
		general, err := score(t, tab, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := bits(quick), bits(general); a != b {
			t.Errorf("logs %v: quickly\n%s\nin general\n%s", logs, a, b)
		}
	}
}

// TestBinaryLogit: hand-worked log-odds; those of ±Inf are certain.
func TestBinaryLogit(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		z, label           string
		nats, brier, right float64
	}{
		{"0", "1", math.Ln2, 0.25, 0.5},
		{"0", "0", math.Ln2, 0.25, 0.5},
		{"60", "1", 8.75651076269652e-27, 7.66764807372205e-53, 1}, // exp(−60), and its square
		{"60", "0", 60, 1, 0},
		{"-800", "1", 800, 1, 0},
		{"inf", "1", 0, 0, 1},
		{"inf", "0", inf, 1, 0},
		{"-inf", "0", 0, 0, 1},
		{"-inf", "1", inf, 1, 0},
	} {
		got, err := score(t, grid("y,z", c.label+","+c.z), predict.Request{Label: "y", Logits: "z", Positive: "1"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, pair := range [][2]float64{{got.CrossEntropy.Value, c.nats}, {got.Brier.Value, c.brier}, {got.Accuracy.Value, c.right}} {
			if pair[0] != pair[1] && !(math.Abs(pair[0]-pair[1]) <= 1e-14*pair[1]) {
				t.Errorf("z = %s, label %s, figure %d: %v, want %v", c.z, c.label, i, pair[0], pair[1])
			}
		}
	}
}
