package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp64 computes exponentials of float64, 8 or 4 at a time:
//
//	exp x = 2^n·(1 + r + r²·Q(r)), r = x - n·ln 2, n the integer nearest to x·log₂e
//
// for x from -708 up, below which x is taken as -708. For AVX2, x beyond 709 is
// taken as 709.
type exp64 struct {
	*file
	v     vector
	fixed map[float64]reg.VecVirtual
}

// expTail are the coefficients of Q in ../softmax64.go.
var expTail = [10]float64{
	0x1.0000000000001p-1, 0x1.5555555555556p-3, 0x1.5555555553d63p-5, 0x1.11111111109b3p-7, 0x1.6c16c1788bd90p-10,
	0x1.a01a01a7c41d5p-13, 0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22, 0x1.af38a9b0ec855p-26,
}

const (
	ln2Top    = 0x1.62e42fefa39efp-1 // ln 2 in two parts
	ln2Rest   = 0x1.abc9e3b39803fp-56
	magic64   = 0x1.8p52
	least64   = -708
	most64    = 709
	alternate = -20 // where KL takes its terms in another way
)

func newExp64(f *file, v vector, more ...float64) *exp64 {
	e := &exp64{file: f, v: v, fixed: map[float64]reg.VecVirtual{}}
	if v == avx512 {
		for _, c := range append([]float64{least64, log2e, magic64, ln2Top, ln2Rest, 1}, append(expTail[:], more...)...) {
			if e.fixed[c] == nil {
				e.fixed[c] = f.fixedFloat(v, c)
			}
		}
	}
	return e
}

func (e *exp64) constant(c float64) operand.Op {
	if r, ok := e.fixed[c]; ok {
		return r
	}
	return e.fillFloat(e.v, c)
}

// loaded is a register with a constant.
func (e *exp64) loaded(c float64) reg.VecVirtual {
	if r, ok := e.fixed[c]; ok {
		return r
	}
	r := e.reg(e.v)
	e.VMOVUPD(e.fillFloat(e.v, c), r)
	return r
}

// magic is added to round; for AVX2 it leaves the exponent bits of 2^n lowest.
func (e *exp64) magic() float64 {
	if e.v == avx2 {
		return magic64 + 1023
	}
	return magic64
}

// parts sets x to r, and returns a register whose lowest bits are the exponent of
// 2^n (for AVX2), n, and Q(r). For AVX2 n is in the register that is for Q until then.
func (e *exp64) parts(x []reg.VecVirtual, useN func(j int, n reg.VecVirtual)) (bits, n, q []reg.VecVirtual) {
	each := func(op func(j int)) {
		for j := range x {
			op(j)
		}
	}
	for range x {
		bits = append(bits, e.reg(e.v))
		q = append(q, e.reg(e.v))
	}
	// As in exp: x has to be the first operand, for its NaNs.
	each(func(j int) { e.VMAXPD(x[j], e.loaded(least64), x[j]) })
	if e.v == avx2 {
		each(func(j int) { e.VMINPD(x[j], e.loaded(most64), x[j]) })
	}
	each(func(j int) {
		e.VMOVUPD(e.constant(log2e), bits[j])
		e.VFMADD213PD(e.constant(e.magic()), x[j], bits[j])
	})
	n = make([]reg.VecVirtual, len(x))
	each(func(j int) {
		n[j] = bits[j]
		if e.v == avx2 {
			n[j] = q[j]
		}
		e.VSUBPD(e.constant(e.magic()), bits[j], n[j])
		e.VFNMADD231PD(e.constant(ln2Top), n[j], x[j])
	})
	each(func(j int) { e.VFNMADD231PD(e.constant(ln2Rest), n[j], x[j]) })
	if useN != nil {
		each(func(j int) { useN(j, n[j]) })
	}
	if len(x) == 1 {
		e.tail(x[0], q[0])
		return bits, n, q
	}
	each(func(j int) { e.VMOVUPD(e.constant(expTail[9]), q[j]) })
	for d := 8; d >= 0; d-- {
		each(func(j int) { e.VFMADD213PD(e.constant(expTail[d]), x[j], q[j]) })
	}
	return bits, n, q
}

