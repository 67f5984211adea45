package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softs generates what rows with shares need, for multiples of 16 elements.
func softs(f *file) {
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		for _, t := range []struct {
			name, element string
			size          int
		}{{"32", "float32", 4}, {"64", "float64", 8}} {
			f.function("largest"+t.name+tier, "func(x []"+t.element+") int",
				"largest"+t.name+tier+" is largestPlain for lengths that are multiples of 16, but not 0.")
			largest(f, v, t.size)
			f.function("below"+t.name+tier, "func(x, y []"+t.element+", most float64) (nats, total float64, signs uint64)",
				"below"+t.name+tier+" is belowPlain for lengths that are multiples of 16; signs is not 0 if a sign bit of y is set.")
			below(f, v, t.size)
			f.function("distance"+t.name+tier, "func(x []"+t.element+", most float64) float64",
				"distance"+t.name+tier+" is distancePlain for lengths that are multiples of 16.")
			distance(f, v, t.size)
			f.function("combine"+t.name+tier, "func(g, y []"+t.element+", a, b, c float64)",
				"combine"+t.name+tier+" is combinePlain for lengths that are multiples of 16.")
			combine(f, v, t.size)
			f.function("times"+t.name+tier, "func(dst []float64, x []"+t.element+", factor float64)",
				"times"+t.name+tier+" is Times for lengths that are multiples of 16.")
			times(f, v, t.size)
		}
	}
}

// largest generates the search for the largest element, and then for its place.
func largest(f *file, v vector, size int) {
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	lanes := v.bytes / size
	many := 16 * size / v.bytes // registers for 16 elements
	var most []reg.VecVirtual
	for range max(many, 2) {
		r := f.reg(v)
		most = append(most, r)
		if size == 4 {
			f.VBROADCASTSS(f.words(0xff800000), r)
		} else {
			f.VBROADCASTSD(f.words(0xfff<<52), r)
		}
	}
	maximum := func(a, b, to operand.Op) { // a if one is NaN
		if size == 4 {
			f.VMAXPS(a, b, to)
		} else {
			f.VMAXPD(a, b, to)
		}
	}
	load := func(m operand.Mem, r reg.VecVirtual) {
		if size == 4 {
			f.VMOVUPS(m, r)
		} else {
			f.VMOVUPD(m, r)
		}
	}
	i := f.GP64()
	f.XORQ(i, i)
	element := func(j int) operand.Mem {
		return operand.Mem{Base: src, Index: i, Scale: uint8(size), Disp: j * v.bytes}
	}
	f.Label("loop")
	for j := range many {
		x := f.reg(v)
		load(element(j), x)
		maximum(most[j], x, most[j])
	}
	f.ADDQ(operand.Imm(16), i)
	f.CMPQ(i, n)
	f.JLT(operand.LabelRef("loop"))
	for k := len(most); k > 1; k /= 2 {
		for j := range k / 2 {
			maximum(most[j], most[j+k/2], most[j])
		}
	}
	m, half := most[0], f.reg(v)
	if v == avx512 {
		f.VEXTRACTF64X4(operand.Imm(1), m, half.AsY())
		maximum(m.AsY(), half.AsY(), m.AsY())
		f.VEXTRACTF64X2(operand.Imm(1), m.AsY(), half.AsX())
	} else {
		f.VEXTRACTF128(operand.Imm(1), m, half.AsX())
	}
	maximum(m.AsX(), half.AsX(), m.AsX())
	f.VPERMILPD(operand.Imm(1), m.AsX(), half.AsX())
	maximum(m.AsX(), half.AsX(), m.AsX())
	all := f.reg(v)
	if size == 4 {
		f.VPERMILPS(operand.Imm(1), m.AsX(), half.AsX())
		maximum(m.AsX(), half.AsX(), m.AsX())
		f.VBROADCASTSS(m.AsX(), all)
	} else {
		f.VBROADCASTSD(m.AsX(), all)
	}

	f.XORQ(i, i)
	bits := f.GP32()
	f.Label("search")
	if v == avx512 {
		k := f.K()
		if size == 4 {
			f.VCMPPS(operand.Imm(equal), element(0), all, k)
		} else {
			f.VCMPPD(operand.Imm(equal), element(0), all, k)
		}
		f.KMOVW(k, bits)
	} else {
		c := f.YMM()
		if size == 4 {
			f.VCMPPS(operand.Imm(equal), element(0), all, c)
			f.VMOVMSKPS(c, bits)
		} else {
			f.VCMPPD(operand.Imm(equal), element(0), all, c)
			f.VMOVMSKPD(c, bits)
		}
	}
	f.TESTL(bits, bits)
	f.JNE(operand.LabelRef("found"))
	f.ADDQ(operand.Imm(uint64(lanes)), i)
	f.CMPQ(i, n)
	f.JLT(operand.LabelRef("search"))
	f.XORQ(i, i) // NaNs alone
	f.MOVL(operand.U32(1), bits)
	f.Label("found")
	f.BSFL(bits, bits)
	f.ADDQ(bits.As64(), i)
	f.Store(i, f.ReturnIndex(0))
	f.VZEROUPPER()
	f.RET()
}

