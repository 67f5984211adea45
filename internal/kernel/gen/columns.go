package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columns generates the tally of rows that lie column by column: eight rows at a
// time, one lane each, in one register or in two.
func columns(f *file) {
	for _, v := range []vector{avx512, avx2} {
		name := "columnsAVX" + map[vector]string{avx512: "512", avx2: "2"}[v]
		f.function(name, "func(columns [][]float64, class []int32, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64)",
			fmt.Sprintf("%s is columnsPlain for as many rows as class has, a multiple of 8.", name))
		c := &columnTally{file: f, v: v}
		c.generate()
	}
}

type columnTally struct {
	*file
	v vector
}

func (c *columnTally) zero() reg.VecVirtual {
	r := c.reg(c.v)
	c.zeroed(r)
	return r
}

func (c *columnTally) zeroed(r reg.VecVirtual) {
	if c.v == avx512 {
		c.VPXORQ(r, r, r)
	} else {
		c.VXORPD(r, r, r)
	}
}

func (c *columnTally) generate() {
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name).Base(), c.GP64()).(reg.GPVirtual) }
	heads, class := load("columns"), load("class")
	n := c.Load(c.Param("class").Len(), c.GP64())
	k := c.GP64() // times the size of a slice's head
	c.Load(c.Param("columns").Len(), k)
	c.IMUL3Q(operand.Imm(24), k, k)
	defect := c.zero()
	row := c.GP64()
	c.XORQ(row, row)

	c.Label("rows")
	c.CMPQ(row, n)
	c.JGE(operand.LabelRef("done"))
	odd, hit := c.GP64(), c.GP64()
	c.XORQ(odd, odd)
	c.XORQ(hit, hit)
	for h := range 64 / c.v.bytes {
		c.half(h, heads, class, k, row, odd, hit, defect)
	}
	to, at := c.GP64(), c.GP64()
	c.MOVQ(row, at)
	c.SHRQ(operand.Imm(3), at)
	c.Load(c.Param("odd").Base(), to)
	c.MOVB(odd.As8(), operand.Mem{Base: to, Index: at, Scale: 1})
	c.Load(c.Param("hit").Base(), to)
	c.MOVB(hit.As8(), operand.Mem{Base: to, Index: at, Scale: 1})
	c.ADDQ(operand.Imm(8), row)
	c.JMP(operand.LabelRef("rows"))

	c.Label("done")
	m := c.lanes(defect)
	c.Store(m, c.Return("defect"))
	c.VZEROUPPER()
	c.RET()
}

// lanes is the largest lane.
func (c *columnTally) lanes(r reg.VecVirtual) reg.Register {
	if c.v == avx512 {
		h := c.YMM()
		c.VEXTRACTF64X4(operand.Imm(1), r, h)
		c.VMAXPD(h, r.AsY(), r.AsY())
	}
	h := c.XMM()
	c.VEXTRACTF128(operand.Imm(1), r.AsY(), h)
	c.VMAXPD(h, r.AsX(), r.AsX())
	h = c.XMM()
	c.VPERMILPD(operand.Imm(1), r.AsX(), h)
	c.VMAXPD(h, r.AsX(), r.AsX())
	return r.AsX()
}

