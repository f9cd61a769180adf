package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/kube"
)

// inItsWords adds what the cluster itself says to the error: "istiod is not
// available" does not say why. It adds nothing to an interrupt, or to an error
// that already says what to do.
func (u *up) inItsWords(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, errHopeless) {
		return err
	}
	if words := complaints(ctx, u.kube); words != "" {
		return fmt.Errorf("%w\nwhat the cluster says:\n%s", err, words)
	}
	return err
}

// complaints returns what the cluster says about why something is not ready:
// pods that are not ready, with the reason and the last lines of their logs,
// and the latest warnings. It is empty if the API server does not answer.
func complaints(ctx context.Context, client *kube.Client) string {
	if client == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, wordsTimeout)
	defer cancel()
	var lines []string
	for _, namespace := range []string{"kube-system", istio.Namespace} {
		pods, err := client.Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return ""
		}
		for _, pod := range pods {
			reason := podTrouble(&pod)
			if reason == "" {
				continue
			}
			lines = append(lines, fmt.Sprintf("  pod %s/%s %s", namespace, pod.Name, reason))
			for _, said := range client.LastLines(ctx, &pod) {
				lines = append(lines, "    "+strings.Join(said.Lines, "\n    "))
			}
		}
		events, err := client.Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning"})
		if err != nil {
			continue
		}
		slices.SortFunc(events, func(a, b corev1.Event) int { return a.LastTimestamp.Compare(b.LastTimestamp.Time) })
		for _, e := range events[max(0, len(events)-5):] {
			lines = append(lines, fmt.Sprintf("  %s %s/%s: %s: %s", strings.ToLower(e.InvolvedObject.Kind), namespace, e.InvolvedObject.Name, e.Reason, e.Message))
		}
	}
	return strings.Join(lines, "\n")
}

// podTrouble says why a pod is not ready, or "".
func podTrouble(pod *corev1.Pod) string {
	if trouble, _ := kube.Trouble(pod); trouble != nil {
		return trouble.String()
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status != corev1.ConditionTrue && c.Reason != "PodCompleted" {
			return strings.TrimSuffix(fmt.Sprintf("is not ready: %s: %s", c.Reason, c.Message), ": ")
		}
	}
	return ""
}
