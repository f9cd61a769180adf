package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/reports"
)

// serveSim runs `splitcheck sim serve` on a free port until the test ends, and
// returns its URL.
func serveSim(t *testing.T, args ...string) string {
	t.Helper()
	line := servedSim(t, args...)
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(line)
	require.NotEmpty(t, url, line)
	return url
}

// The address that is printed is one that answers.
func TestTheServedAddressAnswers(t *testing.T) {
	for _, name := range []string{"bookinfo-shift", "version-test-90-10", "weather-shift"} {
		line := servedSim(t, name)
		url := regexp.MustCompile(`http://\S+`).FindString(line)
		answer, err := http.Get(url)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, answer.StatusCode, url)
		assert.NoError(t, answer.Body.Close())
	}
}

// servedSim is what it says when it listens.
func servedSim(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	said, say := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, append([]string{"sim", "serve", "--listen", "127.0.0.1:0"}, args...),
			streams{in: strings.NewReader(""), out: io.Discard, err: say, workDir: os.TempDir()})
		say.Close()
	}()
	t.Cleanup(func() {
		stop()
		assert.Equal(t, reports.ExitVerified, <-ended, "Ctrl-C is how a server is meant to end")
	})
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return line
}

// TestGatewayTarget runs the scenario's own checks over real sockets, against
// the simulated mesh on a port.
func TestGatewayTarget(t *testing.T) {
	url := serveSim(t, "version-test-90-10")
	out, errs, code := call(t, "run", "version-test-90-10", "--target", "gateway", "--gateway-url", url,
		"--step", "90-10", "--no-apply", "--rate", "0", "--reuse", "1")
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
	assert.Contains(t, out, "at an existing gateway, "+url)
	assert.NotContains(t, out, "simulated", "what came over a socket from a URL is not known to be simulated")

	out, errs, code = call(t, "verify", url+"/version.html", "--expect", "v1=50,v2=50", "--identify", "body:(v[12])", "--rate", "0")
	assert.Equal(t, reports.ExitViolated, code, "%s%s", out, errs)
}

// TestLoginOverSockets logs in on a real page and follows the cookie.
func TestLoginOverSockets(t *testing.T) {
	url := serveSim(t, "bookinfo-testuser")
	out, errs, code := call(t, "run", "bookinfo-testuser", "--target", "gateway", "--gateway-url", url,
		"--step", "testuser-10-90", "--no-apply", "--rate", "0")
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
}

// TestCurlLoop is the job that splitcheck replaces: a hundred answers in a file.
func TestCurlLoop(t *testing.T) {
	url := serveSim(t, "version-test-90-10")
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "1.txt"))
	require.NoError(t, err)
	for range 100 {
		response, err := http.Get(url + "/version.html")
		require.NoError(t, err)
		_, err = io.Copy(file, response.Body)
		require.NoError(t, err)
		response.Body.Close()
	}
	require.NoError(t, file.Close())
	out, errs, code := callIn(t, dir, "", "analyze", "1.txt", "--expect", "v1=90,v2=10")
	assert.Equal(t, reports.ExitInconclusive, code, "%s%s", out, errs)
	assert.Contains(t, out, "A fresh sample of 1,934 requests settles it")
}

// TestGatewayTargetTakesWhatChangesNothing: a scenario that only looks needs no
// leave to run against what is there.
func TestGatewayTargetTakesWhatChangesNothing(t *testing.T) {
	url := serveSim(t, "version-test-90-10")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "look.yaml"), []byte(`apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: look, description: Only looks.}
spec:
  steps:
  - name: now
    checks:
    - name: everyone
      request: {path: /version.html}
      identify: {body: '(v[12])'}
      expect: {v1: 90, v2: 10}
      rate: 0
`), 0o600))
	out, errs, code := callIn(t, dir, "", "run", "look.yaml", "--target", "gateway", "--gateway-url", url)
	assert.Equal(t, reports.ExitVerified, code, "%s%s", out, errs)
}
