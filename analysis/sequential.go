package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// A Sequential judges a sample while it is drawn, and says when it may stop. It
// reads answers one by one, in the order in which they were dispatched: in
// order of completion a slow version comes too late, and a correct split looks
// wrong as long as anything is in flight.
//
// Two kinds of evidence gather, each an e-process: a number that begins at 1
// and, where what it speaks against is true, ever reaches 1/alpha with a
// probability of at most alpha, however often one looks and whenever one stops
// (Ville 1939).
//
//   - Against the weights: the mixture of Lindon and Malek (NeurIPS 2022). Its
//     concentration is the least over the versions of that at which the prior
//     standard deviation of a share is its margin, w(1-w)/m² - 1. When it
//     reaches 1/alpha the split is violated.
//   - Against the share of each version being off by its margin: the same
//     mixture of that version against the rest, once for w - m and once for
//     w + m. When all of them have reached 1/alpha, the confidence sequence of
//     every version lies within its margin. A split in which any one version
//     is off by its margin or more has to get past that version's evidence, so
//     each may be tested at alpha itself, as in every intersection-union test;
//     the confidence sequence of all shares at once would have to be wider the
//     more versions there are. The prior standard deviation is half the margin:
//     what can be shown to lie within it lies well within. Twice as wide a
//     prior takes a tenth more requests, whatever the split.
//
// Errors and unidentified answers may have been any version: the first evidence
// is at its least over all their assignments, and the second takes them all for
// the version in question, or none.
//
// A version may be silent because its every request fails. So that errors do
// not speak for it, a version without a hit is violated, too, when so many
// others were hit that chance would leave it out with a probability of a
// thousandth of alpha, divided by the number of versions. That thousandth is
// taken off the alpha of the evidence against the weights.
type Sequential struct {
	plan  *Plan
	place map[string]int // among the versions of positive weight; -1 for one that must get nothing
	arms  []arm

	against *wager
	hits    []float64
	strayed bool
	failed  float64
	unknown float64
	best    float64 // ln e against the weights, the greatest so far
	refuted float64 // what it has to reach

	bounds   []shareBound
	excluded float64 // what the evidence against each has to reach
	next     float64 // how many requests there are when bounds are looked at next
	shown    bool    // all bounds are excluded
}

// silentPart is the part of alpha that silent versions have.
const silentPart = 0.001

// A shareBound is a share that a version's is to be shown to lie below, or
// above.
type shareBound struct {
	version       int
	at            float64
	above         bool // whether shares from at upwards are to be excluded
	concentration float64
	best          float64 // ln e so far
}

// NewSequential begins the sample of a plan.
func NewSequential(p *Plan) *Sequential {
	s := &Sequential{
		plan: p, place: map[string]int{}, arms: p.Question.arms(),
		refuted: -math.Log(p.Question.Alpha * (1 - silentPart)), excluded: -math.Log(p.Question.Alpha), next: 1,
	}
	for _, each := range p.Question.Weights {
		s.place[each.Version] = -1
	}
	var shares []float64
	positive := 0
	for _, each := range p.Question.Weights {
		if each.Weight > 0 {
			s.place[each.Version] = positive
			shares = append(shares, s.arms[positive].share)
			positive++
		}
	}
	s.against = newWager(newUrn(shares, leastConcentration(s.arms)), shares)
	s.hits = make([]float64, len(s.arms))
	s.bounds = boundsOf(s.arms)
	s.shown = len(s.bounds) == 0
	return s
}

// leastConcentration is that of the mixture of all versions. A version cannot be
// off by more than all others together, so that is its margin where it has a
// greater one.
func leastConcentration(arms []arm) float64 {
	var margins float64
	for _, each := range arms {
		margins += each.margin
	}
	least := math.Inf(1)
	for _, each := range arms {
		least = min(least, concentration(each.share, min(each.margin, max(margins-each.margin, 1e-15))))
	}
	return least
}

