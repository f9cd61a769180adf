package reports_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
)

// R's p.adjust(c(.01, .04, .03), "holm") is .03, .06, .06.
func TestPValuesAreAdjustedForAllChecks(t *testing.T) {
	num := reports.Num
	exact := func(name string, p float64) reports.Check {
		c := reportstest.Good(name)
		c.Exact, c.Sequential = &reports.Exact{PValue: num(p), Method: "enumeration"}, nil
		return c
	}
	sequential := exact("b", 0.9)
	sequential.Sequential = &reports.Sequential{PValue: num(0.04)}
	unmeasured := reportstest.Good("nothing")
	unmeasured.Exact, unmeasured.Sequential, unmeasured.ChiSquare = nil, nil, nil
	r := &reports.Report{Scenarios: []reports.Scenario{
		{Name: "one", Steps: []reports.Step{{Checks: []reports.Check{exact("a", 0.01), sequential}}}},
		{Name: "two", Steps: []reports.Step{{Checks: []reports.Check{unmeasured, exact("c", 0.03)}}}},
	}}
	r.Finish()
	first, second := r.Scenarios[0].Steps[0].Checks, r.Scenarios[1].Steps[0].Checks
	assert.InDelta(t, 0.03, first[0].HolmPValue.Or(-1), 1e-12)
	assert.InDelta(t, 0.06, first[1].HolmPValue.Or(-1), 1e-12)
	assert.InDelta(t, 0.06, second[1].HolmPValue.Or(-1), 1e-12)
	assert.True(t, second[0].HolmPValue.IsZero(), "what was not tested has none")

	r.Finish()
	assert.InDelta(t, 0.03, r.Scenarios[0].Steps[0].Checks[0].HolmPValue.Or(-1), 1e-12, "finished once, finished for good")

	alone := reportstest.OneCheck(exact("a", 0.01))
	alone.Finish()
	require.True(t, alone.Scenarios[0].Steps[0].Checks[0].HolmPValue.IsZero(), "a single check needs no adjusting")
}
