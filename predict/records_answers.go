package predict

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// An answerKind is one of the shapes in which a service answers a request.
type answerKind uint8

const (
	noAnswer answerKind = iota
	promptAnswer
	chatAnswer
	textAnswer
	responsesAnswer
	outputsAnswer
)

// answers says of each kind how it is called, and how its log-probabilities are
// asked for.
var answers = [...]struct{ name, hint string }{
	promptAnswer:    {"vLLM prompt_logprobs", `ask with "prompt_logprobs": 0 and "return_token_ids": true`},
	chatAnswer:      {"OpenAI chat completions", `ask with "logprobs": true`},
	textAnswer:      {"completions", `ask with "logprobs": 0; with "echo": true and "max_tokens": 0 for a loss on the prompt`},
	outputsAnswer:   {"vLLM outputs", `ask with prompt_logprobs=0 for a loss on the prompt`},
	responsesAnswer: {"OpenAI responses", `ask with "include": ["message.output_text.logprobs"]`},
}

// answerOf tells the kind of an answer.
func answerOf(v jsonValue) answerKind {
	keys := []string{"object", "choices", "output", "prompt_logprobs", "outputs"}
	got := make([]jsonValue, len(keys))
	v.pick(keys, got)
	object, choices, output, prompt, outputs := string(got[0].text()), got[1], got[2], got[3], got[4]
	if object == "response" && output.is() == '[' {
		return responsesAnswer
	}
	if choices.is() != '[' { // what vLLM gives within a program
		if first := prompt.element(0); first.is() == 'n' || first.is() == '{' {
			return promptAnswer
		}
		if o := outputs.element(0); o.get("logprobs").is() == '[' && o.get("token_ids").is() == '[' {
			return outputsAnswer
		}
		return noAnswer
	}
	if !prompt.null() {
		return promptAnswer
	}
	kind := noAnswer
	switch object {
	case "chat.completion", "chat.completion.chunk":
		kind = chatAnswer
	case "text_completion":
		kind = textAnswer
	}
	choices.elements(func(_ int, c jsonValue) bool {
		if p := c.get("prompt_logprobs"); !p.null() {
			kind = promptAnswer
			return false
		}
		l := c.get("logprobs")
		if l.get("token_logprobs").is() == '[' {
			kind = textAnswer
		} else if l.get("content").is() == '[' || l.get("refusal").is() == '[' { // llama.cpp's completions, too
			kind = chatAnswer
		}
		return true
	})
	return kind
}

func knowsAnswer(v jsonValue) bool { return answerOf(v) != noAnswer }

func openAnswers(name string, records []jsonValue) (*recordSystem, error) {
	return openAnswersOf(name, records, func(v jsonValue) (body, doc jsonValue, failed bool) {
		return v, v.either("id", "request_id"), false
	}, "")
}

// knowsBatch tells the lines that OpenAI's batch service gives.
func knowsBatch(v jsonValue) bool {
	r := v.get("response")
	return v.get("custom_id").is() == '"' && (r.is() == '{' || r.null() && v.get("error").is() == '{')
}

func openBatch(name string, records []jsonValue) (*recordSystem, error) {
	return openAnswersOf(name, records, func(v jsonValue) (body, doc jsonValue, failed bool) {
		keys := []string{"custom_id", "response", "error"}
		got := make([]jsonValue, len(keys))
		v.pick(keys, got)
		status := got[1].get("status_code")
		failed = got[1].null() || !got[2].null() || !status.null() && string(status) != "200"
		return got[1].get("body"), got[0], failed
	}, "OpenAI batch: ")
}

