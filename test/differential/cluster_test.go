//go:build e2e

package differential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/splitcheck/splitcheck/internal/proxies"
)

// A cluster is a real one, reached by kubectl and by its ingress gateway.
type cluster struct {
	url, image string
	transport  *http.Transport
	app        []byte
	marks      int
	reader     *proxies.Reader
	// proxies are those that have to know of a change.
	proxies []proxies.Proxy
}

// workloads are the Deployments whose proxies the cases are about.
var workloads = []string{"istio-system/istio-ingressgateway", "differential-mesh/frontend", "differential-mesh/relay"}

// shared is the one cluster of all tests here: its applications start once.
var shared *cluster

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		shared.reader.Close()
		if err := shared.remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// connect finds the cluster in the environment, and starts the applications there.
func connect(t *testing.T) *cluster {
	t.Helper()
	if shared != nil {
		require.NotEmpty(t, shared.proxies, "the applications did not start")
		return shared
	}
	for name, what := range map[string]string{
		"KUBECONFIG":                    "the kubeconfig of a cluster with Istio",
		"SPLITCHECK_DIFFERENTIAL_URL":   "where that cluster's ingress gateway answers, such as http://127.0.0.1:18080",
		"SPLITCHECK_DIFFERENTIAL_IMAGE": "an image in that cluster whose entry point is splitcheck",
	} {
		require.NotEmpty(t, os.Getenv(name), "set %s to %s", name, what)
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	require.NoError(t, err)
	reader, err := proxies.NewReader(config)
	require.NoError(t, err)
	c := &cluster{
		url:       strings.TrimSuffix(os.Getenv("SPLITCHECK_DIFFERENTIAL_URL"), "/"),
		image:     os.Getenv("SPLITCHECK_DIFFERENTIAL_IMAGE"),
		transport: newTransport(t),
		app:       deployed(t),
		reader:    reader,
	}
	// What a run that was killed has left would be in the way.
	require.NoError(t, c.remove())
	shared = c
	c.deploy(t)
	return c
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

// remove removes the applications and, with their namespaces, what a case has left.
func (c *cluster) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := kubectl(ctx, []byte(fmt.Sprintf(mark, "x")+"---\n"+string(c.app)), "delete", "--ignore-not-found", "--wait=true", "-f", "-")
	if err != nil {
		return fmt.Errorf("the applications cannot be removed: %w\n%s", err, out)
	}
	return nil
}

// deploy starts the applications.
func (c *cluster) deploy(t *testing.T) {
	t.Helper()
	out, err := kubectl(t.Context(), image.ReplaceAll(c.app, []byte("image: "+c.image)), "apply", "-f", "-")
	require.NoError(t, err, out)
	for _, namespace := range []string{"differential", "differential-mesh"} {
		out, err := kubectl(t.Context(), nil, "-n", namespace, "wait", "--for=condition=Available", "--timeout=3m", "deployment", "--all")
		require.NoError(t, err, out)
	}
	all, err := c.reader.List(t.Context(), "istio-system", "differential-mesh")
	require.NoError(t, err)
	c.proxies = slices.DeleteFunc(all, func(p proxies.Proxy) bool { return !slices.Contains(workloads, p.Namespace+"/"+p.Workload) })
	require.Len(t, c.proxies, len(workloads), "a pod of each of %v", workloads)
}

// ask applies a case, waits until the proxies have it, sends its requests, and
// removes it again.
func (c *cluster) ask(t *testing.T, k testCase) result {
	t.Helper()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		// Nothing here has finalizers: what is deleted is gone at once.
		out, err := kubectl(ctx, k.manifests, "delete", "--ignore-not-found", "--wait=false", "-f", "-")
		require.NoError(t, err, out)
	}()
	out, err := c.applied(t, k.manifests)
	if err != nil {
		return result{refused: true, words: out}
	}
	return result{answers: sendAll(t, k.requests, c.url, c.transport)}
}

// applied applies objects and a new mark behind them, and waits until the proxies
// carry both. An error is that of objects which the cluster refuses.
func (c *cluster) applied(t *testing.T, objects []byte) (out string, err error) {
	t.Helper()
	c.marks++
	word := fmt.Sprintf("mark-%d-%d", os.Getpid(), c.marks)
	if out, err := kubectl(t.Context(), slices.Concat(objects, []byte("\n---\n"+fmt.Sprintf(mark, word))), "apply", "-f", "-"); err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it never took the change"))
	defer cancel()
	var group sync.WaitGroup
	for _, p := range c.proxies {
		group.Go(func() { assert.NoError(t, c.settle(ctx, p, word), "%s", p) })
	}
	group.Wait()
	require.False(t, t.Failed(), "nothing can be compared")
	// A connection of the case before would outlive its listener.
	c.transport.CloseIdleConnections()
	return "", nil
}

// settle waits until a proxy carries the mark, and twice the same with nothing
// that warms up.
func (c *cluster) settle(ctx context.Context, p proxies.Proxy, word string) error {
	for before := ""; ; {
		has, err := c.carries(ctx, p)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil && has == before && strings.Contains(has, word) && !strings.Contains(has, "warming") {
			return nil
		}
		before = has
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// carries is all that a proxy has been sent: listeners, clusters and routes, which
// come apart.
func (c *cluster) carries(ctx context.Context, p proxies.Proxy) (string, error) {
	text, err := c.reader.Admin(ctx, p, "/config_dump")
	if err != nil {
		return "", err
	}
	var dump struct {
		Configs []map[string]any `json:"configs"`
	}
	if err := json.Unmarshal(text, &dump); err != nil {
		return "", err
	}
	sent := slices.DeleteFunc(dump.Configs, func(part map[string]any) bool {
		kind, _ := part["@type"].(string)
		return !slices.ContainsFunc([]string{"ListenersConfigDump", "ClustersConfigDump", "RoutesConfigDump"}, func(of string) bool { return strings.HasSuffix(kind, "."+of) })
	})
	// Envoy writes fields of maps in any order; Go sorts them.
	sorted, err := json.Marshal(sent)
	return string(sorted), err
}

func newTransport(t *testing.T) *http.Transport {
	t.Helper()
	transport, ok := http.DefaultTransport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	transport.DisableCompression, transport.Proxy = true, nil
	return transport
}
