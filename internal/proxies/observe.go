package proxies

import (
	"slices"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
)

// Observe returns for each rule of objects that p should carry the configured
// and the programmed weights, in the order of Compare's places. A rule that
// stands under several hosts or matches is there once for each different list of
// arms. A rule that sends nowhere, such as a redirect, is left out; one that the
// proxy does not have has programmed weights of 0.
func Observe(objects []manifests.Object, p Proxy, routes envoy.Routes) []target.Route {
	c := newComparison(objects, p, routes)
	var out []target.Route
	for _, at := range c.places() {
		have := c.have[at]
		used := make([]bool, len(have))
		for i, w := range c.want[at] {
			var r envoy.Route
			if j := c.partner(w, i, have, used); j >= 0 {
				used[j] = true
				r = have[j]
			}
			arms := armsOf(w.split.Rule)
			if len(arms) == 0 {
				continue
			}
			route := target.Route{
				Proxy: p.String(), Workload: p.Workload, Source: w.split.Rule.Source,
				Updated: r.Updated,
			}
			for _, a := range arms {
				route.Arm(a.Cluster).Configured += a.Weight
			}
			for _, a := range c.programmed(arms, r) {
				route.Arm(a.Cluster).Programmed += a.Weight
			}
			if !slices.ContainsFunc(out, func(o target.Route) bool {
				return o.Source == route.Source && slices.Equal(o.Arms, route.Arms)
			}) {
				out = append(out, route)
			}
		}
	}
	return out
}

// Mentions returns those of keys that routes still name, in the order of keys.
// A rule of an HTTPRoute that has a name of its own is in the routes by that
// alone; it counts for every HTTPRoute of its namespace.
func Mentions(routes envoy.Routes, keys []manifests.Key) []manifests.Key {
	var named []manifests.Key
	for _, k := range keys {
		if slices.ContainsFunc(routes, func(r envoy.Route) bool {
			return r.Object == k || r.Object.Name == "" && r.Object.Kind == "HTTPRoute" && k.Kind == r.Object.Kind && r.Object.Namespace == k.Namespace
		}) {
			named = append(named, k)
		}
	}
	return named
}
