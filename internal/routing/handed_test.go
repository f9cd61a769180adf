package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// istio pilot/pkg/config/kube/gatewaycommon/gateway_utils.go, IsManaged, and
// pilot/pkg/model/push_context.go, mergeGateways.
func TestHandedTo(t *testing.T) {
	hostname, ip := gatewayv1.HostnameAddressType, gatewayv1.IPAddressType
	for _, tc := range []struct {
		name      string
		addresses []gatewayv1.GatewaySpecAddress
		services  []string
		handed    bool
	}{
		{"no address", nil, nil, false},
		{"an address of its own", []gatewayv1.GatewaySpecAddress{{Value: "10.0.0.1"}}, nil, false},
		{"one of that type", []gatewayv1.GatewaySpecAddress{{Type: &ip, Value: "10.0.0.1"}}, nil, false},
		{"a short name", []gatewayv1.GatewaySpecAddress{{Type: &hostname, Value: "in"}}, []string{"edge/in"}, true},
		{"a full name", []gatewayv1.GatewaySpecAddress{{Type: &hostname, Value: "in.edge.svc.cluster.local"}}, []string{"edge/in"}, true},
		{"of another namespace", []gatewayv1.GatewaySpecAddress{{Type: &hostname, Value: "in.other.svc.cluster.local"}}, nil, true},
		{"no full name", []gatewayv1.GatewaySpecAddress{{Type: &hostname, Value: "in.edge"}}, nil, true},
		{"two", []gatewayv1.GatewaySpecAddress{{Value: "10.0.0.1"}, {Type: &hostname, Value: "in"}}, []string{"edge/in"}, true},
	} {
		services, handed := routing.HandedTo("edge", &gatewayv1.GatewaySpec{Addresses: tc.addresses})
		assert.Equal(t, tc.services, services, tc.name)
		assert.Equal(t, tc.handed, handed, tc.name)
	}
}

// What a gateway serves for both kinds under one host is put together, and a
// Gateway that is handed to it needs no pods of its own.
func TestAGatewayOfBothKinds(t *testing.T) {
	proxy := ingress
	proxy.Service = "istio-system/in"
	documents := []string{bookinfo, ingressGateway, `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: handed, namespace: istio-system}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: in}]
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`, `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec: {hosts: [example.com], gateways: [gw], http: [{match: [{uri: {prefix: /v}}], route: [{destination: {host: reviews, subset: v1}}]}]}
`, `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: handed, namespace: istio-system}], hostnames: [example.com], rules: [{backendRefs: [{name: details, port: 9080}]}]}
`}
	table := compile(t, proxy, documents...)
	assert.Equal(t, "reviews/v1=1", arms(ask(table, 80, "http://example.com/v")))
	assert.Equal(t, "details=1", arms(ask(table, 80, "http://example.com/")))

	proxy.Service = "istio-system/another"
	table = compile(t, proxy, documents...)
	assert.Equal(t, "404", arms(ask(table, 80, "http://example.com/")), "it was handed to somebody else")
}
