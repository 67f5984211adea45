//go:build !race

package loss

const raceDetector = false
