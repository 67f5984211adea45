package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Exponents of the grids of the parts, and of the bounds of what is split; see
// ../moments.go.
const (
	gridA, gridB, gridC = -12, -34, -56

	splitMost, splitLeast = 10, -26
)

func power(e int) float64 { return math.Ldexp(1, e) }

// magic is added to and subtracted from a number to round it to the grid 2^e.
func magic(e int) uint64 { return math.Float64bits(math.Ldexp(1.5, 52+e)) }

// moments generates the sums of parts.
func moments(f *file) {
	const signature = "func(x []float64, s *[11][4]float64, rest *[16]uint64)"
	f.function("momentsAVX512", signature, "momentsAVX512 is splitBlock.")
	momentsOf(f, avx512)
	f.function("momentsAVX2", signature, "momentsAVX2 is splitBlock.")
	momentsOf(f, avx2)
	f.function("digitsIFMA", "func(x []float64, s *[8][8]uint64, rest *[16]uint64)", "digitsIFMA is digitBlock.")
	digits(f)
}

// digits generates the sums of digits.
func digits(f *file) {
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	out := f.Load(f.Param("s"), f.GP64())
	rest := f.Load(f.Param("rest"), f.GP64())
	i := f.GP64()
	f.XORQ(i, i)
	var s [8]reg.VecVirtual
	for k := range s {
		s[k] = f.ZMM()
		f.VPXORQ(s[k], s[k], s[k])
	}
	top, low := f.fixedFloat(avx512, power(digitMost)), f.fixedFloat(avx512, power(digitGrid))
	most, least := top, f.fixedFloat(avx512, power(digitLeast))

	x, kMost, kLeast := f.ZMM(), f.K(), f.K()
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	f.VMOVUPD(operand.Mem{Base: src, Index: i, Scale: 8}, x)
	f.VCMPPD(operand.Imm(notLess), most, x, kMost)
	f.VCMPPD(operand.Imm(less), least, x, kLeast)
	f.KORTESTB(kMost, kLeast)
	f.JNE(operand.LabelRef("outside"))
	f.Label("split")
	a, b := f.ZMM(), f.ZMM()
	f.VADDPD_RD_SAE(top, x, a)
	f.VSUBPD(top, a, b)
	f.VSUBPD(b, x, b)
	f.VADDPD(low, b, b)
	f.VPADDQ(a, s[0], s[0])
	f.VPADDQ(b, s[1], s[1])
	for k, p := range [][2]reg.VecVirtual{{a, a}, {a, b}, {b, b}} {
		f.VPMADD52HUQ(p[0], p[1], s[2+2*k])
		f.VPMADD52LUQ(p[0], p[1], s[3+2*k])
	}
	f.ADDQ(operand.Imm(8), i)
	f.JMP(operand.LabelRef("loop"))

	// Numbers outside the bounds, but for zeros, are marked and left out.
	f.Label("outside")
	mask, index, zero := f.GP64(), f.GP64(), f.zeros(avx512)
	f.VCMPPD(operand.Imm(notEqual), zero, x, kLeast, kLeast)
	f.KORB(kMost, kLeast, kMost)
	f.KMOVB(kMost, mask.As32())
	f.MOVQ(i, index)
	f.SHRQ(operand.Imm(3), index)
	f.MOVB(mask.As8(), operand.Mem{Base: rest, Index: index, Scale: 1})
	f.KNOTB(kMost, kMost)
	f.VMOVAPD_Z(x, kMost, x)
	f.JMP(operand.LabelRef("split"))

	f.Label("done")
	for k, r := range s {
		f.VMOVDQU64(r, at(out, 64*k))
	}
	f.VZEROUPPER()
	f.RET()
}

// Exponents of the bounds of numbers of two digits, and of the lower digit's
// unit times 2^52; see ../moments.go.
const digitMost, digitLeast, digitGrid = 10, -42, -42

