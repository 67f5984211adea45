package predict

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// npyMaxText is how long one text may be, in bytes as stored. NumPy gives every
// text of an array the room of the longest.
const npyMaxText = 1 << 20

const npyTextHint = "labels are one text each: save one column, numpy.save(path, arr[:, 0])"

// AppendNPYText appends one text of an array: UTF-32 of the array's byte order
// (kind 'U'), or bytes that must be UTF-8 (kind 'S'). NumPy fills the room behind
// a text with NULs, which are no part of it. If the text is not valid, bad says why.
func AppendNPYText(dst, cell []byte, kind byte, big bool) (text []byte, bad string) {
	if kind == 'S' {
		cell = bytes.TrimRight(cell, "\x00")
		if !utf8.Valid(cell) {
			return dst, fmt.Sprintf("bytes that are not UTF-8, %s", quote(string(cell)))
		}
		return append(dst, cell...), ""
	}
	for len(cell) >= 4 && binary.LittleEndian.Uint32(cell[len(cell)-4:]) == 0 {
		cell = cell[:len(cell)-4]
	}
	from := len(dst)
	for ; len(cell) >= 4; cell = cell[4:] {
		u := binary.LittleEndian.Uint32(cell)
		if big {
			u = binary.BigEndian.Uint32(cell)
		}
		if u > utf8.MaxRune || !utf8.ValidRune(rune(u)) {
			return dst[:from], fmt.Sprintf("a text with the value %#x, which is no Unicode character", u)
		}
		dst = utf8.AppendRune(dst, rune(u))
	}
	return dst, ""
}

// NPYTextHint is what may help where [AppendNPYText] found bad text.
func NPYTextHint(kind byte) string {
	if kind == 'S' {
		return "save it decoded: numpy.save(path, numpy.char.decode(y, 'latin-1')), or whatever its encoding is"
	}
	return "the file is damaged, or its dtype has the wrong byte order"
}

// text reports whether values are texts.
func (h *npyHeader) text() bool { return h.kind == 'U' || h.kind == 'S' }

// textNumber reads a text as a number, as in a CSV file. If why is not 0, it is one
// of the marks of a missing value.
func textNumber(t []byte) (x float64, why Why, ok bool) {
	x, _, why, v := number(t)
	return x, why, v == isNumber || v == isMissing
}

// fold decodes rows and folds them; bad text ends the rows before it.
func (w *npyWorker) fold(first int64, rows int, fold func(*Batch) error) error {
	if !w.p.h.text() {
		return fold(w.decode(first, rows))
	}
	b, bad := w.decodeText(first, rows)
	if b.Rows > 0 {
		if err := fold(b); err != nil {
			return err
		}
	}
	if bad != nil {
		return bad
	}
	return nil
}

// decodeText is decode for an array of texts, which has one column.
func (w *npyWorker) decodeText(first int64, rows int) (*Batch, *Error) {
	h, p, b := w.p.h, w.p, &w.b
	raw := bytesOf(w.block)[:w.n]
	b.First, b.Rows, b.K = first, rows, len(p.values)
	b.Decimals, b.Half, b.F32, b.F64 = -1, false, nil, nil
	b.Missing = b.Missing[:0]
	t := &w.texts
	t.Reset()
	var bad *Error
	for i := range rows {
		var what string
		if t.Data, what = AppendNPYText(t.Data, raw[i*h.size:][:h.size], h.kind, h.big); what != "" {
			bad = &Error{Source: w.name, Row: first + int64(i), What: what, Hint: NPYTextHint(h.kind)}
			b.Rows = i
			break
		}
		t.Off = append(t.Off, int32(len(t.Data)))
	}
	for len(b.Numbers) < len(p.numbers) {
		b.Numbers = append(b.Numbers, nil)
	}
	for j := range p.numbers {
		b.Numbers[j] = b.Numbers[j][:0]
	}
	if len(p.values)+len(p.numbers) > 0 {
		out := w.out64(rows * len(p.values))[:0]
		for i := range b.Rows {
			x, why, ok := textNumber(t.At(i))
			if !ok {
				bad = &Error{Source: w.name, Row: first + int64(i), Column: 1, What: fmt.Sprintf("%s is not a number", quote(string(t.At(i)))),
					Hint: "an array of texts holds labels; save numbers as numbers: numpy.save(path, arr.astype('float64'))"}
				b.Rows = i
				break
			}
			for range p.values {
				out = append(out, x)
			}
			for j := range p.numbers {
				b.Numbers[j] = append(b.Numbers[j], x)
			}
			if why != 0 {
				for range len(p.values) + len(p.numbers) {
					b.Missing = append(b.Missing, Missing{int32(i), 0, why})
				}
			}
		}
		if len(p.values) > 0 {
			b.F64 = out
		}
	}
	for len(b.Texts) < len(p.texts) {
		b.Texts = append(b.Texts, Strings{})
	}
	for j := range p.texts {
		b.Texts[j] = Strings{Off: t.Off[:b.Rows+1], Data: t.Data}
	}
	return b, bad
}

// sampleText is a cell of the sample; text that is not valid is found again, with
// its row, when all is read.
func (s *npySampled) sampleText(row, col int) []byte {
	t, _ := AppendNPYText(nil, s.cell(row, col), s.h.kind, s.h.big)
	return t
}
