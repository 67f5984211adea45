package main

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"surprisal/info"
	"surprisal/report"
)

// values are the numbers of one distribution (or of counts) as they were written.
type values struct {
	name   string   // what the output calls it
	from   string   // where it stands, for complaints: `argument "0.5,0.4"`, `file.csv, column 2 (fair)`
	labels []string // names of the outcomes; nil if they have none
	exact  []*big.Rat
	digits int  // the largest number of decimals; 0 if all were whole numbers or fractions
	list   bool // written as an argument
}

// A distribution may not have more outcomes than this: a slip such as 0.5x1e9
// should not eat the memory.
const mostOutcomes = 1_000_000

// parseList reads probabilities or counts that were written as a list.
func parseList(text string) (values, error) {
	v := values{from: fmt.Sprintf("%q", shorten(text)), list: true}
	if strings.Contains(text, ";") {
		return v, hinted(fmt.Errorf("%s: ; does not part outcomes", v.from), "write a decimal point, and commas or spaces between outcomes: 0.2,0.8")
	}
	// A space beside a comma parts nothing; two commas have nothing between them.
	for _, group := range strings.Split(text, ",") {
		items := strings.Fields(group)
		if len(items) == 0 {
			if strings.TrimSpace(text) == "" {
				return v, hinted(errors.New("an empty list is no distribution"), "for example: 1/6x6")
			}
			return v, hinted(fmt.Errorf("%s: nothing stands for outcome %d", v.from, len(v.exact)+1), "write 0 for an outcome that has no probability")
		}
		for _, item := range items {
			number, times, err := repeats(item)
			if err == nil && len(v.exact)+times > mostOutcomes {
				err = fmt.Errorf("more than %d outcomes", mostOutcomes)
			}
			var x *big.Rat
			var digits int
			if err == nil {
				x, digits, err = parseNumber(number)
			}
			if err != nil {
				return v, v.at(len(v.exact)+1, err)
			}
			for range times {
				v.exact = append(v.exact, x)
			}
			v.digits = max(v.digits, digits)
		}
	}
	return v, nil
}

// at puts the place of an outcome before an error, and keeps its hint.
func (v values) at(outcome int, err error) error {
	placed := fmt.Errorf("%s: outcome %d: %w", v.from, outcome, err)
	var h *hintedError
	if errors.As(err, &h) {
		return hinted(placed, "%s", h.hint)
	}
	return placed
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// repeats parts 0.1x5 into the number and how often it stands.
func repeats(item string) (number string, times int, err error) {
	for _, sign := range []string{"x", "×", "X"} {
		before, after, ok := strings.Cut(item, sign)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(after)
		switch {
		case errors.Is(err, strconv.ErrRange) || n > mostOutcomes:
			return "", 0, fmt.Errorf("more than %d outcomes", mostOutcomes)
		case err != nil || before == "":
			return "", 0, hinted(fmt.Errorf("%q is not a number times a count", item), "0.1x5 is five times 0.1")
		case n < 1:
			return "", 0, fmt.Errorf("%q: the count after x is not 1 or more", item)
		}
		return before, n, nil
	}
	return item, 1, nil
}

// parseNumber reads a decimal number, a fraction or a percentage without
// rounding, and how many decimals it was written with.
func parseNumber(s string) (*big.Rat, int, error) {
	bad := func() error {
		err := fmt.Errorf("%q is not a number", s)
		if strings.Contains(s, ",") {
			return hinted(err, "write a decimal point")
		}
		return hinted(err, "write a decimal number, a fraction such as 1/6, or a percentage such as 20%%")
	}
	body, percent := strings.CutSuffix(s, "%")
	if top, bottom, ok := strings.Cut(body, "/"); ok {
		a, _, errA := decimal(top)
		b, _, errB := decimal(bottom)
		switch {
		case errA != nil || errB != nil || percent:
			return nil, 0, bad()
		case b.Sign() == 0:
			return nil, 0, hinted(fmt.Errorf("%q divides by 0", s), "a fraction is a share of a whole, such as 1/6")
		}
		return inRange(s, new(big.Rat).Quo(a, b), 0) // not rounded, so without decimals
	}
	x, digits, err := decimal(body)
	if err != nil {
		return nil, 0, bad()
	}
	if percent {
		x = new(big.Rat).Quo(x, big.NewRat(100, 1))
		digits += 2
	}
	return inRange(s, x, digits)
}

// inRange refuses what float64 cannot hold.
func inRange(s string, x *big.Rat, digits int) (*big.Rat, int, error) {
	switch v, _ := x.Float64(); {
	case math.IsInf(v, 0):
		return nil, 0, fmt.Errorf("%q is larger than any float64", s)
	case v == 0 && x.Sign() != 0:
		return nil, 0, hinted(fmt.Errorf("%q is smaller than any float64", s), "the smallest is 4.9e-324; write 0 if that is meant")
	}
	return x, digits, nil
}

// decimal reads digits with an optional sign, point and exponent, exactly.
func decimal(s string) (*big.Rat, int, error) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < -5000 || n > 5000 {
			return nil, 0, errors.New("exponent")
		}
		mantissa, exponent = s[:i], n
	}
	digits, seen := 0, 0
	unsigned := strings.TrimPrefix(strings.TrimPrefix(mantissa, "-"), "+")
	if strings.HasPrefix(mantissa, "-+") {
		return nil, 0, errors.New("sign")
	}
	whole, fraction, _ := strings.Cut(unsigned, ".")
	for _, part := range []string{whole, fraction} {
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return nil, 0, errors.New("digit")
			}
			seen++
		}
	}
	if seen == 0 || seen > 5000 {
		return nil, 0, errors.New("digits")
	}
	digits = max(0, len(fraction)-exponent)
	x, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, 0, errors.New("number")
	}
	return x, digits, nil
}

