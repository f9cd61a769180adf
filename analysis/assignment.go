package analysis

import (
	"math"
	"slices"
)

// Errors and unidentified answers may have been any version. A verdict must
// hold however they are assigned, so the least and the greatest statistic that
// an assignment gives are what is judged.

// leastStatistic is the smallest chi-square statistic that the counts can come
// to when extra more are assigned to versions.
func leastStatistic(counts, shares []float64, extra float64) float64 {
	best := slices.Clone(counts)
	n := total(counts) + extra
	// Fill those that lack most, all to the same level, as water would.
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return compare(counts[a]/shares[a], counts[b]/shares[b])
	})
	var filled, share float64
	level := 0.
	for place, i := range order {
		filled += counts[i]
		share += shares[i]
		level = (filled + extra) / share
		if place+1 == len(order) || counts[order[place+1]]/shares[order[place+1]] >= level {
			break
		}
	}
	left := extra
	for i := range best {
		add := math.Floor(max(0, level*shares[i]-counts[i]) + 1e-9)
		add = min(add, left)
		best[i] += add
		left -= add
	}
	// What rounding down has left goes, one by one, where it costs least.
	for ; left > 0; left-- {
		cheapest, cost := 0, math.Inf(1)
		for i := range best {
			if c := (2*(best[i]-n*shares[i]) + 1) / shares[i]; c < cost {
				cheapest, cost = i, c
			}
		}
		best[cheapest]++
	}
	return chiSquareStatistic(best, shares)
}

// greatestStatistic is the largest: all of extra on one version, for the
// statistic is convex.
func greatestStatistic(counts, shares []float64, extra float64) float64 {
	if extra == 0 {
		return chiSquareStatistic(counts, shares)
	}
	worst := 0.
	for i := range counts {
		counts[i] += extra
		worst = max(worst, chiSquareStatistic(counts, shares))
		counts[i] -= extra
	}
	return worst
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
