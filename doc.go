// Package surprisal is the unit of account of this module: the surprisal
// -log p of what happened, summed exactly.
//
// One quantity has many names:
//
//   - surprisal, self-information: -log p of one event that was given
//     probability p. Certain events have 0, impossible ones +Inf. Where p is a
//     density it may be negative.
//   - negative log likelihood (NLL): the sum of the surprisals of the data.
//   - cross entropy, log loss: their mean.
//   - perplexity: exp of the mean in nats, the same number in every unit.
//   - entropy: the mean surprisal under the true probabilities, which no other
//     prediction can undercut.
//   - relative entropy, Kullback-Leibler divergence (KL): cross entropy less
//     entropy, what it costs to predict q where p is true.
//   - code length: the NLL in bits, what a code made for the predictions would
//     need for the data.
//
// The base of the logarithm is the unit: nats with e, bits (shannons) with 2,
// dits (bans, hartleys) with 10. Everything in this module is computed in nats;
// a [Unit] reads and prints.
//
// An [Accumulator] turns rows of surprisals into their mean and its error. Its
// sums are exact, so that threads, shards and the order of rows or files cannot
// change a digit.
package surprisal
