package main

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Decimals are read as strconv reads them; fractions and percentages are the
// nearest float64 to what they say, not the quotient of rounded parts.
func TestParseNumber(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		x := math.Ldexp(r.Float64(), -r.IntN(1000))
		s := strconv.FormatFloat(x, "eg"[r.IntN(2)], -1, 64)
		exact, _, err := parseNumber(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if got, _ := exact.Float64(); got != x {
			t.Fatalf("%s is read as %v", s, got)
		}
		a, b := r.Int64N(1e18), 1+r.Int64N(1e18)
		s = strconv.FormatInt(a, 10) + "/" + strconv.FormatInt(b, 10)
		exact, digits, err := parseNumber(s)
		if err != nil || exact.Cmp(big.NewRat(a, b)) != 0 || digits != 0 {
			t.Fatalf("%s is read as %v with %d decimals, %v", s, exact, digits, err)
		}
	}
	for s, want := range map[string]struct {
		v      float64
		digits int
	}{
		"20%": {.2, 2}, "12.5%": {.125, 3}, ".18": {.18, 2}, "1.": {1, 0}, "1e-3": {.001, 3}, "2.5e-2": {.025, 3}, "1/3": {1. / 3, 0},
		"0.5/3": {1. / 6, 0}, "+0.5": {.5, 1}, "-0.1": {-.1, 1}, "5e-324": {5e-324, 324}, "100%": {1, 2}, "0.10": {.1, 2},
	} {
		x, digits, err := parseNumber(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got, _ := x.Float64(); got != want.v || digits != want.digits {
			t.Errorf("%s is read as %v with %d decimals, want %v with %d", s, got, digits, want.v, want.digits)
		}
	}
	for _, s := range []string{"", ".", "abc", "1/0", "1/", "/2", "1/2%", "NaN", "Inf", "0x10", "1_000", "1e999999999999", "1e-400", "1e400",
		"--1", "-+1", "+-1", "1e", "e5", "%", "１", "1/2/3", strings.Repeat("9", 6000)} {
		if x, _, err := parseNumber(s); err == nil {
			t.Errorf("%q is read as %v", s, x)
		}
	}
}

// What a sum may be off by follows from the decimals written.
func TestNearOne(t *testing.T) {
	for list, want := range map[string]bool{
		"1/6x6": true, "0.1x5,0.5": true, "1/3,1/3": false, "0.4,0.5": false, "0.3x3": true, "0.3x2": false,
		"0.333x3": true, "0.33,0.33,0.33": true, "0.33,0.33,0.3": false, "0.16667x6": true, "0.1667x6": true, "0.17x6": true, "0.18x6": false,
		"33.3%x3": true, "33%x3": true, "50%,40%": false, "0.5,0.500001": true, "0.5,0.50001": true, "0.5,0.50002": false, "1": true, "0.99": false,
		"1,1": false, "0": false, "1/2,0.49": false,
	} {
		v, err := parseList(list)
		if err != nil {
			t.Fatal(err)
		}
		off, _ := new(big.Rat).Sub(v.sum(), big.NewRat(1, 1)).Float64()
		if got := v.nearOne(off); got != want {
			t.Errorf("%s, off by %v: %v, want %v", list, off, got, want)
		}
	}
	// Rounded shares of random counts pass nearly always: the bound of many terms is
	// three standard deviations.
	r := rand.New(rand.NewPCG(3, 4))
	refused, trials := 0, 3000
	for range trials {
		k, decimals := 2+r.IntN(30), 1+r.IntN(4)
		counts := make([]float64, k)
		sum := 0.0
		for i := range counts {
			counts[i] = r.ExpFloat64()
			sum += counts[i]
		}
		var items []string
		for _, c := range counts {
			items = append(items, strconv.FormatFloat(c/sum, 'f', decimals, 64))
		}
		v, err := parseList(strings.Join(items, ","))
		if err != nil {
			t.Fatal(err)
		}
		off, _ := new(big.Rat).Sub(v.sum(), big.NewRat(1, 1)).Float64()
		if !v.nearOne(off) {
			refused++
		}
	}
	if refused > trials/20 {
		t.Errorf("%d of %d rounded distributions refused", refused, trials)
	}
}

func TestNaturally(t *testing.T) {
	got := []string{"b", "10", "9", "a", "-1", "2.5", "a10", "1e1"}
	slices.SortFunc(got, naturally)
	if want := "-1 2.5 9 10 1e1 a a10 b"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", strings.Join(got, " "), want)
	}
}

// No argument makes the reader panic or take what is not a distribution.
func FuzzParseList(f *testing.F) {
	for _, s := range []string{"1/6x6", "0.1x5,0.5", "20%,80%", "1/2 1/3 1/6", "1e-400", "x", "1×3", ",", "1/0", "0.5x99999999999999999999", "-1,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseList(s)
		if err != nil {
			return
		}
		if len(v.exact) == 0 || len(v.exact) > mostOutcomes {
			t.Fatalf("%d outcomes of %q", len(v.exact), s)
		}
		if len(v.exact) > 1000 {
			return
		}
		d, _, _, err := v.distribution("refuse")
		if err != nil {
			return
		}
		sum := 0.0
		for _, p := range d.Probs() {
			if !(p >= 0) {
				t.Fatalf("%q holds %v", s, p)
			}
			sum += p
		}
		if !(math.Abs(sum-1) < 0.5*math.Sqrt(float64(d.Len()))) {
			t.Fatalf("%q sums to %v", s, sum)
		}
	})
}

// The page on the dice shows what the command prints: every line of an output
// block comes in the real output, in that order, with … where lines are left out.
func TestDicePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/dice.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```sh\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("%d commands", len(blocks))
	}
	for _, b := range blocks {
		line, rest, _ := strings.Cut(b, "\n```\n```text\n")
		t.Run(line, func(t *testing.T) {
			shown, _, ok := strings.Cut(rest, "\n```\n")
			if !ok {
				t.Fatal("no output under it")
			}
			args, err := words(strings.TrimPrefix(line, "surprisal "))
			if err != nil {
				t.Fatal(err)
			}
			code, out, errs := runHere(t, args...)
			if code != exitDone {
				t.Errorf("exit code %d, %s", code, errs)
			}
			for _, part := range strings.Split(shown, "\n…\n") {
				_, after, found := strings.Cut("\n"+out, "\n"+part+"\n")
				if !found {
					t.Fatalf("it does not print\n%s\nbut\n%s", part, out)
				}
				out = "\n" + after
			}
		})
	}
}
