package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"surprisal/predict"
	"surprisal/predict/formats"
	"surprisal/report"
)

// topics are the help pages that belong to no verb.
var topics = []func() *cobra.Command{
	func() *cobra.Command {
		return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: `Exit codes:

  0    done; what is remarkable about the data is in the result, not in the exit code
  1    a threshold that was asked for is not met (--fail-over)
  2    something is wrong with the command line or the data; stderr says what
  130  interrupted; nothing was written`}
	},
	func() *cobra.Command {
		return &cobra.Command{Use: "formats", Short: "The file formats that can be read", Long: formatsHelp()}
	},
	func() *cobra.Command {
		return &cobra.Command{Use: "output", Short: "The formats of the result, and their fields", Long: outputHelp()}
	},
	func() *cobra.Command {
		return &cobra.Command{Use: "columns", Short: "How columns are named and found", Long: `Columns are given by name. Where columns have no names (--no-header, NumPy files) they are
given by number, from 1. Lists are comma-separated; they take patterns, and ranges of numbers:

  --label diagnosis     one column
  --probs 'p_*'         every column whose name starts with p_, in the order of the file
  --probs cat,dog,cow   these columns, in this order
  --probs 2-11          columns 2 to 11 of a file without names

Labels are matched to columns by name: exactly first, then without what all columns begin with
or end in (p_, prob_, .pred_; _prob), or as R writes names; 3.0 matches 3. Only where columns are
not named by class is a whole number an index, from 0.

With --labels FILE alone, labels go row by row: one column, with or without a header, or one for
each class with 1 for what happened. Ids that both files have must agree.

With --labels FILE --join id, a row finds its label by the key id, in any order. Keys are compared
as text, and 3.0 matches 3. The labels are one column (FILE:COL says which) or one for each class,
with 0, 1 or shares, called as the columns of predictions are. --by, --weight, --freq, --cluster,
--tokens, --words, --bytes and --id may name columns of that file where the predictions have none.

If nothing is said, the label is looked for by name, and what the value columns hold is
decided from the first 1,000 rows and then verified on every row: rows in [0, 1] that sum to 1
are probabilities; numbers at most 0 whose exponentials sum to 1 are log-probabilities; other
numbers are logits. Where two readings fit, surprisal stops and says which flags decide.`}
	},
}

// outputHelp explains the formats of the result.
func outputHelp() string {
	var b strings.Builder
	b.WriteString(`--format text is for people. Values, errors and intervals are rounded to two digits of the
standard error. --format md is the same in Markdown.

--format json is one object. A figure is an object {"value", "se", "lo", "hi", "unit"}; what a
figure does not have is left out, and a figure without data is null. Numbers are the shortest
that read back to the same float64; infinities are "Infinity" and "-Infinity".

--format csv has one line per figure: section, key, figure, value, se, lo, hi, unit. The
section is the JSON field that the figure is in (summary for the outermost), the key says
which element of a list.

Fields of surprisal score --json:

`)
	for _, f := range report.ScoreFields() {
		fmt.Fprintf(&b, "  %-22s %s\n", f.Name, f.Description)
	}
	b.WriteString("\nFields of surprisal score --against --json:\n\n")
	for _, f := range report.AgainstFields() {
		fmt.Fprintf(&b, "  %-22s %s\n", f.Name, f.Description)
	}
	return strings.TrimRight(b.String(), "\n")
}

func formatsHelp() string {
	var b strings.Builder
	b.WriteString("Files are known by their content, not by their names.\n\n")
	for _, f := range formats.Table() {
		fmt.Fprintf(&b, "  %-12s %s\n", f.Name, f.Description)
	}
	b.WriteString("\nThe output of these needs no flags, or stderr says which; what is easily got wrong with\neach is in docs/formats.md:\n\n")
	for _, s := range predict.Systems() {
		fmt.Fprintf(&b, "  %s\n      %s\n", s.Name, strings.ReplaceAll(s.Known, "`", ""))
	}
	return strings.TrimRight(b.String(), "\n")
}
