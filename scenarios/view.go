package scenarios

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/apps"
	"github.com/splitcheck/splitcheck/internal/inventory"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A view is what the cluster holds while a step is being checked.
type view struct {
	scenario *Scenario
	step     *Step
	number   int // of the step, from 0
	*inventory.Inventory
	services map[string]service // by full name
	hosts    []string           // the names of services, sorted
	pods     []workload

	// compiled keeps what compile has to say: it is asked for twice.
	compiled *problems.List
}

type service struct {
	object manifests.Object
	value  *corev1.Service
	host   string
}

// A workload is a Deployment, seen as the pods it makes.
type workload struct {
	object     manifests.Object
	value      *appsv1.Deployment
	labels     map[string]string
	hasSidecar bool
}

// views returns what the cluster holds at each step.
func views(s *Scenario) []*view {
	var all []*view
	there := inventory.Of(s.Deploy)
	for i := range s.Steps {
		there = there.Clone()
		s.Steps[i].change(there)
		v := &view{scenario: s, step: &s.Steps[i], number: i, Inventory: there, services: map[string]service{}}
		v.collect()
		all = append(all, v)
	}
	return all
}

// change makes of what was there before s what is there after it.
func (s *Step) change(there *inventory.Inventory) {
	there.Apply(s.Apply...)
	for _, scale := range s.Scale {
		there.Scale(scale.Namespace, scale.Deployment, scale.Replicas)
	}
	there.Delete(s.Delete...)
}

// Standing returns the objects that are there after a step, in order of creation.
func (s *Scenario) Standing(step string) []manifests.Object {
	there := inventory.Of(s.Deploy)
	for i := range s.Steps {
		s.Steps[i].change(there)
		if s.Steps[i].Name == step {
			break
		}
	}
	return there.Objects()
}

func (v *view) collect() {
	for o, s := range inventory.Values[*corev1.Service](v.Inventory) {
		host := routing.ServiceHost(o.Name, o.Namespace)
		v.services[host] = service{object: o, value: s, host: host}
	}
	v.hosts = slices.Sorted(maps.Keys(v.services))
	for o, d := range inventory.Values[*appsv1.Deployment](v.Inventory) {
		v.pods = append(v.pods, workload{
			object: o, value: d, labels: d.Spec.Template.Labels,
			hasSidecar: v.Injects(o.Namespace, &d.Spec.Template),
		})
	}
}

// behind returns the workloads that a Service selects, those of them with more
// labels if a subset asks for them.
func (v *view) behind(s service, subset map[string]string) []workload {
	var found []workload
	if len(s.value.Spec.Selector) == 0 {
		return nil
	}
	for _, w := range v.pods {
		if w.object.Namespace == s.object.Namespace && routing.Selects(s.value.Spec.Selector, w.labels) && routing.Selects(subset, w.labels) {
			found = append(found, w)
		}
	}
	return found
}

// versionOf is the version that an answer of w would be called: the bundle's
// word for a workload of its own, else the pod's label, else what the image says.
func (v *view) versionOf(w workload) string {
	if b := v.scenario.bundle; b != nil && strings.HasPrefix(w.object.File, builtinPrefix+appsDir+"/") {
		for _, p := range b.probes {
			if p.workload == w.object.Name {
				return p.version
			}
		}
	}
	if version := w.labels["version"]; version != "" {
		return version
	}
	for _, c := range w.value.Spec.Template.Spec.Containers {
		if _, version, known := apps.ForImage(c.Image); known {
			return version
		}
	}
	return ""
}

// hasKind tells whether objects of a kind that is not interpreted are there.
func (v *view) hasKind(kind string) bool {
	return slices.ContainsFunc(v.Objects(), func(o manifests.Object) bool { return o.Kind == kind })
}
