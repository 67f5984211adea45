package report

import (
	"fmt"
	"strings"
)

// documentData is the score of documents, for JSON.
func (s scoreReport) documentData() Object {
	d := s.Documents
	o := Object{{"n", d.N}}
	if d.By != "" {
		o = append(o, Field{"by", d.By}, Field{"nll", Nats(d.NLL, s.u)})
	}
	if len(d.Perplexities) > 0 {
		var list []Object
		for _, p := range d.Perplexities {
			e := Object{{"of", p.Of}, {"documents", p.Mean.N}, {"mean_perplexity", ratio(p.Mean)}}
			if p.Empty > 0 {
				e = append(e, Field{"empty", p.Empty})
			}
			list = append(list, e)
		}
		o = append(o, Field{"mean_perplexities", list})
	}
	return o
}

// document is what a document is called.
func (s scoreReport) document() string {
	if noun := s.documentNoun(); noun != "cluster" {
		return noun
	}
	return "cluster (" + s.Documents.By + ")"
}

// documents is the table of what documents cost; nil if there is nothing to say.
func (s scoreReport) documents() *Block {
	d := s.Documents
	if d == nil || d.By == "" && len(d.Perplexities) == 0 {
		return nil
	}
	t := s.estimates("")
	if d.By != "" {
		bound := ""
		if s.LowerBound {
			bound = ", a lower bound"
		}
		t.figure(fmt.Sprintf("%s per %s%s", s.units(), s.document(), bound), Nats(d.NLL, s.u).Write())
	}
	b := &Block{Title: "Per " + s.documentNoun()}
	var notes []string
	if d.By != "" {
		notes = append(notes, fmt.Sprintf("Total surprisal over %s.", plural(d.N, s.documentNoun(), s.documentNoun()+"s")))
	}
	for _, p := range d.Perplexities {
		t.figure(fmt.Sprintf("mean of per-%s perplexities, per %s", s.documentNoun(), p.Of), ratio(p.Mean).Write())
	}
	if len(d.Perplexities) > 0 {
		notes = append(notes, fmt.Sprintf("A mean of perplexities is not the perplexity of all %[1]ss together, which is exp of all surprisal over all counts: here every %[1]s counts once, however short, and hard ones count by their perplexity, not its logarithm. Compare it only with figures made in the same way.", s.documentNoun()))
		for _, p := range d.Perplexities {
			if p.Empty > 0 {
				notes = append(notes, fmt.Sprintf("%s without any %s left out.", plural(p.Empty, s.documentNoun(), s.documentNoun()+"s"), p.Of))
			}
		}
	}
	b.Table, b.Note = t.trim(), strings.Join(notes, " ")
	return b
}

func (s scoreReport) documentNoun() string {
	if d := s.Documents; d != nil && (d.Document || d.By == "") {
		return "document"
	}
	return "cluster"
}
