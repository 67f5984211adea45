package check

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// divergence takes from a comparison what names files and rows, and leaves every figure.
func divergence(card map[string]any) map[string]any {
	for _, name := range []string{"inputs", "against", "read_as", "against_read_as", "warnings"} {
		delete(card, name)
	}
	for _, name := range []string{"sum_defect", "base_sum_defect"} {
		if d, ok := card[name].(map[string]any); ok {
			card[name] = d["largest"]
		}
	}
	for _, q := range card["kl_quantiles"].([]any) {
		delete(q.(map[string]any), "row")
		delete(q.(map[string]any), "path")
	}
	var worst []any
	for _, w := range card["worst"].([]any) {
		worst = append(worst, w.(map[string]any)["kl"])
	}
	card["worst"] = worst
	return card
}

// TestAgainstSameBits holds --against to the promise: the order of the rows, how either side
// is spread over files, packed and stored, and the number of threads change no bit of
// any figure.
func TestAgainstSameBits(t *testing.T) {
	var model, base *example
	for _, ex := range examples(t) {
		switch ex.name {
		case "digits/logistic":
			model = ex
		case "digits/forest":
			base = ex
		}
	}
	model.widen()
	base.widen()
	// The two have the same number of rows, so that they are shuffled alike.
	joined := func(l layout) bool { return l.name == "joined" } // a comparison joins nothing
	ms, bs := slices.DeleteFunc(model.layouts(t), joined), slices.DeleteFunc(base.layouts(t), joined)
	exe := command(t, nil)
	compare := func(m, b layout, threads int, flags []string) map[string]any {
		t.Helper()
		columns := "p_*"
		if b.npy {
			columns = "1-10"
		}
		args := slices.Concat(m.files, m.flags, []string{"--threads", strconv.Itoa(threads), "--base-probs", columns}, flags)
		for _, path := range b.files {
			args = append(args, "--against", path)
		}
		var in io.Reader = bytes.NewReader(nil)
		if m.stdin != nil {
			in = m.input()
		} else if b.stdin != nil {
			in = b.input()
		}
		return divergence(score(t, exe, nil, in, args...))
	}
	runs := 0
	check := func(want map[string]any, m, b layout, threads int, flags []string) {
		t.Helper()
		runs++
		for _, d := range differences("", want, compare(m, b, threads, flags)) {
			t.Errorf("%s against %s, %d threads, %s:%s", m.name, b.name, threads, flags, d)
		}
	}
	want := compare(ms[0], bs[0], 1, nil)
	if kl, ok := want["kl"].(map[string]any); !ok || kl["se"] == nil || want["correlation"] == nil && want["log_ratio"] == nil {
		t.Fatalf("no divergence in %v", want)
	}
	threads := []int{1, 2, 7}
	for i, m := range ms {
		for j, b := range bs {
			mixed := strings.Contains(m.name, "shuffled") || strings.Contains(b.name, "shuffled") || strings.HasPrefix(m.name, "tab") || strings.HasPrefix(b.name, "tab") ||
				strings.Contains(m.name, "reverse") || strings.Contains(b.name, "reverse") || m.name == "standard input" || b.name == "standard input"
			if i != j && (mixed || !long && (i+j)%3 != 0) || m.stdin != nil && b.stdin != nil {
				continue
			}
			check(want, m, b, threads[(i+2*j)%3], nil)
		}
	}
	for _, v := range variants {
		if v.name == "by" || v.name == "all" {
			continue
		}
		flags := slices.Clone(v.flags)
		if v.name == "freq" {
			flags = flags[:2] // no floor
		}
		if v.name == "cluster" {
			flags = append(flags, "--weight", weight)
		}
		want := compare(ms[0], bs[0], 2, flags)
		for i, m := range ms {
			if m.stdin != nil || m.npy && v.keys {
				continue
			}
			of := flags
			if m.npy {
				of = m.numbered(flags)
			}
			check(want, m, bs[i], threads[i%3], of)
		}
	}
	t.Logf("%d runs compared", runs)
	if runs < 50 {
		t.Errorf("only %d runs", runs)
	}
}
