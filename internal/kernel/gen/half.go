package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// halves generates conversions from and to 16-bit floats, 16 at a time. Those of
// binary16 need F16C, which the tier avx512 contains.
func halves(f *file) {
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		for _, b := range []bool{true, false} {
			name := map[bool]string{true: "BFloat16", false: "Float16"}[b]
			f.function("widen"+name+tier, "func(dst []float32, src []uint16)",
				"widen"+name+tier+" is Widen"+name+" for lengths that are multiples of 16.")
			widen(f, v, b)
			f.function("narrow"+name+tier, "func(dst []uint16, src []float32)",
				"narrow"+name+tier+" is Narrow"+name+" for lengths that are multiples of 16.")
			narrow(f, v, b)
		}
	}
}

// over16 generates the loop.
func over16(f *file, body func(dst, src reg.Register, i reg.Register)) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	n := f.Load(f.Param("dst").Len(), f.GP64())
	src := f.Load(f.Param("src").Base(), f.GP64())
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	body(dst, src, i)
	f.ADDQ(operand.Imm(16), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

func widen(f *file, v vector, b bool) {
	lanes := v.bytes / 4
	over16(f, func(dst, src, i reg.Register) {
		for j := range 16 / lanes {
			x := f.reg(v)
			from := operand.Mem{Base: src, Index: i, Scale: 2, Disp: 2 * j * lanes}
			if b {
				f.VPMOVZXWD(from, x)
				f.VPSLLD(operand.Imm(16), x, x)
			} else {
				f.VCVTPH2PS(from, x)
			}
			f.VMOVUPS(x, operand.Mem{Base: dst, Index: i, Scale: 4, Disp: v.bytes * j})
		}
	})
}

func narrow(f *file, v vector, b bool) {
	lanes := v.bytes / 4
	over16(f, func(dst, src, i reg.Register) {
		for j := range 16 / lanes {
			x := f.reg(v)
			f.VMOVUPS(operand.Mem{Base: src, Index: i, Scale: 4, Disp: v.bytes * j}, x)
			to := operand.Mem{Base: dst, Index: i, Scale: 2, Disp: 2 * j * lanes}
			if !b {
				f.VCVTPS2PH(operand.Imm(0), x, to) // to nearest, of two the even one
				continue
			}
			// x + 0x7fff and the last bit that stays; of a NaN x, made quiet.
			r := f.reg(v)
			f.VPSRLD(operand.Imm(16), x, r)
			if v == avx512 {
				k := f.K()
				f.VPANDD(f.fill32(v, 1), r, r)
				f.VPADDD(x, r, r)
				f.VPADDD(f.fill32(v, 0x7fff), r, r)
				f.VCMPPS(operand.Imm(unordered), x, x, k)
				f.VPORD(f.fill32(v, 0x400000), x, k, r)
				f.VPSRLD(operand.Imm(16), r, r)
				f.VPMOVDW(r, to)
				continue
			}
			nan, quiet := f.YMM(), f.YMM()
			f.VPAND(f.fill32(v, 1), r, r)
			f.VPADDD(x, r, r)
			f.VPADDD(f.fill32(v, 0x7fff), r, r)
			f.VCMPPS(operand.Imm(unordered), x, x, nan)
			f.VPOR(f.fill32(v, 0x400000), x, quiet)
			f.VBLENDVPS(nan, quiet, r, r)
			f.VPSRLD(operand.Imm(16), r, r)
			f.VPACKUSDW(r, r, r)
			f.VPERMQ(operand.Imm(0b1000), r, r)
			f.VMOVUPS(r.AsX(), to)
		}
	})
}

const unordered = 0x03
