package mesh_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// versionTest is the fourth seed system: two Deployments behind one Service.
const versionTest = `
{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Service, metadata: {name: canary}, spec: {selector: {apply: canary}, ports: [{port: 80}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: appv1}
spec:
  selector: {matchLabels: {app: v1}}
  template:
    metadata: {labels: {app: v1, apply: canary}}
    spec: {containers: [{name: app, image: "splitcheck.dev/apps/version-test:v1", ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: appv2}
spec:
  selector: {matchLabels: {app: v2}}
  template:
    metadata: {labels: {app: v2, apply: canary}}
    spec: {containers: [{name: app, image: "splitcheck.dev/apps/version-test:v2", ports: [{containerPort: 80}]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: canary-gateway}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec: {host: canary, subsets: [{name: v1, labels: {app: v1}}, {name: v2, labels: {app: v2}}]}
`

// canary is a VirtualService of the gateway with one entry under http.
func canary(entry string) string {
	return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec: {hosts: ["*"], gateways: [canary-gateway], http: [` + entry + `]}
`
}

func weights(v1, v2 int) string {
	return canary(fmt.Sprintf(`{route: [
		{destination: {host: canary, subset: v1}, weight: %d},
		{destination: {host: canary, subset: v2}, weight: %d}]}`, v1, v2))
}

// objects reads manifests, each text as a file of its own: a later one may
// apply an object of an earlier one again.
func objects(t testing.TB, documents ...string) []manifests.Object {
	t.Helper()
	var all []manifests.Object
	for i, document := range documents {
		found, problems := manifests.Decode(fmt.Sprintf("%d.yaml", i), []byte(document))
		require.NoError(t, problems.Err())
		all = append(all, found...)
	}
	return all
}

// open returns a mesh that holds the objects. Changes take effect at once
// unless o says otherwise.
func open(t testing.TB, o mesh.Options, documents ...string) *mesh.Mesh {
	t.Helper()
	if o.ApplyDelay == 0 {
		o.ApplyDelay = -1
	}
	m := mesh.New(o)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	change(t, m, target.Change{Apply: objects(t, documents...)})
	return m
}

// change makes a change that must take effect.
func change(t testing.TB, m *mesh.Mesh, c target.Change) target.Convergence {
	t.Helper()
	got, err := m.Change(context.Background(), c)
	require.NoError(t, err)
	require.True(t, got.Converged, got.Detail)
	return got
}

func apply(t testing.TB, m *mesh.Mesh, documents ...string) {
	t.Helper()
	change(t, m, target.Change{Apply: objects(t, documents...)})
}

func defects(t testing.TB, m *mesh.Mesh, d ...target.Defect) {
	t.Helper()
	change(t, m, target.Change{Defects: d, SetsDefects: true})
}

// A sample says what load draws.
type sample struct {
	via         target.Via
	load        target.Load
	requests    int
	concurrency int
	path        string
	header      http.Header
	// name tells what an answer counts as; its body if nil.
	name func(*http.Response, string) string
}

// draw sends a sample and counts what comes back.
func draw(t testing.TB, m *mesh.Mesh, s sample) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, name := range drawEach(t, m, s) {
		counts[name]++
	}
	return counts
}

// drawEach returns what each request came to, in order of their numbers.
func drawEach(t testing.TB, m *mesh.Mesh, s sample) []string {
	t.Helper()
	entry, err := m.EnterAgain(s.via, s.load)
	require.NoError(t, err)
	names := make([]string, s.requests)
	var group sync.WaitGroup
	next := make(chan int)
	for range max(s.concurrency, 1) {
		group.Go(func() {
			for i := range next {
				response, body := send(entry, uint64(i), s.path, s.header)
				if s.name != nil {
					names[i] = s.name(response, body)
				} else {
					names[i] = body
				}
			}
		})
	}
	for i := range s.requests {
		next <- i
	}
	close(next)
	group.Wait()
	return names
}

// send sends one request; an error comes back as a body.
func send(entry target.Entry, number uint64, path string, header http.Header) (*http.Response, string) {
	exchange := &split.Exchange{Number: number}
	ctx := split.WithExchange(context.Background(), exchange)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, entry.URL+path, nil)
	if err != nil {
		return nil, err.Error()
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
	if err != nil {
		return nil, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err.Error()
	}
	return response, string(body)
}

// version names the version of a version-test page.
func version(r *http.Response, body string) string {
	switch {
	case r == nil:
		return body
	case r.StatusCode != http.StatusOK:
		return fmt.Sprint(r.StatusCode)
	case strings.Contains(body, "v1"):
		return "v1"
	default:
		return "v2"
	}
}

var page = sample{path: "/version.html", name: version, requests: 1000}

func (s sample) of(n int) sample               { s.requests = n; return s }
func (s sample) at(concurrency int) sample     { s.concurrency = concurrency; return s }
func (s sample) through(service string) sample { s.via.Service = service; return s }
func (s sample) over(l target.Load) sample     { s.load = l; return s }

// get sends one request and returns its answer.
func get(t testing.TB, m *mesh.Mesh, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	entry, err := m.Enter(target.Via{}, target.Load{Timeout: 10 * time.Second})
	require.NoError(t, err)
	response, body := send(entry, 0, path, header)
	require.NotNil(t, response, body)
	return response, body
}
