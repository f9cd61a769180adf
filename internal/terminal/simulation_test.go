package terminal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
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
	simulationText(t, &reports.Simulation{}, terminal.Options{}) // of nothing
}

func TestSimulationFits(t *testing.T) {
	for _, width := range []int{60, 80, 140} {
		var b bytes.Buffer
		require.NoError(t, terminal.SimulationText(terminal.Options{Width: width})(&b, reportstest.Simulation()))
		for line := range bytes.Lines(b.Bytes()) {
			assert.LessOrEqual(t, len([]rune(string(line))), width+1, "%s", line)
		}
	}
}
