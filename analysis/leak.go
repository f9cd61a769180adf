package analysis

import (
	"math"

	"github.com/splitcheck/splitcheck/split"
)

// leaks excludes that a version which must get nothing gets a share of q.Leak or
// more, where no answer named it. Errors and unidentified answers may have been
// its, so what is excluded depends on how many there are.
//
// With none a leak is excluded by silence alone. Going on until a few errors are
// accounted for is looking more than once, so each number of errors has a level
// of its own, and all levels together are at most alpha: a leak of q.Leak is taken
// for none only if, for some e, it hit no more than e times within size(e)
// requests, whoever chooses when to look and whatever else fails. The levels are
// fixed beforehand: four fifths of alpha without errors, a twelfth of the last
// fifth for each number from 1 to 11, and the last twelfth for all greater ones,
// which only large samples have, as 1/(j·(j+1)), whose sum is 1.
type leaks struct{ share, alpha float64 }

const (
	// silentLevel is the part of alpha that a sample without errors has.
	silentLevel = 0.8
	// fewErrors is how many numbers of errors share the rest equally.
	fewErrors = 11
	// mostTimes is up to how many times its plan a sample goes on until its
	// errors are accounted for.
	mostTimes = 4
)

func (q Question) leaks() leaks { return leaks{q.Leak, q.Alpha} }

// level is the part of alpha that e errors have.
func (l leaks) level(e int64) float64 {
	each := l.alpha * (1 - silentLevel) / (fewErrors + 1)
	switch j := float64(e - fewErrors); {
	case e <= 0:
		return l.alpha * silentLevel
	case j <= 0:
		return each
	default:
		return each / (j * (j + 1))
	}
}

// size is the least number of requests, e of which may have been the version's,
// that excludes the leak.
func (l leaks) size(e int64) float64 {
	level := l.level(e)
	if e <= 0 {
		return silentBelow(l.share, level)
	}
	z, mean := normalCritical(level), float64(e)
	guess := (mean + z*z/2 + z*math.Sqrt(mean+z*z/4)) / l.share
	return least(guess, mean, math.Inf(1), func(n float64) bool { return lowerTail(mean, n, l.share) <= level })
}

// excluded reports whether n requests, e of which may have been the version's,
// exclude the leak.
func (l leaks) excluded(n float64, e int64) bool {
	if e <= 0 {
		return n*math.Log1p(-l.share) <= math.Log(l.level(0))
	}
	return n > float64(e) && logLowerTail(float64(e), n, l.share) <= math.Log(l.level(e))
}

// withErrors is the least number of requests from least up that excludes the leak
// when so great a share of them may have been the version's.
func (l leaks) withErrors(least, share float64) (float64, bool) {
	if share >= l.share {
		return 0, false
	}
	// By the normal approximation, at the level that asks for least, it takes more
	// than this.
	z := normalCritical(l.level(0))
	n := math.Ceil(max(least, z*z*l.share/2/((l.share-share)*(l.share-share))))
	if share == 0 {
		n = least
	}
	for n <= MostRequests {
		e := int64(n*share + 1e-9)
		if l.excluded(n, e) {
			return n, true
		}
		n = l.size(e)
	}
	return 0, false
}

// bound is the greatest leak that n requests leave possible when e of them may
// have been the version's.
func (l leaks) bound(n float64, e int64) float64 {
	if n == 0 {
		return 1
	}
	return boundAbove(float64(e), n, l.level(e))
}

// mayStray is how many of the requests without a version may have been one's that
// must get nothing. Errors may have been any version that the weights name; of
// those that they do not name only answers tell.
func (q Question) mayStray(failed, unknown int64) int64 {
	if !q.excludes() {
		return 0
	}
	for _, each := range q.Weights {
		if each.Weight == 0 {
			return failed + unknown
		}
	}
	return unknown
}

// sizes are the planned number of requests and those up to four times as many at
// which a few errors are accounted for.
func (l leaks) sizes(planned int64, excludes bool) []int64 {
	sizes := []int64{planned}
	for n := float64(planned); excludes; {
		// Sizes that differ by less than a hundredth are not worth a look each.
		e := least(n*l.share, 0, n, func(e float64) bool { return !l.excluded(n*1.01, int64(e)) })
		if n = l.size(int64(e)); n > mostTimes*float64(planned) {
			break
		}
		sizes = append(sizes, int64(n))
	}
	return sizes
}

// Sizes are the numbers of requests at which a sample of the plan may end, the
// planned one first. Where a leak is to be excluded, those at which a few errors
// are accounted for follow, up to four times the plan. A sample whose size
// somebody chose has that one alone.
func (p *Plan) Sizes() []int64 {
	if p.sizes == nil {
		return []int64{p.Requests}
	}
	return p.sizes
}

// Most is the greatest number of requests that a sample of the plan may have.
func (p *Plan) Most() int64 { return p.Sizes()[len(p.Sizes())-1] }

// GoesOn says of a sample as large as planned whether more requests may still
// account for its errors: the leak is not excluded, no answer convicts, and there
// are not more errors than the greatest size allows for.
func (p *Plan) GoesOn(t *split.Tally) bool {
	strayed := false
	for version, count := range t.Versions {
		strayed = strayed || count > 0 && p.Question.Weights.Share(version) == 0
	}
	return p.goesOn(t.Requests(), strayed, t.Failed(), t.Unknown())
}

func (p *Plan) goesOn(requests int64, strayed bool, failed, unknown int64) bool {
	most := p.Most()
	if strayed || requests >= most {
		return false
	}
	e, l := p.Question.mayStray(failed, unknown), p.Question.leaks()
	return !l.excluded(float64(requests), e) && l.excluded(float64(most), e)
}
