package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
)

// canImport asks the interpreter for modules, and gives the reason if it lacks one.
func (b *bench) canImport(ctx context.Context, modules ...string) (string, bool) {
	if _, err := exec.LookPath(b.python); err != nil {
		return err.Error(), false
	}
	for _, m := range modules {
		if err := exec.CommandContext(ctx, b.python, "-c", "import "+m).Run(); err != nil {
			return fmt.Sprintf("%s has no %s", b.python, m), false
		}
	}
	return "", true
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (b *bench) read(threads int, paths ...string) candidate {
	return candidate{
		name: "just to read it", read: true, parse: parseResult,
		args: append([]string{b.self, "-worker", "read", fmt.Sprint(threads)}, paths...),
	}
}

func (b *bench) score(threads int, args ...string) candidate {
	return candidate{
		name: "surprisal score", parse: parseScore,
		args: append([]string{b.surprisal, "score", "--json", "--quiet", "--threads", fmt.Sprint(threads)}, args...),
	}
}

func (b *bench) peer(name, script string, args ...string) candidate {
	return candidate{
		name: name, parse: parseResult,
		args: append([]string{b.python, filepath.Join("peers", script)}, args...),
	}
}

// ratio is how many times as fast as the named peer ours is; NaN without it.
func ratio(all []*timing, ours *timing, name string) float64 {
	for _, t := range all {
		if t.name == name {
			return t.seconds() / ours.seconds()
		}
	}
	return math.NaN()
}

func memoryBar(t *timing) bar {
	return judge("peak memory ≤ 200 MB", fmt.Sprint(t.rss>>20), t.rss <= 200<<20, true)
}

func size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "?"
	}
	return fmt.Sprintf("%d MB", (info.Size()+500_000)/1_000_000)
}

const (
	pandas  = "pandas + scikit-learn"
	duck    = "DuckDB SQL"
	numpy   = "numpy"
	sklearn = "numpy + scikit-learn"
)

func benchCSV(ctx context.Context, b *bench) error {
	n := 2_000_000
	if b.quick {
		n = 100_000
	}
	why, hasPandas := b.canImport(ctx, "pandas", "sklearn")
	for _, decimals := range []int{9, -1} {
		path, err := b.csvFile(n, decimals)
		if err != nil {
			return err
		}
		digits := "9 digits"
		if decimals < 0 {
			digits = "17 digits"
		}
		for _, threads := range b.threads() {
			list := []candidate{
				b.read(threads, path),
				b.score(threads, path),
				{name: duck, parse: parseResult, args: []string{b.self, "-worker", "duckdb", fmt.Sprint(threads), "csv", path}},
			}
			if hasPandas {
				list = append(list, b.peer(pandas, "score_csv.py", path))
			}
			all, err := b.race(ctx, threads, list)
			if err != nil {
				return err
			}
			t, ours, _ := compare(fmt.Sprintf("score of a CSV: %d rows × 10 classes, %s, %s, %s",
				n, digits, size(path), count(threads, "thread")), all)
			if !hasPandas {
				t.notes = append(t.notes, b.lacks(pandas, why))
			}
			if threads == 2 && decimals == 9 {
				t.bars = append(t.bars,
					atLeast("8× "+pandas, ratio(all, ours, pandas), 8),
					atLeast("2× "+duck, ratio(all, ours, duck), 2))
			}
			if threads == 2 && decimals < 0 {
				t.bars = append(t.bars, atLeast("1.2× "+duck, ratio(all, ours, duck), 1.2))
			}
			t.bars = append(t.bars, memoryBar(ours))
			b.tables = append(b.tables, t)
		}
	}
	return nil
}

