package reports

import (
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
)

// adjust gives each check the p-value of its main test adjusted by the method of
// Holm for all checks of the run that have one, where there are several. It is
// for information: verdicts are held to the error rate of the suite by the alpha
// that each check was judged at.
//
// A p-value says nothing where a gate is broken. Its check still counts among
// those that were tested, so the others are adjusted for it.
func (r *Report) adjust() {
	var (
		tested  []*Check
		pValues []float64
	)
	for i := range r.Scenarios {
		for j := range r.Scenarios[i].Steps {
			checks := r.Scenarios[i].Steps[j].Checks
			for k := range checks {
				if p, _, ok := checks[k].Deciding(); ok {
					tested, pValues = append(tested, &checks[k]), append(pValues, p)
				}
			}
		}
	}
	if len(tested) < 2 {
		return
	}
	for i, adjusted := range analysis.Holm(slices.Clip(pValues)) {
		tested[i].HolmPValue = Num(adjusted)
	}
}
