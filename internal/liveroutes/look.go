package liveroutes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
)

// An answer is what one proxy says, or why it did not.
type answer struct {
	proxy   proxies.Proxy
	seen    target.Observation
	failure error
}

// without says that a sidecar has no route of the rule. A Sidecar object can keep
// it away, or that istiod does not watch the namespace; what the sidecar then does
// with a request is no other split but none.
//
//differential:elsewhere test proxies/TestWithheld
func (a answer) without() bool {
	return !a.proxy.Gateway && len(a.seen.Routes) > 0 && !slices.ContainsFunc(a.seen.Routes, func(r target.Route) bool {
		return slices.ContainsFunc(r.Arms, func(arm target.Arm) bool { return arm.Programmed > 0 })
	})
}

// A look is what the proxies that should carry the rule were seen to have.
type look struct {
	states []target.ProxyState
	// silent are those that did not answer.
	silent []answer
	// without are the sidecars that have no route of the rule at all.
	without map[string]bool
	// heard and missing say that one that decides did, and did not.
	heard, missing bool
}

// carried says whether every proxy that decides is known to have the rule, and
// none that was heard has another.
func (l look) carried() bool {
	return l.heard && !l.missing && !slices.ContainsFunc(l.states, func(s target.ProxyState) bool { return !s.Converged })
}

// date notes for each proxy when it was first seen to carry the rule.
func (l look) date(took map[string]time.Duration, now time.Duration) {
	for i, s := range l.states {
		if _, before := took[s.Name]; !before && s.Converged {
			took[s.Name] = now
		}
		l.states[i].Took = took[s.Name]
	}
}

// unheard is what the first of the silent proxies failed with, and how many more
// there are.
func (l look) unheard() (failures []string, more int) {
	for _, a := range l.silent[:min(len(l.silent), 3)] {
		failures = append(failures, a.failure.Error())
	}
	return failures, len(l.silent) - len(failures)
}

// decides says whether a proxy's weights are those of the requests: where they
// meet the rule at a gateway, no sidecar's are.
func (t *Target) decides(p proxies.Proxy) bool { return p.Gateway || !t.weights.entered }

// look asks all proxies of a view that should carry the rule.
func (t *Target) look(ctx context.Context, v *view) look {
	l := look{without: map[string]bool{}}
	for _, a := range t.ask(ctx, v, func(proxies.Proxy) bool { return true }) {
		if a.failure != nil {
			l.silent, l.missing = append(l.silent, a), l.missing || t.decides(a.proxy)
			continue
		}
		if len(a.seen.Routes) == 0 {
			continue // Its pod is gone.
		}
		if a.without() {
			l.without[a.proxy.String()] = true
			continue
		}
		state := target.ProxyState{Name: a.proxy.String(), Converged: true}
		for _, route := range a.seen.Routes {
			if off := t.departs(route); off != nil {
				state.Converged, state.Detail = false, *off
			}
		}
		l.states, l.heard = append(l.states, state), l.heard || t.decides(a.proxy)
	}
	slices.SortFunc(l.states, func(a, b target.ProxyState) int { return strings.Compare(a.Name, b.Name) })
	return l
}

// atOnce is how many proxies are asked at the same time: each answer is some
// hundred kilobytes through the API server.
const atOnce = 8

// ask asks those proxies of a view that should carry the rule and that are meant,
// and leaves none out because another is silent. Those that decide come first:
// the time may not be enough for all.
func (t *Target) ask(ctx context.Context, v *view, meant func(proxies.Proxy) bool) []answer {
	var answers []answer
	for _, p := range v.proxies {
		if meant(p) && ruleOf(v.objects, p, t.weights.Source) != nil {
			answers = append(answers, answer{proxy: p})
		}
	}
	rank := func(a answer) int {
		if t.decides(a.proxy) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(answers, func(a, b answer) int { return cmp.Compare(rank(a), rank(b)) })
	var asking sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i := range answers {
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			answers[i].seen, answers[i].failure = t.observe(ctx, v, answers[i].proxy)
		})
	}
	asking.Wait()
	return answers
}

// observe asks one proxy. One whose pod is gone says nothing, and that is no failure;
// the others' failures name the proxy.
func (t *Target) observe(ctx context.Context, v *view, p proxies.Proxy) (target.Observation, error) {
	var seen target.Observation
	if ctx.Err() != nil {
		return seen, fmt.Errorf("proxy %s was not asked in the time that was left", p)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookTimeout, fmt.Errorf("no answer within %s", lookTimeout))
	defer cancel()
	routes, err := t.cluster.proxies.Routes(ctx, p)
	if err != nil {
		return seen, goneIsNone(err)
	}
	clusters, err := t.cluster.proxies.Clusters(ctx, p)
	if err != nil {
		return seen, goneIsNone(err)
	}
	for _, route := range proxies.Observe(v.objects, p, routes) {
		if route.Source == t.weights.Source {
			route.Workload = p.Workload + "." + p.Namespace
			seen.Routes = append(seen.Routes, route)
		}
	}
	for _, cluster := range clusters {
		_, service := routing.ParseClusterName(cluster.Name)
		for _, e := range cluster.Endpoints {
			if e.Requests > 0 && service {
				seen.Counts = append(seen.Counts, target.Count{
					Proxy: p.String(), Cluster: cluster.Name, Pod: e.Address, Requests: e.Requests, Errors: e.Errors,
				})
			}
		}
	}
	return seen, nil
}

func goneIsNone(err error) error {
	if proxies.Gone(err) {
		return nil
	}
	return err
}

// together is what the proxies that decide say. Without one of them
// there is no observation. A sidecar that never had the rule has nothing to say of
// it; one that has lost it since does.
func (t *Target) together(ctx context.Context, v *view) (target.Observation, error) {
	var all target.Observation
	for _, a := range t.ask(ctx, v, t.decides) {
		if a.failure != nil {
			return target.Observation{}, a.failure
		}
		if a.without() && t.without[a.proxy.String()] {
			continue
		}
		all.Routes, all.Counts = append(all.Routes, a.seen.Routes...), append(all.Counts, a.seen.Counts...)
	}
	return all, nil
}
