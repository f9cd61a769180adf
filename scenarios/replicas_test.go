package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/scenarios"
)

func TestReplicasByVersion(t *testing.T) {
	for _, test := range []struct {
		scenario, step string
		versions       []string
		want           map[string]int64
	}{
		{"version-test-90-10", "90-10", []string{"v1", "v2"}, map[string]int64{"v1": 1, "v2": 1}},
		{"dead-version", "v2-without-pods", []string{"v1", "v2"}, map[string]int64{"v1": 1, "v2": 0}},
		{"bookinfo-canary", "90-10", []string{"v1", "v2"}, map[string]int64{"v1": 1, "v2": 1, "v3": 1}},
		{"bookinfo-shift", "50-50-scaled", []string{"v1", "v3"}, map[string]int64{"v1": 3, "v2": 1, "v3": 1}},
		{"nginx-replicas", "three-to-three", []string{"1.14.2", "1.16.1"}, map[string]int64{"1.14.2": 3, "1.16.1": 3}},
		{"nginx-replicas", "two-to-one", []string{"1.14.2", "1.16.1"}, map[string]int64{"1.14.2": 2, "1.16.1": 1}},
		{"nginx-replicas", "before", []string{"1.14.2"}, nil},             // one version alone
		{"version-test-90-10", "90-10", []string{"red", "black"}, nil},    // no words for pods
		{"bookinfo-faults", "ratings-abort", []string{"answered"}, nil},   // a Service's pods are not these
		{"version-test-90-10", "no such step", []string{"v1", "v2"}, nil}, // unknown
		{"gamma-shift", "80-20", []string{"v1", "v2"}, map[string]int64{"v1": 1, "v2": 1}},
	} {
		s, found := scenarios.Builtin(test.scenario)
		require.NoError(t, found.Err())
		assert.Equal(t, test.want, s.Replicas(test.step, test.versions), "%s, %s", test.scenario, test.step)
	}
}
