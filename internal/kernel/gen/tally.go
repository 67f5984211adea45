package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tallies generates the tallies of a block, of float32 and float64.
func tallies(f *file) {
	for _, size := range []int{4, 8} {
		for _, v := range []vector{avx512, avx2} {
			tier := map[vector]string{avx512: "AVX512", avx2: "AVX2"}[v]
			name := fmt.Sprintf("tally%d%s", 8*size, tier)
			f.function(name, fmt.Sprintf("func(x []float%d) (sum, squares, most float64, signs uint64)", 8*size),
				name+" is tallyBlock; signs is not 0 if a sign bit is set.")
			t := &tally{file: f, v: v, size: size}
			t.generate()
		}
	}
}

// tally is the state of a tally: 16 lanes of float64 for the sums, as many
// registers as they take, and the maximum and the signs in the type of x.
type tally struct {
	*file
	v            vector
	size         int
	sum, squares []reg.VecVirtual
	most         []reg.VecVirtual
	signs        reg.VecVirtual
	raws, wides  int // registers for 16 values as they are, and as float64
}

func (t *tally) generate() {
	src := t.Load(t.Param("x").Base(), t.GP64())
	n := t.Load(t.Param("x").Len(), t.GP64())
	t.wides = 16 / t.v.lanes()
	t.raws = 16 * t.size / t.v.bytes
	t.signs = t.zero()
	for range t.wides {
		t.sum = append(t.sum, t.zero())
		t.squares = append(t.squares, t.zero())
	}
	for range min(t.raws, 2) {
		m := t.reg(t.v)
		if t.size == 8 {
			t.VBROADCASTSD(t.words(math.Float64bits(math.Inf(-1))), m)
		} else {
			w := uint64(math.Float32bits(float32(math.Inf(-1))))
			t.VBROADCASTSS(t.words(w<<32|w), m)
		}
		t.most = append(t.most, m)
	}
	t.Label("loop")
	t.SUBQ(operand.Imm(16), n)
	t.JLT(operand.LabelRef("tail"))
	t.prefetchAhead(at(src, 0), 16*t.size)
	for k := range t.raws {
		r := t.reg(t.v)
		t.VMOVUPD(at(src, t.v.bytes*k), r)
		m := t.mostOf(k)
		t.max(r, m, m)
		t.or(r, t.signs)
		if t.size == 8 {
			t.add(r, k)
		}
	}
	if t.size == 4 {
		for k := range t.wides {
			t.add(at(src, t.v.bytes/2*k), k)
		}
	}
	t.ADDQ(operand.U32(uint32(16*t.size)), src)
	t.JMP(operand.LabelRef("loop"))

	t.Label("tail")
	t.ADDQ(operand.Imm(16), n)
	t.JEQ(operand.LabelRef("done"))
	if t.v == avx512 {
		t.tail512(src, n)
	} else {
		t.tail256(src, n)
	}
	t.Label("done")
	t.finish()
}

func (t *tally) zero() reg.VecVirtual {
	r := t.reg(t.v)
	if t.v == avx512 {
		t.VPXORQ(r, r, r)
	} else {
		t.VXORPD(r, r, r)
	}
	return r
}

func (t *tally) mostOf(k int) reg.VecVirtual { return t.most[k%len(t.most)] }

// max sets dst to the larger of a and b, to b if a is NaN.
func (t *tally) max(a, b, dst reg.Register) {
	if t.size == 8 {
		t.VMAXPD(b, a, dst)
	} else {
		t.VMAXPS(b, a, dst)
	}
}

func (t *tally) or(r, signs reg.VecVirtual) {
	if t.v == avx512 {
		t.VPORQ(r, signs, signs)
	} else {
		t.VORPD(r, signs, signs)
	}
}

// add adds the values of one register to the sums: x is where they are, as
// float64 or as half as many bytes of float32.
func (t *tally) add(x operand.Op, k int) {
	if t.size == 8 {
		q := t.reg(t.v)
		t.VADDPD(x, t.sum[k], t.sum[k])
		t.VMULPD(x, x, q)
		t.VADDPD(q, t.squares[k], t.squares[k])
		return
	}
	w := t.reg(t.v)
	t.VCVTPS2PD(x, w)
	t.VADDPD(w, t.sum[k], t.sum[k])
	t.VFMADD231PD(w, w, t.squares[k]) // the product is exact
}

