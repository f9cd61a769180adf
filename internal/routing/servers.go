package routing

import (
	"fmt"
	"net/http"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// classicServers returns the servers of the Istio Gateways that select the proxy.
//
//differential:gateway/no-gateway gateway/no-virtual-service gateway/two-gateways
func (c *compiler) classicServers() []server {
	var servers []server
	taken := map[string]bool{}
	for _, o := range c.gateways {
		if !Selects(o.value.Spec.GetSelector(), c.proxy.Labels) {
			continue
		}
		servers = append(servers, c.serversOf(o, taken)...)
	}
	return servers
}

// serversOf returns those servers of a Gateway that speak HTTP, including HTTP
// within TLS that ends here. taken holds, by port, the hosts of servers with
// TLS that came earlier: the client's server name (SNI) chooses among servers,
// so only the first server gets a host.
func (c *compiler) serversOf(o object[*networkingv1.Gateway], taken map[string]bool) []server {
	var servers []server
	for i, in := range o.value.Spec.GetServers() {
		path := at("spec.servers", i)
		number := int(in.GetPort().GetNumber())
		if in == nil || number == 0 {
			c.refuse(o.Object, path+".port", "the server has no port number", "write port: {number: 80, name: http, protocol: HTTP}")
			continue
		}
		s := server{gateway: o.Namespace + "/" + o.Name, port: listenPort(number), number: number, order: o.order, tls: in.GetTls() != nil}
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
		if in.GetTls() != nil && !c.claim(o.Object, path+".hosts", s, taken) {
			continue
		}
		what := fmt.Sprintf("protocol %s of port %d", quote(in.GetPort().GetProtocol()), number)
		switch strings.ToUpper(in.GetPort().GetProtocol()) {
		case "HTTP", "HTTP2", "GRPC", "GRPC-WEB":
			switch tls := in.GetTls(); {
			case tls.GetHttpsRedirect():
				s.redirect = &Rule{
					Source:   o.At(path),
					Redirect: &Redirect{Code: http.StatusMovedPermanently, Scheme: "https", KeepPort: true},
				}
			case tls != nil:
				c.uninterpreted(o.Object, path+".tls", "TLS")
			}
		case "HTTPS":
			c.uninterpreted(o.Object, path+".port.protocol", what)
			if s.secure = ends(in.GetTls()); !s.secure {
				continue
			}
		default:
			c.uninterpreted(o.Object, path+".port.protocol", what)
			continue
		}
		servers = append(servers, s)
	}
	return servers
}

// ends says whether a gateway ends TLS itself, so that it can route the
// requests within; otherwise it passes the connection through without reading
// it.
func ends(tls *networking.ServerTLSSettings) bool {
	if tls == nil {
		return true
	}
	switch tls.GetMode() {
	case networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		return false
	}
	return true
}

// claim takes the hosts of a server with TLS, unless an earlier one has any of
// them on the same port: istiod then leaves the later one out
// (istio pilot/pkg/model/gateway.go, CheckDuplicates).
//
//differential:elsewhere test routing/TestServersWithTLS
func (c *compiler) claim(o manifests.Object, path string, s server, taken map[string]bool) bool {
	place := func(host string) string { return fmt.Sprint(s.port, " ", host) }
	for _, h := range s.hosts {
		if taken[place(h)] {
			c.warn(o, path, fmt.Sprintf("an earlier server has the host %s with TLS on port %d: Istio leaves this one out", quote(strings.TrimPrefix(h, "*/")), s.number),
				"give each host of a port to one server")
			return false
		}
	}
	for _, h := range s.hosts {
		taken[place(h)] = true
	}
	return true
}
