package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/reports"
)

func TestVerifyDryRunAsksOnce(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		flags        []string
		code         int
		says         []string
	}{
		{"a version", "served by v2", nil, reports.ExitVerified,
			[]string{"planned: 1,934 requests, after 386 or more that are read until the split is steady: about 24 s at 100 a second\n",
				"asked once: 200 OK: served by v2\n", "v2 in its body: served by [v2]\n", "it names v2\n"}},
		{"as fast as it goes, from the first answer", "v1", []string{"--rate", "0", "--settle", "0", "--requests", "50"}, reports.ExitVerified,
			[]string{"planned: 50 requests, as fast as they are answered\n"}},
		{"none", "hello", nil, reports.ExitUsage, []string{"asked once: 200 OK: hello\n"}},
		{"two", "from v1 to v2", nil, reports.ExitUsage, []string{"v1 in its body: from [v1] to v2\n", "v2 in its body: from v1 to [v2]\n"}},
		{"another", "v3", []string{"--identify", "body:v3"}, reports.ExitUsage, nil},
	} {
		var asked atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			fmt.Fprint(w, test.answer)
		}))
		args := append([]string{"verify", server.URL, "--expect", "v1=90,v2=10", "--identify", "body:(v[12])", "--dry-run"}, test.flags...)
		out, errs, code := call(t, args...)
		server.Close()
		assert.Equal(t, test.code, code, "%s: %s%s", test.name, out, errs)
		assert.EqualValues(t, 1, asked.Load(), test.name)
		for _, each := range test.says {
			assert.Contains(t, out, each, test.name)
		}
	}
	out, errs, code := call(t, "verify", "http://127.0.0.1:1", "--expect", "v1=1", "--identify", "body:v1", "--dry-run")
	assert.Equal(t, reports.ExitNotMeasured, code, out)
	assert.Contains(t, errs, "the one request was not answered: connection refused")
}
