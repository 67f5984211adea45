// Package loss gives the loss of one row in nats: the surprisal −log p of what
// happened, from a probability, a log-probability or logits.
//
// All of it stays in the log domain: a softmax is never taken and then logged,
// and 1 − p is never formed where its logarithm is wanted. A true class whose
// logit lies 110 below the others costs 110 nats, in float32 as in float64, and
// a confident right answer keeps its relative accuracy however small its loss.
package loss
