package witness

import (
	"maps"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// deciding reports whether a proxy's requests are those of the rule: all
// proxies' are where it is not known.
func (a *Account) deciding(proxy string) bool {
	_, has := a.programmed[proxy]
	return has || len(a.programmed) == 0
}

// A place is where one counter stands.
type place struct{ proxy, cluster, pod string }

// count sums up by version what the proxies that decide have sent in between.
func (a *Account) count(before, after target.Observation) {
	if !a.counts() {
		a.comings(before, after)
		return
	}
	was := map[place]target.Count{}
	for _, c := range before.Counts {
		was[place{c.Proxy, c.Cluster, c.Pod}] = c
	}
	back := map[string]bool{}
	for _, c := range after.Counts {
		at := place{c.Proxy, c.Cluster, c.Pod}
		old := was[at]
		delete(was, at)
		version := a.version(c)
		if version == "" || !a.deciding(c.Proxy) {
			continue
		}
		if c.Requests < old.Requests || c.Errors < old.Errors {
			back[c.Proxy] = true
			old = target.Count{}
		}
		a.counted[version] += c.Requests - old.Requests
		a.failed[version] += c.Errors - old.Errors
		a.sent[c.Proxy] += c.Requests - old.Requests
	}
	for proxy, n := range after.Own {
		switch more := n - before.Own[proxy]; {
		case !a.deciding(proxy):
		case more < 0:
			back[proxy] = true
		default:
			a.own += more
		}
	}
	for _, proxy := range slices.Sorted(maps.Keys(back)) {
		a.gaps = append(a.gaps, split.Found("counters-went-back", split.Values{"proxy": proxy}))
	}
	a.comings(before, after)
	// The counters of a pod that has gone are lost, unless the proxy has gone
	// and has been named.
	there, gone := proxiesOf(after), map[string]bool{}
	for at, c := range was {
		if there[at.proxy] && a.version(c) != "" && a.deciding(at.proxy) {
			gone[at.pod] = true
		}
	}
	for _, pod := range slices.Sorted(maps.Keys(gone)) {
		a.gaps = append(a.gaps, split.Found("pod-went-away", split.Values{"pod": pod}))
	}
}

// version is that of the pod that a count is about; empty for other workloads
// and for what a sidecar takes in.
func (a *Account) version(c target.Count) string {
	if strings.HasPrefix(c.Cluster, "inbound|") {
		return ""
	}
	if c.Workload != "" && !a.Decides.Named {
		return a.Decides.Workloads[c.Workload]
	}
	return a.Decides.Clusters[c.Cluster]
}

// comings finds the proxies that came or went while counting.
func (a *Account) comings(before, after target.Observation) {
	was, is := proxiesOf(before), proxiesOf(after)
	for _, proxy := range slices.Sorted(maps.Keys(was)) {
		if !is[proxy] {
			a.gaps = append(a.gaps, split.Found("proxy-went-away", split.Values{"proxy": proxy}))
		}
	}
	for _, proxy := range slices.Sorted(maps.Keys(is)) {
		if !was[proxy] && (a.deciding(proxy) || a.sent[proxy] > 0) {
			a.notes = append(a.notes, split.Found("proxy-came", split.Values{"proxy": proxy}))
		}
	}
}

func proxiesOf(seen target.Observation) map[string]bool {
	all := map[string]bool{}
	for _, r := range seen.Routes {
		all[r.Proxy] = true
	}
	for _, c := range seen.Counts {
		all[c.Proxy] = true
	}
	return all
}
