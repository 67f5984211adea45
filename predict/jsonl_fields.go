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
	jsonZipped                 // an array of numbers, beside one of the classes that they are for: a column for each class
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
	members                  int        // of all the objects
	size                     int        // of every array so far; −1 if they differ or hold more than numbers
	pairs                    int        // arrays of classes with their probabilities
	count                    int        // elements of the last array
	zips                     int        // objects with an array of classes and one of their numbers
	classes, numbers         *jsonField // these arrays
	vector                   *jsonField // the array within Spark's object of a vector

	kind     jsonKind
	zipped   bool // its numbers are for the classes in the array beside it
	col, end int  // its columns: cols[col:end]
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

// prefix is what errors about the field begin with.
func (f *jsonField) prefix() string {
	if f.path == "" {
		return ""
	}
	return quote(f.path) + ": "
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
		f.observeZip(v)
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
		f.size, f.count = n, v.count()
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

// Keys of two arrays beside each other, of classes and of their numbers, as Hugging
// Face's zero-shot pipeline and Vertex AI write them, in another order in each record.
var (
	jsonClassesKeys = []string{"labels", "classes", "class_names", "label_names", "categories", "displayNames", "display_names"}
	jsonNumbersKeys = []string{"scores", "probs", "probabilities", "probability", "proba", "confidences", "y_prob", "y_proba"}
)

// jsonZip is the array of classes and that of their numbers in an object; ok is false
// if there are not both, and just one of each.
func jsonZip(v jsonValue) (classesKey, numbersKey string, ok bool) {
	find := func(keys []string, kind byte) (found string) {
		got := make([]jsonValue, len(keys))
		v.pick(keys, got)
		for i, a := range got {
			if a.is() != '[' {
				continue
			}
			all := true
			a.elements(func(_ int, e jsonValue) bool {
				all = e.is() == kind
				return all
			})
			if all && a.count() > 1 {
				if found != "" {
					return ""
				}
				found = keys[i]
			}
		}
		return found
	}
	classesKey, numbersKey = find(jsonClassesKeys, '"'), find(jsonNumbersKeys, '-')
	return classesKey, numbersKey, classesKey != "" && numbersKey != "" && v.get(classesKey).count() == v.get(numbersKey).count()
}

func (f *jsonField) observeZip(v jsonValue) {
	classesKey, numbersKey, ok := jsonZip(v)
	if !ok || f.zips > 0 && (f.classes.key != classesKey || f.numbers.key != numbersKey) {
		return
	}
	f.zips++
	f.classes, f.numbers = f.index[classesKey], f.index[numbersKey]
	var names []string
	v.get(classesKey).elements(func(_ int, e jsonValue) bool {
		names = append(names, string(e.text()))
		return true
	})
	v.get(numbersKey).elements(func(i int, e jsonValue) bool {
		f.numbers.members++
		f.numbers.child([]byte(names[i])).observe(e, 1)
		return *f.total <= jsonColumns
	})
}

// sparkVector is the array within an object {"type":1,"values":[…]}, nil if it is none.
func (f *jsonField) sparkVector() *jsonField {
	kind, values := f.index["type"], f.index["values"]
	if len(f.fields) == 2 && kind != nil && values != nil && kind.arrays+kind.objects == 0 && values.arrays > 0 && values.scalars+values.objects == 0 && values.size > 0 {
		return values
	}
	return nil
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
	lists := f.pairs
	if f.zipped {
		lists = f.arrays
	}
	sparse := len(f.fields) > jsonSparse && f.members < (f.objects+lists)*len(f.fields)/4
	switch {
	case f.id == 1 && f.arrays == 0:
		f.kind = jsonNested
	case f.zipped && f.scalars+f.objects == 0 && !sparse:
		f.kind = jsonZipped
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
	case jsonNested, jsonPairs, jsonZipped:
		if f.kind == jsonNested && f.zips > 0 {
			f.numbers.zipped = true
		}
		if f.kind == jsonNested && f.id != 1 {
			f.vector = f.sparkVector()
		}
		for _, c := range f.fields {
			c.path = c.key
			if f.id != 1 {
				c.path = f.path + "." + c.key
			}
			if f.vector == c {
				c.path = f.path
			} else if f.vector != nil { // says only that this is a vector
				*id++
				c.id, c.kind, c.col, c.end = *id, jsonRaw, len(cols), len(cols)
				continue
			}
			if cols = c.columns(cols, id); len(cols) > jsonColumns {
				break
			}
		}
	case jsonVector:
		for i := range min(f.size, jsonColumns+1) {
			name := strconv.Itoa(i)
			if f.id != 1 {
				name = f.path + "." + name
			}
			cols = append(cols, Column{Name: name, Named: true})
		}
	default:
		cols = append(cols, Column{Name: f.path, Named: true})
	}
	f.end = len(cols)
	return cols
}

// isWhole says how the only record is a whole table, "" if it is not, and what to do
// about it: as pandas writes one unless it is told to write records, or as an object
// of arrays.
func (t *jsonTable) isWhole(name string) (what, hint string) {
	root := t.root
	const columnwise = "one record that holds whole columns"
	records := func(keys, rows string) string {
		return fmt.Sprintf("make records of it: python3 -c \"import json; d = json.load(open('%s')); [print(json.dumps(dict(zip(%s, row)))) for row in %s]\" | surprisal score -", name, keys, rows)
	}
	if root.index["data"] != nil && root.index["columns"] != nil {
		return columnwise, records("map(str, d['columns'])", "d['data']")
	}
	// Columns, each an array or an object from row to value.
	rows, columns, objects := 0, len(root.fields) > 1 && root.zips == 0, 0
	for _, f := range root.fields {
		n := 0
		switch {
		case f.objects == 1 && f.index["0"] != nil:
			n = len(f.fields)
			objects++
		case f.arrays == 1:
			n = f.count
		}
		columns = columns && n > 1 && (rows == 0 || n == rows)
		rows = n
	}
	// Rows, each an object by its number.
	byRow := len(root.fields) > 1 && root.index["0"] != nil
	for _, f := range root.fields {
		byRow = byRow && f.objects == 1 && len(f.fields) == len(root.fields[0].fields) && f.index["0"] == nil
	}
	switch {
	case columns && objects == 0:
		return columnwise, records("d", "zip(*d.values())")
	case columns:
		return columnwise, records("d", "zip(*map(dict.values, d.values()))")
	case byRow:
		return "one record that holds whole rows", fmt.Sprintf("take them out: jq -c '.[]' %s | surprisal score -", shellQuote(name))
	}
	return "", ""
}

// cells gives the values of a record's columns; those that it does not have stay nil.
func (f *jsonField) cells(v jsonValue, row []jsonValue) {
	switch f.kind {
	case jsonNested:
		clear(row[f.col:f.end]) // of an earlier field with the same key
		v.members(func(key []byte, m jsonValue) bool {
			if c := f.index[string(key)]; c != nil && c.kind != jsonZipped {
				c.cells(m, row)
			}
			return true
		})
		if z := f.numbers; z != nil && z.kind == jsonZipped {
			clear(row[z.col:z.end])
			classes := v.get(f.classes.key)
			v.get(z.key).elements(func(i int, e jsonValue) bool {
				if c := z.index[string(classes.element(i).text())]; c != nil {
					c.cells(e, row)
				}
				return true
			})
		}
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
		if f.col < f.end {
			row[f.col] = v
		}
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
	if t.root.kind == jsonRaw {
		return nil, &Error{Source: name, What: "records are arrays, but not of so many numbers each, nor of classes with their probabilities",
			Hint: "records are better objects: [{\"label\": 1, \"p\": 0.9}, …], or one of them per line"}
	}
	if *t.root.total > jsonColumns || len(t.cols) > jsonColumns {
		return nil, &Error{Source: name, What: fmt.Sprintf("more than %d columns", jsonColumns)}
	}
	return t, nil
}
