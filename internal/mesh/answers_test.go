package mesh_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// echo is somebody's own application: its image is unknown, so that the
// stand-in answers, which repeats what it was asked.
const echo = `
{apiVersion: v1, kind: Service, metadata: {name: echo}, spec: {selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo}
spec:
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo, version: v7}}
    spec: {containers: [{name: app, image: "example.com/own:1", ports: [{containerPort: 8080}]}]}
`

// The bodies are those of Envoy's sources: source/common/http/utility.cc,
// source/common/router/router.cc, source/extensions/filters/http/fault.
func TestWhatTheProxyAnswersItself(t *testing.T) {
	for _, each := range []struct {
		name, route, path string
		status            int
		body              string
	}{
		{"no route at all", `{apiVersion: v1, kind: Namespace, metadata: {name: empty}}`, "/", 404, ""},
		{"no rule matches", canary(`{match: [{uri: {exact: /a}}], route: [{destination: {host: canary}}]}`), "/b", 404, ""},
		{"a subset that nobody defines", canary(`{route: [{destination: {host: canary, subset: v9}}]}`), "/version.html", 503, ""},
		{"a subset without pods", canary(`{route: [{destination: {host: canary, subset: none}}]}`) + `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec: {host: canary, subsets: [{name: none, labels: {app: v9}}]}
`, "/version.html", 503, "no healthy upstream"},
		{"an abort", canary(`{fault: {abort: {httpStatus: 555, percentage: {value: 100}}}, route: [{destination: {host: canary}}]}`),
			"/", 555, "fault filter abort"},
		{"a direct response", canary(`{directResponse: {status: 418, body: {string: teapot}}}`), "/", 418, "teapot"},
		{"a port that nothing listens on", canary(`{route: [{destination: {host: canary}}]}`) + `
---
{apiVersion: v1, kind: Service, metadata: {name: canary}, spec: {selector: {apply: canary}, ports: [{port: 80, targetPort: 81}]}}
`, "/version.html", 503, "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure"},
	} {
		t.Run(each.name, func(t *testing.T) {
			m := open(t, mesh.Options{}, versionTest, each.route)
			response, body := get(t, m, each.path, nil)
			assert.Equal(t, each.status, response.StatusCode)
			assert.Equal(t, each.body, body)
			assert.Equal(t, "istio-envoy", response.Header.Get("Server"))
		})
	}
}

func TestGatewayThatNobodyConfigured(t *testing.T) {
	m := open(t, mesh.Options{}, echo)
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	_, failure := send(entry, 0, "/", nil)
	assert.Contains(t, failure, "connection refused", "no Gateway: its pods listen on no port")
}

// The Gateway API's specification of BackendRef.weight: "If there is only one
// backend … If all weights are 0 … 500" and of a backend that does not exist.
func TestHTTPRouteWithoutABackend(t *testing.T) {
	const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 8000, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: gw}]
  rules:
  - {matches: [{path: {value: /zero}}], backendRefs: [{name: canary, port: 80, weight: 0}]}
  - {matches: [{path: {value: /missing}}], backendRefs: [{name: nobody, port: 80}]}
  - {backendRefs: [{name: canary, port: 80}]}
`
	m := open(t, mesh.Options{}, versionTest, route)
	entry, err := m.Enter(target.Via{}, target.Load{})
	require.NoError(t, err)
	assert.Equal(t, "http://gw-istio.default:8000", entry.URL, "the Gateway API's gateway is the way in")
	for path, status := range map[string]int{"/zero": 500, "/missing": 500, "/version.html": 200} {
		response, _ := send(entry, 0, path, nil)
		require.NotNil(t, response)
		assert.Equal(t, status, response.StatusCode, path)
	}
}

func TestRedirectsAndRewrites(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, echo, canary(`
	{match: [{uri: {prefix: /old}}], redirect: {uri: /new, authority: example.com}},
	{match: [{uri: {prefix: /api/}}], rewrite: {uri: /v2/, authority: inside.example}, route: [{destination: {host: echo}}],
	 headers: {request: {set: {X-Set: a}, remove: [X-Gone]}, response: {set: {X-Stamp: stamped}}}}`))

	response, _ := get(t, m, "/old?q=1", nil)
	assert.Equal(t, http.StatusMovedPermanently, response.StatusCode)
	assert.Equal(t, "http://example.com/new?q=1", response.Header.Get("Location"))

	response, body := get(t, m, "/api/x%2Fy?q=1", http.Header{"X-Gone": {"here"}, "X-Kept": {"kept"}})
	var seen struct {
		Version, Host, Path string
		Headers             http.Header
	}
	require.NoError(t, json.Unmarshal([]byte(body), &seen), body)
	assert.Equal(t, "v7", seen.Version)
	assert.Equal(t, "inside.example", seen.Host)
	assert.Equal(t, "/v2/x%2Fy?q=1", seen.Path)
	assert.Equal(t, "a", seen.Headers.Get("X-Set"))
	assert.Equal(t, "kept", seen.Headers.Get("X-Kept"))
	assert.NotContains(t, seen.Headers, "X-Gone")
	assert.Len(t, seen.Headers.Get("X-Request-Id"), 36, "the gateway names a request that has no name")
	assert.Equal(t, "stamped", response.Header.Get("X-Stamp"))
	assert.NotEmpty(t, response.Header.Get("X-Envoy-Upstream-Service-Time"))
}

func TestUnknownImagesAreWarnedOf(t *testing.T) {
	m := mesh.New(mesh.Options{ApplyDelay: -1})
	got, err := m.Change(context.Background(), target.Change{Apply: objects(t, echo)})
	require.NoError(t, err)
	require.Len(t, got.Warnings, 1)
	assert.Contains(t, words.English(got.Warnings[0]), `image "example.com/own:1" of Deployment default/echo is not built in`)
}

// The lab saw the gateway overwrite the marker of nginx; a client past the mesh
// sees it (proxy_headers.go of Istio's pilot says why).
func TestServerHeader(t *testing.T) {
	const nginx = `
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: nginx}, ports: [{port: 80}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: nginx, image: "nginx:1.14.2"}]}
`
	server := func(r *http.Response, body string) string { return r.Header.Get("Server") }
	gateway := sample{path: "/", requests: 1, name: server}
	const namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}"
	route := canary(`{route: [{destination: {host: web}}]}`)
	gate := versionTest[strings.Index(versionTest, "apiVersion: networking.istio.io/v1\nkind: Gateway"):]

	bare := open(t, mesh.Options{}, nginx, gate, route)
	assert.Equal(t, map[string]int{"istio-envoy": 1}, draw(t, bare, gateway), "through the gateway")
	assert.Equal(t, map[string]int{"nginx/1.14.2": 1}, draw(t, bare, gateway.through("web")), "past it, without a sidecar")

	injected := open(t, mesh.Options{}, namespace, nginx)
	assert.Equal(t, map[string]int{"istio-envoy": 1}, draw(t, injected, gateway.through("web")), "past it, to a sidecar")
}
