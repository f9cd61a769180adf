package scenarios

import (
	"fmt"
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

func lintParentGroup(l *linter, v *view) {
	for o, route := range inventory.Values[*gatewayv1.HTTPRoute](v.Inventory) {
		for i, ref := range route.Spec.ParentRefs {
			if ref.Kind == nil || *ref.Kind != "Service" || ref.Group != nil && *ref.Group == "" {
				continue
			}
			l.at(o, fmt.Sprintf("spec.parentRefs[%d]", i),
				fmt.Sprintf("the parent Service %s has no group: \"\"; its group is then %s, Istio ignores the parent without a word and nothing is split", ref.Name, manifests.GatewayGroup),
				`write group: "" beside kind: Service`)
		}
	}
}

// lintOneHostTwice finds what sidecars drop: of several VirtualServices for one
// host they keep the oldest. Gateways merge them.
func lintOneHostTwice(l *linter, v *view) {
	first := map[string]manifests.Object{}
	for _, o := range v.Objects() {
		vs, ok := o.Value.(*networkingv1.VirtualService)
		if !ok || !onMesh(vs) {
			continue
		}
		for i, host := range vs.Spec.Hosts {
			full := routing.FullHost(host, o.Namespace)
			if older, taken := first[full]; taken {
				if older.Key() != o.Key() {
					l.at(o, fmt.Sprintf("spec.hosts[%d]", i),
						fmt.Sprintf("%s is routed by %s already (%s:%d); sidecars keep the oldest and drop this one", host, older, older.File, older.Line),
						"write both into one VirtualService, or delete the older one")
				}
				continue
			}
			first[full] = o
		}
	}
}

func lintGatewayExists(l *linter, v *view) {
	there := map[string]bool{routing.MeshGateway: true}
	var known []string
	for o := range inventory.Values[*networkingv1.Gateway](v.Inventory) {
		there[o.Namespace+"/"+o.Name] = true
		known = append(known, o.Namespace+"/"+o.Name, o.Name)
	}
	report := func(o manifests.Object, path, name, hint string) {
		if hint == "" {
			hint = problems.DidYouMean(name, known)
		}
		if hint == "" {
			hint = "apply the Gateway before the routes, or name it with its namespace"
		}
		l.at(o, path, fmt.Sprintf("there is no Gateway %s: no gateway takes this route", name), hint)
	}
	for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		for i, name := range vs.Spec.Gateways {
			if there[routing.FullGateway(name, o.Namespace)] {
				continue
			}
			hint := ""
			for other := range inventory.Values[*networkingv1.Gateway](v.Inventory) {
				if other.Name == name {
					hint = fmt.Sprintf("there is one in another namespace: write %s/%s", other.Namespace, other.Name)
				}
			}
			report(o, fmt.Sprintf("spec.gateways[%d]", i), name, hint)
		}
	}
	known = nil
	inAPI := map[string]bool{}
	for o := range inventory.Values[*gatewayv1.Gateway](v.Inventory) {
		inAPI[o.Namespace+"/"+o.Name] = true
		known = append(known, o.Name)
	}
	for o, route := range inventory.Values[*gatewayv1.HTTPRoute](v.Inventory) {
		for i, ref := range route.Spec.ParentRefs {
			parent := routing.Parent(ref, o.Namespace)
			if name := parent.Namespace + "/" + parent.Name; parent.Kind == "Gateway" && !inAPI[name] {
				report(o, fmt.Sprintf("spec.parentRefs[%d].name", i), name, "")
			}
		}
	}
}

// lintMeshMissing finds a VirtualService for a Service of the mesh that only
// gateways get to see.
func lintMeshMissing(l *linter, v *view) {
	for o, vs := range inventory.Values[*networkingv1.VirtualService](v.Inventory) {
		if onMesh(vs) {
			continue
		}
		for i, host := range vs.Spec.Hosts {
			if s, known := v.services[routing.FullHost(host, o.Namespace)]; known {
				l.at(o, fmt.Sprintf("spec.hosts[%d]", i),
					fmt.Sprintf("%s is a Service of the mesh, and gateways does not name mesh: calls of it inside the mesh meet none of these rules", s.object.Name),
					"add mesh to gateways, or give calls from outside a host of their own")
			}
		}
	}
}

func lintGatewaySelector(l *linter, v *view) {
	for o, gateway := range inventory.Values[*networkingv1.Gateway](v.Inventory) {
		selector := gateway.Spec.Selector
		matches := func(w workload) bool { return routing.Selects(selector, w.labels) }
		if routing.Selects(selector, inventory.Ingress().Labels) || slices.ContainsFunc(v.pods, matches) {
			continue
		}
		l.at(o, "spec.selector", "the selector matches no gateway: nothing listens for its servers",
			"Istio's own ingress gateway has the label istio: ingressgateway; one installed by Helm is labelled after its release")
	}
}

func lintFaultPercentage(l *linter, v *view) {
	for rule := range v.virtualRules() {
		fault := rule.value.Fault
		//lint:ignore SA1019 Old manifests have the field, and it still works.
		if delay := fault.GetDelay(); delay != nil && delay.Percentage == nil && delay.Percent == 0 {
			l.at(rule.object, rule.path+".fault.delay", "a delay without percentage delays nothing", "write percentage: {value: 100}")
		}
		if abort := fault.GetAbort(); abort != nil && abort.Percentage == nil {
			l.at(rule.object, rule.path+".fault.abort", "an abort without percentage aborts nothing", "write percentage: {value: 100}")
		}
	}
}

// lintGrants looks at routes of gateways only: routes of the mesh need no grant
// in Istio.
//
//differential:httproute/reference-grant
func lintGrants(l *linter, v *view) {
	for rule := range v.gatewayRules() {
		route := rule.object.Value.(*gatewayv1.HTTPRoute)
		atGateway := slices.ContainsFunc(route.Spec.ParentRefs, func(ref gatewayv1.ParentReference) bool {
			return ref.Kind == nil || *ref.Kind == "Gateway"
		})
		for i, ref := range rule.value.BackendRefs {
			if !atGateway || ref.Namespace == nil || string(*ref.Namespace) == rule.object.Namespace {
				continue
			}
			if !routing.Granted(v.Objects(), rule.object.Namespace, string(*ref.Namespace), string(ref.Name)) {
				l.at(rule.object, fmt.Sprintf("%s.backendRefs[%d].namespace", rule.path, i),
					fmt.Sprintf("no ReferenceGrant in namespace %s lets routes of namespace %s send to its Services: the share of %s is answered with 500", *ref.Namespace, rule.object.Namespace, ref.Name),
					"apply a ReferenceGrant there, or the route in the same namespace")
			}
		}
	}
}
