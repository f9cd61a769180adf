package cluster

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/ingress"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// public is a Gateway of the Gateway API that belongs to a team of its own, splitRoute
// a route of ours that attaches to it.
const (
	public = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: infra}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`
	splitRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: split}
spec:
  parentRefs: [{name: public, namespace: infra}]
  rules: [{backendRefs: [{name: canary, port: 80}]}]
`
	handed = `
  addresses: [{type: Hostname, value: ingress}]
`
)

// ways notes which way in was asked for.
type ways struct{ asked string }

func (w *ways) Gateway(_ context.Context, meant ingress.Meant) (ingress.Way, error) {
	w.asked = fmt.Sprint("the gateway of ", meant.Service, meant.Selectors)
	return ingress.Way{}, nil
}

func (w *ways) GatewayAPI(_ context.Context, namespace, name string) (ingress.Way, error) {
	w.asked = "Gateway " + namespace + "/" + name
	return ingress.Way{}, nil
}

func (w *ways) Service(context.Context, string, string, int) (ingress.Way, error) {
	w.asked = "a Service"
	return ingress.Way{}, nil
}

// stands is an object as it stands in a cluster.
func stands(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	found := objects(t, text)
	require.Len(t, found, 1)
	u := &unstructured.Unstructured{}
	require.NoError(t, u.UnmarshalJSON(found[0].JSON()))
	u.SetNamespace(found[0].Namespace)
	return u
}

// TestGatewaysOfOthers: a route attaches to a Gateway in another namespace, which
// the scenario does not bring; its pods are found there, or where the Gateway
// hands itself over to, and the load enters by them.
func TestGatewaysOfOthers(t *testing.T) {
	own := proxies.Proxy{Name: "public-istio-1", Namespace: "infra", Workload: "public-istio", Gateway: true, GatewayAPI: "infra/public"}
	// Istio takes no Service of another namespace for an address.
	beside := strings.NewReplacer("namespace: infra", "namespace: istio-system")
	for name, c := range map[string]struct {
		gateway, route, proxy, way string
	}{
		"made by Istio": {public, splitRoute, "public-istio-1.infra", "Gateway infra/public"},
		"handed over":   {beside.Replace(public + handed), beside.Replace(splitRoute), "ingress-1.istio-system", "the gateway of istio-system/ingress[]"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, applied := range []bool{true, false} {
				var in ways
				there := objects(t, c.route)
				w := newWorld(t, Options{Ways: &in, There: there}, stands(t, c.gateway))
				if c.gateway == public {
					w.pods = append(w.pods, own)
				}
				if applied {
					require.NoError(t, w.survey(t.Context(), there))
					w.brought = append(w.brought, &brought{key: there[0].Key(), object: there[0], phase: routes})
					found, err := w.choosers(t.Context(), w.world())
					require.NoError(t, err)
					require.Len(t, found.proxies, 1)
					assert.Equal(t, c.proxy, found.proxies[0].String())
					assert.Empty(t, idle(w.world(), found.proxies))
				}
				_, err := w.Enter(target.Via{}, target.Load{Connections: 1})
				require.NoError(t, err)
				assert.Equal(t, c.way, in.asked, "applied: %v", applied)
			}
		})
	}
}

// TestGatewaysBySelector: the load enters by the pods that serve the Gateway to
// which the routes attach, whatever else is called a gateway here.
func TestGatewaysBySelector(t *testing.T) {
	const theirs = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: in, namespace: team}
spec:
  selector: {istio: ingress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
`
	for name, c := range map[string]struct{ objects, want string }{
		"its own":          {canary, "the gateway of [map[istio:ingressgateway]]"},
		"another's":        {strings.ReplaceAll(canary, "gateways: [in]", "gateways: [team/in]"), "the gateway of [map[istio:ingress]]"},
		"inside of a mesh": {strings.ReplaceAll(canary, "gateways: [in]", "gateways: [mesh]"), "the gateway of []"},
	} {
		t.Run(name, func(t *testing.T) {
			var in ways
			w := newWorld(t, Options{Ways: &in, There: objects(t, c.objects)}, stands(t, theirs))
			_, err := w.Enter(target.Via{}, target.Load{Connections: 1})
			require.NoError(t, err)
			assert.Equal(t, c.want, in.asked)
		})
	}
}

// TestGatewaysOnTheirWay: the pod of a Gateway pulls its image for longer than a
// refusal is doubted; only one that will not come ends the wait early.
func TestGatewaysOnTheirWay(t *testing.T) {
	for reason, c := range map[string]struct {
		words   string
		atMost  time.Duration
		atLeast time.Duration
	}{
		"ContainerCreating": {"", time.Minute + time.Second, 59 * time.Second},
		"ImagePullBackOff":  {"Gateway infra/public: pod public-istio-1 is waiting: container istio-proxy: ImagePullBackOff", 40 * time.Second, 30 * time.Second},
		"no pod at all":     {"HTTPRoute default/split (test.yaml:2) attaches to nothing: no proxy serves its parentRefs (infra/public) with its hostnames", 15 * time.Second, 10 * time.Second},
	} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Options{}, stands(t, public))
				if reason != "no pod at all" {
					require.NoError(t, w.dynamic.Add(&corev1.Pod{
						ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "public-istio-1", Labels: map[string]string{inventory.GatewayNameLabel: "public"}},
						Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
							Name: "istio-proxy", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}},
						}}},
					}))
				}
				began := time.Now()
				got, err := w.Change(t.Context(), target.Change{Apply: objects(t, splitRoute), Timeout: time.Minute})
				require.NoError(t, err)
				assert.False(t, got.Converged)
				assert.Contains(t, words.English(got.Detail), c.words)
				assert.Less(t, time.Since(began), c.atMost)
				assert.Greater(t, time.Since(began), c.atLeast)
			})
		})
	}
}
