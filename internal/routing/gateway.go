package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A server is one listening entry of a gateway.
type server struct {
	gateway string // "namespace/name", with a listener's name for Gateway API
	port    int    // the port that clients know
	number  int    // the number that the object writes, which rules match
	// hosts are "namespace/host": which namespaces may bring which hosts.
	hosts []string
	// secure says that the gateway ends TLS here and routes what is within. tls
	// says that the server has any TLS settings, even if they only redirect
	// plain HTTP.
	secure, tls bool
	// redirect is what a server does that sends everybody to HTTPS.
	redirect *Rule
	order    int // the place in time of the object
}

// listenPort is the port by which clients know a server of the ingress gateway.
// Its Service maps 80 to 8080 in the pods and 443 to 8443, and istiod takes a
// Gateway that names either for the same listener (http.8080 in the proxy).
//
//differential:virtualservice/ports gateway/two-gateways
func listenPort(number int) int {
	switch number {
	case 8080:
		return 80
	case 8443:
		return 443
	}
	return number
}

// compileGateway makes the listeners of a gateway. Servers of both kinds share
// their ports, and what they serve under one host is put together, that of the
// older one first.
//
//differential:gateway/both-kinds
func (c *compiler) compileGateway(routings []*routing) {
	listeners := c.apiServers()
	routings = append(routings, c.gatewayRoutes(listeners)...)
	servers := append(c.classicServers(), listeners...)
	slices.SortStableFunc(servers, func(a, b server) int { return cmp.Compare(a.order, b.order) })
	used := map[*routing]bool{}
	for _, s := range servers {
		l := c.table.listener(s.port)
		l.secure = s.secure
		for _, r := range c.boundTo(s.gateway, routings) {
			used[r] = c.bindGateway(l, s, r) || used[r]
		}
		c.redirectAll(l, s)
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
	routes := r.routes(binding{port: s.number, gateway: s.gateway, tls: s.tls})
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
		if s.redirect != nil {
			host.redirect = s.redirect
		}
	}
	return true
}

// redirectAll has a server with httpsRedirect send away whoever asks for one of
// its hosts, with or without routes. The routes stay where they are, and nobody
// meets them (istio pilot/pkg/networking/core/gateway.go,
// buildGatewayHTTPRouteConfig, RequireTls).
//
//differential:gateway/https-redirect
func (c *compiler) redirectAll(l *listener, s server) {
	if s.redirect == nil {
		return
	}
	for _, h := range hostsFor(s.hosts, "") {
		host := &virtualHost{domain: h, owner: s.gateway}
		if before := l.add(h, host); before != nil {
			host = before
		}
		host.redirect = s.redirect
	}
}

// warnSecondCatchAll warns that of several rules that match everything only the
// first can be met.
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
