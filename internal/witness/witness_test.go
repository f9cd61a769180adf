package witness_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/mesh"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

const gatewayPod = "istio-ingressgateway-0.istio-system"

// A lying mesh is a simulated one whose proxies say what a test has them say,
// and which is changed in the middle of a sample if the test wants it.
type lying struct {
	*mesh.Mesh
	asked int
	// tells changes the nth observation, from 1; first is the one before.
	tells func(nth int, seen *target.Observation) error
	// during is applied while the 500th request is on its way.
	during []manifests.Object
	sent   atomic.Int64
}

func (l *lying) Observe(ctx context.Context) (target.Observation, error) {
	l.asked++
	seen, err := l.Mesh.Observe(ctx)
	if err == nil && l.tells != nil {
		err = l.tells(l.asked, &seen)
	}
	return seen, err
}

func (l *lying) Enter(via target.Via, load target.Load) (target.Entry, error) {
	entry, err := l.Mesh.Enter(via, load)
	inner := entry.Opener.(loadgen.HTTP)
	entry.Opener = loadgen.HTTP{RoundTripper: transport(func(r *http.Request) (*http.Response, error) {
		if l.sent.Add(1) == 500 && len(l.during) > 0 {
			if _, err := l.Mesh.Change(context.Background(), target.Change{Apply: l.during}); err != nil {
				return nil, err
			}
		}
		return inner.RoundTrip(r)
	})}
	return entry, err
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// library is a built-in scenario, with defects in its first step if any are given.
func library(t *testing.T, name string, defects ...target.Defect) *scenarios.Scenario {
	t.Helper()
	s, found := scenarios.Builtin(name)
	require.NoError(t, found.Err())
	if len(defects) > 0 {
		s.Steps[0].Defects, s.Steps[0].SetsDefects = defects, true
	}
	return s
}

// last runs a scenario and returns its last check.
func last(t *testing.T, s *scenarios.Scenario, l *lying, gateways int) reports.Check {
	t.Helper()
	r := runner.Run(t.Context(), []*scenarios.Scenario{s}, runner.Options{
		Now: func() time.Time { return time.Unix(0, 0) },
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) {
			l.Mesh = mesh.New(mesh.Options{ApplyDelay: -1, GatewayReplicas: gateways})
			return l, nil
		},
	})
	require.Empty(t, r.Scenarios[0].Failure)
	steps := r.Scenarios[0].Steps
	checks := steps[len(steps)-1].Checks
	require.NotNil(t, checks[len(checks)-1].Mesh, "the proxies were asked")
	return checks[len(checks)-1]
}

var heavy = target.Defect{Kind: "weights", Weights: split.Weights{{Version: "v1", Weight: 70}, {Version: "v2", Weight: 30}}}

