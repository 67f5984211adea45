package predict

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Samples of lm-evaluation-harness, samples_<task>_<date>.jsonl: a line for each
// document and filter. Its numbers are written as strings.

func knowsLMEval(v jsonValue) bool {
	keys := []string{"doc_id", "resps", "filtered_resps", "target"}
	got := make([]jsonValue, len(keys))
	v.pick(keys, got)
	return got[0] != nil && got[1].is() == '[' && got[2].is() == '[' && got[3] != nil
}

var lmEvalKeys = []string{"doc_id", "doc", "target", "arguments", "resps", "filter", "doc_hash", "acc", "acc_mutual_info",
	"word_perplexity", "byte_perplexity", "bits_per_byte"}

const (
	lmID = iota
	lmDoc
	lmTarget
	lmArguments
	lmResps
	lmFilter
	lmHash
	lmAcc
	lmMutual
	lmWords
	lmBytes
	lmBits
	lmKeys
)

type lmRecord [lmKeys]jsonValue

func lmEvalOf(v jsonValue) (r lmRecord) {
	v.pick(lmEvalKeys, r[:])
	return r
}

// response is the first of the repeats of a request: an array of log-likelihood
// and greediness, or the log-likelihood alone.
func (r *lmRecord) response(request jsonValue) (logLik jsonValue, pair bool) {
	first := request.element(0)
	if first.is() == '[' {
		return first.element(0), first.count() == 2
	}
	return first, false
}

func openLMEval(name string, records []jsonValue) (*recordSystem, error) {
	first := lmEvalOf(records[0])
	fail := func(what, hint string) error {
		return &Error{Source: name, Row: 1, Line: 1, What: "lm-eval samples: " + what, Hint: hint}
	}
	logLik, pair := first.response(first[lmResps].element(0))
	_, _, _, got := logLik.number(true)
	requests := first[lmResps].count()
	switch {
	case got == noNumber || first.generated(pair):
		return nil, fail("generated text, without log-likelihoods", "score tasks of output_type multiple_choice, loglikelihood or loglikelihood_rolling")
	case got != isNumber && got != isMissing:
		return nil, fail("a log-likelihood out of range: "+logLik.what(), "")
	case !pair && requests == 1:
		return openLMRolling(name, first, true)
	case requests == 1:
		return openLMRolling(name, first, false)
	}
	return openLMChoice(name, first, records)
}

// generated reports whether the answers are text that the model made, which may
// read like a number: its request says how to generate, and has no second part
// only where a whole document is scored.
func (r *lmRecord) generated(pair bool) bool {
	if pair {
		return false
	}
	args := r.arguments(1)
	if len(args) == 1 && args[0][0] != nil {
		return args[0][1] != nil
	}
	return r[lmWords] == nil && r[lmBytes] == nil && r[lmBits] == nil
}

// once passes over records under other filters than the first, and gives a key
// to know by that a document comes twice.
func (e *emitter) once(r *lmRecord, filter []byte) bool {
	if !bytes.Equal(r[lmFilter].text(), filter) {
		e.count(otherFilters, 1)
		return false
	}
	return true
}

func (e *emitter) keyed(r *lmRecord, from int) {
	key := string(r[lmID].text()) + "\x00" + string(r[lmHash].text())
	if r[lmHash].null() {
		key += string(r[lmDoc])
	}
	e.r.keys = append(e.r.keys, recordKey{key, from, e.r.rows})
}

// Columns of documents.
const (
	lmColDoc = iota
	lmColLogProb
	lmColWords
	lmColBytes
)

