//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestWays enters a user's own cluster by each way that leads to its ingress
// gateway, and asks for the verdict and for the words that tell which way it was.
func TestWays(t *testing.T) {
	f := newFailures(t)
	t.Log("7 samples at most, of 500 requests each")
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
	pod := func(t *testing.T) string {
		t.Helper()
		return f.kubectl(t, "", "-n", "istio-system", "get", "pods", "-l", "istio=ingressgateway", "-o", "jsonpath={.items[0].metadata.name}")
	}
	enter := func(t *testing.T, more ...string) *running {
		return f.start(t, f.routes(t, split90), append([]string{"--target", "cluster", "--margin", "10%"}, more...)...)
	}
	node := f.kubectl(t, "", "get", "nodes", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	// The last but one of the node's network, which kind gives to nobody.
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
		scale(t, 2)
		t.Cleanup(func() { scale(t, 1) })
		enter(t).ends(t, time.Minute, 0, "this is the split of that one gateway pod of 2")
	})
	t.Run("PodOfPortForwardIsKilled", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		r := enter(t, "--rate", "100")
		f.sends(t, r, 100)
		f.kubectl(t, "", "-n", "istio-system", "delete", "pod", pod(t), "--grace-period=0", "--force")
		t.Cleanup(func() { scale(t, 1) })
		code, text := r.wait(t, time.Minute)
		assert.Contains(t, []int{1, 3, 5}, code, "what one pod no longer answers is not verified")
		assert.Contains(t, text, "went away while counting")
	})
	t.Run("NoGateway", func(t *testing.T) {
		f.clean(t)
		changed(t, "ClusterIP")
		scale(t, 0)
		t.Cleanup(func() { scale(t, 1) })
		enter(t).ends(t, time.Minute, 4, "istio=ingressgateway, matches no running gateway pod")
	})
}
