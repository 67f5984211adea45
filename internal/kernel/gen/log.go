package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of ../log.go, which explains them.
const (
	logOffset = 0x3ff0000000000000 - 6<<48 - 1<<47

	ln2Hi = 0x1.62e42fefa38p-1
	ln2Lo = 0x1.ef35793c7673p-45
)

var logTable = [16][3]float64{
	{0x1.3cp+0, -0x1.af3c94e80cp-3, 0x1.a4e633fcd9066p-52},
	{0x1.3p+0, -0x1.5ff3070a7ap-3, 0x1.8586f183bebf2p-44},
	{0x1.24p+0, -0x1.0d77e7cd08p-3, -0x1.cb2cd2ee2f482p-44},
	{0x1.1ap+0, -0x1.8c345d6318p-4, -0x1.b20f5acb42a66p-44},
	{0x1.12p+0, -0x1.16536eea38p-4, 0x1.47c5e768fa309p-46},
	{0x1.08p+0, -0x1.f829b0e78p-6, -0x1.980267c7e09e4p-45},
	{0x1p+0, 0, 0},
	{0x1.ep-1, 0x1.08598b59e4p-4, -0x1.7e5dd7009902cp-46},
	{0x1.c8p-1, 0x1.da72763844p-4, 0x1.a89401fa71733p-46},
	{0x1.bp-1, 0x1.5bf406b544p-3, -0x1.27023eb68981cp-46},
	{0x1.98p-1, 0x1.d1037f2656p-3, -0x1.84a7e75b6f6e4p-47},
	{0x1.88p-1, 0x1.1178e8227ep-2, 0x1.1ef78ce2d07f2p-44},
	{0x1.74p-1, 0x1.4718dc271cp-2, 0x1.06c18fb4c14c5p-44},
	{0x1.64p-1, 0x1.741d876c68p-2, -0x1.13a7b5b11cfa7p-44},
	{0x1.54p-1, 0x1.a33440225p-2, -0x1.61cdd40314305p-44},
	{0x1.48p-1, 0x1.c7ff9c7455p-2, 0x1.324911f56db29p-44},
}

var logPoly = [8]float64{
	0x1.5555555555547p-2,
	-0x1.ffffffffff8e6p-3,
	0x1.9999999a74ef2p-3,
	-0x1.55555566985adp-3,
	0x1.249238f8b7958p-3,
	-0x1.fffeb7f8eece4p-4,
	0x1.c7e079e1f4757p-4,
	-0x1.9d3cb49915e62p-4,
}

// Bits of float64 values.
const (
	signBit   = 1 << 63
	infBits   = 0x7ff << 52
	nanBits   = 0x7ff8000000000001 // math.NaN()
	maxBits   = infBits - 1
	minNormal = 1 << 52
	exponents = 0xfff << 52
)

func column(j int) (c []uint64) {
	for _, row := range logTable {
		c = append(c, math.Float64bits(row[j]))
	}
	return c
}

// log512 computes logarithms of 8 values at a time.
type log512 struct {
	f            *file
	negative     bool // computes 0 - log x
	ln2hi, ln2lo reg.VecVirtual
	table        [3][2]reg.VecVirtual
	poly         [8]reg.VecVirtual
}

func newLog512(f *file, negative bool) *log512 {
	l := &log512{f: f, negative: negative}
	l.ln2hi = f.fixedFloat(avx512, ln2Hi)
	l.ln2lo = f.fixedFloat(avx512, ln2Lo)
	for j := range l.table {
		words := column(j)
		if j == 1 && negative {
			for k := range words {
				if words[k] != 0 {
					words[k] ^= signBit
				}
			}
		}
		m := f.words(words...)
		for h := range 2 {
			l.table[j][h] = f.reg(avx512)
			f.VMOVUPD(m.Offset(64*h), l.table[j][h])
		}
	}
	for j, c := range logPoly {
		l.poly[j] = f.fixedFloat(avx512, c)
	}
	return l
}

// strange sets k where x is not positive, normal and finite.
func (l *log512) strange(x reg.Register, k reg.OpmaskVirtual) {
	// All classes that there are: NaN, zero, infinite, subnormal, negative.
	l.f.VFPCLASSPDZ(operand.Imm(0xff), x, k)
}