// Each scenario has one mistake, whose place its manifests and defects name.
func TestTheMistakeIsPlaced(t *testing.T) {
	for _, test := range []struct {
		scenario string
		defects  []target.Defect
		tells    func(int, *target.Observation) error
		verdict  analysis.Verdict
		place    string
		words    string
	}{
		{scenario: "version-test-90-10", verdict: analysis.Verified},
		{scenario: "wrong-weights", verdict: analysis.Violated, place: reports.InManifest, words: "asks for 70/30, and the check expects 90/10"},
		{scenario: "dead-version", verdict: analysis.Violated, place: reports.InDataPlane},
		{scenario: "leak-at-zero", verdict: analysis.Violated, place: reports.InDataPlane, words: "are programmed with 100/0"},
		{scenario: "version-test-90-10", defects: []target.Defect{heavy}, verdict: analysis.Violated, place: reports.InDataPlane, words: "are programmed with 90/10"},
		{scenario: "stuck-proxy", verdict: analysis.NotConverged, place: reports.InControlPlane},
		{scenario: "version-test-90-10", defects: []target.Defect{heavy}, tells: func(_ int, seen *target.Observation) error {
			for i := range seen.Routes {
				for j := range seen.Routes[i].Arms {
					seen.Routes[i].Arms[j].Programmed = []float64{70, 30}[j]
				}
			}
			return nil
		}, verdict: analysis.Violated, place: reports.InControlPlane, words: "asks for 90/10, and proxy " + gatewayPod + " is programmed with 70/30"},
	} {
		t.Run(test.scenario+test.place, func(t *testing.T) {
			gateways := 1
			if test.verdict == analysis.NotConverged {
				gateways = 2
			}
			c := last(t, library(t, test.scenario, test.defects...), &lying{tells: test.tells}, gateways)
			assert.Equal(t, test.verdict, c.Verdict)
			assert.Equal(t, test.place, c.Mesh.MistakeIn)
			if test.words != "" {
				require.NotEmpty(t, c.Diagnosis)
				assert.Contains(t, c.Diagnosis[0], test.words)
			}
			if test.verdict != analysis.NotConverged {
				for i, d := range c.Mesh.Destinations {
					assert.Equal(t, reports.Num(float64(c.Versions[i].Count)), d.Observed, d.Version)
					assert.Equal(t, d.Observed, d.Counted, "the simulated proxies sent what was answered")
				}
			}
		})
	}
}

// The answers are right, and a proxy that may answer others is not. One of which the
// same rule asks for something else is: a sidecar does for a port of the rule's host
// that the Service does not have.
func TestAVerifiedCheckWarnsOfAProxyThatIsNotUpToDate(t *testing.T) {
	with := func(configured float64) string {
		c := last(t, library(t, "version-test-90-10"), &lying{tells: func(_ int, seen *target.Observation) error {
			for _, r := range seen.Routes {
				if r.Proxy == gatewayPod {
					r.Proxy, r.Arms = "istio-ingressgateway-9.istio-system", []target.Arm{
						{Cluster: r.Arms[0].Cluster, Configured: configured, Programmed: 100}, {Cluster: r.Arms[1].Cluster, Configured: 100 - configured},
					}
					seen.Routes = append(seen.Routes, r)
				}
			}
			return nil
		}}, 1)
		assert.Equal(t, analysis.Verified, c.Verdict)
		assert.Empty(t, c.Mesh.MistakeIn)
		return strings.Join(c.Warnings, "\n")
	}
	assert.Contains(t, with(90), "proxy istio-ingressgateway-9.istio-system is programmed with 100/0")
	assert.Empty(t, with(100))
}

// Both gateways stand in the report, each with what it carries.
func TestNotConvergedNamesTheProxies(t *testing.T) {
	r := runner.Run(t.Context(), []*scenarios.Scenario{library(t, "stuck-proxy")}, runner.Options{
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) {
			return mesh.New(mesh.Options{ApplyDelay: -1, GatewayReplicas: 2}), nil
		},
	})
	step := r.Scenarios[0].Steps[1]
	converged := map[string]bool{}
	for _, p := range step.Convergence.Proxies {
		converged[p.Name] = p.Converged
	}
	assert.True(t, converged["istio-ingressgateway-1.istio-system"] != converged[gatewayPod], "one of the two is stuck")
	carried := map[string]float64{}
	for _, p := range step.Checks[0].Mesh.Proxies {
		carried[p.Name] = p.Programmed[0].Share.Or(-1)
	}
	for name, took := range converged {
		if strings.Contains(name, "ingressgateway") {
			assert.Equal(t, map[bool]float64{true: 0.5, false: 1}[took], carried[name], name)
		}
	}
}

func TestWeightsThatChangeWhileCounting(t *testing.T) {
	l := &lying{during: library(t, "wrong-weights").Steps[0].Apply}
	c := last(t, library(t, "version-test-90-10"), l, 1)
	assert.Equal(t, analysis.Inconclusive, c.Verdict)
	assert.Equal(t, []string{"the weights changed while counting: 90/10 before, 70/30 after, on proxy " + gatewayPod}, c.Reasons)
	assert.Empty(t, c.Diagnosis, "a sample of two splits has no one cause")
}

