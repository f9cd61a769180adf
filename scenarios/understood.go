package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// An Unknown is something in the objects of a step that decides where the requests
// of a check go, or may, and that the simulated mesh does not interpret.
type Unknown struct {
	Object manifests.Object
	// Path is the field, or "kind" for the object as a whole; What names it.
	Path, What string
}

// NotUnderstood lists what decides the split of a check in a step, with everything
// applied up to it, and is not interpreted: what a simulated mesh would count says
// nothing of it.
func (s *Scenario) NotUnderstood(step string, c Check) []Unknown {
	for _, v := range views(s) {
		if v.step.Name == step {
			return v.notUnderstood(c)
		}
	}
	return nil
}

// A way is where the requests of a check go, as far as that is known.
type way struct {
	check Check
	// services are those on it, by full name, and those that share pods with them.
	services map[string]service
	// rule splits the requests; nil where that is not known, or no rule does.
	rule *routing.Rule
	// open tells that no rule takes the requests at the gateway: whatever is not
	// understood may be what does.
	open bool
	// inside tells that they are split behind the first Service.
	inside bool
}

func (v *view) notUnderstood(c Check) []Unknown {
	w := v.wayOf(c)
	var found []Unknown
	for _, o := range v.Objects() {
		switch value := o.Value.(type) {
		case nil:
			if v.mayDecide(o, w) {
				found = append(found, Unknown{o, "kind", o.Kind + " of " + o.APIVersion})
			}
		case *networkingv1.VirtualService:
			found = append(found, w.connections(o, value)...)
		case *networkingv1.DestinationRule:
			host := routing.FullHost(value.Spec.Host, o.Namespace)
			if _, on := w.services[host]; on && value.Spec.GetTrafficPolicy().GetLoadBalancer().GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH {
				found = append(found, Unknown{o, "spec.trafficPolicy.loadBalancer.simple", "the balancer PASSTHROUGH"})
			}
		case *gatewayv1.Gateway:
			if value.Spec.GatewayClassName != routing.GatewayClass && v.classDecides(o, value, w) {
				found = append(found, Unknown{o, "spec.gatewayClassName", "the class " + string(value.Spec.GatewayClassName)})
			}
		case *gatewayv1.HTTPRoute:
			found = append(found, v.otherBackends(o, value, w)...)
		}
	}
	return found
}

func (v *view) wayOf(c Check) way {
	e := v.enter(c)
	w := way{check: c, services: map[string]service{}, rule: v.decisiveRule(c)}
	w.open = e.rule == nil && e.first == nil
	split := v.split(c, e)
	if split == nil && e.first != nil {
		split = v.deeper(c, e)
	}
	for _, s := range []*service{e.first, split} {
		if s != nil {
			w.services[s.host] = *s
		}
	}
	w.inside = e.first != nil && (split == nil || split.host != e.first.host)
	if w.rule != nil {
		for _, d := range w.rule.Destinations {
			if s, known := v.services[d.Cluster.Host]; known {
				w.services[s.host] = s
			}
		}
	}
	if w.rule == nil && split == nil {
		maps.Copy(w.services, v.services)
	}
	return w
}

// harmless are kinds that name Services or pods and send nothing anywhere: what
// they do is not a split. Those that turn requests away are among them, because
// what is turned away is counted as it is answered.
var harmless = []string{
	"ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "NetworkPolicy",
	"HorizontalPodAutoscaler", "VerticalPodAutoscaler", "ScaledObject", "PodDisruptionBudget", "ServiceMonitor", "PodMonitor",
	"PrometheusRule", "PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy", "Telemetry", "ProxyConfig",
	"CustomResourceDefinition", "GatewayClass", "IngressClass", "PersistentVolumeClaim", "PersistentVolume", "StorageClass",
	"PriorityClass", "LimitRange", "ResourceQuota", "Certificate", "Issuer", "ClusterIssuer", "BackendTLSPolicy", "Job", "CronJob",
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "Event", "Lease", "Kustomization", "Application",
}

// podMakers are kinds whose pods a Service may select, by where the labels of
// their pods stand.
var podMakers = map[string][]string{
	"Deployment": {"spec", "template", "metadata", "labels"}, "StatefulSet": {"spec", "template", "metadata", "labels"},
	"DaemonSet": {"spec", "template", "metadata", "labels"}, "ReplicaSet": {"spec", "template", "metadata", "labels"},
	"ReplicationController": {"spec", "template", "metadata", "labels"}, "Rollout": {"spec", "template", "metadata", "labels"},
	"DeploymentConfig": {"spec", "template", "metadata", "labels"}, "CloneSet": {"spec", "template", "metadata", "labels"},
	"Pod": {"metadata", "labels"}, "WorkloadEntry": {"spec", "labels"}, "WorkloadGroup": {"spec", "metadata", "labels"},
}

