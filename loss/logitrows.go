package loss

import (
	"math"

	"surprisal/internal/kernel"
)

// batchNumbers is how many numbers are handed to a kernel at once: they stay in
// the cache. Those that are converted have to stay nearer.
const batchNumbers, convertedNumbers = 1 << 14, 1 << 12

// stage is what the kernels of a type are given and give.
type stage[T Float] struct {
	x, grad, y, scale []T
}

// logitRows does rows of logits by the kernels for T.
func logitRows[T Float](j *crossEntropy, w *worker, s *stage[T], out []float64, from, to int) error {
	columns := j.x.columns
	most := batchNumbers
	if _, ok := stored[T](j.x); !ok || j.Temperature != 1 {
		most = convertedNumbers
	}
	batch := max(1, min(most/columns, to-from))
	soft := !j.t.hard() || j.Smoothing > 0
	// Of logits of 16 bits the kernels take losses as they are.
	half := j.fast && !soft && j.grad.kind == none && (j.x.kind == isBFloat16 || j.x.kind == isFloat16)
	for ; from < to; from, out = from+batch, out[min(batch, len(out)):] {
		n := min(batch, to-from)
		var x, grad []T
		if !half {
			x = loaded(j.x.span(from, from+n), j.Temperature, &s.x)
		}
		direct := false
		if j.grad.kind != none {
			if grad, direct = stored[T](j.grad.span(from, from+n)); !direct {
				s.grad = grown(s.grad, n*columns)
				grad = s.grad
			}
		}
		w.labels = grown(w.labels, n)
		if soft {
			if err := softRows(j, w, s, out[:n], grad, x, from); err != nil {
				return err
			}
		} else {
			hardRows(j, w, s, out[:n], grad, x, from)
		}
		if grad != nil && !direct {
			storeRows(j.grad.span(from, from+n), grad)
		}
	}
	return nil
}

// hardRows does rows with a label each, of which the first is number from. x is
// nil if they are of 16 bits and only the losses are wanted.
func hardRows[T Float](j *crossEntropy, w *worker, s *stage[T], out []float64, grad, x []T, from int) {
	plain := j.Weights == nil // no row is left out or weighted
	for i := range out {
		y := j.t.label(from + i)
		if j.ignored(y) {
			y, plain = 0, false
		}
		w.labels[i] = int(y)
	}
	columns := j.x.columns
	if x == nil {
		losses16(out, j.x.span(from, from+len(out)), w.labels)
	} else if grad == nil {
		losses(out, x, columns, w.labels)
	} else {
		s.scale = grown(s.scale, len(out))
		for i := range out {
			s.scale[i] = T(j.scale * j.weight(w.labels[i]) / j.Temperature)
		}
		gradients(out, grad, x, columns, w.labels, s.scale)
	}
	if plain {
		return
	}
	for i := range out {
		if y := j.t.label(from + i); !j.ignored(y) {
			if f := j.weight(int(y)); f != 0 {
				out[i] *= f
				continue
			}
		}
		out[i] = 0
		if grad != nil {
			clear(grad[i*columns : (i+1)*columns])
		}
	}
}

