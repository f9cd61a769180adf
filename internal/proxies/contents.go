package proxies

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// contents says in words what a wanted route does and what the programmed one
// does. The two texts are the same if and only if the routes do the same.
func (c *comparison) contents(w wanted, r envoy.Route) (configured, programmed string) {
	var ours, theirs []string
	add := func(same bool, a, b string) {
		if !same {
			ours, theirs = append(ours, a), append(theirs, b)
		}
	}
	rule := w.split.Rule
	switch {
	case rule.Redirect != nil:
		add(r.Redirect, "a redirect", action(r, short))
	case rule.Direct != nil:
		add(r.Direct, "a direct response", action(r, short))
	default:
		arms := armsOf(rule)
		programmed := c.programmed(arms, r)
		names := namesOf(arms, programmed)
		add(!r.Redirect && !r.Direct && sameShares(arms, programmed), armWords(arms, names), action(r, names))
	}
	var abort, delay float64
	if rule.Abort != nil {
		abort = rule.Abort.Percent
	}
	if rule.Delay != nil {
		delay = rule.Delay.Percent
	}
	add(split.Same(abort, r.Abort), percent(abort)+" aborted", percent(r.Abort)+" aborted")
	add(split.Same(delay, r.Delay), percent(delay)+" delayed", percent(r.Delay)+" delayed")
	mirrors := mirrorsOf(rule)
	add(slices.EqualFunc(mirrors, r.Mirrors, func(a, b envoy.Mirror) bool { return a.Cluster == b.Cluster && split.Same(a.Percent, b.Percent) }),
		mirrorWords(mirrors), mirrorWords(r.Mirrors))
	if len(ours) == 0 {
		settings(rule, r, add)
		add(sameHeaders(rule, r.Arms), "other headers for its destinations", "those of a former version")
	}
	return strings.Join(ours, ", "), strings.Join(theirs, ", ")
}

// action says where a route sends, or what it does instead.
func action(r envoy.Route, name func(string) string) string {
	switch {
	case r.Redirect:
		return "a redirect"
	case r.Direct:
		return "a direct response"
	case len(r.Arms) == 0:
		return "no destination"
	}
	return armWords(r.Arms, name)
}

// unresolved stands for a destination of an HTTPRoute that names nothing; istiod
// has names of its own for them.
//
//differential:sidecar/unknown-backend httproute/dotted-backend
const unresolved = "nothing (500)"

func armsOf(rule *routing.Rule) []envoy.Arm {
	var arms []envoy.Arm
	for i, weight := range rule.Weights() {
		d := rule.Destinations[i]
		arm := envoy.Arm{Cluster: d.Cluster.String(), Weight: weight}
		if d.Status != 0 {
			arm.Cluster = unresolved
		}
		arms = append(arms, arm)
	}
	return arms
}

// programmed are the arms of r. Where a wanted one leads to nothing, one that the
// table does not know is that: "UnknownService", or the cluster as it would be
// called if it were there.
func (c *comparison) programmed(want []envoy.Arm, r envoy.Route) []envoy.Arm {
	if !slices.ContainsFunc(want, func(a envoy.Arm) bool { return a.Cluster == unresolved }) {
		return r.Arms
	}
	arms := slices.Clone(r.Arms)
	for i := range arms {
		if !c.known(arms[i].Cluster) {
			arms[i].Cluster = unresolved
		}
	}
	return arms
}

// known says whether the table has a cluster of this name.
func (c *comparison) known(cluster string) bool {
	name, ok := routing.ParseClusterName(cluster)
	return ok && c.table.Cluster(name) != nil
}

