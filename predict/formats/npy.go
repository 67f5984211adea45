package formats

import (
	"bytes"

	"surprisal/predict"
)

var npy = Format{
	Name:        "npy",
	Description: "NumPy arrays of one or two dimensions: floats of 2, 4 or 8 bytes, integers, booleans, or a text per row",
	Extensions:  []string{"npy"},
	Detect:      func(head []byte) bool { return bytes.HasPrefix(head, []byte(predict.NPYMagic)) },
	Open: func(in Input, _ Options) (predict.Source, error) {
		if in.At != nil {
			return predict.OpenNPY(in.Name, in.At, in.Size)
		}
		return predict.OpenNPYStream(in.Name, in.Stream)
	},
}
