package predict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonPad is how many bytes of zero follow the data in every buffer of JSON that
// is scanned, so that the scanner may look ahead without asking whether it may.
const jsonPad = 64

// jsonDepth is how deep values may be nested.
const jsonDepth = 500

// jsonScan checks JSON and finds where values end. Positions are indices of b,
// which jsonPad zeros follow; a negative one says that the text is not JSON, and
// at and what say why.
type jsonScan struct {
	b     []byte
	n     int        // bytes of data
	blank *[256]bool // what may stand between tokens: newlines too, or not
	at    int
	what  string
}

var (
	jsonBlank = [256]bool{' ': true, '\t': true, '\r': true, '\n': true}
	lineBlank = [256]bool{' ': true, '\t': true, '\r': true}
)

func (s *jsonScan) fail(i int, what string) int {
	s.at, s.what = i, what
	return -1
}

// expected is the failure to find something at i.
func (s *jsonScan) expected(i int, want string) int {
	switch {
	case i >= s.n:
		return s.fail(i, "the text ends where "+want+" should be")
	case s.b[i] == '\n':
		return s.fail(i, "the line ends where "+want+" should be")
	case s.b[i] == 0:
		return s.fail(i, "a NUL byte")
	}
	return s.fail(i, fmt.Sprintf("%s where %s should be", jsonExcerpt(s.b[i:s.n]), want))
}

