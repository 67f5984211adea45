package surprisal

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"surprisal/internal/exact"
)

// A cluster's sums are those of the superaccumulator, in any order and any parts, be
// they of two numbers or not.
func TestClusterIsExact(t *testing.T) {
	kinds := map[string]func(r *rand.Rand) float64{
		"log-probabilities": func(r *rand.Rand) float64 { return math.Round(1e6*r.ExpFloat64()) / 1e6 },
		"doubles":           func(r *rand.Rand) float64 { return r.ExpFloat64() },
		"all sizes":         func(r *rand.Rand) float64 { return r.NormFloat64() * math.Pow(10, 600*r.Float64()-300) },
		"cancelling":        func(r *rand.Rand) float64 { return math.Ldexp(float64(r.IntN(3)-1), r.IntN(2000)-1000) },
		"subnormal":         func(r *rand.Rand) float64 { return r.NormFloat64() * 5e-322 },
		"near the end":      func(r *rand.Rand) float64 { return (r.Float64() - .5) * math.MaxFloat64 },
		"some infinite": func(r *rand.Rand) float64 {
			if r.IntN(30) == 0 {
				return math.Inf(1)
			}
			return r.ExpFloat64()
		},
		"zeros": func(r *rand.Rand) float64 { return math.Copysign(0, r.NormFloat64()) },
	}
	for name, value := range kinds {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 55))
			for trial := range 300 {
				n := 1 + r.IntN(60)
				type row struct {
					num, den float64
					times    int64
				}
				rows := make([]row, n)
				scale := []float64{0, 1, .3, 1e-200, -2}[r.IntN(5)]
				var a, b, scaled exact.Sum
				for i := range rows {
					rows[i] = row{value(r), 1, 1}
					if trial%3 == 1 {
						rows[i].den = value(r)
						if !isFinite(rows[i].den) {
							rows[i].den = .25
						}
						rows[i].den *= 1e-3 // their sum is finite
					}
					if trial%4 == 2 {
						rows[i].times = r.Int64N(1 << (1 + r.IntN(60)))
					}
					a.AddTimes(rows[i].num, uint64(rows[i].times))
					b.AddTimes(rows[i].den, uint64(rows[i].times))
				}
				scaled.MergeScaled(&b, scale)
				for range 3 {
					r.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
					parts := make([]Cluster, 1+r.IntN(4))
					for _, x := range rows {
						parts[r.IntN(len(parts))].AddRepeated(x.num, x.den, x.times)
					}
					var k, s Cluster
					for i := range parts {
						k.Merge(&parts[i])
						s.MergeScaled(&parts[i], scale)
					}
					check := func(what string, got, want float64) {
						if math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
							t.Fatalf("%s of %d rows: %v, want %v", what, n, got, want)
						}
					}
					values := func(k *Cluster) (a, b float64) {
						if k.wide != nil {
							return k.wide.a.Value(), k.wide.b.Value()
						}
						return k.a.hi, k.b.hi
					}
					gotA, gotB := values(&k)
					check("a", gotA, a.Value())
					check("b", gotB, b.Value())
					gotA, gotB = values(&s)
					check("a beside a scaled b", gotA, a.Value())
					check("scaled b", gotB, scaled.Value())
					if name == "log-probabilities" && trial%12 == 0 && k.wide != nil {
						t.Fatal("plain rows need a wide sum")
					}
				}
			}
		})
	}
}

func TestClusterIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Cluster{}); size > 48 {
		t.Errorf("%d bytes", size)
	}
}

// A cluster may be added to itself.
func TestClusterTwice(t *testing.T) {
	for _, x := range []float64{.1, 1e300} {
		var k Cluster
		k.Add(x, 1)
		k.Add(1e-300, 3)
		k.Merge(&k)
		var c, d Accumulator
		c.AddCluster(&k)
		d.AddRatio(2*x, 8)
		sameState(t, "twice", &c, &d)
	}
}
