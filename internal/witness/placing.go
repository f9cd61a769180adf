package witness

import (
	"fmt"
	"math"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/split"
)

// Place says where the mistake of a check lies that was judged, as far as the
// account can tell.
func (a *Account) Place(j *analysis.Judgement, m *reports.Measurement) {
	switch {
	case a == nil || j.Verdict == analysis.NotMeasured:
	case j.Withdrawn == analysis.AnswersDenied:
		m.Mesh.MistakeIn = reports.InIdentification
	case j.Withdrawn != "":
	case j.Verdict == analysis.Verified:
		// The answers are right and one proxy is not: it may have had no part in
		// them, and will have one in others.
		if place, words := a.place(analysis.Inconclusive); place == reports.InControlPlane {
			m.Warnings = append(m.Warnings, words)
		}
	default:
		place, words := a.place(j.Verdict)
		if m.Mesh.MistakeIn = place; words != "" {
			m.Diagnosis = append(m.Diagnosis, words)
		}
	}
}

// place says where the mistake lies of a check that is not verified: the first
// of manifest, proxies, and what they do, that is not as the one before. It is
// empty where that cannot be told.
func (a *Account) place(verdict analysis.Verdict) (place, words string) {
	if verdict == analysis.Verified || a.configured == nil || len(a.programmed) == 0 {
		return "", ""
	}
	expected := shares{}
	for _, w := range a.Expect {
		expected[w.Version] = a.Expect.Share(w.Version)
	}
	if len(a.configured) > 0 && (len(a.Decides.Workloads) > 0 || a.Decides.Named) && !same(expected, a.configured) {
		return reports.InManifest, fmt.Sprintf("the mistake is in the manifest or in what is expected: %s asks for %s, and the check expects %s",
			a.Decides.Source, a.ratio(a.configured), a.ratio(expected))
	}
	for _, name := range a.proxies() {
		carried, has := a.programmed[name]
		if has && !same(carried, a.configured) {
			return reports.InControlPlane, fmt.Sprintf("the mistake is between the control plane and the proxies: %s asks for %s, and proxy %s is programmed with %s",
				a.Decides.Source, a.ratio(a.configured), name, a.ratio(carried))
		}
	}
	if verdict != analysis.Violated || len(a.gaps) > 0 || total(a.counted) == 0 {
		return "", ""
	}
	sent := shares{}
	for version := range a.counted {
		sent[version] = part(a.counted, version)
	}
	answers := a.sample.Answers
	if float64(total(a.Facts().Denied(answers))) >= farthest(answers, expected)*float64(answers.Hits())/2 {
		return reports.InIdentification, fmt.Sprintf(
			"the mistake is in how the versions are told apart, or the answers come another way: the proxies are programmed with %s and sent %s, which the answers deny",
			a.ratio(a.configured), a.ratio(rounded(sent)))
	}
	words = fmt.Sprintf("the mistake is in the data plane: the proxies are programmed with %s, as %s asks for, and sent %s",
		a.ratio(a.configured), a.Decides.Source, a.ratio(rounded(sent)))
	for _, version := range a.versions {
		if n := a.failed[version]; n > 0 {
			words += fmt.Sprintf("; of %d requests sent to %s, retries included, %d failed", a.counted[version], version, n)
		}
	}
	return reports.InDataPlane, words
}

// farthest is the greatest difference of an observed share from the expected.
func farthest(answers *split.Tally, expected shares) float64 {
	var most float64
	for version := range answers.Versions {
		most = max(most, math.Abs(part(answers.Versions, version)-expected[version]))
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