// openAnswersOf opens records of answers, which unwrap finds in them.
func openAnswersOf(name string, records []jsonValue, unwrap func(jsonValue) (body, doc jsonValue, failed bool), before string) (*recordSystem, error) {
	kind, echo, some := noAnswer, false, false
	counted := true // every token says how many bytes it has, or shows it
	nameless := false
	for _, v := range records {
		body, doc, failed := unwrap(v)
		if failed {
			continue
		}
		nameless = nameless || doc.null()
		if kind == noAnswer {
			kind = answerOf(body)
		}
		answerTokens(kind, body, func(token, bytesOf jsonValue) bool {
			some = true
			if token.null() && bytesOf == nil || unsized(token.text(), bytesOf) {
				counted = false
			}
			return counted
		})
		if kind == textAnswer {
			echo = echo || body.get("choices").element(0).get("logprobs", "token_logprobs").element(0).is() == 'n'
		}
	}
	fail := func(what, hint string) error { return &Error{Source: name, What: before + what, Hint: hint} }
	if kind == noAnswer {
		return nil, fail("no request was answered in a way that is known", "")
	}
	k := answers[kind]
	if !some {
		return nil, fail(k.name+" without log-probabilities", k.hint)
	}
	s := &recordSystem{cols: tokenColumns, none: kind == chatAnswer || kind == responsesAnswer}
	if !counted {
		s.cols = tokenColumns[:tokenBytes]
	}
	s.about = About{System: before + k.name, Row: "token", Numbered: nameless, Request: tokenRequest(counted), SelfScored: kind != promptAnswer && !(kind == textAnswer && echo)}
	switch {
	case s.about.SelfScored:
		s.about.Notes = append(s.about.Notes, selfScoredNote)
		if kind == responsesAnswer {
			s.about.drawn(records, func(v jsonValue) jsonValue { body, _, _ := unwrap(v); return body })
		}
	case kind == textAnswer:
		s.about.Notes = append(s.about.Notes, "tokens of the prompt, echoed")
	default:
		s.about.Notes = append(s.about.Notes, "tokens of the prompt")
	}
	s.emit = func(e *emitter, v jsonValue) *Error {
		body, doc, failed := unwrap(v)
		if failed {
			e.count(failedRequests, 1)
			return nil
		}
		if got := answerOf(body); got != kind {
			what := "not an answer of a known kind"
			if got != noAnswer {
				what = answers[got].name
			}
			return e.fail(v, "", fmt.Sprintf("%s, and the first records are %s", what, k.name), "keep them in files of their own")
		}
		e.document(doc)
		var err *Error
		switch kind {
		case promptAnswer:
			err = e.prompts(body, doc)
		case chatAnswer:
			err = e.chat(body)
		case textAnswer:
			err = e.completions(body, doc, echo)
		case responsesAnswer:
			err = e.responses(body)
		case outputsAnswer:
			err = e.outputs(body)
		}
		if e.name == nil {
			e.r.ended++
		}
		return err
	}
	return s, nil
}

const selfScoredNote = "self-scored: these are tokens that the model drew itself"

// answerTokens gives the tokens of an answer with their bytes, until f is false.
func answerTokens(kind answerKind, body jsonValue, f func(token, bytes jsonValue) bool) {
	list := func(list jsonValue) (more bool) {
		more = true
		list.elements(func(_ int, t jsonValue) bool {
			more = f(t.get("token"), t.get("bytes"))
			return more
		})
		return more
	}
	more := true
	each := func(_ int, t, id jsonValue, _ int) bool {
		switch {
		case t == nil && id != nil: // its row holds no log-probability
			more = f(emptyText, nil)
		case t == nil || t.is() != 'n':
			more = f(t.get("decoded_token"), nil)
		}
		return more
	}
	switch kind {
	case chatAnswer:
		body.get("choices").elements(func(_ int, c jsonValue) bool {
			l := c.get("logprobs")
			return list(l.get("content")) && list(l.get("refusal"))
		})
	case textAnswer:
		body.get("choices").elements(func(_ int, c jsonValue) bool {
			more := true
			c.get("logprobs", "tokens").elements(func(_ int, t jsonValue) bool {
				more = f(t, nil)
				return more
			})
			return more
		})
	case responsesAnswer:
		body.get("output").elements(func(_ int, o jsonValue) bool {
			more := true
			o.get("content").elements(func(_ int, c jsonValue) bool {
				more = list(c.get("logprobs"))
				return more
			})
			return more
		})
	case promptAnswer:
		prompt := func(p, ids jsonValue) bool {
			promptTokens(p, ids, each)
			return more
		}
		if p := body.get("prompt_logprobs"); !p.null() {
			prompt(p, body.get("prompt_token_ids"))
			return
		}
		body.get("choices").elements(func(_ int, c jsonValue) bool { return prompt(c.get("prompt_logprobs"), c.get("prompt_token_ids")) })
	case outputsAnswer:
		body.get("outputs").elements(func(_ int, o jsonValue) bool {
			promptTokens(o.get("logprobs"), o.get("token_ids"), each)
			return more
		})
	}
}

