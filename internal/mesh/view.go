package mesh

import (
	"sync"
	"time"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// A view is what one proxy uses: its route table and the pods it knows. A proxy
// switches from one view to the next at once; a request stays with the view
// that it met.
type view struct {
	table *routing.Table // nil for kube-proxy
	snap  *snapshot
	node  *node
	graph *graph
	sent  *sent // the proxy's own counters, nil for kube-proxy
	// updated is when the proxy took this view.
	updated time.Time
	// errors is the share of requests that a gateway answers 503.
	errors float64
	// listens says that a gateway has something to listen for on its port.
	listens bool
	// before routes by the table that this one replaced, but to today's pods:
	// this is what a proxy does that only claims to have updated.
	before *view

	// version counts the changes of the mesh; a view replaces older ones only.
	version int

	plans    sync.Map // *routing.Rule → *plan
	straight sync.Map // straightKey → *plan
	mu       sync.Mutex
	known    map[clusterKey]*endpoints
}

type clusterKey struct {
	name    routing.ClusterName
	version string // of an arm that no object names
}

// plan returns how a rule's traffic is shared out, worked out once per view.
func (v *view) plan(rule *routing.Rule, called string) *plan {
	if p, ok := v.plans.Load(rule); ok {
		return p.(*plan)
	}
	p, _ := v.plans.LoadOrStore(rule, v.makePlan(rule, called))
	return p.(*plan)
}

// endpoints returns the pods of a cluster, or nil for one that does not exist.
func (v *view) endpoints(name routing.ClusterName) *endpoints {
	if v.table == nil {
		return nil
	}
	cluster := v.table.Cluster(name)
	if cluster == nil {
		return nil
	}
	return v.remember(clusterKey{name: name}, func() *endpoints {
		var doors []door
		if s := v.snap.services[cluster.ServiceNamespace+"/"+cluster.ServiceName]; s != nil {
			for _, d := range s.doors(name.Port) {
				if routing.Selects(cluster.SubsetLabels, d.pod.labels) {
					doors = append(doors, d)
				}
			}
		}
		return v.enlist(name.Host, name.String(), doors, cluster.Balancer, cluster.HashOn)
	})
}

func (v *view) remember(k clusterKey, build func() *endpoints) *endpoints {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, ok := v.known[k]
	if !ok {
		e = build()
		v.known[k] = e
	}
	return e
}

func (v *view) enlist(service, cluster string, doors []door, balancer routing.Balancer, on routing.HashOn) *endpoints {
	e := &endpoints{balancer: balancer, hashOn: on}
	for _, d := range doors {
		e.hosts = append(e.hosts, &host{
			door:    d,
			dead:    v.snap.dead[d.pod],
			failing: v.snap.failing[d.pod],
			edge:    v.graph.edge(v.node, d.pod.node, service),
			sent:    v.sent.to(cluster, d.pod),
		})
	}
	return e
}

type straightKey struct {
	service *service
	port    int
}

// direct returns the plan for a port of a service as kube-proxy has it: every
// ready pod alike.
func (v *view) direct(s *service, port int) *plan {
	k := straightKey{s, port}
	if p, ok := v.straight.Load(k); ok {
		return p.(*plan)
	}
	name := routing.ClusterName{Host: s.host, Port: port}
	e := v.enlist(s.host, passThroughCluster, s.doors(port), routing.Random, routing.HashOn{})
	made := v.disturb(&plan{arms: []arm{{weight: 1, endpoints: e, dest: &routing.Destination{Cluster: name}}}, total: 1}, s.namespace+"/"+s.name)
	p, _ := v.straight.LoadOrStore(k, made)
	return p.(*plan)
}

// route finds the rule for a request and the view it belongs to. Under a stale
// defect that may be the view before.
func (v *view) route(c *call) (routing.Decision, *view) {
	decision := v.lookUp(c)
	if v.before == nil || decision.Rule == nil {
		return decision, v
	}
	for _, s := range v.snap.stale {
		if v.concerns(s.host, decision.Rule, c.service) && s.take() {
			return v.before.lookUp(c), v.before
		}
	}
	return decision, v
}

// lookUp asks the table: a gateway by its port, a sidecar by what is called.
func (v *view) lookUp(c *call) routing.Decision {
	if s := v.snap.services[c.service]; s != nil {
		return v.table.RouteTo(routing.ClusterName{Host: s.host, Port: c.port}, &c.request)
	}
	return v.table.Route(c.port, &c.request)
}

// concerns reports whether a defect's host is the one that is called or one
// that the rule sends to.
func (v *view) concerns(host string, rule *routing.Rule, called string) bool {
	if host == "" || isService(host, called) {
		return true
	}
	for _, d := range rule.Destinations {
		if cluster := v.table.Cluster(d.Cluster); cluster != nil &&
			isService(host, cluster.ServiceNamespace+"/"+cluster.ServiceName) {
			return true
		}
	}
	return false
}
