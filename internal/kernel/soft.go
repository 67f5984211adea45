package kernel

import "math"

// Largest returns the index of the largest element, of several equal ones the
// first, NaNs aside. It is 0 if there is nothing above -Inf.
func Largest[T float32 | float64](x []T) int {
	best, at := T(math.Inf(-1)), 0
	for from := 0; from < len(x); from += softBlock {
		block := x[from:min(from+softBlock, len(x))]
		whole := len(block) &^ 15
		if active == plain {
			whole = 0
		}
		if whole > 0 {
			if k := largestWhole(block[:whole]); block[k] > best {
				best, at = block[k], from+k
			}
		}
		for k, v := range block[whole:] {
			if v > best {
				best, at = v, from+whole+k
			}
		}
	}
	return at
}

// softBlock is how many elements a call of assembly is given, of two slices.
const softBlock = 1 << 12

func largestWhole[T float32 | float64](x []T) int {
	switch x := any(x).(type) {
	case []float32:
		if active == avx512 {
			return largest32AVX512(x)
		}
		return largest32AVX2(x)
	case []float64:
		if active == avx512 {
			return largest64AVX512(x)
		}
		return largest64AVX2(x)
	}
	panic("unreachable")
}

// Below returns Σ yₖ·(most - xₖ), to which yₖ = 0 contributes nothing, and Σ yₖ.
// bad says that an element of y may be negative, infinite or NaN; there may also
// just be a -0. Everything is taken in float64. The slices must have the same
// length. The bits depend on the tier.
func Below[T float32 | float64](x, y []T, most float64) (nats, total float64, bad bool) {
	if len(x) != len(y) {
		panic("kernel: slices of different lengths")
	}
	for len(x) > 0 {
		n := min(len(x), softBlock)
		whole := n &^ 15
		if active == plain {
			whole = 0
		}
		if whole > 0 {
			s, t, signs := belowWhole(x[:whole], y[:whole], most)
			nats += s
			total += t
			bad = bad || signs != 0
		}
		s, t, b := belowPlain(x[whole:n], y[whole:n], most)
		nats += s
		total += t
		bad = bad || b
		x, y = x[n:], y[n:]
	}
	return nats, total, bad || !(total <= math.MaxFloat64)
}

func belowWhole[T float32 | float64](x, y []T, most float64) (nats, total float64, signs uint64) {
	switch x := any(x).(type) {
	case []float32:
		y, _ := any(y).([]float32)
		if active == avx512 {
			return below32AVX512(x, y, most)
		}
		return below32AVX2(x, y, most)
	case []float64:
		y, _ := any(y).([]float64)
		if active == avx512 {
			return below64AVX512(x, y, most)
		}
		return below64AVX2(x, y, most)
	}
	panic("unreachable")
}

func belowPlain[T float32 | float64](x, y []T, most float64) (nats, total float64, bad bool) {
	for k, v := range y {
		if share := float64(v); share != 0 {
			nats = mulAdd(share, most-float64(x[k]), nats)
			total += share
			bad = bad || share < 0
		}
	}
	return nats, total, bad
}

// Distance returns Σ (most - xₖ), in float64. The bits depend on the tier.
func Distance[T float32 | float64](x []T, most float64) (sum float64) {
	for len(x) > 0 {
		n := min(len(x), softBlock)
		whole := n &^ 15
		if active == plain {
			whole = 0
		}
		if whole > 0 {
			sum += distanceWhole(x[:whole], most)
		}
		sum += distancePlain(x[whole:n], most)
		x = x[n:]
	}
	return sum
}

func distanceWhole[T float32 | float64](x []T, most float64) float64 {
	switch x := any(x).(type) {
	case []float32:
		if active == avx512 {
			return distance32AVX512(x, most)
		}
		return distance32AVX2(x, most)
	case []float64:
		if active == avx512 {
			return distance64AVX512(x, most)
		}
		return distance64AVX2(x, most)
	}
	panic("unreachable")
}

func distancePlain[T float32 | float64](x []T, most float64) float64 {
	var a, b, c, d float64
	for len(x) >= 4 {
		a += most - float64(x[0])
		b += most - float64(x[1])
		c += most - float64(x[2])
		d += most - float64(x[3])
		x = x[4:]
	}
	for _, v := range x {
		a += most - float64(v)
	}
	return a + b + c + d
}

// Combine sets g[k] to a·g[k] + b·y[k] + c, taken in float64 and rounded to what g
// is. The slices must have the same length, and be the same or not overlap.
func Combine[T float32 | float64](g, y []T, a, b, c float64) {
	if len(g) != len(y) {
		panic("kernel: slices of different lengths")
	}
	for len(g) > 0 {
		n := min(len(g), softBlock)
		whole := n &^ 15
		if active == plain {
			whole = 0
		}
		if whole > 0 {
			combineWhole(g[:whole], y[:whole], a, b, c)
		}
		combinePlain(g[whole:n], y[whole:n], a, b, c)
		g, y = g[n:], y[n:]
	}
}

func combineWhole[T float32 | float64](g, y []T, a, b, c float64) {
	switch g := any(g).(type) {
	case []float32:
		y, _ := any(y).([]float32)
		if active == avx512 {
			combine32AVX512(g, y, a, b, c)
		} else {
			combine32AVX2(g, y, a, b, c)
		}
	case []float64:
		y, _ := any(y).([]float64)
		if active == avx512 {
			combine64AVX512(g, y, a, b, c)
		} else {
			combine64AVX2(g, y, a, b, c)
		}
	}
}

func combinePlain[T float32 | float64](g, y []T, a, b, c float64) {
	for k, v := range g {
		g[k] = T(mulAdd(a, float64(v), mulAdd(b, float64(y[k]), c)))
	}
}

// Times sets dst[k] to x[k]·factor, rounded once. The slices must have the same
// length, and be the same or not overlap. The bits are the same everywhere.
func Times[T float32 | float64](dst []float64, x []T, factor float64) {
	if len(dst) != len(x) {
		panic("kernel: slices of different lengths")
	}
	for len(dst) > 0 {
		n := min(len(dst), softBlock)
		whole := n &^ 15
		if active == plain {
			whole = 0
		}
		if whole > 0 {
			timesWhole(dst[:whole], x[:whole], factor)
		}
		for k, v := range x[whole:n] {
			dst[whole+k] = float64(v) * factor
		}
		dst, x = dst[n:], x[n:]
	}
}

func timesWhole[T float32 | float64](dst []float64, x []T, factor float64) {
	switch x := any(x).(type) {
	case []float32:
		if active == avx512 {
			times32AVX512(dst, x, factor)
		} else {
			times32AVX2(dst, x, factor)
		}
	case []float64:
		if active == avx512 {
			times64AVX512(dst, x, factor)
		} else {
			times64AVX2(dst, x, factor)
		}
	}
}