func momentsOf(f *file, v vector) {
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	out := f.Load(f.Param("s"), f.GP64())
	rest := f.Load(f.Param("rest"), f.GP64())
	i := f.GP64()
	f.XORQ(i, i)

	sums := make([]reg.VecVirtual, 11)
	starts := []int{gridA, gridB, gridC}
	for k := range sums {
		sums[k] = f.reg(v)
		if k < len(starts) {
			f.VBROADCASTSD(f.words(magic(starts[k])), sums[k])
		} else if v == avx512 {
			f.VPXORQ(sums[k], sums[k], sums[k])
		} else {
			f.VXORPD(sums[k], sums[k], sums[k])
		}
	}
	sa, sb, sc, sd := sums[0], sums[1], sums[2], sums[3]
	aa, ab, acbb, adbc, bdcc, cd, dd := sums[4], sums[5], sums[6], sums[7], sums[8], sums[9], sums[10]

	x := f.reg(v)
	most, least := math.Float64bits(power(splitMost)), math.Float64bits(power(splitLeast))

	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	f.VMOVUPD(operand.Mem{Base: src, Index: i, Scale: 8}, x)
	var kMost, kLeast reg.OpmaskVirtual
	var yMost, yLeast reg.VecVirtual
	if v == avx512 {
		kMost, kLeast = f.K(), f.K()
		abs := f.ZMM()
		f.VPANDQ_BCST(f.words(^uint64(signBit)), x, abs)
		f.VCMPPD_BCST(operand.Imm(notLess), f.words(most), abs, kMost)
		f.VCMPPD_BCST(operand.Imm(less), f.words(least), abs, kLeast)
		f.KORTESTB(kMost, kLeast)
	} else {
		yMost, yLeast = f.YMM(), f.YMM()
		either, mask := f.YMM(), f.GP32()
		f.VANDPD(f.fill(v, ^uint64(signBit)), x, yMost)
		f.VCMPPD(operand.Imm(less), f.fill(v, least), yMost, yLeast)
		f.VCMPPD(operand.Imm(notLess), f.fill(v, most), yMost, yMost)
		f.VORPD(yMost, yLeast, either)
		f.VMOVMSKPD(either, mask)
		f.TESTL(mask, mask)
	}
	f.JNE(operand.LabelRef("outside"))

	f.Label("split")
	t, a, b, c, d := f.reg(v), f.reg(v), f.reg(v), f.reg(v), x
	part := func(s, p reg.VecVirtual) {
		f.VADDPD(x, s, t)
		f.VSUBPD(s, t, p)
		f.VMOVAPD(t, s)
		f.VSUBPD(p, x, x)
	}
	part(sa, a)
	part(sb, b)
	part(sc, c)
	f.VADDPD(d, sd, sd)
	f.VFMADD231PD(a, a, aa)
	f.VFMADD231PD(a, b, ab)
	f.VFMADD231PD(b, b, acbb)
	f.VFMADD231PD(a, d, adbc)
	f.VFMADD231PD(c, c, bdcc)
	f.VFMADD231PD(c, d, cd)
	f.VFMADD231PD(d, d, dd)
	f.VADDPD(a, a, t)
	f.VFMADD231PD(t, c, acbb)
	f.VFMADD231PD(b, c, adbc)
	f.VADDPD(b, b, t)
	f.VFMADD231PD(t, d, bdcc)
	f.ADDQ(operand.Imm(uint64(v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))

	// Numbers outside the bounds, but for zeros, are marked and left out.
	f.Label("outside")
	if v == avx512 {
		mask, at := f.GP64(), f.GP64()
		zero := f.ZMM()
		f.VPXORQ(zero, zero, zero)
		f.VCMPPD(operand.Imm(notEqual), zero, x, kLeast, kLeast)
		f.KORB(kMost, kLeast, kMost)
		f.KMOVB(kMost, mask.As32())
		f.MOVQ(i, at)
		f.SHRQ(operand.Imm(3), at)
		f.MOVB(mask.As8(), operand.Mem{Base: rest, Index: at, Scale: 1})
		f.KNOTB(kMost, kMost)
		f.VMOVAPD_Z(x, kMost, x)
	} else {
		mask, at := f.GP64(), f.GP64()
		zero := f.YMM()
		f.VXORPD(zero, zero, zero)
		f.VCMPPD(operand.Imm(notEqual), zero, x, zero)
		f.VANDPD(zero, yLeast, yLeast)
		f.VORPD(yMost, yLeast, yMost)
		f.VMOVMSKPD(yMost, mask.As32())
		f.VANDNPD(x, yMost, x)
		f.MOVQ(i, reg.RCX)
		f.ANDQ(operand.Imm(4), reg.RCX)
		f.SHLQ(reg.CL, mask)
		f.MOVQ(i, at)
		f.SHRQ(operand.Imm(3), at)
		f.ORB(mask.As8(), operand.Mem{Base: rest, Index: at, Scale: 1})
	}
	f.JMP(operand.LabelRef("split"))

	f.Label("done")
	for k, s := range sums {
		if k < len(starts) {
			start := f.reg(v)
			f.VBROADCASTSD(f.words(magic(starts[k])), start)
			f.VSUBPD(start, s, s)
		}
		y := s.AsY()
		if v == avx512 {
			high := f.YMM()
			f.VEXTRACTF64X4(operand.Imm(1), s, high)
			f.VADDPD(high, y, y)
		}
		f.VMOVUPD(y, at(out, 32*k))
	}
	f.VZEROUPPER()
	f.RET()
}