// The same object again: what was in force for a moment cannot be known.
func TestRoutesThatAreWrittenAnewWhileCounting(t *testing.T) {
	s := library(t, "version-test-90-10")
	c := last(t, s, &lying{during: s.Steps[0].Apply}, 1)
	assert.Equal(t, analysis.Verified, c.Verdict)
	assert.Contains(t, strings.Join(c.Warnings, "\n"), "the routes of "+gatewayPod+" were written anew while counting")
}

func TestARouteThatGoesWhileCounting(t *testing.T) {
	c := last(t, library(t, "version-test-90-10"), &lying{tells: func(nth int, seen *target.Observation) error {
		if nth == 2 {
			seen.Routes = nil
		}
		return nil
	}}, 1)
	assert.Equal(t, analysis.Inconclusive, c.Verdict)
	assert.Contains(t, c.Reasons[0], "90/10 before, no such route after")
}

// move makes the proxies say that they sent n requests less to one version and
// more to another.
func move(seen *target.Observation, from, to string, n int64) {
	for i := range seen.Counts {
		switch c := &seen.Counts[i]; {
		case strings.Contains(c.Cluster, "|"+from+"|"):
			c.Requests -= n
		case strings.Contains(c.Cluster, "|"+to+"|"):
			c.Requests += n
		}
	}
}

