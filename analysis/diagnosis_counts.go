package analysis

import (
	"maps"
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// A census is the counts of a sample as a diagnosis compares them: of every
// version that anything speaks of, and of errors. Unidentified answers are left
// out; they say the same of every cause.
type census struct {
	names   []string
	counts  []float64
	asked   []float64 // shares; 0 for what the weights do not name
	failed  float64
	n, hits float64
	all     []hypothesis
}

func (s *sample) census() *census {
	c := &census{failed: float64(s.failed), hits: float64(s.tally.Hits())}
	c.n = c.hits + c.failed
	for _, each := range s.q.Weights {
		c.names = append(c.names, each.Version)
	}
	others := map[string]bool{}
	for version, n := range s.tally.Versions {
		others[version] = n > 0
	}
	for _, each := range s.q.Context.Previous {
		others[each.Version] = others[each.Version] || each.Weight > 0
	}
	for version, n := range s.q.Context.Replicas {
		others[version] = others[version] || n > 0
	}
	for _, version := range slices.Sorted(maps.Keys(others)) {
		if others[version] && !s.q.Weights.Has(version) {
			c.names = append(c.names, version)
		}
	}
	for _, name := range c.names {
		c.counts = append(c.counts, float64(s.tally.Versions[name]))
		c.asked = append(c.asked, s.q.Weights.Share(name))
	}
	return c
}

// try adds a hypothesis about the shares of those requests that were answered;
// errors strike all versions alike in it.
func (c *census) try(cause Cause, shares []float64, parameters, choices int) {
	if same(shares, c.asked) && cause.Name != ErrorsAnywhere {
		return
	}
	log := logLikelihood(c.counts, shares)
	if c.failed > 0 {
		log += logLikelihood([]float64{c.failed, c.hits}, []float64{c.failed / c.n, c.hits / c.n})
		parameters++
	}
	c.add(cause, log, shares, parameters, choices)
}

// tryFailing adds one in which all errors are those of a version.
func (c *census) tryFailing(cause Cause, shares []float64, errors float64, parameters, choices int) {
	log := logLikelihood(append(slices.Clone(c.counts), c.failed), append(slices.Clone(shares), errors))
	c.add(cause, log, shares, parameters, choices)
}

func (c *census) add(cause Cause, log float64, shares []float64, parameters, choices int) {
	cause.Parameters = parameters
	cause.Shares = c.named(shares)
	c.all = append(c.all, hypothesis{Cause: cause, log: log, choices: choices})
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, split.Same)
}

// named are the shares of the versions that get anything.
func (c *census) named(shares []float64) []Share {
	var named []Share
	for i, name := range c.names {
		if shares[i] > 0 {
			named = append(named, Share{Version: name, Share: shares[i]})
		}
	}
	return named
}

// countCauses compares the counts with what each cause predicts.
func (s *sample) countCauses(j *Judgement) []Cause {
	c := s.census()
	// The order is that in which equally good ones are told.
	s.tryPrevious(c)
	s.tryNotApplied(c)
	c.trySwapped()
	c.tryDead()
	s.trySticky(c)
	c.tryRounded()
	if j.Verdict == NotMeasured {
		c.tryErrors()
	}
	c.tryUnhealthy()
	s.tryRatio(c)
	c.tryLeaks()
	s.tryMixtures(c)
	c.tryHidden()

	asked := census{counts: c.counts, asked: c.asked, failed: c.failed, n: c.n, hits: c.hits}
	asked.try(Cause{Name: ErrorsAnywhere}, c.asked, 0, 1)
	return rank(c.all, asked.all[0].log, c.n)
}

func (s *sample) tryPrevious(c *census) {
	if previous, known := s.previous(c); known {
		c.try(Cause{Name: PreviousWeights}, previous, 0, 1)
	}
}

// previous are the shares before the change.
func (s *sample) previous(c *census) ([]float64, bool) {
	w := s.q.Context.Previous
	if len(w) == 0 || w.Validate() != nil {
		return nil, false
	}
	shares := make([]float64, len(c.names))
	for i, name := range c.names {
		shares[i] = w.Share(name)
	}
	return shares, true
}