func benchNPY(ctx context.Context, b *bench) error {
	n := 200_000
	if b.quick {
		n = 10_000
	}
	probs, labels, err := b.npyFiles(n, 1000)
	if err != nil {
		return err
	}
	why, hasNumpy := b.canImport(ctx, "numpy", "sklearn")
	for _, threads := range b.threads() {
		list := []candidate{
			b.read(threads, probs, labels),
			b.score(threads, probs, "--labels", labels),
		}
		if hasNumpy {
			np := b.peer(numpy, "score_npy.py", "numpy", probs, labels)
			sk := b.peer(sklearn, "score_npy.py", "sklearn", probs, labels)
			// It divides the rows by their sums in float32.
			sk.tolerance = 1e-7
			list = append(list, np, sk)
		}
		all, err := b.race(ctx, threads, list)
		if err != nil {
			return err
		}
		t, ours, read := compare(fmt.Sprintf("score of an NPY: %d rows × 1000 classes, float32, %s, %s",
			n, size(probs), count(threads, "thread")), all)
		if !hasNumpy {
			t.notes = append(t.notes, b.lacks(sklearn, why))
		}
		if threads == 2 {
			t.bars = append(t.bars,
				atMost("≤ 3 read", ours.seconds()/read, 3),
				atMost("≤ 2 read, with the kernels", ours.seconds()/read, 2),
				atLeast("40× "+sklearn, ratio(all, ours, sklearn), 40))
		}
		t.bars = append(t.bars, memoryBar(ours))
		b.tables = append(b.tables, t)
	}
	return nil
}

func benchStartup(ctx context.Context, b *bench) error {
	small := filepath.Join(b.data, "one-row.csv")
	if err := os.WriteFile(small, []byte("label,p_0,p_1\n1,0.25,0.75\n"), 0o666); err != nil {
		return err
	}
	none := func([]byte) (result, error) { return result{}, nil }
	list := []candidate{
		{name: "surprisal --version", args: []string{b.surprisal, "--version"}, parse: none},
		{name: "surprisal score, a file of one row", args: []string{b.surprisal, "score", "--json", "--quiet", small}, parse: none},
	}
	why, has := b.canImport(ctx, "pandas", "sklearn.metrics")
	if has {
		list = append(list, candidate{name: "import pandas, sklearn.metrics", parse: none,
			args: []string{b.python, "-c", "import pandas, sklearn.metrics"}})
	}
	all, err := b.race(ctx, b.threads()[len(b.threads())-1], list)
	if err != nil {
		return err
	}
	t := &table{title: "start-up", columns: []string{"candidate", "ms", "peak MB"}}
	for _, x := range all {
		t.cells = append(t.cells, []string{x.name, fmt.Sprintf("%.1f", 1000*x.seconds()), fmt.Sprint(x.rss >> 20)})
	}
	if !has {
		t.notes = append(t.notes, b.lacks("import of pandas and scikit-learn", why))
	}
	t.bars = append(t.bars, atMost("≤ 20 ms", 1000*all[1].seconds(), 20))
	b.tables = append(b.tables, t)
	return nil
}

// contests runs a program that races within itself.
func (b *bench) contests(ctx context.Context, threads int, args ...string) (list []*contest, err error) {
	b.machine.listen()
	return b.contestsWith(ctx, threads, nil, args...)
}

// contestsWith is contests with variables in the program's environment.
func (b *bench) contestsWith(ctx context.Context, threads int, env []string, args ...string) (list []*contest, err error) {
	_, _, out, err := launch(ctx, threads, args, env)
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(out, &list)
}

func benchExact(ctx context.Context, b *bench) error {
	million, err := b.contests(ctx, 1, b.self, "-worker", "million", fmt.Sprint(b.reps))
	if err != nil {
		return err
	}
	t := &table{title: "exact sum of a million terms, 1 thread", columns: []string{"candidate", "ns per term", "ratio"}}
	per := map[string]float64{}
	for _, c := range million {
		per[c.Name] = median(c.Seconds) * 1000
		t.cells = append(t.cells, []string{c.Name, fmt.Sprintf("%.3f", per[c.Name]), fmt.Sprintf("%.2f", median(c.Seconds)/median(million[0].Seconds))})
		if d := math.Abs(c.Value - million[0].Value); !(d <= 1e-9*million[0].Value) {
			t.unequal = true
			t.notes = append(t.notes, fmt.Sprintf("RESULTS DIFFER: %s has %.15g, the naive loop %.15g", c.Name, c.Value, million[0].Value))
		}
	}
	for _, c := range million[1:] {
		t.bars = append(t.bars, atMost(c.Name+": ≤ 1.7 naive loops", per[c.Name]/per[million[0].Name], 1.7))
	}
	b.tables = append(b.tables, t)

	n := 1 << 25
	if b.quick {
		n = 1 << 20
	}
	path, err := b.floatsFile(n)
	if err != nil {
		return err
	}
	why, hasNumpy := b.canImport(ctx, "numpy")
	whyTorch, hasTorch := b.canImport(ctx, "torch")
	for _, threads := range b.threads() {
		t, err := b.exactMean(ctx, path, n, threads, hasNumpy, hasTorch)
		if err != nil {
			return err
		}
		if !hasNumpy {
			t.notes = append(t.notes, b.lacks("numpy", why))
		}
		if !hasTorch {
			t.notes = append(t.notes, b.lacks("torch", whyTorch))
		}
		b.tables = append(b.tables, t)
	}
	return nil
}

