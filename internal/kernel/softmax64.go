package kernel

import (
	"math"
	"runtime"
)

// CrossEntropy64 is CrossEntropy32 for float64. Its relative error is below 3e-14
// for losses above 1e-40 (of the order of 1e-15 unless there are many thousand
// classes), and grows from there as -log of the loss does: x_j - x_target is
// rounded before the exponential is taken.
func CrossEntropy64(dst []float64, logits []float64, classes int, targets []int) {
	checkRows(len(dst), len(logits), classes, targets)
	var sums, at [rowBatch]float64
	for len(dst) > 0 {
		n := min(len(dst), batchOf64(classes))
		x := logits[:n*classes]
		relative(sums[:n], at[:n], x, classes, targets[:n])
		finish64(dst[:n], &sums, x, classes, targets)
		dst, logits, targets = dst[n:], logits[n*classes:], targets[n:]
	}
}

const (
	// Sums of exponentials relative to the target's outside these bounds are
	// taken again, relative to the largest.
	sumLeast64, sumMost64 = 1e-285, 1e300

	// exp64Block is how many float64 a call of assembly is given: few enough for
	// their sum to be good.
	exp64Block = 1 << 11
)

func batchOf64(classes int) int { return max(1, min(rowBatch, exp64Block/classes)) }

func fits64(sum float64) bool { return sum > sumLeast64 && sum < sumMost64 }

// relative sets at[i] to the target's logit of row i and sums[i] to the sum of
// the exponentials of the others relative to that of the target.
func relative(sums, at, x []float64, classes int, targets []int) {
	for i, y := range targets {
		at[i] = x[i*classes+y]
	}
	sumExps64(sums, x, classes, targets, at)
}

// sumExps64 is expSums64 on the tier in use, with the bounds that expSums64 of the
// assembly has. Rows may be of any length, but there is only one if they are
// longer than exp64Block.
func sumExps64[T float32 | float64](sums []float64, x []T, classes int, targets []int, shifts []float64) {
	if classes <= exp64Block {
		blockExps64(sums, x, classes, targets, shifts)
		return
	}
	var s [1]float64
	sums[0] = 0
	for from := 0; from < classes; from += exp64Block {
		n := min(exp64Block, classes-from)
		y := [1]int{within(targets[0]-from, n)}
		blockExps64(s[:], x[from:from+n], n, y[:], shifts[:1])
		sums[0] += s[0]
	}
}

func blockExps64[T float32 | float64](sums []float64, x []T, classes int, targets []int, shifts []float64) {
	if active == plain {
		expSums64(sums, x, classes, targets, shifts)
		return
	}
	switch x := any(x).(type) {
	case []float32:
		if active == avx512 {
			expSumsWideAVX512(sums, x, classes, targets, shifts)
		} else {
			expSumsWideAVX2(sums, x, classes, targets, shifts)
		}
	case []float64:
		few := classes <= 16
		switch {
		case active == avx512 && few:
			expFew64AVX512(sums, x, classes, targets, shifts)
		case active == avx512:
			expSums64AVX512(sums, x, classes, targets, shifts)
		case few:
			expFew64AVX2(sums, x, classes, targets, shifts)
		default:
			expSums64AVX2(sums, x, classes, targets, shifts)
		}
	}
}

// finish64 turns the sums of exponentials of rows into losses.
func finish64(dst []float64, sums *[rowBatch]float64, x []float64, classes int, targets []int) {
	var nats [rowBatch]float64
	n := len(dst)
	logs1pBlock(nats[:], sums[:], n)
	for i, v := range nats[:n] {
		if v != v {
			v = carefulLoss64(x[i*classes:(i+1)*classes], targets[i])
		}
		dst[i] = v
	}
}

// logs1p sets dst[i] to log(1 + z[i]), or to NaN where z[i] is not within the
// bounds of sums.
func logs1p(dst, z []float64) {
	for i, v := range z {
		if !fits64(v) {
			dst[i] = math.NaN()
			continue
		}
		u := 1 + v
		dst[i] = Log(u) + (v-(u-1))/u // what 1 + v lost
	}
}

