package runner_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
)

// A simulated mesh measures nothing where something decides that it does not know;
// a target that hands the objects on measures it.
func TestWhatIsNotUnderstoodIsNotJudged(t *testing.T) {
	checked := func(open target.Target) reports.Check {
		s, found := scenarios.Builtin("version-test-90-10")
		require.NoError(t, found.Err())
		objects, _ := manifests.Decode("split.yaml", []byte(`apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: canary}
spec: {service: canary, backends: [{service: canary-v1, weight: 1}]}
`))
		s.Steps[0].Apply = append(s.Steps[0].Apply, objects...)
		report := runner.Run(t.Context(), []*scenarios.Scenario{s}, runner.Options{
			Now:  func() time.Time { return time.Unix(0, 0) },
			Open: func(context.Context, *scenarios.Scenario) (target.Target, error) { return open, nil },
		})
		require.Empty(t, report.Scenarios[0].Failure)
		return report.Scenarios[0].Steps[0].Checks[0]
	}
	simulated := checked(mesh.New(mesh.Options{ApplyDelay: -1}))
	assert.Equal(t, analysis.NotMeasured, simulated.Verdict)
	assert.Zero(t, simulated.Requests, "nothing was sent")
	assert.Contains(t, strings.Join(simulated.Reasons, "\n"), "TrafficSplit default/canary (TrafficSplit of split.smi-spec.io/v1alpha4) may decide where the requests go")
	assert.Equal(t, analysis.Verified, checked(&scripted{}).Verdict)
}
