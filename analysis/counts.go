package analysis

import "math"

// BinomialProbability returns the probability of x hits among n requests of
// which each is one with probability p, by Loader's expansion (2000): it keeps
// its digits for any n.
func BinomialProbability(x, n int64, p float64) float64 {
	return math.Exp(logBinomial(float64(x), float64(n), p))
}

// ClopperPearson returns the exact interval of Clopper and Pearson (1934) for a
// share of which x of n were seen: it covers the share with a probability of
// at least 1 - alpha, whatever the share is.
func ClopperPearson(x, n int64, alpha float64) (low, high float64) {
	if n < 1 {
		return 0, 1
	}
	return boundBelow(float64(x), float64(n), alpha/2), boundAbove(float64(x), float64(n), alpha/2)
}

// GatesBudget is the greatest probability with which the gates, all together,
// call a correct sample of a question broken: a fifth of 1 - power. They are
// conditional on the counts, so it holds for every table of counts, and what
// counts alone would say is said of a sample with order and connections with at
// least 1 - GatesBudget of its probability.
func (p *Plan) GatesBudget() float64 {
	if len(p.Question.arms()) < 2 {
		return 0 // there is nothing for them to compare
	}
	return gateBudget * (1 - p.Question.Power)
}
