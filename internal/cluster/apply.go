package cluster

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
)

// errUnavailable marks a refusal that says nothing about the object: what would
// have judged it is not there.
var errUnavailable = errors.New("the control plane is not there to take it")

// send applies one item, or asks what would come of it. A control plane that is
// up may not be reachable yet: it is waited for.
func (c *Cluster) send(ctx context.Context, i *item, dry bool) (*unstructured.Unstructured, error) {
	began := time.Now()
	for {
		got, err := c.sendOnce(ctx, i, dry)
		if !errors.Is(err, errUnavailable) || time.Since(began) > webhookPatience || len(c.controlPlane(ctx)) > 0 {
			return got, err
		}
		if kube.Pause(ctx, 5*pollInterval) != nil {
			return got, err
		}
	}
}

func (c *Cluster) sendOnce(ctx context.Context, i *item, dry bool) (*unstructured.Unstructured, error) {
	options := metav1.ApplyOptions{FieldManager: Manager, Force: true}
	if dry {
		options.DryRun = []string{metav1.DryRunAll}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %s was still to be applied", context.Cause(ctx), i.key)
	}
	want := i.want
	if i.key.Kind == "Namespace" && i.foreign {
		want = shared(i.want, i.existing)
	}
	// Routes of somebody else's are replaced as a whole. Merged with ours they
	// would be neither the one nor the other.
	if i.foreign && i.phase.routing() {
		got, err := i.replace(ctx, want, options.DryRun)
		return got, refusal(i, err)
	}
	got, err := i.resource.Apply(ctx, i.key.Name, want, options)
	return got, refusal(i, err)
}

// errChanged marks an object that somebody has changed since it was looked at.
var errChanged = errors.New("somebody has changed it just now; run this again when nobody does")

// replace writes an object in the place of somebody else's. A controller that
// writes its status meanwhile is no reason to fail, whereas the words of whoever
// writes its spec would be lost: they are not what was kept for later.
func (i *item) replace(ctx context.Context, want *unstructured.Unstructured, dry []string) (got *unstructured.Unstructured, err error) {
	there := i.existing
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		whole := want.DeepCopy()
		whole.SetResourceVersion(there.GetResourceVersion())
		var failed, gone error
		got, failed = i.resource.Update(ctx, whole, metav1.UpdateOptions{FieldManager: Manager, DryRun: dry})
		if !apierrors.IsConflict(failed) {
			return failed
		}
		if there, gone = i.resource.Get(ctx, i.key.Name, metav1.GetOptions{}); gone != nil {
			return gone
		}
		if there.GetUID() != i.existing.GetUID() || there.GetGeneration() != i.existing.GetGeneration() {
			return errChanged
		}
		return failed
	})
	return got, err
}

// refusal puts the cluster's words beside where the object stands.
func refusal(i *item, err error) error {
	if err == nil {
		return nil
	}
	place := ""
	if i.object.File != "" {
		place = fmt.Sprintf(" (%s:%d)", i.object.File, i.object.Line)
	}
	if apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook") {
		return fmt.Errorf("%s%s: %w: %w", i.key, place, errUnavailable, err)
	}
	if errors.Is(err, errChanged) {
		return fmt.Errorf("%s%s: %w", i.key, place, err)
	}
	return fmt.Errorf("the cluster refuses %s%s: %w", i.key, place, err)
}

// check asks the cluster about every item before the first is written, so that
// a refusal changes nothing. What stands in a Namespace that is yet to be made
// cannot be asked about; those come in a second round, after the Namespaces.
func (c *Cluster) check(ctx context.Context, items []*item, later func(*item) bool) error {
	var refused []error
	for _, i := range items {
		if later(i) {
			continue
		}
		if _, err := c.send(ctx, i, true); err != nil {
			if ctx.Err() != nil {
				return err
			}
			refused = append(refused, err)
		}
	}
	return errors.Join(refused...)
}

