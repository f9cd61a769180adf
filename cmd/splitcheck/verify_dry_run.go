package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// dryRun says what the check would send and for how long, asks once, and shows what
// the one answer names. Whoever is about to load a gateway wants to know how much,
// and whether the rule fits before it is asked two thousand times.
func (f *verifyFlags) dryRun(ctx context.Context, std streams, check scenarios.Check, at target.Target) error {
	plan, err := f.plan(check)
	if err != nil {
		return usage(err)
	}
	load := draw.Load(check, plan, draw.Options{Rate: liveRate})
	entry, err := at.Enter(check.Request.Via, target.Load{Connections: 1, Reuse: 1, Timeout: load.Timeout})
	if err != nil {
		return notMeasured(err)
	}
	if entry.Close != nil {
		defer entry.Close()
	}
	fmt.Fprintf(std.out, "planned: %s\n", f.planned(load, entry.Unseen && f.live.settle > 0))
	load.URL = strings.TrimSuffix(entry.URL, "/") + check.Request.Path
	ctx, cancel := context.WithTimeout(ctx, load.Timeout)
	defer cancel()
	asker, err := entry.Opener.Open(ctx, load.Request)
	if err != nil {
		return notMeasured(err)
	}
	answer := asker.Ask(ctx, 0)
	first := loadgen.First(asker)
	if len(first) == 0 {
		return notMeasured(fmt.Errorf("the one request was not answered: %s: %s", answer.Kind, answer.Example))
	}
	hide := func(text string) string { return loadgen.Hide(asker, text) }
	return show(std, hide, check, answer, first[0])
}

// plan is that of a run of the check alone.
func (f *verifyFlags) plan(c scenarios.Check) (*analysis.Plan, error) {
	q := analysis.Suite(1, analysis.Question{
		Method: c.Method, Weights: c.Expect, Margins: c.Margins,
		Alpha: c.Alpha, Power: c.Power, Leak: c.Leak, MaxErrors: c.MaxErrors, Seed: f.load.seed,
	})
	if c.Load.Requests > 0 {
		return analysis.PlanFor(q, int64(c.Load.Requests))
	}
	return analysis.NewPlan(q)
}

// planned says how many requests would be sent and how long they would take.
func (f *verifyFlags) planned(load loadgen.Plan, settles bool) string {
	said := words.Plural(load.Requests, "request")
	if settles {
		said += fmt.Sprintf(", after %s or more that are read until the split is steady", words.Count(2*draw.Window(load.Requests)))
	}
	if load.Rate == 0 {
		return said + ", as fast as they are answered"
	}
	requests := load.Requests
	if settles {
		requests += 2 * draw.Window(load.Requests)
	}
	return fmt.Sprintf("%s: about %.0f s at %g a second", said, math.Ceil(float64(requests)/load.Rate), load.Rate)
}

// show writes what the answer is and which version it names. An answer that names
// none, two, or one that nobody expects is a mistake in what was asked.
func show(std streams, hide func(string) string, check scenarios.Check, answer split.Answer, seen identify.Answer) error {
	write := func(format string, args ...any) {
		fmt.Fprintln(std.out, outward.Line(hide(fmt.Sprintf(format, args...))))
	}
	said := answer.Example
	if said == "" {
		said = loadgen.Excerpt(seen)
	}
	write("asked once: %s", said)
	for _, place := range check.Identify.Places(seen) {
		write("%s in its %s: %s[%s]%s", place.Version, place.Where, place.Before, place.Version, place.After)
	}
	switch {
	case answer.Outcome != split.Hit:
		return usagef("the answer does not tell its version: %s", answer.Kind)
	case !check.Expect.Has(answer.Version):
		return usagef("the answer names %s, which is not among the versions that are expected (%s)", hide(answer.Version), check.Expect)
	}
	write("it names %s", answer.Version)
	return nil
}
