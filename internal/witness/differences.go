package witness

import (
	"fmt"
	"slices"
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
	words := fmt.Sprintf("the proxies sent %d requests to %s, and %d answers named it", a.counted[version], version, a.sample.Answers.Versions[version])
	var known []string
	left := more
	because := func(n int64, format string) {
		if n = min(n, left); n > 0 {
			known = append(known, fmt.Sprintf(format, n))
			left -= n
		}
	}
	because(a.failed[version], "%d failed there and were tried again or came back as errors")
	because(a.sample.Answers.Failed()+a.sample.Answers.Unknown(), "%d may be among the requests whose answers named no version")
	because(a.sample.Beside, "%d were sent beside those that count: a login, or a second time on another connection")
	copied := slices.Contains(a.Decides.Copied, version)
	if copied {
		because(left, "%d are copies by a rule that mirrors")
	}
	for i, reason := range known {
		words += []string{": ", ", "}[min(i, 1)] + reason
	}
	if left == 0 {
		a.notes = append(a.notes, words)
		return
	}
	words += fmt.Sprintf("; %d more were the traffic of others, or calls that an application made a second time", left)
	if a.Expect.Has(version) && a.Expect.Share(version) == 0 {
		words += ". Its weight is 0: see who sends it requests"
	}
	a.warnings = append(a.warnings, words)
}
