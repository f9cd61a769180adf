package routing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func gatewayOn(server string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw}\nspec:\n  selector: {istio: ingressgateway}\n  servers: [" + server + "]\n"
}

func onGateway(name, hosts, http string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + "}\nspec:\n" +
		"  hosts: [" + hosts + "]\n  gateways: [gw]\n  http:\n" + strings.Trim(http, "\n") + "\n"
}

const toV1 = "  - route: [{destination: {host: reviews, subset: v1}}]"

// The gateway's Service maps port 80 to the pods' 8080, and a server of either
// number is one listener (istio samples/bookinfo/networking/bookinfo-gateway.yaml;
// pilot/pkg/networking/core/gateway.go).
func TestServersOfTheIngressGateway(t *testing.T) {
	for _, number := range []int{80, 8080} {
		server := fmt.Sprintf(`{port: {number: %d, name: http, protocol: HTTP}, hosts: ["*"]}`, number)
		table := compile(t, ingress, bookinfo, gatewayOn(server), onGateway("r", `"*"`, toV1))
		assert.Equal(t, "reviews/v1=1", arms(ask(table, 80, "http://127.0.0.1:30080/")))
		assert.Equal(t, []int{80}, table.Ports())
		assert.Equal(t, "404", arms(ask(table, 81, "http://a/")), "no listener")
	}
	other := `{port: {number: 8081, name: http, protocol: HTTP}, hosts: ["*"]}`
	assert.Equal(t, "reviews/v1=1", arms(ask(compile(t, ingress, bookinfo, gatewayOn(other), onGateway("r", `"*"`, toV1)), 8081, "http://a/")))

	// The port of a match is the number that the server writes: seed S5's
	// frontend-route matches port 80.
	match := "  - match: [{port: 80}]\n    route: [{destination: {host: reviews, subset: v2}}]"
	server := `{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}`
	assert.Equal(t, "reviews/v2=1", arms(ask(compile(t, ingress, bookinfo, gatewayOn(server), onGateway("r", `"*"`, match)), 80, "http://a/")))

	tls := `{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["*"]}`
	table, list := compileWith(t, ingress, bookinfo, gatewayOn(tls), onGateway("r", `"*"`, toV1))
	assert.Empty(t, table.Ports())
	assert.Contains(t, messages(list), `warning Gateway default/gw: protocol "HTTPS" of port 443 is not interpreted: the simulated mesh ignores it`)
}

// istio.io/api networking/v1alpha3 gateway.proto, Server.hosts, and
// istio pkg/config/host, Intersection.
func TestHostsOfAGateway(t *testing.T) {
	for _, tc := range []struct {
		name, server, route string
		serves, spurns      []string
	}{
		{name: "everything", server: `"*"`, route: `"*"`, serves: []string{"a.com", "b.a.com:8080", "10.0.0.1"}},
		{name: "the route's host", server: `"*"`, route: "a.com", serves: []string{"a.com", "A.com", "a.com:31380"}, spurns: []string{"b.com", "x.a.com"}},
		{name: "the server's host", server: "a.com", route: `"*"`, serves: []string{"a.com"}, spurns: []string{"b.com"}},
		{name: "a wildcard of the server", server: `"*.a.com"`, route: "x.a.com, a.com", serves: []string{"x.a.com"}, spurns: []string{"a.com", "y.a.com"}},
		{name: "a wildcard of the route", server: "x.a.com", route: `"*.a.com"`, serves: []string{"x.a.com"}, spurns: []string{"y.a.com"}},
		{name: "two wildcards", server: `"*.a.com"`, route: `"*.b.a.com"`, serves: []string{"x.b.a.com"}, spurns: []string{"b.a.com", "x.a.com"}},
		{name: "the namespace of the route", server: "default/a.com", route: "a.com", serves: []string{"a.com"}},
		{name: "the gateway's own namespace", server: `"./a.com"`, route: "a.com", serves: []string{"a.com"}},
		{name: "any namespace", server: `"*/a.com"`, route: "a.com", serves: []string{"a.com"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := `{port: {number: 80, name: http, protocol: HTTP}, hosts: [` + tc.server + `]}`
			table := compile(t, ingress, bookinfo, gatewayOn(server), onGateway("r", tc.route, toV1))
			for _, h := range tc.serves {
				assert.Equal(t, "reviews/v1=1", arms(ask(table, 80, "http://"+h+"/")), h)
			}
			for _, h := range tc.spurns {
				assert.Equal(t, "404", arms(ask(table, 80, "http://"+h+"/")), h)
			}
		})
	}
	server := `{port: {number: 80, name: http, protocol: HTTP}, hosts: ["other/*", "*.b.com"]}`
	table, list := compileWith(t, ingress, bookinfo, gatewayOn(server), onGateway("r", "a.com", toV1))
	assert.Equal(t, "404", arms(ask(table, 80, "http://a.com/")))
	assert.Equal(t, []string{"warning VirtualService default/r: has no host in common with the servers of its gateways: the gateways leave it out"}, messages(list))
}

