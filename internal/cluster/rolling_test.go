package cluster

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/reports/words"
)

// TestEveryWorkloadIsAwaited: whatever makes the pods that answer has to run as it
// was asked to before a sample is drawn. The statuses are those of a cluster in
// the middle of a roll-out, and after it.
func TestEveryWorkloadIsAwaited(t *testing.T) {
	const template = "{selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: [{name: x, image: x}]}}"
	for name, c := range map[string]struct{ kind, spec, status, want string }{
		"a set that starts":    {"StatefulSet", template + ", serviceName: x, replicas: 3}", "{observedGeneration: 2, replicas: 1, readyReplicas: 0, currentRevision: a, updateRevision: a}", "0 of 3 pods are ready"},
		"one that is replaced": {"StatefulSet", template + ", serviceName: x, replicas: 2}", "{observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}", "1 of 2 pods are of the new kind"},
		"one kept back":        {"StatefulSet", template + ", serviceName: x, replicas: 2, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}", "{observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}", ""},
		"one that is not seen": {"StatefulSet", template + ", serviceName: x}", "{observedGeneration: 1, replicas: 1, readyReplicas: 1}", "its controller has not seen the change yet"},
		"one that runs":        {"StatefulSet", template + ", serviceName: x}", "{observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: b, updateRevision: b}", ""},
		"daemons that start":   {"DaemonSet", template + "}", "{observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 1, numberAvailable: 1}", "1 of 2 pods are ready"},
		"daemons that run":     {"DaemonSet", template + "}", "{observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2, numberAvailable: 2}", ""},
		"a pod that starts":    {"Pod", "{containers: [{name: x, image: x}]}", "{phase: Pending}", "it is not ready"},
		"a pod that runs":      {"Pod", "{containers: [{name: x, image: x}]}", `{phase: Running, conditions: [{type: Ready, status: "True"}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			version := "apps/v1"
			if c.kind == "Pod" {
				version = "v1"
			}
			u := stands(t, "apiVersion: "+version+"\nkind: "+c.kind+"\nmetadata: {name: x, generation: 2}\nspec: "+c.spec+"\nstatus: "+c.status+"\n")
			w := newWorld(t, Options{}, u)
			key := manifests.Key{Group: u.GroupVersionKind().Group, Kind: c.kind, Namespace: "default", Name: "x"}
			resource, _, err := w.resource(t.Context(), key, "")
			require.NoError(t, err)
			w.brought = []*brought{{key: key, phase: workloads, resource: resource}}
			s, err := w.snapshot(t.Context(), []string{"default"})
			require.NoError(t, err)
			s.others, err = w.others(t.Context())
			require.NoError(t, err)
			open, hopeless := w.unready(s, map[string]time.Time{})
			assert.Nil(t, hopeless)
			if c.want == "" {
				assert.Nil(t, open)
				return
			}
			require.NotNil(t, open)
			assert.Equal(t, key.String()+": "+c.want, words.English(open.what))
		})
	}
}

// TestJobsAreNotAwaited: one that has ended, and was taken away for it, is missed
// by nobody.
func TestJobsAreNotAwaited(t *testing.T) {
	w := newWorld(t, Options{})
	w.brought = []*brought{{key: manifests.Key{Group: "batch", Kind: "Job", Namespace: "default", Name: "x"}, phase: workloads}}
	open, hopeless := w.unready(&snapshot{}, map[string]time.Time{})
	assert.Nil(t, open)
	assert.Nil(t, hopeless)
}

// TestWordsOfWhatIsNotReady: a pod that runs and is never ready, and one that is
// not made at all, have said why: in the events of the pod, of the ReplicaSet, and
// in the log (the words are those of Kubernetes 1.34).
func TestWordsOfWhatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		two := int32(2)
		yes := true
		require.NoError(t, w.dynamic.Add(&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "app"}, Spec: appsv1.DeploymentSpec{Replicas: &two},
			Status: appsv1.DeploymentStatus{UpdatedReplicas: 2, Replicas: 2},
		}))
		require.NoError(t, w.dynamic.Add(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "app-5d4-x", UID: types.UID("x"), Labels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: "5d4"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "app-5d4", Controller: &yes}}},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			}}},
		}))
		event := func(name, kind, about, reason, message string, at time.Duration) {
			require.NoError(t, w.dynamic.Add(&corev1.Event{
				ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Type: corev1.EventTypeWarning, Reason: reason, Message: message,
				InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "default", Name: about}, LastTimestamp: metav1.NewTime(time.Now().Add(at)),
			}))
		}
		event("a", "Pod", "app-5d4-x", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", time.Minute)
		event("b", "ReplicaSet", "app-5d4", "FailedCreate", `Error creating: pods "app-5d4-y" is forbidden: exceeded quota: few`, time.Second)
		event("c", "Pod", "app-5d4-z", "Unhealthy", "of another pod", time.Hour)
		event("d", "Deployment", "another", "Unhealthy", "of another workload", time.Hour)
		w.brought = []*brought{{key: manifests.Key{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "app"}, phase: workloads}}
		limit, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errLate)
		defer cancel()
		err := w.rollOut(limit)
		require.ErrorIs(t, err, errLate)
		assert.Contains(t, err.Error(), `Deployment default/app: 0 of 2 pods are ready; events: FailedCreate: Error creating: pods "app-5d4-y" is forbidden: exceeded quota: few; `+
			`Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503; the last lines of container app: fake logs`)
		assert.NotContains(t, err.Error(), "another")

		// The time may as well end while the API server is asked.
		limit, cancel = context.WithTimeoutCause(t.Context(), 3*time.Second, errLate)
		defer cancel()
		asked := 0
		w.dynamic.PrependReactor("list", "services", func(clienttesting.Action) (bool, runtime.Object, error) {
			if asked++; asked < 2 {
				return false, nil, nil
			}
			<-limit.Done()
			return true, nil, limit.Err()
		})
		err = w.rollOut(limit)
		require.ErrorIs(t, err, errLate)
		assert.Contains(t, err.Error(), "Deployment default/app: 0 of 2 pods are ready; events")
	})
}
