//go:build e2e

package differential

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	// fewTables is how many tables are generated where nothing else is said.
	fewTables = 40
	// tablesAtOnce are applied together, each under a host of its own: applying
	// and settling takes longer than asking.
	tablesAtOnce = 10
	// requestsOfTable are asked of each table.
	requestsOfTable = 28
)

// TestGenerated compares random route tables, the same ones each time. The words
// they are made of are few, so that rules overlap, and the requests lie at the
// edges of their matches.
func TestGenerated(t *testing.T) {
	tables := fewTables
	if text := os.Getenv("SPLITCHECK_DIFFERENTIAL_TABLES"); text != "" {
		var err error
		tables, err = strconv.Atoi(text)
		require.NoError(t, err, "SPLITCHECK_DIFFERENTIAL_TABLES is a number of tables")
	}
	c := connect(t)
	app, err := os.ReadFile("testdata/app.yaml")
	require.NoError(t, err)
	fmt.Printf("planned: %d route tables, %d requests\n", tables, tables*requestsOfTable)
	c.deploy(t, app)
	var requests, different int
	for first := 0; first < tables; first += tablesAtOnce {
		last := min(first+tablesAtOnce, tables)
		t.Run(fmt.Sprintf("%d-%d", first, last-1), func(t *testing.T) {
			made := make([]table, 0, tablesAtOnce)
			var k testCase
			k.manifests = []byte(gateways[kindOf(first)])
			for seed := first; seed < last; seed++ {
				one := generate(uint64(seed))
				made = append(made, one)
				k.manifests = append(k.manifests, "---\n"+one.manifest...)
				for _, line := range one.requests {
					k.requests = append(k.requests, readRequest(t, line))
				}
			}
			simulated := simulate(t, k, app)
			real := c.ask(t, k)
			require.Equal(t, real.refused, simulated.refused, "refused by one alone\n- cluster: %s\n+ simulated: %s", real.words, simulated.words)
			require.False(t, real.refused, "a table that is refused compares nothing: %s", real.words)
			for i, r := range k.requests {
				requests++
				if d := diff(real.answers[i], simulated.answers[i]); d != "" {
					different++
					if different <= 20 {
						t.Errorf("%s (-cluster, +simulated)\n%s\nof table %d:\n%s", r.line, d, first+i/requestsOfTable, made[i/requestsOfTable].manifest)
					}
				}
			}
		})
	}
	t.Logf("%d tables and %d requests were compared, %d answers differ", tables, requests, different)
	require.Zero(t, different)
}

// gateways are the ways in. That of the Gateway API is handed to the ingress gateway
// by its address. They are not mixed: see docs/fidelity.md.
var gateways = map[string]string{
	"virtual": `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: differential}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.virtual.example"]}]}
`,
	"route": `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway.istio-system.svc.cluster.local}]
  listeners: [{name: http, port: 80, hostname: "*.route.example", protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`,
}

// A table is what one seed gives: objects, and requests in the form of the cases.
type table struct {
	manifest string
	requests []string
}

type generator struct {
	*rand.Rand
	number int
	host   string
	paths  []string
}

// kindOf is that of all tables that are applied together: VirtualServices for three
// batches of five, HTTPRoutes for two.
func kindOf(number int) string {
	if number/tablesAtOnce%5%2 == 0 {
		return "virtual"
	}
	return "route"
}

func generate(seed uint64) table {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 5)), number: int(seed)}
	kind := kindOf(int(seed))
	g.host = fmt.Sprintf("t%d.%s.example", seed, kind)
	var made table
	objects := 1 + g.IntN(5)/4
	for i := range objects {
		if i > 0 {
			made.manifest += "---\n"
		}
		if kind == "virtual" {
			made.manifest += g.virtualService(i)
		} else {
			made.manifest += g.httpRoute(i)
		}
	}
	for len(made.requests) < requestsOfTable {
		if r := g.request(); !slices.Contains(made.requests, r) {
			made.requests = append(made.requests, r)
		}
	}
	return made
}