// jsonExcerpt quotes the beginning of some text for an error.
func jsonExcerpt(b []byte) string {
	const most = 24
	if len(b) > most {
		b = b[:most]
	}
	if c := b[0]; c == ',' || c == ':' || c == '}' || c == ']' {
		b = b[:1]
	} else if i := bytes.IndexAny(b[1:], ",}]\n"); i >= 0 {
		b = b[:i+1]
	}
	for len(b) > 1 && !utf8.Valid(b) && !utf8.RuneStart(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return strconv.Quote(string(b))
}

// space skips what may stand between tokens.
func (s *jsonScan) space(i int) int {
	for s.blank[s.b[i]] {
		i++
	}
	return i
}

// skip checks the value at i and gives where it ends.
func (s *jsonScan) skip(i, depth int) int {
	b := s.b
	switch c := b[i]; c {
	case '"':
		end, _ := s.str(i + 1)
		return end
	case '{':
		if depth == 0 {
			return s.fail(i, fmt.Sprintf("nested deeper than %d", jsonDepth))
		}
		if i = s.space(i + 1); b[i] == '}' {
			return i + 1
		}
		for {
			if b[i] != '"' {
				return s.expected(i, "a key")
			}
			if i, _ = s.str(i + 1); i < 0 {
				return i
			}
			if i = s.space(i); b[i] != ':' {
				return s.expected(i, "a colon")
			}
			if i = s.skip(s.space(i+1), depth-1); i < 0 {
				return i
			}
			switch i = s.space(i); b[i] {
			case ',':
				i = s.space(i + 1)
			case '}':
				return i + 1
			default:
				return s.expected(i, "a comma or }")
			}
		}
	case '[':
		if depth == 0 {
			return s.fail(i, fmt.Sprintf("nested deeper than %d", jsonDepth))
		}
		if i = s.space(i + 1); b[i] == ']' {
			return i + 1
		}
		for {
			if i = s.skip(i, depth-1); i < 0 {
				return i
			}
			switch i = s.space(i); b[i] {
			case ',':
				i = s.space(i + 1)
			case ']':
				return i + 1
			default:
				return s.expected(i, "a comma or ]")
			}
		}
	case 't', 'f', 'n', 'N', 'I':
		if end := jsonWord(b, i); end > 0 {
			return end
		}
	default:
		if c == '-' || c-'0' <= 9 {
			if end := jsonNumberEnd(b, i); end > 0 {
				return end
			}
			return s.expected(i, "a number")
		}
	}
	return s.expected(i, "a value")
}

// str finds the end of the string whose first byte is b[i]: the place behind the
// closing quote. It is plain if what is between is what is meant.
func (s *jsonScan) str(i int) (end int, plain bool) {
	const ones = 0x0101010101010101
	b := s.b
	plain = true
	high := uint64(0)
	for {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		m := ((w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highBits
		if m == 0 {
			high |= w
			i += 8
			continue
		}
		n := bits.TrailingZeros64(m) &^ 7
		high |= w & (1<<uint(n) - 1)
		i += n / 8
		switch c := b[i]; c {
		case '"':
			return i + 1, plain && high&highBits == 0
		case '\\':
			plain = false
			switch b[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				for k := 2; k < 6; k++ {
					if hexDigit(b[i+k]) < 0 {
						return s.expected(i+k, "a hexadecimal digit"), false
					}
				}
				i += 6
			default:
				return s.expected(i+1, "the rest of an escape"), false
			}
		default:
			switch {
			case i >= s.n:
				return s.fail(i, "the text ends within a string"), false
			case c == '\n':
				return s.fail(i, "the line ends within a string"), false
			}
			return s.fail(i, fmt.Sprintf("a control character (%#02x) within a string", c)), false
		}
	}
}

func hexDigit(c byte) int {
	switch {
	case c-'0' <= 9:
		return int(c - '0')
	case c|0x20-'a' <= 5:
		return int(c|0x20-'a') + 10
	}
	return -1
}

// jsonWords are the values that are words: those of JSON, and those that Python
// and JavaScript add for numbers that JSON does not have.
var jsonWords = []string{"null", "true", "false", "NaN", "Infinity"}

// jsonWord is the end of the word at i, 0 if there is none.
func jsonWord(b []byte, i int) int {
	for _, w := range jsonWords {
		if bytes.HasPrefix(b[i:], []byte(w)) {
			return i + len(w)
		}
	}
	return 0
}

// jsonNumberEnd is the end of the number at i, 0 if there is none.
func jsonNumberEnd(b []byte, i int) int {
	if b[i] == '-' {
		i++
		if b[i] == 'I' {
			return jsonWord(b, i)
		}
	}
	switch {
	case b[i]-'0' > 9:
		return 0
	case b[i] == '0':
		i++
	default:
		for b[i]-'0' <= 9 {
			i++
		}
	}
	if b[i]-'0' <= 9 { // after a zero
		return 0
	}
	if b[i] == '.' {
		if i++; b[i]-'0' > 9 {
			return 0
		}
		for b[i]-'0' <= 9 {
			i++
		}
	}
	if b[i]|0x20 == 'e' {
		if i++; b[i] == '-' || b[i] == '+' {
			i++
		}
		if b[i]-'0' > 9 {
			return 0
		}
		for b[i]-'0' <= 9 {
			i++
		}
	}
	return i
}

// jsonNumber reads the number at i, which begins with a digit or a minus. The
// result has the bits that strconv.ParseFloat gives.
func jsonNumber(b []byte, i int) (x float64, end, decimals int, v verdict) {
	start := i
	var sign uint64
	if b[i] == '-' {
		sign = 1 << 63
		i++
	}
	first := i
	mant := uint64(b[i] - '0')
	if mant > 9 {
		return jsonNumberSlow(b, start)
	}
	i++
	if mant != 0 {
		for d := b[i] - '0'; d <= 9; d = b[i] - '0' {
			mant = mant*10 + uint64(d)
			i++
		}
	} else if b[i]-'0' <= 9 {
		return 0, start, 0, noNumber
	}
	digits := i - first
	if b[i] == '.' {
		i++
		from := i
		for {
			w := binary.LittleEndian.Uint64(b[i:]) ^ asciiZeros
			m := nonDigits(w)
			if m == 0 {
				mant = mant*1e8 + eightDigits(w)
				i += 8
				continue
			}
			if n := bits.TrailingZeros64(m) / 8; n > 0 {
				mant = mant*intPowers[n] + eightDigits(w<<(64-8*uint(n)))
				i += n
			}
			break
		}
		if i == from {
			return 0, start, 0, noNumber
		}
		decimals = i - from
	}
	if digits+decimals > 19 {
		return jsonNumberSlow(b, start)
	}
	if b[i]|0x20 == 'e' {
		at := i + 1
		down := b[at] == '-'
		if down || b[at] == '+' {
			at++
		}
		e := int(b[at] - '0')
		if e > 9 {
			return 0, start, 0, noNumber
		}
		for at++; b[at]-'0' <= 9; at++ {
			if e = e*10 + int(b[at]-'0'); e > 1000 {
				return jsonNumberSlow(b, start)
			}
		}
		if down {
			e = -e
		}
		i, decimals = at, decimals-e
	}
	var u uint64
	switch {
	case mant == 0:
	case mant <= 1<<53 && 0 <= decimals && decimals <= 22:
		u = math.Float64bits(float64(mant) / exactPowers[decimals])
	case mant <= 1<<53 && -22 <= decimals && decimals < 0:
		u = math.Float64bits(float64(mant) * exactPowers[-decimals])
	default:
		var ok bool
		if u, ok = scale(mant, -decimals); !ok || u == infinityBits {
			return jsonNumberSlow(b, start)
		}
	}
	return math.Float64frombits(u | sign), i, min(max(decimals, 0), maxDecimals), isNumber
}

// jsonNumberSlow is jsonNumber for what is rare.
func jsonNumberSlow(b []byte, i int) (x float64, end, decimals int, v verdict) {
	end = jsonNumberEnd(b, i)
	switch {
	case end == 0:
		return 0, i, 0, noNumber
	case b[end-1] == 'y':
		return math.Inf(-1), end, 0, isNumber
	}
	x, _, decimals, v = decimal(b[:end], i)
	return x, end, decimals, v
}

// jsonAppend appends what is meant by the text between the quotes of a string:
// escapes undone, what is not UTF-8 replaced by U+FFFD, as encoding/json does.
func jsonAppend(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '\\':
			switch c = raw[i+1]; c {
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'u':
				r := jsonHex(raw[i:])
				i += 6
				if utf16.IsSurrogate(r) {
					low := rune(-1)
					if len(raw)-i >= 6 && raw[i] == '\\' && raw[i+1] == 'u' {
						low = jsonHex(raw[i:])
					}
					if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
						i += 6
					}
				}
				dst = utf8.AppendRune(dst, r)
				continue
			}
			dst = append(dst, c)
			i += 2
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return dst
}

// jsonHex is the character of the escape that raw begins with.
func jsonHex(raw []byte) rune {
	r := rune(0)
	for _, c := range raw[2:6] {
		r = r<<4 | rune(hexDigit(c))
	}
	return r
}
