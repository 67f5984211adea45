package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// build makes the command as users have it: without cgo.
func build(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, "./cmd/surprisal")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the command (run this from the folder bench): %w\n%s", err, out)
	}
	return nil
}

// machine is what the figures depend on.
type machine struct {
	cpu, kernel, goVersion string
	cores                  int
	busy                   float64 // the largest share of the processor that others took
}

func lookAround() machine {
	m := machine{cores: runtime.NumCPU(), goVersion: runtime.Version(), kernel: runtime.GOOS + "/" + runtime.GOARCH, cpu: "unknown processor"}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				m.cpu = strings.TrimSpace(v)
				break
			}
		}
	}
	return m
}

// listen finds out for a second what share of the processor is in use while this
// program does nothing, and remembers the largest.
func (m *machine) listen() {
	idle, all, ok := ticks()
	time.Sleep(time.Second)
	if idle2, all2, ok2 := ticks(); ok && ok2 && all2 > all {
		m.busy = max(m.busy, 1-(idle2-idle)/(all2-all))
	}
}

// ticks are the time that all cores were idle, and all time, since the system started.
func ticks() (idle, all float64, ok bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	for i, f := range fields {
		if i == 0 || i > 8 { // the rest is contained in the others
			continue
		}
		var n float64
		fmt.Sscan(f, &n)
		all += n
		if i == 4 || i == 5 {
			idle += n
		}
	}
	return idle, all, len(fields) > 5
}

// candidate is one contestant: a program to run.
type candidate struct {
	name string
	args []string
	env  []string
	// parse takes the figure from what the program printed.
	parse func(out []byte) (result, error)
	// tolerance is how far its figure may be from ours, relatively; 0 means 1e-9.
	tolerance float64
	// read marks the time just to read the bytes, which has no figure.
	read bool
}

// timing is what the runs of a candidate came to.
type timing struct {
	candidate
	whole  []float64 // seconds, start-up included
	inside []float64 // seconds without start-up, as the program says; empty if it does not
	rss    int64     // largest peak, bytes
	value  float64
	with   string
}

// seconds is the figure that counts: for peers without start-up, for ours with it.
func (t *timing) seconds() float64 {
	if len(t.inside) > 0 {
		return median(t.inside)
	}
	return median(t.whole)
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if n := len(s); n > 0 {
		return (s[(n-1)/2] + s[n/2]) / 2
	}
	return math.NaN()
}

// race runs every candidate once to warm up, then reps times in turn.
func (b *bench) race(ctx context.Context, threads int, list []candidate) ([]*timing, error) {
	b.machine.listen()
	var all []*timing
	for _, c := range list {
		all = append(all, &timing{candidate: c})
	}
	for rep := range b.reps + 1 {
		for _, t := range all {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			whole, rss, out, err := launch(ctx, threads, t.args, t.env)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			r, err := t.parse(out)
			if err != nil {
				return nil, fmt.Errorf("%s: %w in %.200q", t.name, err, out)
			}
			t.rss = max(t.rss, rss)
			if rep == 0 {
				t.value, t.with = r.Value, r.With
				continue
			}
			if r.Value != t.value && !(math.Abs(r.Value-t.value) <= 1e-12*math.Abs(t.value)) {
				return nil, fmt.Errorf("%s: %v, and before %v", t.name, r.Value, t.value)
			}
			t.whole = append(t.whole, whole)
			if r.Seconds > 0 {
				t.inside = append(t.inside, r.Seconds)
			}
		}
	}
	return all, nil
}

// launch runs a program on as many cores as threads, and gives the seconds it
// took, its peak memory, and what it printed. This program must stay small: a
// child's peak counts from the memory of its parent.
func launch(ctx context.Context, threads int, args, env []string) (seconds float64, rss int64, out []byte, err error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	n := fmt.Sprint(threads)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "MKL_NUM_THREADS="+n)
	cmd.Env = append(cmd.Env, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	done := make(chan error, 1)
	var start time.Time
	go func() {
		// The thread is not unlocked, so that it ends with its affinity.
		runtime.LockOSThread()
		if err := pin(threads); err != nil {
			done <- err
			return
		}
		start = time.Now()
		done <- cmd.Start()
	}()
	if err = <-done; err != nil {
		return 0, 0, nil, err
	}
	err = cmd.Wait()
	seconds = time.Since(start).Seconds()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return 0, 0, nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return 0, 0, nil, err
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	rss = int64(usage.Maxrss)
	if runtime.GOOS == "linux" {
		rss *= 1024
	}
	return seconds, rss, stdout.Bytes(), nil
}

// pin keeps this thread, and the programs it starts, to the first cores.
func pin(threads int) error {
	var set, all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	for cpu := 0; cpu < len(all)*int(unsafe.Sizeof(all[0]))*8 && set.Count() < threads; cpu++ {
		if all.IsSet(cpu) {
			set.Set(cpu)
		}
	}
	return unix.SchedSetaffinity(0, &set)
}

// readFile reads a file in blocks of 1 MB at any place, with several threads, and
// gives the seconds: what no reader can undercut.
func readFile(path string, threads int) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	const block = 1 << 20
	start := time.Now()
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, threads)
	for i := range threads {
		wait.Go(func() {
			buf := make([]byte, block)
			for {
				off := next.Add(block) - block
				if off >= info.Size() {
					return
				}
				want := min(block, info.Size()-off)
				if n, err := f.ReadAt(buf[:want], off); int64(n) != want {
					errs[i] = fmt.Errorf("%s: %w", path, err)
					return
				}
			}
		})
	}
	wait.Wait()
	return time.Since(start).Seconds(), errors.Join(errs...)
}
