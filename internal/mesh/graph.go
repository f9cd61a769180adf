package mesh

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/splitcheck/splitcheck/split"
)

// A graph counts which workload called which. Nodes and edges are created once,
// when a proxy first needs them, and only counted after that.
type graph struct {
	mu    sync.Mutex
	nodes map[string]*node
	edges map[path]*edge
}

// A path is from one node to another by a Service, whose full name is empty where
// none is called.
type path struct {
	from, to *node
	service  string
}

type node struct{ split.Node }

type edge struct {
	path
	requests, errors, mirrored atomic.Int64
}

func newGraph() *graph {
	return &graph{nodes: map[string]*node{}, edges: map[path]*edge{}}
}

// node returns the node of a workload; the client has no namespace.
func (g *graph) node(namespace, workload, version string) *node {
	id := workload
	if namespace != "" {
		id = namespace + "/" + workload
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n, ok := g.nodes[id]
	if !ok || n.Version != version {
		n = &node{split.Node{ID: id, Workload: workload, Version: version, Namespace: namespace}}
		if ok {
			// A rolling update has brought another version of the workload:
			// both are shown.
			n.ID = id + "@" + version
			if known := g.nodes[n.ID]; known != nil {
				return known
			}
		}
		g.nodes[n.ID] = n
	}
	return n
}

func (g *graph) edge(from, to *node, service string) *edge {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := path{from, to, service}
	e, ok := g.edges[p]
	if !ok {
		e = &edge{path: p}
		g.edges[p] = e
	}
	return e
}

// count adds a request that was answered with status.
func (e *edge) count(status int) {
	e.requests.Add(1)
	if status >= 500 {
		e.errors.Add(1)
	}
}

// Graph implements target.Grapher: every edge that has carried a request since it
// was asked last, and the nodes at its ends, in order of their names.
func (m *Mesh) Graph(context.Context) (*split.Graph, error) {
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	drawn := &split.Graph{}
	seen := map[*node]bool{}
	for _, e := range m.graph.edges {
		if e.requests.Load()+e.mirrored.Load() == 0 {
			continue
		}
		drawn.Edges = append(drawn.Edges, split.Edge{
			From: e.from.ID, To: e.to.ID, Service: e.service,
			Requests: e.requests.Swap(0), Errors: e.errors.Swap(0), Mirrored: e.mirrored.Swap(0),
		})
		for _, n := range []*node{e.from, e.to} {
			if !seen[n] {
				seen[n] = true
				drawn.Nodes = append(drawn.Nodes, n.Node)
			}
		}
	}
	drawn.Sort()
	return drawn, nil
}
