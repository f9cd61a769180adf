package liveroutes

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	"sigs.k8s.io/yaml"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// envoys are proxies that nobody has to run: a gateway and a sidecar. Those that
// failure names do not answer.
type envoys struct {
	routes  envoy.Routes
	failure map[string]error
	// none names proxies that have no routes.
	none map[string]bool
}

func (e *envoys) List(context.Context, ...string) ([]proxies.Proxy, error) {
	return []proxies.Proxy{
		{Name: "frontend-1", Namespace: "shop", Workload: "frontend"},
		{Name: "gateway-1", Namespace: "istio-system", Workload: "gateway", Gateway: true, Labels: map[string]string{"istio": "ingressgateway"}},
	}, nil
}
func (e *envoys) Routes(_ context.Context, p proxies.Proxy) (envoy.Routes, error) {
	if e.none[p.Name] {
		return nil, e.failure[p.Name]
	}
	return e.routes, e.failure[p.Name]
}
func (e *envoys) Clusters(context.Context, proxies.Proxy) (envoy.Clusters, error) { return nil, nil }
func (e *envoys) Close()                                                          {}

const shop = `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart-blue, namespace: shop}
spec: {selector: {app: cart, version: blue}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart-plain, namespace: shop}
spec: {selector: {app: cart, colour: none}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop, generation: 1}
spec: {host: cart, subsets: [{name: v1, labels: {release: old}}, {name: v2, labels: {release: new}}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop, generation: 3}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - match: [{uri: {prefix: /admin}}]
    route: [{destination: {host: cart, subset: v1}}]
  - match: [{uri: {exact: /old}}]
    redirect: {uri: /new}
  - match: [{uri: {exact: /all}}]
    route: [{destination: {host: cart, subset: v1}, weight: 0}, {destination: {host: cart, subset: v2}, weight: 100}]
  - name: split
    route: [{destination: {host: cart, subset: v1}, weight: 90}, {destination: {host: cart, subset: v2}, weight: 10}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: other, namespace: shop, generation: 1}
spec:
  hosts: [other.example]
  gateways: [edge]
  http: [{route: [{destination: {host: cart-blue}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: inside, namespace: shop, generation: 1}
spec:
  parentRefs: [{group: "", kind: Service, name: cart, port: 80}]
  rules:
  - backendRefs: [{name: cart-blue, port: 80, weight: 3}, {name: cart-plain, port: 80, weight: 0}]
`

func shopCluster(t *testing.T, text string) *Cluster {
	t.Helper()
	kinds := map[schema.GroupVersionResource]string{}
	for kind, resource := range resources {
		if kind == "GatewayAPI" {
			kind = "Gateway"
		}
		kinds[resource] = kind + "List"
	}
	c := &Cluster{dynamic: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds), proxies: &envoys{}}
	for _, document := range strings.Split(text, "\n---\n") {
		var object unstructured.Unstructured
		text, err := yaml.YAMLToJSON([]byte(document))
		require.NoError(t, err)
		require.NoError(t, object.UnmarshalJSON(text))
		kind := object.GetKind()
		if kind == "Gateway" && strings.Contains(object.GetAPIVersion(), "gateway.networking") {
			kind = "GatewayAPI"
		}
		_, err = c.dynamic.Resource(resources[kind]).Namespace(object.GetNamespace()).Create(t.Context(), &object, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	return c
}

func ask(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	return r
}

func TestWeightsOfTheRuleThatTheRequestMeets(t *testing.T) {
	c := shopCluster(t, shop)
	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "http://shop.example/cart")}
	got, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, "VirtualService shop/cart, http[3]", got.Source.String())
	assert.Equal(t, split.Weights{{Version: "v1", Weight: 90}, {Version: "v2", Weight: 10}}, got.Weights)
	assert.EqualValues(t, 3, got.Generation)
	assert.Equal(t, "outbound|80|v2|cart.shop.svc.cluster.local", got.Destinations[1].Cluster)

	q.Request = ask(t, "http://shop.example/admin/x")
	got, err = c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, split.Weights{{Version: "v1", Weight: 1}}, got.Weights, "the only destination gets everything")

	// A weight of 0 is a promise, too, though no proxy is told of it.
	q.Request = ask(t, "http://shop.example/all")
	got, err = c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, split.Weights{{Version: "v2", Weight: 100}, {Version: "v1", Weight: 0}}, got.Weights)
}

