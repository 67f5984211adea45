package kernel

import "math"

// Columns goes over rows of probabilities that lie column by column, float64: row i
// is columns[k][i] for all k, and class[i], from 0 to len(columns)−1, is what
// happened. It sets
//
//   - sum[i]: the values of the other classes added up in the order of the columns,
//     from 0, and then that of the class;
//   - prob[i]: the value of the class, at most 1;
//   - brier[i]: the squares of the others added up likewise, plus (1 − value of the
//     class)²;
//   - bit i%8 of hit[i/8]: the value of the class is larger than all others;
//   - bit i%8 of odd[i/8]: a value has its sign set or is NaN, or the sum is not
//     within tolerance of 1, or the class ties with the largest of the others. The
//     row's other results, but for sum, are then of no use.
//
// Bits behind the last row are 0. It returns the largest distance of a sum from 1
// that is within the tolerance, 0 if there is none. Nothing is fused; the bits are
// the same on all tiers. No column may be shorter than class, nor may sum, prob and
// brier.
func Columns(columns [][]float64, class []int32, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64) {
	n := len(class)
	for _, c := range columns {
		_ = c[:n]
	}
	_, _, _ = sum[:n], prob[:n], brier[:n]
	_, _ = odd[:(n+7)/8], hit[:(n+7)/8]
	done := 0
	if len(columns) > 0 && n >= 8 {
		switch active {
		case avx512:
			done = n &^ 7
			defect = columnsAVX512(columns, class[:done], tolerance, sum, prob, brier, odd, hit)
		case avx2:
			done = n &^ 7
			defect = columnsAVX2(columns, class[:done], tolerance, sum, prob, brier, odd, hit)
		}
	}
	return max(defect, columnsPlain(columns, class, done, tolerance, sum, prob, brier, odd, hit))
}

// columnsPlain is Columns for the rows from one on, which is a multiple of 8.
func columnsPlain(columns [][]float64, class []int32, from int, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64) {
	for i := from; i < len(class); i++ {
		if i%8 == 0 {
			odd[i/8], hit[i/8] = 0, 0
		}
		var s, q, p float64
		most, signs := 0.0, uint64(0)
		for k, c := range columns {
			v := c[i]
			signs |= math.Float64bits(v)
			if int32(k) == class[i] {
				p = v
				continue
			}
			s += v
			q += float64(v * v)
			if v > most {
				most = v
			}
		}
		s += p
		sum[i], prob[i], brier[i] = s, min(p, 1), q+float64((1-p)*(1-p))
		off := math.Abs(s - 1)
		within := off <= tolerance
		if within {
			defect = max(defect, off)
		}
		if !within || signs>>63 != 0 || p == most {
			odd[i/8] |= 1 << (i % 8)
		}
		if p > most {
			hit[i/8] |= 1 << (i % 8)
		}
	}
	return defect
}
