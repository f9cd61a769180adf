package loadgen_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// opening sends a thousand requests to a server whose answers may depend on their
// number, from 1.
func opening(t *testing.T, rule string, answer func(n int64, w http.ResponseWriter)) *loadgen.Result {
	t.Helper()
	var n atomic.Int64
	return overSockets(t, func(w http.ResponseWriter, _ *http.Request) { answer(n.Add(1), w) }, loadgen.Plan{
		Request: loadgen.Request{Identify: rules(t, rule), Expected: []string{"v1", "v2"}},
		Load:    loadgen.Load{Requests: 1000, Connections: 2},
	})
}

func ids(found []split.Finding) (all []string) {
	for _, each := range found {
		all = append(all, each.ID)
	}
	return all
}

func TestASampleEndsWithFirstAnswersThatTellNothing(t *testing.T) {
	write := func(w http.ResponseWriter, status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
	for _, test := range []struct {
		name, rule string
		answer     func(n int64, w http.ResponseWriter)
		fault      bool // of the rule
		reason     string
		advice     split.Finding
	}{
		{"another header", "header:X-Release", func(n int64, w http.ResponseWriter) {
			w.Header().Set("X-Version", []string{"v1", "v2"}[n%2])
		}, true, "no-version-named", split.Found("better-rule", split.Values{"rule": "header:X-Version"})},
		{"a wrong path", "body:(v[12])", func(_ int64, w http.ResponseWriter) { write(w, 404, "nothing here") },
			true, "no-version-named", split.Found("look-at-answer", nil)},
		{"https instead", "body:(v[12])", func(_ int64, w http.ResponseWriter) {
			w.Header().Set("Location", "https://shop.test/")
			write(w, 301, "")
		}, true, "no-version-named", split.Found("ask-by-https", split.Values{"to": "https://shop.test/"})},
		{"another page", "body:(v[12])", func(_ int64, w http.ResponseWriter) {
			w.Header().Set("Location", "/home")
			write(w, 302, "")
		}, true, "no-version-named", split.Found("ask-where-it-leads", split.Values{"to": "/home"})},
		{"no backend", "body:(v[12])", func(_ int64, w http.ResponseWriter) { write(w, 503, "no healthy upstream") },
			false, "nothing-answered", split.Found("check-target", nil)},
		{"a page that tells its history", "body:(v[12])", func(n int64, w http.ResponseWriter) {
			write(w, 200, []string{"served by v1", "served by v2, upgraded from v1"}[n%2])
		}, true, "names-two", split.Found("better-rule", split.Values{"rule": "body:by (v[12])"})},
		{"two versions everywhere", "body:(v[12])", func(_ int64, w http.ResponseWriter) { write(w, 200, "v1 or v2") },
			true, "names-two", split.Found("narrow-rule", nil)},
	} {
		result := opening(t, test.rule, test.answer)
		require.NotNil(t, result.Fault, test.name)
		assert.Equal(t, test.fault, result.Fault.Rule, test.name)
		assert.Equal(t, test.reason, result.Fault.Reasons[0].ID, test.name)
		assert.Contains(t, ids(result.Fault.Reasons), "such-an-answer", test.name)
		assert.Equal(t, []split.Finding{test.advice}, result.Fault.Advice, test.name)
		assert.EqualValues(t, 20, result.Tally.Requests(), test.name)
		assert.False(t, result.Decided, test.name)
		assert.NotNil(t, result.GaveUp, test.name)
	}
}

func TestASampleGoesOnWhereFirstAnswersTellSomething(t *testing.T) {
	for name, answer := range map[string]func(n int64, w http.ResponseWriter){
		"one is named":                func(n int64, w http.ResponseWriter) { fmt.Fprint(w, []string{"", "v1"}[min(n%20, 1)]) },
		"pairs without one in common": func(n int64, w http.ResponseWriter) { fmt.Fprint(w, []string{"v1 v2", "v3 v4"}[n%2]) },
	} {
		result := opening(t, `body:(v\d)`, answer)
		assert.Nil(t, result.Fault, name)
		assert.EqualValues(t, 1000, result.Tally.Requests(), name)
	}
}

// TestTheAnswerThatIsShown shows what it is, and not the cookies that it sets.
func TestTheAnswerThatIsShown(t *testing.T) {
	result := opening(t, "body:(v[12])", func(_ int64, w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Set-Cookie", "session=open-sesame")
		fmt.Fprint(w, "<p>from v1\n\tto v2</p>")
	})
	require.NotNil(t, result.Fault)
	assert.Equal(t, []split.Finding{
		split.Found("names-two", split.Values{"two": int64(20), "answers": int64(20), "common": []string{"v1", "v2"}, "rule": "body:(v[12])"}),
		split.Found("such-an-answer", split.Values{"status": "200 OK", "headers": []string{"Content-Type: text/html"}, "text": "<p>from v1 to v2</p>"}),
		split.Found("place-of-version", split.Values{"version": "v1", "where": "body", "text": "<p>from [v1] to v2</p>"}),
		split.Found("place-of-version", split.Values{"version": "v2", "where": "body", "text": "<p>from v1 to [v2]</p>"}),
		split.Found("rule-at-fault", split.Values{"answers": int64(20)}),
	}, result.Fault.Reasons)
}

// TestCertificatesAreAMatterOfTrust: what to do about one is not to see whether the
// target is up.
func TestCertificatesAreAMatterOfTrust(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(v1))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for want, test := range map[string]struct {
		way  loadgen.Way
		host string
	}{
		"trust-certificate": {},
		"ask-for-name":      {loadgen.Way{TLS: &tls.Config{RootCAs: trusted}}, "shop.test"},
	} {
		result := sendBy(t, test.way, loadgen.Request{URL: server.URL, Host: test.host}, 40)
		require.NotNil(t, result.Fault, want)
		assert.False(t, result.Fault.Rule, want)
		assert.Equal(t, []string{want}, ids(result.Fault.Advice))
	}
}
