package apps

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A town is a network for tests: services by host and port, and a record of
// every call between them.
type town struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
	calls []*http.Request
}

func (t *town) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	handler := t.hosts[r.URL.Host]
	t.calls = append(t.calls, r)
	t.mu.Unlock()
	if handler == nil {
		return nil, errors.New("no such host")
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// called returns the calls to a host.
func (t *town) called(host string) (calls []*http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, call := range t.calls {
		if call.URL.Host == host {
			calls = append(calls, call)
		}
	}
	return calls
}

// add runs an application in the town, under a host if it has one.
func (t *town) add(tb testing.TB, host, app, version string, env map[string]string) http.Handler {
	tb.Helper()
	handler, err := New(Instance{
		App: app, Version: version, Pod: podOf(app, version), Namespace: "default",
		Env: env, Client: &http.Client{Transport: t},
	})
	require.NoError(tb, err)
	if host != "" {
		if t.hosts == nil {
			t.hosts = map[string]http.Handler{}
		}
		t.hosts[host] = handler
	}
	return handler
}

func podOf(app, version string) string { return app + "-" + version + "-6d9c7f8b5-x2k9p" }

// bookinfo is a town with bookinfo in it, and its product page.
func bookinfo(tb testing.TB, reviews string) (*town, http.Handler) {
	tb.Helper()
	t := &town{}
	t.add(tb, "details:9080", "details", "v1", nil)
	t.add(tb, "ratings:9080", "ratings", "v1", nil)
	t.add(tb, "reviews:9080", "reviews", reviews, nil)
	return t, t.add(tb, "", "productpage", "v1", nil)
}

// get asks a handler, with headers given as name, value, ….
func get(h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, "", headers...)
}

func do(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	request := httptest.NewRequest(method, target, content)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

// failing answers every request with a status.
func failing(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
}

// hanging answers nothing until its caller gives up.
var hanging = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

// saying answers every request with a body.
func saying(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) })
}

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// hurried is a request whose sender gives up after a time.
func hurried(target string, patience time.Duration) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	return httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil), cancel
}
