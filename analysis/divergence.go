package analysis

import (
	"math"
	"slices"
)

// cressieReadStatistic is the power divergence of Cressie and Read (1984) with
// their λ = 2/3, between the chi-square (λ = 1) and the likelihood ratio
// (λ = 0): 2/(λ(λ+1))·ΣO((O/E)^λ - 1). As ΣO = ΣE, λ(O-E) may be taken off each
// term, which then is at least 0, so that nothing cancels between them.
func cressieReadStatistic(counts, shares []float64) float64 {
	const lambda = 2. / 3
	n := total(counts)
	terms := make([]float64, len(counts))
	for i, count := range counts {
		expected := n * shares[i]
		switch {
		case expected <= 0:
		case count == 0:
			terms[i] = 2 / (lambda + 1) * expected
		default:
			apart := count - expected
			terms[i] = 2 / (lambda * (lambda + 1)) *
				max(0, count*math.Expm1(lambda*math.Log1p(apart/expected))-lambda*apart)
		}
	}
	slices.Sort(terms)
	return total(terms)
}

// exactInterval is the interval of Clopper and Pearson (1934) for one of k
// shares at alpha/k, so that all k hold together with a probability of at least
// 1 - alpha (Bonferroni), however small the counts are.
func exactInterval(x, n float64, k int, alpha float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	tail := alpha / float64(2*k)
	return boundBelow(x, n, tail), boundAbove(x, n, tail)
}
