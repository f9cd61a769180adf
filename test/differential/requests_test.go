package differential

import (
	"cmp"
	"net/http"
	"strings"
)

// request writes one at the edge of what the table asks for. One in ten misses
// its host: more would only tell how often a proxy can say 404.
func (g *generator) request() string {
	line := pick(g, http.MethodGet, http.MethodGet, http.MethodGet, http.MethodPost, http.MethodPut) + " " + g.edge()
	if g.inSidecar() {
		line += g.calledAs()
	} else {
		line += " | Host: " + g.near(g.host)
	}
	for range g.IntN(3) {
		line += " | " + pick(g, "x-one: v", "x-one: v", "x-one: v1", "X-ONE: V", "x-two: v", "x-two: v22", "x-one: w", "x-two:")
	}
	return line
}

// near is a host, most often as it is.
func (g *generator) near(host string) string {
	switch g.IntN(20) {
	case 0:
		return strings.ToUpper(host)
	case 1, 2:
		return host + ":80"
	case 3, 4:
		return "sub." + host
	case 5:
		return "x" + host
	case 6:
		return host + ":8080"
	}
	return host
}

// edge is a path that a rule asks for, or one beside it, and a query.
func (g *generator) edge() string {
	path := "/"
	if len(g.paths) > 0 {
		path = pick(g, g.paths...)
	}
	switch g.IntN(16) {
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
	return path
}

// calledAs says which Service a client in the mesh calls, most often one that the
// table routes, and by which of its names.
func (g *generator) calledAs() string {
	all := []string{g.service("a") + ":80", g.service("b") + ":8000", g.service("b") + ":9000", g.service("c") + ".differential:80"}
	to := pick(g, all...)
	if len(g.called) > 0 && !g.chance(6) {
		to = pick(g, g.called...)
	}
	line := " | to: " + to
	service, port, _ := strings.Cut(to, ":")
	name, namespace, other := strings.Cut(service, ".")
	full := service + ".svc.cluster.local"
	if !other {
		namespace = meshNamespace
		full = name + "." + namespace + ".svc.cluster.local"
	}
	switch g.IntN(12) {
	case 0:
		line += " | Host: " + strings.ToUpper(full) + ":" + port
	case 1, 2:
		line += " | Host: " + full
	case 3:
		line += " | Host: " + name + "." + namespace
	case 4:
		line += " | Host: " + name + "." + namespace + ".svc:" + port
	case 5:
		line += " | Host: " + g.near(g.host)
	case 6:
		line += " | Host: " + pick(g, "else.example", full+".", name+".else", name)
	}
	return line
}
