package predict

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestPowersOfFive(t *testing.T) {
	for q := minPower; q <= maxPower; q++ {
		got := new(big.Int).SetUint64(powersOfFive[q-minPower][0])
		got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(powersOfFive[q-minPower][1]))
		if got.BitLen() != 128 {
			t.Fatalf("5^%d: %d bits", q, got.BitLen())
		}
		// As a float of 4,000 bits: table·2^s is next to 5^q, below for q >= 0, above for q < 0.
		exact := new(big.Float).SetPrec(4000).SetInt(new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(max(q, -q))), nil))
		if q < 0 {
			exact.Quo(new(big.Float).SetPrec(4000).SetInt64(1), exact)
		}
		exact.SetMantExp(exact, 128-exact.MantExp(nil))
		off := new(big.Float).SetPrec(4000).Sub(exact, new(big.Float).SetPrec(4000).SetInt(got))
		if q < 0 {
			off.Neg(off)
		}
		if off.Sign() < 0 || off.Cmp(big.NewFloat(1)) >= 0 {
			t.Fatalf("5^%d: off by %v", q, off)
		}
	}
}

// plainDecimal is the grammar of numbers, written out once more.
func plainDecimal(s string) bool {
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	m, e, hasExp := strings.Cut(strings.ToLower(s), "e")
	if hasExp {
		e = strings.TrimLeft(e[:min(1, len(e))], "+-") + e[min(1, len(e)):]
		if e == "" || strings.Trim(e, "0123456789") != "" {
			return false
		}
	}
	i, f, _ := strings.Cut(m, ".")
	return i+f != "" && strings.Trim(i+f, "0123456789") == ""
}

func checkFloat(t *testing.T, s string) {
	t.Helper()
	want, err := strconv.ParseFloat(s, 64)
	plain := plainDecimal(s)
	for _, tail := range []string{"", ",", "         ", ",0.123456789"} {
		got, end, _, v := decimal([]byte(s+tail), 0)
		if whole := v != noNumber && end == len(s); whole != plain && (tail == "" || plain) {
			t.Fatalf("%q+%q: read as a number to %d: %v, want %v", s, tail, end, whole, plain)
		}
		if !plain {
			continue
		}
		if (v == tooLarge) != errors.Is(err, strconv.ErrRange) {
			t.Fatalf("%q+%q: verdict %d, strconv says %v", s, tail, v, err)
		}
		if v == isNumber && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q+%q: %v (%#x), want %v (%#x)", s, tail, got, math.Float64bits(got), want, math.Float64bits(want))
		}
	}
	// The reader's fast path.
	if plain {
		b := append([]byte(s+","), make([]byte, csvPad)...)
		var dst [2]float64
		type fields func(b []byte, pos int, dst []float64, delim byte, last bool) (next, done, decimals int, signs uint64)
		for name, fast := range map[string]fields{"fast": fastValues, "signed": fastSigned} {
			pos, n, _, signs := fast(b, 0, dst[:], ',', false)
			if n == 1 {
				if pos != len(s)+1 || math.Float64bits(dst[0]) != math.Float64bits(want) || err != nil || (signs != 0) != math.Signbit(want) {
					t.Fatalf("%s: %q: %v to %d, want %v, %v", name, s, dst[0], pos, want, err)
				}
			} else if n != 0 {
				t.Fatalf("%s: %q: %d numbers", name, s, n)
			}
		}
	}
}

var hardFloats = []string{
	"0", "-0", "0.0", "1", "10", "0.1", ".5", "5.", "+.5e3", ".", "", "e5", "1e", "1e+", "-", "--1", "1..2", "1.2.3",
	"9007199254740993", "9007199254740992.5", "9007199254740993e-1", "1e22", "1e23", "123456789012345678", "12345678901234567890",
	"1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1.797693134862315808e308", "1e308", "1e309", "1e999999999999999999999",
	"4.9e-324", "2.4703282292062327208299439634110e-324", "2.4703282292062328e-324", "2.47032822920623272088284396434110686182e-324", "2.2250738585072011e-308", "2.2250738585072014e-308",
	"2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718749999999999999999999999999999999999999e-308",
	"0.000000000000000000000000000000000000001234567890123456789", "1e-400", "0e999", "0.00000000000000000000e-999", "123456789e-330",
	"1.00000000000000011102230246251565", "1.00000000000000011102230246251565404", "1.0000000000000001110223024625156540423631668090820312", "1.00000000000000011102230246251565404236316680908203125", "1.00000000000000011102230246251565404236316680908203126",
	"8.5e15", "9999999999999999999", "99999999999999999999", "18446744073709551615", "18446744073709551616", "1844674407370955161600000", "0x1p3", "1_000", "0x10",
	"3.5e-5e", "6.631236846766476e-316", "5e-324", "2e-324", "3e-324", "0.30000000000000004", "0.1000000000000000055511151231257827",
}