// openLMRolling opens log-likelihoods of whole documents, or of one answer each.
func openLMRolling(name string, first lmRecord, rolling bool) (*recordSystem, error) {
	filter := slices.Clone(first[lmFilter].text())
	s := &recordSystem{
		cols: []Column{{Name: "doc", Named: true}, {Name: "logprob", Named: true, Numeric: true}},
		about: About{System: "lm-eval samples, loglikelihood", Request: Request{LogProb: "logprob", LogBase: "e", ID: "doc"},
			Notes: []string{"one row for each answer"}},
	}
	counts := rolling && first[lmWords].count() == 2 && (first[lmBytes].count() == 2 || first[lmBits].count() == 2)
	if rolling {
		s.about.System = "lm-eval samples, loglikelihood_rolling"
		s.about.Notes, s.about.Row = []string{"one row for each document"}, "document"
	}
	if counts {
		s.cols = append(s.cols, Column{Name: "words", Named: true, Numeric: true, Integer: true}, Column{Name: "bytes", Named: true, Numeric: true, Integer: true})
		s.about.Request.Words, s.about.Request.Bytes = "words", "bytes"
	}
	s.emit = func(e *emitter, v jsonValue) *Error {
		r := lmEvalOf(v)
		if r[lmResps] == nil {
			return e.fail(v, "resps", "nothing, expected an array", "")
		}
		if !e.once(&r, filter) {
			return nil
		}
		logLik, pair := r.response(r[lmResps].element(0))
		if r[lmResps].count() != 1 || pair == rolling || r.generated(pair) {
			return e.fail(r[lmResps], "resps", "another kind of request than in the first record", "keep tasks in files of their own")
		}
		x, decimals, why, got := logLik.number(true)
		if got == noNumber || got == tooLarge {
			return e.fail(logLik, "resps[0][0]", logLik.what()+", expected a log-likelihood", "")
		}
		e.document(r[lmID])
		from := e.r.rows
		e.r.begin()
		e.text(lmColDoc, e.name)
		if got == isMissing {
			e.lack(lmColLogProb, logLik, why)
		} else {
			e.number(lmColLogProb, x, decimals, logLik.text())
		}
		if counts {
			bytesOf, key := r[lmBytes], "byte_perplexity"
			if bytesOf == nil {
				bytesOf, key = r[lmBits], "bits_per_byte"
			}
			for _, c := range []struct {
				col  int
				key  string
				pair jsonValue
			}{{lmColWords, "word_perplexity", r[lmWords]}, {lmColBytes, key, bytesOf}} {
				same, n := c.pair.element(0), c.pair.element(1)
				y, _, _, ok := same.number(true)
				m, _, _, is := n.number(true)
				if c.pair.count() != 2 || ok != got || is != isNumber {
					return e.fail(c.pair, c.key, c.pair.what()+", expected the log-likelihood and a count", "")
				}
				if ok == isNumber && math.Abs(x-y) > 1e-6*math.Abs(x) {
					return e.fail(c.pair, c.key, fmt.Sprintf("log-likelihood %s, and resps say %s", same.text(), logLik.text()), "")
				}
				e.number(c.col, m, 0, n.text())
			}
		}
		e.end()
		e.keyed(&r, from)
		return nil
	}
	return s, nil
}

// openLMChoice opens log-likelihoods of several answers to each question.
func openLMChoice(name string, first lmRecord, records []jsonValue) (*recordSystem, error) {
	filter := slices.Clone(first[lmFilter].text())
	mutual := first.mutual()
	most := 0
	for _, v := range records {
		r := lmEvalOf(v)
		n := r[lmResps].count()
		if mutual {
			n /= 2
		}
		most = max(most, n)
	}
	if most < 2 {
		return nil, &Error{Source: name, Row: 1, Line: 1, What: "lm-eval samples: one answer to choose from, expected several"}
	}
	if most > lmMost {
		return nil, &Error{Source: name, What: fmt.Sprintf("lm-eval samples: a document with %d requests, expected at most %d", most, lmMost)}
	}
	s := &recordSystem{
		cols: []Column{{Name: "doc", Named: true}, {Name: "label", Named: true}},
		about: About{System: "lm-eval samples, multiple_choice", Request: Request{Label: "label", Logits: "logit_*", ID: "doc"},
			Notes: []string{"log-likelihoods of the answers taken as logits"}},
	}
	if mutual {
		s.about.Notes = append(s.about.Notes, "the unconditional half of the requests is not used")
	}
	for i := range most {
		s.cols = append(s.cols, Column{Name: "logit_" + strconv.Itoa(i), Named: true, Numeric: true})
	}
	s.emit = func(e *emitter, v jsonValue) *Error {
		r := lmEvalOf(v)
		if r[lmResps].is() != '[' || r[lmTarget] == nil {
			return e.fail(v, "", "no resps, or no target", "")
		}
		if !e.once(&r, filter) {
			return nil
		}
		n := r[lmResps].count()
		if mutual {
			if n%2 != 0 || !r.mutual() {
				return e.fail(r[lmResps], "resps", fmt.Sprintf("%s, expected each answer twice, with and without the question", count(n, "request")), "")
			}
			n /= 2
		}
		if n > most {
			return e.fail(r[lmResps], "resps", fmt.Sprintf("%d answers, and the first %d records have at most %d", n, jsonSampled, most), "put a record with the most answers first")
		}
		e.document(r[lmID])
		from := e.r.rows
		e.r.begin()
		e.text(0, e.name)
		best, bestAt := math.Inf(-1), -1
		var bad *Error
		r[lmResps].elements(func(i int, q jsonValue) bool {
			if i == n {
				return false
			}
			logLik, pair := r.response(q)
			x, decimals, why, got := logLik.number(true)
			switch {
			case !pair || got == noNumber || got == tooLarge:
				bad = e.fail(q, fmt.Sprintf("resps[%d]", i), jsonValue(q).what()+", expected a log-likelihood and whether it is greedy", "")
				return false
			case got == isMissing:
				e.lack(2+i, logLik, why)
			default:
				e.number(2+i, x, decimals, logLik.text())
				if x > best {
					best, bestAt = x, i
				}
			}
			return true
		})
		if bad != nil {
			return bad
		}
		for i := n; i < most; i++ { // an answer that this question does not have
			e.number(2+i, math.Inf(-1), 0, []byte("-Infinity"))
		}
		if x, _, _, v := r[lmAcc].number(true); v == isNumber && x > 0 && x < 1 {
			return e.fail(r[lmAcc], "acc", fmt.Sprintf("%s, a share: several answers count as right, and the target names one", r[lmAcc].text()),
				"score a task of one right answer: truthfulqa_mc1 in place of truthfulqa_mc2")
		}
		label, err := e.target(&r, n, bestAt)
		if err != nil {
			return err
		}
		e.text(1, label)
		e.end()
		e.keyed(&r, from)
		return nil
	}
	return s, nil
}

