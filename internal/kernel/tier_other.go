//go:build !amd64 || purego

package kernel

// Without assembly everything is plain, and the branches to the other tiers
// fall away.
const (
	active = plain
	ifma   = false
)

func best() tier { return plain }

func setTier(tier) {}

func setIFMA(bool) {}

func f16c() bool { return false }

const none = "kernel: no assembly"

func logAVX512(dst, x []float64)    { panic(none) }
func logAVX2(dst, x []float64)      { panic(none) }
func negLogAVX512(dst, x []float64) { panic(none) }
func negLogAVX2(dst, x []float64)   { panic(none) }

func momentsAVX512(x []float64, s *[11][4]float64, rest *[16]uint64) { panic(none) }
func momentsAVX2(x []float64, s *[11][4]float64, rest *[16]uint64)   { panic(none) }
func digitsIFMA(x []float64, s *[8][8]uint64, rest *[16]uint64)      { panic(none) }

func crossAVX512(lanes *[8]float64, p, q []float64) { panic(none) }
func crossAVX2(lanes *[8]float64, p, q []float64)   { panic(none) }

func tally32AVX512([]float32) (sum, squares, most float64, signs uint64) { panic(none) }
func tally32AVX2([]float32) (sum, squares, most float64, signs uint64)   { panic(none) }
func tally64AVX512([]float64) (sum, squares, most float64, signs uint64) { panic(none) }
func tally64AVX2([]float64) (sum, squares, most float64, signs uint64)   { panic(none) }

func expSumsAVX512(sums []float64, x []float32, classes int, targets []int) { panic(none) }
func expSumsAVX2(sums []float64, x []float32, classes int, targets []int)   { panic(none) }
func expFewAVX512(sums []float64, x []float32, classes int, targets []int)  { panic(none) }
func expFewAVX2(sums []float64, x []float32, classes int, targets []int)    { panic(none) }

func expSumShiftedAVX512(sums []float64, x []float32, classes int, targets []int, k float32) {
	panic(none)
}

func expSumShiftedAVX2(sums []float64, x []float32, classes int, targets []int, k float32) {
	panic(none)
}

func expSumsBFloat16AVX512(sums []float64, x []uint16, classes int, targets []int) { panic(none) }
func expSumsFloat16AVX512(sums []float64, x []uint16, classes int, targets []int)  { panic(none) }

func scaleExpsAVX512(dst, x []float32, classes int, k, factor []float32) { panic(none) }
func scaleExpsAVX2(dst, x []float32, classes int, k, factor []float32)   { panic(none) }

func othersAVX512(sums, squares, mosts []float64, x []float32, classes int, targets []int) {
	panic(none)
}

func othersAVX2(sums, squares, mosts []float64, x []float32, classes int, targets []int) {
	panic(none)
}

func othersShiftedAVX512(sums, squares, mosts []float64, x []float32, classes int, targets []int, k float32) {
	panic(none)
}

func othersShiftedAVX2(sums, squares, mosts []float64, x []float32, classes int, targets []int, k float32) {
	panic(none)
}

func expAVX512(dst, x []float64) { panic(none) }
func expAVX2(dst, x []float64)   { panic(none) }

func finishAVX512(dst, sums, at []float64) { panic(none) }
func finishAVX2(dst, sums, at []float64)   { panic(none) }

func expSums64AVX512(sums, x []float64, classes int, targets []int, shifts []float64) { panic(none) }
func expSums64AVX2(sums, x []float64, classes int, targets []int, shifts []float64)   { panic(none) }
func expFew64AVX512(sums, x []float64, classes int, targets []int, shifts []float64)  { panic(none) }
func expFew64AVX2(sums, x []float64, classes int, targets []int, shifts []float64)    { panic(none) }

func expSumsWideAVX512(sums []float64, x []float32, classes int, targets []int, shifts []float64) {
	panic(none)
}

func expSumsWideAVX2(sums []float64, x []float32, classes int, targets []int, shifts []float64) {
	panic(none)
}

func scaleExps64AVX512(dst, x []float64, classes int, shifts, factors []float64) { panic(none) }
func scaleExps64AVX2(dst, x []float64, classes int, shifts, factors []float64)   { panic(none) }

func logs1pAVX512(dst, z []float64) { panic(none) }
func logs1pAVX2(dst, z []float64)   { panic(none) }

func divergence64AVX512(p, q []float64, by *[4]float64) float64   { panic(none) }
func divergence64AVX2(p, q []float64, by *[4]float64) float64     { panic(none) }
func divergenceWideAVX512(p, q []float32, by *[4]float64) float64 { panic(none) }
func divergenceWideAVX2(p, q []float32, by *[4]float64) float64   { panic(none) }

func largest32AVX512(x []float32) int                                                { panic(none) }
func distance32AVX512(x []float32, most float64) float64                             { panic(none) }
func combine32AVX512(g, y []float32, a, b, c float64)                                { panic(none) }
func below32AVX512(x, y []float32, most float64) (nats, total float64, signs uint64) { panic(none) }
func largest64AVX512(x []float64) int                                                { panic(none) }
func distance64AVX512(x []float64, most float64) float64                             { panic(none) }
func combine64AVX512(g, y []float64, a, b, c float64)                                { panic(none) }
func below64AVX512(x, y []float64, most float64) (nats, total float64, signs uint64) { panic(none) }
func times32AVX512(dst []float64, x []float32, factor float64)                       { panic(none) }
func times64AVX512(dst []float64, x []float64, factor float64)                       { panic(none) }
func times32AVX2(dst []float64, x []float32, factor float64)                         { panic(none) }
func times64AVX2(dst []float64, x []float64, factor float64)                         { panic(none) }
func widenBFloat16AVX512(dst []float32, src []uint16)                                { panic(none) }
func narrowBFloat16AVX512(dst []uint16, src []float32)                               { panic(none) }
func widenFloat16AVX512(dst []float32, src []uint16)                                 { panic(none) }
func narrowFloat16AVX512(dst []uint16, src []float32)                                { panic(none) }
func largest32AVX2(x []float32) int                                                  { panic(none) }
func distance32AVX2(x []float32, most float64) float64                               { panic(none) }
func combine32AVX2(g, y []float32, a, b, c float64)                                  { panic(none) }
func below32AVX2(x, y []float32, most float64) (nats, total float64, signs uint64)   { panic(none) }
func largest64AVX2(x []float64) int                                                  { panic(none) }
func distance64AVX2(x []float64, most float64) float64                               { panic(none) }
func combine64AVX2(g, y []float64, a, b, c float64)                                  { panic(none) }
func below64AVX2(x, y []float64, most float64) (nats, total float64, signs uint64)   { panic(none) }
func widenBFloat16AVX2(dst []float32, src []uint16)                                  { panic(none) }
func narrowBFloat16AVX2(dst []uint16, src []float32)                                 { panic(none) }
func widenFloat16AVX2(dst []float32, src []uint16)                                   { panic(none) }
func narrowFloat16AVX2(dst []uint16, src []float32)                                  { panic(none) }

func readAVX2([]float64) float64 { panic(none) }

func columnsAVX512(columns [][]float64, class []int32, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64) {
	panic(none)
}

func columnsAVX2(columns [][]float64, class []int32, tolerance float64, sum, prob, brier []float64, odd, hit []uint8) (defect float64) {
	panic(none)
}
