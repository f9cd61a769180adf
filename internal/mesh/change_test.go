package mesh_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

func TestChangesTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, mesh.Options{ApplyDelay: 100 * time.Millisecond, Stagger: -1}, versionTest, weights(100, 0))
		done := make(chan target.Convergence)
		go func() {
			got, err := m.Change(context.Background(), target.Change{Apply: objects(t, weights(0, 100))})
			assert.NoError(t, err)
			done <- got
		}()
		time.Sleep(99 * time.Millisecond)
		assert.Equal(t, map[string]int{"v1": 10}, draw(t, m, page.of(10)), "before")
		got := <-done
		assert.Equal(t, map[string]int{"v2": 10}, draw(t, m, page.of(10)), "after")
		assert.True(t, got.Converged)
		assert.Equal(t, 100*time.Millisecond, got.Took)
	})
}

func TestAChangeMayBeTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mesh.New(mesh.Options{ApplyDelay: time.Minute})
		got, err := m.Change(context.Background(), target.Change{Apply: objects(t, versionTest, weights(1, 1)), Timeout: 5 * time.Second})
		require.NoError(t, err)
		assert.False(t, got.Converged)
		assert.Equal(t, 5*time.Second, got.Took)
		assert.Equal(t, "istio-ingressgateway-0 still routes by what it was before Gateway default/canary-gateway was applied and "+
			"DestinationRule default/canary was applied and VirtualService default/canary was applied", words.English(got.Detail))

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = m.Change(ctx, target.Change{})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, m.Close(context.Background()))
	})
}

func TestAStuckProxyIsSeen(t *testing.T) {
	m := open(t, mesh.Options{GatewayReplicas: 4}, versionTest, weights(100, 0))
	got, err := m.Change(context.Background(), target.Change{
		Apply:       objects(t, weights(0, 100)),
		Defects:     []target.Defect{{Kind: "stuck-proxy", Proxy: 2}},
		SetsDefects: true,
	})
	require.NoError(t, err)
	assert.False(t, got.Converged)
	assert.Equal(t, "istio-ingressgateway-2 still routes by what it was before VirtualService default/canary was applied", words.English(got.Detail))

	counts := draw(t, m, page.of(2000).over(target.Load{Connections: 1, Reuse: 1}))
	assert.InDelta(t, 500, counts["v1"], 100, "a quarter of the connections meet the old weights")

	defects(t, m)
	assert.Equal(t, map[string]int{"v2": 2000}, draw(t, m, page.of(2000)), "it catches up when the defect is gone")
}

// A proxy that never hears of a rolling update goes on calling pods that are no
// more.
func TestAStuckProxyCallsPodsThatAreGone(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(100, 0))
	got, err := m.Change(context.Background(), target.Change{
		Apply:       objects(t, strings.Replace(versionTest, "version-test:v1", "version-test:v2", 1)),
		Defects:     []target.Defect{{Kind: "stuck-proxy"}},
		SetsDefects: true,
	})
	require.NoError(t, err)
	assert.False(t, got.Converged)
	assert.Equal(t, map[string]int{"503": 10}, draw(t, m, page.of(10)))
}

func TestRollingUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, mesh.Options{StartupDelay: 10 * time.Second, ApplyDelay: time.Second, Stagger: -1}, versionTest, weights(100, 0))
		before := draw(t, m, sample{path: "/version.html", requests: 10, name: pod})
		began := time.Now()
		apply(t, m, strings.Replace(versionTest, "version-test:v1", "version-test:v2", 1))
		assert.Equal(t, 11*time.Second, time.Since(began), "new pods start, then the proxies hear of them")
		after := draw(t, m, sample{path: "/version.html", requests: 10, name: pod})
		assert.NotEqual(t, before, after, "another template makes other pods")
		assert.Equal(t, map[string]int{"v2": 10}, draw(t, m, page.of(10)))

		began = time.Now()
		apply(t, m, strings.Replace(versionTest, "version-test:v1", "version-test:v2", 1))
		assert.Equal(t, time.Second, time.Since(began), "the same template keeps its pods")
		assert.Equal(t, after, draw(t, m, sample{path: "/version.html", requests: 10, name: pod}))
	})
}

