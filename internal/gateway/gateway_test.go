package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
)

func TestURLs(t *testing.T) {
	for raw, want := range map[string][2]string{
		"http://127.0.0.1:8080":        {"http://127.0.0.1:8080", "/"},
		"https://shop.example.com/":    {"https://shop.example.com", "/"},
		"http://[::1]:80/a%2Fb?x=1#no": {"http://[::1]:80", "/a%2Fb?x=1"},
		"http://user:pass@host":        {"http://user:pass@host", "/"},
	} {
		base, path, err := gateway.Split(raw)
		require.NoError(t, err, raw)
		assert.Equal(t, want, [2]string{base, path}, raw)
	}
	for raw, want := range map[string]string{
		"localhost:8080": "write http://localhost:8080",
		"":               "has no scheme",
		"ftp://x":        "neither http nor https",
		"http://":        "names no host",
		"http://:80":     "names no host",
		"http://[::1":    "cannot be read: missing ']' in host",
		"http://h:99999": "has the port 99999; ports are 1 to 65535",
		"http://h:0/x":   "ports are 1 to 65535",
	} {
		_, err := gateway.New(raw)
		assert.ErrorContains(t, err, want, raw)
	}
	_, err := gateway.New("http://host/page")
	assert.ErrorContains(t, err, "give http://host, and the path in the request")
}

func TestNothingCanBeChanged(t *testing.T) {
	g, err := gateway.New("http://host")
	require.NoError(t, err)
	for want, change := range map[string]target.Change{
		"apply":   {Apply: make([]manifests.Object, 1)},
		"delete":  {Delete: make([]manifests.Key, 1)},
		"scale":   {Scale: make([]target.Scale, 1)},
		"defects": {Defects: make([]target.Defect, 1), SetsDefects: true},
		"apply, delete, scale, defects": {Apply: make([]manifests.Object, 1), Delete: make([]manifests.Key, 1),
			Scale: make([]target.Scale, 1), Defects: make([]target.Defect, 1)},
	} {
		_, err := g.Change(t.Context(), change)
		assert.ErrorContains(t, err, "the gateway http://host is read-only: the step's "+want+" cannot")
	}
	convergence, err := g.Change(t.Context(), target.Change{})
	require.NoError(t, err)
	assert.True(t, convergence.Converged)
	_, err = g.Enter(target.Via{Service: "reviews"}, target.Load{})
	assert.ErrorContains(t, err, "the service reviews cannot be entered past the gateway")
	assert.NoError(t, g.Close(t.Context()))
}

func TestLoadGoesThroughTheGateway(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "v1")
	}))
	defer server.Close()
	g, err := gateway.New(server.URL)
	require.NoError(t, err)
	entry, err := g.Enter(target.Via{}, target.Load{Connections: 2, Reuse: 5})
	require.NoError(t, err)
	defer entry.Close()
	rule, err := identify.Parse(`body:v\d`)
	require.NoError(t, err)
	result, err := loadgen.Generate(t.Context(), loadgen.Plan{
		Request: loadgen.Request{URL: entry.URL + "/", Identify: identify.Rules{rule}},
		Load:    loadgen.Load{Requests: 20, Connections: 1, Reuse: 5},
	}, entry.Opener, loadgen.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"v1": 20}, result.Tally.Versions)
	assert.GreaterOrEqual(t, result.Tally.Connections.Count, int64(4))
}
