package formats

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"surprisal/predict"
	"surprisal/score"
)

// Two files of any two formats are read side by side, row by row, whatever the sizes of
// their batches and groups.
func TestSideBySide(t *testing.T) {
	dir := t.TempDir()
	logits := map[string]string{} // the columns, by format
	tables := slices.DeleteFunc(Table(), func(f Format) bool { return ofOneSystem[f.Name] })
	for _, f := range tables {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, conformance[f.Name](), 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range src.Columns()[1:] {
			names = append(names, c.Name)
		}
		logits[f.Name] = strings.Join(names, ",")
		src.Close()
	}
	input := func(format string) []score.Input {
		path := filepath.Join(dir, format)
		return []score.Input{{Name: format, Open: func(ctx context.Context) (predict.Source, error) { return Open(ctx, path, Options{}) }}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // a standstill would be an error
	defer cancel()
	leftOut := int64(-1)
	for i, m := range tables {
		for j, b := range tables {
			threads := []int{1, 2, 3, 8}[(i+j)%4]
			d, err := score.RunAgainst(ctx, score.AgainstJob{Inputs: input(m.Name), Base: input(b.Name),
				Request: predict.Request{Logits: logits[m.Name], Label: "none", Classes: "a,b,c"}, BaseRequest: predict.Request{Logits: logits[b.Name]},
				Options: score.Options{Threads: threads}})
			if err != nil {
				t.Fatalf("%s against %s: %v", m.Name, b.Name, err)
			}
			if leftOut < 0 {
				leftOut = d.Rows.LeftOut
			}
			what := fmt.Sprintf("%s against %s, %d threads", m.Name, b.Name, threads)
			if d.Rows.Read != confRows || d.Rows.LeftOut != leftOut || leftOut < 100 || d.N != confRows-leftOut {
				t.Errorf("%s: %+v", what, d.Rows)
			}
			if d.KL.Value != 0 || d.KL.SE != 0 || d.Agreement.Value != 1 {
				t.Errorf("%s: not the same rows: %+v", what, d.KL)
			}
		}
	}
}