// log is the logarithm of positive, normal, finite x; k, if there is one, is
// added to the exponents.
func (l *log512) log(x reg.Register, bias reg.Register) reg.VecVirtual {
	f := l.f
	t, k, z := f.ZMM(), f.ZMM(), f.ZMM()
	f.VPSUBQ_BCST(f.words(logOffset), x, t)
	f.VPSRAQ(operand.Imm(52), t, k)
	f.VCVTQQ2PD(k, k)
	if bias != nil {
		f.VADDPD(bias, k, k)
	}
	f.VPANDQ_BCST(f.words(exponents), t, z)
	f.VPSUBQ(z, x, z)
	f.VPSRLQ(operand.Imm(48), t, t)
	var c [3]reg.VecVirtual
	for j := range c {
		c[j] = f.ZMM()
		if j < 2 {
			f.VMOVDQA64(t, c[j])
		} else {
			c[j] = t
		}
		f.VPERMI2PD(l.table[j][1], l.table[j][0], c[j])
	}
	r := z
	f.VFMADD213PD_BCST(f.words(math.Float64bits(-1)), c[0], r) // z·c - 1
	hi := c[1]
	w, lo := f.ZMM(), hi
	f.VFMADD231PD(l.ln2lo, k, c[2])
	if l.negative {
		// The same with hi and w negated, whose roundings are symmetric.
		f.VFNMADD231PD(l.ln2hi, k, hi) // exact
		f.VSUBPD(r, hi, w)
		f.VSUBPD(hi, w, lo)
	} else {
		f.VFMADD231PD(l.ln2hi, k, hi) // exact
		f.VADDPD(r, hi, w)
		f.VSUBPD(w, hi, lo)
	}
	f.VADDPD(r, lo, lo)
	f.VADDPD(c[2], lo, lo)
	r2 := k
	f.VMULPD(r, r, r2)
	var p [4]reg.VecVirtual
	for j := range p {
		p[j] = f.ZMM()
		f.VMOVAPD(l.poly[2*j+1], p[j])
		f.VFMADD213PD(l.poly[2*j], r, p[j])
	}
	f.VFMADD213PD(p[2], r2, p[3])
	f.VFMADD213PD(p[1], r2, p[3])
	f.VFMADD213PD(p[0], r2, p[3])
	f.VFMADD213PD_BCST(f.words(math.Float64bits(-0.5)), r, p[3])
	f.VFMADD213PD(lo, r2, p[3])
	if l.negative {
		f.VSUBPD(p[3], w, w) // +0 for x = 1
	} else {
		f.VADDPD(p[3], w, w)
	}
	return w
}

// any is the logarithm of any x, of which k tells the strange ones.
func (l *log512) any(x reg.Register, k reg.OpmaskVirtual) reg.VecVirtual {
	f := l.f
	y, bias := f.ZMM(), f.ZMM()
	f.VMOVAPD(x, y)
	f.VMULPD_BCST(f.words(math.Float64bits(1<<52)), x, k, y)
	f.VBROADCASTSD_Z(f.words(math.Float64bits(-52)), k, bias)
	w := l.log(y, bias)
	zero, c := f.ZMM(), f.K()
	f.VPXORQ(zero, zero, zero)
	fix := func(predicate uint8, than reg.Register, bits uint64) {
		f.VCMPPD(operand.Imm(uint64(predicate)), than, x, k, c)
		f.VBROADCASTSD(f.words(bits), c, w)
	}
	sign := uint64(0)
	if l.negative {
		sign = signBit
	}
	fix(lessOrEqual, zero, math.Float64bits(math.Inf(-1))^sign)
	fix(notGreaterOrEqual, zero, nanBits)
	inf := f.ZMM()
	f.VBROADCASTSD(f.words(infBits), inf)
	fix(equal, inf, infBits^sign)
	return w
}

// Predicates of comparisons, quiet.
const (
	equal             = 0x00
	less              = 0x11
	lessOrEqual       = 0x12
	notEqual          = 0x04 // or NaN
	notLess           = 0x15 // or NaN
	notGreaterOrEqual = 0x19 // or NaN
	greaterOrEqual    = 0x1d
)

// log256 computes logarithms of 4 values at a time.
type log256 struct {
	f     *file
	table reg.Register // the address of the rows
}

func newLog256(f *file) *log256 {
	var rows []uint64
	for _, row := range logTable {
		for _, v := range row {
			rows = append(rows, math.Float64bits(v))
		}
		rows = append(rows, 0)
	}
	l := &log256{f: f, table: f.GP64()}
	f.LEAQ(f.words(rows...), l.table)
	return l
}

