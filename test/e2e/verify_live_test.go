//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// TestVerifyAsTheReadmeHasIt runs the README's command on what gamma-shift leaves,
// by about 2,500 requests. The sidecar of the frontend decides, and the rule is met
// by no request at the gateway.
func TestVerifyAsTheReadmeHasIt(t *testing.T) {
	gateway, kubeconfig := kept(t, "gamma-shift", "100")
	got := splitcheck(t, nil, nil, "verify", gateway+"/api", "--http-route", "gamma/split", "--rule", "rules[0]", "--identify", "json:version",
		"--kubeconfig", kubeconfig, "--rate", "0", "--leak", "0.5%", "--verbose")
	assert.Zero(t, got.code, got.out+got.errs)
	assert.Contains(t, got.out, "HTTPRoute gamma/split, rules[0] decides")
	assert.Regexp(t, `v2 +100 % +100 % `, got.out)
}

// twoRules is a route of the kept version-test's Service with two rules, the
// second for all that the first does not take. What it loses goes to the kept
// route of all hosts, which has the weights that it had.
const twoRules = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: verify, namespace: default}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [verify.example]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: verify, namespace: default}
spec:
  hosts: [verify.example]
  gateways: [verify]
  http:
  - name: admin
    match: [{uri: {prefix: /admin}}]
    route: [{destination: {host: canary.default.svc.cluster.local, subset: v1}}]
  - name: split
    route:
    - {destination: {host: canary.default.svc.cluster.local, subset: v1}, weight: 90}
    - {destination: {host: canary.default.svc.cluster.local, subset: v2}, weight: 10}
`

func istio(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: resource}
}

// makeTwoRules applies them, and returns the VirtualServices as well.
func makeTwoRules(t *testing.T, client dynamic.Interface) dynamic.ResourceInterface {
	t.Helper()
	for _, document := range strings.Split(twoRules, "\n---\n") {
		var object unstructured.Unstructured
		text, err := yaml.YAMLToJSON([]byte(document))
		require.NoError(t, err)
		require.NoError(t, object.UnmarshalJSON(text))
		resource := client.Resource(istio(strings.ToLower(object.GetKind()) + "s")).Namespace("default")
		_, err = resource.Create(t.Context(), &object, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	return client.Resource(istio("virtualservices")).Namespace("default")
}

func removeTwoRules(t *testing.T, client dynamic.Interface) {
	t.Helper()
	for _, resource := range []string{"virtualservices", "gateways"} {
		err := client.Resource(istio(resource)).Namespace("default").Delete(t.Context(), "verify", metav1.DeleteOptions{})
		if err != nil {
			assert.ErrorContains(t, err, "not found")
		}
	}
}

// at forwards to the gateway, and does something once at the nth request.
func at(t *testing.T, gateway string, nth int64, do func()) (address string) {
	t.Helper()
	to, err := url.Parse(gateway)
	require.NoError(t, err)
	var requests atomic.Int64
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == nth {
			do()
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestVerifyOneOfTwoRules names the rule that is meant in each way there is, and
// changes it under the eyes of verify, by about 5,000 requests in all.
func TestVerifyOneOfTwoRules(t *testing.T) {
	gateway, kubeconfig := kept(t, "version-test-90-10", "100")
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	require.NoError(t, err)
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	verify := func(address string, more ...string) said {
		return splitcheck(t, nil, nil, append([]string{"verify", address + "/version.html", "--host", "verify.example", "--kubeconfig", kubeconfig,
			"--identify", "body:(v[12])", "--rate", "0", "--margin", "10%"}, more...)...)
	}
	meant := []string{"--virtual-service", "default/verify"}
	defer removeTwoRules(t, client)
	routes := makeTwoRules(t, client)

	for _, rule := range [][]string{nil, {"--rule", "split"}, {"--rule", "http[1]"}, {"--rule", "1"}} {
		got := verify(gateway, append(meant, rule...)...)
		assert.Zero(t, got.code, "%v: %s", rule, got.out+got.errs)
		assert.Contains(t, got.out, "VirtualService default/verify, http[1] decides")
	}
	// The request does not meet this rule, and the answers show it.
	other := verify(gateway, append(meant, "--rule", "admin", "--requests", "300")...)
	assert.Equal(t, 1, other.code, other.out+other.errs)
	elsewhere := verify(gateway, "--virtual-service", "default/canary")
	assert.Equal(t, 2, elsewhere.code, elsewhere.out+elsewhere.errs)
	assert.Contains(t, elsewhere.errs, "at the gateway istio-ingressgateway meets VirtualService default/verify, http[1]")

	changed := verify(at(t, gateway, 200, func() {
		_, err := routes.Patch(t.Context(), "verify", types.JSONPatchType,
			[]byte(`[{"op": "replace", "path": "/spec/http/1/route/0/weight", "value": 50}, {"op": "replace", "path": "/spec/http/1/route/1/weight", "value": 50}]`), metav1.PatchOptions{})
		assert.NoError(t, err)
	}), meant...)
	assert.Equal(t, 3, changed.code, changed.out+changed.errs)
	assert.Contains(t, unwrapped(changed.out), "VirtualService default/verify was changed (generation 1, now 2)")

	removeTwoRules(t, client)
	routes = makeTwoRules(t, client)
	deleted := verify(at(t, gateway, 200, func() {
		assert.NoError(t, routes.Delete(t.Context(), "verify", metav1.DeleteOptions{}))
	}), meant...)
	assert.Equal(t, 3, deleted.code, deleted.out+deleted.errs)
	assert.Contains(t, unwrapped(deleted.out), "VirtualService default/verify was deleted")
}

// unwrapped is a report without the ends of its lines.
func unwrapped(report string) string { return strings.Join(strings.Fields(report), " ") }