// Envoy's route_components.proto, VirtualHost.domains: exact, then the longest
// suffix, then *; a wildcard stands for at least one character.
func TestTheMostSpecificHostIsFound(t *testing.T) {
	to := func(subset string) string { return strings.ReplaceAll(toV1, "v1", subset) }
	table := compile(t, ingress, bookinfo, ingressGateway,
		onGateway("any", `"*"`, to("v1")), onGateway("short", `"*.com"`, "  - directResponse: {status: 201}"),
		onGateway("long", `"*.a.com"`, to("v2")), onGateway("exact", "x.a.com", to("v3")))
	for host, want := range map[string]string{
		"x.a.com": "reviews/v3=1", "y.a.com": "reviews/v2=1", "y.x.a.com": "reviews/v2=1", "a.com": "201", "a.org": "reviews/v1=1", ".a.com": "201",
	} {
		assert.Equal(t, want, arms(ask(table, 80, "http://"+host+"/")), host)
	}
}

// istio pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig, and
// route/route.go, SortVHostRoutes: routes of one host are put together in order
// of creation, what catches everything goes to the end.
func TestAGatewayPutsVirtualServicesTogether(t *testing.T) {
	table, list := compileWith(t, ingress, bookinfo, ingressGateway,
		onGateway("first", "a.com", `
  - match: [{uri: {prefix: /one}}]
    route: [{destination: {host: reviews, subset: v1}}]
  - route: [{destination: {host: details}}]`),
		onGateway("second", "a.com", `
  - match: [{uri: {prefix: /one/more}}, {uri: {prefix: /two}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v3}}]`))
	for path, want := range map[string]string{"/one": "reviews/v1=1", "/one/more": "reviews/v1=1", "/two": "reviews/v2=1", "/three": "details=1"} {
		assert.Equal(t, want, arms(ask(table, 80, "http://a.com"+path)), path)
	}
	assert.Equal(t, []string{"warning VirtualService default/second: its rule for every other request to a.com is never met: " +
		"VirtualService default/first, http[1] is such a rule too, and older"}, messages(list))
}

// istio.io/api networking/v1alpha3 virtual_service.proto, VirtualService.gateways.
func TestWhichGatewaysTakeAVirtualService(t *testing.T) {
	named := func(gateways string) string {
		return strings.Replace(onGateway("r", "reviews.default.svc.cluster.local", toV1), "[gw]", gateways, 1)
	}
	for gateways, want := range map[string][2]string{ // on the gateway, in the sidecar
		"[gw]":               {"reviews/v1=1", "reviews=1"},
		"[default/gw]":       {"reviews/v1=1", "reviews=1"},
		"[mesh]":             {"404", "reviews/v1=1"},
		"[mesh, gw]":         {"reviews/v1=1", "reviews/v1=1"},
		"[istio-system/gw2]": {"404", "reviews=1"},
	} {
		documents := []string{bookinfo, ingressGateway, named(gateways)}
		table, _ := compileWith(t, ingress, documents...)
		assert.Equal(t, want[0], arms(ask(table, 80, "http://reviews.default.svc.cluster.local/")), gateways)
		table, _ = compileWith(t, client, documents...)
		assert.Equal(t, want[1], arms(ask(table, 9080, "http://reviews/")), gateways)
	}
	_, list := compileWith(t, ingress, bookinfo, ingressGateway, named("[istio-system/gw2]"))
	assert.Equal(t, []string{"warning VirtualService default/r: there is no Gateway istio-system/gw2: no gateway takes these rules"}, messages(list))

	// A Gateway that selects other pods is not this proxy's.
	egress := strings.Replace(ingressGateway, "ingressgateway", "egressgateway", 1)
	assert.Equal(t, "404", arms(ask(compile(t, ingress, bookinfo, egress, named("[gw]")), 80, "http://reviews.default.svc.cluster.local/")))
}
