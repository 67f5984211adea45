package predict

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
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
