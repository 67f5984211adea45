package predict

import (
	"fmt"
	"strconv"
)

// jsonKind is what a field of the records holds.
type jsonKind uint8

const (
	jsonScalar jsonKind = iota // one column
	jsonNested                 // an object: a column or more for each of its fields
	jsonVector                 // an array of so many numbers: a column each
	jsonPairs                  // an array of classes with their probabilities: a column for each class
	jsonRaw                    // anything else: one column of text
)

// Bounds on what is made columns of.
const (
	jsonColumns  = 1 << 18
	jsonSparse   = 64 // keys of an object that has other keys in every record
	jsonSampled  = 1000
	jsonCells    = 1 << 21 // of a sample
	jsonSampling = 8 << 20 // bytes
)

// jsonField is a key of the records, or of an object within them. The root has
// no key.
type jsonField struct {
	key    string
	quoted string // the key between its quotes, as it is usually written
	path   string
	id     int  // counts all fields
	total  *int // how many fields there are in all
	fields []*jsonField
	index  map[string]*jsonField

	// What the sample shows.
	scalars, objects, arrays int
	members                  int // of all the objects
	size                     int // of every array so far; −1 if they differ or hold more than numbers
	pairs                    int // arrays of classes with their probabilities

	kind     jsonKind
	col, end int // its columns: cols[col:end]
}

// child is the field with a key; it is made if there is none.
func (f *jsonField) child(key []byte) *jsonField {
	if c := f.index[string(key)]; c != nil {
		return c
	}
	*f.total++
	c := &jsonField{key: string(key), total: f.total}
	c.quoted = strconv.Quote(c.key)
	if f.index == nil {
		f.index = make(map[string]*jsonField)
	}
	f.index[c.key] = c
	f.fields = append(f.fields, c)
	return c
}

// observe takes a value of the sample into account.
func (f *jsonField) observe(v jsonValue, depth int) {
	switch v.is() {
	case 0, 'n':
	case '{':
		f.objects++
		if depth == 0 {
			f.scalars++ // text, then
			return
		}
		v.members(func(key []byte, m jsonValue) bool {
			f.members++
			f.child(key).observe(m, depth-1)
			return *f.total <= jsonColumns
		})
	case '[':
		n := 0
		v.elements(func(_ int, e jsonValue) bool {
			if n++; e.is() != '-' && !e.null() {
				n = -1
			}
			return n > 0
		})
		if f.arrays > 0 && n != f.size {
			n = -1
		}
		f.arrays++
		f.size = n
		if v.element(0).is() == '{' {
			f.observePairs(v)
		}
	default:
		f.scalars++
	}
}

// Keys of objects that hold a class and its probability, as BigQuery and Hugging
// Face's pipelines write them.
var jsonPairKeys = []string{"label", "class", "prob", "score", "probability"}

// jsonPair is a class and its probability.
func jsonPair(v jsonValue) (class []byte, prob jsonValue, ok bool) {
	var got [5]jsonValue
	v.pick(jsonPairKeys, got[:])
	label := got[0]
	if label == nil {
		label = got[1]
	}
	n := 0
	for _, p := range got[2:] {
		if p != nil {
			prob = p
			n++
		}
	}
	return label.text(), prob, !label.null() && n == 1 && (prob.null() || prob.is() == '-')
}

func (f *jsonField) observePairs(v jsonValue) {
	all := true
	v.elements(func(_ int, e jsonValue) bool {
		_, _, all = jsonPair(e)
		return all
	})
	if !all {
		return
	}
	f.pairs++
	v.elements(func(_ int, e jsonValue) bool {
		class, prob, _ := jsonPair(e)
		f.members++
		f.child(class).observe(prob, 1)
		return *f.total <= jsonColumns
	})
}

// columns settles what the field is, and appends its columns.
func (f *jsonField) columns(cols []Column, id *int) []Column {
	*id++
	f.id = *id
	f.col = len(cols)
	sparse := len(f.fields) > jsonSparse && f.members < (f.objects+f.pairs)*len(f.fields)/4
	switch {
	case f.path == "" && f.key == "" && f.id == 1:
		f.kind = jsonNested
	case f.objects > 0 && f.scalars+f.arrays == 0 && len(f.fields) > 0 && !sparse:
		f.kind = jsonNested
	case f.arrays > 0 && f.scalars+f.objects == 0 && f.size > 0:
		f.kind = jsonVector
	case f.arrays > 0 && f.pairs == f.arrays && f.scalars+f.objects == 0 && !sparse:
		f.kind = jsonPairs
	case f.objects+f.arrays > 0:
		f.kind = jsonRaw
	}
	switch f.kind {
	case jsonNested, jsonPairs:
		for _, c := range f.fields {
			c.path = c.key
			if f.id != 1 {
				c.path = f.path + "." + c.key
			}
			if cols = c.columns(cols, id); len(cols) > jsonColumns {
				break
			}
		}
	case jsonVector:
		for i := range min(f.size, jsonColumns+1) {
			cols = append(cols, Column{Name: f.path + "." + strconv.Itoa(i), Named: true})
		}
	default:
		cols = append(cols, Column{Name: f.path, Named: true})
	}
	f.end = len(cols)
	return cols
}

// isFrame reports whether the only record is a whole table, column by column, as
// pandas writes one unless it is told to write records.
func (t *jsonTable) isFrame() bool {
	if t.root.index["data"] != nil && t.root.index["columns"] != nil {
		return true
	}
	rows := 0
	for _, f := range t.root.fields {
		n := f.size
		switch {
		case f.objects == 1 && f.index["0"] != nil:
			n = len(f.fields)
		case f.arrays != 1:
			return false
		}
		if n <= 1 || rows > 0 && n != rows {
			return false
		}
		rows = n
	}
	return len(t.root.fields) > 1
}

// cells gives the values of a record's columns; those that it does not have stay nil.
func (f *jsonField) cells(v jsonValue, row []jsonValue) {
	switch f.kind {
	case jsonNested:
		clear(row[f.col:f.end]) // of an earlier field with the same key
		v.members(func(key []byte, m jsonValue) bool {
			if c := f.index[string(key)]; c != nil {
				c.cells(m, row)
			}
			return true
		})
	case jsonPairs:
		clear(row[f.col:f.end])
		v.elements(func(_ int, e jsonValue) bool {
			class, prob, ok := jsonPair(e)
			if c := f.index[string(class)]; ok && c != nil {
				c.cells(prob, row)
			}
			return true
		})
	case jsonVector:
		clear(row[f.col:f.end])
		v.elements(func(i int, e jsonValue) bool {
			if i < f.end-f.col {
				row[f.col+i] = e
			}
			return true
		})
	default:
		row[f.col] = v
	}
}

// jsonTable is the schema of plain records.
type jsonTable struct {
	root *jsonField
	ids  int
	cols []Column
}

// newJSONTable makes a schema of sampled records.
func newJSONTable(name string, records []jsonValue) (*jsonTable, error) {
	t := &jsonTable{root: &jsonField{total: new(int)}}
	for _, v := range records {
		t.root.observe(v, 16)
	}
	t.cols = t.root.columns(nil, &t.ids)
	if *t.root.total > jsonColumns || len(t.cols) > jsonColumns {
		return nil, &Error{Source: name, What: fmt.Sprintf("more than %d columns", jsonColumns)}
	}
	return t, nil
}
