// Package runner runs scenarios against a target and returns the report: open,
// and for each step change the routes, wait until they are live, and for each
// check draw a sample and judge it. It knows no target by name; the caller
// gives it one. What the proxies know of a sample is package witness's.
package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/witness"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// Options are what the user set for the whole invocation.
type Options struct {
	// Open opens the target for one scenario; it is closed after it.
	Open func(ctx context.Context, scenario *scenarios.Scenario) (target.Target, error)
	// Target describes the target in the report.
	Target reports.Target
	// Reproduction says how to run the same again.
	Reproduction *reports.Reproduction
	// Draw is how samples are drawn on this target.
	Draw draw.Options
	// Overrides take precedence over what scenarios say.
	Overrides Overrides
	Seed      uint64
	// Secrets are the credentials of the invocation, those of the scenarios'
	// requests among them: the report holds none of them.
	Secrets *outward.Secrets
	// Failing is called once, before the first scenario that did not come out as
	// expected is taken away; nil for nothing. What it returns is a warning of
	// that scenario's, nil for none.
	Failing func(ctx context.Context) *split.Finding
	// Progress is told what happens; nil for silence.
	Progress Progress
	// Now reads the clock for the report; nil for time.Now.
	Now func() time.Time
}

// Progress is told what happens while it happens. It returns at once.
type Progress interface {
	// Doing says what is being done when it is not drawing a sample.
	Doing(what split.Finding)
	// Sampling begins a sample of total requests at a place, in the names that a
	// person has given.
	Sampling(place string, total int64)
	// Sampled says how many of them have come back.
	Sampled(done int64)
	// Done ends whatever was shown.
	Done()
}

// Run runs each scenario in turn, all of them whatever the first ones show, and
// returns the finished report. All checks together are one suite: each is
// planned and judged at its part of the suite's error rates. Run stops early
// only when ctx ends; the report then says so and holds what was counted. A
// scenario after one that could not be taken away is not begun: its sample would
// be drawn among the routes of another.
func Run(ctx context.Context, list []*scenarios.Scenario, options Options) *reports.Report {
	r := &run{Options: options, suite: checks(list)}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Progress == nil {
		r.Progress = silent{}
	}
	began := r.Now()
	report := &reports.Report{Target: options.Target, Reproduction: options.Reproduction, Started: &began}
	var stays error
	for i, scenario := range list {
		if ctx.Err() != nil {
			break
		}
		if stays != nil {
			report.Scenarios = append(report.Scenarios, notBegun(list[i:], list[i-1].Name, stays)...)
			break
		}
		var done reports.Scenario
		done, stays = r.scenario(ctx, scenario)
		report.Scenarios = append(report.Scenarios, done)
	}
	r.Progress.Done()
	report.Interrupted = ctx.Err() != nil
	report.DurationSeconds = r.since(began)
	r.Secrets.Document(report)
	report.Finish()
	return report
}

// Enter enters what the scenarios' requests prove their sender by. The name of a
// version is none, though a cookie may hold it.
func Enter(secrets *outward.Secrets, list ...*scenarios.Scenario) {
	for _, scenario := range list {
		for _, step := range scenario.Steps {
			for _, check := range step.Checks {
				r := check.Request
				sent := outward.Request{URL: r.Path, Headers: r.Headers, Cookies: r.Cookies, Body: r.Body}
				if r.Login != nil {
					sent.Login = r.Login.Form
				}
				secrets.Request(sent)
				for _, version := range check.Expect {
					secrets.Open(version.Version)
				}
			}
		}
	}
}

func (r *run) since(began time.Time) reports.Number { return reports.Num(r.Now().Sub(began).Seconds()) }

// checks counts the checks of a suite.
func checks(list []*scenarios.Scenario) int {
	n := 0
	for _, scenario := range list {
		for _, step := range scenario.Steps {
			n += len(step.Checks)
		}
	}
	return n
}

type run struct {
	Options
	suite int
	// looked is set when Failing was called.
	looked bool
}

