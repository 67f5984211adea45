package predict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rowsOf reads all columns of a system's file as text, and the numeric ones as
// numbers; it gives a line for each row.
func rowsOf(t *testing.T, path string, stream bool, threads int) (src Source, rows []string, missing []string, err error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if src, err = openJSONText(string(data), stream); err != nil {
		return nil, nil, nil, err
	}
	sel := Selection{Texts: allColumns(src)}
	for i, c := range src.Columns() {
		if c.Numeric {
			sel.Values = append(sel.Values, i)
		}
	}
	all := readJSON(t, src, sel, threads)
	for i := range all.rows {
		var row []string
		for _, c := range all.texts {
			row = append(row, c[i])
		}
		for k, c := range sel.Values { // numbers are what the texts say
			x := all.values[int(i)*len(sel.Values)+k]
			y, _, _, v := number([]byte(row[c]))
			if v == isNumber && x == x && x != y {
				t.Errorf("%s: row %d, column %d: number %v, text %q", path, i+1, c, x, row[c])
			}
			if s, ok := src.Sample().Number(int(i), c); i < int64(src.Sample().Rows()) && (!ok || s != x && (s == s || x == x)) {
				t.Errorf("%s: row %d, column %d: %v in the sample, %v read", path, i+1, c, s, x)
			}
		}
		rows = append(rows, strings.Join(row, "|"))
	}
	return src, rows, all.missing, all.err
}

