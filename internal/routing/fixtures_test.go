package routing_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// Whom the tests compile for.
var (
	client  = routing.Proxy{Name: "client-1", Namespace: "default", Labels: map[string]string{"app": "client", "version": "v1"}}
	ingress = routing.Proxy{Name: "ingress-1", Namespace: "istio-system", Labels: map[string]string{"istio": "ingressgateway"}, Gateway: true}
	apiGate = routing.Proxy{Name: "gw-istio-1", Namespace: "default", Gateway: true, GatewayAPI: "default/gw"}
)

// Services that most tests have: reviews as in bookinfo, with the subsets of its
// destination-rule-all.yaml, and details without any rule.
const bookinfo = `
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{port: 9080, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: details}
spec: {selector: {app: details}, ports: [{port: 9080, name: http}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
`

// ingressGateway is a Gateway that lets everything in.
const ingressGateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
`

// reviewsRules is a VirtualService for reviews with the given rules, indented by
// two spaces, in YAML.
func reviewsRules(http string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec:\n  hosts: [reviews]\n  http:\n" +
		strings.Trim(http, "\n") + "\n"
}

func decode(t testing.TB, documents ...string) []manifests.Object {
	t.Helper()
	objects, list := manifests.Decode("test.yaml", []byte(strings.Join(documents, "\n---\n")))
	require.NoError(t, list.Err())
	return objects
}

// compile compiles documents that must give nothing to say.
func compile(t testing.TB, proxy routing.Proxy, documents ...string) *routing.Table {
	t.Helper()
	table, list := routing.Compile(decode(t, documents...), proxy)
	require.Empty(t, list)
	return table
}

// compileWith compiles documents and returns what there is to say of them.
func compileWith(t testing.TB, proxy routing.Proxy, documents ...string) (*routing.Table, problems.List) {
	t.Helper()
	return routing.Compile(decode(t, documents...), proxy)
}

// ask routes a GET of url, with headers as "name: value".
func ask(table *routing.Table, port int, url string, headers ...string) routing.Decision {
	return table.Route(port, request(http.MethodGet, url, headers...))
}

func request(method, url string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, url, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// arms writes where a decision leads: "reviews/v1=90 reviews/v3=10" for hosts
// of namespace default, or the status that is answered.
func arms(d routing.Decision) string {
	switch {
	case d.Unknown:
		return "unknown"
	case d.Rule == nil:
		return fmt.Sprint(d.Status)
	case d.Rule.Direct != nil:
		return fmt.Sprint(d.Rule.Direct.Status)
	case d.Rule.Redirect != nil:
		return fmt.Sprint("redirect ", d.Rule.Redirect.Code)
	}
	var parts []string
	for _, a := range d.Rule.Destinations {
		name := strings.TrimSuffix(a.Cluster.Host, ".default.svc.cluster.local")
		if a.Cluster.Subset != "" {
			name += "/" + a.Cluster.Subset
		}
		if a.Status != 0 {
			name = fmt.Sprintf("(%d)", a.Status)
		}
		parts = append(parts, fmt.Sprintf("%s=%d", name, a.Weight))
	}
	return strings.Join(parts, " ")
}

// messages are the problems as "error Object: what", places and hints left out.
func messages(list problems.List) []string {
	var out []string
	for _, p := range list {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		out = append(out, kind+" "+p.Message)
	}
	return out
}
