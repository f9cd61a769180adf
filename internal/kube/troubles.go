package kube

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Prospect is how likely a pod is to become ready by itself.
type Prospect int

const (
	Hopeful  Prospect = iota
	Doubtful          // it mostly does not mend itself
	Lost
)

// A PodState is what is wrong with a pod.
type PodState string

const (
	Unscheduled PodState = "unscheduled" // no node takes it
	Waiting     PodState = "waiting"     // a container is not started
	Ended       PodState = "ended"       // a container has ended in failure
)

// A PodTrouble is what is wrong with a pod, with the kubelet's or the scheduler's
// reason and message.
type PodTrouble struct {
	State           PodState
	Container       string
	ExitCode        int32
	Reason, Message string
}

// String says it as kubectl would: "is waiting: container app: ErrImagePull: …".
func (t *PodTrouble) String() string {
	switch t.State {
	case Unscheduled:
		return "finds no node: " + t.Message
	case Ended:
		return fmt.Sprintf("container %s has ended with exit code %d (%s)", t.Container, t.ExitCode, t.Reason)
	}
	words := fmt.Sprintf("is waiting: container %s: %s", t.Container, t.Reason)
	if t.Message != "" {
		words += ": " + t.Message
	}
	return words
}

// Trouble says what is wrong with a pod, and whether that may mend itself. It is
// nil for one that only takes its time.
func Trouble(p *corev1.Pod) (*PodTrouble, Prospect) {
	if p.DeletionTimestamp != nil {
		return nil, Hopeful
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return &PodTrouble{State: Unscheduled, Message: condition.Message}, Doubtful
		}
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil {
			found := &PodTrouble{State: Waiting, Container: s.Name, Reason: w.Reason, Message: w.Message}
			switch w.Reason {
			case "CrashLoopBackOff":
				if s.RestartCount >= 2 {
					return found, Lost
				}
				return found, Doubtful
			case "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ErrImagePull", "ImagePullBackOff":
				return found, Doubtful
			}
			return found, Hopeful
		}
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 {
			return &PodTrouble{State: Ended, Container: s.Name, ExitCode: t.ExitCode, Reason: t.Reason}, Hopeful
		}
	}
	return nil, Hopeful
}

// LastLines are the last that a container has written.
type LastLines struct {
	Container string
	Lines     []string
}

// mostLines is how many lines of a log a message has room for.
var mostLines = int64(5)

// LastLines returns what the containers of a pod that are not ready have written
// last; of one that waits to be started again, in its former run. What cannot be
// read is left out.
func (c *Client) LastLines(ctx context.Context, p *corev1.Pod) []LastLines {
	var found []LastLines
	for _, s := range p.Status.ContainerStatuses {
		if s.Ready || s.RestartCount == 0 && s.State.Running == nil && s.State.Terminated == nil {
			continue
		}
		log, err := c.Log(ctx, p.Namespace, p.Name, corev1.PodLogOptions{
			Container: s.Name, TailLines: &mostLines, Previous: s.State.Waiting != nil && s.RestartCount > 0,
		})
		if err != nil {
			continue
		}
		text, err := io.ReadAll(log)
		log.Close()
		if words := strings.TrimSpace(string(text)); err == nil && words != "" {
			found = append(found, LastLines{s.Name, strings.Split(words, "\n")})
		}
	}
	return found
}

// Ready says whether a pod is ready, and not about to go.
func Ready(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Workload is the name of the Deployment, StatefulSet or whatever else made a pod.
// A ReplicaSet of a Deployment has its name and a hash.
func Workload(p *corev1.Pod) string {
	owner := metav1.GetControllerOf(p)
	if owner == nil {
		return p.Name
	}
	if hash := p.Labels[appsv1.DefaultDeploymentUniqueLabelKey]; owner.Kind == "ReplicaSet" && hash != "" {
		return strings.TrimSuffix(owner.Name, "-"+hash)
	}
	return owner.Name
}
