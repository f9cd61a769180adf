package mesh

import (
	"net"
	"net/http"
	"slices"
	"syscall"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// opaque returns the Service that a client's connection goes to, where its sidecar
// passes that on without a look at the requests in it; else nil.
func (v *view) opaque(c *call) *service {
	s := v.snap.services[c.service]
	if s == nil || v.table == nil {
		return nil
	}
	if cluster := v.table.Cluster(routing.ClusterName{Host: s.host, Port: c.port}); cluster == nil || cluster.Protocol != routing.TCP {
		return nil
	}
	return s
}

// tunnel carries a call through a connection that is passed on as it is. The pod's
// own sidecar reads it as HTTP all the same where another Service declares the port
// that it arrives at as such; the connection is encrypted between the two.
//
//differential:sidecar/port-names
func (p *proxy) tunnel(s *service, c *call) (*answer, error) {
	v := p.view.Load()
	broken := &net.OpError{Op: "read", Net: "tcp", Addr: address(s.host), Err: syscall.ECONNRESET}
	to := v.endpoints(routing.ClusterName{Host: s.host, Port: c.port})
	if to.empty() {
		return nil, broken
	}
	chosen := to.pick(c, 0, nil, new(http.Header))
	read := chosen.pod.sidecar != nil && v.readsHTTP(s, c.port, chosen.pod)
	var a *answer
	if read {
		p.receive(c)
		c.request.Header[forwardedProto] = []string{"https"}
		a = chosen.serve(c.request.Context(), c, 0)
	} else {
		a = chosen.run(c.request.Context(), c, 0)
	}
	if err := c.request.Context().Err(); err != nil {
		return nil, err
	}
	chosen.edge.count(a.status)
	chosen.sent.count(a.status)
	if a.failure != answered {
		return nil, broken
	}
	if read {
		a.took(0)
	}
	return a, nil
}

// readsHTTP says whether any Service declares the port of a pod to which one of s
// leads as HTTP, or leaves it open.
func (v *view) readsHTTP(s *service, port int, p *pod) bool {
	called, _ := s.serves(port)
	for _, other := range v.snap.services {
		if !slices.Contains(other.pods, p) {
			continue
		}
		for _, leads := range other.ports {
			cluster := v.table.Cluster(routing.ClusterName{Host: other.host, Port: int(leads.Port)})
			if leads.TargetPort == called.TargetPort && cluster != nil && cluster.Protocol != routing.TCP {
				return true
			}
		}
	}
	return false
}
