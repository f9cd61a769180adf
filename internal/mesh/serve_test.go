package mesh_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/target"
)

// serve puts the way into a mesh behind a real socket.
func serve(t *testing.T, m *mesh.Mesh, via target.Via) string {
	server := httptest.NewUnstartedServer(m.Handler(via))
	server.Config.ConnContext = m.ConnContext
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func fetch(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestServingOverSockets(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest, weights(1, 1))
	gateway, direct := serve(t, m, target.Via{}), serve(t, m, target.Via{Service: "canary"})

	counts := map[string]int{}
	for range 200 {
		counts[version(fetch(t, http.DefaultClient, gateway+"/version.html"))]++
	}
	assert.InDelta(t, 100, counts["v1"], 35, "each request is drawn for itself")
	assert.Equal(t, 200, counts["v1"]+counts["v2"])

	counts = map[string]int{}
	kept := &http.Client{Transport: &http.Transport{}}
	for range 50 {
		counts[version(fetch(t, kept, direct+"/version.html"))]++
	}
	assert.Len(t, counts, 1, "kube-proxy keeps a connection at its pod")
	kept.CloseIdleConnections()

	counts = map[string]int{}
	fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 50 {
		counts[version(fetch(t, fresh, direct+"/version.html"))]++
	}
	assert.Len(t, counts, 2, "and draws for each connection anew")

	response, _ := fetch(t, http.DefaultClient, gateway+"/missing")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestServingWhatNobodyAnswers(t *testing.T) {
	m := open(t, mesh.Options{}, versionTest)
	response, body := fetch(t, http.DefaultClient, serve(t, m, target.Via{Service: "nobody"}))
	assert.Equal(t, http.StatusBadGateway, response.StatusCode)
	assert.Contains(t, body, "there is no Service default/nobody")

	change(t, m, target.Change{Scale: []target.Scale{
		{Namespace: "default", Deployment: "appv1"}, {Namespace: "default", Deployment: "appv2"},
	}})
	_, err := http.Get(serve(t, m, target.Via{Service: "canary"}))
	assert.ErrorIs(t, err, io.EOF, "the connection is cut, as it would not have come about")
}
