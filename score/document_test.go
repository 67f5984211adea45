package score

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"surprisal/predict"
)

func exactly(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// near demands a figure to a relative tolerance.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Abs(want)) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

// TestMeanOfPerplexities is the example in the README of Hugging Face's evaluate:
// the perplexities of three texts, and their mean, which it reports. The
// perplexity of the three together, if they are equally long, is the geometric
// mean, 19.4756.
func TestMeanOfPerplexities(t *testing.T) {
	perplexities := []float64{8.182524681091309, 33.42122268676758, 27.012239456176758}
	const mean, geometric = 22.871995608011883, 19.4756
	rows := &table{names: []string{"doc", "logprob", "tokens"}}
	tokens := &table{names: []string{"doc", "token", "logprob"}}
	for i, p := range perplexities {
		const n = 7
		rows.rows = append(rows.rows, []string{fmt.Sprint(i), exactly(-n * math.Log(p)), fmt.Sprint(n)})
		for j := range n { // one text, its tokens of unequal surprisal
			tokens.rows = append(tokens.rows, []string{fmt.Sprint(i), "x", exactly(-math.Log(p) + float64(j-n/2)/4)})
		}
	}
	for name, tab := range map[string]*table{"rows that are documents": rows, "tokens of documents": tokens} {
		c, err := score(t, tab, predict.Request{}, Options{PerDocument: true})
		if err != nil {
			t.Fatal(err)
		}
		d := c.Documents
		if d == nil || d.N != 3 || !d.Document || len(d.Perplexities) != 1 || d.Perplexities[0].Of != "token" {
			t.Fatalf("%s: %+v", name, d)
		}
		near(t, name+": mean of perplexities", d.Perplexities[0].Mean.Value, mean, 1e-14)
		corpus := c.CrossEntropy.Value
		if len(c.Per) == 1 {
			corpus = c.Per[0].Mean.Value
		} else if c.Layout.Row != "token" || c.Layout.Cluster != "doc" || c.Clusters != 3 {
			t.Errorf("%s: a row is a %q, of %d clusters by %q", name, c.Layout.Row, c.Clusters, c.Layout.Cluster)
		}
		near(t, name+": perplexity of all", math.Exp(corpus), geometric, 1e-5)
		// Without being asked for, there is none.
		if c, err = score(t, tab, predict.Request{}, Options{}); err != nil {
			t.Fatal(err)
		} else if d := c.Documents; d != nil && len(d.Perplexities) > 0 {
			t.Errorf("%s: perplexities without --per-document: %+v", name, d)
		}
	}
}

// TestPublishedPerplexities: figures of lm-evaluation-harness and SRILM, from the
// log-likelihoods and counts that they stand for.
func TestPublishedPerplexities(t *testing.T) {
	per := func(tab *table, req predict.Request, of string) (perplexity, bits float64) {
		t.Helper()
		c, err := score(t, tab, req, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Per {
			if p.Of == of {
				return math.Exp(p.Mean.Value), p.Mean.Value / math.Ln2
			}
		}
		t.Fatalf("nothing per %s: %+v", of, c.Per)
		return 0, 0
	}
	// lm-evaluation-harness: byte_perplexity and bits_per_byte of its test data (arc
	// and wikitext), and word and byte perplexity and bits per byte of Llama-2-7B on
	// wikitext, in its discussion 806.
	for _, c := range []struct{ byBytes, bits float64 }{
		{1.0000107504701365, 1.55095665856779e-05}, {1.0000221984224973, 3.202519859941674e-05}, {1.5015845643537054, 0.5864857250704371},
	} {
		nll := 4096 * math.Log1p(c.byBytes-1)
		p, bits := per(grid("logprob,bytes", exactly(-nll)+",4096"), predict.Request{}, "byte")
		near(t, "byte perplexity", p, c.byBytes, 1e-15)
		near(t, "bits per byte", bits, c.bits, 1e-10)
	}
	words := math.Log(1.5015845643537054) * 1e6 / math.Log(8.792073612124492)
	llama := grid("logprob,words,bytes", exactly(-1e6*0.5864857250704371*math.Ln2)+","+exactly(words)+",1000000")
	p, _ := per(llama, predict.Request{}, "word")
	near(t, "word perplexity", p, 8.792073612124492, 1e-13)
	p, _ = per(llama, predict.Request{}, "byte")
	near(t, "byte perplexity", p, 1.5015845643537054, 1e-13)

	// SRILM, in theanolm's discussion 13: 1 sentence, 9 words, 1 OOV, logprob
	// -20.406, ppl 185.068, ppl1 355.426: by 8 words and an end, and by 8 words.
	srilm := grid("logprob,tokens,words", "-20.406,9,8")
	base10 := predict.Request{LogProb: "logprob", LogBase: "10"}
	p, _ = per(srilm, base10, "token")
	near(t, "ppl", p, 185.068, 1e-5) // SRILM prints the logarithm to three decimals
	p, _ = per(srilm, base10, "word")
	near(t, "ppl1", p, 355.426, 1e-5)
}

// tokensOf makes documents of tokens, some of them infinitely surprising.
func tokensOf(docs int, seed uint64, infinite bool) *table {
	rng := rand.New(rand.NewPCG(seed, 3))
	tab := &table{names: []string{"document", "token", "lp", "bytes", "n"}}
	for d := range docs {
		level := rng.ExpFloat64()
		for range 1 + rng.IntN(20) {
			lp := exactly(-level * rng.ExpFloat64())
			if infinite && rng.IntN(60) == 0 {
				lp = "-Inf"
			}
			tab.rows = append(tab.rows, []string{fmt.Sprint("d", d), "x", lp, fmt.Sprint(1 + rng.IntN(6)), fmt.Sprint(1 + rng.IntN(3))})
		}
	}
	return tab
}

// TestPerDocument holds the figures per document to sums in arithmetic of
// unbounded precision, and their errors to the textbook's formula.
func TestPerDocument(t *testing.T) {
	tab := tokensOf(40, 9, false)
	c, err := score(t, tab, predict.Request{LogProb: "lp", Bytes: "bytes"}, Options{PerDocument: true})
	if err != nil {
		t.Fatal(err)
	}
	total := new(big.Float).SetPrec(2000)
	type doc struct{ nats, rows, bytes float64 }
	docs := map[string]*doc{}
	for _, row := range tab.rows {
		lp, _ := strconv.ParseFloat(row[2], 64)
		bytes, _ := strconv.ParseFloat(row[3], 64)
		total.Sub(total, new(big.Float).SetFloat64(lp))
		if docs[row[0]] == nil {
			docs[row[0]] = &doc{}
		}
		d := docs[row[0]]
		d.nats, d.rows, d.bytes = d.nats-lp, d.rows+1, d.bytes+bytes
	}
	m := float64(len(docs))
	want, _ := total.Quo(total, new(big.Float).SetFloat64(m)).Float64()
	if got := c.Documents.NLL.Value; got != want {
		t.Errorf("NLL per document is %.17g, want %.17g", got, want)
	}
	moments := func(f func(d *doc) float64) (mean, se float64) {
		for _, d := range docs {
			mean += f(d) / m
		}
		for _, d := range docs {
			se += (f(d) - mean) * (f(d) - mean)
		}
		return mean, math.Sqrt(se / (m - 1) / m)
	}
	check := func(what string, value, se float64, f func(d *doc) float64) {
		t.Helper()
		mean, err := moments(f)
		near(t, what, value, mean, 1e-13)
		near(t, "error of "+what, se, err, 1e-11)
	}
	d := c.Documents
	check("NLL per document", d.NLL.Value, d.NLL.SE, func(d *doc) float64 { return d.nats })
	if len(d.Perplexities) != 2 || d.N != int64(m) || d.By != "document" || !d.Document {
		t.Fatalf("%+v", d)
	}
	check("mean perplexity per token", d.Perplexities[0].Mean.Value, d.Perplexities[0].Mean.SE, func(d *doc) float64 { return math.Exp(d.nats / d.rows) })
	check("mean perplexity per byte", d.Perplexities[1].Mean.Value, d.Perplexities[1].Mean.SE, func(d *doc) float64 { return math.Exp(d.nats / d.bytes) })
	if d.Perplexities[0].Of != "token" || d.Perplexities[1].Of != "byte" || d.Perplexities[1].Mean.N != int64(m) {
		t.Errorf("%+v", d.Perplexities)
	}
}

// TestDocumentsSameBits: documents may be spread over threads and files.
func TestDocumentsSameBits(t *testing.T) {
	for name, req := range map[string]predict.Request{
		"documents": {LogProb: "lp", Bytes: "bytes"},
		"repeats":   {LogProb: "lp", Freq: "n"},
		"rows":      {LogProb: "lp", Bytes: "bytes", Cluster: "none"},
	} {
		for _, infinite := range []bool{false, true} {
			whole := tokensOf(60, 11, infinite)
			rng := rand.New(rand.NewPCG(1, 7))
			var first string
			for trial := range 12 {
				tab := &table{names: whole.names, rows: append([][]string(nil), whole.rows...)}
				if trial > 0 {
					rng.Shuffle(len(tab.rows), func(i, j int) { tab.rows[i], tab.rows[j] = tab.rows[j], tab.rows[i] })
				}
				job := Job{Request: req, Options: Options{Threads: 1 + trial%5, PerDocument: true}}
				for at := 0; at < len(tab.rows); {
					to := min(len(tab.rows), at+100+rng.IntN(300))
					job.Inputs = append(job.Inputs, (&table{names: tab.names, rows: tab.rows[at:to], batch: 1 + rng.IntN(30)}).input())
					at = to
				}
				c, err := Run(context.Background(), job)
				if err != nil {
					t.Fatal(err)
				}
				if infinite != math.IsInf(c.NLL, 1) || len(c.Documents.Perplexities) == 0 {
					t.Fatalf("%s: NLL %v, %+v", name, c.NLL, c.Documents)
				}
				if got := bits(c); trial == 0 {
					first = got
				} else if got != first {
					t.Fatalf("%s, trial %d:\n%s\nfirst\n%s", name, trial, got, first)
				}
			}
		}
	}
}

// TestDocumentsFound: when rows are taken as parts of documents, and when not.
func TestDocumentsFound(t *testing.T) {
	const probs = "label,doc,p_0,p_1"
	for _, c := range []struct {
		name    string
		tab     *table
		req     predict.Request
		cluster string
		row     string
		docs    bool
	}{
		{"found", grid("doc,token,logprob", "a,x,-1", "a,y,-2", "b,z,-3"), predict.Request{}, "doc", "token", true},
		{"another name", grid("Document_ID,nll", "a,1", "a,2", "b,3"), predict.Request{}, "Document_ID", "", true},
		{"not wanted", grid("doc,token,logprob", "a,x,-1", "a,y,-2", "b,z,-3"), predict.Request{Cluster: "none"}, "", "token", false},
		{"each row another", grid("doc,logprob", "a,-1", "b,-2"), predict.Request{}, "", "", false},
		{"another key", grid("doc,user,logprob", "a,x,-1", "a,y,-2", "b,x,-3"), predict.Request{Cluster: "user"}, "user", "", true},
		{"rows that count their tokens", grid("doc,token,tokens,logprob", "a,x,3,-1", "a,y,4,-2"), predict.Request{}, "doc", "", true},
		{"predictions of classes", grid(probs, "0,a,0.5,0.5", "1,a,0.5,0.5"), predict.Request{}, "", "", false},
		{"a column called none", grid("none,logprob", "a,-1", "a,-2", "b,-4"), predict.Request{Cluster: "none"}, "none", "", true},
	} {
		got, err := score(t, c.tab, c.req, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if l := got.Layout; l.Cluster != c.cluster || l.Row != c.row || (got.Documents != nil) != c.docs {
			t.Errorf("%s: cluster %q, row %q, documents %+v", c.name, l.Cluster, l.Row, got.Documents)
		}
	}
	// Documents without tokens have no perplexity, unless they cost something all the same.
	got, err := score(t, grid("logprob,tokens", "0,0", "-1,1", "-3,1"), predict.Request{}, Options{PerDocument: true})
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Documents.Perplexities[0]; p.Empty != 1 || p.Mean.N != 2 {
		t.Errorf("an empty document: %+v", p)
	}
	near(t, "mean", got.Documents.Perplexities[0].Mean.Value, (math.E+math.Exp(3))/2, 1e-15)
	got, err = score(t, grid("doc,logprob,bytes", "a,-1,0", "a,-1,0", "b,-3,1"), predict.Request{}, Options{PerDocument: true})
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Documents.Perplexities[1]; !math.IsInf(p.Mean.Value, 1) || p.Mean.Why != "infinite rows" {
		t.Errorf("surprisal and nothing to spread it over: %+v", p)
	}
	for _, c := range []struct {
		tab *table
		req predict.Request
		say string
	}{
		{grid("logprob", "-1", "-2"), predict.Request{}, "which rows make a document?"},
		{grid("doc,logprob,w", "a,-1,1", "a,-2,1"), predict.Request{Weight: "w"}, "no meaning with --weight"},
		{grid(probs, "0,a,0.5,0.5", "1,a,0.5,0.5"), predict.Request{}, "no meaning for probabilities"},
	} {
		if _, err := score(t, c.tab, c.req, Options{PerDocument: true}); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%v, want %q", err, c.say)
		}
	}
}
