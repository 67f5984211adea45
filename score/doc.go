// Package score is the door to nats: rows of predictions come in as
// [predict.Batch]es, become surprisals, and are folded into a [Scorecard].
//
// [RunAgainst] holds the rows of one model against those of another, and comes to
// a [Divergence].
//
// Every sum behind it is exact, so the figures have the same bits for any order
// of the rows, any number of threads and any division into files.
package score
