package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// whole returns the sums of the numbers and of their squares in units of 2^-188.
func (m *Moments) whole() (sum, squares *big.Int) {
	sum, squares = new(big.Int), new(big.Int)
	for k, t := range m.Terms {
		z := big.NewInt(t)
		z.Lsh(z, uint(188+m.Exponents[k])) // Exponents are 0 beyond the terms
		if k < m.Sums {
			sum.Add(sum, z)
		} else {
			squares.Add(squares, z)
		}
	}
	return sum, squares
}

// wholeOf is v, or v·w, in units of 2^-188.
func wholeOf(v, w float64) *big.Int {
	f := new(big.Float).SetPrec(200).SetFloat64(v)
	f.Mul(f, big.NewFloat(w))
	z, accuracy := f.SetMantExp(f, 188).Int(nil)
	if accuracy != big.Exact {
		panic("not a multiple")
	}
	return z
}

func momentValue(r *rand.Rand, strange int) float64 {
	switch k := r.IntN(100); {
	case k < strange:
		return []float64{math.Inf(1), math.NaN(), -math.Inf(1), 1e300, 1024, -1024, 0x1p-27, 1e-300, 5e-324}[r.IntN(9)]
	case k < 20:
		return []float64{0, math.Copysign(0, -1), splitLeast, -splitLeast, math.Nextafter(1024, 0), -math.Nextafter(1024, 0), 1}[r.IntN(7)]
	case k < 40:
		return math.Ldexp(1+r.Float64(), r.IntN(36)-26) * float64(1-2*r.IntN(2))
	default:
		return r.ExpFloat64()
	}
}

func TestMomentsOf(t *testing.T) {
	inParts := func(v float64) bool { return v == 0 || splitLeast <= math.Abs(v) && math.Abs(v) < splitMost }
	inDigits := func(v float64) bool { return v == 0 || digitLeast <= v && v < digitMost }
	r := rand.New(rand.NewPCG(1, 7))
	for round := range 400 {
		n, strange, shift := 8*r.IntN(17), round%3*4, r.IntN(8)
		if round%4 == 0 {
			n = 8 * (1 + r.IntN(momentBlock/8))
		}
		x, check := guarded[float64](t, n, shift)
		for i := range x {
			x[i] = momentValue(r, strange)
			if round%2 == 0 && x[i] < 0 {
				x[i] = -x[i]
			}
			if round%50 < 2 { // all sums as large as can be
				x[i] = math.Nextafter(1024, 0)
			}
		}
		// verify checks the moments of what is in, and that the rest is left.
		verify := func(name string, m *Moments, rest []float64, in func(float64) bool) {
			t.Helper()
			var wantSum, wantSquares big.Int
			left := 0
			for _, v := range x {
				if in(v) {
					wantSum.Add(&wantSum, wholeOf(v, 1))
					wantSquares.Add(&wantSquares, wholeOf(v, v))
				} else if left >= len(rest) || !same(rest[left], v) {
					t.Fatalf("%s: left out %v, want %v", name, rest, v)
				} else {
					left++
				}
			}
			sum, squares := m.whole()
			if sum.Cmp(&wantSum) != 0 || squares.Cmp(&wantSquares) != 0 {
				t.Fatalf("%s, n = %d: %v, %v; want %v, %v", name, n, sum, squares, &wantSum, &wantSquares)
			}
			if left != len(rest) {
				t.Fatalf("%s: left out %v more", name, rest[left:])
			}
		}
		var m Moments
		var parts partSums
		var digits, same digitSums
		var mask, mask2 [momentBlock / 64]uint64
		splitBlock(x, &parts, &mask)
		m.setParts(&parts)
		verify("parts", &m, leftOut(nil, x, &mask), inParts)
		digitBlock(x, &digits, &mask2)
		m.setDigits(&digits, n)
		verify("digits", &m, leftOut(nil, x, &mask2), inDigits)
		if best() == avx512 && ifma {
			mask = [momentBlock / 64]uint64{}
			digitsIFMA(x, &same, &mask)
			if same != digits || mask != mask2 {
				t.Fatalf("n = %d: sums of digits differ: %v, want %v", n, same, digits)
			}
		}
		for k := avx2; k <= best(); k++ {
			for _, integers := range []bool{false, true} {
				before := active
				setTier(k)
				setIFMA(integers)
				rest, took := MomentsOf(&m, nil, x)
				setTier(before)
				setIFMA(true)
				if took != n {
					t.Fatalf("%v: took %d of %d", k, took, n)
				}
				if n > 0 {
					in := inParts
					if m.Sums == 2 {
						in = inDigits
					}
					verify(k.String(), &m, rest, in)
				}
			}
		}
		check()
	}
	if active != plain {
		x := make([]float64, 3000)
		var m Moments
		if _, took := MomentsOf(&m, nil, x); took != momentBlock {
			t.Errorf("took %d", took)
		}
		rest := make([]float64, 0, momentBlock)
		noAllocs(t, "MomentsOf", func() { rest, _ = MomentsOf(&m, rest[:0], x) })
	}
}