// mayDecide reports whether an object of a kind that is not interpreted may have a
// part in where the requests go: it makes pods behind a Service on their way,
// changes the proxies of a namespace on it, or names one of these Services.
func (v *view) mayDecide(o manifests.Object, w way) bool {
	if slices.Contains(harmless, o.Kind) {
		return false
	}
	var content map[string]any
	if json.Unmarshal(o.JSON(), &content) != nil {
		return false
	}
	onWay := func(namespace string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(w.services)), func(s service) bool { return s.object.Namespace == namespace })
	}
	if path, makes := podMakers[o.Kind]; makes {
		labels, known := labelsAt(content, path)
		for _, s := range w.services {
			selector := s.value.Spec.Selector
			if len(selector) > 0 && o.Namespace == s.object.Namespace && (!known || routing.Selects(selector, labels)) {
				return true
			}
		}
		return false
	}
	switch o.Kind {
	case "EnvoyFilter", "WasmPlugin":
		return o.Namespace == istio.Namespace || onWay(o.Namespace)
	case "Sidecar":
		return w.inside && (o.Namespace == istio.Namespace || onWay(o.Namespace))
	case "Endpoints", "EndpointSlice":
		_, on := w.services[routing.ServiceHost(o.Name, o.Namespace)]
		labels, _ := labelsAt(content, []string{"metadata", "labels"})
		_, named := w.services[routing.ServiceHost(labels["kubernetes.io/service-name"], o.Namespace)]
		return on || named
	case "TCPRoute", "TLSRoute", "UDPRoute", "Ingress":
		// At a gateway they take no request that a rule of HTTP takes.
		if !w.open && !toService(content) {
			return false
		}
	case "GRPCRoute":
		if !w.open && !toService(content) && !servesHost(content, w.check.Request.Host) {
			return false
		}
	}
	return w.open || w.named(content["spec"], o.Namespace)
}

// named reports whether a Service on the way is named anywhere in content.
func (w way) named(content any, namespace string) bool {
	switch value := content.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), func(each any) bool { return w.named(each, namespace) })
	case []any:
		return slices.ContainsFunc(value, func(each any) bool { return w.named(each, namespace) })
	case string:
		for host, s := range w.services {
			if value == s.object.Name || routing.FullHost(value, namespace) == host || strings.HasPrefix(value, s.object.Name+"."+s.object.Namespace) {
				return true
			}
		}
	}
	return false
}

func labelsAt(content map[string]any, path []string) (map[string]string, bool) {
	var at any = content
	for _, step := range path {
		inner, is := at.(map[string]any)
		if !is {
			return nil, false
		}
		at = inner[step]
	}
	found, is := at.(map[string]any)
	labels := map[string]string{}
	for key, value := range found {
		labels[key], _ = value.(string)
	}
	return labels, is
}

// toService reports whether a route has a Service as its parent.
func toService(content map[string]any) bool {
	spec, _ := content["spec"].(map[string]any)
	parents, _ := spec["parentRefs"].([]any)
	return slices.ContainsFunc(parents, func(each any) bool {
		parent, _ := each.(map[string]any)
		return parent["kind"] == "Service"
	})
}

// servesHost reports whether a route of a gateway takes requests for a host.
func servesHost(content map[string]any, host string) bool {
	spec, _ := content["spec"].(map[string]any)
	names, _ := spec["hostnames"].([]any)
	return len(names) == 0 || slices.ContainsFunc(names, func(each any) bool {
		name, _ := each.(string)
		return routing.Covers(name, host) || name == host
	})
}

// connections are the routes of connections of a VirtualService that sends to a
// Service on the way, where no rule of HTTP is known to decide.
func (w way) connections(o manifests.Object, vs *networkingv1.VirtualService) []Unknown {
	if w.rule != nil && w.rule.Source.Object == o.Key() {
		return nil
	}
	on := func(destinations []*networking.RouteDestination) bool {
		return slices.ContainsFunc(destinations, func(d *networking.RouteDestination) bool {
			_, on := w.services[routing.FullHost(d.GetDestination().GetHost(), o.Namespace)]
			return on || w.open
		})
	}
	var found []Unknown
	if slices.ContainsFunc(vs.Spec.GetTcp(), func(r *networking.TCPRoute) bool { return on(r.GetRoute()) }) {
		found = append(found, Unknown{o, "spec.tcp", "a route of TCP connections"})
	}
	if slices.ContainsFunc(vs.Spec.GetTls(), func(r *networking.TLSRoute) bool { return on(r.GetRoute()) }) {
		found = append(found, Unknown{o, "spec.tls", "a route of TLS connections"})
	}
	return found
}

// classDecides reports whether a Gateway of a class that is not interpreted has
// requests of the way: a waypoint has those to Services that use it, any other
// those that come by no other gateway.
func (v *view) classDecides(o manifests.Object, g *gatewayv1.Gateway, w way) bool {
	const uses = "istio.io/use-waypoint"
	if g.Spec.GatewayClassName != "istio-waypoint" {
		return w.open
	}
	for _, s := range w.services {
		label, set := s.value.Labels[uses]
		for n, namespace := range inventory.Values[*corev1.Namespace](v.Inventory) {
			if n.Name == s.object.Namespace && !set {
				label = namespace.Labels[uses]
			}
		}
		if label == o.Name {
			return true
		}
	}
	return false
}

// otherBackends are the backends of an HTTPRoute that are no Services.
func (v *view) otherBackends(o manifests.Object, route *gatewayv1.HTTPRoute, w way) []Unknown {
	if w.rule == nil || w.rule.Source.Object != o.Key() {
		return nil
	}
	var found []Unknown
	for i, rule := range route.Spec.Rules {
		for j, b := range rule.BackendRefs {
			if b.Kind != nil && *b.Kind != "Service" {
				found = append(found, Unknown{o, fmt.Sprintf("spec.rules[%d].backendRefs[%d].kind", i, j), "a backend of kind " + string(*b.Kind)})
			}
		}
	}
	return found
}

// lintNotUnderstood finds checks that the simulated mesh cannot judge.
func lintNotUnderstood(l *linter, v *view) {
	if on := v.scenario.Targets; len(on) > 0 && !slices.Contains(on, target.Sim) {
		return
	}
	for _, c := range v.judged() {
		for _, u := range v.notUnderstood(c) {
			l.at(u.Object, u.Path, u.What+" may decide where the requests of check "+c.Name+" go, and the simulated mesh does not interpret it: it could not measure the check",
				"run the scenario on a cluster, and write targets: [kind, cluster]")
		}
	}
}
