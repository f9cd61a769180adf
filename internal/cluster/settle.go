package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// settle waits until every proxy that chooses carries what the objects say, each
// destination has exactly the pods that are ready, and both stay so for guard.
// Proxies that come and go meanwhile are seen. The first time at which all was
// well is the time to convergence; the guard is not a part of it.
func (u *underway) settle(ctx context.Context, guard time.Duration) error {
	c := u.cluster
	world := c.world()
	u.doubts = map[string]time.Time{}
	took := map[string]time.Duration{}
	var last state
	for {
		now, err := u.state(ctx, world)
		if err != nil {
			return u.late(ctx, err, &last)
		}
		last = now
		for i := range now.looks {
			l := &now.looks[i]
			name := l.proxy.String()
			if _, known := took[name]; !known && now.good(l) {
				took[name] = time.Since(u.began)
			}
		}
		u.states = now.states(took)
		if now.live() {
			u.took = time.Since(u.began)
			if guard == 0 {
				return nil
			}
			if err := kube.Pause(ctx, guard); err != nil {
				return u.late(ctx, err, &last)
			}
			again, err := u.state(ctx, world)
			if err != nil {
				return u.late(ctx, err, &last)
			}
			if again.live() && again.same(&now) {
				u.warn(world, again.looks)
				return nil
			}
			continue
		}
		if len(now.settledWrong) > 0 {
			return notLive(u.blame(ctx, &now))
		}
		if err := kube.Pause(ctx, pollInterval); err != nil {
			return u.late(ctx, err, &last)
		}
	}
}

// warn notes what routing warns of, such as a route to a subset that is not there.
func (u *underway) warn(world []manifests.Object, looks []look) {
	for i := range looks {
		p := looks[i].proxy
		_, found := routing.Compile(world, p.Compiled())
		for _, problem := range found.Warnings() {
			if problem.File != inCluster {
				u.warnings = append(u.warnings, problem.Finding())
			}
		}
	}
}

// late turns the end of the time allowed into what is known of the reason.
func (u *underway) late(ctx context.Context, err error, last *state) error {
	if errors.Is(context.Cause(ctx), errLate) || errors.Is(err, errLate) {
		return notLive(u.blame(context.WithoutCancel(ctx), last))
	}
	return err
}

// A state is what all proxies, and the control plane, say at one moment.
type state struct {
	looks    []look
	unmoved  map[string]bool
	unserved []manifests.Object
	// idle are the objects with routes that no proxy has any use for.
	idle []manifests.Object
	// troubles are those of pods that were made for Gateways.
	troubles []split.Finding
	// unsettled says in which Service the EndpointSlices are not the pods.
	unsettled *split.Finding
	// settledWrong says what will not come right by waiting.
	settledWrong []split.Finding
}

func (s *state) good(l *look) bool { return l.matches() && !s.unmoved[l.proxy.String()] }

func (s *state) live() bool {
	return len(s.unserved)+len(s.idle) == 0 && s.unsettled == nil && len(s.settledWrong) == 0 &&
		!slices.ContainsFunc(s.looks, func(l look) bool { return !s.good(&l) })
}

func (s *state) same(other *state) bool {
	return slices.EqualFunc(s.looks, other.looks, func(a, b look) bool {
		return a.proxy.String() == b.proxy.String() && a.same(&b)
	})
}

func (s *state) states(took map[string]time.Duration) []target.ProxyState {
	var list []target.ProxyState
	for i := range s.looks {
		l := &s.looks[i]
		p := target.ProxyState{Name: l.proxy.String(), Took: took[l.proxy.String()], Converged: s.good(l)}
		if wrong := l.wrong(); wrong != nil {
			p.Detail = *wrong
		} else if s.unmoved[p.Name] {
			p.Detail = split.Found("proxy-silent-on-change", nil)
		}
		list = append(list, p)
	}
	return list
}

func (u *underway) state(ctx context.Context, world []manifests.Object) (state, error) {
	c := u.cluster
	found, err := c.choosers(ctx, world)
	if err != nil {
		return state{}, err
	}
	s, err := c.snapshot(ctx, namespacesOf(ownOnly(world)))
	if err != nil {
		return state{}, err
	}
	now := state{unserved: found.unserved, unmoved: map[string]bool{}, unsettled: s.unsettled(ownOnly(world))}
	// A gateway that is made for a scenario takes load only when it is ready.
	for _, p := range found.proxies {
		if pod := s.pod(p.Namespace, p.Name); p.GatewayAPI != "" && pod != nil && !kube.Ready(pod) && now.unsettled == nil {
			waits := split.Found("gateway-pod-not-ready", split.Values{"pod": p.String(), "gateway": p.GatewayAPI})
			now.unsettled = &waits
		}
	}
	now.looks = c.lookAtAll(ctx, world, found.proxies, s)
	if err := ctx.Err(); err != nil {
		return now, context.Cause(ctx)
	}
	// A pod that went while it was asked is no proxy any more.
	now.looks = slices.DeleteFunc(now.looks, func(l look) bool { return l.err != nil && proxies.Gone(l.err) })
	for i := range now.looks {
		now.unmoved[now.looks[i].proxy.String()] = u.unmoved(&now.looks[i])
	}
	now.idle = idle(world, found.proxies)
	now.settledWrong = u.settledWrong(ctx, world, &now)
	return now, nil
}

// idle returns the scenario's objects that have routes, none of which any proxy would have.
func idle(world []manifests.Object, list []proxies.Proxy) []manifests.Object {
	used := map[manifests.Key]bool{}
	for _, p := range list {
		// Beside a proxy without routes, everything it should have is missing.
		for _, d := range proxies.Compare(world, p, nil) {
			used[d.Object] = true
		}
	}
	var left []manifests.Object
	for _, o := range ownOnly(world) {
		if hasRoutes(o) && !used[o.Key()] {
			left = append(left, o)
		}
	}
	return left
}

// settledWrong says what the cluster has refused, or has no use for, once that
// has been so for a while.
//
//differential:elsewhere test test/e2e/TestFailures
func (u *underway) settledWrong(ctx context.Context, world []manifests.Object, now *state) []split.Finding {
	var doubts []split.Finding
	for _, o := range now.unserved {
		doubts = append(doubts, unserved(o))
	}
	if now.live() {
		return nil
	}
	for _, o := range now.idle {
		doubts = append(doubts, unattached(o))
	}
	coming, troubles := u.starting(ctx, world)
	now.troubles = troubles
	if coming {
		u.doubts = map[string]time.Time{}
		return nil
	}
	doubts = append(doubts, troubles...)
	doubts = append(doubts, u.cluster.conditions(ctx, world)...)
	doubts = append(doubts, u.refusals(ctx, now)...)
	known := map[string]time.Time{}
	stands := false
	for _, d := range doubts {
		key := d.Key()
		known[key] = time.Now()
		if first, ok := u.doubts[key]; ok {
			known[key] = first
		}
		stands = stands || time.Since(known[key]) > verdictPatience
	}
	u.doubts = known
	if !stands {
		return nil
	}
	// What came later is mostly the reason: istiod writes into a status what it
	// thinks of an object a moment after nobody has any use for it.
	return doubts
}
