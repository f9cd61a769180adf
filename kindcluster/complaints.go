package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// inItsWords adds to what a cluster failed of what it has to say itself: that
// istiod is not available says nothing of why. An interrupt needs no reason, and
// what is hopeless has said what to do.
func (u *up) inItsWords(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, errHopeless) {
		return err
	}
	if words := complaints(ctx, u.kube); words != "" {
		return fmt.Errorf("%w\nwhat the cluster says:\n%s", err, words)
	}
	return err
}

// complaints are what a cluster has to say about why something is not ready:
// pods that are not, with the reason and the last lines of what they logged, and
// the latest warnings. It is empty where nobody answers.
func complaints(ctx context.Context, kube kubernetes.Interface) string {
	if kube == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, wordsTimeout)
	defer cancel()
	var lines []string
	for _, namespace := range []string{"kube-system", istioNamespace} {
		pods, err := kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return ""
		}
		for _, pod := range pods.Items {
			reason := podTrouble(&pod)
			if reason == "" {
				continue
			}
			lines = append(lines, fmt.Sprintf("  pod %s/%s: %s", namespace, pod.Name, reason))
			tail := int64(5)
			for _, c := range pod.Status.ContainerStatuses {
				if c.Ready {
					continue
				}
				log, err := kube.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
					Container: c.Name, TailLines: &tail, Previous: c.RestartCount > 0,
				}).DoRaw(ctx)
				if err == nil && len(log) > 0 {
					lines = append(lines, "    "+strings.ReplaceAll(strings.TrimSpace(string(log)), "\n", "\n    "))
				}
			}
		}
		events, err := kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning"})
		if err != nil {
			continue
		}
		slices.SortFunc(events.Items, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
		for _, e := range events.Items[max(0, len(events.Items)-5):] {
			lines = append(lines, fmt.Sprintf("  %s %s/%s: %s: %s", strings.ToLower(e.InvolvedObject.Kind), namespace, e.InvolvedObject.Name, e.Reason, e.Message))
		}
	}
	return strings.Join(lines, "\n")
}

// podTrouble says why a pod is not ready, or "".
func podTrouble(pod *corev1.Pod) string {
	for _, c := range append(slices.Clone(pod.Status.InitContainerStatuses), pod.Status.ContainerStatuses...) {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
			return strings.TrimSuffix(fmt.Sprintf("container %s is waiting, %s: %s", c.Name, w.Reason, w.Message), ": ")
		}
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s ended with %d: %s", c.Name, t.ExitCode, t.Reason)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Status != corev1.ConditionTrue && (c.Type == corev1.PodScheduled || c.Type == corev1.PodReady && c.Reason != "PodCompleted") {
			return strings.TrimSuffix(fmt.Sprintf("not %s, %s: %s", c.Type, c.Reason, c.Message), ": ")
		}
	}
	return ""
}