// Log1pSlice sets dst[i] to log(1 + z[i]), of z[i] that are not negative, with an
// error of 2 units in the last place at most, and the same bits on every tier and
// platform. The slices must have the same length and not overlap.
func Log1pSlice(dst, z []float64) {
	if len(dst) != len(z) {
		panic("kernel: slices of different lengths")
	}
	for len(z) > 0 {
		n := min(len(z), logBlock)
		whole := n &^ 7
		switch active {
		case avx512:
			logs1pAVX512(dst[:whole], z[:whole])
		case avx2:
			logs1pAVX2(dst[:whole], z[:whole])
		default:
			whole = 0
		}
		logs1p(dst[whole:n], z[whole:n])
		for i, v := range dst[:n] {
			if v != v {
				dst[i] = math.Log1p(z[i])
			}
		}
		dst, z = dst[n:], z[n:]
	}
}

// CrossEntropyRow is CrossEntropy64 of one row, of float32 too, which are widened.
func CrossEntropyRow[T float32 | float64](row []T, target int) float64 {
	_, _, nats := relativeRow(row, target)
	return nats
}

// SoftmaxRow is CrossEntropyRow, and sets dst to the probabilities of the softmax,
// but for that of the target 1 less it, with the relative error of the loss; what
// is below 1e-307 is 0. Where the loss is NaN all of dst is.
func SoftmaxRow[T float32 | float64](dst []float64, row []T, target int) float64 {
	if len(dst) != len(row) {
		panic("kernel: slices of different lengths")
	}
	sum, shift, nats := relativeRow(row, target)
	at := float64(row[target])
	if nats != nats || sum == 0 {
		for j := range dst {
			dst[j] = nats // NaN, or 0 without others
		}
		return nats
	}
	if at > shift+30 {
		sum, shift = float64(sum*math.Exp(shift-at)), at
	}
	total := sum + math.Exp(at-shift)
	for j, v := range row {
		dst[j] = float64(v)
	}
	shifts, factors := [1]float64{shift}, [1]float64{1 / total}
	for from := 0; from < len(dst); from += exp64Block {
		x := dst[from:min(from+exp64Block, len(dst))]
		scaleExps64(x, x, len(x), shifts[:], factors[:])
	}
	dst[target] = sum / total
	return nats
}

// relativeRow is the loss of a row, and the sum of the exponentials of the others
// relative to that of shift: the target's logit, or the largest of the others. The
// sum is 0 if there are no others but those of -Inf, and the loss NaN if there is no
// softmax.
func relativeRow[T float32 | float64](row []T, target int) (sum, shift, nats float64) {
	shift = float64(row[target])
	s, y, by := [8]float64{}, [1]int{target}, [1]float64{shift}
	sumExps64(s[:1], row, len(row), y[:], by[:])
	if fits64(s[0]) {
		var log [8]float64
		logs1pBlock(log[:], s[:], 1)
		return s[0], shift, log[0]
	}
	c := shifted64(row, target)
	return c.sum, c.shift, c.lossOf(shift)
}

// logs1pBlock is logs1p of the first n numbers; there is room for a multiple of 8.
func logs1pBlock(dst, z []float64, n int) {
	m := (n + 7) &^ 7
	switch active {
	case avx512:
		logs1pAVX512(dst[:m], z[:m])
	case avx2:
		logs1pAVX2(dst[:m], z[:m])
	default:
		logs1p(dst[:n], z[:n])
	}
}

// carefulLoss64 is CrossEntropy64 of a row whose exponentials may not fit.
func carefulLoss64(row []float64, target int) float64 {
	s := shifted64(row, target)
	return s.lossOf(row[target])
}

// lossOf is the loss of a row with that target logit.
func (s shiftedSum) lossOf(at float64) float64 {
	if s.settled {
		return s.loss
	}
	d := s.shift - at
	if d > 600 {
		return d + Log(s.sum)
	}
	return math.Log1p(s.sum * math.Exp(d))
}

func shifted64[T float32 | float64](row []T, target int) shiftedSum {
	sum0, _, most0, _ := tallyOf(row[:target])
	sum1, _, most1, _ := tallyOf(row[target+1:])
	s := settle(float64(row[target]), max(most0, most1), sum0 != sum0 && hasNaN(row[:target]) || sum1 != sum1 && hasNaN(row[target+1:]))
	if !s.settled {
		sum, y, by := [1]float64{}, [1]int{target}, [1]float64{s.shift}
		sumExps64(sum[:], row, len(row), y[:], by[:])
		s.sum = sum[0]
	}
	return s
}

