package routing

import (
	"cmp"
	"maps"
	"slices"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
)

// Compile makes proxy's table from the objects of a cluster, which stand in
// order of creation: where Istio lets the oldest win, the earlier one does. An
// object that is applied again keeps its place.
//
// The list says what Istio's validation would refuse, as errors, and what istiod
// would drop without a word or this package does not interpret, as warnings. A
// refused object is compiled all the same, as far as it can be: what its rules
// cannot answer they answer with 500.
//
//differential:virtualservice/prefix-is-text httproute/precedence sidecar/plain
func Compile(objects []manifests.Object, proxy Proxy) (*Table, problems.List) {
	c := &compiler{
		world: collect(objects),
		proxy: proxy,
		table: &Table{
			gateway:   proxy.Gateway,
			listeners: map[int]*listener{},
			clusters:  map[ClusterName]*Cluster{},
		},
		said: map[problems.Problem]bool{},
	}
	c.compileClusters()
	for _, o := range c.httpRoutes {
		c.checkParents(o)
	}
	routings := c.virtualServices()
	if proxy.Gateway {
		c.compileGateway(routings)
	} else {
		c.compileSidecar(routings)
	}
	return c.table, c.list.Sort()
}

// A compiler holds what the parts of one compilation share.
type compiler struct {
	world
	proxy Proxy
	table *Table
	list  problems.List
	// said holds the problems that are in list already: a rule is compiled once
	// for each listener, and each time it reports the same.
	said map[problems.Problem]bool
	// muted drops the problems that are found.
	muted bool
}

// A routing is one object that gives hosts their routes: a VirtualService, or
// what istiod makes of the HTTPRoutes that share a parent and a host.
//
//differential:gateway/merged sidecar/older-wins
type routing struct {
	object    manifests.Object
	namespace string
	hosts     []string // full names, or wildcards
	gateways  map[string]bool
	exportTo  []string
	// order is the place in time of the object, or of the oldest of several.
	order int
	// gatewayAPI marks HTTPRoutes: matched by path elements, bound by other
	// rules, and answered with 500 where a cluster is missing.
	gatewayAPI bool
	// routes returns what a listener gets, in order, for each host alike.
	routes func(binding) []route
}

// A binding is where routes go: a port, and the gateway that listens on it.
type binding struct {
	port    int
	gateway string // "mesh", or "namespace/name"
	tls     bool   // whether the server has settings for TLS
}

// boundTo returns the routings that reach the proxy through gateway, in the
// order in which istiod asks them: those private to the proxy's namespace, those
// exported to it by name, the public ones; within each HTTPRoutes of the
// proxy's own namespace first, then by age
// (istio pilot/pkg/model/virtualservice.go, SelectVirtualServices).
//
//differential:gateway/two-gateways
func (c *compiler) boundTo(gateway string, routings []*routing) []*routing {
	var bound []*routing
	for _, r := range routings {
		if r.gateways[gateway] && c.reachOf(r) != reachNone {
			bound = append(bound, r)
		}
	}
	later := func(r *routing) int {
		if r.gatewayAPI && gateway == MeshGateway && r.namespace == c.proxy.Namespace {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(bound, func(a, b *routing) int {
		return cmp.Or(
			cmp.Compare(c.reachOf(a), c.reachOf(b)),
			cmp.Compare(later(a), later(b)),
			cmp.Compare(a.order, b.order),
		)
	})
	return bound
}

func (c *compiler) reachOf(r *routing) reach {
	return exportedTo(r.exportTo, r.namespace, c.proxy.Namespace)
}

// warn records what stops nothing; refuse records what Istio's validation would
// not accept. Both are about the place path within o.
//
//differential:virtualservice/refused-negative-weight gateway/unmet-host
func (c *compiler) warn(o manifests.Object, path, message, hint string) {
	c.add(o, path, message, hint, true)
}

func (c *compiler) refuse(o manifests.Object, path, message, hint string) {
	c.add(o, path, message, hint, false)
}

func (c *compiler) add(o manifests.Object, path, message, hint string, warning bool) {
	line, column := o.Position(path)
	p := problems.Problem{
		File: o.File, Line: line, Column: column,
		Message: o.String() + ": " + message, Hint: hint, Warning: warning,
	}
	if !c.said[p] && !c.muted {
		c.said[p] = true
		c.list = append(c.list, p)
	}
}

// listener returns the listener of a port, which it makes if need be.
func (t *Table) listener(port int) *listener {
	l := t.listeners[port]
	if l == nil {
		l = &listener{}
		t.listeners[port] = l
	}
	return l
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
