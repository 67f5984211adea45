package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp computes exponentials of float32, 16 or 8 at a time:
//
//	exp x = 2^n·P(x - n·ln 2), n the integer nearest to x·log₂e
//
// of x from -87 up, with P of degree 6 (2e-9 relative before rounding). Shifted,
// it computes 2^-k·exp x, for x from k·ln 2 - 87 up.
type exp struct {
	*file
	v       vector
	shifted bool
	k       reg.VecVirtual // shifted: k as float32 (AVX-512) or k<<23 (AVX2)
	low     operand.Op     // the least x
	fixed   map[float32]reg.VecVirtual
}

var expPoly = [7]float32{1, 1, 0.49999994, 0.16666432, 0.041668002, 0.008374163, 0.0013843644}

const (
	log2e    = math.Log2E
	ln2Hi32  = 0x1.62e43p-1
	ln2Lo32  = -0x1.05c610ca86c39p-29
	magic32  = 0x1.8p23
	leastExp = -87
	mostExp  = 88
)

func newExp(f *file, v vector) *exp {
	e := &exp{file: f, v: v, fixed: map[float32]reg.VecVirtual{}}
	if v == avx512 {
		for _, c := range append([]float32{log2e, magic32, ln2Hi32, ln2Lo32, leastExp}, expPoly[1:]...) {
			if e.fixed[c] == nil {
				e.fixed[c] = f.ZMM()
				f.VBROADCASTSS(f.float32s(v, c), e.fixed[c])
			}
		}
	}
	e.low = e.constant(leastExp)
	return e
}

// keep has constants in registers from here on, for AVX2, where otherwise each use
// of one is a load.
func (e *exp) keep(constants ...float32) {
	for _, c := range constants {
		e.fixed[c] = e.YMM()
		e.VMOVAPS(e.float32s(e.v, c), e.fixed[c])
	}
	e.low = e.constant(leastExp)
}

// shift makes e shifted by the integer k, a float32 in memory.
func (e *exp) shift(k operand.Op) {
	e.shifted = true
	e.k = e.reg(e.v)
	e.VBROADCASTSS(k, e.k)
	low := e.reg(e.v)
	e.VMOVAPS(e.constant(leastExp), low)
	e.VFMADD231PS(e.constant(ln2Hi32), e.k, low)
	e.low = low
	if e.v == avx2 {
		e.VCVTPS2DQ(e.k, e.k)
		e.VPSLLD(operand.Imm(23), e.k, e.k)
	}
}

func (e *exp) constant(c float32) operand.Op {
	if r, ok := e.fixed[c]; ok {
		return r
	}
	return e.float32s(e.v, c)
}

// magic is added to round; for AVX2 it leaves the exponent bits of 2^n lowest.
func (e *exp) magic() float32 {
	if e.v == avx2 {
		return magic32 + 127
	}
	return magic32
}

