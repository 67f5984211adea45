package formats

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"surprisal/predict"
)

var arrow = Format{
	Name:        "arrow",
	Description: "Arrow IPC files and streams, Feather version 2: columns as in Parquet, plain or with lz4 or zstd",
	Extensions:  []string{"arrow", "feather", "arrows", "ipc"},
	Detect: func(head []byte) bool {
		if bytes.HasPrefix(head, []byte("ARROW1")) {
			return true
		}
		// A stream: a mark, the length of the metadata, and a table within them.
		if len(head) < 12 || binary.LittleEndian.Uint32(head) != 0xffffffff {
			return false
		}
		n, root := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
		return n > 0 && n%8 == 0 && n <= arrowMetadata && root < n
	},
	Open: openArrow,
}

const arrowMetadata = 64 << 20 // bytes of a message's metadata, at most

// arrowFile is an open file or stream.
type arrowFile struct {
	at      io.ReaderAt
	size    int64
	schema  *arrowSchema
	cols    []arrowColumn
	batches []arrowBlock
	dicts   map[int64]*arrowDict // the last of each
}

// arrowBlock is a record batch: where it is, and the dictionaries that it was
// written with.
type arrowBlock struct {
	meta, metaLen int64 // without the prefix
	body, bodyLen int64
	rows          int64
	dicts         map[int64]*arrowDict
}

// arrowDict is a dictionary in memory.
type arrowDict struct {
	col column // kind of its values
	vec vec
}

// arrowColumn is a stored column: where it is found.
type arrowColumn struct {
	field int
	f     *arrowField
	item  *arrowField // of a list; otherwise f
	wide  bool        // offsets of eight bytes
	idx   bool        // of a dictionary
	bits  bool        // booleans
	size  int         // bytes of a stored value
	views bool
	pair  *arrowPair // of a list of classes with their probabilities
	column
}

func openArrow(in Input, _ Options) (src predict.Source, err error) {
	at, size, closer, err := anywhere(in)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			src, err = nil, &predict.Error{Source: in.Name, What: "damaged metadata: " + outside(r)}
		}
		if err != nil && closer != nil {
			closer()
		}
	}()
	f := &arrowFile{at: at, size: size, dicts: map[int64]*arrowDict{}}
	if err := f.index(); err != nil {
		var e *predict.Error
		if errors.As(err, &e) {
			e.Source = in.Name
			return nil, err
		}
		return nil, &predict.Error{Source: in.Name, What: err.Error()}
	}
	t := &tabular{name: in.Name, format: "arrow", word: "record batch", close: closer, start: f.start}
	return t, f.describe(t)
}

func (f *arrowFile) read(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > f.size-off {
		return nil, fmt.Errorf("cut short: bytes %d to %d of a file of %d", off, off+n, f.size)
	}
	b := aligned(int(n))
	return b, f.readAt(b, off)
}

func (f *arrowFile) readAt(b []byte, off int64) error {
	n, err := f.at.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return errors.New("the file became shorter while it was read")
	}
	return err
}

// index finds the schema, the dictionaries and the record batches.
func (f *arrowFile) index() error {
	head, err := f.read(0, min(12, f.size))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(head, []byte("ARROW1")) {
		return f.walk(0)
	}
	if f.size < 24 {
		return fmt.Errorf("cut short: an Arrow file of %d bytes", f.size)
	}
	tail, err := f.read(f.size-10, 10)
	if err != nil {
		return err
	}
	if string(tail[4:]) != "ARROW1" {
		return errors.New("cut short or damaged: it begins like Arrow, but does not end so")
	}
	length := int64(int32(binary.LittleEndian.Uint32(tail)))
	if length <= 0 || length > f.size-20 || length > arrowMetadata {
		return fmt.Errorf("damaged footer: it claims %d bytes of a file of %d", length, f.size)
	}
	b, err := f.read(f.size-10-length, length)
	if err != nil {
		return err
	}
	footer := flatRoot(b)
	schema, ok := footer.table(1)
	if !ok {
		return errors.New("damaged footer: no schema")
	}
	if err := f.takeSchema(schema); err != nil {
		return err
	}
	for _, part := range []int{2, 3} {
		from, n := footer.vector(part, 24)
		for i := range n {
			p := b[from+24*i:]
			off := int64(binary.LittleEndian.Uint64(p))
			length := int64(int32(binary.LittleEndian.Uint32(p[8:])))
			if off < 8 || length < 8 || off > f.size-length {
				return fmt.Errorf("damaged footer: a block at byte %d", off)
			}
			if _, err := f.message(off); err != nil {
				return err
			}
		}
	}
	return nil
}

