//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoreFailures asks the same as TestFailures, of what is met less often or takes
// longer. It stands before it, whose last case leaves proxies that look for istiod.
func TestMoreFailures(t *testing.T) {
	f := newFailures(t)

	t.Run("WeightsChangeAndComeBackWhileCounting", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.routes(t, split90), "--rate", "300")
		f.sends(t, r, 300)
		for _, weights := range []string{"50,50", "90,10"} {
			v1, v2, _ := strings.Cut(weights, ",")
			f.kubectl(t, "", "patch", "virtualservice", "canary", "--type=json", "-p",
				`[{"op":"replace","path":"/spec/http/0/route/0/weight","value":`+v1+`},{"op":"replace","path":"/spec/http/0/route/1/weight","value":`+v2+`}]`)
		}
		r.ends(t, time.Minute, 3, "he weights changed while counting", "VirtualService default/canary was changed (generation 1, now 3)")
	})

	for _, c := range []struct {
		name  string
		words []string
	}{
		{"route-without-parent", []string{"HTTPRoute default/canary", "attaches to nothing", "no controller has taken it up"}},
		{"selector-without-pods", []string{"Gateway default/canary-gateway", "istio=nobody", "matches no running gateway pod"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.clean(t)
			f.start(t, f.routes(t, c.name)).ends(t, time.Minute, 4, c.words...)
		})
	}

	t.Run("IstiodSaysWhatIsWrong", func(t *testing.T) {
		// Its words are in the object's status, and a change that does not take
		// effect is explained by them.
		f.clean(t)
		f.kubectl(t, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: e2e-analysis, namespace: default},
			spec: {hosts: [analysis.test], gateways: [e2e-missing], http: [{directResponse: {status: 200}}]}}`, "apply", "-f", "-")
		t.Cleanup(func() { f.kubectl(t, "", "delete", "virtualservice", "e2e-analysis") })
		f.until(t, 30*time.Second, "istiod says that there is no such gateway", func() bool {
			return strings.Contains(f.kubectl(t, "", "get", "virtualservice", "e2e-analysis", "-o", "jsonpath={.status.validationMessages}"), "IST0101")
		})
	})

	t.Run("ApplicationIsNeverReady", func(t *testing.T) {
		f.clean(t)
		app := fmt.Sprintf(application, f.image, `"echo the cache is cold; sleep 600"`)
		app = strings.ReplaceAll(app, "{name: app, image", "{name: app, readinessProbe: {exec: {command: [cat, /warm]}, periodSeconds: 1}, image")
		r := f.start(t, f.write(t, "never-ready", "", app, ""))
		r.ends(t, 90*time.Second, 4, "Deployment failing/app: 0 of 1 pods are ready", "Readiness probe failed", "/warm", "the cache is cold")
	})

	t.Run("ImageCannotBePulled", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.app(t, "splitcheck.invalid/nothing:1", `"true"`))
		r.ends(t, 60*time.Second, 5, "Deployment failing/app", "splitcheck.invalid/nothing:1", "Pull")
	})

	t.Run("ProxyIsStuck", func(t *testing.T) {
		f.clean(t)
		gateway := f.kubectl(t, "", "-n", "istio-system", "get", "pods", "-l", "istio=ingressgateway", "-o", "jsonpath={.items[0].metadata.name}")
		f.signalEnvoy(t, "STOP")
		t.Cleanup(func() { f.signalEnvoy(t, "CONT") })
		r := f.start(t, f.routes(t, split90), "--target", "cluster")
		f.until(t, 30*time.Second, "the subsets are there", func() bool { return f.there("destinationrule", "canary") })
		f.until(t, 60*time.Second, "the subsets are taken back", func() bool { return !f.there("destinationrule", "canary") })
		f.signalEnvoy(t, "CONT")
		r.ends(t, 30*time.Second, 4, "proxy "+gateway+".istio-system", "did not answer")
	})

	t.Run("InterruptedWhile", func(t *testing.T) {
		for _, c := range []struct {
			doing    string
			scenario string
			more     []string
			begun    func(r *running)
		}{
			{"Deploying", f.app(t, "splitcheck.invalid/nothing:1", `"true"`), nil, func(*running) {
				f.until(t, 30*time.Second, "the application is there", func() bool { return f.there("deployment", "app", "-n", "failing") })
			}},
			{"Settling", f.routes(t, "service-without-gate"), nil, func(*running) {
				f.until(t, 30*time.Second, "the route is there", func() bool { return f.there("virtualservice", "canary") })
			}},
			{"Sampling", f.routes(t, split90), nil, func(r *running) { f.sends(t, r, 300) }},
			{"SamplingOnAnExistingCluster", f.routes(t, split90), []string{"--target", "cluster"}, func(r *running) { f.sends(t, r, 300) }},
		} {
			t.Run(c.doing, func(t *testing.T) {
				f.clean(t)
				r := f.start(t, c.scenario, append(c.more, "--rate", "300")...)
				c.begun(r)
				require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
				r.ends(t, 40*time.Second, 130, "INTERRUPTED", "exit code 130")
			})
		}
	})

	t.Run("KilledAndRunAgain", func(t *testing.T) {
		f.clean(t)
		for _, scenario := range []string{f.routes(t, split90), f.app(t, "splitcheck.invalid/nothing:1", `"true"`)} {
			r := f.start(t, scenario, "--rate", "300")
			f.until(t, 40*time.Second, "something of it is there", func() bool {
				return f.there("virtualservice", "canary") || f.there("deployment", "app", "-n", "failing")
			})
			require.NoError(t, r.cmd.Process.Signal(syscall.SIGKILL))
			code, _ := r.wait(t, 10*time.Second)
			require.Equal(t, -1, code)
			assert.NotEmpty(t, f.ours(t))
		}
		f.start(t, f.routes(t, split90)).ends(t, 2*time.Minute, 0)
	})
}

// TestFailures runs the program in clusters in which something is wrong. Each
// case checks the exit code, the words that tell a user what to do, and that
// nothing of ours is left in the cluster afterwards.
func TestFailures(t *testing.T) {
	f := newFailures(t)

	t.Run("DockerIsNotRunning", func(t *testing.T) {
		r := f.start(t, f.routes(t, split90), "DOCKER_HOST=unix:///nonexistent/docker.sock")
		r.ends(t, 20*time.Second, 5, "Docker")
	})

	t.Run("WeightsChangeWhileCounting", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.routes(t, split90), "--rate", "300")
		f.sends(t, r, 300)
		f.kubectl(t, "", "patch", "virtualservice", "canary", "--type=json", "-p",
			`[{"op":"replace","path":"/spec/http/0/route/0/weight","value":50},{"op":"replace","path":"/spec/http/0/route/1/weight","value":50}]`)
		r.ends(t, time.Minute, 3, "he weights changed while counting", "90/10 before, 50/50 after")
	})

	t.Run("GatewayPodIsKilled", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.routes(t, split90), "--rate", "300")
		f.sends(t, r, 300)
		f.kubectl(t, "", "-n", "istio-system", "delete", "pod", "-l", "istio=ingressgateway", "--grace-period=0", "--force")
		t.Cleanup(func() {
			f.kubectl(t, "", "-n", "istio-system", "rollout", "status", "deployment/istio-ingressgateway", "--timeout=60s")
		})
		// The time that the new pod takes decides how many requests fail.
		code, text := r.wait(t, time.Minute)
		if strings.Contains(text, "more than the 1 % allowed") {
			assert.Equal(t, 5, code)
			assert.Contains(t, text, "Find out what the errors come from and measure again")
		} else {
			assert.Contains(t, []int{0, 3}, code, "few errors cost no verdict, or leave it open")
		}
		assert.Regexp(t, `roxy istio-ingressgateway-\S+ went away while counting, with its counters`, text)
	})

	t.Run("SubsetIsNotDefined", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.routes(t, "subset-missing"))
		code, text := r.wait(t, time.Minute)
		assert.Equal(t, 1, code, "v2 has a weight, and is never seen")
		assert.Contains(t, text, `no DestinationRule defines subset "v2"`)
		assert.Contains(t, text, "503")
	})

	t.Run("DestinationRuleIsDeletedWhileCounting", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.routes(t, split90), "--rate", "300")
		f.sends(t, r, 300)
		f.kubectl(t, "", "delete", "destinationrule", "canary")
		code, text := r.wait(t, time.Minute)
		assert.Equal(t, 5, code, "whatever came after it was an error")
		assert.Contains(t, text, "503")
	})

	t.Run("ApplicationCrashes", func(t *testing.T) {
		f.clean(t)
		r := f.start(t, f.app(t, f.image, `"echo no database at 10.0.0.1; exit 7"`))
		r.ends(t, 90*time.Second, 5, "Deployment failing/app", "CrashLoopBackOff", "no database at 10.0.0.1")
	})

	t.Run("SomebodysObjectIsInTheWay", func(t *testing.T) {
		f.clean(t)
		f.kubectl(t, theirs, "apply", "-f", "-")
		t.Cleanup(func() { f.kubectl(t, "", "delete", "virtualservice", "canary", "--ignore-not-found") })
		// Not its resourceVersion, which istiod moves when it writes the status.
		const untouched = "jsonpath={.metadata.uid} {.metadata.generation} {.metadata.labels} {.metadata.annotations} {.spec}"
		before := f.kubectl(t, "", "get", "virtualservice", "canary", "-o", untouched)
		r := f.start(t, f.routes(t, split90))
		r.ends(t, time.Minute, 5, "VirtualService default/canary", "not made by splitcheck", "--force")
		assert.Equal(t, before, f.kubectl(t, "", "get", "virtualservice", "canary", "-o", untouched))

		const content = "jsonpath={.metadata.labels} {.metadata.annotations} {.spec}"
		before = f.kubectl(t, "", "get", "virtualservice", "canary", "-o", content)
		r = f.start(t, f.routes(t, split90), "--force")
		r.ends(t, time.Minute, 0)
		assert.Equal(t, before, f.kubectl(t, "", "get", "virtualservice", "canary", "-o", content))
	})

	for _, c := range []struct {
		name  string
		words []string
	}{
		{"service-without-gate", []string{"VirtualService default/canary", "attaches to nothing", "no-such-gateway", "IST0101, see https://istio.io/"}},
		{"refused-by-the-proxies", []string{"has refused", "Not supported field in StreamInfo: NONSENSE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.clean(t)
			f.start(t, f.routes(t, c.name)).ends(t, time.Minute, 4, c.words...)
		})
	}

	// The last: proxies take a while to find an istiod that has come back.
	t.Run("IstiodIsScaledToZero", func(t *testing.T) {
		f.clean(t)
		f.kubectl(t, "", "-n", "istio-system", "scale", "deployment/istiod", "--replicas=0")
		f.kubectl(t, "", "-n", "istio-system", "wait", "--for=delete", "pod", "-l", "app=istiod", "--timeout=60s")
		t.Cleanup(func() {
			f.kubectl(t, "", "-n", "istio-system", "scale", "deployment/istiod", "--replicas=1")
			f.kubectl(t, "", "-n", "istio-system", "rollout", "status", "deployment/istiod", "--timeout=60s")
		})
		r := f.start(t, f.routes(t, split90), "--target", "cluster")
		r.ends(t, 40*time.Second, 4, "istiod", "is scaled to zero", "kubectl -n istio-system scale deployment/istiod --replicas=1")
		r = f.start(t, f.routes(t, split90))
		r.ends(t, 40*time.Second, 5, "istiod is scaled to zero", "kubectl -n istio-system scale deployment/istiod --replicas=1")
	})
}

// signalEnvoy sends a signal to the ingress gateway's Envoy on its node.
func (f *failures) signalEnvoy(t *testing.T, signal string) {
	t.Helper()
	const each = `for d in /proc/[0-9]*; do if [ "$(cat $d/comm 2>/dev/null)" = envoy ] && tr '\0' '\n' <$d/environ | grep -q '^ISTIO_META_OWNER=.*/istio-ingressgateway$'; then kill -%SIGNAL% ${d#/proc/}; echo $d; fi; done`
	out, err := exec.Command("docker", "exec", f.node, "sh", "-c", strings.ReplaceAll(each, "%SIGNAL%", signal)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotEmpty(t, string(out), "no Envoy of the ingress gateway was found on the node")
}