// CrossEntropyGrad64 is CrossEntropy64, with the gradient as CrossEntropyGrad32
// has it, with the relative error of the losses; probabilities below 1e-307 are 0.
func CrossEntropyGrad64(dst []float64, grad, logits []float64, classes int, targets []int, scale []float64) {
	checkRows(len(dst), len(logits), classes, targets)
	if len(grad) != len(logits) || scale != nil && len(scale) != len(dst) {
		panic("kernel: gradient, scale and logits do not agree")
	}
	var sums, shifts, factors, off [rowBatch]float64
	batch := batchOf64(classes)
	for from := 0; from < len(dst); from += batch {
		to := min(from+batch, len(dst))
		n := to - from
		x, y := logits[from*classes:to*classes], targets[from:to]
		relative(sums[:n], shifts[:n], x, classes, y)
		finish64(dst[from:to], &sums, x, classes, y)
		for i := range n {
			f := 1.0
			if scale != nil {
				f = scale[from+i]
			}
			sum, total := sums[i], 1+sums[i]
			if !fits64(sum) {
				s := shifted64(x[i*classes:(i+1)*classes], y[i])
				xt := shifts[i]
				switch {
				case s.settled:
					shifts[i], factors[i], off[i] = 0, s.loss, s.loss
					continue
				case xt > s.shift+30:
					sum = float64(s.sum * math.Exp(s.shift-xt))
					total = sum + 1
				default:
					shifts[i], sum = s.shift, s.sum
					total = sum + math.Exp(xt-s.shift)
				}
			}
			factors[i], off[i] = f/total, -f*(sum/total)
		}
		g := grad[from*classes : to*classes]
		for k := 0; k < len(x); k += exp64Block {
			m := min(exp64Block, len(x)-k)
			if classes <= exp64Block {
				scaleExps64(g, x, classes, shifts[:n], factors[:n])
				break
			}
			scaleExps64(g[k:k+m], x[k:k+m], m, shifts[:1], factors[:1])
		}
		for i := range n {
			row := g[i*classes : (i+1)*classes]
			if v := dst[from+i]; v != v || factors[i] == 0 { // NaN, or 0 without others
				for j := range row {
					row[j] = v + off[i]
				}
			}
			row[y[i]] = off[i]
		}
	}
}

// LogSumExp returns log Σⱼ exp xⱼ, taken in float64, with a relative error of the sum
// below 3e-14. What is infinite or no number is as in LogSumExp32. The bits depend
// on the tier.
func LogSumExp[T float32 | float64](x []T) float64 {
	sum, shift, ok := expSum(x)
	if !ok {
		return shift
	}
	return shift + Log(sum)
}

// expSum is Σ exp(xⱼ - shift), with a shift of 0 or the largest. If that is not
// finite, or there is a NaN, it is not ok, and shift is that.
func expSum[T float32 | float64](x []T) (sum, shift float64, ok bool) {
	if len(x) == 0 {
		return 0, math.Inf(-1), false
	}
	var s [1]float64
	none, by := [1]int{-1}, [1]float64{}
	sumExps64(s[:], x, len(x), none[:], by[:])
	if s[0] > 1e-200 && s[0] < 1e200 {
		return s[0], 0, true
	}
	sum, _, most, _ := tallyOf(x)
	switch {
	case sum != sum && hasNaN(x):
		return 0, math.NaN(), false
	case math.IsInf(most, 0):
		return 0, most, false
	}
	by[0] = most
	sumExps64(s[:], x, len(x), none[:], by[:])
	return s[0], most, true
}

func tallyOf[T float32 | float64](x []T) (sum, squares, most float64, bad bool) {
	switch x := any(x).(type) {
	case []float32:
		return Tally32(x)
	case []float64:
		return Tally64(x)
	}
	panic("unreachable")
}

func scaleExps64(dst, x []float64, classes int, shifts, factors []float64) {
	switch active {
	case avx512:
		scaleExps64AVX512(dst, x, classes, shifts, factors)
	case avx2:
		scaleExps64AVX2(dst, x, classes, shifts, factors)
	default:
		for i, s := range shifts {
			writeExps64(dst[i*classes:(i+1)*classes], x[i*classes:(i+1)*classes], s, factors[i])
		}
	}
}

