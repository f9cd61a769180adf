package routing

import (
	"cmp"
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// An apiEntry is one match of one rule of an HTTPRoute.
type apiEntry struct {
	route object[*gatewayv1.HTTPRoute]
	rule  *gatewayv1.HTTPRouteRule
	path  string // "spec.rules[0]"
	match match
	mesh  bool // the parent is a Service
}

// everything is the rule that an HTTPRoute without rules has, by the default
// that its definition gives.
var everything = []gatewayv1.HTTPRouteRule{{}}

// apiEntries returns the entries of an HTTPRoute in its own order, or none where
// istiod would drop it whole: one rule that it cannot convert takes the others
// with it (istio pilot/pkg/config/kube/gateway/route_collections.go, computeRoute).
//
//differential:httproute/unsupported-filter httproute/allowed-namespaces
func (c *compiler) apiEntries(o object[*gatewayv1.HTTPRoute], mesh bool) []apiEntry {
	rules := o.value.Spec.Rules
	if len(rules) == 0 {
		rules = everything
	}
	var entries []apiEntry
	sound := true
	for i := range rules {
		e := apiEntry{route: o, rule: &rules[i], path: at("spec.rules", i), mesh: mesh}
		sound = c.convertible(e) && sound
		matches := rules[i].Matches
		if len(matches) == 0 {
			matches = []gatewayv1.HTTPRouteMatch{{}}
		}
		for j := range matches {
			m, ok := c.apiMatch(&matches[j], e, at(e.path+".matches", j))
			sound = sound && ok
			e.match = m
			entries = append(entries, e)
		}
	}
	if !sound {
		return nil
	}
	return entries
}

// convertible says whether istiod can convert a rule. If not, it has reported
// what stops it.
//
//differential:httproute/unsupported-filter httproute/unsupported-backend-filter
func (c *compiler) convertible(e apiEntry) bool {
	ok := true
	drop := func(path, message, hint string) {
		c.warn(e.route.Object, path, message+"; Istio drops the whole HTTPRoute for it, and none of its rules has effect", hint)
		ok = false
	}
	for i, f := range e.rule.Filters {
		switch f.Type {
		case gatewayv1.HTTPRouteFilterRequestHeaderModifier, gatewayv1.HTTPRouteFilterResponseHeaderModifier,
			gatewayv1.HTTPRouteFilterRequestRedirect, gatewayv1.HTTPRouteFilterRequestMirror, gatewayv1.HTTPRouteFilterURLRewrite:
		case gatewayv1.HTTPRouteFilterCORS:
			c.uninterpreted(e.route.Object, at(e.path+".filters", i), "the filter CORS")
		default:
			drop(at(e.path+".filters", i, "type"), "Istio has no filter of type "+quote(string(f.Type)), "remove the filter")
		}
	}
	for i, ref := range e.rule.BackendRefs {
		path := at(e.path+".backendRefs", i)
		for j, f := range ref.Filters {
			if f.Type != gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.Type != gatewayv1.HTTPRouteFilterResponseHeaderModifier {
				drop(at(path+".filters", j, "type"), "Istio has no filter of type "+quote(string(f.Type))+" on a backendRef", "move the filter to the rule")
			}
		}
		if _, host := Backend(ref.BackendObjectReference, e.route.Namespace); host == "" {
			continue
		}
		switch {
		case ref.Port == nil:
			// The definition of HTTPRoute asks for it, whatever the weight.
			c.refuse(e.route.Object, path, "the backendRef to Service "+quote(string(ref.Name))+" has no port", "add the Service's port")
			ok = false
		case strings.Contains(string(ref.Name), ".") && BackendWeight(ref) > 0:
			drop(path+".name", quote(string(ref.Name))+" is a host name, not the name of a Service", "write the Service's name, and its namespace next to it")
		}
	}
	return ok
}

// apiMatch compiles one match. What it leaves open has the defaults of the
// HTTPRoute's definition: the path prefix /.
func (c *compiler) apiMatch(in *gatewayv1.HTTPRouteMatch, e apiEntry, path string) (match, bool) {
	var m match
	ok := true
	compile := func(kind, value, place string) text {
		s := &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: value}}
		if kind == "RegularExpression" {
			s.MatchType = &networking.StringMatch_Regex{Regex: value}
		}
		t, good := c.compileText(s, e.route.Object, place)
		ok = ok && good
		return t
	}
	if p := in.Path; p != nil && p.Value != nil {
		value := *p.Value
		switch orDefault(p.Type, gatewayv1.PathMatchPathPrefix) {
		case gatewayv1.PathMatchExact:
			m.path = pathMatch{kind: pathExact, value: value}
		case gatewayv1.PathMatchPathPrefix:
			// "A trailing / is ignored."
			if value = strings.TrimSuffix(value, "/"); value != "" {
				m.path = pathMatch{kind: pathElement, value: value}
			}
		case gatewayv1.PathMatchRegularExpression:
			t := compile("RegularExpression", value, path+".path.value")
			m.path = pathMatch{kind: pathRegex, value: value, re: t.re}
			if t.kind == textPresent {
				m.path = pathMatch{}
			}
		}
	}
	if in.Method != nil {
		m.method = &text{kind: textExact, value: string(*in.Method)}
	}
	seen := map[string]bool{}
	for i, h := range in.Headers {
		name := canonical(string(h.Name))
		if seen[name] {
			continue // "Subsequent entries with an equivalent header name MUST be ignored."
		}
		seen[name] = true
		t := compile(string(orDefault(h.Type, gatewayv1.HeaderMatchExact)), h.Value, at(path+".headers", i, "value"))
		if isAuthority(name) {
			m.authority = &t
			continue
		}
		m.headers = append(m.headers, headerMatch{name: name, text: t})
	}
	clear(seen)
	for i, q := range in.QueryParams {
		if seen[string(q.Name)] {
			continue
		}
		seen[string(q.Name)] = true
		t := compile(string(orDefault(q.Type, gatewayv1.QueryParamMatchExact)), q.Value, at(path+".queryParams", i, "value"))
		m.query = append(m.query, queryMatch{name: string(q.Name), text: t})
	}
	m.sort()
	return m, ok
}

