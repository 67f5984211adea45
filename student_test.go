package surprisal

import (
	"math"
	"testing"
)

// The references are mpmath's. Those of scipy 1.10 beside them are off by up to
// 5e-9.
func TestStudentT(t *testing.T) {
	var ref struct {
		Rows []struct {
			DF            float64
			Confidence, T hexFloat
		}
	}
	readReference(t, "tquantile.json", &ref)
	if len(ref.Rows) < 500 {
		t.Fatalf("only %d references", len(ref.Rows))
	}
	worst := 0.0
	for _, r := range ref.Rows {
		got := studentT(r.DF, float64(r.Confidence))
		e := math.Abs(got/float64(r.T) - 1)
		if !(e <= 1e-13) {
			t.Errorf("df = %v, confidence %v: %v, want %v, off by %.2g", r.DF, r.Confidence, got, r.T, e)
		}
		worst = max(worst, e)
	}
	t.Logf("largest relative error %.2g", worst)
}

// Between the references: more confidence and fewer degrees of freedom need a
// larger t, and the ends stay finite.
func TestStudentTMonotone(t *testing.T) {
	for _, c := range []float64{5e-324, 1e-300, 1e-9, .3, .5, .75, .95, .9999, 1 - 0x1p-53} {
		last := math.Inf(1)
		for df := 1.0; df < 1e18; df = math.Ceil(df * 1.3) {
			v := studentT(df, c)
			if !(v <= last*(1+1e-13)) || !(v >= 0) {
				t.Errorf("confidence %v: t(%v) = %v after %v", c, df, v, last)
			}
			last = v
		}
	}
	for _, df := range []float64{1, 2, 3, 7, 30, 500, 5000, 5001, 1e9} {
		last := 0.0
		for c := 1. / 256; c < 1; c += 1. / 256 {
			v := studentT(df, c)
			if !(v > last) {
				t.Errorf("df %v: t is %v at confidence %v, %v before", df, v, c, last)
			}
			last = v
		}
	}
}

func BenchmarkStudentT(b *testing.B) {
	for _, df := range []float64{3, 19, 999, 4999, 99999} {
		b.Run(size(int(df)+1), func(b *testing.B) {
			for b.Loop() {
				sink = studentT(df, .95)
			}
		})
	}
}