// walk goes through the messages of a stream.
func (f *arrowFile) walk(off int64) error {
	for off < f.size {
		next, err := f.message(off)
		if err != nil {
			return err
		}
		if next < 0 {
			break
		}
		off = next
	}
	if f.schema == nil {
		return errors.New("damaged: no schema")
	}
	return nil
}

// message takes note of the message at a place, and gives that of the next; −1
// at the end mark.
func (f *arrowFile) message(off int64) (next int64, err error) {
	head, err := f.read(off, min(8, f.size-off))
	if err != nil {
		return 0, err
	}
	if len(head) < 4 {
		return 0, errors.New("cut short within a message")
	}
	length, prefix := binary.LittleEndian.Uint32(head), int64(4) // before version 0.15
	if length == 0xffffffff {
		if len(head) < 8 {
			return 0, errors.New("cut short within a message")
		}
		length, prefix = binary.LittleEndian.Uint32(head[4:]), 8
	}
	if length == 0 {
		return -1, nil
	}
	if length > arrowMetadata {
		return 0, fmt.Errorf("damaged: metadata of %d bytes at byte %d", length, off)
	}
	b, err := f.read(off+prefix, int64(length))
	if err != nil {
		return 0, err
	}
	m := flatRoot(b)
	block := arrowBlock{meta: off + prefix, metaLen: int64(length), body: off + prefix + int64(length), bodyLen: m.int(3, 8, 0)}
	if block.bodyLen < 0 || block.bodyLen > f.size-block.body {
		return 0, fmt.Errorf("cut short: a body of %d bytes at byte %d of %d", block.bodyLen, block.body, f.size)
	}
	header, ok := m.table(2)
	if !ok {
		return 0, fmt.Errorf("damaged: a message without a head at byte %d", off)
	}
	switch m.int(1, 1, 0) {
	case 1:
		if f.schema != nil {
			return 0, errors.New("damaged: two schemas")
		}
		err = f.takeSchema(header)
	case 2:
		err = f.dictionary(&block, header)
	case 3:
		var batch *arrowBatch
		if f.schema == nil {
			return 0, errors.New("damaged: rows before the schema")
		}
		if batch, err = readArrowBatch(header); err == nil {
			block.rows, block.dicts = batch.rows, f.dicts
			f.batches = append(f.batches, block)
		}
	default:
		err = fmt.Errorf("a message of kind %d at byte %d", m.int(1, 1, 0), off)
	}
	return block.body + block.bodyLen, err
}

func (f *arrowFile) takeSchema(t flat) (err error) {
	if f.schema, err = readArrowSchema(t); err != nil {
		return err
	}
	for i := range f.schema.fields {
		f.cols = append(f.cols, arrowColumnOf(i, &f.schema.fields[i]))
	}
	return nil
}

// arrowColumnOf says how a field is read.
func arrowColumnOf(i int, field *arrowField) arrowColumn {
	c := arrowColumn{field: i, f: field, item: field}
	c.name, c.width, c.what = field.name, 1, arrowTypes[field.typ]
	if field.dict < 0 && len(field.children) == 1 && (field.typ == atList || field.typ == atLargeList || field.typ == atFixedList) {
		c.item, c.list, c.wide = &field.children[0], true, field.typ == atLargeList
		c.what = "lists of " + arrowTypes[c.item.typ]
		c.width = 0
		if field.typ == atFixedList {
			c.width = field.width
			if c.width < 1 || c.width > 1<<20 {
				c.what, c.width = "lists of no or too many values", 1
				return c
			}
		}
		if c.item.dict >= 0 {
			return c
		}
		if c.item.typ == atStruct {
			return c.asPairs()
		}
	}
	item := c.item
	switch item.typ {
	case atInt:
		kinds := map[int][2]kind{8: {kU8, kI8}, 16: {kU16, kI16}, 32: {kU32, kI32}, 64: {kU64, kI64}}
		k, ok := kinds[item.bits]
		if ok && item.signed {
			c.kind = k[1]
		} else {
			c.kind = k[0]
		}
		c.size = item.bits / 8
	case atFloat:
		c.kind = map[int]kind{16: kF16, 32: kF32, 64: kF64}[item.bits]
		c.size = item.bits / 8
	case atBool:
		c.kind, c.bits = kBool, true
	case atUtf8, atBinary:
		c.kind = kText
	case atLargeUtf8, atLargeBin:
		c.kind, c.wide = kText, true
	case atUtf8View, atBinaryView:
		c.kind, c.views, c.size = kText, true, 16
	case atDate:
		if c.kind, c.size, c.mean = kI32, 4, aDate; item.unit == 1 {
			c.kind, c.size, c.mean, c.scale = kI64, 8, aTime, 3
		}
	case atTimestamp:
		c.kind, c.size, c.mean, c.scale = kI64, 8, aTime, 3*max(0, min(3, item.unit))
	case atDecimal:
		if item.scale >= 0 && item.scale < len(powersOfTen) && (item.bytes == 4 || item.bytes == 8 || item.bytes == 16 || item.bytes == 32) {
			c.kind, c.size, c.mean, c.scale = kI64, item.bytes, decimals, item.scale
		}
	}
	if c.list && (c.kind == kText || c.kind == unreadable_ || c.bits || c.mean != plainly || item.typ == atNull) {
		c.kind = unreadable_
	}
	if c.list && c.kind == unreadable_ && c.width == 0 {
		c.width = 1
	}
	c.idx = field.dict >= 0
	return c
}

