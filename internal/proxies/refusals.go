package proxies

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Refusals returns what p has said within the last so long of updates that it
// refused, in its own words, each once: "RouteConfiguration http.8080: Proto
// constraint validation failed (…)". Envoy 1.39 does not say so in its dump of
// routes (error_state stays empty) nor in a counter that Istio lets through; it
// goes on with what it had, and writes the refusal into its log.
//
//differential:elsewhere test proxies/TestRefusals
//differential:elsewhere test test/e2e/TestProxies
func (r *Reader) Refusals(ctx context.Context, p Proxy, within time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, fmt.Errorf("no answer within %s", answerTimeout))
	defer cancel()
	seconds := max(1, int64(within/time.Second))
	limit := int64(maxLog)
	stream, err := r.client.Log(ctx, p.Namespace, p.Name, corev1.PodLogOptions{
		Container: proxyContainer, SinceSeconds: &seconds, LimitBytes: &limit,
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("the log of proxy %s cannot be read: %w", p, err)
	}
	defer stream.Close()
	return readRefusals(stream), nil
}

// maxLog bounds how much of a log is read, in bytes: a refusal is printed with
// the whole configuration, twice.
const maxLog = 8 << 20

var (
	refused  = regexp.MustCompile(`config for (\S+) rejected: (.*)`)
	nameLine = regexp.MustCompile(`^name: "(.*)"`)
	thread   = regexp.MustCompile(`\s+thread=\d+$`)
)

// readRefusals finds the refusals in a log. Each begins with a line that names
// the type; the configuration follows, and a line that begins with a colon has
// the reason, unless all stands on the first line.
func readRefusals(log io.Reader) []string {
	var (
		found      []string
		kind, name string
		open       bool
	)
	add := func(reason string) {
		reason = strings.TrimSpace(thread.ReplaceAllString(reason, ""))
		words := strings.TrimSpace(kind+" "+name) + ": " + reason
		if !slices.Contains(found, words) {
			found = append(found, words)
		}
		open = false
	}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLog)
	for lines.Scan() {
		line := lines.Text()
		if m := refused.FindStringSubmatch(line); m != nil {
			kind, name, open = m[1][strings.LastIndexByte(m[1], '.')+1:], "", true
			// What protobuf puts before a text that is for people alone.
			if rest := strings.TrimSpace(m[2]); rest != "" && !strings.HasPrefix(rest, "goo.gle/") {
				add(rest)
			}
			continue
		}
		if !open {
			continue
		}
		if m := nameLine.FindStringSubmatch(line); m != nil && name == "" {
			name = m[1]
		}
		if reason, ok := strings.CutPrefix(line, ": "); ok {
			add(reason)
		}
	}
	return found
}
