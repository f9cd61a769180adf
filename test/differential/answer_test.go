package differential

import (
	"bufio"
	"bytes"
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
)

// varying are headers whose values differ from run to run; that they are there
// is compared all the same. Those of unread say nothing of Istio.
var (
	varying = map[string]bool{"X-Request-Id": true, "X-Envoy-Upstream-Service-Time": true, "X-Envoy-Internal": true,
		"X-Envoy-Peer-Metadata": true, "X-Envoy-Peer-Metadata-Id": true}
	unread = map[string]bool{"Connection": true, "Date": true, "Content-Length": true, "Accept-Encoding": true, "X-Forwarded-Client-Cert": true,
		"X-Envoy-Decorator-Operation": true, "X-Envoy-External-Address": true, "X-Envoy-Expected-Rq-Timeout-Ms": true}
)

// lanes is how many requests are under way at once.
const lanes = 8

// sendAll returns the different answers of each request, sorted.
func sendAll(t *testing.T, requests []request, base string, transport http.RoundTripper) []string {
	t.Helper()
	got := make([][]string, len(requests))
	var group sync.WaitGroup
	free := make(chan struct{}, lanes)
	for i, r := range requests {
		got[i] = make([]string, r.times)
		for n := range got[i] {
			free <- struct{}{}
			group.Go(func() {
				defer func() { <-free }()
				got[i][n] = send(t, r, base, transport)
			})
		}
	}
	group.Wait()
	var answers []string
	for _, all := range got {
		slices.Sort(all)
		answers = append(answers, strings.Join(slices.Compact(all), "\n"))
	}
	return answers
}

// send returns the answer of one request as lines of text.
func send(t *testing.T, r request, base string, transport http.RoundTripper) string {
	out := r.outgoing(t, base)
	began := time.Now()
	response, err := transport.RoundTrip(out.WithContext(t.Context()))
	if err != nil {
		return "no answer\n"
	}
	body, err := read(response)
	if !assert.NoError(t, err, r.line) {
		return ""
	}
	if r.to != "" && response.Header.Get("Content-Type") == "message/http" {
		// The answer that the client in the mesh had.
		response, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(body)), nil)
		if !assert.NoError(t, err, r.line) {
			return ""
		}
		if body, err = read(response); !assert.NoError(t, err, r.line) {
			return ""
		}
	}
	return described(response, body, time.Since(began))
}

// outgoing is the request as it leaves this machine: as it is, or handed to relay,
// which makes it from within the mesh.
func (r request) outgoing(t *testing.T, base string) *http.Request {
	t.Helper()
	if r.to == "" {
		to, err := url.Parse(base + r.path)
		assert.NoError(t, err, r.line)
		return &http.Request{Method: r.method, URL: to, Host: r.host, Header: r.header.Clone()}
	}
	var inside strings.Builder
	fmt.Fprintf(&inside, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.path, r.host)
	assert.NoError(t, r.header.Write(&inside), r.line)
	out, err := http.NewRequest(http.MethodPost, base+"/?to="+url.QueryEscape(r.to), strings.NewReader(inside.String()+"\r\n"))
	assert.NoError(t, err, r.line)
	out.Host = "relay.example"
	return out
}

func read(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// described writes down an answer as the client sees it and, where it comes from
// an application, the request as that one did.
func described(response *http.Response, body []byte, took time.Duration) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d", response.StatusCode)
	if took > 5*time.Second {
		text.WriteString(" after a long time")
	}
	text.WriteString("\n" + headers(response.Header))
	var seen struct {
		App, Version, Host, Path, Method string
		Headers                          http.Header
	}
	if json.Unmarshal(body, &seen) == nil && seen.App != "" {
		fmt.Fprintf(&text, "%s%s %s, which saw:\n%s %s of %s\n%s", fromApplication, seen.App, seen.Version, seen.Method, seen.Path, seen.Host, headers(seen.Headers))
	} else {
		fmt.Fprintf(&text, "body %q\n", body)
	}
	return text.String()
}

// fromApplication begins the line that says which application has answered.
const fromApplication = "from "

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
