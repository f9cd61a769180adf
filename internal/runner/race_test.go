//go:build race

package runner_test

// over is fewer runs under the race detector, which takes many times as long and
// looks for something else.
func over(runs int) int { return runs / 5 }