// scenario runs one. stays is why what it has brought could not be taken away.
func (r *run) scenario(ctx context.Context, s *scenarios.Scenario) (report reports.Scenario, stays error) {
	report = reports.Scenario{Name: s.Name, Unnamed: s.Unnamed, Description: s.Description, Source: source(s.Source)}
	for _, warning := range s.Warnings {
		report.WarningItems = append(report.WarningItems, warning.Finding())
	}
	report.WarningItems = append(report.WarningItems, s.Notes...)
	began := r.Now()
	defer func() {
		report.Interrupted = ctx.Err() != nil
		report.DurationSeconds = r.since(began)
	}()
	r.Progress.Doing(split.Found("doing-opening", split.Values{"place": s.Name}))
	opened, err := r.Open(ctx, s)
	if err != nil {
		report.Fail(words.Reason(err))
		return report, nil
	}
	defer func() {
		if found := r.failing(ctx, report); found != nil {
			report.WarningItems = append(report.WarningItems, *found)
		}
		// What was brought in is removed also after a failure or an interrupt.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		removing := r.Now()
		if stays = opened.Close(ctx); stays != nil {
			report.WarningItems = append(report.WarningItems, split.Found("not-removed", split.Values{"text": stays.Error()}))
		}
		report.RemovalSeconds = r.since(removing)
	}()
	r.Progress.Doing(split.Found("doing-deploying", split.Values{"place": s.Name}))
	warnings, err := deploy(ctx, s, opened)
	report.DeploymentSeconds = r.since(began)
	report.WarningItems = append(report.WarningItems, unsaid(warnings, s)...)
	if err != nil {
		report.Fail(ended(ctx, split.Found("interrupted-while-deploying", nil), err))
		return report, nil
	}
	seen := &traffic{}
	seen.grapher, _ = opened.(target.Grapher)
	for i, step := range s.Steps {
		if ctx.Err() != nil {
			break
		}
		done := r.step(ctx, s, step, opened)
		done.Graph = seen.since(ctx)
		report.Steps = append(report.Steps, done)
		if stops(done) {
			report.Steps = append(report.Steps, notRun(s.Steps[i+1:], step.Name)...)
			break
		}
	}
	report.Graph = split.SumOf(seen.all)
	return report, nil
}

// failing lets somebody look at a scenario that failed while it is still there.
func (r *run) failing(ctx context.Context, done reports.Scenario) *split.Finding {
	if r.Failing == nil || r.looked || ctx.Err() != nil || asExpected(done) {
		return nil
	}
	r.looked = true
	r.Progress.Doing(split.Found("doing-gathering", split.Values{"place": done.Name}))
	return r.Failing(ctx)
}

func asExpected(done reports.Scenario) bool {
	return done.Failure == "" && !slices.ContainsFunc(done.Steps, func(s reports.Step) bool {
		return s.Failure != "" || slices.ContainsFunc(s.Checks, func(c reports.Check) bool { return !c.AsExpected() })
	})
}

// label says where a run is, in the names that a person has given.
func label(s *scenarios.Scenario, names ...string) string {
	if s.Unnamed {
		return s.Name
	}
	return strings.Join(append([]string{s.Name}, names...), " / ")
}

// notBegun are the scenarios after one that is still in the way.
func notBegun(list []*scenarios.Scenario, after string, stays error) []reports.Scenario {
	var left []reports.Scenario
	for _, s := range list {
		report := reports.Scenario{Name: s.Name, Unnamed: s.Unnamed, Description: s.Description}
		report.Fail(split.Found("scenario-not-begun", split.Values{"scenario": after, "stays": words.Reason(stays)}))
		left = append(left, report)
	}
	return left
}

// notRun are the steps that come after one that left the mesh in a state that
// nobody asked for. Their checks are in the report: what was not measured is
// never green.
func notRun(steps []scenarios.Step, after string) []reports.Step {
	var left []reports.Step
	for _, step := range steps {
		report := reports.Step{Name: step.Name, Source: source(step.Source)}
		for _, check := range step.Checks {
			report.Checks = append(report.Checks, reports.Unmeasured(check.Name, analysis.NotMeasured,
				reports.Measurement{Source: source(check.Source), Expected: analysis.Verdict(check.ExpectVerdict)},
				split.Found("step-not-reached", split.Values{"step": after})))
		}
		left = append(left, report)
	}
	return left
}

// stops says whether the state of the mesh after a step is too uncertain for
// the next one to mean anything.
func stops(step reports.Step) bool {
	return step.Failure != "" || step.Convergence != nil && !step.Convergence.Converged
}

