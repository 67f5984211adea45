package formats

import (
	"context"
	stdcsv "encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"surprisal/predict"
)

// writersRefused is what of the files in testdata/writers is not read, and the words
// with which it is refused.
var writersRefused = map[string]string{
	"parquetwasm_brotli.parquet": "compressed with brotli; snappy, gzip, zstd and LZ4 can be read",
	"duckdb_map.parquet":         "lists of structures",
	"arrow_struct.arrow":         "structures",
	// RLE is for booleans and levels only: the format has no such numbers.
	"parquetjs_rle_v1.parquet": "encoding 3 for INT32",
	"parquetjs_rle_v2.parquet": "encoding 3 for INT32",
}

// Files that other systems wrote give the rows of the CSV file of the same data.
func TestWriters(t *testing.T) {
	f, err := os.Open("testdata/writers/rows.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := stdcsv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names, records := records[0], records[1:]
	// The names that columns have, and where each is in the CSV file.
	want := map[string]int{"probs.cat": 3, "probs.dog": 4, "probs.0": 3, "probs.1": 4, "probs.2": 5,
		"predicted_label_probs.cat": 3, "predicted_label_probs.Zürich": 4, "predicted_label_probs.owl": 5}
	for i, name := range names {
		want[name] = i
	}
	paths, _ := filepath.Glob("testdata/writers/*.*")
	files := 0
	for _, path := range paths {
		name := filepath.Base(path)
		if ext := filepath.Ext(name); ext != ".parquet" && ext != ".arrow" && ext != ".arrows" {
			continue
		}
		files++
		t.Run(name, func(t *testing.T) {
			words, refused := writersRefused[name]
			for _, threads := range []int{1, 3} {
				err := readWritten(t, path, records, want, threads)
				if refused {
					wantError(t, err, words)
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if files < 80 {
		t.Errorf("%d files", files)
	}
}

// readWritten reads all columns of a file, and compares them with the records.
func readWritten(t *testing.T, path string, records [][]string, want map[string]int, threads int) error {
	src, err := Open(t.Context(), path, Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	var sel predict.Selection
	var values, texts []int // their columns in the CSV file
	for i, c := range src.Columns() {
		j, ok := want[c.Name]
		switch {
		case !ok:
			j = 0
			fallthrough // a column that cannot be read says so
		case j < 3:
			sel.Texts, texts = append(sel.Texts, i), append(texts, j)
		default:
			sel.Values, values = append(sel.Values, i), append(values, j)
			sel.Numbers = append(sel.Numbers, i)
		}
	}
	if len(texts)+len(values) < 2 {
		return fmt.Errorf("only %d columns", len(texts)+len(values))
	}
	var mu sync.Mutex
	seen := make([]bool, len(records))
	n, err := src.Read(context.Background(), sel, threads, func(_ int, b *predict.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for i := range b.Rows {
			row := int(b.First) - 1 + i
			seen[row] = true
			for k, j := range texts {
				if got := string(b.Texts[k].At(i)); got != records[row][j] {
					return fmt.Errorf("row %d, column %s: %q, want %q", row+1, src.Columns()[sel.Texts[k]].Name, got, records[row][j])
				}
			}
			for k, j := range values {
				x, err := strconv.ParseFloat(records[row][j], 64)
				if err != nil {
					return err
				}
				var got float64
				if b.F32 != nil {
					got = float64(b.F32[i*b.K+k])
				} else {
					got = b.F64[i*b.K+k]
				}
				if !(got == x) || !(b.Numbers[k][i] == x) {
					return fmt.Errorf("row %d, column %s: %v and %v, want %v", row+1, src.Columns()[sel.Values[k]].Name, got, b.Numbers[k][i], x)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n != int64(len(records)) || slices.Contains(seen, false) {
		return fmt.Errorf("%d rows, want %d: %v", n, len(records), seen)
	}
	for k, j := range texts {
		if got := src.Sample().Text(7, sel.Texts[k]); got != records[7][j] {
			return fmt.Errorf("sample: %q, want %q", got, records[7][j])
		}
	}
	return nil
}