// dictionary reads a dictionary into memory.
func (f *arrowFile) dictionary(block *arrowBlock, t flat) error {
	if f.schema == nil {
		return errors.New("damaged: a dictionary before the schema")
	}
	id, delta := t.int(0, 8, 0), t.int(2, 1, 0) != 0
	data, ok := t.table(1)
	if !ok {
		return errors.New("damaged: a dictionary without values")
	}
	var c *arrowColumn
	for i := range f.cols {
		of := &f.cols[i]
		if of.pair != nil {
			of = &of.pair.class
		}
		if of.idx && of.f.dict == id && of.kind != unreadable_ {
			c = of
		}
	}
	if c == nil {
		return nil // of a column that is not read
	}
	batch, err := readArrowBatch(data)
	if err != nil {
		return fmt.Errorf("damaged dictionary of column %q: %w", c.name, err)
	}
	values := *c
	values.idx, values.field = false, 0
	s, err := f.stream(&values, block, batch, arrowPlace{}, new(budget))
	if err != nil {
		return fmt.Errorf("damaged dictionary of column %q: %w", c.name, err)
	}
	d := &arrowDict{col: values.column}
	d.vec.off = []int32{0}
	if old := f.dicts[id]; delta && old != nil {
		d.vec = old.vec.clone()
	}
	for {
		n, err := s.avail()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("damaged dictionary of column %q: %w", c.name, err)
		}
		v := s.view(0, n)
		if d.vec.null != nil || v.null != nil {
			for len(d.vec.null) < d.vec.n {
				d.vec.null = append(d.vec.null, 0)
			}
			null := v.null
			if null == nil {
				null = make([]byte, n)
			}
			d.vec.null = append(d.vec.null, null...)
		}
		if c.kind == kText {
			base := int32(len(d.vec.data)) - v.off[0]
			if len(d.vec.data)+int(v.off[n]-v.off[0]) > maxPage {
				return fmt.Errorf("a dictionary of more than %d MB for column %q", maxPage>>20, c.name)
			}
			d.vec.data = append(d.vec.data, v.data[v.off[0]:v.off[n]]...)
			for _, o := range v.off[1:] {
				d.vec.off = append(d.vec.off, o+base)
			}
		} else {
			if len(d.vec.data) > maxPage {
				return fmt.Errorf("a dictionary of more than %d MB for column %q", maxPage>>20, c.name)
			}
			d.vec.data = append(d.vec.data, v.data...)
		}
		d.vec.n += n
		s.advance(n)
	}
	d.vec.data = align(d.vec.data, 8)
	// Batches that were met keep the dictionaries that they have.
	dicts := make(map[int64]*arrowDict, len(f.dicts)+1)
	for k, v := range f.dicts {
		dicts[k] = v
	}
	dicts[id] = d
	f.dicts = dicts
	return nil
}

// head reads what stands before the values of a record batch.
func (f *arrowFile) head(b int) (*arrowBatch, error) {
	block := &f.batches[b]
	meta, err := f.read(block.meta, block.metaLen)
	if err != nil {
		return nil, err
	}
	header, _ := flatRoot(meta).table(2)
	return readArrowBatch(header)
}

// streamIn makes the stream of a column in a record batch, of whichever kind.
func (f *arrowFile) streamIn(col, b int, batch *arrowBatch, memory *budget) (stream, error) {
	if f.cols[col].pair == nil {
		return f.openIn(col, b, batch, memory)
	}
	rows, err := f.openPairs(col, b, batch, memory)
	if err != nil {
		return nil, err
	}
	return newPairStream(&f.cols[col].column, f.cols[col].pair.index, rows), nil
}

