package liveroutes

import (
	"context"
	"errors"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/split"
)

// Observe implements target.Witness. What was changed since it was asked last is
// in the observation: weights that went and came back in between have no effect on
// the proxies any more, and the sample is of two splits all the same. A change is
// said whether or not the proxies answer: a silent witness lets a verdict stand.
// Only those that decide are asked.
func (t *Target) Observe(ctx context.Context) (target.Observation, error) {
	v, err := t.cluster.view(ctx, t.question)
	deleted := errors.Is(err, ErrMistake)
	if err != nil && !deleted {
		return target.Observation{}, err
	}
	var changes []split.Finding
	if deleted {
		// The proxies are asked for what they have of it still.
		v, changes = t.last, []split.Finding{split.Found("object-deleted", split.Values{"object": t.question.String()})}
	} else {
		changes = t.changes(v)
	}
	t.last = v
	seen, err := t.together(ctx, v)
	if err != nil && len(changes) == 0 {
		return target.Observation{}, err
	}
	seen.Changes = changes
	return seen, nil
}

// changes says which of the objects that the split comes from are others than at
// the last look, and whether the weights are others than those that are asked for.
func (t *Target) changes(v *view) []split.Finding {
	found := inventory.Changes(t.sources(t.last), t.sources(v))
	if rule, err := v.rule(t.named()); err == nil {
		if w, err := v.weights(t.question, rule); err == nil && w.Weights.String() != t.weights.Weights.String() {
			found = append(found, split.Found("live-weights-changed", split.Values{
				"rule": t.weights.Source.String(), "before": t.weights.Weights.String(), "after": w.Weights.String(),
			}))
		}
	}
	return found
}

// sources are the revisions of the object that the question is about and of the
// DestinationRules that say which pods its destinations are.
func (t *Target) sources(v *view) map[manifests.Key]inventory.Revision {
	found := map[manifests.Key]inventory.Revision{}
	for _, o := range v.objects {
		if o.Key() == t.question.key() || o.Kind == "DestinationRule" && t.concerns(o) {
			found[o.Key()] = v.revisions[o.Key()]
		}
	}
	return found
}

// named is the question with the rule that was found.
func (t *Target) named() Question {
	q := t.question
	q.Rule = t.weights.Source.Place
	return q
}

// concerns tells whether a DestinationRule is of a Service that the rule sends
// to.
func (t *Target) concerns(o manifests.Object) bool {
	host := destinationHost(o)
	for _, d := range t.weights.Destinations {
		if name, ok := routing.ParseClusterName(d.Cluster); ok && name.Host == host {
			return true
		}
	}
	return false
}
