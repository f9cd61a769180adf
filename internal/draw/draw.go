// Package draw draws the sample of a check: how often a connection is used, when
// the sample ends, what counts of one that is cut short, and what judges it. All
// who draw samples do it here (a run, a live check, a simulation), so that what
// one of them says of a check is what the others would. It changes no target,
// asks no proxy and reports nothing.
package draw

import (
	"context"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/scenarios"
	"github.com/splitcheck/splitcheck/split"
)

// A Generator carries out a plan of load: loadgen.Generate does it in this
// process.
type Generator func(ctx context.Context, plan loadgen.Plan, opener loadgen.Opener, options loadgen.Options) (*loadgen.Result, error)

// Options are the caller's, for all samples.
type Options struct {
	// Rate is the target's own default rate; 0 is as fast as it goes.
	Rate float64
	// Settle is how long a split may take to be steady where nothing but the
	// answers tells that it is; 0 takes it for steady.
	Settle time.Duration
	// Generator is nil for this process.
	Generator Generator
}

// A Drawing is a sample that is about to be drawn.
type Drawing struct {
	// Load is what is sent.
	Load loadgen.Plan
	// Note is what the user should know of the way in, or nil.
	Note *split.Finding
	// Stop ends the sample where it says so; it is the plan's own unless it is
	// set before Draw.
	Stop func(t *split.Tally, last split.Answer) bool

	plan      *analysis.Plan
	entry     target.Entry
	generator Generator
	copies    *copies
}

// Enter prepares the sample of a check at the entry that it names. Close gives back
// what that takes. A check whose Load.Requests are others than the plan's is a
// sample of that size, for the sequential method as well.
func Enter(ctx context.Context, at target.Target, c scenarios.Check, plan *analysis.Plan, o Options) (*Drawing, error) {
	d := &Drawing{Load: Load(c, plan, o), plan: plan, generator: o.Generator}
	if d.generator == nil {
		d.generator = loadgen.Generate
	}
	var err error
	d.entry, err = at.Enter(c.Request.Via, target.Load{
		Connections: d.Load.Connections, Reuse: d.Load.Reuse, Timeout: d.Load.Timeout,
	})
	if err != nil {
		return nil, err
	}
	d.Note = d.entry.Note
	d.Load.URL = strings.TrimSuffix(d.entry.URL, "/") + c.Request.Path
	if c.Mirrored != "" {
		if d.copies, err = countCopies(ctx, at, c.Mirrored, c.Request.Login != nil); err != nil {
			d.Close()
			return nil, err
		}
		// Every complete answer counts, whatever it says.
		d.Load.Identify = everyAnswer
	}
	return d, nil
}

// Close gives back what the entry holds.
func (d *Drawing) Close() {
	if d.entry.Close != nil {
		d.entry.Close()
	}
}

// A Sample is what was drawn.
type Sample struct {
	// Result is that of the load; its tally is of the answers.
	*loadgen.Result
	// Counted is what is judged: the answers, or the copies that reached a
	// workload.
	Counted *split.Tally
	plan    *analysis.Plan
	judge   func(*split.Tally) *analysis.Judgement
}

// Judge judges what was counted. A sample that was interrupted verifies nothing.
func (s *Sample) Judge() *analysis.Judgement {
	judgement := s.judge(s.Counted)
	if s.Interrupted {
		judgement = analysis.EndedEarly(judgement, s.plan, "it was interrupted")
	}
	return judgement
}

// Draw sends the requests. Of a sample that is cut short, those that were in
// flight count as unidentified, except where the sample may end at any answer: its
// tally is that of the first so many requests. A sample as large as planned goes on
// where the plan says that more requests may account for its errors. progress is told how many have
// ended; it may be nil. The error says why there is nothing to judge; what was
// counted until then is in the sample, which is nil if nothing was.
func (d *Drawing) Draw(ctx context.Context, progress func(done int64)) (*Sample, error) {
	s := &Sample{plan: d.plan, judge: func(t *split.Tally) *analysis.Judgement { return analysis.Judge(d.plan, t) }}
	load, options := d.Load, loadgen.Options{Stop: d.Stop}
	if d.Stop == nil && d.copies == nil && load.Requests == d.plan.Requests {
		load.Requests = d.plan.Most()
		switch {
		case d.plan.Method == analysis.Sequentially:
			sequential := analysis.NewSequential(d.plan)
			options.Stop, s.judge = sequential.Stop, sequential.Judge
		case load.Requests > d.plan.Requests:
			options.Looks = d.plan.Sizes()
			options.Stop = func(t *split.Tally, _ split.Answer) bool { return !d.plan.GoesOn(t) }
		}
	}
	if progress != nil {
		options.Progress = func(p loadgen.Progress) { progress(p.Done) }
	}
	var err error
	if s.Result, err = d.generator(ctx, load, d.entry.Opener, options); err != nil {
		return nil, err
	}
	if s.Fault != nil {
		return s, s.Fault
	}
	if s.GaveUp != nil {
		return s, &words.Failure{Found: *s.GaveUp}
	}
	if options.Stop == nil || options.Looks != nil {
		s.countCut()
	}
	s.Counted = s.Tally
	if d.copies != nil && !s.Interrupted {
		s.Counted, err = d.copies.instead(ctx, s.Tally)
	}
	return s, err
}

// countCut counts the requests that were in flight when the run was ended. They
// may have been any version: those of a slow one are always the last to come,
// and a correct split that is cut short would look wrong without them.
func (s *Sample) countCut() {
	if s.Cut == 0 {
		return
	}
	if s.Tally.Unidentified == nil {
		s.Tally.Unidentified = map[string]int64{}
	}
	s.Tally.Unidentified[split.Kind("kind-in-flight")] += s.Cut
}
