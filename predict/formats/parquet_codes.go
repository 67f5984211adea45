package formats

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// The encodings and codecs of Parquet. Each decoder makes exactly as many values
// as are asked for: no count in the data makes memory grow.

var (
	errShort  = errors.New("it ends too early")
	errDamage = errors.New("the data is damaged")
)

var codecs = [...]string{"uncompressed", "snappy", "gzip", "LZO", "brotli", "LZ4 (the old framing)", "zstd", "LZ4"}

const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecZstd   = 6
	codecLZ4    = 7
)

func knownCodec(c int32) bool {
	switch c {
	case codecNone, codecSnappy, codecGzip, codecZstd, codecLZ4:
		return true
	}
	return false
}

var zstdDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err)
	}
	return d
}}

// unpackPage undoes a codec into buf, or into other memory if that is too small:
// buf is not to be used any more.
// size is the claim of how long the result is. It buys memory only as far as the
// packed data could make it true, or step by step.
func unpackPage(codec int32, buf, packed []byte, size int) ([]byte, error) {
	if codec == codecNone {
		if len(packed) != size {
			return nil, fmt.Errorf("%d bytes where %d are announced", len(packed), size)
		}
		return packed, nil
	}
	if size == 0 {
		return nil, nil
	}
	var most int // what so many packed bytes can become
	switch codec {
	case codecSnappy:
		if n, err := snappy.DecodedLen(packed); err != nil || n != size {
			return nil, errDamage
		}
		most = 64 * len(packed)
	case codecLZ4:
		most = 256*len(packed) + 16
	case codecGzip:
		most = 1100*len(packed) + 64
	case codecZstd:
		most = math.MaxInt // a block of one byte may be 128 KB
	default:
		return nil, fmt.Errorf("unknown codec %d", codec)
	}
	if size > most {
		return nil, fmt.Errorf("%d packed bytes cannot be the %d that are announced", len(packed), size)
	}
	step := size
	if codec == codecZstd && cap(buf) < size {
		step = min(size, max(4<<20, 64*len(packed)))
	}
	for {
		buf = grown(buf, step)
		dst, n, err := buf, 0, error(nil)
		switch codec {
		case codecSnappy:
			var out []byte
			out, err = snappy.Decode(dst, packed)
			n = len(out)
		case codecLZ4:
			n, err = lz4Block(dst, 0, packed)
		case codecGzip:
			n, err = gunzip(dst, packed)
		case codecZstd:
			d := zstdDecoders.Get().(*zstd.Decoder)
			var out []byte
			out, err = d.DecodeAll(packed, dst[:0:step])
			n = len(out)
			zstdDecoders.Put(d)
			if errors.Is(err, zstd.ErrDecoderSizeExceeded) && step < size {
				step = min(size, 8*step)
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		if n != size {
			return nil, fmt.Errorf("%d bytes where %d are announced", n, size)
		}
		return dst, nil
	}
}

func gunzip(dst, packed []byte) (int, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, dst)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return n, err
	}
	if err == nil {
		var one [1]byte
		if m, err := r.Read(one[:]); m > 0 || err != io.EOF {
			return n + m, err
		}
	}
	return n, nil
}

// lz4Block undoes one LZ4 block behind the first j bytes of dst, to which it may
// refer, and gives the new end.
func lz4Block(dst []byte, j int, src []byte) (int, error) {
	i := 0
	length := func(n int) (int, bool) {
		if n < 15 {
			return n, true
		}
		for i < len(src) {
			c := src[i]
			i++
			n += int(c)
			if n > len(dst) {
				return 0, false
			}
			if c != 255 {
				return n, true
			}
		}
		return 0, false
	}
	for i < len(src) {
		token := src[i]
		i++
		n, ok := length(int(token >> 4))
		if !ok || n > len(src)-i || n > len(dst)-j {
			return 0, errDamage
		}
		copy(dst[j:], src[i:i+n])
		i, j = i+n, j+n
		if i == len(src) {
			return j, nil
		}
		if len(src)-i < 2 {
			return 0, errDamage
		}
		back := int(binary.LittleEndian.Uint16(src[i:]))
		i += 2
		n, ok = length(int(token & 15))
		n += 4
		if !ok || back == 0 || back > j || n > len(dst)-j {
			return 0, errDamage
		}
		if back >= n {
			copy(dst[j:j+n], dst[j-back:])
			j += n
			continue
		}
		for range n {
			dst[j] = dst[j-back]
			j++
		}
	}
	return 0, errDamage
}

