package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// report is one run whose times are multiples of a factor.
func report(t *testing.T, factor float64) string {
	t.Helper()
	num := func(x float64) reports.Number { return reports.Num(x * factor) }
	r := &reports.Report{
		Target: reports.Target{Kind: "kind"}, DurationSeconds: num(100),
		Scenarios: []reports.Scenario{{
			Name: "shift", DurationSeconds: num(20), DeploymentSeconds: num(5), RemovalSeconds: num(2),
			Steps: []reports.Step{{
				Name: "90-10", DurationSeconds: num(8), Convergence: &reports.Convergence{Seconds: num(0.5), Converged: true},
				Checks: []reports.Check{{Name: "a", Verdict: analysis.Violated, Requests: 1000, DurationSeconds: num(2), Method: "chi-square"}},
			}},
		}},
	}
	r.Finish()
	var text strings.Builder
	require.NoError(t, reports.JSON(&text, r))
	file := filepath.Join(t.TempDir(), "run.json")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	return file
}

// The medians are those of 1, 2 and 4 times the numbers above.
func TestTables(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run([]string{report(t, 4), report(t, 1), report(t, 2)}, &out))
	for _, line := range []string{
		"| 1 | 1 | 1 | 0 | 1,000 | 400 s |",
		"| 2 | 1 | 1 | 0 | 1,000 | 100 s |",
		"| **shift** | 40.0 s | 10.0 s | – | 4.0 s | 1,000 | 214 /s | 4.0 s |",
		"| · 90-10 | 16.0 s | – | 1.0 s | 4.0 s | 1,000 | 214 /s | – |",
	} {
		assert.Contains(t, out.String(), line+"\n")
	}
	assert.Error(t, run(nil, &out))
	assert.Error(t, run([]string{filepath.Join(t.TempDir(), "none.json")}, &out))
}
