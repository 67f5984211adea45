package score

import (
	"math"

	"surprisal"
	"surprisal/loss"
)

// curveFloors are the floors of the floor curve. Among them are those that other
// tools apply in silence: 1e-15, and 2⁻⁵² (the spacing of float64 at 1).
var curveFloors = [...]float64{1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12, 1e-15, 0x1p-52, 1e-30}

// floorCurve keeps what the mean would be at each floor. A floor changes only
// the rows below it, which are few; they are kept as corrections to the sums of
// all finite rows: their own terms taken out, the floored ones put in. Exact sums
// make the difference exact.
type floorCurve struct {
	caps [len(curveFloors)]float64 // −log of each floor
	// below[j] holds the rows between floor j and the next, with −nats for nats; a
	// row that counts once is under floors 0 to j and costs each floor's cap there.
	below    [len(curveFloors)]surprisal.Accumulator
	pending  [len(curveFloors)][]float64 // not yet in below: they are added many at a time
	infinite int64                       // such rows that cost +Inf; they are under every floor
	// correct[j] is the correction of every other row, ready made.
	correct [len(curveFloors)]surprisal.Accumulator
}

func (c *floorCurve) init() {
	for j, f := range curveFloors {
		c.caps[j] = loss.Prob(f)
	}
}

// touches reports whether any floor of the curve changes a row that cost nats.
func (c *floorCurve) touches(nats float64) bool { return nats > c.caps[0] }

// add corrects for a row of the given surprisal.
func (c *floorCurve) add(nats float64, w rowWeight) {
	switch {
	case w.w != 1 || w.n != 1:
		c.addFloored(nats, w, func(j int) float64 { return min(nats, c.caps[j]) })
	case math.IsInf(nats, 1):
		c.infinite++
	default:
		j := 0
		for j+1 < len(c.caps) && nats > c.caps[j+1] {
			j++
		}
		if c.pending[j] = append(c.pending[j], -nats); len(c.pending[j]) >= 512 {
			c.flush(j)
		}
	}
}

// flush adds what is pending of floor j.
func (c *floorCurve) flush(j int) {
	c.below[j].AddSlice(c.pending[j])
	c.pending[j] = c.pending[j][:0]
}

// addFloored corrects for a row whose cost under floor j is floored(j).
func (c *floorCurve) addFloored(nats float64, w rowWeight, floored func(j int) float64) {
	for j := range c.caps {
		to := floored(j)
		if to == nats {
			continue
		}
		if !math.IsInf(nats, 1) {
			c.correct[j].AddRepeated(-(w.w * nats), -w.w, w.n)
		}
		c.correct[j].AddRepeated(w.w*to, w.w, w.n)
	}
}

func (c *floorCurve) merge(o *floorCurve) {
	for j := range c.correct {
		c.flush(j)
		o.flush(j)
		c.below[j].Merge(&o.below[j])
		c.correct[j].Merge(&o.correct[j])
	}
	c.infinite += o.infinite
}

// points is the curve, given the sums of all rows.
func (c *floorCurve) points(all *surprisal.Accumulator) []FloorPoint {
	for j := range c.below {
		c.flush(j)
	}
	points := make([]FloorPoint, len(curveFloors))
	for j, f := range curveFloors {
		var sum surprisal.Accumulator
		sum.Merge(all)
		sum.Merge(&c.correct[j])
		for k := j; k < len(c.below); k++ {
			// −nats for the row's nats, and its weight 1, counted by Add, back to 0.
			n := c.below[k].N()
			sum.Merge(&c.below[k])
			sum.AddRepeated(c.caps[j], -1, n)
		}
		sum.AddRepeated(c.caps[j], 1, c.infinite)
		points[j] = FloorPoint{f, sum.FiniteMean()}
	}
	return points
}
