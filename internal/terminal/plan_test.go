package terminal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/splitcheck/splitcheck/reports/words"
)

func planText(t *testing.T, p *reports.Plan) string {
	t.Helper()
	return planTextIn(t, "en", p)
}

func planTextIn(t *testing.T, language string, p *reports.Plan) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, terminal.PlanText(terminal.Options{Language: words.In(language)})(&b, p))
	return b.String()
}

func TestPlan(t *testing.T) {
	golden(t, "plan.text", planText(t, reportstest.Plan()))
	golden(t, "plan.zh.text", planTextIn(t, "zh", reportstest.Plan()))
}

func TestPlanOfOtherMargins(t *testing.T) {
	p := reportstest.Plan()
	p.WithMargins([]analysis.MarginPlan{{Margin: 0.05, Requests: 1934}, {Margin: 0.01, Requests: 41524}})
	golden(t, "plan.margins.text", planText(t, p))
	p.AtRate(50)
	assert.InDelta(t, 830.48, p.Margins[1].Seconds.Or(0), 1e-9)
	text := planText(t, p)
	assert.Contains(t, text, "AT 50 A SECOND")
	assert.Contains(t, text, "13 min 50 s")
	assert.NotContains(t, text, "1,000")
}

func TestPlanOfAGivenSize(t *testing.T) {
	p := reportstest.Plan()
	p.Requests = 500
	p.WithChances(analysis.Chances{Verified: 0.1, Violated: 0.2, Margin: 0.1427, Leak: 0.015}, 3892)
	golden(t, "plan.given.text", planText(t, p))
	golden(t, "plan.given.zh.text", planTextIn(t, "zh", p))

	for says, c := range map[string]struct {
		verified float64
		needed   int64
	}{
		"500 requests are enough for the question.":                     {0.9999, 400},
		"do not answer the question, and no practical number does.":     {0.5, 0},
		"do not quite answer the question: their whole counts fall bad": {0.9985, 499},
	} {
		p.WithChances(analysis.Chances{Verified: c.verified, Violated: 0.9999, Margin: 1, Leak: 0.015}, c.needed)
		assert.Contains(t, planText(t, p), says)
		assert.NotContains(t, planText(t, p), "smallest margin", "there is none")
	}
}

func TestPlanWithErrors(t *testing.T) {
	p := reportstest.Plan()
	p.Errors = reports.Num(0.001)
	assert.Contains(t, planText(t, p), "up to 0.1 % of the requests end in errors")
}

func TestPlanOfTheSequentialMethod(t *testing.T) {
	p := reportstest.Plan()
	p.MedianRequests = 900
	assert.Contains(t, planText(t, p), "half of all correct splits are verified by 900")
}
