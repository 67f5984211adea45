package main

import (
	"context"
	"strconv"

	"surprisal/predict"
	"surprisal/predict/formats"
)

// open opens a file of predictions with what the flags say about its format.
func (f *scoreFlags) open(ctx context.Context, e *env, in file) (predict.Source, error) {
	parts, err := delimiter(f.delimiter)
	if err != nil {
		return nil, err
	}
	return formats.Open(ctx, in.path, formats.Options{Stdin: e.stdin, NoHeader: f.noHeader, Delimiter: parts})
}

// openLabels opens a file of labels. Its delimiter is its own, and a column that
// is given by name shows that it has a header. One column may well have none.
func (f *scoreFlags) openLabels(ctx context.Context, e *env, in labelFile) (predict.Source, error) {
	_, err := strconv.Atoi(in.column)
	byName := in.column != "" && err != nil
	return formats.Open(ctx, in.path, formats.Options{Stdin: e.stdin, NoHeader: f.noHeader && !byName, Bare: in.column == ""})
}
