package reports_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// What the sequential method has gathered is in the document, and decides.
func TestSequentialEvidenceIsReported(t *testing.T) {
	weights, err := split.ParseWeights("v1=90,v2=10")
	require.NoError(t, err)
	plan, err := analysis.NewPlan(analysis.Question{Weights: weights, MaxErrors: -1, Method: analysis.Sequentially})
	require.NoError(t, err)
	tally := &split.Tally{Versions: map[string]int64{"v1": 880, "v2": 120}}
	j := analysis.Judge(plan, tally)
	check := reports.FromJudgement("split", j, reports.Measurement{Plan: plan, Tally: tally})
	assert.Equal(t, "sequential", check.Method)
	require.NotNil(t, check.Sequential)
	log, _ := check.Sequential.LogEValue.Get()
	p, _ := check.Sequential.PValue.Get()
	assert.InDelta(t, min(1, math.Exp(-log)), p, 1e-12, "of one look")
	assert.Equal(t, plan.Requests, check.Asked.PlannedRequests)
	deciding, test, ok := check.Deciding()
	assert.True(t, ok)
	assert.Equal(t, "sequential", test)
	assert.Equal(t, p, deciding)
}
