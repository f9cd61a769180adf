//go:build !race

// The race detector drops what a sync.Pool holds, and regexp has one.

package identify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
)

func TestIdentifyingAllocatesNothing(t *testing.T) {
	for _, form := range []string{`body:(v[12])`, `body:v[12]`, "header:Server", "status"} {
		rules, err := identify.ParseAll([]string{form})
		require.NoError(t, err)
		assert.Zero(t, testing.AllocsPerRun(100, func() { rules.Identify(answer) }), form)
	}
}