func pick[T any](g *generator, all ...T) T { return all[g.IntN(len(all))] }

// chance is true once in n.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g *generator) path() string {
	p := pick(g, "/", "/a", "/a/b", "/ab", "/a/b/c", "/b", "/a/", "/A", "/a.b", "/status")
	g.paths = append(g.paths, p)
	return p
}

func (g *generator) hosts() string {
	return pick(g, g.host, g.host, g.host, "*."+g.host)
}

// virtualService writes one with a few rules in random order.
func (g *generator) virtualService(i int) string {
	hosts := []string{g.hosts()}
	if g.chance(4) {
		hosts = []string{g.host, "*." + g.host}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: generated-%d-%d, namespace: differential}\nspec:\n  hosts: [%s]\n  gateways: [gateway]\n  http:\n",
		g.number, i, quoted(hosts))
	for range 1 + g.IntN(5) {
		b.WriteString("  - " + strings.Join(g.virtualRule(), "\n    ") + "\n")
	}
	return b.String()
}

func quoted(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, strconv.Quote(w))
	}
	return strings.Join(all, ", ")
}

func (g *generator) virtualRule() []string {
	var lines []string
	prefix := ""
	if !g.chance(5) {
		var blocks []string
		for range 1 + g.IntN(5)/3 {
			block, p := g.virtualMatch()
			blocks, prefix = append(blocks, block), p
		}
		lines = append(lines, "match: ["+strings.Join(blocks, ", ")+"]")
	}
	switch g.IntN(8) {
	case 0:
		lines = append(lines, "redirect: {"+pick(g, "uri: /to", "authority: to.example", "uri: /to, authority: to.example, redirectCode: 308", "redirectCode: 302, scheme: https")+"}")
		return lines
	case 1:
		lines = append(lines, fmt.Sprintf("directResponse: {status: %d, body: {string: own}}", pick(g, 200, 404, 418)))
		return lines
	}
	lines = append(lines, "route: ["+g.destinations()+"]")
	if g.chance(4) {
		rewrites := []string{"{uri: /new}", "{authority: other.example}", "{uri: /, authority: other.example}", `{uriRegexRewrite: {match: "/a(.*)", rewrite: "/z\\1"}}`}
		if prefix == "" {
			rewrites = slices.DeleteFunc(rewrites, func(r string) bool { return strings.Contains(r, "uri: /,") })
		}
		lines = append(lines, "rewrite: "+pick(g, rewrites...))
	}
	if g.chance(4) {
		lines = append(lines, "headers: {"+pick(g,
			"request: {set: {x-one: set}}", "request: {add: {x-one: added}, remove: [x-two]}",
			"response: {set: {x-answer: set}, remove: [x-app]}", "response: {add: {x-answer: a}}, request: {set: {x-two: b}}")+"}")
	}
	if g.chance(5) {
		lines = append(lines, fmt.Sprintf("fault: {abort: {percentage: {value: %d}, httpStatus: %d}}", pick(g, 0, 100), pick(g, 400, 503)))
	}
	return lines
}

func (g *generator) destinations() string {
	one := func() string {
		return pick(g, "{destination: {host: echo, subset: v1}", "{destination: {host: echo, subset: v2}",
			"{destination: {host: echo-v1}", "{destination: {host: echo-v2.differential.svc.cluster.local, port: {number: 80}}",
			"{destination: {host: echo, subset: missing}", "{destination: {host: nobody}")
	}
	if g.chance(3) {
		return one() + ", weight: 100}, " + one() + ", weight: 0}"
	}
	if g.chance(6) {
		return one() + ", headers: {request: {set: {x-arm: one}}, response: {set: {x-arm: one}}}}"
	}
	return one() + "}"
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
	if len(parts) == 0 {
		parts = []string{"uri: {prefix: /}"}
		prefix = "/"
	}
	return "{" + strings.Join(parts, ", ") + "}", prefix
}

