//go:build unix

package check

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	memoryLimit = 200 << 20
	streamBytes = 5_000_000_000
	fileBytes   = 1_000_000_000
)

// rowsBlock is some megabytes of rows of 10 probabilities, without a header.
func rowsBlock() (block []byte, rows int) {
	r := rand.New(rand.NewPCG(6, 6))
	var line []byte
	for rows = range 40_000 {
		var p [10]float64
		sum := 0.0
		for k := range p {
			p[k] = math.Exp(1.5 * r.NormFloat64())
			sum += p[k]
		}
		line = append(line[:0], "row"...)
		line = strconv.AppendInt(line, int64(rows%1000), 10)
		line = append(line, ',')
		line = strconv.AppendInt(line, int64(r.IntN(10)), 10)
		for _, v := range p {
			line = append(line, ',')
			line = strconv.AppendFloat(line, v/sum, 'f', 9, 64)
		}
		block = append(append(block, line...), '\n')
	}
	return block, rows + 1
}

const rowsHeader = "id,label,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9\n"

// TestMemory scores 5 GB from a pipe, made as it is read, and a file of 1 GB, and
// wants no more memory than for a small one. Many times the same rows have the
// same mean, to the last bit.
func TestMemory(t *testing.T) {
	if !long {
		t.Skip("set SURPRISAL_LONG=1 for a run of minutes")
	}
	exe := command(t, nil)
	block, rows := rowsBlock()
	small := filepath.Join(scratch, "small.csv")
	if err := os.WriteFile(small, append([]byte(rowsHeader), block...), 0o666); err != nil {
		t.Fatal(err)
	}
	want := score(t, exe, nil, nil, small, "--label", "label")["cross_entropy"].(map[string]any)["value"]
	runtime.GC() // a child's peak counts from the memory of its parent

	repeat := func(w io.Writer, size int64) (times int, err error) {
		if _, err = io.WriteString(w, rowsHeader); err != nil {
			return 0, err
		}
		for int64(times)*int64(len(block)) < size && err == nil {
			_, err = w.Write(block)
			times++
		}
		return times, err
	}
	judge := func(t *testing.T, cmd *exec.Cmd, out []byte, times int, size float64, took time.Duration) {
		t.Helper()
		peak := int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		if runtime.GOOS == "linux" {
			peak <<= 10
		}
		t.Logf("%.2f GB in %.1f s, peak memory %d MB", size/1e9, took.Seconds(), peak>>20)
		if peak > memoryLimit {
			t.Errorf("peak memory %d MB, at most %d MB wanted", peak>>20, memoryLimit>>20)
		}
		card := object(t, out)
		if got := card["cross_entropy"].(map[string]any)["value"]; got != want {
			t.Errorf("cross entropy %v, and of the rows once %v", got, want)
		}
		if got := fmt.Sprint(card["n"]); got != strconv.Itoa(times*rows) {
			t.Errorf("%s rows, want %d", got, times*rows)
		}
	}

	t.Run("stream", func(t *testing.T) {
		cmd := exec.Command(exe, "score", "--json", "--quiet", "--label", "label", "--id", "id", "-")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		times, err := repeat(in, streamBytes)
		in.Close()
		if e := cmd.Wait(); e != nil {
			t.Fatalf("%v\n%s", e, errs.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		judge(t, cmd, out.Bytes(), times, float64(times)*float64(len(block)), time.Since(start))
	})
	for _, flags := range [][]string{{}, {"--by", "label", "--cluster", "id"}} {
		t.Run("file"+strings.Join(append([]string{""}, flags...), " "), func(t *testing.T) {
			path := filepath.Join(scratch, "large.csv")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer os.Remove(path)
			w := bufio.NewWriter(f)
			times, err := repeat(w, fileBytes)
			if err == nil {
				err = w.Flush()
			}
			if e := f.Close(); err == nil {
				err = e
			}
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(exe, append([]string{"score", "--json", "--quiet", path, "--label", "label"}, flags...)...)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			start := time.Now()
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			judge(t, cmd, out.Bytes(), times, float64(times)*float64(len(block)), time.Since(start))
		})
	}
}
