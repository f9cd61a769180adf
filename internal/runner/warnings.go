package runner

import (
	"context"
	"slices"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// unsaid leaves out what lint has said about the scenario: lint reads the files
// and the target the objects, and both find the same.
func unsaid(warnings []split.Finding, s *scenarios.Scenario) []split.Finding {
	said := map[string]bool{}
	for _, p := range s.Warnings {
		p.ID = "" // The target knows no rules of lint.
		said[p.Finding().Key()] = true
	}
	return slices.DeleteFunc(warnings, func(w split.Finding) bool { return said[w.Key()] })
}

// ended is what a failure says: that of a run that the user ended is no fault of
// the target's.
func ended(ctx context.Context, interrupted split.Finding, err error) split.Finding {
	if ctx.Err() != nil {
		return interrupted
	}
	return words.Reason(err)
}