// strange sets a bit of mask for each x that is not positive, normal and finite.
func (l *log256) strange(x reg.Register, mask reg.Register) {
	f := l.f
	a, b := f.YMM(), f.YMM()
	f.VCMPPD(operand.Imm(notGreaterOrEqual), f.fill(avx2, minNormal), x, a)
	f.VCMPPD(operand.Imm(greater), f.fill(avx2, maxBits), x, b)
	f.VORPD(a, b, a)
	f.VMOVMSKPD(a, mask)
}

const greater = 0x1e

// log is the logarithm of positive, normal, finite x; bias, if there is one, is
// added to the exponents.
func (l *log256) log(x reg.Register, bias reg.Register) reg.VecVirtual {
	f := l.f
	t, k, z := f.YMM(), f.YMM(), f.YMM()
	// The exponent as a float64: bits of 2^52 + 2048 + k.
	f.VPSUBQ(f.fill(avx2, logOffset), x, t)
	f.VPADDQ(f.fill(avx2, 0x800<<52), t, k)
	f.VPSRLQ(operand.Imm(52), k, k)
	f.VPOR(f.fillFloat(avx2, 1<<52), k, k)
	f.VSUBPD(f.fillFloat(avx2, 1<<52+2048), k, k)
	if bias != nil {
		f.VADDPD(bias, k, k)
	}
	f.VPAND(f.fill(avx2, exponents), t, z)
	f.VPSUBQ(z, x, z)

	// Rows of the table, 32 bytes each, transposed.
	f.VPSRLQ(operand.Imm(43), t, t)
	f.VPAND(f.fill(avx2, 0x1e0), t, t)
	high, low := f.XMM(), t.AsX()
	f.VEXTRACTI128(operand.Imm(1), t, high)
	var row [4]reg.GPVirtual
	for i := range row {
		row[i] = f.GP64()
	}
	f.VMOVQ(low, row[0])
	f.VPEXTRQ(operand.Imm(1), low, row[1])
	f.VMOVQ(high, row[2])
	f.VPEXTRQ(operand.Imm(1), high, row[3])
	entry := func(i, disp int) operand.Mem {
		return operand.Mem{Base: l.table, Index: row[i], Scale: 1, Disp: disp}
	}
	pair := func(i, disp int) reg.VecVirtual { // row i | row i+2
		y := f.YMM()
		f.VMOVUPD(entry(i, disp), y.AsX())
		f.VINSERTF128(operand.Imm(1), entry(i+2, disp), y, y)
		return y
	}
	even, odd := pair(0, 0), pair(1, 0)
	c, hi := f.YMM(), f.YMM()
	f.VUNPCKLPD(odd, even, c)
	f.VUNPCKHPD(odd, even, hi)
	even, odd = pair(0, 16), pair(1, 16)
	c2 := f.YMM()
	f.VUNPCKLPD(odd, even, c2)

	r := z
	f.VFMADD213PD(f.fillFloat(avx2, -1), c, r)     // z·c - 1
	f.VFMADD231PD(f.fillFloat(avx2, ln2Hi), k, hi) // exact
	f.VFMADD231PD(f.fillFloat(avx2, ln2Lo), k, c2)
	w, lo := f.YMM(), hi
	f.VADDPD(r, hi, w)
	f.VSUBPD(w, hi, lo)
	f.VADDPD(r, lo, lo)
	f.VADDPD(c2, lo, lo)
	r2 := k
	f.VMULPD(r, r, r2)
	term := func(j int) reg.VecVirtual {
		p := f.YMM()
		f.VMOVUPD(f.fillFloat(avx2, logPoly[2*j+1]), p)
		f.VFMADD213PD(f.fillFloat(avx2, logPoly[2*j]), r, p)
		return p
	}
	p := term(3)
	for j := 2; j >= 0; j-- {
		f.VFMADD213PD(term(j), r2, p)
	}
	f.VFMADD213PD(f.fillFloat(avx2, -0.5), r, p)
	f.VFMADD213PD(lo, r2, p)
	f.VADDPD(p, w, w)
	return w
}

