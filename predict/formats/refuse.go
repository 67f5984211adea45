package formats

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"surprisal/predict"
)

// A stranger is a kind of file that is known by sight, and cannot be read.
type stranger struct {
	what   string
	detect func(head []byte) bool
	hint   func(name string) string
}

func begins(magic ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, m := range magic {
			if bytes.HasPrefix(head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

const reads = "this version reads CSV, TSV, JSON lines, NPY, NPZ, safetensors, Parquet, Arrow and logs of Inspect"

func convert(how string) func(string) string {
	return func(string) string { return reads + "; " + how }
}

// unpackBy is the hint for packings that another program must undo.
func unpackBy(program string) func(string) string {
	return func(name string) string {
		if name == "-" {
			return fmt.Sprintf("unpack it first: … | %s -dc | surprisal score -", program)
		}
		return fmt.Sprintf("gz and zst are unpacked; for this: %s -dc %s | surprisal score -", program, name)
	}
}

var strangers = []stranger{
	{"a Feather version 1 file", begins("FEA1"), convert("write version 2: pyarrow.feather.write_feather(pyarrow.feather.read_table(path), 'out.feather')")},
	{"a PyTorch file", func(head []byte) bool {
		name, ok := firstMember(head)
		return ok && (strings.HasSuffix(name, "/data.pkl") || strings.HasSuffix(name, "/.format_version")) ||
			len(head) > 12 && head[0] == 0x80 && bytes.HasPrefix(head[2:], []byte("\x8a\x0al\xfc\x9cF\xf9\x20j\xa8P\x19"))
	}, convert("a pickle is a program and is never run: safetensors.torch.save_file({'logits': torch.load(path).contiguous()}, 'out.safetensors')")},
	{"a zip archive", begins("PK\x03\x04", "PK\x05\x06"), func(name string) string {
		switch strings.ToLower(filepath.Ext(name)) {
		case ".pt", ".pth", ".bin", ".ckpt":
			return reads + "; a pickle is a program and is never run: safetensors.torch.save_file({'logits': torch.load(path).contiguous()}, 'out.safetensors')"
		case ".xlsx", ".ods":
			return reads + "; save the sheet as CSV"
		}
		return reads + "; unpack it"
	}},
	{"a pickle", func(head []byte) bool {
		return len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && bytes.IndexByte([]byte("}](cX\x95\x8c\x8aK"), head[2]) >= 0
	}, convert("a pickle is a program and is never run: numpy.save('out.npy', arr)")},
	{"HDF5", begins("\x89HDF\r\n\x1a\n"), convert("write the array: numpy.save('out.npy', h5py.File(path)['probs'][:])")},
	{"a MATLAB file", begins("MATLAB 5.0 MAT-file"), convert("write CSV: writematrix(p, 'out.csv'), and read it with --no-header")},
	{"an SPSS file", begins("$FL2@(#)", "$FL3@(#)"), convert("save it as CSV, or pandas.read_spss(path).to_csv('out.csv')")},
	{"a Stata file", begins("<stata_dta>"), convert("write CSV: export delimited, or pandas.read_stata(path).to_csv('out.csv')")},
	{"an SQLite database", begins("SQLite format 3\x00"), convert("write CSV: sqlite3 -csv -header FILE 'select …' | surprisal score -")},
	{"R data", begins("RDX", "RDA", "X\n\x00\x00\x00", "A\n2\n", "A\n3\n"), convert("write CSV: write.csv(d, 'out.csv', row.names = FALSE)")},
	{"compressed with xz", begins("\xfd7zXZ\x00"), unpackBy("xz")},
	{"compressed with bzip2", begins("BZh"), unpackBy("bzip2")},
	{"compressed with lz4", begins("\x04\x22\x4d\x18"), unpackBy("lz4")},
	{"UTF-16 text", begins("\xff\xfe", "\xfe\xff"), func(name string) string {
		if name == "-" {
			return "make it UTF-8: … | iconv -f UTF-16 -t UTF-8 | surprisal score -"
		}
		return fmt.Sprintf("make it UTF-8: iconv -f UTF-16 -t UTF-8 %s | surprisal score -", name)
	}},
	{"a stream of server-sent events", begins("data: {", "data:{", "event: ", ": ping"), func(name string) string {
		return fmt.Sprintf("keep the JSON of its events: sed -n 's/^data: *{/{/p' %s | surprisal score -", name)
	}},
	{"a base file of llama-perplexity", begins("_logits_"), convert("it holds log-probabilities rounded to 16 bits; llama-perplexity --kl-divergence compares with it")},
	{"a model (GGUF)", begins("GGUF"), convert("score what it predicts, not its weights")},
	{"a web page", func(head []byte) bool {
		head = bytes.ToLower(bytes.TrimSpace(head))
		return begins("<!doctype", "<html", "<?xml")(head)
	}, convert("was this downloaded without logging in?")},
}

// isJSON reports whether text begins like a JSON object or array. A header of
// CSV may begin with a bracket, too, but not with what follows it in JSON.
func isJSON(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 {
		return false
	}
	rest := bytes.TrimLeft(head[1:], " \t\r\n")
	switch head[0] {
	case '{':
		return len(rest) > 0 && (rest[0] == '}' || rest[0] == '"' && bytes.Contains(rest, []byte(`":`)) || rest[0] == '"' && bytes.Contains(rest, []byte(`" :`)))
	case '[':
		return len(rest) > 0 && bytes.IndexByte([]byte(`[{"]-0123456789`), rest[0]) >= 0
	}
	return false
}

// refuse is the error for what can be named but not read, nil for the rest.
func refuse(name string, head []byte) error {
	for _, s := range strangers {
		if s.detect(head) {
			return &predict.Error{Source: name, What: s.what + " cannot be read", Hint: s.hint(name)}
		}
	}
	return nil
}
