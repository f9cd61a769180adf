package analysis

import (
	"math"
	"slices"
)

// exactTwo is P(|X - nw| >= distance) for X ~ Binomial(n, w): the exact
// p-value of two versions, all counts ordered by the chi-square statistic.
func exactTwo(n, w, distance float64) float64 {
	return math.Exp(logOutside(n, w, distance))
}

// logOutside is the logarithm of that.
func logOutside(n, w, distance float64) float64 {
	low, high := outside(n*w, distance)
	if low >= high-1 {
		return 0
	}
	return min(0, logSum(logLowerTail(low, n, w), logUpperTail(high, n, w)))
}

// outside returns the greatest count at least distance below mean and the
// least one at least distance above. Counts that tie with the one observed are
// as extreme as it is, whatever rounding says.
func outside(mean, distance float64) (low, high float64) {
	tie := 1e-9 + 1e-12*mean
	return math.Floor(mean - distance + tie), math.Ceil(mean + distance - tie)
}

func logSum(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// An enumeration sums the probabilities of all tables of n observations whose
// chi-square statistic is at least the one observed. It walks through the
// counts of all versions but two; given those, the last two are one binomial
// variable of which both tails are wanted. So C(n+k-1, k-1) tables take about
// as many steps as there are combinations of k - 2 counts, and only those
// that weigh anything are visited.
type enumeration struct {
	n      float64
	shares []float64 // ascending: the last two, never walked through, vary most
	sum    float64   // in units of e^unit, for it may be less than any float
	unit   float64
	floor  float64 // ln of what no longer adds a digit to the sum
}

// exactSteps is how many steps of an enumeration are affordable: about a
// second.
const exactSteps = 4e6

// affordable reports whether the exact p-value takes no more than about a
// second.
func affordable(n float64, shares []float64, statistic float64) bool {
	if len(shares) <= 2 {
		return true
	}
	sorted := slices.Sorted(slices.Values(shares))
	// Counts further from their mean than this are 1e-17 times as likely as
	// what is summed.
	reach := math.Sqrt(statistic + 80)
	steps := 1.
	for _, share := range sorted[:len(sorted)-2] {
		steps *= min(n+1, 2*reach*math.Sqrt(n*share*(1-share))+reach*reach/2+1)
	}
	last := sorted[len(sorted)-1]
	return steps*(1+math.Sqrt(n*last*(1-last))/50) <= exactSteps
}

// exactPValue is the probability, under the shares, of a table of n whose
// chi-square statistic is at least the given one. The shares sum to 1.
func exactPValue(n float64, shares []float64, statistic float64) float64 {
	switch len(shares) {
	case 0, 1:
		return 1
	case 2:
		w := shares[0]
		return exactTwo(n, w, math.Sqrt(statistic*n*w*(1-w)))
	}
	threshold := statistic*(1-1e-10) - 1e-12
	if threshold <= 0 {
		return 1
	}
	e := &enumeration{
		n:      n,
		shares: slices.Sorted(slices.Values(shares)),
		floor:  math.Inf(-1),
	}
	e.walk(0, n, 1, 0, threshold)
	return min(1, math.Exp(math.Log(e.sum)+e.unit))
}

// walk adds up the tables in which the versions before this one have taken
// their counts: that had the probability e^log, leaves m observations to the
// versions from this one on, who have the share rest between them, and asks
// them for at least threshold.
func (e *enumeration) walk(version int, m, rest, log, threshold float64) {
	if threshold <= 0 {
		e.add(log)
		return
	}
	share := e.shares[version]
	p := min(1, share/rest)
	if version == len(e.shares)-2 {
		// With y of the last m for this version, the two contribute
		// (m-n·rest)²/(n·rest) + (y-mp)²/(n·rest·p(1-p)).
		expected := e.n * rest
		threshold -= (m - expected) * (m - expected) / expected
		if threshold <= 0 {
			e.add(log)
			return
		}
		e.add(log + logOutside(m, p, math.Sqrt(threshold*expected*p*(1-p))))
		return
	}
	expected := e.n * share
	odds := math.Log(p) - math.Log1p(-p)
	step := func(x, log float64) bool {
		if log < e.floor {
			return false
		}
		e.walk(version+1, m-x, rest-share, log, threshold-(x-expected)*(x-expected)/expected)
		return true
	}
	mode := math.Min(m, math.Floor((m+1)*p))
	atMode := log + logBinomial(mode, m, p)
	for x, log := mode, atMode; x <= m; x++ {
		if !step(x, log) {
			break
		}
		log += math.Log((m-x)/(x+1)) + odds
	}
	for x, log := mode, atMode; x > 0; x-- {
		log += math.Log(x/(m-x+1)) - odds
		if !step(x-1, log) {
			break
		}
	}
}

func (e *enumeration) add(log float64) {
	if math.IsInf(log, -1) {
		return
	}
	switch {
	case e.sum == 0:
		e.unit = log
	case log > e.unit+500:
		e.sum, e.unit = e.sum*math.Exp(e.unit-log), log
	}
	e.sum += math.Exp(log - e.unit)
	e.floor = math.Log(e.sum) + e.unit - 42
}
