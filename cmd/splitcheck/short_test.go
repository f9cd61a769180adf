package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// within is the margin in a headline.
var within = regexp.MustCompile(`shown to within \d+(\.\d+)? points?`)

// Where all is well the text of a check is six to eight lines, and its headline has
// the margin: a verdict without one says less than it seems to.
func TestTheTextOfAVerifiedCheckIsShort(t *testing.T) {
	var lock sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	draw := func() string {
		lock.Lock()
		defer lock.Unlock()
		if random.Float64() < 0.9 {
			return "v1"
		}
		return "v2"
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, draw()) }))
	defer server.Close()
	var record strings.Builder
	for range 1934 { // the plan for 90/10
		fmt.Fprintln(&record, draw())
	}
	expect := []string{"--expect", "v1=90,v2=10", "--identify", "body:(v[12])"}
	for name, c := range map[string]struct {
		args  []string
		stdin string
	}{
		"two versions":           {args: []string{"run", "version-test-90-10"}},
		"the Gateway API":        {args: []string{"run", "version-test-httproute"}},
		"three versions":         {args: []string{"run", "bookinfo-thirds"}},
		"with a file beside it":  {args: []string{"run", "version-test-90-10", "-o", "json=report.json"}},
		"a live check":           {args: append([]string{"verify", server.URL, "--rate", "0"}, expect...)},
		"answers that are there": {args: append([]string{"analyze", "-"}, expect...), stdin: record.String()},
	} {
		out, errs, code := callIn(t, t.TempDir(), c.stdin, c.args...)
		assert.Zero(t, code, "%s: %s%s", name, out, errs)
		var lines []string
		for line := range strings.Lines(out) {
			if strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
		}
		assert.GreaterOrEqual(t, len(lines), 6, "%s:\n%s", name, out)
		assert.LessOrEqual(t, len(lines), 8, "%s:\n%s", name, out)
		assert.Regexp(t, within, lines[0], name)
	}
}
