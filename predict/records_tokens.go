package predict

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Servers that give tokens in lists of their own, and what people keep of answers.

// A tokenService says where a server puts tokens, and what stands in each.
type tokenService struct {
	name, hint string
	knows      func(v jsonValue) bool
	// lists gives lists of tokens, of the prompt or drawn; f returns false to stop.
	lists func(v jsonValue, f func(path string, list jsonValue, prompt bool) bool)
	// token gives text and log-probability of a token, and what says its bytes;
	// nil for the text if it is not told.
	token func(t jsonValue) (text, logProb, size jsonValue)
	doc   func(v jsonValue) jsonValue // what names the document
	// drawn says how it is known that tokens that are none of the prompt were drawn.
	drawn string
}

func sglangToken(t jsonValue) (text, logProb, size jsonValue) {
	return t.element(2), t.element(0), nil
}

var sglang = tokenService{
	name: "SGLang", hint: `ask with "return_logprob": true; with "logprob_start_len": 0 for a loss on the prompt`,
	knows: func(v jsonValue) bool {
		meta := v.get("meta_info")
		return meta.get("input_token_logprobs") != nil || meta.get("output_token_logprobs") != nil ||
			meta.get("prompt_tokens") != nil && meta.get("finish_reason") != nil && v.get("text") != nil
	},
	lists: func(v jsonValue, f func(string, jsonValue, bool) bool) {
		meta := v.get("meta_info")
		if f("meta_info.input_token_logprobs", meta.get("input_token_logprobs"), true) {
			f("meta_info.output_token_logprobs", meta.get("output_token_logprobs"), false)
		}
	},
	token: sglangToken,
	doc:   func(v jsonValue) jsonValue { return v.get("meta_info", "id") },
	drawn: selfScoredNote,
}

// noBytes says of a token that it has no bytes.
var noBytes = jsonOf("[]")

var tgi = tokenService{
	name: "TGI", hint: `ask with "details": true; with "decoder_input_details": true for a loss on the prompt`,
	knows: func(v jsonValue) bool {
		details := v.get("details")
		return v.get("generated_text") != nil && details.either("finish_reason", "tokens", "prefill") != nil
	},
	lists: func(v jsonValue, f func(string, jsonValue, bool) bool) {
		details := v.get("details")
		if f("details.prefill", details.get("prefill"), true) {
			f("details.tokens", details.get("tokens"), false)
		}
	},
	token: func(t jsonValue) (text, logProb, size jsonValue) {
		var got [3]jsonValue
		t.pick([]string{"text", "logprob", "special"}, got[:])
		if got[2].is() == 't' {
			size = noBytes
		}
		return got[0], got[1], size
	},
	doc:   func(jsonValue) jsonValue { return nil },
	drawn: selfScoredNote,
}

// either is the first of some members that is there: one thing has two names where
// one program writes it as the service sends it, and another as its language likes.
func (v jsonValue) either(keys ...string) jsonValue {
	for _, key := range keys {
		if m := v.get(key); m != nil {
			return m
		}
	}
	return nil
}

var gemini = tokenService{
	name: "Gemini", hint: `ask with "responseLogprobs": true`,
	knows: func(v jsonValue) bool {
		c := v.get("candidates").element(0)
		return c.either("logprobsResult", "logprobs_result") != nil || c.get("content", "parts").is() == '['
	},
	lists: func(v jsonValue, f func(string, jsonValue, bool) bool) {
		v.get("candidates").elements(func(i int, c jsonValue) bool {
			chosen := c.either("logprobsResult", "logprobs_result").either("chosenCandidates", "chosen_candidates")
			return f(fmt.Sprintf("candidates[%d].logprobsResult.chosenCandidates", i), chosen, false)
		})
	},
	token: func(t jsonValue) (text, logProb, size jsonValue) {
		return t.get("token"), t.either("logProbability", "log_probability"), nil
	},
	doc:   func(v jsonValue) jsonValue { return v.either("responseId", "response_id") },
	drawn: selfScoredNote,
}

// isToken tells an object with a token and its log-probability.
func isToken(v jsonValue) bool { return v.get("token").is() == '"' && v.get("logprob") != nil }

// parts of an answer of OpenAI's that people keep apart: the choice, or what it
// says of log-probabilities, or the list of tokens beside things of their own.
var parts = tokenService{
	name: "lists of tokens", hint: `ask with "logprobs": true`,
	knows: func(v jsonValue) bool {
		known := false
		partsOf(v, func(_ string, list jsonValue, _ bool) bool {
			known = known || isToken(list.element(0))
			return !known
		})
		return known
	},
	lists: partsOf,
	token: func(t jsonValue) (text, logProb, size jsonValue) {
		var got [3]jsonValue
		t.pick(tokenKeys, got[:])
		return got[0], got[1], got[2]
	},
	doc:   docOf,
	drawn: "self-scored: these are taken for tokens that the model drew itself, as in answers of OpenAI",
}

