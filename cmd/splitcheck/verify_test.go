package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/reports"
)

// verifyFor checks a server that always answers v1 and tells the host it was
// asked for.
func verifyFor(t *testing.T, flags ...string) (out, errs string, code int) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.Host) }))
	t.Cleanup(server.Close)
	address := strings.Replace(server.URL, "http://", "http://user:open-sesame@", 1)
	args := []string{"verify", address, "--expect", "shop=1", "--identify", `body:(\w+)`, "--rate", "0", "--requests", "20"}
	return call(t, append(args, flags...)...)
}

// TestVerifyTellsNoSecrets looks for them in the report for people and in JSON,
// which CI keeps.
func TestVerifyTellsNoSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		out, errs, _ := verifyFor(t, "-o", format, "-H", "Authorization: Bearer open-sesame", "-H", "end-user: tester",
			"--cookie", "session=open-sesame")
		assert.NotContains(t, out+errs, "open-sesame")
		assert.Contains(t, out, "//REDACTED@")
		assert.Contains(t, out, "Authorization: REDACTED")
		assert.Contains(t, out, "end-user: tester")
	}
}

// TestVerifySendsTheHostHeader has it written as for curl.
func TestVerifySendsTheHostHeader(t *testing.T) {
	out, errs, _ := verifyFor(t, "-H", "Host: shop")
	assert.Regexp(t, `shop .* 100.0 % `, out, errs)
	assert.Contains(t, out, "of shop", errs)
}

func TestVerifyRefusesWhatCannotBeSent(t *testing.T) {
	for want, flags := range map[string][]string{
		`--request "FOO BAR" is not an HTTP method`:      {"-X", "FOO BAR"},
		`--header "bad header: REDACTED" cannot be sent`: {"-H", "bad header: x"},
		`--header "X: REDACTED" cannot be sent`:          {"-H", "X: a\nb"},
		`--cookie "a b=REDACTED" cannot be sent`:         {"--cookie", "a b=c"},
		`--host "a b" is not a host`:                     {"--host", "a b"},
		`--host a and --header Host: b disagree`:         {"--host", "a", "-H", "host: b"},
		"--login-path is where a form is posted":         {"--login-path", "/x"},
	} {
		_, errs, code := verifyFor(t, flags...)
		assert.Equal(t, reports.ExitUsage, code, want)
		assert.Contains(t, errs, want)
	}
}
