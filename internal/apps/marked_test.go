package apps

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersionTestIsMadeForACurlLoop(t *testing.T) {
	markers := regexp.MustCompile(`v[12]`)
	for _, version := range []string{"v1", "v2"} {
		// A pod's name may hold both markers: Kubernetes' alphabet has v, 1 and 2.
		handler, err := New(Instance{App: "version-test", Version: version, Pod: "appv1-7d9v2"})
		require.NoError(t, err)
		for _, path := range []string{"/version.html", "/"} {
			answer := get(handler, path)
			body := answer.Body.String()
			assert.True(t, strings.HasSuffix(body, "\n"), "the next answer starts on a line of its own")
			var marked []string
			for line := range strings.Lines(body) {
				if markers.MatchString(line) {
					marked = append(marked, line)
				}
			}
			assert.Equal(t, []string{"version-test " + version + "\n"}, marked)
			assert.Equal(t, "appv1-7d9v2", answer.Header().Get("X-Pod"))
		}
		assert.Equal(t, http.StatusNotFound, get(handler, "/version.htm").Code)
	}
}

func TestVersionColors(t *testing.T) {
	assert.NotEqual(t, versionColor("v1"), versionColor("v2"))
	assert.Equal(t, versionColor("canary"), versionColor("canary"))
	assert.NotEmpty(t, versionColor(""))
}

func TestNginx(t *testing.T) {
	for tag, server := range map[string]string{"1.14.2": "nginx/1.14.2", "1.16.1-alpine": "nginx/1.16.1", "latest": "nginx/latest"} {
		handler := (&town{}).add(t, "", "nginx", tag, nil)
		welcome := get(handler, "/")
		assert.Equal(t, server, welcome.Header().Get("Server"))
		assert.Contains(t, welcome.Body.String(), "<h1>Welcome to nginx!</h1>")

		missing := get(handler, "/x")
		assert.Equal(t, http.StatusNotFound, missing.Code)
		assert.Equal(t, server, missing.Header().Get("Server"))
		assert.Contains(t, missing.Body.String(), "<hr><center>"+server+"</center>")

		refused := do(handler, http.MethodPost, "/", "x")
		assert.Equal(t, http.StatusMethodNotAllowed, refused.Code)
		assert.Contains(t, refused.Body.String(), "405 Not Allowed")
	}
}

func TestBackendAndFrontend(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		town := &town{}
		town.add(t, "backend-svc", "backend", version, nil)
		frontend := town.add(t, "", "frontend", "v1", nil)

		api := get(frontend, "/api", "X-Request-Id", "7", "End-User", "testuser")
		assert.Equal(t, http.StatusOK, api.Code)
		assert.JSONEq(t, `{"service":"backend","version":"`+version+`","pod":"`+podOf("backend", version)+`"}`, api.Body.String())
		assert.Equal(t, "http://backend-svc/", town.calls[0].URL.String())
		assert.Equal(t, http.Header{"X-Request-Id": {"7"}, "End-User": {"testuser"}}, town.calls[0].Header)

		page := get(frontend, "/")
		assert.Equal(t, http.StatusOK, page.Code)
		assert.Equal(t, version, regexp.MustCompile(`backend (v\d)`).FindStringSubmatch(page.Body.String())[1])
		assert.Contains(t, page.Body.String(), podOf("backend", version))
	}
}

func TestFrontendWithoutBackend(t *testing.T) {
	for _, test := range []struct {
		backend   http.Handler
		api, page int
	}{
		{nil, 502, 502}, {failing(503), 503, 503}, {failing(429), 429, 429}, {saying("oops"), 200, 502},
	} {
		town := &town{hosts: map[string]http.Handler{"backend-svc": test.backend}}
		frontend := town.add(t, "", "frontend", "v1", nil)
		assert.Equal(t, test.api, get(frontend, "/api").Code)
		page := get(frontend, "/")
		assert.Equal(t, test.page, page.Code)
		assert.Contains(t, page.Body.String(), "no answer")
	}
}

func TestStandIn(t *testing.T) {
	handler := (&town{}).add(t, "", StandIn, "v7", nil)
	answer := do(handler, http.MethodPut, "http://httpbin.example/a%20b?c=d", "body", "X-Two", "1", "X-Two", "2")
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.JSONEq(t, `{"app":"stand-in","version":"v7","pod":"`+podOf(StandIn, "v7")+`","namespace":"default",
		"host":"httpbin.example","path":"/a%20b?c=d","method":"PUT","headers":{"X-Two":["1","2"]}}`, answer.Body.String())

	_, err := New(Instance{App: StandIn})
	assert.NoError(t, err, "its pods need no version label")
}
