package kernel

import "math"

// What the functions below say of p and q has the same bits on every tier and
// platform: the logarithms are those of Log1pSlice, and the rest is plain Go on
// all of them. With a = |p - q|/min(p, q) for what one number is above the
// other, a logarithm of a ratio is ±log(1 + a), and 1 + a never cancels.

// ratioBlock is how many ratios are taken at a time.
const ratioBlock = 64

type ratios struct{ z, log [ratioBlock]float64 }

// logs sets the first n logarithms to log(1 + z), or NaN where z is below 1e-285
// or above 1e300.
func (r *ratios) logs(n int) { logs1pBlock(r.log[:], r.z[:], n) }

// logRatio is the logarithm of a/b, neither of them negative or NaN, where w is
// log(1 + z) or NaN, as logs has it.
func logRatio(w, z, a, b float64) float64 {
	if w != w {
		if !(z <= sumLeast64) {
			return Log(a) - Log(b)
		}
		w = z
	}
	return math.Copysign(w, a-b)
}

// LogRatioSlice sets dst[i] to log(p[i]/q[i]), with an error of some 2 units in
// the last place however close they are, and exactly 0 where they are equal. It
// is +Inf where only q is 0, -Inf where only p is, and NaN where both are 0 or
// both infinite, or one is negative or NaN. The slices must have the same length,
// and dst may be one of the others.
func LogRatioSlice(dst, p, q []float64) {
	if len(dst) != len(p) || len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	var r ratios
	for len(p) > 0 {
		n := min(len(p), ratioBlock)
		for i, a := range p[:n] {
			b := q[i]
			r.z[i] = math.Abs(a-b) / min(a, b)
		}
		r.logs(n)
		for i, a := range p[:n] {
			b := q[i]
			if !(a >= 0 && b >= 0) {
				dst[i] = math.NaN()
				continue
			}
			dst[i] = logRatio(r.log[i], r.z[i], a, b)
		}
		dst, p, q = dst[n:], p[n:], q[n:]
	}
}

// KLTerms sets dst[i] to p·log(p/q) - p + q, which is never negative, exactly 0
// where p and q are equal, and has a relative error below 1e-15 wherever it is a
// normal number. For p = 0 it is q; it is +Inf where q = 0 < p, and NaN where one of
// them is negative, infinite or NaN. The slices must have the same length, and
// dst may be one of the others.
func KLTerms(dst, p, q []float64) {
	if len(dst) != len(p) || len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	var r ratios
	for len(p) > 0 {
		n := min(len(p), ratioBlock)
		klTerms(dst[:n], p[:n], q[:n], &r)
		dst, p, q = dst[n:], p[n:], q[n:]
	}
}

// KLSum returns the sum of KLTerms, of numbers widened first. Term i is added to
// lane i mod 8, and the lanes are added up in halves.
func KLSum[T float32 | float64](p, q []T) float64 {
	if len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	var r ratios
	var terms [ratioBlock]float64
	var lanes [8]float64
	for len(p) > 0 {
		n := min(len(p), ratioBlock)
		klTerms(terms[:n], p[:n], q[:n], &r)
		for i, v := range terms[:n] {
			lanes[i&7] += v
		}
		p, q = p[n:], q[n:]
	}
	for h := 4; h > 0; h /= 2 {
		for i := range h {
			lanes[i] += lanes[i+h]
		}
	}
	return lanes[0]
}

// klTerms is KLTerms of a block.
func klTerms[T float32 | float64](dst []float64, p, q []T, r *ratios) {
	q, dst = q[:len(p)], dst[:len(p)]
	far := false
	for i, v := range p {
		a, b := float64(v), float64(q[i])
		z := math.Abs(a-b) / min(a, b)
		r.z[i] = z
		far = far || !(z <= 1)
	}
	if far {
		r.logs(len(p))
	}
	for i, v := range p {
		a, b := float64(v), float64(q[i])
		if z := r.z[i]; z >= 0 && z <= 1 && a > 0 {
			dst[i] = nearKL(a, b-a)
		} else {
			dst[i] = farKL(r.log[i], z, a, b)
		}
	}
}

// KLTerm is KLTerms of one pair, to the bit.
func KLTerm(p, q float64) float64 {
	z := math.Abs(p-q) / min(p, q)
	if z >= 0 && z <= 1 && p > 0 {
		return nearKL(p, q-p)
	}
	var w [1]float64
	logs1p(w[:], []float64{z})
	return farKL(w[0], z, p, q)
}

