//go:build !race

package surprisal

const raceDetector = false
