package exact

import (
	"math/big"
	"math/bits"
)

// Int returns the sum as z·2^exp, exactly, where z is odd or ends in fewer than
// 64 zero bits, and 0·2^0 for zero. A sum that is not finite panics: ask Finite
// first.
func (s *Sum) Int() (z *big.Int, exp int) {
	if s.flags != 0 {
		panic("exact: Int of a sum that is not finite")
	}
	var buf [maxLimb - minLimb + 1]uint32
	neg, lo, d := s.digits(&buf)
	z = new(big.Int)
	if len(d) == 0 {
		return z, 0
	}
	var words []big.Word
	if bits.UintSize == 64 {
		words = make([]big.Word, (len(d)+1)/2)
		for i, v := range d {
			words[i/2] |= big.Word(v) << (32 * (i & 1))
		}
	} else {
		words = make([]big.Word, len(d))
		for i, v := range d {
			words[i] = big.Word(v)
		}
	}
	z.SetBits(words)
	if neg {
		z.Neg(z)
	}
	return z, 32 * lo
}
