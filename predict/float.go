package predict

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

//go:generate go run float_gen.go

// Numbers written in decimal, converted exactly: the result has the bits that
// strconv.ParseFloat gives. Up to 2^53 and a power of ten that is exact, one
// division or multiplication rounds right. Beyond, the product of the digits with
// a 128-bit power of five decides nearly always, after Lemire, "Number parsing at
// a gigabyte per second" (arXiv 2101.11408); what it leaves open goes to strconv.

// maxDecimals bounds the number of decimals that is reported of a number.
const maxDecimals = 400

// exactPowers are the powers of ten that float64 holds exactly, and room so that
// a masked index needs no check.
var exactPowers = [32]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

var intPowers = [16]uint64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// verdict says what became of a piece of text as a number.
type verdict uint8

const (
	isNumber  verdict = iota
	noNumber          // not a number at all
	tooLarge          // a number beyond the range of float64
	isMissing         // a mark for "no number"
)

const (
	asciiZeros = 0x3030303030303030
	highBits   = 0x8080808080808080
)

// nonDigits marks the high bit of the first byte of eight, exclusive-or'ed with
// asciiZeros, that is no digit; marks above it mean nothing.
func nonDigits(x uint64) uint64 { return ((x + 0x7676767676767676) | x) & highBits }

// eightDigits is the number that eight digits, the first in the lowest byte, are.
func eightDigits(x uint64) uint64 {
	x = x*10 + x>>8                                           // two digits in every other byte
	x = (x&0x00ff00ff00ff00ff)*100 + x>>16&0x00ff00ff00ff00ff // four in every other pair
	return (x&0xffff)*10000 + x>>32&0xffff
}

// someDigits is eightDigits of the first n < 8 only.
func someDigits(x uint64, n int) uint64 { return eightDigits(x << 8 << (uint(56-8*n) & 63)) }

// decimal reads the number at b[i:]: an optional sign, digits with an optional
// point among or around them, an optional exponent. It ends where the number
// does, which need not be the end of b; a verdict of noNumber says that there is
// none. decimals is how many there are, the exponent counted in.
func decimal(b []byte, i int) (x float64, end, decimals int, v verdict) {
	start := i
	var sign uint64
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		if b[i] == '-' {
			sign = 1 << 63
		}
		i++
	}
	var (
		mant    uint64 // the digits, as many as it holds
		exp     int    // mant·10^exp is the number
		cut     bool   // less digits that did not fit and are not zero
		first   = i
		digits  int
		point   = -1
		dropped int
	)
	for {
		for len(b)-i >= 8 && mant < 1e11 {
			w := binary.LittleEndian.Uint64(b[i:]) ^ asciiZeros
			m := nonDigits(w)
			if m != 0 {
				n := bits.TrailingZeros64(m) / 8
				mant = mant*intPowers[n&15] + someDigits(w, n)
				i += n
				break
			}
			mant = mant*1e8 + eightDigits(w)
			i += 8
		}
		for i < len(b) && b[i]-'0' <= 9 {
			if mant < 1e18 {
				mant = mant*10 + uint64(b[i]-'0')
			} else {
				dropped++
				cut = cut || b[i] != '0'
			}
			i++
		}
		if point >= 0 || i == len(b) || b[i] != '.' {
			break
		}
		point = i
		i++
	}
	exp = dropped
	digits = i - first
	if point >= 0 {
		decimals = i - point - 1
		exp -= decimals
		digits--
	}
	if digits == 0 {
		return 0, start, 0, noNumber
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		down := false
		if i < len(b) && (b[i] == '-' || b[i] == '+') {
			down = b[i] == '-'
			i++
		}
		if i == len(b) || b[i]-'0' > 9 {
			return 0, start, 0, noNumber
		}
		e := 0
		for i < len(b) && b[i]-'0' <= 9 {
			if e < 1e8 {
				e = e*10 + int(b[i]-'0')
			}
			i++
		}
		if down {
			e = -e
		}
		exp += e
		decimals -= e
	}
	decimals = min(max(decimals, 0), maxDecimals)
	var u uint64
	ok := true
	switch {
	case cut:
		var next uint64
		u, ok = scale(mant, exp)
		if ok {
			next, ok = scale(mant+1, exp)
			ok = ok && u == next
		}
	case mant == 0:
	case mant <= 1<<53 && -22 <= exp && exp <= 0:
		u = math.Float64bits(float64(mant) / exactPowers[-exp])
	case mant <= 1<<53 && 0 < exp && exp <= 22:
		u = math.Float64bits(float64(mant) * exactPowers[exp])
	default:
		u, ok = scale(mant, exp)
	}
	if !ok {
		x, err := strconv.ParseFloat(string(b[start:i]), 64)
		if err != nil {
			return 0, i, decimals, tooLarge
		}
		return x, i, decimals, isNumber
	}
	if u == infinityBits {
		return 0, i, decimals, tooLarge
	}
	return math.Float64frombits(u | sign), i, decimals, isNumber
}

