package predict

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slowFind is what joinTable promises, done plainly.
func slowFind(keys []string, key string) int {
	plain := string(plainKey([]byte(key)))
	var alike []int
	for i, k := range keys {
		if k == key {
			return i
		}
		if string(plainKey([]byte(k))) == plain {
			alike = append(alike, i)
		}
	}
	for _, i := range alike {
		if keys[i] == plain {
			return i
		}
	}
	if len(alike) == 1 {
		return alike[0]
	}
	return noEntry
}

// fill makes a table of the keys that differ, in their order.
func fill(t testing.TB, keys []string) (*joinTable, []string) {
	t.Helper()
	var table joinTable
	var have []string
	for _, k := range keys {
		e, hash, slot := table.exact([]byte(k))
		if want := slices.Index(have, k); e != want {
			t.Fatalf("exact(%q) is %d, want %d", k, e, want)
		}
		if e < 0 {
			if got := table.add([]byte(k), hash, slot); got != len(have) {
				t.Fatalf("add(%q) is %d, want %d", k, got, len(have))
			}
			have = append(have, k)
		}
	}
	for i, k := range have {
		if got := string(table.key(i)); got != k {
			t.Fatalf("key %d is %q, want %q", i, got, k)
		}
	}
	return &table, have
}

func TestJoinTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	spell := func() string {
		n := rng.IntN(300)
		switch rng.IntN(6) {
		case 0:
			return fmt.Sprint(n)
		case 1:
			return fmt.Sprint(n, ".0")
		case 2:
			return fmt.Sprint(n, ".00")
		case 3:
			return fmt.Sprintf("%d.%d0", n, rng.IntN(10))
		case 4:
			return fmt.Sprintf("%de+06", n)
		}
		return fmt.Sprintf("key %d", n)
	}
	for range 50 {
		var keys []string
		for range rng.IntN(600) {
			keys = append(keys, spell())
		}
		table, have := fill(t, keys)
		for range 300 {
			k := spell()
			if got, want := table.find([]byte(k)), slowFind(have, k); got != want {
				t.Fatalf("find(%q) is %d, want %d", k, got, want)
			}
		}
	}
}

func FuzzJoinTable(f *testing.F) {
	f.Add("1\n1.0\n1.00\nx\n1e+06", "1000000")
	f.Add("0.50\n0.5", "0.500")
	f.Fuzz(func(t *testing.T, keys, key string) {
		if len(keys) > 1000 {
			return
		}
		table, have := fill(t, strings.Split(keys, "\n"))
		if got, want := table.find([]byte(key)), slowFind(have, key); got != want {
			t.Errorf("find(%q) in %q is %d, want %d", key, have, got, want)
		}
	})
}

func TestPlainKey(t *testing.T) {
	for in, want := range map[string]string{
		"3": "3", "3.0": "3", "0.50": "0.5", "1e+06": "1000000", "-2e+06": "-2000000", "1.5e+06": "1500000",
		"1e-06": "1e-06", "1e+300": "1e+300", "007.0": "007.0", "007": "007", "x3.0": "x3.0", "e+1": "e+1", "": "", "1e+": "1e+", "be+2": "be+2",
	} {
		if got := string(plainKey([]byte(in))); got != want {
			t.Errorf("plainKey(%q) is %q, want %q", in, got, want)
		}
	}
}

// joinOf joins a file of predictions with files of labels.
func joinOf(on, column string, strict bool, req Request, predictions string, labels ...string) (*Join, *Joined, error) {
	j, err := NewJoin(on, column, strict)
	if err != nil {
		return nil, nil, err
	}
	open := func(text string) Source {
		src, e := OpenCSV("t.csv", CSVInput{At: strings.NewReader(text), Size: int64(len(text))}, CSVOptions{})
		if e != nil {
			panic(e)
		}
		return src
	}
	src := open(predictions)
	for i, l := range labels {
		if i == 0 {
			if err := j.Settle(req, src, open(l)); err != nil {
				return nil, nil, err
			}
		}
		if err := j.Read(context.Background(), open(l)); err != nil {
			return nil, nil, err
		}
	}
	joined, err := j.With(src, 0)
	return j, joined, err
}

