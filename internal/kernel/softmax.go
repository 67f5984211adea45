package kernel

import "math"

// CrossEntropy32 sets dst[i] to the softmax cross entropy, in nats, of row i of
// logits, which are rows of that many classes, with the class targets[i]:
//
//	log Σⱼ exp xⱼ - x_target = log1p(Σ_{j≠target} exp(xⱼ - x_target))
//
// with a relative error below 2.5e-7 however small or large it is: the target is
// kept out of the sum. The bits depend on the tier and the platform, but not on
// the other rows. Many rows at once are faster than one by one.
//
// A target logit of -Inf costs +Inf; other logits of -Inf cost nothing, and if
// there are no others but those, the loss is 0. If all are -Inf, or any is NaN
// or +Inf, the loss is NaN. There must be as many logits as rows times classes,
// and a target must be one of them, or it panics.
func CrossEntropy32(dst []float64, logits []float32, classes int, targets []int) {
	checkRows(len(dst), len(logits), classes, targets)
	var sums [rowBatch]float64
	for len(dst) > 0 {
		n := min(len(dst), batchOf(classes))
		x, y := logits[:n*classes], targets[:n]
		sumExps(sums[:n], x, classes, y)
		finish(dst[:n], &sums, x, classes, y)
		dst, logits, targets = dst[n:], logits[n*classes:], targets[n:]
	}
}

func checkRows(rows, logits, classes int, targets []int) {
	if classes <= 0 || len(targets) != rows || logits/classes != rows || logits%classes != 0 {
		panic("kernel: rows, logits and targets do not agree")
	}
	for _, y := range targets {
		if uint(y) >= uint(classes) {
			panic("kernel: target is no class")
		}
	}
}

const (
	rowBatch = 128 // rows that are finished together

	// expBlock is how many float32 a call of assembly is given: it cannot be
	// interrupted, so it gets no more than 64 KB.
	expBlock = 1 << 14

	// Sums of exponentials outside these bounds are taken again, shifted; and so
	// are those of rows whose target is beyond logitMost. The sums of the
	// assembly are good within them.
	sumLeast, sumMost = 1e-24, 1e37
	logitMost         = 300
)

func batchOf(classes int) int { return max(1, min(rowBatch, expBlock/classes)) }

// sumExps is expSums on the tier in use, with the bounds that expSums of the
// assembly has. Rows may be of any length, but there is only one if they are
// longer than expBlock.
func sumExps(sums []float64, x []float32, classes int, targets []int) {
	if classes <= expBlock || active == plain {
		blockExps(sums, x, classes, targets)
		return
	}
	var s [1]float64
	sums[0] = 0
	for from := 0; from < classes; from += expBlock {
		n := min(expBlock, classes-from)
		blockExps(s[:], x[from:from+n], n, []int{within(targets[0]-from, n)})
		sums[0] += s[0]
	}
}

// within is i if it is an index below n, else -1.
func within(i, n int) int {
	if uint(i) < uint(n) {
		return i
	}
	return -1
}

func blockExps(sums []float64, x []float32, classes int, targets []int) {
	few := classes <= 16
	switch {
	case active == avx512 && few:
		expFewAVX512(sums, x, classes, targets)
	case active == avx512:
		expSumsAVX512(sums, x, classes, targets)
	case active == avx2 && few:
		expFewAVX2(sums, x, classes, targets)
	case active == avx2:
		expSumsAVX2(sums, x, classes, targets)
	default:
		expSums(sums, x, classes, targets)
	}
}

// fits says whether the exponentials of a row with that sum and target logit can
// be used as they are.
func fits(sum, xt float64) bool {
	return sum > sumLeast && sum < sumMost && xt < logitMost && xt > -logitMost
}

// finish turns the sums of exponentials of rows into losses.
func finish(dst []float64, sums *[rowBatch]float64, x []float32, classes int, targets []int) {
	var at, nats [rowBatch]float64
	for i, y := range targets {
		at[i] = float64(x[i*classes+y])
	}
	finishSums(&nats, sums, &at, len(dst))
	for i, v := range nats[:len(dst)] {
		if v != v {
			v = carefulLoss(x[i*classes:(i+1)*classes], targets[i])
		}
		dst[i] = v
	}
}

// finishSums is finishPlain on the tier in use, of the first n rows.
func finishSums(nats, sums, at *[rowBatch]float64, n int) {
	m := (n + 7) &^ 7
	switch active {
	case avx512:
		finishAVX512(nats[:m], sums[:m], at[:m])
	case avx2:
		finishAVX2(nats[:m], sums[:m], at[:m])
	default:
		finishPlain(nats[:n], sums[:n], at[:n])
	}
}

