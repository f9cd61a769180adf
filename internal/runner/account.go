package runner

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
)

// An account puts what the proxies say beside what the answers say.
type account struct {
	check   scenarios.Check
	decides scenarios.Decisive
	// versions are those that the check expects, then all others that the
	// proxies know, by name.
	versions []string

	// nameless marks a rule whose destinations stand for none of the check's
	// versions, as far as is known: those of an application that the scenario
	// has not brought. Their shares then stand for themselves.
	nameless bool

	// configured are the shares that the rule asks for, programmed those that
	// each proxy carries that has the rule; nil where no rule is known.
	configured shares
	programmed map[string]shares

	counted, failed map[string]int64 // by version
	sent            map[string]int64 // by proxy
	// gaps say why the counts are not complete.
	gaps []string
	// changed says which weights were others after the sample.
	changed []string

	observed map[string]int64
	lost     int64 // requests whose answer named no version
	doubled  int64 // requests known to have been sent beside those counted

	notes, warnings []string
}

// Shares are parts of a whole by version. Empty ones are those of a route that
// sends nothing.
type shares map[string]float64

func newAccount(c scenarios.Check, d scenarios.Decisive, before, after target.Testimony) *account {
	a := &account{
		check: c, decides: d,
		programmed: map[string]shares{}, counted: map[string]int64{}, failed: map[string]int64{},
		sent: map[string]int64{}, observed: map[string]int64{},
	}
	a.nameless = !slices.ContainsFunc(slices.Collect(maps.Values(d.Clusters)), c.Expect.Has)
	a.weights(after)
	a.count(before, after)
	a.watch(before, after)
	for _, w := range c.Expect {
		a.versions = append(a.versions, w.Version)
	}
	others := map[string]bool{}
	for _, each := range append(slices.Collect(maps.Values(a.programmed)), a.configured) {
		for version, share := range each {
			others[version] = others[version] || share > 0
		}
	}
	for version, n := range a.counted {
		others[version] = others[version] || n > 0
	}
	for _, version := range slices.Sorted(maps.Keys(others)) {
		if others[version] && !slices.Contains(a.versions, version) {
			a.versions = append(a.versions, version)
		}
	}
	return a
}

// sharesOf shares out the weights of a route by version; a destination that
// stands for several is called by its own name.
func (a *account) sharesOf(r target.Route, weight func(target.Arm) float64) shares {
	parts, sum := shares{}, 0.0
	for _, arm := range r.Arms {
		parts[cmp.Or(a.decides.Clusters[arm.Cluster], arm.Cluster)] += weight(arm)
		sum += weight(arm)
	}
	if !(sum > 0) {
		return shares{}
	}
	for version := range parts {
		parts[version] /= sum
	}
	return parts
}

func configured(arm target.Arm) float64 { return arm.Configured }
func programmed(arm target.Arm) float64 { return arm.Programmed }

// weights reads the rule that decides off every proxy that has it.
func (a *account) weights(said target.Testimony) {
	if a.decides.Source == "" {
		return
	}
	for _, r := range said.Routes {
		if r.Source != a.decides.Source {
			continue
		}
		if a.configured == nil {
			a.configured = a.sharesOf(r, configured)
		}
		carried := a.sharesOf(r, programmed)
		// A proxy may have the rule for several hosts and ports: one that is
		// wrong shows.
		if known, twice := a.programmed[r.Proxy]; !twice || same(known, a.configured) {
			a.programmed[r.Proxy] = carried
		}
	}
}

// same allows for what dividing costs.
func same(a, b shares) bool {
	for _, pair := range [][2]shares{{a, b}, {b, a}} {
		for version, share := range pair[0] {
			if math.Abs(share-pair[1][version]) > 1e-9 {
				return false
			}
		}
	}
	return true
}

// sample takes in what the answers say.
func (a *account) sample(s *loadgen.Result) {
	a.observed = s.Tally.Versions
	a.lost = s.Tally.Failed() + s.Tally.Unknown()
	a.doubled = s.Resent + s.Cut
	if a.check.Request.Login != nil {
		a.doubled++
	}
	a.compare()
}

// report is the account as the report has it.
func (a *account) report() *reports.Mesh {
	mesh := &reports.Mesh{Rule: a.decides.Source, Host: a.decides.Host, Notes: a.notes}
	sampled, heard := total(a.observed)+a.lost > 0, total(a.counted) > 0
	for _, version := range a.versions {
		d := reports.Destination{Version: version}
		_, seen := a.observed[version]
		unplaced := a.nameless && (seen || a.check.Expect.Has(version))
		if a.configured != nil && !unplaced {
			d.ConfiguredShare = reports.Num(a.configured[version])
		}
		if all, agree := a.agreed(); agree && !unplaced {
			d.ProgrammedShare = reports.Num(all[version])
		}
		if sampled && (unplaced || !a.nameless) {
			d.Observed = reports.Num(float64(a.observed[version]))
			d.ObservedShare = reports.Num(part(a.observed, version))
			if a.counts() {
				d.Counted, d.Failed = reports.Num(float64(a.counted[version])), reports.Num(float64(a.failed[version]))
			}
			if heard {
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

func (a *account) proxies() []string {
	all := map[string]bool{}
	for name := range a.programmed {
		all[name] = true
	}
	for name := range a.sent {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// agreed returns the shares that all proxies carry, if they do.
func (a *account) agreed() (shares, bool) {
	var first shares
	for _, name := range a.proxies() {
		carried, has := a.programmed[name]
		switch {
		case !has:
		case first == nil:
			first = carried
		case !same(first, carried):
			return nil, false
		}
	}
	return first, len(first) > 0
}

func total(counts map[string]int64) int64 {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	return sum
}

// part is the share of one version, NaN of nothing.
func part(counts map[string]int64, version string) float64 {
	return float64(counts[version]) / float64(total(counts))
}

func listed(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
