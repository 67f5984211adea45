package predict

import (
	"fmt"
	"math"
	"strconv"
)

// Details of lighteval, which it writes to Parquet: a record for each document,
// with the document, what the model answered, and metrics.

// lightKeys are the parts of a record that are used; earlier versions put
// underscores around the names.
var lightKeys = []string{"doc", "__doc__", "model_response", "__model_response__"}

// lightOf gives the document and the answer of a record.
func lightOf(v jsonValue) (doc, answer jsonValue) {
	var got [4]jsonValue
	v.pick(lightKeys, got[:])
	if doc, answer = got[0], got[2]; doc == nil {
		doc = got[1]
	}
	if answer == nil {
		answer = got[3]
	}
	return doc, answer
}

func knowsLightEval(v jsonValue) bool {
	doc, answer := lightOf(v)
	return doc.is() == '{' && answer.is() == '{' && doc.get("gold_index") != nil && answer.get("logprobs") != nil
}

func openLightEval(name string, records []jsonValue) (*recordSystem, error) {
	fail := func(what, hint string) error {
		return &Error{Source: name, What: "lighteval details: " + what, Hint: hint}
	}
	most, least, some, several := 0, math.MaxInt, false, false
	unconditioned := false
	for _, v := range records {
		doc, answer := lightOf(v)
		choices, logProbs := doc.get("choices").count(), answer.get("logprobs").count()
		if logProbs == 0 {
			continue
		}
		some = true
		several = several || choices != logProbs
		most, least = max(most, choices), min(least, choices)
		unconditioned = unconditioned || answer.get("unconditioned_logprobs").count() > 0
	}
	switch {
	case !some:
		return nil, fail("no log-probabilities", "generated text has none; score tasks whose metrics are of log-probabilities")
	case most > lmMost:
		return nil, fail(fmt.Sprintf("a document with %d choices, expected at most %d", most, lmMost), "")
	case most <= 1:
		return lightTokens(), nil
	case least <= 1 || several:
		return nil, fail("documents with several choices, and others with other numbers of log-probabilities", "keep tasks in files of their own")
	}
	s := &recordSystem{
		cols: []Column{{Name: "doc", Named: true}, {Name: "label", Named: true}},
		about: About{System: "lighteval details, several choices", Request: Request{Label: "label", Logits: "logit_*", ID: "doc"},
			Notes: []string{"log-likelihoods of the choices taken as logits"}},
	}
	if unconditioned {
		s.about.Notes = append(s.about.Notes, "unconditioned log-likelihoods are not used")
	}
	for i := range most {
		s.cols = append(s.cols, Column{Name: "logit_" + strconv.Itoa(i), Named: true, Numeric: true})
	}
	s.emit = func(e *emitter, v jsonValue) *Error {
		doc, answer, err := e.light(v)
		if err != nil {
			return err
		}
		choices, logProbs := doc.get("choices").count(), answer.get("logprobs")
		n := logProbs.count()
		switch {
		case n == 0:
			e.count(noLogProbs, 1)
			e.r.ended++
			return nil
		case n != choices:
			return e.fail(logProbs, "model_response.logprobs", fmt.Sprintf("%s for %s", count(n, "log-likelihood"), count(choices, "choice")), "")
		case n > most:
			return e.fail(logProbs, "model_response.logprobs", fmt.Sprintf("%d choices, and the first %d records have at most %d", n, jsonSampled, most), "put a record with the most choices first")
		}
		gold := doc.get("gold_index")
		if gold.is() == '[' {
			if gold.count() > 1 {
				e.count(severalRight, 1)
				e.r.ended++
				return nil
			}
			gold = gold.element(0)
		}
		label := []byte{}
		if !gold.null() {
			x, _, _, got := gold.number(false)
			if got != isNumber || x != math.Trunc(x) || x < 0 || x >= float64(n) {
				return e.fail(gold, "doc.gold_index", fmt.Sprintf("%s, expected the number of a choice, 0 to %d", gold.shown(), n-1), "")
			}
			label = strconv.AppendInt(label, int64(x), 10)
		}
		e.r.begin()
		e.text(0, e.name)
		e.text(1, label)
		var bad *Error
		logProbs.elements(func(i int, q jsonValue) bool {
			x, decimals, why, got := q.number(false)
			switch got {
			case isNumber:
				e.number(2+i, x, decimals, q.text())
			case isMissing:
				e.lack(2+i, q, why)
			default:
				bad = e.fail(q, fmt.Sprintf("model_response.logprobs[%d]", i), q.what()+", expected a log-likelihood", "")
			}
			return bad == nil
		})
		if bad != nil {
			return bad
		}
		for i := n; i < most; i++ { // a choice that this document does not have
			e.number(2+i, math.Inf(-1), 0, []byte("-Infinity"))
		}
		e.end()
		e.r.ended++
		return nil
	}
	return s, nil
}

// lightTokens opens details of documents without choices: log-probabilities of
// parts of each document.
func lightTokens() *recordSystem {
	s := &recordSystem{
		cols: []Column{{Name: "doc", Named: true}, {Name: "logprob", Named: true, Numeric: true}},
		about: About{System: "lighteval details, perplexity", Request: Request{LogProb: "logprob", LogBase: "e", Cluster: "doc"},
			Notes: []string{"one row for each log-probability of a document"}},
	}
	s.emit = func(e *emitter, v jsonValue) *Error {
		doc, answer, err := e.light(v)
		if err != nil {
			return err
		}
		if n := doc.get("choices").count(); n > 1 {
			return e.fail(doc, "doc.choices", fmt.Sprintf("%d choices, and in the first records there is at most one", n), "keep tasks in files of their own")
		}
		logProbs := answer.get("logprobs")
		if logProbs.count() == 0 {
			e.count(noLogProbs, 1)
		}
		var bad *Error
		logProbs.elements(func(i int, q jsonValue) bool {
			x, decimals, why, got := q.number(false)
			if got != isNumber && got != isMissing {
				bad = e.fail(q, fmt.Sprintf("model_response.logprobs[%d]", i), q.what()+", expected a log-probability", "")
				return false
			}
			e.r.begin()
			e.text(0, e.name)
			if got == isNumber {
				e.number(1, x, decimals, q.text())
			} else {
				e.lack(1, q, why)
			}
			e.end()
			return true
		})
		e.r.ended++
		return bad
	}
	return s
}

// light gives the parts of a record, and says whose rows come next.
func (e *emitter) light(v jsonValue) (doc, answer jsonValue, err *Error) {
	if !knowsLightEval(v) {
		return nil, nil, e.fail(v, "", "no details of lighteval, which the first records are", "keep them in files of their own")
	}
	doc, answer = lightOf(v)
	if l := answer.get("logprobs"); !l.null() && l.is() != '[' {
		return nil, nil, e.fail(l, "model_response.logprobs", l.what()+", expected an array", "")
	}
	id := doc.get("id")
	if len(id.text()) == 0 {
		id = nil
	}
	e.document(id)
	return doc, answer, nil
}
