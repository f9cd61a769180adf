package analysis

import (
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// An Account is what the proxies know of a sample, beside its answers. What they
// sent is not a sample of the question, for they count retries, copies and the
// traffic of others too. Where it is exactly what was asked, it tells of which
// version the requests were that came back as errors.
type Account struct {
	// Changes are what was changed in the weights, or in what decides beside
	// them, while the sample was drawn.
	Changes []split.Finding
	// Sent is how many requests the proxies that decide sent to each version
	// meanwhile. It is nil where that is not known of every request.
	Sent map[string]int64
	// Own is how many requests they answered themselves before they chose a route:
	// these were no version's. Requests is how many were sent to them in all, those
	// in flight at the end included; 0 where that is not known.
	Own, Requests int64
}

// The reasons for which an account takes a verdict back: the ids of what is
// found then.
const (
	// WeightsChanged: the sample is of two splits.
	WeightsChanged = "weights-changed"
	// CameAnotherWay: none of the proxies sent any of the requests.
	CameAnotherWay = "came-another-way"
	// AnswersDenied: more answers named a version than requests were sent to it.
	AnswersDenied = "answers-denied"
	// CutShort: the sample was ended before its time.
	CutShort = "cut-short"
)

// EndedEarly takes back what is verified of a sample that was ended before its
// time, for the reason that is given: the promises are those of the whole sample.
// What is shown to be wrong stands, for nothing that it showed has ended it.
func EndedEarly(j *Judgement, p *Plan, reason string) *Judgement {
	if j.Verdict != Verified {
		return j
	}
	why := split.Found(CutShort, split.Values{"requests": j.Requests, "planned": p.Requests, "text": reason})
	return j.withdrawn(why, "take-whole-sample")
}

// Reconsider holds a judgement against the account of the proxies, and returns
// what is left of it. It comes after all that Judge goes through:
//
// Weights that changed while counting leave a sample of two splits, which says
// nothing of either, whichever way it came out: Inconclusive. Where too little
// was measured for a verdict, it is a warning: it is likely why.
//
// What is verified is taken back to Inconclusive where none of the proxies asked
// for the answers: they say nothing of what these are programmed with.
//
// Answers beyond the requests that were sent to their version named it wrongly or
// came another way. With these among the unidentified ones, which may have been
// any version, the verdict must be the same still, else it is taken back, too. A
// sequential sample, which stopped where it did because of these answers, is not
// verified then. What is violated stands where some requests went past the
// proxies: the answers may have come that way.
//
// And where the proxies tell of which versions the errors were, the sample is
// judged by that.
func Reconsider(j *Judgement, p *Plan, t *split.Tally, a Account) *Judgement {
	switch verified := j.Verdict == Verified; {
	case j.Verdict == NotMeasured && len(a.Changes) > 0:
		told := *j
		told.Warnings = append(slices.Clip(j.Warnings), a.changed())
		return &told
	case len(a.Changes) > 0:
		return j.withdrawn(a.changed(), "see-who-changes")
	case verified && a.Unseen(t):
		return j.withdrawn(a.AnotherWay(t), "see-where-address-leads")
	case len(a.Denied(t)) > 0:
		if (verified || j.Verdict == Violated && a.sent() >= t.Hits()) && !a.holdsWithout(j.Verdict, p, t) {
			return j.withdrawn(a.Contradiction(t), "see-how-versions-are-told")
		}
		return j
	}
	return a.settle(j, p, t)
}

// withdrawn is a judgement of a sample that turned out to show nothing.
func (j *Judgement) withdrawn(why split.Finding, advice string) *Judgement {
	left := *j
	left.Verdict, left.Withdrawn = Inconclusive, why.ID
	left.Reasons, left.Advice, left.Diagnosis = []split.Finding{why}, []split.Finding{split.Found(advice, nil)}, nil
	return &left
}

// Unseen says that the requests were answered and that no proxy which decides
// has sent any: whoever answered was not asked by them.
func (a Account) Unseen(t *split.Tally) bool { return a.Sent != nil && a.sent() == 0 && t.Hits() > 0 }

// Denied is by how many the answers that named a version are more than the
// requests that were sent to it, for the versions of which they are.
func (a Account) Denied(t *split.Tally) map[string]int64 {
	denied := map[string]int64{}
	if a.sent() == 0 {
		return denied
	}
	for version, n := range t.Versions {
		if n > a.Sent[version] {
			denied[version] = n - a.Sent[version]
		}
	}
	return denied
}

func (a Account) sent() int64 {
	var sum int64
	for _, n := range a.Sent {
		sum += n
	}
	return sum
}

// holdsWithout judges the sample as if the answers that the proxies deny had
// named no version: they may then have been any, as the contract has it.
func (a Account) holdsWithout(verdict Verdict, p *Plan, t *split.Tally) bool {
	if p.Method == Sequentially && verdict == Verified {
		return false
	}
	doubted := &split.Tally{Versions: map[string]int64{}, Errors: t.Errors, Unidentified: map[string]int64{}}
	maps.Copy(doubted.Unidentified, t.Unidentified)
	denied := a.Denied(t)
	for version, n := range t.Versions {
		doubted.Versions[version] = n - denied[version]
		doubted.Unidentified[split.Kind("kind-denied")] += denied[version]
	}
	return Judge(p, doubted).Verdict == verdict
}

func (a Account) changed() split.Finding {
	return split.Found(WeightsChanged, split.Values{"changes": a.Changes})
}

// AnotherWay says what Unseen means.
func (a Account) AnotherWay(t *split.Tally) split.Finding {
	return split.Found(CameAnotherWay, split.Values{"requests": t.Hits()})
}

// Contradiction puts the answers and what was sent side by side.
func (a Account) Contradiction(t *split.Tally) split.Finding {
	var versions []split.Values
	for _, version := range slices.Sorted(maps.Keys(t.Versions)) {
		versions = append(versions, split.Values{"version": version, "named": t.Versions[version], "sent": a.Sent[version]})
	}
	return split.Found(AnswersDenied, split.Values{"versions": versions})
}
