package routing

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// A server is one listening entry of a gateway.
type server struct {
	gateway string // "namespace/name", with a listener's name for Gateway API
	port    int    // the port that clients know
	number  int    // the number that the object writes, which rules match
	// hosts are "namespace/host": which namespaces may bring which hosts.
	hosts []string
}

// listenPort is the port by which clients know a server of the ingress gateway.
// Its Service maps 80 to 8080 in the pods, and istiod takes a Gateway that names
// either for the same listener (http.8080 in the proxy).
//
//differential:virtualservice/ports gateway/two-gateways
func listenPort(number int) int {
	if number == 8080 {
		return 80
	}
	return number
}

// compileGateway makes the listeners of a gateway.
func (c *compiler) compileGateway(routings []*routing) {
	servers := c.classicServers()
	if c.proxy.GatewayAPI != "" {
		listeners := c.apiServers()
		servers = append(servers, listeners...)
		routings = append(routings, c.gatewayRoutes(listeners)...)
	}
	used := map[*routing]bool{}
	for _, s := range servers {
		l := c.table.listener(s.port)
		for _, r := range c.boundTo(s.gateway, routings) {
			used[r] = c.bindGateway(l, s, r) || used[r]
		}
	}
	for _, r := range routings {
		if used, bound := used[r]; bound && !used && !r.gatewayAPI {
			c.warn(r.object, "spec.hosts", "has no host in common with the servers of its gateways: the gateways leave it out",
				"make the hosts of the two meet")
		}
	}
	for _, l := range c.table.listeners {
		for _, host := range l.hosts() {
			catchAllsLast(host.routes)
		}
	}
}

// bindGateway adds the routes of r to every host that it has in common with s.
// Routes of one host are put together, not chosen among
// (istio pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig).
//
//differential:gateway/merged gateway/unmet-host
func (c *compiler) bindGateway(l *listener, s server, r *routing) bool {
	common := intersection(hostsFor(s.hosts, r.namespace), r.hosts)
	if len(common) == 0 {
		return false
	}
	routes := r.routes(binding{port: s.number, gateway: s.gateway})
	if len(routes) == 0 {
		return true
	}
	for _, h := range common {
		host := &virtualHost{domain: h, owner: r.object.String()}
		if before := l.add(h, host); before != nil {
			host = before
			c.warnSecondCatchAll(r, h, before.routes, routes)
		}
		host.routes = append(host.routes, routes...)
	}
	return true
}

// warnSecondCatchAll points out that of several rules that match everything only
// the first is ever met.
func (c *compiler) warnSecondCatchAll(r *routing, host string, before, routes []route) {
	all := func(r route) bool { return r.match.catchAll() }
	first, second := slices.IndexFunc(before, all), slices.IndexFunc(routes, all)
	if r.gatewayAPI || first < 0 || second < 0 || before[first].rule.Source == routes[second].rule.Source {
		return
	}
	c.warn(r.object, "spec.hosts", fmt.Sprintf("its rule for every other request to %s is never met: %s is such a rule too, and older", host, before[first].rule.Source),
		"give the rules matches that tell them apart, or put them into one object")
}

// catchAllsLast moves routes that match everything behind the others, so that
// one object's does not hide another's rules
// (istio pilot/pkg/networking/core/route/route.go, SortVHostRoutes).
//
//differential:gateway/merged
func catchAllsLast(routes []route) {
	slices.SortStableFunc(routes, func(a, b route) int {
		switch {
		case a.match.catchAll() == b.match.catchAll():
			return 0
		case a.match.catchAll():
			return 1
		}
		return -1
	})
}

// classicServers returns the servers of the Istio Gateways that select the proxy.
//
//differential:gateway/no-gateway gateway/no-virtual-service gateway/two-gateways
func (c *compiler) classicServers() []server {
	var servers []server
	for _, o := range c.gateways {
		if !labelsSelect(o.value.Spec.GetSelector(), c.proxy.Labels) {
			continue
		}
		servers = append(servers, c.serversOf(o)...)
	}
	return servers
}

func (c *compiler) serversOf(o object[*networkingv1.Gateway]) []server {
	var servers []server
	for i, in := range o.value.Spec.GetServers() {
		path := at("spec.servers", i)
		number := int(in.GetPort().GetNumber())
		if in == nil || number == 0 {
			c.refuse(o.Object, path+".port", "the server has no port number", "write port: {number: 80, name: http, protocol: HTTP}")
			continue
		}
		switch strings.ToUpper(in.GetPort().GetProtocol()) {
		case "HTTP", "HTTP2", "GRPC", "GRPC-WEB":
		default:
			c.uninterpreted(o.Object, path+".port.protocol", fmt.Sprintf("protocol %s of port %d", quote(in.GetPort().GetProtocol()), number))
			continue
		}
		if in.GetTls() != nil {
			c.uninterpreted(o.Object, path+".tls", "TLS")
		}
		s := server{gateway: o.Namespace + "/" + o.Name, port: listenPort(number), number: number}
		for _, h := range in.GetHosts() {
			namespace, host, ok := strings.Cut(h, "/")
			if !ok {
				namespace, host = "*", h
			}
			if namespace == "." {
				namespace = o.Namespace
			}
			s.hosts = append(s.hosts, namespace+"/"+strings.ToLower(host))
		}
		servers = append(servers, s)
	}
	return servers
}

// hostsFor returns those of a server's hosts that an object of namespace may use.
func hostsFor(hosts []string, namespace string) []string {
	var allowed []string
	for _, h := range hosts {
		if ns, host, _ := strings.Cut(h, "/"); ns == "*" || ns == namespace {
			allowed = append(allowed, host)
		}
	}
	return allowed
}
