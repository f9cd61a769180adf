package inventory

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// The labels and the annotation by which Istio knows where a sidecar is wanted.
//
//differential:sidecar/plain sidecar/consumer
//differential:elsewhere uncompared which pods get a sidecar beyond the label of their namespace
const (
	injectionLabel = "istio-injection"         // of a Namespace
	revisionLabel  = "istio.io/rev"            // of a Namespace or a pod
	ambientLabel   = "istio.io/dataplane-mode" // of a Namespace
	injectMark     = "sidecar.istio.io/inject" // of a pod, a label or an annotation
)

// Injects says whether new pods of a template get a sidecar in a namespace of this
// inventory.
func (v *Inventory) Injects(namespace string, pod *corev1.PodTemplateSpec) bool {
	o, _ := v.Object(manifests.Key{Kind: "Namespace", Name: namespace})
	if n, ok := o.Value.(*corev1.Namespace); ok && n != nil {
		return Injects(n.Labels, pod)
	}
	return Injects(nil, pod)
}

// Ambient says whether the pods of a namespace are in the mesh without sidecars.
// Rules for them act in waypoints.
//
//differential:elsewhere uncompared ambient mode
func (v *Inventory) Ambient(namespace string) bool {
	o, _ := v.Object(manifests.Key{Kind: "Namespace", Name: namespace})
	n, ok := o.Value.(*corev1.Namespace)
	return ok && n != nil && n.Labels[ambientLabel] == "ambient"
}

// Injects says whether new pods of a template get a sidecar in a namespace with
// labels, by the rules of istiod's webhooks and of what these ask
// (manifests/charts/istio-control/istio-discovery of Istio 1.31,
// pkg/kube/inject/inject.go, injectRequired). The namespace's label decides, and
// the pod may decline. In a namespace without a label only the pod's labels may
// ask: an annotation alone is never seen there. Every revision is taken to be
// installed.
//
//differential:sidecar/plain sidecar/consumer
//differential:elsewhere uncompared which pods get a sidecar beyond the label of their namespace
func Injects(namespace map[string]string, pod *corev1.PodTemplateSpec) bool {
	wish, labelled := pod.Labels[injectMark]
	if !labelled {
		wish = pod.Annotations[injectMark]
	}
	if pod.Spec.HostNetwork || wish != "" && !slices.Contains([]string{"true", "yes", "y", "on"}, wish) {
		return false
	}
	_, revised := namespace[revisionLabel]
	if injection, marked := namespace[injectionLabel]; marked {
		return injection == "enabled"
	}
	if revised {
		return true
	}
	_, own := pod.Labels[revisionLabel]
	return own || pod.Labels[injectMark] == "true"
}
