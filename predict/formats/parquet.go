package formats

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"surprisal/predict"
)

var parquet = Format{
	Name:        "parquet",
	Description: "Parquet: columns of numbers, texts, lists of numbers (COL.0, COL.1, …) or of classes with probabilities",
	Extensions:  []string{"parquet", "pq", "parq"},
	Detect:      begins("PAR1", "PARE"),
	Open:        openParquet,
}

const (
	parquetFooter = 256 << 20 // bytes, at most
	// parquetMemory bounds what the row groups that are read at the same time may
	// take, by the sizes that the footer gives.
	parquetMemory = 512 << 20
)

// parquetFile is an open file.
type parquetFile struct {
	at     io.ReaderAt
	end    int64 // where the footer begins
	meta   pqMeta
	leaves []pqLeaf
	kept   map[int]*pqStream // of the first group, looked at for the sample
	keptAt int
}

func openParquet(in Input, _ Options) (src predict.Source, err error) {
	at, size, closer, err := anywhere(in)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			src, err = nil, &predict.Error{Source: in.Name, What: "damaged: " + outside(r)}
		}
		if err != nil && closer != nil {
			closer()
		}
	}()
	f := &parquetFile{at: at, kept: map[int]*pqStream{}}
	if err := f.footer(size); err != nil {
		var e *predict.Error
		if errors.As(err, &e) {
			e.Source = in.Name
			return nil, err
		}
		return nil, unreadable(in.Name, err)
	}
	if d := f.lightEval(); d != nil {
		return d.source(in.Name, closer)
	}
	if f.lightText() {
		return nil, &predict.Error{Source: in.Name, What: "lighteval details that were made text before they were written",
			Hint: "lighteval does so where documents differ in their fields: keep tasks apart"}
	}
	t := &tabular{name: in.Name, format: "parquet", word: "row group", close: closer, start: f.start}
	return t, f.describe(t)
}

// footer reads what the end of the file says about it.
func (f *parquetFile) footer(size int64) error {
	damaged := func(format string, args ...any) error {
		return &predict.Error{What: fmt.Sprintf(format, args...)}
	}
	var head, tail [8]byte
	if size < 12 {
		return damaged("cut short: a Parquet file of %d bytes", size)
	}
	if err := f.readAt(head[:4], 0); err != nil {
		return err
	}
	if err := f.readAt(tail[:], size-8); err != nil {
		return err
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return damaged("an encrypted Parquet file")
	default:
		return damaged("cut short or damaged: it begins like Parquet, but does not end so")
	}
	if string(head[:4]) != "PAR1" {
		return damaged("damaged: it does not begin with PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > size-12 {
		return damaged("damaged footer: it claims %d bytes of a file of %d", length, size)
	}
	if length > parquetFooter {
		return damaged("a footer of %d MB; at most %d can be read", length>>20, parquetFooter>>20)
	}
	f.end = size - 8 - length
	b := make([]byte, length)
	if err := f.readAt(b, f.end); err != nil {
		return err
	}
	r := compact{b: b}
	f.meta = r.meta()
	if r.err != nil {
		return damaged("damaged footer: %v", r.err)
	}
	if len(f.meta.schema) == 0 {
		return damaged("damaged footer: no schema")
	}
	i := 1
	for range max(0, f.meta.schema[0].children) {
		if err := f.schema(&i, schemaNode{}); err != nil {
			return damaged("damaged footer: %v", err)
		}
	}
	total := int64(0)
	for g := range f.meta.groups {
		group := &f.meta.groups[g]
		if group.rows < 0 || group.rows > math.MaxInt64-total {
			return damaged("damaged footer: row group %d has %d rows", g+1, group.rows)
		}
		if len(group.chunks) != len(f.leaves) {
			return damaged("damaged footer: row group %d has %d columns of %d", g+1, len(group.chunks), len(f.leaves))
		}
		total += group.rows
	}
	if total != f.meta.rows && f.meta.rows != 0 { // some writers leave it out
		return damaged("damaged footer: %d rows, and the row groups have %d", f.meta.rows, total)
	}
	f.meta.rows = total
	return nil
}

func (f *parquetFile) readAt(b []byte, off int64) error {
	n, err := f.at.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return &predict.Error{What: "the file became shorter while it was read"}
	}
	return err
}

// schemaNode is a place in the schema's tree.
type schemaNode struct {
	depth          int
	path           []string
	def, rep, elem int
	list           string // the name of the list that this is in
	single         bool   // the only field of the list's elements
}

