package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// csvHeader is the long form that every report has as CSV: one line per figure.
//
//	section  the field of the JSON object that the figure is in; "summary" at the top
//	key      which element of a list: its first field, col=value for slices
//	figure   the field's name, with dots for fields of fields: invalid.empty
//	value    the number, or the text of a field that is not a number
//	se, lo, hi, unit  as in JSON, empty where there is none
var csvHeader = []string{"section", "key", "figure", "value", "se", "lo", "hi", "unit"}

// CSV writes Data in the long form of csvHeader. Numbers are the shortest that
// read back to the same float64, infinities are Infinity and -Infinity, and no
// data is an empty value.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	c := csvWriter{out}
	c.line(csvHeader...)
	for _, f := range r.Data {
		switch v := f.Value.(type) {
		case Object:
			for _, g := range v {
				c.field(f.Name, "", g.Name, g.Value)
			}
		case []Object:
			for _, o := range v {
				key, rest := o.key()
				for _, g := range rest {
					c.field(f.Name, key, g.Name, g.Value)
				}
			}
		case []string:
			for i, s := range v {
				c.line(f.Name, strconv.Itoa(i+1), "text", s, "", "", "", "")
			}
		case []float64:
			for i, x := range v {
				c.line(f.Name, strconv.Itoa(i+1), "value", plainFloat(x), "", "", "", "")
			}
		default:
			c.field("summary", "", f.Name, f.Value)
		}
	}
	out.Flush()
	return out.Error()
}

// key tells an element of a list from its neighbours: its first field, after the
// name of the input where there is one.
func (o Object) key() (string, Object) {
	if len(o) == 0 {
		return "", nil
	}
	key, rest := csvText(o[0].Value), make(Object, 0, len(o))
	for _, f := range o[1:] {
		if f.Name == "input" {
			key = csvText(f.Value) + ":" + key
			continue
		}
		rest = append(rest, f)
	}
	return key, rest
}

type csvWriter struct{ out *csv.Writer }

// line writes one line; the csv.Writer remembers its first error.
func (c csvWriter) line(cells ...string) { _ = c.out.Write(cells) }

func (c csvWriter) field(section, key, name string, v any) {
	switch v := v.(type) {
	case Object:
		for _, f := range v {
			c.field(section, key, name+"."+f.Name, f.Value)
		}
	case []Object:
		for _, o := range v {
			inner, rest := o.key()
			for _, f := range rest {
				c.field(section, key, name+"."+inner+"."+f.Name, f.Value)
			}
		}
	case *Figure:
		if v == nil {
			v = &Figure{Value: math.NaN(), SE: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
		}
		c.field(section, key, name, *v)
	case Figure:
		cells := []string{section, key, name}
		for _, p := range v.parts() {
			cell := ""
			if !math.IsNaN(p.v) {
				cell = plainFloat(p.v)
			}
			cells = append(cells, cell)
		}
		c.line(append(cells, v.Unit)...)
	default:
		c.line(section, key, name, csvText(v), "", "", "", "")
	}
}

// csvText is a value that is not a figure, in one cell.
func csvText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return plainFloat(v)
	case Object:
		var parts []string
		for _, f := range v {
			parts = append(parts, f.Name+"="+csvText(f.Value))
		}
		return strings.Join(parts, "; ")
	case []string:
		return strings.Join(v, "; ")
	case []float64:
		var parts []string
		for _, x := range v {
			parts = append(parts, plainFloat(x))
		}
		return strings.Join(parts, "; ")
	}
	return fmt.Sprint(v)
}

func plainFloat(v float64) string { return strings.Trim(string(appendFloat(nil, v)), `"`) }
