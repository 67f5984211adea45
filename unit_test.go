package surprisal

import (
	"math"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		name string
		want Unit
	}{{"nat", Nat}, {"nats", Nat}, {"bit", Bit}, {"bits", Bit}, {"shannon", Bit}, {"dit", Dit}, {"dits", Dit}, {"ban", Dit}, {"hartley", Dit}} {
		u, err := ParseUnit(c.name)
		if err != nil || u != c.want {
			t.Errorf("ParseUnit(%q) = %v, %v", c.name, u, err)
		}
	}
	for _, u := range []Unit{Nat, Bit, Dit} {
		if v, err := ParseUnit(u.String()); err != nil || v != u {
			t.Errorf("%v is not read back: %v, %v", u, v, err)
		}
		for _, x := range []float64{0, 1, -2.5, 744.44, 1e-300, 1e300} {
			if got := u.ToNats(u.FromNats(x)); !near(got, x, 4e-16) {
				t.Errorf("%v in %v and back: %v", x, u, got)
			}
		}
		if inf := math.Inf(1); u.FromNats(inf) != inf || u.ToNats(-inf) != -inf || !math.IsNaN(u.FromNats(math.NaN())) {
			t.Errorf("%v: infinities and NaN change", u)
		}
	}
	for _, name := range []string{"", "Nat", "byte", "nat "} {
		if _, err := ParseUnit(name); err == nil {
			t.Errorf("ParseUnit(%q): no error", name)
		}
	}
	// A fair coin has one bit, a decimal digit one dit; 1 dit = log2(10) bits.
	for _, c := range []struct{ got, want float64 }{
		{Bit.FromNats(math.Ln2), 1}, {Dit.FromNats(math.Ln10), 1}, {Nat.FromNats(math.Ln2), math.Ln2},
		{Bit.FromNats(Dit.ToNats(1)), 3.321928094887362}, {Bit.ToNats(8), 5.545177444479562}, {Bit.FromNats(1), math.Log2E},
		{Dit.FromNats(1), math.Log10E},
	} {
		if !near(c.got, c.want, 4e-16) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	var zero Unit
	if zero != Nat || Unit(7).String() != "Unit(7)" {
		t.Errorf("zero unit %v, Unit(7) %v", zero, Unit(7))
	}
}
