package reports_test

import (
	"testing"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/stretchr/testify/assert"
)

// The order and the codes are the contract's: of several checks the worst wins,
// in the order 5, 1, 4, 3, 0.
func TestWorstAndExitCode(t *testing.T) {
	order := []struct {
		verdict analysis.Verdict
		exit    int
	}{
		{analysis.NotMeasured, 5}, {analysis.Violated, 1}, {analysis.NotConverged, 4},
		{analysis.Inconclusive, 3}, {analysis.Verified, 0},
	}
	for i, worse := range order {
		assert.Equal(t, worse.exit, reports.ExitCode(worse.verdict))
		for _, better := range order[i:] {
			assert.Equal(t, worse.verdict, reports.Worst(better.verdict, worse.verdict))
			assert.Equal(t, worse.verdict, reports.Worst(worse.verdict, better.verdict, ""))
		}
	}
	assert.Equal(t, analysis.NotMeasured, reports.Worst(), "no data is never green")
	assert.Equal(t, analysis.NotMeasured, reports.Worst(""))
	assert.Equal(t, analysis.NotMeasured, reports.Worst(analysis.Verified, "green"))
	assert.Equal(t, 5, reports.ExitCode(""))
}

func TestNegativeControls(t *testing.T) {
	for _, c := range []struct {
		verdict, expected, counts analysis.Verdict
	}{
		{analysis.Verified, "", analysis.Verified},
		{analysis.Inconclusive, "", analysis.Inconclusive},
		{analysis.Inconclusive, analysis.Verified, analysis.Inconclusive},
		{analysis.Violated, analysis.Violated, analysis.Verified},
		{analysis.Inconclusive, analysis.Inconclusive, analysis.Verified},
		{analysis.NotConverged, analysis.NotConverged, analysis.Verified},
		{analysis.NotMeasured, analysis.NotMeasured, analysis.Verified},
		{analysis.Verified, analysis.Violated, analysis.Violated},
		{analysis.NotMeasured, analysis.Violated, analysis.Violated},
		{analysis.Inconclusive, analysis.Violated, analysis.Violated},
	} {
		check := reports.Unmeasured("c", c.verdict, reports.Measurement{Expected: c.expected})
		r := reportstest.OneCheck(check)
		r.Scenarios[0].Steps[0].Convergence = nil
		r.Finish()
		assert.Equal(t, c.counts, r.Scenarios[0].Steps[0].Verdict, c)
		assert.Equal(t, c.counts, r.Scenarios[0].Verdict, c)
		assert.Equal(t, c.counts, r.Verdict, c)
		assert.Equal(t, reports.ExitCode(c.counts), r.ExitCode(), c)
		assert.Equal(t, c.verdict, r.Scenarios[0].Steps[0].Checks[0].Verdict, "the check keeps its own")
	}
}

func TestWhatFailedIsNeverGreen(t *testing.T) {
	verified := []reports.Check{reportstest.Good("everyone")}
	for name, c := range map[string]struct {
		scenario reports.Scenario
		verdict  analysis.Verdict
	}{
		"no steps":          {reports.Scenario{}, analysis.NotMeasured},
		"no checks":         {reports.Scenario{Steps: []reports.Step{{}}}, analysis.NotMeasured},
		"a scenario failed": {reports.Scenario{Failure: "f", Steps: []reports.Step{{Checks: verified}}}, analysis.NotMeasured},
		"a step failed":     {reports.Scenario{Steps: []reports.Step{{Checks: verified}, {Failure: "f"}}}, analysis.NotMeasured},
		"cut short":         {reports.Scenario{Interrupted: true, Steps: []reports.Step{{Checks: verified}}}, analysis.Inconclusive},
		"never live": {reports.Scenario{Steps: []reports.Step{{Checks: verified}, {
			Convergence: &reports.Convergence{Seconds: reports.Num(60)}}}}, analysis.NotConverged},
		"a step that prepares": {reports.Scenario{Steps: []reports.Step{{}, {Checks: verified}}}, analysis.Verified},
	} {
		r := &reports.Report{Scenarios: []reports.Scenario{c.scenario}}
		r.Finish()
		assert.Equal(t, c.verdict, r.Verdict, name)
		assert.Equal(t, reports.ExitCode(c.verdict), r.ExitCode(), name)
	}
}

func TestInterruptedRunIsNeverVerified(t *testing.T) {
	r := reportstest.OneCheck(reportstest.Good("everyone"))
	r.Interrupted = true
	r.Finish()
	assert.Equal(t, analysis.Inconclusive, r.Verdict)
	assert.Equal(t, reports.ExitInterrupted, r.ExitCode())
}

// What a sample would have come to is not known where it was interrupted, whatever
// was expected of it.
func TestInterruptedCheckIsNeverAsExpected(t *testing.T) {
	for _, verdict := range []analysis.Verdict{analysis.Verified, analysis.Inconclusive, analysis.Violated, analysis.NotMeasured} {
		check := reports.Check{Verdict: verdict, ExpectedVerdict: verdict, Interrupted: true}
		assert.False(t, check.AsExpected(), verdict)
	}
	assert.False(t, (&reports.Check{Verdict: analysis.Verified, Interrupted: true}).AsExpected())
	assert.Equal(t, analysis.Violated, (&reports.Check{Verdict: analysis.Violated, Interrupted: true}).Counts(), "what is wrong for certain")
}