// exactMean races our mean with those of Go and Python, each pair of processes
// twice, so that both see the same weather.
func (b *bench) exactMean(ctx context.Context, path string, n, threads int, hasNumpy, hasTorch bool) (*table, error) {
	var names []string
	seconds := map[string][]float64{}
	values := map[string]float64{}
	with := map[string]string{}
	for range 2 {
		list, err := b.contests(ctx, threads, b.self, "-worker", "exact", fmt.Sprint(threads), fmt.Sprint(b.reps), path)
		if err != nil {
			return nil, err
		}
		if hasNumpy {
			python, err := b.contests(ctx, threads, b.python, filepath.Join("peers", "mean_log.py"), fmt.Sprint(threads), fmt.Sprint(b.reps), path)
			if err != nil {
				return nil, err
			}
			list = append(list, python...)
		}
		for _, c := range list {
			if _, ok := seconds[c.Name]; !ok {
				names = append(names, c.Name)
			}
			if v, ok := values[c.Name]; ok && v != c.Value {
				return nil, fmt.Errorf("%s: %v, and before %v", c.Name, c.Value, v)
			}
			seconds[c.Name] = append(seconds[c.Name], c.Seconds...)
			values[c.Name], with[c.Name] = c.Value, c.With
		}
	}
	if len(names) < 3 {
		return nil, errors.New("contestants are missing")
	}
	const read, ours, loop = "just to read it", "surprisal, exact, with its error", "math.Log loop"
	t := &table{
		title:   fmt.Sprintf("exact mean of −log p over %d float64, %d MB in memory, %s", n, n*8/1_000_000, count(threads, "thread")),
		columns: []string{"candidate", "seconds", "× read", "ours is"},
	}
	times := func(name string) float64 { return median(seconds[name]) / median(seconds[ours]) }
	for _, name := range names {
		label := name
		if with[name] != "" {
			label += " (" + with[name] + ")"
		}
		row := []string{label, fmt.Sprintf("%.4f", median(seconds[name])), fmt.Sprintf("%.2f", median(seconds[name])/median(seconds[read])), ""}
		if name != read && name != ours {
			row[3] = fmt.Sprintf("%.2f× as fast", times(name))
			if !(math.Abs(values[name]-values[ours]) <= 1e-9*values[ours]) {
				t.unequal = true
				t.notes = append(t.notes, fmt.Sprintf("RESULTS DIFFER: %s has %.15g, surprisal %.15g", name, values[name], values[ours]))
			}
		}
		t.cells = append(t.cells, row)
	}
	if !t.unequal {
		t.notes = append(t.notes, fmt.Sprintf("all candidates: %.12g; ours had the same bits in another order and in three parts", values[ours]))
	}
	if threads == 1 {
		t.bars = append(t.bars, atMost("≤ 5 read", median(seconds[ours])/median(seconds[read]), 5))
	}
	t.bars = append(t.bars, atLeast("7× a math.Log loop", times(loop), 7))
	torch := math.NaN()
	if hasTorch {
		torch = times("torch")
	}
	t.bars = append(t.bars, atLeast("5× torch", torch, 5))
	return t, nil
}