func TestDeleting(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(100, 0))
	key := manifests.Key{Group: "networking.istio.io", Kind: "VirtualService", Namespace: "default", Name: "canary"}
	change(t, m, target.Change{Delete: []manifests.Key{key}})
	assert.Equal(t, map[string]int{"404": 10}, draw(t, m, page.of(10)))

	_, err := m.Change(context.Background(), target.Change{Delete: []manifests.Key{key}, Scale: []target.Scale{{Namespace: "default", Deployment: "nobody"}}})
	assert.ErrorContains(t, err, "there is no VirtualService default/canary; of this kind there are none")
	assert.ErrorContains(t, err, "there is no Deployment default/nobody; there are default/appv1, default/appv2, istio-system/istio-ingressgateway")
}

// Sidecars take the oldest VirtualService of a host, gateways merge them
// (Istio's docs, Traffic Management Best Practices). An object that is applied
// again keeps its age.
func TestTheOldestVirtualServiceWins(t *testing.T) {
	const second = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: later}
spec: {hosts: ["*"], gateways: [canary-gateway], http: [{route: [{destination: {host: canary, subset: v2}}]}]}
`
	m := open(t, mesh.Options{}, versionTest, weights(100, 0), second)
	assert.Equal(t, map[string]int{"v1": 50}, draw(t, m, page.of(50)))
	apply(t, m, weights(100, 0))
	assert.Equal(t, map[string]int{"v1": 50}, draw(t, m, page.of(50)), "applied again, it is still the oldest")
	change(t, m, target.Change{Delete: []manifests.Key{{Group: "networking.istio.io", Kind: "VirtualService", Namespace: "default", Name: "canary"}}})
	apply(t, m, weights(100, 0))
	assert.Equal(t, map[string]int{"v2": 50}, draw(t, m, page.of(50)), "made anew, it is the youngest")
}

func TestWhatAClusterRefusesChangesNothing(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(100, 0))
	_, err := m.Change(context.Background(), target.Change{Apply: objects(t, canary(`{route: [
		{destination: {host: canary, subset: v1}, weight: 0}, {destination: {host: canary, subset: v2}, weight: 0}]}`))})
	assert.ErrorContains(t, err, "0.yaml:", "the place in the user's file")
	assert.Equal(t, map[string]int{"v1": 50}, draw(t, m, page.of(50)))
}

func TestReplicasAreBounded(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest)
	many := strings.Replace(versionTest, "metadata: {name: appv1}\nspec:", "metadata: {name: appv1}\nspec:\n  replicas: 2000000000", 1)
	_, err := m.Change(context.Background(), target.Change{
		Apply: objects(t, many),
		Scale: []target.Scale{{Namespace: "default", Deployment: "appv2", Replicas: -1}},
	})
	assert.ErrorContains(t, err, "Deployment default/appv1: 2000000000 replicas are not possible")
	assert.ErrorContains(t, err, "scale default/appv2: -1 replicas are not possible; the simulated mesh runs 0 to 1000 pods")
}

func TestScalingTheGateway(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(100, 0))
	change(t, m, target.Change{Scale: []target.Scale{{Namespace: "istio-system", Deployment: "istio-ingressgateway", Replicas: 3}}})
	assert.Equal(t, map[string]int{"v1": 50}, draw(t, m, page.of(50)))
	change(t, m, target.Change{Scale: []target.Scale{{Namespace: "istio-system", Deployment: "istio-ingressgateway"}}})
	for answer := range draw(t, m, page.of(1)) {
		assert.Contains(t, answer, "connection refused")
	}
}

func TestClosedMeshes(t *testing.T) {
	m := mesh.New(mesh.Options{})
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	require.NoError(t, m.Close(context.Background()))
	require.NoError(t, m.Close(context.Background()), "again")
	_, err = m.Change(context.Background(), target.Change{})
	assert.ErrorContains(t, err, "closed")
	_, err = m.Enter(target.Via{}, target.Load{})
	assert.ErrorContains(t, err, "closed")
	_, failure := send(entry, 0, "/", nil)
	assert.Contains(t, failure, "closed")
}
