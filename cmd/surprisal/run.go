package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes; `surprisal help exit-codes` explains them.
const (
	exitDone        = 0
	exitThreshold   = 1
	exitTrouble     = 2
	exitInterrupted = 130
)

// verbs is the table of verbs. Each is one file, with the function that makes
// its command.
var verbs = []func(*env) *cobra.Command{
	newScoreCmd,
	newDistCmd,
}

// env is the world outside a run.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	helpErr error // what went wrong in writing a help text
}

// run is the whole command, with nothing global in it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr}
	err := e.execute(ctx, args)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		e.say("interrupted")
		return exitInterrupted
	case errors.Is(err, syscall.EPIPE):
		return exitTrouble // whoever read the result has seen enough
	}
	var over *thresholdError
	if errors.As(err, &over) {
		e.say("%s", over)
		return exitThreshold
	}
	e.complain(err)
	return exitTrouble
}

// grace is how long a verb may take to stop once the context has ended: it may be
// stuck in reading from a pipe that nobody writes to.
const grace = 300 * time.Millisecond

func (e *env) execute(ctx context.Context, args []string) error {
	root := newRootCmd(e)
	if err := checkVerb(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	done := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		if err == nil && e.helpErr != nil {
			err = fmt.Errorf("cannot write the help: %w", e.helpErr)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return ctx.Err()
	}
}

func newRootCmd(e *env) *cobra.Command {
	cobra.EnableCommandSorting = false // verbs come in the order of the table
	root := &cobra.Command{
		Use:   "surprisal",
		Short: "Measure how well probability models fit data",
		Long: `surprisal measures how well probability models fit data, in one unit of account: the
surprisal, -log p, of what happened. Its sum is the negative log likelihood, its mean the
cross entropy (log loss), and exp of the mean the perplexity.`,
		Example: `  surprisal score examples/digits/logistic.csv
  surprisal score examples/lm/tokens.csv --bytes bytes --unit bit
  surprisal dist 1/6x6`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetVersionTemplate("surprisal {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { e.helpErr = writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { return writeHelp(cmd.OutOrStderr(), cmd) })
	root.SetHelpCommand(newHelpCmd())
	root.SetFlagErrorFunc(flagError)
	for _, v := range verbs {
		cmd := v(e)
		completeEnums(cmd)
		root.AddCommand(cmd)
	}
	for _, topic := range topics {
		root.AddCommand(topic())
	}
	return root
}

// checkVerb refuses an unknown verb before anything else is looked at.
func checkVerb(root *cobra.Command, args []string) error {
	var word string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			word = a
			break
		}
		if a == "--" {
			break
		}
	}
	if word == "" || strings.HasPrefix(word, "__complete") {
		return nil
	}
	names := []string{"help", "completion"}
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	for _, n := range names {
		if n == word {
			return nil
		}
	}
	err := fmt.Errorf("unknown verb %q", word)
	if near := nearest(word, names); near != "" {
		return hinted(err, "did you mean `surprisal %s`?", near)
	}
	if _, statErr := os.Stat(word); statErr == nil {
		return hinted(err, "to score a file of predictions: surprisal score %s", word)
	}
	return hinted(err, "`surprisal help` lists the verbs")
}

// flagError puts the parser's errors into our words.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return hinted(fmt.Errorf("unknown flag -%s", name), "`%s --help` lists the flags", cmd.CommandPath())
		}
		err := fmt.Errorf("unknown flag --%s", name)
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := nearest(name, names); near != "" {
			return hinted(err, "did you mean --%s?", near)
		}
		return hinted(err, "`%s --help` lists the flags", cmd.CommandPath())
	case errors.As(err, &invalid):
		cause := invalid.Unwrap()
		var asked *hintedError
		if !errors.As(cause, &asked) && invalid.GetFlag().Value.Type() != "string" {
			cause = fmt.Errorf("%q is not %s", invalid.GetValue(), kinds[invalid.GetFlag().Value.Type()])
		}
		return fmt.Errorf("--%s: %w", invalid.GetFlag().Name, cause)
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	}
	return err
}

// kinds says what a flag's value should be, by the type of the flag.
var kinds = map[string]string{"int": "a whole number", "float64": "a number", "bool": "true or false"}
