package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
)

// TestWhatOthersAllow: a Gateway takes routes of the namespaces whose labels it
// asks for, and those are the cluster's to say.
func TestWhatOthersAllow(t *testing.T) {
	const choosy = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: infra}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}}}]
`
	for label, attached := range map[string]bool{"shop": true, "warehouse": false} {
		w := newWorld(t, Options{}, stands(t, choosy), there("Namespace", "default", map[string]string{"team": label}))
		w.pods = []proxies.Proxy{{Name: "public-1", Namespace: "infra", Gateway: true, GatewayAPI: "infra/public"}}
		own := objects(t, splitRoute)
		require.NoError(t, w.survey(t.Context(), own))
		assert.Equal(t, attached, len(idle(inventory.Of(w.world(), own).Objects(), w.pods)) == 0, label)

		// A scenario that asks for a label of its own takes none away. The fake
		// knows no merging: what it is sent is what is there.
		mine := objects(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio-injection: enabled}}\n")[0]
		mine = labelled(mine, there("Namespace", "default", map[string]string{"team": label, "istio-injection": "enabled"}))
		assert.Equal(t, attached, len(idle(inventory.Of(w.world(), own, []manifests.Object{mine}).Objects(), w.pods)) == 0, label)
	}
}

// Of three VirtualServices, root hands requests over to ours and to another's.
const (
	root = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: infra}
spec:
  hosts: [shop.example]
  gateways: [infra/public]
  http:
  - {match: [{uri: {prefix: /cart}}], delegate: {name: cart, namespace: default}}
  - {match: [{uri: {prefix: /pay}}], delegate: {name: pay, namespace: payments}}
`
	cart = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec: {http: [{route: [{destination: {host: cart}}]}]}
`
	pay = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pay, namespace: payments}
spec: {http: [{route: [{destination: {host: pay}}]}]}
`
	gate = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: infra}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
`
	unrelated = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: unrelated, namespace: infra}
spec: {hosts: [x.example], gateways: [infra/private], http: [{delegate: {name: pay, namespace: payments}}]}
`
)

// TestDelegatesOfAnotherRoot: a delegate has routes by what hands requests over to
// it, which somebody else has made, with a Gateway of theirs and other delegates.
func TestDelegatesOfAnotherRoot(t *testing.T) {
	w := newWorld(t, Options{}, stands(t, root), stands(t, pay), stands(t, gate), stands(t, unrelated))
	own := objects(t, cart)
	require.NoError(t, w.survey(t.Context(), own))
	var names []string
	for _, o := range w.world() {
		names = append(names, o.String())
	}
	assert.ElementsMatch(t, []string{"VirtualService infra/root", "VirtualService payments/pay", "Gateway infra/public"}, names)
	assert.Empty(t, idle(inventory.Of(w.world(), own).Objects(), w.pods), "root has no routes of its own, and is not ours to judge")
	assert.Empty(t, idle(inventory.Of(w.world(), objects(t, root), own).Objects(), w.pods), "nor is one that only hands over idle where it is ours")
}

// TestWhatMayNotBeListed: an account that may not list what few routes depend on
// can run all others.
func TestWhatMayNotBeListed(t *testing.T) {
	w := newWorld(t, Options{})
	forbidden := "namespaces"
	w.dynamic.PrependReactor("list", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.GetResource().Resource == forbidden {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: forbidden}, "", errRefused)
		}
		return false, nil, nil
	})
	require.NoError(t, w.survey(t.Context(), nil))
	forbidden = "services"
	require.ErrorContains(t, w.survey(t.Context(), nil), "the Services of namespace any cannot be listed")
}
