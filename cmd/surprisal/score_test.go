package main

import "testing"

func TestDelimiter(t *testing.T) {
	for s, want := range map[string]byte{"": 0, ",": ',', "tab": '\t', `\t`: '\t', "\t": '\t', "|": '|', "semicolon": ';'} {
		if got, err := delimiter(s); err != nil || got != want {
			t.Errorf("delimiter(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"ab", `"`, "\n", "é", "0", ".", "x", "-"} {
		if _, err := delimiter(s); err == nil {
			t.Errorf("delimiter(%q) is taken", s)
		}
	}
}
