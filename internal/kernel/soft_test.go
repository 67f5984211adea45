package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSoft(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testSoft[float32](t, 0x1p-23) })
		t.Run("float64", func(t *testing.T) { testSoft[float64](t, 0x1p-52) })
	})
}

// testSoft compares with loops that are nothing but the definition.
func testSoft[T float32 | float64](t *testing.T, unit float64) {
	r := rand.New(rand.NewPCG(70, 71))
	inf := math.Inf(1)
	sizes := []int{softBlock - 1, softBlock, softBlock + 17, 3*softBlock + 5}
	for n := range 131 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		for round := range 6 {
			x, checkX := guarded[T](t, n, round)
			y, checkY := guarded[T](t, n, 2*round)
			g, checkG := guarded[T](t, n, 3*round%8)
			for k := range x {
				x[k], y[k], g[k] = T(3*r.NormFloat64()), T(r.Float64()), T(r.NormFloat64())
				if round > 2 && r.IntN(3) == 0 {
					y[k] = 0
					x[k] = T([]float64{-inf, math.NaN(), -1e30, 1}[r.IntN(4)])
				}
			}
			if n > 0 && round == 5 {
				y[r.IntN(n)] = T([]float64{-1e-3, math.NaN(), inf, -inf}[r.IntN(4)])
			}
			at, most := 0, -inf
			var nats, total, distance, size float64
			bad := false
			for k, v := range x {
				if float64(v) > most {
					at, most = k, float64(v)
				}
			}
			const from = 4.25
			for k, v := range x {
				if w := float64(y[k]); w != 0 {
					nats += w * (from - float64(v))
					total += w
					bad = bad || !(w >= 0) || w > math.MaxFloat64
					size += math.Abs(w * (from - float64(v)))
				}
				distance += from - float64(v)
			}
			near := func(got, want float64) bool {
				return same(got, want) || got != got && want != want || math.Abs(got-want) <= 1e-13*(1+size)
			}
			if got := Largest(x); got != at {
				t.Fatalf("n = %d, round %d: largest of %v at %d, not %d", n, round, x, got, at)
			}
			gotNats, gotTotal, gotBad := Below(x, y, from)
			if gotBad != bad || !bad && !(near(gotNats, nats) && near(gotTotal, total)) {
				t.Fatalf("n = %d, round %d: %v, %v, %v; want %v, %v, %v", n, round, gotNats, gotTotal, gotBad, nats, total, bad)
			}
			if got := Distance(x, from); !near(got, distance) && !(math.Abs(got-distance) <= 1e-14*float64(n)*1e30 && round > 2) {
				t.Fatalf("n = %d, round %d: distance %v, want %v", n, round, got, distance)
			}
			product, checkProduct := guarded[float64](t, n, round)
			Times(product, x, 1./3)
			for k, v := range product {
				if want := float64(x[k]) * (1. / 3); !sameNumber(v, want) {
					t.Fatalf("n = %d: %v, want %v", n, v, want)
				}
			}
			checkProduct()
			want := make([]T, n)
			for k := range g {
				want[k] = T(0.75*float64(g[k]) - 1.5*float64(y[k]) + 0.125)
			}
			Combine(g, y, 0.75, -1.5, 0.125)
			for k, w := range want {
				if v := g[k]; !(math.Abs(float64(v-w)) <= 2*unit*(1+math.Abs(float64(w)))) && v == v && !math.IsInf(float64(w), 0) {
					t.Fatalf("n = %d: combined %v, want %v", n, v, w)
				}
			}
			checkX()
			checkY()
			checkG()
		}
	}
	// NaNs alone, nothing, and -Inf alone have the first.
	for _, v := range []float64{math.NaN(), -inf} {
		x := make([]T, 50)
		for k := range x {
			x[k] = T(v)
		}
		if got := Largest(x); got != 0 {
			t.Errorf("largest of %v at %d", v, got)
		}
	}
	x := make([]T, 100)
	noAllocs(t, "Largest, Below, Distance, Combine", func() {
		Largest(x)
		Below(x, x, 1)
		sink = Distance(x, 1)
		Combine(x, x, 1, 0, 0)
	})
}

// TestHalves goes through all numbers of 16 bits and back, and through numbers
// between them; the loops of one number are tested in package loss.
func TestHalves(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		wide, back := make([]float32, len(all)), make([]uint16, len(all))
		for _, c := range []struct {
			name   string
			widen  func([]float32, []uint16)
			narrow func([]uint16, []float32)
			from   func(uint16) float32
			to     func(float32) uint16
		}{
			{"bfloat16", WidenBFloat16, NarrowBFloat16, FromBFloat16, ToBFloat16},
			{"binary16", WidenFloat16, NarrowFloat16, FromFloat16, ToFloat16},
		} {
			c.widen(wide, all)
			c.narrow(back, wide)
			for i, b := range all {
				if math.Float32bits(wide[i]) != math.Float32bits(c.from(b)) {
					t.Fatalf("%s: %#x is %x, want %x", c.name, b, math.Float32bits(wide[i]), math.Float32bits(c.from(b)))
				}
				if back[i] != c.to(wide[i]) || back[i] != b && wide[i] == wide[i] {
					t.Fatalf("%s: %#x comes back as %#x", c.name, b, back[i])
				}
			}
			// Every 4093rd float32, and those halfway between and beside them.
			var x []float32
			for b := uint64(0); b < 1<<32; b += 65537 - 4093 {
				x = append(x, math.Float32frombits(uint32(b)))
			}
			for _, b := range all {
				for d := range uint32(3) {
					x = append(x, math.Float32frombits(math.Float32bits(c.from(b))+0x1000+d-1), math.Float32frombits(math.Float32bits(c.from(b))+0x8000+d-1))
				}
			}
			got := make([]uint16, len(x))
			c.narrow(got, x)
			for i, v := range x {
				if got[i] != c.to(v) {
					t.Fatalf("%s: %x is narrowed to %#x, want %#x", c.name, math.Float32bits(v), got[i], c.to(v))
				}
			}
			for n := range 70 {
				f, checkF := guarded[float32](t, n, n%5)
				h := make([]uint16, n+2)
				h[n], h[n+1] = 0xabcd, 0xabcd
				c.widen(f, all[n:2*n])
				c.narrow(h[:n], f)
				for i := range n {
					if f[i] != c.from(all[n+i]) || h[i] != all[n+i] {
						t.Fatalf("%s: %d of %d", c.name, i, n)
					}
				}
				if h[n] != 0xabcd || h[n+1] != 0xabcd {
					t.Fatal("written beyond the end")
				}
				checkF()
			}
		}
	})
}
