package loadgen_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports/words"
)

// overSockets sends plan to handler through a listening server.
func overSockets(t *testing.T, handler http.HandlerFunc, plan loadgen.Plan) *loadgen.Result {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	plan.URL = server.URL + plan.URL
	return overNetwork(t, plan)
}

func overNetwork(t *testing.T, plan loadgen.Plan) *loadgen.Result {
	t.Helper()
	network := loadgen.NewNetwork(plan.Connections, plan.Reuse, plan.Timeout)
	t.Cleanup(network.Close)
	return generate(t, network, plan)
}

// hijack answers with whatever bytes speak writes, and closes.
func hijack(speak func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			speak(conn)
			_ = conn.Close()
		}
	}
}

// hang holds an answer back until the client is gone.
func hang(r *http.Request) { <-r.Context().Done() }

func TestHostileServers(t *testing.T) {
	bomb := func(w http.ResponseWriter) {
		zip := gzip.NewWriter(w)
		zeroes := make([]byte, 1<<20)
		for range 100 { // 100 MiB in 100 kB
			if _, err := zip.Write(zeroes); err != nil {
				return
			}
		}
		_ = zip.Close()
	}
	for _, test := range []struct {
		name         string
		handler      http.HandlerFunc
		headers      map[string]string
		hits         int64
		errors       string
		unidentified string
		example      string
	}{
		{name: "hangs", handler: func(w http.ResponseWriter, r *http.Request) { hang(r) },
			errors: "timeout"},
		{name: "hangs in the body", handler: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "v1")
			_ = http.NewResponseController(w).Flush()
			hang(r)
		}, errors: "timeout"},
		{name: "resets", handler: hijack(func(conn net.Conn) {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}), errors: "connection reset"},
		{name: "closes without an answer", handler: hijack(func(net.Conn) {}),
			errors: "connection closed without an answer"},
		{name: "speaks no HTTP", handler: hijack(func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.9\r\n\r\n") }),
			errors: "not HTTP"},
		{name: "sends headers without end", handler: hijack(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		}), errors: "headers too long"},
		{name: "cuts its body short", handler: hijack(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nv1")
		}), errors: "answer cut short"},
		{name: "sends a body without end", handler: func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		}, unidentified: "no marker in a 200 answer, of which 1048576 bytes were read", example: "200 OK: xxx"},
		{name: "names its version in a body without end", handler: func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("v1 ", 1<<16)); err != nil {
					return
				}
			}
		}, hits: 4},
		{name: "sends a bomb", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			bomb(w)
		}, unidentified: "no marker in a 200 answer, of which 1048576 bytes were read"},
		{name: "sends a bomb to one who asked for it", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			bomb(w)
		}, headers: map[string]string{"Accept-Encoding": "gzip"}, unidentified: "no marker in a 200 answer, of which 1048576 bytes were read"},
		{name: "compresses", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			_, _ = io.WriteString(zip, "this is v1")
			_ = zip.Close()
		}, headers: map[string]string{"Accept-Encoding": "gzip"}, hits: 4},
		{name: "only says that it compresses", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "v1 in plain text")
		}, unidentified: "broken gzip body", example: "status 200: gzip: invalid header"},
		{name: "compresses and is cut short", handler: hijack(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08")
		}), errors: "answer cut short"},
		{name: "is not well and compresses", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "v1")
		}, errors: "status 502", example: "status 502: Content-Encoding: br"},
		{name: "switches protocols", handler: hijack(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: v1\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until the client closes
		}), unidentified: "101 without a marker", example: "101 Switching Protocols"},
		{name: "switches protocols and says v1 in the new one", handler: hijack(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nv1")
			_, _ = io.Copy(io.Discard, conn)
		}), unidentified: "101 without a marker", example: "101 Switching Protocols"},
		{name: "redirects for ever", handler: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, unidentified: "redirect to another place", example: "302 to /x"},
		{name: "knows nothing", handler: http.NotFound,
			unidentified: "404 without a marker", example: "404 Not Found: 404 page not found"},
		{name: "is not well", handler: func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no healthy upstream", http.StatusServiceUnavailable)
		}, errors: "status 503", example: "503 Service Unavailable: no healthy upstream"},
		{name: "is not well and says which version it is", handler: func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "v1 has crashed", http.StatusInternalServerError)
		}, hits: 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			timeout := 10 * time.Second
			if test.errors == "timeout" {
				timeout = 50 * time.Millisecond
			}
			result := overSockets(t, test.handler, loadgen.Plan{
				Request: loadgen.Request{URL: "/", Headers: test.headers, Identify: rules(t, `body:v\d`)},
				Load:    loadgen.Load{Requests: 4, Connections: 2, Reuse: 1, Timeout: timeout},
			})
			assert.Equal(t, test.hits, result.Tally.Hits())
			if test.errors != "" {
				assert.Equal(t, map[string]int64{test.errors: 4}, result.Tally.Errors)
			} else {
				assert.Empty(t, result.Tally.Errors)
			}
			if test.unidentified != "" {
				assert.Equal(t, map[string]int64{test.unidentified: 4}, result.Tally.Unidentified)
			} else {
				assert.Empty(t, result.Tally.Unidentified)
			}
			assert.Contains(t, result.Tally.Examples[test.errors+test.unidentified], test.example)
		})
	}
}

