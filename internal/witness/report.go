package witness

import (
	"github.com/splitcheck/splitcheck/reports"
)

// Report enters the account into what is known of a check.
func (a *Account) Report(m *reports.Measurement) {
	if a == nil {
		return
	}
	m.Mesh = a.mesh()
	m.Warnings = append(m.Warnings, a.warnings...)
}

func (a *Account) mesh() *reports.Mesh {
	answers := a.sample.Answers
	mesh := &reports.Mesh{Rule: a.Decides.Source.String(), Host: a.Decides.Host, NoteItems: a.notes}
	sampled, sent := answers.Requests() > 0, total(a.counted) > 0
	for _, version := range a.versions {
		d := reports.Destination{Version: version}
		_, seen := answers.Versions[version]
		unplaced := a.nameless && (seen || a.Expect.Has(version))
		if a.configured != nil && !unplaced {
			d.ConfiguredShare = reports.Num(a.configured[version])
		}
		if all, agree := a.agreed(); agree && !unplaced {
			d.ProgrammedShare = reports.Num(all[version])
		}
		if sampled && (unplaced || !a.nameless) {
			d.Observed = reports.Num(float64(answers.Versions[version]))
			d.ObservedShare = reports.Num(part(answers.Versions, version))
			if a.counts() {
				d.Counted, d.Failed = reports.Num(float64(a.counted[version])), reports.Num(float64(a.failed[version]))
			}
			if sent {
				d.CountedShare = reports.Num(part(a.counted, version))
			}
		}
		mesh.Destinations = append(mesh.Destinations, d)
	}
	for _, name := range a.proxies() {
		carried, has := a.programmed[name]
		if sampled && a.sent[name] == 0 && (!has || same(carried, a.configured)) {
			continue
		}
		p := reports.Proxy{Name: name}
		if sampled {
			p.Counted = reports.Num(float64(a.sent[name]))
		}
		if len(carried) > 0 {
			for _, version := range a.order(carried) {
				p.Programmed = append(p.Programmed, reports.Programmed{Version: version, Share: reports.Num(carried[version])})
			}
		}
		mesh.Proxies = append(mesh.Proxies, p)
	}
	return mesh
}
