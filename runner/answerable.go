package runner

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/scenarios"
)

// Answerable plans every check of a suite and sends nothing. The error holds
// each that no sample can answer, and each margin of the command line that
// belongs to no version: mistakes that are better told before anything is
// deployed than after.
func Answerable(list []*scenarios.Scenario, overrides Overrides) error {
	var mistakes []error
	known := map[string]bool{}
	suite := checks(list)
	for _, s := range list {
		for _, step := range s.Steps {
			for _, c := range step.Checks {
				for _, each := range c.Expect {
					known[each.Version] = true
				}
				overrides.apply(&c)
				if _, err := plan(c, analysis.Suite(suite, question(c, 0))); err != nil {
					mistakes = append(mistakes, fmt.Errorf("%s / %s / %s: %w", s.Name, step.Name, c.Name, err))
				}
			}
		}
	}
	for _, version := range slices.Sorted(maps.Keys(overrides.Margins)) {
		if !known[version] {
			mistakes = append(mistakes, fmt.Errorf("a margin is given for %s, which no check expects", version))
		}
	}
	return errors.Join(mistakes...)
}
