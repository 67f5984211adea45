package main

import (
	"errors"
	"fmt"

	"surprisal/predict"
)

// hintedError is an error with something that may help.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// hinted adds a hint to an error.
func hinted(err error, format string, args ...any) error {
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

// thresholdError says that a threshold the user asked for is not met: exit code 1.
type thresholdError struct{ what string }

func (e *thresholdError) Error() string { return e.what }

// say writes one line of speech to stderr. If stderr cannot be written there is
// nobody to tell.
func (e *env) say(format string, args ...any) {
	fmt.Fprintf(e.stderr, "surprisal: %s\n", fmt.Sprintf(format, args...))
}

// complain says what is wrong and what may help.
func (e *env) complain(err error) {
	e.say("%s", err)
	hint := ""
	var own *hintedError
	var data *predict.Error
	switch {
	case errors.As(err, &own):
		hint = own.hint
	case errors.As(err, &data):
		hint = data.Hint
	}
	e.hint(hint)
}

// hint writes the line below a complaint or a warning, if there is a hint.
func (e *env) hint(hint string) {
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", hint)
	}
}

// nearest is the name that word is probably a slip for, or "".
var nearest = predict.Nearest
