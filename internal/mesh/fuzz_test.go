package mesh_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

// FuzzRequests sends whatever a client may: it is answered, without a panic.
func FuzzRequests(f *testing.F) {
	f.Add("GET", "/api/a%2Fb?q=1", "example.com", "X-User", "1", "")
	f.Add("POST", "//", "[::1]:80", "Cookie", "user=\"", "body")
	f.Add("HEAD", "/old/%zz", "", "X-Request-Id", "", "")
	m := open(f, mesh.Options{}, versionTest, echo, canary(`
	{match: [{uri: {prefix: /old}}], redirect: {uri: /new}},
	{match: [{uri: {prefix: /api}}], rewrite: {uri: /v2}, mirror: {host: canary}, route: [{destination: {host: echo}}]},
	{match: [{uri: {regex: "/r.*"}}], rewrite: {uriRegexRewrite: {match: "(a+)", rewrite: "/\\1"}}, route: [{destination: {host: echo}}]},
	{route: [{destination: {host: canary}}]}`))
	f.Fuzz(func(t *testing.T, method, path, host, name, value, body string) {
		entry, err := m.Enter(target.Via{}, target.Load{})
		require.NoError(t, err)
		r, err := http.NewRequest(method, entry.URL+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Host = host
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		response, err := entry.Opener.(loadgen.HTTP).RoundTrip(r)
		require.NoError(t, err)
		require.NotZero(t, response.StatusCode)
		require.NoError(t, response.Body.Close())
	})
}
