package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
)

// A brought is one object that a scenario has brought in or changed.
type brought struct {
	key      manifests.Key
	phase    phase
	resource dynamic.ResourceInterface
	// object is as it was last applied.
	object manifests.Object
	// created is the cluster's time of creation, which decides between routes.
	created time.Time
	// original is what was there before by somebody else's hand, and is put
	// back; nil where nothing was.
	original *unstructured.Unstructured
	// shared marks a Namespace that was there: only its labels are taken back.
	shared bool
	// replicas is what somebody else's Deployment had before it was scaled, as
	// long as nothing else was done to it: then the rest of it, which others may
	// write meanwhile, is left alone at the end.
	replicas *int64
	// gone marks an object that the scenario has deleted.
	gone bool
}

func (c *Cluster) find(key manifests.Key) *brought {
	for _, b := range c.brought {
		if b.key == key {
			return b
		}
	}
	return nil
}

// own returns the scenario's objects that are in force.
func (c *Cluster) own() []manifests.Object { return ownOnly(c.world()) }

// world returns the objects that are in force, with what surrounds them, in order
// of creation.
func (c *Cluster) world() []manifests.Object {
	var live []*brought
	for _, b := range c.brought {
		if !b.gone && b.object.Kind != "" {
			live = append(live, b)
		}
	}
	live = append(live, c.surroundings...)
	slices.SortStableFunc(live, func(a, b *brought) int {
		return inventory.Older(a.key, a.created, b.key, b.created)
	})
	objects := make([]manifests.Object, len(live))
	for i, b := range live {
		objects[i] = b.object
	}
	return objects
}

// inspect looks at what is there under the names of items. What carries our
// label is ours: this run's, or that of one which was killed. Everything else is
// somebody's, and all of it is named in one error unless force allows it.
func (c *Cluster) inspect(ctx context.Context, items []*item) error {
	var refused []string
	for _, i := range items {
		there, err := i.resource.Get(ctx, i.key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s cannot be looked up: %w", i.key, err)
		}
		if there.GetDeletionTimestamp() != nil {
			if err := c.awaitGone(ctx, i.resource, i.key); err != nil {
				return err
			}
			continue
		}
		i.existing = there
		i.foreign = !ours(there)
		if !i.foreign || c.options.Force {
			continue
		}
		if i.phase == namespaces && i.key.Kind == "Namespace" {
			if words := labelConflicts(i.want, there); words != "" {
				refused = append(refused, words)
			}
			continue
		}
		refused = append(refused, fmt.Sprintf("%s is there already and %s; it was not made by splitcheck", i.key, managedBy(there)))
	}
	if len(refused) > 0 {
		return fmt.Errorf("%s: nothing was changed; use another name or namespace, or --force to overwrite what is there and have it put back at the end", strings.Join(refused, "; "))
	}
	return nil
}

func ours(u *unstructured.Unstructured) bool {
	_, ok := u.GetLabels()[ScenarioLabel]
	return ok
}

// managedBy says who writes an object, by the names of its field managers.
func managedBy(u *unstructured.Unstructured) string {
	var names []string
	for _, entry := range u.GetManagedFields() {
		if entry.Subresource == "" && entry.Manager != Manager && !slices.Contains(names, entry.Manager) {
			names = append(names, entry.Manager)
		}
	}
	if len(names) == 0 {
		return "managed by nobody who gave a name"
	}
	return "managed by " + strings.Join(names, ", ")
}

// labelConflicts says which labels of a Namespace have another value there.
func labelConflicts(want, there *unstructured.Unstructured) string {
	var words []string
	for name, value := range want.GetLabels() {
		if has, ok := there.GetLabels()[name]; ok && has != value && name != ScenarioLabel {
			words = append(words, fmt.Sprintf("Namespace %s has the label %s: %s, and the scenario asks for %s (%s)",
				there.GetName(), name, has, value, managedBy(there)))
		}
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}

// shared is what is applied of a Namespace that is somebody else's: labels that
// are missing there, or all that differ where force allows it. Applying nothing
// later takes away what is ours of it.
func shared(want, there *unstructured.Unstructured) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("v1")
	u.SetKind("Namespace")
	u.SetName(there.GetName())
	labels := map[string]string{}
	for name, value := range want.GetLabels() {
		if name != ScenarioLabel {
			labels[name] = value
		}
	}
	u.SetLabels(labels)
	return u
}

// remember notes on an object that is about to be written what was there by
// somebody else's hand. It is said each time: applying an object without what was
// applied before takes it away, and a later run would then delete the object.
func remember(i *item, was *unstructured.Unstructured) error {
	text, err := json.Marshal(was.Object)
	if err != nil {
		return fmt.Errorf("%s: what is there cannot be kept for later: %w", i.key, err)
	}
	annotations := i.want.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[originalAnnotation] = string(text)
	i.want.SetAnnotations(annotations)
	return nil
}

// original returns what an object of ours had overwritten, or nil.
func original(u *unstructured.Unstructured) *unstructured.Unstructured {
	text, ok := u.GetAnnotations()[originalAnnotation]
	if !ok {
		return nil
	}
	was := &unstructured.Unstructured{}
	if was.UnmarshalJSON([]byte(text)) != nil {
		return nil
	}
	return was
}

// bare is an object without what the cluster itself keeps about it, as it can be
// written again.
func bare(u *unstructured.Unstructured) *unstructured.Unstructured {
	u = u.DeepCopy()
	unstructured.RemoveNestedField(u.Object, "status")
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
	return u
}
