// Package score is the door to nats: rows of predictions come in as
// [predict.Batch]es, become surprisals, and are folded into a [Scorecard].
//
// Every sum behind it is exact, so the scorecard has the same bits for any order
// of the rows, any number of threads and any division into files.
package score
