package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// make2 makes a file in a process of its own, by a worker that is given the name of
// the file to write: what it needs of memory must not be in this process.
func (b *bench) make2(name string, worker ...string) (string, error) {
	path := filepath.Join(b.data, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "bench: making %s\n", name)
	part := path + ".part"
	defer os.Remove(part)
	cmd := exec.Command(b.self, append([]string{"-worker", "make", part}, worker...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("making %s: %w\n%s", name, err, out)
	}
	return path, os.Rename(part, path)
}

// parquetFile has DuckDB write the rows of the CSV with nine decimals, in its row
// groups of 122,880.
func (b *bench) parquetFile(n int, codec string, list bool) (string, error) {
	csv, err := b.csvFile(n, 9)
	if err != nil {
		return "", err
	}
	kind := ""
	if list {
		kind = "-list"
	}
	return b.make2(fmt.Sprintf("wide9-%d%s-%s.parquet", n, kind, codec), "parquet", csv, codec, kind)
}

// arrowFile has arrow-go write the same rows in batches of 65,536, which is what
// pyarrow writes Feather in.
func (b *bench) arrowFile(n int, ext, codec string, list bool) (string, error) {
	name := fmt.Sprintf("wide-%d", n)
	if codec != "" {
		name += "-" + codec
	}
	kind := ""
	if list {
		kind = "-list"
	}
	return b.make2(name+kind+"."+ext, "arrow", fmt.Sprint(n), codec, kind)
}

// packedFile compresses the CSV with nine decimals.
func (b *bench) packedFile(n int, ext string) (string, error) {
	csv, err := b.csvFile(n, 9)
	if err != nil {
		return "", err
	}
	return b.make2(fmt.Sprintf("wide9-%d.csv.%s", n, ext), "packed", csv, ext)
}

// jsonLines makes lines as they come from a server: an id and a log-probability.
func (b *bench) jsonLines(n int) (string, error) {
	return b.make1(fmt.Sprintf("logprobs-%d.jsonl", n), func(w *bufio.Writer) error {
		src := newSource(10, 5)
		var line []byte
		for i := range n {
			p, label := src.row()
			line = strconv.AppendInt(append(line[:0], `{"id":`...), int64(i), 10)
			line = strconv.AppendFloat(append(line, `,"logprob":`...), math.Log(p[label]), 'f', 9, 64)
			if _, err := w.Write(append(line, "}\n"...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// jsonLists makes lines of a label and a list of 10 probabilities.
func (b *bench) jsonLists(n int) (string, error) {
	return b.make1(fmt.Sprintf("lists-%d.jsonl", n), func(w *bufio.Writer) error {
		src := newSource(10, 1)
		var line []byte
		for range n {
			p, label := src.row()
			line = strconv.AppendInt(append(line[:0], `{"label":`...), int64(label), 10)
			line = append(line, `,"p":[`...)
			for k, v := range p {
				if k > 0 {
					line = append(line, ',')
				}
				line = strconv.AppendFloat(line, v, 'f', 9, 64)
			}
			if _, err := w.Write(append(line, "]}\n"...)); err != nil {
				return err
			}
		}
		return nil
	})
}

// tensorsFile makes a tensor of float32 probabilities and one of labels.
func (b *bench) tensorsFile(n, classes int) (string, error) {
	return b.make1(fmt.Sprintf("probs-%d-%d.safetensors", n, classes), func(w *bufio.Writer) error {
		size := 4 * n * classes
		head := fmt.Sprintf(`{"label":{"dtype":"I64","shape":[%d],"data_offsets":[0,%d]},"p":{"dtype":"F32","shape":[%d,%d],"data_offsets":[%d,%d]}}`,
			n, 8*n, n, classes, 8*n, 8*n+size)
		head += strings.Repeat(" ", (8-len(head)%8)%8)
		if err := binary.Write(w, binary.LittleEndian, uint64(len(head))); err != nil {
			return err
		}
		w.WriteString(head)
		// The labels come first: the rows are drawn twice.
		src := newSource(classes, 2)
		var buf []byte
		for range n {
			_, label := src.row()
			buf = binary.LittleEndian.AppendUint64(buf[:0], uint64(label))
			w.Write(buf)
		}
		src = newSource(classes, 2)
		for range n {
			p, _ := src.row()
			buf = buf[:0]
			for _, v := range p {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(float32(v)))
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
}

// makeWork writes a file: make PATH KIND ARGUMENTS.
func makeWork(path, kind string, args []string) error {
	switch kind {
	case "parquet":
		return makeParquet(path, args[0], args[1], args[2] != "")
	case "arrow":
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return makeArrow(path, n, args[1], args[2] != "")
	case "packed":
		return makePacked(path, args[0], args[1])
	}
	return fmt.Errorf("cannot make %q", kind)
}

func quoteSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func makeParquet(path, csv, codec string, list bool) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	what := "*"
	if list {
		what = "label, [p_0, p_1, p_2, p_3, p_4, p_5, p_6, p_7, p_8, p_9] AS p"
	}
	db.SetMaxOpenConns(1)
	// In order, and with the same bytes every time.
	if _, err := db.Exec("SET threads=1"); err != nil {
		return err
	}
	_, err = db.Exec(fmt.Sprintf("COPY (SELECT %s FROM %s) TO %s (FORMAT parquet, COMPRESSION %s)", what, readCSV(csv, ""), quoteSQL(path), codec))
	return err
}

func makeArrow(path string, n int, codec string, list bool) (err error) {
	const classes, batch = 10, 1 << 16
	fields := []arrow.Field{{Name: "label", Type: arrow.PrimitiveTypes.Int64}}
	if list {
		fields = append(fields, arrow.Field{Name: "p", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)})
	} else {
		for k := range classes {
			fields = append(fields, arrow.Field{Name: fmt.Sprint("p_", k), Type: arrow.PrimitiveTypes.Float64})
		}
	}
	schema := arrow.NewSchema(fields, nil)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	options := []ipc.Option{ipc.WithSchema(schema)}
	switch codec {
	case "lz4":
		options = append(options, ipc.WithLZ4())
	case "zstd":
		options = append(options, ipc.WithZstd())
	}
	w, err := ipc.NewFileWriter(f, options...)
	if err != nil {
		return err
	}
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	src := newSource(classes, 1)
	for i := range n {
		p, label := src.row()
		rows.Field(0).(*array.Int64Builder).Append(int64(label))
		if list {
			b := rows.Field(1).(*array.ListBuilder)
			b.Append(true)
			b.ValueBuilder().(*array.Float64Builder).AppendValues(p, nil)
		} else {
			for k, v := range p {
				rows.Field(1 + k).(*array.Float64Builder).Append(v)
			}
		}
		if (i+1)%batch == 0 || i == n-1 {
			r := rows.NewRecordBatch()
			err := w.Write(r)
			r.Release()
			if err != nil {
				return err
			}
		}
	}
	return w.Close()
}

func makePacked(path, csv, ext string) (err error) {
	in, err := os.Open(csv)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	var w io.WriteCloser
	if ext == "zst" {
		w, err = zstd.NewWriter(f)
	} else {
		w, err = gzip.NewWriterLevel(f, 6)
	}
	if err != nil {
		return err
	}
	if _, err = io.Copy(w, in); err != nil {
		return err
	}
	return w.Close()
}

// readCSV is a table of DuckDB: everything about the file is said, so that nothing
// is spent on finding out.
func readCSV(path, compression string) string {
	var columns strings.Builder
	for k := range 10 {
		fmt.Fprintf(&columns, ", 'p_%d': 'DOUBLE'", k)
	}
	if compression != "" {
		compression = ", compression='" + compression + "'"
	}
	return fmt.Sprintf(`read_csv(%s, auto_detect=false, header=true, delim=',', quote='"', escape='"', columns={'label': 'INTEGER'%s}%s)`,
		quoteSQL(path), columns.String(), compression)
}

// duckQuery is the mean of −log p of a file in SQL.
func duckQuery(how, path string) (string, error) {
	var pick strings.Builder
	for k := range 10 {
		fmt.Fprintf(&pick, " WHEN %d THEN p_%d", k, k)
	}
	wide := "SELECT avg(-ln(CASE label" + pick.String() + " END)) FROM "
	switch how {
	case "csv":
		compression := ""
		switch {
		case strings.HasSuffix(path, ".zst"):
			compression = "zstd"
		case strings.HasSuffix(path, ".gz"):
			compression = "gzip"
		}
		return wide + readCSV(path, compression), nil
	case "parquet":
		return wide + "read_parquet(" + quoteSQL(path) + ")", nil
	case "parquet-list":
		return "SELECT avg(-ln(p[label + 1])) FROM read_parquet(" + quoteSQL(path) + ")", nil
	case "json-lines":
		return "SELECT -avg(logprob) FROM read_json(" + quoteSQL(path) + ", format='newline_delimited', columns={'logprob': 'DOUBLE'})", nil
	case "json-lists":
		return "SELECT avg(-ln(p[label + 1])) FROM read_json(" + quoteSQL(path) + ", format='newline_delimited', columns={'label': 'INTEGER', 'p': 'DOUBLE[]'})", nil
	}
	return "", fmt.Errorf("no query for %q", how)
}

// jsonMean is the same mean with encoding/json: the file in as many parts as there
// are threads.
func jsonMean(path string, threads int) (float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	type sum struct {
		nats float64
		n    int
		err  error
	}
	sums := make(chan sum, threads)
	for i := range threads {
		part := data
		if i < threads-1 {
			at := len(data) / (threads - i)
			at += bytes.IndexByte(data[at:], '\n') + 1
			part, data = data[:at], data[at:]
		}
		go func() {
			var s sum
			for line := range bytes.Lines(part) {
				var r struct {
					Logprob float64
					Label   int
					P       []float64
				}
				if s.err = json.Unmarshal(line, &r); s.err != nil {
					break
				}
				if r.P != nil {
					r.Logprob = math.Log(r.P[r.Label])
				}
				s.nats -= r.Logprob
				s.n++
			}
			sums <- s
		}()
	}
	var all sum
	for range threads {
		s := <-sums
		if s.err != nil {
			return 0, s.err
		}
		all.nats += s.nats
		all.n += s.n
	}
	return all.nats / float64(all.n), nil
}
