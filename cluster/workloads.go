package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// errLate marks what did not come about in the time that a change may take.
var errLate = errors.New("not within the time allowed")

// rollOut waits until every Deployment of ours runs as it was asked to, its old
// pods are gone, and the EndpointSlices hold exactly the pods that are ready.
// What mostly does not mend itself fails early, with the pods' own words.
func (c *Cluster) rollOut(ctx context.Context) error {
	var names []string
	for _, b := range c.brought {
		if b.gone {
			continue
		}
		switch {
		case b.phase == workloads, b.key.Kind == "Service" && b.key.Group == "":
			if !slices.Contains(names, b.key.Namespace) {
				names = append(names, b.key.Namespace)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	since := map[string]time.Time{}
	var steady time.Time
	for {
		s, err := c.snapshot(ctx, names)
		if err != nil {
			return err
		}
		open, hopeless := c.unready(s, since)
		if hopeless != nil {
			return fmt.Errorf("%s%s", hopeless.words, c.evidence(ctx, hopeless.pod, hopeless.object))
		}
		if open == nil {
			if words := s.unsettled(c.own()); words != "" {
				open = &trouble{words: words}
			}
		}
		switch {
		case open != nil:
			steady = time.Time{}
		case steady.IsZero():
			steady = time.Now()
		case time.Since(steady) >= podsSteady:
			return nil
		}
		if open == nil {
			open = &trouble{words: "the pods have only just become ready"}
		}
		if err := pause(ctx, pollInterval); err != nil {
			if !errors.Is(err, errLate) {
				return err
			}
			told := context.WithoutCancel(ctx)
			return fmt.Errorf("%w: %s%s", errLate, open.words, c.evidence(told, open.pod, open.object))
		}
	}
}

// A trouble is why a workload is not there yet.
type trouble struct {
	words  string
	pod    *corev1.Pod
	object string // whose events tell more, if no pod's do
}

// unready returns the first thing that is still awaited, and the first that is
// hopeless. since remembers when a bad state was first seen.
func (c *Cluster) unready(s *snapshot, since map[string]time.Time) (open, hopeless *trouble) {
	add := func(t *trouble, lost bool) {
		if open == nil {
			open = t
		}
		if lost && hopeless == nil {
			hopeless = t
		}
	}
	stuck := func(what string) bool {
		first, known := since[what]
		if !known {
			since[what] = time.Now()
			return false
		}
		return time.Since(first) > crashPatience
	}
	for _, b := range c.brought {
		if b.gone || b.key.Kind != "Deployment" || b.phase != workloads {
			continue
		}
		d := s.deployment(b.key.Namespace, b.key.Name)
		if d == nil {
			add(&trouble{words: b.key.String() + " is not there"}, stuck(b.key.String()))
			continue
		}
		pods := s.of(d)
		for _, p := range pods {
			words, at := podTrouble(p)
			if words == "" {
				continue
			}
			t := &trouble{words: fmt.Sprintf("%s: pod %s %s", b.key, p.Name, words), pod: p}
			add(t, at == lost || at == doubtful && stuck(p.Namespace+"/"+p.Name))
		}
		for _, condition := range d.Status.Conditions {
			if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
				add(&trouble{words: fmt.Sprintf("%s: its pods cannot be created: %s", b.key, condition.Message), object: d.Name}, stuck(b.key.String()+condition.Reason))
			}
		}
		if words := rolling(d, pods); words != "" {
			add(&trouble{words: b.key.String() + ": " + words, object: d.Name}, false)
		}
	}
	return open, hopeless
}

// rolling says what a Deployment still has to do; empty for nothing.
func rolling(d *appsv1.Deployment, pods []*corev1.Pod) string {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	status := d.Status
	switch {
	case status.ObservedGeneration < d.Generation:
		return "its controller has not seen the change yet"
	case status.UpdatedReplicas != want:
		return fmt.Sprintf("%d of %d pods are of the new kind", status.UpdatedReplicas, want)
	case status.AvailableReplicas != want || status.ReadyReplicas != want:
		return fmt.Sprintf("%d of %d pods are ready", min(status.AvailableReplicas, status.ReadyReplicas), want)
	case status.Replicas != want:
		return fmt.Sprintf("there are %d pods, and %d are wanted", status.Replicas, want)
	}
	for _, p := range pods {
		if p.DeletionTimestamp != nil {
			return fmt.Sprintf("pod %s is still ending", p.Name)
		}
	}
	return ""
}

// How bad the state of a pod is.
type prospect int

const (
	hopeful  prospect = iota
	doubtful          // it mostly does not mend itself
	lost
)

// podTrouble says in the kubelet's words what is wrong with a pod.
func podTrouble(p *corev1.Pod) (string, prospect) {
	if p.DeletionTimestamp != nil {
		return "", hopeful
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return "finds no node: " + condition.Message, doubtful
		}
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil {
			words := fmt.Sprintf("is waiting: container %s: %s", s.Name, w.Reason)
			if w.Message != "" {
				words += ": " + w.Message
			}
			switch w.Reason {
			case "CrashLoopBackOff":
				if s.RestartCount >= 2 {
					return words, lost
				}
				return words, doubtful
			case "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ErrImagePull", "ImagePullBackOff":
				return words, doubtful
			}
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s has ended with exit code %d (%s)", s.Name, t.ExitCode, t.Reason), hopeful
		}
	}
	return "", hopeful
}

// evidence gathers what the cluster says beside a trouble: the last warnings
// among the events, and the last lines that the container wrote.
func (c *Cluster) evidence(ctx context.Context, pod *corev1.Pod, object string) string {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var b strings.Builder
	if pod == nil {
		return ""
	}
	events, err := c.kube.CoreV1().Events(pod.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=" + pod.Name})
	if err == nil {
		var said []string
		for _, e := range events.Items {
			if e.Type == corev1.EventTypeWarning {
				said = append(said, fmt.Sprintf("%s: %s", e.Reason, strings.TrimSpace(e.Message)))
			}
		}
		if n := len(said); n > 0 {
			fmt.Fprintf(&b, "; events: %s", strings.Join(said[max(0, n-3):], "; "))
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.Ready || s.RestartCount == 0 && s.State.Running == nil && s.State.Terminated == nil {
			continue
		}
		lines := int64(5)
		text, err := c.kube.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
			Container: s.Name, TailLines: &lines, Previous: s.State.Waiting != nil && s.RestartCount > 0,
		}).DoRaw(ctx)
		if words := strings.TrimSpace(string(text)); err == nil && words != "" {
			fmt.Fprintf(&b, "; the last lines of container %s: %s", s.Name, strings.Join(strings.Split(words, "\n"), " | "))
		}
	}
	return b.String()
}
