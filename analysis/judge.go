package analysis

import (
	"maps"
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// Judge says what a tally shows about the question of a plan. It never fails:
// a tally that shows nothing is a verdict too.
//
// The order is the contract's. First comes what no chance can explain, then
// whether the sample may be tested at all, then what is shown to be wrong,
// then whether enough was measured, and only then what is shown to be right.
func Judge(p *Plan, t *split.Tally) *Judgement {
	if p.Method == Sequentially {
		return JudgeSequential(p, t)
	}
	s := newSample(p, t)
	j := s.describe()
	s.conclude(j, s)
	return j
}

// A method decides between right and wrong. Its other functions say what they
// have found in the judgement, and whether that is the verdict.
type method interface {
	// silent returns a version without a hit that chance would not have left
	// silent, or -1.
	silent() int
	rejected(j *Judgement) bool
	verified(j *Judgement) bool
	sayInconclusive(j *Judgement)
}

// conclude goes through the contract's order.
func (s *sample) conclude(j *Judgement, m method) {
	switch {
	case s.tally.Hits() == 0 && s.unknown == 0:
		s.sayNothingMeasured(j)
	case s.impossible(j):
	case s.certainlyOff(j), s.silentForSure(j, m.silent()):
		s.sayBrokenBeside(j)
	case s.brokenGate(j):
	case m.rejected(j):
	case s.tooManyErrors(j):
	case m.verified(j):
	default:
		j.Verdict = Inconclusive
		m.sayInconclusive(j)
	}
	s.warn(j)
	s.diagnose(j)
}

// A sample is a tally seen through the weights.
type sample struct {
	plan  *Plan
	q     Question
	tally *split.Tally

	// The versions of positive weight, in the order of the weights.
	names  []string
	arms   []arm
	shares []float64
	counts []float64

	requests, failed, unknown int64
	stray                     int64   // of failed and unknown, that may have been a version's that must get nothing
	hits                      int64   // on versions of positive weight
	total                     float64 // hits, and what may have been any of them

	gates []Gate
	least level // of the assignment of errors that fits best
	worst level // of the one that fits worst
}

func newSample(p *Plan, t *split.Tally) *sample {
	s := &sample{
		plan: p, q: p.Question, tally: t,
		arms:     p.Question.arms(),
		requests: t.Requests(), failed: t.Failed(), unknown: t.Unknown(),
	}
	s.stray = s.q.mayStray(s.failed, s.unknown)
	for _, each := range s.q.Weights {
		if each.Weight > 0 {
			s.names = append(s.names, each.Version)
			s.counts = append(s.counts, float64(t.Versions[each.Version]))
			s.hits += t.Versions[each.Version]
		}
	}
	for _, each := range s.arms {
		s.shares = append(s.shares, each.share)
	}
	s.total = float64(s.hits + s.failed + s.unknown)
	return s
}

// describe fills in everything that is the same whatever the verdict.
func (s *sample) describe() *Judgement {
	j := &Judgement{
		Method: Exact, Requests: s.requests, Errors: s.failed, Unidentified: s.unknown,
		Versions: s.versionResults(),
		Power:    s.plan.power(s.total),
	}
	j.ChiSquare = Test{PValue: 1, DF: len(s.arms) - 1}
	j.GTest, j.CressieRead = j.ChiSquare, j.ChiSquare
	j.Equivalence = Equivalence{PValue: 1, MinMargin: 1}
	s.least, s.worst = level{p: 1}, level{p: 1}
	if s.hits == 0 {
		return j
	}
	s.gates = judgeGates(s.tally, gateBudget*(1-s.q.Power))
	j.Gates = s.gates
	s.warnOfTurns(j)

	n := float64(s.hits)
	statistic := chiSquareStatistic(s.counts, s.shares)
	j.ChiSquare = asymptotic(statistic, n, s.shares)
	j.GTest = asymptotic(gStatistic(s.counts, s.shares), n, s.shares)
	j.CressieRead = asymptotic(cressieReadStatistic(s.counts, s.shares), n, s.shares)
	main := fit{s.shares, s.q.Alpha, s.q.Seed}
	seen := main.levels(n, statistic)[0]
	j.Method, j.Exact = seen.method, seen.exact
	s.least, s.worst = seen, seen
	if extra := float64(s.failed + s.unknown); extra > 0 {
		levels := main.levels(s.total,
			leastStatistic(s.counts, s.shares, extra), greatestStatistic(s.counts, s.shares, extra))
		s.least, s.worst = levels[0], levels[1]
	}
	j.Equivalence = s.equivalence()
	j.Effect = s.effect(statistic)
	return j
}

func (s *sample) versionResults() []VersionResult {
	identified := s.tally.Hits()
	names := slices.Sorted(maps.Keys(s.tally.Versions))
	rows := len(s.q.Weights)
	for _, name := range names {
		if !s.q.Weights.Has(name) && s.tally.Versions[name] > 0 {
			rows++
		}
	}
	result := func(planned PlannedVersion, expected bool) VersionResult {
		r := VersionResult{
			Version: planned.Version, Weight: planned.Weight, ExpectedShare: planned.ExpectedShare,
			Margin: planned.Margin, Count: s.tally.Versions[planned.Version], Expected: expected,
		}
		x, n := float64(r.Count), float64(identified)
		r.Low, r.High = goodman(x, n, rows, 0.05)
		r.ExactLow, r.ExactHigh = exactInterval(x, n, rows, 0.05)
		if n > 0 {
			r.Share = x / n
		}
		if mean := n * r.ExpectedShare; mean > 0 && r.ExpectedShare < 1 {
			r.Residual = (x - mean) / math.Sqrt(mean*(1-r.ExpectedShare))
		}
		if expected && r.Weight == 0 && r.Count == 0 {
			r.LeakBound = s.leakBound()
		}
		return r
	}
	var results []VersionResult
	for _, each := range s.plan.Versions {
		results = append(results, result(each, true))
	}
	for _, name := range names {
		if !s.q.Weights.Has(name) && s.tally.Versions[name] > 0 {
			results = append(results, result(PlannedVersion{Version: name}, false))
		}
	}
	return results
}

// leakBound is the greatest share that is left possible to a version that had no
// hit, with every error that may have been its taken for one.
func (s *sample) leakBound() float64 { return s.q.leaks().bound(s.total, s.stray) }

// range of counts that the assignments of errors leave to a version.
func (s *sample) possible(i int) (low, high float64) {
	if len(s.counts) == 1 {
		return s.total - float64(s.stray), s.total
	}
	return s.counts[i], s.counts[i] + float64(s.failed+s.unknown)
}

func (s *sample) equivalence() Equivalence {
	var e Equivalence
	for i, each := range s.arms {
		low, high := s.possible(i)
		e.PValue = max(e.PValue, equivalent(low, high, s.total, each))
		e.MinMargin = max(e.MinMargin, leastMargin(low, high, s.total, each.share, s.q.Alpha))
	}
	return e
}

// effect is measured on what was identified; versions that should get nothing
// count as misrouted.
func (s *sample) effect(statistic float64) Effect {
	identified := float64(s.tally.Hits())
	var apart []float64
	for version, count := range s.tally.Versions {
		apart = append(apart, math.Abs(float64(count)/identified-s.q.Weights.Share(version)))
	}
	for _, each := range s.q.Weights {
		if _, seen := s.tally.Versions[each.Version]; !seen {
			apart = append(apart, s.q.Weights.Share(each.Version))
		}
	}
	slices.Sort(apart)
	return Effect{W: math.Sqrt(statistic / float64(s.hits)), MisroutedShare: total(apart) / 2}
}

// impossible: a hit on a version that must get none. No chance explains it.
func (s *sample) impossible(j *Judgement) bool {
	for _, each := range j.Versions {
		if each.Count > 0 && (each.Weight == 0 || !each.Expected) {
			j.Verdict = Violated
			s.sayImpossible(j, each)
		}
	}
	return j.Verdict == Violated
}

// broken are the gates that are, the one with the sharpest finding first: a
// change in the middle breaks the other gates too, and so does a choice per
// connection.
func (s *sample) broken() []Gate {
	var broken []Gate
	for _, each := range s.gates {
		if each.Broken {
			broken = append(broken, each)
		}
	}
	slices.SortStableFunc(broken, func(a, b Gate) int { return b.weight(s.tally) - a.weight(s.tally) })
	return broken
}

func (s *sample) brokenGate(j *Judgement) bool {
	broken := s.broken()
	if len(broken) == 0 {
		return false
	}
	j.Verdict = Inconclusive
	follow := broken[0].weight(s.tally) > 0
	for i, each := range broken {
		if i > 0 && follow {
			s.sayFollows(j, broken[1:])
			break
		}
		s.sayBroken(j, each)
	}
	return true
}

func (g Gate) weight(t *split.Tally) int {
	switch {
	case g.Name == GateAddress:
		return 4
	case g.Name == GateConnections && pure(t.Connections):
		return 3
	case g.Name == GatePlace:
		return 2
	case g.Name == GateDrift:
		return 1
	}
	return 0
}

// warnOfTurns tells of versions that alternate, unless a gate is broken: what
// breaks it says more than how regular the sample is.
func (s *sample) warnOfTurns(j *Judgement) {
	if slices.ContainsFunc(s.gates, func(g Gate) bool { return g.Broken }) {
		return
	}
	for _, g := range s.gates {
		if g.Name == GateDispersion && g.PValue <= g.Alpha {
			j.warn("versions-alternate", split.Values{"p_value": g.PValue})
		}
	}
}

// inTurn reports whether the versions take strict turns.
func (s *sample) inTurn() bool {
	return slices.ContainsFunc(s.gates, func(g Gate) bool { return g.Name == GateDispersion && inTurn(s.tally, g) })
}

// rejected: the counts contradict the weights, however errors and
// unidentified answers are assigned. A version that a sticky balancer could have
// left silent on so few connections is neither right nor wrong.
func (s *sample) rejected(j *Judgement) bool {
	switch i := s.silent(); {
	case i >= 0:
		j.Verdict = Inconclusive
		s.sayTooFewConnections(j, i)
		return true
	case s.least.p <= s.q.Alpha && !s.least.unclear:
		j.Verdict = Violated
		s.sayRejected(j)
		return true
	}
	return false
}

// silent is that of the fixed sample; a version with enough connections goes
// before others.
func (s *sample) silent() int {
	silent := -1
	for i := range s.arms {
		if s.counts[i] > 0 || s.hits == 0 || len(s.arms) == 1 || s.silence(i) > s.q.Alpha {
			continue
		}
		if silent < 0 || s.tooFewConnections(silent) && !s.tooFewConnections(i) {
			silent = i
		}
	}
	return silent
}

// silentForSure: no balancer, sticky or not, would have left the version silent
// on so many connections.
func (s *sample) silentForSure(j *Judgement, i int) bool {
	if i < 0 || s.tooFewConnections(i) {
		return false
	}
	j.Verdict = Violated
	s.saySilent(j, i)
	return true
}

// silence is the probability that chance leaves a version without a hit among
// those identified. Errors do not speak for it: a version whose every request
// fails is as dead as one that is never asked. Unidentified answers do: so
// many of them may have been its.
func (s *sample) silence(i int) float64 {
	return lowerTail(float64(s.unknown), float64(s.hits+s.unknown), s.shares[i])
}

// tooFewConnections reports whether a balancer that chooses once for each
// connection would leave version i silent more often than alpha.
func (s *sample) tooFewConnections(i int) bool {
	known := s.tally.Connections.Count
	return known > 0 && float64(known) < silentBelow(s.shares[i], s.q.Alpha)
}

func (s *sample) tooManyErrors(j *Judgement) bool {
	if float64(s.failed) <= s.q.MaxErrors*float64(s.requests) {
		return false
	}
	j.Verdict = NotMeasured
	s.sayTooManyErrors(j)
	return true
}

// verified needs all of it: no assignment is rejected, every version lies
// within its margin under every assignment, every version was seen, and
// nothing that must be excluded is left possible.
func (s *sample) verified(j *Judgement) bool {
	if s.worst.p <= s.q.Alpha || s.worst.unclear || j.Equivalence.PValue > s.q.Alpha || s.hits == 0 {
		return false
	}
	for _, count := range s.counts {
		if count == 0 {
			return false
		}
	}
	if s.q.excludes() && !s.excluded() {
		return false
	}
	j.Verdict = Verified
	s.sayVerified(j)
	return true
}

// excluded reports whether a leak is shown to be below the question's.
func (s *sample) excluded() bool { return s.q.leaks().excluded(s.total, s.stray) }
