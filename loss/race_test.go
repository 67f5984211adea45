//go:build race

package loss

// The race detector makes pools forget, so that allocations cannot be counted.
const raceDetector = true