func TestSystems(t *testing.T) {
	chat := []string{"chatcmpl-1|Hello|-0.125|5", "chatcmpl-1| wörld|-2.5|7", "chatcmpl-1|!|-9999.0|1",
		`chatcmpl-2|\xf0\x9f\x98|-1.0|3`, `chatcmpl-2|\x80|-3e-05|1`, "chatcmpl-2|<|end|>|-0.5|0", "chatcmpl-3|Sorry|-0.75|5"}
	const self = "self-scored: these are tokens that the model drew itself"
	for _, c := range []struct {
		file, system, columns string
		self                  bool
		rows, missing, notes  []string
	}{
		{"openai_chat.jsonl", "OpenAI chat completions", "doc token logprob bytes", true, chat, []string{"3 2 censored"},
			[]string{self, "answers without log-probabilities, left out: 1"}},
		{"openai_chat_array.json", "OpenAI chat completions", "doc token logprob bytes", true, chat, []string{"3 2 censored"},
			[]string{self, "answers without log-probabilities, left out: 1"}},
		{"openai_chat.json", "OpenAI chat completions", "doc token logprob bytes", true, chat[:3], []string{"3 2 censored"}, []string{self}},
		{"openai_chat_chunks.jsonl", "OpenAI chat completions", "doc token logprob bytes", true, []string{"c1|A|-0.5|1", "c1|B|-1.5|1"}, nil, []string{self}},
		{"openai_completions_echo.jsonl", "completions", "doc token logprob bytes", false,
			[]string{"cmpl-1| cat|-5.5|4", "cmpl-1| sat|-2.25|4", `cmpl-2|bytes:\xe2\x80|-4.0|2`, `cmpl-2|bytes:\x99|-0.125|1`}, nil,
			[]string{"tokens of the prompt, echoed", "first tokens, of which nothing is predicted, left out: 2", "generated tokens after the prompt, left out: 1"}},
		{"openai_completions.jsonl", "completions", "doc token logprob bytes", true, []string{"cmpl-1| on|-1.5|3", "cmpl-1| the|-0.25|4"}, nil, []string{self}},
		{"vllm_completions_ids.jsonl", "completions", "doc token logprob", true, []string{"cmpl-1|token_id:791|-1.5", "cmpl-1|token_id:8415|-0.25"}, nil, []string{self}},
		{"vllm_prompt.jsonl", "vLLM prompt_logprobs", "doc token logprob bytes", false,
			[]string{"cmpl-a| cat|-7.5|4", "cmpl-a| sat|-1.25|4", "cmpl-b/0|é|-0.5|2", "cmpl-b/1|token_id:3|-9999|0"}, []string{"4 2 censored"},
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 3", "repeated records, left out: 1"}},
		{"vllm_prompt_chat.jsonl", "vLLM prompt_logprobs", "doc token logprob bytes", false, []string{"chatcmpl-a|hi|-3.5|2"}, nil,
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 1"}},
		{"openai_responses.json", "OpenAI responses", "doc token logprob bytes", true, []string{"resp_1|Hi|-0.25|2", "resp_1| you|-1.75|4"}, nil,
			[]string{self, "drawn with temperature 0.7: the mean is not even an estimate of the model's entropy"}},
		{"openai_batch.jsonl", "OpenAI batch: OpenAI chat completions", "doc token logprob bytes", true,
			[]string{"q-7|Hello|-0.125|5", "q-7| wörld|-2.5|7", "q-7|!|-9999.0|1", `q-3|\xf0\x9f\x98|-1.0|3`, `q-3|\x80|-3e-05|1`, "q-3|<|end|>|-0.5|0"},
			[]string{"3 2 censored"}, []string{self, "failed requests, left out: 2"}},
		{"llamacpp.jsonl", "llama.cpp server", "doc token logprob bytes", true, []string{"1| a|-0.5|2", "1| b|-1.25|2", "2| c|-2.0|2"}, nil,
			[]string{self, "drawn with temperature 0.800000011920929: the mean is not even an estimate of the model's entropy"}},
		{"ollama_stream.jsonl", "Ollama", "doc token logprob bytes", true, []string{"1|The|-0.5|3", "1| sky|-0.25|4", "2|No|-1.5|2"}, nil, []string{self}},
		{"ollama.jsonl", "Ollama", "doc token logprob bytes", true, []string{"1|Hi|-0.5|2", "1| é|-2.5|3"}, nil, []string{self}},
		{"inspect_log.json", "Inspect log", "doc token logprob bytes", true, []string{"s1|A|-0.5|1", "s1| é|-1.25|3"}, nil,
			[]string{self, "answers without log-probabilities, left out: 1"}},
		{"inspect_samples.jsonl", "Inspect log", "doc token logprob bytes", true, []string{"s1|A|-0.5|1", "s1| é|-1.25|3"}, nil,
			[]string{self, "answers without log-probabilities, left out: 1"}},
		{"lmeval_choice.jsonl", "lm-eval samples, multiple_choice", "doc label logit_0 logit_1 logit_2 logit_3", false,
			[]string{"0|1|-3.5|-1.25|-7.0|-Infinity", "1|2|-0.5|-4.0|-1.5|-Infinity", "2|2|-5.0|-6.0|-0.125|-inf"}, nil,
			[]string{"log-likelihoods of the answers taken as logits", "repeated records, left out: 1", "records of the same documents under further filters, left out: 2"}},
		{"lmeval_mutual.jsonl", "lm-eval samples, multiple_choice", "doc label logit_0 logit_1", false, []string{"0|0|-1.0|-2.0", "1|1|-1.5|-2.5"}, nil,
			[]string{"log-likelihoods of the answers taken as logits", "the unconditional half of the requests is not used"}},
		{"lmeval_rolling.jsonl", "lm-eval samples, loglikelihood_rolling", "doc logprob words bytes", false, []string{"0|-123.4|20|101", "1|-56.25|11|48"}, nil,
			[]string{"one row for each document"}},
		{"lmeval_loglikelihood.jsonl", "lm-eval samples, loglikelihood", "doc logprob", false, []string{"0|-1.5", "1|-0.0625"}, nil, []string{"one row for each answer"}},
		{"vllm_prompt_one.jsonl", "vLLM prompt_logprobs", "doc token logprob bytes", false, []string{"a|hi|-1.5|2", "a| you|-0.25|4", "b|é|-5.5|2"}, nil,
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2"}},
		{"openai_completions_prompts.json", "completions", "doc token logprob bytes", false, []string{"cmpl-7/0| cat|-7.25|4", "cmpl-7/1|é|-0.125|2", "cmpl-7/1|!|-3.0|1"}, nil,
			[]string{"tokens of the prompt, echoed", "first tokens, of which nothing is predicted, left out: 2"}},
		{"openai_responses_events.jsonl", `in "response": OpenAI responses`, "doc token logprob bytes", true, []string{"resp_2|Hi|-0.25|2"}, nil, []string{self}},
		{"lmeval_contexts.jsonl", "lm-eval samples, multiple_choice", "doc label logit_0 logit_1", false, []string{"0|1|-5.5|-4.25", "1|1|-3.0|-7.5"}, nil,
			[]string{"log-likelihoods of the answers taken as logits"}},
		{"sglang.json", "SGLang", "doc token logprob bytes", false, []string{strings.Repeat("0", 31) + "1|The|-2.5|3", strings.Repeat("0", 31) + "1| chât|-7.125|6", strings.Repeat("0", 31) + "2|No|-1.0|2"}, nil,
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2", "generated tokens after the prompt, left out: 3"}},
		{"sglang_drawn.jsonl", "SGLang", "doc token logprob", true, []string{strings.Repeat("0", 31) + "3||-0.5", strings.Repeat("0", 31) + "3||-3.0", strings.Repeat("0", 31) + "4||-1.0"}, nil, []string{self}},
		{"tgi.json", "TGI", "doc token logprob bytes", false, []string{"1|The|-4.0|3", "1| é|-1.5|3"}, nil,
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 1", "generated tokens after the prompt, left out: 1"}},
		{"tgi_drawn.jsonl", "TGI", "doc token logprob bytes", true, []string{"1| on|-0.5|3", "1|</s>|-0.25|0", "2| é|-2.0|3"}, nil, []string{self}},
		{"gemini.jsonl", "Gemini", "doc token logprob bytes", true, []string{"r1|Hi|-0.25|2", "r1| you|-1.25|4", "r2|é|-3.0|2"}, nil, []string{self}},
		{"vllm_outputs.jsonl", "vLLM prompt_logprobs", "doc token logprob bytes", false,
			[]string{"0|The|-3.5|3", "0| cat|-1.25|4", "1|é|-2.0|2", "1|token_id:4|-9999|0"}, []string{"4 2 censored"},
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2"}},
		{"vllm_outputs_drawn.jsonl", "vLLM outputs", "doc token logprob bytes", true, []string{"0| é319|-0.5|6", "0| é278|-2.25|6", "1| é319|-1.0|6"}, nil, []string{self}},
		{"vllm_outputs_numbers.jsonl", "vLLM prompt_logprobs", "doc token logprob", false, []string{"1|token_id:7|-2.0", "1|token_id:9|-0.25", "2|token_id:3|-5.0"}, nil,
			[]string{"tokens of the prompt", "first tokens, of which nothing is predicted, left out: 2"}},
		{"vllm_chat_ids.jsonl", "OpenAI chat completions", "doc token logprob", true, []string{"chatcmpl-1|token_id:791|-1.5", "chatcmpl-1|token_id:84|-0.25"}, nil, []string{self}},
		{"openai_wrapped.jsonl", `in "response": OpenAI chat completions`, "doc token logprob bytes", true,
			[]string{"7|Hello|-0.125|5", "7| wörld|-2.5|7", "7|!|-9999.0|1", "9|Sorry|-0.75|5"}, []string{"3 2 censored"}, []string{self, "failed requests, left out: 1"}},
		{"openai_failed.jsonl", "OpenAI chat completions", "doc token logprob bytes", true, chat[:6], []string{"3 2 censored"}, []string{self, "failed requests, left out: 2"}},
		{"openai_choices.jsonl", "lists of tokens", "doc token logprob bytes", true, []string{"1|Hello|-0.125|5", "1| wörld|-2.5|7", "1|!|-9999.0|1", "2|Sorry|-0.75|5"}, []string{"3 2 censored"},
			[]string{"self-scored: these are taken for tokens that the model drew itself, as in answers of OpenAI"}},
		{"token_lists.jsonl", "lists of log-probabilities (logprobs)", "doc token logprob bytes", false, []string{"a|The|-2.5|3", "a| cat|-0.125|4", "a|é|-1.0|2", "b|!|-4.0|1", "c| x|-0.5|2"}, nil,
			[]string{"one document for each record; if the model drew these tokens itself, this is no loss on data", "first tokens, of which nothing is predicted, left out: 2"}},
		{"token_lists_bare.json", "lists of log-probabilities (token_logprobs)", "doc token logprob", false, []string{"1||-2.5", "1||-0.125", "2||-1.0"}, nil,
			[]string{"one document for each record; if the model drew these tokens itself, this is no loss on data"}},
	} {
		for _, size := range []int{50, 1 << 18} {
			for _, stream := range []bool{false, true} {
				inBlocks(size, func() {
					src, rows, missing, err := rowsOf(t, filepath.Join("testdata", "systems", c.file), stream, 3)
					if err != nil {
						t.Errorf("%s: %v", c.file, err)
						return
					}
					a := AboutOf(src)
					row := ""
					switch {
					case strings.HasPrefix(c.columns, "doc token"):
						row = "token"
					case c.file == "lmeval_rolling.jsonl":
						row = "document"
					}
					if a.Row != row {
						t.Errorf("%s: a row is a %q, want %q", c.file, a.Row, row)
					}
					if a.System != c.system || a.SelfScored != c.self || !slices.Equal(a.Notes, c.notes) {
						t.Errorf("%s: %q, self-scored %v, notes %q", c.file, a.System, a.SelfScored, a.Notes)
					}
					if got := strings.Join(columnNamesOf(src), " "); got != c.columns {
						t.Errorf("%s: columns %s", c.file, got)
					}
					for i := range missing {
						missing[i] = strings.Replace(missing[i], "missing", "censored", 1)
					}
					if !slices.Equal(rows, c.rows) || !slices.Equal(missing, c.missing) {
						t.Errorf("%s:\n got %q %q\nwant %q %q", c.file, rows, missing, c.rows, c.missing)
					}
					if src.Sample().Rows() != len(c.rows) || src.Sample().Text(0, 0) != strings.Split(c.rows[0], "|")[0] {
						t.Errorf("%s: another sample", c.file)
					}
					// What the source says of its columns is what makes a layout, with no flag.
					l, err := Resolve(a.Request, src, nil)
					if err != nil {
						t.Errorf("%s: %v", c.file, err)
					} else if l.Form != Logits && l.Form != LogHappened || l.LogBase != math.E && l.Form == LogHappened {
						t.Errorf("%s: resolved as %v", c.file, l.Form)
					}
				})
			}
		}
	}
}

func TestSystemsRefused(t *testing.T) {
	for file, want := range map[string]string{
		"openai_chat_no_logprobs.jsonl": `OpenAI chat completions without log-probabilities; ask with "logprobs": true`,
		"vllm_prompt_unknown.jsonl":     `row 1 (line 1): choices[0].prompt_logprobs[1]: 2 tokens, and nothing says which of them is in the prompt; ask with "return_token_ids": true, or with "prompt_logprobs": 0`,
		"llamacpp_sampled.jsonl":        `probabilities after sampling (prob, top_probs), which are not the model's own; ask with "post_sampling_probs": false`,
		"llamacpp_old.jsonl":            `probabilities in the style of old builds of llama.cpp, which are those after sampling; ask a build from 2025 or later`,
		"lmeval_ambiguous.jsonl":        `row 1 (line 1): target: "1" may be the number of an answer, and the text of another; let the task write its accuracy (metric acc), which settles it`,
		"lmeval_numbers.jsonl":          `row 1 (line 1): lm-eval samples: generated text, without log-likelihoods; score tasks of output_type multiple_choice, loglikelihood or loglikelihood_rolling`,
		"sglang_none.jsonl":             `SGLang without log-probabilities; ask with "return_logprob": true; with "logprob_start_len": 0 for a loss on the prompt`,
		"openai_errors.jsonl":           `no answers, but errors of a service: "slow down"; `,
		"lmeval_results.json":           `the results of lm-eval, which are means over tasks; run it with --log_samples, and score samples_*.jsonl`,
		"lmeval_generated.jsonl":        `row 1 (line 1): lm-eval samples: generated text, without log-likelihoods; score tasks of output_type multiple_choice, loglikelihood or loglikelihood_rolling`,
	} {
		_, _, _, err := rowsOf(t, filepath.Join("testdata", "systems", file), false, 1)
		e, ok := err.(*Error)
		if !ok || strings.TrimPrefix(fmt.Sprintf("%v; %s", e, e.Hint), "f.jsonl: ") != want {
			t.Errorf("%s: %v; %+v", file, err, e)
		}
	}
}

// checkDamaged reads what may be damaged in two ways, which must agree.
func checkDamaged(t *testing.T, data []byte) {
	read := func(stream bool, threads, size int) (out string) {
		inBlocks(size, func() {
			src, err := openJSONText(string(data), stream)
			if err != nil {
				out = err.Error()
				return
			}
			sel := Selection{Texts: allColumns(src)}
			for i, c := range src.Columns() {
				if c.Numeric {
					sel.Values = append(sel.Values, i)
				}
			}
			all := readJSON(t, src, sel, threads)
			for row := range src.Sample().Rows() {
				for c := range src.Columns() {
					src.Sample().Number(row, c)
				}
			}
			out = fmt.Sprintf("%d %v %q %v %v %v", all.rows, all.values, all.texts, all.missing, all.lines, all.err)
			if all.err == nil {
				out += fmt.Sprintf("%+v", AboutOf(src))
			}
		})
		return out
	}
	if a, b := read(false, 1, 1<<18), read(true, 3, 64); a != b {
		t.Fatalf("%q:\n%s\n%s", data, a, b)
	}
}

func systemFiles(t testing.TB) (all [][]byte) {
	files, err := filepath.Glob(filepath.Join("testdata", "systems", "*"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func TestSystemsDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	values := []string{"null", "[]", "{}", `"x"`, "-1", "true", "[null]", `[{"token":1}]`, "1e999", `"-12.5"`, "[[1]]"}
	for _, data := range systemFiles(t) {
		checkDamaged(t, append(slices.Clone(data), data...))
		for range 40 {
			bad := slices.Clone(data)
			switch rng.IntN(4) {
			case 0:
				bad[rng.IntN(len(bad))] = `{}[],:"\0- xe.`[rng.IntN(13)]
			case 1:
				bad = bad[:rng.IntN(len(bad))]
			default: // another value
				for range 1 + rng.IntN(2) {
					b := append(slices.Clone(bad), make([]byte, jsonPad)...)
					s := jsonScan{b: b, n: len(bad), blank: &jsonBlank}
					i := rng.IntN(len(bad))
					if i = s.space(i + 1); i >= len(bad) || !strings.ContainsRune(":,[", rune(b[i-1])) && b[i-1] != ' ' {
						continue
					}
					if end := s.skip(i, jsonDepth); end > 0 {
						bad = slices.Concat(bad[:i], []byte(values[rng.IntN(len(values))]), bad[end:])
					}
				}
			}
			checkDamaged(t, bad)
		}
	}
}

func FuzzSystems(f *testing.F) {
	for _, b := range systemFiles(f) {
		f.Add(b)
	}
	f.Fuzz(checkDamaged)
}

// What is wrong in a later record is named by its place in it.
func TestSystemErrors(t *testing.T) {
	for _, c := range []struct{ file, old, new, want string }{
		{"openai_chat.jsonl", `"logprob": -2.5`, `"logprob": "x"`, `row 2 (line 1): choices[0].logprobs.content[1].logprob: text ("x"), expected a number`},
		{"openai_chat.jsonl", `{"content": null, "refusal": [`, `{"content": null, "refusal": [3,`, `row 7 (line 3): choices[0].logprobs.refusal[0]: a number, expected an object`},
		{"openai_chat.json", `"logprob": -2.5`, `"lp": -2.5`, `row 2 (line 47): choices[0].logprobs.content[1]: no logprob`},
		{"openai_completions_echo.jsonl", `[null, -4.0, -0.125]`, `[null, -4.0]`, `row 3 (line 2): choices[0].logprobs: 3 tokens and 2 token_logprobs`},
		{"openai_completions_echo.jsonl", `[null, -4.0, -0.125]`, `[-1, -4.0, -0.125]`, `row 3 (line 2): choices[0].logprobs: the prompt is not echoed, and in the first records it is`},
		{"vllm_prompt.jsonl", `[791, 8415, 7482]`, `[791, 8415]`, `row 1 (line 1): choices[0].prompt_logprobs: 3 prompt_logprobs and 2 prompt_token_ids`},
		{"lmeval_choice.jsonl", `"-0.125"`, `"many"`, `row 3 (line 3): resps[2]: an array, expected a log-likelihood and whether it is greedy`},
		{"lmeval_choice.jsonl", `"target": "blue"`, `"target": "pink"`, `row 2 (line 2): target: "pink" is neither the number of an answer (0 to 2) nor one of them`},
		{"lmeval_rolling.jsonl", `"byte_perplexity": [-56.25, 48]`, `"byte_perplexity": [-56.5, 48]`, `row 2 (line 2): byte_perplexity: log-likelihood -56.5, and resps say -56.25`},
		{"llamacpp.jsonl", `"logprob": -2.0`, `"prob": 0.5`, `probabilities after sampling (prob, top_probs), which are not the model's own`},
		{"ollama_stream.jsonl", `"created_at": "2025-11-13T10:00:00.1Z", "response": "No"`, `"response": "No"`, `row 3 (line 4): not an answer of Ollama, which the first records are`},
		{"sglang_drawn.jsonl", `[[-1.0, 319, null]]`, `[["x", 319, null]]`, `row 3 (line 2): meta_info.output_token_logprobs[0].logprob: text ("x"), expected a number`},
		{"sglang_drawn.jsonl", `[[-1.0, 319, null]]`, `[[]]`, `row 3 (line 2): meta_info.output_token_logprobs[0]: no log-probability`},
		{"gemini.jsonl", `"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "avgLogprobs": -0.25, "logprobs_result"`, `"candidate": [{"logprobs_result"`,
			`row 3 (line 2): not an answer of Gemini, which the first records are`},
		{"token_lists.jsonl", `[-4.0]`, `[-4.0, -1, -2]`, `row 4 (line 2): logprobs: 3 numbers for 2 tokens`},
		{"token_lists.jsonl", `[-4.0]`, `{}`, `row 4 (line 2): logprobs: an object, expected an array`},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "systems", c.file))
		if err != nil {
			t.Fatal(err)
		}
		bad := strings.Replace(string(data), c.old, c.new, 1)
		if bad == string(data) {
			t.Errorf("%s: no %s", c.file, c.old)
			continue
		}
		_, err = openJSONText(bad, false)
		if err == nil || strings.TrimPrefix(err.Error(), "f.jsonl: ") != c.want {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
		// The same beyond the sample: after 1,200 sound records, which are not
		// repeated ones.
		if strings.HasSuffix(c.file, ".json") || strings.HasPrefix(c.file, "lmeval") || strings.HasPrefix(c.file, "vllm") {
			continue
		}
		first, _, _ := strings.Cut(string(data), "\n")
		lines := strings.Repeat(first+"\n", 1200)
		src, err := openJSONText(lines+bad, true)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		all := readJSON(t, src, Selection{Values: []int{tokenLogProb}}, 2)
		_, what, _ := strings.Cut(c.want, "): ")
		if what == "" {
			what = c.want
		}
		if e, ok := all.err.(*Error); !ok || e.Line <= 1200 || e.What != what || e.Row != all.rows+1 {
			t.Errorf("%s: %v (%d rows), want %s", c.file, all.err, all.rows, what)
		}
	}
}

// Minus infinity says that the probability is 0; a number below -9999 is a bound, and
// so is the least float32, which servers write for the logarithm of 0.
func TestVeryUnlikely(t *testing.T) {
	for _, c := range []struct {
		logProb string
		want    string // what is missing
	}{{"-9998.5", ""}, {"-9999", "1 2 censored"}, {"-9999.0", "1 2 censored"}, {"-3.4028234663852886e+38", "1 2 censored"}, {"-Infinity", ""}, {`"-Infinity"`, ""}, {`"-inf"`, ""}, {"null", "1 2 NA"}, {"NaN", "1 2 NaN"}} {
		src, err := openJSONText(`{"id": "a", "object": "chat.completion", "choices": [{"logprobs": {"content": [{"token": "x", "logprob": `+c.logProb+`, "bytes": [120]}]}}]}`, false)
		if err != nil {
			t.Errorf("%s: %v", c.logProb, err)
			continue
		}
		all := readJSON(t, src, Selection{Values: []int{tokenLogProb}}, 1)
		if got := strings.Join(all.missing, ", "); got != c.want || all.err != nil || c.want == "" && all.values[0] > -9998 {
			t.Errorf("%s: missing %q, want %q; %v %v", c.logProb, got, c.want, all.values, all.err)
		}
	}
}

// A token that does not show its bytes has as many as are written, unless they are
// those of what stands for it.
func TestUnsized(t *testing.T) {
	for _, c := range []struct {
		token, bytes string
		counted      bool
	}{
		{`"a"`, "[97]", true}, {`"\ufffd"`, "[240, 159, 152]", true}, {`"\ufffd"`, "[239, 191, 189]", false}, {`"\ufffd"`, "null", true},
		{`"token_id:7"`, "[55]", true}, {`"token_id:7"`, "[116,111,107,101,110,95,105,100,58,55]", false}, {`"token_id:7"`, "", false},
	} {
		size := ""
		if c.bytes != "" {
			size = `, "bytes": ` + c.bytes
		}
		src, err := openJSONText(`{"object": "chat.completion", "choices": [{"logprobs": {"content": [{"token": `+c.token+`, "logprob": -1`+size+`}]}}]}`, false)
		if err != nil || (len(src.Columns()) > tokenBytes) != c.counted {
			t.Errorf("%s, bytes %s: %v, %v", c.token, c.bytes, src.Columns(), err)
		}
	}
}

// Log-probabilities of prompts that only come after the sample would be passed over.
func TestLatePrompt(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "systems", "sglang_drawn.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	late := strings.Replace(first, `"input_token_logprobs": []`, `"input_token_logprobs": [[null, 1, null], [-1.5, 3, null]]`, 1)
	src, err := openJSONText(strings.Repeat(first+"\n", 1200)+late, true)
	if err != nil {
		t.Fatal(err)
	}
	all := readJSON(t, src, Selection{Values: []int{tokenLogProb}}, 2)
	const want = "f.jsonl: row 2401 (line 1201): meta_info.input_token_logprobs[1]: log-probabilities of the prompt, which the first records do not have"
	if all.err == nil || all.err.Error() != want {
		t.Errorf("%v, want %s", all.err, want)
	}
}

// What a service answers to what it could not do is counted, and nothing else is taken for it.
func TestFailedAnswers(t *testing.T) {
	const answer = `{"model": "m", "created_at": "t", "response": "x", "done": true, "logprobs": [{"token": "x", "logprob": -0.5}]}`
	for _, c := range []struct {
		failed string
		want   string // the error, "" for none
	}{
		{`{"error": "model not found"}`, `f.jsonl: no answers, but errors of a service: "model not found"`},
		{`{"detail": "Not Found"}`, `f.jsonl: no answers, but errors of a service: "Not Found"`},
		{`{"object": "error", "message": "too long", "type": "BadRequestError", "code": 400}`, `f.jsonl: no answers, but errors of a service: "too long"`},
		{`{"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}`, `f.jsonl: no answers, but errors of a service: "Loading model"`},
	} {
		src, err := openJSONText(c.failed+"\n"+answer+"\n"+c.failed+"\n"+answer+"\n", false)
		if err != nil {
			t.Errorf("%s: %v", c.failed, err)
			continue
		}
		all := readJSON(t, src, Selection{Values: []int{tokenLogProb}}, 1)
		if notes := AboutOf(src).Notes; all.err != nil || all.rows != 2 || !slices.Contains(notes, "failed requests, left out: 2") {
			t.Errorf("%s: %d rows, %v, notes %q", c.failed, all.rows, all.err, notes)
		}
		if _, err = openJSONText(c.failed, false); err == nil || err.Error() != c.want {
			t.Errorf("%s alone: %v, want %s", c.failed, err, c.want)
		}
	}
	for _, row := range []string{
		`{"label": 1, "p_0": 0.25, "p_1": 0.75, "error": {"message": "none", "code": 0}}`,
		`{"label": 1, "p_0": 0.25, "p_1": 0.75, "detail": "x"}`,
		`{"label": 1, "p_0": 0.25, "p_1": 0.75, "text": "x", "meta_info": {"prompt_tokens": 3}}`,
		`{"label": 1, "logprobs": [-0.25, -1.5], "tokens": ["a", "b"]}`,
		`{"label": 1, "outputs": [0.25, 0.75], "content": "x"}`,
		`{"label": 1, "p_0": 0.25, "p_1": 0.75, "candidates": [{"content": "x"}], "generated_text": "x", "details": {"seconds": 1}}`,
	} {
		src, err := openJSONText(row+"\n"+row, false)
		if err != nil || AboutOf(src).System != "" {
			t.Errorf("%s: %v, %q", row, err, AboutOf(src).System)
		}
	}
}
