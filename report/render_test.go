package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata. The files hold layout only: every
// number in them is made up.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

// madeUp has every kind of part, and names that try to break out of each format.
func madeUp() *Report {
	nan := math.NaN()
	return &Report{
		Data: Object{
			{"schema", "surprisal.made-up/1"},
			{"unit", "nat"},
			{"n", 1797},
			{"rows", int64(3)},
			{"exact", true},
			{"tiny", 5e-324},
			{"third", 1.0 / 3},
			{"zero", math.Copysign(0, -1)},
			{"nothing", nil},
			{"none", (*Figure)(nil)},
			{"figure", Figure{0.5, 0.01, 0.48, 0.52, "nat", ""}},
			{"pointer", &Figure{2, nan, nan, nan, "", ""}},
			{"infinite", Figure{math.Inf(1), nan, nan, nan, "nat", ""}},
			{"no_data", Figure{nan, nan, nan, nan, "nat", ""}},
			{"below", math.Inf(-1)},
			{"nan", nan},
			{"p", []float64{0.25, 0.75, math.Inf(1)}},
			{"empty", []Object{}},
			{"counts", Object{{"read", int64(7)}, {"by", Object{{"N/A", 1}, {"empty", 2}}}}},
			{"slices", []Object{
				{{"key", Object{{"city", "Zürich; \"old\""}, {"year", "2,024"}}}, {"n", 2}, {"ce", Figure{1, 0.5, 0, 2, "nat", ""}}},
				{{"key", Object{{"city", "<b>"}, {"year", ""}}}, {"n", 1}, {"ce", Figure{3, nan, nan, nan, "nat", ""}}},
			}},
			{"worst", []Object{{{"row", 5}, {"input", "a.csv"}, {"label", "x\ny"}, {"surprisal", math.Inf(1)}}}},
			{"warnings", []string{"first", "second & third"}},
		},
		Verdict: "The verdict is long enough to need a second line at the width of 60 columns, and keeps 95 % together.",
		Blocks: []Block{
			{
				Title: "Numbers on their points",
				Table: &Table{
					Columns: []Column{{"name", false}, {"value", true}, {"share", true}, {"free text", false}},
					Rows: [][]string{
						{"short", "0.5", "95.4 %", "x"},
						{"日本語のラベル", "1,234.5678", "100 %", ""},
						{"a name that is far too long to be shown in a table as it is", "infinite", "0.07 %", "y|z"},
						{"\x1b[31mred\x1b[0m\ttab", "-12", "", "*bold* _it_ <i>"},
						{"right\u202eto left", "2.220e-16", "no data", "\xff"},
					},
				},
				Note: "A note under the table.",
			},
			{Title: "Prose", Lines: []string{"A line of prose that is wrapped when it is too long for the width of the page.", "    a = b  (kept as it is)", "Then more."}},
			{Lines: []string{"A block without a title."}},
		},
		Warnings: []Warning{{"something to know", "--flag helps"}, {"something else", ""}},
		Notes:    []string{"read as a made-up report", "errors: none"},
	}
}

func TestRenderers(t *testing.T) {
	for _, c := range []struct {
		file   string
		format Format
		style  Style
	}{
		{"madeup.txt", Text, Style{Width: 60}},
		{"madeup.bold.txt", Text, Style{Bold: true}},
		{"madeup.json", JSON, Style{}},
		{"madeup.csv", CSV, Style{}},
		{"madeup.md", Markdown, Style{}},
	} {
		t.Run(c.file, func(t *testing.T) {
			var out bytes.Buffer
			if err := madeUp().Write(&out, c.format, c.style); err != nil {
				t.Fatal(err)
			}
			golden(t, c.file, out.Bytes())
			for i, l := range strings.Split(out.String(), "\n") {
				if strings.HasSuffix(l, " ") {
					t.Errorf("line %d ends in a space: %q", i+1, l)
				}
			}
			if c.format != JSON && !c.style.Bold && strings.ContainsAny(out.String(), "\x1b\u202e") && c.format != CSV {
				t.Error("a name reaches the terminal as a command")
			}
		})
	}
}

func TestJSONReadsBack(t *testing.T) {
	var out bytes.Buffer
	if err := madeUp().JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got["third"] != 1.0/3 || got["tiny"] != 5e-324 {
		t.Errorf("numbers do not read back: %v %v", got["third"], got["tiny"])
	}
	if v, ok := got["no_data"]; !ok || v != nil {
		t.Errorf("no data is %v, want null", v)
	}
	one, err := json.Marshal(madeUp().Data)
	if err != nil {
		t.Fatal(err)
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, out.Bytes()); err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, one); err != nil {
		t.Fatal(err)
	}
	// encoding/json escapes <, > and & of what MarshalJSON gives; the values are the same.
	var a, b any
	if json.Unmarshal(flat.Bytes(), &a) != nil || json.Unmarshal(compact.Bytes(), &b) != nil {
		t.Fatal("not JSON")
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Error("the object on one line differs from the object on many")
	}
}

func TestCSVReadsBack(t *testing.T) {
	var out bytes.Buffer
	if err := madeUp().CSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "section,key,figure,value,se,lo,hi,unit" {
		t.Errorf("header is %s", got)
	}
	find := func(section, key, figure string) []string {
		for _, r := range rows {
			if r[0] == section && r[1] == key && r[2] == figure {
				return r[3:]
			}
		}
		t.Errorf("no line for %s, %s, %s", section, key, figure)
		return make([]string, 5)
	}
	if got := strings.Join(find("summary", "", "figure"), ","); got != "0.5,0.01,0.48,0.52,nat" {
		t.Errorf("figure is %s", got)
	}
	if got := find("worst", "a.csv:5", "surprisal")[0]; got != "Infinity" {
		t.Errorf("worst is %s", got)
	}
	if got := find("slices", `city=Zürich; "old"; year=2,024`, "ce")[0]; got != "1" {
		t.Errorf("slice is %s", got)
	}
	if got := find("counts", "", "by.N/A")[0]; got != "1" {
		t.Errorf("count is %s", got)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrorsAreReported(t *testing.T) {
	for i := range formats {
		if err := madeUp().Write(fullDisk{}, Format(i), Style{}); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", Format(i))
		}
	}
}

func TestFormats(t *testing.T) {
	for i := range formats {
		f, err := ParseFormat(Format(i).String())
		if err != nil || f != Format(i) {
			t.Errorf("ParseFormat(%q) = %v, %v", Format(i), f, err)
		}
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml is no format")
	}
	for path, want := range map[string]Format{"a.json": JSON, "b.CSV": CSV, "c.md": Markdown, "d": Text, "": Text, "json": Text} {
		if got := FormatOfFile(path); got != want {
			t.Errorf("FormatOfFile(%q) = %v, want %v", path, got, want)
		}
	}
}