// well is the concentration of a prior that lies well within the margin.
func (a arm) well() float64 { return concentration(a.share, a.margin/2) }

// boundsOf lists what has to be excluded. A bound of 0 or 1 is no share that
// could be off: that the version was seen at all excludes it.
func boundsOf(arms []arm) []shareBound {
	var bounds []shareBound
	for i, each := range arms {
		if t := snap(each.share - each.margin); t > 0 {
			bounds = append(bounds, shareBound{version: i, at: t, concentration: each.well()})
		}
		if t := snap(each.share + each.margin); t < 1 {
			bounds = append(bounds, shareBound{version: i, at: t, above: true, concentration: each.well()})
		}
	}
	return bounds
}

// Add takes the next answer in dispatch order. It allocates nothing.
func (s *Sequential) Add(a split.Answer) {
	switch a.Outcome {
	case split.Hit:
		i, expected := s.place[a.Version]
		if !expected || i < 0 {
			s.strayed = true
			return
		}
		s.hits[i]++
		s.against.hit(i)
	case split.Error:
		s.failed++
		s.against.unnamed()
	default:
		s.unknown++
		s.against.unnamed()
	}
	s.best = max(s.best, s.against.log)
	// Bounds take longer to look at, and any schedule of looks is as good: it
	// stops at most a 256th part later.
	if !s.shown && s.against.n >= s.next {
		s.next = s.against.n + 1 + math.Floor(s.against.n/256)
		s.look(false)
	}
}

// Look takes the counts of a whole sample, such as the sum of what several
// workers have counted, at a moment when nothing is in flight. The evidence of
// earlier looks stands.
func (s *Sequential) Look(t *split.Tally) {
	clear(s.hits)
	for version, count := range t.Versions {
		switch i, expected := s.place[version]; {
		case expected && i >= 0:
			s.hits[i] = float64(count)
		case count > 0:
			s.strayed = true
		}
	}
	s.failed, s.unknown = float64(t.Failed()), float64(t.Unknown())
	s.against.set(s.hits, s.failed+s.unknown)
	s.best = max(s.best, s.against.log)
	s.look(true)
}

// look asks which bounds are excluded by now. As all of them have to be, it
// gives up at the first that is not, unless every one is wanted.
func (s *Sequential) look(every bool) {
	s.shown = true
	for i := range s.bounds {
		b := &s.bounds[i]
		if b.best >= s.excluded && !every {
			continue
		}
		b.best = max(b.best, s.evidence(b))
		if b.best < s.excluded {
			if s.shown = false; !every {
				return
			}
		}
	}
}

// evidence is ln e against shares from a bound on, under the assignment of what
// named no version that leaves the least of it.
func (s *Sequential) evidence(b *shareBound) float64 {
	n, y := s.against.n, s.hits[b.version]
	if len(s.arms) == 1 {
		return aloneEvidence(n, float64(s.stray()), b.at)
	}
	if b.above {
		y += s.failed + s.unknown
	}
	if b.above != (y < n*b.at) {
		return 0 // on the wrong side
	}
	return shareEvidence(y, n, s.arms[b.version].share, b.concentration, b.at)
}

// Decided reports whether the sample so far is enough for a verdict, one way or
// the other.
func (s *Sequential) Decided() bool {
	return s.strayed || s.rejects() || s.shown && s.verifies()
}

// Stop is Add, and reports whether the sample may end with this answer, the last
// one in t: it is Decided, or Spent. What is Decided goes on where a balancer that chooses once for each
// connection may have misled it, until there are enough connections to see:
// a version without a hit that they may have missed, or so few hits that the
// gates could not tell draws for each connection from draws for each request.
func (s *Sequential) Stop(t *split.Tally, last split.Answer) bool {
	s.Add(last)
	if s.Decided() && (s.strayed || len(s.arms) == 1 || s.told(t)) {
		return true
	}
	return s.Spent()
}

