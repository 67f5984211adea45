package kernel

import "math"

// Judge64 is [Judge32] of float64: the relative errors are a few units in the
// last place, and the bits are the same on every tier and platform.
func Judge64(nats, brier, most []float64, logits []float64, classes int, targets []int) {
	checkJudged(nats, brier, most, len(logits), classes, targets)
	if classes > 16 {
		for i, y := range targets {
			if y >= 0 {
				nats[i], brier[i], most[i] = judge64(logits[i*classes:(i+1)*classes], y)
			}
		}
		return
	}
	var e [expBuffer]float64
	for len(targets) > 0 {
		n := min(len(targets), expBuffer/classes)
		for i, y := range targets[:n] {
			most[i] = lessMost(e[i*classes:(i+1)*classes], logits[i*classes:(i+1)*classes], y)
		}
		ExpSlice(e[:n*classes], e[:n*classes])
		for i, y := range targets[:n] {
			if y < 0 {
				continue
			}
			row := logits[i*classes : (i+1)*classes]
			sum, squares := sumBut(e[i*classes:(i+1)*classes], y)
			if xt := row[y]; sum >= 1 && !math.IsInf(xt, 1) && xt == xt {
				nats[i], brier[i] = judged(sum, squares, most[i], xt, classes)
			} else {
				nats[i], brier[i], most[i] = judge64(row, y)
			}
		}
		nats, brier, most = nats[n:], brier[n:], most[n:]
		logits, targets = logits[n*classes:], targets[n:]
	}
}

// lessMost sets d to x less the largest of x but for the target.
func lessMost(d, x []float64, target int) (most float64) {
	most = math.Inf(-1)
	for j, v := range x {
		if v > most && j != target {
			most = v
		}
	}
	for j, v := range x {
		d[j] = v - most
	}
	return most
}

// sumBut is the sum of e and that of the squares, but for the target.
func sumBut(e []float64, target int) (sum, squares float64) {
	for j, v := range e {
		if j != target {
			sum += v
			squares += float64(v * v)
		}
	}
	return sum, squares
}

// judge64 judges a row.
func judge64(row []float64, target int) (nats, brier, most float64) {
	xt := row[target]
	sum0, _, most0, _ := Tally64(row[:target])
	sum1, _, most1, _ := Tally64(row[target+1:])
	most = max(most0, most1)
	if v, settled := settledAs(sum0+sum1, most, xt); settled {
		return v, v, most
	}
	s, q := SumExp(row, target, 1, most)
	nats, brier = judged(s, q, most, xt, len(row))
	return nats, brier, most
}

const expBuffer = 512

// SumExp returns Σ exp(xⱼ·scale - shift) over all but the target (all, if that is
// no index), and the sum of the squares. No xⱼ·scale may be larger than shift by
// more than a little, and it is no error to be much smaller: terms below 1e-307
// are 0. NaNs make both NaN. The relative error is a few units in the last place,
// and the bits are the same on every tier and platform: exponentials are those of
// ExpSlice, and sums those of Tally64 of each block of 512 values, in which the
// target's is 0.
func SumExp[T float32 | float64](x []T, target int, scale, shift float64) (sum, squares float64) {
	var e [expBuffer]float64
	for from := 0; from < len(x); from += expBuffer {
		part := x[from:min(from+expBuffer, len(x))]
		for j, v := range part {
			e[j] = float64(float64(v)*scale) - shift
		}
		ExpSlice(e[:len(part)], e[:len(part)])
		if t := within(target-from, len(part)); t >= 0 {
			e[t] = 0
		}
		s, q, _, _ := tallyBlock64(e[:len(part)])
		sum += s
		squares += q
	}
	return sum, squares
}

// ExpSlice sets dst[i] to exp x[i], with an error of 1.1 units in the last place
// at most and the same bits on every tier and platform; to 0 for x below -708, to exp 709
// for x above 709, and to NaN for NaN. exp 0 is 1. The slices must have the same
// length, and be the same or not overlap.
func ExpSlice(dst, x []float64) {
	if len(dst) != len(x) {
		panic("kernel: slices of different lengths")
	}
	if active == plain {
		expPlain(dst, x)
		return
	}
	for len(x) > 0 {
		n := min(len(x), logBlock)
		if active == avx512 {
			expAVX512(dst[:n], x[:n])
		} else {
			m := n &^ 3
			expAVX2(dst[:m], x[:m])
			expPlain(dst[m:n], x[m:n])
		}
		dst, x = dst[n:], x[n:]
	}
}

func expPlain(dst, x []float64) {
	for i, v := range x {
		dst[i] = fineExp(v)
	}
}

// The exponential of x is 2^n·(1 + r + r²·P(r)) with n the integer nearest to
// x·log₂e, r = x - n·ln 2, and P of degree 9, good to 2^-55; interpolated at
// Chebyshev's points with 300 bits.
const (
	fineLeast, fineMost = -708, 709

	fine2  = 0x1.0000000000001p-1
	fine3  = 0x1.5555555555556p-3
	fine4  = 0x1.5555555553d63p-5
	fine5  = 0x1.11111111109b3p-7
	fine6  = 0x1.6c16c1788bd90p-10
	fine7  = 0x1.a01a01a7c41d5p-13
	fine8  = 0x1.a019b90d2ae7ap-16
	fine9  = 0x1.71de0dae63bb3p-19
	fine10 = 0x1.289185613a3d6p-22
	fine11 = 0x1.af38a9b0ec855p-26
)

// Exp is exp x, as ExpSlice has it.
func Exp(x float64) float64 { return fineExp(x) }

func fineExp(x float64) float64 {
	if !(x >= fineLeast && x <= fineMost) {
		switch {
		case x < fineLeast:
			return 0
		case x > fineMost:
			x = fineMost
		default:
			return x
		}
	}
	t := math.FMA(x, math.Log2E, roundToInt)
	n := t - roundToInt
	r := math.FMA(n, -ln2Lo, math.FMA(n, -ln2Hi, x))
	e := 1 + expLess1(r)
	return math.Float64frombits(math.Float64bits(e) + math.Float64bits(t)<<52)
}

// expLess1 is exp r - 1, of |r| up to ln 2/2.
func expLess1(r float64) float64 {
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	p0 := math.FMA(r2, math.FMA(r, fine5, fine4), math.FMA(r, fine3, fine2))
	p4 := math.FMA(r2, math.FMA(r, fine9, fine8), math.FMA(r, fine7, fine6))
	p := math.FMA(r4, math.FMA(r4, math.FMA(r, fine11, fine10), p4), p0)
	return math.FMA(r2, p, r)
}

// OneLessExp is 1 - exp x: of the log-probability x of something, the probability
// that it is not. The relative error is a few units in the last place, and the
// bits are the same on every platform. NaN for NaN.
func OneLessExp(x float64) float64 {
	if math.Abs(x) < 0.34 {
		return 0 - expLess1(x)
	}
	return 1 - fineExp(x)
}
