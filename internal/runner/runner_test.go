package runner_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A scripted target does what a test says. One request in ten is v2's, by draws
// that follow from the request's number, so that no two runs differ.
type scripted struct {
	changes   int
	change    func(n int) (target.Convergence, error)
	enter     error
	close     error
	closed    int
	mirrored  int64
	transport http.RoundTripper
}

func (s *scripted) Change(context.Context, target.Change) (target.Convergence, error) {
	s.changes++
	if s.change == nil {
		return target.Convergence{Converged: true}, nil
	}
	return s.change(s.changes)
}

func byTheScript() *split.Finding {
	note := split.Text("by the script")
	return &note
}

func (s *scripted) Enter(target.Via, target.Load) (target.Entry, error) {
	if s.transport == nil {
		s.transport = served(func(n uint64) string {
			if rand.New(rand.NewPCG(1, n)).IntN(10) == 0 {
				return "v2"
			}
			return "v1"
		})
	}
	return target.Entry{URL: "http://scripted", Opener: loadgen.HTTP{RoundTripper: s.transport}, Note: byTheScript()}, s.enter
}

func (s *scripted) Close(ctx context.Context) error {
	s.closed++
	return errors.Join(s.close, ctx.Err())
}

func (s *scripted) Mirrored(context.Context, string) (int64, error) {
	s.mirrored += 400
	return s.mirrored, nil
}

// served answers each request by its number, a connection each.
type served func(number uint64) string

func (f served) RoundTrip(r *http.Request) (*http.Response, error) {
	exchange := split.ExchangeOf(r.Context())
	exchange.Connection = exchange.Number
	body := io.NopCloser(strings.NewReader(f(exchange.Number)))
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
}

func check(t *testing.T, name, weights string) scenarios.Check {
	t.Helper()
	expect, err := split.ParseWeights(weights)
	require.NoError(t, err)
	rules, err := identify.ParseAll([]string{"body:v[123]"})
	require.NoError(t, err)
	return scenarios.Check{
		Name: name, Expect: expect, Identify: rules, MaxErrors: -1,
		Request: scenarios.Request{Method: "GET", Path: "/"}, Load: scenarios.Load{Reuse: 1},
	}
}

func changing(name string, checks ...scenarios.Check) scenarios.Step {
	return scenarios.Step{Name: name, SetsDefects: true, Checks: checks}
}

func run(t *testing.T, s *scripted, steps ...scenarios.Step) *reports.Report {
	t.Helper()
	return runWith(t.Context(), s, runner.Options{}, &scenarios.Scenario{Name: "test", Steps: steps})
}

func runWith(ctx context.Context, s *scripted, options runner.Options, list ...*scenarios.Scenario) *reports.Report {
	options.Open = func(context.Context, *scenarios.Scenario) (target.Target, error) { return s, nil }
	options.Now = func() time.Time { return time.Unix(0, 0) }
	return runner.Run(ctx, list, options)
}

func TestVerdicts(t *testing.T) {
	s := &scripted{}
	report := run(t, s, changing("one", check(t, "right", "v1=90,v2=10"), check(t, "wrong", "v1=50,v2=50")))
	require.Len(t, report.Scenarios, 1)
	checks := report.Scenarios[0].Steps[0].Checks
	assert.Equal(t, analysis.Verified, checks[0].Verdict)
	assert.Equal(t, analysis.Violated, checks[1].Verdict)
	assert.Equal(t, analysis.Violated, report.Verdict)
	assert.Contains(t, checks[0].Asked.Request, "by the script")
	assert.Equal(t, 1, s.closed)
}

// Each of two checks is planned at half of what the suite may cost: 0.005/2 is
// above the default alpha, 0.01/20 is not (the contract: alpha = min(its own,
// 0.005/m), 1 - power = min(its own, 0.01/m)).
func TestChecksOfOneInvocationAreOneSuite(t *testing.T) {
	var many []scenarios.Check
	for i := range 20 {
		c := check(t, "check-"+string(rune('a'+i)), "v1=90,v2=10")
		many = append(many, c)
	}
	report := run(t, &scripted{}, changing("one", many...))
	asked := report.Scenarios[0].Steps[0].Checks[0].Asked
	assert.InDelta(t, 0.005/20, asked.Alpha.Or(0), 1e-12)
	assert.InDelta(t, 1-0.01/20, asked.Power.Or(0), 1e-12)
	assert.Equal(t, analysis.Verified, report.Verdict)
}

func TestNegativeControls(t *testing.T) {
	caught, missed := check(t, "caught", "v1=50,v2=50"), check(t, "missed", "v1=90,v2=10")
	caught.ExpectVerdict, missed.ExpectVerdict = "violated", "violated"
	assert.Equal(t, analysis.Verified, run(t, &scripted{}, changing("one", caught)).Verdict)
	assert.Equal(t, analysis.Violated, run(t, &scripted{}, changing("one", missed)).Verdict)
}