// finishPlain sets dst[i] to log1p(sums[i]·exp(-at[i])), good to 1e-9, or to NaN
// where the row does not fit.
func finishPlain(dst, sums, at []float64) {
	for i, s := range sums {
		if xt := at[i]; fits(s, xt) {
			z := float64(s * roughExp(-xt))
			u := 1 + z
			dst[i] = Log(u) + (z-(u-1))/u // what 1 + z lost
		} else {
			dst[i] = math.NaN()
		}
	}
}

// carefulLoss is CrossEntropy32 of a row whose exponentials may not fit.
func carefulLoss(row []float32, target int) float64 {
	return shifted(row, target).lossOf(float64(row[target]))
}

// shiftedSum is Σ_{j≠target} exp(xⱼ - shift), with a shift that is about the
// largest of those logits. If the row is settled there is no such sum, and loss
// is the loss: NaN, or 0 without others.
type shiftedSum struct {
	sum, shift float64
	settled    bool
	loss       float64
}

// Shifts beyond are not accurate in float32.
const shiftMost = 1e5

func shifted(row []float32, target int) shiftedSum {
	sum0, _, most0, _ := Tally32(row[:target])
	sum1, _, most1, _ := Tally32(row[target+1:])
	s := settle(float64(row[target]), max(most0, most1), sum0 != sum0 && hasNaN(row[:target]) || sum1 != sum1 && hasNaN(row[target+1:]))
	if s.settled {
		return s
	}
	return sumShifted(row, target, s.shift)
}

// settle says what is known of a row by its target's logit, the largest of the
// others and whether there is a NaN among those.
func settle(xt, most float64, nan bool) shiftedSum {
	inf := math.Inf(1)
	switch {
	case nan, xt != xt, xt == inf, most == inf, xt == -inf && most == -inf:
		return shiftedSum{settled: true, loss: math.NaN()}
	case most == -inf:
		return shiftedSum{settled: true}
	}
	return shiftedSum{shift: most}
}

// sumShifted is the sum of a row whose largest logit, but for the target's, is
// most.
func sumShifted(row []float32, target int, most float64) shiftedSum {
	if active == plain || math.Abs(most) > shiftMost {
		var sum [1]float64
		y, by := [1]int{target}, [1]float64{most}
		sumExps64(sum[:], row, len(row), y[:], by[:])
		return shiftedSum{sum: sum[0], shift: most}
	}
	sum := 0.0
	k := math.Round(most * math.Log2E)
	var part [1]float64
	for from := 0; from < len(row); from += expBlock {
		x := row[from:min(from+expBlock, len(row))]
		y := [1]int{within(target-from, len(x))}
		if active == avx512 {
			expSumShiftedAVX512(part[:], x, len(x), y[:], float32(k))
		} else {
			expSumShiftedAVX2(part[:], x, len(x), y[:], float32(k))
		}
		sum += part[0]
	}
	return shiftedSum{sum: sum, shift: float64(k * math.Ln2)}
}

// LogSumExp32 returns log Σⱼ exp xⱼ, with an absolute error below 2.5e-7 and a
// relative one below 2^-52 on top. It is -Inf for a row of -Inf and for no row,
// +Inf if there is one, and NaN if there is one.
func LogSumExp32(x []float32) float64 {
	if len(x) == 0 {
		return math.Inf(-1)
	}
	var s [1]float64
	sumExps(s[:], x, len(x), []int{-1})
	if fits(s[0], 0) {
		return Log(s[0])
	}
	sum, _, most, _ := Tally32(x)
	switch {
	case sum != sum && most != math.Inf(1), hasNaN(x):
		return math.NaN()
	case math.IsInf(most, 0):
		return most
	}
	t := sumShifted(x, -1, most)
	return t.shift + Log(t.sum)
}

func hasNaN[T float32 | float64](x []T) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}

// CrossEntropyGrad32 is CrossEntropy32, and sets row i of grad to the gradient of
// the loss of row i with respect to its logits, times scale[i], or 1 if scale is
// nil:
//
//	scale·exp xⱼ/Σₖ exp xₖ, and for the target scale·(p - 1)
//
// with a relative error below 5e-7, that of the target's too; probabilities
// below 1e-37 are 0. Where the loss is NaN all of it is. grad may be logits, and
// must be as long.
func CrossEntropyGrad32(dst []float64, grad, logits []float32, classes int, targets []int, scale []float32) {
	checkRows(len(dst), len(logits), classes, targets)
	if len(grad) != len(logits) || scale != nil && len(scale) != len(dst) {
		panic("kernel: gradient, scale and logits do not agree")
	}
	var sums [rowBatch]float64
	var exps scaling
	batch := batchOf(classes)
	for from := 0; from < len(dst); from += batch {
		to := min(from+batch, len(dst))
		x, y := logits[from*classes:to*classes], targets[from:to]
		sumExps(sums[:to-from], x, classes, y)
		finish(dst[from:to], &sums, x, classes, y)
		exps.grad, exps.x, exps.classes, exps.rows = grad[from*classes:to*classes], x, classes, 0
		for i, s := range sums[:to-from] {
			factor := 1.0
			if scale != nil {
				factor = float64(scale[from+i])
			}
			exps.add(y[i], s, factor)
		}
		exps.flush()
	}
}

