package simulate

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/split"
)

// requests draws request by request, one after another, on connections of at
// most Reuse requests each, as loadgen opens them.
type requests struct {
	Experiment
	truth truth
}

func (r requests) sample(ctx context.Context, _ int64, random *rand.Rand) (outcome, error) {
	tally := &split.Tally{}
	tally.Connections.Reuse = r.Truth.Reuse
	sample := Drawn{Tally: tally}
	sizes := r.Plan.Sizes()
	stop := func(t *split.Tally, last split.Answer) bool {
		_, look := slices.BinarySearch(sizes, int64(last.Number)+1)
		return look && !r.Plan.GoesOn(t)
	}
	if r.Plan.Method == analysis.Sequentially {
		sequential := analysis.NewSequential(r.Plan)
		stop, sample.Judge = sequential.Stop, func() *analysis.Judgement { return sequential.Judge(tally) }
	}
	first := random.Uint64() // lengths are drawn anew for each sample
	connection, place := first, 0
	var drawn string
	for i := range r.Plan.Most() {
		if !r.Truth.PerConnection || place == 0 {
			drawn = r.truth.version(r.Plan, random.Float64())
		}
		answer := answer(r.Truth, random, drawn)
		answer.Number, answer.Connection = uint64(i), connection-first
		place++
		if answer.Ends = place >= split.Length(connection, r.Truth.Reuse); answer.Ends {
			connection, place = connection+1, 0
		}
		tally.Add(answer)
		if stop(tally, answer) || i%4096 == 0 && ctx.Err() != nil {
			break
		}
	}
	tally.Close()
	return sample.outcome(r.Plan), nil
}

// answer is the version's, or an error in its place.
func answer(t Truth, random *rand.Rand, version string) split.Answer {
	if t.Errors > 0 && random.Float64() < t.Errors {
		return split.Answer{Outcome: split.Error, Kind: split.Kind("kind-simulated")}
	}
	return split.Answer{Outcome: split.Hit, Version: version}
}

// version is the one at u of the shares laid end to end.
func (t truth) version(p *analysis.Plan, u float64) string {
	last := t.stray
	for i, each := range p.Question.Weights {
		if t.shares[i] > 0 {
			last = each.Version
		}
		if u -= t.shares[i]; u < 0 {
			return each.Version
		}
	}
	if t.unknown > 0 {
		return t.stray
	}
	return last // what rounding has left
}

// stopping draws one request after another until the sequential method is
// decided. It keeps neither order nor connections.
type stopping struct {
	Experiment
	truth truth
}

func (s stopping) sample(ctx context.Context, _ int64, random *rand.Rand) (outcome, error) {
	sequential := analysis.NewSequential(s.Plan)
	for i := range s.Plan.Most() {
		sequential.Add(answer(s.Truth, random, s.truth.version(s.Plan, random.Float64())))
		if sequential.Decided() || sequential.Spent() || i%4096 == 0 && ctx.Err() != nil {
			return outcome{sequential.Verdict(), i + 1}, nil
		}
	}
	return outcome{sequential.Verdict(), s.Plan.Most()}, nil
}