// floats rounds every value to the nearest float64.
func (v values) floats() []float64 {
	p := make([]float64, len(v.exact))
	for i, x := range v.exact {
		p[i], _ = x.Float64()
	}
	return p
}

// sum is the exact sum of what was written.
func (v values) sum() *big.Rat {
	t := new(big.Rat)
	for _, x := range v.exact {
		t.Add(t, x)
	}
	return t
}

// nearOne reports whether a sum that is off by so much may be 1 but for rounding
// to the decimals that were written. Fractions were not rounded. At K/2 units of
// the last decimal every number would have been halfway and rounded the same way,
// which is no rounding but a mistake.
func (v values) nearOne(off float64) bool {
	if v.digits == 0 {
		return off == 0
	}
	k := float64(len(v.exact))
	unit := math.Pow(10, -float64(v.digits))
	return math.Abs(off) <= 1e-5 || math.Abs(off) < min(k/2, 3*math.Sqrt(k/12))*unit*(1-1e-9)
}

// distribution checks the values, or makes them a distribution as --normalize
// says, and says what was done.
func (v values) distribution(normalize string) (d info.Distribution, done []report.Warning, note string, err error) {
	for i, x := range v.exact {
		if x.Sign() < 0 {
			f, _ := x.Float64()
			return d, nil, "", hinted(fmt.Errorf("%s: outcome %s is %v", v.from, v.label(i), f), "a probability is never negative")
		}
	}
	sum := v.sum()
	off, _ := new(big.Rat).Sub(sum, big.NewRat(1, 1)).Float64()
	total, _ := sum.Float64()
	p := v.floats()
	switch {
	case off == 0:
	case normalize == "rescale":
		if sum.Sign() == 0 {
			return d, nil, "", fmt.Errorf("%s: sums to 0, which cannot be rescaled", v.from)
		}
		for i, x := range v.exact {
			p[i], _ = new(big.Rat).Quo(x, sum).Float64()
		}
		note = fmt.Sprintf("%s sums to %s and was divided by it (--normalize rescale)", v.name, sumText(total))
	case normalize == "asis":
		note = fmt.Sprintf("%s sums to %s and is used as it is (--normalize asis); divergences take the difference of the sums into account", v.name, sumText(total))
	case math.Abs(off) <= 1e-9:
		// Nobody sees this.
	case v.nearOne(off):
		done = append(done, report.Warning{
			Text: fmt.Sprintf("%s sums to %s, which is taken for 1 rounded to %s; it is used as written", v.name, sumText(total), decimals(v.digits)),
			Hint: "--normalize rescale divides by the sum",
		})
	default:
		err := fmt.Errorf("%s: sums to %s, not to 1", v.from, sumText(total))
		if v.whole() && total > 1 {
			return d, nil, "", hinted(err, "these look like counts: --counts takes them; or --normalize rescale divides by the sum")
		}
		return d, nil, "", hinted(err, "correct it, or say --normalize rescale to divide by the sum")
	}
	d, err = info.NewWithin(p, math.Inf(1))
	return d, done, note, err
}

func decimals(n int) string {
	if n == 1 {
		return "1 decimal"
	}
	return strconv.Itoa(n) + " decimals"
}

func sumText(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }

func (v values) whole() bool {
	for _, x := range v.exact {
		if !x.IsInt() {
			return false
		}
	}
	return true
}

func (v values) label(i int) string {
	if v.labels != nil {
		return fmt.Sprintf("%q", v.labels[i])
	}
	return strconv.Itoa(i + 1)
}

// counts are the values as counts.
func (v values) counts() ([]int64, error) {
	var total int64
	c := make([]int64, len(v.exact))
	for i, x := range v.exact {
		f, _ := x.Float64()
		switch {
		case x.Sign() < 0:
			return nil, fmt.Errorf("%s: the count of outcome %s is %v", v.from, v.label(i), f)
		case !x.IsInt():
			return nil, hinted(fmt.Errorf("%s: the count of outcome %s is %v, not a whole number", v.from, v.label(i), f),
				"shares are given without --counts, as the first argument or with --observed")
		case !x.Num().IsInt64() || x.Num().Int64() > math.MaxInt64-total:
			return nil, fmt.Errorf("%s: the counts are too large to add up", v.from)
		}
		c[i] = x.Num().Int64()
		total += c[i]
	}
	if total == 0 {
		return nil, fmt.Errorf("%s: all counts are 0: nothing was observed", v.from)
	}
	return c, nil
}
