package witness

import (
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
		if place, mistake := a.place(analysis.Inconclusive); place == reports.InControlPlane {
			m.Warnings = append(m.Warnings, mistake)
		}
	default:
		place, mistake := a.place(j.Verdict)
		if m.Mesh.MistakeIn = place; place != "" {
			m.Causes = append(m.Causes, mistake)
		}
	}
}

// place says where the mistake lies of a check that is not verified: the first
// of manifest, proxies, and what they do, that is not as the one before. It is
// empty where that cannot be told.
func (a *Account) place(verdict analysis.Verdict) (place string, mistake split.Finding) {
	if verdict == analysis.Verified || a.configured == nil || len(a.programmed) == 0 {
		return "", split.Finding{}
	}
	expected := shares{}
	for _, w := range a.Expect {
		expected[w.Version] = a.Expect.Share(w.Version)
	}
	if len(a.configured) > 0 && (len(a.Decides.Workloads) > 0 || a.Decides.Named) && !same(expected, a.configured) {
		return reports.InManifest, split.Found("mistake-in-manifest", split.Values{
			"rule": a.Decides.Source.String(), "configured": a.ratio(a.configured), "expected": a.ratio(expected),
		})
	}
	for _, name := range a.proxies() {
		carried, has := a.programmed[name]
		if has && !a.obeyed[name] && !same(carried, a.configured) {
			return reports.InControlPlane, split.Found("mistake-in-control-plane", split.Values{
				"rule": a.Decides.Source.String(), "configured": a.ratio(a.configured), "proxy": name, "programmed": a.ratio(carried),
			})
		}
	}
	if verdict != analysis.Violated || len(a.gaps) > 0 || total(a.counted) == 0 {
		return "", split.Finding{}
	}
	sent := shares{}
	for version := range a.counted {
		sent[version] = part(a.counted, version)
	}
	answers := a.sample.Answers
	denied := total(a.Facts().Denied(answers))
	if denied > 0 && float64(denied) >= farthest(answers, expected)*float64(answers.Hits())/2 {
		return reports.InIdentification, split.Found("mistake-in-identification", split.Values{
			"configured": a.ratio(a.configured), "sent": a.ratio(sent),
		})
	}
	failed := []split.Values{}
	for _, version := range a.versions {
		if n := a.failed[version]; n > 0 {
			failed = append(failed, split.Values{"version": version, "sent": a.counted[version], "failed": n})
		}
	}
	return reports.InDataPlane, split.Found("mistake-in-data-plane", split.Values{
		"rule": a.Decides.Source.String(), "configured": a.ratio(a.configured), "sent": a.ratio(sent), "failed": failed,
	})
}

// farthest is the greatest difference of an observed share from the expected.
func farthest(answers *split.Tally, expected shares) float64 {
	var most float64
	for version := range answers.Versions {
		most = max(most, math.Abs(part(answers.Versions, version)-expected[version]))
	}
	return most
}
