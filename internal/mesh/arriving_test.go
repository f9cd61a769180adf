package mesh_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// standIns is versionTest with applications that answer what they were asked.
var standIns = strings.ReplaceAll(versionTest, "splitcheck.dev/apps/version-test", "stand-in")

// arrived returns the request as the stand-in application saw it.
func arrived(t *testing.T, m *mesh.Mesh, path string, header http.Header) (seen struct {
	Host, Path string
	Headers    http.Header
}) {
	t.Helper()
	_, body := get(t, m, path, header)
	require.NoError(t, json.Unmarshal([]byte(body), &seen), body)
	return seen
}

// Seen with Istio 1.31 and Envoy 1.39 on a kind cluster, as are the other tests
// of this file.
func TestWhatAGatewayTellsTheApplication(t *testing.T) {
	m := open(t, mesh.Options{}, standIns, canary(`{route: [{destination: {host: canary}}]}`))
	seen := arrived(t, m, "/x/../%7Ea%2Fb?c=d", http.Header{
		"X-Forwarded-For": {"1.2.3.4"}, "X-Forwarded-Proto": {"https"}, "X-Envoy-Retry-On": {"5xx"}, "X-Request-Id": {"mine"},
	})
	assert.Equal(t, "/~a%2Fb?c=d", seen.Path)
	assert.Equal(t, http.Header{
		"X-Forwarded-For": {"1.2.3.4,10.244.0.1"}, "X-Forwarded-Proto": {"http"}, "X-Request-Id": {"mine"}, "X-Envoy-Attempt-Count": {"1"},
	}, seen.Headers)
}

func TestWhatARewriteTellsTheApplication(t *testing.T) {
	m := open(t, mesh.Options{}, standIns, canary(`{match: [{uri: {prefix: /q}}], rewrite: {uri: "/new?b=2", authority: other}, route: [{destination: {host: canary}}]}`))
	seen := arrived(t, m, "/q/x?a=1", nil)
	assert.Equal(t, "/new?b=2/x?a=1", seen.Path)
	assert.Equal(t, "other", seen.Host)
	assert.Equal(t, "/q/x?a=1", seen.Headers.Get("X-Envoy-Original-Path"))
	assert.NotEmpty(t, seen.Headers.Get("X-Envoy-Original-Host"))
}

// The one destination of a rule changes headers after the rule does, one of
// several before it.
func TestOrderOfHeaderChanges(t *testing.T) {
	const rule = `{headers: {request: {set: {x: rule}, add: {y: rule}, remove: [z]}}, route: [
		{destination: {host: canary}, weight: 1, headers: {request: {set: {x: own, z: own}, add: {y: own}}}}%s]}`
	for more, want := range map[string]http.Header{
		"": {"X": {"own"}, "Y": {"rule", "own"}, "Z": {"own"}},
		", {destination: {host: canary}, weight: 0}": {"X": {"rule"}, "Y": {"own", "rule"}},
	} {
		seen := arrived(t, open(t, mesh.Options{}, standIns, canary(strings.Replace(rule, "%s", more, 1))), "/", nil)
		for _, name := range []string{"X", "Y", "Z"} {
			assert.Equal(t, want[name], seen.Headers[name], "%s with %q", name, more)
		}
	}
}

// A proxy's own answers have their headers changed too, and no body for HEAD.
func TestHeadersOfAProxysOwnAnswers(t *testing.T) {
	for _, fields := range []string{
		"fault: {abort: {httpStatus: 555, percentage: {value: 100}}}, route: [{destination: {host: canary}}]",
		"route: [{destination: {host: canary, subset: none}}]",
		"directResponse: {status: 201, body: {string: text}}",
	} {
		m := open(t, mesh.Options{}, versionTest, canary("{headers: {response: {set: {x: a}}}, "+fields+"}"))
		response, _ := get(t, m, "/", nil)
		assert.Equal(t, "a", response.Header.Get("X"), fields)
		entry, err := m.Enter(target.Via{}, target.Load{})
		require.NoError(t, err)
		r, err := http.NewRequest(http.MethodHead, entry.URL, nil)
		require.NoError(t, err)
		response, err = entry.Opener.(loadgen.HTTP).RoundTrip(r)
		require.NoError(t, err)
		assert.Zero(t, response.ContentLength, fields)
		require.NoError(t, response.Body.Close())
	}
}

func TestTheTextTellsOfRetries(t *testing.T) {
	const service = `
---
{apiVersion: v1, kind: Service, metadata: {name: canary}, spec: {selector: {app: v1}, ports: [{port: 80, targetPort: 81}]}}
`
	// A sidecar tries again by itself.
	bare := strings.Replace(versionTest, "enabled", "disabled", 1)
	for fields, want := range map[string]string{
		"":                         "retried and the latest reset reason: remote connection failure",
		"retries: {attempts: 0}, ": "disconnect/reset before headers. reset reason: remote connection failure",
	} {
		_, body := get(t, open(t, mesh.Options{}, bare, canary("{"+fields+"route: [{destination: {host: canary}}]}")+service), "/", nil)
		assert.Contains(t, body, want)
	}
}
