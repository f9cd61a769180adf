package simulate

import (
	"context"
	"math/rand/v2"

	"github.com/splitcheck/splitcheck/analysis"
)

// PeersOf applies the rules to samples of the experiment's source: it draws the
// wanted number of runs for each sample size that a rule asks for. Attempts
// after the first are treated as samples of their own. If ctx ends early, the
// result is that of the samples so far, and rules without samples are left out.
func PeersOf(ctx context.Context, e Experiment, runs int64) ([]PeerResult, error) {
	weights := e.Plan.Question.Weights
	shares, _, _ := peerShares(weights, weights)
	bySize := map[int64][]Rule{}
	var sizes []int64
	for _, rule := range Rules {
		if rule.bands(shares) == nil {
			continue
		}
		if bySize[rule.Requests] == nil {
			sizes = append(sizes, rule.Requests)
		}
		bySize[rule.Requests] = append(bySize[rule.Requests], rule)
	}
	all := runs * int64(len(sizes))
	progress := e.Progress
	var results []PeerResult
	for i, size := range sizes {
		before := int64(i) * runs
		if progress != nil {
			e.Progress = func(done, _ int64) { progress(before+done, all) }
		}
		rules := bySize[size]
		passed, drawn, err := draw(ctx, e, runs, 1, func() sampler[passes] {
			return peerSample{e, rules, shares, size, before}
		})
		if err != nil {
			return nil, err
		}
		if drawn == 0 {
			break
		}
		for place, rule := range rules {
			var n int64
			for mask, times := range passed {
				if mask&(1<<place) != 0 {
					n += times
				}
			}
			low, high := analysis.ClopperPearson(n, drawn, interval)
			results = append(results, rule.result(float64(n)/float64(drawn), low, high))
		}
	}
	return results, nil
}

// passes has a bit for each rule that a sample passes.
type passes uint64

// A peerSample applies rules of one size to samples of that size.
type peerSample struct {
	Experiment
	rules  []Rule
	shares []float64
	size   int64
	before int64 // samples drawn for rules of other sizes
}

func (p peerSample) sample(ctx context.Context, run int64, _ *rand.Rand) (passes, error) {
	drawn, err := p.Source(ctx, p.before+run, p.size)
	if err != nil {
		return 0, err
	}
	tally := drawn.Tally
	weights := p.Plan.Question.Weights
	counts := make([]int64, len(weights))
	unknown := tally.Hits()
	for i, each := range weights {
		counts[i] = tally.Versions[each.Version]
		unknown -= counts[i]
	}
	var mask passes
	for place, rule := range p.rules {
		if rule.accepts(rule.bands(p.shares), counts, unknown) {
			mask |= 1 << place
		}
	}
	return mask, nil
}
