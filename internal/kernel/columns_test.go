package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// columnsSlow is the definition of Columns for one row.
func columnsSlow(row []float64, y int, tolerance float64) (sum, prob, brier, off float64, odd, hit bool) {
	most, squares := 0.0, 0.0
	for k, v := range row {
		odd = odd || v != v || math.Signbit(v)
		if k != y {
			sum += v
			squares += float64(v * v)
			most = math.Max(most, v)
		}
	}
	p := row[y]
	sum += p
	off = math.Abs(sum - 1)
	odd = odd || !(off <= tolerance) || p == most
	if !(off <= tolerance) {
		off = 0
	}
	return sum, math.Min(p, 1), squares + float64((1-p)*(1-p)), off, odd, p > most
}

func TestColumns(t *testing.T) {
	inf := math.Inf(1)
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 2))
		for k := 1; k <= 17; k++ {
			for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 64, 201} {
				columns := make([][]float64, k)
				for j := range columns {
					columns[j] = make([]float64, n)
				}
				class, row := make([]int32, n), make([]float64, k)
				for i := range n {
					total := 0.0
					for j := range row {
						row[j] = math.Exp(3 * r.NormFloat64())
						total += row[j]
					}
					for j := range row {
						row[j] /= total
					}
					class[i] = int32(r.IntN(k))
					if i%5 == 4 {
						strange := []float64{0, math.Copysign(0, -1), 1, 1 + 9e-6, 1 + 1.1e-5, -1e-7, 2, inf, -inf, math.NaN(), 5e-324, row[class[i]]}
						row[r.IntN(k)] = strange[r.IntN(len(strange))]
					}
					if i%7 == 6 {
						clear(row)
						row[class[i]] = 1
					}
					for j := range row {
						columns[j][i] = row[j]
					}
				}
				sum, prob, brier := make([]float64, n), make([]float64, n), make([]float64, n)
				odd, hit := make([]uint8, (n+7)/8), make([]uint8, (n+7)/8)
				for i := range odd {
					odd[i], hit[i] = 0xff, 0xff
				}
				defect, got := 0.0, Columns(columns, class, 1e-5, sum, prob, brier, odd, hit)
				for i := range n {
					for j := range row {
						row[j] = columns[j][i]
					}
					s, p, b, off, o, h := columnsSlow(row, int(class[i]), 1e-5)
					defect = max(defect, off)
					gotOdd, gotHit := odd[i/8]>>(i%8)&1 != 0, hit[i/8]>>(i%8)&1 != 0
					if gotOdd != o || !sameNumber(sum[i], s) {
						t.Fatalf("%d columns, row %d of %d: odd %v, sum %v; want %v, %v\n%v", k, i, n, gotOdd, sum[i], o, s, row)
					}
					if !o && (gotHit != h || !same(prob[i], p) || !same(brier[i], b)) {
						t.Fatalf("%d columns, row %d of %d: hit %v, %v, %v; want %v, %v, %v\n%v", k, i, n, gotHit, prob[i], brier[i], h, p, b, row)
					}
				}
				if !same(got, defect) {
					t.Fatalf("%d columns, %d rows: defect %v, want %v", k, n, got, defect)
				}
				if n%8 != 0 && (odd[n/8]>>(n%8) != 0 || hit[n/8]>>(n%8) != 0) {
					t.Fatalf("%d rows: bits behind the last", n)
				}
			}
		}
	})
}

// A row of quarters and eighths has a Brier score that needs no rounding.
func TestColumnsExactly(t *testing.T) {
	eachTier(t, func(t *testing.T) {
		const n = 11
		columns := make([][]float64, 4)
		class := make([]int32, n)
		for i := range class {
			class[i] = 1
			for k, v := range []float64{0.25, 0.5, 0.125, 0.125} {
				columns[k] = append(columns[k], v)
			}
		}
		sum, prob, brier := make([]float64, n), make([]float64, n), make([]float64, n)
		odd, hit := make([]uint8, 2), make([]uint8, 2)
		Columns(columns, class, 1e-5, sum, prob, brier, odd, hit)
		for i := range n {
			if sum[i] != 1 || prob[i] != 0.5 || brier[i] != 1.0/4+1.0/16+2.0/64 {
				t.Errorf("row %d: %v %v %v", i, sum[i], prob[i], brier[i])
			}
		}
		if odd[0]|odd[1] != 0 || hit[0] != 0xff || hit[1] != 7 {
			t.Errorf("odd %x, hit %x", odd, hit)
		}
	})
}

func BenchmarkColumns(b *testing.B) {
	const n, k = 4096, 10
	columns := make([][]float64, k)
	for j := range columns {
		columns[j] = make([]float64, n)
		for i := range columns[j] {
			columns[j][i] = 0.1
		}
	}
	class := make([]int32, n)
	sum, prob, brier := make([]float64, n), make([]float64, n), make([]float64, n)
	odd, hit := make([]uint8, n/8), make([]uint8, n/8)
	for i := plain; i <= best(); i++ {
		b.Run(i.String(), func(b *testing.B) {
			onTier(b, i)
			b.SetBytes(n * k * 8)
			for b.Loop() {
				Columns(columns, class, 1e-5, sum, prob, brier, odd, hit)
			}
		})
	}
}
