package cluster

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
)

// theirs is a Deployment of somebody else's.
func theirs(t *testing.T) *unstructured.Unstructured {
	u := stands(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, uid: theirs, annotations: {team: payments}}
spec:
  replicas: 3
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "registry.example/theirs:1"}]}
`)
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "helm"}})
	return u
}

func (w *fakeWorld) deployment(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	resource, _, err := w.resource(t.Context(), manifests.Key{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "app"}, "")
	require.NoError(t, err)
	got, err := resource.Get(t.Context(), "app", metav1.GetOptions{})
	require.NoError(t, err)
	return got
}

// TestScaledAndThenMore: somebody else's Deployment is scaled first, and deleted
// or overwritten after that; it comes back whole, with the replicas it had.
func TestScaledAndThenMore(t *testing.T) {
	for name, more := range map[string]func(*testing.T, *fakeWorld) error{
		"nothing": func(*testing.T, *fakeWorld) error { return nil },
		"deleted": func(t *testing.T, w *fakeWorld) error {
			list, err := w.leaving(t.Context(), []manifests.Key{{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "app"}})
			require.NoError(t, err)
			return w.leave(t.Context(), list)
		},
		"overwritten": func(t *testing.T, w *fakeWorld) error { return w.overwrite(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{Force: true}, theirs(t))
			require.NoError(t, w.scale(t.Context(), "default", "app", 1))
			require.NoError(t, more(t, w))
			require.NoError(t, w.Cluster.Close(t.Context()))
			got := w.deployment(t)
			assert.Equal(t, theirs(t).Object["spec"], got.Object["spec"])
			assert.Equal(t, map[string]string{"team": "payments"}, got.GetAnnotations())
			assert.NotContains(t, got.GetLabels(), ScenarioLabel)
		})
	}
}

// overwrite applies a Deployment of ours over theirs.
func (w *fakeWorld) overwrite(t *testing.T) error {
	t.Helper()
	items, err := w.plan(t.Context(), objects(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "registry.example/ours:1"}]}
`))
	require.NoError(t, err)
	require.NoError(t, w.inspect(t.Context(), items))
	return w.write(t.Context(), items)
}

// TestOverwrittenTwice: what an object was stays written on it through any number
// of changes, for a run that is killed cannot put it back itself.
func TestOverwrittenTwice(t *testing.T) {
	w := newWorld(t, Options{Force: true}, theirs(t))
	require.NoError(t, w.overwrite(t))
	require.NoError(t, w.overwrite(t))
	was := original(w.deployment(t))
	require.NotNil(t, was)
	assert.Equal(t, theirs(t).Object["spec"], was.Object["spec"])

	// The next run finds the object as the killed one has left it.
	next := newWorld(t, Options{}, w.deployment(t))
	require.NoError(t, next.overwrite(t))
	require.NotNil(t, original(next.deployment(t)), "and may be killed as well")
	require.NoError(t, next.Cluster.Close(t.Context()))
	assert.Equal(t, theirs(t).Object["spec"], next.deployment(t).Object["spec"])
}

// TestRefusedDeletions: a step that is refused has done nothing, and what it named
// is not written at the end.
func TestRefusedDeletions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{Force: true}, theirs(t))
		w.carried = func() envoy.Routes { return nil }
		app := manifests.Key{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "app"}
		_, err := w.Change(t.Context(), target.Change{Delete: []manifests.Key{app, {Kind: "Service", Namespace: "default", Name: "gone"}}})
		require.ErrorContains(t, err, "Service default/gone cannot be deleted")
		assert.Empty(t, w.brought)
	})
}

// TestConflicts: istiod writes the status of a VirtualService while it is being
// overwritten, or put back; what is lost by that is nothing. Whoever changes its
// spec loses their words, and is told.
func TestConflicts(t *testing.T) {
	for name, c := range map[string]struct {
		generation int64
		want       string
	}{
		"a status": {7, ""},
		"a spec":   {8, "VirtualService default/canary (test.yaml:2): somebody has changed it just now"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				somebodys := there("VirtualService", "canary", nil)
				somebodys.SetGeneration(7)
				w := newWorld(t, Options{Force: true}, somebodys)
				w.carried = func() envoy.Routes { return routed(90, 10) }
				busy := true
				w.dynamic.PrependReactor("update", "virtualservices", func(action clienttesting.Action) (bool, runtime.Object, error) {
					busy = !busy
					if busy {
						return false, nil, nil
					}
					now := there("VirtualService", "canary", nil)
					now.SetGeneration(c.generation)
					require.NoError(t, w.dynamic.Tracker().Update(action.GetResource(), now, "default"))
					return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), "canary", errRefused)
				})
				_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
				if c.want != "" {
					require.ErrorContains(t, err, c.want)
					return
				}
				require.NoError(t, err)
				require.NoError(t, w.Cluster.Close(t.Context()))
			})
		})
	}
}
