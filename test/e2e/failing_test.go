//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/splitcheck/splitcheck/internal/proxies"
)

const split90 = "split-90-10"

// theirs is an object that somebody else has made, under the name of ours.
const theirs = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary, labels: {team: payments}}
spec:
  hosts: [elsewhere.example]
  gateways: [canary-gateway]
  http: [{name: theirs, route: [{destination: {host: canary.default.svc.cluster.local}}]}]
`

const (
	gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: canary-gateway}
spec:
  selector: {istio: %s}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---`
	rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec:
  host: canary.default.svc.cluster.local
  subsets: [%s]
---`
	service = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec:
  hosts: ["*"]
  gateways: [%s]
  http:
  - route:
    - {destination: {host: canary.default.svc.cluster.local, subset: v1}, weight: 90}
    - {destination: {host: canary.default.svc.cluster.local, subset: v2}, weight: 10}
`
	bothSubsets = "{name: v1, labels: {app: v1}}, {name: v2, labels: {app: v2}}"
)

// manifestsOf are the routes of each case to an application that is there already.
var manifestsOf = map[string]string{
	split90:                 fmt.Sprintf(gateway, "ingressgateway") + fmt.Sprintf(rule, bothSubsets) + fmt.Sprintf(service, "canary-gateway"),
	"subset-missing":        fmt.Sprintf(gateway, "ingressgateway") + fmt.Sprintf(rule, "{name: v1, labels: {app: v1}}") + fmt.Sprintf(service, "canary-gateway"),
	"selector-without-pods": fmt.Sprintf(gateway, "nobody") + fmt.Sprintf(rule, bothSubsets) + fmt.Sprintf(service, "canary-gateway"),
	"service-without-gate":  fmt.Sprintf(rule, bothSubsets) + fmt.Sprintf(service, "no-such-gateway"),
	"route-without-parent": `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: canary}
spec:
  parentRefs: [{name: no-such-gateway}]
  rules: [{backendRefs: [{name: canary, port: 80}]}]
`,
	"refused-by-the-proxies": fmt.Sprintf(gateway, "ingressgateway") + `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec:
  hosts: ["*"]
  gateways: [canary-gateway]
  http:
  - headers: {request: {set: {x-a: "%NONSENSE(x)%"}}}
    route: [{destination: {host: canary.default.svc.cluster.local}}]
`,
}

const scenario = `
apiVersion: splitcheck.dev/v1alpha1
kind: Scenario
metadata: {name: %s}
spec:
%s
  steps:
  - name: split
    apply: [routes.yaml]
    settle: {timeout: 15s}
    checks:
    - name: everyone
      request: {path: /version.html}
      identify: {body: '(v[12])'}
      expect: {v1: 90, v2: 10}
`

const application = `
apiVersion: v1
kind: Namespace
metadata: {name: failing}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: failing}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers: [{name: app, image: %q, imagePullPolicy: IfNotPresent, command: [sh, -c, %s]}]
`

// failures is a cluster with an application that belongs to the test alone, and
// the program as a user has it.
type failures struct {
	binary, kubeconfig, node, image string
	gateway                         string // its URL
	labels                          string // of Namespace default
	kinds                           []schema.GroupVersionResource
	objects                         metadata.Interface
	reader                          *proxies.Reader
}

