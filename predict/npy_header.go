package predict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

// NPYMagic is how every NPY file begins.
const NPYMagic = "\x93NUMPY"

const (
	npyMaxHeader = 1 << 20 // bytes; numpy writes about a hundred
	npyMaxCols   = 1 << 20
)

// npyHeader is what the head of an NPY file says.
type npyHeader struct {
	kind    byte // 'f', 'i', 'u' or 'b'; text: 'U' (UTF-32) or 'S' (bytes)
	size    int  // bytes of one value
	big     bool // big-endian
	fortran bool // stored column after column
	rows    int64
	cols    int
	flat    bool  // the array has one dimension
	data    int64 // where the values begin
}

func (h *npyHeader) rowBytes() int64 { return int64(h.cols) * int64(h.size) }

// bytes is how long the values are. That it fits was checked.
func (h *npyHeader) bytes() int64 { return h.rows * h.rowBytes() }

// float reports whether values are floating point.
func (h *npyHeader) float() bool { return h.kind == 'f' }

// readNPYHeader reads the head of an NPY file, up to the first value.
func readNPYHeader(name string, r io.Reader) (*npyHeader, error) {
	damaged := func(format string, args ...any) error {
		return &Error{Source: name, What: "damaged NPY header: " + fmt.Sprintf(format, args...)}
	}
	head := make([]byte, 12)
	if n, err := io.ReadFull(r, head[:10]); err != nil {
		if isEOF(err) {
			return nil, damaged("the file has %d bytes", n)
		}
		return nil, inputError(name, err)
	}
	if string(head[:6]) != NPYMagic {
		return nil, &Error{Source: name, What: `not an NPY file: it does not begin with \x93NUMPY`}
	}
	var length, at int64
	switch major := head[6]; major {
	case 1:
		length, at = int64(binary.LittleEndian.Uint16(head[8:])), 10
	case 2, 3:
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			if isEOF(err) {
				return nil, damaged("it ends after 10 bytes")
			}
			return nil, inputError(name, err)
		}
		length, at = int64(binary.LittleEndian.Uint32(head[8:])), 12
	default:
		return nil, &Error{Source: name, What: fmt.Sprintf("NPY version %d.%d; versions 1 to 3 are known", major, head[7])}
	}
	if length > npyMaxHeader {
		return nil, damaged("it claims to be %d bytes long", length)
	}
	text := make([]byte, length)
	if n, err := io.ReadFull(r, text); err != nil {
		if isEOF(err) {
			return nil, damaged("it ends after %d of %d bytes", n, length)
		}
		return nil, inputError(name, err)
	}
	h := &npyHeader{data: at + length}
	p := pyLiteral{s: string(text)}
	seen := map[string]bool{}
	var descr string
	var shape []int64
	if err := p.dict(func(key string) error {
		if seen[key] {
			return fmt.Errorf("%s twice", quote(key))
		}
		seen[key] = true
		var err error
		switch key {
		case "descr":
			if p.peek() == '[' || p.peek() == '(' {
				return errStructured
			}
			descr, err = p.str()
		case "fortran_order":
			h.fortran, err = p.boolean()
		case "shape":
			shape, err = p.tuple()
		default:
			err = fmt.Errorf("unknown key %s", quote(key))
		}
		return err
	}); err != nil {
		if errors.Is(err, errStructured) {
			return nil, &Error{Source: name, What: "an array of records (structured dtype)",
				Hint: "save one plain array: numpy.save(path, arr['field'])"}
		}
		return nil, damaged("%v", err)
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return nil, damaged("no %s", key)
		}
	}
	if e := h.setType(descr); e != nil {
		e.Source = name
		return nil, e
	}
	if e := h.setShape(shape); e != nil {
		e.Source = name
		return nil, e
	}
	return h, nil
}

var errStructured = errors.New("structured dtype")

// inputError is trouble with reading; what the input itself has put in words
// stays as it is.
func inputError(name string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Source: name, Err: err}
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// setType reads a dtype such as <f4.
func (h *npyHeader) setType(descr string) *Error {
	order, rest := byte('='), descr
	if descr != "" && strings.IndexByte("<>=|", descr[0]) >= 0 {
		order, rest = descr[0], descr[1:]
	}
	refuse := func(what, hint string) *Error {
		return &Error{What: fmt.Sprintf("dtype %s is %s; floats of 2, 4 or 8 bytes, integers, booleans and texts can be read", quote(descr), what), Hint: hint}
	}
	if rest == "" {
		return refuse("none", "")
	}
	const asFloat = "save it with numpy.save(path, arr.astype('float32'))"
	const asText = "save labels as text, numpy.save(path, y.astype(str))"
	size, err := strconv.Atoi(rest[1:])
	switch kind := rest[0]; {
	case kind == 'O':
		return refuse("Python objects (pickled)", asFloat+"; "+asText)
	case (kind == 'U' || kind == 'S' || kind == 'a') && err == nil && size >= 0:
		if kind == 'U' && size <= npyMaxText {
			size *= 4
		} else if kind == 'a' { // how old files call it
			kind = 'S'
		}
		if size == 0 || size > npyMaxText {
			return refuse(fmt.Sprintf("text of %s characters each", rest[1:]), fmt.Sprintf("texts take from 1 to %d bytes each", npyMaxText))
		}
		h.kind, h.size = kind, size
		h.big = order == '>' || order == '=' && !hostLittle
		return nil
	case kind == 'c':
		return refuse("complex numbers", "save it with numpy.save(path, arr.real)")
	case kind == 'V':
		return refuse("raw bytes (or a type numpy does not know, such as bfloat16)", asFloat)
	case kind == 'M' || kind == 'm':
		return refuse("dates or times", asFloat)
	case kind == 'f' && err == nil && size > 8:
		return refuse("long double", "save it with numpy.save(path, arr.astype('float64'))")
	case err == nil && (kind == 'f' && (size == 2 || size == 4 || size == 8) ||
		(kind == 'i' || kind == 'u') && (size == 1 || size == 2 || size == 4 || size == 8) ||
		kind == 'b' && size == 1):
		h.kind, h.size = kind, size
		h.big = order == '>' || order == '=' && !hostLittle
		return nil
	}
	return refuse("not known", asFloat)
}

