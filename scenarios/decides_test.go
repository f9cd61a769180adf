package scenarios

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/problems"
)

// What decides in the built-in scenarios is read off their manifests here, which
// stand in scenarios/library.
func TestDecides(t *testing.T) {
	const canary, reviews = "canary.default.svc.cluster.local", "reviews.default.svc.cluster.local"
	for _, test := range []struct {
		scenario, step, check string
		source, host          string
		clusters              map[string]string
	}{
		{"version-test-90-10", "90-10", "", "VirtualService default/canary, http[0]", canary,
			map[string]string{"outbound|80|v1|" + canary: "v1", "outbound|80|v2|" + canary: "v2"}},
		{"bookinfo-thirds", "no-rules", "", "", reviews, nil},
		// The header that chooses the rule is set by productpage.
		{"bookinfo-testuser", "testuser-10-90", "testuser", "", reviews,
			map[string]string{"outbound|9080|v1|" + reviews: "v1", "outbound|9080|v2|" + reviews: "v2", "outbound|9080|v3|" + reviews: "v3"}},
		{"gamma-shift", "80-20", "", "HTTPRoute gamma/split, rules[0]", "backend-svc.gamma.svc.cluster.local",
			map[string]string{"outbound|80||backend-v1.gamma.svc.cluster.local": "v1", "outbound|80||backend-v2.gamma.svc.cluster.local": "v2"}},
	} {
		s := builtin(t, test.scenario)
		got, ok := decided(t, s, test.step, test.check)
		require.True(t, ok, test.scenario)
		assert.Equal(t, test.source, got.Source.String(), test.scenario)
		assert.Equal(t, test.host, got.Host, test.scenario)
		for name, version := range test.clusters {
			assert.Equal(t, version, got.Clusters[name], "%s: %s of %v", test.scenario, name, got.Clusters)
		}
		assert.NotEmpty(t, got.Workloads, test.scenario)
	}
}

func TestDecidesNamesTheWorkloads(t *testing.T) {
	got, ok := decided(t, builtin(t, "bookinfo-thirds"), "no-rules", "")
	require.True(t, ok)
	assert.Equal(t, map[string]string{"reviews-v1.default": "v1", "reviews-v2.default": "v2", "reviews-v3.default": "v3"}, got.Workloads)
	assert.Empty(t, got.Clusters, "the Service as a whole is no version, and no subset is defined")
}

// kube-proxy splits between the replicas of nginx, and no proxy takes part.
func TestNoProxyDecidesPastTheMesh(t *testing.T) {
	s := builtin(t, "nginx-replicas")
	for _, step := range s.Steps {
		for _, c := range step.Checks {
			_, ok := s.Decides(step.Name, c)
			assert.False(t, ok, step.Name)
		}
	}
	_, ok := s.Decides("no such step", Check{})
	assert.False(t, ok)
}

// The scenario mirrors to v3 and sends to v1; who counts copies counts no versions.
func TestDecidesKnowsOfCopies(t *testing.T) {
	s := builtin(t, "bookinfo-mirror")
	copied := 0
	for _, step := range s.Steps {
		for _, c := range step.Checks {
			got, ok := s.Decides(step.Name, c)
			assert.Equal(t, c.Mirrored == "", ok, c.Name)
			copied += len(got.Copied)
		}
	}
	assert.NotZero(t, copied)
}

func decided(t *testing.T, s *Scenario, step, check string) (Decisive, bool) {
	t.Helper()
	for _, each := range s.Steps {
		for _, c := range each.Checks {
			if each.Name == step && (check == "" || c.Name == check) {
				return s.Decides(step, c)
			}
		}
	}
	t.Fatalf("there is no check %q in %q", check, step)
	return Decisive{}, false
}

// Routes to applications that are there already: what stands behind a subset is
// not in the scenario's files, and is taken for what it is called.
func TestDestinationsOfOthersAreCalledByTheirNames(t *testing.T) {
	const canary = "canary.default.svc.cluster.local"
	s := builtin(t, "version-test-90-10")
	s.Deploy = nil
	got, ok := decided(t, s, "90-10", "")
	require.True(t, ok)
	assert.Equal(t, map[string]string{"outbound|80|v1|" + canary: "v1", "outbound|80|v2|" + canary: "v2"}, got.Clusters)
	assert.True(t, got.Named)
	assert.Empty(t, got.Workloads)

	// Other names than the check's say nothing of its versions.
	c := s.Steps[0].Checks[0]
	c.Expect = append(c.Expect[:1:1], c.Expect[1])
	c.Expect[1].Version = "blue"
	got, ok = s.Decides("90-10", c)
	require.True(t, ok)
	assert.Empty(t, got.Clusters)
	assert.False(t, got.Named)

	got, _ = decided(t, builtin(t, "version-test-90-10"), "90-10", "")
	assert.False(t, got.Named, "its application is in the scenario")
}

// What a scenario's files lack, the cluster may have.
func TestClusterAnswersForWhatIsMissing(t *testing.T) {
	s := &Scenario{Warnings: problems.List{{ID: "SC109", Message: "names no Service"}, {ID: "SC102", Message: "two for one host"}, {Message: "of its form"}}}
	there := s.OnCluster()
	assert.Equal(t, problems.List{{ID: "SC102", Message: "two for one host"}, {Message: "of its form"}}, there.Warnings)
	assert.Len(t, s.Warnings, 3)
}
