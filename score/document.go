package score

import (
	"math"

	"surprisal"
	"surprisal/predict"
)

// DocumentScore is what documents cost. A document is the rows of a cluster, or,
// where rows are not clustered, a row that counts its tokens, words or bytes.
type DocumentScore struct {
	By       string // column of the clusters; "" where each row is a document
	Document bool   // the column says that its clusters are documents
	N        int64
	// NLL is the total surprisal over the number of documents, in nats. Why says
	// that there is none where each row is a document: it is then the cross entropy.
	NLL surprisal.Estimate
	// Perplexities are means of the documents' own perplexities. They were asked
	// for, and are not the perplexity of all documents together.
	Perplexities []DocumentPerplexity
}

// DocumentPerplexity is the mean over documents of exp(NLL of the document/its
// tokens), or words, or bytes. Each document counts once, whatever its length.
type DocumentPerplexity struct {
	Of   string // "token", "word", "byte", "row"
	Mean surprisal.Estimate
	// Empty counts the documents without any token and without surprisal, which have
	// no perplexity and are left out.
	Empty int64
}

// documented checks that there are documents where their perplexities are asked for.
func documented(l *predict.Layout, opt Options, file string) error {
	if !opt.PerDocument {
		return nil
	}
	fail := func(what, hint string) error {
		return &predict.Error{Source: file, What: "--per-document: " + what, Hint: hint}
	}
	switch {
	case !l.Form.OfWhatHappened():
		return fail("no meaning for "+l.Form.String(), "it takes log-probabilities of tokens, or of documents with --tokens, --words or --bytes")
	case l.Weight != "":
		return fail("no meaning with --weight: each document counts once", "")
	case l.Cluster == "" && l.Tokens == "" && l.Words == "" && l.Bytes == "":
		return fail("which rows make a document?", "--cluster COL names the document; or, where each row is one, --tokens COL how many tokens it has")
	}
	return nil
}

// rowTexts are the perplexities of rows that are documents.
type rowTexts struct {
	sum   [len(perNames)]surprisal.Accumulator
	empty [len(perNames)]int64
}

func (t *rowTexts) add(f *fold, b *predict.Batch, i int, nats float64, w rowWeight) {
	for j, column := range [...]int{f.bind.Tokens, f.bind.Words, f.bind.Bytes} {
		if column < 0 {
			continue
		}
		switch n := b.Numbers[column][i]; {
		case n != 0:
			t.sum[j].AddRepeated(math.Exp(nats/n), 1, w.n)
		case nats == 0:
			t.empty[j] += w.n
		default: // surprisal, and nothing to spread it over
			t.sum[j].AddRepeated(math.Inf(1), 1, w.n)
		}
	}
}

func (t *rowTexts) merge(o *rowTexts) {
	for j := range t.sum {
		t.sum[j].Merge(&o.sum[j])
		t.empty[j] += o.empty[j]
	}
}

// documents is the score of documents, nil where none are known.
func (f *fold) documents(all *surprisal.Accumulator) *DocumentScore {
	if !f.layout.Form.OfWhatHappened() || f.layout.Weight != "" || f.clusters == nil && !f.options.PerDocument {
		return nil
	}
	if f.clusters == nil {
		d := &DocumentScore{N: all.N(), Document: true, NLL: surprisal.Estimate{Value: math.NaN(), SE: math.NaN(), Lo: math.NaN(), Hi: math.NaN(),
			Confidence: f.options.Confidence, Why: "each row is a document"}}
		for j := range perNames {
			if t := &f.texts; t.sum[j].N()+t.empty[j] > 0 {
				d.Perplexities = append(d.Perplexities, DocumentPerplexity{perNames[j], t.sum[j].Estimate(f.options.Confidence), t.empty[j]})
			}
		}
		return d
	}
	d := &DocumentScore{By: f.layout.Cluster, Document: f.layout.Documents, N: f.clusters.len()}

	// The value is the exact total over the number of documents: rows with b = 0, and
	// one b = 1 for each document.
	var total surprisal.Accumulator
	total.MergeScaled(all, 0)
	total.AddRepeated(0, 1, d.N)
	d.NLL = f.estimate(&total, func(k *cluster, sum *surprisal.Cluster) {
		sum.MergeScaled(k.all(), 0)
		sum.Add(0, 1)
	})
	if !f.options.PerDocument {
		return d
	}
	add := func(of string, part func(k *cluster) *surprisal.Cluster) {
		p := DocumentPerplexity{Of: of}
		var mean surprisal.Accumulator
		for k := range f.clusters.each() {
			var one surprisal.Accumulator
			one.AddCluster(part(k))
			switch {
			case one.N() == 0:
			case one.Weight() != 0:
				mean.Add(math.Exp(one.Mean()))
			case one.Total() == 0:
				p.Empty++
			default: // surprisal, and nothing to spread it over
				mean.Add(math.Inf(1))
			}
		}
		if p.Mean = mean.Estimate(f.options.Confidence); p.Mean.Why == "one row" {
			p.Mean.Why = "one document"
		}
		d.Perplexities = append(d.Perplexities, p)
	}
	if f.layout.Tokens == "" {
		of := f.layout.Row
		if of == "" {
			of = "row"
		}
		add(of, func(k *cluster) *surprisal.Cluster { return &k.sum })
	}
	for j, name := range perNames {
		if f.total.per[j].N() > 0 {
			add(name, func(k *cluster) *surprisal.Cluster { return f.clusters.per(k, j) })
		}
	}
	return d
}
