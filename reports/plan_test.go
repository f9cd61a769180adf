package reports_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/reportstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds got against a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestPlanJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, reports.PlanJSON(&b, reportstest.Plan()))
	golden(t, "plan.json", b.String())
}

func TestPlanJSONOfAGivenSize(t *testing.T) {
	p := reportstest.Plan()
	p.Requests = 500
	p.WithChances(analysis.Chances{Verified: 0.1, Violated: 0.2, Margin: 0.1427, Leak: 0.015}, 3892)
	var read map[string]any
	var b bytes.Buffer
	require.NoError(t, reports.PlanJSON(&b, p))
	require.NoError(t, json.Unmarshal(b.Bytes(), &read))
	assert.Equal(t, 3892., read["needed"])
	assert.Equal(t, map[string]any{"verified": 0.1, "violated": 0.2, "margin": 0.1427, "leak": 0.015}, read["chances"])
}
