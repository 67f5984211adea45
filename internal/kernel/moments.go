package kernel

import (
	"math"
	"math/bits"
)

// The exact sums of numbers and of their squares, for numbers of everyday size:
// each v with 2^-26 ≤ |v| < 2^10, a surprisal of a probability from e^-744 to
// 1 - 2^-26, is split without rounding into
//
//	v = a + b + c + d
//
// where a is a multiple of 2^-12, b of 2^-34, c of 2^-56 and d of 2^-78, and each
// part has at most 22 bits. So the product of two parts has at most 44, and 256
// of them, or of the sum of two such products on the same grid, have a sum that
// a float64 holds without rounding.
const (
	momentBlock = 1024 // in 4 lanes, 256 each

	splitMost  = 0x1p10
	splitLeast = 0x1p-26
)

// partSums are the sums, in 4 lanes, of parts and of products of parts: a, b, c,
// d, a², ab, 2ac + b², ad + bc, 2bd + c², cd, d². The lanes say nothing by
// themselves: only the sum over them is defined.
type partSums = [11][4]float64

// partUnits are 1 over the grid of each.
var partUnits = [11]float64{0x1p12, 0x1p34, 0x1p56, 0x1p78, 0x1p24, 0x1p46, 0x1p68, 0x1p90, 0x1p112, 0x1p134, 0x1p156}

// partExponents are the exponents of the grids, and of 2 where a product counts
// twice in a square: a² + 2ab + (2ac + b²) + 2(ad + bc) + (2bd + c²) + 2cd + d².
var partExponents = [11]int{-12, -34, -56, -78, -24, -46 + 1, -68, -90 + 1, -112, -134 + 1, -156}

// Processors with the integer multiplications of AVX-512 IFMA take numbers that
// are not negative, 2^-42 ≤ v < 2^10, as two digits of 52 bits: v = a·2^-42 +
// b·2^-94. The products of two digits have 104 bits, of which the high and the
// low 52 are summed apart.
const (
	digitMost  = 0x1p10
	digitLeast = 0x1p-42
)

// digitSums are the sums, in 8 lanes and modulo 2^64, of the digits a and b, with
// the exponent bits of 2^10 and of 2^-42 on top, and of the halves of a², ab and
// b², high and low.
type digitSums = [8][8]uint64

var digitExponents = [11]int{-42, -94, -84 + 52, -84, -136 + 52 + 1, -136 + 1, -188 + 52, -188}

// Moments are the sum of numbers and the sum of their squares, each as a sum of
// whole multiples of powers of two: of Terms[k]·2^Exponents[k], over k < Sums for
// the numbers and the other k for the squares.
type Moments struct {
	Terms     [11]int64
	Exponents *[11]int
	Sums      int
}

func (m *Moments) setParts(s *partSums) {
	m.Exponents, m.Sums = &partExponents, 4
	for k := range s {
		l, u := &s[k], partUnits[k]
		m.Terms[k] = int64(l[0]*u) + int64(l[1]*u) + int64(l[2]*u) + int64(l[3]*u)
	}
}

// setDigits takes the sums of n numbers.
func (m *Moments) setDigits(s *digitSums, n int) {
	m.Exponents, m.Sums = &digitExponents, 2
	m.Terms = [11]int64{}
	for k := range s {
		for _, v := range s[k] {
			m.Terms[k] += int64(v)
		}
	}
	m.Terms[0] -= int64(uint64(n) * (1023 + 10) << 52)
	m.Terms[1] -= int64(uint64(n) * (1023 - 42) << 52)
}

// MomentsOf sets m to the moments of the first numbers of x and appends to rest
// the numbers among them that it left out, neither 0 nor within the bounds. It
// returns how many numbers it took, which is at most 1024, and none on
// processors where it has nothing to offer.
func MomentsOf(m *Moments, rest, x []float64) ([]float64, int) {
	n := min(len(x), momentBlock) &^ 7
	if active == plain || n == 0 {
		return rest, 0
	}
	var out [momentBlock / 64]uint64
	if active == avx512 && ifma {
		var s digitSums
		digitsIFMA(x[:n], &s, &out)
		left := 0
		for _, mask := range out {
			left += bits.OnesCount64(mask)
		}
		if left <= n/8 {
			m.setDigits(&s, n)
			return leftOut(rest, x[:n], &out), n
		}
		out = [momentBlock / 64]uint64{} // negative numbers, likely
	}
	var s partSums
	if active == avx512 {
		momentsAVX512(x[:n], &s, &out)
	} else {
		momentsAVX2(x[:n], &s, &out)
	}
	m.setParts(&s)
	return leftOut(rest, x[:n], &out), n
}

// leftOut appends the numbers with a bit in masks.
func leftOut(rest, x []float64, masks *[momentBlock / 64]uint64) []float64 {
	for i, mask := range masks {
		for ; mask != 0; mask &= mask - 1 {
			rest = append(rest, x[64*i+bits.TrailingZeros64(mask)])
		}
	}
	return rest
}

// splitBlock is the twin of the assembly. The length of x is a multiple of 8 and
// at most momentBlock; rest has a bit for each number left out, the lowest bit of
// a word first, and is 0 before.
func splitBlock(x []float64, s *partSums, rest *[momentBlock / 64]uint64) {
	*s = partSums{}
	for i, v := range x {
		if abs := max(v, -v); v != 0 && !(splitLeast <= abs && abs < splitMost) {
			rest[i/64] |= 1 << (i % 64)
			continue
		}
		a := (v + 0x1.8p40) - 0x1.8p40
		b := ((v - a) + 0x1.8p18) - 0x1.8p18
		c := ((v - a - b) + 0x1.8p-4) - 0x1.8p-4
		d := v - a - b - c
		// All products are exact, so that fused or not is the same.
		for k, term := range [11]float64{a, b, c, d, a * a, a * b, 2*a*c + b*b, a*d + b*c, 2*b*d + c*c, c * d, d * d} {
			s[k][i%4] += term
		}
	}
}

// digitBlock is the twin for digits.
func digitBlock(x []float64, s *digitSums, rest *[momentBlock / 64]uint64) {
	*s = digitSums{}
	for i, v := range x {
		if v != 0 && !(digitLeast <= v && v < digitMost) {
			rest[i/64] |= 1 << (i % 64)
			v = 0
		}
		a := uint64(v * 0x1p42) // the integer part
		b := uint64((v - float64(a)*0x1p-42) * 0x1p94)
		l := i % 8
		s[0][l] += math.Float64bits(0x1p10) + a
		s[1][l] += math.Float64bits(0x1p-42) + b
		for k, p := range [3][2]uint64{{a, a}, {a, b}, {b, b}} {
			hi, lo := bits.Mul64(p[0], p[1])
			s[2+2*k][l] += hi<<12 | lo>>52
			s[3+2*k][l] += lo & (1<<52 - 1)
		}
	}
}
