package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"surprisal/info"
	"surprisal/report"
)

// distFlags is everything that can be said to `surprisal dist`.
type distFlags struct {
	counts, outcomes, observed string
	p, q, outcome, beliefs     string
	normalize                  string
	explain                    bool

	output
}

func newDistCmd(e *env) *cobra.Command {
	var f distFlags
	cmd := &cobra.Command{
		Use:   "dist P [Q] [flags]",
		Short: "Entropy, cross entropy and divergence of distributions, worked out",
		Long:  distLong(),
		Example: `  # the entropy of a fair die
  surprisal dist 1/6x6

  # what believing a loaded die costs when the die is fair, in bits
  surprisal dist 1/6x6 0.1x5,0.5 --unit bit

  # the same with every step
  surprisal dist 1/6x6 0.1x5,0.5 --explain

  # from counts, or rolls one per line, to the cross entropy by way of the likelihood
  surprisal dist --counts 18,18,15,17,17,15 1/6x6 --explain
  surprisal dist --counts examples/dice/counts.csv 0.1x5,0.5
  surprisal dist --outcomes examples/dice/rolls.txt 1/6x6

  # two columns of a table
  surprisal dist examples/dice/beliefs.csv --p observed --q loaded

  # which belief is nearest to what was observed
  surprisal dist --observed observed examples/dice/beliefs.csv
  surprisal dist --observed .18,.18,.15,.17,.17,.15 fair=1/6x6 loaded=0.1x5,0.5 ones=1,0x5`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, e, args) },
	}
	f.bind(cmd)
	return cmd
}

// distLong describes the verb, down to the list of estimators.
func distLong() string {
	var b strings.Builder
	b.WriteString(`Measure finite distributions: entropy, cross entropy and Kullback-Leibler divergence both
ways, Jensen-Shannon divergence and distance, perplexity. Outcomes come from P; Q is the
belief or model held against it.

A distribution is a list of probabilities: 1/2,1/3,1/6 or 0.1x5,0.5 (five times 0.1) or
20%,80%, with commas or spaces between; or a CSV or TSV file (- is standard input) with a
column of outcomes and columns of probabilities. NAME=LIST names one. With --counts or
--outcomes, P is what was observed. With --observed, or with several beliefs, the beliefs are
ranked by the likelihood of what was observed.

From counts, the entropy of what they were drawn from is estimated in these ways:
`)
	for _, est := range info.Estimators() {
		fmt.Fprintf(&b, "  %-13s %s (%s)\n", est.Name, est.Description, est.Source)
	}
	return b.String()
}

func (f *distFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.counts, "counts", "", "how often each outcome came: a `LIST` or FILE with a column of counts")
	fs.StringVar(&f.outcomes, "outcomes", "", "raw outcomes, one per line, from `FILE` or -")
	fs.StringVar(&f.observed, "observed", "", "rank beliefs against this `LIST`, FILE, or column of the file of beliefs")
	setGroup(fs, "What was observed", "counts", "outcomes", "observed")
	fs.StringVar(&f.p, "p", "", "`COL` of P; of the counts with --counts")
	fs.StringVar(&f.q, "q", "", "`COL` of Q")
	fs.StringVar(&f.outcome, "outcome", "", "`COL` that names the outcomes")
	fs.StringVar(&f.beliefs, "beliefs", "", "`COLS` of beliefs, with --observed: names and patterns")
	setGroup(fs, "Columns of files", "p", "q", "outcome", "beliefs")
	fs.Var(newEnum(&f.normalize, "refuse", "rescale", "asis"), "normalize", "distributions that do not sum to 1")
	fs.BoolVar(&f.explain, "explain", false, "show how every figure comes about, step by step")
	setGroup(fs, "How", "normalize", "explain")
	f.output.bind(cmd)
	for _, name := range []string{"p", "q", "outcome", "observed", "beliefs"} {
		_ = cmd.RegisterFlagCompletionFunc(name, f.completeTable)
	}
}

// completeTable offers the columns of the first file on the command line.
func (f *distFlags) completeTable(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	for _, a := range append(args, f.counts) {
		r := &distReader{distFlags: &distFlags{}, env: &env{stdin: strings.NewReader("")}}
		_, body, isFile, err := r.source(a)
		if err != nil || !isFile {
			continue
		}
		if t, err := r.table(body); err == nil {
			var names []string
			for _, n := range t.header {
				if !strings.ContainsAny(n, ",\t\n") && n != "" {
					names = append(names, before+n)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		}
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// check settles all flags before any file is looked at.
func (f *distFlags) check(cmd *cobra.Command, args []string) error {
	set := func(name string) bool { return cmd.Flags().Changed(name) }
	for _, name := range []string{"counts", "outcomes", "observed", "p", "q", "outcome", "beliefs"} {
		if set(name) && strings.TrimSpace(cmd.Flags().Lookup(name).Value.String()) == "" {
			return fmt.Errorf("--%s: the value is empty", name)
		}
	}
	clash := func(a, b, why string) error {
		if set(a) && set(b) {
			return fmt.Errorf("--%s and --%s contradict each other: %s", a, b, why)
		}
		return nil
	}
	ranks := set("observed") || (set("counts") || set("outcomes")) && len(args) > 1
	for _, err := range []error{
		clash("counts", "outcomes", "both say what was observed"),
		clash("counts", "observed", "both say what was observed"),
		clash("outcomes", "observed", "both say what was observed"),
		clash("observed", "p", "the observed distribution is what --observed says"),
		clash("observed", "q", "--beliefs says which columns are beliefs"),
		clash("outcomes", "p", "raw outcomes have no columns"),
		clash("beliefs", "q", "both say what is held against what was observed"),
	} {
		if err != nil {
			return err
		}
	}
	seen := set("counts") || set("outcomes") || set("observed")
	switch {
	case set("beliefs") && !seen:
		return hinted(errors.New("--beliefs needs to know what was observed"), "name its column with --observed COL")
	case len(args) == 0 && set("observed"):
		return hinted(errors.New("which beliefs?"), "give them after --observed: fair=1/6x6 loaded=0.1x5,0.5, or a file with a column for each")
	case len(args) == 0 && !seen:
		return hinted(errors.New("which distribution?"), "for example: surprisal dist 1/6x6 0.1x5,0.5")
	case len(args) > 2 && !ranks:
		return hinted(fmt.Errorf("%d distributions: two can be compared", len(args)), "to rank several, say what was observed with --observed, --counts or --outcomes")
	}
	stdin := 0
	for _, a := range append([]string{f.counts, f.outcomes, f.observed}, args...) {
		if _, body, _ := strings.Cut(a, "="); a == stdinName || body == stdinName {
			stdin++
		}
	}
	if stdin > 1 {
		return errors.New("standard input (-) can be read only once")
	}
	return f.output.check(cmd)
}

func (f *distFlags) run(cmd *cobra.Command, e *env, args []string) error {
	if err := f.check(cmd, args); err != nil {
		return err
	}
	r := &distReader{distFlags: f, env: e}
	in, err := r.read(args)
	if err != nil {
		return err
	}
	if err := f.protect(r.paths...); err != nil {
		return err
	}
	in.Unit, in.Explain = f.unit, f.explain
	if !f.quiet {
		for _, line := range r.readAs {
			e.say("%s", oneLine(line))
		}
	}
	in.Notes = slices.Concat(r.readAs, in.Notes)
	return f.write(cmd.Context(), e, report.Dist(in))
}