// A step that never takes effect is not sampled, and what comes after it is in
// the report as not run: never green.
func TestNotConverged(t *testing.T) {
	s := &scripted{change: func(n int) (target.Convergence, error) {
		return target.Convergence{Converged: n == 1, Detail: split.Text("pod 2 still has the old weights")}, nil
	}}
	late := check(t, "late", "v1=90,v2=10")
	late.ExpectVerdict = "not-converged"
	report := run(t, s,
		changing("first", check(t, "a", "v1=90,v2=10")),
		changing("second", late),
		changing("third", check(t, "b", "v1=90,v2=10")))
	steps := report.Scenarios[0].Steps
	require.Len(t, steps, 3)
	assert.Equal(t, analysis.Verified, steps[0].Verdict)
	assert.Equal(t, analysis.NotConverged, steps[1].Checks[0].Verdict)
	assert.Zero(t, steps[1].Checks[0].Requests)
	assert.Equal(t, []string{"pod 2 still has the old weights"}, steps[1].Checks[0].Reasons)
	assert.Equal(t, analysis.NotMeasured, steps[2].Verdict)
	assert.Equal(t, 2, s.changes)
	assert.Equal(t, 1, s.closed)
}

func TestWhatStopsAMeasurement(t *testing.T) {
	broken := errors.New("the control plane is down")
	report := run(t, &scripted{change: func(int) (target.Convergence, error) { return target.Convergence{}, broken }},
		changing("one", check(t, "a", "v1=90,v2=10")))
	assert.Equal(t, analysis.NotMeasured, report.Verdict)
	assert.Equal(t, broken.Error(), report.Scenarios[0].Steps[0].Failure)

	report = run(t, &scripted{enter: broken}, changing("one", check(t, "a", "v1=90,v2=10")))
	assert.Equal(t, analysis.NotMeasured, report.Verdict)
	assert.Equal(t, []string{broken.Error()}, report.Scenarios[0].Steps[0].Checks[0].Reasons)

	// What is left behind is said, and does not change a verdict.
	report = run(t, &scripted{close: broken}, changing("one", check(t, "a", "v1=90,v2=10")))
	assert.Equal(t, analysis.Verified, report.Verdict)
	assert.Equal(t, []string{"cleaning up: the control plane is down"}, report.Scenarios[0].Warnings)

	// A question that no sample can answer.
	impossible := check(t, "a", "v1=90,v2=10")
	impossible.Margins = map[string]float64{"v1": 1e-9, "v2": 1e-9}
	report = run(t, &scripted{}, changing("one", impossible))
	assert.Equal(t, analysis.NotMeasured, report.Verdict)
}

// What tells why a scenario failed is gone once it is taken away. One look is
// enough: what comes after the first failure mostly follows from it.
func TestFailureIsLookedAtWhileItIsThere(t *testing.T) {
	s := &scripted{}
	looks := 0
	options := runner.Options{Failing: func(context.Context) *split.Finding {
		looks++
		assert.Equal(t, 1, s.closed, "only the scenario before is closed")
		found := split.Text("look into x.tar.gz")
		return &found
	}}
	right := &scenarios.Scenario{Name: "right", Steps: []scenarios.Step{changing("a", check(t, "a", "v1=90,v2=10"))}}
	control := check(t, "a", "v1=50,v2=50")
	control.ExpectVerdict = "violated"
	wrong := &scenarios.Scenario{Name: "wrong", Steps: []scenarios.Step{changing("a", control), changing("b", check(t, "b", "v1=50,v2=50"))}}
	report := runWith(t.Context(), s, options, right, wrong, wrong)
	assert.Equal(t, 1, looks)
	assert.Empty(t, report.Scenarios[0].Warnings)
	assert.Equal(t, []string{"look into x.tar.gz"}, report.Scenarios[1].Warnings)
	assert.Empty(t, report.Scenarios[2].Warnings)

	right.Steps[0].Checks[0] = control
	looks = 0
	runWith(t.Context(), &scripted{}, runner.Options{Failing: func(context.Context) *split.Finding { looks++; return nil }}, right)
	assert.Zero(t, looks, "a negative control that finds its fault is no failure")
}

// Of a clock that goes on by a second at each look.
func TestTimesAreInTheReport(t *testing.T) {
	var now int64
	options := runner.Options{
		Open: func(context.Context, *scenarios.Scenario) (target.Target, error) { return &scripted{}, nil },
		Now:  func() time.Time { now++; return time.Unix(now, 0) },
	}
	one := &scenarios.Scenario{Name: "one", Steps: []scenarios.Step{changing("a", check(t, "a", "v1=90,v2=10")), changing("b")}}
	report := runner.Run(t.Context(), []*scenarios.Scenario{one}, options)
	s := report.Scenarios[0]
	// The run begins at 1 and the scenario at 2; it is deployed at 3, its steps
	// last from 4 to 5 and from 6 to 7, its removal from 8 to 9, and it ends at 10.
	assert.Equal(t, reports.Num(1), s.DeploymentSeconds)
	assert.Equal(t, reports.Num(1), s.Steps[0].DurationSeconds)
	assert.Equal(t, reports.Num(1), s.Steps[1].DurationSeconds)
	assert.Equal(t, reports.Num(1), s.RemovalSeconds)
	assert.Equal(t, reports.Num(8), s.DurationSeconds)
	assert.Equal(t, reports.Num(10), report.DurationSeconds)
}

