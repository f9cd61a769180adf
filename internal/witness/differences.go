package witness

import (
	"slices"

	"github.com/splitcheck/splitcheck/split"
)

// compare takes in what the answers say. It says what the two accounts differ in: with a reason where the sample
// itself gives one, as a warning where it does not.
func (a *Account) compare(s Sample) {
	a.sample = s
	a.warnings = append(a.warnings, a.gaps...)
	if !a.counts() {
		return
	}
	facts := a.Facts()
	if total(a.counted) == 0 {
		if facts.Unseen(s.Answers) {
			a.warnings = append(a.warnings, facts.AnotherWay(s.Answers))
		}
		return
	}
	for _, version := range a.versions {
		if more := a.counted[version] - s.Answers.Versions[version]; more > 0 {
			a.excess(version, more)
		}
	}
	if len(facts.Denied(s.Answers)) > 0 {
		a.warnings = append(a.warnings, facts.Contradiction(s.Answers))
	}
}

// excess explains why the proxies sent more to a version than answers named it.
// What failed at the proxies was tried again, or came back as an answer that
// named nothing; both are known. The rest is not.
func (a *Account) excess(version string, more int64) {
	found := split.Values{"version": version, "sent": a.counted[version], "named": a.sample.Answers.Versions[version]}
	left := more
	because := func(n int64, reason string) {
		if n = min(n, left); n > 0 {
			found[reason] = n
			left -= n
		}
	}
	because(a.failed[version], "failed")
	because(a.sample.Answers.Failed()+a.sample.Answers.Unknown(), "unnamed")
	because(a.sample.Beside, "beside")
	if slices.Contains(a.Decides.Copied, version) {
		because(left, "copied")
	}
	// What one version was sent and another named is one and the same request.
	because(total(a.Facts().Denied(a.sample.Answers)), "misnamed")
	if left == 0 {
		a.notes = append(a.notes, split.Found("proxies-sent-more", found))
		return
	}
	found["unexplained"] = left
	found["weight_zero"] = a.Expect.Has(version) && a.Expect.Share(version) == 0
	a.warnings = append(a.warnings, split.Found("proxies-sent-more", found))
}