func partsOf(v jsonValue, f func(path string, list jsonValue, prompt bool) bool) {
	l, path := v.get("logprobs"), "logprobs."
	if l == nil { // LangChain's messages
		if l = v.get("response_metadata", "logprobs"); l != nil {
			path = "response_metadata.logprobs."
		}
	}
	switch {
	case l.is() == '[':
		f("logprobs", l, false)
		return
	case l.is() != '{':
		l, path = v, ""
	}
	if f(path+"content", l.get("content"), false) {
		f(path+"refusal", l.get("refusal"), false)
	}
}

// docOf is what names a document in records that people write.
func docOf(v jsonValue) jsonValue {
	d := v.either("doc", "doc_id", "document", "document_id", "id", "custom_id", "request_id")
	if d.is() != '"' && d.is() != '-' {
		return nil
	}
	return d
}

func (s *tokenService) open(name string, records []jsonValue) (*recordSystem, error) {
	some, prompt, counted, nameless := false, false, true, false
	for _, v := range records {
		nameless = nameless || s.doc(v).null()
		s.lists(v, func(_ string, list jsonValue, of bool) bool {
			list.elements(func(_ int, t jsonValue) bool {
				text, logProb, size := s.token(t)
				if logProb.null() && of {
					return true
				}
				some, prompt = true, prompt || of
				counted = counted && (size != nil || text != nil) && !unsized(text.text(), size) && (text.is() == '"' || size.is() == '[')
				return true
			})
			return true
		})
	}
	if !some {
		return nil, &Error{Source: name, What: s.name + " without log-probabilities", Hint: s.hint}
	}
	out := &recordSystem{cols: tokenColumns, none: true,
		about: About{System: s.name, Row: "token", Numbered: nameless, Request: tokenRequest(counted), SelfScored: !prompt}}
	if !counted {
		out.cols = tokenColumns[:tokenBytes]
	}
	if out.about.Notes = []string{s.drawn}; prompt {
		out.about.Notes = []string{"tokens of the prompt"}
	}
	out.emit = func(e *emitter, v jsonValue) (err *Error) {
		if !s.knows(v) && s != &parts {
			return e.fail(v, "", fmt.Sprintf("not an answer of %s, which the first records are", s.name), "keep them in files of their own")
		}
		e.document(s.doc(v))
		n := 0
		s.lists(v, func(path string, list jsonValue, of bool) bool {
			if !list.null() && list.is() != '[' {
				err = e.fail(list, path, list.what()+", expected an array", "")
				return false
			}
			if of != prompt && prompt {
				e.count(generated, list.count())
				return true
			}
			list.elements(func(i int, t jsonValue) bool {
				where := func() string { return fmt.Sprintf("%s[%d]", path, i) }
				text, logProb, size := s.token(t)
				switch {
				case logProb == nil:
					err = e.fail(t, where(), "no log-probability", "")
				case logProb.null() && of && i == 0:
					if prompt {
						n++
						e.count(firstTokens, 1)
					}
				case of && !prompt:
					err = e.fail(t, where(), "log-probabilities of the prompt, which the first records do not have", "keep them in files of their own")
				default:
					n++
					err = e.token(text.text(), logProb, size, where)
				}
				return err == nil
			})
			return err == nil
		})
		if n == 0 {
			e.count(noLogProbs, 1)
		}
		if e.name == nil {
			e.r.ended++
		}
		return err
	}
	return out, nil
}

// Lists of numbers, one for each token of a document, as people write them.

// listKeys are what such lists are called; the last one only beside tokens.
var listKeys = []string{"token_logprobs", "prompt_logprobs", "logprobs"}

// logProbList finds the list of a record, and the tokens beside it, if they are
// there.
func logProbList(v jsonValue) (key string, list, tokens jsonValue) {
	switch v.either("label", "target", "y_true", "y").is() {
	case '"', '-', 't', 'f': // of classes
		return "", nil, nil
	}
	tokens = v.either("tokens", "token_texts", "token_ids", "input_ids", "prompt_token_ids")
	if tokens.is() != '[' {
		tokens = nil
	}
	for i, k := range listKeys {
		list := v.get(k)
		if list.is() != '[' || i == len(listKeys)-1 && tokens == nil {
			continue
		}
		good := true
		list.elements(func(_ int, x jsonValue) bool {
			good = x.is() == '-' || x.is() == 'n'
			return good
		})
		if d := tokens.count() - list.count(); good && (i < len(listKeys)-1 || d == 0 || d == 1) {
			return k, list, tokens
		}
	}
	return "", nil, nil
}

func knowsLists(v jsonValue) bool {
	_, list, _ := logProbList(v)
	return list != nil
}

