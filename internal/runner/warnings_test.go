package runner

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

func TestWhatLintHasSaidIsNotSaidAgain(t *testing.T) {
	said := problems.Problem{ID: "SC190", Warning: true, Message: "corsPolicy is not interpreted"}
	s := &scenarios.Scenario{Warnings: problems.List{said}}
	plain := said
	plain.ID = ""
	news := split.Text("image x is unknown")
	assert.Equal(t, []split.Finding{news}, unsaid([]split.Finding{plain.Finding(), news}, s))
}

func TestAnInterruptIsNoFaultOfTheTarget(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	failed := errors.New("no such host")
	interrupted := split.Found("interrupted-while-deploying", nil)
	assert.Equal(t, split.Text("no such host"), ended(ctx, interrupted, failed))
	cancel()
	assert.Equal(t, interrupted, ended(ctx, interrupted, context.Canceled))
}
