//go:build unix

package check

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Two pipes that one program writes to in turn, a row to each, are read without a standstill.
func TestAgainstPipes(t *testing.T) {
	exe := command(t, nil)
	dir := t.TempDir()
	var paths [2]string
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprint("pipe", i))
		if err := syscall.Mkfifo(paths[i], 0o666); err != nil {
			t.Skip(err)
		}
	}
	const rows = 40_000
	cmd := exec.Command(exe, "score", paths[0], "--against", paths[1], "--logits", "z_*", "--threads", "2", "--json", "-q")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	var pipes [2]*os.File
	for i := range pipes {
		var err error
		if pipes[i], err = os.OpenFile(paths[i], os.O_WRONLY, 0); err != nil {
			t.Fatal(err)
		}
	}
	for row := range rows {
		for i, f := range pipes {
			// Far more in all than what is read ahead.
			line := fmt.Sprintf("%0100d,%d,%g\n", row%7, row%5, 0.25*float64(i))
			if row == 0 {
				line = "z_0,z_1,z_2\n" + line
			}
			if _, err := f.WriteString(line); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
		}
	}
	for _, f := range pipes {
		f.Close()
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if n := fmt.Sprint(object(t, out.Bytes())["n"]); n != fmt.Sprint(rows) {
		t.Errorf("%s rows, want %d", n, rows)
	}
}

// A pipe that keeps silent does not keep the error of the other side back.
func TestAgainstSilentPipe(t *testing.T) {
	exe := command(t, nil)
	broken := filepath.Join(t.TempDir(), "broken.npy")
	if err := os.WriteFile(broken, []byte("\x93NUMPY"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "score", "-", "--against", broken, "--logits", "z_*", "-q")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	if _, err := in.Write([]byte("z_0,z_1\n1,2\n1,2\n")); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // before the pipe is closed
	if got := errs.String(); !strings.HasPrefix(got, "surprisal: "+broken+": ") {
		t.Errorf("stderr is %q", got)
	}
	in.Close()
}

// TestAgainstMemory compares rows of a large vocabulary: memory is flat in the rows.
func TestAgainstMemory(t *testing.T) {
	if !long {
		t.Skip("set SURPRISAL_LONG=1 for a run of minutes")
	}
	const rows, classes = 1000, 128256
	exe := command(t, nil)
	var paths [2]string
	for side := range paths {
		paths[side] = filepath.Join(scratch, fmt.Sprintf("vocabulary%d.npy", side))
		f, err := os.Create(paths[side])
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(paths[side])
		w := bufio.NewWriterSize(f, 1<<20)
		head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, classes)
		head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
		fmt.Fprintf(w, "\x93NUMPY\x01\x00%c%c%s", len(head)&0xff, len(head)>>8, head)
		row := make([]byte, 4*classes)
		for i := range rows {
			for k := range classes {
				v := float32((k*7919+i*104729)%1000)/100 + float32(side)*float32(k%13)/50
				binary.LittleEndian.PutUint32(row[4*k:], math.Float32bits(v))
			}
			if _, err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var labels bytes.Buffer
	labels.WriteString("label\n")
	for i := range rows {
		fmt.Fprintln(&labels, i*97%classes)
	}
	tokens := filepath.Join(scratch, "tokens.csv")
	if err := os.WriteFile(tokens, labels.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	cmd := exec.Command(exe, "score", paths[0], "--against", paths[1], "--labels", tokens, "--threads", "2", "--json", "-q")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	peak := int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS == "linux" {
		peak <<= 10
	}
	t.Logf("%d rows of %d classes in %.1f s, peak memory %d MB", rows, classes, time.Since(start).Seconds(), peak>>20)
	if peak > memoryLimit {
		t.Errorf("peak memory %d MB, at most %d MB wanted", peak>>20, memoryLimit>>20)
	}
	if n := fmt.Sprint(object(t, out.Bytes())["n"]); n != fmt.Sprint(rows) {
		t.Errorf("%s rows", n)
	}
}
