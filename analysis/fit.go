package analysis

import (
	"slices"
)

// chiSquareStatistic is Σ(O-E)²/E over the versions of positive weight. Terms
// are added in ascending order, so that the order of the versions does not
// show.
func chiSquareStatistic(counts, shares []float64) float64 {
	n := total(counts)
	terms := make([]float64, len(counts))
	for i, count := range counts {
		expected := n * shares[i]
		if expected > 0 {
			terms[i] = (count - expected) / expected * (count - expected)
		}
	}
	slices.Sort(terms)
	return total(terms)
}

// gStatistic is 2ΣO·ln(O/E), the likelihood ratio statistic. In the form below
// each term is at least 0 and nothing cancels.
func gStatistic(counts, shares []float64) float64 {
	n := total(counts)
	terms := make([]float64, len(counts))
	for i, count := range counts {
		expected := n * shares[i]
		switch {
		case expected <= 0:
		case count == 0:
			terms[i] = 2 * expected
		default:
			terms[i] = 2 * deviance(count, expected)
		}
	}
	slices.Sort(terms)
	return total(terms)
}

func total(values []float64) float64 {
	var sum float64
	for _, each := range values {
		sum += each
	}
	return sum
}

// leastExpected is the rule of thumb for the asymptotic chi-square test: no
// expected count below it.
const leastExpected = 5

func asymptotic(statistic float64, n float64, shares []float64) Test {
	df := len(shares) - 1
	return Test{
		Statistic: statistic,
		DF:        df,
		PValue:    chiSquareUpper(statistic, df),
		Valid:     df > 0 && n*slices.Min(shares) >= leastExpected,
	}
}

// A fit is the main test: the chi-square test of n hits on versions with the
// shares.
type fit struct {
	shares []float64
	alpha  float64
	seed   uint64
}

// The methods by which the main test gets at its p-value.
const (
	Exact      = "exact"
	MonteCarlo = "monte-carlo"
	Asymptotic = "asymptotic"
)

// A level is the p-value of a statistic and how it was found.
type level struct {
	p      float64
	method string
	exact  *ExactTest
	// unclear says that alpha lies within what is known of the p-value.
	unclear bool
}

// levels returns the p-values of several statistics that n hits may have,
// by the one method that all of them allow: exact where that is affordable, by
// Monte Carlo where the asymptotic p-value cannot be relied on or is close to
// alpha, else asymptotic. So that no seed decides, tables are drawn until each
// p-value is clear of alpha, or unclear is said.
func (f fit) levels(n float64, statistics ...float64) []level {
	levels := make([]level, len(statistics))
	if len(f.shares) < 2 {
		for i := range levels {
			levels[i] = level{p: 1, method: Exact}
		}
		return levels
	}
	if p := f.exact(n, statistics); p != nil {
		for i, p := range p {
			levels[i] = level{p: p, method: Exact, exact: &ExactTest{PValue: p, Method: "enumeration", Low: p, High: p}}
		}
		return levels
	}
	doubtful := false
	for i, each := range statistics {
		test := asymptotic(each, n, f.shares)
		levels[i] = level{p: test.PValue, method: Asymptotic}
		near := test.PValue > f.alpha/100 && test.PValue < f.alpha*100
		doubtful = doubtful || near || !test.Valid
	}
	if !doubtful {
		return levels
	}
	return f.drawn(n, statistics, mostDrawn)
}

// exact returns the exact p-values, or nil where they take more than about a
// second. Those of equal weights are known to about 1e-13.
func (f fit) exact(n float64, statistics []float64) []float64 {
	if affordable(n, f.shares, slices.Max(statistics)) {
		var values []float64
		for _, each := range statistics {
			values = append(values, exactPValue(n, f.shares, each))
		}
		return values
	}
	if !equalShares(f.shares) {
		return nil
	}
	table := newEqualTable(n, len(f.shares), slices.Max(statistics))
	if !table.affordable() {
		return nil
	}
	values := table.pValues(statistics)
	if slices.Min(values) < 1e-9 || slices.Min(values) < f.alpha/1000 {
		return nil // it is far from alpha, and its digits are not all right
	}
	return values
}
