package main

import (
	"errors"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// picture is a chart of horizontal bars in groups.
type picture struct {
	title, note string
	groups      []group
}

type group struct {
	name string
	bars []stripe
}

// stripe is one bar. ours are set off from others.
type stripe struct {
	name  string
	value float64
	ours  bool
}

// drawKernels writes the pictures of README: what the kernels take beside reading
// the logits, and beside torch.
func drawKernels(folder string, races []*kernelRace, cpu string) error {
	threads := 0
	for _, r := range races {
		threads = max(threads, r.threads)
	}
	if threads == 0 {
		return errors.New("-pictures: the row kernels was not measured")
	}
	read := picture{
		title: fmt.Sprintf("Softmax cross entropy: time, as multiples of just reading the logits (%s)", count(threads, "thread")),
		note:  cpu + "; float32, mean loss, out of cache. Shorter is better; the line is the time to read.",
	}
	torch := picture{
		title: fmt.Sprintf("Softmax cross entropy: how many times as fast as torch (%s)", count(threads, "thread")),
		note:  cpu + "; against the faster of torch's AVX2 and AVX-512. Longer is better; the line is torch.",
	}
	for _, r := range races {
		if r.threads != threads {
			continue
		}
		if r.what == forward && r.shape.bytes() >= 100<<20 {
			base := r.median(readNamed)
			g := group{name: r.shape.String()}
			for _, tier := range []string{"AVX-512", "AVX2", "plain Go"} {
				g.bars = append(g.bars, stripe{"surprisal, " + tier, r.median(oursNamed+tier) / base, true})
			}
			g.bars = append(g.bars, stripe{"torch", r.torch() / base, false})
			read.groups = append(read.groups, g)
		}
		for _, tier := range []string{"AVX-512", "AVX2"} {
			bar := stripe{tier + ", " + r.what, r.torch() / r.median(oursNamed+tier), true}
			torch.add(r.shapeName(races), bar)
		}
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for name, p := range map[string]*picture{"read.svg": &read, "torch.svg": &torch} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(p.svg()), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// shapeName is the shape of the forward race that this one belongs to.
func (r *kernelRace) shapeName(races []*kernelRace) string {
	for _, f := range races {
		if f.what == forward && f.threads == r.threads && (f.shape == r.shape || f.shape.gradient() == r.shape) {
			return f.shape.String()
		}
	}
	return r.shape.String()
}

func (p *picture) add(name string, s stripe) {
	for i := range p.groups {
		if p.groups[i].name == name {
			p.groups[i].bars = append(p.groups[i].bars, s)
			return
		}
	}
	p.groups = append(p.groups, group{name, []stripe{s}})
}

// Sizes of a picture, in its own units.
const (
	wide                 = 760.0
	left                 = 300.0 // where bars begin
	right                = 70.0  // for the figure behind the longest bar
	high                 = 18.0  // of a bar
	gap                  = 4.0
	top, groupGap, below = 44.0, 14.0, 40.0
)

// svg draws the picture: text and rectangles, dark on light or light on dark as
// the reader has it. What was not measured is left out.
func (p *picture) svg() string {
	longest, y := 1.0, top
	var body strings.Builder
	for _, g := range p.groups {
		for _, s := range g.bars {
			if s.value > longest && !math.IsInf(s.value, 1) {
				longest = s.value
			}
		}
	}
	scale := (wide - left - right) / longest
	for _, g := range p.groups {
		first := true
		for _, s := range g.bars {
			if !(s.value >= 0) || math.IsInf(s.value, 1) {
				continue
			}
			if first {
				fmt.Fprintf(&body, `<text class="name" x="12" y="%.1f">%s</text>`+"\n", y+13, html.EscapeString(g.name))
				first = false
			}
			class := "peer"
			if s.ours {
				class = "ours"
			}
			fmt.Fprintf(&body, `<text class="bar" x="%.1f" y="%.1f">%s</text>`, left-8, y+13, html.EscapeString(s.name))
			fmt.Fprintf(&body, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.0f" rx="2"/>`, class, left, y, s.value*scale, high)
			fmt.Fprintf(&body, `<text x="%.1f" y="%.1f">%s×</text>`+"\n", left+s.value*scale+6, y+13, short(s.value))
			y += high + gap
		}
		if !first {
			y += groupGap
		}
	}
	height := y + below
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		wide, height, wide, height, html.EscapeString(p.title))
	out.WriteString(`<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-size: 14px; font-weight: 600 }
.name { font-weight: 600 }
.bar { text-anchor: end }
.note { font-size: 11px; fill: #57606a }
.ours { fill: #0a6e8a }
.peer { fill: #b9691e }
.one { stroke: #57606a; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .ours { fill: #3fb5d6 }
  .peer { fill: #e39a55 }
  .one { stroke: #9198a1 }
}
</style>
`)
	fmt.Fprintf(&out, `<text class="title" x="12" y="22">%s</text>`+"\n", html.EscapeString(p.title))
	out.WriteString(body.String())
	fmt.Fprintf(&out, `<line class="one" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", left+scale, left+scale, top-6, y)
	fmt.Fprintf(&out, `<text class="note" x="12" y="%.1f">%s</text>`+"\n</svg>\n", y+16, html.EscapeString(p.note))
	return out.String()
}

// short writes a ratio with two or three digits.
func short(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
