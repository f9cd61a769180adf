package mesh

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// checkDefects names every defect that has nothing to disturb.
func (c *cluster) checkDefects(s *snapshot) error {
	var mistakes []string
	for _, d := range c.defects {
		say := func(format string, args ...any) {
			mistakes = append(mistakes, fmt.Sprintf("defect %q: ", d.Kind)+fmt.Sprintf(format, args...))
		}
		kind, known := target.LookupDefect(d.Kind)
		if !known {
			say("there is no such kind; there are %s", listed(target.DefectNames()))
			continue
		}
		if d.Host != "" && len(s.servicesOf(d.Host)) == 0 {
			say("no service is called %q; there are %s", d.Host, listed(s.serviceNames()))
			continue
		}
		for _, need := range kind.Needs {
			switch err := d.Lacks(need); {
			case err != nil && need == "version":
				say("%v; %s has %s", err, hostOf(d), listed(s.arms(d.Host)))
			case err != nil:
				say("%v", err)
			}
		}
		for _, version := range versionsOf(d) {
			if len(s.armPods(d.Host, version)) == 0 {
				say("%s has no version %q; it has %s", hostOf(d), version, listed(s.arms(d.Host)))
			}
		}
		if d.Kind == "stuck-proxy" && (d.Proxy < 0 || d.Proxy >= len(c.entrance().proxies)) {
			say("there is no gateway pod %d; there are %s", d.Proxy, listed(c.gatewayPods()))
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return fmt.Errorf("simulated mesh: %s", strings.Join(mistakes, "; "))
}

// versionsOf are the versions that a defect names.
func versionsOf(d target.Defect) []string {
	var names []string
	for _, w := range d.Weights {
		names = append(names, w.Version)
	}
	if d.Version != "" {
		names = append(names, d.Version)
	}
	return names
}

func hostOf(d target.Defect) string {
	if d.Host == "" {
		return "the mesh"
	}
	return d.Host
}

// isService reports whether a defect's host, as a user writes it, is the
// service "namespace/name". A short name means a service of any namespace.
func isService(host, service string) bool {
	namespace, name, _ := strings.Cut(service, "/")
	if !strings.Contains(host, ".") {
		return host == name
	}
	ns, n := routing.Resolve(host, "")
	return ns == namespace && n == name
}

func (s *snapshot) servicesOf(host string) []*service {
	var found []*service
	for key, each := range s.services {
		if host == "" || isService(host, key) {
			found = append(found, each)
		}
	}
	return found
}

// armPods returns the pods that a defect's version means: those of a subset or
// backend of that name, or of pods that run that version, behind host.
func (s *snapshot) armPods(host, version string) []*pod {
	var found []*pod
	for _, each := range s.servicesOf(host) {
		for _, p := range each.pods {
			if p.runs(version) || s.inSubset(each, p, version) {
				found = append(found, p)
			}
		}
		if backend := s.services[each.namespace+"/"+version]; backend != nil {
			found = append(found, backend.pods...)
		}
	}
	slices.SortFunc(found, func(a, b *pod) int { return strings.Compare(a.namespace+"/"+a.name, b.namespace+"/"+b.name) })
	return slices.Compact(found)
}

func (s *snapshot) inSubset(of *service, p *pod, name string) bool {
	return slices.ContainsFunc(s.subsets, func(each subset) bool {
		return each.name == name && each.host == of.host && routing.Selects(each.labels, p.labels)
	})
}

// arms names what host has, for messages.
func (s *snapshot) arms(host string) []string {
	var names []string
	for _, each := range s.servicesOf(host) {
		for _, p := range each.pods {
			names = append(names, p.version)
		}
		for _, sub := range s.subsets {
			if sub.host == each.host {
				names = append(names, sub.name)
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// A staleness is how many requests the weights before a change still last.
type staleness struct {
	host string
	left atomic.Int64
}

func (s *staleness) take() bool { return s.left.Load() > 0 && s.left.Add(-1) >= 0 }

// resolveDefects finds the pods that defects concern.
func (s *snapshot) resolveDefects() {
	s.dead, s.failing = map[*pod]bool{}, map[*pod]float64{}
	for _, d := range s.defects {
		switch d.Kind {
		case "dead":
			for _, p := range s.armPods(d.Host, d.Version) {
				s.dead[p] = true
			}
		case "failing":
			for _, p := range s.armPods(d.Host, d.Version) {
				s.failing[p] = d.Share
			}
		case "stale":
			stale := &staleness{host: d.Host}
			stale.left.Store(d.Requests)
			s.stale = append(s.stale, stale)
		}
	}
}

// errorRate is the share of requests that gateways answer by themselves.
func (s *snapshot) errorRate() float64 {
	var rate float64
	for _, d := range s.defects {
		if d.Kind == "errors" {
			rate = 1 - (1-rate)*(1-d.Share)
		}
	}
	return rate
}

// disturb changes a plan by the defects that concern it.
func (v *view) disturb(p *plan, called string) *plan {
	for _, d := range v.snap.defects {
		if !v.disturbs(d.Host, p, called) {
			continue
		}
		switch d.Kind {
		case "weights":
			var arms []arm
			var total uint64
			for _, w := range d.Weights {
				a, ok := v.armOf(p, d.Host, called, w.Version)
				if !ok {
					continue
				}
				a.weight = uint64(math.Round(w.Weight / d.Weights.Sum() * 1e9))
				arms, total = append(arms, a), total+a.weight
			}
			if total > 0 {
				p.arms, p.total = arms, total
			}
		case "leak":
			if a, ok := v.armOf(p, d.Host, called, d.Version); ok {
				p.leaks = append(p.leaks, leak{d.Share, a})
			}
		case "first-request":
			if a, ok := v.armOf(p, d.Host, called, d.Version); ok {
				p.first = &a
			}
		case "sticky-client":
			p.draws = perClient
		case "sticky-connection":
			p.draws = perConnection
		case "alternating":
			p.draws = inTurn
		}
	}
	if p.draws == inTurn {
		if p.cycle = p.turns(); len(p.cycle) == 0 {
			p.draws = perRequest
		}
	}
	return p
}

func (v *view) disturbs(host string, p *plan, called string) bool {
	if p.rule != nil {
		return v.concerns(host, p.rule, called)
	}
	return host == "" || isService(host, called)
}

// armOf finds the arm that a defect names: a destination of the rule by its
// subset or service, or else the pods themselves, which a rule that leaves
// them out does not have.
func (v *view) armOf(p *plan, host, called, version string) (arm, bool) {
	var first *routing.Destination
	for _, a := range p.arms {
		if a.dest == nil {
			continue
		}
		if first == nil {
			first = a.dest
		}
		if a.dest.Cluster.Called() == version {
			return a, true
		}
	}
	if first == nil {
		return arm{}, false
	}
	if host == "" {
		if _, host, _ = strings.Cut(called, "/"); v.table != nil {
			host = first.Cluster.Host
		}
	}
	pods := v.snap.armPods(host, version)
	if len(pods) == 0 {
		return arm{}, false
	}
	name := routing.ClusterName{Host: host, Port: first.Cluster.Port}
	e := v.remember(clusterKey{name, version}, func() *endpoints {
		var doors []door
		for _, each := range pods {
			doors = append(doors, door{pod: each, listens: true})
		}
		return v.enlist(first.Cluster.Host, name.String(), doors, routing.LeastRequest, routing.HashOn{})
	})
	return arm{endpoints: e}, true
}