// schema reads the element at *i and those below it.
func (f *parquetFile) schema(i *int, at schemaNode) error {
	if *i >= len(f.meta.schema) {
		return errors.New("the schema ends too early")
	}
	if at.depth > 30 {
		return errors.New("the schema is nested too deeply")
	}
	e := &f.meta.schema[*i]
	*i++
	at.depth++
	at.path = append(at.path[:len(at.path):len(at.path)], e.name)
	switch e.rep {
	case repOptional:
		at.def++
	case repRepeated:
		at.def++
		at.rep++
		at.elem = at.def
		at.list = strings.Join(at.path, ".")
		if len(at.path) > 1 && at.rep == 1 && (e.children == 1 || at.single) {
			at.list = strings.Join(at.path[:len(at.path)-1], ".")
		}
		at.single = true
	}
	if e.children == 0 && e.typ >= 0 {
		f.leaf(e, at)
		return nil
	}
	if e.rep != repRepeated || e.children != 1 {
		at.single = e.rep != repRepeated && e.children == 1 && (e.logical == ltList || e.converted == 3)
	}
	for range max(0, e.children) {
		if err := f.schema(i, at); err != nil {
			return err
		}
	}
	return nil
}

// leaf adds a stored column.
func (f *parquetFile) leaf(e *pqElement, at schemaNode) {
	l := pqLeaf{index: len(f.leaves), typ: e.typ, length: int(e.length), def: at.def, rep: at.rep, elem: at.elem}
	l.name, l.width, l.path, l.of = strings.Join(at.path, "."), 1, at.path, at.list
	l.what = fmt.Sprintf("physical type %d", e.typ)
	if int(e.typ) < len(physical) {
		l.what = physical[e.typ]
	}
	isDecimal := e.logical == ltDecimal || e.converted == 5
	switch e.typ {
	case ptBool:
		l.kind = kBool
	case ptInt32:
		l.kind = kI32
		switch {
		case e.logical == ltDate || e.converted == 6:
			l.mean = aDate
		case e.logical == ltTime || e.converted == 7:
			l.kind, l.what = unreadable_, "times of day"
		case e.logical == ltInteger && !e.signed || e.converted >= 11 && e.converted <= 13:
			l.kind = kU32
		}
	case ptInt64:
		l.kind = kI64
		switch {
		case e.logical == ltTimestamp && e.unit >= 1 && e.unit <= 3:
			l.mean, l.scale = aTime, 3*e.unit
		case e.converted == 9 || e.converted == 10:
			l.mean, l.scale = aTime, 3*(int(e.converted)-8)
		case e.logical == ltTime || e.converted == 8:
			l.kind, l.what = unreadable_, "times of day"
		case e.logical == ltInteger && !e.signed || e.converted == 14:
			l.kind = kU64
		}
	case ptFloat:
		l.kind = kF32
	case ptDouble:
		l.kind = kF64
	case ptBytes:
		l.kind = kText
		if isDecimal || e.converted == 20 || e.converted == 21 {
			l.kind, l.what = unreadable_, "decimals or binary data"
		}
	case ptFixed:
		switch {
		case e.logical == ltFloat16 && e.length == 2:
			l.kind = kF16
		case isDecimal && e.length >= 1 && e.length <= 32:
			l.kind, l.flip = kI64, true
		case e.logical == ltUUID && e.length == 16:
			l.kind, l.uuid = kText, true
		default:
			l.what = fmt.Sprintf("%d bytes", e.length)
		}
	}
	if isDecimal && l.kind != unreadable_ {
		l.mean, l.scale = decimals, int(e.scale)
		if e.scale < 0 || int(e.scale) >= len(powersOfTen) {
			l.kind, l.what = unreadable_, fmt.Sprintf("decimals of scale %d", e.scale)
		}
	}
	l.inner = l.kind
	if at.rep > 0 {
		switch {
		case at.rep > 1:
			l.kind, l.what = unreadable_, "lists in lists"
		case !at.single:
			l.kind, l.what = unreadable_, "lists of structures"
		case l.kind == kText || l.kind == unreadable_:
			l.kind, l.what = unreadable_, "lists of "+l.what
		default:
			l.name = at.list
		}
		l.list, l.width = true, 0
	}
	f.leaves = append(f.leaves, l)
}

