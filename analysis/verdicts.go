package analysis

import "math"

// Verdicts gives the verdicts that Judge gives on bare counts: error-free
// samples of one size, without order or connections, so that no gate has
// anything to test. It is made for millions of them: a p-value depends on the
// counts by the chi-square statistic alone and falls as that grows, so two
// statistics are remembered, the greatest known not to reject and the least
// known to, and only one between them is looked up anew.
//
// It is not safe for concurrent use: Learn once, then Clone for each goroutine.
type Verdicts struct {
	q Question
	n float64
	// place[i] is where version i of the weights stands among those of
	// positive weight, -1 for one that must get nothing.
	place []int

	shares, low, high []float64
	main              fit
	held, rejected    float64 // statistics
	excluded          bool
}

// NewVerdicts prepares the verdicts of samples of the size that p plans.
func NewVerdicts(p *Plan) *Verdicts {
	q := p.Question
	arms := q.arms()
	v := &Verdicts{q: q, n: float64(p.Requests), held: -1, rejected: math.Inf(1)}
	d := newDesign(arms, q.Alpha)
	for _, each := range arms {
		low, high := d.accepted(v.n, each, 0)
		v.shares = append(v.shares, each.share)
		v.low, v.high = append(v.low, low), append(v.high, high)
	}
	positive := 0
	for _, each := range q.Weights {
		if each.Weight == 0 {
			v.place = append(v.place, -1)
			continue
		}
		v.place = append(v.place, positive)
		positive++
	}
	v.main = fit{v.shares, q.Alpha, q.Seed}
	v.excluded = !q.excludes() || q.leaks().excluded(v.n, 0)
	return v
}

// Learn finds, to a thousandth, where the main test begins to reject, so that
// few of the counts that follow have to be looked up.
func (v *Verdicts) Learn() {
	if len(v.shares) < 2 {
		return
	}
	low, high := 0., 2*chiSquareCritical(v.q.Alpha, len(v.shares)-1)
	for high-low > 1e-3*high {
		if middle := (low + high) / 2; v.rejects(middle) {
			high = middle
		} else {
			low = middle
		}
	}
}

// Clone returns a copy that knows what v knows and learns by itself.
func (v *Verdicts) Clone() *Verdicts {
	clone := *v
	return &clone
}

// Of returns the verdict on counts, one for each version of the weights in
// their order, and unknown hits of versions that the weights do not name. They
// sum to the planned number of requests.
func (v *Verdicts) Of(counts []int64, unknown int64) Verdict {
	if unknown > 0 {
		return Violated
	}
	var statistic float64
	within, silent := true, false
	for version, i := range v.place {
		count := float64(counts[version])
		if i < 0 {
			if count > 0 {
				return Violated
			}
			continue
		}
		share := v.shares[i]
		expected := v.n * share
		statistic += (count - expected) * (count - expected) / expected
		within = within && count >= v.low[i] && count <= v.high[i]
		if count == 0 {
			within = false
			silent = silent || len(v.shares) > 1 && v.n*math.Log1p(-share) <= math.Log(v.q.Alpha)
		}
	}
	switch {
	case silent || v.rejects(statistic):
		return Violated
	case within && v.excluded:
		return Verified
	}
	return Inconclusive
}

// rejects reports whether the main test rejects at alpha.
func (v *Verdicts) rejects(statistic float64) bool {
	switch {
	case len(v.shares) < 2 || statistic <= v.held:
		return false
	case statistic >= v.rejected:
		return true
	}
	// Where it is unclear, the verdict is that of the estimate: which side of alpha
	// so few samples fall on does not show in the rates that this is for.
	if v.main.levels(v.n, statistic)[0].p <= v.q.Alpha {
		v.rejected = statistic
		return true
	}
	v.held = statistic
	return false
}

// Verdict is what the sequential method says of the answers so far, as its Judge
// does of a sample that ends here, of which neither order nor connections were
// kept.
func (s *Sequential) Verdict() Verdict {
	switch n := s.against.n; {
	case s.strayed:
		return Violated
	case n == s.failed:
		return NotMeasured
	case s.rejects():
		return Violated
	case s.failed > s.plan.Question.MaxErrors*n:
		return NotMeasured
	}
	if !s.shown {
		s.look(true)
	}
	if s.verifies() {
		return Verified
	}
	return Inconclusive
}
