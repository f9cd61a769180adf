package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What a verdict says to someone who has never heard of a p-value: what was
// asked, what was seen, what that means, and what would settle it.

func (s *sample) sayNothingMeasured(j *Judgement) {
	j.Verdict = NotMeasured
	if s.requests == 0 {
		j.because("no request was counted, so nothing is known about the split")
		j.advise("check that the load ran and that its answers were read; %s", s.wanted())
		return
	}
	j.because("none of the %s requests came to a complete answer: %s", number(s.requests), kinds(s.tally.Errors))
	j.advise("check that the address is right and that the gateway and the application are up, then measure again")
}

func (s *sample) sayImpossible(j *Judgement, v VersionResult) {
	if !v.Expected {
		j.because("%s answered %s, and the weights do not name it: they ask for %s",
			v.Version, times(v.Count), s.asked())
		j.advise("find out why %s gets traffic: a route that is missing or not applied, labels that select its pods, "+
			"or a name that identify reads from the wrong place; if it belongs there, give it a weight", v.Version)
		return
	}
	j.because("%s has weight 0 and answered %s of %s (%s); not even one is possible if the weights are in effect",
		v.Version, times(v.Count), number(s.tally.Hits()), percent(v.Share))
	j.advise("find out what still sends traffic to %s: an older route, a proxy that has not taken the new weights, "+
		"or requests that go past the mesh", v.Version)
}

func (s *sample) sayBroken(j *Judgement, g Gate) {
	what := map[string]string{
		"runs":        "answers of the same version follow each other more often than chance would have it",
		"transitions": "which version answers depends on which one answered before",
		"connections": "connections differ in their versions more than chance would have it",
	}[g.Name]
	switch {
	case g.finding != "":
		what = g.finding
	case what == "":
		what = "an assumption of the test does not hold"
	}
	j.because("requests were not drawn independently by the same shares: %s (%s, %s, below %s), so their counts prove "+
		"nothing for or against the weights", what, g.Name, pIs(g.PValue), pValue(g.Alpha))
	if g.Name == "connections" && s.inTurn() {
		j.because("that has two readings: a balancer that chooses once per connection, or one that takes strict turns in " +
			"step with the connections, which does no harm; requests on connections of their own tell which")
	}
	j.advise("%s; then take a fresh sample", g.Repair)
}

// sayFollows names the other broken gates, where the first one explains them.
func (s *sample) sayFollows(j *Judgement, gates []Gate) {
	var names []string
	for _, each := range gates {
		names = append(names, fmt.Sprintf("%s (%s)", each.Name, pIs(each.PValue)))
	}
	j.because("that may be why this does not hold either: %s", strings.Join(names, ", "))
}

func (s *sample) sayTooFewConnections(j *Judgement, i int) {
	need := silentBelow(s.shares[i], s.q.Alpha)
	j.because("%s was asked for %s and never answered, but the %s came over %s: a balancer that chooses once for each "+
		"connection could have missed it by chance", s.names[i], percent(s.shares[i]), plural(s.requests, "request"),
		plural(s.tally.Connections.Count, "connection"))
	j.advise("use at least %s connections, or one for each request (reuse 1)", number(int64(need)))
}

func (s *sample) saySilent(j *Judgement, i int) {
	j.because("%s was asked for %s and was not seen once in %s; chance would do that with a probability of %s",
		s.names[i], percent(s.shares[i]), plural(s.hits, "identified answer"), pValue(s.silence(i)))
	if s.failed > 0 {
		j.because("%s ended in errors instead (%s)", plural(s.failed, "request"), kinds(s.tally.Errors))
	}
	j.advise("check that %s runs, is ready, is selected by its subset or Service, and answers", s.names[i])
}

func (s *sample) sayRejected(j *Judgement) {
	clause := ""
	if s.failed+s.unknown > 0 {
		clause = ", even if every error and every unidentified answer is taken for the version that fits best"
	}
	j.because("the split is not %s: a correct one would be this far off with a probability of %s (%s chi-square test, "+
		"alpha %s)%s", s.asked(), pValue(s.least.p), s.least.method, pValue(s.q.Alpha), clause)
	s.sayOff(j)
	j.advise("compare the weights that the proxies have programmed with those that were asked for")
}

