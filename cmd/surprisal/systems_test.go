package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"surprisal/predict"
	"surprisal/predict/formats"
)

// systemsDir holds a small file of each system whose output is recognised.
func systemsDir(t testing.TB) string { return filepath.Join(root(t), "predict", "testdata", "systems") }

// expectation is what a file must score, as predict/testdata/make_tables.py
// computed it.
type expectation struct {
	File         string            `json:"file"`
	ReadAs       string            `json:"read_as"`
	Flags        []string          `json:"flags"`
	N            int64             `json:"n"`
	CrossEntropy string            `json:"cross_entropy"`
	Invalid      map[string]int64  `json:"invalid"`
	SelfScored   bool              `json:"self_scored"`
	Bound        bool              `json:"bound"`
	Notes        []string          `json:"notes"`
	Per          map[string]string `json:"per"`
	Same         string            `json:"same"`
	Error        string            `json:"error"`
	Hint         string            `json:"hint"`
}

// systemScore is what the test looks at of the output.
type systemScore struct {
	ReadAs       string `json:"read_as"`
	N            int64  `json:"n"`
	CrossEntropy struct {
		Value float64 `json:"value"`
	} `json:"cross_entropy"`
	SelfScored bool       `json:"self_scored"`
	Per        []perScore `json:"per"`
	Rows       struct {
		Invalid map[string]int64 `json:"invalid"`
	} `json:"rows"`
	Notes    []string `json:"notes"`
	Warnings []string `json:"warnings"`
}

// perScore is the score per token, word or byte.
type perScore struct {
	Of           string `json:"of"`
	CrossEntropy struct {
		Value float64 `json:"value"`
	} `json:"cross_entropy"`
}

// The documentation has the rows of the tables of formats and of systems.
func TestFormatsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range formats.Table() {
		if row := fmt.Sprintf("| %s | %s | %s |\n", f.Name, f.Description, strings.Join(f.Extensions, ", ")); !strings.Contains(string(text), row) {
			t.Errorf("docs/formats.md has no row\n%s", row)
		}
	}
	for _, s := range predict.Systems() {
		if row := fmt.Sprintf("| **%s** | %s | %s | %s |\n", s.Name, s.Known, s.Read, s.Traps); !strings.Contains(string(text), row) {
			t.Errorf("docs/formats.md has no row\n%s", row)
		}
	}
}

// scored runs surprisal score and gives its output.
func scored(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), append([]string{"score"}, args...), strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// Every file of the directory is recognised without a flag, or with those that
// the expectations name, and scores what was computed elsewhere.
func TestSystems(t *testing.T) {
	dir := systemsDir(t)
	text, err := os.ReadFile(filepath.Join(dir, "..", "systems.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []expectation
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(all, func(x expectation) bool { return x.File == e.Name() }) {
			t.Errorf("%s: nothing says what it must score", e.Name())
		}
	}
	t.Chdir(dir)
	figures := map[string]map[string]string{} // by set of values, by figures: the first file
	for _, want := range all {
		t.Run(strings.Join(append([]string{want.File}, want.Flags...), " "), func(t *testing.T) {
			status, stdout, stderr := scored(t, append([]string{want.File, "--json"}, want.Flags...)...)
			if want.Error != "" {
				if status != 2 || stdout != "" || !strings.Contains(stderr, want.File+": ") ||
					!strings.Contains(stderr, want.Error) || !strings.Contains(stderr, want.Hint) {
					t.Fatalf("status %d, want the error %q and the hint %q\n%s", status, want.Error, want.Hint, stderr)
				}
				return
			}
			var got systemScore
			if status != 0 || json.Unmarshal([]byte(stdout), &got) != nil {
				t.Fatalf("status %d\n%s%s", status, stderr, stdout)
			}
			if !strings.Contains(got.ReadAs, want.ReadAs) {
				t.Errorf("read as %s, want %s", got.ReadAs, want.ReadAs)
			}
			value, err := strconv.ParseFloat(want.CrossEntropy, 64)
			if err != nil {
				t.Fatal(err)
			}
			if x := got.CrossEntropy.Value; got.N != want.N || !(math.Abs(x-value) <= 4e-16*max(1, value)) {
				t.Errorf("%v over %d rows, want %v over %d", x, got.N, value, want.N)
			}
			if !maps.Equal(got.Rows.Invalid, want.Invalid) {
				t.Errorf("left out %v, want %v", got.Rows.Invalid, want.Invalid)
			}
			if got.SelfScored != want.SelfScored {
				t.Errorf("self-scored: %v", got.SelfScored)
			}
			warned := strings.Join(got.Warnings, "\n")
			for part, must := range map[string]bool{"temperature 1": want.SelfScored, "lower bound": want.Bound || want.Invalid["censored"] > 0} {
				if strings.Contains(warned, part) != must {
					t.Errorf("warnings: %q, %q among them must be %v", warned, part, must)
				}
			}
			for _, note := range want.Notes {
				if !slices.ContainsFunc(got.Notes, func(n string) bool { return strings.Contains(n, note) }) {
					t.Errorf("notes %q, want %q", got.Notes, note)
				}
			}
			if want.Same != "" {
				if figures[want.Same] == nil {
					figures[want.Same] = map[string]string{}
				}
				figures[want.Same][figuresOf(t, stdout)] = want.File
			}
			for of, s := range want.Per {
				value, _ := strconv.ParseFloat(s, 64)
				if !slices.ContainsFunc(got.Per, func(p perScore) bool {
					return p.Of == of && math.Abs(p.CrossEntropy.Value-value) <= 1e-15*value
				}) {
					t.Errorf("per %s: %v, want %v", of, got.Per, value)
				}
			}
		})
	}
	// The same stored values in all formats give the same bits.
	for set, of := range figures {
		if len(of) != 1 {
			t.Errorf("%s: %d different results: %v", set, len(of), of)
		}
	}
}

// figuresOf is every figure of a data set that does not depend on how its classes
// and files are called.
func figuresOf(t *testing.T, stdout string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(stdout), &all); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range []string{"n", "cross_entropy", "nll", "perplexity", "base_rate_entropy", "skill", "accuracy", "brier"} {
		if all[name] == nil {
			t.Fatalf("no %s", name)
		}
		b.Write(all[name])
		b.WriteByte('\n')
	}
	return b.String()
}
