package kernel

import "math"

// WidenBFloat16 sets dst[i] to the bfloat16 number with the bits src[i], exactly.
// The slices must have the same length.
func WidenBFloat16(dst []float32, src []uint16) {
	if len(dst) != len(src) {
		panic("kernel: slices of different lengths")
	}
	for active != plain && len(dst) >= 16 {
		n := min(len(dst)&^15, halfBlock)
		if active == avx512 {
			widenBFloat16AVX512(dst[:n], src[:n])
		} else {
			widenBFloat16AVX2(dst[:n], src[:n])
		}
		dst, src = dst[n:], src[n:]
	}
	for i, b := range src {
		dst[i] = FromBFloat16(b)
	}
}

// halfBlock is how many numbers a call of assembly is given.
const halfBlock = 1 << 13

// WidenFloat16 sets dst[i] to the binary16 number with the bits src[i], exactly;
// NaNs become quiet. The slices must have the same length.
func WidenFloat16(dst []float32, src []uint16) {
	if len(dst) != len(src) {
		panic("kernel: slices of different lengths")
	}
	for f16c() && len(dst) >= 16 {
		n := min(len(dst)&^15, halfBlock)
		if active == avx512 {
			widenFloat16AVX512(dst[:n], src[:n])
		} else {
			widenFloat16AVX2(dst[:n], src[:n])
		}
		dst, src = dst[n:], src[n:]
	}
	for i, b := range src {
		dst[i] = FromFloat16(b)
	}
}

// NarrowBFloat16 sets dst[i] to the bits of the bfloat16 number nearest to src[i],
// of two that are equally near the one with an even last bit. The slices must
// have the same length.
func NarrowBFloat16(dst []uint16, src []float32) {
	if len(dst) != len(src) {
		panic("kernel: slices of different lengths")
	}
	for active != plain && len(dst) >= 16 {
		n := min(len(dst)&^15, halfBlock)
		if active == avx512 {
			narrowBFloat16AVX512(dst[:n], src[:n])
		} else {
			narrowBFloat16AVX2(dst[:n], src[:n])
		}
		dst, src = dst[n:], src[n:]
	}
	for i, x := range src {
		dst[i] = ToBFloat16(x)
	}
}

// NarrowFloat16 sets dst[i] to the bits of the binary16 number nearest to src[i], of
// two that are equally near the one with an even last bit; what is too large is
// infinite. The slices must have the same length.
func NarrowFloat16(dst []uint16, src []float32) {
	if len(dst) != len(src) {
		panic("kernel: slices of different lengths")
	}
	for f16c() && len(dst) >= 16 {
		n := min(len(dst)&^15, halfBlock)
		if active == avx512 {
			narrowFloat16AVX512(dst[:n], src[:n])
		} else {
			narrowFloat16AVX2(dst[:n], src[:n])
		}
		dst, src = dst[n:], src[n:]
	}
	for i, x := range src {
		dst[i] = ToFloat16(x)
	}
}

// FromBFloat16 is the bfloat16 number with the bits b.
func FromBFloat16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// ToBFloat16 is NarrowBFloat16 of one number. NaNs stay NaN.
func ToBFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16 | 0x40)
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromFloat16 is the binary16 number with the bits h.
func FromFloat16(h uint16) float32 {
	sign, b := uint32(h&0x8000)<<16, uint32(h&0x7fff)<<13
	if b >= 0x7c00<<13 { // infinite or NaN
		if b > 0x7c00<<13 {
			b |= 0x400000 // quiet, as the processor makes them
		}
		return math.Float32frombits(sign | b | 0x7f800000)
	}
	// The exponent has another bias; below the normal numbers too.
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(b)*0x1p112))
}

// ToFloat16 is NarrowFloat16 of one number. NaNs stay NaN.
func ToFloat16(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 31 << 15)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x477ff000: // 65520, half a step above the largest
		return sign | 0x7c00
	case b < 0x38800000: // below 2^-14: in steps of 2^-24, to which adding 1/2 rounds
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)&0x7ff)
	}
	return sign | uint16((b-(127-15)<<23+0xfff+b>>13&1)>>13)
}
