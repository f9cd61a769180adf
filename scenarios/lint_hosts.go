package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A use is a place where a route names a destination.
type use struct {
	object manifests.Object
	path   string // of the destination
	value  *networking.Destination
	// sent tells whether requests go there: a weight of 0 among others means
	// that none do.
	sent bool
}

// uses yields the destinations and mirrors of all VirtualServices.
func (v *view) uses() iter.Seq[use] {
	return func(yield func(use) bool) {
		for rule := range v.virtualRules() {
			for i, d := range rule.value.Route {
				if !yield(use{rule.object, fmt.Sprintf("%s.route[%d].destination", rule.path, i), d.Destination, routing.Sent(rule.value.Route, i)}) {
					return
				}
			}
			if rule.value.Mirror != nil && !yield(use{rule.object, rule.path + ".mirror", rule.value.Mirror, true}) {
				return
			}
			for i, m := range rule.value.Mirrors {
				if !yield(use{rule.object, fmt.Sprintf("%s.mirrors[%d].destination", rule.path, i), m.Destination, true}) {
					return
				}
			}
		}
	}
}

func lintSubsetDefined(l *linter, v *view) {
	for u := range v.uses() {
		subset := u.value.GetSubset()
		host := routing.FullHost(u.value.GetHost(), u.object.Namespace)
		if _, known := v.services[host]; subset == "" || !known {
			continue
		}
		defined := v.subsets(host)
		if slices.ContainsFunc(defined, func(s subsetOf) bool { return s.value.Name == subset }) {
			continue
		}
		var names []string
		for _, s := range defined {
			names = append(names, s.value.Name)
		}
		hint := problems.DidYouMean(subset, names)
		if hint == "" {
			hint = "apply a DestinationRule that defines it before the route, or with it"
		}
		if later := v.definedLater(host, subset); later != "" {
			hint = fmt.Sprintf("step %s defines it, which is too late: apply the DestinationRule in this step or before", later)
		}
		l.at(u.object, u.path+".subset",
			fmt.Sprintf("no DestinationRule defines subset %s of %s in step %s: what is sent there is answered with 503", subset, u.value.GetHost(), v.step.Name), hint)
	}
}

// A subsetOf is a subset and where it is defined.
type subsetOf struct {
	object manifests.Object
	path   string
	value  *networking.Subset
}

func (v *view) subsets(host string) []subsetOf {
	var all []subsetOf
	for o, rule := range inventory.Values[*networkingv1.DestinationRule](v.Inventory) {
		if routing.FullHost(rule.Spec.Host, o.Namespace) != host {
			continue
		}
		for i, s := range rule.Spec.Subsets {
			all = append(all, subsetOf{o, fmt.Sprintf("spec.subsets[%d]", i), s})
		}
	}
	return all
}

// definedLater returns the step after this one that defines a subset, or "".
func (v *view) definedLater(host, subset string) string {
	for _, step := range v.scenario.Steps[v.number+1:] {
		for _, o := range step.Apply {
			rule, ok := o.Value.(*networkingv1.DestinationRule)
			if ok && routing.FullHost(rule.Spec.Host, o.Namespace) == host &&
				slices.ContainsFunc(rule.Spec.Subsets, func(s *networking.Subset) bool { return s.Name == subset }) {
				return step.Name
			}
		}
	}
	return ""
}

