package runner_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

func TestAnswerable(t *testing.T) {
	check := scenarios.Check{Name: "everyone", Expect: split.Weights{{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}}, MaxErrors: 0.01}
	narrow := check
	narrow.Name, narrow.Margins = "narrow", map[string]float64{"v2": 1e-9}
	list := []*scenarios.Scenario{{Name: "shop", Steps: []scenarios.Step{{Name: "canary", Checks: []scenarios.Check{check, narrow}}}}}

	assert.NoError(t, runner.Answerable(list, runner.Overrides{Margin: 0.05}))
	err := runner.Answerable(list, runner.Overrides{Margins: map[string]float64{"v3": 0.05}})
	assert.ErrorContains(t, err, "shop / canary / narrow: ")
	assert.ErrorContains(t, err, "use greater margins")
	assert.ErrorContains(t, err, "a margin is given for v3, which no check expects")
	assert.NotContains(t, err.Error(), "everyone")
	assert.ErrorContains(t, runner.Answerable(list, runner.Overrides{Margin: 0.05, Power: 1}), "shop / canary / everyone: ")
}
