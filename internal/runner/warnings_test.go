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
	assert.Equal(t, "no such host", ended(ctx, "it was deployed", failed))
	cancel()
	assert.Equal(t, "interrupted while it was deployed", ended(ctx, "it was deployed", context.Canceled))
}