func openLists(name string, records []jsonValue) (*recordSystem, error) {
	counted, nameless := true, false
	key, _, _ := logProbList(records[0])
	for _, v := range records {
		_, _, tokens := logProbList(v)
		counted = counted && tokens.is() == '['
		nameless = nameless || docOf(v).null()
		tokens.elements(func(_ int, t jsonValue) bool {
			counted = counted && t.is() == '"' && !unsized(t.text(), nil)
			return counted
		})
	}
	s := &recordSystem{cols: tokenColumns,
		about: About{System: "lists of log-probabilities (" + key + ")", Row: "token", Numbered: nameless, Request: tokenRequest(counted),
			Notes: []string{"one document for each record; if the model drew these tokens itself, this is no loss on data"}}}
	if !counted {
		s.cols = tokenColumns[:tokenBytes]
	}
	s.emit = func(e *emitter, v jsonValue) (err *Error) {
		list, tokens := v.get(key), jsonValue(nil)
		switch {
		case list.null():
			e.count(noLogProbs, 1)
			return nil
		case list.is() != '[':
			return e.fail(list, key, list.what()+", expected an array", "")
		}
		tokens = v.either("tokens", "token_texts", "token_ids", "input_ids", "prompt_token_ids")
		texts := tokens.walk()
		switch n, m := tokens.count(), list.count(); {
		case tokens.is() != '[' || n == m:
		case n == m+1: // nothing predicts the first one
			texts.next()
			e.count(firstTokens, 1)
		default:
			return e.fail(list, key, fmt.Sprintf("%s for %s", count(m, "number"), count(n, "token")), "")
		}
		e.document(docOf(v))
		list.elements(func(i int, x jsonValue) bool {
			t, _ := texts.next()
			if i == 0 && x.is() == 'n' {
				e.count(firstTokens, 1)
				return true
			}
			text := t.text()
			if t.is() == '-' {
				text = slices.Concat([]byte("token_id:"), text)
			}
			err = e.token(text, x, nil, func() string { return fmt.Sprintf("%s[%d]", key, i) })
			return err == nil
		})
		if e.name == nil {
			e.r.ended++
		}
		return err
	}
	return s, nil
}

// Answers that lie within records of people's own, beside what was asked.

// wrapped finds the member of a record that is an answer, or that of a member.
// Where there are several, none is meant.
func wrapped(v jsonValue) (path []string) {
	n := 0
	v.members(func(key []byte, m jsonValue) bool {
		if answerOf(m) != noAnswer {
			path = []string{string(key)}
			n++
			return true
		}
		m.members(func(inner []byte, m jsonValue) bool {
			if answerOf(m) != noAnswer {
				path = []string{string(key), string(inner)}
				n++
			}
			return true
		})
		return true
	})
	if n != 1 {
		return nil
	}
	return path
}

// openWrapped opens answers that lie within records; nil if there are none. The
// first requests may have failed, so that null stands in their place.
func openWrapped(name string, records []jsonValue) (*recordSystem, error) {
	var path []string
	first := 0
	for path == nil && first < min(16, len(records)) {
		path = wrapped(records[first])
		first++
	}
	if path == nil {
		return nil, nil
	}
	for _, v := range records[:first-1] {
		if m := v.get(path[0]); m == nil || !m.null() {
			return nil, nil
		}
	}
	s, err := openAnswersOf(name, records, func(v jsonValue) (body, doc jsonValue, failed bool) {
		body = v.get(path...)
		if doc = docOf(v); doc.null() {
			doc = body.either("id", "request_id")
		}
		return body, doc, body.null() || failedAnswer(body)
	}, "in "+quote(strings.Join(path, "."))+": ")
	if err != nil || len(path) > 1 || path[0] != "response" {
		return s, err
	}
	// Events of OpenAI's responses hold the answer at their beginning, where it is
	// empty, and at their end; in between they hold parts of it.
	emit := s.emit
	s.emit = func(e *emitter, v jsonValue) *Error {
		if v.get("response") == nil && bytes.HasPrefix(v.get("type").text(), []byte("response.")) {
			return nil
		}
		return emit(e, v)
	}
	return s, nil
}

// failedAnswer tells what a service answers when it could not do what was asked.
func failedAnswer(v jsonValue) bool {
	keys := []string{"object", "error", "message", "choices", "output", "content", "outputs", "candidates", "meta_info", "generated_text", "custom_id", "eval", "samples"}
	got := make([]jsonValue, len(keys))
	v.pick(keys, got)
	for _, answer := range got[3:] {
		if answer != nil {
			return false
		}
	}
	members, text := 0, false // {"error": "not found"} and the like
	v.members(func(key []byte, m jsonValue) bool {
		members++
		text = m.is() == '"' && (string(key) == "error" || string(key) == "detail")
		return true
	})
	if members == 1 && text {
		return true
	}
	if !(string(got[0].text()) == "error" && got[2].is() == '"' || got[1].get("message").is() == '"') {
		return false
	}
	only := true // nothing beside it is a figure
	v.members(func(key []byte, m jsonValue) bool {
		switch string(key) {
		case "code", "status", "status_code", "created", "id", "index", "doc_id":
		default:
			only = m.is() != '-'
		}
		return only
	})
	return only
}

// failure is what a failed answer says of itself.
func failure(v jsonValue) string {
	m := v.get("error")
	if m.is() == '{' {
		m = m.get("message")
	}
	if m == nil {
		m = v.either("message", "detail")
	}
	return jsonExcerptOf(m)
}
