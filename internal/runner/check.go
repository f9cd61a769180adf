package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/witness"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// check draws the sample of one check and judges it.
func (r *run) check(ctx context.Context, s *scenarios.Scenario, step scenarios.Step, c scenarios.Check, opened target.Target, times *timeline) reports.Check {
	known := background(s, step, c)
	r.Overrides.apply(&c)
	place := label(s, step.Name, c.Name)
	measured := reports.Measurement{Source: source(c.Source), Expected: analysis.Verdict(c.ExpectVerdict)}
	failed := func(err error) reports.Check {
		measured.Interrupted = ctx.Err() != nil
		return reports.Unmeasured(c.Name, analysis.NotMeasured, measured, err.Error())
	}

	asks := question(c, r.Seed)
	asks.Context = known
	plan, err := plan(c, analysis.Suite(r.suite, asks))
	if err != nil {
		return failed(err)
	}
	measured.Plan = plan
	load := r.load(c, plan)
	measured.Asked = asked(c, load)

	entry, err := opened.Enter(c.Request.Via, target.Load{
		Connections: load.Connections, Reuse: load.Reuse, Timeout: load.Timeout,
	})
	if err != nil {
		return failed(err)
	}
	if entry.Close != nil {
		defer entry.Close()
	}
	if entry.Note != "" {
		measured.Asked.Request += ", " + entry.Note
	}
	load.URL = strings.TrimSuffix(entry.URL, "/") + c.Request.Path
	load.Identify = c.Identify
	judge := func(t *split.Tally) *analysis.Judgement { return analysis.Judge(plan, t) }
	if plan.Method == analysis.Sequentially {
		sequential := analysis.NewSequential(plan)
		load.Stop, judge = sequential.Stop, sequential.Judge
	}

	var copies func() (int64, error)
	if c.Mirrored != "" {
		// Every complete answer counts, whatever it says.
		if load.Identify, err = identify.ParseAll([]string{"status"}); err != nil {
			return failed(err)
		}
		if copies, err = mirrored(ctx, opened, c.Mirrored); err != nil {
			return failed(err)
		}
	}

	proxies, _ := opened.(target.Witness)
	observer := before(ctx, proxies, s, step, c)
	r.Progress.Sampling(place, load.Requests)
	generator := loadgen.Generator{
		Transport: entry.Transport,
		Progress:  func(p loadgen.Progress) { r.Progress.Sampled(p.Done) },
	}
	sent := time.Since(times.began)
	sample, err := generator.Generate(ctx, load)
	if err != nil {
		return failed(err)
	}
	if c.Mirrored == "" {
		times.Answered(sent, sample.First)
	}
	measured.Tally, measured.Duration = sample.Tally, sample.Duration
	measured.Latency, measured.Interrupted = reports.LatencyOf(sample.Tally.Latencies()), sample.Interrupted
	measured.Warnings = append(measured.Warnings, doubts(sample)...)
	account := after(ctx, observer, c, sample, &measured)
	if sample.GaveUp != "" {
		return failed(errors.New(sample.GaveUp))
	}
	if load.Stop == nil {
		countCut(sample)
	}
	tally := sample.Tally
	if copies != nil && !sample.Interrupted {
		n, err := copies()
		if err != nil {
			return failed(err)
		}
		tally = countMirrored(tally, n)
		measured.Tally = tally // the answers' versions are not those of the check
	}
	r.Progress.Doing(place + ": judging")
	judgement := analysis.Reconsider(judge(tally), plan, tally, account.Facts())
	account.Place(judgement, &measured)
	return reports.FromJudgement(c.Name, judgement, measured)
}

// before asks the proxies for the first time; nil where there are none that
// decide. What decides is what whoever made the check knows of it, else what the
// scenario's objects say.
func before(ctx context.Context, proxies target.Witness, s *scenarios.Scenario, step scenarios.Step, c scenarios.Check) *witness.Observer {
	if proxies == nil {
		return nil
	}
	asked := witness.Question{Expect: c.Expect}
	if c.Decisive != nil {
		asked.Decides = *c.Decisive
	} else if decides, ok := s.Decides(step.Name, c); ok {
		asked.Decides = decides
	} else {
		return nil
	}
	return witness.Before(ctx, proxies, asked)
}

// after asks the proxies again and enters what they say into the measurement. A
// sample that was interrupted has no second account.
func after(ctx context.Context, observer *witness.Observer, c scenarios.Check, sample *loadgen.Result, m *reports.Measurement) *witness.Account {
	if sample.Interrupted {
		return nil
	}
	beside := sample.Resent + sample.Cut
	if c.Request.Login != nil {
		beside++
	}
	account, err := observer.After(ctx, witness.Sample{Answers: sample.Tally, Beside: beside})
	if err != nil {
		m.Warnings = append(m.Warnings, err.Error())
	}
	account.Report(m)
	return account
}