// connected is a cluster with nothing in it.
func connected(t *testing.T) *failures {
	f := &failures{binary: os.Getenv("SPLITCHECK_E2E_BINARY")}
	require.NotEmpty(t, f.binary, "set SPLITCHECK_E2E_BINARY to the program")
	out := f.splitcheck(t, "cluster", "up")
	f.kubeconfig = first(t, out, `kubeconfig +(\S+)`)
	f.gateway = first(t, out, `gateway +(\S+)`)
	config, err := clientcmd.BuildConfigFromFlags("", f.kubeconfig)
	require.NoError(t, err)
	config.QPS, config.Burst = 200, 400
	f.reader, err = proxies.NewReader(config)
	require.NoError(t, err)
	t.Cleanup(f.reader.Close)
	f.objects, err = metadata.NewForConfig(config)
	require.NoError(t, err)
	asks, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	lists, err := asks.ServerPreferredResources()
	require.NoError(t, err)
	kinds, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists))
	require.NoError(t, err)
	for kind := range kinds {
		if kind.Resource != "endpoints" && kind.Resource != "events" { // They come and go with what they are about.
			f.kinds = append(f.kinds, kind)
		}
	}
	f.node = f.kubectl(t, "", "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
	f.image = f.kubectl(t, "", "-n", "istio-system", "get", "pods", "-l", "istio=ingressgateway", "-o", "jsonpath={.items[0].spec.containers[0].image}")
	return f
}

func newFailures(t *testing.T) *failures {
	f := connected(t)
	// The application is one that a run has brought; without its label it is
	// the user's own, and no run takes it away.
	f.splitcheck(t, "run", "version-test-90-10", "--target", "kind", "--keep", "--margin", "10%")
	f.kubectl(t, "", "delete", "virtualservice,destinationrule,gateways.networking.istio.io", "-l", ourLabel)
	f.kubectl(t, "", "label", "deployment,service", "-l", ourLabel, ourLabel+"-")
	t.Cleanup(func() {
		f.kubectl(t, "", "delete", "deployment/appv1", "deployment/appv2", "service/canary", "--ignore-not-found")
	})
	f.labels = f.namespaceLabels(t)
	require.Empty(t, f.ours(t))
	return f
}

const (
	ourLabel   = "splitcheck.dev/scenario"
	entryLabel = "splitcheck.dev/entry"
)

// clean holds the cluster, at the end of a case, to what it was.
func (f *failures) clean(t *testing.T) {
	t.Cleanup(func() {
		left := f.ours(t)
		assert.Empty(t, left, "left behind")
		assert.Equal(t, f.labels, f.namespaceLabels(t))
		for _, each := range left {
			f.kubectl(t, "", "delete", each, "--ignore-not-found", "--wait=false")
		}
	})
}

func (f *failures) namespaceLabels(t *testing.T) string {
	return f.kubectl(t, "", "get", "namespace", "default", "-o", "jsonpath={.metadata.labels} {.metadata.annotations}")
}

// ours lists what carries a label of ours, in any namespace.
func (f *failures) ours(t *testing.T) []string {
	var found []string
	for _, kind := range f.kinds {
		for _, label := range []string{ourLabel, entryLabel} {
			list, err := f.objects.Resource(kind).List(context.Background(), metav1.ListOptions{LabelSelector: label})
			require.NoError(t, err)
			for _, each := range list.Items {
				if each.DeletionTimestamp == nil {
					found = append(found, strings.TrimSuffix(kind.Resource+"."+kind.Group, ".")+"/"+each.Name)
				}
			}
		}
	}
	return found
}

// routes writes a scenario whose routes lead to the application that is there.
func (f *failures) routes(t *testing.T, name string) string {
	return f.write(t, name, "", manifestsOf[name], "")
}

// app writes a scenario that brings an application of its own.
func (f *failures) app(t *testing.T, image, command string) string {
	return f.write(t, "failing-app", "  manifests: [app.yaml]", manifestsOf[split90], fmt.Sprintf(application, image, command))
}

func (f *failures) write(t *testing.T, name, brings, routes, app string) string {
	folder := t.TempDir()
	for file, text := range map[string]string{"scenario.yaml": fmt.Sprintf(scenario, name, brings), "routes.yaml": routes, "app.yaml": app} {
		if text != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600))
		}
	}
	return filepath.Join(folder, "scenario.yaml")
}

// running is one run of the program.
type running struct {
	cmd   *exec.Cmd
	ended chan struct{}
	began time.Time
	mu    sync.Mutex
	text  bytes.Buffer
}

