package analysis

import "math"

// equivalent is the exact two one-sided tests of one version: the greatest
// probability, of a share w that is off by its margin or more, of a count as
// close to the weight as one between low and high of n. A bound beyond 0 or 1
// excludes nothing that could be.
func equivalent(low, high, n float64, a arm) float64 {
	var p float64
	if bound := snap(a.share - a.margin); bound >= 0 {
		p = upperTail(low, n, bound)
	}
	if bound := snap(a.share + a.margin); bound <= 1 {
		p = max(p, lowerTail(high, n, bound))
	}
	return p
}

// leastMargin is the smallest margin at which a version with a count between
// low and high of n would pass both tests at alpha.
func leastMargin(low, high, n, share, alpha float64) float64 {
	return max(share-boundBelow(low, n, alpha), boundAbove(high, n, alpha)-share)
}

// goodman is the interval of Goodman (1965) for one of k shares, with a
// simultaneous coverage of 1 - alpha.
func goodman(x, n float64, k int, alpha float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	a := chiSquareCritical(alpha/float64(k), 1)
	root := math.Sqrt(a * (a + 4*x*((n-x)/n)))
	low = (a + 2*x - root) / (2 * (n + a))
	high = (a + 2*x + root) / (2 * (n + a))
	return max(0, low), min(1, high)
}
