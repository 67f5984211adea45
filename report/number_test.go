package report

import (
	"math"
	"testing"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1797: "1,797", 1234567: "1,234,567", -12345: "-12,345"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1.000"}, {0.10497, "0.1050"}, {0.99996, "1.000"}, {188.64, "188.6"},
		{12345.6, "12,346"}, {1234567.2, "1,234,567"}, {2.22e-16, "2.220e-16"}, {3e-7, "3.000e-07"},
		{0.000123, "0.0001230"}, {1e15, "1.000e+15"}, {-0.5, "-0.5000"},
		{math.Inf(1), "infinite"}, {math.Inf(-1), "-infinite"}, {math.NaN(), "no data"},
	} {
		if got := Number(c.v); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0.0 %"}, {1, "100.0 %"}, {0.943, "94.3 %"}, {0.99996, "99.996 %"}, {0.0004, "0.04 %"},
		{1e-12, "0.000000 %"}, {-0.12, "-12.0 %"}, {math.Inf(-1), "-infinite"},
	} {
		if got := Percent(c.v); got != c.want {
			t.Errorf("Percent(%v) = %q, want %q", c.v, got, c.want)
		}
	}
	if got := percent(0.9549, 0); got != "95 %" {
		t.Errorf("percent = %q", got)
	}
	if got := percent(0.999, 0); got != "99.9 %" {
		t.Errorf("percent = %q", got)
	}
}

// Value, error and interval have the same decimals: those that show two digits
// of the error.
func TestWrite(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		f    Figure
		want Written
	}{
		{Figure{Value: 0.10497, SE: 0.00724, Lo: 0.0908, Hi: 0.1192}, Written{"0.1050", "0.0072", "0.0908", "0.1192"}},
		{Figure{Value: 0.10497, SE: 0.00996, Lo: 0.085, Hi: 0.125}, Written{"0.105", "0.010", "0.085", "0.125"}},
		{Figure{Value: 20000, SE: 1234, Lo: 17000, Hi: 23000}, Written{"20,000", "1,234", "17,000", "23,000"}},
		{Figure{Value: 0.6931471805599453, SE: 0, Lo: 0.6931471805599453, Hi: 0.6931471805599453}, Written{"0.6931", "0", "0.6931", "0.6931"}},
		{Figure{Value: 0, SE: 0, Lo: 0, Hi: 0}, Written{"0", "0", "0", "0"}},
		{Figure{Value: 188.64, SE: nan, Lo: nan, Hi: nan}, Written{Value: "188.6"}},
		{Figure{Value: 1.11069, SE: nan, Lo: 1.095, Hi: 1.1266}, Written{"1.1107", "", "1.0950", "1.1266"}},
		{Figure{Value: math.Inf(1), SE: nan, Lo: nan, Hi: nan}, Written{Value: "infinite"}},
		{Figure{Value: nan, SE: nan, Lo: nan, Hi: nan}, Written{Value: "no data"}},
		{Figure{Value: 3.2e-10, SE: 4e-11, Lo: 2.4e-10, Hi: 4e-10}, Written{"3.200e-10", "4.000e-11", "2.400e-10", "4.000e-10"}},
	} {
		if got := c.f.Write(); got != c.want {
			t.Errorf("%+v.Write() = %+v, want %+v", c.f, got, c.want)
		}
	}
	if got, want := (Figure{Value: 0.954, SE: 0.0031, Lo: 0.948, Hi: 0.96}).WritePercent(), (Written{"95.40 %", "0.31 %", "94.80 %", "96.00 %"}); got != want {
		t.Errorf("WritePercent = %+v, want %+v", got, want)
	}
}