// any is the logarithm of any x.
func (l *log256) any(x reg.Register) reg.VecVirtual {
	f := l.f
	tiny, y, bias, zero := f.YMM(), f.YMM(), f.YMM(), f.YMM()
	f.VCMPPD(operand.Imm(less), f.fill(avx2, minNormal), x, tiny)
	f.VMULPD(f.fillFloat(avx2, 1<<52), x, y)
	f.VBLENDVPD(tiny, y, x, y)
	f.VANDPD(f.fillFloat(avx2, -52), tiny, bias)
	w := l.log(y, bias)
	f.VXORPD(zero, zero, zero)
	fix := func(predicate uint64, than operand.Op, bits uint64) {
		m := f.YMM()
		f.VCMPPD(operand.Imm(predicate), than, x, m)
		f.VBLENDVPD(m, f.fill(avx2, bits), w, w)
	}
	fix(lessOrEqual, zero, math.Float64bits(math.Inf(-1)))
	fix(notGreaterOrEqual, zero, nanBits)
	fix(equal, f.fill(avx2, infBits), infBits)
	return w
}

// logs generates LogSlice and NegLogSlice.
func logs(f *file) {
	for _, negative := range []bool{false, true} {
		name, twin := "log", "LogSlice"
		if negative {
			name, twin = "negLog", "NegLogSlice"
		}
		f.function(name+"AVX512", "func(dst, x []float64)", name+"AVX512 is "+twin+". The slices have the same length.")
		logSlice512(f, negative)
		f.function(name+"AVX2", "func(dst, x []float64)", name+"AVX2 is "+twin+" for lengths that are multiples of 4.")
		logSlice256(f, negative)
	}
}

func logSlice512(f *file, negative bool) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	l := newLog512(f, negative)
	x, w, k, all := f.ZMM(), f.ZMM(), f.K(), f.K()
	finish := func(v reg.VecVirtual) { f.VMOVAPD(v, w) }
	f.KXNORB(all, all, all)
	f.Label("loop")
	f.CMPQ(n, operand.Imm(8))
	f.JLT(operand.LabelRef("tail"))
	f.VMOVUPD(at(src, 0), x)
	l.strange(x, k)
	f.KORTESTB(k, k)
	f.JNE(operand.LabelRef("strange"))
	finish(l.log(x, nil))
	f.VMOVUPD(w, at(dst, 0))
	f.Label("next")
	f.ADDQ(operand.Imm(64), src)
	f.ADDQ(operand.Imm(64), dst)
	f.SUBQ(operand.Imm(8), n)
	f.JMP(operand.LabelRef("loop"))

	f.Label("tail") // the lanes beyond n are 1
	f.TESTQ(n, n)
	f.JLE(operand.LabelRef("done"))
	ones := f.GP64()
	f.MOVQ(operand.U32(0xff), ones)
	f.BZHIQ(n, ones, ones)
	f.KMOVB(ones.As32(), all)
	f.VBROADCASTSD(f.words(math.Float64bits(1)), x)
	f.VMOVUPD(at(src, 0), all, x)
	l.strange(x, k)

	f.Label("strange")
	finish(l.any(x, k))
	f.VMOVUPD(w, all, at(dst, 0))
	f.JMP(operand.LabelRef("next"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}

func logSlice256(f *file, negative bool) {
	dst := f.Load(f.Param("dst").Base(), f.GP64())
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	l := newLog256(f)
	x, w, mask := f.YMM(), f.YMM(), f.GP32()
	finish := func(v reg.VecVirtual) {
		if negative {
			zero := f.YMM()
			f.VXORPD(zero, zero, zero)
			f.VSUBPD(v, zero, w) // 0 - v: no -0
		} else {
			f.VMOVAPD(v, w)
		}
	}
	f.Label("loop")
	f.CMPQ(n, operand.Imm(4))
	f.JLT(operand.LabelRef("done"))
	f.VMOVUPD(at(src, 0), x)
	l.strange(x, mask)
	f.TESTL(mask, mask)
	f.JNE(operand.LabelRef("strange"))
	finish(l.log(x, nil))
	f.Label("next")
	f.VMOVUPD(w, at(dst, 0))
	f.ADDQ(operand.Imm(32), src)
	f.ADDQ(operand.Imm(32), dst)
	f.SUBQ(operand.Imm(4), n)
	f.JMP(operand.LabelRef("loop"))

	f.Label("strange")
	finish(l.any(x))
	f.JMP(operand.LabelRef("next"))
	f.Label("done")
	f.VZEROUPPER()
	f.RET()
}
