package formats

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"surprisal/predict"
)

// evalMember is a file of a packed log.
type evalMember struct{ name, text string }

const evalHead1 = `{"version": 2, "status": "success", "eval": {"task": "t"}, "plan": {"config": {}}}`

func evalSampleText(id int, logProbs ...float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"id\": %d,\n  \"epoch\": 1,\n  \"input\": \"Q\",\n  \"target\": \"A\",\n  \"output\": {\"choices\": [{\"logprobs\": {\"content\": [\n", id)
	for i, x := range logProbs {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "    {\"token\": \"t\", \"logprob\": %v, \"bytes\": [116]}", x)
	}
	b.WriteString("\n  ]}}]}\n}")
	return b.String()
}

// writeEval packs files.
func writeEval(method uint16, members ...evalMember) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zipZstd, func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) })
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: method})
		if err != nil {
			panic(err)
		}
		io.WriteString(f, m.text)
	}
	w.Close()
	return b.Bytes()
}

// A packed log gives the tokens of its samples in the order of the archive, by
// either compression.
func TestEvalLog(t *testing.T) {
	members := []evalMember{{"_journal/start.json", "{}"}}
	var want []string
	for id := range 1500 {
		var logProbs []float64
		for k := range 1 + id%3 {
			x := -float64(id%7) - float64(k)/8
			logProbs = append(logProbs, x)
			want = append(want, fmt.Sprintf("%d|t|%v|1", id, x))
		}
		members = append(members, evalMember{fmt.Sprintf("samples/%d_epoch_1.json", id), evalSampleText(id, logProbs...)})
	}
	members = append(members, evalMember{"summaries.json", "[]"}, evalMember{"header.json", evalHead1})
	for _, method := range []uint16{zip.Store, zip.Deflate, zipZstd} {
		for _, threads := range []int{1, 3} {
			src, err := openBytes(t, writeEval(method, members...))
			if err != nil {
				t.Fatal(err)
			}
			if about := predict.AboutOf(src); about.System != "Inspect log" || !about.SelfScored || src.Format() != "eval" {
				t.Fatal(about, src.Format())
			}
			got, err := cells(t, src, threads)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%d rows, want %d: %v", len(got), len(want), err)
			}
			for i := range got {
				if row := strings.Join(got[i], "|"); row != want[i] {
					t.Fatalf("row %d: %s, want %s", i+1, row, want[i])
				}
			}
		}
	}
}

