// Command bench measures the speed and memory of surprisal beside its peers and
// beside the time just to read the same bytes, in one run, results checked equal
// first:
//
//	cd bench && go run .
//
// README.md says what is timed and how. This is a module of its own, because it
// needs cgo (DuckDB) and nobody who uses surprisal should.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options are what a run was asked for.
type options struct {
	quick    bool
	markdown bool
	reps     int
	data     string // folder for generated files
	python   string
	rows     []string
	pictures bool
}

// rows are what can be measured, in the order of the output.
var rows = []struct {
	name, what string
	run        func(context.Context, *bench) error
}{
	{"exact", "exact sums, and the exact mean of −log p", benchExact},
	{"csv", "score of a CSV with 9 digits, and with 17", benchCSV},
	{"npy", "score of a float32 NPY with 1000 classes", benchNPY},
	{"logits", "score of a float32 NPY of logits with 1000 classes", benchLogits},
	{"kernels", "softmax cross entropy of logits in memory, and its gradient", benchKernels},
	{"parquet", "score of the same as Parquet", benchParquet},
	{"arrow", "score of the same as Arrow and Feather", benchArrow},
	{"jsonl", "score of JSON lines: log-probabilities, and lists", benchJSONL},
	{"packed", "score of a compressed CSV", benchPacked},
	{"safetensors", "score of safetensors with 1000 classes", benchTensors},
	{"startup", "start-up of the command", benchStartup},
}

// bench is one run.
type bench struct {
	options
	surprisal string // the built command
	self      string // this program, for its workers
	machine   machine
	tables    []*table
	kernels   []*kernelRace
	temporary bool     // data is removed at the end
	missing   []string // peers that are not there
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-worker" {
		if err := work(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	var b bench
	var only string
	flag.BoolVar(&b.quick, "quick", false, "small data, to see that everything runs; bars are not judged")
	flag.BoolVar(&b.markdown, "markdown", false, "print Markdown, for results.md")
	flag.IntVar(&b.reps, "reps", 0, "runs of every candidate (7; 3 with -quick)")
	flag.StringVar(&b.data, "data", "", "keep generated data in this folder, and use what is there")
	flag.StringVar(&b.python, "python", "/usr/bin/python3", "the interpreter that has the Python peers")
	flag.StringVar(&only, "rows", strings.Join(names, ","), "what to measure")
	flag.BoolVar(&b.pictures, "pictures", false, "draw what the row kernels measured, into the folder pictures")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	b.options.rows = strings.Split(only, ",")
	for _, r := range b.options.rows {
		if !slices.Contains(names, r) {
			return fmt.Errorf("-rows: no %q; there are %s", r, strings.Join(names, ", "))
		}
	}
	if b.pictures && (b.quick || !slices.Contains(b.options.rows, "kernels")) {
		return errors.New("-pictures needs the row kernels, and not -quick")
	}
	if b.reps == 0 {
		b.reps = 7
		if b.quick {
			b.reps = 3
		}
	}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "surprisal-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if b.data == "" {
		b.data, b.temporary = tmp, true
	} else if err := os.MkdirAll(b.data, 0o777); err != nil {
		return err
	}
	b.surprisal = filepath.Join(tmp, "surprisal")
	if err := build(ctx, b.surprisal); err != nil {
		return err
	}
	b.machine = lookAround()
	start := time.Now()
	for _, r := range rows {
		if !slices.Contains(b.options.rows, r.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", r.name, r.what)
		if err := r.run(ctx, &b); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	b.print(os.Stdout, time.Since(start))
	if b.pictures {
		if err := drawKernels("pictures", b.kernels, b.machine.cpu); err != nil {
			return err
		}
	}
	for _, t := range b.tables {
		if t.unequal {
			return fmt.Errorf("results differ: see %q", t.title)
		}
	}
	return nil
}

// threads are the numbers of threads to measure with.
func (b *bench) threads() []int {
	if runtime.NumCPU() < 2 {
		return []int{1}
	}
	if b.quick {
		return []int{2}
	}
	return []int{1, 2}
}

// lacks notes a peer that is not there; it is said where the table is, and again
// at the end.
func (b *bench) lacks(peer, why string) string {
	note := fmt.Sprintf("NOT MEASURED: %s (%s)", peer, why)
	if !slices.Contains(b.missing, note) {
		b.missing = append(b.missing, note)
	}
	fmt.Fprintln(os.Stderr, "bench:", note)
	return note
}

// result is what a candidate prints: its figure, the seconds without start-up,
// and the versions of what it used.
type result struct {
	Value   float64 `json:"value"`
	Seconds float64 `json:"seconds"`
	With    string  `json:"with"`
}

func parseResult(out []byte) (r result, err error) {
	err = json.Unmarshal(out, &r)
	return r, err
}

// parseScore takes the cross entropy from the JSON of surprisal score.
func parseScore(out []byte) (r result, err error) {
	var card struct {
		CrossEntropy struct{ Value float64 } `json:"cross_entropy"`
	}
	err = json.Unmarshal(out, &card)
	return result{Value: card.CrossEntropy.Value}, err
}
