package analysis

import (
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Monte Carlo draws: 100 beyond a statistic whose p-value is alpha, if the
// time allows (about 5 million binomial draws take a second), and at least 20.
const (
	drawnCounts   = 5e6
	drawsAtAlpha  = 100
	leastAtAlpha  = 20
	mostDrawnOnce = 3e7
)

// draws is the number of tables to draw, 0 if too few can be drawn to resolve
// alpha.
func (f fit) draws() int {
	k := float64(len(f.shares))
	least := leastAtAlpha / f.alpha
	if least*k > mostDrawnOnce {
		return 0
	}
	return int(max(10_000, least, min(drawsAtAlpha/f.alpha, drawnCounts/k)))
}

// simulate draws tables of n under the shares and counts, for each statistic,
// those with one at least as great. The same tables serve all statistics.
func (f fit) simulate(n float64, draws int, statistics []float64) []float64 {
	source := rand.NewPCG(f.seed, 0x5eed)
	shares := slices.Sorted(slices.Values(f.shares))
	slices.Reverse(shares)
	thresholds := make([]float64, len(statistics))
	for i, each := range statistics {
		thresholds[i] = each*(1-1e-10) - 1e-12
	}
	hits := make([]float64, len(statistics))
	for range draws {
		var x2 float64
		left, rest := n, 1.
		for i, share := range shares {
			x := left
			if i < len(shares)-1 && left > 0 {
				x = distuv.Binomial{N: left, P: min(1, share/rest), Src: source}.Rand()
			}
			expected := n * share
			x2 += (x - expected) * (x - expected) / expected
			left, rest = left-x, rest-share
		}
		for i, threshold := range thresholds {
			if x2 >= threshold {
				hits[i]++
			}
		}
	}
	return hits
}