// Spent reports whether the sample has as many requests as were planned and would
// not gain by more.
func (s *Sequential) Spent() bool {
	n := int64(s.against.n)
	return n >= s.plan.Requests && !s.plan.goesOn(n, s.strayed, int64(s.failed), int64(s.unknown))
}

// stray is how many of what named no version may have been one's that must get
// nothing.
func (s *Sequential) stray() int64 {
	return s.plan.Question.mayStray(int64(s.failed), int64(s.unknown))
}

// aloneEvidence is ln e against a share of at most t of the only version, where
// all of n requests but stray were certainly its. Four fifths are bet on its
// getting all, which any stray loses, the last on its lacking a twentieth of what
// t would lack.
func aloneEvidence(n, stray, t float64) float64 {
	lack := (1 - t) / 20
	some := math.Log(1-silentLevel) + (n-stray)*(math.Log1p(-lack)-math.Log(t)) + stray*math.Log(1./20)
	if stray > 0 {
		return some
	}
	all := math.Log(silentLevel) - n*math.Log(t)
	return all + math.Log1p(math.Exp(some-all))
}

// told reports whether there are connections enough.
func (s *Sequential) told(t *split.Tally) bool {
	connections := t.Connections.Seen()
	if connections == 0 {
		return true // they are not known
	}
	for i, hits := range s.hits {
		if hits == 0 && float64(connections) < silentBelow(s.arms[i].share, s.plan.Question.Alpha) {
			return false
		}
	}
	reuse := float64(t.Connections.Reuse)
	if reuse == 1 || len(versionsSeen(t)) < 2 {
		return true
	}
	if reuse == 0 {
		reuse = math.Ceil(float64(t.Hits()) / float64(connections))
	}
	// What the gate on runs would say if whole connections had one version.
	n := total(s.hits)
	least := 1.
	for _, hits := range s.hits {
		if hits > 0 && hits < n {
			least = min(least, runsOf(hits, n).lower(math.Ceil(hits/reuse)+1))
		}
	}
	return float64(len(s.arms))*least <= gateBudget*(1-s.plan.Question.Power)/mostGates
}

// mostGates is how many gates there are between which their budget is divided.
const mostGates = 7

// rejects: the evidence has once been enough to refute the weights, or a
// version was silent for too long.
func (s *Sequential) rejects() bool { return s.best >= s.refuted || s.silent() >= 0 }

// silent returns a version that has not answered though chance would hardly
// have it so, or -1. An unidentified answer may have been its.
func (s *Sequential) silent() int {
	if len(s.arms) == 1 || s.unknown > 0 {
		return -1
	}
	var hits float64
	seen := true
	for _, each := range s.hits {
		hits += each
		seen = seen && each > 0
	}
	if seen {
		return -1
	}
	rare := silentPart * s.plan.Question.Alpha / float64(len(s.arms))
	for i, each := range s.hits {
		if each == 0 && hits >= silentBelow(s.arms[i].share, rare) {
			return i
		}
	}
	return -1
}

// verifies: every bound is excluded, every version was seen, a leak is excluded
// as far as is asked, and no assignment of what named no version would refute
// the weights.
func (s *Sequential) verifies() bool {
	q := s.plan.Question
	n := s.against.n
	if !s.shown || n == 0 || s.failed > q.MaxErrors*n {
		return false
	}
	for _, each := range s.hits {
		if each == 0 {
			return false
		}
	}
	if q.excludes() && !q.leaks().excluded(n, s.stray()) {
		return false
	}
	return s.worst() < s.refuted
}

// worst is ln e against the weights under the assignment for which it is
// greatest: all of what named no version to one, for ln e is convex.
func (s *Sequential) worst() float64 {
	unnamed := s.failed + s.unknown
	if unnamed == 0 {
		return s.against.log
	}
	worst := math.Inf(-1)
	counts := make([]float64, len(s.hits))
	copy(counts, s.hits)
	for i := range counts {
		counts[i] += unnamed
		worst = max(worst, s.against.urn.logEvidence(counts, s.against.shares))
		counts[i] -= unnamed
	}
	return worst
}
