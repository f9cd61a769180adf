package mesh

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// Enter implements target.Target. Each entry has draws of its own, so that two
// samples of one split are two samples and not the same one twice.
func (m *Mesh) Enter(via target.Via, load target.Load) (target.Entry, error) {
	seed := m.options.Seed
	if n := m.entries.Add(1) - 1; n > 0 {
		seed = mix(seed + n*golden)
	}
	entry, carries, err := m.enter(via, load, seed)
	entry.Opener = loadgen.HTTP{RoundTripper: carries}
	return entry, err
}

// enter returns an entry without its way, and what carries requests into it.
func (m *Mesh) enter(via target.Via, load target.Load, seed uint64) (target.Entry, http.RoundTripper, error) {
	if m.closed.Load() {
		return target.Entry{}, nil, errClosed
	}
	lanes := newLanes(load, seed)
	namespace := via.Namespace
	if namespace == "" {
		namespace = "default"
	}
	current := m.current.Load()
	g := current.entrance()
	if via.Service != "" {
		g = current.gateway(namespace, via.Service)
	}
	if g != nil {
		note := split.Found("way-by-gateway", split.Values{"gateway": g.Name})
		host := g.Name + "." + g.Namespace
		if g.port != 80 {
			host += ":" + strconv.Itoa(g.port)
		}
		return target.Entry{
			URL:  "http://" + host,
			Note: &note,
		}, &gatewayEntry{mesh: m, namespace: g.Namespace, name: g.Name, port: g.port, lanes: lanes, seed: seed}, nil
	}
	known := m.kube.view.Load().snap
	s := known.services[namespace+"/"+via.Service]
	if s == nil {
		return target.Entry{}, nil, fmt.Errorf("simulated mesh: there is no Service %s/%s; there are %s",
			namespace, via.Service, listed(known.serviceNames()))
	}
	if len(s.ports) == 0 {
		return target.Entry{}, nil, fmt.Errorf("simulated mesh: Service %s/%s has no ports", namespace, via.Service)
	}
	port := int(s.ports[0].Port)
	host := s.name + "." + s.namespace
	if port != 80 {
		host += ":" + strconv.Itoa(port)
	}
	note := split.Found("way-by-service", nil)
	return target.Entry{
		URL:  "http://" + host,
		Note: &note,
	}, &serviceEntry{mesh: m, service: s.namespace + "/" + s.name, port: port, lanes: lanes, seed: seed}, nil
}

// client is where simulated load comes from.
const client = "10.244.0.1:40000"

// origin numbers a request, and tells its sender the connection. Requests that
// bring no number, such as a browser's, are counted.
func (m *Mesh) origin(r *http.Request, l *lanes, seed uint64) origin {
	o := origin{client: client, seed: seed}
	if r.RemoteAddr != "" {
		o.client = r.RemoteAddr
	}
	exchange := split.ExchangeOf(r.Context())
	if exchange != nil {
		o.number = exchange.Number
	} else {
		o.number = m.numbers.Add(1) - 1
	}
	place, ends := 0, false
	if line, ok := lineOf(r.Context()); ok {
		o.connection = line
	} else {
		o.connection, o.place, ends = l.connection(o.number)
		place = int(o.place) + 1
	}
	if exchange != nil {
		exchange.Connection, exchange.Place, exchange.Ends = o.connection, place, ends
	}
	return o
}

// A gatewayEntry is the network between a client and the pods of a gateway.
type gatewayEntry struct {
	mesh            *Mesh
	namespace, name string
	port            int
	lanes           *lanes
	seed            uint64
}

// RoundTrip implements http.RoundTripper.
func (e *gatewayEntry) RoundTrip(r *http.Request) (*http.Response, error) {
	m := e.mesh
	o := m.origin(r, e.lanes, e.seed)
	c, err := m.begin(r, request(o.seed, o.number), o, e.port)
	if err != nil {
		return nil, err
	}
	g := m.current.Load().gateway(e.namespace, e.name)
	if g == nil || len(g.proxies) == 0 {
		return nil, unreachable(r.URL.Host)
	}
	// kube-proxy chooses the gateway's pod when the connection is opened.
	p := g.proxies[0]
	if n := uint64(len(g.proxies)); n > 1 {
		p = g.proxies[request(o.seed, o.connection).draw(forGateway, 0)%n]
	}
	if !p.view.Load().listens {
		return nil, unreachable(r.URL.Host)
	}
	a, err := p.carry(c)
	if err != nil {
		return nil, err
	}
	p.entered.count(a.status)
	return a.toResponse(r), nil
}

// begin makes the call of a request that is to be sent from outside.
func (m *Mesh) begin(r *http.Request, k key, o origin, port int) (*call, error) {
	c, err := newCall(r, k, o, port)
	if err != nil {
		return nil, err
	}
	if m.closed.Load() {
		return nil, errClosed
	}
	return c, r.Context().Err()
}

// A serviceEntry is the network between a client outside of the mesh and the
// pods of a service.
type serviceEntry struct {
	mesh    *Mesh
	service string
	port    int
	lanes   *lanes
	seed    uint64
}

// RoundTrip implements http.RoundTripper.
func (e *serviceEntry) RoundTrip(r *http.Request) (*http.Response, error) {
	m := e.mesh
	o := m.origin(r, e.lanes, e.seed)
	c, err := m.begin(r, request(o.seed, o.number), o, e.port)
	if err != nil {
		return nil, err
	}
	c.service = e.service
	c.choice = request(o.seed, o.connection)
	return m.direct(r, c, m.client)
}
