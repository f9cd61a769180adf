package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

func TestTrouble(t *testing.T) {
	waiting := func(reason string, restarts int32) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", RestartCount: restarts, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "why"}},
		}}}}
	}
	for _, test := range []struct {
		pod  *corev1.Pod
		want Prospect
	}{
		{waiting("ContainerCreating", 0), Hopeful},
		{waiting("PodInitializing", 0), Hopeful},
		{waiting("ImagePullBackOff", 0), Doubtful},
		{waiting("CrashLoopBackOff", 1), Doubtful},
		{waiting("CrashLoopBackOff", 2), Lost},
	} {
		trouble, got := Trouble(test.pod)
		assert.Equal(t, test.want, got, test.pod.Status.ContainerStatuses[0].State.Waiting.Reason)
		if got != Hopeful {
			assert.Contains(t, trouble.String(), "why")
		}
	}
}
