package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"surprisal/predict"
	"surprisal/report"
	"surprisal/score"
)

// againstFlags are those of `surprisal score --against`.
type againstFlags struct {
	files []string
	base  predict.Request
}

func (a *againstFlags) bind(cmd *cobra.Command, complete completion) {
	const group = "Another model to compare with"
	fs := cmd.Flags()
	fs.StringArrayVar(&a.files, "against", nil, "`FILE`: the base's predictions, the same rows and classes; KL divergence and, with labels, perplexity ratio")
	setGroup(fs, group, "against")
	for _, c := range []struct {
		to          *string
		name, usage string
	}{
		{&a.base.Probs, "base-probs", "`COLS`: a probability per class, in the base's files"},
		{&a.base.Logits, "base-logits", "`COLS`: a logit per class"},
		{&a.base.LogProbs, "base-logprobs", "`COLS`: a log-probability per class"},
	} {
		fs.StringVar(c.to, c.name, "", c.usage)
		setGroup(fs, group, c.name)
		_ = cmd.RegisterFlagCompletionFunc(c.name, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return complete(cmd, a.files, typed) // the columns of the base's first file
		})
	}
}

// completion completes a flag, given the files on the command line.
type completion func(cmd *cobra.Command, files []string, typed string) ([]string, cobra.ShellCompDirective)

// aloneOnly are the flags of a scoring that a comparison has no use for, and why.
var aloneOnly = []struct{ names, why string }{
	{"prob positive logprob nll tokens words bytes", "whole rows are compared, with a value for each class: --probs, --logits or --logprobs"},
	{"onehot", "labels are one class for each row: --label or --labels"},
	{"by max-slices per-document", "score each model by itself for its slices and documents"},
	{"floor", "rows that are infinitely far apart are counted, and the mean of the others is shown"},
	{"fail-over", "it is a threshold for one model's cross entropy"},
	{"join", "both models must have the same rows in the same order, and so must the labels"},
}

// check settles the flags before any file is looked at.
func (a *againstFlags) check(cmd *cobra.Command) error {
	fs := cmd.Flags()
	said := ""
	for _, name := range []string{"base-probs", "base-logits", "base-logprobs"} {
		switch {
		case !fs.Changed(name):
		case !fs.Changed("against"):
			return hinted(fmt.Errorf("--%s has no meaning without --against", name), "--against FILE names the base's predictions")
		case fs.Lookup(name).Value.String() == "":
			return fmt.Errorf("--%s: the value is empty", name)
		case said != "":
			return hinted(fmt.Errorf("--%s and --%s contradict each other", said, name), "say what the base's columns hold with one of them")
		default:
			said = name
		}
	}
	if !fs.Changed("against") {
		return nil
	}
	for _, flags := range aloneOnly {
		for _, name := range strings.Fields(flags.names) {
			if fs.Lookup(name) != nil && fs.Changed(name) {
				return hinted(fmt.Errorf("--%s has no meaning with --against", name), "%s", flags.why)
			}
		}
	}
	for _, path := range a.files {
		if path == "" {
			return errors.New("--against: the name of the file is empty")
		}
	}
	return nil
}

// find finds the base's files.
func (a *againstFlags) find() ([]file, error) {
	var all []file
	for _, arg := range a.files {
		found, err := findFile(arg)
		if err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// runAgainst compares the data set of a job with that of the base's files.
func (f *scoreFlags) runAgainst(ctx context.Context, e *env, alone score.Job, files, baseFiles []file) error {
	job := score.AgainstJob{Inputs: alone.Inputs, Labels: alone.Labels, Request: alone.Request, BaseRequest: f.against.base, Options: alone.Options}
	for _, in := range baseFiles {
		job.Base = append(job.Base, score.Input{Name: in.name, Open: func(ctx context.Context) (predict.Source, error) {
			return f.open(ctx, e, in)
		}})
	}
	var how [2]string
	bar := startProgress(ctx, e.stderr)
	job.OnRows = bar.add
	job.OnLayout = func(layouts [2]*predict.Layout, first [2]predict.Source) {
		for side, of := range [2][]file{files, baseFiles} {
			how[side] = readAs(layouts[side], first[side])
			if !f.quiet {
				e.say("%s", readLine(of, how[side]))
			}
		}
	}
	d, err := score.RunAgainst(ctx, job)
	bar.end()
	if err != nil {
		return err
	}
	return f.write(ctx, e, report.Against(d, f.unit, how[0], how[1]))
}
