package info

import (
	"fmt"
	"math"

	"surprisal"
	"surprisal/internal/kernel"
)

// CrossEntropy is Σ −p·log q, the cross entropy of q relative to p: the mean
// surprisal of outcomes that come from p to somebody who believes q. Written as
// codes, the nats per outcome of a code made for q.
//
// p = 0 contributes 0; q = 0 < p gives +Inf. Nothing is checked: NaN or negative
// elements give NaN, no elements NaN, different lengths panic.
func CrossEntropy(p, q []float64) float64 {
	sameLength(p, q)
	if len(p) == 0 {
		return math.NaN()
	}
	for _, v := range p {
		if v < 0 {
			return math.NaN()
		}
	}
	return mixed(p, q)
}

// CrossEntropyCounts is the cross entropy of q relative to the distribution
// observed, given as how often each outcome came: Σ nᵢ·(−log qᵢ), summed
// exactly, divided once by Σ nᵢ.
//
// It is the mean negative log likelihood of the outcomes one by one, to the last
// bit: a [surprisal.Accumulator] that is given the surprisal of every single
// outcome, in any order, has this very mean. From rounded shares nᵢ/n,
// [CrossEntropy] may differ in the last bits.
//
// An outcome that never came contributes 0, one that came although q gives it 0
// makes the result +Inf. No outcomes give NaN. A negative count or different
// lengths panic.
func CrossEntropyCounts(counts []int64, q []float64) float64 {
	if len(counts) != len(q) {
		panic(fmt.Sprintf("info: %d counts, q has %d outcomes", len(counts), len(q)))
	}
	var acc surprisal.Accumulator
	var x [block]float64
	for from := 0; from < len(q); from += block {
		x := x[:min(block, len(q)-from)]
		kernel.NegLogSlice(x, q[from:from+len(x)])
		for i, v := range x {
			n := counts[from+i]
			notNegative(from+i, n)
			if n > 0 {
				acc.AddRepeated(v, 1, n)
			}
		}
	}
	return acc.Mean()
}

func notNegative(i int, n int64) {
	if n < 0 {
		panic(fmt.Sprintf("info: count %d is %d", i+1, n))
	}
}