// A rule can be named in all ways in which people would; a route inside the mesh
// is no gateway's, and its only rule is meant.
func TestNamedRules(t *testing.T) {
	c := shopCluster(t, shop)
	for _, rule := range []string{"split", "http[3]", "3"} {
		got, err := c.Read(t.Context(), Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: rule, Request: ask(t, "http://nobody.example/")})
		require.NoError(t, err, rule)
		assert.Equal(t, "VirtualService shop/cart, http[3]", got.Source.String())
	}
	q := Question{Kind: "HTTPRoute", Namespace: "shop", Name: "inside", Request: ask(t, "http://127.0.0.1/")}
	got, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, split.Weights{{Version: "blue", Weight: 3}, {Version: "cart-plain", Weight: 0}}, got.Weights,
		"by the version label that the Service selects by, else by its name")

	q.Names = map[string]string{"cart-plain": "green"}
	got, err = c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.True(t, got.Weights.Has("green"))
}

// A request over HTTPS meets the rules where the gateway ends TLS; one over HTTP
// is sent away by a server that redirects, and is told so.
func TestRequestsOverHTTPS(t *testing.T) {
	secure := strings.Replace(shop, `{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}`,
		`{port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}, hosts: ["*"]}, {port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: shop}, hosts: ["*"]}`, 1)
	require.NotEqual(t, shop, secure)
	c := shopCluster(t, secure)
	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "https://shop.example/cart")}
	got, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, "VirtualService shop/cart, http[3]", got.Source.String())

	q.Request = ask(t, "http://shop.example/cart")
	_, err = c.Read(t.Context(), q)
	require.ErrorIs(t, err, ErrMistake)
	assert.ErrorContains(t, err, "at the gateway gateway meets Gateway shop/edge, servers[0]")

	// Before the gateway something may have ended TLS.
	q.Request = ask(t, "https://shop.example/cart")
	got, err = shopCluster(t, shop).Read(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, "VirtualService shop/cart, http[3]", got.Source.String())
}

func TestWhatIsTheUsersToMend(t *testing.T) {
	for want, q := range map[string]Question{
		"there is no VirtualService shop/card in this cluster; there are shop/cart, shop/other": {Kind: "VirtualService", Namespace: "shop", Name: "card"},
		"has no such rule; it has http[0], http[1], http[2], http[3] (split)":                   {Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "http[4]"},
		"at the gateway gateway meets VirtualService shop/other, http[0]":                       {Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "http://other.example/")},
		"at the gateway gateway meets VirtualService shop/cart, http[3]":                        {Kind: "VirtualService", Namespace: "shop", Name: "other", Request: ask(t, "http://shop.example/")},
		"at no gateway does it meet any rule":                                                   {Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "http://nobody.example/")},
		"it redirects or answers itself":                                                        {Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "http://shop.example/old")},
		"has no destination v3; its destinations are v1, v2":                                    {Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "split", Names: map[string]string{"v3": "x"}},
	} {
		if q.Request == nil {
			q.Request = ask(t, "http://shop.example/")
		}
		_, err := shopCluster(t, shop).Read(t.Context(), q)
		require.ErrorIs(t, err, ErrMistake, want)
		assert.Contains(t, err.Error(), want)
	}
}

// What could not be read is said where it may be what is missing, and beside the
// weights where it is not.
func TestWhatIsLeftOutIsSaid(t *testing.T) {
	c := shopCluster(t, shop+`
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: broken, namespace: shop, generation: 1}
spec: {hosts: 5}
`)
	_, err := c.Read(t.Context(), Question{Kind: "VirtualService", Namespace: "shop", Name: "broken", Request: ask(t, "http://shop.example/")})
	require.ErrorIs(t, err, ErrMistake)
	assert.ErrorContains(t, err, "there is no VirtualService shop/broken")
	assert.ErrorContains(t, err, "VirtualService shop/broken is left out: ")

	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Request: ask(t, "http://nobody.example/")}
	_, err = c.Read(t.Context(), q)
	assert.ErrorContains(t, err, "VirtualService shop/broken is left out: ")
	q.Rule = "split"
	got, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, got.Notes, 1)
	assert.Contains(t, words.English(got.Notes[0]), "VirtualService shop/broken is left out: ")
}
