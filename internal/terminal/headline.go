package terminal

import (
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// headline says in one sentence what a run came to.
func (t *text) headline(r *reports.Report, items []item) string {
	switch {
	case r.Interrupted:
		return t.word("headline-interrupted")
	case len(items) == 0:
		return t.word("headline-nothing")
	case len(items) == 1:
		return t.itemHeadline(items[0])
	}
	return t.suiteHeadline(items)
}

func (t *text) itemHeadline(i item) string {
	if i.check == nil {
		return t.meaning(i.counts())
	}
	expected := i.check.ExpectedVerdict
	if expected == "" {
		return t.checkHeadline(i.check)
	}
	if i.check.AsExpected() {
		return t.word("headline-fault-found", split.Values{"expected": t.lower(expected)})
	}
	return t.word("headline-not-expected", split.Values{"expected": t.lower(expected), "verdict": t.lower(i.check.Verdict)})
}

// lower is a verdict within a sentence.
func (t *text) lower(v analysis.Verdict) string { return t.word("lower-" + string(reports.Worst(v))) }

func (t *text) suiteHeadline(items []item) string {
	var (
		off, controls int64
		widest        float64
	)
	for _, each := range items {
		if each.counts() != analysis.Verified {
			off++
			continue
		}
		if each.check.ExpectedVerdict != "" {
			controls++
			continue
		}
		for _, v := range each.check.Versions {
			widest = max(widest, v.Margin.Or(0))
		}
	}
	switch all := len(items); {
	case off > 0:
		return t.word("headline-some-off", split.Values{"off": off, "checks": all})
	case controls > 0:
		return t.word("headline-controls", split.Values{"checks": all, "controls": controls})
	case widest > 0:
		return t.word("headline-all-within", split.Values{"checks": all, "margin": widest})
	default:
		return t.word("headline-all", split.Values{"checks": all})
	}
}

// checkHeadline names what decides: the margin that was shown, or the version
// that is farthest off.
func (t *text) checkHeadline(c *reports.Check) string {
	switch {
	case c.Verdict == analysis.Verified && len(c.Versions) > 0:
		return t.shown(c)
	case c.Verdict == analysis.Violated && impossible(c):
		return t.strayed(c)
	case c.Verdict == analysis.Violated:
		if words := t.farthest(c); words != "" {
			return words
		}
	case c.Verdict == analysis.Inconclusive && broken(c):
		return t.word("headline-dependent")
	}
	return t.meaning(c.Verdict)
}

// shown says within which margin each share is shown to lie.
func (t *text) shown(c *reports.Check) string {
	q := t.questionOf(c)
	values := split.Values{"versions": len(q.wanted), "margin": q.margin}
	if len(q.wanted) <= 4 {
		values["split"] = strings.Join(q.wanted, t.word("comma"))
	}
	id := "shown-within"
	switch {
	case q.margin <= 0:
		id = "shown-right"
	case !q.same:
		id = "shown-within-margins"
	default:
		if e := c.Equivalence; e != nil {
			if least, ok := e.MinMargin.Get(); ok && least < q.margin && percent(least, 2) != percent(q.margin, 2) {
				values["even"] = strings.TrimSuffix(percent(least, 2), " %")
			}
		}
	}
	said := t.word(id, values)
	for _, v := range c.Versions {
		if bound, ok := v.LeakBound.Get(); ok {
			said += t.word("shown-never", split.Values{"version": clip(v.Version, longName), "bound": t.percent(bound, 3)})
		}
	}
	return said
}

// strayed names the versions that answered and must not.
func (t *text) strayed(c *reports.Check) string {
	var (
		names []string
		hits  int64
	)
	for _, v := range c.Versions {
		if stray(v) {
			names, hits = append(names, clip(v.Version, longName)), hits+v.Count
		}
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], t.word("more", split.Values{"count": more}))
	}
	return t.word("headline-strayed", split.Values{"versions": names, "hits": hits, "requests": c.Requests})
}

func stray(v reports.Version) bool { return v.Count > 0 && (v.Unexpected || v.Weight.Or(1) == 0) }

// impossible reports whether a version answered that must never.
func impossible(c *reports.Check) bool { return slices.ContainsFunc(c.Versions, stray) }

// farthest names the version that is farthest off; of several the one that was
// asked for least, which is off by the largest part of its share.
func (t *text) farthest(c *reports.Check) string {
	var (
		worst reports.Version
		most  = -1.0
	)
	for _, v := range c.Versions {
		share, ok := v.Share.Get()
		expected := v.ExpectedShare.Or(0)
		if !ok || v.Unexpected {
			continue
		}
		switch off := math.Abs(share - expected); {
		case off > most+1e-9, off > most-1e-9 && expected < worst.ExpectedShare.Or(0):
			worst, most = v, max(off, most)
		}
	}
	if most <= 0 {
		return ""
	}
	d := decimals(c.Versions)
	got, asked := t.percent(worst.Share.Or(0), d), t.percent(worst.ExpectedShare.Or(0), d)
	for ; got == asked && d < 6; d++ {
		got, asked = t.percent(worst.Share.Or(0), d+1), t.percent(worst.ExpectedShare.Or(0), d+1)
	}
	return t.word("headline-farthest", split.Values{"version": clip(worst.Version, longName), "share": got, "asked": asked})
}
