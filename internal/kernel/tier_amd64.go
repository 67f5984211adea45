//go:build amd64 && !purego

package kernel

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// active is the tier in use. Only tests change it.
var active = chosen(best())

// ifma says whether the tier avx512 has IFMA. Only tests change it.
var ifma = cpu.X86.HasAVX512IFMA

func best() tier {
	x := &cpu.X86
	switch {
	case !(x.HasAVX2 && x.HasFMA && x.HasBMI2):
		return plain
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL && runtime.GOOS != "darwin":
		// Some versions of macOS lose the mask registers at signals
		// (golang/go#49233).
		return avx512
	}
	return avx2
}

func setTier(t tier) { active = t }

func setIFMA(b bool) { ifma = b && cpu.X86.HasAVX512IFMA }

// f16c says whether the tier in use can convert numbers of binary16.
func f16c() bool { return active == avx512 || active == avx2 && cpu.X86.HasF16C }
