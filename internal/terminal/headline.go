package terminal

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// headline says in one sentence what a run came to.
func headline(r *reports.Report, items []item) string {
	switch {
	case r.Interrupted:
		return "the run was ended before it was complete; what was counted until then follows"
	case len(items) == 0:
		return "nothing was checked, so nothing is known"
	case len(items) == 1:
		return itemHeadline(items[0])
	}
	return suiteHeadline(items)
}

func itemHeadline(i item) string {
	if i.check == nil {
		return meaning(i.counts())
	}
	switch expected := i.check.ExpectedVerdict; {
	case expected == "":
		return checkHeadline(i.check)
	case i.check.AsExpected():
		return fmt.Sprintf("the check found the fault that it was meant to find: %s, as expected", expected)
	default:
		return fmt.Sprintf("the check was expected to be %s and was %s", expected, i.check.Verdict)
	}
}

func suiteHeadline(items []item) string {
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
	all := fmt.Sprintf("all %s checks", count(int64(len(items))))
	if len(items) == 2 {
		all = "both checks"
	}
	switch {
	case off == 1:
		return fmt.Sprintf("1 of %s checks is not as expected", count(int64(len(items))))
	case off > 0:
		return fmt.Sprintf("%s of %s checks are not as expected", count(off), count(int64(len(items))))
	case controls > 0:
		return fmt.Sprintf("%s came out as expected, %s among them", all, plural(controls, "negative control"))
	case widest > 0:
		return fmt.Sprintf("%s are verified, each share to within %s or less", all, points(widest))
	default:
		return all + " are verified"
	}
}

// checkHeadline names what decides: the margin that was shown, or the version
// that is farthest off.
func checkHeadline(c *reports.Check) string {
	switch {
	case c.Verdict == analysis.Verified && len(c.Versions) > 0:
		return shown(c)
	case c.Verdict == analysis.Violated && impossible(c):
		return strayed(c)
	case c.Verdict == analysis.Violated:
		if words := farthest(c); words != "" {
			return words
		}
	case c.Verdict == analysis.Inconclusive && broken(c):
		return "the requests were not independent of each other, so the counts cannot be judged"
	}
	return meaning(c.Verdict)
}

// shown says within which margin each share is shown to lie.
func shown(c *reports.Check) string {
	q := questionOf(c)
	words := strings.Join(q.wanted, ", ")
	if len(q.wanted) > 4 {
		words = fmt.Sprintf("%d versions", len(q.wanted))
	}
	each := ", each"
	if len(q.wanted) == 1 {
		each = ","
	}
	switch {
	case q.margin <= 0:
		words += each + " shown to be right"
	case !q.same:
		words += each + " shown to within its margin, " + points(q.margin) + " at most"
	default:
		words += each + " shown to within " + points(q.margin)
		if e := c.Equivalence; e != nil {
			if least, ok := e.MinMargin.Get(); ok && least < q.margin && points(least) != points(q.margin) {
				words += " (even to within " + strings.TrimSuffix(percent(least, 2), " %") + ")"
			}
		}
	}
	for _, v := range c.Versions {
		if bound, ok := v.LeakBound.Get(); ok {
			words += "; " + clip(v.Version, longName) + " never, shown to be below " + percent(bound, 3)
		}
	}
	return words
}

// strayed names the versions that answered and must not.
func strayed(c *reports.Check) string {
	var (
		names []string
		hits  int64
	)
	for _, v := range c.Versions {
		if v.Version == split.MirroredAgain {
			return plural(v.Count, "request") + " arrived as a second copy"
		}
		if stray(v) {
			names, hits = append(names, clip(v.Version, longName)), hits+v.Count
		}
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("%s must never answer, and answered %s of %s", list(names), count(hits), plural(c.Requests, "request"))
}

func stray(v reports.Version) bool { return v.Count > 0 && (v.Unexpected || v.Weight.Or(1) == 0) }

// impossible reports whether a version answered that must never.
func impossible(c *reports.Check) bool { return slices.ContainsFunc(c.Versions, stray) }

// farthest names the version that is farthest off; of several the one that was
// asked for least, which is off by the largest part of its share.
func farthest(c *reports.Check) string {
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
	got, asked := percent(worst.Share.Or(0), d), percent(worst.ExpectedShare.Or(0), d)
	for ; got == asked && d < 6; d++ {
		got, asked = percent(worst.Share.Or(0), d+1), percent(worst.ExpectedShare.Or(0), d+1)
	}
	return fmt.Sprintf("%s got %s of the answers, not %s", clip(worst.Version, longName), got, asked)
}