// A sample among the routes of another scenario would show nothing, and nothing
// that was not measured is green.
func TestNothingIsBegunBesideWhatStays(t *testing.T) {
	s := &scripted{close: errors.New("a proxy still has VirtualService default/canary")}
	one := &scenarios.Scenario{Name: "one", Steps: []scenarios.Step{changing("a", check(t, "a", "v1=90,v2=10"))}}
	two := &scenarios.Scenario{Name: "two", Steps: one.Steps}
	three := &scenarios.Scenario{Name: "three", Steps: one.Steps}
	report := runWith(t.Context(), s, runner.Options{}, one, two, three)
	require.Len(t, report.Scenarios, 3)
	assert.Equal(t, analysis.Verified, report.Scenarios[0].Verdict)
	for _, left := range report.Scenarios[1:] {
		assert.Equal(t, analysis.NotMeasured, left.Verdict)
		assert.Empty(t, left.Steps)
		assert.Equal(t, "this was not run, because what one had brought could not be taken away: a proxy still has VirtualService default/canary", left.Failure)
	}
	assert.Equal(t, analysis.NotMeasured, report.Verdict)
	assert.Equal(t, 1, s.changes)
	assert.Equal(t, 1, s.closed)
}

// Ctrl-C: the target is closed with a context that still works, the rest of the
// suite is not begun, and nothing that was cut is called verified.
func TestInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	s := &scripted{}
	s.transport = served(func(n uint64) string {
		if n == 500 {
			interrupt()
		}
		return "v1"
	})
	one := &scenarios.Scenario{Name: "one", Steps: []scenarios.Step{changing("a", check(t, "a", "v1=1")), changing("b", check(t, "b", "v1=1"))}}
	two := &scenarios.Scenario{Name: "two", Steps: []scenarios.Step{changing("a", check(t, "a", "v1=1"))}}
	report := runWith(ctx, s, runner.Options{}, one, two)
	assert.True(t, report.Interrupted)
	assert.NotEqual(t, analysis.Verified, report.Verdict)
	require.Len(t, report.Scenarios, 1)
	require.Len(t, report.Scenarios[0].Steps, 1)
	assert.True(t, report.Scenarios[0].Steps[0].Checks[0].Interrupted)
	assert.Equal(t, 1, s.closed)
	assert.Empty(t, report.Scenarios[0].Warnings, "closing must not be cut short by the interrupt")
}

// Copies are counted by the target: 400 of 2,000 are one in five.
func TestMirrored(t *testing.T) {
	c := check(t, "copies", "mirrored=20,unmirrored=80")
	c.Mirrored, c.Load.Requests = "shadow", 2000
	report := run(t, &scripted{}, changing("one", c))
	versions := report.Scenarios[0].Steps[0].Checks[0].Versions
	assert.EqualValues(t, 400, versions[0].Count)
	assert.EqualValues(t, 1600, versions[1].Count)
}

// 400 copies of 100 requests are too many, whatever share was asked for.
func TestMirroredMoreThanOnce(t *testing.T) {
	for _, weights := range []string{"mirrored=1", "mirrored=20,unmirrored=80"} {
		c := check(t, "copies", weights)
		c.Mirrored, c.Load.Requests = "shadow", 100
		got := run(t, &scripted{}, changing("one", c)).Scenarios[0].Steps[0].Checks[0]
		assert.Equal(t, analysis.Violated, got.Verdict, weights)
		assert.Contains(t, got.Reasons[0], "300 copies arrived beyond one for each of the 100 requests", weights)
		assert.Empty(t, got.Diagnosis, "no other weights would explain it")
	}
}

func TestOverridesTakePrecedence(t *testing.T) {
	rate := 0.0
	c := check(t, "a", "v1=90,v2=10")
	c.Load.Rate, c.Load.RateSet, c.Load.Requests = 1, true, 10
	options := runner.Options{Overrides: runner.Overrides{
		Requests: 300, Rate: &rate, Connections: 3, Reuse: 1, Margin: 0.2, Margins: map[string]float64{"v2": 0.1}, Alpha: 0.01,
	}}
	report := runWith(t.Context(), &scripted{}, options, &scenarios.Scenario{Name: "test", Steps: []scenarios.Step{changing("one", c)}})
	done := report.Scenarios[0].Steps[0].Checks[0]
	assert.EqualValues(t, 300, done.Requests)
	assert.Equal(t, 3, done.Asked.Connections)
	assert.InDelta(t, 0.2, done.Versions[0].Margin.Or(0), 0)
	assert.InDelta(t, 0.1, done.Versions[1].Margin.Or(0), 0)
	assert.InDelta(t, 0.005, done.Asked.Alpha.Or(0), 0, "never above the suite's")
}
