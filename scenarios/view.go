package scenarios

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/apps"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/problems"
	"github.com/splitcheck/splitcheck/internal/routing"
)

const (
	clusterDomain = "svc.cluster.local"
	meshGateway   = "mesh"
	// The ingress gateway, as istioctl installs it.
	ingressNamespace = "istio-system"
	ingressName      = "istio-ingressgateway"
)

var ingressLabels = map[string]string{"istio": "ingressgateway", "app": ingressName}

// ingress is the gateway that is always there.
var ingress = routing.Proxy{Name: ingressName, Namespace: ingressNamespace, Labels: ingressLabels, Gateway: true, Service: ingressNamespace + "/" + ingressName}

// A view is what the cluster holds while a step is being checked.
type view struct {
	scenario *Scenario
	step     *Step
	number   int // of the step, from 0
	world
	// inOrder are the objects in order of creation, which decides which of two
	// for one host is in force. An object that is applied again keeps its place.
	inOrder  []manifests.Object
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
	var (
		all     []*view
		there   = world{}
		created []manifests.Key
	)
	apply := func(objects []manifests.Object) {
		for _, o := range objects {
			if _, old := there[o.Key()]; !old {
				created = append(created, o.Key())
			}
		}
		there.apply(objects)
	}
	apply(s.Deploy)
	for i := range s.Steps {
		step := &s.Steps[i]
		apply(step.Apply)
		there.remove(step.Delete)
		created = slices.DeleteFunc(created, func(key manifests.Key) bool { return slices.Contains(step.Delete, key) })
		v := &view{scenario: s, step: step, number: i, world: there.clone(), services: map[string]service{}}
		for _, key := range created {
			v.inOrder = append(v.inOrder, there[key])
		}
		v.collect()
		all = append(all, v)
	}
	return all
}

func (v *view) collect() {
	injected := map[string]bool{}
	for o, namespace := range values[*corev1.Namespace](v.world) {
		injected[o.Name] = namespace.Labels["istio-injection"] == "enabled"
	}
	for o, s := range values[*corev1.Service](v.world) {
		host := fullName(o.Name, o.Namespace)
		v.services[host] = service{object: o, value: s, host: host}
	}
	v.hosts = slices.Sorted(maps.Keys(v.services))
	for o, d := range values[*appsv1.Deployment](v.world) {
		template := d.Spec.Template
		wish := template.Labels["sidecar.istio.io/inject"] + template.Annotations["sidecar.istio.io/inject"]
		v.pods = append(v.pods, workload{
			object: o, value: d, labels: template.Labels,
			hasSidecar: (injected[o.Namespace] || wish == "true") && wish != "false",
		})
	}
}

// fullName resolves a host as Istio does: a name without dots is a Service of
// the namespace of the object that says it; one with dots is taken as it stands.
func fullName(host, namespace string) string {
	if strings.Contains(host, ".") || host == "*" {
		return host
	}
	return host + "." + namespace + "." + clusterDomain
}

// behind returns the workloads that a Service selects, those of them with more
// labels if a subset asks for them.
func (v *view) behind(s service, subset map[string]string) []workload {
	var found []workload
	if len(s.value.Spec.Selector) == 0 {
		return nil
	}
	for _, w := range v.pods {
		if w.object.Namespace == s.object.Namespace && selects(s.value.Spec.Selector, w.labels) && selects(subset, w.labels) {
			found = append(found, w)
		}
	}
	return found
}

func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
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
	return slices.ContainsFunc(v.inOrder, func(o manifests.Object) bool { return o.Kind == kind })
}