// tail sets q to Q(r) in fewer steps that wait for each other, where there are no
// other exponentials to fill the time.
func (e *exp64) tail(r, q reg.VecVirtual) {
	r2, high, next := e.reg(e.v), e.reg(e.v), e.reg(e.v)
	linear := func(j int, p reg.VecVirtual) {
		e.VMOVUPD(e.constant(expTail[j+1]), p)
		e.VFMADD213PD(e.constant(expTail[j]), r, p)
	}
	e.VMULPD(r, r, r2)
	linear(8, high)
	linear(6, next)
	e.VFMADD213PD(next, r2, high) // from the sixth power on
	linear(4, next)
	e.VFMADD213PD(next, r2, high)
	linear(0, q)
	linear(2, next)
	e.VFMADD231PD(next, r2, q)
	e.VMULPD(r2, r2, r2)
	e.VFMADD231PD(high, r2, q)
}

// scale multiplies p by 2^n; the lanes without mask, if there is one, are 0.
func (e *exp64) scale(p, bits, n reg.VecVirtual, mask *reg.OpmaskVirtual, to reg.VecVirtual) {
	switch {
	case e.v == avx2:
		e.VPSLLQ(operand.Imm(52), bits, bits)
		e.VMULPD(bits, p, to)
	case mask != nil:
		e.VSCALEFPD_Z(n, p, *mask, to)
	default:
		e.VSCALEFPD(n, p, to)
	}
}

// exp sets x to its exponential. If mask is not nil the lanes without it are 0
// (AVX-512).
func (e *exp64) exp(x []reg.VecVirtual, mask []reg.OpmaskVirtual) {
	bits, n, p := e.parts(x, nil)
	for range 2 {
		for j := range x {
			e.VFMADD213PD(e.constant(1), x[j], p[j])
		}
	}
	for j := range x {
		var m *reg.OpmaskVirtual
		if mask != nil {
			m = &mask[j]
		}
		e.scale(p[j], bits[j], n[j], m, x[j])
	}
}

// load loads the j-th register of elements of size bytes, as float64.
func (e *exp64) load(size int, base reg.Register, index reg.Register, j int, to reg.VecVirtual) {
	m := operand.Mem{Base: base, Index: index, Scale: uint8(size), Disp: j * size * e.v.lanes()}
	if index == nil {
		m = at(base, j*size*e.v.lanes())
	}
	if size == 4 {
		e.VCVTPS2PD(m, to)
	} else {
		e.VMOVUPD(m, to)
	}
}

// loadSome loads the lanes of a mask, the others are 0: an opmask for AVX-512, a
// register of 32-bit lanes for AVX2, which some widens.
func (e *exp64) loadSome(size int, m operand.Mem, mask reg.Register, to reg.VecVirtual) {
	switch {
	case e.v == avx512 && size == 4:
		e.VCVTPS2PD_Z(m, mask, to)
	case e.v == avx512:
		e.VMOVUPD_Z(m, mask, to)
	case size == 4:
		e.VMASKMOVPS(m, mask, to.AsX())
		e.VCVTPS2PD(to.AsX(), to)
	default:
		wide := e.YMM()
		e.VPMOVSXDQ(mask, wide)
		e.VMASKMOVPD(m, wide, to)
	}
}

// keepSome sets the lanes of x without the mask of loadSome to 0, for AVX2.
func (e *exp64) keepSome(mask reg.Register, x reg.VecVirtual) {
	wide := e.YMM()
	e.VPMOVSXDQ(mask, wide)
	e.VANDPD(wide, x, x)
}

// lanes32 are the numbers of 4 lanes from 4j on.
func (f *file) lanes32(j int) operand.Mem {
	n := uint64(4 * j)
	return f.words(n|(n+1)<<32, (n+2)|(n+3)<<32)
}

