package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/split"
)

// Graph implements target.Grapher: what the proxies have sent, tries and retries
// alike, since it was asked last. What the counters hold is taken out of them
// only when everything that tells what it means is known.
func (c *Cluster) Graph(ctx context.Context) (*split.Graph, error) {
	world, unlock, err := c.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	accounts, err := c.accounts(ctx, world)
	if err != nil {
		return nil, err
	}
	if _, err := c.podsByAddress(ctx, world); err != nil {
		return nil, err
	}
	sent, entered := c.ledger.take()
	d := drawing{graph: &c.graph, nodes: map[string]split.Node{}, edges: map[path]*split.Edge{}}
	d.sent(sent, c.ledger.proxy, copiesOf(accounts))
	d.entered(entered)
	return d.finished(), nil
}

// copiesOf are the destinations to which proxies send copies and nothing else: of
// the others Envoy's counters do not tell the copies.
//
//differential:elsewhere test test/differential/TestCopies
func copiesOf(accounts []account) map[counter]bool {
	copies := map[counter]bool{}
	for _, a := range accounts {
		for _, r := range a.routes {
			for _, m := range r.Mirrors {
				copies[counter{proxy: a.proxy.String(), cluster: m.Cluster}] = true
			}
		}
		for _, r := range a.routes {
			for _, arm := range r.Arms {
				if arm.Weight > 0 {
					delete(copies, counter{proxy: a.proxy.String(), cluster: arm.Cluster})
				}
			}
		}
	}
	return copies
}

// A graph is what is remembered from one drawing to the next.
type graph struct {
	// pods are those that had the addresses when they were last seen: one that
	// has gone since was called by its proxies all the same.
	pods map[string]split.Node
	// versions are those under which workloads were first drawn.
	versions map[string]string
}

func (g *graph) remember(pods map[string]*corev1.Pod) {
	if g.pods == nil {
		g.pods = map[string]split.Node{}
	}
	for address, p := range pods {
		g.pods[address] = split.Node{Workload: kube.Workload(p), Version: p.Labels["version"], Namespace: p.Namespace}
	}
}

// named gives a node its ID. After a rolling update that brings another version
// of a workload both are shown.
func (g *graph) named(n split.Node) split.Node {
	if g.versions == nil {
		g.versions = map[string]string{}
	}
	n.ID = n.Namespace + "/" + n.Workload
	first, known := g.versions[n.ID]
	if !known {
		g.versions[n.ID] = n.Version
	} else if first != n.Version {
		n.ID += "@" + n.Version
	}
	return n
}

// A path is from one node to another by a Service.
type path struct{ from, to, service string }

// A drawing is a graph in the making.
type drawing struct {
	*graph
	nodes    map[string]split.Node
	edges    map[path]*split.Edge
	gateways []split.Node // the one that has sent the most comes first
}

func (d *drawing) edge(from, to split.Node, service string) *split.Edge {
	d.nodes[from.ID], d.nodes[to.ID] = from, to
	at := path{from.ID, to.ID, service}
	if d.edges[at] == nil {
		d.edges[at] = &split.Edge{From: from.ID, To: to.ID, Service: service}
	}
	return d.edges[at]
}

// sent draws what proxies have sent to pods.
func (d *drawing) sent(counts map[counter]tally, proxyOf func(string) proxies.Proxy, copies map[counter]bool) {
	byGateway := map[split.Node]int64{}
	// In order, so that of two versions the same one is first each time.
	for _, at := range slices.SortedFunc(maps.Keys(counts), counter.compare) {
		n, p := counts[at], proxyOf(at.proxy)
		to, known := d.pods[at.address]
		if n.requests <= 0 || !known {
			continue
		}
		from := split.Node{Workload: p.Workload, Namespace: p.Namespace}
		if !p.Gateway {
			from.Version = p.Labels["version"]
		}
		from = d.named(from)
		if p.Gateway {
			byGateway[from] += n.requests
		}
		service, _ := routing.ParseClusterName(at.cluster)
		e := d.edge(from, d.named(to), service.Host)
		if copies[counter{proxy: at.proxy, cluster: at.cluster}] {
			e.Mirrored += n.requests
		} else {
			e.Requests += n.requests
		}
		e.Errors += n.errors
	}
	d.gateways = slices.SortedFunc(maps.Keys(byGateway), func(a, b split.Node) int {
		return cmp.Or(cmp.Compare(byGateway[b], byGateway[a]), cmp.Compare(a.ID, b.ID))
	})
}

// entered draws what has gone in by gateways. Where it is not known by which, it
// was the one that has sent the most.
func (d *drawing) entered(counts map[string]tally) {
	for name, n := range counts {
		at := max(0, slices.IndexFunc(d.gateways, func(g split.Node) bool { return g.ID == name }))
		if n.requests <= 0 || at >= len(d.gateways) {
			continue
		}
		e := d.edge(split.Node{ID: "client", Workload: "client"}, d.gateways[at], "")
		e.Requests += n.requests
		e.Errors += n.errors
	}
}

func (d *drawing) finished() *split.Graph {
	drawn := &split.Graph{}
	for _, n := range d.nodes {
		drawn.Nodes = append(drawn.Nodes, n)
	}
	for _, e := range d.edges {
		drawn.Edges = append(drawn.Edges, *e)
	}
	drawn.Sort()
	return drawn
}
