package scenarios_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

func TestTheFirstScenarioIsClean(t *testing.T) {
	files, err := scenarios.Init("my-canary")
	require.NoError(t, err)
	folder := fstest.MapFS{}
	for name, data := range files {
		folder["my-canary/"+name] = &fstest.MapFile{Data: data}
	}
	all, found := scenarios.Disk{FS: folder}.Find("my-canary")
	require.Empty(t, found.Error())
	require.Len(t, all, 1)
	assert.Equal(t, "my-canary", all[0].Name)
	assert.Empty(t, all[0].Warnings)
	assert.Empty(t, scenarios.Lint(all[0]))
	assert.Empty(t, scenarios.LintIdentify(all[0]))
}

func TestAFirstScenarioNeedsAName(t *testing.T) {
	for _, name := range []string{"", "My Canary", "a/b", "..", "-x"} {
		_, err := scenarios.Init(name)
		assert.ErrorContains(t, err, "is not a name for a scenario", name)
	}
}