func (f *arrowFile) openIn(col, b int, batch *arrowBatch, memory *budget) (*arrowStream, error) {
	var place arrowPlace
	for i := range f.cols[col].field {
		if err := place.skip(&f.schema.fields[i], batch); err != nil {
			return nil, err
		}
	}
	return f.stream(&f.cols[col], &f.batches[b], batch, place, memory)
}

// describe looks at the first rows and lists the columns.
func (f *arrowFile) describe(t *tabular) error {
	t.about = huggingFace(f.schema.keys["huggingface"])
	labels := classLabels(f.schema.keys["huggingface"])
	total := int64(0)
	for i := range f.batches {
		if total += f.batches[i].rows; total < 0 {
			return &predict.Error{Source: t.name, What: "damaged: too many rows"}
		}
	}
	rows := min(total, 1000)
	if n := int64(len(f.cols)); n > 0 {
		rows = min(rows, max(20, sampleCells/n))
	}
	vecs := make([][]vec, len(f.cols))
	cells := 0
	for i := range f.cols {
		c := &f.cols[i]
		if c.kind >= kI8 && c.kind <= kU64 && c.mean == plainly && !c.list {
			c.names = labels[c.name]
		}
		if c.pair != nil {
			if got, err := f.classesOf(i, int(rows)); err != nil {
				return f.sampleError(t, i, got, err)
			}
		}
		if c.kind != unreadable_ && c.width == 0 {
			width, err := f.findWidth(i)
			if err != nil {
				return f.sampleError(t, i, 0, err)
			}
			if c.width = width; width == 0 {
				c.kind, c.what, c.width = unreadable_, "lists without elements", 1
			}
		}
		if c.kind != unreadable_ {
			b := -1
			var got int
			var err error
			vecs[i], got, err = takeSample(int(rows), c.width, func() (stream, error) {
				for b++; b < len(f.batches) && f.batches[b].rows == 0; b++ {
				}
				if b >= len(f.batches) {
					return nil, io.EOF
				}
				batch, err := f.head(b)
				if err != nil {
					return nil, err
				}
				return f.streamIn(i, b, batch, new(budget))
			})
			var ragged *raggedRow
			if errors.As(err, &ragged) {
				c.what = fmt.Sprintf("lists of different lengths, as in row %d", got+1)
				if !c.kind.float() {
					c.kind, c.width, vecs[i] = unreadable_, 1, nil
				}
				err = nil
			}
			if err != nil {
				return f.sampleError(t, i, got, err)
			}
		}
		cells += c.width
		t.cols = append(t.cols, c.column)
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

func (f *arrowFile) sampleError(t *tabular, col, got int, err error) error {
	t.cols, t.parts = []column{f.cols[col].column}, []part{{0, 0}}
	e := t.at(0, &group{}, int64(got)+1, err)
	if p, ok := e.(*predict.Error); ok {
		p.Column = col + 1
	}
	return e
}

// findWidth is the length of the first list with elements.
func (f *arrowFile) findWidth(col int) (width int, err error) {
	defer shield(&err)
	for b := range f.batches {
		batch, err := f.head(b)
		if err != nil {
			return 0, err
		}
		s, err := f.openIn(col, b, batch, new(budget))
		if err != nil {
			return 0, err
		}
		if width, err = s.firstWidth(); err != nil || width > 0 {
			return width, err
		}
	}
	return 0, nil
}

// start prepares to read the record batches.
func (f *arrowFile) start(p *plan, threads int) (claim func() (*group, error), groups int, team bool, err error) {
	rows := int64(0)
	for i := range f.batches {
		rows = max(rows, f.batches[i].rows)
		if f.batches[i].rows > 0 {
			groups++
		}
	}
	team = threads > 1 && rows > 1<<14 && groups < 2*threads
	b, first := -1, int64(1)
	return func() (g *group, err error) {
		for b++; ; b++ {
			if b >= len(f.batches) {
				return nil, io.EOF
			}
			if f.batches[b].rows > 0 {
				break
			}
		}
		block := &f.batches[b]
		g = &group{number: b, first: first, rows: block.rows}
		first += g.rows
		col := 0
		defer func() {
			if r := recover(); r != nil {
				err = errors.New("damaged metadata: " + outside(r))
			}
			if err != nil {
				err = &columnTrouble{col, g, err}
			}
		}()
		batch, err := f.head(b)
		if err != nil {
			return g, err
		}
		memory := new(budget)
		for _, u := range p.uses {
			col = u.col
			s, err := f.streamIn(u.col, b, batch, memory)
			if err != nil {
				return g, err
			}
			g.streams = append(g.streams, s)
		}
		return g, nil
	}, groups, team, nil
}
