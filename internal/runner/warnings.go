package runner

import (
	"context"
	"regexp"
	"slices"

	"github.com/splitcheck/splitcheck/scenarios"
)

// lintID is what lint sets before its words, SC190 for one.
var lintID = regexp.MustCompile(`\bSC[0-9]{3}: `)

// unsaid leaves out what lint has said about the scenario in the same words:
// lint reads the files and the target the objects, and both find the same.
func unsaid(warnings []string, s *scenarios.Scenario) []string {
	return slices.DeleteFunc(warnings, func(text string) bool {
		for _, said := range s.Warnings {
			if lintID.ReplaceAllString(said.String(), "") == text {
				return true
			}
		}
		return false
	})
}

// ended is what a failure says: that of a run that the user ended is no fault of
// the target's.
func ended(ctx context.Context, doing string, err error) string {
	if ctx.Err() != nil {
		return "interrupted while " + doing
	}
	return err.Error()
}
