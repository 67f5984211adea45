package loss

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestHalfTypes checks every number of the two types of 16 bits, and every
// rounding between neighbours.
func TestHalfTypes(t *testing.T) {
	// binary16 by its definition: sign, 5 bits of exponent, 10 of fraction.
	half := func(h uint16) float64 {
		sign, e, f := 1.0, int(h>>10&31), float64(h&0x3ff)
		if h>>15 == 1 {
			sign = -1
		}
		switch {
		case e == 31 && f == 0:
			return math.Inf(int(sign))
		case e == 31:
			return math.NaN()
		case e == 0:
			return sign * f * 0x1p-24
		}
		return sign * math.Ldexp(1+f/1024, e-15)
	}
	brain := func(h uint16) float64 { return float64(math.Float32frombits(uint32(h) << 16)) }
	check := func(name string, value func(uint16) float64, to func(uint16) float32, of func(float32) uint16, infinite uint16) {
		for i := range 1 << 16 {
			h := uint16(i)
			want := value(h)
			got := float64(to(h))
			if want != want && got == got || want == want && math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s %#x: %v, want %v", name, h, got, want)
			}
			if want != want {
				if back := of(to(h)); value(back) == value(back) {
					t.Fatalf("%s: NaN %#x comes back as %#x", name, h, back)
				}
				continue
			}
			if back := of(to(h)); back != h {
				t.Fatalf("%s %#x comes back as %#x", name, h, back)
			}
			if h&0x7fff >= infinite {
				continue
			}
			// Halfway to the next, and beside that.
			var next float64
			if h&0x7fff+1 < infinite {
				next = value(h + 1)
			} else {
				next = want + (want - value(h-1))
			}
			mid := float32((want + next) / 2)
			even := h + h&1
			for _, c := range []struct {
				x    float32
				want uint16
			}{{mid, even}, {toward(mid, 0), h}, {toward(mid, math.Inf(1)), h + 1}} {
				if got := of(c.x); got != c.want {
					t.Fatalf("%s: %v becomes %#x, want %#x", name, c.x, got, c.want)
				}
			}
		}
	}
	check("Float16", half, func(h uint16) float32 { return Float16(h).Float32() }, func(x float32) uint16 { return uint16(Float16Of(x)) }, 0x7c00)
	check("BFloat16", brain, func(h uint16) float32 { return BFloat16(h).Float32() }, func(x float32) uint16 { return uint16(BFloat16Of(x)) }, 0x7f80)
}

// toward is the next float32 after x in magnitude, towards 0 or away from it.
func toward(x float32, to float64) float32 {
	return math.Nextafter32(x, float32(math.Copysign(to, float64(x))))
}

// float64 is rounded to 16 bits once, not first to float32.
func TestStoreRoundsOnce(t *testing.T) {
	m := Values(make([]Float16, 1))
	b := Values(make([]BFloat16, 1))
	r := rand.New(rand.NewPCG(9, 9))
	for range 10000 {
		// Just above and below the middle of two neighbours.
		h := Float16(r.IntN(0x7bff))
		mid := (float64(h.Float32()) + float64((h + 1).Float32())) / 2
		for up, x := range []float64{mid * (1 - 0x1p-50), mid * (1 + 0x1p-50)} {
			m.store([]float64{x})
			if want := h + Float16(up); m.f16[0] != want {
				t.Fatalf("Float16 of %v is %#x, want %#x", x, m.f16[0], want)
			}
			m.store([]float64{-x})
			if want := h + Float16(up) | 0x8000; m.f16[0] != want {
				t.Fatalf("Float16 of %v is %#x, want %#x", -x, m.f16[0], want)
			}
		}
		g := BFloat16(r.IntN(0x7f7f))
		mid = (float64(g.Float32()) + float64((g + 1).Float32())) / 2
		for up, x := range []float64{mid * (1 - 0x1p-50), mid * (1 + 0x1p-50)} {
			b.store([]float64{x})
			if want := g + BFloat16(up); b.b16[0] != want {
				t.Fatalf("BFloat16 of %v is %#x, want %#x", x, b.b16[0], want)
			}
		}
	}
	for x, want := range map[float64]Float16{1e300: 0x7c00, -1e300: 0xfc00, 65519.99: 0x7bff, 65520: 0x7c00, 1e-300: 0, math.Inf(-1): 0xfc00} {
		if m.store([]float64{x}); m.f16[0] != want {
			t.Errorf("Float16 of %v is %#x, want %#x", x, m.f16[0], want)
		}
	}
	if m.store([]float64{math.NaN()}); m.f16[0]&0x7fff <= 0x7c00 {
		t.Errorf("Float16 of NaN is %#x", m.f16[0])
	}
}
