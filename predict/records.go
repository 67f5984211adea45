package predict

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// About is what a source knows of itself beyond names and values.
type About struct {
	// System is what wrote the file, in plain words; "" if that is not known.
	System string
	// Request says what the columns are. What the user said goes before it.
	Request Request
	// Row is what a row of known columns is: "token", "document", or "" for nothing in
	// particular.
	Row string
	// Numbered says that documents have no names and are numbered within the file, so
	// that the same number in another file is another document.
	Numbered bool
	// SelfScored says that the log-probabilities are those of text that the model
	// itself made. Their mean estimates the model's own entropy (and only if it drew
	// at temperature 1 from all tokens); it is no loss on data.
	SelfScored bool
	// Notes say how the file was read, and, after it was read, what was left out.
	Notes []string
}

// AboutOf is what a source knows of itself, if it knows anything.
func AboutOf(s Source) About {
	if a, ok := s.(interface{ About() About }); ok {
		return a.About()
	}
	return About{}
}

// About implements what [AboutOf] asks for. It must not be called while the
// source is read.
func (s *jsonSource) About() About {
	if s.system == nil {
		return About{}
	}
	a := s.system.about
	a.Notes = slices.Clone(a.Notes)
	for i, n := range s.counts {
		if n > 0 {
			a.Notes = append(a.Notes, fmt.Sprintf(leftOut[i], n))
		}
	}
	return a
}

// What is counted while records of a known system are read.
type leftOutKind uint8

const (
	firstTokens leftOutKind = iota
	noLogProbs
	failedRequests
	generated
	repeated
	otherFilters
	brokenTokens
	severalRight
	leftOuts
)

// leftOut says it in the output.
var leftOut = [leftOuts]string{
	firstTokens:    "first tokens, of which nothing is predicted, left out: %d",
	noLogProbs:     "answers without log-probabilities, left out: %d",
	failedRequests: "failed requests, left out: %d",
	generated:      "generated tokens after the prompt, left out: %d",
	repeated:       "repeated records, left out: %d",
	otherFilters:   "records of the same documents under further filters, left out: %d",
	brokenTokens:   "tokens that are parts of characters, their bytes estimated: %d",
	severalRight:   "documents with several right answers, left out: %d",
}

// A recordSystem is something that writes files of records, as opened: it makes
// rows of them.
type recordSystem struct {
	about About
	cols  []Column
	none  bool // that a token's bytes are null says that it has none
	// emit makes the rows of a record.
	emit func(e *emitter, v jsonValue) *Error
}

// systemRun is what a run of records of a known system has beside its rows.
type systemRun struct {
	counts [leftOuts]int64
	docs   []int32 // by row: number of its document within the run, −1 if it has a name
	ended  int32   // documents that ended in the run
	keys   []recordKey
}

// recordKey is something that should be in a file once, and the rows it gave.
type recordKey struct {
	key      string
	from, to int
}

func (s *systemRun) reset() {
	s.counts, s.ended = [leftOuts]int64{}, 0
	s.docs, s.keys = s.docs[:0], s.keys[:0]
}

func (s *systemRun) cut(rows int) {
	s.docs = s.docs[:min(len(s.docs), rows)]
	for len(s.keys) > 0 && s.keys[len(s.keys)-1].to > rows {
		s.keys = s.keys[:len(s.keys)-1]
	}
}

// An emitter makes rows of the records of a known system; each thread has one.
type emitter struct {
	system *recordSystem
	r      *jsonRun
	s      *jsonScan
	line   int64
	name   []byte // of the document whose rows these are; nil if it goes by number
	bare   []byte
}

// record implements jsonRecords.
func (e *emitter) record(r *jsonRun, s *jsonScan, i int) (int, *Error) {
	if s.b[i] != '{' {
		return s.expected(i, "an object"), nil
	}
	end := s.skip(i, jsonDepth)
	if end < 0 {
		return end, nil
	}
	e.r, e.s, e.line = r, s, r.line
	counts, ended := r.counts, r.ended
	s.at = i
	v := jsonValue(s.b[i:end])
	if err := e.system.emit(e, v); err != nil {
		r.counts, r.ended = counts, ended
		if failedAnswer(v) {
			e.count(failedRequests, 1)
			return end, nil
		}
		return -1, err
	}
	return end, nil
}

