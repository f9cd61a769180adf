package cluster

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/split"
)

// looksAtOnce bounds how many proxies are asked at the same time.
const looksAtOnce = 8

// A look is what one proxy carries at one moment, beside what it should.
type look struct {
	proxy       proxies.Proxy
	err         error
	differences []proxies.Difference
	endpoints   []split.Finding
	// routes are those of the scenario's objects, without their times; updated
	// is when the newest of all was taken.
	routes  envoy.Routes
	updated time.Time
}

// matches says that the proxy carries what it should.
func (l *look) matches() bool {
	return l.err == nil && len(l.differences)+len(l.endpoints) == 0
}

func (l *look) same(other *look) bool { return reflect.DeepEqual(l.routes, other.routes) }

// wrong says what is, nil for nothing.
func (l *look) wrong() *split.Finding {
	var found split.Finding
	switch {
	case l.err != nil:
		found = split.Text(l.err.Error())
	case len(l.differences) > 0:
		found = l.differences[0].Finding()
		found.Values["more"] = len(l.differences) - 1
	case len(l.endpoints) > 0:
		shown := l.endpoints[:min(len(l.endpoints), mostListed)]
		found = split.Found("endpoints-are-wrong", split.Values{"proxy": l.proxy.String(), "found": shown, "more": len(l.endpoints) - len(shown)})
	default:
		return nil
	}
	return &found
}

// lookAt asks one proxy. Without a snapshot its endpoints are left alone.
func (c *Cluster) lookAt(ctx context.Context, world []manifests.Object, p proxies.Proxy, s *snapshot) look {
	l := look{proxy: p}
	routes, err := c.routes(ctx, p)
	if err != nil {
		l.err = err
		return l
	}
	withheld := map[manifests.Key]bool{}
	for _, d := range proxies.Compare(world, p, routes) {
		if d.Withheld {
			withheld[d.Object] = true
		} else {
			l.differences = append(l.differences, d)
		}
	}
	for _, r := range routes {
		if r.Updated.After(l.updated) {
			l.updated = r.Updated
		}
		if slices.ContainsFunc(world, func(o manifests.Object) bool { return o.Key() == r.Object }) {
			r.Updated = time.Time{}
			l.routes = append(l.routes, r)
		}
	}
	if s == nil || len(l.differences) > 0 {
		return l
	}
	clusters, err := c.clusters(ctx, p)
	if err != nil {
		l.err = err
		return l
	}
	// What keeps routes from a proxy keeps their destinations from it as well.
	theirs := slices.DeleteFunc(slices.Clone(world), func(o manifests.Object) bool { return withheld[o.Key()] })
	l.endpoints = awry(theirs, p, s, clusters)
	return l
}

// lookAtAll asks proxies, several at once, and returns the looks in their order.
func (c *Cluster) lookAtAll(ctx context.Context, world []manifests.Object, list []proxies.Proxy, s *snapshot) []look {
	looks := make([]look, len(list))
	var group errgroup.Group
	group.SetLimit(looksAtOnce)
	for i, p := range list {
		group.Go(func() error {
			looks[i] = c.lookAt(ctx, world, p, s)
			return nil
		})
	}
	_ = group.Wait() // A look carries its own error.
	return looks
}

// look remembers what the proxies carried before a change, held against what
// they are to carry after it.
func (u *underway) look(ctx context.Context, world []manifests.Object) {
	u.before = map[string]look{}
	found, err := u.cluster.choosers(ctx, world)
	if err != nil {
		return // Whoever cannot be asked now is asked again after the change.
	}
	for _, l := range u.cluster.lookAtAll(ctx, world, found.proxies, nil) {
		u.before[l.proxy.String()] = l
	}
}

// silent says which proxies did not answer when they were asked before the
// change, so that time that was lost on them is placed.
func (u *underway) silent() []split.Finding {
	var found []split.Finding
	for _, name := range slices.Sorted(maps.Keys(u.before)) {
		if l := u.before[name]; l.err != nil {
			found = append(found, split.Found("proxies-are-wrong", split.Values{"found": []split.Finding{split.Text(l.err.Error())}, "more": 0}))
		}
	}
	return found
}

// unmoved says that a proxy had nothing to change by what can be compared, and
// has not said yet that it took the change.
func (u *underway) unmoved(l *look) bool {
	if len(u.changed) == 0 || time.Since(u.sent) > movePatience {
		return false
	}
	before, known := u.before[l.proxy.String()]
	if !known || !before.matches() || l.updated.After(before.updated) {
		return false
	}
	// A proxy that has no use for what was changed is told nothing.
	return slices.ContainsFunc(proxies.Compare(u.cluster.world(), l.proxy, nil), func(d proxies.Difference) bool {
		return u.changed[d.Object]
	})
}
