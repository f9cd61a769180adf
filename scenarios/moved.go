package scenarios

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// NoRule says of a check whose split no rule of the scenario makes, though one has
// weights for it: requests go to the pods of one Service, by their number. It
// returns the object with the weights.
func (s *Scenario) NoRule(step string, c Check) (o manifests.Object, ok bool) {
	for _, v := range views(s) {
		if v.step.Name == step {
			return v.noRule(c)
		}
	}
	return manifests.Object{}, false
}

func (v *view) noRule(c Check) (o manifests.Object, ok bool) {
	e := v.enter(c)
	if e.first == nil || c.Request.Via.Service != "" || c.Mirrored != "" {
		return o, false
	}
	rule := v.decisiveRule(c)
	if rule != nil && len(rule.Destinations) > 1 {
		return o, false
	}
	behind := false
	for _, host := range v.hosts {
		if s := v.services[host]; v.runsAll(s, c) && v.severalVersions(s) {
			if rule == nil && v.mayBeSplit(s, *e.first) {
				return o, false
			}
			behind = true
		}
	}
	for arms := range v.choices() {
		var pods []workload
		for _, a := range arms {
			pods = append(pods, v.behind(a.service, a.labels)...)
		}
		versions := v.versionsOf(pods)
		if behind && len(arms) > 1 && !slices.ContainsFunc(c.Expect, func(w split.Weight) bool { return !slices.Contains(versions, w.Version) }) {
			return arms[0].object, true
		}
	}
	return o, false
}

// mayBeSplit reports whether a rule splits what is sent to s, or may, because it
// takes the request to tell.
func (v *view) mayBeSplit(s, caller service) bool {
	rules, table := v.meshRules(s), v.tableOf(caller)
	if rules.none() || table == nil || len(s.value.Spec.Ports) == 0 {
		return false
	}
	if !rules.unconditional() {
		return true
	}
	rule := inside(table, s)
	return rule != nil && len(rule.Destinations) > 1
}

// Moving lists what the objects of a step ask proxies to do with the requests of a
// check that changes a split by design: take failing pods out, prefer pods nearby,
// try a failed request again elsewhere.
func (s *Scenario) Moving(step string, c Check) []Unknown {
	for _, v := range views(s) {
		if v.step.Name == step {
			return v.moving(c)
		}
	}
	return nil
}

func (v *view) moving(c Check) []Unknown {
	w := v.wayOf(c)
	var found []Unknown
	for _, o := range v.Objects() {
		switch value := o.Value.(type) {
		case *networkingv1.DestinationRule:
			if _, on := w.services[routing.FullHost(value.Spec.Host, o.Namespace)]; !on {
				continue
			}
			policies := map[string]*networking.TrafficPolicy{"spec.trafficPolicy": value.Spec.GetTrafficPolicy()}
			order := []string{"spec.trafficPolicy"}
			for i, subset := range value.Spec.GetSubsets() {
				path := fmt.Sprintf("spec.subsets[%d].trafficPolicy", i)
				policies[path], order = subset.GetTrafficPolicy(), append(order, path)
			}
			for _, path := range order {
				if policies[path].GetOutlierDetection() != nil {
					found = append(found, Unknown{o, path + ".outlierDetection", "outlierDetection"})
				}
				if policies[path].GetLoadBalancer().GetLocalityLbSetting() != nil {
					found = append(found, Unknown{o, path + ".loadBalancer.localityLbSetting", "localityLbSetting"})
				}
			}
		case *networkingv1.VirtualService:
			for i, rule := range value.Spec.GetHttp() {
				on := slices.ContainsFunc(rule.GetRoute(), func(d *networking.HTTPRouteDestination) bool {
					_, on := w.services[routing.FullHost(d.GetDestination().GetHost(), o.Namespace)]
					return on
				})
				if on && rule.GetRetries().GetAttempts() > 0 && len(rule.GetRoute()) > 1 {
					found = append(found, Unknown{o, fmt.Sprintf("spec.http[%d].retries", i), "retries"})
				}
			}
		}
	}
	return found
}
