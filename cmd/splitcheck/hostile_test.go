package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/reports"
)

// TestVerifyOnHostileServers: whatever a server does, there is a clear message
// and the right exit code, in bounded time and memory.
func TestVerifyOnHostileServers(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		flags   []string
		code    int
		says    []string
		expect  string // v1=90,v2=10 if empty
	}{
		"half of the answers are 503": {
			handler: everyOther(func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }),
			flags:   []string{"--connections", "1", "--reuse", "1"},
			code:    reports.ExitNotMeasured,
			says:    []string{"status 503", "COULD NOT MEASURE"},
		},
		"every request hangs": {
			handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			flags:   []string{"--timeout", "50ms"},
			code:    reports.ExitNotMeasured,
			says:    []string{"timeout", "COULD NOT MEASURE"},
		},
		"every connection is reset": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_ = conn.(*net.TCPConn).SetLinger(0)
					conn.Close()
				}
			},
			code: reports.ExitNotMeasured,
			says: []string{"COULD NOT MEASURE"},
		},
		"the body never ends": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(w, "v1")
				for r.Context().Err() == nil {
					if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
						return
					}
				}
			},
			expect: "v1=1",
			flags:  []string{"--requests", "20"},
			code:   reports.ExitInconclusive,
			says:   []string{"20 requests"},
		},
		"the body is a compressed bomb": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				zip := gzip.NewWriter(w)
				for range 1 << 10 {
					if _, err := zip.Write(make([]byte, 1<<16)); err != nil {
						return
					}
				}
				zip.Close()
			},
			flags: []string{"--requests", "5", "--settle", "0"},
			code:  reports.ExitInconclusive,
			says:  []string{"no marker"},
		},
		"redirects for ever": {
			handler: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) },
			flags:   []string{"--requests", "50"},
			code:    reports.ExitUsage,
			says:    []string{"redirect"},
		},
		"no answer names a version": {
			handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") },
			flags:   []string{"--requests", "50"},
			code:    reports.ExitUsage,
			says:    []string{"no marker in a 200 answer", "hello"},
		},
		"the answer is no HTTP": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_, _ = io.WriteString(conn, "\x1b[2Jnonsense\r\n\r\n")
					conn.Close()
				}
			},
			code: reports.ExitNotMeasured,
			says: []string{"COULD NOT MEASURE"},
		},
		"used connections hide what is too much of v2": {
			handler: cutting(0.18),
			code:    reports.ExitViolated,
			says:    []string{"VIOLATED", "got no answer because the server closed", "connection closed without an answer"},
		},
		"used connections are cut, and the weights are right": {
			handler: cutting(0.10),
			code:    reports.ExitVerified,
			says:    []string{"VERIFIED", "got no answer because the server closed", "connection closed without an answer"},
		},
		"switches protocols and waits": {
			handler: func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
					_, _ = io.Copy(io.Discard, conn) // until the client closes
					conn.Close()
				}
			},
			flags: []string{"--requests", "20"},
			code:  reports.ExitUsage,
			says:  []string{"101 without a marker"},
		},
		"slow and right": {
			handler: func() http.HandlerFunc {
				var n atomic.Int64
				return func(w http.ResponseWriter, _ *http.Request) {
					w.(http.Flusher).Flush()
					// One in ten, as was asked; evenly spread, which is reported.
					fmt.Fprintln(w, map[bool]string{true: "v2", false: "v1"}[n.Add(1)%10 == 0])
				}
			}(),
			flags: []string{"--connections", "1", "--reuse", "1"},
			code:  reports.ExitVerified,
			says:  []string{"VERIFIED", "alternate"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			defer server.Close()
			defer server.CloseClientConnections()
			args := append([]string{"verify", server.URL + "/version.html", "--expect", cmp.Or(c.expect, "v1=90,v2=10"), "--identify", "body:(v[12])", "--rate", "0"}, c.flags...)
			out, errs, code := call(t, args...)
			assert.Equal(t, c.code, code, "%s\n%s", out, errs)
			for _, each := range c.says {
				assert.Contains(t, out, each)
			}
			assert.NotContains(t, out, "\x1b", "a server's bytes must not reach the terminal as they are")
		})
	}
}

// cutting gives v2 that share, and closes six in ten of v2's connections that have
// carried a request before without an answer.
func cutting(share float64) http.HandlerFunc {
	var (
		mu     sync.Mutex
		draws  = rand.New(rand.NewPCG(1, 2))
		before = map[string]bool{}
	)
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		second, cut := draws.Float64() < share, draws.Float64() < 0.6
		used := before[r.RemoteAddr]
		before[r.RemoteAddr] = true
		mu.Unlock()
		if second && cut && used {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		fmt.Fprintln(w, map[bool]string{true: "v2", false: "v1"}[second])
	}
}

// everyOther answers every second request otherwise, and the rest as 90/10.
func everyOther(otherwise func(http.ResponseWriter)) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) {
		switch at := n.Add(1); {
		case at%2 == 0:
			otherwise(w)
		case at%20 == 1:
			fmt.Fprintln(w, "v2")
		default:
			fmt.Fprintln(w, "v1")
		}
	}
}

func TestVerifyWhereNobodyServes(t *testing.T) {
	address := freeAddress(t)
	out, _, code := call(t, "verify", "http://"+address+"/", "--expect", "v1=90,v2=10", "--identify", "status")
	assert.Equal(t, reports.ExitNotMeasured, code, out)
	assert.Contains(t, out, "connection refused")
}

// TestInterrupt: Ctrl-C ends at once, the partial tally is in the report, and
// the exit code says so.
func TestInterrupt(t *testing.T) {
	reached := make(chan struct{})
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 30 {
			close(reached)
		}
		if n.Load() > 30 {
			<-r.Context().Done() // nothing more comes
			return
		}
		fmt.Fprintln(w, "v1")
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		<-reached
		interrupt()
	}()
	var out, errs strings.Builder
	code := execute(ctx, []string{"verify", server.URL, "--expect", "v1=90,v2=10", "--identify", "body:(v[12])", "--rate", "0", "--timeout", "1h", "--settle", "0"},
		streams{in: strings.NewReader(""), out: &out, err: &errs, workDir: t.TempDir()})
	assert.Equal(t, reports.ExitInterrupted, code, out.String())
	assert.Contains(t, out.String(), "INTERRUPTED")
	assert.Regexp(t, `v1 +90.0 % .* 100.0 % +(2\d|30) `, out.String())
}