// half goes over as many rows as a register holds.
func (c *columnTally) half(h int, heads, class, end, row reg.Register, odd, hit reg.GPVirtual, defect reg.VecVirtual) {
	in := func(base reg.Register, size int) operand.Mem {
		return operand.Mem{Base: base, Index: row, Scale: uint8(size), Disp: h * c.v.lanes() * size}
	}
	of, column := c.reg(c.v), c.zero()
	c.VPMOVSXDQ(in(class, 4), of)
	sum, squares, most, p, signs := c.zero(), c.zero(), c.zero(), c.zero(), c.zero()
	one := c.reg(c.v)
	c.VPBROADCASTQ(c.words(1), one)
	at, src := c.GP64(), c.GP64()
	c.XORQ(at, at)
	loop := fmt.Sprintf("columns%d", h)
	c.Label(loop)
	c.MOVQ(operand.Mem{Base: heads, Index: at, Scale: 1}, src)
	x, q := c.reg(c.v), c.reg(c.v)
	c.VMOVUPD(in(src, 8), x)
	if c.v == avx512 {
		happened, others := c.K(), c.K()
		c.VPCMPEQQ(column, of, happened)
		c.KNOTB(happened, others)
		c.VPORQ(x, signs, signs)
		c.VMOVAPD(x, happened, p)
		c.VADDPD(x, sum, others, sum)
		c.VMULPD(x, x, q)
		c.VADDPD(q, squares, others, squares)
		c.VMAXPD(most, x, others, most)
		c.VPADDQ(one, column, column)
	} else {
		// Zero added for what happened leaves the sums as they are.
		m := c.reg(c.v)
		c.VPCMPEQQ(column, of, m)
		c.VORPD(x, signs, signs)
		c.VANDPD(x, m, q)
		c.VORPD(q, p, p)
		c.VANDNPD(x, m, x)
		c.VADDPD(x, sum, sum)
		c.VMULPD(x, x, q)
		c.VADDPD(q, squares, squares)
		c.VMAXPD(most, x, most)
		c.VPADDQ(one, column, column)
	}
	c.ADDQ(operand.Imm(24), at)
	c.CMPQ(at, end)
	c.JLT(operand.LabelRef(loop))

	to := c.GP64()
	store := func(name string, r reg.VecVirtual) {
		c.Load(c.Param(name).Base(), to)
		c.VMOVUPD(r, in(to, 8))
	}
	unit := c.fixedFloat(c.v, 1)
	t := c.reg(c.v)
	c.VADDPD(p, sum, sum)
	store("sum", sum)
	c.VSUBPD(p, unit, t)
	c.VMULPD(t, t, t)
	c.VADDPD(t, squares, squares)
	store("brier", squares)
	c.VMINPD(unit, p, t)
	store("prob", t)

	c.VSUBPD(unit, sum, t)
	tolerance := c.reg(c.v)
	where, err := c.Param("tolerance").Resolve()
	if err != nil {
		panic(err)
	}
	c.VBROADCASTSD(where.Addr, tolerance)
	const lessOrEqual, equal, greater = 2, 0, 30 // ordered, no signal but the first
	if c.v == avx512 {
		c.VANDPD(c.fixed(c.v, math.MaxInt64), t, t)
		within, tie, wins, signed := c.K(), c.K(), c.K(), c.K()
		c.VCMPPD(operand.Imm(lessOrEqual), tolerance, t, within)
		c.VMAXPD(defect, t, within, defect)
		c.VCMPPD(operand.Imm(equal), most, p, tie)
		c.VCMPPD(operand.Imm(greater), most, p, wins)
		c.VPMOVQ2M(signs, signed)
		c.KNOTB(within, within)
		c.KORB(tie, within, within)
		c.KORB(signed, within, within)
		c.KMOVB(within, odd.As32())
		c.KMOVB(wins, hit.As32())
		return
	}
	c.VANDPD(c.fixed(c.v, math.MaxInt64), t, t)
	m, bits := c.reg(c.v), c.GP64()
	gather := func(r reg.VecVirtual, into reg.GPVirtual, flip bool) {
		c.VMOVMSKPD(r, bits.As32())
		if flip {
			c.XORQ(operand.Imm(15), bits)
		}
		if h > 0 {
			c.SHLQ(operand.Imm(uint64(4*h)), bits)
		}
		c.ORQ(bits, into)
	}
	c.VCMPPD(operand.Imm(lessOrEqual), tolerance, t, m)
	c.VANDPD(m, t, t)
	c.VMAXPD(defect, t, defect)
	gather(m, odd, true)
	c.VCMPPD(operand.Imm(equal), most, p, m)
	gather(m, odd, false)
	gather(signs, odd, false)
	c.VCMPPD(operand.Imm(greater), most, p, m)
	gather(m, hit, false)
}
