package apps

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForImage(t *testing.T) {
	for _, test := range []struct {
		image, app, version string
		ok                  bool
	}{
		// istio samples/bookinfo/platform/kube/bookinfo.yaml, release 1.31.
		{"registry.istio.io/release/examples-bookinfo-reviews-v3:1.20.3", "reviews", "v3", true},
		{"registry.istio.io/release/examples-bookinfo-productpage-v1:1.20.3", "productpage", "v1", true},
		// The same file before 2026, and a mirror with a port.
		{"docker.io/istio/examples-bookinfo-ratings-v1:1.16.2", "ratings", "v1", true},
		{"istio/examples-bookinfo-details-v1", "details", "v1", true},
		{"mirror.example:5000/a/b/examples-bookinfo-reviews-v1@sha256:00ff", "reviews", "v1", true},
		{"istio/examples-bookinfo-ratings-v-faulty:1.20.3", "ratings", "v-faulty", true},
		// A version that needs a database, and one that never was.
		{"istio/examples-bookinfo-ratings-v2:1.20.3", StandIn, "", false},
		{"istio/examples-bookinfo-reviews-v4:1.20.3", StandIn, "", false},
		{"istio/examples-bookinfo-reviews-", StandIn, "", false},

		{"nginx:1.14.2", "nginx", "1.14.2", true},
		{"docker.io/library/nginx:1.16.1-alpine", "nginx", "1.16.1", true},
		{"localhost:5000/nginx", "nginx", "latest", true},
		{"nginx:1.14.2@sha256:00ff", "nginx", "1.14.2", true},
		{"not-nginx:1.14.2", StandIn, "", false},
		{"nginx:", StandIn, "", false},

		{"istioweather/forecast:v2", "forecast", "v2", true},
		{"docker.io/istioweather/frontend:v1", "weather-frontend", "v1", true},
		{"istioweather/advertisement:v1", "advertisement", "v1", true},
		{"istioweather/recommendation:v1", "recommendation", "v1", true},
		{"splitcheck.dev/apps/version-test:v2", "version-test", "v2", true},
		{"splitcheck.dev/apps/backend:v1", "backend", "v1", true},
		{"splitcheck.dev/apps/frontend:v1", "frontend", "v1", true},
		{"else.example/apps/frontend:v1", StandIn, "", false},
		{"docker.io/mccutchen/go-httpbin:v2.15.0", StandIn, "", false},
		{"", StandIn, "", false},
	} {
		app, version, ok := ForImage(test.image)
		assert.Equal(t, []any{test.app, test.version, test.ok}, []any{app, version, ok}, test.image)
	}
}

func FuzzForImage(f *testing.F) {
	f.Add("registry.istio.io/release/examples-bookinfo-reviews-v3:1.20.3")
	f.Add("nginx@:/")
	f.Fuzz(func(t *testing.T, image string) {
		app, version, ok := ForImage(image)
		if _, err := New(Instance{App: app, Version: version}); ok {
			require.NoError(t, err, "what an image names exists")
		}
	})
}

func TestNewNamesWhatExists(t *testing.T) {
	_, err := New(Instance{App: "raitings", Version: "v1"})
	require.ErrorContains(t, err, `"raitings"`)
	for _, name := range Names() {
		assert.ErrorContains(t, err, name)
	}

	_, err = New(Instance{App: "reviews", Version: "v4"})
	assert.EqualError(t, err, `reviews has no version "v4"; there are v1, v2, v3`)

	// A version ends up in headers: what is no tag is no version.
	for _, version := range []string{"", "1.14.2\r\nX: y", "a b", strings.Repeat("1", 129)} {
		_, err = New(Instance{App: "nginx", Version: version})
		assert.ErrorContains(t, err, "1.14.2, 1.16.1", version)
	}
}

func TestNewReadsVariables(t *testing.T) {
	for _, test := range []struct{ app, version, variable, value string }{
		{"productpage", "v1", "FLOOD_FACTOR", "many"},
		{"productpage", "v1", "FLOOD_FACTOR", "-1"},
		{"productpage", "v1", "REVIEWS_HOSTNAME", "re views"},
		{"reviews", "v2", "RATINGS_SERVICE_PORT", "http"},
		{"forecast", "v2", "RECOMMENDATION_HOSTNAME", "a/b"},
		{"frontend", "v1", "BACKEND_SVC_HOSTNAME", "user@host"},
	} {
		_, err := New(Instance{App: test.app, Version: test.version, Env: map[string]string{test.variable: test.value}})
		assert.ErrorContains(t, err, test.variable, test)
	}
}

