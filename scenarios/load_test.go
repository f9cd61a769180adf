package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

func TestEveryBuiltinScenarioLoads(t *testing.T) {
	names := scenarios.BuiltinNames()
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s, found := scenarios.Builtin(name)
			require.NoError(t, found.Err())
			assert.Empty(t, found)
			assert.Equal(t, name, s.Name)
			assert.True(t, s.Builtin)
			assert.NotEmpty(t, s.Description)
			assert.NotEmpty(t, s.Steps)
		})
	}
}