func TestUnwellHalfOfTheTime(t *testing.T) {
	var requests atomic.Int64
	result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
		switch n := requests.Add(1); {
		case n == 1:
			w.Header().Set("X-Version", "v1")
		case n%2 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Header().Set("Content-Length", "0")
	}, loadgen.Plan{Request: loadgen.Request{Identify: rules(t, "header:X-Version")}, Load: loadgen.Load{Requests: 200}})
	assert.Equal(t, map[string]int64{"status 503": 100}, result.Tally.Errors)
	assert.Equal(t, map[string]int64{"no marker in a 200 answer": 99}, result.Tally.Unidentified)
	assert.Equal(t, "503 Service Unavailable: (empty body)", result.Tally.Examples["status 503"])
	assert.Nil(t, result.GaveUp, "it answers")
}

func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	result := overNetwork(t, loadgen.Plan{Request: loadgen.Request{URL: "http://" + address}, Load: loadgen.Load{Requests: 5000, Connections: 1}})
	assert.Equal(t, map[string]int64{"connection refused": 20}, result.Tally.Errors)
	require.NotNil(t, result.GaveUp)
	assert.Contains(t, words.English(*result.GaveUp), "none of the first 20 requests was answered (connection refused: ")
	assert.Contains(t, result.Tally.Examples["connection refused"], address)
	assert.Zero(t, result.Tally.Latencies().Count())
}

func TestPlainServerAskedForTLS(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	for url, kind := range map[string]string{
		"https://" + server.Listener.Addr().String(): "TLS", secure.URL: "unknown certificate",
	} {
		result := overNetwork(t, loadgen.Plan{Request: loadgen.Request{URL: url}, Load: loadgen.Load{Requests: 3}})
		assert.Equal(t, map[string]int64{kind: 3}, result.Tally.Errors, url)
	}
}

// A slow answer is measured and not lost.
func TestSlowAnswer(t *testing.T) {
	result := overSockets(t, func(w http.ResponseWriter, r *http.Request) {
		<-time.After(20 * time.Millisecond)
		_, _ = io.WriteString(w, "v1")
	}, loadgen.Plan{Load: loadgen.Load{Requests: 10}})
	assert.EqualValues(t, 10, result.Tally.Hits())
	assert.GreaterOrEqual(t, result.Tally.Latencies().Quantile(0.5), 20*time.Millisecond)
	assert.Positive(t, result.Duration)
}

func TestInterruptCutsSockets(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 30 {
			cancel()
		}
		if requests.Load() > 20 {
			hang(r)
		}
		_, _ = io.WriteString(w, "v1")
	}))
	defer server.Close()
	result, err := loadgen.Generate(ctx, loadgen.Plan{Request: loadgen.Request{URL: server.URL, Identify: rules(t, `body:v\d`)}, Load: loadgen.Load{Requests: 5000}}, loadgen.HTTP{RoundTripper: loadgen.NewNetwork(10, 10, 0)}, loadgen.Options{})
	require.NoError(t, err)
	assert.True(t, result.Interrupted)
	assert.EqualValues(t, 10, result.Cut)
	assert.EqualValues(t, 20, result.Tally.Requests())
	assert.Zero(t, result.Tally.Failed())
	assert.Less(t, result.Duration, 5*time.Second)
}
