package runner

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/internal/witness"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/reports/words"
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
		return reports.Unmeasured(c.Name, analysis.NotMeasured, measured, words.Reason(err))
	}

	asks := question(c, r.Seed)
	asks.Context = known
	plan, err := plan(c, analysis.Suite(r.suite, asks))
	if err != nil {
		return failed(err)
	}
	measured.Plan = plan
	measured.Asked = asked(c)
	load := draw.Load(c, plan, r.Draw)
	measured.Asked.Rate, measured.Asked.Connections, measured.Asked.Reuse = reports.Num(load.Rate), load.Connections, load.Reuse

	if _, interprets := opened.(target.Interpreter); interprets {
		if unknown := notUnderstood(s.NotUnderstood(step.Name, c)); len(unknown) > 0 {
			check := reports.Unmeasured(c.Name, analysis.NotMeasured, measured, unknown...)
			check.AdviceItems = []split.Finding{split.Found("run-on-cluster", nil)}
			return check
		}
	}

	drawing, err := draw.Enter(ctx, opened, c, plan, r.Draw)
	if err != nil {
		return failed(err)
	}
	defer drawing.Close()
	if drawing.Note != nil {
		measured.Asked.RequestItem.Values["way"] = *drawing.Note
	}
	if drawing.Unseen() && r.Draw.Settle > 0 {
		r.Progress.Doing(split.Found("doing-settling", split.Values{"place": place}))
		settling, first, err := draw.Settle(ctx, opened, c, plan, r.Draw)
		if first == nil {
			return failed(err)
		}
		measured.Settling = settled(settling)
		if err != nil || first.Interrupted {
			measured.Tally, measured.Duration, measured.Interrupted = first.Tally, first.Duration, first.Interrupted
			return unmeasured(c, measured, err)
		}
		measured.Warnings = append(measured.Warnings, unsteady(settling)...)
	}
	proxies, _ := opened.(target.Witness)
	observer := before(ctx, proxies, s, step, c)
	sent := time.Since(times.began)
	sample, err := drawing.Draw(ctx, r.sampled(place, drawing.Load.Requests, plan))
	if sample == nil {
		return failed(err)
	}
	if c.Mirrored == "" {
		times.Answered(sent, sample.First)
	}
	measured.Tally, measured.Duration = sample.Tally, sample.Duration
	measured.Latency, measured.Interrupted = reports.LatencyOf(sample.Tally.Latencies()), sample.Interrupted
	measured.Warnings = append(measured.Warnings, doubts(c, sample)...)
	account := after(ctx, observer, c, sample, &measured)
	if err != nil {
		measured.Interrupted = ctx.Err() != nil
		return unmeasured(c, measured, err)
	}
	measured.Tally = sample.Counted // mirrored answers have other versions than the check
	r.Progress.Doing(split.Found("doing-judging", split.Values{"place": place}))
	judgement := analysis.Reconsider(sample.Judge(), plan, sample.Counted, account.Facts())
	account.Place(judgement, &measured)
	tellOfRules(s, step.Name, c, judgement.Verdict, &measured)
	return reports.FromJudgement(c.Name, judgement, measured)
}

// notUnderstood says why a target that does not know these could not measure.
func notUnderstood(list []scenarios.Unknown) []split.Finding {
	var found []split.Finding
	for _, u := range list {
		found = append(found, split.Found("not-understood", split.Values{"object": u.Object.String(), "what": u.What}))
	}
	return found
}

// tellOfRules says of a split that is as asked whether a rule made it, and of any
// other what the objects ask proxies to do that changes a split by design.
func tellOfRules(s *scenarios.Scenario, step string, c scenarios.Check, verdict analysis.Verdict, m *reports.Measurement) {
	switch verdict {
	case analysis.Verified:
		if o, ok := s.NoRule(step, c); ok {
			m.Warnings = append(m.Warnings, split.Found("no-rule-split", split.Values{"object": o.String()}))
		}
	case analysis.Violated, analysis.Inconclusive:
		for _, u := range s.Moving(step, c) {
			m.Causes = append(m.Causes, split.Found("moves-by-design", split.Values{"object": u.Object.String(), "field": u.Path, "what": u.What}))
		}
	}
}

// sampled tells how many requests have come back, of as many as are known to be
// needed: errors may ask for more.
func (r *run) sampled(place string, planned int64, plan *analysis.Plan) func(done int64) {
	r.Progress.Sampling(place, planned)
	return func(done int64) {
		for _, size := range plan.Sizes() {
			if done > planned && size > planned {
				planned = size
				r.Progress.Sampling(place, planned)
			}
		}
		r.Progress.Sampled(done)
	}
}

// unmeasured is a check whose sample ended with nothing to judge.
func unmeasured(c scenarios.Check, m reports.Measurement, err error) reports.Check {
	var fault *loadgen.Fault
	switch {
	case errors.As(err, &fault) && !m.Interrupted:
		return reports.Faulty(c.Name, m, fault.Reasons, fault.Advice)
	case err != nil:
		return reports.Unmeasured(c.Name, analysis.NotMeasured, m, words.Reason(err))
	default:
		return reports.Unmeasured(c.Name, analysis.NotMeasured, m, split.Found("ended-before-sample", nil))
	}
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
func after(ctx context.Context, observer *witness.Observer, c scenarios.Check, sample *draw.Sample, m *reports.Measurement) *witness.Account {
	if sample.Interrupted {
		return nil
	}
	beside := sample.Cut
	if c.Request.Login != nil {
		beside++
	}
	account, why := observer.After(ctx, witness.Sample{Answers: sample.Tally, Beside: beside})
	if why != nil {
		m.Warnings = append(m.Warnings, *why)
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

// doubts are what the load itself has to say about a sample.
func doubts(c scenarios.Check, sample *draw.Sample) []split.Finding {
	var found []split.Finding
	if status, one := sample.Tally.OneStatus(); one && status >= 400 && sample.Tally.Hits() > 0 && !c.Identify.ByStatus() && c.Mirrored == "" {
		found = append(found, split.Found("every-status-failed", split.Values{"status": status}))
	}
	for _, address := range slices.Sorted(maps.Keys(sample.Unasked)) {
		found = append(found, split.Found("address-not-asked", split.Values{"address": address, "kind": split.KindFound(sample.Unasked[address])}))
	}
	if sample.Lost > 0 {
		found = append(found, split.Found("requests-lost", split.Values{"requests": sample.Lost}))
	}
	return found
}

// asked is what each request is.
func asked(c scenarios.Check) reports.Asked {
	r := c.Request
	request := split.Values{"method": r.Method, "path": outward.URL(r.Path)}
	if r.Host != "" {
		request["host"] = r.Host
	}
	var headers []split.Values
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		headers = append(headers, split.Values{"name": name, "value": outward.HeaderValue(name, r.Headers[name])})
	}
	if len(headers) > 0 {
		request["headers"] = headers
	}
	if r.Login != nil {
		request["login"], request["user"] = true, r.Login.Form["username"]
	}
	if r.Via.Service != "" {
		request["service"] = r.Via.Namespace + "/" + r.Via.Service
	}
	item := split.Found("request", request)
	answer := reports.Asked{RequestItem: &item}
	for _, rule := range c.Identify {
		answer.Identify = append(answer.Identify, rule.String())
	}
	if c.Mirrored != "" {
		answer.Identify = []string{"copies that reach " + c.Mirrored}
	}
	return answer
}