// rleRun is the header of a run of the RLE/bit-packing hybrid.
func rleRun(src []byte) (count uint64, packed bool, rest []byte, err error) {
	u, n := binary.Uvarint(src)
	if n <= 0 {
		return 0, false, nil, errShort
	}
	return u >> 1, u&1 != 0, src[n:], nil
}

// rleConstant reports whether the first n values are one run, and of what.
func rleConstant(src []byte, width, n int) (value uint32, ok bool) {
	count, packed, rest, err := rleRun(src)
	if err != nil || packed || count < uint64(n) || len(rest) < (width+7)/8 {
		return 0, false
	}
	for i := range (width + 7) / 8 {
		value |= uint32(rest[i]) << (8 * i)
	}
	return value, true
}

// spread are the eight bits of a byte, as bytes.
var spread = func() (t [256]uint64) {
	for i := range t {
		for b := range 8 {
			t[i] |= uint64(i>>b&1) << (8 * b)
		}
	}
	return t
}()

// rleBytes fills dst with values of at most eight bits.
func rleBytes(dst []byte, src []byte, width int) error {
	for len(dst) > 0 {
		count, packed, rest, err := rleRun(src)
		if err != nil {
			return err
		}
		src = rest
		if !packed {
			if len(src) < (width+7)/8 {
				return errShort
			}
			var v byte
			if width > 0 {
				v, src = src[0], src[1:]
			}
			n := int(min(count, uint64(len(dst))))
			run := dst[:n]
			for i := range run {
				run[i] = v
			}
			dst = dst[n:]
			continue
		}
		if count > uint64(len(src)) && width > 0 {
			return errShort
		}
		n := int(min(count*8, uint64(len(dst))))
		// A last group may be cut short where its values are not needed.
		size := int(min(count*uint64(width), uint64(len(src))))
		if size < (n*width+7)/8 {
			return errShort
		}
		run := dst[:n]
		if width == 1 {
			i := 0
			for ; i+8 <= n; i += 8 {
				binary.LittleEndian.PutUint64(run[i:], spread[src[i/8]])
			}
			for ; i < n; i++ {
				run[i] = src[i/8] >> (i % 8) & 1
			}
		} else {
			mask := byte(1<<width - 1)
			for i := range run {
				bit := i * width
				v := uint16(src[bit/8])
				if bit/8+1 < size {
					v |= uint16(src[bit/8+1]) << 8
				}
				run[i] = byte(v>>(bit%8)) & mask
			}
		}
		src, dst = src[size:], dst[n:]
	}
	return nil
}

// rleIndices fills dst with values of at most 32 bits, each below limit.
func rleIndices(dst []uint32, src []byte, width int, limit uint32) error {
	for len(dst) > 0 {
		count, packed, rest, err := rleRun(src)
		if err != nil {
			return err
		}
		src = rest
		if !packed {
			bytes := (width + 7) / 8
			if len(src) < bytes {
				return errShort
			}
			var v uint32
			for i := range bytes {
				v |= uint32(src[i]) << (8 * i)
			}
			src = src[bytes:]
			n := int(min(count, uint64(len(dst))))
			if n > 0 && v >= limit {
				return fmt.Errorf("entry %d of a dictionary of %d", v, limit)
			}
			run := dst[:n]
			for i := range run {
				run[i] = v
			}
			dst = dst[n:]
			continue
		}
		if count > uint64(len(src)) && width > 0 {
			return errShort
		}
		n := int(min(count*8, uint64(len(dst))))
		size := int(min(count*uint64(width), uint64(len(src))))
		if size < (n*width+7)/8 {
			return errShort
		}
		mask := uint64(1)<<width - 1
		run, bit, i := dst[:n], 0, 0
		var most uint32
		for ; i < n && bit/8+8 <= len(src); i++ { // what lies behind is masked away
			v := uint32(binary.LittleEndian.Uint64(src[bit/8:]) >> (bit % 8) & mask)
			run[i], most = v, max(most, v)
			bit += width
		}
		for ; i < n; i++ {
			var word uint64
			for k, c := range src[bit/8 : min(bit/8+8, len(src))] {
				word |= uint64(c) << (8 * k)
			}
			v := uint32(word >> (bit % 8) & mask)
			run[i], most = v, max(most, v)
			bit += width
		}
		if n > 0 && most >= limit {
			return fmt.Errorf("entry %d of a dictionary of %d", most, limit)
		}
		src, dst = src[size:], dst[n:]
	}
	return nil
}

