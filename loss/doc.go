// Package loss gives losses in nats: the surprisal −log p of what happened, from
// logits, log-probabilities, probabilities or densities, of many rows at once or
// of one, and the gradients of those that have logits.
//
//   - [CrossEntropy]: rows of logits, log-probabilities or probabilities, with
//     a label each or a share of each class; weights of classes, ignored labels,
//     smoothing, temperature; gradients.
//   - [BinaryCrossEntropy]: log-odds of two-way outcomes; gradients.
//   - [Gaussian], [Poisson]: full −log densities, and other libraries' forms.
//   - [KLLogits]: how far one row of logits is from another.
//   - [Softmax], [SoftmaxSoft], [BinaryLogit], [Prob], [GaussianNLL] and others:
//     one row, or one number.
//
// Losses of many rows come row by row (Losses), as an exact sum or mean, or into
// a [surprisal.Accumulator] (AddTo), which also knows their error.
//
// All of it stays in the log domain: a softmax is never taken and then logged,
// and 1 − p is never formed where its logarithm is wanted. A true class whose
// logit lies 110 below the others costs 110 nats, in float32 as in float64, and
// a confident right answer keeps its relative accuracy however small its loss.
//
// A label that is no class is an error that names the row; no score is made of it.
// A row's loss does not depend on the other rows.
package loss
