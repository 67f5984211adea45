package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// read generates a plain sum, which takes the time of reading.
func read(f *file) {
	f.function("readAVX2", "func(x []float64) float64",
		"readAVX2 sums, in no particular order, a slice whose length is a multiple of 32: what takes no less than the time to read it. For benchmarks.")
	src := f.Load(f.Param("x").Base(), f.GP64())
	n := f.Load(f.Param("x").Len(), f.GP64())
	var s [8]reg.VecVirtual
	for k := range s {
		s[k] = f.YMM()
		f.VXORPD(s[k], s[k], s[k])
	}
	f.Label("loop")
	f.SUBQ(operand.Imm(32), n)
	f.JLT(operand.LabelRef("done"))
	for k := range s {
		f.VADDPD(at(src, 32*k), s[k], s[k])
	}
	f.ADDQ(operand.U32(256), src)
	f.JMP(operand.LabelRef("loop"))
	f.Label("done")
	for k := len(s) / 2; k > 0; k /= 2 {
		for j := range k {
			f.VADDPD(s[j+k], s[j], s[j])
		}
	}
	high := f.XMM()
	f.VEXTRACTF128(operand.Imm(1), s[0], high)
	f.VADDPD(high, s[0].AsX(), high)
	f.VHADDPD(high, high, high)
	f.Store(high, f.ReturnIndex(0))
	f.VZEROUPPER()
	f.RET()
}
