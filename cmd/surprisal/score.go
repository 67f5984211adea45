package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"surprisal/predict"
	"surprisal/report"
	"surprisal/score"
)

// scoreFlags is everything that can be said to `surprisal score`.
type scoreFlags struct {
	request   predict.Request
	labels    []string
	join      string
	noHeader  bool
	delimiter string

	normalize  string
	confidence float64
	floor      float64
	documents  bool
	strict     bool
	worst      int
	maxSlices  int
	threads    int
	failOver   float64
	against    againstFlags

	output
}

func newScoreCmd(e *env) *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{
		Use:   "score FILE... [flags]",
		Short: "Score predictions: cross entropy (log loss) with its error, and where it comes from",
		Long: `Score predictions in files: the cross entropy (log loss) with its standard error and
interval, the perplexity, skill over the class shares, accuracy, Brier score, and where the
loss comes from. Several files (and patterns) are one data set; - is standard input;
NAME=FILE gives an input another name in the output. With --against, the predictions are
compared with those of another model, row by row.

What the columns mean is found from their names and values and said on stderr; every flag
below overrules a guess. Columns go by name or, without a header, by number from 1. Lists of
columns are comma-separated and take patterns: 'p_*'.`,
		Example: `  # one probability per class, and a label
  surprisal score examples/digits/logistic.csv

  # one probability, of the positive class
  surprisal score examples/cancer/logistic.csv --label diagnosis --prob p_malignant --positive malignant

  # logits and labels in two NumPy files
  surprisal score examples/digits/logits.npy --labels examples/digits/labels.npy

  # token log-probabilities: perplexity, and bits per byte; tokens of a document hang together
  surprisal score examples/lm/tokens.csv --logprob logprob --bytes bytes --cluster doc --unit bit
  surprisal score examples/lm/tokens.csv --per-document

  # predictions and labels in two files with a common key, in any order, as on Kaggle
  surprisal score examples/kaggle/submission.csv --labels examples/kaggle/solution.csv --join id --by Usage

  # soft labels: shares of annotators
  surprisal score examples/soft/annotators.csv --probs 'p_*' --onehot 'y_*'

  # a quantised model against the original: KL divergence, perplexity ratio
  surprisal score examples/digits/quantised.npy --against examples/digits/logits.npy --labels examples/digits/labels.npy

  # slices, and the rows that cost most
  surprisal score examples/digits/logistic.csv --by fold --worst 3 --id id

  # a check for a pipeline: exit code 1 when the cross entropy is above 0.2 nats
  surprisal score examples/digits/logistic.csv --fail-over 0.2 --json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, e, args) },
	}
	f.bind(cmd)
	return cmd
}

func (f *scoreFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	r := &f.request
	var named []string
	columns := func(group string, to *string, name, usage string) {
		fs.StringVar(to, name, "", usage)
		setGroup(fs, group, name)
		named = append(named, name)
	}
	const what = "What the columns hold"
	columns(what, &r.Label, "label", "`COL`: what happened; none for no labels")
	fs.StringArrayVar(&f.labels, "labels", nil, "`FILE[:COL]`: labels from another file, row by row, or by --join; once, or once per input")
	setGroup(fs, what, "labels")
	fs.StringVar(&f.join, "join", "", "`COL`: the key by which rows find those labels, in any order; COL=COL2 if --labels calls it COL2")
	setGroup(fs, what, "join")
	columns(what, &r.Probs, "probs", "`COLS`: a probability per class")
	columns(what, &r.Prob, "prob", "`COL`: probability of the positive class; without labels, of what happened")
	columns(what, &r.Logits, "logits", "`COLS`: a logit per class, or the log-odds of the positive class")
	columns(what, &r.LogProbs, "logprobs", "`COLS`: a log-probability per class")
	columns(what, &r.LogProb, "logprob", "`COL`: log-probability of what happened")
	columns(what, &r.NLL, "nll", "`COL`: surprisal of what happened")
	columns(what, &r.OneHot, "onehot", "`COLS`: label shares, one per class, in the order of the classes")
	fs.StringVar(&r.Positive, "positive", "", "`LABEL`: that of the positive class")
	fs.StringVar(&r.Classes, "classes", "", "`NAMES`: those of the classes, in the order of the columns")
	fs.Var(newEnum(&r.LogBase, "e", "2", "10"), "log-base", "base of logarithms in the file")
	fs.BoolVar(&f.noHeader, "no-header", false, "the first line holds data")
	fs.StringVar(&f.delimiter, "delimiter", "", "`CHAR`: what parts the fields, or tab; found from the file if not given")
	setGroup(fs, what, "positive", "classes", "log-base", "no-header", "delimiter")

	const rows = "What a row counts for"
	columns(rows, &r.Weight, "weight", "`COL`: sampling weight")
	columns(rows, &r.Freq, "freq", "`COL`: how many times the row is repeated")
	columns(rows, &r.Cluster, "cluster", "`COL`: rows with the same key are not independent; none for no such rows")
	columns(rows, &r.Tokens, "tokens", "`COL`: tokens in the row, for figures per token")
	columns(rows, &r.Words, "words", "`COL`: words in the row")
	columns(rows, &r.Bytes, "bytes", "`COL`: bytes in the row, for bits per byte")

	f.against.bind(cmd, f.completeColumns)

	const shown = "What is shown"
	columns(shown, &r.By, "by", "`COLS`: score every combination of their values apart")
	fs.IntVar(&f.maxSlices, "max-slices", 10_000, "stop at more slices than `N`")
	fs.IntVar(&f.worst, "worst", 10, "show the `N` rows that cost most; 0 for none")
	columns(shown, &r.ID, "id", "`COL`: names the worst rows")
	fs.Float64Var(&f.confidence, "confidence", 0.95, "confidence `C` of the intervals")
	fs.BoolVar(&f.documents, "per-document", false, "show the mean of the documents' perplexities, too")
	setGroup(fs, shown, "max-slices", "worst", "confidence", "per-document")

	const hard = "Hard rows"
	fs.Float64Var(&f.floor, "floor", 0, "raise the probability of what happened to at least `F`")
	fs.Var(newEnum(&f.normalize, "refuse", "rescale", "asis"), "normalize", "rows that do not sum to 1")
	fs.BoolVar(&f.strict, "strict", false, "stop at the first row that cannot be scored")
	setGroup(fs, hard, "floor", "normalize", "strict")

	f.output.bind(cmd)
	fs.Float64Var(&f.failOver, "fail-over", 0, "exit with 1 if the cross entropy is above `X`, in the chosen unit")
	setGroup(fs, "Output", "fail-over")
	fs.IntVar(&f.threads, "threads", 0, "use `N` threads; as many as there are cores if not given")
	setGroup(fs, "Output", "threads")

	for _, name := range named {
		_ = cmd.RegisterFlagCompletionFunc(name, f.completeColumns)
	}
	_ = cmd.RegisterFlagCompletionFunc("join", f.completeJoin)
}

// forms are the flags that say what the value columns hold; only one can be true.
var forms = []string{"probs", "prob", "logits", "logprobs", "logprob", "nll"}

// check settles all flags before any file is looked at.
func (f *scoreFlags) check(cmd *cobra.Command) error {
	fs := cmd.Flags()
	set := func(name string) bool { return fs.Changed(name) }
	var form string
	for _, name := range forms {
		if !set(name) {
			continue
		}
		if form != "" {
			return hinted(fmt.Errorf("--%s and --%s contradict each other", form, name), "say what the value columns hold with one of --%s", strings.Join(forms, ", --"))
		}
		form = name
	}
	clash := func(flag string, with ...string) error {
		if !set(flag) {
			return nil
		}
		for _, w := range with {
			if set(w) {
				return fmt.Errorf("--%s has no meaning with --%s", flag, w)
			}
		}
		return nil
	}
	for _, err := range []error{
		clash("positive", "probs", "logprobs", "logprob", "nll", "onehot"),
		clash("onehot", "prob", "logprob", "nll"),
		clash("classes", "logprob", "nll"),
		clash("log-base", "probs", "prob", "logits"),
		clash("per-document", "probs", "logits", "logprobs", "onehot", "weight"),
	} {
		if err != nil {
			return err
		}
	}
	// An empty name is never what was meant: --label "$COLUMN" with nothing in it.
	empty := ""
	for _, name := range append([]string{"label", "join", "onehot", "positive", "classes", "weight", "freq", "cluster", "tokens", "words", "bytes", "by", "id", "delimiter"}, forms...) {
		if flag := fs.Lookup(name); empty == "" && set(name) && flag.Value.String() == "" {
			empty = name
		}
	}
	label := f.request.Label != "" && f.request.Label != "none"
	switch {
	case empty != "":
		return fmt.Errorf("--%s: the value is empty", empty)
	case label && set("labels") && !set("join"):
		return hinted(errors.New("--label and --labels contradict each other"), "a column of a second file: --labels FILE:COL")
	case label && set("onehot"):
		return errors.New("--label and --onehot contradict each other: both say what happened")
	case set("labels") && set("onehot") && !set("join"):
		return errors.New("--labels and --onehot contradict each other: both say what happened")
	case set("join") && !set("labels"):
		return hinted(errors.New("--join needs --labels"), "it names the key by which rows find their label in another file: --labels FILE --join %s", f.join)
	case !(f.confidence > 0 && f.confidence < 1):
		err := fmt.Errorf("--confidence: %v is not between 0 and 1", f.confidence)
		if f.confidence > 1 && f.confidence < 100 {
			return hinted(err, "did you mean %v?", f.confidence/100)
		}
		return err
	case set("floor") && !(f.floor > 0 && f.floor < 1):
		return hinted(fmt.Errorf("--floor: %v is not between 0 and 1", f.floor), "a floor is a probability, such as 1e-6")
	case set("worst") && f.worst < 0:
		return fmt.Errorf("--worst: %d is negative", f.worst)
	case f.maxSlices < 1:
		return fmt.Errorf("--max-slices: %d is less than 1", f.maxSlices)
	case set("threads") && f.threads < 1:
		return fmt.Errorf("--threads: %d is less than 1", f.threads)
	case set("fail-over") && (math.IsNaN(f.failOver) || math.IsInf(f.failOver, 0)):
		return fmt.Errorf("--fail-over: %v is not a finite number", f.failOver)
	}
	if set("join") {
		if _, _, err := predict.ParseJoin(f.join); err != nil {
			return fmt.Errorf("--join: %w", err)
		}
	}
	if _, err := delimiter(f.delimiter); err != nil {
		return err
	}
	if err := f.against.check(cmd); err != nil {
		return err
	}
	return f.output.check(cmd)
}

// delimiter reads --delimiter; 0 means that it is to be found.
func delimiter(s string) (byte, error) {
	switch s {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	case "comma":
		return ',', nil
	case "semicolon":
		return ';', nil
	case "pipe":
		return '|', nil
	case "space":
		return ' ', nil
	}
	if len(s) != 1 || s[0] >= 0x80 || strings.ContainsAny(s, "\"\r\n\x00") {
		return 0, hinted(fmt.Errorf("--delimiter: %q cannot part fields", s), "give one character, or tab, comma, semicolon, pipe or space")
	}
	if c := s[0]; c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
		return 0, hinted(fmt.Errorf("--delimiter: %q is part of numbers and names", s), "give one character such as , or ; or |, or tab")
	}
	return s[0], nil
}

// normalizing maps the words of --normalize.
var normalizing = []score.Normalize{score.Refuse, score.Rescale, score.AsIs}

func (f *scoreFlags) run(cmd *cobra.Command, e *env, args []string) error {
	ctx := cmd.Context()
	if err := f.check(cmd); err != nil {
		return err
	}
	if len(args) == 0 {
		if isTerminal(e.stdin) {
			if err := writeHelp(e.stderr, cmd); err != nil {
				return err
			}
			return errors.New("which file?")
		}
		return hinted(errors.New("which file?"), "to read standard input: surprisal score -")
	}
	files, err := findFiles(args)
	if err != nil {
		return err
	}
	job := score.Job{
		Request: f.request,
		Options: score.Options{
			Confidence: f.confidence,
			Floor:      f.floor,
			Normalize:  normalizing[slices.IndexFunc(normalizing, func(n score.Normalize) bool { return n.String() == f.normalize })],
			Strict:     f.strict,
			Worst:      f.worst,
			MaxSlices:  f.maxSlices,
			Threads:    f.threads,

			PerDocument: f.documents,
		},
	}
	if f.worst == 0 {
		job.Options.Worst = -1
	}
	if !cmd.Flags().Changed("log-base") {
		job.Request.LogBase = "" // nothing was said
	}
	all := files
	for _, in := range files {
		job.Inputs = append(job.Inputs, score.Input{Name: in.name, Open: func(ctx context.Context) (predict.Source, error) {
			return f.open(ctx, e, in)
		}})
	}
	for _, arg := range f.labels {
		l, err := findLabels(arg)
		if err != nil {
			return err
		}
		in := score.Input{Name: l.name, Open: func(ctx context.Context) (predict.Source, error) {
			return f.openLabels(ctx, e, l)
		}}
		job.Labels = append(job.Labels, score.LabelsInput{Input: in, Column: l.column})
		all = append(all, l.file)
	}
	job.Join = f.join
	if n := len(job.Labels); n > 1 && n != len(files) && f.join == "" {
		return hinted(fmt.Errorf("%d files of labels for %s", n, count(len(files), "input")), "give --labels once for the whole data set, or once per input")
	}
	baseFiles, err := f.against.find()
	if err != nil {
		return err
	}
	all = append(all, baseFiles...)
	if err := onceStdin(all); err != nil {
		return err
	}
	var paths []string
	for _, in := range all {
		paths = append(paths, in.path)
	}
	if err := f.protect(paths...); err != nil {
		return err
	}

	for i, in := range files {
		if slices.ContainsFunc(files[:i], func(f file) bool { return f.path == in.path }) {
			e.say("warning: %s is given twice, and its rows count twice", in.path)
		}
	}
	if baseFiles != nil {
		return f.runAgainst(ctx, e, job, files, baseFiles)
	}
	var readAsText string
	bar := startProgress(ctx, e.stderr)
	job.OnRows = bar.add
	job.OnLayout = func(l *predict.Layout, first predict.Source) {
		readAsText = readAs(l, first)
		if !f.quiet {
			e.say("%s", readLine(files, readAsText))
		}
	}
	card, err := score.Run(ctx, job)
	bar.end()
	if err != nil {
		return err
	}
	if err := f.write(ctx, e, report.Score(card, f.unit, readAsText)); err != nil {
		return err
	}
	if ce := f.unit.FromNats(card.CrossEntropy.Value); cmd.Flags().Changed("fail-over") && !(ce <= f.failOver) {
		shown := "infinite"
		if !math.IsInf(ce, 1) {
			shown = strconv.FormatFloat(ce, 'g', 8, 64)
		}
		return &thresholdError{fmt.Sprintf("the cross entropy, %s %ss per row, is above %v (--fail-over)", shown, f.unit, f.failOver)}
	}
	return nil
}

// count is "1 input", "2 inputs".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// readAs is how the files were read, in one line.
func readAs(l *predict.Layout, first predict.Source) string {
	what := strings.Join(l.Notes, "; ")
	if what == "" {
		what = l.Form.String()
	}
	return first.Format() + ": " + what
}

// readLine is what stderr says about it.
func readLine(files []file, readAs string) string {
	name := files[0].name
	if name == stdinName {
		name = "standard input"
	}
	if n := len(files) - 1; n == 1 {
		name += " and 1 more"
	} else if n > 1 {
		name += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("read %s as %s", oneLine(name), oneLine(readAs))
}