// fail is trouble with a value of the record, or with the record if there is
// none; path says where it is in it.
func (e *emitter) fail(v jsonValue, path, what, hint string) *Error {
	if v != nil {
		e.s.at = cap(e.s.b) - cap(v)
	}
	if path != "" {
		what = path + ": " + what
	}
	return &Error{What: what, Hint: hint}
}

// count counts what is left out.
func (e *emitter) count(what leftOutKind, n int) { e.r.counts[what] += int64(n) }

// end completes a row.
func (e *emitter) end() {
	doc := int32(-1)
	if e.name == nil {
		doc = e.r.ended
	}
	e.r.docs = append(e.r.docs, doc)
	e.r.end(e.line)
}

// document says whose rows come next: that of a name, or the next by number.
func (e *emitter) document(name jsonValue) {
	e.name = nil
	if !name.null() {
		e.name = append(e.bare[:0], name.text()...)
		e.bare = e.name
	}
}

// Columns of tokens.
const (
	tokenDoc = iota
	tokenText
	tokenLogProb
	tokenBytes
)

var tokenColumns = []Column{{Name: "doc", Named: true}, {Name: "token", Named: true},
	{Name: "logprob", Named: true, Numeric: true}, {Name: "bytes", Named: true, Numeric: true, Integer: true}}

// tokenRequest says what the columns of tokens are.
func tokenRequest(bytes bool) Request {
	q := Request{LogProb: "logprob", LogBase: "e", Cluster: "doc", ID: "token"}
	if bytes {
		q.Bytes = "bytes"
	}
	return q
}

// The value that stands for "very unlikely".
const veryUnlikely = -9999

// token makes the row of a token. Where how many bytes it has is written, that is
// size, an array of them, or perhaps null; otherwise they are counted.
func (e *emitter) token(text []byte, logProb, size jsonValue, path func() string) *Error {
	x, decimals, why, v := logProb.number(false)
	if v == noNumber || v == tooLarge {
		return e.fail(logProb, path()+".logprob", logProb.what()+", expected a number", "")
	}
	e.r.begin()
	e.text(tokenDoc, e.name)
	e.text(tokenText, text)
	switch {
	case v == isMissing:
		e.lack(tokenLogProb, logProb, why)
	case x <= veryUnlikely && !math.IsInf(x, -1): // minus infinity is no bound, it says that the probability is 0
		e.lack(tokenLogProb, logProb, Censored)
	default:
		e.number(tokenLogProb, x, decimals, logProb)
	}
	if len(e.system.cols) > tokenBytes {
		n := 0
		switch {
		case size.is() == '[' && !unsized(text, size):
			n = size.count()
		case size == nil || size.is() == '[' || !e.system.none:
			n = e.bytesOf(text)
		}
		e.number(tokenBytes, float64(n), 0, strconv.AppendInt(nil, int64(n), 10))
	}
	e.end()
	return nil
}

// unsized reports whether a token does not tell how many bytes it has: it is a
// number, or a part of a character that cannot be told any more, and its bytes are
// not written, or are those of the stand-in.
func unsized(text []byte, size jsonValue) bool {
	if !bytes.HasPrefix(text, []byte("token_id:")) && !bytes.Contains(text, []byte("\ufffd")) {
		return false
	}
	if size == nil {
		return true
	}
	same := size.is() == '[' && size.count() == len(text)
	size.elements(func(i int, c jsonValue) bool {
		same = same && string(c) == strconv.Itoa(int(text[i]))
		return same
	})
	return same
}

// text sets a column of text.
func (e *emitter) text(col int, text []byte) {
	e.r.lack(col, NA) // where somebody wants it as a number
	e.r.text(col, text)
}

// number sets a column to a number, which is written as text.
func (e *emitter) number(col int, x float64, decimals int, text []byte) {
	e.r.number(col, x, decimals)
	e.r.text(col, text)
}

// lack sets a column to no number, though something may be written.
func (e *emitter) lack(col int, text jsonValue, why Why) {
	e.r.lack(col, why)
	e.r.text(col, text.text())
}