// below generates Σ y·(most - x), Σ y and the signs of y.
func below(f *file, v vector, size int) {
	xs := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	ys := f.Load(f.Param("y").Base(), f.GP64())
	e := &exp64{file: f, v: v}
	most, signs, zero := f.reg(v), f.reg(v), f.zeros(v)
	m, err := f.Param("most").Resolve()
	if err != nil {
		panic(err)
	}
	f.VBROADCASTSD(m.Addr, most)
	f.VXORPD(signs.AsX(), signs.AsX(), signs.AsX())
	nats := []reg.VecVirtual{f.zeros(v), f.zeros(v)}
	total := []reg.VecVirtual{f.zeros(v), f.zeros(v)}
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	for j := range 2 {
		x, y := f.reg(v), f.reg(v)
		e.load(size, xs, i, j, x)
		e.load(size, ys, i, j, y)
		f.VSUBPD(x, most, x)
		if v == avx512 {
			k := f.K()
			f.VCMPPD(operand.Imm(notEqual), zero, y, k)
			f.VFMADD231PD(y, x, k, nats[j])
		} else {
			k := f.YMM()
			f.VCMPPD(operand.Imm(notEqual), zero, y, k)
			f.VANDPD(k, x, x)
			f.VFMADD231PD(y, x, nats[j])
		}
		f.VADDPD(y, total[j], total[j])
		f.VORPD(y, signs, signs)
	}
	f.ADDQ(operand.Imm(uint64(2*v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VADDPD(nats[1], nats[0], nats[0])
	f.VADDPD(total[1], total[0], total[0])
	f.Store(f.total(v, nats[0]), f.Return("nats"))
	f.Store(f.total(v, total[0]), f.Return("total"))
	bits := f.GP32()
	if v == avx512 {
		k := f.K()
		f.VPMOVQ2M(signs, k)
		f.KMOVB(k, bits)
	} else {
		f.VMOVMSKPD(signs, bits)
	}
	f.Store(bits.As64(), f.Return("signs"))
	f.VZEROUPPER()
	f.RET()
}

// distance generates Σ (most - x).
func distance(f *file, v vector, size int) {
	xs := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	e := &exp64{file: f, v: v}
	most := f.reg(v)
	m, err := f.Param("most").Resolve()
	if err != nil {
		panic(err)
	}
	f.VBROADCASTSD(m.Addr, most)
	sum := []reg.VecVirtual{f.zeros(v), f.zeros(v)}
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	for j := range 2 {
		x := f.reg(v)
		e.load(size, xs, i, j, x)
		f.VSUBPD(x, most, x)
		f.VADDPD(x, sum[j], sum[j])
	}
	f.ADDQ(operand.Imm(uint64(2*v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VADDPD(sum[1], sum[0], sum[0])
	f.Store(f.total(v, sum[0]), f.ReturnIndex(0))
	f.VZEROUPPER()
	f.RET()
}

// combine generates g = a·g + b·y + c.
func combine(f *file, v vector, size int) {
	gs := f.Load(f.Param("g").Base(), f.GP64())
	n := f.Load(f.Param("g").Len(), f.GP64())
	ys := f.Load(f.Param("y").Base(), f.GP64())
	e := &exp64{file: f, v: v}
	var by []reg.VecVirtual
	for _, name := range []string{"a", "b", "c"} {
		p, err := f.Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		r := f.reg(v)
		f.VBROADCASTSD(p.Addr, r)
		by = append(by, r)
	}
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	for j := range 2 {
		g, y := f.reg(v), f.reg(v)
		e.load(size, gs, i, j, g)
		e.load(size, ys, i, j, y)
		f.VFMADD213PD(by[2], by[1], y)
		f.VFMADD213PD(y, by[0], g)
		m := operand.Mem{Base: gs, Index: i, Scale: uint8(size), Disp: j * size * v.lanes()}
		switch {
		case size == 8:
			f.VMOVUPD(g, m)
		case v == avx512:
			f.VCVTPD2PS(g, y.AsY())
			f.VMOVUPS(y.AsY(), m)
		default:
			f.VCVTPD2PSY(g, y.AsX())
			f.VMOVUPS(y.AsX(), m)
		}
	}
	f.ADDQ(operand.Imm(uint64(2*v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// times generates dst = x·factor.
func times(f *file, v vector, size int) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	n := f.Load(f.Param("dst").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	e := &exp64{file: f, v: v}
	factor := f.reg(v)
	m, err := f.Param("factor").Resolve()
	if err != nil {
		panic(err)
	}
	f.VBROADCASTSD(m.Addr, factor)
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	for j := range 2 {
		x := f.reg(v)
		e.load(size, src, i, j, x)
		f.VMULPD(factor, x, x)
		f.VMOVUPD(x, operand.Mem{Base: dst, Index: i, Scale: 8, Disp: v.bytes * j})
	}
	f.ADDQ(operand.Imm(uint64(2*v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}
