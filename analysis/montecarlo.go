package analysis

import (
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// How many tables are drawn: at first a number that is soon drawn, then twice as
// many again and again, until each p-value is clear of alpha, or as many counts
// have been drawn as take some six seconds (about 5 million take one).
const (
	firstDraws  = 10_000
	mostDrawn   = 3e7
	drawnAtOnce = 200_000
)

// unclearAt is the probability with which an interval that decides misses the
// p-value on either side.
const unclearAt = 1e-7

// drawn are the p-values by Monte Carlo (Davison and Hinkley 1997, section 4.2), of
// so many counts at most.
func (f fit) drawn(n float64, statistics []float64, counts float64) []level {
	levels := make([]level, len(statistics))
	hits := make([]float64, len(statistics))
	source := rand.NewPCG(f.seed, 0x5eed)
	most := int(counts / float64(len(f.shares)))
	for all, next := 0, firstDraws; ; next = min(all, most-all) {
		for i, h := range f.simulate(source, n, next, statistics) {
			hits[i] += h
		}
		all += next
		unclear := false
		for i, h := range hits {
			draws := float64(all)
			levels[i] = level{p: (1 + h) / (1 + draws), method: MonteCarlo}
			levels[i].exact = &ExactTest{
				PValue: levels[i].p, Method: "monte-carlo", Draws: all,
				Low: boundBelow(h, draws, 0.005), High: boundAbove(h, draws, 0.005),
			}
			levels[i].unclear = boundBelow(h, draws, unclearAt) <= f.alpha && boundAbove(h, draws, unclearAt) > f.alpha
			unclear = unclear || levels[i].unclear
		}
		// What is far from alpha is told with a few digits, where that takes no time.
		if !unclear && all >= min(drawnAtOnce, most) || all >= most {
			return levels
		}
	}
}

// simulate draws tables of n under the shares and counts, for each statistic,
// those with one at least as great. The same tables serve all statistics.
func (f fit) simulate(source rand.Source, n float64, draws int, statistics []float64) []float64 {
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
