package report

import (
	"math"
	"strconv"
	"strings"
)

// Numbers for people. A value that has a standard error is printed to two
// significant digits of that error, and so are the error and the interval's
// ends; a value without one is printed to four significant digits, its integer
// part never rounded.

const (
	significant = 4    // digits of a number that has no error
	mostPlaces  = 9    // decimals; smaller numbers are written with an exponent
	hugeNumber  = 1e15 // from here on too
)

// Count writes a whole number with commas between the thousands: 1,797.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	return group(s)
}

// Number writes a value of unknown error: 0.1050, 188.6, 12,346, 2.220e-16, infinite.
func Number(v float64) string { return fixed(v, places(v, significant)) }

// Percent writes a share: 0.943 is "94.3 %". Shares that are close to 0 or 1
// but neither get as many decimals as it takes to see that.
func Percent(share float64) string { return percent(share, 1) }

func percent(share float64, decimals int) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return fixed(share, 0)
	}
	v := 100 * share
	for d := decimals; ; d++ {
		shown, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'f', d, 64), 64)
		if d == 6 || shown == v || shown != 0 && shown != 100 {
			return fixed(v, d) + " %"
		}
	}
}

// places is how many decimals show n significant digits of v; -1 if v is better
// written with an exponent.
func places(v float64, n int) int {
	v = math.Abs(v)
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	if v >= hugeNumber {
		return -1
	}
	// The digits are counted after rounding: two digits of 0.0996 are 0.10.
	s := strconv.FormatFloat(v, 'e', n-1, 64)
	exp, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	d := max(0, n-1-exp)
	if d > mostPlaces {
		return -1
	}
	return d
}

// fixed writes v with d decimals, or with an exponent if d is -1.
func fixed(v float64, d int) string {
	switch {
	case math.IsNaN(v):
		return "no data"
	case math.IsInf(v, 1):
		return "infinite"
	case math.IsInf(v, -1):
		return "-infinite"
	case d < 0:
		return strconv.FormatFloat(v, 'e', significant-1, 64)
	}
	s := strconv.FormatFloat(v, 'f', d, 64)
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") == "" {
		s = s[1:] // no minus sign for what rounds to 0
	}
	return group(s)
}

// group puts commas between the thousands of the integer part.
func group(s string) string {
	end := strings.IndexByte(s, '.')
	if end < 0 {
		end = len(s)
	}
	start := 0
	if strings.HasPrefix(s, "-") {
		start = 1
	}
	if end-start <= 3 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:start])
	for i := start; i < end; i++ {
		if i > start && (end-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(s[i])
	}
	b.WriteString(s[end:])
	return b.String()
}

// Written is a figure as people read it: all of its parts to the same decimals.
// Parts that the figure does not have are "".
type Written struct{ Value, SE, Lo, Hi string }

// Write puts a figure into words of the same precision.
func (f Figure) Write() Written { return f.write(1, "") }

// WritePercent is Write for a share, in percent.
func (f Figure) WritePercent() Written { return f.write(100, " %") }

func (f Figure) write(scale float64, suffix string) Written {
	v, se, lo, hi := f.Value*scale, f.SE*scale, f.Lo*scale, f.Hi*scale
	d := places(v, significant)
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return Written{Value: fixed(v, 0)}
	case se > 0 && !math.IsInf(se, 0):
		d = places(se, 2)
	case !math.IsNaN(lo) && hi > lo && !math.IsInf(hi-lo, 0):
		d = places((hi-lo)/4, 2) // about one error
	case suffix != "":
		d = 1
	}
	part := func(x float64) string {
		if math.IsNaN(x) {
			return ""
		}
		if x == 0 && se == 0 {
			return "0" + suffix
		}
		return fixed(x, d) + suffix
	}
	return Written{part(v), part(se), part(lo), part(hi)}
}