// writeExps64 sets dst[j] to factor·exp(xⱼ - shift), 0 where that exponential is
// below that of -708.
func writeExps64(dst, x []float64, shift, factor float64) {
	var e [fewExps]float64
	for len(x) > 0 {
		n := min(len(x), len(e))
		exps64(e[:n], x[:n], shift)
		for j, v := range e[:n] {
			if x[j]-shift < least64 {
				v = 0
			}
			dst[j] = float64(factor * v)
		}
		dst, x = dst[n:], x[n:]
	}
}

// expSums64 sets sums[i] to Σ exp(xⱼ - shifts[i]) over the logits of row i of x
// but that of the class targets[i] (of all, if that is no class). Arguments of the
// exponential below -708 are taken as -708.
func expSums64[T float32 | float64](sums []float64, x []T, classes int, targets []int, shifts []float64) {
	for i := range sums {
		row := x[i*classes : (i+1)*classes]
		if t := targets[i]; uint(t) < uint(len(row)) {
			sums[i] = sumExp64(row[:t], shifts[i]) + sumExp64(row[t+1:], shifts[i])
		} else {
			sums[i] = sumExp64(row, shifts[i])
		}
	}
}

func sumExp64[T float32 | float64](x []T, shift float64) float64 {
	var e [fewExps]float64
	var s0, s1 float64
	for len(x) > 0 {
		n := min(len(x), len(e))
		exps64(e[:n], x[:n], shift)
		for j, v := range e[:n] {
			if j&1 == 0 {
				s0 += v
			} else {
				s1 += v
			}
		}
		x = x[n:]
	}
	return s0 + s1
}

// The exponential of x is 2^n·(1 + r + r²·Q(r)), r = x - n·ln 2, with n the
// integer nearest to x·log₂e. Q has degree 9 and is good to 3e-16; interpolated at
// Chebyshev's points with 60 digits.
const (
	tail0 = 0x1.0000000000001p-1
	tail1 = 0x1.5555555555556p-3
	tail2 = 0x1.5555555553d63p-5
	tail3 = 0x1.11111111109b3p-7
	tail4 = 0x1.6c16c1788bd90p-10
	tail5 = 0x1.a01a01a7c41d5p-13
	tail6 = 0x1.a019b90d2ae7ap-16
	tail7 = 0x1.71de0dae63bb3p-19
	tail8 = 0x1.289185613a3d6p-22
	tail9 = 0x1.af38a9b0ec855p-26

	ln2Top  = 0x1.62e42fefa38p-1 // of few bits: its multiples are exact
	ln2Rest = 0x1.ef35793c7673p-45

	least64, most64 = -708, 709 // between them 2^n is normal
)

// exp64 is exp x, with an error of some units in the last place, of x taken from
// -708 up; +Inf beyond 709, NaN of NaN.
func exp64(x float64) float64 {
	var e [1]float64
	exps64(e[:], []float64{x}, 0)
	return e[0]
}

// fewExps is how many exponentials are taken in a loop without calls.
const fewExps = 16

// exps64 sets dst[j] to exp64(xⱼ - shift).
func exps64[T float32 | float64](dst []float64, x []T, shift float64) {
	for j, v := range x[:len(dst)] {
		a := float64(v) - shift
		if !(a >= least64 && a <= most64) {
			switch {
			case a < least64:
				a = least64
			case a > most64:
				dst[j] = math.Inf(1)
				continue
			default:
				dst[j] = a
				continue
			}
		}
		t := mulAdd(a, math.Log2E, roundToInt)
		n := t - roundToInt
		r := mulAdd(n, -ln2Rest, mulAdd(n, -ln2Top, a))
		r2 := float64(r * r)
		r4 := float64(r2 * r2)
		q := mulAdd(r4, mulAdd(r2, mulAdd(r, tail7, tail6), mulAdd(r, tail5, tail4)), mulAdd(r2, mulAdd(r, tail3, tail2), mulAdd(r, tail1, tail0)))
		q = mulAdd(float64(r4*r4), mulAdd(r, tail9, tail8), q)
		dst[j] = float64((1 + mulAdd(r2, q, r)) * math.Float64frombits((math.Float64bits(t)+1023)<<52))
	}
}

// mulAdd is x·y + z, with one rounding where that costs nothing.
func mulAdd(x, y, z float64) float64 {
	if runtime.GOARCH == "arm64" {
		return math.FMA(x, y, z)
	}
	return float64(x*y) + z
}
