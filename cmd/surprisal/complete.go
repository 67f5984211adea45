package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeColumns offers the columns of the first file on the command line. In a
// list of columns it completes the last one.
func (f *scoreFlags) completeColumns(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const silent = cobra.ShellCompDirectiveNoFileComp
	files, err := findFiles(args)
	if err != nil || len(files) == 0 || files[0].path == stdinName {
		return nil, silent
	}
	src, err := f.open(context.Background(), &env{stdin: strings.NewReader("")}, files[0])
	if err != nil {
		return nil, silent
	}
	defer src.Close()
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var names []string
	for _, c := range src.Columns() {
		if c.Name != "" && !strings.ContainsAny(c.Name, ",\t\n") {
			names = append(names, before+c.Name)
		}
	}
	return names, silent
}

// completeEnums offers the words of every flag that has a fixed choice.
func completeEnums(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*enum); ok {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(v.words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}
