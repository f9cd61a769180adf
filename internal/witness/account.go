package witness

import (
	"cmp"
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// An Account puts what the proxies say beside what the answers say. Its methods
// may be called on nil, which is a sample without a second account.
type Account struct {
	Question
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
	// obeyed tells of a proxy that it carries what the rule asks of it. The same
	// rule can ask for something else on a port without the Service.
	obeyed map[string]bool

	counted, failed map[string]int64 // by version
	sent            map[string]int64 // by proxy
	own             int64            // answers of the proxies that decide, before they chose
	// gaps are why the counts are not complete.
	gaps []split.Finding
	// changed are the weights that were others after the sample.
	changed []split.Finding

	sample Sample

	notes, warnings []split.Finding
}

// Shares are parts of a whole by version. Empty ones are those of a route that
// sends nothing.
type shares map[string]float64

func newAccount(q Question, before, after target.Observation) *Account {
	a := &Account{
		Question:   q,
		programmed: map[string]shares{}, obeyed: map[string]bool{}, counted: map[string]int64{}, failed: map[string]int64{},
		sent: map[string]int64{}, sample: Sample{Answers: &split.Tally{}},
	}
	a.nameless = !slices.ContainsFunc(slices.Collect(maps.Values(q.Decides.Clusters)), q.Expect.Has)
	a.weights(after)
	a.count(before, after)
	a.compareRoutes(before, after)
	for _, w := range q.Expect {
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

// Facts are what bears on the verdict.
func (a *Account) Facts() analysis.Account {
	if a == nil {
		return analysis.Account{}
	}
	facts := analysis.Account{Changes: a.changed}
	if a.counts() && len(a.gaps) == 0 {
		facts.Sent, facts.Own = a.counted, a.own
		facts.Requests = a.sample.Answers.Requests() + a.sample.Beside
	}
	return facts
}

// sharesOf shares out the weights of a route by version; a destination that
// stands for several is called by its own name.
func (a *Account) sharesOf(r target.Route, weight func(target.Arm) float64) shares {
	parts, sum := shares{}, 0.0
	for _, arm := range r.Arms {
		parts[cmp.Or(a.Decides.Clusters[arm.Cluster], arm.Cluster)] += weight(arm)
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

// decided says whether it is known which rule decides.
func (a *Account) decided() bool { return a.Decides.Source != manifests.Source{} }

// weights reads the rule that decides off every proxy that has it.
func (a *Account) weights(seen target.Observation) {
	if !a.decided() {
		return
	}
	for _, r := range seen.Routes {
		if r.Source != a.Decides.Source {
			continue
		}
		if a.configured == nil {
			a.configured = a.sharesOf(r, configured)
		}
		carried := a.sharesOf(r, programmed)
		// A proxy may have the rule for several hosts and ports: one that is
		// wrong shows.
		if known, twice := a.programmed[r.Proxy]; !twice || a.obeyed[r.Proxy] || same(known, a.configured) {
			a.programmed[r.Proxy], a.obeyed[r.Proxy] = carried, same(carried, a.sharesOf(r, configured))
		}
	}
}

func same(a, b shares) bool {
	for _, pair := range [][2]shares{{a, b}, {b, a}} {
		for version, share := range pair[0] {
			if !split.Same(share, pair[1][version]) {
				return false
			}
		}
	}
	return true
}

func (a *Account) proxies() []string {
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
func (a *Account) agreed() (shares, bool) {
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
