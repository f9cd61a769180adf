package reports_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// TestMistakesInWhatWasAskedHaveTheirOwnCode unless something else failed as well.
func TestMistakesInWhatWasAskedHaveTheirOwnCode(t *testing.T) {
	check := func(v analysis.Verdict, reasons ...string) reports.Check {
		c := reports.Check{Verdict: v}
		for _, id := range reasons {
			c.ReasonItems = append(c.ReasonItems, split.Found(id, split.Values{"answers": 20}))
		}
		return c
	}
	mistake := check(analysis.NotMeasured, "no-version-named", "rule-at-fault")
	down := check(analysis.NotMeasured, "nothing-answered", "ended-at-first")
	for name, test := range map[string]struct {
		checks []reports.Check
		code   int
	}{
		"a mistake":             {[]reports.Check{mistake}, 2},
		"a target that is down": {[]reports.Check{down}, 5},
		"both":                  {[]reports.Check{mistake, down}, 5},
		"both, turned round":    {[]reports.Check{down, mistake}, 5},
		"beside a red":          {[]reports.Check{mistake, check(analysis.Violated)}, 2},
		"beside a green":        {[]reports.Check{check(analysis.Verified), mistake}, 2},
	} {
		r := &reports.Report{Scenarios: []reports.Scenario{{Steps: []reports.Step{{Checks: test.checks}}}}}
		r.Finish()
		assert.Equal(t, test.code, r.ExitCode(), name)
	}
}
