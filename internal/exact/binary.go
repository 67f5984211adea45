package exact

import (
	"encoding/binary"
	"errors"
)

// The binary form of a Sum:
//
//	byte  0     version<<4 | kind
//	bytes 1–2   kinds positive and negative only: place of the lowest digit,
//	            signed, big endian; the digit's unit is 2^(32·place)
//	bytes 3–4   number of digits, big endian
//	then        the digits of the magnitude, 4 bytes each, lowest first, big
//	            endian; the lowest and the highest are not 0
//
// Equal values have equal bytes. All sums that are not finite have one form
// per value, because nothing can change it any more.
const (
	version = 1

	kindZero = iota - 1
	kindPositive
	kindNegative
	kindPosInf
	kindNegInf
	kindNaN
)

// MaxBinary is the length of the longest binary form of a Sum.
const MaxBinary = 5 + 4*(maxLimb-minLimb)

var (
	errShort     = errors.New("exact: binary sum cut short")
	errVersion   = errors.New("exact: binary sum of an unknown version")
	errKind      = errors.New("exact: binary sum of an unknown kind")
	errRange     = errors.New("exact: binary sum out of range")
	errCanonical = errors.New("exact: binary sum not in canonical form")
	errTrailing  = errors.New("exact: bytes after binary sum")
)

// AppendBinary appends the canonical binary form of s to b. The error is always
// nil.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	if s.flags != 0 {
		kind := byte(kindNaN)
		switch s.flags {
		case flagPosInf:
			kind = kindPosInf
		case flagNegInf:
			kind = kindNegInf
		}
		return append(b, version<<4|kind), nil
	}
	var buf [maxLimb - minLimb + 1]uint32
	neg, lo, d := s.digits(&buf)
	kind := byte(kindPositive)
	switch {
	case len(d) == 0:
		return append(b, version<<4|kindZero), nil
	case neg:
		kind = kindNegative
	}
	b = append(b, version<<4|kind)
	b = binary.BigEndian.AppendUint16(b, uint16(int16(lo)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(d)))
	for _, v := range d {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b, nil
}

// MarshalBinary returns the canonical binary form of s.
func (s *Sum) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// Decode sets s to the sum whose binary form b starts with and returns the rest
// of b. Any other bytes than AppendBinary writes are an error, and leave s
// alone.
func (s *Sum) Decode(b []byte) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, errShort
	}
	kind := b[0] & 15
	if b[0]>>4 != version {
		return nil, errVersion
	}
	switch kind {
	case kindZero:
		*s = Sum{}
		return b[1:], nil
	case kindPosInf:
		*s = Sum{flags: flagPosInf}
		return b[1:], nil
	case kindNegInf:
		*s = Sum{flags: flagNegInf}
		return b[1:], nil
	case kindNaN:
		*s = Sum{flags: flagNaN}
		return b[1:], nil
	case kindPositive, kindNegative:
	default:
		return nil, errKind
	}
	if len(b) < 5 {
		return nil, errShort
	}
	lo := int(int16(binary.BigEndian.Uint16(b[1:])))
	n := int(binary.BigEndian.Uint16(b[3:]))
	b = b[5:]
	switch {
	case n == 0:
		return nil, errCanonical
	case lo < minLimb || lo+n > maxLimb:
		return nil, errRange
	case len(b) < 4*n:
		return nil, errShort
	}
	limbs := make([]int64, n)
	for i := range limbs {
		limbs[i] = int64(binary.BigEndian.Uint32(b[4*i:]))
	}
	if limbs[0] == 0 || limbs[n-1] == 0 {
		return nil, errCanonical
	}
	if kind == kindNegative {
		for i := range limbs {
			limbs[i] = -limbs[i]
		}
	}
	*s = Sum{limbs: limbs, base: int32(lo), adds: 1}
	return b[4*n:], nil
}

// UnmarshalBinary sets s to the sum whose whole binary form is b; it accepts
// nothing but what AppendBinary writes.
func (s *Sum) UnmarshalBinary(b []byte) error {
	var t Sum
	rest, err := t.Decode(b)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return errTrailing
	}
	*s = t
	return nil
}
