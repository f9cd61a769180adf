package routing

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// An entry is one item of a VirtualService's list of HTTP rules, or of that of
// the VirtualService it delegates to.
type entry struct {
	http      *networking.HTTPRoute
	object    manifests.Object // where the item stands
	path      string           // and at what place: "spec.http[0]"
	namespace string           // in which its short names are looked up
}

// virtualServices returns what the VirtualServices of the cluster bind, those
// without hosts excepted: they are there for others to delegate to.
func (c *compiler) virtualServices() []*routing {
	var routings []*routing
	for _, o := range c.vss {
		c.checkVirtualService(o)
		spec := &o.value.Spec
		if len(spec.GetHosts()) == 0 {
			continue
		}
		r := &routing{
			object:    o.Object,
			namespace: o.Namespace,
			gateways:  map[string]bool{},
			exportTo:  spec.GetExportTo(),
			order:     o.order,
		}
		for _, h := range spec.GetHosts() {
			r.hosts = append(r.hosts, FullHost(h, o.Namespace))
		}
		if len(spec.GetGateways()) == 0 {
			r.gateways[MeshGateway] = true
		}
		for _, g := range spec.GetGateways() {
			r.gateways[FullGateway(g, o.Namespace)] = true
		}
		entries := c.entries(o)
		r.routes = func(b binding) []route { return c.routes(entries, b) }
		routings = append(routings, r)
	}
	return routings
}

