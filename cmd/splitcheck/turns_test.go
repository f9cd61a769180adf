package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/reports"
)

// verifiedAt runs a check against a server of this process.
func verifiedAt(t *testing.T, handler http.HandlerFunc, flags ...string) (code int, text string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	var out, errs strings.Builder
	code = execute(t.Context(), append([]string{"verify", server.URL, "--identify", "body:(v[12])"}, flags...),
		streams{in: strings.NewReader(""), out: &out, err: &errs, workDir: t.TempDir()})
	return code, strings.Join(strings.Fields(out.String()), " ")
}

// Gateways whose versions take strict turns, as round robins do: a cycle of ten with
// ten connections in use, which would meet one version each in a queue. It is
// verified, and said.
func TestStrictTurnsAreVerified(t *testing.T) {
	for _, rate := range []string{"0", "2000"} {
		var mu sync.Mutex
		turn := 0
		code, text := verifiedAt(t, func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			turn++
			fmt.Fprintln(w, []string{"v1", "v1", "v1", "v1", "v2", "v1", "v1", "v1", "v1", "v1"}[turn%10])
		}, "--expect", "v1=90,v2=10", "--rate", rate)
		assert.Equal(t, reports.ExitVerified, code, text)
		assert.Contains(t, text, "round robin")
	}
}

// A gateway that sends the first request of each connection to v1, 90/10 in total:
// who opens a connection for each would see 100/0.
func TestFirstRequestsAreNotVerified(t *testing.T) {
	var mu sync.Mutex
	met, debt := map[string]bool{}, 0.
	code, text := verifiedAt(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		debt += 0.1
		if first := !met[r.RemoteAddr]; first || debt < 1 {
			met[r.RemoteAddr] = true
			fmt.Fprintln(w, "v1")
			return
		}
		debt--
		fmt.Fprintln(w, "v2")
	}, "--expect", "v1=90,v2=10", "--rate", "0")
	assert.Equal(t, reports.ExitInconclusive, code, text)
	assert.Contains(t, text, "depends on the place within a connection")
}
