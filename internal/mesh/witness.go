package mesh

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// passThroughCluster is Envoy's name for what goes where the client sent it.
//
//differential:elsewhere test test/differential/TestClusters
const passThroughCluster = "PassthroughCluster"

// Sent is what one proxy counts of its own requests, as Envoy does for each
// endpoint of each cluster. It outlives the views of the proxy, so that its
// counters never go back. The zero value is ready for use.
//
//differential:elsewhere scenario version-test-90-10
type sent struct {
	mu   sync.Mutex
	pods map[destination]*tried
}

type destination struct {
	cluster string
	pod     *pod
}

// Tried counts the requests to one pod: first tries, retries and copies alike.
type tried struct{ requests, errors atomic.Int64 }

// to returns the counter of a pod, which is found once and only counted after
// that; nil for kube-proxy.
func (s *sent) to(cluster string, p *pod) *tried {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := destination{cluster, p}
	if s.pods == nil {
		s.pods = map[destination]*tried{}
	}
	if s.pods[d] == nil {
		s.pods[d] = new(tried)
	}
	return s.pods[d]
}

func (t *tried) count(status int) {
	t.requests.Add(1)
	if status >= http.StatusInternalServerError {
		t.errors.Add(1)
	}
}

// Observe implements target.Witness: what each proxy goes by at this moment,
// beside what the objects say, and what it has sent. Defects of the data plane
// are in neither: a proxy that draws by other weights than it was given does
// not know it.
func (m *Mesh) Observe(context.Context) (target.Observation, error) {
	if m.closed.Load() {
		return target.Observation{}, errClosed
	}
	c := m.current.Load()
	seen := target.Observation{Own: map[string]int64{}}
	known := map[*routing.Table]*carried{}
	rules := func(t *routing.Table) *carried {
		if known[t] == nil {
			known[t] = carries(t)
		}
		return known[t]
	}
	for _, p := range c.proxies() {
		v := p.view.Load()
		if v == nil {
			continue
		}
		seen.Routes = append(seen.Routes, p.observed(rules(c.tables[p.identity()]), rules(v.table), v.updated)...)
		seen.Counts = append(seen.Counts, p.counts()...)
		seen.Own[p.proxyName()] = p.own.Load()
	}
	return seen, nil
}

// proxyName names a proxy as target.ProxyState does.
func (p *proxy) proxyName() string { return p.Name + "." + p.Namespace }

// Carried are the destinations of each rule of a table, by its source.
type carried struct {
	sources []manifests.Source
	arms    map[manifests.Source][]target.Arm
}

func carries(t *routing.Table) *carried {
	c := &carried{arms: map[manifests.Source][]target.Arm{}}
	if t == nil {
		return c
	}
	for _, split := range t.Splits("") {
		rule := split.Rule
		if _, again := c.arms[rule.Source]; again || len(rule.Destinations) == 0 {
			continue
		}
		c.sources = append(c.sources, rule.Source)
		for i, weight := range rule.Weights() {
			c.arms[rule.Source] = append(c.arms[rule.Source], target.Arm{Cluster: rule.Destinations[i].Cluster.String(), Configured: weight})
		}
	}
	return c
}

// observed holds the rules that the objects ask for beside those in force.
func (p *proxy) observed(configured, programmed *carried, updated time.Time) []target.Route {
	var routes []target.Route
	sources := slices.Clone(configured.sources)
	for _, source := range programmed.sources {
		if configured.arms[source] == nil {
			sources = append(sources, source)
		}
	}
	for _, source := range sources {
		route := target.Route{Proxy: p.proxyName(), Workload: p.node.Workload + "." + p.Namespace, Source: source, Updated: updated}
		route.Arms = slices.Clone(configured.arms[source])
		for _, has := range programmed.arms[source] {
			route.Arm(has.Cluster).Programmed += has.Configured
		}
		routes = append(routes, route)
	}
	return routes
}

// counts lists what the proxy has sent, in order of the names.
func (p *proxy) counts() []target.Count {
	p.sent.mu.Lock()
	defer p.sent.mu.Unlock()
	var list []target.Count
	for d, n := range p.sent.pods {
		if requests := n.requests.Load(); requests > 0 {
			list = append(list, target.Count{
				Proxy: p.proxyName(), Cluster: d.cluster,
				Pod: d.pod.name + "." + d.pod.namespace, Workload: d.pod.workload + "." + d.pod.namespace,
				Requests: requests, Errors: n.errors.Load(),
			})
		}
	}
	slices.SortFunc(list, func(a, b target.Count) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Pod, b.Pod))
	})
	return list
}

// states says of each proxy whether and when it took the last change.
func (m *Mesh) states(c *cluster, began time.Time, live target.Convergence) []target.ProxyState {
	var states []target.ProxyState
	for _, p := range c.proxies() {
		state := target.ProxyState{Name: p.proxyName(), Took: live.Took}
		if v := p.view.Load(); v.version == m.version {
			state.Converged, state.Took = true, max(0, v.updated.Sub(began))
		} else {
			state.Detail = split.Found("proxy-behind", nil)
		}
		states = append(states, state)
	}
	return states
}

// Interprets implements target.Interpreter.
func (m *Mesh) Interprets() {}
