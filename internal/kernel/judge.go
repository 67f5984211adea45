package kernel

import "math"

// Judge32 judges rows of logits, which are rows of that many classes, by the
// classes targets[i]. It sets, for row i,
//
//   - nats[i] to the softmax cross entropy log1p(Σ_{j≠target} exp(xⱼ - x_target)),
//     with a relative error below 2.5e-7 however small it is;
//   - brier[i] to the Brier score of the softmax: (1 - p)² + Σ_{j≠target} pⱼ²,
//     and of two classes half of that, (1 - p)². It is q²·(1 + Σeⱼ²/(Σeⱼ)²) with
//     the exponentials e of the others, and q = 1 - p = z/(1 + z) of the z that
//     nats is log1p of, so that its relative error too is below 1e-6;
//   - most[i] to the largest logit of the other classes, -Inf if there is none.
//
// What is infinite or no number is as in CrossEntropy32; where nats is NaN brier
// is, and most means nothing. A target logit of -Inf has p = 0. Where targets[i]
// is negative nothing is judged, and all three mean nothing. The bits depend on
// the tier and the platform, but not on the other rows. There must be as many
// logits as rows times classes, as many targets and results, and no target
// beyond the classes, or it panics.
func Judge32(nats, brier, most []float64, logits []float32, classes int, targets []int) {
	checkJudged(nats, brier, most, len(logits), classes, targets)
	var sums, squares [rowBatch]float64
	for len(nats) > 0 {
		n := min(len(nats), batchOf(classes))
		x, y := logits[:n*classes], targets[:n]
		others(sums[:n], squares[:n], most[:n], x, classes, y)
		judgeSums(nats[:n], brier[:n], most[:n], &sums, &squares, x, classes, y)
		nats, brier, most = nats[n:], brier[n:], most[n:]
		logits, targets = logits[n*classes:], targets[n:]
	}
}

func checkJudged(nats, brier, most []float64, logits, classes int, targets []int) {
	n := len(nats)
	if classes <= 0 || len(brier) != n || len(most) != n || len(targets) != n || logits/classes != n || logits%classes != 0 {
		panic("kernel: rows, logits, targets and results do not agree")
	}
	for _, y := range targets {
		if y >= classes {
			panic("kernel: target is no class")
		}
	}
}

// others is othersPlain on the tier in use, with the bounds that the assembly
// has. Rows may be of any length, but there is only one if they are longer than
// expBlock.
func others(sums, squares, mosts []float64, x []float32, classes int, targets []int) {
	switch {
	case active == plain:
		othersPlain(sums, squares, mosts, x, classes, targets)
	case classes > expBlock:
		sums[0], squares[0], mosts[0] = inBlocks(x, targets[0], false, 0)
	case active == avx512:
		othersAVX512(sums, squares, mosts, x, classes, targets)
	default:
		othersAVX2(sums, squares, mosts, x, classes, targets)
	}
}

// inBlocks is others of a row in blocks, for assembly; shifted, of 2^-k·exp x.
func inBlocks(x []float32, target int, shifted bool, k float32) (sum, square, most float64) {
	var s, q, m [1]float64
	most = math.Inf(-1)
	for from := 0; from < len(x); from += expBlock {
		part := x[from:min(from+expBlock, len(x))]
		y := [1]int{within(target-from, len(part))}
		switch {
		case active == avx512 && shifted:
			othersShiftedAVX512(s[:], q[:], m[:], part, len(part), y[:], k)
		case active == avx512:
			othersAVX512(s[:], q[:], m[:], part, len(part), y[:])
		case shifted:
			othersShiftedAVX2(s[:], q[:], m[:], part, len(part), y[:], k)
		default:
			othersAVX2(s[:], q[:], m[:], part, len(part), y[:])
		}
		sum, square, most = sum+s[0], square+q[0], max(most, m[0])
	}
	return sum, square, most
}

// judgeSums turns sums over the other classes into what Judge32 gives.
func judgeSums(nats, brier, most []float64, sums, squares *[rowBatch]float64, x []float32, classes int, targets []int) {
	var at [rowBatch]float64
	n := len(nats)
	for i, y := range targets {
		at[i] = math.NaN()
		if y >= 0 {
			at[i] = float64(x[i*classes+y])
		}
	}
	switch m := (n + 7) &^ 7; active {
	case avx512:
		var out [rowBatch]float64
		finishAVX512(out[:m], sums[:m], at[:m])
		copy(nats, out[:n])
	case avx2:
		var out [rowBatch]float64
		finishAVX2(out[:m], sums[:m], at[:m])
		copy(nats, out[:n])
	default:
		finishPlain(nats, sums[:n], at[:n])
	}
	for i, v := range nats {
		if v == v {
			s := sums[i]
			z := float64(s * roughExp(-at[i]))
			brier[i] = brierOf(z/(1+z), s, squares[i], classes)
		} else if y := targets[i]; y >= 0 {
			nats[i], brier[i], most[i] = judgeCareful(x[i*classes:(i+1)*classes], y)
		}
	}
}

// brierOf is the Brier score of a row in which q is the probability of the other
// classes, whose exponentials have that sum and that sum of squares, as multiples
// of anything.
func brierOf(q, sum, squares float64, classes int) float64 {
	if classes == 2 {
		return q * q
	}
	return float64(q*q) * (1 + squares/float64(sum*sum))
}