// bytesOf counts the bytes of a token that is known only by its text. Parts of
// characters are written bytes:\xe2\x80, or cannot be told any more.
func (e *emitter) bytesOf(text []byte) int {
	if rest, ok := bytes.CutPrefix(text, []byte("bytes:")); ok && bytes.HasPrefix(rest, []byte(`\x`)) {
		return bytes.Count(rest, []byte(`\x`)) + len(rest) - 4*bytes.Count(rest, []byte(`\x`))
	}
	if bytes.HasPrefix(text, []byte("token_id:")) { // not known at all
		return 0
	}
	n := len(text)
	if broken := bytes.Count(text, []byte("\ufffd")); broken > 0 {
		e.count(brokenTokens, 1)
		n -= 2 * broken
	}
	return n
}

// systems is the table of known systems. The first one that knows a record opens
// the file: nil, or an error, if the records are of it and yet of no use.
var systems = []struct {
	knows func(v jsonValue) bool
	open  func(name string, records []jsonValue) (*recordSystem, error)
}{
	{knowsBatch, openBatch},
	{knowsLMEval, openLMEval},
	{knowsInspect, openInspect},
	{knowsLightEval, openLightEval},
	{knowsAnswer, openAnswers},
	{knowsLlama, openLlama},
	{knowsOllama, openOllama},
	{sglang.knows, sglang.open},
	{tgi.knows, tgi.open},
	{gemini.knows, gemini.open},
	{parts.knows, parts.open},
	{knowsLists, openLists},
}

// notScored are files that lie beside those that can be scored, and that are taken
// for them: what they are, and where what is wanted is to be found.
var notScored = []struct {
	knows      func(v jsonValue) bool
	what, hint string
}{
	{func(v jsonValue) bool {
		return v.get("results").is() == '{' && (v.get("n-shot") != nil || v.get("configs").is() == '{' && v.get("versions") != nil)
	}, "the results of lm-eval, which are means over tasks", "run it with --log_samples, and score samples_*.jsonl"},
	{func(v jsonValue) bool { return v.get("results").is() == '{' && v.get("config_general").is() == '{' },
		"the results of lighteval, which are means over tasks", "run it with --save-details, and score details_*.parquet"},
	{func(v jsonValue) bool { return v.get("log_history").is() == '[' && v.get("global_step") != nil },
		"the state of a training run, which holds means over batches", "score what the model predicts for each row: its logits and labels, in one file of numpy.savez"},
	{func(v jsonValue) bool {
		return v.get("custom_id") != nil && v.get("url").is() == '"' && v.get("body").is() == '{' && v.get("response") == nil
	}, "the requests of a batch, and not its answers", "score the output file of the batch"},
}

// recognize finds the system that wrote the records; nil if it is none known.
func recognize(name string, records []jsonValue) (*recordSystem, error) {
	first := 0
	for first < len(records) && failedAnswer(records[first]) {
		first++
	}
	if first == len(records) {
		if first > 0 {
			return nil, &Error{Source: name, What: "no answers, but errors of a service: " + failure(records[0])}
		}
		return nil, nil
	}
	for _, s := range notScored {
		if s.knows(records[first]) {
			return nil, &Error{Source: name, What: s.what, Hint: s.hint}
		}
	}
	for _, s := range systems {
		if s.knows(records[first]) {
			return s.open(name, records[first:])
		}
	}
	return openWrapped(name, records[first:])
}

// settleSystem makes the source one of a known system.
func (s *jsonSource) settleSystem(system *recordSystem, records []jsonValue) error {
	s.system, s.cols = system, system.cols
	// The sample is read as the file is.
	sel := Selection{}
	for i, c := range s.cols {
		sel.Texts = append(sel.Texts, i)
		if c.Numeric {
			sel.Numbers = append(sel.Numbers, i)
		}
	}
	sample := &systemSample{sel: sel}
	p := newJSONPlan(s.cols, sel)
	r := newJSONRun(p)
	order := s.order(p)
	row := int64(0)
	for _, v := range records {
		scan := jsonScan{b: v[:cap(v)], n: len(v), blank: &jsonBlank}
		e := &emitter{system: system}
		r.reset()
		if end, err := e.record(r, &scan, 0); end < 0 {
			if err == nil {
				err = &Error{What: scan.what}
			}
			bad := *err
			bad.Source, bad.Row, bad.Line = s.name, row+int64(r.rows)+1, s.headLine(v, scan.at)
			return &bad
		}
		if err := order(r); err != nil {
			return err
		}
		row += int64(r.rows)
		if sample.add(r); sample.rows == jsonSampled {
			break
		}
	}
	s.sample = sample
	s.counts = [leftOuts]int64{}
	s.reader = func(p *jsonPlan) (func() jsonRecords, func(*jsonRun) error) {
		s.counts = [leftOuts]int64{}
		return func() jsonRecords { return &emitter{system: system} }, s.order(p)
	}
	return nil
}