// lmMost is how many requests a document may have.
const lmMost = 1 << 16

// arguments are the requests' contexts and answers, as far as they are known.
func (r *lmRecord) arguments(n int) [][2]jsonValue {
	out := make([][2]jsonValue, min(n, lmMost))
	keys := []string{"arg_0", "arg_1"}
	r[lmArguments].members(func(key []byte, m jsonValue) bool {
		if number, ok := bytes.CutPrefix(key, []byte("gen_args_")); ok {
			if i, err := strconv.Atoi(string(number)); err == nil && 0 <= i && i < len(out) {
				m.pick(keys, out[i][:])
			}
		}
		return true
	})
	r[lmArguments].elements(func(i int, m jsonValue) bool { // as older versions write them
		if i < len(out) {
			out[i] = [2]jsonValue{m.element(0), m.element(1)}
		}
		return i < len(out)
	})
	return out
}

// mutual reports whether each answer was asked for twice, with and without the
// question.
func (r *lmRecord) mutual() bool {
	n := r[lmResps].count()
	if n%2 != 0 || n < 2 {
		return false
	}
	if r[lmMutual] != nil {
		return true
	}
	args := r.arguments(n)
	half := len(args) / 2
	if half < 2 {
		return false
	}
	// One answer after each of several contexts is no second half.
	for i := range half {
		a, b := args[i], args[i+half]
		if a[1] == nil || !bytes.Equal(a[1], b[1]) || bytes.Equal(a[0], b[0]) || i > 0 && bytes.Equal(a[1], args[0][1]) {
			return false
		}
	}
	return true
}

// oneAnswer reports whether all requests ask for the same answer, so that what is
// chosen is the context before it, as in Winogrande.
func oneAnswer(args [][2]jsonValue) bool {
	if len(args) < 2 {
		return false
	}
	for i, a := range args {
		if a[1] == nil || !bytes.Equal(a[1], args[0][1]) || i > 0 && bytes.Equal(a[0], args[0][0]) {
			return false
		}
	}
	return true
}

// target is the number of the right answer, as text. It is written as a number,
// or as the answer itself; where both readings are possible and differ, the
// accuracy of the record settles it.
func (e *emitter) target(r *lmRecord, n, best int) ([]byte, *Error) {
	text := bytes.TrimSpace(r[lmTarget].text())
	index, named := -1, -1
	if i, err := strconv.Atoi(string(text)); err == nil && 0 <= i && i < n {
		index = i
	}
	args := r.arguments(n)
	for i, a := range args {
		if a := a[1]; a != nil && bytes.Equal(bytes.TrimSpace(a.text()), text) {
			if named >= 0 { // two answers of the same text
				named = -1
				break
			}
			named = i
		}
	}
	got := index
	switch {
	case oneAnswer(args):
		// The target is that answer. What was right is known where the model was, and
		// where there is one other.
		x, _, _, v := r[lmAcc].number(true)
		switch {
		case v == isNumber && x == 1 && best >= 0:
			got = best
		case v == isNumber && x == 0 && best >= 0 && n == 2:
			got = 1 - best
		default:
			return nil, e.fail(r[lmTarget], "target", "the same answer to every request, so that nothing says which context is right",
				"let the task write its accuracy (metric acc), which settles it where there are two")
		}
	case index < 0 && named < 0:
		return nil, e.fail(r[lmTarget], "target", fmt.Sprintf("%s is neither the number of an answer (0 to %d) nor one of them", quote(string(text)), n-1), "")
	case index < 0:
		got = named
	case named >= 0 && named != index:
		x, _, _, v := r[lmAcc].number(true)
		switch {
		case v == isNumber && (x == 1) != (index == best) && (x == 1) == (named == best):
			got = named
		case v == isNumber && (x == 1) == (index == best) && (x == 1) != (named == best):
		default:
			return nil, e.fail(r[lmTarget], "target", fmt.Sprintf("%s may be the number of an answer, and the text of another", quote(string(text))), "let the task write its accuracy (metric acc), which settles it")
		}
	}
	return strconv.AppendInt(nil, int64(got), 10), nil
}
