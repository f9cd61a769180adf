package routing

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A listener holds the virtual hosts of one port.
type listener struct {
	exact map[string]*virtualHost
	// wild is ordered by falling length: the longest suffix is the most
	// specific.
	wild []wildHost
	any  *virtualHost
	// secure says that clients speak TLS to it.
	secure bool
}

type wildHost struct {
	suffix string // ".example.com" for *.example.com
	host   *virtualHost
}

// A virtualHost is the ordered list of routes of some hosts.
type virtualHost struct {
	domain string
	owner  string // the object that the routes come from, for people
	routes []route
	// redirect is met by every request, in place of the routes, if it is set.
	redirect *Rule
}

type route struct {
	match match
	rule  *Rule
}

// Route says which rule of t a request to port meets. For a gateway, port is
// the number that its server listens on (80 for the ingress gateway's 8080); for
// a sidecar the port of the service that is called. It looks at r's method, URL,
// Host and headers only.
func (t *Table) Route(port int, r *http.Request) Decision {
	host := t.host(port, r)
	if host == nil {
		if t.gateway {
			return Decision{Status: http.StatusNotFound}
		}
		return Decision{Status: http.StatusBadGateway, Unknown: true}
	}
	return host.route(r)
}

// RouteTo is Route for the sidecar of a client whose connection goes to a port of a
// Service. Where HTTP is declared all Services of the port share a listener, which
// goes by the request's host alone; else the Service has one to itself, whatever
// the host.
//
//differential:sidecar/port-names
func (t *Table) RouteTo(service ClusterName, r *http.Request) Decision {
	if cluster := t.clusters[service]; cluster != nil {
		switch cluster.Protocol {
		case TCP:
			return Decision{Opaque: true}
		case Detected:
			return t.listeners[service.Port].find(service.Host).route(r)
		}
	}
	return t.Route(service.Port, r)
}

func (h *virtualHost) route(r *http.Request) Decision {
	if h.redirect != nil {
		return Decision{Rule: h.redirect}
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	for i := range h.routes {
		route := &h.routes[i]
		if prefix, ok := route.match.matches(r, path); ok {
			return Decision{Rule: route.rule, MatchedPrefix: prefix}
		}
	}
	return Decision{Status: http.StatusNotFound}
}

// Ports returns the ports that t listens on for plain HTTP, in order.
func (t *Table) Ports() []int { return t.ports(false) }

// SecurePorts returns the ports on which t ends TLS and routes what is within,
// in order.
func (t *Table) SecurePorts() []int { return t.ports(true) }

func (t *Table) ports(secure bool) []int {
	var ports []int
	for _, port := range slices.Sorted(maps.Keys(t.listeners)) {
		if t.listeners[port].secure == secure {
			ports = append(ports, port)
		}
	}
	return ports
}

func (t *Table) host(port int, r *http.Request) *virtualHost {
	l := t.listeners[port]
	if l == nil {
		return nil
	}
	return l.find(hostName(authority(r)))
}

// find returns the virtual host of a name without port: the exact one, else
// that of the longest wildcard, else that of "*", as Envoy chooses
// (envoy/config/route/v3/route_components.proto, VirtualHost.domains).
//
//differential:gateway/wildcards httproute/listeners
func (l *listener) find(name string) *virtualHost {
	if host := l.exact[name]; host != nil {
		return host
	}
	for i := range l.wild {
		// A wildcard stands for at least one character.
		if w := &l.wild[i]; len(name) > len(w.suffix) && strings.HasSuffix(name, w.suffix) {
			return w.host
		}
	}
	return l.any
}

// add gives domain to host unless another has it already, whom it returns.
func (l *listener) add(domain string, host *virtualHost) *virtualHost {
	domain = strings.ToLower(domain)
	if domain == "*" {
		if l.any != nil {
			return l.any
		}
		l.any = host
		return nil
	}
	if suffix, ok := strings.CutPrefix(domain, "*"); ok {
		at, found := slices.BinarySearchFunc(l.wild, suffix, func(w wildHost, suffix string) int {
			if n := len(suffix) - len(w.suffix); n != 0 {
				return n
			}
			return strings.Compare(w.suffix, suffix)
		})
		if found {
			return l.wild[at].host
		}
		l.wild = slices.Insert(l.wild, at, wildHost{suffix, host})
		return nil
	}
	if owner := l.exact[domain]; owner != nil {
		return owner
	}
	if l.exact == nil {
		l.exact = map[string]*virtualHost{}
	}
	l.exact[domain] = host
	return nil
}

// hosts returns the virtual hosts of l, each once, by domain.
func (l *listener) hosts() []*virtualHost {
	seen := map[*virtualHost]bool{}
	for _, h := range l.exact {
		seen[h] = true
	}
	for _, w := range l.wild {
		seen[w.host] = true
	}
	if l.any != nil {
		seen[l.any] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b *virtualHost) int { return strings.Compare(a.domain, b.domain) })
}

func authority(r *http.Request) string {
	if r.Host == "" {
		return r.URL.Host
	}
	return r.Host
}

// hostName is an authority without its port, in lower case: Istio has Envoy
// ignore the port of the Host header.
//
//differential:gateway/wildcards
func hostName(authority string) string {
	return strings.ToLower(authority[:portIndex(authority)])
}

// portIndex returns where the port of an authority begins, with its colon, or
// the authority's length.
func portIndex(authority string) int {
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && strings.IndexByte(authority[i:], ']') < 0 {
		return i
	}
	return len(authority)
}
