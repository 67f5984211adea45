package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// shapes are rows × classes of the logits: few classes, a thousand, and the
// vocabularies of language models; and one that stays in the cache.
var shapes = []shape{{65536, 10}, {65536, 1000}, {8192, 32000}, {2048, 128256}, {8, 32000}}

type shape struct{ rows, classes int }

func (s shape) String() string { return fmt.Sprintf("%d × %d", s.rows, s.classes) }

// bytes of the logits, which are float32.
func (s shape) bytes() int { return 4 * s.rows * s.classes }

// outOfCache says whether the logits are too many for a cache to hold.
func (s shape) outOfCache() bool { return s.bytes() > 200<<20 }

// gradient is the part of the rows that is raced with gradients: torch keeps three
// more arrays of that size.
func (s shape) gradient() shape {
	if s.bytes() > 500<<20 {
		s.rows /= 4
	}
	return s
}

// An eighth of the rows, one at least, is what slow contestants get.
func (s shape) eighth() shape { return shape{max(1, s.rows/8), s.classes} }

const (
	forward  = "forward"
	backward = "forward and gradient"

	oursNamed = "surprisal, "
	readNamed = "just to read it"
)

// kernelRace is what a race of one shape, number of threads and kind came to.
type kernelRace struct {
	shape   shape
	threads int
	what    string
	names   []string
	with    map[string]string
	seconds map[string][]float64
	values  map[string]float64
}

func (r *kernelRace) median(name string) float64 { return median(r.seconds[name]) }

// torch is the time of the faster torch, NaN without one.
func (r *kernelRace) torch() float64 {
	best := math.NaN()
	for _, name := range r.names {
		if t := r.median(name); strings.HasPrefix(name, "torch") && !(t >= best) {
			best = t
		}
	}
	return best
}

func benchKernels(ctx context.Context, b *bench) error {
	whyTorch, hasTorch := b.canImport(ctx, "torch")
	whyScipy, hasScipy := b.canImport(ctx, "scipy.special")
	var notes []string
	if !hasTorch {
		notes = append(notes, b.lacks("torch", whyTorch))
	}
	if !hasScipy {
		notes = append(notes, b.lacks("numpy and scipy", whyScipy))
	}
	for _, s := range shapes {
		if b.quick {
			if s.classes > 1000 {
				continue
			}
			s.rows /= 64
		}
		x, y, err := b.logitsFile(s)
		if err != nil {
			return err
		}
		for _, threads := range b.threads() {
			for _, r := range []*kernelRace{{what: forward}, {what: backward}} {
				r.shape, r.threads = s, threads
				if r.what == backward {
					r.shape = s.gradient()
				}
				r.with, r.seconds, r.values = map[string]string{}, map[string][]float64{}, map[string]float64{}
				if err := b.kernelRace(ctx, r, x, y, hasTorch, hasScipy); err != nil {
					return err
				}
				b.tables = append(b.tables, kernelTable(r, notes))
				b.kernels = append(b.kernels, r)
			}
		}
		if b.temporary { // a gigabyte each
			os.Remove(x)
		}
	}
	return nil
}

// kernelRace runs the contestants' processes, twice each in turn, so that all see
// the same weather. A quick run has each once, and one torch.
func (b *bench) kernelRace(ctx context.Context, r *kernelRace, x, y string, hasTorch, hasScipy bool) error {
	args := []string{fmt.Sprint(r.threads), fmt.Sprint(b.reps), r.what, fmt.Sprint(r.shape.rows), fmt.Sprint(r.shape.classes), x, y}
	rounds := 2
	if b.quick {
		rounds = 1
	}
	type process struct{ args, env []string }
	var processes []process
	for _, tier := range []string{"avx512", "avx2", "plain"} {
		processes = append(processes, process{append([]string{b.self, "-worker", "kernels"}, args...), []string{"SURPRISAL_KERNEL=" + tier}})
	}
	script := filepath.Join("peers", "cross_entropy.py")
	if hasTorch {
		for _, capability := range []string{"avx2", "avx512"}[:rounds] {
			processes = append(processes, process{append([]string{b.python, script, "torch"}, args...), []string{"ATEN_CPU_CAPABILITY=" + capability}})
		}
	}
	if hasScipy && r.what == forward {
		processes = append(processes, process{append([]string{b.python, script, "scipy"}, args...), nil})
	}
	b.machine.listen()
	for range rounds {
		seen := map[string]bool{}
		for _, p := range processes {
			list, err := b.contestsWith(ctx, r.threads, p.env, p.args...)
			if err != nil {
				return err
			}
			for _, c := range list {
				if seen[c.Name] { // the processor has no other tier, or torch no other kernels
					continue
				}
				seen[c.Name] = true
				if _, ok := r.seconds[c.Name]; !ok {
					r.names = append(r.names, c.Name)
				}
				r.seconds[c.Name] = append(r.seconds[c.Name], c.Seconds...)
				r.values[c.Name], r.with[c.Name] = c.Value, c.With
			}
		}
	}
	return nil
}

