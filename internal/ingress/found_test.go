package ingress

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/splitcheck/splitcheck/internal/kube/kubetest"
	"github.com/splitcheck/splitcheck/reports/words"
)

func gatewayPod(name, app string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: name, Labels: map[string]string{"istio": "ingressgateway", "app": app}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func node() *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Status: corev1.NodeStatus{
		Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "172.18.0.2"}},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
	}}
}

// found is a Found of a cluster in which only some addresses answer.
func found(answering string, objects ...runtime.Object) *Found {
	return &Found{client: kubetest.New(objects...).Client(), probe: func(_ context.Context, url string) error {
		if answering != "" && strings.Contains(url, answering) {
			return nil
		}
		return errors.New("refused")
	}, forward: func(_ context.Context, pod *corev1.Pod, port int) (*forwarding, error) {
		return &forwarding{"http://forwarded", func() error { return nil }, func() {}}, nil
	}}
}

func TestWhicheverAnswers(t *testing.T) {
	balanced := service("gw", func(s *corev1.Service) {
		s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeLoadBalancer, 31000
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}}
	})
	for answering, want := range map[string][2]string{
		"203.0.113.7": {"http://203.0.113.7:80", "by the LoadBalancer address 203.0.113.7"},
		"172.18.0.2":  {"http://172.18.0.2:31000", "by NodePort 31000 of node address 172.18.0.2, since nobody answers at http://203.0.113.7:80"},
		"forwarded": {"http://forwarded", "by port-forward to pod gw-1, since nobody answers at http://203.0.113.7:80, " +
			"nobody answers at http://172.18.0.2:31000: this is the split of that one gateway pod of 2"},
	} {
		way, err := found(answering, balanced, node(), gatewayPod("gw-1", "gw"), gatewayPod("gw-2", "gw")).Gateway(t.Context(), Meant{})
		require.NoError(t, err)
		assert.Equal(t, want, [2]string{way.URL, words.English(*way.Note)})
	}
	_, err := found("forwarded", balanced, node()).Service(t.Context(), "web", "gw", 80)
	assert.ErrorContains(t, err, "a port-forward would reach one pod only")
}

func TestWhichGateway(t *testing.T) {
	_, err := found("").Gateway(t.Context(), Meant{})
	assert.ErrorContains(t, err, "no Service leads to running pods with the labels istio=ingressgateway")
	_, err = found("", service("a", nil), service("b", nil), gatewayPod("a-1", "a"), gatewayPod("b-1", "b")).Gateway(t.Context(), Meant{})
	assert.ErrorContains(t, err, "several ingress gateways: web/a, web/b; say which with --gateway")
	// Helm's chart names the pods after its release: their label is the Gateway's
	// own, and not Istio's.
	both := []runtime.Object{service("a", nil), service("b", nil), gatewayPod("a-1", "a"), gatewayPod("b-1", "b"), node()}
	f := found("forwarded", both...)
	way, err := f.Gateway(t.Context(), Meant{Selectors: []map[string]string{{"app": "b"}}})
	require.NoError(t, err)
	assert.Contains(t, words.English(*way.Note), "by port-forward to pod b-1")
	way, err = f.Gateway(t.Context(), Meant{Service: "web/a"})
	require.NoError(t, err)
	assert.Contains(t, words.English(*way.Note), "by port-forward to pod a-1")
	f.options.GatewayService = "web/b"
	way, err = f.Gateway(t.Context(), Meant{Service: "web/a"})
	require.NoError(t, err)
	assert.Contains(t, words.English(*way.Note), "by port-forward to pod b-1", "the user knows better")
	f = found("")
	f.options.GatewayURL = "http://shop.example"
	way, err = f.Gateway(t.Context(), Meant{})
	require.NoError(t, err)
	assert.Equal(t, Way{URL: "http://shop.example"}, way)
}

// TestOneNodeIsNotAll: a NodePort that leads to the pods of its own node splits
// otherwise than the Service does, unless there is no other node.
func TestOneNodeIsNotAll(t *testing.T) {
	local := service("a", func(s *corev1.Service) {
		s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 31000
		s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
	})
	second := node()
	second.Name = "m"
	_, err := found("31000", local, node(), second).Service(t.Context(), "web", "a", 80)
	require.ErrorContains(t, err, "its NodePort leads to pods on one node only (externalTrafficPolicy: Local)")
	way, err := found("31000", local, node()).Service(t.Context(), "web", "a", 80)
	require.NoError(t, err)
	assert.Equal(t, "http://172.18.0.2:31000", way.URL)
}

func TestWhichPortSpeaksHTTP(t *testing.T) {
	port := func(name string, number int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Port: number}
	}
	dns := port("dns", 53)
	dns.Protocol = corev1.ProtocolUDP
	for want, ports := range map[int32][]corev1.ServicePort{
		80:   {port("metrics", 9090), port("web", 80)},
		8080: {port("metrics", 9090), dns, port("web", 8080)},
		8081: {port("http-metrics", 9090), port("web", 8080), port("http-web", 8081)},
		9090: {port("metrics", 9090)},
	} {
		got, err := HTTPPort(service("a", func(s *corev1.Service) { s.Spec.Ports = ports }))
		require.NoError(t, err)
		assert.Equal(t, want, got.Port)
	}
	_, err := HTTPPort(service("a", func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{dns, port("https", 8443)} }))
	assert.ErrorContains(t, err, "Service web/a has no port for plain HTTP")
}

func TestIstioIsFound(t *testing.T) {
	_, err := FindIstio(t.Context(), kubetest.New().Client())
	assert.ErrorContains(t, err, "there is no Istio in this cluster")
	list, err := FindIstio(t.Context(), kubetest.New(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "istiod", Labels: map[string]string{"app": "istiod"}},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Name: "discovery", Image: "registry:5000/istio/pilot:1.31.1@sha256:0"}}}}},
	}).Client())
	require.NoError(t, err)
	assert.Equal(t, []Istio{{"istio-system", "istiod", "1.31.1"}}, list)
}
