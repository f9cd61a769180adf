package analysis

import (
	"errors"
	"math"
)

// Outcomes are the probabilities of how a sample of the sequential method ends,
// and after how many requests.
type Outcomes struct {
	Verified, Violated, Inconclusive float64
	// Mean, Median and P99, which 99 of 100 samples do not exceed, are of the
	// number of requests, whatever the verdict.
	Mean        float64
	Median, P99 int64
}

// SequentialOutcomes returns how samples of a plan for two versions end where the
// first has the share truth. Nothing is drawn: the probabilities of all counts
// are carried from request to request, and those that end the sample are taken
// out. Samples have no errors, and gates are left out. It takes about a
// nanosecond for each request and each count that is likely.
func SequentialOutcomes(p *Plan, truth float64) (Outcomes, error) {
	if p.Method != Sequentially || len(p.Versions) != 2 || len(p.Question.arms()) != 2 {
		return Outcomes{}, errors.New("outcomes are summed for the sequential method and two versions of positive weight")
	}
	if !(truth >= 0 && truth <= 1) {
		return Outcomes{}, errors.New("a share lies between 0 and 1")
	}
	return newPassage(p).run(truth), nil
}

// A passage carries the probabilities of counts of the first of two versions.
// A state is a count and how many of the bounds have been excluded: they are
// looked at one after the other, as Sequential does.
type passage struct {
	plan   *Plan
	s      *Sequential
	states [][]float64 // by bounds excluded and count
	from   int         // counts below have no probability worth carrying
	to     int         // nor have those above
	// below and above are the counts nearest to what was asked for that refute
	// the weights.
	below, above int
}

func newPassage(p *Plan) *passage {
	s := NewSequential(p)
	g := &passage{plan: p, s: s, below: -1, above: 1}
	for range len(s.bounds) + 1 {
		g.states = append(g.states, make([]float64, 64))
	}
	g.states[0][0] = 1
	return g
}

func (g *passage) run(truth float64) Outcomes {
	var o Outcomes
	ended := 0.
	next := 1.
	for n := 1; n <= int(g.plan.Requests); n++ {
		size := float64(n)
		g.step(n, truth)
		violated := g.refute(size)
		verified := 0.
		if last := n == int(g.plan.Requests); size >= next || last {
			if size >= next {
				next = size + 1 + math.Floor(size/256)
			}
			verified = g.exclude(size)
		}
		o.Violated += violated
		o.Verified += verified
		ended += violated + verified
		o.Mean += size * (violated + verified)
		if o.Median == 0 && ended >= 0.5 {
			o.Median = int64(n)
		}
		if o.P99 == 0 && ended >= 0.99 {
			o.P99 = int64(n)
		}
	}
	o.Inconclusive = max(0, 1-ended)
	o.Mean += float64(g.plan.Requests) * o.Inconclusive
	if o.P99 == 0 {
		o.P99 = g.plan.Requests
	}
	if o.Median == 0 {
		o.Median = g.plan.Requests
	}
	return o
}

// step carries all states over the n-th request.
func (g *passage) step(n int, truth float64) {
	g.to = min(n, g.to+1)
	for i, state := range g.states {
		if g.to >= len(state) {
			state = append(state, make([]float64, len(state))...)
			g.states[i] = state
		}
		for y := g.to; y > g.from; y-- {
			state[y] = state[y]*(1-truth) + state[y-1]*truth
		}
		state[g.from] *= 1 - truth
	}
	if n%64 != 0 {
		return
	}
	const negligible = 1e-20
	for g.from < g.to && g.all(g.from) < negligible {
		g.from++
	}
	for g.to > g.from && g.all(g.to) < negligible {
		for _, state := range g.states {
			state[g.to] = 0
		}
		g.to--
	}
}

func (g *passage) all(y int) float64 {
	var sum float64
	for _, state := range g.states {
		sum += state[y]
	}
	return sum
}

// take removes a state and returns what it had.
func (g *passage) take(stage, y int) float64 {
	p := g.states[stage][y]
	g.states[stage][y] = 0
	return p
}

// refute takes out the counts that refute the weights.
func (g *passage) refute(n float64) float64 {
	w := g.s.arms[0].share
	concentration := g.s.against.urn.concentration
	refutes := func(y int) bool {
		return shareEvidence(float64(y), n, w, concentration, w) >= g.s.refuted
	}
	// From one request to the next the counts that do move by one at most.
	for g.below >= 0 && !refutes(g.below) {
		g.below--
	}
	for float64(g.below+1) < n*w && refutes(g.below+1) {
		g.below++
	}
	g.above = max(g.above, int(math.Ceil(n*w)))
	for float64(g.above) <= n && !refutes(g.above) {
		g.above++
	}
	for float64(g.above-1) > n*w && refutes(g.above-1) {
		g.above--
	}
	var sum float64
	for stage := range g.states {
		for y := g.from; y <= min(g.below, g.to); y++ {
			sum += g.take(stage, y)
		}
		for y := max(g.above, g.from); y <= g.to; y++ {
			sum += g.take(stage, y)
		}
	}
	return sum
}

// exclude moves what excludes a bound on to the next, and takes out what has
// excluded all of them.
func (g *passage) exclude(n float64) float64 {
	var sum float64
	for stage, b := range g.s.bounds {
		w := g.s.arms[b.version].share
		for y := g.from; y <= g.to; y++ {
			if g.states[stage][y] == 0 {
				continue
			}
			count := float64(y)
			if b.version == 1 {
				count = n - count
			}
			if b.above == (count < n*b.at) && shareEvidence(count, n, w, b.concentration, b.at) >= g.s.excluded {
				g.states[stage+1][y] += g.take(stage, y)
			}
		}
	}
	last := len(g.s.bounds)
	leak := g.plan.Question.excludes() && !g.plan.Question.leaks().excluded(n, 0)
	for y := max(1, g.from); y <= min(g.to, int(n)-1) && !leak; y++ {
		sum += g.take(last, y)
	}
	return sum
}
