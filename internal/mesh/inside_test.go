package mesh

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
)

// two is a client and a server, both with sidecars unless their templates say
// otherwise.
const two = `
{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Service, metadata: {name: server}, spec: {selector: {app: server}, ports: [{name: http, port: 80, targetPort: web}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
spec:
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: server}}
    spec: {containers: [{name: a, image: own, ports: [{name: web, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client}
spec:
  selector: {matchLabels: {app: client}}
  template:
    metadata: {labels: {app: client}}
    spec: {containers: [{name: a, image: own}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: outsider}
spec:
  selector: {matchLabels: {app: outsider}}
  template:
    metadata: {labels: {app: outsider, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: a, image: own}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: server}
spec:
  hosts: [server]
  http: [{route: [{destination: {host: server}}], mirror: {host: server}, headers: {response: {set: {X-Route: sidecar}}}}]
`

func openTwo(t *testing.T) (m *Mesh, pods map[string]*pod) {
	t.Helper()
	objects, problems := manifests.Decode("two.yaml", []byte(two))
	require.NoError(t, problems.Err())
	m = New(Options{ApplyDelay: -1})
	_, err := m.Change(context.Background(), target.Change{Apply: objects})
	require.NoError(t, err)
	pods = map[string]*pod{}
	for p := range m.current.Load().allPods() {
		pods[p.workload] = p
	}
	return m, pods
}

func callFrom(t *testing.T, m *Mesh, from *pod, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := (&outbound{mesh: m, pod: from}).RoundTrip(r)
	require.NoError(t, err)
	return response
}

// Rules of a host act in the sidecars of its callers and nowhere else, and the
// caller's sidecar names itself "envoy" (Istio's proxy_headers.go).
func TestRulesActInTheCallersSidecar(t *testing.T) {
	m, pods := openTwo(t)
	require.NotNil(t, pods["client"].sidecar)
	require.Nil(t, pods["outsider"].sidecar, "its template declines")

	response := callFrom(t, m, pods["client"], "http://server.default.svc.cluster.local/")
	assert.Equal(t, "sidecar", response.Header.Get("X-Route"))
	assert.Equal(t, "envoy", response.Header.Get("Server"))

	response = callFrom(t, m, pods["outsider"], "http://server/")
	assert.Empty(t, response.Header.Get("X-Route"))
	assert.Equal(t, "istio-envoy", response.Header.Get("Server"), "the server's own sidecar")
	require.NoError(t, m.Close(context.Background()))
}

// Istio lets what it does not know pass to where it was sent (ALLOW_ANY).
func TestUnknownHostsPassThrough(t *testing.T) {
	m, pods := openTwo(t)
	r, err := http.NewRequest(http.MethodGet, "http://server/", nil)
	require.NoError(t, err)
	r.Host = "www.example.com"
	response, err := (&outbound{mesh: m, pod: pods["client"]}).RoundTrip(r)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), `"host":"www.example.com"`)
	require.NoError(t, m.Close(context.Background()))
}

func TestMirroredHosts(t *testing.T) {
	m, pods := openTwo(t)
	var copies, originals atomic.Int64
	pods["server"].handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch r.Host {
		case "server-shadow":
			copies.Add(1)
		case "server":
			originals.Add(1)
		}
	})
	callFrom(t, m, pods["client"], "http://server/")
	require.NoError(t, m.Close(context.Background()), "waits for the copy")
	assert.EqualValues(t, 1, originals.Load())
	assert.EqualValues(t, 1, copies.Load())
}

// Of two draws with replacement both fall on the busy one of two pods in a
// quarter of the cases: only then Envoy's choice of two takes it.
func TestLeastRequestAvoidsTheBusyPod(t *testing.T) {
	busy, idle := &host{}, &host{}
	busy.active.Store(5)
	e := &endpoints{hosts: []*host{busy, idle}}
	var taken int
	for number := range uint64(4000) {
		c, err := newCall(httptest.NewRequest(http.MethodGet, "/", nil), request(1, number), origin{}, 80)
		require.NoError(t, err)
		if e.choose(c, 0, new(http.Header)) == busy {
			taken++
		}
	}
	assert.InDelta(t, 1000, taken, 140, "five standard deviations")
}