func TestDecimal(t *testing.T) {
	for _, s := range hardFloats {
		checkFloat(t, s)
		checkFloat(t, "-"+s)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	n := 30_000
	if testing.Short() {
		n = 10_000
	}
	for range n {
		x := math.Float64frombits(rng.Uint64())
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		checkFloat(t, strconv.FormatFloat(x, "eg"[rng.IntN(2)], []int{-1, 16, 17, 18, 25}[rng.IntN(5)], 64))
		p := rng.Float64()
		checkFloat(t, strconv.FormatFloat(p, 'f', -1, 64))
		checkFloat(t, strconv.FormatFloat(p*math.Pow(10, float64(rng.IntN(6)-3)), 'f', rng.IntN(30), 64))
		// Halfway between two neighbours, exactly and nearly.
		u := math.Float64bits(math.Ldexp(1+p, rng.IntN(60)))
		mid := new(big.Float).SetPrec(200).SetFloat64(math.Float64frombits(u))
		mid.Add(mid, new(big.Float).SetFloat64(math.Float64frombits(u+1))).Quo(mid, big.NewFloat(2))
		s := mid.Text('f', -1)
		checkFloat(t, s)
		checkFloat(t, mid.Text('e', 18+rng.IntN(10)))
	}
	for range n / 10 { // digits and powers at random
		var b []byte
		for range 1 + rng.IntN(25) {
			b = append(b, byte('0'+rng.IntN(10)))
		}
		checkFloat(t, fmt.Sprintf("%se%d", b, rng.IntN(700)-350))
		i := rng.IntN(len(b) + 1)
		checkFloat(t, string(b[:i])+"."+string(b[i:]))
	}
}

func TestDecimals(t *testing.T) {
	for s, want := range map[string]int{"0.25": 2, "1e-05": 5, "1.5e-3": 4, "2e3": 0, "1": 0, "0.250": 3, "1.": 0,
		"-0.125": 3, "1.25e1": 1, "1e-500": 400, "0.123456789": 9, "0.12345678901234567": 17} {
		if _, got, _, v := number([]byte(s)); got != want || v != isNumber {
			t.Errorf("%s: %d decimals, want %d (%d)", s, got, want, v)
		}
	}
}

func TestNumberWords(t *testing.T) {
	longest := 0
	for w := range words {
		longest = max(longest, len(w))
		if w != strings.ToLower(w) {
			t.Errorf("%q is not lower case", w)
		}
	}
	if longest != longestWord {
		t.Errorf("the longest word has %d letters", longest)
	}
	for s, want := range map[string]Why{"": Empty, "  \t": Empty, "NA": NA, " n/a ": NA, "NULL": NA, "None": NA, "#N/A": NA, "-": NA,
		".": NA, "nan": NaN, "NaN": NaN, "NAN": NaN, "-nan": NaN} {
		x, _, why, v := number([]byte(s))
		if v != isMissing || why != want || !math.IsNaN(x) {
			t.Errorf("%q: %v %v %v, want %v", s, x, why, v, want)
		}
	}
	for s, want := range map[string]float64{"inf": math.Inf(1), "-Inf": math.Inf(-1), "Infinity": math.Inf(1), "+INF": math.Inf(1), " 0.5\t": 0.5, "-3": -3} {
		if x, _, _, v := number([]byte(s)); v != isNumber || x != want {
			t.Errorf("%q: %v %v, want %v", s, x, v, want)
		}
	}
	for _, s := range []string{"zz", "0,5", "12%", "0x10", "1_000", "1 2", "infinit", "nanx", "e5", "+", "0.5.", "true", "１"} {
		if _, _, _, v := number([]byte(s)); v != noNumber {
			t.Errorf("%q: verdict %d", s, v)
		}
	}
	for _, s := range []string{"1e999", "-1e309"} {
		if _, _, _, v := number([]byte(s)); v != tooLarge {
			t.Errorf("%q: verdict %d", s, v)
		}
	}
}

func FuzzFloat(f *testing.F) {
	for _, s := range hardFloats {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 2000 {
			checkFloat(t, s)
		}
	})
}

// TestFastFields holds the two fast paths to [decimal], field by field, in records
// with every kind of ending.
func TestFastFields(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	odd := []string{"", "-", "1", "-1", "-0", "12", "1.", "-1.", ".5", "-.5", "+1.5", "1e3", "1.5e-3", "NaN", "100.25", "-100.25", "--1.5", "1.2.3", "1-.5",
		"99.99999999999999999999", "\"1.5\"", " 1.5", "1.5 ", "0.0000000000000000000001", "-12.1234567890123456789"}
	field := func() string {
		if r.IntN(12) == 0 {
			return odd[r.IntN(len(odd))]
		}
		s := strconv.FormatFloat(math.Abs(r.NormFloat64()*5), 'f', r.IntN(22)-1, 64)
		if r.IntN(2) == 0 {
			s = "-" + s
		}
		return s
	}
	full := [2]int{}
	for range 60_000 {
		fields := make([]string, 1+r.IntN(5))
		for i := range fields {
			fields[i] = field()
		}
		record := strings.Join(fields, ",") + []string{"\n", "\r\n", "\r", "", ",", ",\n"}[r.IntN(6)]
		b := append([]byte(record + "-1.25,-1.25\n")[:len(record)+r.IntN(2)*12], make([]byte, csvPad)...)
		for which, fast := range []func([]byte, int, []float64, byte, bool) (int, int, int, uint64){fastValues, fastSigned} {
			dst := make([]float64, len(fields))
			pos, done, decimals, _ := fast(b, 0, dst, ',', true)
			at, most := 0, 0
			for i, s := range fields[:done] {
				x, end, d, v := decimal([]byte(s), 0)
				if v != isNumber || end != len(s) || math.Float64bits(x) != math.Float64bits(dst[i]) {
					t.Fatalf("path %d: %q: field %d is %v, want %v", which, record, i, dst[i], x)
				}
				at, most = at+len(s)+1, max(most, d)
			}
			if done == len(fields) {
				full[which]++
				if rest := record[at-1:]; rest == "\r\n" {
					at++
				} else if rest != "\n" {
					t.Fatalf("path %d: %q: read to its end", which, record)
				}
			}
			if pos != at || decimals != most {
				t.Fatalf("path %d: %q: to %d with %d decimals, want %d and %d", which, record, pos, decimals, at, most)
			}
		}
	}
	for which, n := range full {
		if n < 5000 {
			t.Errorf("path %d read %d records", which, n)
		}
	}
}