func (s *sample) tryNotApplied(c *census) {
	even, pods := c.even(), s.pods(c)
	if pods != nil {
		c.try(Cause{Name: RouteNotApplied, Details: split.Values{"by_pods": true}}, pods, 0, 1)
	}
	if pods == nil || !same(even, pods) {
		c.try(Cause{Name: RouteNotApplied}, even, 0, 1)
	}
}

// even are equal shares of the versions that the weights name.
func (c *census) even() []float64 {
	shares, k := make([]float64, len(c.names)), 0.
	for i := range c.names {
		if c.asked[i] > 0 || c.counts[i] > 0 {
			shares[i] = 1
			k++
		}
	}
	// A version of weight zero has pods too, as a rule.
	if k == 1 {
		for i := range shares {
			shares[i], k = 1, float64(len(shares))
		}
	}
	for i := range shares {
		shares[i] /= k
	}
	return shares
}

// pods are shares by the number of replicas; nil where they are not known.
func (s *sample) pods(c *census) []float64 {
	shares := make([]float64, len(c.names))
	var sum float64
	for i, name := range c.names {
		shares[i] = max(0, float64(s.q.Context.Replicas[name]))
		sum += shares[i]
	}
	if sum == 0 {
		return nil
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

func (c *census) trySwapped() {
	var pairs [][2]int
	for i := range c.names {
		for k := range i {
			if math.Abs(c.asked[i]-c.asked[k]) > 1e-12 {
				pairs = append(pairs, [2]int{k, i})
			}
		}
	}
	for _, pair := range pairs {
		shares := slices.Clone(c.asked)
		a, b := pair[0], pair[1]
		shares[a], shares[b] = shares[b], shares[a]
		cause := Cause{Name: WeightsSwapped, Details: split.Values{"swapped": []string{c.names[a], c.names[b]}}}
		c.try(cause, shares, 0, len(pairs))
	}
}

// tryRounded: to whole percent, or to five or ten of them; to the nearest, or
// down, with what is left for the greatest.
func (c *census) tryRounded() {
	type rounding struct {
		step   float64
		down   bool
		shares []float64
	}
	var found []rounding
	for _, step := range []float64{1, 5, 10} {
		for _, down := range []bool{false, true} {
			shares, sum, greatest := make([]float64, len(c.names)), 0., 0
			for i, share := range c.asked {
				steps := math.Round(100 * share / step)
				if down {
					steps = math.Floor(100*share/step + 1e-9)
				}
				shares[i] = steps * step / 100
				sum += shares[i]
				if share > c.asked[greatest] {
					greatest = i
				}
			}
			if down {
				shares[greatest] += 1 - sum
				sum = 1
			}
			if sum == 0 {
				continue
			}
			for i := range shares {
				shares[i] /= sum
			}
			if !same(shares, c.asked) && !slices.ContainsFunc(found, func(r rounding) bool { return same(r.shares, shares) }) {
				found = append(found, rounding{step, down, shares})
			}
		}
	}
	for _, r := range found {
		cause := Cause{Name: RoundedWeights, Details: split.Values{"step": r.step / 100, "down": r.down}}
		c.try(cause, r.shares, 0, len(found))
	}
}

func (s *sample) tryRatio(c *census) {
	shares, used := make([]float64, len(c.names)), 0
	for i, x := range c.counts {
		shares[i] = x / c.hits
		if x > 0 || c.asked[i] > 0 {
			used++
		}
	}
	if used < 2 {
		return
	}
	var ratio []split.Values
	for i, name := range c.names {
		if c.counts[i] > 0 || c.asked[i] > 0 {
			low, high := exactInterval(c.counts[i], c.hits, used, 0.05)
			ratio = append(ratio, split.Values{"version": name, "share": shares[i], "low": low, "high": high})
		}
	}
	c.try(Cause{Name: AnotherRatio, Details: split.Values{"ratio": ratio}}, shares, used-1, 1)
	if last := len(c.all) - 1; last >= 0 && c.all[last].Name == AnotherRatio && c.failed == 0 {
		c.all[last].within = anyRatio
	}
}
