package cluster

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// TestPodsOfOthersStay: what has the name of a Deployment of ours, or labels like
// those of its pods, need not be its.
func TestPodsOfOthersStay(t *testing.T) {
	ours := theirs(t)
	ours.SetUID("ours")
	ours.SetLabels(map[string]string{ScenarioLabel: "test"})
	w := newWorld(t, Options{}, ours)
	made := func(kind, name, uid string) []metav1.OwnerReference {
		yes := true
		return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(uid), Controller: &yes}}
	}
	set := func(uid string, owners []metav1.OwnerReference) {
		_, err := w.kube.ReplicaSets("default").Create(t.Context(), &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Name: uid, UID: types.UID(uid), OwnerReferences: owners},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
	set("app-5d4", made("Deployment", "app", "ours"))
	set("app-6f5", made("Deployment", "app", "an earlier one of that name"))
	for _, pod := range []metav1.ObjectMeta{
		{Name: "app-5d4-x", OwnerReferences: made("ReplicaSet", "app-5d4", "app-5d4")},
		{Name: "app-6f5-x", OwnerReferences: made("ReplicaSet", "app-6f5", "app-6f5")},
		{Name: "app-0", OwnerReferences: made("StatefulSet", "app", "1")},
		{Name: "app-job", OwnerReferences: made("Job", "app", "2")},
		{Name: "app"},
	} {
		pod.Namespace, pod.Labels = "default", map[string]string{"app": "app", appsv1.DefaultDeploymentUniqueLabelKey: "5d4"}
		require.NoError(t, w.dynamic.Add(&corev1.Pod{ObjectMeta: pod}))
	}
	key := manifests.Key{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "app"}
	resource, _, err := w.resource(t.Context(), key, "")
	require.NoError(t, err)
	require.NoError(t, w.remove(t.Context(), &brought{key: key, phase: workloads, resource: resource}))
	left, err := w.kube.Pods("default").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	var names []string
	for _, p := range left {
		names = append(names, p.Name)
	}
	assert.ElementsMatch(t, []string{"app-6f5-x", "app-0", "app-job", "app"}, names)
}

// TestRoutesThatStay: a control plane that is slow to take routes away is given
// the time of the step, and then the step did not take effect; it is no failure of
// the measurement.
func TestRoutesThatStay(t *testing.T) {
	for timeout, converged := range map[time.Duration]bool{40 * time.Second: true, 25 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, Options{})
			var gone atomic.Bool
			w.carried = func() envoy.Routes {
				if gone.Load() {
					return nil
				}
				return routed(90, 10)
			}
			_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
			require.NoError(t, err)
			slow := time.AfterFunc(30*time.Second, func() { gone.Store(true) })
			defer slow.Stop()
			key := manifests.Key{Group: "networking.istio.io", Kind: "VirtualService", Namespace: "default", Name: "canary"}
			got, err := w.Change(t.Context(), target.Change{Delete: []manifests.Key{key}, Timeout: timeout})
			require.NoError(t, err)
			assert.Equal(t, converged, got.Converged, got.Detail)
			if !converged {
				assert.Contains(t, words.English(got.Detail), "routes of theirs are still in use: proxy ingress-1.istio-system has")
			}
		})
	}
}

// TestEveryProxyLetsGo: a gateway that had no part in a scenario has its routes all
// the same if its Gateway's selector fits; where nobody else uses the cluster the
// end waits for it, too.
func TestEveryProxyLetsGo(t *testing.T) {
	for alone, waits := range map[bool]bool{true: true, false: false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, Options{Alone: alone})
			w.carried = func() envoy.Routes { return routed(90, 10) }
			_, err := w.Change(t.Context(), target.Change{Apply: objects(t, canary)})
			require.NoError(t, err)
			w.pods = []proxies.Proxy{{Name: "egress-1", Namespace: "elsewhere", Gateway: true}}
			began := time.Now()
			err = w.Cluster.Close(t.Context())
			if waits {
				require.ErrorContains(t, err, "routes of theirs are still in use: proxy egress-1.elsewhere has")
				assert.Equal(t, forgetTimeout, time.Since(began).Round(time.Second))
				return
			}
			require.NoError(t, err)
		})
	}
}