// describe looks at the first rows and lists the columns.
func (f *parquetFile) describe(t *tabular) error {
	t.about = huggingFace(f.meta.keys["huggingface"])
	labels := classLabels(f.meta.keys["huggingface"])
	f.findPairs()
	for i := range f.leaves {
		if l := &f.leaves[i]; l.kind >= kI8 && l.kind <= kU64 && l.mean == plainly && !l.list {
			l.names = labels[l.name]
		}
	}
	rows := min(f.meta.rows, 1000)
	if n := int64(len(f.leaves)); n > 0 {
		rows = min(rows, max(20, sampleCells/n))
	}
	vecs := make([][]vec, len(f.leaves))
	var memory budget
	for i := range f.leaves {
		l := &f.leaves[i]
		if l.kind == unreadable_ {
			continue
		}
		trouble := func(g *group, row int64, err error) error {
			t.cols, t.parts = []column{l.column}, []part{{0, 0}}
			e := t.at(0, g, row, err)
			if p, ok := e.(*predict.Error); ok {
				p.Column = i + 1
			}
			return e
		}
		sample := func(wanted int) error {
			g := -1
			next := func() (stream, error) {
				for g++; g < len(f.meta.groups) && f.meta.groups[g].rows == 0; g++ {
				}
				if g >= len(f.meta.groups) {
					return nil, io.EOF
				}
				if l.pair != nil {
					return f.openPairs(i, g, &memory)
				}
				s, err := f.open(i, g, &memory)
				if err == nil && f.kept[i] == nil {
					f.kept[i], f.keptAt = s, g
				}
				return s, err
			}
			var got int
			var err error
			vecs[i], got, err = takeSample(wanted, l.width, next)
			if err == nil && got < wanted {
				err = fmt.Errorf("the column ends after %d rows", got)
			}
			if r, ok := err.(*raggedRow); ok {
				return &raggedRow{int64(got) + 1, r.have}
			}
			if err != nil && err != errNoWidth {
				return trouble(&group{number: min(max(0, g), len(f.meta.groups)-1), first: 1}, int64(got)+1, err)
			}
			return err
		}
		wanted := int(rows)
		if l.pair != nil {
			if err := f.classesOf(i, wanted); err != nil {
				return trouble(err.g, err.row, err.err)
			}
			if l.kind == unreadable_ {
				continue
			}
		}
		err := sample(wanted)
		if err == errNoWidth {
			if l.width, err = f.findWidth(i); err == nil && l.width > 0 {
				err = sample(wanted)
			} else if err == nil {
				l.kind, l.what, l.width, vecs[i] = unreadable_, "lists without elements", 1, nil
			}
		}
		var ragged *raggedRow
		if errors.As(err, &ragged) {
			// Nobody may want this column; who does learns which row it is.
			l.what = fmt.Sprintf("lists of different lengths, as in row %d", ragged.row)
			if !l.kind.float() {
				l.kind, l.width, vecs[i] = unreadable_, 1, nil
			}
			err = nil
		}
		if err != nil {
			return err
		}
	}
	cells := 0
	for i := range f.leaves {
		l := &f.leaves[i]
		if l.list && l.kind == unreadable_ {
			l.width = 1
		}
		if l.list && l.width == 0 { // no rows
			l.kind, l.what, l.width = unreadable_, "lists without elements", 1
		}
		cells += l.width
		t.cols = append(t.cols[:i:i], l.column)
	}
	if cells > 1<<20 {
		return &predict.Error{Source: t.name, What: fmt.Sprintf("%d columns; at most %d can be read", cells, 1<<20)}
	}
	t.parts, t.described = parts(t.cols)
	if cells > 0 {
		rows = min(rows, max(20, 4*sampleCells/int64(cells)))
	}
	t.sample = sampled{cols: t.cols, parts: t.parts, rows: int(rows), vecs: vecs}
	return nil
}

// findWidth looks through a column for its first list with elements.
func (f *parquetFile) findWidth(i int) (width int, err error) {
	defer shield(&err)
	for g := range f.meta.groups {
		s, err := f.open(i, g, new(budget))
		if err != nil {
			return 0, err
		}
		s.probe = true
		for {
			err := s.load()
			if s.width > 0 {
				return s.width, nil
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}

func (f *parquetFile) open(leaf, g int, b *budget) (*pqStream, error) {
	return newStream(f.at, &f.leaves[leaf], &f.meta.groups[g].chunks[leaf], f.end, b)
}

// start prepares to read the row groups.
func (f *parquetFile) start(p *plan, threads int) (claim func() (*group, error), groups int, team bool, err error) {
	// What a row group may take: a page of each column, or all of it.
	memory, rows := int64(0), int64(0)
	for g := range f.meta.groups {
		sum := int64(0)
		for _, u := range p.uses {
			sum += max(0, min(f.meta.groups[g].chunks[u.col].uncompressed, maxPage))
		}
		memory, rows = max(memory, sum), max(rows, f.meta.groups[g].rows)
		if f.meta.groups[g].rows > 0 {
			groups++
		}
	}
	// Few groups, or large ones, are shared by all threads, column by column.
	team = threads > 1 && len(p.uses) > 1 && rows > 1<<14 && (groups < 2*threads || memory*int64(threads) > parquetMemory)
	g, first := -1, int64(1)
	return func() (*group, error) {
		for g++; ; g++ {
			if g >= len(f.meta.groups) {
				return nil, io.EOF
			}
			if f.meta.groups[g].rows > 0 {
				break
			}
		}
		out := &group{number: g, first: first, rows: f.meta.groups[g].rows}
		first += out.rows
		memory := new(budget)
		for _, u := range p.uses {
			if s := f.kept[u.col]; s != nil && g == f.keptAt && s.rewind() {
				out.streams = append(out.streams, s)
				continue
			}
			var s stream
			var err error
			if f.leaves[u.col].pair != nil {
				s, err = f.openPairs(u.col, g, memory)
			} else {
				s, err = f.open(u.col, g, memory)
			}
			if err != nil {
				return out, &columnTrouble{u.col, out, err}
			}
			out.streams = append(out.streams, s)
		}
		f.kept = nil
		return out, nil
	}, groups, team, nil
}

// columnTrouble is trouble that a group has not yet put in words.
type columnTrouble struct {
	col int
	g   *group
	err error
}

func (e *columnTrouble) Error() string { return e.err.Error() }
