package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// TestAddressesOfAName has one of two gateways right, and the other all wrong.
func TestAddressesOfAName(t *testing.T) {
	answer := func(version string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, version) })
	}
	right := httptest.NewServer(answer("v1"))
	t.Cleanup(right.Close)
	_, port, err := net.SplitHostPort(right.Listener.Addr().String())
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.2:"+port)
	require.NoError(t, err)
	wrong := &httptest.Server{Listener: listener, Config: &http.Server{Handler: answer("v2")}}
	wrong.Start()
	t.Cleanup(wrong.Close)

	verify := []string{"verify", "http://shop.test:" + port, "--expect", "v1=90,v2=10", "--identify", "body:(v[12])", "--rate", "0",
		"--resolve", "shop.test:" + port + ":127.0.0.1,127.0.0.2,127.0.0.3"}
	out, errs, code := call(t, verify...)
	assert.NotEqual(t, reports.ExitVerified, code, "%s%s", out, errs)
	assert.Regexp(t, `127.0.0.1:\d+ answered [45]\d(\.\d)? %: v1 100 %`, out)
	assert.Regexp(t, `127.0.0.2:\d+ answered [45]\d(\.\d)? %: v2 100 %`, out)
	assert.Regexp(t, `Warning +127.0.0.3:\d+ is an address of the same name and was not asked \(connection refused\)`, out)

	out, _, _ = call(t, append(verify, "-o", "json")...)
	var report reports.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	addresses := report.Scenarios[0].Steps[0].Checks[0].Addresses
	require.Len(t, addresses, 2)
	assert.Equal(t, "127.0.0.1:"+port, addresses[0].Address)
	assert.Len(t, addresses[0].Versions, 1)
	assert.Positive(t, addresses[0].Versions["v1"])
}

// TestStatusesAreShown: a hit counts whatever its status, and whoever reads the
// report is told the status.
func TestStatusesAreShown(t *testing.T) {
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusServiceUnavailable
		if served++; r.URL.Path == "/some" && served%2 == 0 {
			status = http.StatusOK
		}
		w.WriteHeader(status)
		fmt.Fprintln(w, "v1")
	}))
	t.Cleanup(server.Close)
	verify := func(path string) (string, int) {
		out, _, code := call(t, "verify", server.URL+path, "--expect", "v1=1", "--identify", "body:v1", "--rate", "0", "--connections", "1")
		return out, code
	}
	out, code := verify("/")
	assert.Equal(t, reports.ExitVerified, code, out)
	assert.Regexp(t, `Warning +Every answer had the status 503`, out)
	assert.Regexp(t, `Status +v1 [0-9,]+ × 503`, out)
	out, code = verify("/some")
	assert.Equal(t, reports.ExitVerified, code, out)
	assert.NotContains(t, out, "Every answer had")
	assert.Regexp(t, `Status +v1 [0-9,]+ × 200, [0-9,]+ × 503`, out)
}
