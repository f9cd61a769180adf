package analysis

import (
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// lost returns of which versions the errors and the unidentified answers were, by
// what the proxies have counted: each version's counter has risen by its answers
// and a part of them, and all counters together by the requests, but for those
// that the proxies answered before they chose a route. With anything less the
// account is not complete: a counter may have missed some, and others' traffic, a
// retry or a copy may stand in another's place.
func (a Account) lost(q Question, t *split.Tally) (lost map[string]int64, complete bool) {
	unnamed := t.Failed() + t.Unknown()
	if a.Sent == nil || unnamed == 0 || t.Hits() == 0 || a.Requests != t.Requests() || a.sent()+a.Own != a.Requests {
		return nil, false
	}
	lost = map[string]int64{}
	for _, version := range slices.Concat(slices.Collect(maps.Keys(a.Sent)), slices.Collect(maps.Keys(t.Versions))) {
		n := a.Sent[version] - t.Versions[version]
		if n < 0 || n > 0 && !q.Weights.Has(version) {
			return nil, false
		}
		lost[version] = n
	}
	return lost, true
}

// settle judges a sample with every error taken for the version that the proxies
// know it was. A request to a version that must get nothing is as impossible as an
// answer of it. What the errors left open may be decided; what is decided without
// them is left as it is.
func (a Account) settle(j *Judgement, p *Plan, t *split.Tally) *Judgement {
	lost, complete := a.lost(p.Question, t)
	if !complete || j.Verdict == Violated {
		return j
	}
	known := &split.Tally{Versions: maps.Clone(t.Versions)}
	for version, n := range lost {
		known.Versions[version] += n
	}
	settled := *j
	by := Judge(p, known)
	if strays := a.strays(p.Question, lost); len(strays) > 0 {
		settled.Verdict, settled.Reasons, settled.Diagnosis = Violated, strays, by.Diagnosis
		settled.Advice = nil
		for _, each := range strays {
			settled.advise("find-stray-traffic", split.Values{"version": each.Values["version"]})
		}
		settled.Versions = slices.Clone(j.Versions)
		for i := range settled.Versions {
			if lost[settled.Versions[i].Version] > 0 {
				settled.Versions[i].LeakBound = 0
			}
		}
		return &settled
	}
	if j.Verdict != Inconclusive || by.Verdict == Inconclusive || !seenAll(p.Question, t) ||
		slices.ContainsFunc(j.Gates, func(g Gate) bool { return g.Broken }) {
		return j
	}
	settled.Verdict, settled.Diagnosis, settled.Equivalence, settled.Power = by.Verdict, by.Diagnosis, by.Equivalence, by.Power
	settled.Reasons = append(slices.Clip(by.Reasons), a.told(p.Question, lost))
	settled.Advice = by.Advice
	settled.Versions = slices.Clone(j.Versions)
	for i := range settled.Versions {
		settled.Versions[i].LeakBound = by.Versions[i].LeakBound
	}
	return &settled
}

// seenAll reports whether every version of positive weight was named by an answer.
func seenAll(q Question, t *split.Tally) bool {
	return !slices.ContainsFunc(q.Weights, func(w split.Weight) bool { return w.Weight > 0 && t.Versions[w.Version] == 0 })
}

// strays are the versions of weight zero to which the proxies sent requests that
// came back as errors.
func (a Account) strays(q Question, lost map[string]int64) []split.Finding {
	var found []split.Finding
	for _, each := range q.Weights {
		if each.Weight == 0 && lost[each.Version] > 0 {
			found = append(found, split.Found("weight-zero-sent", split.Values{
				"version": each.Version, "sent": lost[each.Version], "share": float64(lost[each.Version]) / float64(a.Requests),
			}))
		}
	}
	return found
}

// told says of which versions the errors were.
func (a Account) told(q Question, lost map[string]int64) split.Finding {
	var versions []split.Values
	for _, each := range q.Weights {
		if n := lost[each.Version]; n > 0 {
			versions = append(versions, split.Values{"version": each.Version, "count": n})
		}
	}
	return split.Found("errors-known", split.Values{"versions": versions, "own": a.Own})
}