// scaling collects the rows of a batch whose gradients are multiples of their
// exponentials, for the assembly to write them at once.
type scaling struct {
	grad, x   []float32 // from the first of the rows on
	classes   int
	rows      int
	k, factor [rowBatch]float32 // the gradient is factor·2^-k·exp x,
	target    [rowBatch]int
	off       [rowBatch]float32 // but for the target
}

// add adds a row whose sum of exponentials, but for the target's, is sum if that
// fits.
func (c *scaling) add(target int, sum, scale float64) {
	from := c.rows * c.classes
	row := c.x[from : from+c.classes]
	xt := float64(row[target])
	// All exponentials as multiples of exp shift.
	shift, total := 0.0, 0.0
	if fits(sum, xt) {
		total = sum + roughExp(xt)
	} else {
		s := shifted(row, target)
		if s.settled {
			c.settle(s.loss)
			return
		}
		sum, shift = s.sum, s.shift
		if xt > shift+30 {
			sum, shift = float64(sum*math.Exp(shift-xt)), xt
			total = sum + 1
		} else {
			total = sum + math.Exp(xt-shift)
		}
	}
	off := float32(-scale * (sum / total))
	if active == plain || math.Abs(shift) > shiftMost {
		c.write(target, shift, scale/total, off)
		return
	}
	// As multiples of 2^k, with the factor near the scale.
	k := 0.0
	if shift != 0 {
		k = math.Round(shift * math.Log2E)
		total *= math.Exp(shift - float64(k*math.Ln2))
	}
	e := math.Float64bits(total) >> 52 // of a normal number
	fraction := math.Float64frombits(math.Float64bits(total)&(1<<52-1) | 1022<<52)
	c.k[c.rows] = float32(k + float64(int(e)-1022))
	c.factor[c.rows] = float32(scale / fraction)
	c.target[c.rows] = target
	c.off[c.rows] = off
	c.rows++
}

// flush writes the gradients of the rows that have been added.
func (c *scaling) flush() {
	if c.rows == 0 {
		return
	}
	n := c.rows * c.classes
	if c.classes <= expBlock {
		half := (c.rows + 1) / 2 // reading and writing, 64 KB
		for from := 0; from < c.rows; from += half {
			to := min(from+half, c.rows)
			scaleExps(c.grad[from*c.classes:to*c.classes], c.x[from*c.classes:to*c.classes], c.classes, c.k[from:to], c.factor[from:to])
		}
	} else {
		for from := 0; from < n; from += expBlock / 2 { // one row
			to := min(from+expBlock/2, n)
			scaleExps(c.grad[from:to], c.x[from:to], to-from, c.k[:1], c.factor[:1])
		}
	}
	for i, y := range c.target[:c.rows] {
		c.grad[i*c.classes+y] = c.off[i]
	}
	c.grad, c.x, c.rows = c.grad[n:], c.x[n:], 0
}

func scaleExps(dst, x []float32, classes int, k, factor []float32) {
	if active == avx512 {
		scaleExpsAVX512(dst, x, classes, k, factor)
	} else {
		scaleExpsAVX2(dst, x, classes, k, factor)
	}
}

// write writes the gradient of the next row by itself: exp(x - shift) times
// factor.
func (c *scaling) write(target int, shift, factor float64, off float32) {
	c.flush()
	writeExps(c.grad[:c.classes], c.x[:c.classes], shift, factor)
	c.grad[target] = off
	c.grad, c.x = c.grad[c.classes:], c.x[c.classes:]
}

// settle writes the gradient of the next row, of which only the loss is known.
func (c *scaling) settle(loss float64) {
	c.flush()
	for j := range c.grad[:c.classes] {
		c.grad[j] = float32(loss) // NaN, or 0
	}
	c.grad, c.x = c.grad[c.classes:], c.x[c.classes:]
}

// expSums sets sums[i] to Σ exp xⱼ over the logits of row i of x but that of the
// class targets[i] (of all, if that is no class). The exponentials are good to
// 4e-10; logits below -600 are taken as -600, and above 700 as 700.
func expSums(sums []float64, x []float32, classes int, targets []int) {
	for i := range sums {
		row := x[i*classes : (i+1)*classes]
		if t := targets[i]; uint(t) < uint(len(row)) {
			sums[i] = sumExp(row[:t]) + sumExp(row[t+1:])
		} else {
			sums[i] = sumExp(row)
		}
	}
}