func (r *run) step(ctx context.Context, s *scenarios.Scenario, step scenarios.Step, opened target.Target) (report reports.Step) {
	report = reports.Step{Name: step.Name, Source: source(step.Source)}
	began := r.Now()
	times := &timeline{began: time.Now()}
	defer func() {
		report.DurationSeconds = r.since(began)
		report.Timeline = times.report()
	}()
	place := label(s, step.Name)
	if Changes(step) {
		r.Progress.Doing(split.Found("doing-applying", split.Values{"place": place}))
		live, err := opened.Change(ctx, change(step))
		if err != nil {
			report.Fail(ended(ctx, split.Found("interrupted-in-step", split.Values{"step": step.Name}), err))
			return report
		}
		report.WarningItems = unsaid(live.Warnings, s)
		report.Convergence = convergence(live)
		times.changed(live)
	}
	proxies, _ := opened.(target.Witness)
	if proxies != nil {
		proxies = witness.Once(proxies)
	}
	for _, check := range step.Checks {
		if ctx.Err() != nil {
			break
		}
		if stops(report) {
			report.Checks = append(report.Checks, notConverged(ctx, s, step, check, report.Convergence, proxies))
			continue
		}
		report.Checks = append(report.Checks, r.check(ctx, s, step, check, opened, times))
	}
	return report
}

// Prepare brings the applications of a scenario and its steps up to the one of
// the given name into effect, and checks nothing. It returns what the target has
// to say about them.
func Prepare(ctx context.Context, s *scenarios.Scenario, last string, opened target.Target) (warnings []split.Finding, err error) {
	warnings, err = deploy(ctx, s, opened)
	if err != nil {
		return warnings, err
	}
	for _, step := range s.Steps {
		if Changes(step) {
			live, err := opened.Change(ctx, change(step))
			warnings = append(warnings, live.Warnings...)
			if err != nil {
				return warnings, fmt.Errorf("step %s: %w", step.Name, err)
			}
			if !live.Converged {
				warnings = append(warnings, split.Found("step-not-everywhere", split.Values{"step": step.Name, "detail": live.Detail}))
			}
		}
		if step.Name == last {
			break
		}
	}
	return warnings, nil
}

func deploy(ctx context.Context, s *scenarios.Scenario, opened target.Target) (warnings []split.Finding, err error) {
	if len(s.Deploy) == 0 {
		return nil, nil
	}
	live, err := opened.Change(ctx, target.Change{Apply: s.Deploy, Timeout: deployTimeout})
	if err == nil && !live.Converged {
		err = &words.Failure{Found: split.Found("applications-not-up", split.Values{"found": live.Detail})}
	}
	return live.Warnings, err
}

func change(step scenarios.Step) target.Change {
	return target.Change{
		Apply: step.Apply, Delete: step.Delete, Scale: step.Scale,
		Defects: step.Defects, SetsDefects: step.SetsDefects,
		Timeout: step.Settle.Timeout,
	}
}

// Changes reports whether a step changes the mesh, or waits for it, or only looks
// at it.
func Changes(step scenarios.Step) bool {
	return len(step.Apply)+len(step.Delete)+len(step.Scale) > 0 || step.SetsDefects || step.Await
}

// notConverged is the outcome of a check that was never begun: what the proxies
// carry instead is in it.
func notConverged(ctx context.Context, s *scenarios.Scenario, step scenarios.Step, check scenarios.Check, live *reports.Convergence, proxies target.Witness) reports.Check {
	why := split.Found("change-was-late", nil)
	if live.DetailItem != nil {
		why = *live.DetailItem
	}
	return reports.Unmeasured(check.Name, analysis.NotConverged, reports.Measurement{
		Source: source(check.Source), Expected: analysis.Verdict(check.ExpectVerdict),
		Mesh: before(ctx, proxies, s, step, check).Unsampled(),
	}, why)
}

func convergence(live target.Convergence) *reports.Convergence {
	c := &reports.Convergence{Seconds: reports.Num(live.Took.Seconds()), Converged: live.Converged, DetailItem: known(live.Detail)}
	for _, p := range live.Proxies {
		c.Proxies = append(c.Proxies, reports.ProxyState{
			Name: p.Name, Seconds: reports.Num(p.Took.Seconds()), Converged: p.Converged, DetailItem: known(p.Detail),
		})
	}
	return c
}

// known is a finding as a report has it: absent where there is none.
func known(f split.Finding) *split.Finding {
	if f.ID == "" {
		return nil
	}
	return &f
}

type silent struct{}

func (silent) Doing(split.Finding)    {}
func (silent) Sampling(string, int64) {}
func (silent) Sampled(int64)          {}
func (silent) Done()                  {}
