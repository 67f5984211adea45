package predict

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
)

// Bounds of a table of labels, which is kept in memory: some 60 bytes for each
// label, and 8 for each number beside it.
var (
	maxJoinRows  = 1 << 26
	maxJoinCells = int64(1 << 28)
)

const maxJoinKeys = 1<<32 - 1 // bytes of all keys together

// joinTable finds the entry of a key. Keys are compared as text, without the
// blanks around them. A key that is not there as written is looked for as a
// number written otherwise (3.0 for 3), and found if only one entry is that
// number.
type joinTable struct {
	seed  maphash.Seed
	slots []uint64 // upper half: hash of the plain key; lower half: entry + 1, 0 if empty
	keys  []byte
	ends  []uint32 // of the keys
}

const noEntry = -1

func (t *joinTable) len() int { return len(t.ends) }

// key is the key of an entry, as written.
func (t *joinTable) key(e int) []byte {
	from := uint32(0)
	if e > 0 {
		from = t.ends[e-1]
	}
	return t.keys[from:t.ends[e]]
}

// exact is the entry of that very key, and otherwise where one would go.
func (t *joinTable) exact(key []byte) (entry int, hash uint64, slot int) {
	if t.slots == nil {
		t.seed, t.slots = maphash.MakeSeed(), make([]uint64, 16)
	}
	hash = maphash.Bytes(t.seed, plainKey(key))
	for slot = t.home(hash); t.slots[slot] != 0; slot = t.next(slot) {
		if s := t.slots[slot]; s>>32 == hash>>32 {
			if e := int(uint32(s)) - 1; bytes.Equal(t.key(e), key) {
				return e, hash, slot
			}
		}
	}
	return noEntry, hash, slot
}

// find is the entry of a key, noEntry if there is none.
func (t *joinTable) find(key []byte) int {
	if t.slots == nil {
		return noEntry
	}
	plain := plainKey(key)
	hash := maphash.Bytes(t.seed, plain)
	best, alike := noEntry, 0
	isPlain := false
	for slot := t.home(hash); t.slots[slot] != 0; slot = t.next(slot) {
		s := t.slots[slot]
		if s>>32 != hash>>32 {
			continue
		}
		e := int(uint32(s)) - 1
		have := t.key(e)
		if bytes.Equal(have, key) {
			return e
		}
		if !bytes.Equal(plainKey(have), plain) {
			continue
		}
		alike++
		if !isPlain {
			best, isPlain = e, bytes.Equal(have, plain)
		}
	}
	if alike > 1 && !isPlain {
		return noEntry
	}
	return best
}

// add makes an entry of a key that has none; hash and slot are those of exact.
func (t *joinTable) add(key []byte, hash uint64, slot int) int {
	e := len(t.ends)
	t.keys = append(t.keys, key...)
	t.ends = append(t.ends, uint32(len(t.keys)))
	t.slots[slot] = hash>>32<<32 | uint64(e+1)
	if 3*len(t.slots) < 4*(e+2) {
		t.grow()
	}
	return e
}

func (t *joinTable) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, s := range old {
		if s == 0 {
			continue
		}
		slot := t.home(s)
		for t.slots[slot] != 0 {
			slot = t.next(slot)
		}
		t.slots[slot] = s
	}
}

// home is the first slot to look at, by the half of the hash that is kept.
func (t *joinTable) home(hash uint64) int { return int(hash >> 32 & uint64(len(t.slots)-1)) }
func (t *joinTable) next(slot int) int    { return (slot + 1) & (len(t.slots) - 1) }

// plainKey is a key's number in its plain form: 3 for 3.0 and 1e+06 for 1000000,
// or 3.000e+00, which is how whole float64 are written. What is no number stays as it is.
func plainKey(b []byte) []byte {
	if e := bytes.IndexByte(b, 'e'); e > 0 && e+1 < len(b) && b[e+1] == '+' && len(b) < 32 {
		x, err := strconv.ParseFloat(string(b), 64)
		if err == nil && x == math.Trunc(x) && math.Abs(x) <= 1<<53 {
			return strconv.AppendInt(nil, int64(x), 10)
		}
	}
	return plainNumber(b)
}

// A joinColumn is one column of the labels' file, by entry: text, coded, or
// numbers.
type joinColumn struct {
	name   string // in the joined source
	title  string // in the labels' file
	column int    // in the labels' file that came first
	number bool

	codes  []int32
	names  []string
	byName map[string]int32

	values []float64
	whys   map[int]Why // of entries without a number
}

