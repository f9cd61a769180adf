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
// empty for nothing. It is not known where the workload is not there.
func (s *snapshot) rolling(key manifests.Key) (words string, known bool) {
	if key.Kind == "Deployment" {
		d := s.deployment(key.Namespace, key.Name)
		if d == nil {
			return "", false
		}
		return cmp.Or(deploying(d), s.ending(key)), true
	}
	u, known := s.others[key]
	if !known {
		return "", false
	}
	switch key.Kind {
	case "StatefulSet":
		var set appsv1.StatefulSet
		read(u, &set)
		words = stateful(&set)
	case "DaemonSet":
		var set appsv1.DaemonSet
		read(u, &set)
		words = daemons(&set)
	case "ReplicaSet":
		var set appsv1.ReplicaSet
		read(u, &set)
		words = counted(set.Generation, set.Status.ObservedGeneration, set.Spec.Replicas, set.Status.ReadyReplicas, set.Status.Replicas)
	case "ReplicationController":
		var set corev1.ReplicationController
		read(u, &set)
		words = counted(set.Generation, set.Status.ObservedGeneration, set.Spec.Replicas, set.Status.ReadyReplicas, set.Status.Replicas)
	case "Pod":
		var pod corev1.Pod
		read(u, &pod)
		if !kube.Ready(&pod) && pod.Status.Phase != corev1.PodSucceeded {
			return "it is not ready", true
		}
		return "", true
	}
	return cmp.Or(words, s.ending(key)), true
}

// read fills in what it can: what the API server has sent has its own types.
func read(u *unstructured.Unstructured, into any) {
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into)
}

const unseen = "its controller has not seen the change yet"

func deploying(d *appsv1.Deployment) string {
	want := wanted(d.Spec.Replicas)
	status := d.Status
	switch {
	case status.ObservedGeneration < d.Generation:
		return unseen
	case status.UpdatedReplicas != want:
		return fmt.Sprintf("%d of %d pods are of the new kind", status.UpdatedReplicas, want)
	case status.AvailableReplicas != want || status.ReadyReplicas != want:
		return fmt.Sprintf("%d of %d pods are ready", min(status.AvailableReplicas, status.ReadyReplicas), want)
	}
	return counted(0, 0, &want, want, status.Replicas)
}

// stateful leaves alone what its strategy leaves to others: pods that are only
// replaced when somebody deletes them, or are kept back by a partition.
func stateful(s *appsv1.StatefulSet) string {
	strategy := s.Spec.UpdateStrategy
	held := strategy.Type == appsv1.OnDeleteStatefulSetStrategyType ||
		strategy.RollingUpdate != nil && strategy.RollingUpdate.Partition != nil && *strategy.RollingUpdate.Partition > 0
	if words := counted(s.Generation, s.Status.ObservedGeneration, s.Spec.Replicas, s.Status.ReadyReplicas, s.Status.Replicas); words != "" {
		return words
	}
	if !held && s.Status.CurrentRevision != s.Status.UpdateRevision {
		return fmt.Sprintf("%d of %d pods are of the new kind", s.Status.UpdatedReplicas, wanted(s.Spec.Replicas))
	}
	return ""
}

func daemons(s *appsv1.DaemonSet) string {
	status := s.Status
	want := status.DesiredNumberScheduled
	switch {
	case status.ObservedGeneration < s.Generation:
		return unseen
	case s.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType && status.UpdatedNumberScheduled != want:
		return fmt.Sprintf("%d of %d pods are of the new kind", status.UpdatedNumberScheduled, want)
	case min(status.NumberAvailable, status.NumberReady) != want:
		return fmt.Sprintf("%d of %d pods are ready", min(status.NumberAvailable, status.NumberReady), want)
	}
	return ""
}

// counted says which pods are missing, or still there.
func counted(generation, observed int64, replicas *int32, ready, there int32) string {
	want := wanted(replicas)
	switch {
	case observed < generation:
		return unseen
	case ready != want:
		return fmt.Sprintf("%d of %d pods are ready", ready, want)
	case there != want:
		return fmt.Sprintf("there are %d pods, and %d are wanted", there, want)
	}
	return ""
}

func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

// ending names a pod of a workload that goes.
func (s *snapshot) ending(key manifests.Key) string {
	for _, p := range s.of(key) {
		if p.DeletionTimestamp != nil {
			return fmt.Sprintf("pod %s is still ending", p.Name)
		}
	}
	return ""
}
