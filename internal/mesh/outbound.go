package mesh

import (
	"net"
	"net/http"
	"strconv"
	"syscall"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// An outbound is the network as a pod's application has it: names are those of
// services, and a sidecar, if there is one, takes over every request.
type outbound struct {
	mesh *Mesh
	pod  *pod
}

// RoundTrip implements http.RoundTripper.
func (o *outbound) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	m := o.mesh
	from := hopOf(r.Context())
	if from == nil {
		// The application made the call of its own accord.
		number := m.numbers.Add(1) - 1
		from = &hop{key: request(m.options.Seed, number), origin: origin{seed: m.options.Seed, number: number}}
	}
	host, port := r.URL.Hostname(), 80
	if p := r.URL.Port(); p != "" {
		number, err := strconv.Atoi(p)
		if err != nil {
			return nil, err
		}
		port = number
	}
	namespace, name := routing.Resolve(host, o.pod.namespace)
	service := namespace + "/" + name
	s := m.kube.view.Load().snap.services[service]
	if s == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	origin := from.origin
	origin.client = o.pod.address
	c, err := newCall(r, from.call(host), origin, port)
	if err != nil {
		return nil, err
	}
	c.service = service
	if o.pod.sidecar == nil {
		return m.direct(r, c, o.pod.node)
	}
	a, err := o.pod.sidecar.carry(c)
	if err != nil {
		return nil, err
	}
	return a.toResponse(r), nil
}

// direct takes a call to a pod as kube-proxy does: no mesh chooses, and no
// proxy answers for a pod that does not.
func (m *Mesh) direct(r *http.Request, c *call, from *node) (*http.Response, error) {
	v := m.kube.view.Load()
	s := v.snap.services[c.service]
	if s == nil {
		return nil, unreachable(r.URL.Host)
	}
	if s.clientIP {
		c.choice = request(c.origin.seed, hashed(clientIP(c.origin.client)))
	}
	chosen := v.direct(s, c.port).choose(v, c)
	if chosen == nil || chosen.endpoints.empty() {
		return nil, unreachable(r.URL.Host)
	}
	to := chosen.endpoints.pick(c, 0, nil, new(http.Header))
	a := to.serve(r.Context(), c, 0)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	m.graph.edge(from, to.pod.node, s.host).count(a.status)
	switch a.failure {
	case refused:
		return nil, unreachable(r.URL.Host)
	case reset:
		return nil, &net.OpError{Op: "read", Net: "tcp", Addr: address(r.URL.Host), Err: syscall.ECONNRESET}
	}
	return a.toResponse(r), nil
}

// unreachable is what a client sees if nobody listens.
func unreachable(host string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: address(host), Err: syscall.ECONNREFUSED}
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
