package kernel

import "os"

// A tier is a set of instructions that the functions of this package are
// written for. Every function has a plain twin, whose comment says what it
// computes; the others are generated (see the folder gen) and chosen by what
// the processor can do.
//
// The environment variable SURPRISAL_KERNEL, read once, asks for a lower tier
// than the processor's best: plain, avx2 or avx512. A tier that the processor
// lacks is never chosen.
type tier uint8

const (
	plain  tier = iota
	avx2        // AVX2, FMA, BMI2
	avx512      // AVX-512 F, DQ, BW, VL
)

var tierNames = [...]string{plain: "plain", avx2: "avx2", avx512: "avx512"}

func (t tier) String() string { return tierNames[t] }

// chosen is the best tier the processor has, or the one asked for below it.
func chosen(best tier) tier {
	asked := os.Getenv("SURPRISAL_KERNEL")
	for t := plain; t < best; t++ {
		if asked == t.String() {
			return t
		}
	}
	return best
}

// Tier names the tier in use: plain, avx2 or avx512.
func Tier() string { return active.String() }
