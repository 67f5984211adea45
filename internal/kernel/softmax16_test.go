package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Losses of 16-bit logits are those of the float32 that they are.
func TestCrossEntropy16(t *testing.T) {
	forms := []struct {
		name   string
		losses func(dst []float64, x []uint16, classes int, targets []int)
		narrow func(float32) uint16
		widen  func(uint16) float32
	}{
		{"bfloat16", CrossEntropyBFloat16, ToBFloat16, FromBFloat16},
		{"binary16", CrossEntropyFloat16, ToFloat16, FromFloat16},
	}
	eachTier(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(110, 111))
		for _, f := range forms {
			for _, classes := range []int{1, 2, 5, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 127, 128, 129, 1000, 4095, 4096, 4097, 9000, 20000} {
				rows := max(3, 2000/classes)
				all := make([]uint16, 40+rows*classes)
				for i := range all {
					all[i] = f.narrow(float32(math.NaN())) // a kernel that reads beyond shows it
				}
				x := all[20 : 20+rows*classes]
				y, wide := make([]int, rows), make([]float32, len(x))
				for i := range rows {
					y[i] = r.IntN(classes)
					scale, shift := 2.0, 0.0
					switch r.IntN(6) {
					case 0:
						scale = 100
					case 1:
						shift = 300 * (r.Float64() - .5)
					case 2:
						scale = 0.01
					}
					for k := range classes {
						x[i*classes+k] = f.narrow(float32(scale*r.NormFloat64() + shift))
					}
					at := i*classes + r.IntN(classes)
					switch r.IntN(12) {
					case 0:
						x[at] = f.narrow(float32(math.Inf(-1)))
					case 1:
						x[at] = f.narrow(float32(math.Inf(1)))
					case 2:
						x[at] = f.narrow(float32(math.NaN())) | 0x8000
					case 3:
						x[i*classes+y[i]] = f.narrow(60)
					case 4:
						x[i*classes+y[i]] = f.narrow(float32(math.Inf(-1)))
					}
				}
				for i, v := range x {
					wide[i] = f.widen(v)
				}
				got, want := make([]float64, rows), make([]float64, rows)
				f.losses(got, x, classes, y)
				for i := range rows {
					row := make([]float64, classes)
					for k := range row {
						row[k] = float64(wide[i*classes+k])
					}
					CrossEntropy64(want[i:i+1], row, classes, y[i:i+1])
					g, w := got[i], want[i]
					if g != w && !(math.Abs(g-w) <= 2.5e-7*w) && (g == g || w == w) {
						t.Fatalf("%s, %d classes, row %d: %v, want %v", f.name, classes, i, g, w)
					}
					var alone [1]float64
					f.losses(alone[:], x[i*classes:(i+1)*classes], classes, y[i:i+1])
					if !sameNumber(alone[0], g) {
						t.Fatalf("%s, %d classes, row %d: %v, alone %v", f.name, classes, i, g, alone[0])
					}
				}
				if classes == 100 {
					for i := range rows {
						for k := range classes {
							x[i*classes+k] = f.narrow(float32(k % 7))
						}
					}
					noAllocs(t, f.name, func() { f.losses(got, x, classes, y) })
				}
			}
			for name, call := range map[string]func(){
				"target": func() { f.losses(make([]float64, 1), make([]uint16, 2), 2, []int{2}) },
				"length": func() { f.losses(make([]float64, 2), make([]uint16, 3), 2, []int{0, 1}) },
			} {
				func() {
					defer func() {
						if fmt.Sprint(recover())[:7] != "kernel:" {
							t.Errorf("%s: no panic", name)
						}
					}()
					call()
				}()
			}
		}
	})
}
