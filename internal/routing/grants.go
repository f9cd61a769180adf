package routing

import (
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// Granted says whether a ReferenceGrant among objects lets HTTPRoutes of namespace
// from send to a Service of namespace to
// (istio pilot/pkg/config/kube/gatewaycommon, ReferenceGrants.BackendAllowed).
//
//differential:httproute/reference-grant
func Granted(objects []manifests.Object, from, to, service string) bool {
	return slices.ContainsFunc(objects, func(o manifests.Object) bool {
		grant, ok := o.Value.(*gatewayv1beta1.ReferenceGrant)
		if !ok || o.Namespace != to {
			return false
		}
		return slices.ContainsFunc(grant.Spec.From, func(f gatewayv1beta1.ReferenceGrantFrom) bool {
			return f.Group == gatewayv1.GroupName && f.Kind == "HTTPRoute" && string(f.Namespace) == from
		}) && slices.ContainsFunc(grant.Spec.To, func(t gatewayv1beta1.ReferenceGrantTo) bool {
			return t.Group == "" && t.Kind == "Service" && (t.Name == nil || *t.Name == "" || string(*t.Name) == service)
		})
	})
}
