//go:build e2e

package differential

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// varying are headers whose values differ from run to run; that they are there
// is compared all the same. Those of unread say nothing of Istio.
var (
	varying = map[string]bool{"X-Request-Id": true, "X-Envoy-Upstream-Service-Time": true, "X-Envoy-Internal": true,
		"X-Envoy-Peer-Metadata": true, "X-Envoy-Peer-Metadata-Id": true}
	unread = map[string]bool{"Date": true, "Content-Length": true, "Accept-Encoding": true, "X-Forwarded-Client-Cert": true,
		"X-Envoy-Decorator-Operation": true, "X-Envoy-External-Address": true, "X-Envoy-Expected-Rq-Timeout-Ms": true}
)

func sendAll(t *testing.T, requests []request, base string, transport http.RoundTripper) []string {
	t.Helper()
	var answers []string
	for _, r := range requests {
		got := make([]string, r.times)
		var group sync.WaitGroup
		lanes := make(chan struct{}, 4)
		for i := range got {
			lanes <- struct{}{}
			group.Go(func() {
				defer func() { <-lanes }()
				got[i] = send(t, r, base, transport)
			})
		}
		group.Wait()
		slices.Sort(got)
		answers = append(answers, strings.Join(slices.Compact(got), "\n"))
	}
	return answers
}

// send returns the answer of one request as lines of text.
func send(t *testing.T, r request, base string, transport http.RoundTripper) string {
	to, err := url.Parse(base + r.path)
	if !assert.NoError(t, err, r.line) {
		return ""
	}
	out := &http.Request{Method: r.method, URL: to, Host: r.host, Header: r.header.Clone()}
	began := time.Now()
	response, err := transport.RoundTrip(out.WithContext(t.Context()))
	if err != nil {
		return "no answer\n"
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if !assert.NoError(t, err, r.line) {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d", response.StatusCode)
	if time.Since(began) > 5*time.Second {
		text.WriteString(" after a long time")
	}
	text.WriteString("\n" + headers(response.Header))
	var seen struct {
		App, Version, Host, Path, Method string
		Headers                          http.Header
	}
	if json.Unmarshal(body, &seen) == nil && seen.App != "" {
		fmt.Fprintf(&text, "from %s %s, which saw:\n%s %s of %s\n%s", seen.App, seen.Version, seen.Method, seen.Path, seen.Host, headers(seen.Headers))
	} else {
		fmt.Fprintf(&text, "body %q\n", body)
	}
	return text.String()
}

func headers(h http.Header) string {
	var lines []string
	for name, values := range h {
		switch {
		case unread[name]:
		case varying[name]:
			lines = append(lines, "  "+name+": …\n")
		default:
			lines = append(lines, fmt.Sprintf("  %s: %q\n", name, values))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func newTransport(t *testing.T) *http.Transport {
	t.Helper()
	transport, ok := http.DefaultTransport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	transport.DisableCompression, transport.Proxy = true, nil
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}