// judgeCareful is Judge32 of a row whose exponentials may not fit.
func judgeCareful(row []float32, target int) (nats, brier, most float64) {
	xt := float64(row[target])
	sum0, _, most0, _ := Tally32(row[:target])
	sum1, _, most1, _ := Tally32(row[target+1:])
	most = max(most0, most1)
	if v, settled := settledAs(sum0+sum1, most, xt); settled {
		return v, v, most
	}
	if active == plain || math.Abs(most) > shiftMost {
		s, q := SumExp(row, target, 1, most)
		nats, brier = judged(s, q, most, xt, len(row))
		return nats, brier, most
	}
	k := math.Round(most * math.Log2E)
	s, q, _ := inBlocks(row, target, true, float32(k))
	nats, brier = judged(s, q, float64(k*math.Ln2), xt, len(row))
	return nats, brier, most
}

// settledAs judges a row of which there is no sum of exponentials to take: NaN, or
// 0 without others. sum is that of the logits, NaN if one is, and most the
// largest, both without the target's, xt.
func settledAs(sum, most, xt float64) (v float64, settled bool) {
	inf := math.Inf(1)
	switch {
	case xt != xt || sum != sum || xt == inf || most == inf, xt == -inf && most == -inf:
		return math.NaN(), true
	case most == -inf:
		return 0, true
	}
	return 0, false
}

// judged is the cross entropy and the Brier score of a row, of the sums of
// exp(xⱼ - shift) and of its squares over the classes but the target, and the
// target's logit.
func judged(sum, squares, shift, xt float64, classes int) (nats, brier float64) {
	d := shift - xt
	if d > 600 { // +Inf too
		return d + Log(sum), brierOf(1, sum, squares, classes)
	}
	z := float64(sum * fineExp(max(d, -800)))
	u := 1 + z
	return Log(u) + (z-(u-1))/u, brierOf(z/u, sum, squares, classes)
}

// othersPlain sets, for row i of x, without the class targets[i] (if that is no
// class, with all), sums[i] to Σ exp xⱼ, squares[i] to Σ (exp xⱼ)², and mosts[i] to the
// largest xⱼ, NaNs not counted, -Inf if there is none. The exponentials are good
// to 4e-10; logits below -600 are taken as -600, and above 700 as 700, whose
// square is infinite.
func othersPlain(sums, squares, mosts []float64, x []float32, classes int, targets []int) {
	for i := range sums {
		row := x[i*classes : (i+1)*classes]
		if t := targets[i]; uint(t) < uint(len(row)) {
			s0, q0, m0 := sumExpSquares(row[:t])
			s1, q1, m1 := sumExpSquares(row[t+1:])
			if m1 > m0 {
				m0 = m1
			}
			sums[i], squares[i], mosts[i] = s0+s1, q0+q1, float64(m0)
		} else {
			s, q, m := sumExpSquares(row)
			sums[i], squares[i], mosts[i] = s, q, float64(m)
		}
	}
}

// sumExpSquares is Σ exp xⱼ, Σ (exp xⱼ)², and the largest xⱼ.
func sumExpSquares(x []float32) (sum, squares float64, most float32) {
	var s0, s1, q0, q1 float64
	m0, m1 := float32(math.Inf(-1)), float32(math.Inf(-1))
	for len(x) >= 2 {
		if x[0] > m0 {
			m0 = x[0]
		}
		if x[1] > m1 {
			m1 = x[1]
		}
		a, b := float64(x[0]), float64(x[1])
		x = x[2:]
		if !(a >= expLeast && a <= expMost && b >= expLeast && b <= expMost) {
			a, b = roughExp(a), roughExp(b)
			s0 += a
			s1 += b
			q0 += float64(a * a)
			q1 += float64(b * b)
			continue
		}
		// roughExp of both; a call would double the time.
		ta, tb := float64(a*math.Log2E)+roundToInt, float64(b*math.Log2E)+roundToInt
		a, b = a-float64((ta-roundToInt)*math.Ln2), b-float64((tb-roundToInt)*math.Ln2)
		a2, b2 := float64(a*a), float64(b*b)
		p := float64(a2*(float64(a2*(float64(a*exp7)+exp6))+(float64(a*exp5)+exp4))) + (float64(a*exp3) + exp2)
		q := float64(b2*(float64(b2*(float64(b*exp7)+exp6))+(float64(b*exp5)+exp4))) + (float64(b*exp3) + exp2)
		p = float64(a2*p) + a + 1
		q = float64(b2*q) + b + 1
		a = float64(p * math.Float64frombits((math.Float64bits(ta)+1023)<<52))
		b = float64(q * math.Float64frombits((math.Float64bits(tb)+1023)<<52))
		s0 += a
		s1 += b
		q0 += float64(a * a)
		q1 += float64(b * b)
	}
	if len(x) > 0 {
		if x[0] > m0 {
			m0 = x[0]
		}
		a := roughExp(float64(x[0]))
		s0 += a
		q0 += float64(a * a)
	}
	if m1 > m0 {
		m0 = m1
	}
	return s0 + s1, q0 + q1, m0
}
