package apps

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const relayed = "s.ns.svc.cluster.local:8000"

func relay(handler http.Handler, to, request string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/?to="+to, strings.NewReader(request)))
	return recorder
}

func unwrap(t *testing.T, recorder *httptest.ResponseRecorder) (*http.Response, string) {
	t.Helper()
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
	require.Equal(t, "message/http", recorder.Header().Get("Content-Type"))
	response, err := http.ReadResponse(bufio.NewReader(recorder.Body), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// The edges that a sidecar's routes have are those of the request inside; nothing
// of the request around it may show.
func TestRelayMakesTheRequestInside(t *testing.T) {
	town := &town{}
	town.add(t, relayed, StandIn, "v1", nil)
	handler := town.add(t, "", "relay", "v1", nil)
	response, body := unwrap(t, relay(handler, relayed, "PUT //a/%61/../b%2Fc?q=1&q HTTP/1.1\r\nHost: other.example:81\r\nX-One: v\r\nx-one: w\r\n\r\n"))
	assert.Equal(t, http.StatusOK, response.StatusCode)
	var seen echo
	require.NoError(t, json.Unmarshal([]byte(body), &seen))
	assert.Equal(t, http.MethodPut, seen.Method)
	assert.Equal(t, "//a/%61/../b%2Fc?q=1&q", seen.Path)
	assert.Equal(t, "other.example:81", seen.Host)
	assert.Equal(t, http.Header{"X-One": {"v", "w"}}, seen.Headers)
}

func TestRelayFollowsNothing(t *testing.T) {
	town := &town{hosts: map[string]http.Handler{
		relayed: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://"+relayed+"/again")
			w.WriteHeader(http.StatusFound)
		}),
	}}
	response, body := unwrap(t, relay(town.add(t, "", "relay", "v1", nil), relayed, "GET / HTTP/1.1\r\nHost: s\r\n\r\n"))
	assert.Equal(t, http.StatusFound, response.StatusCode)
	assert.Equal(t, "http://"+relayed+"/again", response.Header.Get("Location"))
	assert.Empty(t, body)
	assert.Len(t, town.calls, 1)
}

func TestRelayStaysInTheCluster(t *testing.T) {
	town := &town{}
	handler := town.add(t, "", "relay", "v1", nil)
	for _, to := range []string{"", "s:80", "example.com:80", "169.254.169.254:80", "s.ns.svc.cluster.local", "s.ns.svc.cluster.local.example.com:80"} {
		assert.Equal(t, http.StatusForbidden, relay(handler, to, "GET / HTTP/1.1\r\nHost: s\r\n\r\n").Code, to)
	}
	assert.Empty(t, town.calls)
	assert.Equal(t, http.StatusBadRequest, relay(handler, relayed, "hello").Code)
	assert.Equal(t, http.StatusBadGateway, relay(handler, relayed, "GET / HTTP/1.1\r\nHost: s\r\n\r\n").Code, "nobody is there")
}