// promptTokens gives of each token in a list what is said of the one that is
// there, among the most probable ones: its number, if ids say it, and how many are
// listed. Nil is said where it is not listed, or where nothing says which it is.
func promptTokens(list, ids jsonValue, f func(i int, t, id jsonValue, n int) bool) {
	numbers := ids.walk()
	one := ids.null() && onlyTop(list)
	list.elements(func(i int, t jsonValue) bool {
		id, known := numbers.next()
		if t.is() != '{' {
			return f(i, t, id, 1)
		}
		var found jsonValue
		n, firsts := 0, 0
		t.members(func(key []byte, m jsonValue) bool {
			n++
			first := one && rankOf(m) == 1
			if first {
				firsts++
			}
			if known && string(key) == string(id) || !known && (found == nil || !first) {
				found = m
			}
			return true
		})
		if !known && n != 1 && !(one && n == 2 && firsts == 1) {
			found = nil
		}
		return f(i, found, id, n)
	})
}

// onlyTop reports whether no more than the most probable token is listed beside the
// one that is there, which is then the other one of two. That shows where one token
// is listed, or one whose rank is beyond those of a list of two.
func onlyTop(list jsonValue) bool {
	some := false
	list.elements(func(i int, t jsonValue) bool {
		n, last := 0, 0.0
		t.members(func(_ []byte, m jsonValue) bool {
			n++
			last = max(last, rankOf(m))
			return n <= 2
		})
		if n > 2 {
			some = false
			return false
		}
		some = some || t.is() == '{' && (n == 1 || last > 2)
		return true
	})
	return some
}

// rankOf is the rank of a token in a list of the most probable ones, 0 if it has none.
func rankOf(t jsonValue) float64 {
	x, _, _, is := t.get("rank").number(false)
	if is != isNumber {
		return 0
	}
	return x
}

var tokenKeys = []string{"token", "logprob", "bytes"}

// list makes rows of a list of objects with token, logprob and bytes.
func (e *emitter) list(list jsonValue, path string) (err *Error) {
	if !list.null() && list.is() != '[' {
		return e.fail(list, path, list.what()+", expected an array", "")
	}
	var got [3]jsonValue
	list.elements(func(i int, t jsonValue) bool {
		where := func() string { return fmt.Sprintf("%s[%d]", path, i) }
		if t.is() != '{' {
			err = e.fail(t, where(), t.what()+", expected an object", "")
			return false
		}
		t.pick(tokenKeys, got[:])
		if got[1] == nil {
			what, hint := "no logprob", ""
			if r := llamaRefused(t); r != nil {
				what, hint = r.What, r.Hint
			}
			err = e.fail(t, where(), what, hint)
			return false
		}
		err = e.token(got[0].text(), got[1], got[2], where)
		return err == nil
	})
	return err
}

// chat makes rows of a chat completion, or of a chunk of one.
func (e *emitter) chat(body jsonValue) (err *Error) {
	body.get("choices").elements(func(i int, c jsonValue) bool {
		l := c.get("logprobs")
		content, refusal := l.get("content"), l.get("refusal")
		if content.null() && refusal.null() {
			e.count(noLogProbs, 1)
			return true
		}
		path := fmt.Sprintf("choices[%d].logprobs", i)
		if err = e.list(content, path+".content"); err == nil {
			err = e.list(refusal, path+".refusal")
		}
		return err == nil
	})
	return err
}

