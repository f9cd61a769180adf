package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// certainFrom is the sample from which on a split can be off for certain, and
// certainBlocks how many blocks of consecutive requests it is cut into.
const (
	certainFrom   = 1000
	certainBlocks = 64
)

// A certainty is a version that is off whatever the assumptions of the main test.
type certainty struct {
	arm         int
	connections int64 // in the half that has fewer
	// nearest is the one of the means that is nearest to the weight.
	nearest float64
	p       float64
}

// offForCertain finds a version that is off in one direction so far that
//
//	exp(-m·KL(y, weight)) <= alpha/(2k)
//
// with k versions, both in each half of the sample, where y is the mean over its m
// connections (those begun, used up and ended in that half) of the part of each
// that fell to the version, and over the whole, where y is the mean over m = 64
// blocks of consecutive requests. Hoeffding (1963) bounds the probability of such
// a mean of independent parts between 0 and 1 by that, whatever each part is made
// of. So a correct split that keeps to a version within a connection is called
// violated by it with at most alpha, and so is one in which old weights last for
// up to half the sample.
//
// What may have been any version is taken for what fits best.
func (s *sample) offForCertain() (certainty, bool) {
	if s.requests < certainFrom || len(s.arms) < 2 {
		return certainty{}, false
	}
	blocks := s.shareByBlocks(certainBlocks)
	halves := s.halves()
	if blocks == nil || halves == nil {
		return certainty{}, false
	}
	best, found := certainty{p: 1}, false
	bound := s.q.Alpha / float64(2*len(s.arms))
	for i, name := range s.names {
		for _, above := range []bool{false, true} {
			c := certainty{arm: i, connections: math.MaxInt64}
			whole := blocks[name]
			c.p, c.nearest = hoeffding(whole, certainBlocks, s.shares[i], above)
			for _, half := range halves {
				p, y := hoeffding(half.parts[name], float64(half.connections), s.shares[i], above)
				c.connections = min(c.connections, half.connections)
				if p > c.p {
					c.p = p
				}
				if above == (y < c.nearest) {
					c.nearest = y
				}
			}
			if c.p <= bound && c.p < best.p {
				best, found = c, true
			}
		}
	}
	return best, found
}

// A reach is the mean of parts between which the version's may lie: low with what
// may have been any version taken for another, high with it taken for this one.
type reach struct{ low, high float64 }

// hoeffding bounds the probability of a mean as far off as that of m independent
// parts whose expectation is the share, and returns the mean.
func hoeffding(r reach, m, share float64, above bool) (p, mean float64) {
	if above {
		if r.low <= share {
			return 1, r.low
		}
		return math.Exp(-m * bernoulliDivergence(r.low, share)), r.low
	}
	if r.high >= share {
		return 1, r.high
	}
	return math.Exp(-m * bernoulliDivergence(r.high, share)), r.high
}

// bernoulliDivergence is the divergence of Kullback and Leibler of a draw with
// probability w from one with probability y.
func bernoulliDivergence(y, w float64) float64 {
	term := func(y, w float64) float64 {
		if y <= 0 {
			return 0
		}
		return y * math.Log(y/w)
	}
	return term(y, w) + term(1-y, 1-w)
}

// shareByBlocks is the mean, over m blocks of consecutive requests, of each
// version's part; nil where the order is not known as finely.
func (s *sample) shareByBlocks(m int) map[string]reach {
	b := s.tally.Blocks
	blocks := len(b.Lost)
	for _, hits := range b.Hits {
		blocks = max(blocks, len(hits))
	}
	if blocks < 4*m {
		return nil
	}
	means, counts := map[string]reach{}, map[string]int64{}
	var counted int64
	for block := range m {
		from, to := block*blocks/m, (block+1)*blocks/m
		lost := sumOf(b.Lost, from, to)
		all := lost
		for _, hits := range b.Hits {
			all += sumOf(hits, from, to)
		}
		if all <= 0 {
			return nil
		}
		counted += all
		for _, name := range s.names {
			x, r := sumOf(b.Hits[name], from, to), means[name]
			counts[name] += x
			r.low += float64(x) / float64(all) / float64(m)
			r.high += float64(x+lost) / float64(all) / float64(m)
			means[name] = r
		}
	}
	// A tally may have been read from a file.
	if counted != s.requests {
		return nil
	}
	for i, name := range s.names {
		if float64(counts[name]) != s.counts[i] {
			return nil
		}
	}
	return means
}

func sumOf(counts []int64, from, to int) (sum int64) {
	for i := from; i < min(to, len(counts)); i++ {
		sum += counts[i]
	}
	return sum
}

// A half is the connections that lie wholly in one half of a sample.
type half struct {
	connections int64
	parts       map[string]reach
}

// halves are those of the sample; nil where it is not known when connections began
// and ended, or there are none in one of them.
func (s *sample) halves() []half {
	extent := s.tally.Blocks.Size
	blocks := len(s.tally.Blocks.Lost)
	for _, hits := range s.tally.Blocks.Hits {
		blocks = max(blocks, len(hits))
	}
	extent *= uint64(blocks)
	spans := s.tally.Connections.Spans
	var halves []half
	for _, span := range []split.Span{spans.Between(0, extent/2), spans.Between((extent+1)/2, extent)} {
		if span.Connections < 1 {
			return nil
		}
		h := half{connections: span.Connections, parts: map[string]reach{}}
		unit := 1 / (float64(span.Connections) * split.WholePart)
		known := float64(span.Lost) * unit
		for _, name := range s.names {
			low := float64(span.Parts[name]) * unit
			h.parts[name] = reach{low, low + float64(span.Lost)*unit}
			known += low
		}
		if math.Abs(known-1) > 1e-6 {
			return nil // they are of other versions
		}
		halves = append(halves, h)
	}
	return halves
}

// certainlyOff: nothing that requests have in common explains how far off the
// split is, so a broken assumption does not matter.
func (s *sample) certainlyOff(j *Judgement) bool {
	c, off := s.offForCertain()
	if !off {
		return false
	}
	j.Verdict = Violated
	s.sayCertain(j, c)
	return true
}
