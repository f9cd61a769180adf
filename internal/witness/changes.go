package witness

import (
	"maps"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// compareRoutes holds the routes to the versions before and after, on the proxies
// that have the rule, or on all where it is not known which one decides. Other
// rules to the same versions are among them: one in front of it takes requests
// away from it.
func (a *Account) compareRoutes(before, after target.Observation) {
	has := map[string]bool{}
	for _, r := range slices.Concat(before.Routes, after.Routes) {
		has[r.Proxy] = has[r.Proxy] || a.decided() && r.Source == a.Decides.Source
	}
	known := slices.Contains(slices.Collect(maps.Values(has)), true)
	concerns := func(r target.Route) bool {
		if r.Source == a.Decides.Source {
			return true
		}
		return (has[r.Proxy] || !known) && slices.ContainsFunc(r.Arms, func(arm target.Arm) bool {
			return a.Decides.Clusters[arm.Cluster] != "" ||
				a.Decides.Host != "" && strings.HasSuffix(arm.Cluster, "|"+a.Decides.Host)
		})
	}
	type key struct {
		proxy  string
		source manifests.Source
		nth    int
	}
	collect := func(seen target.Observation) (map[key]target.Route, []key) {
		found, times := map[key]target.Route{}, map[key]int{}
		var order []key
		for _, r := range seen.Routes {
			if concerns(r) {
				k := key{proxy: r.Proxy, source: r.Source}
				times[k]++
				k.nth = times[k]
				found[k] = r
				order = append(order, k)
			}
		}
		return found, order
	}
	was, order := collect(before)
	is, later := collect(after)
	there, early := proxiesOf(after), proxiesOf(before)
	for _, k := range later {
		if _, old := was[k]; !old && early[k.proxy] {
			order = append(order, k)
		}
	}
	rewritten := map[string]bool{}
	for _, k := range order {
		if !there[k.proxy] {
			continue // It went away, and that is said.
		}
		old, now := a.sharesOf(was[k], programmed), a.sharesOf(is[k], programmed)
		switch {
		case !same(old, now):
			values := split.Values{"before": a.ratio(old), "after": a.ratio(now), "proxy": k.proxy}
			if k.source != a.Decides.Source {
				values["rule"] = k.source.String()
			}
			change := split.Found("proxy-reprogrammed", values)
			if !slices.ContainsFunc(a.changed, change.Same) {
				a.changed = append(a.changed, change)
			}
		case !was[k].Updated.Equal(is[k].Updated):
			rewritten[k.proxy] = true
		}
	}
	if len(rewritten) > 0 && len(a.changed)+len(after.Changes) == 0 {
		a.warnings = append(a.warnings, split.Found("routes-rewritten", split.Values{"proxies": slices.Sorted(maps.Keys(rewritten))}))
	}
}

// ratio is shares in the order of the versions; none where there is no such
// route.
func (a *Account) ratio(s shares) []split.Values {
	ratio := []split.Values{}
	if len(s) == 0 {
		return ratio
	}
	for _, version := range a.order(s) {
		ratio = append(ratio, split.Values{"version": version, "share": s[version]})
	}
	return ratio
}

// order is that of the check's weights, then by name.
func (a *Account) order(s shares) []string {
	var order []string
	for _, w := range a.Expect {
		if !a.nameless {
			order = append(order, w.Version)
		}
	}
	for _, version := range slices.Sorted(maps.Keys(s)) {
		if !slices.Contains(order, version) && s[version] > 0 {
			order = append(order, version)
		}
	}
	return order
}
