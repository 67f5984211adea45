package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// judges generates the sums and the maximum of rows that judging them takes.
func judges(f *file) {
	const signature = "func(sums, squares, mosts []float64, x []float32, classes int, targets []int"
	for _, v := range []vector{avx512, avx2} {
		tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
		f.function("others"+tier, signature+")",
			"others"+tier+" is othersPlain, the exponentials good to 1.3e-7, where the sums are within 1e-24 and 1e37; elsewhere the sums are outside that too, or NaN.")
		(&judge{file: f, v: v}).generate(false)
		f.function("othersShifted"+tier, signature+", k float32)",
			"othersShifted"+tier+" is othersPlain with 2^-k·exp x, for x up to k·ln 2 + 1.")
		(&judge{file: f, v: v}).generate(true)
		f.function("exp"+tier, "func(dst, x []float64)", "exp"+tier+" is expPlain"+
			map[vector]string{avx512: ".", avx2: ", for a multiple of 4 values."}[v])
		fineExps(f, v)
	}
}

// judge is the state of the loops over rows and over the values of a row. The
// exponentials are added up in float64, and so are their squares: those of
// float32 would overflow, or fall below the normal numbers, too early.
type judge struct {
	*file
	v            vector
	e            *exp
	sum, squares []reg.VecVirtual
	most         reg.VecVirtual
}

