package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// Agree returns the p-value of the hypothesis that two samples have the same
// shares of each version, of errors and of unidentified answers: the least of the
// exact two-sided tests of each (Fisher 1934), times their number (Bonferroni). It
// is exact for any counts, so that a version that is hardly ever seen does not
// look as if it had come or gone.
func Agree(a, b *split.Tally) float64 {
	n, m := a.Requests(), b.Requests()
	kinds := map[string][2]int64{"": {a.Failed(), b.Failed()}, "\x00": {a.Unknown(), b.Unknown()}}
	for version, x := range a.Versions {
		kinds[version] = [2]int64{x, b.Versions[version]}
	}
	for version, x := range b.Versions {
		kinds[version] = [2]int64{a.Versions[version], x}
	}
	least, tests := 1.0, 0
	for _, each := range kinds {
		if each[0]+each[1] > 0 {
			least = min(least, fisher(each[0], n, each[1], m))
			tests++
		}
	}
	if tests == 2 {
		tests = 1 // what one has the other lacks: it is one test twice
	}
	return min(1, least*float64(max(tests, 1)))
}

// fisher is the two-sided p-value of x of n against y of m: the probability, given
// x + y, of all tables that are not more likely than the one seen.
func fisher(x, n, y, m int64) float64 {
	both := x + y
	log := func(i int64) float64 { return logChoose(n, i) + logChoose(m, both-i) - logChoose(n+m, both) }
	seen := log(x)
	p := 0.0
	for i := max(0, both-m); i <= min(n, both); i++ {
		if each := log(i); each <= seen+1e-9 {
			p += math.Exp(each)
		}
	}
	return min(1, p)
}

func logChoose(n, k int64) float64 {
	lg := func(x int64) float64 {
		v, _ := math.Lgamma(float64(x) + 1)
		return v
	}
	return lg(n) - lg(k) - lg(n-k)
}
