package liveroutes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/splitcheck/splitcheck/proxies"
	"github.com/splitcheck/splitcheck/target"
)

// A Target is another one, which load goes to, together with the proxies that
// carry the rule. It is a target.Witness of that rule alone.
type Target struct {
	target.Target
	cluster  *Cluster
	question Question
	weights  *Weights
	// last is what the cluster was at the last look.
	last *view
}

var (
	_ target.Target  = (*Target)(nil)
	_ target.Witness = (*Target)(nil)
)

// Over returns load's target with the proxies of the cluster as its witnesses.
// Closing it closes load and not the cluster.
func (c *Cluster) Over(load target.Target, q Question, w *Weights) *Target {
	return &Target{Target: load, cluster: c, question: q, weights: w, last: w.read}
}

// Change changes nothing: it waits until every proxy that carries the rule is
// programmed with its weights, as a step does that has applied them.
func (t *Target) Change(ctx context.Context, change target.Change) (target.Convergence, error) {
	if len(change.Apply)+len(change.Delete)+len(change.Scale)+len(change.Defects) > 0 {
		return t.Target.Change(ctx, change)
	}
	began := time.Now()
	wait, cancel := context.WithTimeout(ctx, change.Timeout)
	defer cancel()
	took := map[string]time.Duration{}
	for {
		states, err := t.states(wait, took, began)
		live := err == nil && len(states) > 0 && !slices.ContainsFunc(states, func(s target.ProxyState) bool { return !s.Converged })
		if live {
			return target.Convergence{Converged: true, Took: time.Since(began), Proxies: states}, nil
		}
		timer := time.NewTimer(pollInterval)
		select {
		case <-timer.C:
			continue
		case <-wait.Done():
			timer.Stop()
		}
		if ctx.Err() != nil {
			return target.Convergence{}, ctx.Err()
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return target.Convergence{}, err
		}
		return target.Convergence{Took: time.Since(began), Proxies: states, Detail: t.late(states)}, nil
	}
}

// late says which proxies do not carry the rule as it is.
func (t *Target) late(states []target.ProxyState) string {
	if len(states) == 0 {
		return "no proxy carries " + t.weights.Source
	}
	words := []string{fmt.Sprintf("not every proxy carries %s with its weights, %s:", t.weights.Source, t.weights.Weights)}
	for _, s := range states {
		if !s.Converged {
			words = append(words, s.Name+": "+s.Detail)
		}
	}
	return strings.Join(words, "\n")
}

// states looks once at all proxies that should carry the rule.
func (t *Target) states(ctx context.Context, took map[string]time.Duration, began time.Time) ([]target.ProxyState, error) {
	v, err := t.cluster.view(ctx, t.question)
	if err != nil {
		return nil, err
	}
	said, err := t.ask(ctx, v)
	if err != nil {
		return nil, err
	}
	states := map[string]target.ProxyState{}
	for _, route := range said.Routes {
		state, known := states[route.Proxy]
		if !known {
			state = target.ProxyState{Name: route.Proxy, Converged: true}
		}
		if off := t.departs(route); off != "" {
			state.Converged, state.Detail = false, off
		}
		states[route.Proxy] = state
	}
	var all []target.ProxyState
	for _, name := range slices.Sorted(maps.Keys(states)) {
		s := states[name]
		if s.Converged {
			if _, before := took[name]; !before {
				took[name] = time.Since(began)
			}
			s.Took = took[name]
		}
		all = append(all, s)
	}
	return all, nil
}

// departs says in what the programmed weights of a route differ, or "".
func (t *Target) departs(route target.Route) string {
	var configured, programmed float64
	for _, arm := range route.Arms {
		configured += arm.Configured
		programmed += arm.Programmed
	}
	if programmed == 0 {
		return "it has no such route"
	}
	var parts []string
	same := true
	for _, arm := range route.Arms {
		if diff := arm.Configured/configured - arm.Programmed/programmed; diff > 1e-9 || diff < -1e-9 {
			same = false
		}
		parts = append(parts, fmt.Sprintf("%s %g %%", t.called(arm.Cluster), 100*arm.Programmed/programmed))
	}
	if same {
		return ""
	}
	return "it has " + strings.Join(parts, ", ")
}

func (t *Target) called(cluster string) string {
	for _, d := range t.weights.Destinations {
		if d.Cluster == cluster {
			return d.Name
		}
	}
	return cluster
}

// ask asks the proxies of a view that should carry the rule.
func (t *Target) ask(ctx context.Context, v *view) (target.Testimony, error) {
	var carriers []proxies.Proxy
	for _, p := range v.proxies {
		if ruleOf(v.objects, p, t.weights.Source) != nil {
			carriers = append(carriers, p)
		}
	}
	found := make([]target.Testimony, len(carriers))
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, p := range carriers {
		group.Go(func() error {
			ctx, cancel := context.WithTimeoutCause(looking, lookTimeout, fmt.Errorf("proxy %s did not answer within %s", p, lookTimeout))
			defer cancel()
			routes, err := t.cluster.proxies.Routes(ctx, p)
			if err != nil {
				return goneIsNone(p, err)
			}
			clusters, err := t.cluster.proxies.Clusters(ctx, p)
			if err != nil {
				return goneIsNone(p, err)
			}
			for _, route := range proxies.Testify(v.objects, p, routes) {
				if route.Source == t.weights.Source {
					route.Workload = p.Workload + "." + p.Namespace
					found[i].Routes = append(found[i].Routes, route)
				}
			}
			for _, cluster := range clusters {
				for _, e := range cluster.Endpoints {
					if e.Requests > 0 && strings.HasPrefix(cluster.Name, "outbound|") {
						found[i].Counts = append(found[i].Counts, target.Count{
							Proxy: p.String(), Cluster: cluster.Name, Pod: e.Address, Requests: e.Requests, Errors: e.Errors,
						})
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return target.Testimony{}, err
	}
	var all target.Testimony
	for _, f := range found {
		all.Routes, all.Counts = append(all.Routes, f.Routes...), append(all.Counts, f.Counts...)
	}
	return all, nil
}

func goneIsNone(p proxies.Proxy, err error) error {
	if proxies.Gone(err) {
		return nil
	}
	return fmt.Errorf("proxy %s: %w", p, err)
}
