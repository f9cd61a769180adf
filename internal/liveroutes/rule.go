package liveroutes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// rule finds the rule that is meant: the one that was named, else the one that
// the request meets at a gateway.
func (v *view) rule(q Question) (*routing.Rule, error) {
	entries := v.entries(q)
	if q.Rule != "" {
		at, err := place(q, entries)
		if err != nil {
			return nil, err
		}
		return v.compiled(q, at)
	}
	rule, elsewhere := v.met(q)
	if rule != nil {
		return rule, nil
	}
	// A route inside the mesh is met by callers, with requests of their own. One
	// that only gateways carry is met there or not at all.
	if len(entries) == 1 && v.inTheMesh(manifests.Source{Object: q.key(), Place: entries[0].place}) {
		return v.compiled(q, 0)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.words())
	}
	slices.Sort(elsewhere)
	met := "at no gateway does it meet any rule"
	if len(elsewhere) > 0 {
		met = "at the gateway " + strings.Join(slices.Compact(elsewhere), ", and at ")
	}
	return nil, mistakef("the request %s %s of host %s meets no rule of %s: %s; if its split is deeper in the mesh, say which rule with --rule: %s%s",
		q.Request.Method, q.Request.URL.Path, q.Request.Host, q, met, strings.Join(have, ", "), v.noted())
}

// met is the rule of the object that the request meets at a gateway, or nil; then
// elsewhere says what it meets instead.
func (v *view) met(q Question) (rule *routing.Rule, elsewhere []string) {
	for _, p := range v.proxies {
		if !p.Gateway {
			continue
		}
		table, _ := routing.Compile(v.objects, p.Compiled())
		for _, port := range entered(table, q.Request.URL.Scheme) {
			decision := table.Route(port, q.Request)
			switch {
			case decision.Rule == nil:
			case decision.Rule.Source.Object == q.key():
				return decision.Rule, nil
			default:
				elsewhere = append(elsewhere, fmt.Sprintf("%s meets %s", p.Workload, decision.Rule.Source))
			}
		}
	}
	return nil, elsewhere
}

// entered are the ports of a gateway that a request may come in by. One over
// HTTPS comes in where the gateway ends TLS, or, if something before it has ended
// TLS already, where it does not; one over HTTP only where it does not.
func entered(table *routing.Table, scheme string) []int {
	if scheme != "https" {
		return table.Ports()
	}
	return append(table.SecurePorts(), table.Ports()...)
}

// An entry is one rule of the object that a question is about.
type entry struct{ place, name string }

func (e entry) words() string {
	if e.name == "" {
		return e.place
	}
	return fmt.Sprintf("%s (%s)", e.place, e.name)
}

// object is the one that a question is about.
func (v *view) object(q Question) (o manifests.Object) {
	if i := slices.IndexFunc(v.objects, func(o manifests.Object) bool { return o.Key() == q.key() }); i >= 0 {
		o = v.objects[i]
	}
	return o
}

func (v *view) entries(q Question) []entry {
	var all []entry
	switch route := v.object(q).Value.(type) {
	case *networkingv1.VirtualService:
		for i, rule := range route.Spec.Http {
			all = append(all, entry{fmt.Sprintf("http[%d]", i), rule.Name})
		}
	case *gatewayv1.HTTPRoute:
		for i, rule := range route.Spec.Rules {
			e := entry{place: fmt.Sprintf("rules[%d]", i)}
			if rule.Name != nil {
				e.name = string(*rule.Name)
			}
			all = append(all, e)
		}
	}
	return all
}

var placed = regexp.MustCompile(`^(?:(http|rules)\[)?([0-9]+)\]?$`)

// place reads --rule.
func place(q Question, entries []entry) (int, error) {
	var have []string
	for i, e := range entries {
		if e.name == q.Rule || e.place == q.Rule {
			return i, nil
		}
		have = append(have, e.words())
	}
	if parts := placed.FindStringSubmatch(q.Rule); parts != nil && parts[1] == "" {
		if at, err := strconv.Atoi(parts[2]); err == nil && at < len(entries) {
			return at, nil
		}
	}
	return 0, mistakef("--rule %s: %s has no such rule; it has %s", q.Rule, q, strings.Join(have, ", "))
}

// compiled is a rule by its place in the object, as the first proxy that carries
// it has it.
func (v *view) compiled(q Question, at int) (*routing.Rule, error) {
	entries := v.entries(q)
	source := manifests.Source{Object: q.key(), Place: entries[at].place}
	for _, p := range v.proxies {
		if rule := ruleOf(v.objects, p, source); rule != nil {
			return rule, nil
		}
	}
	return nil, mistakef("no proxy of this cluster carries %s: see whether its hosts, gateways or parentRefs are right, and whether its callers have sidecars%s", source, v.noted())
}

// inTheMesh says whether some sidecar has a rule.
func (v *view) inTheMesh(source manifests.Source) bool {
	return slices.ContainsFunc(v.proxies, func(p proxies.Proxy) bool { return !p.Gateway && ruleOf(v.objects, p, source) != nil })
}

func ruleOf(objects []manifests.Object, p proxies.Proxy, source manifests.Source) *routing.Rule {
	table, _ := routing.Compile(objects, p.Compiled())
	for _, s := range table.Splits("") {
		if s.Rule.Source == source {
			return s.Rule
		}
	}
	return nil
}

// destinationHost is the full name of the Service that a DestinationRule is of.
func destinationHost(o manifests.Object) string {
	rule, ok := o.Value.(*networkingv1.DestinationRule)
	if !ok {
		return ""
	}
	return routing.FullHost(rule.Spec.Host, o.Namespace)
}

// never are the destinations of a rule that have a weight of 0: the proxies are
// not told of them, and that nothing gets there is a promise all the same.
func (v *view) never(q Question, rule *routing.Rule) []routing.ClusterName {
	at := rule.Source.Place
	var found []routing.ClusterName
	add := func(n routing.ClusterName) {
		known := func(d routing.Destination) bool { return d.Cluster == n }
		if !slices.ContainsFunc(rule.Destinations, known) && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	o := v.object(q)
	switch route := o.Value.(type) {
	case *networkingv1.VirtualService:
		for i, rule := range route.Spec.Http {
			for j, d := range rule.Route {
				if at == fmt.Sprintf("http[%d]", i) && !routing.Sent(rule.Route, j) {
					host := routing.FullHost(d.Destination.GetHost(), o.Namespace)
					port := int(d.Destination.GetPort().GetNumber())
					if port == 0 {
						port = v.onlyPort(host)
					}
					add(routing.ClusterName{Host: host, Port: port, Subset: d.Destination.GetSubset()})
				}
			}
		}
	case *gatewayv1.HTTPRoute:
		for i, rule := range route.Spec.Rules {
			for _, ref := range rule.BackendRefs {
				if at != fmt.Sprintf("rules[%d]", i) || routing.BackendWeight(ref) != 0 {
					continue
				}
				if _, host := routing.Backend(ref.BackendObjectReference, o.Namespace); host != "" && ref.Port != nil {
					add(routing.ClusterName{Host: host, Port: int(*ref.Port)})
				}
			}
		}
	}
	return found
}

// onlyPort is the first port of a Service, which a destination without a port
// means.
func (v *view) onlyPort(host string) int {
	for _, o := range v.objects {
		if s, ok := o.Value.(*corev1.Service); ok && routing.ServiceHost(s.Name, s.Namespace) == host && len(s.Spec.Ports) > 0 {
			return int(s.Spec.Ports[0].Port)
		}
	}
	return 0
}
