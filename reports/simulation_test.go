package reports_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

func simulation() *reports.Simulation {
	num := reports.Num
	s := &reports.Simulation{
		Schema: reports.SimulationSchema, Requests: 3892, Alpha: num(0.0005), Power: num(0.999), Leak: num(0.002),
		Method: "chi-square", Truth: reports.SimulatedTruth{Shares: "v1=65,v2=35"}, Way: "summed", Seed: 1,
		GatesAtMost: num(0.0002), Used: reports.UsedRequests{Median: 3892, P99: 3892, Most: 3892},
		Verdicts: []reports.VerdictProbability{
			{Verdict: analysis.Verified, Probability: num(0.00048), CILow: num(0.00048), CIHigh: num(0.00048)},
			{Verdict: analysis.Violated, Probability: num(0.99931), CILow: num(0.99931), CIHigh: num(0.99931)},
			{Verdict: analysis.Inconclusive, Probability: num(0.00021), CILow: num(0.00021), CIHigh: num(0.00021)},
			{Verdict: analysis.NotMeasured, Probability: num(0), CILow: num(0), CIHigh: num(0)},
		},
		Peers: []reports.Peer{{
			Name: "Gateway API conformance", Rule: "shares within 5 points, none at weight 0", Source: "weight.go",
			Requests: 500, Attempts: 10, First: num(0.5206), Passes: num(0.99936), CILow: num(0.99936), CIHigh: num(0.99936),
		}},
	}
	for version, weight := range []float64{70, 30} {
		s.Versions = append(s.Versions, reports.SimulatedVersion{
			PlannedVersion: reports.PlannedVersion{
				Version: []string{"v1", "v2"}[version], Weight: num(weight), ExpectedShare: num(weight / 100), Margin: num(0.05),
			},
			TrueShare: num([]float64{0.65, 0.35}[version]),
		})
	}
	return s
}

// drawnSimulation is of the mesh, by the sequential method, and was cut short.
func drawnSimulation() *reports.Simulation {
	s := simulation()
	s.Truth = reports.SimulatedTruth{Defects: []string{"leak:version=v3,share=0.1%", "dead:version=v2\x1b[2J"}, Reuse: 10}
	s.Method, s.Way, s.Runs, s.Wanted, s.Interrupted = "sequential", "sampled", 120, 500, true
	s.GatesAtMost = reports.Num(0)
	s.Used = reports.UsedRequests{Median: 900, P99: 2100, Most: 3892}
	for i := range s.Verdicts {
		s.Verdicts[i].Runs = []int64{1, 118, 1, 0}[i]
		s.Verdicts[i].CILow, s.Verdicts[i].CIHigh = reports.Num(0.01), reports.Num(0.99)
	}
	return s
}

func TestSimulation(t *testing.T) {
	for name, s := range map[string]*reports.Simulation{"summed": simulation(), "drawn": drawnSimulation()} {
		for _, format := range []string{"text", "json"} {
			write, err := reports.LookupSimulation(format, reports.Options{})
			require.NoError(t, err)
			var b bytes.Buffer
			require.NoError(t, write(&b, s))
			golden(t, "simulation."+name+"."+format, b.String())
		}
	}
}

func TestSimulationFits(t *testing.T) {
	for _, width := range []int{60, 80, 140} {
		var b bytes.Buffer
		require.NoError(t, reports.SimulationText(reports.Options{Width: width})(&b, simulation()))
		for line := range bytes.Lines(b.Bytes()) {
			assert.LessOrEqual(t, len([]rune(string(line))), width+1, "%s", line)
		}
	}
}

func TestSimulationOfNothingIsStillADocument(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, reports.SimulationJSON(&b, &reports.Simulation{}))
	var read map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &read))
	assert.Equal(t, []any{}, read["verdicts"])
	assert.Equal(t, []any{}, read["peers"])
	require.NoError(t, reports.SimulationText(reports.Options{})(&b, &reports.Simulation{}))
	assert.Equal(t, 130, drawnSimulation().ExitCode())
	assert.Zero(t, simulation().ExitCode())
	_, err := reports.LookupSimulation("html", reports.Options{})
	assert.Error(t, err)
	_, err = reports.LookupSimulation("tea", reports.Options{})
	assert.ErrorContains(t, err, "there is no format")
}
