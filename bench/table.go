package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// table is what one piece of work came to.
type table struct {
	title   string
	notes   []string
	columns []string
	cells   [][]string
	bars    []bar
	unequal bool
}

// bar is a demand, and what was measured. met is 1, 0, or -1 if it could not be
// judged.
type bar struct {
	demand, got string
	met         int
}

func atMost(what string, got, limit float64) bar {
	return judge(what, fmt.Sprintf("%.2f", got), got <= limit, !math.IsNaN(got))
}

func atLeast(what string, got, limit float64) bar {
	return judge(what, fmt.Sprintf("%.2f", got), got >= limit, !math.IsNaN(got))
}

func judge(demand, got string, ok, known bool) bar {
	switch {
	case !known:
		return bar{demand, "not measured", -1}
	case ok:
		return bar{demand, got, 1}
	}
	return bar{demand, got, 0}
}

func (b *bench) print(w io.Writer, took time.Duration) {
	head := "bench of surprisal"
	if b.markdown {
		head = "# Results"
	}
	fmt.Fprintf(w, "%s\n\n", head)
	fmt.Fprintf(w, "%s, %d cores, %s, %s; median of %d runs in turn after one to warm up; %s in all.\n",
		b.machine.cpu, b.machine.cores, b.machine.kernel, b.machine.goVersion, b.reps, took.Round(time.Second))
	if b.machine.busy > 0.03 {
		fmt.Fprintf(w, "THE MACHINE WAS BUSY with other things (up to %.0f %% of it): do not quote these figures.\n", 100*b.machine.busy)
	}
	if b.quick {
		fmt.Fprintln(w, "Quick run on small data: it shows that everything runs; bars are not judged.")
	}
	for _, t := range b.tables {
		b.printTable(w, t)
	}
	fmt.Fprintln(w)
	for _, m := range b.missing {
		fmt.Fprintln(w, m)
	}
	if b.quick {
		return
	}
	var met, missed, open int
	for _, t := range b.tables {
		for _, bar := range t.bars {
			switch bar.met {
			case 1:
				met++
			case 0:
				missed++
			default:
				open++
			}
		}
	}
	fmt.Fprintf(w, "%d bars met, %d missed, %d not measured.\n", met, missed, open)
}

func (b *bench) printTable(w io.Writer, t *table) {
	if b.markdown {
		fmt.Fprintf(w, "\n## %s\n\n", t.title)
	} else {
		fmt.Fprintf(w, "\n%s\n", t.title)
	}
	b.grid(w, t.columns, t.cells)
	for _, n := range t.notes {
		fmt.Fprintf(w, "%s\n", n)
	}
	if len(t.bars) == 0 || b.quick {
		return
	}
	var cells [][]string
	for _, bar := range t.bars {
		verdict := map[int]string{1: "met", 0: "MISSED", -1: "not measured"}[bar.met]
		cells = append(cells, []string{bar.demand, bar.got, verdict})
	}
	if b.markdown {
		fmt.Fprintln(w)
	}
	b.grid(w, []string{"bar", "measured", ""}, cells)
}

// grid prints cells in columns: the first to the left, the others to the right.
func (b *bench) grid(w io.Writer, columns []string, cells [][]string) {
	width := make([]int, len(columns))
	all := append([][]string{columns}, cells...)
	for _, row := range all {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for r, row := range all {
		var line strings.Builder
		for i, c := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			switch {
			case b.markdown && i == 0:
				line.WriteString("| " + c + pad)
			case b.markdown:
				line.WriteString(" | " + pad + c)
			case i == 0:
				line.WriteString("  " + c + pad)
			default:
				line.WriteString("  " + pad + c)
			}
		}
		if b.markdown {
			line.WriteString(" |")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
		if r == 0 && b.markdown {
			fmt.Fprintln(w, "|"+strings.Repeat("---|", 1)+strings.Repeat("---:|", len(columns)-1))
		}
	}
	if b.markdown {
		return
	}
}

// compare makes the table of a race: ours is the first candidate that is no reading.
func compare(title string, all []*timing) (t *table, ours *timing, read float64) {
	t = &table{title: title, columns: []string{"candidate", "seconds", "with start-up", "× read", "ours is", "peak MB"}}
	read = math.NaN()
	for _, x := range all {
		if x.read {
			read = x.seconds()
		} else if ours == nil {
			ours = x
		}
	}
	for _, x := range all {
		name := x.name
		if x.with != "" {
			name += " (" + x.with + ")"
		}
		row := []string{name, fmt.Sprintf("%.4f", x.seconds()), "", "", "", ""}
		if len(x.inside) > 0 && !x.read {
			row[2] = fmt.Sprintf("%.4f", median(x.whole))
		}
		if !x.read {
			row[3] = fmt.Sprintf("%.2f", x.seconds()/read)
			row[5] = fmt.Sprintf("%d", x.rss>>20)
		}
		if x != ours && !x.read {
			row[4] = fmt.Sprintf("%.2f× as fast", x.seconds()/ours.seconds())
			tolerance := x.tolerance
			if tolerance == 0 {
				tolerance = 1e-9
			}
			if !(math.Abs(x.value-ours.value) <= tolerance*math.Abs(ours.value)) {
				t.unequal = true
				t.notes = append(t.notes, fmt.Sprintf("RESULTS DIFFER: %s has %.15g, surprisal %.15g", x.name, x.value, ours.value))
			}
		}
		t.cells = append(t.cells, row)
	}
	if !t.unequal {
		t.notes = append(t.notes, fmt.Sprintf("all candidates: %.12g", ours.value))
	}
	return t, ours, read
}
