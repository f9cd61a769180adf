package analysis

import (
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// without are the asked shares when one version is left out and the others
// share its part in proportion; nil if there are no others.
func (c *census) without(gone int) []float64 {
	if c.asked[gone] == 0 || c.asked[gone] > 1-1e-12 {
		return nil
	}
	shares := slices.Clone(c.asked)
	shares[gone] = 0
	for i := range shares {
		shares[i] /= 1 - c.asked[gone]
	}
	return shares
}

// positive is how many versions the weights give anything.
func (c *census) positive() int {
	k := 0
	for _, share := range c.asked {
		if share > 0 {
			k++
		}
	}
	return k
}

func (c *census) tryDead() {
	for i, name := range c.names {
		if c.counts[i] > 0 || c.asked[i] == 0 {
			continue
		}
		cause := Cause{Name: DeadVersion, Version: name}
		if shares := c.without(i); shares != nil {
			c.try(cause, shares, 0, c.positive())
		}
		if c.failed == 0 {
			continue
		}
		cause.Details = split.Values{"error_share": c.failed / c.n, "asked": c.asked[i]}
		c.tryFailing(cause, zeroed(c.asked, i), c.asked[i], 0, c.positive())
		// Other errors come on top of its own.
		if others := 1 - c.hits/(c.n*(1-c.asked[i])); others > 0 && c.asked[i] < 1 {
			shares := zeroed(c.asked, i)
			for k := range shares {
				shares[k] *= 1 - others
			}
			c.tryFailing(cause, shares, 1-(1-others)*(1-c.asked[i]), 1, c.positive())
		}
	}
}

func zeroed(shares []float64, i int) []float64 {
	shares = slices.Clone(shares)
	shares[i] = 0
	return shares
}

func (c *census) tryUnhealthy() {
	if c.failed == 0 {
		return
	}
	for i, name := range c.names {
		if c.counts[i] == 0 || c.asked[i] == 0 {
			continue
		}
		rate := c.failed / (c.failed + c.counts[i])
		shares := slices.Clone(c.asked)
		shares[i] *= 1 - rate
		c.tryFailing(Cause{
			Name: UnhealthyVersion, Version: name,
			Details: split.Values{"rate": rate},
		}, shares, c.asked[i]*rate, 1, c.positive())
	}
}

func (c *census) tryErrors() {
	if c.failed == 0 {
		return
	}
	c.try(Cause{Name: ErrorsAnywhere, Details: split.Values{"rate": c.failed / c.n}}, c.asked, 0, 1)
}

// tryLeaks: a share of the traffic goes to one version whatever the weights
// are.
func (c *census) tryLeaks() {
	for i, name := range c.names {
		share := c.counts[i] / c.hits
		if !(share > c.asked[i]) || c.asked[i] == 1 {
			continue
		}
		leak := (share - c.asked[i]) / (1 - c.asked[i])
		low, high := exactInterval(c.counts[i], c.hits, 1, 0.05)
		shares := slices.Clone(c.asked)
		for k := range shares {
			shares[k] *= 1 - leak
		}
		shares[i] += leak
		part := func(x float64) float64 { return max(0, (x-c.asked[i])/(1-c.asked[i])) }
		details := split.Values{"part": leak, "low": part(low), "high": part(high)}
		if len(c.names) == 2 && 2*leak <= 1 {
			details["bypass"] = 2 * leak
		}
		c.try(Cause{Name: Leak, Version: name, Details: details}, shares, 1, len(c.names))
	}
}

// tryHidden: requests to a version fail, are tried again, and are answered by
// whatever version the new try draws. With failures at a rate f and tries until
// one succeeds its share is w(1-f)/(1-wf), and the others keep their
// proportions.
func (c *census) tryHidden() {
	for i, name := range c.names {
		share, others := c.counts[i]/c.hits, c.without(i)
		if c.counts[i] == 0 || others == nil || !(share < c.asked[i]) {
			continue
		}
		shares := make([]float64, len(others))
		for k := range others {
			shares[k] = others[k] * (1 - share)
		}
		shares[i] = share
		c.try(Cause{
			Name: HiddenFailures, Version: name,
			Details: split.Values{"rate": (c.asked[i] - share) / (c.asked[i] * (1 - share))},
		}, shares, 1, c.positive())
	}
}

// tryMixtures: a part of the traffic goes by other shares than the rest.
func (s *sample) tryMixtures(c *census) {
	mix := func(name string, other []float64) {
		part, shares := c.mixture(other)
		if !(part > 0) || math.IsInf(logLikelihood(c.counts, shares), -1) {
			return
		}
		c.try(Cause{Name: name, Details: split.Values{"part": part, "others": c.named(other)}}, shares, 1, 1)
	}
	if previous, known := s.previous(c); known && !same(previous, c.asked) {
		mix(PartlyPrevious, previous)
	}
	if len(c.names) == 2 {
		return // as a leak of half the size, where that is told
	}
	other := s.pods(c)
	if other == nil {
		other = c.even()
	}
	if !same(other, c.asked) {
		mix(Bypass, other)
	}
}

// mixture finds the part that goes by other shares which makes the counts most
// likely. The likelihood is concave in it.
func (c *census) mixture(other []float64) (part float64, shares []float64) {
	mixed := func(part float64) []float64 {
		shares := make([]float64, len(c.asked))
		for i := range shares {
			shares[i] = (1-part)*c.asked[i] + part*other[i]
		}
		return shares
	}
	slope := func(part float64) float64 {
		var sum float64
		for i, share := range mixed(part) {
			if c.counts[i] > 0 && other[i] != c.asked[i] {
				sum += c.counts[i] * (other[i] - c.asked[i]) / share
			}
		}
		return sum
	}
	low, high := 0., 1.
	for range 50 {
		if part = (low + high) / 2; slope(part) > 0 {
			low = part
		} else {
			high = part
		}
	}
	if part < 1e-12 {
		part = 0
	}
	return part, mixed(part)
}

// trySticky: one version answered everything, because the first choice was kept
// for all.
func (s *sample) trySticky(c *census) {
	for i, name := range c.names {
		if c.counts[i] == 0 || c.counts[i] < c.hits || c.asked[i] == 0 || c.asked[i] > 1-1e-12 || c.hits < 2 {
			continue
		}
		log := math.Log(c.asked[i])
		if c.failed > 0 {
			log += logLikelihood([]float64{c.failed, c.hits}, []float64{c.failed / c.n, c.hits / c.n})
		}
		shares := make([]float64, len(c.names))
		shares[i] = 1
		c.add(Cause{
			Name: StickyClient, Version: name, Details: split.Values{"answers": c.hits},
		}, log, shares, min(1, int(c.failed)), 1)
		c.all[len(c.all)-1].within = oneDraw
	}
}

// oneDraw is how many times less likely than a dead version a client that keeps to
// one may be and is named beside it: the draw is one alone, and a client that met
// the rarer version had bad luck once.
const oneDraw = 1e4
