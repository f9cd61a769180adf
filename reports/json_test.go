package reports_test

import (
	"errors"
	"math"
	"testing"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/stretchr/testify/assert"
)

type noSpace struct{}

var errFull = errors.New("no space left on device")

func (noSpace) Write([]byte) (int, error) { return 0, errFull }

func TestJSONPassesWriteErrorsOn(t *testing.T) {
	assert.ErrorIs(t, reports.JSON(noSpace{}, reportstest.Suite()), errFull)
	assert.ErrorIs(t, reports.PlanJSON(noSpace{}, reportstest.Plan()), errFull)
	assert.ErrorIs(t, reports.SimulationJSON(noSpace{}, reportstest.Simulation()), errFull)
}

func TestFromJudgementLeavesOutWhatDoesNotExist(t *testing.T) {
	c := reportstest.Empty().Scenarios[0].Steps[0].Checks[0]
	for _, n := range []reports.Number{c.DurationSeconds, c.Rate, c.Versions[0].Share, c.Versions[0].CILow, c.Versions[0].Residual} {
		assert.True(t, n.IsZero())
	}
	assert.Nil(t, c.ChiSquare)
	assert.Nil(t, c.Equivalence)

	// A statistic that is not finite must not break the document.
	j := reportstest.GoodJudgement()
	j.ChiSquare.Statistic, j.Equivalence.PValue = math.Inf(1), math.NaN()
	odd := reports.FromJudgement("odd", j, reports.Measurement{})
	assert.Contains(t, asJSON(t, reportstest.OneCheck(odd)), `"statistic": null`)

	saved := asJSON(t, reportstest.Empty())
	assert.Contains(t, saved, `"share": null`)
	assert.Contains(t, saved, `"diagnosis": []`)
	assert.NotContains(t, saved, "NaN")
}
