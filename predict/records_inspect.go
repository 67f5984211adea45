package predict

import "fmt"

// Logs of Inspect in JSON: one object with all samples, or an object for each.

func knowsInspect(v jsonValue) bool {
	if v.get("eval").is() == '{' && v.get("status").is() == '"' && v.get("samples").is() == '[' {
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

func openInspect(name string, records []jsonValue) (*recordSystem, error) {
	s := &recordSystem{cols: tokenColumns, about: About{System: "Inspect log", Row: "token", Request: tokenRequest(true), SelfScored: true, Notes: []string{selfScoredNote}}}
	some := false
	each := func(v jsonValue, f func(i int, sample jsonValue) bool) {
		if samples := v.get("samples"); samples.is() == '[' {
			samples.elements(f)
			return
		}
		f(-1, v)
	}
	for _, v := range records {
		each(v, func(_ int, sample jsonValue) bool {
			some = some || sample.get("output", "choices").element(0).get("logprobs", "content").count() > 0
			return !some
		})
	}
	if !some {
		return nil, &Error{Source: name, What: "Inspect log without log-probabilities", Hint: "run the task with --logprobs"}
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
			sample.get("output", "choices").elements(func(j int, c jsonValue) bool {
				list := c.get("logprobs", "content")
				n += list.count()
				err = e.list(list, fmt.Sprintf("%s.choices[%d].logprobs.content", path, j))
				return err == nil
			})
			if n == 0 {
				e.count(noLogProbs, 1)
			}
			return err == nil
		})
		return err
	}
	return s, nil
}
