package kernel

import "math"

// CrossEntropySum returns Σ p[i]·(-log q[i]) in nats: the entropy of p if q is
// p. Terms with p[i] = 0 are 0 whatever q[i] is; q[i] = 0 is +Inf, and negative or
// NaN elements of q give NaN where p[i] is not 0. p is not checked. Slices of
// different lengths panic.
//
// The bits are the same on all tiers and platforms: term i is added to lane
// i mod 8 with one rounding, by math.FMA, and the lanes are added up in halves,
// as Tally32 does. To the sum of many terms of one sign that costs some units in
// the last place; what has to be exact sums NegLogSlice.
func CrossEntropySum(p, q []float64) float64 {
	if len(p) != len(q) {
		panic("kernel: slices of different lengths")
	}
	var lanes [8]float64
	if active != plain {
		for len(p) >= 8 {
			n := min(len(p)&^7, logBlock)
			if active == avx512 {
				crossAVX512(&lanes, p[:n], q[:n])
			} else {
				crossAVX2(&lanes, p[:n], q[:n])
			}
			p, q = p[n:], q[n:]
		}
	}
	crossPlain(&lanes, p, q)
	for h := 4; h > 0; h /= 2 {
		for i := range h {
			lanes[i] += lanes[i+h]
		}
	}
	return lanes[0]
}

// EntropySum returns Σ -p[i]·log p[i] in nats: CrossEntropySum of p and p.
func EntropySum(p []float64) float64 { return CrossEntropySum(p, p) }

// crossPlain adds the terms to the lanes.
func crossPlain(lanes *[8]float64, p, q []float64) {
	for i, v := range p {
		s := 0.0
		if v != 0 {
			s = 0 - Log(q[i])
		}
		lanes[i&7] = math.FMA(v, s, lanes[i&7])
	}
}
