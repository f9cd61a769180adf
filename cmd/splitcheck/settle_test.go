package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// serveStale answers v1 so many times, and then v2 with a share of a tenth.
func serveStale(t *testing.T, stale int) string {
	t.Helper()
	var (
		mu     sync.Mutex
		served int
		draws  = rand.New(rand.NewPCG(3, 4))
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		version := "v1"
		if served++; served > stale && draws.Float64() < 0.1 {
			version = "v2"
		}
		fmt.Fprintln(w, version)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestStaleAnswersMakeNoRed: fifty answers of the weights before are read, reported
// and not judged, by `verify` and by `run --target gateway`.
func TestStaleAnswersMakeNoRed(t *testing.T) {
	out, errs, code := call(t, "verify", serveStale(t, 50), "--expect", "v1=90,v2=10", "--identify", "body:(v[12])", "--rate", "0", "-o", "json")
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
	var report reports.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	check := report.Scenarios[0].Steps[0].Checks[0]
	assert.EqualValues(t, 1934, check.Requests, "a sample has its own size")
	require.NotNil(t, check.Settling)
	assert.True(t, check.Settling.Settled)
	assert.GreaterOrEqual(t, check.Settling.Requests, int64(386))
	assert.EqualValues(t, 193, check.Settling.Windows[0].Requests)

	out, errs, code = call(t, "run", "version-test-90-10", "--target", "gateway", "--gateway-url", serveStale(t, 50),
		"--step", "90-10", "--no-apply", "--rate", "0")
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
	assert.Regexp(t, `answers before the sample are not judged|to see that the split is steady, are not\s+judged`, out)
}

// TestSettleSaysWhatItWaitedFor has answers of weights that nobody would take for
// the others.
func TestSettleSaysWhatItWaitedFor(t *testing.T) {
	verify := func(settle string) (string, int) {
		out, _, code := call(t, "verify", serveStale(t, 200), "--expect", "v1=90,v2=10", "--identify", "body:(v[12])", "--rate", "0",
			"--requests", "3000", "--settle", settle)
		return out, code
	}
	out, code := verify("30s")
	assert.Equal(t, reports.ExitVerified, code, out)
	assert.Regexp(t, `Warning +600 answers before the sample are not judged: (?s:.*) at first v1 (100|9[0-9.]+) %`, out)

	out, _ = verify("0")
	assert.NotContains(t, out, "not judged")
	_, errs, code := call(t, "verify", "http://127.0.0.1", "--expect", "v1=1", "--identify", "body:v1", "--settle", "-1s")
	assert.Equal(t, reports.ExitUsage, code)
	assert.Contains(t, errs, "--settle -1s is not between 0 and 1h")
}
