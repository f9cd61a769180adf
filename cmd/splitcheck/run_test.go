package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/scenarios"
)

// TestWhatAStepStandsOn: with --no-apply nothing is applied, and what the scenario
// would have applied by then still says where the load enters.
func TestWhatAStepStandsOn(t *testing.T) {
	objects := func(names ...string) []manifests.Object {
		var all []manifests.Object
		for _, name := range names {
			found, problems := manifests.Decode("test.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\n"))
			require.NoError(t, problems.Err())
			all = append(all, found...)
		}
		return all
	}
	s := &scenarios.Scenario{Name: "x", Deploy: objects("app"), Steps: []scenarios.Step{
		{Name: "first", Apply: objects("a", "b")},
		{Name: "second", Apply: objects("a", "c"), Delete: []manifests.Key{objects("b")[0].Key()}},
		{Name: "third", Apply: objects("d")},
	}}
	f := &runFlags{target: "cluster", step: "second", noApply: true, there: map[*scenarios.Scenario][]manifests.Object{}}
	narrowed, err := f.narrow(s)
	require.NoError(t, err)
	assert.Empty(t, narrowed.Deploy)
	var names []string
	for _, o := range f.there[narrowed] {
		names = append(names, o.Name)
	}
	assert.Equal(t, []string{"app", "a", "c"}, names)
}
