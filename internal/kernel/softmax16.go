package kernel

import "sync"

// CrossEntropyBFloat16 is CrossEntropy32 of logits stored as bfloat16: the same as of
// the float32 that they are, within the error that both have.
func CrossEntropyBFloat16(dst []float64, logits []uint16, classes int, targets []int) {
	crossEntropy16(dst, logits, classes, targets, true)
}

// CrossEntropyFloat16 is CrossEntropyBFloat16 for binary16.
func CrossEntropyFloat16(dst []float64, logits []uint16, classes int, targets []int) {
	crossEntropy16(dst, logits, classes, targets, false)
}

// widenedBlock is how many logits of 16 bits are widened at a time: what they
// become stays in the nearest cache.
const widenedBlock = 1 << 12

var widenedPool = sync.Pool{New: func() any { return new([widenedBlock]float32) }}

func crossEntropy16(dst []float64, logits []uint16, classes int, targets []int, brain bool) {
	checkRows(len(dst), len(logits), classes, targets)
	var sums, at, nats [rowBatch]float64
	buffer := widenedPool.Get().(*[widenedBlock]float32)
	for len(dst) > 0 {
		n := max(1, min(rowBatch, widenedBlock/classes, len(dst)))
		x, y := logits[:n*classes], targets[:n]
		sumExps16(sums[:n], x, classes, y, brain, buffer)
		for i, y := range y {
			if v := x[i*classes+y]; brain {
				at[i] = float64(FromBFloat16(v))
			} else {
				at[i] = float64(FromFloat16(v))
			}
		}
		finishSums(&nats, &sums, &at, n)
		for i, v := range nats[:n] {
			if v != v {
				row := make([]float32, classes)
				widen16(row, x[i*classes:(i+1)*classes], brain)
				v = carefulLoss(row, y[i])
			}
			dst[i] = v
		}
		dst, logits, targets = dst[n:], logits[n*classes:], targets[n:]
	}
	widenedPool.Put(buffer)
}

// sumExps16 is sumExps. AVX-512 widens numbers as it loads them; for others, and
// for rows of one load, they are widened first.
func sumExps16(sums []float64, x []uint16, classes int, targets []int, brain bool, buffer *[widenedBlock]float32) {
	if classes <= widenedBlock {
		blockExps16(sums, x, classes, targets, brain, buffer)
		return
	}
	var s [1]float64
	sums[0] = 0
	for from := 0; from < classes; from += widenedBlock {
		n := min(widenedBlock, classes-from)
		y := [1]int{within(targets[0]-from, n)}
		blockExps16(s[:], x[from:from+n], n, y[:], brain, buffer)
		sums[0] += s[0]
	}
}

func blockExps16(sums []float64, x []uint16, classes int, targets []int, brain bool, buffer *[widenedBlock]float32) {
	if active == avx512 && classes > 16 {
		if brain {
			expSumsBFloat16AVX512(sums, x, classes, targets)
		} else {
			expSumsFloat16AVX512(sums, x, classes, targets)
		}
		return
	}
	widen16(buffer[:len(x)], x, brain)
	blockExps(sums, buffer[:len(x)], classes, targets)
}

func widen16(dst []float32, x []uint16, brain bool) {
	if brain {
		WidenBFloat16(dst, x)
	} else {
		WidenFloat16(dst, x)
	}
}