func (g *generator) header() string {
	return pick(g, "x-one", "x-two", "X-One") + ": {" + pick(g, "exact: v", "prefix: v", `regex: "v[0-9]+"`, "exact: v1") + "}"
}

// httpRoute writes one whose rules stand in random order: there it is precedence
// that decides.
func (g *generator) httpRoute(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: generated-%d-%d, namespace: differential}\nspec:\n  parentRefs: [{name: gateway, namespace: istio-system}]\n  hostnames: [%s]\n  rules:\n",
		g.number, i, strconv.Quote(g.hosts()))
	for range 1 + g.IntN(5) {
		b.WriteString("  - " + strings.Join(g.routeRule(), "\n    ") + "\n")
	}
	return b.String()
}

func (g *generator) routeRule() []string {
	var lines []string
	prefix := false
	if !g.chance(5) {
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
		if len(parts) > 0 {
			lines = append(lines, "matches: [{"+strings.Join(parts, ", ")+"}]")
		}
	}
	switch g.IntN(8) {
	case 0:
		return append(lines, "filters: [{type: RequestRedirect, requestRedirect: {"+pick(g, "hostname: to.example", "statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /to}", "scheme: https")+"}}]")
	case 1:
		rewrites := []string{"hostname: other.example", "path: {type: ReplaceFullPath, replaceFullPath: /new}"}
		if prefix {
			rewrites = append(rewrites, "path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}")
		}
		lines = append(lines, "filters: [{type: URLRewrite, urlRewrite: {"+pick(g, rewrites...)+"}}]")
	case 2:
		lines = append(lines, "filters: [{type: "+pick(g, "RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-one, value: set}], remove: [x-two]}",
			"ResponseHeaderModifier, responseHeaderModifier: {add: [{name: x-answer, value: a}]}")+"}]")
	}
	one := func() string {
		return pick(g, "name: echo-v1, port: 80", "name: echo-v2, port: 80", "name: echo-v1, port: 80", "name: nobody, port: 80")
	}
	refs := "{" + one() + "}"
	if g.chance(3) {
		refs = "{" + one() + ", weight: 1}, {" + one() + ", weight: 0}"
	}
	return append(lines, "backendRefs: ["+refs+"]")
}

// request writes one at the edge of what the table asks for.
func (g *generator) request() string {
	path := "/"
	if len(g.paths) > 0 {
		path = pick(g, g.paths...)
	}
	switch g.IntN(12) {
	case 0:
		path += "x"
	case 1:
		path += "/"
	case 2:
		path = cmp.Or(strings.TrimSuffix(path, path[len(path)-1:]), "/")
	case 3:
		path = strings.ToUpper(path)
	case 4:
		path += "7"
	case 5:
		path = strings.TrimSuffix(path, "/") + "/b"
	case 6:
		path = strings.ReplaceAll(path, "a", "%61")
	case 7:
		path = pick(g, "/zzz", "/a/b/c/d", "//a", "/a//b", "/b/", "/a/../b")
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	switch g.IntN(6) {
	case 0:
		path += "?q=1"
	case 1:
		path += pick(g, "?q=12", "?Q=1", "?q", "?p=1&q=1", "?q=x")
	}
	line := pick(g, http.MethodGet, http.MethodGet, http.MethodGet, http.MethodPost, http.MethodPut) + " " + path
	line += " | Host: " + pick(g, g.host, g.host, g.host, g.host, strings.ToUpper(g.host), g.host+":80", "sub."+g.host, "x"+g.host)
	for range g.IntN(3) {
		line += " | " + pick(g, "x-one: v", "x-one: v1", "X-ONE: V", "x-two: v", "x-two: v22", "x-one: w", "x-two:")
	}
	return line
}
