package predict

import (
	"fmt"
	"strings"
)

// jsonStep is a field as one selection wants it read. It is not changed by
// reading, and shared by all threads.
type jsonStep struct {
	f      *jsonField
	want   bool // some column of it is selected
	steps  []*jsonStep
	index  map[string]*jsonStep
	wanted []*jsonStep // of steps

	classes, numbers *jsonStep // of steps: numbers are read with the classes beside them

	// Where one scalar, or all of an array in order, goes to one place.
	direct bool
	kind   uint8
	at     int
}

func newJSONStep(f *jsonField, p *jsonPlan) *jsonStep {
	s := &jsonStep{f: f}
	for c := f.col; c < f.end; c++ {
		s.want = s.want || len(p.uses[c]) > 0
	}
	if !s.want {
		return s
	}
	switch f.kind {
	case jsonNested, jsonPairs, jsonZipped:
		s.index = make(map[string]*jsonStep, len(f.fields))
		for _, c := range f.fields {
			step := newJSONStep(c, p)
			s.steps = append(s.steps, step)
			s.index[c.key] = step
			if step.want {
				s.wanted = append(s.wanted, step)
			}
		}
		if z := f.numbers; f.kind == jsonNested && z != nil && z.kind == jsonZipped && s.index[z.key].want {
			s.classes, s.numbers = s.index[f.classes.key], s.index[z.key]
		}
	case jsonVector:
		s.direct = true
		for c := f.col; c < f.end; c++ {
			u := p.uses[c]
			if len(u) != 1 || u[0].kind != jsonIsValue || c > f.col && u[0].at != s.at+c-f.col {
				s.direct = false
				break
			}
			if c == f.col {
				s.at = u[0].at
			}
		}
	default:
		if u := p.uses[f.col]; len(u) == 1 {
			s.direct, s.kind, s.at = true, u[0].kind, u[0].at
		}
	}
	return s
}

// jsonRows parses plain records: one row each.
type jsonRows struct {
	t    *jsonTable
	root *jsonStep
	p    *jsonPlan
	r    *jsonRun
	s    *jsonScan
	seen []uint64 // by field: the last record that had it
	now  uint64
	bare []byte
	bad  *Error

	names []jsonValue // of the classes of one array
}

func newJSONRows(t *jsonTable, root *jsonStep, p *jsonPlan) *jsonRows {
	return &jsonRows{t: t, root: root, p: p, seen: make([]uint64, t.ids+1)}
}

// record implements jsonRecords.
func (j *jsonRows) record(r *jsonRun, s *jsonScan, i int) (int, *Error) {
	j.r, j.s, j.bad = r, s, nil
	begin, want := byte('{'), "an object"
	if j.root.f.kind != jsonNested {
		begin, want = '[', "an array"
	}
	if s.b[i] != begin {
		return s.expected(i, want), nil
	}
	j.now++
	r.begin()
	line := r.line
	end := -1
	switch kind := j.root.f.kind; {
	case !j.root.want:
		end = s.skip(i, jsonDepth)
	case kind == jsonVector:
		end = j.vector(j.root, i)
	case kind == jsonPairs:
		end = j.pairs(j.root, i)
	default:
		end = j.object(j.root, i, jsonDepth)
	}
	if end < 0 {
		return end, j.bad
	}
	r.end(line)
	return end, nil
}

