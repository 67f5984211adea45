package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What make_npy.py writes as texts.
var (
	npyWords   = []string{"cat", "dog", "", "Zürich 1", "\U0001f600"}
	npyLetters = []string{"a", "b", "c", "a", "b"}
)

func TestNPYText(t *testing.T) {
	for file, want := range map[string][]string{
		"le": npyWords, "be": npyWords, "column": npyWords, "bytes": npyWords, "one": npyLetters, "one_byte": npyLetters,
	} {
		data, err := os.ReadFile("testdata/npy/text_" + file + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range []bool{false, true} {
			s, err := OpenNPY(file, bytes.NewReader(data), int64(len(data)))
			if stream {
				s, err = OpenNPYStream(file, bytes.NewReader(data))
			}
			if err != nil {
				t.Fatal(file, err)
			}
			if c := s.Columns(); len(c) != 1 || c[0].Numeric || c[0].Integer {
				t.Errorf("%s: columns %v", file, c)
			}
			for i, w := range want {
				if got := s.Sample().Text(i, 0); got != w {
					t.Errorf("%s: sample %d is %q, want %q", file, i, got, w)
				}
			}
			if _, ok := s.Sample().Number(0, 0); ok {
				t.Errorf("%s: a word is a number", file)
			}
			if got := readAll(t, s, Selection{Texts: []int{0, 0}}, 2).texts; !slices.Equal(got[0], want) || !slices.Equal(got[1], want) {
				t.Errorf("%s: %q, want %q", file, got, want)
			}
		}
	}
}

// utf32 is texts as NumPy stores them with dtype U.
func utf32(order binary.ByteOrder, width int, texts ...string) []byte {
	b := make([]byte, 4*width*len(texts))
	for i, s := range texts {
		for j, r := range []rune(s) {
			order.PutUint32(b[4*(i*width+j):], uint32(r))
		}
	}
	return b
}

// Several batches and threads give the same texts, and their numbers where they are
// numbers.
func TestNPYTextLarge(t *testing.T) {
	const rows = 50_000
	var texts []string
	var data []byte
	for i := range rows {
		texts = append(texts, []string{fmt.Sprint(i), "NA", "", fmt.Sprintf("%d.5", i)}[i%4])
		data = append(data, utf32(binary.BigEndian, 7, texts[i])...)
	}
	file := npyBytes(">U7", true, fmt.Sprintf("(%d, 1)", rows), data)
	for _, threads := range []int{1, 2, 5} {
		s, err := OpenNPY("x", bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, s, Selection{Values: []int{0}, Numbers: []int{0}, Texts: []int{0}}, threads)
		if !slices.Equal(got.texts[0], texts) {
			t.Error("texts are not the same")
		}
		if !same(got.values, got.numbers[0]) || got.values[4] != 4 || got.values[7] != 7.5 || !math.IsNaN(got.values[1]) {
			t.Errorf("%v", got.values[:8])
		}
		if want := []string{"2/0 NA", "2/0 NA", "3/0 empty", "3/0 empty"}; len(got.missing) != rows || !slices.Equal(got.missing[:4], want) {
			t.Errorf("%d missing, %q", len(got.missing), got.missing[:4])
		}
	}
}

func TestNPYTextRefuses(t *testing.T) {
	raw := func(n int, at int, u uint32) []byte {
		b := utf32(binary.LittleEndian, 2, slices.Repeat([]string{"ab"}, n)...)
		binary.LittleEndian.PutUint32(b[8*at:], u)
		return npyBytes("<U2", false, fmt.Sprintf("(%d,)", n), b)
	}
	one := Selection{Texts: []int{0}}
	for name, c := range map[string]struct {
		data []byte
		sel  Selection
		rows int64
		want []string
	}{
		"surrogate":    {raw(3, 1, 0xd800), one, 1, []string{"row 2: ", "0xd800", "no Unicode character"}},
		"too large":    {raw(100_000, 99_998, 0x110000), one, 99_998, []string{"row 99999: ", "0x110000", "byte order"}},
		"negative":     {raw(3, 0, 0xffffffff), one, 0, []string{"row 1: ", "0xffffffff"}},
		"wrong order":  {npyBytes(">U2", false, "(1,)", utf32(binary.LittleEndian, 2, "ab")), one, 0, []string{"row 1: ", "0x61000000"}},
		"latin 1":      {npyBytes("|S3", false, "(2,)", []byte("ab\x00\xfc\x00\x00")), one, 1, []string{"row 2: ", "not UTF-8", "latin-1"}},
		"cut":          {npyBytes("|S3", false, "(2,)", []byte("abcd")), one, 1, []string{"cut short after 1 of 2 rows"}},
		"none":         {npyBytes("<U0", false, "(2,)", nil), one, 0, []string{"text of 0 characters"}},
		"vast":         {npyBytes("<U2000000000", false, "(2,)", nil), one, 0, []string{"text of 2000000000 characters"}},
		"beyond":       {npyBytes("<U99999999999999999999", false, "(2,)", nil), one, 0, []string{"not known"}},
		"below":        {npyBytes("<U-1", false, "(2,)", nil), one, 0, []string{"not known"}},
		"several":      {npyBytes("|S1", false, "(2, 2)", make([]byte, 4)), one, 0, []string{"texts in 2 columns (shape (2, 2))", "arr[:, 0]"}},
		"claim":        {npyBytes("|S1000000", false, "(1000000000000,)", make([]byte, 4)), one, 0, []string{"cut short after 0 of"}},
		"not a number": {npyBytes("|S1", false, "(3,)", []byte("1\x00x")), Selection{Values: []int{0}}, 2, []string{"row 3, column 1: ", `"x" is not a number`}},
	} {
		for _, stream := range []bool{false, true} {
			s, err := OpenNPY("x.npy", bytes.NewReader(c.data), int64(len(c.data)))
			if stream {
				s, err = OpenNPYStream("x.npy", bytes.NewReader(c.data))
			}
			if err == nil {
				var rows int64
				rows, err = s.Read(context.Background(), c.sel, 1, func(_ int, b *Batch) error { return nil })
				if rows != c.rows {
					t.Errorf("%s: %d rows before the bad one, want %d", name, rows, c.rows)
				}
			}
			checkError(t, name, err, c.want...)
		}
	}
}

// The text is what the obvious way gives, for any bytes.
func FuzzNPYText(f *testing.F) {
	f.Add(utf32(binary.LittleEndian, 3, "ab", "\U0010ffff"), false, true)
	f.Add([]byte("ab\x00c\x00\x00"), true, false)
	f.Fuzz(func(t *testing.T, cell []byte, bytesOnly, big bool) {
		kind := byte('U')
		var want string
		valid := true
		if bytesOnly {
			kind = 'S'
			want = strings.TrimRight(string(cell), "\x00")
			valid = utf8.ValidString(want)
		} else {
			cell = cell[:len(cell)/4*4]
			var runes []rune
			for i := 0; i < len(cell); i += 4 {
				u := loadUint(cell[i:i+4], big)
				valid = valid && u <= 0x10ffff && (u < 0xd800 || u > 0xdfff)
				runes = append(runes, rune(uint32(u)))
			}
			want = strings.TrimRight(string(runes), "\x00")
		}
		got, bad := AppendNPYText([]byte("x"), cell, kind, big)
		if (bad == "") != valid || valid && string(got) != "x"+want || !valid && string(got) != "x" {
			t.Fatalf("%q, %q; want %q, %v", got, bad, want, valid)
		}
	})
}

func TestNPYTextMemory(t *testing.T) {
	file := npyBytes("<U8", false, "(2000000,)", bytes.Repeat(utf32(binary.LittleEndian, 8, "label 1"), 2_000_000))
	s, err := OpenNPY("x", bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.Read(context.Background(), Selection{Texts: []int{0}}, 2, func(_ int, b *Batch) error { return nil }); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes of memory for %d of file", used, len(file))
	}
}