// sayOff names the versions that are furthest off.
func (s *sample) sayOff(j *Judgement) {
	rows := slices.Clone(j.Versions)
	slices.SortStableFunc(rows, func(a, b VersionResult) int {
		return cmp.Compare(math.Abs(b.Residual), math.Abs(a.Residual))
	})
	for _, each := range rows[:min(3, len(rows))] {
		if math.Abs(each.Residual) >= 2 {
			j.because("%s was asked for %s and got %s (between %s and %s)", each.Version, percent(each.ExpectedShare),
				percent(each.Share), percent(each.Low), percent(each.High))
		}
	}
}

func (s *sample) sayTooManyErrors(j *Judgement) {
	j.because("%s of %s ended in errors (%s), more than the %s allowed: %s", number(s.failed),
		plural(s.requests, "request"), percent(float64(s.failed)/float64(s.requests)), percent(s.q.MaxErrors),
		kinds(s.tally.Errors))
	j.because("an error may have been any version, so what is left says too little about the split")
	j.advise("mend the errors and measure again; or allow more of them (maxErrors, --max-errors), and plan for a larger sample")
}

func (s *sample) sayVerified(j *Judgement) {
	fits := "the counts fit %s: a correct split would be this far off or further with a probability of %s (%s chi-square test)"
	if len(s.arms) > 1 {
		j.because(fits, s.asked(), pValue(s.worst.p), s.worst.method)
	}
	var within []string
	for i, each := range s.arms {
		within = append(within, fmt.Sprintf("%s within %s of %s", s.names[i], points(each.margin), percent(each.share)))
	}
	j.because("every version is shown to lie within its margin (%s; exact equivalence test, p = %s, at most %s)",
		strings.Join(within, ", "), pValue(j.Equivalence.PValue), pValue(s.q.Alpha))
	s.sayWithinAll(j)
}

// sayWithinAll says what else a verified split is shown to be.
func (s *sample) sayWithinAll(j *Judgement) {
	if s.failed+s.unknown > 0 {
		j.because("that holds whichever versions the %s and the %s were", plural(s.failed, "error"),
			plural(s.unknown, "unidentified answer"))
	}
	if !s.q.excludes() {
		return
	}
	bound := s.leakBound()
	for _, each := range j.Versions {
		if each.Expected && each.Weight == 0 {
			j.because("%s must get nothing and got nothing: a share above %s is excluded", each.Version, percent(bound))
		}
	}
	if len(s.arms) == 1 {
		j.because("nothing but %s answered %s: a share above %s for anything else is excluded", s.names[0],
			plural(s.requests, "request"), percent(bound))
	}
}

func (s *sample) sayInconclusive(j *Judgement) {
	if s.hits == 0 {
		j.because("none of %s named its version: %s", plural(s.unknown, "answer"), kinds(s.tally.Unidentified))
		j.advise("look at one of the answers: if it is the application's, say in identify where it names its version; if it is a 404 or another answer of the gateway, see whether the path and the host are those of the route")
		return
	}
	j.because("%s cannot tell whether the split is %s", plural(s.requests, "request"), s.asked())
	if s.worst.p <= s.q.Alpha {
		j.because("whether the counts contradict it depends on which versions the %s and the %s were",
			plural(s.failed, "error"), plural(s.unknown, "unidentified answer"))
	}
	for i, each := range s.arms {
		low, high := s.possible(i)
		if s.counts[i] == 0 {
			j.because("%s was asked for %s and was not seen yet; in so few requests that is no surprise", s.names[i],
				percent(each.share))
		} else if p := equivalent(low, high, s.total, each); p > s.q.Alpha {
			j.because("%s got %s, and so far is only shown to lie between %s and %s, not within %s of %s", s.names[i],
				percent(s.counts[i]/float64(s.hits)), percent(boundBelow(low, s.total, s.q.Alpha)),
				percent(boundAbove(high, s.total, s.q.Alpha)), points(each.margin), percent(each.share))
		}
	}
	s.sayLeak(j)
	if s.failed+s.unknown > 0 {
		j.advise("mend what leaves answers without a version: %s", kinds(s.tally.Errors, s.tally.Unidentified))
	}
	j.advise("%s", s.wanted())
}

func (s *sample) sayLeak(j *Judgement) {
	switch {
	case !s.q.excludes() || s.excluded():
	case s.unknown > 0:
		j.because("%s may have been a version that must get nothing", plural(s.unknown, "unidentified answer"))
	default:
		j.because("a leak of up to %s to a version that must get nothing is still possible; %s is to be excluded",
			percent(s.leakBound()), percent(s.q.Leak))
	}
}

