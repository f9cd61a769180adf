package simulate

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// A sampler draws one sample and returns its outcome. Each worker has its own
// sampler.
type sampler[K comparable] interface {
	sample(ctx context.Context, run int64, random *rand.Rand) (K, error)
}

// An outcome is the verdict of a sample, and how many requests it took.
type outcome struct {
	verdict  analysis.Verdict
	requests int64
}

// used are the quantiles of the requests that the samples took.
func used(outcomes map[outcome]int64, runs int64) Used {
	bySize := map[int64]int64{}
	for each, n := range outcomes {
		bySize[each.requests] += n
	}
	var u Used
	var below int64
	for _, size := range slices.Sorted(maps.Keys(bySize)) {
		if below < (runs+1)/2 {
			u.Median = size
		}
		if below < runs-runs/100 {
			u.P99 = size
		}
		u.Most = size
		below += bySize[size]
	}
	return u
}

// blocks are how many runs a worker takes at once. Each block has its own
// random source, so the result does not depend on the number of workers.
var blocks = map[Way]int64{Counts: 1000, Requests: 10, Sampled: 1}

// estimates draws samples and returns how often each verdict came.
func (e Experiment) estimates(ctx context.Context, way Way, usual int64, worker func() sampler[outcome]) (*Result, error) {
	result := &Result{Way: way, Wanted: e.Runs}
	if way == Counts {
		result.GatesAtMost = e.Plan.GatesBudget()
	}
	if result.Wanted <= 0 {
		result.Wanted = usual
	}
	outcomes, runs, err := draw(ctx, e, result.Wanted, blocks[way], worker)
	if err != nil {
		return nil, err
	}
	result.Runs, result.Interrupted = runs, runs < result.Wanted
	counts := map[analysis.Verdict]int64{}
	for each, n := range outcomes {
		counts[each.verdict] += n
	}
	result.Used = used(outcomes, runs)
	for _, verdict := range verdicts {
		result.Verdicts = append(result.Verdicts, estimate(verdict, counts[verdict], runs))
	}
	return result, nil
}

// draw takes samples on all workers until there are enough or ctx ends, and
// counts their outcomes.
func draw[K comparable](ctx context.Context, e Experiment, wanted, block int64, worker func() sampler[K]) (counts map[K]int64, runs int64, err error) {
	var (
		next atomic.Int64
		mu   sync.Mutex
	)
	counts = map[K]int64{}
	group, ctx := errgroup.WithContext(ctx)
	for range max(1, e.Workers) {
		group.Go(func() error {
			own := worker()
			for ctx.Err() == nil {
				number := next.Add(1) - 1
				size := min(block, wanted-number*block)
				if size <= 0 {
					return nil
				}
				random := rand.New(rand.NewPCG(e.Seed, uint64(number)))
				seen := map[K]int64{}
				for i := range size {
					outcome, err := own.sample(ctx, number*block+i, random)
					if ctx.Err() != nil {
						break // the sample may be a part of one
					}
					if err != nil {
						return err
					}
					seen[outcome]++
				}
				mu.Lock()
				for outcome, n := range seen {
					counts[outcome] += n
					runs += n
				}
				done := runs
				mu.Unlock()
				if e.Progress != nil {
					e.Progress(done, wanted)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	return counts, runs, nil
}

func estimate(verdict analysis.Verdict, count, runs int64) Estimate {
	e := Estimate{Verdict: verdict, Runs: count}
	if runs > 0 {
		e.Probability = float64(count) / float64(runs)
	}
	e.Low, e.High = analysis.ClopperPearson(count, runs, interval)
	return e
}

// sourced judges the samples of a source.
type sourced struct{ Experiment }

func (s sourced) sample(ctx context.Context, run int64, _ *rand.Rand) (outcome, error) {
	drawn, err := s.Source(ctx, run, s.Plan.Requests)
	if err != nil {
		return outcome{}, err
	}
	return drawn.outcome(s.Plan), nil
}

// counting draws the counts of each version.
type counting struct {
	e      Experiment
	truth  truth
	judge  *analysis.Verdicts
	counts []int64
}

func (c *counting) sample(_ context.Context, _ int64, random *rand.Rand) (outcome, error) {
	if c.counts == nil {
		c.counts = make([]int64, len(c.truth.shares))
	}
	unknown := multinomial(random, c.e.Plan.Requests, c.truth.shares, c.counts)
	return outcome{c.judge.Of(c.counts, unknown), c.e.Plan.Requests}, nil
}

// failing draws counts of which some end in errors.
type failing struct {
	Experiment
	truth truth
}

func (f failing) sample(_ context.Context, _ int64, random *rand.Rand) (outcome, error) {
	tally := &split.Tally{Versions: map[string]int64{}, Errors: map[string]int64{}}
	counts := make([]int64, len(f.truth.shares))
	var drawn int64
	for _, size := range f.Plan.Sizes() {
		lost := binomial(random, size-drawn, f.Truth.Errors)
		tally.Errors["simulated"] += lost
		if unknown := multinomial(random, size-drawn-lost, f.truth.shares, counts); unknown > 0 {
			tally.Versions[f.truth.stray] += unknown
		}
		for i, each := range f.Plan.Question.Weights {
			tally.Versions[each.Version] += counts[i]
		}
		if drawn = size; !f.Plan.GoesOn(tally) {
			break
		}
	}
	return Drawn{Tally: tally}.outcome(f.Plan), nil
}

// multinomial draws how many of n fall to each share, one after another given
// what the ones before have left, and returns what falls to none.
func multinomial(random *rand.Rand, n int64, shares []float64, counts []int64) (rest int64) {
	left := 1.
	for _, share := range shares {
		left -= share
	}
	left = max(0, left)
	none := left
	if none < 1e-12 {
		none = 0
	}
	remaining := 1.
	for i, share := range shares {
		switch {
		case n == 0 || share <= 0:
			counts[i] = 0
		case share >= remaining-1e-12 && none == 0:
			counts[i] = n
		default:
			counts[i] = binomial(random, n, min(1, share/remaining))
		}
		n -= counts[i]
		remaining = math.Max(0, remaining-share)
	}
	return n
}
