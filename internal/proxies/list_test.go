package proxies

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/splitcheck/splitcheck/internal/inventory"
)

// pod is one as the API server of the lab's cluster showed it (see
// testdata/README.md), reduced to what is looked at.
func pod(args ...string) *corev1.Pod {
	controller := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "frontend-77b4f8d98b-xjvfc", Namespace: "gamma",
			Labels:          map[string]string{"app": "frontend", appsv1.DefaultDeploymentUniqueLabelKey: "77b4f8d98b"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "frontend-77b4f8d98b", Controller: &controller}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: proxyContainer, Args: args}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.244.0.13", ContainerStatuses: []corev1.ContainerStatus{
			{Name: proxyContainer, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
		}},
	}
}

func TestProxyOf(t *testing.T) {
	t.Run("a sidecar among the initial containers", func(t *testing.T) {
		p := pod("proxy", "sidecar", "--domain", "x")
		p.Spec.InitContainers, p.Spec.Containers = append([]corev1.Container{{Name: "istio-init"}}, p.Spec.Containers...), []corev1.Container{{Name: "frontend"}}
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
		found, ok := proxyOf(p)
		require.True(t, ok)
		assert.Equal(t, Proxy{Name: p.Name, Namespace: "gamma", Workload: "frontend", IP: "10.244.0.13", Labels: p.Labels}, found)
		assert.Equal(t, "frontend-77b4f8d98b-xjvfc.gamma", found.String())
	})
	t.Run("a gateway", func(t *testing.T) {
		found, ok := proxyOf(pod("proxy", "router"))
		assert.True(t, ok && found.Gateway && found.GatewayAPI == "")
	})
	t.Run("a gateway for a Gateway", func(t *testing.T) {
		p := pod("proxy", "router")
		p.Labels[inventory.GatewayNameLabel] = "canary"
		found, ok := proxyOf(p)
		assert.True(t, ok)
		assert.Equal(t, "gamma/canary", found.GatewayAPI)
	})
	t.Run("a proxy of its own command line", func(t *testing.T) {
		found, ok := proxyOf(pod())
		assert.True(t, ok && found.Gateway)
	})
	for name, change := range map[string]func(*corev1.Pod){
		"without a proxy":  func(p *corev1.Pod) { p.Spec.Containers[0].Name = "app" },
		"a waypoint":       func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"proxy", "waypoint"} },
		"not yet running":  func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = corev1.ContainerState{} },
		"being deleted":    func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} },
		"evicted, say":     func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed },
		"without a status": func(p *corev1.Pod) { p.Status = corev1.PodStatus{} },
	} {
		t.Run(name, func(t *testing.T) {
			p := pod("proxy", "sidecar")
			change(p)
			_, ok := proxyOf(p)
			assert.False(t, ok)
		})
	}
}

func TestRefusals(t *testing.T) {
	log, err := os.Open("testdata/refused.log")
	require.NoError(t, err)
	defer log.Close()
	assert.Equal(t, []string{`RouteConfiguration http.8080: Proto constraint validation failed (RouteConfigurationValidationError.VirtualHosts[1]: embedded message failed validation | caused by VirtualHostValidationError.Routes[0]: embedded message failed validation | caused by field: "action", reason: is required)`},
		readRefusals(log))
}