// deltas fills dst with DELTA_BINARY_PACKED values and gives what follows them.
func deltas(dst []int64, src []byte) ([]byte, error) {
	bad := false
	next := func() uint64 {
		u, n := binary.Uvarint(src)
		if n <= 0 {
			bad = true
			return 0
		}
		src = src[n:]
		return u
	}
	zigzag := func(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
	block, minis, total := next(), next(), next()
	first := zigzag(next())
	if bad || block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || block%minis != 0 || (block/minis)%32 != 0 {
		return nil, errDamage
	}
	if total != uint64(len(dst)) {
		return nil, fmt.Errorf("%d values where there should be %d", total, len(dst))
	}
	if total == 0 {
		return src, nil
	}
	dst[0] = first
	at, value := 1, first
	each := int(block / minis)
	for at < len(dst) {
		least := zigzag(next())
		if bad || len(src) < int(minis) {
			return nil, errShort
		}
		widths := src[:minis]
		src = src[minis:]
		for _, w := range widths {
			if at == len(dst) {
				break // the widths of minis that are not there
			}
			width := int(w)
			if width > 64 {
				return nil, errDamage
			}
			size := each / 8 * width
			n := min(each, len(dst)-at)
			if len(src) < size {
				if len(src) < (n*width+7)/8 {
					return nil, errShort
				}
				size = len(src)
			}
			for i := range n {
				value += least + int64(unpackBits(src, i*width, width))
				dst[at] = value
				at++
			}
			src = src[size:]
		}
	}
	return src, nil
}

// unpackBits is the number of width bits at a bit.
func unpackBits(src []byte, bit, width int) uint64 {
	var u uint64
	for got := 0; got < width; {
		c := uint64(src[bit/8]) >> (bit % 8)
		take := min(8-bit%8, width-got)
		u |= c & (1<<take - 1) << got
		got += take
		bit += take
	}
	return u
}

// plainTexts finds the ends of n texts of the PLAIN encoding and puts them side by
// side into data.
func plainTexts(off []int32, data, src []byte, n int) ([]int32, []byte, error) {
	off, data = append(off[:0], 0), data[:0]
	for range n {
		if len(src) < 4 {
			return off, data, errShort
		}
		size := binary.LittleEndian.Uint32(src)
		src = src[4:]
		if uint64(size) > uint64(len(src)) {
			return off, data, errShort
		}
		data = append(data, src[:size]...)
		src = src[size:]
		off = append(off, int32(len(data)))
	}
	return off, data, nil
}

// deltaTexts undoes DELTA_LENGTH_BYTE_ARRAY, or with prefixes DELTA_BYTE_ARRAY.
func deltaTexts(off []int32, data, src []byte, n int, prefixes bool) ([]int32, []byte, error) {
	off, data = append(off[:0], 0), data[:0]
	prefix, length := make([]int64, n), make([]int64, n)
	var err error
	if prefixes {
		if src, err = deltas(prefix, src); err != nil {
			return off, data, err
		}
	}
	if src, err = deltas(length, src); err != nil {
		return off, data, err
	}
	last := []byte(nil)
	for i := range n {
		if length[i] < 0 || length[i] > int64(len(src)) || prefix[i] < 0 || prefix[i] > int64(len(last)) {
			return off, data, errDamage
		}
		if len(data)+int(prefix[i])+int(length[i]) > maxPage {
			return off, data, errTooLarge
		}
		from := len(data)
		data = append(append(data, last[:prefix[i]]...), src[:length[i]]...)
		src = src[length[i]:]
		last = data[from:]
		off = append(off, int32(len(data)))
	}
	return off, data, nil
}

// unsplit undoes BYTE_STREAM_SPLIT for n values.
func unsplit(dst, src []byte, n, size int) error {
	if len(src) < n*size {
		return errShort
	}
	for k := range size {
		stream := src[k*n : (k+1)*n]
		for i, c := range stream {
			dst[i*size+k] = c
		}
	}
	return nil
}

func bitWidth(max int) int { return bits.Len(uint(max)) }
