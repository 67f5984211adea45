// Package predict reads what models predicted: files of probabilities, logits,
// log-probabilities or surprisals, with the labels, weights and keys beside
// them.
//
// A [Source] is one open input. A [Request] holds what the user said about its
// columns; [Resolve] turns the request, the column names and the first thousand
// rows into a [Layout], which says what each column means. [Source.Read] then
// delivers the rows as [Batch]es of typed columns, on several threads, with
// exact row numbers.
//
// The package takes no logarithms: what a row's numbers are worth in nats is
// decided in package score.
package predict