// exp sets x to its exponential. For AVX2, x beyond 88 is taken as 88. If mask
// is not nil the lanes without it are set to 0.
func (e *exp) exp(x []reg.VecVirtual, mask []reg.OpmaskVirtual) {
	var t, p []reg.VecVirtual
	for range x {
		t = append(t, e.reg(e.v))
		p = append(p, e.reg(e.v))
	}
	each := func(op func(j int)) {
		for j := range x {
			op(j)
		}
	}
	// Of a NaN and a number, the first operand of a maximum is the result in
	// Go's order: that has to be x.
	each(func(j int) {
		low := e.reg(e.v)
		if r, ok := e.low.(reg.VecVirtual); ok {
			low = r
		} else {
			e.VMOVAPS(e.low, low)
		}
		e.VMAXPS(x[j], low, x[j])
	})
	if e.v == avx2 && !e.shifted {
		each(func(j int) {
			high := e.fixed[mostExp]
			if high == nil {
				high = e.reg(e.v)
				e.VMOVAPS(e.constant(mostExp), high)
			}
			e.VMINPS(x[j], high, x[j])
		})
	}
	each(func(j int) {
		e.VMOVAPS(e.constant(log2e), t[j])
		e.VFMADD213PS(e.constant(e.magic()), x[j], t[j])
	})
	n := make([]reg.VecVirtual, len(x))
	each(func(j int) {
		n[j] = t[j]
		if e.v == avx2 {
			n[j] = p[j] // t keeps the bits of 2^n
		}
		e.VSUBPS(e.constant(e.magic()), t[j], n[j])
		e.VFNMADD231PS(e.constant(ln2Hi32), n[j], x[j])
	})
	each(func(j int) { e.VFNMADD231PS(e.constant(ln2Lo32), n[j], x[j]) })
	each(func(j int) { e.VMOVAPS(e.constant(expPoly[6]), p[j]) })
	for d := 5; d >= 0; d-- {
		each(func(j int) { e.VFMADD213PS(e.constant(expPoly[d]), x[j], p[j]) })
	}
	each(func(j int) {
		if e.v == avx2 {
			e.VPSLLD(operand.Imm(23), t[j], t[j])
			if e.shifted {
				e.VPSUBD(e.k, t[j], t[j])
			}
			e.VMULPS(t[j], p[j], x[j]) // an integer addition would lose NaNs
			return
		}
		if e.shifted {
			e.VSUBPS(e.k, n[j], n[j])
		}
		if mask != nil {
			e.VSCALEFPS_Z(n[j], p[j], mask[j], x[j])
		} else {
			e.VSCALEFPS(n[j], p[j], x[j])
		}
	})
}

func exps(f *file) {
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		f.function("expSums"+tier, "func(sums []float64, x []float32, classes int, targets []int)",
			"expSums"+tier+" is expSums, to 2.5e-7, where the sums are within 1e-24 and 1e37; elsewhere the sums are outside that too, or NaN.")
		expSums(f, v, false, float32s)
		f.function("expFew"+tier, "func(sums []float64, x []float32, classes int, targets []int)",
			"expFew"+tier+" is expSums"+tier+" for up to 16 classes.")
		expFew(f, v)
		f.function("scaleExps"+tier, "func(dst, x []float32, classes int, k, factor []float32)",
			"scaleExps"+tier+" sets each row of dst to factor·2^-k·exp x, or 0 for x below k·ln 2 - 87. There are as many rows, of classes elements each, as k and factor have elements; x is at most k·ln 2 + 1.")
		scaleExps(f, v)
		f.function("finish"+tier, "func(dst, sums, at []float64)",
			"finish"+tier+" is finishPlain, for a multiple of 8 rows.")
		finish(f, v)
		f.function("expSumShifted"+tier, "func(sums []float64, x []float32, classes int, targets []int, k float32)",
			"expSumShifted"+tier+" is expSums with 2^-k·exp x, for x up to k·ln 2 + 1.")
		expSums(f, v, true, float32s)
		if v == avx512 {
			for _, of := range []stored{bfloat16s, float16s} {
				f.function("expSums"+of.name+tier, "func(sums []float64, x []uint16, classes int, targets []int)",
					"expSums"+of.name+tier+" is expSums"+tier+" of numbers of "+of.format+".")
				expSums(f, v, false, of)
			}
		}
	}
}

// stored is how numbers lie in memory; those of 16 bits are for AVX-512 alone.
type stored struct {
	name, format string
	size         int
	load         func(f *file, m operand.Mem, k reg.OpmaskVirtual, x reg.VecVirtual) // k may be nil
}

