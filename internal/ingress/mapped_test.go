package ingress

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
)

func service(name string, change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: name},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.0.0.1", Selector: map[string]string{"app": name},
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

func slice(service string, addresses ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: service + "-x", Labels: map[string]string{discoveryv1.LabelServiceName: service}}}
	for _, a := range addresses {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{a}})
	}
	return s
}

// mapped is a Mapped of a cluster that holds objects; nobody has to be waited for.
func mapped(answer prober, objects ...runtime.Object) *Mapped {
	m := NewMapped(kubetest.New(objects...).Client(), Ports{Gateway: Port{30080, 18080}, Service: Port{30081, 18081}, GatewayAPI: Port{30082, 18082}})
	m.probe, m.guard = answer, 0
	return m
}

func answers(context.Context, string) error { return nil }

// TestAnEntryStandsForItsService holds the entry to what kube-proxy must do for it
// as for the Service: the same pods, the same port of theirs, from any node.
func TestAnEntryStandsForItsService(t *testing.T) {
	m := mapped(answers, service("a", nil), slice("a", "10.1.0.1", "10.1.0.2"), slice("splitcheck-entry-service", "10.1.0.2", "10.1.0.1"))
	way, err := m.Service(t.Context(), "web", "a", 80)
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:18081", way.URL)
	services := m.client.Services("web")
	entry, err := services.Get(t.Context(), "splitcheck-entry-service")
	require.NoError(t, err)
	assert.Equal(t, corev1.ServiceTypeNodePort, entry.Spec.Type)
	assert.Equal(t, corev1.ServiceExternalTrafficPolicyCluster, entry.Spec.ExternalTrafficPolicy)
	assert.Equal(t, map[string]string{"app": "a"}, entry.Spec.Selector)
	assert.EqualValues(t, 30081, entry.Spec.Ports[0].NodePort)
	assert.Equal(t, intstr.FromInt32(8080), entry.Spec.Ports[0].TargetPort)
	user, err := services.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, service("a", nil).Spec, user.Spec, "the user's Service is not ours to change")

	require.NoError(t, m.Close(t.Context()))
	left, err := services.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

// TestAnotherServiceTakesTheEntryOver asks that the old entry is gone, and its
// port quiet, before the new one is there: otherwise an answer proves nothing.
func TestAnotherServiceTakesTheEntryOver(t *testing.T) {
	var m *Mapped
	var asked []string
	m = mapped(func(ctx context.Context, _ string) error {
		list, _ := m.client.Services("web").List(ctx, metav1.ListOptions{LabelSelector: EntryLabel})
		if len(list) == 0 {
			asked = append(asked, "nobody")
			return errors.New("connection refused")
		}
		asked = append(asked, list[0].Annotations[entryOf])
		return nil
	}, service("a", nil), service("b", nil), slice("a", "10.1.0.1"), slice("b", "10.1.0.1"), slice("splitcheck-entry-service", "10.1.0.1"))
	for _, name := range []string{"a", "a", "b"} {
		_, err := m.Service(t.Context(), "web", name, 80)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"a", "a", "nobody", "b"}, asked)
}

func TestServicesThatCannotBeEntered(t *testing.T) {
	for want, s := range map[string]*corev1.Service{
		"there is no Service web/a":          service("b", nil),
		"only another name for x.example":    service("a", func(s *corev1.Service) { s.Spec.Type, s.Spec.ExternalName = "ExternalName", "x.example" }),
		"headless":                           service("a", func(s *corev1.Service) { s.Spec.ClusterIP = "None" }),
		"no selector":                        service("a", func(s *corev1.Service) { s.Spec.Selector = nil }),
		"has no port 80; its ports are 8080": service("a", func(s *corev1.Service) { s.Spec.Ports[0].Port = 8080 }),
		"port 80 of Service web/a is UDP":    service("a", func(s *corev1.Service) { s.Spec.Ports[0].Protocol = "UDP" }),
	} {
		_, err := mapped(answers, s).Service(t.Context(), "web", "a", 80)
		assert.ErrorContains(t, err, want)
	}
}

// TestOnlyARefusalIsQuiet: a late answer is no proof that nobody is there.
func TestOnlyARefusalIsQuiet(t *testing.T) {
	assert.True(t, refused(errors.New("connection refused")))
	assert.False(t, refused(nil))
	assert.False(t, refused(context.DeadlineExceeded))
}

// Who has the NodePort is said with the command that takes it back.
func TestATakenNodePortIsFreed(t *testing.T) {
	port := func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 30081 }
	m := mapped(answers, service("theirs", port))
	err := m.refusal(t.Context(), service("splitcheck-entry-service", port), errors.New("provided port is already allocated"))
	assert.EqualError(t, err, "NodePort 30081, the only one that is mapped for this, is taken by Service web/theirs; "+
		"`kubectl -n web patch service theirs -p '{\"spec\":{\"type\":\"ClusterIP\"}}'` frees it, and leaves the Service to the cluster's own pods")
}
