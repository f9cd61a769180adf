package mesh

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
)

// opaquePorts are Services of the pods of two whose ports say something else than
// HTTP, or nothing. Nobody else leads to the client's port.
const opaquePorts = `
{apiVersion: v1, kind: Service, metadata: {name: shared}, spec: {selector: {app: server}, ports: [{name: tcp, port: 81, targetPort: web}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: raw}, spec: {selector: {app: client}, ports: [{name: tcp, port: 82, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: open}, spec: {selector: {app: server}, ports: [{port: 83, targetPort: web}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: nobody}, spec: {selector: {app: nobody}, ports: [{name: tcp, port: 84}]}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: opaque}
spec: {hosts: [shared, raw, open], http: [{directResponse: {status: 418}}]}
`

// The headers are those that test/differential found on a cluster
// (sidecar/port-names).
func TestPortsThatAreNotHTTP(t *testing.T) {
	m, pods := openTwo(t)
	objects, problems := manifests.Decode("opaque.yaml", []byte(opaquePorts))
	require.NoError(t, problems.Err())
	_, err := m.Change(t.Context(), target.Change{Apply: objects})
	require.NoError(t, err)
	ask := func(url string) (*http.Response, error) {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		require.NoError(t, err)
		r.Host = "else.example"
		return (&outbound{mesh: m, pod: pods["client"]}).RoundTrip(r)
	}
	seen := func(response *http.Response) (path string, headers http.Header) {
		var echo struct {
			Path    string
			Headers http.Header
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&echo))
		return echo.Path, echo.Headers
	}

	response, err := ask("http://shared:81/a/../b")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "no rule applies")
	assert.Equal(t, "istio-envoy", response.Header.Get("Server"), "the server's own sidecar reads HTTP")
	path, headers := seen(response)
	assert.Equal(t, "/b", path)
	assert.Equal(t, "https", headers.Get("X-Forwarded-Proto"))
	assert.NotContains(t, headers, "X-Envoy-Attempt-Count")

	response, err = ask("http://raw:82/a/../b")
	require.NoError(t, err)
	assert.Empty(t, response.Header.Get("Server"), "nobody reads it")
	path, headers = seen(response)
	assert.Equal(t, "/a/../b", path)
	assert.Empty(t, headers)

	response, err = ask("http://open:83/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusTeapot, response.StatusCode, "its rules apply whatever the host")

	_, err = ask("http://nobody:84/")
	assert.Error(t, err, "no proxy answers in its place")
	require.NoError(t, m.Close(context.Background()))
}