var (
	float32s = stored{size: 4, load: func(f *file, m operand.Mem, k reg.OpmaskVirtual, x reg.VecVirtual) {
		if k == nil {
			f.VMOVUPS(m, x)
		} else {
			f.VMOVUPS_Z(m, k, x)
		}
	}}
	bfloat16s = stored{"BFloat16", "bfloat16", 2, func(f *file, m operand.Mem, k reg.OpmaskVirtual, x reg.VecVirtual) {
		if k == nil {
			f.VPMOVZXWD(m, x)
		} else {
			f.VPMOVZXWD_Z(m, k, x)
		}
		f.VPSLLD(operand.Imm(16), x, x)
	}}
	float16s = stored{"Float16", "binary16", 2, func(f *file, m operand.Mem, k reg.OpmaskVirtual, x reg.VecVirtual) {
		if k == nil {
			f.VCVTPH2PS(m, x)
		} else {
			f.VCVTPH2PS_Z(m, k, x)
		}
	}}
)

// expSums generates the sums of the exponentials of rows.
func expSums(f *file, v vector, shifted bool, of stored) {
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	rows := f.Load(f.Param("sums").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("classes"), f.GP64())
	targets := f.Load(f.Param("targets").Base(), f.GP64())
	e := newExp(f, v)
	if shifted {
		k, err := f.Param("k").Resolve()
		if err != nil {
			panic(err)
		}
		e.shift(k.Addr)
	} else if v == avx2 {
		e.keep(leastExp, mostExp, e.magic(), ln2Hi32, ln2Lo32, 1)
	}
	per := v.bytes / 4 // values in a register
	step := 4 * per
	acc := []reg.VecVirtual{f.reg(v), f.reg(v)}
	i, target, targetStep, left := f.GP64(), f.GP64(), f.GP64(), f.GP64()

	// add adds a register, widened, to the two of acc.
	add := func(x reg.VecVirtual) {
		wide := f.reg(v)
		if v == avx512 {
			high := f.YMM()
			f.VEXTRACTF64X4(operand.Imm(1), x, high)
			f.VCVTPS2PD(x.AsY(), wide)
			f.VADDPD(wide, acc[0], acc[0])
			f.VCVTPS2PD(high, wide)
		} else {
			high := f.XMM()
			f.VEXTRACTF128(operand.Imm(1), x, high)
			f.VCVTPS2PD(x.AsX(), wide)
			f.VADDPD(wide, acc[0], acc[0])
			f.VCVTPS2PD(high, wide)
		}
		f.VADDPD(wide, acc[1], acc[1])
	}
	// stepOf adds two or four registers that load loads and exp turns into
	// exponentials: for AVX2 two at a time, for want of registers.
	stepOf := func(many int, load func(j int, x reg.VecVirtual), exp func(x []reg.VecVirtual)) {
		var total reg.VecVirtual
		atOnce := many
		if v == avx2 {
			atOnce = 2
		}
		for from := 0; from < many; from += atOnce {
			var x []reg.VecVirtual
			for j := range atOnce {
				x = append(x, f.reg(v))
				load(from+j, x[j])
			}
			exp(x)
			for j := 0; j < atOnce; j += 2 {
				f.VADDPS(x[j+1], x[j], x[j])
			}
			if atOnce == 4 {
				f.VADDPS(x[2], x[0], x[0])
			}
			if from > 0 {
				f.VADDPS(x[0], total, total)
			} else {
				total = x[0]
			}
		}
		add(total)
	}

	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("done"))
	f.MOVQ(at(targets, 0), target)
	f.MOVQ(target, targetStep)
	f.ANDQ(operand.I8(int8(-step)), targetStep)
	for _, a := range acc {
		f.VXORPD(a.AsX(), a.AsX(), a.AsX())
	}
	f.XORQ(i, i)
	f.CMPQ(n, operand.U32(uint32(step)))
	f.JLT(operand.LabelRef("last"))

	f.Label("loop")
	f.CMPQ(i, targetStep)
	f.JEQ(operand.LabelRef("part"))
	element := operand.Mem{Base: src, Index: i, Scale: uint8(of.size)}
	f.prefetch(v, element, step*of.size)
	stepOf(4, func(j int, x reg.VecVirtual) {
		of.load(f, element.Offset(per*of.size*j), nil, x)
	}, func(x []reg.VecVirtual) { e.exp(x, nil) })
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
	f.prefetchAhead(element, step*of.size)
	f.MOVQ(n, left)
	f.SUBQ(i, left)
	var some func(many int) // adds that many registers
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
		some = func(many int) {
			var k []reg.OpmaskVirtual
			stepOf(many, func(j int, x reg.VecVirtual) {
				k = append(k, f.K())
				f.KMOVW(mask.As32(), k[j])
				f.SHRQ(operand.Imm(16), mask)
				of.load(f, element.Offset(per*of.size*j), k[j], x)
			}, func(x []reg.VecVirtual) { e.exp(x, k) })
		}
	} else {
		// Lanes below left, but for the target, by comparison of their numbers.
		skip := f.GP64()
		f.MOVQ(target, skip)
		f.SUBQ(i, skip)
		limits := []reg.VecVirtual{f.YMM(), f.YMM()}
		for j, r := range []reg.Register{left, skip} {
			f.VMOVD(r.(reg.GPVirtual).As32(), limits[j].AsX())
			f.VPBROADCASTD(limits[j].AsX(), limits[j])
		}
		mask := func(j int) reg.VecVirtual {
			m, is, lane := f.YMM(), f.YMM(), f.laneNumbers(j)
			f.VPCMPGTD(lane, limits[0], m)
			f.VPCMPEQD(lane, limits[1], is)
			f.VPANDN(m, is, m)
			return m
		}
		some = func(many int) {
			stepOf(many, func(j int, x reg.VecVirtual) {
				m := mask(j)
				f.VMASKMOVPS(element.Offset(32*j), m, x)
				e.exp([]reg.VecVirtual{x}, nil)
				f.VANDPS(m, x, x)
			}, func([]reg.VecVirtual) {})
		}
	}
	f.CMPQ(left, operand.Imm(uint64(2*per)))
	f.JLE(operand.LabelRef("half"))
	some(4)
	f.JMP(operand.LabelRef("next"))
	f.Label("half")
	some(2)
	f.JMP(operand.LabelRef("next"))

	f.Label("rowDone")
	f.VADDPD(acc[1], acc[0], acc[0])
	if v == avx512 {
		high := f.YMM()
		f.VEXTRACTF64X4(operand.Imm(1), acc[0], high)
		f.VADDPD(high, acc[0].AsY(), acc[0].AsY())
	}
	high := f.XMM()
	f.VEXTRACTF128(operand.Imm(1), acc[0].AsY(), high)
	f.VADDPD(high, acc[0].AsX(), high)
	f.VHADDPD(high, high, high)
	f.VMOVSD(high, at(sums, 0))
	f.ADDQ(operand.Imm(8), sums)
	f.ADDQ(operand.Imm(8), targets)
	f.LEAQ(operand.Mem{Base: src, Index: n, Scale: uint8(of.size)}, src)
	f.JMP(operand.LabelRef("row"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// prefetch fetches so many bytes that will be wanted soon: between loads there is
// too much to compute for the processor to look as far ahead, or over the end of a
// page. For AVX2 it wins nothing.
func (f *file) prefetch(v vector, from operand.Mem, bytes int) {
	if v == avx512 {
		f.prefetchAhead(from, bytes)
	}
}

func (f *file) prefetchAhead(from operand.Mem, bytes int) {
	for line := 0; line < bytes; line += 64 {
		f.PREFETCHT0(from.Offset(4096 + line))
	}
}

// expFew generates the sums of the exponentials of short rows.
func expFew(f *file, v vector) {
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	rows := f.Load(f.Param("sums").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("classes"), f.GP64())
	targets := f.Load(f.Param("targets").Base(), f.GP64())
	e := newExp(f, v)
	acc := f.reg(v)
	all := f.GP64()
	var limit reg.VecVirtual
	if v == avx512 {
		f.MOVQ(operand.U32(0xffff), all)
		f.BZHIQ(n, all, all)
	} else {
		limit = f.YMM()
		f.VMOVD(n.(reg.GPVirtual).As32(), limit.AsX())
		f.VPBROADCASTD(limit.AsX(), limit)
	}
	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("done"))
	f.prefetchAhead(at(src, 0), 64)
	target := f.GP64()
	f.MOVQ(at(targets, 0), target)
	if v == avx512 {
		mask, k, x, high := f.GP64(), f.K(), f.ZMM(), f.YMM()
		f.MOVQ(all, mask)
		f.BTRQ(target, mask)
		f.KMOVW(mask.As32(), k)
		f.VMOVUPS_Z(at(src, 0), k, x)
		e.exp([]reg.VecVirtual{x}, []reg.OpmaskVirtual{k})
		f.VEXTRACTF64X4(operand.Imm(1), x, high)
		wide := f.ZMM()
		f.VCVTPS2PD(x.AsY(), acc)
		f.VCVTPS2PD(high, wide)
		f.VADDPD(wide, acc, acc)
		f.VEXTRACTF64X4(operand.Imm(1), acc, high)
		f.VADDPD(high, acc.AsY(), acc.AsY())
	} else {
		skip := f.YMM()
		f.VMOVD(target.As32(), skip.AsX())
		f.VPBROADCASTD(skip.AsX(), skip)
		f.VXORPD(acc, acc, acc)
		for j := range 2 {
			if j == 1 {
				f.CMPQ(n, operand.Imm(8))
				f.JLE(operand.LabelRef("fold"))
			}
			m, is, x, wide := f.YMM(), f.YMM(), f.YMM(), f.YMM()
			lane := f.laneNumbers(j)
			f.VPCMPGTD(lane, limit, m)
			f.VPCMPEQD(lane, skip, is)
			f.VPANDN(m, is, m)
			f.VMASKMOVPS(at(src, 32*j), m, x)
			e.exp([]reg.VecVirtual{x}, nil)
			f.VANDPS(m, x, x)
			high := f.XMM()
			f.VEXTRACTF128(operand.Imm(1), x, high)
			f.VCVTPS2PD(x.AsX(), wide)
			f.VADDPD(wide, acc, acc)
			f.VCVTPS2PD(high, wide)
			f.VADDPD(wide, acc, acc)
		}
		f.Label("fold")
	}
	high := f.XMM()
	f.VEXTRACTF128(operand.Imm(1), acc.AsY(), high)
	f.VADDPD(high, acc.AsX(), high)
	swapped := f.XMM()
	f.VPERMILPD(operand.Imm(1), high, swapped)
	f.VADDSD(swapped, high, high)
	f.VMOVSD(high, at(sums, 0))
	f.ADDQ(operand.Imm(8), sums)
	f.ADDQ(operand.Imm(8), targets)
	f.LEAQ(operand.Mem{Base: src, Index: n, Scale: 4}, src)
	f.JMP(operand.LabelRef("row"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// scaleExps generates exponentials that are stored.
func scaleExps(f *file, v vector) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	ks := f.Load(f.Param("k").Base(), f.GP64())
	rows := f.Load(f.Param("k").Len(), f.GP64())
	factors := f.Load(f.Param("factor").Base(), f.GP64())
	classes := f.Load(f.Param("classes"), f.GP64())
	n := f.GP64()
	e := newExp(f, v)
	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("end"))
	e.shift(at(ks, 0))
	factor := f.reg(v)
	f.VBROADCASTSS(at(factors, 0), factor)
	f.ADDQ(operand.Imm(4), ks)
	f.ADDQ(operand.Imm(4), factors)
	f.MOVQ(classes, n)
	per := v.bytes / 4
	low := e.low.(reg.VecVirtual)

	// some sets the exponentials of loaded registers, 0 where x is below low.
	some := func(x []reg.VecVirtual) {
		if v == avx512 {
			var k []reg.OpmaskVirtual
			for j := range x {
				k = append(k, f.K())
				f.VCMPPS(operand.Imm(greaterOrEqual), low, x[j], k[j])
			}
			e.exp(x, k)
		} else {
			var m []reg.VecVirtual
			for j := range x {
				m = append(m, f.YMM())
				f.VCMPPS(operand.Imm(greaterOrEqual), low, x[j], m[j])
			}
			e.exp(x, nil)
			for j := range x {
				f.VANDPS(m[j], x[j], x[j])
			}
		}
		for j := range x {
			f.VMULPS(factor, x[j], x[j])
		}
	}
	many := 4
	if v == avx2 {
		many = 2
	}
	f.Label("loop")
	f.CMPQ(n, operand.Imm(uint64(many*per)))
	f.JLT(operand.LabelRef("few"))
	var x []reg.VecVirtual
	for j := range many {
		x = append(x, f.reg(v))
		f.VMOVUPS(at(src, v.bytes*j), x[j])
	}
	some(x)
	for j := range x {
		f.VMOVUPS(x[j], at(dst, v.bytes*j))
	}
	f.ADDQ(operand.U32(uint32(many*v.bytes)), src)
	f.ADDQ(operand.U32(uint32(many*v.bytes)), dst)
	f.SUBQ(operand.Imm(uint64(many*per)), n)
	f.JMP(operand.LabelRef("loop"))

	f.Label("few")
	f.CMPQ(n, operand.Imm(0))
	f.JLE(operand.LabelRef("row"))
	few := f.GP64()
	f.MOVQ(operand.U32(uint32(per)), few)
	f.CMPQ(n, few)
	f.CMOVQLT(n, few)
	if v == avx512 {
		mask := f.GP64()
		f.MOVQ(operand.U32(0xffff), mask)
		f.BZHIQ(few, mask, mask)
		k := f.K()
		f.KMOVW(mask.As32(), k)
		f.VMOVUPS_Z(at(src, 0), k, x[0])
		some(x[:1])
		f.VMOVUPS(x[0], k, at(dst, 0))
	} else {
		limit, m := f.YMM(), f.YMM()
		f.VMOVD(n.As32(), limit.AsX())
		f.VPBROADCASTD(limit.AsX(), limit)
		f.VPCMPGTD(f.laneNumbers(0), limit, m)
		f.VMASKMOVPS(at(src, 0), m, x[0])
		some(x[:1])
		f.VMASKMOVPS(x[0], m, at(dst, 0))
	}
	f.LEAQ(operand.Mem{Base: src, Index: few, Scale: 4}, src)
	f.LEAQ(operand.Mem{Base: dst, Index: few, Scale: 4}, dst)
	f.SUBQ(few, n)
	f.JMP(operand.LabelRef("few"))
	f.Label("end")
	f.VZEROUPPER()
	f.RET()
}

// laneNumbers are the numbers of the lanes of the j-th register of 8.
func (f *file) laneNumbers(j int) operand.Mem {
	var numbers []uint64
	for k := range uint64(4) {
		numbers = append(numbers, uint64(8*j)+2*k|(uint64(8*j)+2*k+1)<<32)
	}
	return f.words(numbers...)
}

// wideExp are the coefficients of r² and up in ../softmax.go.
var wideExp = [6]float64{
	0x1.0000000b9847ep-1, 0x1.5555555a7c16bp-3, 0x1.5554e8d9c7d96p-5,
	0x1.1110e0de7be2bp-7, 0x1.6d4362097d81ap-10, 0x1.a125285dbcbf1p-13,
}

// finish generates the losses from the sums of exponentials.
func finish(f *file, v vector) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	n := f.Load(f.Param("dst").Len(), f.GP64())
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	xs := f.Load(f.Param("at").Base(), f.GP64())
	var l512 *log512
	var l256 *log256
	if v == avx512 {
		l512 = newLog512(f, false)
	} else {
		l256 = newLog256(f)
	}
	scratch := f.GP64()
	f.LEAQ(f.AllocLocal(32), scratch)
	i := f.GP64()
	f.XORQ(i, i)
	f.Label("loop")
	f.CMPQ(i, n)
	f.JGE(operand.LabelRef("done"))
	element := func(base reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 8} }
	constant := func(x float64) operand.Mem { return f.fillFloat(v, x) }

	// z = s·exp(-x)
	s, x := f.reg(v), f.reg(v)
	f.VMOVUPD(element(sums), s)
	f.VMOVUPD(element(xs), x)
	t, m, r, p, r2 := f.reg(v), f.reg(v), x, f.reg(v), f.reg(v)
	f.VMOVUPD(constant(-log2e), t)
	f.VFMADD213PD(constant(0x1.8p52), x, t)
	f.VSUBPD(constant(0x1.8p52), t, m)
	// r = -x - m·ln 2
	f.VFMADD231PD(constant(math.Ln2), m, r)
	f.VSUBPD(r, f.zeros(v), r)
	f.VMULPD(r, r, r2)
	f.VMOVUPD(constant(wideExp[5]), p)
	for j := 4; j >= 0; j-- {
		f.VFMADD213PD(constant(wideExp[j]), r, p)
	}
	f.VFMADD213PD(r, r2, p)
	f.VADDPD(constant(1), p, p)
	f.VPSLLQ(operand.Imm(52), t, t)
	f.VPADDQ(t, p, p)
	z, u := s, f.reg(v)
	f.VMULPD(p, z, z)
	f.VADDPD(constant(1), z, u)
	var w reg.VecVirtual
	if v == avx512 {
		w = l512.log(u, nil)
	} else {
		f.VMOVUPD(z, element(dst)) // registers are few
		f.VMOVUPD(u, at(scratch, 0))
		w = l256.log(u, nil)
		z, u = f.YMM(), f.YMM()
		f.VMOVUPD(element(dst), z)
		f.VMOVUPD(at(scratch, 0), u)
	}
	lost := f.reg(v)
	f.VSUBPD(constant(1), u, lost)
	f.VSUBPD(lost, z, z)
	f.VDIVPD(u, z, z)
	f.VADDPD(z, w, w)

	// Where the row does not fit this is rubbish, and NaN instead.
	s, x = f.reg(v), f.reg(v)
	f.VMOVUPD(element(sums), s)
	f.VMOVUPD(element(xs), x)
	tests := []struct {
		predicate uint64
		x         reg.Register
		than      float64
	}{{greater, s, sumLeast}, {less, s, sumMost}, {less, x, logitMost}, {greater, x, -logitMost}}
	if v == avx512 {
		k := f.K()
		f.KXNORB(k, k, k)
		for _, c := range tests {
			f.VCMPPD(operand.Imm(c.predicate), constant(c.than), c.x, k, k)
		}
		f.KNOTB(k, k)
		f.VBROADCASTSD(f.words(nanBits), k, w)
	} else {
		ok, is := f.YMM(), f.YMM()
		for i, c := range tests {
			if i == 0 {
				f.VCMPPD(operand.Imm(c.predicate), constant(c.than), c.x, ok)
				continue
			}
			f.VCMPPD(operand.Imm(c.predicate), constant(c.than), c.x, is)
			f.VANDPD(is, ok, ok)
		}
		f.VBLENDVPD(ok, w, f.fillIn(v, nanBits), w)
	}
	f.VMOVUPD(w, element(dst))
	f.ADDQ(operand.Imm(uint64(v.lanes())), i)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// fillIn is a register with one word in all lanes.
func (f *file) fillIn(v vector, w uint64) reg.VecVirtual {
	r := f.reg(v)
	f.VMOVUPD(f.fill(v, w), r)
	return r
}

func (f *file) zeros(v vector) reg.VecVirtual {
	r := f.reg(v)
	f.VXORPD(r.AsX(), r.AsX(), r.AsX())
	return r
}

// The bounds of ../softmax.go.
const (
	sumLeast, sumMost = 1e-24, 1e37
	logitMost         = 300
)