// responses makes rows of an answer of OpenAI's responses.
func (e *emitter) responses(body jsonValue) (err *Error) {
	body.get("output").elements(func(i int, o jsonValue) bool {
		o.get("content").elements(func(j int, c jsonValue) bool {
			if string(c.get("type").text()) != "output_text" {
				return true
			}
			l := c.get("logprobs")
			if l.null() || l.count() == 0 {
				e.count(noLogProbs, 1)
				return true
			}
			err = e.list(l, fmt.Sprintf("output[%d].content[%d].logprobs", i, j))
			return err == nil
		})
		return err == nil
	})
	return err
}

// completions makes rows of a completion in the old style, which keeps tokens and
// their log-probabilities in two arrays. Where the prompt is echoed, only that.
func (e *emitter) completions(body, doc jsonValue, echo bool) (err *Error) {
	choices := body.get("choices")
	several := choices.count() > 1
	limit := -1 // tokens of the prompt
	if echo {
		usage := body.get("usage", "prompt_tokens")
		if x, _, _, v := usage.number(false); v == isNumber && !several && x >= 0 && x < 1<<31 {
			limit = int(x)
		} else if made := body.get("usage", "completion_tokens"); string(made) != "0" &&
			!(made.null() && !usage.null() && string(usage) == string(body.get("usage", "total_tokens"))) {
			return e.fail(body, "usage", "nothing tells the prompt from what follows it", `ask for one prompt at a time, or with "max_tokens": 0`)
		}
	}
	choices.elements(func(i int, c jsonValue) bool {
		l := c.get("logprobs")
		tokens, values := l.get("tokens"), l.get("token_logprobs")
		path := fmt.Sprintf("choices[%d].logprobs", i)
		if l.null() || values.null() {
			e.count(noLogProbs, 1)
			return true
		}
		if echo && several { // one for each prompt
			e.part(doc, i)
		}
		if n, m := tokens.count(), values.count(); n != m {
			err = e.fail(l, path, fmt.Sprintf("%d tokens and %d token_logprobs", n, m), "")
			return false
		}
		if first := values.element(0); (first.is() == 'n') != echo && first != nil {
			what := "the prompt is echoed, and in the first records it is not"
			if echo {
				what = "the prompt is not echoed, and in the first records it is"
			}
			err = e.fail(l, path, what, "keep them in files of their own")
			return false
		}
		texts := tokens.walk()
		values.elements(func(j int, x jsonValue) bool {
			token, _ := texts.next()
			switch {
			case limit >= 0 && j >= limit:
				e.count(generated, 1)
				return true
			case j == 0 && x.is() == 'n':
				e.count(firstTokens, 1)
				return true
			}
			err = e.token(token.text(), x, nil, func() string { return fmt.Sprintf("%s.token_logprobs[%d]", path, j) })
			return err == nil
		})
		return err == nil
	})
	return err
}

// part names one of several documents in an answer, if it has a name.
func (e *emitter) part(doc jsonValue, i int) {
	if e.name != nil {
		e.document(doc)
		e.name = append(append(e.name, '/'), strconv.Itoa(i)...)
		e.bare = e.name
	}
}

