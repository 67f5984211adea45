package kernel

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// long asks for the tests that take minutes.
var long = os.Getenv("SURPRISAL_LONG") != ""

var strangers = []float64{
	0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), -math.NaN(), -1, -5e-324, 5e-324,
	0x1p-1022, 0x1p-1022 - 0x1p-1074, -0x1p-1022, math.MaxFloat64, -math.MaxFloat64,
	math.Float64frombits(0xfff0000000000001), math.Float64frombits(0x7ff0000000000001),
	1, math.Nextafter(1, 0), math.Nextafter(1, 2), 2, .5,
}

// anyValue is a number of any kind: of the bits of float64, of probabilities,
// near 1, and the strangers.
func anyValue(r *rand.Rand, strange int) float64 {
	switch k := r.IntN(100); {
	case k < strange:
		return strangers[r.IntN(len(strangers))]
	case k < 40:
		return r.Float64()
	case k < 60:
		return math.Float64frombits(r.Uint64N(0x7ff << 52))
	case k < 70:
		return 1 + (r.Float64()-.5)*math.Ldexp(1, -r.IntN(52))
	case k < 71:
		return math.Float64frombits(r.Uint64N(1 << 52))
	default:
		return math.Exp(-r.ExpFloat64() * 10)
	}
}

func TestLogSlicesAllSizes(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for n := range 131 {
			for shift := range 8 {
				x, checkX := guarded[float64](t, n, shift)
				dst, check := guarded[float64](t, n, (shift*3)%8)
				neg, checkNeg := guarded[float64](t, n, (shift+5)%8)
				for i := range x {
					x[i] = anyValue(r, shift*shift)
				}
				LogSlice(dst, x)
				NegLogSlice(neg, x)
				for i, v := range x {
					if want := Log(v); !same(dst[i], want) || !same(neg[i], 0-want) {
						t.Fatalf("n = %d, shift %d: log %v (%#x) is %v, %v; want %v", n, shift, v, math.Float64bits(v), dst[i], neg[i], want)
					}
				}
				checkX()
				check()
				checkNeg()
				NegLogSlice(x, x) // in place
				for i := range x {
					if !same(x[i], neg[i]) {
						t.Fatal("in place differs")
					}
				}
			}
		}
	})
}

// TestLogSameBits compares every tier with Log over many values of all kinds,
// among them the neighbourhoods of the edges of the table.
func TestLogSameBits(t *testing.T) {
	if best() == plain {
		t.Skip("no other tier")
	}
	n := 1 << 20
	if long {
		n = 1 << 27
	}
	const block = 1 << 16
	x, want, got := make([]float64, block), make([]float64, block), make([]float64, block)
	r := rand.New(rand.NewPCG(5, 6))
	for done := 0; done < n; done += block {
		for i := range x {
			x[i] = anyValue(r, 1)
		}
		if done == 0 {
			i := 0
			for e := range uint64(16) {
				for _, k := range []uint64{0, 1 << 52, 1000 << 52, 1<<64 - 500<<52} {
					for d := range uint64(21) {
						x[i] = math.Float64frombits(uint64(logOffset) + e<<48 + k + d - 10)
						i++
					}
				}
			}
			i += copy(x[i:], strangers)
		}
		for i, v := range x {
			want[i] = Log(v)
		}
		for _, tier := range []tier{avx2, avx512} {
			if tier > best() {
				continue
			}
			before := active
			setTier(tier)
			LogSlice(got, x)
			setTier(before)
			for i := range x {
				if !same(got[i], want[i]) {
					t.Fatalf("%v: log %v (%#x) is %v, want %v", tier, x[i], math.Float64bits(x[i]), got[i], want[i])
				}
			}
		}
	}
}

func FuzzLog(f *testing.F) {
	for _, v := range strangers {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		x := [9]float64{1, .5, v, .25, v, 3, 1e-300, v, v}
		for i := plain; i <= best(); i++ {
			onTier(t, i)
			var dst [9]float64
			NegLogSlice(dst[:], x[:])
			for k, v := range x {
				if want := 0 - Log(v); !same(dst[k], want) {
					t.Fatalf("%v: -log %v is %v, want %v", i, v, dst[k], want)
				}
			}
		}
	})
}
