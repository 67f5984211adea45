package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// crosses generates sums of p times the surprisal of q.
func crosses(f *file) {
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		f.function("cross"+tier, "func(lanes *[8]float64, p, q []float64)",
			"cross"+tier+" is crossPlain for lengths that are multiples of 8.")
		cross(f, v)
	}
}

func cross(f *file, v vector) {
	lanes := f.Load(f.Param("lanes"), f.GP64())
	p := f.Load(f.Param("p").Base(), f.GP64())
	q := f.Load(f.Param("q").Base(), f.GP64())
	n := f.Load(f.Param("p").Len(), f.GP64())
	i := f.GP64()
	f.XORQ(i, i)
	element := func(base reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 8} }
	x, s := f.reg(v), f.reg(v)
	var acc reg.VecVirtual
	if v == avx512 {
		acc = f.ZMM()
		f.VMOVUPD(at(lanes, 0), acc)
	}
	var l512 *log512
	var l256 *log256
	if v == avx512 {
		l512 = newLog512(f, true)
	} else {
		l256 = newLog256(f)
	}
	mask, k := f.GP32(), f.K()
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	f.VMOVUPD(element(q), x)
	if v == avx512 {
		l512.strange(x, k)
		f.KORTESTB(k, k)
	} else {
		l256.strange(x, mask)
		f.TESTL(mask, mask)
	}
	f.JNE(operand.LabelRef("strange"))
	negate := func(w reg.VecVirtual) { f.VSUBPD(w, f.zeros(v), s) }
	if v == avx512 {
		f.VMOVAPD(l512.log(x, nil), s)
	} else {
		negate(l256.log(x, nil))
	}
	f.Label("add")
	if v == avx512 {
		f.VFMADD231PD(element(p), s, acc)
	} else {
		// The lanes stay in memory: registers are few.
		half, sum := f.GP64(), f.YMM()
		f.MOVQ(i, half)
		f.ANDQ(operand.Imm(4), half)
		m := operand.Mem{Base: lanes, Index: half, Scale: 8}
		f.VMOVUPD(m, sum)
		f.VFMADD231PD(element(p), s, sum)
		f.VMOVUPD(sum, m)
	}
	f.ADDQ(operand.Imm(uint64(v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))

	// Where p is 0 the surprisal is 0, whatever q is.
	f.Label("strange")
	if v == avx512 {
		f.VMOVAPD(l512.any(x, k), s)
		nonzero := f.K()
		f.VCMPPD(operand.Imm(notEqual), element(p), f.zeros(v), nonzero)
		f.VMOVAPD_Z(s, nonzero, s)
	} else {
		negate(l256.any(x))
		nonzero := f.YMM()
		f.VCMPPD(operand.Imm(notEqual), element(p), f.zeros(v), nonzero)
		f.VANDPD(nonzero, s, s)
	}
	f.JMP(operand.LabelRef("add"))

	f.Label("done")
	if v == avx512 {
		f.VMOVUPD(acc, at(lanes, 0))
	}
	f.VZEROUPPER()
	f.RET()
}
