package info_test

import (
	"fmt"

	"surprisal"
	"surprisal/info"
)

func ExampleEntropy() {
	fair := []float64{1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6}
	h := info.Entropy(fair)
	fmt.Printf("%.4f nats, %.4f bits\n", h, surprisal.Bit.FromNats(h))
	// Output: 1.7918 nats, 2.5850 bits
}

// The belief comes second.
func ExampleCrossEntropy() {
	observed := []float64{.18, .18, .15, .17, .17, .15}
	fair := []float64{1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6}
	loaded := []float64{.1, .1, .1, .1, .1, .5}
	fmt.Printf("fair %.4f, loaded %.4f\n", info.CrossEntropy(observed, fair), info.CrossEntropy(observed, loaded))
	// Output: fair 1.7918, loaded 2.0612
}

// The mean negative log likelihood of rolls is the cross entropy of their counts:
// the same number, not nearly the same.
func ExampleCrossEntropyCounts() {
	loaded := []float64{.1, .1, .1, .1, .1, .5}
	rolls := []int{6, 1, 6, 3, 6, 6, 2}
	counts := []int64{1, 1, 1, 0, 0, 4}

	var acc surprisal.Accumulator
	for _, face := range rolls {
		acc.Add(info.CrossEntropy([]float64{1}, loaded[face-1:face]))
	}
	fmt.Println(acc.Mean() == info.CrossEntropyCounts(counts, loaded))
	// Output: true
}

func ExampleKL() {
	p, q := []float64{.5, .5, 0}, []float64{.5, 0, .5}
	fmt.Println(info.KL(p, p), info.KL(p, q))
	// Output: 0 +Inf
}

func ExampleNew() {
	_, err := info.New([]float64{.4, .5})
	fmt.Println(err)
	// Output: not a distribution: sums to 0.9
}

func ExampleMutualInformation() {
	// Rows are the weather, columns the forecast.
	table := [][]float64{
		{.4, .1},
		{.1, .4},
	}
	fmt.Printf("%.4f bits\n", surprisal.Bit.FromNats(info.MutualInformation(table)))
	// Output: 0.2781 bits
}

func ExampleMillerMadow() {
	e := info.MillerMadow([]int64{4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1})
	fmt.Printf("%.4f ± %.4f nats from %d outcomes\n", e.Value, e.SE, e.N)
	// Output: 2.1526 ± 0.1023 nats from 19 outcomes
}