// object parses the object at i.
func (j *jsonRows) object(st *jsonStep, i, depth int) int {
	s, b := j.s, j.s.b
	if depth == 0 {
		return s.fail(i, fmt.Sprintf("nested deeper than %d", jsonDepth))
	}
	next, found := 0, 0
	classes, numbers := -1, -1 // where they are
	if i = s.space(i + 1); b[i] == '}' {
		i++
	} else {
		for {
			if b[i] != '"' {
				return s.expected(i, "a key")
			}
			var m *jsonStep
			if next < len(st.steps) {
				if q := st.steps[next].f.quoted; len(b)-i > len(q) && string(b[i:i+len(q)]) == q {
					m = st.steps[next]
					i += len(q)
					next++
				}
			}
			if m == nil {
				end, plain := s.str(i + 1)
				if end < 0 {
					return end
				}
				key := b[i+1 : end-1]
				if !plain {
					j.bare = jsonAppend(j.bare[:0], key)
					key = j.bare
				}
				if m = st.index[string(key)]; m != nil {
					// The keys after it are probably those that come after it elsewhere.
					for next = 0; st.steps[next] != m; next++ {
					}
					next++
				}
				i = end
			}
			if i = s.space(i); b[i] != ':' {
				return s.expected(i, "a colon")
			}
			i = s.space(i + 1)
			if m != nil && m == st.classes {
				classes = i
			}
			if m == nil || !m.want {
				i = s.skip(i, depth-1)
			} else if m == st.numbers {
				if numbers < 0 {
					found++
				}
				numbers = i
				j.seen[m.f.id] = j.now
				i = s.skip(i, depth-1)
			} else {
				if seen := &j.seen[m.f.id]; *seen == j.now {
					j.again(m)
				} else {
					*seen = j.now
					found++
				}
				switch m.f.kind {
				case jsonNested:
					i = j.nested(m, i, depth-1)
				case jsonVector:
					i = j.vector(m, i)
				case jsonPairs:
					i = j.pairs(m, i)
				default:
					i = j.cell(m, i)
				}
			}
			if i < 0 {
				return i
			}
			if i = s.space(i); b[i] == ',' {
				i = s.space(i + 1)
				continue
			}
			if b[i] != '}' {
				return s.expected(i, "a comma or }")
			}
			i++
			break
		}
	}
	if numbers >= 0 && j.zipped(st, classes, numbers) < 0 {
		return -1
	}
	if found < len(st.wanted) {
		for _, m := range st.wanted {
			if j.seen[m.f.id] != j.now {
				j.lack(m, Empty)
			}
		}
	}
	return i
}

// again forgets what this record said before under the same key: the last one
// counts, as in encoding/json.
func (j *jsonRows) again(st *jsonStep) {
	for c := st.f.col; c < st.f.end; c++ {
		j.r.again(c)
	}
	j.unsee(st)
}

func (j *jsonRows) unsee(st *jsonStep) {
	for _, m := range st.steps {
		j.seen[m.f.id] = 0
		j.unsee(m)
	}
}

// lack marks all columns of a field.
func (j *jsonRows) lack(st *jsonStep, why Why) {
	for c := st.f.col; c < st.f.end; c++ {
		j.r.lack(c, why)
	}
}

// null parses the value at i if it is null, and says whether it is.
func (j *jsonRows) null(st *jsonStep, i int) (int, bool) {
	if j.s.b[i] != 'n' {
		return i, false
	}
	if i = j.s.skip(i, 1); i >= 0 {
		j.lack(st, NA)
	}
	return i, true
}

// nested parses an object that has columns, or null.
func (j *jsonRows) nested(st *jsonStep, i, depth int) int {
	if i, ok := j.null(st, i); ok {
		return i
	}
	if j.s.b[i] != '{' {
		return j.unexpected(st.f, i, "an object")
	}
	return j.object(st, i, depth)
}

// unexpected is the error for a value of another kind than in the first records.
func (j *jsonRows) unexpected(f *jsonField, i int, want string) int {
	s := j.s
	end := s.skip(i, jsonDepth)
	if end < 0 {
		return end
	}
	e := j.p.at(f.col, fmt.Sprintf("%s, expected %s as in the first records", jsonValue(s.b[i:end]).what(), want), "")
	e.Name = f.path
	if f.end > f.col+1 {
		e.Column = 0
		e.What = f.prefix() + e.What
	}
	s.at, j.bad = i, e
	return -1
}

