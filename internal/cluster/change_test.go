package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// TestOrder follows a change in and out again: what is used comes before what
// uses it, and goes after it.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{}, there("Namespace", "default", nil))
		w.carried = func() envoy.Routes {
			if len(w.wrote) > 0 && w.wrote[len(w.wrote)-1] == "delete virtualservices canary" {
				return nil
			}
			return routed(90, 10)
		}
		got, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
		require.NoError(t, err)
		require.True(t, got.Converged, got.Detail)
		assert.Equal(t, []string{
			"apply Namespace default", "apply Service canary", "apply DestinationRule canary", "apply Gateway in", "apply VirtualService canary",
		}, w.wrote)
		assert.Len(t, w.asked, 5, "all are asked about before the first is written")
		require.Len(t, got.Proxies, 1)
		assert.Equal(t, "ingress-1.istio-system", got.Proxies[0].Name)

		w.wrote = nil
		require.NoError(t, w.Cluster.Close(t.Context()))
		assert.Equal(t, []string{
			"delete virtualservices canary", "delete gateways in", "delete destinationrules canary", "delete services canary",
			// Somebody else's Namespace gets its labels back and stays.
			"apply Namespace default",
		}, w.wrote)
		w.wrote = nil
		require.NoError(t, w.Cluster.Close(t.Context()), "a second time does nothing")
		assert.Empty(t, w.wrote)
	})
}

// TestSubsetsOutliveTheirRoutes: a DestinationRule that loses a subset keeps it
// until the proxies have the routes that do without.
func TestSubsetsOutliveTheirRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		now := routed(90, 10)
		w.carried = func() envoy.Routes { return now }
		_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
		require.NoError(t, err)
		w.wrote = nil
		now = routed(90, 10)
		now[0].Arms = now[0].Arms[:1]
		got, err := w.Change(t.Context(), target.Change{Apply: objects(t, `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: canary}
spec: {host: canary.default.svc.cluster.local, subsets: [{name: v1, labels: {app: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary}
spec:
  hosts: ["*"]
  gateways: [in]
  http: [{route: [{destination: {host: canary.default.svc.cluster.local, subset: v1}}]}]
`)})
		require.NoError(t, err)
		require.True(t, got.Converged, got.Detail)
		assert.Equal(t, []string{"apply DestinationRule canary", "apply VirtualService canary", "apply DestinationRule canary"}, w.wrote)
	})
}

func TestProxiesThatDoNotTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		w.carried = func() envoy.Routes { return routed(100, 0) }
		began := time.Now()
		got, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary), Timeout: 5 * time.Second})
		require.NoError(t, err)
		assert.False(t, got.Converged)
		assert.Contains(t, words.English(got.Detail), "the data plane: proxy ingress-1.istio-system: VirtualService default/canary, http[0]")
		assert.Contains(t, words.English(got.Detail), "live on none, and not on ingress-1.istio-system")
		assert.Contains(t, words.English(got.Detail), "there is no istiod in this cluster")
		assert.InDelta(t, 5, time.Since(began).Seconds(), 0.5)
	})
}

func TestGatewaysThatNobodyServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		w.pods[0].Labels = map[string]string{"istio": "another"}
		got, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary), Timeout: time.Minute})
		require.NoError(t, err)
		assert.False(t, got.Converged)
		assert.Contains(t, words.English(got.Detail), "the manifest: the selector of Gateway default/in (test.yaml:")
		assert.Contains(t, words.English(got.Detail), "istio=ingressgateway, matches no running gateway pod")
		assert.Less(t, got.Took, 30*time.Second, "what the manifest says wrong is known before the time is over")
	})
}

// TestRefusalsChangeNothing: the cluster is asked about all before one is written.
func TestRefusalsChangeNothing(t *testing.T) {
	w := newWorld(t, Options{})
	w.refuse = func(u *unstructured.Unstructured) error {
		if u.GetKind() == "VirtualService" {
			return errRefused
		}
		return nil
	}
	_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
	require.ErrorIs(t, err, errRefused)
	assert.Contains(t, err.Error(), "the cluster refuses VirtualService default/canary (test.yaml:2)")
	assert.NotContains(t, w.wrote, "apply Gateway in")
	assert.NotContains(t, w.wrote, "apply Service canary")
}

func TestObjectsOfOthers(t *testing.T) {
	for name, test := range map[string]struct {
		there   *unstructured.Unstructured
		refused string
	}{
		"somebody's object":            {there("VirtualService", "canary", nil), "VirtualService default/canary is there already and managed by helm"},
		"one of a run that was killed": {there("VirtualService", "canary", map[string]string{ScenarioLabel: "other"}), ""},
		"a Namespace":                  {there("Namespace", "default", map[string]string{"team": "a"}), ""},
		"one with another label":       {there("Namespace", "default", map[string]string{"istio-injection": "disabled"}), "has the label istio-injection: disabled, and the scenario asks for enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, Options{}, test.there)
				w.carried = func() envoy.Routes { return routed(90, 10) }
				_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
				if test.refused == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, test.refused)
				assert.Contains(t, err.Error(), "--force")
				assert.Empty(t, w.wrote)
			})
		})
	}
}

func TestDeletingWhatIsNotThere(t *testing.T) {
	w := newWorld(t, Options{})
	_, err := w.Change(t.Context(), target.Change{Delete: []manifests.Key{{Kind: "Service", Namespace: "default", Name: "gone"}}})
	require.ErrorContains(t, err, "Service default/gone cannot be deleted, because it does not exist")
}

// TestUnknownKinds: what the cluster has no definition of is said so.
func TestUnknownKinds(t *testing.T) {
	w := newWorld(t, Options{})
	_, err := w.Change(t.Context(), target.Change{Apply: objects(t, `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: split}
spec: {parentRefs: [{name: in}]}
`)})
	require.ErrorContains(t, err, "install the Gateway API's definitions")
}

// TestRefusedByAProxy: a proxy that refuses an update says so in its log alone,
// and no waiting mends that (the words are those of Envoy 1.39.3 in a cluster).
func TestRefusedByAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		w.refusals = []string{"RouteConfiguration: Not supported field in StreamInfo: NONSENSE"}
		got, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary), Timeout: time.Minute})
		require.NoError(t, err)
		assert.False(t, got.Converged)
		assert.Contains(t, words.English(got.Detail), "proxy ingress-1.istio-system has refused what istiod made of the objects, and goes on with what it had: RouteConfiguration: Not supported field in StreamInfo: NONSENSE")
		assert.Less(t, got.Took, 30*time.Second)
	})
}