// addText appends a text, and reports whether there was room for it.
func (c *joinColumn) addText(text []byte) bool {
	code, ok := c.byName[string(text)]
	if !ok {
		if len(c.names) == maxLabelNames {
			return false
		}
		if c.byName == nil {
			c.byName = make(map[string]int32)
		}
		code = int32(len(c.names))
		c.byName[string(text)] = code
		c.names = append(c.names, string(text))
	}
	c.codes = append(c.codes, code)
	return true
}

func (c *joinColumn) addNumber(x float64, why Why) {
	if why != 0 {
		if c.whys == nil {
			c.whys = make(map[int]Why)
		}
		c.whys[len(c.values)] = why
	}
	c.values = append(c.values, x)
}

// text is the column's text of an entry; "" where there is no entry.
func (c *joinColumn) text(e int) string {
	switch {
	case e < 0:
		return ""
	case c.number:
		return c.shown(c.values[e])
	}
	if code := c.codes[e]; code >= 0 {
		return c.names[code]
	}
	return ""
}

func (c *joinColumn) shown(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// shares are label columns with one number for each class. As long as every row
// has 1 for one class and 0 for the others, they are kept as codes of classes.
type shares struct {
	columns []int    // in the labels' file that came first
	names   []string // theirs
	classes []string // the value columns that they are the shares of

	codes []int32 // class of each entry, −1 if all its shares are missing
	soft  bool
	cols  []joinColumn // the numbers, if soft
}

// span names the columns by the first and the last.
func (s *shares) span() string {
	names := shorten(s.names)
	if len(names) == 2 {
		return names[0] + ", " + names[1]
	}
	return names[0] + " … " + names[len(names)-1]
}

// add appends a row of shares, of which whys says which are missing.
func (s *shares) add(x []float64, whys []Why) {
	if !s.soft {
		class, missing := hardClass(x, whys)
		if class >= 0 || missing {
			s.codes = append(s.codes, int32(class))
			return
		}
		s.soften()
	}
	for k := range s.cols {
		s.cols[k].addNumber(x[k], whys[k])
	}
}

// hardClass is the class that has the share 1, and all others 0; −1 if there is
// none such. missing says that no share is there at all.
func hardClass(x []float64, whys []Why) (class int, missing bool) {
	class, missing = -1, true
	for k, share := range x {
		if whys[k] != 0 {
			continue
		}
		missing = false
		switch {
		case share == 1 && class < 0:
			class = k
		case share != 0:
			return -1, false
		}
	}
	for k := range x {
		if whys[k] != 0 && !missing {
			return -1, false
		}
	}
	return class, missing
}

// soften turns codes into numbers.
func (s *shares) soften() {
	s.soft = true
	for k := range s.cols {
		s.cols[k].number = true
		for _, code := range s.codes {
			switch {
			case code == int32(k):
				s.cols[k].addNumber(1, 0)
			case code < 0:
				s.cols[k].addNumber(math.NaN(), Empty)
			default:
				s.cols[k].addNumber(0, 0)
			}
		}
	}
	s.codes = nil
}

// same reports whether entry e has these shares.
func (s *shares) same(e int, x []float64, whys []Why) bool {
	if !s.soft {
		class, missing := hardClass(x, whys)
		return (class >= 0 || missing) && s.codes[e] == int32(class)
	}
	for k := range s.cols {
		if !s.cols[k].same(e, x[k], whys[k]) {
			return false
		}
	}
	return true
}

func (c *joinColumn) same(e int, x float64, why Why) bool {
	return c.whys[e] == why && (why != 0 || c.values[e] == x)
}

// labelled reports whether an entry has shares.
func (s *shares) labelled(e int) bool {
	if !s.soft {
		return s.codes[e] >= 0
	}
	for k := range s.cols {
		if s.cols[k].whys[e] == 0 {
			return true
		}
	}
	return false
}

// show is an entry's shares in words.
func (s *shares) show(e int) string {
	if !s.soft {
		if s.codes[e] < 0 {
			return "none"
		}
		return quote(s.classes[s.codes[e]])
	}
	x := make([]float64, len(s.cols))
	for k := range s.cols {
		x[k] = s.cols[k].values[e]
	}
	return showShares(x)
}

func showShares(x []float64) string {
	if len(x) > 6 {
		return fmt.Sprintf("%.4g …", x[:6])
	}
	return fmt.Sprintf("%.4g", x)
}
