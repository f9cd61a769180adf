// Package inventory is what a cluster holds after some changes, as far as that
// follows from the objects alone: which objects there are and which of them is
// older, how many pods a Deployment has, which pods get a sidecar, which gateways
// Istio makes, and which of them load enters by. Whoever simulates, previews or
// waits for a cluster asks here, so that all of them see the same one.
//
// It asks no cluster, and declines to say where a request goes: that is routing's
// part.
package inventory

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// An Inventory is the objects of a cluster in the order in which they were made,
// which decides where Istio lets the oldest win. The zero value is empty. Its
// methods change it; a Clone is another.
//
//differential:gateway/merged sidecar/older-wins
type Inventory struct {
	objects  []manifests.Object
	at       map[manifests.Key]int // where an object stands
	replicas map[manifests.Key]int // of Deployments
}

// Of returns what is there after the lists were applied, one after another.
func Of(lists ...[]manifests.Object) *Inventory {
	v := &Inventory{}
	for _, objects := range lists {
		v.Apply(objects...)
	}
	return v
}

// Clone returns a copy that changes independently of v.
func (v *Inventory) Clone() *Inventory {
	return &Inventory{slices.Clone(v.objects), maps.Clone(v.at), maps.Clone(v.replicas)}
}

// Objects returns what is there, in order of creation. The list is v's own.
func (v *Inventory) Objects() []manifests.Object { return v.objects }

// Object returns the object of a key, if it is there.
func (v *Inventory) Object(key manifests.Key) (manifests.Object, bool) {
	i, ok := v.at[key]
	if !ok {
		return manifests.Object{}, false
	}
	return v.objects[i], true
}

// Apply makes objects, or changes those that are there already. One that is
// changed keeps its place: its creationTimestamp stays what it was, and Istio goes
// by that. Only one that was deleted meanwhile is the youngest again. A Deployment
// that says nothing of its replicas keeps them, as with kubectl apply, and has one
// where it is new.
//
//differential:sidecar/older-wins
func (v *Inventory) Apply(objects ...manifests.Object) {
	if v.at == nil {
		v.at, v.replicas = map[manifests.Key]int{}, map[manifests.Key]int{}
	}
	for _, o := range objects {
		key := o.Key()
		if i, there := v.at[key]; there {
			v.objects[i] = o
		} else {
			v.at[key] = len(v.objects)
			v.objects = append(v.objects, o)
		}
		if d, ok := o.Value.(*appsv1.Deployment); ok {
			if _, known := v.replicas[key]; d.Spec.Replicas != nil {
				v.replicas[key] = int(*d.Spec.Replicas)
			} else if !known {
				v.replicas[key] = 1
			}
		}
	}
}

// Delete removes objects, and with a Namespace everything in it. What is not there
// is passed over.
func (v *Inventory) Delete(keys ...manifests.Key) {
	gone, emptied := map[manifests.Key]bool{}, map[string]bool{}
	for _, key := range keys {
		gone[key] = true
		o, _ := v.Object(key)
		if _, ok := o.Value.(*corev1.Namespace); ok {
			emptied[key.Name] = true
		}
	}
	v.objects = slices.DeleteFunc(v.objects, func(o manifests.Object) bool { return gone[o.Key()] || emptied[o.Namespace] })
	was := v.replicas
	v.at, v.replicas = map[manifests.Key]int{}, map[manifests.Key]int{}
	for i, o := range v.objects {
		key := o.Key()
		v.at[key] = i
		if n, ok := was[key]; ok {
			v.replicas[key] = n
		}
	}
}

// DeploymentKey is the key of a Deployment.
func DeploymentKey(namespace, name string) manifests.Key {
	return manifests.Key{Group: manifests.AppsGroup, Kind: "Deployment", Namespace: namespace, Name: name}
}

// Deployment returns a Deployment that is there, or nil.
func (v *Inventory) Deployment(namespace, name string) *appsv1.Deployment {
	o, _ := v.Object(DeploymentKey(namespace, name))
	d, _ := o.Value.(*appsv1.Deployment)
	return d
}

// Scale sets how many pods a Deployment has. ok is false where there is no such
// Deployment.
func (v *Inventory) Scale(namespace, name string, replicas int) (ok bool) {
	key := DeploymentKey(namespace, name)
	if _, ok = v.replicas[key]; ok {
		v.replicas[key] = replicas
	}
	return ok
}

// Replicas returns how many pods the Deployment of a key has.
func (v *Inventory) Replicas(deployment manifests.Key) int { return v.replicas[deployment] }

// Values returns the objects whose value is of one type, in order of creation.
func Values[T any](v *Inventory) func(yield func(manifests.Object, T) bool) {
	return func(yield func(manifests.Object, T) bool) {
		for _, o := range v.objects {
			if value, ok := o.Value.(T); ok && !yield(o, value) {
				return
			}
		}
	}
}
