package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const groupKey = "group"

// setGroup puts flags under a heading of the help. Headings come in the order in
// which they were first used.
func setGroup(f *pflag.FlagSet, group string, names ...string) {
	for _, n := range names {
		if err := f.SetAnnotation(n, groupKey, []string{group}); err != nil {
			panic(err) // a flag that was never defined
		}
	}
}

// writeHelp prints a command's help: what it is, examples first, then the flags
// in groups.
func writeHelp(w io.Writer, cmd *cobra.Command) error {
	var b bytes.Buffer
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintln(&b, strings.TrimSpace(text))
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if cmd.Runnable() {
		use := cmd.UseLine()
		if cmd.HasSubCommands() {
			use = cmd.CommandPath() + " VERB [flags]"
		}
		fmt.Fprintf(&b, "\nUsage:\n  %s\n", use)
	}
	var subs, more []*cobra.Command
	for _, c := range cmd.Commands() {
		switch {
		case c.Hidden:
		case c.IsAdditionalHelpTopicCommand():
			more = append(more, c)
		case c.IsAvailableCommand() || c.Name() == "help":
			subs = append(subs, c)
		}
	}
	list := func(title string, cmds []*cobra.Command) {
		if len(cmds) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s:\n", title)
		for _, c := range cmds {
			fmt.Fprintf(&b, "  %-14s %s\n", c.Name(), c.Short)
		}
	}
	list("Verbs", subs)
	list("Help topics (surprisal help TOPIC)", more)
	if cmd.Runnable() {
		writeFlags(&b, cmd)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeFlags(b *bytes.Buffer, cmd *cobra.Command) {
	const other = "Other"
	var groups []string
	members := map[string][]*pflag.Flag{}
	f := cmd.Flags()
	f.SortFlags = false
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		g := other
		if a := flag.Annotations[groupKey]; len(a) > 0 {
			g = a[0]
		}
		if members[g] == nil && g != other {
			groups = append(groups, g)
		}
		members[g] = append(members[g], flag)
	})
	for _, g := range append(groups, other) {
		if len(members[g]) == 0 {
			continue
		}
		title := g
		if len(groups) == 0 {
			title = "Flags"
		}
		fmt.Fprintf(b, "\n%s:\n", title)
		for _, flag := range members[g] {
			value, usage := pflag.UnquoteUsage(flag)
			usage = strings.TrimPrefix(usage, value+": ")
			short := "    "
			if flag.Shorthand != "" {
				short = "-" + flag.Shorthand + ", "
			}
			name := short + "--" + flag.Name
			if value != "" {
				name += " " + value
			}
			if d := flag.DefValue; d != "" && d != "false" && d != "[]" && d != "0" {
				usage += " (default " + d + ")"
			}
			if len(name) > 28 {
				fmt.Fprintf(b, "  %s\n  %-28s %s\n", name, "", usage)
				continue
			}
			fmt.Fprintf(b, "  %-28s %s\n", name, usage)
		}
	}
}

func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB or TOPIC]",
		Short: "Explain a verb or a topic",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					if !c.Hidden {
						names = append(names, c.Name()+"\t"+c.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.Root()
			for _, word := range args {
				var names []string
				var next *cobra.Command
				for _, c := range at.Commands() {
					names = append(names, c.Name())
					if c.Name() == word {
						next = c
					}
				}
				if next == nil {
					err := fmt.Errorf("no help on %q", word)
					if near := nearest(word, names); near != "" {
						return hinted(err, "did you mean `surprisal help %s`?", near)
					}
					return hinted(err, "`surprisal help` lists verbs and topics")
				}
				at = next
			}
			return writeHelp(cmd.OutOrStdout(), at)
		},
	}
}
