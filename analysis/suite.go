package analysis

import "slices"

// What a suite of checks may cost between them: the probability that any
// correct one is called violated, and that any of them is not called what it
// is.
const (
	suiteAlpha = 0.005
	suiteRisk  = 0.01
)

// Suite returns q as one of m checks that are judged together: at
// alpha = min(its own, 0.005/m) and 1 - power = min(its own, 0.01/m), so that
// the promises hold for the suite as a whole (Bonferroni).
func Suite(m int, q Question) Question {
	if q.Alpha == 0 {
		q.Alpha = DefaultAlpha
	}
	if q.Power == 0 {
		q.Power = min(DefaultPower, 1-2*q.Alpha)
	}
	if m < 1 {
		return q
	}
	q.Alpha = min(q.Alpha, suiteAlpha/float64(m))
	q.Power = max(q.Power, 1-suiteRisk/float64(m))
	return q
}

// Holm returns the p-values adjusted by the step-down method of Holm (1979),
// in the order in which they came: rejecting those at most alpha keeps the
// probability of any false rejection to alpha.
func Holm(pValues []float64) []float64 {
	order := make([]int, len(pValues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(pValues[a], pValues[b]) })
	adjusted := make([]float64, len(pValues))
	var greatest float64
	for place, i := range order {
		greatest = max(greatest, min(1, pValues[i]*float64(len(pValues)-place)))
		adjusted[i] = greatest
	}
	return adjusted
}