// entries returns the rules of a VirtualService, with those it delegates to in
// the place of the rules that do.
func (c *compiler) entries(o object[*networkingv1.VirtualService]) []entry {
	var entries []entry
	for i, http := range o.value.Spec.GetHttp() {
		if http == nil {
			continue
		}
		e := entry{http: http, object: o.Object, path: at("spec.http", i), namespace: o.Namespace}
		if http.GetDelegate() != nil {
			entries = append(entries, c.delegated(e)...)
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

// routes compiles entries for one listener: a route for each match block, and
// none after one that catches everything
// (istio pilot/pkg/networking/core/route/route.go, BuildHTTPRoutesForVirtualService).
//
//differential:virtualservice/prefix-is-text virtualservice/mirrors
func (c *compiler) routes(entries []entry, b binding) []route {
	var out []route
	for _, e := range entries {
		blocks := e.http.GetMatch()
		if len(blocks) == 0 {
			return append(out, route{rule: c.rule(e, pathMatch{}, b)})
		}
		for j, block := range blocks {
			if !c.applies(block, b, e.namespace) {
				continue
			}
			m, ok := c.compileMatch(block, e, at(e.path+".match", j))
			if !ok {
				continue
			}
			out = append(out, route{match: m, rule: c.rule(e, m.path, b)})
			if m.catchAll() {
				return out
			}
		}
	}
	return out
}

// applies says whether a match block concerns the proxy and listener at all.
// Gateways named in it take the place of source labels and namespace
// (istio pilot/pkg/networking/core/route/route.go, sourceMatchHTTP).
//
//differential:virtualservice/other-matches
func (c *compiler) applies(block *networking.HTTPMatchRequest, b binding, namespace string) bool {
	if port := block.GetPort(); port != 0 && int(port) != b.port {
		return false
	}
	if gateways := block.GetGateways(); len(gateways) > 0 {
		return slices.ContainsFunc(gateways, func(g string) bool { return FullGateway(g, namespace) == b.gateway })
	}
	if ns := block.GetSourceNamespace(); ns != "" && ns != c.proxy.Namespace {
		return false
	}
	return Selects(block.GetSourceLabels(), c.proxy.Labels)
}

// compileMatch compiles one match block. It fails for one that can never match
// here, having said why.
func (c *compiler) compileMatch(block *networking.HTTPMatchRequest, e entry, path string) (match, bool) {
	var m match
	ok := true
	one := func(in *networking.StringMatch, field string) *text {
		if in == nil {
			return nil
		}
		t, good := c.compileText(in, e.object, path+"."+field)
		ok = ok && good
		return &t
	}
	m.method = one(block.GetMethod(), "method")
	m.scheme = one(block.GetScheme(), "scheme")
	m.authority = one(block.GetAuthority(), "authority")
	if c.star(block.GetUri(), e, path+".uri", `write ".*", or leave uri out`) {
		ok = false
	} else if t := one(block.GetUri(), "uri"); t != nil {
		m.path = pathOf(*t, block.GetIgnoreUriCase())
	}
	for _, name := range sortedKeys(block.GetHeaders()) {
		ok = !c.star(block.GetHeaders()[name], e, key(path+".headers", name), "write {} to ask that the header is there") && ok
		ok = c.compileHeader(&m, name, block.GetHeaders()[name], false, e, path+".headers") && ok
	}
	for _, name := range sortedKeys(block.GetWithoutHeaders()) {
		ok = c.compileHeader(&m, name, block.GetWithoutHeaders()[name], true, e, path+".withoutHeaders") && ok
	}
	for _, name := range sortedKeys(block.GetQueryParams()) {
		place := key(path+".queryParams", name)
		t, good := c.compileText(block.GetQueryParams()[name], e.object, place)
		ok = !c.star(block.GetQueryParams()[name], e, place, "write {} to ask that the parameter is there") && ok && good
		m.query = append(m.query, queryMatch{name: name, text: t})
	}
	m.sort()
	return m, ok
}

// star refuses the expression *, which istiod would take for presence but
// Istio's validation does not let in, withoutHeaders excepted.
//
//differential:virtualservice/refused-star-header virtualservice/refused-star-query virtualservice/refused-star-uri virtualservice/refused-star-without
func (c *compiler) star(in *networking.StringMatch, e entry, path, hint string) bool {
	if in.GetRegex() != "*" {
		return false
	}
	c.refuse(e.object, path+".regex", `"*" is not a regular expression`, hint)
	return true
}

func pathOf(t text, ignoreCase bool) pathMatch {
	p := pathMatch{value: t.value, fold: ignoreCase, re: t.re}
	switch t.kind {
	case textExact:
		p.kind = pathExact
	case textPrefix:
		p.kind = pathPrefix
		if t.value == "/" || t.value == "" {
			return pathMatch{}
		}
	case textRegex:
		p.kind = pathRegex
	}
	return p
}

// compileHeader adds a condition on a header to m.
//
//differential:virtualservice/ignored-header-keys virtualservice/header-matches
func (c *compiler) compileHeader(m *match, name string, in *networking.StringMatch, without bool, e entry, path string) bool {
	lower := strings.ToLower(name)
	path = key(path, name)
	switch {
	case strings.HasPrefix(lower, "@request.auth."):
		c.warn(e.object, path, fmt.Sprintf("claims of tokens are not interpreted: a rule that asks for %s never matches here", quote(name)),
			"match on a header that the application sets")
		return without
	case lower == "uri" || lower == "scheme" || lower == "method" || lower == "authority":
		// Istio's documentation says that it ignores these keys. It does not:
		// they are headers like any other, which few requests have.
		c.warn(e.object, path, quote(name)+" among headers asks for a header of that name", "use the field "+lower+" of the match itself")
	}
	t, ok := c.compileText(in, e.object, path)
	if !ok {
		return false
	}
	if lower == ":authority" {
		name = "Host"
	}
	m.headers = append(m.headers, headerMatch{name: canonical(name), text: t, invert: without})
	return true
}

// compileText compiles a string condition. An empty one, and the regular
// expression *, ask for presence alone
// (istio pilot/pkg/networking/core/route/route.go, canBeConvertedToPresentMatch).
//
//differential:virtualservice/header-matches virtualservice/ignored-header-keys virtualservice/refused-empty-exact
func (c *compiler) compileText(in *networking.StringMatch, o manifests.Object, path string) (text, bool) {
	switch m := in.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return text{kind: textExact, value: m.Exact}, true
	case *networking.StringMatch_Prefix:
		return text{kind: textPrefix, value: m.Prefix}, true
	case *networking.StringMatch_Regex:
		if m.Regex == "*" {
			return text{}, true
		}
		re, err := fullMatch(m.Regex)
		if err != nil {
			c.refuse(o, path+".regex", fmt.Sprintf("%s is not a regular expression: %v", quote(m.Regex), err),
				"write it in RE2's syntax; it must match the whole value")
			return text{}, false
		}
		return text{kind: textRegex, value: m.Regex, re: re}, true
	}
	return text{}, true
}
