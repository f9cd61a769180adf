package scenarios

import "github.com/splitcheck/splitcheck/internal/problems"

// refusals are what validation would not let into a cluster at some step
// of the scenario, which could therefore be run nowhere but in a simulation.
func refusals(all []*view) problems.List {
	l := &linter{}
	for _, v := range all {
		refused := v.compile().Errors()
		if len(refused) == 0 {
			continue
		}
		// Weights that sum to 0 have an explanation of their own.
		zero := &linter{now: finding{id: idZeroSum}}
		lintZeroSum(zero, v)
		for _, p := range refused {
			l.now = finding{id: idRefused}
			if sameLine(zero.found, p) {
				l.now = zero.now
			}
			l.report(p)
		}
	}
	return l.found
}
