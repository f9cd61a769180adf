package routing

import (
	"fmt"
	"slices"
)

// compileSidecar makes the listeners of a sidecar: one for each port on which
// some service listens, and port 80, where istiod also puts the hosts that are
// no service's (istio pilot/pkg/networking/core/httproute.go).
//
//differential:sidecar/unmatched sidecar/other-port sidecar/route-and-virtual-service sidecar/consumer sidecar/producer
func (c *compiler) compileSidecar(routings []*routing) {
	routings = append(routings, c.meshRoutes()...)
	bound := c.boundTo(MeshGateway, routings)
	owners := c.wildcardOwners(bound)
	ports := []int{80}
	for _, s := range c.services {
		for _, p := range s.ports {
			ports = append(ports, p.number)
		}
	}
	slices.Sort(ports)
	for _, port := range slices.Compact(ports) {
		c.sidecarListener(port, bound, owners)
	}
}

// wildcardOwners finds for each service the routing whose host names it most
// closely, among those with wildcards: a service follows one of them only
// (istio pilot/pkg/model/sidecar.go, computeWildcardHostVirtualServiceIndex).
//
//differential:sidecar/older-wins
func (c *compiler) wildcardOwners(bound []*routing) map[*service]*routing {
	owners := map[*service]*routing{}
	best := map[*service]string{}
	for _, r := range bound {
		for _, h := range r.hosts {
			for _, s := range c.covered(h) {
				if known, ok := best[s]; !ok || moreSpecific(h, known) < 0 {
					best[s], owners[s] = h, r
				}
			}
		}
	}
	return owners
}

func (c *compiler) sidecarListener(port int, bound []*routing, owners map[*service]*routing) {
	here := map[string]servicePort{}
	for _, s := range c.services {
		if p, ok := s.port(port); ok {
			here[s.host] = p
		}
	}
	l := c.table.listener(port)
	for _, r := range bound {
		c.bindSidecar(l, port, r, here, owners)
	}
	for _, s := range c.services {
		p, ok := here[s.host]
		if !ok {
			continue
		}
		host := &virtualHost{domain: s.host, owner: s.object.String()}
		host.routes = []route{{rule: plainRule(s, p)}}
		for _, name := range s.names(c.proxy.Namespace) {
			l.add(name, host)
		}
	}
}

// bindSidecar gives the hosts of one routing to a listener.
func (c *compiler) bindSidecar(l *listener, port int, r *routing, here map[string]servicePort, owners map[*service]*routing) {
	services, others := c.separate(r, here, owners)
	if port != 80 && len(services) == 0 {
		return
	}
	if r.gatewayAPI {
		// A route concerns clients of its own namespace (a consumer's), or
		// everyone where it stands beside the service (the producer's).
		services = slices.DeleteFunc(services, func(s *service) bool {
			return s.namespace != r.namespace && c.proxy.Namespace != r.namespace
		})
		if len(services) == 0 {
			return
		}
	}
	// No request reaches the routes of a Service at a port on which it does not
	// listen, so what their destinations lack is not reported.
	c.muted = len(services) == 0 && slices.ContainsFunc(r.hosts, func(h string) bool { return len(c.covered(h)) > 0 })
	routes := r.routes(binding{port: port, gateway: MeshGateway})
	c.muted = false
	if len(routes) == 0 {
		return // The hosts stay with the next in line, or with the default.
	}
	owner := r.object.String()
	for _, h := range others {
		if before := l.add(h, &virtualHost{domain: h, owner: owner, routes: routes}); before != nil {
			c.warnOlder(r, h, before)
		}
	}
	for _, s := range services {
		host := &virtualHost{domain: s.host, owner: owner, routes: routes}
		if before := l.add(s.host, host); before != nil {
			c.warnOlder(r, s.host, before)
			continue
		}
		for _, name := range s.names(c.proxy.Namespace) {
			l.add(name, host)
		}
	}
}

// separate parts the hosts of r into services that read HTTP on the listener's
// port, and names that are no service's. A wildcard that covers services stands
// for those among them that follow r.
func (c *compiler) separate(r *routing, here map[string]servicePort, owners map[*service]*routing) (services []*service, others []string) {
	for _, h := range r.hosts {
		covered := false
		for _, s := range c.covered(h) {
			p, ok := here[s.host]
			covered = covered || ok
			if !ok || isWildcard(h) && owners[s] != r || slices.Contains(services, s) {
				continue
			}
			if !p.http() {
				c.warn(r.object, "spec.hosts", fmt.Sprintf("%s declares port %d as another protocol than HTTP: the rules do not apply to it", s.object, p.number),
					"name the port http, or set its appProtocol")
				continue
			}
			services = append(services, s)
		}
		if !covered {
			others = append(others, h)
		}
	}
	return services, others
}

// covered returns the services that a host names.
func (c *compiler) covered(host string) []*service {
	if !isWildcard(host) {
		if s := c.serviceOf[host]; s != nil {
			return []*service{s}
		}
		return nil
	}
	var services []*service
	for _, s := range c.services {
		if Covers(host, s.host) {
			services = append(services, s)
		}
	}
	return services
}

func (c *compiler) warnOlder(r *routing, host string, before *virtualHost) {
	if before.owner == r.object.String() {
		return
	}
	c.warn(r.object, "spec.hosts", fmt.Sprintf("%s is already routed by %s, which comes first: a sidecar takes the routes of one object per host and drops these", host, before.owner),
		"put the rules into one object, or delete the other")
}

// plainRule sends to the whole service, as istiod has it where no rules are. A
// port that is not HTTP is passed through, a connection at a time.
//
//differential:sidecar/plain sidecar/failures
func plainRule(s *service, p servicePort) *Rule {
	r := &Rule{
		Source:       s.object.At(""),
		Destinations: []Destination{{Cluster: ClusterName{Host: s.host, Port: p.number}, Weight: 1}},
	}
	if p.http() {
		r.Retries = defaultRetries()
	}
	return r
}
