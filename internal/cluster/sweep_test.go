package cluster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/fake"
)

// discoverable has the cluster say which kinds it knows.
func (w *fakeWorld) discoverable() {
	lists := map[string]*metav1.APIResourceList{}
	known := w.kube.Discovery().(*fake.FakeDiscovery)
	for _, k := range kinds {
		version := k.gvk.GroupVersion().String()
		if lists[version] == nil {
			lists[version] = &metav1.APIResourceList{GroupVersion: version}
			known.Resources = append(known.Resources, lists[version])
		}
		lists[version].APIResources = append(lists[version].APIResources, metav1.APIResource{
			Name: strings.ToLower(k.gvk.Kind) + "s", Kind: k.gvk.Kind, Namespaced: k.namespaced, Verbs: metav1.Verbs{"list", "delete"},
		})
	}
}

// TestSweep: a scenario may bring any kind of object, and what a killed run has
// left of it is found; routes go first. What others have made, and what Istio has
// made of a Gateway, is left alone.
func TestSweep(t *testing.T) {
	ours := map[string]string{ScenarioLabel: "killed"}
	made := there("Service", "in-istio", ours)
	made.SetOwnerReferences([]metav1.OwnerReference{{Kind: "Gateway", Name: "in"}})
	w := newWorld(t, Options{},
		there("ConfigMap", "settings", ours), there("StatefulSet", "store", ours), there("VirtualService", "canary", ours),
		there("DaemonSet", "theirs", nil), made)
	w.discoverable()
	removed, err := w.sweep(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"ConfigMap default/settings", "StatefulSet default/store", "VirtualService default/canary"}, removed)
	assert.Equal(t, []string{"delete virtualservices canary", "delete statefulsets store", "delete configmaps settings"}, w.wrote)
}