// byPrecedence orders entries as the specification of HTTPRouteRule.matches
// does: exact path, longest prefix, method, most headers, most query parameters;
// what is equal stays in order of age, and of the rules in their route. Regular
// expressions come last, the longest first, as Istio has them
// (istio pilot/pkg/config/kube/gateway/conversion.go, sortHTTPRoutes).
//
//differential:httproute/precedence httproute/several-routes
func byPrecedence(a, b apiEntry) int {
	return cmp.Or(
		cmp.Compare(pathRank(b.match.path), pathRank(a.match.path)),
		cmp.Compare(pathLength(b.match.path), pathLength(a.match.path)),
		cmp.Compare(count(b.match.method), count(a.match.method)),
		cmp.Compare(len(b.match.headers)+count(b.match.authority), len(a.match.headers)+count(a.match.authority)),
		cmp.Compare(len(b.match.query), len(a.match.query)),
	)
}

func pathRank(p pathMatch) int {
	switch p.kind {
	case pathExact:
		return 3
	case pathRegex:
		return 1
	}
	return 2
}

func pathLength(p pathMatch) int {
	if p.kind == pathAny {
		return len("/")
	}
	return len(p.value)
}

func count(t *text) int {
	if t == nil {
		return 0
	}
	return 1
}

// backend names the cluster of a reference, or the reason why it has none.
func (c *compiler) backend(e apiEntry, ref gatewayv1.BackendObjectReference) (ClusterName, string) {
	own := e.route.Namespace
	key, host := Backend(ref, own)
	if host == "" {
		return ClusterName{}, fmt.Sprintf("a backend of group %s and kind %s is not one that Istio sends to here",
			quote(key.Group), quote(key.Kind))
	}
	namespace := key.Namespace
	if namespace != own && !e.mesh && !Granted(c.grants, own, namespace, string(ref.Name)) {
		return ClusterName{}, fmt.Sprintf("Service %s/%s is in another namespace, which must grant the reference", namespace, ref.Name)
	}
	name := ClusterName{Host: host, Port: int(orDefault(ref.Port, 0))}
	s := c.serviceOf[name.Host]
	switch {
	case s == nil:
		return ClusterName{}, fmt.Sprintf("Service %s/%s does not exist", namespace, ref.Name)
	case c.table.clusters[name] == nil:
		return ClusterName{}, fmt.Sprintf("%s has no port %d", s.object, name.Port)
	}
	return name, ""
}
