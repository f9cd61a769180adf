// Package mesh is the simulated target: an Istio mesh and the applications in
// it, inside one process and without sockets. Gateways and sidecars route by
// the tables of package routing, draw as Envoy draws, balance, retry, delay,
// abort and mirror as it does; pods run the handlers of package apps.
//
// Every draw is a function of the seed, the number of the request and its path
// of hops, so that counts repeat at any concurrency. Three things depend on
// more and say so: LEAST_REQUEST looks at the requests in flight, ROUND_ROBIN
// and a stale defect at the order of arrival.
//
// It is no proof that a real mesh does the same: it interprets HTTP routing,
// and declines TLS, TCP, policies, telemetry, outlier detection, persistent
// sessions, circuit breakers and everything else that takes a network.
package mesh

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/target"
)

// Options say how a Mesh behaves. The zero value is a mesh with one gateway pod
// and the seed 0.
//
//differential:elsewhere uncompared how long a change takes
type Options struct {
	// Seed is what all draws follow from.
	Seed uint64
	// ApplyDelay is how long a change takes to reach the first proxy. It is
	// 100 ms if zero, how long istiod waits for more changes to come
	// (PILOT_DEBOUNCE_AFTER); negative is no delay.
	ApplyDelay time.Duration
	// Stagger is what each further proxy takes longer than the one before, up
	// to ApplyDelay in all; 2 ms if zero, negative is none.
	Stagger time.Duration
	// StartupDelay is how long new pods take to be ready. Changes are sent to
	// the proxies after it; the pods that are replaced serve until then.
	StartupDelay time.Duration
	// GatewayReplicas is the number of pods of each gateway, 1 if zero.
	GatewayReplicas int
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, unset time.Duration) {
		if *d == 0 {
			*d = unset
		}
		*d = max(*d, 0)
	}
	set(&o.ApplyDelay, 100*time.Millisecond)
	set(&o.Stagger, 2*time.Millisecond)
	set(&o.StartupDelay, 0)
	if o.GatewayReplicas <= 0 {
		o.GatewayReplicas = 1
	}
	return o
}

// A Mesh is a simulated mesh. Its methods are safe for concurrent use.
type Mesh struct {
	options Options
	graph   *graph
	client  *node

	changing sync.Mutex // held by Change and Close
	current  atomic.Pointer[cluster]
	kube     *proxy // kube-proxy, which has pods to choose from and no routes
	version  int
	said     map[string]bool // warnings that were given before
	timers   []*time.Timer

	life    context.Context // ends when the mesh is closed
	end     context.CancelFunc
	closed  atomic.Bool
	numbers atomic.Uint64
	entries atomic.Uint64
	lines   atomic.Uint64 // of real sockets
	mirrors *semaphore.Weighted

	countsMu sync.Mutex
	counts   map[string]*atomic.Int64
}

var (
	_ target.Target        = (*Mesh)(nil)
	_ target.MirrorCounter = (*Mesh)(nil)
	_ target.Grapher       = (*Mesh)(nil)
	_ target.Witness       = (*Mesh)(nil)
)

// New returns a mesh that holds nothing but its ingress gateway.
func New(o Options) *Mesh {
	m := &Mesh{
		options: o.withDefaults(),
		graph:   newGraph(),
		kube:    &proxy{},
		said:    map[string]bool{},
		mirrors: semaphore.NewWeighted(maxMirrors),
		counts:  map[string]*atomic.Int64{},
	}
	m.client = m.graph.node("", "client", "")
	m.kube.node = m.client
	m.life, m.end = context.WithCancel(context.Background())
	m.reset()
	return m
}

// reset empties the mesh.
func (m *Mesh) reset() {
	c := &cluster{Inventory: &inventory.Inventory{}}
	c.reconcileGateways(m, m.options.GatewayReplicas)
	tables, _ := c.compile()
	c.tables = tables
	m.version++
	s := c.snapshot()
	for _, p := range append(c.proxies(), m.kube) {
		p.view.Store(m.newView(p, s, tables[p.identity()]))
	}
	m.current.Store(c)
}

// closing bounds the wait for mirrored requests at the end.
const closing = 5 * time.Second

// Close implements target.Target: it empties the mesh and waits for the
// mirrored requests that are under way, or cuts them off where that takes
// longer than a few seconds.
func (m *Mesh) Close(ctx context.Context) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	m.closed.Store(true)
	for _, t := range m.timers {
		t.Stop()
	}
	m.timers = nil
	defer m.end()
	patient, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	err := m.mirrors.Acquire(patient, maxMirrors)
	if err != nil {
		m.end()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		err = m.mirrors.Acquire(last, maxMirrors)
	}
	if err == nil {
		m.mirrors.Release(maxMirrors)
	}
	m.reset()
	return err
}
