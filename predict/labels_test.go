package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// allLabels reads labels to the end and puts them in order.
func allLabels(t *testing.T, src Source, column string, threads int) (names []string, runs []*LabelRun, err error) {
	t.Helper()
	var mu sync.Mutex
	rows, err := ReadLabels(context.Background(), src, column, threads, func() *LabelRun { return new(LabelRun) }, func(r *LabelRun) error {
		mu.Lock()
		defer mu.Unlock()
		runs = append(runs, r)
		return nil
	})
	slices.SortFunc(runs, func(a, b *LabelRun) int { return int(a.First - b.First) })
	for _, r := range runs {
		if r.First != int64(len(names))+1 {
			t.Fatalf("row %d after %d", r.First, len(names))
		}
		for _, code := range r.Codes {
			names = append(names, r.Names[code])
		}
	}
	if err == nil && rows != int64(len(names)) {
		t.Fatalf("%d rows, said to be %d", len(names), rows)
	}
	return names, runs, err
}

// Labels know the ids of their rows, where the file names them.
func TestLabelIDs(t *testing.T) {
	read := func(csv string) *LabelRun {
		_, runs, err := allLabels(t, newTable(csv, false), "", 1)
		if err != nil || len(runs) != 1 {
			t.Fatal(len(runs), err)
		}
		return runs[0]
	}
	l := read("label,ID\na,x\nb,3\nc, y \n")
	if l.ID != "ID" {
		t.Errorf("%+v", l)
	}
	for i, id := range []string{"x", "3.0", "y"} {
		if !l.Fits(i, []byte(id)) {
			t.Errorf("row %d is not %s", i, id)
		}
	}
	if l.Fits(0, []byte("y")) || l.Fits(1, []byte("")) {
		t.Error("any id fits")
	}
	if l := read("index,label\n7,a\n"); l.ID != "" || !l.Fits(0, []byte("8")) {
		t.Error("an index is no id")
	}
}

func TestReadLabels(t *testing.T) {
	const csv = "id,label\n1,b\n2,a\n3,b\n4,\n5,a\n6,c\n7,NA\n"
	names, _, err := allLabels(t, newTable(csv, false), "", 2)
	if want := []string{"b", "a", "b", "", "a", "c", "NA"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("labels %q, %v, want %q", names, err, want)
	}
	names, _, err = allLabels(t, newTable(csv, false), "id", 1)
	if err != nil || len(names) != 7 || names[6] != "7" {
		t.Error(names, err)
	}
	for _, c := range []struct{ csv, column, want string }{
		{csv, "lable", `did you mean "label"?`},
		{csv, "*", "is 2"},
		{"id,kind,size\n1,a,2\n", "", "--labels t.csv:kind"},
	} {
		_, _, err := allLabels(t, newTable(c.csv, false), c.column, 1)
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
	for _, threads := range []int{1, 2, 5} {
		s, err := OpenNPY("y.npy", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		names, _, err := allLabels(t, s, "", threads)
		if err != nil || len(names) != rows {
			t.Fatal(len(names), err)
		}
		for i, name := range names {
			if want := fmt.Sprint((int64(i) * int64(i) / 1000) % 331); name != want {
				t.Fatalf("%d threads, row %d: %s, want %s", threads, i, name, want)
			}
		}
	}
}

// Lists of names begin anew before they get long, whatever the labels are.
func TestManyLabels(t *testing.T) {
	const rows = 3 * maxLabelNames
	var data []byte
	for i := range rows {
		data = binary.LittleEndian.AppendUint32(data, uint32(i))
	}
	data = npyBytes("<u4", false, fmt.Sprintf("(%d,)", rows), data)
	s, err := OpenNPY("y.npy", bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	names, runs, err := allLabels(t, s, "", 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if name != fmt.Sprint(i) {
			t.Fatalf("row %d: %s", i, name)
		}
	}
	for _, r := range runs {
		if len(r.Names) > maxLabelNames+npyBlock {
			t.Fatalf("a list of %d names", len(r.Names))
		}
	}
}

// A column for each class, with 1 for what happened, is read as the names of these.
func TestReadOneHotLabels(t *testing.T) {
	src, err := openedCSV([]byte("id,cat,dog,Usage\n1,0,1,Public\n2,1.0,0.0,Private\n3,,,Public\n"), 0, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names, runs, err := allLabels(t, src, "", 2)
	if err != nil || !slices.Equal(names, []string{"dog", "cat", ""}) || runs[0].ID != "id" {
		t.Errorf("%q, %v", names, err)
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
		_, _, err = allLabels(t, src, "", 1)
		checkError(t, c.csv[:12], err, c.want)
	}
	// A column that is called like a label is one, whatever stands beside it.
	src, err = openedCSV([]byte("label,w\n0,1\n1,0\n"), 0, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if names, _, err := allLabels(t, src, "", 1); err != nil || !slices.Equal(names, []string{"0", "1"}) {
		t.Errorf("%q, %v", names, err)
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
		if _, runs, err := allLabels(t, src, "", 2); err != nil || !slices.Equal(runs[0].Names, c.names) {
			t.Errorf("%q: %+v, %v", c.csv, runs, err)
		}
	}
}

// Numbers of rows tell labels in another order from those of other rows.
func TestLabelOrder(t *testing.T) {
	read := func(csv string) *LabelRun {
		src, err := openedCSV([]byte(csv), 0, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, runs, err := allLabels(t, src, "", 2)
		if err != nil || len(runs) != 1 {
			t.Fatal(len(runs), err)
		}
		return runs[0]
	}
	l := read(",y\n2,a\n0,b\n1,a\n3,b\n")
	if !l.Numbered("") || !l.Numbered("Unnamed: 0") || l.Numbered("id") || !l.Fits(0, []byte("7")) {
		t.Errorf("%+v", l)
	}
	for _, c := range []struct {
		numbers string
		want    int64
	}{{"0 1 2 3", 3}, {"2 0 1 3", 0}, {"2 1 0 3", 2}, {"4 5 6 7", 0}, {"2.0 0 1 3", 0}} {
		var o, more Order
		for i, n := range strings.Fields(c.numbers) {
			half := &o
			if i%2 == 1 {
				half = &more
			}
			l.See(half, i, []byte(n))
		}
		o.Merge(&more)
		if got := o.Shuffled(); got != c.want {
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