// write applies items and keeps account of them.
func (c *Cluster) write(ctx context.Context, items []*item) error {
	for _, i := range items {
		// Noted before it is sent: what may have arrived is taken back too.
		b := c.note(i)
		if b.original != nil {
			if err := remember(i, b.original); err != nil {
				return err
			}
		}
		got, err := c.send(ctx, i, false)
		if err != nil {
			return err
		}
		b.object, b.gone = labelled(i.object, got), false
		b.created = got.GetCreationTimestamp().Time
		i.changed = i.existing == nil || !reflect.DeepEqual(asked(i.existing), asked(got))
		i.existing, i.foreign = got, false
	}
	return nil
}

// labelled is a Namespace with all the labels that it has, not only those that the
// scenario asks for: a Gateway may choose by any of them. Other objects are left
// as they are.
func labelled(o manifests.Object, got *unstructured.Unstructured) manifests.Object {
	if v, ok := o.Value.(*corev1.Namespace); ok {
		v = v.DeepCopy()
		v.Labels = got.GetLabels()
		o.Value = v
	}
	return o
}

// asked is the part of an object that its user writes.
func asked(u *unstructured.Unstructured) map[string]any {
	rest := map[string]any{}
	for field, value := range u.Object {
		if field != "metadata" && field != "status" {
			rest[field] = value
		}
	}
	rest["labels"] = func() map[string]string {
		labels := u.GetLabels()
		delete(labels, ScenarioLabel)
		return labels
	}()
	return rest
}

// note keeps account of an item.
func (c *Cluster) note(i *item) *brought {
	b := c.find(i.key)
	if b != nil {
		// What was only scaled before is put back as a whole from now on.
		b.replicas = nil
	} else {
		b = &brought{key: i.key, phase: i.phase, resource: i.resource}
		c.brought = append(c.brought, b)
		switch {
		case i.existing == nil:
		case i.foreign && i.key.Kind == "Namespace":
			b.shared = true
			b.original = bare(i.existing)
		case i.foreign:
			b.original = bare(i.existing)
		default:
			b.original = original(i.existing)
		}
	}
	return b
}

// scale sets the number of replicas of a Deployment that is there.
func (c *Cluster) scale(ctx context.Context, namespace, name string, replicas int) error {
	key := manifests.Key{Group: manifests.AppsGroup, Kind: "Deployment", Namespace: namespace, Name: name}
	resource, _, err := c.resource(ctx, key, "")
	if err != nil {
		return err
	}
	there, err := resource.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%s cannot be scaled, because it does not exist", key)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be looked up: %w", key, err)
	}
	if !ours(there) {
		if !c.options.Force {
			return fmt.Errorf("%s is to be scaled and is %s; it was not made by splitcheck: use --force to scale it and have it put back at the end", key, managedBy(there))
		}
		if c.find(key) == nil {
			before, _, _ := unstructured.NestedInt64(there.Object, "spec", "replicas")
			c.brought = append(c.brought, &brought{key: key, phase: workloads, resource: resource, original: bare(there), replicas: &before})
		}
	}
	patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas)
	if _, err := resource.Patch(ctx, name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: Manager}); err != nil {
		return fmt.Errorf("%s cannot be scaled: %w", key, err)
	}
	return nil
}

// awaitGone waits until an object that is being deleted is gone.
func (c *Cluster) awaitGone(ctx context.Context, resource dynamic.ResourceInterface, key manifests.Key) error {
	limit, cancel := context.WithTimeoutCause(ctx, goneTimeout,
		fmt.Errorf("%s is still being deleted after %s; look at its finalizers with `kubectl get -o yaml`", key, goneTimeout))
	defer cancel()
	for {
		_, err := resource.Get(limit, key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil && limit.Err() == nil {
			return fmt.Errorf("%s cannot be looked up: %w", key, err)
		}
		if err := kube.Pause(limit, 2*pollInterval); err != nil {
			return err
		}
	}
}
