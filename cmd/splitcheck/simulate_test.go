package main

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

func simulation(t *testing.T, args ...string) reports.Simulation {
	t.Helper()
	out, errs, code := call(t, append([]string{"simulate", "-o", "json"}, args...)...)
	require.Equal(t, 0, code, errs)
	var read reports.Simulation
	require.NoError(t, json.Unmarshal([]byte(out), &read))
	return read
}

func probability(s reports.Simulation, verdict string) float64 {
	for _, each := range s.Verdicts {
		if string(each.Verdict) == verdict {
			return each.Probability.Or(-1)
		}
	}
	return -1
}

func TestSimulateATruth(t *testing.T) {
	s := simulation(t, "--expect", "v1=70,v2=30", "--truth", "v1=65,v2=35")
	assert.Equal(t, "summed", s.Way)
	assert.GreaterOrEqual(t, probability(s, "violated"), 0.999)
	assert.Equal(t, 0.65, s.Versions[0].TrueShare.Or(0))
	require.NotEmpty(t, s.Peers)
	assert.Equal(t, "Gateway API conformance", s.Peers[0].Name)
	assert.InDelta(t, 0.9994, s.Peers[0].Passes.Or(0), 0.00005)

	correct := simulation(t, "--expect", "v1=90,v2=10")
	assert.GreaterOrEqual(t, probability(correct, "verified"), 0.999)
	suite := simulation(t, "--expect", "v1=90,v2=10", "--checks", "100")
	assert.Greater(t, suite.Requests, correct.Requests)
	few := simulation(t, "--expect", "v1=90,v2=10", "--requests", "100")
	assert.Zero(t, probability(few, "verified"), "a hundred curls verify nothing")
}

func TestSimulateDraws(t *testing.T) {
	three := simulation(t, "--expect", "a=80,b=10,c=10", "--runs", "3000", "--seed", "3")
	assert.Equal(t, "counts", three.Way)
	assert.EqualValues(t, 3000, three.Runs)
	assert.Equal(t, three, simulation(t, "--expect", "a=80,b=10,c=10", "--runs", "3000", "--seed", "3"), "seeded")
	sticky := simulation(t, "--expect", "v1=90,v2=10", "--per-connection", "--runs", "10")
	assert.Equal(t, 1., probability(sticky, "inconclusive"))
	assert.Equal(t, 10, sticky.Truth.Reuse)
	assert.Empty(t, sticky.Peers)
	failing := simulation(t, "--expect", "v1=50,v2=50", "--errors", "5%", "--runs", "20")
	assert.Equal(t, 1., probability(failing, "error"))
	sequential := simulation(t, "--expect", "v1=90,v2=10", "--method", "sequential", "--runs", "500")
	assert.Less(t, sequential.Used.Median, sequential.Requests)
	fresh := simulation(t, "--expect", "v1=50,v2=50", "--per-connection", "--method", "sequential", "--runs", "20")
	assert.Equal(t, 1, fresh.Truth.Reuse, "as run draws it")
	assert.Zero(t, probability(fresh, "inconclusive"))
}

func TestSimulateDefectsOfTheMesh(t *testing.T) {
	for defect, want := range map[string]string{
		"weights:v1=50,v2=50":      "violated",
		"dead:version=v2":          "violated",
		"sticky-connection":        "inconclusive",
		"errors:share=20%":         "error",
		"stale:requests=2":         "verified",
		"leak:version=v3,share=1%": "violated",
	} {
		s := simulation(t, "--expect", "v1=90,v2=10,v3=0", "--defect", defect, "--runs", "5")
		assert.Equal(t, "sampled", s.Way)
		assert.GreaterOrEqual(t, probability(s, want), 0.79, "%s: %v", defect, s.Verdicts)
		assert.Equal(t, []string{defect}, s.Truth.Defects)
		assert.NotEmpty(t, s.Peers)
	}
}

func TestSimulateRefusesWhatMakesNoSense(t *testing.T) {
	for says, args := range map[string][]string{
		"--expect is missing":            {},
		"--truth: weights":               {"--expect", "v1=1,v2=1", "--truth", "v1=x"},
		"give one of them":               {"--expect", "v1=1,v2=1", "--truth", "v1=1", "--defect", "alternating"},
		"--defect errors:share=1%":       {"--expect", "v1=1,v2=1", "--errors", "1%", "--defect", "alternating"},
		"--defect sticky-connection":     {"--expect", "v1=1,v2=1", "--per-connection", "--defect", "alternating"},
		"it has v1, v2":                  {"--expect", "v1=1,v2=1", "--defect", "leak:version=v3,share=1%"},
		"there is no such kind":          {"--expect", "v1=1,v2=1", "--defect", "tea"},
		"is not a setting of the defect": {"--expect", "v1=1,v2=1", "--defect", "leak:sahre=1%"},
		"is not NAME=VALUE":              {"--expect", "v1=1,v2=1", "--defect", "leak:v2"},
		"requests=many is not a number":  {"--expect", "v1=1,v2=1", "--defect", "stale:requests=many"},
		"ends as not converged":          {"--expect", "v1=1,v2=1", "--defect", "stuck-proxy"},
		"cannot be a version":            {"--expect", "V1=1,v2=1", "--defect", "alternating"},
		"--runs 0 is not between":        {"--expect", "v1=1,v2=1", "--runs", "0"},
		"--reuse 0 is not between":       {"--expect", "v1=1,v2=1", "--reuse", "0"},
		"--requests 0 is not between":    {"--expect", "v1=1,v2=1", "--requests", "0"},
		"--checks 0":                     {"--expect", "v1=1,v2=1", "--checks", "0"},
		"--errors many is not a share":   {"--expect", "v1=1,v2=1", "--errors", "many"},
		"the format html is not built":   {"--expect", "v1=1,v2=1", "-o", "html"},
		"there is no format":             {"--expect", "v1=1,v2=1", "-o", "tea"},
		"use greater margins":            {"--expect", "v1=1,v2=1", "--margin", "1e-9"},
	} {
		_, errs, code := call(t, append([]string{"simulate"}, args...)...)
		assert.Equal(t, 2, code, "%v", args)
		assert.Contains(t, errs, says)
	}
}

func TestSimulateShowsWhatThereIsWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	code := execute(ctx, []string{"simulate", "--expect", "v1=90,v2=10", "--reuse", "10"}, streams{out: &out, err: &errs})
	assert.Equal(t, 130, code)
	assert.Contains(t, out.String(), "Interrupted. From 0 of 2,000 samples")
}

func TestWholeWeights(t *testing.T) {
	w := func(text string) split.Weights {
		weights, err := split.ParseWeights(text)
		require.NoError(t, err)
		return weights
	}
	assert.Equal(t, []int64{90, 10, 0}, wholeWeights(w("a=90,b=10,c=0")))
	assert.Equal(t, []int64{995_000_000, 5_000_000}, wholeWeights(w("a=99.5,b=0.5")))
	assert.Equal(t, []int64{500_000_000, 500_000_000}, wholeWeights(w("a=1e12,b=1e12")))
}
