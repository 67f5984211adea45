package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigExp returns exp x with some 100 good bits: exp(x/2^12)^(2^12).
func bigExp(x float64) *big.Float {
	const prec = 200
	y := new(big.Float).SetPrec(prec).SetFloat64(x)
	y.SetMantExp(y, -12)
	sum := new(big.Float).SetPrec(prec).SetInt64(1)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	for n := int64(1); n < 40; n++ {
		term.Mul(term, y)
		term.Quo(term, new(big.Float).SetInt64(n))
		sum.Add(sum, term)
	}
	for range 12 {
		sum.Mul(sum, sum)
	}
	return sum
}

func TestRoughExp(t *testing.T) {
	r := rand.New(rand.NewPCG(40, 41))
	worst := 0.0
	check := func(x, got float64) {
		t.Helper()
		want, _ := bigExp(x).Float64()
		e := math.Abs(got-want) / want
		if !(e <= 4e-10) {
			t.Fatalf("exp %v is %v, want %v (%.3g)", x, got, want, e)
		}
		worst = max(worst, e)
	}
	for range 500 {
		x := -600 + 1300*r.Float64()
		check(x, roughExp(x))
		f := float32(x)
		check(float64(f), roughExp(float64(f)))
		check(float64(f), sumExp([]float32{f}))
		if f > -550 { // to which e^-600 adds nothing
			check(float64(f), sumExp([]float32{f, float32(math.Inf(-1))}))
		}
		check(float64(f), sumExp([]float32{f, f})/2)
		x = r.NormFloat64()
		check(x, roughExp(x))
	}
	for _, x := range []float64{0, 1, -1, -600, 700, math.Ln2 / 2, -math.Ln2 / 2} {
		check(x, roughExp(x))
	}
	t.Logf("largest relative error %.3g", worst)
	for _, x := range []float64{math.NaN(), -math.NaN(), math.Float64frombits(0x7ff0000000000123)} {
		if got := roughExp(x); got == got {
			t.Errorf("exp NaN is %v", got)
		}
		if got := sumExp([]float32{float32(x), 1, 2}); got == got {
			t.Errorf("sum with NaN is %v", got)
		}
	}
	if got, want := roughExp(math.Inf(-1)), roughExp(-600); got != want {
		t.Errorf("exp -Inf is %v, want %v", got, want)
	}
}

// TestExpEveryFloat32 goes through the float32 from -87 to 88, all of them if the
// environment variable SURPRISAL_LONG is set, and compares the exponentials of
// the assembly with roughExp.
func TestExpEveryFloat32(t *testing.T) {
	if best() == plain {
		t.Skip("no assembly")
	}
	stride := uint32(4093)
	if long {
		stride = 1
	}
	const block = 4096
	x, dst := make([]float32, 0, block), make([]float32, block)
	for i := avx2; i <= best(); i++ {
		onTier(t, i)
		worst, at, sum, count := 0.0, float32(0), 0.0, 0
		flush := func() {
			if i == avx512 {
				scaleExpsAVX512(dst, x, len(x), []float32{0}, []float32{1})
			} else {
				scaleExpsAVX2(dst, x, len(x), []float32{0}, []float32{1})
			}
			for k, v := range x {
				want := roughExp(float64(v))
				e := (float64(dst[k]) - want) / want
				sum += e
				if a := math.Abs(e); !(a <= worst) {
					worst, at = a, v
				}
			}
			count += len(x)
			x = x[:0]
		}
		for _, most := range []float32{88, -87} {
			sign := math.Float32bits(most) & (1 << 31)
			for b := uint64(0); b <= uint64(math.Float32bits(most)&^sign); b += uint64(stride) {
				x = append(x, math.Float32frombits(uint32(b)|sign))
				if len(x) == block {
					flush()
				}
			}
			x = append(x, most)
			flush()
		}
		t.Logf("%v: %d numbers, largest relative error %.4g at %v, mean %.2g", i, count, worst, at, sum/float64(count))
		if !(worst <= 1e-7) {
			t.Errorf("%v: relative error %v at %v", i, worst, at)
		}
	}
}
