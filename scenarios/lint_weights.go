package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// An httpRule is one entry of a VirtualService's list.
type httpRule struct {
	object manifests.Object
	path   string
	value  *networking.HTTPRoute
}

// virtualRules yields the entries of all VirtualServices.
func (v *view) virtualRules() iter.Seq[httpRule] {
	return func(yield func(httpRule) bool) {
		for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
			for i, rule := range vs.Spec.Http {
				if !yield(httpRule{o, fmt.Sprintf("spec.http[%d]", i), rule}) {
					return
				}
			}
		}
	}
}

// A gatewayRule is one rule of an HTTPRoute.
type gatewayRule struct {
	object manifests.Object
	path   string
	value  *gatewayv1.HTTPRouteRule
}

func (v *view) gatewayRules() iter.Seq[gatewayRule] {
	return func(yield func(gatewayRule) bool) {
		for o, route := range inventory.Values[*gatewayv1.HTTPRoute](v.Inventory) {
			for i := range route.Spec.Rules {
				if !yield(gatewayRule{o, fmt.Sprintf("spec.rules[%d]", i), &route.Spec.Rules[i]}) {
					return
				}
			}
		}
	}
}

func lintLoneWeight(l *linter, v *view) {
	for rule := range v.virtualRules() {
		weight := rule.path + ".route[0].weight"
		if routing.Lone(rule.value.Route) && rule.object.Has(weight) && rule.value.Route[0].Weight != 100 {
			l.at(rule.object, weight,
				fmt.Sprintf("the only destination of a rule gets everything, whatever its weight; %d changes nothing", rule.value.Route[0].Weight),
				"add the other destinations, or remove the weight")
		}
	}
	for rule := range v.gatewayRules() {
		if refs := rule.value.BackendRefs; routing.Lone(refs) && routing.BackendWeight(refs[0]) != 100 && routing.BackendWeight(refs[0]) > 1 {
			l.at(rule.object, rule.path+".backendRefs[0].weight",
				fmt.Sprintf("the only backend of a rule gets everything, whatever its weight; %d changes nothing", *refs[0].Weight),
				"add the other backends, or remove the weight")
		}
	}
}

func lintZeroSum(l *linter, v *view) {
	for rule := range v.virtualRules() {
		sum := int64(0)
		for _, d := range rule.value.Route {
			sum += int64(d.Weight)
		}
		if !routing.Lone(rule.value.Route) && len(rule.value.Route) > 0 && sum == 0 {
			l.at(rule.object, rule.path+".route", "the weights sum to 0, and Istio refuses the object", "give at least one destination a weight above 0")
		}
	}
	for rule := range v.gatewayRules() {
		sum := int64(0)
		for _, ref := range rule.value.BackendRefs {
			sum += int64(routing.BackendWeight(ref))
		}
		if len(rule.value.BackendRefs) > 0 && sum == 0 {
			l.at(rule.object, rule.path+".backendRefs", "the weights sum to 0, and every request is answered with 500", "give at least one backend a weight above 0")
		}
	}
}

func lintMissingWeight(l *linter, v *view) {
	for rule := range v.virtualRules() {
		for i, d := range rule.value.Route {
			path := fmt.Sprintf("%s.route[%d]", rule.path, i)
			if !routing.Lone(rule.value.Route) && !rule.object.Has(path+".weight") {
				l.at(rule.object, path, fmt.Sprintf("%s has no weight, although other destinations may have one: it gets nothing", destinationName(d.Destination)), "write its weight, 0 if nothing is meant")
			}
		}
	}
	for rule := range v.gatewayRules() {
		given := 0
		for _, ref := range rule.value.BackendRefs {
			if ref.Weight != nil {
				given++
			}
		}
		for i, ref := range rule.value.BackendRefs {
			if given > 0 && ref.Weight == nil {
				l.at(rule.object, fmt.Sprintf("%s.backendRefs[%d]", rule.path, i),
					fmt.Sprintf("%s has no weight, although other destinations have one: it counts as 1", ref.Name), "write its weight")
			}
		}
	}
}

func destinationName(d *networking.Destination) string {
	if d.GetSubset() == "" {
		return d.GetHost()
	}
	return d.GetHost() + ", subset " + d.GetSubset()
}

