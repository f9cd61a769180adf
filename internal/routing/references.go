package routing

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// Parent is the object that a parentRef of an HTTPRoute in namespace own names. A
// Service is one of the core group: an absent group means the Gateway API's own.
//
//differential:sidecar/no-group sidecar/producer
func Parent(ref gatewayv1.ParentReference, own string) manifests.Key {
	return manifests.Key{
		Group:     string(orDefault(ref.Group, gatewayv1.GroupName)),
		Kind:      string(orDefault(ref.Kind, "Gateway")),
		Namespace: namespaceOf(ref.Namespace, own),
		Name:      string(ref.Name),
	}
}

// Backend is the object that a backendRef of an HTTPRoute in namespace own names,
// and its full name if that is a Service.
//
//differential:httproute/dotted-backend sidecar/unknown-backend
func Backend(ref gatewayv1.BackendObjectReference, own string) (key manifests.Key, host string) {
	key = manifests.Key{
		Group:     string(orDefault(ref.Group, "")),
		Kind:      string(orDefault(ref.Kind, "Service")),
		Namespace: namespaceOf(ref.Namespace, own),
		Name:      string(ref.Name),
	}
	if key.Group == "" && key.Kind == "Service" {
		host = ServiceHost(key.Name, key.Namespace)
	}
	return key, host
}

func namespaceOf(written *gatewayv1.Namespace, own string) string {
	return string(orDefault(written, gatewayv1.Namespace(own)))
}

func orDefault[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
