package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// Defaults as the Gateway API's definitions of ParentReference and
// BackendObjectReference give them.
func TestReferences(t *testing.T) {
	core, service, there := gatewayv1.Group(""), gatewayv1.Kind("Service"), gatewayv1.Namespace("there")
	for _, test := range []struct {
		ref  gatewayv1.ParentReference
		want manifests.Key
	}{
		{gatewayv1.ParentReference{Name: "web"}, manifests.Key{Group: manifests.GatewayGroup, Kind: "Gateway", Namespace: "own", Name: "web"}},
		{gatewayv1.ParentReference{Name: "web", Group: &core, Kind: &service, Namespace: &there}, manifests.Key{Kind: "Service", Namespace: "there", Name: "web"}},
		{gatewayv1.ParentReference{Name: "web", Kind: &service}, manifests.Key{Group: manifests.GatewayGroup, Kind: "Service", Namespace: "own", Name: "web"}},
	} {
		assert.Equal(t, test.want, routing.Parent(test.ref, "own"))
	}
	key, host := routing.Backend(gatewayv1.BackendObjectReference{Name: "web"}, "own")
	assert.Equal(t, manifests.Key{Kind: "Service", Namespace: "own", Name: "web"}, key)
	assert.Equal(t, "web.own.svc.cluster.local", host)
	other := gatewayv1.Group("example.com")
	_, host = routing.Backend(gatewayv1.BackendObjectReference{Name: "web", Group: &other}, "own")
	assert.Empty(t, host)
}
