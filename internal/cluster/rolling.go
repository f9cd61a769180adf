package cluster

import (
	"cmp"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/splitcheck/splitcheck/internal/kube"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/split"
)

// awaited says whether a change waits until a workload runs. Others, such as a Job,
// do not go on running.
func awaited(b *brought) bool {
	switch b.key.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod":
		return b.phase == workloads
	}
	return false
}

// others looks up the workloads of the scenario that are no Deployments. They are
// asked for one by one: an account need not be allowed to list kinds that its
// scenarios do not bring.
func (c *Cluster) others(ctx context.Context) (map[manifests.Key]*unstructured.Unstructured, error) {
	found := map[manifests.Key]*unstructured.Unstructured{}
	for _, b := range c.brought {
		if b.gone || !awaited(b) || b.key.Kind == "Deployment" {
			continue
		}
		there, err := b.resource.Get(ctx, b.key.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be looked up: %w", b.key, err)
		}
		found[b.key] = there
	}
	return found, nil
}

// rolling says what a workload still has to do until it runs as it was asked to;
// nil for nothing. It is not known where the workload is not there.
func (s *snapshot) rolling(key manifests.Key) (left *split.Finding, known bool) {
	if key.Kind == "Deployment" {
		d := s.deployment(key.Namespace, key.Name)
		if d == nil {
			return nil, false
		}
		return cmp.Or(deploying(d), s.ending(key)), true
	}
	u, known := s.others[key]
	if !known {
		return nil, false
	}
	switch key.Kind {
	case "StatefulSet":
		var set appsv1.StatefulSet
		read(u, &set)
		left = stateful(&set)
	case "DaemonSet":
		var set appsv1.DaemonSet
		read(u, &set)
		left = daemons(&set)
	case "ReplicaSet":
		var set appsv1.ReplicaSet
		read(u, &set)
		left = counted(set.Generation, set.Status.ObservedGeneration, set.Spec.Replicas, set.Status.ReadyReplicas, set.Status.Replicas)
	case "ReplicationController":
		var set corev1.ReplicationController
		read(u, &set)
		left = counted(set.Generation, set.Status.ObservedGeneration, set.Spec.Replicas, set.Status.ReadyReplicas, set.Status.Replicas)
	case "Pod":
		var pod corev1.Pod
		read(u, &pod)
		if !kube.Ready(&pod) && pod.Status.Phase != corev1.PodSucceeded {
			return because("pod-not-ready", nil), true
		}
		return nil, true
	}
	return cmp.Or(left, s.ending(key)), true
}

// read fills in what it can: what the API server has sent has its own types.
func read(u *unstructured.Unstructured, into any) {
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into)
}

func because(id string, values split.Values) *split.Finding {
	f := split.Found(id, values)
	return &f
}

func unseen() *split.Finding { return because("controller-behind", nil) }

func renewed(pods, wanted int32) *split.Finding {
	return because("pods-renewed", split.Values{"pods": pods, "wanted": wanted})
}

func ready(pods, wanted int32) *split.Finding {
	return because("pods-ready", split.Values{"pods": pods, "wanted": wanted})
}

func deploying(d *appsv1.Deployment) *split.Finding {
	want := wanted(d.Spec.Replicas)
	status := d.Status
	switch {
	case status.ObservedGeneration < d.Generation:
		return unseen()
	case status.UpdatedReplicas != want:
		return renewed(status.UpdatedReplicas, want)
	case status.AvailableReplicas != want || status.ReadyReplicas != want:
		return ready(min(status.AvailableReplicas, status.ReadyReplicas), want)
	}
	return counted(0, 0, &want, want, status.Replicas)
}

// stateful leaves alone what its strategy leaves to others: pods that are only
// replaced when somebody deletes them, or are kept back by a partition.
func stateful(s *appsv1.StatefulSet) *split.Finding {
	strategy := s.Spec.UpdateStrategy
	held := strategy.Type == appsv1.OnDeleteStatefulSetStrategyType ||
		strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil && *strategy.RollingUpdate.Partition > 0
	if left := counted(s.Generation, s.Status.ObservedGeneration, s.Spec.Replicas, s.Status.ReadyReplicas, s.Status.Replicas); left != nil {
		return left
	}
	if !held && s.Status.CurrentRevision != s.Status.UpdateRevision {
		return renewed(s.Status.UpdatedReplicas, wanted(s.Spec.Replicas))
	}
	return nil
}

func daemons(s *appsv1.DaemonSet) *split.Finding {
	status := s.Status
	want := status.DesiredNumberScheduled
	switch {
	case status.ObservedGeneration < s.Generation:
		return unseen()
	case s.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType && status.UpdatedNumberScheduled != want:
		return renewed(status.UpdatedNumberScheduled, want)
	case min(status.NumberAvailable, status.NumberReady) != want:
		return ready(min(status.NumberAvailable, status.NumberReady), want)
	}
	return nil
}

// counted says which pods are missing, or still there.
func counted(generation, observed int64, replicas *int32, running, there int32) *split.Finding {
	want := wanted(replicas)
	switch {
	case observed < generation:
		return unseen()
	case running != want:
		return ready(running, want)
	case there != want:
		return because("pods-there", split.Values{"pods": there, "wanted": want})
	}
	return nil
}

func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

// ending names a pod of a workload that goes.
func (s *snapshot) ending(key manifests.Key) *split.Finding {
	for _, p := range s.of(key) {
		if p.DeletionTimestamp != nil {
			return because("pod-ending", split.Values{"pod": p.Name})
		}
	}
	return nil
}
