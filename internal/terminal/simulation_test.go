package terminal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/splitcheck/splitcheck/reports/words"
)

func simulationText(t *testing.T, s *reports.Simulation, o terminal.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, terminal.SimulationText(o)(&b, s))
	return b.String()
}

func TestSimulation(t *testing.T) {
	golden(t, "simulation.summed.text", simulationText(t, reportstest.Simulation(), terminal.Options{}))
	golden(t, "simulation.drawn.text", simulationText(t, reportstest.DrawnSimulation(), terminal.Options{}))
	inChinese := terminal.Options{Language: words.In("zh")}
	golden(t, "simulation.summed.zh.text", simulationText(t, reportstest.Simulation(), inChinese))
	golden(t, "simulation.drawn.zh.text", simulationText(t, reportstest.DrawnSimulation(), inChinese))
	simulationText(t, &reports.Simulation{}, terminal.Options{}) // of nothing
}

func TestPlanAndSimulationFit(t *testing.T) {
	plan := reportstest.Plan()
	plan.WithMargins([]analysis.MarginPlan{{Margin: 0.01, Requests: 41524}})
	given := reportstest.Plan()
	given.WithChances(analysis.Chances{Verified: 0.1, Violated: 0.2, Margin: 0.1427, Leak: 0.015}, 3892)
	for _, width := range []int{40, 60, 80, 140, 200} {
		for _, language := range words.Languages() {
			o := terminal.Options{Width: width, Language: language}
			text := simulationText(t, reportstest.Simulation(), o) + simulationText(t, reportstest.DrawnSimulation(), o)
			var b bytes.Buffer
			require.NoError(t, terminal.PlanText(o)(&b, plan))
			require.NoError(t, terminal.PlanText(o)(&b, given))
			for line := range strings.Lines(text + b.String()) {
				assert.LessOrEqual(t, twwidth.Width(strings.TrimSuffix(line, "\n")), width, "%s", line)
			}
		}
	}
}
