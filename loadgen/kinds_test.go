package loadgen_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// The texts are those of go1.26 on Linux, and of Windows where it says so.
func TestFailuresRecur(t *testing.T) {
	for text, kind := range map[string]string{
		"context deadline exceeded": "timeout",
		`Get "http://x/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`: "timeout",
		"dial tcp 10.0.0.1:80: i/o timeout":                                                      "timeout",
		"dial tcp 10.0.0.1:80: connect: connection timed out":                                    "timeout",
		"dial tcp 127.0.0.1:34567: connect: connection refused":                                  "connection refused",
		"connectex: No connection could be made because the target machine actively refused it.": "connection refused",
		"read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer":                      "connection reset",
		"wsarecv: An existing connection was forcibly closed by the remote host.":                "connection reset",
		"write tcp 127.0.0.1:5->127.0.0.1:6: write: broken pipe":                                 "connection reset",
		"dial tcp: lookup nowhere.example on 10.0.0.2:53: no such host":                          "no such host",
		"dial tcp: lookup x on 10.0.0.2:53: server misbehaving":                                  "name lookup failed",
		"tls: failed to verify certificate: x509: certificate signed by unknown authority":       "unknown certificate",
		"http: server gave HTTP response to HTTPS client":                                        "TLS",
		"EOF":                                 "connection closed without an answer",
		"http: server closed idle connection": "connection closed without an answer",
		"unexpected EOF":                      "answer cut short",
		"gzip: invalid header":                "broken compression",
		`net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0"`: "not HTTP",
		"net/http: server response headers exceeded 1048576 bytes; aborted":                 "headers too long",
		"dial tcp [::1]:80: connect: network is unreachable":                                "network unreachable",
		"dial tcp 10.0.0.1:80: connect: no route to host":                                   "network unreachable",
		"dial tcp 10.0.0.1:80: socket: too many open files":                                 "too many open files",
		"dial tcp 10.0.0.1:80: connect: cannot assign requested address":                    "no free local port",
		"something else on port 12345":                                                      "no answer",
	} {
		answer := loadgen.Failure(errors.New(text))
		assert.Equal(t, split.Answer{Outcome: split.Error, Kind: kind, Example: text}, answer)
	}
	assert.Equal(t, "timeout", loadgen.Failure(fmt.Errorf("waiting: %w", os.ErrDeadlineExceeded)).Kind)
}

func TestClassify(t *testing.T) {
	marked := rules(t, `body:v\d`)
	for _, test := range []struct {
		answer identify.Answer
		want   split.Answer
	}{
		{identify.Answer{Status: 200, Body: []byte("v1")}, split.Answer{Version: "v1"}},
		{identify.Answer{Status: 503, Body: []byte("v1")}, split.Answer{Version: "v1"}},
		{identify.Answer{Status: 302, Body: []byte("v1"), Header: http.Header{"Location": {"/x"}}}, split.Answer{Version: "v1"}},
		{identify.Answer{Status: 500}, split.Answer{Outcome: split.Error, Kind: "status 500", Example: "500 Internal Server Error: (empty body)"}},
		{identify.Answer{Status: 499}, split.Answer{Outcome: split.Unidentified, Kind: "499 without a marker", Example: "499: (empty body)"}},
		{identify.Answer{Status: 304}, split.Answer{Outcome: split.Unidentified, Kind: "304 without a marker", Example: "304 Not Modified: (empty body)"}},
		{identify.Answer{Status: 307, Header: http.Header{"Location": {"/x"}}}, split.Answer{Outcome: split.Unidentified, Kind: "redirect to another place", Example: "307 to /x"}},
		{identify.Answer{Status: 204}, split.Answer{Outcome: split.Unidentified, Kind: "no marker in a 204 answer", Example: "204 No Content: (empty body)"}},
		{identify.Answer{Status: 200, Body: []byte("a\n\tb\x1b[31m\x00\xffé")}, split.Answer{Outcome: split.Unidentified, Kind: "no marker in a 200 answer", Example: "200 OK: a b.[31m..é"}},
	} {
		test.want.Status = test.answer.Status
		assert.Equal(t, test.want, loadgen.Classify(marked, test.answer))
	}
	long := loadgen.Classify(marked, identify.Answer{Status: 200, Body: []byte(strings.Repeat("é", 1<<20))}).Example
	assert.Less(t, len(long), 250)
	assert.True(t, utf8.ValidString(long))
}
