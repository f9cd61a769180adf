package mesh_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

const canaryRule = "VirtualService default/canary, http[0]"

// observation asks the proxies and returns the rule of the canary as each has it.
func observation(t *testing.T, m *mesh.Mesh) (target.Observation, []target.Route) {
	t.Helper()
	seen, err := m.Observe(context.Background())
	require.NoError(t, err)
	return seen, slices.DeleteFunc(slices.Clone(seen.Routes), func(r target.Route) bool { return r.Source.String() != canaryRule })
}

// sentTo sums up what all proxies say to have sent to a workload.
func sentTo(seen target.Observation, workload string) (requests, errors int64) {
	for _, c := range seen.Counts {
		if c.Workload == workload {
			requests += c.Requests
			errors += c.Errors
		}
	}
	return requests, errors
}

func TestProxiesCountWhatIsAnswered(t *testing.T) {
	m := open(t, mesh.Options{GatewayReplicas: 2}, versionTest, weights(90, 10))
	got := draw(t, m, page.over(target.Load{Reuse: 1}))
	seen, _ := observation(t, m)
	total := 0
	for workload, version := range map[string]string{"appv1.default": "v1", "appv2.default": "v2"} {
		n, failed := sentTo(seen, workload)
		assert.EqualValues(t, got[version], n, version)
		assert.Zero(t, failed)
		total += int(n)
	}
	assert.Equal(t, 1000, total)
	proxies := map[string]bool{}
	for _, c := range seen.Counts {
		proxies[c.Proxy] = true
		assert.Contains(t, c.Cluster, "canary.default.svc.cluster.local")
	}
	assert.Len(t, proxies, 2, "each gateway pod counts for itself")
}

// A defect of the data plane is in neither weight: the proxy does not know it.
func TestProxiesSayWhatTheyCarry(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(90, 10))
	defects(t, m, target.Defect{Kind: "weights", Weights: split.Weights{{Version: "v1", Weight: 1}, {Version: "v2", Weight: 1}}})
	_, routes := observation(t, m)
	require.Len(t, routes, 1, "only the gateway has the rule")
	assert.Equal(t, "istio-ingressgateway-0.istio-system", routes[0].Proxy)
	assert.Equal(t, "istio-ingressgateway.istio-system", routes[0].Workload)
	assert.Equal(t, []target.Arm{
		{Cluster: "outbound|80|v1|canary.default.svc.cluster.local", Configured: 90, Programmed: 90},
		{Cluster: "outbound|80|v2|canary.default.svc.cluster.local", Configured: 10, Programmed: 10},
	}, routes[0].Arms)
	assert.False(t, routes[0].Updated.IsZero())
}

func TestAStuckProxyTestifiesToTheWeightsBefore(t *testing.T) {
	m := open(t, mesh.Options{GatewayReplicas: 2}, versionTest, weights(90, 10))
	live, err := m.Change(context.Background(), target.Change{
		Apply: objects(t, weights(50, 50)), Defects: []target.Defect{{Kind: "stuck-proxy", Proxy: 1}}, SetsDefects: true,
	})
	require.NoError(t, err)
	assert.False(t, live.Converged)
	converged := map[string]bool{}
	for _, p := range live.Proxies {
		converged[p.Name] = p.Converged
		assert.Equal(t, p.Converged, p.Detail.ID == "", p.Name)
	}
	assert.True(t, converged["istio-ingressgateway-0.istio-system"])
	assert.False(t, converged["istio-ingressgateway-1.istio-system"])
	_, routes := observation(t, m)
	require.Len(t, routes, 2)
	for i, programmed := range []float64{50, 90} {
		assert.Equal(t, 50.0, routes[i].Arms[0].Configured, routes[i].Proxy)
		assert.Equal(t, programmed, routes[i].Arms[0].Programmed, routes[i].Proxy)
	}
}

// A deleted route is not configured any more, and neither programmed once it is live.
func TestADeletedRouteIsGone(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(90, 10))
	key := objects(t, weights(90, 10))[0].Key()
	change(t, m, target.Change{Delete: []manifests.Key{key}})
	_, routes := observation(t, m)
	assert.Empty(t, routes)
}

// Envoy counts every try. A pod that fails is asked again within its arm.
func TestProxiesCountTriesAndCopies(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, canary(`{
		route: [{destination: {host: canary, subset: v1}}],
		mirror: {host: canary, subset: v2}, mirrorPercentage: {value: 100},
		retries: {attempts: 2, retryOn: 5xx}}`))
	defects(t, m, target.Defect{Kind: "failing", Version: "v1", Share: 1})
	draw(t, m, page.of(100))
	seen, _ := observation(t, m)
	n, failed := sentTo(seen, "appv1.default")
	assert.EqualValues(t, 300, n, "one try and two retries each")
	assert.EqualValues(t, 300, failed)
	n, failed = sentTo(seen, "appv2.default")
	assert.EqualValues(t, 100, n, "a copy of each request, whatever became of it")
	assert.Zero(t, failed)
}
