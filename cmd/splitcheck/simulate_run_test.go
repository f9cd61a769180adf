package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// TestSimulateSaysWhatRunDoes draws the samples of every method and defect twice:
// as simulate does, and as the check of a scenario. Answers, verdict and all, they
// are the same.
func TestSimulateSaysWhatRunDoes(t *testing.T) {
	weights := split.Weights{{Version: "v1", Weight: 50}, {Version: "v2", Weight: 50}}
	for _, method := range []string{analysis.ChiSquare, analysis.Sequentially} {
		for _, kind := range append(target.Defects, target.DefectKind{Name: "none"}) {
			if kind.Unsampled != "" {
				continue
			}
			t.Run(method+"/"+kind.Name, func(t *testing.T) {
				var defects []target.Defect
				if kind.Name != "none" {
					defects = []target.Defect{withNeeds(t, kind)}
				}
				question := analysis.Suite(1, analysis.Question{
					Weights: weights, Margins: map[string]float64{"v1": 0.1, "v2": 0.1}, MaxErrors: -1, Method: method, Seed: 7,
				})
				plan, err := analysis.NewPlan(question)
				require.NoError(t, err)
				f := &simulateFlags{seed: 7}
				m, err := f.defective(plan, defects)
				require.NoError(t, err)
				// The old weights last for so many requests, whoever comes first.
				m.check.Load.Connections = 1
				for run := range int64(2) {
					simulated, err := m.sample(t.Context(), run, plan.Requests)
					require.NoError(t, err)
					ran := runOf(t, m, question, run)
					assert.Equal(t, simulated.Judge().Verdict, ran.Verdict)
					assert.Equal(t, simulated.Tally.Requests(), ran.Requests)
					assert.Equal(t, simulated.Tally.Failed(), ran.Errors)
					for _, row := range ran.Versions {
						assert.Equal(t, simulated.Tally.Versions[row.Version], row.Count, row.Version)
					}
					assert.Equal(t, simulated.Tally.Connections.Reuse, ran.Asked.Reuse)
				}
			})
		}
	}
}

// withNeeds is a defect of the kind with all that it needs.
func withNeeds(t *testing.T, kind target.DefectKind) target.Defect {
	t.Helper()
	given := map[string]string{"version": "version=v2", "share": "share=20%", "requests": "requests=300", "weights": "v1=3,v2=1"}
	var settings []string
	for _, need := range kind.Needs {
		require.Contains(t, given, need)
		settings = append(settings, given[need])
	}
	defect, err := parseDefect(kind.Name + ":" + strings.Join(settings, ","))
	require.NoError(t, err)
	return defect
}

// runOf runs the check of a simulation as a scenario.
func runOf(t *testing.T, m *defectiveMesh, q analysis.Question, run int64) reports.Check {
	t.Helper()
	check := m.check
	check.Name, check.Margins, check.MaxErrors, check.Method, check.Load.Reuse = "split", q.Margins, q.MaxErrors, q.Method, 0
	report := runner.Run(t.Context(), []*scenarios.Scenario{{Name: "simulated", Steps: []scenarios.Step{
		{Name: "before", Apply: m.before, Settle: scenarios.Settle{Timeout: time.Minute}},
		{Name: "after", Apply: m.after, Defects: m.defects, SetsDefects: true, Settle: scenarios.Settle{Timeout: time.Minute}, Checks: []scenarios.Check{check}},
	}}}, runner.Options{
		Seed: q.Seed,
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) {
			return mesh.New(m.options(run)), nil
		},
	})
	require.Empty(t, report.Scenarios[0].Failure)
	require.NotNil(t, report.Scenarios[0].Steps[1].Checks[0].Asked)
	return report.Scenarios[0].Steps[1].Checks[0]
}
