//go:build e2e

package differential

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// What no answer shows is read from the proxies themselves.

const balancers = `
apiVersion: v1
kind: Service
metadata: {name: balanced, namespace: differential-mesh}
spec: {selector: {app: backend}, ports: [{name: http, port: 80, targetPort: 8080}, {name: http-more, port: 81, targetPort: 8080}, {name: http-most, port: 82, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: balanced, namespace: differential-mesh}
spec:
  host: balanced
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings:
    - {port: {number: 81}, loadBalancer: {simple: RANDOM}}
    - {port: {number: 82}, connectionPool: {http: {maxRetries: 7}}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}
  - name: v3
    labels: {version: v3}
    trafficPolicy:
      loadBalancer: {consistentHash: {httpHeaderName: x-user}}
      portLevelSettings: [{port: {number: 82}, loadBalancer: {simple: RANDOM}}]
`

// envoys are the names of Envoy's policies.
var envoys = map[routing.Balancer]string{
	routing.LeastRequest: "LEAST_REQUEST", routing.RoundRobin: "ROUND_ROBIN", routing.Random: "RANDOM", routing.ConsistentHash: "RING_HASH",
}

// TestClusters holds the balancers of all clusters, with their names, against those
// that a sidecar has.
func TestClusters(t *testing.T) {
	c := connect(t)
	c.apply(t, balancers)
	client := c.proxy(t, "relay")
	text, err := c.reader.Admin(t.Context(), client, "/config_dump?resource=dynamic_active_clusters")
	require.NoError(t, err)
	var dump struct {
		Configs []struct {
			Cluster struct {
				Name   string `json:"name"`
				Policy string `json:"lb_policy"`
			} `json:"cluster"`
		} `json:"configs"`
	}
	require.NoError(t, json.Unmarshal(text, &dump))
	has := map[string]string{}
	for _, one := range dump.Configs {
		// The first of Envoy's policies goes without saying.
		has[one.Cluster.Name] = one.Cluster.Policy
		if one.Cluster.Policy == "" {
			has[one.Cluster.Name] = "ROUND_ROBIN"
		}
	}
	objects, problems := manifests.Decode("app.yaml", slices.Concat(c.app, []byte("---"+balancers)))
	require.NoError(t, problems.Err())
	table, _ := routing.Compile(objects, client.Compiled())
	compared := 0
	for name, policy := range has {
		parts := strings.Split(name, "|")
		if len(parts) != 4 || parts[0] != "outbound" || !strings.Contains(parts[3], ".differential") {
			continue
		}
		compared++
		port := 0
		require.NoError(t, json.Unmarshal([]byte(parts[1]), &port))
		cluster := table.Cluster(routing.ClusterName{Host: parts[3], Port: port, Subset: parts[2]})
		if assert.NotNil(t, cluster, name) {
			assert.Equal(t, policy, envoys[cluster.Balancer], name)
		}
	}
	t.Logf("%d clusters were compared", compared)
	assert.Greater(t, compared, 50)
	assert.Contains(t, has, "PassthroughCluster")
	for _, name := range []string{"outbound|82|v3|balanced.differential-mesh.svc.cluster.local", "outbound|81||balanced.differential-mesh.svc.cluster.local"} {
		assert.Contains(t, has, name)
	}
}

const copies = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: differential}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: mirror, namespace: differential}
spec:
  hosts: [mirror.example]
  gateways: [gateway]
  http: [{route: [{destination: {host: echo-v1}}], mirrors: [{destination: {host: istio-ingressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: copies, namespace: differential}
spec: {hosts: [mirror.example-shadow], gateways: [gateway], http: [{match: [{authority: {exact: "mirror.example-shadow:81"}}], route: [{destination: {host: odd, port: {number: 8000}}}]}]}
`

// TestCopies mirrors to the ingress gateway itself, which counts what it forwards
// of the host that a copy has: -shadow stands before the port.
func TestCopies(t *testing.T) {
	c := connect(t)
	c.apply(t, copies)
	r := readRequest(t, "GET / | Host: mirror.example:81")
	require.Contains(t, send(t, r, c.url, c.transport), "of mirror.example:81")
	gateway := c.proxy(t, "istio-ingressgateway")
	require.Eventually(t, func() bool {
		clusters, err := c.reader.Clusters(t.Context(), gateway)
		if err != nil {
			return false
		}
		for _, cluster := range clusters {
			if cluster.Name == "outbound|8000||odd.differential.svc.cluster.local" {
				for _, e := range cluster.Endpoints {
					if e.Requests > 0 {
						return true
					}
				}
			}
		}
		return false
	}, 20*time.Second, 100*time.Millisecond, "no copy came back for mirror.example-shadow:81")
}

// apply applies objects for the length of a test.
func (c *cluster) apply(t *testing.T, objects string) {
	t.Helper()
	t.Cleanup(func() {
		out, err := kubectl(context.Background(), []byte(objects), "delete", "--ignore-not-found", "-f", "-")
		assert.NoError(t, err, out)
	})
	out, err := c.applied(t, []byte(objects))
	require.NoError(t, err, out)
}

// proxy is the one of a workload.
func (c *cluster) proxy(t *testing.T, workload string) proxies.Proxy {
	t.Helper()
	i := slices.IndexFunc(c.proxies, func(p proxies.Proxy) bool { return p.Workload == workload })
	require.GreaterOrEqual(t, i, 0)
	return c.proxies[i]
}
