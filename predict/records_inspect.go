package predict

import "fmt"

// Logs of Inspect in JSON: one object with all samples, or an object for each. A
// packed log (.eval) comes as its head, which has no samples, and the samples.

func knowsInspect(v jsonValue) bool {
	if v.get("eval").is() == '{' && v.get("samples").is() == '[' {
		return true
	}
	return isInspectSample(v)
}

func isInspectSample(v jsonValue) bool {
	keys := []string{"id", "epoch", "input", "target", "output"}
	got := make([]jsonValue, len(keys))
	v.pick(keys, got)
	return !got[0].null() && got[1].is() == '-' && got[2] != nil && got[3] != nil && got[4].is() == '{'
}

// inspectChoices gives the answers of a sample with their log-probabilities, of
// the prompt or of the text that was generated.
func inspectChoices(sample jsonValue, of string, f func(i int, list jsonValue) bool) {
	sample.get("output", "choices").elements(func(i int, c jsonValue) bool {
		return f(i, c.get(of, "content"))
	})
}

const inspectPrompt, inspectAnswer = "prompt_logprobs", "logprobs"

func openInspect(name string, records []jsonValue) (*recordSystem, error) {
	each := func(v jsonValue, f func(i int, sample jsonValue) bool) {
		if samples := v.get("samples"); samples.is() == '[' {
			samples.elements(f)
			return
		}
		f(-1, v)
	}
	// Log-probabilities of prompts, which vLLM gives, are those of data; where there
	// are any, those of generated text are left out.
	of := ""
	for _, v := range records {
		each(v, func(_ int, sample jsonValue) bool {
			for _, key := range []string{inspectPrompt, inspectAnswer} {
				inspectChoices(sample, key, func(_ int, list jsonValue) bool {
					if list.count() > 0 && (of == "" || key == inspectPrompt) {
						of = key
					}
					return of != inspectPrompt
				})
			}
			return of != inspectPrompt
		})
	}
	if of == "" {
		return nil, &Error{Source: name, What: "Inspect log without log-probabilities", Hint: "run the task with --logprobs"}
	}
	s := &recordSystem{cols: tokenColumns, about: About{System: "Inspect log", Row: "token", Request: tokenRequest(true), SelfScored: of == inspectAnswer}}
	if of == inspectAnswer {
		s.about.Notes = []string{selfScoredNote}
		s.about.drawn(records, func(v jsonValue) jsonValue { return v.get("plan", "config") })
	} else {
		s.about.Notes = []string{"tokens of the prompt"}
	}
	for _, v := range records {
		if status := v.get("status").text(); v.get("eval").is() == '{' && len(status) > 0 && string(status) != "success" {
			s.about.Notes = append(s.about.Notes, fmt.Sprintf("the run did not end well: its status is %s", quote(string(status))))
		}
	}
	s.emit = func(e *emitter, v jsonValue) (err *Error) {
		if !knowsInspect(v) {
			return e.fail(v, "", "not a log of Inspect, which the first records are", "keep them in files of their own")
		}
		each(v, func(i int, sample jsonValue) bool {
			path := "output"
			if i >= 0 {
				path = fmt.Sprintf("samples[%d].output", i)
			}
			if sample.get("id").null() {
				err = e.fail(sample, path, "a sample without id", "")
				return false
			}
			e.document(sample.get("id"))
			n := 0
			inspectChoices(sample, of, func(j int, list jsonValue) bool {
				n += list.count()
				err = e.list(list, fmt.Sprintf("%s.choices[%d].%s.content", path, j, of))
				return err == nil
			})
			if of == inspectPrompt {
				inspectChoices(sample, inspectAnswer, func(_ int, list jsonValue) bool {
					e.count(generated, list.count())
					return true
				})
			}
			if n == 0 {
				e.count(noLogProbs, 1)
			}
			return err == nil
		})
		return err
	}
	return s, nil
}
