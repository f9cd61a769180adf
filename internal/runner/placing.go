package runner

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
)

// compare says what the two accounts differ in: with a reason where the sample
// itself gives one, as a warning where it does not.
func (a *account) compare() {
	a.warnings = append(a.warnings, a.gaps...)
	if !a.counts() {
		return
	}
	if total(a.counted) == 0 {
		if a.unseen() {
			a.warnings = append(a.warnings, a.another())
		}
		return
	}
	for _, version := range a.versions {
		if more := a.counted[version] - a.observed[version]; more > 0 {
			a.excess(version, more)
		}
	}
	if a.denied() > 0 {
		a.warnings = append(a.warnings, a.contradiction())
	}
}

// unseen says that the requests were answered and that no proxy which decides
// has sent any: whoever answered was not asked by them.
func (a *account) unseen() bool {
	return a.counts() && len(a.gaps) == 0 && total(a.counted) == 0 && total(a.observed) > 0
}

func (a *account) another() string {
	return fmt.Sprintf("the proxies sent none of the %d requests that were answered: they came another way, from another cluster, past the mesh or out of a cache", total(a.observed))
}

// excess explains why the proxies sent more to a version than answers named it.
// What failed at the proxies was tried again, or came back as an answer that
// named nothing; both are known. The rest is not.
func (a *account) excess(version string, more int64) {
	words := fmt.Sprintf("the proxies sent %d requests to %s, and %d answers named it", a.counted[version], version, a.observed[version])
	var known []string
	left := more
	because := func(n int64, format string) {
		if n = min(n, left); n > 0 {
			known = append(known, fmt.Sprintf(format, n))
			left -= n
		}
	}
	because(a.failed[version], "%d failed there and were tried again or came back as errors")
	because(a.lost, "%d may be among the requests whose answers named no version")
	because(a.doubled, "%d were sent beside those that count: a login, or a second time on another connection")
	copied := slices.Contains(a.decides.Copied, version)
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
	if a.check.Expect.Has(version) && a.check.Expect.Share(version) == 0 {
		words += ". Its weight is 0: see who sends it requests"
	}
	a.warnings = append(a.warnings, words)
}

// lacking is how many answers named version beyond what the proxies sent to it.
// Where counters were lost, nothing is.
func (a *account) lacking(version string) int64 {
	if len(a.gaps) > 0 || !a.counts() || total(a.counted) == 0 {
		return 0
	}
	return max(0, a.observed[version]-a.counted[version])
}

// denied is how many answers the proxies deny.
func (a *account) denied() int64 {
	var sum int64
	for version := range a.observed {
		sum += a.lacking(version)
	}
	return sum
}

func (a *account) contradiction() string {
	words := "the answers and the proxies contradict each other: "
	for i, version := range slices.Sorted(maps.Keys(a.observed)) {
		if i > 0 {
			words += ", "
		}
		words += fmt.Sprintf("%d answers named %s and the proxies sent %d requests there", a.observed[version], version, a.counted[version])
	}
	return words
}

// place says where the mistake lies of a check that is not verified: the first
// of manifest, proxies, and what they do, that is not as the one before. It is
// empty where that cannot be told.
func (a *account) place(verdict analysis.Verdict) (place, words string) {
	if verdict == analysis.Verified || a.configured == nil || len(a.programmed) == 0 {
		return "", ""
	}
	expected := shares{}
	for _, w := range a.check.Expect {
		expected[w.Version] = a.check.Expect.Share(w.Version)
	}
	if len(a.configured) > 0 && (len(a.decides.Workloads) > 0 || a.decides.Named) && !same(expected, a.configured) {
		return reports.InManifest, fmt.Sprintf("the mistake is in the manifest or in what is expected: %s asks for %s, and the check expects %s",
			a.decides.Source, a.ratio(a.configured), a.ratio(expected))
	}
	for _, name := range a.proxies() {
		carried, has := a.programmed[name]
		if has && !same(carried, a.configured) {
			return reports.InControlPlane, fmt.Sprintf("the mistake is between the control plane and the proxies: %s asks for %s, and proxy %s is programmed with %s",
				a.decides.Source, a.ratio(a.configured), name, a.ratio(carried))
		}
	}
	if verdict != analysis.Violated || len(a.gaps) > 0 || total(a.counted) == 0 {
		return "", ""
	}
	sent := shares{}
	for version := range a.counted {
		sent[version] = part(a.counted, version)
	}
	if float64(a.denied()) >= a.farthest(expected)*float64(total(a.observed))/2 {
		return reports.InIdentification, fmt.Sprintf(
			"the mistake is in how the versions are told apart, or the answers come another way: the proxies are programmed with %s and sent %s, which the answers deny",
			a.ratio(a.configured), a.ratio(rounded(sent)))
	}
	words = fmt.Sprintf("the mistake is in the data plane: the proxies are programmed with %s, as %s asks for, and sent %s",
		a.ratio(a.configured), a.decides.Source, a.ratio(rounded(sent)))
	for _, version := range a.versions {
		if n := a.failed[version]; n > 0 {
			words += fmt.Sprintf("; of %d requests sent to %s, retries included, %d failed", a.counted[version], version, n)
		}
	}
	return reports.InDataPlane, words
}

// farthest is the greatest difference of an observed share from the expected.
func (a *account) farthest(expected shares) float64 {
	var most float64
	for version := range a.observed {
		most = max(most, math.Abs(part(a.observed, version)-expected[version]))
	}
	return most
}

// rounded are shares as they are read: to a tenth of a percent.
func rounded(s shares) shares {
	short := shares{}
	for version, share := range s {
		short[version] = math.Round(share*1000) / 1000
	}
	return short
}
