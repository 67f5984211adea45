package loss

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

type judgeCase struct {
	Name        string
	Logits      []number
	Target      int
	Loss, Brier number
	Hit         float64
}

func judgeCases(t *testing.T) []judgeCase {
	b, err := os.ReadFile("../ref/loss/judge.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct{ Cases []judgeCase }
	if err := json.Unmarshal(b, &ref); err != nil {
		t.Fatal(err)
	}
	if len(ref.Cases) < 150 {
		t.Fatalf("%d cases", len(ref.Cases))
	}
	return ref.Cases
}

// TestJudge holds float32 and float64 rows to values of 50 digits.
func TestJudge(t *testing.T) {
	for _, c := range judgeCases(t) {
		row32, row64 := make([]float32, len(c.Logits)), make([]float64, len(c.Logits))
		for k, v := range c.Logits {
			row32[k], row64[k] = float32(v), float64(v)
			if float64(row32[k]) != row64[k] {
				t.Fatalf("%s: %v is no float32", c.Name, v)
			}
		}
		judgeRow(t, c, row32, 2.5e-7, 1e-6)
		// The loss of the largest is known from its distance to the others, of which
		// an exponential is good to the last place but one.
		judgeRow(t, c, row64, 1e-15, 3e-15)
	}
}

func judgeRow[T Float](t *testing.T, c judgeCase, row []T, lossTolerance, brierTolerance float64) {
	t.Helper()
	var j Judged
	Judge(&j, row, len(row), []int{c.Target})
	if !same(j.Nats[0], float64(c.Loss), lossTolerance) {
		t.Errorf("%s, %T, %d classes: loss %v, want %v (%.3g)", c.Name, row, len(row), j.Nats[0], c.Loss, j.Nats[0]/float64(c.Loss)-1)
	}
	if want := float64(c.Brier); !(math.Abs(j.Brier[0]-want) <= brierTolerance*want) {
		t.Errorf("%s, %T, %d classes: Brier %v, want %v (%.3g)", c.Name, row, len(row), j.Brier[0], want, j.Brier[0]/want-1)
	}
	at, ties := float64(row[c.Target]), 0.0
	for _, v := range row {
		if float64(v) == at {
			ties++
		}
	}
	hit := 0.0
	if at >= j.Others[0] {
		hit = 1 / ties
	}
	if hit != c.Hit {
		t.Errorf("%s, %T, %d classes: hit %v, want %v", c.Name, row, len(row), hit, c.Hit)
	}
}

// TestTallyLogs holds the sums of a row of log-probabilities to big numbers.
func TestTallyLogs(t *testing.T) {
	row := []float32{-0.5, float32(math.Inf(-1)), -3, -800, -1e-3, -1.25}
	for target := range row {
		for _, scale := range []float64{1, math.Ln2} {
			p, rest, sum, squares := TallyLogs(row, target, scale, 0.25)
			var wantSum, wantSquares float64
			for j, l := range row {
				if e := math.Exp(float64(l)*scale - 0.25); j != target {
					wantSum += e
					wantSquares += e * e
				}
			}
			at := float64(row[target])*scale - 0.25
			for i, pair := range [][2]float64{{p, math.Exp(at)}, {rest, -math.Expm1(at)}, {sum, wantSum}, {squares, wantSquares}} {
				if !(math.Abs(pair[0]-pair[1]) <= 1e-15*pair[1]+1e-300) {
					t.Errorf("target %d, figure %d: %v, want %v", target, i, pair[0], pair[1])
				}
			}
		}
	}
	_, rest, _, _ := TallyLogs([]float64{-1e-9, -20}, 0, 1, 0)
	if want := -math.Expm1(-1e-9); !(math.Abs(rest-want) <= 1e-15*want) {
		t.Errorf("1 − p is %v, want %v", rest, want)
	}
}
