//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// another is a gateway besides Istio's own, as Helm's chart creates it.
const another = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: another, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: another}}
  template:
    metadata:
      labels: {istio: another, sidecar.istio.io/inject: "true"}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: istio-proxy, image: auto, imagePullPolicy: IfNotPresent}]}
---
apiVersion: v1
kind: Service
metadata: {name: another, namespace: istio-system}
spec: {selector: {istio: another}, ports: [{name: http, port: 80, targetPort: 8080}]}
`

// TestWays enters a user's own cluster by each way that leads to its ingress
// gateway, and asks for the verdict and for the words that tell which way it was.
func TestWays(t *testing.T) {
	f := newFailures(t)
	spec := f.kubectl(t, "", "-n", "istio-system", "get", "service", "istio-ingressgateway", "-o", "jsonpath={.spec}")
	gateway := func(t *testing.T, patch ...string) {
		t.Helper()
		f.kubectl(t, "", append([]string{"-n", "istio-system", "patch", "service", "istio-ingressgateway"}, patch...)...)
	}
	// changed makes the gateway's Service one of a type, and what it was again.
	changed := func(t *testing.T, kind string) {
		t.Helper()
		t.Cleanup(func() {
			gateway(t, "--subresource=status", "--type=merge", "-p", `{"status":{"loadBalancer":null}}`)
			gateway(t, "--type=json", "-p", `[{"op":"replace","path":"/spec","value":`+spec+`}]`)
		})
		gateway(t, "--type=merge", "-p", fmt.Sprintf(`{"spec":{"type":%q}}`, kind))
	}
	balancer := func(t *testing.T, ip string) {
		t.Helper()
		changed(t, "LoadBalancer")
		gateway(t, "--subresource=status", "--type=merge", "-p", fmt.Sprintf(`{"status":{"loadBalancer":{"ingress":[{"ip":%q}]}}}`, ip))
	}
	scale := func(t *testing.T, replicas int) {
		t.Helper()
		f.kubectl(t, "", "-n", "istio-system", "scale", "deployment/istio-ingressgateway", fmt.Sprintf("--replicas=%d", replicas))
		f.kubectl(t, "", "-n", "istio-system", "rollout", "status", "deployment/istio-ingressgateway", "--timeout=60s")
	}
	// autoscaled lets the gateway have so many replicas, and what it could have
	// again; where nothing scales it, any number is kept.
	autoscaled := func(t *testing.T, replicas string) {
		t.Helper()
		was := f.kubectl(t, "", "-n", "istio-system", "get", "hpa", "istio-ingressgateway", "--ignore-not-found", "-o", "jsonpath={.spec.maxReplicas}")
		if was == "" {
			return
		}
		most := func(replicas string) {
			f.kubectl(t, "", "-n", "istio-system", "patch", "hpa", "istio-ingressgateway", "--type=merge", "-p", `{"spec":{"maxReplicas":`+replicas+`}}`)
		}
		most(replicas)
		t.Cleanup(func() { most(was) })
	}
	// pod is the gateway's, among those that are not on their way out.
	pod := func(t *testing.T) string {
		t.Helper()
		names := f.kubectl(t, "", "-n", "istio-system", "get", "pods", "-l", "istio=ingressgateway", "-o",
			"go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}")
		require.Len(t, strings.Fields(names), 1)
		return strings.TrimSpace(names)
	}
	enter := func(t *testing.T, more ...string) *running {
		return f.start(t, f.routes(t, split90), append([]string{"--target", "cluster", "--margin", "10%"}, more...)...)
	}
	node := f.kubectl(t, "", "get", "nodes", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	// This is an address at the end of the node's network, which kind does
	// not assign.
	nobody := strings.Join(strings.Split(node, ".")[:2], ".") + ".255.253"

	t.Run("NodePort", func(t *testing.T) {
		f.clean(t)
		enter(t).ends(t, time.Minute, 0, "by NodePort 30080 of node address "+node)
	})
	t.Run("LoadBalancer", func(t *testing.T) {
		f.clean(t)
		balancer(t, node)
		enter(t).ends(t, time.Minute, 0, "by the LoadBalancer address "+node)
	})
	t.Run("LoadBalancerThatDoesNotAnswer", func(t *testing.T) {
		f.clean(t)
		balancer(t, nobody)
		enter(t).ends(t, time.Minute, 0, "by NodePort 30080 of node address "+node, "nobody answers at http://"+nobody)
	})
	t.Run("PortForward", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		enter(t).ends(t, time.Minute, 0, "by port-forward to pod "+pod(t)+", since it has no NodePort: this is the split of that one gateway pod")
	})
	t.Run("PortForwardToOneOfTwo", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		autoscaled(t, "2")
		scale(t, 2)
		t.Cleanup(func() { scale(t, 1) })
		enter(t).ends(t, time.Minute, 0, "this is the split of that one gateway pod of 2")
	})
	t.Run("PodOfPortForwardIsKilled", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		r := enter(t, "--rate", "100")
		f.sends(t, r, 100)
		killed := pod(t)
		f.kubectl(t, "", "-n", "istio-system", "delete", "pod", killed, "--grace-period=0", "--force")
		t.Cleanup(func() { scale(t, 1) })
		code, text := r.wait(t, time.Minute)
		assert.Equal(t, 5, code, "what one pod no longer answers is not verified")
		assert.Contains(t, text, "roxy "+killed+".istio-system went away while counting")
		assert.Contains(t, text, "the port-forward to pod "+killed+" has ended")
		assert.Contains(t, text, "run it again, or give an address that lasts with --gateway-url")
		assert.NotContains(t, text, "Unhandled", "client-go prints nothing of its own")
	})
	t.Run("TheUserKnowsBetter", func(t *testing.T) {
		f.clean(t)
		enter(t, "--gateway-url", f.gateway).ends(t, time.Minute, 0, f.gateway)
	})
	// Another cluster splits just as well, and says nothing of this one.
	t.Run("TheAddressIsAnothersCluster", func(t *testing.T) {
		f.clean(t)
		var mu sync.Mutex
		draw := rand.New(rand.NewPCG(1, 2))
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(w, "v%d", 1+max(0, 1-draw.IntN(10)))
		}))
		t.Cleanup(other.Close)
		enter(t, "--gateway-url", other.URL).ends(t, time.Minute, 3, "they came another way, from another cluster", "leads to the gateway of this very cluster")
	})
	t.Run("AnotherGateway", func(t *testing.T) {
		f.clean(t)
		f.kubectl(t, another, "apply", "-f", "-")
		t.Cleanup(func() { f.kubectl(t, another, "delete", "-f", "-", "--ignore-not-found") })
		f.kubectl(t, "", "-n", "istio-system", "rollout", "status", "deployment/another", "--timeout=60s")
		routes := strings.ReplaceAll(manifestsOf[split90], "istio: ingressgateway", "istio: another")
		r := f.start(t, f.write(t, "another", "", routes, ""), "--target", "cluster", "--margin", "10%")
		r.ends(t, time.Minute, 0, "by port-forward to pod another-")
	})
	t.Run("NamedGateway", func(t *testing.T) {
		f.clean(t)
		enter(t, "--gateway", "istio-system/nobody").ends(t, time.Minute, 5, "he ingress gateway's Service istio-system/nobody cannot be looked up")
		enter(t, "--gateway", "istio-system/istio-ingressgateway").ends(t, time.Minute, 0)
	})
	t.Run("NoGateway", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		scale(t, 0)
		t.Cleanup(func() { scale(t, 1) })
		enter(t).ends(t, time.Minute, 4, "istio=ingressgateway, matches no running gateway pod")
	})
}
