package predict

import "fmt"

// knowsLlama tells what llama.cpp's server answers to /completion.
func knowsLlama(v jsonValue) bool {
	p := llamaProbabilities(v)
	return p.is() == '[' || v.get("content").is() == '"' && (p != nil && p.null() || v.get("tokens_predicted").is() == '-' && !v.get("stop").null())
}

// llamaProbabilities are the tokens of an answer with what the model gave them;
// the server's manual calls them probs.
func llamaProbabilities(v jsonValue) jsonValue {
	if p := v.get("completion_probabilities"); p != nil {
		return p
	}
	if p := v.get("probs"); v.get("content").is() == '"' && p.element(0).get("token").is() == '"' {
		return p
	}
	return nil
}

func openLlama(name string, records []jsonValue) (*recordSystem, error) {
	fail := func(what, hint string) error { return &Error{Source: name, What: what, Hint: hint} }
	s := &recordSystem{cols: tokenColumns, about: About{System: "llama.cpp server", Row: "token", Numbered: true, Request: tokenRequest(true), SelfScored: true, Notes: []string{selfScoredNote}}}
	some := false
	for _, v := range records {
		if e := llamaRefused(llamaProbabilities(v).element(0)); e != nil {
			e.Source = name
			return nil, e
		}
		some = some || llamaProbabilities(v).count() > 0
	}
	if !some {
		return nil, fail("llama.cpp server without probabilities", `ask with "n_probs": 1`)
	}
	s.about.drawn(records, func(v jsonValue) jsonValue { return v.get("generation_settings") })
	s.emit = func(e *emitter, v jsonValue) *Error {
		list := llamaProbabilities(v)
		if list == nil && v.get("content") == nil {
			return e.fail(v, "", "no completion_probabilities, which the first records have", "")
		}
		if list.null() || list.is() == '[' && list.count() == 0 {
			e.count(noLogProbs, 1)
			e.ends(v.get("stop"), true)
			return nil
		}
		e.document(nil)
		if err := llamaRefused(list.element(0)); err != nil {
			return e.fail(list, "", err.What, err.Hint)
		}
		err := e.list(list, "completion_probabilities")
		e.ends(v.get("stop"), true)
		return err
	}
	return s, nil
}

// ends counts the document as ended, unless it goes on in the next record.
func (e *emitter) ends(done jsonValue, otherwise bool) {
	if done.is() == 't' || done.is() != 'f' && otherwise {
		e.r.ended++
	}
}

// llamaRefused is the error for probabilities that are none of the model's.
func llamaRefused(t jsonValue) *Error {
	switch {
	case t.get("logprob") != nil || t.is() != '{':
		return nil
	case t.get("prob") != nil || t.get("top_probs") != nil:
		return &Error{What: "probabilities after sampling (prob, top_probs), which are not the model's own", Hint: `ask with "post_sampling_probs": false`}
	case t.get("probs") != nil:
		return &Error{What: "probabilities in the style of old builds of llama.cpp, which are those after sampling", Hint: "ask a build from 2025 or later"}
	}
	return nil
}

// drawn notes if tokens were not drawn from the model as it is, as the first
// records say.
func (a *About) drawn(records []jsonValue, settings func(jsonValue) jsonValue) {
	for _, v := range records {
		if note := otherwiseDrawn(settings(v)); note != "" {
			a.Notes = append(a.Notes, note)
			return
		}
	}
}

// otherwiseDrawn says in what way tokens were not drawn from the model as it is;
// "" if they were, or if nothing is known.
func otherwiseDrawn(settings jsonValue) string {
	for _, c := range []struct {
		key   string
		plain func(x float64) bool
	}{
		{"temperature", func(x float64) bool { return x == 1 }},
		{"top_p", func(x float64) bool { return x >= 1 }},
		{"top_k", func(x float64) bool { return x <= 0 }},
		{"min_p", func(x float64) bool { return x == 0 }},
	} {
		v := settings.get(c.key)
		if x, _, _, got := v.number(false); got == isNumber && !c.plain(x) {
			return fmt.Sprintf("drawn with %s %s: the mean is not even an estimate of the model's entropy", c.key, v)
		}
	}
	return ""
}

// knowsOllama tells what Ollama answers to /api/generate and /api/chat.
func knowsOllama(v jsonValue) bool {
	keys := []string{"model", "created_at", "done", "response", "message"}
	got := make([]jsonValue, len(keys))
	v.pick(keys, got)
	return got[0].is() == '"' && got[1].is() == '"' && (got[2].is() == 't' || got[2].is() == 'f') &&
		(got[3].is() == '"' || got[4].is() == '{')
}

func openOllama(name string, records []jsonValue) (*recordSystem, error) {
	some := false
	for _, v := range records {
		l := v.get("logprobs")
		some = some || l.count() > 0
	}
	if !some {
		return nil, &Error{Source: name, What: "Ollama without log-probabilities", Hint: `ask with "logprobs": true`}
	}
	s := &recordSystem{cols: tokenColumns, about: About{System: "Ollama", Row: "token", Numbered: true, Request: tokenRequest(true), SelfScored: true, Notes: []string{selfScoredNote}}}
	s.emit = func(e *emitter, v jsonValue) *Error {
		if !knowsOllama(v) {
			return e.fail(v, "", "not an answer of Ollama, which the first records are", "keep them in files of their own")
		}
		// An answer may come in pieces, the last of which says that it is done.
		e.document(nil)
		list, done := v.get("logprobs"), v.get("done")
		if list.null() && len(v.get("response").text())+len(v.get("message", "content").text()) > 0 {
			e.count(noLogProbs, 1)
		}
		err := e.list(list, "logprobs")
		e.ends(done, true)
		return err
	}
	return s, nil
}
