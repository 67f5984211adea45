package formats

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// The sum of two runs is that of the bytes one behind the other.
func TestJoinSums(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	data := make([]byte, 70_000)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for _, cut := range []int{0, 1, 7, 8, 100, 4096, 65_535, len(data)} {
		a, b := crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:])
		if got, want := joinSums(a, b, int64(len(data)-cut)), crc32.ChecksumIEEE(data); got != want {
			t.Errorf("cut at %d: %x, want %x", cut, got, want)
		}
	}
}
