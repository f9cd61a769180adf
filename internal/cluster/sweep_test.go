package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
	removed, err := w.sweep(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"ConfigMap default/settings", "StatefulSet default/store", "VirtualService default/canary"}, removed)
	assert.Equal(t, []string{"delete virtualservices canary", "delete statefulsets store", "delete configmaps settings"}, w.wrote)
}
