//go:build e2e

package differential

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A cluster is a real one, reached by kubectl and by its ingress gateway.
type cluster struct {
	url, image string
	transport  *http.Transport
	marks      int
	// proxies are the Deployments whose Envoys have to know of a change.
	proxies []string
}

// connect finds the cluster in the environment.
func connect(t *testing.T) *cluster {
	t.Helper()
	for name, what := range map[string]string{
		"KUBECONFIG":                    "the kubeconfig of a cluster with Istio",
		"SPLITCHECK_DIFFERENTIAL_URL":   "where that cluster's ingress gateway answers, such as http://127.0.0.1:18080",
		"SPLITCHECK_DIFFERENTIAL_IMAGE": "an image in that cluster whose entry point is splitcheck",
	} {
		require.NotEmpty(t, os.Getenv(name), "set %s to %s", name, what)
	}
	return &cluster{
		url:       strings.TrimSuffix(os.Getenv("SPLITCHECK_DIFFERENTIAL_URL"), "/"),
		image:     os.Getenv("SPLITCHECK_DIFFERENTIAL_IMAGE"),
		transport: newTransport(t),
		proxies:   []string{"istio-system/istio-ingressgateway", "differential-mesh/frontend"},
	}
}

func kubectl(ctx context.Context, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The mark is a route of its own that changes with every case. Istio's
// configuration reaches a proxy in order, so that the proxy which has the mark
// has what was applied before.
const mark = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: mark, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 8081, name: http, protocol: HTTP}, hosts: [mark.invalid]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: mark, namespace: istio-system}
spec: {hosts: [mark.invalid], gateways: [mark, mesh], http: [{directResponse: {status: 200, body: {string: %s}}}]}
`

var image = regexp.MustCompile(`image: \S+`)

// deploy starts the applications, and removes them at the end.
func (c *cluster) deploy(t *testing.T, app []byte) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		out, err := kubectl(ctx, []byte(fmt.Sprintf(mark, "x")+"---\n"+string(app)), "delete", "--ignore-not-found", "--wait=true", "-f", "-")
		require.NoError(t, err, out)
	})
	out, err := kubectl(t.Context(), image.ReplaceAll(app, []byte("image: "+c.image)), "apply", "-f", "-")
	require.NoError(t, err, out)
	for _, namespace := range []string{"differential", "differential-mesh"} {
		out, err := kubectl(t.Context(), nil, "-n", namespace, "wait", "--for=condition=Available", "--timeout=90s", "deployment", "--all")
		require.NoError(t, err, out)
	}
}

// ask applies a case, waits until the proxies have it, sends its requests, and
// removes it again.
func (c *cluster) ask(t *testing.T, k testCase) result {
	t.Helper()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		out, err := kubectl(ctx, k.manifests, "delete", "--ignore-not-found", "-f", "-")
		require.NoError(t, err, out)
	}()
	if out, err := kubectl(t.Context(), k.manifests, "apply", "-f", "-"); err != nil {
		return result{refused: true, words: out}
	}
	c.settle(t)
	// A connection of the case before would outlive its listener.
	c.transport.CloseIdleConnections()
	return result{answers: sendAll(t, k.requests, c.url, c.transport)}
}

func (c *cluster) settle(t *testing.T) {
	t.Helper()
	c.marks++
	word := fmt.Sprintf("mark-%d-%d", os.Getpid(), c.marks)
	out, err := kubectl(t.Context(), []byte(fmt.Sprintf(mark, word)), "apply", "-f", "-")
	require.NoError(t, err, out)
	for _, proxy := range c.proxies {
		namespace, name, _ := strings.Cut(proxy, "/")
		// Twice the same, because routes and clusters are sent apart.
		before := ""
		require.Eventually(t, func() bool {
			dump, err := kubectl(t.Context(), nil, "-n", namespace, "exec", "deploy/"+name, "-c", "istio-proxy", "--",
				"pilot-agent", "request", "GET", "config_dump?resource=dynamic_route_configs")
			same := dump == before
			before = dump
			return err == nil && same && strings.Contains(dump, word)
		}, 20*time.Second, 200*time.Millisecond, "%s never took the change", proxy)
	}
}

func newTransport(t *testing.T) *http.Transport {
	t.Helper()
	transport, ok := http.DefaultTransport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	transport.DisableCompression, transport.Proxy = true, nil
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}
