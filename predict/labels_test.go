package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
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
		{"id,kind\n1,a\n", "", "--labels t.csv:kind"},
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
