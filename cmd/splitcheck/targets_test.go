package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/target"
)

// Every kind of target can be run on, and every flag that only some of them have
// a use for is one of the command.
func TestTargets(t *testing.T) {
	assert.Len(t, runTargets, len(target.Kinds))
	run := newRun(streams{})
	for _, name := range target.KindNames() {
		kind, has := runTargets[name]
		assert.True(t, has, name)
		assert.NotNil(t, kind.read, name)
		for _, flag := range kind.flags {
			assert.NotNil(t, run.Flags().Lookup(flag), "%s: --%s", name, flag)
		}
	}
}

func TestTheDefectFlagTakesWhatDefectsNeed(t *testing.T) {
	for _, kind := range target.Defects {
		text := kind.Name
		for i, need := range kind.Needs {
			text += []string{":", ","}[min(i, 1)] + map[string]string{
				"version": "version=v1", "share": "share=10%", "requests": "requests=5", "weights": "v1=1,v2=3",
			}[need]
		}
		defect, err := parseDefect(text)
		if kind.Unsampled != "" {
			assert.ErrorContains(t, err, kind.Unsampled)
			continue
		}
		assert.NoError(t, err, text)
		for _, need := range kind.Needs {
			assert.NoError(t, defect.Lacks(need), "%s: %s", text, need)
			assert.Error(t, target.Defect{Kind: kind.Name}.Lacks(need), "%s: %s", text, need)
		}
	}
}