func (g *judge) generate(shifted bool) {
	f, v := g.file, g.v
	sums := f.Load(f.Param("sums").Base(), f.GP64())
	rows := f.Load(f.Param("sums").Len(), f.GP64())
	squares := f.Load(f.Param("squares").Base(), f.GP64())
	mosts := f.Load(f.Param("mosts").Base(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("classes"), f.GP64())
	targets := f.Load(f.Param("targets").Base(), f.GP64())
	g.e = newExp(f, v)
	if shifted {
		k, err := f.Param("k").Resolve()
		if err != nil {
			panic(err)
		}
		g.e.shift(k.Addr)
	}
	for range 2 {
		g.sum = append(g.sum, f.reg(v))
		g.squares = append(g.squares, f.reg(v))
	}
	g.most = f.reg(v)
	per := v.bytes / 4
	many := 4
	if v == avx2 {
		many = 2 // registers are few
	}
	var x []reg.VecVirtual
	for range many {
		x = append(x, f.reg(v))
	}
	// The distance to the target from the value that is next, and the values left.
	ahead, left, room := f.GP64(), f.GP64(), f.GP64()

	f.Label("row")
	f.SUBQ(operand.Imm(1), rows)
	f.JLT(operand.LabelRef("done"))
	f.MOVQ(at(targets, 0), ahead)
	f.MOVQ(n, left)
	for _, r := range append(append([]reg.VecVirtual{}, g.sum...), g.squares...) {
		f.VXORPD(r.AsX(), r.AsX(), r.AsX())
	}
	w := uint64(math.Float32bits(float32(math.Inf(-1))))
	f.VBROADCASTSS(f.words(w<<32|w), g.most)

	// Many registers, where there are as many values left and the target is not
	// among them; else one, or a part of one, without the target.
	f.Label("loop")
	f.CMPQ(left, operand.U32(uint32(many*per)))
	f.JLT(operand.LabelRef("few"))
	f.CMPQ(ahead, operand.U32(uint32(many*per)))
	f.JCS(operand.LabelRef("few"))
	for j := range x {
		f.VMOVUPS(at(src, v.bytes*j), x[j])
		f.VMAXPS(x[j], g.most, g.most)
	}
	f.prefetch(v, at(src, 0), many*v.bytes)
	g.e.exp(x, nil)
	for j := range x {
		g.add(x[j])
	}
	f.ADDQ(operand.U32(uint32(many*v.bytes)), src)
	f.SUBQ(operand.U32(uint32(many*per)), left)
	f.SUBQ(operand.U32(uint32(many*per)), ahead)
	f.JMP(operand.LabelRef("loop"))

	f.Label("few")
	f.prefetchAhead(at(src, 0), v.bytes)
	f.MOVQ(operand.U32(uint32(per)), room)
	f.CMPQ(left, room)
	f.CMOVQLT(left, room)
	f.CMPQ(room, operand.Imm(0))
	f.JLE(operand.LabelRef("rowDone"))
	if v == avx512 {
		mask, k := f.GP64(), f.K()
		f.MOVQ(operand.U32(0xffff), mask)
		f.BZHIQ(room, mask, mask)
		f.CMPQ(ahead, operand.Imm(16))
		f.JCC(operand.LabelRef("masked"))
		f.BTRQ(ahead, mask)
		f.Label("masked")
		f.KMOVW(mask.As32(), k)
		f.VMOVUPS_Z(at(src, 0), k, x[0])
		f.VMAXPS(x[0], g.most, k, g.most)
		g.e.exp(x[:1], []reg.OpmaskVirtual{k})
	} else {
		limit, skip, m, bigger := f.YMM(), f.YMM(), f.YMM(), f.YMM()
		f.VMOVD(room.As32(), limit.AsX())
		f.VPBROADCASTD(limit.AsX(), limit)
		// Beyond 2^31 the lower half of the distance may look near; no row is so long.
		f.VMOVD(ahead.As32(), skip.AsX())
		f.VPBROADCASTD(skip.AsX(), skip)
		f.VPCMPGTD(f.laneNumbers(0), limit, m)
		f.VPCMPEQD(f.laneNumbers(0), skip, skip)
		f.VPANDN(m, skip, m)
		f.VMASKMOVPS(at(src, 0), m, x[0])
		f.VMAXPS(x[0], g.most, bigger)
		f.VBLENDVPS(m, bigger, g.most, g.most)
		g.e.exp(x[:1], nil)
		f.VANDPS(m, x[0], x[0])
	}
	g.add(x[0])
	f.LEAQ(operand.Mem{Base: src, Index: room, Scale: 4}, src)
	f.SUBQ(room, left)
	f.SUBQ(room, ahead)
	f.JMP(operand.LabelRef("loop"))

	f.Label("rowDone")
	for _, s := range []struct {
		acc []reg.VecVirtual
		to  reg.Register
	}{{g.sum, sums}, {g.squares, squares}} {
		f.VADDPD(s.acc[1], s.acc[0], s.acc[0])
		f.VMOVSD(g.down(s.acc[0], func(a, b reg.Register) { f.VADDPD(a, b, b) }, 8).AsX(), at(s.to, 0))
		f.ADDQ(operand.Imm(8), s.to)
	}
	m := g.down(g.most, func(a, b reg.Register) { f.VMAXPS(a, b, b) }, 4).AsX()
	f.VCVTSS2SD(m, m, m)
	f.VMOVSD(m, at(mosts, 0))
	f.ADDQ(operand.Imm(8), mosts)
	f.ADDQ(operand.Imm(8), targets)
	f.JMP(operand.LabelRef("row"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

// down folds the halves of a register, and their halves, into its lowest lane of
// so many bytes. With AVX-512 it may be any of the 32 registers.
func (g *judge) down(r reg.VecVirtual, op func(a, b reg.Register), size int) reg.VecVirtual {
	high := g.XMM()
	if g.v == avx512 {
		half := g.YMM()
		g.VEXTRACTF64X4(operand.Imm(1), r, half)
		op(half, r.AsY())
		g.VEXTRACTF64X2(operand.Imm(1), r.AsY(), high)
	} else {
		g.VEXTRACTF128(operand.Imm(1), r, high)
	}
	op(high, r.AsX())
	swapped := g.XMM()
	g.VPERMILPD(operand.Imm(1), r.AsX(), swapped)
	op(swapped, r.AsX())
	if size == 4 {
		swapped = g.XMM()
		g.VPERMILPS(operand.Imm(1), r.AsX(), swapped)
		op(swapped, r.AsX())
	}
	return r
}

// add adds the exponentials of a register, and their squares.
func (g *judge) add(x reg.VecVirtual) {
	for h := range 2 {
		wide := g.reg(g.v)
		if g.v == avx512 {
			half := x.AsY()
			if h == 1 {
				high := g.YMM()
				g.VEXTRACTF64X4(operand.Imm(1), x, high)
				half = high
			}
			g.VCVTPS2PD(half, wide)
		} else {
			half := x.AsX()
			if h == 1 {
				high := g.XMM()
				g.VEXTRACTF128(operand.Imm(1), x, high)
				half = high
			}
			g.VCVTPS2PD(half, wide)
		}
		g.VADDPD(wide, g.sum[h], g.sum[h])
		g.VFMADD231PD(wide, wide, g.squares[h]) // the product is exact
	}
}

// finePoly are the coefficients of r² and up in ../judge64.go.
var finePoly = [10]float64{
	0x1.0000000000001p-1, 0x1.5555555555556p-3, 0x1.5555555553d63p-5, 0x1.11111111109b3p-7, 0x1.6c16c1788bd90p-10,
	0x1.a01a01a7c41d5p-13, 0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22, 0x1.af38a9b0ec855p-26,
}

const fineLeast, fineMost = -708, 709

// fineExps generates exponentials of float64, each step as in fineExp of
// ../judge64.go.
func fineExps(f *file, v vector) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	n := f.Load(f.Param("dst").Len(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	constants := map[float64]operand.Op{}
	constant := func(x float64) operand.Op {
		if constants[x] == nil {
			constants[x] = f.fillFloat(v, x)
			if v == avx512 {
				constants[x] = f.fixedFloat(v, x)
			}
		}
		return constants[x]
	}
	// fma sets p to a·p + c.
	fma := func(a reg.VecVirtual, p reg.VecVirtual, c float64) { f.VFMADD213PD(constant(c), a, p) }
	// linear is a·r + b.
	linear := func(r reg.VecVirtual, a, b float64) reg.VecVirtual {
		p := f.reg(v)
		f.VMOVUPD(constant(a), p)
		fma(r, p, b)
		return p
	}
	all := append([]float64{fineMost, log2e, 0x1.8p52, -ln2Hi, -ln2Lo, fineLeast, 1}, finePoly[:]...)
	for _, c := range all {
		constant(c)
	}
	per := uint64(v.lanes())
	var k reg.OpmaskVirtual
	if v == avx512 {
		k = f.K()
		f.KXNORB(k, k, k)
	}
	f.Label("loop")
	f.CMPQ(n, operand.Imm(per))
	f.JLT(operand.LabelRef("last"))
	f.Label("some")
	x, y, t, m, r2, r4 := f.reg(v), f.reg(v), f.reg(v), f.reg(v), f.reg(v), f.reg(v)
	if v == avx512 {
		f.VMOVUPD_Z(at(src, 0), k, x)
	} else {
		f.VMOVUPD(at(src, 0), x)
	}
	// Of a NaN and a number the first operand is the minimum, in Go's order.
	f.VMOVUPD(constant(fineMost), y)
	f.VMINPD(x, y, y)
	f.VMOVUPD(constant(log2e), t)
	f.VFMADD213PD(constant(0x1.8p52), y, t)
	f.VSUBPD(constant(0x1.8p52), t, m)
	r := y
	f.VFMADD231PD(constant(-ln2Hi), m, r)
	f.VFMADD231PD(constant(-ln2Lo), m, r)
	f.VMULPD(r, r, r2)
	f.VMULPD(r2, r2, r4)
	p0, p1 := linear(r, finePoly[1], finePoly[0]), linear(r, finePoly[3], finePoly[2])
	f.VFMADD231PD(p1, r2, p0)
	p4, p5 := linear(r, finePoly[5], finePoly[4]), linear(r, finePoly[7], finePoly[6])
	f.VFMADD231PD(p5, r2, p4)
	f.VFMADD231PD(linear(r, finePoly[9], finePoly[8]), r4, p4)
	f.VFMADD231PD(p4, r4, p0)
	f.VFMADD213PD(r, r2, p0)
	f.VADDPD(constant(1), p0, p0)
	if v == avx512 {
		keep := f.K()
		f.VCMPPD(operand.Imm(notLess), constant(fineLeast), x, keep)
		f.VSCALEFPD_Z(m, p0, keep, p0)
		f.VMOVUPD(p0, k, at(dst, 0))
	} else {
		f.VPSLLQ(operand.Imm(52), t, t)
		f.VPADDQ(t, p0, p0)
		keep, nan := f.YMM(), f.YMM()
		f.VCMPPD(operand.Imm(notLess), constant(fineLeast), x, keep)
		f.VANDPD(keep, p0, p0)
		f.VCMPPD(operand.Imm(isNaN), x, x, nan)
		f.VBLENDVPD(nan, x, p0, p0)
		f.VMOVUPD(p0, at(dst, 0))
	}
	f.ADDQ(operand.Imm(uint64(v.bytes)), src)
	f.ADDQ(operand.Imm(uint64(v.bytes)), dst)
	f.SUBQ(operand.Imm(per), n)
	f.JMP(operand.LabelRef("loop"))
	f.Label("last")
	if v == avx512 {
		f.CMPQ(n, operand.Imm(0))
		f.JLE(operand.LabelRef("done"))
		mask := f.GP64()
		f.MOVQ(operand.U32(0xff), mask)
		f.BZHIQ(n, mask, mask)
		f.KMOVW(mask.As32(), k)
		f.JMP(operand.LabelRef("some"))
		f.Label("done")
	}
	f.VZEROUPPER()
	f.RET()
}

// isNaN is the comparison of a number with itself that NaN passes.
const isNaN = 0x03
