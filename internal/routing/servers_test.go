package routing_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// istio pilot/pkg/model/gateway.go, gatewayRDSRouteName: HTTPS that ends at the
// gateway has routes as HTTP has; what is passed through, and TLS that holds no
// HTTP, has none. The ingress gateway's Service maps 443 to 8443.
func TestServersWithTLS(t *testing.T) {
	plain := `{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}, `
	for server, want := range map[string][]int{
		`{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["*"]}`:  {443},
		`{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: MUTUAL, credentialName: c}, hosts: ["*"]}`:  {443},
		`{port: {number: 8443, name: https, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL}, hosts: ["*"]}`:              {443},
		`{port: {number: 9443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["*"]}`: {9443},
		`{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: PASSTHROUGH}, hosts: ["*"]}`:                nil,
		`{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*"]}`:           nil,
		`{port: {number: 443, name: tls, protocol: TLS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["*"]}`:      nil,
		`{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}`:                                              nil,
	} {
		table, list := compileWith(t, ingress, bookinfo, gatewayOn(plain+server), onGateway("r", `"*"`, toV1))
		assert.Equal(t, want, table.SecurePorts(), server)
		assert.Equal(t, []int{80}, table.Ports(), "%s: the simulated mesh listens where it did", server)
		assert.Len(t, list, 1, "%s: and says that it does not speak TLS", server)
		for _, port := range want {
			assert.Equal(t, "reviews/v1=1", arms(ask(table, port, "https://a/")), server)
		}
	}
}

// The first server that claims a host with TLS has it, and the later one is left
// out with all of its hosts (istio pilot/pkg/model/gateway.go, CheckDuplicates).
func TestTheFirstServerWithTLSHasTheHost(t *testing.T) {
	secure := func(name, hosts string) string {
		return `{port: {number: 443, name: ` + name + `, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: [` + hosts + `]}`
	}
	second := strings.Replace(gatewayOn(secure("two", "a.com, b.com")), "name: gw", "name: gw2", 1)
	table, list := compileWith(t, ingress, bookinfo, gatewayOn(secure("one", "a.com")), second,
		onGateway("r", "a.com, b.com", toV1), strings.Replace(onGateway("s", "b.com", toV1), "[gw]", "[gw2]", 1))
	assert.Equal(t, "reviews/v1=1", arms(ask(table, 443, "https://a.com/")))
	assert.Equal(t, "404", arms(ask(table, 443, "https://b.com/")))
	assert.Contains(t, messages(list), `warning Gateway default/gw2: an earlier server has the host "a.com" with TLS on port 443: Istio leaves this one out`)
}

// istio pilot/pkg/networking/core/route/route.go, ApplyRedirect: the port that
// the scheme of the listener implies is left out.
func TestRedirectsOfServersWithTLS(t *testing.T) {
	server := `{port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c}, hosts: ["*"]}`
	table, _ := compileWith(t, ingress, bookinfo, gatewayOn(server), onGateway("r", `"*"`, "  - redirect: {authority: b.com, derivePort: FROM_REQUEST_PORT}"))
	assert.Zero(t, ask(table, 443, "https://a.com/").Rule.Redirect.Port)

	// Settings for TLS on a plain port make it count as https there, too.
	server = `{port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}, hosts: ["*"]}`
	table = compile(t, ingress, bookinfo, gatewayOn(server), onGateway("r", `"*"`, "  - redirect: {authority: b.com, derivePort: FROM_REQUEST_PORT}"))
	assert.Equal(t, 80, table.Splits("")[0].Rule.Redirect.Port)
}

// A server with httpsRedirect sends everybody away, also those whom a
// VirtualService has a rule for, and whose rules stay in the proxy all the same
// (istio pilot/pkg/networking/core/gateway.go, RequireTls; Envoy's
// route_components.proto, VirtualHost.require_tls).
func TestServersThatRedirectToHTTPS(t *testing.T) {
	server := `{port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}, hosts: ["a.com", "b.com"]}`
	table := compile(t, ingress, bookinfo, gatewayOn(server), onGateway("r", "a.com", toV1))
	for _, host := range []string{"a.com", "b.com"} {
		d := ask(table, 80, "http://"+host+"/x?y=z")
		assert.Equal(t, "redirect 301", arms(d), host)
		assert.Equal(t, "https://"+host+"/x?y=z", d.Rule.Redirect.Location(httptest.NewRequest("GET", "http://"+host+"/x?y=z", nil)))
		assert.Equal(t, "Gateway default/gw, servers[0]", d.Rule.Source.String())
		assert.Equal(t, "https://"+host+":80/", d.Rule.Redirect.Location(httptest.NewRequest("GET", "http://"+host+":80/", nil)), "seen with Envoy 1.39")
	}
	assert.Equal(t, "404", arms(ask(table, 80, "http://c.com/")))
	splits := table.Splits("")
	assert.Len(t, splits, 1)
	assert.Equal(t, "VirtualService default/r, http[0]", splits[0].Rule.Source.String())
}
