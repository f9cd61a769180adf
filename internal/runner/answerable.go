package runner

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/scenarios"
)

// A PlannedCheck is a check and the sample that it would draw; with the
// sequential method that is the greatest one.
type PlannedCheck struct {
	Scenario, Step, Check string
	Requests              int64
}

// Planned plans every check of a suite and sends nothing. The error holds each
// check that no sample can answer, and each margin of the command line that
// belongs to no version: mistakes that are better told before anything is
// deployed than after.
func Planned(list []*scenarios.Scenario, overrides Overrides) ([]PlannedCheck, error) {
	var (
		planned  []PlannedCheck
		mistakes []error
		known    = map[string]bool{}
		suite    = checks(list)
	)
	for _, s := range list {
		for _, step := range s.Steps {
			for _, c := range step.Checks {
				for _, each := range c.Expect {
					known[each.Version] = true
				}
				overrides.apply(&c)
				sample, err := plan(c, analysis.Suite(suite, question(c, 0)))
				if err != nil {
					mistakes = append(mistakes, fmt.Errorf("%s / %s / %s: %w", s.Name, step.Name, c.Name, err))
					continue
				}
				planned = append(planned, PlannedCheck{s.Name, step.Name, c.Name, sample.Requests})
			}
		}
	}
	for _, version := range slices.Sorted(maps.Keys(overrides.Margins)) {
		if !known[version] {
			mistakes = append(mistakes, fmt.Errorf("a margin is given for %s, which no check expects", version))
		}
	}
	return planned, errors.Join(mistakes...)
}

// Answerable returns the error of Planned.
func Answerable(list []*scenarios.Scenario, overrides Overrides) error {
	_, err := Planned(list, overrides)
	return err
}
