package surprisal_test

import (
	"fmt"
	"math"

	"surprisal"
)

// Four forecasts of what then happened.
func Example() {
	var loss surprisal.Accumulator
	for _, p := range []float64{0.9, 0.8, 0.5, 0.95} {
		loss.Add(-math.Log(p))
	}
	e := loss.Estimate(0.95)
	fmt.Printf("negative log likelihood %.4f nats\n", loss.Total())
	fmt.Printf("cross entropy %.4f nats, %.4f bits\n", e.Value, surprisal.Bit.FromNats(e.Value))
	fmt.Printf("with 95 %% confidence between %.2f and %.2f nats\n", e.Lo, e.Hi)
	fmt.Printf("perplexity %.4f\n", math.Exp(e.Value))
	// Output:
	// negative log likelihood 1.0729 nats
	// cross entropy 0.2682 nats, 0.3870 bits
	// with 95 % confidence between -0.20 and 0.73 nats
	// perplexity 1.3077
}

// Two threads fold halves of the data: the bits of the result are the same.
func ExampleAccumulator_Merge() {
	var all, left, right surprisal.Accumulator
	all.AddSlice([]float64{0.1, 0.2, 0.3, 1e16, 0.4})
	left.AddSlice([]float64{0.3, 1e16})
	right.AddSlice([]float64{0.4, 0.1, 0.2})
	right.Merge(&left)
	fmt.Println(all.Mean() == right.Mean(), all.Total() == right.Total())
	// Output: true true
}