// The exponential of x is 2^n·P(x - n·ln 2) with n the integer nearest to
// x·log₂e; 1.5·2^52 is added and subtracted to round. P has degree 7, is
// 1 + r + r²·(exp2 + exp3·r + …), and good to 3e-10.
const (
	roundToInt = 0x1.8p52

	exp2 = 0x1.0000000b9847ep-1
	exp3 = 0x1.5555555a7c16bp-3
	exp4 = 0x1.5554e8d9c7d96p-5
	exp5 = 0x1.1110e0de7be2bp-7
	exp6 = 0x1.6d4362097d81ap-10
	exp7 = 0x1.a125285dbcbf1p-13

	// Within these bounds 2^n and its products with P are normal numbers.
	expLeast, expMost = -600, 700
)

// sumExp is Σ exp xⱼ, NaN if any is.
func sumExp(x []float32) float64 {
	var s0, s1 float64
	for len(x) >= 2 {
		a, b := float64(x[0]), float64(x[1])
		x = x[2:]
		if !(a >= expLeast && a <= expMost && b >= expLeast && b <= expMost) {
			s0 += roughExp(a)
			s1 += roughExp(b)
			continue
		}
		// roughExp of both; a call would double the time.
		ta, tb := mulAdd(a, math.Log2E, roundToInt), mulAdd(b, math.Log2E, roundToInt)
		a, b = mulAdd(ta-roundToInt, -math.Ln2, a), mulAdd(tb-roundToInt, -math.Ln2, b)
		a2, b2 := float64(a*a), float64(b*b)
		p := mulAdd(a2, mulAdd(a2, mulAdd(a, exp7, exp6), mulAdd(a, exp5, exp4)), mulAdd(a, exp3, exp2))
		q := mulAdd(b2, mulAdd(b2, mulAdd(b, exp7, exp6), mulAdd(b, exp5, exp4)), mulAdd(b, exp3, exp2))
		p = mulAdd(a2, p, a) + 1
		q = mulAdd(b2, q, b) + 1
		s0 += float64(p * math.Float64frombits((math.Float64bits(ta)+1023)<<52))
		s1 += float64(q * math.Float64frombits((math.Float64bits(tb)+1023)<<52))
	}
	if len(x) > 0 {
		s0 += roughExp(float64(x[0]))
	}
	return s0 + s1
}

// writeExps sets dst[j] to factor·exp(xⱼ - shift).
func writeExps(dst, x []float32, shift, factor float64) {
	for len(x) >= 2 && len(dst) >= 2 {
		a, b := float64(x[0])-shift, float64(x[1])-shift
		if !(a >= expLeast && a <= expMost && b >= expLeast && b <= expMost) {
			dst[0], dst[1] = float32(factor*roughExp(a)), float32(factor*roughExp(b))
			x, dst = x[2:], dst[2:]
			continue
		}
		// As in sumExp.
		ta, tb := mulAdd(a, math.Log2E, roundToInt), mulAdd(b, math.Log2E, roundToInt)
		a, b = mulAdd(ta-roundToInt, -math.Ln2, a), mulAdd(tb-roundToInt, -math.Ln2, b)
		a2, b2 := float64(a*a), float64(b*b)
		p := mulAdd(a2, mulAdd(a2, mulAdd(a, exp7, exp6), mulAdd(a, exp5, exp4)), mulAdd(a, exp3, exp2))
		q := mulAdd(b2, mulAdd(b2, mulAdd(b, exp7, exp6), mulAdd(b, exp5, exp4)), mulAdd(b, exp3, exp2))
		p = mulAdd(a2, p, a) + 1
		q = mulAdd(b2, q, b) + 1
		dst[0] = float32(factor * float64(p*math.Float64frombits((math.Float64bits(ta)+1023)<<52)))
		dst[1] = float32(factor * float64(q*math.Float64frombits((math.Float64bits(tb)+1023)<<52)))
		x, dst = x[2:], dst[2:]
	}
	if len(x) > 0 {
		dst[0] = float32(factor * roughExp(float64(x[0])-shift))
	}
}

// roughExp is exp x to 4e-10, of x taken within the bounds.
func roughExp(x float64) float64 {
	if x < expLeast {
		x = expLeast
	}
	if x > expMost {
		x = expMost
	}
	t := mulAdd(x, math.Log2E, roundToInt)
	r := mulAdd(t-roundToInt, -math.Ln2, x)
	r2 := float64(r * r)
	p := mulAdd(r2, mulAdd(r2, mulAdd(r, exp7, exp6), mulAdd(r, exp5, exp4)), mulAdd(r, exp3, exp2))
	p = mulAdd(r2, p, r) + 1
	return float64(p * math.Float64frombits((math.Float64bits(t)+1023)<<52))
}
