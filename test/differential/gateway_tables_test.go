package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// hosts are names of the table's own.
func (g *generator) hosts() string {
	return pick(g, g.host, g.host, g.host, "*."+g.host)
}

// virtualService writes one with a few rules in random order.
func (g *generator) virtualService(i int) string {
	hosts := []string{g.hosts()}
	if g.chance(3) {
		hosts = []string{g.host, "*." + g.host}
	}
	return fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: generated-%d-%d, namespace: differential}\nspec:\n  hosts: [%s]\n  gateways: [gateway]\n  http:\n",
		g.number, i, quoted(hosts)) + g.virtualRules(g.gatewayDestination)
}

// virtualRules writes a list of them. Most have an end that takes every request,
// so that what misses a match is answered by an application all the same.
func (g *generator) virtualRules(destination func() string) string {
	var b strings.Builder
	write := func(lines []string) { b.WriteString("  - " + strings.Join(lines, "\n    ") + "\n") }
	for range 1 + g.IntN(4) {
		write(g.virtualRule(destination))
	}
	if !g.chance(4) {
		write([]string{"headers: {response: {set: {x-rule: " + g.nextRule() + "}}}", "route: [" + destination() + "}]"})
	}
	return b.String()
}

func (g *generator) virtualRule(destination func() string) []string {
	rule := g.nextRule()
	var lines []string
	prefix := ""
	if !g.chance(6) {
		var blocks []string
		for range 1 + g.IntN(5)/2 {
			block, p := g.virtualMatch()
			blocks, prefix = append(blocks, block), p
		}
		lines = append(lines, "match: ["+strings.Join(blocks, ", ")+"]")
	}
	switch g.IntN(10) {
	case 0:
		lines = append(lines, "redirect: {"+pick(g, "uri: /"+rule, "authority: "+rule+".example", "uri: /"+rule+", authority: to.example, redirectCode: 308", "redirectCode: 302, scheme: https",
			"authority: "+rule+".example, port: 8443", "derivePort: FROM_REQUEST_PORT")+"}")
		return lines
	case 1:
		lines = append(lines, fmt.Sprintf("directResponse: {status: %d, body: {string: own %s}}", pick(g, 200, 404, 418), rule))
		return lines
	}
	lines = append(lines, "route: ["+g.destinations(destination)+"]")
	if g.chance(4) {
		rewrites := []string{"{uri: /new}", "{authority: other.example}", "{uri: /, authority: other.example}", `{uriRegexRewrite: {match: "/a(.*)", rewrite: "/z\\1"}}`}
		if prefix == "" {
			rewrites = slices.DeleteFunc(rewrites, func(r string) bool { return strings.Contains(r, "uri: /,") })
		}
		lines = append(lines, "rewrite: "+pick(g, rewrites...))
	}
	changes := []string{"", "", "", "request: {set: {x-one: set}}, ", "request: {add: {x-one: added}, remove: [x-two]}, "}
	if !strings.Contains(strings.Join(lines, ""), "rewrite: ") {
		changes = append(changes, "request: {set: {x-two: b, Host: set.example}}, ")
	}
	lines = append(lines, "headers: {"+pick(g, changes...)+
		"response: {"+pick(g, "", "", "add: {x-answer: a}, ", "remove: [x-arm], ")+"set: {x-rule: "+rule+"}}}")
	if g.chance(4) {
		fault := fmt.Sprintf("abort: {percentage: {value: %d}, httpStatus: %d}", pick(g, 0, 0, 100), pick(g, 400, 503))
		delay := fmt.Sprintf("delay: {percentage: {value: %d}, fixedDelay: 1ms}", pick(g, 0, 100))
		lines = append(lines, "fault: {"+pick(g, fault, delay, fault+", "+delay)+"}")
	}
	return lines
}

// destinations writes one, or one beside another that has no weight: which is
// drawn is not for this suite to see. Each is written without its closing brace.
func (g *generator) destinations(one func() string) string {
	first := one()
	if g.chance(4) {
		first += ", headers: {request: {set: {x-arm: one, x-one: arm}}, response: {set: {x-arm: one}}}"
	}
	if g.chance(3) {
		return first + ", weight: 100}, " + one() + ", weight: 0}"
	}
	return first + "}"
}

func (g *generator) gatewayDestination() string {
	return "{destination: " + pick(g, "{host: echo, subset: v1}", "{host: echo, subset: v2}",
		"{host: echo-v1}", "{host: echo-v2.differential.svc.cluster.local, port: {number: 80}}", "{host: odd, subset: v2}",
		"{host: echo, subset: v1}", "{host: echo-v2}",
		pick(g, "{host: echo, subset: missing}", "{host: nobody}", "{host: empty}", "{host: two, subset: v1}", "{host: echo-v1, port: {number: 81}}"))
}

// virtualMatch writes one block, and says which prefix it asks for.
func (g *generator) virtualMatch() (block, prefix string) {
	var parts []string
	if !g.chance(4) {
		switch p := g.path(); g.IntN(4) {
		case 0:
			parts = append(parts, "uri: {exact: "+p+"}")
		case 1, 2:
			parts, prefix = append(parts, "uri: {prefix: "+p+"}"), p
		case 3:
			parts = append(parts, "uri: {regex: "+strconv.Quote(pick(g, p+".*", "/[ab]+", "/a(/.*)?", p+"[0-9]*", "/(a|b)/?"))+"}")
		}
		if g.chance(5) {
			parts = append(parts, "ignoreUriCase: true")
		}
	}
	if g.chance(3) {
		parts = append(parts, "headers: {"+g.header()+"}")
	}
	if g.chance(6) {
		parts = append(parts, "withoutHeaders: {"+g.header()+"}")
	}
	if g.chance(5) {
		parts = append(parts, "method: {"+pick(g, "exact: GET", "exact: POST", "prefix: P", `regex: "GET|PUT"`)+"}")
	}
	if g.chance(6) {
		parts = append(parts, "queryParams: {q: {"+pick(g, `exact: "1"`, `regex: "[0-9]+"`)+"}}")
	}
	if g.chance(8) {
		parts = append(parts, g.place())
	}
	if len(parts) == 0 {
		parts = []string{"uri: {prefix: /}"}
		prefix = "/"
	}
	return "{" + strings.Join(parts, ", ") + "}", prefix
}

// place is a condition on where a request is, or comes from.
func (g *generator) place() string {
	if g.inSidecar() {
		return pick(g, "port: 80", "port: 8000", "sourceLabels: {app: relay}", "sourceLabels: {app: other}", "sourceNamespace: differential-mesh",
			"sourceNamespace: differential", "gateways: [mesh]", "authority: {prefix: "+g.service("b")+"}")
	}
	return pick(g, "port: 80", "port: 81", "gateways: [gateway]", "gateways: [mesh]", "authority: {exact: "+g.host+"}", "scheme: {exact: http}")
}

func (g *generator) header() string {
	return pick(g, "x-one", "x-two", "X-One") + ": {" + pick(g, "exact: v", "prefix: v", `regex: "v[0-9]+"`, "exact: v1") + "}"
}