// kernelTable makes the table of a race, with the bars that it must reach.
func kernelTable(r *kernelRace, notes []string) *table {
	where := fmt.Sprintf("%d MB", r.shape.bytes()/1_000_000)
	if r.shape.bytes() < 20<<20 {
		where += ", in the cache"
	}
	t := &table{
		title: fmt.Sprintf("softmax cross entropy, %s: float32 logits, %v, %s, %s", r.what, r.shape, where,
			count(r.threads, "thread")),
		columns: []string{"candidate", "ms", "GB/s", "× read", "of torch's speed"},
		notes:   append([]string(nil), notes...),
	}
	// The most exact, float64 inside, is what the others are compared with.
	const reference = oursNamed + "plain Go"
	read, torch, want := r.median(readNamed), r.torch(), r.values[reference]
	for _, name := range r.names {
		label, seconds := name, r.median(name)
		if r.with[name] != "" {
			label += " (" + r.with[name] + ")"
		}
		row := []string{label, fmt.Sprintf("%.3f", 1000*seconds), fmt.Sprintf("%.1f", float64(r.shape.bytes())/1e9/seconds), "", ""}
		if name != readNamed {
			row[3] = fmt.Sprintf("%.2f", seconds/read)
			if torch == torch {
				row[4] = fmt.Sprintf("%.2f×", torch/seconds)
			}
			tolerance := 2e-5 // float32 throughout
			if strings.HasPrefix(name, oursNamed) {
				tolerance = 5e-7
			}
			// An eighth of the rows has another mean.
			if !strings.Contains(r.with[name], "eighth") && !(math.Abs(r.values[name]-want) <= tolerance*want) {
				t.unequal = true
				t.notes = append(t.notes, fmt.Sprintf("RESULTS DIFFER: %s has %.9g, %s %.9g", name, r.values[name], reference, want))
			}
		}
		t.cells = append(t.cells, row)
	}
	if !t.unequal {
		t.notes = append(t.notes, fmt.Sprintf("all candidates with all rows: %.6g", want))
	}
	const v512, v2, plain = oursNamed + "AVX-512", oursNamed + "AVX2", oursNamed + "plain Go"
	if r.threads == 2 && r.shape.outOfCache() {
		if r.what == forward {
			t.bars = append(t.bars,
				atMost("AVX-512 ≤ 1.2 read", r.median(v512)/read, 1.2),
				atMost("AVX2 ≤ 1.5 read", r.median(v2)/read, 1.5),
				atMost("plain Go ≤ 16 read", r.median(plain)/read, 16))
		}
		t.bars = append(t.bars, atLeast("AVX-512 10× torch", torch/r.median(v512), 10))
	}
	t.bars = append(t.bars,
		atLeast("AVX-512 not slower than torch", torch/r.median(v512), 1),
		atLeast("AVX2 not slower than torch", torch/r.median(v2), 1))
	return t
}

// benchLogits scores logits from a file.
func benchLogits(ctx context.Context, b *bench) error {
	s := shape{200_000, 1000}
	if b.quick {
		s.rows = 10_000
	}
	logits, labels, err := b.logitsNPY(s)
	if err != nil {
		return err
	}
	whyScipy, hasScipy := b.canImport(ctx, "scipy.special")
	whySklearn, hasSklearn := b.canImport(ctx, "scipy.special", "sklearn")
	var whyTorch string
	hasTorch := false // importing it takes longer than a quick run has
	if !b.quick {
		whyTorch, hasTorch = b.canImport(ctx, "torch")
	}
	for _, threads := range b.threads() {
		list := []candidate{
			b.read(threads, logits, labels),
			b.score(threads, logits, "--labels", labels),
		}
		// They compute in float32.
		if hasSklearn {
			c := b.peer(sklearn, "score_logits.py", "sklearn", fmt.Sprint(threads), logits, labels)
			c.tolerance = 2e-6
			list = append(list, c)
		}
		if hasScipy {
			c := b.peer("scipy", "score_logits.py", "scipy", fmt.Sprint(threads), logits, labels)
			c.tolerance = 2e-6
			list = append(list, c)
		}
		if hasTorch {
			c := b.peer("torch", "score_logits.py", "torch", fmt.Sprint(threads), logits, labels)
			c.tolerance = 2e-6
			list = append(list, c)
		}
		all, err := b.race(ctx, threads, list)
		if err != nil {
			return err
		}
		t, ours, read := compare(fmt.Sprintf("score of an NPY of logits: %v classes, float32, %s, %s", s, size(logits), count(threads, "thread")), all)
		if !hasScipy {
			t.notes = append(t.notes, b.lacks("scipy", whyScipy))
		}
		if !hasSklearn {
			t.notes = append(t.notes, b.lacks(sklearn, whySklearn))
		}
		if !hasTorch && !b.quick {
			t.notes = append(t.notes, b.lacks("torch", whyTorch))
		}
		if threads == 2 {
			t.bars = append(t.bars, atMost("≤ 2 read", ours.seconds()/read, 2), atLeast("40× "+sklearn, ratio(all, ours, sklearn), 40))
		}
		t.bars = append(t.bars, memoryBar(ours))
		b.tables = append(b.tables, t)
	}
	return nil
}
