package formats

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"surprisal/predict"
)

func init() {
	conformance["jsonl"] = func() []byte {
		var b []byte
		for i := range confRows {
			b = fmt.Appendf(b, `{"label": %v, "p": [`, confValue(i, 0))
			for j := 1; j < confCols; j++ {
				if j > 1 {
					b = append(b, ", "...)
				}
				b = fmt.Append(b, confValue(i, j)) // NaN as Python writes it
			}
			b = append(b, "]}\n"...)
		}
		return b
	}
}

// Every file of a system is opened by its content, packed or not, and says what
// it is.
func TestJSONFormats(t *testing.T) {
	for file, want := range map[string]struct{ format, system string }{
		"openai_chat.jsonl":   {"jsonl", "OpenAI chat completions"},
		"openai_chat.json":    {"json", "OpenAI chat completions"},
		"lmeval_choice.jsonl": {"jsonl", "lm-eval samples, multiple_choice"},
		"ollama.jsonl":        {"jsonl", "Ollama"},
	} {
		path := filepath.Join("..", "testdata", "systems", file)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(data)
		z.Close()
		for _, c := range []struct {
			path, format string
			stdin        []byte
		}{{path, want.format, nil}, {"-", want.format, data}, {"-", want.format + ".gz", packed.Bytes()}} {
			src, err := Open(context.Background(), c.path, Options{Stdin: bytes.NewReader(c.stdin)})
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if src.Format() != c.format || predict.AboutOf(src).System != want.system {
				t.Errorf("%s: %s, %q", file, src.Format(), predict.AboutOf(src).System)
			}
			src.Close()
		}
	}
}