// vector parses an array of numbers, or null.
func (j *jsonRows) vector(st *jsonStep, i int) int {
	s, b, f := j.s, j.s.b, st.f
	if i, ok := j.null(st, i); ok {
		return i
	}
	size := f.end - f.col
	if b[i] != '[' {
		return j.unexpected(f, i, fmt.Sprintf("an array of %d numbers", size))
	}
	start, r := i, j.r
	i = s.space(i + 1)
	n, long := 0, false
	if st.direct {
		dst := r.values[r.rows*r.p.k+st.at:][:size]
		dec := r.dec
		for k := range dst {
			if b[i]-'0' > 9 && b[i] != '-' {
				break
			}
			x, end, d, v := jsonNumber(b, i)
			if v != isNumber {
				break
			}
			c := b[end]
			if c != ',' && c != ']' {
				if end = s.space(end); b[end] != ',' && b[end] != ']' {
					break
				}
				c = b[end]
			}
			dst[k] = x
			dec = max(dec, d)
			n++
			i = end
			if c == ']' {
				break
			}
			if i++; b[i] == ' ' {
				i++
			}
			i = s.space(i)
			long = n == size
		}
		r.dec = dec
	}
	for b[i] != ']' && !long {
		if i = j.scalar(f.col+n, i); i < 0 {
			return i
		}
		n++
		if i = s.space(i); b[i] == ',' {
			i = s.space(i + 1)
			if long = n == size; b[i] == ']' {
				break // the check of the whole says that this is no JSON
			}
		} else if b[i] != ']' {
			return s.expected(i, "a comma or ]")
		}
	}
	if b[i] == ']' && n == size && !long {
		return i + 1
	}
	end := s.skip(start, jsonDepth)
	if end < 0 {
		return end
	}
	s.at = start
	j.bad = &Error{What: fmt.Sprintf("%san array of %s, expected %d as in the first records", f.prefix(),
		count(jsonValue(b[start:end]).count(), "number"), size)}
	return -1
}

// pairs parses an array of classes with their probabilities, or null.
func (j *jsonRows) pairs(st *jsonStep, i int) int {
	s := j.s
	if i, ok := j.null(st, i); ok {
		return i
	}
	if s.b[i] != '[' {
		return j.unexpected(st.f, i, "an array of classes with their probabilities")
	}
	end := s.skip(i, jsonDepth)
	if end < 0 {
		return end
	}
	jsonValue(s.b[i:end]).elements(func(n int, e jsonValue) bool {
		class, prob, ok := jsonPair(e)
		if !ok {
			s.at = cap(s.b) - cap(e)
			j.bad = &Error{What: fmt.Sprintf("%s: %s, expected a class and its probability as in the first records",
				quote(strings.TrimPrefix(fmt.Sprintf("%s.%d", st.f.path, n), ".")), e.what())}
			return false
		}
		return j.ofClass(st, class, e, prob)
	})
	return j.endOfClasses(st, end)
}

// ofClass takes the number of a class, which stands at e.
func (j *jsonRows) ofClass(st *jsonStep, class []byte, e, number jsonValue) bool {
	s := j.s
	m := st.index[string(class)]
	if m == nil {
		s.at = cap(s.b) - cap(e)
		j.bad = &Error{What: fmt.Sprintf("%sclass %s, which none of the first records has", st.f.prefix(), quote(string(class)))}
		return false
	}
	if !m.want {
		return true
	}
	if seen := &j.seen[m.f.id]; *seen == j.now {
		s.at = cap(s.b) - cap(e)
		j.bad = j.p.at(m.f.col, fmt.Sprintf("class %s twice in one record", quote(string(class))), "")
		return false
	} else {
		*seen = j.now
	}
	if j.bad = j.r.put(m.f.col, number, false); j.bad != nil {
		s.at = cap(s.b) - cap(number)
	}
	return j.bad == nil
}