// Trouble names the file in the archive and the line in it.
func TestEvalLogTrouble(t *testing.T) {
	sound := evalSampleText(1, -0.5)
	many := func(last ...evalMember) []evalMember {
		members := []evalMember{{"header.json", evalHead1}}
		for id := range 1200 {
			members = append(members, evalMember{fmt.Sprintf("samples/%d_epoch_1.json", id), evalSampleText(id, -1)})
		}
		return append(members, last...)
	}
	sample := func(text string) []evalMember {
		return []evalMember{{"header.json", evalHead1}, {"samples/1_epoch_1.json", sound}, {"samples/2_epoch_1.json", text}}
	}
	patch := func(data []byte, f func(local, central []byte)) []byte { // of the last file
		i := bytes.LastIndex(data, []byte("PK\x01\x02"))
		local := int(binary.LittleEndian.Uint32(data[i+42:]))
		f(data[local:], data[i:])
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"text for a number": {writeEval(8, sample(strings.Replace(evalSampleText(2, -1), "-1", `"x"`, 1))...), []string{"line 7", `file "samples/2_epoch_1.json"`, "logprob", "expected a number"}},
		"the same, late":    {writeEval(8, many(evalMember{"samples/x_epoch_1.json", strings.Replace(evalSampleText(2, -1), "-1", `"x"`, 1)})...), []string{"row 1201 (line 7)", `file "samples/x_epoch_1.json"`, "expected a number"}},
		"no JSON":           {writeEval(8, sample("{\n\n\"id\": 3,}")...), []string{"line 3", `file "samples/2_epoch_1.json"`}},
		"half a sample":     {writeEval(8, sample(sound[:len(sound)-3])...), []string{"samples/2_epoch_1.json"}},
		"no sample":         {writeEval(8, sample(`{"id": 7}`)...), []string{`file "samples/2_epoch_1.json"`, "not a log of Inspect"}},
		"no samples":        {writeEval(8, evalMember{"header.json", evalHead1}), []string{"an Inspect log without samples"}},
		"other files":       {writeEval(8, evalMember{"samples/a.json", `{"p": 0.5}`}), []string{"Inspect log without log-probabilities"}},
		"no log-probabilities": {writeEval(8, evalMember{"header.json", evalHead1}, evalMember{"samples/1.json", evalSampleText(1)}),
			[]string{"Inspect log without log-probabilities", "--logprobs"}},
		"head":   {writeEval(8, evalMember{"header.json", "[1]"}, evalMember{"samples/1.json", sound}), []string{`file "header.json"`, "not a JSON object"}},
		"twice":  {writeEval(8, append(sample(sound), evalMember{"samples/2_epoch_1.json", sound})...), []string{`file "samples/2_epoch_1.json" is in the archive twice`}},
		"method": {patch(writeEval(0, sample(sound)...), func(l, c []byte) { l[8], c[10] = 12, 12 }), []string{`"samples/2_epoch_1.json" is compressed by method 12`, "--to json"}},
		"checksum": {patch(writeEval(0, sample(sound)...), func(l, c []byte) { c[16]++; l[14]++ }),
			[]string{`file "samples/2_epoch_1.json"`, "damaged", "checksum"}},
		"a bomb": {writeEval(8, sample(sound[:len(sound)-1]+strings.Repeat(" ", 80<<20)+"}")...), []string{`file "samples/2_epoch_1.json" and those before it grow from`, "more than 500-fold"}},
		"a bomb of zstd": {writeEval(zipZstd, sample(sound[:len(sound)-1]+strings.Repeat(" ", 80<<20)+"}")...),
			[]string{`file "samples/2_epoch_1.json" and those before it grow from`, "more than 500-fold"}},
		"small bombs": {writeEval(zipZstd, evalMember{"samples/1.json", sound + strings.Repeat(" ", 40<<20)}, evalMember{"samples/2.json", sound + strings.Repeat("\n", 40<<20)}),
			[]string{`file "samples/2.json" and those before it grow from`}},
		"a claim of little": {patch(writeEval(8, sample(sound+strings.Repeat(" ", 1<<20))...), func(l, c []byte) {
			binary.LittleEndian.PutUint32(c[24:], uint32(len(sound)))
		}), []string{`file "samples/2_epoch_1.json"`}},
		"a claim of much": {patch(writeEval(8, sample(sound)...), func(l, c []byte) { binary.LittleEndian.PutUint32(c[24:], 60<<20) }), []string{`file "samples/2_epoch_1.json"`}},
		"files in each other": {patch(writeEval(0, sample(strings.Repeat(" ", 1000)+sound)...), func(l, c []byte) {
			binary.LittleEndian.PutUint32(c[20:], 1<<20)
		}), []string{`file "samples/2_epoch_1.json"`, "claim"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, survive(t, c.data), append(c.want, "-: ")...)
		})
	}
}

func TestEvalLogDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, data := range systemFiles(t, ".eval") {
		for n := 1; n < len(data); n += 3 {
			if err := survive(t, data[:n]); err == nil {
				t.Fatalf("cut after %d of %d bytes: no error", n, len(data))
			}
		}
		damage := bytes.Clone(data)
		for range 600 {
			i, j := rng.IntN(len(data)), rng.IntN(len(data))
			damage[i] ^= byte(1 << rng.IntN(8))
			damage[j] = byte(rng.Uint32())
			survive(t, damage)
			damage[i], damage[j] = data[i], data[j]
		}
	}
}

func FuzzEvalLog(f *testing.F) {
	for _, data := range systemFiles(f, ".eval") {
		f.Add(data)
	}
	f.Add(writeEval(zipZstd, evalMember{"header.json", evalHead1}, evalMember{"samples/1.json", evalSampleText(1, -1)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if evalLog.Detect(data[:min(len(data), headSize)]) {
			survive(t, data)
		}
	})
}
