package routing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/routing"
)

// Names as a real Envoy printed them (see internal/proxies/testdata).
func TestClusterNames(t *testing.T) {
	for name, want := range map[string]routing.ClusterName{
		"outbound|9080|v1|reviews.default.svc.cluster.local": {Host: "reviews.default.svc.cluster.local", Port: 9080, Subset: "v1"},
		"outbound|80||backend-svc.gamma.svc.cluster.local":   {Host: "backend-svc.gamma.svc.cluster.local", Port: 80},
	} {
		got, ok := routing.ParseClusterName(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got)
		assert.Equal(t, name, got.String())
	}
	for _, other := range []string{"PassthroughCluster", "BlackHoleCluster", "inbound|8080||", "outbound|x||a", "xds-grpc"} {
		_, ok := routing.ParseClusterName(other)
		assert.False(t, ok, other)
	}
}

func TestSelects(t *testing.T) {
	assert.True(t, routing.Selects(map[string]string{"app": "a"}, map[string]string{"app": "a", "version": "v1"}))
	assert.False(t, routing.Selects(map[string]string{"app": "a"}, map[string]string{"app": "b"}))
	assert.False(t, routing.Selects(map[string]string{"app": ""}, nil), "a label that is empty is not one that is missing")
	assert.True(t, routing.Selects(nil, nil))
}

// The cases follow istio pilot/pkg/model/config.go, resolveGatewayName.
func TestFullGateway(t *testing.T) {
	for name, want := range map[string]string{
		"edge":                        "own/edge",
		"shop/edge":                   "shop/edge",
		"edge.shop":                   "shop/edge",
		"edge.shop.svc.cluster.local": "shop/edge",
		"mesh":                        "mesh",
	} {
		assert.Equal(t, want, routing.FullGateway(name, "own"), name)
	}
}

// Names as a pod's resolv.conf completes them.
func TestResolve(t *testing.T) {
	for host, want := range map[string]string{
		"reviews":                          "here/reviews",
		"reviews.there":                    "there/reviews",
		"reviews.there.svc":                "there/reviews",
		"Reviews.there.svc.cluster.local.": "there/reviews",
		"www.example.com":                  "example.com/www",
	} {
		namespace, name := routing.Resolve(host, "here")
		assert.Equal(t, want, namespace+"/"+name, host)
	}
}

func TestServiceOfACluster(t *testing.T) {
	for name, want := range map[string][3]string{
		"outbound|80|v1|reviews.shop.svc.cluster.local": {"shop", "reviews", "v1"},
		"outbound|80||reviews.shop.svc.cluster.local":   {"shop", "reviews", "reviews"},
	} {
		cluster, ok := routing.ParseClusterName(name)
		assert.True(t, ok)
		namespace, service := cluster.Service()
		assert.Equal(t, want, [3]string{namespace, service, cluster.Called()}, name)
	}
}