func TestTheSecondAccount(t *testing.T) {
	second := func(change func(*target.Observation)) func(int, *target.Observation) error {
		return func(nth int, seen *target.Observation) error {
			if nth == 2 {
				change(seen)
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		tells   func(int, *target.Observation) error
		verdict analysis.Verdict
		warning string
	}{
		"all of v2's answers are denied": {second(func(seen *target.Observation) {
			for _, c := range seen.Counts {
				if strings.Contains(c.Cluster, "|v2|") {
					move(seen, "v2", "v1", c.Requests)
				}
			}
		}), analysis.Inconclusive, "the answers and the proxies contradict each other"},
		// Three of two thousand cannot bring a share out of its margin.
		"a few answers are denied": {second(func(seen *target.Observation) { move(seen, "v1", "v2", 3) }),
			analysis.Verified, "the answers and the proxies contradict each other"},
		"others send requests too": {second(func(seen *target.Observation) { move(seen, "no version", "v2", 40) }),
			analysis.Verified, "; 40 more were the traffic of others"},
		"the answers come another way": {second(func(seen *target.Observation) { seen.Counts = nil }),
			analysis.Inconclusive, "the proxies sent none of the"},
		"the counters went back": {func(nth int, seen *target.Observation) error {
			if nth == 1 {
				seen.Counts = append(seen.Counts, target.Count{
					Proxy: gatewayPod, Cluster: "outbound|80|v2|canary.default.svc.cluster.local", Workload: "appv2.default", Pod: "gone.default", Requests: 5000,
				})
			} else {
				seen.Counts = append(seen.Counts, target.Count{
					Proxy: gatewayPod, Cluster: "outbound|80|v2|canary.default.svc.cluster.local", Workload: "appv2.default", Pod: "gone.default", Requests: 1,
				})
			}
			return nil
		}, analysis.Verified, "the counters of proxy " + gatewayPod + " went back"},
		"a pod went": {func(nth int, seen *target.Observation) error {
			if nth == 1 {
				seen.Counts = append(seen.Counts, target.Count{
					Proxy: gatewayPod, Cluster: "outbound|80|v2|canary.default.svc.cluster.local", Workload: "appv2.default", Pod: "gone.default", Requests: 7,
				})
			}
			return nil
		}, analysis.Verified, "pod gone.default went away"},
		"a gateway went": {func(nth int, seen *target.Observation) error {
			if nth == 1 {
				seen.Routes = append(seen.Routes, seen.Routes[0])
				seen.Routes[len(seen.Routes)-1].Proxy = "istio-ingressgateway-9.istio-system"
			}
			return nil
		}, analysis.Verified, "proxy istio-ingressgateway-9.istio-system went away while counting"},
	} {
		t.Run(name, func(t *testing.T) {
			c := last(t, library(t, "version-test-90-10"), &lying{tells: test.tells}, 1)
			assert.Equal(t, test.verdict, c.Verdict, c.Reasons)
			assert.Contains(t, strings.Join(c.Warnings, "\n"), test.warning)
		})
	}
}

// Requests to a version of weight 0 that all fail are errors among the answers. The
// proxies know where they were sent: it is a leak, and errors of the version that
// gets all are not, nor those that the gateway answers before it has a route.
func TestTheProxiesTellWhatTheErrorsWere(t *testing.T) {
	only := func(defects ...target.Defect) reports.Check {
		s := library(t, "stale-weights")
		s.Steps = s.Steps[:1]
		s.Steps[0].Defects, s.Steps[0].SetsDefects = defects, true
		s.Steps[0].Checks[0].Expect = split.Weights{{Version: "v1", Weight: 100}, {Version: "v2"}}
		return last(t, s, &lying{}, 1)
	}
	leak := only(target.Defect{Kind: "leak", Version: "v2", Share: 0.007}, target.Defect{Kind: "failing", Version: "v2", Share: 1})
	assert.Equal(t, analysis.Violated, leak.Verdict)
	assert.Contains(t, strings.Join(leak.Reasons, "\n"), "v2 has weight 0, and the proxies sent")
	assert.Equal(t, reports.InDataPlane, leak.Mesh.MistakeIn)
	assert.EqualValues(t, 0, leak.Versions[1].Count)

	failing := only(target.Defect{Kind: "failing", Version: "v1", Share: 0.003})
	assert.Equal(t, analysis.Verified, failing.Verdict, failing.Reasons)
	assert.Contains(t, strings.Join(failing.Reasons, "\n"), "by the proxies' counters, the requests that came back without a version were v1")

	own := only(target.Defect{Kind: "errors", Share: 0.0005})
	assert.Equal(t, analysis.Verified, own.Verdict, own.Reasons)
}

// What failed at the proxies was tried again within the same arm, and the
// answers do not show it.
func TestRetriesAreExplained(t *testing.T) {
	failing := target.Defect{Kind: "failing", Version: "v2", Share: 0.2}
	c := last(t, library(t, "bookinfo-canary", failing), &lying{}, 1)
	var notes string
	for _, d := range c.Mesh.Destinations {
		if d.Version == "v2" {
			assert.Greater(t, d.Counted.Or(0), d.Observed.Or(0), "productpage asks a second time")
			assert.Positive(t, d.Failed.Or(0))
		}
	}
	notes = strings.Join(c.Mesh.Notes, "\n")
	assert.Contains(t, notes, "failed there and were tried again or came back as errors")
}

func TestCopiesAreExplained(t *testing.T) {
	s := library(t, "bookinfo-mirror")
	s.Steps[0].Checks = s.Steps[0].Checks[:1]
	c := last(t, s, &lying{}, 1)
	assert.Equal(t, analysis.Verified, c.Verdict, c.Reasons)
	assert.Contains(t, strings.Join(c.Mesh.Notes, "\n"), "are copies by a rule that mirrors")
	assert.NotContains(t, strings.Join(c.Warnings, "\n"), "traffic of others")
}

// Proxies that cannot be asked cost a warning and no verdict.
func TestProxiesThatDoNotAnswer(t *testing.T) {
	for nth, when := range map[int]string{1: "before", 2: "after"} {
		l := &lying{tells: func(n int, _ *target.Observation) error {
			if n == nth {
				return errors.New("port-forward: connection refused")
			}
			return nil
		}}
		r := runner.Run(t.Context(), []*scenarios.Scenario{library(t, "version-test-90-10")}, runner.Options{
			Open: func(context.Context, *scenarios.Scenario) (target.Target, error) {
				l.Mesh = mesh.New(mesh.Options{ApplyDelay: -1})
				return l, nil
			},
		})
		c := r.Scenarios[0].Steps[0].Checks[0]
		assert.Equal(t, analysis.Verified, c.Verdict)
		assert.Nil(t, c.Mesh)
		assert.Contains(t, strings.Join(c.Warnings, "\n"), "the proxies could not be asked "+when+" the sample")
	}
}

// A witness makes no verdict better, whatever it says.
func TestTheWitnessNeverTurnsAVerdictGreen(t *testing.T) {
	for _, tells := range []func(int, *target.Observation) error{
		nil,
		func(_ int, seen *target.Observation) error { *seen = target.Observation{}; return nil },
		func(nth int, seen *target.Observation) error { move(seen, "v2", "v1", int64(nth-1)*300); return nil },
	} {
		c := last(t, library(t, "version-test-90-10", heavy), &lying{tells: tells}, 1)
		assert.Equal(t, analysis.Violated, c.Verdict)
	}
}

// Routes on an application that is there already: its destinations are called by
// their subsets, so that all four accounts stand side by side.
func TestApplicationsOfOthersAreCountedByDestination(t *testing.T) {
	s := library(t, "version-test-90-10")
	app := s.Deploy
	s.Deploy = nil
	m := mesh.New(mesh.Options{ApplyDelay: -1})
	_, err := m.Change(t.Context(), target.Change{Apply: app})
	require.NoError(t, err)
	report := runner.Run(t.Context(), []*scenarios.Scenario{s}, runner.Options{
		Now:  func() time.Time { return time.Unix(0, 0) },
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) { return m, nil },
	})
	check := report.Scenarios[0].Steps[0].Checks[0]
	assert.Equal(t, analysis.Verified, check.Verdict)
	require.NotNil(t, check.Mesh)
	require.Len(t, check.Mesh.Destinations, 2)
	for i, share := range []float64{0.9, 0.1} {
		d := check.Mesh.Destinations[i]
		assert.Equal(t, check.Versions[i].Version, d.Version)
		assert.InDelta(t, share, d.ConfiguredShare.Or(0), 1e-12)
		assert.InDelta(t, share, d.ProgrammedShare.Or(0), 1e-12)
		assert.Equal(t, float64(check.Versions[i].Count), d.Counted.Or(0), "no retries and no mirrors: the proxy sent what was answered")
	}

	// A wrong weight is placed as it is where the scenario brings all.
	wrong := library(t, "wrong-weights")
	wrong.Deploy = nil
	m = mesh.New(mesh.Options{ApplyDelay: -1})
	_, err = m.Change(t.Context(), target.Change{Apply: app})
	require.NoError(t, err)
	report = runner.Run(t.Context(), []*scenarios.Scenario{wrong}, runner.Options{
		Now:  func() time.Time { return time.Unix(0, 0) },
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) { return m, nil },
	})
	assert.Equal(t, reports.InManifest, report.Scenarios[0].Steps[0].Checks[0].Mesh.MistakeIn)
}

// Too many errors leave nothing to judge; what was changed meanwhile is likely why.
func TestChangesAreSaidOfWhatCouldNotBeMeasured(t *testing.T) {
	check := last(t, library(t, "version-test-90-10", target.Defect{Kind: "errors", Share: 0.5}), &lying{tells: func(nth int, seen *target.Observation) error {
		if nth == 2 {
			seen.Changes = []split.Finding{split.Found("object-deleted", split.Values{"object": "DestinationRule default/canary"})}
		}
		return nil
	}}, 1)
	assert.Equal(t, analysis.NotMeasured, check.Verdict)
	assert.Contains(t, check.Warnings, "the weights changed while counting: DestinationRule default/canary was deleted")
}
