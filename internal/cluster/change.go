package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// Change implements target.Target. It is one straight line: see what is there,
// ask the cluster what it would say, make what is used before what uses it, wait
// until the proxies carry it, and take away what nothing uses any more. What
// does not come about in time is no error but a Convergence that says so; an
// error is a refusal, or a workload that cannot run.
func (c *Cluster) Change(ctx context.Context, change target.Change) (target.Convergence, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.closed {
		return target.Convergence{}, errClosed
	}
	if err := ctx.Err(); err != nil {
		return target.Convergence{}, err
	}
	if len(change.Defects) > 0 {
		return target.Convergence{}, errors.New("defects exist on the simulated mesh only; this is a real one")
	}
	if len(change.Apply)+len(change.Scale)+len(change.Delete) == 0 {
		return target.Convergence{Converged: true}, nil
	}
	c.seen = nil
	timeout := cmp.Or(change.Timeout, defaultTimeout)
	limit, cancel := context.WithTimeoutCause(ctx, timeout, errLate)
	defer cancel()
	u := &underway{cluster: c, began: time.Now()}
	err := u.carryOut(limit, change)
	result := target.Convergence{Took: u.took, Applied: u.applied, Proxies: u.states, Warnings: c.news(u)}
	if result.Took == 0 {
		result.Took = time.Since(u.began)
	}
	var not *changeNotLive
	switch {
	case err == nil:
		result.Converged = true
	case ctx.Err() != nil:
		return result, ctx.Err()
	case errors.As(err, &not):
		result.Detail = not.Found
	case errors.Is(err, errUnavailable):
		result.Detail = several(append(c.controlPlane(ctx), split.Found("control-plane-absent", split.Values{"text": err.Error()})))
	case errors.Is(err, errLate), context.Cause(limit) != nil && errors.Is(context.Cause(limit), errLate):
		waited := split.Text(err.Error())
		if late := (*lateError)(nil); errors.As(err, &late) {
			waited = late.waitedFor
		}
		result.Detail = several(append(u.silent(), split.Found("not-in-time", split.Values{"seconds": timeout.Seconds(), "waited_for": waited})))
	default:
		return result, err
	}
	return result, nil
}

// changeNotLive is the error of a change that was made and did not take effect.
type changeNotLive struct{ words.Failure }

func (n *changeNotLive) Unwrap() error { return &n.Failure }

func notLive(why split.Finding) error { return &changeNotLive{words.Failure{Found: why}} }

// underway is one change on its way.
type underway struct {
	cluster *Cluster
	began   time.Time
	// settledPods is when the EndpointSlices were last found settled after
	// pods had changed; zero if they have not.
	settledPods time.Time
	// sent is when the last object that programs proxies was written, and
	// changed are those of them that have changed.
	sent     time.Time
	changed  map[manifests.Key]bool
	before   map[string]look
	took     time.Duration
	applied  time.Duration // when every object had been accepted
	states   []target.ProxyState
	warnings []split.Finding
	// doubts are when what ought not to last was first seen.
	doubts map[string]time.Time
	// bad are when pods were first seen in a state that mostly does not end.
	bad map[string]time.Time
	// refused is what proxies have said against the change when their logs were
	// last read, at logsRead.
	refused  []split.Finding
	logsRead time.Time
}

func (u *underway) carryOut(ctx context.Context, change target.Change) error {
	c := u.cluster
	items, err := c.plan(ctx, change.Apply)
	if err != nil {
		return err
	}
	if err := c.inspect(ctx, items); err != nil {
		return err
	}
	leaving, err := c.leaving(ctx, change.Delete)
	if err != nil {
		return err
	}
	if err := c.survey(ctx, change.Apply); err != nil {
		return err
	}
	if err := u.ground(ctx, items); err != nil {
		return err
	}
	if err := u.workloads(ctx, items, change.Scale); err != nil {
		return err
	}
	narrowed, err := u.program(ctx, items)
	if err != nil {
		return err
	}
	if len(narrowed)+len(leaving) > 0 {
		if err := u.settle(ctx, 0); err != nil {
			return err
		}
		if err := c.write(ctx, narrowed); err != nil {
			return err
		}
		if err := c.leave(ctx, leaving); err != nil {
			return err
		}
		if slices.ContainsFunc(leaving, func(b *brought) bool { return !b.phase.routing() }) {
			if err := u.rollOut(ctx); err != nil {
				return err
			}
		}
	}
	u.applied = time.Since(u.began)
	if err := u.settle(ctx, c.options.Guard); err != nil {
		return err
	}
	if rest := kubeProxyGuard - time.Since(u.settledPods); !u.settledPods.IsZero() && rest > 0 {
		return kube.Pause(ctx, rest)
	}
	return nil
}

