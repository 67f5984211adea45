package surprisal

import (
	"fmt"
	"math"
)

// Unit is a unit of information. All arithmetic of this module is in nats; a
// Unit only reads and prints. The zero Unit is Nat.
type Unit uint8

const (
	Nat Unit = iota // natural logarithm: the unit of everything inside
	Bit             // logarithm to base 2, also called shannon; ln 2 nats
	Dit             // logarithm to base 10, also called ban or hartley; ln 10 nats
)

// ParseUnit reads the name of a unit: nat, nats; bit, bits, shannon; dit, dits,
// ban, hartley.
func ParseUnit(s string) (Unit, error) {
	switch s {
	case "nat", "nats":
		return Nat, nil
	case "bit", "bits", "shannon":
		return Bit, nil
	case "dit", "dits", "ban", "hartley":
		return Dit, nil
	}
	return Nat, fmt.Errorf("unknown unit %q: want nat (nats), bit (bits, shannon) or dit (dits, ban, hartley)", s)
}

// String returns "nat", "bit" or "dit".
func (u Unit) String() string {
	switch u {
	case Nat:
		return "nat"
	case Bit:
		return "bit"
	case Dit:
		return "dit"
	}
	return fmt.Sprintf("Unit(%d)", uint8(u))
}

// size returns the unit in nats.
func (u Unit) size() float64 {
	switch u {
	case Nat:
		return 1
	case Bit:
		return math.Ln2
	case Dit:
		return math.Ln10
	}
	panic("surprisal: unknown unit")
}

// FromNats returns what is nats in nats, in u. Infinities and NaN stay what
// they are. The relative error is at most 2 units in the last place; Nat is
// exact.
func (u Unit) FromNats(nats float64) float64 { return nats / u.size() }

// ToNats returns what is v in u, in nats: FromNats backwards, with the same
// error.
func (u Unit) ToNats(v float64) float64 { return v * u.size() }