func (h *npyHeader) setShape(shape []int64) *Error {
	cols := int64(1)
	switch len(shape) {
	case 0:
		return &Error{What: "a single number (shape ())", Hint: "a row per prediction is needed: arr.reshape(1, -1)"}
	case 1:
		h.flat = true
	case 2:
		cols = shape[1]
	default:
		return &Error{What: fmt.Sprintf("an array of %d dimensions (shape %s)", len(shape), shapeText(shape)),
			Hint: "make it two: arr.reshape(-1, arr.shape[-1])"}
	}
	h.rows = shape[0]
	if h.text() && cols > 1 {
		return &Error{What: fmt.Sprintf("texts in %d columns (shape %s)", cols, shapeText(shape)), Hint: npyTextHint}
	}
	if h.rows == 0 || cols == 0 {
		return &Error{What: fmt.Sprintf("no values (shape %s)", shapeText(shape))}
	}
	if cols > npyMaxCols {
		return &Error{What: fmt.Sprintf("%d columns (shape %s); at most %d can be read", cols, shapeText(shape), npyMaxCols),
			Hint: "rows come first: arr.T"}
	}
	h.cols = int(cols)
	hi, lo := bits.Mul64(uint64(h.rows), uint64(h.rowBytes()))
	if hi != 0 || lo > 1<<62 {
		return &Error{What: fmt.Sprintf("damaged NPY header: shape %s is larger than any file", shapeText(shape))}
	}
	// One row or one column is the same either way.
	h.fortran = h.fortran && h.rows > 1 && h.cols > 1
	return nil
}

func shapeText(shape []int64) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, n := range shape {
		if i == 8 {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	if len(shape) == 1 {
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return b.String()
}

// A pyLiteral reads the few Python literals that an NPY header is made of.
type pyLiteral struct {
	s string
	i int
}

func (p *pyLiteral) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

// peek is the next byte that is not space, 0 at the end.
func (p *pyLiteral) peek() byte {
	p.space()
	if p.i == len(p.s) {
		return 0
	}
	return p.s[p.i]
}

func (p *pyLiteral) take(c byte) error {
	if got := p.peek(); got != c {
		if got == 0 {
			return fmt.Errorf("it ends where %q should be", c)
		}
		return fmt.Errorf("%q at byte %d, where %q should be", got, p.i, c)
	}
	p.i++
	return nil
}

// dict reads {key: value, …} and nothing after it; value reads one value.
func (p *pyLiteral) dict(value func(key string) error) error {
	if err := p.take('{'); err != nil {
		return err
	}
	for p.peek() != '}' {
		key, err := p.str()
		if err != nil {
			return err
		}
		if err := p.take(':'); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
		if p.peek() != ',' {
			break
		}
		p.i++
	}
	if err := p.take('}'); err != nil {
		return err
	}
	if c := p.peek(); c != 0 {
		return fmt.Errorf("%q after the end", c)
	}
	return nil
}

func (p *pyLiteral) str() (string, error) {
	q := p.peek()
	if q != '\'' && q != '"' {
		return "", fmt.Errorf("no string at byte %d", p.i)
	}
	end := strings.IndexByte(p.s[p.i+1:], q)
	if end < 0 {
		return "", errors.New("a string without an end")
	}
	s := p.s[p.i+1 : p.i+1+end]
	if strings.ContainsAny(s, "\\\n") {
		return "", fmt.Errorf("a string with an escape, %s", quote(s))
	}
	p.i += end + 2
	return s, nil
}

func (p *pyLiteral) boolean() (bool, error) {
	p.space()
	for _, word := range []string{"True", "False"} {
		if strings.HasPrefix(p.s[p.i:], word) {
			p.i += len(word)
			return word == "True", nil
		}
	}
	return false, fmt.Errorf("neither True nor False at byte %d", p.i)
}

// tuple reads (), (3,) or (3, 4). Python 2 wrote long integers as 3L.
func (p *pyLiteral) tuple() ([]int64, error) {
	if err := p.take('('); err != nil {
		return nil, err
	}
	var out []int64
	comma := true
	for p.peek() != ')' {
		if !comma {
			return nil, fmt.Errorf("no comma at byte %d", p.i)
		}
		start := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		n, err := strconv.ParseInt(p.s[start:p.i], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("no length at byte %d of the shape", start)
		}
		out = append(out, n)
		if p.i < len(p.s) && p.s[p.i] == 'L' {
			p.i++
		}
		if comma = p.peek() == ','; comma {
			p.i++
		}
	}
	p.i++
	if len(out) == 1 && !comma {
		return nil, errors.New("the shape is a number, not a tuple")
	}
	return out, nil
}
