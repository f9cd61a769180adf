package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTwoFamiliesOfAddresses: a pod of a dual-stack Service is in one slice of
// each family, which are listed in any order; proxies know it by the first one.
func TestTwoFamiliesOfAddresses(t *testing.T) {
	port := int32(8080)
	of := func(kind discoveryv1.AddressType, address string) discoveryv1.EndpointSlice {
		return discoveryv1.EndpointSlice{
			ObjectMeta:  metav1.ObjectMeta{Namespace: "default", Labels: map[string]string{discoveryv1.LabelServiceName: "app"}},
			AddressType: kind, Ports: []discoveryv1.EndpointPort{{Name: new(string), Port: &port}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{address}, TargetRef: &corev1.ObjectReference{Name: "app-x"}}},
		}
	}
	four, six := of(discoveryv1.AddressTypeIPv4, "10.0.0.1"), of(discoveryv1.AddressTypeIPv6, "fd00::1")
	for _, slices := range [][]discoveryv1.EndpointSlice{{four, six}, {six, four}} {
		for first, want := range map[corev1.IPFamily]string{corev1.IPv4Protocol: "10.0.0.1:8080", corev1.IPv6Protocol: "[fd00::1]:8080"} {
			s := snapshot{slices: slices}
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "app"}, Spec: corev1.ServiceSpec{
				IPFamilies: []corev1.IPFamily{first, corev1.IPv4Protocol}, Ports: []corev1.ServicePort{{Port: 80}},
			}}
			assert.Equal(t, map[string]string{"app-x": want}, s.endpoints(service, 80))
		}
	}
}
