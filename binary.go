package surprisal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"surprisal/internal/exact"
)

// The binary form of an Accumulator:
//
//	byte  0      version
//	bytes 1–24   rows, infinite rows, invalid rows; 8 bytes each, big endian
//	then         Σa, Σb, Σa², Σab, Σb² over the finite rows and Σb, Σb² over the
//	             others, each in the canonical binary form of package exact
//
// Only totals appear, so that equal rows have equal bytes however they came in.
const (
	binaryVersion = 1
	binaryHeader  = 25
)

// MaxBinary bounds the length of the binary form of an Accumulator.
const MaxBinary = binaryHeader + 7*exact.MaxBinary

// Fails to compile should the bound break its promise of 8 KB.
var _ [8192 - MaxBinary]struct{}

// AppendBinary appends the binary form of c to b. It is canonical: equal rows
// give equal bytes, whatever their order and however they were split and
// merged. The error is always nil.
func (c *Accumulator) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, binaryVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(c.n))
	b = binary.BigEndian.AppendUint64(b, uint64(c.infinite))
	b = binary.BigEndian.AppendUint64(b, uint64(c.invalid))
	t, o := c.totals(), c.outsideTotals()
	for _, s := range [...]*exact.Sum{&t.A, &t.B, &t.AA, &t.AB, &t.BB, &o.b, &o.bb} {
		b, _ = s.AppendBinary(b)
	}
	return b, nil
}

// MarshalBinary returns the binary form of c; see AppendBinary.
func (c *Accumulator) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary sets c to the accumulator whose binary form is b. It accepts
// nothing but what AppendBinary writes, as far as that can be told: the form
// must be canonical, and the sums must be possible ones for that many rows.
// After an error c is as before.
func (c *Accumulator) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return errors.New("surprisal: binary accumulator: no bytes")
	}
	if b[0] != binaryVersion {
		return fmt.Errorf("surprisal: binary accumulator: version %d, want %d", b[0], binaryVersion)
	}
	if len(b) < binaryHeader {
		return errors.New("surprisal: binary accumulator: cut short")
	}
	n := int64(binary.BigEndian.Uint64(b[1:]))
	infinite := int64(binary.BigEndian.Uint64(b[9:]))
	invalid := int64(binary.BigEndian.Uint64(b[17:]))
	if n < 0 || infinite < 0 || invalid < 0 || infinite > n || invalid > n-infinite {
		return errors.New("surprisal: binary accumulator: impossible numbers of rows")
	}
	t, o := new(exact.Moments), new(weights)
	rest := b[binaryHeader:]
	for _, s := range [...]*exact.Sum{&t.A, &t.B, &t.AA, &t.AB, &t.BB, &o.b, &o.bb} {
		var err error
		if rest, err = s.Decode(rest); err != nil {
			return fmt.Errorf("surprisal: binary accumulator: %w", err)
		}
		if !s.Finite() {
			return errors.New("surprisal: binary accumulator: a sum is not finite")
		}
	}
	if len(rest) != 0 {
		return errors.New("surprisal: binary accumulator: bytes after the end")
	}
	outside := infinite + invalid
	m := n - outside
	if !possible(m, &t.A, &t.AA) || !possible(m, &t.B, &t.BB) || !possible(outside, &o.b, &o.bb) ||
		!boundedBy(&t.AB, exactly(&t.AA).times(exactly(&t.BB))) {
		return errors.New("surprisal: binary accumulator: impossible sums")
	}

	*c = Accumulator{n: n, infinite: infinite, invalid: invalid}
	if isCount(&t.B, m) && isCount(&t.BB, m) && equal(&t.A, &t.AB) {
		// So all b were 1: (Σb)² = m·Σb² leaves no other choice.
		c.unit = m
		c.sum.Merge(&t.A)
		c.squares.Merge(&t.AA)
	} else {
		c.general = t
	}
	if isCount(&o.b, outside) && isCount(&o.bb, outside) {
		c.outsideUnit = outside
	} else {
		c.outside = o
	}
	return nil
}

// possible reports whether x and xx may be the sum and the sum of squares of n
// numbers.
func possible(n int64, x, xx *exact.Sum) bool {
	if n == 0 {
		return x.IsZero() && xx.IsZero()
	}
	return boundedBy(x, exactly(xx).times(scaled{big.NewInt(n), 0}))
}

// boundedBy reports whether x² ≤ y.
func boundedBy(x *exact.Sum, y scaled) bool {
	v := exactly(x)
	return y.plus(-1, v.times(v)).z.Sign() >= 0
}

// isCount reports whether s is n.
func isCount(s *exact.Sum, n int64) bool {
	var t exact.Sum
	t.AddTimes(1, uint64(n))
	return equal(s, &t)
}

// equal reports whether two finite sums are equal.
func equal(s, t *exact.Sum) bool {
	return exactly(s).plus(-1, exactly(t)).z.Sign() == 0
}
