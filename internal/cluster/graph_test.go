package cluster

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

func podAt(name, address, version string) *unstructured.Unstructured {
	pod := there("Pod", name, map[string]string{"version": version})
	pod.Object["status"] = map[string]any{"podIP": address, "phase": "Running"}
	return pod
}

const (
	toV1 = "outbound|80|v1|canary.default.svc.cluster.local"
	toV2 = "outbound|80|v2|canary.default.svc.cluster.local"
	host = "canary.default.svc.cluster.local"
)

// TestGraphOfEachStep asks after each of three steps: what was sent in one is not
// in the next, a pod that went away meanwhile is still drawn, and what was a copy
// in the first step stays one.
func TestGraphOfEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{}, podAt("app1-x", "10.0.0.1", "v1"), podAt("app2-x", "10.0.0.2", "v2"))
		routes := routed(100, 0)
		routes[0].Mirrors = []envoy.Mirror{{Cluster: toV2}}
		w.carried = func() envoy.Routes { return routes }
		counts := func(v1, v2, errors int64) {
			w.counted = map[string]map[string]envoy.Endpoint{
				toV1: {"10.0.0.1": {Requests: v1}}, toV2: {"10.0.0.2": {Requests: v2, Errors: errors}},
			}
		}
		counts(1000, 1000, 0) // by others, before
		world := objects(t, canary)
		_, err := w.Cluster.Change(t.Context(), target.Change{Apply: world})
		require.NoError(t, err)
		entered := w.ledger.entry("istio-system/ingress")

		step := func() *split.Graph {
			t.Helper()
			got, err := w.Cluster.Graph(t.Context())
			require.NoError(t, err)
			return got
		}
		counts(1090, 1010, 2)
		entered.requests.Add(90)
		got := step()
		const gateway = "istio-system/ingress"
		assert.Equal(t, []split.Edge{
			{From: "client", To: gateway, Requests: 90},
			{From: gateway, To: "default/app1-x", Service: host, Requests: 90},
			{From: gateway, To: "default/app2-x", Service: host, Mirrored: 10, Errors: 2},
		}, got.Edges)
		assert.Contains(t, got.Nodes, split.Node{ID: "default/app2-x", Workload: "app2-x", Version: "v2", Namespace: "default"})
		assert.Empty(t, step())

		routes = routed(90, 10)
		counts(1190, 1021, 2)
		entered.requests.Add(111)
		require.NoError(t, w.dynamic.Tracker().Delete(plural(podAt("", "", "").GroupVersionKind()), "default", "app1-x"))
		assert.Equal(t, []split.Edge{
			{From: "client", To: gateway, Requests: 111},
			{From: gateway, To: "default/app1-x", Service: host, Requests: 100},
			{From: gateway, To: "default/app2-x", Service: host, Requests: 11},
		}, step().Edges)

		// The workload's next pod is of another version.
		later := podAt("app2-x", "10.0.0.3", "v3")
		require.NoError(t, w.dynamic.Tracker().Update(plural(later.GroupVersionKind()), later, "default"))
		w.counted[toV2] = map[string]envoy.Endpoint{"10.0.0.3": {}}
		_, err = w.Cluster.Observe(t.Context())
		require.NoError(t, err)
		w.counted[toV2] = map[string]envoy.Endpoint{"10.0.0.3": {Requests: 5}}
		got = step()
		assert.Equal(t, []split.Edge{{From: gateway, To: "default/app2-x@v3", Service: host, Requests: 5}}, got.Edges)
	})
}