// nearKL is a term of q = p + d, neither more than twice the other, so that d is
// exact. With s = (q - p)/(q + p), log(q/p) is 2·(s + s³/3 + s⁵/5 + …), and d/p - 2s is
// s·d/p.
func nearKL(p, d float64) float64 {
	s := d / p
	s /= 2 + s
	s2 := float64(s * s)
	return float64(s * (d - float64(p*float64(2*s2*atanhTail(s2)))))
}

// farKL is a term of any others; w is as in logRatio.
func farKL(w, z, p, q float64) float64 {
	switch {
	case !(p >= 0 && q >= 0 && p <= math.MaxFloat64 && q <= math.MaxFloat64):
		return math.NaN()
	case p == 0:
		return q
	case q == 0:
		return math.Inf(1)
	}
	return max(0, float64(p*logRatio(w, z, p, q))+(q-p))
}

// atanhTail is 1/3 + x/5 + x²/7 + …, for x from 0 to 1/9, to 2^-54; interpolated at
// Chebyshev's points with 300 bits.
func atanhTail(x float64) float64 {
	s := float64(0x1.401d3e65cdc48p-4*x) + 0x1.32e0d25c9c761p-5
	s = float64(s*x) + 0x1.bc37f0140c19ep-5
	s = float64(s*x) + 0x1.e0a2d581ab68fp-5
	s = float64(s*x) + 0x1.111abdc8abe16p-4
	s = float64(s*x) + 0x1.3b13515f6f9efp-4
	s = float64(s*x) + 0x1.745d19937b1fcp-4
	s = float64(s*x) + 0x1.c71c71bedea97p-4
	s = float64(s*x) + 0x1.2492492499d46p-3
	s = float64(s*x) + 0x1.9999999999944p-3
	return float64(s*x) + 0x1.5555555555555p-2
}

// MiddleTerms sets dst[i] to ½·(p·log(p/m) + q·log(q/m)) with m = (p + q)/2, which is
// never negative, exactly 0 where p and q are equal, and has a relative error
// below 2e-15 wherever it is a normal number. It does not change, in any bit, if p
// and q change places. NaN where one of them is negative, infinite or NaN, or
// where their sum is infinite. The slices must have the same length, and dst may
// be one of the others.
func MiddleTerms(dst, p, q []float64) {
	if len(dst) != len(p) || len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	var up, down ratios
	for len(p) > 0 {
		n := min(len(p), ratioBlock)
		far := false
		for i, a := range p[:n] {
			b := q[i]
			m := math.Abs(a - b)
			d := m / (a + b)
			up.z[i], down.z[i] = d, m/min(a, b)/2
			far = far || !(d <= 0.5)
		}
		if far {
			up.logs(n)
			down.logs(n)
		}
		for i, a := range p[:n] {
			b := q[i]
			t := a + b
			d := up.z[i]
			switch {
			case !(a >= 0 && b >= 0 && t <= math.MaxFloat64):
				dst[i] = math.NaN()
			case d <= 0.5:
				// With d = |p - q|/(p + q) it is ¼·(p + q) times
				// (1 + d)·log(1 + d) + (1 - d)·log(1 - d) = d² + d⁴/6 + d⁶/15 + …
				d2 := float64(d * d)
				dst[i] = float64(t*float64(d2*middleTail(d2))) / 4
			case t == 0:
				dst[i] = 0
			default:
				lo, hi := min(a, b), max(a, b)
				v := float64(hi * up.log[i])
				if lo > 0 {
					w := down.log[i]
					if w != w {
						w = Log(t/2) - Log(lo)
					}
					v -= float64(lo * w)
				}
				dst[i] = v / 2
			}
		}
		dst, p, q = dst[n:], p[n:], q[n:]
	}
}

// middleTail is 1 + x/6 + x²/15 + …, of which the k-th term is divided by k·(2k - 1),
// for x from 0 to 1/4, to 2^-59; interpolated at Chebyshev's points with 300 bits.
func middleTail(x float64) float64 {
	s := float64(0x1.d03b8197d9754p-7*x) - 0x1.19bbb6ee0423cp-7
	s = float64(s*x) + 0x1.3ea9ba72c9313p-7
	s = float64(s*x) + 0x1.33a394559603dp-9
	s = float64(s*x) + 0x1.7529531aed1dbp-8
	s = float64(s*x) + 0x1.a81912114ac4bp-8
	s = float64(s*x) + 0x1.1149f6b68bf01p-7
	s = float64(s*x) + 0x1.6812611d85bc7p-7
	s = float64(s*x) + 0x1.f07c52c1cd0eap-7
	s = float64(s*x) + 0x1.6c16c09ae10adp-6
	s = float64(s*x) + 0x1.249249268b7dbp-5
	s = float64(s*x) + 0x1.111111110e964p-4
	s = float64(s*x) + 0x1.5555555555569p-3
	return float64(s*x) + 1
}
