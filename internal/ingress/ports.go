package ingress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// HTTPPort is the port of a Service that speaks HTTP: 80 if there is one,
// otherwise one that says so, otherwise the first that is not for TLS, Istio's
// own probes or metrics.
//
//differential:elsewhere test test/e2e/TestWays
func HTTPPort(s *corev1.Service) (corev1.ServicePort, error) {
	rank := func(p corev1.ServicePort) int {
		switch {
		case !tcp(p) || p.Name == "status-port" || p.Port == 15021 || p.Port == 443 ||
			strings.HasPrefix(p.Name, "https") || strings.HasPrefix(p.Name, "tls"):
			return 0
		case p.Port == 80:
			return 4
		case strings.Contains(p.Name, "metrics"):
			return 1
		case strings.HasPrefix(p.Name, "http"), p.AppProtocol != nil && *p.AppProtocol == "http":
			return 3
		}
		return 2
	}
	ports := slices.DeleteFunc(slices.Clone(s.Spec.Ports), func(p corev1.ServicePort) bool { return rank(p) == 0 })
	if len(ports) == 0 {
		return corev1.ServicePort{}, fmt.Errorf("Service %s/%s has no port for plain HTTP", s.Namespace, s.Name)
	}
	return slices.MaxFunc(ports, func(a, b corev1.ServicePort) int { return cmp.Compare(rank(a), rank(b)) }), nil
}

func tcp(p corev1.ServicePort) bool { return p.Protocol == "" || p.Protocol == corev1.ProtocolTCP }

// balanced returns the port of a Service that kube-proxy serves, or says why it
// does not.
func balanced(s *corev1.Service, port int) (corev1.ServicePort, error) {
	var none corev1.ServicePort
	name := fmt.Sprintf("Service %s/%s", s.Namespace, s.Name)
	switch {
	case s.Spec.Type == corev1.ServiceTypeExternalName:
		return none, fmt.Errorf("%s is only another name for %s: kube-proxy takes no part in it, so it cannot be entered", name, s.Spec.ExternalName)
	case s.Spec.ClusterIP == corev1.ClusterIPNone:
		return none, fmt.Errorf("%s is headless (clusterIP: None): clients choose a pod themselves and kube-proxy takes no part, so it cannot be entered", name)
	case len(s.Spec.Selector) == 0:
		return none, fmt.Errorf("%s has no selector: which pods are behind it is not known from it, so it cannot be entered", name)
	}
	var there []string
	for _, p := range s.Spec.Ports {
		if int(p.Port) == port {
			if !tcp(p) {
				return none, fmt.Errorf("port %d of %s is %s; HTTP needs TCP", port, name, p.Protocol)
			}
			return p, nil
		}
		there = append(there, fmt.Sprint(p.Port))
	}
	return none, fmt.Errorf("%s has no port %d; its ports are %s", name, port, strings.Join(there, ", "))
}
