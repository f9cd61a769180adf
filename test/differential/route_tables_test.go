package differential

import (
	"fmt"
	"strconv"
	"strings"
)

// A madeRoute is an HTTPRoute as text. Those that are later have no port for a parent for
// which another may have one.
type madeRoute struct {
	text  string
	later int
}

// gatewayRoute writes one whose rules stand in random order: there it is precedence
// that decides, among all HTTPRoutes of a host.
func (g *generator) gatewayRoute(i int) madeRoute {
	return madeRoute{text: fmt.Sprintf("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: generated-%d-%d, namespace: differential}\nspec:\n  parentRefs: [{name: gateway, namespace: istio-system}]\n  hostnames: [%s]\n  rules:\n",
		g.number, i, strconv.Quote(g.hosts())) + g.routeRules(g.gatewayBackend)}
}

// routeRules writes a list of them, most of them with one that takes every request.
func (g *generator) routeRules(backend func() string) string {
	var b strings.Builder
	rules := 1 + g.IntN(4)
	end := pick(g, 0, rules-1, rules)
	for i := range rules {
		if i == end {
			b.WriteString("  - filters: [" + marked(g.nextRule(), "") + "]\n    backendRefs: [{" + backend() + "}]\n")
		}
		b.WriteString("  - " + strings.Join(g.routeRule(backend), "\n    ") + "\n")
	}
	return b.String()
}

// marked is the filter by which a rule leaves its number in its answers.
func marked(rule, more string) string {
	return "{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: " + rule + "}]" + more + "}}"
}

func (g *generator) routeRule(backend func() string) []string {
	rule := g.nextRule()
	var lines []string
	// A prefix can be replaced where every match has one.
	prefix := false
	if !g.chance(6) {
		prefix = true
		var matches []string
		for range 1 + g.IntN(5)/3 {
			match, has := g.routeMatch()
			matches, prefix = append(matches, match), prefix && has
		}
		lines = append(lines, "matches: ["+strings.Join(matches, ", ")+"]")
	}
	if g.chance(8) {
		return append(lines, "filters: [{type: RequestRedirect, requestRedirect: {"+pick(g, "hostname: "+rule+".example",
			"statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /"+rule+"}", "scheme: https", "port: 8080, hostname: "+rule+".example")+"}}]")
	}
	filters := []string{marked(rule, pick(g, "", "", ", add: [{name: x-answer, value: a}]", ", remove: [x-arm]"))}
	if g.chance(4) {
		rewrites := []string{"hostname: other.example", "path: {type: ReplaceFullPath, replaceFullPath: /new}"}
		if prefix {
			rewrites = append(rewrites, "path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /}, hostname: other.example")
		}
		filters = append(filters, "{type: URLRewrite, urlRewrite: {"+pick(g, rewrites...)+"}}")
	}
	if g.chance(4) {
		filters = append(filters, "{type: RequestHeaderModifier, requestHeaderModifier: {"+pick(g, "set: [{name: x-one, value: set}], remove: [x-two]", "add: [{name: x-one, value: added}]")+"}}")
	}
	lines = append(lines, "filters: ["+strings.Join(filters, ", ")+"]")
	refs := "{" + backend()
	if g.chance(4) {
		refs += ", filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-arm, value: one}, {name: x-one, value: arm}]}}, " +
			"{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-arm, value: one}]}}]"
	}
	if g.chance(3) {
		refs += ", weight: 1}, {" + backend() + ", weight: 0"
	}
	return append(lines, "backendRefs: ["+refs+"}]")
}

// routeMatch writes one, and says whether it asks for a prefix.
func (g *generator) routeMatch() (match string, prefix bool) {
	var parts []string
	if !g.chance(4) {
		p := g.path()
		switch g.IntN(4) {
		case 0:
			parts = append(parts, "path: {type: Exact, value: "+p+"}")
		case 1, 2:
			parts, prefix = append(parts, "path: {type: PathPrefix, value: "+p+"}"), true
		case 3:
			parts = append(parts, "path: {type: RegularExpression, value: "+strconv.Quote(pick(g, p+".*", "/[ab]+", "/a(/.*)?"))+"}")
		}
	}
	if g.chance(3) {
		parts = append(parts, "headers: [{name: "+pick(g, "x-one", "x-two", "X-One")+", "+pick(g, "value: v", "value: v1", `type: RegularExpression, value: "v[0-9]+"`)+"}]")
	}
	if g.chance(5) {
		parts = append(parts, "method: "+pick(g, "GET", "POST"))
	}
	if g.chance(6) {
		parts = append(parts, `queryParams: [{name: q, value: "1"}]`)
	}
	return "{" + strings.Join(parts, ", ") + "}", prefix
}

// gatewayBackend is a backendRef without its braces.
func (g *generator) gatewayBackend() string {
	v1, v2 := "name: echo-v1, port: 80", "name: echo-v2, port: 80"
	return pick(g, v1, v2, v1, v2, v1, v2, v1, v2,
		pick(g, "name: nobody, port: 80", "name: echo-v1, port: 81", "name: empty, port: 80"))
}
