package proxies

import (
	"slices"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
)

// narrowed says whether a Sidecar object may keep routes from p: one of its own
// namespace, or of the namespace that is the whole mesh's. Which ones is
// not worked out: that takes the Services that they lead to, too.
func narrowed(objects []manifests.Object, p Proxy) bool {
	return !p.Gateway && slices.ContainsFunc(objects, func(o manifests.Object) bool {
		return o.Key().Group == manifests.IstioGroup && o.Kind == "Sidecar" && (o.Namespace == p.Namespace || o.Namespace == istio.Namespace)
	})
}

// any says whether the proxy has some route of an object, or, of one that others
// delegate to, some that may be.
func (c *comparison) any(key manifests.Key) bool {
	w := wanted{object: key, delegate: c.delegate(key)}
	for _, have := range c.have {
		if slices.ContainsFunc(have, func(r envoy.Route) bool { return c.of(w, r) }) {
			return true
		}
	}
	return false
}
