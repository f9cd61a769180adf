package reports_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSimulationJSON(t *testing.T) {
	for name, s := range map[string]*reports.Simulation{"summed": reportstest.Simulation(), "drawn": reportstest.DrawnSimulation()} {
		var b bytes.Buffer
		require.NoError(t, reports.SimulationJSON(&b, s))
		golden(t, "simulation."+name+".json", b.String())
	}
}

func TestSimulationOfNothingIsStillADocument(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, reports.SimulationJSON(&b, &reports.Simulation{}))
	var read map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &read))
	assert.Equal(t, []any{}, read["verdicts"])
	assert.Equal(t, []any{}, read["peers"])
	assert.Equal(t, 130, reportstest.DrawnSimulation().ExitCode())
	assert.Zero(t, reportstest.Simulation().ExitCode())
}
