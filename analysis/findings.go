package analysis

import (
	"cmp"
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// What a judgement says to someone who has never heard of a p-value, as data:
// what was asked, what was seen, what that means, and what would settle it.
// Package reports/words has the sentences.

func (s *sample) sayNothingMeasured(j *Judgement) {
	j.Verdict = NotMeasured
	if s.requests == 0 {
		j.because("nothing-counted", nil)
		j.advise("check-load", split.Values{"then": s.wanted()})
		return
	}
	j.because("nothing-answered", split.Values{"requests": s.requests, "kinds": kinds(s.tally.Errors)})
	j.advise("check-target", nil)
}

func (s *sample) sayImpossible(j *Judgement, v VersionResult) {
	if v.Version == split.MirroredAgain {
		j.because("mirrored-again", split.Values{"copies": v.Count, "requests": s.requests - v.Count})
		j.advise("find-second-mirror", nil)
		return
	}
	if !v.Expected {
		j.because("unknown-version", split.Values{"version": v.Version, "count": v.Count, "asked": s.asked()})
		j.advise("find-unknown-traffic", split.Values{"version": v.Version})
		return
	}
	j.because("weight-zero-answered", split.Values{
		"version": v.Version, "count": v.Count, "hits": s.tally.Hits(), "share": v.Share,
	})
	j.advise("find-stray-traffic", split.Values{"version": v.Version})
}

func (s *sample) sayBroken(j *Judgement, g Gate) {
	j.because("gate-broken", split.Values{"gate": g.Name, "found": g.Found, "p_value": g.PValue, "alpha": g.Alpha})
	if g.Name == GateConnections && s.inTurn() {
		j.because("gate-in-turn", nil)
	}
	j.advise("repair-gate", split.Values{"gate": g.Name, "repair": g.Repair})
}

// sayCertain says what is off, and why no assumption matters for it.
func (s *sample) sayCertain(j *Judgement, c certainty) {
	j.because("off-for-certain", split.Values{
		"asked": s.asked(), "version": s.names[c.arm], "weight": s.shares[c.arm], "nearest": c.nearest,
		"connections": c.connections, "blocks": certainBlocks, "p_value": c.p, "lost": s.failed + s.unknown,
	})
	s.sayOff(j)
	j.advise("compare-programmed", nil)
}

// sayBrokenBeside names the gates that are broken though the verdict does not
// depend on what they test.
func (s *sample) sayBrokenBeside(j *Judgement) {
	broken := s.broken()
	if len(broken) == 0 {
		return
	}
	var named []split.Values
	for _, each := range broken {
		named = append(named, split.Values{"gate": each.Name, "p_value": each.PValue})
	}
	j.because("gates-broken-beside", split.Values{"gates": named, "found": broken[0].Found})
}

// sayFollows names the other broken gates, where the first one explains them.
func (s *sample) sayFollows(j *Judgement, gates []Gate) {
	var broken []split.Values
	for _, each := range gates {
		broken = append(broken, split.Values{"gate": each.Name, "p_value": each.PValue})
	}
	j.because("gates-follow", split.Values{"gates": broken})
}

func (s *sample) sayTooFewConnections(j *Judgement, i int) {
	j.because("silent-on-few-connections", split.Values{
		"version": s.names[i], "share": s.shares[i], "requests": s.requests, "connections": s.tally.Connections.Count,
	})
	j.advise("use-connections", split.Values{"connections": silentBelow(s.shares[i], s.q.Alpha)})
}

func (s *sample) saySilent(j *Judgement, i int) {
	j.because("version-silent", split.Values{
		"version": s.names[i], "share": s.shares[i], "answers": s.hits, "p_value": s.silence(i),
	})
	if s.failed > 0 {
		j.because("version-silent-errors", split.Values{"errors": s.failed, "kinds": kinds(s.tally.Errors)})
	}
	j.advise("check-version", split.Values{"version": s.names[i]})
	if seen := versionsSeen(s.tally); len(seen) == 1 {
		j.advise("measure-from-elsewhere", split.Values{"version": seen[0]})
	}
}

func (s *sample) sayRejected(j *Judgement) {
	j.because("weights-refuted", split.Values{
		"asked": s.asked(), "p_value": s.least.p, "method": s.least.method, "alpha": s.q.Alpha, "lost": s.failed + s.unknown,
	})
	s.sayOff(j)
	j.advise("compare-programmed", nil)
}

// sayOff names the versions that are furthest off.
func (s *sample) sayOff(j *Judgement) {
	rows := slices.Clone(j.Versions)
	slices.SortStableFunc(rows, func(a, b VersionResult) int {
		return cmp.Compare(math.Abs(b.Residual), math.Abs(a.Residual))
	})
	for _, each := range rows[:min(3, len(rows))] {
		if math.Abs(each.Residual) >= 2 {
			j.because("version-off", split.Values{
				"version": each.Version, "asked": each.ExpectedShare, "share": each.Share, "low": each.Low, "high": each.High,
				"margin": each.Margin,
			})
		}
	}
}

func (s *sample) sayTooManyErrors(j *Judgement) {
	j.because("too-many-errors", split.Values{
		"errors": s.failed, "requests": s.requests, "share": float64(s.failed) / float64(s.requests),
		"max_errors": s.q.MaxErrors, "kinds": kinds(s.tally.Errors),
	})
	j.because("errors-hide-versions", nil)
	j.advise("repair-errors", nil)
}

func (s *sample) sayVerified(j *Judgement) {
	if len(s.arms) > 1 {
		j.because("counts-fit", split.Values{"asked": s.asked(), "p_value": s.worst.p, "method": s.worst.method})
	}
	s.sayWithin(j, false)
	s.sayWithinAll(j)
}

func (s *sample) sayWithin(j *Judgement, sequential bool) {
	var versions []split.Values
	for i, each := range s.arms {
		versions = append(versions, split.Values{"version": s.names[i], "share": each.share, "margin": each.margin})
	}
	j.because("within-margins", split.Values{
		"versions": versions, "sequential": sequential, "p_value": j.Equivalence.PValue, "alpha": s.q.Alpha,
	})
}

// sayWithinAll says what else a verified split is shown to be.
func (s *sample) sayWithinAll(j *Judgement) {
	if s.failed+s.unknown > 0 {
		j.because("holds-for-errors", s.lost())
	}
	if !s.q.excludes() {
		return
	}
	bound := s.leakBound()
	for _, each := range j.Versions {
		if each.Expected && each.Weight == 0 {
			j.because("leak-excluded", split.Values{"version": each.Version, "bound": bound})
		}
	}
	if len(s.arms) == 1 {
		j.because("nothing-else-answered", split.Values{"version": s.names[0], "requests": s.requests, "bound": bound})
	}
}

// sayNoVersion is for answers of which none named a version.
func (s *sample) sayNoVersion(j *Judgement) {
	j.because("no-version-named", split.Values{"answers": s.unknown, "kinds": kinds(s.tally.Unidentified)})
	j.advise("look-at-answer", nil)
}

func (s *sample) sayInconclusive(j *Judgement) {
	if s.hits == 0 {
		s.sayNoVersion(j)
		return
	}
	unclear := s.least.unclear || s.worst.unclear
	s.sayCannotTell(j, s.worst.p <= s.q.Alpha && !unclear)
	if unclear {
		j.because("p-value-unclear", split.Values{"alpha": s.q.Alpha, "draws": int64(s.least.exact.Draws)})
	}
	for i, each := range s.arms {
		low, high := s.possible(i)
		open := equivalent(low, high, s.total, each) > s.q.Alpha
		s.sayOpen(j, i, open, boundBelow(low, s.total, s.q.Alpha), boundAbove(high, s.total, s.q.Alpha))
	}
	s.sayWhatSettles(j)
}

func (s *sample) sayCannotTell(j *Judgement, depends bool) {
	j.because("cannot-tell", split.Values{"requests": s.requests, "asked": s.asked()})
	if depends {
		j.because("depends-on-errors", s.lost())
	}
}

// sayOpen says what is not known of a version yet, if its share is not shown to
// lie within its margin but only between low and high.
func (s *sample) sayOpen(j *Judgement, i int, open bool, low, high float64) {
	switch each := s.arms[i]; {
	case s.counts[i] == 0:
		j.because("not-seen-yet", split.Values{"version": s.names[i], "share": each.share})
	case open:
		j.because("not-within-margin", split.Values{
			"version": s.names[i], "share": s.counts[i] / float64(s.hits), "low": low, "high": high,
			"margin": each.margin, "asked": each.share,
		})
	}
}

func (s *sample) sayWhatSettles(j *Judgement) {
	switch {
	case !s.q.excludes() || s.excluded():
	case s.stray > 0:
		j.because("leak-among-errors", s.leakAmongErrors())
	default:
		j.because("leak-possible", split.Values{"bound": s.leakBound(), "leak": s.q.Leak})
	}
	if s.failed+s.unknown > 0 {
		j.advise("repair-answers", split.Values{"kinds": kinds(s.tally.Errors, s.tally.Unidentified)})
	}
	if s.stray > 0 && s.q.excludes() && !s.excluded() && s.requests >= s.plan.Needed {
		least := s.q.leaks().size(s.stray)
		j.advise("account-for-errors", split.Values{
			"errors": s.failed, "unidentified": s.unknown, "leak": s.q.Leak, "requests": least,
		})
		return
	}
	j.Advice = append(j.Advice, s.wanted())
}

// leakAmongErrors is the leak that is excluded if every error was one, and the one
// that is if none was.
func (s *sample) leakAmongErrors() split.Values {
	return split.Values{
		"errors": s.failed, "unidentified": s.unknown, "leak": s.q.Leak,
		"bound": s.leakBound(), "without": s.q.leaks().bound(s.total, 0),
	}
}

// wanted says how many requests settle the question.
func (s *sample) wanted() split.Finding {
	settles := split.Values{"needed": s.plan.Needed, "power": s.q.Power}
	switch {
	case s.plan.Needed == 0 && s.q.room() != nil:
		return split.Found("no-room", split.Values{
			"alpha": s.q.Alpha, "power": s.q.Power, "most_alpha": (1 - s.q.Power) / 2, "most_power": 1 - 2*s.q.Alpha,
		})
	case s.plan.Needed == 0:
		return split.Found("margins-too-small", nil)
	case s.requests < s.plan.Needed && s.q.Method == Sequentially:
		return split.Found("go-on", settles)
	case s.requests < s.plan.Needed:
		return split.Found("take-fresh-sample", settles)
	}
	return split.Found("sample-was-enough", split.Values{
		"probability": 1 - s.q.Power, "larger": 4 * s.plan.Needed,
	})
}

// warn adds what a reader should know whatever the verdict.
func (s *sample) warn(j *Judgement) {
	if s.requests == 0 {
		return
	}
	if s.requests < s.plan.Requests && s.q.Method != Sequentially {
		j.warn("sample-cut-short", split.Values{"requests": s.requests, "planned": s.plan.Requests})
	}
	if j.Method == Asymptotic && !j.ChiSquare.Valid && len(s.arms) > 1 && s.hits > 0 {
		j.warn("p-value-approximate", split.Values{"least": leastExpected})
	}
	if t := s.tally; len(versionsSeen(t)) > 1 {
		switch {
		case t.Sequence.Segments == 0 && t.Connections.Count == 0:
			j.warn("order-unknown", nil)
		case t.Sequence.Segments > 0 && !consistent(t):
			j.warn("order-contradicts-counts", nil)
		}
	}
}

func (j *Judgement) because(id string, values split.Values) {
	j.Reasons = append(j.Reasons, split.Found(id, values))
}

func (j *Judgement) advise(id string, values split.Values) {
	j.Advice = append(j.Advice, split.Found(id, values))
}

func (j *Judgement) warn(id string, values split.Values) {
	j.Warnings = append(j.Warnings, split.Found(id, values))
}

// asked is the split that was asked for.
func (s *sample) asked() []split.Values {
	var shares []split.Values
	for _, each := range s.plan.Versions {
		shares = append(shares, split.Values{"version": each.Version, "share": each.ExpectedShare})
	}
	return shares
}

// lost counts the requests that may have been any version.
func (s *sample) lost() split.Values {
	return split.Values{"errors": s.failed, "unidentified": s.unknown}
}

// kinds counts what happened, by kind.
func kinds(counts ...map[string]int64) map[string]int64 {
	all := map[string]int64{}
	for _, each := range counts {
		for kind, n := range each {
			all[kind] += n
		}
	}
	return all
}