// spread32 is x in 4 lanes of 32 bits.
func (f *file) spread32(x reg.GPVirtual) reg.VecVirtual {
	r := f.XMM()
	f.VMOVD(x.As32(), r)
	f.VPBROADCASTD(r, r)
	return r
}

// total adds up the lanes of acc, in halves.
func (f *file) total(v vector, acc reg.VecVirtual) reg.VecVirtual {
	if v == avx512 {
		high := f.YMM()
		f.VEXTRACTF64X4(operand.Imm(1), acc, high)
		f.VADDPD(high, acc.AsY(), acc.AsY())
	}
	high, swapped := f.XMM(), f.XMM()
	if v == avx512 { // whose registers may be beyond the 16th
		f.VEXTRACTF64X2(operand.Imm(1), acc.AsY(), high)
	} else {
		f.VEXTRACTF128(operand.Imm(1), acc.AsY(), high)
	}
	f.VADDPD(high, acc.AsX(), high)
	f.VPERMILPD(operand.Imm(1), high, swapped)
	f.VADDSD(swapped, high, high)
	return high
}

func exps64(f *file) {
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		for _, t := range []struct {
			name, element string
			size          int
		}{{"64", "float64", 8}, {"Wide", "float32", 4}} {
			f.function("expSums"+t.name+tier, "func(sums []float64, x []"+t.element+", classes int, targets []int, shifts []float64)",
				"expSums"+t.name+tier+" is expSums64 where the sums are within 1e-285 and 1e300; elsewhere the sums are outside that too, or NaN.")
			expSums64(f, v, t.size)
			f.function("divergence"+t.name+tier, "func(p, q []"+t.element+", by *[4]float64) float64",
				"divergence"+t.name+tier+" is divergencePlain.")
			divergence(f, v, t.size)
		}
		f.function("expFew64"+tier, "func(sums []float64, x []float64, classes int, targets []int, shifts []float64)",
			"expFew64"+tier+" is expSums64"+tier+" for up to 16 classes.")
		expFew64(f, v)
		f.function("scaleExps64"+tier, "func(dst, x []float64, classes int, shifts, factors []float64)",
			"scaleExps64"+tier+" sets each row of dst to factor·exp(x - shift), or 0 for x below shift - 708; x is at most shift + 709. There are as many rows, of classes elements each, as shifts and factors have elements.")
		scaleExps64(f, v)
		f.function("logs1p"+tier, "func(dst, z []float64)",
			"logs1p"+tier+" is logs1p, for a multiple of 8 numbers.")
		logs1p(f, v)
	}
}

