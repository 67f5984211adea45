package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestPicture(t *testing.T) {
	p := picture{title: "a < b", note: "note & more", groups: []group{
		{"first", []stripe{{"ours", 1.25, true}, {"theirs", 12.5, false}, {"not there", math.NaN(), false}}},
		{"not measured", []stripe{{"nothing", math.NaN(), true}}},
	}}
	p.add("first", stripe{"more", 3, true})
	p.add("second", stripe{"last", 0.5, true})
	svg := p.svg()
	rects := 0
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			rects++
		}
	}
	if rects != 4 {
		t.Errorf("%d bars, expected 4", rects)
	}
	for _, s := range []string{"a &lt; b", "note &amp; more", "1.2×", "12×", "0.5×", "second", "prefers-color-scheme: dark"} {
		if !strings.Contains(svg, s) {
			t.Errorf("no %q in\n%s", s, svg)
		}
	}
	for _, s := range []string{"NaN", "not there", "not measured"} {
		if strings.Contains(svg, s) {
			t.Errorf("%q in\n%s", s, svg)
		}
	}
	if drawKernels(t.TempDir(), nil, "") == nil {
		t.Error("pictures of nothing")
	}
}