func (r *running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// start runs a scenario on kind, unless args name another target; those with a
// sign of equality go into its environment.
func (f *failures) start(t *testing.T, scenario string, args ...string) *running {
	t.Helper()
	var line []string
	env := os.Environ()
	target := []string{"--target", "kind"}
	for _, each := range args {
		switch {
		case each == "--target":
			target = []string{"--kubeconfig", f.kubeconfig}
			if !slices.Contains(args, "--rate") {
				target = append(target, "--rate", "0")
			}
			line = append(line, each)
		case strings.Contains(each, "="):
			env = append(env, each)
		default:
			line = append(line, each)
		}
	}
	line = append(append([]string{"run", scenario, "--seed", "1"}, target...), line...)
	draws(t, line...)
	r := &running{cmd: exec.Command(f.binary, line...), ended: make(chan struct{}), began: time.Now()}
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.Env = r, r, env
	require.NoError(t, r.cmd.Start())
	go func() {
		_ = r.cmd.Wait() // The exit code tells.
		close(r.ended)
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.ended
	})
	return r
}

// wait returns the exit code and everything that was printed. Each run of
// blanks becomes one blank, because the report breaks its lines.
func (r *running) wait(t *testing.T, within time.Duration) (int, string) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(within):
		require.FailNow(t, "the run hangs", "it has not ended after %s: %s", within, r.said())
	}
	text := strings.Join(strings.Fields(r.said()), " ")
	t.Logf("exit code %d after %.1f s: %s", r.cmd.ProcessState.ExitCode(), time.Since(r.began).Seconds(), r.said())
	return r.cmd.ProcessState.ExitCode(), text
}

// ends holds a run to its exit code and its words.
func (r *running) ends(t *testing.T, within time.Duration, want int, words ...string) {
	t.Helper()
	code, text := r.wait(t, within)
	assert.Equal(t, want, code)
	for _, each := range words {
		assert.Contains(t, text, each)
	}
}

// sends waits until the gateway has sent so many requests of a run on.
func (f *failures) sends(t *testing.T, r *running, requests int64) {
	t.Helper()
	count := func() (sum int64) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		list, err := f.reader.List(ctx, "istio-system")
		require.NoError(t, err)
		for _, p := range list {
			clusters, err := f.reader.Clusters(ctx, p)
			if err != nil {
				continue // It may be on its way out.
			}
			for _, c := range clusters {
				if strings.HasSuffix(c.Name, "|canary.default.svc.cluster.local") && strings.Contains(c.Name, "|v") {
					for _, e := range c.Endpoints {
						sum += e.Requests
					}
				}
			}
		}
		return sum
	}
	least := int64(-1)
	f.until(t, time.Minute, "the sample is under way", func() bool {
		select {
		case <-r.ended:
			require.FailNow(t, "the run ended too soon", r.said())
		default:
		}
		// The destinations come and go with a scenario, and so do their counts.
		now := count()
		if least < 0 || now < least {
			least = now
		}
		return now-least >= requests
	})
}

// until asks again and again.
func (f *failures) until(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	limit := time.After(within)
	for again := time.NewTicker(50 * time.Millisecond); !is(); {
		select {
		case <-again.C:
		case <-limit:
			require.FailNow(t, "waited in vain", "%s: not within %s", what, within)
		}
	}
}

func (f *failures) there(args ...string) bool {
	return f.command(append([]string{"get", "-o", "name"}, args...)...).Run() == nil
}

func (f *failures) command(args ...string) *exec.Cmd {
	return exec.Command("kubectl", append([]string{"--kubeconfig", f.kubeconfig}, args...)...)
}

func (f *failures) kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := f.command(args...)
	cmd.Stdin = strings.NewReader(input)
	return output(t, cmd)
}

func (f *failures) splitcheck(t *testing.T, args ...string) string {
	t.Helper()
	draws(t, args...)
	return output(t, exec.Command(f.binary, args...))
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		require.NoError(t, err, "%s: %s", strings.Join(cmd.Args, " "), failed.Stderr)
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func first(t *testing.T, text, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, found, "%s in %s", pattern, text)
	return found[1]
}
