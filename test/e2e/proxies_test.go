//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// The namespace belongs to this test alone, and what it applies is exported to
// no other, so the cluster can be shared. The application never gets a request:
// its image is the proxy's own, which is in the cluster already.
const proxiesNamespace = "splitcheck-proxies"

const proxiesApp = `
apiVersion: v1
kind: Namespace
metadata: {name: splitcheck-proxies, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: target, namespace: splitcheck-proxies}
spec: {selector: {app: target}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: splitcheck-proxies}
spec:
  selector: {matchLabels: {app: client}}
  template:
    metadata: {labels: {app: client}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: client, image: %s, imagePullPolicy: IfNotPresent, command: [sleep, infinity]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: target, namespace: splitcheck-proxies}
spec: {host: target, exportTo: ["."], subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
`

const proxiesSplit = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: target, namespace: splitcheck-proxies}
spec:
  hosts: [target]
  exportTo: ["."]
  http: [{route: [{destination: {host: target, subset: v1}, weight: %d}, {destination: {host: target, subset: v2}, weight: %d}]}]
`

const proxiesRefused = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: target, namespace: splitcheck-proxies}
spec: {hosts: [target], exportTo: ["."], http: [{redirect: {uri: /x, redirectCode: 399}}]}
`

// TestProxies follows one sidecar from a change to its pod's end.
func TestProxies(t *testing.T) {
	require.NotEmpty(t, os.Getenv("KUBECONFIG"), "set KUBECONFIG to the kubeconfig of a cluster with Istio")
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	reader, err := proxies.NewReader(config)
	require.NoError(t, err)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	image := strings.TrimSpace(proxiesKubectl(t, "", "-n", "istio-system", "get", "deployment", "istio-ingressgateway", "-o", "jsonpath={.spec.template.spec.containers[0].image}"))
	if image == "auto" || image == "" {
		image = strings.TrimSpace(proxiesKubectl(t, "", "-n", "istio-system", "get", "pods", "-l", "istio=ingressgateway", "-o", "jsonpath={.items[0].spec.containers[0].image}"))
	}
	t.Cleanup(func() {
		proxiesKubectl(t, "", "delete", "namespace", proxiesNamespace, "--ignore-not-found", "--wait=false")
	})
	app := fmt.Sprintf(proxiesApp, image)
	proxiesKubectl(t, app, "apply", "-f", "-")
	proxiesKubectl(t, "", "-n", proxiesNamespace, "rollout", "status", "deployment/client", "--timeout=120s")

	gateways, err := reader.List(ctx, "istio-system")
	require.NoError(t, err)
	require.NotEmpty(t, gateways)
	assert.True(t, gateways[0].Gateway)
	assert.Equal(t, "istio-ingressgateway", gateways[0].Workload)
	listed, err := reader.List(ctx, proxiesNamespace)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	client := listed[0]
	assert.False(t, client.Gateway)
	assert.Equal(t, "client", client.Workload)

	objects := func(split string) []manifests.Object {
		all, list := manifests.Decode("split.yaml", []byte(app+"---"+split))
		require.NoError(t, list.Err())
		return all
	}
	routes := func() envoy.Routes {
		r, err := reader.Routes(ctx, client)
		require.NoError(t, err)
		return r
	}
	carried := func(now []manifests.Object) envoy.Routes {
		var last envoy.Routes
		require.Eventually(t, func() bool {
			last = routes()
			return proxies.Compare(now, client, last) == nil
		}, 20*time.Second, 100*time.Millisecond)
		return last
	}

	ninety, sixty := fmt.Sprintf(proxiesSplit, 90, 10), fmt.Sprintf(proxiesSplit, 60, 40)
	assert.NotNil(t, proxies.Compare(objects(ninety), client, routes()), "nothing is applied yet")
	proxiesKubectl(t, ninety, "apply", "-f", "-")
	then := carried(objects(ninety))
	found := proxies.Compare(objects(sixty), client, then)
	require.Len(t, found, 1)
	assert.Equal(t, "v1 60, v2 40", found[0].Configured)
	assert.Equal(t, "v1 90, v2 10", found[0].Programmed)
	proxiesKubectl(t, sixty, "apply", "-f", "-")
	now := carried(objects(sixty))
	observation := proxies.Observe(objects(sixty), client, now)
	require.Len(t, observation, 1)
	assert.Equal(t, 40.0, observation[0].Arms[1].Programmed)
	clusters, err := reader.Clusters(ctx, client)
	require.NoError(t, err)
	for _, d := range proxies.Destinations(objects(sixty), client) {
		assert.NotNil(t, clusters.Find(d.Cluster), d.Cluster)
	}

	// A redirect with a code that Envoy does not know passes Istio's validation.
	proxiesKubectl(t, proxiesRefused, "apply", "-f", "-")
	require.Eventually(t, func() bool {
		words, err := reader.Refusals(ctx, client, time.Minute)
		return err == nil && len(words) > 0 && strings.Contains(words[0], "RouteConfiguration 80: ")
	}, 20*time.Second, 200*time.Millisecond)
	assert.Nil(t, proxies.Compare(objects(sixty), client, routes()), "the proxy goes on with what it had")
	assert.NotNil(t, proxies.Compare(objects(proxiesRefused), client, routes()))

	key := manifests.Key{Group: manifests.IstioGroup, Kind: "VirtualService", Namespace: proxiesNamespace, Name: "target"}
	assert.Equal(t, []manifests.Key{key}, proxies.Mentions(routes(), []manifests.Key{key}))
	proxiesKubectl(t, "", "-n", proxiesNamespace, "delete", "virtualservice", "target")
	require.Eventually(t, func() bool { return proxies.Mentions(routes(), []manifests.Key{key}) == nil }, 20*time.Second, 100*time.Millisecond)

	gone, stop := context.WithCancel(ctx)
	stop()
	_, err = reader.Routes(gone, client)
	assert.ErrorIs(t, err, context.Canceled)

	// The pod ends while a session to it is open.
	proxiesKubectl(t, "", "-n", proxiesNamespace, "delete", "pod", client.Name, "--wait=false")
	begin := time.Now()
	_, err = reader.Routes(ctx, client)
	assert.Less(t, time.Since(begin), 3*time.Second)
	assert.True(t, err == nil || proxies.Gone(err), "%v", err)
	proxiesKubectl(t, "", "-n", proxiesNamespace, "wait", "--for=delete", "pod/"+client.Name, "--timeout=60s")
	begin = time.Now()
	_, err = reader.Routes(ctx, client)
	t.Logf("of a pod that is gone: %v after %s", err, time.Since(begin).Round(time.Millisecond))
	assert.Less(t, time.Since(begin), 3*time.Second)
	require.Error(t, err)
	assert.True(t, proxies.Gone(err), "%v", err)

	reader.Close()
	_, err = reader.Routes(ctx, gateways[0])
	assert.ErrorContains(t, err, "the reader is closed")
	// The API client keeps its one connection, which is of three goroutines or so.
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+6 }, 10*time.Second, 100*time.Millisecond,
		"%d goroutines were there before", before)
}

func proxiesKubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "kubectl %s: %s", strings.Join(args, " "), out)
	return string(out)
}
