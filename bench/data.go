package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// make1 makes a file in the data folder if it is not there yet. The same name
// always has the same bytes.
func (b *bench) make1(name string, write func(w *bufio.Writer) error) (path string, err error) {
	path = filepath.Join(b.data, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "bench: making %s\n", name)
	f, err := os.Create(path + ".part")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path + ".part")
		return "", err
	}
	return path, os.Rename(path+".part", path)
}

// source draws rows of probabilities: the softmax of normal logits, with a label
// drawn from it.
type source struct {
	*rand.Rand
	p []float64
}

func newSource(classes int, seed uint64) *source {
	return &source{rand.New(rand.NewPCG(seed, 20)), make([]float64, classes)}
}

func (s *source) row() (p []float64, label int) {
	sum := 0.0
	for k := range s.p {
		z := 1.5 * s.NormFloat64()
		s.p[k] = math.Exp(max(-6, min(6, z))) // no probability below 1e-9 at 10 classes
		sum += s.p[k]
	}
	for k := range s.p {
		s.p[k] /= sum
	}
	u := s.Float64()
	for label = 0; label < len(s.p)-1 && u >= s.p[label]; label++ {
		u -= s.p[label]
	}
	return s.p, label
}

// csvFile makes a CSV of a label and 10 probabilities: with so many decimals, or
// with as many digits as it takes to read back the same float64 if decimals is -1.
func (b *bench) csvFile(n, decimals int) (string, error) {
	digits := "17"
	if decimals >= 0 {
		digits = strconv.Itoa(decimals)
	}
	return b.make1(fmt.Sprintf("wide%s-%d.csv", digits, n), func(w *bufio.Writer) error {
		src := newSource(10, 1)
		w.WriteString("label,p_0,p_1,p_2,p_3,p_4,p_5,p_6,p_7,p_8,p_9\n")
		var line []byte
		for range n {
			p, label := src.row()
			line = strconv.AppendInt(line[:0], int64(label), 10)
			for _, v := range p {
				line = append(line, ',')
				line = strconv.AppendFloat(line, v, 'f', decimals, 64)
			}
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}

// npyFiles makes float32 probabilities and int64 labels.
func (b *bench) npyFiles(n, classes int) (probs, labels string, err error) {
	var all []int64
	draw := func(each func(p []float64) error) error {
		src := newSource(classes, 2)
		for range n {
			p, label := src.row()
			all = append(all, int64(label))
			if err := each(p); err != nil {
				return err
			}
		}
		return nil
	}
	probs, err = b.make1(fmt.Sprintf("probs-%d-%d.npy", n, classes), func(w *bufio.Writer) error {
		if err := npyHeader(w, "<f4", fmt.Sprintf("(%d, %d)", n, classes)); err != nil {
			return err
		}
		row := make([]byte, 0, 4*classes)
		return draw(func(p []float64) error {
			row = row[:0]
			for _, v := range p {
				row = binary.LittleEndian.AppendUint32(row, math.Float32bits(float32(v)))
			}
			_, err := w.Write(row)
			return err
		})
	})
	if err != nil {
		return "", "", err
	}
	labels, err = b.make1(fmt.Sprintf("labels-%d-%d.npy", n, classes), func(w *bufio.Writer) error {
		if len(all) == 0 {
			if err := draw(func([]float64) error { return nil }); err != nil {
				return err
			}
		}
		if err := npyHeader(w, "<i8", fmt.Sprintf("(%d,)", n)); err != nil {
			return err
		}
		return binary.Write(w, binary.LittleEndian, all)
	})
	return probs, labels, err
}

func npyHeader(w *bufio.Writer, descr, shape string) error {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	for (10+len(dict)+1)%64 != 0 {
		dict += " "
	}
	dict += "\n"
	_, err := w.WriteString("\x93NUMPY\x01\x00" + string([]byte{byte(len(dict)), byte(len(dict) >> 8)}) + dict)
	return err
}

// floatsFile makes probabilities of what happened, as plain little-endian float64.
func (b *bench) floatsFile(n int) (string, error) {
	return b.make1(fmt.Sprintf("p-%d.f64", n), func(w *bufio.Writer) error {
		r := rand.New(rand.NewPCG(3, 20))
		var buf [8]byte
		for range n {
			binary.LittleEndian.PutUint64(buf[:], math.Float64bits(1-r.Float64()))
			if _, err := w.Write(buf[:]); err != nil {
				return err
			}
		}
		return nil
	})
}