// sameHeaders says whether the destinations change the headers that they should,
// each of its own. Of an only one the route changes them.
func sameHeaders(rule *routing.Rule, arms []envoy.Arm) bool {
	if len(rule.Destinations) < 2 {
		return true
	}
	var want, have []string
	for i, a := range armsOf(rule) {
		if a.Cluster != unresolved {
			want = append(want, a.Cluster+" "+strings.Join(headerWords(rule.Destinations[i].Headers), "; "))
		}
	}
	for _, a := range arms {
		have = append(have, a.Cluster+" "+a.Headers)
	}
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

func mirrorsOf(rule *routing.Rule) []envoy.Mirror {
	var mirrors []envoy.Mirror
	for _, m := range rule.Mirrors {
		mirrors = append(mirrors, envoy.Mirror{Cluster: m.Cluster.String(), Percent: m.Percent})
	}
	return mirrors
}

// shares are the parts of the whole by cluster; those of weight 0 have none.
func shares(arms []envoy.Arm) map[string]float64 {
	var sum float64
	for _, a := range arms {
		sum += a.Weight
	}
	out := map[string]float64{}
	for _, a := range arms {
		if a.Weight > 0 {
			out[a.Cluster] += a.Weight / sum
		}
	}
	return out
}

func sameShares(want, have []envoy.Arm) bool {
	a, b := shares(want), shares(have)
	if len(a) != len(b) {
		return false
	}
	for cluster, share := range a {
		if !split.Same(share, b[cluster]) {
			return false
		}
	}
	return true
}

// armWords are the arms as people write them: "v1 90, v2 10".
func armWords(arms []envoy.Arm, name func(string) string) string {
	if len(arms) == 0 {
		return "no destination"
	}
	words := make([]string, len(arms))
	for i, a := range arms {
		words[i] = name(a.Cluster)
		if len(arms) > 1 {
			words[i] += " " + strconv.FormatFloat(a.Weight, 'g', -1, 64)
		}
	}
	return strings.Join(words, ", ")
}

// namesOf returns the shortest way to name the clusters of both sides that keeps
// them apart: by subset, else by service, else as short does.
func namesOf(sides ...[]envoy.Arm) func(string) string {
	for _, name := range []func(string) string{subset, service} {
		cluster := map[string]string{} // by name
		apart := true
		for _, arms := range sides {
			for _, a := range arms {
				n := name(a.Cluster)
				known, ok := cluster[n]
				apart = apart && n != "" && (!ok || known == a.Cluster)
				cluster[n] = a.Cluster
			}
		}
		if apart {
			return name
		}
	}
	return short
}

func subset(cluster string) string {
	if name, ok := routing.ParseClusterName(cluster); ok {
		return name.Subset
	}
	return cluster
}

// service is the name of a cluster's Service, where it has no subset.
func service(cluster string) string {
	name, ok := routing.ParseClusterName(cluster)
	switch {
	case !ok:
		return cluster
	case name.Subset != "":
		return ""
	}
	return name.Called()
}

func mirrorWords(mirrors []envoy.Mirror) string {
	if len(mirrors) == 0 {
		return "no mirror"
	}
	words := make([]string, len(mirrors))
	for i, m := range mirrors {
		words[i] = percent(m.Percent) + " mirrored to " + short(m.Cluster)
	}
	return strings.Join(words, ", ")
}

// short is what people call a cluster: "reviews.default:9080 v1", the subset
// where there is one.
func short(cluster string) string {
	name, ok := routing.ParseClusterName(cluster)
	if !ok {
		return cluster
	}
	return strings.TrimSpace(fmt.Sprintf("%s:%d %s", strings.TrimSuffix(name.Host, "."+istio.ServiceDomain), name.Port, name.Subset))
}

func percent(p float64) string { return strconv.FormatFloat(p, 'g', -1, 64) + " %" }

// conditionsOf are the conditions of a programmed route, in routing's words and
// order.
func conditionsOf(m envoy.Match) []routing.Condition {
	var all []routing.Condition
	kind := map[string]string{"path": "exact", "prefix": "prefix", "under": "element", "regex": "regex"}[m.Path]
	if kind != "" && !(kind == "prefix" && (m.Value == "/" || m.Value == "")) {
		all = append(all, routing.Condition{On: "path", Kind: kind, Value: m.Value, Fold: m.CaseInsensitive && kind != "regex"})
	}
	for _, h := range m.Headers {
		c := routing.Condition{On: "header", Name: strings.ToLower(h.Name), Kind: h.Text, Value: h.Value, Not: h.Invert}
		switch c.Name {
		case ":method", ":scheme", ":authority":
			c.On, c.Name = c.Name[1:], ""
		case "host":
			c.On, c.Name = "authority", ""
		}
		all = append(all, c)
	}
	for _, q := range m.Query {
		all = append(all, routing.Condition{On: "query", Name: q.Name, Kind: q.Text, Value: q.Value, Not: q.Invert})
	}
	return ordered(all)
}

func ordered(all []routing.Condition) []routing.Condition {
	slices.SortFunc(all, func(a, b routing.Condition) int {
		return cmp.Or(strings.Compare(a.On, b.On), strings.Compare(a.Name, b.Name), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Value, b.Value))
	})
	return all
}

func matchWords(conditions []routing.Condition) string {
	if len(conditions) == 0 {
		return "any request"
	}
	words := make([]string, len(conditions))
	for i, c := range conditions {
		words[i] = strings.Join(strings.Fields(c.On+" "+c.Name+" "+c.Kind), " ") + " " + strconv.Quote(c.Value)
		if c.Not {
			words[i] = "without " + words[i]
		}
	}
	return strings.Join(words, ", ")
}