// endOfClasses marks the classes that had no number.
func (j *jsonRows) endOfClasses(st *jsonStep, end int) int {
	if j.bad != nil {
		return -1
	}
	for _, m := range st.wanted {
		if j.seen[m.f.id] != j.now {
			j.lack(m, Empty)
		}
	}
	return end
}

// zipped takes an array of numbers for the classes in the array beside it. Both were
// passed over before, and are JSON.
func (j *jsonRows) zipped(object *jsonStep, classes, numbers int) int {
	s, st := j.s, object.numbers
	if end, ok := j.null(st, numbers); ok {
		return end
	}
	if s.b[numbers] != '[' {
		return j.unexpected(st.f, numbers, "an array of numbers")
	}
	end := s.skip(numbers, jsonDepth)
	values := jsonValue(s.b[numbers:end])
	var names jsonValue
	if classes >= 0 {
		names = jsonValue(s.b[classes:s.skip(classes, jsonDepth)])
	}
	if want, got := values.count(), names.count(); names.is() != '[' || want != got {
		s.at = numbers
		j.bad = &Error{What: fmt.Sprintf("%s%s, but %s in %s", st.f.prefix(), count(want, "number"),
			count(got, "class"), quote(object.classes.f.path))}
		return -1
	}
	j.names = j.names[:0]
	names.elements(func(_ int, e jsonValue) bool {
		j.names = append(j.names, e)
		return true
	})
	values.elements(func(i int, e jsonValue) bool { return j.ofClass(st, j.names[i].text(), j.names[i], e) })
	return j.endOfClasses(st, end)
}

// cell parses the value of one column.
func (j *jsonRows) cell(st *jsonStep, i int) int {
	s, b, r := j.s, j.s.b, j.r
	if st.direct {
		switch c := b[i]; {
		case st.kind == jsonIsText:
			if c == '"' {
				end, plain := s.str(i + 1)
				if end < 0 {
					return end
				}
				if plain {
					r.texts[st.at].plainText(b, i+1, end-1)
				} else {
					j.bare = jsonAppend(j.bare[:0], b[i+1:end-1])
					r.texts[st.at].Append(j.bare)
				}
				return end
			}
		case c-'0' <= 9 || c == '-':
			x, end, d, v := jsonNumber(b, i)
			if v == isNumber {
				if st.kind == jsonIsValue {
					r.values[r.rows*r.p.k+st.at] = x
					r.dec = max(r.dec, d)
				} else {
					r.numbers[st.at][r.rows] = x
				}
				return end
			}
		}
	}
	return j.scalar(st.f.col, i)
}

// scalar parses the value of a column, whatever it is.
func (j *jsonRows) scalar(col, i int) int {
	s := j.s
	end := s.skip(i, jsonDepth)
	if end < 0 {
		return end
	}
	v := jsonValue(s.b[i:end])
	if e := j.r.put(col, v, false); e != nil {
		s.at, j.bad = i, e
		return -1
	}
	return end
}

// put sets the cells of a column to a value.
func (r *jsonRun) put(col int, v jsonValue, quoted bool) *Error {
	numeric := false
	for _, u := range r.p.uses[col] {
		if u.kind != jsonIsText {
			numeric = true
			continue
		}
		r.texts[u.at].Append(v.text())
	}
	if !numeric {
		return nil
	}
	x, dec, why, got := v.number(quoted)
	switch got {
	case isNumber:
		r.number(col, x, dec)
	case isMissing:
		r.lack(col, why)
	case tooLarge:
		return r.p.at(col, fmt.Sprintf("out of range: %s, expected a number within ±1.8e308", jsonExcerptOf(v)), "")
	default:
		e := r.p.at(col, fmt.Sprintf("not a number: %s", strings.TrimPrefix(v.what(), "not ")), "")
		if v.is() == '"' {
			if _, _, _, got := v.number(true); got == isNumber {
				e.Hint = "a number in quotes is text: write it without them"
			}
		}
		return e
	}
	return nil
}
