package formats

import (
	"errors"
	"hash/crc32"
	"sync"
)

// seal checks the checksum of an array that is stored as it is, and read in pieces by
// several threads.
type seal struct {
	want  uint32 // of the head and the values
	head  uint32 // of the head
	bytes int64  // of values

	mu     sync.Mutex
	pieces map[int64]piece // by their first byte
	have   int64
}

type piece struct {
	sum uint32
	n   int64
}

// brokenSeal is a checksum that is wrong, known when all rows are read.
type brokenSeal struct{ rows int64 }

func (e *brokenSeal) Error() string { return errBrokenSeal.Error() }

var errBrokenSeal = errors.New("damaged: the checksum of the array is wrong")

// add takes the sum of the values from a byte on. It is false if these are the last,
// and the checksum of all is wrong.
func (s *seal) add(from int64, sum uint32, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pieces == nil {
		s.pieces = map[int64]piece{}
	}
	s.pieces[from] = piece{sum, n}
	if s.have += n; s.have < s.bytes {
		return true
	}
	all := s.head
	for at := int64(0); at < s.bytes; {
		p := s.pieces[at]
		if p.n == 0 {
			return true // pieces that are no whole
		}
		all = joinSums(all, p.sum, p.n)
		at += p.n
	}
	return all == s.want
}

// joinSums is the CRC-32 of two runs of bytes, one behind the other, from the sums of
// each and the length of the second. Zeros put behind a run multiply its sum by a
// power of x, modulo the polynomial: a linear map on 32 bits, squared and squared
// again for the bits of the length.
func joinSums(a, b uint32, n int64) uint32 {
	if n <= 0 {
		return a
	}
	var m [32]uint32 // one zero bit
	m[0] = crc32.IEEE
	for i := 1; i < 32; i++ {
		m[i] = 1 << (i - 1)
	}
	square := func() {
		var to [32]uint32
		for i, col := range m {
			to[i] = times(&m, col)
		}
		m = to
	}
	square()
	square()
	square() // a zero byte
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			a = times(&m, a)
		}
		if n > 1 {
			square()
		}
	}
	return a ^ b
}

// times applies a map to the bits of v.
func times(m *[32]uint32, v uint32) (sum uint32) {
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			sum ^= m[i]
		}
	}
	return sum
}
