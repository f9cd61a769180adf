package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// SequentialResult is the evidence that the sequential method has gathered.
type SequentialResult struct {
	// LogEValue is the natural logarithm of the e-value against the weights
	// at the end, with errors and unidentified answers where they speak least
	// against them.
	LogEValue float64
	// PValue is 1 over the greatest e-value on the way: the probability with
	// which a correct split would ever have shown as much.
	PValue float64
}

// JudgeSequential says what the counts of a tally show by the sequential method,
// seen once: counts have no order, so it is the evidence of this one look. That
// is valid however the sample came to end, but evidence that was there before
// and has gone again is not in it. Sequential.Judge has it all.
func JudgeSequential(p *Plan, t *split.Tally) *Judgement { return NewSequential(p).Judge(t) }

// Judge says what the sample shows now that it has ended. t is the tally of all
// the answers that were added, or of all workers; a last look is taken at it.
//
// The gates are judged once, now: a
// sample that ends when it is decided ends by its counts alone, and given
// those the gates test what is left, its order.
func (s *Sequential) Judge(t *split.Tally) *Judgement {
	unordered := s.against.n == 0 && t.Sequence.Segments == 0 && t.Hits() > 0
	s.Look(t)
	x := newSample(s.plan, t)
	j := x.describe()
	s.describe(j, x)
	x.conclude(j, sequentially{s, x})
	if unordered {
		j.warn("only-counts", nil)
	}
	return j
}

// sequentially decides about a sample by the evidence that it has brought.
type sequentially struct {
	*Sequential
	x *sample
}

func (s *Sequential) describe(j *Judgement, x *sample) {
	j.Method = Sequentially
	j.Sequential = &SequentialResult{LogEValue: s.against.log, PValue: math.Exp(-s.best)}
	if x.hits == 0 {
		return
	}
	j.Equivalence = Equivalence{MinMargin: s.leastMargin()}
	for _, b := range s.bounds {
		j.Equivalence.PValue = max(j.Equivalence.PValue, math.Exp(-b.best))
	}
	if s.Decided() {
		// What it could show is that of the whole course, not of its end.
		j.Power = s.plan.power(max(x.total, float64(s.plan.Requests)))
	}
	if len(s.arms) == 1 {
		return
	}
	low, high := s.against.urn.confidence(x.counts, 0.05)
	for i := range j.Versions {
		if place := s.place[j.Versions[i].Version]; j.Versions[i].Weight > 0 {
			j.Versions[i].Low, j.Versions[i].High = low[place], high[place]
		}
	}
}

// reach is what the confidence sequence of a version leaves it at alpha, at the
// end of the sample.
func (s *Sequential) reach(i int) (low, high float64) {
	n, y := s.against.n, s.hits[i]
	if len(s.arms) == 1 {
		below, above := 0., 1.
		for range 60 {
			middle := (below + above) / 2
			if aloneEvidence(n, float64(s.stray()), middle) >= s.excluded {
				below = middle
			} else {
				above = middle
			}
		}
		return below, 1
	}
	a := s.arms[i]
	u := newUrn([]float64{a.share, 1 - a.share}, a.well())
	lows, _ := u.confidence([]float64{y, n - y}, s.plan.Question.Alpha)
	y += s.failed + s.unknown
	_, highs := u.confidence([]float64{y, n - y}, s.plan.Question.Alpha)
	return lows[0], highs[0]
}

// leastMargin is the smallest margin at which every version would be shown to
// lie within it. What was excluded on the way stays excluded.
func (s *Sequential) leastMargin() float64 {
	var least float64
	for i, a := range s.arms {
		low, high := s.reach(i)
		below, above := a.share-low, high-a.share
		for _, b := range s.bounds {
			switch {
			case b.version != i || b.best < s.excluded:
			case b.above:
				above = min(above, a.margin)
			default:
				below = min(below, a.margin)
			}
		}
		least = max(least, below, above)
	}
	return least
}

// rejected: the weights are refuted, unless what is missing may be missing only
// because too few connections asked for it.
func (s sequentially) rejected(j *Judgement) bool {
	x := s.x
	if !s.rejects() {
		return false
	}
	for i, each := range s.hits {
		if each == 0 && len(s.arms) > 1 && x.tooFewConnections(i) {
			j.Verdict = Inconclusive
			x.sayTooFewConnections(j, i)
			return true
		}
	}
	j.Verdict = Violated
	if s.best >= s.refuted {
		s.sayRefuted(j)
	}
	return true
}

func (s sequentially) sayRefuted(j *Judgement) {
	x := s.x
	j.because("weights-refuted-sequentially", split.Values{
		"asked": x.asked(), "times": math.Floor(math.Exp(min(s.best, 40))), "p_value": j.Sequential.PValue, "alpha": x.q.Alpha,
		"lost": x.failed + x.unknown,
	})
	x.sayOff(j)
	j.advise("compare-programmed", nil)
}

func (s sequentially) verified(j *Judgement) bool {
	if !s.verifies() {
		return false
	}
	j.Verdict = Verified
	x := s.x
	x.sayWithin(j, true)
	if s.against.n < float64(s.plan.Requests) {
		j.because("decided-early", split.Values{"requests": x.requests, "planned": s.plan.Requests})
	}
	x.sayWithinAll(j)
	return true
}

func (s sequentially) sayInconclusive(j *Judgement) {
	x := s.x
	if x.hits == 0 {
		x.sayNoVersion(j)
		return
	}
	x.sayCannotTell(j, s.worst() >= s.refuted)
	open := map[int]bool{}
	for _, b := range s.bounds {
		open[b.version] = open[b.version] || b.best < s.excluded
	}
	for i := range s.arms {
		low, high := s.reach(i)
		x.sayOpen(j, i, open[i], low, high)
	}
	x.sayWhatSettles(j)
}
