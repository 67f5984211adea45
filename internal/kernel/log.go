// Package kernel holds the inner loops that turn predictions into nats.
//
// Each function is defined by plain Go, and most have twins in assembly, for
// AVX2 and AVX-512, that the processor's abilities choose between. Where a
// comment promises the same bits, the twins and all platforms give them:
// roundings are explicit, and a multiplication is fused with an addition where
// math.FMA says so and nowhere else. The build tag purego leaves the assembly
// out.
package kernel

import "math"

// The logarithm of x = 2^k·z, with z in [0.796875, 1.59375), is
//
//	k·ln 2 - log c + log1p(r),   r = z·c - 1
//
// with the c of the sixteenth, in steps of the bits of z, that z falls in. The
// sixteenth around 1 has c = 1, so that there r = x - 1 without rounding, k = 0,
// and the logarithm keeps its relative accuracy; the two beside it have c of
// few enough bits for r to be exact too. |r| < 0.0333.
//
// k·ln 2 and -log c come in two parts: the high ones are multiples of 2^-42, so
// that their sum is exact.
const (
	// The bits of the least z: six sixteenths and a half below those of 1.
	logOffset = 0x3ff0000000000000 - 6<<48 - 1<<47

	ln2Hi = 0x1.62e42fefa38p-1
	ln2Lo = 0x1.ef35793c7673p-45
)

// logTable has c and the two parts of -log c; the fourth number makes an index
// a shift. Computed with 300 bits.
var logTable = [16][4]float64{
	{0x1.3cp+0, -0x1.af3c94e80cp-3, 0x1.a4e633fcd9066p-52},
	{0x1.3p+0, -0x1.5ff3070a7ap-3, 0x1.8586f183bebf2p-44},
	{0x1.24p+0, -0x1.0d77e7cd08p-3, -0x1.cb2cd2ee2f482p-44},
	{0x1.1ap+0, -0x1.8c345d6318p-4, -0x1.b20f5acb42a66p-44},
	{0x1.12p+0, -0x1.16536eea38p-4, 0x1.47c5e768fa309p-46},
	{0x1.08p+0, -0x1.f829b0e78p-6, -0x1.980267c7e09e4p-45},
	{0x1p+0, 0, 0},
	{0x1.ep-1, 0x1.08598b59e4p-4, -0x1.7e5dd7009902cp-46},
	{0x1.c8p-1, 0x1.da72763844p-4, 0x1.a89401fa71733p-46},
	{0x1.bp-1, 0x1.5bf406b544p-3, -0x1.27023eb68981cp-46},
	{0x1.98p-1, 0x1.d1037f2656p-3, -0x1.84a7e75b6f6e4p-47},
	{0x1.88p-1, 0x1.1178e8227ep-2, 0x1.1ef78ce2d07f2p-44},
	{0x1.74p-1, 0x1.4718dc271cp-2, 0x1.06c18fb4c14c5p-44},
	{0x1.64p-1, 0x1.741d876c68p-2, -0x1.13a7b5b11cfa7p-44},
	{0x1.54p-1, 0x1.a33440225p-2, -0x1.61cdd40314305p-44},
	{0x1.48p-1, 0x1.c7ff9c7455p-2, 0x1.324911f56db29p-44},
}

// log1p(r) = r - r²/2 + r³·(log0 + log1·r + … + log7·r⁷) to 2^-59.8 relative for
// the r that occur; interpolated at Chebyshev's points with 300 bits.
const (
	log0 = 0x1.5555555555547p-2
	log1 = -0x1.ffffffffff8e6p-3
	log2 = 0x1.9999999a74ef2p-3
	log3 = -0x1.55555566985adp-3
	log4 = 0x1.249238f8b7958p-3
	log5 = -0x1.fffeb7f8eece4p-4
	log6 = 0x1.c7e079e1f4757p-4
	log7 = -0x1.9d3cb49915e62p-4
)

// Log returns the natural logarithm of x, with an error below 1 unit in the
// last place (some 0.6 at most on the points tried), subnormal x included, and
// the same bits on every platform. math.Log promises neither: on amd64 it is
// wrong for subnormals (golang/go#56600).
//
// Log(±0) is -Inf, Log(+Inf) is +Inf, and the logarithm of a negative number or
// NaN is NaN. Log(1) is +0.
func Log(x float64) float64 {
	ix := math.Float64bits(x)
	k := 0.0
	if ix-1<<52 >= 0x7fe<<52 { // not positive, normal and finite
		switch {
		case x == 0:
			return math.Inf(-1)
		case !(x > 0):
			return math.NaN()
		case ix == 0x7ff<<52:
			return x
		}
		ix = math.Float64bits(x * (1 << 52))
		k = -52
	}
	t := ix - logOffset
	k += float64(int64(t) >> 52)
	z := math.Float64frombits(ix - t&(0xfff<<52))
	c := &logTable[t>>48&15]

	r := math.FMA(z, c[0], -1)
	hi := float64(k*ln2Hi) + c[1] // exact
	// hi is 0 or larger than r, so that nothing is lost of hi + r = w + lo.
	w := hi + r
	lo := (hi - w) + r + math.FMA(k, ln2Lo, c[2])

	r2 := float64(r * r)
	p01 := math.FMA(r, log1, log0)
	p23 := math.FMA(r, log3, log2)
	p45 := math.FMA(r, log5, log4)
	p67 := math.FMA(r, log7, log6)
	p := math.FMA(r2, math.FMA(r2, math.FMA(r2, p67, p45), p23), p01)
	return w + math.FMA(r2, math.FMA(r, p, -0.5), lo)
}

// LogSlice sets dst[i] to Log(x[i]). The slices must have the same length and
// be the same or not overlap.
func LogSlice(dst, x []float64) {
	if len(dst) != len(x) {
		panic("kernel: slices of different lengths")
	}
	if active == plain {
		logPlain(dst, x)
		return
	}
	for len(x) > 0 {
		n := min(len(x), logBlock)
		if active == avx512 {
			logAVX512(dst[:n], x[:n])
		} else {
			m := n &^ 3
			logAVX2(dst[:m], x[:m])
			logPlain(dst[m:n], x[m:n])
		}
		dst, x = dst[n:], x[n:]
	}
}

// NegLogSlice sets dst[i] to -Log(p[i]), the surprisal in nats of what was
// given probability p[i]: +Inf for 0, and +0 for 1. The slices must have the
// same length and be the same or not overlap.
func NegLogSlice(dst, p []float64) {
	if len(dst) != len(p) {
		panic("kernel: slices of different lengths")
	}
	if active == plain {
		negLogPlain(dst, p)
		return
	}
	for len(p) > 0 {
		n := min(len(p), logBlock)
		if active == avx512 {
			negLogAVX512(dst[:n], p[:n])
		} else {
			m := n &^ 3
			negLogAVX2(dst[:m], p[:m])
			negLogPlain(dst[m:n], p[m:n])
		}
		dst, p = dst[n:], p[n:]
	}
}

// logBlock is how many values a call of assembly is given: it cannot be
// interrupted, so it gets no more than some 64 KB to read and write.
const logBlock = 4096

func logPlain(dst, x []float64) {
	for i, v := range x {
		dst[i] = Log(v)
	}
}

func negLogPlain(dst, p []float64) {
	for i, v := range p {
		dst[i] = 0 - Log(v) // not -Log(v): surprisals have no -0
	}
}
