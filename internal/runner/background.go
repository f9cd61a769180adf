package runner

import (
	"reflect"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/scenarios"
)

// background is what a scenario knows beside a check: what a diagnosis compares
// the sample with.
func background(s *scenarios.Scenario, step scenarios.Step, c scenarios.Check) analysis.Context {
	var known analysis.Context
	for _, earlier := range s.Steps {
		if earlier.Name == step.Name {
			break
		}
		for _, same := range earlier.Checks {
			// What a negative control expects is not what was in force.
			inForce := same.ExpectVerdict == "" || analysis.Verdict(same.ExpectVerdict) == analysis.Verified
			if same.Name == c.Name && inForce && reflect.DeepEqual(same.Request, c.Request) {
				known.Previous = same.Expect
			}
		}
	}
	var versions []string
	for _, each := range c.Expect {
		versions = append(versions, each.Version)
	}
	known.Replicas = s.Replicas(step.Name, versions)
	return known
}
