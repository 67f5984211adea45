// Package check holds the tests that keep the whole module in shape: which
// package may import which and why, that every package says what it is, that
// no file knows the machine it was written on, and, where asked for, that the
// command gives the same bits however its input is shuffled, split, packed and
// stored, in little memory. It exports nothing.
package check