func TestInfo(t *testing.T) {
	_, ok := Info("raitings")
	assert.False(t, ok)

	// Ports: istio samples/bookinfo/platform/kube/bookinfo.yaml; the weather
	// services' manifests in cloudnativebooks/cloud-native-istio.
	ports := map[string]int{
		"productpage": 9080, "details": 9080, "ratings": 9080, "reviews": 9080, "version-test": 80, "nginx": 80,
		"weather-frontend": 3000, "forecast": 3002, "advertisement": 3003, "recommendation": 3005,
		"backend": 8080, "frontend": 8080, "relay": 8080, StandIn: 8080,
	}
	require.Len(t, Names(), len(ports))
	for _, name := range Names() {
		profile, ok := Info(name)
		require.True(t, ok, name)
		assert.Equal(t, ports[name], profile.Port, name)
		assert.NotEmpty(t, profile.Description, name)
		for _, version := range profile.Versions {
			_, err := New(Instance{App: name, Version: version})
			assert.NoError(t, err)
		}
	}

	profile, _ := Info("reviews")
	profile.Versions[0] = "changed"
	again, _ := Info("reviews")
	assert.Equal(t, "v1", again.Versions[0], "the catalogue is nobody else's to change")
}

// The paths that each application answers with 200 on its own.
var answered = []struct {
	app, version string
	paths        []string
}{
	{"productpage", "v1", []string{"/", "/index.html", "/health", "/productpage", "/api/v1/products"}},
	{"details", "v1", []string{"/health", "/details/0", "/details/7"}},
	{"ratings", "v1", []string{"/health", "/ratings/0", "/ratings/7"}},
	{"reviews", "v1", []string{"/health", "/reviews/0", "/reviews/7"}},
	{"reviews", "v3", []string{"/health", "/reviews/0"}},
	{"version-test", "v1", []string{"/", "/version.html", "/health"}},
	{"weather-frontend", "v1", []string{"/", "/health", "/forecast/Hangzhou", "/dashboard"}},
	{"forecast", "v1", []string{"/health", "/weather?locate=Hangzhou"}},
	{"forecast", "v2", []string{"/health", "/weather?locate=Hangzhou"}},
	{"advertisement", "v1", []string{"/health", "/ad"}},
	{"recommendation", "v1", []string{"/health", "/recommendation?weather=01d"}},
	{"nginx", "1.14.2", []string{"/", "/index.html"}},
	{"backend", "v1", []string{"/", "/any/path"}},
	{"frontend", "v1", []string{"/health"}},
}

func TestMethodsAndLengths(t *testing.T) {
	for _, test := range answered {
		handler := (&town{}).add(t, "", test.app, test.version, nil)
		for _, path := range test.paths {
			full := get(handler, path)
			require.Equal(t, http.StatusOK, full.Code, "%s %s", test.app, path)
			assert.Equal(t, strconv.Itoa(full.Body.Len()), full.Header().Get("Content-Length"), "%s %s", test.app, path)
			assert.NotEmpty(t, full.Header().Get("Content-Type"), "%s %s", test.app, path)

			head := do(handler, http.MethodHead, path, "")
			assert.Equal(t, http.StatusOK, head.Code, "%s %s", test.app, path)
			assert.Zero(t, head.Body.Len(), "%s %s", test.app, path)
			assert.Equal(t, full.Header().Get("Content-Length"), head.Header().Get("Content-Length"), "%s %s", test.app, path)

			for _, method := range []string{http.MethodDelete, http.MethodPut, "BREW"} {
				refused := do(handler, method, path, "x")
				assert.Equal(t, http.StatusMethodNotAllowed, refused.Code, "%s %s %s", method, test.app, path)
				assert.Contains(t, refused.Header().Get("Allow"), "GET", "%s %s %s", method, test.app, path)
			}
		}
	}
}