// headLine is the line of a place in a record of the sample.
func (s *jsonSource) headLine(v jsonValue, at int) int64 {
	i := cap(s.head) - cap(v) + at
	if cap(s.head) < cap(v) || i > len(s.head) {
		return 0
	}
	return int64(bytes.Count(s.head[:i], newlineByte)) + 1
}

// order gives what must be done with runs in the order of the file: documents
// without a name are numbered, and records that come twice are taken out.
func (s *jsonSource) order(p *jsonPlan) func(r *jsonRun) error {
	docs := int64(1)
	seen := make(map[string]struct{})
	return func(r *jsonRun) error {
		twice := r.keys[:0]
		for _, k := range r.keys {
			if _, ok := seen[k.key]; ok {
				twice = append(twice, k)
			}
			seen[k.key] = struct{}{}
		}
		for _, k := range slices.Backward(twice) {
			r.drop(k.from, k.to)
			r.docs = slices.Delete(r.docs, k.from, k.to)
			r.counts[repeated]++
		}
		for _, u := range p.uses[tokenDoc] {
			if u.kind == jsonIsText && slices.ContainsFunc(r.docs, func(d int32) bool { return d >= 0 }) {
				old := r.texts[u.at]
				named := Strings{Off: []int32{0}}
				for i, d := range r.docs {
					if d < 0 {
						named.Append(old.At(i))
					} else {
						named.Append(strconv.AppendInt(nil, docs+int64(d), 10))
					}
				}
				r.texts[u.at] = named
			}
		}
		docs += int64(r.ended)
		for i, n := range r.counts {
			s.counts[i] += n
		}
		return nil
	}
}

// systemSample is the Sample of a known system's rows.
type systemSample struct {
	sel     Selection
	rows    int
	texts   [][]string // by column
	numbers [][]float64
}

func (t *systemSample) add(r *jsonRun) {
	if t.texts == nil {
		t.texts, t.numbers = make([][]string, len(r.texts)), make([][]float64, len(r.numbers))
	}
	n := min(r.rows, jsonSampled-t.rows)
	for i := range r.texts {
		for row := range n {
			t.texts[i] = append(t.texts[i], string(r.texts[i].At(row)))
		}
	}
	for i, c := range r.numbers {
		t.numbers[i] = append(t.numbers[i], c[:n]...)
	}
	t.rows += n
}

func (t *systemSample) Rows() int                { return t.rows }
func (t *systemSample) Text(row, col int) string { return t.texts[col][row] }

func (t *systemSample) Number(row, col int) (float64, bool) {
	if i := slices.Index(t.sel.Numbers, col); i >= 0 {
		return t.numbers[i][row], true
	}
	x, _, _, v := number([]byte(t.texts[col][row]))
	return x, v == isNumber || v == isMissing
}

// Over is the request with the gaps filled from what a source knows of itself.
// Columns of values go together: whoever names one kind gets no other.
func (r Request) Over(known Request) Request {
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	if r.Prob == "" && r.Probs == "" && r.Logits == "" && r.LogProb == "" && r.LogProbs == "" && r.NLL == "" {
		r.Prob, r.Probs, r.Logits, r.LogProb, r.LogProbs, r.NLL = known.Prob, known.Probs, known.Logits, known.LogProb, known.LogProbs, known.NLL
		fill(&r.LogBase, known.LogBase)
		fill(&r.Tokens, known.Tokens)
		fill(&r.Words, known.Words)
		fill(&r.Bytes, known.Bytes)
	}
	if r.OneHot == "" {
		fill(&r.Label, known.Label)
	}
	fill(&r.Positive, known.Positive)
	fill(&r.Classes, known.Classes)
	fill(&r.Weight, known.Weight)
	fill(&r.Freq, known.Freq)
	fill(&r.Cluster, known.Cluster)
	fill(&r.By, known.By)
	fill(&r.ID, known.ID)
	return r
}