func lintHosts(l *linter, v *view) {
	if v.hasKind("ServiceEntry") {
		return // It may bring any host, and is not interpreted.
	}
	report := func(o manifests.Object, path, host string) {
		if _, known := v.services[routing.FullHost(host, o.Namespace)]; known || host == "" || l.full() {
			return
		}
		l.at(o, path, fmt.Sprintf("%s names no Service: what is sent there is answered with 503", host), v.nearestHost(host, o.Namespace))
	}
	for u := range v.uses() {
		report(u.object, u.path+".host", u.value.GetHost())
	}
	for rule := range v.gatewayRules() {
		for i, ref := range rule.value.BackendRefs {
			key, host := routing.Backend(ref.BackendObjectReference, rule.object.Namespace)
			if _, known := v.services[host]; host != "" && !known {
				l.at(rule.object, fmt.Sprintf("%s.backendRefs[%d].name", rule.path, i),
					fmt.Sprintf("%s names no Service: its share is answered with 500", ref.Name), v.nearestHost(key.Name, key.Namespace))
			}
		}
	}
	for o, rule := range inventory.Values[*networkingv1.DestinationRule](v.Inventory) {
		if !strings.HasPrefix(rule.Spec.Host, "*") {
			if _, known := v.services[routing.FullHost(rule.Spec.Host, o.Namespace)]; !known {
				l.at(o, "spec.host", rule.Spec.Host+" names no Service: the rule has no effect", v.nearestHost(rule.Spec.Host, o.Namespace))
			}
		}
	}
	for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		for i, host := range vs.Spec.Hosts {
			// At a gateway any name may come from outside.
			if onMesh(vs) && !strings.HasPrefix(host, "*") && len(vs.Spec.Gateways) == 0 {
				if _, known := v.services[routing.FullHost(host, o.Namespace)]; !known {
					l.at(o, fmt.Sprintf("spec.hosts[%d]", i), host+" names no Service: no request in the mesh asks for it", v.nearestHost(host, o.Namespace))
				}
			}
		}
	}
}

func (v *view) nearestHost(host, namespace string) string {
	known := v.hosts
	if strings.Contains(host, ".") && !strings.HasSuffix(host, istio.ServiceDomain) {
		if _, ok := v.services[strings.TrimSuffix(host, ".svc")+"."+istio.ServiceDomain]; ok {
			return "a name with dots is taken as it stands: write " + strings.TrimSuffix(host, ".svc") + "." + istio.ServiceDomain
		}
	}
	var short []string
	for _, each := range known {
		s := v.services[each]
		if s.object.Namespace == namespace {
			short = append(short, s.object.Name)
		} else if s.object.Name == host {
			return fmt.Sprintf("there is one in namespace %s: write %s", s.object.Namespace, each)
		}
	}
	if hint := problems.DidYouMean(host, short); hint != "" {
		return hint
	}
	return "deploy the Service, or correct the name"
}

func onMesh(vs *networkingv1.VirtualService) bool {
	return len(vs.Spec.Gateways) == 0 || slices.Contains(vs.Spec.Gateways, routing.MeshGateway)
}

func lintPorts(l *linter, v *view) {
	for u := range v.uses() {
		s, known := v.services[routing.FullHost(u.value.GetHost(), u.object.Namespace)]
		if !known {
			continue
		}
		port := int32(u.value.GetPort().GetNumber())
		switch {
		case port == 0 && len(s.value.Spec.Ports) > 1:
			l.at(u.object, u.path, fmt.Sprintf("%s has several ports, and the destination names none", s.object.Name), "write port: {number: …}, one of "+portsOf(s))
		case port != 0 && !s.has(port):
			l.at(u.object, u.path+".port", fmt.Sprintf("%s has no port %d: what is sent there is answered with 503", s.object.Name, port), "its ports are "+portsOf(s))
		}
	}
	for rule := range v.gatewayRules() {
		for i, ref := range rule.value.BackendRefs {
			v.lintBackendPort(l, rule, i, ref)
		}
	}
}

func (v *view) lintBackendPort(l *linter, rule gatewayRule, i int, ref gatewayv1.HTTPBackendRef) {
	path := fmt.Sprintf("%s.backendRefs[%d]", rule.path, i)
	_, host := routing.Backend(ref.BackendObjectReference, rule.object.Namespace)
	// One without a port is refused, and never comes here.
	if s, known := v.services[host]; known && ref.Port != nil && !s.has(int32(*ref.Port)) {
		l.at(rule.object, path+".port", fmt.Sprintf("%s has no port %d: its share is answered with 500", s.object.Name, *ref.Port), "its ports are "+portsOf(s))
	}
}

func (s service) has(port int32) bool {
	return slices.ContainsFunc(s.value.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port })
}

func portsOf(s service) string {
	var ports []string
	for _, p := range s.value.Spec.Ports {
		ports = append(ports, fmt.Sprint(p.Port))
	}
	return strings.Join(ports, ", ")
}
