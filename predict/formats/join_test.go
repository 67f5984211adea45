package formats

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"surprisal/predict"
)

// TestJoinFormats joins the conformance data of every format with labels of every
// format, on the first column: a number written as text, an integer or a float.
func TestJoinFormats(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	key := func(src predict.Source) string { return src.Columns()[0].Name }
	open := func(format string) predict.Source {
		t.Helper()
		path := filepath.Join(dir, format)
		if _, err := os.Stat(path); err != nil {
			if err := os.WriteFile(path, conformance[format](), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		src, err := Open(ctx, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	// Each of the three keys has its own text beside it.
	texts := filepath.Join(dir, "texts.csv")
	if err := os.WriteFile(texts, []byte("what,number\ntwo,2.0\nzero,0\none,1.0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	names := []string{"zero", "one", "two"}
	for format := range conformance {
		t.Run(format, func(t *testing.T) {
			// As predictions.
			for _, threads := range []int{1, 3} {
				src := open(format)
				labels, err := Open(ctx, texts, Options{})
				if err != nil {
					t.Fatal(err)
				}
				j, err := predict.NewJoin(key(src)+"=number", "what", true)
				if err != nil {
					t.Fatal(err)
				}
				if err := j.Settle(predict.Request{}, src, labels); err != nil {
					t.Fatal(err)
				}
				if err := j.Read(ctx, labels); err != nil {
					t.Fatal(err)
				}
				joined, err := j.With(src, 0)
				if err != nil {
					t.Fatal(err)
				}
				cols := joined.Columns()
				if got := cols[len(cols)-1].Name; got != "what" || len(cols) != confCols+1 {
					t.Fatalf("columns %v", cols)
				}
				for row := range joined.Sample().Rows() {
					if got := joined.Sample().Text(row, confCols); got != names[row%3] {
						t.Fatalf("sample, row %d: %q", row+1, got)
					}
				}
				var mu sync.Mutex
				rows := 0
				if _, err := joined.Read(ctx, predict.Selection{Values: []int{3, 1}, Texts: []int{confCols, 0}}, threads, func(_ int, b *predict.Batch) error {
					mu.Lock()
					defer mu.Unlock()
					for i := range b.Rows {
						row := int(b.First) - 1 + i
						if got := string(b.Texts[0].At(i)); got != names[row%3] {
							return fmt.Errorf("row %d: %q, want %q", row+1, got, names[row%3])
						}
						if got := string(b.Texts[1].At(i)); got != fmt.Sprint(row%3) || string(b.Keys.At(i)) != got {
							return fmt.Errorf("row %d: key %q, %q", row+1, got, b.Keys.At(i))
						}
						if x := value(b, i, 0); x == x && x != confValue(row, 3) {
							return fmt.Errorf("row %d: value %v", row+1, x)
						}
					}
					rows += b.Rows
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if got := j.Tally(); rows != confRows || got.Matched != 3 || got.DoubledRows != confRows || got.Unlabelled != 0 {
					t.Errorf("%d threads: %d rows, tally %+v", threads, rows, got)
				}
				closeBoth(t, src, labels)
			}

			// As labels, of which a key that comes again says the same.
			src, labels := open("csv"), open(format)
			j, err := predict.NewJoin(key(src)+"="+key(labels), "", false)
			if err != nil {
				t.Fatal(err)
			}
			// There is nothing beside the key that would be the same for the same key.
			if err := j.Settle(predict.Request{Label: "none"}, src, labels); err == nil || !strings.Contains(err.Error(), "nothing to join") {
				t.Fatal(err)
			}
			if err := j.Read(ctx, labels); err != nil {
				t.Fatal(err)
			}
			got := j.Tally()
			if got.Labels != 3 || got.DoubledLabels != confRows-3 || got.ExampleLabelsKey != "0" || len(got.DoubledLabel) != 5 {
				t.Errorf("as labels: %+v", got)
			}
			for i, k := range got.DoubledLabel {
				if k.Row != int64(i+4) || k.Key != fmt.Sprint(i%3) {
					t.Errorf("as labels: key %+v, row %d", k, i+4)
				}
			}
			closeBoth(t, src, labels)
		})
	}
}

func value(b *predict.Batch, row, col int) float64 {
	if b.F32 != nil {
		return float64(b.F32[row*b.K+col])
	}
	return b.F64[row*b.K+col]
}

func closeBoth(t *testing.T, a, b predict.Source) {
	t.Helper()
	for _, s := range []predict.Source{a, b} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