// prompts makes rows of what vLLM says about the tokens of the prompt.
func (e *emitter) prompts(body, doc jsonValue) *Error {
	choices := body.get("choices")
	if p := body.get("prompt_logprobs"); !p.null() {
		return e.prompt(p, body.get("prompt_token_ids"), "prompt_logprobs")
	}
	several := choices.count() > 1
	var before jsonValue
	var err *Error
	choices.elements(func(i int, c jsonValue) bool {
		keys := []string{"prompt_logprobs", "prompt_token_ids"}
		got := make([]jsonValue, 2)
		c.pick(keys, got)
		switch {
		case got[0].null():
			e.count(noLogProbs, 1)
			return true
		case before != nil && bytes.Equal(before, got[0]): // one more answer to the same prompt
			e.count(repeated, 1)
			return true
		}
		before = got[0]
		if several {
			e.part(doc, i)
		}
		err = e.prompt(got[0], got[1], fmt.Sprintf("choices[%d].prompt_logprobs", i))
		return err == nil
	})
	return err
}

// prompt makes rows of the tokens of one prompt: of each there is a map of the
// most probable tokens and the one that is there, by number.
func (e *emitter) prompt(list, ids jsonValue, path string) (err *Error) {
	if list.is() != '[' {
		return e.fail(list, path, list.what()+", expected an array", "")
	}
	if !ids.null() {
		if n, m := list.count(), ids.count(); n != m {
			return e.fail(ids, path, fmt.Sprintf("%d prompt_logprobs and %d prompt_token_ids", n, m), "")
		}
	}
	promptTokens(list, ids, func(i int, t, id jsonValue, n int) bool {
		where := func() string { return fmt.Sprintf("%s[%d]", path, i) }
		unnamed := slices.Concat([]byte("token_id:"), id)
		switch {
		case t == nil && id == nil:
			err = e.fail(list, where(), fmt.Sprintf("%s, and nothing says which of them is in the prompt", count(n, "token")),
				`ask with "return_token_ids": true, or with "prompt_logprobs": 0`)
		case t == nil: // less probable than all that are listed
			err = e.token(unnamed, censoredValue, nil, where)
		case t.is() == 'n' && i == 0:
			e.count(firstTokens, 1)
		case t.is() == '-': // the log-probability alone
			err = e.token(unnamed, t, nil, where)
		case t.is() != '{':
			err = e.fail(t, where(), t.what()+", expected an object", "")
		default:
			var got [2]jsonValue
			t.pick([]string{"decoded_token", "logprob"}, got[:])
			switch {
			case got[1] == nil:
				err = e.fail(t, where(), "no logprob", "")
			case got[0].null():
				err = e.token(unnamed, got[1], nil, where)
			default:
				err = e.token(got[0].text(), got[1], nil, where)
			}
		}
		return err == nil
	})
	return err
}

// outputs makes rows of what vLLM gives within a program, of generated tokens.
func (e *emitter) outputs(body jsonValue) (err *Error) {
	body.get("outputs").elements(func(i int, o jsonValue) bool {
		l := o.get("logprobs")
		if l.null() {
			e.count(noLogProbs, 1)
			return true
		}
		err = e.prompt(l, o.get("token_ids"), fmt.Sprintf("outputs[%d].logprobs", i))
		return err == nil
	})
	return err
}

// censoredValue is what is written where only a bound is known.
var censoredValue = jsonOf("-9999")

// emptyText stands for a token that is not told.
var emptyText = jsonOf(`""`)

// jsonOf is a value that stands in no file.
func jsonOf(text string) jsonValue {
	b := append([]byte(text), make([]byte, jsonPad)...)
	return jsonValue(b[:len(text)])
}

// A jsonWalk gives the elements of an array one by one.
type jsonWalk struct {
	s jsonScan
	i int
}

func (v jsonValue) walk() *jsonWalk {
	w := &jsonWalk{}
	if v.is() == '[' {
		w.s = v.scanner()
		w.i = w.s.space(1)
	}
	return w
}

func (w *jsonWalk) next() (jsonValue, bool) {
	if w.i == 0 || w.s.b[w.i] == ']' {
		return nil, false
	}
	from := w.i
	to := w.s.skip(from, jsonDepth)
	if w.i = w.s.space(to); w.s.b[w.i] == ',' {
		w.i = w.s.space(w.i + 1)
	}
	return jsonValue(w.s.b[from:to]), true
}
