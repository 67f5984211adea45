package loss_test

import (
	"context"
	"errors"
	"fmt"

	"surprisal"
	"surprisal/loss"
)

func ExampleCrossEntropy() {
	logits := []float32{
		2.0, 0.5, -1.0,
		0.0, 3.0, 0.0,
		1.0, 1.0, 1.0,
	}
	labels := []int32{0, 1, -100} // the last row is left out

	ce := loss.CrossEntropy{Ignore: []int{-100}}
	mean, err := ce.Mean(context.Background(), loss.Rows(logits, 3), loss.Labels(labels))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f nats a row\n", mean)
	// Output: 0.1681 nats a row
}

func ExampleCrossEntropy_Mean_weights() {
	logits := loss.Rows([]float64{2.3, 2.1, 4.5, 4.2, 3.2, 5.1}, 3)
	ce := loss.CrossEntropy{Weights: []float64{25, 25, 100}}

	hard, _ := ce.Mean(context.Background(), logits, loss.Labels([]int{1, 2}))
	oneHot := loss.Rows([]float64{0, 1, 0, 0, 0, 1}, 3)
	soft, _ := ce.Mean(context.Background(), logits, loss.Shares(oneHot))
	fmt.Printf("over the weights of the labels: %.4f\n", hard)
	fmt.Printf("over the number of rows: %.4f\n", soft)
	// Output:
	// over the weights of the labels: 0.8705
	// over the number of rows: 54.4052
}

func ExampleCrossEntropy_MeanGrad() {
	logits := []float32{2.0, 0.5, -1.0, 0.0, 3.0, 0.0}
	x := loss.Rows(logits, 3)

	ce := loss.CrossEntropy{Smoothing: 0.1}
	mean, err := ce.MeanGrad(context.Background(), x, x, loss.Labels([]int{0, 1})) // in place of the logits
	fmt.Printf("%.4f %.3f %v\n", mean, logits, err)
	// Output: 0.3431 [-0.074 0.071 0.003 0.006 -0.012 0.006] <nil>
}

func ExampleCrossEntropy_Losses_shares() {
	logits := loss.Rows([]float64{1, 0, 0, 0, 2, 0}, 3)
	annotators := loss.Rows([]float32{0.75, 0.25, 0, 0, 1, 0}, 3)

	var ce loss.CrossEntropy
	rows := make([]float64, 2)
	if err := ce.Losses(context.Background(), rows, logits, loss.Shares(annotators)); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.4f\n", rows)
	// Output: [0.8014 0.2395]
}

func ExampleCrossEntropy_AddTo() {
	// A shard at a time; the order cannot change a bit.
	var ce loss.CrossEntropy
	var sum surprisal.Accumulator
	for _, shard := range [][]float32{{2, 0, 0, 1}, {3, -1}} {
		x := loss.Rows(shard, 2)
		if err := ce.AddTo(context.Background(), &sum, x, loss.Labels(make([]int, x.Rows()))); err != nil {
			fmt.Println(err)
			return
		}
	}
	e := sum.Estimate(0.95)
	fmt.Printf("%d rows, %.4f ± %.4f nats\n", sum.N(), e.Value, e.SE)
	// Output: 3 rows, 0.4861 ± 0.4148 nats
}

func ExampleCrossEntropy_probabilities() {
	probs := loss.Rows([]float64{0.7, 0.2, 0.1, 0.3, 0.3, 0.4}, 3)
	nll := loss.CrossEntropy{Input: loss.FromProbs}
	sum, err := nll.Sum(context.Background(), probs, loss.Labels([]int{0, 2}))
	fmt.Printf("%.4f %v\n", sum, err)
	// Output: 1.2730 <nil>
}

func ExampleCrossEntropy_logProbabilities() {
	logProbs := loss.Rows([]float64{-0.1, -2.4, -5, -0.01}, 2)
	nll := loss.CrossEntropy{Input: loss.FromLogProbs}
	sum, err := nll.Sum(context.Background(), logProbs, loss.Labels([]int{0, 0}))
	fmt.Printf("%.4f %v\n", sum, err)
	// Output: 5.1000 <nil>
}

func ExampleTargetError() {
	var ce loss.CrossEntropy
	_, err := ce.Mean(context.Background(), loss.Rows([]float32{1, 2, 3, 4}, 2), loss.Labels([]int{0, 2}))
	fmt.Println(err)
	var target *loss.TargetError
	fmt.Println(errors.As(err, &target), target.Row)
	// Output:
	// loss: row 1: target 2 is no class: they are 0 to 1
	// true 1
}

func ExampleBinaryCrossEntropy() {
	// Two questions a row, each with its own log-odds.
	logits := loss.Rows([]float32{3, -2, 0, 1}, 2)
	answers := loss.Labels([]int{1, 0, 0, 1})

	bce := loss.BinaryCrossEntropy{Positive: []float64{1, 3}}
	mean, err := bce.Mean(context.Background(), logits, answers)
	fmt.Printf("%.4f %v\n", mean, err)
	// Output: 0.4521 <nil>
}

func ExampleGaussian() {
	y := loss.Values([]float64{1.2, 40})
	mean := loss.Values([]float64{1, 0})
	variance := loss.Values([]float64{0.25, 1})

	rows := make([]float64, 2)
	full := loss.Gaussian{}
	if err := full.Losses(context.Background(), rows, y, mean, variance); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.4f\n", rows)
	torch := loss.Gaussian{NoConstant: true, MinVariance: 1e-6}
	if err := torch.Losses(context.Background(), rows, y, mean, variance); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.4f\n", rows)
	// Output:
	// [0.3058 800.9189]
	// [-0.6131 800.0000]
}

func ExamplePoisson() {
	y := loss.Values([]float64{0, 3, 1e6})
	rate := loss.Values([]float64{0.5, 2.5, 1e6})

	rows := make([]float64, 3)
	var full loss.Poisson
	if err := full.Losses(context.Background(), rows, y, rate); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.4f\n", rows)
	// Output: [0.5000 1.5429 7.8267]
}

func ExampleKLLogits() {
	p := []float32{2, 0, -1}
	fmt.Printf("%.4f\n", loss.KLLogits(p, []float32{1, 1, 0}))
	fmt.Println(loss.KLLogits(p, p))
	// Output:
	// 0.3797
	// 0
}

func ExampleGaussianNLL() {
	fmt.Printf("%.4f\n", loss.GaussianNLL(40, 0, 1))
	// Output: 800.9189
}

func ExamplePoissonNLL() {
	fmt.Printf("%.4f\n", loss.PoissonNLL(3, 2.5))
	// Output: 1.5429
}

func ExampleSoftmax() {
	fmt.Println(loss.Softmax([]float32{0, 110}, 0))
	// Output: 110
}

func ExampleBinary() {
	fmt.Printf("%.4f %.4g\n", loss.Binary(0.25, true), loss.Binary(1e-20, false))
	// Output: 1.3863 1e-20
}
