package cluster

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// TestChangesBetweenTwoLooks: what somebody does to the objects while a sample is
// drawn is known afterwards, weights that went and came back included; what
// controllers write is no change.
func TestChangesBetweenTwoLooks(t *testing.T) {
	const rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: sticky, namespace: mesh}\nspec: {host: "
	const other = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: other, namespace: mesh}\nspec: {gateways: [default/in], hosts: ["
	for name, c := range map[string]struct {
		do   func(t *testing.T, w *fakeWorld)
		want []string
	}{
		"nothing": {func(*testing.T, *fakeWorld) {}, nil},
		"a status, a label": {func(t *testing.T, w *fakeWorld) {
			w.edit(t, "VirtualService", func(u *unstructured.Unstructured) {
				require.NoError(t, unstructured.SetNestedField(u.Object, int64(1), "status", "observedGeneration"))
				u.SetLabels(map[string]string{"seen": "yes"})
				u.SetResourceVersion("77")
			})
		}, nil},
		"weights that went and came back": {func(t *testing.T, w *fakeWorld) {
			w.edit(t, "VirtualService", func(u *unstructured.Unstructured) { u.SetGeneration(u.GetGeneration() + 2) })
		}, []string{"VirtualService default/canary was changed (generation 1, now 3)"}},
		"a Gateway that is gone": {func(t *testing.T, w *fakeWorld) { w.drop(t, "Gateway") }, []string{"Gateway default/in was deleted"}},
		"one made anew": {func(t *testing.T, w *fakeWorld) {
			w.edit(t, "DestinationRule", func(u *unstructured.Unstructured) { u.SetUID("another") })
		}, []string{"DestinationRule default/canary was deleted and created again"}},
		"a rule of others for the same Service": {func(t *testing.T, w *fakeWorld) { w.add(t, rule+`"*.default.svc.cluster.local"}`) }, []string{"DestinationRule mesh/sticky was made"}},
		"one for another Service":               {func(t *testing.T, w *fakeWorld) { w.add(t, rule+"canary}") }, nil},
		"a route beside ours":                   {func(t *testing.T, w *fakeWorld) { w.add(t, other+`"*"]}`) }, []string{"VirtualService mesh/other was made"}},
		"a route of another host":               {func(t *testing.T, w *fakeWorld) { w.add(t, other+"shop.example]}") }, nil},
		"a change of ours": {func(t *testing.T, w *fakeWorld) {
			w.edit(t, "VirtualService", func(u *unstructured.Unstructured) { u.SetGeneration(8) })
			_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
			require.NoError(t, err)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Options{})
				w.carried = func() envoy.Routes { return routed(90, 10) }
				_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
				require.NoError(t, err)
				for _, kind := range []string{"VirtualService", "Gateway", "DestinationRule"} {
					w.edit(t, kind, func(u *unstructured.Unstructured) {
						u.SetGeneration(1)
						u.SetUID(types.UID(kind))
					})
				}
				before, err := w.Observe(t.Context())
				require.NoError(t, err)
				assert.Empty(t, before.Changes)
				c.do(t, w)
				after, err := w.Observe(t.Context())
				require.NoError(t, err)
				assert.Equal(t, c.want, words.All(after.Changes))
				again, err := w.Observe(t.Context())
				require.NoError(t, err)
				assert.Empty(t, again.Changes, "each is said once")
			})
		})
	}
}
