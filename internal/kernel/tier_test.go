package kernel

import (
	"math"
	"os"
	"testing"
)

// eachTier runs f on every tier the processor has. A tier that the environment
// variable SURPRISAL_REQUIRE_KERNEL names must be among them.
func eachTier(t *testing.T, f func(t *testing.T)) {
	for i := plain; i <= best(); i++ {
		t.Run(i.String(), func(t *testing.T) {
			onTier(t, i)
			f(t)
		})
	}
}

// onTier switches to a tier for the time of a test or benchmark.
func onTier(t testing.TB, i tier) {
	before := active
	setTier(i)
	t.Cleanup(func() { setTier(before) })
}

// TestRequiredTier fails where the tier that SURPRISAL_REQUIRE_KERNEL names is
// not the one in use, so that a run that is there to test it cannot pass
// without. (go test does not see that a cached result is of another tier: use
// -count=1.)
func TestRequiredTier(t *testing.T) {
	want := os.Getenv("SURPRISAL_REQUIRE_KERNEL")
	if want != "" && want != Tier() {
		t.Fatalf("tier %s is required, %s is in use (the processor's best is %v)", want, Tier(), best())
	}
	t.Logf("tier %s", Tier())
}

func TestChosen(t *testing.T) {
	for _, c := range []struct {
		asked      string
		best, want tier
	}{
		{"", avx512, avx512}, {"", plain, plain},
		{"plain", avx512, plain}, {"plain", avx2, plain}, {"plain", plain, plain},
		{"avx2", avx512, avx2}, {"avx2", avx2, avx2}, {"avx2", plain, plain},
		{"avx512", avx512, avx512}, {"avx512", avx2, avx2},
		{"neon", avx2, avx2},
	} {
		t.Setenv("SURPRISAL_KERNEL", c.asked)
		if got := chosen(c.best); got != c.want {
			t.Errorf("asked %q with %v: %v, want %v", c.asked, c.best, got, c.want)
		}
	}
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// zone is the number of NaNs on either side of a guarded slice.
const zone = 20

// guarded returns a slice of n elements, offset from any alignment by shift,
// between zones of NaNs, and a function that fails the test if a zone was
// written to. A kernel that reads a zone shows it by a NaN in its result.
func guarded[T float32 | float64](t testing.TB, n, shift int) (x []T, check func()) {
	t.Helper()
	mark := T(math.NaN())
	all := make([]T, zone+shift+n+zone)
	for i := range all {
		all[i] = mark
	}
	x = all[zone+shift : zone+shift+n : zone+shift+n]
	return x, func() {
		t.Helper()
		for i, v := range all {
			if (i < zone+shift || i >= zone+shift+n) && v == v {
				t.Fatalf("n = %d, shift %d: element %d was written", n, shift, i-zone-shift)
			}
		}
	}
}

// noAllocs fails the test if f allocates.
func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(10, f); n != 0 {
		t.Errorf("%s: %v allocations", what, n)
	}
}

// readWords takes the time of reading x. Its length is a multiple of 32.
func readWords(x []float64) {
	if best() != plain {
		sink = readAVX2(x)
		return
	}
	var s [8]float64
	for ; len(x) >= 8; x = x[8:] {
		for k := range s {
			s[k] += x[k]
		}
	}
	sink = s[0]
}