// softRows does rows with shares yₖ, given or made by smoothing, as
//
//	Σ yₖ·(m - xₖ) + Σ yₖ·log Σ exp(xₖ - m)
//
// where m is the largest logit: no term is negative if no share is. The second
// logarithm is the loss of that largest logit.
func softRows[T Float](j *crossEntropy, w *worker, s *stage[T], out []float64, grad, x []T, from int) error {
	n := j.x.columns
	hard := j.t.hard()
	kept, even := 1-j.Smoothing, j.Smoothing/float64(n)
	// In one go if the shares are as they are stored, and T holds them.
	slow := j.Weights != nil
	var y []T
	if !hard && !slow {
		if slow = j.t.shares.kind == isFloat64 && !is64[T](); !slow {
			y = loaded(j.t.shares.span(from, from+len(out)), 1, &s.y)
		}
	}
	if slow {
		w.q = grown(w.q, n)
	}
	w.part, w.total = grown(w.part, len(out)), grown(w.total, len(out))
	for i := range out {
		row := x[i*n : (i+1)*n]
		top := kernel.Largest(row)
		w.labels[i] = top
		if j.left(from + i) {
			continue
		}
		most := float64(row[top])
		var part float64
		total := 1.0
		switch {
		case slow:
			var err error
			if total, err = j.shares(w, from+i); err != nil {
				return err
			}
			part = below(row, w.q, most)
		case hard:
			part = product(kept, most-float64(row[j.t.label(from+i)]))
		default:
			nats, sum, bad := kernel.Below(row, y[i*n:(i+1)*n], most)
			if bad {
				w.q = grown(w.q, n)
				if _, err := j.shares(w, from+i); err != nil {
					return err
				}
			}
			part, total = product(kept, nats), float64(kept*sum)+j.Smoothing
		}
		if !slow && even > 0 {
			part += float64(even * kernel.Distance(row, most))
		}
		w.part[i], w.total[i] = part, total
	}
	if grad == nil {
		losses(out, x, n, w.labels)
	} else {
		gradients(out, grad, x, n, w.labels, nil)
	}
	for i, tail := range out {
		var g []T
		if grad != nil {
			g = grad[i*n : (i+1)*n]
		}
		if j.left(from + i) {
			out[i] = 0
			clear(g)
			continue
		}
		total, top := w.total[i], w.labels[i]
		if tail == tail {
			out[i] = product(total, tail) + w.part[i]
		}
		if grad == nil {
			continue
		}
		// p is known of all classes but the top one, of that p - 1.
		scale := j.scale / j.Temperature
		off := float64(g[top])
		switch {
		case slow:
			if _, err := j.shares(w, from+i); err != nil {
				return err
			}
			for k, p := range g {
				g[k] = T(scale * (float64(total*float64(p)) - w.q[k]))
			}
			g[top] = T(scale * (float64(total*off) + (total - w.q[top])))
		case hard:
			label := int(j.t.label(from + i))
			p := float64(g[label])
			kernel.Combine(g, g, scale, 0, -scale*even)
			if top == label {
				g[top] = T(scale * (off + (j.Smoothing - even)))
			} else {
				g[top] = T(scale * (off + (1 - even)))
				g[label] = T(scale * (p - (kept + even)))
			}
		default:
			row := y[i*n : (i+1)*n]
			kernel.Combine(g, row, scale*total, -scale*kept, -scale*even)
			g[top] = T(scale * (float64(total*off) + (total - (float64(kept*float64(row[top])) + even))))
		}
	}
	return nil
}

// below is Σ qₖ·(m - xₖ).
func below[T Float](x []T, q []float64, m float64) float64 {
	var s float64
	for k, v := range q {
		if v != 0 {
			s += float64(v * (m - float64(x[k])))
		}
	}
	return s
}

// stored is the numbers of m if they are stored as T.
func stored[T Float](m Matrix) (x []T, ok bool) {
	switch x := any(&x).(type) {
	case *[]float32:
		*x, ok = m.f32, m.kind == isFloat32
	case *[]float64:
		*x, ok = m.f64, m.kind == isFloat64
	}
	return x, ok
}

// loaded is the numbers of m over d, in tmp if they are stored otherwise. If d is
// not 1, T is float64.
func loaded[T Float](m Matrix, d float64, tmp *[]T) []T {
	if x, ok := stored[T](m); ok && d == 1 {
		return x
	}
	*tmp = grown(*tmp, m.rows*m.columns)
	switch x := any(*tmp).(type) {
	case []float32:
		m.widen32(x)
	case []float64:
		m.divided(d, x)
	}
	return *tmp
}

func storeRows[T Float](m Matrix, x []T) {
	switch x := any(x).(type) {
	case []float32:
		m.store32(x)
	case []float64:
		m.store(x)
	}
}

func is64[T Float]() bool {
	var x T
	_, ok := any(x).(float64)
	return ok
}

func losses[T Float](dst []float64, x []T, classes int, targets []int) {
	switch x := any(x).(type) {
	case []float32:
		kernel.CrossEntropy32(dst, x, classes, targets)
	case []float64:
		kernel.CrossEntropy64(dst, x, classes, targets)
	}
}

func losses16(dst []float64, x Matrix, targets []int) {
	if x.kind == isBFloat16 {
		kernel.CrossEntropyBFloat16(dst, bits(x.b16), x.columns, targets)
	} else {
		kernel.CrossEntropyFloat16(dst, bits(x.f16), x.columns, targets)
	}
}

func gradients[T Float](dst []float64, grad, x []T, classes int, targets []int, scale []T) {
	switch x := any(x).(type) {
	case []float32:
		grad, _ := any(grad).([]float32)
		scale, _ := any(scale).([]float32)
		kernel.CrossEntropyGrad32(dst, grad, x, classes, targets, scale)
	case []float64:
		grad, _ := any(grad).([]float64)
		scale, _ := any(scale).([]float64)
		kernel.CrossEntropyGrad64(dst, grad, x, classes, targets, scale)
	}
}

// largest is the index of the largest, NaNs aside, or -1 if there is nothing
// above -Inf.
func largest[T Float](x []T) int {
	if at := kernel.Largest(x); len(x) > 0 && float64(x[at]) > math.Inf(-1) {
		return at
	}
	return -1
}