// wanted says how many requests settle the question.
func (s *sample) wanted() string {
	switch {
	case s.plan.Needed == 0:
		if err := s.q.room(); err != nil {
			return err.Error()
		}
		return "no sample of a practical size settles this; ask for greater margins"
	case s.requests < s.plan.Needed && s.q.Method == Sequentially:
		return fmt.Sprintf("%s at most settle it, with a probability of %s either way; a sample that the sequential method "+
			"has not decided may go on, as long as nothing is changed", plural(s.plan.Needed, "request"), percent(s.q.Power))
	case s.requests < s.plan.Needed:
		return fmt.Sprintf("a fresh sample of %s settles it, with a probability of %s either way; a sample that is "+
			"stretched until it passes proves nothing", plural(s.plan.Needed, "request"), percent(s.q.Power))
	}
	return fmt.Sprintf("the sample was large enough, so a correct split ends here with a probability of at most %s: the "+
		"split is probably off by less than its margin. Look at the shares; a fresh sample of %s would tell, and asking "+
		"again and again until it passes proves nothing", percent(1-s.q.Power), plural(4*s.plan.Needed, "request"))
}

// warn adds what a reader should know whatever the verdict.
func (s *sample) warn(j *Judgement) {
	if s.requests == 0 {
		return
	}
	if s.requests < s.plan.Requests && s.q.Method != Sequentially {
		j.Warnings = append(j.Warnings, fmt.Sprintf("the sample has %s of the %s planned; the promised error rates hold "+
			"only if it was not stopped because of what it showed", plural(s.requests, "request"), number(s.plan.Requests)))
	}
	if j.Method == Asymptotic && !j.ChiSquare.Valid && len(s.arms) > 1 && s.hits > 0 {
		j.Warnings = append(j.Warnings, fmt.Sprintf("the chi-square p-value is only approximate: fewer than %d hits are "+
			"expected of some version, and neither all tables nor enough drawn ones are affordable", leastExpected))
	}
	if t := s.tally; len(versionsSeen(t)) > 1 {
		switch {
		case t.Sequence.Segments == 0 && t.Connections.Count == 0:
			j.Warnings = append(j.Warnings, "neither the order of the answers nor their connections are known, so whether "+
				"requests were drawn independently could not be tested")
		case t.Sequence.Segments > 0 && !consistent(t):
			j.Warnings = append(j.Warnings, "the order of the answers does not agree with their counts and was not tested")
		}
	}
}

func (j *Judgement) because(format string, args ...any) {
	j.Reasons = append(j.Reasons, fmt.Sprintf(format, args...))
}

func (j *Judgement) advise(format string, args ...any) {
	j.Advice = append(j.Advice, fmt.Sprintf(format, args...))
}

// asked is the split in words: "v1 90 %, v2 10 %".
func (s *sample) asked() string {
	var parts []string
	for _, each := range s.plan.Versions {
		parts = append(parts, each.Version+" "+percent(each.ExpectedShare))
	}
	return strings.Join(parts, ", ")
}

// percent keeps four digits of a small share, and of what a great one lacks of
// 100 %.
func percent(share float64) string { return decimal(100*share) + " %" }

// points is a margin in percentage points.
func points(margin float64) string { return decimal(100*margin) + " points" }

func decimal(x float64) string {
	small := min(x, 100-x)
	if !(small > 0) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	digits := int(max(0, 2-math.Floor(math.Log10(small))))
	text := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func pValue(p float64) string {
	if p < 1e-300 {
		return "less than 1e-300"
	}
	if p >= 0.0001 {
		return strconv.FormatFloat(p, 'g', 3, 64)
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}

// pIs is a p-value with its sign.
func pIs(p float64) string {
	if p < 1e-300 {
		return "p < 1e-300"
	}
	return "p = " + pValue(p)
}

// number groups digits by thousands.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return number(n) + " times"
}

// kinds lists what happened, the commonest first, at most four of them.
func kinds(counts ...map[string]int64) string {
	type kind struct {
		name  string
		count int64
	}
	var all []kind
	for _, each := range counts {
		for name, count := range each {
			all = append(all, kind{name, count})
		}
	}
	slices.SortFunc(all, func(a, b kind) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.name, b.name))
	})
	var parts []string
	for _, each := range all[:min(4, len(all))] {
		parts = append(parts, number(each.count)+" × "+each.name)
	}
	if len(all) > 4 {
		parts = append(parts, "and others")
	}
	return strings.Join(parts, ", ")
}
