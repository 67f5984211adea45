package formats

import "surprisal/predict"

var jsonl = Format{
	Name:        "jsonl",
	Description: "JSON: a record per line, or one array; answers of OpenAI, vLLM, SGLang and others; logs of lm-eval, Inspect",
	Extensions:  []string{"jsonl", "ndjson", "json"},
	Detect:      isJSON,
	Open: func(in Input, _ Options) (predict.Source, error) {
		if in.At != nil {
			return predict.OpenJSON(in.Name, in.At, in.Size)
		}
		return predict.OpenJSONStream(in.Name, in.Stream)
	},
}

// About gives what the reader below knows of the system that wrote the file.
func (s *source) About() predict.About { return predict.AboutOf(s.Source) }