func (t *tally) tail512(src, n reg.Register) {
	ones := t.GP64()
	t.MOVQ(operand.U32(0xffff), ones)
	t.BZHIQ(n, ones, ones)
	for k := range t.raws {
		mask, r, m := t.K(), t.ZMM(), t.mostOf(k)
		t.KMOVW(ones.As32(), mask)
		if t.size == 8 {
			t.VMOVUPD_Z(at(src, 64*k), mask, r)
			t.VMAXPD(m, r, mask, m)
			t.SHRQ(operand.Imm(8), ones)
		} else {
			t.VMOVUPS_Z(at(src, 64*k), mask, r)
			t.VMAXPS(m, r, mask, m)
		}
		t.or(r, t.signs)
		t.addRaw(r, k)
	}
}

// addRaw adds a register of values as they are.
func (t *tally) addRaw(r reg.VecVirtual, k int) {
	if t.size == 8 {
		t.add(r, k)
		return
	}
	for h := range 2 {
		if t.v == avx512 {
			half := t.YMM()
			t.VEXTRACTF64X4(operand.Imm(uint64(h)), r, half)
			t.add(half, 2*k+h)
		} else {
			half := t.XMM()
			t.VEXTRACTF128(operand.Imm(uint64(h)), r, half)
			t.add(half, 2*k+h)
		}
	}
}

func (t *tally) tail256(src, n reg.Register) {
	// A window on ones before zeros.
	var window []uint64
	for k := range 32 * t.size / 8 {
		w := uint64(0)
		if k < 16*t.size/8 {
			w = math.MaxUint64
		}
		window = append(window, w)
	}
	base := t.GP64()
	t.LEAQ(t.words(window...).Offset(16*t.size), base)
	t.NEGQ(n)
	for k := range t.raws {
		mask, r, bigger, m := t.YMM(), t.YMM(), t.YMM(), t.mostOf(k)
		t.VMOVUPD(operand.Mem{Base: base, Index: n, Scale: uint8(t.size), Disp: 32 * k}, mask)
		if t.size == 8 {
			t.VMASKMOVPD(at(src, 32*k), mask, r)
			t.max(r, m, bigger)
			t.VBLENDVPD(mask, bigger, m, m)
		} else {
			t.VMASKMOVPS(at(src, 32*k), mask, r)
			t.max(r, m, bigger)
			t.VBLENDVPS(mask, bigger, m, m)
		}
		t.or(r, t.signs)
		t.addRaw(r, k)
	}
}

// finish folds the lanes: 16 to 8 and so on to 1.
func (t *tally) finish() {
	fold := func(s []reg.VecVirtual) reg.VecVirtual {
		for h := len(s) / 2; h > 0; h /= 2 {
			for k := range h {
				t.VADDPD(s[k+h], s[k], s[k])
			}
		}
		return t.down(s[0], func(a, b reg.Register) { t.VADDPD(a, b, b) }, 8)
	}
	t.Store(fold(t.sum).AsX(), t.Return("sum"))
	t.Store(fold(t.squares).AsX(), t.Return("squares"))

	for _, m := range t.most[1:] {
		t.max(m, t.most[0], t.most[0])
	}
	m := t.down(t.most[0], func(a, b reg.Register) { t.max(a, b, b) }, t.size).AsX()
	if t.size == 4 {
		t.VCVTSS2SD(m, m, m)
	}
	t.Store(m, t.Return("most"))

	s := t.GP64()
	if t.v == avx512 {
		k := t.K()
		if t.size == 8 {
			t.VPMOVQ2M(t.signs, k)
		} else {
			t.VPMOVD2M(t.signs, k)
		}
		t.KMOVW(k, s.As32())
	} else if t.size == 8 {
		t.VMOVMSKPD(t.signs, s.As32())
	} else {
		t.VMOVMSKPS(t.signs, s.As32())
	}
	t.Store(s, t.Return("signs"))
	t.VZEROUPPER()
	t.RET()
}

// down folds the halves of a register, and their halves, into its lowest lane.
func (t *tally) down(r reg.VecVirtual, op func(a, b reg.Register), size int) reg.VecVirtual {
	if t.v == avx512 {
		h := t.YMM()
		t.VEXTRACTF64X4(operand.Imm(1), r, h)
		op(h, r.AsY())
	}
	h := t.XMM()
	t.VEXTRACTF128(operand.Imm(1), r.AsY(), h)
	op(h, r.AsX())
	h = t.XMM()
	t.VPERMILPD(operand.Imm(1), r.AsX(), h)
	op(h, r.AsX())
	if size == 4 {
		h = t.XMM()
		t.VPERMILPS(operand.Imm(1), r.AsX(), h)
		op(h, r.AsX())
	}
	return r
}
