package kernel

import "math"

// Tally32 returns the sum of x, the sum of the squares, and the largest element:
// -Inf if there is none, NaNs not counted, +0 for zeros of either sign. bad says
// whether an element is negative or NaN. The values are widened to float64
// first.
//
// The bits are the same on all tiers and platforms: x is taken in blocks of 8192;
// of each, element i is added to lane i mod 16, the lanes start at 0 and are
// added up in halves, lane i + 8 to lane i and so on down to lane 1 to lane 0;
// and the sums of the blocks are added in turn. Nothing is fused.
func Tally32(x []float32) (sum, squares, most float64, bad bool) { return tally(x, tallyBlock32) }

// Tally64 is Tally32 for float64.
func Tally64(x []float64) (sum, squares, most float64, bad bool) { return tally(x, tallyBlock64) }

const tallyBlock = 8192

func tally[T float32 | float64](x []T, block func([]T) (float64, float64, float64, uint64)) (sum, squares, most float64, bad bool) {
	most = math.Inf(-1)
	var signs uint64
	for rest := x; len(rest) > 0; {
		n := min(len(rest), tallyBlock)
		s, q, m, b := block(rest[:n])
		sum += s
		squares += q
		if m > most {
			most = m
		}
		signs |= b
		rest = rest[n:]
	}
	bad = sum != sum // a NaN, or -Inf
	if signs != 0 && !bad {
		for _, v := range x { // it may have been a -0
			bad = bad || v < 0
		}
	}
	return sum, squares, most + 0, bad
}

func tallyBlock32(x []float32) (sum, squares, most float64, signs uint64) {
	switch active {
	case avx512:
		return tally32AVX512(x)
	case avx2:
		return tally32AVX2(x)
	}
	return tallyPlain(x)
}

func tallyBlock64(x []float64) (sum, squares, most float64, signs uint64) {
	switch active {
	case avx512:
		return tally64AVX512(x)
	case avx2:
		return tally64AVX2(x)
	}
	return tallyPlain(x)
}

// tallyPlain is the tally of a block; signs is not 0 if a sign bit is set. It
// goes over x four times, for four lanes each.
func tallyPlain[T float32 | float64](x []T) (sum, squares, most float64, signs uint64) {
	var s, q [16]float64
	whole := x[:len(x)&^15]
	m0, m1, m2, m3 := T(math.Inf(-1)), T(math.Inf(-1)), T(math.Inf(-1)), T(math.Inf(-1))
	for g := 0; g < 16; g += 4 {
		var s0, s1, s2, s3, q0, q1, q2, q3 float64
		for i := g; i+4 <= len(whole); i += 16 {
			v := whole[i : i+4 : i+4]
			a, b, c, d := float64(v[0]), float64(v[1]), float64(v[2]), float64(v[3])
			s0 += a
			s1 += b
			s2 += c
			s3 += d
			q0 += float64(a * a)
			q1 += float64(b * b)
			q2 += float64(c * c)
			q3 += float64(d * d)
			if v[0] > m0 {
				m0 = v[0]
			}
			if v[1] > m1 {
				m1 = v[1]
			}
			if v[2] > m2 {
				m2 = v[2]
			}
			if v[3] > m3 {
				m3 = v[3]
			}
			signs |= math.Float64bits(a) | math.Float64bits(b) | math.Float64bits(c) | math.Float64bits(d)
		}
		s[g], s[g+1], s[g+2], s[g+3] = s0, s1, s2, s3
		q[g], q[g+1], q[g+2], q[g+3] = q0, q1, q2, q3
	}
	for i, v := range x[len(whole):] {
		a := float64(v)
		s[i] += a
		q[i] += float64(a * a)
		if v > m0 {
			m0 = v
		}
		signs |= math.Float64bits(a)
	}
	for h := 8; h > 0; h /= 2 {
		for i := range h {
			s[i] += s[i+h]
			q[i] += q[i+h]
		}
	}
	most = float64(m0)
	for _, m := range [3]T{m1, m2, m3} {
		if a := float64(m); a > most {
			most = a
		}
	}
	return s[0], q[0], most, signs >> 63
}
