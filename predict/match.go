package predict

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What [Matcher.Class] gives where it gives no class.
const (
	Unknown = -1 // a label that is no class: an error that names the label
	NoLabel = -2 // empty, NA, NaN, null: the row has no label
	// Other is the negative class by exclusion. It is given only for a binary
	// layout that does not know the negative's name (Classes[0] is ""): the label is
	// not the positive one. Whoever folds the rows must check that all such labels
	// are one and the same.
	Other = -3
)

// Matcher finds the class of a label. It is read-only and may be shared.
type Matcher struct {
	// Labels of at most eight bytes are keys of an open-addressed table; the others
	// are in a map. Slots are a power of two, at most half of them full.
	slots []slot
	shift uint8
	long  map[string]int32
	other bool
	made  bool // names are as R's make.names makes them
}

type slot struct {
	key   uint64
	size  uint8 // of the label, plus one; 0 marks an empty slot
	class int32
}

// Matcher makes the layout's Matcher. Classes' names count first, then their
// further spellings, then numbers written otherwise (3.0 for 3).
func (l *Layout) Matcher() *Matcher {
	type entry struct {
		label string
		class int
	}
	room := 2*len(l.Classes) + len(l.Aliases) // there may be 100,000 classes
	entries := make([]entry, 0, room)
	taken := make(map[string]bool, room)
	add := func(label string, class int) {
		if !taken[label] {
			taken[label] = true
			entries = append(entries, entry{label, class})
		}
	}
	m := &Matcher{other: l.Form.Binary() && len(l.Classes) == 2 && l.Classes[0] == "", made: l.madeNames}
	names := l.Classes
	if l.ByIndex {
		names = indexNames(len(l.Classes))
	}
	for k, name := range names {
		if !(m.other && k == 0) {
			add(name, k)
		}
	}
	for name, k := range l.Aliases {
		add(name, k)
	}
	// Spellings that would stand for two classes stand for none.
	forms := make(map[string]int, room)
	for k, name := range names {
		if m.other && k == 0 {
			continue
		}
		plain := string(plainNumber([]byte(strings.TrimSpace(name))))
		for _, f := range []string{plain, plain + ".0"} {
			if f == plain+".0" && !isInteger(plain) {
				continue
			}
			if k0, ok := forms[f]; ok && k0 != k {
				forms[f] = -1
				continue
			}
			forms[f] = k
		}
	}
	for f, k := range forms {
		if k >= 0 {
			add(f, k)
		}
	}

	if l.Form.PerClass() && len(names) > 1 && !slices.ContainsFunc(names, func(s string) bool { return !isCount(s) }) {
		for _, label := range ignoredLabels {
			add(label, NoLabel)
		}
	}

	size := 8
	for size < 2*len(entries) {
		size *= 2
	}
	m.slots = make([]slot, size)
	m.shift = uint8(64 - bits.TrailingZeros(uint(size)))
	m.long = make(map[string]int32)
	for _, e := range entries {
		if len(e.label) > 8 {
			m.long[e.label] = int32(e.class)
			continue
		}
		key, n := pack([]byte(e.label)), uint8(len(e.label)+1)
		i := m.home(key, n)
		for m.slots[i].size != 0 {
			i = (i + 1) & (len(m.slots) - 1)
		}
		m.slots[i] = slot{key, n, int32(e.class)}
	}
	return m
}

// Class is the class of a label: its number from 0, or [Unknown], [NoLabel] or
// [Other]. A class that is called NA is a class.
func (m *Matcher) Class(label []byte) int {
	if c, ok := m.find(label); ok {
		return c
	}
	return m.otherwise(label)
}

func (m *Matcher) find(label []byte) (int, bool) {
	if len(label) > 8 {
		c, ok := m.long[string(label)]
		return int(c), ok
	}
	key, n := pack(label), uint8(len(label)+1)
	for i := m.home(key, n); ; i = (i + 1) & (len(m.slots) - 1) {
		s := &m.slots[i]
		if s.key == key && s.size == n {
			return int(s.class), true
		}
		if s.size == 0 {
			return 0, false
		}
	}
}

func (m *Matcher) home(key uint64, size uint8) int {
	return int(((key + uint64(size)) * 0x9e3779b97f4a7c15) >> (m.shift & 63))
}

func (m *Matcher) otherwise(label []byte) int {
	bare := bytes.TrimSpace(label)
	if len(bare) != len(label) {
		if c, ok := m.find(bare); ok {
			return c
		}
	}
	if plain := plainKey(bare); len(plain) != len(bare) {
		if c, ok := m.find(plain); ok {
			return c
		}
	}
	if m.made && !isNoLabel(bare) {
		var room [64]byte
		made := madeName(room[:0], bare)
		if c, ok := m.find(made[1:]); ok {
			return c
		}
		if c, ok := m.find(made); ok {
			return c
		}
	}
	switch {
	case isNoLabel(bare):
		return NoLabel
	case m.other:
		return Other
	}
	return Unknown
}

// pack makes at most eight bytes one number, which together with the length
// tells them apart.
func pack(b []byte) uint64 {
	switch n := len(b); {
	case n == 0:
		return 0
	case n < 4:
		return uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	default:
		return uint64(binary.LittleEndian.Uint32(b)) |
			uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*uint(n-4)&63)
	}
}

// plainNumber drops the zeros that end a decimal fraction, and its point: 3 for
// 3.0, 0.5 for 0.50. What is not a plain decimal stays as it is.
func plainNumber(b []byte) []byte {
	dot := bytes.IndexByte(b, '.')
	if dot < 0 {
		return b
	}
	whole := b[:dot]
	if len(whole) > 0 && whole[0] == '-' {
		whole = whole[1:]
	}
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' || !allDigits(whole) || !allDigits(b[dot+1:]) {
		return b
	}
	b = bytes.TrimRight(b, "0")
	return bytes.TrimSuffix(b, []byte("."))
}

// madeName appends X and the label as R's make.names writes it: a point for every
// character that is no letter, digit, point or underscore. R puts the X only before
// what would not begin like a name, and where a prefix stands before it never.
func madeName(to, label []byte) []byte {
	to = append(to, 'X')
	for len(label) > 0 {
		c, size := utf8.DecodeRune(label)
		if c == '_' || c == '.' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			to = append(to, label[:size]...)
		} else {
			to = append(to, '.')
		}
		label = label[size:]
	}
	return to
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ignoredLabels stand for no label where classes are counted: PyTorch leaves −100 out
// of its losses, and whoever pads or masks tokens writes it.
var ignoredLabels = []string{"-100", "-100.0"}

// isCount reports whether s is an integer that is not negative.
func isCount(s string) bool { return isInteger(s) && s[0] != '-' }

// isInteger reports whether s is written as an integer.
func isInteger(s string) bool {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) > 0
}

// isNoLabel reports whether a trimmed cell of a label column is one of the usual
// marks for "there is none".
func isNoLabel(b []byte) bool {
	switch string(b) {
	case "", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "null", "NULL", "Null", "None", "none":
		return true
	}
	return false
}

// indexNames are the names of columns that have none: 0 to n−1.
func indexNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}