// lintUnreachable finds rules of a VirtualService, or single conditions of one, that
// an earlier rule leaves nothing to. A condition that another of the same rule covers
// is only said twice. HTTPRoutes are ordered by precedence and have no such trap.
func lintUnreachable(l *linter, v *view) {
	for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		for _, dead := range routing.Unreachable(vs) {
			if dead.By == dead.Rule {
				continue
			}
			by := fmt.Sprintf("spec.http[%d]", dead.By)
			line, _ := o.Position(by)
			message := fmt.Sprintf("%s can never match: http[%d] in line %d takes everything that it would", strings.TrimPrefix(dead.Path(), "spec."), dead.By, line)
			hint := "rules are tried in the order of the list: put the special ones before the general ones"
			if dead.ByMatch >= 0 {
				p := vs.Spec.Http[dead.By].Match[dead.ByMatch].GetUri().GetPrefix()
				if p != "" && !strings.HasSuffix(p, "/") {
					hint += fmt.Sprintf("; the prefix %s is compared as text and matches %s… as well", p, p)
				}
			}
			l.at(o, dead.Path(), message, hint)
		}
		v.lintShadowed(l, o, vs)
	}
}

// lintShadowed finds rules of a VirtualService at a gateway that an older one leaves
// nothing to: gateways put the rules of a host together in order of age, with those
// for every path last. One that has other hosts or gateways as well may be met there.
//
//differential:gateway/merged
func (v *view) lintShadowed(l *linter, o manifests.Object, vs *networkingv1.VirtualService) {
	for older, before := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		if older.Key() == o.Key() {
			return
		}
		if onMesh(vs) || len(before.Spec.ExportTo) > 0 || !within(vs.Spec.Hosts, before.Spec.Hosts) || !within(fullGateways(o, vs), fullGateways(older, before)) {
			continue
		}
		both := &networkingv1.VirtualService{}
		var places []int
		for i, rule := range before.Spec.Http {
			if !slices.ContainsFunc(rule.Match, anyPath) && len(rule.Match) > 0 {
				both.Spec.Http = append(both.Spec.Http, rule)
				places = append(places, i)
			}
		}
		both.Spec.Http = append(both.Spec.Http, vs.Spec.Http...)
		for _, dead := range routing.Unreachable(both) {
			if dead.Rule < len(places) || dead.By >= len(places) {
				continue
			}
			line, _ := older.Position(fmt.Sprintf("spec.http[%d]", places[dead.By]))
			dead.Rule -= len(places)
			l.at(o, dead.Path(), fmt.Sprintf("%s can never match: http[%d] of %s (%s:%d), which is older, takes everything that it would",
				strings.TrimPrefix(dead.Path(), "spec."), places[dead.By], older, older.File, line),
				"gateways try the rules of a host in order of age: put both into one VirtualService, the special one first")
		}
	}
}

// anyPath reports whether a condition may be one that Istio moves to the end.
//
//differential:gateway/merged
func anyPath(m *networking.HTTPMatchRequest) bool {
	uri := m.GetUri()
	return uri == nil || uri.GetExact() == "" && len(uri.GetPrefix()) < 2 && (uri.GetRegex() == "" || uri.GetRegex() == ".*")
}

func fullGateways(o manifests.Object, vs *networkingv1.VirtualService) []string {
	var names []string
	for _, name := range vs.Spec.Gateways {
		names = append(names, routing.FullGateway(name, o.Namespace))
	}
	return names
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// lintHashBesideWeights finds splits whose subsets are balanced by a consistent hash,
// which chooses the pod only when the version has been drawn, for each request anew.
//
//differential:elsewhere uncompared consistent hashes
func lintHashBesideWeights(l *linter, v *view) {
	for arms := range v.choices() {
		if len(arms) < 2 {
			continue
		}
		for _, a := range arms {
			for o, rule := range inventory.Values[*networkingv1.DestinationRule](v.Inventory) {
				if routing.FullHost(rule.Spec.Host, o.Namespace) != a.service.host {
					continue
				}
				if rule.Spec.TrafficPolicy.GetLoadBalancer().GetConsistentHash() != nil {
					l.hashBesideWeights(o, "spec.trafficPolicy.loadBalancer.consistentHash", a)
				}
				for i, s := range rule.Spec.Subsets {
					if s.Name == a.subset && s.TrafficPolicy.GetLoadBalancer().GetConsistentHash() != nil {
						l.hashBesideWeights(o, fmt.Sprintf("spec.subsets[%d].trafficPolicy.loadBalancer.consistentHash", i), a)
					}
				}
			}
		}
	}
}

func (l *linter) hashBesideWeights(o manifests.Object, path string, a arm) {
	l.at(o, path, fmt.Sprintf("the hash keeps a user at a pod, not at a version: %s draws the version of each request by weight, and only then the hash chooses a pod", a.object),
		"to keep users at a version, match on a header or cookie; if a pod is what the hash is for, leave it")
}
