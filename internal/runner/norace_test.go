//go:build !race

package runner_test

// over is how many runs a rate is taken over.
func over(runs int) int { return runs }
