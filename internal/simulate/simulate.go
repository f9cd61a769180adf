// Package simulate says what a check would say if the truth were different: the
// probability of each verdict of a plan if the traffic really splits in some
// other way. It also says how often the rules of other projects would pass the
// same traffic.
//
// All verdicts come from package analysis. It draws its samples itself, or gets
// them from a source; it sends nothing, and does not know a mesh.
package simulate

import (
	"context"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// A Truth is how the traffic really splits.
type Truth struct {
	// Shares are weights of any positive sum. A version that the plan does not
	// name may be among them.
	Shares split.Weights
	// Reuse is the number of requests on a connection. Zero leaves order and
	// connections out: only counts are drawn, and no gate is tested.
	Reuse int
	// PerConnection draws a version once for each connection, as a balancer
	// below HTTP does, instead of once for each request. It needs Reuse.
	PerConnection bool
	// Errors is the share of requests that end in an error, whatever version
	// they were meant for.
	Errors float64
}

// A Source draws sample number run, with so many requests. It is called from
// several goroutines; numbers are not repeated.
type Source func(ctx context.Context, run, requests int64) (Drawn, error)

// Drawn is a sample that a source has drawn.
type Drawn struct {
	Tally *split.Tally
	// Judge judges it as whoever drew it does: the sequential method has read the
	// answers while they were drawn, and knows the evidence on the way. It is nil
	// for analysis.Judge.
	Judge func() *analysis.Judgement
}

func (d Drawn) outcome(p *analysis.Plan) outcome {
	if d.Judge == nil {
		return outcome{analysis.Judge(p, d.Tally).Verdict, d.Tally.Requests()}
	}
	return outcome{d.Judge().Verdict, d.Tally.Requests()}
}

// An Experiment is a plan and a truth, or a source of samples instead of one.
type Experiment struct {
	Plan   *analysis.Plan
	Truth  Truth
	Source Source
	// Judge is what another experiment with the same plan has prepared; nil to
	// prepare it again, which takes up to several seconds for ten or more
	// versions.
	Judge *analysis.Verdicts
	// Runs is the number of samples that are drawn if drawing is needed; zero
	// means a default that suits the way of drawing.
	Runs int64
	Seed uint64
	// Workers is the number of samples drawn at once.
	Workers int
	// Progress, if any, is told how many runs are done. It returns at once and
	// is called from several goroutines.
	Progress func(done, total int64)
}

// A Way is how the probabilities were found.
type Way string

// The ways. What is summed or drawn as counts has no order and no connections,
// so no gate is tested; GatesAtMost says how much they could change.
const (
	// Summed: over every count that two versions can have. Nothing is drawn.
	Summed Way = "summed"
	// Counts: samples drawn as counts of each version.
	Counts Way = "counts"
	// Requests: samples drawn request by request, with order and connections.
	Requests Way = "requests"
	// Sampled: samples that the source gave.
	Sampled Way = "sampled"
)

// An Estimate is the probability of one verdict.
type Estimate struct {
	Verdict     analysis.Verdict
	Probability float64
	// Low and High are the 95 % interval of Clopper and Pearson; both are the
	// probability itself where it was summed.
	Low, High float64
	// Runs is how many of the samples had the verdict.
	Runs int64
}

// A Result is what an experiment has shown.
type Result struct {
	Way Way
	// Verdicts are in the order verified, violated, inconclusive, error.
	Verdicts []Estimate
	// Runs is the number of samples judged, fewer than Wanted if the user ended
	// the experiment; both are 0 where nothing was drawn.
	Runs, Wanted int64
	Interrupted  bool
	// Used is how many requests the samples took: the same for all, but for the
	// sequential method.
	Used Used
	// GatesAtMost is the greatest share of the samples that gates, which counts
	// alone cannot show, turn into inconclusive.
	GatesAtMost float64
}

// Used are quantiles of the number of requests in a sample.
type Used struct{ Median, P99, Most int64 }

// Probability returns that of one verdict.
func (r *Result) Probability(v analysis.Verdict) Estimate {
	for _, each := range r.Verdicts {
		if each.Verdict == v {
			return each
		}
	}
	return Estimate{Verdict: v}
}

var verdicts = []analysis.Verdict{
	analysis.Verified, analysis.Violated, analysis.Inconclusive, analysis.NotMeasured,
}

// The default numbers of samples: as many as take some seconds, and fewer if
// large samples are drawn request by request.
const (
	defaultCounts   = 200_000
	defaultStopping = 20_000
	defaultRequests = 2_000
	defaultSampled  = 500
)

func (e Experiment) fewer(usual int64, requests float64) int64 {
	return min(usual, max(100, int64(requests/float64(e.Plan.Requests))))
}

// interval is one minus the coverage of every interval.
const interval = 0.05

// Run finds the probabilities. If the plan has at most two versions of positive
// weight, it sums; otherwise it draws counts. It draws request by request only
// if the order of the requests matters, or where the sample ends. If ctx ends
// before all samples are drawn, the result is that of the samples so far. Run
// fails if an experiment cannot be made, or if a source fails.
func Run(ctx context.Context, e Experiment) (*Result, error) {
	if e.Source != nil {
		return e.estimates(ctx, Sampled, e.fewer(defaultSampled, 5e6), func() sampler[outcome] { return sourced{e} })
	}
	truth, err := e.truth()
	if err != nil {
		return nil, err
	}
	switch {
	case e.Truth.Reuse > 0:
		return e.estimates(ctx, Requests, e.fewer(defaultRequests, 1e8), func() sampler[outcome] { return requests{e, truth} })
	case e.Plan.Method == analysis.Sequentially && e.carried(truth):
		return e.carry(truth)
	case e.Plan.Method == analysis.Sequentially:
		return e.estimates(ctx, Counts, e.fewer(defaultStopping, 2e8), func() sampler[outcome] { return stopping{e, truth} })
	case e.Truth.Errors > 0:
		return e.estimates(ctx, Counts, defaultRequests, func() sampler[outcome] { return failing{e, truth} })
	case truth.positive <= 2:
		return e.sum(truth), nil
	}
	judge := e.judge()
	return e.estimates(ctx, Counts, defaultCounts, func() sampler[outcome] {
		return &counting{e: e, truth: truth, judge: judge.Clone()}
	})
}

// judge returns verdicts of its own for the plan.
func (e Experiment) judge() *analysis.Verdicts {
	if e.Judge != nil {
		return e.Judge.Clone()
	}
	judge := analysis.NewVerdicts(e.Plan)
	judge.Learn()
	return judge
}
