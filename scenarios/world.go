package scenarios

import (
	"cmp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// A world is the objects that exist at a point of a scenario.
type world map[manifests.Key]manifests.Object

func (w world) apply(objects []manifests.Object) {
	for _, o := range objects {
		w[o.Key()] = o
	}
}

func (w world) remove(keys []manifests.Key) {
	for _, key := range keys {
		delete(w, key)
	}
}

// clone copies w.
func (w world) clone() world {
	c := make(world, len(w))
	for key, o := range w {
		c[key] = o
	}
	return c
}

// objects returns the objects in a fixed order: by group, kind, namespace and
// name.
func (w world) objects() []manifests.Object {
	all := make([]manifests.Object, 0, len(w))
	for _, o := range w {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b manifests.Object) int {
		x, y := a.Key(), b.Key()
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Kind, y.Kind),
			cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	return all
}

// called finds the objects that KIND/NAMESPACE/NAME can mean: a Gateway may be
// Istio's or the Gateway API's.
func (w world) called(kind, namespace, name string) []manifests.Key {
	var keys []manifests.Key
	for _, o := range w.objects() {
		// A kind without namespaces has an empty one.
		if o.Kind == kind && o.Name == name && (o.Namespace == namespace || o.Namespace == "") {
			keys = append(keys, o.Key())
		}
	}
	return keys
}

func (w world) deployment(namespace, name string) *appsv1.Deployment {
	o := w[manifests.Key{Group: manifests.AppsGroup, Kind: "Deployment", Namespace: namespace, Name: name}]
	d, _ := o.Value.(*appsv1.Deployment)
	return d
}

// values returns the objects of one type, in a fixed order.
func values[T any](w world) func(yield func(manifests.Object, T) bool) {
	return func(yield func(manifests.Object, T) bool) {
		for _, o := range w.objects() {
			if value, ok := o.Value.(T); ok && !yield(o, value) {
				return
			}
		}
	}
}
