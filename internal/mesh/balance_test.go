package mesh_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
)

// balanced is version-test behind the gateway with a balancer and no weights.
func balanced(policy string) []string {
	return []string{versionTest, canary(`{route: [{destination: {host: canary}}]}`), `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec: {host: canary, trafficPolicy: {loadBalancer: ` + policy + `}}
`}
}

func threeOfEach(t *testing.T, m *mesh.Mesh) {
	t.Helper()
	change(t, m, target.Change{Scale: []target.Scale{
		{Namespace: "default", Deployment: "appv1", Replicas: 3}, {Namespace: "default", Deployment: "appv2", Replicas: 1},
	}})
}

func pod(r *http.Response, body string) string {
	if r == nil {
		return body
	}
	return r.Header.Get("X-Pod")
}

func TestBalancersGiveEveryPodItsPart(t *testing.T) {
	for _, each := range []struct {
		name, policy string
		deviations   float64 // of a pod's count, in standard deviations of a fair draw
	}{
		{"least request, one at a time", `{simple: LEAST_REQUEST}`, 5},
		{"random", `{simple: RANDOM}`, 5},
		{"round robin", `{simple: ROUND_ROBIN}`, 0},
		{"a hash without its header is random", `{consistentHash: {httpHeaderName: X-User}}`, 5},
	} {
		t.Run(each.name, func(t *testing.T) {
			m := open(t, mesh.Options{}, balanced(each.policy)...)
			threeOfEach(t, m)
			counts := draw(t, m, sample{path: "/version.html", requests: 4000, name: pod})
			require.Len(t, counts, 4)
			for name, n := range counts {
				assert.InDelta(t, 1000, n, each.deviations*math.Sqrt(4000*0.25*0.75), name)
				assert.Regexp(t, `^appv[12]-[bcdfghjklmnpqrstvwxz2456789]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}$`, name)
			}
		})
	}
}

func TestConsistentHashKeepsToAPod(t *testing.T) {
	for _, each := range []struct {
		name, policy, path string
		header             func(user int) http.Header
	}{
		{"header", `{consistentHash: {httpHeaderName: x-user}}`, "/version.html",
			func(u int) http.Header { return http.Header{"X-User": {fmt.Sprint(u)}} }},
		{"cookie", `{consistentHash: {httpCookie: {name: user, ttl: 60s}}}`, "/version.html",
			func(u int) http.Header { return http.Header{"Cookie": {fmt.Sprintf("user=%d", u)}} }},
	} {
		t.Run(each.name, func(t *testing.T) {
			m := open(t, mesh.Options{}, balanced(each.policy)...)
			threeOfEach(t, m)
			all := map[string]bool{}
			for user := range 40 {
				counts := draw(t, m, sample{path: each.path, requests: 20, name: pod, header: each.header(user)})
				assert.Len(t, counts, 1, "user %d", user)
				for name := range counts {
					all[name] = true
				}
			}
			assert.Len(t, all, 4, "users are spread over all pods")
		})
	}
	t.Run("source", func(t *testing.T) {
		m := open(t, mesh.Options{}, balanced(`{consistentHash: {useSourceIp: true}}`)...)
		threeOfEach(t, m)
		assert.Len(t, draw(t, m, sample{path: "/version.html", requests: 50, name: pod}), 1)
	})
	t.Run("a cookie with a lifetime is made", func(t *testing.T) {
		m := open(t, mesh.Options{}, balanced(`{consistentHash: {httpCookie: {name: user, ttl: 60s}}}`)...)
		threeOfEach(t, m)
		response, _ := get(t, m, "/version.html", nil)
		cookies := response.Cookies()
		require.Len(t, cookies, 1)
		assert.Equal(t, "user", cookies[0].Name)
		assert.Equal(t, 60, cookies[0].MaxAge)
	})
}

// Affinity inside a subset leaves the draw among subsets alone: Istio sets no
// use_hash_policy on weighted clusters.
func TestAffinityLeavesWeightsAlone(t *testing.T) {
	documents := []string{versionTest, weights(50, 50), `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec:
  host: canary
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}
  subsets: [{name: v1, labels: {app: v1}}, {name: v2, labels: {app: v2}}]
`}
	m := open(t, mesh.Options{}, documents...)
	s := page
	s.header = http.Header{"X-User": {"one"}}
	got := draw(t, m, s)
	assert.InDelta(t, 500, got["v1"], 5*math.Sqrt(250))
}

// kube-proxy decides on the first packet of a connection, uniformly over the
// ready pods (k8s.io/kubernetes pkg/proxy/iptables/proxier.go).
func TestKubeProxyChoosesPerConnection(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest)
	names := drawEach(t, m, page.of(4000).through("canary").over(target.Load{Connections: 1, Reuse: 10}))
	connections, v2 := 0, 0
	for _, on := range onConnections(names, 10) {
		for _, name := range on {
			require.Equal(t, on[0], name, "a connection stays with its pod")
		}
		if connections++; on[0] == "v2" {
			v2++
		}
	}
	// 7.5 requests on each in the mean.
	assert.InDelta(t, 533, connections, 20)
	assert.InDelta(t, float64(connections)/2, v2, 5*math.Sqrt(133))

	sticky := strings.Replace(versionTest, "ports: [{port: 80}]", "ports: [{port: 80}], sessionAffinity: ClientIP", 1)
	m = open(t, mesh.Options{}, sticky)
	assert.Len(t, draw(t, m, page.through("canary").over(target.Load{Connections: 1, Reuse: 1})), 1, "one client, one pod")
}

func TestServiceWithoutPods(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest)
	change(t, m, target.Change{Scale: []target.Scale{
		{Namespace: "default", Deployment: "appv1"}, {Namespace: "default", Deployment: "appv2"},
	}})
	got := draw(t, m, page.of(1).through("canary"))
	assert.Equal(t, map[string]int{"dial tcp canary.default: connection refused": 1}, got)

	_, err := m.Enter(target.Via{Service: "nobody"}, target.Load{})
	assert.ErrorContains(t, err, "there is no Service default/nobody; there are default/canary")
}
