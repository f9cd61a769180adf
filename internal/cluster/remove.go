package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/split"
)

// leaving looks up what a step deletes, in the order in which it may go.
func (c *Cluster) leaving(ctx context.Context, keys []manifests.Key) ([]*brought, error) {
	var list, fresh []*brought
	var refused []string
	for _, key := range keys {
		resource, _, err := c.resource(ctx, key, "")
		if err != nil {
			return nil, err
		}
		there, err := resource.Get(ctx, key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			refused = append(refused, fmt.Sprintf("%s cannot be deleted, because it does not exist", key))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be looked up: %w", key, err)
		}
		b := c.find(key)
		if b == nil {
			b = &brought{key: key, phase: phaseOf(key), resource: resource, original: original(there)}
			if !ours(there) {
				if !c.options.Force {
					refused = append(refused, fmt.Sprintf("%s is to be deleted and is %s; it was not made by splitcheck: use --force to delete it and have it put back at the end", key, managedBy(there)))
					continue
				}
				b.original = bare(there)
			}
			fresh = append(fresh, b)
		}
		list = append(list, b)
	}
	if len(refused) > 0 {
		return nil, errors.New(strings.Join(refused, "; "))
	}
	c.brought = append(c.brought, fresh...)
	return list, nil
}

// leave deletes objects for a change: routes first, and nothing that they may use
// before no proxy has them any more. That may take the time that the change may.
func (c *Cluster) leave(ctx context.Context, list []*brought) error {
	return c.takeAway(ctx, list, 0, func(b *brought) error {
		err := c.remove(ctx, b)
		if err == nil {
			// One that was scaled before is to be made anew, not scaled back.
			b.gone, b.replicas = true, nil
		}
		return err
	})
}

// takeAway goes through objects from the last phase to the first. It goes on
// after an error: what can be removed is removed. The proxies may take forget to
// let go of routes, or all the time of ctx if it is 0.
func (c *Cluster) takeAway(ctx context.Context, list []*brought, forget time.Duration, do func(*brought) error) error {
	world := c.world()
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *brought) int { return int(b.phase - a.phase) })
	var failed []error
	var routed []manifests.Key
	for i, b := range list {
		if err := do(b); err != nil {
			failed = append(failed, err)
		} else if b.phase == routes && b.gone {
			routed = append(routed, b.key)
		}
		if b.phase == routes && (i+1 == len(list) || list[i+1].phase != routes) {
			if err := c.forgotten(ctx, world, routed, forget); err != nil {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// remove deletes one object. Its pods are given a short time to end, for no
// route leads to them any more.
func (c *Cluster) remove(ctx context.Context, b *brought) error {
	var pods []corev1.Pod
	if b.phase == workloads && b.key.Kind == "Deployment" {
		pods = c.podsOf(ctx, b)
	}
	background := metav1.DeletePropagationBackground
	err := b.resource.Delete(ctx, b.key.Name, metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("%s could not be removed: %w", b.key, err)
	}
	grace := int64(podsGrace.Seconds())
	for i := range pods {
		// They would end all the same: errors are of no consequence.
		_ = c.kube.Pods(b.key.Namespace).Delete(ctx, pods[i].Name, metav1.DeleteOptions{
			GracePeriodSeconds: &grace, Preconditions: metav1.NewUIDPreconditions(string(pods[i].UID)),
		})
	}
	return nil
}

// podsOf returns the pods that a Deployment's own ReplicaSets have made, by their
// identities: a StatefulSet, a Job or a pod of the same name is somebody's.
// What cannot be asked ends its pods in its own time.
func (c *Cluster) podsOf(ctx context.Context, b *brought) []corev1.Pod {
	deployment, err := b.resource.Get(ctx, b.key.Name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	sets, err := c.kube.ReplicaSets(b.key.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	list, err := c.kube.Pods(b.key.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(p corev1.Pod) bool {
		return !slices.ContainsFunc(sets, func(set appsv1.ReplicaSet) bool {
			return metav1.IsControlledBy(&set, deployment) && metav1.IsControlledBy(&p, &set)
		})
	})
}

// forgotten waits until no proxy's routes name any of the objects. In vain, within
// a change, it is one that did not take effect.
func (c *Cluster) forgotten(ctx context.Context, world []manifests.Object, keys []manifests.Key, within time.Duration) error {
	if len(keys) == 0 {
		return nil
	}
	limit, began := ctx, time.Now()
	if within > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeoutCause(ctx, within, errLate)
		defer cancel()
	}
	for {
		var holding []split.Finding
		list, err := c.holders(limit, world, within > 0)
		if err != nil && limit.Err() == nil {
			return err
		}
		for _, p := range list {
			routes, err := c.routes(limit, p)
			switch {
			case proxies.Gone(err):
			case err != nil:
				holding = append(holding, split.Text(err.Error()))
			default:
				if named := proxies.Mentions(routes, keys); len(named) > 0 {
					holding = append(holding, split.Found("proxy-holds", split.Values{"proxy": p.String(), "route": named[0]}))
				}
			}
		}
		if len(holding) == 0 && limit.Err() == nil {
			return nil
		}
		if err := kube.Pause(limit, pollInterval); err != nil {
			if !errors.Is(err, errLate) {
				return err
			}
			shown := holding[:min(len(holding), mostListed)]
			return notLive(several(append(c.controlPlane(context.WithoutCancel(ctx)), split.Found("routes-still-in-use", split.Values{
				"seconds": time.Since(began).Round(time.Second).Seconds(), "found": shown, "more": len(holding) - len(shown),
			}))))
		}
	}
}

// holders are the proxies that may have routes of a world: those that choose by
// it, and at the end of a scenario all that there are, if they are ours to ask.
func (c *Cluster) holders(ctx context.Context, world []manifests.Object, last bool) ([]proxies.Proxy, error) {
	if c.options.Alone && last {
		return c.proxies.List(ctx)
	}
	found, err := c.choosers(ctx, world)
	return found.proxies, err
}

// Close implements target.Target: routes go first, what was overwritten by force
// is put back, and what could not be removed is named.
func (c *Cluster) Close(ctx context.Context) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	defer c.proxies.Close()
	if c.options.Keep {
		return nil
	}
	return c.takeAway(ctx, c.brought, forgetTimeout, func(b *brought) error {
		err := c.undo(ctx, b)
		if err != nil {
			return fmt.Errorf("%w; it is still in the cluster", err)
		}
		b.gone = b.original == nil // What was put back goes on to have routes.
		return nil
	})
}

// undo makes one object what it was before the scenario.
func (c *Cluster) undo(ctx context.Context, b *brought) error {
	switch {
	case b.replicas != nil:
		patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, *b.replicas)
		_, err := b.resource.Patch(ctx, b.key.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: Manager})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("%s could not be scaled back to %d: %w", b.key, *b.replicas, err)
		}
		return nil
	case b.shared:
		return c.unshare(ctx, b)
	case b.original != nil:
		return c.restore(ctx, b)
	case b.gone:
		return nil
	}
	return c.remove(ctx, b)
}

