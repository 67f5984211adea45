package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"surprisal/predict"
)

// completeColumns offers the columns of the first file on the command line, and,
// where labels are joined, those of the first file of labels. In a list of columns
// it completes the last one.
func (f *scoreFlags) completeColumns(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	names := f.columnsOf(args, before)
	if f.join != "" {
		names = append(names, f.labelColumns(before)...)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeJoin offers the columns of either side for the key.
func (f *scoreFlags) completeJoin(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if key, _, ok := strings.Cut(typed, "="); ok {
		return f.labelColumns(key + "="), cobra.ShellCompDirectiveNoFileComp
	}
	return f.columnsOf(args, ""), cobra.ShellCompDirectiveNoFileComp
}

// columnsOf are the columns of the first file of predictions.
func (f *scoreFlags) columnsOf(args []string, before string) []string {
	files, err := findFiles(args)
	if err != nil || len(files) == 0 || files[0].path == stdinName {
		return nil
	}
	src, err := f.open(context.Background(), &env{stdin: strings.NewReader("")}, files[0])
	if err != nil {
		return nil
	}
	defer src.Close()
	return columnNames(src, before)
}

// labelColumns are the columns of the first file of labels.
func (f *scoreFlags) labelColumns(before string) []string {
	if len(f.labels) == 0 {
		return nil
	}
	file, err := findLabels(f.labels[0])
	if err != nil || file.path == stdinName {
		return nil
	}
	src, err := f.openLabels(context.Background(), &env{stdin: strings.NewReader("")}, file)
	if err != nil {
		return nil
	}
	defer src.Close()
	return columnNames(src, before)
}

func columnNames(src predict.Source, before string) (names []string) {
	for _, c := range src.Columns() {
		if c.Name != "" && !strings.ContainsAny(c.Name, ",\t\n") {
			names = append(names, before+c.Name)
		}
	}
	return names
}

// completeEnums offers the words of every flag that has a fixed choice.
func completeEnums(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*enum); ok {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(v.words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}
