package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Labels know the ids of their rows, where the file names them.
func TestLabelIDs(t *testing.T) {
	read := func(csv string, threads int) *Labels {
		l, err := ReadLabels(context.Background(), newTable(csv, false), "", threads)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := read("label,ID\na,x\nb,3\n", 2)
	l.Append(read("ID,label\n y ,c\n", 1))
	if l.ID != "ID" || !slices.Equal(l.Names, []string{"a", "b", "c"}) || !slices.Equal(l.Codes, []int32{0, 1, 2}) {
		t.Errorf("%+v", l)
	}
	for i, id := range []string{"x", "3.0", "y", "beyond the end"} {
		if !l.Fits(int64(i), []byte(id)) {
			t.Errorf("row %d is not %s", i, id)
		}
	}
	if l.Fits(0, []byte("y")) || l.Fits(1, []byte("")) {
		t.Error("any id fits")
	}
	if l.Append(read("label\nd\n", 1)); l.ID != "" || !l.Fits(0, []byte("y")) {
		t.Error("ids of a part of the labels")
	}
	if l := read("index,label\n7,a\n", 1); l.ID != "" {
		t.Error("an index is no id")
	}
}

func TestReadLabels(t *testing.T) {
	const csv = "id,label\n1,b\n2,a\n3,b\n4,\n5,a\n6,c\n7,NA\n"
	l, err := ReadLabels(context.Background(), newTable(csv, false), "", 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"b", "a", "", "c", "NA"}; !slices.Equal(l.Names, want) {
		t.Errorf("names %q, want %q", l.Names, want)
	}
	if want := []int32{0, 1, 0, 2, 1, 3, 4}; !slices.Equal(l.Codes, want) {
		t.Errorf("codes %v, want %v", l.Codes, want)
	}
	if l.Column != "label" || l.Source != "t.csv" {
		t.Errorf("%+v", l)
	}
	l, err = ReadLabels(context.Background(), newTable(csv, false), "id", 1)
	if err != nil || len(l.Names) != 7 || l.Names[6] != "7" {
		t.Error(l, err)
	}
	for _, c := range []struct{ csv, column, want string }{
		{csv, "lable", `did you mean "label"?`},
		{csv, "*", "is 2"},
		{"id,kind,size\n1,a,2\n", "", "--labels t.csv:kind"},
	} {
		_, err := ReadLabels(context.Background(), newTable(c.csv, false), c.column, 1)
		checkError(t, c.column, err, c.want)
	}
}

func TestReadLabelsThreads(t *testing.T) {
	const rows = 1_000_000
	var data []byte
	for i := range rows {
		data = binary.LittleEndian.AppendUint16(data, uint16((int64(i)*int64(i)/1000)%331))
	}
	data = npyBytes("<u2", false, fmt.Sprintf("(%d,)", rows), data)
	var first *Labels
	for _, threads := range []int{1, 2, 5} {
		s, err := OpenNPY("y.npy", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		l, err := ReadLabels(context.Background(), s, "", threads)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = l
			for i, code := range l.Codes {
				if want := fmt.Sprint((int64(i) * int64(i) / 1000) % 331); l.Names[code] != want {
					t.Fatalf("row %d: %s, want %s", i, l.Names[code], want)
				}
			}
			continue
		}
		if !slices.Equal(first.Names, l.Names) || !slices.Equal(first.Codes, l.Codes) {
			t.Fatalf("other labels on %d threads", threads)
		}
	}
}

// A column for each class, with 1 for what happened, is read as the names of these.
func TestReadOneHotLabels(t *testing.T) {
	src, err := openedCSV([]byte("id,cat,dog,Usage\n1,0,1,Public\n2,1.0,0.0,Private\n3,,,Public\n"), 0, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLabels(context.Background(), src, "", 2)
	if err != nil || !slices.Equal(l.Names, []string{"dog", "cat", ""}) || !slices.Equal(l.Codes, []int32{0, 1, 2}) || l.ID != "id" {
		t.Errorf("%+v, %v", l, err)
	}
	for _, c := range []struct{ csv, want string }{
		{"cat,dog\n0,1\n" + strings.Repeat("1,0\n", 1000) + "0.5,0.5\n", "x.csv: row 1002 (line 1003): not 1 for one class and 0 for the others"},
		{"cat,dog\n0,1\n" + strings.Repeat("1,0\n", 1000) + "0,\n", "x.csv: row 1002 (line 1003): not 1 for one class and 0 for the others"},
		{"cat,dog\n0.5,0.5\n", "which column holds the labels"},
		{"cat,dog\n1,1\n", "which column holds the labels"},
		{"cat,dog,kind\n1,0,x\n", "which column holds the labels"},
	} {
		src, err := openedCSV([]byte(c.csv), 0, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ReadLabels(context.Background(), src, "", 1)
		checkError(t, c.csv[:12], err, c.want)
	}
	// A column that is called like a label is one, whatever stands beside it.
	src, err = openedCSV([]byte("label,w\n0,1\n1,0\n"), 0, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := ReadLabels(context.Background(), src, "", 1); err != nil || l.Column != "label" {
		t.Errorf("%+v, %v", l, err)
	}
}

// One column of labels may do without a header.
func TestReadBareLabels(t *testing.T) {
	for _, c := range []struct {
		csv   string
		names []string
	}{
		{"2\n0\n2\n", []string{"2", "0"}},
		{"1.000e+00\n0.000e+00\n", []string{"1.000e+00", "0.000e+00"}},
		{"cat\ndog\ncat\n", []string{"cat", "dog"}},
		{"kind\ndog\ncat\n", []string{"dog", "cat"}},
		{",0\n0,dog\n1,cat\n", []string{"dog", "cat"}},
		{"Unnamed: 0,kind\n0,dog\n1,cat\n", []string{"dog", "cat"}},
		{"question_id,kind\n0,dog\n1,cat\n", []string{"dog", "cat"}},
	} {
		src, err := openedCSV([]byte(c.csv), 0, CSVOptions{Bare: true})
		if err != nil {
			t.Errorf("%q: %v", c.csv, err)
			continue
		}
		if l, err := ReadLabels(context.Background(), src, "", 2); err != nil || !slices.Equal(l.Names, c.names) {
			t.Errorf("%q: %+v, %v", c.csv, l, err)
		}
	}
}

// Numbers of rows tell labels in another order from those of other rows.
func TestLabelOrder(t *testing.T) {
	read := func(csv string) *Labels {
		src, err := openedCSV([]byte(csv), 0, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		l, err := ReadLabels(context.Background(), src, "", 2)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := read(",y\n2,a\n0,b\n1,a\n3,b\n")
	if !l.Numbered("") || !l.Numbered("Unnamed: 0") || l.Numbered("id") || !l.Fits(0, []byte("7")) {
		t.Errorf("%+v", l)
	}
	for _, c := range []struct {
		numbers string
		want    int64
	}{{"0 1 2 3", 3}, {"2 0 1 3", 0}, {"2 1 0 3", 2}, {"4 5 6 7", 0}, {"0 1 2", 0}, {"0 1 2 3 4", 0}, {"2.0 0 1 3", 0}} {
		var o, more Order
		for i, n := range strings.Fields(c.numbers) {
			half := &o
			if i%2 == 1 {
				half = &more
			}
			l.See(half, int64(i), []byte(n))
		}
		o.Merge(&more)
		if got := l.Shuffled(&o); got != c.want {
			t.Errorf("%s: %d, want %d", c.numbers, got, c.want)
		}
	}
	for csv, id := range map[string]string{
		"id,y\n2,a\n": "id", "model_id,PassengerId,y\nm,2,a\nm,3,b\n": "PassengerId", "model_id,y\nm,a\nm,b\n": "", "paid,y\n1,a\n2,b\n": "",
	} {
		if l := read(csv); l.Numbered("") || l.ID != id {
			t.Errorf("%q: %+v", csv, l)
		}
	}
}
