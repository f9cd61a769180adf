package kindcluster

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/splitcheck/splitcheck/internal/istio"
	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
)

// crashLooping is a cluster whose istiod does not come up, with a pod beside it
// that has nothing to complain of.
func crashLooping() []runtime.Object {
	named := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: istio.Namespace, Name: name}
	}
	return []runtime.Object{
		&appsv1.Deployment{ObjectMeta: named("istiod")},
		&appsv1.Deployment{ObjectMeta: named("istio-ingressgateway"), Status: appsv1.DeploymentStatus{UpdatedReplicas: 1, AvailableReplicas: 1}},
		&corev1.Pod{ObjectMeta: named("istiod-1"), Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "discovery", RestartCount: 4,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 1m20s restarting failed container"}},
		}}}},
		&corev1.Pod{ObjectMeta: named("istio-ingressgateway-1"), Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "istio-proxy", Ready: true}}}},
		&corev1.Event{ObjectMeta: named("istiod-1.1"), Type: corev1.EventTypeWarning, Reason: "BackOff", Message: "Back-off restarting failed container",
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "istiod-1"}},
	}
}

// A cluster that is there and does not work is described in its own words, as one
// that is being made is.
func TestACrashLoopIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &up{cluster: &Cluster{}, kube: kubetest.New(crashLooping()...).Client()}
		err := u.inItsWords(t.Context(), u.works(t.Context(), nil))
		require.Error(t, err)
		for _, words := range []string{
			"waited 3m0s for istiod and the ingress gateway to be available: Deployment istio-system/istiod: 0 of 1 pods are available",
			"pod istio-system/istiod-1 is waiting: container discovery: CrashLoopBackOff: back-off 1m20s",
			kubetest.Log,
			"pod istio-system/istiod-1: BackOff: Back-off restarting failed container",
		} {
			assert.ErrorContains(t, err, words)
		}
		assert.NotContains(t, err.Error(), "istio-ingressgateway-1")
	})
}

// Who has interrupted knows why, and what no waiting mends has said what does.
func TestNoWordsAreAdded(t *testing.T) {
	u := &up{cluster: &Cluster{}, kube: kubetest.New(crashLooping()...).Client()}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, context.Canceled, u.inItsWords(interrupted, context.Canceled))
	assert.Equal(t, errHopeless, u.inItsWords(t.Context(), errHopeless))
	assert.NoError(t, u.inItsWords(t.Context(), nil))
	assert.Equal(t, assert.AnError, (&up{}).inItsWords(t.Context(), assert.AnError), "no API server yet")
}
