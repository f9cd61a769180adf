package scenarios

import (
	"cmp"
	"slices"

	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
)

// byKey returns the objects that are there in the order in which messages name
// them: by group, kind, namespace and name.
func byKey(there *inventory.Inventory) []manifests.Object {
	return slices.SortedFunc(slices.Values(there.Objects()), func(a, b manifests.Object) int {
		x, y := a.Key(), b.Key()
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Kind, y.Kind),
			cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
}

// called finds the objects that KIND/NAMESPACE/NAME can mean: there are Gateways of
// two groups.
func called(there *inventory.Inventory, kind, namespace, name string) []manifests.Key {
	var keys []manifests.Key
	for _, o := range byKey(there) {
		// A kind without namespaces has an empty one.
		if o.Kind == kind && o.Name == name && (o.Namespace == namespace || o.Namespace == "") {
			keys = append(keys, o.Key())
		}
	}
	return keys
}
