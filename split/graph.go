package split

import (
	"cmp"
	"slices"
)

// A Graph is what called what in some time.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// A Node is one version of a workload, a gateway, or the client.
type Node struct {
	ID        string `json:"id"`
	Workload  string `json:"workload"`
	Version   string `json:"version,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// An Edge counts the requests from one node to another. Mirrored copies are
// counted apart from Requests.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Service is the full name of the Service that was called. It is absent
	// where none was, as on the way from the client to a gateway, and in a sum
	// where one node called the other by several.
	Service  string `json:"service,omitempty"`
	Requests int64  `json:"requests"`
	Errors   int64  `json:"errors"`
	Mirrored int64  `json:"mirrored,omitempty"`
}

// Sort puts nodes and edges in the order of their names.
func (g *Graph) Sort() {
	slices.SortFunc(g.Nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Service, b.Service))
	})
}

// SumOf returns the graph of several times, such as all of a scenario's steps. It is
// nil if none has one.
func SumOf(steps []*Graph) *Graph {
	var sum *Graph
	nodes, edges := map[string]bool{}, map[[2]string]int{}
	for _, g := range steps {
		if g == nil {
			continue
		}
		if sum == nil {
			sum = &Graph{}
		}
		for _, n := range g.Nodes {
			if !nodes[n.ID] {
				nodes[n.ID] = true
				sum.Nodes = append(sum.Nodes, n)
			}
		}
		for _, e := range g.Edges {
			at, known := edges[[2]string{e.From, e.To}]
			if !known {
				edges[[2]string{e.From, e.To}] = len(sum.Edges)
				sum.Edges = append(sum.Edges, e)
				continue
			}
			to := &sum.Edges[at]
			to.Requests += e.Requests
			to.Errors += e.Errors
			to.Mirrored += e.Mirrored
			if to.Service != e.Service {
				to.Service = ""
			}
		}
	}
	if sum != nil {
		sum.Sort()
	}
	return sum
}
