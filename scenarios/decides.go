package scenarios

import (
	"slices"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// A Decisive is what can be known, without sending anything, of the choice that
// a check looks at: which rule makes it, and which version each destination is.
type Decisive struct {
	// Source is routing.Rule.Source of the rule that splits the requests. It is
	// zero where no rule does, and where it takes the request itself to tell which
	// one: a header that an application sets is not known before.
	Source manifests.Source
	// Host is the full name of the Service whose versions are told apart, or
	// empty where the rule names a Service for each version.
	Host string
	// Clusters are the versions by destination, as routing.ClusterName writes it,
	// "outbound|80|v1|canary.default.svc.cluster.local"; those that stand for
	// several versions are not among them.
	Clusters map[string]string
	// Workloads are the versions by Deployment and namespace,
	// "reviews-v1.default". It is empty where the check's answers are called by
	// other names.
	Workloads map[string]string
	// Named says that the destinations are taken for the versions that they are
	// called by: their applications are not the scenario's, so that nothing else
	// is known of them.
	Named bool
	// Copied are the versions that a rule of the scenario mirrors requests to.
	Copied []string
}

// Decides says what splits the requests of a check in a step, with everything
// applied up to it. ok is false where no proxy does, so that none can be asked:
// past gateway and mesh, behind a client without
// a sidecar, and where copies are counted.
func (s *Scenario) Decides(step string, c Check) (d Decisive, ok bool) {
	for _, v := range views(s) {
		if v.step.Name == step {
			return v.decides(c)
		}
	}
	return Decisive{}, false
}

func (v *view) decides(c Check) (d Decisive, ok bool) {
	if c.Mirrored != "" {
		return d, false // Copies are no choice among versions.
	}
	e := v.enter(c)
	host := v.split(c, e)
	rule := v.decisiveRule(c)
	switch {
	case rule == nil && host == nil:
		return d, false
	case host != nil && e.first != nil && e.first.host == host.host:
		if c.Request.Via.Service != "" {
			return d, false
		}
	case e.first != nil && v.bare(*e.first):
		return d, false
	}
	d.Clusters, d.Workloads = map[string]string{}, map[string]string{}
	if rule != nil {
		d.Source = rule.Source
		for _, to := range rule.Destinations {
			v.stands(&d, to, rule)
		}
	}
	if host != nil {
		d.Host = host.host
		for _, port := range host.value.Spec.Ports {
			name := routing.ClusterName{Host: host.host, Port: int(port.Port)}
			v.stands(&d, routing.Destination{Cluster: name}, rule)
			for _, subset := range v.subsets(host.host) {
				name.Subset = subset.value.Name
				v.stands(&d, routing.Destination{Cluster: name}, rule)
			}
		}
		v.runs(&d, *host)
	}
	if !v.named(c, d) {
		d.Workloads = nil
	}
	if rule != nil && len(d.Clusters) == 0 && len(d.Workloads) == 0 {
		d.Clusters = byName(c, rule)
		d.Named = len(d.Clusters) > 0
	}
	d.Copied = v.copied()
	return d, true
}

// bare reports whether a workload behind s calls others without a sidecar.
func (v *view) bare(s service) bool {
	return slices.ContainsFunc(v.behind(s, nil), func(w workload) bool { return !w.hasSidecar })
}

// stands enters which version a destination stands for, and what runs it.
func (v *view) stands(d *Decisive, to routing.Destination, rule *routing.Rule) {
	if version := v.versionBehind(to, rule); version != "" {
		d.Clusters[to.Cluster.String()] = version
	}
	if s, known := v.services[to.Cluster.Host]; known {
		v.runs(d, s)
	}
}

func (v *view) runs(d *Decisive, s service) {
	for _, w := range v.behind(s, nil) {
		if version := v.versionOf(w); version != "" {
			d.Workloads[w.object.Name+"."+w.object.Namespace] = version
		}
	}
}

// named reports whether a check calls the versions what the workloads do.
func (v *view) named(c Check, d Decisive) bool {
	known := map[string]bool{}
	for _, version := range d.Workloads {
		known[version] = true
	}
	return !slices.ContainsFunc(c.Expect, func(w split.Weight) bool { return !known[w.Version] })
}

// byName takes the destinations of a rule for the versions that their subsets or
// Services are called by, if these are the very versions that the check expects;
// else it is empty.
func byName(c Check, rule *routing.Rule) map[string]string {
	clusters, used := map[string]string{}, map[string]bool{}
	for _, to := range rule.Destinations {
		name := to.Cluster.Called()
		if used[name] || !c.Expect.Has(name) || to.Status != 0 {
			return nil
		}
		used[name] = true
		clusters[to.Cluster.String()] = name
	}
	for _, w := range c.Expect {
		if w.Weight > 0 && !used[w.Version] {
			return nil
		}
	}
	return clusters
}

// copied returns the versions that some rule sends copies to.
func (v *view) copied() []string {
	var versions []string
	add := func(host, subset string) {
		to := routing.Destination{Cluster: routing.ClusterName{Host: host, Subset: subset}}
		if version := v.versionBehind(to, nil); version != "" && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	for rule := range v.virtualRules() {
		for _, m := range rule.value.Mirrors {
			add(routing.FullHost(m.GetDestination().GetHost(), rule.object.Namespace), m.GetDestination().GetSubset())
		}
		if m := rule.value.Mirror; m != nil {
			add(routing.FullHost(m.Host, rule.object.Namespace), m.Subset)
		}
	}
	for rule := range v.gatewayRules() {
		for _, filter := range rule.value.Filters {
			if m := filter.RequestMirror; m != nil {
				_, host := routing.Backend(m.BackendRef, rule.object.Namespace)
				add(host, "")
			}
		}
	}
	return versions
}
