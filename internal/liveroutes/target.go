package liveroutes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
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
	// without are the sidecars that had no route of the rule when the others
	// were seen to have it.
	without map[string]bool
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
// programmed with its weights, as a step does that has applied them. A sidecar
// that does not answer is a warning where the request enters by a gateway, which
// is what decides then; in a large mesh there is always one.
func (t *Target) Change(ctx context.Context, change target.Change) (target.Convergence, error) {
	if len(change.Apply)+len(change.Delete)+len(change.Scale)+len(change.Defects) > 0 {
		return t.Target.Change(ctx, change)
	}
	began := time.Now()
	wait, cancel := context.WithTimeoutCause(ctx, change.Timeout, fmt.Errorf("not within %s", change.Timeout))
	defer cancel()
	took := map[string]time.Duration{}
	var last *look
	for {
		v, err := t.cluster.view(wait, t.question)
		if err == nil {
			now := t.look(wait, v)
			now.date(took, time.Since(began))
			if now.carried() {
				t.without = now.without
				return target.Convergence{Converged: true, Took: time.Since(began), Proxies: now.states, Warnings: t.warnings(now)}, nil
			}
			if last == nil || wait.Err() == nil {
				last = &now // One that the end of the time has cut short knows less.
			}
		}
		if errors.Is(err, ErrMistake) {
			return target.Convergence{}, err
		}
		timer := time.NewTimer(pollInterval)
		select {
		case <-timer.C:
			continue
		case <-wait.Done():
			timer.Stop()
		}
		switch {
		case ctx.Err() != nil:
			return target.Convergence{}, ctx.Err()
		case last == nil:
			return target.Convergence{}, err
		case len(last.states) == 0 && len(last.silent) > 0:
			return target.Convergence{}, fmt.Errorf("none of the %d proxies that should carry %s answered: %w", len(last.silent), t.weights.Source, last.silent[0].failure)
		}
		return target.Convergence{Took: time.Since(began), Proxies: last.states, Detail: t.late(*last)}, nil
	}
}

// Enter is that of the load's target; the proxies tell what is in effect.
func (t *Target) Enter(via target.Via, load target.Load) (target.Entry, error) {
	entry, err := t.Target.Enter(via, load)
	entry.Unseen = false
	return entry, err
}

// late says which proxies do not carry the rule as it is, or did not say.
func (t *Target) late(l look) split.Finding {
	if len(l.states)+len(l.silent) == 0 {
		return split.Found("no-proxy-carries", split.Values{
			"rule": t.weights.Source.String(), "proxies": slices.Sorted(maps.Keys(l.without)),
		})
	}
	var others []split.Values
	for _, s := range l.states {
		if !s.Converged {
			others = append(others, split.Values{"proxy": s.Name, "found": s.Detail})
		}
	}
	failures, more := l.unheard()
	return split.Found("not-every-proxy-carries", split.Values{
		"rule": t.weights.Source.String(), "weights": t.weights.Weights.String(), "asked": len(l.states) + len(l.silent), "answered": len(l.states),
		"others": others, "failures": failures, "more": more,
	})
}

// warnings are about proxies that had no part in the sample.
func (t *Target) warnings(l look) []split.Finding {
	var found []split.Finding
	if len(l.without) > 0 {
		found = append(found, split.Found("sidecars-without-route", split.Values{
			"rule": t.weights.Source.String(), "proxies": slices.Sorted(maps.Keys(l.without)),
		}))
	}
	if len(l.silent) == 0 {
		return found
	}
	failures, more := l.unheard()
	return append(found, split.Found("sidecars-silent", split.Values{
		"silent": len(l.silent), "asked": len(l.states) + len(l.silent), "rule": t.weights.Source.String(),
		"text": strings.Join(failures, ", "), "more": more,
	}))
}

// departs says in what the programmed weights of a route differ, or nil.
func (t *Target) departs(route target.Route) *split.Finding {
	var configured, programmed float64
	for _, arm := range route.Arms {
		configured += arm.Configured
		programmed += arm.Programmed
	}
	if programmed == 0 {
		found := split.Found("proxy-lacks-route", nil)
		return &found
	}
	var shares []split.Values
	same := true
	for _, arm := range route.Arms {
		same = same && split.Same(arm.Configured/configured, arm.Programmed/programmed)
		shares = append(shares, split.Values{"version": t.called(arm.Cluster), "share": arm.Programmed / programmed})
	}
	if same {
		return nil
	}
	found := split.Found("proxy-has-other-weights", split.Values{"shares": shares})
	return &found
}

func (t *Target) called(cluster string) string {
	for _, d := range t.weights.Destinations {
		if d.Cluster == cluster {
			return d.Name
		}
	}
	return cluster
}