func (u *underway) rollOut(ctx context.Context) error {
	if err := u.cluster.rollOut(ctx); err != nil {
		return err
	}
	// They were settled before they were found to stay so.
	u.settledPods = time.Now().Add(-podsSteady)
	return nil
}

// ground makes the Namespaces, after everything was asked that can be asked
// without them, and asks the rest then. A refusal leaves nothing behind.
func (u *underway) ground(ctx context.Context, items []*item) error {
	c := u.cluster
	var first []*item
	fresh := map[string]bool{}
	for _, i := range items {
		if i.phase == namespaces {
			first = append(first, i)
			fresh[i.key.Name] = i.existing == nil
		}
	}
	later := func(i *item) bool { return fresh[i.key.Namespace] }
	if err := c.check(ctx, items, later); err != nil {
		return err
	}
	if err := c.write(ctx, first); err != nil {
		return err
	}
	if err := c.check(ctx, items, func(i *item) bool { return !later(i) }); err != nil {
		var made []*brought
		for _, i := range first {
			if fresh[i.key.Name] {
				made = append(made, c.find(i.key))
			}
		}
		return errors.Join(err, c.leave(context.WithoutCancel(ctx), made))
	}
	for _, i := range first {
		if i.changed {
			if err := c.awaitInjection(ctx, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// workloads makes what runs, and waits until it does.
func (u *underway) workloads(ctx context.Context, items []*item, scales []target.Scale) error {
	c := u.cluster
	changed := len(scales) > 0
	for _, p := range []phase{supplies, workloads} {
		some := of(items, p)
		if err := c.write(ctx, some); err != nil {
			return err
		}
		changed = changed || slices.ContainsFunc(some, func(i *item) bool { return i.changed })
	}
	for _, s := range scales {
		if err := c.scale(ctx, s.Namespace, s.Deployment, s.Replicas); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return u.rollOut(ctx)
}

// program applies what proxies are programmed with: subsets before the routes
// that use them. A DestinationRule that loses subsets keeps them until no route
// uses them; those that are still to lose some are returned.
func (u *underway) program(ctx context.Context, items []*item) (narrowed []*item, err error) {
	c := u.cluster
	known := of(items, destinations)
	for _, i := range known {
		whole := i.want
		if wide := widened(i); wide != nil {
			i.want = wide
			narrowed = append(narrowed, &item{
				object: i.object, key: i.key, phase: i.phase, want: whole, resource: i.resource,
			})
		}
		if err := c.write(ctx, []*item{i}); err != nil {
			return nil, err
		}
	}
	for _, n := range narrowed {
		n.existing = known[slices.IndexFunc(known, func(i *item) bool { return i.key == n.key })].existing
	}
	last := slices.Concat(of(items, gateways), of(items, routes))
	if len(last) == 0 {
		u.sent = time.Now()
		return narrowed, nil
	}
	// Another gateway may be where none was looked for.
	c.gatewayNamespaces = nil
	coming := make([]manifests.Object, len(last))
	for n, i := range last {
		coming[n] = i.object
	}
	world := inventory.Of(c.world(), coming).Objects()
	if err := u.awaitClusters(ctx, world); err != nil {
		return nil, err
	}
	u.look(ctx, world)
	if err := c.write(ctx, last); err != nil {
		return nil, err
	}
	u.sent = time.Now()
	u.changed = map[manifests.Key]bool{}
	for _, i := range last {
		if i.changed {
			u.changed[i.key] = true
		}
	}
	return narrowed, nil
}

func of(items []*item, p phase) []*item {
	var some []*item
	for _, i := range items {
		if i.phase == p {
			some = append(some, i)
		}
	}
	return some
}
