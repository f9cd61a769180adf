package liveroutes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/split"
)

// alike are routes whose destinations are called alike: by the Service, and by
// the subset.
const alike = `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: blue}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}, {name: more, port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: green}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: blue}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: blue, generation: 1}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - name: services
    match: [{uri: {prefix: /services}}]
    route:
    - {destination: {host: cart.blue.svc.cluster.local, port: {number: 80}}, weight: 50}
    - {destination: {host: cart.green.svc.cluster.local, port: {number: 80}}, weight: 50}
  - name: subsets
    match: [{uri: {prefix: /subsets}}]
    route:
    - {destination: {host: cart.blue.svc.cluster.local, port: {number: 80}, subset: v1}, weight: 60}
    - {destination: {host: cart.green.svc.cluster.local, port: {number: 80}, subset: v1}, weight: 40}
  - name: ports
    route:
    - {destination: {host: cart.blue.svc.cluster.local, port: {number: 80}}, weight: 50}
    - {destination: {host: cart.blue.svc.cluster.local, port: {number: 81}}, weight: 50}
`

// Two destinations of one name would be one version with all of the weight, which
// any split at all verifies.
func TestDestinationsThatAreCalledAlike(t *testing.T) {
	c := shopCluster(t, alike)
	for _, test := range []struct {
		rule  string
		names map[string]string
		want  split.Weights
		wrong string
	}{
		{rule: "services", wrong: "several destinations that are called cart, and answers of that name would not tell them apart: say what they call each, with --name for blue/cart and green/cart"},
		{rule: "subsets", wrong: "with --name for blue/cart/v1 and green/cart/v1"},
		{rule: "services", names: map[string]string{"cart": "x"}, wrong: "--name cart=…: VirtualService blue/cart, http[0] has several destinations that are called cart; write blue/cart and green/cart"},
		{rule: "services", names: map[string]string{"blue/cart": "cart"}, wrong: "several destinations that are called cart"},
		{rule: "services", names: map[string]string{"red/cart": "x"}, wrong: "has no destination red/cart; its destinations are cart, cart"},
		{rule: "services", names: map[string]string{"green/cart": "new"}, want: split.Weights{{Version: "cart", Weight: 50}, {Version: "new", Weight: 50}}},
		{rule: "subsets", names: map[string]string{"blue/cart/v1": "b", "green/cart/v1": "g"}, want: split.Weights{{Version: "b", Weight: 60}, {Version: "g", Weight: 40}}},
		{rule: "services", names: map[string]string{"blue/cart": "cart", "green/cart": "cart"}, want: split.Weights{{Version: "cart", Weight: 100}}},
		{rule: "ports", want: split.Weights{{Version: "cart", Weight: 100}}},
	} {
		got, err := c.Read(t.Context(), Question{Kind: "VirtualService", Namespace: "blue", Name: "cart", Rule: test.rule, Names: test.names, Request: ask(t, "http://shop.example/")})
		if test.wrong != "" {
			require.ErrorIs(t, err, ErrMistake, test.wrong)
			assert.Contains(t, err.Error(), test.wrong)
			continue
		}
		require.NoError(t, err, test.rule)
		assert.Equal(t, test.want, got.Weights)
	}
}
