package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// JSON writes Data: fields in their order, two spaces of indentation, every
// figure and every plain object of a list on one line. Finite numbers are the
// shortest that read back to the same float64; infinities are the strings
// "Infinity" and "-Infinity"; a figure without data is null.
func (r *Report) JSON(w io.Writer) error {
	b := appendObject(nil, r.Data, "\n")
	_, err := w.Write(append(b, '\n'))
	return err
}

// MarshalJSON gives the object on one line.
func (o Object) MarshalJSON() ([]byte, error) { return appendObject(nil, o, ""), nil }

// appendObject writes an object over several lines, the first of which starts
// with indent (a newline and spaces), or on one line if indent is "".
func appendObject(b []byte, o Object, indent string) []byte {
	return appendList(b, '{', '}', len(o), indent, func(b []byte, i int, inner string) []byte {
		b = append(appendString(b, o[i].Name), ':', ' ')
		return appendValue(b, o[i].Value, inner)
	})
}

func appendList(b []byte, open, end byte, n int, indent string, item func(b []byte, i int, inner string) []byte) []byte {
	b = append(b, open)
	inner := ""
	if indent != "" {
		inner = indent + "  "
	}
	for i := range n {
		if i > 0 {
			b = append(b, ',')
			if inner == "" {
				b = append(b, ' ')
			}
		}
		b = item(append(b, inner...), i, inner)
	}
	if n > 0 {
		b = append(b, indent...)
	}
	return append(b, end)
}

func appendValue(b []byte, v any, indent string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case Object:
		return appendObject(b, v, indent)
	case []Object:
		return appendList(b, '[', ']', len(v), indent, func(b []byte, i int, inner string) []byte {
			if v[i].plain() {
				inner = ""
			}
			return appendObject(b, v[i], inner)
		})
	case []string:
		return appendList(b, '[', ']', len(v), indent, func(b []byte, i int, _ string) []byte {
			return appendString(b, v[i])
		})
	case []float64:
		return appendList(b, '[', ']', len(v), "", func(b []byte, i int, _ string) []byte {
			return appendFloat(b, v[i])
		})
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendFloat(b, v)
	case *Figure:
		if v == nil {
			return append(b, "null"...)
		}
		return appendFigure(b, *v)
	case Figure:
		return appendFigure(b, v)
	}
	panic(fmt.Sprintf("report: a field cannot hold a %T", v))
}

// plain reports whether an object is small enough for one line: nothing in it is
// a list.
func (o Object) plain() bool {
	for _, f := range o {
		switch v := f.Value.(type) {
		case []Object, []string, []float64:
			return false
		case Object:
			if !v.plain() {
				return false
			}
		}
	}
	return true
}

func appendFigure(b []byte, f Figure) []byte {
	if math.IsNaN(f.Value) {
		return append(b, "null"...)
	}
	b = appendFloat(append(b, `{"value": `...), f.Value)
	for _, p := range f.parts()[1:] {
		if !math.IsNaN(p.v) {
			b = append(append(append(b, `, "`...), p.name...), `": `...)
			b = appendFloat(b, p.v)
		}
	}
	if f.Unit != "" {
		b = appendString(append(b, `, "unit": `...), f.Unit)
	}
	if f.Why != "" {
		b = appendString(append(b, `, "why": `...), f.Why)
	}
	return append(b, '}')
}

type part struct {
	name string
	v    float64
}

func (f Figure) parts() []part {
	return []part{{"value", f.Value}, {"se", f.SE}, {"lo", f.Lo}, {"hi", f.Hi}}
}

func appendFloat(b []byte, v float64) []byte {
	if s, ok := special(v); ok {
		return appendString(b, s)
	}
	s, err := json.Marshal(v + 0) // and no minus sign for 0
	if err != nil {
		panic(err) // not for finite numbers
	}
	return append(b, s...)
}

// special names the floats that JSON has no numbers for.
func special(v float64) (string, bool) {
	switch {
	case math.IsNaN(v):
		return "NaN", true
	case math.IsInf(v, 1):
		return "Infinity", true
	case math.IsInf(v, -1):
		return "-Infinity", true
	}
	return "", false
}

func appendString(b []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // not for strings
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