// expSums64 generates the sums of the exponentials of rows.
func expSums64(f *file, v vector, size int) {
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	rows := f.Load(f.Param("sums").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("classes"), f.GP64())
	targets := f.Load(f.Param("targets").Base(), f.GP64())
	shifts := f.Load(f.Param("shifts").Base(), f.GP64())
	e := newExp64(f, v)
	lanes := v.lanes()
	step := 4 * lanes
	acc := []reg.VecVirtual{f.reg(v), f.reg(v)}
	i, target, targetStep, left := f.GP64(), f.GP64(), f.GP64(), f.GP64()
	var shift operand.Op = at(shifts, 0)
	if v == avx512 {
		shift = f.reg(v)
	}
	subtract := func(x reg.VecVirtual) {
		if v == avx512 {
			f.VSUBPD(shift, x, x)
			return
		}
		s := f.YMM() // registers are few
		f.VBROADCASTSD(shift, s)
		f.VSUBPD(s, x, x)
	}
	add := func(x []reg.VecVirtual) {
		f.VADDPD(x[1], x[0], x[0])
		f.VADDPD(x[3], x[2], x[2])
		f.VADDPD(x[0], acc[0], acc[0])
		f.VADDPD(x[2], acc[1], acc[1])
	}
	var x []reg.VecVirtual
	for range 4 {
		x = append(x, f.reg(v))
	}

	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("done"))
	f.MOVQ(at(targets, 0), target)
	f.MOVQ(target, targetStep)
	f.ANDQ(operand.I8(int8(-step)), targetStep)
	if v == avx512 {
		f.VBROADCASTSD(at(shifts, 0), shift)
	}
	for _, a := range acc {
		f.VXORPD(a.AsX(), a.AsX(), a.AsX())
	}
	f.XORQ(i, i)
	f.CMPQ(n, operand.U32(uint32(step)))
	f.JLT(operand.LabelRef("last"))

	f.Label("loop")
	f.CMPQ(i, targetStep)
	f.JEQ(operand.LabelRef("part"))
	for j := range x {
		e.load(size, src, i, j, x[j])
		subtract(x[j])
	}
	f.prefetch(v, operand.Mem{Base: src, Index: i, Scale: uint8(size)}, 4*lanes*size)
	e.exp(x, nil)
	add(x)
	f.Label("next")
	f.ADDQ(operand.U32(uint32(step)), i)
	f.LEAQ(operand.Mem{Base: i, Disp: step}, left)
	f.CMPQ(left, n)
	f.JLE(operand.LabelRef("loop"))
	f.Label("last")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("rowDone"))

	// A part of a step: the last values of a row, or those around the target.
	f.Label("part")
	f.prefetchAhead(operand.Mem{Base: src, Index: i, Scale: uint8(size)}, 4*lanes*size)
	f.MOVQ(n, left)
	f.SUBQ(i, left)
	if v == avx512 {
		mask, bit := f.GP64(), f.GP64()
		f.CMPQ(left, operand.Imm(64))
		f.MOVQ(operand.U32(64), bit)
		f.CMOVQGT(bit, left)
		f.MOVQ(operand.I64(-1), mask)
		f.BZHIQ(left, mask, mask)
		f.CMPQ(i, targetStep)
		f.JNE(operand.LabelRef("masked"))
		f.MOVQ(target, bit)
		f.SUBQ(i, bit)
		f.BTRQ(bit, mask)
		f.Label("masked")
		var k []reg.OpmaskVirtual
		for j := range x {
			k = append(k, f.K())
			f.KMOVB(mask.As32(), k[j])
			f.SHRQ(operand.Imm(8), mask)
			e.loadSome(size, operand.Mem{Base: src, Index: i, Scale: uint8(size), Disp: j * size * lanes}, k[j], x[j])
			subtract(x[j])
		}
		e.exp(x, k)
	} else {
		skip := f.GP64()
		f.MOVQ(target, skip)
		f.SUBQ(i, skip)
		limit, is := f.spread32(left.(reg.GPVirtual)), f.spread32(skip)
		for j := range x {
			m, same := f.XMM(), f.XMM()
			f.VPCMPEQD(f.lanes32(j), is, same)
			f.VPCMPGTD(f.lanes32(j), limit, m)
			f.VPANDN(m, same, m)
			e.loadSome(size, operand.Mem{Base: src, Index: i, Scale: uint8(size), Disp: j * size * lanes}, m, x[j])
			subtract(x[j])
			e.exp(x[j:j+1], nil)
			e.keepSome(m, x[j])
		}
	}
	add(x)
	f.JMP(operand.LabelRef("next"))

	f.Label("rowDone")
	f.VADDPD(acc[1], acc[0], acc[0])
	f.VMOVSD(f.total(v, acc[0]), at(sums, 0))
	f.ADDQ(operand.Imm(8), sums)
	f.ADDQ(operand.Imm(8), targets)
	f.ADDQ(operand.Imm(8), shifts)
	f.LEAQ(operand.Mem{Base: src, Index: n, Scale: uint8(size)}, src)
	f.JMP(operand.LabelRef("row"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// expFew64 generates the sums of the exponentials of short rows.
func expFew64(f *file, v vector) {
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	rows := f.Load(f.Param("sums").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("classes"), f.GP64())
	targets := f.Load(f.Param("targets").Base(), f.GP64())
	shifts := f.Load(f.Param("shifts").Base(), f.GP64())
	e := newExp64(f, v)
	lanes := v.lanes()
	acc, shift := f.reg(v), f.reg(v)
	all := f.GP64()
	var limit reg.VecVirtual
	if v == avx512 {
		f.MOVQ(operand.U32(0xffff), all)
		f.BZHIQ(n, all, all)
	} else {
		limit = f.spread32(n.(reg.GPVirtual))
	}
	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("done"))
	f.prefetchAhead(at(src, 0), 128)
	target, mask := f.GP64(), f.GP64()
	f.MOVQ(at(targets, 0), target)
	f.VBROADCASTSD(at(shifts, 0), shift)
	var skip reg.VecVirtual
	if v == avx512 {
		f.MOVQ(all, mask)
		f.BTRQ(target, mask)
	} else {
		skip = f.spread32(target)
	}
	for j := range 16 / lanes {
		x := f.reg(v)
		if j > 0 {
			f.CMPQ(n, operand.Imm(uint64(j*lanes)))
			f.JLE(operand.LabelRef("fold"))
			x = f.reg(v)
		} else {
			x = acc
		}
		if v == avx512 {
			k := f.K()
			f.KMOVB(mask.As32(), k)
			f.SHRQ(operand.Imm(8), mask)
			e.loadSome(8, at(src, 64*j), k, x)
			f.VSUBPD(shift, x, x)
			e.exp([]reg.VecVirtual{x}, []reg.OpmaskVirtual{k})
		} else {
			m, same := f.XMM(), f.XMM()
			f.VPCMPEQD(f.lanes32(j), skip, same)
			f.VPCMPGTD(f.lanes32(j), limit, m)
			f.VPANDN(m, same, m)
			e.loadSome(8, at(src, 32*j), m, x)
			f.VSUBPD(shift, x, x)
			e.exp([]reg.VecVirtual{x}, nil)
			e.keepSome(m, x)
		}
		if j > 0 {
			f.VADDPD(x, acc, acc)
		}
	}
	f.Label("fold")
	f.VMOVSD(f.total(v, acc), at(sums, 0))
	f.ADDQ(operand.Imm(8), sums)
	f.ADDQ(operand.Imm(8), targets)
	f.ADDQ(operand.Imm(8), shifts)
	f.LEAQ(operand.Mem{Base: src, Index: n, Scale: 8}, src)
	f.JMP(operand.LabelRef("row"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// scaleExps64 generates exponentials that are stored.
func scaleExps64(f *file, v vector) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	shifts := f.Load(f.Param("shifts").Base(), f.GP64())
	rows := f.Load(f.Param("shifts").Len(), f.GP64())
	factors := f.Load(f.Param("factors").Base(), f.GP64())
	classes := f.Load(f.Param("classes"), f.GP64())
	n := f.GP64()
	e := newExp64(f, v)
	lanes := v.lanes()
	shift, factor := f.reg(v), f.reg(v)
	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("end"))
	f.VBROADCASTSD(at(shifts, 0), shift)
	f.VBROADCASTSD(at(factors, 0), factor)
	f.ADDQ(operand.Imm(8), shifts)
	f.ADDQ(operand.Imm(8), factors)
	f.MOVQ(classes, n)

	// some sets the exponentials of loaded registers, 0 where they are too small.
	some := func(x []reg.VecVirtual) {
		var k []reg.OpmaskVirtual
		var m []reg.VecVirtual
		for j := range x {
			f.VSUBPD(shift, x[j], x[j])
			if v == avx512 {
				k = append(k, f.K())
				f.VCMPPD(operand.Imm(greaterOrEqual), e.constant(least64), x[j], k[j])
			} else {
				m = append(m, f.YMM())
				f.VCMPPD(operand.Imm(greaterOrEqual), e.constant(least64), x[j], m[j])
			}
		}
		e.exp(x, k)
		for j := range x {
			if v == avx2 {
				f.VANDPD(m[j], x[j], x[j])
			}
			f.VMULPD(factor, x[j], x[j])
		}
	}
	many := 3
	if v == avx2 {
		many = 2
	}
	f.Label("loop")
	f.CMPQ(n, operand.Imm(uint64(many*lanes)))
	f.JLT(operand.LabelRef("few"))
	var x []reg.VecVirtual
	for j := range many {
		x = append(x, f.reg(v))
		e.load(8, src, nil, j, x[j])
	}
	some(x)
	for j := range x {
		f.VMOVUPD(x[j], at(dst, v.bytes*j))
	}
	f.ADDQ(operand.U32(uint32(many*v.bytes)), src)
	f.ADDQ(operand.U32(uint32(many*v.bytes)), dst)
	f.SUBQ(operand.Imm(uint64(many*lanes)), n)
	f.JMP(operand.LabelRef("loop"))

	f.Label("few")
	f.CMPQ(n, operand.Imm(0))
	f.JLE(operand.LabelRef("row"))
	few := f.GP64()
	f.MOVQ(operand.U32(uint32(lanes)), few)
	f.CMPQ(n, few)
	f.CMOVQLT(n, few)
	if v == avx512 {
		mask := f.GP64()
		f.MOVQ(operand.U32(0xff), mask)
		f.BZHIQ(few, mask, mask)
		k := f.K()
		f.KMOVB(mask.As32(), k)
		e.loadSome(8, at(src, 0), k, x[0])
		some(x[:1])
		f.VMOVUPD(x[0], k, at(dst, 0))
	} else {
		m, wide := f.XMM(), f.YMM()
		f.VPCMPGTD(f.lanes32(0), f.spread32(few), m)
		f.VPMOVSXDQ(m, wide)
		f.VMASKMOVPD(at(src, 0), wide, x[0])
		some(x[:1])
		f.VMASKMOVPD(x[0], wide, at(dst, 0))
	}
	f.LEAQ(operand.Mem{Base: src, Index: few, Scale: 8}, src)
	f.LEAQ(operand.Mem{Base: dst, Index: few, Scale: 8}, dst)
	f.SUBQ(few, n)
	f.JMP(operand.LabelRef("few"))
	f.Label("end")
	f.VZEROUPPER()
	f.RET()
}

// logs1p generates log(1 + z), and NaN for z outside the bounds of sums.
func logs1p(f *file, v vector) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	n := f.Load(f.Param("dst").Len(), f.GP64())
	src := f.Load(f.Param("z").Base(), f.GP64())
	var l512 *log512
	var l256 *log256
	if v == avx512 {
		l512 = newLog512(f, false)
	} else {
		l256 = newLog256(f)
	}
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	element := func(base reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 8} }
	one := f.fillFloat(v, 1)
	u := f.reg(v)
	f.VMOVUPD(one, u)
	f.VADDPD(element(src), u, u)
	var w reg.VecVirtual
	if v == avx512 {
		w = l512.log(u, nil)
	} else {
		w = l256.log(u, nil)
		// registers are few
		u = f.YMM()
		f.VMOVUPD(one, u)
		f.VADDPD(element(src), u, u)
	}
	z, lost := f.reg(v), f.reg(v)
	f.VMOVUPD(element(src), z)
	f.VSUBPD(one, u, lost)
	f.VSUBPD(lost, z, lost)
	f.VDIVPD(u, lost, lost) // what 1 + z lost
	f.VADDPD(lost, w, w)
	if v == avx512 {
		k := f.K()
		f.KXNORB(k, k, k)
		f.VCMPPD(operand.Imm(greater), f.fillFloat(v, sumLeast64), z, k, k)
		f.VCMPPD(operand.Imm(less), f.fillFloat(v, sumMost64), z, k, k)
		f.KNOTB(k, k)
		f.VBROADCASTSD(f.words(nanBits), k, w)
	} else {
		ok, is := f.YMM(), f.YMM()
		f.VCMPPD(operand.Imm(greater), f.fillFloat(v, sumLeast64), z, ok)
		f.VCMPPD(operand.Imm(less), f.fillFloat(v, sumMost64), z, is)
		f.VANDPD(is, ok, ok)
		f.VBLENDVPD(ok, w, f.fillIn(v, nanBits), w)
	}
	f.VMOVUPD(w, element(dst))
	f.ADDQ(operand.Imm(uint64(v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// The bounds of ../softmax64.go.
const sumLeast64, sumMost64 = 1e-285, 1e300

// divergence generates the sum of the terms of a Kullback-Leibler divergence.
func divergence(f *file, v vector, size int) {
	ps := f.Load(f.Param("p").Base(), f.GP64())
	n := f.Load(f.Param("p").Len(), f.GP64())
	qs := f.Load(f.Param("q").Base(), f.GP64())
	by := f.Load(f.Param("by"), f.GP64())
	e := newExp64(f, v)
	lanes := v.lanes()
	acc := f.reg(v)
	f.VXORPD(acc.AsX(), acc.AsX(), acc.AsX())
	a, d := f.reg(v), f.reg(v)
	byReg := func(j int) reg.VecVirtual {
		r := f.reg(v)
		f.VBROADCASTSD(at(by, 8*j), r)
		return r
	}
	var k reg.OpmaskVirtual // lanes that exist, AVX-512
	count := f.GP64()
	if v == avx512 {
		k = f.K()
		f.KXNORB(k, k, k)
	}
	f.MOVQ(operand.U32(uint32(lanes)), count)

	f.Label("loop")
	f.CMPQ(n, operand.Imm(uint64(lanes)))
	f.JLT(operand.LabelRef("last"))
	e.load(size, ps, nil, 0, a)
	e.load(size, qs, nil, 0, d)
	f.Label("loaded")
	f.VSUBPD(byReg(0), a, a)
	f.VSUBPD(byReg(1), d, d)
	f.VSUBPD(d, a, d)
	f.VSUBPD(byReg(2), d, d) // log p/q

	// exp(-d) - 1 + d; where n = 0 the sum from the second power on.
	y, r2 := f.reg(v), f.reg(v)
	f.VSUBPD(d, f.zeros(v), y)
	var isZero reg.OpmaskVirtual
	var isZero256 reg.VecVirtual
	if v == avx512 {
		isZero = f.K()
	} else {
		isZero256 = f.YMM()
	}
	bits, number, term := e.parts([]reg.VecVirtual{y}, func(_ int, n reg.VecVirtual) {
		if v == avx512 {
			f.VCMPPD(operand.Imm(equal), n, f.zeros(v), isZero)
		} else {
			f.VCMPPD(operand.Imm(equal), n, f.zeros(v), isZero256)
		}
	})
	big := f.reg(v)
	f.VMOVAPD(term[0], big)
	f.VFMADD213PD(e.constant(1), y, big)
	f.VFMADD213PD(e.constant(1), y, big)
	e.scale(big, bits[0], number[0], nil, big)
	f.VSUBPD(e.constant(1), big, big)
	f.VADDPD(d, big, big)
	f.VMULPD(y, y, r2)
	f.VMULPD(r2, term[0], term[0])
	if v == avx512 {
		f.VBLENDMPD(term[0], big, isZero, term[0])
	} else {
		f.VBLENDVPD(isZero256, term[0], big, term[0])
	}
	ea := f.reg(v)
	f.VMOVAPD(a, ea)
	e.exp([]reg.VecVirtual{ea}, nil)
	f.VMULPD(ea, term[0], term[0])

	// Where q is far above p, or both are nothing, q - p + p·d instead.
	rare := f.GP32()
	var other reg.OpmaskVirtual
	var other256 reg.VecVirtual
	if v == avx512 {
		other = f.K()
		f.VCMPPD(operand.Imm(notGreaterOrEqual), f.fillFloat(v, alternate), d, other)
		f.KORTESTB(other, other)
	} else {
		other256 = f.YMM()
		f.VCMPPD(operand.Imm(notGreaterOrEqual), f.fillFloat(v, alternate), d, other256)
		f.VMOVMSKPD(other256, rare)
		f.TESTL(rare, rare)
	}
	f.JNE(operand.LabelRef("other"))
	f.Label("add")
	if v == avx512 {
		f.VADDPD(term[0], acc, k, acc)
	} else {
		f.VADDPD(term[0], acc, acc)
	}
	f.LEAQ(operand.Mem{Base: ps, Index: count, Scale: uint8(size)}, ps)
	f.LEAQ(operand.Mem{Base: qs, Index: count, Scale: uint8(size)}, qs)
	f.SUBQ(operand.Imm(uint64(lanes)), n)
	f.JMP(operand.LabelRef("loop"))

	// The last lanes; the others are as if of -Inf.
	f.Label("last")
	f.TESTQ(n, n)
	f.JLE(operand.LabelRef("done"))
	if v == avx512 {
		ones := f.GP64()
		f.MOVQ(operand.U32(0xff), ones)
		f.BZHIQ(n, ones, ones)
		f.KMOVB(ones.As32(), k)
		e.loadSome(size, at(ps, 0), k, a)
		e.loadSome(size, at(qs, 0), k, d)
	} else {
		m, wide, none := f.XMM(), f.YMM(), f.YMM()
		f.VPCMPGTD(f.lanes32(0), f.spread32(n.(reg.GPVirtual)), m)
		e.loadSome(size, at(ps, 0), m, a)
		e.loadSome(size, at(qs, 0), m, d)
		f.VPMOVSXDQ(m, wide)
		f.VMOVUPD(f.fillFloat(v, math.Inf(-1)), none)
		f.VBLENDVPD(wide, a, none, a)
		f.VBLENDVPD(wide, d, none, d)
	}
	f.JMP(operand.LabelRef("loaded"))

	f.Label("other")
	b := f.reg(v) // from memory again: registers are few
	if v == avx512 {
		e.loadSome(size, at(qs, 0), k, b)
	} else {
		m, wide, none := f.XMM(), f.YMM(), f.YMM()
		f.VPCMPGTD(f.lanes32(0), f.spread32(n.(reg.GPVirtual)), m)
		e.loadSome(size, at(qs, 0), m, b)
		f.VPMOVSXDQ(m, wide)
		f.VMOVUPD(f.fillFloat(v, math.Inf(-1)), none)
		f.VBLENDVPD(wide, b, none, b)
	}
	f.VSUBPD(byReg(1), b, b)
	// Both exponentials, 0 below the least.
	zeroBelow := func(x, by reg.VecVirtual) {
		if v == avx512 {
			m := f.K()
			f.VCMPPD(operand.Imm(greaterOrEqual), e.constant(least64), by, m)
			f.VMOVAPD_Z(x, m, x)
		} else {
			m := f.YMM()
			f.VCMPPD(operand.Imm(greaterOrEqual), e.constant(least64), by, m)
			f.VANDPD(m, x, x)
		}
	}
	zeroBelow(ea, a)
	eb := f.reg(v)
	f.VMOVAPD(b, eb)
	e.exp([]reg.VecVirtual{eb}, nil)
	zeroBelow(eb, b)
	f.VMULPD(byReg(3), eb, eb)
	f.VSUBPD(ea, eb, eb)
	finite := f.reg(v)
	f.VMOVUPD(f.fillFloat(v, -math.MaxFloat64), finite)
	f.VMAXPD(finite, d, finite) // of NaN and a number the first
	f.VFMADD231PD(finite, ea, eb)
	if v == avx512 {
		f.VMOVAPD(eb, other, term[0])
	} else {
		f.VBLENDVPD(other256, eb, term[0], term[0])
	}
	f.JMP(operand.LabelRef("add"))

	f.Label("done")
	ret := f.total(v, acc)
	f.Store(ret, f.ReturnIndex(0))
	f.VZEROUPPER()
	f.RET()
}
