package predict

import (
	"bytes"
	"math"
)

// jsonValue is one JSON value as it is written: text that was checked, and that
// lies within a buffer with jsonPad zeros at its end. Nil is no value.
type jsonValue []byte

// is gives the first byte of the value, which says what it is; 0 if there is none.
func (v jsonValue) is() byte {
	if len(v) == 0 {
		return 0
	}
	if c := v[0]; c-'0' <= 9 || c == 'N' || c == 'I' {
		return '-'
	} else {
		return c
	}
}

// null reports whether there is no value, or null.
func (v jsonValue) null() bool { return len(v) == 0 || v[0] == 'n' }

// what names the kind of the value in errors.
func (v jsonValue) what() string {
	switch v.is() {
	case 0:
		return "nothing"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "text (" + jsonExcerptOf(v) + ")"
	case '-':
		return "a number"
	case 'n':
		return "null"
	}
	return string(v)
}

// shown is the value in errors: a number as it is written, its kind otherwise.
func (v jsonValue) shown() string {
	if v.is() == '-' {
		return jsonExcerptOf(v)
	}
	return v.what()
}

func jsonExcerptOf(v jsonValue) string {
	const most = 40
	if len(v) > most {
		return string(bytes.ToValidUTF8(v[:most], nil)) + "…"
	}
	return string(v)
}

// scanner is a scanner of the text that v lies in.
func (v jsonValue) scanner() jsonScan {
	return jsonScan{b: v[:cap(v)], n: len(v), blank: &jsonBlank}
}

// members gives the object's members to f one after the other, keys as meant.
// What is no object has none. f returns false to stop.
func (v jsonValue) members(f func(key []byte, value jsonValue) bool) {
	if v.is() != '{' {
		return
	}
	s := v.scanner()
	var bare []byte
	i := s.space(1)
	for s.b[i] == '"' {
		end, plain := s.str(i + 1)
		key := s.b[i+1 : end-1]
		if !plain {
			bare = jsonAppend(bare[:0], key)
			key = bare
		}
		from := s.space(s.space(end) + 1)
		to := s.skip(from, jsonDepth)
		if !f(key, jsonValue(s.b[from:to])) {
			return
		}
		if i = s.space(to); s.b[i] != ',' {
			return
		}
		i = s.space(i + 1)
	}
}

// elements gives the array's elements to f one after the other. What is no array
// has none. f returns false to stop.
func (v jsonValue) elements(f func(i int, value jsonValue) bool) {
	if v.is() != '[' {
		return
	}
	s := v.scanner()
	i := s.space(1)
	for n := 0; s.b[i] != ']'; n++ {
		to := s.skip(i, jsonDepth)
		if !f(n, jsonValue(s.b[i:to])) {
			return
		}
		if i = s.space(to); s.b[i] != ',' {
			return
		}
		i = s.space(i + 1)
	}
}

// count is the number of elements of an array.
func (v jsonValue) count() (n int) {
	v.elements(func(int, jsonValue) bool { n++; return true })
	return n
}

// element is one element of an array; nil if there are not so many.
func (v jsonValue) element(k int) (out jsonValue) {
	v.elements(func(i int, e jsonValue) bool {
		if i == k {
			out = e
		}
		return i < k
	})
	return out
}

// get is the member with a key; the last one where there are several, nil where
// there is none. Further keys look within it.
func (v jsonValue) get(path ...string) jsonValue {
	for _, key := range path {
		var found jsonValue
		v.members(func(k []byte, m jsonValue) bool {
			if string(k) == key {
				found = m
			}
			return true
		})
		v = found
	}
	return v
}

// pick is get for several keys at once.
func (v jsonValue) pick(keys []string, out []jsonValue) {
	clear(out)
	v.members(func(k []byte, m jsonValue) bool {
		for i, key := range keys {
			if string(k) == key {
				out[i] = m
				break
			}
		}
		return true
	})
}

// text is what a string means, what anything else is written as; "" for null.
// It may lie in the value's own buffer.
func (v jsonValue) text() []byte {
	switch v.is() {
	case 0, 'n':
		return nil
	case '"':
		raw := v[1 : len(v)-1]
		for _, c := range raw {
			if c == '\\' || c >= 0x80 {
				return jsonAppend(nil, raw)
			}
		}
		return raw
	}
	return v
}

// number is the value as a number. Of strings it takes the words for infinities
// and for "no number", and decimals too if quoted is set. The verdict is
// noNumber for anything else.
func (v jsonValue) number(quoted bool) (x float64, decimals int, why Why, got verdict) {
	switch v.is() {
	case 0:
		return math.NaN(), 0, Empty, isMissing
	case 'n':
		return math.NaN(), 0, NA, isMissing
	case 't':
		return 1, 0, 0, isNumber
	case 'f':
		return 0, 0, 0, isNumber
	case '"':
		return jsonQuoted(v.text(), quoted)
	case '-':
		switch v[0] {
		case 'N':
			return math.NaN(), 0, NaN, isMissing
		case 'I':
			return math.Inf(1), 0, 0, isNumber
		}
		x, _, decimals, got = jsonNumber(v[:cap(v)], 0)
		return x, decimals, 0, got
	}
	return 0, 0, 0, noNumber
}

// jsonQuoted is the number that a string means.
func jsonQuoted(text []byte, quoted bool) (x float64, decimals int, why Why, got verdict) {
	x, decimals, why, got = number(text)
	if got == isNumber && !quoted && !math.IsInf(x, 0) || got == tooLarge && !quoted {
		return 0, 0, 0, noNumber
	}
	return x, decimals, why, got
}