// question is what a check asks of its sample.
func question(c scenarios.Check, seed uint64) analysis.Question {
	method := c.Method
	if c.Mirrored != "" {
		// Copies are counted when all have been sent, and have no order.
		method = analysis.ChiSquare
	}
	return analysis.Question{
		Method:  method,
		Weights: c.Expect, Margins: c.Margins,
		Alpha: c.Alpha, Power: c.Power, Leak: c.Leak, MaxErrors: c.MaxErrors,
		Seed: seed,
	}
}

// plan is the sample that answers a question, or of the size that the user
// fixed.
func plan(c scenarios.Check, q analysis.Question) (*analysis.Plan, error) {
	if c.Load.Requests > 0 {
		return analysis.PlanFor(q, int64(c.Load.Requests))
	}
	return analysis.NewPlan(q)
}

// defaultReuse is the greatest number of requests on a connection where nothing
// else is said.
const defaultReuse = 10

// load is the sample that a check draws: as it says, or else as the plan and
// the target say.
func (r *run) load(c scenarios.Check, plan *analysis.Plan) loadgen.Plan {
	load := loadgen.Plan{
		Method: c.Request.Method, Host: c.Request.Host,
		Headers: c.Request.Headers, Cookies: c.Request.Cookies, Body: c.Request.Body,
		Requests: plan.Requests, Rate: r.Rate,
		Connections: loadgen.DefaultConnections, Timeout: loadgen.DefaultTimeout,
	}
	if c.Request.Login != nil {
		load.Login = &loadgen.Login{Path: c.Request.Login.Path, Form: c.Request.Login.Form}
	}
	if c.Load.RateSet {
		load.Rate = c.Load.Rate
	}
	if c.Load.Connections > 0 {
		load.Connections = c.Load.Connections
	}
	if c.Load.Timeout > 0 {
		load.Timeout = c.Load.Timeout
	}
	load.Reuse = c.Load.Reuse
	if load.Reuse == 0 {
		load.Reuse = reuse(load.Requests, plan)
	}
	return load
}

// reuse is how many requests a connection may carry so that there are enough
// connections to tell a silent version from a sticky balancer: twice as many as
// the verdict asks for, so that the last, half-used ones do not matter.
func reuse(requests int64, plan *analysis.Plan) int {
	needed := 2 * plan.Connections()
	if needed == 0 {
		return defaultReuse
	}
	if plan.Method == analysis.Sequentially {
		return 1 // it would end sooner than there are enough
	}
	return int(min(defaultReuse, max(1, requests/needed)))
}

// countCut counts the requests that were in flight when the run was ended. They
// may have been any version: those of a slow one are always the last to come,
// and a correct split that is cut short would look wrong without them.
func countCut(sample *loadgen.Result) {
	if sample.Cut == 0 {
		return
	}
	if sample.Tally.Unidentified == nil {
		sample.Tally.Unidentified = map[string]int64{}
	}
	sample.Tally.Unidentified["still in flight when the run ended"] += sample.Cut
}

// doubts are what the load itself has to say about a sample.
func doubts(sample *loadgen.Result) []string {
	var said []string
	if sample.Resent > 0 {
		said = append(said, fmt.Sprintf("%d requests were sent a second time, because the server had closed the connection they were sent on", sample.Resent))
	}
	return said
}

// asked puts in words what each request is.
func asked(c scenarios.Check, load loadgen.Plan) reports.Asked {
	r := c.Request
	words := r.Method + " " + r.Path
	if r.Host != "" {
		words += " of " + r.Host
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		words += fmt.Sprintf(" with %s: %s", name, reports.HeaderValue(name, r.Headers[name]))
	}
	if r.Login != nil {
		words += " logged in"
		if user := r.Login.Form["username"]; user != "" {
			words += " as " + user
		}
	}
	if r.Via.Service != "" {
		words += fmt.Sprintf(" straight to service %s/%s", r.Via.Namespace, r.Via.Service)
	}
	answer := reports.Asked{
		Request: words, Rate: reports.Num(load.Rate),
		Connections: load.Connections, Reuse: load.Reuse,
	}
	for _, rule := range c.Identify {
		answer.Identify = append(answer.Identify, rule.String())
	}
	if c.Mirrored != "" {
		answer.Identify = []string{"copies that reach " + c.Mirrored}
	}
	return answer
}

// mirrored returns a function that says how many copies have reached workload
// since now.
func mirrored(ctx context.Context, opened target.Target, workload string) (func() (int64, error), error) {
	counter, ok := opened.(target.MirrorCounter)
	if !ok {
		return nil, errors.New("this target cannot count mirrored requests")
	}
	before, err := counter.Mirrored(ctx, workload)
	if err != nil {
		return nil, err
	}
	return func() (int64, error) {
		after, err := counter.Mirrored(ctx, workload)
		return after - before, err
	}, nil
}

// countMirrored makes a tally of copies out of a tally of answers. Copies have
// no order and no connection of their own.
func countMirrored(answers *split.Tally, copies int64) *split.Tally {
	return &split.Tally{
		Versions: map[string]int64{
			scenarios.Mirrored: copies, scenarios.Unmirrored: max(0, answers.Hits()-copies),
		},
		Errors: answers.Errors, Unidentified: answers.Unidentified, Examples: answers.Examples,
	}
}
