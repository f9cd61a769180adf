package liveroutes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/splitcheck/splitcheck/split"
)

// across is a route of namespace shop at a gateway of istio-system, which takes
// those of namespaces with a label, to a Service of namespace away, which grants
// it.
const across = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {routes: "yes"}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: away}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: cart, namespace: away}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop, generation: 1}
spec:
  parentRefs: [{name: edge, namespace: istio-system}]
  rules: [{backendRefs: [{name: cart, namespace: away, port: 80}]}]
`

const edge = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: gateway.istio-system.svc.cluster.local}]
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {routes: "yes"}}}}}]
`

func TestNamespacesAndGrants(t *testing.T) {
	c := shopCluster(t, across+edge)
	q := Question{Kind: "HTTPRoute", Namespace: "shop", Name: "cart", Request: ask(t, "http://shop.example/")}
	got, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, split.Weights{{Version: "cart", Weight: 1}}, got.Weights)
	assert.Empty(t, got.Notes)

	c.dynamic.(*fake.FakeDynamicClient).PrependReactor("list", "referencegrants", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(resources["ReferenceGrant"].GroupResource(), "", nil)
	})
	_, err = c.Read(t.Context(), q)
	require.ErrorIs(t, err, ErrMistake)
	assert.ErrorContains(t, err, "has a destination that does not resolve")
	assert.ErrorContains(t, err, "this account may not list referencegrants, and routes are taken as if there were none")
}
