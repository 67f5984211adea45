package predict

import "io"

// NPYArray is what the head of an NPY array says, as the members of an NPZ
// archive have it.
type NPYArray struct {
	Kind    byte // 'f', 'i', 'u' or 'b'; text: 'U' (UTF-32) or 'S' (bytes)
	Size    int  // bytes of one value
	Big     bool // big-endian
	Fortran bool // stored column after column
	Flat    bool // of one dimension
	Rows    int64
	Cols    int
	Data    int64 // where the values begin
}

// ReadNPYArray reads the head of an NPY array, up to the first value. Rows × Cols
// × Size fits an int64.
func ReadNPYArray(name string, r io.Reader) (NPYArray, error) {
	h, err := readNPYHeader(name, r)
	if err != nil {
		return NPYArray{}, err
	}
	return NPYArray{h.kind, h.size, h.big, h.fortran, h.flat, h.rows, h.cols, h.data}, nil
}
