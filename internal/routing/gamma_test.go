package routing_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// splitOf is the HTTPRoute of the GAMMA write-up, with a group, in namespace.
func splitOf(name, namespace, parent, backend string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec:\n" +
		"  parentRefs: [" + parent + "]\n  rules: [{backendRefs: [{name: " + backend + ", namespace: default, port: 80}]}]\n"
}

const parentA = `{group: "", kind: Service, name: a, namespace: default}`

// istio pilot/pkg/networking/core/route/route.go,
// buildSidecarVirtualHostsForVirtualService: a route beside the service (the
// producer's) is for every client, one elsewhere (a consumer's) for the clients
// of its own namespace.
func TestProducersAndConsumers(t *testing.T) {
	consumer := client
	consumer.Namespace = "away"
	for _, tc := range []struct {
		name       string
		routes     []string
		here, away string
	}{
		{"none", nil, "a=1", "a=1"},
		{"the producer's", []string{splitOf("p", "default", parentA, "b")}, "b=1", "b=1"},
		{"a consumer's", []string{splitOf("c", "away", parentA, "c")}, "a=1", "c=1"},
		{"a consumer's goes before an older producer's", []string{splitOf("p", "default", parentA, "b"), splitOf("c", "away", parentA, "c")}, "b=1", "c=1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			documents := append([]string{apiServices()}, tc.routes...)
			table, _ := compileWith(t, client, documents...)
			assert.Equal(t, tc.here, arms(ask(table, 80, "http://a/")))
			table, _ = compileWith(t, consumer, documents...)
			assert.Equal(t, tc.away, arms(ask(table, 80, "http://a.default/")))
		})
	}
}

// A route on a Service acts in its clients' sidecars alone: what enters by the
// gateway is not split by it (gateway-api issue 1478).
func TestAMeshRouteDoesNotActInAGateway(t *testing.T) {
	route := splitOf("s", "default", parentA, "b")
	straight := httpRoute("in", "rules: [{backendRefs: [{name: a, port: 80}]}]")
	assert.Equal(t, "a=1", arms(ask(compile(t, apiGate, apiServices(), apiGateway(oneListener), route, straight), 80, "http://h/")))
	vs := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: in}\nspec: {hosts: ['*'], gateways: [gw], http: [{route: [{destination: {host: a}}]}]}"
	assert.Equal(t, "a=1", arms(ask(compile(t, ingress, apiServices(), ingressGateway, route, vs), 80, "http://h/")))
}

// The group of a parentRef is gateway.networking.k8s.io unless it says
// otherwise, and since Istio 1.19 a Service of that group is passed over in
// silence (istio pull request 46559).
func TestAParentServiceWithoutGroupIsIgnored(t *testing.T) {
	table, list := compileWith(t, client, apiServices(), splitOf("split", "default", "{kind: Service, name: a}", "b"))
	assert.Equal(t, "a=1", arms(ask(table, 80, "http://a/")))
	assert.Equal(t, []string{`warning HTTPRoute default/split: the parent Service "a" has no group: "", so that Istio ignores it and nothing is split`}, messages(list))
	assert.Equal(t, `add group: "" beside kind: Service`, list[0].Hint)

	_, list = compileWith(t, ingress, apiServices(), splitOf("split", "default", `{group: "", kind: Service, name: z}`, "b"))
	assert.Equal(t, []string{`warning HTTPRoute default/split: the parent Service default/z does not exist: the route has no effect`}, messages(list))
}

func TestParentsThatAreNone(t *testing.T) {
	for parent, want := range map[string]string{
		"{name: nowhere}":                               "there is no Gateway default/nowhere of the Gateway API: the route has no effect there",
		`{group: "", name: a}`:                          `a parent of group "" and kind "Gateway" is not one that Istio knows here: it is ignored`,
		`{group: "", kind: Service, name: a, port: 99}`: "Service default/a has no port 99: the route has no effect",
	} {
		_, list := compileWith(t, client, apiServices(), splitOf("split", "default", parent, "b"))
		assert.Equal(t, []string{"warning HTTPRoute default/split: " + want}, messages(list), parent)
	}
	named := strings.Replace(splitOf("split", "default", parentA, "b"), "spec:\n", "spec:\n  hostnames: [x.com]\n", 1)
	table, list := compileWith(t, client, apiServices(), named)
	assert.Equal(t, "b=1", arms(ask(table, 80, "http://a/")))
	assert.Equal(t, []string{"warning HTTPRoute default/split: hostnames count for nothing where the parent is a Service"}, messages(list))
}

// With a port in the parentRef the route is of that port alone
// (istio pilot/pkg/config/kube/gateway/conversion.go, augmentPortMatch).
func TestThePortOfAParentService(t *testing.T) {
	const two = "apiVersion: v1\nkind: Service\nmetadata: {name: two}\nspec: {ports: [{port: 80, name: http}, {port: 81, name: http-b}]}"
	route := splitOf("s", "default", `{group: "", kind: Service, name: two, port: 81}`, "b")
	table := compile(t, client, apiServices(), two, route)
	assert.Equal(t, "two=1", arms(ask(table, 80, "http://two/")))
	assert.Equal(t, "b=1", arms(ask(table, 81, "http://two/")))
}

// istio pilot/pkg/model/virtualservice.go, SelectVirtualServices: HTTPRoutes of
// the client's own namespace go first, the rest by age.
func TestMeshRoutesAndVirtualServices(t *testing.T) {
	vs := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{route: [{destination: {host: c}}]}]}"
	route := splitOf("s", "default", parentA, "b")
	table, list := compileWith(t, client, apiServices(), vs, route)
	assert.Equal(t, "b=1", arms(ask(table, 80, "http://a/")), "its own namespace's, though younger")
	assert.Equal(t, []string{"warning VirtualService default/a: a.default.svc.cluster.local is already routed by HTTPRoute default/s, which comes first: a sidecar takes the routes of one object per host and drops these"}, messages(list))

	away := client
	away.Namespace = "away"
	table, _ = compileWith(t, away, apiServices(), vs, route)
	assert.Equal(t, "c=1", arms(ask(table, 80, "http://a.default/")), "the older")
	table, _ = compileWith(t, away, apiServices(), route, vs)
	assert.Equal(t, "b=1", arms(ask(table, 80, "http://a.default/")), "the older")
}

// HTTPRoutes of one namespace for one Service are one list.
func TestMeshRoutesAreMerged(t *testing.T) {
	exact := strings.Replace(splitOf("exact", "default", parentA, "c"), "rules: [{", "rules: [{matches: [{path: {type: Exact, value: /x}}], ", 1)
	table := compile(t, client, apiServices(), splitOf("all", "default", parentA, "b"), exact)
	assert.Equal(t, "c=1", arms(ask(table, 80, "http://a/x")))
	assert.Equal(t, "b=1", arms(ask(table, 80, "http://a/y")))
}
