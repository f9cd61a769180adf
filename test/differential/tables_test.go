package differential

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

const (
	// tablesAtOnce are applied together, each under hosts or Services of its own:
	// applying and settling takes longer than asking.
	tablesAtOnce = 20
	// requestsOfTable are asked of each table.
	requestsOfTable = 28
)

// A table is what one seed gives: objects, and requests in the form of the cases.
// The words it is made of are few, so that rules overlap, and the requests lie at
// the edges of their matches.
type table struct {
	kind     string
	manifest string
	requests []string
}

// The kinds of tables: which objects they are made of, and for whose proxies.
const (
	virtualAtGateway = "VirtualServices at a gateway"
	routeAtGateway   = "HTTPRoutes at a gateway"
	bothAtGateway    = "both at a gateway"
	virtualInSidecar = "VirtualServices in a sidecar"
	routeInSidecar   = "HTTPRoutes in a sidecar"
	bothInSidecar    = "both in a sidecar"
)

// kinds come in turn. Those that mix the objects are rarer: there is less to them
// than to their parts.
var kinds = []string{
	virtualAtGateway, routeAtGateway, virtualInSidecar, routeInSidecar, bothAtGateway,
	virtualAtGateway, routeAtGateway, virtualInSidecar, routeInSidecar, bothInSidecar,
}

type generator struct {
	*rand.Rand
	number int
	kind   string
	// host is the table's own at the gateway; in a sidecar it is one that is no
	// Service's.
	host string
	// paths are those that rules ask for, called the Services that objects name.
	paths  []string
	called []string
	// rules counts those of the table: each leaves its number in its answers.
	rules int
}

func generate(number int) table {
	kind := kinds[number%len(kinds)]
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(number), 5)), number: number, kind: kind}
	g.host = fmt.Sprintf("t%d.table.example", number)
	// Routes of several objects are merged, or the older ones win: but for the
	// kinds that mix them, most tables have one.
	var virtual []string
	var routes []madeRoute
	for i := range 1 + g.IntN(5)/3 {
		switch kind {
		case virtualAtGateway:
			virtual = append(virtual, g.virtualService(i))
		case routeAtGateway:
			routes = append(routes, g.gatewayRoute(i))
		case virtualInSidecar:
			virtual = append(virtual, g.meshVirtualService(i))
		case routeInSidecar:
			routes = append(routes, g.meshRoute(i))
		case bothAtGateway:
			virtual, routes = append(virtual, g.virtualService(i)), append(routes, g.gatewayRoute(i))
		case bothInSidecar:
			virtual, routes = append(virtual, g.meshVirtualService(i)), append(routes, g.meshRoute(i))
		}
	}
	made := table{kind: kind, manifest: strings.Join(inOrder(g.inSidecar(), virtual, routes), "---\n")}
	for len(made.requests) < requestsOfTable {
		if r := g.request(); !slices.Contains(made.requests, r) {
			made.requests = append(made.requests, r)
		}
	}
	return made
}

// inOrder puts objects into the order in which Istio takes them for created, also
// where that is within one second, when their names in istiod decide: those of
// VirtualServices begin with "generated", those of HTTPRoutes with the parent's
// namespace, its name, and its port where there is one.
func inOrder(sidecar bool, virtual []string, routes []madeRoute) []string {
	slices.SortStableFunc(routes, func(a, b madeRoute) int { return cmp.Compare(a.later, b.later) })
	var texts []string
	for _, r := range routes {
		texts = append(texts, r.text)
	}
	if sidecar {
		return append(texts, virtual...)
	}
	return append(virtual, texts...)
}

// inSidecar says whether the table is for the sidecar of a client.
func (g *generator) inSidecar() bool { return strings.HasSuffix(g.kind, "in a sidecar") }

func pick[T any](g *generator, all ...T) T { return all[g.IntN(len(all))] }

// chance is true once in n.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

func (g *generator) path() string {
	p := pick(g, "/", "/a", "/a/b", "/ab", "/a/b/c", "/b", "/a/", "/A", "/a.b", "/status")
	g.paths = append(g.paths, p)
	return p
}

// nextRule numbers a rule.
func (g *generator) nextRule() string {
	g.rules++
	return "r" + strconv.Itoa(g.rules)
}

func quoted(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, strconv.Quote(w))
	}
	return strings.Join(all, ", ")
}

// A batch is the tables that are applied together, as one case.
type batch struct {
	first int
	made  []table
	lines []string
}

// batches are those of the first tables. What they ask for beside the tables is in
// every one: the gateways, and the way to the client in the mesh.
func batches(tables int) []batch {
	var all []batch
	for first := 0; first < tables; first += tablesAtOnce {
		b := batch{first: first}
		for number := first; number < min(first+tablesAtOnce, tables); number++ {
			one := generate(number)
			b.made = append(b.made, one)
			b.lines = append(b.lines, one.requests...)
		}
		all = append(all, b)
	}
	return all
}

func (b batch) manifests() []byte {
	text := gateways + strings.TrimPrefix(wayIn, "\n")
	for _, one := range b.made {
		text += "---\n" + one.manifest
	}
	return []byte(text)
}

// gateways are the ways in. That of the Gateway API is handed to the ingress
// gateway by its address, so that both serve the same hosts at the same pods.
const gateways = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway, namespace: differential}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.table.example"]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: istio-ingressgateway.istio-system.svc.cluster.local}]
  listeners: [{name: http, port: 80, hostname: "*.table.example", protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`
