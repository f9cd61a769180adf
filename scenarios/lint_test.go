package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

func TestBuiltinScenariosAreClean(t *testing.T) {
	for _, name := range scenarios.BuiltinNames() {
		s, found := scenarios.Builtin(name)
		require.NoError(t, found.Err(), name)
		assert.Empty(t, scenarios.Lint(s).Error(), name)
	}
}