// TestJoinReads: how the labels' file is read, and what the resolver makes of it.
func TestJoinReads(t *testing.T) {
	const submission = "id,no,yes\nr1,.5,.5\nr2,.125,.875\nr3,.25,.75\n"
	for _, c := range []struct {
		name, on, column    string
		req                 Request
		predictions, labels string
		form                Form
		classes             string
		note                string
	}{
		{"one-hot", "id", "", Request{}, submission, "id,no,yes,Usage\nr3,0,1,Public\nr1,1,0,Private\n", Probabilities, "no,yes",
			`label is the class whose column (no, yes) is 1 in t.csv, joined on "id" (not used there: Usage), matched by name`},
		{"one-hot in another order", "id", "", Request{}, submission, "id,yes,no\nr3,1,0\nr1,0,1\n", Probabilities, "no,yes", "(yes, no) is 1"},
		{"shares", "id", "", Request{}, submission, "id,no,yes\nr3,.25,.75\nr1,1,0\n", Probabilities, "no,yes", "labels are shares of classes (no, yes) from t.csv"},
		{"other prefixes", "id", "", Request{}, "id,p_a,p_b\n1,.5,.5\n2,.5,.5\n", "id,y_a,y_b\n1,0,1\n2,1,0\n", Probabilities, "p_a,p_b", "(y_a, y_b) is 1"},
		{"said columns", "id", "y_*", Request{}, "id,p_a,p_b\n1,.5,.5\n2,.5,.5\n", "id,label,y_a,y_b\n1,a,0,1\n2,b,1,0\n", Probabilities, "p_a,p_b", "(y_a, y_b) is 1"},
		{"one column", "id", "", Request{}, submission, "id,label\nr3,yes\nr1,no\n", Probabilities, "no,yes", `label from "label" of t.csv, joined on "id", matched by name`},
		{"the one that names classes", "id", "", Request{}, submission, "id,city,kind\nr3,Bern,yes\nr1,Rome,no\n", Probabilities, "no,yes", `label from "kind" of t.csv`},
		{"the only one", "id", "", Request{}, "id,p\nr1,.5\nr2,.25\n", "id,won\nr1,0\nr2,1\n", Positive, "0,1", `label from "won"`},
		{"another key", "id=row", "", Request{}, submission, "row,label\nr3,yes\nr1,no\n", Probabilities, "no,yes", `joined on "id" = "row"`},
		{"two classes in one column", "id", "", Request{}, "id,target\n1,.5\n2,.25\n", "id,target,Usage\n2.0,1,a\n1.0,0,b\n", Positive, "0,1", `label from "target" of t.csv`},
		{"that of another name", "id", "won", Request{}, "id,score\n1,.5\n2,.25\n", "id,won,lost\n2,1,0\n1,0,1\n", Positive, "0,1", `label from "won"`},
		{"logits", "id", "", Request{}, "id,a,b,c\n1,2.5,-3.5,0.5\n2,-1.5,4.5,0.25\n", "id,label\n2,b\n1,a\n", Logits, "a,b,c", "logits of 3 classes"},
		{"logits against shares", "id", "", Request{}, "id,a,b\n1,2.5,-3.5\n2,-1.5,4.5\n", "id,a,b\n2,.5,.5\n1,1,0\n", Logits, "a,b", "shares"},
		{"whole numbers for predictions", "id", "", Request{}, "id,no,yes\nr1,1,0\nr3,0,1\n", "id,no,yes\nr3,0,1\nr1,1,0\n", Probabilities, "no,yes", "is 1 in"},
		{"an own label, other columns", "id", "", Request{By: "city"}, "id,label,p\n1,1,.5\n2,0,.25\n", "id,city\n1,Bern\n2,Rome\n", Positive, "0,1", `columns from t.csv, joined on "id"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, src, err := joinOf(c.on, c.column, false, c.req, c.predictions, c.labels)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Resolve(j.Request(c.req), src, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(l.Classes, ","); l.Form != c.form || got != c.classes {
				t.Errorf("%v of %s, want %v of %s", l.Form, got, c.form, c.classes)
			}
			if got := strings.Join(l.Notes, "; "); !strings.Contains(got, c.note) {
				t.Errorf("read as %q, want %q in it", got, c.note)
			}
		})
	}
}

// TestJoinRefuses: what a join cannot be made of, and the words for it.
func TestJoinRefuses(t *testing.T) {
	const submission = "id,no,yes\nr1,.5,.5\nr2,.125,.875\n"
	for _, c := range []struct {
		on, column string
		strict     bool
		req        Request
		labels     string
		want       string
	}{
		{"", "", false, Request{}, "", "does not name the key column"},
		{"id=", "", false, Request{}, "", "does not name the key column"},
		{"key", "", false, Request{}, "id,label\nr1,no\n", `--join: no column "key"; the columns are id, no, yes`},
		{"id", "", false, Request{}, "row,label\nr1,no\n", "if the labels call it otherwise: --join id=COLUMN"},
		{"id", "lable", false, Request{}, "id,label\nr1,no\n", `did you mean "label"?`},
		{"id", "id", false, Request{}, "id,label\nr1,no\n", "both name column"},
		{"id", "", false, Request{}, "id,a,b\nr1,x,y\n", "which column holds the labels? The columns are id, a, b"},
		{"id", "", false, Request{}, "id,no,yes\nr1,1,1\nr2,0,0\n", "no shares of classes"},
		{"id", "", false, Request{}, "id,no,yes,maybe\nr1,1,0,0\nr2,0,0,1\n", "a class, it seems, for which t.csv has no column"},
		{"id", "no,label", false, Request{}, "id,no,label\nr1,1,x\nr2,0,y\n", "hold numbers"},
		{"id", "no,well", false, Request{}, "id,no,well\nr1,1,0\nr2,0,1\n", "has no column of predictions called like this"},
		{"id", "", false, Request{}, "id,label\nr1,no\nr2,yes\nr1,yes\n", `row 3 (line 4), column 1 (id): key "r1" has label "yes" here, and "no" in row 1`},
		{"id", "", false, Request{}, "id,no,yes\nr1,1,0\nr1,0,1\n", `key "r1" has label "yes" here, and "no" in row 1`},
		{"id", "", false, Request{}, "id,no,yes\nr1,.5,.5\nr1,0,1\n", `key "r1" has label [0 1] here, and [0.5 0.5] in row 1`},
		{"id", "", false, Request{Weight: "w"}, "id,label,w\nr1,no,1\nr1,no,2\n", `key "r1" has in "w" 2 here, and 1 in row 1`},
		{"id", "", false, Request{By: "city"}, "id,label\nr1,no\n", `--by: no column "city" here (id, no, yes), nor in t.csv (id, label)`},
		{"id", "", false, Request{Weight: "city"}, "id,label,city\nr1,no,Bern\n", "--weight needs numbers"},
		{"id", "", false, Request{Weight: "w", Cluster: "w"}, "id,label,w\nr1,no,1\n", "--weight and --cluster both name"},
		{"id", "", false, Request{}, "id,label\n,no\nNA,yes\n", "none of the 2 labels has a key"},
		{"id", "", true, Request{}, "id,label\n,no\n", "row 1 (line 2), column 1 (id): no key"},
		{"id", "", true, Request{}, "id,label\nr1,no\nr1,no\n", `key "r1" is also that of row 1`},
	} {
		_, _, err := joinOf(c.on, c.column, c.strict, c.req, submission, c.labels)
		checkError(t, fmt.Sprintf("--join %s, %q", c.on, c.labels), err, c.want)
	}
}

// TestJoinLimits: what is kept in memory is bounded, and past that there is an error.
func TestJoinLimits(t *testing.T) {
	rows, cells := maxJoinRows, maxJoinCells
	defer func() { maxJoinRows, maxJoinCells = rows, cells }()
	maxJoinRows = 2
	_, _, err := joinOf("id", "", false, Request{}, "id,p\n1,.5\n", "id,label\n1,0\n2,1\n3,1\n")
	checkError(t, "rows", err, "row 3 (line 4): more than 2 labels, which are kept in memory")
	maxJoinRows, maxJoinCells = rows, 5
	_, _, err = joinOf("id", "", false, Request{}, "id,a,b\n1,.5,.5\n", "id,a,b\n1,.5,.5\n2,0,1\n3,0,1\n")
	checkError(t, "cells", err, "row 3 (line 4): more than 5 numbers")
}

// TestJoinTally: everything that finds no other half is counted and named.
func TestJoinTally(t *testing.T) {
	j, src, err := joinOf("id", "", false, Request{}, "id,p\nx,.5\nb,.25\nb,.5\n,.5\nc,.5\ny,.25\n",
		"id,label\na,0\nb,1\nb,1\n,0\nc,1\n", "label,id\n1,d\n1,b\n")
	if err != nil {
		t.Fatal(err)
	}
	var why []Why
	var keys []string
	if _, err := src.Read(context.Background(), Selection{Values: []int{1}, Texts: []int{2}}, 1, func(_ int, b *Batch) error {
		for _, m := range b.Missing {
			why = append(why, m.Why)
		}
		for i := range b.Rows {
			keys = append(keys, fmt.Sprintf("%s%s", b.Keys.At(i), b.Texts[0].At(i)))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(why); got != "[key not among the labels no key key not among the labels]" {
		t.Errorf("missing: %v", got)
	}
	if got := fmt.Sprint(keys); got != "[x b1 b1  c1 y]" {
		t.Errorf("labels: %s", got)
	}
	got := j.Tally()
	want := JoinTally{Key: "id", LabelsKey: "id", Files: []string{"t.csv", "t.csv"}, Labelled: true, Labels: 4, Matched: 2,
		Unpredicted: 2, Unpredict: []KeyRow{{"a", 0, 1}, {"d", 1, 1}},
		Unlabelled: 2, Unlabel: []KeyRow{{"x", 0, 1}, {"y", 0, 6}}, NoKey: 1,
		DoubledLabels: 2, DoubledLabel: []KeyRow{{"b", 0, 3}, {"b", 1, 2}},
		DoubledPredictions: 1, DoubledRows: 2, DoubledPredict: []KeyRow{{"b", 0, 2}}, LabelsNoKey: 1,
		ExampleKey: "x", ExampleLabelsKey: "a"}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("tally\n%+v, want\n%+v", got, want)
	}
	if got := NameKeys(want.Unlabel, 7); got != "x, y, …" {
		t.Error(got)
	}
}

// FuzzJoin: no pair of files makes a join panic, and its counts add up.
func FuzzJoin(f *testing.F) {
	f.Add("id,a,b\n1,.5,.5\n", "id,a,b\n1,0,1\n")
	f.Add("id,p\n1,.5\n2,.5\n", "id,label\n1.0,0\n")
	f.Add("id,a,b\n1,.5,.5\n", "id,a,b\n1,.25,.75\n2,,\n")
	f.Fuzz(func(t *testing.T, predictions, labels string) {
		open := func(name, text string) Source {
			src, err := OpenCSV(name, CSVInput{At: strings.NewReader(text), Size: int64(len(text))}, CSVOptions{})
			if err != nil {
				t.Skip()
			}
			return src
		}
		p, l := open("p.csv", predictions), open("l.csv", labels)
		j, err := NewJoin("id", "", false)
		if err != nil {
			t.Fatal(err)
		}
		if j.Settle(Request{}, p, l) != nil || j.Read(context.Background(), open("l.csv", labels)) != nil {
			return
		}
		src, err := j.With(p, 0)
		if err != nil {
			t.Fatal(err)
		}
		layout, err := Resolve(j.Request(Request{}), src, nil)
		if err != nil {
			return
		}
		bind, err := layout.Bind(src)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := src.Read(context.Background(), bind.Selection, 1, func(_ int, b *Batch) error { return nil })
		if err != nil {
			return
		}
		n := j.Tally()
		var seen int64
		for _, s := range j.seen {
			seen += int64(s)
		}
		if seen+n.Unlabelled+n.NoKey != rows || n.Matched+n.Unpredicted != n.Labels {
			t.Errorf("%d rows, seen %d, tally %+v", rows, seen, n)
		}
	})
}