const infinityBits = 0x7ff << 52

// scale gives the bits of the float64 next to mant·10^exp, mant not being 0; ok
// is false where the powers of five at hand do not decide it.
func scale(mant uint64, exp int) (u uint64, ok bool) {
	switch {
	case exp < minPower:
		return 0, true // mant < 2^64 ≈ 1.8e19
	case exp > maxPower:
		return infinityBits, true
	}
	shift := bits.LeadingZeros64(mant)
	mant <<= uint(shift) & 63
	five := &powersOfFive[exp-minPower]
	high, low := bits.Mul64(mant, five[0])
	if high&0x1ff == 0x1ff {
		// What the second word adds may carry into the bits that count.
		more, _ := bits.Mul64(mant, five[1])
		var carry uint64
		low, carry = bits.Add64(low, more, 0)
		high += carry
		if low == math.MaxUint64 && (exp < -27 || exp > 55) {
			return 0, false
		}
	}
	top := high >> 63
	m := high >> (top + 9) // 53 bits, one to round by, and one that may be 0
	// 10^exp = 5^exp·2^exp, and floor(exp·log2(10)) = exp·217706 >> 16 in this range.
	e := (exp*217706)>>16 + 63 + int(top) - shift + 1023
	if e <= 0 {
		// Subnormal: fewer bits are left. No ties here: they need small exponents.
		if e <= -63 {
			return 0, true
		}
		m >>= uint(1-e) & 63
		m += m & 1
		return m >> 1, true // a carry makes it the smallest normal number
	}
	if low <= 1 && -4 <= exp && exp <= 23 && m&3 == 1 && m<<(top+9) == high {
		m &^= 1 // halfway between two: to the even one
	}
	m += m & 1
	m >>= 1
	if m >= 1<<53 {
		m = 1 << 52
		e++
	}
	if e >= 0x7ff {
		return infinityBits, true
	}
	return uint64(e)<<52 | m&(1<<52-1), true
}

// words is the one table of cells that are no digits and yet say something about
// a number, in lower case; they are taken in any case.
var words = map[string]struct {
	x   float64
	why Why
}{
	"inf": {x: math.Inf(1)}, "+inf": {x: math.Inf(1)}, "-inf": {x: math.Inf(-1)},
	"infinity": {x: math.Inf(1)}, "+infinity": {x: math.Inf(1)}, "-infinity": {x: math.Inf(-1)},

	"nan": {why: NaN}, "+nan": {why: NaN}, "-nan": {why: NaN}, "1.#qnan": {why: NaN}, "-1.#qnan": {why: NaN},
	"1.#ind": {why: NaN}, "-1.#ind": {why: NaN},

	"na": {why: NA}, "n/a": {why: NA}, "#n/a": {why: NA}, "#na": {why: NA}, "<na>": {why: NA}, // R, pandas, spreadsheets
	"null": {why: NA}, `\n`: {why: NA}, "none": {why: NA}, "nil": {why: NA}, // databases, programs
	".": {why: NA}, "-": {why: NA}, "?": {why: NA}, // SAS and Stata, tables, UCI
}

const longestWord = 9

// number converts a whole cell, which may have spaces and tabs around.
func number(cell []byte) (x float64, decimals int, why Why, v verdict) {
	for len(cell) > 0 && (cell[0] == ' ' || cell[0] == '\t') {
		cell = cell[1:]
	}
	for len(cell) > 0 && (cell[len(cell)-1] == ' ' || cell[len(cell)-1] == '\t') {
		cell = cell[:len(cell)-1]
	}
	if len(cell) == 0 {
		return math.NaN(), 0, Empty, isMissing
	}
	x, end, decimals, v := decimal(cell, 0)
	if v != noNumber && end == len(cell) {
		return x, decimals, 0, v
	}
	if len(cell) > longestWord {
		return 0, 0, 0, noNumber
	}
	var low [longestWord]byte
	for i, c := range cell {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	w, ok := words[string(low[:len(cell)])]
	switch {
	case !ok:
		return 0, 0, 0, noNumber
	case w.why != 0:
		return math.NaN(), 0, w.why, isMissing
	}
	return w.x, 0, 0, isNumber
}
