package differential

import (
	"fmt"
	"strings"
)

// Each table for sidecars has Services of its own, which are there from the start:
// only routes change from one batch to the next. Of each Service all pods are of
// one version, because which pod is taken is not for this suite to see.
const slot = `---
apiVersion: v1
kind: Service
metadata: {name: a-%[1]d, namespace: differential-mesh}
spec: {selector: {app: backend, version: v1}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: b-%[1]d, namespace: differential-mesh}
spec:
  selector: {app: backend, version: v2}
  ports: [{name: http, port: 8000, targetPort: 8080}, {name: http-more, port: 9000, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: c-%[1]d, namespace: differential}
spec: {selector: {app: echo, version: v2}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a-%[1]d, namespace: differential-mesh}
spec:
  host: a-%[1]d
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: nobody, labels: {version: v9}}
`

// slots are the Services of all tables of a batch.
func slots() []byte {
	var b strings.Builder
	for n := range tablesAtOnce {
		if strings.HasSuffix(kinds[n%len(kinds)], "in a sidecar") {
			fmt.Fprintf(&b, slot, n)
		}
	}
	return []byte(b.String())
}

// service is the name of one of the table's Services: a, b, or c, which is in the
// other namespace.
func (g *generator) service(letter string) string {
	return fmt.Sprintf("%s-%d", letter, g.number%tablesAtOnce)
}

func (g *generator) calls(to ...string) { g.called = append(g.called, to...) }

// meshVirtualService writes one for the sidecars of clients: of Services by their
// short and full names, and of hosts that are no Service's.
func (g *generator) meshVirtualService(i int) string {
	a, b := g.service("a"), g.service("b")
	full := func(name string) string { return name + "." + meshNamespace + ".svc.cluster.local" }
	far := g.service("c") + ".differential.svc.cluster.local"
	namespace := meshNamespace
	var hosts []string
	switch g.IntN(8) {
	case 0, 1:
		hosts = []string{a}
		g.calls(a + ":80")
	case 2:
		hosts = []string{full(a)}
		g.calls(a + ":80")
	case 3:
		hosts = []string{b}
		g.calls(b+":8000", b+":9000")
	case 4:
		hosts = []string{a, full(b), g.host}
		g.calls(a+":80", b+":8000", b+":9000")
	case 5:
		hosts = []string{far, a}
		g.calls(g.service("c")+".differential:80", a+":80")
	case 6:
		// The owner of the far Service writes it, or another namespace does for
		// this one's.
		namespace = "differential"
		hosts = []string{g.service("c"), full(a)}
		g.calls(g.service("c")+".differential:80", a+":80")
	case 7:
		// A name with dots is taken as it stands, and so is a wildcard.
		hosts = []string{a + "." + meshNamespace, "*." + g.host}
		g.calls(a + ":80")
	}
	more := pick(g, "", "", "", "", "  gateways: [mesh]\n", "  exportTo: [.]\n", "  exportTo: [differential-mesh]\n")
	return fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: generated-%d-%d, namespace: %s}\nspec:\n  hosts: [%s]\n%s  http:\n",
		g.number, i, namespace, quoted(hosts), more) + g.virtualRules(g.meshDestination)
}

// meshDestination is one of the table's Services, with and without a port and a
// subset. Its host stands in full: short names are those of the object's namespace.
func (g *generator) meshDestination() string {
	a, b := g.service("a")+"."+meshNamespace+".svc.cluster.local", g.service("b")+"."+meshNamespace+".svc.cluster.local"
	c := g.service("c") + ".differential.svc.cluster.local"
	return "{destination: " + pick(g,
		"{host: "+a+", port: {number: 80}}", "{host: "+a+"}", "{host: "+a+", subset: v1, port: {number: 80}}", "{host: "+a+", subset: v1}",
		"{host: "+b+", port: {number: 9000}}", "{host: "+b+", port: {number: 8000}}", "{host: "+b+"}",
		"{host: "+c+", port: {number: 80}}", "{host: "+c+"}",
		pick(g, "{host: "+a+", subset: nobody}", "{host: "+a+", subset: missing}", "{host: nobody}", "{host: "+g.service("a")+"}", "{host: "+b+", port: {number: 81}}"))
}

// meshRoute writes an HTTPRoute whose parent is a Service: a producer's beside it,
// or a consumer's in the client's namespace or, where it concerns nobody who asks,
// in another.
func (g *generator) meshRoute(i int) madeRoute {
	a, b, c := g.service("a"), g.service("b"), g.service("c")
	parent := func(name, namespace string) string {
		return `{group: "", kind: Service, name: ` + name + ", namespace: " + namespace
	}
	namespace := meshNamespace
	var parents string
	switch g.IntN(8) {
	case 0, 1:
		parents = parent(a, meshNamespace) + "}"
		g.calls(a + ":80")
	case 2:
		parents = parent(a, meshNamespace) + pick(g, ", port: 80}", ", port: 81}")
		g.calls(a + ":80")
	case 3:
		parents = parent(b, meshNamespace) + pick(g, "}", ", port: 8000}", ", port: 9000}")
		g.calls(b+":8000", b+":9000")
	case 4:
		parents = parent(a, meshNamespace) + "}, " + parent(b, meshNamespace) + ", port: 8000}"
		g.calls(a+":80", b+":8000", b+":9000")
	case 5:
		parents = parent(c, "differential") + "}"
		g.calls(c + ".differential:80")
	case 6:
		namespace = "differential"
		parents = parent(c, "differential") + "}"
		g.calls(c + ".differential:80")
	case 7:
		namespace = "differential"
		parents = parent(a, meshNamespace) + "}"
		g.calls(a + ":80")
	}
	later := 2 - 2*strings.Count(parents, "port: ")
	if strings.Count(parents, "kind: Service") > 1 {
		later = 1
	}
	return madeRoute{later: later, text: fmt.Sprintf("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: generated-%d-%d, namespace: %s}\nspec:\n  parentRefs: [%s]\n  rules:\n",
		g.number, i, namespace, parents) + g.routeRules(g.meshBackend)}
}

// meshBackend is a backendRef without its braces.
func (g *generator) meshBackend() string {
	near := func(letter, port string) string {
		return "name: " + g.service(letter) + ", namespace: " + meshNamespace + ", port: " + port
	}
	return pick(g, near("a", "80"), near("a", "80"), near("b", "8000"), near("b", "9000"), "name: "+g.service("c")+", namespace: differential, port: 80",
		pick(g, near("a", "81"), "name: nobody, port: 80", near("b", "8000")))
}
