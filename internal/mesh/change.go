package mesh

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

var errClosed = errors.New("simulated mesh: it is closed")

// defaultTimeout bounds the wait for a change that sets no bound.
const defaultTimeout = time.Minute

// Change implements target.Target. A change that a cluster would refuse is an
// error and leaves everything unchanged. Objects are applied together, so their
// order cannot break anything. A proxy that a defect holds back is known never
// to update, so Change does not wait for it.
func (m *Mesh) Change(ctx context.Context, change target.Change) (target.Convergence, error) {
	m.changing.Lock()
	defer m.changing.Unlock()
	if m.closed.Load() {
		return target.Convergence{}, errClosed
	}
	if err := ctx.Err(); err != nil {
		return target.Convergence{}, err
	}
	began := time.Now()
	before := m.current.Load()
	next, err := before.with(change, m)
	if err != nil {
		return target.Convergence{}, err
	}
	snap := next.snapshot()
	if change.SetsDefects {
		if err := next.checkDefects(snap); err != nil {
			return target.Convergence{}, err
		}
	}
	tables, found := next.compile()
	if err := found.Err(); err != nil {
		return target.Convergence{}, err
	}
	next.tables = tables
	m.current.Store(next)
	stuck := next.stuck()
	applied := time.Since(began)
	landed := m.push(before, next, snap, tables, stuck)

	limit := time.NewTimer(cmp.Or(change.Timeout, defaultTimeout))
	defer limit.Stop()
	result := target.Convergence{Converged: len(stuck) == 0, Applied: applied, Warnings: m.news(next.warnings, found.Warnings())}
	select {
	case <-landed:
		m.timers = nil
	case <-limit.C:
		result.Converged = false
	case <-ctx.Done():
		return target.Convergence{}, ctx.Err()
	}
	result.Took = time.Since(began)
	if !result.Converged {
		result.Detail = m.behind(next, change)
	}
	result.Proxies = m.states(next, began, result)
	return result, nil
}

// compile makes one table for each identity among the proxies.
func (c *cluster) compile() (map[string]*routing.Table, problems.List) {
	tables := map[string]*routing.Table{}
	var found problems.List
	for _, p := range c.proxies() {
		id := p.identity()
		if tables[id] == nil {
			table, list := routing.Compile(c.Objects(), p.Proxy)
			tables[id] = table
			found = append(found, list...)
		}
	}
	return tables, found.Sort()
}

func (m *Mesh) newView(p *proxy, s *snapshot, table *routing.Table) *view {
	v := &view{
		sent: &p.sent, table: table, snap: s, node: p.node, graph: m.graph,
		errors: s.errorRate(), version: m.version, known: map[clusterKey]*endpoints{},
	}
	if p == m.kube {
		v.sent = nil
	}
	if table != nil {
		v.listens = slices.Contains(table.Ports(), p.port)
	}
	return v
}

// push sends a change to every proxy, each in its time, as istiod does, and
// returns a channel that is closed when all that are not stuck have it. New
// proxies begin with it. Pods that are no longer there end after that.
//
//differential:elsewhere scenario bookinfo-canary
//differential:elsewhere uncompared how long a change takes
func (m *Mesh) push(before, next *cluster, snap *snapshot, tables map[string]*routing.Table, stuck map[*proxy]bool) <-chan struct{} {
	m.version++
	delay := m.options.ApplyDelay
	if next.hasNewPods(before) {
		delay += m.options.StartupDelay
	}
	landed := make(chan struct{})
	// The count starts at one for this function itself, so that it cannot
	// reach zero before every timer is set.
	var under atomic.Int64
	under.Store(1)
	arrive := func() {
		if under.Add(-1) == 0 {
			next.retire(before)
			close(landed)
		}
	}
	for i, p := range append(next.proxies(), m.kube) {
		old := p.view.Load()
		if stuck[p] && old != nil {
			continue
		}
		v := m.newView(p, snap, tables[p.identity()])
		if old != nil && old.table != nil && len(snap.stale) > 0 {
			v.before = m.newView(p, snap, old.table)
		}
		after := delay + min(time.Duration(i)*m.options.Stagger, m.options.ApplyDelay)
		if old == nil || after == 0 {
			p.install(v)
			continue
		}
		under.Add(1)
		m.timers = append(m.timers, time.AfterFunc(after, func() {
			p.install(v)
			arrive()
		}))
	}
	arrive()
	return landed
}

// install puts a view in force unless there is a newer one.
func (p *proxy) install(v *view) {
	v.updated = time.Now()
	for {
		old := p.view.Load()
		if old != nil && old.version > v.version || p.view.CompareAndSwap(old, v) {
			return
		}
	}
}

func (c *cluster) allPods() map[*pod]bool {
	all := map[*pod]bool{}
	for _, pods := range c.pods {
		for _, p := range pods {
			all[p] = true
		}
	}
	return all
}

func (c *cluster) hasNewPods(before *cluster) bool {
	old := before.allPods()
	for p := range c.allPods() {
		if !old[p] {
			return true
		}
	}
	return false
}

// retire ends the pods that were there before and are no more.
func (c *cluster) retire(before *cluster) {
	kept := c.allPods()
	for p := range before.allPods() {
		if !kept[p] {
			p.gone.Store(true)
		}
	}
}

// behind says which proxies do not use the last change.
func (m *Mesh) behind(c *cluster, change target.Change) split.Finding {
	var names []string
	for _, p := range c.proxies() {
		if p.view.Load().version < m.version {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return split.Found("change-was-late", nil)
	}
	slices.Sort(names)
	applied, deleted := routesOf(change)
	return split.Found("proxies-behind", split.Values{"proxies": names, "applied": applied, "deleted": deleted})
}

// routesOf names the objects of a change that say how traffic is routed.
func routesOf(change target.Change) (applied, deleted []string) {
	routes := func(k manifests.Key) bool {
		return k.Group == "networking.istio.io" || k.Group == "gateway.networking.k8s.io"
	}
	for _, o := range change.Apply {
		if k := o.Key(); routes(k) {
			applied = append(applied, k.String())
		}
	}
	for _, k := range change.Delete {
		if routes(k) {
			deleted = append(deleted, k.String())
		}
	}
	return applied, deleted
}

// news returns the warnings that were not given before.
func (m *Mesh) news(own []split.Finding, compiled problems.List) []split.Finding {
	for _, p := range compiled {
		own = append(own, p.Finding())
	}
	return slices.DeleteFunc(own, func(w split.Finding) bool {
		known := m.said[w.Key()]
		m.said[w.Key()] = true
		return known
	})
}
