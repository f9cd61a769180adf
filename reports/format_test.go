package reports_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	assert.Equal(t, []string{"text", "json"}, reports.Built())
	for _, name := range reports.Built() {
		format, err := reports.Lookup(name, reports.Options{})
		require.NoError(t, err)
		assert.NoError(t, format(&bytes.Buffer{}, suite()))
	}
	for _, name := range []string{"junit", "markdown", "html", "csv"} {
		_, err := reports.Lookup(name, reports.Options{})
		var notBuilt *reports.NotBuiltError
		require.ErrorAs(t, err, &notBuilt)
		assert.Equal(t, "the format "+name+" is not built yet; built are: text, json", err.Error())
		_, err = reports.LookupPlan(name, reports.Options{})
		assert.ErrorAs(t, err, &notBuilt)
	}
	for _, name := range []string{"xml", "", "JSON"} {
		_, err := reports.Lookup(name, reports.Options{})
		var unknown *reports.UnknownFormatError
		assert.ErrorAs(t, err, &unknown)
	}
}

type noSpace struct{}

var errFull = errors.New("no space left on device")

func (noSpace) Write([]byte) (int, error) { return 0, errFull }

func TestRenderingsPassWriteErrorsOn(t *testing.T) {
	for _, name := range reports.Built() {
		format, err := reports.Lookup(name, reports.Options{})
		require.NoError(t, err)
		assert.ErrorIs(t, format(noSpace{}, suite()), errFull)
	}
}

func plan() *reports.Plan {
	p := *question
	p.Requests = 3800
	p.Versions = append([]analysis.PlannedVersion{}, question.Versions...)
	p.Versions = append(p.Versions, analysis.PlannedVersion{Version: "v3\x1b[2J", Weight: 0})
	return reports.FromPlan(&p)
}

func TestPlan(t *testing.T) {
	for _, name := range []string{"text", "json"} {
		format, err := reports.LookupPlan(name, reports.Options{})
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, format(&b, plan()))
		golden(t, "plan."+name, b.String())
	}
}

func TestFromJudgementLeavesOutWhatDoesNotExist(t *testing.T) {
	c := empty().Scenarios[0].Steps[0].Checks[0]
	for _, n := range []reports.Number{c.DurationSeconds, c.Rate, c.Versions[0].Share, c.Versions[0].CILow, c.Versions[0].Residual} {
		assert.True(t, n.IsZero())
	}
	assert.Nil(t, c.ChiSquare)
	assert.Nil(t, c.Equivalence)

	// A statistic that is not finite must not break the document.
	j := goodJudgement()
	j.ChiSquare.Statistic, j.Equivalence.PValue = math.Inf(1), math.NaN()
	odd := reports.FromJudgement("odd", j, reports.Measurement{})
	assert.Contains(t, asJSON(t, oneCheck(odd)), `"statistic": null`)

	saved := asJSON(t, empty())
	assert.Contains(t, saved, `"share": null`)
	assert.Contains(t, saved, `"diagnosis": []`)
	assert.NotContains(t, saved, "NaN")
}