// unshare takes our labels from a Namespace: an apply that asks for nothing
// gives up what was asked for before, and nothing else.
func (c *Cluster) unshare(ctx context.Context, b *brought) error {
	nothing := &unstructured.Unstructured{}
	nothing.SetAPIVersion("v1")
	nothing.SetKind("Namespace")
	nothing.SetName(b.key.Name)
	there, err := b.resource.Apply(ctx, b.key.Name, nothing, metav1.ApplyOptions{FieldManager: Manager, Force: true})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s could not be given its labels back: %w", b.key, err)
	}
	back := map[string]string{}
	for name, value := range b.original.GetLabels() {
		if there.GetLabels()[name] != value {
			back[name] = value
		}
	}
	if len(back) == 0 {
		return nil
	}
	patch := &unstructured.Unstructured{Object: map[string]any{}}
	patch.SetLabels(back)
	text, err := patch.MarshalJSON()
	if err == nil {
		_, err = b.resource.Patch(ctx, b.key.Name, types.MergePatchType, text, metav1.PatchOptions{})
	}
	if err != nil {
		return fmt.Errorf("%s could not be given its labels back: %w", b.key, err)
	}
	return nil
}

// restore puts back what was overwritten or deleted by force. Controllers may
// write the object's status meanwhile.
func (c *Cluster) restore(ctx context.Context, b *brought) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		was := b.original.DeepCopy()
		there, err := b.resource.Get(ctx, b.key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			_, err = b.resource.Create(ctx, was, metav1.CreateOptions{})
		} else if err == nil {
			was.SetResourceVersion(there.GetResourceVersion())
			_, err = b.resource.Update(ctx, was, metav1.UpdateOptions{})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s could not be put back as it was: %w", b.key, err)
	}
	return nil
}
